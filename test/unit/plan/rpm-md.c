#include "plan/rpm-md.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PLACE "<checksum type=\"sha256\">" A "</checksum><size package=\"7\"/><location href=\"p.rpm\"/>"

static void
note(void *user, const struct rpm_md_item *i)
{
	buf_addf(user, "%s %s %s%s%s\n%s--\n%s", i->name, i->version, i->arch, i->elsewhere ? " elsewhere" : "",
		 i->cut ? " cut" : "", i->requires.ptr ? buf_cstr((struct buf *)(uintptr_t)&i->requires) : "",
		 i->provides.ptr ? buf_cstr((struct buf *)(uintptr_t)&i->provides) : "");
}

static void
read_text(const char *text, bool relations, const char *wanted)
{
	BUF_AUTO seen = { 0 };
	struct err e = { 0 };
	struct rpm_md_reader r = { note, &seen, relations };
	assert_true(rpm_md_primary_text(&r, str_of(text), &e));
	assert_string_equal(buf_cstr(&seen), wanted);
}

static void
packages_and_their_relations(void **state)
{
	static const char text[] =
		"<metadata><package type=\"rpm\"><name>a</name><arch>noarch</arch>"
		"<version epoch=\"2\" ver=\"1.0\" rel=\"3\"/>" PLACE "<format><provides>"
		"<entry name=\"a\" flags=\"EQ\" epoch=\"2\" ver=\"1.0\" rel=\"3\"/><entry name=\"cap()\"/></provides>"
		"<requires><entry name=\"b\" flags=\"GE\" epoch=\"0\" ver=\"1\"/><entry name=\"c&#9;d\"/></requires>"
		"<requires/><entry name=\"stray\"/><conflicts><entry name=\"x\"/></conflicts><file>/usr/bin/a</file>"
		"<file type=\"dir\">/etc/a</file></format></package>"
		"<package><name>second</name>" PLACE "</package></metadata>";
	(void)state;
	read_text(text, true,
		  "a 2:1.0-3 noarch\nb\t>=\t1\n--\na\t=\t2:1.0-3\ncap()\n/usr/bin/a\n/etc/a\nsecond  \n--\n");
	read_text(text, false, "a 2:1.0-3 noarch\n--\nsecond  \n--\n");
	read_text("<m><package><name>a</name><checksum type=\"sha256\">" A
		  "</checksum><size package=\"7\"/><location xml:base=\"http://x\" href=\"p\"/></package></m>",
		  true, "a   elsewhere\n--\n");
}

static void
what_is_too_long_is_cut_and_said(void **state)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO seen = { 0 };
	struct err e = { 0 };
	struct rpm_md_reader r = { note, &seen, true };
	(void)state;
	buf_addf(&text, "<m><package><name>a</name>" PLACE "<requires>");
	for (int i = 0; i < 2000; i++)
		buf_addf(&text, "<entry name=\"%0900d\"/>", i);
	buf_addf(&text, "</requires></package></m>");
	assert_true(rpm_md_primary_text(&r, buf_str(&text), &e));
	assert_true(str_starts(buf_str(&seen), STR("a   cut\n")));
	assert_true(seen.len < RPM_MD_RELATIONS_MAX + 100);
}

static void
what_is_no_such_document(void **state)
{
	struct rpm_md_reader r = { note, &(struct buf){ 0 }, true };
	struct err e = { 0 };
	(void)state;
	assert_false(rpm_md_primary_text(&r, STR("<m><package>"), &e));
	assert_false(rpm_md_primary_text(&r, STR("<!DOCTYPE m [<!ENTITY x \"y\">]><m>&x;</m>"), &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_false(rpm_md_primary(&r, "/nonexistent", &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_and_their_relations),
		cmocka_unit_test(what_is_too_long_is_cut_and_said),
		cmocka_unit_test(what_is_no_such_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
