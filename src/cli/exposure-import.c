/* mamori exposure import …: what scanners and search engines exported, taken in; the rules by which it is understood. */
#include "cli/exposure.h"
#include "cli/verbs.h"
#include "exposure/enrich-recog.h"
#include "exposure/importer.h"
#include "os/file.h"

#include <sys/stat.h>

struct progress {
	struct cli *cli;
	const char *path;
};

static void
on_progress(void *user, uint64_t bytes, uint64_t of, uint64_t records)
{
	const struct progress *p = user;
	const char *slash = strrchr(p->path, '/');
	cli_progress(p->cli, slash && slash[1] ? slash + 1 : p->path, bytes, of);
}

static void
report_json(const char *path, struct str source, const struct import_counts *counts, const struct err *failed)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	struct table_slot *slot;
	json_begin_object(&w);
	json_put_cstr(&w, "path", path);
	json_key(&w, "source");
	json_str_or_null(&w, source.len ? source : STR_NONE);
	json_put_i64(&w, "read", (int64_t)counts->read);
	json_put_i64(&w, "kept", (int64_t)counts->kept);
	json_key(&w, "skipped");
	json_begin_object(&w);
	for (size_t i = 0; table_next(&counts->skipped, &i, &slot);) {
		json_key_str(&w, slot->key);
		json_i64(&w, (int64_t)(uintptr_t)slot->value);
	}
	json_end_object(&w);
	if (failed->code != ERR_NONE)
		json_put_cstr(&w, "error", failed->text);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
report_row(struct cli_table *t, const char *path, struct str source, const struct import_counts *counts)
{
	BUF_AUTO skipped = { 0 };
	struct table_slot *slot;
	for (size_t i = 0; table_next(&counts->skipped, &i, &slot);)
		buf_addf(&skipped, "%s%.*s %llu", skipped.len ? ", " : "", STR_ARG(slot->key),
			 (unsigned long long)(uintptr_t)slot->value);
	cli_table_cell(t, str_of(path));
	cli_table_cell(t, source);
	cli_table_cellf(t, "%llu", (unsigned long long)counts->read);
	cli_table_cellf(t, "%llu", (unsigned long long)counts->kept);
	cli_table_cell(t, buf_str(&skipped));
}

/* Every path on its own: one that fails takes none of the others with it. */
static int
import_paths(struct cli *c, const struct import_options *options, char **paths, int count)
{
	static const char *const headers[] = { "PATH", "SOURCE", "READ", "KEPT", "SKIPPED" };
	struct cli_table *table = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers));
	struct err *failed = ARENA_ARRAY(c->arena, struct err, (size_t)count);
	int status = 0, rows = 0;
	for (int i = 0; i < count; i++) {
		struct progress progress = { c, paths[i] };
		struct import_counts counts = { 0 };
		struct str source = STR("");
		struct import_options o = *options;
		o.user = &progress;
		bool ok = exposure_import(&o, paths[i], &counts, &source, &failed[i]);
		cli_progress_end(c);
		if (c->json)
			report_json(paths[i], source, &counts, &failed[i]);
		else if (ok && ++rows)
			report_row(table, paths[i], source, &counts);
		table_free(&counts.skipped);
	}
	if (rows)
		cli_table_print(table);
	fflush(stdout);
	for (int i = 0; i < count; i++)
		if (failed[i].code != ERR_NONE) {
			(void)cli_fail(c, &failed[i]);
			status = 3;
		}
	return status;
}

/* The rules that were imported, when there are any. */
static const char *
kept_rules(struct cli *c)
{
	const char *folder = path_join(c->arena, c->data, "exposure/rules");
	return file_exists(folder) ? folder : NULL;
}

