/* recog's fingerprints: every example of the real rules gives the fields it states; the prefilter loses no match; the kept
 * form says the same as the XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../known.h"
#include "exposure/enrich-recog.h"
#include "os/file.h"

static size_t
check_example(const struct recog *r, const struct recog_example *x, struct arena *a)
{
	struct str groups[REGEX_GROUPS];
	const struct recog_pattern *p = &r->databases.items[x->database].patterns.items[x->pattern];
	size_t wrong = 0;

	if (!regex_match(p->regex, x->text, groups)) {
		print_error("no match: %.*s\n  in: %.*s\n", STR_ARG(p->pattern), STR_ARG(x->text));
		return 1;
	}
	for (size_t i = 0; i < x->fields.count; i++) {
		struct str got = recog_value(p, groups, x->fields.items[i].name, a);
		if (!str_eq(got, x->fields.items[i].value)) {
			print_error("%.*s of %.*s: \"%.*s\", not \"%.*s\"\n", STR_ARG(x->fields.items[i].name),
				    STR_ARG(x->text), STR_ARG(got), STR_ARG(x->fields.items[i].value));
			wrong = 1;
		}
	}
	return wrong;
}

/* The database's answer by trying every pattern in order: what the prefilter must not change. */
static const struct recog_pattern *
slow_match(const struct recog_database *d, struct str text)
{
	struct str groups[REGEX_GROUPS];

	for (size_t i = 0; i < d->patterns.count; i++)
		if (regex_match(d->patterns.items[i].regex, str_head(text, RECOG_TEXT_MAX), groups))
			return &d->patterns.items[i];
	return NULL;
}

static void
test_real_examples(void **state)
{
	struct recog r = { .keep_examples = true };
	struct recog again = { 0 };
	struct arena a = { 0 };
	struct err e = { 0 };
	BUF_AUTO folder = { 0 };
	BUF_AUTO lines = { 0 };
	size_t bad = 0, wrong = 0, other = 0;

	if (!file_exists(known_path(&folder, "recog/xml"))) {
		print_message("# SKIP real_examples: ../shared/data/recog is not here\n");
		buf_free(&folder);
		skip();
	}
	assert_true(recog_read_folder(&r, buf_cstr(&folder), &bad, &e));
	assert_int_equal(bad, 0);
	assert_true(r.patterns >= 4600);
	assert_true(r.examples.count >= 7500);
	recog_ready(&r);
	for (size_t i = 0; i < r.examples.count; i++) {
		const struct recog_example *x = &r.examples.items[i];
		struct str groups[REGEX_GROUPS];
		const struct recog_database *d = &r.databases.items[x->database];
		wrong += check_example(&r, x, &a);
		/* Every third, since the slow way is slow. */
		if (i % 3 == 0 && recog_match(d, x->text, groups) != slow_match(d, x->text))
			other++;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(other, 0);
	size_t always = 0;
	for (size_t d = 0; d < r.databases.count; d++)
		always += r.databases.items[d].always.count;
	print_message("# %zu patterns, %zu examples, %zu patterns without a literal\n", r.patterns, r.examples.count,
		      always);
	recog_write(&r, &lines);
	assert_true(recog_read_lines(&again, buf_str(&lines), &e));
	recog_ready(&again);
	assert_string_equal(again.version, r.version);
	assert_int_equal(again.patterns, r.patterns);
	recog_free(&again);
	recog_free(&r);
	arena_free(&a);
}

static void
test_made_up(void **state)
{
	struct recog r = { .keep_examples = true };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct str groups[REGEX_GROUPS];
	size_t bad = 0;

	assert_true(recog_read_xml(
		&r,
		STR("<?xml version='1.0'?><fingerprints matches='ssh.banner'>"
		    "<fingerprint pattern='^WardOS_(\\h+)$' flags='REG_ICASE'><description>x</description>"
		    "<example service.version='1f'>wardos_1f</example>"
		    "<param pos='0' name='service.product' value='WardOS'/>"
		    "<param pos='1' name='service.version'/>"
		    "<param pos='0' name='service.cpe23' value='cpe:/a:ward:os:{service.version}'/>"
		    "</fingerprint><fingerprint pattern='(unclosed'/></fingerprints>"),
		"ward.xml", &bad, &e));
	assert_int_equal(bad, 1);
	assert_int_equal(r.examples.count, 1);
	recog_ready(&r);
	const struct recog_database *d = recog_find(&r, "ssh.banner");
	assert_non_null(d);
	const struct recog_pattern *p = recog_match(d, STR("WARDOS_af09"), groups);
	assert_non_null(p);
	assert_true(str_eq(recog_value(p, groups, STR("service.cpe23"), &a), STR("cpe:/a:ward:os:af09")));
	assert_true(str_eq(recog_value(p, groups, STR("service.product"), &a), STR("WardOS")));
	assert_null(recog_value(p, groups, STR("os.product"), &a).ptr);
	assert_null(recog_match(d, STR("WARDOS_xyz"), groups));
	recog_free(&r);
	arena_free(&a);
	struct recog none = { 0 };
	assert_false(recog_read_xml(&none, STR("<other/>"), "other.xml", &bad, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_false(recog_read_xml(&none, STR("<fingerprints><fing"), "cut.xml", &bad, &e));
	recog_free(&none);
}

static void
test_required(void **state)
{
	static const struct {
		const char *pattern, *literals;
	} cases[] = {
		{ "^OpenSSH_([\\d.]+)$", "OpenSSH_" },
		{ "^(?:nginx|lighttpd)/", "nginx/|lighttpd/" }, /* either, or the slash: the longer of the two */
		{ "abc?def", "def" },
		{ "a{2}bcd", "bcd" },
		{ "(foo)?bar", "bar" },
		{ "(?i)Debian", "Debian" },
		{ "x|y+z", "x|y" },
		{ "\\x41bc", "" },
		{ "[a-z]+", "" },
		{ "ab(?!cd)ef", "ab" },
		{ "Server: Foo\\/1\\.0", "Server: Foo/1.0" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena a = { 0 };
		regex_literals got = { 0 };
		BUF_AUTO text = { 0 };
		regex_required(str_of(cases[i].pattern), &a, &got);
		for (size_t k = 0; k < got.count; k++)
			buf_addf(&text, "%s%.*s", k ? "|" : "", STR_ARG(got.items[k]));
		if (i == 1)
			assert_string_equal(buf_cstr(&text), "nginx|lighttpd");
		else
			assert_string_equal(buf_cstr(&text), cases[i].literals);
		arena_free(&a);
	}
}

/* A pattern that backtracks for ever ends all the same. */
static void
test_bounded(void **state)
{
	struct regex *r;
	struct str groups[REGEX_GROUPS];
	struct err e = { 0 };

	assert_true(regex_new(STR("^(a+)+$"), 0, &r, &e));
	assert_false(regex_match(r, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
				 groups));
	assert_true(regex_match(r, STR("aaa"), groups));
	regex_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_examples),
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
