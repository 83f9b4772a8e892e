#include "server/relay_in.h"

#include "base/log.h"
#include "server/certify.h"
#include "server/relay_told.h"
#include "store/enrolment.h"

enum { TEXT_MAX = 200, KEY_MAX = 8192, NAME_BYTES = 253, NAMES_MAX = 32, URLS_MAX = 16, DASHBOARDS_MAX = 6 };

struct prepared {
	struct str token, secret_hash, hostname, version, signing_key, csr;
	struct str *names;
	size_t name_count;
};

/* ---- names ---- */

static bool
is_loopback(struct str name)
{
	return str_eq_nocase(name, STR("localhost")) || str_starts(name, STR("127.")) || str_eq(name, STR("::1"));
}

static bool
name_possible(struct str name)
{
	if (!name.len || name.len > NAME_BYTES)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && c != '-' && c != '.' && c != ':' && c != '_')
			return false;
	}
	return true;
}

static bool
name_is_servers(struct app *app, struct str name)
{
	bool is = false;
	pthread_mutex_lock(&app->lock);
	for (size_t i = 0; i < app->host_count; i++)
		is |= str_eq_nocase(name, app->hosts[i]);
	pthread_mutex_unlock(&app->lock);
	return is && !is_loopback(name);
}

/* With the server's own name in its certificate a relay could pass for the server: such names are left out. */
static bool
names_take(struct request *r, struct prepared *p, struct err *e)
{
	size_t count;
	const struct json *names = json_get_array(r->json, "names", &count);
	p->names = ARENA_ARRAY(&r->arena, struct str, NAMES_MAX);
	if (count > NAMES_MAX)
		return err_set(e, ERR_TOO_LARGE, "a relay has at most %d names and addresses", NAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (names[i].kind != JSON_KIND_STRING || !name_possible(names[i].text))
			return err_set(e, ERR_INPUT, "“%.*s” is neither a name nor an address of a relay",
				       STR_ARG(names[i].text));
		if (!name_is_servers(r->app, names[i].text))
			p->names[p->name_count++] = names[i].text;
	}
	return p->name_count > 0 || err_set(e, ERR_REFUSED,
					    "a relay needs a name or address that is not this server's own: run it on "
					    "another machine, or give "
					    "it one with --name");
}

static void
names_write(struct json_writer *w, const struct prepared *p)
{
	json_begin_array(w);
	for (size_t i = 0; i < p->name_count; i++)
		json_str(w, p->names[i]);
	json_end_array(w);
}

static struct str
names_json(struct arena *a, const struct prepared *p)
{
	BUF_AUTO text = { 0 };
	names_write(&(struct json_writer){ .out = &text }, p);
	return arena_str(a, buf_str(&text));
}

/* ---- enrolment ---- */

static bool
take(const struct json *body, const char *key, size_t max, struct str *out, struct err *e)
{
	*out = json_get_str(body, key);
	if (!out->len || out->len > max)
		return err_set(e, ERR_INPUT, "enrolling: the request's %s is missing or longer than %zu bytes", key,
			       max);
	return true;
}

bool
relay_enrol_prepare(struct request *r, struct err *e)
{
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	struct str secret, name;
	char hash[SHA256_HEX_LEN];
	KEY_AUTO tls = NULL;
	KEY_AUTO signing = NULL;
	if (!take(r->json, "token", TEXT_MAX, &p->token, e) || !take(r->json, "secret", TEXT_MAX, &secret, e) ||
	    !take(r->json, "csr", KEY_MAX, &p->csr, e) || !take(r->json, "signing_key", KEY_MAX, &p->signing_key, e) ||
	    !take(r->json, "hostname", 1000, &name, e) || !take(r->json, "agent", TEXT_MAX, &p->version, e) ||
	    !names_take(r, p, e) || !csr_open(p->csr, &tls, e) || !key_public_from_pem(p->signing_key, &signing, e))
		return err_wrap(e, "enrolling a relay");
	sha256_hex(secret, hash);
	p->secret_hash = arena_str(&r->arena, str_of(hash));
	p->hostname = arena_line(&r->arena, name, NAME_BYTES);
	p->version = arena_line(&r->arena, p->version, TEXT_MAX);
	r->prepared = p;
	return true;
}

