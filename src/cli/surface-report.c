/* mamori surface report: a run as PDF, HTML and Excel for people, as CSV, JSON and GraphML for programs. */
#include "evidence/surface-report.h"

#include "base/time.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/result.h"
#include "trust/key.h"

#include <stdio.h>

enum { FORMATS_MAX = 8 };

struct form {
	const char *name;
	/* One of them, by what it is made from. */
	enum { FORM_REPORT, FORM_CSV, FORM_TEXT } kind;
	enum surface_form form;
	void (*write)(const struct surface_model *m, struct buf *out);
};

static const struct form forms[] = {
	{ "pdf", FORM_REPORT, SURFACE_PAPER, NULL },
	{ "html", FORM_REPORT, SURFACE_PAPER, NULL },
	{ "xlsx", FORM_REPORT, SURFACE_SHEETS, NULL },
	{ "csv", FORM_CSV, SURFACE_SHEETS, surface_csv_risks },
	{ "risks.csv", FORM_TEXT, SURFACE_SHEETS, surface_csv_risks },
	{ "assets.csv", FORM_TEXT, SURFACE_SHEETS, surface_csv_assets },
	{ "json", FORM_TEXT, SURFACE_SHEETS, surface_json },
	{ "graphml", FORM_TEXT, SURFACE_SHEETS, surface_graphml },
};

struct report_words { /* what the command line asks for */
	const char *formats, *to, *owner, *run, *before;
};

struct report_out {
	struct cli *cli;
	const struct report_words *words;
	const struct form *forms[FORMATS_MAX];
	size_t count;
	struct surface_model *model;
	int64_t number;
	struct cli_table *table;
};

/* ---- what was asked for ---- */

static const struct form *
form_find(struct str name)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (str_eq_nocase(str_of(forms[i].name), name))
			return &forms[i];
	return NULL;
}

static bool
formats_read(struct report_out *o, struct err *e)
{
	const char *told = o->words->formats, *to = o->words->to;
	ptrdiff_t dot = to ? str_rfind_char(str_of(to), '.') : -1;
	struct str rest = str_of(told ? told : "pdf,html,xlsx"), one;
	if (!told && dot >= 0 && form_find(str_skip(str_of(to), (size_t)dot + 1)))
		rest = str_skip(str_of(to), (size_t)dot + 1);
	while (str_cut(&rest, ',', &one)) {
		const struct form *f = form_find(str_trim(one));
		if (!f || o->count == FORMATS_MAX)
			return err_set(e, ERR_USAGE,
				       "--format takes pdf, html, xlsx, csv, risks.csv, assets.csv, json and graphml, "
				       "not “%.*s”",
				       STR_ARG(one));
		o->forms[o->count++] = f;
	}
	return o->count > 0 ||
	       err_set(e, ERR_USAGE,
		       "--format takes pdf, html, xlsx, csv, risks.csv, assets.csv, json and graphml, not “%s”", told);
}

/* The run that it is compared with: the one that was named, or the one before; none when there is none. */
static bool
before_find(struct report_out *o, int64_t *before, struct err *e)
{
	struct cli *c = o->cli;
	const char *folder = path_join(c->arena, c->data, "surface");
	if (o->words->before)
		return surface_run_number(c, o->words->before, before, e);
	*before = 0;
	for (int64_t n = o->number - 1; n > 0 && !*before; n--)
		if (file_exists(result_path(c->arena, folder, n, "risks.jsonl")))
			*before = n;
	return true;
}

enum { YEAR_MS_DAYS = 366, RUNS_LOOKED_AT = 2000 };

static bool
ended_of(struct cli *c, int64_t number, int64_t *ended)
{
	ARENA_AUTO a = { 0 };
	struct str text;
	struct json *run;
	struct err e = { 0 };
	return surface_run_read(c, number, "run.json", &text, &e) && json_parse(&a, text, NULL, &run, &e) &&
	       time_parse(json_get_str(run, "ended"), ended);
}

