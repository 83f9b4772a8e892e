/* /api/v1/overview, feeds, tokens, audit */
#include "base/sentence.h"
#include "os/file.h"
#include "server/directory.h"
#include "server/exposures.h"
#include "server/api.h"
#include "server/publish.h"
#include "server/feed_change.h"
#include "server/policies.h"
#include "server/relay_in.h"
#include "server/surfaces.h"
#include "store/audit.h"
#include "store/enrolment.h"
#include "trust/token.h"
#include "vuln/feed.h"
#include "vuln/match.h"
#include "vuln/ops.h"

static const int64_t DAY = 86400000LL;

enum { NOTICES_MAX = 100, TOKEN_USES_MAX = 100000, TOKEN_TTL_MAX_S = 366 * 86400, URLS_MAX = 6 };

/* ---- overview ---- */

static void
counts_write(struct request *r, const struct host_counts *c, const struct finding_counts *due)
{
	struct json_writer *w = &r->w;
	json_key(w, "hosts");
	json_begin_object(w);
	json_put_i64(w, "enrolled", c->enrolled);
	json_put_i64(w, "pending", c->pending);
	json_put_i64(w, "silent", c->silent);
	json_put_i64(w, "with_security", c->with_security);
	json_put_i64(w, "current", c->current);
	json_put_i64(w, "reboot", c->reboot);
	json_end_object(w);
	json_key(w, "patches");
	json_begin_object(w);
	json_put_i64(w, "missing", c->missing);
	json_put_i64(w, "security", c->missing_security);
	json_put_i64(w, "queued", c->queued);
	json_put_i64(w, "running", c->running);
	json_put_i64(w, "failed_7d", c->failed_recent);
	json_put_i64(w, "installed_7d", c->installed_recent);
	json_end_object(w);
	json_key(w, "findings");
	findings_counts_write(w, c->findings, c->kev);
	json_key(w, "actions");
	actions_write(w, due->actions, due->overdue, due->overdue_now);
	json_put_i64(w, "overdue_hosts", due->overdue_hosts);
	json_put_i64(w, "not_matched", c->not_matched);
	json_put_i64(w, "eol", c->ended);
}

static bool
groups_write(struct request *r, struct err *e)
{
	struct host_group *groups;
	size_t count;
	if (!host_groups(r->st, &r->arena, request_silent_before(r), &groups, &count, e))
		return false;
	json_key(&r->w, "groups");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		str_or_null(&r->w, "group", groups[i].name);
		json_put_i64(&r->w, "hosts", groups[i].hosts);
		json_put_i64(&r->w, "current", groups[i].current);
		json_put_i64(&r->w, "silent", groups[i].silent);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	return true;
}

struct freshness {
	struct feed_status *feeds;
	size_t count;
	int64_t imported, stale, oldest, oldest_stale;
	struct str trouble; /* why the newest feeds are not in use, in the reader's language; ptr NULL: they are */
};

/* Of the data itself, not of the day on which somebody brought it here. */
static int64_t
feed_date(const struct feed_status *f)
{
	return f->published_at ? f->published_at : f->imported_at;
}

static void
take_older(int64_t *oldest, int64_t at)
{
	if (!*oldest || at < *oldest)
		*oldest = at;
}

/* Why the newest feeds are not in use, in the reader's language. */
static struct str
index_trouble(struct request *r)
{
	struct err why = { 0 };
	if (app_index_usable(r->app, &why))
		return STR_NONE;
	return tr_sentence(&r->arena, arena_str(&r->arena, str_of(why.text)));
}

static void
freshness_read(struct request *r, struct freshness *f)
{
	struct err e = { 0 };
	*f = (struct freshness){ .trouble = index_trouble(r) };
	/* One damaged feed must not take the overview away: it is where that is said. */
	if (!feed_status_read(r->app->data, &r->arena, r->now, &f->feeds, &f->count, &e)) {
		f->count = 0;
		if (!f->trouble.len)
			f->trouble = arena_str(&r->arena, str_of(e.text));
	}
	for (size_t i = 0; i < f->count; i++) {
		if (!f->feeds[i].imported_at)
			continue;
		f->imported++;
		take_older(&f->oldest, feed_date(&f->feeds[i]));
		if (f->feeds[i].stale) {
			f->stale++;
			take_older(&f->oldest_stale, feed_date(&f->feeds[i]));
		}
	}
}

static void
feeds_write(struct request *r, const struct freshness *f)
{
	json_key(&r->w, "feeds");
	json_begin_object(&r->w);
	json_put_i64(&r->w, "imported", f->imported);
	json_put_i64(&r->w, "known", (int64_t)f->count);
	json_put_i64(&r->w, "stale", f->stale);
	json_put_time(&r->w, "oldest", f->oldest);
	str_or_null(&r->w, "error", f->trouble);
	json_end_object(&r->w);
}

