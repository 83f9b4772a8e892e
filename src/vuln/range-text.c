#include "vuln/range-text.h"

#include <inttypes.h>

enum token_kind {
	TOKEN_END,
	TOKEN_VERSION,
	TOKEN_BRANCH, /* "10.5.x": text is "10.5" */
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_MORE,
	TOKEN_EQUAL,
	TOKEN_COMMA, /* and "or", "and", "|" */
	TOKEN_COLON,
	TOKEN_DASH,
	TOKEN_ALL,
	TOKEN_BEFORE, /* the version is not in it: before, prior to */
	TOKEN_UNTIL, /* the version is in it: through, up to */
	TOKEN_FROM,
	TOKEN_EARLIER, /* behind a version: and earlier */
	TOKEN_LATER,
	TOKEN_FILLER, /* says nothing */
	TOKEN_OTHER
};

struct token {
	enum token_kind kind;
	struct str text;
};

struct reader {
	struct arena *arena;
	struct str rest;
	bool plus; /* the last word ended with it: "4.2+" */
	struct token now, next; /* one ahead */
	struct affected_range *out;
	size_t count;
	struct str from; /* the beginning that was told; empty: none */
};

/* Words of two kinds stand where their place decides: "before 2.0", "2.0 and before". */
static const struct {
	const char *word;
	enum token_kind kind;
} words[] = {
	{ "all", TOKEN_ALL },          { "any", TOKEN_ALL },          { "before", TOKEN_BEFORE },
	{ "prior", TOKEN_BEFORE },     { "below", TOKEN_BEFORE },     { "earlier", TOKEN_BEFORE },
	{ "older", TOKEN_BEFORE },     { "lower", TOKEN_BEFORE },     { "less", TOKEN_BEFORE },
	{ "under", TOKEN_BEFORE },     { "previous", TOKEN_EARLIER }, { "preceding", TOKEN_EARLIER },
	{ "through", TOKEN_UNTIL },    { "thru", TOKEN_UNTIL },       { "to", TOKEN_UNTIL },
	{ "until", TOKEN_BEFORE },     { "from", TOKEN_FROM },        { "since", TOKEN_FROM },
	{ "starting", TOKEN_FROM },    { "later", TOKEN_LATER },      { "newer", TOKEN_LATER },
	{ "above", TOKEN_LATER },      { "higher", TOKEN_LATER },     { "greater", TOKEN_LATER },
	{ "after", TOKEN_LATER },      { "onward", TOKEN_LATER },     { "onwards", TOKEN_LATER },
	{ "and", TOKEN_COMMA },        { "or", TOKEN_COMMA },         { "version", TOKEN_FILLER },
	{ "versions", TOKEN_FILLER },  { "ver", TOKEN_FILLER },       { "ver.", TOKEN_FILLER },
	{ "v", TOKEN_FILLER },         { "v.", TOKEN_FILLER },        { "release", TOKEN_FILLER },
	{ "releases", TOKEN_FILLER },  { "firmware", TOKEN_FILLER },  { "software", TOKEN_FILLER },
	{ "builds", TOKEN_FILLER },    { "than", TOKEN_FILLER },      { "including", TOKEN_FILLER },
	{ "inclusive", TOKEN_FILLER }, { "affected", TOKEN_FILLER },  { "with", TOKEN_FILLER },
	{ "the", TOKEN_FILLER },       { "up", TOKEN_FILLER },        { "supported", TOKEN_FILLER },
};

/* "Update 3", "SP1", "P2" and their like belong to the version before them. */
static const char *const suffixes[] = { "update", "u",   "patch", "p",        "sp",   "pack", "build", "hotfix",
					"hf",     "rev", "rev.",  "revision", "cu",   "fix",  "beta",  "alpha",
					"rc",     "fp",  "lts",   "cd",       "ltsr", "esr",  "mr" };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool
one_of(struct str word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(word, str_of(list[i])))
			return true;
	return false;
}

