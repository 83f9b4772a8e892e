/* Typed settings of a policy as a host has them (doc/policy.md, "Settings"): what holds, what does not, and why. */
#ifndef MAMORI_PLAN_SETTING_H
#define MAMORI_PLAN_SETTING_H

#include "base/arena.h"

enum { SETTINGS_MAX = 32, SETTING_NAME_MAX = 160, SETTING_WHY_MAX = 500 }; /* of a host, as the server reads them */

enum setting_state {
	SETTING_IN_FORCE,
	SETTING_CONFLICT, /* somebody else decides it on this host, or changed it: shown, not fought */
	SETTING_NOT_APPLICABLE, /* this system has no such thing */
	SETTING_FAILED,
	SETTING_STATES
};
const char *setting_state_name(enum setting_state s); /* "in-force" */
bool setting_state_parse(struct str name, enum setting_state *out);

struct setting {
	struct str
		name; /* "lockout", "rdp" (sign-in by network level authentication), "rdp-from", "smb1", "own-updates"; "remove:NAME" of what could not be taken out */
	enum setting_state state;
	struct str why; /* a sentence; empty when in force */
};
struct setting_list {
	ARRAY_OF(struct setting) items;
};

/* ---- /etc/security/faillock.conf: KEY = VALUE, # begins a comment, of lines with one key the last counts ---- */

/* The line that counts for this key, without its end; STR_NONE: none does. */
struct str faillock_line(struct str text, struct str key);
/* Its value; empty when there is none. */
struct str faillock_value(struct str line);
/* The text with `line` in the place of the one that counts, behind everything where none does; an empty line takes
 * the one that counts away. All else stays byte by byte. */
struct str faillock_put(struct arena *a, struct str text, struct str key, struct str line);
/* Does this file of /etc/pam.d ask pam_faillock? *own: the argument by which it decides itself what faillock.conf
 * would say ("deny=3", "conf=…"), else empty. */
bool faillock_used(struct str pam, struct str *own);

/* ---- smb.conf ---- */

/* The oldest protocol that [global] lets in by itself, empty: Samba's default; *elsewhere: parts of it come from other
 * files or the registry. */
struct str samba_protocol(struct str conf, bool *elsewhere);
/* The line that says so, without its end; STR_NONE: none does. */
struct str samba_line(struct str conf);
/* The text with `line` in its place, behind the header of [global] (or at the beginning) where there is none; an empty line
 * takes it away. All else stays byte by byte. */
struct str samba_put(struct arena *a, struct str conf, struct str line);
/* Is that one of SMBv1 or older? Samba's own default has not been since 4.11. */
bool samba_protocol_old(struct str protocol);

/* ---- xrdp.ini ---- */

enum { XRDP_PORTS_MAX = 8 };
/* The TCP ports that it answers on; 3389 where it says none. */
size_t xrdp_ports(struct str ini, uint16_t out[static XRDP_PORTS_MAX]);

#endif
