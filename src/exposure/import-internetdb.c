/* InternetDB: an address with its open ports; a banner for each. It states no time: the file's counts. */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

static const struct map_row rows[] = {
	{ "ip", MAP_ADDRESS, FIELD_IP },
	{ "ports[]", MAP_ITEM, FIELD_PORT },
	{ "hostnames[]", MAP_FIELD, FIELD_HOSTNAME },
	{ "cpes[]", MAP_FIELD, FIELD_CPE },
	{ "tags[]", MAP_FIELD, FIELD_TAG },
	{ "vulns[]", MAP_FIELD, FIELD_VULN },
};

static void
special(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d)
{
	draft_port(d, v->text);
}

/* "No information available" (their 404) has no ports, as has an address whose ports are all closed. */
static const struct map_spec spec = { rows, COUNT(rows), NULL, special, NULL, "no-ports" };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark marks[] = { { "ip", 20 },        { "ports", 25 },       { "cpes", 25 },
						   { "hostnames", 10 }, { "vulns", 10 },       { "tags", 10 },
						   { "detail", 30 },    { "ports[].port", 0 }, { NULL, 0 } };
	static const struct sniff_mark other[] = { { "ports[].port", 60 }, { "data", 60 }, { NULL, 0 } };

	return sniff_marks(head, other) ? 0 : sniff_marks(head, marks);
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

const struct importer import_internetdb = {
	"internetdb", sniff, record, begin, mapper_free, RECORDS_JSON, NULL, false
};
