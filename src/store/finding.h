/* Vulnerabilities, and findings: host × package × vulnerability. */
#ifndef MAMORI_STORE_FINDING_H
#define MAMORI_STORE_FINDING_H

#include "store/store.h"

struct vulnerability_row {
	struct str id, title; /* title.ptr NULL: unknown */
	int severity; /* enum severity of vuln */
	double cvss, epss; /* negative: unknown */
	bool kev;
	int64_t kev_due;
	/* lists only: */
	int64_t hosts, fixable;
	struct str packages, advisories; /* JSON arrays */
};

struct finding_row {
	struct str host, host_name, group;
	struct str package, source, installed, fixed; /* fixed.ptr NULL: none is known */
	struct str aliases, advisories; /* JSON arrays */
	int running; /* 1, 0; -1 unknown */
	struct str why, patch; /* patch.ptr NULL: no pending update brings the fix */
	struct vulnerability_row vulnerability;
};

struct finding_filter {
	struct str q, host, group, vulnerability;
	unsigned severities; /* bit 1 << severity; 0: all */
	int kev; /* -1: both */
};

bool vulnerability_put(struct store *st, const struct vulnerability_row *v, struct err *e) MUST_CHECK;
bool vulnerability_get(struct store *st, struct arena *a, struct str id, struct vulnerability_row *out,
		       struct err *e) MUST_CHECK;
/* Those that some host has. Sort keys: severity id cvss epss hosts. */
bool vulnerability_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
			struct vulnerability_row **out, size_t *count, struct err *e) MUST_CHECK;
bool vulnerability_known_sort(struct str key);

bool finding_delete_host(struct store *st, struct str host, struct err *e) MUST_CHECK;
bool finding_insert(struct store *st, const struct finding_row *f, struct err *e) MUST_CHECK;
/* Sort keys: severity package vulnerability. */
bool finding_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
		  struct finding_row **out, size_t *count, struct err *e) MUST_CHECK;
bool finding_known_sort(struct str key);

#endif
