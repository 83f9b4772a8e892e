/* nmap's XML (also masscan's -oX): a record is one <host>, a banner each of its open ports. */
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"

#include "vuln/xml.h"

enum { PORTS_MAX = 65536 * 2, KEYS_MAX = 8 };

struct nmap_port {
	struct draft d;
	struct buf data; /* what its service and scripts say, a line each */
	struct str piece; /* of the host's text */
	bool probed;
};

struct nmap {
	struct arena arena;
	struct buf raw;
	struct draft host;
	struct nmap_port *ports;
	size_t count, cap;
	int64_t otherwise; /* the scan's start */
	bool in_port, down;
	struct str script; /* the open one */
	struct str keys[KEYS_MAX]; /* of its open tables */
	size_t depth;
	struct str element; /* key of the open elem */
	unsigned accuracy; /* of the best guess at the system */
	struct str os;
};

static struct str
attribute(const struct xml_attribute *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].name, str_of(name)))
			return list[i].value;
	return STR_NONE;
}

/* An attribute into a field, when it is there. */
static void
keep(struct nmap *n, struct draft *d, enum field f, struct str value)
{
	if (value.len > 0)
		draft_value(d, f, arena_str(&n->arena, value));
}

static struct draft *
current(struct nmap *n)
{
	return n->in_port ? &n->ports[n->count - 1].d : &n->host;
}

/* ---- elements ---- */

static void
open_host(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	struct str when = attribute(a, count, "endtime");

	if (when.len == 0)
		when = attribute(a, count, "starttime");
	if (when.len > 0)
		draft_timestamp(&n->host, when);
}

static void
open_status(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	n->down = str_eq(attribute(a, count, "state"), STR("down"));
}

static void
open_address(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	struct str type = attribute(a, count, "addrtype");

	if (str_starts(type, STR("ipv")) && !n->host.has_address)
		draft_address(&n->host, attribute(a, count, "addr"));
}

static void
open_hostname(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	keep(n, &n->host, FIELD_HOSTNAME, str_trim(attribute(a, count, "name")));
}

static void
open_port(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	if (n->count == PORTS_MAX)
		return;
	if (n->count == n->cap) {
		n->cap = n->cap ? n->cap * 2 : 16;
		n->ports = xrealloc(n->ports, n->cap, sizeof(*n->ports));
		memset(n->ports + n->count, 0, (n->cap - n->count) * sizeof(*n->ports));
	}
	struct nmap_port *p = &n->ports[n->count++];
	draft_reset(&p->d);
	buf_truncate(&p->data, 0);
	p->probed = false;
	n->in_port = true;
	draft_port(&p->d, attribute(a, count, "portid"));
	draft_transport(&p->d, attribute(a, count, "protocol"));
}

static void
open_state(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	struct str state = attribute(a, count, "state");

	if (n->in_port && !str_eq(state, STR("open")))
		current(n)->skip = str_eq(state, STR("open|filtered")) ? "open-or-filtered" : "not-open";
}

static void
open_service(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	struct nmap_port *p;
	struct str product = attribute(a, count, "product"), version = attribute(a, count, "version");
	struct str more = attribute(a, count, "extrainfo"), name = attribute(a, count, "name");

	if (!n->in_port)
		return;
	p = &n->ports[n->count - 1];
	p->probed = str_eq(attribute(a, count, "method"), STR("probed"));
	keep(n, &p->d, FIELD_MODULE, name);
	keep(n, &p->d, FIELD_PRODUCT, product);
	keep(n, &p->d, FIELD_VERSION, version);
	keep(n, &p->d, FIELD_OS, attribute(a, count, "ostype"));
	keep(n, &p->d, FIELD_DEVICE, attribute(a, count, "devicetype"));
	keep(n, &p->d, FIELD_HOSTNAME, str_trim(attribute(a, count, "hostname")));
	if (str_eq(attribute(a, count, "tunnel"), STR("ssl")) || str_eq(name, STR("https")))
		draft_number(&p->d, FIELD_TLS, 1);
	else if (p->probed)
		draft_number(&p->d, FIELD_TLS, 0);
	if (product.len > 0)
		buf_addf(&p->data, "%.*s %.*s %.*s\n", STR_ARG(product), STR_ARG(version), STR_ARG(more));
	/* masscan's -oX puts the banner here. */
	struct str banner = attribute(a, count, "banner");
	if (banner.len > 0) {
		buf_add(&p->data, banner);
		buf_add_char(&p->data, '\n');
	}
}

