/* mamori scan --software: applications and appliances of a list, judged by the products that CVE records name. */
#include "cli/scan-out.h"
#include "os/file.h"
#include "vuln/software.h"

#define LIST_MAX (64u << 20)

struct software_scan {
	struct scan *scan;
	struct software *list;
	size_t count, bad;
	struct software_result result;
	struct priority *priorities; /* of the findings */
	size_t states[SOFTWARE_NOT_IN_FEEDS + 1]; /* so many pieces of software */
	size_t doubtful; /* of result.unsure: those that cannot be compared */
	struct end_of_life *eol; /* of each piece of software */
	struct scan_sums sums;
};

static bool
read_list(struct software_scan *s, struct err *e)
{
	struct arena *a = s->scan->cli->arena;
	BUF_AUTO text = { 0 };
	return file_read(s->scan->software, LIST_MAX, &text, e) &&
	       software_list_read(arena_str(a, buf_str(&text)), s->scan->software, a, &s->list, &s->count, &s->bad, e);
}

static void
judge(struct software_scan *s)
{
	const struct software_result *r = &s->result;
	s->priorities = ARENA_ARRAY(s->scan->cli->arena, struct priority, r->count + 1);
	for (size_t i = 0; i < r->count; i++) {
		const struct finding *f = &r->findings[i].finding;
		bool fixable = f->fixed.len + f->last_affected.len > 0;
		struct priority *p = &s->priorities[i];
		priority_decide(&s->scan->policy, &f->vulnerability, f->date, fixable, p);
		scan_sums_add(&s->sums, &f->vulnerability, p, fixable, s->scan->policy.now);
	}
	s->eol = ARENA_ARRAY(s->scan->cli->arena, struct end_of_life, s->count + 1);
	for (size_t i = 0; i < s->count; i++) {
		s->states[r->states[i]]++;
		software_end_of_life(s->scan->index, &r->products[i], s->scan->policy.now, s->scan->cli->arena,
				     &s->eol[i]);
	}
	for (size_t i = 0; i < r->unsure_count; i++)
		s->doubtful += r->unsure[i].finding.doubtful;
	s->sums.unknown = s->count - s->states[SOFTWARE_JUDGED] + r->unsure_count;
}

static bool
match(struct software_scan *s, struct err *e)
{
	struct cli *c = s->scan->cli;
	if (!vuln_index_open_small(c->data, &s->scan->index, e)) {
		if (e->code == ERR_NOT_FOUND)
			e->code = ERR_UNREACHABLE; /* what is needed is not there */
		return false;
	}
	if (!software_match(s->scan->index, s->list, s->count, s->scan->policy.now, c->arena, &s->result, e))
		return false;
	if (!s->result.covered)
		return err_set(
			e, ERR_UNREACHABLE,
			"the imported feeds name no products, so the vulnerabilities of software are unknown; import "
			"CVE records (mamori feed import cve-records.jsonl)");
	judge(s);
	return true;
}

static const char *
unsure_reason(const struct software_finding *f)
{
	return f->finding.doubtful ? "not-comparable" : "only-with";
}

/* ---- JSON ---- */

static void
put_software(struct json_writer *w, const struct software *s, const struct software_product *p)
{
	json_put_str(w, "publisher", s->publisher.len ? s->publisher : STR_NONE);
	json_put_str(w, "name", s->name.len ? s->name : STR_NONE);
	json_put_str(w, "version", s->version.len ? s->version : STR_NONE);
	json_put_str(w, "product", p->count ? p->names[0] : STR_NONE);
	json_put_str(w, "winget", p->winget.len ? p->winget : STR_NONE);
	json_key(w, "confidence");
	if (p->count)
		json_double(w, p->confidence, 1);
	else
		json_null(w);
}

