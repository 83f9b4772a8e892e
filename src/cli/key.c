/* mamori key new|show|sign|rotate: keys that are kept away from every server. None of these needs a server or a state
 * folder, so that they can be used on a machine that is never connected. */
#include "cli/key.h"

#include "cli/client.h"
#include "cli/password.h"
#include "os/file.h"
#include "trust/tuf-repo.h"

enum { METADATA_MAX = 64 << 20, LISTED_TARGETS = 40 };

bool
cli_keyfile(struct cli *c, const char *path, struct keyfile *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	if (!file_read(path, KEYFILE_MAX, &text, e))
		return false;
	/* The tree keeps views into its own copies, not into this text. */
	return keyfile_read(c->arena, buf_str(&text), out, e) || err_wrap(e, "%s", path);
}

/* ---- new ---- */

static void
new_print(struct cli *c, const struct keyfile *f, const char *path, const char *public_path)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	if (!c->json) {
		printf(tr("Key %.*s for “%.*s” is in %s."), STR_ARG(str_head(f->keyid, 12)), STR_ARG(f->role), path);
		putchar('\n');
		printf(tr("Give %s to who keeps the repository. Keep %s and its password apart, each in two places."),
		       public_path, path);
		putchar('\n');
		return;
	}
	json_begin_object(&w);
	json_put_str(&w, "keyid", f->keyid);
	json_put_str(&w, "role", f->role);
	json_put_cstr(&w, "file", path);
	json_put_cstr(&w, "public", public_path);
	json_end_object(&w);
	cli_print_line(&line);
}

/* Where a file system knows no modes (a USB stick), the password alone protects the key, as it must anyway when the stick
 * is lost. */
static bool
write_private(const char *path, struct str text, struct err *e)
{
	if (file_write(path, text, 0600, e))
		return true;
	if (e->code != ERR_REFUSED)
		return false;
	err_clear(e);
	return file_write(path, text, 0644, e);
}

/* Writes the private file first: a public half alone would be given away for nothing. */
bool
cli_key_write(struct cli *c, const struct key *k, const struct cli_new_key *n, struct str password, struct err *e)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO public = { 0 };
	int64_t now = clock_now(c->clock);
	return keyfile_write(k, n->role, n->comment, now, password, NULL, &text, e) &&
	       keyfile_write_public(k, n->role, n->comment, now, &public, e) &&
	       write_private(n->path, buf_str(&text), e) && file_write(n->public_path, buf_str(&public), 0644, e);
}

bool
cli_key_free_place(const struct cli_new_key *n, struct err *e)
{
	return (!file_exists(n->path) && !file_exists(n->public_path)) ||
	       err_set(e, ERR_CONFLICT, "%s or %s is there already, and a key is never written over", n->path,
		       n->public_path);
}

static bool
new_write(struct cli *c, const struct cli_new_key *n, struct str password, struct err *e)
{
	KEY_AUTO k = NULL;
	return key_generate(&k, e) && cli_key_write(c, k, n, password, e);
}

static int
key_new_run(struct cli *c, int argc, char **argv)
{
	const char *role = NULL, *out = NULL, *comment = NULL;
	struct cli_password p = { 0 };
	const struct cli_option options[] = {
		{ "role", "ROLE", "What it signs: root, targets, catalog, custom", &role, NULL, NULL },
		{ "out", "FILE", "Where it is written; the public half goes to FILE.pub", &out, NULL, NULL },
		{ "comment", "TEXT", "Whose it is, for people", &comment, NULL, NULL },
		CLI_PASSWORD_OPTIONS(&p),
	};
	struct err e = { 0 };
	struct keyfile f;
	SECRET_AUTO password = { 0 };
	int operands;
	if (!cli_words(c, &verb_key_new, options, COUNT(options), argc, argv, 0, 0, &operands, &e))
		return cli_fail(c, &e);
	if (!role || !out) {
		err_set(&e, ERR_USAGE,
			"say what the key is for and where it goes: mamori key new --role root --out FILE");
		return cli_fail(c, &e);
	}
	const char *public_path = arena_printf(c->arena, "%s.pub", out).ptr;
	const struct cli_new_key n = { role, comment, out, public_path };
	if (!cli_key_free_place(&n, &e) || !cli_password(&p, out, true, &password, &e) ||
	    !new_write(c, &n, buf_str(&password), &e) || !cli_keyfile(c, public_path, &f, &e))
		return cli_fail(c, &e);
	new_print(c, &f, out, public_path);
	return 0;
}

