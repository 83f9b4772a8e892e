/* Failed sign-ins by pam_faillock (faillock.conf(5)): deny, fail_interval, unlock_time. Only where PAM asks it; whether
 * it does is the administrator's to say. */
#include "agent/settings.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sentence.h"

#define FOLDER "etc/security"
#define NAME "faillock.conf"
#define CONF_MAX (256U << 10)
#define KEYS 3

struct wanted {
	const char *key;
	struct str value;
};

struct work {
	const struct setting_file *l;
	struct arena *a;
	struct str text, before; /* the file as it is to be, and as it is */
	const char *path; /* through a descriptor of the folder: a link does not lead out of the root */
	bool dirty; /* the memory is to be written */
	bool link; /* it is one, so that it belongs to something else */
	struct str conflict; /* the first; empty: none */
};

/* ---- the file ---- */

static bool
file_open(struct work *k, int folder, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct stat st;
	struct err why = { 0 };
	k->path = arena_printf(k->a, "/proc/self/fd/%d/" NAME, folder).ptr;
	k->link = fstatat(folder, NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
	if (!k->link && !file_read(k->path, CONF_MAX, &b, &why) && why.code != ERR_NOT_FOUND)
		return err_set(e, why.code, "reading /etc/security/faillock.conf: %s", why.text);
	k->text = k->before = arena_str(k->a, buf_str(&b));
	return true;
}

/* What is ours is written down before the file has it: a crash between finds the former value and goes on. */
static bool
file_change(struct work *k, struct err *e)
{
	struct setting_memory *m = k->l->memory;
	if (str_eq(k->text, k->before))
		return !k->dirty || k->l->keep(k->l->user, e);
	if (!k->l->keep(k->l->user, e) || !file_write(k->path, k->text, 0644, e))
		return err_wrap(e, "changing /etc/security/faillock.conf");
	for (size_t i = 0; i < m->lockout.count; i++)
		m->lockout.items[i].written = true;
	return k->l->keep(k->l->user, e);
}

/* ---- one value ---- */

static struct setting_kept *
kept_find(struct setting_memory *m, struct str key)
{
	for (size_t i = 0; i < m->lockout.count; i++)
		if (str_eq(m->lockout.items[i].key, key))
			return &m->lockout.items[i];
	return NULL;
}

static void
kept_drop(struct setting_memory *m, struct setting_kept *x)
{
	*x = m->lockout.items[--m->lockout.count];
}

static void
value_set(struct work *k, const struct wanted *w)
{
	struct setting_memory *m = k->l->memory;
	struct str key = str_of(w->key), line = faillock_line(k->text, key), have = faillock_value(line);
	struct setting_kept *x = kept_find(m, key);
	if (x && x->written && !str_eq(have, x->ours)) {
		if (str_eq(have, w->value)) {
			kept_drop(m, x); /* theirs, and what we would have */
			k->dirty = true;
			return;
		}
		if (k->conflict.len == 0)
			k->conflict = arena_printf(
				k->a,
				tr("%s in /etc/security/faillock.conf was changed to “%.*s” by somebody else after "
				   "mamori had set %.*s: it stays until it or the policy is changed"),
				w->key, STR_ARG(str_head(have, 40)), STR_ARG(x->ours));
		return;
	}
	if (x && !x->written && str_eq(have, x->ours)) /* a crash came between */
		k->dirty = x->written = true;
	if (str_eq(have, w->value))
		return;
	if (!x) {
		x = ARRAY_PUSH(k->a, &m->lockout);
		*x = (struct setting_kept){ .key = key, .former = line };
	}
	x->ours = w->value;
	x->written = false;
	k->text = faillock_put(k->a, k->text, key, arena_printf(k->a, "%s = %.*s", w->key, STR_ARG(w->value)));
	log_info("setting", "lockout: %s = %.*s", w->key, STR_ARG(w->value));
}

static void
all_back(struct work *k)
{
	struct setting_memory *m = k->l->memory;
	for (size_t i = 0; i < m->lockout.count; i++) {
		const struct setting_kept *x = &m->lockout.items[i];
		if (!str_eq(faillock_value(faillock_line(k->text, x->key)), x->ours))
			continue; /* never written, or somebody else's by now */
		k->text = faillock_put(k->a, k->text, x->key, x->former);
		log_info("setting", "lockout: %.*s as before", STR_ARG(x->key));
	}
	k->dirty = m->lockout.count > 0;
	m->lockout.count = 0;
}

/* ---- whether PAM asks at all ---- */

/* Debian's file, Red Hat's two. False: it does not. */
static bool
pam_asks(struct work *k)
{
	static const char *const files[] = { "common-auth", "system-auth", "password-auth" };
	bool used = false;
	struct root r;
	if (!root_open(&r, k->l->root, NULL))
		return false;
	for (size_t i = 0; i < COUNT(files); i++) {
		BUF_AUTO b = { 0 };
		struct str own;
		const char *path = arena_printf(k->a, "etc/pam.d/%s", files[i]).ptr;
		if (!root_read(&r, path, CONF_MAX, &b, NULL) || !faillock_used(buf_str(&b), &own))
			continue;
		used = true;
		if (own.len > 0 && k->conflict.len == 0)
			k->conflict = arena_printf(
				k->a, tr("/%s says %.*s itself, which counts before /etc/security/faillock.conf"), path,
				STR_ARG(str_head(own, 80)));
	}
	root_close(&r);
	return used;
}

static struct str
seconds(struct arena *a, int64_t ms)
{
	return arena_printf(a, "%lld", (long long)(ms / 1000));
}

static bool
manage(struct work *k, struct err *e)
{
	const struct setting_rules *r = k->l->rules;
	struct root root;
	if (!root_open(&root, k->l->root, e))
		return false;
	FD_AUTO folder = root_open_dir(&root, FOLDER);
	root_close(&root);
	if (folder < 0)
		return err_sys(e, "opening /etc/security");
	if (!file_open(k, folder, e))
		return false;
	if (k->link) {
		k->conflict =
			str_of(tr("/etc/security/faillock.conf is a link: something else on this machine manages it"));
		return true;
	}
	if (r->lockout_tries < 0) {
		all_back(k);
		return file_change(k, e);
	}
	struct wanted wanted[KEYS] = {
		{ "deny", arena_printf(k->a, "%d", r->lockout_tries) },
		{ "fail_interval", seconds(k->a, r->lockout_reset) },
		{ "unlock_time", seconds(k->a, r->lockout_lock) },
	};
	for (size_t i = 0; i < KEYS; i++)
		value_set(k, &wanted[i]);
	return file_change(k, e);
}

void
lockout_apply(const struct setting_file *l, struct arena *a, struct setting *out)
{
	struct work k = { .l = l, .a = a };
	struct err e = { 0 };
	bool managed = l->rules->lockout_tries >= 0;
	struct setting x = { .name = STR("lockout"), .state = SETTING_IN_FORCE };
	if (!managed && l->memory->lockout.count == 0)
		return;
	if (managed && !pam_asks(&k)) {
		x.state = SETTING_NOT_APPLICABLE;
		x.why = str_of(tr("sign-ins here do not ask pam_faillock; on Debian, pam-auth-update switches it on"));
		*out = x;
		return;
	}
	if ((k.conflict.len == 0 || !managed) && !manage(&k, &e)) {
		log_warn("setting", "lockout: %s", e.text);
		x.state = SETTING_FAILED;
		x.why = arena_printf(a, "%s", e.text);
	} else if (k.conflict.len > 0) {
		x.state = SETTING_CONFLICT;
		x.why = k.conflict;
	}
	if (managed || x.state == SETTING_FAILED)
		*out = x;
}
