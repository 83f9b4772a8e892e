#include "surface/sources.h"

#include "base/suggest.h"
#include "base/time.h"
#include "base/tr.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <yaml.h>

enum {
	FILE_MAX = 64 << 10, /* libyaml takes its time with hostile nesting, and no such file is that long */
	RESOLVERS_MAX = 64,
	HOSTS_MAX = 500,
	LOGS_MAX = 200,
	URL_MAX = 1000,
};

#define DAY_MS (24 * 3600 * 1000LL)
#define CACHE_MAX_MS (366 * DAY_MS)
#define RATE_MAX 1000000.0

/* Rates: what whoever answers allows everybody or is known to bear, or less. A page is asked for once. */
static const struct {
	const char *name;
	double rate;
	int64_t cache_ms;
} services[SERVICES] = {
	[SERVICE_DNS] = { "dns", 30, DAY_MS },
	[SERVICE_WHOIS] = { "whois", 0.5, 7 * DAY_MS },
	[SERVICE_RDAP] = { "rdap", 1, 7 * DAY_MS },
	[SERVICE_CRTSH] = { "crtsh", 0.2, DAY_MS },
	[SERVICE_CT] = { "ct", 4, 3600 * 1000LL },
	[SERVICE_INTERNETDB] = { "internetdb", 1, 7 * DAY_MS },
	[SERVICE_SHODAN] = { "shodan", 1, DAY_MS },
	[SERVICE_CENSYS] = { "censys", 0.4, DAY_MS },
	[SERVICE_EXPOSURE] = { "exposure", 1000, 0 },
	[SERVICE_PAGE] = { "page", 0.2, 7 * DAY_MS },
	[SERVICE_CONFIRM] = { "confirm", 1, CACHE_MAX_MS },
	[SERVICE_RDAP_SEARCH] = { "rdap-search", 0.5, 7 * DAY_MS },
};

const char *
service_name(enum service s)
{
	return (size_t)s < COUNT(services) ? services[s].name : "unknown";
}

bool
service_parse(struct str s, enum service *out)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (str_eq(s, str_of(services[i].name))) {
			*out = (enum service)i;
			return true;
		}
	return false;
}

void
sources_default(struct sources *s)
{
	*s = (struct sources){
		.whois = STR("whois.iana.org:43"),
		.rdap_bootstrap = STR("https://data.iana.org/rdap"),
		.crtsh = STR("https://crt.sh"),
		.internetdb = STR("https://internetdb.shodan.io"),
		.shodan = STR("https://api.shodan.io"),
		.censys = STR("https://search.censys.io/api"),
	};
	for (size_t i = 0; i < SERVICES; i++) {
		s->rate[i] = services[i].rate;
		s->cache_ms[i] = services[i].cache_ms;
	}
}

/* ---- reading ---- */

struct reading {
	yaml_document_t document;
	struct arena *a;
	const char *name;
	struct sources *out;
	struct err *e;
};

static void
document_cleanup(struct reading *r)
{
	yaml_document_delete(&r->document);
}

static void
parser_cleanup(yaml_parser_t *p)
{
	yaml_parser_delete(p);
}

static const yaml_node_t *
node_at(struct reading *r, yaml_node_item_t item)
{
	return yaml_document_get_node(&r->document, item);
}

/* Puts the place before the text that is there. */
static bool
at_line(struct reading *r, size_t line)
{
	return err_wrap(r->e, "%s, line %zu", r->name, line);
}

static bool
wrong(struct reading *r, const yaml_node_t *n)
{
	return at_line(r, n->start_mark.line + 1);
}

static struct str
text_of(const yaml_node_t *n)
{
	if (n->type != YAML_SCALAR_NODE)
		return STR_NONE;
	return str_trim(str_sub((const char *)n->data.scalar.value, n->data.scalar.length));
}

static struct str
quote(struct reading *r, struct str s)
{
	return arena_line(r->a, s, 80);
}

