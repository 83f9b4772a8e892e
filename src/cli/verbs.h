/* The rows of the verb table that live in this room, and what the verbs share. */
#ifndef MAMORI_CLI_VERBS_H
#define MAMORI_CLI_VERBS_H

#include "cli/cli.h"

extern const struct cli_verb verb_init, verb_serve, verb_up, verb_signin;
extern const struct cli_verb verb_token_create, verb_token_list, verb_token_revoke;
extern const struct cli_verb verb_host_list, verb_host_show, verb_host_approve, verb_host_revoke, verb_host_group;
extern const struct cli_verb verb_patch_list, verb_patch_apply, verb_patch_stage, verb_patch_history;
extern const struct cli_verb verb_completion;
extern const struct cli_verb verb_cvss_score, verb_purl_parse;

/* The whole table, NULL-terminated. */
extern const struct cli_verb *const cli_verbs[];
/* Runs the verb that argv names; the exit status. */
int cli_main(int argc, char **argv);

bool cli_set_lang(const char *text, struct err *e) MUST_CHECK;

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
