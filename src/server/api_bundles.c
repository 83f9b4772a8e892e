/* /api/v1/bundles: numbers and signatures of bundles; the command line makes and reads them, beside the server. */
#include "base/codec.h"
#include "server/api.h"
#include "server/bundles.h"
#include "server/planner.h"
#include "server/relay_told.h"
#include "store/bundle.h"
#include "store/directive.h"
#include "store/relay.h"
#include "store/section.h"
#include "trust/bundle.h"
#include "trust/letter.h"

enum { SITE_BYTES = 100 };
static const int64_t DAY = 86400000LL;
static const int64_t LIFE = 30 * 86400000LL, LIFE_MOST = 366 * 86400000LL;

/* ---- what was made ---- */

static void
bundle_write(struct request *r, const struct bundle_row *b)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "site", b->site);
	json_put_cstr(w, "direction", b->up ? "up" : "down");
	json_put_i64(w, "counter", b->counter);
	json_put_str(w, "id", b->id);
	str_or_null(w, "relay", b->relay);
	json_put_i64(w, "since", b->since);
	json_put_i64(w, "seen", b->seen);
	json_put_time(w, "made", b->made);
	json_put_time(w, "expires", b->expires);
	json_put_time(w, "at", b->at);
	json_put_i64(w, "members", b->members);
	json_put_i64(w, "bytes", b->bytes);
	json_put_str(w, "by", b->by);
	json_end_object(w);
}

