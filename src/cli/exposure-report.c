/* mamori exposure report: what imported banners say of medical systems, as PDF, HTML and XLSX. */
#include "base/time.h"
#include "cli/exposure.h"
#include "cli/verbs.h"
#include "evidence/exposure-notify.h"
#include "evidence/exposure-report.h"
#include "os/file.h"
#include "trust/key.h"

enum { DAY_MS = 86400000, FORMATS_MAX = 8 };

struct report_words { /* what the command line asks for */
	const char *formats, *to, *country, *query, *top, *as_of, *rules, *from;
};

struct report_out {
	struct exposure_cli x;
	struct exposure_request request;
	const struct report_writer *writers[FORMATS_MAX];
	size_t writer_count;
	bool zip, background;
	struct cli_table *table;
};

static void
say_file(struct report_out *o, const char *path, const char *format, struct str bytes)
{
	char hex[SHA256_HEX_LEN];
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };

	sha256_hex(bytes, hex);
	if (!o->x.cli->json) {
		cli_table_cell(o->table, str_of(path));
		cli_table_cellf(o->table, "%zu", bytes.len);
		cli_table_cell(o->table, str_of(hex));
		return;
	}
	json_begin_object(&w);
	json_put_cstr(&w, "path", path);
	json_put_cstr(&w, "format", format);
	json_put_i64(&w, "bytes", (int64_t)bytes.len);
	json_put_cstr(&w, "sha256", hex);
	json_end_object(&w);
	cli_print_line(&line);
}

/* ---- what was asked for ---- */

static bool
read_formats(struct report_out *o, const char *formats, const char *to, struct err *e)
{
	ptrdiff_t dot = to ? str_rfind_char(str_of(to), '.') : -1;
	struct str rest = str_of(formats ? formats : "pdf,html,xlsx"), one;

	if (!formats && dot >= 0 && report_writer_find(str_skip(str_of(to), (size_t)dot + 1)))
		rest = str_skip(str_of(to), (size_t)dot + 1);
	while (str_cut(&rest, ',', &one)) {
		const struct report_writer *w = report_writer_find(str_trim(one));
		if (!w || o->writer_count == FORMATS_MAX)
			return err_set(e, ERR_USAGE, "--format takes pdf, html and xlsx, not “%.*s”", STR_ARG(one));
		o->writers[o->writer_count++] = w;
	}
	return o->writer_count > 0 || err_set(e, ERR_USAGE, "--format takes pdf, html and xlsx, not “%s”", formats);
}

static bool
read_country(struct arena *a, const char *text, struct str *out, struct err *e)
{
	struct str s = str_of(text ? text : "");
	char *code = arena_cstr(a, s);

	*out = STR("");
	if (!text)
		return true;
	for (size_t i = 0; i < s.len; i++) {
		code[i] = s.ptr[i] >= 'a' && s.ptr[i] <= 'z' ? (char)(s.ptr[i] - 32) : s.ptr[i];
		if (code[i] < 'A' || code[i] > 'Z')
			s.len = 0;
	}
	*out = str_of(code);
	return s.len == 2 || err_set(e, ERR_USAGE, "--country takes a code of two letters such as JP, not “%s”", text);
}

static bool
read_request(struct report_out *o, const struct report_words *w, char **words, int count, struct err *e)
{
	struct exposure_request *r = &o->request;
	struct arena *a = o->x.cli->arena;
	BUF_AUTO query = { 0 };
	uint64_t top = EXPOSURE_TOP;

	buf_addf(&query, "%s", w->query ? w->query : "");
	for (int i = 0; i < count; i++)
		buf_addf(&query, "%s%s", query.len > 0 ? " " : "", words[i]);
	r->query = arena_str(a, str_trim(buf_str(&query)));
	r->lang = lang_current();
	if (!exposure_cli_number("top", w->top, &top, e) || !read_country(a, w->country, &r->country, e))
		return false;
	if (top == 0 || top > EXPOSURE_TOP_MAX)
		return err_set(e, ERR_USAGE, "--top takes a number from 1 to %d, not “%s”", EXPOSURE_TOP_MAX, w->top);
	r->top = (size_t)top;
	if (w->as_of && (!time_parse(str_of(w->as_of), &r->before) || strlen(w->as_of) != 10))
		return err_set(e, ERR_USAGE, "--as-of takes a date such as 2026-11-21, not “%s”", w->as_of);
	if (w->as_of)
		r->before += DAY_MS;
	struct query *q;
	char *text = arena_cstr(a, r->query);
	return r->query.len == 0 || exposure_cli_query(&o->x, &text, 1, &q, e);
}

