/* mamori bundle export on the server: what the site's machines said of themselves comes from the server, the archives'
 * files over the network, number and signature from the server again. Work folder: DATA/bundles.
 *
 * Once everything is there the plan is kept (DATA/bundles/SITE.plan), so that an export that broke off while it wrote goes
 * on where it was, with the same number. */
#include "cli/bundle.h"

#include "base/codec.h"
#include "os/file.h"
#include "patch/bundle-export.h"
#include "plan/inventory.h"
#include "vuln/feed.h"

#include <stdlib.h>
#include <unistd.h>

enum { PLAN_LIFE_MS = 86400000, NAMES_MAX = 100000, CHAIN_MAX = 1000, OBJECT_DAYS = 30 };
#define PLAN_MAX ((size_t)256 << 20)
#define FETCH_TIMEOUT_S 86400

struct down {
	struct cli *c;
	const struct bundle_words *w;
	const char *work, *plan; /* DATA/bundles, the kept plan */
	struct bundle_head head;
	const struct json *hosts; /* ids */
	struct bundle_list list;
	struct bundle_report report;
	struct buf had; /* SHA-256 in hexadecimal of what the site has, sorted */
	const char *folder;
	bool resumed;
	size_t kept;
};

/* ---- begin ---- */

static struct str
file_word(struct arena *a, struct str text)
{
	BUF_AUTO out = { 0 };
	percent_encode(&out, text);
	return arena_str(a, buf_str(&out));
}

static bool
head_take(struct down *d, const struct json *j, struct err *e)
{
	d->head = (struct bundle_head){
		.direction = BUNDLE_DOWN,
		.id = json_get_str(j, "id"),
		.site = json_get_str(j, "site"),
		.server = json_get_str(j, "server"),
		.key = json_get_str(j, "key"),
		.counter = json_get_i64(j, "counter", 0),
		.since = json_get_i64(j, "since", 0),
	};
	d->hosts = json_get(j, "hosts");
	d->folder = arena_printf(d->c->arena, "%s/mamori-down-%.*s-%lld", d->w->to,
				 STR_ARG(file_word(d->c->arena, d->head.site)), (long long)d->head.counter)
			    .ptr;
	return (time_parse(json_get_str(j, "made"), &d->head.made) &&
		time_parse(json_get_str(j, "expires"), &d->head.expires) && d->hosts) ||
	       err_set(e, ERR_BUG, "the server's answer about a new bundle is malformed");
}

static bool
begin(struct down *d, struct str *answer_text, struct err *e)
{
	BUF_AUTO body = { 0 };
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &body };
	struct json *answer;
	uint64_t since;
	json_begin_object(&w);
	json_put_cstr(&w, "site", d->w->site);
	json_put_i64(&w, "expires_s", d->w->life / 1000);
	if (d->w->full)
		json_put_bool(&w, "full", true);
	if (d->w->since) {
		if (!str_to_u64(str_of(d->w->since), &since))
			return err_set(e, ERR_USAGE, "--since takes a bundle's number, not “%s”", d->w->since);
		json_put_i64(&w, "since", (int64_t)since);
	}
	json_end_object(&w);
	if (!cli_api(d->c, "POST", "/api/v1/bundles", buf_str(&body), &answer, e))
		return false;
	json_tree(&(struct json_writer){ .out = &text }, answer);
	*answer_text = arena_str(d->c->arena, buf_str(&text));
	return head_take(d, answer, e);
}

/* ---- what the site has ---- */

/* Lists of bundles that were made are kept: DATA/bundles/kept/SITE/NUMBER. */
static const char *
kept_folder(struct down *d, int64_t counter)
{
	return arena_printf(d->c->arena, "%s/kept/%.*s/%lld", d->work, STR_ARG(file_word(d->c->arena, d->head.site)),
			    (long long)counter)
		.ptr;
}

static int
digest_cmp(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_HEX_LEN - 1);
}

static bool
has(void *user, const char *sha256)
{
	const struct down *d = user;
	size_t count = d->had.len / (SHA256_HEX_LEN - 1);
	return count && bsearch(sha256, d->had.ptr, count, SHA256_HEX_LEN - 1, digest_cmp);
}

/* The bundle that the site took in last holds what it then lacked of those that it builds on: along that chain. A list that
 * is gone means that less is left out. */
