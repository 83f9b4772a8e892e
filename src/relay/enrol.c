/* mamori relay enrol: a token becomes keys, a certificate for hosts and server, and an identity. */
#include "base/log.h"
#include "os/file.h"
#include "relay/member-internal.h"
#include "relay/proxy.h"
#include "trust/cert.h"
#include "trust/token.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_FILE_MAX 8192

struct enrolment {
	const struct member_enrolment *o;
	struct arena *arena;
	struct token token;
	struct key *tls, *status;
	struct member m;
};

static void
name_add(struct arena *a, const char **out, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcasecmp(out[i], name) == 0)
			return;
	if (*name && *count < MEMBER_NAMES_MAX)
		out[(*count)++] = arena_cstr(a, str_of(name));
}

static void
addresses_add(struct arena *a, const char **out, size_t *count)
{
	struct ifaddrs *all;
	char text[INET6_ADDRSTRLEN];
	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || (i->ifa_flags & IFF_LOOPBACK))
			continue;
		const void *bytes = NULL;
		if (i->ifa_addr->sa_family == AF_INET) {
			bytes = &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			const struct in6_addr *six =
				&((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
			bytes = IN6_IS_ADDR_LINKLOCAL(six) ? NULL : six;
		}
		if (bytes && inet_ntop(i->ifa_addr->sa_family, bytes, text, sizeof(text)))
			name_add(a, out, count, text);
	}
	freeifaddrs(all);
}

void
member_names_collect(struct arena *a, const char *const *given, const char **out)
{
	char name[256] = "";
	size_t count = 0;
	for (size_t i = 0; given && given[i]; i++)
		name_add(a, out, &count, given[i]);
	if (gethostname(name, sizeof(name) - 1) == 0)
		name_add(a, out, &count, name);
	addresses_add(a, out, &count);
	/* To be tried out on one machine. */
	name_add(a, out, &count, "127.0.0.1");
	name_add(a, out, &count, "localhost");
	if (count < MEMBER_NAMES_MAX)
		out[count] = NULL;
}

bool
member_refused(struct arena *a, const struct http_response *r, struct err *e)
{
	struct json *v = NULL;
	struct str words = STR_NONE;
	if (json_parse(a, buf_str(&r->body), NULL, &v, NULL))
		words = json_get_str(json_get(v, "error"), "message");
	enum err_code code = r->status >= 500 || r->status == 429 ? ERR_UNREACHABLE : ERR_REFUSED;
	if (words.len > 0)
		return err_set(e, code, "%.*s", STR_ARG(str_head(words, 600)));
	return err_set(e, code, "the server answered %d", r->status);
}

static bool
token_read(struct enrolment *n, struct err *e)
{
	const char *path = n->o->token_file;
	BUF_AUTO text = { 0 };
	struct stat st;
	char end[TIME_RFC3339_MAX];
	if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
		log_warn("enrol", "%s can be read by others; a token belongs in a file of mode 0600", path);
	bool ok = file_read(path, TOKEN_FILE_MAX, &text, e) && token_parse(n->arena, buf_str(&text), &n->token, e);
	if (text.ptr)
		explicit_bzero(text.ptr, text.len);
	if (!ok)
		return err_wrap(e, "reading the token in %s", path);
	if (n->token.expires && n->token.expires < clock_now(n->o->clock))
		return err_set(
			e, ERR_REFUSED,
			"the token in %s expired at %s; create a new one on the server with \"mamori token create\"",
			path, time_rfc3339(n->token.expires, end));
	return true;
}

static bool
request_write(struct enrolment *n, struct buf *out, struct err *e)
{
	struct json_writer w = { .out = out };
	BUF_AUTO csr = { 0 };
	BUF_AUTO public = { 0 };
	char name[256] = "relay";
	const char *names[MEMBER_NAMES_MAX + 1] = { 0 };
	if (gethostname(name, sizeof(name) - 1) != 0 || !*name)
		snprintf(name, sizeof(name), "relay");
	if (!csr_create(n->tls, "mamori-relay", &csr, e) || !key_public_to_pem(n->status, &public, e))
		return err_wrap(e, "writing the enrolment request");
	member_names_collect(n->arena, n->o->names, names);
	n->m.name = arena_cstr(n->arena, str_of(n->o->names && n->o->names[0] ? n->o->names[0] : name));
	json_begin_object(&w);
	json_put_i64(&w, "protocol", 1);
	json_put_cstr(&w, "role", "relay");
	json_put_str(&w, "token", n->token.id);
	json_put_str(&w, "secret", n->token.secret);
	json_put_str(&w, "csr", buf_str(&csr));
	json_put_str(&w, "signing_key", buf_str(&public));
	json_put_cstr(&w, "hostname", n->m.name);
	json_put_cstr(&w, "agent", MAMORI_VERSION);
	member_list_write(&w, "names", names, MEMBER_NAMES_MAX);
	json_end_object(&w);
	return true;
}

