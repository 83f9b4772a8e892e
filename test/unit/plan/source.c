#include "plan/source.h"

#include "../os/unit.h"

static struct str
written(const struct source_list *l, struct arena *a)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	sources_write(l, &w);
	json_end_object(&w);
	return arena_str(a, buf_str(&out));
}

#define assert_written(l, text) \
	do { \
		struct str w_ = written((l), &a); \
		assert_string_equal(w_.ptr, (text)); \
	} while (0)

static void
lines_of_apt(void **state)
{
	ARENA_AUTO a = { 0 };
	struct source_list l = { 0 };
	sources_parse_apt_line(STR("# deb http://x y z\n"
				   "deb http://archive.example.org/debian/ bookworm main contrib # comment\n"
				   "deb-src http://archive.example.org/debian bookworm main\n"
				   "deb [arch=amd64,i386 signed-by=/usr/share/keyrings/a.gpg trusted=yes] "
				   "https://u:p@h.example:8443/r stable/ \n"
				   "deb http://half\n"
				   "rubbish\n"
				   "deb http://h flat main\n"
				   "deb http://h flat/ main\n"),
			       &a, &l);
	assert_int_equal(l.bad, 3);
	assert_written(&l, "{\"sources\":[{\"manager\":\"apt\",\"uri\":\"http://archive.example.org/"
			   "debian\",\"suite\":\"bookworm\","
			   "\"components\":[\"main\",\"contrib\"]},"
			   "{\"manager\":\"apt\",\"uri\":\"https://h.example:8443/r\",\"suite\":\"stable/"
			   "\",\"architectures\":[\"amd64\","
			   "\"i386\"],\"keys\":[\"/usr/share/keyrings/a.gpg\"],\"trusted\":true},"
			   "{\"manager\":\"apt\",\"uri\":\"http://h\",\"suite\":\"flat\",\"components\":[\"main\"]}]}");
}

static void
stanzas_of_apt(void **state)
{
	ARENA_AUTO a = { 0 };
	struct source_list l = { 0 };
	sources_parse_apt_stanzas(
		STR("Types: deb deb-src\nURIs: http://a/d http://b/d\nSuites: s s-updates\n"
		    "Components: main\n non-free\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
		    "Types: deb\nURIs: http://c\nSuites: s\nComponents: main\nEnabled: no\n\n"
		    "Types: deb-src\nURIs: http://c\nSuites: s\nComponents: main\n\n"
		    "Types: deb\nURIs: http://c\n\n"
		    "# a comment alone\n\n"
		    "types: deb\nuris: http://d\nsuites: ./\narchitectures: arm64"),
		&a, &l);
	assert_int_equal(l.bad, 1);
	assert_int_equal(l.items.count, 5);
	assert_string_equal(l.items.items[1].suite.ptr, "s-updates");
	assert_string_equal(l.items.items[2].uri.ptr, "http://b/d");
	assert_int_equal(l.items.items[0].component_count, 2);
	assert_int_equal(l.items.items[0].key_count, 0);
	assert_string_equal(l.items.items[4].suite.ptr, "./");
	assert_string_equal(l.items.items[4].architectures[0].ptr, "arm64");
}

static void
repositories_of_dnf(void **state)
{
	ARENA_AUTO a = { 0 };
	struct source_list l = { 0 };
	sources_parse_dnf(
		STR("[main]\nbaseurl=http://never\n"
		    "[baseos]\nname=x\nmirrorlist=https://m/$releasever\nbaseurl = https://b/$basearch/ "
		    "https://second\n"
		    "gpgkey=file:///etc/k1, file:///etc/k2\n"
		    "[off]\nbaseurl=http://off\nenabled=0\n[empty]\nenabled=1\n[meta]\nmetalink=https://ml\n"),
		&a, &l);
	assert_written(&l, "{\"sources\":[{\"manager\":\"dnf\",\"kind\":\"baseurl\",\"uri\":\"https://b/$basearch\","
			   "\"suite\":\"baseos\",\"keys\":[\"file:///etc/k1\",\"file:///etc/k2\"]},"
			   "{\"manager\":\"dnf\",\"kind\":\"metalink\",\"uri\":\"https://ml\",\"suite\":\"meta\"}]}");
}

