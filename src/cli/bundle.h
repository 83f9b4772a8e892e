/* What the files of `mamori bundle` share (private to the verb). */
#ifndef MAMORI_CLI_BUNDLE_H
#define MAMORI_CLI_BUNDLE_H

#include "cli/verbs.h"
#include "trust/bundle.h"

struct bundle_words { /* of export */
	const char *site, *to, *size, *expires, *since;
	cli_list keyring;
	bool full, resume, up;
	uint64_t part_size; /* from size; 0: as large as a file may be */
	int64_t life; /* from expires */
};

/* "4.7G", "dvd", "usb" …: how much of the medium is left for one part. */
bool bundle_size_parse(const char *text, uint64_t *part_size, struct err *e) MUST_CHECK;

int bundle_export_down(struct cli *c, const struct bundle_words *w);
int bundle_export_up(struct cli *c, const struct bundle_words *w);
/* cache_size: 0 what `relay run` was told. */
int bundle_import_relay(struct cli *c, const char *folder, const char *key_file, uint64_t cache_size);
int bundle_import_server(struct cli *c, const char *folder);

/* Says why a bundle was refused: the sentence, with --json also {"reason":…}. The exit status. */
int bundle_refused(struct cli *c, enum bundle_reason reason, const struct err *e);
/* The key of the server that bundles going down are signed with: of the file, else of the relay's enrolment or the server's
 * folder. *name (may be NULL): where it came from. */
bool bundle_key(struct cli *c, const char *key_file, struct key **out, struct err *e) MUST_CHECK;
/* For progress lines; user is the struct cli. */
void bundle_doing(void *user, const char *what, uint64_t done, uint64_t total);
void bundle_head_show(const struct bundle_head *h, struct json_writer *w);

#endif
