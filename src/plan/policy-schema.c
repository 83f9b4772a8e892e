/* The one table of a policy's keys: names, kinds, ranges and where each lands. What reads YAML, what reads and writes JSON
 * and what names the nearest known key all work on it. To add a key is to add a row here and a line in doc/policy.md. */
#include "plan/policy-types.h"

#include "base/time.h"
#include "base/tr.h"
#include "plan/backup.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

/* ---- install ---- */

static const struct policy_word busy_words[] = {
	{ "skip", BUSY_SKIP },
	{ "proceed", BUSY_PROCEED },
	{ "ward-chooses", BUSY_WARD_CHOOSES },
	{ NULL, 0 },
};
static const struct policy_field busy_fields[] = {
	{ FIELD("wait", policy_texts, struct busy_rules, processes) },
	{ FIELD("up-to", policy_duration, struct busy_rules, up_to), .max = DAY_MS },
	{ FIELD("then", policy_choice, struct busy_rules, then), .more = busy_words },
	{ FIELD("skips", policy_integer, struct busy_rules, skips), .max = 100 },
	{ FIELD("afterwards", policy_choice, struct busy_rules, afterwards), .more = busy_words },
};
MAP(busy_map, struct busy_rules, busy_fields);

static const struct policy_field pass_fields[] = {
	{ FIELD("until-clean", policy_flag, struct pass_rules, until_clean) },
	{ FIELD("max-reboots", policy_integer, struct pass_rules, max_reboots), .max = 10 },
};
MAP(pass_map, struct pass_rules, pass_fields);

#define BIT(k) .bit = POLICY_##k + 1
static const struct policy_field install_fields[] = {
	{ FIELD("windows", policy_windows, struct policy, install.windows), .more = &policy_window_map,
	  .max = POLICY_WINDOWS_MAX, BIT(INSTALL_WINDOWS) },
	{ FIELD("valid", policy_map, struct policy, install.valid), .more = &policy_valid_map, BIT(INSTALL_VALID) },
	{ FIELD("blackout", policy_maps, struct policy, install.blackouts), .more = &policy_blackout_map,
	  .max = POLICY_LIST_MAX, BIT(INSTALL_BLACKOUT) },
	{ FIELD("missed", policy_missed, struct policy, install.missed), BIT(INSTALL_MISSED) },
	{ FIELD("spread", policy_duration, struct policy, install.spread), .max = WINDOW_LONGEST, BIT(INSTALL_SPREAD) },
	{ FIELD("idle-first", policy_duration, struct policy, idle_first), .max = DAY_MS, BIT(IDLE_FIRST) },
	{ FIELD("while-running", policy_map, struct policy, busy), .more = &busy_map, BIT(WHILE_RUNNING) },
	{ FIELD("passes", policy_map, struct policy, passes), .more = &pass_map, BIT(PASSES) },
};
MAP(install_map, struct policy, install_fields);

/* ---- approval ---- */

static const struct policy_word severity_words[] = {
	{ "unknown", 0 }, { "low", 1 }, { "medium", 2 }, { "high", 3 }, { "critical", 4 }, { NULL, 0 },
};

/* One of four words, kept as text: feeds speak in these words. */
static bool
class_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	static const struct policy_word words[] = {
		{ "security", 0 }, { "bugfix", 1 }, { "feature", 2 }, { "any", 3 }, { NULL, 0 }
	};
	struct policy_field named = *f;
	int value;

	named.more = words;
	if (!policy_choice.read(r, n, &named, &value))
		return false;
	*(struct str *)at = value == 3 ? STR_NONE : str_of(words[value].word);
	return true;
}

static bool
class_there(const struct policy_field *f, const void *at)
{
	return policy_text.there(f, at);
}

static void
class_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_text.write(f, at, w);
}

static const struct policy_type type_class = { class_read, class_there, class_write };

static bool
approve_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	const struct approve_rule *rule = at;

	if (rule->never && rule->after)
		return policy_wrong(r, n, tr("this rule contradicts itself: “never” and “after”; keep one of them"));
	return true;
}

static const struct policy_field approve_fields[] = {
	{ FIELD("known-exploited", policy_tristate, struct approve_rule, known_exploited) },
	{ FIELD("exposed", policy_tristate, struct approve_rule, exposed) },
	{ FIELD("classification", type_class, struct approve_rule, classification) },
	{ FIELD("severity", policy_bits, struct approve_rule, severities), .more = severity_words },
	{ FIELD("app", policy_text, struct approve_rule, app) },
	{ FIELD("after", policy_duration, struct approve_rule, after), .max = 366 * DAY_MS },
	{ FIELD("never", policy_flag, struct approve_rule, never) },
};
static const struct approve_rule approve_defaults = { .known_exploited = -1, .exposed = -1 };
MAP(approve_map, struct approve_rule, approve_fields, .defaults = &approve_defaults, .finish = approve_finish);

