/* What others saw answering on addresses of ours. */
#include "surface/risk-internal.h"

/* A service is told by its port and by what it says; either suffices, except where a port alone is ambiguous (said_only). */
struct service_rule {
	struct risk_rule rule;
	const char *ports; /* "|3389|" */
	const char *words; /* in module, product, title or first line; lower case */
	bool said_only;
};

static const struct service_rule rules[] = {
	{ { "exposed-remote-desktop", RISK_CRITICAL, ADVICE_CLOSE, "A remote desktop can be reached from the internet.",
	    "Close port 3389 at the firewall; reach it through a VPN with a second factor, and lock accounts after "
	    "failed tries." },
	  "|3389|",
	  "rdp|remote desktop|ms-wbt",
	  false },
	{ { "exposed-smb", RISK_CRITICAL, ADVICE_CLOSE, "File shares (SMB) can be reached from the internet.",
	    "Close ports 445 and 139 at the firewall." },
	  "|445|139|",
	  "smb|netbios|samba|microsoft-ds",
	  false },
	{ { "exposed-vnc", RISK_CRITICAL, ADVICE_CLOSE, "Screen sharing (VNC) can be reached from the internet.",
	    "Close it at the firewall; maintenance comes through a VPN with a second factor." },
	  "|5900|5901|5902|5903|5800|",
	  "vnc|rfb 0",
	  false },
	{ { "exposed-telnet", RISK_CRITICAL, ADVICE_REMOVE,
	    "Telnet, which protects no password, can be reached from the internet.",
	    "Turn telnet off and use SSH inside the network." },
	  "|23|2323|",
	  "telnet",
	  false },
	{ { "exposed-dicom", RISK_CRITICAL, ADVICE_CLOSE,
	    "A DICOM service, which holds patients' images, can be reached from the internet.",
	    "Close it at the firewall at once; then look who asked it, and tell the person in charge of personal "
	    "data." },
	  "|104|11112|2762|",
	  "dicom|orthanc|pacs",
	  false },
	{ { "exposed-hl7", RISK_CRITICAL, ADVICE_CLOSE,
	    "An HL7 interface, which carries patients' data, can be reached from the internet.",
	    "Close it at the firewall at once." },
	  "|2575|",
	  "hl7|mllp|mirth",
	  false },
	{ { "exposed-database", RISK_CRITICAL, ADVICE_CLOSE, "A database can be reached from the internet.",
	    "Close its port at the firewall; only the application may reach it." },
	  "|1433|1521|3306|5432|27017|6379|9200|5984|9042|11211|",
	  "mysql|mariadb|postgresql|mongodb|redis|ms-sql|elasticsearch|oracle-tns|memcache|couchdb|cassandra",
	  false },
	{ { "exposed-clinical-portal", RISK_HIGH, ADVICE_CLOSE,
	    "A sign-in page of a clinical system can be reached from the internet.",
	    "Put it behind a VPN, or make sure that it asks for a second factor and is patched." },
	  NULL,
	  "電子カルテ|electronic medical record|emr |openemr|openmrs|karte|カルテ|pacs|webviewer|部門システム|医療連携",
	  true },
	{ { "exposed-management", RISK_HIGH, ADVICE_CLOSE,
	    "A page for administrators can be reached from the internet.",
	    "Allow it from the management network only." },
	  "|10000|5985|5986|623|161|8006|",
	  "phpmyadmin|webmin|winrm|ipmi|idrac|ilo |proxmox|vcenter|esxi|snmp",
	  false },
	{ { "exposed-printer-or-camera", RISK_MEDIUM, ADVICE_CLOSE,
	    "A printer, a camera or building equipment can be reached from the internet.",
	    "Close it at the firewall." },
	  "|9100|631|554|47808|502|",
	  "jetdirect|ipp|rtsp|bacnet|modbus|network camera|webcam|printer",
	  false },
	{ { "plain-file-transfer", RISK_MEDIUM, ADVICE_REMOVE,
	    "FTP, which protects neither password nor files, can be reached from the internet.",
	    "Replace it by SFTP or HTTPS." },
	  "|21|",
	  "ftp",
	  false },
	{ { "test-page", RISK_MEDIUM, ADVICE_REMOVE,
	    "A page of an installer or a test is shown to everybody: nobody takes care of what is behind it.",
	    "Take it off the net if nobody needs it; else take the page away, and patch it like the others." },
	  NULL,
	  "phpinfo()|it works!|apache2 ubuntu default page|apache2 debian default page|iis windows server|welcome to "
	  "nginx|test page for|default page|index of /",
	  true },
};

