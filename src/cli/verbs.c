/* The verb table: to add a verb is to add one row here and one file. */
#include "cli/verbs.h"

const struct cli_verb *const cli_verbs[] = {
	&verb_up,
	&verb_scan,
	&verb_patch_list,
	&verb_patch_apply,
	&verb_patch_stage,
	&verb_patch_history,
	&verb_host_list,
	&verb_host_show,
	&verb_host_group,
	&verb_host_approve,
	&verb_host_revoke,
	&verb_feed_import,
	&verb_feed_update,
	&verb_feed_status,
	&verb_token_create,
	&verb_token_list,
	&verb_token_revoke,
	&verb_signin,
	&verb_init,
	&verb_serve,
	&verb_version_compare,
	&verb_completion,
	NULL,
};
