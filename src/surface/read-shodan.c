/* Shodan's answers as facts (surface/read.h): a host ("data" has its banners), a search ("matches"), a domain ("data" has DNS
 * records that were seen). Certificates are read themselves where they are told (ssl.chain), else what is said of them. */
#include "base/codec.h"
#include "surface/domain.h"
#include "surface/read-internal.h"
#include "surface/read.h"

#include <openssl/bn.h>
#include <openssl/pem.h>

enum { BANNERS_MAX = 20000, PEM_MAX = 64 << 10, SERIAL_MAX = 100, RECORDS_MAX = 100000 };

/* ---- certificates ---- */

/* "20261231235959Z" */
static int64_t
compact_time(struct arena *a, struct str s)
{
	if (s.len != 15 || s.ptr[14] != 'Z')
		return read_time(s);
	return read_time(arena_printf(a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s.ptr, s.ptr + 4, s.ptr + 6, s.ptr + 8,
				      s.ptr + 10, s.ptr + 12));
}

/* Serial numbers are decimal here, and longer than any integer. */
static struct str
serial_of(struct arena *a, const struct json *cert)
{
	struct str told = read_text(cert, "serial"), hex = STR_NONE;
	BIGNUM *number = NULL;
	if (told.len == 0 || told.len > SERIAL_MAX)
		return STR_NONE;
	for (size_t i = 0; i < told.len; i++)
		if (told.ptr[i] < '0' || told.ptr[i] > '9')
			return STR_NONE;
	char *text = BN_dec2bn(&number, arena_cstr(a, told)) > 0 ? BN_bn2hex(number) : NULL;
	if (text)
		hex = read_serial_hex(a, str_of(text));
	OPENSSL_free(text);
	BN_free(number);
	return hex;
}

/* {"C":"US","O":"…","CN":"…"} as "C=US, O=…, CN=…": in the order it is told. */
static struct str
name_of(struct arena *a, const struct json *name)
{
	BUF_AUTO out = { 0 };
	for (size_t i = 0; name && name->kind == JSON_KIND_OBJECT && i < name->count && i < 32; i++)
		if (name->item[i].kind == JSON_KIND_STRING)
			buf_addf(&out, "%s%.*s=%.*s", out.len > 0 ? ", " : "", STR_ARG(str_head(name->key[i], 64)),
				 STR_ARG(str_head(name->item[i].text, 256)));
	return arena_str(a, buf_str(&out));
}

static struct str
key_of(struct arena *a, const struct json *cert)
{
	struct str print = json_get_str(json_get(cert, "fingerprint"), "sha256"), serial = serial_of(a, cert),
		   issuer = name_of(a, json_get(cert, "issuer"));
	if (print.len > 0)
		return print;
	return serial.len > 0 && issuer.len > 0 ? arena_printf(a, "%.*s@%.*s", STR_ARG(serial), STR_ARG(issuer))
						: STR_NONE;
}

/* True when the first of the chain could be read; what is said of it is then not needed. */
static bool
chain_read(const struct read_seen *s, const struct json *ssl)
{
	size_t count = 0;
	const struct json *chain = json_get_array(ssl, "chain", &count);
	unsigned char *der = NULL;
	char *name = NULL, *header = NULL;
	long len = 0;
	if (count == 0 || chain[0].kind != JSON_KIND_STRING || chain[0].text.len > PEM_MAX)
		return false;
	BIO *bio = BIO_new_mem_buf(chain[0].text.ptr, (int)chain[0].text.len);
	bool read = bio && PEM_read_bio(bio, &name, &header, &der, &len) == 1;
	BIO_free(bio);
	size_t before = s->f->count;
	if (read)
		read_certificate(s->f, str_sub((const char *)der, (size_t)len));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	if (!read || s->f->count == before)
		return false;
	struct str key = s->f->items[before].subject;
	struct fact *fact =
		read_edge(s->f, FACT_SERVICE_CERTIFICATE, THING_SERVICE, s->service, THING_CERTIFICATE, key);
	if (fact)
		fact->seen = s->at;
	return true;
}

static void
date(const struct read_seen *s, struct str key, enum fact_kind k, struct str told)
{
	int64_t ms = compact_time(s->a, told);
	struct fact *fact = ms != 0 ? fact_add(s->f, k, THING_CERTIFICATE, key) : NULL;
	if (fact)
		fact->number = ms;
}