/* For its listener and as the server's client at once. */
static bool
certificate_issue(struct request *r, struct str relay, const struct prepared *p, struct buf *pem, struct err *e)
{
	struct certificate c;
	const char **names = ARENA_ARRAY(&r->arena, const char *, p->name_count + 1);
	for (size_t i = 0; i < p->name_count; i++)
		names[i] = arena_cstr(&r->arena, p->names[i]);
	return certify(r, p->csr, (struct cert_request){ .common_name = relay, .names = names, .relay = true }, pem, &c,
		       e) &&
	       relay_certificate_insert(r->st, &c, e);
}

static void
addresses_write(struct request *r)
{
	struct str urls[DASHBOARDS_MAX];
	size_t count = app_urls(r->app, &r->arena, urls, DASHBOARDS_MAX);
	json_put_str(&r->w, "agents", app_agents_url(r->app, &r->arena, r->headers.host));
	json_key(&r->w, "dashboards");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		json_str(&r->w, urls[i]);
	json_end_array(&r->w);
}

static bool
enrol_answer(struct request *r, const struct relay_row *relay, const struct prepared *p, struct str certificate,
	     struct err *e)
{
	BUF_AUTO order_key = { 0 };
	if (!key_public_to_pem(r->app->order_key, &order_key, e))
		return false;
	json_begin_object(&r->w);
	json_put_str(&r->w, "relay", relay->id);
	json_put_str(&r->w, "certificate", certificate);
	json_put_str(&r->w, "ca", buf_str(&r->app->ca_pem));
	json_put_str(&r->w, "order_key", buf_str(&order_key));
	addresses_write(r);
	json_put_str(&r->w, "server", app_display_name(r->app, &r->arena));
	json_key(&r->w, "site");
	json_str_or_null(&r->w, relay->site);
	json_key(&r->w, "names");
	names_write(&r->w, p);
	json_put_i64(&r->w, "interval", RELAY_INTERVAL_MS / 1000);
	json_end_object(&r->w);
	return true;
}

bool
relay_enrol_handle(struct request *r, struct err *e)
{
	const struct prepared *p = r->prepared;
	struct enrolment t;
	BUF_AUTO pem = { 0 };
	if (!enrol_token_check(r, p->token, p->secret_hash, "relay", &t, e) || !enrolment_use(r->st, t.id, e))
		return false;
	struct relay_row relay = {
		.id = certify_id(&r->arena, STR("relay-")),
		.name = p->hostname,
		.site = t.group,
		.names = names_json(&r->arena, p),
		.enrolled_at = r->now,
		.token = t.id,
		.status_key = p->signing_key,
		.version = p->version,
	};
	r->user = arena_printf(&r->arena, "token %.*s", STR_ARG(t.id));
	if (!relay_insert(r->st, &relay, e) || !certificate_issue(r, relay.id, p, &pem, e) ||
	    !request_audit(r, "relay.enrol", relay.id,
			   arena_printf(&r->arena, "%.*s from %.*s", STR_ARG(relay.name), STR_ARG(r->peer)), e))
		return err_wrap(e, "enrolling the relay %.*s", STR_ARG(relay.name));
	log_info("relay", "%.*s: enrolled as %.*s", STR_ARG(relay.name), STR_ARG(relay.id));
	return enrol_answer(r, &relay, p, buf_str(&pem), e);
}

/* ---- its own check-in ---- */

static bool
urls_take(struct request *r, struct relay_row *relay, struct err *e)
{
	size_t count;
	const struct json *urls = json_get_array(r->json, "urls", &count);
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_array(&w);
	if (count > URLS_MAX)
		return err_set(e, ERR_TOO_LARGE, "a relay is reached at %d addresses at most", URLS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct str url = urls[i].kind == JSON_KIND_STRING ? urls[i].text : STR_NONE;
		if ((!str_starts(url, STR("https://")) && !str_starts(url, STR("http://"))) || url.len > 300)
			return err_set(e, ERR_INPUT, "“%.*s” is no address of a relay", STR_ARG(url));
		json_str(&w, arena_line(&r->arena, url, 300));
	}
	json_end_array(&w);
	relay->urls = arena_str(&r->arena, buf_str(&text));
	return true;
}

