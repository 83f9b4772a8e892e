#include "server/surface_job.h"
#include "store/setting.h"

#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)
enum { LOOK_DAYS = 400 };

const char *const surface_every_names[] = { "off", "daily", "weekly", "monthly", NULL };
const char *const surface_day_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };

/* ---- as it is kept ---- */

static bool
kept(struct store *st, struct arena *a, const char *key, struct json **out, struct err *e)
{
	struct str text;
	*out = NULL;
	return setting_get(st, a, key, &text, e) && (!text.len || json_parse(a, text, NULL, out, e));
}

bool
surface_schedule_get(struct store *st, struct arena *a, struct surface_schedule *out, struct err *e)
{
	struct json *j;
	*out = (struct surface_schedule){ .every = SURFACE_OFF };
	if (!kept(st, a, "surface_schedule", &j, e))
		return false;
	for (size_t i = 0; surface_every_names[i]; i++)
		if (str_eq(json_get_str(j, "every"), str_of(surface_every_names[i])))
			out->every = (enum surface_every)i;
	out->day = (int)json_get_i64(j, "day", 0);
	out->from = (int)json_get_i64(j, "from", 0);
	out->until = (int)json_get_i64(j, "until", 0);
	out->at = json_get_i64(j, "at", 0);
	return true;
}

bool
surface_schedule_put(struct store *st, const struct surface_schedule *s, struct err *e)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_cstr(&w, "every", surface_every_names[s->every]);
	json_put_i64(&w, "day", s->day);
	json_put_i64(&w, "from", s->from);
	json_put_i64(&w, "until", s->until);
	json_put_i64(&w, "at", s->at);
	json_end_object(&w);
	return setting_put(st, "surface_schedule", buf_str(&out), e);
}

bool
surface_work_get(struct store *st, struct arena *a, struct surface_work *out, struct err *e)
{
	struct json *j;
	if (!kept(st, a, "surface_work", &j, e))
		return false;
	*out = (struct surface_work){ .state = json_get_str(j, "state"),
				      .cause = json_get_str(j, "cause"),
				      .by = json_get_str(j, "by"),
				      .began = json_get_i64(j, "began", 0) };
	return true;
}

bool
surface_work_put(struct store *st, const struct surface_work *work, struct err *e)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_str(&w, "state", work->state);
	json_put_str(&w, "cause", work->cause);
	json_put_str(&w, "by", work->by);
	json_put_i64(&w, "began", work->began);
	json_end_object(&w);
	return setting_put(st, "surface_work", buf_str(&out), e);
}

bool
surface_end_get(struct store *st, struct arena *a, struct surface_end *out, struct err *e)
{
	struct json *j;
	if (!kept(st, a, "surface_end", &j, e))
		return false;
	*out = (struct surface_end){ .state = json_get_str(j, "state"),
				     .cause = json_get_str(j, "cause"),
				     .by = json_get_str(j, "by"),
				     .why = json_get_str(j, "why"),
				     .began = json_get_i64(j, "began", 0),
				     .ended = json_get_i64(j, "ended", 0),
				     .run = json_get_i64(j, "run", 0) };
	return true;
}

bool
surface_end_put(struct store *st, const struct surface_end *end, struct err *e)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_str(&w, "state", end->state);
	json_put_str(&w, "cause", end->cause);
	json_put_str(&w, "by", end->by);
	json_put_str(&w, "why", end->why);
	json_put_i64(&w, "began", end->began);
	json_put_i64(&w, "ended", end->ended);
	json_put_i64(&w, "run", end->run);
	json_end_object(&w);
	return setting_put(st, "surface_end", buf_str(&out), e) && setting_put(st, "surface_work", STR(""), e);
}

bool
surface_job_was_left(struct store *st)
{
	ARENA_AUTO a = { 0 };
	struct err ignored = { 0 };
	struct surface_work work;
	return surface_work_get(st, &a, &work, &ignored) && str_eq(work.state, STR("running"));
}

/* ---- days, counted from 1970 ---- */

static bool
is_last_of_month(int64_t day)
{
	int year;
	unsigned month, of_month;
	time_civil(day + 1, &year, &month, &of_month);
	return of_month == 1;
}