bool
api_bundles(struct request *r, struct err *e)
{
	static const char *const filters[] = { "site", NULL };
	struct page page;
	struct bundle_row *rows;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !bundle_row_list(r->st, &r->arena, request_parameter(r, "site"), &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		bundle_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

bool
api_bundle_key(struct request *r, struct err *e)
{
	BUF_AUTO key = { 0 };
	BUF_AUTO pem = { 0 };
	if (!key_id(r->app->order_key, &key, e) || !key_public_to_pem(r->app->order_key, &pem, e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "key", buf_str(&key));
	json_put_str(&r->w, "order_key", buf_str(&pem));
	json_end_object(&r->w);
	return true;
}

/* ---- a new one ---- */

static bool
head_fill(struct request *r, struct str site, struct bundle_row *b, struct err *e)
{
	struct bundle_site known;
	BUF_AUTO id = { 0 };
	int64_t life = json_get_i64(r->json, "expires_s", LIFE / 1000);
	if (life < 3600 || life > LIFE_MOST / 1000)
		return err_set(e, ERR_USAGE, "a bundle lasts from one hour to a year");
	life *= 1000;
	if (!bundle_site_get(r->st, &r->arena, site, &known, e) || !bundle_newest(r->st, site, STR(""), &b->counter, e))
		return false;
	random_token(&id, 12);
	int64_t since = json_get_i64(r->json, "since", known.seen);
	b->site = site;
	b->counter++;
	b->id = arena_str(&r->arena, buf_str(&id));
	b->since = json_get_bool(r->json, "full", false) ? 0 : since;
	b->made = r->now;
	b->expires = r->now + life;
	b->by = r->user;
	if (b->since < 0 || b->since >= b->counter)
		return err_set(e, ERR_USAGE, "there is no bundle %lld for the site %.*s to build on",
			       (long long)b->since, STR_ARG(site));
	return true;
}

static bool
begin_write(struct request *r, const struct bundle_row *b, const struct str *hosts, size_t count, struct err *e)
{
	BUF_AUTO key = { 0 };
	BUF_AUTO pem = { 0 };
	if (!key_id(r->app->order_key, &key, e) || !key_public_to_pem(r->app->order_key, &pem, e))
		return false;
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "site", b->site);
	json_put_str(w, "server", app_display_name(r->app, &r->arena));
	json_put_str(w, "id", b->id);
	json_put_i64(w, "counter", b->counter);
	json_put_i64(w, "since", b->since);
	json_put_time(w, "made", b->made);
	json_put_time(w, "expires", b->expires);
	json_put_str(w, "key", buf_str(&key));
	json_put_str(w, "order_key", buf_str(&pem));
	json_key(w, "hosts");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, hosts[i]);
	json_end_array(w);
	json_end_object(w);
	return true;
}

bool
api_bundle_begin(struct request *r, struct err *e)
{
	struct str site = str_trim(json_get_str(r->json, "site"));
	struct bundle_row b = { 0 };
	struct str *hosts;
	size_t count;
	if (!site.len || site.len > SITE_BYTES)
		return err_set(e, ERR_USAGE, "name the site that the bundle is for");
	if (!bundle_hosts(r->st, &r->arena, site, &hosts, &count, e))
		return false;
	if (!count)
		return err_set(e, ERR_NOT_FOUND,
			       "there is no machine at the site %.*s: give machines their site with "
			       "mamori host set HOST --site %.*s",
			       STR_ARG(site), STR_ARG(site));
	return head_fill(r, site, &b, e) && bundle_row_put(r->st, &b, e) &&
	       request_audit(r, "bundle.begin", b.id,
			     arena_printf(&r->arena, "%.*s, number %lld", STR_ARG(site), (long long)b.counter), e) &&
	       begin_write(r, &b, hosts, count, e);
}

/* Only what this server began is signed, once it is what was begun. */
bool
api_bundle_sign(struct request *r, struct err *e)
{
	struct str document = json_get_str(r->json, "document");
	struct bundle_head h;
	struct bundle_row b;
	BUF_AUTO key = { 0 };
	if (!bundle_head_parse(&r->arena, document, &h, e) ||
	    !bundle_row_get(r->st, &r->arena, h.site, h.counter, &b, e) || !key_id(r->app->order_key, &key, e))
		return err_wrap(e, "signing a bundle");
	if (h.direction != BUNDLE_DOWN || !str_eq(h.id, b.id) || h.since != b.since || h.made != b.made ||
	    h.expires != b.expires || !str_eq(h.key, buf_str(&key)) ||
	    !str_eq(h.server, app_display_name(r->app, &r->arena)))
		return err_set(e, ERR_REFUSED, "this is not the bundle that was begun as number %lld for %.*s",
			       (long long)b.counter, STR_ARG(b.site));
	b.at = r->now;
	b.members = (int64_t)h.member_count;
	b.bytes = (int64_t)h.total;
	return bundle_row_put(r->st, &b, e) &&
	       request_audit(r, "bundle.sign", b.id,
			     arena_printf(&r->arena, "%.*s, number %lld, %zu members", STR_ARG(b.site),
					  (long long)b.counter, h.member_count),
			     e) &&
	       signed_write(&r->w, r->app->order_key, "bundle-down", document, e);
}

/* ---- what a host told, as it told it ---- */

bool
api_host_inventory(struct request *r, struct err *e)
{
	struct host h;
	struct str system, packages;
	if (!host_get(r->st, &r->arena, r->argument, &h, e) ||
	    !section_body(r->st, &r->arena, h.id, "system", &system, e) ||
	    !section_body(r->st, &r->arena, h.id, "packages", &packages, e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "id", h.id);
	json_put_str(&r->w, "name", h.name);
	json_key(&r->w, "system");
	if (system.len)
		json_raw(&r->w, system);
	else
		json_null(&r->w);
	json_key(&r->w, "packages");
	if (packages.len)
		json_raw(&r->w, packages);
	else
		json_null(&r->w);
	json_end_object(&r->w);
	return true;
}

/* ---- the letter that goes along ---- */

/* The answer with the directive as it is now, made here if the planner has not come to it yet: a bundle leaves at once.
 * Orders in an answer are tied to its serial number: such a one stays as it is, and the directive follows with the next. */
static bool
answer_renew(struct request *r, struct letter_row *row, struct err *e)
{
	struct directive_row d;
	struct letter before;
	size_t orders;
	BUF_AUTO body = { 0 };
	BUF_AUTO bytes = { 0 };
	struct json_writer w = { .out = &body };
	if (!letter_peek(row->answer, &r->arena, &before, e) ||
	    !planner_host(r->app, r->st, &r->arena, row->host, r->now, &d, e))
		return false;
	(void)json_get_array(before.body, "orders", &orders);
	if (orders || !d.serial)
		return true;
	json_begin_object(&w);
	for (size_t i = 0; i < before.body->count; i++) {
		if (str_eq(before.body->key[i], STR("directive")))
			continue;
		json_key_str(&w, before.body->key[i]);
		json_tree(&w, &before.body->item[i]);
	}
	json_key(&w, "directive");
	json_raw(&w, d.signed_text);
	json_end_object(&w);
	struct letter now = { .kind = LETTER_ANSWER,
			      .host = row->host,
			      .serial = row->sent + 1,
			      .made = r->now,
			      .body_text = buf_str(&body) };
	if (!letter_write(&now, r->app->order_key, &bytes, e))
		return false;
	row->sent++;
	row->answer = arena_str(&r->arena, buf_str(&bytes));
	return letter_row_put(r->st, row, e);
}

bool
api_host_letter(struct request *r, struct err *e)
{
	struct host h;
	struct letter_row row;
	BUF_AUTO text = { 0 };
	if (!host_get(r->st, &r->arena, r->argument, &h, e) || !letter_row_get(r->st, &r->arena, h.id, &row, e) ||
	    (row.answer.len && !answer_renew(r, &row, e)))
		return false;
	base64_encode(&text, row.answer.ptr, row.answer.len);
	json_begin_object(&r->w);
	str_or_null(&r->w, "letter", row.answer.len ? buf_str(&text) : STR_NONE);
	json_put_i64(&r->w, "serial", row.sent);
	json_end_object(&r->w);
	return true;
}

/* ---- how old is the last one ---- */

bool
bundle_site_write(struct request *r, struct str site, struct err *e)
{
	struct bundle_site s = { 0 };
	if (site.ptr && !bundle_site_get(r->st, &r->arena, site, &s, e))
		return false;
	json_key(&r->w, "bundle");
	if (!s.down.counter && !s.up.counter) {
		json_null(&r->w);
		return true;
	}
	json_begin_object(&r->w);
	json_put_i64(&r->w, "counter", s.down.counter);
	json_put_time(&r->w, "made", s.down.made);
	json_put_time(&r->w, "expires", s.down.expires);
	json_put_i64(&r->w, "seen", s.seen);
	json_put_time(&r->w, "seen_made", s.seen_made);
	json_put_i64(&r->w, "up", s.up.counter);
	json_put_time(&r->w, "up_made", s.up.made);
	json_put_time(&r->w, "up_at", s.up.at);
	json_end_object(&r->w);
	return true;
}

/* From three quarters of its life on a bundle wants a successor. */
static void
old_notice(struct request *r, const struct bundle_row *b)
{
	char when[TIME_RFC3339_MAX];
	int64_t left = b->expires - r->now;
	if (!b->counter || left > (b->expires - b->made) / 4)
		return;
	if (left <= 0)
		notice_about_write(
			r, "alarm", "bundle-expired", "site", b->site,
			arena_printf(&r->arena,
				     tr("Site %.*s: its last bundle, number %lld, expired at %s. Bring a new one."),
				     STR_ARG(b->site), (long long)b->counter, time_local(b->expires, when)));
	else
		notice_about_write(
			r, "warning", "bundle-old", "site", b->site,
			arena_printf(&r->arena,
				     tr("Site %.*s: its last bundle, number %lld, is %lld days old and expires at "
					"%s. Bring a new one."),
				     STR_ARG(b->site), (long long)b->counter, (long long)((r->now - b->made) / DAY),
				     time_local(b->expires, when)));
}

bool
bundle_notices_write(struct request *r, struct err *e)
{
	struct str *sites;
	size_t count;
	if (!bundle_sites(r->st, &r->arena, &sites, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct bundle_site s;
		if (!bundle_site_get(r->st, &r->arena, sites[i], &s, e))
			return false;
		old_notice(r, &s.down);
	}
	return true;
}

/* ---- what the next one is for ---- */

static void
need_write(struct request *r, const struct bundle_need *n)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "package", n->package);
	json_put_cstr(w, "severity", severity_word((int)n->severity));
	json_put_i64(w, "kev", n->kev);
	json_put_i64(w, "vulnerabilities", n->vulnerabilities);
	json_put_i64(w, "hosts", n->hosts);
	json_end_object(w);
}

bool
api_site_next(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct bundle_next next;
	struct bundle_site known;
	struct page page;
	struct json_writer *w = &r->w;
	int64_t newest;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !bundle_site_get(r->st, &r->arena, r->argument, &known, e) ||
	    !bundle_newest(r->st, r->argument, STR(""), &newest, e) ||
	    !bundle_next_get(r->st, &r->arena, r->argument, &page, &next, e))
		return false;
	json_begin_object(w);
	json_put_i64(w, "counter", newest + 1);
	json_put_i64(w, "since", known.seen);
	json_put_i64(w, "hosts", next.hosts);
	json_put_time(w, "heard_first", next.heard_first);
	json_put_time(w, "heard_last", next.heard_last);
	json_put_i64(w, "updates", next.updates);
	json_put_i64(w, "bytes", next.bytes);
	json_put_i64(w, "vulnerabilities", next.vulnerabilities);
	json_put_i64(w, "letters", next.letters);
	json_put_i64(w, "total", page.total);
	json_key(w, "items");
	json_begin_array(w);
	for (size_t i = 0; i < next.need_count; i++)
		need_write(r, &next.needs[i]);
	json_end_array(w);
	json_end_object(w);
	return true;
}

