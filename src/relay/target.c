#include "relay/target.h"

#include "base/codec.h"

#include <arpa/inet.h>

#define URL_MAX 4096
#define N_(text) text

static const char own_prefix[] = "/relay/v1/";

/* ---- URLs in one form ---- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One segment, decoded: no dot segment, nothing that another reader might take for a separator or an end. */
static bool
segment_add(struct buf *out, struct str encoded)
{
	char text[1024];
	size_t n = 0;
	for (size_t i = 0; i < encoded.len; i++, n++) {
		int high, low;
		if (n == sizeof(text))
			return false;
		text[n] = encoded.ptr[i];
		if (text[n] == '%') {
			if (i + 2 >= encoded.len || (high = hex_digit(encoded.ptr[i + 1])) < 0 ||
			    (low = hex_digit(encoded.ptr[i + 2])) < 0)
				return false;
			text[n] = (char)(high << 4 | low);
			i += 2;
		}
		unsigned char c = (unsigned char)text[n];
		if (c < ' ' || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	struct str s = str_sub(text, n);
	if (str_eq(s, STR(".")) || str_eq(s, STR("..")))
		return false;
	/* What was encoded twice would be a dot segment to whoever decodes twice; no mirror has such names. */
	if (str_find(s, STR("%2e")) >= 0 || str_find(s, STR("%2E")) >= 0 || str_find(s, STR("%2f")) >= 0 ||
	    str_find(s, STR("%2F")) >= 0 || str_find(s, STR("%5c")) >= 0 || str_find(s, STR("%5C")) >= 0)
		return false;
	percent_encode(out, s);
	return true;
}

static bool
path_add(struct buf *out, struct str path)
{
	if (!str_starts(path, STR("/")))
		return false;
	while (path.len > 0) {
		buf_add_char(out, '/');
		path = str_skip(path, 1);
		ptrdiff_t slash = str_find_char(path, '/');
		struct str segment = slash < 0 ? path : str_head(path, (size_t)slash);
		if (!segment_add(out, segment))
			return false;
		path = str_skip(path, segment.len);
	}
	return true;
}

static bool
query_valid(struct str query)
{
	for (size_t i = 0; i < query.len; i++)
		if (query.ptr[i] <= ' ' || query.ptr[i] > '~' || query.ptr[i] == '#')
			return false;
	return true;
}

struct place {
	bool https;
	char host[256];
	char port[6];
};

static bool
host_valid(struct str host)
{
	char text[256];
	struct in6_addr v6;
	if (host.len == 0 || host.len >= sizeof(text))
		return false;
	if (str_find_char(host, ':') >= 0) {
		memcpy(text, host.ptr, host.len);
		text[host.len] = '\0';
		return inet_pton(AF_INET6, text, &v6) == 1;
	}
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!word && c != '-' && c != '.' && c != '_')
			return false;
	}
	return host.ptr[0] != '.' && host.ptr[0] != '-';
}

/* "host", "host:port", "[v6]:port"; credentials before it make it malformed. */
static bool
place_parse(struct str authority, bool https, struct place *out)
{
	struct str host = authority, port = STR_NONE;
	uint64_t number = https ? 443 : 80;
	if (str_starts(authority, STR("["))) {
		ptrdiff_t end = str_find_char(authority, ']');
		if (end < 0)
			return false;
		host = str_sub(authority.ptr + 1, (size_t)end - 1);
		port = str_skip(authority, (size_t)end + 1);
		if (str_find_char(host, ':') < 0 || (port.len > 0 && port.ptr[0] != ':'))
			return false;
		port = str_skip(port, 1);
	} else if (str_split(authority, ':', &host, &port) && port.len == 0) {
		return false;
	}
	if (!host_valid(host))
		return false;
	if (port.len > 5 || (port.len > 0 && (!str_to_u64(port, &number) || number == 0 || number > 65535)))
		return false;
	for (size_t i = 0; i < host.len; i++)
		out->host[i] = host.ptr[i] >= 'A' && host.ptr[i] <= 'Z' ? (char)(host.ptr[i] | 0x20) : host.ptr[i];
	out->host[host.len] = '\0';
	snprintf(out->port, sizeof(out->port), "%u", (unsigned)number);
	out->https = https;
	return true;
}

