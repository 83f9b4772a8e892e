/* mamori bundle …: what is carried to a closed site and back. */
#include "cli/bundle.h"

#include "cli/client.h"
#include "os/file.h"
#include "relay/limit.h"
#include "relay/member.h"

enum { KEY_MAX = 64 << 10 };
static const int64_t LIFE = 30 * INT64_C(86400000), LIFE_LEAST = 3600000, LIFE_MOST = 366 * INT64_C(86400000);
#define PART_LEAST ((uint64_t)1 << 20)

/* ---- what all share ---- */

/* What people call a medium: how many bytes it holds. A stick's limit is FAT32's longest file. */
static const struct {
	const char *name;
	uint64_t bytes;
} media[] = {
	{ "cd", UINT64_C(700000000) },
	{ "dvd", UINT64_C(4700000000) },
	{ "dvd-dl", UINT64_C(8500000000) },
	{ "bd", UINT64_C(25000000000) },
	{ "usb", 0 },
};

static bool
bytes_parse(struct str text, uint64_t *out)
{
	static const char units[] = "KMGT";
	uint64_t unit = 1;
	double number;
	const char *at = text.len ? strchr(units, text.ptr[text.len - 1]) : NULL;
	if (at && *at) {
		for (const char *u = units; u <= at; u++)
			unit *= 1000;
		text.len--;
	}
	if (!str_to_double(text, &number) || number <= 0 || number * (double)unit > 1e15)
		return false;
	*out = (uint64_t)(number * (double)unit);
	return true;
}

bool
bundle_size_parse(const char *text, uint64_t *part_size, struct err *e)
{
	uint64_t bytes = 0;
	bool known = !text;
	for (size_t i = 0; text && i < COUNT(media); i++) {
		if (str_eq(str_of(text), str_of(media[i].name))) {
			bytes = media[i].bytes;
			known = true;
		}
	}
	if (!known && (!bytes_parse(str_of(text), &bytes) || bytes < 2 * PART_LEAST))
		return err_set(e, ERR_USAGE,
			       "“%s” is no size of a medium: write it as 4.7G, 700M, cd, dvd, dvd-dl, bd or usb", text);
	/* Head and list go on each medium beside its part. */
	uint64_t rest = bytes / 32 > ((uint64_t)32 << 20) ? (uint64_t)32 << 20 : bytes / 32;
	*part_size = bytes ? bytes - rest : 0;
	return true;
}

void
bundle_doing(void *user, const char *what, uint64_t done, uint64_t total)
{
	cli_progress(user, what, done, total ? total : 1);
}

int
bundle_refused(struct cli *c, enum bundle_reason reason, const struct err *e)
{
	cli_progress_end(c);
	if (c->json && reason != BUNDLE_FINE) {
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		json_put_cstr(&w, "refused", bundle_reason_name(reason));
		json_put_cstr(&w, "message", e->text);
		json_end_object(&w);
		cli_print_line(&line);
	}
	return cli_fail(c, e);
}

bool
bundle_key(struct cli *c, const char *key_file, struct key **out, struct err *e)
{
	struct member m;
	bool enrolled = false;
	BUF_AUTO pem = { 0 };
	if (key_file)
		return file_read(key_file, KEY_MAX, &pem, e) && key_public_from_pem(buf_str(&pem), out, e);
	if (file_exists(path_join(c->arena, c->data, "relay.json"))) {
		if (!member_load(c->data, c->arena, &m, &enrolled, e))
			return false;
		if (enrolled)
			return key_public_from_pem(str_of(m.order_key), out, e);
	}
	if (file_exists(path_join(c->arena, c->data, "mamori.db"))) {
		struct json *answer;
		return cli_api(c, "GET", "/api/v1/bundles/key", STR_NONE, &answer, e) &&
		       key_public_from_pem(json_get_str(answer, "order_key"), out, e);
	}
	return err_set(e, ERR_USAGE,
		       "whose bundles are to be trusted? Name a relay's or server's folder with --data, or the "
		       "server's key with "
		       "--key FILE (mamori bundle key prints it there)");
}

