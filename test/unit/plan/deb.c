#include "plan/deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "../os/unit.h"

static struct str
gzip(struct str text, struct arena *a)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text.ptr, .avail_in = (uInt)text.len };
	size_t cap = text.len + 1000;
	char *out = arena_alloc(a, cap, 1);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t len = cap - z.avail_out;
	(void)deflateEnd(&z);
	return str_sub(out, len);
}

static void
entry(struct archive *out, const char *name, struct str content)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_size(e, (la_int64_t)content.len);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	assert_int_equal(archive_write_header(out, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(out, content.ptr, content.len), (la_ssize_t)content.len);
	archive_entry_free(e);
}

/* A .deb with these two files (NULL: without). */
static struct str
deb_make(struct arena *a, const char *debian, const char *native)
{
	static char tar[65536], ar[65536];
	size_t tar_used = 0, ar_used = 0;
	struct archive *inner = archive_write_new(), *outer = archive_write_new();

	(void)archive_write_add_filter_xz(inner);
	(void)archive_write_set_format_ustar(inner);
	assert_int_equal(archive_write_open_memory(inner, tar, sizeof(tar), &tar_used), ARCHIVE_OK);
	entry(inner, "./usr/bin/tool", STR("binary"));
	if (native)
		entry(inner, "./usr/share/doc/tool/changelog.gz", gzip(str_of(native), a));
	if (debian)
		entry(inner, "./usr/share/doc/tool/changelog.Debian.gz", gzip(str_of(debian), a));
	entry(inner, "./usr/share/doc/tool/examples/changelog.gz", gzip(STR("not this one"), a));
	assert_int_equal(archive_write_close(inner), ARCHIVE_OK);
	(void)archive_write_free(inner);
	(void)archive_write_set_format_ar_svr4(outer);
	assert_int_equal(archive_write_open_memory(outer, ar, sizeof(ar), &ar_used), ARCHIVE_OK);
	entry(outer, "debian-binary", STR("2.0\n"));
	entry(outer, "control.tar.xz", STR("unread"));
	entry(outer, "data.tar.xz", str_sub(tar, tar_used));
	assert_int_equal(archive_write_close(outer), ARCHIVE_OK);
	(void)archive_write_free(outer);
	return arena_str(a, str_sub(ar, ar_used));
}

static void
the_changelog_comes_out(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO got = { 0 };
	static const struct {
		const char *debian, *native, *expected;
	} cases[] = {
		{ "tool (1) x; urgency=low\n", "upstream news", "tool (1) x; urgency=low\n" },
		{ NULL, "tool (2) x; urgency=low\n", "tool (2) x; urgency=low\n" },
		{ NULL, NULL, "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		unit_put(state, "t.deb", deb_make(&a, cases[i].debian, cases[i].native));
		buf_truncate(&got, 0);
		assert_ok(deb_changelog(unit_path(state, "t.deb"), &got, &unit_err));
		assert_str(buf_str(&got), cases[i].expected);
	}
}

/* Cut anywhere: an error or what was whole, never more. */
static void
damage_is_an_error(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str whole = deb_make(&a, "tool (1) x; urgency=low\n", NULL);
	size_t refused = 0;

	for (size_t len = 0; len < whole.len - 100; len += 37) {
		BUF_AUTO got = { 0 };
		unit_put(state, "t.deb", str_head(whole, len));
		if (!deb_changelog(unit_path(state, "t.deb"), &got, &unit_err)) {
			assert_int_equal(unit_err.code, ERR_INPUT);
			refused++;
		}
	}
	assert_true(refused > 5);
}

static void
unpacking_is_capped(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO got = { 0 };
	BUF_AUTO zeros = { 0 };

	memset(buf_reserve(&zeros, 1 << 20), 'x', 1 << 20);
	zeros.len = 1 << 20;
	assert_true(gzip_head(gzip(buf_str(&zeros), &a), 1000, &got));
	assert_int_equal(got.len, 1000);
	assert_false(gzip_head(STR("no gzip at all"), 1000, &got));
}

static void
file_names_are_quoted_as_apt_does(void **state)
{
	BUF_AUTO got = { 0 };

	deb_file_name(STR("bind9-libs"), STR("1:9.18.33-1~deb12u2"), STR("amd64"), &got);
	assert_str(buf_str(&got), "bind9-libs_1%3a9.18.33-1~deb12u2_amd64.deb");
	buf_truncate(&got, 0);
	deb_file_name(STR("../x"), STR("1_2+b1"), STR("all"), &got);
	assert_str(buf_str(&got), "..%2fx_1%5f2+b1_all.deb");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_changelog_comes_out),
		unit_test_in_folder(damage_is_an_error),
		cmocka_unit_test(unpacking_is_capped),
		cmocka_unit_test(file_names_are_quoted_as_apt_does),
	};

	return cmocka_run_group_tests_name("plan/deb", tests, NULL, NULL);
}
