/* A DNS message of a stranger: the header, every record, every type's data, the presentation form, and back. */
#include "net/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool right)
{
	if (!right)
		abort();
}

static void
name(const struct dns_name *n)
{
	char text[DNS_NAME_TEXT];
	struct dns_name again;
	struct err e = { 0 };
	check(n->len >= 1 && n->wire[n->len - 1] == 0);
	size_t len = dns_name_text(n, text);
	for (size_t i = 0; i < len; i++)
		check(text[i] > ' ' && text[i] <= '~');
	check(dns_name_parse(str_sub(text, len), &again, &e));
	check(again.len == n->len && memcmp(again.wire, n->wire, n->len) == 0);
	check(dns_name_eq(n, &again) && dns_name_cmp(n, &again) == 0 && dns_name_within(n, &again));
}

static bool
inside(const struct dns_message *m, struct str s)
{
	const char *from = (const char *)m->bytes;
	return s.len == 0 || (s.ptr >= from && s.ptr + s.len <= from + m->len);
}

static void
walk(const struct dns_record *r, const struct dns_data *d)
{
	struct str rest, piece;
	uint16_t code = 0;
	if (r->type == DNS_TXT)
		for (rest = d->txt; dns_txt_next(&rest, &piece);)
			check(inside(r->message, piece));
	if (r->type == DNS_OPT)
		for (rest = d->opt.options; dns_option_next(&rest, &code, &piece);)
			check(inside(r->message, piece));
	if (r->type == DNS_NSEC) {
		name(&d->nsec.next);
		for (code = 0; dns_types_next(d->nsec.types, &code);)
			check(dns_types_have(d->nsec.types, code));
	}
}

static void
record(const struct dns_record *r)
{
	struct dns_data d;
	BUF_AUTO text = { 0 };
	name(&r->owner);
	check(r->data_at + r->data_len <= r->message->len);
	enum dns_fault fault = dns_data_read(r, &d);
	check(dns_data_text(r, &text) == fault);
	check(fault != DNS_FINE || r->type == DNS_OPT || text.len > 0);
	for (size_t i = 0; i < text.len; i++)
		check(text.ptr[i] >= ' ' && text.ptr[i] <= '~');
	if (fault == DNS_FINE)
		walk(r, &d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;
	struct dns_record r;
	struct err e = { 0 };
	enum dns_fault fault = dns_message_read(data, size, &m);
	if (fault != DNS_FINE) {
		check(!dns_fault_err(fault, &e) && e.code == ERR_INPUT);
		return 0;
	}
	name(&m.name);
	struct dns_reader reader = { .message = &m };
	while (dns_record_next(&reader, &r))
		record(&r);
	check(reader.fault < DNS_FAULT_COUNT);
	return 0;
}