static void
had_read(struct down *d)
{
	int64_t counter = d->head.since;
	for (int i = 0; counter > 0 && i < CHAIN_MAX; i++) {
		ARENA_AUTO a = { 0 };
		struct bundle_place p = { .folder = kept_folder(d, counter) };
		struct bundle_head h;
		struct bundle_list l;
		enum bundle_reason reason;
		struct err ignored = { 0 };
		if (!bundle_read_head(&p, NULL, &a, &h, &reason, &ignored) ||
		    !bundle_read_list(&p, &h, &a, &l, &reason, &ignored))
			break;
		for (size_t k = 0; k < l.members.count; k++)
			if (str_eq(l.members.items[k].kind, STR("content")))
				buf_add(&d->had, str_of(l.members.items[k].sha256));
		if (h.since >= counter)
			break;
		counter = h.since;
	}
	if (d->had.len)
		qsort(d->had.ptr, d->had.len / (SHA256_HEX_LEN - 1), SHA256_HEX_LEN - 1, digest_cmp);
}

static bool
keep(struct down *d, struct err *e)
{
	static const char *const names[] = { BUNDLE_HEAD_FILE, BUNDLE_LIST_FILE };
	const char *to = kept_folder(d, d->head.counter);
	if (!dir_make(to, 0700, e))
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		BUF_AUTO bytes = { 0 };
		if (!file_read(path_join(d->c->arena, d->folder, names[i]), (size_t)BUNDLE_LIST_MAX, &bytes, e) ||
		    !file_write(path_join(d->c->arena, to, names[i]), buf_str(&bytes), 0600, e))
			return false;
	}
	return true;
}

/* ---- what goes in ---- */

static bool
host_read(struct down *d, struct str id, struct bundle_host *h, struct err *e)
{
	BUF_AUTO path = { 0 };
	BUF_AUTO packages = { 0 };
	struct json *answer;
	cli_path(&path, "/api/v1/hosts/", arena_cstr(d->c->arena, id), "/inventory");
	if (!cli_api(d->c, "GET", buf_cstr(&path), STR_NONE, &answer, e))
		return false;
	h->id = id;
	h->name = json_get_str(answer, "name");
	sources_parse(d->c->arena, json_get(answer, "system"), &h->sources);
	const struct json *list = json_get(answer, "packages");
	if (!list || list->kind != JSON_KIND_OBJECT)
		return true; /* it has not told yet */
	json_tree(&(struct json_writer){ .out = &packages }, list);
	return inventory_parse_packages(d->c->arena, buf_str(&packages), &h->packages, e);
}

static bool
hosts_read(struct down *d, struct bundle_host **out, struct err *e)
{
	size_t silent = 0, all = d->hosts ? d->hosts->count : 0;
	struct bundle_host *hosts = ARENA_ARRAY(d->c->arena, struct bundle_host, all + 1);
	for (size_t i = 0; i < all; i++) {
		bundle_doing(d->c, tr("machines"), i, all);
		if (!host_read(d, d->hosts->item[i].text, &hosts[i], e))
			return false;
		silent += !hosts[i].sources.items.count || !hosts[i].packages.count;
	}
	if (silent == all)
		return err_set(
			e, ERR_CONFLICT,
			"no machine of the site %.*s has said yet what it has and where it takes updates from: let "
			"them check in first",
			STR_ARG(d->head.site));
	*out = hosts;
	return true;
}

static void
extra_add(struct down *d, struct bundle_plan *p, const char *kind, struct str name, const char *path, bool compress)
{
	*ARRAY_PUSH(d->c->arena, &p->extras) =
		(struct bundle_extra){ .kind = str_of(kind), .name = name, .path = path, .compress = compress };
}

/* As the update metadata names it: the newest file of that role. NULL: it names none. */
static const char *
index_named(struct down *d)
{
	struct arena *a = d->c->arena;
	const char *folder = path_join(a, d->c->data, "updates/targets/index"), *newest = NULL;
	struct str *names;
	size_t count;
	if (!file_exists(folder) || !dir_list(a, folder, NAMES_MAX, &names, &count, NULL))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *path = path_join(a, folder, arena_cstr(a, names[i]));
		if (str_ends(names[i], STR(".feeds.mamori")) && (!newest || file_mtime(path) > file_mtime(newest)))
			newest = path;
	}
	return newest;
}

