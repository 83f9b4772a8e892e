/* /api/v1/relays, /api/v1/sites, and what the overview says about them. */
#include "base/sentence.h"
#include "server/api.h"
#include "server/bundles.h"
#include "server/due.h"
#include "server/relay_told.h"
#include "server/relays.h"
#include "store/relay_day.h"

enum { NAME_BYTES = 100, NOTE_BYTES = 300, TREND_DAYS = 30 };
static const int64_t HOUR = 3600000LL;
static const int64_t FRESH_LEAST = 3600000LL, FRESH_MOST = 366 * 86400000LL;

/* Bundles tell of it, it cannot speak itself: their age is what is watched. */
static bool
is_by_bundle(const struct relay_row *relay)
{
	return relay->last_seen && !relay->peer.len;
}

static bool
is_silent(const struct request *r, const struct relay_row *relay)
{
	return !relay->revoked && !is_by_bundle(relay) &&
	       (relay->last_seen ? relay->last_seen : relay->enrolled_at) + RELAY_SILENT_MS < r->now;
}

static void
raw_or_empty(struct json_writer *w, const char *key, struct str json)
{
	json_key(w, key);
	json_raw(w, json.len ? json : STR("[]"));
}

static int64_t
fresh_of(const struct site_row *sites, size_t count, struct str site)
{
	for (size_t i = 0; i < count; i++)
		if ((!sites[i].name.ptr && !site.ptr) || (sites[i].name.ptr && site.ptr && str_eq(sites[i].name, site)))
			return sites[i].fresh_ms;
	return SITE_FRESH_MS;
}

/* Without the braces: what lists and the page of one relay have in common. */
static void
relay_write(struct request *r, const struct relay_row *relay, int64_t fresh_ms)
{
	struct json_writer *w = &r->w;
	struct str worst;
	size_t old;
	int64_t asked = relay->hits + relay->misses;
	(void)relay_told_worst(r, relay, fresh_ms, &worst, &old);
	json_put_str(w, "id", relay->id);
	json_put_str(w, "name", relay->name);
	str_or_null(w, "site", relay->site);
	json_put_cstr(w, "state", relay->revoked ? "revoked" : "active");
	json_put_bool(w, "silent", is_silent(r, relay));
	json_put_bool(w, "by_bundle", is_by_bundle(relay));
	raw_or_empty(w, "urls", relay->urls);
	raw_or_empty(w, "names", relay->names);
	json_put_str(w, "version", relay->version);
	json_put_time(w, "enrolled_at", relay->enrolled_at);
	json_put_time(w, "last_seen", relay->last_seen);
	json_put_str(w, "peer", relay->peer);
	json_put_i64(w, "space", relay->space);
	json_put_i64(w, "space_max", relay->space_max);
	json_put_i64(w, "hits", relay->hits);
	json_put_i64(w, "misses", relay->misses);
	number_or_null(w, "hit_rate", asked ? (double)relay->hits / (double)asked : -1, 3);
	json_put_i64(w, "served", relay->served);
	json_put_i64(w, "fetched", relay->fetched);
	json_put_time(w, "metadata_at", relay->metadata_at);
	json_put_i64(w, "queue", relay->queue);
	json_put_i64(w, "lists_old", (int64_t)old);
	json_put_i64(w, "refused_total", relay->refused_total);
	str_or_null(w, "trouble", relay->trouble.len ? tr_sentence(&r->arena, relay->trouble) : STR_NONE);
}

