/* What the versions that others saw mean: known vulnerabilities by the advisory index, and products that get no updates any more. */
#include "surface/risk-internal.h"

#include "base/time.h"
#include "vuln/cpe.h"
#include "vuln/software.h"

enum { PRODUCTS_MAX = 16, TOLD_MAX = 8, EXPLOITED_MAX = 20 };

static const struct risk_rule exploited = { "known-exploited", RISK_CRITICAL, ADVICE_PATCH,
					    "What was seen there has a vulnerability that is known to be exploited.",
					    "Patch it now, or take it off the net until it is patched." };
static const struct risk_rule vulnerable = {
	"vulnerable-version", RISK_HIGH, ADVICE_PATCH, "The version that was seen there has known vulnerabilities.",
	"Patch it; see first whether the system's maker has fixed it without changing the number."
};
static const struct risk_rule unsupported = { "unsupported", RISK_HIGH, ADVICE_REMOVE,
					      "What was seen there gets no security updates any more.",
					      "Replace it, or take it off the net." };

/* A product that a source tells of a service. */
struct told {
	struct str name, version, cpe;
	const struct edge *e;
};

/* ---- support ---- */

/* Up to this version, and after that day: from the makers' own pages about support; compared with endoflife.date where it has them
 * (all but IIS, Samba, NetScaler and Connect Secure). */
static const struct {
	const char *words; /* in product or CPE */
	unsigned major, minor;
	const char *until;
} support[] = {
	{ "apache httpd|http_server|apache http", 2, 2, "2017-07-11" },
	{ "microsoft iis|internet_information", 6, 0, "2015-07-14" },
	{ "microsoft iis|internet_information", 7, 5, "2020-01-14" },
	{ "microsoft iis|internet_information", 8, 5, "2023-10-10" },
	{ "mysql", 5, 5, "2018-12-31" },
	{ "mysql", 5, 7, "2023-10-31" },
	{ "mysql", 8, 0, "2026-04-30" },
	{ "mongodb", 4, 4, "2024-02-29" },
	{ "mongodb", 5, 0, "2024-10-31" },
	{ "mongodb", 6, 0, "2025-07-31" },
	{ "postgresql", 12, 99, "2024-11-21" },
	{ "postgresql", 13, 99, "2025-11-13" },
	{ "elastic", 6, 8, "2022-02-10" },
	{ "elastic", 7, 17, "2026-01-15" },
	{ "samba", 3, 6, "2015-03-04" },
	{ "php", 7, 4, "2022-11-28" },
	{ "php", 8, 0, "2023-11-26" },
	{ "php", 8, 1, "2025-12-31" },
	{ "tomcat", 7, 0, "2021-03-31" },
	{ "tomcat", 8, 5, "2024-03-31" },
	{ "fortigate|fortios", 6, 4, "2024-09-30" },
	{ "fortigate|fortios", 7, 0, "2025-09-30" },
	{ "netscaler|citrix adc|application_delivery_controller", 12, 1, "2023-05-30" },
	{ "netscaler|citrix adc|application_delivery_controller", 13, 0, "2024-07-15" },
	{ "connect secure|connect_secure|pulse secure", 9, 1, "2024-12-31" },
	{ "exchange_server|microsoft exchange", 14, 3, "2020-10-13" },
	{ "exchange_server|microsoft exchange", 15, 1, "2025-10-14" },
	{ "openssl", 1, 1, "2023-09-11" },
};

/* Systems name themselves without a number that could be compared. */
static const struct {
	const char *words, *until;
} systems[] = {
	{ "windows 2000|windows xp|windows server 2003", "2015-07-14" },
	{ "windows 7|windows vista|windows server 2008", "2020-01-14" },
	{ "windows 8|windows server 2012", "2023-10-10" },
	{ "windows 10", "2025-10-14" },
	{ "centos 5|centos 6|centos linux 6|el6", "2020-11-30" },
	{ "centos 7|centos linux 7|centos 8|centos linux 8", "2024-06-30" },
	{ "debian 8|debian 9|debian 10|ubuntu 12.04|ubuntu 14.04|ubuntu 16.04|ubuntu 18.04", "2024-06-30" },
	{ "ubuntu 20.04", "2025-05-31" },
	{ "debian 11", "2026-08-31" },
};

