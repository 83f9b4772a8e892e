#include "relay/account.h"

#include "os/file.h"
#include "relay/relay-internal.h"

/* What is told stays small: it goes out every minute. */
enum { ORIGINS_MAX = 32, LISTS_MAX = 64, LISTS_OF_ONE = 8, URL_TOLD_MAX = 300, ABOUT_MAX = 4096 };

/* A signed list that was read (learn.c writes it down). */
struct list {
	const struct origin *origin;
	struct str url, label;
	int64_t dated, expires, checked; /* milliseconds; 0: it does not say */
};

struct lists {
	struct list items[LISTS_MAX];
	size_t count;
};

static int64_t
time_of(const struct json *v, const char *key)
{
	int64_t at;
	return time_parse(json_get_str(v, key), &at) ? at : 0;
}

static void
list_read(struct relay *r, const struct allowlist *allow, struct arena *a, const char *path, struct lists *l)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO canonical = { 0 };
	struct json *v;
	struct cache_entry entry;
	struct list one = { 0 };
	if (l->count == LISTS_MAX || !file_read(path, ABOUT_MAX, &text, NULL) ||
	    !json_parse(a, buf_str(&text), NULL, &v, NULL))
		return;
	one.url = json_get_str(v, "url");
	one.label = json_get_str(v, "label");
	one.dated = time_of(v, "dated");
	one.expires = time_of(v, "expires");
	one.checked = time_of(v, "read");
	/* What is on no list any more is nobody's. */
	if (one.url.len > URL_TOLD_MAX || !allow_url(allow, one.url, &canonical, &one.origin))
		return;
	if (cache_find(r->cache, one.url, &entry) && entry.checked > one.checked)
		one.checked = entry.checked;
	l->items[l->count++] = one;
}

static void
lists_read(struct relay *r, const struct allowlist *allow, struct arena *a, struct lists *l)
{
	struct str *names;
	size_t count;
	const char *folder = digest_map_folder(r->digests);
	if (!dir_list(a, folder, 100000, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], STR(".about")))
			list_read(r, allow, a, path_join(a, folder, arena_cstr(a, names[i])), l);
}

static struct str
origin_url(struct arena *a, const struct origin *o)
{
	bool v6 = strchr(o->host, ':') != NULL, usual = strcmp(o->port, o->https ? "443" : "80") == 0;
	return arena_printf(a, "%s://%s%s%s%s%s%.*s", o->https ? "https" : "http", v6 ? "[" : "", o->host,
			    v6 ? "]" : "", usual ? "" : ":", usual ? "" : o->port, STR_ARG(o->path));
}

static void
list_write(struct json_writer *w, const struct list *l)
{
	json_begin_object(w);
	json_put_str(w, "url", l->url);
	json_put_str(w, "label", l->label);
	json_put_time(w, "dated", l->dated);
	json_put_time(w, "expires", l->expires);
	json_put_time(w, "checked", l->checked);
	json_end_object(w);
}

static void
origin_write(struct json_writer *w, struct str url, const struct origin *o, bool given, const struct lists *l)
{
	size_t told = 0;
	json_begin_object(w);
	json_put_str(w, "url", url);
	json_put_cstr(w, "by", given ? "relay" : "bundle");
	json_put_bool(w, "unverified", o->unverified);
	json_key(w, "lists");
	json_begin_array(w);
	for (size_t i = 0; i < l->count && told < LISTS_OF_ONE; i++)
		if (l->items[i].origin == o) {
			list_write(w, &l->items[i]);
			told++;
		}
	json_end_array(w);
	json_end_object(w);
}

static void
refusals_write(struct relay *r, struct json_writer *w)
{
	struct refusal all[REFUSALS_MAX];
	uint64_t total;
	size_t count = refusals_read(&r->refusals, all, &total);
	json_key(w, "refused");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w);
		json_put_cstr(w, "what", all[i].what);
		json_put_cstr(w, "peer", all[i].peer);
		json_put_i64(w, "count", (int64_t)all[i].count);
		json_put_time(w, "last", all[i].last);
		json_end_object(w);
	}
	json_end_array(w);
	json_put_i64(w, "refused_total", (int64_t)total);
}

void
account_write(struct relay *r, struct json_writer *w)
{
	ARENA_AUTO a = { 0 };
	const struct allowlist *allow = atomic_load(&r->allow);
	struct lists *lists = ARENA_NEW(&a, struct lists);
	size_t told = 0;
	lists_read(r, allow, &a, lists);
	json_key(w, "origins");
	json_begin_array(w);
	for (size_t i = 0; i < allow->origins.count && told < ORIGINS_MAX; i++) {
		struct str url = origin_url(&a, &allow->origins.items[i]);
		if (url.len > URL_TOLD_MAX)
			continue;
		origin_write(w, url, &allow->origins.items[i], i < r->given, lists);
		told++;
	}
	json_end_array(w);
	refusals_write(r, w);
}
