/* /api/v1/surface/schedule: discovery that the server runs by itself, and what goes on. */
#include "base/sentence.h"
#include "os/file.h"
#include "server/policies.h"
#include "server/surface_job.h"
#include "server/surfaces.h"
#include "store/surface_seed.h"

#define PROGRESS_FRESH_MS INT64_C(60000)
enum { PROGRESS_MAX = 4096, TIME_BYTES = 5 };

/* ---- how it stands ---- */

static void
clock_write(struct request *r, const char *key, int minutes)
{
	json_put_str(&r->w, key, arena_printf(&r->arena, "%02d:%02d", minutes / 60, minutes % 60));
}

static void
day_write(struct request *r, const struct surface_schedule *s)
{
	json_key(&r->w, "day");
	if (s->every == SURFACE_WEEKLY)
		json_cstr(&r->w, surface_day_names[s->day]);
	else if (s->every == SURFACE_MONTHLY)
		json_i64(&r->w, s->day);
	else
		json_null(&r->w);
}

/* Where one has begun and was missed, the next time of day counts. */
static bool
next_write(struct request *r, const struct surface_schedule *s, struct err *e)
{
	const struct zone *zone = &r->app->zone;
	int64_t slot, local = zone_local(zone, r->now), next = surface_schedule_next(s, local);
	bool pending = false;
	struct surface_schedule daily = *s;
	daily.every = SURFACE_DAILY;
	if (s->every != SURFACE_OFF && !surface_schedule_pending(s, zone, r->st, r->now, &slot, &pending, e))
		return false;
	if (pending)
		next = surface_schedule_open(s, local) ? local : surface_schedule_next(&daily, local);
	json_put_time(&r->w, "next", next ? zone_instant(zone, next) : 0);
	return true;
}

/* What a run tells while it goes on, whoever started it. */
static void
progress_write(struct request *r)
{
	static const char *const numbers[] = { "answered", "waiting", "round", "domains", "hosts" };
	BUF_AUTO text = { 0 };
	struct err ignored = { 0 };
	struct json *j = NULL;
	int64_t at = 0;
	const char *path = path_join(&r->arena, r->app->data, "surface/progress.json");
	json_key(&r->w, "progress");
	if (!file_read(path, PROGRESS_MAX, &text, &ignored) ||
	    !json_parse(&r->arena, arena_str(&r->arena, buf_str(&text)), NULL, &j, &ignored) ||
	    !time_parse(json_get_str(j, "at"), &at) || at < r->now - PROGRESS_FRESH_MS) {
		json_null(&r->w);
		return;
	}
	json_begin_object(&r->w);
	json_put_time(&r->w, "at", at);
	json_put_str(&r->w, "began", json_get_str(j, "began"));
	for (size_t i = 0; i < COUNT(numbers); i++)
		json_put_i64(&r->w, numbers[i], json_get_i64(j, numbers[i], 0));
	json_end_object(&r->w);
}

static void
work_write(struct request *r, const struct surface_work *work)
{
	json_put_str(&r->w, "state", work->state.len ? work->state : STR("idle"));
	json_put_time(&r->w, "since", work->began);
	str_or_null(&r->w, "cause", work->cause);
	str_or_null(&r->w, "by", work->by);
}

static void
end_write(struct request *r, const struct surface_end *end)
{
	struct json_writer *w = &r->w;
	json_key(w, "last");
	if (!end->state.len) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_put_str(w, "state", end->state);
	json_put_time(w, "began", end->began);
	json_put_time(w, "ended", end->ended);
	str_or_null(w, "cause", end->cause);
	str_or_null(w, "by", end->by);
	json_key(w, "run");
	if (end->run)
		json_i64(w, end->run);
	else
		json_null(w);
	str_or_null(w, "why", end->why.len ? tr_sentence(&r->arena, end->why) : end->why);
	json_end_object(w);
}

static bool
schedule_write(struct request *r, struct err *e)
{
	struct surface_schedule s;
	struct surface_work work;
	struct surface_end end;
	struct surface_seed *seeds;
	size_t count;
	if (!surface_schedule_get(r->st, &r->arena, &s, e) || !surface_work_get(r->st, &r->arena, &work, e) ||
	    !surface_end_get(r->st, &r->arena, &end, e) || !surface_seed_list(r->st, &r->arena, &seeds, &count, e))
		return false;
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "every", surface_every_names[s.every]);
	day_write(r, &s);
	clock_write(r, "from", s.from);
	clock_write(r, "until", s.until);
	json_put_str(&r->w, "zone", r->app->zone.name);
	if (!next_write(r, &s, e))
		return false;
	json_put_i64(&r->w, "seeds", (int64_t)count);
	work_write(r, &work);
	progress_write(r);
	end_write(r, &end);
	json_end_object(&r->w);
	return true;
}

bool
api_surface_schedule(struct request *r, struct err *e)
{
	static const char *const allowed[] = { NULL };
	return request_query(r, allowed, e) && schedule_write(r, e);
}

/* ---- setting it ---- */