static int
exposure_import_run(struct cli *c, int argc, char **argv)
{
	const char *snapshot = NULL, *rules = NULL, *store = NULL;
	bool plain = false, redact = false, add = false;
	const struct cli_option options[] = {
		{ "snapshot", "NAME", "Name of this import in queries and comparisons (default: from file and date)",
		  &snapshot, NULL, NULL },
		{ "no-enrich", NULL, "Keep what the source states and infer nothing", NULL, &plain, NULL },
		{ "redact", NULL, "Take patient data (names, numbers, birth dates) out before anything is stored", NULL,
		  &redact, NULL },
		{ "rules", "DIR", "Folder of rules, fingerprints and *.mmdb (default: those imported, else built in)",
		  &rules, NULL, NULL },
		{ "add", NULL, "Keep what an earlier import of the same file gave, too", NULL, &add, NULL },
		{ "store", "URL", "Fill this store instead of the files below --data: clickhouse://HOST:8123/DATABASE",
		  &store, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, &verb_exposure_import, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands == 0) {
		err_set(&e, ERR_USAGE, "name what to import: mamori exposure import PATH…");
		return cli_fail(c, &e);
	}
	struct import_options o = {
		.data = c->data,
		.store = store,
		.snapshot = snapshot ? str_of(snapshot) : STR(""),
		.enrich = !plain,
		.redact = redact,
		.add = add,
		.rules = rules ? rules : kept_rules(c),
		.progress = on_progress,
	};
	int status = import_paths(c, &o, argv, operands);
	exposure_tell(c);
	return status;
}

const struct cli_verb verb_exposure_import = {
	"exposure import",
	"PATH…",
	"Import banners from Shodan, Censys, zgrab2, masscan, nmap, InternetDB",
	"  mamori exposure import banners.json.gz scan.xml\n  mamori exposure import --snapshot 2026-11 --redact "
	"exports/",
	exposure_import_run,
};

/* ---- rules ---- */

static bool
copy_databases(struct cli *c, const char *from, const char *to, size_t *copied, struct err *e)
{
	struct str *names;
	size_t count;
	if (!dir_list(c->arena, from, 1000, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO bytes = { 0 };
		const char *name = arena_cstr(c->arena, names[i]);
		bool table = str_eq(names[i], STR("rules.csv")) || str_eq(names[i], STR("specialties.csv")) ||
			     str_eq(names[i], STR("support.csv")) || str_eq(names[i], STR("redact.csv")) ||
			     str_eq(names[i], STR("honeypots.csv"));
		if (!table && !str_ends(names[i], STR(".mmdb")))
			continue;
		if (!file_read(path_join(c->arena, from, name), (size_t)512 << 20, &bytes, e) ||
		    !file_write(path_join(c->arena, to, name), buf_str(&bytes), 0644, e))
			return false;
		(*copied)++;
	}
	return true;
}

static bool
rules_import(struct cli *c, const char *from, struct recog *recog, size_t *bad, size_t *copied, struct err *e)
{
	const char *to = path_join(c->arena, c->data, "exposure/rules");
	struct enrich_rules *check;
	BUF_AUTO lines = { 0 };
	if (!enrich_open(from, &check, e)) /* nothing is taken that could not be used */
		return false;
	enrich_close(check);
	if (!recog_read_folder(recog, from, bad, e) || !dir_make(to, 0755, e) ||
	    !copy_databases(c, from, to, copied, e))
		return false;
	if (recog->patterns > 0) {
		recog_ready(recog);
		recog_write(recog, &lines);
		if (!file_write(path_join(c->arena, to, "recog.jsonl"), buf_str(&lines), 0644, e))
			return false;
	}
	if (recog->patterns == 0 && *copied == 0)
		return err_set(
			e, ERR_INPUT,
			"importing rules from %s: 0 rules: there is no recog XML, no *.mmdb and no rules.csv in it",
			from);
	return true;
}

static int
exposure_rules_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;
	struct recog recog = { 0 };
	struct enrich_rules *r;
	size_t bad = 0, copied = 0;
	if (!cli_parse(c, &verb_exposure_rules, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands != 2 || strcmp(argv[0], "import") != 0) {
		err_set(&e, ERR_USAGE, "name one folder: mamori exposure rules import DIR");
		return cli_fail(c, &e);
	}
	bool ok = rules_import(c, argv[1], &recog, &bad, &copied, &e) && enrich_open(kept_rules(c), &r, &e);
	size_t patterns = recog.patterns;
	recog_free(&recog);
	if (!ok)
		return cli_fail(c, &e);
	BUF_AUTO line = { 0 };
	if (c->json) {
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		json_put_cstr(&w, "path", argv[1]);
		json_put_i64(&w, "fingerprints", (int64_t)patterns);
		json_put_i64(&w, "unreadable", (int64_t)bad);
		json_put_i64(&w, "files", (int64_t)copied);
		json_put_str(&w, "version", enrich_version(r));
		json_end_object(&w);
	} else {
		buf_addf(&line, tr("%zu fingerprints (%zu could not be read) and %zu files; rules are now %.*s"),
			 patterns, bad, copied, STR_ARG(enrich_version(r)));
	}
	cli_print_line(&line);
	enrich_close(r);
	return 0;
}

const struct cli_verb verb_exposure_rules = {
	"exposure rules",
	"import DIR",
	"Take fingerprints (recog XML), places (*.mmdb) and own rules for enrichment",
	"  mamori exposure rules import recog/xml",
	exposure_rules_run,
};
