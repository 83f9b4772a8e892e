#include "agent/settings.h"

#include <unistd.h>

#include "agent/ports.h"
#include "base/log.h"
#include "base/sentence.h"

#define MEMORY "settings.json"
#define KEYS_MAX 16
#define CONF_MAX (1U << 20)

/* ---- what is kept ---- */

static bool
memory_load(struct session *s, struct setting_memory *m, struct err *e)
{
	struct json *v = NULL;
	size_t count;
	*m = (struct setting_memory){ 0 };
	if (!state_load(s->agent, s->arena, MEMORY, &v, e))
		return false;
	for (size_t list = 0; list < 2; list++) {
		const struct json *items = json_get_array(v, list ? "samba" : "lockout", &count);
		for (size_t i = 0; i < count && i < KEYS_MAX; i++) {
			struct setting_kept kept = { .key = json_get_str(&items[i], "key"),
						     .former = json_get_str(&items[i], "former"),
						     .ours = json_get_str(&items[i], "ours"),
						     .written = json_get_bool(&items[i], "written", false) };
			if (list)
				*ARRAY_PUSH(s->arena, &m->samba) = kept;
			else
				*ARRAY_PUSH(s->arena, &m->lockout) = kept;
		}
	}
	return true;
}

struct keeping {
	struct session *s;
	struct setting_memory memory;
};

static void
list_write(struct json_writer *w, const char *key, const struct setting_kept *items, size_t count)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w);
		json_put_str(w, "key", items[i].key);
		json_put_str(w, "former", items[i].former);
		json_put_str(w, "ours", items[i].ours);
		json_put_bool(w, "written", items[i].written);
		json_end_object(w);
	}
	json_end_array(w);
}

static bool
keep(void *user, struct err *e)
{
	const struct keeping *k = user;
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	list_write(&w, "lockout", k->memory.lockout.items, k->memory.lockout.count);
	list_write(&w, "samba", k->memory.samba.items, k->memory.samba.count);
	json_end_object(&w);
	return state_save(k->s->agent, MEMORY, buf_str(&b), e);
}

/* ---- each ---- */

/* Without what stood before nothing could be put back as it was. */
static bool
file_begin(struct session *s, const struct setting_rules *rules, struct keeping *k, struct setting_file *f,
	   bool managed, const char *name, struct setting *out)
{
	struct err e = { 0 };
	*k = (struct keeping){ .s = s };
	*f = (struct setting_file){
		.root = s->agent->root, .rules = rules, .memory = &k->memory, .keep = keep, .user = k
	};
	if (memory_load(s, &k->memory, &e))
		return true;
	if (managed)
		*out = (struct setting){ str_of(name), SETTING_FAILED, arena_printf(s->arena, "%s", e.text) };
	return false;
}

static void
lockout(struct session *s, const struct setting_rules *rules, struct setting *out)
{
	struct keeping k;
	struct setting_file f;
	if (file_begin(s, rules, &k, &f, rules->lockout_tries >= 0, "lockout", out))
		lockout_apply(&f, s->arena, out);
}

static void
nla(struct session *s, const struct setting_rules *rules, struct setting *out)
{
	if (rules->rdp_nla >= 0)
		*out = (struct setting){
			STR("rdp"), SETTING_NOT_APPLICABLE,
			arena_printf(
				s->arena, "%s",
				tr("network level authentication is a setting of Windows; xrdp has nothing like it"))
		};
}

static bool
xrdp_here(struct session *s, struct buf *ini)
{
	struct root r;
	if (!root_open(&r, s->agent->root, NULL))
		return false;
	bool there = root_exists(&r, "usr/sbin/xrdp");
	if (there && !root_read(&r, "etc/xrdp/xrdp.ini", CONF_MAX, ini, NULL))
		buf_truncate(ini, 0);
	root_close(&r);
	return there;
}

