#include "vuln/provider.h"

#include "base/json.h"

#define PATH_LEN_MAX 200
#define URL_LEN_MAX 1000

struct str
url_origin(struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));
	if (at <= 0)
		return STR("");
	struct str host = str_skip(url, (size_t)at + 3);
	ptrdiff_t slash = str_find_char(host, '/');
	size_t len = slash >= 0 ? (size_t)slash : host.len;
	return len > 0 ? str_head(url, (size_t)at + 3 + len) : STR("");
}

struct str
url_path_within(struct str url, struct str origin)
{
	if (origin.len == 0 || url.len > URL_LEN_MAX || !str_starts(url, origin))
		return STR_NONE;
	struct str path = str_skip(url, origin.len);
	if (path.len < 2 || path.len > PATH_LEN_MAX + 1 || path.ptr[0] != '/' || str_contains(path, STR("..")) ||
	    str_contains(path, STR("//")))
		return STR_NONE;
	for (size_t i = 0; i < path.len; i++) {
		char c = path.ptr[i];
		bool letter = (c | 32) >= 'a' && (c | 32) <= 'z', digit = c >= '0' && c <= '9';
		if (!letter && !digit && !(c && strchr("._-/", c)))
			return STR_NONE;
	}
	return str_skip(path, 1);
}

static void
list_add(struct provider *p, struct str url, struct str origin, struct arena *a)
{
	for (size_t i = 0; i < p->lists.count; i++)
		if (str_eq(p->lists.items[i], url))
			return;
	if (url_path_within(url, origin).len == 0 || p->lists.count >= PROVIDER_LISTS_MAX)
		p->bad++;
	else
		*ARRAY_PUSH(a, &p->lists) = arena_str(a, url);
}

static bool
is_public(struct str label)
{
	return str_eq_nocase(label, STR("WHITE")) || str_eq_nocase(label, STR("CLEAR")) ||
	       str_eq_nocase(label, STR("UNLABELED"));
}

bool
provider_read(struct str text, struct str origin, struct arena *a, struct provider *out)
{
	const struct json_limits limits = { .depth = 16, .string_max = 65536, .values = 10000 };
	struct json *doc;
	size_t n, feeds;
	*out = (struct provider){ 0 };
	if (!json_parse(a, text, &limits, &doc, NULL) || doc->kind != JSON_KIND_OBJECT)
		return false;
	const struct json *all = json_get(doc, "distributions");
	if (!all || all->kind != JSON_KIND_ARRAY)
		return false;
	const struct json *list = json_get_array(doc, "distributions", &n);
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		const struct json *feed = json_get_array(json_get(&list[i], "rolie"), "feeds", &feeds);
		for (size_t k = 0; k < feeds; k++) {
			if (!is_public(json_get_str(&feed[k], "tlp_label")))
				continue;
			list_add(out, json_get_str(&feed[k], "url"), origin, a);
			any = true;
		}
	}
	for (size_t i = 0; i < n && !any; i++) {
		struct str folder = json_get_str(&list[i], "directory_url");
		if (folder.len)
			list_add(out,
				 arena_printf(a, "%.*s%schanges.csv", STR_ARG(folder),
					      str_ends(folder, STR("/")) ? "" : "/"),
				 origin, a);
	}
	return true;
}
