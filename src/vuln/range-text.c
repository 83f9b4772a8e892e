#include "vuln/range-text.h"

#include "vuln/range-token.h"

#include <assert.h>
#include <inttypes.h>

struct reader {
	struct arena *arena;
	struct tokens *t;
	struct affected_range *out;
	size_t count;
	struct str from; /* the beginning that was told; empty: none */
};

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
add(struct reader *r, enum range_kind kind, struct str limit)
{
	assert(r->out);
	if (r->count == RANGE_TEXT_RANGES || limit.len > RANGE_VERSION_MAX || r->from.len > RANGE_VERSION_MAX)
		return false;
	r->out[r->count++] = (struct affected_range){ kind, r->from, limit, STR("") };
	r->from = STR("");
	return true;
}

/* The first version behind a branch: "10.5" → "10.6". */
static struct str
after_branch(struct reader *r, struct str branch)
{
	size_t n = branch.len;
	uint64_t number;
	while (n > 0 && digit(branch.ptr[n - 1]))
		n--;
	if (!str_to_u64(str_skip(branch, n), &number) || number >= UINT32_MAX)
		return STR_NONE;
	return arena_printf(r->arena, "%.*s%" PRIu64, (int)n, branch.ptr, number + 1);
}

static bool
add_until(struct reader *r, struct token t)
{
	if (t.kind == TOKEN_VERSION)
		return add(r, RANGE_UNTIL, t.text);
	struct str end = after_branch(r, t.text);
	return end.ptr && add(r, RANGE_BEFORE, end);
}

/* A limit: what stands in front of `now` said whether the version itself is in it. */
static bool
read_limit(struct reader *r, bool inclusive)
{
	/* "prior to Kernel 6.3" */
	while (token_is_name(r->t->now) && !text_has_digit(r->t->now.text))
		tokens_advance(r->t);
	struct token t = r->t->now;
	if (!token_is_version(t))
		return false;
	tokens_advance(r->t);
	return inclusive ? add_until(r, t) : add(r, RANGE_BEFORE, t.text);
}

/* "prior to 2.0", "earlier than 2.0", "before 2.0" after its first word; at the end "and earlier" without a version. */
static bool
read_before(struct reader *r)
{
	tokens_advance(r->t);
	bool and_with = false;
	if (r->t->now.kind == TOKEN_UNTIL) /* prior TO */
		tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_COMMA) { /* prior to AND including */
		and_with = true;
		tokens_advance(r->t);
	}
	return read_limit(r, and_with);
}

static bool
is_end(enum token_kind kind)
{
	return kind == TOKEN_END || kind == TOKEN_COMMA;
}

/* "10.5.x.x: 10.5.1.0 and below", "16.05.xxxx: All versions" behind its first word. */
static bool
read_branch(struct reader *r, struct token branch)
{
	r->from = branch.text;
	tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_ALL)
		tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_END || r->t->now.kind == TOKEN_COMMA)
		return branch.kind == TOKEN_BRANCH && add_until(r, branch);
	return token_is_version(r->t->now) || r->t->now.kind == TOKEN_BEFORE || r->t->now.kind == TOKEN_LESS ||
	       r->t->now.kind == TOKEN_LESS_EQUAL;
}

/* A version and what is said behind it. */
static bool
read_version(struct reader *r)
{
	struct token t = r->t->now;
	tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_COMMA && (r->t->next.kind == TOKEN_BEFORE || r->t->next.kind == TOKEN_EARLIER ||
					      r->t->next.kind == TOKEN_LATER || r->t->next.kind == TOKEN_ALL))
		tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_ALL && is_end(r->t->next.kind)) { /* 6.4 ALL versions */
		tokens_advance(r->t);
		r->from = t.text;
		return add_until(r, (struct token){ TOKEN_BRANCH, t.text });
	}
	if (r->t->now.kind == TOKEN_ALL) /* and ALL prior */
		tokens_advance(r->t);
	if ((r->t->now.kind == TOKEN_BEFORE || r->t->now.kind == TOKEN_EARLIER) && is_end(r->t->next.kind)) {
		tokens_advance(r->t);
		return add_until(r, t);
	}
	enum token_kind kind = r->t->now.kind;
	if (kind == TOKEN_COLON)
		return read_branch(r, t);
	if (kind == TOKEN_LATER || kind == TOKEN_UNTIL || kind == TOKEN_DASH) {
		r->from = t.text;
		tokens_advance(r->t);
		return kind == TOKEN_LATER ? add(r, RANGE_OPEN, STR("")) : read_limit(r, true);
	}
	if (kind == TOKEN_BEFORE || kind == TOKEN_LESS || kind == TOKEN_LESS_EQUAL) {
		r->from = t.text;
		return kind != TOKEN_BEFORE || read_before(r);
	}
	if (!is_end(r->t->now.kind) || r->from.len > 0)
		return false;
	/* "before 7.0.5, 7.2.3": one after the other the first that are safe. */
	const struct affected_range *last = r->count > 0 ? &r->out[r->count - 1] : NULL;
	if (last && last->kind == RANGE_BEFORE && last->introduced.len == 0)
		return t.kind == TOKEN_VERSION && add(r, RANGE_BEFORE, t.text);
	if (t.kind == TOKEN_VERSION)
		return add(r, RANGE_EXACT, t.text);
	r->from = t.text;
	return add_until(r, t);
}