/* xrdp's ports, closed to all networks but those of the policy. */
static bool
sources_put(struct session *s, const struct setting_rules *rules, struct str ini, struct err *e)
{
	uint16_t ports[XRDP_PORTS_MAX];
	struct mitigate_act acts[XRDP_PORTS_MAX];
	size_t count = rules->rdp_from.count ? xrdp_ports(ini, ports) : 0;
	for (size_t i = 0; i < count; i++) {
		struct mitigation_port port = { .port = ports[i] };
		acts[i] = (struct mitigate_act){ .kind = MITIGATE_CLOSE_PORT,
						 .port = port,
						 .networks = rules->rdp_from.items,
						 .network_count = rules->rdp_from.count };
	}
	return ports_close(s, &ports_of_rdp, acts, count, e);
}

static void
rdp_from(struct session *s, const struct setting_rules *rules, struct setting *out)
{
	BUF_AUTO ini = { 0 };
	struct err e = { 0 };
	struct setting x = { .name = STR("rdp-from"), .state = SETTING_IN_FORCE };
	bool wanted = rules->rdp_from.count > 0, there = xrdp_here(s, &ini);
	bool stands = file_exists(state_path(s->agent, s->arena, ports_of_rdp.file));
	if (!wanted && !stands)
		return;
	if (wanted && !there) {
		x.state = SETTING_NOT_APPLICABLE;
		x.why = str_of(tr("no xrdp answers remote desktops here"));
	} else if (!sources_put(s, rules, buf_str(&ini), &e)) {
		x.state = e.code == ERR_REFUSED ? SETTING_NOT_APPLICABLE : SETTING_FAILED;
		x.why = e.code == ERR_NOT_FOUND
				? str_of(tr("this machine has no nft to close ports with; install nftables"))
				: arena_printf(s->arena, "%s", e.text);
	}
	if (wanted || x.state == SETTING_FAILED)
		*out = x;
}

static void
smb1(struct session *s, const struct setting_rules *rules, struct setting *out)
{
	static const char *const argv[] = { "smbcontrol", "smbd", "reload-config", NULL };
	PROC_RESULT_AUTO r = { 0 };
	struct proc_spec spec = { .argv = argv, .timeout_s = 30, .output_max = 4096 };
	struct keeping k;
	struct setting_file f;
	struct err e = { 0 };
	bool changed = false;
	if (file_begin(s, rules, &k, &f, rules->smb1 >= 0, "smb1", out))
		samba_apply(&f, s->arena, out, &changed);
	/* One that does not run reads it when it starts; one that is not told reads it within a minute. */
	if (changed && strcmp(s->agent->root, "/") == 0 && !runner_run(s->agent->runner, &spec, &r, &e))
		log_warn("setting", "smb1: %s", e.text);
}

static void
own_updates(struct session *s, const struct setting_rules *rules, bool windows)
{
	struct setting x = { 0 };
	struct own_updates o = {
		.root = s->agent->root, .runner = s->agent->runner, .rule = rules->own_updates, .windows = windows
	};
	own_updates_apply(&o, s->arena, &x);
	if (x.name.len > 0)
		*ARRAY_PUSH(s->arena, &s->settings.items) = x;
}

void
settings_apply(struct session *s, const struct setting_rules *rules, bool windows)
{
	static void (*const all[])(struct session * s, const struct setting_rules *rules,
				   struct setting *out) = { lockout, nla, rdp_from, smb1 };
	if (geteuid() != 0 && !s->agent->pkgmgr)
		return;
	LANG_ENGLISH_AUTO; /* it is sent */
	s->settings = (struct setting_list){ 0 };
	for (size_t i = 0; i < COUNT(all); i++) {
		struct setting x = { 0 };
		all[i](s, rules, &x);
		if (x.name.len > 0)
			*ARRAY_PUSH(s->arena, &s->settings.items) = x;
	}
	own_updates(s, rules, windows);
}
