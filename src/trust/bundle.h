/* A bundle: what is carried to a closed site, and back, on a USB stick, a DVD or through a one-way gateway's folder.
 *
 * bundle.json       the signed head (trust/key.h, TYPE "bundle-down" or "bundle-up"): for whom, which number, until when,
 *                   SHA-256 and size of every part and of the list of members
 * members.zst       the list of members, one JSON object a line, compressed by zstd
 * part-0001.mamori  the members' bytes, one behind the other, cut where a medium is full: a member may begin in one part
 *                   and end in the next. Where a member lies follows from the list alone.
 *
 * Whoever trusts the key that signed the head can check every byte before using any. Names on the medium are made here and
 * never taken from it; a member's name is never a path. What a stranger can size is capped before it is read.
 * doc/bundle.md describes the form. */
#ifndef MAMORI_TRUST_BUNDLE_H
#define MAMORI_TRUST_BUNDLE_H

#include "base/arena.h"
#include "trust/key.h"

enum bundle_direction { BUNDLE_DOWN, BUNDLE_UP };

/* Why a bundle is refused: each has its own name and its own sentence. */
enum bundle_reason {
	BUNDLE_FINE,
	BUNDLE_NONE, /* there is none in this folder */
	BUNDLE_FORGED, /* its signature is not that of the key that is trusted */
	BUNDLE_FOREIGN_SERVER, /* made by another server (or, upwards, by an unknown relay) */
	BUNDLE_FOREIGN_SITE,
	BUNDLE_WRONG_WAY, /* one that goes up given to a relay, or down to a server */
	BUNDLE_OLD, /* its number is not higher than the last one's */
	BUNDLE_GAP, /* builds on a bundle that was never taken in */
	BUNDLE_EXPIRED,
	BUNDLE_INCOMPLETE, /* parts are missing */
	BUNDLE_DAMAGED,
	BUNDLE_UNREADABLE, /* the medium could not be read, or there is no room: try again */
};
/* "foreign-site" …: for machines. */
const char *bundle_reason_name(enum bundle_reason reason);

#define BUNDLE_HEAD_FILE "bundle.json"
#define BUNDLE_LIST_FILE "members.zst"
enum {
	BUNDLE_HEAD_MAX = 4 << 20,
	BUNDLE_PARTS_MAX = 10000,
	BUNDLE_MEMBERS_MAX = 200000,
	BUNDLE_URLS_MAX = 16,
	BUNDLE_NAME_MAX = 512,
	BUNDLE_URL_MAX = 2048,
};
#define BUNDLE_LIST_MAX ((uint64_t)256 << 20) /* unpacked */
#define BUNDLE_PART_MAX UINT64_C(4294967295) /* FAT32's longest file */
#define BUNDLE_TOTAL_MAX ((uint64_t)1 << 44)

struct bundle_member {
	struct str kind; /* "content" (for the relay's cache), "tuf", "letter", "index", "catalog", "status" */
	struct str name; /* tuf: file of metadata; letter: host; content: for people */
	struct str *urls; /* content: what the bytes stand for */
	size_t url_count;
	uint64_t size; /* unpacked */
	uint64_t stored; /* as it lies in the parts */
	uint64_t at; /* where, counted over all parts; follows from the order */
	char sha256[SHA256_HEX_LEN]; /* unpacked */
	bool packed; /* zstd */
	const char *path; /* for writing: the file that holds the stored bytes */
};

struct bundle_list {
	ARRAY_OF(struct bundle_member) members;
};

struct bundle_part {
	uint64_t size;
	char sha256[SHA256_HEX_LEN];
};

struct bundle_head {
	enum bundle_direction direction;
	struct str id; /* random */
	struct str site, server;
	struct str from; /* up: the relay that made it */
	struct str key; /* id of the key that signed: tells a foreign bundle from a damaged one, proves nothing */
	int64_t counter;
	int64_t since; /* down: what the site had when it was made is left out; 0: everything is in it */
	int64_t seen; /* up: number of the last bundle taken in at the site */
	int64_t made, expires;
	uint64_t part_size, total;
	ARRAY_OF(struct bundle_part) parts;
	size_t member_count;
	uint64_t list_size, list_stored;
	char list_sha256[SHA256_HEX_LEN]; /* of the stored file */
};

