/* Applications and appliances: which product of the CPE dictionary a name means. */
#ifndef MAMORI_VULN_SOFTWARE_H
#define MAMORI_VULN_SOFTWARE_H

#include "vuln/match.h"

#define SOFTWARE_MAX 200000
#define SOFTWARE_NAMES_MAX 24

/* As an inventory gives it. */
struct software {
	struct str publisher, name, version, cpe; /* for an appliance vendor, model, firmware */
	struct str winget; /* id, where the inventory has it */
};

struct software_product {
	struct str names[SOFTWARE_NAMES_MAX]; /* the index's, "a:mozilla:firefox"; in the order of their likeness */
	size_t count; /* 0: nothing is known of such a name */
	double confidence; /* 1: the inventory named the product itself */
	struct str winget; /* id, or "" */
	struct str version; /* as the feeds write it; "" unknown */
};

/* By its CPE, else by the reviewed table (src/vuln/data/software.csv). A CPE that cannot be read gives nothing. */
void software_product(const struct software *s, struct arena *a, struct software_product *out);

enum software_state { SOFTWARE_JUDGED, SOFTWARE_NO_VERSION, SOFTWARE_NOT_MAPPED, SOFTWARE_NOT_IN_FEEDS };
const char *software_state_name(enum software_state s); /* "judged", "no-version", "not-mapped", "not-in-feeds" */

struct software_finding {
	size_t software; /* its number in the list */
	struct finding finding;
};

struct software_result {
	struct software_product *products; /* of each */
	enum software_state *states;
	struct software_finding *findings; /* by software, each vulnerability once */
	size_t count;
	/* Unknown: its version cannot be compared with the record's (finding.doubtful), or it is vulnerable only together
	 * with another product (finding.only_with), which the list does not name. */
	struct software_finding *unsure;
	size_t unsure_count;
	bool covered; /* the feeds name any product at all */
};
bool software_match(const struct vuln_index *ix, const struct software *list, size_t count, int64_t now,
		    struct arena *a, struct software_result *out, struct err *e) MUST_CHECK;

/* Until when the product's release is supported; !out->known: the feed has no such product or release. */
void software_end_of_life(const struct vuln_index *ix, const struct software_product *p, int64_t now, struct arena *a,
			  struct end_of_life *out);

/* A list as CSV (commas, semicolons or tabs; UTF-8, UTF-16, CP932), .xlsx, or JSON Lines; columns and keys publisher
 * (vendor), name (model, product), version (firmware), cpe and those that exports and ledgers use (software-list.c); others
 * are left alone. *bad: lines that could not be read. ERR_INPUT: no such list. */
bool software_list_read(struct str bytes, const char *path, struct arena *a, struct software **out, size_t *count,
			size_t *bad, struct err *e) MUST_CHECK;

#endif
