/* Fetching the public feeds: every address into a folder of its own, then one import of what arrived. */
#include "net/client.h"
#include "os/file.h"
#include "vuln/import.h"
#include "trust/key.h"
#include "vuln/ops.h"
#include "vuln/provider.h"
#include "vuln/validators.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define DOWNLOAD_MAX (UINT64_C(2) << 30)
#define DOCUMENT_MAX (UINT64_C(64) << 20) /* one document of a list */
#define TRIES 3
#define RETRY_WAIT_MS 500

struct fetch {
	const struct feed_ops *ops;
	const char *url;
	const char *file; /* where it is put */
	bool arrived, unchanged;
	bool young; /* unchanged, as nobody was asked */
	bool document; /* one of a list, or what names lists: always asked for whole */
	const struct feed_listing *listing; /* url is a list; the documents are put in `file`.d */
	int64_t newest; /* of the documents that arrived */
	size_t missing, large, bad; /* listed, but not there or beyond reason; lines that name no document */
	struct http_fetch answer;
	struct err error;
};

struct update {
	const struct feed_update_options *options;
	struct arena *arena;
	const char *dir;
	struct http_client *client;
	struct validators known;
	struct feed_status *status; /* what is imported */
	size_t status_count;
	int lock;
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

/* A list and its documents: FEED/PUBLISHER/… on a mirror. */
static void
plan_listing(struct update *u, const struct feed_ops *ops, const struct feed_listing *l)
{
	const char *ecosystem = u->options->ecosystem ? u->options->ecosystem : "Debian";
	const char *name = strrchr(l->url, '/') + 1, *slash = l->publisher ? "/" : "";
	const char *publisher = l->publisher ? l->publisher : "";
	if (l->ecosystem && !str_starts(str_of(ecosystem), str_of(l->ecosystem)))
		return;
	struct fetch *x = ARRAY_PUSH(u->arena, &u->fetches);
	*x = (struct fetch){ .ops = ops, .url = l->url, .listing = l };
	if (u->options->mirror) {
		struct str base = str_of(u->options->mirror);
		while (str_ends(base, STR("/")))
			base.len--;
		x->url = arena_printf(u->arena, "%.*s/%s%s%s/%s", STR_ARG(base), ops->name, slash, publisher, name).ptr;
	}
	x->file = arena_printf(u->arena, "%s/%s%s%s/%s", u->dir, ops->name, slash, publisher, name).ptr;
}

/* A mirror keeps FEED/NAME, and for OSV osv/ECOSYSTEM/all.zip. */
static void
plan_fetches(struct update *u)
{
	for (const struct feed_ops *const *f = feeds_all; *f; f++) {
		for (const struct feed_listing *l = (*f)->listings; l && l->url; l++)
			plan_listing(u, *f, l);
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
wait_ms(unsigned ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* The copy that is imported came from this address and is still there: only then it may be "not changed". */
static bool
have_copy(const struct update *u, const struct fetch *x)
{
	for (size_t i = 0; i < u->status_count; i++) {
		const struct feed_status *s = &u->status[i];
		if (strcmp(s->feed, x->ops->name) != 0 || s->imported_at == 0)
			continue;
		if (x->ops->merge || str_ends(str_of(s->source), str_of(x->url)))
			return true;
	}
	return false;
}

/* Up to three times, waiting longer each time; what has arrived is not sent again. */
static bool
fetch_stubbornly(struct update *u, struct fetch *x)
{
	uint64_t max = x->document ? DOCUMENT_MAX : x->listing ? LISTING_MAX : DOWNLOAD_MAX;
	unsigned wait = u->options->retry_wait_ms ? u->options->retry_wait_ms : RETRY_WAIT_MS;
	const struct validator *known =
		have_copy(u, x) && !x->document ? validators_find(&u->known, str_of(x->url)) : NULL;
	for (int try = 1;; try++, wait *= 4) {
		x->answer = (struct http_fetch){ 0 };
		if (known) {
			memcpy(x->answer.etag, known->etag, sizeof(known->etag));
			memcpy(x->answer.last_modified, known->last_modified, sizeof(known->last_modified));
		}
		err_clear(&x->error);
		if (http_fetch(u->client, x->url, x->file, max, &x->answer, progress,
			       (void *)(uintptr_t)&u->options->import, &x->error))
			return true;
		if (!x->answer.try_again || try == TRIES)
			return false;
		wait_ms(wait);
	}
}

/* A list of the publisher whom the caller names. */
static struct fetch *
plan_own_list(struct update *u, struct str url, size_t number)
{
	struct feed_listing *l = ARENA_NEW(u->arena, struct feed_listing);
	*l = (struct feed_listing){ .url = arena_cstr(u->arena, url), .newest = 1000 };
	/* Two lists may have one name. */
	l->publisher = arena_printf(u->arena, "%.*s-%zu", STR_ARG(host_of(l->url)), number).ptr;
	plan_listing(u, &feed_csaf, l);
	struct fetch *x = &u->fetches.items[u->fetches.count - 1];
	x->url = l->url; /* no mirror has it */
	return x;
}

/* Asks the publisher where its lists are. False: *x says why not. */
static bool
provider_ask(struct update *u, struct fetch *x, struct provider *p)
{
	BUF_AUTO text = { 0 };
	const char *slash = strrchr(x->file, '/');
	struct str url = str_of(x->url);
	struct fetch ask = { .ops = x->ops, .url = x->url, .file = x->file, .document = true };
	if (!dir_make(arena_cstr(u->arena, str_sub(x->file, (size_t)(slash - x->file))), 0755, &x->error))
		return false;
	if (!fetch_stubbornly(u, &ask)) {
		x->error = ask.error;
		return false;
	}
	if (!file_read(x->file, LISTING_MAX, &text, &x->error))
		return false;
	unlink(x->file);
	if (!provider_read(buf_str(&text), url_origin(url), u->arena, p))
		*ARRAY_PUSH(u->arena, &p->lists) = url; /* a ROLIE feed, or no list: listing_read() will say so */
	if (p->lists.count > 0)
		return true;
	return err_set(&x->error, ERR_INPUT, "%s names no public list of documents on its own host", x->url);
}

/* One more publisher of CSAF, whom the caller names: a list, or what says where its lists are. */
static void
plan_own(struct update *u)
{
	struct str url = str_of(u->options->csaf);
	struct provider p = { 0 };
	if (url_origin(url).len + 1 >= url.len)
		url = arena_printf(u->arena, "%.*s/.well-known/csaf/provider-metadata.json", STR_ARG(url_origin(url)));
	struct fetch *x = plan_own_list(u, url, 0);
	if (str_ends(url, STR(".csv")))
		return;
	if (!provider_ask(u, x, &p)) {
		err_wrap(&x->error, "feed %s", x->ops->name);
		return;
	}
	u->fetches.count--;
	for (size_t i = 0; i < p.lists.count; i++)
		plan_own_list(u, p.lists.items[i], i)->bad = i == 0 ? p.bad : 0;
}

static bool
file_digest(const char *path, char hex[SHA256_HEX_LEN], struct err *e)
{
	char bytes[65536];
	size_t n;
	FILE *f = fopen(path, "re");
	if (!f)
		return err_sys(e, "reading %s", path);
	struct sha256_stream *s = sha256_open();
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		sha256_update(s, str_sub(bytes, n));
	sha256_close(s, hex);
	bool ok = !ferror(f);
	fclose(f);
	return ok || err_set(e, ERR_SYSTEM, "reading %s failed", path);
}

/* A mirror may keep NAME.sha256 beside NAME, as sha256sum writes it. None is fine; another digest is not. */
static bool
check_digest(struct update *u, struct fetch *x)
{
	const char *url = arena_printf(u->arena, "%s.sha256", x->url).ptr;
	const char *path = arena_printf(u->arena, "%s.sha256", x->file).ptr;
	struct http_fetch answer = { 0 };
	struct err e = { 0 };
	BUF_AUTO text = { 0 };
	char hex[SHA256_HEX_LEN];
	if (!u->options->mirror)
		return true;
	if (!http_fetch(u->client, url, path, 4096, &answer, NULL, NULL, &e)) {
		if (e.code == ERR_NOT_FOUND)
			return true;
		x->error = e;
		return false;
	}
	struct str rest, word = STR("");
	bool ok = file_read(path, 4096, &text, &x->error) && file_digest(x->file, hex, &x->error);
	unlink(path);
	if (!ok)
		return false;
	rest = buf_str(&text);
	(void)str_word(&rest, &word);
	if (str_eq_nocase(word, str_of(hex)))
		return true;
	unlink(x->file);
	return err_set(&x->error, ERR_REFUSED,
		       "%s is not what %s.sha256 says: it was damaged or changed on the way; fetch the mirror anew",
		       x->url, x->url);
}

/* One document of a list; false: the publisher failed. */
static bool
fetch_document(struct update *u, struct fetch *x, struct str path, const char *folder)
{
	const char *slash = strrchr(x->url, '/');
	BUF_AUTO flat = { 0 };
	for (size_t i = 0; i < path.len; i++)
		buf_add_char(&flat, path.ptr[i] == '/' ? '_' : path.ptr[i]);
	struct fetch one = { .ops = x->ops, .document = true, .file = path_join(u->arena, folder, buf_cstr(&flat)) };
	struct str base =
		path.ptr[0] == '/' ? url_origin(str_of(x->url)) : str_sub(x->url, (size_t)(slash + 1 - x->url));
	one.url = arena_printf(u->arena, "%.*s%.*s", STR_ARG(base), STR_ARG(path)).ptr;
	bool ok = fetch_stubbornly(u, &one);
	/* What no attempt will ever bring must not keep those behind it away. */
	x->missing += !ok && one.error.code == ERR_NOT_FOUND;
	x->large += !ok && one.error.code == ERR_TOO_LARGE;
	if (!ok && (one.error.code == ERR_NOT_FOUND || one.error.code == ERR_TOO_LARGE))
		return true;
	x->error = one.error;
	return ok;
}

/* The documents that changed since the last update: an import takes those that came, and the list counts as read only
 * when all of them did. */
static bool
fetch_documents(struct update *u, struct fetch *x)
{
	BUF_AUTO text = { 0 };
	struct listing_entry *list;
	size_t count, bad, got = 0;
	const struct validator *known = have_copy(u, x) ? validators_find(&u->known, str_of(x->url)) : NULL;
	const char *folder = arena_printf(u->arena, "%s.d", x->file).ptr;
	if ((file_exists(folder) && !dir_remove_all(folder, &x->error)) || !dir_make(folder, 0755, &x->error) ||
	    !file_read(x->file, LISTING_MAX, &text, &x->error) ||
	    !listing_read(buf_str(&text), x->listing, known ? known->newest : 0, u->arena, &list, &count, &bad,
			  &x->error))
		return false;
	x->bad += bad;
	unlink(x->file);
	bool ok = true;
	for (size_t i = 0; i < count && ok; i++) {
		ok = fetch_document(u, x, list[i].path, folder);
		got += ok;
		progress((void *)(uintptr_t)&u->options->import, i + 1, count);
	}
	x->newest = ok && count ? list[0].changed : known ? known->newest : 0;
	x->unchanged = ok && count == 0 && known;
	x->arrived = got > x->missing + x->large;
	x->file = folder;
	if (ok && count && !x->arrived)
		return err_set(&x->error, ERR_NOT_FOUND, "%s lists %zu documents, and none of them is there", x->url,
			       count);
	return ok;
}

/* A large copy that is young enough is not even asked for; a mirror is near and always asked. */
static bool
young_enough(const struct update *u, const struct fetch *x)
{
	const struct validator *known = have_copy(u, x) ? validators_find(&u->known, str_of(x->url)) : NULL;
	return known && !u->options->mirror &&
	       clock_now(u->options->import.clock) - known->checked < x->ops->fetch_after;
}

static void
fetch(struct update *u, struct fetch *x)
{
	const struct fetch *silent = gave_up(u, x);
	const char *slash = strrchr(x->file, '/');
	if (x->error.code != ERR_NONE) /* while it was planned */
		return;
	if (silent) {
		x->error = silent->error;
		return;
	}
	if (x->ops->fetch_after && young_enough(u, x)) {
		x->unchanged = x->young = true;
		return;
	}
	bool ok = dir_make(arena_cstr(u->arena, str_sub(x->file, (size_t)(slash - x->file))), 0755, &x->error) &&
		  fetch_stubbornly(u, x);
	x->unchanged = ok && x->answer.not_modified;
	if (x->listing && ok && !x->unchanged) {
		if (fetch_documents(u, x))
			return;
	} else {
		x->arrived = ok && !x->unchanged && check_digest(u, x);
	}
	if (x->error.code != ERR_NONE)
		err_wrap(&x->error, "feed %s", x->ops->name);
}

/* What arrived is imported and of no use any more; what broke off stays for the next update. */
static void
update_cleanup(struct update *u)
{
	bool broken_off = false;
	struct err ignored = { 0 };
	http_client_free(u->client);
	for (size_t i = 0; i < u->fetches.count; i++) {
		const struct fetch *x = &u->fetches.items[i];
		broken_off = broken_off || file_exists(arena_printf(u->arena, "%s.part", x->file).ptr);
		if (x->listing && file_exists(x->file) && !dir_remove_all(x->file, &ignored))
			err_clear(&ignored);
		else
			unlink(x->file);
	}
	if (u->dir && u->lock >= 0 && !broken_off && !dir_remove_all(u->dir, &ignored))
		err_clear(&ignored); /* the next update uses the folder again */
	fd_cleanup(&u->lock);
}

/* What the publishers call what is imported now. */
static bool
remember(struct update *u, const struct feed_report *reports, struct err *e)
{
	int64_t now = clock_now(u->options->import.clock);
	bool changed = false;
	for (size_t i = 0; i < u->fetches.count; i++) {
		const struct fetch *x = &u->fetches.items[i];
		if ((!x->arrived && !x->unchanged) || x->young || reports[i].error.code != ERR_NONE)
			continue;
		struct validator *v = validators_put(&u->known, str_of(x->url));
		v->checked = now;
		changed = true;
		if (x->answer.not_modified)
			continue;
		if (x->listing)
			v->newest = x->newest;
		memcpy(v->etag, x->answer.etag, sizeof(v->etag));
		memcpy(v->last_modified, x->answer.last_modified, sizeof(v->last_modified));
	}
	return !changed || validators_write(&u->known, u->options->import.data, e);
}

/* A few new documents may well be about nothing that has a name we know: that is no failure of the publisher. */
static bool
understood(const struct feed_count *c)
{
	static const char *const damage[] = { "invalid", "unrecognised", "damaged", "unreadable", "too-large" };
	uint64_t bad = 0;
	for (size_t i = 0; i < c->skipped_count; i++)
		for (size_t k = 0; k < COUNT(damage); k++)
			bad += strcmp(c->skipped[i].reason, damage[k]) == 0 ? c->skipped[i].count : 0;
	return c->read > bad;
}

/* What a list promised and nobody gave; and an import of a part of the documents is no success. */
static void
count_listing(const struct fetch *x, struct feed_report *r)
{
	if (x->listing && r->error.code == ERR_INPUT && understood(&r->count)) {
		err_clear(&r->error);
		snprintf(r->feed, sizeof(r->feed), "%s", x->ops->name);
	}
	r->count.read += x->missing + x->large + x->bad;
	if (x->missing)
		count_skip(&r->count, "not-there", x->missing);
	if (x->large)
		count_skip(&r->count, "too-large", x->large);
	if (x->bad)
		count_skip(&r->count, "invalid", x->bad);
	if (x->error.code != ERR_NONE)
		r->error = x->error;
}

static bool
import_arrived(struct update *u, struct feed_report *reports, struct err *e)
{
	ARRAY_OF(struct import_item) items = { 0 };
	ARRAY_OF(size_t) where = { 0 };
	for (size_t i = 0; i < u->fetches.count; i++) {
		const struct fetch *x = &u->fetches.items[i];
		reports[i] = (struct feed_report){ .path = x->url, .unchanged = x->unchanged, .error = x->error };
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
	for (size_t i = 0; i < u->fetches.count; i++)
		count_listing(&u->fetches.items[i], &reports[i]);
	return true;
}

bool
feed_update(const struct feed_update_options *o, struct arena *a, struct feed_report **reports, size_t *count,
	    struct err *e)
{
	__attribute__((cleanup(update_cleanup))) struct update u = { .options = o, .arena = a, .lock = -1 };
	struct http_client_options client = { .user_agent = "mamori/" MAMORI_VERSION,
					      .connect_timeout_s = 8,
					      .timeout_s = 1800 };
	u.dir = path_join(a, o->import.data, "feeds/download");
	u.known.arena = a;
	if (!dir_make(u.dir, 0755, e) || !file_lock(path_join(a, u.dir, "lock"), &u.lock, e) ||
	    !http_client_new(&client, &u.client, e) ||
	    !feed_status_read(o->import.data, a, clock_now(o->import.clock), &u.status, &u.status_count, e))
		return err_wrap(e, "updating the feeds in %s", o->import.data);
	validators_read(&u.known, o->import.data);
	plan_fetches(&u);
	if (o->csaf)
		plan_own(&u);
	for (size_t i = 0; i < u.fetches.count; i++)
		fetch(&u, &u.fetches.items[i]);
	*count = u.fetches.count;
	*reports = ARENA_ARRAY(a, struct feed_report, u.fetches.count);
	return import_arrived(&u, *reports, e) && remember(&u, *reports, e);
}
