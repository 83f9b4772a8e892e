/* Inside the room: a repository while it is open. */
#ifndef MAMORI_TRUST_TUF_REPO_INTERNAL_H
#define MAMORI_TRUST_TUF_REPO_INTERNAL_H

#include "trust/tuf-document.h"
#include "trust/tuf-repo.h"
#include "trust/tuf-tree.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* A role's next metadata, being changed. */
struct repo_role {
	struct str name;
	enum tuf_type type;
	struct json *whole; /* {"signatures": […], "signed": {…}} */
	struct json *signed_part;
	struct table targets; /* path to its place + 1 */
	bool dirty; /* not yet in pending/ */
};

struct tuf_repo {
	const char *folder;
	const struct clock *clock;
	struct arena arena;
	int lock;
	int64_t valid_for; /* least life of what the server signs; 0: as its row says */
	/* What is published; NULL before the first time. Those of delegated roles are looked up when needed. */
	struct tuf_document *root, *timestamp, *snapshot, *targets;
	ARRAY_OF(struct tuf_document *) all;
	ARRAY_OF(struct repo_role *) roles; /* with a pending version */
};

/* Roles that we know, and for how long their metadata is valid. Unknown (a delegation added by hand): as custom. */
struct repo_kind {
	const char *name;
	enum tuf_type type;
	bool delegated, online;
	int days;
	const char *pattern; /* first folder of the paths delegated */
};
const struct repo_kind *repo_kind_of(struct str role);

const char *repo_path(struct tuf_repo *r, const char *folder, struct str name);
/* Reads and parses; the repository owns it. *out = NULL: there is no such file. */
bool repo_read(struct tuf_repo *r, const char *folder, struct str file, enum tuf_type type, struct tuf_document **out,
	       struct err *e) MUST_CHECK;
bool repo_parse(struct tuf_repo *r, struct str text, enum tuf_type type, struct tuf_document **out,
		struct err *e) MUST_CHECK;
/* The published metadata of a delegated role, or of targets; NULL when there is none. */
bool repo_published(struct tuf_repo *r, struct str role, struct tuf_document **out, struct err *e) MUST_CHECK;
/* Reads what is published. */
bool repo_load(struct tuf_repo *r, struct err *e) MUST_CHECK;

/* The pending version; NULL: nothing waits. */
bool repo_pending(struct tuf_repo *r, struct str role, struct repo_role **out, struct err *e) MUST_CHECK;
/* The same, made from what is published when there is none: next version, fresh dates, no signatures. */
bool repo_edit(struct tuf_repo *r, struct str role, struct repo_role **out, struct err *e) MUST_CHECK;
void repo_add_pending(struct tuf_repo *r, struct repo_role *role);
/* Its text, as a file. */
void repo_role_text(const struct repo_role *role, struct buf *out);
/* Dates from now on; signatures are gone. */
void repo_role_stamp(struct tuf_repo *r, struct repo_role *role);
struct repo_role *repo_role_new(struct tuf_repo *r, struct str name, enum tuf_type type, int64_t version);

/* Metadata without targets, pending as version 1. */
struct repo_role *repo_new_targets(struct tuf_repo *r, struct str name);
/* A delegation of nobody yet at the end of the list. */
struct json *repo_new_delegation(struct tuf_repo *r, struct json *roles, const char *name);

/* Signs with the online keys of the role that the holders name. */
bool repo_sign_online(struct tuf_repo *r, struct repo_role *role, const struct tuf_holders *holders,
		      struct err *e) MUST_CHECK;
/* The online key of a role as a key file has it; made when it is missing. next: the one that replaces it. */
bool repo_online_key(const char *folder, struct arena *a, const char *role, bool next, struct keyfile *out,
		     struct err *e) MUST_CHECK;
/* A key that replaces another takes its place once the published metadata names it alone. */
bool repo_settle_online(struct tuf_repo *r, const char *role, const struct tuf_holders *holders,
			struct err *e) MUST_CHECK;
/* Adds the signature of k to the tree. */
bool repo_sign_tree(struct arena *a, struct json *whole, const struct key *k, struct err *e) MUST_CHECK;

/* {"keyids": […], "threshold": n}, and the keys into `keys`. */
bool repo_put_holders(struct arena *a, struct json *role, struct json *keys, const struct tuf_signers *s,
		      struct err *e) MUST_CHECK;

#endif
