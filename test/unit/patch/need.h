/* What the tests of what hosts lack share, whatever their package manager: archives that were read, and one host. */
#include "patch/bundle-need.h"

#include "../os/unit.h"

struct world {
	struct arena a;
	struct need_universe u;
	struct package_list installed;
	bool repos[2]; /* that the host asks */
};

static void
world_free(struct world *w)
{
	arena_free(&w->a);
	free(w);
}

static void
world_install(struct world *w, const char *name, const char *version, const char *arch)
{
	w->installed.items =
		arena_grow(&w->a, w->installed.items, &w->installed.count, &w->installed.cap, sizeof(struct package));
	w->installed.items[w->installed.count - 1] =
		(struct package){ str_of(name), str_of(version), str_of(arch), str_of(name), str_of(version), false };
	package_list_sort(&w->installed);
}

/* Everything that a host of this architecture needs from the archives that it asks, in order: as `one` says it, with `between`. */
static const char *
world_needs(struct world *w, const char *arch, struct need *need, const char *between,
	    void (*one)(struct buf *out, const struct need_package *p))
{
	struct need_asking h = { &w->installed, w->repos, str_of(arch) };
	BUF_AUTO text = { 0 };
	need->needed = ARENA_ARRAY(&w->a, bool, w->u.packages.count);
	need_host(&w->u, &h, need);
	for (size_t i = 0; i < w->u.packages.count; i++) {
		if (!need->needed[i])
			continue;
		buf_add(&text, str_of(text.len ? between : ""));
		one(&text, &w->u.packages.items[i]);
	}
	return arena_cstr(&w->a, buf_str(&text));
}

static void
assert_read(const struct world *w, size_t count, size_t bad, const char *name, const char *file, const char *sha256)
{
	const struct need_package *first = w->u.packages.items;
	assert_int_equal(w->u.packages.count, count);
	assert_int_equal(w->u.bad, bad);
	assert_string_equal(first->name.ptr, name);
	assert_string_equal(first->filename.ptr, file);
	assert_string_equal(first->sha256, sha256);
}
