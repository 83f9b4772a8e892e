/* The table of package managers, and the section "updates" (doc/agent-protocol.md). */
#include "plan/pkgmgr.h"

#include "os/pkgdb.h"

#define SECTION_MAX ((uint64_t)64 << 20)
#define PATCHES_MAX 20000
#define PARTS_MAX 20000
#define ID_MAX 300 /* an order takes no longer one */

const struct pkgmgr *const pkgmgr_all[] = { &pkgmgr_apt, &pkgmgr_dnf, &pkgmgr_apk, NULL };

const struct pkgmgr *
pkgmgr_find(const char *root)
{
	for (const struct pkgmgr *const *m = pkgmgr_all; *m; m++) {
		if ((*m)->present(root))
			return *m;
	}
	return NULL;
}

static void
put_or_null(struct json_writer *w, const char *key, struct str s)
{
	json_key(w, key);
	json_str_or_null(w, s.len > 0 ? s : STR_NONE);
}

static void
write_package(const struct patch_package *p, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "name", p->name);
	json_put_str(w, "arch", p->arch);
	put_or_null(w, "from", p->from);
	json_put_str(w, "to", p->to);
	json_put_i64(w, "size", (int64_t)p->size);
	json_end_object(w);
}

static void
write_patch(const struct patch *p, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "id", p->id);
	json_put_str(w, "title", p->title);
	json_put_str(w, "source", p->source);
	json_put_str(w, "version", p->version);
	json_put_bool(w, "security", p->security);
	json_key(w, "origins");
	json_str(w, p->origins.ptr ? p->origins : STR(""));
	json_put_i64(w, "size", (int64_t)p->size);
	json_put_bool(w, "staged", p->staged);
	put_or_null(w, "kept_back", p->kept_back);
	if (p->instead_of.len > 0)
		json_put_str(w, "instead_of", p->instead_of);
	json_key(w, "packages");
	json_begin_array(w);
	for (size_t i = 0; i < p->packages.count; i++)
		write_package(&p->packages.items[i], w);
	json_end_array(w);
	json_key(w, "cves");
	json_begin_array(w);
	for (size_t i = 0; i < p->cves.count; i++)
		json_str(w, p->cves.items[i]);
	json_end_array(w);
	json_end_object(w);
}

void
patch_list_write(const struct patch_list *l, struct json_writer *w)
{
	json_begin_object(w);
	json_put_cstr(w, "manager", l->manager);
	json_put_time(w, "lists_at", l->lists_at);
	json_key(w, "patches");
	json_begin_array(w);
	for (size_t i = 0; i < l->patches.count; i++)
		write_patch(&l->patches.items[i], w);
	json_end_array(w);
	json_end_object(w);
}

static uint64_t
get_size(const struct json *object, const char *key)
{
	int64_t n = json_get_i64(object, key, 0);

	return n > 0 ? (uint64_t)n : 0;
}

static bool
parse_package(const struct json *j, struct patch_package *p)
{
	p->name = json_get_str(j, "name");
	p->arch = json_get_str(j, "arch");
	p->from = json_get_str(j, "from");
	p->to = json_get_str(j, "to");
	p->size = get_size(j, "size");
	return package_word_valid(p->name) && package_word_valid(p->to) &&
	       (p->from.len == 0 || package_word_valid(p->from)) && (p->arch.len == 0 || package_word_valid(p->arch));
}

static bool
parse_patch(struct arena *a, const struct json *j, struct patch *p)
{
	size_t packages, cves;
	const struct json *package = json_get_array(j, "packages", &packages);
	const struct json *cve = json_get_array(j, "cves", &cves);

	p->id = json_get_str(j, "id");
	p->title = json_get_str(j, "title");
	p->source = json_get_str(j, "source");
	p->version = json_get_str(j, "version");
	p->security = json_get_bool(j, "security", false);
	p->origins = json_get_str(j, "origins");
	p->size = get_size(j, "size");
	p->staged = json_get_bool(j, "staged", false);
	p->kept_back = json_get_str(j, "kept_back");
	p->instead_of = json_get_str(j, "instead_of");
	if (packages > PARTS_MAX || cves > PARTS_MAX)
		return false;
	for (size_t i = 0; i < packages; i++) {
		if (!parse_package(&package[i], ARRAY_PUSH(a, &p->packages)))
			return false;
	}
	for (size_t i = 0; i < cves; i++) {
		if (cve[i].kind != JSON_KIND_STRING || !package_word_valid(cve[i].text))
			return false;
		*ARRAY_PUSH(a, &p->cves) = cve[i].text;
	}
	return package_word_valid(p->id) && p->id.len <= ID_MAX && p->packages.count > 0;
}

bool
patch_list_parse(struct arena *a, struct str text, struct patch_list *out, struct err *e)
{
	struct json_limits limits = { .depth = 16, .string_max = 65536, .total = SECTION_MAX };
	struct patch_list l = { 0 };
	struct json *j;
	size_t count;

	if (!json_parse(a, text, &limits, &j, e))
		return err_wrap(e, "reading the section updates");
	for (const struct pkgmgr *const *m = pkgmgr_all; *m; m++) {
		if (str_eq(json_get_str(j, "manager"), str_of((*m)->name)))
			l.manager = (*m)->name;
	}
	const struct json *patches = json_get(j, "patches");
	/* An empty array has no items to point to: a host without pending updates is a good one. */
	const struct json *items = json_get_array(j, "patches", &count);
	if (!l.manager || !patches || patches->kind != JSON_KIND_ARRAY)
		return err_set(e, ERR_INPUT,
			       "reading the section updates: \"manager\" or \"patches\" is missing or unknown");
	if (count > PATCHES_MAX)
		return err_set(e, ERR_TOO_LARGE, "reading the section updates: more than %d patches", PATCHES_MAX);
	if (!time_parse(json_get_str(j, "lists_at"), &l.lists_at))
		l.lists_at = 0;
	for (size_t i = 0; i < count; i++) {
		if (!parse_patch(a, &items[i], ARRAY_PUSH(a, &l.patches)))
			return err_set(e, ERR_INPUT, "reading the section updates: patch %zu is not complete", i + 1);
	}
	*out = l;
	return true;
}
