/* mamori patch approve, reject, …, hold, halts: what people say about updates and machines. */
#include "cli/client.h"

/* ---- verdicts ---- */

static int
verdict(struct cli *c, const struct cli_verb *verb, int argc, char **argv, const char *word, const char *sentence)
{
	const char *reason = NULL, *group = NULL;
	const struct cli_option options[] = {
		{ "reason", "TEXT", "Why: kept in the audit log", &reason, NULL, NULL },
		{ "group", "NAME", "Only for this group", &group, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, verb, options, COUNT(options), argc, argv, 1, 100, &n, &e))
		return cli_fail(c, &e);
	for (int i = 0; i < n; i++) {
		BUF_AUTO body = { 0 };
		struct json_writer w = { .out = &body };
		json_begin_object(&w);
		json_put_cstr(&w, "patch", argv[i]);
		json_put_cstr(&w, "verdict", word);
		cli_put(&w, "reason", reason);
		cli_put(&w, "group", group);
		json_end_object(&w);
		int status = cli_send(c, "POST", "/api/v1/verdicts", buf_str(&body), sentence);
		if (status)
			return status;
	}
	return 0;
}

static int
approve_run(struct cli *c, int argc, char **argv)
{
	return verdict(c, &verb_patch_approve, argc, argv, "approved", "Approved: it goes with the next window.");
}

static int
reject_run(struct cli *c, int argc, char **argv)
{
	return verdict(c, &verb_patch_reject, argc, argv, "rejected", "Rejected: nobody installs it by a window.");
}

static int
withdraw_run(struct cli *c, int argc, char **argv)
{
	return verdict(c, &verb_patch_withdraw, argc, argv, "withdrawn",
		       "Withdrawn: blocked everywhere, and taken back where the package manager can.");
}

static int
verdicts_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "ID", "id", CELL_TEXT },
		{ "UPDATE", "patch", CELL_TEXT },
		{ "DECISION", "verdict", CELL_WORD },
		{ "GROUP", "group", CELL_TEXT },
		{ "BY", "by", CELL_TEXT },
		{ "WHEN", "at", CELL_TIME },
		{ "REASON", "reason", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_patch_verdicts, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/verdicts", columns, COUNT(columns), "Nobody has decided anything by hand.");
}

