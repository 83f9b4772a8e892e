/* Inside the room: the packages of one record while it is read. A publisher names the same range for every
 * architecture, twice in two containers, or a thousand times: each is kept once. */
#ifndef MAMORI_VULN_AFFECTED_H
#define MAMORI_VULN_AFFECTED_H

#include "base/table.h"
#include "vuln/record.h"

struct affected_set {
	struct arena *arena;
	struct affected_list list; /* in the order they were first named */
	struct table places; /* "system\0name" to a place in the list + 1 */
	struct table ranges; /* those kept */
	struct buf key; /* scratch */
};

#define AFFECTED_SET_AUTO __attribute__((cleanup(affected_set_close))) struct affected_set

/* The strings of range and name stay the caller's and must live as long as the list. */
void affected_set_add(struct affected_set *s, struct str os, struct str name, struct affected_range range);
/* Where it stands in the list, + 1; 0: it was not named. */
size_t affected_set_place(struct affected_set *s, struct str os, struct str name);
/* Several ends without a beginning are fixes of several branches: before 115.16.0, before 128.3.1, before 131.0.1. The
 * higher ones then begin behind the lower branch, so that 115.17.0 is fixed. */
void affected_branches(struct affected *product, struct arena *a);
/* So are several of one beginning in one place, not where the same product stands twice (once for each platform): from 8.0
 * before 8.0 U1e, from 8.0 before 8.0 U2d. */
void affected_branches_of_one_start(struct affected *product, struct arena *a);
void affected_set_close(struct affected_set *s);

#endif
