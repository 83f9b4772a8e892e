/* Enrolment: a token becomes keys, a certificate and an identity (agent.h, doc/agent-protocol.md). */
#include "agent/agent.h"

#include <sys/stat.h>

#include "agent/answer.h"
#include "agent/contact.h"
#include "agent/identity.h"
#include "agent/updates.h"
#include "base/log.h"
#include "os/machine.h"
#include "plan/inventory.h"
#include "trust/cert.h"
#include "trust/token.h"

#define TOKEN_FILE_MAX 8192

struct enrolment {
	const struct agent *agent;
	struct arena *arena;
	struct token token;
	struct key *tls, *signing;
	struct identity id;
	struct str root; /* of the update metadata; empty: the server has none */
};

static bool
token_read(struct enrolment *n, const char *path, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct stat st;
	char end[TIME_RFC3339_MAX];
	if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
		log_warn("enrol", "%s can be read by others; a token belongs in a file of mode 0600", path);
	if (!file_read(path, TOKEN_FILE_MAX, &text, e) || !token_parse(n->arena, buf_str(&text), &n->token, e)) {
		if (text.ptr) /* nothing was read of a file that is too large */
			explicit_bzero(text.ptr, text.len);
		return err_wrap(e, "reading the token in %s", path);
	}
	explicit_bzero(text.ptr, text.len);
	if (n->token.expires && n->token.expires < clock_now(n->agent->clock))
		return err_set(
			e, ERR_REFUSED,
			"the token in %s expired at %s; create a new one on the server with \"mamori token create\"",
			path, time_rfc3339(n->token.expires, end));
	return true;
}

