/* Signatures of distributions, checked by gpgv with the keys of the distributions. */
#include "relay/learn-internal.h"

#include "base/codec.h"
#include "os/file.h"
#include "os/proc.h"

#include <fcntl.h>
#include <unistd.h>

#define KEYRINGS_MAX 64
#define KEYRING_MAX (4u << 20)
#define TEXT_MAX (32u << 20)
#define TIMEOUT_S 60

static const char *const folders[] = { "/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings",
				       "/usr/share/mamori/keyrings" };

typedef ARRAY_OF(const char *) word_list;

/* Writes bytes to a file that disappears with this process's interest in it. */
struct scratch {
	char path[64];
};

static void
scratch_cleanup(struct scratch *s)
{
	if (s->path[0])
		unlink(s->path);
}
#define SCRATCH_AUTO __attribute__((cleanup(scratch_cleanup))) struct scratch

static bool
scratch_write(struct scratch *s, struct str bytes, struct err *e)
{
	snprintf(s->path, sizeof(s->path), "/tmp/mamori-relay-XXXXXX");
	FD_AUTO fd = mkostemp(s->path, O_CLOEXEC);
	if (fd < 0) {
		s->path[0] = '\0';
		return err_sys(e, "cannot make a temporary file");
	}
	return write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len ||
	       err_sys(e, "cannot write the temporary file %s", s->path);
}

static void
add_keyrings(struct arena *a, word_list *argv, const char *const *more)
{
	size_t count = 0;
	for (size_t f = 0; f < COUNT(folders); f++) {
		struct str *names;
		size_t n = 0;
		if (!dir_list(a, folders[f], 256, &names, &n, NULL))
			continue;
		for (size_t i = 0; i < n && count < KEYRINGS_MAX; i++) {
			if (!str_ends(names[i], STR(".gpg")) && !str_ends(names[i], STR(".pgp")))
				continue;
			*ARRAY_PUSH(a, argv) = "--keyring";
			*ARRAY_PUSH(a, argv) = path_join(a, folders[f], arena_cstr(a, names[i]));
			count++;
		}
	}
	for (; more && *more; more++) {
		*ARRAY_PUSH(a, argv) = "--keyring";
		*ARRAY_PUSH(a, argv) = *more;
	}
}

/* gpgv's own word for each signature: one must be good, none bad. Keys that nobody here knows do not count: Debian
 * signs with the next release's key too. */
static bool
judge(struct str status, const char *path, struct err *e)
{
	struct str line;
	bool good = false;
	while (str_line(&status, &line)) {
		if (!str_starts(line, STR("[GNUPG:] ")))
			continue;
		struct str word = str_skip(line, 9);
		if (str_starts(word, STR("BADSIG ")))
			return err_set(e, ERR_REFUSED, "the signature of %s is wrong", path);
		good = good || str_starts(word, STR("GOODSIG "));
	}
	return good || err_set(e, ERR_REFUSED,
			       "no key of this machine's keyrings has signed %s; name the repository's key with "
			       "--keyring",
			       path);
}

bool
signature_check(const char *const *keyrings, const char *path, struct str signature, struct buf *text, struct err *e)
{
	ARENA_AUTO a = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	SCRATCH_AUTO beside = { "" };
	word_list argv = { 0 };
	*ARRAY_PUSH(&a, &argv) = "gpgv";
	*ARRAY_PUSH(&a, &argv) = "--status-fd";
	*ARRAY_PUSH(&a, &argv) = "2";
	*ARRAY_PUSH(&a, &argv) = "--weak-digest";
	*ARRAY_PUSH(&a, &argv) = "SHA1";
	add_keyrings(&a, &argv, keyrings);
	if (signature.ptr) {
		if (!scratch_write(&beside, signature, e))
			return false;
		*ARRAY_PUSH(&a, &argv) = beside.path;
	} else {
		*ARRAY_PUSH(&a, &argv) = "--output";
		*ARRAY_PUSH(&a, &argv) = "-";
	}
	*ARRAY_PUSH(&a, &argv) = path;
	*ARRAY_PUSH(&a, &argv) = NULL;
	const struct proc_spec spec = { .argv = argv.items, .output_max = TEXT_MAX, .timeout_s = TIMEOUT_S };
	if (!runner_run(&runner_system, &spec, &r, e))
		return err_wrap(e, "checking the signature of %s with gpgv", path);
	if (r.timed_out || r.truncated)
		return err_set(e, ERR_REFUSED, "gpgv could not check %s: it is too large or took too long", path);
	if (!judge(buf_str(&r.err), path, e))
		return false;
	if (!text)
		return true;
	if (!signature.ptr)
		buf_add(text, buf_str(&r.out));
	else if (!file_read(path, TEXT_MAX, text, e))
		return false;
	return true;
}
