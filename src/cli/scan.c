/* mamori scan: what this machine (or a root folder, or a dpkg status file) is missing, without any server. */
#include "cli/scan-out.h"
#include "cli/verbs.h"
#include "os/file.h"
#include "vuln/ecosystem.h"

#define STATUS_MAX (256u << 20)
#define RULES_MAX (1u << 20)

static void
scan_cleanup(struct scan *s)
{
	vuln_index_close(s->index);
}

static bool
check_options(struct scan *s, struct err *e)
{
	if (s->root && s->dpkg_status)
		return err_set(e, ERR_USAGE, "--root and --dpkg-status exclude each other");
	if (s->dpkg_status && !s->os_name)
		return err_set(e, ERR_USAGE, "--dpkg-status needs to know the system as well: --os debian:12");
	if (s->os_name && !strchr(s->os_name, ':'))
		return err_set(e, ERR_USAGE, "--os takes NAME:RELEASE such as debian:12, not “%s”", s->os_name);
	if (s->systeminfo && (s->root || s->dpkg_status || s->os_name))
		return err_set(e, ERR_USAGE,
			       "--systeminfo excludes --root, --dpkg-status and --os: it names the system");
	if (s->qfe && !s->systeminfo)
		return err_set(e, ERR_USAGE, "--qfe adds to what --systeminfo says; name that file as well");
	if (s->software && (s->root || s->dpkg_status || s->os_name || s->systeminfo))
		return err_set(e, ERR_USAGE, "--software excludes --root, --dpkg-status, --os and --systeminfo");
	if (s->cli->json && s->csv)
		return err_set(e, ERR_USAGE, "--json and --csv exclude each other");
	return !s->fail_on_text || scan_fail_on_parse(s->fail_on_text, &s->fail_on, e);
}

static bool
read_policy(struct scan *s, struct err *e)
{
	BUF_AUTO text = { 0 };
	enum importance importance = IMPORTANCE_NORMAL;
	if (s->importance && !importance_parse(str_of(s->importance), &importance))
		return err_set(e, ERR_USAGE, "--importance takes high, normal or low, not “%s”", s->importance);
	if (s->rules && !file_read(s->rules, RULES_MAX, &text, e))
		return false;
	if (s->rules && text.len == 0)
		return err_set(e, ERR_INPUT, "%s holds no rules of priority", s->rules);
	if (!priority_policy_read(arena_str(s->cli->arena, buf_str(&text)), s->rules, s->deadlines, s->cli->arena,
				  &s->policy, e))
		return false;
	s->policy.exposed = s->exposed;
	s->policy.importance = importance;
	s->policy.now = clock_now(s->cli->clock);
	return true;
}

