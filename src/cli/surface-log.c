/* mamori surface log|diff: every question that was asked, and what changed between two runs. */
#include "base/table.h"
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/gap.h"
#include "surface/query-log.h"

#include <stdio.h>

/* ---- the log ---- */

static bool
print_line(void *user, struct str line)
{
	(void)user;
	return fwrite(line.ptr, 1, line.len, stdout) == line.len;
}

static void
verify_json(const struct query_check *check)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	json_begin_object(&w);
	json_put_bool(&w, "whole", check->faults == 0);
	json_put_i64(&w, "lines", (int64_t)check->rows);
	json_put_i64(&w, "signatures", (int64_t)check->seals);
	json_put_i64(&w, "answers", (int64_t)check->answers);
	json_key(&w, "faults");
	json_begin_array(&w);
	for (size_t i = 0; i < check->faults && i < QUERY_FAULTS_MAX; i++) {
		json_begin_object(&w);
		json_put_i64(&w, "line", check->fault[i].row);
		json_put_str(&w, "what", check->fault[i].what);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	cli_print_line(&line);
}

static int
verify(struct cli *c, const char *folder)
{
	struct err e = { 0 };
	struct query_check *check = ARENA_NEW(c->arena, struct query_check);
	if (!query_log_verify(folder, c->arena, check, &e))
		return cli_fail(c, &e);
	if (c->json) {
		verify_json(check);
	} else {
		for (size_t i = 0; i < check->faults && i < QUERY_FAULTS_MAX; i++)
			printf("%.*s\n", STR_ARG(check->fault[i].what));
		printf(check->faults
			       ? tr("The log is not whole: %llu lines, %llu signatures and %llu answers were looked "
				    "at.\n")
			       : tr("The log is whole: %llu lines, %llu signatures and %llu answers were looked at.\n"),
		       (unsigned long long)check->rows, (unsigned long long)check->seals,
		       (unsigned long long)check->answers);
	}
	return check->faults ? 5 : 0;
}

static bool
list(struct cli *c, const char *folder, struct err *e)
{
	static const char *const headers[] = { "LINE", "WHEN", "SOURCE", "QUESTION", "WITH", "OUTCOME" };
	static const char *const events[] = { "run", "asked", "answered" };
	struct query_line *lines;
	size_t count;
	int64_t total;
	enum { SHOWN = 100 };
	if (!query_log_list(folder, 0, 0, c->arena, &lines, &count, &total, e) ||
	    !query_log_list(folder, total > SHOWN ? total - SHOWN + 1 : 1, SHOWN, c->arena, &lines, &count, &total, e))
		return false;
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		char at[TIME_RFC3339_MAX];
		cli_table_cellf(t, "%lld", (long long)lines[i].row);
		cli_table_cell(t, arena_str(c->arena, str_of(time_local(lines[i].at, at))));
		cli_table_cell(t, str_of(lines[i].event == QUERY_RUN ? "–" : service_name(lines[i].service)));
		cli_table_cell(t, lines[i].what);
		cli_table_cell(t, cli_or_dash(lines[i].with));
		cli_table_cell(t, lines[i].why.len ? lines[i].why : str_of(tr(events[lines[i].event])));
	}
	if (count)
		cli_table_print(t);
	printf(tr("%lld lines in all; all of them: mamori surface log --json\n"), (long long)total);
	return true;
}

