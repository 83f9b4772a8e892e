/* What a banner lets one infer. Everything it adds carries a confidence; what the source stated is never touched. */
#include "exposure/enrich-rules.h"

#include "base/buf.h"
#include "os/file.h"
#include "trust/key.h"

enum {
	TEXT_MAX = 16384, /* of one text that rules look at */
	FINDINGS_MAX = 64,
	RECOG_FILE_LINES = 64 << 20,
};

/* ---- rules ---- */

static bool
recog_load(struct enrich_rules *r, const char *folder, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	const char *kept = path_join(&a, folder, "recog.jsonl");
	size_t bad = 0;

	if (file_exists(kept)) {
		if (!file_read(kept, RECOG_FILE_LINES, &text, e) || !recog_read_lines(&r->recog, buf_str(&text), e))
			return false;
	} else if (!recog_read_folder(&r->recog, folder, &bad, e)) {
		return false;
	}
	if (r->recog.patterns > 0) {
		recog_ready(&r->recog);
		r->version = arena_printf(&r->arena, "%.*s+recog-%s", STR_ARG(r->version), r->recog.version);
	}
	return true;
}

bool
enrich_open(const char *folder, struct enrich_rules **out, struct err *e)
{
	struct enrich_rules *r = xcalloc(1, sizeof(*r));

	if (!enrich_tables(r, folder, e) || (folder && (!recog_load(r, folder, e) || !geo_open(folder, &r->geo, e)))) {
		enrich_close(r);
		return err_wrap(e, "reading the rules of enrichment");
	}
	*out = r;
	return true;
}

bool
enrich_use_feeds(struct enrich_rules *r, const char *data, struct err *e)
{
	BUF_AUTO products = { 0 };
	bool own;

	if (!enrich_table(NULL, "products.csv", &products, &own, e) ||
	    !enrich_vuln_open(data, buf_str(&products), &r->vuln, e))
		return err_wrap(e, "reading the vulnerability data for enrichment");
	/* Another state of the feeds may give another answer: the version says so. */
	if (r->vuln)
		r->version = arena_printf(&r->arena, "%.*s+feeds-%llu", STR_ARG(r->version),
					  (unsigned long long)enrich_vuln_generation(r->vuln));
	return true;
}

void
enrich_close(struct enrich_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->rules.count; i++)
		regex_free(r->rules.items[i].regex);
	filter_free(r->filter);
	filter_free(r->support_names);
	recog_free(&r->recog);
	geo_close(r->geo);
	enrich_vuln_close(r->vuln);
	arena_free(&r->arena);
	free(r);
}

struct str
enrich_version(const struct enrich_rules *r)
{
	return r->version;
}

/* ---- one banner ---- */

struct finding {
	enum rule_group group;
	struct str value;
	unsigned confidence;
};

struct look {
	const struct enrich_rules *r;
	struct arena *a;
	struct banner *b;
	struct finding found[FINDINGS_MAX];
	size_t count;
	uint16_t *tried; /* by rule: the number of the text it was tried on last */
	uint16_t number; /* of the text */
	struct str text;
	unsigned where;
	/* From fingerprints. */
	struct str product, version;
	unsigned product_confidence;
	/* What the source stated; -1: nothing. */
	int32_t at[FIELDS];
};

/* Two signs for the same are surer than one. */
static unsigned
together(unsigned a, unsigned b)
{
	unsigned doubt = (100 - a) * (100 - b) / 100;

	return doubt < 1 ? 99 : 100 - doubt;
}

static void
finding_add(struct look *l, enum rule_group group, struct str value, unsigned confidence, bool evidence)
{
	for (size_t i = 0; i < l->count; i++) {
		struct finding *f = &l->found[i];
		if (f->group != group || !str_eq(f->value, value))
			continue;
		/* The same word twice is one sign; another kind of sign counts beside it. */
		f->confidence = evidence                     ? together(f->confidence, confidence)
				: confidence > f->confidence ? confidence
							     : f->confidence;
		return;
	}
	if (l->count < FINDINGS_MAX)
		l->found[l->count++] = (struct finding){ group, value, confidence };
}

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool
word_at(struct str text, size_t at, size_t len)
{
	return (at == 0 || !is_word(text.ptr[at - 1])) && (at + len >= text.len || !is_word(text.ptr[at + len]));
}