static bool
read_from(struct reader *r)
{
	tokens_advance(r->t);
	if (r->from.len > 0 || !token_is_version(r->t->now))
		return false;
	r->from = r->t->now.text;
	tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_COMMA && (r->t->next.kind == TOKEN_LESS || r->t->next.kind == TOKEN_LESS_EQUAL ||
					      r->t->next.kind == TOKEN_BEFORE || r->t->next.kind == TOKEN_UNTIL))
		tokens_advance(r->t);
	if (r->t->now.kind == TOKEN_COMMA && r->t->next.kind == TOKEN_LATER) {
		tokens_advance(r->t);
		tokens_advance(r->t);
	}
	return is_end(r->t->now.kind) ? add(r, RANGE_OPEN, STR("")) : true;
}

static bool
read_all(struct reader *r)
{
	tokens_advance(r->t);
	return r->t->now.kind != TOKEN_END || r->count > 0 || add(r, RANGE_OPEN, STR(""));
}

static bool
read_one(struct reader *r)
{
	switch (r->t->now.kind) {
	case TOKEN_VERSION:
	case TOKEN_BRANCH:
		return read_version(r);
	case TOKEN_LESS:
	case TOKEN_LESS_EQUAL: {
		bool inclusive = r->t->now.kind == TOKEN_LESS_EQUAL;
		tokens_advance(r->t);
		return read_limit(r, inclusive);
	}
	case TOKEN_EQUAL:
		tokens_advance(r->t);
		return token_is_version(r->t->now) && read_version(r);
	case TOKEN_MORE:
	case TOKEN_FROM:
		return read_from(r);
	case TOKEN_BEFORE:
		return read_before(r);
	case TOKEN_UNTIL:
	case TOKEN_DASH:
		tokens_advance(r->t);
		if (r->t->now.kind == TOKEN_COMMA) /* up to AND including */
			tokens_advance(r->t);
		return read_limit(r, true);
	case TOKEN_ALL:
		return read_all(r);
	case TOKEN_COMMA:
		tokens_advance(r->t);
		return r->t->now.kind != TOKEN_COMMA || r->from.len == 0;
	case TOKEN_END:
	case TOKEN_COLON:
	case TOKEN_EARLIER:
	case TOKEN_LATER:
	case TOKEN_FILLER:
	case TOKEN_OTHER:
		break;
	}
	return false;
}

/* CPE writes "\(" for "(". */
static struct str
without_escapes(struct str text, struct arena *a)
{
	if (str_find_char(text, '\\') < 0)
		return text;
	char *plain = ARENA_ARRAY(a, char, text.len + 1);
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\\')
			plain[n++] = text.ptr[i];
	return str_sub(plain, n);
}

/* VMware's name of a release and its build, "ESXi80U3-24022510", is 8.0 Update 3. */
static struct str
esxi_version(struct str word, struct arena *a)
{
	size_t i = 7;
	if (word.len < 9 || !str_eq_nocase(str_head(word, 4), STR("esxi")) || !digit(word.ptr[4]) ||
	    !digit(word.ptr[5]) || (word.ptr[6] | 32) != 'u')
		return word;
	while (i < word.len && digit(word.ptr[i]))
		i++;
	if (i == 7 || i == word.len || word.ptr[i] != '-')
		return word;
	return arena_printf(a, "%c.%c U%.*s", word.ptr[4], word.ptr[5], (int)(i - 7), word.ptr + 7);
}

