/* /ward/…: a ward sees its own machines and holds, releases or postpones them, with a PIN instead of an account. */
#include "base/sentence.h"
#include "server/policies.h"
#include "server/sign_in.h"
#include "store/ward.h"
#include "trust/pin.h"

#define COOKIE "__Host-mamori-ward"
enum { PIN_LEAST = 6, PIN_MOST = 64, WHY_BYTES = 300 };
static const int64_t SESSION_MS = 12 * 3600000LL;
static const int64_t HOLD_DEFAULT = 86400000LL;
static const int64_t HOLD_MAX = 14 * 86400000LL;

/* ---- the PIN ---- */

bool
api_ward_put(struct request *r, struct err *e)
{
	struct str pin = json_get_str(r->json, "pin");
	unsigned char salt[PIN_SALT], digest[SHA256_LEN];
	if (pin.len < PIN_LEAST || pin.len > PIN_MOST)
		return err_set(e, ERR_USAGE, "a ward's PIN has %d to %d characters", PIN_LEAST, PIN_MOST);
	if (!group_needed(r, r->argument, e))
		return false;
	random_bytes(salt, sizeof(salt));
	struct str bytes = str_sub((const char *)salt, sizeof(salt));
	pin_stretch(pin, bytes, PIN_ROUNDS, digest);
	struct ward w = { .group = r->argument,
			  .salt = bytes,
			  .pin = str_sub((const char *)digest, sizeof(digest)),
			  .rounds = PIN_ROUNDS,
			  .by = r->user,
			  .at = r->now };
	r->status = 204;
	return ward_put(r->st, &w, e) && request_audit(r, "ward.pin", r->argument, STR(""), e);
}

bool
api_ward_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return ward_delete(r->st, r->argument, e) && request_audit(r, "ward.delete", r->argument, STR(""), e);
}

/* ---- sessions ---- */

static struct str
hash_of(struct arena *a, struct str secret)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(secret, hex);
	return arena_str(a, str_of(hex));
}

static bool
pin_right(struct request *r, struct str group, struct str pin)
{
	struct ward w = { .rounds = PIN_ROUNDS, .salt = STR("0123456789abcdef"), .pin = STR("") };
	struct err missing = { 0 };
	unsigned char digest[SHA256_LEN];
	bool known = ward_get(r->st, &r->arena, group, &w, &missing);
	/* As long for a ward that has none: which wards there are is nobody's business. */
	pin_stretch(str_head(pin, PIN_MOST), w.salt, (unsigned)w.rounds, digest);
	return secret_eq(w.pin, str_sub((const char *)digest, sizeof(digest))) && known && pin.len <= PIN_MOST;
}

/* On the reader: stretching takes its time, and somebody who guesses never reaches the writer. */
bool
ward_sign_in_prepare(struct request *r, struct err *e)
{
	struct str group = json_get_str(r->json, "group"), pin = json_get_str(r->json, "pin");
	(void)e;
	if (!app_signin_allowed(r->app, r->peer, r->now)) {
		request_error(r, 429, "busy",
			      str_of(tr("too many sign-ins failed from this address: wait ten minutes")));
		return false;
	}
	if (pin_right(r, group, pin))
		return true;
	app_signin_failed(r->app, r->peer, r->now);
	request_error(r, 401, "unauthenticated", str_of(tr("this ward and this PIN do not belong together")));
	return false;
}

bool
ward_sign_in(struct request *r, struct err *e)
{
	BUF_AUTO secret = { 0 };
	BUF_AUTO csrf = { 0 };
	random_token(&secret, 32);
	random_token(&csrf, 18);
	struct ward_session s = { .hash = hash_of(&r->arena, buf_str(&secret)),
				  .group = json_get_str(r->json, "group"),
				  .csrf = buf_str(&csrf),
				  .expires = r->now + SESSION_MS };
	r->user = arena_printf(&r->arena, "ward %.*s", STR_ARG(s.group));
	if (!ward_session_insert(r->st, &s, r->now, e) || !request_audit(r, "ward.session", s.group, r->peer, e))
		return false;
	request_header(r, "Set-Cookie",
		       arena_printf(&r->arena, COOKIE "=%.*s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld",
				    STR_ARG(buf_str(&secret)), (long long)SESSION_MS / 1000)
			       .ptr);
	json_begin_object(&r->w);
	json_put_str(&r->w, "group", s.group);
	json_put_str(&r->w, "csrf", s.csrf);
	json_put_time(&r->w, "expires", s.expires);
	json_end_object(&r->w);
	return true;
}

static bool
session_of(struct request *r, bool changes, struct ward_session *out)
{
	struct str cookies = r->headers.cookie, piece;
	struct err missing = { 0 };
	while (str_cut(&cookies, ';', &piece)) {
		struct str name, value;
		if (!str_split(str_trim(piece), '=', &name, &value) || !str_eq(name, STR(COOKIE)) || value.len > 100)
			continue;
		if (ward_session_get(r->st, &r->arena, hash_of(&r->arena, value), out, &missing) &&
		    out->expires > r->now && (!changes || secret_eq(r->headers.csrf, out->csrf))) {
			r->user = arena_printf(&r->arena, "ward %.*s", STR_ARG(out->group));
			return true;
		}
	}
	request_error(r, 401, "unauthenticated", str_of(tr("sign in with the ward's PIN")));
	return false;
}

/* ---- its machines ---- */

