#include "server/surface_hosts.h"

#include "base/json.h"
#include "base/table.h"
#include "store/host.h"
#include "surface/fact.h"

enum { NAMES_OF_ADDRESS = 50 };

struct known {
	struct str id, name;
	bool several; /* what leads here leads elsewhere, too */
};

struct names {
	ARRAY_OF(struct str) list;
};

struct surface_hosts {
	struct arena *a;
	struct table addresses, full, labels; /* → known */
	struct table named; /* address → names of the run */
};

static void
put(struct surface_hosts *s, struct table *t, struct str key, const struct host *h)
{
	bool added;
	if (!key.len)
		return;
	void **place = table_put(t, key, &added);
	struct known *k = added ? ARENA_NEW(s->a, struct known) : *place;
	if (added)
		*k = (struct known){ arena_str(s->a, h->id), arena_str(s->a, h->name), false };
	else
		k->several |= !str_eq(k->id, h->id);
	*place = k;
}

static struct str
label_of(struct str name)
{
	ptrdiff_t dot = str_find_char(name, '.');
	return dot < 0 ? name : str_head(name, (size_t)dot);
}

static void
host_add(struct surface_hosts *s, const struct host *h)
{
	struct json *tree;
	struct err e = { 0 };
	struct str name = thing_canonical(s->a, THING_NAME, h->name);
	if (str_find_char(name, '.') > 0)
		put(s, &s->full, name, h);
	put(s, &s->labels, label_of(name.len ? name : h->name), h);
	if (!json_parse(s->a, h->addresses, NULL, &tree, &e) || tree->kind != JSON_KIND_ARRAY)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		const struct json *one = &tree->item[i];
		struct str text = one->kind == JSON_KIND_OBJECT ? json_get_str(one, "address") : one->text, zone;
		(void)str_split(text, '/', &text, &zone);
		put(s, &s->addresses, thing_canonical(s->a, THING_ADDRESS, text), h);
	}
}

static bool
hosts_read(struct surface_hosts *s, struct store *st, size_t *count, struct err *e)
{
	struct str *ids;
	if (!host_ids(st, s->a, HOST_ACTIVE, &ids, count, e))
		return false;
	for (size_t i = 0; i < *count; i++) {
		ARENA_AUTO own = { 0 };
		struct host h;
		if (!host_get(st, &own, ids[i], &h, e))
			return false;
		host_add(s, &h);
	}
	return true;
}

/* Which names of ours point to an address. */
static void
names_read(struct surface_hosts *s, const struct surface_run *run)
{
	for (size_t i = 0; i < run->asset_count; i++) {
		const struct run_asset *asset = &run->assets[i];
		ARENA_AUTO a = { 0 };
		struct json *line;
		struct err e = { 0 };
		size_t count;
		bool added;
		if ((!str_eq(asset->kind, STR("host")) && !str_eq(asset->kind, STR("domain"))) ||
		    !json_parse(&a, asset->line, NULL, &line, &e))
			continue;
		const struct json *list = json_get_array(line, "addresses", &count);
		for (size_t k = 0; k < count; k++) {
			void **place = table_put(&s->named, arena_str(s->a, list[k].text), &added);
			struct names *n = added ? ARENA_NEW(s->a, struct names) : *place;
			*place = n;
			if (n->list.count < NAMES_OF_ADDRESS)
				*ARRAY_PUSH(s->a, &n->list) = asset->name;
		}
	}
}

bool
surface_hosts_open(struct store *st, struct arena *a, const struct surface_run *run, struct surface_hosts **out,
		   struct err *e)
{
	struct surface_hosts *s = ARENA_NEW(a, struct surface_hosts);
	size_t count = 0;
	*s = (struct surface_hosts){ .a = a };
	*out = s;
	if (!hosts_read(s, st, &count, e)) {
		surface_hosts_close(s);
		*out = NULL;
		return false;
	}
	if (count)
		names_read(s, run);
	return true;
}

void
surface_hosts_close(struct surface_hosts *s)
{
	if (!s)
		return;
	table_free(&s->addresses);
	table_free(&s->full);
	table_free(&s->labels);
	table_free(&s->named);
}

static bool
taken(const struct known *k, const char *by, struct surface_host *out)
{
	if (!k || k->several)
		return false;
	*out = (struct surface_host){ k->id, k->name, by };
	return true;
}

/* "www" and its like are on many machines, and a machine called so is none of them in particular. */
static bool
is_common(struct str label)
{
	static const char *const labels[] = {
		"www", "mail", "mx", "ns", "ns1", "ns2", "ftp", "localhost", "vpn", "gw"
	};
	for (size_t i = 0; i < COUNT(labels); i++)
		if (str_eq(label, str_of(labels[i])))
			return true;
	return label.len < 2;
}

static bool
by_name(const struct surface_hosts *s, struct str name, struct surface_host *out)
{
	struct str label = label_of(name);
	return taken(table_get(&s->full, name), "name", out) ||
	       (!is_common(label) && taken(table_get(&s->labels, label), "label", out));
}

bool
surface_host_find(const struct surface_hosts *s, struct str asset, struct surface_host *out)
{
	ARENA_AUTO a = { 0 };
	struct str first = asset, rest;
	(void)str_split(asset, ' ', &first, &rest);
	struct str address = thing_canonical(&a, THING_ADDRESS, first);
	if (!address.len)
		return by_name(s, first, out);
	if (taken(table_get(&s->addresses, address), "address", out))
		return true;
	const struct names *n = table_get(&s->named, address);
	struct surface_host found, other;
	bool known = false;
	for (size_t i = 0; n && i < n->list.count; i++) {
		if (!by_name(s, n->list.items[i], &other))
			continue;
		if (known && !str_eq(found.id, other.id))
			return false;
		found = other;
		known = true;
	}
	if (known)
		*out = found;
	return known;
}