static void
files_of_a_root(void **state)
{
	ARENA_AUTO a = { 0 };
	struct source_list l;
	struct root r;
	const char *const folders[] = { "etc/apt/sources.list.d", "etc/yum.repos.d", "etc/apk", "var/lib/dpkg" };
	for (size_t i = 0; i < COUNT(folders); i++)
		assert_ok(dir_make(unit_path(state, folders[i]), 0755, &unit_err));
	assert_ok(file_write(unit_path(state, "etc/apt/sources.list"), STR("deb http://a s main\n"), 0644, &unit_err));
	assert_ok(file_write(unit_path(state, "etc/apt/sources.list.d/b.sources"),
			     STR("Types: deb\nURIs: http://b\nSuites: s\nComponents: main\nArchitectures: armhf\n"),
			     0644, &unit_err));
	assert_ok(file_write(unit_path(state, "etc/apt/sources.list.d/c.save"), STR("deb http://c s main\n"), 0644,
			     &unit_err));
	assert_ok(file_write(unit_path(state, "var/lib/dpkg/arch"), STR("amd64\ni386\n"), 0644, &unit_err));
	assert_ok(file_write(unit_path(state, "etc/yum.repos.d/x.repo"),
			     STR("[x]\nbaseurl=http://r/$releasever/$basearch\n"), 0644, &unit_err));
	assert_ok(file_write(unit_path(state, "etc/apk/repositories"),
			     STR("#c\nhttp://k/v3/main/\n@edge http://k/edge\n"), 0644, &unit_err));
	assert_ok(root_open(&r, unit_dir(state), &unit_err));
	sources_read(&r, &a, STR("amd64"), STR("9.4"), &l);
	root_close(&r);
	assert_written(
		&l,
		"{\"sources\":[{\"manager\":\"apt\",\"uri\":\"http://a\",\"suite\":\"s\",\"components\":[\"main\"],"
		"\"architectures\":[\"amd64\",\"i386\"]},"
		"{\"manager\":\"apt\",\"uri\":\"http://b\",\"suite\":\"s\",\"components\":[\"main\"],"
		"\"architectures\":[\"armhf\"]},"
		"{\"manager\":\"dnf\",\"kind\":\"baseurl\",\"uri\":\"http://r/9/amd64\",\"suite\":\"x\","
		"\"architectures\":[\"amd64\"]},"
		"{\"manager\":\"apk\",\"uri\":\"http://k/v3/main\"},{\"manager\":\"apk\",\"uri\":\"http://k/edge\"}]}");
}

static void
what_a_host_says_is_capped(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct source_list l;
	struct json *j;
	buf_add(&text,
		STR("{\"sources\":[7,{\"manager\":\"apt\"},{\"manager\":\"apt\",\"uri\":\"u\",\"components\":[1]}"));
	for (int i = 0; i < SOURCES_MAX + 10; i++)
		buf_add(&text,
			STR(",{\"manager\":\"apt\",\"uri\":\"http://h\",\"suite\":\"s\",\"components\":[\"main\"]}"));
	buf_add(&text, STR("]}"));
	assert_ok(json_parse(&a, buf_str(&text), NULL, &j, &unit_err));
	sources_parse(&a, j, &l);
	assert_int_equal(l.items.count, SOURCES_MAX);
	assert_int_equal(l.bad, 3);
	assert_string_equal(l.items.items[0].components[0].ptr, "main");
}

static void
lines_of_apk_and_urls(void **state)
{
	ARENA_AUTO a = { 0 };
	struct source_list l = { 0 };
	sources_parse_apk(STR("\n@only\nhttps://u@h/x\n"), &a, &l);
	assert_int_equal(l.items.count, 1);
	assert_string_equal(l.items.items[0].uri.ptr, "https://h/x");
	assert_string_equal(source_url(&a, STR("http://h/d//"), "/dists/s").ptr, "http://h/d/dists/s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_apt),
		cmocka_unit_test(stanzas_of_apt),
		cmocka_unit_test(repositories_of_dnf),
		cmocka_unit_test_setup_teardown(files_of_a_root, unit_setup, unit_teardown),
		cmocka_unit_test(what_a_host_says_is_capped),
		cmocka_unit_test(lines_of_apk_and_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
