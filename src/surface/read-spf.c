/* SPF (RFC 7208): whom a name lets send its mail. What includes lead to is another question's answer, so the number of
 * look-ups over all of them is not known here. Macros are kept as they stand. */
#include "surface/read-internal.h"

enum { LOOKUPS_MAX = 10, TERMS_MAX = 256 };

struct spf {
	struct facts *f;
	struct str name, record;
	unsigned lookups;
	struct str all; /* "-all" … */
	struct str redirect; /* "redirect=…", the term */
	struct str broken; /* why, the first reason */
};

static bool
is_spf(struct str text)
{
	return str_eq_nocase(str_head(text, 6), STR("v=spf1")) && (text.len == 6 || text.ptr[6] == ' ');
}

static void
broken(struct spf *s, struct str why)
{
	if (s->broken.len == 0)
		s->broken = why;
}

/* The mechanism, with what it lets send where it says that by itself. */
static void
tell(struct spf *s, struct str term, enum thing is, struct str object)
{
	bool plain = is == THING_NONE || object.len == 0 || str_find_char(object, '%') >= 0;
	struct fact *fact = plain ? fact_add(s->f, FACT_SPF, THING_NAME, s->name)
				  : read_edge(s->f, FACT_SPF, THING_NAME, s->name, is, object);
	if (!fact)
		return;
	fact_text(s->f, term);
	fact_evidence(s->f, s->record);
}

/* "a", "mx": the name itself, or "a:mail.example.jp/24//64", whose widths count for its addresses. */
static void
take_name(struct spf *s, struct str term, struct str value)
{
	ptrdiff_t slash = str_find_char(value, '/');
	s->lookups++;
	tell(s, term, THING_NAME, slash >= 0 ? str_head(value, (size_t)slash) : value);
}

/* "include:", "exists:": not without a name. */
static void
take_other(struct spf *s, struct str term, struct str value)
{
	s->lookups++;
	if (value.len == 0)
		broken(s, STR("syntax"));
	else
		tell(s, term, THING_NAME, value);
}

static void
take_range(struct spf *s, struct str term, struct str value, unsigned bytes)
{
	struct read_range range;
	struct str base = value, width;
	if (str_find_char(value, '-') >= 0 || !read_range(value, &range) || range.bytes != bytes) {
		broken(s, STR("syntax"));
		return;
	}
	bool network = str_split(value, '/', &base, &width) && memcmp(range.low, range.high, bytes) != 0;
	tell(s, term, network ? THING_NETWORK : THING_ADDRESS, network ? value : base);
}

static void
take_ip4(struct spf *s, struct str term, struct str value)
{
	take_range(s, term, value, 4);
}

static void
take_ip6(struct spf *s, struct str term, struct str value)
{
	take_range(s, term, value, 16);
}

static void
take_all(struct spf *s, struct str term, struct str value)
{
	if (value.len > 0)
		broken(s, STR("syntax"));
	switch (term.ptr[0]) {
	case '-':
		s->all = STR("-all");
		break;
	case '~':
		s->all = STR("~all");
		break;
	case '?':
		s->all = STR("?all");
		break;
	default:
		s->all = STR("+all");
	}
}

static const struct {
	struct str word;
	void (*take)(struct spf *s, struct str term, struct str value);
} mechanisms[] = {
	{ STR("all"), take_all }, { STR("include"), take_other }, { STR("a"), take_name },
	{ STR("mx"), take_name }, { STR("ptr"), take_name },      { STR("ip4"), take_ip4 },
	{ STR("ip6"), take_ip6 }, { STR("exists"), take_other },
};

/* "word", "word:value", "word/24" */
static void
take_mechanism(struct spf *s, struct str term)
{
	struct str word = strchr("+-~?", term.ptr[0]) ? str_skip(term, 1) : term, value = STR_NONE;
	size_t end = 0;
	while (end < word.len && word.ptr[end] != ':' && word.ptr[end] != '/')
		end++;
	value = str_skip(word, end + (end < word.len && word.ptr[end] == ':'));
	bool colon = end < word.len && word.ptr[end] == ':';
	word = str_head(word, end);
	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		if (!str_eq_nocase(word, mechanisms[i].word))
			continue;
		if (colon && value.len == 0)
			broken(s, STR("syntax"));
		else
			mechanisms[i].take(s, term, value);
		return;
	}
	broken(s, STR("unknown mechanism"));
}

/* "name=value": before any ":" or "/". */
static bool
take_modifier(struct spf *s, struct str term)
{
	struct str word, value;
	if (!str_split(term, '=', &word, &value) || str_find_char(word, ':') >= 0 || str_find_char(word, '/') >= 0)
		return false;
	if (!str_eq_nocase(word, STR("redirect")))
		return true;
	if (s->redirect.len > 0 || value.len == 0)
		broken(s, STR("syntax"));
	s->redirect = term;
	return true;
}

static void
take_redirect(struct spf *s)
{
	struct str word, value;
	if (s->all.len > 0 || !str_split(s->redirect, '=', &word, &value)) /* "all" leaves nothing to it (6.1) */
		return;
	s->lookups++;
	tell(s, s->redirect, THING_NAME, value);
}

static struct str
policy(const struct spf *s)
{
	if (s->broken.len > 0)
		return s->broken;
	if (s->lookups > LOOKUPS_MAX)
		return STR("too many lookups");
	if (s->all.len > 0)
		return s->all;
	return s->redirect.len > 0 ? s->redirect : STR("?all");
}

static void
read_record(struct spf *s)
{
	struct str rest = str_skip(s->record, 6), term;
	size_t terms = 0;
	while (str_word(&rest, &term)) {
		if (++terms > TERMS_MAX) {
			broken(s, STR("too many terms"));
			break;
		}
		/* What stands behind "all" counts for nothing (5.1). */
		if (!take_modifier(s, term) && s->all.len == 0)
			take_mechanism(s, term);
	}
	take_redirect(s);
}

void
read_spf(struct facts *f, struct str name, const struct str *text, size_t count)
{
	struct spf s = { .f = f, .name = name };
	size_t records = 0;
	for (size_t i = 0; i < count; i++)
		if (is_spf(text[i]) && records++ == 0)
			s.record = text[i];
	if (records > 0)
		read_record(&s);
	if (!fact_add(f, FACT_SPF_POLICY, THING_NAME, name))
		return;
	fact_text(f, records == 0 ? STR("none") : records > 1 ? STR("two records") : policy(&s));
	fact_evidence(f, s.record);
}
