/* What a run found, kept: DATA/surface/runs/NUMBER/assets.jsonl (a line for each asset, sorted: "kind", "name", "ownership",
 * "confidence", "owner", what else is known (result-facts.h), the "path" from a seed to it, and of a domain all "evidence"), risks.jsonl (what must be fixed, in falling severity)
 * and run.json (when, from which seeds, which sources failed). A run is written whole or not at all, and never changed: what is new is the difference of two. */
#ifndef MAMORI_SURFACE_RESULT_H
#define MAMORI_SURFACE_RESULT_H

#include "base/json.h"
#include "surface/discover.h"
#include "surface/risk.h"
#include "surface/seed.h"

/* The seeds as a run takes them: the number of another owner is the place of its seed behind 1. */
struct own_seed *seeds_own(struct arena *a, const struct seeds *seeds);
/* "coverage", "rounds", "limited", "resolvers_left_out" …, into an open object. */
void discovery_write(struct json_writer *w, const struct discovery *d);
/* Whether it is listed at all. */
bool asset_listed(const struct node *n);

/* Writes a run; *number is its own. */
struct result_times {
	int64_t began, ended; /* milliseconds */
};
bool result_write(const char *folder, struct discovery *d, const struct seeds *seeds, const struct risks *risks,
		  struct result_times times, int64_t *number, struct err *e) MUST_CHECK;
/* The seeds of run.json's text, for the next run. */
bool result_seeds(struct str run, struct seeds *out, struct err *e) MUST_CHECK;
/* What a run begins with is kept until its result is written, so that a run that was stopped goes on by running again: its seeds, in
 * the form of run.json. Nothing where none was stopped. */
bool result_begin(const char *folder, const struct seeds *seeds, struct err *e) MUST_CHECK;
bool result_unfinished(const char *folder, struct seeds *out, struct err *e) MUST_CHECK;
bool result_finished(const char *folder, struct err *e) MUST_CHECK;
/* The newest run, 0 when there is none. */
bool result_newest(const char *folder, int64_t *number, struct err *e) MUST_CHECK;
/* A file of a run: "assets.jsonl", "risks.jsonl", "run.json". */
const char *result_path(struct arena *a, const char *folder, int64_t number, const char *file);

#endif