static void
open_script(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	struct str output = attribute(a, count, "output");

	n->script = arena_str(&n->arena, attribute(a, count, "id"));
	n->depth = 0;
	if (!n->in_port)
		return;
	struct nmap_port *p = &n->ports[n->count - 1];
	buf_add(&p->data, n->script);
	buf_add(&p->data, STR(": "));
	buf_add(&p->data, str_trim(output));
	buf_add_char(&p->data, '\n');
	if (str_eq(n->script, STR("http-title"))) {
		ptrdiff_t end = str_find_char(output, '\n');
		keep(n, &p->d, FIELD_TITLE, str_trim(end > 0 ? str_head(output, (size_t)end) : output));
	} else if (str_eq(n->script, STR("http-server-header"))) {
		keep(n, &p->d, FIELD_HTTP_SERVER, str_trim(output));
	} else if (str_eq(n->script, STR("ftp-anon"))) {
		draft_number(&p->d, FIELD_FTP_ANONYMOUS, str_contains(output, STR("login allowed")));
	}
}

static void
open_table(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	if (n->depth < KEYS_MAX)
		n->keys[n->depth] = arena_str(&n->arena, attribute(a, count, "key"));
	n->depth++;
}

static void
open_elem(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	n->element = arena_str(&n->arena, attribute(a, count, "key"));
}

static void
open_osmatch(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	uint64_t accuracy = 0;

	if (str_to_u64(attribute(a, count, "accuracy"), &accuracy) && accuracy > n->accuracy && accuracy <= 100) {
		n->accuracy = (unsigned)accuracy;
		n->os = arena_str(&n->arena, attribute(a, count, "name"));
	}
}

static void
open_uptime(struct nmap *n, const struct xml_attribute *a, size_t count)
{
	keep(n, &n->host, FIELD_UPTIME, attribute(a, count, "seconds"));
}

static const struct {
	const char *name; /* last part of the path */
	void (*open)(struct nmap *n, const struct xml_attribute *a, size_t count);
} elements[] = {
	{ "host", open_host },   { "status", open_status }, { "address", open_address }, { "hostname", open_hostname },
	{ "port", open_port },   { "state", open_state },   { "service", open_service }, { "script", open_script },
	{ "table", open_table }, { "elem", open_elem },     { "osmatch", open_osmatch }, { "uptime", open_uptime },
};

static struct str
last_part(struct str path)
{
	ptrdiff_t at = str_rfind_char(path, '/');
	return at < 0 ? path : str_skip(path, (size_t)at + 1);
}

static void
on_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct str name = last_part(path);

	for (size_t i = 0; i < COUNT(elements); i++)
		if (str_eq(name, str_of(elements[i].name)))
			elements[i].open(user, attributes, count);
}

