/* One flat object a line: address, port and whatever of the usual names is there. What no scanner's own form is. */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

static const struct map_row rows[] = {
	{ "ip", MAP_ADDRESS, FIELD_IP },
	{ "ip_str", MAP_ADDRESS, FIELD_IP },
	{ "saddr", MAP_ADDRESS, FIELD_IP },
	{ "address", MAP_ADDRESS, FIELD_IP },
	{ "port", MAP_PORT, FIELD_PORT },
	{ "sport", MAP_PORT, FIELD_PORT },
	{ "transport", MAP_TRANSPORT, FIELD_TRANSPORT },
	{ "protocol", MAP_FIELD, FIELD_MODULE },
	{ "proto", MAP_TRANSPORT, FIELD_TRANSPORT },
	{ "timestamp", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "time", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "ts", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "data", MAP_FIELD, FIELD_DATA },
	{ "banner", MAP_FIELD, FIELD_DATA },
	{ "title", MAP_FIELD, FIELD_TITLE },
	{ "html", MAP_FIELD, FIELD_HTML },
	{ "hostname", MAP_FIELD, FIELD_HOSTNAME },
	{ "hostnames[]", MAP_FIELD, FIELD_HOSTNAME },
	{ "domain", MAP_FIELD, FIELD_DOMAIN },
	{ "domains[]", MAP_FIELD, FIELD_DOMAIN },
	{ "country", MAP_FIELD, FIELD_COUNTRY },
	{ "country_code", MAP_FIELD, FIELD_COUNTRY },
	{ "city", MAP_FIELD, FIELD_CITY },
	{ "region", MAP_FIELD, FIELD_REGION },
	{ "asn", MAP_ASN, FIELD_ASN },
	{ "org", MAP_FIELD, FIELD_ORG },
	{ "isp", MAP_FIELD, FIELD_ISP },
	{ "os", MAP_FIELD, FIELD_OS },
	{ "product", MAP_FIELD, FIELD_PRODUCT },
	{ "version", MAP_FIELD, FIELD_VERSION },
	{ "device", MAP_FIELD, FIELD_DEVICE },
	{ "server", MAP_FIELD, FIELD_HTTP_SERVER },
	{ "status", MAP_FIELD, FIELD_HTTP_STATUS },
	{ "module", MAP_FIELD, FIELD_MODULE },
	{ "cpe", MAP_FIELD, FIELD_CPE },
	{ "cpe[]", MAP_FIELD, FIELD_CPE },
	{ "tags[]", MAP_FIELD, FIELD_TAG },
	{ "vulns[]", MAP_FIELD, FIELD_VULN },
	{ "tls", MAP_FIELD, FIELD_TLS },
	{ "ssl", MAP_FIELD, FIELD_TLS },
	{ "latitude", MAP_DEGREES, FIELD_LATITUDE },
	{ "longitude", MAP_DEGREES, FIELD_LONGITUDE },
};
static const struct map_spec spec = { rows, COUNT(rows), NULL, NULL, NULL, NULL };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark marks[] = { { "ip", 28 },      { "ip_str", 15 }, { "saddr", 28 },
						   { "address", 28 }, { "port", 28 },   { "sport", 28 },
						   { "banner", 5 },   { "product", 3 }, { "country", 3 },
						   { NULL, 0 } };
	unsigned sure = sniff_marks(head, marks);

	return sure < 62 ? sure : 62;
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

const struct importer import_plain = { "plain", sniff, record, begin, mapper_free, RECORDS_JSON, NULL, false };
