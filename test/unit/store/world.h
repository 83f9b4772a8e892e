/* A folder and a database of its own for each test; shared by the tests of store, patch and server. */
#ifndef MAMORI_TEST_STORE_WORLD_H
#define MAMORI_TEST_STORE_WORLD_H

#include "os/file.h"
#include "store/host.h"
#include "store/host_patch.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define ok(call) \
	do { \
		if (!(call)) \
			fail_msg("%s: %s", #call, e.text); \
	} while (0)

struct world {
	char dir[64];
	char path[96];
	struct store *st;
	struct arena arena;
};

static inline int
world_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/mamori-test-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	snprintf(w->path, sizeof(w->path), "%s/mamori.db", w->dir);
	*state = w;
	struct err e;
	return store_open(w->path, STORE_WRITE, &w->st, &e) ? 0 : -1;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;
	struct err e;
	store_close(w->st);
	arena_free(&w->arena);
	(void)!dir_remove_all(w->dir, &e);
	free(w);
	return 0;
}

static inline void
world_host(struct world *w, const char *id, const char *name, enum host_state s)
{
	struct err e = { 0 };
	struct host h = {
		.id = str_of(id),
		.name = str_of(name),
		.state = s,
		.enrolled_at = 1,
		.token = STR("t"),
		.signing_key = STR("k"),
		.agent = STR("0.1.0"),
		.machine = STR("m"),
		.os_key = STR("debian:12"),
	};
	ok(host_insert(w->st, &h, &e));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#endif
