/* A policy: who is patched, with what, when, how. The form people write is YAML (plan/policy-yaml.h), what a host gets
 * is the same keys as JSON; one schema table (policy-schema.c) reads and checks both. doc/policy.md is its manual. */
#ifndef MAMORI_PLAN_POLICY_H
#define MAMORI_PLAN_POLICY_H

#include "base/arena.h"
#include "base/json.h"

enum { POLICY_WINDOWS_MAX = 64, POLICY_RINGS_MAX = 16, POLICY_LIST_MAX = 1024 };

struct str_list {
	ARRAY_OF(struct str) items;
};

/* ---- windows ---- */

enum window_rule {
	WINDOW_WEEKLY, /* weekly: [tue, thu] */
	WINDOW_MONTHLY, /* monthly: [1, 15, 31, last]: a day that a month lacks is left out */
	WINDOW_NTH, /* nth: [2, last], weekday: [fri]: a fifth one that a month lacks is left out */
	WINDOW_PATCH_TUESDAY, /* patch-tuesday: +9d: days after the second Tuesday of the month, also into the next */
	WINDOW_DATES, /* dates: [2026-12-29] */
	WINDOW_DAYS, /* days: NAME: a named list of days */
};

struct window {
	struct str name; /* default install-N, N from 1 */
	enum window_rule rule;
	uint8_t weekdays; /* bit 0 Monday … bit 6 Sunday */
	uint8_t nth; /* bits 1–5; bit 0: last */
	uint32_t monthdays; /* bits 1–31; bit 0: last */
	uint16_t months; /* bit 0 January; 0: every month */
	int offset_days;
	ARRAY_OF(int64_t) dates; /* days since 1970-01-01, sorted */
	struct str days;
	int at; /* minutes after midnight */
	int64_t length, cutoff; /* milliseconds; nothing starts later than end − cutoff */
	int ready_by; /* minutes after midnight, −1 none: the machine must be back by then */
	struct str tz; /* empty: the device's */
	unsigned line, column; /* where it was written, 0 unknown */
};

struct day_span {
	int64_t from, to; /* days since 1970-01-01, inclusive; 0: open */
	struct str why;
};

enum missed_rule { MISSED_NEXT_WINDOW, MISSED_SKIP, MISSED_ASAP };

struct calendar_rules { /* install: and the reboot window */
	ARRAY_OF(struct window) windows;
	struct day_span valid;
	ARRAY_OF(struct day_span) blackouts;
	enum missed_rule missed;
	int64_t missed_within; /* asap */
	bool missed_reboot; /* asap: may it reboot outside the window */
	int64_t spread; /* starts are spread over so long, by host */
};

/* ---- approval ---- */

/* A rule's conditions are all to hold; the first rule that fits decides. What no rule fits waits for a person. */
struct approve_rule {
	int known_exploited, exposed; /* −1 does not matter */
	struct str classification; /* security | bugfix | feature | any; empty: any */
	unsigned severities; /* bits of enum severity (0 unknown … 4 critical); 0: any */
	struct str app; /* source package or application, * at its end matches the rest; empty: any */
	int64_t after; /* age since the patch became known */
	bool never;
};

enum unknown_then { UNKNOWN_WAIT, UNKNOWN_APPLY_TO_PILOT, UNKNOWN_APPLY, UNKNOWN_NEVER };
struct vendor_rules {
	bool set;
	int64_t unknown_wait;
	enum unknown_then unknown_then;
	bool forbidden_never;
};

/* ---- rings, steps ---- */

struct ring {
	struct str name;
	struct str_list tags, groups; /* none of both: the rest */
	int64_t soak;
	double min_success; /* 0–1 */
	unsigned max_at_once; /* hosts, 0 no limit */
	double max_share; /* of the ring, 0 no limit */
	unsigned error_stop; /* this many failures halt everything; 0 never */
};

