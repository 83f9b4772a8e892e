/* Package URLs: our own table, then every test of the specification beside the repository. */
#include "vuln/purl.h"
#include "../known.h"
#include "base/json.h"
#include "unit.h"

#include <dirent.h>

/* ---- our own ---- */

static void
parts_of_a_purl(void **state)
{
	ARENA_AUTO a = { 0 };
	struct purl p;
	assert_ok(purl_parse(STR("PKG://Deb/Debian/libSSL3@1%3a3.0%2B1?distro=bookworm&arch=amd64&empty=#/a/./b%20c/"),
			     PURL_STRICT, &a, &p, &unit_err));
	assert_str(p.type, "deb");
	assert_str(p.namespace, "debian");
	assert_str(p.name, "libssl3");
	assert_str(p.version, "1:3.0+1");
	assert_str(p.subpath, "a/b c");
	assert_int_equal(p.qualifiers.count, 2);
	assert_str(p.qualifiers.items[0].key, "arch");
	assert_str(p.qualifiers.items[1].value, "bookworm");
	BUF_AUTO text = { 0 };
	assert_ok(purl_build(&p, &text, &unit_err));
	assert_str(buf_str(&text), "pkg:deb/debian/libssl3@1:3.0%2B1?arch=amd64&distro=bookworm#a/b%20c");
}

static void
canonical_texts(void **state)
{
	static const char *const pairs[][2] = {
		{ "pkg:npm/@Angular/Core@1.0", "pkg:npm/%40angular/core@1.0" },
		{ "pkg:npm/@angular/core", "pkg:npm/%40angular/core" },
		{ "pkg:golang/Example.org/X@v1/2", "pkg:golang/example.org/x@v1%2F2" },
		{ "pkg:pypi/My_Package@1.0RC1", "pkg:pypi/my-package@1.0rc1" },
		{ "pkg:pub/My-Thing", "pkg:pub/my_thing" },
		{ "pkg:cpan/gdt/URI-PackageURL", "pkg:cpan/GDT/URI-PackageURL" },
		{ "pkg:git/example.org/A/b/C@main", "pkg:git/example.org/A/b/C@main" },
		{ "pkg:git/GitHub.com/A/B", "pkg:git/github.com/a/b" },
		{ "pkg:brew/node@20@20.1", "pkg:brew/node%4020@20.1" },
		{ "pkg:new.type/a/B@C?K=v", "pkg:new.type/a/B@C?k=v" },
		{ "pkg:generic/%E5%AE%88%E3%82%8A@1", "pkg:generic/%E5%AE%88%E3%82%8A@1" },
		{ "pkg:generic/a#%2E%2E/b/../c", "pkg:generic/a#b/c" },
		{ "pkg:generic/a?x=1+1~", "pkg:generic/a?x=1%2B1~" },
	};
	for (size_t i = 0; i < COUNT(pairs); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		struct purl p;
		if (!purl_parse(str_of(pairs[i][0]), PURL_LENIENT, &a, &p, &unit_err) ||
		    !purl_build(&p, &text, &unit_err))
			fail_msg("%s: %s", pairs[i][0], unit_err.text);
		assert_string_equal(buf_cstr(&text), pairs[i][1]);
	}
}