/* ---- what comes back ---- */

/* Whose it is by its own word; then by the key that its enrolment left here. */
static bool
head_open(struct request *r, struct bundle_head *h, struct relay_row *relay, struct err *e)
{
	const struct json *bundle = json_get(r->json, "bundle");
	struct bundle_expect x = { .direction = BUNDLE_UP,
				   .server = app_display_name(r->app, &r->arena),
				   .now = r->now };
	struct str document = json_get_str(bundle, "document");
	enum bundle_reason reason;
	KEY_AUTO key = NULL;
	if (!bundle_head_parse(&r->arena, document, h, e))
		return false;
	if (h->direction == BUNDLE_UP && (!relay_get(r->st, &r->arena, h->from, relay, NULL) || relay->revoked))
		return err_set(e, ERR_REFUSED, "the bundle is foreign: no relay %.*s is enrolled here",
			       STR_ARG(h->from));
	if (h->direction == BUNDLE_UP &&
	    (!key_public_from_pem(relay->status_key, &key, e) || !signed_open(bundle, key, "bundle-up", &document, e)))
		return err_set(e, ERR_REFUSED,
			       "the bundle is forged or damaged: the signature is not that of the relay %.*s",
			       STR_ARG(relay->name));
	x.site = relay->site.ptr ? relay->site : STR_NONE;
	return bundle_newest(r->st, h->site, h->from, &x.counter, e) && bundle_judge(h, &x, &reason, e);
}