static void
place_add(struct buf *out, const struct place *p)
{
	bool v6 = strchr(p->host, ':') != NULL;
	buf_add(out, p->https ? STR("https://") : STR("http://"));
	buf_add(out, v6 ? STR("[") : STR(""));
	buf_add(out, str_of(p->host));
	buf_add(out, v6 ? STR("]") : STR(""));
	if (strcmp(p->port, p->https ? "443" : "80") == 0)
		return;
	buf_add_char(out, ':');
	buf_add(out, str_of(p->port));
}

static bool
url_split(struct str url, struct place *place, struct str *path, struct str *query)
{
	bool https = str_starts(url, STR("https://"));
	if ((!https && !str_starts(url, STR("http://"))) || url.len > URL_MAX)
		return false;
	struct str rest = str_skip(url, https ? 8 : 7), whole;
	ptrdiff_t end = str_find_char(rest, '/');
	if (!place_parse(end < 0 ? rest : str_head(rest, (size_t)end), https, place))
		return false;
	whole = end < 0 ? STR("/") : str_skip(rest, (size_t)end);
	if (!str_split(whole, '?', path, query)) {
		*path = whole;
		*query = STR_NONE;
	}
	return str_find_char(whole, '#') < 0;
}

static bool
canonical_add(struct buf *out, const struct place *place, struct str path, struct str query)
{
	if (path.len + query.len > URL_MAX || !query_valid(query))
		return false;
	place_add(out, place);
	if (!path_add(out, path))
		return false;
	if (query.len > 0) {
		buf_add_char(out, '?');
		buf_add(out, query);
	}
	return true;
}

bool
url_canonical(struct str url, struct buf *out)
{
	struct place place;
	struct str path, query;
	BUF_AUTO made = { 0 };
	if (!url_split(url, &place, &path, &query) || !canonical_add(&made, &place, path, query))
		return false;
	buf_add(out, buf_str(&made));
	return true;
}

/* ---- the list ---- */

static bool
place_is(const struct origin *o, const struct place *p)
{
	return o->https == p->https && strcmp(o->host, p->host) == 0 && strcmp(o->port, p->port) == 0;
}

static bool
origin_holds(const struct origin *o, const struct place *p, struct str canonical_path)
{
	return place_is(o, p) && str_starts(canonical_path, o->path);
}

static size_t
entry_count(const struct allowlist *l)
{
	return l->origins.count + l->named.count;
}

/* Origins first: of what both hold the one that somebody allowed as a whole counts. */
static const struct origin *
entry(const struct allowlist *l, size_t i)
{
	return i < l->origins.count ? &l->origins.items[i] : &l->named.items[i - l->origins.count];
}

static bool
entry_holds(const struct allowlist *l, size_t i, const struct place *p, struct str canonical_path)
{
	const struct origin *o = entry(l, i);
	return i < l->origins.count ? origin_holds(o, p, canonical_path)
				    : str_eq(o->path, canonical_path) && place_is(o, p);
}

/* What of the list lets this file pass, if anything does. */
static const struct origin *
find_origin(const struct allowlist *l, const struct place *p, struct str canonical_path)
{
	for (size_t i = 0; i < entry_count(l); i++)
		if (entry_holds(l, i, p, canonical_path))
			return entry(l, i);
	return NULL;
}

static void
origin_from(struct origin *o, const struct place *p)
{
	o->https = p->https;
	memcpy(o->host, p->host, sizeof(o->host));
	memcpy(o->port, p->port, sizeof(o->port));
}