static bool
is_day(const struct surface_schedule *s, int64_t day)
{
	int year;
	unsigned month, of_month;
	switch (s->every) {
	case SURFACE_DAILY:
		return true;
	case SURFACE_WEEKLY:
		return ((day + 3) % 7 + 7) % 7 == s->day; /* 1970-01-01 was a Thursday */
	case SURFACE_MONTHLY:
		time_civil(day, &year, &month, &of_month);
		return (int)of_month == s->day || ((int)of_month < s->day && is_last_of_month(day));
	case SURFACE_OFF:
	default:
		return false;
	}
}

static int64_t
day_of(int64_t local)
{
	return (local >= 0 ? local : local - DAY + 1) / DAY;
}

static int64_t
begins(const struct surface_schedule *s, int64_t day)
{
	return day * DAY + s->from * MINUTE;
}

static int64_t
length(const struct surface_schedule *s)
{
	int64_t minutes = s->until - s->from;
	return (minutes > 0 ? minutes : minutes + 24 * 60) * MINUTE;
}

bool
surface_schedule_open(const struct surface_schedule *s, int64_t local)
{
	int64_t today = day_of(local);
	for (int64_t day = today - 1; day <= today; day++)
		if (local >= begins(s, day) && local < begins(s, day) + length(s))
			return true;
	return false;
}

int64_t
surface_schedule_slot(const struct surface_schedule *s, int64_t local)
{
	int64_t today = day_of(local);
	for (int64_t day = today; day > today - LOOK_DAYS; day--)
		if (is_day(s, day) && begins(s, day) <= local)
			return day;
	return INT64_MIN;
}

int64_t
surface_schedule_next(const struct surface_schedule *s, int64_t local)
{
	int64_t today = day_of(local);
	for (int64_t day = today; day < today + LOOK_DAYS; day++)
		if (is_day(s, day) && begins(s, day) > local)
			return begins(s, day);
	return 0;
}

/* ---- what time brings ---- */

bool
surface_schedule_pending(const struct surface_schedule *s, const struct zone *zone, struct store *st, int64_t now,
			 int64_t *slot, bool *pending, struct err *e)
{
	int64_t last;
	*slot = surface_schedule_slot(s, zone_local(zone, now));
	*pending = false;
	if (*slot == INT64_MIN)
		return true;
	if (!setting_number(st, "surface_slot", 0, INT64_MAX, 0, &last, e))
		return false;
	/* One that was over before the schedule was set is nobody's. */
	*pending = *slot > last && begins(s, *slot) + length(s) > zone_local(zone, s->at);
	return true;
}

static bool
start(struct store *st, int64_t now, int64_t slot, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const struct surface_work work = { .state = STR("running"), .cause = STR("schedule"), .began = now };
	return setting_put(st, "surface_slot", arena_printf(&a, "%lld", (long long)slot), e) &&
	       surface_work_put(st, &work, e);
}

/* Scheduled work rests outside its time of day, and goes on in the next one. */
static bool
follow(struct store *st, struct surface_work *work, bool open, enum surface_act *act, struct err *e)
{
	bool rests = str_eq(work->state, STR("resting"));
	if (!str_eq(work->cause, STR("schedule")) || open != rests)
		return true;
	work->state = rests ? STR("running") : STR("resting");
	*act = rests ? SURFACE_ACT_START : SURFACE_ACT_REST;
	return surface_work_put(st, work, e);
}

bool
surface_schedule_tick(const struct app *app, struct store *st, int64_t now, enum surface_act *act, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct surface_schedule s;
	struct surface_work work;
	int64_t slot;
	bool pending;
	*act = SURFACE_ACT_NONE;
	if (!surface_schedule_get(st, &a, &s, e) || !surface_work_get(st, &a, &work, e))
		return false;
	bool open = s.every != SURFACE_OFF && surface_schedule_open(&s, zone_local(&app->zone, now));
	if (work.state.len)
		return follow(st, &work, open, act, e);
	if (!open)
		return true;
	if (!surface_schedule_pending(&s, &app->zone, st, now, &slot, &pending, e))
		return false;
	if (!pending)
		return true;
	*act = SURFACE_ACT_START;
	return start(st, now, slot, e);
}
