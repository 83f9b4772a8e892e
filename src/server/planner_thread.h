/* The thread that plans: woken by every commit, it computes what became due and hands it to the writer. */
#ifndef MAMORI_SERVER_PLANNER_THREAD_H
#define MAMORI_SERVER_PLANNER_THREAD_H

#include "server/queue.h"

struct planner;
bool planner_start(struct app *app, struct queue *q, struct planner **out, struct err *e) MUST_CHECK;
/* Something was written. NULL is nobody to wake. */
void planner_wake(struct planner *p);
/* Ends the thread; the writer must still run. planner_free() only once the writer does not any more. */
void planner_stop(struct planner *p);
void planner_free(struct planner *p);

#endif
