/* VPN and remote gateways: told by what they say of themselves, by the certificate that a maker puts into each box, or by a port
 * that nothing else has; and which maker, model and version that is. */
#include "surface/risk-internal.h"

#include "vuln/cpe.h"

static const struct risk_rule gateway = {
	"vpn-gateway", RISK_MEDIUM, ADVICE_ASSESS,
	"A VPN or remote gateway: the door that attackers used most in hospitals.",
	"Check maker, model and firmware against the ledger and the maker's notices; patch within days; a second "
	"factor for everybody."
};
static const struct risk_rule named = {
	"vpn-name", RISK_INFO, ADVICE_ASSESS,
	"The name says that a VPN or remote gateway is here, and nobody has seen what it is.",
	"See whether the ledger has it; if nobody needs it, delete the name and take the box off the net."
};

static const struct {
	const char *maker; /* NULL: not said */
	const char *words; /* each at the begin of a word */
} makers[] = {
	{ "Fortinet", "fortigate|fortinet|fortios|fortissl|fortiproxy|forticlient" },
	{ "Ivanti", "pulse secure|pulse connect|ivanti|connect secure|connect_secure|pulse_connect" },
	{ "Citrix", "netscaler|citrix gateway|citrix adc|citrix application delivery|application_delivery_controller" },
	{ "SonicWall", "sonicwall|sonicos|sma 100|sma 200|sma 210|sma 400|sma 410|sma 500v|sma_2|sma_4|sma_1" },
	{ "Palo Alto Networks", "globalprotect|palo alto|paloaltonetworks|pan-os" },
	{ "Cisco",
	  "anyconnect|cisco asa|adaptive security|adaptive_security|webvpn|cisco ssl vpn|cisco secure firewall" },
	{ "F5", "big-ip|f5 networks|f5 big" },
	{ "Check Point", "check point|checkpoint" },
	{ "Zyxel", "zyxel|zywall" },
	{ "DrayTek", "draytek|vigor" },
	{ "WatchGuard", "watchguard|firebox" },
	{ "Sophos", "sophos|cyberoam" },
	{ "Array Networks", "array networks|arrayos|array ag" },
	{ "Yamaha", "yamaha rtx|rtx1|rtx8|nvr5|nvr7" },
	{ "IIJ", "seil/|seil x|seil b" },
	{ "Juniper", "junos pulse|juniper srx|netscreen" },
	{ "SoftEther", "softether|packetix" },
	{ "OpenVPN", "openvpn" },
	{ "Microsoft", "remote desktop gateway|rd gateway|rd web access|sstp" },
	{ NULL, "vpn|ssl-vpn|sslvpn|isakmp|ipsec|ike|ikev2|l2tp|pptp|wireguard" },
};

/* Where nothing but such a door listens. */
static const char ports[] = "|500/udp|4500/udp|1701/udp|1194/udp|1723/tcp|51820/udp|";

static const enum fact_kind kinds[] = { FACT_SERVICE_PRODUCT, FACT_SERVICE_CPE, FACT_SERVICE_TITLE, FACT_SERVICE_BANNER,
					FACT_SERVICE };

struct sight {
	const char *maker;
	const struct edge *e; /* the fact that tells it */
	bool certificate;
};

static bool
by_certificate(const struct graph *g, const struct node *service, const char *words, struct sight *out)
{
	static const enum fact_kind told[] = { FACT_CERTIFICATE_ORGANISATION, FACT_CERTIFICATE_ISSUER };
	const struct edge *shown, *e;
	for (size_t i = 0; (shown = graph_out(g, service, FACT_SERVICE_CERTIFICATE, &i));)
		for (size_t k = 0; k < COUNT(told); k++)
			for (size_t j = 0; (e = graph_out(g, graph_at(g, shown->to), told[k], &j));) {
				struct str text = e->to == GRAPH_NONE ? e->text : graph_at(g, e->to)->name;
				if (risk_word_begins(text, words)) {
					out->e = shown;
					out->certificate = true;
					return true;
				}
			}
	return false;
}

static bool
sight_of(const struct graph *g, const struct node *service, struct sight *out)
{
	const struct edge *e;
	for (size_t m = 0; m < COUNT(makers); m++) {
		out->maker = makers[m].maker;
		for (size_t k = 0; k < COUNT(kinds); k++)
			for (size_t i = 0; (e = graph_out(g, service, kinds[k], &i));)
				if (risk_word_begins(e->text, makers[m].words)) {
					out->e = e;
					return true;
				}
		if (makers[m].maker && by_certificate(g, service, makers[m].words, out))
			return true;
	}
	struct str address, port;
	size_t i = 0;
	BUF_AUTO wanted = { 0 };
	if (!str_split(service->name, ' ', &address, &port))
		return false;
	buf_addf(&wanted, "|%.*s|", STR_ARG(port));
	out->maker = NULL;
	out->e = graph_out(g, service, FACT_SERVICE, &i);
	return str_contains(str_of(ports), buf_str(&wanted));
}

