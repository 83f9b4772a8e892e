#include "agent/settings.h"

#include "world.h"

#include <unistd.h>

#include "os/file.h"

#define MONDAY "2026-11-23T12:00:00Z"
#define CONF "root/etc/security/faillock.conf"
#define ASKS \
	"auth required pam_faillock.so preauth\nauth sufficient pam_unix.so\nauth [default=die] pam_faillock.so " \
	"authfail\n"
#define BEFORE "# of this hospital\ndeny = 3 # since 2019\naudit\n"

static void
put(struct world *w, const char *name, const char *text)
{
	ARENA_AUTO a = { 0 };
	const char *path = world_path(w, name);
	const char *folder = arena_cstr(&a, str_head(str_of(path), (size_t)str_rfind_char(str_of(path), '/')));
	assert_ok(dir_make(folder, 0755, e) && file_write(path, str_of(text), 0644, e));
}

static const char *
conf(struct world *w)
{
	BUF_AUTO b = { 0 };
	assert_ok(file_read(world_path(w, CONF), 65536, &b, e));
	return arena_str(&w->arena, buf_str(&b)).ptr;
}

static void
direct(struct world *w, const char *settings)
{
	const char *policy = arena_printf(&w->arena, "{\"policy\":\"ward\"%s}", settings).ptr;
	world_direct(w, &(struct world_directive){ .policy = policy, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_turn(w);
}

#define LOCKOUT(tries) \
	",\"settings\":{\"lockout\":{\"tries\":" tries ",\"reset\":\"20m\",\"lock\":\"15m\"}," \
	"\"rdp\":{\"nla\":true},\"smb1\":false}"

/* What the inventory tells the server: "STATE why" of this setting, "" when nothing. */
static const char *
told(struct world *w, const char *name)
{
	ARENA_AUTO a = { 0 };
	struct session s = { .agent = &w->agent, .arena = &a };
	bool windows = false;
	struct setting_rules rules = { .lockout_tries = -1, .rdp_nla = -1, .smb1 = -1, .own_updates = -1 };
	struct json *v = NULL;
	struct str text = STR_NONE;
	/* The policy that is kept, as the agent reads it. */
	struct json *document = NULL;
	if (state_load(&w->agent, &a, "directive.json", &v, NULL) && v) {
		text = json_get_str(v, "document");
		assert_ok(json_parse(&a, text, NULL, &document, e));
		struct policy p;
		assert_ok(policy_from_json(&a, json_get(document, "policy"), &p, e));
		rules = p.settings;
		windows = p.install.windows.count > 0;
	}
	settings_apply(&s, &rules, windows);
	for (size_t i = 0; i < s.settings.items.count; i++)
		if (str_eq(s.settings.items.items[i].name, str_of(name)))
			return arena_printf(&w->arena, "%s %.*s", setting_state_name(s.settings.items.items[i].state),
					    STR_ARG(s.settings.items.items[i].why))
				.ptr;
	return "";
}

static void
enrol(struct world *w)
{
	world_time(w, MONDAY);
	world_enrol(w);
}

static void
the_policy_counts_and_what_stood_before_comes_back(void **state)
{
	struct world *w = *state;
	put(w, "root/etc/pam.d/common-auth", ASKS);
	put(w, CONF, BEFORE);
	enrol(w);
	direct(w, LOCKOUT("10"));
	assert_string_equal(conf(w), "# of this hospital\ndeny = 10\naudit\nfail_interval = 1200\nunlock_time = 900\n");
	assert_string_equal(told(w, "lockout"), "in-force ");
	direct(w, LOCKOUT("7"));
	assert_non_null(strstr(conf(w), "\ndeny = 7\n"));
	direct(w, "");
	assert_string_equal(conf(w), BEFORE);
	assert_string_equal(told(w, "lockout"), "");
}

static void
what_is_so_already_is_left_alone(void **state)
{
	struct world *w = *state;
	static const char fits[] = "unlock_time = 900\nfail_interval=1200\ndeny 10\n";
	put(w, "root/etc/pam.d/system-auth", ASKS);
	put(w, CONF, fits);
	enrol(w);
	direct(w, LOCKOUT("10"));
	assert_string_equal(conf(w), fits);
	assert_string_equal(told(w, "lockout"), "in-force ");
	assert_false(file_exists(world_path(w, "state/settings.json")));
}

static void
a_later_change_is_shown_and_not_fought(void **state)
{
	struct world *w = *state;
	put(w, "root/etc/pam.d/common-auth", ASKS);
	put(w, CONF, BEFORE);
	enrol(w);
	direct(w, LOCKOUT("10"));
	put(w, CONF, "deny = 2\nfail_interval = 1200\nunlock_time = 900\n");
	world_turn(w);
	assert_string_equal(conf(w), "deny = 2\nfail_interval = 1200\nunlock_time = 900\n");
	assert_non_null(strstr(told(w, "lockout"), "conflict deny in /etc/security/faillock.conf was changed to “2”"));
	direct(w, LOCKOUT("7")); /* not by another number either */
	assert_non_null(strstr(conf(w), "deny = 2\n"));
	direct(w, LOCKOUT("2")); /* one mind again */
	assert_string_equal(told(w, "lockout"), "in-force ");
	direct(w, "");
	assert_string_equal(conf(w), "deny = 2\n"); /* theirs stays, ours goes */
}

static void
where_pam_decides_or_does_not_ask_nothing_is_touched(void **state)
{
	struct world *w = *state;
	put(w, CONF, BEFORE);
	put(w, "root/etc/pam.d/common-auth", "auth required pam_unix.so\n");
	enrol(w);
	direct(w, LOCKOUT("10"));
	assert_string_equal(conf(w), BEFORE);
	assert_non_null(strstr(told(w, "lockout"), "not-applicable sign-ins here do not ask pam_faillock"));
	put(w, "root/etc/pam.d/common-auth", "auth required pam_faillock.so preauth deny=3\n");
	assert_non_null(strstr(told(w, "lockout"), "conflict /etc/pam.d/common-auth says deny=3 itself"));
	assert_string_equal(conf(w), BEFORE);
}

static void
a_link_is_somebody_elses(void **state)
{
	struct world *w = *state;
	put(w, "root/etc/pam.d/common-auth", ASKS);
	put(w, "root/etc/security/other.conf", BEFORE);
	assert_int_equal(symlink("other.conf", world_path(w, CONF)), 0);
	enrol(w);
	direct(w, LOCKOUT("10"));
	assert_string_equal(conf(w), BEFORE);
	assert_non_null(strstr(told(w, "lockout"), "conflict /etc/security/faillock.conf is a link"));
}

static void
a_crash_between_forgets_nothing(void **state)
{
	struct world *w = *state;
	put(w, "root/etc/pam.d/common-auth", ASKS);
	put(w, CONF, BEFORE);
	enrol(w);
	/* Written down, not yet done. */
	put(w, "state/settings.json",
	    "{\"lockout\":[{\"key\":\"deny\",\"former\":\"deny = 3 # since "
	    "2019\",\"ours\":\"10\",\"written\":false}]}");
	direct(w, LOCKOUT("10"));
	assert_non_null(strstr(conf(w), "deny = 10\n"));
	direct(w, "");
	assert_string_equal(conf(w), BEFORE);
	/* Done, and not yet written down that it is. */
	put(w, CONF, "# of this hospital\ndeny = 10\naudit\n");
	put(w, "state/settings.json",
	    "{\"lockout\":[{\"key\":\"deny\",\"former\":\"deny = 3 # since "
	    "2019\",\"ours\":\"10\",\"written\":false}]}");
	direct(w, LOCKOUT("10"));
	direct(w, "");
	assert_string_equal(conf(w), BEFORE);
}

static void
without_a_whole_memory_nothing_is_changed(void **state)
{
	struct world *w = *state;
	put(w, "root/etc/pam.d/common-auth", ASKS);
	put(w, CONF, BEFORE);
	enrol(w);
	put(w, "state/settings.json", "{\"lockout\":[");
	direct(w, LOCKOUT("10"));
	assert_string_equal(conf(w), BEFORE);
	assert_non_null(strstr(told(w, "lockout"), "failed "));
}

static void
what_is_no_business_of_linux_says_so(void **state)
{
	struct world *w = *state;
	enrol(w);
	direct(w, LOCKOUT("10"));
	assert_string_equal(told(w, "rdp"),
			    "not-applicable network level authentication is a setting of Windows; xrdp has "
			    "nothing like it");
	assert_string_equal(told(w, "smb1"), "not-applicable no Samba shares files here");
	put(w, "root/usr/sbin/smbd", "");
	put(w, "root/etc/samba/smb.conf", "[global]\nworkgroup = WARD\n");
	assert_string_equal(told(w, "smb1"), "in-force ");
	put(w, "root/etc/samba/smb.conf", "[global]\ninclude = /etc/samba/%m.conf\n");
	assert_non_null(strstr(told(w, "smb1"), "conflict smb.conf takes parts"));
}

#define SAMBA "root/etc/samba/smb.conf"
#define OLD_SAMBA "[global]\n\tserver min protocol = NT1\n[images]\npath = /srv\n"

static const char *
samba(struct world *w)
{
	BUF_AUTO b = { 0 };
	assert_ok(file_read(world_path(w, SAMBA), 65536, &b, e));
	return arena_str(&w->arena, buf_str(&b)).ptr;
}

static void
samba_is_raised_and_put_back(void **state)
{
	struct world *w = *state;
	enrol(w);
	put(w, "root/usr/sbin/smbd", "");
	put(w, SAMBA, OLD_SAMBA);
	direct(w, ",\"settings\":{\"smb1\":false}");
	assert_string_equal(samba(w), "[global]\n\tserver min protocol = SMB2_02\n[images]\npath = /srv\n");
	assert_string_equal(told(w, "smb1"), "in-force ");
	put(w, SAMBA, OLD_SAMBA); /* somebody needs it: shown, not fought */
	assert_non_null(strstr(told(w, "smb1"), "conflict an administrator of this machine decides it"));
	world_turn(w);
	assert_string_equal(samba(w), OLD_SAMBA);
	put(w, SAMBA, "[global]\n\tserver min protocol = SMB2_02\n[images]\npath = /srv\n");
	direct(w, "");
	assert_string_equal(samba(w), OLD_SAMBA);
	assert_string_equal(told(w, "smb1"), "");
	put(w, SAMBA, "[global]\nserver min protocol = SMB3\n");
	direct(w, ",\"settings\":{\"smb1\":false}");
	direct(w, "");
	assert_string_equal(samba(w), "[global]\nserver min protocol = SMB3\n");
}

static void
a_linked_samba_file_is_somebody_elses(void **state)
{
	struct world *w = *state;
	enrol(w);
	put(w, "root/usr/sbin/smbd", "");
	put(w, "root/etc/samba/site.conf", OLD_SAMBA);
	assert_int_equal(symlink("site.conf", world_path(w, SAMBA)), 0);
	direct(w, ",\"settings\":{\"smb1\":false}");
	assert_non_null(strstr(told(w, "smb1"), "conflict /etc/samba/smb.conf is a link"));
	assert_string_equal(samba(w), OLD_SAMBA);
}

#define FROM ",\"settings\":{\"rdp\":{\"from\":[\"10.1.0.0/16\",\"fd00::/8\"]}}"

static void
remote_desktops_are_closed_to_others(void **state)
{
	struct world *w = *state;
	enrol(w);
	direct(w, FROM);
	assert_string_equal(told(w, "rdp-from"), "not-applicable no xrdp answers remote desktops here");
	assert_string_equal(told(w, "rdp"), "");
	put(w, "root/usr/sbin/xrdp", "");
	put(w, "root/etc/xrdp/xrdp.ini", "[Globals]\nport=3390\n");
	world_turn(w);
	assert_string_equal(told(w, "rdp-from"), "in-force ");
	assert_non_null(strstr(w->m->nft, "table inet mamori_rdp {"));
	assert_non_null(strstr(w->m->nft, "ip saddr 10.1.0.0/16 return"));
	assert_non_null(strstr(w->m->nft, "ip6 saddr fd00::/8 return"));
	assert_non_null(strstr(w->m->nft, "tcp dport 3390 jump"));
	assert_true(file_exists(world_path(w, "state/rdp.nft")));
	direct(w, "");
	assert_string_equal(w->m->nft, "table inet mamori_rdp {}\ndelete table inet mamori_rdp\n");
	assert_false(file_exists(world_path(w, "state/rdp.nft")));
	assert_string_equal(told(w, "rdp-from"), "");
	w->m->no_nft = true;
	direct(w, FROM);
	assert_non_null(strstr(told(w, "rdp-from"), "failed this machine has no nft to close ports with"));
	assert_false(file_exists(world_path(w, "state/rdp.nft")));
	direct(w, "");
	assert_string_equal(told(w, "rdp-from"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(the_policy_counts_and_what_stood_before_comes_back),
		world_test(what_is_so_already_is_left_alone),
		world_test(a_later_change_is_shown_and_not_fought),
		world_test(where_pam_decides_or_does_not_ask_nothing_is_touched),
		world_test(a_link_is_somebody_elses),
		world_test(samba_is_raised_and_put_back),
		world_test(a_linked_samba_file_is_somebody_elses),
		world_test(remote_desktops_are_closed_to_others),
		world_test(a_crash_between_forgets_nothing),
		world_test(without_a_whole_memory_nothing_is_changed),
		world_test(what_is_no_business_of_linux_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
