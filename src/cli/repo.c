/* mamori repo add|remove|renew|publish|show: a repository of update metadata in a folder. */
#include "cli/client.h"
#include "cli/key.h"
#include "os/file.h"

#include <time.h>

enum { ABOUT_MAX = 64 << 10, OPEN_TRIES = 300 };
#define VALID_FOR_MAX (INT64_C(90) * 24 * 3600 * 1000)

bool
cli_repo_open(struct cli *c, const char *folder, struct tuf_repo **out, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	for (int i = 0;; i++) {
		err_clear(e);
		if (tuf_repo_open(folder, c->clock, out, e))
			return true;
		if (e->code != ERR_BUSY || i == OPEN_TRIES)
			return false;
		nanosleep(&pause, NULL);
	}
}

/* ---- what it looks like ---- */

static void
role_json(const struct tuf_repo_role *role)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	json_begin_object(&w);
	json_put_str(&w, "role", role->name);
	json_put_i64(&w, "published", role->published);
	json_put_i64(&w, "pending", role->pending);
	json_put_time(&w, "expires", role->expires);
	json_put_i64(&w, "signatures", role->signatures);
	json_put_i64(&w, "threshold", role->threshold);
	json_put_i64(&w, "lacks_old", role->lacks_old);
	json_put_bool(&w, "online", role->online);
	json_key(&w, "keys");
	json_begin_array(&w);
	for (size_t i = 0; i < role->key_count; i++)
		json_str(&w, role->keys[i]);
	json_end_array(&w);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
role_row(struct cli *c, struct cli_table *t, const struct tuf_repo_role *role)
{
	char when[TIME_RFC3339_MAX];
	cli_table_cell(t, role->name);
	cli_table_cell(t, role->published ? arena_printf(c->arena, "%lld", (long long)role->published) : STR("–"));
	cli_table_cell(t, role->expires ? arena_str(c->arena, str_of(time_local(role->expires, when))) : STR("–"));
	cli_table_cell(t, role->pending ? arena_printf(c->arena, "%lld", (long long)role->pending) : STR("–"));
	cli_table_cellf(t, "%lld/%lld", (long long)role->signatures, (long long)role->threshold);
	cli_table_cell(t, str_of(role->online ? tr("the server") : tr("people")));
}

/* Whose signature is asked for, and how it is given. */
static bool
role_waits(struct cli *c, const char *folder, const struct tuf_repo_role *role)
{
	if (!role->pending || role->online || (role->signatures >= role->threshold && role->lacks_old == 0))
		return false;
	const char *name = arena_cstr(c->arena, role->name);
	int64_t lacks = role->threshold > role->signatures ? role->threshold - role->signatures : 0;
	if (lacks)
		printf(tr("“%s” lacks %lld signature(s): mamori key sign %s/pending/%s.json --key FILE"), name,
		       (long long)lacks, folder, name);
	else
		printf(tr("“%s” lacks %lld signature(s) by the root keys before it: mamori key sign "
			  "%s/pending/%s.json --key FILE"),
		       name, (long long)role->lacks_old, folder, name);
	putchar('\n');
	return true;
}

bool
cli_repo_print(struct cli *c, struct tuf_repo *r, const char *folder, struct err *e)
{
	static const char *const headers[] = {
		"ROLE", "PUBLISHED", "EXPIRES", "NEXT VERSION", "SIGNATURES", "SIGNED BY"
	};
	struct tuf_repo_role_list list = { 0 };
	bool waits = false, pending = false;
	if (!tuf_repo_roles(r, c->arena, &list, e))
		return false;
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < list.items.count; i++) {
		if (c->json)
			role_json(&list.items.items[i]);
		else
			role_row(c, t, &list.items.items[i]);
	}
	if (c->json)
		return true;
	cli_table_print(t);
	for (size_t i = 0; i < list.items.count; i++) {
		waits = role_waits(c, folder, &list.items.items[i]) || waits;
		pending = pending || list.items.items[i].pending > 0;
	}
	if (pending && !waits) {
		printf(tr("All signatures are there; now: mamori repo publish %s"), folder);
		putchar('\n');
	}
	return true;
}