static bool
is_wild(char c)
{
	return c == '*' || (c | 32) == 'x';
}

/* "10.5.x.x", "15.xx.xxxx", "12.8*", "9.*": the branch before the wildcards; NULL: there are none. */
static struct str
branch_of(struct str word)
{
	size_t n = word.len;
	for (;;) {
		size_t k = n;
		while (k > 0 && is_wild(word.ptr[k - 1]))
			k--;
		if (k == 0 || k == n || (word.ptr[k - 1] != '.' && !is_digit(word.ptr[k - 1])))
			break;
		n = word.ptr[k - 1] == '.' ? k - 1 : k;
	}
	return n < word.len && n > 0 && is_digit(word.ptr[n - 1]) ? str_head(word, n) : STR_NONE;
}

/* Digits after at most one letter. */
static bool
looks_like_version(struct str word)
{
	size_t i = word.len > 1 && is_letter(word.ptr[0]) ? 1 : 0;
	return i < word.len && is_digit(word.ptr[i]);
}

/* "v1.2", "Ver.1.41", "Version2" say a version. */
static struct str
without_v(struct str word)
{
	static const char *const prefixes[] = { "version", "ver.", "ver", "v.", "v" };
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t n = strlen(prefixes[i]);
		if (word.len > n && str_eq_nocase(str_head(word, n), str_of(prefixes[i])) && is_digit(word.ptr[n]))
			return str_skip(word, n);
	}
	return word;
}

static struct token
token_of_word(struct str word)
{
	if (str_eq(word, STR("-")) || str_eq(word, STR("~")) || str_eq(word, STR("\xe2\x80\x93")))
		return (struct token){ TOKEN_DASH, word };
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, str_of(words[i].word)))
			return (struct token){ words[i].kind, word };
	word = without_v(word);
	if (!looks_like_version(word))
		return (struct token){ TOKEN_OTHER, word };
	struct str branch = branch_of(word);
	return branch.ptr ? (struct token){ TOKEN_BRANCH, branch } : (struct token){ TOKEN_VERSION, word };
}

/* "<=" and, mistyped, "=<". */
static struct token
take_operator(struct str *rest)
{
	bool less = false, more = false, equal = false;
	for (int i = 0; i < 2 && rest->len > 0 && strchr("<>=", rest->ptr[0]); i++) {
		less = less || rest->ptr[0] == '<';
		more = more || rest->ptr[0] == '>';
		equal = equal || rest->ptr[0] == '=';
		*rest = str_skip(*rest, 1);
	}
	if (less && more)
		return (struct token){ TOKEN_OTHER, STR("<>") };
	return (struct token){ less   ? equal ? TOKEN_LESS_EQUAL : TOKEN_LESS
			       : more ? TOKEN_MORE
				      : TOKEN_EQUAL,
			       STR("") };
}

/* What ends a word. ":" stands in an epoch as well: it does behind letters only, or before a blank. */
static bool
ends_word(struct str rest, size_t i, bool digits)
{
	char c = rest.ptr[i];
	return strchr(" \t,;|<>=&\"", c) || (c == ':' && (!digits || i + 1 == rest.len || rest.ptr[i + 1] == ' '));
}

/* "(51567)" */
static bool
is_group(struct str word)
{
	for (size_t i = 1; i + 1 < word.len; i++)
		if (!is_digit(word.ptr[i]) && word.ptr[i] != '.')
			return false;
	return word.len > 2 && word.ptr[0] == '(' && word.ptr[word.len - 1] == ')';
}

static struct str
take_word(struct reader *r)
{
	bool digits = false;
	size_t n = 0;
	for (; n < r->rest.len && !ends_word(r->rest, n, digits); n++)
		digits = digits || is_digit(r->rest.ptr[n]);
	struct str word = str_head(r->rest, n);
	r->rest = str_skip(r->rest, n);
	if (is_group(word))
		return word;
	while (word.len > 0 && word.ptr[0] == '(')
		word = str_skip(word, 1);
	while (word.len > 1) {
		char last = word.ptr[word.len - 1];
		if (last == ')' ? str_find_char(word, '(') >= 0 : last != '.' && last != '+')
			break;
		r->plus = r->plus || last == '+';
		word.len--;
	}
	return word;
}

