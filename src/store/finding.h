/* Vulnerabilities, and findings: host × package × vulnerability. */
#ifndef MAMORI_STORE_FINDING_H
#define MAMORI_STORE_FINDING_H

#include "store/store.h"

struct vulnerability_row {
	struct str id, title; /* title.ptr NULL: unknown */
	int severity; /* enum severity of vuln */
	double cvss, epss; /* negative: unknown */
	bool kev;
	int64_t kev_due, kev_added;
	int64_t facts; /* what else decides: ransomware and SSVC, as server/due.h packs them */
	/* lists only: */
	int64_t hosts, fixable;
	int action; /* the most urgent of its findings, enum action of vuln */
	int64_t due; /* the earliest, 0: none */
	struct str packages, advisories; /* JSON arrays */
};

struct finding_row {
	struct str host, host_name, group;
	struct str package, source, installed, fixed; /* fixed.ptr NULL: none is known */
	struct str aliases, advisories; /* JSON arrays */
	int running; /* 1, 0; -1 unknown */
	struct str why, patch; /* patch.ptr NULL: no pending update brings the fix */
	int64_t published; /* of the advisory that decided, 0 unknown */
	int64_t first_seen; /* on this host; kept as long as it stays */
	int action; /* enum action of vuln */
	int64_t due; /* 0: none */
	int64_t reason; /* reason_put() */
	struct str reason_en, reason_ja; /* lists only */
	struct vulnerability_row vulnerability;
	int64_t id; /* finding_of_host() only */
};

struct finding_filter {
	struct str q, host, group, vulnerability, patch;
	unsigned severities; /* bit 1 << severity; 0: all */
	unsigned actions; /* bit 1 << action; 0: all */
	int kev; /* -1: both */
	int64_t due_from, due_before; /* due in [from, before); 0: no such bound, both 0: due or not */
};

bool vulnerability_put(struct store *st, const struct vulnerability_row *v, struct err *e) MUST_CHECK;
/* The same from somebody who only names it: what he does not know stays as it is. */
bool vulnerability_mention(struct store *st, const struct vulnerability_row *v, struct err *e) MUST_CHECK;
bool vulnerability_get(struct store *st, struct arena *a, struct str id, struct vulnerability_row *out,
		       struct err *e) MUST_CHECK;
/* Those that some host has. Sort keys: severity due id cvss epss hosts. */
bool vulnerability_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
			struct vulnerability_row **out, size_t *count, struct err *e) MUST_CHECK;
bool vulnerability_known_sort(struct str key);

/* Those that the store knows, whoever has them; without sums. */
bool vulnerability_all(struct store *st, struct arena *a, struct vulnerability_row **out, size_t *count,
		       struct err *e) MUST_CHECK;

bool finding_delete(struct store *st, int64_t id, struct err *e) MUST_CHECK;
/* Adds findings to one host, and to the sums (hosts, fixable) of their vulnerabilities. */
bool finding_insert_all(struct store *st, struct str host, const struct finding_row *const *rows, size_t count,
			struct err *e) MUST_CHECK;
bool finding_set_due(struct store *st, int64_t id, int action, int64_t due, int64_t reason, struct err *e) MUST_CHECK;
/* All of one host as they stand, of the vulnerability only id and severity. */
bool finding_of_host(struct store *st, struct arena *a, struct str host, struct finding_row **out, size_t *count,
		     struct err *e) MUST_CHECK;

/* What a decision needs of one finding besides its vulnerability. */
struct finding_place {
	int64_t id;
	struct str host;
	bool fixable, exposed;
	int importance, action;
	int64_t published, first_seen, due, reason;
};
bool finding_places(struct store *st, struct arena *a, struct str vulnerability, struct finding_place **out,
		    size_t *count, struct err *e) MUST_CHECK;
/* The number of a sentence, made when it is new. */
bool reason_put(struct store *st, struct str en, struct str ja, int64_t *id, struct err *e) MUST_CHECK;
/* Sums of one host over its findings, as of the start of `today`: what was due before is overdue. */
bool finding_sum(struct store *st, struct str host, int64_t today, struct err *e) MUST_CHECK;
/* The same of every host that something became overdue on since its last sum. */
bool finding_sum_due(struct store *st, int64_t today, struct err *e) MUST_CHECK;
/* host × vulnerability of active hosts by action, what is overdue, and how many are due before `before`. */
struct finding_counts {
	int64_t actions[4]; /* enum action */
	int64_t overdue, overdue_now, overdue_hosts;
};
bool finding_count_actions(struct store *st, struct finding_counts *out, struct err *e) MUST_CHECK;

/* Sort keys: severity due host package vulnerability. */
bool finding_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
		  struct finding_row **out, size_t *count, struct err *e) MUST_CHECK;
bool finding_known_sort(struct str key);

#endif