bool
allow_add(struct allowlist *l, struct arena *a, struct str text, struct err *e)
{
	struct str url = text, mark = STR_NONE, path, query;
	struct place place;
	struct origin o = { 0 };
	BUF_AUTO canonical = { 0 };
	bool marked = str_split(text, ',', &url, &mark);
	if (marked && !str_eq(mark, STR("unverified")))
		return err_set(e, ERR_USAGE, "behind the comma of “%.*s” only the word unverified can stand",
			       STR_ARG(text));
	if (!url_split(url, &place, &path, &query) || query.ptr || !path_add(&canonical, path))
		return err_set(e, ERR_USAGE, "“%.*s” is no origin: write it as https://deb.example.org/debian",
			       STR_ARG(url));
	if (canonical.ptr[canonical.len - 1] != '/')
		buf_add_char(&canonical, '/');
	origin_from(&o, &place);
	o.unverified = marked;
	for (size_t i = 0; i < l->origins.count; i++)
		if (origin_holds(&l->origins.items[i], &place, buf_str(&canonical)) &&
		    str_eq(l->origins.items[i].path, buf_str(&canonical)) &&
		    l->origins.items[i].unverified == o.unverified)
			return true;
	o.path = arena_str(a, buf_str(&canonical));
	*ARRAY_PUSH(a, &l->origins) = o;
	return true;
}

bool
allow_add_file(struct allowlist *l, struct arena *a, struct str url)
{
	struct place place;
	struct str path, query;
	BUF_AUTO canonical = { 0 };
	struct origin o = { 0 };
	if (!url_split(url, &place, &path, &query) || !path_add(&canonical, path))
		return false;
	origin_from(&o, &place);
	o.path = arena_str(a, buf_str(&canonical));
	*ARRAY_PUSH(a, &l->named) = o;
	return true;
}

bool
allow_add_tunnel(struct allowlist *l, struct arena *a, struct str text, struct err *e)
{
	struct place place;
	struct origin o = { .https = true };
	if (!place_parse(text, true, &place))
		return err_set(e, ERR_USAGE, "“%.*s” is no server: write it as host:port", STR_ARG(text));
	for (size_t i = 0; i < l->tunnels.count; i++)
		if (strcmp(l->tunnels.items[i].host, place.host) == 0 &&
		    strcmp(l->tunnels.items[i].port, place.port) == 0)
			return true;
	origin_from(&o, &place);
	*ARRAY_PUSH(a, &l->tunnels) = o;
	return true;
}

bool
allow_url(const struct allowlist *l, struct str url, struct buf *canonical, const struct origin **origin)
{
	struct place place;
	struct str path, query;
	BUF_AUTO made = { 0 };
	BUF_AUTO way = { 0 };
	if (!url_split(url, &place, &path, &query) || !canonical_add(&made, &place, path, query) ||
	    !path_add(&way, path))
		return false;
	const struct origin *found = find_origin(l, &place, buf_str(&way));
	if (!found)
		return false;
	buf_add(canonical, buf_str(&made));
	if (origin)
		*origin = found;
	return true;
}

/* ---- requests ---- */

static void
refuse(struct target *t, int status, const char *why)
{
	t->kind = TARGET_REFUSED;
	t->status = status;
	t->why = why;
}

static const char *const not_allowed = N_("this relay does not give out anything of that origin");
static const char *const malformed = N_("the address in the request is malformed");

/* By the scheme that the list says; without a port by that one's. */
static const struct origin *
find_any_scheme(const struct allowlist *l, struct place *place, bool port, struct str canonical_path)
{
	for (size_t i = 0; i < entry_count(l); i++) {
		place->https = entry(l, i)->https;
		if (!port)
			snprintf(place->port, sizeof(place->port), "%s", place->https ? "443" : "80");
		if (entry_holds(l, i, place, canonical_path))
			return entry(l, i);
	}
	return NULL;
}

