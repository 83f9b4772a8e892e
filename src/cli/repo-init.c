/* mamori repo init: a new repository of update metadata, with keys that people made, or with new ones on a stick. */
#include "cli/client.h"
#include "cli/key.h"
#include "cli/password.h"
#include "os/file.h"

enum { METADATA_MAX = 64 << 20, NEW_KEYS = 5, NEW_ROOTS = 2 };

struct init_role {
	cli_list keys;
	const char *threshold;
};

struct init_words {
	struct init_role root, targets, catalog, custom;
	const char *new_keys;
	struct cli_password password;
};

static bool
signers(struct cli *c, const char *name, const struct init_role *o, struct tuf_signers *out, struct err *e)
{
	struct keyfile *keys = ARENA_ARRAY(c->arena, struct keyfile, o->keys.count + 1);
	uint64_t threshold = 1;
	if (o->threshold && (!str_to_u64(str_of(o->threshold), &threshold) || threshold < 1 || threshold > 1024))
		return err_set(e, ERR_USAGE, "--%s-threshold takes a number from 1 on, not “%s”", name, o->threshold);
	for (size_t i = 0; i < o->keys.count; i++)
		if (!cli_keyfile(c, o->keys.items[i], &keys[i], e))
			return false;
	*out = (struct tuf_signers){ keys, o->keys.count, (unsigned)threshold };
	return true;
}

static bool
init(struct cli *c, const char *folder, const struct init_words *o, struct err *e)
{
	struct tuf_repo_plan plan = { .now = clock_now(c->clock) };
	TUF_REPO_AUTO r = NULL;
	return signers(c, "root", &o->root, &plan.root, e) && signers(c, "targets", &o->targets, &plan.targets, e) &&
	       signers(c, "catalog", &o->catalog, &plan.catalog, e) &&
	       signers(c, "custom", &o->custom, &plan.custom, e) && tuf_repo_create(folder, &plan, e) &&
	       cli_repo_open(c, folder, &r, e) && cli_repo_print(c, r, folder, e);
}

/* ---- with new keys ---- */

/* Two of the root: either signs, each is kept in another place. */
static const struct {
	const char *role, *file;
} fresh[NEW_KEYS] = { { "root", "root-1.key" },
		      { "root", "root-2.key" },
		      { "targets", "targets.key" },
		      { "catalog", "catalog.key" },
		      { "custom", "custom.key" } };

struct fresh_keys {
	struct cli_new_key file[NEW_KEYS];
	struct key *key[NEW_KEYS];
	struct keyfile public[NEW_KEYS];
};

static bool
fresh_places(struct cli *c, const char *stick, struct fresh_keys *k, struct err *e)
{
	if (!file_exists(stick))
		return err_set(e, ERR_NOT_FOUND,
			       "there is no folder %s: put the stick in, or name the folder where the keys are to lie",
			       stick);
	for (size_t i = 0; i < NEW_KEYS; i++) {
		const char *path = path_join(c->arena, stick, fresh[i].file);
		k->file[i] =
			(struct cli_new_key){ fresh[i].role, NULL, path, arena_printf(c->arena, "%s.pub", path).ptr };
		if (!cli_key_free_place(&k->file[i], e))
			return false;
	}
	return true;
}

static bool
fresh_make(struct cli *c, struct fresh_keys *k, struct str password, struct err *e)
{
	for (size_t i = 0; i < NEW_KEYS; i++) {
		cli_progress(c, tr("keys"), i, NEW_KEYS);
		if (!key_generate(&k->key[i], e) || !cli_key_write(c, k->key[i], &k->file[i], password, e) ||
		    !cli_keyfile(c, k->file[i].public_path, &k->public[i], e))
			return false;
	}
	return true;
}

static bool
fresh_sign(struct cli *c, const char *folder, const char *role, const struct key *k, struct err *e)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO signed_text = { 0 };
	const char *path = arena_printf(c->arena, "%s/pending/%s.json", folder, role).ptr;
	return file_read(path, METADATA_MAX, &text, e) && tuf_sign(c->arena, buf_str(&text), k, &signed_text, e) &&
	       file_write(path, buf_str(&signed_text), 0644, e);
}

