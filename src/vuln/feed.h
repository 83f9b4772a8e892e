/* Feeds: what others publish about vulnerabilities. One file and one row each (feeds/). An import reads
 * strangers' files with bounded memory, normalises them into a feed file below DATA/feeds, and the index is
 * built beside the old one and swapped in whole. */
#ifndef MAMORI_VULN_FEED_H
#define MAMORI_VULN_FEED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"

#define FEED_REASONS_MAX 16

struct feed_count {
	uint64_t read, kept;
	struct {
		const char *reason; /* static: "withdrawn", "no-id", "unrecognised", … */
		uint64_t count;
	} skipped[FEED_REASONS_MAX];
	size_t skipped_count;
};

/* What was skipped, for people: "rejected 104, too-large 2". */
void feed_skipped_words(const struct feed_count *c, struct buf *out);

/* One named path of an import. */
struct feed_report {
	const char *path;
	char feed[32]; /* "osv", "debian-dsa", "debian-dla", "kev", "epss", "eol"; "" when none fits */
	struct feed_count count;
	bool unchanged; /* of an update: the publisher says that what was imported earlier is the newest */
	struct err error; /* code ERR_NONE when records were kept, or nothing changed */
};

struct feed_import_options {
	const char *data; /* state folder */
	bool add; /* merge instead of replacing the same feed and source */
	bool fewer; /* take what has less than half of the records it had, too */
	const struct clock *clock;
	void (*progress)(void *user, const char *path, uint64_t done, uint64_t total);
	void *user;
};

/* Imports each path (file, folder, .zip, .gz, JSON Lines; sniffed by content), then builds the index.
 * reports: count of them. False only when the state folder or the index failed: nothing changed then. */
bool feed_import(const struct feed_import_options *o, const char *const *paths, size_t count,
		 struct feed_report *reports, struct err *e) MUST_CHECK;

struct feed_status {
	char feed[32];
	char source[256]; /* what was imported: file name or URL */
	uint64_t records;
	int64_t imported_at;
	int64_t published_at; /* what the feed itself says, 0 when it does not */
	bool stale; /* older than the feed's own rhythm */
	int64_t stale_after; /* milliseconds that this feed may be old */
};
/* Feeds that were never imported are listed too, with imported_at 0. */
bool feed_status_read(const char *data, struct arena *a, int64_t now, struct feed_status **out, size_t *count,
		      struct err *e) MUST_CHECK;

/* Builds the index anew from the feeds that DATA holds: another version's index is of no use, the feeds are. No feeds
 * is no error. */
bool feed_index_rebuild(const char *data, int64_t now, struct err *e) MUST_CHECK;

/* Everything that was imported into one file with digests, for a network that cannot reach the publishers. *count: feeds. */
bool feed_export(const char *data, const char *to, size_t *count, struct err *e) MUST_CHECK;
/* Takes such a file's feeds instead of the ones of the same name and builds the index. ERR_INPUT: damaged, cut off or of
 * another version; ERR_REFUSED: older than what is there. Nothing has changed then. */
bool feed_receive(const char *data, const char *from, int64_t now, size_t *count, struct err *e) MUST_CHECK;

/* Tries the public addresses (or base URLs below mirror) of every feed, each up to three times; reports as
 * feed_import. What did not change since the last update is not sent again; what broke off goes on where it was, also
 * in a later update. A feed that did not arrive is an error in its report, never a success. On a mirror, NAME.sha256
 * beside NAME is compared when it is there. */
struct feed_update_options {
	struct feed_import_options import;
	const char *mirror; /* NULL: the publishers */
	const char *ecosystem; /* "Debian", … of this fleet; NULL: Debian */
	/* One more publisher of CSAF: its changes.csv, a ROLIE feed, its provider-metadata.json, or its host alone
	 * ("https://psirt.example"), where that is at the well-known place. NULL: none. */
	const char *csaf;
	unsigned retry_wait_ms; /* before the second try, four times that before the third; 0 = 500 */
};
bool feed_update(const struct feed_update_options *o, struct arena *a, struct feed_report **reports, size_t *count,
		 struct err *e) MUST_CHECK;

#endif
