/* Shodan: banners (one a line or in an array), host look-ups whose banners are in data[], search answers in matches[]. */
#include "exposure/import-cert.h"
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

enum { CHAIN = 1, VERIFIED }; /* of special() */

static const struct map_row rows[] = {
	{ "ip_str", MAP_ADDRESS, FIELD_IP },
	{ "ipv6", MAP_ADDRESS_WEAK, FIELD_IP },
	{ "ip", MAP_ADDRESS_WEAK, FIELD_IP },
	{ "port", MAP_PORT, FIELD_PORT },
	{ "transport", MAP_TRANSPORT, FIELD_TRANSPORT },
	{ "timestamp", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ "data", MAP_FIELD, FIELD_DATA },
	{ "title", MAP_WEAK, FIELD_TITLE },
	{ "html", MAP_WEAK, FIELD_HTML },
	{ "hash", MAP_FIELD, FIELD_HASH },
	{ "hostnames[]", MAP_FIELD, FIELD_HOSTNAME },
	{ "domains[]", MAP_FIELD, FIELD_DOMAIN },
	{ "location.country_code", MAP_FIELD, FIELD_COUNTRY },
	{ "location.city", MAP_FIELD, FIELD_CITY },
	{ "location.region_code", MAP_FIELD, FIELD_REGION },
	{ "location.postal_code", MAP_FIELD, FIELD_POSTAL },
	{ "location.latitude", MAP_DEGREES, FIELD_LATITUDE },
	{ "location.longitude", MAP_DEGREES, FIELD_LONGITUDE },
	{ "country_code", MAP_WEAK, FIELD_COUNTRY },
	{ "country", MAP_WEAK, FIELD_COUNTRY },
	{ "city", MAP_WEAK, FIELD_CITY },
	{ "region_code", MAP_WEAK, FIELD_REGION },
	{ "postal_code", MAP_WEAK, FIELD_POSTAL },
	{ "latitude", MAP_DEGREES, FIELD_LATITUDE },
	{ "longitude", MAP_DEGREES, FIELD_LONGITUDE },
	{ "asn", MAP_ASN, FIELD_ASN },
	{ "org", MAP_FIELD, FIELD_ORG },
	{ "isp", MAP_FIELD, FIELD_ISP },
	{ "os", MAP_FIELD, FIELD_OS },
	{ "product", MAP_FIELD, FIELD_PRODUCT },
	{ "version", MAP_FIELD, FIELD_VERSION },
	{ "link", MAP_FIELD, FIELD_LINK },
	{ "devicetype", MAP_FIELD, FIELD_DEVICE },
	{ "device", MAP_WEAK, FIELD_DEVICE },
	{ "cpe", MAP_FIELD, FIELD_CPE },
	{ "cpe[]", MAP_FIELD, FIELD_CPE },
	{ "cpe23[]", MAP_FIELD, FIELD_CPE },
	{ "tags[]", MAP_FIELD, FIELD_TAG },
	{ "uptime", MAP_FIELD, FIELD_UPTIME },
	{ "vulns.*", MAP_FIELD, FIELD_VULN },
	{ "vulns.*.verified", MAP_SPECIAL, VERIFIED },
	{ "vulns[]", MAP_FIELD, FIELD_VULN },
	{ "opts.vulns[]", MAP_VERSIONS, FIELD_VULN },
	{ "opts.screenshot", MAP_PRESENT, FIELD_HAS_SCREENSHOT },
	{ "screenshot", MAP_PRESENT, FIELD_HAS_SCREENSHOT },
	{ "screenshot.labels[]", MAP_FIELD, FIELD_SCREENSHOT_LABEL },
	{ "screenshot.hash", MAP_FIELD, FIELD_SCREENSHOT_HASH },
	{ "opts.screenshot.hash", MAP_WEAK, FIELD_SCREENSHOT_HASH },
	{ "_shodan.module", MAP_FIELD, FIELD_MODULE },
	{ "http.status", MAP_FIELD, FIELD_HTTP_STATUS },
	{ "http.title", MAP_FIELD, FIELD_TITLE },
	{ "http.html", MAP_FIELD, FIELD_HTML },
	{ "http.server", MAP_FIELD, FIELD_HTTP_SERVER },
	{ "http.waf", MAP_FIELD, FIELD_HTTP_WAF },
	{ "http.components.*", MAP_FIELD, FIELD_HTTP_COMPONENT },
	{ "http.components.*.categories[]", MAP_FIELD, FIELD_HTTP_COMPONENT_CATEGORY },
	{ "http.favicon.hash", MAP_FIELD, FIELD_HTTP_FAVICON_HASH },
	{ "http.html_hash", MAP_FIELD, FIELD_HTTP_HTML_HASH },
	{ "http.headers_hash", MAP_FIELD, FIELD_HTTP_HEADERS_HASH },
	{ "http.robots_hash", MAP_FIELD, FIELD_HTTP_ROBOTS_HASH },
	{ "http.dom_hash", MAP_FIELD, FIELD_HTTP_DOM_HASH },
	{ "http.server_hash", MAP_FIELD, FIELD_HTTP_SERVER_HASH },
	{ "ssl", MAP_PRESENT, FIELD_TLS },
	{ "tls", MAP_WEAK, FIELD_TLS },
	{ "ssl.versions[]", MAP_VERSIONS, FIELD_SSL_VERSION },
	{ "ssl.alpn[]", MAP_FIELD, FIELD_SSL_ALPN },
	{ "ssl.chain[]", MAP_SPECIAL, CHAIN },
	{ "ssl.jarm", MAP_FIELD, FIELD_SSL_JARM },
	{ "ssl.ja3s", MAP_FIELD, FIELD_SSL_JA3S },
	{ "ssl.cipher.name", MAP_FIELD, FIELD_SSL_CIPHER_NAME },
	{ "ssl.cipher.bits", MAP_FIELD, FIELD_SSL_CIPHER_BITS },
	{ "ssl.cipher.version", MAP_FIELD, FIELD_SSL_CIPHER_VERSION },
	{ "ssl.cert.expired", MAP_FIELD, FIELD_SSL_CERT_EXPIRED },
	{ "ssl.cert.expires", MAP_FIELD, FIELD_SSL_CERT_EXPIRES },
	{ "ssl.cert.sig_alg", MAP_FIELD, FIELD_SSL_CERT_ALG },
	{ "ssl.cert.serial", MAP_FIELD, FIELD_SSL_CERT_SERIAL },
	{ "ssl.cert.fingerprint.sha1", MAP_FIELD, FIELD_SSL_CERT_FINGERPRINT },
	{ "ssl.cert.fingerprint.sha256", MAP_FIELD, FIELD_SSL_CERT_FINGERPRINT },
	{ "ssl.cert.issuer.CN", MAP_FIELD, FIELD_SSL_CERT_ISSUER_CN },
	{ "ssl.cert.subject.CN", MAP_FIELD, FIELD_SSL_CERT_SUBJECT_CN },
	{ "ssl.cert.subject.O", MAP_FIELD, FIELD_SSL_CERT_SUBJECT_O },
	{ "ssl.cert.pubkey.bits", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_BITS },
	{ "ssl.cert.pubkey.type", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_TYPE },
	{ "ssh.type", MAP_FIELD, FIELD_SSH_TYPE },
	{ "ssh.hassh", MAP_FIELD, FIELD_SSH_HASSH },
	{ "ssh.fingerprint", MAP_FIELD, FIELD_SSH_FINGERPRINT },
	{ "ssh.cipher", MAP_FIELD, FIELD_SSH_CIPHER },
	{ "ssh.mac", MAP_FIELD, FIELD_SSH_MAC },
	{ "telnet.do[]", MAP_FIELD, FIELD_TELNET_DO },
	{ "telnet.dont[]", MAP_FIELD, FIELD_TELNET_DONT },
	{ "telnet.will[]", MAP_FIELD, FIELD_TELNET_WILL },
	{ "telnet.wont[]", MAP_FIELD, FIELD_TELNET_WONT },
	{ "snmp.contact", MAP_FIELD, FIELD_SNMP_CONTACT },
	{ "snmp.location", MAP_FIELD, FIELD_SNMP_LOCATION },
	{ "snmp.name", MAP_FIELD, FIELD_SNMP_NAME },
	{ "smb.smb_version", MAP_FIELD, FIELD_SMB_VERSION },
	{ "smb.anonymous", MAP_FIELD, FIELD_SMB_ANONYMOUS },
	{ "smb.os", MAP_WEAK, FIELD_OS },
	{ "smb.shares[].name", MAP_FIELD, FIELD_SMB_SHARE },
	{ "ftp.anonymous", MAP_FIELD, FIELD_FTP_ANONYMOUS },
	{ "cloud.provider", MAP_FIELD, FIELD_CLOUD_PROVIDER },
	{ "cloud.region", MAP_FIELD, FIELD_CLOUD_REGION },
	{ "cloud.service", MAP_FIELD, FIELD_CLOUD_SERVICE },
	{ "data[]", MAP_ITEM, FIELDS },
	{ "matches[]", MAP_ITEM, FIELDS },
};

