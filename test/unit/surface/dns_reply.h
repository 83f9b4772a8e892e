/* Answers of DNS as a server writes them, without compression. */
#ifndef MAMORI_TEST_SURFACE_DNS_REPLY_H
#define MAMORI_TEST_SURFACE_DNS_REPLY_H

#include "net/dns.h"

struct reply {
	struct buf bytes;
};

static inline void
reply_number(struct buf *b, uint64_t n, size_t bytes)
{
	while (bytes-- > 0)
		buf_add_char(b, (char)(n >> 8 * bytes));
}

static inline void
reply_name(struct buf *b, const char *name)
{
	struct dns_name n;
	if (dns_name_parse(str_of(name), &n, NULL))
		buf_add(b, str_sub((const char *)n.wire, n.len));
	else
		abort();
}

static inline void
reply_begin(struct reply *r, const char *name, enum dns_type type, enum dns_rcode rcode)
{
	buf_truncate(&r->bytes, 0);
	reply_number(&r->bytes, 0x1234, 2);
	reply_number(&r->bytes, (uint64_t)(DNS_QR | DNS_RD | DNS_RA) | (uint64_t)rcode, 2);
	reply_number(&r->bytes, 1, 2);
	reply_number(&r->bytes, 0, 6);
	reply_name(&r->bytes, name);
	reply_number(&r->bytes, type, 2);
	reply_number(&r->bytes, DNS_IN, 2);
}

static inline void
reply_raw(struct reply *r, enum dns_section section, const char *owner, unsigned type, struct str data)
{
	unsigned char *count = (unsigned char *)r->bytes.ptr + 4 + 2 * section;
	if (++count[1] == 0)
		count[0]++;
	reply_name(&r->bytes, owner);
	reply_number(&r->bytes, type, 2);
	reply_number(&r->bytes, DNS_IN, 2);
	reply_number(&r->bytes, 300, 4);
	reply_number(&r->bytes, data.len, 2);
	buf_add(&r->bytes, data);
}

/* number: what stands before the name (MX, SRV's port), if front has bytes for it. */
static inline void
reply_to(struct reply *r, enum dns_section section, const char *owner, unsigned type, uint64_t number, size_t front,
	 const char *to)
{
	BUF_AUTO data = { 0 };
	reply_number(&data, number, front);
	reply_name(&data, to);
	reply_raw(r, section, owner, type, buf_str(&data));
}

static inline void
reply_soa(struct reply *r, enum dns_section section, const char *owner, const char *mailbox)
{
	BUF_AUTO data = { 0 };
	reply_name(&data, "ns.example.net");
	reply_name(&data, mailbox);
	for (int i = 0; i < 5; i++)
		reply_number(&data, 3600, 4);
	reply_raw(r, section, owner, DNS_SOA, buf_str(&data));
}

/* In strings of at most piece bytes. */
static inline void
reply_txt(struct reply *r, const char *owner, const char *text, size_t piece)
{
	BUF_AUTO data = { 0 };
	for (size_t at = 0; at == 0 || at < strlen(text); at += piece) {
		struct str one = str_head(str_of(text + at), piece);
		buf_add_char(&data, (char)one.len);
		buf_add(&data, one);
	}
	reply_raw(r, DNS_ANSWER, owner, DNS_TXT, buf_str(&data));
}

#endif
