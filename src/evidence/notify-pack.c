/* Gathering what each organisation is told (evidence/notify-pack.h). Of a banner only what names machines and programs is
 * taken: no text, no title, no contact, no name of a share, a user or a certificate's owner. */
#include "evidence/notify-pack.h"

#include "base/csv.h"
#include "base/json.h"
#include "base/time.h"
#include "evidence/exposure-study.h"

#include <arpa/inet.h>

static const struct banner_value *
value_of(const struct banner *b, enum field f)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == f)
			return &b->values[i];
	return NULL;
}

static struct str
text_of(const struct banner *b, enum field f)
{
	const struct banner_value *v = value_of(b, f);

	return v ? v->text : STR("");
}

static struct str
address_of(struct arena *a, const unsigned char ip[16])
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char text[INET6_ADDRSTRLEN] = "";
	bool four = memcmp(ip, mapped, sizeof(mapped)) == 0;

	(void)inet_ntop(four ? AF_INET : AF_INET6, four ? ip + 12 : ip, text, sizeof(text));
	return arena_str(a, str_of(text));
}

/* Fit to be shown: what the rules of redaction know is out of it. */
static struct str
shown(struct packs *p, struct arena *a, struct str text, size_t max)
{
	struct str clean = report_clean(a, text, max);

	(void)redact_text(p->redact, a, clean, &clean);
	return clean;
}

/* All values of a field, with the confidence of what was inferred. */
static struct str
joined(struct packs *p, struct arena *a, const struct banner *b, enum field f, bool sure)
{
	BUF_AUTO out = { 0 };

	for (size_t i = 0; i < b->count && out.len < 1000; i++) {
		const struct banner_value *v = &b->values[i];
		if (v->field != f)
			continue;
		buf_addf(&out, "%s%.*s", out.len > 0 ? ", " : "", STR_ARG(shown(p, a, v->text, 200)));
		if (sure && v->confidence > 0)
			buf_addf(&out, " (%u%%)", v->confidence);
	}
	return arena_str(a, buf_str(&out));
}

static struct str
either(struct packs *p, struct arena *a, const struct banner *b, enum field f, bool sure)
{
	struct str stated = joined(p, a, b, f, false);

	return stated.len > 0 ? stated : joined(p, a, b, field_inferred(f), sure);
}

/* ---- whose it is ---- */

/* The organisation of an address is often its provider. A name that says medicine or learning is the owner's own. */
static bool
names_itself(struct str org)
{
	static const char *const words[] = { "hospital", "clinic",     "klinik",    "krankenhaus", "medical", "health",
					     "hôpital",  "ospedale",   "universit", "college",     "病院",    "医院",
					     "医療",     "クリニック", "診療所",    "大学",        "医師会" };
	ARENA_AUTO a = { 0 };
	char *lower = arena_cstr(&a, org);

	for (char *c = lower; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_contains(str_of(lower), str_of(words[i])))
			return true;
	return false;
}

static bool
is_kind(const struct banner *b, const char *one, const char *other)
{
	struct str kind = text_of(b, FIELD_ORG_KIND);

	return str_eq(kind, str_of(one)) || str_eq(kind, str_of(other));
}

static struct str
owner_of(struct packs *p, struct arena *a, const struct banner *b, bool *provider)
{
	struct str org = shown(p, a, text_of(b, FIELD_ORG), 120), domain = shown(p, a, text_of(b, FIELD_DOMAIN), 120);

	*provider = is_kind(b, "isp", "hosting");
	if (org.len > 0 && names_itself(org)) {
		*provider = false;
		return org;
	}
	/* A hospital at a provider's address is known by its own domain. */
	if (domain.len > 0 && (org.len == 0 || is_kind(b, "hospital", "clinic"))) {
		*provider = false;
		return domain;
	}
	if (org.len > 0)
		return org;
	*provider = true;
	struct str as = either(p, a, b, FIELD_ASN, false);
	return as.len > 0 ? as : address_of(a, b->ip);
}

/* ---- how to reach it ---- */

/* Addresses of roles only (RFC 2142 and custom): others name a person. */
static bool
is_role(struct str mail)
{
	static const char *const roles[] = { "security",  "abuse",      "cert",      "csirt",   "psirt",
					     "soc",       "noc",        "info",      "contact", "support",
					     "webmaster", "hostmaster", "postmaster" };
	struct str user, rest;

	if (!str_split(mail, '@', &user, &rest))
		return false;
	for (size_t i = 0; i < COUNT(roles); i++)
		if (str_eq_nocase(user, str_of(roles[i])))
			return true;
	return false;
}

