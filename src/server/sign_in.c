#include "server/sign_in.h"

#include "server/api.h"

#define COOKIE "__Host-mamori"
enum { USER_MAX = 64 };

static struct str
cookie_value(struct str cookies)
{
	struct str piece;
	while (str_cut(&cookies, ';', &piece)) {
		struct str name, value;
		if (str_split(str_trim(piece), '=', &name, &value) && str_eq(name, STR(COOKIE)))
			return value;
	}
	return STR_NONE;
}

static struct str
hash_of(struct arena *a, struct str secret)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(secret, hex);
	return arena_str(a, str_of(hex));
}

bool
session_find(struct request *r, struct session *out)
{
	struct str secret = cookie_value(r->headers.cookie);
	struct err missing = { 0 };
	if (!secret.len || secret.len > 100)
		return false;
	/* Found by its hash: nothing to time. */
	return session_get(r->st, &r->arena, hash_of(&r->arena, secret), out, &missing) && out->expires > r->now &&
	       out->seen_at + SESSION_IDLE_MS > r->now;
}

static void
session_write(struct request *r, const struct session *s)
{
	json_begin_object(&r->w);
	json_put_str(&r->w, "user", s->user);
	json_put_str(&r->w, "role", s->role);
	json_put_str(&r->w, "csrf", s->csrf);
	json_put_time(&r->w, "expires", s->expires);
	str_or_null(&r->w, "timezone", r->app->zone.name);
	json_end_object(&r->w);
}

/* On the reader, so that somebody who guesses never reaches the writer. */
bool
api_session_prepare(struct request *r, struct err *e)
{
	struct str code = json_get_str(r->json, "code");
	if (!app_signin_allowed(r->app, r->peer, r->now)) {
		request_error(r, 429, "busy",
			      str_of(tr("too many sign-ins failed from this address: wait ten minutes")));
		return false;
	}
	if (!code.len || code.len > 200)
		return err_set(e, ERR_USAGE, "the sign-in code is missing");
	return true;
}

static struct str
token_new(struct arena *a)
{
	BUF_AUTO text = { 0 };
	random_token(&text, 32);
	return arena_str(a, buf_str(&text));
}

bool
api_session_create(struct request *r, struct err *e)
{
	struct arena *a = &r->arena;
	struct signin taken;
	if (!signin_take(r->st, a, hash_of(a, json_get_str(r->json, "code")), r->now, &taken, e)) {
		if (e->code != ERR_REFUSED)
			return false;
		app_signin_failed(r->app, r->peer, r->now);
		request_error(r, 401, "unauthenticated", arena_str(a, str_of(e->text)));
		err_clear(e); /* answered */
		return false;
	}
	struct str secret = token_new(a);
	struct session s = {
		.hash = hash_of(a, secret),
		.user = taken.user,
		.role = taken.role,
		.csrf = token_new(a),
		.seen_at = r->now,
		.expires = r->now + SESSION_LIFE_MS,
	};
	r->user = s.user;
	if (!session_insert(r->st, &s, r->now - SESSION_IDLE_MS, e) ||
	    !request_audit(r, "session.create", s.role, r->peer, e))
		return false;
	request_header(r, "Set-Cookie",
		       arena_printf(a, COOKIE "=%.*s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld",
				    STR_ARG(secret), SESSION_LIFE_MS / 1000)
			       .ptr);
	session_write(r, &s);
	return true;
}

bool
api_session_get(struct request *r, struct err *e)
{
	struct session s = { .user = r->user, .role = str_of(role_name(r->role)), .csrf = STR("") };
	if (r->tls && !session_find(r, &s))
		return err_set(e, ERR_REFUSED, "the session has ended");
	session_write(r, &s);
	return true;
}

bool
api_session_delete(struct request *r, struct err *e)
{
	if (r->session_hash.len && !session_delete(r->st, r->session_hash, e))
		return false;
	request_header(r, "Set-Cookie", COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
	r->status = 204;
	return request_audit(r, "session.delete", STR(""), STR(""), e);
}

bool
sign_in_link(struct app *app, struct store *st, struct arena *a, enum role role, struct str user, int64_t now,
	     struct str *link, struct err *e)
{
	struct str code = token_new(a), url[1];
	struct signin s = {
		.hash = hash_of(a, code),
		.user = user.len                     ? user
			: role == ROLE_ADMINISTRATOR ? STR("admin")
						     : str_of(role_name(role)),
		.role = str_of(role_name(role)),
		.expires = now + SIGNIN_LIFE_MS,
	};
	if (!signin_insert(st, &s, e))
		return false;
	app_urls(app, a, url, 1);
	*link = arena_printf(a, "%.*s/#/signin/%.*s", STR_ARG(url[0]), STR_ARG(code));
	return true;
}

/* Decisions carry this name for years: plain, and nobody passes for a host, a vendor or the administrator. */
static bool
user_check(struct str user, enum role role, struct err *e)
{
	bool ok = user.len <= USER_MAX && str_is_utf8(user) && !str_contains(user, STR(" ")) &&
		  (!str_eq(user, STR("admin")) || role == ROLE_ADMINISTRATOR) && !str_eq(user, STR("mamori"));
	for (size_t i = 0; i < user.len; i++)
		ok &= (unsigned char)user.ptr[i] > 0x20 && user.ptr[i] != 0x7f;
	return ok || err_set(e, ERR_USAGE,
			     "a user's name has at most %d bytes and no blanks, and is not admin or mamori", USER_MAX);
}

bool
api_signin_link(struct request *r, struct err *e)
{
	struct str wanted = json_get_str(r->json, "role"), user = json_get_str(r->json, "user"), link;
	enum role role = wanted.len ? role_parse(wanted) : ROLE_ADMINISTRATOR;
	if (role == ROLE_NONE)
		return err_set(e, ERR_USAGE,
			       "there is no role “%.*s”: viewer, auditor, operator, approver, administrator",
			       STR_ARG(wanted));
	if (!user_check(user, role, e) || !sign_in_link(r->app, r->st, &r->arena, role, user, r->now, &link, e) ||
	    !request_audit(r, "signin.create", str_of(role_name(role)), STR(""), e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "link", link);
	json_put_time(&r->w, "expires", r->now + SIGNIN_LIFE_MS);
	json_end_object(&r->w);
	return true;
}
