/* zgrab2: one banner for each module that got an answer. */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

enum { STATUS, PROTOCOL, STATUS_LINE, HEADER, HEADER_VALUE, HEADER_OTHER, HEADER_OTHER_VALUE, SERVER, TEXT, WITH_TLS };

#define R "data.*.result."
#define HTTP R "response."
#define CERT "handshake_log.server_certificates.certificate.parsed."
/* A certificate, however the module came to speak TLS. */
#define TLS_ROWS(at) \
	{ at "handshake_log", MAP_SPECIAL, WITH_TLS }, \
		{ at "handshake_log.server_hello.version.name", MAP_FIELD, FIELD_SSL_VERSION }, \
		{ at "handshake_log.server_hello.cipher_suite.name", MAP_FIELD, FIELD_SSL_CIPHER_NAME }, \
		{ at CERT "subject.common_name[]", MAP_FIELD, FIELD_SSL_CERT_SUBJECT_CN }, \
		{ at CERT "subject.organization[]", MAP_FIELD, FIELD_SSL_CERT_SUBJECT_O }, \
		{ at CERT "issuer.common_name[]", MAP_FIELD, FIELD_SSL_CERT_ISSUER_CN }, \
		{ at CERT "serial_number", MAP_FIELD, FIELD_SSL_CERT_SERIAL }, \
		{ at CERT "validity.end", MAP_FIELD, FIELD_SSL_CERT_EXPIRES }, \
		{ at CERT "fingerprint_sha1", MAP_FIELD, FIELD_SSL_CERT_FINGERPRINT }, \
		{ at CERT "fingerprint_sha256", MAP_FIELD, FIELD_SSL_CERT_FINGERPRINT }, \
		{ at CERT "signature_algorithm.name", MAP_FIELD, FIELD_SSL_CERT_ALG }, \
		{ at CERT "subject_key_info.key_algorithm.name", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_TYPE }, \
		{ at CERT "subject_key_info.rsa_public_key.length", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_BITS }, \
		{ at CERT "subject_key_info.ecdsa_public_key.length", MAP_FIELD, FIELD_SSL_CERT_PUBKEY_BITS }, \
	{ \
		at CERT "extensions.subject_alt_name.dns_names[]", MAP_FIELD, FIELD_SSL_CERT_NAMES \
	}

static const struct map_row rows[] = {
	{ "ip", MAP_ADDRESS, FIELD_IP },
	{ "domain", MAP_FIELD, FIELD_HOSTNAME },
	{ "data", MAP_CONTAINER, FIELDS },
	{ "data.*", MAP_ITEM, FIELDS },
	{ "data.*.status", MAP_SPECIAL, STATUS },
	{ "data.*.protocol", MAP_SPECIAL, PROTOCOL },
	{ "data.*.port", MAP_PORT, FIELD_PORT },
	{ "data.*.timestamp", MAP_TIMESTAMP, FIELD_TIMESTAMP },
	{ HTTP "status_line", MAP_SPECIAL, STATUS_LINE },
	{ HTTP "status_code", MAP_FIELD, FIELD_HTTP_STATUS },
	{ HTTP "headers.*", MAP_SPECIAL, HEADER },
	{ HTTP "headers.*[]", MAP_SPECIAL, HEADER_VALUE },
	{ HTTP "headers.server[]", MAP_SPECIAL, SERVER },
	{ HTTP "headers.unknown[].key", MAP_SPECIAL, HEADER_OTHER },
	{ HTTP "headers.unknown[].value[]", MAP_SPECIAL, HEADER_OTHER_VALUE },
	{ HTTP "body", MAP_FIELD, FIELD_HTML },
	{ R "banner", MAP_SPECIAL, TEXT },
	{ R "server_id.raw", MAP_SPECIAL, TEXT },
	{ R "ehlo", MAP_SPECIAL, TEXT },
	{ R "help", MAP_SPECIAL, TEXT },
	{ R "auth_tls", MAP_SPECIAL, TEXT },
	{ R "failure", MAP_SPECIAL, TEXT },
	{ R "info_response", MAP_SPECIAL, TEXT },
	{ R "ping_response", MAP_SPECIAL, TEXT },
	{ R "supported_versions", MAP_SPECIAL, TEXT },
	{ R "startup_error.message", MAP_SPECIAL, TEXT },
	{ R "version", MAP_FIELD, FIELD_VERSION },
	{ R "server_version", MAP_FIELD, FIELD_VERSION },
	{ R "server_id.software", MAP_FIELD, FIELD_PRODUCT },
	{ R "server_properties.product", MAP_FIELD, FIELD_PRODUCT },
	{ R "server_properties.version", MAP_FIELD, FIELD_VERSION },
	{ R "server_properties.platform", MAP_SPECIAL, TEXT },
	{ R "os", MAP_FIELD, FIELD_OS },
	{ R "smb_version.version_string", MAP_FIELD, FIELD_SMB_VERSION },
	{ R "native_os", MAP_FIELD, FIELD_OS },
	{ R "key_exchange.server_host_key.fingerprint_sha256", MAP_FIELD, FIELD_SSH_FINGERPRINT },
	{ R "hassh_fingerprint", MAP_FIELD, FIELD_SSH_HASSH },
	TLS_ROWS(R "tls."),
	TLS_ROWS(R),
	TLS_ROWS(HTTP "request.tls_log."),
};