static bool
text_read(struct reading *r, const yaml_node_t *n, const char *key, struct str *out)
{
	struct str s = text_of(n);
	if (s.len == 0 || s.len > URL_MAX) {
		err_set(r->e, ERR_INPUT, "the value of “%s” is to be one word of at most %d bytes", key, URL_MAX);
		return wrong(r, n);
	}
	*out = s;
	return true;
}

/* http://… or https://… without what would change who is asked, and without the last "/". */
static bool
url_read(struct reading *r, const yaml_node_t *n, const char *key, struct str *out)
{
	struct str s = STR_NONE, host, rest;
	if (!text_read(r, n, key, &s))
		return false;
	size_t scheme = str_starts(s, STR("https://")) ? 8 : str_starts(s, STR("http://")) ? 7 : 0;
	bool ok = scheme > 0;
	for (size_t i = 0; i < s.len; i++)
		ok &= s.ptr[i] > ' ' && s.ptr[i] <= '~' && s.ptr[i] != '#' && s.ptr[i] != '?' && s.ptr[i] != '\\';
	if (!str_split(str_skip(s, scheme), '/', &host, &rest))
		host = str_skip(s, scheme);
	if (!ok || host.len == 0 || str_find_char(host, '@') >= 0) {
		err_set(r->e, ERR_INPUT, "“%.*s” is no address to ask “%s” at; write it as https://host/path",
			STR_ARG(quote(r, s)), key);
		return wrong(r, n);
	}
	while (str_ends(s, STR("/")))
		s.len--;
	*out = arena_str(r->a, s);
	return true;
}

/* "host:port"; where only a host stands, the port is the usual one. */
static bool
host_read(struct reading *r, const yaml_node_t *n, const char *key, unsigned port, bool number, struct str *out)
{
	struct str s = STR_NONE;
	struct address address;
	unsigned char bytes[16];
	if (!text_read(r, n, key, &s))
		return false;
	char *text = arena_cstr(r->a, s);
	if (inet_pton(AF_INET6, text, bytes) == 1)
		s = arena_printf(r->a, "[%s]:%u", text, port);
	else if (str_find_char(s, ':') < 0)
		s = arena_printf(r->a, "%s:%u", text, port);
	bool ok = address_parse(s, &address, NULL) && !str_eq(str_of(address.port), STR("0"));
	if (ok && number)
		ok = inet_pton(AF_INET, address.host, bytes) == 1 || inet_pton(AF_INET6, address.host, bytes) == 1;
	if (!ok) {
		if (number)
			err_set(r->e, ERR_INPUT, "“%.*s” is no resolver; write its address, as 192.0.2.53:53",
				STR_ARG(quote(r, s)));
		else
			err_set(r->e, ERR_INPUT, "“%.*s” is no server; write it as whois.example.jp:%u",
				STR_ARG(quote(r, s)), port);
		return wrong(r, n);
	}
	*out = arena_str(r->a, s);
	return true;
}

/* ---- lists ---- */

/* The items of a list; one value alone is a list of one. */
struct items {
	const yaml_node_t *one;
	const yaml_node_item_t *item;
	size_t count;
};

static bool
items_of(struct reading *r, const yaml_node_t *n, const char *key, size_t max, struct items *out)
{
	*out = (struct items){ .one = n, .count = 1 };
	if (n->type == YAML_SEQUENCE_NODE) {
		out->item = n->data.sequence.items.start;
		out->count = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
	}
	if (out->count <= max)
		return true;
	err_set(r->e, ERR_INPUT, "“%s” has %zu values; at most %zu are allowed", key, out->count, max);
	return wrong(r, n);
}

static const yaml_node_t *
item_at(struct reading *r, const struct items *l, size_t i)
{
	return l->item ? node_at(r, l->item[i]) : l->one;
}

static bool
read_resolvers(struct reading *r, const yaml_node_t *n)
{
	struct items l;
	if (!items_of(r, n, "resolver", RESOLVERS_MAX, &l))
		return false;
	r->out->resolvers = ARENA_ARRAY(r->a, struct str, l.count);
	r->out->resolver_count = l.count;
	for (size_t i = 0; i < l.count; i++)
		if (!host_read(r, item_at(r, &l, i), "resolver", 53, true, &r->out->resolvers[i]))
			return false;
	return true;
}

