#include "patch/bundle-rpm.h"

#include "need.h"

#define D "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define E(name) "<rpm:entry name=\"" name "\"/>"
#define EV(name, flags, ver) "<rpm:entry name=\"" name "\" flags=\"" flags "\" epoch=\"0\" ver=\"" ver "\"/>"
#define EVR(name, flags, ver, rel) \
	"<rpm:entry name=\"" name "\" flags=\"" flags "\" epoch=\"0\" ver=\"" ver "\" rel=\"" rel "\"/>"

static void
package(struct buf *out, const char *name, const char *arch, const char *version, const char *release,
	const char *requires, const char *more)
{
	buf_addf(out,
		 "<package type=\"rpm\"><name>%s</name><arch>%s</arch><version epoch=\"0\" ver=\"%s\" rel=\"%s\"/>"
		 "<checksum type=\"sha256\" pkgid=\"YES\">" D "</checksum><size package=\"7\" installed=\"9\"/>"
		 "<location href=\"Packages/%s-%s-%s.%s.rpm\"/><format><rpm:provides>%s</rpm:provides>"
		 "<rpm:requires>%s</rpm:requires></format></package>",
		 name, arch, version, release, name, version, release, arch, more, requires);
}

static struct world *
world_new(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	BUF_AUTO x = { 0 };
	const char *path = unit_path(state, "primary.xml");
	w->u.form = &need_form_rpm;
	buf_addf(&x, "<metadata xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">");
	package(&x, "tool", "x86_64", "1.9", "1", "", "");
	package(&x, "tool", "x86_64", "1.10", "1",
		E("libssl.so.3()(64bit)") EV("python(abi)", "EQ", "3.11") E("/bin/sh") E("rpmlib(X)"), "");
	package(&x, "tool", "i686", "1.10", "1", "", "");
	package(&x, "tool-data", "noarch", "2", "1", EV("tool", "GE", "1.10") E("base"), "");
	package(&x, "openssl-libs", "x86_64", "3.0", "1", E("glibc"), E("libssl.so.3()(64bit)"));
	package(&x, "openssl-libs", "x86_64", "3.0", "2", "", E("libssl.so.3()(64bit)"));
	package(&x, "openssl-libs", "i686", "3.0", "2", "", E("libssl.so.3"));
	package(&x, "python3", "x86_64", "3.9", "1", "", EV("python(abi)", "EQ", "3.9"));
	package(&x, "python3.11", "x86_64", "3.11", "1", "", EV("python(abi)", "EQ", "3.11"));
	package(&x, "bash", "x86_64", "5", "1", "", E("/bin/sh"));
	package(&x, "base", "x86_64", "1", "1", "", "");
	package(&x, "base", "i686", "1", "1", "", "");
	package(&x, "glibc", "x86_64", "2.34", "1", "", EV("old-api", "EQ", "1"));
	package(&x, "glibc", "x86_64", "2.39", "1", "", "");
	package(&x, "compat", "x86_64", "1", "1", "", EV("old-api", "EQ", "1"));
	package(&x, "user", "x86_64", "2", "1", EV("old-api", "GE", "1") EVR("base", "EQ", "1", "1"), "");
	package(&x, "rich", "x86_64", "2", "1",
		E("(absent-a or compat)") E("(base if python3)") E("(tool-data if nowhere)") E("(bash and base)")
			E("((a or b) if c)"),
		"");
	buf_addf(&x, "<package type=\"rpm\"><name>evil</name><arch>noarch</arch><version ver=\"1\" rel=\"1\"/>"
		     "<checksum type=\"sha256\">" D "</checksum><size package=\"7\"/>"
		     "<location href=\"../../etc/passwd\"/></package></metadata>");
	assert_ok(file_write(path, buf_str(&x), 0600, &unit_err));
	if (!rpm_primary_read(path, 0, &w->a, &w->u, &unit_err))
		fail_msg("%s", unit_err.text);
	need_universe_ready(&w->u, &w->a);
	w->repos[0] = true;
	return w;
}

static void
write_one(struct buf *out, const struct need_package *p)
{
	buf_addf(out, "%.*s-%.*s.%.*s", STR_ARG(p->name), STR_ARG(p->version), STR_ARG(p->arch));
}

/* "name-version.arch" of everything needed, in order. */
static const char *
needs(struct world *w)
{
	struct need need = { 0 };
	return world_needs(w, "x86_64", &need, " ", write_one);
}

static void
a_repository_is_read(void **state)
{
	struct world *w = world_new(state);
	assert_read(w, 17, 1, "base", "Packages/base-1-1.i686.rpm", D);
	world_free(w);
}

static void
the_newest_of_its_architecture_and_what_it_needs(void **state)
{
	struct world *w = world_new(state);
	assert_string_equal(needs(w), "");
	world_install(w, "tool", "1.9-1", "x86_64");
	world_install(w, "python3", "3.9-1", "x86_64");
	/* 1.10 is newer than 1.9; another version of the capability is not enough. */
	assert_string_equal(needs(w), "bash-5-1.x86_64 openssl-libs-3.0-2.x86_64 python3.11-3.11-1.x86_64 "
				      "tool-1.10-1.x86_64");
	world_install(w, "bash", "5-1", "x86_64");
	world_install(w, "openssl-libs", "3.0-2", "x86_64");
	world_install(w, "python3.11", "3.11-1", "x86_64");
	assert_string_equal(needs(w), "tool-1.10-1.x86_64");
	world_install(w, "tool-data", "1-1", "noarch");
	assert_string_equal(needs(w), "base-1-1.x86_64 tool-1.10-1.x86_64 tool-data-2-1.noarch");
	world_free(w);
}

static void
what_an_upgrade_no_longer_provides_comes_from_another(void **state)
{
	struct world *w = world_new(state);
	world_install(w, "glibc", "2.34-1", "x86_64");
	world_install(w, "user", "1-1", "x86_64");
	world_install(w, "base", "1-1", "x86_64");
	assert_string_equal(needs(w), "compat-1-1.x86_64 glibc-2.39-1.x86_64 user-2-1.x86_64");
	world_free(w);
}

static void
rich_dependencies(void **state)
{
	struct world *w = world_new(state);
	world_install(w, "rich", "1-1", "x86_64");
	assert_string_equal(needs(w), "base-1-1.x86_64 bash-5-1.x86_64 compat-1-1.x86_64 rich-2-1.x86_64");
	static const struct {
		const char *line, *groups;
	} cases[] = {
		{ "foo\t>=\t1.2", "foo\t>=\t1.2\n" },
		{ "rpmlib(PayloadIsZstd)\t<=\t5.4", "" },
		{ "(a or b >= 2 or c)", "a|b\t>=\t2|c\n" },
		{ "(a >= 1 with a < 2)", "a\t>=\t1\na\t<\t2\n" },
		{ "(a if b)", "!b|a\n" },
		{ "(a unless b)", "b|a\n" },
		{ "(a without b)", "a\n" },
		{ "(a or (b and c))", "" },
		{ "(a", "" },
		{ "()", "" },
		{ "a|b", "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO out = { 0 };
		rpm_requires_add(str_of(cases[i].line), &out);
		assert_string_equal(buf_cstr(&out), cases[i].groups);
	}
	world_free(w);
}

static void
what_a_repository_lists(void **state)
{
	ARENA_AUTO a = { 0 };
	struct rpm_lists l;
#define DATA(type, href) \
	"<data type=\"" type "\"><checksum type=\"sha256\">" D "</checksum><location href=\"" href "\"/>" \
	"<size>5</size></data>"
	assert_ok(rpm_lists_parse(&a,
				  STR("<repomd>" DATA("other", "repodata/o") DATA("primary_db", "repodata/b")
					      DATA("filelists", "repodata/f") DATA("primary", "repodata/p")
						      DATA("updateinfo", "../u") "</repomd>"),
				  &l, &unit_err));
	assert_int_equal(l.items.count, 2);
	assert_string_equal(rpm_lists_primary(&l)->path.ptr, "repodata/p");
	assert_false(rpm_lists_parse(&a, STR("<repomd>" DATA("filelists", "repodata/f") "</repomd>"), &l, &unit_err));
	assert_false(rpm_lists_parse(&a, STR("<html>"), &l, &unit_err));
	(void)state;
}

int
main(void)
{
#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_repository_is_read),
		WITH_FOLDER(the_newest_of_its_architecture_and_what_it_needs),
		WITH_FOLDER(what_an_upgrade_no_longer_provides_comes_from_another),
		WITH_FOLDER(rich_dependencies),
		cmocka_unit_test(what_a_repository_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