static void
machine_write(struct request *r, const struct ward_machine *m, const struct host_life *h)
{
	const struct outlook *o = &h->outlook;
	struct json_writer *w = &r->w;
	size_t waiting = 0;
	int64_t by = h->slot.slot.start > r->now ? h->slot.slot.start : r->now;
	for (size_t i = 0; i < o->count; i++)
		waiting += o->patches[i].goes && o->patches[i].since <= by;
	json_begin_object(w);
	json_put_str(w, "id", m->host);
	json_put_str(w, "name", m->name);
	json_put_i64(w, "updates", (int64_t)waiting);
	json_put_time(w, "start", h->slot.slot.start);
	json_put_time(w, "end", h->slot.slot.end);
	const struct window *window = h->slot.slot.window;
	struct str zone = window && window->tz.len ? window->tz : o->host.timezone;
	str_or_null(w, "tz", zone.len ? zone : r->app->zone.name);
	json_put_time(w, "back_by", slot_back_by(&o->policy.policy, &h->slot.slot, o->estimate.reboot_ms));
	json_put_str(w, "why", h->slot_why.ptr ? h->slot_why : STR(""));
	json_key(w, "holds");
	json_begin_array(w);
	for (size_t i = 0; i < o->hold_count; i++) {
		json_begin_object(w);
		json_put_str(w, "id", o->holds[i].id);
		json_put_str(w, "by", o->holds[i].by);
		json_put_str(w, "why", o->holds[i].why);
		json_put_time(w, "until", o->holds[i].until);
		json_put_bool(w, "own", str_eq(o->holds[i].by, r->user));
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

bool
ward_list(struct request *r, struct err *e)
{
	struct ward_session s;
	struct policy_set set;
	struct ward_machine *m;
	size_t count;
	if (!session_of(r, false, &s))
		return true;
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e) ||
	    !ward_machines(r->st, &r->arena, s.group, &m, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		struct host_life h;
		if (!host_life_make(&set, &r->arena, m[i].host, r->interval, &h, e))
			return false;
		machine_write(r, &m[i], &h);
	}
	request_list_end(r);
	return true;
}

/* ---- what it may do ---- */

static bool
do_hold(struct request *r, struct str host, struct err *e)
{
	struct hold h = { .id = id_new(&r->arena), .host = host, .by = r->user, .at = r->now };
	if (!body_text(r, "why", WHY_BYTES, true, &h.why, e) || !body_time(r, "until", &h.until, e))
		return false;
	if (h.until <= r->now)
		h.until = r->now + HOLD_DEFAULT;
	if (h.until > r->now + HOLD_MAX)
		h.until = r->now + HOLD_MAX;
	return hold_insert(r->st, &h, e) && request_audit(r, "hold.create", h.id, h.why, e);
}

/* Its own holds, and those of people at the machine; what somebody with an account holds is theirs. */
static bool
do_release(struct request *r, const struct host *host, struct err *e)
{
	struct hold *holds;
	size_t count;
	if (!holds_of_host(r->st, &r->arena, host->id, r->now, &holds, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool own = holds[i].host.ptr && (str_eq(holds[i].by, r->user) || str_eq(holds[i].by, host->name));
		if (own && (!hold_release(r->st, holds[i].id, r->user, r->now, e) ||
			    !request_audit(r, "hold.release", holds[i].id, host->name, e)))
			return false;
	}
	return true;
}

/* Now: an order for what its policy lets it have already, nothing more. */
static bool
do_now(struct request *r, const struct host *host, struct err *e)
{
	struct policy_set set;
	struct outlook o;
	struct order_outcome out;
	struct order_context c = order_context_of(r);
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e) || !outlook_make(&set, &r->arena, host->id, &o, e))
		return false;
	struct str *patches = ARENA_ARRAY(&r->arena, struct str, o.count + 1), id = host->id;
	size_t n = 0;
	for (size_t i = 0; i < o.count && n < ORDER_PATCHES_MAX; i++)
		if (o.patches[i].goes && !o.patches[i].since && o.patches[i].row.state == PATCH_MISSING)
			patches[n++] = o.patches[i].row.patch;
	if (o.hold_count || o.lease_needed)
		return err_set(e, ERR_CONFLICT, "%.*s is held, or must not go together with another one",
			       STR_ARG(host->name));
	if (!n)
		return err_set(e, ERR_CONFLICT, "nothing that is approved waits on %.*s", STR_ARG(host->name));
	struct order_request q = { .kind = "apply",
				   .hosts = &id,
				   .host_count = 1,
				   .choice = ORDER_LISTED,
				   .patches = patches,
				   .patch_count = n,
				   .by = r->user };
	return order_request_run(&c, &q, &out, e) &&
	       request_audit(r, "ward.now", host->id, arena_printf(&r->arena, "%zu updates", n), e);
}

bool
ward_act(struct request *r, struct err *e)
{
	struct ward_session s;
	struct host h;
	struct str what = json_get_str(r->json, "do");
	if (!session_of(r, true, &s))
		return false;
	if (!host_get(r->st, &r->arena, r->argument, &h, e))
		return false;
	if (!h.group.ptr || !str_eq(h.group, s.group) || h.state != HOST_ACTIVE)
		return err_set(e, ERR_REFUSED, "this machine belongs to another ward");
	r->status = 204;
	if (str_eq(what, STR("hold")) || str_eq(what, STR("later")))
		return do_hold(r, h.id, e);
	if (str_eq(what, STR("release")))
		return do_release(r, &h, e);
	if (str_eq(what, STR("now")))
		return do_now(r, &h, e);
	return err_set(e, ERR_USAGE, "do must be hold, release, now or later");
}