/* The vulnerability data, for questions asked at the site. */
static bool
index_add(struct down *d, struct bundle_plan *p, struct err *e)
{
	const char *path = path_join(d->c->arena, d->work, "index");
	size_t count = 0;
	const char *named = index_named(d);
	if (named) {
		extra_add(d, p, "index", STR("feeds.mamori"), named, true);
		return true;
	}
	struct err none = { 0 };
	if (!feed_export(d->c->data, path, &count, &none))
		return none.code == ERR_NOT_FOUND || none.code == ERR_CONFLICT || none.code == ERR_INPUT ||
		       err_set(e, none.code, "%s", none.text);
	extra_add(d, p, "index", STR("feeds.mamori"), path, true);
	return true;
}

static bool
folder_add(struct down *d, struct bundle_plan *p, const char *kind, const char *folder, const char *ending,
	   struct err *e)
{
	struct str *names;
	size_t count;
	if (!file_exists(folder))
		return true;
	if (!dir_list(d->c->arena, folder, NAMES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], str_of(ending)) && bundle_name_valid(names[i]) && names[i].ptr[0] != '.')
			extra_add(d, p, kind, names[i],
				  path_join(d->c->arena, folder, arena_cstr(d->c->arena, names[i])), true);
	return true;
}

/* The newest answer for each machine, with its directive as it is now; for one that never wrote there is none. */
static bool
letters_add(struct down *d, struct bundle_plan *p, struct err *e)
{
	struct arena *a = d->c->arena;
	const char *folder = path_join(a, d->work, "letters");
	if (!dir_make(folder, 0700, e))
		return false;
	for (size_t i = 0; i < d->hosts->count; i++) {
		struct str id = d->hosts->item[i].text;
		BUF_AUTO path = { 0 };
		BUF_AUTO bytes = { 0 };
		struct json *answer;
		cli_path(&path, "/api/v1/hosts/", arena_cstr(a, id), "/letter");
		if (!cli_api(d->c, "POST", buf_cstr(&path), STR("{}"), &answer, e))
			return false;
		struct str letter = json_get_str(answer, "letter");
		const char *file = path_join(a, folder, arena_cstr(a, id));
		if (!letter.len)
			continue;
		if (!base64_decode(&bytes, letter) || !file_write(file, buf_str(&bytes), 0600, e))
			return e->code != ERR_NONE ? false : err_set(e, ERR_BUG, "the server's letter is no base64");
		extra_add(d, p, "letter", id, file, false);
	}
	return true;
}

static bool
extras_add(struct down *d, struct bundle_plan *p, struct err *e)
{
	struct arena *a = d->c->arena;
	const char *data = d->c->data;
	return letters_add(d, p, e) && index_add(d, p, e) &&
	       folder_add(d, p, "tuf", path_join(a, path_join(a, data, "updates"), "metadata"), ".json", e) &&
	       folder_add(d, p, "script", path_join(a, data, "updates/targets/custom/scripts"), "", e) &&
	       folder_add(d, p, "catalog", path_join(a, data, "catalog"), "", e);
}

static void
doing(void *user, const char *what, uint64_t done, uint64_t total)
{
	const struct down *d = user;
	bundle_doing(d->c, what, done, total);
}

static bool
gather(struct down *d, struct err *e)
{
	__attribute__((cleanup(http_client_cleanup))) struct http_client *client = NULL;
	struct http_client_options o = { .user_agent = "mamori", .timeout_s = FETCH_TIMEOUT_S };
	struct bundle_host *hosts = NULL;
	if (!http_client_new(&o, &client, e) || !hosts_read(d, &hosts, e))
		return false;
	struct bundle_fetcher f = {
		.client = client, .work = d->work, .keyrings = d->w->keyring.items, .runner = &runner_system
	};
	struct bundle_plan p = {
		.fetcher = &f, .hosts = hosts, .host_count = d->hosts->count, .has = has, .doing = doing, .user = d
	};
	had_read(d);
	return extras_add(d, &p, e) && bundle_gather(&p, d->c->arena, &d->list, &d->report, e);
}

/* ---- the plan, kept ---- */

static bool
plan_write(struct down *d, struct str answer, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_object(&w);
	json_put_cstr(&w, "to", d->w->to);
	json_put_i64(&w, "part_size", (int64_t)d->w->part_size);
	json_key(&w, "begun");
	json_raw(&w, answer);
	json_end_object(&w);
	buf_add_char(&text, '\n');
	for (size_t i = 0; i < d->list.members.count; i++) {
		buf_add(&text, str_of(d->list.members.items[i].path));
		buf_add_char(&text, '\n');
	}
	bundle_list_write(&d->list, &text);
	return file_write(d->plan, buf_str(&text), 0600, e);
}