/* "Debian $1" with the first group. */
static struct str
value_of(struct look *l, const struct rule *rule, const struct str groups[REGEX_GROUPS])
{
	ptrdiff_t at = str_find(rule->value, STR("$1"));

	if (at < 0 || !groups[1].ptr)
		return rule->value;
	return arena_printf(l->a, "%.*s%.*s%.*s", (int)at, rule->value.ptr, STR_ARG(str_head(groups[1], 64)),
			    STR_ARG(str_skip(rule->value, (size_t)at + 2)));
}

static void
on_literal(void *user, uint32_t number, size_t at)
{
	struct look *l = user;
	const struct rule *rule = &l->r->rules.items[number];
	struct str groups[REGEX_GROUPS];

	if (!(rule->where & l->where) || l->tried[number] == l->number)
		return;
	if (rule->how == HOW_REGEX) {
		l->tried[number] = l->number;
		if (regex_match(rule->regex, l->text, groups))
			finding_add(l, rule->group, value_of(l, rule, groups), rule->confidence, false);
		return;
	}
	if ((rule->how == HOW_WORD && !word_at(l->text, at, rule->pattern.len)) || (rule->how == HOW_STARTS && at > 0))
		return;
	/* The filter compares the first LITERAL_MAX bytes. */
	if (rule->pattern.len > LITERAL_MAX &&
	    (l->text.len - at < rule->pattern.len ||
	     !str_eq_nocase(str_sub(l->text.ptr + at, rule->pattern.len), rule->pattern)))
		return;
	l->tried[number] = l->number;
	finding_add(l, rule->group, rule->value, rule->confidence, false);
}

/* A rule whose literal is too short for the filter. */
static void
try_short(struct look *l, uint32_t number)
{
	const struct rule *rule = &l->r->rules.items[number];

	if (!(rule->where & l->where))
		return;
	if (rule->how == HOW_REGEX) {
		on_literal(l, number, 0);
		return;
	}
	char first = (char)(rule->pattern.ptr[0] | 0x20);
	for (size_t at = 0; at + rule->pattern.len <= l->text.len; at++)
		if ((l->text.ptr[at] | 0x20) == first &&
		    str_eq_nocase(str_sub(l->text.ptr + at, rule->pattern.len), rule->pattern))
			on_literal(l, number, at);
}

static void
look_text(struct look *l, unsigned where, struct str text)
{
	l->where = where;
	l->text = str_head(text, TEXT_MAX);
	l->number++;
	filter_scan(l->r->filter, l->text, on_literal, l);
	for (size_t i = 0; where & l->r->always_where && i < l->r->always.count; i++)
		try_short(l, l->r->always.items[i]);
}

static void
look_numbers(struct look *l)
{
	const struct enrich_rules *r = l->r;

	for (uint32_t i = r->port_first[l->b->port]; i < r->port_first[(size_t)l->b->port + 1]; i++) {
		const struct rule *rule = &r->rules.items[r->ports.items[i].rule];
		finding_add(l, rule->group, rule->value, rule->confidence, true);
	}
	if (l->at[FIELD_HTTP_FAVICON_HASH] < 0)
		return;
	int64_t hash = l->b->values[l->at[FIELD_HTTP_FAVICON_HASH]].number;
	for (size_t i = 0; i < r->favicons.count; i++)
		if (r->favicons.items[i].number == hash) {
			const struct rule *rule = &r->rules.items[r->favicons.items[i].rule];
			finding_add(l, rule->group, rule->value, rule->confidence, true);
		}
}

static void
look_present(struct look *l, const struct banner_value *v)
{
	const uint32_t *list = l->r->present[v->field];
	enum field_kind kind = field_table[v->field].kind;

	if (!list ||
	    (kind == FIELD_BOOL ? v->number == 0 : kind != FIELD_NUMBER && kind != FIELD_TIME && v->text.len == 0))
		return;
	for (uint32_t i = 1; i <= list[0]; i++) {
		const struct rule *rule = &l->r->rules.items[list[i]];
		finding_add(l, rule->group, rule->value, rule->confidence, false);
	}
}

/* ---- fingerprints ---- */

static struct str
stated(const struct look *l, enum field f)
{
	return l->at[f] < 0 ? STR_NONE : l->b->values[l->at[f]].text;
}

/* A header's value in the text of an answer, or STR_NONE. */
static struct str
header_of(struct str data, struct str name)
{
	struct str line, key, value;

	while (str_line(&data, &line) && line.len > 0)
		if (str_split(line, ':', &key, &value) && str_eq_nocase(key, name))
			return str_trim(value);
	return STR_NONE;
}

