/* Discovery that the server runs by itself: `mamori surface discover` as a process of its own, one at a time, at low priority. It
 * ends with the server, also with one that is killed, and the next start goes on with it. Private to server. */
#ifndef MAMORI_SERVER_SURFACE_JOB_H
#define MAMORI_SERVER_SURFACE_JOB_H

#include "server/app.h"

/* When: "every" off, daily, weekly, monthly; within a time of day of this server's zone. */
enum surface_every { SURFACE_OFF, SURFACE_DAILY, SURFACE_WEEKLY, SURFACE_MONTHLY };
struct surface_schedule {
	enum surface_every every;
	int day; /* weekly: 0 Monday … 6 Sunday; monthly: 1 … 31, in shorter months the last one */
	int from, until; /* minutes of the day; the same: the whole day. until before from: the next day */
	int64_t at; /* when this was set */
};
extern const char *const surface_every_names[]; /* NULL-terminated */
extern const char *const surface_day_names[]; /* "mon" …, NULL-terminated */

/* Off where nothing was ever set. */
bool surface_schedule_get(struct store *st, struct arena *a, struct surface_schedule *out, struct err *e) MUST_CHECK;
bool surface_schedule_put(struct store *st, const struct surface_schedule *s, struct err *e) MUST_CHECK;
/* Whether work may be done at this moment, in wall-clock milliseconds. */
bool surface_schedule_open(const struct surface_schedule *s, int64_t local);
/* The day, counted from 1970, of the newest occurrence that has begun; INT64_MIN: none within a year. */
int64_t surface_schedule_slot(const struct surface_schedule *s, int64_t local);
/* When the next one begins, wall clock; 0: never. */
int64_t surface_schedule_next(const struct surface_schedule *s, int64_t local);

/* *slot, counted as above, has begun and was not worked on yet. */
bool surface_schedule_pending(const struct surface_schedule *s, const struct zone *zone, struct store *st, int64_t now,
			      int64_t *slot, bool *pending, struct err *e) MUST_CHECK;

/* What goes on, as it is kept. */
struct surface_work {
	struct str state; /* running, resting (outside its time of day); empty: nothing */
	struct str cause; /* schedule, hand */
	struct str by;
	int64_t began;
};
bool surface_work_get(struct store *st, struct arena *a, struct surface_work *out, struct err *e) MUST_CHECK;
bool surface_work_put(struct store *st, const struct surface_work *w, struct err *e) MUST_CHECK;

/* How the last one ended. */
struct surface_end {
	struct str state; /* done, failed, cancelled; empty: there was none */
	struct str cause, by, why; /* why: in English */
	int64_t began, ended, run;
};
bool surface_end_get(struct store *st, struct arena *a, struct surface_end *out, struct err *e) MUST_CHECK;
/* Nothing goes on any more. */
bool surface_end_put(struct store *st, const struct surface_end *end, struct err *e) MUST_CHECK;

enum surface_act { SURFACE_ACT_NONE, SURFACE_ACT_START, SURFACE_ACT_REST };
/* What time brings; on the writer. The act is to be done once that is kept. */
bool surface_schedule_tick(const struct app *app, struct store *st, int64_t now, enum surface_act *act,
			   struct err *e) MUST_CHECK;
/* A server was ended in the middle of one. */
bool surface_job_was_left(struct store *st);

struct surface_job;
/* app must outlive it, its queue must be there. NULL: the system gives no more threads; nothing is run then. */
struct surface_job *surface_job_new(struct app *app);
/* Ends the process, within four seconds; what goes on stays kept, so that the next start goes on with it. */
void surface_job_end(struct surface_job *j);
/* Once it has ended and nobody can ask for anything any more. */
void surface_job_free(struct surface_job *j);
/* May be called again while it runs. */
void surface_job_start(struct surface_job *j);
/* It ends cleanly; how it ended is told by whoever stops it. */
void surface_job_stop(struct surface_job *j);
void surface_job_act(struct surface_job *j, enum surface_act act);

#endif