/* ---- show ---- */

static void
show_key(struct cli *c, const struct keyfile *f)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	char when[TIME_RFC3339_MAX];
	if (!c->json) {
		printf("%-10s %.*s\n", tr("Key"), STR_ARG(f->keyid));
		printf("%-10s %.*s\n", tr("Role"), STR_ARG(f->role));
		printf("%-10s %s\n", tr("Made"), time_local(f->created, when));
		printf("%-10s %.*s\n", tr("Comment"), STR_ARG(cli_or_dash(arena_line(c->arena, f->comment, 256))));
		puts(f->is_private ? tr("This file can sign, with its password.")
				   : tr("This file is the public half."));
		return;
	}
	json_begin_object(&w);
	json_put_str(&w, "keyid", f->keyid);
	json_put_str(&w, "role", f->role);
	json_put_time(&w, "created", f->created);
	json_put_str(&w, "comment", f->comment);
	json_put_bool(&w, "private", f->is_private);
	json_put_str(&w, "public", f->public_pem);
	json_end_object(&w);
	cli_print_line(&line);
}

/* Names in metadata are strangers': what a terminal would obey is not shown to it. */
static struct str
one_line(struct cli *c, struct str s)
{
	return arena_line(c->arena, s, 400);
}

static void
print_holding(struct cli *c, FILE *out, const struct tuf_holding *h)
{
	fprintf(out, tr("  %.*s: %lld of these keys sign it"), STR_ARG(one_line(c, h->name)), (long long)h->threshold);
	for (size_t i = 0; i < h->count; i++)
		fprintf(out, " %.*s", STR_ARG(one_line(c, str_head(h->keys[i], 12))));
	fputc('\n', out);
}

/* What a person must see before signing; of files at most so many. */
static void
describe(struct cli *c, FILE *out, const struct tuf_description *d, size_t most)
{
	char when[TIME_RFC3339_MAX];
	fprintf(out, tr("%.*s, version %lld, expires %s"), STR_ARG(d->type), (long long)d->version,
		time_local(d->expires, when));
	fputc('\n', out);
	for (size_t i = 0; i < d->delegates.count; i++)
		print_holding(c, out, &d->delegates.items[i]);
	for (size_t i = 0; i < d->targets.count && i < most; i++) {
		const struct tuf_described_file *f = &d->targets.items[i];
		fprintf(out, "  %.*s\n", STR_ARG(one_line(c, f->path)));
		fprintf(out, tr("    %lld bytes, SHA-256 %.*s"), (long long)f->length,
			STR_ARG(cli_or_dash(one_line(c, f->sha256))));
		fputc('\n', out);
	}
	if (d->targets.count > most) {
		fprintf(out, tr("  … and %zu more; all of them: mamori key show"), d->targets.count - most);
		fputc('\n', out);
	}
	for (size_t i = 0; i < d->signers.count; i++) {
		fprintf(out, tr("  signature of %.*s"), STR_ARG(one_line(c, str_head(d->signers.items[i], 12))));
		fputc('\n', out);
	}
}

