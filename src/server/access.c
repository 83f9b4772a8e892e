/* Who asks: sessions and CSRF on the dashboard's listener, the peer's uid on the socket, certificates of agents. */
#include "server/route.h"

#include "server/sign_in.h"
#include "store/session.h"

#include <unistd.h>

static bool
refuse(struct request *r, int status, const char *code, const char *message)
{
	request_error(r, status, code, str_of(message));
	return false;
}

/* DNS rebinding: a page of somebody else's name that resolves to us sends its own name. */
static bool
host_is_ours(struct request *r)
{
	return app_knows_host(r->app, host_of_header(r->headers.host)) &&
	       (!r->headers.origin.ptr || origin_is(r->headers.origin, r->headers.host));
}

static bool
socket_peer_allowed(const struct request *r)
{
	return r->peer_uid == 0 || r->peer_uid == (int64_t)geteuid();
}

static bool
access_session(struct request *r, struct err *e)
{
	struct session s;
	if (!session_find(r, &s))
		return refuse(r, 401, "unauthenticated", tr("you are not signed in: make a link with mamori signin"));
	r->user = s.user;
	r->role = role_parse(s.role);
	r->session_hash = s.hash;
	r->session_touch = s.seen_at + SESSION_TOUCH_MS <= r->now;
	bool safe = str_eq(r->method, STR("GET"));
	if (!safe && !(r->route->flags & ROUTE_NO_CSRF) && !secret_eq(r->headers.csrf, s.csrf))
		return refuse(r, 403, "refused",
			      tr("this request did not come from mamori's own page: reload the page and try again"));
	if (r->role < r->route->role) {
		err_set(e, ERR_REFUSED, "this needs the role %s, you are signed in as %s", role_name(r->route->role),
			role_name(r->role));
		return false;
	}
	return true;
}

bool
access_dashboard(struct request *r, struct err *e)
{
	if (r->door == DOOR_SOCKET) {
		if (!socket_peer_allowed(r))
			return refuse(r, 403, "refused", tr("only root and the server's own user may use this socket"));
		r->user = STR("admin");
		r->role = ROLE_ADMINISTRATOR;
		return true;
	}
	bool safe = str_eq(r->method, STR("GET"));
	if (!safe && !(r->route->flags & ROUTE_FOREIGN) && !host_is_ours(r))
		return refuse(r, 403, "refused",
			      tr("this request did not come from mamori's own page: open mamori by its own name"));
	if (r->route->flags & ROUTE_OPEN)
		return true;
	return access_session(r, e);
}

/* Both kinds of certificates are of one authority; which table knows it tells what it is good for. */
static bool
certificate_find(struct request *r, bool relay, struct err *e)
{
	struct certificate_facts facts;
	if (!r->certificate_pem.len)
		return err_set(e, ERR_REFUSED, "no certificate came with this request: enrol this machine first");
	if (!app_certificate_facts(r->app, r->certificate_pem, &facts, e))
		return false;
	struct err missing = { 0 };
	struct str serial = arena_str(&r->arena, str_of(facts.serial));
	bool found = relay ? relay_certificate_get(r->st, &r->arena, serial, &r->certificate, &missing)
			   : certificate_get(r->st, &r->arena, serial, &r->certificate, &missing);
	if (found && secret_eq(r->certificate.key_digest, str_of(facts.key_digest)))
		return true;
	struct certificate other;
	if (relay && certificate_get(r->st, &r->arena, serial, &other, &missing))
		return err_set(e, ERR_REFUSED, "this certificate is of a machine, not of a relay");
	if (!relay && relay_certificate_get(r->st, &r->arena, serial, &other, &missing))
		return err_set(e, ERR_REFUSED, "this certificate is of a relay, not of a machine");
	return err_set(e, ERR_REFUSED,
		       "this certificate is of no machine that is enrolled here: enrol it again with a new token");
}

static bool
access_relay(struct request *r, struct err *e)
{
	if (!certificate_find(r, true, e) || !relay_get(r->st, &r->arena, r->certificate.host, &r->relay, e))
		return false;
	r->user = arena_printf(&r->arena, "relay %.*s", STR_ARG(r->relay.id));
	if (r->certificate.revoked_at || r->relay.revoked)
		return refuse(r, 403, "revoked",
			      tr("this relay's certificate was revoked: enrol it again with a new token"));
	return true;
}

bool
access_agent(struct request *r, struct err *e)
{
	if (r->route->flags & ROUTE_RELAY)
		return access_relay(r, e);
	if (!certificate_find(r, false, e))
		return false;
	if (!host_get(r->st, &r->arena, r->certificate.host, &r->host, e))
		return false;
	r->user = arena_printf(&r->arena, "host %.*s", STR_ARG(r->host.id));
	if (r->certificate.revoked_at || r->host.state == HOST_REVOKED)
		return refuse(r, 403, "revoked",
			      tr("this machine's certificate was revoked: enrol it again with a new token"));
	if (r->host.state == HOST_PENDING)
		return refuse(r, 403, "pending", tr("this machine waits for approval on the server's page of hosts"));
	if (r->host.state == HOST_CLONED)
		return refuse(
			r, 409, "cloned",
			tr("this identity was seen on two machines: enrol each of them anew with a token of its own"));
	return true;
}