static const struct policy_word unknown_words[] = {
	{ "wait", UNKNOWN_WAIT },
	{ "apply-to-pilot", UNKNOWN_APPLY_TO_PILOT },
	{ "apply", UNKNOWN_APPLY },
	{ "never", UNKNOWN_NEVER },
	{ NULL, 0 },
};
static const struct policy_field unknown_fields[] = {
	{ FIELD("wait", policy_duration, struct vendor_rules, unknown_wait), .max = 366 * DAY_MS },
	{ FIELD("then", policy_choice, struct vendor_rules, unknown_then), .more = unknown_words },
};
MAP(unknown_map, struct vendor_rules, unknown_fields);

static const struct policy_word forbidden_words[] = { { "never", true }, { "allow", false }, { NULL, 0 } };
static const struct policy_field vendor_fields[] = {
	{ .key = "unknown", .type = &policy_map, .more = &unknown_map },
	{ FIELD("forbidden", policy_choice_flag, struct vendor_rules, forbidden_never), .more = forbidden_words },
};
MAP(vendor_map, struct vendor_rules, vendor_fields);

/* ---- sections that can be off: the map's first member says whether they are set ---- */

static bool
section_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	if (n->kind == POLICY_NODE_SCALAR && (str_eq(n->text, STR("off")) || str_eq(n->text, STR("false")))) {
		*(bool *)at = false;
		return true;
	}
	*(bool *)at = true;
	return policy_map.read(r, n, f, at);
}

static bool
section_there(const struct policy_field *f, const void *at)
{
	return *(const bool *)at;
}

static void
section_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	if (*(const bool *)at)
		policy_map.write(f, at, w);
	else
		json_cstr(w, "off");
}

static const struct policy_type type_section = { section_read, section_there, section_write };
_Static_assert(offsetof(struct vendor_rules, set) == 0 && offsetof(struct emergency_rules, set) == 0,
	       "a section begins with its switch");

/* ---- reboot ---- */

static const struct policy_word mode_words[] = {
	{ "if-needed", REBOOT_IF_NEEDED },
	{ "never", REBOOT_NEVER },
	{ "always", REBOOT_ALWAYS },
	{ "prompt", REBOOT_PROMPT },
	{ NULL, 0 },
};
static const struct policy_word unit_words[] = { { "atomic", true }, { "separate", false }, { NULL, 0 } };
static const struct policy_field prompt_fields[] = {
	{ FIELD("defer", policy_integer, struct reboot_rules, defer), .max = 100 },
	{ FIELD("every", policy_duration, struct reboot_rules, every), .min = MINUTE_MS, .max = 7 * DAY_MS },
	{ FIELD("deadline", policy_duration, struct reboot_rules, deadline), .min = MINUTE_MS, .max = 60 * DAY_MS },
};
MAP(prompt_map, struct reboot_rules, prompt_fields);

/* Two switches for three words: force is neither; at is the section. */
static bool
logged_on_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct reboot_rules *rules = at;
	int value;

	if (!policy_choice.read(r, n, f, &value))
		return false;
	rules->when_idle = value == 0;
	rules->never_logged_on = value == 1;
	return true;
}

static void
logged_on_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct reboot_rules *rules = at;

	json_cstr(w, rules->when_idle ? "when-idle" : rules->never_logged_on ? "never" : "force");
}

static const struct policy_word logged_on_words[] = { { "when-idle", 0 }, { "never", 1 }, { "force", 2 }, { NULL, 0 } };
static const struct policy_type type_logged_on = { logged_on_read, policy_always_there, logged_on_write };

static const struct policy_field reboot_fields[] = {
	{ FIELD("mode", policy_choice, struct reboot_rules, mode), .more = mode_words },
	{ FIELD("unit", policy_choice_flag, struct reboot_rules, atomic), .more = unit_words },
	{ .key = "prompt", .type = &policy_map, .more = &prompt_map },
	{ .key = "logged-on", .type = &type_logged_on, .more = logged_on_words },
	{ FIELD("windows", policy_windows, struct reboot_rules, windows.windows), .more = &policy_window_map,
	  .max = POLICY_WINDOWS_MAX },
	{ FIELD("valid", policy_map, struct reboot_rules, windows.valid), .more = &policy_valid_map },
	{ FIELD("blackout", policy_maps, struct reboot_rules, windows.blackouts), .more = &policy_blackout_map,
	  .max = POLICY_LIST_MAX },
	{ FIELD("spread", policy_duration, struct reboot_rules, windows.spread), .max = WINDOW_LONGEST },
};
MAP(reboot_map, struct reboot_rules, reboot_fields);