static const struct risk_rule exploited = { "known-exploited", RISK_CRITICAL, ADVICE_PATCH,
					    "What was seen there has a vulnerability that is known to be exploited.",
					    "Patch it now, or take it off the net until it is patched." };
static const struct risk_rule vulnerable = { "known-vulnerable", RISK_HIGH, ADVICE_PATCH,
					     "What was seen there is said to have a known vulnerability.",
					     "Find out its version, and patch it." };
static const struct risk_rule unsupported = { "unsupported", RISK_HIGH, ADVICE_REMOVE,
					      "What was seen there gets no security updates any more.",
					      "Replace it, or take it off the net." };

static bool
port_is(struct str service, const char *ports)
{
	struct str address, port, number, transport;
	BUF_AUTO wanted = { 0 };
	if (!ports || !str_split(service, ' ', &address, &port) || !str_split(port, '/', &number, &transport))
		return false;
	buf_addf(&wanted, "|%.*s|", STR_ARG(number));
	return str_contains(str_of(ports), buf_str(&wanted));
}

/* The fact in which one of the words stands. */
static const struct edge *
said(const struct graph *g, const struct node *service, const char *words)
{
	static const enum fact_kind kinds[] = { FACT_SERVICE_PRODUCT, FACT_SERVICE_TITLE, FACT_SERVICE_BANNER,
						FACT_SERVICE, FACT_SERVICE_CPE };
	const struct edge *e;
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (size_t i = 0; (e = graph_out(g, service, kinds[k], &i));)
			if (risk_word(e->text, words))
				return e;
	return NULL;
}

/* What to call it by: the product that says it, else whichever is told. */
static struct str
product(const struct graph *g, const struct node *service, const struct edge *words, struct arena *a)
{
	size_t i = 0;
	const struct edge *e =
		words && words->kind == FACT_SERVICE_PRODUCT ? words : graph_out(g, service, FACT_SERVICE_PRODUCT, &i);
	return e ? str_trim(arena_line(a, e->text, FACT_TEXT_MAX)) : STR_NONE;
}

static void
vulnerability(struct risk_search *s, const struct node *n, const struct edge *e)
{
	bool known = s->o->exploited && s->o->exploited(s->o->user, e->text);
	(void)risk_add(s, known ? &exploited : &vulnerable, n, e, e->text);
}

void
risk_service(struct risk_search *s, const struct node *service)
{
	ARENA_AUTO a = { 0 };
	size_t i = 0;
	const struct edge *at = graph_out(s->g, service, FACT_SERVICE, &i), *e;
	for (size_t r = 0; r < COUNT(rules); r++) {
		const struct edge *words = said(s->g, service, rules[r].words);
		if (!words && (rules[r].said_only || !port_is(service->name, rules[r].ports)))
			continue;
		(void)risk_add(s, &rules[r].rule, service, words ? words : at, product(s->g, service, words, &a));
	}
	(void)risk_gateway(s, service);
	for (i = 0; (e = graph_out(s->g, service, FACT_SERVICE_VULNERABILITY, &i));)
		vulnerability(s, service, e);
	risk_versions(s, service);
	risk_certificates(s, service);
}

void
risk_address(struct risk_search *s, const struct node *address)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(s->g, address, FACT_TAG, &i));) {
		if (str_starts(e->text, STR("CVE-")))
			vulnerability(s, address, e);
		else if (risk_word(e->text, "eol"))
			(void)risk_add(s, &unsupported, address, e, STR_NONE);
	}
}
