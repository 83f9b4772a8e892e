/* /api/v1/exposure/complete: what may stand where the cursor is: filters, then values of a filter by how often they occur among
 * what the rest of the query finds, operators. */
#include "exposure/query-filter.h"
#include "server/api.h"
#include "server/exposure_ask.h"
#include "server/exposures.h"

enum { ITEMS_MAX = 12, CANDIDATES_MAX = 400, COMPLETE_MS = 3000 };

/* Filters that are no fields. */
static const char *const filters[] = { "after",          "all",     "before",   "geo", "has_ipv6",
				       "has_screenshot", "has_ssl", "has_vuln", "ssl" };
static const char *const operators[] = { "OR", "AND", "NOT" };

/* The term that is being typed. */
struct typed {
	size_t start; /* of the term, behind its negation */
	struct str filter; /* ptr NULL: no colon yet */
	size_t value_at; /* of the value that is being typed, with its quotation mark */
	struct str value; /* as typed, without the mark */
};

static bool
is_blank(struct str text, size_t i, size_t *width)
{
	*width = str_starts(str_skip(text, i), STR("\xe3\x80\x80")) ? 3 : 1;
	return *width == 3 || text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\n' || text.ptr[i] == '\r';
}

/* Where the last term begins; quotation marks hold blanks together. */
static void
typed_find(struct str text, struct typed *t)
{
	char mark = 0;
	size_t start = 0, value = SIZE_MAX, width;
	for (size_t i = 0; i < text.len; i += mark ? 1 : width) {
		char c = text.ptr[i];
		width = 1;
		if (mark) {
			if (c == '\\')
				i++;
			else if (c == mark)
				mark = 0;
		} else if (is_blank(text, i, &width) || c == '(' || c == ')') {
			width = is_blank(text, i, &width) ? width : 1;
			start = i + width;
			value = SIZE_MAX;
		} else if (c == '"' || c == '\'') {
			mark = c;
		} else if ((c == '-' || c == '!') && i == start) {
			start = i + 1;
		} else if (c == ':' && value == SIZE_MAX) {
			t->filter = str_sub(text.ptr + start, i - start);
			value = i + 1;
		} else if (c == ',' && value != SIZE_MAX) {
			value = i + 1;
		}
		if (!mark && start > i)
			t->filter = STR_NONE;
	}
	t->start = start > text.len ? text.len : start;
	if (value == SIZE_MAX || value > text.len)
		t->filter = STR_NONE;
	t->value_at = t->filter.ptr ? value : t->start;
	t->value = str_skip(text, t->value_at);
	if (t->value.len && (t->value.ptr[0] == '"' || t->value.ptr[0] == '\''))
		t->value = str_skip(t->value, 1);
}

static bool
starts_nocase(struct str text, struct str prefix)
{
	return text.len >= prefix.len && str_eq_nocase(str_head(text, prefix.len), prefix);
}

/* ---- answers ---- */

struct completing {
	struct request *r;
	size_t items;
};

static void
item_begin(struct completing *c, const char *kind, struct str insert, struct str label)
{
	json_begin_object(&c->r->w);
	json_put_cstr(&c->r->w, "kind", kind);
	json_put_str(&c->r->w, "insert", insert);
	json_put_str(&c->r->w, "label", label);
	c->items++;
}

static void
filter_item(struct completing *c, const char *name)
{
	if (c->items >= ITEMS_MAX)
		return;
	item_begin(c, "filter", arena_printf(&c->r->arena, "%s:", name), str_of(name));
	json_end_object(&c->r->w);
}

/* Those that begin so first, then those that have it elsewhere. */
static void
filters_write(struct completing *c, struct str typed)
{
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned f = 0; f < FIELDS; f++) {
			struct str name = str_of(field_table[f].name);
			bool starts =
				starts_nocase(name, typed) || starts_nocase(str_of(field_table[f].aliases), typed);
			if (round == 0 ? starts : !starts && typed.len > 1 && str_find(name, typed) >= 0)
				filter_item(c, field_table[f].name);
		}
		for (size_t i = 0; i < COUNT(filters) && round == 0; i++)
			if (starts_nocase(str_of(filters[i]), typed))
				filter_item(c, filters[i]);
	}
	for (size_t i = 0; i < COUNT(operators) && c->items < ITEMS_MAX; i++) {
		if (!typed.len || !starts_nocase(str_of(operators[i]), typed))
			continue;
		item_begin(c, "operator", arena_printf(&c->r->arena, "%s ", operators[i]), str_of(operators[i]));
		json_end_object(&c->r->w);
	}
}