static bool
open_all(struct report_out *o, const char *rules, struct enrich_rules **out, struct err *e)
{
	struct cli *c = o->x.cli;
	const char *kept = path_join(c->arena, c->data, "exposure/rules");

	if (!enrich_open(rules ? rules : file_exists(kept) ? kept : NULL, out, e) || !exposure_cli_open(&o->x, e))
		return false;
	o->request.backend = o->x.backend;
	o->request.state = o->x.state;
	o->request.rules = *out;
	return true;
}

/* ---- the report ---- */

/* --to names a file when it ends like its format, else a folder. */
static const char *
path_of(struct report_out *o, const struct report_writer *w, const char *to)
{
	struct arena *a = o->x.cli->arena;
	struct str suffix = arena_printf(a, ".%s", w->name);
	struct str country = o->request.country;

	if (to && o->writer_count == 1 && str_ends(str_of(to), suffix))
		return to;
	return path_join(
		a, to ? to : ".",
		arena_printf(a, "exposure-healthcare%s%.*s.%s", country.len > 0 ? "-" : "", STR_ARG(country), w->name)
			.ptr);
}

static bool
write_reports(struct report_out *o, const char *to, struct err *e)
{
	static const char *const headers[] = { "PATH", "BYTES", "SHA-256" };
	struct arena *a = o->x.cli->arena;
	struct report *r;

	if (!exposure_report(a, &o->request, &r, e))
		return false;
	o->table = o->x.cli->json ? NULL : cli_table_new(a, headers, COUNT(headers));
	for (size_t i = 0; i < o->writer_count; i++) {
		BUF_AUTO bytes = { 0 };
		const char *path = path_of(o, o->writers[i], to);
		if (path != to && to && !dir_make(to, 0755, e))
			return false;
		if (!o->writers[i]->write(r, &bytes, e) || !file_write(path, buf_str(&bytes), 0644, e))
			return err_wrap(e, "writing the report %s", path);
		say_file(o, path, o->writers[i]->name, buf_str(&bytes));
	}
	if (o->table)
		cli_table_print(o->table);
	return true;
}

static bool
write_packs(struct report_out *o, const char *to, const char *from, struct err *e)
{
	struct exposure_packs packs = { 0 };
	bool one = to && str_ends(str_of(to), STR(".zip"));
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };

	if (!to)
		return err_set(e, ERR_USAGE, "name the folder: mamori exposure report notify --to FOLDER");
	if (!exposure_notify(o->x.cli->arena, &o->request, str_of(from ? from : ""), to,
			     one      ? PACK_ONE_ZIP
			     : o->zip ? PACK_ZIPS
				      : PACK_FOLDERS,
			     &packs, e))
		return false;
	if (o->x.cli->json) {
		json_begin_object(&w);
		json_put_cstr(&w, "path", to);
		json_put_i64(&w, "organisations", (int64_t)packs.organisations);
		json_put_i64(&w, "banners", (int64_t)packs.banners);
		json_put_i64(&w, "honeypots_left_out", (int64_t)packs.honeypots);
		json_end_object(&w);
		cli_print_line(&line);
		return true;
	}
	printf(one ? tr("Organisations: %llu, banners: %llu, in %s; index.csv in it lists them. Left out because they "
			"look "
			"like honeypots: %llu.\n")
		   : tr("Organisations: %llu, banners: %llu. One folder for each in %s; index.csv lists them. Left out "
			"because they look like honeypots: %llu.\n"),
	       (unsigned long long)packs.organisations, (unsigned long long)packs.banners, to,
	       (unsigned long long)packs.honeypots);
	return true;
}

