/* mamori feed …: what others publish about vulnerabilities, taken in, and how old it is. */
#include "vuln/feed.h"
#include "vuln/ecosystem.h"
#include "cli/verbs.h"
#include "os/file.h"
#include "plan/inventory.h"

/* ---- what import and update have in common ---- */

struct feed_progress {
	struct cli *cli;
};

static void
on_progress(void *user, const char *path, uint64_t done, uint64_t total)
{
	const struct feed_progress *p = user;
	const char *slash = strrchr(path, '/');
	cli_progress(p->cli, slash && slash[1] ? slash + 1 : path, done, total);
}

static void
report_json(const struct feed_report *r)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	json_begin_object(&w);
	json_put_cstr(&w, "path", r->path);
	json_put_cstr(&w, "feed", r->feed[0] ? r->feed : NULL);
	json_put_i64(&w, "read", (int64_t)r->count.read);
	json_put_i64(&w, "kept", (int64_t)r->count.kept);
	json_key(&w, "skipped");
	json_begin_object(&w);
	for (size_t i = 0; i < r->count.skipped_count; i++)
		json_put_i64(&w, r->count.skipped[i].reason, (int64_t)r->count.skipped[i].count);
	json_end_object(&w);
	if (r->unchanged)
		json_put_bool(&w, "unchanged", true);
	if (r->error.code != ERR_NONE)
		json_put_cstr(&w, "error", r->error.text);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
report_row(struct cli_table *t, const struct feed_report *r)
{
	BUF_AUTO skipped = { 0 };
	if (r->unchanged)
		buf_add(&skipped, str_of(tr("unchanged since the last update")));
	feed_skipped_words(&r->count, &skipped);
	cli_table_cell(t, str_of(r->path));
	cli_table_cell(t, str_of(r->feed));
	cli_table_cellf(t, "%llu", (unsigned long long)r->count.read);
	cli_table_cellf(t, "%llu", (unsigned long long)r->count.kept);
	cli_table_cell(t, buf_str(&skipped));
}

/* Tells a server that owns the folder; an import is done all the same when it cannot be told. */
static void
tell_server(struct cli *c)
{
	struct json *answer;
	struct err e = { 0 };
	if (!file_exists(path_join(c->arena, c->data, "mamori.sock")))
		return;
	if (!cli_api(c, "POST", "/api/v1/feeds/reload", STR("{}"), &answer, &e)) {
		fprintf(stderr, "mamori: ");
		fprintf(stderr,
			tr("the feeds are imported, but the server could not be told (%s); restart it to use them"),
			e.text);
		fprintf(stderr, "\n");
	}
}

/* Prints all reports; the exit status is that of the first one that failed. */
static int
show_reports(struct cli *c, const struct feed_report *reports, size_t count)
{
	static const char *const headers[] = { "PATH", "FEED", "READ", "KEPT", "SKIPPED" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	int status = 0;
	size_t rows = 0;
	uint64_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		const struct feed_report *r = &reports[i];
		kept += r->error.code == ERR_NONE ? r->count.kept : 0;
		if (c->json)
			report_json(r);
		else if (r->error.code == ERR_NONE && ++rows)
			report_row(t, r);
	}
	if (rows)
		cli_table_print(t);
	fflush(stdout);
	for (size_t i = 0; i < count; i++) {
		/* Ten files of one publisher that does not answer are one line. */
		bool said = i > 0 && strcmp(reports[i].error.text, reports[i - 1].error.text) == 0;
		int one = said ? status : cli_fail(c, &reports[i].error);
		status = status ? status : one;
	}
	if (kept)
		tell_server(c);
	return status;
}

/* ---- import ---- */

