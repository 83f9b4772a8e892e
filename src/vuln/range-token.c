#include "vuln/range-token.h"

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

struct str
version_branch(struct str word)
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
	struct str branch = version_branch(word);
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
take_word(struct tokens *r)
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
take(struct tokens *r)
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

void
tokens_advance(struct tokens *r)
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

struct tokens
tokens_start(struct str text)
{
	struct tokens t = { .rest = text };
	tokens_advance(&t);
	tokens_advance(&t);
	return t;
}

bool
token_is_version(struct token t)
{
	return t.kind == TOKEN_VERSION || t.kind == TOKEN_BRANCH;
}

bool
token_is_name(struct token t)
{
	struct str word = t.text;
	static const char *const others[] = { "not",      "no",       "except",  "excluding",  "unless",    "without",
					      "fixed",    "first",    "next",    "unaffected", "commit",    "serial",
					      "digits",   "date",     "january", "february",   "march",     "april",
					      "may",      "june",     "july",    "august",     "september", "october",
					      "november", "december", "sold" };
	return t.kind == TOKEN_OTHER && word.len > 0 &&
	       (is_letter(word.ptr[0]) || (unsigned char)word.ptr[0] >= 0x80) && !one_of(word, others, COUNT(others)) &&
	       !one_of(word, suffixes, COUNT(suffixes));
}

bool
tokens_skip_name(struct tokens *r)
{
	for (;; tokens_advance(r)) {
		if (r->now.kind == TOKEN_OTHER && !token_is_name(r->now))
			return false;
		if (r->now.kind != TOKEN_OTHER && r->now.kind != TOKEN_FILLER && r->now.kind != TOKEN_COMMA &&
		    r->now.kind != TOKEN_COLON && r->now.kind != TOKEN_DASH)
			return true;
	}
}

bool
text_has_digit(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (is_digit(text.ptr[i]))
			return true;
	return false;
}