/* A new pair of keys under a new name: the old identity keeps its own until the new one is written. */
static bool
keys_make(struct enrolment *n, struct err *e)
{
	BUF_AUTO name = { 0 };
	unsigned char random[6];
	random_bytes(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		buf_addf(&name, "%02x", random[i]);
	n->id.keys = arena_cstr(n->arena, buf_str(&name));
	if (!key_load_or_create(identity_key_path(n->agent, n->arena, &n->id, "tls"), &n->tls, e) ||
	    !key_load_or_create(identity_key_path(n->agent, n->arena, &n->id, "signing"), &n->signing, e))
		return err_wrap(e, "making the keys of this machine");
	return true;
}

/* Removes the key files that start with `prefix`, or (keep) all others: those of an earlier identity, or of an
 * enrolment that came to nothing. */
static void
keys_remove(const struct agent *a, struct arena *arena, const char *prefix, bool keep)
{
	struct str *names;
	size_t count;
	if (!prefix || !dir_list(arena, a->state, 10000, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		struct err e = { 0 };
		if (!str_ends(names[i], STR(".tls.key")) && !str_ends(names[i], STR(".signing.key")))
			continue;
		if (str_starts(names[i], str_of(prefix)) == keep)
			continue;
		if (!file_remove(state_path(a, arena, arena_cstr(arena, names[i])), &e))
			log_warn("state", "%s", e.text);
	}
}

static bool
request_write(struct enrolment *n, struct buf *out, struct err *e)
{
	struct json_writer w = { .out = out };
	struct inventory_options o = { .root = n->agent->root, .live = strcmp(n->agent->root, "/") == 0 };
	struct inventory inv = { 0 };
	struct machine m = { 0 };
	struct root r;
	BUF_AUTO csr = { 0 };
	BUF_AUTO public = { 0 };
	BUF_AUTO print = { 0 };
	char machine[SHA256_HEX_LEN];
	if (!inventory_read(&o, n->arena, &inv, e) || !root_open(&r, n->agent->root, e))
		return err_wrap(e, "taking the inventory");
	machine_read(&r, n->arena, &m);
	root_close(&r);
	machine_fingerprint_input(&m, &print);
	sha256_hex(buf_str(&print), machine);
	if (!csr_create(n->tls, "mamori-agent", &csr, e) || !key_public_to_pem(n->signing, &public, e))
		return err_wrap(e, "writing the enrolment request");
	json_begin_object(&w);
	json_put_i64(&w, "protocol", 1);
	json_put_str(&w, "token", n->token.id);
	json_put_str(&w, "secret", n->token.secret);
	json_put_str(&w, "csr", buf_str(&csr));
	json_put_str(&w, "signing_key", buf_str(&public));
	json_put_str(&w, "hostname", inv.hostname.len ? inv.hostname : m.hostname);
	json_put_cstr(&w, "machine", machine);
	json_put_str(&w, "os", os_key(&inv.os, n->arena));
	json_put_cstr(&w, "agent", MAMORI_VERSION);
	if (n->id.relays_given[0])
		json_put_cstr(&w, "relay", n->id.relays_given[0]);
	json_end_object(&w);
	return true;
}

/* "https://name:8443" and port 8444 give "https://name:8444". */
static const char *
with_port_of(struct arena *arena, struct str url, struct str agents)
{
	ptrdiff_t port = str_rfind_char(agents, ':'), end = str_rfind_char(url, ':');
	if (port < 6 || end < 0)
		return NULL;
	struct str host = end > 5 ? str_head(url, (size_t)end) : url;
	return arena_printf(arena, "%.*s%.*s", STR_ARG(host), STR_ARG(str_skip(agents, (size_t)port))).ptr;
}

/* The server's own address first, then those that the token came with: one of them was just reached. */
static void
addresses_set(struct enrolment *n, struct str agents)
{
	size_t count = 0;
	n->id.agents[count++] = arena_cstr(n->arena, agents);
	for (size_t i = 0; i < n->token.url_count && count < NET_BASES_MAX; i++) {
		const char *url = with_port_of(n->arena, n->token.urls[i], agents);
		bool known = !url;
		for (size_t k = 0; k < count; k++)
			known = known || strcmp(n->id.agents[k], url) == 0;
		if (!known)
			n->id.agents[count++] = url;
	}
}

static bool
answer_take(struct enrolment *n, const struct net *net, const struct net_answer *r, struct err *e)
{
	static const struct json_limits limits = { .depth = 4, .string_max = 512U << 10, .total = 768U << 10 };
	struct json *v;
	struct key *order = NULL;
	BUF_AUTO digest = { 0 };
	if (!json_parse(n->arena, buf_str(&r->body), &limits, &v, e))
		return err_wrap(e, "reading the server's answer");
	struct str ca = json_get_str(v, "ca"), agents = json_get_str(v, "agents");
	n->id.host = arena_cstr(n->arena, json_get_str(v, "host"));
	n->id.server = arena_cstr(n->arena, json_get_str(v, "server"));
	n->id.ca = arena_cstr(n->arena, ca);
	n->id.order_key = arena_cstr(n->arena, json_get_str(v, "order_key"));
	n->id.enrolled_at = clock_now(n->agent->clock);
	n->root = json_get_str(v, "root");
	(void)identity_relays_take(&n->id, n->arena, v);
	if (!*n->id.host || strchr(n->id.host, '\n') || ca.len == 0 || !str_starts(agents, STR("https://")))
		return err_set(e, ERR_INPUT, "the server's answer lacks the host id, the CA or the agents' address");
	/* The signing keys of the two sides are read here; certificates only in the process without rights. */
	if (!key_public_from_pem(str_of(n->id.order_key), &order, e))
		return err_wrap(e, "reading the key that orders are signed with");
	key_free(order);
	if (!key_id(n->tls, &digest, e) ||
	    !identity_certificate(&n->id, n->arena, net, json_get_str(v, "certificate"), buf_str(&digest), e))
		return false;
	addresses_set(n, agents);
	return true;
}

static bool
ask(struct enrolment *n, const struct net *net, struct err *e)
{
	NET_ANSWER_AUTO r = { 0 };
	BUF_AUTO body = { 0 };
	const char *state;
	if (!request_write(n, &body, e))
		return false;
	bool answered = net_call(net, NET_POST, "/enrol/v1", buf_str(&body), &r, e);
	explicit_bzero(body.ptr, body.len);
	if (!answered)
		return false;
	if (r.status == 403 || r.status == 409) {
		/* The server's own sentence says what is wrong with the token. */
		struct json *v = NULL;
		struct str words = STR_NONE;
		if (json_parse(n->arena, buf_str(&r.body), NULL, &v, NULL))
			words = json_get_str(json_get(v, "error"), "message");
		if (words.len > 0)
			return err_set(e, ERR_REFUSED, "%.*s", STR_ARG(str_head(words, 600)));
	}
	if (r.status != 200)
		return answer_error(n->arena, r.status, buf_str(&r.body), &state, e);
	return answer_take(n, net, &r, e);
}

static bool
enrol_with(struct enrolment *n, struct err *e)
{
	struct net_options o = { .ca_key_digest = arena_cstr(n->arena, n->token.ca_digest) };
	NET_PROCESS_AUTO process = NULL;
	struct net net;
	for (size_t i = 0; i < n->token.url_count && i < NET_BASES_MAX; i++)
		o.base[i] = arena_cstr(n->arena, n->token.urls[i]);
	for (size_t i = 0; n->agent->relays && n->agent->relays[i] && i < NET_RELAYS_MAX; i++) {
		if (!relay_url_valid(str_of(n->agent->relays[i])))
			return err_set(e, ERR_USAGE, "a relay's address is https://NAME:PORT, not “%s”",
				       n->agent->relays[i]);
		n->id.relays_given[i] = o.way[i] = n->agent->relays[i];
	}
	if (n->agent->net)
		net = *n->agent->net;
	else if (!net_process_start(&o, &process, e))
		return false;
	else
		net = net_process_port(process);
	if (!keys_make(n, e))
		return false;
	if (!ask(n, &net, e))
		return err_wrap(e, "enrolling at %s", o.base[0] ? o.base[0] : "?");
	/* Before the identity: a machine that is enrolled has its root. */
	if (n->root.len > 0 && !updates_begin(n->agent, n->root, e))
		return false;
	return identity_save(n->agent, &n->id, e);
}

bool
agent_enrol(const struct agent *a, const char *token_file, bool again, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	FD_AUTO lock = -1;
	struct enrolment n = { .agent = a, .arena = &arena };
	struct identity old = { 0 };
	struct err why = { 0 };
	bool enrolled = identity_load(a, &arena, &old, &why);
	if (enrolled && !again)
		return err_set(e, ERR_CONFLICT,
			       "this machine is enrolled at %s already (%s); to enrol it anew add --again",
			       old.server && *old.server ? old.server : old.agents[0], a->state);
	if (!token_read(&n, token_file, e) || !state_make(a, e) || !state_lock(a, &lock, e))
		return false;
	bool ok = enrol_with(&n, e);
	key_free(n.tls);
	key_free(n.signing);
	keys_remove(a, &arena, n.id.keys, ok);
	/* Of the old identity: lineage and results carry its host id and no longer count; this forgets why it stopped. */
	if (ok && !file_remove(state_path(a, &arena, "contact.json"), &why))
		log_warn("state", "%s", why.text);
	return ok;
}
