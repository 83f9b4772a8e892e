/* Answers of DNS as facts (surface/read.h). Records count only where they belong to the question: to its name, or to what
 * its CNAMEs lead to; whatever else a server adds is not believed. */
#include "net/dns.h"
#include "surface/domain.h"
#include "surface/read-internal.h"
#include "surface/read.h"

#include <arpa/inet.h>

enum { LINKS_MAX = 32, TXT_MAX = 256, TXT_BYTES = 8192 };

struct answer_reader {
	struct facts *f;
	struct arena *a;
	struct dns_message message;
	uint16_t type;
	struct str asked; /* canonical */
	struct dns_name at; /* the name whose records count: behind all CNAMEs */
	struct str name; /* the same, canonical */
	struct dns_record alias[LINKS_MAX]; /* CNAMEs of the answer, the chain's first ones in its order */
	size_t alias_count, chain;
	struct str txt[TXT_MAX];
	size_t txt_count;
	size_t found; /* records of the asked type */
	bool loop, soa, referral, broken;
};

static struct str
name_of(struct answer_reader *r, const struct dns_name *name)
{
	char text[DNS_NAME_TEXT];
	return domain_canonical(r->a, str_sub(text, dns_name_text(name, text)));
}

/* The record in presentation form, for people to check. */
static void
quote(struct answer_reader *r, const struct dns_record *record)
{
	BUF_AUTO line = { 0 };
	char type[12];
	dns_name_add_text(&record->owner, &line);
	buf_addf(&line, ". %u IN %s ", record->ttl, dns_type_text(record->type, type));
	if (dns_data_text(record, &line) == DNS_FINE)
		fact_evidence(r->f, buf_str(&line));
}

/* Names that are no host's: "_dmarc.example.jp" (RFC 8552). */
static bool
is_scoped(struct str name)
{
	return str_starts(name, STR("_")) || str_contains(name, STR("._"));
}

/* ---- one record ---- */

static void
tell_name(struct answer_reader *r, const struct dns_record *record, enum fact_kind k, const struct dns_name *to,
	  int64_t number)
{
	struct str name = name_of(r, to);
	if (to->len == 1) /* "." says that there is none (RFC 7505, RFC 2782) */
		return;
	struct fact *fact = read_edge(r->f, k, THING_NAME, r->name, THING_NAME, name);
	if (!fact)
		return;
	fact->number = number;
	quote(r, record);
}

static void
tell_address(struct answer_reader *r, const struct dns_record *record, const struct dns_data *d)
{
	char text[INET6_ADDRSTRLEN] = "";
	inet_ntop(record->type == DNS_A ? AF_INET : AF_INET6, d->address, text, sizeof(text));
	if (read_edge(r->f, FACT_ADDRESS, THING_NAME, r->name, THING_ADDRESS, str_of(text)))
		quote(r, record);
}

/* "_sip._tcp.example.jp": the name it is for, and the service as its text. */
static void
tell_service(struct answer_reader *r, const struct dns_record *record, const struct dns_srv *srv)
{
	struct str owner = r->asked, to = name_of(r, &srv->target);
	if (srv->target.len == 1)
		return;
	while (str_starts(owner, STR("_")))
		owner = domain_parent(owner);
	if (owner.len == 0 || !read_edge(r->f, FACT_SERVICE_AT, THING_NAME, owner, THING_NAME, to))
		return;
	struct str labels = str_trim(str_head(r->asked, r->asked.len - owner.len));
	while (labels.len > 0 && labels.ptr[labels.len - 1] == '.')
		labels.len--;
	fact_text(r->f, arena_printf(r->a, "%.*s %u", STR_ARG(labels), srv->port));
	quote(r, record);
}