/* What ssl-cert and smb-os-discovery say, by the path of their tables' keys. */
static const struct {
	const char *script, *table, *key;
	enum field field;
} facts[] = {
	{ "ssl-cert", "subject", "commonName", FIELD_SSL_CERT_SUBJECT_CN },
	{ "ssl-cert", "subject", "organizationName", FIELD_SSL_CERT_SUBJECT_O },
	{ "ssl-cert", "issuer", "commonName", FIELD_SSL_CERT_ISSUER_CN },
	{ "ssl-cert", "validity", "notAfter", FIELD_SSL_CERT_EXPIRES },
	{ "ssl-cert", "pubkey", "type", FIELD_SSL_CERT_PUBKEY_TYPE },
	{ "ssl-cert", "pubkey", "bits", FIELD_SSL_CERT_PUBKEY_BITS },
	{ "ssl-cert", "", "sig_algo", FIELD_SSL_CERT_ALG },
	{ "ssl-cert", "", "sha1", FIELD_SSL_CERT_FINGERPRINT },
	{ "ssl-cert", "", "sha256", FIELD_SSL_CERT_FINGERPRINT },
	{ "smb-os-discovery", "", "os", FIELD_OS },
	{ "smb-os-discovery", "", "fqdn", FIELD_HOSTNAME },
};

static void
on_text(void *user, struct str path, struct str text)
{
	struct nmap *n = user;
	struct str name = last_part(path);
	struct str table = n->depth > 0 && n->depth <= KEYS_MAX ? n->keys[n->depth - 1] : STR("");

	if (str_eq(name, STR("cpe")) && n->in_port)
		keep(n, current(n), FIELD_CPE, str_trim(text));
	if (!str_eq(name, STR("elem")) || n->script.len == 0)
		return;
	for (size_t i = 0; i < COUNT(facts); i++)
		if (str_eq(n->script, str_of(facts[i].script)) && str_eq(table, str_of(facts[i].table)) &&
		    str_eq(n->element, str_of(facts[i].key)))
			keep(n, current(n), facts[i].field, str_trim(text));
	if (str_eq(n->script, STR("ssl-cert")) && n->in_port)
		draft_number(current(n), FIELD_TLS, 1);
}

static bool
on_close(void *user, struct str path, struct err *e)
{
	struct nmap *n = user;
	struct str name = last_part(path);

	if (str_eq(name, STR("port")))
		n->in_port = false;
	else if (str_eq(name, STR("script")))
		n->script = STR_NONE;
	else if (str_eq(name, STR("table")) && n->depth > 0)
		n->depth--;
	return true;
}

/* ---- a host's text ---- */

/* The ports' own text, in order; false: not as many as were read, or nested oddly. */
static bool
find_pieces(struct nmap *n, struct str host)
{
	struct str rest = host;

	for (size_t i = 0; i < n->count; i++) {
		ptrdiff_t at = str_find(rest, STR("<port "));
		if (at < 0)
			return false;
		rest = str_skip(rest, (size_t)at);
		ptrdiff_t tag = str_find_char(rest, '>');
		ptrdiff_t end = str_find(rest, STR("</port>"));
		bool empty = tag > 0 && rest.ptr[tag - 1] == '/';
		if (tag < 0 || (!empty && end < 0))
			return false;
		n->ports[i].piece = str_head(rest, empty ? (size_t)tag + 1 : (size_t)end + 7);
		rest = str_skip(rest, n->ports[i].piece.len);
	}
	return str_find(rest, STR("<port ")) < 0;
}

/* The host with only this port in it. */
static struct str
raw_of_port(struct nmap *n, struct str host, size_t i)
{
	const char *behind = n->ports[n->count - 1].piece.ptr + n->ports[n->count - 1].piece.len;

	buf_truncate(&n->raw, 0);
	buf_add(&n->raw, str_sub(host.ptr, (size_t)(n->ports[0].piece.ptr - host.ptr)));
	buf_add(&n->raw, n->ports[i].piece);
	buf_add(&n->raw, str_sub(behind, (size_t)(host.ptr + host.len - behind)));
	return buf_str(&n->raw);
}