static void
add_contact(struct packs *p, struct pack *k, struct str contact)
{
	contact = report_clean(p->a, contact, 200);
	for (size_t i = 0; i < k->contact_count; i++)
		if (str_eq(k->contacts[i], contact))
			return;
	if (k->contact_count < PACK_CONTACTS && contact.len > 0)
		k->contacts[k->contact_count++] = contact;
}

/* The Contact lines of a security.txt (RFC 9116) that the source kept. */
static void
read_contacts(struct packs *p, struct pack *k, struct str record)
{
	ARENA_AUTO a = { 0 };
	const struct json_limits limits = { .values = 20000 };
	struct json *j;
	struct err ignored = { 0 };
	struct str line, text;

	if (str_find(record, STR("\"securitytxt\"")) < 0 || !json_parse(&a, record, &limits, &j, &ignored))
		return;
	text = json_get_str(json_get(j, "http"), "securitytxt");
	while (str_line(&text, &line)) {
		struct str name, value;
		if (!str_split(line, ':', &name, &value) || !str_eq_nocase(str_trim(name), STR("contact")))
			continue;
		value = str_trim(value);
		if (str_starts(value, STR("mailto:")))
			value = str_skip(value, 7);
		if (is_role(value) || str_starts(value, STR("https://")))
			add_contact(p, k, value);
	}
}

/* ---- one banner ---- */

static const char *const transports[] = { "tcp", "udp", "sctp", "other" };

static struct str
csv_row(struct packs *p, struct arena *a, const struct banner *b)
{
	char when[TIME_RFC3339_MAX];
	const struct banner_value *tls = value_of(b, FIELD_TLS), *expires = value_of(b, FIELD_SSL_CERT_EXPIRES);
	const struct str cells[] = {
		address_of(a, b->ip),
		arena_printf(a, "%u", b->port),
		str_of(transports[b->transport & 3]),
		arena_str(a, str_of(time_rfc3339(b->timestamp, when))),
		joined(p, a, b, FIELD_HOSTNAME, false),
		either(p, a, b, FIELD_PRODUCT, true),
		either(p, a, b, FIELD_VERSION, true),
		either(p, a, b, FIELD_OS, true),
		joined(p, a, b, FIELD_SUPPORT, false),
		str_of(tls && tls->number ? "true" : "false"),
		expires ? arena_str(a, str_of(time_rfc3339(expires->number, when))) : STR(""),
		joined(p, a, b, FIELD_CLASS, true),
		joined(p, a, b, FIELD_LEAKS, true),
		joined(p, a, b, FIELD_VULN, false),
		joined(p, a, b, FIELD_VULN_INFERRED, true),
		joined(p, a, b, FIELD_SOURCE, false),
	};

	BUF_AUTO line = { 0 };
	for (size_t i = 0; i < COUNT(cells); i++)
		csv_add(&line, cells[i], i + 1 == COUNT(cells));
	return arena_str(p->a, buf_str(&line));
}

static void
tally(struct packs *p, struct table *t, const struct banner *b, enum field f)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->values[i].field != f)
			continue;
		void **n = table_get(t, b->values[i].text) ? table_put(t, b->values[i].text, NULL)
							   : table_put(t, arena_str(p->a, b->values[i].text), NULL);
		*n = (void *)((uintptr_t)*n + 1);
	}
}

static void
list_row(struct packs *p, struct pack *k, const struct banner *b)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO what = { 0 };
	const struct banner_value *tls = value_of(b, FIELD_TLS);

	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == FIELD_CLASS)
			buf_addf(&what, "%s%.*s", what.len > 0 ? ", " : "", STR_ARG(b->values[i].text));
	struct str version = either(p, &a, b, FIELD_VERSION, false);
	struct pack_row *row = ARRAY_PUSH(p->a, &k->rows);
	*row = (struct pack_row){
		.number = b->port,
		.when = b->timestamp,
		.address = address_of(p->a, b->ip),
		.port = arena_printf(p->a, "%u/%s", b->port, transports[b->transport & 3]),
		.product = str_trim(arena_printf(p->a, "%.*s %.*s", STR_ARG(either(p, &a, b, FIELD_PRODUCT, false)),
						 STR_ARG(version))),
		.what = arena_str(p->a, buf_str(&what)),
		.support = arena_str(p->a, text_of(b, FIELD_SUPPORT)),
		.country = arena_str(p->a, either(p, &a, b, FIELD_COUNTRY, false)),
		.domain = arena_str(p->a, shown(p, &a, text_of(b, FIELD_DOMAIN), 120)),
		.tls = tls && tls->number,
		.csv = csv_row(p, &a, b),
	};
	memcpy(row->ip, b->ip, sizeof(row->ip));
}