/* ---- rings, steps ---- */

/* `5` hosts or `20%` of the ring; at is the ring. */
static bool
at_once_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct ring *ring = at;
	struct str s;
	uint64_t value;
	bool percent;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	percent = str_ends(s, STR("%"));
	if (!str_to_u64(str_head(s, s.len - percent), &value) || value < 1 || value > (percent ? 100 : 1000000))
		return policy_wrong(r, n, tr("“%s” takes a number of hosts or a share such as 20%%, not “%.*s”"),
				    f->key, STR_ARG(arena_line(r->a, s, 60)));
	ring->max_at_once = percent ? 0 : (unsigned)value;
	ring->max_share = percent ? (double)value / 100 : 0;
	return true;
}

static bool
at_once_there(const struct policy_field *f, const void *at)
{
	const struct ring *ring = at;

	return ring->max_at_once > 0 || ring->max_share > 0;
}

static void
at_once_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct ring *ring = at;
	char text[16];

	if (ring->max_at_once > 0) {
		json_i64(w, ring->max_at_once);
		return;
	}
	snprintf(text, sizeof(text), "%d%%", (int)(ring->max_share * 100 + 0.5));
	json_cstr(w, text);
}

static const struct policy_type type_at_once = { at_once_read, at_once_there, at_once_write };

enum { KEY_RING_NAME = 0 };
static const struct policy_field ring_fields[] = {
	{ FIELD("name", policy_name_text, struct ring, name) },
	{ FIELD("tags", policy_texts, struct ring, tags) },
	{ FIELD("groups", policy_texts, struct ring, groups) },
	{ FIELD("soak", policy_duration, struct ring, soak), .max = 90 * DAY_MS },
	{ FIELD("min-success", policy_share, struct ring, min_success) },
	{ .key = "max-at-once", .type = &type_at_once },
	{ FIELD("error-stop", policy_integer, struct ring, error_stop), .max = 1000000 },
};

static bool
ring_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	if (!(seen >> KEY_RING_NAME & 1))
		return policy_wrong(r, n, tr("a ring needs a name"));
	return true;
}

static const struct ring ring_defaults = { .soak = DAY_MS, .min_success = 0.9, .error_stop = 3 };
MAP(ring_map, struct ring, ring_fields, .defaults = &ring_defaults, .finish = ring_finish);

/* `backup-newer-than 24h` */
static bool
need_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct policy_node age = *n;

	if (!policy_scalar(r, n, f->key, &age.text))
		return false;
	if (!str_starts(age.text, STR("backup-newer-than ")))
		return policy_wrong(r, n, tr("“%s” takes backup-newer-than and a duration, not “%.*s”"), f->key,
				    STR_ARG(arena_line(r->a, age.text, 60)));
	age.text = str_trim(str_skip(age.text, strlen("backup-newer-than ")));
	return policy_duration_read(r, &age, f->key, MINUTE_MS, 366 * DAY_MS, at);
}

static bool
need_there(const struct policy_field *f, const void *at)
{
	return *(const int64_t *)at > 0;
}

static void
need_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	int64_t ms = *(const int64_t *)at;
	char text[64];

	if (ms % HOUR_MS == 0)
		snprintf(text, sizeof(text), "backup-newer-than %lldh", (long long)(ms / HOUR_MS));
	else
		snprintf(text, sizeof(text), "backup-newer-than %llds", (long long)(ms / 1000));
	json_cstr(w, text);
}

static const struct policy_type type_need = { need_read, need_there, need_write };
static const struct policy_word step_words[] = {
	{ "patch", STEP_PATCH },
	{ "stop-service", STEP_STOP_SERVICE },
	{ "start-service", STEP_START_SERVICE },
	{ NULL, 0 },
};
enum { KEY_STEP_GROUP = 0, KEY_STEP_DO };
static const struct policy_field step_fields[] = {
	{ FIELD("group", policy_text, struct policy_step, group) },
	{ FIELD("do", policy_choice, struct policy_step, what), .more = step_words },
	{ FIELD("service", policy_text, struct policy_step, service) },
	{ FIELD("need", type_need, struct policy_step, backup_newer_than) },
};

