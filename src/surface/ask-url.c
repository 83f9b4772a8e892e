/* Which URL a question is, and who is asked by RDAP (RFC 9224). */
#include "base/codec.h"
#include "base/tr.h"
#include "surface/ask-http-internal.h"
#include "surface/domain.h"

#include <arpa/inet.h>

void
ask_request_free(struct ask_request *r)
{
	buf_free(&r->url);
	buf_free(&r->shown);
	buf_free(&r->not_asked);
	for (size_t i = 0; i < ASK_HEADERS_MAX; i++)
		buf_free(&r->header[i]);
}

struct str
ask_origin(struct str url)
{
	ptrdiff_t host = str_find(url, STR("://"));
	if (host < 0 || !(str_starts(url, STR("http://")) || str_starts(url, STR("https://"))))
		return STR_NONE;
	size_t at = (size_t)host + 3;
	while (at < url.len && !strchr("/?#", url.ptr[at]))
		at++;
	return at > (size_t)host + 3 ? str_head(url, at) : STR_NONE;
}

size_t
ask_body_max(enum service s)
{
	switch (s) {
	case SERVICE_CRTSH:
		return 64u << 20;
	case SERVICE_RDAP:
	case SERVICE_RDAP_SEARCH:
	case SERVICE_PAGE:
	case SERVICE_INTERNETDB:
		return 4u << 20;
	case SERVICE_DNS:
	case SERVICE_WHOIS:
	case SERVICE_CT:
	case SERVICE_SHODAN:
	case SERVICE_CENSYS:
	case SERVICE_EXPOSURE:
	case SERVICE_CONFIRM:
	case SERVICES:
	default:
		return 32u << 20;
	}
}

/* ---- lists of RDAP servers ---- */

const char *
ask_list_name(enum ask_list_kind l)
{
	static const char *const names[ASK_LISTS] = { "dns", "ipv4", "ipv6", "asn" };
	return names[l];
}

bool
ask_list_of(struct str what, enum ask_list_kind *out)
{
	struct str kind, name;
	if (!str_split(what, ' ', &kind, &name))
		return false;
	if (str_eq(kind, STR("domain")))
		*out = ASK_LIST_DNS;
	else if (str_eq(kind, STR("network")))
		*out = str_find_char(name, ':') >= 0 ? ASK_LIST_IPV6 : ASK_LIST_IPV4;
	else if (str_eq(kind, STR("as")))
		*out = ASK_LIST_ASN;
	else
		return false;
	return true;
}

static bool
address_read(struct str s, unsigned char into[16], unsigned *bits, unsigned *prefix)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct str host = s, length;
	uint64_t n;
	bool has = str_split(s, '/', &host, &length);
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	if (inet_pton(AF_INET, text, into) == 1)
		*bits = 32;
	else if (inet_pton(AF_INET6, text, into) == 1)
		*bits = 128;
	else
		return false;
	*prefix = *bits;
	if (has && (!str_to_u64(length, &n) || n > *bits))
		return false;
	if (has)
		*prefix = (unsigned)n;
	return true;
}

static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned n)
{
	unsigned rest = n % 8;
	if (memcmp(a, b, n / 8) != 0)
		return false;
	return rest == 0 || (a[n / 8] ^ b[n / 8]) >> (8 - rest) == 0;
}

/* How well the entry "192.0.0.0/8", "com" or "64496-64511" fits; −1: not. */
static int
fit(enum ask_list_kind l, struct str entry, struct str name)
{
	unsigned char a[16], b[16];
	unsigned bits, prefix, other_bits, other;
	uint64_t from, to, number;
	struct str first = entry, last = entry;
	switch (l) {
	case ASK_LIST_DNS:
		return entry.len > 0 && domain_within(name, entry) ? (int)entry.len : -1;
	case ASK_LIST_IPV4:
	case ASK_LIST_IPV6:
		if (!address_read(entry, a, &bits, &prefix) || !address_read(name, b, &other_bits, &other) ||
		    bits != other_bits || !same_bits(a, b, prefix))
			return -1;
		return (int)prefix;
	case ASK_LIST_ASN:
		(void)str_split(entry, '-', &first, &last);
		return str_to_u64(first, &from) && str_to_u64(last, &to) && str_to_u64(str_skip(name, 2), &number) &&
				       number >= from && number <= to
			       ? 1
			       : -1;
	case ASK_LISTS:
	default:
		return -1;
	}
}