static struct pack *
pack_find(struct packs *p, const struct banner *b, bool *provider)
{
	ARENA_AUTO a = { 0 };
	struct str name = owner_of(p, &a, b, provider);
	struct pack *k = table_get(&p->by_name, name);

	if (k)
		return k;
	k = ARENA_NEW(p->a, struct pack);
	k->name = arena_str(p->a, name);
	k->country = k->domain = STR("");
	k->first = INT64_MAX;
	*table_put(&p->by_name, k->name, NULL) = k;
	*ARRAY_PUSH(p->a, &p->list) = k;
	return k;
}

bool
pack_banner(void *user, const struct banner *b, struct err *e)
{
	struct packs *p = user;
	bool provider;
	const struct banner_value *tls = value_of(b, FIELD_TLS);
	struct str support = text_of(b, FIELD_SUPPORT), records = b->raw, record;

	if (++p->banners > PACK_BANNERS_MAX)
		return err_set(e, ERR_TOO_LARGE,
			       "more than %d banners are to be told of; narrow them with --country or --query",
			       PACK_BANNERS_MAX);
	struct pack *k = pack_find(p, b, &provider);
	k->banners++;
	k->providers += provider;
	k->plain += !(tls && tls->number);
	k->ended += str_eq(support, STR("ended"));
	k->extended += str_eq(support, STR("extended"));
	k->first = b->timestamp < k->first ? b->timestamp : k->first;
	k->last = b->timestamp > k->last ? b->timestamp : k->last;
	tally(p, &k->classes, b, FIELD_CLASS);
	tally(p, &k->leaks, b, FIELD_LEAKS);
	list_row(p, k, b);
	while (str_cut(&records, BANNER_RAW_JOINT, &record))
		read_contacts(p, k, record);
	return true;
}

/* ---- when all are there ---- */

static int
by_place(const void *x, const void *y)
{
	const struct pack_row *a = x, *b = y;
	int d = memcmp(a->ip, b->ip, sizeof(a->ip));

	d = d ? d : (a->number > b->number) - (a->number < b->number);
	d = d ? d : (a->when > b->when) - (a->when < b->when);
	return d ? d : str_cmp(a->csv, b->csv);
}

static int
by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

void
pack_settle(struct pack *p)
{
	if (p->rows.count > 0)
		qsort(p->rows.items, p->rows.count, sizeof(*p->rows.items), by_place);
	if (p->contact_count > 0)
		qsort(p->contacts, p->contact_count, sizeof(*p->contacts), by_text);
	p->provider = 2 * p->providers > p->banners;
	for (size_t i = 0; i < p->rows.count; i++) {
		p->country = p->country.len > 0 ? p->country : p->rows.items[i].country;
		p->domain = p->domain.len > 0 || p->provider ? p->domain : p->rows.items[i].domain;
	}
}

void
pack_csv(const struct pack *p, struct buf *out)
{
	static const char *const names[] = { "ip",
					     "port",
					     "transport",
					     "timestamp",
					     "hostnames",
					     "product",
					     "version",
					     "os",
					     "support",
					     "tls",
					     "certificate_expires",
					     "class",
					     "leaks",
					     "vulnerabilities",
					     "vulnerabilities_possible",
					     "source" };

	for (size_t i = 0; i < COUNT(names); i++)
		csv_add(out, str_of(names[i]), i + 1 == COUNT(names));
	for (size_t i = 0; i < p->rows.count; i++)
		buf_add(out, p->rows.items[i].csv);
}

void
pack_free(struct packs *p)
{
	for (size_t i = 0; i < p->list.count; i++) {
		table_free(&p->list.items[i]->classes);
		table_free(&p->list.items[i]->leaks);
	}
	table_free(&p->by_name);
	redact_close(p->redact);
}