static int
feed_import_run(struct cli *c, int argc, char **argv)
{
	bool add = false, fewer = false;
	const struct cli_option options[] = {
		{ "add", NULL, "Merge with what was imported earlier instead of replacing it", NULL, &add, NULL },
		{ "fewer", NULL, "Take a feed that has less than half of the records it had", NULL, &fewer, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, &verb_feed_import, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands == 0) {
		err_set(&e, ERR_USAGE, "name what to import: mamori feed import PATH…");
		return cli_fail(c, &e);
	}
	struct feed_progress progress = { c };
	struct feed_import_options o = { .data = c->data,
					 .add = add,
					 .fewer = fewer,
					 .clock = c->clock,
					 .progress = on_progress,
					 .user = &progress };
	struct feed_report *reports = ARENA_ARRAY(c->arena, struct feed_report, (size_t)operands);
	bool ok = feed_import(&o, (const char *const *)argv, (size_t)operands, reports, &e);
	cli_progress_end(c);
	if (!ok)
		return cli_fail(c, &e);
	int status = show_reports(c, reports, (size_t)operands);
	/* A path that gave no record is bad input, whatever kept it from being read. */
	return status ? 3 : 0;
}

const struct cli_verb verb_feed_import = {
	"feed import",
	"PATH…",
	"Import advisories and scores from files, folders or .zip archives",
	"  mamori feed import DSA.list DLA.list\n  mamori feed import --add all.zip",
	feed_import_run,
};

/* ---- update ---- */

/* OSV's name of the system this command runs on. */
static const char *
own_ecosystem(struct cli *c)
{
	BUF_AUTO text = { 0 };
	struct os_release os = { 0 };
	if (!file_read("/etc/os-release", 65536, &text, NULL) || !os_release_parse(buf_str(&text), c->arena, &os))
		return NULL;
	const struct ecosystem *eco = ecosystem_of_os(os_key(&os, c->arena));
	return eco ? eco->osv : NULL;
}

static int
feed_update_run(struct cli *c, int argc, char **argv)
{
	const char *mirror = NULL, *ecosystem = NULL, *csaf = NULL;
	bool fewer = false;
	const struct cli_option options[] = {
		{ "mirror", "URL", "Fetch FEED/NAME below this address instead of from the publishers", &mirror, NULL,
		  NULL },
		{ "ecosystem", "NAME", "Whose OSV advisories: Debian, AlmaLinux, … (default: this machine's)",
		  &ecosystem, NULL, NULL },
		{ "csaf", "URL",
		  "One more publisher of CSAF advisories: its host, provider-metadata.json, feed or changes.csv", &csaf,
		  NULL, NULL },
		{ "fewer", NULL, "Take a feed that has less than half of the records it had", NULL, &fewer, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, &verb_feed_update, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands > 0) {
		err_set(&e, ERR_USAGE, "mamori feed update takes no file; to import one: mamori feed import %s",
			argv[0]);
		return cli_fail(c, &e);
	}
	struct feed_progress progress = { c };
	struct feed_update_options o = { .mirror = mirror, .ecosystem = ecosystem ? ecosystem : own_ecosystem(c) };
	if (csaf && !strstr(csaf, "://")) {
		err_set(&e, ERR_USAGE, "--csaf wants a publisher's address (https://…), not %s", csaf);
		return cli_fail(c, &e);
	}
	o.csaf = csaf;
	o.import = (struct feed_import_options){
		.data = c->data, .fewer = fewer, .clock = c->clock, .progress = on_progress, .user = &progress
	};
	struct feed_report *reports;
	size_t count;
	bool ok = feed_update(&o, c->arena, &reports, &count, &e);
	cli_progress_end(c);
	if (!ok)
		return cli_fail(c, &e);
	int status = show_reports(c, reports, count);
	return status ? 4 : 0;
}

const struct cli_verb verb_feed_update = {
	"feed update",
	"",
	"Fetch the public feeds and import them",
	"  mamori feed update\n  mamori feed update --mirror https://mirror.example/feeds",
	feed_update_run,
};

/* ---- a closed network ---- */

/* The one file that export and receive name. */
static const char *
one_file(struct cli *c, const struct cli_verb *verb, int argc, char **argv, struct err *e)
{
	int operands = 0;
	if (!cli_parse(c, verb, NULL, 0, argc, argv, &operands, e))
		return NULL;
	if (operands != 1)
		err_set(e, ERR_USAGE, "name one file: mamori %s FILE", verb->name);
	return operands == 1 ? argv[0] : NULL;
}

static int
transferred(struct cli *c, const char *file, size_t count, const char *words)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	if (!c->json) {
		printf("%s", words);
		return 0;
	}
	json_begin_object(&w);
	json_put_cstr(&w, "file", file);
	json_put_i64(&w, "feeds", (int64_t)count);
	json_end_object(&w);
	cli_print_line(&line);
	return 0;
}

static int
feed_export_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	size_t count;
	const char *file = one_file(c, &verb_feed_export, argc, argv, &e);
	if (!file || !feed_export(c->data, file, &count, &e))
		return cli_fail(c, &e);
	const char *shown = arena_cstr(c->arena, arena_line(c->arena, str_of(file), 4096));
	return transferred(c, file, count,
			   arena_printf(c->arena,
					tr("%zu feeds are in %s; in the closed network: mamori feed receive %s\n"),
					count, shown, shown)
				   .ptr);
}