/* Where no port is stated, the protocol's own is meant. */
static const struct {
	const char *protocol;
	uint16_t port, tls_port;
	bool udp;
} ports[] = {
	{ "http", 80, 443, false },      { "https", 443, 443, false },     { "tls", 443, 443, false },
	{ "ssh", 22, 22, false },        { "ftp", 21, 21, false },         { "smtp", 25, 25, false },
	{ "smtps", 465, 465, false },    { "imap", 143, 993, false },      { "pop3", 110, 995, false },
	{ "telnet", 23, 23, false },     { "mysql", 3306, 3306, false },   { "postgres", 5432, 5432, false },
	{ "mssql", 1433, 1433, false },  { "redis", 6379, 6379, false },   { "mongodb", 27017, 27017, false },
	{ "oracle", 1521, 1521, false }, { "amqp091", 5672, 5671, false }, { "memcached", 11211, 11211, false },
	{ "smb", 445, 445, false },      { "bacnet", 47808, 47808, true }, { "ntp", 123, 123, true },
	{ "modbus", 502, 502, false },   { "siemens", 102, 102, false },   { "dnp3", 20000, 20000, false },
	{ "fox", 1911, 4911, false },    { "ipp", 631, 631, false },       { "mqtt", 1883, 8883, false },
	{ "socks5", 1080, 1080, false }, { "pptp", 1723, 1723, false },
};

/* status is one of a few words; the skip reason outlives the record. */
static const char *
reason_of(struct str status)
{
	static const char *const words[] = { "connection-refused", "connection-timeout", "connection-closed",
					     "io-timeout",         "protocol-error",     "unknown-error",
					     "blocklisted-error" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(status, str_of(words[i])))
			return words[i];
	return "no-answer";
}

static void
header_name(struct mapper *m, struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		buf_add_char(&m->text, name.ptr[i] == '_' ? '-' : name.ptr[i]);
	buf_add(&m->text, STR(": "));
}

/* An answer's texts become what the service said, in the order of the record. */
static void
special(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d)
{
	if (number == WITH_TLS && v->kind == SCAN_OPEN)
		draft_number(d, FIELD_TLS, 1);
	if (v->kind != SCAN_STRING && v->kind != SCAN_KEY)
		return;
	switch (number) {
	case STATUS: /* an application's refusal is an answer, too */
		if (!str_eq(v->text, STR("success")) && !str_eq(v->text, STR("application-error")))
			d->skip = reason_of(v->text);
		break;
	case PROTOCOL:
		draft_text(d, FIELD_MODULE, v->text);
		break;
	case STATUS_LINE:
		buf_addf(&m->text, "HTTP/1.1 ");
		buf_add(&m->text, v->text);
		buf_add(&m->text, STR("\r\n"));
		break;
	case SERVER:
		draft_text(d, FIELD_HTTP_SERVER, v->text);
		header_name(m, STR("server"));
		buf_add(&m->text, v->text);
		buf_add(&m->text, STR("\r\n"));
		break;
	case HEADER_OTHER:
		header_name(m, v->text);
		break;
	case HEADER: /* its values follow */
		if (!str_eq(v->text, STR("unknown")))
			header_name(m, v->text);
		break;
	case TEXT:
	case HEADER_VALUE:
	case HEADER_OTHER_VALUE:
		buf_add(&m->text, v->text);
		if (!str_ends(v->text, STR("\n")))
			buf_add(&m->text, STR("\r\n"));
		break;
	default:
		d->skip = "malformed"; /* a module that is no object */
	}
}

/* <title> of the page that came with the answer. */
static void
title_of_html(struct draft *d)
{
	struct str html = d->b.values[d->place[FIELD_HTML] - 1].text;
	ptrdiff_t at = str_find(html, STR("<title>"));
	ptrdiff_t end;

	if (at < 0)
		return;
	html = str_skip(html, (size_t)at + 7);
	end = str_find(html, STR("</title>"));
	if (end >= 0)
		draft_text(d, FIELD_TITLE, str_trim(str_head(html, (size_t)end)));
}

static void
finish(struct mapper *m, struct draft *d)
{
	struct str protocol = m->key;
	bool tls = draft_has(d, FIELD_TLS);

	if (draft_has(d, FIELD_MODULE))
		protocol = d->b.values[d->place[FIELD_MODULE] - 1].text;
	else
		draft_text(d, FIELD_MODULE, protocol);
	for (size_t i = 0; i < COUNT(ports); i++)
		if (str_eq(protocol, str_of(ports[i].protocol))) {
			if (!d->has_port && !d->skip) {
				d->b.port = tls ? ports[i].tls_port : ports[i].port;
				d->has_port = true;
			}
			if (ports[i].udp)
				d->b.transport = TRANSPORT_UDP;
		}
	if (!tls)
		draft_number(d, FIELD_TLS, 0);
	if (draft_has(d, FIELD_HTML))
		title_of_html(d);
	if (m->text.len > 0)
		draft_text(d, FIELD_DATA, buf_str(&m->text));
}

static const struct map_spec spec = { rows, COUNT(rows), NULL, special, finish, "no-answer" };

static unsigned
sniff(struct str head)
{
	static const struct sniff_mark marks[] = { { "ip", 15 },
						   { "domain", 15 },
						   { "data.*.status", 45 },
						   { "data.*.protocol", 35 },
						   { "data.*.result", 10 },
						   { NULL, 0 } };
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

const struct importer import_zgrab2 = { "zgrab2", sniff, record, begin, mapper_free, RECORDS_JSON, NULL, false };