void
bundle_head_show(const struct bundle_head *h, struct json_writer *w)
{
	json_put_cstr(w, "direction", h->direction == BUNDLE_DOWN ? "down" : "up");
	json_put_str(w, "site", h->site);
	json_put_str(w, "server", h->server);
	json_put_str(w, "id", h->id);
	json_put_i64(w, "counter", h->counter);
	json_put_i64(w, "since", h->since);
	json_put_i64(w, "seen", h->seen);
	json_put_time(w, "made", h->made);
	json_put_time(w, "expires", h->expires);
	json_put_i64(w, "parts", (int64_t)h->parts.count);
	json_put_i64(w, "members", (int64_t)h->member_count);
	json_put_i64(w, "bytes", (int64_t)h->total);
}

/* ---- export ---- */

static int
export_run(struct cli *c, int argc, char **argv)
{
	struct bundle_words w = { 0 };
	const struct cli_option options[] = {
		{ "site", "SITE", "The site that the bundle is for", &w.site, NULL, NULL },
		{ "to", "FOLDER", "Where it is written: the stick, or a folder to burn", &w.to, NULL, NULL },
		{ "size", "SIZE", "Of one medium: 4.7G, cd, dvd, dvd-dl, bd, usb (the default)", &w.size, NULL, NULL },
		{ "expires", "TIME", "How long it may be taken in: 30d", &w.expires, NULL, NULL },
		{ "since", "NUMBER", "Leave out what the site has since this bundle", &w.since, NULL, NULL },
		{ "full", NULL, "Leave nothing out", NULL, &w.full, NULL },
		{ "resume", NULL, "Only go on with an export that broke off", NULL, &w.resume, NULL },
		{ "keyring", "FILE", "Also trust this keyring for archives' signatures", NULL, NULL, &w.keyring },
		{ "up", NULL, "On a relay: pack up what goes back to the server", NULL, &w.up, NULL },
	};
	struct err e = { 0 };
	int operands;
	w.life = LIFE;
	if (!cli_words(c, &verb_bundle_export, options, COUNT(options), argc, argv, 0, 0, &operands, &e) ||
	    !bundle_size_parse(w.size, &w.part_size, &e))
		return cli_fail(c, &e);
	if (!w.to || (!w.up && !w.site)) {
		err_set(&e, ERR_USAGE,
			"say for which site and where to: mamori bundle export --site SITE --to FOLDER, or on a relay "
			"mamori bundle export --up --to FOLDER");
		return cli_fail(c, &e);
	}
	if (w.expires &&
	    (!time_parse_duration(str_of(w.expires), &w.life) || w.life < LIFE_LEAST || w.life > LIFE_MOST)) {
		err_set(&e, ERR_USAGE, "--expires takes a time from one hour to a year, such as 30d, not “%s”",
			w.expires);
		return cli_fail(c, &e);
	}
	*ARRAY_PUSH(c->arena, &w.keyring) = NULL;
	return w.up ? bundle_export_up(c, &w) : bundle_export_down(c, &w);
}

const struct cli_verb verb_bundle_export = {
	"bundle export",
	"",
	"Make a bundle for a closed site, or on its relay one that goes back",
	"  mamori bundle export --site annex --to /media/stick\n"
	"  mamori bundle export --site annex --to /srv/burn --size dvd --expires 14d\n"
	"  mamori bundle export --up --data /var/lib/mamori-relay --to /media/stick",
	export_run,
};

/* ---- verify ---- */

struct kinds {
	struct str kind;
	int64_t count, bytes;
};