/* A text of one word is what it is, when it has a digit: "2,24.1", "KB88287"; else empty. */
static struct str
only_word(struct str text, struct arena *a)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \t<>=|;\"", text.ptr[i]))
			return STR("");
	return text_has_digit(text) && text.len <= RANGE_VERSION_MAX ? esxi_version(text, a) : STR("");
}

static bool
readable(struct str text)
{
	return text.len > 0 && text.len <= RANGE_TEXT_MAX && !str_contains(text, STR("://"));
}

static struct tokens
start(struct str text)
{
	struct str scheme, rest;
	if (str_starts(text, STR("vers:")) && str_split(text, '/', &scheme, &rest))
		text = rest;
	return tokens_start(text);
}

static size_t
read_ranges(struct str text, struct arena *a, struct affected_range *out)
{
	struct tokens t = start(text);
	struct reader r = { .arena = a, .t = &t, .out = out, .from = STR("") };
	if (!tokens_skip_name(&t))
		return 0;
	while (t.now.kind != TOKEN_END)
		if (!read_one(&r))
			return 0;
	return r.from.len > 0 ? 0 : r.count;
}

size_t
range_text(struct str text, struct arena *a, struct affected_range *out)
{
	text = str_trim(text);
	if (!readable(text))
		return 0;
	out[0] = (struct affected_range){ RANGE_OPEN, STR(""), STR(""), STR("") };
	if (str_eq(text, STR("*")) || str_eq(text, STR("vers:all/*")))
		return 1;
	text = without_escapes(text, a);
	size_t count = read_ranges(text, a, out);
	struct str word = count ? STR("") : only_word(text, a);
	if (word.len == 0)
		return count;
	out[0] = (struct affected_range){ RANGE_EXACT, STR(""), word, STR("") };
	return 1;
}

/* VMware names the fix by its bulletin: ESXi80U2sb-23305545 is build 23305545 of 8.0 Update 2. Empty: it is none. */
static struct str
bulletin(struct str text, struct arena *a)
{
	struct str name, build, rest = str_trim(text);
	uint64_t update, number;
	if (rest.len < 8 || !str_eq_nocase(str_head(rest, 4), STR("ESXi")) || !str_split(rest, '-', &name, &build) ||
	    (name.ptr[6] | 32) != 'u' || build.len < 7 || !str_to_u64(build, &number))
		return STR("");
	char major = name.ptr[4], minor = name.ptr[5];
	rest = str_skip(name, 7);
	size_t digits = 0;
	while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9')
		digits++;
	if (major < '0' || major > '9' || minor < '0' || minor > '9' || !str_to_u64(str_head(rest, digits), &update))
		return STR("");
	return arena_printf(a, "%c.%c.%" PRIu64 "-%.*s", major, minor, update, STR_ARG(build));
}

/* The one version or branch that a text means. */
static struct token
read_end(struct str text, struct arena *a)
{
	const struct token none = { TOKEN_OTHER, STR("") };
	text = str_trim(text);
	if (!readable(text))
		return none;
	text = without_escapes(text, a);
	while (text.len > 0 && strchr("<>=", text.ptr[0]))
		text = str_trim(str_skip(text, 1));
	struct str build = bulletin(text, a);
	if (build.len > 0)
		return (struct token){ TOKEN_VERSION, build };
	struct str word = only_word(text, a), branch = version_branch(word);
	if (branch.ptr)
		return (struct token){ TOKEN_BRANCH, branch };
	if (word.len > 0)
		return (struct token){ TOKEN_VERSION, word };
	struct tokens t = start(text);
	if (!tokens_skip_name(&t))
		return none;
	while (t.now.kind >= TOKEN_LESS && t.now.kind <= TOKEN_EQUAL)
		tokens_advance(&t);
	return token_is_version(t.now) && is_end(t.next.kind) && t.now.text.len <= RANGE_VERSION_MAX ? t.now : none;
}

struct str
range_text_start(struct str text, struct arena *a)
{
	return read_end(text, a).text;
}

bool
range_text_end(struct str text, bool inclusive, struct arena *a, struct affected_range *out)
{
	struct token end = read_end(text, a);
	struct reader r = { .arena = a, .out = out, .from = STR("") };
	return token_is_version(end) && (inclusive ? add_until(&r, end) : add(&r, RANGE_BEFORE, end.text));
}

struct str
range_words(struct str text)
{
	text = str_head(str_trim(text), RANGE_WORDS_MAX);
	while (text.len > 0 && !str_is_utf8(text))
		text.len--;
	return text;
}
