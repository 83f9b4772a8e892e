/* What one value of a WHOIS answer tells. */
#include "surface/whois-internal.h"

void
whois_first(struct whois_reader *r, struct str *into, struct str value)
{
	if (into->len == 0)
		*into = registration_text(r->a, value);
}

static void
take_servers(struct whois_reader *r, struct str value)
{
	ptrdiff_t record = str_find(value, STR("\tNS\t"));
	struct str word;
	if (record > 0) /* "example.pt NS ns1.example.com" */
		value = str_skip(value, (size_t)record + 4);
	while (str_word(&value, &word)) {
		while (word.len > 0 && strchr("([", word.ptr[0]))
			word = str_skip(word, 1);
		while (word.len > 0 && strchr(")],;.", word.ptr[word.len - 1]))
			word.len--;
		struct str host = registration_host(r->a, word);
		/* "DNS: example.dk" is another word for the domain. */
		if (!str_eq(host, r->out->name))
			registration_add(&r->out->servers, host);
		if (host.len > 0 && str_find_char(value, ',') < 0)
			return;
	}
}

static void
take_date(struct whois_reader *r, int64_t *into, struct str value)
{
	int64_t ms;
	if (*into == 0 && registration_date(value, r->month_first, &ms))
		*into = ms;
}

/* RPSL has a line for each change of an object. */
static void
take_update(struct whois_reader *r, struct str value)
{
	int64_t ms;
	if (r->here.domain && registration_date(value, r->month_first, &ms) && ms > r->out->updated)
		r->out->updated = ms;
	take_date(r, &r->out->updated, value);
}

static void
take_status(struct whois_reader *r, struct str value)
{
	char low[KEY_MAX];
	struct str text = registration_text(r->a, value);
	enum registration_answer answer = whois_status(whois_normal(text, low));
	ptrdiff_t paren = str_find_char(text, '('), url = str_find(text, STR(" http"));
	/* JPRS: "Connected (2027/03/31)"; .ua: "OK-UNTIL 20270331000000". */
	if ((r->bracketed && paren > 0) || str_starts(text, STR("OK-UNTIL ")))
		take_date(r, &r->out->expires, str_skip(text, paren > 0 ? (size_t)paren : 9));
	if (r->by_status == REGISTRATION_UNCLEAR)
		r->by_status = answer;
	/* "NOT AVAILABLE" beside an owner only says that it is his; "Reserved" says more. */
	r->reserved |= str_eq_nocase(text, STR("reserved"));
	registration_add(&r->out->status, url > 0 ? str_head(text, (size_t)url) : text);
}

/* "rwhois://rwhois.example.net:4321", "whois.example.com". */
static void
take_referral(struct whois_reader *r, struct str value)
{
	ptrdiff_t scheme = str_find(value, STR("://"));
	struct str rest = scheme >= 0 ? str_skip(value, (size_t)scheme + 3) : value, host = rest, behind;
	for (const char *end = "/: "; *end; end++)
		if (str_split(host, *end, &rest, &behind))
			host = rest;
	host = registration_host(r->a, host);
	if (host.len > 0)
		r->out->referral = host;
}

/* "Example Inc.  (ex1-handle)\tmail@example.com", "Example <mail@example.com>", "Example (www.example.com)", "Example Ltd
 * [Tag = EXAMPLE]": the name alone. */
struct str
whois_bare_name(struct str value)
{
	static const struct str ends[] = { STR("\t"), STR("  "), STR(" <"), STR(" [Tag = ") };
	for (size_t i = 0; i < COUNT(ends); i++) {
		ptrdiff_t at = str_find(value, ends[i]);
		value = at > 0 ? str_trim(str_head(value, (size_t)at)) : value;
	}
	ptrdiff_t open = str_rfind_char(value, '(');
	bool code = false;
	if (open < 2 || value.ptr[value.len - 1] != ')')
		return value;
	for (size_t i = (size_t)open; i < value.len; i++) {
		if (value.ptr[i] == ' ')
			return value;
		code |= strchr("-.0123456789", value.ptr[i]) != NULL;
	}
	return code ? str_trim(str_head(value, (size_t)open)) : value;
}