/* /o/HOST[:PORT]/PATH names no scheme: the list says which. */
static void
find_in_list(const struct allowlist *l, struct str authority, struct str path, struct str query, struct target *t)
{
	struct place place;
	BUF_AUTO way = { 0 };
	bool port = str_find_char(str_starts(authority, STR("["))
					  ? str_skip(authority, (size_t)(str_find_char(authority, ']') + 1))
					  : authority,
				  ':') >= 0;
	if (!place_parse(authority, false, &place) || !path_add(&way, path) || !query_valid(query) ||
	    path.len + query.len > URL_MAX) {
		refuse(t, 400, malformed);
		return;
	}
	t->origin = find_any_scheme(l, &place, port, buf_str(&way));
	if (!t->origin) {
		refuse(t, 403, not_allowed);
		return;
	}
	t->kind = TARGET_FILE;
	place_add(&t->url, &place);
	buf_add(&t->url, buf_str(&way));
	if (query.len > 0) {
		buf_add_char(&t->url, '?');
		buf_add(&t->url, query);
	}
}

/* As HTTP proxy. Whoever names two servers means to fool one of us. */
static void
find_absolute(const struct allowlist *l, const struct request *r, struct target *t)
{
	struct str host = request_field(r, STR("Host"));
	if (host.ptr && !str_eq_nocase(host, r->authority)) {
		refuse(t, 400, N_("the request names one server in its address and another in its Host field"));
		return;
	}
	bool https = str_eq(r->scheme, STR("https"));
	struct place place;
	BUF_AUTO way = { 0 };
	if ((!https && !str_eq(r->scheme, STR("http"))) || !place_parse(r->authority, https, &place) ||
	    !canonical_add(&t->url, &place, r->path, r->query) || !path_add(&way, r->path)) {
		refuse(t, 400, malformed);
		return;
	}
	t->origin = find_origin(l, &place, buf_str(&way));
	if (t->origin) {
		t->kind = TARGET_FILE;
		return;
	}
	/* apt asks a proxy in this way for origins that the list names with https: the list says the scheme, never weaker
	 * than what was asked for. */
	if (!https) {
		buf_truncate(&t->url, 0);
		find_in_list(l, r->authority, r->path, r->query, t);
		return;
	}
	refuse(t, 403, not_allowed);
}

static void
find_tunnel(const struct allowlist *l, const struct request *r, struct target *t)
{
	struct place place;
	bool allowed = false;
	ptrdiff_t bracket = str_rfind_char(r->authority, ']');
	if (str_rfind_char(r->authority, ':') <= bracket || !place_parse(r->authority, true, &place)) {
		refuse(t, 400, malformed);
		return;
	}
	/* Never to where single files are named: a tunnel is not looked into. */
	for (size_t i = 0; !allowed && i < l->origins.count; i++)
		allowed = place_is(&l->origins.items[i], &place);
	for (size_t i = 0; !allowed && i < l->tunnels.count; i++)
		allowed = place_is(&l->tunnels.items[i], &place);
	if (!allowed) {
		refuse(t, 403, N_("this relay makes no connection to that server"));
		return;
	}
	t->kind = TARGET_TUNNEL;
	bool v6 = strchr(place.host, ':') != NULL;
	buf_addf(&t->url, "%s%s%s:%s", v6 ? "[" : "", place.host, v6 ? "]" : "", place.port);
}

void
target_find(const struct allowlist *l, const struct request *r, struct target *t)
{
	bool reads = str_eq(r->method, STR("GET")) || str_eq(r->method, STR("HEAD"));
	if (str_eq(r->method, STR("CONNECT"))) {
		find_tunnel(l, r, t);
	} else if (r->authority.len == 0 && str_starts(r->path, str_of(own_prefix))) {
		t->kind = TARGET_OWN;
	} else if (!reads) {
		refuse(t, 405, N_("the relay only gives out files: ask with GET or HEAD"));
	} else if (r->authority.len > 0) {
		find_absolute(l, r, t);
	} else if (str_starts(r->path, STR("/o/"))) {
		struct str rest = str_skip(r->path, 3);
		ptrdiff_t slash = str_find_char(rest, '/');
		if (slash <= 0)
			refuse(t, 404, N_("write the address as /o/HOST/PATH"));
		else
			find_in_list(l, str_head(rest, (size_t)slash), str_skip(rest, (size_t)slash), r->query, t);
	} else {
		refuse(t, 404, N_("there is no such page; files of an origin are below /o/HOST/"));
	}
}

void
target_free(struct target *t)
{
	buf_free(&t->url);
}