static void
tell_caa(struct answer_reader *r, const struct dns_record *record, const struct dns_caa *caa)
{
	struct str issuer, rest;
	if (!str_eq_nocase(caa->tag, STR("issue")) && !str_eq_nocase(caa->tag, STR("issuewild")))
		return;
	if (!str_split(caa->value, ';', &issuer, &rest))
		issuer = caa->value;
	issuer = str_trim(issuer);
	/* An empty issuer forbids all of them (RFC 8659, 4.2). */
	if (read_value(r->f, FACT_CA_ALLOWED, THING_NAME, r->asked, issuer.len > 0 ? issuer : STR("none")))
		quote(r, record);
}

/* The mailbox's first label stands before the "@". */
static void
tell_zone(struct answer_reader *r, const struct dns_record *record, const struct dns_soa *soa)
{
	struct dns_name behind;
	if (!fact_add(r->f, FACT_ZONE, THING_NAME, r->name))
		return;
	dns_name_parent(&soa->mailbox, 1, &behind);
	fact_text(r->f, name_of(r, &behind));
	quote(r, record);
}

/* "1.2.0.192.in-addr.arpa", "…8.b.d.0.1.0.0.2.ip6.arpa" */
static bool
reverse_address(struct str name, struct arena *a, struct str *out)
{
	unsigned char raw[16] = { 0 };
	char text[INET6_ADDRSTRLEN] = "";
	struct str label;
	bool v4 = str_ends(name, STR(".in-addr.arpa"));
	size_t n = v4 ? 4 : 32, i = n;
	if (!v4 && !str_ends(name, STR(".ip6.arpa")))
		return false;
	name = str_head(name, name.len - (v4 ? sizeof(".in-addr.arpa") : sizeof(".ip6.arpa")) + 1);
	for (; str_cut(&name, '.', &label); i--) {
		uint64_t part = 0;
		static const char digits[] = "0123456789abcdef";
		const char *digit = label.len == 1 ? memchr(digits, label.ptr[0], 16) : NULL;
		if (i == 0 || (v4 && (!str_to_u64(label, &part) || part > 255)) || (!v4 && !digit))
			return false;
		if (v4)
			raw[i - 1] = (unsigned char)part;
		else
			raw[(i - 1) / 2] |= (unsigned char)((digit - digits) << (i % 2 == 1 ? 4 : 0));
	}
	inet_ntop(v4 ? AF_INET : AF_INET6, raw, text, sizeof(text));
	*out = arena_str(a, str_of(text));
	return i == 0;
}

static void
tell_reverse(struct answer_reader *r, const struct dns_record *record, const struct dns_name *to)
{
	struct str address = STR_NONE;
	if (!reverse_address(r->asked, r->a, &address)) {
		r->f->bad++;
		return;
	}
	if (read_edge(r->f, FACT_REVERSE, THING_ADDRESS, address, THING_NAME, name_of(r, to)))
		quote(r, record);
}

/* The strings of one record belong together (RFC 7208, 3.3). */
static void
keep_txt(struct answer_reader *r, struct str strings)
{
	BUF_AUTO whole = { 0 };
	struct str piece;
	while (whole.len < TXT_BYTES && dns_txt_next(&strings, &piece))
		buf_add(&whole, piece);
	if (r->txt_count < TXT_MAX)
		r->txt[r->txt_count++] = arena_str(r->a, str_head(buf_str(&whole), TXT_BYTES));
	else
		r->f->cut++;
}

static void
tell(struct answer_reader *r, const struct dns_record *record)
{
	struct dns_data d;
	if (dns_data_read(record, &d) != DNS_FINE) {
		r->f->bad++;
		r->broken = true;
		return;
	}
	r->found++;
	switch (record->type) {
	case DNS_A:
	case DNS_AAAA:
		tell_address(r, record, &d);
		break;
	case DNS_NS:
		tell_name(r, record, FACT_NAME_SERVER, &d.name, 0);
		break;
	case DNS_MX:
		tell_name(r, record, FACT_MAIL, &d.mx.exchange, d.mx.preference);
		break;
	case DNS_SOA:
		tell_zone(r, record, &d.soa);
		break;
	case DNS_TXT:
		keep_txt(r, d.txt);
		break;
	case DNS_SRV:
		tell_service(r, record, &d.srv);
		break;
	case DNS_CAA:
		tell_caa(r, record, &d.caa);
		break;
	case DNS_PTR:
		tell_reverse(r, record, &d.name);
		break;
	default:
		break;
	}
}

