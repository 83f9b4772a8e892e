/* mamori scan --systeminfo: what a Windows machine is missing, from what its own tools print. */
#include "cli/scan.h"
#include "os/file.h"
#include "vuln/windows.h"

#define TEXT_MAX (8u << 20)

struct scan {
	struct cli *cli;
	const struct scan_windows_options *options;
	struct windows_host host;
	struct str hostname;
	struct vuln_index *index;
	struct windows_result result;
	struct end_of_life eol;
	struct scan_sums sums; /* of what is open */
};

static void
scan_cleanup(struct scan *s)
{
	vuln_index_close(s->index);
}

static bool
read_host(struct scan *s, struct err *e)
{
	const char *systeminfo = s->options->systeminfo, *qfe = s->options->qfe;
	BUF_AUTO text = { 0 }, list = { 0 };
	if (!file_read(systeminfo, TEXT_MAX, &text, e))
		return false;
	if (!windows_systeminfo(buf_str(&text), s->cli->arena, &s->host, &s->hostname, e))
		return err_wrap(e, "reading %s", systeminfo);
	if (!qfe)
		return true;
	if (!file_read(qfe, TEXT_MAX, &list, e))
		return false;
	windows_add_qfe(buf_str(&list), s->cli->arena, &s->host);
	return true;
}

static bool
match(struct scan *s, struct err *e)
{
	if (!vuln_index_open_small(s->cli->data, &s->index, e)) {
		if (e->code == ERR_NOT_FOUND)
			e->code = ERR_UNREACHABLE; /* what is needed is not there */
		return false;
	}
	windows_end_of_life(s->index, &s->host, s->options->policy->now, s->cli->arena, &s->eol);
	if (!windows_match(s->index, &s->host, s->cli->arena, &s->result, e))
		return false;
	if (s->result.covered)
		return true;
	return err_set(
		e, ERR_UNREACHABLE,
		"the imported feeds know no updates for Windows %u.%u.%u (%s), so its vulnerabilities are unknown; "
		"import Microsoft's (mamori feed import definitions.zip, mamori feed update)",
		s->host.major, s->host.minor, s->host.build,
		s->result.products[0] ? s->result.products[0] : "unknown product");
}

/* ---- JSON ---- */

static struct str
kb_text(struct scan *s, const char *form, uint32_t kb)
{
	return arena_printf(s->cli->arena, "%s%u", form, kb);
}

static void
put_kbs(struct scan *s, struct json_writer *w, const char *key, const char *form, const uint32_t *kbs, size_t count)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, kb_text(s, form, kbs[i]));
	json_end_array(w);
}

static void
put_score(struct json_writer *w, const char *key, double value, int decimals)
{
	json_key(w, key);
	if (value < 0)
		json_null(w);
	else
		json_double(w, value, decimals);
}

static struct str
version_text(struct scan *s)
{
	const struct windows_host *h = &s->host;
	struct str v = arena_printf(s->cli->arena, "%u.%u.%u", h->major, h->minor, h->build);
	return h->revision ? arena_printf(s->cli->arena, "%.*s.%u", STR_ARG(v), h->revision) : v;
}

/* A part that may not be there is decided as if it were. */
static struct priority
decide(const struct scan *s, const struct windows_finding *f)
{
	struct priority p;
	priority_decide(s->options->policy, &f->vulnerability, f->date, f->patch != 0 || f->patch_count > 0, &p);
	return p;
}

static void
put_finding(struct scan *s, struct json_writer *w, const struct windows_finding *f)
{
	const struct vulnerability *v = &f->vulnerability;
	const struct priority p = decide(s, f);
	uint32_t patch = f->patch;
	json_begin_object(w);
	json_put_str(w, "package", f->product);
	json_put_cstr(w, "source", "windows");
	json_put_str(w, "installed", version_text(s));
	json_put_str(w, "fixed", patch ? kb_text(s, "KB", patch) : STR_NONE);
	json_put_str(w, "vulnerability", v->id);
	json_key(w, "aliases");
	json_begin_array(w);
	json_end_array(w);
	put_kbs(s, w, "advisories", "KB", f->fixes, f->fix_count);
	put_kbs(s, w, "patches", "kb:", f->patches, f->patch_count);
	json_put_cstr(w, "severity", severity_name(v->severity));
	put_score(w, "cvss", v->cvss, 1);
	json_put_bool(w, "kev", v->kev);
	put_score(w, "epss", v->epss, 5);
	json_key(w, "running");
	json_null(w);
	json_put_cstr(w, "action", action_name(p.action));
	json_put_time(w, "due", p.due);
	json_put_str(w, "action_why", p.reason);
	struct str title = vulnerability_title(v);
	json_put_str(w, "title", title.len ? title : STR_NONE);
	json_put_str(w, "why", f->why);
	json_end_object(w);
}