static void
print_json(const struct software_scan *s)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	const struct software_result *r = &s->result;
	json_begin_object(&w);
	json_put_i64(&w, "software", (int64_t)s->count);
	json_put_i64(&w, "bad", (int64_t)s->bad);
	json_put_bool(&w, "covered", r->covered);
	scan_put_stale(s->scan->cli, &w);
	json_key(&w, "findings");
	if (!r->covered)
		json_null(&w); /* unknown is not “none” */
	else
		json_begin_array(&w);
	for (size_t i = 0; i < r->count; i++) {
		const struct software_finding *f = &r->findings[i];
		json_begin_object(&w);
		put_software(&w, &s->list[f->software], &r->products[f->software]);
		scan_put_verdict(&w, &f->finding, &s->priorities[i]);
		json_end_object(&w);
	}
	if (r->covered)
		json_end_array(&w);
	json_key(&w, "unknown");
	json_begin_array(&w);
	for (size_t i = 0; r->covered && i < s->count; i++) {
		if (r->states[i] == SOFTWARE_JUDGED)
			continue;
		json_begin_object(&w);
		put_software(&w, &s->list[i], &r->products[i]);
		json_put_cstr(&w, "reason", software_state_name(r->states[i]));
		json_end_object(&w);
	}
	for (size_t i = 0; r->covered && i < r->unsure_count; i++) {
		const struct software_finding *f = &r->unsure[i];
		json_begin_object(&w);
		put_software(&w, &s->list[f->software], &r->products[f->software]);
		json_put_cstr(&w, "reason", unsure_reason(f));
		json_put_str(&w, "vulnerability", f->finding.vulnerability.id);
		json_put_str(&w, "only_with", f->finding.only_with.len ? f->finding.only_with : STR_NONE);
		json_put_str(&w, "why", f->finding.why);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_key(&w, "support");
	json_begin_array(&w);
	for (size_t i = 0; r->covered && i < s->count; i++) {
		if (!s->eol[i].known)
			continue;
		json_begin_object(&w);
		put_software(&w, &s->list[i], &r->products[i]);
		scan_put_eol(&w, &s->eol[i]);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	cli_print_line(&out);
}

/* ---- table ---- */

struct row {
	const struct software_scan *scan;
	size_t number;
};

static int
compare_rows(const void *x, const void *y)
{
	const struct row *rx = x, *ry = y;
	const struct priority *px = &rx->scan->priorities[rx->number], *py = &ry->scan->priorities[ry->number];
	const struct vulnerability *vx = &rx->scan->result.findings[rx->number].finding.vulnerability,
				   *vy = &ry->scan->result.findings[ry->number].finding.vulnerability;
	if (px->action != py->action)
		return px->action > py->action ? -1 : 1;
	if (vx->kev != vy->kev)
		return vx->kev ? -1 : 1;
	if (vx->severity != vy->severity)
		return vx->severity > vy->severity ? -1 : 1;
	return rx->number < ry->number ? -1 : rx->number > ry->number;
}

static void
print_row(const struct software_scan *s, struct cli_table *t, size_t number)
{
	const struct software_finding *f = &s->result.findings[number];
	const struct software *software = &s->list[f->software];
	const struct priority *p = &s->priorities[number];
	char due[TIME_RFC3339_MAX] = "";
	if (p->due)
		time_rfc3339(p->due, due);
	cli_table_cell(t, f->finding.vulnerability.id);
	cli_table_cell(t, str_of(tr(action_name(p->action))));
	cli_table_cell(t, str_head(str_of(due), 10));
	cli_table_cell(t, str_of(f->finding.vulnerability.kev ? tr("exploited") : ""));
	cli_table_cell(t, str_of(tr(severity_name(f->finding.vulnerability.severity))));
	cli_table_cell(t, software->name.len ? software->name : software->cpe);
	cli_table_cell(t, f->finding.package->version);
	scan_fixed_cell(t, &f->finding);
	if (s->scan->why)
		scan_why_cell(t, f->finding.vulnerability.id, s->result.products[f->software].names[0], &f->finding, p);
	else
		cli_table_cellf(t, "%.0f %%", s->result.products[f->software].confidence * 100);
}

/* What gets no more fixes is a finding of its own kind, however many vulnerabilities are known. */
static void
print_ended(const struct software_scan *s)
{
	static const char *const headers[] = { "SOFTWARE", "INSTALLED", "SUPPORT ENDED" };
	struct cli_table *t = cli_table_new(s->scan->cli->arena, headers, COUNT(headers));
	size_t rows = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct end_of_life *eol = &s->eol[i];
		char when[TIME_RFC3339_MAX] = "";
		if (!eol->ended)
			continue;
		if (eol->eol)
			time_rfc3339(eol->eol, when);
		cli_table_cell(t, s->list[i].name.len ? s->list[i].name : s->list[i].cpe);
		cli_table_cell(t, s->result.products[i].version);
		cli_table_cellf(t, "%.*s %.*s %.10s", STR_ARG(eol->product), STR_ARG(eol->cycle), when);
		rows++;
	}
	if (rows == 0)
		return;
	cli_table_print(t);
	putchar('\n');
}