static bool
step_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	const struct policy_step *s = at;

	if (!(seen >> KEY_STEP_GROUP & 1) || !(seen >> KEY_STEP_DO & 1))
		return policy_wrong(r, n, tr("a step needs “group” and “do”"));
	if (s->what == STEP_PATCH && s->service.len > 0)
		return policy_wrong(r, n, tr("“service” belongs to stop-service and start-service, not to patch"));
	return true;
}

static const struct policy_step step_defaults;
MAP(step_map, struct policy_step, step_fields, .defaults = &step_defaults, .finish = step_finish);

/* ---- settings, removals, scripts ---- */

static const struct policy_field lockout_fields[] = {
	{ FIELD("tries", policy_integer, struct setting_rules, lockout_tries), .max = 999 },
	{ FIELD("reset", policy_duration, struct setting_rules, lockout_reset), .min = MINUTE_MS, .max = 69 * DAY_MS },
	{ FIELD("lock", policy_duration, struct setting_rules, lockout_lock), .max = 69 * DAY_MS },
};
MAP(lockout_map, struct setting_rules, lockout_fields);

/* Only where tries are managed at all. */
static bool
lockout_there(const struct policy_field *f, const void *at)
{
	return ((const struct setting_rules *)at)->lockout_tries >= 0;
}

static bool
lockout_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	if (!policy_map.read(r, n, f, at))
		return false;
	if (!lockout_there(f, at))
		return policy_wrong(r, n, tr("“lockout” needs “tries”, such as {tries: 10, reset: 15m, lock: 15m}"));
	return true;
}

static void
lockout_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_map.write(f, at, w);
}

static const struct policy_type type_lockout = { lockout_read, lockout_there, lockout_write };
static const struct policy_field rdp_fields[] = {
	{ FIELD("nla", policy_tristate, struct setting_rules, rdp_nla) },
	{ FIELD("from", policy_networks, struct setting_rules, rdp_from) },
};
MAP(rdp_map, struct setting_rules, rdp_fields);
static const struct policy_field setting_fields[] = {
	{ .key = "lockout", .type = &type_lockout, .more = &lockout_map },
	{ .key = "rdp", .type = &policy_map, .more = &rdp_map },
	{ FIELD("smb1", policy_tristate, struct setting_rules, smb1) },
	{ FIELD("own-updates", policy_tristate, struct setting_rules, own_updates) },
};
MAP(setting_map, struct setting_rules, setting_fields);

static const struct policy_field removal_fields[] = {
	{ FIELD("app", policy_text, struct removal, app) },
	{ FIELD("why", policy_text, struct removal, why) },
};

static bool
removal_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	if (!(seen & 1))
		return policy_wrong(r, n, tr("a removal needs “app”"));
	return true;
}

static const struct removal removal_defaults;
MAP(removal_map, struct removal, removal_fields, .defaults = &removal_defaults, .finish = removal_finish);

static const struct policy_field script_fields[] = {
	{ FIELD("pre", policy_text, struct policy, scripts.pre) },
	{ FIELD("post", policy_text, struct policy, scripts.post) },
};
MAP(script_map, struct policy, script_fields);

static bool
backup_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	const struct backup_rules *b = at;

	if (b->marker.len > 0 && !backup_marker_valid(b->marker))
		return policy_wrong(
			r, n, tr("“marker” takes the whole path of a file, such as /var/backups/done, not “%.*s”"),
			STR_ARG(arena_line(r->a, b->marker, 60)));
	if (b->unit.len > 0 && !backup_unit_valid(b->unit))
		return policy_wrong(r, n, tr("“unit” takes the name of a service, such as restic.service, not “%.*s”"),
				    STR_ARG(arena_line(r->a, b->unit, 60)));
	return true;
}

static const struct policy_field backup_fields[] = {
	{ FIELD("marker", policy_text, struct backup_rules, marker) },
	{ FIELD("unit", policy_text, struct backup_rules, unit) },
};
MAP(backup_map, struct backup_rules, backup_fields, .finish = backup_finish);

static const struct policy_field redundancy_fields[] = { { FIELD("groups", policy_flag, struct policy, redundancy) } };
MAP(redundancy_map, struct policy, redundancy_fields);

/* ---- the whole ---- */

static const struct policy_field applies_fields[] = {
	{ FIELD("groups", policy_texts, struct policy, applies.groups) },
	{ FIELD("os", policy_texts, struct policy, applies.os) },
	{ FIELD("tags", policy_texts, struct policy, applies.tags) },
	{ FIELD("roles", policy_texts, struct policy, applies.roles) },
	{ FIELD("sites", policy_texts, struct policy, applies.sites) },
	{ FIELD("names", policy_texts, struct policy, applies.names) },
};
MAP(applies_map, struct policy, applies_fields);

