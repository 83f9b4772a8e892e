/* Inside the room: OSV records that name a source package, and which binary packages are built from it. */
#ifndef MAMORI_VULN_OSV_BINARIES_H
#define MAMORI_VULN_OSV_BINARIES_H

#include "base/json.h"
#include "vuln/record.h"

struct osv_binary {
	struct str name, version;
};

struct osv_binaries {
	ARRAY_OF(struct osv_binary) list;
};

/* The value of ecosystem_specific.binaries, [{"libopenssl3":"3.1.4-150600.5.7.1", …}, …]; of any other form it is
 * skipped. False: no JSON. */
bool osv_binaries_take(struct json_reader *r, struct arena *a, struct osv_binaries *into) MUST_CHECK;

/* "2" of "pkg:rpm/rocky-linux/bind?distro=rocky-linux-9&epoch=2": Rocky's versions have none. Empty: 0. */
struct str osv_epoch(struct str purl);
/* Puts it before the versions that have none. */
void osv_epoch_add(struct affected *f, struct str epoch, struct arena *a);

/* What is said of a source package, for each of its binary packages in their own versions; of the source itself where
 * none is named. */
void osv_binaries_keep(const struct affected *source, const struct osv_binaries *b, struct arena *a,
		       struct affected_list *out);

#endif
