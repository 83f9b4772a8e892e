#include "net/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A message put together by hand. */
struct packet {
	unsigned char bytes[2048];
	size_t len;
};

#define ADD(p, literal) add(p, literal, sizeof(literal) - 1)

static void
add(struct packet *p, const char *bytes, size_t len)
{
	assert_true(p->len + len <= sizeof(p->bytes));
	memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

/* An answer to "example.org A" with so many answers to follow; the question's name is at 12. */
static struct packet
packet(unsigned answers)
{
	struct packet p = { 0 };
	const char head[] = { 0x12, 0x34, (char)0x81, (char)0x80, 0, 1, 0, (char)answers, 0, 0, 0, 0 };
	add(&p, head, sizeof(head));
	ADD(&p, "\7Example\3org\0\0\1\0\1");
	return p;
}

static void
add_record(struct packet *p, unsigned type, const char *data, size_t len)
{
	const char head[] = { (char)0xc0, 12, (char)(type >> 8), (char)type, 0, 1, 0, 0,
			      1,          44, (char)(len >> 8),  (char)len };
	add(p, head, sizeof(head));
	add(p, data, len);
}

static void
assert_text(const struct dns_name *n, const char *expected)
{
	char text[DNS_NAME_TEXT];
	size_t len = dns_name_text(n, text);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
}

static void
names_go_both_ways(void **state)
{
	static const struct {
		const char *text, *back;
	} rows[] = {
		{ "Example.ORG", "Example.ORG" }, { "example.org.", "example.org" },           { ".", "." },
		{ "a\\.b.c", "a\\.b.c" },         { "\\000\\255x.y", "\\000\\255x.y" },        { "\\065\\\\", "A\\\\" },
		{ "*._tcp.x", "*._tcp.x" },       { "\xe7\x97\x85.jp", "\\231\\151\\133.jp" }, { "a b", "a\\032b" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_name n;
		struct err e = { 0 };
		assert_true(dns_name_parse(str_of(rows[i].text), &n, &e));
		assert_text(&n, rows[i].back);
	}
}

static void
bad_names_are_refused_with_their_reason(void **state)
{
	char label[65], whole[300];
	memset(label, 'a', 64);
	label[64] = '\0';
	memset(whole, 'b', sizeof(whole));
	for (size_t i = 50; i < 299; i += 50)
		whole[i] = '.';
	whole[299] = '\0';
	const struct {
		const char *text, *reason;
	} rows[] = {
		{ "", "empty" },        { "..", "between dots" }, { ".a", "between dots" },  { "a..b", "between dots" },
		{ "a\\", "backslash" }, { "a\\25", "backslash" }, { "a\\256", "backslash" }, { "a\\2x5", "backslash" },
		{ label, "63 octets" }, { whole, "255 octets" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_name n;
		struct err e = { 0 };
		assert_false(dns_name_parse(str_of(rows[i].text), &n, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, rows[i].reason));
	}
}

/* 63+1, 63+1, 63+1, 61+1 and the root's: exactly 255. */
static void
the_longest_name_is_taken_and_one_more_is_not(void **state)
{
	char text[260];
	struct dns_name n;
	struct err e = { 0 };
	memset(text, 'a', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	assert_true(dns_name_parse(str_sub(text, 253), &n, &e));
	assert_int_equal(n.len, 255);
	text[253] = '.';
	assert_true(dns_name_parse(str_sub(text, 254), &n, &e));
	assert_int_equal(n.len, 255);
	text[253] = 'a';
	assert_false(dns_name_parse(str_sub(text, 254), &n, &e));
	assert_non_null(strstr(e.text, "255"));
}

static struct dns_name
parsed(const char *text)
{
	struct dns_name n;
	struct err e = { 0 };
	assert_true(dns_name_parse(str_of(text), &n, &e));
	return n;
}

static void
names_compare_without_case(void **state)
{
	struct dns_name a = parsed("WWW.example.org"), b = parsed("www.EXAMPLE.org"), zone = parsed("Example.Org");
	struct dns_name other = parsed("xexample.org"), up, root = parsed(".");
	assert_true(dns_name_eq(&a, &b));
	assert_true(dns_name_hash(&a, 7) == dns_name_hash(&b, 7));
	assert_true(dns_name_within(&a, &zone) && dns_name_within(&zone, &zone) && dns_name_within(&a, &root));
	assert_false(dns_name_within(&other, &zone));
	assert_false(dns_name_within(&zone, &a));
	assert_int_equal(dns_name_labels(&a), 3);
	dns_name_parent(&a, 1, &up);
	assert_text(&up, "example.org");
	dns_name_parent(&a, 9, &up);
	assert_int_equal(up.len, 1);
	/* RFC 4034, 6.1 */
	static const char *const order[] = { "example",         "a.example",      "yljkjljk.a.example",
					     "Z.a.example",     "zABC.a.EXAMPLE", "z.example",
					     "\\001.z.example", "*.z.example",    "\\200.z.example" };
	for (size_t i = 0; i + 1 < COUNT(order); i++) {
		struct dns_name x = parsed(order[i]), y = parsed(order[i + 1]);
		assert_true(dns_name_cmp(&x, &y) < 0 && dns_name_cmp(&y, &x) > 0);
	}
}

static void
query_is_as_the_rfc_draws_it(void **state)
{
	unsigned char bytes[DNS_QUERY_MAX];
	struct dns_name n = parsed("aB.jp");
	size_t len = dns_query_write(
		&(struct dns_query){
			.id = 0x1234, .type = DNS_MX, .name = &n, .recurse = true, .dnssec = true, .udp_size = 1232 },
		bytes);
	static const char expected[] = "\x12\x34\1\0\0\1\0\0\0\0\0\1\2aB\2jp\0\0\17\0\1\0\0\51\4\320\0\0\200\0\0\0";
	assert_int_equal(len, sizeof(expected) - 1);
	assert_memory_equal(bytes, expected, len);
	struct dns_message m;
	assert_int_equal(dns_message_read(bytes, len, &m), DNS_FINE);
	assert_true(m.has_question && m.type == DNS_MX && m.class == DNS_IN && m.id == 0x1234);
	assert_text(&m.name, "aB.jp");
}

#define ROW(type, data, text) \
	{ \
		type, data, sizeof(data) - 1, text \
	}

static const struct {
	unsigned type;
	const char *data;
	size_t len;
	const char *text;
} good[] = {
	ROW(DNS_A, "\300\0\2\1", "192.0.2.1"),
	ROW(DNS_AAAA, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
	ROW(DNS_NS, "\2ns\300\14", "ns.Example.org."),
	ROW(DNS_CNAME, "\1a\300\24", "a.org."),
	ROW(DNS_PTR, "\0", "."),
	ROW(DNS_MX, "\0\12\4mail\300\14", "10 mail.Example.org."),
	ROW(DNS_SOA, "\2ns\300\14\12hostmaster\300\14\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\377\377\377\377",
	    "ns.Example.org. hostmaster.Example.org. 1 2 3 4 4294967295"),
	ROW(DNS_TXT, "\5v=\"sp\0\3\\\1\377", "\"v=\\\"sp\" \"\" \"\\\\\\001\\255\""),
	ROW(DNS_SRV, "\0\1\0\2\23\304\3sip\300\14", "1 2 5060 sip.Example.org."),
	ROW(DNS_CAA, "\200\5issueca.example;x", "128 issue \"ca.example;x\""),
	ROW(DNS_NSEC, "\1b\300\14\0\6\100\1\0\0\0\3\1\1\100", "b.Example.org. A MX RRSIG NSEC CAA"),
	ROW(DNS_NSEC3, "\1\1\0\12\2\252\273\5\0\104\62\24\307\0\1\142", "1 1 10 aabb 01234567 A NS SOA"),
	ROW(DNS_NSEC3PARAM, "\1\0\0\0\0", "1 0 0 -"),
	ROW(65280, "\1\2\377", "\\# 3 0102ff"),
	ROW(DNS_DS, "", "\\# 0"),
};

static void
data_has_its_presentation_form(void **state)
{
	struct packet p = packet(COUNT(good));
	struct dns_message m;
	struct dns_record r;
	for (size_t i = 0; i < COUNT(good); i++)
		add_record(&p, good[i].type, good[i].data, good[i].len);
	assert_int_equal(dns_message_read(p.bytes, p.len, &m), DNS_FINE);
	struct dns_reader reader = { .message = &m };
	for (size_t i = 0; i < COUNT(good); i++) {
		BUF_AUTO text = { 0 };
		assert_true(dns_record_next(&reader, &r));
		assert_int_equal(r.type, good[i].type);
		assert_int_equal(r.ttl, 300);
		assert_int_equal(r.section, DNS_ANSWER);
		assert_text(&r.owner, "Example.org");
		assert_int_equal(dns_data_text(&r, &text), DNS_FINE);
		assert_string_equal(buf_cstr(&text), good[i].text);
	}
	assert_false(dns_record_next(&reader, &r));
	assert_int_equal(reader.fault, DNS_FINE);
}

static const struct {
	unsigned type;
	const char *data;
	size_t len;
	enum dns_fault fault;
} bad[] = {
	ROW(DNS_A, "\1\2\3", DNS_FAULT_ADDRESS),
	ROW(DNS_A, "\1\2\3\4\5", DNS_FAULT_ADDRESS),
	ROW(DNS_AAAA, "\1\2\3\4", DNS_FAULT_ADDRESS),
	ROW(DNS_NS, "", DNS_FAULT_NAME_CUT),
	ROW(DNS_NS, "\3ab", DNS_FAULT_NAME_CUT),
	ROW(DNS_NS, "\300", DNS_FAULT_NAME_CUT),
	ROW(DNS_NS, "\1a\300\14\0", DNS_FAULT_FIELDS_LONG),
	ROW(DNS_NS, "\101a", DNS_FAULT_LABEL_KIND),
	ROW(DNS_NS, "\201a", DNS_FAULT_LABEL_KIND),
	ROW(DNS_NS, "\300\3", DNS_FAULT_POINTER_HEADER),
	ROW(DNS_NS, "\377\377", DNS_FAULT_POINTER_FORWARD),
	ROW(DNS_MX, "\0", DNS_FAULT_FIELDS_CUT),
	ROW(DNS_SOA, "\0\0\0\0\0\1", DNS_FAULT_FIELDS_CUT),
	ROW(DNS_SRV, "\0\1\0\2", DNS_FAULT_FIELDS_CUT),
	ROW(DNS_TXT, "", DNS_FAULT_TEXT_EMPTY),
	ROW(DNS_TXT, "\1a\5bcd", DNS_FAULT_TEXT_CUT),
	ROW(DNS_CAA, "\0\0x", DNS_FAULT_CAA_TAG),
	ROW(DNS_CAA, "\0\2i\1x", DNS_FAULT_CAA_TAG),
	ROW(DNS_CAA, "\0\17issue", DNS_FAULT_TEXT_CUT),
	ROW(DNS_CAA, "", DNS_FAULT_FIELDS_CUT),
	ROW(DNS_NSEC, "\0\0", DNS_FAULT_BITMAP),
	ROW(DNS_NSEC, "\0\0\0", DNS_FAULT_BITMAP),
	ROW(DNS_NSEC, "\0\0\41aaaaaaaabbbbbbbbccccccccdddddddde", DNS_FAULT_BITMAP),
	ROW(DNS_NSEC, "\0\1\1a\0\1a", DNS_FAULT_BITMAP),
	ROW(DNS_NSEC, "\0\1\4a", DNS_FAULT_BITMAP),
	ROW(DNS_NSEC3, "\1\1\0\0\4a", DNS_FAULT_TEXT_CUT),
	ROW(DNS_NSEC3PARAM, "\1\1\0\0\0\0", DNS_FAULT_FIELDS_LONG),
};

static void
malformed_data_has_its_own_fault(void **state)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct packet p = packet(1);
		struct dns_message m;
		struct dns_record r;
		struct dns_data d;
		BUF_AUTO text = { 0 };
		add_record(&p, bad[i].type, bad[i].data, bad[i].len);
		assert_int_equal(dns_message_read(p.bytes, p.len, &m), DNS_FINE);
		struct dns_reader reader = { .message = &m };
		assert_true(dns_record_next(&reader, &r));
		assert_int_equal(dns_data_read(&r, &d), bad[i].fault);
		assert_int_equal(dns_data_text(&r, &text), bad[i].fault);
		assert_int_equal(text.len, 0);
	}
}

static enum dns_fault
fault_of(const struct packet *p)
{
	struct dns_message m;
	struct dns_record r;
	enum dns_fault fault = dns_message_read(p->bytes, p->len, &m);
	struct dns_reader reader = { .message = &m };
	if (fault != DNS_FINE)
		return fault;
	while (dns_record_next(&reader, &r))
		;
	return reader.fault;
}

static void
malformed_messages_have_their_own_fault(void **state)
{
	struct packet p = packet(0);
	p.len = 11;
	assert_int_equal(fault_of(&p), DNS_FAULT_HEADER);
	p = packet(0);
	p.len -= 3;
	assert_int_equal(fault_of(&p), DNS_FAULT_QUESTION_CUT);
	p = packet(0);
	p.len -= 5;
	assert_int_equal(fault_of(&p), DNS_FAULT_NAME_CUT);
	p = packet(0);
	p.bytes[5] = 2;
	assert_int_equal(fault_of(&p), DNS_FAULT_QUESTIONS);
	p = packet(0);
	ADD(&p, "x");
	assert_int_equal(fault_of(&p), DNS_FAULT_TRAILING);
	p = packet(1);
	assert_int_equal(fault_of(&p), DNS_FAULT_RECORD_CUT);
	ADD(&p, "\300\14\0\1\0\1\0\0\0\0\0");
	assert_int_equal(fault_of(&p), DNS_FAULT_RECORD_CUT);
	ADD(&p, "\4\1\2\3");
	assert_int_equal(fault_of(&p), DNS_FAULT_DATA_CUT);
	p = packet(1);
	ADD(&p, "\300\35\0\1\0\1\0\0\0\0\0\0");
	assert_int_equal(fault_of(&p), DNS_FAULT_POINTER_FORWARD); /* to itself */
	p = packet(1);
	ADD(&p, "\1a\300\35\0\1\0\1\0\0\0\0\0\0");
	assert_int_equal(fault_of(&p), DNS_FAULT_POINTER_FORWARD); /* to its own first label */
	p = packet(2);
	ADD(&p, "\0\0\51\4\320\0\0\0\0\0\0"
		"\0\0\51\4\320\0\0\0\0\0\0");
	assert_int_equal(fault_of(&p), DNS_FAULT_OPT_TWICE);
	p = packet(1);
	add_record(&p, DNS_OPT, "", 0);
	assert_int_equal(fault_of(&p), DNS_FAULT_OPT_OWNER);
	static char large[DNS_MESSAGE_MAX + 1];
	struct dns_message m;
	assert_int_equal(dns_message_read(large, sizeof(large), &m), DNS_FAULT_TOO_LONG);
}

/* Data of pointers, each to the one before, and an owner's to the last: 32 are followed, 33 are not; names of pointers and labels grow past 255. */
static void
chains_of_pointers_end(void **state)
{
	for (unsigned links = DNS_POINTERS_MAX - 1; links <= DNS_POINTERS_MAX; links++) {
		struct packet p = packet(1), data = { 0 };
		size_t at = p.len + 12;
		ADD(&data, "\0");
		for (unsigned i = 0; i < links; i++) {
			size_t to = at + (i == 0 ? 0 : 1 + 2 * (i - 1));
			const char pointer[] = { (char)(0xc0 | to >> 8), (char)to };
			add(&data, pointer, 2);
		}
		add_record(&p, 65280, (const char *)data.bytes, data.len);
		size_t last = p.len - 2;
		const char owner[] = { (char)(0xc0 | last >> 8), (char)last, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0 };
		p.bytes[7] = 2;
		add(&p, owner, sizeof(owner));
		assert_int_equal(fault_of(&p), links < DNS_POINTERS_MAX ? DNS_FINE : DNS_FAULT_POINTER_DEPTH);
	}
	struct packet p = packet(1), data = { 0 };
	size_t before = 12;
	for (unsigned i = 0; i < 10; i++) {
		size_t here = p.len + 12 + data.len;
		const char pointer[] = { (char)(0xc0 | before >> 8), (char)before };
		ADD(&data, "\37aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		add(&data, pointer, 2);
		before = here;
	}
	add_record(&p, 65280, (const char *)data.bytes, data.len);
	const char owner[] = { (char)(0xc0 | before >> 8), (char)before, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0 };
	p.bytes[7] = 2;
	add(&p, owner, sizeof(owner));
	assert_int_equal(fault_of(&p), DNS_FAULT_NAME_LONG);
}

static void
edns_and_types_are_read(void **state)
{
	struct packet p = packet(2);
	struct dns_message m;
	struct dns_record r;
	struct dns_data d;
	struct str rest, value;
	uint16_t code, type = 0;
	p.bytes[3] |= 7;
	ADD(&p, "\0\0\51\4\320\1\0\200\0\0\6\0\12\0\2xy");
	add_record(&p, DNS_NSEC, "\0\0\1\100\4\1\1", 7);
	assert_int_equal(dns_message_read(p.bytes, p.len, &m), DNS_FINE);
	struct dns_reader reader = { .message = &m };
	assert_true(dns_record_next(&reader, &r));
	assert_int_equal(dns_data_read(&r, &d), DNS_FINE);
	assert_int_equal(d.opt.udp_size, 1232);
	assert_int_equal(d.opt.rcode, 23);
	assert_true(d.opt.dnssec);
	rest = d.opt.options;
	assert_true(dns_option_next(&rest, &code, &value));
	assert_int_equal(code, 10);
	assert_true(str_eq(value, STR("xy")));
	assert_false(dns_option_next(&rest, &code, &value));
	assert_true(dns_record_next(&reader, &r));
	assert_int_equal(dns_data_read(&r, &d), DNS_FINE);
	assert_true(dns_types_have(d.nsec.types, DNS_A) && dns_types_have(d.nsec.types, 1031));
	assert_false(dns_types_have(d.nsec.types, DNS_NS) || dns_types_have(d.nsec.types, 0));
	assert_true(dns_types_next(d.nsec.types, &type) && type == 1);
	assert_true(dns_types_next(d.nsec.types, &type) && type == 1031);
	assert_false(dns_types_next(d.nsec.types, &type));
}

static void
words_for_types_and_faults(void **state)
{
	char text[12];
	uint16_t type;
	assert_string_equal(dns_type_text(DNS_CAA, text), "CAA");
	assert_string_equal(dns_type_text(999, text), "TYPE999");
	assert_true(dns_type_parse(STR("aaaa"), &type) && type == DNS_AAAA);
	assert_true(dns_type_parse(STR("type65535"), &type) && type == 65535);
	assert_false(dns_type_parse(STR("TYPE65536"), &type));
	assert_false(dns_type_parse(STR("B"), &type));
	assert_string_equal(dns_rcode_text(3, text), "NXDOMAIN");
	assert_string_equal(dns_rcode_text(23, text), "RCODE23");
	for (unsigned i = 1; i < DNS_FAULT_COUNT; i++) {
		struct err e = { 0 }, before = { 0 };
		assert_false(dns_fault_err((enum dns_fault)i, &e));
		assert_int_equal(e.code, ERR_INPUT);
		(void)dns_fault_err((enum dns_fault)(i - 1), &before);
		assert_string_not_equal(e.text, before.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(bad_names_are_refused_with_their_reason),
		cmocka_unit_test(the_longest_name_is_taken_and_one_more_is_not),
		cmocka_unit_test(names_compare_without_case),
		cmocka_unit_test(query_is_as_the_rfc_draws_it),
		cmocka_unit_test(data_has_its_presentation_form),
		cmocka_unit_test(malformed_data_has_its_own_fault),
		cmocka_unit_test(malformed_messages_have_their_own_fault),
		cmocka_unit_test(chains_of_pointers_end),
		cmocka_unit_test(edns_and_types_are_read),
		cmocka_unit_test(words_for_types_and_faults),
	};
	return cmocka_run_group_tests_name("net/dns", tests, NULL, NULL);
}