/* The product of several that sources tell: the one that said it, or that stands in what said it ("Server: SonicWall SMA 200"). */
static const struct edge *
product_of(const struct graph *g, const struct node *service, const struct sight *s)
{
	const struct edge *e, *only = NULL;
	size_t count = 0;
	for (size_t i = 0; (e = graph_out(g, service, FACT_SERVICE_PRODUCT, &i)); count++) {
		struct str name = e->text, version;
		(void)str_split(e->text, '\t', &name, &version);
		if (e == s->e || (name.len > 2 && s->e->kind != FACT_SERVICE && str_contains(s->e->text, name)))
			return e;
		only = e;
	}
	return count == 1 && (s->certificate || s->e->kind == FACT_SERVICE_TITLE || s->e->kind == FACT_SERVICE_CPE)
		       ? only
		       : NULL;
}

/* "cpe:2.3:a:sonicwall:sma_200_firmware:10.2.0.2:…", "cpe:/o:fortinet:fortios:6.0.4" */
static void
from_cpe(struct arena *a, struct str text, struct risk *out)
{
	struct cpe c;
	if (!cpe_parse(text, a, &c))
		return;
	char *model = arena_cstr(a, c.product);
	for (char *p = model; *p; p++)
		*p = (char)(*p == '_' ? ' ' : *p);
	out->model = str_of(model);
	out->version = c.version;
}

static void
identify(const struct graph *g, struct arena *a, const struct node *service, const struct sight *s, struct risk *out)
{
	const struct edge *product = product_of(g, service, s), *e;
	struct str name, version = STR_NONE;
	out->maker = s->maker ? str_of(s->maker) : STR_NONE;
	if (product) {
		name = product->text;
		(void)str_split(product->text, '\t', &name, &version);
		out->model = arena_str(a, str_trim(name));
		out->version = arena_str(a, str_trim(version));
	}
	for (size_t i = 0; s->maker && (e = graph_out(g, service, FACT_SERVICE_CPE, &i));) {
		struct risk told = { 0 };
		for (size_t m = 0; m < COUNT(makers); m++)
			if (makers[m].maker == s->maker && risk_word_begins(e->text, makers[m].words))
				from_cpe(a, e->text, &told);
		out->model = out->model.len ? out->model : told.model;
		out->version = out->version.len ? out->version : told.version;
	}
	if (!out->model.len && !out->maker.len && s->e->kind == FACT_SERVICE_TITLE)
		out->model = arena_str(a, s->e->text);
}

/* "Fortinet FortiGate-60F 7.4.3": what is not told is left out, and the maker is not said twice. */
static struct str
words_of(struct arena *a, const struct risk *r)
{
	BUF_AUTO text = { 0 };
	bool twice = r->maker.len && str_eq_nocase(str_head(r->model, r->maker.len), r->maker);
	const struct str parts[] = { twice ? STR_NONE : r->maker, r->model, r->version };
	for (size_t i = 0; i < COUNT(parts); i++)
		if (parts[i].len)
			buf_addf(&text, "%s%.*s", text.len ? " " : "", STR_ARG(parts[i]));
	return arena_line(a, buf_str(&text), FACT_TEXT_MAX);
}

bool
risk_gateway(struct risk_search *s, const struct node *service)
{
	struct sight sight = { 0 };
	struct risk found = { 0 };
	if (!sight_of(s->g, service, &sight))
		return false;
	identify(s->g, s->out->arena, service, &sight, &found);
	struct risk *r = risk_add(s, &gateway, service, sight.e, words_of(s->out->arena, &found));
	if (r) {
		r->maker = found.maker;
		r->model = found.model;
		r->version = found.version;
	}
	return true;
}

/* ---- by name alone ---- */

static bool
gateway_label(struct str name, struct str domain)
{
	static const char *const labels[] = { "vpn", "sslvpn", "ssl-vpn", "remote", "ras",        "ra",
					      "gw",  "rdgw",   "rds",     "citrix", "anyconnect", "globalprotect" };
	struct str rest = str_head(name, name.len - domain.len), label, part;
	while (str_cut(&rest, '.', &label))
		while (str_cut(&label, '-', &part)) {
			part = risk_without_number(part);
			for (size_t i = 0; i < COUNT(labels); i++)
				if (str_eq(part, str_of(labels[i])))
					return true;
		}
	return false;
}

/* Whether some service at its addresses was told to be one. */
static bool
is_seen(const struct risk_search *s, const struct node *name)
{
	const struct edge *at, *e;
	struct sight sight;
	for (size_t i = 0; (at = graph_out(s->g, name, FACT_ADDRESS, &i));)
		for (size_t k = 0; (e = graph_in(s->g, graph_at(s->g, at->to), FACT_SERVICE, &k));)
			if (sight_of(s->g, graph_at(s->g, e->from), &sight))
				return true;
	return false;
}

void
risk_gateway_name(struct risk_search *s, const struct node *n)
{
	const struct node *domain = graph_at(s->g, n->domain);
	size_t i = 0;
	const struct edge *at = graph_out(s->g, n, FACT_ADDRESS, &i);
	if (at && domain && n != domain && gateway_label(n->name, domain->name) && !is_seen(s, n))
		(void)risk_add(s, &named, n, at, STR_NONE);
}
