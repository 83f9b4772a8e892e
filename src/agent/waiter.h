/* The part of the agent that waits: it owns the timer and starts `mamori-agent once` when there is work.
 *
 * Written against libc alone, because mamori-agent-wait is linked statically and is all that stays in memory
 * between check-ins. It reads nothing that a stranger can write. */
#ifndef MAMORI_AGENT_WAITER_H
#define MAMORI_AGENT_WAITER_H

#include <stddef.h>

/* The child writes the seconds until the next check-in there, in decimal, before it ends. */
#define WAITER_REPORT_FD 3
#define WAITER_WATCH_MAX 8
/* The socket at which people of the machine ask for something: its child accepts there, and ends with this status when
 * the server should hear of it at once. */
#define WAITER_WARD_FD 4
#define WAITER_WARD_URGENT 10

struct waiter {
	char *const *child; /* argument vector of one check-in; child[0] is the program's path */
	int ward; /* that socket, listening; 0: none. Its child is child[] with "ward" as its second word */
	const char *wake; /* FIFO: a byte written there means "check in now"; NULL none */
	const char *watch[WAITER_WATCH_MAX]; /* files whose change means that packages changed behind us */
	size_t watch_count;
	unsigned first_s; /* delay of the first check-in */
	unsigned settle_s; /* quiet time after a change before it is reported; 0 = 15 */
};

/* Runs until SIGTERM or SIGINT, which also end a running check-in (an installer lives in a session of its own
 * and goes on). Gives the exit status of the process. */
int waiter_run(const struct waiter *w);

#endif