static void
put_findings(struct scan *s, struct json_writer *w, const char *key, enum windows_state state)
{
	json_key(w, key);
	if (!s->result.covered) {
		json_null(w); /* unknown is not “none” */
		return;
	}
	json_begin_array(w);
	for (size_t i = 0; i < s->result.count; i++)
		if (s->result.findings[i].state == state)
			put_finding(s, w, &s->result.findings[i]);
	json_end_array(w);
}

static void
put_missing(struct scan *s, struct json_writer *w)
{
	json_key(w, "missing");
	if (!s->result.covered) {
		json_null(w);
		return;
	}
	json_begin_array(w);
	for (size_t i = 0; i < s->result.missing_count; i++) {
		const struct windows_missing *m = &s->result.missing[i];
		json_begin_object(w);
		json_put_str(w, "patch", kb_text(s, "kb:", m->kb));
		json_put_cstr(w, "state", m->state == WINDOWS_OPEN ? "missing" : "unknown");
		json_put_time(w, "date", m->date);
		json_put_cstr(w, "severity", severity_name(m->severity));
		json_put_bool(w, "kev", m->kev);
		json_put_i64(w, "fixes", (int64_t)m->fixes);
		json_put_bool(w, "needed", m->needed);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_host(struct scan *s, struct json_writer *w)
{
	static const char *const arches[] = { NULL, "x86", "x64", "arm64", "itanium" };
	const struct windows_host *h = &s->host;
	struct str version = version_text(s);
	json_key(w, "host");
	json_begin_object(w);
	json_put_str(w, "os", arena_printf(s->cli->arena, "windows:%.*s", STR_ARG(version)));
	json_put_str(w, "name", h->name.len ? h->name : STR_NONE);
	json_put_str(w, "hostname", s->hostname.len ? s->hostname : STR_NONE);
	json_put_cstr(w, "product", s->result.products[0]);
	json_put_i64(w, "service_pack", h->service_pack);
	json_put_cstr(w, "arch", arches[h->arch]);
	json_put_bool(w, "server", h->server);
	put_kbs(s, w, "updates", "kb:", h->kbs, h->kb_count);
	json_put_bool(w, "updates_known", h->kbs_known);
	scan_put_eol(w, &s->eol);
	json_end_object(w);
}

static void
print_json(struct scan *s)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	put_host(s, &w);
	json_put_i64(&w, "packages", 1); /* the system; its parts cannot be seen from here */
	json_put_i64(&w, "bad", 0);
	json_put_bool(&w, "covered", s->result.covered);
	put_findings(s, &w, "findings", WINDOWS_OPEN);
	put_findings(s, &w, "unknown", WINDOWS_UNKNOWN);
	put_missing(s, &w);
	scan_put_stale(s->cli, &w);
	json_put_i64(&w, "closed", (int64_t)s->result.closed);
	json_put_i64(&w, "cyclic", (int64_t)s->result.cyclic);
	json_end_object(&w);
	cli_print_line(&out);
}

/* ---- CSV ---- */

static void
print_csv(struct scan *s)
{
	BUF_AUTO out = { 0 };
	buf_add(&out, STR(SCAN_CSV_HEADER));
	for (size_t i = 0; i < s->result.open; i++) {
		const struct windows_finding *f = &s->result.findings[i];
		const struct priority p = decide(s, f);
		BUF_AUTO kbs = { 0 };
		for (size_t k = 0; k < f->fix_count; k++)
			buf_addf(&kbs, "%sKB%u", k ? " " : "", f->fixes[k]);
		cli_csv(&out, f->product, false);
		cli_csv(&out, STR("windows"), false);
		cli_csv(&out, version_text(s), false);
		cli_csv(&out, f->patch ? kb_text(s, "KB", f->patch) : STR(""), false);
		cli_csv(&out, f->vulnerability.id, false);
		cli_csv(&out, STR(""), false);
		cli_csv(&out, buf_str(&kbs), false);
		scan_csv_verdict(&out, &f->vulnerability, -1, &p, f->why, STR(""));
		cli_csv(&out, STR(""), true);
	}
	fwrite(buf_cstr(&out), 1, out.len, stdout);
}

/* ---- table ---- */

struct row {
	const struct windows_finding *finding;
	struct priority priority;
};

static int
compare_urgency(const void *x, const void *y)
{
	const struct row *rx = x, *ry = y;
	const struct vulnerability *vx = &rx->finding->vulnerability, *vy = &ry->finding->vulnerability;
	if (rx->priority.action != ry->priority.action)
		return rx->priority.action > ry->priority.action ? -1 : 1;
	if (vx->kev != vy->kev)
		return vx->kev ? -1 : 1;
	if (vx->severity != vy->severity)
		return vx->severity > vy->severity ? -1 : 1;
	if (vx->epss > vy->epss || vx->epss < vy->epss)
		return vx->epss > vy->epss ? -1 : 1;
	return str_cmp(vx->id, vy->id);
}

/* Our sentence in the reader's language; the machine's own `why` is always English. */
static void
why_cell(struct scan *s, struct cli_table *t, const struct windows_finding *f, struct str reason)
{
	BUF_AUTO kbs = { 0 };
	for (size_t i = 0; i < f->fix_count && i < 8; i++)
		buf_addf(&kbs, "%sKB%u", i ? ", " : "", f->fixes[i]);
	if (f->fix_count > 8)
		buf_add(&kbs, STR(", …"));
	cli_table_cellf(t, tr("Fixed in %.*s by %s; not installed, nor is one that supersedes it. %.*s"),
			STR_ARG(f->product), buf_cstr(&kbs), STR_ARG(reason));
}

static void
print_findings(struct scan *s)
{
	static const char *const headers[] = { "VULNERABILITY", "ACTION", "DUE",      "KEV",
					       "SEVERITY",      "EPSS",   "FIXED IN", "TITLE" };
	static const char *const headers_why[] = { "VULNERABILITY", "ACTION", "DUE",      "KEV",
						   "SEVERITY",      "EPSS",   "FIXED IN", "WHY" };
	struct row *order = ARENA_ARRAY(s->cli->arena, struct row, s->result.open + 1);
	struct cli_table *t = cli_table_new(s->cli->arena, s->options->why ? headers_why : headers, COUNT(headers));
	for (size_t i = 0; i < s->result.open; i++)
		order[i] = (struct row){ &s->result.findings[i], decide(s, &s->result.findings[i]) };
	qsort(order, s->result.open, sizeof(*order), compare_urgency);
	for (size_t i = 0; i < s->result.open; i++) {
		const struct vulnerability *v = &order[i].finding->vulnerability;
		const struct priority *p = &order[i].priority;
		uint32_t patch = order[i].finding->patch;
		char due[TIME_RFC3339_MAX] = "";
		if (p->due)
			time_rfc3339(p->due, due);
		cli_table_cell(t, v->id);
		cli_table_cell(t, str_of(tr(action_name(p->action))));
		cli_table_cell(t, str_head(str_of(due), 10));
		cli_table_cell(t, str_of(v->kev ? tr("exploited") : ""));
		cli_table_cell(t, str_of(tr(severity_name(v->severity))));
		if (v->epss < 0)
			cli_table_cell(t, STR("–"));
		else
			cli_table_cellf(t, "%.1f %%", v->epss * 100);
		cli_table_cell(t, patch ? kb_text(s, "KB", patch) : str_of(tr("none known")));
		if (s->options->why)
			why_cell(s, t, order[i].finding, lang_current() == LANG_JA ? p->reason_ja : p->reason);
		else
			cli_table_cell(t, vulnerability_title(v));
	}
	if (s->result.open) {
		cli_table_print(t);
		putchar('\n');
	}
}

static void
print_missing(struct scan *s)
{
	static const char *const headers[] = { "PATCH", "STATE", "SEVERITY", "FIXES", "SINCE" };
	struct cli_table *t = cli_table_new(s->cli->arena, headers, COUNT(headers));
	for (size_t i = 0; i < s->result.missing_count; i++) {
		const struct windows_missing *m = &s->result.missing[i];
		char when[TIME_RFC3339_MAX] = "";
		if (m->date) {
			time_rfc3339(m->date, when);
			when[10] = 0;
		}
		cli_table_cell(t, kb_text(s, "kb:", m->kb));
		cli_table_cell(t, str_of(m->state == WINDOWS_UNKNOWN ? tr("if the part is there")
					 : m->needed                 ? tr("missing")
								     : tr("in another one as well")));
		cli_table_cell(t, str_of(tr(severity_name(m->severity))));
		cli_table_cellf(t, "%zu", m->fixes);
		cli_table_cell(t, str_of(when));
	}
	if (s->result.missing_count) {
		cli_table_print(t);
		putchar('\n');
	}
}

static void
sum_up(struct scan *s)
{
	s->sums.unknown = s->result.count - s->result.open;
	for (size_t i = 0; i < s->result.open; i++) {
		const struct windows_finding *f = &s->result.findings[i];
		const struct priority p = decide(s, f);
		scan_sums_add(&s->sums, &f->vulnerability, &p, f->patch != 0, s->options->policy->now);
	}
}

/* As people call it: of "10-22h2" and "Microsoft Windows 10 Pro", "Microsoft Windows 10 Pro 22H2". */
static void
print_eol(struct scan *s)
{
	BUF_AUTO system = { 0 };
	struct str generation, version;
	buf_add(&system, arena_line(s->cli->arena, s->host.name, 100));
	if (system.len == 0)
		buf_add(&system, s->eol.product);
	if (s->host.major == 10 && !s->host.server && str_split(s->eol.cycle, '-', &generation, &version)) {
		buf_add_char(&system, ' ');
		for (size_t i = 0; i < version.len && version.ptr[i] != '-'; i++)
			buf_add_char(&system, version.ptr[i] == 'h' ? 'H' : version.ptr[i]);
	}
	scan_print_eol(&s->eol, buf_str(&system), s->options->policy->now);
}

static void
print_table(struct scan *s)
{
	size_t needed = 0, unknown = s->result.count - s->result.open;
	if (!s->result.covered) {
		print_eol(s);
		return;
	}
	print_findings(s);
	print_missing(s);
	for (size_t i = 0; i < s->result.missing_count; i++)
		needed += s->result.missing[i].needed && s->result.missing[i].state == WINDOWS_OPEN;
	printf(tr("%s with %zu installed updates: %zu findings, which %zu updates fix; %zu vulnerabilities are "
		  "fixed.\n"),
	       s->result.products[0], s->host.kb_count, s->result.open, needed, s->result.closed);
	if (s->result.open)
		scan_sums_print(&s->sums);
	print_eol(s);
	if (unknown && s->host.kbs_known)
		printf(tr("%zu more concern parts of which it is not known whether they are installed (--json names "
			  "them).\n"),
		       unknown);
	if (!s->host.kbs_known)
		printf("%s", tr("The list of installed updates is cut off, so what is missing is unknown. Run "
				"systeminfo again, "
				"or add --qfe.\n"));
}

int
scan_windows(struct cli *c, const struct scan_windows_options *o)
{
	__attribute__((cleanup(scan_cleanup))) struct scan s = { .cli = c, .options = o };
	struct err e = { 0 };
	if (!read_host(&s, &e))
		return cli_fail(c, &e);
	bool known = match(&s, &e);
	sum_up(&s);
	if (c->json)
		print_json(&s);
	else if (o->csv && s.result.covered)
		print_csv(&s);
	else
		print_table(&s);
	fflush(stdout);
	if (!known)
		return cli_fail(c, &e);
	scan_warn_stale(c);
	/* Nothing known to be missing is not “nothing missing”. */
	if (o->fail_on && !s.host.kbs_known) {
		err_set(&e, ERR_UNREACHABLE,
			"the list of installed updates in %s is cut off, so --fail-on has nothing to decide by; run "
			"systeminfo "
			"again, or add --qfe",
			o->systeminfo);
		return cli_fail(c, &e);
	}
	return scan_sums_status(&s.sums, o->fail_on);
}
