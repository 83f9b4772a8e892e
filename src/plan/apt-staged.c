/* What is downloaded already, and which CVEs the downloads' own changelogs name: works without any feed.
 * Beside each FILE.deb its answer is kept in FILE.deb.cves, because unpacking it takes a while. */
#include "plan/apt.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/table.h"
#include "os/pkgdb.h"
#include "plan/deb.h"
#include "plan/run.h"
#include "version/version.h"

#define NOTE_MAX ((size_t)1 << 20)
#define FILES_MAX 200000
#define CVES_OF_PATCH_MAX 20000

struct cve_list {
	ARRAY_OF(struct str) items;
};

static bool
note_read(const char *path, struct str from, bool *told, struct arena *a, struct cve_list *out)
{
	BUF_AUTO text = { 0 };
	struct json *j;
	size_t count;

	if (!file_read(path, NOTE_MAX, &text, NULL) || !json_parse(a, buf_str(&text), NULL, &j, NULL) ||
	    !str_eq(json_get_str(j, "from"), from))
		return false;
	*told = json_get_bool(j, "told", false);
	const struct json *items = json_get_array(j, "cves", &count);
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind == JSON_KIND_STRING)
			*ARRAY_PUSH(a, &out->items) = items[i].text;
	}
	return true;
}

static void
note_write(const char *path, struct str from, bool told, const struct str *cves, size_t count)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	struct err e = { 0 };

	json_begin_object(&w);
	json_put_str(&w, "from", from);
	json_put_bool(&w, "told", told);
	json_key(&w, "cves");
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		json_str(&w, cves[i]);
	json_end_array(&w);
	json_end_object(&w);
	if (!file_write(path, buf_str(&text), 0600, &e))
		log_warn("apt", "%s", e.text);
}

/* From the download, or from the note of the last time. False: it holds no changelog, a sister may. */
static bool
cves_of_deb(const char *deb, struct str note, struct str from, struct str to, struct arena *a, struct cve_list *out)
{
	BUF_AUTO changelog = { 0 };
	struct err e = { 0 };
	struct str *cves;
	size_t count;
	bool told;

	if (note_read(note.ptr, from, &told, a, out))
		return told;
	if (!deb_changelog(deb, &changelog, &e) ||
	    !changelog_cves(buf_str(&changelog), from, to, a, &cves, &count, &e)) {
		log_warn("apt", "%s", e.text);
		return false;
	}
	told = changelog_has(buf_str(&changelog), to);
	note_write(note.ptr, from, told, cves, count);
	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(a, &out->items) = cves[i];
	return told;
}

static int
str_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
patch_cves(struct patch *p, const struct cve_list *all, struct arena *a)
{
	if (all->items.count > 1)
		qsort(all->items.items, all->items.count, sizeof(*all->items.items), str_order);
	for (size_t i = 0; i < all->items.count && p->cves.count < CVES_OF_PATCH_MAX; i++) {
		if (i == 0 || !str_eq(all->items.items[i], all->items.items[i - 1]))
			*ARRAY_PUSH(a, &p->cves) = all->items.items[i];
	}
}

/* The source's version before this patch: the oldest of what is replaced. A kernel replaces nothing, its name being
 * new each time: then the newest that is there of this source. Empty: the source is new on this host. */
static struct str
version_before(const struct package_list *installed, const struct patch *p)
{
	struct str before = STR_NONE, other = STR_NONE;

	for (size_t i = 0; i < p->packages.count; i++) {
		const struct patch_package *k = &p->packages.items[i];
		size_t n;
		const struct package *found = package_list_find(installed, k->name, &n);
		for (size_t m = 0; m < n && k->from.len > 0; m++) {
			if (str_eq(found[m].version, k->from) &&
			    (before.len == 0 || version_deb.compare(found[m].source_version, before) < 0))
				before = found[m].source_version;
		}
	}
	for (size_t i = 0; i < installed->count && before.len == 0; i++) {
		const struct package *k = &installed->items[i];
		if (str_eq(k->source, p->source) &&
		    (other.len == 0 || version_deb.compare(k->source_version, other) > 0))
			other = k->source_version;
	}
	return before.len > 0 ? before : other;
}

/* A whole download of a package in a patch. */
struct download {
	const char *path;
	struct str note; /* in the stage folder, wherever the package is */
	int64_t size;
};

static int
download_order(const void *a, const void *b)
{
	const struct download *x = a, *y = b;

	return (x->size > y->size) - (x->size < y->size);
}

static void
patch_fill(const struct pkgmgr_ctx *c, const char *stage, const struct package_list *installed, struct patch *p,
	   struct table *keep, struct arena *a)
{
	struct cve_list all = { 0 };
	struct download *there = ARENA_ARRAY(a, struct download, p->packages.count + 1);
	size_t count = 0;

	for (size_t i = 0; i < p->packages.count; i++) {
		const struct patch_package *k = &p->packages.items[i];
		BUF_AUTO name = { 0 };
		deb_file_name(k->name, k->to, k->arch, &name);
		struct str kept = arena_str(a, buf_str(&name));
		(void)table_put(keep, kept, NULL);
		(void)table_put(keep, arena_printf(a, "%.*s.cves", STR_ARG(kept)), NULL);
		(void)table_put(keep, arena_printf(a, "%.*s" APT_LOCAL_NOTE, STR_ARG(kept)), NULL);
		const char *path = path_join(a, stage, kept.ptr), *local;
		struct str note = arena_printf(a, "%s.cves", path);
		if (!file_exists(path) && (local = apt_local_path(c, stage, kept, a)))
			path = local;
		int64_t size = file_size(path);
		/* apt moves a download here only when it is whole and verified. */
		if (size >= 0 && (k->size == 0 || (uint64_t)size == k->size))
			there[count++] = (struct download){ path, note, size };
	}
	p->staged = count == p->packages.count;
	struct str from = version_before(installed, p);
	/* All of one source carry the same changelog: the smallest that has it will do. */
	qsort(there, count, sizeof(*there), download_order);
	for (size_t i = 0; i < count && from.len > 0; i++) {
		if (cves_of_deb(there[i].path, there[i].note, from, p->version, a, &all))
			break;
	}
	patch_cves(p, &all, a);
}

/* Downloads that are installed or outdated now. */
static void
prune(const char *stage, const struct table *keep, struct arena *a)
{
	struct str *names;
	size_t count;

	if (!dir_list(a, stage, FILES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		struct err e = { 0 };
		if ((!str_ends(names[i], STR(".deb")) && !str_ends(names[i], STR(".deb.cves")) &&
		     !str_ends(names[i], STR(".deb" APT_LOCAL_NOTE))) ||
		    table_has(keep, names[i]))
			continue;
		if (!file_remove(path_join(a, stage, names[i].ptr), &e))
			log_warn("apt", "%s", e.text);
	}
}

void
apt_staged_fill(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *l)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, c->root };
	struct package_list installed = { 0 };
	TABLE_AUTO keep = { 0 };
	const char *stage = apt_stage_here(c, a);

	if (!file_exists(stage) || !root_open(&r, c->root, NULL) || !pkgdb_dpkg.read(&r, a, &installed, NULL))
		return;
	package_list_sort(&installed);
	for (size_t i = 0; i < l->patches.count; i++)
		patch_fill(c, stage, &installed, &l->patches.items[i], &keep, a);
	prune(stage, &keep, a);
}