static int
place_of(const char *const *names, struct str word)
{
	for (int i = 0; names[i]; i++)
		if (str_eq(word, str_of(names[i])))
			return i;
	return -1;
}

/* "22:00" */
static bool
clock_take(struct request *r, const char *key, int *minutes, struct err *e)
{
	uint64_t hour, minute;
	struct str text, h, m;
	if (!body_text(r, key, TIME_BYTES, false, &text, e))
		return false;
	if (!text.len)
		return true;
	if (!str_split(text, ':', &h, &m) || !str_to_u64(h, &hour) || !str_to_u64(m, &minute) || m.len != 2 ||
	    hour > 23 || minute > 59)
		return err_set(e, ERR_USAGE, "%s must be a time of day like 22:00", key);
	*minutes = (int)(hour * 60 + minute);
	return true;
}

static bool
day_take(struct request *r, struct surface_schedule *s, struct err *e)
{
	const struct json *day = json_get(r->json, "day");
	s->day = s->every == SURFACE_MONTHLY ? 1 : 0;
	if (!day || day->kind == JSON_KIND_NULL)
		return true;
	if (s->every == SURFACE_WEEKLY) {
		s->day = place_of(surface_day_names, json_get_str(r->json, "day"));
		return s->day >= 0 ||
		       err_set(e, ERR_USAGE, "of a week, day must be mon, tue, wed, thu, fri, sat or sun");
	}
	if (s->every != SURFACE_MONTHLY)
		return err_set(e, ERR_USAGE, "day is for weekly and monthly");
	s->day = (int)json_get_i64(r->json, "day", 0);
	return (s->day >= 1 && s->day <= 31) || err_set(e, ERR_USAGE, "of a month, day must be a number from 1 to 31");
}

/* What rests for a schedule that is off would rest for ever. */
static bool
resting_end(struct request *r, const struct surface_schedule *s, struct err *e)
{
	struct surface_work work;
	if (!surface_work_get(r->st, &r->arena, &work, e))
		return false;
	if (s->every != SURFACE_OFF || !str_eq(work.state, STR("resting")))
		return true;
	const struct surface_end end = { .state = STR("cancelled"),
					 .cause = work.cause,
					 .by = r->user,
					 .why = STR("the schedule was turned off"),
					 .began = work.began,
					 .ended = r->now };
	return surface_end_put(r->st, &end, e);
}

bool
api_surface_schedule_put(struct request *r, struct err *e)
{
	struct surface_schedule s = { .from = 22 * 60, .until = 5 * 60, .at = r->now };
	struct str every;
	if (!body_text(r, "every", 10, true, &every, e))
		return false;
	int place = place_of(surface_every_names, every);
	if (place < 0)
		return err_set(e, ERR_USAGE, "every must be off, daily, weekly or monthly");
	s.every = (enum surface_every)place;
	return day_take(r, &s, e) && clock_take(r, "from", &s.from, e) && clock_take(r, "until", &s.until, e) &&
	       surface_schedule_put(r->st, &s, e) && resting_end(r, &s, e) &&
	       request_audit(r, "surface.schedule", every,
			     arena_printf(&r->arena, "%02d:%02d-%02d:%02d", s.from / 60, s.from % 60, s.until / 60,
					  s.until % 60),
			     e) &&
	       schedule_write(r, e);
}

/* ---- now ---- */

bool
api_surface_schedule_run(struct request *r, struct err *e)
{
	struct surface_work work;
	struct surface_seed *seeds;
	size_t count;
	if (!r->app->surface_job)
		return err_set(
			e, ERR_CONFLICT,
			"no server is running that could do it: mamori serve, or by hand: mamori surface discover");
	if (!surface_work_get(r->st, &r->arena, &work, e) || !surface_seed_list(r->st, &r->arena, &seeds, &count, e))
		return false;
	if (str_eq(work.state, STR("running")))
		return err_set(e, ERR_CONFLICT, "a run is going on already; see: mamori surface schedule");
	if (!count)
		return err_set(e, ERR_USAGE,
			       "say where to begin first: mamori surface seed add example.co.jp --owner self");
	work = (struct surface_work){ .state = STR("running"), .cause = STR("hand"), .by = r->user, .began = r->now };
	if (!surface_work_put(r->st, &work, e) || !request_audit(r, "surface.run", STR(""), STR(""), e) ||
	    !schedule_write(r, e))
		return false;
	surface_job_start(r->app->surface_job);
	return true;
}

bool
api_surface_schedule_cancel(struct request *r, struct err *e)
{
	struct surface_work work;
	if (!surface_work_get(r->st, &r->arena, &work, e))
		return false;
	if (!work.state.len)
		return err_set(e, ERR_CONFLICT, "nothing is running that could be cancelled");
	const struct surface_end end = {
		.state = STR("cancelled"), .cause = work.cause, .by = r->user, .began = work.began, .ended = r->now
	};
	if (!surface_end_put(r->st, &end, e) || !request_audit(r, "surface.cancel", STR(""), STR(""), e) ||
	    !schedule_write(r, e))
		return false;
	surface_job_stop(r->app->surface_job);
	return true;
}
