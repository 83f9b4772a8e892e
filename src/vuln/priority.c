#include "vuln/priority.h"

#include "vuln/fields.h"

#define RULES_MAX 1000
#define DAY INT64_C(86400000)

extern const unsigned char priority_csv[], deadlines_csv[];
extern const size_t priority_csv_len, deadlines_csv_len;

static const char *const action_names[] = { "watch", "next-window", "within-days", "act-now" };
static const char *const importance_names[] = { "low", "normal", "high", NULL };

const char *
action_name(enum action a)
{
	return (size_t)a < COUNT(action_names) ? action_names[a] : action_names[0];
}

const char *
importance_name(enum importance i)
{
	return (size_t)i < COUNT(importance_names) - 1 ? importance_names[i] : importance_names[IMPORTANCE_NORMAL];
}

bool
importance_parse(struct str s, enum importance *out)
{
	for (int i = 0; importance_names[i]; i++)
		if (str_eq(s, str_of(importance_names[i]))) {
			*out = (enum importance)i;
			return true;
		}
	return false;
}

/* ---- rules ---- */

enum column {
	KEV,
	RANSOMWARE,
	EXPLOITATION,
	AUTOMATABLE,
	IMPACT,
	SEVERITY,
	EPSS,
	EXPOSED,
	IMPORTANCE,
	ACTION,
	REASON,
	REASON_JA
};

#define UNRATED 5 /* severity "unknown", which is exactly that */

static const struct {
	const char *name;
	const char *const *values; /* the n-th is condition n + 1 */
} columns[] = {
	[KEV] = { "kev", (const char *const[]){ "no", "yes", NULL } },
	[RANSOMWARE] = { "ransomware", (const char *const[]){ "no", "yes", NULL } },
	[EXPLOITATION] = { "exploitation", (const char *const[]){ "none", "poc", "active", NULL } },
	[AUTOMATABLE] = { "automatable", (const char *const[]){ "no", "yes", NULL } },
	[IMPACT] = { "impact", (const char *const[]){ "partial", "total", NULL } },
	[SEVERITY] = { "severity", (const char *const[]){ "low", "medium", "high", "critical", "unknown", NULL } },
	[EPSS] = { "epss", NULL },
	[EXPOSED] = { "exposed", (const char *const[]){ "no", "yes", NULL } },
	[IMPORTANCE] = { "importance", importance_names },
	[ACTION] = { "action", NULL },
	[REASON] = { "reason", NULL },
	[REASON_JA] = { "reason_ja", NULL },
};

bool
action_parse(struct str s, enum action *out)
{
	for (size_t i = 0; i < COUNT(action_names); i++)
		if (str_eq(s, str_of(action_names[i]))) {
			*out = (enum action)i;
			return true;
		}
	return false;
}

/* The number of the value, from 1; 0 when empty, -1 when there is no such value. */
static int
value_number(enum column c, struct str s)
{
	if (s.len == 0)
		return 0;
	for (int i = 0; columns[c].values[i]; i++)
		if (str_eq(s, str_of(columns[c].values[i])))
			return i + 1;
	return -1;
}

static bool
rule_read(const struct fields *l, struct priority_rule *out, const char **bad)
{
	for (int c = KEV; c <= IMPORTANCE; c++) {
		*bad = columns[c].name;
		if (c == EPSS) {
			if (l->text[c].len &&
			    (!str_to_double(l->text[c], &out->epss) || out->epss < 0 || out->epss > 1))
				return false;
			continue;
		}
		int number = value_number((enum column)c, l->text[c]);
		if (number < 0)
			return false;
		if (number > 0) {
			out->conditions[out->count].column = (unsigned char)c;
			out->conditions[out->count++].value = (unsigned char)number;
		}
	}
	*bad = columns[ACTION].name;
	out->reason = l->text[REASON];
	out->reason_ja = l->count > REASON_JA && l->text[REASON_JA].len ? l->text[REASON_JA] : l->text[REASON];
	return action_parse(l->text[ACTION], &out->action);
}

static bool
header_fits(const struct fields *l)
{
	if (l->count < REASON_JA)
		return false;
	for (size_t i = 0; i < l->count && i < COUNT(columns); i++)
		if (!str_eq(l->text[i], str_of(columns[i].name)))
			return false;
	return true;
}

static bool
rules_read(struct str text, const char *name, struct arena *a, struct priority_policy *out, struct err *e)
{
	struct fields l = { 0 };
	bool end, whole = fields_next(&text, a, &l, &end);
	if (!whole || end || !header_fits(&l))
		return err_set(e, ERR_INPUT,
			       "%s holds no rules of priority: its first line has to name the columns kev,ransomware,"
			       "exploitation,automatable,impact,severity,epss,exposed,importance,action,reason",
			       name);
	for (;;) {
		const char *bad = "quotes";
		struct priority_rule rule = { 0 };
		whole = fields_next(&text, a, &l, &end);
		if (whole && end)
			break;
		if (!whole || l.count <= REASON || !rule_read(&l, &rule, &bad))
			return err_set(e, ERR_INPUT, "line %zu of %s is no rule of priority: its %s cannot be read",
				       l.number, name, bad);
		if (out->rules.count == RULES_MAX)
			return err_set(e, ERR_TOO_LARGE, "%s has more than %d rules", name, RULES_MAX);
		*ARRAY_PUSH(a, &out->rules) = rule;
	}
	if (out->rules.count == 0)
		return err_set(e, ERR_INPUT, "%s holds no rules of priority", name);
	return true;
}

