/* masscan: -oJ (an array, perhaps with a trailing comma or cut off) and -oD (a record a line). */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

enum { BANNER, SERVICE, STATUS };

static const struct map_row rows[] = {
	{ "ip", MAP_ADDRESS, FIELD_IP },
	{ "timestamp", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "port", MAP_PORT, FIELD_PORT },
	{ "proto", MAP_TRANSPORT, FIELD_TRANSPORT },
	{ "data.service_name", MAP_SPECIAL, SERVICE },
	{ "data.banner", MAP_SPECIAL, BANNER },
	{ "data.status", MAP_SPECIAL, STATUS },
	{ "ports", MAP_CONTAINER, FIELDS },
	{ "ports[]", MAP_ITEM, FIELDS },
	{ "ports[].port", MAP_PORT, FIELD_PORT },
	{ "ports[].proto", MAP_TRANSPORT, FIELD_TRANSPORT },
	{ "ports[].status", MAP_SPECIAL, STATUS },
	{ "ports[].service.name", MAP_SPECIAL, SERVICE },
	{ "ports[].service.banner", MAP_SPECIAL, BANNER },
};

/* masscan writes each byte past ASCII as \u00XX: where all of them together are UTF-8, that is what was meant. */
static struct str
bytes_of_latin1(struct mapper *m, struct str text)
{
	char *out = arena_alloc(&m->arena, text.len + 1, 1);
	size_t n = 0, wide = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < 0x80) {
			out[n++] = (char)c;
		} else if ((c == 0xc2 || c == 0xc3) && i + 1 < text.len) {
			out[n++] = (char)((c & 3u) << 6 | ((unsigned char)text.ptr[++i] & 0x3fu));
			wide++;
		} else {
			return text;
		}
	}
	return wide > 0 && str_is_utf8(str_sub(out, n)) ? str_sub(out, n) : text;
}

/* What else masscan calls a service is the kind of a text, not of what answered. */
static void
service(struct draft *d, struct str name)
{
	bool tls = str_eq(name, STR("X509")) || str_starts(name, STR("ssl"));

	if (tls)
		draft_number(d, FIELD_TLS, 1);
	if (str_eq(name, STR("http.server")))
		name = STR("http");
	draft_text(d, FIELD_MODULE, tls ? STR("ssl") : name);
}

static void
special(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d)
{
	if (number == STATUS && v->kind == SCAN_STRING && !str_eq(v->text, STR("open")))
		d->skip = "not-open";
	else if (number == SERVICE && v->kind == SCAN_STRING)
		service(d, v->text);
	else if (number == BANNER && v->kind == SCAN_STRING)
		draft_text(d, FIELD_DATA, bytes_of_latin1(m, v->text));
	else if (number > STATUS)
		d->skip = "malformed"; /* a port that is no object */
}

/* masscan writes a record for the open port and one for each thing that it said, seconds apart: they are one banner. The
 * last million of ports are remembered with the time of their first record. */
enum { SEEN = 1 << 20 };
struct seen {
	unsigned char ip[16];
	uint16_t port, transport;
	int64_t first;
};

static void
first_time(struct mapper *m, struct draft *d)
{
	uint64_t hash = str_hash(str_sub((const char *)d->b.ip, sizeof(d->b.ip)), d->b.port);
	struct seen *s;

	if (!d->has_time || d->skip)
		return;
	if (!m->user)
		m->user = xcalloc(SEEN, sizeof(struct seen));
	s = (struct seen *)m->user + (hash & (SEEN - 1));

	if (s->first && s->port == d->b.port && s->transport == d->b.transport && memcmp(s->ip, d->b.ip, 16) == 0) {
		d->b.timestamp = s->first;
		return;
	}
	*s = (struct seen){ .port = d->b.port, .transport = (uint16_t)d->b.transport, .first = d->b.timestamp };
	memcpy(s->ip, d->b.ip, sizeof(s->ip));
}

/* Of a banner that is a page's title or html, that is its field. */
static void
finish(struct mapper *m, struct draft *d)
{
	first_time(m, d);
	if (!draft_has(d, FIELD_MODULE) || !draft_has(d, FIELD_DATA))
		return;
	struct str name = d->b.values[d->place[FIELD_MODULE] - 1].text;
	struct str text = d->b.values[d->place[FIELD_DATA] - 1].text;
	if (str_eq(name, STR("title")))
		draft_text(d, FIELD_TITLE, text);
	else if (str_eq(name, STR("html")))
		draft_text(d, FIELD_HTML, text);
	else if (str_eq(name, STR("http")) && !str_starts(text, STR("HTTP/")))
		draft_text(d, FIELD_HTTP_SERVER, text);
}

static const struct map_spec spec = { rows, COUNT(rows), NULL, special, finish, NULL };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark marks[] = { { "ip", 10 },
						   { "timestamp", 10 },
						   { "ports[].port", 30 },
						   { "ports[].proto", 30 },
						   { "ports[].status", 10 },
						   { "ports[].reason", 10 },
						   { "ports[].service", 10 },
						   { "rec_type", 50 },
						   { "proto", 10 },
						   { "port", 5 },
						   { NULL, 0 } };
	return sniff_marks(head, marks);
}

static void *
begin(const struct import_context *context)
{
	return mapper_new(&spec, context);
}

static void
end(void *state)
{
	struct mapper *m = state;

	free(m ? m->user : NULL);
	mapper_free(m);
}

static bool
record(void *state, struct str bytes, struct import_counts *counts,
       bool (*emit)(void *user, struct banner *b, struct err *e), void *user, struct err *e)
{
	struct import_sink k = { counts, emit, user, e };
	/* The array's last element in older versions, not JSON even. */
	if (str_starts(bytes, STR("{finished:")))
		return true;
	return mapper_record(state, bytes, &k);
}

const struct importer import_masscan = { "masscan", sniff, record, begin, end, RECORDS_JSON, NULL, true };
