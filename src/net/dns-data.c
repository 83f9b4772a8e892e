#include "net/dns-internal.h"

#include <arpa/inet.h>

/* The fields of one record's data; keeps the first fault. */
struct cursor {
	const struct dns_message *m;
	size_t at, end;
	enum dns_fault fault;
};

static size_t
left(const struct cursor *c)
{
	return c->fault == DNS_FINE ? c->end - c->at : 0;
}

static const unsigned char *
take(struct cursor *c, size_t len, enum dns_fault fault)
{
	static const unsigned char none[16];
	if (left(c) < len) {
		if (c->fault == DNS_FINE)
			c->fault = fault;
		return none;
	}
	c->at += len;
	return c->m->bytes + c->at - len;
}

static uint16_t
take16(struct cursor *c)
{
	return dns_get16(take(c, 2, DNS_FAULT_FIELDS_CUT));
}

static uint32_t
take32(struct cursor *c)
{
	return dns_get32(take(c, 4, DNS_FAULT_FIELDS_CUT));
}

static void
take_name(struct cursor *c, struct dns_name *out)
{
	out->len = 1;
	out->wire[0] = 0;
	if (c->fault == DNS_FINE)
		c->fault = dns_name_read(c->m, &c->at, c->end, out);
}

static struct str
take_str(struct cursor *c, size_t len, enum dns_fault fault)
{
	const unsigned char *p = take(c, len, fault);
	return c->fault == DNS_FINE ? str_sub((const char *)p, len) : STR("");
}

/* A length and so many octets. */
static struct str
take_string(struct cursor *c)
{
	size_t len = *take(c, 1, DNS_FAULT_FIELDS_CUT);
	return take_str(c, len, DNS_FAULT_TEXT_CUT);
}

static struct str
take_rest(struct cursor *c)
{
	return take_str(c, left(c), DNS_FAULT_FIELDS_CUT);
}

static struct str
take_types(struct cursor *c)
{
	struct str types = take_rest(c);
	int last = -1;
	for (struct str rest = types; rest.len > 0;) {
		const unsigned char *p = (const unsigned char *)rest.ptr;
		if (rest.len < 2 || p[0] <= last || p[1] == 0 || p[1] > 32 || rest.len - 2 < p[1]) {
			c->fault = DNS_FAULT_BITMAP;
			return STR("");
		}
		last = p[0];
		rest = str_skip(rest, 2u + p[1]);
	}
	return types;
}

static void
read_txt(struct cursor *c, struct dns_data *out)
{
	out->txt = str_sub((const char *)c->m->bytes + c->at, left(c));
	if (left(c) == 0)
		c->fault = DNS_FAULT_TEXT_EMPTY;
	while (left(c) > 0)
		(void)take_string(c);
}

static void
read_caa(struct cursor *c, struct dns_data *out)
{
	out->caa.flags = *take(c, 1, DNS_FAULT_FIELDS_CUT);
	out->caa.tag = take_string(c);
	out->caa.value = take_rest(c);
	bool bad = out->caa.tag.len == 0;
	for (size_t i = 0; i < out->caa.tag.len; i++) {
		char t = out->caa.tag.ptr[i];
		bad |= !((t >= '0' && t <= '9') || (t >= 'A' && t <= 'Z') || (t >= 'a' && t <= 'z'));
	}
	if (bad && c->fault == DNS_FINE)
		c->fault = DNS_FAULT_CAA_TAG;
}

static void
read_nsec3(struct cursor *c, struct dns_data *out, bool parameters)
{
	struct dns_nsec3 *n = &out->nsec3;
	n->algorithm = *take(c, 1, DNS_FAULT_FIELDS_CUT);
	n->flags = *take(c, 1, DNS_FAULT_FIELDS_CUT);
	n->iterations = take16(c);
	n->salt = take_string(c);
	n->next = parameters ? STR("") : take_string(c);
	n->types = parameters ? STR("") : take_types(c);
}

