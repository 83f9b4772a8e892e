#include "plan/package_change.h"

#include "plan/group.h"
#include "version/version.h"

static const struct {
	const char *manager, *scheme; /* of pkgdb; of patch ids */
	const struct version_scheme *order;
} schemes[] = {
	{ "dpkg", "deb", &version_deb },
	{ "rpm", "rpm", &version_rpm },
	{ "apk", "apk", &version_apk },
};

/* The only package of this name and architecture, or NULL. */
static const struct package *
only_one(const struct package_list *l, const struct package *p)
{
	size_t count;
	const struct package *first = package_list_find(l, p->name, &count), *found = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(first[i].arch, p->arch))
			continue;
		if (found)
			return NULL;
		found = &first[i];
	}
	return found;
}

static bool
is_there(const struct package_list *l, const struct package *p)
{
	size_t count;
	const struct package *first = package_list_find(l, p->name, &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(first[i].arch, p->arch))
			return true;
	return false;
}

/* As an update to the version of `p`, whose source names the patch. */
static struct update
update_to(const struct package *p, struct str from)
{
	return (struct update){ .name = p->name,
				.arch = p->arch,
				.from = from,
				.to = p->version,
				.source = p->source,
				.source_version = p->source_version };
}

static void
turn_round(struct patch_list *l, struct arena *a)
{
	for (size_t i = 0; i < l->patches.count; i++) {
		struct patch *p = &l->patches.items[i];
		for (size_t k = 0; k < p->packages.count; k++) {
			struct str to = p->packages.items[k].to;
			p->packages.items[k].to = p->packages.items[k].from;
			p->packages.items[k].from = to;
		}
		p->title = arena_printf(a, "%.*s %.*s → %.*s", STR_ARG(p->source), STR_ARG(p->packages.items[0].from),
					STR_ARG(p->packages.items[0].to));
	}
}

static void
name_removals(struct patch_list *l, struct arena *a)
{
	for (size_t i = 0; i < l->patches.count; i++) {
		struct patch *p = &l->patches.items[i];
		const struct patch_package *k = &p->packages.items[0];
		p->id = arena_printf(a, "remove:%.*s", STR_ARG(k->name));
		p->title = arena_printf(a, "%.*s %.*s → –", STR_ARG(k->name), STR_ARG(k->to));
	}
}

void
package_changes(const struct package_list *before, const struct package_list *now, struct arena *a,
		struct package_changes *out)
{
	struct update_list newer = { 0 }, older = { 0 }, gone = { 0 };
	*out = (struct package_changes){ 0 };
	for (size_t s = 0; s < COUNT(schemes); s++) {
		if (!now->manager || strcmp(now->manager, schemes[s].manager) != 0)
			continue;
		for (size_t i = 0; i < before->count; i++) {
			const struct package *was = &before->items[i];
			const struct package *is = only_one(now, was);
			if (only_one(before, was) != was)
				continue;
			int order = is ? schemes[s].order->compare(was->version, is->version) : 0;
			if (!is && !is_there(now, was))
				*ARRAY_PUSH(a, &gone.items) = update_to(was, STR(""));
			else if (order < 0)
				*ARRAY_PUSH(a, &newer.items) = update_to(is, was->version);
			else if (order > 0)
				*ARRAY_PUSH(a, &older.items) = update_to(was, is->version);
		}
		updates_group(schemes[s].scheme, &newer, a, &out->newer);
		updates_group(schemes[s].scheme, &older, a, &out->older);
		updates_group(schemes[s].scheme, &gone, a, &out->gone);
	}
	turn_round(&out->older, a);
	name_removals(&out->gone, a);
}