static bool
answer_take(struct enrolment *n, const struct http_response *r, struct err *e)
{
	static const struct json_limits limits = { .depth = 4, .string_max = 64U << 10, .total = 256U << 10 };
	struct json *v;
	struct key *order = NULL;
	struct member *m = &n->m;
	char digest[SHA256_HEX_LEN];
	if (!json_parse(n->arena, buf_str(&r->body), &limits, &v, e))
		return err_wrap(e, "reading the server's answer");
	struct str ca = json_get_str(v, "ca"), id = json_get_str(v, "relay"), agents = json_get_str(v, "agents");
	if (!id.len || !ca.len || !str_starts(agents, STR("https://")))
		return err_set(e, ERR_INPUT, "the server's answer lacks the relay's id, the CA or its address");
	if (!cert_key_digest(ca, digest, e))
		return err_wrap(e, "reading the server's answer");
	if (!str_eq(str_of(digest), n->token.ca_digest))
		return err_set(e, ERR_REFUSED, "the server's answer names another authority than the token does");
	m->data = n->o->data;
	m->id = arena_cstr(n->arena, id);
	m->server = arena_cstr(n->arena, json_get_str(v, "server"));
	struct str site = json_get_str(v, "site");
	m->site = site.len ? arena_cstr(n->arena, site) : NULL;
	m->ca = arena_cstr(n->arena, ca);
	m->order_key = arena_cstr(n->arena, json_get_str(v, "order_key"));
	m->agents[0] = arena_cstr(n->arena, agents);
	member_list_read(n->arena, v, "dashboards", m->dashboards, MEMBER_URLS_MAX);
	member_list_read(n->arena, v, "names", m->names, MEMBER_NAMES_MAX);
	m->enrolled_at = clock_now(n->o->clock);
	if (!key_public_from_pem(str_of(m->order_key), &order, e))
		return err_wrap(e, "reading the key that orders are signed with");
	key_free(order);
	return member_certificate_take(m, n->arena, n->tls, json_get_str(v, "certificate"), m->enrolled_at, e);
}

static bool
ask(struct enrolment *n, struct err *e)
{
	BUF_AUTO proxy = { 0 };
	if (n->o->proxy && !proxy_with_credentials(n->o->proxy, n->o->proxy_credentials, &proxy, e))
		return false;
	struct http_client_options h = { .ca_key_digest = arena_cstr(n->arena, n->token.ca_digest),
					 .user_agent = "mamori-relay/" MAMORI_VERSION,
					 .proxy = n->o->proxy ? buf_cstr(&proxy) : NULL };
	__attribute__((cleanup(http_client_cleanup))) struct http_client *client = NULL;
	HTTP_RESPONSE_AUTO r = { 0 };
	BUF_AUTO body = { 0 };
	bool answered = false;
	if (!http_client_new(&h, &client, e) || !request_write(n, &body, e))
		return false;
	for (size_t i = 0; i < n->token.url_count && !answered; i++) {
		const char *url = arena_printf(n->arena, "%.*s/enrol/v1", STR_ARG(n->token.urls[i])).ptr;
		err_clear(e);
		answered = http_request(client, "POST", url, NULL, buf_str(&body), &r, e);
		if (!answered && e && e->code != ERR_UNREACHABLE)
			break;
	}
	explicit_bzero(body.ptr, body.len);
	if (!answered)
		return false;
	return r.status == 200 ? answer_take(n, &r, e) : member_refused(n->arena, &r, e);
}

bool
member_enrol(const struct member_enrolment *o, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct enrolment n = { .o = o, .arena = &arena };
	struct member old = { 0 };
	struct err why = { 0 };
	bool enrolled;
	if (member_load(o->data, &arena, &old, &enrolled, &why) && enrolled && !o->again)
		return err_set(e, ERR_CONFLICT,
			       "this relay is enrolled at %s already (%s); to enrol it anew add --again",
			       old.server ? old.server : old.agents[0], o->data);
	if (!token_read(&n, e) || !dir_make(o->data, 0700, e))
		return false;
	bool ok = key_load_or_create(path_join(&arena, o->data, MEMBER_KEY), &n.tls, e) &&
		  key_load_or_create(path_join(&arena, o->data, MEMBER_STATUS_KEY), &n.status, e) &&
		  (ask(&n, e) ||
		   err_wrap(e, "enrolling at %.*s", STR_ARG(n.token.url_count ? n.token.urls[0] : STR("?")))) &&
		  member_save(&n.m, e);
	key_free(n.tls);
	key_free(n.status);
	return ok;
}
