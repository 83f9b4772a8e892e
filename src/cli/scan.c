/* mamori scan: what this machine (or a root folder, or a dpkg status file) is missing, without any server. */
#include "cli/scan.h"
#include "cli/verbs.h"
#include "os/file.h"
#include "plan/inventory.h"
#include "vuln/match.h"

#include <math.h>

#define STATUS_MAX (256u << 20)

struct scan {
	struct cli *cli;
	const char *root, *dpkg_status, *os_name, *fail_on_text, *systeminfo, *qfe;
	bool csv, why;
	enum fail_on fail_on;
	struct inventory inventory;
	struct str os; /* "debian:12" */
	struct vuln_index *index;
	struct match_result result;
	bool known; /* findings could be computed */
};

static void
scan_cleanup(struct scan *s)
{
	vuln_index_close(s->index);
}

static bool
parse_fail_on(struct scan *s, struct err *e)
{
	static const char *const names[] = { NULL, "critical", "high", "kev", "any" };
	if (!s->fail_on_text)
		return true;
	for (int i = FAIL_CRITICAL; i <= FAIL_ANY; i++)
		if (strcmp(s->fail_on_text, names[i]) == 0) {
			s->fail_on = (enum fail_on)i;
			return true;
		}
	return err_set(e, ERR_USAGE, "--fail-on takes critical, high, kev or any, not “%s”", s->fail_on_text);
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
	if (s->systeminfo && s->csv)
		return err_set(e, ERR_USAGE, "--csv is for packages; for Windows use --json");
	if (s->cli->json && s->csv)
		return err_set(e, ERR_USAGE, "--json and --csv exclude each other");
	return parse_fail_on(s, e);
}

static bool
read_packages(struct scan *s, struct err *e)
{
	struct arena *a = s->cli->arena;
	if (s->dpkg_status) {
		BUF_AUTO text = { 0 };
		s->os = str_of(s->os_name);
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
	s->os = s->os_name ? str_of(s->os_name) : os_key(&s->inventory.os, a);
	return true;
}

/* ---- JSON ---- */

static void
put_score(struct json_writer *w, const char *key, double value, int decimals)
{
	json_key(w, key);
	if (value < 0)
		json_null(w);
	else
		json_double(w, value, decimals);
}

static void
put_strings(struct json_writer *w, const char *key, const struct str *items, size_t count)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, items[i]);
	json_end_array(w);
}

static void
put_finding(struct json_writer *w, const struct finding *f)
{
	json_begin_object(w);
	json_put_str(w, "package", f->package->name);
	json_put_str(w, "arch", f->package->arch);
	json_put_str(w, "source", f->source);
	json_put_str(w, "installed", f->package->version);
	json_put_str(w, "fixed", f->fixed.len ? f->fixed : STR_NONE);
	json_put_str(w, "vulnerability", f->vulnerability.id);
	put_strings(w, "aliases", f->aliases, f->alias_count);
	put_strings(w, "advisories", f->advisories, f->advisory_count);
	json_put_cstr(w, "severity", severity_name(f->vulnerability.severity));
	put_score(w, "cvss", f->vulnerability.cvss, 1);
	json_put_bool(w, "kev", f->vulnerability.kev);
	put_score(w, "epss", f->vulnerability.epss, 5);
	json_key(w, "running");
	if (f->running < 0)
		json_null(w);
	else
		json_bool(w, f->running == 1);
	json_put_time(w, "due", f->vulnerability.kev_due);
	json_put_str(w, "title", f->vulnerability.title.len ? f->vulnerability.title : STR_NONE);
	json_put_str(w, "why", f->why);
	json_end_object(w);
}

static void
put_eol(struct json_writer *w, const struct end_of_life *eol)
{
	json_key(w, "eol");
	if (!eol->known) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_put_str(w, "product", eol->product);
	json_put_str(w, "cycle", eol->cycle);
	json_put_time(w, "support", eol->support);
	json_put_time(w, "eol", eol->eol);
	json_put_bool(w, "ended", eol->ended);
	json_end_object(w);
}

