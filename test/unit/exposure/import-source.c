/* Splitting: whatever the file's shape and packing, the same records come out, and what cannot be a record is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"

#include "exposure/banner.h"
#include "os/file.h"

#include <archive.h>
#include <archive_entry.h>

enum { MANY = 20000 };

static void
add_record(struct buf *out, int i, bool pretty)
{
	buf_addf(out,
		 "{\"ip_str\":\"192.0.%d.%d\",%s\"port\":%d,\"transport\":\"tcp\",\"data\":\"}]{\\\"%05d\\\\\","
		 "\"timestamp\":"
		 "\"2026-01-01T00:00:00\"}",
		 i / 250 % 250, i % 250, pretty ? "\n \t" : "", i % 65536, i);
}

enum shape { LINES, LINES_CRLF, ARRAY, ARRAY_PRETTY, BEHIND, SHAPES };

static void
make(enum shape shape, struct buf *out)
{
	static const char *const between[SHAPES] = { "\n", "\r\n", ",", ",\n\n", " " };
	if (shape == ARRAY || shape == ARRAY_PRETTY)
		buf_add(out, shape == ARRAY ? STR("[") : STR("\xef\xbb\xbf[\n"));
	for (int i = 0; i < MANY; i++) {
		buf_add(out, i ? str_of(between[shape]) : STR(""));
		add_record(out, i, shape == ARRAY_PRETTY);
	}
	if (shape == ARRAY || shape == ARRAY_PRETTY)
		buf_add(out, STR("]\n"));
}

static void
test_shapes(void **state)
{
	BUF_AUTO expected = { 0 };
	for (int shape = 0; shape < SHAPES; shape++) {
		struct collected c = { 0 };
		BUF_AUTO text = { 0 };
		make(shape, &text);
		collect_text(buf_str(&text), &c);
		assert_string_equal(c.importer, "shodan");
		assert_int_equal(c.counts.kept, MANY);
		assert_int_equal(c.counts.read, MANY);
		if (shape == LINES)
			buf_add(&expected, buf_str(&c.text));
		assert_true(str_eq(buf_str(&c.text), buf_str(&expected)));
		collect_free(&c);
	}
}

static void
pack(const char *path, struct str text, int (*filter)(struct archive *))
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	assert_int_equal(filter(a), ARCHIVE_OK);
	archive_write_set_format_raw(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "x");
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, text.ptr, text.len), (la_ssize_t)text.len);
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

static void
test_packings(void **state)
{
	static int (*const filters[])(struct archive *) = { archive_write_add_filter_gzip,
							    archive_write_add_filter_zstd, archive_write_add_filter_xz,
							    archive_write_add_filter_bzip2 };
	BUF_AUTO text = { 0 };
	make(LINES, &text);
	for (size_t i = 0; i < COUNT(filters); i++) {
		char path[] = "/tmp/mamori-pack.XXXXXX";
		struct collected c = { 0 };
		close(mkstemp(path));
		pack(path, buf_str(&text), filters[i]);
		collect_path(path, &c);
		assert_int_equal(c.counts.kept, MANY);
		assert_int_equal(c.counts.read, MANY);
		collect_free(&c);
		/* A download that broke off: what came is kept, and that something is missing is counted. */
		assert_int_equal(truncate(path, file_size(path) * 3 / 4), 0);
		collect_path(path, &c);
		if (i != 3) { /* bzip2 packs all of it into one block */
			assert_true(c.counts.kept > 0);
			assert_true(c.counts.kept < MANY);
			assert_non_null(strstr(buf_cstr(&c.raw), "(cut-off 1)"));
		}
		collect_free(&c);
		unlink(path);
	}
}

static void
test_too_long(void **state)
{
	/* A line, and an array's element, of more than is accepted between good ones. */
	for (int array = 0; array < 2; array++) {
		struct collected c = { 0 };
		BUF_AUTO text = { 0 };
		buf_add(&text, array ? STR("[") : STR(""));
		add_record(&text, 1, false);
		buf_addf(&text, "%s{\"data\":\"", array ? "," : "\n");
		memset(buf_reserve(&text, BANNER_RAW_MAX + (3 << 20)), 'x', BANNER_RAW_MAX + (3 << 20));
		text.len += BANNER_RAW_MAX + (3 << 20);
		buf_addf(&text, "\"}%s", array ? "," : "\n");
		add_record(&text, 2, false);
		buf_add(&text, array ? STR("]") : STR("\n"));
		collect_text(buf_str(&text), &c);
		assert_int_equal(c.counts.kept, 2);
		assert_int_equal(c.counts.read, 3);
		assert_non_null(strstr(buf_cstr(&c.raw), "(too-long 1)"));
		collect_free(&c);
	}
}

/* A gigabyte on one line: passed over in the memory of one record. */
static void
test_gigabyte_line(void **state)
{
	char path[] = "/tmp/mamori-long.XXXXXX";
	struct collected c = { 0 };
	BUF_AUTO first = { 0 };
	int fd = mkstemp(path);
	add_record(&first, 1, false);
	buf_add_char(&first, '\n');
	assert_int_equal(write(fd, first.ptr, first.len), (ssize_t)first.len);
	/* A hole reads as zeros and takes no disk. */
	assert_int_equal(ftruncate(fd, (off_t)1 << 30), 0);
	assert_true(lseek(fd, 0, SEEK_END) > 0);
	assert_int_equal(write(fd, "\n", 1), 1);
	assert_int_equal(write(fd, first.ptr, first.len), (ssize_t)first.len);
	close(fd);
	collect_path(path, &c);
	assert_int_equal(c.counts.kept, 2);
	assert_int_equal(c.counts.read, 3);
	assert_non_null(strstr(buf_cstr(&c.raw), "(too-long 1)"));
	collect_free(&c);
	unlink(path);
}

static void
test_junk(void **state)
{
	struct collected c = { 0 };
	BUF_AUTO text = { 0 };
	buf_add(&text, STR("["));
	add_record(&text, 1, false);
	buf_add(&text, STR(", null, what is this ,"));
	add_record(&text, 2, false);
	buf_add(&text, STR("]}} trailing"));
	collect_text(buf_str(&text), &c);
	assert_int_equal(c.counts.kept, 2);
	assert_non_null(strstr(buf_cstr(&c.raw), "(junk 2)"));
	collect_free(&c);
}

static void
test_digest(void **state)
{
	char path[] = "/tmp/mamori-digest.XXXXXX", hex[65];
	struct source *s;
	struct chunk c = { 0 };
	struct err e = { 0 };
	bool more = true;
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "{\"a\":1}\n", 8), 8);
	close(fd);
	assert_true(source_open(path, &s, &e));
	source_split(s, NULL);
	while (more)
		assert_true(source_next(s, &c, &more, &e));
	source_digest(s, hex);
	assert_string_equal(hex, "e346432021b04179518d9614f3560ccd71354a4ee101ddcb893d6959a9d6301c");
	chunk_free(&c);
	source_close(s);
	assert_false(source_open("/tmp", &s, &e));
	assert_int_equal(e.code, ERR_INPUT);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes), cmocka_unit_test(test_packings),      cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_junk),   cmocka_unit_test(test_gigabyte_line), cmocka_unit_test(test_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
