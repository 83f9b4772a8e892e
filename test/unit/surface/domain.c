/* Names: canonical form, public suffixes, internationalised names, look-alikes. */
#include "surface/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../known.h"

static void
canonical(void **state)
{
	static const struct {
		const char *told, *want; /* NULL: no name */
	} names[] = {
		{ "example.jp", "example.jp" },
		{ " WWW.Example.JP. ", "www.example.jp" },
		{ "*.example.jp", "example.jp" },
		{ "_dmarc.example.jp", "_dmarc.example.jp" },
		{ "r3---sn-a.example.jp", "r3---sn-a.example.jp" },
		{ "localhost", "localhost" },
		{ "日本語.jp", "xn--wgv71a119e.jp" },
		{ "日本語。ｊｐ", "xn--wgv71a119e.jp" },
		{ "ｅｘａｍｐｌｅ．ＣＯ．ＪＰ", "example.co.jp" },
		{ "ﾆﾎﾝ.jp", "xn--idk6a7d.jp" },
		{ "ドメイン名例.JP", "xn--eckwd4c7cu47r2wf.jp" },
		{ "faß.de", "xn--fa-hia.de" },
		{ "BÜCHER.example", "xn--bcher-kva.example" },
		{ "_sip._tcp.日本語.jp", "_sip._tcp.xn--wgv71a119e.jp" },
		{ "XN--WGV71A119E.jp", "xn--wgv71a119e.jp" },
		{ "1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa" },
		{ "0x7f.jp", "0x7f.jp" },
		{ "", NULL },
		{ ".", NULL },
		{ ".jp", NULL },
		{ "a..jp", NULL },
		{ "example.jp..", NULL },
		{ "-a.jp", NULL },
		{ "a-.jp", NULL },
		{ "a b.jp", NULL },
		{ "a/b.jp", NULL },
		{ "user@example.jp", NULL },
		{ "example.jp:443", NULL },
		{ "a.*.jp", NULL },
		{ "*.*.jp", NULL },
		{ "192.0.2.1", NULL },
		{ "10.1", NULL },
		{ "7", NULL },
		{ "host.0x7f", NULL },
		{ "2001:db8::1", NULL },
		{ "[2001:db8::1]", NULL },
		{ "\xff\xfe.jp", NULL },
		{ "a\xe2\x80\xae.jp", NULL },
		{ "⒈example.jp", NULL },
		{ "<script>.jp", NULL },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		ARENA_AUTO a = { 0 };
		struct str got = domain_canonical(&a, str_of(names[i].told));
		if (names[i].want ? !str_eq(got, str_of(names[i].want)) : got.ptr != NULL)
			fail_msg("\"%s\" became \"%.*s\" (%s)", names[i].told, STR_ARG(got),
				 got.ptr ? "a name" : "none");
	}
}

static void
sizes(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	(void)state;
	/* 63 bytes of label are, 64 are not. */
	for (size_t i = 0; i < 63; i++)
		buf_add_char(&b, 'a');
	buf_add(&b, STR(".jp"));
	assert_true(str_eq(domain_canonical(&a, buf_str(&b)), buf_str(&b)));
	BUF_AUTO longer = { 0 };
	buf_addf(&longer, "a%s", buf_cstr(&b));
	assert_null(domain_canonical(&a, buf_str(&longer)).ptr);
	/* 253 bytes of name are, 255 are not. */
	b.len = longer.len = 0;
	for (size_t i = 0; i < 126; i++)
		buf_add(&b, STR("b."));
	buf_add(&b, STR("c"));
	assert_int_equal(b.len, 253);
	assert_int_equal(domain_canonical(&a, buf_str(&b)).len, 253);
	buf_add(&b, STR(".c"));
	assert_null(domain_canonical(&a, buf_str(&b)).ptr);
	/* A million dots, letters or ideographs: none, and no time. */
	b.len = 0;
	for (size_t i = 0; i < 1000000; i++)
		buf_add(&b, STR("漢"));
	assert_null(domain_canonical(&a, buf_str(&b)).ptr);
	assert_null(domain_canonical(&a, str_sub("a\0b.jp", 6)).ptr);
	assert_null(domain_canonical(&a, STR_NONE).ptr);
}

static void
for_people(void **state)
{
	ARENA_AUTO a = { 0 };
	(void)state;
	assert_true(str_eq(domain_unicode(&a, STR("xn--wgv71a119e.jp")), STR("日本語.jp")));
	assert_true(str_eq(domain_unicode(&a, STR("www.xn--bcher-kva.example")), STR("www.bücher.example")));
	assert_true(str_eq(domain_unicode(&a, STR("www.example.jp")), STR("www.example.jp")));
	/* Not what UTS 46 would have written: a broken label, a symbol, a label that is ASCII, a hidden override. */
	assert_true(str_eq(domain_unicode(&a, STR("xn--0.jp")), STR("xn--0.jp")));
	assert_true(str_eq(domain_unicode(&a, STR("xn--a-ecp.ru")), STR("xn--a-ecp.ru")));
	assert_true(str_eq(domain_unicode(&a, STR("xn--abc-.jp")), STR("xn--abc-.jp")));
	assert_true(str_eq(domain_unicode(&a, STR("xn--www-qn0a.jp")), STR("xn--www-qn0a.jp")));
}