static int
log_run(struct cli *c, int argc, char **argv)
{
	bool check = false;
	const struct cli_option options[] = {
		{ "verify", NULL, "Look whether a line was removed, changed or added", NULL, &check, NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_surface_log, options, COUNT(options), argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	const char *folder = path_join(c->arena, c->data, "surface");
	if (check)
		return verify(c, folder);
	if (c->json ? !query_log_export(folder, print_line, NULL, &e) : !list(c, folder, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_surface_log = {
	"surface log",
	"",
	"Every question that was asked of others, signed: the proof that nothing was sent to what was found",
	"mamori surface log --verify\nmamori surface log --json > questions.jsonl",
	log_run,
	false,
};

/* ---- what changed ---- */

/* One of the two: its assets by kind and name, and run.json. */
struct side {
	struct table assets;
	struct json *about;
};

static bool
side_read(struct cli *c, const char *run, struct side *side, struct err *e)
{
	struct str lines, line, about;
	int64_t number;
	bool added;
	if (!surface_run_number(c, run, &number, e) || !surface_run_read(c, number, "run.json", &about, e) ||
	    !json_parse(c->arena, about, NULL, &side->about, e) ||
	    !surface_run_read(c, number, "assets.jsonl", &lines, e))
		return false;
	while (str_line(&lines, &line)) {
		struct json *asset;
		if (!json_parse(c->arena, line, NULL, &asset, e))
			return false;
		struct str kind = json_get_str(asset, "kind"), name = json_get_str(asset, "name");
		*table_put(&side->assets, arena_printf(c->arena, "%.*s %.*s", STR_ARG(kind), STR_ARG(name)), &added) =
			asset;
	}
	return true;
}

static void
change(struct cli *c, struct cli_table *t, const char *what, const struct json *asset, struct str before,
       struct str now)
{
	if (t) {
		cli_table_cell(t, str_of(tr(what)));
		cli_table_cell(t, str_of(tr(arena_cstr(c->arena, json_get_str(asset, "kind")))));
		cli_table_cell(t, json_get_str(asset, "name"));
		cli_table_cell(t, cli_ownership(c, before));
		cli_table_cell(t, cli_ownership(c, now));
		return;
	}
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	json_begin_object(&w);
	json_put_cstr(&w, "change", what);
	json_put_str(&w, "kind", json_get_str(asset, "kind"));
	json_put_str(&w, "name", json_get_str(asset, "name"));
	json_put_str(&w, "before", before.len ? before : STR_NONE);
	json_put_str(&w, "now", now.len ? now : STR_NONE);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
compare(struct cli *c, const struct side *from, const struct side *to)
{
	const struct table *a = &from->assets, *b = &to->assets;
	static const char *const headers[] = { "CHANGE", "KIND", "NAME", "BEFORE", "NOW" };
	struct cli_table *t = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers));
	struct table_slot *slot;
	size_t changes = 0;
	for (size_t i = 0; table_next(b, &i, &slot);) {
		const struct json *old = table_get(a, slot->key);
		struct str before = json_get_str(old, "ownership"), now = json_get_str(slot->value, "ownership");
		if (old && str_eq(before, now))
			continue;
		change(c, t, old ? "changed" : "new", slot->value, before, now);
		changes++;
	}
	for (size_t i = 0; table_next(a, &i, &slot);) {
		if (table_has(b, slot->key))
			continue;
		bool unchecked = asset_unchecked(from->about, to->about, slot->value);
		change(c, t, unchecked ? "unchecked" : "gone", slot->value, json_get_str(slot->value, "ownership"),
		       STR_NONE);
		changes++;
	}
	if (t && changes)
		cli_table_print(t);
	else if (t)
		printf("%s\n", tr("Nothing changed between the two."));
}

static int
diff_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	struct side a = { 0 }, b = { 0 };
	int64_t newest;
	int n;
	if (!cli_words(c, &verb_surface_diff, NULL, 0, argc, argv, 0, 2, &n, &e) ||
	    !surface_run_number(c, NULL, &newest, &e))
		return cli_fail(c, &e);
	if (n == 0 && newest < 2)
		return cli_fail(c,
				(err_set(&e, ERR_NOT_FOUND, "there is one run only; run surface discover again"), &e));
	const char *from = n > 0 ? argv[0] : arena_printf(c->arena, "%lld", (long long)newest - 1).ptr;
	const char *to = n > 1 ? argv[1] : arena_printf(c->arena, "%lld", (long long)newest).ptr;
	bool ok = side_read(c, from, &a, &e) && side_read(c, to, &b, &e);
	if (ok)
		compare(c, &a, &b);
	table_free(&a.assets);
	table_free(&b.assets);
	return ok ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_surface_diff = {
	"surface diff",
	"[RUN [RUN]]",
	"What is new, gone or changed between two runs; the last two where none is named\n"
	"unchecked: it is not in the later run, but a source that told of it failed or was not asked then.",
	"mamori surface diff\nmamori surface diff 3 7 --json",
	diff_run,
	false,
};
