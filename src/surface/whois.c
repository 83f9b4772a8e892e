#include "surface/whois.h"

#include "surface/whois-internal.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <ctype.h>
#include <iconv.h>

#define LINES_MAX 8192

/* ---- text ---- */

static void
close_iconv(iconv_t *cd)
{
	if (*cd != (iconv_t)-1)
		iconv_close(*cd);
}

/* What cannot be read becomes "?": the rest of an answer is still worth something. */
static bool
convert(const char *from, struct str s, struct buf *out)
{
	__attribute__((cleanup(close_iconv))) iconv_t cd = iconv_open("UTF-8", from);
	char *in = (char *)(uintptr_t)s.ptr;
	size_t left = s.len;
	if (cd == (iconv_t)-1)
		return false;
	while (left > 0) {
		char *into = buf_reserve(out, 4096);
		size_t room = 4096, status = iconv(cd, &in, &left, &into, &room);
		out->len += 4096 - room;
		if (status == (size_t)-1 && left > 0 && room > 16) {
			buf_add_char(out, '?');
			in++;
			left--;
		}
	}
	return true;
}

static void
latin1(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x80) {
			buf_add_char(out, (char)c);
		} else {
			buf_add_char(out, (char)(0xc0 | c >> 6));
			buf_add_char(out, (char)(0x80 | (c & 0x3f)));
		}
	}
}

/* ISO-2022-JP is all ASCII but for its escapes, so it is looked for first. */
static struct str
decoded(struct str s, struct buf *out)
{
	bool jis = str_contains(s, STR("\033$B")) || str_contains(s, STR("\033$@")) || str_contains(s, STR("\033(J"));
	if (jis && convert("ISO-2022-JP", s, out))
		return buf_str(out);
	buf_truncate(out, 0);
	if (str_is_utf8(s))
		return s;
	latin1(s, out);
	return buf_str(out);
}

struct str
whois_normal(struct str s, char into[KEY_MAX])
{
	size_t n = 0;
	s = str_trim(s);
	while (s.len > 0 && strchr("*-#%>", s.ptr[0]))
		s = str_trim(str_skip(s, 1));
	for (size_t i = 0; i < s.len && n < KEY_MAX; i++) {
		char c = strchr("\t_-", s.ptr[i]) ? ' ' : (char)tolower((unsigned char)s.ptr[i]);
		if (c == ' ' && n > 0 && into[n - 1] == ' ')
			continue;
		into[n++] = c;
	}
	while (n > 0 && strchr(" .:", into[n - 1]))
		n--;
	return str_sub(into, n);
}

static struct whois_meaning
meaning(struct str key)
{
	struct whois_meaning m = whois_key(key);
	ptrdiff_t paren = str_find(key, STR(" ("));
	if (m.what == WHOIS_NOTHING && paren > 0)
		m = whois_key(str_head(key, (size_t)paren));
	while (m.what == WHOIS_NOTHING && key.len > 2 && isdigit((unsigned char)key.ptr[key.len - 1])) {
		key = str_trim(str_head(key, key.len - 1));
		m = whois_key(key);
	}
	/* "ns1_hostname" */
	char without[KEY_MAX];
	size_t n = 0;
	for (size_t i = 0; i < key.len && m.what == WHOIS_NOTHING; i++)
		if (!isdigit((unsigned char)key.ptr[i]))
			without[n++] = key.ptr[i];
	return n > 0 && n < key.len ? whois_key(str_sub(without, n)) : m;
}

/* ---- lines ---- */

static void
section_end(struct whois_reader *r)
{
	r->section = (struct whois_section){ 0 };
}

static void
section_begin(struct whois_reader *r, struct whois_meaning m, size_t indent)
{
	r->section = (struct whois_section){ .what = m.what, .role = m.role, .indent = indent };
}