#define REGISTRABLE(name, want) assert_true(str_eq(domain_registrable(STR(name)), STR(want)))
#define SUFFIX(name) \
	do { \
		assert_null(domain_registrable(STR(name)).ptr); \
		assert_true(domain_is_public_suffix(STR(name))); \
	} while (0)

static void
suffixes(void **state)
{
	(void)state;
	REGISTRABLE("www.example.co.jp", "example.co.jp");
	REGISTRABLE("example.jp", "example.jp");
	REGISTRABLE("a.b.hospital.or.jp", "hospital.or.jp");
	REGISTRABLE("a.b.ide.kyoto.jp", "b.ide.kyoto.jp");
	REGISTRABLE("www.city.kobe.jp", "city.kobe.jp");
	REGISTRABLE("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn");
	REGISTRABLE("ns1.example.test", "example.test");
	SUFFIX("jp");
	SUFFIX("co.jp");
	SUFFIX("kobe.jp");
	SUFFIX("c.kobe.jp");
	SUFFIX("xn--55qx5d.cn");
	/* What customers register below is nobody's, also where no registry of a country stands behind it. */
	SUFFIX("github.io");
	REGISTRABLE("a.example.github.io", "example.github.io");
	assert_false(domain_is_public_suffix(STR("example.co.jp")));
	assert_null(domain_registrable(STR_NONE).ptr);
	assert_null(domain_registrable(STR(".jp")).ptr);
	assert_false(domain_is_public_suffix(STR_NONE));
	assert_true(domain_is_customers(STR("unit-seiki.github.io")));
	assert_true(domain_is_customers(STR("www.unit-seiki.github.io")));
	assert_false(domain_is_customers(STR("unit-seiki.co.jp")));
	assert_false(domain_is_customers(STR("unit-seiki.no-such-suffix")));
	assert_false(domain_is_customers(STR_NONE));
}

static void
within(void **state)
{
	(void)state;
	assert_true(domain_within(STR("example.jp"), STR("example.jp")));
	assert_true(domain_within(STR("a.b.example.jp"), STR("example.jp")));
	assert_false(domain_within(STR("notexample.jp"), STR("example.jp")));
	assert_false(domain_within(STR("jp"), STR("example.jp")));
	assert_false(domain_within(STR("example.jp"), STR_NONE));
	assert_true(str_eq(domain_parent(STR("a.b.jp")), STR("b.jp")));
	assert_null(domain_parent(STR("jp")).ptr);
	assert_null(domain_parent(STR("jp.")).ptr);
}

