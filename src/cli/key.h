/* What the verbs of keys and of repositories of update metadata share. */
#ifndef MAMORI_CLI_KEY_H
#define MAMORI_CLI_KEY_H

#include "cli/cli.h"
#include "trust/tuf-repo.h"

/* Reads a key file, its private part closed; everything lives in the command's arena. */
bool cli_keyfile(struct cli *c, const char *path, struct keyfile *out, struct err *e) MUST_CHECK;
/* As tuf_repo_open(). The server looks into its own every minute: that moment is waited for. */
bool cli_repo_open(struct cli *c, const char *folder, struct tuf_repo **out, struct err *e) MUST_CHECK;
struct cli_new_key {
	const char *role, *comment; /* comment may be NULL */
	const char *path, *public_path;
};
/* ERR_CONFLICT where a file of either name is. */
bool cli_key_free_place(const struct cli_new_key *n, struct err *e) MUST_CHECK;
/* Writes both files of a new key. */
bool cli_key_write(struct cli *c, const struct key *k, const struct cli_new_key *n, struct str password,
		   struct err *e) MUST_CHECK;
/* The roles of a repository, and what waits for whose signature. */
bool cli_repo_print(struct cli *c, struct tuf_repo *r, const char *folder, struct err *e) MUST_CHECK;

extern const struct cli_verb verb_key_new, verb_key_show, verb_key_sign, verb_key_rotate;
extern const struct cli_verb verb_repo_init, verb_repo_add, verb_repo_remove, verb_repo_renew, verb_repo_publish,
	verb_repo_show, verb_repo_verify;

#endif
