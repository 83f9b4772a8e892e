/* /api/v1/policies, /api/v1/day-lists: what is written, checked, put in force and taken back. */
#include "plan/policy-yaml.h"
#include "server/policies.h"

enum { NAME_MAX_BYTES = 100, NOTE_MAX = 500, DAYS_MAX = 1 << 20, LISTS_MAX = 1000 };
static const int64_t DAY = 86400000LL;

/* ---- remarks ---- */

static void
remarks_write(struct request *r, const struct policy_remarks *m)
{
	struct json_writer *w = &r->w;
	json_key(w, "remarks");
	json_begin_array(w);
	for (size_t i = 0; i < m->items.count; i++) {
		const struct policy_remark *k = &m->items.items[i];
		json_begin_object(w);
		json_put_cstr(w, "level", k->warning ? "warning" : "error");
		json_put_i64(w, "line", k->line);
		json_put_i64(w, "column", k->column);
		json_put_str(w, "text", k->text);
		json_end_object(w);
	}
	json_end_array(w);
}

/* The first error in one sentence, and all remarks beside it. The policy in force stays. */
static void
remarks_refuse(struct request *r, const struct policy_remarks *m)
{
	struct str text = STR("");
	for (size_t i = m->items.count; i-- > 0;)
		if (!m->items.items[i].warning)
			text = arena_printf(&r->arena, tr("line %u, column %u: %.*s"), m->items.items[i].line,
					    m->items.items[i].column, STR_ARG(m->items.items[i].text));
	buf_truncate(&r->out, 0);
	r->w = (struct json_writer){ .out = &r->out };
	r->status = 400;
	json_begin_object(&r->w);
	json_key(&r->w, "error");
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "code", "input");
	json_put_str(&r->w, "message", text);
	json_end_object(&r->w);
	remarks_write(r, m);
	json_end_object(&r->w);
}

static bool
same_names(const struct str_list *a, const struct str_list *b)
{
	if (a->items.count != b->items.count)
		return false;
	for (size_t i = 0; i < a->items.count; i++)
		if (!str_eq(a->items.items[i], b->items.items[i]))
			return false;
	return true;
}

/* Of two policies for the same machines and of one rank the name decides: nobody meant that. */
static void
rivals_look(struct request *r, const struct policy_set *set, const struct policy *p, struct policy_remarks *remarks)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct policy *o = &set->policies[i];
		bool same = o->rank == p->rank && (o->written & p->written) && !str_eq(o->name, p->name) &&
			    same_names(&o->applies.groups, &p->applies.groups) &&
			    same_names(&o->applies.os, &p->applies.os) &&
			    same_names(&o->applies.tags, &p->applies.tags) &&
			    same_names(&o->applies.roles, &p->applies.roles) &&
			    same_names(&o->applies.sites, &p->applies.sites) &&
			    same_names(&o->applies.names, &p->applies.names);
		if (!same)
			continue;
		struct str wins = str_cmp(o->name, p->name) < 0 ? o->name : p->name;
		*ARRAY_PUSH(&r->arena, &remarks->items) = (struct policy_remark){
			true, 1, 1,
			arena_printf(&r->arena,
				     tr("policy %.*s is for the same machines and has the same rank: where both say "
					"something, %.*s counts; give them different ranks"),
				     STR_ARG(o->name), STR_ARG(wins))
		};
	}
}

bool
policy_read(struct request *r, const struct policy_set *set, struct str yaml, struct policy *out,
	    struct policy_remarks *remarks)
{
	struct str_list groups = { 0 };
	struct policy_set known = *set;
	struct err ignored = { 0 };
	/* Only warnings come of it: the text can be judged without. */
	(void)!policy_set_fleet(&known, &ignored);
	struct policy_world world = policy_world_of(&known, &groups, true);
	world.now = r->now;
	*remarks = (struct policy_remarks){ 0 };
	if (!policy_from_yaml(&r->arena, yaml, &world, out, remarks) || remarks->refused)
		return false;
	rivals_look(r, set, out, remarks);
	return true;
}

/* ---- reading ---- */

static void
applies_write(struct json_writer *w, const struct policy *p)
{
	const struct {
		const char *key;
		const struct str_list *list;
	} lists[] = {
		{ "groups", &p->applies.groups }, { "os", &p->applies.os },       { "tags", &p->applies.tags },
		{ "roles", &p->applies.roles },   { "sites", &p->applies.sites }, { "names", &p->applies.names },
	};
	json_key(w, "applies");
	json_begin_object(w);
	for (size_t i = 0; i < COUNT(lists); i++) {
		if (!lists[i].list->items.count)
			continue;
		json_key(w, lists[i].key);
		json_begin_array(w);
		for (size_t k = 0; k < lists[i].list->items.count; k++)
			json_str(w, lists[i].list->items.items[k]);
		json_end_array(w);
	}
	json_end_object(w);
}

static void
text_write(struct json_writer *w, const struct policy_version *t)
{
	json_put_str(w, "name", t->name);
	json_put_i64(w, "version", t->version);
	json_put_str(w, "what", t->what);
	json_put_str(w, "by", t->by);
	json_put_time(w, "at", t->at);
	json_put_str(w, "note", t->note);
	json_put_bool(w, "in_force", t->in_force);
}