static void
contents_show(struct cli *c, const struct bundle_list *l, struct json_writer *w)
{
	ARRAY_OF(struct kinds) kinds = { 0 };
	for (size_t i = 0; i < l->members.count; i++) {
		const struct bundle_member *m = &l->members.items[i];
		size_t k = 0;
		while (k < kinds.count && !str_eq(kinds.items[k].kind, m->kind))
			k++;
		if (k == kinds.count)
			*ARRAY_PUSH(c->arena, &kinds) = (struct kinds){ .kind = m->kind };
		kinds.items[k].count++;
		kinds.items[k].bytes += (int64_t)m->size;
	}
	if (w) {
		json_key(w, "contents");
		json_begin_object(w);
		for (size_t k = 0; k < kinds.count; k++)
			json_put_i64(w, arena_cstr(c->arena, kinds.items[k].kind), kinds.items[k].count);
		json_end_object(w);
		return;
	}
	static const char *const headers[] = { "KIND", "FILES", "SIZE" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t k = 0; k < kinds.count; k++) {
		cli_table_cell(t, kinds.items[k].kind);
		cli_table_cellf(t, "%lld", (long long)kinds.items[k].count);
		cli_table_cellf(t, "%.1f MB", (double)kinds.items[k].bytes / 1e6);
	}
	cli_table_print(t);
}

static void
verified_print(struct cli *c, const char *folder, const struct bundle_head *h, const struct bundle_list *l)
{
	char made[TIME_RFC3339_MAX], expires[TIME_RFC3339_MAX];
	if (c->json) {
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		json_put_cstr(&w, "folder", folder);
		json_put_bool(&w, "ok", true);
		bundle_head_show(h, &w);
		contents_show(c, l, &w);
		json_end_object(&w);
		cli_print_line(&line);
		return;
	}
	if (h->direction == BUNDLE_DOWN)
		printf(tr("%s: bundle %lld of %.*s for the site %.*s, made %s, good until %s; %zu parts, all there and "
			  "whole"),
		       folder, (long long)h->counter, STR_ARG(h->server), STR_ARG(h->site), time_local(h->made, made),
		       time_local(h->expires, expires), h->parts.count);
	else
		printf(tr("%s: bundle %lld of the relay %.*s at the site %.*s, made %s, good until %s; %zu parts, all "
			  "there and "
			  "whole"),
		       folder, (long long)h->counter, STR_ARG(h->from), STR_ARG(h->site), time_local(h->made, made),
		       time_local(h->expires, expires), h->parts.count);
	printf("\n");
	if (h->since) {
		printf(tr("It builds on number %lld: the site must have taken that in."), (long long)h->since);
		printf("\n");
	}
	contents_show(c, l, NULL);
}

static int
verify_one(struct cli *c, const char *folder, const struct key *key)
{
	struct bundle_place p = { .folder = folder };
	struct bundle_head h;
	struct bundle_list l;
	struct err e = { 0 };
	enum bundle_reason reason;
	struct bundle_expect x = { .now = clock_now(c->clock), .any_counter = true };
	bool ok = bundle_read_head(&p, key, c->arena, &h, &reason, &e);
	x.direction = ok ? h.direction : BUNDLE_DOWN;
	if (ok && bundle_judge(&h, &x, &reason, &e) && bundle_read_list(&p, &h, c->arena, &l, &reason, &e) &&
	    bundle_check_parts(&p, &h, &l, &reason, &e)) {
		verified_print(c, folder, &h, &l);
		return 0;
	}
	err_wrap(&e, "%s", folder);
	return bundle_refused(c, reason, &e);
}

static int
verify_run(struct cli *c, int argc, char **argv)
{
	const char *key_file = NULL;
	const struct cli_option options[] = {
		{ "key", "FILE", "The public key of the server (or relay) that made it", &key_file, NULL, NULL },
	};
	KEY_AUTO key = NULL;
	struct err e = { 0 };
	const char **found;
	size_t count;
	int operands, status = 0;
	if (!cli_words(c, &verb_bundle_verify, options, COUNT(options), argc, argv, 1, 1, &operands, &e) ||
	    !bundle_key(c, key_file, &key, &e) || !bundle_find(c->arena, argv[0], &found, &count, &e))
		return cli_fail(c, &e);
	if (!count) {
		err_set(&e, ERR_NOT_FOUND, "there is no bundle in %s", argv[0]);
		return bundle_refused(c, BUNDLE_NONE, &e);
	}
	for (size_t i = 0; i < count; i++) {
		int one = verify_one(c, found[i], key);
		status = status ? status : one;
	}
	return status;
}