static bool
notices_write(struct request *r, const struct freshness *f, struct err *e)
{
	char when[TIME_RFC3339_MAX];
	struct host *hosts;
	size_t count;
	struct host_filter worst = {
		.attention = STR("notice"),
		.silent_before = request_silent_before(r),
		.event_after = r->now - NOTICE_EVENT_MS,
	};
	struct page page = { .limit = NOTICES_MAX, .sort = STR("attention") };
	json_key(&r->w, "notices");
	json_begin_array(&r->w);
	if (f->trouble.len)
		notice_write(r, "alarm", "not-matched",
			     arena_printf(&r->arena,
					  tr("Machines are not compared with the newest vulnerability data: %.*s"),
					  STR_ARG(f->trouble)));
	if (!f->imported && !f->trouble.len)
		notice_write(r, "warning", "no-feed",
			     str_of(tr("No vulnerability data yet. Run mamori feed update, or mamori feed import with "
				       "files from another machine.")));
	else if (f->stale)
		notice_write(r, "warning", "stale-feed",
			     arena_printf(&r->arena,
					  tr("Vulnerability data is out of date: %lld feeds, the oldest as of %s. Run "
					     "mamori feed update."),
					  (long long)f->stale, time_local(f->oldest_stale, when)));
	publish_notices_write(r);
	if (!patching_notices_write(r, e) || !directory_notice_write(r, e) || !relay_notices_write(r, e) ||
	    !exposure_notices_write(r, e) || !surface_notices_write(r, e) ||
	    !host_list(r->st, &r->arena, &worst, &page, &hosts, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		host_notices_write(r, &hosts[i]);
	json_end_array(&r->w);
	return true;
}

bool
api_overview(struct request *r, struct err *e)
{
	struct host_counts counts;
	struct finding_counts due;
	struct freshness fresh;
	struct str url[1];
	if (!host_count_all(r->st, request_silent_before(r), r->now - 7 * DAY, &counts, e) ||
	    !finding_count_actions(r->st, &due, e))
		return false;
	freshness_read(r, &fresh);
	app_urls(r->app, &r->arena, url, 1);
	json_begin_object(&r->w);
	json_key(&r->w, "server");
	json_begin_object(&r->w);
	json_put_str(&r->w, "name", app_display_name(r->app, &r->arena));
	json_put_cstr(&r->w, "version", MAMORI_VERSION);
	json_put_time(&r->w, "now", r->now);
	json_put_str(&r->w, "url", url[0]);
	json_end_object(&r->w);
	counts_write(r, &counts, &due);
	if (!groups_write(r, e))
		return false;
	feeds_write(r, &fresh);
	if (!exposure_overview_write(r, e) || !notices_write(r, &fresh, e))
		return false;
	json_end_object(&r->w);
	return true;
}

/* ---- feeds ---- */

static void
feed_write(struct json_writer *w, const struct feed_status *f)
{
	const struct feed_ops *ops = feed_find(f->feed);
	json_begin_object(w);
	json_put_cstr(w, "feed", f->feed);
	json_put_cstr(w, "title", ops ? tr(ops->title) : f->feed);
	str_or_null(w, "source", str_of(f->source));
	json_put_i64(w, "records", (int64_t)f->records);
	json_put_time(w, "imported_at", f->imported_at);
	json_put_time(w, "published_at", f->published_at);
	json_put_bool(w, "stale", f->stale);
	json_put_i64(w, "stale_after_s", f->stale_after / 1000);
	json_end_object(w);
}

bool
api_feeds(struct request *r, struct err *e)
{
	struct freshness f;
	freshness_read(r, &f);
	json_begin_object(&r->w);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (size_t i = 0; i < f.count; i++)
		feed_write(&r->w, &f.feeds[i]);
	json_end_array(&r->w);
	const char *path = path_join(&r->arena, r->app->data, "feeds/index");
	int64_t size = file_size(path);
	struct index_ref *ref = app_index(r->app);
	json_key(&r->w, "index");
	json_begin_object(&r->w);
	json_put_i64(&r->w, "generation", ref ? (int64_t)vuln_index_generation(ref->index) : 0);
	json_put_time(&r->w, "built_at", file_mtime(path));
	json_put_i64(&r->w, "size", size > 0 ? size : 0);
	str_or_null(&r->w, "error", f.trouble);
	json_end_object(&r->w);
	json_end_object(&r->w);
	index_release(r->app, ref);
	return true;
}

bool
api_feeds_reload(struct request *r, struct err *e)
{
	struct feed_change change;
	if (!app_index_reload(r->app, e) || !feed_change_apply(r->app, r->st, r->now, &r->arena, &change, e) ||
	    !request_audit(r, "feeds.reload", STR(""),
			   arena_printf(&r->arena, "%zu of %zu hosts", change.count, change.hosts), e))
		return false;
	r->match_hosts = change.ids;
	r->match_host_count = change.count;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "hosts", (int64_t)change.hosts);
	json_put_i64(&r->w, "matched", (int64_t)change.count);
	json_put_i64(&r->w, "vulnerabilities", (int64_t)change.vulnerabilities);
	json_put_i64(&r->w, "findings", (int64_t)change.findings);
	json_end_object(&r->w);
	return true;
}

/* ---- tokens ---- */

static bool
token_parse_request(struct request *r, struct enrolment *t, struct err *e)
{
	struct str role = json_get_str(r->json, "role"), group = str_trim(json_get_str(r->json, "group"));
	int64_t ttl = json_get_i64(r->json, "ttl_s", 86400);
	t->role = role.len ? role : STR("host");
	t->group = group.len ? group : STR_NONE;
	t->uses = json_get_i64(r->json, "uses", 1);
	t->approve = json_get_bool(r->json, "approve", false);
	t->created_at = r->now;
	if (!str_eq(t->role, STR("host")) && !str_eq(t->role, STR("relay")))
		return err_set(e, ERR_USAGE, "a token's role must be host or relay");
	if (group.len > 100)
		return err_set(e, ERR_USAGE, "a group's name has at most %d bytes", 100);
	if (t->uses < 1 || t->uses > TOKEN_USES_MAX)
		return err_set(e, ERR_USAGE, "a token is for 1 to %d machines", TOKEN_USES_MAX);
	if (ttl < 1 || ttl > TOKEN_TTL_MAX_S)
		return err_set(e, ERR_USAGE, "a token lives from one second to one year");
	t->expires = r->now + ttl * 1000;
	return true;
}

static struct str
token_text(struct request *r, const struct enrolment *t, struct str secret)
{
	struct str urls[URLS_MAX];
	BUF_AUTO text = { 0 };
	struct token token = {
		.urls = urls,
		.url_count = app_urls(r->app, &r->arena, urls, URLS_MAX),
		.ca_digest = str_of(r->app->ca_digest),
		.id = t->id,
		.secret = secret,
		.expires = t->expires,
	};
	token_write(&token, &text);
	return arena_str(&r->arena, buf_str(&text));
}

bool
api_token_create(struct request *r, struct err *e)
{
	struct enrolment t = { 0 };
	char hash[SHA256_HEX_LEN];
	BUF_AUTO id = { 0 };
	BUF_AUTO secret = { 0 };
	if (!token_parse_request(r, &t, e))
		return false;
	random_token(&id, 9);
	random_token(&secret, 24);
	sha256_hex(buf_str(&secret), hash);
	t.id = buf_str(&id);
	t.secret_hash = str_of(hash);
	if (!enrolment_insert(r->st, &t, e) ||
	    !request_audit(r, "token.create", t.id,
			   arena_printf(&r->arena, "%.*s, %lld uses", STR_ARG(t.role), (long long)t.uses), e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "id", t.id);
	json_put_str(&r->w, "token", token_text(r, &t, buf_str(&secret)));
	json_put_time(&r->w, "expires", t.expires);
	json_end_object(&r->w);
	return true;
}

bool
api_tokens(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct page page;
	struct enrolment *rows;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !enrolment_list(r->st, &r->arena, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "id", rows[i].id);
		json_put_str(&r->w, "role", rows[i].role);
		str_or_null(&r->w, "group", rows[i].group);
		json_put_i64(&r->w, "uses", rows[i].uses);
		json_put_i64(&r->w, "used", rows[i].used);
		json_put_bool(&r->w, "approve", rows[i].approve);
		json_put_time(&r->w, "expires", rows[i].expires);
		json_put_bool(&r->w, "revoked", rows[i].revoked_at != 0);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

bool
api_token_delete(struct request *r, struct err *e)
{
	struct enrolment t;
	r->status = 204;
	return enrolment_get(r->st, &r->arena, r->argument, &t, e) && enrolment_revoke(r->st, t.id, r->now, e) &&
	       request_audit(r, "token.revoke", t.id, STR(""), e);
}

/* ---- audit ---- */

bool
api_audit(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct page page;
	struct audit *rows;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !audit_list(r->st, &r->arena, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_i64(&r->w, "seq", rows[i].seq);
		json_put_time(&r->w, "at", rows[i].at);
		json_put_str(&r->w, "who", rows[i].who);
		json_put_str(&r->w, "what", rows[i].what);
		json_put_str(&r->w, "object", rows[i].object);
		json_put_str(&r->w, "detail", rows[i].detail);
		json_put_str(&r->w, "hash", rows[i].hash);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}