bool
api_policies(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct policy_set set;
	struct policy_version *texts;
	struct page page;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !policy_set_load(r->st, &r->arena, r->now, &set, e) ||
	    !policy_text_all(r->st, &r->arena, &texts, &count, e))
		return false;
	page.total = (int64_t)count;
	request_list_begin(r, &page);
	for (int64_t i = page.offset; i < (int64_t)count && i < page.offset + page.limit; i++) {
		const struct policy *p = policy_set_find(&set, texts[i].name);
		int64_t hosts = 0;
		if (!directive_hosts_of(r->st, texts[i].name, &hosts, e))
			return false;
		json_begin_object(&r->w);
		text_write(&r->w, &texts[i]);
		json_put_i64(&r->w, "hosts", hosts);
		if (p) {
			json_put_i64(&r->w, "rank", p->rank);
			json_put_i64(&r->w, "windows", (int64_t)p->install.windows.count);
			applies_write(&r->w, p);
		}
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

static bool
version_parameter(struct request *r, int64_t *version, struct err *e)
{
	struct str text = request_parameter(r, "version");
	*version = 0;
	return !text.len || (str_to_i64(text, version) && *version > 0) ||
	       err_set(e, ERR_USAGE, "version must be a number from 1");
}

bool
api_policy(struct request *r, struct err *e)
{
	static const char *const filters[] = { "version", NULL };
	struct policy_version t;
	int64_t version;
	if (!request_query(r, filters, e) || !version_parameter(r, &version, e) ||
	    !policy_text_get(r->st, &r->arena, r->argument, version, &t, e))
		return false;
	json_begin_object(&r->w);
	text_write(&r->w, &t);
	json_put_str(&r->w, "yaml", t.yaml);
	json_key(&r->w, "policy");
	json_raw(&r->w, t.json.len ? t.json : STR("null"));
	json_end_object(&r->w);
	return true;
}

bool
api_policy_versions(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct page page;
	struct policy_version *texts;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !policy_text_versions(r->st, &r->arena, r->argument, &page, &texts, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		text_write(&r->w, &texts[i]);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

/* ---- writing ---- */

bool
policy_keep(struct request *r, const struct policy *p, struct str yaml, const char *what, struct str note,
	    int64_t *version, struct err *e)
{
	BUF_AUTO json = { 0 };
	policy_write(p, &(struct json_writer){ .out = &json });
	struct policy_version t = {
		.name = p->name,
		.what = str_of(what),
		.yaml = yaml,
		.json = buf_str(&json),
		.by = r->user,
		.note = note.ptr ? note : STR(""),
		.at = r->now,
	};
	if (!policy_text_add(r->st, &t, e))
		return false;
	*version = t.version;
	return request_audit(r, arena_printf(&r->arena, "policy.%s", what).ptr, p->name,
			     arena_printf(&r->arena, "version %lld %.*s", (long long)t.version, STR_ARG(t.note)), e);
}

static bool
put_answer(struct request *r, const struct policy *p, int64_t version, const struct policy_remarks *remarks)
{
	json_begin_object(&r->w);
	json_put_str(&r->w, "name", p->name);
	json_put_i64(&r->w, "version", version);
	remarks_write(r, remarks);
	json_end_object(&r->w);
	return true;
}

bool
api_policy_put(struct request *r, struct err *e)
{
	struct policy_set set;
	struct policy p;
	struct policy_remarks remarks;
	struct str yaml = json_get_str(r->json, "yaml"), note = json_get_str(r->json, "note");
	int64_t version = 0;
	if (!yaml.len || note.len > NOTE_MAX)
		return err_set(e, ERR_USAGE,
			       "give the policy's text: {\"yaml\": \"policy: …\"} and a note of at most %d "
			       "bytes",
			       NOTE_MAX);
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	if (!policy_read(r, &set, yaml, &p, &remarks)) {
		remarks_refuse(r, &remarks);
		return false;
	}
	if (!str_eq(p.name, r->argument) || p.name.len > NAME_MAX_BYTES)
		return err_set(e, ERR_INPUT, "the text is of policy %.*s, the address names %.*s", STR_ARG(p.name),
			       STR_ARG(r->argument));
	return policy_keep(r, &p, yaml, "put", note, &version, e) && put_answer(r, &p, version, &remarks);
}

bool
api_policy_revert(struct request *r, struct err *e)
{
	struct policy_set set;
	struct policy_version t;
	struct policy p;
	struct policy_remarks remarks;
	int64_t version = json_get_i64(r->json, "version", 0);
	if (version < 1)
		return err_set(e, ERR_USAGE, "give the version to go back to: {\"version\": 3}");
	if (!policy_text_get(r->st, &r->arena, r->argument, version, &t, e) ||
	    !policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	/* What was right then may name a group that is gone. */
	if (!policy_read(r, &set, t.yaml, &p, &remarks)) {
		remarks_refuse(r, &remarks);
		return false;
	}
	struct str note = arena_printf(&r->arena, "back to version %lld", (long long)version);
	return policy_keep(r, &p, t.yaml, "revert", note, &version, e) && put_answer(r, &p, version, &remarks);
}

bool
api_policy_delete(struct request *r, struct err *e)
{
	struct policy_version t;
	if (!policy_text_get(r->st, &r->arena, r->argument, 0, &t, e))
		return false;
	t.what = STR("delete");
	t.by = r->user;
	t.at = r->now;
	t.note = STR("");
	r->status = 204;
	return policy_text_add(r->st, &t, e) && request_audit(r, "policy.delete", r->argument, STR(""), e);
}

bool
api_policy_check(struct request *r, struct err *e)
{
	struct policy_set set;
	struct policy p;
	struct policy_remarks remarks;
	struct str yaml = json_get_str(r->json, "yaml");
	if (!yaml.len)
		return err_set(e, ERR_USAGE, "give the policy's text: {\"yaml\": \"policy: …\"}");
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	bool ok = policy_read(r, &set, yaml, &p, &remarks);
	json_begin_object(&r->w);
	json_put_bool(&r->w, "ok", ok);
	if (ok) {
		json_put_str(&r->w, "name", p.name);
		json_key(&r->w, "policy");
		policy_write(&p, &r->w);
	}
	remarks_write(r, &remarks);
	json_end_object(&r->w);
	return true;
}

/* ---- lists of days ---- */

/* National holidays as a list like the others: of last year, this one and the next three. */
static void
holidays_write(struct request *r)
{
	struct named_days days;
	BUF_AUTO csv = { 0 };
	char text[TIME_RFC3339_MAX];
	int year;
	unsigned month, day;
	time_civil(r->now / DAY, &year, &month, &day);
	day_list_holidays_named(&r->arena, time_days(year - 1, 1, 1), time_days(year + 4, 1, 1), &days);
	for (size_t i = 0; i < days.count; i++)
		buf_addf(&csv, "%.10s,%.*s\n", time_rfc3339(days.items[i].day * DAY, text),
			 STR_ARG(days.items[i].name));
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "name", "祝日");
	json_put_i64(&r->w, "count", (int64_t)days.count);
	json_put_str(&r->w, "csv", buf_str(&csv));
	json_key(&r->w, "by");
	json_null(&r->w);
	json_put_time(&r->w, "at", 0);
	json_end_object(&r->w);
}

bool
api_day_lists(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct day_list_text *texts;
	size_t count;
	struct page page;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !day_list_all(r->st, &r->arena, &texts, &count, e))
		return false;
	bool builtin = true; /* a list of that name of the hospital's own wins */
	for (size_t i = 0; i < count; i++)
		builtin &= !str_eq(texts[i].name, STR("祝日")) && !str_eq(texts[i].name, STR("holidays-jp"));
	page.total = (int64_t)count + builtin;
	request_list_begin(r, &page);
	for (int64_t i = page.offset; i < (int64_t)count && i < page.offset + page.limit; i++) {
		struct day_list l = { 0 };
		struct err ignored = { 0 };
		bool ok = day_list_parse(&r->arena, texts[i].name, texts[i].days, &l, &ignored);
		json_begin_object(&r->w);
		json_put_str(&r->w, "name", texts[i].name);
		json_put_i64(&r->w, "count", ok ? (int64_t)l.days.count : 0);
		json_put_str(&r->w, "csv", texts[i].days);
		json_put_str(&r->w, "by", texts[i].by);
		json_put_time(&r->w, "at", texts[i].at);
		json_end_object(&r->w);
	}
	if (builtin && page.offset + page.limit > (int64_t)count)
		holidays_write(r);
	request_list_end(r);
	return true;
}

bool
api_day_list_put(struct request *r, struct err *e)
{
	struct str csv;
	struct day_list l = { 0 };
	struct day_list_text *have;
	size_t count;
	if (!body_sheet(r, &csv, e))
		return false;
	if (!csv.len || csv.len > DAYS_MAX)
		return err_set(e, ERR_USAGE, "give the days as CSV: {\"csv\": \"2026-12-29,休診日\\n…\"}");
	if (!r->argument.len || r->argument.len > NAME_MAX_BYTES)
		return err_set(e, ERR_USAGE, "the name of a list of days has at most %d bytes", NAME_MAX_BYTES);
	if (!day_list_parse(&r->arena, r->argument, csv, &l, e) || !day_list_all(r->st, &r->arena, &have, &count, e))
		return false;
	if (count >= LISTS_MAX)
		return err_set(e, ERR_TOO_LARGE, "there are %d lists of days already: delete one first", LISTS_MAX);
	struct day_list_text t = { .name = r->argument, .days = csv, .by = r->user, .at = r->now };
	if (!day_list_put(r->st, &t, e) ||
	    !request_audit(r, "days.put", r->argument, arena_printf(&r->arena, "%zu days", l.days.count), e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "name", t.name);
	json_put_i64(&r->w, "count", (int64_t)l.days.count);
	json_end_object(&r->w);
	return true;
}

bool
api_day_list_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return day_list_delete(r->st, r->argument, e) && request_audit(r, "days.delete", r->argument, STR(""), e);
}
