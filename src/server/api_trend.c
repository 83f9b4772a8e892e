/* /api/v1/trend, /api/v1/settings */
#include "server/api.h"
#include "server/due.h"
#include "server/feed_change.h"
#include "store/setting.h"
#include "store/trend.h"
#include "vuln/match.h"

enum { TREND_DAYS = 90, SETS_MAX = 32 };

/* ---- trend ---- */

static bool
trend_days(const struct request *r, int64_t *out, struct err *e)
{
	struct str text = request_parameter(r, "days");
	*out = TREND_DAYS;
	if (text.len && (!str_to_i64(text, out) || *out < 1 || *out > TREND_DAYS_MAX))
		return err_set(e, ERR_USAGE, "days must be a number from 1 to %d", TREND_DAYS_MAX);
	return true;
}

static void
day_write(struct json_writer *w, const struct trend_day *d)
{
	char text[TIME_RFC3339_MAX];
	json_begin_object(w);
	/* A day, not an instant. */
	json_put_str(w, "day", str_head(str_of(time_rfc3339(d->day * DUE_DAY, text)), 10));
	json_put_i64(w, "hosts", d->hosts);
	json_put_i64(w, "clean", d->clean);
	for (int i = HOST_SEVERITIES - 1; i >= 0; i--)
		json_put_i64(w, severity_word(i), d->open[i]);
	json_put_i64(w, "kev", d->kev);
	json_put_i64(w, "overdue", d->overdue);
	json_put_i64(w, "new", d->added);
	json_put_i64(w, "fixed", d->fixed);
	json_end_object(w);
}

/* How many were fixed in these days, and how long that took on average. */
static bool
fixed_write(struct request *r, struct str group, int64_t from, int64_t to, struct err *e)
{
	struct trend_fixed fixed[HOST_SEVERITIES];
	if (!trend_fixed_read(r->st, group, from, to, fixed, e))
		return false;
	json_key(&r->w, "fixed");
	json_begin_object(&r->w);
	for (int i = HOST_SEVERITIES - 1; i >= 0; i--) {
		double mean = fixed[i].fixed ? (double)fixed[i].waited / (double)fixed[i].fixed / (double)DUE_DAY : -1;
		json_key(&r->w, severity_word(i));
		json_begin_object(&r->w);
		json_put_i64(&r->w, "count", fixed[i].fixed);
		number_or_null(&r->w, "mean_days", mean, 1);
		json_end_object(&r->w);
	}
	json_end_object(&r->w);
	return true;
}

bool
api_trend(struct request *r, struct err *e)
{
	static const char *const filters[] = { "days", "group", NULL };
	struct trend_day *days;
	size_t count;
	int64_t wanted, today = app_day(r->app, r->now);
	if (!request_query(r, filters, e) || !trend_days(r, &wanted, e))
		return false;
	struct str group = request_parameter(r, "group");
	int64_t from = today - wanted + 1;
	if (!trend_read(r->st, &r->arena, group, from, today, &days, &count, e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "days", wanted);
	str_or_null(&r->w, "group", group);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		day_write(&r->w, &days[i]);
	json_end_array(&r->w);
	if (!fixed_write(r, group, from, today, e))
		return false;
	json_end_object(&r->w);
	return true;
}

/* ---- settings ---- */

static bool
settings_write(struct request *r, struct err *e)
{
	struct deadline_set sets[SETS_MAX];
	size_t count = deadline_sets(&r->arena, sets, SETS_MAX);
	struct str chosen;
	if (!setting_get(r->st, &r->arena, "deadlines", &chosen, e))
		return false;
	json_begin_object(&r->w);
	str_or_null(&r->w, "timezone", r->app->zone.name);
	json_put_str(&r->w, "deadlines", chosen.len || !count ? chosen : sets[0].name);
	json_key(&r->w, "deadline_sets");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "name", sets[i].name);
		json_put_cstr(&r->w, "title", tr(arena_cstr(&r->arena, sets[i].title)));
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_end_object(&r->w);
	return true;
}

bool
api_settings(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	return request_query(r, filters, e) && settings_write(r, e);
}

bool
api_settings_change(struct request *r, struct err *e)
{
	struct str set = json_get_str(r->json, "deadlines");
	struct priority_policy policy;
	struct feed_change change;
	if (!set.len)
		return err_set(e, ERR_USAGE, "give the set of deadlines: {\"deadlines\": \"bod\"}");
	if (!priority_policy_read(STR(""), "", arena_cstr(&r->arena, set), &r->arena, &policy, e) ||
	    !setting_put(r->st, "deadlines", set, e) || !request_audit(r, "settings.deadlines", STR(""), set, e) ||
	    /* Other deadlines: every finding gets its date anew, one host after the other. */
	    !feed_change_apply(r->app, r->st, r->now, &r->arena, &change, e))
		return false;
	r->match_hosts = change.ids;
	r->match_host_count = change.count;
	return settings_write(r, e);
}