/* Verbs that end one thing by its id. */
static int
end_one(struct cli *c, const struct cli_verb *verb, int argc, char **argv, const char *method, const char *route,
	const char *suffix, const char *sentence)
{
	const char *reason = NULL;
	const struct cli_option options[] = {
		{ "reason", "TEXT", "Why: kept in the audit log", &reason, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, verb, options, *suffix ? COUNT(options) : 0, argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, route, argv[0], suffix);
	json_begin_object(&w);
	cli_put(&w, "reason", reason);
	json_end_object(&w);
	return cli_send(c, method, buf_cstr(&path), *suffix ? buf_str(&body) : STR_NONE, sentence);
}

static int
undo_run(struct cli *c, int argc, char **argv)
{
	return end_one(c, &verb_patch_undo, argc, argv, "DELETE", "/api/v1/verdicts/", "",
		       "Taken back: the policies' rules decide again.");
}

static int
mitigate_run(struct cli *c, int argc, char **argv)
{
	const char *workaround = NULL, *owner = NULL, *group = NULL;
	const struct cli_option options[] = {
		{ "workaround", "TEXT", "What was done instead", &workaround, NULL, NULL },
		{ "owner", "NAME", "Who answers for it", &owner, NULL, NULL },
		{ "group", "NAME", "Only for this group", &group, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_patch_mitigate, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	json_begin_object(&w);
	json_put_cstr(&w, "subject", argv[0]);
	cli_put(&w, "workaround", workaround);
	cli_put(&w, "owner", owner);
	cli_put(&w, "group", group);
	json_end_object(&w);
	return cli_send(c, "POST", "/api/v1/mitigations", buf_str(&body),
			"Noted; it ends by itself once nobody needs it any more.");
}

/* ---- halts ---- */

static int
halts_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "ID", "id", CELL_TEXT },     { "UPDATE", "patch", CELL_TEXT }, { "POLICY", "policy", CELL_TEXT },
		{ "RING", "ring", CELL_TEXT }, { "WHEN", "at", CELL_TIME },      { "WHY", "why", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_patch_halts, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/halts", columns, COUNT(columns), "Nothing is halted.");
}

static int
resume_run(struct cli *c, int argc, char **argv)
{
	return end_one(c, &verb_patch_resume, argc, argv, "POST", "/api/v1/halts/", "/resume",
		       "It goes on; failures until now are forgiven.");
}

/* ---- holds ---- */

static int
hold_list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "ID", "id", CELL_TEXT }, { "HOST", "host", CELL_HOST },   { "GROUP", "group", CELL_TEXT },
		{ "BY", "by", CELL_TEXT }, { "UNTIL", "until", CELL_TIME }, { "WHY", "why", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_hold_list, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/holds", columns, COUNT(columns), "Nothing is held.");
}

static int
hold_create_run(struct cli *c, int argc, char **argv)
{
	const char *group = NULL, *why = NULL, *until = NULL;
	const struct cli_option options[] = {
		{ "group", "NAME", "A whole group instead of one machine", &group, NULL, NULL },
		{ "why", "TEXT", "Why, such as surgery", &why, NULL, NULL },
		{ "until", "WHEN", "Ends by itself at this day or instant", &until, NULL, NULL },
	};
	struct err e = { 0 };
	struct str id = STR_NONE;
	int n;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_hold_create, options, COUNT(options), argc, argv, 0, 1, &n, &e) ||
	    (n && !cli_host_find(c, argv[0], &id, &e)))
		return cli_fail(c, &e);
	json_begin_object(&w);
	cli_put(&w, "host", id.ptr);
	cli_put(&w, "group", group);
	cli_put(&w, "why", why);
	cli_put(&w, "until", until);
	json_end_object(&w);
	return cli_send(c, "POST", "/api/v1/holds", buf_str(&body), "Held from the next check-in on.");
}

static int
hold_release_run(struct cli *c, int argc, char **argv)
{
	return end_one(c, &verb_hold_release, argc, argv, "DELETE", "/api/v1/holds/", "", "Released.");
}

const struct cli_verb verb_patch_approve = {
	"patch approve",
	"PATCH…",
	"Approve updates that no rule approves",
	"  mamori patch approve deb:nano@7.2-1 --reason tested",
	approve_run,
};
const struct cli_verb verb_patch_reject = { "patch reject", "PATCH…", "Never install these by a window", NULL,
					    reject_run };
const struct cli_verb verb_patch_withdraw = {
	"patch withdraw", "PATCH…", "Block a bad update everywhere at once and go back where that is possible", NULL,
	withdraw_run,
};
const struct cli_verb verb_patch_verdicts = { "patch verdicts", "", "List what people decided about updates", NULL,
					      verdicts_run };
const struct cli_verb verb_patch_undo = { "patch undo", "ID", "Take a decision back", NULL, undo_run };
const struct cli_verb verb_patch_mitigate = {
	"patch mitigate",
	"PATCH|CVE",
	"Note a workaround that stands in until there is a fix",
	"  mamori patch mitigate CVE-2026-1234 --workaround 'port closed' --owner 'IT'",
	mitigate_run,
};
const struct cli_verb verb_patch_halts = { "patch halts", "", "List updates that an error stopped everywhere", NULL,
					   halts_run };
const struct cli_verb verb_patch_resume = { "patch resume", "ID", "Let a halted update go on", NULL, resume_run };
const struct cli_verb verb_hold_list = { "hold list", "", "List what is held back, by whom and until when", NULL,
					 hold_list_run };
const struct cli_verb verb_hold_create = {
	"hold create",
	"[HOST]",
	"Keep a machine or a group from being patched for a while",
	"  mamori hold create or-2 --why surgery --until 2026-11-27",
	hold_create_run,
};
const struct cli_verb verb_hold_release = { "hold release", "ID", "End a hold", NULL, hold_release_run };
