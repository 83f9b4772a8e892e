/* POST /enrol/v1 and POST /agent/v1/renew: certificates for hosts. */
#include "base/log.h"
#include "server/certify.h"
#include "server/relay_in.h"
#include "server/updates.h"
#include "store/enrolment.h"
#include "store/fleet_group.h"

enum { TEXT_MAX = 200, PEM_MAX = 8192, NAME_MAX_BYTES = 253 /* of DNS */ };

struct prepared {
	struct str token, secret_hash, hostname, machine, os, agent, signing_key;
	struct str csr;
};

static bool
take(const struct json *body, const char *key, size_t max, struct str *out, struct err *e)
{
	*out = json_get_str(body, key);
	if (!out->len || out->len > max)
		return err_set(e, ERR_INPUT, "enrolling: the request's %s is missing or longer than %zu bytes", key,
			       max);
	return true;
}

static bool
protocol_check(struct request *r)
{
	if (json_get_i64(r->json, "protocol", 0) == PROTOCOL)
		return true;
	protocol_refuse(r);
	return false;
}

bool
enrol_prepare(struct request *r, struct err *e)
{
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	struct str secret, name;
	char hash[SHA256_HEX_LEN];
	if (!protocol_check(r))
		return false;
	if (str_eq(json_get_str(r->json, "role"), STR("relay")))
		return relay_enrol_prepare(r, e);
	if (!take(r->json, "token", TEXT_MAX, &p->token, e) || !take(r->json, "secret", TEXT_MAX, &secret, e) ||
	    !take(r->json, "csr", PEM_MAX, &p->csr, e) || !take(r->json, "signing_key", PEM_MAX, &p->signing_key, e) ||
	    !take(r->json, "hostname", 1000, &name, e) || !take(r->json, "machine", TEXT_MAX, &p->machine, e) ||
	    !take(r->json, "os", TEXT_MAX, &p->os, e) || !take(r->json, "agent", TEXT_MAX, &p->agent, e))
		return false;
	KEY_AUTO tls = NULL;
	KEY_AUTO signing = NULL;
	if (!csr_open(p->csr, &tls, e) || !key_public_from_pem(p->signing_key, &signing, e))
		return err_wrap(e, "enrolling %.*s", STR_ARG(name));
	sha256_hex(secret, hash);
	p->secret_hash = arena_str(&r->arena, str_of(hash));
	p->hostname = arena_line(&r->arena, name, NAME_MAX_BYTES);
	p->os = arena_line(&r->arena, p->os, TEXT_MAX);
	p->agent = arena_line(&r->arena, p->agent, TEXT_MAX);
	r->prepared = p;
	return true;
}

bool
enrol_token_check(struct request *r, struct str token, struct str secret_hash, const char *role, struct enrolment *t,
		  struct err *e)
{
	struct err missing = { 0 };
	if (!enrolment_get(r->st, &r->arena, token, t, &missing) || !secret_eq(t->secret_hash, secret_hash))
		return err_set(e, ERR_REFUSED,
			       "this token is unknown here: create one on this server with mamori token create");
	if (!str_eq(t->role, str_of(role)))
		return err_set(e, ERR_REFUSED, "this token is for a %.*s, not for a %s", STR_ARG(t->role), role);
	if (t->revoked_at)
		return err_set(e, ERR_REFUSED, "this token was revoked: create a new one with mamori token create");
	if (t->expires <= r->now)
		return err_set(e, ERR_REFUSED, "this token has expired: create a new one with mamori token create");
	return true;
}

static bool
certificate_issue(struct request *r, struct str host, struct str csr, struct buf *pem, struct err *e)
{
	struct certificate c;
	return certify(r, csr, (struct cert_request){ .common_name = host }, pem, &c, e) &&
	       certificate_insert(r->st, &c, e);
}

static bool
answer_write(struct request *r, const struct host *h, struct str certificate, struct err *e)
{
	BUF_AUTO order_key = { 0 };
	if (!key_public_to_pem(r->app->order_key, &order_key, e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "host", h->id);
	json_put_str(&r->w, "certificate", certificate);
	json_put_str(&r->w, "ca", buf_str(&r->app->ca_pem));
	json_put_str(&r->w, "order_key", buf_str(&order_key));
	json_put_str(&r->w, "agents", app_agents_url(r->app, &r->arena, r->headers.host));
	json_put_str(&r->w, "server", app_display_name(r->app, &r->arena));
	json_put_cstr(&r->w, "state", host_state_name(h->state));
	json_put_i64(&r->w, "interval", r->interval / 1000);
	r->host = *h;
	if (!updates_root_write(r, e) || !relays_write(r, e))
		return false;
	json_end_object(&r->w);
	return true;
}

/* Who comes through a relay belongs to its site. */
static bool
site_learn(struct request *r, struct str host, struct err *e)
{
	struct relay_row relay;
	struct err missing = { 0 };
	struct str url = json_get_str(r->json, "relay");
	if (!url.len || url.len > 300 || !relay_by_url(r->st, &r->arena, url, &relay, &missing) || !relay.site.ptr)
		return true;
	return host_set_traits(r->st, host, STR_NONE, relay.site, STR_NONE, e);
}

bool
enrol_handle(struct request *r, struct err *e)
{
	const struct prepared *p = r->prepared;
	struct enrolment t;
	if (str_eq(json_get_str(r->json, "role"), STR("relay")))
		return relay_enrol_handle(r, e);
	if (!enrol_token_check(r, p->token, p->secret_hash, "host", &t, e) || !enrolment_use(r->st, t.id, e))
		return false;
	struct host h = {
		.id = certify_id(&r->arena, STR_NONE),
		.name = p->hostname,
		.group = t.group,
		.state = t.approve ? HOST_PENDING : HOST_ACTIVE,
		.enrolled_at = r->now,
		.token = t.id,
		.signing_key = p->signing_key,
		.agent = p->agent,
		.machine = p->machine,
		.os_key = p->os,
	};
	BUF_AUTO pem = { 0 };
	r->user = arena_printf(&r->arena, "token %.*s", STR_ARG(t.id));
	if (!host_insert(r->st, &h, e) || !site_learn(r, h.id, e) || !certificate_issue(r, h.id, p->csr, &pem, e) ||
	    !request_audit(r, "host.enrol", h.id,
			   arena_printf(&r->arena, "%.*s from %.*s", STR_ARG(h.name), STR_ARG(r->peer)), e))
		return err_wrap(e, "enrolling %.*s", STR_ARG(h.name));
	log_info("host", "%.*s: enrolled as %.*s", STR_ARG(h.name), STR_ARG(h.id));
	return answer_write(r, &h, buf_str(&pem), e);
}

bool
renew_prepare(struct request *r, struct err *e)
{
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	KEY_AUTO subject = NULL;
	if (!take(r->json, "csr", PEM_MAX, &p->csr, e) || !csr_open(p->csr, &subject, e))
		return false;
	r->prepared = p;
	return true;
}

bool
renew_handle(struct request *r, struct err *e)
{
	const struct prepared *p = r->prepared;
	BUF_AUTO pem = { 0 };
	if (!certificate_issue(r, r->host.id, p->csr, &pem, e) ||
	    !request_audit(r, "host.renew", r->host.id, STR("a new certificate"), e))
		return err_wrap(e, "renewing the certificate of %.*s", STR_ARG(r->host.name));
	json_begin_object(&r->w);
	json_put_str(&r->w, "certificate", buf_str(&pem));
	json_end_object(&r->w);
	return true;
}