/* What the relay says of itself, as far as it is told by bundles alone. */
static bool
status_take(struct request *r, const struct bundle_head *h, struct relay_row *relay, struct err *e)
{
	const struct json *status = json_get(r->json, "status");
	if (!status || relay->last_seen > h->made)
		return true;
	const struct relay_row before = *relay;
	relay->last_seen = h->made;
	relay->peer = STR("");
	relay->version = arena_line(&r->arena, json_get_str(status, "version"), SITE_BYTES);
	relay_told_take(&r->arena, status, relay);
	return relay_told_keep(r, &before, relay, e);
}

/* The head of a bundle that a relay made: whose it is, new, of this site. With "done" it counts as taken in. Letters go
 * their own way, each signed by its host. */
bool
api_bundle_receive(struct request *r, struct err *e)
{
	struct bundle_head h;
	struct relay_row relay = { 0 };
	if (!head_open(r, &h, &relay, e))
		return false;
	struct bundle_row b = { .site = h.site,
				.up = true,
				.counter = h.counter,
				.id = h.id,
				.relay = h.from,
				.seen = h.seen,
				.made = h.made,
				.expires = h.expires,
				.at = r->now,
				.members = (int64_t)h.member_count,
				.bytes = (int64_t)h.total,
				.by = r->user };
	if (json_get_bool(r->json, "done", false) &&
	    (!status_take(r, &h, &relay, e) || !bundle_row_put(r->st, &b, e) ||
	     !request_audit(r, "bundle.receive", b.id,
			    arena_printf(&r->arena, "%.*s, number %lld of %.*s", STR_ARG(b.site), (long long)b.counter,
					 STR_ARG(relay.name)),
			    e)))
		return false;
	bundle_write(r, &b);
	return true;
}
