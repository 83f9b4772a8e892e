/* Hosts as the calendar shows them: those with the same department, policy and zone are one cluster. */
#ifndef MAMORI_STORE_SCHEDULE_H
#define MAMORI_STORE_SCHEDULE_H

#include "store/store.h"

struct host_cluster {
	struct str group, policy, timezone; /* group.ptr NULL: none */
	struct str host; /* one of them */
	int64_t hosts, patches; /* patches: approved, host × patch */
	int64_t reboot_ms; /* the slowest restart among its models, 0: unknown */
};
/* Only of this department when group is not empty. */
bool host_clusters(struct store *st, struct arena *a, struct str group, struct host_cluster **out, size_t *count,
		   struct err *e) MUST_CHECK;

struct cluster_host {
	struct str id, name;
	struct str signed_text; /* the directive it obeys; empty: none */
	int64_t patches; /* the caller's */
};
bool cluster_hosts(struct store *st, struct arena *a, const struct host_cluster *c, int64_t max,
		   struct cluster_host **out, size_t *count, struct err *e) MUST_CHECK;
/* Updates that wait on its hosts, whatever was decided about them, by title. */
struct cluster_patch {
	struct str host, patch, title;
};
bool cluster_patches(struct store *st, struct arena *a, const struct host_cluster *c, int64_t max,
		     struct cluster_patch **out, size_t *count, struct err *e) MUST_CHECK;

struct not_back {
	struct str host, name, group, slot;
	int64_t start, end, last_seen;
	bool unhealthy;
	int64_t ready_by; /* the caller's */
};
/* Hosts that fell silent in a slot that began after `since`, or whose health check failed. */
bool not_back_candidates(struct store *st, struct arena *a, int64_t silent_before, int64_t since, int64_t now,
			 struct not_back **out, size_t *count, struct err *e) MUST_CHECK;

/* What a list of the morning keeps; each host once for each moment. The oldest lists go after a year. */
bool not_back_keep(struct store *st, int64_t at, const struct not_back *n, struct err *e) MUST_CHECK;
struct kept_not_back {
	int64_t at, last_seen;
	struct str host, name, group, state; /* state: silent, unhealthy */
};
/* Newest list first, then by name. */
bool not_back_kept(struct store *st, struct arena *a, int64_t since, int64_t max, struct kept_not_back **out,
		   size_t *count, struct err *e) MUST_CHECK;

#endif
