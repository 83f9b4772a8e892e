/* Inside enrichment: the rules, read only for all threads. Tables are CSV files in src/exposure/data, compiled in; a folder
 * of rules may hold its own rules.csv, specialties.csv, support.csv and redact.csv instead, recog's fingerprints and
 * *.mmdb (places and networks of addresses). */
#ifndef MAMORI_EXPOSURE_ENRICH_RULES_H
#define MAMORI_EXPOSURE_ENRICH_RULES_H

#include "exposure/enrich-filter.h"
#include "exposure/enrich-geo.h"
#include "exposure/enrich-recog.h"
#include "exposure/enrich-vuln.h"
#include "exposure/importer.h"

enum rule_group {
	GROUP_OS,
	GROUP_CLASS,
	GROUP_SPECIALTY,
	GROUP_KIND,
	GROUP_LEAK,
	GROUP_HONEYPOT,
	GROUP_PRODUCT,
	GROUPS
};
enum rule_how { HOW_CONTAINS, HOW_WORD, HOW_STARTS, HOW_REGEX, HOW_IS, HOW_PRESENT };

/* Which texts of a banner a rule looks at, as bits. */
enum {
	WHERE_DATA = 1 << 0,
	WHERE_TITLE = 1 << 1,
	WHERE_HTML = 1 << 2,
	WHERE_ORG = 1 << 3,
	WHERE_NAME = 1 << 4, /* hosts, domains, certificate names */
	WHERE_SERVER = 1 << 5,
	WHERE_PRODUCT = 1 << 6,
	WHERE_OS = 1 << 7,
	WHERE_SNMP = 1 << 8,
	WHERE_MODULE = 1 << 9,
	WHERE_DEVICE = 1 << 10,
	WHERE_TAG = 1 << 11,
};

struct rule {
	enum rule_group group;
	enum rule_how how;
	uint8_t confidence;
	unsigned where;
	struct str value, pattern;
	struct regex *regex;
};

struct rule_number { /* of a port or a favicon's hash */
	int64_t number;
	uint32_t rule;
};

struct support_row {
	struct str name; /* lower case */
	int64_t mainstream, ended;
};

/* What makes an address suspicious (suspect.h): so many services, and so many of the signs. */
enum { TRAP_FIELDS = 6, TRAP_SIGNS = 64 };
struct trap_rule {
	struct str name;
	uint8_t confidence;
	uint32_t services, different;
	enum field fields[TRAP_FIELDS];
	struct str signs[TRAP_SIGNS]; /* how values of these fields begin, whatever their case */
	size_t field_count, sign_count;
};

struct enrich_rules {
	struct arena arena;
	ARRAY_OF(struct rule) rules;
	struct filter *filter;
	ARRAY_OF(uint32_t) always; /* rules without a literal of LITERAL_MIN bytes */
	unsigned always_where; /* all that they look at */
	ARRAY_OF(struct rule_number) ports, favicons; /* sorted */
	uint32_t *port_first; /* of 65536 + 1: where a port's rules begin */
	uint32_t *present[FIELDS]; /* rules of a field that is there; count in [0] */
	ARRAY_OF(struct support_row) support;
	struct filter *support_names; /* numbers of their rows */
	ARRAY_OF(uint32_t) support_short; /* rows whose names are too short for it */
	ARRAY_OF(struct trap_rule) traps;
	struct recog recog;
	struct geo *geo;
	struct enrich_vuln *vuln; /* NULL: no feeds */
	struct str version;
};

/* Field to WHERE_ bit, 0: no rule looks at it. */
unsigned where_of(enum field f);
/* Reads the four tables into r (its arena). */
bool enrich_tables(struct enrich_rules *r, const char *folder, struct err *e) MUST_CHECK;
/* "mainstream", "extended", "ended" of a system's name at that time; STR_NONE: not known. */
struct str support_level(const struct enrich_rules *r, struct str os, int64_t when);
/* One of the tables compiled in, or the folder's own. *own: it is the folder's. */
bool enrich_table(const char *folder, const char *name, struct buf *out, bool *own, struct err *e) MUST_CHECK;

#endif