static void
print_json(const struct scan *s)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	const struct inventory *inv = &s->inventory;
	json_begin_object(&w);
	json_key(&w, "host");
	json_begin_object(&w);
	json_put_str(&w, "os", s->os);
	json_put_str(&w, "name", inv->os.name.len ? inv->os.name : STR_NONE);
	json_put_str(&w, "hostname", inv->hostname.len ? inv->hostname : STR_NONE);
	json_put_str(&w, "kernel", inv->running_kernel.len ? inv->running_kernel : STR_NONE);
	put_eol(&w, &s->result.eol);
	json_end_object(&w);
	json_put_i64(&w, "packages", (int64_t)inv->packages.count);
	json_put_i64(&w, "bad", (int64_t)inv->packages.bad);
	json_put_bool(&w, "covered", s->known);
	json_key(&w, "findings");
	if (s->known) {
		json_begin_array(&w);
		for (size_t i = 0; i < s->result.count; i++)
			put_finding(&w, &s->result.findings[i]);
		json_end_array(&w);
	} else {
		json_null(&w); /* unknown is not “none” */
	}
	json_end_object(&w);
	cli_print_line(&out);
}

/* ---- CSV ---- */

static void
csv_score(struct buf *out, double value, int decimals)
{
	char text[32];
	snprintf(text, sizeof(text), "%.*f", decimals, value);
	cli_csv(out, value < 0 ? STR("") : str_of(text), false);
}

static void
csv_join(struct buf *out, const struct str *items, size_t count)
{
	BUF_AUTO all = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(&all, ' ');
		buf_add(&all, items[i]);
	}
	cli_csv(out, buf_str(&all), false);
}

static void
print_csv(const struct scan *s)
{
	static const char header[] =
		"package,source,installed,fixed,vulnerability,aliases,advisories,severity,cvss,kev,"
		"epss,running,due,why\r\n";
	BUF_AUTO out = { 0 };
	buf_add(&out, str_of(header));
	for (size_t i = 0; s->known && i < s->result.count; i++) {
		const struct finding *f = &s->result.findings[i];
		char due[TIME_RFC3339_MAX] = "";
		if (f->vulnerability.kev_due)
			time_rfc3339(f->vulnerability.kev_due, due);
		cli_csv(&out, f->package->name, false);
		cli_csv(&out, f->source, false);
		cli_csv(&out, f->package->version, false);
		cli_csv(&out, f->fixed, false);
		cli_csv(&out, f->vulnerability.id, false);
		csv_join(&out, f->aliases, f->alias_count);
		csv_join(&out, f->advisories, f->advisory_count);
		cli_csv(&out, str_of(severity_name(f->vulnerability.severity)), false);
		csv_score(&out, f->vulnerability.cvss, 1);
		cli_csv(&out, f->vulnerability.kev ? STR("true") : STR("false"), false);
		csv_score(&out, f->vulnerability.epss, 5);
		cli_csv(&out, f->running < 0 ? STR("") : f->running ? STR("true") : STR("false"), false);
		cli_csv(&out, str_of(due), false);
		cli_csv(&out, f->why, true);
	}
	fwrite(buf_cstr(&out), 1, out.len, stdout);
}

/* ---- table ---- */

/* Packages that one source package made, alike in everything that a row shows. */
static bool
same_row(const struct finding *x, const struct finding *y)
{
	return x->running < 0 && y->running < 0 && str_eq(x->source, y->source) &&
	       str_eq(x->vulnerability.id, y->vulnerability.id) && str_eq(x->package->version, y->package->version) &&
	       str_eq(x->fixed, y->fixed);
}

/* Exploited first, then by severity, then by how likely an attack is. */
static int
compare_urgency(const void *x, const void *y)
{
	const struct finding *fx = *(const struct finding *const *)x, *fy = *(const struct finding *const *)y;
	const struct vulnerability *vx = &fx->vulnerability, *vy = &fy->vulnerability;
	if (vx->kev != vy->kev)
		return vx->kev ? -1 : 1;
	if (vx->severity != vy->severity)
		return vx->severity > vy->severity ? -1 : 1;
	if (fabs(vx->epss - vy->epss) > 1e-9)
		return vx->epss > vy->epss ? -1 : 1;
	int order = str_cmp(vx->id, vy->id);
	order = order ? order : str_cmp(fx->source, fy->source);
	return order ? order : str_cmp(fx->package->name, fy->package->name);
}

