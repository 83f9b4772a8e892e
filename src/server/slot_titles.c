/* The updates of a slot that is announced: those that its hosts' directives name, once their time has come. */
#include "base/table.h"
#include "base/time.h"
#include "server/policies.h"

enum { WAITING_MAX = 100000, TITLES_SHOWN = 200 };

static struct str
key_of(struct arena *a, struct str host, struct str patch)
{
	return arena_printf(a, "%.*s %.*s", STR_ARG(host), STR_ARG(patch));
}

/* Its directive's updates, as keys of `going`. */
static bool
directive_look(struct arena *keys, struct cluster_host *h, int64_t start, struct table *going, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct json *outer, *inner;
	size_t count;
	if (!h->signed_text.len)
		return true;
	if (!json_parse(&a, h->signed_text, NULL, &outer, e) ||
	    !json_parse(&a, json_get_str(outer, "document"), NULL, &inner, e))
		return err_wrap(e, "the directive of host %.*s", STR_ARG(h->name));
	const struct json *patches = json_get_array(inner, "patches", &count);
	for (size_t i = 0; i < count; i++) {
		int64_t since;
		struct str from = json_get_str(&patches[i], "since");
		if (from.len && time_parse(from, &since) && since > start)
			continue;
		*table_put(going, key_of(keys, h->id, json_get_str(&patches[i], "patch")), NULL) = h;
	}
	return true;
}

bool
slot_titles(struct request *r, const struct host_cluster *c, int64_t start, struct cluster_host *hosts, size_t count,
	    struct str **titles, size_t *title_count, struct err *e)
{
	TABLE_AUTO going = { 0 };
	struct cluster_patch *waiting;
	size_t n;
	ARRAY_OF(struct str) shown = { 0 };
	for (size_t i = 0; i < count; i++)
		if (!directive_look(&r->arena, &hosts[i], start, &going, e))
			return false;
	if (!cluster_patches(r->st, &r->arena, c, WAITING_MAX, &waiting, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct cluster_host *h = table_get(&going, key_of(&r->arena, waiting[i].host, waiting[i].patch));
		if (!h)
			continue;
		h->patches++;
		bool again = shown.count && str_eq(shown.items[shown.count - 1], waiting[i].title);
		if (!again && shown.count < TITLES_SHOWN)
			*ARRAY_PUSH(&r->arena, &shown) = waiting[i].title;
	}
	*titles = shown.items;
	*title_count = shown.count;
	return true;
}
