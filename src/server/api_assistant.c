/* POST /api/v1/policies/assistant: three answers become ready policies, in one transaction. */
#include "plan/policy-ready.h"
#include "server/policies.h"
#include "store/policy_text.h"

enum { GUESSES_MAX = 1000 };

static bool
minutes_of(const struct json *body, const char *key, int otherwise, int *out, struct err *e)
{
	struct str s = json_get_str(body, key), hours, minutes;
	uint64_t h, m;
	*out = otherwise;
	if (!s.len)
		return true;
	if (!str_split(s, ':', &hours, &minutes) || minutes.len != 2 || !str_to_u64(hours, &h) ||
	    !str_to_u64(minutes, &m) || h > 23 || m > 59)
		return err_set(e, ERR_USAGE, "%s must be a time of day such as 22:00", key);
	*out = (int)(h * 60 + m);
	return true;
}

static bool
weekday_of(struct str s, int *out, struct err *e)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq_nocase(str_head(s, 3), str_of(names[i]))) {
			*out = (int)i;
			return true;
		}
	return err_set(e, ERR_USAGE, "weekday must be one of mon tue wed thu fri sat sun");
}

static bool
answers_read(const struct json *body, struct policy_answers *q, struct err *e)
{
	const struct json *server = json_get(body, "server");
	*q = (struct policy_answers){ .server_nth = 2, .server_weekday = 6 };
	if (!minutes_of(body, "quiet_from", 22 * 60, &q->quiet_from, e) ||
	    !minutes_of(body, "quiet_to", 5 * 60, &q->quiet_to, e))
		return false;
	struct str weekday = json_get_str(server, "weekday");
	q->server_nth = (int)json_get_i64(server, "nth", 2);
	q->server_days = json_get_str(server, "days");
	q->pilot = json_get_str(body, "pilot");
	return !weekday.len || weekday_of(weekday, &q->server_weekday, e);
}

/* Nothing is installed unless all of it can be. */
static bool
ready_keep(struct request *r, const struct policy_text *t, bool dry_run, struct err *e)
{
	struct policy_set set;
	struct policy p;
	struct policy_remarks remarks;
	int64_t version = 0;
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	if (!policy_read(r, &set, t->yaml, &p, &remarks)) {
		struct str why = remarks.items.count ? remarks.items.items[0].text : STR("");
		return err_set(e, ERR_INPUT, "policy %.*s: %.*s", STR_ARG(t->name), STR_ARG(why));
	}
	if (!dry_run && !policy_keep(r, &p, t->yaml, "put", str_of(tr("first-run assistant")), &version, e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "name", t->name);
	json_put_str(&r->w, "yaml", t->yaml);
	json_put_i64(&r->w, "version", version);
	json_end_object(&r->w);
	return true;
}

/* Machines that would be wards' PCs by their role, which nobody gave them, and look like servers. */
static bool
servers_write(struct request *r, struct err *e)
{
	struct guessed_host *hosts;
	size_t count;
	if (!hosts_guessed(r->st, &r->arena, STR("server"), GUESSES_MAX, &hosts, &count, e))
		return false;
	json_key(&r->w, "servers");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		host_ref_group_write(r, "host", hosts[i].id, hosts[i].name, hosts[i].group);
		json_put_str(&r->w, "why", hosts[i].why);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	return true;
}

bool
api_policy_assistant(struct request *r, struct err *e)
{
	struct policy_answers q;
	struct policy_text ready[POLICY_READY_MAX];
	size_t count;
	bool dry_run = json_get_bool(r->json, "dry_run", false);
	if (!answers_read(r->json, &q, e) || !policy_ready(&r->arena, &q, ready, &count, e))
		return false;
	json_begin_object(&r->w);
	json_put_bool(&r->w, "dry_run", dry_run);
	json_key(&r->w, "policies");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		if (!ready_keep(r, &ready[i], dry_run, e))
			return false;
	json_end_array(&r->w);
	if (!servers_write(r, e))
		return false;
	json_end_object(&r->w);
	return true;
}
