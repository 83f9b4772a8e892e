/* mamori bundle on a relay: taking in what came, packing up what goes back. */
#include "cli/bundle.h"

#include "base/log.h"
#include "os/file.h"
#include "relay/bundle.h"
#include "relay/limit.h"
#include "relay/member.h"
#include "relay/updates.h"
#include "trust/letter.h"
#include "trust/tuf.h"
#include "vuln/feed.h"

#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LETTERS_MAX = 100000, ROOT_MAX = 512 << 10, ALLOW_MAX = 64 << 10 };

struct relay_side {
	struct cli *c;
	struct member member;
	bool enrolled;
};

static bool
side_load(struct relay_side *s, struct err *e)
{
	return !file_exists(path_join(s->c->arena, s->c->data, "relay.json")) ||
	       member_load(s->c->data, s->c->arena, &s->member, &s->enrolled, e);
}

static void
doing(void *user, const char *what, uint64_t done, uint64_t total)
{
	const struct relay_side *s = user;
	bundle_doing(s->c, what, done, total);
}

/* ---- in ---- */

/* The server's answer for a host; one that is older than the one that waits stays away. */
static bool
letter_take(void *user, struct str host, struct str bytes, struct err *e)
{
	struct relay_side *s = user;
	struct arena *a = s->c->arena;
	const char *folder = path_join(a, path_join(a, s->c->data, "letters"), "in");
	struct letter now, there;
	BUF_AUTO old = { 0 };
	if (!letter_peek(bytes, a, &now, e))
		return err_wrap(e, "the letter for %.*s", STR_ARG(host));
	if (strcmp(now.kind, LETTER_ANSWER) != 0 || !str_eq(now.host, host) || str_find_char(host, '/') >= 0)
		return err_set(e, ERR_INPUT, "the letter for %.*s is another one", STR_ARG(host));
	const char *path = arena_printf(a, "%s/%.*s.letter", folder, STR_ARG(host)).ptr;
	if (file_exists(path) && file_read(path, LETTER_MAX, &old, NULL) &&
	    letter_peek(buf_str(&old), a, &there, NULL) && there.serial >= now.serial)
		return true;
	return dir_make(folder, 0700, e) && file_write(path, bytes, 0600, e) &&
	       file_remove(arena_printf(a, "%s/%.*s.refused", folder, STR_ARG(host)).ptr, e);
}

/* The client's workflow of the specification, from the folder that was carried here. */
static bool
tuf_take(struct relay_side *s, const char *folder, struct err *e)
{
	struct arena *a = s->c->arena;
	const char *trusted = path_join(a, s->c->data, "updates");
	BUF_AUTO root = { 0 };
	TUF_CLIENT_AUTO client = NULL;
	struct tuf_options o = { .folder = trusted,
				 .fetch = tuf_fetch_folder,
				 .user = (void *)(uintptr_t)folder,
				 .now = clock_now(s->c->clock) };
	/* A relay that was enrolled before there was one: the first root comes under the signature of the server that enrolled
	 * it, as it would have then. */
	if (!file_exists(path_join(a, trusted, "root.json")) &&
	    (!file_read(path_join(a, folder, "1.root.json"), ROOT_MAX, &root, e) ||
	     !tuf_store_begin(trusted, buf_str(&root), e)))
		return false;
	return tuf_client_open(&o, &client, e) && tuf_client_update(client, e) && updates_mirror(s->c->data, folder, e);
}

static bool
file_take(void *user, struct str kind, struct str name, const char *path, struct err *e)
{
	struct relay_side *s = user;
	struct arena *a = s->c->arena;
	size_t count;
	if (str_eq(kind, STR("index"))) {
		struct err why = { 0 };
		int64_t now = clock_now(s->c->clock);
		/* The metadata of this bundle is here already. What is not what it names may be of another moment: left out. */
		if (!updates_index_fits(s->c->data, path, now, &why)) {
			log_warn("bundle", "the vulnerability data is left out: %s", why.text);
			return true;
		}
		if (feed_receive(s->c->data, path, now, &count, e))
			return true;
		/* An older one than what is there changes nothing. */
		return e->code == ERR_REFUSED;
	}
	if (str_eq(kind, STR("tuf")))
		return tuf_take(s, path, e) || err_wrap(e, "the update metadata in the bundle");
	if (str_eq(kind, STR("allow"))) {
		BUF_AUTO lines = { 0 };
		return file_read(path, ALLOW_MAX, &lines, e) &&
		       file_write(path_join(a, s->c->data, RELAY_BUNDLE_ALLOW), buf_str(&lines), 0644, e);
	}
	if (str_eq(kind, STR("catalog")) || str_eq(kind, STR("script"))) {
		const char *folder = path_join(a, s->c->data, str_eq(kind, STR("script")) ? RELAY_SCRIPTS : "catalog");
		BUF_AUTO bytes = { 0 };
		return dir_make(folder, 0755, e) && file_read(path, (size_t)256 << 20, &bytes, e) &&
		       file_write(path_join(a, folder, arena_cstr(a, name)), buf_str(&bytes), 0644, e);
	}
	return true; /* of a newer server */
}

static int
taken_print(struct cli *c, const struct relay_bundle_result *r)
{
	char expires[TIME_RFC3339_MAX];
	cli_progress_end(c);
	if (c->json) {
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		bundle_head_show(&r->head, &w);
		json_put_i64(&w, "content", (int64_t)r->content);
		json_put_i64(&w, "there", (int64_t)r->there);
		json_put_i64(&w, "letters", (int64_t)r->letters);
		json_put_i64(&w, "files", (int64_t)r->files);
		json_end_object(&w);
		cli_print_line(&line);
		return 0;
	}
	printf(tr("Bundle %lld is taken in: %zu files for machines (%zu were there), %zu letters; good until %s."),
	       (long long)r->head.counter, r->content, r->there, r->letters, time_local(r->head.expires, expires));
	printf("\n");
	return 0;
}

