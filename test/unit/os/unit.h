/* What the tests of os and plan share: a folder of their own per test, and errors shown when one is unexpected. */
#ifndef MAMORI_TEST_UNIT_H
#define MAMORI_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "os/file.h"

static struct err unit_err;

struct unit_folder {
	char *dir;
	struct arena arena;
};

static inline int
unit_setup(void **state)
{
	struct unit_folder *f = xcalloc(1, sizeof(*f));
	const char *base = getenv("TMPDIR");
	struct str path = arena_printf(&f->arena, "%s/mamori-unit.XXXXXX", base ? base : "/tmp");

	f->dir = mkdtemp(arena_cstr(&f->arena, path));
	*state = f;
	return f->dir ? 0 : -1;
}

static inline int
unit_teardown(void **state)
{
	struct unit_folder *f = *state;
	bool ok = dir_remove_all(f->dir, &unit_err);

	arena_free(&f->arena);
	free(f);
	return ok ? 0 : -1;
}

static inline const char *
unit_dir(void **state)
{
	return ((struct unit_folder *)*state)->dir;
}

/* A path inside the test's folder. */
static inline const char *
unit_path(void **state, const char *name)
{
	struct unit_folder *f = *state;

	return path_join(&f->arena, f->dir, name);
}

/* A file inside the test's folder, with the folders it needs. */
static inline void
unit_put(void **state, const char *name, struct str content)
{
	const char *path = unit_path(state, name);
	char *folder = xstrdup(path);

	*strrchr(folder, '/') = '\0';
	if (!dir_make(folder, 0755, &unit_err) || !file_write(path, content, 0644, &unit_err))
		fail_msg("%s", unit_err.text);
	free(folder);
}

#define unit_test_in_folder(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)

#define assert_ok(call) \
	do { \
		if (!(call)) \
			fail_msg("%s: %s", #call, unit_err.text); \
	} while (0)

#define assert_str(s, expected) \
	do { \
		struct str assert_str_s = (s), assert_str_e = str_of(expected); \
		if (!str_eq(assert_str_s, assert_str_e)) \
			fail_msg("%s is \"%.*s\", not \"%.*s\"", #s, STR_ARG(assert_str_s), STR_ARG(assert_str_e)); \
	} while (0)

#endif