bool
api_relays(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct page page;
	struct relay_row *relays;
	struct site_row *sites;
	size_t count, site_count;
	if (!request_query(r, filters, e) || !request_page(r, relay_known_sort, &page, e) ||
	    !relay_list(r->st, &r->arena, &page, &relays, &count, e) ||
	    !site_list(r->st, &r->arena, &sites, &site_count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		relay_write(r, &relays[i], fresh_of(sites, site_count, relays[i].site));
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

static bool
relay_answer(struct request *r, struct err *e)
{
	struct relay_row relay;
	struct site_row site;
	if (!relay_get(r->st, &r->arena, r->argument, &relay, e) || !site_get(r->st, &r->arena, relay.site, &site, e))
		return false;
	json_begin_object(&r->w);
	relay_write(r, &relay, site.fresh_ms);
	relay_told_write(r, &relay, site.fresh_ms);
	json_end_object(&r->w);
	return true;
}

bool
api_relay(struct request *r, struct err *e)
{
	return relay_answer(r, e);
}

static void
day_write(struct json_writer *w, const struct relay_day *d)
{
	char text[TIME_RFC3339_MAX];
	int64_t asked = d->hits + d->misses;
	json_begin_object(w);
	json_put_str(w, "day", str_head(str_of(time_rfc3339(d->day * DUE_DAY, text)), 10));
	json_put_i64(w, "hits", d->hits);
	json_put_i64(w, "misses", d->misses);
	number_or_null(w, "hit_rate", asked ? (double)d->hits / (double)asked : -1, 3);
	json_put_i64(w, "served", d->served);
	json_put_i64(w, "fetched", d->fetched);
	json_put_i64(w, "space", d->space);
	json_put_i64(w, "space_max", d->space_max);
	json_end_object(w);
}

bool
api_relay_trend(struct request *r, struct err *e)
{
	static const char *const filters[] = { "days", NULL };
	struct relay_row relay;
	struct relay_day *days;
	size_t count;
	int64_t wanted = TREND_DAYS, today = app_day(r->app, r->now);
	char text_of[TIME_RFC3339_MAX];
	if (!request_query(r, filters, e))
		return false;
	struct str text = request_parameter(r, "days");
	if (text.len && (!str_to_i64(text, &wanted) || wanted < 1 || wanted > RELAY_DAYS_MAX))
		return err_set(e, ERR_USAGE, "days must be a number from 1 to %d", RELAY_DAYS_MAX);
	if (!relay_get(r->st, &r->arena, r->argument, &relay, e) ||
	    !relay_day_read(r->st, &r->arena, relay.id, today - wanted + 1, today, &days, &count, e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "days", wanted);
	json_put_str(&r->w, "today", str_head(str_of(time_rfc3339(today * DUE_DAY, text_of)), 10));
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		day_write(&r->w, &days[i]);
	json_end_array(&r->w);
	json_end_object(&r->w);
	return true;
}

static bool
site_name(struct request *r, struct str given, struct str *out, struct err *e)
{
	struct str name = str_trim(given);
	if (!name.len || name.len > NAME_BYTES || str_find_char(name, '/') >= 0)
		return err_set(e, ERR_USAGE, "a site's name has 1 to %d bytes and no slash", NAME_BYTES);
	*out = arena_line(&r->arena, name, NAME_BYTES);
	return true;
}

bool
api_relay_change(struct request *r, struct err *e)
{
	const struct json *given = json_get(r->json, "site");
	struct relay_row relay;
	struct str site = STR_NONE;
	if (!given || (given->kind != JSON_KIND_STRING && given->kind != JSON_KIND_NULL))
		return err_set(e, ERR_USAGE, "give the site that the relay serves, a name or null");
	if (given->kind == JSON_KIND_STRING && given->text.len && !site_name(r, given->text, &site, e))
		return false;
	return relay_get(r->st, &r->arena, r->argument, &relay, e) && relay_set_site(r->st, relay.id, site, e) &&
	       request_audit(r, "relay.site", relay.id, site.ptr ? site : STR(""), e) && relay_answer(r, e);
}

bool
api_relay_revoke(struct request *r, struct err *e)
{
	struct relay_row relay;
	return relay_get(r->st, &r->arena, r->argument, &relay, e) && relay_revoke(r->st, relay.id, r->now, e) &&
	       request_audit(r, "relay.revoke", relay.id, relay.name, e) && relay_answer(r, e);
}

bool
api_relay_delete(struct request *r, struct err *e)
{
	struct relay_row relay;
	if (!relay_get(r->st, &r->arena, r->argument, &relay, e))
		return false;
	if (!relay.revoked)
		return err_set(e, ERR_CONFLICT, "%.*s is still a relay: revoke it first", STR_ARG(relay.name));
	r->status = 204;
	return relay_delete(r->st, relay.id, e) && request_audit(r, "relay.delete", relay.id, relay.name, e);
}

/* ---- sites ---- */

/* Its relays have brought nothing newer than the site wants. */
static bool
is_stale(const struct request *r, const struct site_row *s)
{
	return s->relays && s->metadata_at && s->metadata_at + s->fresh_ms < r->now;
}

static bool
site_write(struct request *r, const struct site_row *s, struct err *e)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	str_or_null(w, "site", s->name);
	json_put_bool(w, "relay_only", s->relay_only);
	json_put_i64(w, "fresh_h", s->fresh_ms / HOUR);
	json_put_str(w, "note", s->note);
	json_put_i64(w, "hosts", s->hosts);
	json_put_i64(w, "relays", s->relays);
	json_put_time(w, "metadata_at", s->metadata_at);
	json_put_bool(w, "stale", is_stale(r, s));
	json_put_time(w, "last_seen", s->last_seen);
	json_put_i64(w, "queue", s->queue);
	if (!bundle_site_write(r, s->name, e))
		return false;
	json_end_object(w);
	return true;
}

bool
api_sites(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct site_row *sites;
	size_t count;
	if (!request_query(r, filters, e) || !site_list(r->st, &r->arena, &sites, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		if (!site_write(r, &sites[i], e))
			return false;
	request_list_end(r);
	return true;
}

bool
api_site_put(struct request *r, struct err *e)
{
	struct site_row s;
	struct str name;
	if (!site_name(r, r->argument, &name, e) || !site_get(r->st, &r->arena, name, &s, e))
		return false;
	int64_t hours = json_get_i64(r->json, "fresh_h", s.fresh_ms / HOUR);
	if (hours < FRESH_LEAST / HOUR || hours > FRESH_MOST / HOUR)
		return err_set(e, ERR_USAGE, "fresh_h takes hours, from 1 to %lld", (long long)(FRESH_MOST / HOUR));
	const struct json *note = json_get(r->json, "note");
	s.name = name;
	s.relay_only = json_get_bool(r->json, "relay_only", s.relay_only);
	s.fresh_ms = hours * HOUR;
	if (note)
		s.note = arena_line(&r->arena, json_get_str(r->json, "note"), NOTE_BYTES);
	if (!site_put(r->st, &s, e) ||
	    !request_audit(r, "site.put", name,
			   arena_printf(&r->arena, "relay_only %d, fresh_h %lld", s.relay_only, (long long)hours), e))
		return false;
	return site_write(r, &s, e);
}

bool
api_site_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return site_delete(r->st, r->argument, e) && request_audit(r, "site.delete", r->argument, STR(""), e);
}

/* ---- notices ---- */

static void
stale_notice(struct request *r, const struct site_row *s)
{
	char when[TIME_RFC3339_MAX];
	time_local(s->metadata_at, when);
	notice_about_write(
		r, "alarm", "stale-site", "site", s->name,
		s->name.ptr ? arena_printf(&r->arena,
					   tr("Site %.*s: package lists are of %s, older than its limit of %lld hours. "
					      "Look at its relays, or bring a new bundle."),
					   STR_ARG(s->name), when, (long long)(s->fresh_ms / HOUR))
			    : arena_printf(&r->arena,
					   tr("Relays without a site: package lists are of %s, older than the limit of "
					      "%lld hours."),
					   when, (long long)(s->fresh_ms / HOUR)));
}

/* Where the site's newest list is old already, or the relay is silent, that has been said. */
static void
list_notice(struct request *r, const struct relay_row *relay, const struct site_row *sites, size_t site_count)
{
	struct str url = STR_NONE;
	size_t old;
	int64_t fresh_ms = fresh_of(sites, site_count, relay->site);
	enum list_state worst = relay_told_worst(r, relay, fresh_ms, &url, &old);
	if (!old || (relay->metadata_at && relay->metadata_at + fresh_ms < r->now))
		return;
	notice_about_write(
		r, "alarm", "stale-origin", "relay", relay->id,
		worst == LIST_EXPIRED
			? arena_printf(
				  &r->arena,
				  tr("Relay %.*s: the signed list %.*s has expired; machines refuse it. See whether "
				     "the origin is reached and gives out a newer one."),
				  STR_ARG(relay->name), STR_ARG(url))
			: arena_printf(
				  &r->arena,
				  tr("Relay %.*s: the signed list %.*s is older than the site's limit of %lld hours. "
				     "See whether the origin is reached."),
				  STR_ARG(relay->name), STR_ARG(url), (long long)(fresh_ms / HOUR)));
}

bool
relay_notices_write(struct request *r, struct err *e)
{
	char when[TIME_RFC3339_MAX];
	struct relay_row *relays;
	struct site_row *sites;
	size_t count, site_count;
	struct page page = { .limit = 100, .sort = STR("name") };
	if (!relay_list(r->st, &r->arena, &page, &relays, &count, e) ||
	    !site_list(r->st, &r->arena, &sites, &site_count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (is_silent(r, &relays[i]))
			notice_about_write(
				r, "alarm", "relay-silent", "relay", relays[i].id,
				relays[i].last_seen
					? arena_printf(&r->arena, tr("Relay %.*s has not been heard since %s."),
						       STR_ARG(relays[i].name), time_local(relays[i].last_seen, when))
					: arena_printf(&r->arena,
						       tr("Relay %.*s was enrolled and never heard: start it with "
							  "mamori relay run."),
						       STR_ARG(relays[i].name)));
		else if (!relays[i].revoked && relays[i].trouble.len)
			notice_about_write(r, "warning", "relay-trouble", "relay", relays[i].id,
					   arena_printf(&r->arena, tr("Relay %.*s: %.*s"), STR_ARG(relays[i].name),
							STR_ARG(tr_sentence(&r->arena, relays[i].trouble))));
		if (!relays[i].revoked && !is_silent(r, &relays[i]))
			list_notice(r, &relays[i], sites, site_count);
	}
	for (size_t i = 0; i < site_count; i++)
		if (is_stale(r, &sites[i]))
			stale_notice(r, &sites[i]);
	return bundle_notices_write(r, e);
}
