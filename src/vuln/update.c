/* Fetching the public feeds: every address into a folder of its own, then one import of what arrived. */
#include "net/client.h"
#include "os/file.h"
#include "vuln/import.h"
#include "vuln/ops.h"

#define DOWNLOAD_MAX (UINT64_C(2) << 30)

struct fetch {
	const struct feed_ops *ops;
	const char *url;
	const char *file; /* where it is put */
	bool arrived;
	struct err error;
};

struct update {
	const struct feed_update_options *options;
	struct arena *arena;
	const char *dir;
	struct http_client *client;
	ARRAY_OF(struct fetch) fetches;
};

static struct str
host_of(const char *url)
{
	struct str s = str_of(url);
	ptrdiff_t at = str_find(s, STR("://"));
	if (at >= 0)
		s = str_skip(s, (size_t)at + 3);
	ptrdiff_t slash = str_find_char(s, '/');
	return slash >= 0 ? str_head(s, (size_t)slash) : s;
}

/* "%s" becomes the ecosystem, its blanks encoded. */
static const char *
url_for(struct update *u, const char *form)
{
	const char *ecosystem = u->options->ecosystem ? u->options->ecosystem : "Debian";
	struct str s = str_of(form);
	ptrdiff_t at = str_find(s, STR("%s"));
	if (at < 0)
		return form;
	BUF_AUTO name = { 0 };
	for (; *ecosystem; ecosystem++)
		buf_add(&name, *ecosystem == ' ' ? STR("%20") : str_sub(ecosystem, 1));
	return arena_printf(u->arena, "%.*s%s%s", (int)at, form, buf_cstr(&name), form + at + 2).ptr;
}

/* A mirror keeps FEED/NAME, and for OSV osv/ECOSYSTEM/all.zip. */
static void
plan_fetches(struct update *u)
{
	for (const struct feed_ops *const *f = feeds_all; *f; f++)
		for (const char *const *form = (*f)->urls; *form; form++) {
			struct fetch *x = ARRAY_PUSH(u->arena, &u->fetches);
			const char *url = url_for(u, *form), *name = strrchr(url, '/') + 1;
			*x = (struct fetch){ .ops = *f, .url = url };
			if (u->options->mirror) {
				struct str base = str_of(u->options->mirror),
					   parent = str_sub(url, (size_t)(name - 1 - url));
				struct str folder = str_skip(parent, (size_t)str_rfind_char(parent, '/') + 1);
				while (str_ends(base, STR("/")))
					base.len--;
				bool by_ecosystem = strstr(*form, "%s") != NULL;
				x->url = arena_printf(u->arena, "%.*s/%s/%.*s%s%s", STR_ARG(base), (*f)->name,
						      by_ecosystem ? (int)folder.len : 0, folder.ptr,
						      by_ecosystem ? "/" : "", name)
						 .ptr;
			}
			x->file = path_join(u->arena, path_join(u->arena, u->dir, (*f)->name), name);
		}
}

static void
progress(void *user, uint64_t got, uint64_t total)
{
	const struct feed_import_options *o = user;
	if (o->progress)
		o->progress(o->user, "", got, total);
}

/* One that does not answer is asked once, not once for each of its files. */
static const struct fetch *
gave_up(const struct update *u, const struct fetch *x)
{
	for (const struct fetch *before = u->fetches.items; before < x; before++)
		if (!before->arrived && before->error.code == ERR_UNREACHABLE &&
		    str_eq(host_of(before->url), host_of(x->url)) && before->ops == x->ops)
			return before;
	return NULL;
}

static void
fetch(struct update *u, struct fetch *x)
{
	const struct fetch *silent = gave_up(u, x);
	const char *slash = strrchr(x->file, '/');
	if (silent) {
		x->error = silent->error;
		return;
	}
	x->arrived = dir_make(arena_cstr(u->arena, str_sub(x->file, (size_t)(slash - x->file))), 0755, &x->error) &&
		     http_download(u->client, x->url, x->file, DOWNLOAD_MAX, progress,
				   (void *)(uintptr_t)&u->options->import, &x->error);
	if (!x->arrived)
		err_wrap(&x->error, "feed %s", x->ops->name);
}

static void
update_cleanup(struct update *u)
{
	struct err ignored = { 0 };
	http_client_free(u->client);
	if (u->dir && !dir_remove_all(u->dir, &ignored))
		err_clear(&ignored); /* the next update starts by removing it */
}

static bool
import_arrived(struct update *u, struct feed_report *reports, struct err *e)
{
	ARRAY_OF(struct import_item) items = { 0 };
	ARRAY_OF(size_t) where = { 0 };
	for (size_t i = 0; i < u->fetches.count; i++) {
		const struct fetch *x = &u->fetches.items[i];
		reports[i] = (struct feed_report){ .path = x->url, .error = x->error };
		snprintf(reports[i].feed, sizeof(reports[i].feed), "%s", x->ops->name);
		if (!x->arrived)
			continue;
		*ARRAY_PUSH(u->arena, &items) = (struct import_item){ .path = x->file, .label = x->url };
		*ARRAY_PUSH(u->arena, &where) = i;
	}
	if (items.count == 0)
		return true;
	struct feed_report *got = ARENA_ARRAY(u->arena, struct feed_report, items.count);
	if (!feed_import_items(&u->options->import, items.items, items.count, got, e))
		return false;
	for (size_t i = 0; i < items.count; i++)
		reports[where.items[i]] = got[i];
	return true;
}

bool
feed_update(const struct feed_update_options *o, struct arena *a, struct feed_report **reports, size_t *count,
	    struct err *e)
{
	__attribute__((cleanup(update_cleanup))) struct update u = { .options = o, .arena = a };
	struct http_client_options client = { .user_agent = "mamori/" MAMORI_VERSION,
					      .connect_timeout_s = 8,
					      .timeout_s = 1800 };
	u.dir = path_join(a, o->import.data, "feeds/download");
	if (!dir_remove_all(u.dir, e) || !dir_make(u.dir, 0755, e) || !http_client_new(&client, &u.client, e))
		return err_wrap(e, "updating the feeds in %s", o->import.data);
	plan_fetches(&u);
	for (size_t i = 0; i < u.fetches.count; i++)
		fetch(&u, &u.fetches.items[i]);
	*count = u.fetches.count;
	*reports = ARENA_ARRAY(a, struct feed_report, u.fetches.count);
	return import_arrived(&u, *reports, e);
}
