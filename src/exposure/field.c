/* The table of fields (exposure/field.h). */
#include "exposure/field.h"

#include "base/suggest.h"

const struct field_row field_table[FIELDS] = {
	[FIELD_IP] = { "ip", "net ip_str", FIELD_ADDRESS, false, true },
	[FIELD_PORT] = { "port", "", FIELD_NUMBER, false, true },
	[FIELD_TRANSPORT] = { "transport", "proto", FIELD_KEYWORD, false, true },
	[FIELD_TIMESTAMP] = { "timestamp", "time", FIELD_TIME, false, true },
	[FIELD_DATA] = { "data", "banner", FIELD_TEXT, false, false },
	[FIELD_TITLE] = { "http.title", "title", FIELD_TEXT, false, false },
	[FIELD_HTML] = { "http.html", "html", FIELD_TEXT, false, false },
	[FIELD_HOSTNAME] = { "hostname", "hostnames host", FIELD_HOST, true, true },
	[FIELD_DOMAIN] = { "domain", "domains", FIELD_HOST, true, true },
	[FIELD_COUNTRY] = { "country", "country_code", FIELD_KEYWORD, false, true },
	[FIELD_CITY] = { "city", "", FIELD_KEYWORD, false, true },
	[FIELD_REGION] = { "region", "state", FIELD_KEYWORD, false, true },
	[FIELD_POSTAL] = { "postal", "", FIELD_KEYWORD, false, true },
	[FIELD_ASN] = { "asn", "", FIELD_KEYWORD, false, true },
	[FIELD_ORG] = { "org", "", FIELD_KEYWORD, false, true },
	[FIELD_ISP] = { "isp", "", FIELD_KEYWORD, false, true },
	[FIELD_OS] = { "os", "", FIELD_KEYWORD, false, true },
	[FIELD_PRODUCT] = { "product", "", FIELD_KEYWORD, false, true },
	[FIELD_VERSION] = { "version", "", FIELD_KEYWORD, false, true },
	[FIELD_LINK] = { "link", "", FIELD_KEYWORD, false, true },
	[FIELD_DEVICE] = { "device", "devicetype", FIELD_KEYWORD, false, true },
	[FIELD_CPE] = { "cpe", "cpe23", FIELD_KEYWORD, true, true },
	[FIELD_TAG] = { "tag", "tags", FIELD_KEYWORD, true, true },
	[FIELD_VULN] = { "vuln", "vulns", FIELD_KEYWORD, true, true },
	[FIELD_HASH] = { "hash", "", FIELD_NUMBER, false, true },
	[FIELD_UPTIME] = { "uptime", "", FIELD_NUMBER, false, true },
	[FIELD_TLS] = { "tls", "", FIELD_BOOL, false, true },
	[FIELD_HAS_SCREENSHOT] = { "screenshot", "", FIELD_BOOL, false, true },
	[FIELD_HTTP_STATUS] = { "http.status", "", FIELD_NUMBER, false, true },
	[FIELD_HTTP_SERVER] = { "http.server", "server", FIELD_KEYWORD, false, true },
	[FIELD_HTTP_COMPONENT] = { "http.component", "", FIELD_KEYWORD, true, true },
	[FIELD_HTTP_COMPONENT_CATEGORY] = { "http.component_category", "", FIELD_KEYWORD, true, true },
	[FIELD_HTTP_WAF] = { "http.waf", "", FIELD_KEYWORD, false, true },
	[FIELD_HTTP_FAVICON_HASH] = { "http.favicon.hash", "", FIELD_NUMBER, false, true },
	[FIELD_HTTP_HTML_HASH] = { "http.html_hash", "", FIELD_NUMBER, false, true },
	[FIELD_HTTP_HEADERS_HASH] = { "http.headers_hash", "", FIELD_NUMBER, false, true },
	[FIELD_HTTP_ROBOTS_HASH] = { "http.robots_hash", "", FIELD_NUMBER, false, true },
	[FIELD_SSL_VERSION] = { "ssl.version", "", FIELD_KEYWORD, true, true },
	[FIELD_SSL_ALPN] = { "ssl.alpn", "", FIELD_KEYWORD, true, true },
	[FIELD_SSL_CHAIN_COUNT] = { "ssl.chain_count", "", FIELD_NUMBER, false, true },
	[FIELD_SSL_JARM] = { "ssl.jarm", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_JA3S] = { "ssl.ja3s", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CIPHER_NAME] = { "ssl.cipher.name", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CIPHER_BITS] = { "ssl.cipher.bits", "", FIELD_NUMBER, false, true },
	[FIELD_SSL_CIPHER_VERSION] = { "ssl.cipher.version", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CERT_EXPIRED] = { "ssl.cert.expired", "", FIELD_BOOL, false, true },
	[FIELD_SSL_CERT_EXPIRES] = { "ssl.cert.expires", "", FIELD_TIME, false, true },
	[FIELD_SSL_CERT_ALG] = { "ssl.cert.alg", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CERT_SERIAL] = { "ssl.cert.serial", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CERT_FINGERPRINT] = { "ssl.cert.fingerprint", "", FIELD_KEYWORD, true, true },
	[FIELD_SSL_CERT_ISSUER_CN] = { "ssl.cert.issuer.cn", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CERT_SUBJECT_CN] = { "ssl.cert.subject.cn", "", FIELD_HOST, false, true },
	[FIELD_SSL_CERT_SUBJECT_O] = { "ssl.cert.subject.o", "", FIELD_KEYWORD, false, true },
	[FIELD_SSL_CERT_NAMES] = { "ssl.cert.names", "", FIELD_HOST, true, true },
	[FIELD_SSL_CERT_PUBKEY_BITS] = { "ssl.cert.pubkey.bits", "", FIELD_NUMBER, false, true },
	[FIELD_SSL_CERT_PUBKEY_TYPE] = { "ssl.cert.pubkey.type", "", FIELD_KEYWORD, false, true },
	[FIELD_SSH_TYPE] = { "ssh.type", "", FIELD_KEYWORD, false, true },
	[FIELD_SSH_HASSH] = { "ssh.hassh", "", FIELD_KEYWORD, false, true },
	[FIELD_SSH_FINGERPRINT] = { "ssh.fingerprint", "", FIELD_KEYWORD, false, true },
	[FIELD_SNMP_CONTACT] = { "snmp.contact", "", FIELD_KEYWORD, false, true },
	[FIELD_SNMP_LOCATION] = { "snmp.location", "", FIELD_KEYWORD, false, true },
	[FIELD_SNMP_NAME] = { "snmp.name", "", FIELD_KEYWORD, false, true },
	[FIELD_SMB_VERSION] = { "smb.version", "", FIELD_KEYWORD, true, true },
	[FIELD_SMB_ANONYMOUS] = { "smb.anonymous", "", FIELD_BOOL, false, true },
	[FIELD_SMB_SHARE] = { "smb.share", "", FIELD_KEYWORD, true, true },
	[FIELD_FTP_ANONYMOUS] = { "ftp.anonymous", "", FIELD_BOOL, false, true },
	[FIELD_SCREENSHOT_LABEL] = { "screenshot.label", "", FIELD_KEYWORD, true, true },
	[FIELD_CLOUD_PROVIDER] = { "cloud.provider", "", FIELD_KEYWORD, false, true },
	[FIELD_CLOUD_REGION] = { "cloud.region", "", FIELD_KEYWORD, false, true },
	[FIELD_CLOUD_SERVICE] = { "cloud.service", "", FIELD_KEYWORD, false, true },
	[FIELD_HTTP_DOM_HASH] = { "http.dom_hash", "", FIELD_NUMBER, false, true },
	[FIELD_HTTP_SERVER_HASH] = { "http.server_hash", "", FIELD_NUMBER, false, true },
	[FIELD_SSH_CIPHER] = { "ssh.cipher", "", FIELD_KEYWORD, false, true },
	[FIELD_SSH_MAC] = { "ssh.mac", "", FIELD_KEYWORD, false, true },
	[FIELD_SCREENSHOT_HASH] = { "screenshot.hash", "", FIELD_NUMBER, false, true },
	[FIELD_TELNET_DO] = { "telnet.do", "", FIELD_KEYWORD, true, true },
	[FIELD_TELNET_DONT] = { "telnet.dont", "", FIELD_KEYWORD, true, true },
	[FIELD_TELNET_WILL] = { "telnet.will", "", FIELD_KEYWORD, true, true },
	[FIELD_TELNET_WONT] = { "telnet.wont", "", FIELD_KEYWORD, true, true },
	[FIELD_VULN_VERIFIED] = { "vuln.verified", "", FIELD_KEYWORD, true, true },
	[FIELD_MODULE] = { "module", "", FIELD_KEYWORD, false, true },
	[FIELD_LATITUDE] = { "latitude", "", FIELD_NUMBER, false, false },
	[FIELD_LONGITUDE] = { "longitude", "", FIELD_NUMBER, false, false },
	[FIELD_SOURCE] = { "source", "", FIELD_KEYWORD, true, true },
	[FIELD_SNAPSHOT] = { "snapshot", "scan", FIELD_KEYWORD, true, true },
	[FIELD_COUNTRY_INFERRED] = { "country.inferred", "", FIELD_KEYWORD, false, true },
	[FIELD_ASN_INFERRED] = { "asn.inferred", "", FIELD_KEYWORD, false, true },
	[FIELD_OS_INFERRED] = { "os.inferred", "", FIELD_KEYWORD, false, true },
	[FIELD_PRODUCT_INFERRED] = { "product.inferred", "", FIELD_KEYWORD, false, true },
	[FIELD_VERSION_INFERRED] = { "version.inferred", "", FIELD_KEYWORD, false, true },
	[FIELD_CLASS] = { "class", "", FIELD_KEYWORD, true, true },
	[FIELD_SPECIALTY] = { "specialty", "", FIELD_KEYWORD, true, true },
	[FIELD_LEAKS] = { "leaks", "", FIELD_KEYWORD, true, true },
	[FIELD_ORG_KIND] = { "org.kind", "", FIELD_KEYWORD, false, true },
	[FIELD_SUPPORT] = { "support", "", FIELD_KEYWORD, false, true },
	[FIELD_VULN_INFERRED] = { "vuln.inferred", "", FIELD_KEYWORD, true, true },
	[FIELD_HONEYPOT] = { "honeypot", "", FIELD_BOOL, false, true },
	[FIELD_MINE] = { "mine", "", FIELD_BOOL, false, false },
};