static bool
numbers(struct str version, unsigned *major, unsigned *minor)
{
	size_t i = 0;
	unsigned *into[] = { major, minor };
	*major = *minor = 0;
	for (size_t k = 0; k < COUNT(into); k++) {
		size_t begin = i;
		for (; i < version.len && version.ptr[i] >= '0' && version.ptr[i] <= '9' && i - begin < 6; i++)
			*into[k] = *into[k] * 10 + (unsigned)(version.ptr[i] - '0');
		if (i == begin)
			return k > 0;
		if (i < version.len && version.ptr[i] == '.')
			i++;
		else
			break;
	}
	return true;
}

static bool
over(const struct risk_search *s, const char *until)
{
	int64_t at;
	return time_parse(str_of(until), &at) && at < s->o->now;
}

static struct str
label_of(struct arena *a, const struct told *t)
{
	return arena_line(a, arena_printf(a, "%.*s %.*s", STR_ARG(t->name), STR_ARG(t->version)), FACT_TEXT_MAX);
}

static void
supported(struct risk_search *s, const struct node *service, const struct told *t)
{
	unsigned major, minor;
	if (!numbers(t->version, &major, &minor))
		return;
	for (size_t i = 0; i < COUNT(support); i++) {
		bool old = major < support[i].major || (major == support[i].major && minor <= support[i].minor);
		bool is = risk_word_begins(t->name, support[i].words) || risk_word_begins(t->cpe, support[i].words);
		if (is && old && over(s, support[i].until)) {
			(void)risk_add(s, &unsupported, service, t->e, str_trim(label_of(s->out->arena, t)));
			return;
		}
	}
}

static void
systems_seen(struct risk_search *s, const struct node *service)
{
	static const enum fact_kind kinds[] = { FACT_SERVICE_BANNER, FACT_SERVICE_PRODUCT, FACT_SERVICE_TITLE };
	const struct edge *e;
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (size_t i = 0; (e = graph_out(s->g, service, kinds[k], &i));)
			for (size_t m = 0; m < COUNT(systems); m++)
				if (risk_word_begins(e->text, systems[m].words) && over(s, systems[m].until)) {
					(void)risk_add(s, &unsupported, service, e,
						       arena_line(s->out->arena, e->text, FACT_TEXT_MAX));
					return;
				}
}

/* ---- vulnerabilities ---- */

/* What scanners call a product, where the table of inventories does not have it under that name. */
static const struct {
	const char *words, *cpe;
} scanners[] = {
	{ "apache httpd", "apache:http_server" },
	{ "apache tomcat", "apache:tomcat" },
	{ "nginx", "f5:nginx" },
	{ "microsoft iis", "microsoft:internet_information_services" },
	{ "openssh", "openbsd:openssh" },
	{ "mysql", "oracle:mysql" },
	{ "mariadb", "mariadb:mariadb" },
	{ "postgresql", "postgresql:postgresql" },
	{ "mongodb", "mongodb:mongodb" },
	{ "redis", "redis:redis" },
	{ "elastic", "elastic:elasticsearch" },
	{ "samba", "samba:samba" },
	{ "proftpd", "proftpd:proftpd" },
	{ "vsftpd", "vsftpd_project:vsftpd" },
	{ "exim", "exim:exim" },
	{ "orthanc", "orthanc-server:orthanc" },
	{ "fortigate|fortios", "fortinet:fortios" },
	{ "connect secure", "ivanti:connect_secure" },
	{ "netscaler gateway", "citrix:netscaler_gateway" },
	{ "netscaler adc|citrix adc", "citrix:netscaler_application_delivery_controller" },
	{ "pan-os|globalprotect", "paloaltonetworks:pan-os" },
	{ "cisco asa|adaptive security", "cisco:adaptive_security_appliance_software" },
	{ "big-ip", "f5:big-ip_access_policy_manager" },
};

static struct software
software_of(struct arena *a, const struct told *t)
{
	struct software out = { .name = t->name, .version = t->version, .cpe = t->cpe };
	for (size_t i = 0; !out.cpe.len && i < COUNT(scanners); i++)
		if (risk_word_begins(t->name, scanners[i].words))
			out.cpe = arena_printf(a, "cpe:2.3:a:%s:*:*:*:*:*:*:*:*", scanners[i].cpe);
	return out;
}