/* Our sentence in the reader's language; the machine's own `why` is always English. */
static void
why_cell(const struct scan *s, struct cli_table *t, const struct finding *f)
{
	/* The advisory that decided stands before the first ": " of the machine's sentence. */
	ptrdiff_t colon = str_find(f->why, STR(": "));
	struct str advisory = colon > 0 ? str_head(f->why, (size_t)colon) : STR("");
	if (!s->why)
		cli_table_cell(t, advisory);
	else if (f->fixed.len)
		cli_table_cellf(t, tr("%.*s: %.*s is affected before %.*s"), STR_ARG(advisory), STR_ARG(f->source),
				STR_ARG(f->fixed));
	else
		cli_table_cellf(t, tr("%.*s: %.*s is affected, and no fixed version is known"), STR_ARG(advisory),
				STR_ARG(f->source));
}

static void
finding_row(const struct scan *s, struct cli_table *t, const struct finding *f, size_t alike)
{
	const struct vulnerability *v = &f->vulnerability;
	cli_table_cell(t, v->id);
	cli_table_cell(t, str_of(v->kev ? tr("exploited") : ""));
	cli_table_cell(t, str_of(tr(severity_name(v->severity))));
	if (v->epss < 0)
		cli_table_cell(t, STR("–"));
	else
		cli_table_cellf(t, "%.1f %%", v->epss * 100);
	if (f->running >= 0)
		cli_table_cellf(t, f->running ? tr("%.*s (running)") : tr("%.*s (not running)"),
				STR_ARG(f->package->name));
	else if (alike > 1)
		cli_table_cellf(t, tr("%.*s and %zu more"), STR_ARG(f->package->name), alike - 1);
	else
		cli_table_cell(t, f->package->name);
	cli_table_cell(t, f->package->version);
	cli_table_cell(t, f->fixed.len ? f->fixed : str_of(tr("none known")));
	why_cell(s, t, f);
}

static void
print_eol(const struct scan *s)
{
	const struct end_of_life *eol = &s->result.eol;
	char when[TIME_RFC3339_MAX];
	if (!eol->known)
		return;
	int64_t day = eol->eol;
	time_rfc3339(day, when);
	when[10] = 0;
	if (eol->ended && day)
		printf(tr("This system is past its end of support: %.*s %.*s ended on %s. It gets no more fixes.\n"),
		       STR_ARG(eol->product), STR_ARG(eol->cycle), when);
	else if (eol->ended)
		printf(tr("This system is past its end of support: %.*s %.*s. It gets no more fixes.\n"),
		       STR_ARG(eol->product), STR_ARG(eol->cycle));
	else if (day)
		printf(tr("%.*s %.*s is supported until %s.\n"), STR_ARG(eol->product), STR_ARG(eol->cycle), when);
}

static void
print_summary(const struct scan *s)
{
	size_t kev = 0, by[SEVERITY_CRITICAL + 1] = { 0 }, fixable = 0;
	for (size_t i = 0; i < s->result.count; i++) {
		const struct finding *f = &s->result.findings[i];
		kev += f->vulnerability.kev;
		fixable += f->fixed.len > 0;
		by[f->vulnerability.severity]++;
	}
	print_eol(s);
	if (s->result.count == 0) {
		printf(tr("No findings: %zu packages of %.*s are free of every vulnerability in the imported feeds.\n"),
		       s->inventory.packages.count, STR_ARG(s->os));
		return;
	}
	printf(tr("%zu findings in %zu packages of %.*s: %zu exploited, %zu critical, %zu high, %zu medium, %zu low, "
		  "%zu not rated; an update fixes %zu of them.\n"),
	       s->result.count, s->inventory.packages.count, STR_ARG(s->os), kev, by[SEVERITY_CRITICAL],
	       by[SEVERITY_HIGH], by[SEVERITY_MEDIUM], by[SEVERITY_LOW], by[SEVERITY_UNKNOWN], fixable);
}