static void
paragraph_end(struct whois_reader *r)
{
	struct whois_paragraph *p = &r->here;
	if (p->domain) {
		struct registration_party *owner = &r->out->party[REGISTRATION_REGISTRANT];
		whois_first(r, &owner->organisation, p->party.organisation);
		whois_first(r, &owner->organisation_en, p->party.organisation_en);
		whois_first(r, &owner->country, p->party.country);
		if (!p->person)
			whois_first(r, &owner->name, p->name);
	} else if (p->party.handle.len > 0) {
		if (r->contacts < CONTACTS_MAX)
			r->contact[r->contacts++] = *p;
	} else
		whois_first(r, &r->spare, p->party.organisation);
	r->here = (struct whois_paragraph){ 0 };
}

static void
blank(struct whois_reader *r)
{
	if (r->section.lines > 0)
		section_end(r);
	r->section.gap = true;
	paragraph_end(r);
}

/* Within "Registrar:" or a party's heading; false when the key is none of its fields. */
static bool
in_section(struct whois_reader *r, struct str key, struct str value)
{
	enum whois_what what = whois_field(key);
	struct registration *out = r->out;
	if (r->section.what == WHOIS_PARTY) {
		struct registration_party *p = &out->party[r->section.role];
		if (what == WHOIS_NOTHING || what == WHOIS_FIELD_URL)
			return false;
		if (what == WHOIS_HANDLE_OR_NAME)
			what = WHOIS_NAME;
		whois_take_field(r, p, &p->name, what, value);
	} else if (r->section.what == WHOIS_REGISTRAR) {
		if (what == WHOIS_NAME || what == WHOIS_ORG)
			whois_first(r, &out->registrar, whois_bare_name(value));
		else if (what == WHOIS_FIELD_URL)
			whois_first(r, &out->registrar_url, value);
		else if (what == WHOIS_FIELD_ID || what == WHOIS_HANDLE)
			whois_first(r, &out->registrar_id, value);
		else
			return false;
	} else if (r->section.what == WHOIS_DOMAIN && what == WHOIS_NAME)
		whois_take_domain(r, value);
	else
		return false;
	r->section.lines++;
	return true;
}

static bool
is_handle(struct str s)
{
	return s.len > 0 && str_find_char(s, ' ') < 0 && str_find_char(s, '-') > 0 &&
	       isdigit((unsigned char)s.ptr[(size_t)str_find_char(s, '-') - 1]);
}

/* A line of an open section that has no key, or none that is known. */
static bool
continued(struct whois_reader *r, struct str value, size_t indent)
{
	struct whois_section *s = &r->section;
	if (s->what == WHOIS_NOTHING || s->what == WHOIS_ELSE)
		return false;
	if (s->gap && indent <= s->indent && (s->what != WHOIS_SERVER || s->lines > 0))
		return false;
	size_t before = r->out->servers.count;
	s->gap = false;
	if (s->lines == 1 && s->what == WHOIS_PARTY && is_handle(r->told[s->role]))
		whois_first(r, &r->out->party[s->role].organisation, whois_bare_name(value));
	if (s->lines++ > 0 && s->what != WHOIS_SERVER && s->what != WHOIS_STATUS)
		return true; /* an address below an owner */
	whois_take(r, (struct whois_meaning){ s->what, s->role }, value);
	return s->what != WHOIS_SERVER || r->out->servers.count > before;
}

static void
keyed(struct whois_reader *r, struct str key, struct str value, size_t indent)
{
	struct whois_meaning m = meaning(key);
	enum whois_what field = whois_field(key);
	if (value.len > 0 && in_section(r, key, value))
		return;
	if (m.what == WHOIS_NOTHING && field == WHOIS_NOTHING) {
		/* "Address:" with lines of its own must not give them to a heading that had none yet. */
		if (value.len == 0 && r->section.what != WHOIS_SERVER)
			r->section.lines++;
		return;
	}
	if (m.what != WHOIS_NOTHING && value.len == 0) {
		section_begin(r, m, indent);
		return;
	}
	if (m.what == WHOIS_NOTHING && field == WHOIS_TYPE)
		r->here.person = str_eq_nocase(value, STR("PERSON"));
	else if (m.what == WHOIS_NOTHING)
		whois_take_field(r, &r->here.party, &r->here.name, field, value);
	else {
		if (r->section.what != WHOIS_NOTHING && indent <= r->section.indent)
			section_end(r);
		whois_take(r, m, value);
		/* "nameservers: ns1.example.com" with the next ones below it. */
		if (m.what == WHOIS_SERVER) {
			section_begin(r, m, indent);
			r->section.lines = 1;
		}
	}
}