static void
read_opt(const struct dns_record *r, struct cursor *c, struct dns_data *out)
{
	out->opt = (struct dns_opt){
		.udp_size = r->class,
		.rcode = (uint16_t)((r->ttl_raw >> 24) << 4 | r->message->rcode),
		.version = (uint8_t)(r->ttl_raw >> 16),
		.dnssec = r->ttl_raw & 0x8000,
		.options = str_sub((const char *)c->m->bytes + c->at, left(c)),
	};
	while (left(c) > 0) {
		(void)take(c, 2, DNS_FAULT_OPTION_CUT);
		size_t len = dns_get16(take(c, 2, DNS_FAULT_OPTION_CUT));
		(void)take_str(c, len, DNS_FAULT_OPTION_CUT);
	}
}

static void
read_soa(struct cursor *c, struct dns_soa *out)
{
	take_name(c, &out->primary);
	take_name(c, &out->mailbox);
	out->serial = take32(c);
	out->refresh = take32(c);
	out->retry = take32(c);
	out->expire = take32(c);
	out->minimum = take32(c);
}

static void
read_srv(struct cursor *c, struct dns_srv *out)
{
	out->priority = take16(c);
	out->weight = take16(c);
	out->port = take16(c);
	take_name(c, &out->target);
}

static void
read_address(struct cursor *c, size_t len, struct dns_data *out)
{
	if (left(c) != len)
		c->fault = DNS_FAULT_ADDRESS;
	else
		memcpy(out->address, take(c, len, DNS_FAULT_ADDRESS), len);
}

static void
read_by_type(const struct dns_record *r, struct cursor *c, struct dns_data *out)
{
	switch (r->type) {
	case DNS_A:
		read_address(c, 4, out);
		break;
	case DNS_AAAA:
		read_address(c, 16, out);
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		take_name(c, &out->name);
		break;
	case DNS_MX:
		out->mx.preference = take16(c);
		take_name(c, &out->mx.exchange);
		break;
	case DNS_SOA:
		read_soa(c, &out->soa);
		break;
	case DNS_SRV:
		read_srv(c, &out->srv);
		break;
	case DNS_TXT:
		read_txt(c, out);
		break;
	case DNS_CAA:
		read_caa(c, out);
		break;
	case DNS_NSEC:
		take_name(c, &out->nsec.next);
		out->nsec.types = take_types(c);
		break;
	case DNS_NSEC3:
	case DNS_NSEC3PARAM:
		read_nsec3(c, out, r->type == DNS_NSEC3PARAM);
		break;
	case DNS_OPT:
		read_opt(r, c, out);
		break;
	default:
		out->other = take_rest(c);
		break;
	}
}

enum dns_fault
dns_data_read(const struct dns_record *r, struct dns_data *out)
{
	struct cursor c = { .m = r->message, .at = r->data_at, .end = r->data_at + r->data_len };
	read_by_type(r, &c, out);
	if (c.fault == DNS_FINE && left(&c) > 0)
		c.fault = DNS_FAULT_FIELDS_LONG;
	return c.fault;
}

bool
dns_txt_next(struct str *rest, struct str *piece)
{
	if (rest->len == 0)
		return false;
	size_t len = (unsigned char)rest->ptr[0];
	*piece = str_head(str_skip(*rest, 1), len);
	*rest = str_skip(*rest, 1 + len);
	return true;
}

bool
dns_option_next(struct str *rest, uint16_t *code, struct str *value)
{
	if (rest->len < 4)
		return false;
	*code = dns_get16((const unsigned char *)rest->ptr);
	size_t len = dns_get16((const unsigned char *)rest->ptr + 2);
	*value = str_head(str_skip(*rest, 4), len);
	*rest = str_skip(*rest, 4 + len);
	return true;
}

bool
dns_types_next(struct str types, uint16_t *type)
{
	for (struct str rest = types; rest.len > 2; rest = str_skip(rest, 2u + (unsigned char)rest.ptr[1])) {
		const unsigned char *p = (const unsigned char *)rest.ptr;
		unsigned first = *type / 256u == p[0] ? *type % 256u + 1 : *type / 256u > p[0] ? 256 : 0;
		for (unsigned bit = first; bit < p[1] * 8u; bit++) {
			unsigned t = p[0] * 256u + bit;
			if (p[2 + bit / 8] & 0x80 >> bit % 8 && t > 0) {
				*type = (uint16_t)t;
				return true;
			}
		}
	}
	return false;
}