void
whois_take_domain(struct whois_reader *r, struct str value)
{
	struct str word = STR_NONE, rest = value;
	if (r->out->name.len == 0 && str_word(&rest, &word))
		r->out->name = registration_host(r->a, word);
	if (r->out->name.len > 0 && r->out->kind == REGISTRATION_UNKNOWN)
		r->out->kind = REGISTRATION_DOMAIN;
	r->here.domain = true;
}

/* ARIN tells the network around it first, then the one that was asked for: the last one is meant. */
static void
take_network(struct whois_reader *r, enum registration_kind kind, struct str value)
{
	struct registration_party *p = &r->out->party[REGISTRATION_REGISTRANT];
	if (r->out->range.len > 0 && kind == REGISTRATION_NETWORK && !r->bracketed) {
		*p = (struct registration_party){ 0 };
		r->out->name = r->out->handle = STR_NONE;
		r->out->created = r->out->updated = 0;
	}
	r->out->range = registration_text(r->a, value);
	r->out->kind = kind;
	r->here.domain = true;
}

/* Fields of p; false for what is none. */
bool
whois_take_field(struct whois_reader *r, struct registration_party *p, struct str *name, enum whois_what what,
		 struct str value)
{
	switch ((int)what) {
	case WHOIS_ORG:
		if (r->bracketed)
			whois_first(r, &p->organisation_en, value);
		whois_first(r, &p->organisation, value);
		break;
	case WHOIS_ORG_JA:
		whois_first(r, &p->organisation_ja, value);
		whois_first(r, &p->organisation, value);
		break;
	case WHOIS_ORG_KANA:
		whois_first(r, &p->organisation_kana, value);
		break;
	case WHOIS_ORG_EN:
		whois_first(r, &p->organisation_en, value);
		whois_first(r, &p->organisation, value);
		break;
	case WHOIS_NAME:
		whois_first(r, name, value);
		break;
	case WHOIS_HANDLE_OR_NAME:
		whois_first(r, p->handle.len > 0 ? name : &p->handle, value);
		break;
	case WHOIS_HANDLE:
	case WHOIS_FIELD_ID:
		whois_first(r, &p->handle, value);
		break;
	case WHOIS_COUNTRY:
		whois_first(r, &p->country, value);
		break;
	case WHOIS_EMAIL:
		if (p->email_domain.len == 0)
			p->email_domain = registration_email_domain(r->a, value);
		break;
	default:
		return false;
	}
	return true;
}

/* A value that speaks for itself; false for the fields of parties. */
bool
whois_take(struct whois_reader *r, struct whois_meaning m, struct str value)
{
	struct registration *out = r->out;
	switch ((int)m.what) { /* the fields of parties are below */
	case WHOIS_DOMAIN:
		whois_take_domain(r, value);
		break;
	case WHOIS_UNICODE:
		whois_first(r, &out->unicode, value);
		break;
	case WHOIS_ID:
		whois_first(r, &out->handle, value);
		break;
	case WHOIS_REGISTRAR:
		whois_first(r, &out->registrar, whois_bare_name(value));
		break;
	case WHOIS_REGISTRAR_ID:
		whois_first(r, &out->registrar_id, value);
		break;
	case WHOIS_REGISTRAR_URL:
		whois_first(r, &out->registrar_url, value);
		break;
	case WHOIS_SERVER:
		take_servers(r, value);
		break;
	case WHOIS_CREATED:
		take_date(r, &out->created, value);
		break;
	case WHOIS_UPDATED:
		take_update(r, value);
		break;
	case WHOIS_EXPIRES:
		take_date(r, &out->expires, value);
		break;
	case WHOIS_STATUS:
		take_status(r, value);
		break;
	case WHOIS_REFERRAL:
		take_referral(r, value);
		break;
	case WHOIS_NETWORK:
		take_network(r, REGISTRATION_NETWORK, value);
		break;
	case WHOIS_AUTNUM:
		take_network(r, REGISTRATION_AUTNUM, value);
		break;
	case WHOIS_NETWORK_NAME:
		whois_first(r, &out->name, value);
		break;
	case WHOIS_PARTY:
		whois_first(r, &r->told[m.role], whois_bare_name(value));
		break;
	default:
		return whois_take_field(r, &out->party[m.role], &out->party[m.role].name, m.what, value);
	}
	return true;
}
