/* crt.sh's JSON as facts (surface/read.h): an array of entries, or entries one behind the other. What it names is what matched
 * the question, so the number of names is at least that of the certificate. */
#include "surface/domain.h"
#include "surface/read-internal.h"
#include "surface/read.h"

enum { NAMES_MAX = 2000, ISSUER_MAX = 300 };

struct crtsh {
	struct facts *f;
	struct arena *a; /* of the whole answer */
	struct table seen;
	bool organisation; /* what was asked for is a subject's organisation: names may be those */
};

struct named {
	struct str name;
	bool wildcard;
};

struct entry {
	struct str key; /* SERIAL@ISSUER */
	ARRAY_OF(struct named) names;
	struct table places; /* name to its place in names, from 1 */
};

/* A mail address proves nothing: a person's certificate may have one of a mail provider beside the employer's name. */
static bool
keep_name(struct entry *x, struct arena *a, struct str line)
{
	bool wildcard = str_starts(line, STR("*.")), mail = str_find_char(line, '@') >= 0;
	struct str name = mail ? STR_NONE : domain_canonical(a, line);
	if (!mail && (name.len == 0 || str_find_char(name, '.') < 0))
		return false;
	if (mail || x->names.count == NAMES_MAX)
		return true;
	void **place = table_put(&x->places, name, NULL);
	if (!*place) {
		*ARRAY_PUSH(a, &x->names) = (struct named){ name, false };
		*place = (void *)(uintptr_t)x->names.count;
	}
	struct named *n = &x->names.items[(uintptr_t)*place - 1];
	n->wildcard |= wildcard;
	return true;
}

static void
tell_organisation(struct crtsh *c, const struct entry *x, struct str line)
{
	if (!c->organisation || !read_first_time(&c->seen, c->a, x->key, line) ||
	    !read_edge(c->f, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, x->key, THING_ORGANISATION, line))
		return;
	fact_evidence(c->f, line);
}

static void
tell_names(struct crtsh *c, struct entry *x, struct arena *a, const struct json *object)
{
	struct str rest = json_get_str(object, "name_value"), line, common = json_get_str(object, "common_name");
	while (str_line(&rest, &line)) {
		line = str_trim(line);
		if (!keep_name(x, a, line) && line.len > 0)
			tell_organisation(c, x, line);
	}
	(void)keep_name(x, a, str_trim(common));
	for (size_t i = 0; i < x->names.count; i++) {
		const struct named *n = &x->names.items[i];
		if (!read_first_time(&c->seen, c->a, x->key, n->name))
			continue;
		struct fact *fact =
			read_edge(c->f, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, x->key, THING_NAME, n->name);
		if (!fact)
			continue;
		fact->number = (int64_t)x->names.count;
		fact->seen = read_time(json_get_str(object, "entry_timestamp"));
		if (n->wildcard)
			fact_text(c->f, STR("wildcard"));
		fact_evidence(c->f, x->key);
	}
	table_free(&x->places);
}

static void
tell_date(struct crtsh *c, const struct entry *x, enum fact_kind k, struct str told)
{
	int64_t ms = read_time(told);
	struct fact *fact = ms != 0 ? fact_add(c->f, k, THING_CERTIFICATE, x->key) : NULL;
	if (!fact)
		return;
	fact->number = ms;
	fact_evidence(c->f, told);
}

/* A certificate and its precertificate have one serial number: they are told as one. */
static void
tell_entry(struct crtsh *c, const struct json *object)
{
	ARENA_AUTO a = { 0 };
	struct entry *x = ARENA_NEW(&a, struct entry);
	struct str serial = read_serial_hex(&a, json_get_str(object, "serial_number")),
		   issuer = str_head(json_get_str(object, "issuer_name"), ISSUER_MAX);
	if (!object || object->kind != JSON_KIND_OBJECT || serial.len == 0 || issuer.len == 0) {
		c->f->bad++;
		return;
	}
	x->key = arena_printf(&a, "%.*s@%.*s", STR_ARG(serial), STR_ARG(issuer));
	if (read_first_time(&c->seen, c->a, x->key, STR_NONE)) {
		if (read_value(c->f, FACT_CERTIFICATE_ISSUER, THING_CERTIFICATE, x->key, issuer))
			fact_evidence(c->f, issuer);
		tell_date(c, x, FACT_CERTIFICATE_FROM, json_get_str(object, "not_before"));
		tell_date(c, x, FACT_CERTIFICATE_UNTIL, json_get_str(object, "not_after"));
	}
	tell_names(c, x, &a, object);
}

/* False: what follows cannot be read. */
static bool
next_entry(struct crtsh *c, struct json_reader *reader, enum json_token t)
{
	ARENA_AUTO a = { 0 };
	struct json *object = NULL;
	if (t != JSON_OBJECT) {
		c->f->bad++;
		return json_skip(reader);
	}
	if (!json_parse_value(&a, reader, t, &object, NULL))
		return false;
	tell_entry(c, object);
	return true;
}

void
read_crtsh(struct facts *f, struct str what, struct str body)
{
	const struct json_limits limits = { .depth = 8, .string_max = 1 << 20, .total = 512 << 20, .values = 1000 };
	ARENA_AUTO a = { 0 };
	JSON_READER_AUTO reader = json_reader_mem(body, &limits);
	struct crtsh c = { .f = f, .a = &a, .organisation = str_starts(what, STR("organisation ")) };
	enum json_token t;
	json_reader_sequence(reader);
	while ((t = json_next(reader)) != JSON_DONE) {
		bool list = t == JSON_ARRAY || t == JSON_ARRAY_END;
		if (t == JSON_ERROR || (!list && !next_entry(&c, reader, t))) {
			f->bad++;
			break;
		}
	}
	table_free(&c.seen);
}
