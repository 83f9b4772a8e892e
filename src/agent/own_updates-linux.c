/* Programs of this machine that install updates by themselves, outside of every window: unattended-upgrades, which one
 * file of ours among apt's settings switches off and its removal on again, and dnf-automatic, which is only named. */
#include "agent/settings.h"

#include "base/log.h"
#include "base/sentence.h"

#define FOLDER "etc/apt/apt.conf.d"
#define NAME "zz-mamori-own-updates" /* apt reads them in this order; the last word counts */
#define PROGRAM "usr/bin/unattended-upgrade"
#define TIMERS "etc/systemd/system/timers.target.wants/"

static const char ours[] = "// A policy of mamori says own-updates: off. Without it this file goes away by itself.\n"
			   "APT::Periodic::Unattended-Upgrade \"0\";\n"
			   "Unattended-Upgrade::InstallOnShutdown \"false\";\n";

/* ---- unattended-upgrades ---- */

static bool
timer_runs(const struct root *r)
{
	/* Without systemd its daily job does the same. */
	return root_exists(r, TIMERS "apt-daily-upgrade.timer") || !root_exists(r, "lib/systemd/systemd");
}

/* apt's own reading of all its files. */
static bool
apt_says(const struct own_updates *o, struct arena *a, bool *active, struct err *e)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "apt-config", "shell",
			       "UPGRADE",    "APT::Periodic::Unattended-Upgrade",
			       "ENABLE",     "APT::Periodic::Enable",
			       NULL };
	struct proc_spec spec = {
		.argv = argv, .root = strcmp(o->root, "/") == 0 ? NULL : o->root, .timeout_s = 60, .output_max = 4096
	};
	struct str line, key, value, rest;
	bool upgrade = false, enable = true;
	if (!runner_run(o->runner, &spec, &r, e))
		return false;
	if (r.status != 0)
		return err_set(e, ERR_SYSTEM, "apt-config: %.*s",
			       STR_ARG(arena_line(a, str_trim(buf_str(&r.err)), 200)));
	rest = buf_str(&r.out);
	while (str_line(&rest, &line)) {
		if (!str_split(line, '=', &key, &value))
			continue;
		bool off = str_eq(value, STR("'0'")) || str_eq(value, STR("''"));
		upgrade = str_eq(key, STR("UPGRADE")) ? !off : upgrade;
		enable = str_eq(key, STR("ENABLE")) ? !off : enable;
	}
	*active = upgrade && enable;
	return true;
}

/* Ours goes; what somebody made of it stays, and is said. */
static bool
file_put(const struct own_updates *o, struct arena *a, bool wanted, bool *theirs, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct root r;
	if (!root_open(&r, o->root, e))
		return false;
	bool there = root_exists(&r, FOLDER "/" NAME);
	bool read = there && root_read(&r, FOLDER "/" NAME, 4096, &b, e);
	FD_AUTO folder = root_open_dir(&r, FOLDER);
	root_close(&r);
	if (there && !read)
		return false;
	*theirs = there && !str_eq(buf_str(&b), str_of(ours));
	if (there == wanted || *theirs || (!wanted && !there))
		return true;
	if (folder < 0)
		return err_sys(e, "opening /etc/apt/apt.conf.d");
	const char *path = arena_printf(a, "/proc/self/fd/%d/" NAME, folder).ptr;
	log_info("setting", "own-updates: unattended-upgrades %s", wanted ? "off" : "as before");
	return (wanted ? file_write(path, str_of(ours), 0644, e) : file_remove(path, e)) ||
	       err_wrap(e, "changing /etc/apt/apt.conf.d/zz-mamori-own-updates");
}

/* ---- dnf-automatic ---- */

static const char *
dnf_timer(const struct root *r)
{
	BUF_AUTO b = { 0 };
	struct str rest, line, key, value;
	if (root_exists(r, TIMERS "dnf-automatic-install.timer"))
		return "dnf-automatic-install.timer";
	if (!root_exists(r, TIMERS "dnf-automatic.timer") || !root_read(r, "etc/dnf/automatic.conf", 65536, &b, NULL))
		return NULL;
	rest = buf_str(&b);
	while (str_line(&rest, &line))
		if (str_split(line, '=', &key, &value) && str_eq(str_trim(key), STR("apply_updates")) &&
		    (str_eq_nocase(str_trim(value), STR("yes")) || str_eq_nocase(str_trim(value), STR("true"))))
			return "dnf-automatic.timer";
	return NULL;
}

/* ---- both ---- */

struct seen {
	bool apt, apt_runs; /* it is there; its timer, too */
	const char *dnf; /* the timer that installs, or NULL */
};

static bool
look(const struct own_updates *o, struct seen *out, struct err *e)
{
	struct root r;
	if (!root_open(&r, o->root, e))
		return false;
	*out = (struct seen){ .apt = root_exists(&r, PROGRAM), .apt_runs = timer_runs(&r), .dnf = dnf_timer(&r) };
	root_close(&r);
	return true;
}

static void
judge(const struct own_updates *o, const struct seen *seen, bool active, bool theirs, struct arena *a,
      struct setting *x)
{
	if (o->rule == 1 || (!active && !seen->dnf))
		return;
	x->state = SETTING_CONFLICT;
	if (seen->dnf)
		x->why = arena_printf(a,
				      tr("dnf-automatic is active on this machine: it installs outside the windows. "
					 "Switch it off there: systemctl disable --now %s"),
				      seen->dnf);
	else if (o->rule == 0 && theirs)
		x->why = str_of(tr("somebody changed /etc/apt/apt.conf.d/zz-mamori-own-updates, by which mamori "
				   "switches unattended-upgrades off: it stays until it is removed"));
	else if (o->rule == 0)
		x->why = str_of(tr("unattended-upgrades is active on this machine although mamori switched it off: "
				   "another file of apt's settings, read later, decides it"));
	else
		x->why = str_of(tr("unattended-upgrades is active on this machine: it installs outside the windows. "
				   "“own-updates: off” among the policy's settings switches it off, “on” says that it "
				   "is meant"));
}

void
own_updates_apply(const struct own_updates *o, struct arena *a, struct setting *out)
{
	struct seen seen = { 0 };
	struct setting x = { .name = STR("own-updates"), .state = SETTING_IN_FORCE };
	struct err e = { 0 };
	bool active = false, theirs = false;
	bool ok = look(o, &seen, &e) && file_put(o, a, o->rule == 0 && seen.apt, &theirs, &e) &&
		  (!seen.apt || !seen.apt_runs || apt_says(o, a, &active, &e));
	if (!ok) {
		log_warn("setting", "own-updates: %s", e.text);
		x.state = SETTING_FAILED;
		x.why = arena_printf(a, "%s", e.text);
	} else {
		judge(o, &seen, active, theirs, a, &x);
	}
	/* Without a word of the policy only what gets in the way of its windows is said. */
	if (o->rule >= 0 || (o->windows && x.state == SETTING_CONFLICT))
		*out = x;
}
