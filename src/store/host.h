/* Managed machines. Strings live in the arena that the reader was given. */
#ifndef MAMORI_STORE_HOST_H
#define MAMORI_STORE_HOST_H

#include "store/store.h"

enum host_state { HOST_PENDING, HOST_ACTIVE, HOST_REVOKED, HOST_CLONED };
const char *host_state_name(enum host_state s);

/* Severities as the findings count them; index = enum severity of vuln (unknown … critical). */
enum { HOST_SEVERITIES = 5 };

struct host {
	struct str id, name, group; /* group.ptr NULL: none */
	enum host_state state;
	int64_t enrolled_at;
	struct str token, signing_key;
	struct str agent;
	struct str machine, boot, lineage, lineage_before;
	int64_t cloned_at, reverted_at, hardware_at, last_seen;
	struct str peer;
	struct str os_key, os_name, serial, addresses; /* addresses: a JSON array */
	bool reboot;
	int64_t planned_at;
	struct str plan_error;
	int64_t lists_at, updates_at;
	int64_t packages;
	int64_t matched_at;
	uint64_t matched_generation;
	int64_t eol_at;
	bool eol_ended;
	int64_t findings[HOST_SEVERITIES], kev;
	struct str not_matched; /* why findings are older than packages and feeds; ptr NULL: they are not */
	bool exposed; /* the internet can reach it */
	int importance; /* enum importance of vuln */
	int64_t actions[4]; /* vulnerabilities by enum action of vuln */
	int64_t overdue, overdue_now; /* and those of them to act on now */
	/* Sums over its patches. */
	int64_t pending, security, running, failed, queued;
};

struct host_filter {
	struct str q, group, state, os, attention;
	struct str site; /* "-": those without one */
	int64_t silent_before; /* an active host not seen since then is silent */
	int64_t event_after; /* attention "notice": what happened since then is still said */
};

bool host_insert(struct store *st, const struct host *h, struct err *e) MUST_CHECK;
bool host_get(struct store *st, struct arena *a, struct str id, struct host *out, struct err *e) MUST_CHECK;
/* Sort keys: name group os last_seen security pending findings overdue attention (worst first). */
bool host_list(struct store *st, struct arena *a, const struct host_filter *f, struct page *p, struct host **out,
	       size_t *count, struct err *e) MUST_CHECK;
bool host_known_sort(struct str key);
/* Every host of a state. */
bool host_ids(struct store *st, struct arena *a, enum host_state s, struct str **ids, size_t *count,
	      struct err *e) MUST_CHECK;

bool host_set_state(struct store *st, struct str id, enum host_state s, struct err *e) MUST_CHECK;
bool host_set_group(struct store *st, struct str id, struct str group, struct err *e) MUST_CHECK;
/* Identity and contact of one check-in: agent, machine, boot, lineage…, cloned_at, reverted_at, hardware_at, last_seen, peer,
 * planned_at, plan_error and state. */
bool host_set_contact(struct store *st, const struct host *h, struct err *e) MUST_CHECK;
/* What the system section says: name, os_key, os_name, serial, addresses, reboot. */
bool host_set_system(struct store *st, const struct host *h, struct err *e) MUST_CHECK;
bool host_set_packages(struct store *st, struct str id, int64_t packages, struct err *e) MUST_CHECK;
bool host_set_updates(struct store *st, struct str id, int64_t lists_at, int64_t now, struct err *e) MUST_CHECK;
/* What the decision tree is told of it: exposed, importance. */
bool host_set_weight(struct store *st, struct str id, bool exposed, int importance, struct err *e) MUST_CHECK;
/* Of one matching: matched_*, eol_*, not_matched; its findings are summed up by finding_sum(). */
bool host_set_match(struct store *st, const struct host *h, struct err *e) MUST_CHECK;
bool host_set_not_matched(struct store *st, struct str id, struct str why, struct err *e) MUST_CHECK;

/* What decides whether a changed feed concerns a host. */
struct host_source {
	struct str id, os_key;
	uint64_t generation; /* of the index that it was matched with */
	bool matched;
	struct str names; /* a vuln/change.h name_set as bytes; ptr NULL: not known */
};
/* Of all active hosts, by system. */
bool host_sources(struct store *st, struct arena *a, struct host_source **out, size_t *count, struct err *e) MUST_CHECK;
bool host_set_names(struct store *st, struct str id, struct str names, struct err *e) MUST_CHECK;
/* Its findings are those of this index, too. */
bool host_set_generation(struct store *st, struct str id, uint64_t now, struct err *e) MUST_CHECK;
/* Every host is to be matched again. */
bool host_forget_generation(struct store *st, struct err *e) MUST_CHECK;
/* End of life of all hosts of a system. */
bool host_set_eol(struct store *st, struct str os_key, int64_t eol, bool ended, struct err *e) MUST_CHECK;
/* The host and everything known of it; its history too. */
bool host_delete(struct store *st, struct str id, struct err *e) MUST_CHECK;

struct host_group {
	struct str name; /* ptr NULL: hosts without one */
	int64_t hosts, security, current, silent; /* active hosts; security = hosts that miss one */
};
bool host_groups(struct store *st, struct arena *a, int64_t silent_before, struct host_group **out, size_t *count,
		 struct err *e) MUST_CHECK;

struct host_counts {
	int64_t enrolled, pending, silent, with_security, current, reboot, ended;
	int64_t missing, missing_security, queued, running; /* host × patch */
	int64_t failed_recent, installed_recent; /* attempts that ended since */
	int64_t findings[HOST_SEVERITIES], kev;
	int64_t not_matched;
};
bool host_count_all(struct store *st, int64_t silent_before, int64_t since, struct host_counts *out,
		    struct err *e) MUST_CHECK;

#endif