bool
dns_types_have(struct str types, uint16_t type)
{
	uint16_t t = (uint16_t)(type - 1);
	return type > 0 && dns_types_next(types, &t) && t == type;
}

/* ---- presentation form ---- */

static void
add_quoted(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < ' ' || c > '~')
			buf_addf(out, "\\%03u", c);
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static void
add_hex(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_addf(out, "%02x", (unsigned char)s.ptr[i]);
}

/* RFC 4648's alphabet that keeps the order, without padding. */
static void
add_base32hex(struct buf *out, struct str s)
{
	static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned bits = 0, have = 0;
	for (size_t i = 0; i < s.len; i++) {
		bits = (bits << 8 | (unsigned char)s.ptr[i]) & 0xfff;
		for (have += 8; have >= 5; have -= 5)
			buf_add_char(out, alphabet[bits >> (have - 5) & 31]);
	}
	if (have > 0)
		buf_add_char(out, alphabet[bits << (5 - have) & 31]);
}

static void
add_types(struct buf *out, struct str types)
{
	char text[12];
	for (uint16_t t = 0; dns_types_next(types, &t);)
		buf_addf(out, " %s", dns_type_text(t, text));
}

/* Absolute: the last dot is written. */
static void
add_name(struct buf *out, const struct dns_name *name)
{
	dns_name_add_text(name, out);
	if (name->len > 1)
		buf_add_char(out, '.');
}

static void
add_nsec3(struct buf *out, const struct dns_nsec3 *n, bool parameters)
{
	buf_addf(out, "%u %u %u ", n->algorithm, n->flags, n->iterations);
	if (n->salt.len == 0)
		buf_add_char(out, '-');
	add_hex(out, n->salt);
	if (parameters)
		return;
	buf_add_char(out, ' ');
	add_base32hex(out, n->next);
	add_types(out, n->types);
}

static void
add_txt(struct buf *out, struct str rest)
{
	struct str piece;
	for (bool first = true; dns_txt_next(&rest, &piece); first = false) {
		if (!first)
			buf_add_char(out, ' ');
		add_quoted(out, piece);
	}
}

static void
add_soa(struct buf *out, const struct dns_soa *s)
{
	add_name(out, &s->primary);
	buf_add_char(out, ' ');
	add_name(out, &s->mailbox);
	buf_addf(out, " %u %u %u %u %u", s->serial, s->refresh, s->retry, s->expire, s->minimum);
}

enum dns_fault
dns_data_text(const struct dns_record *r, struct buf *out)
{
	struct dns_data d;
	char text[INET6_ADDRSTRLEN];
	enum dns_fault fault = dns_data_read(r, &d);
	if (fault != DNS_FINE)
		return fault;
	switch (r->type) {
	case DNS_A:
	case DNS_AAAA:
		buf_add(out, str_of(inet_ntop(r->type == DNS_A ? AF_INET : AF_INET6, d.address, text, sizeof(text))));
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		add_name(out, &d.name);
		break;
	case DNS_MX:
		buf_addf(out, "%u ", d.mx.preference);
		add_name(out, &d.mx.exchange);
		break;
	case DNS_SOA:
		add_soa(out, &d.soa);
		break;
	case DNS_SRV:
		buf_addf(out, "%u %u %u ", d.srv.priority, d.srv.weight, d.srv.port);
		add_name(out, &d.srv.target);
		break;
	case DNS_TXT:
		add_txt(out, d.txt);
		break;
	case DNS_CAA:
		buf_addf(out, "%u %.*s ", d.caa.flags, STR_ARG(d.caa.tag));
		add_quoted(out, d.caa.value);
		break;
	case DNS_NSEC:
		add_name(out, &d.nsec.next);
		add_types(out, d.nsec.types);
		break;
	case DNS_NSEC3:
	case DNS_NSEC3PARAM:
		add_nsec3(out, &d.nsec3, r->type == DNS_NSEC3PARAM);
		break;
	default: {
		struct str raw = str_sub((const char *)r->message->bytes + r->data_at, r->data_len);
		buf_addf(out, "\\# %u%s", r->data_len, r->data_len ? " " : "");
		add_hex(out, raw);
	}
	}
	return DNS_FINE;
}
