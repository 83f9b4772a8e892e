/* The forms of a scan: one JSON document, CSV, a table. */
#include "cli/scan-out.h"

#include "base/table.h"

#include <math.h>

bool
scan_next(struct scan_cursor *c)
{
	const struct scan *s = c->scan;
	if (c->next >= s->result.count)
		return false;
	if (!c->view || c->used++ == 500) {
		arena_free(&c->arena);
		c->view = match_view_new(s->index, &s->request, &c->arena);
		c->used = 0;
	}
	match_view_get(c->view, &s->result.hits[c->next++], &c->arena, &c->finding);
	const struct finding *f = &c->finding;
	priority_decide(&s->policy, &f->vulnerability, f->date, f->fixed.len + f->last_affected.len > 0, &c->priority);
	return true;
}

void
scan_cursor_cleanup(struct scan_cursor *c)
{
	arena_free(&c->arena);
}

/* A result may be large; what is written of it need not wait. */
static void
flush_out(struct buf *out)
{
	if (out->len < 32768)
		return;
	fwrite(out->ptr, 1, out->len, stdout);
	buf_truncate(out, 0);
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

void
scan_put_verdict(struct json_writer *w, const struct finding *f, const struct priority *p)
{
	json_put_str(w, "installed", f->package->version);
	json_put_str(w, "fixed", f->fixed.len ? f->fixed : STR_NONE);
	json_put_str(w, "last_affected", f->last_affected.len ? f->last_affected : STR_NONE);
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
	json_put_cstr(w, "action", action_name(p->action));
	json_put_time(w, "due", p->due);
	json_put_str(w, "action_why", p->reason);
	/* The one key that follows --lang: a title is written by people, in one language or the other. */
	struct str title = vulnerability_title(&f->vulnerability);
	json_put_str(w, "title", title.len ? title : STR_NONE);
	json_put_str(w, "why", f->why);
}

static void
put_finding(struct json_writer *w, const struct finding *f, const struct priority *p)
{
	json_begin_object(w);
	json_put_str(w, "package", f->package->name);
	json_put_str(w, "arch", f->package->arch);
	json_put_str(w, "source", f->source);
	scan_put_verdict(w, f, p);
	json_end_object(w);
}

void
scan_put_eol(struct json_writer *w, const struct end_of_life *eol)
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
	json_put_time(w, "extended", eol->extended);
	json_put_bool(w, "ended", eol->ended);
	json_end_object(w);
}

void
scan_print_json(struct scan *s)
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
	scan_put_eol(&w, &s->result.eol);
	json_end_object(&w);
	json_put_i64(&w, "packages", (int64_t)inv->packages.count);
	json_put_i64(&w, "bad", (int64_t)inv->packages.bad);
	json_put_bool(&w, "covered", s->known);
	scan_put_stale(s->cli, &w);
	json_key(&w, "findings");
	if (s->known) {
		SCAN_CURSOR_AUTO c = { .scan = s };
		json_begin_array(&w);
		while (scan_next(&c)) {
			put_finding(&w, &c.finding, &c.priority);
			flush_out(&out);
		}
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
	struct json_writer w = { .out = out };
	if (value >= 0)
		json_double(&w, value, decimals);
	buf_add_char(out, ',');
}

static void
csv_join(struct buf *out, const struct str *items, size_t count)
{
	BUF_AUTO all = { 0 };
	if (count == 1) {
		cli_csv(out, items[0], false);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(&all, ' ');
		buf_add(&all, items[i]);
	}
	cli_csv(out, buf_str(&all), false);
}

void
scan_csv_verdict(struct buf *out, const struct vulnerability *v, int running, const struct priority *p, struct str why,
		 struct str last_affected)
{
	char due[TIME_RFC3339_MAX] = "";
	if (p->due)
		time_rfc3339(p->due, due);
	cli_csv(out, str_of(severity_name(v->severity)), false);
	csv_score(out, v->cvss, 1);
	cli_csv(out, v->kev ? STR("true") : STR("false"), false);
	csv_score(out, v->epss, 5);
	cli_csv(out, running < 0 ? STR("") : running ? STR("true") : STR("false"), false);
	cli_csv(out, str_of(due), false);
	cli_csv(out, str_of(action_name(p->action)), false);
	cli_csv(out, p->reason, false);
	cli_csv(out, why, false);
	cli_csv(out, last_affected, false);
	cli_csv(out, vulnerability_title(v), false);
}

