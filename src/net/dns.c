#include "base/tr.h"
#include "net/dns-internal.h"

#define N_(text) text

static const char *const faults[DNS_FAULT_COUNT] = {
	[DNS_FINE] = "",
	[DNS_FAULT_HEADER] = N_("it is shorter than a header"),
	[DNS_FAULT_TOO_LONG] = N_("it is longer than 65,535 octets"),
	[DNS_FAULT_QUESTIONS] = N_("it has more than one question"),
	[DNS_FAULT_QUESTION_CUT] = N_("its question is cut off"),
	[DNS_FAULT_NAME_CUT] = N_("a name in it is cut off"),
	[DNS_FAULT_LABEL_KIND] = N_("a part of a name in it is of an unknown kind"),
	[DNS_FAULT_NAME_LONG] = N_("a name in it is longer than 255 octets"),
	[DNS_FAULT_POINTER_FORWARD] = N_("a name in it refers to itself or to a later place"),
	[DNS_FAULT_POINTER_DEPTH] = N_("a name in it refers to too many other places"),
	[DNS_FAULT_POINTER_HEADER] = N_("a name in it refers to the header"),
	[DNS_FAULT_RECORD_CUT] = N_("a record is cut off or missing"),
	[DNS_FAULT_DATA_CUT] = N_("a record's data is cut off"),
	[DNS_FAULT_TRAILING] = N_("something follows its last record"),
	[DNS_FAULT_ADDRESS] = N_("an address in it has the wrong length"),
	[DNS_FAULT_FIELDS_CUT] = N_("a record's data is too short for its type"),
	[DNS_FAULT_FIELDS_LONG] = N_("a record's data is too long for its type"),
	[DNS_FAULT_TEXT_CUT] = N_("a text in it is cut off"),
	[DNS_FAULT_TEXT_EMPTY] = N_("a TXT record in it holds no text"),
	[DNS_FAULT_CAA_TAG] =
		N_("the property of a CAA record is empty or has other characters than letters and digits"),
	[DNS_FAULT_BITMAP] = N_("the list of types of an NSEC record is malformed"),
	[DNS_FAULT_OPT_OWNER] = N_("its OPT record has a name"),
	[DNS_FAULT_OPT_TWICE] = N_("it has more than one OPT record"),
	[DNS_FAULT_OPTION_CUT] = N_("an EDNS option in it is cut off"),
};

bool
dns_fault_err(enum dns_fault fault, struct err *e)
{
	return err_set(e, ERR_INPUT, "the DNS message is malformed: %s", tr(faults[fault]));
}

static unsigned char *
put16(unsigned char *p, unsigned value)
{
	*p++ = (unsigned char)(value >> 8);
	*p++ = (unsigned char)value;
	return p;
}

size_t
dns_query_write(const struct dns_query *q, unsigned char into[DNS_QUERY_MAX])
{
	unsigned char *p = put16(into, q->id);
	p = put16(p, q->recurse ? DNS_RD : 0);
	p = put16(p, 1);
	p = put16(p, 0);
	p = put16(p, 0);
	p = put16(p, q->udp_size != 0);
	memcpy(p, q->name->wire, q->name->len);
	p += q->name->len;
	p = put16(p, q->type);
	p = put16(p, DNS_IN);
	if (q->udp_size) {
		*p++ = 0;
		p = put16(p, DNS_OPT);
		p = put16(p, q->udp_size);
		p = put16(p, 0);
		p = put16(p, q->dnssec ? 0x8000 : 0);
		p = put16(p, 0);
	}
	return (size_t)(p - into);
}

enum dns_fault
dns_message_read(const void *bytes, size_t len, struct dns_message *out)
{
	struct dns_message *m = out;
	*m = (struct dns_message){ .bytes = bytes, .len = len, .name = { .len = 1 }, .records_at = DNS_HEADER };
	if (len < DNS_HEADER)
		return DNS_FAULT_HEADER;
	if (len > DNS_MESSAGE_MAX)
		return DNS_FAULT_TOO_LONG;
	m->id = dns_get16(m->bytes);
	m->flags = dns_get16(m->bytes + 2);
	m->rcode = m->flags & 15;
	for (size_t i = 0; i < 4; i++)
		m->count[i] = dns_get16(m->bytes + 4 + 2 * i);
	if (m->count[0] > 1)
		return DNS_FAULT_QUESTIONS;
	if (m->count[0] == 0)
		return DNS_FINE;
	enum dns_fault fault = dns_name_read(m, &m->records_at, len, &m->name);
	if (fault != DNS_FINE)
		return fault;
	if (len - m->records_at < 4)
		return DNS_FAULT_QUESTION_CUT;
	m->type = dns_get16(m->bytes + m->records_at);
	m->class = dns_get16(m->bytes + m->records_at + 2);
	m->records_at += 4;
	m->has_question = true;
	return DNS_FINE;
}