static struct str
url_of(const struct json *urls)
{
	struct str plain = STR_NONE;
	for (size_t i = 0; urls->kind == JSON_KIND_ARRAY && i < urls->count; i++) {
		struct str u = urls->item[i].text;
		if (urls->item[i].kind != JSON_KIND_STRING || ask_origin(u).len == 0)
			continue;
		if (str_starts(u, STR("https://")))
			return u;
		if (plain.len == 0)
			plain = u;
	}
	return plain;
}

struct str
ask_list_find(const struct json *list, enum ask_list_kind l, struct str what)
{
	size_t count = 0;
	const struct json *services = json_get_array(list, "services", &count);
	struct str kind, name, best = STR_NONE;
	int how_well = -1;
	(void)str_split(what, ' ', &kind, &name);
	for (size_t i = 0; i < count; i++) {
		const struct json *s = &services[i];
		if (s->kind != JSON_KIND_ARRAY || s->count < 2 || s->item[0].kind != JSON_KIND_ARRAY)
			continue;
		for (size_t j = 0; j < s->item[0].count; j++) {
			int fits = fit(l, s->item[0].item[j].text, name);
			struct str url = fits > how_well ? url_of(&s->item[1]) : STR_NONE;
			if (url.len > 0) {
				how_well = fits;
				best = url;
			}
		}
	}
	return best;
}

/* ---- URLs ---- */

static void
add_base(struct buf *url, struct str base)
{
	while (base.len > 0 && base.ptr[base.len - 1] == '/')
		base.len--;
	buf_add(url, base);
	buf_add_char(url, '/');
}

static void
header(struct ask_request *r, const char *fmt, struct str value)
{
	struct buf *h = &r->header[r->headers++];
	buf_add(h, str_of(fmt));
	buf_add(h, value);
}

static void
rdap(struct asker *k, struct str what, struct ask_request *r)
{
	static const char *const segment[ASK_LISTS] = { "domain/", "ip/", "ip/", "autnum/" };
	struct str kind, name;
	enum ask_list_kind l;
	(void)str_split(what, ' ', &kind, &name);
	header(r, "Accept: ", STR("application/rdap+json, application/json"));
	if (str_eq(kind, STR("bootstrap"))) {
		add_base(&r->url, k->o.sources->rdap_bootstrap);
		buf_addf(&r->url, "%.*s.json", STR_ARG(name));
		return;
	}
	if (!ask_list_of(what, &l)) {
		buf_addf(&r->not_asked, tr("no %s server is known for this"), "rdap");
		return;
	}
	if (!k->http->list[l]) {
		r->bootstrap = ask_list_name(l);
		return;
	}
	struct str base = ask_list_find(k->http->list[l], l, what);
	if (base.len == 0) {
		buf_addf(&r->not_asked, tr("no %s server is known for this"), "rdap");
		return;
	}
	add_base(&r->url, base);
	buf_add(&r->url, str_of(segment[l]));
	buf_add(&r->url, l == ASK_LIST_ASN ? str_skip(name, 2) : name);
}

/* "search@2@CURSOR" → "search", "2", "CURSOR" (search-pages.c). */
static struct str
page_split(struct str word, struct str *page, struct str *cursor)
{
	struct str kind, rest;
	*page = *cursor = STR_NONE;
	if (!str_split(word, '@', &kind, &rest))
		return word;
	if (!str_split(rest, '@', page, cursor))
		*page = rest;
	return kind;
}

/* Searches of RFC 9082 (3.2.1, 3.2.3), reverse search of RFC 9536, cursors of RFC 8977. Names are asked for as they are: what a
 * pattern finds is others'. */