static bool
read_disabled(struct reading *r, const yaml_node_t *n)
{
	struct items l;
	enum service s = SERVICE_DNS;
	if (!items_of(r, n, "disabled", 100, &l))
		return false;
	for (size_t i = 0; i < l.count; i++) {
		const yaml_node_t *one = item_at(r, &l, i);
		if (!service_parse(text_of(one), &s)) {
			err_set(r->e, ERR_INPUT,
				"“%.*s” is no source; the sources are dns, whois, rdap, rdap-search, crtsh, ct, "
				"internetdb, shodan, censys, exposure and page",
				STR_ARG(quote(r, text_of(one))));
			return wrong(r, one);
		}
		r->out->disabled[s] = true;
	}
	return true;
}

/* ---- maps ---- */

typedef bool pair_fn(struct reading *r, struct str key, const yaml_node_t *key_node, const yaml_node_t *value,
		     void *user);

/* Calls each for every key of a map, each of which is one word that stands there once. */
static bool
pairs(struct reading *r, const yaml_node_t *n, pair_fn *each, void *user)
{
	if (n->type != YAML_MAPPING_NODE) {
		err_set(r->e, ERR_INPUT, "lines of “key: value” are to stand here");
		return wrong(r, n);
	}
	const yaml_node_pair_t *first = n->data.mapping.pairs.start, *end = n->data.mapping.pairs.top;
	if ((size_t)(end - first) > HOSTS_MAX) {
		err_set(r->e, ERR_INPUT, "too many keys in one place");
		return wrong(r, n);
	}
	for (const yaml_node_pair_t *p = first; p < end; p++) {
		const yaml_node_t *key = node_at(r, p->key);
		struct str word = text_of(key);
		if (word.len == 0) {
			err_set(r->e, ERR_INPUT, "a key is to be a word");
			return wrong(r, key);
		}
		for (const yaml_node_pair_t *q = first; q < p; q++) {
			const yaml_node_t *before = node_at(r, q->key);
			if (!str_eq(text_of(before), word))
				continue;
			err_set(r->e, ERR_INPUT, "the key “%.*s” is here for the second time; the first is in line %u",
				STR_ARG(quote(r, word)), (unsigned)before->start_mark.line + 1);
			return wrong(r, key);
		}
		if (!each(r, word, key, node_at(r, p->value), user))
			return false;
	}
	return true;
}

struct word_list {
	const char *const *words;
	size_t count;
};

static bool
unknown_key(struct reading *r, struct str key, const yaml_node_t *at, const struct word_list *known)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX, distance;
	for (size_t i = 0; i < known->count; i++)
		if (suggest_near(key, str_of(known->words[i]), &distance) && distance < least) {
			least = distance;
			nearest = known->words[i];
		}
	if (nearest)
		err_set(r->e, ERR_INPUT, "there is no key “%.*s” here; did you mean “%s”?", STR_ARG(quote(r, key)),
			nearest);
	else {
		struct str all = STR_NONE;
		for (size_t i = 0; i < known->count; i++)
			all = arena_printf(r->a, "%.*s%s%s", STR_ARG(all), i > 0 ? ", " : "", known->words[i]);
		err_set(r->e, ERR_INPUT, "there is no key “%.*s” here; the keys are %.*s", STR_ARG(quote(r, key)),
			STR_ARG(all));
	}
	return wrong(r, at);
}

static bool
whois_pair(struct reading *r, struct str key, const yaml_node_t *key_node, const yaml_node_t *value, void *user)
{
	struct whois_host *h = &r->out->whois_hosts[r->out->whois_host_count++];
	(void)key_node;
	(void)user;
	char *name = arena_cstr(r->a, key);
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	h->name = str_of(name);
	return host_read(r, value, "whois-hosts", 43, false, &h->at);
}