static struct str
first_line(struct str data)
{
	struct str line;

	return str_line(&data, &line) ? str_trim(line) : STR_NONE;
}

/* What recog's databases are asked, by what the text looks like: "SSH-2.0-" and what follows. */
static struct str
ssh_words(struct str data)
{
	struct str line = first_line(data);
	ptrdiff_t at = line.len > 4 ? str_find_char(str_skip(line, 4), '-') : -1;

	return str_starts(line, STR("SSH-")) && at >= 0 ? str_skip(line, 4 + (size_t)at + 1) : STR_NONE;
}

static unsigned
certainty_of(const struct recog_pattern *p, const struct str groups[REGEX_GROUPS], struct str name, struct arena *a)
{
	double certainty = 0.85;
	struct str text = recog_value(p, groups, name, a);

	if (text.len > 0 && !str_to_double(text, &certainty))
		certainty = 0.85;
	return certainty <= 0 ? 0 : certainty >= 1 ? 95 : (unsigned)(certainty * 100);
}

static void
fingerprint_os(struct look *l, const struct recog_pattern *p, const struct str groups[REGEX_GROUPS])
{
	struct str product = recog_value(p, groups, STR("os.product"), l->a);
	struct str version = recog_value(p, groups, STR("os.version"), l->a);
	unsigned sure = certainty_of(p, groups, STR("os.certainty"), l->a);

	if (product.len == 0 || sure == 0)
		return;
	if (version.len > 0 && !str_contains(product, version))
		product = arena_printf(l->a, "%.*s %.*s", STR_ARG(product), STR_ARG(version));
	finding_add(l, GROUP_OS, arena_str(l->a, product), sure, false);
}

static void
ask(struct look *l, const char *database, struct str text)
{
	const struct recog_database *d;
	const struct recog_pattern *p;
	struct str groups[REGEX_GROUPS];

	if (text.len == 0)
		return;
	d = recog_find(&l->r->recog, database);
	p = d ? recog_match(d, text, groups) : NULL;
	if (!p)
		return;
	struct str product = recog_value(p, groups, STR("service.product"), l->a);
	unsigned sure = certainty_of(p, groups, STR("service.certainty"), l->a);
	if (product.len > 0 && sure > l->product_confidence) {
		l->product = arena_str(l->a, product);
		struct str version = recog_value(p, groups, STR("service.version"), l->a);
		l->version = version.len > 0 ? arena_str(l->a, version) : STR_NONE;
		l->product_confidence = sure;
	}
	fingerprint_os(l, p, groups);
	struct str device = recog_value(p, groups, STR("hw.device"), l->a);
	if (device.len > 0 && certainty_of(p, groups, STR("hw.certainty"), l->a) > 0)
		look_text(l, WHERE_DEVICE, arena_str(l->a, device));
}

static void
ask_http(struct look *l, struct str data)
{
	struct str server = stated(l, FIELD_HTTP_SERVER);

	if (server.len == 0)
		server = header_of(data, STR("server"));
	ask(l,
	    str_starts(data, STR("RTSP/"))  ? "rtsp_header.server"
	    : str_starts(data, STR("SIP/")) ? "sip_header.server"
					    : "http_header.server",
	    server);
	ask(l, "http_header.x-powered-by", header_of(data, STR("x-powered-by")));
	ask(l, "http_header.wwwauth", header_of(data, STR("www-authenticate")));
	ask(l, "http_header.cookie", header_of(data, STR("set-cookie")));
	ask(l, "html_title", stated(l, FIELD_TITLE));
}