/* Shodan leaves out what it did not find: a banner without `ssl` answered in the clear. */
static void
finish(struct mapper *m, struct draft *d)
{
	if (!draft_has(d, FIELD_TLS))
		draft_number(d, FIELD_TLS, 0);
}

/* v stands below the name of a vulnerability, which came before it. */
static void
verified(const struct mapper *m, const struct scan_value *v, struct draft *d)
{
	const struct scan_value *key = v;

	while (key > m->scan.values && key->kind != SCAN_KEY)
		key--;
	if (v->kind == SCAN_TRUE && key->kind == SCAN_KEY)
		draft_value(d, FIELD_VULN_VERIFIED, key->text);
}

static void
special(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d)
{
	/* The server's own certificate comes first; its alternative names stand nowhere else. */
	if (number == CHAIN) {
		if (v->kind == SCAN_CLOSE)
			return;
		bool first = !draft_has(d, FIELD_SSL_CHAIN_COUNT);
		draft_number(d, FIELD_SSL_CHAIN_COUNT,
			     first ? 1 : d->b.values[d->place[FIELD_SSL_CHAIN_COUNT] - 1].number + 1);
		if (first && v->kind == SCAN_STRING)
			certificate_names(v->text, &m->arena, d);
		return;
	}
	if (number == VERIFIED) {
		verified(m, v, d);
		return;
	}
	/* data[] whose elements are no objects is no list of banners. */
	d->skip = "malformed";
}

static const char *const prefixes[] = { "data[].", "matches[].", NULL };
static const struct map_spec spec = { rows, COUNT(rows), prefixes, special, finish, NULL };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark banner[] = { { "ip_str", 40 },
						    { "ip", 20 },
						    { "ipv6", 20 },
						    { "port", 20 },
						    { "data", 25 },
						    { "transport", 10 },
						    { "_shodan", 40 },
						    { "data[].port", 40 },
						    { "location", 5 },
						    { "org", 5 },
						    { "isp", 5 },
						    { "hash", 5 },
						    { "hostnames", 5 },
						    { "timestamp", 5 },
						    { "matches[].port", 60 },
						    { "services", 0 },
						    { NULL, 0 } };
	static const struct sniff_mark other[] = { { "data.*.status", 60 }, { "services[]", 60 },
						   { "ports[].port", 60 },  { "rec_type", 60 },
						   { "cpes", 60 },          { NULL, 0 } };
	unsigned sure = sniff_marks(head, banner);

	return sure > 0 && sniff_marks(head, other) >= 60 ? sure / 4 : sure;
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

const struct importer import_shodan = { "shodan", sniff, record, begin, mapper_free, RECORDS_JSON, NULL, false };