static bool
read_whois_hosts(struct reading *r, const yaml_node_t *n)
{
	r->out->whois_hosts = ARENA_ARRAY(r->a, struct whois_host, HOSTS_MAX);
	r->out->whois_host_count = 0;
	return pairs(r, n, whois_pair, NULL);
}

static const char *const log_keys[] = { "url", "kind" };

static bool
log_pair(struct reading *r, struct str key, const yaml_node_t *key_node, const yaml_node_t *value, void *user)
{
	struct ct_log *log = user;
	struct str kind = text_of(value);
	if (str_eq(key, STR("url")))
		return url_read(r, value, "ct-logs", &log->url);
	if (!str_eq(key, STR("kind")))
		return unknown_key(r, key, key_node, &(struct word_list){ log_keys, COUNT(log_keys) });
	log->tiles = str_eq(kind, STR("static"));
	if (log->tiles || str_eq(kind, STR("rfc6962")))
		return true;
	err_set(r->e, ERR_INPUT, "“%.*s” is no kind of log; write rfc6962 or static", STR_ARG(quote(r, kind)));
	return wrong(r, value);
}

static bool
read_ct_logs(struct reading *r, const yaml_node_t *n)
{
	struct items l;
	if (!items_of(r, n, "ct-logs", LOGS_MAX, &l))
		return false;
	r->out->ct_logs = ARENA_ARRAY(r->a, struct ct_log, l.count);
	r->out->ct_log_count = l.count;
	for (size_t i = 0; i < l.count; i++) {
		const yaml_node_t *one = item_at(r, &l, i);
		if (!pairs(r, one, log_pair, &r->out->ct_logs[i]))
			return false;
		if (r->out->ct_logs[i].url.len == 0) {
			err_set(r->e, ERR_INPUT, "a log without its url; write url: https://…");
			return wrong(r, one);
		}
	}
	return true;
}

static bool
service_key(struct reading *r, struct str key, const yaml_node_t *key_node, enum service *out)
{
	const char *names[SERVICES];
	if (service_parse(key, out))
		return true;
	for (size_t i = 0; i < SERVICES; i++)
		names[i] = services[i].name;
	return unknown_key(r, key, key_node, &(struct word_list){ names, SERVICES });
}

static bool
rate_pair(struct reading *r, struct str key, const yaml_node_t *key_node, const yaml_node_t *value, void *user)
{
	enum service s = SERVICE_DNS;
	double rate;
	(void)user;
	if (!service_key(r, key, key_node, &s))
		return false;
	if (!str_to_double(text_of(value), &rate) || !(rate > 0) || rate > RATE_MAX) {
		err_set(r->e, ERR_INPUT, "“%.*s” is no rate; write questions a second, as 0.5 or 20",
			STR_ARG(quote(r, text_of(value))));
		return wrong(r, value);
	}
	r->out->rate[s] = rate;
	return true;
}

static bool
read_rates(struct reading *r, const yaml_node_t *n)
{
	return pairs(r, n, rate_pair, NULL);
}

static bool
cache_pair(struct reading *r, struct str key, const yaml_node_t *key_node, const yaml_node_t *value, void *user)
{
	enum service s = SERVICE_DNS;
	int64_t ms;
	struct str text = text_of(value);
	(void)user;
	if (!service_key(r, key, key_node, &s))
		return false;
	if (str_eq(text, STR("0")))
		text = STR("0s");
	if (!time_parse_duration(text, &ms) || ms < 0 || ms > CACHE_MAX_MS) {
		err_set(r->e, ERR_INPUT,
			"“%.*s” is no time for which an answer may count; write 6h or 7d, at most 366d",
			STR_ARG(quote(r, text_of(value))));
		return wrong(r, value);
	}
	r->out->cache_ms[s] = ms;
	return true;
}

static bool
read_caches(struct reading *r, const yaml_node_t *n)
{
	return pairs(r, n, cache_pair, NULL);
}

static bool
read_whois(struct reading *r, const yaml_node_t *n)
{
	return host_read(r, n, "whois", 43, false, &r->out->whois);
}

