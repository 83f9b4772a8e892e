/* Censys v2 hosts: one banner for each service. */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

enum { SOFTWARE_PRODUCT, SOFTWARE_VERSION, SERVICE_NAME, HEADER_SERVER };

#define CERT "services[].tls.certificates.leaf_data."

static const struct map_row rows[] = {
	{ "ip", MAP_ADDRESS, FIELD_IP },
	{ "last_updated_at", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "operating_system.product", MAP_FIELD, FIELD_OS },
	{ "operating_system.cpe", MAP_FIELD, FIELD_CPE },
	{ "operating_system.uniform_resource_identifier", MAP_FIELD, FIELD_CPE },
	{ "autonomous_system.asn", MAP_ASN, FIELD_ASN },
	{ "autonomous_system.name", MAP_FIELD, FIELD_ORG },
	{ "whois.organization.name", MAP_FIELD, FIELD_ORG },
	{ "autonomous_system.description", MAP_FIELD, FIELD_ISP },
	{ "location.country_code", MAP_FIELD, FIELD_COUNTRY },
	{ "location.city", MAP_FIELD, FIELD_CITY },
	{ "location.province", MAP_FIELD, FIELD_REGION },
	{ "location.postal_code", MAP_FIELD, FIELD_POSTAL },
	{ "location.coordinates.latitude", MAP_DEGREES, FIELD_LATITUDE },
	{ "location.coordinates.longitude", MAP_DEGREES, FIELD_LONGITUDE },
	{ "dns.names[]", MAP_FIELD, FIELD_HOSTNAME },
	{ "dns.reverse_dns.names[]", MAP_FIELD, FIELD_HOSTNAME },
	{ "labels[]", MAP_FIELD, FIELD_TAG },
	{ "services", MAP_CONTAINER, FIELDS },
	{ "services[]", MAP_ITEM, FIELDS },
	{ "services[].port", MAP_PORT, FIELD_PORT },
	{ "services[].transport_protocol", MAP_TRANSPORT, FIELD_TRANSPORT },
	{ "services[].observed_at", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "services[].banner", MAP_FIELD, FIELD_DATA },
	{ "services[].extended_service_name", MAP_SPECIAL, SERVICE_NAME },
	{ "services[].service_name", MAP_WEAK, FIELD_MODULE },
	{ "services[].labels[]", MAP_FIELD, FIELD_TAG },
	{ "services[].software[].product", MAP_SPECIAL, SOFTWARE_PRODUCT },
	{ "services[].software[].version", MAP_SPECIAL, SOFTWARE_VERSION },
	{ "services[].software[].uniform_resource_identifier", MAP_FIELD, FIELD_CPE },
	{ "services[].software[].cpe", MAP_FIELD, FIELD_CPE },
	{ "services[].http.response.status_code", MAP_FIELD, FIELD_HTTP_STATUS },
	{ "services[].http.response.html_title", MAP_FIELD, FIELD_TITLE },
	{ "services[].http.response.body", MAP_FIELD, FIELD_HTML },
	{ "services[].http.response.headers.Server[]", MAP_FIELD, FIELD_HTTP_SERVER },
	{ "services[].http.response.headers.server[]", MAP_FIELD, FIELD_HTTP_SERVER },
	{ "services[].http.response.favicons[].shodan_hash", MAP_FIELD, FIELD_HTTP_FAVICON_HASH },
	{ "services[].tls", MAP_PRESENT, FIELD_TLS },
	{ "services[].tls.version_selected", MAP_FIELD, FIELD_SSL_VERSION },
	{ "services[].tls.cipher_selected", MAP_FIELD, FIELD_SSL_CIPHER_NAME },
	{ "services[].tls.ja3s", MAP_FIELD, FIELD_SSL_JA3S },
	{ "services[].jarm.fingerprint", MAP_FIELD, FIELD_SSL_JARM },
	{ "services[].tls.certificates.leaf_fp_sha_256", MAP_FIELD, FIELD_SSL_CERT_FINGERPRINT },
	{ CERT "names[]", MAP_FIELD, FIELD_SSL_CERT_NAMES },
	{ CERT "subject.common_name[]", MAP_FIELD, FIELD_SSL_CERT_SUBJECT_CN },
	{ CERT "subject.organization[]", MAP_FIELD, FIELD_SSL_CERT_SUBJECT_O },
	{ CERT "issuer.common_name[]", MAP_FIELD, FIELD_SSL_CERT_ISSUER_CN },
	{ CERT "signature.signature_algorithm", MAP_FIELD, FIELD_SSL_CERT_ALG },
	{ CERT "validity.end", MAP_FIELD, FIELD_SSL_CERT_EXPIRES },
	{ CERT "serial_number", MAP_FIELD, FIELD_SSL_CERT_SERIAL },
	{ CERT "pubkey_bit_size", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_BITS },
	{ CERT "pubkey_algorithm", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_TYPE },
	{ "services[].ssh.server_host_key.fingerprint_sha256", MAP_FIELD, FIELD_SSH_FINGERPRINT },
	{ "services[].ssh.hassh_fingerprint", MAP_FIELD, FIELD_SSH_HASSH },
	{ "services[].snmp.oid_system.contact", MAP_FIELD, FIELD_SNMP_CONTACT },
	{ "services[].snmp.oid_system.location", MAP_FIELD, FIELD_SNMP_LOCATION },
	{ "services[].snmp.oid_system.name", MAP_FIELD, FIELD_SNMP_NAME },
	{ "services[].snmp.oid_system.desc", MAP_WEAK, FIELD_DATA },
};

static void
special(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d)
{
	if (v->kind != SCAN_STRING)
		return;
	switch (number) {
	case SOFTWARE_PRODUCT: /* the first is the service's own; what it runs on follows */
		if (!draft_has(d, FIELD_PRODUCT))
			draft_text(d, FIELD_PRODUCT, v->text);
		break;
	case SOFTWARE_VERSION:
		if (!draft_has(d, FIELD_VERSION))
			draft_text(d, FIELD_VERSION, v->text);
		break;
	case SERVICE_NAME:
		draft_text(d, FIELD_MODULE, v->text);
		if (str_eq(v->text, STR("HTTPS")) || str_eq(v->text, STR("FTPS")) || str_eq(v->text, STR("IMAPS")))
			draft_number(d, FIELD_TLS, 1);
		break;
	default:
		d->skip = "malformed"; /* a service that is no object */
	}
}

static void
finish(struct mapper *m, struct draft *d)
{
	if (!draft_has(d, FIELD_TLS))
		draft_number(d, FIELD_TLS, 0);
}

static const struct map_spec spec = { rows, COUNT(rows), NULL, special, finish, "no-services" };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark marks[] = {
		{ "ip", 20 },       { "services[].port", 50 }, { "services[].service_name", 20 },
		{ "services", 20 }, { "last_updated_at", 10 }, { "autonomous_system", 10 },
		{ NULL, 0 }
	};
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

const struct importer import_censys = { "censys", sniff, record, begin, mapper_free, RECORDS_JSON, NULL, false };
