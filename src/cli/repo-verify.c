/* mamori repo verify: reads a repository as a client does, from its first root on, and checks every file that it holds. */
#include "cli/client.h"
#include "cli/key.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { ROOT_MAX = 512 << 10, PIECE = 256 << 10 };

struct verifying {
	struct cli *cli;
	const char *folder;
	struct tuf_client *client;
	size_t files, absent; /* checked; only named by their digest, and not here */
};

/* A folder that is removed in the end. */
static void
scratch_remove(char **path)
{
	struct err e = { 0 };
	if (*path && !dir_remove_all(*path, &e))
		fprintf(stderr, "mamori: %s\n", e.text);
}

static bool
check_bytes(int fd, const char *path, struct tuf_check *k, struct err *e)
{
	BUF_AUTO piece = { 0 };
	for (;;) {
		char *into = buf_reserve(&piece, PIECE);
		ssize_t n = read(fd, into, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "reading %s", path);
		if (n == 0)
			return true;
		if (!tuf_check_add(k, str_sub(into, (size_t)n), e))
			return false;
	}
}

static bool
check_target(void *user, const struct tuf_target *t, struct err *e)
{
	struct verifying *v = user;
	struct err why = { 0 };
	const char *path = arena_printf(v->cli->arena, "%s/targets/%.*s", v->folder, STR_ARG(t->file)).ptr;
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		v->absent++;
		return true;
	}
	if (fd < 0)
		return err_sys(e, "opening %s", path);
	struct tuf_check *k = tuf_check_open(t);
	bool read = check_bytes(fd, path, k, &why), right = tuf_check_end(k, NULL, e);
	if (!read && e)
		*e = why; /* what stopped the reading says more than the sums do */
	v->files++;
	cli_progress(v->cli, path, v->files, 0);
	return read && right;
}

static bool
check_roles(struct verifying *v, struct err *e)
{
	static const char *const roles[] = { "targets", "approval", "index", "catalog", "custom" };
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct err why = { 0 };
		if (tuf_client_each(v->client, str_of(roles[i]), check_target, v, &why))
			continue;
		/* A role that was never published, or is not delegated to at all. */
		if (tuf_client_reason(v->client, NULL) == TUF_TARGETS_UNLISTED)
			continue;
		*e = why;
		return false;
	}
	return true;
}

static void
print(struct verifying *v)
{
	static const char *const roles[] = { "root",     "timestamp", "snapshot", "targets",
					     "approval", "index",     "catalog",  "custom" };
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	char when[TIME_RFC3339_MAX];
	if (!v->cli->json) {
		printf(tr("All signatures and digests are right: %zu files, %zu more named by digest only; valid until "
			  "%s."),
		       v->files, v->absent, time_local(tuf_client_expires(v->client), when));
		putchar('\n');
		return;
	}
	json_begin_object(&w);
	for (size_t i = 0; i < COUNT(roles); i++)
		json_put_i64(&w, roles[i], tuf_client_version(v->client, str_of(roles[i])));
	json_put_time(&w, "expires", tuf_client_expires(v->client));
	json_put_i64(&w, "files", (int64_t)v->files);
	json_put_i64(&w, "named_only", (int64_t)v->absent);
	json_end_object(&w);
	cli_print_line(&line);
}

static bool
verify(struct verifying *v, const char *root_path, struct err *e)
{
	const char *temp = getenv("TMPDIR");
	__attribute__((cleanup(scratch_remove))) char *scratch = NULL;
	BUF_AUTO root = { 0 };
	const char *metadata = path_join(v->cli->arena, v->folder, "metadata");
	struct str name = arena_printf(v->cli->arena, "%s/mamori-verify-XXXXXX", temp && *temp ? temp : "/tmp");
	if (!root_path)
		root_path = path_join(v->cli->arena, metadata, "1.root.json");
	if (!file_read(root_path, ROOT_MAX, &root, e))
		return false;
	char *made = mkdtemp(arena_cstr(v->cli->arena, name));
	if (!made)
		return err_sys(e, "making a scratch folder");
	scratch = made;
	const struct tuf_options o = { .folder = path_join(v->cli->arena, scratch, "trusted"),
				       .fetch = tuf_fetch_folder,
				       .user = arena_cstr(v->cli->arena, str_of(metadata)),
				       .now = clock_now(v->cli->clock) };
	return tuf_store_begin(o.folder, buf_str(&root), e) && tuf_client_open(&o, &v->client, e) &&
	       tuf_client_update(v->client, e) && check_roles(v, e);
}

static int
repo_verify_run(struct cli *c, int argc, char **argv)
{
	const char *root = NULL;
	const struct cli_option options[] = {
		{ "root", "FILE", "The root that is trusted (default: the repository's first)", &root, NULL, NULL },
	};
	struct err e = { 0 };
	struct verifying v = { .cli = c };
	int operands;
	if (!cli_words(c, &verb_repo_verify, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	v.folder = argv[0];
	bool ok = verify(&v, root, &e);
	cli_progress_end(c);
	if (ok)
		print(&v);
	tuf_client_free(v.client);
	return ok ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_repo_verify = {
	"repo verify",
	"DIR",
	"Check a repository as a machine does that knows only a root",
	"  mamori repo verify updates --root first-root.json",
	repo_verify_run,
	false,
};