/* With quotation marks where it needs them. */
static struct str
value_quoted(struct arena *a, struct str v)
{
	BUF_AUTO out = { 0 };
	bool plain = v.len > 0 && v.ptr[0] != '<' && v.ptr[0] != '>';
	for (size_t i = 0; i < v.len && plain; i++)
		plain = ascii_word(v.ptr[i]) || strchr(".-/:+", v.ptr[i]) || ((unsigned char)v.ptr[i] & 0x80);
	if (plain && str_find(v, STR("..")) < 0 && str_find(v, STR("\xe3\x80\x80")) < 0)
		return v;
	buf_add_char(&out, '"');
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] == '"' || v.ptr[i] == '\\' || v.ptr[i] == ',')
			buf_add_char(&out, '\\');
		buf_add_char(&out, v.ptr[i]);
	}
	buf_add_char(&out, '"');
	return arena_str(a, buf_str(&out));
}

static void
value_item(struct completing *c, const struct facet_value *v)
{
	item_begin(c, "value", arena_printf(&c->r->arena, "%.*s ", STR_ARG(value_quoted(&c->r->arena, v->value))),
		   v->value);
	json_put_i64(&c->r->w, "count", (int64_t)v->count);
	json_end_object(&c->r->w);
}

/* What the query finds without the term that is being typed; everything where that cannot be read by itself. */
static struct query *
context(struct request *r, struct str before)
{
	struct query *q;
	struct err ignored = { 0 };
	while (before.len && (before.ptr[before.len - 1] == '-' || before.ptr[before.len - 1] == '!'))
		before.len--;
	if (query_parse(&r->arena, before, &q, &ignored))
		return q;
	q = ARENA_NEW(&r->arena, struct query);
	q->kind = QUERY_ALL;
	q->field = FIELDS;
	return q;
}

static bool
values_write(struct completing *c, struct asking *x, enum field f, const struct typed *t, struct query *q,
	     struct err *e)
{
	struct arena *a = &c->r->arena;
	enum field_kind kind = field_table[f].kind;
	struct facet found;
	bool words = kind == FIELD_KEYWORD || kind == FIELD_HOST;
	if (!field_table[f].facet || kind == FIELD_TIME || (kind == FIELD_ADDRESS && !t->value.len))
		return true;
	if (words && t->value.len) {
		struct query *like = ARENA_NEW(a, struct query);
		*like = (struct query){ .kind = QUERY_LIKE,
					.field = f,
					.text = arena_printf(a, "%.*s*", STR_ARG(t->value)) };
		q = query_and(a, q, like);
	}
	size_t top = t->value.len ? CANDIDATES_MAX : ITEMS_MAX;
	if (!x->use.backend->facet(x->use.state, q, f, FIELDS, top, a, &found, e))
		return false;
	for (size_t i = 0; i < found.values.count && c->items < ITEMS_MAX; i++)
		if (found.values.items[i].value.len && starts_nocase(found.values.items[i].value, t->value))
			value_item(c, &found.values.items[i]);
	return true;
}

static int64_t
units_before(struct str text, size_t at)
{
	int64_t n = 0;
	for (size_t i = 0; i < at; i++)
		n += (((unsigned char)text.ptr[i] & 0xc0) != 0x80) + ((unsigned char)text.ptr[i] >= 0xf0);
	return n;
}

bool
api_exposure_complete(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", NULL };
	ASKING_AUTO x = { 0 };
	struct typed t = { 0 };
	struct completing c = { .r = r };
	struct filter filter;
	struct str nearest = STR_NONE, text;
	if (!asking_open(r, allowed, &x, e))
		return false;
	text = ask_text(r, "q");
	text = text.ptr ? text : STR("");
	typed_find(text, &t);
	if (x.use.backend->deadline)
		x.use.backend->deadline(x.use.state, COMPLETE_MS);
	json_begin_object(&r->w);
	json_put_i64(&r->w, "from", units_before(text, t.filter.ptr ? t.value_at : t.start));
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	bool known = t.filter.ptr && filter_find(t.filter, &filter, &nearest);
	struct err late = { 0 };
	/* Too many to count in time: no proposals, which is no failure. */
	if (known && filter.field < FIELDS && (filter.kind == FILTER_FIELD || filter.any))
		(void)values_write(&c, &x, filter.field, &t, context(r, str_head(text, t.start)), &late);
	else if (!t.filter.ptr)
		filters_write(&c, t.value);
	else if (!known && nearest.len)
		filter_item(&c, arena_cstr(&r->arena, nearest));
	json_end_array(&r->w);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}
