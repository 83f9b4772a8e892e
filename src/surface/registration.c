#include "surface/registration.h"

#include <ctype.h>

struct str
registration_text(struct arena *a, struct str s)
{
	struct str line = str_trim(arena_line(a, str_trim(s), REGISTRATION_TEXT_MAX));
	return line.len > 0 ? line : STR_NONE;
}

static struct str
lower(struct arena *a, struct str s)
{
	char *copy = arena_cstr(a, s);
	for (size_t i = 0; i < s.len; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return str_sub(copy, s.len);
}

struct str
registration_host(struct arena *a, struct str s)
{
	bool dot = false, letter = false;
	s = str_trim(s);
	while (s.len > 0 && s.ptr[s.len - 1] == '.')
		s.len--;
	if (s.len < 3 || s.len > 253 || s.ptr[0] == '.' || s.ptr[0] == '-' || !str_is_utf8(s))
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c == '.' && s.ptr[i - 1] == '.')
			return STR_NONE;
		dot |= c == '.';
		letter |= isalpha(c) || c >= 0x80;
		if (!isalnum(c) && c != '.' && c != '-' && c != '_' && c < 0x80)
			return STR_NONE;
	}
	struct str text = dot && letter ? registration_text(a, s) : STR_NONE;
	return text.len == s.len ? lower(a, text) : STR_NONE;
}

struct str
registration_email_domain(struct arena *a, struct str s)
{
	ptrdiff_t at = str_rfind_char(s, '@');
	struct str word = { 0 }, rest = at < 0 ? STR_NONE : str_skip(s, (size_t)at + 1);
	return at > 0 && str_word(&rest, &word) ? registration_host(a, word) : STR_NONE;
}

void
registration_add(struct registration_list *list, struct str s)
{
	if (s.len == 0 || list->count == REGISTRATION_LIST_MAX)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (str_eq(list->item[i], s))
			return;
	list->item[list->count++] = s;
}

/* Lower case; a word is enough anywhere in a name, as long as no organisation is called so in earnest. */
static const struct str hiding[] = {
	STR("redacted"),
	STR("private registration"),
	STR("registration private"),
	STR("domains by proxy"),
	STR("whoisguard"),
	STR("whois privacy"),
	STR("privacy protect"),
	STR("privacyprotect"),
	STR("privacy service"),
	STR("protection service"),
	STR("domain privacy"),
	STR("data protected"),
	STR("data redacted"),
	STR("contact privacy"),
	STR("withheld for privacy"),
	STR("identity protect"),
	STR("perfect privacy"),
	STR("not disclosed"),
	STR("undisclosed"),
	STR("hidden upon user request"),
	STR("not shown, please visit"),
	STR("statutory masking"),
	STR("gdpr mask"),
	STR("id shield"),
	STR("whois proxy"),
	STR("whois agent"),
	STR("private person"),
	STR("private whois"),
	STR("非公開"),
	STR("情報公開代行"),
	STR("プロテクト"),
};

bool
registration_is_hidden(struct str owner)
{
	ARENA_AUTO a = { 0 };
	struct str low = lower(&a, str_head(owner, REGISTRATION_TEXT_MAX));
	for (size_t i = 0; i < COUNT(hiding); i++)
		if (str_contains(low, hiding[i]))
			return true;
	return false;
}

static bool
settle(struct str *owner)
{
	bool hidden = registration_is_hidden(*owner);
	if (hidden)
		*owner = STR_NONE;
	return hidden;
}

void
registration_settle(struct registration *r)
{
	for (size_t i = 0; i < REGISTRATION_ROLES; i++) {
		struct registration_party *p = &r->party[i];
		bool hidden = settle(&p->organisation);
		hidden |= settle(&p->organisation_ja);
		hidden |= settle(&p->organisation_kana);
		hidden |= settle(&p->organisation_en);
		hidden |= settle(&p->name);
		if (i == REGISTRATION_REGISTRANT)
			r->hidden |= hidden;
		/* A person's name is nobody's business beside an organisation, and never that of a mere contact. */
		if (p->organisation.len > 0 || i != REGISTRATION_REGISTRANT)
			p->name = STR_NONE;
	}
}
