/* mamori-agent-wait: what stays in memory between check-ins. Started by `mamori-agent run`, which has taken the
 * lock and checked the enrolment; not for people.
 *
 * mamori-agent-wait [--wake FIFO] [--ward FD] [--first S] [--settle S] [--watch FILE]… -- PROGRAM [ARG]… */
#include "agent/waiter.h"

#include <unistd.h>

static unsigned
number(const char *text)
{
	unsigned v = 0;
	for (; *text >= '0' && *text <= '9' && v < 86400; text++)
		v = v * 10 + (unsigned)(*text - '0');
	return v;
}

int
main(int argc, char **argv)
{
	struct waiter w = { 0 };
	int i = 1;
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
		if (strcmp(argv[i], "--wake") == 0)
			w.wake = argv[i + 1];
		else if (strcmp(argv[i], "--ward") == 0)
			w.ward = (int)number(argv[i + 1]);
		else if (strcmp(argv[i], "--first") == 0)
			w.first_s = number(argv[i + 1]);
		else if (strcmp(argv[i], "--settle") == 0)
			w.settle_s = number(argv[i + 1]);
		else if (strcmp(argv[i], "--watch") == 0 && w.watch_count < WAITER_WATCH_MAX)
			w.watch[w.watch_count++] = argv[i + 1];
		else
			break;
	}
	if (i + 1 >= argc || strcmp(argv[i], "--") != 0) {
		static const char usage[] = "mamori-agent-wait: started by \"mamori-agent run\", not by hand\n";
		return write(STDERR_FILENO, usage, sizeof(usage) - 1) < 0 ? 70 : 2;
	}
	w.child = argv + i + 1;
	return waiter_run(&w);
}