/* ---- the whole ---- */

/* CNAMEs first: they say whose records count. */
static void
collect(struct answer_reader *r)
{
	struct dns_reader records = { .message = &r->message };
	struct dns_record record;
	while (dns_record_next(&records, &record)) {
		if (record.class != DNS_IN)
			continue;
		if (record.section == DNS_AUTHORITY) {
			r->soa |= record.type == DNS_SOA;
			r->referral |= record.type == DNS_NS;
		}
		if (record.section != DNS_ANSWER || record.type != DNS_CNAME)
			continue;
		if (r->alias_count < LINKS_MAX)
			r->alias[r->alias_count++] = record;
		else
			r->broken = true; /* where a longer chain ends is not known */
	}
	r->broken |= records.fault != DNS_FINE;
	r->f->bad += records.fault != DNS_FINE;
}

/* Follows the CNAMEs from the question's name on; those that lead on come to stand in front. */
static void
follow(struct answer_reader *r)
{
	for (size_t i = r->chain; i < r->alias_count; i++) {
		struct dns_data d;
		struct dns_record link = r->alias[i];
		if (!dns_name_eq(&link.owner, &r->at))
			continue;
		if (dns_data_read(&link, &d) != DNS_FINE) {
			r->f->bad++;
			r->broken = true;
			return;
		}
		r->alias[i] = r->alias[r->chain];
		r->alias[r->chain++] = link;
		r->at = d.name;
		i = r->chain - 1; /* from the first that is left */
	}
	for (size_t i = 0; i < r->chain; i++)
		r->loop |= dns_name_eq(&r->alias[i].owner, &r->at);
	r->name = r->chain > 0 ? name_of(r, &r->at) : r->asked;
}

static void
tell_aliases(struct answer_reader *r)
{
	for (size_t i = 0; i < r->chain; i++) {
		struct dns_data d;
		struct str from = name_of(r, &r->alias[i].owner);
		if (dns_data_read(&r->alias[i], &d) != DNS_FINE)
			continue;
		struct str to = name_of(r, &d.name);
		/* A part of a reverse zone has aliases of no host ("1.0/25.2.0.192.in-addr.arpa", RFC 2317). */
		if (r->type == DNS_PTR)
			continue;
		if (read_edge(r->f, FACT_ALIAS, THING_NAME, from, THING_NAME, to))
			quote(r, &r->alias[i]);
	}
}

static void
unknown(struct answer_reader *r, struct str why)
{
	if (fact_add(r->f, FACT_UNKNOWN, THING_NAME, r->asked))
		fact_text(r->f, why);
}

/* "TXT _dmarc.example.jp" → "example.jp" */
static bool
dmarc_name(struct str asked, struct str *name)
{
	*name = str_starts(asked, STR("_dmarc.")) ? str_skip(asked, 7) : STR_NONE;
	return name->len > 0;
}

/* What the TXT records say; count 0 where the name has none, and it is known that it has none. */
static void
tell_txt(struct answer_reader *r)
{
	struct str of;
	if (dmarc_name(r->asked, &of)) {
		read_dmarc(r->f, of, r->txt, r->txt_count);
		return;
	}
	if (!is_scoped(r->asked))
		read_spf(r->f, r->asked, r->txt, r->txt_count);
	for (size_t i = 0; i < r->txt_count; i++)
		if (!read_dkim(r->f, r->asked, r->txt[i]))
			(void)read_token(r->f, r->name, r->txt[i]);
}

