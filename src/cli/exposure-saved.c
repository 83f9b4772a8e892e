/* mamori exposure saved …: questions that the server keeps, and what it is told after an import. */
#include "cli/client.h"
#include "cli/exposure.h"
#include "os/file.h"

#include <errno.h>
#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAVED "/api/v1/exposure/saved/"

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "NAME", "name", CELL_TEXT },
		{ "BANNERS", "banners", CELL_NUMBER },
		{ "SINCE LAST LOOK", "change", CELL_NUMBER },
		{ "NEW", "new", CELL_NUMBER },
		{ "COUNTED", "counted_at", CELL_TIME },
		{ "QUERY", "query", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_exposure_saved, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/exposure/saved", columns, COUNT(columns), "No query is saved yet.");
}

/* The words as one query, as exposure search takes them. */
static struct str
query_of(struct cli *c, char **words, int count)
{
	BUF_AUTO text = { 0 };
	for (int i = 0; i < count; i++)
		buf_addf(&text, "%s%s", i ? " " : "", words[i]);
	return arena_str(c->arena, buf_str(&text));
}

static int
add_run(struct cli *c, int argc, char **argv)
{
	bool notice = false;
	const struct cli_option options[] = {
		{ "notice", NULL, "Tell when an import brings services that match for the first time", NULL, &notice,
		  NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_exposure_saved, options, COUNT(options), argc, argv, 2, 1000, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, SAVED, argv[0], "");
	json_begin_object(&w);
	json_put_str(&w, "query", query_of(c, argv + 1, n - 1));
	json_put_bool(&w, "notice", notice);
	json_end_object(&w);
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body), "The query is saved.");
}

static int
remove_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_exposure_saved, NULL, 0, argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, SAVED, argv[0], "");
	return cli_send(c, "DELETE", buf_cstr(&path), STR_NONE, "The saved query is gone; imported data stays.");
}

static int
seen_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_exposure_saved, NULL, 0, argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, SAVED, argv[0], "/seen");
	return cli_send(c, "POST", buf_cstr(&path), STR("{}"), "What was new is seen.");
}

static bool
saved_find(struct cli *c, const char *name, struct str *query, struct err *e)
{
	struct json **items;
	size_t count;
	if (!cli_api_items(c, "/api/v1/exposure/saved", &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(json_get_str(items[i], "name"), str_of(name)))
			continue;
		*query = json_get_str(items[i], "query");
		return true;
	}
	return err_set(e, ERR_NOT_FOUND, "there is no saved query “%s”; see: mamori exposure saved list", name);
}

bool
exposure_saved_words(struct cli *c, const char *name, char ***words, int *count, struct err *e)
{
	struct str query = STR_NONE;
	if (!saved_find(c, name, &query, e))
		return false;
	char **all = ARENA_ARRAY(c->arena, char *, (size_t)*count + 1);
	all[0] = (char *)(uintptr_t)arena_printf(c->arena, *count ? "(%.*s)" : "%.*s", STR_ARG(query)).ptr;
	memcpy(all + 1, *words, (size_t)*count * sizeof(*all));
	*words = all;
	*count += 1;
	return true;
}

/* The same as exposure search --saved NAME, whose options it takes. */
static int
run_run(struct cli *c, int argc, char **argv)
{
	static char option[] = "--saved";
	char **all = ARENA_ARRAY(c->arena, char *, (size_t)argc + 1);
	all[0] = option;
	memcpy(all + 1, argv, (size_t)argc * sizeof(*all));
	return verb_exposure_search.run(c, argc + 1, all);
}

/* ---- after an import ---- */

void
cli_give(struct cli *c, const char *sub)
{
	struct stat owner;
	char *const paths[] = { (char *)(uintptr_t)path_join(c->arena, c->data, sub), NULL };
	if (geteuid() != 0 || stat(c->data, &owner) != 0 || owner.st_uid == 0)
		return;
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
	for (FTSENT *f; walk && (f = fts_read(walk));)
		if (f->fts_info != FTS_DP && f->fts_statp->st_uid == 0 &&
		    lchown(f->fts_accpath, owner.st_uid, owner.st_gid) != 0)
			fprintf(stderr, "mamori: %s: %s\n", f->fts_path, strerror(errno));
	if (walk)
		fts_close(walk);
}

void
exposure_give(struct cli *c)
{
	cli_give(c, "exposure");
}

void
exposure_tell(struct cli *c)
{
	struct err e = { 0 };
	struct json *answer;
	size_t count;
	if (!file_exists(path_join(c->arena, c->data, "mamori.db"))) /* no server's folder */
		return;
	exposure_give(c);
	if (!cli_api(c, "POST", "/api/v1/exposure/imported", STR("{}"), &answer, &e)) {
		fprintf(stderr, tr("mamori: everything was imported, but saved queries could not be counted: %s\n"),
			e.text);
		return;
	}
	const struct json *items = json_get_array(answer, "items", &count);
	for (size_t i = 0; i < count && !c->json; i++) {
		long long fresh = (long long)json_get_i64(&items[i], "new", 0);
		struct str name = json_get_str(&items[i], "name");
		if (fresh > 0) {
			printf(tr("New services match the saved query “%.*s”: %lld."), STR_ARG(name), fresh);
			printf("\n");
		}
	}
}

/* ---- the verb ---- */

static int
saved_run(struct cli *c, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *c, int argc, char **argv);
	} acts[] = { { "list", list_run },
		     { "add", add_run },
		     { "remove", remove_run },
		     { "run", run_run },
		     { "seen", seen_run } };
	struct err e = { 0 };
	for (size_t i = 0; argc > 0 && i < COUNT(acts); i++)
		if (strcmp(argv[0], acts[i].name) == 0)
			return acts[i].run(c, argc - 1, argv + 1);
	int operands = 0;
	if (!cli_parse(c, &verb_exposure_saved, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands == 0)
		return list_run(c, 0, argv);
	err_set(&e, ERR_USAGE, "say what to do with saved queries: mamori exposure saved list|add|remove|run|seen");
	return cli_fail(c, &e);
}

const struct cli_verb verb_exposure_saved = {
	"exposure saved",
	"list | add NAME QUERY | remove NAME | run NAME | seen NAME",
	"Keep queries of exposure data, and be told what is new among their answers\n"
	"add --notice tells after an import when services match for the first time, seen acknowledges it;\n"
	"run takes the options of exposure search.",
	"mamori exposure saved add --notice 'DICOM in Japan without TLS' 'country:JP class:dicom -tls:true'\n"
	"mamori exposure saved run 'DICOM in Japan without TLS' --limit 20",
	saved_run,
	true,
};