/* ---- deadlines ---- */

static void
deadline_read(const struct fields *l, struct deadline *d)
{
	d->any_action = !action_parse(l->text[2], &d->action);
	d->any_severity = !severity_parse(l->text[3], &d->severity);
	(void)!str_to_i64(l->text[4], &d->days);
}

static bool
deadlines_read(const char *set, struct arena *a, struct priority_policy *out, struct err *e)
{
	struct str text = str_sub((const char *)deadlines_csv, deadlines_csv_len), wanted = str_of(set), last = STR("");
	struct fields l = { 0 };
	bool end;
	BUF_AUTO names = { 0 };
	for (bool header = true; fields_next(&text, a, &l, &end) && !end; header = false) {
		if (header)
			continue;
		if (!wanted.ptr)
			wanted = l.text[0];
		if (!str_eq(last, l.text[0]))
			buf_addf(&names, "%s%.*s", names.len ? ", " : "", STR_ARG(l.text[0]));
		last = l.text[0];
		if (!str_eq(l.text[0], wanted) || l.count != 5)
			continue;
		struct deadline d;
		deadline_read(&l, &d);
		*ARRAY_PUSH(a, &out->deadlines) = d;
	}
	if (out->deadlines.count == 0)
		return err_set(e, ERR_USAGE, "there is no set of deadlines “%s”; there are: %s", set, buf_cstr(&names));
	return true;
}

size_t
deadline_sets(struct arena *a, struct deadline_set *out, size_t max)
{
	struct str text = str_sub((const char *)deadlines_csv, deadlines_csv_len);
	struct fields l = { 0 };
	bool end;
	size_t count = 0;
	for (bool header = true; fields_next(&text, a, &l, &end) && !end; header = false)
		if (!header && count < max && (count == 0 || !str_eq(out[count - 1].name, l.text[0])))
			out[count++] = (struct deadline_set){ arena_str(a, l.text[0]), arena_str(a, fields_at(&l, 1)) };
	return count;
}

bool
priority_policy_read(struct str rules, const char *name, const char *deadlines, struct arena *a,
		     struct priority_policy *out, struct err *e)
{
	struct priority_policy p = { .importance = IMPORTANCE_NORMAL };
	if (rules.len == 0) {
		rules = str_sub((const char *)priority_csv, priority_csv_len);
		name = "priority.csv";
	}
	if (!str_is_utf8(rules))
		return err_set(e, ERR_INPUT, "%s holds no rules of priority: it is no UTF-8 text", name);
	if (!rules_read(rules, name, a, &p, e) || !deadlines_read(deadlines, a, &p, e))
		return false;
	*out = p;
	return true;
}

/* ---- deciding ---- */

static bool
fits(const struct priority_rule *r, const unsigned char facts[9], double epss)
{
	for (size_t i = 0; i < r->count; i++) {
		unsigned char column = r->conditions[i].column, value = r->conditions[i].value, fact = facts[column];
		bool at_least = (column == SEVERITY && value != UNRATED) || column == IMPORTANCE;
		if (column == SEVERITY && value == UNRATED ? fact != 0 : at_least ? fact < value : fact != value)
			return false;
	}
	return r->epss <= 0 || epss >= r->epss;
}

static int64_t
due_of(const struct priority_policy *p, enum action action, enum severity severity, int64_t start)
{
	int64_t due = 0;
	for (size_t i = 0; i < p->deadlines.count; i++) {
		const struct deadline *d = &p->deadlines.items[i];
		int64_t day = start + d->days * DAY;
		if ((d->any_action || d->action == action) && (d->any_severity || d->severity == severity) &&
		    (due == 0 || day < due))
			due = day;
	}
	return due;
}

void
priority_decide(const struct priority_policy *p, const struct vulnerability *v, int64_t published, bool fixable,
		struct priority *out)
{
	const unsigned char facts[9] = {
		[KEV] = v->kev ? 2 : 1,
		[RANSOMWARE] = v->kev_ransomware ? 2 : 1,
		[EXPLOITATION] = (unsigned char)v->ssvc.exploitation,
		[AUTOMATABLE] = (unsigned char)v->ssvc.automatable,
		[IMPACT] = (unsigned char)v->ssvc.impact,
		[SEVERITY] = (unsigned char)v->severity,
		[EXPOSED] = p->exposed ? 2 : 1,
		[IMPORTANCE] = (unsigned char)(p->importance + 1),
	};
	*out = (struct priority){ .reason = STR(""), .reason_ja = STR("") };
	for (size_t i = 0; i < p->rules.count; i++) {
		const struct priority_rule *r = &p->rules.items[i];
		if (!fits(r, facts, v->epss))
			continue;
		out->action = r->action;
		out->reason = r->reason;
		out->reason_ja = r->reason_ja;
		break;
	}
	if (!fixable && !v->kev)
		return;
	int64_t start = v->kev && v->kev_added ? v->kev_added : published ? published : p->now;
	int64_t due = due_of(p, out->action, v->severity, start);
	/* CISA's own date is the directive's; a stricter one is for what the internet can reach. */
	if (v->kev && v->kev_due && (!p->exposed || due == 0 || v->kev_due < due))
		due = v->kev_due;
	out->due = due - due % DAY; /* a day, not an instant */
}