/* ---- add, remove, renew ---- */

struct adding {
	const char *role, *as, *about;
};

static bool
add_one(struct cli *c, struct tuf_repo *r, const struct adding *o, const char *file, struct str about, struct err *e)
{
	const char *slash = strrchr(file, '/');
	struct str path = o->as ? str_of(o->as) : arena_printf(c->arena, "%s/%s", o->role, slash ? slash + 1 : file);
	const struct tuf_put p = { .path = path, .file = file, .custom = about };
	return tuf_repo_put_target(r, o->role, &p, e);
}

static bool
add(struct cli *c, const char *folder, char **files, int count, const struct adding *o, struct err *e)
{
	TUF_REPO_AUTO r = NULL;
	BUF_AUTO about = { 0 };
	if (o->about && !file_read(o->about, ABOUT_MAX, &about, e))
		return false;
	if (!cli_repo_open(c, folder, &r, e))
		return false;
	for (int i = 0; i < count; i++) {
		cli_progress(c, files[i], (uint64_t)i, (uint64_t)count);
		if (!add_one(c, r, o, files[i], o->about ? buf_str(&about) : STR_NONE, e)) {
			cli_progress_end(c);
			return false;
		}
	}
	cli_progress_end(c);
	return tuf_repo_save(r, e) && cli_repo_print(c, r, folder, e);
}

static int
repo_add_run(struct cli *c, int argc, char **argv)
{
	struct adding o = { 0 };
	const struct cli_option options[] = {
		{ "role", "ROLE", "Who vouches for it: custom, catalog, approval or targets", &o.role, NULL, NULL },
		{ "as", "PATH", "Its path in the repository (default: ROLE/NAME); with one FILE only", &o.as, NULL,
		  NULL },
		{ "about", "FILE", "A JSON object that is signed beside length and digest", &o.about, NULL, NULL },
	};
	struct err e = { 0 };
	int operands;
	if (!cli_words(c, &verb_repo_add, options, COUNT(options), argc, argv, 2, argc, &operands, &e))
		return cli_fail(c, &e);
	if (!o.role)
		err_set(&e, ERR_USAGE, "say who vouches for the files: --role custom, catalog, approval or targets");
	else if (o.as && operands > 2)
		err_set(&e, ERR_USAGE, "--as names the path of one file; %d were given", operands - 1);
	if (e.code || !add(c, argv[0], argv + 1, operands - 1, &o, &e))
		return cli_fail(c, &e);
	return 0;
}

static int
repo_remove_run(struct cli *c, int argc, char **argv)
{
	const char *role = NULL;
	const struct cli_option options[] = {
		{ "role", "ROLE", "Who vouches for it: custom, catalog, approval or targets", &role, NULL, NULL },
	};
	struct err e = { 0 };
	TUF_REPO_AUTO r = NULL;
	int operands;
	if (!cli_words(c, &verb_repo_remove, options, COUNT(options), argc, argv, 2, argc, &operands, &e))
		return cli_fail(c, &e);
	if (!role)
		err_set(&e, ERR_USAGE, "say who vouches for the files: --role custom, catalog, approval or targets");
	if (e.code || !cli_repo_open(c, argv[0], &r, &e))
		return cli_fail(c, &e);
	for (int i = 1; i < operands; i++)
		if (!tuf_repo_remove_target(r, role, str_of(argv[i]), &e))
			return cli_fail(c, &e);
	if (!tuf_repo_save(r, &e) || !cli_repo_print(c, r, argv[0], &e))
		return cli_fail(c, &e);
	return 0;
}