static bool
told_already(const struct risk_search *s, const struct node *service, struct str id)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(s->g, service, FACT_SERVICE_VULNERABILITY, &i));)
		if (str_eq(e->text, id))
			return true;
	return false;
}

/* The worst first. */
static int
by_score(const void *x, const void *y)
{
	const struct vulnerability *a = &((const struct software_finding *)x)->finding.vulnerability,
				   *b = &((const struct software_finding *)y)->finding.vulnerability;
	if (a->kev != b->kev)
		return a->kev ? -1 : 1;
	if (a->cvss > b->cvss || a->cvss < b->cvss)
		return a->cvss > b->cvss ? -1 : 1;
	return str_cmp(b->id, a->id);
}

static void
findings_tell(struct risk_search *s, const struct node *service, const struct told *t, struct software_result *r)
{
	BUF_AUTO list = { 0 };
	size_t others = 0, known = 0;
	if (r->count > 1)
		qsort(r->findings, r->count, sizeof(*r->findings), by_score);
	for (size_t i = 0; i < r->count; i++) {
		const struct vulnerability *v = &r->findings[i].finding.vulnerability;
		if (told_already(s, service, v->id))
			continue;
		if (v->kev && known++ < EXPLOITED_MAX) {
			struct risk *k = risk_add(s, &exploited, service, t->e, v->id);
			if (k)
				k->more = label_of(s->out->arena, t);
			continue;
		}
		if (others++ < TOLD_MAX)
			buf_addf(&list, "%s%.*s", list.len ? ", " : "", STR_ARG(v->id));
	}
	if (!others)
		return;
	if (others > TOLD_MAX)
		buf_addf(&list, " … (%zu)", others);
	struct risk *k = risk_add(s, &vulnerable, service, t->e, str_trim(label_of(s->out->arena, t)));
	if (k)
		k->more = arena_str(s->out->arena, buf_str(&list));
}

static void
vulnerabilities(struct risk_search *s, const struct node *service, const struct told *t)
{
	ARENA_AUTO a = { 0 };
	struct software one = software_of(&a, t);
	struct software_result r;
	struct err e = { 0 };
	/* An index that is damaged says nothing here; `mamori feed` tells of it. */
	if (s->o->index && t->version.len && software_match(s->o->index, &one, 1, s->o->now, &a, &r, &e))
		findings_tell(s, service, t, &r);
}

/* ---- what was seen ---- */

static size_t
told_of(const struct graph *g, const struct node *service, struct arena *a, struct told out[PRODUCTS_MAX])
{
	size_t count = 0;
	const struct edge *e;
	for (size_t i = 0; count < PRODUCTS_MAX && (e = graph_out(g, service, FACT_SERVICE_CPE, &i));) {
		struct cpe c;
		if (!cpe_parse(e->text, a, &c) || !c.version.len)
			continue;
		out[count++] = (struct told){ .name = c.product, .version = c.version, .cpe = e->text, .e = e };
	}
	for (size_t i = 0, known = count;
	     count < PRODUCTS_MAX && (e = graph_out(g, service, FACT_SERVICE_PRODUCT, &i));) {
		struct told t = { .e = e };
		bool again = false;
		if (!str_split(e->text, '\t', &t.name, &t.version) || !t.version.len)
			continue;
		/* A source that tells the CPE tells the product, too: once is enough, in the words that people know. */
		for (size_t k = 0; k < known; k++)
			if (str_eq(out[k].version, t.version)) {
				out[k].name = t.name;
				again = true;
			}
		if (!again)
			out[count++] = t;
	}
	return count;
}

void
risk_versions(struct risk_search *s, const struct node *service)
{
	ARENA_AUTO a = { 0 };
	struct told list[PRODUCTS_MAX];
	size_t count = told_of(s->g, service, &a, list);
	for (size_t i = 0; i < count; i++) {
		vulnerabilities(s, service, &list[i]);
		supported(s, service, &list[i]);
	}
	systems_seen(s, service);
}