/* Services that greet: by port or the source's word for it, without the greeting's code. */
static void
ask_greeting(struct look *l, struct str data)
{
	static const struct {
		const char *module, *database, *prefix;
		uint16_t port;
	} rows[] = {
		{ "ftp", "ftp.banner", "220", 21 },      { "smtp", "smtp.banner", "220", 25 },
		{ "smtp", "smtp.banner", "220", 587 },   { "pop3", "pop3.banner", "+OK", 110 },
		{ "imap", "imap4.banner", "* OK", 143 }, { "nntp", "nntp.banner", "200", 119 },
		{ "telnet", "telnet_banners", "", 23 },  { "snmp", "snmp.sys_description", "", 161 },
		{ "mysql", "mysql.banners", "", 3306 },  { "dns", "dns.versionbind", "", 53 },
		{ "ntp", "ntp.readvar", "", 123 },       { "ldap", "ldap.search_result", "", 389 },
	};
	struct str module = stated(l, FIELD_MODULE);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str prefix = str_of(rows[i].prefix);
		bool named = module.len > 0 && str_starts(module, str_of(rows[i].module));
		if (!named && !(module.len == 0 && l->b->port == rows[i].port))
			continue;
		struct str text = prefix.len > 0 ? first_line(data) : str_trim(data);
		if (!str_starts(text, prefix))
			continue;
		text = str_skip(text, prefix.len);
		if (prefix.len > 0 && text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '-'))
			text = str_skip(text, 1);
		ask(l, rows[i].database, text);
		return;
	}
}

static void
look_fingerprints(struct look *l)
{
	struct str data = stated(l, FIELD_DATA);

	ask(l, "ssh.banner", ssh_words(data));
	if (str_starts(data, STR("HTTP/")) || str_starts(data, STR("RTSP/")) || str_starts(data, STR("SIP/")) ||
	    l->at[FIELD_HTTP_SERVER] >= 0 || l->at[FIELD_TITLE] >= 0)
		ask_http(l, data);
	else if (data.len > 0 && !str_starts(data, STR("SSH-")))
		ask_greeting(l, data);
	ask(l, "tls.jarm", stated(l, FIELD_SSL_JARM));
	if (l->b->port == 445 || l->b->port == 139)
		ask(l, "smb.native_os", stated(l, FIELD_OS));
}

/* ---- what is added ---- */

static void
add(struct look *l, size_t *room, enum field f, struct str text, int64_t number, unsigned confidence)
{
	struct banner *b = l->b;

	if (*room == 0 || b->count >= BANNER_VALUES_MAX)
		return;
	(*room)--;
	b->values[b->count++] =
		(struct banner_value){ .field = f, .confidence = (uint8_t)confidence, .text = text, .number = number };
}

static const struct finding *
best_of(const struct look *l, enum rule_group group)
{
	const struct finding *best = NULL;

	for (size_t i = 0; i < l->count; i++)
		if (l->found[i].group == group && (!best || l->found[i].confidence > best->confidence))
			best = &l->found[i];
	return best;
}

/* Windows and another system, both nearly sure, in one answer: something pretends. */
static bool
contradicts(const struct look *l)
{
	bool windows = false, other = false;

	for (size_t i = 0; i < l->count; i++) {
		const struct finding *f = &l->found[i];
		if (f->group != GROUP_OS || f->confidence < 80)
			continue;
		if (str_starts(f->value, STR("Windows")))
			windows = true;
		else
			other = true;
	}
	return windows && other;
}

static void
add_findings(struct look *l, size_t *room)
{
	static const uint8_t many[GROUPS] = {
		[GROUP_CLASS] = FIELD_CLASS, [GROUP_SPECIALTY] = FIELD_SPECIALTY, [GROUP_LEAK] = FIELD_LEAKS
	};

	for (size_t i = 0; i < l->count; i++)
		if (many[l->found[i].group])
			add(l, room, many[l->found[i].group], l->found[i].value, 0, l->found[i].confidence);
	const struct finding *kind = best_of(l, GROUP_KIND), *honeypot = best_of(l, GROUP_HONEYPOT);
	if (kind)
		add(l, room, FIELD_ORG_KIND, kind->value, 0, kind->confidence);
	if (honeypot)
		add(l, room, FIELD_HONEYPOT, STR_NONE, 1, honeypot->confidence);
	else if (contradicts(l))
		add(l, room, FIELD_HONEYPOT, STR_NONE, 1, 55);
}

static void
add_system(struct look *l, size_t *room)
{
	const struct finding *os = best_of(l, GROUP_OS), *product = best_of(l, GROUP_PRODUCT);
	struct str name = stated(l, FIELD_OS);
	unsigned sure = 95;

	if (name.len == 0 && os) {
		name = os->value;
		sure = os->confidence;
		add(l, room, FIELD_OS_INFERRED, name, 0, sure);
	}
	if (name.len > 0) {
		struct str level = support_level(l->r, name, l->b->timestamp);
		if (level.len > 0)
			add(l, room, FIELD_SUPPORT, level, 0, sure);
	}
	if (stated(l, FIELD_PRODUCT).len > 0)
		return;
	if (product && product->confidence > l->product_confidence) {
		add(l, room, FIELD_PRODUCT_INFERRED, product->value, 0, product->confidence);
	} else if (l->product.len > 0) {
		add(l, room, FIELD_PRODUCT_INFERRED, l->product, 0, l->product_confidence);
		if (l->version.len > 0 && stated(l, FIELD_VERSION).len == 0)
			add(l, room, FIELD_VERSION_INFERRED, l->version, 0, l->product_confidence);
	}
}