/* What root took in is to be readable by the user that the relay runs as: the owner of its folder. */
static void
owner_give(const char *data)
{
	static const char *const names[] = { "bundles", "cache",   "known",        "letters",    "updates",
					     "feeds",   "catalog", RELAY_METADATA, RELAY_SCRIPTS };
	struct stat folder;
	ARENA_AUTO a = { 0 };
	if (geteuid() != 0 || stat(data, &folder) != 0 || folder.st_uid == 0)
		return;
	for (size_t i = 0; i < COUNT(names); i++) {
		char *const paths[] = { arena_cstr(&a, str_of(path_join(&a, data, names[i]))), NULL };
		FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
		for (FTSENT *f; walk && (f = fts_read(walk));)
			if (f->fts_info != FTS_DP && f->fts_info != FTS_NS && f->fts_statp->st_uid == 0 &&
			    lchown(f->fts_accpath, folder.st_uid, folder.st_gid) != 0)
				log_warn("bundle", "%s cannot be given to the owner of %s", f->fts_path, data);
		if (walk)
			fts_close(walk);
	}
}

int
bundle_import_relay(struct cli *c, const char *folder, const char *key_file, uint64_t cache_size)
{
	struct relay_side s = { .c = c };
	struct relay_bundle_result result;
	enum bundle_reason reason = BUNDLE_FINE;
	struct err e = { 0 };
	KEY_AUTO key = NULL;
	struct cache *cache = NULL;
	struct digest_map *digests = NULL;
	struct cache_options o = { .folder = path_join(c->arena, c->data, "cache"),
				   .size_max = cache_size ? cache_size : cache_limit_kept(c->data),
				   .clock = c->clock };
	if (!file_exists(c->data)) {
		err_set(&e, ERR_NOT_FOUND, "there is no folder %s: name the relay's with --data", c->data);
		return cli_fail(c, &e);
	}
	if (!side_load(&s, &e) || !bundle_key(c, key_file, &key, &e) || !cache_open(&o, &cache, &e))
		return cli_fail(c, &e);
	if (!digest_map_open(path_join(c->arena, c->data, "known"), &digests, &e)) {
		cache_close(cache);
		return cli_fail(c, &e);
	}
	struct relay_bundle_import in = { .data = c->data,
					  .folder = folder,
					  .key = key,
					  .site = s.enrolled ? str_of(s.member.site) : STR_NONE,
					  .server = s.enrolled ? str_of(s.member.server) : STR_NONE,
					  .cache = cache,
					  .digests = digests,
					  .clock = c->clock,
					  .letter = letter_take,
					  .file = file_take,
					  .doing = doing,
					  .user = &s };
	bool ok = relay_bundle_take(&in, c->arena, &result, &reason, &e);
	digest_map_close(digests);
	cache_close(cache);
	owner_give(c->data);
	return ok ? taken_print(c, &result) : bundle_refused(c, reason, &e);
}

/* ---- out ---- */

static bool
letters_find(struct cli *c, const char ***out, struct err *e)
{
	const char *folder = path_join(c->arena, path_join(c->arena, c->data, "letters"), "out");
	struct str *names;
	size_t count = 0, kept = 0;
	if (file_exists(folder) && !dir_list(c->arena, folder, LETTERS_MAX, &names, &count, e))
		return false;
	const char **paths = ARENA_ARRAY(c->arena, const char *, count + 1);
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], STR(".letter")))
			paths[kept++] = path_join(c->arena, folder, arena_cstr(c->arena, names[i]));
	*out = paths;
	return true;
}

int
bundle_export_up(struct cli *c, const struct bundle_words *w)
{
	struct relay_side s = { .c = c };
	struct bundle_head head;
	struct err e = { 0 };
	const char *folder, **letters = NULL;
	BUF_AUTO status = { 0 };
	KEY_AUTO key = NULL;
	if (!side_load(&s, &e))
		return cli_fail(c, &e);
	if (!s.enrolled) {
		err_set(&e, ERR_CONFLICT,
			"%s is no enrolled relay: only what a relay signed goes back (mamori relay enrol)", c->data);
		return cli_fail(c, &e);
	}
	if (!key_load_or_create(path_join(c->arena, c->data, "status.key"), &key, &e) ||
	    !letters_find(c, &letters, &e) || !member_status(c->data, c->clock, &status, &e))
		return cli_fail(c, &e);
	struct relay_bundle_export x = { .data = c->data,
					 .to = w->to,
					 .site = str_of(s.member.site),
					 .server = str_of(s.member.server),
					 .from = str_of(s.member.id),
					 .key = key,
					 .letters = letters,
					 .status = buf_str(&status),
					 .part_size = w->part_size,
					 .life = w->life,
					 .clock = c->clock };
	if (!relay_bundle_pack(&x, c->arena, &head, &folder, &e))
		return cli_fail(c, &e);
	if (c->json) {
		BUF_AUTO line = { 0 };
		struct json_writer j = { .out = &line };
		json_begin_object(&j);
		json_put_cstr(&j, "folder", folder);
		bundle_head_show(&head, &j);
		json_end_object(&j);
		cli_print_line(&line);
	} else {
		printf(tr("Bundle %lld for the server is in %s: %zu letters. Take it there and run mamori bundle "
			  "import."),
		       (long long)head.counter, folder, head.member_count - 1);
		printf("\n");
	}
	return 0;
}
