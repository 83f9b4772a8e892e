/* The query language (exposure/query.h): Shodan's terms, negation and value lists, with OR, parentheses, ranges, CIDR, dates
 * and * added. */
#include "exposure/query-filter.h"

struct parser {
	struct arena *a;
	struct str text;
	size_t at;
	unsigned depth;
	size_t nodes;
	bool whole; /* the quoted text just taken has a \,: its commas separate nothing */
	size_t *error_at;
	struct err why; /* the sentence without its column */
	struct err *e;
};

static struct query *parse_or(struct parser *p);

/* Column of a byte, in characters from 1. */
static unsigned
column_of(struct str text, size_t at)
{
	unsigned column = 1;

	for (size_t i = 0; i < at && i < text.len; i++)
		column += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return column;
}

/* With the sentence in p->why. */
static struct query *
fail(struct parser *p, size_t at)
{
	if (p->error_at)
		*p->error_at = at;
	err_set(p->e, ERR_INPUT, "column %u: %s", column_of(p->text, at), p->why.text);
	return NULL;
}

static struct query *
node(struct parser *p, enum query_kind kind, size_t at)
{
	if (++p->nodes > QUERY_NODES_MAX) {
		err_set(&p->why, ERR_INPUT, "the query has too many terms");
		return fail(p, at);
	}
	struct query *q = ARENA_NEW(p->a, struct query);
	q->kind = kind;
	q->field = FIELDS;
	q->column = column_of(p->text, p->nodes < 1000 ? at : 0);
	return q;
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->text.len && (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t' ||
				       p->text.ptr[p->at] == '\n' || p->text.ptr[p->at] == '\r'))
		p->at++;
	/* The ideographic space, as Japanese keyboards give it. */
	if (str_starts(str_skip(p->text, p->at), STR("\xe3\x80\x80"))) {
		p->at += 3;
		skip_blanks(p);
	}
}

static bool
ends_word(struct str rest)
{
	return rest.len == 0 || strchr(" \t\r\n()\"", rest.ptr[0]) || str_starts(rest, STR("\xe3\x80\x80"));
}

/* Is the next word this one, in capitals? */
static bool
takes(struct parser *p, struct str word)
{
	struct str rest = str_skip(p->text, p->at);

	if (!str_starts(rest, word) || !ends_word(str_skip(rest, word.len)))
		return false;
	p->at += word.len;
	skip_blanks(p);
	return true;
}

/* The text between two marks; \", \\ and \, stand for themselves. */
static bool
take_quoted(struct parser *p, struct str *out)
{
	size_t from = p->at++, n = 0, end = p->at;
	char mark = p->text.ptr[from];

	while (end < p->text.len && p->text.ptr[end] != mark)
		end += p->text.ptr[end] == '\\' && end + 1 < p->text.len ? 2 : 1;
	if (end >= p->text.len) {
		err_set(&p->why, ERR_INPUT, "the quotation mark has no partner");
		(void)fail(p, from);
		return false;
	}
	char *into = arena_alloc(p->a, end - p->at + 1, 1);
	p->whole = false;
	for (; p->at < end; p->at++) {
		char c = p->text.ptr[p->at];
		char next = c == '\\' ? p->text.ptr[p->at + 1] : 0;
		p->whole |= next == ',';
		if (c == '\\' && (next == mark || next == '\\' || next == ','))
			c = p->text.ptr[++p->at];
		into[n++] = c;
	}
	p->at = end + 1;
	*out = str_sub(into, n);
	return true;
}

static struct str
take_bare(struct parser *p, bool value)
{
	size_t from = p->at;

	while (p->at < p->text.len && !ends_word(str_skip(p->text, p->at)) &&
	       (value ? p->text.ptr[p->at] != ',' : true))
		p->at++;
	return str_sub(p->text.ptr + from, p->at - from);
}

static bool
push(struct parser *p, struct query *q, struct query *child)
{
	if (!child)
		return false;
	/* Children of a list are few or come behind each other: doubling by hand. */
	if ((q->count & (q->count - 1)) == 0) {
		struct query **more = ARENA_ARRAY(p->a, struct query *, q->count ? q->count * 2 : 1);
		if (q->count > 0)
			memcpy(more, q->children, q->count * sizeof(*more));
		q->children = more;
	}
	q->children[q->count++] = child;
	return true;
}