static void
look_alikes(void **state)
{
	static const struct {
		const char *a, *b;
		double least, most;
	} pairs[] = {
		{ "example.co.jp", "example.co.jp", 1, 1 },
		{ "sakura-hospital.jp", "sakurahospital.jp", 0.95, 0.99 },
		{ "example.co.jp", "exarnple.co.jp", 0.95, 0.99 },
		{ "example.co.jp", "examp1e.co.jp", 0.95, 0.99 },
		{ "google.example", "g00gle.example", 0.95, 0.99 },
		{ "apple.com", "xn--80ak6aa92e.com", 0.95, 0.99 }, /* all Cyrillic */
		{ "paypal.com", "xn--pypal-4ve.com", 0.95, 0.99 },
		{ "bucher.example", "xn--bcher-kva.example", 0.95, 0.99 },
		{ "example.co.jp", "example.com", 0.85, 0.95 },
		{ "sakurakai.or.jp", "sakurakia.or.jp", 0.8, 0.95 },
		{ "sakurakai.or.jp", "sakuraka.or.jp", 0.8, 0.95 },
		{ "sakurakai.or.jp", "sakurakai-login.com", 0.6, 0.8 },
		{ "xn--wgv71a119e.jp", "xn--idk6a7d.jp", 0, 0.2 },
		{ "sakurakai.or.jp", "kikuna.or.jp", 0, 0.5 },
		{ "abc.jp", "xyz.jp", 0, 0.1 },
		{ "example.jp", "", 0, 0 },
		{ "co.jp", "or.jp", 0, 0.5 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		double there = domain_likeness(str_of(pairs[i].a), str_of(pairs[i].b));
		double back = domain_likeness(str_of(pairs[i].b), str_of(pairs[i].a));
		if (there < pairs[i].least || there > pairs[i].most || there != back)
			fail_msg("%s and %s: %.3f, and %.3f the other way; wanted %.2f to %.2f", pairs[i].a, pairs[i].b,
				 there, back, pairs[i].least, pairs[i].most);
	}
}

/* The list's own tests: "NAME REGISTRABLE" or "NAME null". */
static void
known_suffixes(void **state)
{
	BUF_AUTO text = { 0 };
	struct str rest, line, name, want;
	size_t good = 0, all = 0;
	(void)state;
	if (!known_read("publicsuffix/tests/tests.txt", &text))
		skip();
	for (rest = buf_str(&text); str_line(&rest, &line);) {
		ARENA_AUTO a = { 0 };
		if (str_starts(line, STR("//")) || !str_word(&line, &name) || !str_word(&line, &want))
			continue;
		struct str got = domain_registrable(domain_canonical(&a, name));
		all++;
		good += str_eq(want, STR("null")) ? !got.ptr : str_eq(got, domain_canonical(&a, want));
		if (str_eq(want, STR("null")) ? got.ptr != NULL : !str_eq(got, domain_canonical(&a, want)))
			print_message("# %.*s: %.*s, wanted %.*s\n", STR_ARG(name), STR_ARG(got), STR_ARG(want));
	}
	print_message("# %zu of %zu public suffixes\n", good, all);
	assert_true(all > 70);
	assert_int_equal(good, all);
}

/* Every rule of the newest list itself; the system's own list may be older, so a few are told, and not many more. */
static void
known_list(void **state)
{
	BUF_AUTO text = { 0 };
	struct str rest, line;
	size_t good = 0, all = 0;
	bool icann = true;
	(void)state;
	if (!known_read("publicsuffix/public_suffix_list.dat", &text))
		skip();
	for (rest = buf_str(&text); str_line(&rest, &line);) {
		ARENA_AUTO a = { 0 };
		icann &= !str_contains(line, STR("===END ICANN"));
		if (!icann || line.len == 0 || str_starts(line, STR("//")) || str_starts(line, STR("!")))
			continue;
		all++;
		struct str suffix = domain_canonical(&a, line);
		good += str_starts(line, STR("*."))
				? !domain_registrable(arena_printf(&a, "x.%.*s", STR_ARG(suffix))).ptr
				: domain_is_public_suffix(suffix);
	}
	print_message("# %zu of %zu rules of the newest list\n", good, all);
	assert_true(all > 5000);
	assert_true(good * 100 >= all * 90);
}

/* Unicode's IdnaTestV2 (UTS 46): source; toUnicode; status; toAsciiN; status … with \u escapes. */
static struct str
unescaped(struct arena *a, struct str s)
{
	char *out = arena_cstr(a, s);
	size_t n = 0;
	for (size_t i = 0; i < s.len;) {
		unsigned c;
		if (s.len - i >= 6 && s.ptr[i] == '\\' && s.ptr[i + 1] == 'u') {
			char hex[5] = "";
			memcpy(hex, s.ptr + i + 2, 4);
			c = (unsigned)strtoul(hex, NULL, 16);
			i += 6;
			if (c < 0x80) {
				out[n++] = (char)c;
			} else if (c < 0x800) {
				out[n++] = (char)(0xc0 | c >> 6);
				out[n++] = (char)(0x80 | (c & 0x3f));
			} else {
				out[n++] = (char)(0xe0 | c >> 12);
				out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
				out[n++] = (char)(0x80 | (c & 0x3f));
			}
		} else {
			out[n++] = s.ptr[i++];
		}
	}
	return str_sub(out, n);
}

static bool
host_letters(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '-' &&
		    s.ptr[i] != '.')
			return false;
	return s.len > 0;
}

static void
known_idna(void **state)
{
	BUF_AUTO text = { 0 };
	struct str rest, line;
	size_t good = 0, other = 0, refused = 0, let_in = 0, bad = 0;
	(void)state;
	if (!known_read("publicsuffix/tools/internal/domain/testdata/idna_test_vectors.txt", &text))
		skip();
	for (rest = buf_str(&text); str_line(&rest, &line);) {
		ARENA_AUTO a = { 0 };
		struct str column[7] = { 0 };
		size_t n = 0;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		while (n < COUNT(column) && str_cut(&line, ';', &column[n]))
			column[n] = str_trim(column[n]), n++;
		if (n < 5 || str_contains(column[0], STR("\\x{")) || str_contains(column[0], STR("\\uD")))
			continue;
		struct str source = unescaped(&a, column[0]), ascii = unescaped(&a, column[3]);
		struct str status = column[4].len > 0 ? column[4] : column[2];
		struct str got = domain_canonical(&a, source);
		if (status.len > 0 && !str_eq(status, STR("[]"))) {
			bad++;
			let_in += got.ptr && !host_letters(source);
			continue;
		}
		if (ascii.len == 0)
			ascii = column[1].len > 0 ? unescaped(&a, column[1]) : source;
		if (str_ends(ascii, STR(".")))
			ascii.len--;
		if (!host_letters(ascii) || ascii.len > 253)
			continue;
		good += str_eq(got, ascii);
		refused += !got.ptr;
		other += got.ptr && !str_eq(got, ascii);
	}
	print_message("# UTS 46: %zu as it says, %zu refused, %zu otherwise; of %zu bad ones %zu let in\n", good,
		      refused, other, bad, let_in);
	assert_int_equal(other, 0);
	assert_true(good > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical),      cmocka_unit_test(sizes),      cmocka_unit_test(for_people),
		cmocka_unit_test(suffixes),       cmocka_unit_test(within),     cmocka_unit_test(look_alikes),
		cmocka_unit_test(known_suffixes), cmocka_unit_test(known_list), cmocka_unit_test(known_idna),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