/* RFC 2308: the last name of the chain does not exist. Whatever leads to it leads to nothing. */
static void
absent(struct answer_reader *r)
{
	struct str of;
	if (r->type == DNS_PTR)
		return;
	if (r->type == DNS_TXT && dmarc_name(r->asked, &of))
		read_dmarc(r->f, of, NULL, 0);
	else if (!is_scoped(r->name))
		fact_add(r->f, FACT_ABSENT, THING_NAME, r->name);
	for (size_t i = 0; i < r->chain; i++) {
		struct str from = name_of(r, &r->alias[i].owner);
		if (!read_edge(r->f, FACT_DANGLING, THING_NAME, from, THING_NAME, r->name))
			continue;
		fact_text(r->f, STR("CNAME"));
		quote(r, &r->alias[i]);
	}
}

/* No record of the type. An SOA says that this is so (NODATA types 1 and 2); NS records without one that others would have to
 * be asked (a referral); nothing at all is NODATA type 3. */
static void
empty(struct answer_reader *r)
{
	if (!r->soa && r->referral && r->chain == 0) {
		unknown(r, STR("referral"));
		return;
	}
	if (r->type == DNS_TXT)
		tell_txt(r);
	if ((r->type != DNS_A && r->type != DNS_AAAA) || is_scoped(r->name))
		return;
	if (fact_add(r->f, FACT_EMPTY, THING_NAME, r->name))
		fact_text(r->f, r->type == DNS_A ? STR("A") : STR("AAAA"));
}

static void
records(struct answer_reader *r)
{
	struct dns_reader all = { .message = &r->message };
	struct dns_record record;
	while (dns_record_next(&all, &record))
		if (record.section == DNS_ANSWER && record.class == DNS_IN && record.type == r->type &&
		    dns_name_eq(&record.owner, &r->at))
			tell(r, &record);
}

static void
judge(struct answer_reader *r)
{
	char code[12];
	enum dns_rcode rcode = r->message.rcode;
	if (r->loop)
		unknown(r, STR("CNAME loop"));
	else if (rcode == DNS_NXDOMAIN && !r->broken)
		absent(r);
	else if (rcode != DNS_NOERROR && rcode != DNS_NXDOMAIN)
		unknown(r, str_of(dns_rcode_text(rcode, code)));
	else if (r->message.flags & DNS_TC && r->found == 0)
		unknown(r, STR("truncated"));
	else if (r->broken && r->found == 0)
		unknown(r, STR("broken answer"));
	else if (r->found == 0)
		empty(r);
	else if (r->type == DNS_TXT && !r->broken && !(r->message.flags & DNS_TC))
		tell_txt(r);
	else if (r->type == DNS_TXT) /* that something is missing cannot be said of half an answer */
		for (size_t i = 0; i < r->txt_count; i++)
			if (!read_dkim(r->f, r->asked, r->txt[i]))
				(void)read_token(r->f, r->name, r->txt[i]);
}

/* The question is the one that was put; some servers repeat none with an error. */
static bool
is_answer(struct answer_reader *r, struct str name)
{
	const struct dns_message *m = &r->message;
	return dns_name_parse(name, &r->at, NULL) && m->flags & DNS_QR &&
	       (m->has_question ? m->type == r->type && m->class == DNS_IN && dns_name_eq(&m->name, &r->at)
				: m->rcode != DNS_NOERROR);
}

void
read_dns(struct facts *f, struct str what, struct str message)
{
	ARENA_AUTO a = { 0 };
	struct answer_reader *r = ARENA_NEW(&a, struct answer_reader);
	struct str type, name;
	r->f = f;
	r->a = &a;
	/* "*" is a label in a question, and no name's. */
	if (!str_split(what, ' ', &type, &name) || !dns_type_parse(type, &r->type) || str_starts(name, STR("*")) ||
	    (r->asked = domain_canonical(&a, name)).len == 0 ||
	    dns_message_read(message.ptr, message.len, &r->message) != DNS_FINE || !is_answer(r, name)) {
		f->bad++;
		return;
	}
	collect(r);
	follow(r);
	tell_aliases(r);
	if (!r->loop && r->message.rcode == DNS_NOERROR)
		records(r);
	judge(r);
}
