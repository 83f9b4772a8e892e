#include "agent/script.h"

#include <sys/stat.h>
#include <unistd.h>

#include "agent/facts.h"
#include "agent/updates.h"
#include "base/log.h"

#define SCRIPT_MAX (1U << 20)
#define SIGNATURE_MAX 1024
#define KEYS_MAX (64U << 10)
#define TIMEOUT_S 900
#define WORDS_MAX 400

static bool
name_valid(struct str name)
{
	if (name.len == 0 || name.len > 100 || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == '/' || (unsigned char)name.ptr[i] <= ' ')
			return false;
	return true;
}

/* Signed by any of the keys? Each is one PEM block. */
static bool
signed_by_one(struct str keys, struct str message, struct str signature)
{
	struct str end = STR("-----END PUBLIC KEY-----");
	for (ptrdiff_t at = str_find(keys, end); at >= 0; at = str_find(keys, end)) {
		KEY_AUTO k = NULL;
		struct str pem = str_head(keys, (size_t)at + end.len);
		keys = str_skip(keys, pem.len);
		if (key_public_from_pem(str_trim(pem), &k, NULL) && key_verify(k, message, signature, NULL))
			return true;
	}
	return false;
}

/* Whoever may write the list of keys decides what runs as root: that is root, in this very file. */
static bool
keys_private(const char *path, struct err *e)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return err_sys(e, "reading %s", path);
	if (S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & 022) == 0)
		return true;
	return err_set(e, ERR_REFUSED,
		       "others could change %s (a link, another's, or open to others): make it a file of root's own, "
		       "mode 0644",
		       path);
}

/* Signed beside, by an administrator. */
static bool
script_beside(struct session *s, struct str name, struct buf *script, struct err *e)
{
	BUF_AUTO keys = { 0 };
	BUF_AUTO signature = { 0 };
	BUF_AUTO message = { 0 };
	const char *path = state_pathf(s->agent, s->arena, SCRIPT_FOLDER "/%.*s", STR_ARG(name));
	const char *keys_path = state_path(s->agent, s->arena, SCRIPT_KEYS);
	if (!file_exists(keys_path))
		return err_set(e, ERR_REFUSED,
			       "this machine trusts no administrator's key yet: put their public keys into %s",
			       keys_path);
	if (!keys_private(keys_path, e) || !file_read(keys_path, KEYS_MAX, &keys, e) ||
	    !file_read(path, SCRIPT_MAX, script, e))
		return false;
	if (!file_read(arena_printf(s->arena, "%s.sig", path).ptr, SIGNATURE_MAX, &signature, NULL))
		return err_set(e, ERR_REFUSED, "%s is not signed (%s.sig is missing); an unsigned script never runs",
			       path, path);
	buf_add(&message, STR("mamori\nscript\n"));
	buf_add(&message, buf_str(script));
	if (!signed_by_one(buf_str(&keys), buf_str(&message), buf_str(&signature)))
		return err_set(e, ERR_REFUSED,
			       "the signature of %s is by none of the keys in %s, or it was changed since", path,
			       keys_path);
	return true;
}

/* *script: its bytes, as they were verified. */
static bool
script_read(struct session *s, struct str name, struct buf *script, struct err *e)
{
	struct err why = { 0 };
	bool named;
	if (updates_script(s, name, script, &named, &why))
		return true;
	const char *beside = state_pathf(s->agent, s->arena, SCRIPT_FOLDER "/%.*s", STR_ARG(name));
	if ((named || why.code == ERR_REFUSED) && !file_exists(beside)) {
		err_set(e, ERR_REFUSED, "%s", why.text);
		return err_wrap(e, "the script %.*s of the policy does not run", STR_ARG(name));
	}
	return script_beside(s, name, script, e) || err_wrap(e,
							     "the script %.*s of the policy is signed neither by the "
							     "holders of the keys of “custom” nor by an "
							     "administrator whom this machine trusts",
							     STR_ARG(name));
}

static bool
run(struct session *s, struct str name, const char *copy, const char *const *env, struct err *e)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { copy, NULL };
	struct proc_spec spec = { .argv = argv, .env = env, .timeout_s = TIMEOUT_S, .output_max = 64U << 10 };
	if (!runner_run(s->agent->runner, &spec, &r, e))
		return false;
	buf_add(&r.out, buf_str(&r.err));
	struct str words = str_trim(buf_str(&r.out));
	words = arena_line(s->arena, words.len > WORDS_MAX ? str_skip(words, words.len - WORDS_MAX) : words, WORDS_MAX);
	log_info("script", "%.*s: status %d: %.*s", STR_ARG(name), r.status, STR_ARG(words));
	if (r.timed_out)
		return err_set(e, ERR_CONFLICT, "the script %.*s ran for longer than %d s and was ended", STR_ARG(name),
			       TIMEOUT_S);
	return r.status == 0 || err_set(e, ERR_CONFLICT, "the script %.*s ended with status %d: %.*s", STR_ARG(name),
					r.status, STR_ARG(words));
}

bool
script_run(struct session *s, struct str name, struct str slot, unsigned pass, struct err *e)
{
	BUF_AUTO script = { 0 };
	/* What was verified is what runs: a copy that nobody else can reach. */
	const char *copy = state_path(s->agent, s->arena, "script-that-runs");
	const char *env[] = { arena_printf(s->arena, "MAMORI_SLOT=%.*s", STR_ARG(slot)).ptr,
			      arena_printf(s->arena, "MAMORI_PASS=%u", pass).ptr, NULL };
	if (!name_valid(name))
		return err_set(e, ERR_REFUSED, "the policy names a script with an impossible name");
	if (facts_view(s) == &host_view_folder)
		return err_set(e, ERR_REFUSED, "scripts run on a machine, not in a root folder");
	if (!script_read(s, name, &script, e) || !file_write(copy, buf_str(&script), 0700, e))
		return false;
	bool ok = run(s, name, copy, env, e);
	struct err why = { 0 };
	if (!file_remove(copy, &why))
		log_warn("script", "%s", why.text);
	return ok;
}