void
scan_print_csv(struct scan *s)
{
	BUF_AUTO out = { 0 };
	buf_add(&out, STR(SCAN_CSV_HEADER));
	SCAN_CURSOR_AUTO c = { .scan = s };
	while (s->known && scan_next(&c)) {
		const struct finding *f = &c.finding;
		cli_csv(&out, f->package->name, false);
		cli_csv(&out, f->source, false);
		cli_csv(&out, f->package->version, false);
		cli_csv(&out, f->fixed, false);
		cli_csv(&out, f->vulnerability.id, false);
		csv_join(&out, f->aliases, f->alias_count);
		csv_join(&out, f->advisories, f->advisory_count);
		scan_csv_verdict(&out, &f->vulnerability, f->running, &c.priority, f->why, f->last_affected);
		cli_csv(&out, f->package->arch, true);
		flush_out(&out);
	}
	fwrite(buf_cstr(&out), 1, out.len, stdout);
}

/* ---- table ---- */

/* Packages that one source package made, alike in everything that a row shows, are one row. */
struct row {
	struct finding finding; /* of the first by name */
	struct priority priority;
	size_t alike;
};

/* What has to be done first, then exploited ones, by severity, and by how likely an attack is. */
static int
compare_urgency(const void *x, const void *y)
{
	const struct row *rx = *(const struct row *const *)x, *ry = *(const struct row *const *)y;
	const struct finding *fx = &rx->finding, *fy = &ry->finding;
	const struct vulnerability *vx = &fx->vulnerability, *vy = &fy->vulnerability;
	if (rx->priority.action != ry->priority.action)
		return rx->priority.action > ry->priority.action ? -1 : 1;
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

void
scan_fixed_cell(struct cli_table *t, const struct finding *f)
{
	if (f->fixed.len)
		cli_table_cell(t, f->fixed);
	else if (f->last_affected.len)
		cli_table_cellf(t, tr("after %.*s"), STR_ARG(f->last_affected));
	else
		cli_table_cell(t, str_of(tr("none known")));
}

/* Our sentence in the reader's language; the machine's own `why` is always English. */
void
scan_why_cell(struct cli_table *t, struct str advisory, struct str name, const struct finding *f,
	      const struct priority *p)
{
	struct str reason = lang_current() == LANG_JA ? p->reason_ja : p->reason;
	if (f->fixed.len)
		cli_table_cellf(t, tr("%.*s: %.*s is affected before %.*s. %.*s"), STR_ARG(advisory), STR_ARG(name),
				STR_ARG(f->fixed), STR_ARG(reason));
	else if (f->last_affected.len && f->note.len)
		cli_table_cellf(t, tr("%.*s: %.*s is affected up to %.*s (%.*s). %.*s"), STR_ARG(advisory),
				STR_ARG(name), STR_ARG(f->last_affected), STR_ARG(f->note), STR_ARG(reason));
	else if (f->last_affected.len)
		cli_table_cellf(t, tr("%.*s: %.*s is affected up to %.*s. %.*s"), STR_ARG(advisory), STR_ARG(name),
				STR_ARG(f->last_affected), STR_ARG(reason));
	else if (f->note.len)
		cli_table_cellf(t, tr("%.*s: %.*s is affected, and no fixed version is known (%.*s). %.*s"),
				STR_ARG(advisory), STR_ARG(name), STR_ARG(f->note), STR_ARG(reason));
	else
		cli_table_cellf(t, tr("%.*s: %.*s is affected, and no fixed version is known. %.*s"), STR_ARG(advisory),
				STR_ARG(name), STR_ARG(reason));
}

static void
why_cell(const struct scan *s, struct cli_table *t, const struct row *row)
{
	/* The advisory that decided stands before the first ": " of the machine's sentence. */
	const struct finding *f = &row->finding;
	ptrdiff_t colon = str_find(f->why, STR(": "));
	struct str advisory = colon > 0 ? str_head(f->why, (size_t)colon) : STR("");
	if (s->why)
		scan_why_cell(t, advisory, f->source, f, &row->priority);
	else
		cli_table_cell(t, advisory);
}

static void
finding_row(const struct scan *s, struct cli_table *t, const struct row *row)
{
	const struct finding *f = &row->finding;
	size_t alike = row->alike;
	const struct vulnerability *v = &f->vulnerability;
	char due[TIME_RFC3339_MAX] = "";
	if (row->priority.due)
		time_rfc3339(row->priority.due, due);
	cli_table_cell(t, v->id);
	cli_table_cell(t, str_of(tr(action_name(row->priority.action))));
	cli_table_cell(t, str_head(str_of(due), 10));
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
	scan_fixed_cell(t, f);
	why_cell(s, t, row);
}

void
scan_print_eol(const struct end_of_life *eol, struct str system, int64_t now)
{
	char when[TIME_RFC3339_MAX], regular[TIME_RFC3339_MAX], extended[TIME_RFC3339_MAX];
	int64_t day = eol->eol;
	if (!eol->known)
		return;
	time_rfc3339(eol->support, regular);
	time_rfc3339(eol->extended, extended);
	time_rfc3339(day, when);
	when[10] = 0;
	if (eol->ended && day && eol->extended >= now)
		printf(tr("This system is past its end of support: %.*s ended on %s. More fixes come until %.10s, but "
			  "only "
			  "with a contract for them.\n"),
		       STR_ARG(system), when, extended);
	else if (eol->ended && day)
		printf(tr("This system is past its end of support: %.*s ended on %s. It gets no more fixes.\n"),
		       STR_ARG(system), when);
	else if (eol->ended)
		printf(tr("This system is past its end of support: %.*s. It gets no more fixes.\n"), STR_ARG(system));
	else if (day && eol->support && eol->support < now && eol->support < day)
		printf(tr("%.*s gets long-term fixes until %s; its regular support ended on %.10s.\n"), STR_ARG(system),
		       when, regular);
	else if (day)
		printf(tr("%.*s is supported until %s.\n"), STR_ARG(system), when);
}

/* A stranger's os-release, or what the caller typed: nothing of it steers the terminal. */
static struct str
shown_os(const struct scan *s)
{
	return arena_line(s->cli->arena, s->os, 200);
}

static void
print_summary(const struct scan *s)
{
	const struct scan_sums *n = &s->sums;
	const struct end_of_life *eol = &s->result.eol;
	scan_print_eol(eol, arena_printf(s->cli->arena, "%.*s %.*s", STR_ARG(eol->product), STR_ARG(eol->cycle)),
		       s->request.now);
	if (s->result.count == 0) {
		printf(tr("No findings: %zu packages of %.*s are free of every vulnerability in the imported feeds.\n"),
		       s->inventory.packages.count, STR_ARG(shown_os(s)));
		return;
	}
	printf(tr("Findings: %zu. Packages of %.*s: %zu.\n"), n->findings, STR_ARG(shown_os(s)),
	       s->inventory.packages.count);
	scan_sums_print(n);
}

typedef ARRAY_OF(struct row *) rows_list;

/* What makes two findings one row; a kernel is always a row of its own. */
static struct str
row_key(struct buf *b, const struct match_hit *hit, const struct finding *f)
{
	uint32_t numbers[] = { hit->facts, hit->vulnerability, f->running < 0 ? UINT32_MAX : hit->package };
	buf_truncate(b, 0);
	buf_add(b, str_sub((const char *)numbers, sizeof(numbers)));
	buf_add(b, f->source);
	buf_add_char(b, ' ');
	buf_add(b, f->package->version);
	return buf_str(b);
}

static void
rows_collect(const struct scan *s, struct arena *a, rows_list *list)
{
	TABLE_AUTO rows = { 0 };
	BUF_AUTO scratch = { 0 };
	struct match_view *view = match_view_new(s->index, &s->request, a);
	for (size_t i = 0; i < s->result.count; i++) {
		struct finding f;
		bool added;
		match_view_get(view, &s->result.hits[i], a, &f);
		struct str key = row_key(&scratch, &s->result.hits[i], &f);
		struct row *row = table_get(&rows, key);
		if (!row) {
			row = ARENA_NEW(a, struct row);
			row->finding = f;
			priority_decide(&s->policy, &f.vulnerability, f.date, f.fixed.len + f.last_affected.len > 0,
					&row->priority);
			*table_put(&rows, arena_str(a, key), &added) = row;
			*ARRAY_PUSH(a, list) = row;
		} else if (str_cmp(f.package->name, row->finding.package->name) < 0) {
			row->finding = f;
		}
		row->alike++;
	}
}

void
scan_print_table(struct scan *s)
{
	static const char *const headers[] = { "VULNERABILITY", "ACTION",  "DUE",       "KEV",      "SEVERITY",
					       "EPSS",          "PACKAGE", "INSTALLED", "FIXED IN", "ADVISORY" };
	static const char *const headers_why[] = { "VULNERABILITY", "ACTION",  "DUE",       "KEV",      "SEVERITY",
						   "EPSS",          "PACKAGE", "INSTALLED", "FIXED IN", "WHY" };
	if (!s->known) {
		const struct end_of_life *eol = &s->result.eol;
		scan_print_eol(eol,
			       arena_printf(s->cli->arena, "%.*s %.*s", STR_ARG(eol->product), STR_ARG(eol->cycle)),
			       s->request.now);
		printf(tr("%zu packages of %.*s; their vulnerabilities are unknown.\n"), s->inventory.packages.count,
		       STR_ARG(shown_os(s)));
		return;
	}
	ARENA_AUTO a = { 0 };
	rows_list list = { 0 };
	rows_collect(s, &a, &list);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare_urgency);
	struct cli_table *t = cli_table_new(s->cli->arena, s->why ? headers_why : headers, COUNT(headers));
	for (size_t i = 0; i < list.count; i++)
		finding_row(s, t, list.items[i]);
	if (list.count) {
		cli_table_print(t);
		putchar('\n');
	}
	print_summary(s);
}
