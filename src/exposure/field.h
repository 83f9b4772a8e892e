/* The fields of a banner: one table that importers fill, the index stores, queries name and facets count. */
#ifndef MAMORI_EXPOSURE_FIELD_H
#define MAMORI_EXPOSURE_FIELD_H

#include "base/str.h"

enum field_kind {
	FIELD_KEYWORD, /* exact, without regard to ASCII case; dictionary-encoded, a bitmap for each value */
	FIELD_TEXT, /* full text: words, bigrams for Japanese and Chinese */
	FIELD_NUMBER, /* int64 */
	FIELD_TIME, /* milliseconds since 1970 UTC */
	FIELD_ADDRESS, /* 16 bytes, IPv4 mapped */
	FIELD_BOOL,
	FIELD_HOST, /* keyword that is also found by its parts: "example.jp" finds "www.example.jp" */
};

/* Segments name fields by number: a new one, or another order, raises SEGMENT_VERSION.
 * What the source stated comes first, what mamori infers last: names "os.inferred", each beside its confidence. */
enum field {
	FIELD_IP,
	FIELD_PORT,
	FIELD_TRANSPORT,
	FIELD_TIMESTAMP,
	FIELD_DATA, /* banner text */
	FIELD_TITLE, /* http.title */
	FIELD_HTML, /* http.html */
	FIELD_HOSTNAME,
	FIELD_DOMAIN,
	FIELD_COUNTRY,
	FIELD_CITY,
	FIELD_REGION,
	FIELD_POSTAL,
	FIELD_ASN,
	FIELD_ORG,
	FIELD_ISP,
	FIELD_OS,
	FIELD_PRODUCT,
	FIELD_VERSION,
	FIELD_LINK,
	FIELD_DEVICE,
	FIELD_CPE,
	FIELD_TAG,
	FIELD_VULN,
	FIELD_HASH,
	FIELD_UPTIME,
	FIELD_TLS, /* bool: the service speaks TLS */
	FIELD_HAS_SCREENSHOT,
	FIELD_HTTP_STATUS,
	FIELD_HTTP_SERVER,
	FIELD_HTTP_COMPONENT,
	FIELD_HTTP_COMPONENT_CATEGORY,
	FIELD_HTTP_WAF,
	FIELD_HTTP_FAVICON_HASH,
	FIELD_HTTP_HTML_HASH,
	FIELD_HTTP_HEADERS_HASH,
	FIELD_HTTP_ROBOTS_HASH,
	FIELD_SSL_VERSION,
	FIELD_SSL_ALPN,
	FIELD_SSL_CHAIN_COUNT,
	FIELD_SSL_JARM,
	FIELD_SSL_JA3S,
	FIELD_SSL_CIPHER_NAME,
	FIELD_SSL_CIPHER_BITS,
	FIELD_SSL_CIPHER_VERSION,
	FIELD_SSL_CERT_EXPIRED,
	FIELD_SSL_CERT_EXPIRES,
	FIELD_SSL_CERT_ALG,
	FIELD_SSL_CERT_SERIAL,
	FIELD_SSL_CERT_FINGERPRINT,
	FIELD_SSL_CERT_ISSUER_CN,
	FIELD_SSL_CERT_SUBJECT_CN,
	FIELD_SSL_CERT_SUBJECT_O,
	FIELD_SSL_CERT_NAMES, /* alternative names */
	FIELD_SSL_CERT_PUBKEY_BITS,
	FIELD_SSL_CERT_PUBKEY_TYPE,
	FIELD_SSH_TYPE,
	FIELD_SSH_HASSH,
	FIELD_SSH_FINGERPRINT,
	FIELD_SNMP_CONTACT,
	FIELD_SNMP_LOCATION,
	FIELD_SNMP_NAME,
	FIELD_SMB_VERSION,
	FIELD_SMB_ANONYMOUS,
	FIELD_SMB_SHARE,
	FIELD_FTP_ANONYMOUS,
	FIELD_SCREENSHOT_LABEL,
	FIELD_CLOUD_PROVIDER,
	FIELD_CLOUD_REGION,
	FIELD_CLOUD_SERVICE,
	FIELD_HTTP_DOM_HASH,
	FIELD_HTTP_SERVER_HASH,
	FIELD_SSH_CIPHER,
	FIELD_SSH_MAC,
	FIELD_SCREENSHOT_HASH,
	FIELD_TELNET_DO,
	FIELD_TELNET_DONT,
	FIELD_TELNET_WILL,
	FIELD_TELNET_WONT,
	FIELD_VULN_VERIFIED, /* those of vuln that the source has tried */
	FIELD_MODULE, /* http, ssh, dicom …: the source's word for what answered */
	FIELD_LATITUDE, /* millionths of a degree */
	FIELD_LONGITUDE,
	FIELD_SOURCE, /* shodan, censys, zgrab2, masscan, nmap, internetdb */
	FIELD_SNAPSHOT,
	/* inferred */
	FIELD_COUNTRY_INFERRED,
	FIELD_ASN_INFERRED,
	FIELD_OS_INFERRED,
	FIELD_PRODUCT_INFERRED,
	FIELD_VERSION_INFERRED,
	FIELD_CLASS,
	FIELD_SPECIALTY,
	FIELD_LEAKS,
	FIELD_ORG_KIND,
	FIELD_SUPPORT,
	FIELD_VULN_INFERRED,
	FIELD_HONEYPOT,
	FIELD_MINE,
	FIELDS
};

struct field_row {
	const char *name; /* in queries and output */
	const char *aliases; /* "title" for http.title, space-separated */
	enum field_kind kind;
	bool many; /* several values in one banner */
	bool facet;
};
extern const struct field_row field_table[FIELDS];
/* What infers this field's value ("os.inferred" of os), or FIELDS. */
enum field field_inferred(enum field f);
/* Its numbers are millionths of what people write. */
bool field_is_degrees(enum field f);
/* By name or alias, ASCII case ignored; FIELDS when there is none. *nearest (may be NULL): the closest name. */
enum field field_find(struct str name, struct str *nearest);

#endif
