#include "exposure/enrich-redact.h"

#include "base/buf.h"
#include "base/json.h"
#include "exposure/enrich-filter.h"
#include "exposure/enrich-regex.h"
#include "exposure/enrich-rules.h"
#include "vuln/csv.h"

enum { REDACT_RULES_MAX = 1000, REDACT_PLACES_MAX = 10000, SUSPECTS_WORDS = REDACT_RULES_MAX / 64 + 1 };

struct redact_rules {
	struct arena arena;
	ARRAY_OF(struct regex *) rules;
	struct filter *filter;
	ARRAY_OF(uint32_t) always;
};

static bool
rule_add(struct redact_rules *r, struct str pattern, struct err *e)
{
	ARENA_AUTO a = { 0 };
	regex_literals need = { 0 };
	struct regex *regex;
	uint32_t number = (uint32_t)r->rules.count;

	if (number == REDACT_RULES_MAX)
		return err_set(e, ERR_TOO_LARGE, "there are more than %d rules of redaction", REDACT_RULES_MAX);
	if (!regex_new(pattern, 0, &regex, e))
		return false;
	*ARRAY_PUSH(&r->arena, &r->rules) = regex;
	bool all = regex_required(pattern, &a, &need) > 0;
	for (size_t i = 0; i < need.count; i++)
		all = all && need.items[i].len >= LITERAL_MIN;
	for (size_t i = 0; all && i < need.count; i++)
		(void)!filter_add(r->filter, need.items[i], number);
	if (!all)
		*ARRAY_PUSH(&r->arena, &r->always) = number;
	return true;
}

bool
redact_open(const char *folder, struct redact_rules **out, struct err *e)
{
	struct redact_rules *r = xcalloc(1, sizeof(*r));
	BUF_AUTO text = { 0 };
	struct input in;
	bool own, ok = enrich_table(folder, "redact.csv", &text, &own, e), header = true;

	r->filter = filter_new();
	input_of_mem(&in, "redact.csv", buf_str(&text));
	struct csv_reader csv = { .in = &in };
	while (ok) {
		enum csv_status status = csv_next(&csv, e);
		if (status == CSV_END)
			break;
		ok = status == CSV_RECORD || (status == CSV_BAD && err_set(e, ERR_INPUT, "a record is malformed"));
		if (ok && !header && csv.fields.count > 1)
			ok = rule_add(r, csv_field(&csv, 1), e);
		header = false;
	}
	csv_free(&csv);
	input_close(&in);
	if (!ok) {
		redact_close(r);
		return err_wrap(e, "reading the rules of redaction (redact.csv)");
	}
	*out = r;
	return true;
}

void
redact_close(struct redact_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->rules.count; i++)
		regex_free(r->rules.items[i]);
	filter_free(r->filter);
	arena_free(&r->arena);
	free(r);
}

static void
suspect(void *user, uint32_t number, size_t at)
{
	uint64_t *suspects = user;

	suspects[number / 64] |= UINT64_C(1) << (number & 63);
}

/* One rule, everywhere in the text. */
static size_t
redact_rule(struct regex *rule, struct arena *a, struct str *text)
{
	BUF_AUTO out = { 0 };
	struct str rest = *text, groups[REGEX_GROUPS];
	size_t places = 0;

	while (places < REDACT_PLACES_MAX && regex_match(rule, rest, groups)) {
		struct str secret = groups[1].ptr ? groups[1] : groups[0];
		size_t at = (size_t)(secret.ptr - rest.ptr), end = at + secret.len;
		/* A match that took nothing would be found for ever. */
		if (secret.len == 0)
			break;
		buf_add(&out, str_head(rest, at));
		buf_add(&out, STR("[redacted]"));
		rest = str_skip(rest, end);
		places++;
	}
	if (places == 0)
		return 0;
	buf_add(&out, rest);
	*text = arena_str(a, buf_str(&out));
	return places;
}

size_t
redact_text(const struct redact_rules *r, struct arena *a, struct str text, struct str *out)
{
	uint64_t suspects[SUSPECTS_WORDS] = { 0 };
	size_t places = 0;

	filter_scan(r->filter, text, suspect, suspects);
	for (size_t i = 0; i < r->always.count; i++)
		suspect(suspects, r->always.items[i], 0);
	for (uint32_t i = 0; i < r->rules.count; i++)
		if (suspects[i / 64] >> (i & 63) & 1)
			places += redact_rule(r->rules.items[i], a, &text);
	*out = text;
	return places;
}

/* ---- the raw record ---- */

static void
redact_tree(const struct redact_rules *r, struct arena *a, struct json *value)
{
	if (value->kind == JSON_KIND_STRING)
		redact_text(r, a, value->text, &value->text);
	for (size_t i = 0; i < value->count; i++)
		redact_tree(r, a, &value->item[i]);
}

/* Records of JSON are taken apart: what is escaped in them is found as well, and they stay JSON. */
static void
redact_raw(const struct redact_rules *r, struct arena *a, struct str *raw, bool found)
{
	uint64_t suspects[SUSPECTS_WORDS] = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct json *doc;
	bool any = found || r->always.count > 0 || str_contains(*raw, STR("\\u"));

	filter_scan(r->filter, *raw, suspect, suspects);
	for (size_t i = 0; i < COUNT(suspects); i++)
		any = any || suspects[i];
	if (!any)
		return;
	if (raw->len > 0 && raw->ptr[0] == '{' && json_parse(a, *raw, NULL, &doc, NULL)) {
		redact_tree(r, a, doc);
		json_tree(&w, doc);
		*raw = arena_str(a, buf_str(&out));
	} else if (raw->len > 0 && raw->ptr[0] == '{') {
		/* It cannot be taken apart (bytes that are no UTF-8, a key twice): what cannot be redacted is not kept. */
		*raw = STR("{}");
	} else {
		redact_text(r, a, *raw, raw);
	}
}

void
redact_banner(const struct redact_rules *r, struct arena *a, struct banner *b)
{
	struct banner_value *values = NULL;
	struct str text;
	bool found = false;

	for (size_t i = 0; i < b->count; i++) {
		enum field_kind kind = field_table[b->values[i].field].kind;
		if ((kind != FIELD_TEXT && kind != FIELD_KEYWORD) || b->values[i].text.len == 0 ||
		    redact_text(r, a, b->values[i].text, &text) == 0)
			continue;
		if (!values) {
			values = arena_alloc(a, b->count, sizeof(*values));
			memcpy(values, b->values, b->count * sizeof(*values));
			b->values = values;
		}
		b->values[i].text = text;
		found = true;
	}
	redact_raw(r, a, &b->raw, found);
}