/* "Debian:12" and "debian:bookworm" are debian:12. */
static struct str
known_os(const char *typed, struct arena *a)
{
	char *os = arena_cstr(a, str_of(typed));
	struct str name, release;
	for (char *p = os; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p;
	if (str_split(str_of(os), ':', &name, &release) && str_eq(name, STR("debian")) &&
	    debian_release_key(release).len > 0)
		return debian_release_key(release);
	return str_of(os);
}

static bool
read_packages(struct scan *s, struct err *e)
{
	struct arena *a = s->cli->arena;
	if (s->dpkg_status) {
		BUF_AUTO text = { 0 };
		s->os = known_os(s->os_name, a);
		if (!file_read(s->dpkg_status, STATUS_MAX, &text, e) ||
		    !dpkg_parse_status(arena_str(a, buf_str(&text)), a, &s->inventory.packages, e))
			return false;
		return s->inventory.packages.count > 0 ||
		       err_set(e, ERR_INPUT, "%s holds no package: is it a status file of dpkg?", s->dpkg_status);
	}
	struct inventory_options o = { .root = s->root ? s->root : "/",
				       .live = !s->root || strcmp(s->root, "/") == 0,
				       .skip_hardware = true };
	if (!inventory_read(&o, a, &s->inventory, e))
		return false;
	s->os = s->os_name ? known_os(s->os_name, a) : os_key(&s->inventory.os, a);
	return true;
}

/* ---- the verb ---- */

static void
sum_up(struct scan *s)
{
	SCAN_CURSOR_AUTO c = { .scan = s };
	while (scan_next(&c)) {
		scan_sums_add(&s->sums, &c.finding.vulnerability, &c.priority, c.finding.fixed.len > 0, s->request.now);
	}
}

/* Findings that cannot be computed are an error behind the count of packages, never an empty list. */
static bool
match(struct scan *s, struct err *e)
{
	s->request = (struct match_request){ .os = s->os,
					     .packages = &s->inventory.packages,
					     .running_kernel = s->inventory.running_kernel,
					     .now = clock_now(s->cli->clock) };
	if (!vuln_index_open_small(s->cli->data, &s->index, e)) {
		if (e->code == ERR_NOT_FOUND)
			e->code = ERR_UNREACHABLE; /* what is needed is not there */
		return false;
	}
	if (!match_hits(s->index, &s->request, s->cli->arena, &s->result, e))
		return false;
	s->known = s->result.covered;
	sum_up(s);
	if (!index_intact(s->index, e))
		return false;
	if (!s->known)
		return err_set(
			e, ERR_UNREACHABLE,
			"the imported feeds have no advisories for %.*s, so its vulnerabilities are unknown; import "
			"some (mamori feed import, mamori feed update) or name another system (--os)",
			STR_ARG(s->os));
	return true;
}

static int
scan_run(struct cli *c, int argc, char **argv)
{
	__attribute__((cleanup(scan_cleanup))) struct scan s = { .cli = c };
	const struct cli_option options[] = {
		{ "root", "DIR", "Look into this root folder instead of /", &s.root, NULL, NULL },
		{ "dpkg-status", "FILE", "Look at this dpkg status file alone (needs --os)", &s.dpkg_status, NULL,
		  NULL },
		{ "os", "NAME:RELEASE", "The system the packages belong to, such as debian:12", &s.os_name, NULL,
		  NULL },
		{ "systeminfo", "FILE", "Look at a Windows machine by its output of systeminfo, in any language",
		  &s.systeminfo, NULL, NULL },
		{ "qfe", "FILE", "With --systeminfo: installed updates as “wmic qfe list” prints them", &s.qfe, NULL,
		  NULL },
		{ "software", "FILE",
		  "Look at a list of applications and appliances: CSV or JSON Lines with publisher, name, version or "
		  "cpe",
		  &s.software, NULL, NULL },
		{ "fail-on", "LEVEL,…",
		  "Exit with 1 when such a finding is there: critical, high, medium, low, kev, overdue, unknown, any",
		  &s.fail_on_text, NULL, NULL },
		{ "deadlines", "SET", "Due dates by this set: bod (default), pci, hipaa, cis", &s.deadlines, NULL,
		  NULL },
		{ "exposed", NULL, "The machine can be reached from the internet", NULL, &s.exposed, NULL },
		{ "importance", "LEVEL", "How important the machine is: high, normal (default), low", &s.importance,
		  NULL, NULL },
		{ "rules", "FILE", "Decide by these rules of priority instead of the built-in ones", &s.rules, NULL,
		  NULL },
		{ "csv", NULL, "Print findings as CSV", NULL, &s.csv, NULL },
		{ "why", NULL, "Show the advisory and range that make each finding", NULL, &s.why, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, &verb_scan, options, COUNT(options), argc, argv, &operands, &e) || !check_options(&s, &e))
		return cli_fail(c, &e);
	if (operands > 0) {
		err_set(&e, ERR_USAGE, "mamori scan takes no operand; to look elsewhere: --root %s", argv[0]);
		return cli_fail(c, &e);
	}
	if (!read_policy(&s, &e))
		return cli_fail(c, &e);
	if (s.systeminfo)
		return scan_windows(
			c, &(struct scan_windows_options){ s.systeminfo, s.qfe, s.fail_on, s.csv, s.why, &s.policy });
	if (s.software)
		return scan_software(&s);
	if (!read_packages(&s, &e))
		return cli_fail(c, &e);
	bool known = match(&s, &e);
	if (c->json)
		scan_print_json(&s);
	else if (s.csv)
		scan_print_csv(&s);
	else
		scan_print_table(&s);
	fflush(stdout);
	if (s.inventory.packages.bad > 0) {
		fprintf(stderr, "mamori: ");
		fprintf(stderr, tr("%zu broken records of the package database were left out"),
			s.inventory.packages.bad);
		fprintf(stderr, "\n");
	}
	if (!known)
		return cli_fail(c, &e);
	scan_warn_stale(c);
	return scan_sums_status(&s.sums, s.fail_on);
}

const struct cli_verb verb_scan = {
	"scan",
	"",
	"Show what this machine is missing: packages, vulnerabilities, fixed versions, and why",
	"  mamori scan\n  mamori scan --fail-on kev\n  mamori scan --dpkg-status status --os debian:12 --json\n"
	"  mamori scan --systeminfo pc-12.txt\n  mamori scan --software applications.csv --exposed",
	scan_run,
	.own_surplus = true,
};