/* One item of a filter's values. */
static struct query *
item(struct parser *p, const struct filter *f, struct str text, bool quoted, size_t at)
{
	struct query *q = node(p, QUERY_EQUAL, at);

	if (!q)
		return NULL;
	return filter_value(p->a, f, text, quoted, q, &p->why) ? q : fail(p, at);
}

/* "San Diego,Austin" is two values; a comma before a blank belongs to the name ("Acme, Inc."). */
static struct query *
quoted_items(struct parser *p, const struct filter *f, struct str text, struct query *list, size_t at)
{
	struct str rest = text;
	size_t from = 0;

	if (!push(p, list, item(p, f, text, true, at)))
		return NULL;
	if (f->whole || p->whole)
		return list;
	for (size_t i = 0; i <= rest.len; i++) {
		bool comma = i < rest.len && rest.ptr[i] == ',' && i + 1 < rest.len && rest.ptr[i + 1] != ' ';
		if (!comma && !(i == rest.len && from > 0))
			continue;
		struct str one = str_trim(str_sub(rest.ptr + from, i - from));
		if (one.len > 0 && !push(p, list, item(p, f, one, true, at)))
			return NULL;
		from = i + 1;
	}
	return list;
}

/* "os:any:…" searches what was stated and what was inferred, with this value and those behind it. */
static void
take_any(struct parser *p, struct filter *f)
{
	while (f->kind == FILTER_FIELD && field_inferred(f->field) != FIELDS &&
	       str_starts(str_skip(p->text, p->at), STR("any:"))) {
		f->any = true;
		p->at += 4;
	}
}

static struct query *
values(struct parser *p, struct filter *f, size_t name_at)
{
	struct query *list = node(p, QUERY_OR, name_at);

	if (!list)
		return NULL;
	for (;;) {
		take_any(p, f);
		size_t at = p->at;
		struct str text;
		if (at < p->text.len && (p->text.ptr[at] == '"' || p->text.ptr[at] == '\'')) {
			if (!take_quoted(p, &text) || !quoted_items(p, f, text, list, at))
				return NULL;
		} else {
			text = take_bare(p, !f->whole);
			if (text.len == 0) {
				err_set(&p->why, ERR_INPUT, "a value is missing behind %.*s:", STR_ARG(f->name));
				return fail(p, at);
			}
			if (!push(p, list, item(p, f, text, false, at)))
				return NULL;
		}
		if (p->at >= p->text.len || p->text.ptr[p->at] != ',')
			break;
		p->at++;
	}
	return list->count == 1 ? list->children[0] : list;
}

/* Where a filter's name ends: letters, digits, "_", "." and then a colon. */
static bool
find_filter(const struct parser *p, struct str *name)
{
	size_t i = p->at;

	while (i < p->text.len && (ascii_word(p->text.ptr[i]) || p->text.ptr[i] == '.'))
		i++;
	*name = str_sub(p->text.ptr + p->at, i - p->at);
	return name->len > 0 && i < p->text.len && p->text.ptr[i] == ':';
}

static struct query *
filter_term(struct parser *p, struct str name)
{
	struct filter f;
	struct str nearest;
	size_t at = p->at;

	if (!filter_find(name, &f, &nearest)) {
		if (nearest.len == 0)
			err_set(&p->why, ERR_INPUT, "unknown filter %.*s", STR_ARG(name));
		else
			err_set(&p->why, ERR_INPUT, "unknown filter %.*s; did you mean %.*s?", STR_ARG(name),
				STR_ARG(nearest));
		return fail(p, at);
	}
	p->at += name.len + 1;
	struct str rest = str_skip(p->text, p->at);
	if (f.kind == FILTER_FIELD && field_inferred(f.field) != FIELDS && str_starts(rest, STR("any")) &&
	    (rest.len == 3 || ends_word(str_skip(rest, 3)))) {
		/* Alone: whatever was stated or inferred. */
		f.any = true;
		p->at += 3;
		return item(p, &f, STR("*"), false, at);
	}
	return values(p, &f, at);
}

