#include "agent/identity.h"

#define CERTIFICATE_MAX (64U << 10)

static bool
not_enrolled(const struct agent *a, struct err *e)
{
	return err_set(e, ERR_REFUSED,
		       "this machine is not enrolled (nothing in %s); create a token on the server with "
		       "\"mamori token create\" and run: mamori-agent enrol --token-file FILE",
		       a->state);
}

static const char *
text(struct arena *arena, const struct json *v, const char *key)
{
	return arena_cstr(arena, json_get_str(v, key));
}

static void
urls_read(struct arena *arena, const struct json *v, const char *key, const char *out[NET_RELAYS_MAX])
{
	size_t count;
	const struct json *urls = json_get_array(v, key, &count);
	for (size_t i = 0; i < count && i < NET_RELAYS_MAX; i++)
		if (urls[i].kind == JSON_KIND_STRING && urls[i].text.len)
			out[i] = arena_cstr(arena, urls[i].text);
}

static void
urls_write(struct json_writer *w, const char *key, const char *const urls[NET_RELAYS_MAX])
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < NET_RELAYS_MAX && urls[i]; i++)
		json_cstr(w, urls[i]);
	json_end_array(w);
}

bool
identity_relays_take(struct identity *id, struct arena *arena, const struct json *answer)
{
	const char *relays[NET_RELAYS_MAX] = { 0 };
	size_t count, kept = 0;
	const struct json *urls = json_get_array(answer, "relays", &count);
	bool only = json_get_bool(answer, "relay_only", id->relay_only), changed = only != id->relay_only;
	if (!json_get(answer, "relays"))
		return false;
	for (size_t i = 0; i < count && kept < NET_RELAYS_MAX; i++)
		if (urls[i].kind == JSON_KIND_STRING && relay_url_valid(urls[i].text))
			relays[kept++] = arena_cstr(arena, urls[i].text);
	for (size_t i = 0; i < NET_RELAYS_MAX; i++)
		changed |= !relays[i] != !id->relays[i] || (relays[i] && strcmp(relays[i], id->relays[i]) != 0);
	memcpy(id->relays, relays, sizeof(relays));
	id->relay_only = only;
	return changed;
}

bool
relay_url_valid(struct str url)
{
	bool https = str_starts(url, STR("https://"));
	if ((!https && !str_starts(url, STR("http://"))) || url.len > 300)
		return false;
	struct str host = str_skip(url, https ? 8 : 7);
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		/* No path, no password, nothing that a command line or a list could read otherwise. */
		if (!letter && !strchr("-._:[]", c))
			return false;
	}
	return host.len > 0;
}

bool
identity_load(const struct agent *a, struct arena *arena, struct identity *out, struct err *e)
{
	struct json *v;
	if (!state_load(a, arena, "identity.json", &v, e))
		return false;
	if (!v)
		return not_enrolled(a, e);
	struct identity id = {
		.host = text(arena, v, "host"),
		.server = text(arena, v, "server"),
		.ca = text(arena, v, "ca"),
		.order_key = text(arena, v, "order_key"),
		.certificate = text(arena, v, "certificate"),
		.serial = text(arena, v, "serial"),
		.keys = text(arena, v, "keys"),
	};
	size_t count;
	urls_read(arena, v, "relays", id.relays);
	urls_read(arena, v, "relays_given", id.relays_given);
	id.relay_only = json_get_bool(v, "relay_only", false);
	const struct json *urls = json_get_array(v, "agents", &count);
	for (size_t i = 0; i < count && i < NET_BASES_MAX; i++)
		id.agents[i] = arena_cstr(arena, urls[i].text);
	if (!time_parse(json_get_str(v, "not_after"), &id.not_after))
		id.not_after = 0;
	if (!time_parse(json_get_str(v, "enrolled_at"), &id.enrolled_at))
		id.enrolled_at = 0;
	if (!*id.host || !*id.ca || !*id.certificate || !*id.keys || !id.agents[0])
		return err_set(e, ERR_INPUT,
			       "%s/identity.json is incomplete; enrol again with a new token: mamori-agent enrol "
			       "--again --token-file FILE",
			       a->state);
	*out = id;
	return true;
}

bool
identity_save(const struct agent *a, const struct identity *id, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_cstr(&w, "host", id->host);
	json_put_cstr(&w, "server", id->server);
	json_key(&w, "agents");
	json_begin_array(&w);
	for (size_t i = 0; i < NET_BASES_MAX && id->agents[i]; i++)
		json_cstr(&w, id->agents[i]);
	json_end_array(&w);
	urls_write(&w, "relays", id->relays);
	urls_write(&w, "relays_given", id->relays_given);
	json_put_bool(&w, "relay_only", id->relay_only);
	json_put_cstr(&w, "ca", id->ca);
	json_put_cstr(&w, "order_key", id->order_key);
	json_put_cstr(&w, "certificate", id->certificate);
	json_put_cstr(&w, "serial", id->serial);
	json_put_time(&w, "not_after", id->not_after);
	json_put_cstr(&w, "keys", id->keys);
	json_put_time(&w, "enrolled_at", id->enrolled_at);
	json_end_object(&w);
	return state_save(a, "identity.json", buf_str(&b), e);
}

const char *
identity_key_path(const struct agent *a, struct arena *arena, const struct identity *id, const char *which)
{
	return state_pathf(a, arena, "%s.%s.key", id->keys, which);
}

bool
identity_certificate(struct identity *id, struct arena *arena, const struct net *net, struct str pem,
		     struct str key_digest, struct err *e)
{
	NET_ANSWER_AUTO r = { 0 };
	struct json *v;
	int64_t not_after;
	if (pem.len == 0 || pem.len > CERTIFICATE_MAX)
		return err_set(e, ERR_INPUT, "the server's answer has no certificate");
	if (!net_call(net, NET_CERTIFICATE, "", pem, &r, e) || !json_parse(arena, buf_str(&r.body), NULL, &v, e))
		return err_wrap(e, "checking the certificate that the server issued");
	if (!str_eq(json_get_str(v, "key"), key_digest))
		return err_set(e, ERR_REFUSED, "the certificate that the server issued is for another key than ours");
	if (!time_parse(json_get_str(v, "not_after"), &not_after))
		return err_set(e, ERR_INPUT, "the certificate that the server issued has no end date");
	id->certificate = arena_cstr(arena, pem);
	id->serial = text(arena, v, "serial");
	id->not_after = not_after;
	return true;
}