bool
relay_check_in_prepare(struct request *r, struct err *e)
{
	struct relay_row *relay = ARENA_NEW(&r->arena, struct relay_row);
	*relay = r->relay;
	if (json_get_i64(r->json, "protocol", 0) != PROTOCOL) {
		protocol_refuse(r);
		return false;
	}
	if (!urls_take(r, relay, e))
		return false;
	relay->version = arena_line(&r->arena, json_get_str(r->json, "version"), TEXT_MAX);
	relay->peer = r->peer;
	relay->last_seen = r->now;
	relay_told_take(&r->arena, r->json, relay);
	r->prepared = relay;
	return true;
}

static bool
certificate_ages(const struct request *r)
{
	const struct certificate *c = &r->certificate;
	return r->now > c->issued_at + (c->not_after - c->issued_at) / 2;
}

bool
relay_check_in_handle(struct request *r, struct err *e)
{
	const struct relay_row *relay = r->prepared;
	if (!relay_told_keep(r, &r->relay, relay, e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "protocol", PROTOCOL);
	json_put_time(&r->w, "now", r->now);
	json_put_i64(&r->w, "interval", RELAY_INTERVAL_MS / 1000);
	json_put_bool(&r->w, "renew", certificate_ages(r));
	json_put_str(&r->w, "name", relay->name);
	json_key(&r->w, "site");
	json_str_or_null(&r->w, relay->site);
	json_put_str(&r->w, "server", app_display_name(r->app, &r->arena));
	addresses_write(r);
	json_end_object(&r->w);
	return true;
}

bool
relay_renew_prepare(struct request *r, struct err *e)
{
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	KEY_AUTO subject = NULL;
	if (!take(r->json, "csr", KEY_MAX, &p->csr, e) || !csr_open(p->csr, &subject, e) || !names_take(r, p, e))
		return false;
	r->prepared = p;
	return true;
}

bool
relay_renew_handle(struct request *r, struct err *e)
{
	const struct prepared *p = r->prepared;
	BUF_AUTO pem = { 0 };
	if (!certificate_issue(r, r->relay.id, p, &pem, e) ||
	    !relay_set_names(r->st, r->relay.id, names_json(&r->arena, p), e) ||
	    !request_audit(r, "relay.renew", r->relay.id, names_json(&r->arena, p), e))
		return err_wrap(e, "renewing the certificate of the relay %.*s", STR_ARG(r->relay.name));
	json_begin_object(&r->w);
	json_put_str(&r->w, "certificate", buf_str(&pem));
	json_key(&r->w, "names");
	names_write(&r->w, p);
	json_end_object(&r->w);
	return true;
}

/* ---- what hosts are told ---- */

bool
relays_write(struct request *r, struct err *e)
{
	struct relay_row *relays;
	struct site_row site;
	struct str name;
	size_t count, shown = 0;
	if (!site_of_host(r->st, &r->arena, r->host.id, &name, e) ||
	    !relay_of_site(r->st, &r->arena, name, &relays, &count, e) || !site_get(r->st, &r->arena, name, &site, e))
		return false;
	/* Each host begins with another one, so that several share the work. */
	size_t first = count ? str_hash(r->host.id, 0) % count : 0;
	json_key(&r->w, "relays");
	json_begin_array(&r->w);
	for (size_t n = 0; n < count; n++) {
		size_t i = (first + n) % count;
		struct json *urls;
		struct err ignored = { 0 };
		if (!json_parse(&r->arena, relays[i].urls, NULL, &urls, &ignored) || urls->kind != JSON_KIND_ARRAY)
			continue;
		for (size_t k = 0; k < urls->count && shown < URLS_MAX; k++, shown++)
			json_str(&r->w, urls->item[k].text);
	}
	json_end_array(&r->w);
	json_put_bool(&r->w, "relay_only", site.relay_only);
	return true;
}