enum step_do { STEP_PATCH, STEP_STOP_SERVICE, STEP_START_SERVICE };
struct policy_step {
	struct str group, service;
	enum step_do what;
	int64_t backup_newer_than; /* 0: not asked for */
};

/* ---- on the host ---- */

enum reboot_mode { REBOOT_IF_NEEDED, REBOOT_NEVER, REBOOT_ALWAYS, REBOOT_PROMPT };
struct reboot_rules {
	enum reboot_mode mode;
	bool atomic; /* install and reboot as one unit: no install that leaves its reboot for later */
	unsigned defer; /* deferrals a user has */
	int64_t every, deadline;
	bool when_idle; /* logged-on: when-idle; otherwise `force` or `never` */
	bool never_logged_on;
	struct calendar_rules windows; /* reboot window of its own; none: in the install slot */
};

enum busy_then { BUSY_SKIP, BUSY_PROCEED, BUSY_WARD_CHOOSES };
struct busy_rules { /* while-running */
	struct str_list processes;
	int64_t up_to; /* waits so long */
	enum busy_then then;
	unsigned skips; /* so many slots may be skipped … */
	enum busy_then afterwards; /* … then this */
};

struct pass_rules {
	bool until_clean;
	unsigned max_reboots;
};

/* What is done at once where an emergency's update is missing, and undone when it is in. Typed acts only. A Windows one is
 * a member more here and a row more in policy-emergency.c. */
struct network {
	uint8_t bytes[16]; /* network order; IPv4 has the first four */
	uint8_t prefix;
	bool v6;
};
struct mitigation_port {
	uint16_t port;
	bool udp;
};
struct mitigation_rule {
	struct str patch; /* source package or application, as in approve_rule.app */
	struct str_list stop; /* services */
	ARRAY_OF(struct mitigation_port) close; /* to everybody but `except` */
	ARRAY_OF(struct network) except;
	bool even_held; /* also on a machine that is held */
};
enum { MITIGATIONS_MAX = 200, MITIGATION_ACTS_MAX = 32, NETWORK_TEXT_MAX = 64 };
void network_text(const struct network *n, char out[static NETWORK_TEXT_MAX]); /* "10.1.0.0/16" */

struct emergency_rules {
	bool set;
	bool known_exploited, exposed; /* conditions, all to hold */
	unsigned severities;
	int64_t within;
	bool mitigate_at_once;
	ARRAY_OF(struct mitigation_rule) mitigations;
	enum { EMERGENCY_REBOOT_CONSENT, EMERGENCY_REBOOT_NEVER, EMERGENCY_REBOOT_FORCE } reboot;
};

struct setting_rules { /* typed and reversible */
	int lockout_tries; /* −1: not managed */
	int64_t lockout_reset, lockout_lock;
	int rdp_nla, smb1; /* −1 not managed, 0 off, 1 on */
	int own_updates; /* likewise: may other programs of the machine install updates */
	ARRAY_OF(struct network) rdp_from; /* none: from everywhere */
};

struct removal {
	struct str app, why;
};

struct backup_rules { /* where a host sees when its newest backup was made; empty: not there */
	struct str marker; /* a file that the backup job writes at its end */
	struct str unit; /* a systemd service that is the backup job */
};

/* Top-level keys, for the origin of every line of an effective policy. */
enum policy_key {
	POLICY_APPROVE,
	POLICY_VENDOR,
	POLICY_OFFLINE_FOR,
	POLICY_INSTALL_WINDOWS,
	POLICY_INSTALL_VALID,
	POLICY_INSTALL_BLACKOUT,
	POLICY_INSTALL_MISSED,
	POLICY_INSTALL_SPREAD,
	POLICY_IDLE_FIRST,
	POLICY_WHILE_RUNNING,
	POLICY_PASSES,
	POLICY_REBOOT,
	POLICY_RINGS,
	POLICY_REDUNDANCY,
	POLICY_EMERGENCY,
	POLICY_STEPS,
	POLICY_SETTINGS,
	POLICY_REMOVE,
	POLICY_SCRIPTS,
	POLICY_NOTICE,
	POLICY_BACKUP,
	POLICY_KEYS
};
const char *policy_key_name(enum policy_key k); /* "install.windows" */

