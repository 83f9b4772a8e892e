/* The typed settings of the policy (plan/policy.h) on this host: put into force, watched, and put back when the policy
 * has no word about them any more. What stood before is kept in settings.json before anything is changed. What
 * somebody else changes afterwards is theirs: it is shown as a conflict and neither fought over nor put back. */
#ifndef MAMORI_AGENT_SETTINGS_H
#define MAMORI_AGENT_SETTINGS_H

#include "agent/session.h"
#include "plan/policy.h"

/* At every check-in with the policy that is obeyed (windows: it has some). Fills in s->settings, which the inventory tells; never fails: a
 * setting that cannot be had says so. Changes nothing without the right to. */
void settings_apply(struct session *s, const struct setting_rules *rules, bool windows);

/* One value in a file of lines, as it was and as we put it. */
struct setting_kept {
	struct str key, former, ours; /* former: the line that counted, empty: none */
	bool written; /* ours was in the file: whatever else is there now is somebody else's */
};
struct setting_memory {
	ARRAY_OF(struct setting_kept) lockout;
	ARRAY_OF(struct setting_kept) samba; /* none or one */
};

/* What the files of lines share. keep: writes the memory down; called before the file changes and after it. */
struct setting_file {
	const char *root;
	const struct setting_rules *rules;
	struct setting_memory *memory;
	bool (*keep)(void *user, struct err *e);
	void *user;
};
/* *out of each: STR_NONE as name when there is nothing to say. */

/* In lockout-linux.c: failed sign-ins by pam_faillock. Not managed: what was ours is put back. */
void lockout_apply(const struct setting_file *f, struct arena *a, struct setting *out);
/* In samba-linux.c: SMBv1. `off` raises the oldest protocol where it is below SMB 2; `on` is watched; *changed: a running
 * Samba is to read its file again. */
void samba_apply(const struct setting_file *f, struct arena *a, struct setting *out, bool *changed);

/* In own_updates-linux.c: other programs of this machine that install updates by themselves. */
struct own_updates {
	const char *root;
	const struct runner *runner;
	int rule; /* −1: no word about it, 0 off, 1 on: they may */
	bool windows; /* the policy has windows, which they do not know */
};
void own_updates_apply(const struct own_updates *o, struct arena *a, struct setting *out);

#endif