static void
rdap_search(struct asker *k, struct str what, struct ask_request *r)
{
	static const struct {
		struct str kind, before, after;
	} forms[] = {
		{ STR("entity"), STR("entities?fn="), STR("") },
		{ STR("registrant"), STR("domains/reverse_search/entity?fn="), STR("&role=registrant") },
		{ STR("handle"), STR("domains/reverse_search/entity?handle="), STR("&role=registrant") },
		{ STR("server"), STR("domains?nsLdhName="), STR("") },
	};
	struct str kind, name, page, cursor, handle, organisation;
	(void)str_split(what, ' ', &kind, &name);
	kind = page_split(kind, &page, &cursor);
	if (str_eq(kind, STR("handle")) && str_split(name, ' ', &handle, &organisation))
		name = handle;
	for (size_t i = 0; i < COUNT(forms); i++) {
		if (!str_eq(kind, forms[i].kind))
			continue;
		header(r, "Accept: ", STR("application/rdap+json, application/json"));
		add_base(&r->url, k->o.sources->rdap_search);
		buf_add(&r->url, forms[i].before);
		percent_encode(&r->url, name);
		buf_add(&r->url, forms[i].after);
		if (cursor.len > 0) {
			buf_add(&r->url, STR("&cursor="));
			percent_encode(&r->url, cursor);
		}
		return;
	}
	buf_addf(&r->not_asked, tr("no %s server is known for this"), "rdap-search");
}

static void
crtsh(struct asker *k, struct str what, struct ask_request *r)
{
	struct str kind, name;
	(void)str_split(what, ' ', &kind, &name);
	add_base(&r->url, k->o.sources->crtsh);
	buf_add(&r->url, str_eq(kind, STR("organisation")) ? STR("?O=") : STR("?q="));
	percent_encode(&r->url, name);
	buf_add(&r->url, STR("&output=json"));
}

bool
ask_request_other_form(struct asker *k, const struct question *q, struct ask_request *r)
{
	struct str kind, name;
	if (!str_split(q->what, ' ', &kind, &name))
		return false;
	bool domain = str_eq(kind, STR("domain"));
	buf_truncate(&r->url, 0);
	add_base(&r->url, k->o.sources->crtsh);
	buf_add(&r->url, domain ? STR("?q=%25.") : STR("?O="));
	percent_encode(&r->url, name);
	buf_add(&r->url, domain ? STR("&output=json") : STR("&output=json&deduplicate=Y"));
	buf_truncate(&r->shown, 0);
	buf_add(&r->shown, buf_str(&r->url));
	return true;
}

static void
internetdb(struct asker *k, struct str what, struct ask_request *r)
{
	struct str kind, name;
	(void)str_split(what, ' ', &kind, &name);
	add_base(&r->url, k->o.sources->internetdb);
	percent_encode(&r->url, name);
}

/* Its key goes in the URL, and only there: nothing else may see that URL. */
static void
shodan(struct asker *k, struct str what, struct ask_request *r)
{
	struct str kind, name, page, cursor;
	(void)str_split(what, ' ', &kind, &name);
	kind = page_split(kind, &page, &cursor);
	if (k->o.shodan_key.len == 0) {
		buf_addf(&r->not_asked, tr("no key for %s is set"), "shodan");
		return;
	}
	bool search = str_eq(kind, STR("search"));
	add_base(&r->url, k->o.sources->shodan);
	buf_add(&r->url, search                        ? STR("shodan/host/search?query=")
			 : str_eq(kind, STR("domain")) ? STR("dns/domain/")
						       : STR("shodan/host/"));
	percent_encode(&r->url, name);
	if (page.len > 0) {
		buf_add(&r->url, search ? STR("&page=") : STR("?page="));
		percent_encode(&r->url, page);
	}
	buf_add(&r->shown, buf_str(&r->url));
	buf_add(&r->url, search || page.len > 0 ? STR("&key=") : STR("?key="));
	percent_encode(&r->url, k->o.shodan_key);
}