/* What holds for the host holds for each of its ports, where they do not say it themselves. */
static void
inherit(struct nmap *n, struct nmap_port *p)
{
	for (size_t i = 0; i < n->host.b.count; i++) {
		const struct banner_value *v = &n->host.b.values[i];
		if (field_table[v->field].many || !draft_has(&p->d, v->field)) {
			if (field_table[v->field].kind == FIELD_NUMBER || field_table[v->field].kind == FIELD_TIME)
				draft_number(&p->d, v->field, v->number);
			else
				draft_text(&p->d, v->field, v->text);
		}
	}
	memcpy(p->d.b.ip, n->host.b.ip, sizeof(p->d.b.ip));
	p->d.has_address = n->host.has_address;
	p->d.has_time = n->host.has_time;
	p->d.b.timestamp = n->host.b.timestamp;
	if (!p->d.skip)
		p->d.skip = n->host.skip;
	if (p->data.len > 0)
		draft_text(&p->d, FIELD_DATA, buf_str(&p->data));
}

static bool
fill(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct str *rest = user;

	*got = rest->len < cap ? rest->len : cap;
	if (*got > 0)
		memcpy(into, rest->ptr, *got);
	*rest = str_skip(*rest, *got);
	return true;
}

static bool
nmap_emit(struct nmap *n, struct str host, struct import_sink *k)
{
	bool pieces = find_pieces(n, host);

	if (n->os.len > 0)
		draft_text(&n->host, FIELD_OS, n->os);
	if (n->count == 0) {
		import_skip(k->counts, n->down ? "host-down" : "no-ports", 1);
		return true;
	}
	for (size_t i = 0; i < n->count; i++) {
		inherit(n, &n->ports[i]);
		n->ports[i].d.b.raw = pieces && n->count > 1 ? raw_of_port(n, host, i) : host;
		if (!sink_emit(k, &n->ports[i].d, n->otherwise))
			return false;
	}
	return true;
}

static bool
record(void *state, struct str bytes, struct import_counts *counts,
       bool (*emit)(void *user, struct banner *b, struct err *e), void *user, struct err *e)
{
	struct nmap *n = state;
	struct import_sink k = { counts, emit, user, e };
	struct xml_visitor v = { on_open, on_text, on_close, n };
	BUF_AUTO mended = { 0 };
	struct err bad = { 0 };

	arena_free(&n->arena);
	draft_reset(&n->host);
	n->count = n->depth = 0;
	n->in_port = n->down = false;
	n->script = n->element = n->os = STR_NONE;
	n->accuracy = 0;
	if (scan_repair(&mended, bytes) > 0)
		bytes = buf_str(&mended);
	struct str rest = bytes;
	if (!xml_read(fill, &rest, &v, &bad)) {
		import_skip(counts, "malformed", 1);
		return true;
	}
	return nmap_emit(n, bytes, &k);
}

static void *
begin(const struct import_context *context)
{
	struct nmap *n = xcalloc(1, sizeof(*n));
	ptrdiff_t at = str_find(context->head, STR("<nmaprun"));

	n->otherwise = context->file_time;
	if (at >= 0) {
		struct str run = str_skip(context->head, (size_t)at), start, rest;
		ptrdiff_t close = str_find_char(run, '>');
		run = str_head(run, close < 0 ? 0 : (size_t)close);
		at = str_find(run, STR(" start=\""));
		if (at >= 0 && str_split(str_skip(run, (size_t)at + 8), '"', &start, &rest))
			(void)!import_time(start, &n->otherwise);
	}
	return n;
}

static void
end(void *state)
{
	struct nmap *n = state;

	if (!n)
		return;
	for (size_t i = 0; i < n->cap; i++) {
		draft_free(&n->ports[i].d);
		buf_free(&n->ports[i].data);
	}
	free(n->ports);
	draft_free(&n->host);
	buf_free(&n->raw);
	arena_free(&n->arena);
	free(n);
}

static unsigned
sniff(struct str head)
{
	return str_contains(head, STR("<nmaprun")) ? 95 : 0;
}

const struct importer import_nmap = { "nmap", sniff, record, begin, end, RECORDS_XML, "host", false };