static struct token
take(struct reader *r)
{
	r->rest = str_trim(r->rest);
	if (r->plus) {
		r->plus = false;
		return (struct token){ TOKEN_LATER, STR("") };
	}
	if (r->rest.len == 0)
		return (struct token){ TOKEN_END, STR("") };
	char c = r->rest.ptr[0];
	if (strchr("<>=", c))
		return take_operator(&r->rest);
	if (strchr(",;|&:\"", c)) {
		r->rest = str_skip(r->rest, 1);
		return (struct token){ c == ':' ? TOKEN_COLON : c == '"' ? TOKEN_FILLER : TOKEN_COMMA, STR("") };
	}
	struct str word = take_word(r);
	return is_group(word) ? (struct token){ TOKEN_OTHER, word } : token_of_word(word);
}

/* "8.0 U3b", "7.2.1-69057 Update 5", "17.1.4 (51567)": one version of several words. */
static bool
belongs_to(struct token version, struct token next)
{
	struct str word = next.text;
	size_t letters = 0;
	if (version.kind != TOKEN_VERSION || (next.kind != TOKEN_OTHER && next.kind != TOKEN_VERSION))
		return false;
	if (is_group(word))
		return true;
	while (letters < word.len && is_letter(word.ptr[letters]))
		letters++;
	if (letters == word.len)
		return one_of(word, suffixes, COUNT(suffixes));
	return letters > 0 && letters <= 4 && is_digit(word.ptr[letters]);
}

static bool
is_suffix(struct str version)
{
	ptrdiff_t blank = str_rfind_char(version, ' ');
	return blank > 0 && one_of(str_skip(version, (size_t)blank + 1), suffixes, COUNT(suffixes));
}

static void
advance(struct reader *r)
{
	r->now = r->next;
	r->next = take(r);
	while (belongs_to(r->now, r->next) ||
	       (r->now.kind == TOKEN_VERSION && r->next.kind == TOKEN_VERSION && is_suffix(r->now.text))) {
		/* Both are views of one text. */
		r->now.text.len = (size_t)(r->next.text.ptr + r->next.text.len - r->now.text.ptr);
		r->next = take(r);
	}
	while (r->next.kind == TOKEN_FILLER || (r->now.kind == TOKEN_COMMA && r->next.kind == TOKEN_COMMA))
		r->next = take(r);
}

static bool
is_version(struct token t)
{
	return t.kind == TOKEN_VERSION || t.kind == TOKEN_BRANCH;
}