static bool
is_known(struct str key)
{
	char into[KEY_MAX];
	struct str k = whois_normal(key, into);
	return meaning(k).what != WHOIS_NOTHING || whois_field(k) != WHOIS_NOTHING;
}

/* "key: value", "key.....: value", "[key] value", "a. [key] value". */
static bool
split_key(struct whois_reader *r, struct str line, struct str *key, struct str *value)
{
	struct str rest = line, behind;
	if (rest.len > 4 && islower((unsigned char)rest.ptr[0]) && str_starts(str_skip(rest, 1), STR(". [")))
		rest = str_skip(rest, 3);
	else if (rest.len > 3 && islower((unsigned char)rest.ptr[0]) && str_starts(str_skip(rest, 1), STR(" [")))
		rest = str_skip(rest, 2);
	if (rest.len > 2 && rest.ptr[0] == '[' && rest.ptr[1] != ' ' && str_split(str_skip(rest, 1), ']', key, value)) {
		r->bracketed = true;
		*value = str_trim(*value);
		return true;
	}
	bool colon = str_split(line, ':', key, value) && key->len > 0 && key->len <= KEY_MAX;
	/* RWhois: "domain:Created;I:20090324". */
	if (colon && str_eq(*key, STR("domain")) && str_split(*value, ':', &rest, &behind)) {
		str_split(rest, ';', key, &rest);
		*value = behind;
	}
	/* "Domain-name     example.sk", "Domain EXAMPLE.KG". */
	if (!colon || !is_known(*key)) {
		ptrdiff_t at = str_find(line, STR("  "));
		if (at > 0 && line.ptr[at - 1] != '.' && is_known(str_head(line, (size_t)at))) {
			*key = str_head(line, (size_t)at);
			*value = str_skip(line, (size_t)at);
			colon = true;
		} else if (str_starts(line, STR("Domain ")) && registration_host(r->a, str_skip(line, 7)).len > 0) {
			*key = str_head(line, 6);
			*value = str_skip(line, 7);
			colon = true;
		}
	}
	*value = str_trim(*value);
	return colon;
}

static void
sentence(struct whois_reader *r, struct str line)
{
	char low[KEY_MAX];
	struct str word;
	enum registration_answer answer = whois_sentence(whois_normal(line, low));
	/* Terms of use speak of what is prohibited, too; but who is over a limit learns nothing of a name. */
	if (r->by_sentence == REGISTRATION_UNCLEAR ||
	    (answer == REGISTRATION_NOT_FOUND && r->by_sentence != REGISTRATION_RATE_LIMITED) ||
	    answer == REGISTRATION_RATE_LIMITED)
		r->by_sentence = answer;
	if (answer != REGISTRATION_NOT_FOUND)
		return;
	/* 'No match for "EXAMPLE.COM".': the only place where such an answer names what it is about. */
	while (r->asked.len == 0 && str_word(&line, &word)) {
		while (word.len > 0 && strchr("\"'", word.ptr[0]))
			word = str_skip(word, 1);
		while (word.len > 0 && strchr("\"'.,:)", word.ptr[word.len - 1]))
			word.len--;
		r->asked = registration_host(r->a, word);
	}
}

/* "Record expires on Sun Mar 30 23:59:00 2014". */
static bool
opening(struct whois_reader *r, struct str line)
{
	char into[KEY_MAX];
	size_t at = 0;
	struct str low = whois_normal(line, into);
	struct whois_meaning m = whois_opening(low, &at);
	if (m.what != WHOIS_NOTHING)
		whois_take(r, m, str_skip(low, at));
	return m.what != WHOIS_NOTHING;
}

/* "ns1.example.com 2001:db8::1" has a colon, and no key. */
static bool
starts_with_host(struct whois_reader *r, struct str text)
{
	struct str word;
	return str_word(&text, &word) && registration_host(r->a, word).len > 0;
}

