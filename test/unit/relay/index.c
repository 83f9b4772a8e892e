#include "relay/learn-internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* What was named, a line each: "folder/name size first-byte". */
static void
note(void *user, struct str directory, struct str name, const struct digest *d)
{
	buf_addf(user, "%.*s|%.*s %llu %02x\n", STR_ARG(directory), STR_ARG(name), (unsigned long long)d->size,
		 d->sha256[0]);
}

static void
note_release(void *user, struct str path, const struct digest *d)
{
	note(user, STR(""), path, d);
}

static void
reads_a_release(void **state)
{
	BUF_AUTO seen = { 0 };
	struct err e = { 0 };
	assert_true(release_parse(STR("Suite: x\nMD5Sum:\n 00 5 md5/only\nSHA256:\n " A
				      " 10 main/binary-amd64/Packages\n " B "\t20  main/Contents-amd64.gz\n " A
				      " 1 ../up\n " A " 1 /abs\n " A " x notsized\n zz 1 bad\n"
				      "SHA512:\n " A " 3 sha512/only\nAcquire-By-Hash: yes\n"),
				  note_release, &seen, &e));
	assert_string_equal(buf_cstr(&seen), "|main/binary-amd64/Packages 10 aa\n|main/Contents-amd64.gz 20 bb\n");
	assert_false(release_parse(STR("Suite: x\nMD5Sum:\n"), note_release, &seen, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_true(str_eq(release_field(STR("A: 1\nAcquire-By-Hash: yes\n"), STR("Acquire-By-Hash")), STR("yes")));
}

static void
read_index(const char *text, struct buf *seen)
{
	struct index_reader *r = xcalloc(1, sizeof(*r));
	struct str rest = str_of(text), line;
	r->each = note;
	r->user = seen;
	while (str_line(&rest, &line))
		index_line(r, line);
	index_end(r);
	free(r);
}

static void
reads_packages_sources_and_differences(void **state)
{
	static const struct {
		const char *text, *seen;
	} rows[] = {
		{ "Package: a\nFilename: pool/a.deb\nSize: 5\nSHA256: " A
		  "\n\nPackage: b\nSize: 6\nFilename: ./b.deb\nSHA256: " B "\n",
		  "|pool/a.deb 5 aa\n|b.deb 6 bb\n" },
		{ "Package: a\nFilename: ../a.deb\nSize: 5\nSHA256: " A "\n", "" },
		{ "Package: a\nFilename: a.deb\nSHA256: " A "\n", "" },
		{ "Package: a\nFilename: a.deb\nSize: 5\nSHA256: " A "a\n", "" },
		{ "Package: a\nFilename: a.deb\nSize: 5\n\nPackage: b\nSHA256: " A "\n", "" },
		{ "Package: s\nChecksums-Sha256:\n " A " 1 s.dsc\n " B " 2 s.tar.xz\nDirectory: pool/s\nFiles:\n " A
		  " 9 md5\n",
		  "pool/s|s.dsc 1 aa\npool/s|s.tar.xz 2 bb\n" },
		{ "SHA256-Current: " A " 5\nSHA256-Patches:\n " A " 7 T-1\nSHA256-Download:\n " B " 3 T-1.gz\n",
		  "|T-1 7 aa\n|T-1.gz 3 bb\n" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO seen = { 0 };
		read_index(rows[i].text, &seen);
		assert_string_equal(buf_cstr(&seen), rows[i].seen);
	}
}

static void
knows_what_is_an_index(void **state)
{
	static const struct {
		const char *url;
		bool index;
		enum signed_kind as;
	} rows[] = {
		{ "http://h/dists/s/InRelease", false, SIGNED_INRELEASE },
		{ "http://h/dists/s/Release", false, SIGNED_RELEASE },
		{ "http://h/dists/s/Release.gpg", false, SIGNED_SIGNATURE },
		{ "http://h/r/repodata/repomd.xml", false, SIGNED_REPOMD },
		{ "http://h/r/repodata/00-primary.xml.gz", true, SIGNED_NONE },
		{ "http://h/dists/s/main/binary-amd64/Packages.xz", true, SIGNED_NONE },
		{ "http://h/dists/s/main/binary-amd64/by-hash/SHA256/00", true, SIGNED_NONE },
		{ "http://h/dists/s/main/source/Sources.gz", true, SIGNED_NONE },
		{ "http://h/dists/s/main/binary-amd64/Packages.diff/Index", true, SIGNED_NONE },
		{ "http://h/dists/s/main/i18n/by-hash/SHA256/00", false, SIGNED_NONE },
		{ "http://h/pool/main/a/a_1_amd64.deb", false, SIGNED_NONE },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(index_kind(str_of(rows[i].url)), rows[i].index);
		assert_int_equal(signed_kind(str_of(rows[i].url)), rows[i].as);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_release),
		cmocka_unit_test(reads_packages_sources_and_differences),
		cmocka_unit_test(knows_what_is_an_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
