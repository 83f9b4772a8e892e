/* From a record's values to banners: what an importer of JSON is, is mostly a table of paths and fields.
 *
 * A row whose `how` is MAP_ITEM opens an item (a Censys host's service, a Shodan host's banner): what lies inside belongs
 * to that banner, what lies outside to all of them. Without items the record is one banner. */
#ifndef MAMORI_EXPOSURE_IMPORT_MAP_H
#define MAMORI_EXPOSURE_IMPORT_MAP_H

#include "base/buf.h"
#include "exposure/import-scan.h"
#include "exposure/importer.h"

enum map_how {
	MAP_FIELD, /* by the field's kind; a number is fine where text is meant (versions) */
	MAP_WEAK, /* the same, unless another path stated it */
	MAP_PRESENT, /* true: something other than null is there */
	MAP_COUNT, /* elements of an array */
	MAP_DEGREES, /* to millionths */
	MAP_ASN, /* 64501 or "AS64501" */
	MAP_ADDRESS,
	MAP_ADDRESS_WEAK, /* an IPv4 address as a number, or text, unless MAP_ADDRESS stated it */
	MAP_PORT,
	MAP_TRANSPORT,
	MAP_TIMESTAMP,
	MAP_VERSIONS, /* a list in which "-TLSv1" or "!CVE-…" means: tested, and not so */
	MAP_CONTAINER, /* what holds the items: named so that an item's raw record can be cut out of it */
	MAP_ITEM,
	MAP_SPECIAL, /* the importer's own */
};

struct map_row {
	const char *path;
	uint8_t how;
	uint16_t field; /* of enum field; for MAP_SPECIAL a number of the importer's */
};

/* A banner in the making. */
struct draft {
	struct banner b;
	size_t cap;
	uint16_t place[FIELDS]; /* + 1, of fields that have one value */
	bool has_address, firm_address, has_port, has_time;
	const char *skip; /* why it is to be left out */
};

void draft_reset(struct draft *d);
void draft_free(struct draft *d);
void draft_copy(struct draft *to, const struct draft *from);
bool draft_has(const struct draft *d, enum field f);
/* Texts are views that live as long as the record. */
void draft_text(struct draft *d, enum field f, struct str text);
void draft_number(struct draft *d, enum field f, int64_t n);
/* The text as the field's kind wants it; what does not fit is left out. */
void draft_value(struct draft *d, enum field f, struct str text);
bool draft_address(struct draft *d, struct str text);
void draft_port(struct draft *d, struct str text);
void draft_transport(struct draft *d, struct str text);
void draft_timestamp(struct draft *d, struct str text);

struct import_sink {
	struct import_counts *counts;
	bool (*emit)(void *user, struct banner *b, struct err *e);
	void *user;
	struct err *e;
};
void import_skip(struct import_counts *counts, const char *reason, uint64_t n);
/* Emits or counts why not; false only when emit said no. */
bool sink_emit(struct import_sink *k, struct draft *d, int64_t time_otherwise) MUST_CHECK;

struct mapper;
struct map_spec {
	const struct map_row *rows;
	size_t count;
	const char *const *prefixes; /* every row also below these ("data[]."); NULL-terminated, may be NULL */
	/* May be NULL. */
	void (*special)(struct mapper *m, unsigned number, const struct scan_value *v, struct draft *d);
	/* Last touches before a banner leaves; may set d->skip. May be NULL. */
	void (*finish)(struct mapper *m, struct draft *d);
	const char *empty; /* reason when a record of hosts holds no item: "no-services"; NULL: it is a banner itself */
};

struct mapper {
	const struct map_spec *spec;
	struct scanner scan;
	struct scan_paths *paths;
	struct draft base, draft;
	struct buf raw; /* of an item: the record with only this one in it */
	struct buf text; /* for the importer's own use; emptied before every banner */
	struct arena arena; /* freed before every record */
	struct str key; /* of the item, when its container is an object */
	int64_t file_time;
	void *user; /* the importer's own */
};

struct mapper *mapper_new(const struct map_spec *spec, const struct import_context *context);
void mapper_free(void *m);
bool mapper_record(struct mapper *m, struct str bytes, struct import_sink *k) MUST_CHECK;

/* "2026-05-15T13:15:42.000000" (no zone means UTC), RFC 3339, seconds or milliseconds since 1970, ASN.1's
 * "20261231235959Z". */
bool import_time(struct str text, int64_t *ms);
bool import_address(struct str text, unsigned char ip[16]);
/* Whole numbers of 64 bits, also "443.0" and "4.43e2". */
bool import_number(struct str text, int64_t *out);

#endif
