/* POST /enrol/v1 and POST /agent/v1/renew: certificates for hosts. */
#include "base/codec.h"
#include "base/log.h"
#include "server/check_in.h"
#include "store/enrolment.h"
#include "trust/cert.h"

static const int64_t HOUR = 3600000LL;
static const int64_t CERTIFICATE_LIFE = 180 * 86400000LL;

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
	if (!protocol_check(r) || !take(r->json, "token", TEXT_MAX, &p->token, e) ||
	    !take(r->json, "secret", TEXT_MAX, &secret, e) || !take(r->json, "csr", PEM_MAX, &p->csr, e) ||
	    !take(r->json, "signing_key", PEM_MAX, &p->signing_key, e) || !take(r->json, "hostname", 1000, &name, e) ||
	    !take(r->json, "machine", TEXT_MAX, &p->machine, e) || !take(r->json, "os", TEXT_MAX, &p->os, e) ||
	    !take(r->json, "agent", TEXT_MAX, &p->agent, e))
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

static bool
token_check(struct request *r, const struct prepared *p, struct enrolment *t, struct err *e)
{
	struct err missing = { 0 };
	if (!enrolment_get(r->st, &r->arena, p->token, t, &missing) || !secret_eq(t->secret_hash, p->secret_hash))
		return err_set(e, ERR_REFUSED,
			       "this token is unknown here: create one on this server with mamori token create");
	if (!str_eq(t->role, STR("host")))
		return err_set(e, ERR_REFUSED, "this token is for a %.*s, not for a host", STR_ARG(t->role));
	if (t->revoked_at)
		return err_set(e, ERR_REFUSED, "this token was revoked: create a new one with mamori token create");
	if (t->expires <= r->now)
		return err_set(e, ERR_REFUSED, "this token has expired: create a new one with mamori token create");
	return true;
}

/* A certificate for the key of a CSR, stored as bound to the host. */
static bool
certificate_issue(struct request *r, struct str host, struct str csr, struct buf *pem, struct err *e)
{
	KEY_AUTO subject = NULL;
	struct cert_info info;
	char digest[SHA256_HEX_LEN];
	struct cert_request request = {
		.common_name = host,
		.not_before = r->now - HOUR,
		.not_after = r->now + CERTIFICATE_LIFE,
	};
	if (!csr_open(csr, &subject, e) ||
	    !cert_issue(r->app->ca_key, buf_str(&r->app->ca_pem), subject, &request, pem, e) ||
	    !cert_read(buf_str(pem), &info, e) || !cert_key_digest(buf_str(pem), digest, e))
		return false;
	struct certificate c = {
		.serial = str_of(info.serial),
		.host = host,
		.key_digest = str_of(digest),
		.not_after = info.not_after,
		.issued_at = r->now,
	};
	return certificate_insert(r->st, &c, e);
}

static struct str
host_id_new(struct arena *a)
{
	unsigned char bytes[10];
	BUF_AUTO hex = { 0 };
	random_bytes(bytes, sizeof(bytes));
	hex_encode(&hex, bytes, sizeof(bytes));
	return arena_str(a, buf_str(&hex));
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
	json_end_object(&r->w);
	return true;
}

bool
enrol_handle(struct request *r, struct err *e)
{
	const struct prepared *p = r->prepared;
	struct enrolment t;
	if (!token_check(r, p, &t, e) || !enrolment_use(r->st, t.id, e))
		return false;
	struct host h = {
		.id = host_id_new(&r->arena),
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
	if (!host_insert(r->st, &h, e) || !certificate_issue(r, h.id, p->csr, &pem, e) ||
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