static bool
fresh_publish(struct cli *c, const char *folder, const struct fresh_keys *k, struct err *e)
{
	const struct tuf_repo_plan plan = { .root = { k->public, NEW_ROOTS, 1 },
					    .targets = { k->public + 2, 1, 1 },
					    .catalog = { k->public + 3, 1, 1 },
					    .custom = { k->public + 4, 1, 1 },
					    .now = clock_now(c->clock) };
	TUF_REPO_AUTO r = NULL;
	struct tuf_published what;
	if (!tuf_repo_create(folder, &plan, e))
		return false;
	for (size_t i = 1; i < NEW_KEYS; i++)
		if (!fresh_sign(c, folder, fresh[i].role, k->key[i], e))
			return false;
	return cli_repo_open(c, folder, &r, e) && tuf_repo_publish(r, &what, e) && cli_repo_print(c, r, folder, e);
}

static bool
init_fresh(struct cli *c, const char *folder, const struct init_words *o, struct err *e)
{
	struct fresh_keys k = { 0 };
	SECRET_AUTO password = { 0 };
	if (o->root.keys.count + o->targets.keys.count + o->catalog.keys.count + o->custom.keys.count > 0)
		return err_set(e, ERR_USAGE,
			       "--new-keys makes all keys: leave --root, --targets, --catalog and --custom out");
	/* Looked at first: keys of a repository that there cannot be are in the way of the next try. */
	if (file_exists(path_join(c->arena, folder, "pending")))
		return err_set(e, ERR_CONFLICT,
			       "%s is a repository already; its keys are changed with: mamori key rotate", folder);
	bool ok = fresh_places(c, o->new_keys, &k, e) && cli_password(&o->password, o->new_keys, true, &password, e) &&
		  fresh_make(c, &k, buf_str(&password), e) && fresh_publish(c, folder, &k, e);
	cli_progress_end(c);
	for (size_t i = 0; i < NEW_KEYS; i++)
		key_free(k.key[i]);
	if (!ok || c->json)
		return ok;
	printf(tr("The keys are in %s, under the password. Take them away from this machine now: root-2.key to another "
		  "place "
		  "than the others, the password to a third one. The server goes on by itself."),
	       o->new_keys);
	putchar('\n');
	return true;
}

static int
repo_init_run(struct cli *c, int argc, char **argv)
{
	struct init_words o = { 0 };
	const struct cli_option options[] = {
		{ "new-keys", "FOLDER",
		  "Make all keys there (a USB stick), sign with them and publish: all at once, for one administrator",
		  &o.new_keys, NULL, NULL },
		{ "root", "KEY", "A key file, public or private, of the root (repeatable)", NULL, NULL, &o.root.keys },
		{ "root-threshold", "N", "How many root keys must sign (default: 1; 2 of 3 is wise)", &o.root.threshold,
		  NULL, NULL },
		{ "targets", "KEY", "Of who says which roles there are (repeatable)", NULL, NULL, &o.targets.keys },
		{ "targets-threshold", "N", "How many of them must sign (default: 1)", &o.targets.threshold, NULL,
		  NULL },
		{ "catalog", "KEY", "Of who vouches for third-party applications (repeatable)", NULL, NULL,
		  &o.catalog.keys },
		{ "catalog-threshold", "N", "How many of them must sign (default: 1)", &o.catalog.threshold, NULL,
		  NULL },
		{ "custom", "KEY", "Of who vouches for the hospital's own packages and scripts (repeatable)", NULL,
		  NULL, &o.custom.keys },
		{ "custom-threshold", "N", "How many of them must sign (default: 1)", &o.custom.threshold, NULL, NULL },
		CLI_PASSWORD_OPTIONS(&o.password),
	};
	struct err e = { 0 };
	int operands;
	if (!cli_words(c, &verb_repo_init, options, COUNT(options), argc, argv, 0, 1, &operands, &e))
		return cli_fail(c, &e);
	const char *folder = operands ? argv[0] : path_join(c->arena, c->data, "updates");
	if (!(o.new_keys ? init_fresh : init)(c, folder, &o, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_repo_init = {
	"repo init",
	"[DIR]",
	"Make a repository of update metadata\n"
	"DIR is the folder “updates” of the server's state folder, where nothing is said. Its root waits in "
	"DIR/pending for the "
	"signatures of its keys; the server's own keys are made in DIR/online.",
	"  mamori repo init --new-keys /media/stick\n"
	"  mamori repo init updates --root a.key.pub --root b.key.pub --root c.key.pub --root-threshold 2 \\\n"
	"    --targets t.key.pub --catalog c.key.pub --custom p.key.pub",
	repo_init_run,
	false,
};