enum { KEY_POLICY = 0 };
static const struct policy_field policy_fields[] = {
	{ FIELD("policy", policy_name_text, struct policy, name) },
	{ .key = "applies-to", .type = &policy_map, .more = &applies_map },
	{ FIELD("rank", policy_integer, struct policy, rank), .max = 10000 },
	{ FIELD("approve", policy_maps, struct policy, approve), .more = &approve_map, .max = POLICY_LIST_MAX,
	  BIT(APPROVE) },
	{ FIELD("vendor-validation", type_section, struct policy, vendor), .more = &vendor_map, BIT(VENDOR) },
	{ FIELD("offline-for", policy_duration, struct policy, offline_for), .min = HOUR_MS, .max = 90 * DAY_MS,
	  BIT(OFFLINE_FOR) },
	{ .key = "install", .type = &policy_map, .more = &install_map },
	{ FIELD("reboot", policy_map, struct policy, reboot), .more = &reboot_map, BIT(REBOOT) },
	{ FIELD("rings", policy_maps, struct policy, rings), .more = &ring_map, .max = POLICY_RINGS_MAX, BIT(RINGS) },
	{ .key = "redundancy", .type = &policy_map, .more = &redundancy_map, BIT(REDUNDANCY) },
	{ FIELD("emergency", type_section, struct policy, emergency), .more = &policy_emergency_map, BIT(EMERGENCY) },
	{ FIELD("steps", policy_maps, struct policy, steps), .more = &step_map, .max = POLICY_WINDOWS_MAX, BIT(STEPS) },
	{ FIELD("settings", policy_map, struct policy, settings), .more = &setting_map, BIT(SETTINGS) },
	{ FIELD("remove", policy_maps, struct policy, remove), .more = &removal_map, .max = POLICY_LIST_MAX,
	  BIT(REMOVE) },
	{ .key = "scripts", .type = &policy_map, .more = &script_map, BIT(SCRIPTS) },
	{ FIELD("notice", policy_duration, struct policy, notice), .max = 30 * DAY_MS, BIT(NOTICE) },
	{ FIELD("backup", policy_map, struct policy, backup), .more = &backup_map, BIT(BACKUP) },
};

static bool
policy_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	if (!(seen >> KEY_POLICY & 1))
		return policy_wrong(r, n, tr("the policy has no name; begin it with: policy: NAME"));
	return true;
}
MAP(root_map, struct policy, policy_fields, .finish = policy_finish);

void
policy_defaults(struct policy *p)
{
	*p = (struct policy){
		.rank = 100,
		.vendor = { .unknown_wait = 14 * DAY_MS,
			    .unknown_then = UNKNOWN_APPLY_TO_PILOT,
			    .forbidden_never = true },
		.offline_for = 14 * DAY_MS,
		.install = { .missed_within = 2 * DAY_MS },
		.busy = { .up_to = 2 * HOUR_MS, .skips = 2, .afterwards = BUSY_WARD_CHOOSES },
		.passes = { .until_clean = true, .max_reboots = 3 },
		.reboot = { .defer = 3, .every = HOUR_MS, .deadline = DAY_MS, .when_idle = true },
		.emergency = { .within = 38 * MINUTE_MS, .mitigate_at_once = true },
		.settings = { .lockout_tries = -1,
			      .lockout_reset = 15 * MINUTE_MS,
			      .lockout_lock = 15 * MINUTE_MS,
			      .rdp_nla = -1,
			      .smb1 = -1,
			      .own_updates = -1 },
		.notice = DAY_MS,
	};
}

bool
policy_from_node(struct arena *a, const struct policy_node *n, const struct policy_world *world, struct policy *out,
		 struct policy_remarks *remarks)
{
	struct policy_reading r = { .a = a, .remarks = remarks };
	struct policy p;

	policy_defaults(&p);
	if (n->kind != POLICY_NODE_MAP)
		return policy_wrong(&r, n, tr("this is no policy: it is to begin with policy: NAME"));
	if (!policy_map_read(&r, n, &root_map, &p))
		return false;
	policy_check(a, n, world, &p, remarks);
	if (remarks->refused)
		return false;
	*out = p;
	return true;
}

void
policy_write(const struct policy *p, struct json_writer *w)
{
	policy_map_write(&root_map, p, w);
}