static bool
plan_take(struct down *d, struct str text)
{
	struct arena *a = d->c->arena;
	struct str line, head, paths;
	struct json *j;
	struct err e = { 0 };
	size_t lines = 0;
	if (!str_line(&text, &head) || !json_parse(a, head, NULL, &j, &e) ||
	    !str_eq(json_get_str(j, "to"), str_of(d->w->to)) ||
	    json_get_i64(j, "part_size", -1) != (int64_t)d->w->part_size || !head_take(d, json_get(j, "begun"), &e))
		return false;
	paths = text;
	for (struct str rest = text; str_line(&rest, &line);)
		lines++;
	for (size_t i = 0; i < lines / 2; i++)
		(void)str_line(&text, &line);
	if (lines % 2 || !bundle_list_parse(a, text, &d->list, &e) || d->list.members.count != lines / 2)
		return false;
	for (size_t i = 0; i < d->list.members.count && str_line(&paths, &line); i++) {
		d->list.members.items[i].path = arena_cstr(a, line);
		if (file_size(d->list.members.items[i].path) != (int64_t)d->list.members.items[i].stored)
			return false;
	}
	return true;
}

/* A plan of this folder and size that is not too old; anything else is begun anew. */
static bool
plan_read(struct down *d)
{
	BUF_AUTO text = { 0 };
	int64_t age = clock_now(d->c->clock) - file_mtime(d->plan);
	if (!file_exists(d->plan) || age > PLAN_LIFE_MS || !file_read(d->plan, PLAN_MAX, &text, NULL))
		return false;
	d->resumed = plan_take(d, arena_str(d->c->arena, buf_str(&text)));
	if (!d->resumed)
		d->list = (struct bundle_list){ 0 };
	return d->resumed;
}

/* ---- writing ---- */

static bool
sign(void *user, const char *type, struct str document, struct buf *out, struct err *e)
{
	struct down *d = user;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	struct json *answer;
	(void)type;
	json_begin_object(&w);
	json_put_str(&w, "document", document);
	json_end_object(&w);
	if (!cli_api(d->c, "POST", "/api/v1/bundles/sign", buf_str(&body), &answer, e))
		return false;
	json_tree(&(struct json_writer){ .out = out }, answer);
	return true;
}

static void
written(void *user, uint64_t done, uint64_t total)
{
	const struct down *d = user;
	bundle_doing(d->c, tr("writing"), done, total);
}

static uint64_t
list_bytes(const struct bundle_list *l)
{
	uint64_t total = 0;
	for (size_t i = 0; i < l->members.count; i++)
		total += l->members.items[i].stored;
	return total;
}

/* Said before an hour of writing, not behind it. */
static bool
space_check(struct down *d, struct err *e)
{
	uint64_t space = 0, need = list_bytes(&d->list), there = 0;
	for (size_t i = 0; i < BUNDLE_PARTS_MAX; i++) {
		int64_t size = file_size(bundle_part_path(d->c->arena, d->folder, i));
		if (size < 0)
			break;
		there += (uint64_t)size;
	}
	if (!file_space(d->w->to, &space, e))
		return false;
	if (space + there >= need)
		return true;
	return err_set(e, ERR_NO_SPACE,
		       "the bundle has %.1f MB and %s has room for %.1f MB: make room or take another medium; what was "
		       "fetched stays",
		       (double)need / 1e6, d->w->to, (double)(space + there) / 1e6);
}

static bool
make(struct down *d, struct err *e)
{
	struct bundle_make w = { .folder = d->folder,
				 .head = d->head,
				 .list = d->list,
				 .part_size = d->w->part_size,
				 .sign = sign,
				 .sign_user = d,
				 .progress = written,
				 .user = d };
	if (!space_check(d, e) || !bundle_make(&w, d->c->arena, &d->kept, e))
		return false;
	d->head = w.head;
	return keep(d, e) && file_remove(d->plan, e);
}

/* ---- what came of it ---- */