const struct cli_verb verb_bundle_verify = {
	"bundle verify",
	"FOLDER",
	"Check a bundle and say what is in it, for which site, until when",
	"  mamori bundle verify /media/stick --data /var/lib/mamori-relay\n"
	"  mamori bundle verify /media/stick --key order.pem",
	verify_run,
};

/* ---- import ---- */

static int
import_run(struct cli *c, int argc, char **argv)
{
	const char *key_file = NULL, *cache_size = NULL;
	uint64_t size = 0;
	const struct cli_option options[] = {
		{ "key", "FILE", "On a relay that is not enrolled: the server's key", &key_file, NULL, NULL },
		{ "cache-size", "SIZE", "On a relay: most that its cache holds (default: as relay run was told)",
		  &cache_size, NULL, NULL },
	};
	struct err e = { 0 };
	int operands;
	if (!cli_words(c, &verb_bundle_import, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	if (file_exists(path_join(c->arena, c->data, "mamori.db")))
		return bundle_import_server(c, argv[0]);
	if (cache_size && (!size_parse(str_of(cache_size), &size) || size == 0)) {
		err_set(&e, ERR_USAGE, "“%s” is no size: write it as 50G or 500M", cache_size);
		return cli_fail(c, &e);
	}
	return bundle_import_relay(c, argv[0], key_file, size);
}

const struct cli_verb verb_bundle_import = {
	"bundle import",
	"FOLDER",
	"Take a bundle in: on a relay what came from the server, on the server what came back",
	"  mamori bundle import /media/stick --data /var/lib/mamori-relay\n  mamori bundle import /media/stick",
	import_run,
};

/* ---- list, key ---- */

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "SITE", "site", CELL_TEXT },        { "DIRECTION", "direction", CELL_WORD },
		{ "NUMBER", "counter", CELL_NUMBER }, { "MADE", "made", CELL_TIME },
		{ "EXPIRES", "expires", CELL_TIME },  { "FINISHED", "at", CELL_TIME },
		{ "FILES", "members", CELL_NUMBER },  { "BY", "by", CELL_TEXT },
	};
	const char *site = NULL;
	const struct cli_option options[] = {
		{ "site", "SITE", "Only of this site", &site, NULL, NULL },
	};
	BUF_AUTO path = { 0 };
	struct err e = { 0 };
	int operands;
	if (!cli_words(c, &verb_bundle_list, options, COUNT(options), argc, argv, 0, 0, &operands, &e))
		return cli_fail(c, &e);
	buf_add(&path, STR("/api/v1/bundles"));
	cli_query(&path, "site", site);
	return cli_show_list(c, buf_cstr(&path), columns, COUNT(columns),
			     tr("No bundles yet. Make one with mamori bundle export --site SITE --to FOLDER."));
}

const struct cli_verb verb_bundle_list = {
	"bundle list", "", "Bundles that were made and that came back", "  mamori bundle list --site annex", list_run,
};

static int
key_run(struct cli *c, int argc, char **argv)
{
	struct json *answer;
	struct err e = { 0 };
	int operands;
	if (!cli_words(c, &verb_bundle_key, NULL, 0, argc, argv, 0, 0, &operands, &e) ||
	    !cli_api(c, "GET", "/api/v1/bundles/key", STR_NONE, &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else
		printf("%.*s", STR_ARG(json_get_str(answer, "order_key")));
	return 0;
}

const struct cli_verb verb_bundle_key = {
	"bundle key",
	"",
	"Print the public key that this server's bundles are verified with",
	"  mamori bundle key > order.pem",
	key_run,
};
