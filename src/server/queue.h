/* The threads behind the loop: readers with a connection each, one writer with group commit, one matcher,
 * one planner that keeps directives up to date.
 * The writer drains what waits into one transaction, each job under a savepoint of its own, and answers only
 * after the commit: acknowledged means on disk. */
#ifndef MAMORI_SERVER_QUEUE_H
#define MAMORI_SERVER_QUEUE_H

#include "server/app.h"

struct job;
struct job_ops {
	/* On a reader; may hand itself to queue_write(), else it has answered and freed itself. */
	void (*read)(struct job *j, struct store *st);
	/* On the writer, inside a transaction: false undoes what this job wrote. */
	bool (*write)(struct job *j, struct store *st);
	/* After the commit (or its failure, e set then): answers and frees. */
	void (*done)(struct job *j, bool committed, const struct err *e);
};
struct job {
	const struct job_ops *ops;
	struct job *next;
};

struct queue;
/* st: the writer's connection, owned by the queue from now on. */
bool queue_start(struct app *app, struct store *st, unsigned readers, struct queue **out, struct err *e) MUST_CHECK;
/* Finishes what waits, then ends the threads. */
void queue_stop(struct queue *q);

/* False when too much waits already: the job was not taken. */
bool queue_read(struct queue *q, struct job *j) MUST_CHECK;
/* The same on threads that are there for what may take long. */
bool queue_slow(struct queue *q, struct job *j) MUST_CHECK;
void queue_write(struct queue *q, struct job *j);
/* Matches a host anew, soon; asked twice before it ran is once. */
void queue_match(struct queue *q, struct str host);

#endif
