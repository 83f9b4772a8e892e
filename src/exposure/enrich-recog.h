/* Fingerprints in Rapid7's recog form: the user's own copy of its XML, read once (`mamori exposure rules import DIR`) and
 * kept as JSON Lines below the state folder. In a text of a database the first fingerprint that matches counts. */
#ifndef MAMORI_EXPOSURE_ENRICH_RECOG_H
#define MAMORI_EXPOSURE_ENRICH_RECOG_H

#include "base/buf.h"
#include "exposure/enrich-filter.h"
#include "exposure/enrich-regex.h"

enum { RECOG_PATTERNS_MAX = 100000, RECOG_PARAMS_MAX = 64, RECOG_FILE_MAX = 16 << 20, RECOG_TEXT_MAX = 4096 };

struct recog_param {
	unsigned group; /* 0: value as it stands */
	struct str name, value;
};

struct recog_pattern {
	struct str pattern;
	unsigned flags; /* REGEX_… */
	struct regex *regex;
	ARRAY_OF(struct recog_param) params;
};

struct recog_example {
	size_t database, pattern;
	struct str text;
	ARRAY_OF(struct recog_param) fields; /* what it states */
};

struct recog_database {
	struct str name; /* "ssh.banner"; the file's name where it states none */
	ARRAY_OF(struct recog_pattern) patterns;
	struct filter *filter;
	ARRAY_OF(uint32_t) always; /* patterns without a literal that must be there */
};

struct recog {
	struct arena arena;
	ARRAY_OF(struct recog_database) databases;
	size_t patterns;
	bool keep_examples;
	ARRAY_OF(struct recog_example) examples;
	char version[13]; /* hex of what the rules say */
};

/* One XML file. ERR_INPUT: no fingerprints; *bad counts patterns that cannot be read here and are left out. */
bool recog_read_xml(struct recog *r, struct str xml, const char *name, size_t *bad, struct err *e) MUST_CHECK;
/* Every .xml of a folder that holds fingerprints. */
bool recog_read_folder(struct recog *r, const char *folder, size_t *bad, struct err *e) MUST_CHECK;
/* The kept form. */
void recog_write(const struct recog *r, struct buf *out);
bool recog_read_lines(struct recog *r, struct str text, struct err *e) MUST_CHECK;
/* Filters and version: before the first match. */
void recog_ready(struct recog *r);
void recog_free(struct recog *r);

const struct recog_database *recog_find(const struct recog *r, const char *name);
/* The first pattern of the database that matches, or NULL; groups as regex_match(). */
const struct recog_pattern *recog_match(const struct recog_database *d, struct str text,
					struct str groups[REGEX_GROUPS]);
/* What it says under this name ("service.version"): group, constant, or text with {other.name} filled in. STR_NONE: nothing. */
struct str recog_value(const struct recog_pattern *p, const struct str groups[REGEX_GROUPS], struct str name,
		       struct arena *a);

#endif
