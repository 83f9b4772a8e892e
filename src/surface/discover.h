/* A run: from seeds to everything that hangs on them. Asks, reads, judges, and asks on where something new became ours, until
 * nothing is left to ask. What was answered once is stored (ask.h), so a run that was killed goes on by running again, and
 * `offline` goes the same way over what is stored. */
#ifndef MAMORI_SURFACE_DISCOVER_H
#define MAMORI_SURFACE_DISCOVER_H

#include "surface/ask.h"
#include "surface/own.h"

/* A file that somebody saved, as material: its form by its service (a crt.sh answer, Shodan's, a home page, search results). */
struct discover_file {
	enum service service;
	bool results; /* search results, about the organisation `what` */
	struct str what; /* as a question has it: the page's address, "domain example.jp" */
	struct str body;
};

struct discovery;

struct discover_options {
	struct asker_options ask; /* without done and progress */
	/* About once a second, with the user of ask: what is known so far. May be NULL. */
	void (*progress)(void *user, const struct discovery *so_far, uint64_t answered, uint64_t waiting);
	const struct own_seed *seeds;
	size_t seed_count;
	const struct verdict *verdicts;
	size_t verdict_count;
	const struct str *words; /* labels to guess below domains of ours; none: no guessing */
	size_t word_count;
	const struct str *pages; /* addresses of home pages that may be fetched once */
	size_t page_count;
	const struct discover_file *files;
	size_t file_count;
	unsigned
		ct_tiles; /* blocks of 256 entries that are read of one certificate log, 0 = 16; what is stored counts beside */
	unsigned domains_max; /* domains that are asked about, 0 = 5,000: a run that gets there says so */
	unsigned
		search_pages; /* of one search at Shodan or Censys that are read, 0 = 5; of a run at most 100 further ones */
	unsigned names_max; /* names below one domain that are asked about, 0 = 5,000; the most telling ones first */
	/* Other facts, once at the start of each round: mamori's own exposure index. May be NULL. */
	void (*more)(void *user, const struct graph *g, struct facts *f);
	void *user;
};

struct discovery {
	struct graph graph;
	struct coverage coverage[SERVICES];
	unsigned rounds;
	uint64_t bad; /* parts of answers that could not be read */
	uint64_t guessed, wildcards; /* names tried; of them answered by a wildcard alone */
	uint64_t by_wildcard; /* names that were told, and that only a wildcard answers for */
	uint64_t log_entries, log_learnt; /* of certificate logs: read; of them, naming something of ours */
	uint64_t spared; /* addresses whose network was told for another one */
	uint64_t hashed_absent, hashed_there; /* guesses that hashes (NSEC3) answered: not asked; not asked once more */
	uint64_t walked; /* names that NSEC records named */
	bool limited; /* domains_max was reached */
	uint64_t names_left, domains_left; /* names that were not asked about for names_max, and of how many domains */
	uint64_t searches_cut; /* that have more pages than were read */
	struct resolver_fault *faults;
	size_t fault_count;
};

bool discover(const struct discover_options *o, struct discovery *out, struct err *e) MUST_CHECK;
void discovery_free(struct discovery *d);

#endif