/* What leaves is noted first: by the server, when it ordered it. */
static bool
note_report(struct report_out *o, bool packs, struct err *e)
{
	struct arena *a = o->x.cli->arena;
	BUF_AUTO form = { 0 };
	struct query *q;
	uint64_t n;

	if (o->background)
		return true;
	if (!query_parse(a, o->request.query, &q, e) || !o->x.backend->count(o->x.state, q, &n, e))
		return false;
	buf_addf(&form, "%s", packs ? "notify" : "healthcare");
	for (size_t i = 0; i < o->writer_count && !packs; i++)
		buf_addf(&form, " %s", o->writers[i]->name);
	if (o->request.country.len > 0)
		buf_addf(&form, " %.*s", STR_ARG(o->request.country));
	return exposure_audit(&o->x, true, buf_cstr(&form), o->request.query, n, e);
}

static int
report_run(struct cli *c, int argc, char **argv)
{
	struct report_out o = { .x = { .cli = c, .verb = &verb_exposure_report } };
	struct report_words w = { 0 };
	const struct cli_option options[] = {
		{ "format", "LIST", "pdf, html, xlsx, or several with commas (default: all three)", &w.formats, NULL,
		  NULL },
		{ "to", "PATH", "Folder, or a file that ends in .pdf, .html or .xlsx (default: here)", &w.to, NULL,
		  NULL },
		{ "country", "CODE", "The country beside the rest of the world (default: the one with the most)",
		  &w.country, NULL, NULL },
		{ "query", "QUERY", "Report only on what matches", &w.query, NULL, NULL },
		{ "top", "N", "Rows of lists (default 10)", &w.top, NULL, NULL },
		{ "as-of", "DATE", "Only what was observed until the end of this day (UTC)", &w.as_of, NULL, NULL },
		{ "from", "TEXT", "With notify: who sends the letters, and how to reach them", &w.from, NULL, NULL },
		{ "rules", "DIR", "Folder of rules, for the dates of support (default: those imported, else built in)",
		  &w.rules, NULL, NULL },
		{ "zip", NULL, "With notify: a zip file for each organisation instead of a folder", NULL, &o.zip,
		  NULL },
		{ "background", NULL,
		  "At the lowest priority and with at most 2 GB of memory, as the server does what its page orders",
		  NULL, &o.background, NULL },
		{ "store", "URL", "Ask this store instead of the files below --data", &o.x.store, NULL, NULL },
	};
	struct err e = { 0 };
	struct enrich_rules *rules = NULL;
	int operands = 0;

	if (!cli_parse(c, o.x.verb, options, COUNT(options), argc, argv, &operands, &e))
		return exposure_cli_end(&o.x, &e);
	if (o.background)
		cli_go_behind();
	bool packs = operands > 0 && strcmp(argv[0], "notify") == 0;
	if (!packs && (operands == 0 || strcmp(argv[0], "healthcare") != 0))
		err_set(&e, ERR_USAGE, "name the report: mamori exposure report healthcare, or notify --to FOLDER");
	else if ((packs || read_formats(&o, w.formats, w.to, &e)) && read_request(&o, &w, argv + 1, operands - 1, &e) &&
		 open_all(&o, w.rules, &rules, &e) && note_report(&o, packs, &e))
		(void)(packs ? write_packs(&o, w.to, w.from, &e) : write_reports(&o, w.to, &e));
	enrich_close(rules);
	return exposure_cli_end(&o.x, &e);
}

const struct cli_verb verb_exposure_report = {
	"exposure report",
	"healthcare|notify [QUERY]",
	"Reports on medical systems as PDF, HTML and XLSX; letters to the organisations\n"
	"healthcare: countries, TLS, operating systems and their support, classes, DICOM, with charts and a map.\n"
	"notify: one folder for each organisation: a letter in Japanese and English, and a list of its banners.",
	"  mamori exposure report healthcare --country JP --to reports/\n"
	"  mamori exposure report healthcare --format pdf --to japan.pdf --query 'after:2026-01-01'\n"
	"  mamori exposure report notify --country JP --to letters/\n"
	"  mamori exposure report notify --country JP --zip --to letters/",
	report_run,
	false,
};
