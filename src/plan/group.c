#include "plan/group.h"

#include <stdlib.h>

#include "base/table.h"

/* Each origin once: "a, b" and "b, c" give "a, b, c". */
static void
origins_add(struct patch *p, struct str origins, struct arena *a)
{
	struct str piece;

	while (str_cut(&origins, ',', &piece)) {
		piece = str_trim(piece);
		bool there = false;
		struct str have = p->origins, one;
		while (str_cut(&have, ',', &one))
			there = there || str_eq(str_trim(one), piece);
		if (!there)
			p->origins = p->origins.len ? arena_printf(a, "%.*s, %.*s", STR_ARG(p->origins), STR_ARG(piece))
						    : arena_str(a, piece);
	}
}

static void
patch_add(struct patch *p, const struct update *u, struct arena *a)
{
	*ARRAY_PUSH(a, &p->packages) = (struct patch_package){
		.name = u->name, .arch = u->arch, .from = u->from, .to = u->to, .size = u->size
	};
	p->size += u->size;
	p->security = p->security || u->security;
	origins_add(p, u->origins, a);
	if (u->kept_back.len > 0)
		p->kept_back = u->kept_back;
}

/* "openssl 3.0.15-1 → 3.0.17-1": of the package named as its source, else of the first that is replaced. */
static void
patch_title(struct patch *p, struct arena *a)
{
	const struct patch_package *best = &p->packages.items[0];

	for (size_t i = 0; i < p->packages.count; i++) {
		const struct patch_package *k = &p->packages.items[i];
		if (k->from.len > 0 &&
		    (best->from.len == 0 || (str_eq(k->name, p->source) && !str_eq(best->name, p->source))))
			best = k;
	}
	if (best->from.len > 0)
		p->title =
			arena_printf(a, "%.*s %.*s → %.*s", STR_ARG(p->source), STR_ARG(best->from), STR_ARG(best->to));
	else
		p->title = arena_printf(a, "%.*s %.*s", STR_ARG(p->source), STR_ARG(best->to));
}

static int
patch_order(const void *a, const void *b)
{
	return str_cmp(((const struct patch *)a)->id, ((const struct patch *)b)->id);
}

static int
patch_package_order(const void *a, const void *b)
{
	const struct patch_package *x = a, *y = b;
	int d = str_cmp(x->name, y->name);

	return d ? d : str_cmp(x->arch, y->arch);
}

/* The patch of this id, new where it is the first time. */
static struct patch *
patch_of(struct patch_list *l, struct table *by_id, struct str id, struct arena *a)
{
	bool added;
	void **place = table_put(by_id, id, &added);

	if (added) {
		*ARRAY_PUSH(a, &l->patches) = (struct patch){ .id = id };
		*place = (void *)(uintptr_t)l->patches.count; /* index + 1: the array moves */
	}
	return &l->patches.items[(uintptr_t)*place - 1];
}

/* The version in the patch's id: the source's. A rebuild of an unchanged source (Debian's binNMU, "…+b13") is an
 * update of its own, or the next rebuild would have the id of one that is installed. */
static struct str
update_version(const struct update *u)
{
	bool rebuilt =
		str_starts(u->to, u->source_version) && str_starts(str_skip(u->to, u->source_version.len), STR("+b"));

	return rebuilt ? u->to : u->source_version;
}

/* One patch for each source and version. What the manager keeps back of a source whose other packages it takes is a
 * patch of its own ("…#kept-back"), so that those can go in. */
void
updates_group(const char *scheme, const struct update_list *updates, struct arena *a, struct patch_list *out)
{
	TABLE_AUTO by_id = { 0 };

	for (size_t i = 0; i < updates->items.count; i++) {
		const struct update *u = &updates->items.items[i];
		struct str version = update_version(u);
		struct str id = arena_printf(a, "%s:%.*s@%.*s", scheme, STR_ARG(u->source), STR_ARG(version));
		struct patch *p = patch_of(out, &by_id, id, a);
		if (p->packages.count > 0 && p->kept_back.len == 0 && u->kept_back.len > 0)
			p = patch_of(out, &by_id, arena_printf(a, "%.*s#kept-back", STR_ARG(id)), a);
		p->source = u->source;
		p->version = version;
		patch_add(p, u, a);
	}
	for (size_t i = 0; i < out->patches.count; i++) {
		struct patch *p = &out->patches.items[i];
		qsort(p->packages.items, p->packages.count, sizeof(*p->packages.items), patch_package_order);
		patch_title(p, a);
	}
	if (out->patches.count > 1)
		qsort(out->patches.items, out->patches.count, sizeof(*out->patches.items), patch_order);
}