const struct cli_verb verb_feed_export = {
	"feed export",
	"FILE",
	"Write all imported feeds into one file for a closed network",
	"  mamori feed export /media/usb/feeds.bundle",
	feed_export_run,
};

static int
feed_receive_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	size_t count;
	const char *file = one_file(c, &verb_feed_receive, argc, argv, &e);
	if (!file || !feed_receive(c->data, file, clock_now(c->clock), &count, &e))
		return cli_fail(c, &e);
	const char *shown = arena_cstr(c->arena, arena_line(c->arena, str_of(file), 4096));
	tell_server(c);
	return transferred(
		c, file, count,
		arena_printf(c->arena, tr("%zu feeds of %s are imported, and the index is built.\n"), count, shown)
			.ptr);
}

const struct cli_verb verb_feed_receive = {
	"feed receive",
	"FILE",
	"Import the file that feed export wrote elsewhere; a damaged or older one changes nothing",
	"  mamori feed receive /media/usb/feeds.bundle",
	feed_receive_run,
};

/* ---- status ---- */

static void
status_json(const struct feed_status *s)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	json_begin_object(&w);
	json_put_cstr(&w, "feed", s->feed);
	json_put_cstr(&w, "source", s->source[0] ? s->source : NULL);
	json_put_i64(&w, "records", (int64_t)s->records);
	json_put_time(&w, "imported_at", s->imported_at);
	json_put_time(&w, "published_at", s->published_at);
	json_put_bool(&w, "stale", s->stale);
	json_put_i64(&w, "stale_after_s", s->stale_after / 1000);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
age_cell(struct cli_table *t, int64_t then, int64_t now)
{
	int64_t minutes = (now - then) / 60000;
	if (then == 0)
		cli_table_cell(t, STR("–"));
	else if (minutes < 60)
		cli_table_cellf(t, tr("%lld min"), (long long)(minutes > 0 ? minutes : 0));
	else if (minutes < 48 * 60)
		cli_table_cellf(t, tr("%lld h"), (long long)(minutes / 60));
	else
		cli_table_cellf(t, tr("%lld days"), (long long)(minutes / (24 * 60)));
}

static int
feed_status_run(struct cli *c, int argc, char **argv)
{
	static const char *const headers[] = { "FEED", "STATE", "RECORDS", "DATA AGE", "IMPORTED", "SOURCE" };
	struct err e = { 0 };
	int operands = 0;
	struct feed_status *list;
	size_t count, old = 0;
	bool fail_on_stale = false;
	int64_t now = clock_now(c->clock);
	const struct cli_option options[] = {
		{ "fail-on-stale", NULL, "Exit with 1 when an imported feed is older than its own rhythm", NULL,
		  &fail_on_stale, NULL },
	};
	if (!cli_parse(c, &verb_feed_status, options, COUNT(options), argc, argv, &operands, &e) ||
	    !feed_status_read(c->data, c->arena, now, &list, &count, &e))
		return cli_fail(c, &e);
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		const struct feed_status *s = &list[i];
		char when[TIME_RFC3339_MAX];
		old += s->stale && s->imported_at != 0;
		if (c->json) {
			status_json(s);
			continue;
		}
		cli_table_cell(t, str_of(s->feed));
		cli_table_cell(t, str_of(s->imported_at == 0 ? tr("never imported")
					 : s->stale          ? tr("stale")
							     : tr("current")));
		cli_table_cellf(t, "%llu", (unsigned long long)s->records);
		age_cell(t, s->published_at ? s->published_at : s->imported_at, now);
		cli_table_cell(t, s->imported_at ? str_of(time_local(s->imported_at, when)) : STR("–"));
		cli_table_cell(t, str_of(s->source));
	}
	if (!c->json)
		cli_table_print(t);
	return fail_on_stale && old > 0 ? 1 : 0;
}

const struct cli_verb verb_feed_status = {
	"feed status",
	"",
	"Show what was imported and how old it is",
	"  mamori feed status --json\n  mamori feed status --fail-on-stale || mamori feed update",
	feed_status_run,
};