static void
show_metadata_json(const struct tuf_description *d)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	json_begin_object(&w);
	json_put_str(&w, "type", d->type);
	json_put_i64(&w, "version", d->version);
	json_put_time(&w, "expires", d->expires);
	json_key(&w, "signers");
	json_begin_array(&w);
	for (size_t i = 0; i < d->signers.count; i++)
		json_str(&w, d->signers.items[i]);
	json_end_array(&w);
	json_key(&w, "roles");
	json_begin_array(&w);
	for (size_t i = 0; i < d->delegates.count; i++) {
		const struct tuf_holding *h = &d->delegates.items[i];
		json_begin_object(&w);
		json_put_str(&w, "name", h->name);
		json_put_i64(&w, "threshold", h->threshold);
		json_key(&w, "keys");
		json_begin_array(&w);
		for (size_t k = 0; k < h->count; k++)
			json_str(&w, h->keys[k]);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_key(&w, "targets");
	json_begin_array(&w);
	for (size_t i = 0; i < d->targets.count; i++) {
		json_begin_object(&w);
		json_put_str(&w, "path", d->targets.items[i].path);
		json_put_i64(&w, "length", d->targets.items[i].length);
		json_put_str(&w, "sha256", d->targets.items[i].sha256);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	cli_print_line(&line);
}

static int
key_show_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 }, not_key = { 0 };
	struct keyfile f;
	struct tuf_description d;
	BUF_AUTO text = { 0 };
	int operands;
	if (!cli_words(c, &verb_key_show, NULL, 0, argc, argv, 1, 1, &operands, &e) ||
	    !file_read(argv[0], METADATA_MAX, &text, &e))
		return cli_fail(c, &e);
	if (keyfile_read(c->arena, buf_str(&text), &f, &not_key)) {
		show_key(c, &f);
		return 0;
	}
	if (!tuf_describe(c->arena, buf_str(&text), &d, &e)) {
		e = not_key;
		err_wrap(&e, "%s", argv[0]);
		return cli_fail(c, &e);
	}
	if (c->json)
		show_metadata_json(&d);
	else
		describe(c, stdout, &d, SIZE_MAX);
	return 0;
}

/* ---- sign ---- */

struct signing {
	const char *metadata, *key_path, *out;
	struct cli_password password;
};

static bool
sign(struct cli *c, const struct signing *s, struct keyfile *f, struct tuf_description *d, struct err *e)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO signed_text = { 0 };
	SECRET_AUTO password = { 0 };
	KEY_AUTO k = NULL;
	if (!cli_keyfile(c, s->key_path, f, e))
		return false;
	if (!file_read(s->metadata, METADATA_MAX, &text, e) || !tuf_describe(c->arena, buf_str(&text), d, e))
		return err_wrap(e, "%s", s->metadata);
	if (!c->json)
		describe(c, stderr, d, LISTED_TARGETS);
	if (!cli_password(&s->password, s->key_path, false, &password, e))
		return false;
	if (!keyfile_open(f, buf_str(&password), &k, e))
		return err_wrap(e, "%s", s->key_path);
	return tuf_sign(c->arena, buf_str(&text), k, &signed_text, e) &&
	       file_write(s->out ? s->out : s->metadata, buf_str(&signed_text), 0644, e);
}

