#include "patch/bundle-deb.h"

#include "need.h"

#include <zlib.h>

#define D "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
stanza(struct buf *out, const char *name, const char *version, const char *depends, const char *more)
{
	buf_addf(out,
		 "Package: %s\nVersion: %s\nArchitecture: amd64\nDepends: %s\n%sFilename: pool/%s_%s.deb\nSize: 7\n"
		 "Description: x\n long: text\nSHA256: " D "\n\n",
		 name, version, depends, more, name, version);
}

static struct world *
world_new(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	w->u.form = &need_form_deb;
	BUF_AUTO text = { 0 };
	BUF_AUTO backports = { 0 };
	stanza(&text, "openssl", "3.0.11", "libssl3 (>= 3.0.9)", "");
	stanza(&text, "openssl", "3.0.17", "libssl3 (>= 3.0.17), libc6 (>= 2.34), new-tool | other, virtual-mta", "");
	stanza(&text, "libssl3", "3.0.17", "libc6:any (>= 2.34), debconf (>= 0.5) | debconf-2.0", "");
	stanza(&text, "libc6", "2.36-9", "libgcc-s1", "");
	stanza(&text, "libgcc-s1", "12", "libc6", "");
	stanza(&text, "new-tool", "1", "deep (>= 5), missing-one", "");
	stanza(&text, "deep", "6", "", "");
	stanza(&text, "unrelated", "9", "", "");
	stanza(&text, "postfix", "3", "", "Provides: virtual-mta, x (= 1)\n");
	stanza(&text, "exim", "3", "", "Provides: virtual-mta\n");
	stanza(&text, "linux-image-amd64", "6.1.2", "linux-image-6.1.0-2-amd64 (= 6.1.2)", "");
	stanza(&text, "linux-image-6.1.0-2-amd64", "6.1.2", "kmod", "");
	stanza(&text, "kmod", "30", "", "");
	stanza(&text, "tool", "1.0", "", "");
	buf_add(&text, STR("Package: broken\nVersion: 1\n\nPackage: evil\nVersion: 1\nArchitecture: amd64\n"
			   "Filename: ../../etc/passwd\nSize: 1\nSHA256: " D "\n"));
	stanza(&backports, "tool", "3.0", "", "");
	stanza(&backports, "kmod", "99", "", "");
	const char *path = unit_path(state, "Packages.gz"), *path2 = unit_path(state, "Packages");
	gzFile gz = gzopen(path, "wb");
	assert_true(gzwrite(gz, text.ptr, (unsigned)text.len) == (int)text.len);
	assert_int_equal(gzclose(gz), Z_OK);
	assert_ok(file_write(path2, buf_str(&backports), 0600, &unit_err));
	if (!deb_packages_read(path, &(struct deb_origin){ 0, false }, &w->a, &w->u, &unit_err) ||
	    !deb_packages_read(path2, &(struct deb_origin){ 1, true }, &w->a, &w->u, &unit_err))
		fail_msg("%s", unit_err.text);
	need_universe_ready(&w->u, &w->a);
	w->repos[0] = w->repos[1] = true;
	return w;
}

static void
write_one(struct buf *out, const struct need_package *p)
{
	buf_addf(out, "%.*s %.*s", STR_ARG(p->name), STR_ARG(p->version));
}

/* "name version" of everything needed, in order. */
static const char *
needs(struct world *w, struct need *need)
{
	return world_needs(w, "amd64", need, ", ", write_one);
}

static void
an_archive_is_read(void **state)
{
	struct world *w = world_new(state);
	assert_read(w, 16, 2, "deep", "pool/deep_6.deb", D);
	world_free(w);
}