struct policy {
	struct str name;
	struct {
		struct str_list groups, os, tags, roles, sites, names; /* names: patterns with * */
	} applies;
	int rank;
	uint32_t written; /* bit k: the policy has a word about enum policy_key k */
	ARRAY_OF(struct approve_rule) approve;
	struct vendor_rules vendor;
	int64_t offline_for; /* default 14 d */
	struct calendar_rules install;
	int64_t idle_first;
	struct busy_rules busy;
	struct pass_rules passes;
	struct reboot_rules reboot;
	ARRAY_OF(struct ring) rings;
	bool redundancy; /* never two members of a redundancy group at once */
	struct emergency_rules emergency;
	ARRAY_OF(struct policy_step) steps;
	struct setting_rules settings;
	ARRAY_OF(struct removal) remove;
	struct {
		struct str pre, post;
	} scripts;
	int64_t notice; /* how long ahead the ward is told, default 1 d */
	struct backup_rules backup;
};

/* ---- reading ---- */

/* A finding about the text: an error refuses it, a warning does not. */
struct policy_remark {
	bool warning;
	unsigned line, column; /* 0: the whole */
	struct str text; /* what, why, what to do */
};
struct policy_remarks {
	ARRAY_OF(struct policy_remark) items;
	bool refused;
};

/* What a text may refer to; NULL members are not checked. */
struct policy_world {
	const struct str_list *groups; /* known ones: a missing group is a warning in a file, an error when installed */
	const struct str_list *tags; /* that hosts have: another one is a warning */
	const struct str_list *peopled; /* groups that have a host: a ring of others only is a warning */
	const struct day_lists *lists;
	const char *zoneinfo; /* folder, NULL the system's */
	int64_t now; /* the ten years of a calendar are counted from here; 0: calendars are not checked */
	bool strict;
};

/* A tree with line and column of every value, made by policy-yaml.c from YAML or by policy-schema.c from JSON. */
struct policy_node;
/* What a policy that says nothing says. */
void policy_defaults(struct policy *p);
/* False when refused; remarks say why, and hold warnings in any case (overlapping windows, rules that contradict each
 * other or can never fit, a calendar with no day in the next ten years). */
bool policy_from_node(struct arena *a, const struct policy_node *n, const struct policy_world *world,
		      struct policy *out, struct policy_remarks *remarks);
bool policy_from_json(struct arena *a, const struct json *j, struct policy *out, struct err *e) MUST_CHECK;
void policy_write(const struct policy *p, struct json_writer *w); /* canonical: keys and defaults as in doc/policy.md */

/* ---- which policy counts ---- */

struct policy_subject { /* a host, as far as policies ask */
	struct str id, name, group, os, role, site; /* os: "linux" | "windows", also "debian:12" fits */
	struct str_list groups; /* all of them, group first */
	struct str_list tags;
};

/* Narrower beats wider (name, then tag or role, then group, then site, then os, then everybody), then the lower rank, then
 * the name; −1 when it does not apply. */
int policy_specificity(const struct policy *p, const struct policy_subject *s);

struct effective_policy {
	struct policy policy; /* its name: that of the policy that gave the windows */
	struct str origin[POLICY_KEYS]; /* policy's name for each line; empty: the built-in default */
	struct str_list applied; /* strongest first */
};
/* A pattern of approve_rule.app: a name without regard to case, * at its end matches the rest; an empty one fits all. */
bool policy_app_fits(struct str pattern, struct str app);
/* Line by line from the strongest policy that says something about it. */
void policy_effective(const struct policy *all, size_t count, const struct policy_subject *s, struct arena *a,
		      struct effective_policy *out);

#endif
