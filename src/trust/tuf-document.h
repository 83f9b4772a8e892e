/* Inside the room: one metadata file, parsed and bounded, and who has signed it. */
#ifndef MAMORI_TRUST_TUF_DOCUMENT_H
#define MAMORI_TRUST_TUF_DOCUMENT_H

#include "base/table.h"
#include "trust/tuf.h"

enum tuf_type { TUF_TYPE_ROOT, TUF_TYPE_TIMESTAMP, TUF_TYPE_SNAPSHOT, TUF_TYPE_TARGETS, TUF_TYPES };
/* "root", "timestamp", "snapshot", "targets". */
extern const char *const tuf_type_names[TUF_TYPES];

#define TUF_NUMBER_MAX ((INT64_C(1) << 53) - 1) /* what every reader of JSON can hold */
enum {
	TUF_ROLE_NAME_MAX = 64, /* bytes; percent-encoded with a version before it still a file's name */
	TUF_KEYS_MAX = 1024,
	TUF_SIGNATURES_MAX = 256,
	TUF_DELEGATIONS_MAX = 1024,
	TUF_META_MAX = 8192,
	TUF_PATTERNS_MAX = 4096,
	TUF_PATH_MAX = 1024,
	TUF_DEPTH_MAX = 32,
	TUF_PUBLIC_MAX = 4096, /* bytes of a public key as PEM */
	TUF_SIGNATURE_HEX_MAX = 2048, /* of RSA with 8192 bits */
};

struct tuf_key {
	struct str id; /* the SHA-256 of the key's canonical form: checked */
	struct str type, scheme, public;
};

struct tuf_keys {
	ARRAY_OF(struct tuf_key) items;
};

/* Who may sign a role. */
struct tuf_holders {
	struct str *ids; /* each once */
	size_t count;
	int64_t threshold; /* 1 or more */
};

struct tuf_delegation {
	struct str name;
	struct tuf_holders holders;
	struct str *patterns; /* or prefixes of SHA-256 in hexadecimal */
	size_t pattern_count;
	bool by_hash, terminating;
};

struct tuf_document {
	enum tuf_type type;
	struct str bytes; /* as read */
	struct str canonical; /* what signatures are over */
	const struct json *signed_part, *signatures;
	int64_t version, expires, issued; /* issued: 0 when it does not say */
	/* root; targets: of its delegations */
	struct tuf_keys keys;
	bool consistent;
	struct tuf_holders roles[TUF_TYPES];
	/* timestamp, snapshot */
	const struct json *meta;
	/* targets */
	const struct json *targets;
	struct table index; /* path to its object */
	ARRAY_OF(struct tuf_delegation) delegations;
	struct str verified_for; /* the role that delegated, when it was verified */
};

/* Parses and checks form and bounds, no signatures. Everything lives in the arena but doc->index, which
 * tuf_document_free() frees. On failure *reason says MALFORMED, WRONG_TYPE or SPEC_VERSION. */
bool tuf_document_parse(struct arena *a, struct str bytes, enum tuf_type type, struct tuf_document **out,
			enum tuf_reason *reason, struct err *e) MUST_CHECK;
/* The same for metadata of whatever type it says to be of. */
bool tuf_document_any(struct arena *a, struct str bytes, struct tuf_document **out, struct err *e) MUST_CHECK;
void tuf_document_free(struct tuf_document *d);

/* One key object under its id; false: unusable (a wrong id, an unknown form), which counts as not there. */
bool tuf_key_parse(struct arena *a, struct str id, const struct json *value, struct tuf_key *out);

/* How many different keys of the holders have signed d. A key counts once, under however many ids it goes. */
int64_t tuf_signed_by(const struct tuf_document *d, const struct tuf_keys *keys, const struct tuf_holders *holders);
static inline bool
tuf_is_signed(const struct tuf_document *d, const struct tuf_keys *keys, const struct tuf_holders *holders)
{
	return holders->threshold > 0 && tuf_signed_by(d, keys, holders) >= holders->threshold;
}
/* The same set of key ids? */
bool tuf_holders_equal(const struct tuf_holders *a, const struct tuf_holders *b);

/* What the timestamp says of the snapshot, or the snapshot of targets. */
struct tuf_meta {
	int64_t version;
	int64_t length; /* −1: not listed */
	const struct json *hashes; /* or NULL */
};
/* The entry "NAME.json"; false: not listed. */
bool tuf_meta_find(const struct tuf_document *d, struct str role, struct tuf_meta *out);
/* Digests that are listed: all known kinds must match, and one kind must be known. */
bool tuf_hashes_match(const struct json *hashes, struct str bytes);

/* Does the delegation cover this path? */
bool tuf_delegation_covers(const struct tuf_delegation *d, struct str path);
/* glob(7) piece by piece: a wildcard matches no slash. */
bool tuf_glob(struct str pattern, struct str path);

/* "42.ROLE.json"; version 0: "ROLE.json". */
struct str tuf_file_name(struct arena *a, int64_t version, struct str role);

/* ---- cryptography, by platform ---- */

/* True when signature is this key's over message; *identity: the SHA-256 of its SubjectPublicKeyInfo. */
bool tuf_verify(const struct tuf_key *k, struct str message, struct str signature, unsigned char identity[32]);
struct tuf_digest;
struct tuf_digest *tuf_digest_open(bool sha512);
void tuf_digest_add(struct tuf_digest *d, struct str bytes);
/* Lower-case hexadecimal; frees. */
void tuf_digest_close(struct tuf_digest *d, char out[129]);
void tuf_digest_hex(bool sha512, struct str bytes, char out[129]);

#endif