static enum dns_fault
record_read(struct dns_reader *r, struct dns_record *out)
{
	const struct dns_message *m = r->message;
	size_t at = r->at;
	if (at >= m->len)
		return DNS_FAULT_RECORD_CUT;
	enum dns_fault fault = dns_name_read(m, &at, m->len, &out->owner);
	if (fault != DNS_FINE)
		return fault;
	if (m->len - at < 10)
		return DNS_FAULT_RECORD_CUT;
	out->message = m;
	out->type = dns_get16(m->bytes + at);
	out->class = dns_get16(m->bytes + at + 2);
	out->ttl_raw = dns_get32(m->bytes + at + 4);
	out->ttl = out->ttl_raw > INT32_MAX ? 0 : out->ttl_raw;
	out->data_len = dns_get16(m->bytes + at + 8);
	out->data_at = at + 10;
	if (m->len - out->data_at < out->data_len)
		return DNS_FAULT_DATA_CUT;
	r->at = out->data_at + out->data_len;
	if (out->type == DNS_OPT) {
		if (r->opt_seen)
			return DNS_FAULT_OPT_TWICE;
		if (out->owner.len != 1)
			return DNS_FAULT_OPT_OWNER;
		r->opt_seen = true;
	}
	return DNS_FINE;
}

bool
dns_record_next(struct dns_reader *r, struct dns_record *out)
{
	const struct dns_message *m = r->message;
	unsigned section = DNS_ANSWER;
	if (r->fault != DNS_FINE)
		return false;
	if (r->at == 0)
		r->at = m->records_at;
	while (section <= DNS_ADDITIONAL && r->read[section] == m->count[section])
		section++;
	if (section > DNS_ADDITIONAL) {
		if (r->at != m->len)
			r->fault = DNS_FAULT_TRAILING;
		return false;
	}
	r->read[section]++;
	out->section = (enum dns_section)section;
	r->fault = record_read(r, out);
	return r->fault == DNS_FINE;
}

static const struct {
	uint16_t type;
	const char *name;
} types[] = {
	{ DNS_A, "A" },       { DNS_NS, "NS" },         { DNS_CNAME, "CNAME" },
	{ DNS_SOA, "SOA" },   { DNS_PTR, "PTR" },       { DNS_MX, "MX" },
	{ DNS_TXT, "TXT" },   { DNS_AAAA, "AAAA" },     { DNS_SRV, "SRV" },
	{ DNS_OPT, "OPT" },   { DNS_DS, "DS" },         { DNS_RRSIG, "RRSIG" },
	{ DNS_NSEC, "NSEC" }, { DNS_NSEC3, "NSEC3" },   { DNS_NSEC3PARAM, "NSEC3PARAM" },
	{ DNS_CAA, "CAA" },   { DNS_DNSKEY, "DNSKEY" }, { DNS_ANY, "ANY" },
};

const char *
dns_type_text(uint16_t type, char into[12])
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].type == type)
			return types[i].name;
	snprintf(into, 12, "TYPE%u", type);
	return into;
}

bool
dns_type_parse(struct str text, uint16_t *type)
{
	uint64_t number;
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_eq_nocase(text, str_of(types[i].name))) {
			*type = types[i].type;
			return true;
		}
	if (!str_eq_nocase(str_head(text, 4), STR("TYPE")) || !str_to_u64(str_skip(text, 4), &number) ||
	    number > UINT16_MAX)
		return false;
	*type = (uint16_t)number;
	return true;
}

const char *
dns_rcode_text(unsigned rcode, char into[12])
{
	static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
					     "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE" };
	if (rcode < COUNT(names))
		return names[rcode];
	snprintf(into, 12, "RCODE%u", rcode & 0xfff);
	return into;
}