/* Parsing of what the signature covers; used by the reader and fuzzed. Strings live in the arena. */
bool bundle_head_parse(struct arena *a, struct str document, struct bundle_head *out, struct err *e) MUST_CHECK;
void bundle_head_write(const struct bundle_head *h, struct json_writer *w);
bool bundle_list_parse(struct arena *a, struct str lines, struct bundle_list *out, struct err *e) MUST_CHECK;
void bundle_list_write(const struct bundle_list *l, struct buf *out);
/* Letters, digits and ._~%+=:,@- in segments of a relative path without "." and "..". */
bool bundle_name_valid(struct str name);

/* ---- reading ---- */

typedef void bundle_progress_fn(void *user, uint64_t done, uint64_t total);

/* What is looked at: a medium, and parts that an earlier one brought (NULL: none). */
struct bundle_place {
	const char *folder, *spool;
	bundle_progress_fn *progress; /* may be NULL */
	void *user;
};

/* Folders that hold a bundle: folder itself, or folders "mamori-…" in it, by name. At most 1,000. */
bool bundle_find(struct arena *a, const char *folder, const char ***found, size_t *count, struct err *e) MUST_CHECK;

/* Reads and verifies the head. key NULL: the signature is not checked (for telling what it claims to be). */
bool bundle_read_head(const struct bundle_place *p, const struct key *key, struct arena *a, struct bundle_head *out,
		      enum bundle_reason *reason, struct err *e) MUST_CHECK;

struct bundle_expect {
	enum bundle_direction direction;
	struct str site, server; /* empty: whichever */
	int64_t counter; /* of the last one taken in */
	int64_t now; /* the later of the clock and the last signed time seen */
	bool any_counter; /* verify alone: old and gap are not judged */
};
/* Is it for us, new, and still valid? */
bool bundle_judge(const struct bundle_head *h, const struct bundle_expect *x, enum bundle_reason *reason,
		  struct err *e) MUST_CHECK;

bool bundle_read_list(const struct bundle_place *p, const struct bundle_head *h, struct arena *a,
		      struct bundle_list *out, enum bundle_reason *reason, struct err *e) MUST_CHECK;
/* Every part is there and is what was signed: names the missing ones, or the damaged part and the members in it. */
bool bundle_check_parts(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_list *l,
			enum bundle_reason *reason, struct err *e) MUST_CHECK;
/* The file of part i (from 0) below a folder: "part-0001.mamori". */
const char *bundle_part_path(struct arena *a, const char *folder, size_t i);
/* Copies the parts that the folder has and the spool lacks into the spool, verified. */
bool bundle_spool(const struct bundle_place *p, const struct bundle_head *h, enum bundle_reason *reason,
		  struct err *e) MUST_CHECK;

/* One member, unpacked and checked against its digest, in pieces; false from `take` ends it. */
typedef bool bundle_take_fn(void *user, struct str bytes, struct err *e);
bool bundle_member_read(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_member *m,
			bundle_take_fn *take, void *user, enum bundle_reason *reason, struct err *e) MUST_CHECK;
/* Into a file (temp + rename), and into memory (at most max bytes). */
bool bundle_member_file(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_member *m,
			const char *path, enum bundle_reason *reason, struct err *e) MUST_CHECK;
bool bundle_member_buf(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_member *m,
		       size_t max, struct buf *out, enum bundle_reason *reason, struct err *e) MUST_CHECK;

/* ---- writing ---- */

/* Signs the head's document and appends {"document","signature"}. */
typedef bool bundle_sign_fn(void *user, const char *type, struct str document, struct buf *out, struct err *e);
/* With a key at hand; user is a const struct key *. */
bundle_sign_fn bundle_sign_key;

struct bundle_make {
	const char *folder; /* made when missing */
	struct bundle_head head; /* parts, sizes and list are filled in */
	struct bundle_list list; /* every member with path, stored and packed */
	uint64_t part_size; /* bytes of one part, 0: BUNDLE_PART_MAX */
	bundle_sign_fn *sign;
	void *sign_user;
	bundle_progress_fn *progress; /* may be NULL */
	void *user;
};
/* Writes parts, list and, last, the head. Parts that an interrupted run finished are kept when they belong to the same list:
 * *kept (may be NULL) counts them. ERR_NO_SPACE: make room and call again. */
bool bundle_make(struct bundle_make *w, struct arena *a, size_t *kept, struct err *e) MUST_CHECK;

/* Fills size, sha256, stored and packed of a member from a file, compressing it into folder/SHA256.zst where that makes it
 * smaller by a tenth (content that is compressed already is taken as it is). path of the member is set. */
bool bundle_member_prepare(struct arena *a, const char *file, const char *folder, bool compress,
			   struct bundle_member *m, struct err *e) MUST_CHECK;

#endif