static void
report_json(struct down *d)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	const struct bundle_report *r = &d->report;
	json_begin_object(&w);
	json_put_cstr(&w, "folder", d->folder);
	bundle_head_show(&d->head, &w);
	json_put_bool(&w, "resumed", d->resumed);
	json_put_i64(&w, "parts_kept", (int64_t)d->kept);
	json_put_i64(&w, "hosts", (int64_t)d->hosts->count);
	if (!d->resumed) {
		json_put_i64(&w, "archives", (int64_t)r->archives);
		json_put_i64(&w, "packages", (int64_t)r->packages);
		json_put_i64(&w, "upgrades", (int64_t)r->upgrades);
		json_put_i64(&w, "added", (int64_t)r->added);
		json_put_i64(&w, "there", (int64_t)r->there);
		json_put_i64(&w, "fetched", (int64_t)r->fetched);
		json_key(&w, "left_out");
		json_begin_array(&w);
		for (size_t i = 0; i < r->left_out.count; i++) {
			json_begin_object(&w);
			json_put_str(&w, "what", r->left_out.items[i].what);
			json_put_cstr(&w, "why", r->left_out.items[i].why.text);
			json_end_object(&w);
		}
		json_end_array(&w);
	}
	json_end_object(&w);
	cli_print_line(&line);
}

static void
report_text(struct down *d)
{
	char expires[TIME_RFC3339_MAX];
	const struct bundle_report *r = &d->report;
	printf(tr("Bundle %lld for the site %.*s is in %s: %zu files, %.1f MB in %zu parts, good until %s."),
	       (long long)d->head.counter, STR_ARG(d->head.site), d->folder, d->head.member_count,
	       (double)d->head.total / 1e6, d->head.parts.count, time_local(d->head.expires, expires));
	printf("\n");
	if (d->resumed) {
		printf(tr("Went on with an export that had broken off; %zu parts were there."), d->kept);
		printf("\n");
	} else {
		printf(tr("%zu packages for %zu machines (at most %zu upgrades and %zu that come along for one); %zu "
			  "files are "
			  "at the site already."),
		       r->packages, r->hosts, r->upgrades, r->added, r->there);
		printf("\n");
	}
	for (size_t i = 0; i < r->left_out.count; i++) {
		fprintf(stderr, "mamori bundle export: ");
		fprintf(stderr, tr("left out: %.*s: %s"), STR_ARG(r->left_out.items[i].what),
			r->left_out.items[i].why.text);
		fprintf(stderr, "\n");
	}
}

/* Files that no export has looked at for a month. */
static void
objects_age(struct down *d)
{
	ARENA_AUTO a = { 0 };
	const char *folder = path_join(&a, d->work, "objects");
	struct str *dirs, *names;
	size_t count, n;
	int64_t before = clock_now(d->c->clock) - OBJECT_DAYS * INT64_C(86400000);
	if (!dir_list(&a, folder, 1000, &dirs, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *dir = path_join(&a, folder, arena_cstr(&a, dirs[i]));
		if (!dir_list(&a, dir, NAMES_MAX, &names, &n, NULL))
			continue;
		for (size_t k = 0; k < n; k++) {
			const char *path = path_join(&a, dir, arena_cstr(&a, names[k]));
			if (file_mtime(path) < before)
				(void)unlink(path);
		}
	}
}

static bool
fresh(struct down *d, struct err *e)
{
	struct str answer;
	if (d->w->resume)
		return err_set(e, ERR_NOT_FOUND,
			       "there is no unfinished export for %s to %s of this size: run it without --resume",
			       d->w->site, d->w->to);
	return begin(d, &answer, e) && gather(d, e) && plan_write(d, answer, e);
}

int
bundle_export_down(struct cli *c, const struct bundle_words *w)
{
	struct down d = { .c = c, .w = w, .work = path_join(c->arena, c->data, "bundles") };
	struct err e = { 0 };
	FD_AUTO lock = -1;
	d.plan = arena_printf(c->arena, "%s/%.*s.plan", d.work, STR_ARG(file_word(c->arena, str_of(w->site)))).ptr;
	bool ok = dir_make(d.work, 0700, &e) && file_lock(path_join(c->arena, d.work, "lock"), &lock, &e) &&
		  dir_make(w->to, 0755, &e) && (plan_read(&d) || fresh(&d, &e)) && make(&d, &e);
	cli_progress_end(c);
	buf_free(&d.had);
	if (!ok)
		return cli_fail(c, &e);
	objects_age(&d);
	if (c->json)
		report_json(&d);
	else
		report_text(&d);
	return 0;
}
