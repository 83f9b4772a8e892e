/* Shodan's InternetDB as facts (surface/read.h): ports, names, CPEs and vulnerabilities of one address. It does not say which port
 * a CPE or a vulnerability belongs to: where there is one port it is that one's, else they are tags of the address. */
#include "surface/read-internal.h"
#include "surface/read.h"

enum { PORTS_MAX = 1000 };

static size_t
services(const struct read_seen *s, const struct json *tree, struct str *only)
{
	size_t count = 0, told = 0;
	const struct json *ports = json_get_array(tree, "ports", &count);
	for (size_t i = 0; i < count && i < PORTS_MAX; i++) {
		int64_t port = -1;
		struct read_seen one = *s;
		if (ports[i].kind != JSON_KIND_NUMBER || !str_to_i64(ports[i].text, &port) ||
		    (one.service = read_service(s->a, s->address, port, STR_NONE)).len == 0) {
			s->f->bad++;
			continue;
		}
		told += read_seen_service(&one, STR_NONE);
		*only = one.service;
	}
	return told;
}

static void
details(const struct read_seen *s, const struct json *tree, const char *key, enum fact_kind k)
{
	size_t count = 0;
	const struct json *list = json_get_array(tree, key, &count);
	if (s->service.len == 0) {
		read_seen_tags(s, tree, key);
		return;
	}
	for (size_t i = 0; i < count && i < READ_LIST_MAX; i++)
		read_seen_value(s, k, list[i].kind == JSON_KIND_STRING ? list[i].text : STR_NONE);
}

void
read_internetdb(struct facts *f, struct str what, struct str body)
{
	ARENA_AUTO a = { 0 };
	struct str kind, asked, only = STR_NONE;
	const struct json *tree = read_json(f, &a, body);
	struct read_seen s = { .f = f, .a = &a, .address = read_address(&a, json_get_str(tree, "ip")) };
	if (!tree)
		return;
	if (s.address.len == 0 ||
	    (str_split(what, ' ', &kind, &asked) && !str_eq(read_address(&a, asked), s.address))) {
		f->bad++;
		return;
	}
	if (services(&s, tree, &only) == 1)
		s.service = only;
	details(&s, tree, "cpes", FACT_SERVICE_CPE);
	details(&s, tree, "vulns", FACT_SERVICE_VULNERABILITY);
	read_seen_names(&s, tree, "hostnames");
	read_seen_tags(&s, tree, "tags");
}
