/* SMBv1 on a machine that shares files by Samba (smb.conf(5), "server min protocol"). */
#include "agent/settings.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sentence.h"

#define FOLDER "etc/samba"
#define NAME "smb.conf"
#define CONF_MAX (1U << 20)
#define KEY "server min protocol"
#define OURS "SMB2_02"

struct work {
	const struct setting_file *f;
	struct arena *a;
	const char *path; /* through a descriptor of the folder */
	struct str text; /* the file */
	bool link, elsewhere;
	struct str value; /* the oldest protocol that it lets in by itself */
	bool *changed;
};

/* False without an error: no Samba is here. */
static bool
file_open(struct work *k, int *folder, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct stat st;
	struct root r;
	if (!root_open(&r, k->f->root, e))
		return false;
	bool there = root_exists(&r, "usr/sbin/smbd") && root_exists(&r, FOLDER "/" NAME);
	*folder = there ? root_open_dir(&r, FOLDER) : -1;
	bool ok = *folder >= 0 && root_read(&r, FOLDER "/" NAME, CONF_MAX, &b, e);
	root_close(&r);
	if (!ok)
		return false;
	k->path = arena_printf(k->a, "/proc/self/fd/%d/" NAME, *folder).ptr;
	k->link = fstatat(*folder, NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
	k->text = arena_str(k->a, buf_str(&b));
	k->value = samba_protocol(k->text, &k->elsewhere);
	return true;
}

static bool
keep(struct work *k, struct err *e)
{
	return k->f->keep(k->f->user, e);
}

static bool
file_put(struct work *k, struct str line, struct err *e)
{
	k->text = samba_put(k->a, k->text, line);
	*k->changed = true;
	return file_write(k->path, k->text, 0644, e) || err_wrap(e, "changing /etc/samba/smb.conf");
}

/* Ours, if it is still there, becomes what stood there before. */
static bool
put_back(struct work *k, struct err *e)
{
	struct setting_memory *m = k->f->memory;
	if (m->samba.count == 0)
		return true;
	if (str_eq(k->value, m->samba.items[0].ours)) {
		log_info("setting", "smb1: " KEY " as before");
		if (!file_put(k, m->samba.items[0].former, e))
			return false;
		k->value = samba_protocol(k->text, &k->elsewhere);
	}
	m->samba.count = 0;
	return keep(k, e);
}

static bool
raise_it(struct work *k, struct err *e)
{
	struct setting_memory *m = k->f->memory;
	if (m->samba.count == 0)
		*ARRAY_PUSH(k->a, &m->samba) =
			(struct setting_kept){ .key = STR(KEY), .former = samba_line(k->text), .ours = STR(OURS) };
	/* Written down before the file has it: a crash between finds the former line and goes on. */
	if (!keep(k, e) || !file_put(k, STR("\t" KEY " = " OURS), e))
		return false;
	log_info("setting", "smb1: " KEY " = " OURS);
	m->samba.items[0].written = true;
	return keep(k, e);
}

static void
conflict(struct work *k, struct setting *x)
{
	x->state = SETTING_CONFLICT;
	if (k->link)
		x->why = str_of(tr("/etc/samba/smb.conf is a link: something else on this machine manages it"));
	else if (k->elsewhere)
		x->why = str_of(
			tr("smb.conf takes parts of itself from elsewhere (include, registry): judge it by testparm"));
	else
		x->why = arena_printf(
			k->a, tr("an administrator of this machine decides it: server min protocol = %.*s in smb.conf"),
			STR_ARG(k->value.len > 0 ? str_head(k->value, 40) : STR("default")));
}

static bool
manage(struct work *k, struct setting *x, struct err *e)
{
	struct setting_memory *m = k->f->memory;
	int rule = k->f->rules->smb1;
	bool old = samba_protocol_old(k->value), was_ours = m->samba.count > 0 && m->samba.items[0].written;
	if (rule != 0) {
		if (!put_back(k, e))
			return false;
		if (rule == 1 && (k->elsewhere || !samba_protocol_old(k->value)))
			conflict(k, x);
		return true;
	}
	if (k->elsewhere || (old && (k->link || was_ours)))
		conflict(k, x);
	else if (old)
		return raise_it(k, e);
	else if (m->samba.count > 0 && !str_eq(k->value, m->samba.items[0].ours)) {
		m->samba.count = 0; /* theirs by now, and as good */
		return keep(k, e);
	}
	return true;
}

void
samba_apply(const struct setting_file *f, struct arena *a, struct setting *out, bool *changed)
{
	struct work k = { .f = f, .a = a, .changed = changed };
	struct setting x = { .name = STR("smb1"), .state = SETTING_IN_FORCE };
	struct err e = { 0 };
	FD_AUTO folder = -1;
	*changed = false;
	if (f->rules->smb1 < 0 && f->memory->samba.count == 0)
		return;
	if (!file_open(&k, &folder, &e) && e.code == ERR_NONE) {
		x.state = SETTING_NOT_APPLICABLE;
		x.why = str_of(tr("no Samba shares files here"));
	} else if (e.code != ERR_NONE || !manage(&k, &x, &e)) {
		log_warn("setting", "smb1: %s", e.text);
		x.state = SETTING_FAILED;
		x.why = arena_printf(a, "%s", e.text);
	}
	if (f->rules->smb1 >= 0 || x.state == SETTING_FAILED)
		*out = x;
}