static void
upgrades_and_what_they_bring(void **state)
{
	struct world *w = world_new(state);
	struct need need = { 0 };
	assert_string_equal(needs(w, &need), "");
	world_install(w, "openssl", "3.0.9", "amd64");
	world_install(w, "libssl3", "3.0.9", "amd64");
	world_install(w, "libc6", "2.36-9", "amd64");
	world_install(w, "debconf-2.0", "1", "amd64");
	assert_string_equal(needs(w, &need), "deep 6, exim 3, libssl3 3.0.17, new-tool 1, openssl 3.0.17");
	assert_int_equal(need.upgrades, 2);
	assert_int_equal(need.added, 3);
	world_install(w, "postfix", "3", "amd64");
	world_install(w, "other", "1", "amd64");
	assert_string_equal(needs(w, &need), "libssl3 3.0.17, openssl 3.0.17");
	world_free(w);
}

static void
a_new_kernel_comes_by_its_metapackage(void **state)
{
	struct world *w = world_new(state);
	struct need need = { 0 };
	world_install(w, "linux-image-amd64", "6.1.1", "amd64");
	world_install(w, "linux-image-6.1.0-1-amd64", "6.1.1", "amd64");
	world_install(w, "kmod", "30", "amd64");
	assert_string_equal(needs(w, &need), "linux-image-6.1.0-2-amd64 6.1.2, linux-image-amd64 6.1.2");
	world_free(w);
}

static void
backports_only_for_what_came_from_there(void **state)
{
	struct world *w = world_new(state);
	struct need need = { 0 };
	world_install(w, "kmod", "30", "amd64");
	world_install(w, "tool", "2.0~bpo12", "amd64");
	assert_string_equal(needs(w, &need), "tool 3.0");
	w->repos[1] = false;
	assert_string_equal(needs(w, &need), "");
	world_free(w);
}

static void
other_archives_are_not_asked(void **state)
{
	struct world *w = world_new(state);
	struct need need = { 0 };
	world_install(w, "openssl", "3.0.9", "amd64");
	w->repos[0] = false;
	assert_string_equal(needs(w, &need), "");
	world_free(w);
}

static void
a_release_lists_its_files(void **state)
{
	ARENA_AUTO a = { 0 };
	struct deb_release r;
	assert_ok(
		deb_release_parse(&a,
				  STR("Origin: Debian\nAcquire-By-Hash: yes\nNotAutomatic: yes\nMD5Sum:\n 00 1 main/x\n"
				      "SHA256:\n " D "   12 main/binary-amd64/Packages.xz\n " D " 1 ../x\n zz 3 y\n"
				      "SHA512:\n " D " 5 other\n"),
				  &r, &unit_err));
	assert_true(r.by_hash && r.not_automatic && !r.but_automatic);
	assert_int_equal(r.files.count, 1);
	const struct deb_file *f = deb_release_find(&r, STR("main/binary-amd64/Packages.xz"));
	assert_non_null(f);
	assert_int_equal(f->size, 12);
	assert_null(deb_release_find(&r, STR("other")));
	assert_false(deb_release_parse(&a, STR("<html>"), &r, &unit_err));
}

static void
rubbish_is_no_archive(void **state)
{
	ARENA_AUTO a = { 0 };
	struct need_universe u = { 0 };
	const char *path = unit_path(state, "Packages.xz");
	assert_ok(file_write(path,
			     STR("\xfd"
				 "7zXZ\0\0\4rubbish that is no xz"),
			     0600, &unit_err));
	assert_false(deb_packages_read(path, &(struct deb_origin){ 0 }, &a, &u, &unit_err));
	assert_false(deb_packages_read(unit_path(state, "none"), &(struct deb_origin){ 0 }, &a, &u, &unit_err));
	assert_ok(file_write(path, STR(""), 0600, &unit_err));
	assert_ok(deb_packages_read(path, &(struct deb_origin){ 0 }, &a, &u, &unit_err));
	assert_int_equal(u.packages.count, 0);
}

int
main(void)
{
#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(an_archive_is_read),
		WITH_FOLDER(upgrades_and_what_they_bring),
		WITH_FOLDER(a_new_kernel_comes_by_its_metapackage),
		WITH_FOLDER(backports_only_for_what_came_from_there),
		WITH_FOLDER(other_archives_are_not_asked),
		cmocka_unit_test(a_release_lists_its_files),
		WITH_FOLDER(rubbish_is_no_archive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