static bool
read_rdap(struct reading *r, const yaml_node_t *n)
{
	return url_read(r, n, "rdap-bootstrap", &r->out->rdap_bootstrap);
}

static bool
read_rdap_search_url(struct reading *r, const yaml_node_t *n)
{
	return url_read(r, n, "rdap-search", &r->out->rdap_search);
}

static bool
read_crtsh_url(struct reading *r, const yaml_node_t *n)
{
	return url_read(r, n, "crtsh", &r->out->crtsh);
}

static bool
read_internetdb_url(struct reading *r, const yaml_node_t *n)
{
	return url_read(r, n, "internetdb", &r->out->internetdb);
}

static bool
read_shodan_url(struct reading *r, const yaml_node_t *n)
{
	return url_read(r, n, "shodan", &r->out->shodan);
}

static bool
read_censys_url(struct reading *r, const yaml_node_t *n)
{
	return url_read(r, n, "censys", &r->out->censys);
}

/* ---- the file ---- */

static const struct {
	const char *key;
	bool (*read)(struct reading *r, const yaml_node_t *value);
} keys[] = {
	{ "resolver", read_resolvers },
	{ "whois", read_whois },
	{ "whois-hosts", read_whois_hosts },
	{ "rdap-bootstrap", read_rdap },
	{ "rdap-search", read_rdap_search_url },
	{ "crtsh", read_crtsh_url },
	{ "ct-logs", read_ct_logs },
	{ "internetdb", read_internetdb_url },
	{ "shodan", read_shodan_url },
	{ "censys", read_censys_url },
	{ "disabled", read_disabled },
	{ "rate", read_rates },
	{ "cache", read_caches },
};

static bool
top_pair(struct reading *r, struct str key, const yaml_node_t *key_node, const yaml_node_t *value, void *user)
{
	const char *names[COUNT(keys)];
	(void)user;
	for (size_t i = 0; i < COUNT(keys); i++) {
		names[i] = keys[i].key;
		if (str_eq(key, str_of(keys[i].key)))
			return keys[i].read(r, value);
	}
	return unknown_key(r, key, key_node, &(struct word_list){ names, COUNT(keys) });
}

static bool
parser_wrong(struct reading *r, const yaml_parser_t *p)
{
	if (p->error == YAML_READER_ERROR) {
		err_set(r->e, ERR_INPUT, "bytes that are no UTF-8 text are here; save the file as UTF-8");
		return err_wrap(r->e, "%s", r->name);
	}
	err_set(r->e, ERR_INPUT, "this is no YAML: %s; look at the line and the one before",
		p->problem ? p->problem : tr("bytes that are no text"));
	return at_line(r, p->problem_mark.line + 1);
}

bool
sources_load(struct arena *a, struct str yaml, const char *name, struct sources *out, struct err *e)
{
	__attribute__((cleanup(parser_cleanup))) yaml_parser_t parser;
	yaml_document_t more = { 0 };
	struct sources read;
	sources_default(&read);
	__attribute__((cleanup(document_cleanup))) struct reading r = { .a = a, .name = name, .out = &read, .e = e };
	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory */
	if (yaml.len > FILE_MAX)
		return err_set(e, ERR_TOO_LARGE, "%s is larger than %d KiB, and no sources file is", name,
			       FILE_MAX >> 10);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.ptr ? yaml.ptr : ""), yaml.len);
	if (!yaml_parser_load(&parser, &r.document))
		return parser_wrong(&r, &parser);
	const yaml_node_t *root = yaml_document_get_root_node(&r.document);
	/* An empty file, or one of comments: the defaults. */
	if (root && !(root->type == YAML_SCALAR_NODE && text_of(root).len == 0)) {
		if (!pairs(&r, root, top_pair, NULL))
			return false;
		if (!yaml_parser_load(&parser, &more))
			return parser_wrong(&r, &parser);
		bool second = yaml_document_get_root_node(&more) != NULL;
		yaml_document_delete(&more);
		if (second)
			return err_set(e, ERR_INPUT, "%s has more than one document; leave out what follows ---", name);
	}
	*out = read;
	return true;
}