enum field
field_inferred(enum field f)
{
	static const struct {
		uint8_t stated, inferred;
	} pairs[] = { { FIELD_COUNTRY, FIELD_COUNTRY_INFERRED }, { FIELD_ASN, FIELD_ASN_INFERRED },
		      { FIELD_OS, FIELD_OS_INFERRED },           { FIELD_PRODUCT, FIELD_PRODUCT_INFERRED },
		      { FIELD_VERSION, FIELD_VERSION_INFERRED }, { FIELD_VULN, FIELD_VULN_INFERRED } };

	for (size_t i = 0; i < COUNT(pairs); i++)
		if (pairs[i].stated == f)
			return pairs[i].inferred;
	return FIELDS;
}

bool
field_is_degrees(enum field f)
{
	return f == FIELD_LATITUDE || f == FIELD_LONGITUDE;
}

static void
consider(struct str typed, struct str name, size_t *best, struct str *nearest)
{
	size_t distance;

	if (suggest_near(typed, name, &distance) && distance < *best) {
		*best = distance;
		*nearest = name;
	}
}

enum field
field_find(struct str name, struct str *nearest)
{
	size_t best = SIZE_MAX;

	if (nearest)
		*nearest = STR_NONE;
	for (unsigned f = 0; f < FIELDS; f++) {
		struct str word, rest = str_of(field_table[f].aliases), own = str_of(field_table[f].name);
		if (str_eq_nocase(own, name))
			return f;
		if (nearest)
			consider(name, own, &best, nearest);
		while (str_word(&rest, &word)) {
			if (str_eq_nocase(word, name))
				return f;
			if (nearest)
				consider(name, word, &best, nearest);
		}
	}
	return FIELDS;
}