static int
key_sign_run(struct cli *c, int argc, char **argv)
{
	struct signing s = { 0 };
	const struct cli_option options[] = {
		{ "key", "FILE", "The key file to sign with", &s.key_path, NULL, NULL },
		{ "out", "FILE", "Where the signed metadata goes (default: the same file)", &s.out, NULL, NULL },
		CLI_PASSWORD_OPTIONS(&s.password),
	};
	struct err e = { 0 };
	struct keyfile f;
	struct tuf_description d = { 0 };
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	int operands;
	if (!cli_words(c, &verb_key_sign, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	s.metadata = argv[0];
	if (!s.key_path)
		err_set(&e, ERR_USAGE, "say with which key: mamori key sign %s --key FILE", s.metadata);
	if (e.code || !sign(c, &s, &f, &d, &e))
		return cli_fail(c, &e);
	if (!c->json) {
		printf(tr("Signed %s version %lld with key %.*s."), arena_cstr(c->arena, d.type), (long long)d.version,
		       STR_ARG(str_head(f.keyid, 12)));
		putchar('\n');
		return 0;
	}
	json_begin_object(&w);
	json_put_str(&w, "type", d.type);
	json_put_i64(&w, "version", d.version);
	json_put_str(&w, "keyid", f.keyid);
	json_put_cstr(&w, "file", s.out ? s.out : s.metadata);
	json_end_object(&w);
	cli_print_line(&line);
	return 0;
}

/* ---- rotate ---- */

struct rotating {
	const char *role, *threshold;
	cli_list add, revoke;
	bool online;
};

static bool
rotate(struct cli *c, const char *folder, const struct rotating *o, struct err *e)
{
	TUF_REPO_AUTO r = NULL;
	uint64_t threshold = 0;
	struct keyfile *keys = ARENA_ARRAY(c->arena, struct keyfile, o->add.count + 1);
	const char **revoke = ARENA_ARRAY(c->arena, const char *, o->revoke.count + 1);
	if (o->threshold && (!str_to_u64(str_of(o->threshold), &threshold) || threshold < 1 || threshold > 1024))
		return err_set(e, ERR_USAGE, "--threshold takes a number from 1 on, not “%s”", o->threshold);
	for (size_t i = 0; i < o->add.count; i++)
		if (!cli_keyfile(c, o->add.items[i], &keys[i], e))
			return false;
	for (size_t i = 0; i < o->revoke.count; i++)
		revoke[i] = o->revoke.items[i];
	const struct tuf_rotation change = { .role = o->role,
					     .add = keys,
					     .add_count = o->add.count,
					     .revoke = revoke,
					     .threshold = (unsigned)threshold,
					     .online = o->online };
	return cli_repo_open(c, folder, &r, e) && tuf_repo_rotate(r, &change, e) && tuf_repo_save(r, e) &&
	       cli_repo_print(c, r, folder, e);
}

static int
key_rotate_run(struct cli *c, int argc, char **argv)
{
	struct rotating o = { 0 };
	const struct cli_option options[] = {
		{ "role", "ROLE", "Whose keys: root, targets, timestamp, snapshot, approval, index, catalog, custom",
		  &o.role, NULL, NULL },
		{ "add", "KEY", "A key file, public or private, whose key may sign from now on (repeatable)", NULL,
		  NULL, &o.add },
		{ "revoke", "ID", "A key id, or its first eight digits or more, that may not any more (repeatable)",
		  NULL, NULL, &o.revoke },
		{ "threshold", "N", "How many of them must sign", &o.threshold, NULL, NULL },
		{ "online", NULL, "Make the server a new key of its own (timestamp, snapshot, approval, index)", NULL,
		  &o.online, NULL },
	};
	struct err e = { 0 };
	int operands;
	if (!cli_words(c, &verb_key_rotate, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	if (!o.role)
		err_set(&e, ERR_USAGE, "say whose keys change: mamori key rotate %s --role ROLE", argv[0]);
	else if (!o.add.count && !o.revoke.count && !o.threshold && !o.online)
		err_set(&e, ERR_USAGE, "say what changes: --add, --revoke, --threshold or --online");
	if (e.code || !rotate(c, argv[0], &o, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_key_new = {
	"key new",
	"",
	"Make a key that signs update metadata, in a file under a password\n"
	"Works on a machine that is never connected: it needs no server and no state folder.",
	"  mamori key new --role root --out root-suzuki.key --comment \"Suzuki, safe on the 3rd floor\"",
	key_new_run,
	false,
};
const struct cli_verb verb_key_show = {
	"key show",
	"FILE",
	"Show a key file, or metadata that is to be signed",
	"  mamori key show pending/root.json",
	key_show_run,
	false,
};
const struct cli_verb verb_key_sign = {
	"key sign",
	"METADATA",
	"Sign update metadata with a key file, on any machine\n"
	"Shows what is signed first. Signatures of other keys in the file stay.",
	"  mamori key sign pending/root.json --key root-suzuki.key",
	key_sign_run,
	false,
};
const struct cli_verb verb_key_rotate = {
	"key rotate",
	"DIR",
	"Add and revoke keys of a role of a repository, or change how many must sign\n"
	"The change waits in DIR/pending for signatures, then: mamori repo publish DIR",
	"  mamori key rotate updates --role root --add root-tanaka.key.pub --revoke 3f2a91c0\n"
	"  mamori key rotate updates --role timestamp --online",
	key_rotate_run,
	false,
};
