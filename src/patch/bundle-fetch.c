#include "patch/bundle-fetch.h"

#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 4, RETRY_WAIT_MS = 500, KEYRINGS_MAX = 200, PIECE = 1 << 17 };
#define RELEASE_MAX ((uint64_t)32 << 20)

const char *
bundle_object_path(struct arena *a, const char *work, const char *sha256)
{
	return arena_printf(a, "%s/objects/%.2s/%s", work, sha256, sha256).ptr;
}

bool
bundle_object_has(const char *work, const char *sha256, uint64_t size)
{
	ARENA_AUTO a = { 0 };
	return file_size(bundle_object_path(&a, work, sha256)) == (int64_t)size;
}

static bool
file_digest(const char *path, char hex[SHA256_HEX_LEN], struct err *e)
{
	char *bytes = xcalloc(1, PIECE);
	size_t n;
	FILE *f = fopen(path, "re");
	if (!f) {
		free(bytes);
		return err_sys(e, "reading %s", path);
	}
	struct sha256_stream *s = sha256_open();
	while ((n = fread(bytes, 1, PIECE, f)) > 0)
		sha256_update(s, str_sub(bytes, n));
	sha256_close(s, hex);
	bool ok = !ferror(f);
	(void)fclose(f);
	free(bytes);
	return ok || err_set(e, ERR_SYSTEM, "reading %s failed", path);
}