/* By the CPEs that the source stated, else by the product and version that it stated or that were inferred. */
static void
add_possible(struct look *l, size_t *room)
{
	struct str cpes[8], product = stated(l, FIELD_PRODUCT), version = stated(l, FIELD_VERSION);
	struct possible p;
	size_t n = 0;
	bool inferred = product.len == 0;

	if (!l->r->vuln)
		return;
	for (size_t i = 0; i < l->b->count; i++) {
		const struct banner_value *v = &l->b->values[i];
		if (v->field == FIELD_CPE && n < COUNT(cpes))
			cpes[n++] = v->text;
		else if (inferred && v->field == FIELD_PRODUCT_INFERRED)
			product = v->text;
		else if (inferred && v->field == FIELD_VERSION_INFERRED && version.len == 0)
			version = v->text;
	}
	enrich_vuln_find(l->r->vuln, cpes, n, product, version, &p);
	for (size_t i = 0; i < p.count; i++)
		add(l, room, FIELD_VULN_INFERRED, p.ids[i], 0, inferred && n == 0 ? p.confidence / 2 : p.confidence);
}

static void
add_tls(struct look *l, size_t *room)
{
	bool seen = l->at[FIELD_SSL_VERSION] >= 0 || l->at[FIELD_SSL_CIPHER_NAME] >= 0 ||
		    l->at[FIELD_SSL_CERT_SUBJECT_CN] >= 0;

	if (l->at[FIELD_TLS] < 0 && seen)
		add(l, room, FIELD_TLS, STR_NONE, 1, 95);
	if (l->at[FIELD_SSL_CERT_EXPIRED] < 0 && l->at[FIELD_SSL_CERT_EXPIRES] >= 0)
		add(l, room, FIELD_SSL_CERT_EXPIRED, STR_NONE,
		    l->b->values[l->at[FIELD_SSL_CERT_EXPIRES]].number < l->b->timestamp, 99);
}

static void
add_place(struct look *l, size_t *room)
{
	struct str country = STR_NONE, asn = STR_NONE;

	if (!l->r->geo || (l->at[FIELD_COUNTRY] >= 0 && l->at[FIELD_ASN] >= 0))
		return;
	geo_find(l->r->geo, l->b->ip, l->a, &country, &asn);
	if (country.len > 0 && l->at[FIELD_COUNTRY] < 0)
		add(l, room, FIELD_COUNTRY_INFERRED, country, 0, 90);
	if (asn.len > 0 && l->at[FIELD_ASN] < 0)
		add(l, room, FIELD_ASN_INFERRED, asn, 0, 95);
}

void
enrich_banner(const struct enrich_rules *r, struct arena *a, struct banner *b)
{
	struct look l = { .r = r, .a = a, .b = b };
	size_t room = FINDINGS_MAX + 16 + POSSIBLE_MAX;
	/* Values are the importer's memory: a longer list is the arena's. */
	struct banner_value *values = arena_alloc(a, b->count + room, sizeof(*values));

	if (b->count > 0)
		memcpy(values, b->values, b->count * sizeof(*values));
	b->values = values;
	memset(l.at, 0xff, sizeof(l.at));
	l.tried = arena_alloc(a, r->rules.count + 1, sizeof(*l.tried));
	for (size_t i = 0; i < b->count; i++)
		l.at[b->values[i].field] = (int32_t)i;
	for (size_t i = 0; i < b->count; i++) {
		unsigned where = where_of(b->values[i].field);
		look_present(&l, &b->values[i]);
		if (where && b->values[i].text.len > 0)
			look_text(&l, where, b->values[i].text);
	}
	if (r->recog.patterns > 0)
		look_fingerprints(&l);
	look_numbers(&l);
	add_findings(&l, &room);
	add_system(&l, &room);
	add_possible(&l, &room);
	add_tls(&l, &room);
	add_place(&l, &room);
}