static void
print_table(const struct scan *s)
{
	static const char *const headers[] = { "VULNERABILITY", "KEV",       "SEVERITY", "EPSS",
					       "PACKAGE",       "INSTALLED", "FIXED IN", "ADVISORY" };
	static const char *const headers_why[] = { "VULNERABILITY", "KEV",       "SEVERITY", "EPSS",
						   "PACKAGE",       "INSTALLED", "FIXED IN", "WHY" };
	if (!s->known) {
		print_eol(s);
		printf(tr("%zu packages of %.*s; their vulnerabilities are unknown.\n"), s->inventory.packages.count,
		       STR_ARG(s->os));
		return;
	}
	const struct finding **order = ARENA_ARRAY(s->cli->arena, const struct finding *, s->result.count + 1);
	for (size_t i = 0; i < s->result.count; i++)
		order[i] = &s->result.findings[i];
	qsort(order, s->result.count, sizeof(void *), compare_urgency);
	struct cli_table *t = cli_table_new(s->cli->arena, s->why ? headers_why : headers, COUNT(headers));
	for (size_t i = 0, alike = 1; i < s->result.count; i += alike) {
		for (alike = 1; i + alike < s->result.count && same_row(order[i], order[i + alike]);)
			alike++;
		finding_row(s, t, order[i], alike);
	}
	if (s->result.count) {
		cli_table_print(t);
		putchar('\n');
	}
	print_summary(s);
}

/* ---- the verb ---- */

bool
scan_fails(enum fail_on level, const struct vulnerability *v)
{
	return level == FAIL_ANY || (level == FAIL_KEV && v->kev) ||
	       (level == FAIL_HIGH && v->severity >= SEVERITY_HIGH) ||
	       (level == FAIL_CRITICAL && v->severity >= SEVERITY_CRITICAL);
}

static bool
fails(const struct scan *s)
{
	for (size_t i = 0; i < s->result.count; i++)
		if (scan_fails(s->fail_on, &s->result.findings[i].vulnerability))
			return true;
	return false;
}

/* Findings that cannot be computed are an error behind the count of packages, never an empty list. */
static bool
match(struct scan *s, struct err *e)
{
	struct match_request request = { .os = s->os,
					 .packages = &s->inventory.packages,
					 .running_kernel = s->inventory.running_kernel,
					 .now = clock_now(s->cli->clock) };
	if (!vuln_index_open(s->cli->data, &s->index, e)) {
		if (e->code == ERR_NOT_FOUND)
			e->code = ERR_UNREACHABLE; /* what is needed is not there */
		return false;
	}
	if (!match_run(s->index, &request, s->cli->arena, &s->result, e))
		return false;
	s->known = s->result.covered;
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
		{ "fail-on", "LEVEL", "Exit with 1 when such a finding is there: critical, high, kev, any",
		  &s.fail_on_text, NULL, NULL },
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
	if (s.systeminfo)
		return scan_windows(c, s.systeminfo, s.qfe, s.fail_on);
	if (!read_packages(&s, &e))
		return cli_fail(c, &e);
	bool known = match(&s, &e);
	if (c->json)
		print_json(&s);
	else if (s.csv)
		print_csv(&s);
	else
		print_table(&s);
	fflush(stdout);
	if (s.inventory.packages.bad > 0) {
		fprintf(stderr, "mamori: ");
		fprintf(stderr, tr("%zu broken records of the package database were left out"),
			s.inventory.packages.bad);
		fprintf(stderr, "\n");
	}
	if (!known)
		return cli_fail(c, &e);
	return fails(&s) ? 1 : 0;
}

const struct cli_verb verb_scan = {
	"scan",
	"",
	"Show what this machine is missing: packages, vulnerabilities, fixed versions, and why",
	"  mamori scan\n  mamori scan --fail-on kev\n  mamori scan --dpkg-status status --os debian:12 --json\n"
	"  mamori scan --systeminfo pc-12.txt",
	scan_run,
	.own_surplus = true,
};
