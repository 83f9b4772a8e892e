#include "relay/learn-internal.h"

#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void
note(void *user, struct str href, const struct digest *d, struct str type)
{
	buf_addf(user, "%.*s %.*s %llu %02x\n", STR_ARG(type), STR_ARG(href), (unsigned long long)d->size,
		 d->sha256[0]);
}

static const char repomd[] =
	"<?xml version=\"1.0\"?><repomd xmlns=\"http://linux.duke.edu/metadata/repo\">"
	"<data type=\"primary\"><checksum type=\"sha256\">" A "</checksum><open-checksum type=\"sha256\">" B
	"</open-checksum>"
	"<location href=\"repodata/p.xml.gz\"/><size>10</size><open-size>99</open-size></data>"
	"<data type=\"old\"><checksum type=\"sha\">" B "</checksum><location href=\"repodata/o\"/><size>5</size></data>"
	"<data type=\"other\"><checksum type=\"sha256\">" B
	"</checksum><location href=\"repodata/q\"/><size>7</size></data>"
	"</repomd>";

static void
reads_repomd(void **state)
{
	BUF_AUTO seen = { 0 };
	struct err e = { 0 };
	assert_true(repomd_parse(str_of(repomd), note, &seen, &e));
	assert_string_equal(buf_cstr(&seen), "primary repodata/p.xml.gz 10 aa\nother repodata/q 7 bb\n");
	assert_false(repomd_parse(STR("<repomd><data>"), note, &seen, &e));
	assert_false(repomd_parse(STR("<!DOCTYPE r [<!ENTITY x \"y\">]><repomd>&x;</repomd>"), note, &seen, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

static void
reads_primary(void **state)
{
	static const char text[] =
		"<metadata><package type=\"rpm\"><name>a</name><checksum type=\"sha256\" pkgid=\"YES\">" A "</checksum>"
		"<size package=\"1234\" installed=\"9\" archive=\"8\"/><location href=\"Packages/a.rpm\"/>"
		"<format><size>5</size></format></package>"
		"<package type=\"rpm\"><checksum type=\"sha256\">" B
		"</checksum><location href=\"b.rpm\"/></package></metadata>";
	char folder[] = "/tmp/mamori-rpm-XXXXXX";
	BUF_AUTO path = { 0 };
	BUF_AUTO seen = { 0 };
	assert_non_null(mkdtemp(folder));
	buf_addf(&path, "%s/primary.xml", folder);
	assert_true(file_write(path.ptr, str_of(text), 0644, NULL));
	assert_true(primary_read(path.ptr, note, &seen, NULL));
	/* Without a size a file cannot be held to one. */
	assert_string_equal(buf_cstr(&seen), "rpm Packages/a.rpm 1234 aa\n");
	assert_true(dir_remove_all(folder, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_repomd),
		cmocka_unit_test(reads_primary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