static void
certificate(const struct read_seen *s, const struct json *ssl)
{
	const struct json *cert = json_get(ssl, "cert"), *subject = json_get(cert, "subject");
	struct str key = key_of(s->a, cert);
	if (chain_read(s, ssl) || key.len == 0)
		return;
	struct fact *fact =
		read_edge(s->f, FACT_SERVICE_CERTIFICATE, THING_SERVICE, s->service, THING_CERTIFICATE, key);
	if (!fact)
		return;
	fact->seen = s->at;
	struct str name = domain_canonical(s->a, json_get_str(subject, "CN")), owner = json_get_str(subject, "O");
	if (str_find_char(name, '.') >= 0)
		read_edge(s->f, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, key, THING_NAME, name);
	if (owner.len > 0)
		read_edge(s->f, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, key, THING_ORGANISATION, owner);
	read_value(s->f, FACT_CERTIFICATE_ISSUER, THING_CERTIFICATE, key, name_of(s->a, json_get(cert, "issuer")));
	date(s, key, FACT_CERTIFICATE_FROM, json_get_str(cert, "issued"));
	date(s, key, FACT_CERTIFICATE_UNTIL, json_get_str(cert, "expires"));
}

/* ---- banners ---- */

/* "cpe23" is a list; "vulns" an object by id, in some answers a list of ids. */
static void
list(const struct read_seen *s, const struct json *banner, const char *key, enum fact_kind k)
{
	const struct json *value = json_get(banner, key);
	for (size_t i = 0; value && i < value->count && i < READ_LIST_MAX; i++) {
		if (value->kind == JSON_KIND_OBJECT)
			read_seen_value(s, k, value->key[i]);
		else if (value->kind == JSON_KIND_ARRAY && value->item[i].kind == JSON_KIND_STRING)
			read_seen_value(s, k, value->item[i].text);
	}
}

static void
of_address(const struct read_seen *s, const struct json *object)
{
	struct str as = json_get_str(object, "asn"), country = json_get_str(object, "country_code");
	struct fact *fact = as.len > 0 ? read_edge(s->f, FACT_IN_AS, THING_ADDRESS, s->address, THING_AS, as) : NULL;
	if (fact)
		fact->seen = s->at;
	if (country.len == 0)
		country = json_get_str(json_get(object, "location"), "country_code");
	read_seen_country(s, country);
	read_seen_names(s, object, "hostnames");
	read_seen_tags(s, object, "tags");
}

/* address: of the host it belongs to, where the banner has none of its own. */
static void
banner(struct facts *f, const struct json *b, struct str address)
{
	ARENA_AUTO a = { 0 };
	struct str own = read_text(b, "ip_str");
	struct read_seen s = { .f = f, .a = &a, .address = address };
	bool alone = address.len == 0;
	if (own.len == 0)
		own = read_text(b, "ipv6");
	if (alone)
		s.address = read_address(&a, own);
	s.at = read_time(json_get_str(b, "timestamp"));
	s.service = read_service(&a, s.address, json_get_i64(b, "port", -1), json_get_str(b, "transport"));
	struct str module = json_get_str(json_get(b, "_shodan"), "module");
	if (s.service.len == 0 || !read_seen_service(&s, module)) {
		f->bad += s.service.len == 0;
		return;
	}
	struct str line = read_first_line(json_get_str(b, "data")), title = read_text(json_get(b, "http"), "title");
	fact_evidence(f, line);
	read_seen_product(&s, read_text(b, "product"), read_text(b, "version"));
	read_seen_value(&s, FACT_SERVICE_BANNER, read_text(b, "os"));
	list(&s, b, "cpe23", FACT_SERVICE_CPE);
	read_seen_value(&s, FACT_SERVICE_TITLE, title.len > 0 ? title : read_text(b, "title"));
	read_seen_value(&s, FACT_SERVICE_BANNER, line);
	list(&s, b, "vulns", FACT_SERVICE_VULNERABILITY);
	certificate(&s, json_get(b, "ssl"));
	if (alone)
		of_address(&s, b);
}