static void
censys(struct asker *k, struct str what, struct ask_request *r)
{
	struct str kind, name, page, cursor;
	BUF_AUTO basic = { 0 };
	(void)str_split(what, ' ', &kind, &name);
	kind = page_split(kind, &page, &cursor);
	if (k->o.censys_key.len == 0) {
		buf_addf(&r->not_asked, tr("no key for %s is set"), "censys");
		return;
	}
	add_base(&r->url, k->o.sources->censys);
	if (str_eq(kind, STR("address"))) {
		buf_add(&r->url, STR("v2/hosts/"));
		percent_encode(&r->url, name);
	} else {
		/* Of a domain: whatever bears a name of it. */
		buf_add(&r->url, STR("v2/hosts/search?per_page=100&q="));
		if (str_eq(kind, STR("domain")))
			percent_encode(&r->url, STR("dns.names: "));
		percent_encode(&r->url, name);
		if (cursor.len > 0) {
			buf_add(&r->url, STR("&cursor="));
			percent_encode(&r->url, cursor);
		}
	}
	if (str_find_char(k->o.censys_key, ':') < 0) {
		header(r, "Authorization: Bearer ", k->o.censys_key);
		return;
	}
	base64_encode(&basic, k->o.censys_key.ptr, k->o.censys_key.len);
	header(r, "Authorization: Basic ", buf_str(&basic));
}

/* "get URL" of one of the logs that are named. */
static void
ct(struct asker *k, struct str what, struct ask_request *r)
{
	const struct sources *s = k->o.sources;
	struct str kind, url;
	if (str_split(what, ' ', &kind, &url) && str_eq(kind, STR("get")))
		for (size_t i = 0; i < s->ct_log_count; i++)
			if (s->ct_logs[i].url.len > 0 && str_starts(url, s->ct_logs[i].url)) {
				buf_add(&r->url, url);
				return;
			}
	buf_addf(&r->not_asked, tr("no %s server is known for this"), "ct");
}

static void
page(struct asker *k, struct str what, struct ask_request *r)
{
	(void)k;
	buf_add(&r->url, what);
}

void
ask_request_make(struct asker *k, const struct question *q, struct ask_request *r)
{
	static const struct {
		void (*make)(struct asker *k, struct str what, struct ask_request *r);
		size_t base; /* where the sources have its address; 0: it has none of its own */
	} of[SERVICES] = {
		[SERVICE_RDAP] = { rdap, offsetof(struct sources, rdap_bootstrap) },
		[SERVICE_RDAP_SEARCH] = { rdap_search, offsetof(struct sources, rdap_search) },
		[SERVICE_CRTSH] = { crtsh, offsetof(struct sources, crtsh) },
		[SERVICE_CT] = { ct, 0 },
		[SERVICE_INTERNETDB] = { internetdb, offsetof(struct sources, internetdb) },
		[SERVICE_SHODAN] = { shodan, offsetof(struct sources, shodan) },
		[SERVICE_CENSYS] = { censys, offsetof(struct sources, censys) },
		[SERVICE_PAGE] = { page, 0 },
	};
	const struct str *base = (const void *)((const char *)k->o.sources + of[q->service].base);
	*r = (struct ask_request){ 0 };
	if (!of[q->service].make || (of[q->service].base > 0 && base->len == 0)) {
		buf_addf(&r->not_asked, tr("no address of %s is known"), service_name(q->service));
		return;
	}
	of[q->service].make(k, q->what, r);
	if (r->shown.len == 0)
		buf_add(&r->shown, buf_str(&r->url));
	bool odd = false;
	for (size_t i = 0; i < r->url.len; i++)
		odd |= r->url.ptr[i] <= ' ' || r->url.ptr[i] == 0x7f;
	if (r->not_asked.len == 0 && !r->bootstrap && (odd || ask_origin(buf_str(&r->url)).len == 0))
		buf_addf(&r->not_asked, tr("what %s was to be asked makes no address of http or https"),
			 service_name(q->service));
}
