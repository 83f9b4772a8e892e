#include "plan/unpack.h"

#include "../os/unit.h"

#include <sys/types.h>
#include <zlib.h>

static void
note(void *user, struct str line)
{
	buf_addf(user, "[%.*s]", (int)(line.len < 40 ? line.len : 40), line.ptr);
}

static void
lines_are(const char *path, const char *wanted)
{
	BUF_AUTO seen = { 0 };
	assert_ok(unpack_lines(path, note, &seen, &unit_err));
	assert_string_equal(seen.ptr ? buf_cstr(&seen) : "", wanted);
}

static void
plain_packed_and_empty(void **state)
{
	const char *path = unit_path(state, "list");
	assert_ok(file_write(path, STR("a\nb\n\nlast"), 0600, &unit_err));
	lines_are(path, "[a][b][][last]");
	gzFile gz = gzopen(path, "wb");
	assert_int_equal(gzwrite(gz, "one\ntwo\n", 8), 8);
	assert_int_equal(gzclose(gz), Z_OK);
	lines_are(path, "[one][two]");
	assert_ok(file_write(path, STR(""), 0600, &unit_err));
	lines_are(path, "");
}

static void
a_line_beyond_its_cap_is_passed_over(void **state)
{
	BUF_AUTO text = { 0 };
	const char *path = unit_path(state, "list");
	buf_addf(&text, "before\n");
	for (size_t i = 0; i < (200u << 10); i++)
		buf_add_char(&text, 'x');
	buf_addf(&text, "\nbehind\n");
	assert_ok(file_write(path, buf_str(&text), 0600, &unit_err));
	lines_are(path, "[before][behind]");
}

static void
what_is_damaged_says_so(void **state)
{
	BUF_AUTO seen = { 0 };
	BUF_AUTO packed = { 0 };
	const char *path = unit_path(state, "list.gz");
	char bytes[4096];
	gzFile gz = gzopen(path, "wb");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7919 >> 3);
	for (int i = 0; i < 64; i++)
		assert_int_equal(gzwrite(gz, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(gzclose(gz), Z_OK);
	assert_ok(file_read(path, 1 << 20, &packed, &unit_err));
	assert_ok(file_write(path, str_head(buf_str(&packed), packed.len / 2), 0600, &unit_err));
	assert_false(unpack_lines(path, note, &seen, &unit_err));
	assert_int_equal(unit_err.code, ERR_INPUT);
	assert_null(unpack_open(unit_path(state, "none"), &unit_err));
}

int
main(void)
{
#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(plain_packed_and_empty),
		WITH_FOLDER(a_line_beyond_its_cap_is_passed_over),
		WITH_FOLDER(what_is_damaged_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