static int
repo_renew_run(struct cli *c, int argc, char **argv)
{
	const char *role = NULL;
	const struct cli_option options[] = {
		{ "role", "ROLE", "What is signed anew: root, targets, catalog, custom", &role, NULL, NULL },
	};
	struct err e = { 0 };
	TUF_REPO_AUTO r = NULL;
	int operands;
	if (!cli_words(c, &verb_repo_renew, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	if (!role)
		err_set(&e, ERR_USAGE, "say what is to be signed anew: --role root, targets, catalog or custom");
	if (e.code || !cli_repo_open(c, argv[0], &r, &e) || !tuf_repo_renew(r, role, &e) || !tuf_repo_save(r, &e) ||
	    !cli_repo_print(c, r, argv[0], &e))
		return cli_fail(c, &e);
	return 0;
}

/* ---- publish, show ---- */

static void
published_print(struct cli *c, const struct tuf_published *what)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	char when[TIME_RFC3339_MAX];
	if (!c->json) {
		if (what->changed)
			printf(tr("Published: timestamp %lld, valid until %s."), (long long)what->timestamp_version,
			       time_local(what->expires, when));
		else if (what->timestamp_version)
			printf(tr("Nothing new: timestamp %lld is valid until %s."), (long long)what->timestamp_version,
			       time_local(what->expires, when));
		else
			printf("%s", tr("Nothing is published yet: signatures are missing."));
		putchar('\n');
		return;
	}
	json_begin_object(&w);
	json_put_bool(&w, "changed", what->changed);
	json_put_i64(&w, "timestamp", what->timestamp_version);
	json_put_time(&w, "expires", what->expires);
	json_key(&w, "waiting");
	json_begin_array(&w);
	for (size_t i = 0; i < what->waiting_count; i++)
		json_str(&w, what->waiting[i]);
	json_end_array(&w);
	json_end_object(&w);
	cli_print_line(&line);
}

static int
repo_publish_run(struct cli *c, int argc, char **argv)
{
	const char *valid_for = NULL;
	const struct cli_option options[] = {
		{ "valid-for", "TIME",
		  "How long it is to be valid at least, for a site that gets it by USB: 30d (at most 90d)", &valid_for,
		  NULL, NULL },
	};
	struct err e = { 0 };
	struct tuf_published what;
	TUF_REPO_AUTO r = NULL;
	int64_t ms = 0;
	int operands;
	if (!cli_words(c, &verb_repo_publish, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	if (valid_for && (!time_parse_duration(str_of(valid_for), &ms) || ms <= 0 || ms > VALID_FOR_MAX))
		err_set(&e, ERR_USAGE, "--valid-for takes a time up to 90d, such as 30d, not “%s”", valid_for);
	if (e.code || !cli_repo_open(c, argv[0], &r, &e))
		return cli_fail(c, &e);
	tuf_repo_valid_for(r, ms);
	if (!tuf_repo_publish(r, &what, &e))
		return cli_fail(c, &e);
	published_print(c, &what);
	if (!c->json && !cli_repo_print(c, r, argv[0], &e))
		return cli_fail(c, &e);
	return 0;
}

static int
repo_show_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	TUF_REPO_AUTO r = NULL;
	int operands;
	if (!cli_words(c, &verb_repo_show, NULL, 0, argc, argv, 1, 1, &operands, &e) ||
	    !cli_repo_open(c, argv[0], &r, &e) || !cli_repo_print(c, r, argv[0], &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_repo_add = {
	"repo add",
	"DIR FILE…",
	"Take files into a repository, to be signed by who vouches for them",
	"  mamori repo add updates printer.deb --role custom --as custom/printer/2.1/printer.deb",
	repo_add_run,
	false,
};
const struct cli_verb verb_repo_remove = {
	"repo remove",
	"DIR PATH…",
	"Vouch for files no longer",
	"  mamori repo remove updates custom/old.deb --role custom",
	repo_remove_run,
	false,
};
const struct cli_verb verb_repo_renew = {
	"repo renew",
	"DIR",
	"Let metadata be signed anew before it expires",
	"  mamori repo renew updates --role root",
	repo_renew_run,
	false,
};
const struct cli_verb verb_repo_publish = {
	"repo publish",
	"DIR",
	"Publish what has all its signatures, at once",
	"  mamori repo publish updates\n  mamori repo publish updates --valid-for 30d",
	repo_publish_run,
	false,
};
const struct cli_verb verb_repo_show = {
	"repo show",
	"DIR",
	"Show the roles of a repository and what waits for whose signature",
	"  mamori repo show updates",
	repo_show_run,
	false,
};