/* The first run within a year before this one: what was reduced this year is told from there. */
static bool
year_find(struct report_out *o, struct surface_request *r, struct err *e)
{
	struct cli *c = o->cli;
	const char *folder = path_join(c->arena, c->data, "surface");
	int64_t now, then;
	if (o->words->before || !ended_of(c, o->number, &now))
		return true;
	for (int64_t n = o->number - 1; n > 0 && n > o->number - RUNS_LOOKED_AT; n--) {
		if (!file_exists(result_path(c->arena, folder, n, "risks.jsonl")) || !ended_of(c, n, &then))
			continue;
		if (then < now - INT64_C(86400000) * YEAR_MS_DAYS)
			break;
		r->number_year = n;
		r->year_ended = then;
	}
	if (r->number_year == r->number_before)
		r->number_year = 0;
	return !r->number_year || surface_run_read(c, r->number_year, "risks.jsonl", &r->risks_year, e);
}

static bool
rows_fetch(struct cli *c, const char *path, struct json *const **rows, size_t *count, struct err *e)
{
	struct json **all, **both;
	size_t n;
	if (!cli_api_items(c, path, &all, &n, e))
		return false;
	both = ARENA_ARRAY(c->arena, struct json *, *count + n + 1);
	for (size_t i = 0; i < *count; i++)
		both[i] = (*rows)[i];
	for (size_t i = 0; i < n; i++)
		both[*count + i] = all[i];
	*rows = both;
	*count += n;
	return true;
}

/* What people decided, where the folder is a server's; the ledger is held against the newest run only. */
static bool
decisions_fetch(struct report_out *o, struct surface_request *r, struct err *e)
{
	struct cli *c = o->cli;
	const char *risks = arena_printf(c->arena, "/api/v1/surface/risks?run=%lld", (long long)o->number).ptr;
	int64_t newest;
	if (!file_exists(path_join(c->arena, c->data, "mamori.db")))
		return true;
	return rows_fetch(c, risks, &r->decided, &r->decided_count, e) &&
	       rows_fetch(c, arena_printf(c->arena, "%s&gone=true", risks).ptr, &r->decided, &r->decided_count, e) &&
	       surface_run_number(c, NULL, &newest, e) &&
	       (newest != o->number || rows_fetch(c, "/api/v1/surface/gateways", &r->ledger, &r->ledger_count, e));
}

static bool
request_read(struct report_out *o, struct surface_request *r, struct err *e)
{
	struct cli *c = o->cli;
	if (!formats_read(o, e) || !surface_run_number(c, o->words->run, &o->number, e) ||
	    !before_find(o, &r->number_before, e) || !year_find(o, r, e) || !decisions_fetch(o, r, e))
		return false;
	r->number = o->number;
	r->lang = lang_current();
	r->owner = str_of(o->words->owner ? o->words->owner : "");
	return surface_run_read(c, o->number, "assets.jsonl", &r->assets, e) &&
	       surface_run_read(c, o->number, "risks.jsonl", &r->risks, e) &&
	       surface_run_read(c, o->number, "run.json", &r->run, e) &&
	       (!r->number_before || (surface_run_read(c, r->number_before, "risks.jsonl", &r->risks_before, e) &&
				      surface_run_read(c, r->number_before, "run.json", &r->run_before, e)));
}

/* ---- files ---- */

/* A company's name as a part of a file's: letters stay, what a file system or a shell may mind becomes "-". */
static struct str
part_of_name(struct arena *a, struct str owner)
{
	struct str s = report_clean(a, owner, 60);
	char *text = arena_cstr(a, s);
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
		text[i] = plain ? text[i] : '-';
	}
	return str_of(text);
}

static const char *
path_of(struct report_out *o, const char *suffix)
{
	struct arena *a = o->cli->arena;
	const char *to = o->words->to;
	struct str owner = part_of_name(a, str_of(o->words->owner ? o->words->owner : ""));
	if (to && o->count == 1 && str_ends(str_of(to), arena_printf(a, ".%s", o->forms[0]->name))) {
		struct str stem = str_head(str_of(to), strlen(to) - strlen(o->forms[0]->name) - 1);
		return arena_printf(a, "%.*s%s", STR_ARG(stem), suffix).ptr;
	}
	return path_join(a, to ? to : ".",
			 arena_printf(a, "attack-surface-%06lld%s%.*s%s", (long long)o->number, owner.len ? "-" : "",
				      STR_ARG(owner), suffix)
				 .ptr);
}

