/* Fetching the public feeds: every address into a folder of its own, then one import of what arrived. */
#include "net/client.h"
#include "os/file.h"
#include "vuln/import.h"
#include "trust/key.h"
#include "vuln/ops.h"
#include "vuln/validators.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define DOWNLOAD_MAX (UINT64_C(2) << 30)
#define TRIES 3
#define RETRY_WAIT_MS 500

struct fetch {
	const struct feed_ops *ops;
	const char *url;
	const char *file; /* where it is put */
	bool arrived, unchanged;
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
	unsigned wait = u->options->retry_wait_ms ? u->options->retry_wait_ms : RETRY_WAIT_MS;
	const struct validator *known = have_copy(u, x) ? validators_find(&u->known, str_of(x->url)) : NULL;
	for (int try = 1;; try++, wait *= 4) {
		x->answer = (struct http_fetch){ 0 };
		if (known) {
			memcpy(x->answer.etag, known->etag, sizeof(known->etag));
			memcpy(x->answer.last_modified, known->last_modified, sizeof(known->last_modified));
		}
		err_clear(&x->error);
		if (http_fetch(u->client, x->url, x->file, DOWNLOAD_MAX, &x->answer, progress,
			       (void *)(uintptr_t)&u->options->import, &x->error))
			return true;
		if (!x->answer.try_again || try == TRIES)
			return false;
		wait_ms(wait);
	}
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

static void
fetch(struct update *u, struct fetch *x)
{
	const struct fetch *silent = gave_up(u, x);
	const char *slash = strrchr(x->file, '/');
	if (silent) {
		x->error = silent->error;
		return;
	}
	bool ok = dir_make(arena_cstr(u->arena, str_sub(x->file, (size_t)(slash - x->file))), 0755, &x->error) &&
		  fetch_stubbornly(u, x);
	x->unchanged = ok && x->answer.not_modified;
	x->arrived = ok && !x->unchanged && check_digest(u, x);
	if (!x->arrived && !x->unchanged)
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
		if ((!x->arrived && !x->unchanged) || reports[i].error.code != ERR_NONE)
			continue;
		struct validator *v = validators_put(&u->known, str_of(x->url));
		v->checked = now;
		changed = true;
		if (x->unchanged)
			continue;
		memcpy(v->etag, x->answer.etag, sizeof(v->etag));
		memcpy(v->last_modified, x->answer.last_modified, sizeof(v->last_modified));
	}
	return !changed || validators_write(&u->known, u->options->import.data, e);
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
	for (size_t i = 0; i < u.fetches.count; i++)
		fetch(&u, &u.fetches.items[i]);
	*count = u.fetches.count;
	*reports = ARENA_ARRAY(a, struct feed_report, u.fetches.count);
	return import_arrived(&u, *reports, e) && remember(&u, *reports, e);
}