static void
banners(struct facts *f, const struct json *tree, const char *key, struct str address)
{
	size_t count = 0;
	const struct json *all = json_get_array(tree, key, &count);
	for (size_t i = 0; i < count; i++) {
		if (i == BANNERS_MAX) {
			f->cut += count - i;
			return;
		}
		banner(f, &all[i], address);
	}
}

static void
host(struct facts *f, struct arena *a, struct str what, const struct json *tree)
{
	struct read_seen s = { .f = f, .a = a, .address = read_address(a, read_text(tree, "ip_str")) };
	struct str kind, asked;
	if (s.address.len == 0 || (str_split(what, ' ', &kind, &asked) && str_eq(kind, STR("address")) &&
				   !str_eq(read_address(a, asked), s.address))) {
		f->bad++;
		return;
	}
	s.at = read_time(json_get_str(tree, "last_update"));
	of_address(&s, tree);
	/* Vulnerabilities of the host, of whatever service, where no banner has them. */
	if (json_get(tree, "vulns") && json_get(tree, "vulns")->kind == JSON_KIND_ARRAY)
		read_seen_tags(&s, tree, "vulns");
	banners(f, tree, "data", s.address);
}

/* ---- domains ---- */

/* A name that was seen, without an address. */
static void
name_seen(struct facts *f, struct str name, int64_t at)
{
	struct fact *fact = fact_add(f, FACT_NAME_SEEN, THING_NAME, name);
	if (fact)
		fact->seen = at;
}

static void
record(struct facts *f, struct arena *a, const struct json *r, struct str domain)
{
	struct str label = json_get_str(r, "subdomain"), kind = json_get_str(r, "type"),
		   value = json_get_str(r, "value");
	int64_t at = read_time(json_get_str(r, "last_seen"));
	struct str name = label.len > 0 ? arena_printf(a, "%.*s.%.*s", STR_ARG(label), STR_ARG(domain)) : domain;
	/* Whom a part of the domain was given to: a resolver tells nothing of that where they are gone. */
	struct fact *server = label.len > 0 && str_eq(kind, STR("NS"))
				      ? read_edge(f, FACT_NAME_SERVER, THING_NAME, name, THING_NAME, value)
				      : NULL;
	if (server) {
		server->seen = at;
		fact_evidence(f, arena_printf(a, "%.*s NS %.*s", STR_ARG(name), STR_ARG(value)));
	}
	if (!str_eq(kind, STR("A")) && !str_eq(kind, STR("AAAA"))) {
		name_seen(f, name, at);
		return;
	}
	struct fact *fact = read_edge(f, FACT_NAME_SEEN, THING_NAME, name, THING_ADDRESS, value);
	if (!fact)
		return;
	fact->seen = at;
	fact_evidence(f, arena_printf(a, "%.*s %.*s %.*s", STR_ARG(name), STR_ARG(kind), STR_ARG(value)));
}

static void
domain_answer(struct facts *f, struct arena *a, struct str what, const struct json *tree)
{
	struct str kind, asked, domain = domain_canonical(a, json_get_str(tree, "domain"));
	size_t count = 0;
	const struct json *list = json_get_array(tree, "data", &count);
	if (domain.len == 0 || (str_split(what, ' ', &kind, &asked) && str_starts(kind, STR("domain")) &&
				!str_eq(domain_canonical(a, asked), domain))) {
		f->bad++;
		return;
	}
	for (size_t i = 0; i < count && i < RECORDS_MAX; i++)
		record(f, a, &list[i], domain);
	list = json_get_array(tree, "subdomains", &count);
	for (size_t i = 0; i < count && i < RECORDS_MAX; i++) {
		struct str label = list[i].kind == JSON_KIND_STRING ? list[i].text : STR_NONE;
		if (label.len > 0)
			name_seen(f, arena_printf(a, "%.*s.%.*s", STR_ARG(label), STR_ARG(domain)), 0);
	}
}

void
read_shodan(struct facts *f, struct str what, struct str body)
{
	ARENA_AUTO a = { 0 };
	const struct json *tree = read_json(f, &a, body);
	if (!tree)
		return;
	if (json_get(tree, "matches"))
		banners(f, tree, "matches", STR_NONE);
	else if (json_get(tree, "domain"))
		domain_answer(f, &a, what, tree);
	else
		host(f, &a, what, tree);
}