static bool
file_put(struct report_out *o, const struct form *f, const char *suffix, struct str bytes, struct err *e)
{
	const char *path = path_of(o, suffix), *to = o->words->to;
	char hex[SHA256_HEX_LEN];
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	bool folder = to && !(o->count == 1 && str_ends(str_of(to), arena_printf(o->cli->arena, ".%s", f->name)));
	if ((folder && !dir_make(to, 0755, e)) || !file_write(path, bytes, 0600, e))
		return err_wrap(e, "writing the report %s", path);
	sha256_hex(bytes, hex);
	if (o->table) {
		cli_table_cell(o->table, str_of(path));
		cli_table_cellf(o->table, "%zu", bytes.len);
		cli_table_cell(o->table, str_of(hex));
		return true;
	}
	json_begin_object(&w);
	json_put_cstr(&w, "path", path);
	json_put_cstr(&w, "format", f->name);
	json_put_i64(&w, "bytes", (int64_t)bytes.len);
	json_put_cstr(&w, "sha256", hex);
	json_end_object(&w);
	cli_print_line(&line);
	return true;
}

static bool
form_write(struct report_out *o, const struct form *f, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	BUF_AUTO more = { 0 };
	const char *suffix = arena_printf(o->cli->arena, ".%s", f->name).ptr;
	if (f->kind == FORM_REPORT) {
		const struct report_writer *writer = report_writer_find(str_of(f->name));
		return writer->write(surface_report(o->model, f->form), &bytes, e) &&
		       file_put(o, f, suffix, buf_str(&bytes), e);
	}
	f->write(o->model, &bytes);
	if (f->kind != FORM_CSV)
		return file_put(o, f, suffix, buf_str(&bytes), e);
	surface_csv_assets(o->model, &more);
	return file_put(o, f, suffix, buf_str(&bytes), e) && file_put(o, f, "-assets.csv", buf_str(&more), e);
}

static int
report_run(struct cli *c, int argc, char **argv)
{
	static const char *const headers[] = { "PATH", "BYTES", "SHA-256" };
	struct report_words w = { 0 };
	struct report_out o = { .cli = c, .words = &w };
	bool background = false;
	const struct cli_option options[] = {
		{ "format", "LIST",
		  "pdf, html, xlsx, csv (two files: risks and assets; risks.csv or assets.csv: one of them), json, "
		  "graphml, or several with commas (default: pdf,html,xlsx)",
		  &w.formats, NULL, NULL },
		{ "to", "PATH", "Folder, or a file whose name ends in the format (default: here)", &w.to, NULL, NULL },
		{ "owner", "WHOSE", "Only what belongs to self, group, contractor, or to this company", &w.owner, NULL,
		  NULL },
		{ "run", "N", "Of this run instead of the newest", &w.run, NULL, NULL },
		{ "before", "N", "Compare with this run instead of the one before, such as last year's", &w.before,
		  NULL, NULL },
		{ "background", NULL,
		  "At the lowest priority and with at most 2 GB of memory, as the server does what its page orders",
		  NULL, &background, NULL },
	};
	struct surface_request request = { 0 };
	struct err e = { 0 };
	int n;
	if (!cli_parse(c, &verb_surface_report, options, COUNT(options), argc, argv, &n, &e))
		return cli_fail(c, &e);
	if (background)
		cli_go_behind();
	if (!request_read(&o, &request, &e) || !surface_read(c->arena, &request, &o.model, &e))
		return cli_fail(c, &e);
	o.table = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers));
	bool ok = true;
	for (size_t i = 0; ok && i < o.count; i++)
		ok = form_write(&o, o.forms[i], &e);
	if (o.table)
		cli_table_print(o.table);
	surface_close(o.model);
	return ok ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_surface_report = {
	"surface report",
	"",
	"A run as a report: PDF, HTML and Excel for people, CSV, JSON and GraphML for programs\n"
	"What is ours, what must be fixed, what was reduced since the run before, a plan with room for costs, and all "
	"lists. The same run gives the same bytes.",
	"mamori surface report --to reports/\n"
	"mamori surface report --format pdf --to surface.pdf --owner self\n"
	"mamori surface report --owner 株式会社例保守 --to contractor/\n"
	"mamori surface report --format graphml --to surface.graphml",
	report_run,
	false,
};