static void
wait_ms(unsigned ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* Up to four times, waiting longer each time; what has arrived is not sent again. */
static bool
fetch_stubbornly(struct bundle_fetcher *f, const char *url, const char *path, uint64_t max, struct http_fetch *known,
		 struct err *e)
{
	unsigned wait = RETRY_WAIT_MS;
	for (int try = 1;; try++, wait *= 4) {
		struct http_fetch answer = *known;
		err_clear(e);
		if (http_fetch(f->client, url, path, max, &answer, f->progress, f->user, e)) {
			*known = answer;
			return true;
		}
		if (!answer.try_again || try == TRIES)
			return false;
		wait_ms(wait);
	}
}

bool
bundle_fetch_object(struct bundle_fetcher *f, struct str url, const char *sha256, uint64_t size, struct err *e)
{
	ARENA_AUTO a = { 0 };
	char digest[SHA256_HEX_LEN];
	const char *path = bundle_object_path(&a, f->work, sha256);
	const char *arriving = arena_printf(&a, "%s.arriving", path).ptr;
	struct http_fetch answer = { 0 };
	if (bundle_object_has(f->work, sha256, size))
		return true;
	if (!dir_make(arena_printf(&a, "%s/objects/%.2s", f->work, sha256).ptr, 0700, e) ||
	    !fetch_stubbornly(f, arena_cstr(&a, url), arriving, size, &answer, e) || !file_digest(arriving, digest, e))
		return err_wrap(e, "fetching %.*s", STR_ARG(url));
	f->fetched += size;
	if (file_size(arriving) != (int64_t)size || strcmp(digest, sha256) != 0) {
		(void)unlink(arriving);
		return err_set(e, ERR_REFUSED,
			       "%.*s is not what the archive's signed metadata says: the mirror is being changed or is "
			       "damaged; try again later",
			       STR_ARG(url));
	}
	return rename(arriving, path) == 0 || err_sys(e, "writing %s", path);
}

/* ---- signed metadata ---- */

static void
keyrings_of(struct arena *a, const char *folder, const char **out, size_t *count)
{
	struct str *names;
	size_t n;
	if (!dir_list(a, folder, 10000, &names, &n, NULL))
		return;
	for (size_t i = 0; i < n && *count < KEYRINGS_MAX; i++)
		if (str_ends(names[i], STR(".gpg")))
			out[(*count)++] = path_join(a, folder, arena_cstr(a, names[i]));
}

/* As apt judges: at least one good signature of a known key and no bad one; unknown keys beside it do not matter. */
static bool
signature_good(struct str status)
{
	struct str line;
	bool good = false;
	while (str_line(&status, &line)) {
		if (str_starts(line, STR("[GNUPG:] BADSIG")))
			return false;
		good |= str_starts(line, STR("[GNUPG:] VALIDSIG"));
	}
	return good;
}

/* signature: of a file beside it, or NULL: the file carries its own, and *text is what it covers. */
static bool
gpgv_check(const struct bundle_fetcher *f, const char *path, const char *signature, struct arena *a, struct str *text,
	   struct err *e)
{
	const char *keyrings[KEYRINGS_MAX], *argv[2 * KEYRINGS_MAX + 16];
	const char *plain = arena_printf(a, "%s.plain", path).ptr;
	size_t count = 0, n = 0;
	BUF_AUTO out = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	for (const char *const *k = f->keyrings; k && *k && count < KEYRINGS_MAX; k++)
		keyrings[count++] = *k;
	keyrings_of(a, "/usr/share/keyrings", keyrings, &count);
	keyrings_of(a, "/etc/apt/trusted.gpg.d", keyrings, &count);
	argv[n++] = "gpgv";
	argv[n++] = "--status-fd=1";
	for (size_t i = 0; i < count; i++) {
		argv[n++] = "--keyring";
		argv[n++] = keyrings[i];
	}
	if (signature) {
		argv[n++] = signature;
	} else {
		argv[n++] = "--output";
		argv[n++] = plain;
	}
	argv[n++] = path;
	argv[n] = NULL;
	(void)unlink(plain);
	struct proc_spec spec = { .argv = argv, .timeout_s = 120 };
	if (!runner_run(f->runner, &spec, &r, e))
		return err_wrap(e, "checking the signature of %s (is gpgv installed?)", path);
	if (!signature_good(buf_str(&r.out)))
		return err_set(e, ERR_REFUSED,
			       "no key that is known here signed it: name the archive's with --keyring");
	if (!file_read(signature ? path : plain, (size_t)RELEASE_MAX, &out, e))
		return false;
	*text = arena_str(a, buf_str(&out));
	(void)unlink(plain);
	return true;
}

/* A file's validators of the last time lie beside it. */
static void
known_read(const char *path, struct arena *a, struct http_fetch *out)
{
	BUF_AUTO text = { 0 };
	struct str rest, line;
	*out = (struct http_fetch){ 0 };
	if (!file_exists(path) || !file_read(arena_printf(a, "%s.of", path).ptr, 1024, &text, NULL))
		return;
	rest = buf_str(&text);
	if (str_line(&rest, &line) && line.len < sizeof(out->etag))
		memcpy(out->etag, line.ptr, line.len);
	if (str_line(&rest, &line) && line.len < sizeof(out->last_modified))
		memcpy(out->last_modified, line.ptr, line.len);
}

static bool
fetch_conditional(struct bundle_fetcher *f, const char *url, const char *path, struct arena *a, struct err *e)
{
	struct http_fetch known;
	known_read(path, a, &known);
	if (!fetch_stubbornly(f, url, path, RELEASE_MAX, &known, e))
		return false;
	if (known.not_modified)
		return true;
	return file_write(arena_printf(a, "%s.of", path).ptr,
			  arena_printf(a, "%s\n%s\n", known.etag, known.last_modified), 0600, e);
}

/* A Release without a signature of its own, for archives whose host does not ask for one. */
static bool
plain_read(const char *path, struct arena *a, struct str *text, struct err *e)
{
	BUF_AUTO out = { 0 };
	if (!file_read(path, (size_t)RELEASE_MAX, &out, e))
		return false;
	*text = arena_str(a, buf_str(&out));
	return true;
}

/* A list whose signature lies beside it. */
struct apart {
	struct str url;
	const char *name, *ending; /* of the file in the folder, and of its signature: ".gpg" */
	bool trusted;
};

static bool
signed_apart(struct bundle_fetcher *f, const struct apart *x, const char *folder, struct arena *a,
	     struct bundle_signed *out, struct err *e)
{
	struct bundle_signed s = { .path = path_join(a, folder, x->name) };
	const char *signature = arena_printf(a, "%s%s", s.path, x->ending).ptr;
	if (!fetch_conditional(f, arena_cstr(a, x->url), s.path, a, e))
		return false;
	if (fetch_conditional(f, arena_printf(a, "%.*s%s", STR_ARG(x->url), x->ending).ptr, signature, a, e))
		s.signature_path = signature;
	else if (!x->trusted)
		return false;
	if (x->trusted ? !plain_read(s.path, a, &s.text, e) : !gpgv_check(f, s.path, signature, a, &s.text, e))
		return false;
	*out = s;
	return true;
}

static const char *
folder_of(struct bundle_fetcher *f, struct str base, struct arena *a)
{
	char id[SHA256_HEX_LEN];
	sha256_hex(base, id);
	return arena_printf(a, "%s/archives/%.16s", f->work, id).ptr;
}

bool
bundle_fetch_release(struct bundle_fetcher *f, struct str base, bool trusted, struct arena *a,
		     struct bundle_signed *out, struct err *e)
{
	const char *folder = folder_of(f, base, a);
	struct bundle_signed s = { .path = path_join(a, folder, "InRelease") };
	const char *url = arena_printf(a, "%.*s/InRelease", STR_ARG(base)).ptr;
	if (!dir_make(folder, 0700, e))
		return false;
	bool ok = fetch_conditional(f, url, s.path, a, e);
	if (!ok && e->code == ERR_NOT_FOUND) {
		struct apart x = { arena_printf(a, "%.*s/Release", STR_ARG(base)), "Release", ".gpg", trusted };
		return signed_apart(f, &x, folder, a, out, e) || err_wrap(e, "the archive %.*s", STR_ARG(base));
	}
	ok = ok && (trusted ? plain_read(s.path, a, &s.text, e) : gpgv_check(f, s.path, NULL, a, &s.text, e));
	if (!ok)
		return err_wrap(e, "the archive %.*s", STR_ARG(base));
	*out = s;
	return true;
}

bool
bundle_fetch_repomd(struct bundle_fetcher *f, struct str url, struct arena *a, struct bundle_signed *out, struct err *e)
{
	const char *folder = folder_of(f, url, a);
	struct apart x = { url, "repomd.xml", ".asc", false };
	if (dir_make(folder, 0700, e) && signed_apart(f, &x, folder, a, out, e))
		return true;
	if (e->code == ERR_NOT_FOUND && file_exists(path_join(a, folder, "repomd.xml")))
		return err_set(e, ERR_REFUSED,
			       "the repository %.*s has no signature (repomd.xml.asc): a bundle carries signed lists "
			       "only; mirror it in your own house and sign that",
			       STR_ARG(url));
	return err_wrap(e, "the repository %.*s", STR_ARG(url));
}
