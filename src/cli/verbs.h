/* The rows of the verb table that live in this room, and what the verbs share. */
#ifndef MAMORI_CLI_VERBS_H
#define MAMORI_CLI_VERBS_H

#include "cli/cli.h"

extern const struct cli_verb verb_init, verb_serve, verb_up, verb_signin;
extern const struct cli_verb verb_token_create, verb_token_list, verb_token_revoke;
extern const struct cli_verb verb_host_list, verb_host_show, verb_host_approve, verb_host_revoke, verb_host_group;
extern const struct cli_verb verb_patch_list, verb_patch_apply, verb_patch_stage, verb_patch_history;
extern const struct cli_verb verb_finding_list;
extern const struct cli_verb verb_policy_preview, verb_policy_check, verb_policy_simulate;
extern const struct cli_verb verb_policy_list, verb_policy_show, verb_policy_put, verb_policy_delete,
	verb_policy_versions, verb_policy_revert, verb_policy_effective, verb_policy_assistant, verb_policy_calendar;
extern const struct cli_verb verb_patch_approve, verb_patch_reject, verb_patch_withdraw, verb_patch_verdicts,
	verb_patch_undo, verb_patch_mitigate, verb_patch_halts, verb_patch_resume;
extern const struct cli_verb verb_hold_list, verb_hold_create, verb_hold_release;
extern const struct cli_verb verb_group_list, verb_group_create, verb_group_add, verb_group_remove, verb_group_delete,
	verb_group_import, verb_group_sync;
extern const struct cli_verb verb_day_list_list, verb_day_list_show, verb_day_list_import, verb_day_list_delete;
extern const struct cli_verb verb_ward_pin, verb_ward_notice, verb_emergency_list, verb_emergency_consent;
extern const struct cli_verb verb_host_set, verb_host_not_back;
extern const struct cli_verb verb_vendor_list, verb_vendor_set, verb_vendor_link, verb_vendor_sheet,
	verb_vendor_answers;
extern const struct cli_verb verb_relay_run;
extern const struct cli_verb verb_bundle_export, verb_bundle_verify, verb_bundle_import, verb_bundle_list,
	verb_bundle_key;
extern const struct cli_verb verb_relay_enrol, verb_relay_status, verb_relay_list, verb_relay_set, verb_relay_revoke,
	verb_site_list, verb_site_set;
extern const struct cli_verb verb_completion;
extern const struct cli_verb verb_cvss_score, verb_purl_parse;
extern const struct cli_verb verb_surface_discover, verb_surface_assets, verb_surface_show, verb_surface_diff,
	verb_surface_log, verb_surface_risks, verb_surface_risk, verb_surface_gateways, verb_surface_verdict,
	verb_surface_verdicts, verb_surface_report, verb_surface_seed, verb_surface_schedule, verb_surface_confirm;
extern const struct cli_verb verb_exposure_import, verb_exposure_rules, verb_exposure_mine, verb_exposure_report,
	verb_exposure_merge;

/* The whole table, NULL-terminated. */
extern const struct cli_verb *const cli_verbs[];
/* Runs the verb that argv names; the exit status. */
int cli_main(int argc, char **argv);

bool cli_set_lang(const char *text, struct err *e) MUST_CHECK;

/* What root wrote below DATA/sub, the server must be able to read: it goes to the owner of the folder. */
void cli_give(struct cli *c, const char *sub);

/* After everything else, with at most 2 GB of memory: what a server orders. Files that are mapped do not count. */
void cli_go_behind(void);

/* Every item of a list route (doc/api.md), page by page; path may carry filters. */
bool cli_api_items(struct cli *c, const char *path, struct json ***items, size_t *count, struct err *e) MUST_CHECK;

/* Appends "?name=value" or "&name=value", percent-encoded; nothing when value is NULL. */
void cli_query(struct buf *path, const char *name, const char *value);

/* The one host with this id or name; more than one of that name is ERR_INPUT and lists their ids. */
bool cli_host_find(struct cli *c, const char *name, struct str *id, struct err *e) MUST_CHECK;

/* Calls each for every line of standard input without its end, in bounded memory. A line of more than max bytes comes
 * as its first max + 1 with cut set, and the rest of it is passed over. */
typedef void cli_line_fn(void *user, struct str line, bool cut);
bool cli_each_line(size_t max, cli_line_fn *each, void *user, struct err *e) MUST_CHECK;

/* An empty cell of a table is a dash. */
struct str cli_or_dash(struct str s);
/* An instant of the API as local time, "–" when there is none. */
struct str cli_when(struct cli *c, struct str rfc3339);
/* before + percent-encoded part + after. */
void cli_path(struct buf *path, const char *before, const char *part, const char *after);
/* A tree as one line of JSON. */
void cli_print_json(const struct json *value);

/* Address-of-machine defaults of init, serve and up. */
#define CLI_DEFAULT_LISTEN "127.0.0.1:8443"
#define CLI_DEFAULT_AGENTS "127.0.0.1:8444"

#endif