static bool
add(struct reader *r, enum range_kind kind, struct str limit)
{
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
	while (n > 0 && is_digit(branch.ptr[n - 1]))
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

/* A product's name, or a piece of it; not what turns the sense around, nor what says that a number is something else
 * than a version. */
static bool
is_name(struct str word)
{
	static const char *const others[] = { "not",      "no",       "except",  "excluding",  "unless",    "without",
					      "fixed",    "first",    "next",    "unaffected", "commit",    "serial",
					      "digits",   "date",     "january", "february",   "march",     "april",
					      "may",      "june",     "july",    "august",     "september", "october",
					      "november", "december", "sold" };
	return word.len > 0 && (is_letter(word.ptr[0]) || (unsigned char)word.ptr[0] >= 0x80) &&
	       !one_of(word, others, COUNT(others)) && !one_of(word, suffixes, COUNT(suffixes));
}

/* In front of all; false when it is no name. */
static bool
skip_name(struct reader *r)
{
	for (;; advance(r)) {
		if (r->now.kind == TOKEN_OTHER && !is_name(r->now.text))
			return false;
		if (r->now.kind != TOKEN_OTHER && r->now.kind != TOKEN_FILLER && r->now.kind != TOKEN_COMMA &&
		    r->now.kind != TOKEN_COLON && r->now.kind != TOKEN_DASH)
			return true;
	}
}

static bool
has_digit(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (is_digit(word.ptr[i]))
			return true;
	return false;
}

/* A limit: what stands in front of `now` said whether the version itself is in it. */
static bool
read_limit(struct reader *r, bool inclusive)
{
	/* "prior to Kernel 6.3" */
	while (r->now.kind == TOKEN_OTHER && is_name(r->now.text) && !has_digit(r->now.text))
		advance(r);
	struct token t = r->now;
	if (!is_version(t))
		return false;
	advance(r);
	return inclusive ? add_until(r, t) : add(r, RANGE_BEFORE, t.text);
}

/* "prior to 2.0", "earlier than 2.0", "before 2.0" after its first word; at the end "and earlier" without a version. */
static bool
read_before(struct reader *r)
{
	advance(r);
	bool and_with = false;
	if (r->now.kind == TOKEN_UNTIL) /* prior TO */
		advance(r);
	if (r->now.kind == TOKEN_COMMA) { /* prior to AND including */
		and_with = true;
		advance(r);
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
	advance(r);
	if (r->now.kind == TOKEN_ALL)
		advance(r);
	if (r->now.kind == TOKEN_END || r->now.kind == TOKEN_COMMA)
		return branch.kind == TOKEN_BRANCH && add_until(r, branch);
	return is_version(r->now) || r->now.kind == TOKEN_BEFORE || r->now.kind == TOKEN_LESS ||
	       r->now.kind == TOKEN_LESS_EQUAL;
}

/* A version and what is said behind it. */
static bool
read_version(struct reader *r)
{
	struct token t = r->now;
	advance(r);
	if (r->now.kind == TOKEN_COMMA && (r->next.kind == TOKEN_BEFORE || r->next.kind == TOKEN_EARLIER ||
					   r->next.kind == TOKEN_LATER || r->next.kind == TOKEN_ALL))
		advance(r);
	if (r->now.kind == TOKEN_ALL && is_end(r->next.kind)) { /* 6.4 ALL versions */
		advance(r);
		r->from = t.text;
		return add_until(r, (struct token){ TOKEN_BRANCH, t.text });
	}
	if (r->now.kind == TOKEN_ALL) /* and ALL prior */
		advance(r);
	if ((r->now.kind == TOKEN_BEFORE || r->now.kind == TOKEN_EARLIER) && is_end(r->next.kind)) {
		advance(r);
		return add_until(r, t);
	}
	enum token_kind kind = r->now.kind;
	if (kind == TOKEN_COLON)
		return read_branch(r, t);
	if (kind == TOKEN_LATER || kind == TOKEN_UNTIL || kind == TOKEN_DASH) {
		r->from = t.text;
		advance(r);
		return kind == TOKEN_LATER ? add(r, RANGE_OPEN, STR("")) : read_limit(r, true);
	}
	if (kind == TOKEN_BEFORE || kind == TOKEN_LESS || kind == TOKEN_LESS_EQUAL) {
		r->from = t.text;
		return kind != TOKEN_BEFORE || read_before(r);
	}
	if (!is_end(r->now.kind) || r->from.len > 0)
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
	advance(r);
	if (r->from.len > 0 || !is_version(r->now))
		return false;
	r->from = r->now.text;
	advance(r);
	if (r->now.kind == TOKEN_COMMA && (r->next.kind == TOKEN_LESS || r->next.kind == TOKEN_LESS_EQUAL ||
					   r->next.kind == TOKEN_BEFORE || r->next.kind == TOKEN_UNTIL))
		advance(r);
	if (r->now.kind == TOKEN_COMMA && r->next.kind == TOKEN_LATER) {
		advance(r);
		advance(r);
	}
	return is_end(r->now.kind) ? add(r, RANGE_OPEN, STR("")) : true;
}

static bool
read_all(struct reader *r)
{
	advance(r);
	return r->now.kind != TOKEN_END || r->count > 0 || add(r, RANGE_OPEN, STR(""));
}

static bool
read_one(struct reader *r)
{
	switch (r->now.kind) {
	case TOKEN_VERSION:
	case TOKEN_BRANCH:
		return read_version(r);
	case TOKEN_LESS:
	case TOKEN_LESS_EQUAL: {
		bool inclusive = r->now.kind == TOKEN_LESS_EQUAL;
		advance(r);
		return read_limit(r, inclusive);
	}
	case TOKEN_EQUAL:
		advance(r);
		return is_version(r->now) && read_version(r);
	case TOKEN_MORE:
	case TOKEN_FROM:
		return read_from(r);
	case TOKEN_BEFORE:
		return read_before(r);
	case TOKEN_UNTIL:
	case TOKEN_DASH:
		advance(r);
		if (r->now.kind == TOKEN_COMMA) /* up to AND including */
			advance(r);
		return read_limit(r, true);
	case TOKEN_ALL:
		return read_all(r);
	case TOKEN_COMMA:
		advance(r);
		return r->now.kind != TOKEN_COMMA || r->from.len == 0;
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
	if (word.len < 9 || !str_eq_nocase(str_head(word, 4), STR("esxi")) || !is_digit(word.ptr[4]) ||
	    !is_digit(word.ptr[5]) || (word.ptr[6] | 32) != 'u')
		return word;
	while (i < word.len && is_digit(word.ptr[i]))
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
	return has_digit(text) && text.len <= RANGE_VERSION_MAX ? esxi_version(text, a) : STR("");
}

static bool
readable(struct str text)
{
	return text.len > 0 && text.len <= RANGE_TEXT_MAX && !str_contains(text, STR("://"));
}

static void
start(struct reader *r, struct str text)
{
	struct str scheme, rest;
	if (str_starts(text, STR("vers:")) && str_split(text, '/', &scheme, &rest))
		text = rest;
	r->rest = text;
	advance(r);
	advance(r);
}

static size_t
read_ranges(struct str text, struct arena *a, struct affected_range *out)
{
	struct reader r = { .arena = a, .out = out, .from = STR("") };
	start(&r, text);
	if (!skip_name(&r))
		return 0;
	while (r.now.kind != TOKEN_END)
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

/* The one version or branch that a text means. */
static struct token
read_end(struct str text, struct arena *a)
{
	const struct token none = { TOKEN_OTHER, STR("") };
	struct reader r = { .arena = a };
	text = str_trim(text);
	if (!readable(text))
		return none;
	text = without_escapes(text, a);
	while (text.len > 0 && strchr("<>=", text.ptr[0]))
		text = str_trim(str_skip(text, 1));
	struct str word = only_word(text, a), branch = branch_of(word);
	if (branch.ptr)
		return (struct token){ TOKEN_BRANCH, branch };
	if (word.len > 0)
		return (struct token){ TOKEN_VERSION, word };
	start(&r, text);
	if (!skip_name(&r))
		return none;
	while (r.now.kind >= TOKEN_LESS && r.now.kind <= TOKEN_EQUAL)
		advance(&r);
	return is_version(r.now) && is_end(r.next.kind) && r.now.text.len <= RANGE_VERSION_MAX ? r.now : none;
}

struct str
range_text_start(struct str text, struct arena *a)
{
	return read_end(text, a).text;
}

bool
range_text_end(struct str text, bool inclusive, struct arena *a, struct affected_range *out)
{
	struct reader r = { .arena = a, .out = out, .from = STR("") };
	r.now = read_end(text, a);
	return is_version(r.now) && (inclusive ? add_until(&r, r.now) : add(&r, RANGE_BEFORE, r.now.text));
}

struct str
range_words(struct str text)
{
	text = str_head(str_trim(text), RANGE_WORDS_MAX);
	while (text.len > 0 && !str_is_utf8(text))
		text.len--;
	return text;
}
