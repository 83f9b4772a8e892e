/* Package managers behind a relay: each run is handed a private copy of the machine's own repository list, with the
 * relay in the way; what the machine has configured is read and never changed.
 *
 * apt    a copy of its sources in which https:// is http://, with the relay as HTTP proxy (the relay fetches each origin
 *        by the scheme that it allows). Names and places of lists stay those of the machine: pins, plans and lists are
 *        the same directly, through this relay and through another one. An origin that takes a password stays https and
 *        goes through the relay as a tunnel.
 * dnf    a copy of its .repo files: baseurl and gpgkey become RELAY/o/HOST/PATH; where there are only metalinks or mirror
 *        lists, the relay is the proxy.
 * apk    a copy of its repositories: RELAY/o/HOST/PATH. */
#ifndef MAMORI_PLAN_RELAY_H
#define MAMORI_PLAN_RELAY_H

#include "plan/pkgmgr.h"

/* Words for the command line, to stand behind the program's name, and its environment; both NULL-terminated. */
struct relay_words {
	const char *const *argv, *const *env;
};

/* Writes the private copies below the folder of downloads, when they changed, and says how a run of `program` is told.
 * No words without a relay, or for a program that takes none. */
bool relay_words_for(const struct pkgmgr_ctx *c, const char *program, struct arena *a, struct relay_words *out,
		     struct err *e) MUST_CHECK;
/* argv with the words behind its first. */
const char *const *relay_argv(const struct relay_words *w, const char *const *argv, struct arena *a);

/* The origin that the relay refused (403), by the program's words; empty: none. */
struct str relay_refused_origin(const struct pkgmgr_ctx *c, struct str words);
/* That, as an error. Returns false. */
bool relay_refused(const struct pkgmgr_ctx *c, const char *doing, struct str origin, struct err *e);

/* The texts alone. passwords: contents of apt's auth.conf files. */
void relay_apt_list(struct str text, struct str passwords, struct buf *out);
void relay_apt_sources(struct str text, struct str passwords, struct buf *out);
struct relay_place {
	struct str url; /* of the relay, no slash at its end */
	struct str ca; /* file with its authority as the program sees it; empty: none */
};
void relay_dnf_repo(struct str text, const struct relay_place *p, struct buf *out);
void relay_apk_list(struct str text, const struct relay_place *p, struct buf *out);

#endif
