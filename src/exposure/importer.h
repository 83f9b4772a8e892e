/* Importers: one row each. A file is sniffed by its content, streamed, split over all cores. */
#ifndef MAMORI_EXPOSURE_IMPORTER_H
#define MAMORI_EXPOSURE_IMPORTER_H

#include "base/table.h"
#include "exposure/index.h"

struct import_counts {
	uint64_t read, kept;
	struct table skipped; /* reason to count; read = kept + the sum of these */
};

/* What an importer may know of the file before its records. */
struct import_context {
	struct str head; /* first bytes, unpacked */
	int64_t file_time; /* of observations that state no time of their own; milliseconds */
};

/* One record's bytes to banners (a Censys host gives many): calls emit for each. What is wrong with it is counted; false
 * only when emit said no. */
struct importer {
	const char *name; /* "shodan" */
	/* How sure it is that this is its form, 0–100, from the first bytes (unpacked). */
	unsigned (*sniff)(struct str head);
	bool (*record)(void *state, struct str bytes, struct import_counts *counts,
		       bool (*emit)(void *user, struct banner *b, struct err *e), void *user, struct err *e);
	void *(*begin)(const struct import_context *context); /* a state for each thread */
	void (*end)(void *state);
	enum {
		RECORDS_JSON,
		RECORDS_XML
	} form; /* what splits the stream into records: lines and arrays tell themselves */
	const char *element; /* of XML: "host" */
	bool in_order; /* records of a file depend on those before: one thread reads them all */
};
extern const struct importer *const importers[]; /* NULL-terminated */

struct import_options {
	const char *data; /* state folder */
	const char *store; /* as backend.h; NULL: the files below data */
	struct str snapshot; /* empty: from file and time */
	bool enrich, redact;
	bool add; /* do not replace what an earlier import of this file into this snapshot gave */
	unsigned threads; /* 0: as many as cores */
	const char *rules; /* folder of rules, NULL: those compiled in */
	void (*progress)(void *user, uint64_t bytes, uint64_t of, uint64_t records);
	void *user;
};
/* One path (file, or folder whose files are taken one by one, unrecognised ones counted). All of a file's records count at
 * once, or none. *source: the importer's name. False also when the path gave no record: counts say why; of a folder, the
 * files before the failing one stay imported. */
bool exposure_import(const struct import_options *o, const char *path, struct import_counts *counts, struct str *source,
		     struct err *e) MUST_CHECK;

/* Adds what mamori infers: the banner's list of values becomes a longer one of the arena. rules: shared by threads, read
 * only. */
struct enrich_rules;
bool enrich_open(const char *folder, struct enrich_rules **out, struct err *e) MUST_CHECK;
/* Possible CVEs and dates of support from the vulnerability data below data, when feeds were imported there. */
bool enrich_use_feeds(struct enrich_rules *r, const char *data, struct err *e) MUST_CHECK;
void enrich_close(struct enrich_rules *r);
struct str enrich_version(const struct enrich_rules *r);
/* The last days of mainstream and of all support of a system's name; false: not known. */
bool enrich_support_dates(const struct enrich_rules *r, struct str os, int64_t *mainstream, int64_t *ended);
void enrich_banner(const struct enrich_rules *r, struct arena *a, struct banner *b);

#endif