static struct query *
word_term(struct parser *p)
{
	size_t at = p->at;
	struct str text;
	struct filter f = { .field = FIELD_DATA, .name = STR("data"), .whole = true };
	bool quoted = p->text.ptr[at] == '"' || p->text.ptr[at] == '\'';

	if (quoted && !take_quoted(p, &text))
		return NULL;
	if (!quoted)
		text = take_bare(p, false);
	return item(p, &f, text, quoted, at);
}

static struct query *
parse_unary(struct parser *p)
{
	struct str name;
	size_t at = p->at;
	char c = p->text.ptr[at];

	if (c == '-' || c == '!' || takes(p, STR("NOT"))) {
		if (c == '-' || c == '!')
			p->at++;
		struct str rest = str_skip(p->text, p->at);
		if (rest.len == 0 || (ends_word(rest) && rest.ptr[0] != '(' && rest.ptr[0] != '"')) {
			err_set(&p->why, ERR_INPUT, "nothing stands behind the negation");
			return fail(p, at);
		}
		if (++p->depth > QUERY_DEPTH_MAX) {
			err_set(&p->why, ERR_INPUT, "the query is nested too deeply");
			return fail(p, at);
		}
		struct query *q = node(p, QUERY_NOT, at);
		struct query *child = q ? parse_unary(p) : NULL;
		p->depth--;
		return child && push(p, q, child) ? q : NULL;
	}
	if (c == '(') {
		if (++p->depth > QUERY_DEPTH_MAX) {
			err_set(&p->why, ERR_INPUT, "the query is nested too deeply");
			return fail(p, at);
		}
		p->at++;
		struct query *q = parse_or(p);
		p->depth--;
		if (!q)
			return NULL;
		if (p->at >= p->text.len || p->text.ptr[p->at] != ')') {
			err_set(&p->why, ERR_INPUT, "the parenthesis has no partner");
			return fail(p, at);
		}
		p->at++;
		return q;
	}
	return find_filter(p, &name) ? filter_term(p, name) : word_term(p);
}

static struct query *
parse_and(struct parser *p)
{
	struct query *list = node(p, QUERY_AND, p->at);

	for (;;) {
		skip_blanks(p);
		if (takes(p, STR("AND")))
			continue;
		size_t at = p->at;
		struct str rest = str_skip(p->text, at);
		if (rest.len == 0 || rest.ptr[0] == ')' ||
		    (str_starts(rest, STR("OR")) && ends_word(str_skip(rest, 2))))
			break;
		if (!list || !push(p, list, parse_unary(p)))
			return NULL;
	}
	if (list && list->count == 0) {
		err_set(&p->why, ERR_INPUT, "a term is missing");
		return fail(p, p->at);
	}
	return list && list->count == 1 ? list->children[0] : list;
}

static struct query *
parse_or(struct parser *p)
{
	struct query *list = node(p, QUERY_OR, p->at);

	do {
		skip_blanks(p);
		if (!list || !push(p, list, parse_and(p)))
			return NULL;
		skip_blanks(p);
	} while (takes(p, STR("OR")));
	return list->count == 1 ? list->children[0] : list;
}

bool
query_parse_at(struct arena *a, struct str text, struct query **out, size_t *at, struct err *e)
{
	struct parser p = { .a = a, .text = text, .error_at = at, .e = e };

	if (text.len > QUERY_MAX)
		return err_set(e, ERR_INPUT, "the query is larger than 1 MB; ask for less at once");
	if (!str_is_utf8(text))
		return err_set(e, ERR_INPUT, "the query is not UTF-8 text");
	skip_blanks(&p);
	struct query *q = p.at == text.len ? node(&p, QUERY_ALL, 0) : parse_or(&p);
	if (!q)
		return false;
	if (p.at < text.len) {
		err_set(&p.why, ERR_INPUT, "the parenthesis has no partner");
		(void)fail(&p, p.at);
		return false;
	}
	*out = q;
	return true;
}

bool
query_parse(struct arena *a, struct str text, struct query **out, struct err *e)
{
	return query_parse_at(a, text, out, NULL, e);
}