static void
read_line(struct whois_reader *r, struct str line)
{
	struct str text = str_trim(line), key, value;
	char into[KEY_MAX];
	size_t indent = 0;
	while (indent < line.len && (line.ptr[indent] == ' ' || line.ptr[indent] == '\t'))
		indent++;
	if (text.len == 0) {
		blank(r);
		return;
	}
	sentence(r, text);
	if (strchr("%#", text.ptr[0]) || str_starts(text, STR(">>>")))
		return;
	if (split_key(r, text, &key, &value)) {
		struct str k = whois_normal(key, into);
		if (meaning(k).what == WHOIS_NOTHING && whois_field(k) == WHOIS_NOTHING &&
		    r->section.what == WHOIS_SERVER && starts_with_host(r, text) && continued(r, text, indent))
			return;
		if (!opening(r, text))
			keyed(r, k, value, indent);
		return;
	}
	struct str low = whois_normal(text, into);
	struct whois_meaning m = meaning(low);
	if (m.what != WHOIS_NOTHING && m.what != WHOIS_ORG && text.ptr[text.len - 1] != '.') {
		section_begin(r, m, indent);
		return;
	}
	if (continued(r, text, indent))
		return;
	section_end(r);
	opening(r, text);
}

/* ---- the whole ---- */

static void
settle_party(struct whois_reader *r, enum registration_role role)
{
	struct registration_party *p = &r->out->party[role];
	struct str told = r->told[role];
	for (size_t i = 0; i < r->contacts; i++) {
		const struct whois_paragraph *c = &r->contact[i];
		if (!str_eq_nocase(c->party.handle, told) &&
		    (p->handle.len == 0 || !str_eq_nocase(c->party.handle, p->handle)))
			continue;
		whois_first(r, &p->organisation, c->party.organisation);
		whois_first(r, &p->country, c->party.country);
		whois_first(r, &p->handle, c->party.handle);
		whois_first(r, &p->email_domain, c->party.email_domain);
		if (!c->person)
			whois_first(r, &p->name, c->name);
		return;
	}
	/* A contact that is told by name alone may be a person: only an owner is kept. */
	if (role == REGISTRATION_REGISTRANT)
		whois_first(r, &p->organisation, told);
}

static enum registration_answer
judge(const struct whois_reader *r)
{
	const struct registration *out = r->out;
	const struct registration_party *owner = &out->party[REGISTRATION_REGISTRANT];
	bool data = out->registrar.len > 0 || out->servers.count > 0 || out->created || out->expires ||
		    owner->organisation.len > 0 || owner->name.len > 0 || out->range.len > 0 || out->hidden ||
		    r->told[REGISTRATION_ADMIN].len > 0;
	if (r->by_status != REGISTRATION_UNCLEAR && (!data || r->reserved))
		return r->by_status;
	if (data)
		return REGISTRATION_FOUND;
	if (r->by_sentence != REGISTRATION_UNCLEAR)
		return r->by_sentence;
	return out->name.len > 0 && out->status.count > 0 ? REGISTRATION_FOUND : REGISTRATION_UNCLEAR;
}

void
whois_read(struct arena *a, struct str answer, struct registration *out)
{
	BUF_AUTO text = { 0 };
	struct whois_reader *r = ARENA_NEW(a, struct whois_reader);
	struct str rest = decoded(str_head(answer, WHOIS_ANSWER_MAX), &text), line;
	memset(out, 0, sizeof(*out));
	r->a = a;
	r->out = out;
	r->month_first = str_contains(rest, STR("mm/dd/yyyy")) || str_contains(rest, STR("MM/DD/YYYY"));
	for (size_t n = 0; n < LINES_MAX && str_line(&rest, &line); n++)
		read_line(r, line);
	paragraph_end(r);
	for (int role = 0; role < REGISTRATION_ROLES; role++)
		settle_party(r, (enum registration_role)role);
	if (out->party[REGISTRATION_REGISTRANT].name.len == 0)
		whois_first(r, &out->party[REGISTRATION_REGISTRANT].organisation, r->spare);
	registration_settle(out);
	out->answer = judge(r);
	if (out->answer == REGISTRATION_NOT_FOUND)
		whois_first(r, &out->name, r->asked);
}
