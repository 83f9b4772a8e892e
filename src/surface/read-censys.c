/* Censys' answers as facts (surface/read.h): version 2 of its hosts, one ("result" is the host) or those of a search
 * ("result.hits"). Services that Censys itself calls cut off are as good as others. */
#include "surface/domain.h"
#include "surface/read-internal.h"
#include "surface/read.h"

enum { HOSTS_MAX = 10000, SERVICES_MAX = 1000, NAMES_MAX = 200 };

/* "UNKNOWN" says nothing; the extended name tells HTTPS from HTTP. */
static struct str
module_of(struct arena *a, const struct json *service)
{
	struct str name = json_get_str(service, "extended_service_name");
	if (name.len == 0)
		name = json_get_str(service, "service_name");
	return str_eq(name, STR("UNKNOWN")) ? STR_NONE : read_lower(a, name);
}

static void
software(const struct read_seen *s, const struct json *service)
{
	size_t count = 0;
	const struct json *list = json_get_array(service, "software", &count);
	for (size_t i = 0; i < count && i < READ_LIST_MAX; i++) {
		struct str cpe = json_get_str(&list[i], "uniform_resource_identifier");
		if (i == 0) /* the first is the service's own; what it runs on follows */
			read_seen_product(s, read_text(&list[i], "product"), read_text(&list[i], "version"));
		read_seen_value(s, FACT_SERVICE_CPE, cpe.len > 0 ? cpe : json_get_str(&list[i], "cpe"));
	}
}

static void
texts(const struct read_seen *s, const struct json *object, const char *key, enum fact_kind k, struct str cert)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, key, &count);
	bool names = k == FACT_CERTIFICATE_NAME;
	for (size_t i = 0; i < count && i < NAMES_MAX; i++) {
		struct str text = list[i].kind == JSON_KIND_STRING ? list[i].text : STR_NONE;
		struct str name = names ? domain_canonical(s->a, text) : text;
		/* Names of one label and addresses are no one's names. */
		if (name.len == 0 || (names && str_find_char(name, '.') < 0))
			continue;
		struct fact *fact =
			read_edge(s->f, k, THING_CERTIFICATE, cert, names ? THING_NAME : THING_ORGANISATION, name);
		if (!fact)
			continue;
		fact->number = names ? (int64_t)count : 0;
		if (names && str_starts(text, STR("*.")))
			fact_text(s->f, STR("wildcard"));
		fact_evidence(s->f, text);
	}
}

static void
certificate(const struct read_seen *s, const struct json *service)
{
	const struct json *tls = json_get(json_get(service, "tls"), "certificates"), *leaf = json_get(tls, "leaf_data");
	struct str print = json_get_str(tls, "leaf_fp_sha_256");
	if (print.len == 0) /* as a search tells it */
		print = json_get_str(service, "certificate");
	if (print.len == 0)
		print = json_get_str(leaf, "fingerprint");
	struct fact *fact = print.len > 0 ? read_edge(s->f, FACT_SERVICE_CERTIFICATE, THING_SERVICE, s->service,
						      THING_CERTIFICATE, print)
					  : NULL;
	if (!fact)
		return;
	fact->seen = s->at;
	texts(s, leaf, "names", FACT_CERTIFICATE_NAME, print);
	texts(s, json_get(leaf, "subject"), "organization", FACT_CERTIFICATE_ORGANISATION, print);
	read_value(s->f, FACT_CERTIFICATE_ISSUER, THING_CERTIFICATE, print, json_get_str(leaf, "issuer_dn"));
}

static void
service_read(const struct read_seen *host, const struct json *service)
{
	struct read_seen s = *host;
	struct str transport = read_lower(s.a, json_get_str(service, "transport_protocol"));
	int64_t at = read_time(json_get_str(service, "observed_at"));
	s.at = at != 0 ? at : host->at;
	/* HTTP/3 is a service over UDP. */
	if (str_eq(transport, STR("quic")))
		transport = STR("udp");
	s.service = read_service(s.a, s.address, json_get_i64(service, "port", -1), transport);
	if (s.service.len == 0 || !read_seen_service(&s, module_of(s.a, service))) {
		s.f->bad += s.service.len == 0;
		return;
	}
	struct str line = read_first_line(json_get_str(service, "banner"));
	fact_evidence(s.f, line);
	software(&s, service);
	read_seen_value(&s, FACT_SERVICE_TITLE,
			json_get_str(json_get(json_get(service, "http"), "response"), "html_title"));
	read_seen_value(&s, FACT_SERVICE_BANNER, line);
	certificate(&s, service);
	read_seen_tags(&s, service, "labels");
}

static void
routing(const struct read_seen *s, const struct json *host)
{
	const struct json *as = json_get(host, "autonomous_system");
	int64_t number = json_get_i64(as, "asn", 0);
	struct str name = json_get_str(as, "name"), prefix = json_get_str(as, "bgp_prefix"),
		   country = json_get_str(as, "country_code");
	if (number < 1 || number > UINT32_MAX)
		return;
	struct str text = arena_printf(s->a, "AS%lld", (long long)number);
	read_edge(s->f, FACT_IN_AS, THING_ADDRESS, s->address, THING_AS, text);
	if (prefix.len > 0)
		read_edge(s->f, FACT_IN_AS, THING_NETWORK, prefix, THING_AS, text);
	if (name.len > 0 && read_edge(s->f, FACT_HOLDER, THING_AS, text, THING_ORGANISATION, name))
		fact_text(s->f, country);
}

static void
host_read(struct facts *f, const struct json *host, struct str asked)
{
	ARENA_AUTO a = { 0 };
	const struct json *dns = json_get(host, "dns");
	struct read_seen s = { .f = f, .a = &a, .address = read_address(&a, json_get_str(host, "ip")) };
	size_t count = 0;
	const struct json *services = json_get_array(host, "services", &count);
	if (s.address.len == 0 || (asked.len > 0 && !str_eq(asked, s.address))) {
		f->bad++;
		return;
	}
	s.at = read_time(json_get_str(host, "last_updated_at"));
	routing(&s, host);
	read_seen_country(&s, json_get_str(json_get(host, "location"), "country_code"));
	read_seen_names(&s, dns, "names");
	read_seen_names(&s, json_get(dns, "reverse_dns"), "names");
	read_seen_tags(&s, host, "labels");
	for (size_t i = 0; i < count && i < SERVICES_MAX; i++)
		service_read(&s, &services[i]);
}

void
read_censys(struct facts *f, struct str what, struct str body)
{
	ARENA_AUTO a = { 0 };
	const struct json *tree = read_json(f, &a, body), *result = json_get(tree, "result");
	struct str kind, asked = STR_NONE;
	size_t count = 0;
	if (!tree)
		return;
	if (!result) /* a file may have the host alone */
		result = tree;
	const struct json *hits = json_get_array(result, "hits", &count);
	if (hits) {
		for (size_t i = 0; i < count && i < HOSTS_MAX; i++)
			host_read(f, &hits[i], STR_NONE);
		return;
	}
	if (str_split(what, ' ', &kind, &asked))
		asked = str_eq(kind, STR("address")) ? read_address(&a, asked) : STR_NONE;
	host_read(f, result, asked);
}
