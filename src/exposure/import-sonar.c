/* Project Sonar's studies: a line with host, port and what it answered in base64; certificates as a chain. */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

#include "base/codec.h"

enum { DATA, VHOST, CERTIFICATE };

static const struct map_row rows[] = {
	{ "host", MAP_ADDRESS, FIELD_IP },
	{ "host_ip", MAP_ADDRESS, FIELD_IP },
	{ "ip", MAP_ADDRESS, FIELD_IP },
	{ "port", MAP_PORT, FIELD_PORT },
	{ "vhost", MAP_FIELD, FIELD_HOSTNAME },
	{ "host_name", MAP_FIELD, FIELD_HOSTNAME },
	{ "timestamp", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "contact_time", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "data", MAP_SPECIAL, DATA },
	{ "cipher", MAP_FIELD, FIELD_SSL_CIPHER_NAME },
	{ "ssl_version", MAP_FIELD, FIELD_SSL_VERSION },
	{ "certs[]", MAP_COUNT, FIELD_SSL_CHAIN_COUNT },
};

static void
special(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d)
{
	BUF_AUTO bytes = { 0 };
	BUF_AUTO text = { 0 };

	if (v->kind != SCAN_STRING)
		return;
	if (!base64_decode(&bytes, v->text)) {
		draft_text(d, FIELD_DATA, v->text);
		return;
	}
	scan_repair(&text, buf_str(&bytes));
	struct str all = arena_str(&m->arena, buf_str(&text));
	ptrdiff_t end = str_find(all, STR("\r\n\r\n"));
	if (str_starts(all, STR("HTTP/")) && end >= 0) {
		draft_text(d, FIELD_DATA, str_head(all, (size_t)end + 4));
		draft_text(d, FIELD_HTML, str_skip(all, (size_t)end + 4));
		draft_text(d, FIELD_MODULE, STR("http"));
	} else {
		draft_text(d, FIELD_DATA, all);
	}
}

static void
finish(struct mapper *m, struct draft *d)
{
	if (draft_has(d, FIELD_SSL_CIPHER_NAME))
		draft_number(d, FIELD_TLS, 1);
}

static const struct map_spec spec = { rows, COUNT(rows), NULL, special, finish, NULL };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark marks[] = { { "host", 50 },         { "vhost", 20 }, { "data", 10 },
						   { "port", 10 },         { "ip", 5 },     { "host_ip", 40 },
						   { "contact_time", 20 }, { "certs", 20 }, { NULL, 0 } };
	return sniff_marks(head, marks);
}

static void *
begin(const struct import_context *context)
{
	return mapper_new(&spec, context);
}

static bool
record(void *state, struct str bytes, struct import_counts *counts,
       bool (*emit)(void *user, struct banner *b, struct err *e), void *user, struct err *e)
{
	struct import_sink k = { counts, emit, user, e };
	return mapper_record(state, bytes, &k);
}

const struct importer import_sonar = { "sonar", sniff, record, begin, mapper_free, RECORDS_JSON, NULL, false };
