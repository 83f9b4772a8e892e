#include "vuln/listing.h"

#include "base/json.h"
#include "base/time.h"
#include "vuln/fields.h"
#include "vuln/provider.h"

#define PATH_LEN_MAX 200
#define ENTRIES_MAX 500000

struct listing {
	const struct feed_listing *from;
	struct arena *arena;
	int64_t since;
	ARRAY_OF(struct listing_entry) entries;
	size_t good, bad;
};

/* A list says which documents of its own folder there are; it must not send us anywhere else. */
static bool
path_is_plain(struct str path)
{
	if (path.len == 0 || path.len > PATH_LEN_MAX || path.ptr[0] == '/' || path.ptr[0] == '.' ||
	    str_contains(path, STR("..")) || str_contains(path, STR("//")))
		return false;
	for (size_t i = 0; i < path.len; i++) {
		char c = path.ptr[i];
		bool letter = (c | 32) >= 'a' && (c | 32) <= 'z', digit = c >= '0' && c <= '9';
		if (!letter && !digit && !(c && strchr("._-/", c)))
			return false;
	}
	return true;
}

static void
entry_keep(struct listing *l, struct str path, int64_t changed)
{
	l->good++;
	if (changed > l->since)
		*ARRAY_PUSH(l->arena, &l->entries) = (struct listing_entry){ path, changed };
}

static void
entry_add(struct listing *l, struct str path, struct str date)
{
	int64_t changed;
	const char *below = l->from->below ? l->from->below : "";
	if (!path_is_plain(path) || !time_parse(date, &changed) || l->good >= ENTRIES_MAX)
		l->bad++;
	else
		entry_keep(l, arena_printf(l->arena, "%s%.*s", below, STR_ARG(path)), changed);
}

/* The address of an entry's document: its content, or the link to itself. */
static struct str
entry_address(const struct json *entry)
{
	size_t n;
	struct str address = json_get_str(json_get(entry, "content"), "src");
	const struct json *links = json_get_array(entry, "link", &n);
	for (size_t i = 0; i < n && address.len == 0; i++)
		if (str_eq(json_get_str(&links[i], "rel"), STR("self")))
			address = json_get_str(&links[i], "href");
	return address;
}

/* ROLIE has whole addresses: those on the list's own host. */
static void
read_feed(struct listing *l, const struct json *feed)
{
	size_t n;
	struct str origin = url_origin(str_of(l->from->url));
	const struct json *list = json_get_array(feed, "entry", &n);
	for (size_t i = 0; i < n; i++) {
		int64_t changed;
		struct str path = url_path_within(entry_address(&list[i]), origin);
		if (path.len == 0 || !time_parse(json_get_str(&list[i], "updated"), &changed) || l->good >= ENTRIES_MAX)
			l->bad++;
		else
			entry_keep(l, arena_printf(l->arena, "/%.*s", STR_ARG(path)), changed);
	}
}

static bool
read_json(struct listing *l, struct str text)
{
	const struct json_limits limits = { .depth = 16, .string_max = 65536, .values = 3000000 };
	struct json *doc;
	size_t n;
	if (!json_parse(l->arena, text, &limits, &doc, NULL))
		return false;
	const struct json *list = json_get_array(doc, "value", &n);
	for (size_t i = 0; i < n; i++)
		entry_add(l, json_get_str(&list[i], "ID"), json_get_str(&list[i], "CurrentReleaseDate"));
	read_feed(l, json_get(doc, "feed"));
	return true;
}

static void
read_changes(struct listing *l, struct str text)
{
	struct fields f = { 0 };
	bool end, good;
	while (good = fields_next(&text, l->arena, &f, &end), !end) {
		if (good && f.count >= 2)
			entry_add(l, f.text[0], f.text[1]);
		else
			l->bad++;
	}
}

static int
newest_first(const void *x, const void *y)
{
	const struct listing_entry *a = x, *b = y;
	if (a->changed != b->changed)
		return a->changed < b->changed ? 1 : -1;
	return str_cmp(a->path, b->path);
}

bool
listing_read(struct str text, const struct feed_listing *from, int64_t since, struct arena *a,
	     struct listing_entry **out, size_t *count, size_t *bad, struct err *e)
{
	struct listing l = { .from = from, .arena = a, .since = since };
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	bool json = str_starts(str_trim(text), STR("{"));
	if (!json)
		read_changes(&l, text);
	if ((json && !read_json(&l, text)) || l.good == 0)
		return err_set(e, ERR_INPUT, "%s is no list of documents; the publisher may have moved it", from->url);
	if (l.entries.count > 1)
		qsort(l.entries.items, l.entries.count, sizeof(*l.entries.items), newest_first);
	*out = l.entries.items;
	*count = l.entries.count < from->newest ? l.entries.count : from->newest;
	*bad = l.bad;
	return true;
}