static void
print_table(const struct software_scan *s)
{
	static const char *const headers[] = { "VULNERABILITY", "ACTION",    "DUE",      "KEV",       "SEVERITY",
					       "SOFTWARE",      "INSTALLED", "FIXED IN", "CONFIDENCE" };
	static const char *const headers_why[] = { "VULNERABILITY", "ACTION",    "DUE",      "KEV", "SEVERITY",
						   "SOFTWARE",      "INSTALLED", "FIXED IN", "WHY" };
	struct arena *a = s->scan->cli->arena;
	struct row *rows = ARENA_ARRAY(a, struct row, s->result.count + 1);
	for (size_t i = 0; i < s->result.count; i++)
		rows[i] = (struct row){ s, i };
	qsort(rows, s->result.count, sizeof(*rows), compare_rows);
	struct cli_table *t = cli_table_new(a, s->scan->why ? headers_why : headers, COUNT(headers));
	for (size_t i = 0; i < s->result.count; i++)
		print_row(s, t, rows[i].number);
	if (s->result.count) {
		cli_table_print(t);
		putchar('\n');
	}
	print_ended(s);
	printf(tr("Findings: %zu. Judged: %zu of %zu pieces of software.\n"), s->result.count,
	       s->states[SOFTWARE_JUDGED], s->count);
	if (s->result.count)
		scan_sums_print(&s->sums);
	if (s->states[SOFTWARE_JUDGED] < s->count)
		printf(tr("Unknown are the others: %zu without a version, %zu that mamori's table does not know, %zu "
			  "that no feed names.\n"),
		       s->states[SOFTWARE_NO_VERSION], s->states[SOFTWARE_NOT_MAPPED],
		       s->states[SOFTWARE_NOT_IN_FEEDS]);
	if (s->doubtful)
		printf(tr("Vulnerabilities whose versions cannot be compared with the installed ones: %zu (--json or "
			  "--csv names them).\n"),
		       s->doubtful);
	if (s->result.unsure_count > s->doubtful)
		printf(tr("Vulnerabilities that need another product beside it, which the list does not name: %zu "
			  "(--json or --csv names them).\n"),
		       s->result.unsure_count - s->doubtful);
}

/* ---- CSV ---- */

static void
csv_software(const struct software_scan *s, struct buf *out, const char *state, size_t number)
{
	const struct software *software = &s->list[number];
	const struct software_product *p = &s->result.products[number];
	cli_csv(out, str_of(state), false);
	cli_csv(out, software->publisher, false);
	cli_csv(out, software->name.len ? software->name : software->cpe, false);
	cli_csv(out, software->version, false);
	cli_csv(out, p->count ? p->names[0] : STR(""), false);
	if (p->count)
		buf_addf(out, "%.1f", p->confidence);
	buf_add_char(out, ',');
}

static void
csv_finding(const struct software_scan *s, struct buf *out, const char *state, const struct software_finding *f,
	    const struct priority *p)
{
	csv_software(s, out, state, f->software);
	cli_csv(out, f->finding.fixed, false);
	cli_csv(out, f->finding.vulnerability.id, false);
	scan_csv_verdict(out, &f->finding.vulnerability, -1, p, f->finding.why, f->finding.last_affected);
	cli_csv(out, f->finding.only_with, true);
}

static void
print_csv(const struct software_scan *s)
{
	BUF_AUTO out = { 0 };
	const struct software_result *r = &s->result;
	buf_add(&out,
		STR("state,publisher,name,installed,product,confidence,fixed,vulnerability,severity,cvss,kev,epss,"
		    "running,due,action,action_why,why,last_affected,title,only_with\r\n"));
	for (size_t i = 0; i < r->count; i++)
		csv_finding(s, &out, "finding", &r->findings[i], &s->priorities[i]);
	for (size_t i = 0; i < r->unsure_count; i++) {
		struct priority p;
		const struct finding *f = &r->unsure[i].finding;
		priority_decide(&s->scan->policy, &f->vulnerability, f->date, f->fixed.len + f->last_affected.len > 0,
				&p);
		csv_finding(s, &out, unsure_reason(&r->unsure[i]), &r->unsure[i], &p);
	}
	for (size_t i = 0; i < s->count; i++)
		if (r->states[i] != SOFTWARE_JUDGED) {
			csv_software(s, &out, software_state_name(r->states[i]), i);
			buf_add(&out, STR(",,,,,,,,,,,,,\r\n"));
		}
	fwrite(buf_cstr(&out), 1, out.len, stdout);
}

int
scan_software(struct scan *scan)
{
	struct software_scan s = { .scan = scan };
	struct err e = { 0 };
	if (!read_list(&s, &e))
		return cli_fail(scan->cli, &e);
	bool known = match(&s, &e);
	if (scan->cli->json && (known || s.result.states))
		print_json(&s);
	else if (known && scan->csv)
		print_csv(&s);
	else if (known)
		print_table(&s);
	fflush(stdout);
	if (s.bad > 0) {
		fprintf(stderr, "mamori: ");
		fprintf(stderr, tr("%zu lines of the list could not be read and were left out"), s.bad);
		fprintf(stderr, "\n");
	}
	if (!known)
		return cli_fail(scan->cli, &e);
	scan_warn_stale(scan->cli);
	/* Nothing judged is not “nothing found”. */
	if (scan->fail_on && s.states[SOFTWARE_JUDGED] == 0) {
		err_set(&e, ERR_UNREACHABLE,
			"none of the %zu pieces of software in %s could be judged, so --fail-on has nothing to decide "
			"by; "
			"--json says why",
			s.count, scan->software);
		return cli_fail(scan->cli, &e);
	}
	return scan_sums_status(&s.sums, scan->fail_on);
}