static void
what_is_no_purl(void **state)
{
	static const char *const bad[][2] = {
		{ "", "begins with pkg:" },
		{ "http://example.org/", "begins with pkg:" },
		{ "pkg:", "names a type" },
		{ "pkg:deb", "names a type" },
		{ "pkg:/deb/", "needs a name" },
		{ "pkg:deb/", "needs a name" },
		{ "pkg:generic/@1", "needs a name" },
		{ "pkg:generic/a/@1", "needs a name" },
		{ "pkg:1a/b", "no package type" },
		{ "pkg:a%20/b", "no package type" },
		{ "pkg:deb/curl@1", "need a namespace" },
		{ "pkg:cargo/a/b", "have no namespace" },
		{ "pkg:julia/Dates", "need the qualifier uuid" },
		{ "pkg:generic/a?x", "has no =" },
		{ "pkg:generic/a?1=2", "no qualifier's key" },
		{ "pkg:generic/a?=2", "no qualifier's key" },
		{ "pkg:generic/a?Arch=2", "not in lower case" },
		{ "pkg:generic/a?x=1&x=2", "is there twice" },
		{ "pkg:generic/a%zz", "two hexadecimal digits" },
		{ "pkg:generic/a%2", "two hexadecimal digits" },
		{ "pkg:generic/%ff", "not valid UTF-8" },
		{ "pkg:generic/a%00b", "not valid UTF-8" },
		{ "pkg:generic/a%2Fb/c", "cannot hold a slash" },
		{ "pkg:generic/a#b%2Fc", "cannot hold a slash" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct purl p = { .name = STR("untouched") };
		struct err e = { 0 };
		if (purl_parse(str_of(bad[i][0]), PURL_STRICT, &a, &p, &e) || !strstr(e.text, bad[i][1]))
			fail_msg("%s: “%s”, not “%s”", bad[i][0], e.text, bad[i][1]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_str(p.name, "untouched");
	}
}

static void
a_long_one_is_refused(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct purl p;
	struct err e = { 0 };
	buf_add(&text, STR("pkg:generic/"));
	while (text.len <= PURL_MAX)
		buf_add_char(&text, 'a');
	assert_false(purl_parse(buf_str(&text), PURL_STRICT, &a, &p, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_true(purl_parse(str_head(buf_str(&text), PURL_MAX), PURL_STRICT, &a, &p, &e));
}

/* ---- the specification's ---- */

static void
fail_test(const char *file, const struct json *test, const char *why)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_tree(&w, test);
	fail_msg("%s: %s: %.*s", file, why, STR_ARG(buf_str(&text)));
}

static struct str
part(const struct json *parts, const char *key)
{
	struct str s = json_get_str(parts, key);
	return s.ptr ? s : STR("");
}

static bool
same_parts(const struct purl *p, const struct json *parts)
{
	const struct json *q = json_get(parts, "qualifiers");
	size_t count = q && q->kind == JSON_KIND_OBJECT ? q->count : 0;
	if (p->qualifiers.count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct purl_qualifier mine = p->qualifiers.items[i];
		BUF_AUTO key = { 0 };
		buf_add(&key, mine.key);
		struct str value = json_get_str(q, buf_cstr(&key));
		if (!value.ptr || !str_eq(value, mine.value))
			return false;
	}
	return str_eq(p->type, part(parts, "type")) && str_eq(p->namespace, part(parts, "namespace")) &&
	       str_eq(p->name, part(parts, "name")) && str_eq(p->version, part(parts, "version")) &&
	       str_eq(p->subpath, part(parts, "subpath"));
}

static void
build_of_parts(struct arena *a, const struct json *parts, struct purl *p)
{
	const struct json *q = json_get(parts, "qualifiers");
	*p = (struct purl){ .type = part(parts, "type"),
			    .namespace = part(parts, "namespace"),
			    .name = part(parts, "name"),
			    .version = part(parts, "version"),
			    .subpath = part(parts, "subpath") };
	for (size_t i = 0; q && i < q->count; i++)
		*ARRAY_PUSH(a, &p->qualifiers) = (struct purl_qualifier){ q->key[i], q->item[i].text };
}

struct tally {
	size_t parse, build, roundtrip;
};

static void
check_test(struct arena *a, const char *file, const struct json *t, struct tally *done)
{
	bool fails = json_get_bool(t, "expected_failure", false);
	struct str kind = json_get_str(t, "test_type");
	struct purl p = { 0 };
	BUF_AUTO text = { 0 };
	struct err e = { 0 };
	bool ok;

	if (str_eq(kind, STR("build"))) {
		build_of_parts(a, json_get(t, "input"), &p);
		ok = purl_build(&p, &text, &e);
		done->build++;
	} else {
		bool parse = str_eq(kind, STR("parse"));
		if (!parse && !str_eq(kind, STR("validate")) && !str_eq(kind, STR("roundtrip")))
			fail_test(file, t, "a kind of test that is not known");
		ok = purl_parse(json_get_str(t, "input"), parse ? PURL_STRICT : PURL_LENIENT, a, &p, &e);
		if (ok && parse && !fails && !same_parts(&p, json_get(t, "expected_output")))
			fail_test(file, t, "other parts");
		*(parse ? &done->parse : &done->roundtrip) += 1;
		ok = ok && purl_build(&p, &text, &e);
		if (parse && ok)
			text.len = 0;
	}
	if (ok == fails)
		fail_test(file, t, ok ? "should have failed" : e.text);
	if (ok && text.len > 0 && !str_eq(buf_str(&text), json_get_str(t, "expected_output")))
		fail_test(file, t, buf_cstr(&text));
}

static void
run_file(const char *file, struct tally *done)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO path = { 0 }, text = { 0 };
	struct json *doc;
	size_t count;

	buf_addf(&path, "purl-spec/tests/%s", file);
	assert_true(known_read(buf_cstr(&path), &text));
	assert_ok(json_parse(&a, buf_str(&text), NULL, &doc, &unit_err));
	const struct json *tests = json_get_array(doc, "tests", &count);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		check_test(&a, file, &tests[i], done);
}

static void
tests_of_the_specification(void **state)
{
	BUF_AUTO path = { 0 };
	struct tally done = { 0 };
	size_t files = 1;
	DIR *folder = opendir(known_path(&path, "purl-spec/tests/types"));
	if (!folder) {
		buf_free(&path);
		skip();
	}
	run_file("spec/specification-test.json", &done);
	for (struct dirent *d; (d = readdir(folder));) {
		BUF_AUTO file = { 0 };
		buf_addf(&file, "types/%s", d->d_name);
		if (!str_ends(buf_str(&file), STR("-test.json")))
			continue;
		run_file(buf_cstr(&file), &done);
		files++;
	}
	closedir(folder);
	print_message("# %zu files: %zu parse, %zu build, %zu roundtrip\n", files, done.parse, done.build,
		      done.roundtrip);
	assert_true(files >= 43);
	assert_true(done.parse >= 206 && done.build >= 176 && done.roundtrip >= 204);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_a_purl),
		cmocka_unit_test(canonical_texts),
		cmocka_unit_test(what_is_no_purl),
		cmocka_unit_test(a_long_one_is_refused),
		cmocka_unit_test(tests_of_the_specification),
	};
	return cmocka_run_group_tests_name("vuln/purl", tests, NULL, NULL);
}
