/* What the files of a run share: discover.c goes in rounds and reads answers, frontier.c knows what to ask about a thing,
 * names.c which names of many, guess.c tries names and tells wildcards, levels.c where, search-pages.c reads on, ct-walk.c reads certificate logs, zone-walk.c signed zones, hashed.c those with hashes. */
#ifndef MAMORI_SURFACE_DISCOVER_INTERNAL_H
#define MAMORI_SURFACE_DISCOVER_INTERNAL_H

#include "base/buf.h"
#include "surface/discover.h"
#include "surface/hashed.h"
#include "trust/key.h"

enum tag_kind { TAG_READ, TAG_PROBE, TAG_GUESS, TAG_CT, TAG_WALK, TAG_HASHED };

/* What was put for a node, in its `asked`. */
enum asked {
	ASKED_REGISTRATION = 1,
	ASKED_APEX = 2,
	ASKED_CERTIFICATES = 4,
	ASKED_ADDRESSES = 8,
	ASKED_OBSERVERS = 16,
	ASKED_REVERSE = 64,
	ASKED_ORGANISATION = 128,
	ASKED_WALK = 256,
	ASKED_SERVED = 512,
};

struct run;
struct zone; /* guess.c */
struct ct_walk; /* ct-walk.c */
struct ct_entry;
struct zone_walk; /* zone-walk.c */
struct hashed; /* hashed.c */

/* What an answer is for; the asker gives it back. */
struct tag {
	enum tag_kind kind;
	struct run *run;
	struct zone *zone;
	uint32_t word; /* of a guess; of a probe, its number */
	struct ct_walk *walk;
	struct zone_walk *zone_walk;
	struct hashed *hashed;
};

struct run {
	const struct discover_options *o;
	struct discovery *d;
	struct asker *asker;
	struct arena arena; /* lives as long as the run */
	struct tag read; /* for all answers that are just read */
	struct zone *zones;
	struct ct_walk *ct_walks;
	struct zone_walk *zone_walks;
	struct net_block *block_list; /* networks.c */
	struct table blocks;
	struct table levels; /* levels.c */
	struct table hashed; /* hashed.c */
	ARRAY_OF(struct ct_entry *) ct_entries;
	size_t ct_bytes;
	unsigned domains; /* asked about */
	unsigned further_pages[SERVICES]; /* that were asked for */
	size_t put; /* in this round */
};

/* Puts a question whose answer is read into the graph. */
void run_ask(struct run *r, enum service s, const char *format, ...) PRINTF_LIKE(3, 4);
/* As run_ask, with a tag of one's own. */
void run_put(struct run *r, enum service s, struct str what, struct tag *tag);
/* Reads an answer's facts into the graph. */
void run_learn(struct run *r, enum service s, struct str what, struct str body, int http_status, struct str from,
	       int64_t at);

/* Asks what is not yet asked about all that is known, as far as its ownership allows. */
void frontier(struct run *r);

/* Asks about the names below a domain, as far as they are ours and names_max allows. */
void names_ask(struct run *r, struct node *domain);
/* Counts what was left. */
void names_end(struct run *r);
/* Whether the labels of a name in front of its domain are such as people write, and not a machine's. */
bool names_of_people(struct str name, struct str domain);

/* Asks for the next page, where this answer is one of a search that has more. */
void search_more(struct run *r, enum service service, struct str what, struct str body);

/* Wants to know in which network an address lies; the questions are put by networks_step(), once in a round. */
void networks_want(struct run *r, struct node *address);
void networks_step(struct run *r);

/* Begins to look for a wildcard below a name of ours, and then to guess so many words there. */
struct zone *guess_begin(struct run *r, struct str name, size_t words);
/* The next steps of all zones, once their probes or guesses are answered. */
void guess_step(struct run *r);
void guess_answer(struct run *r, struct tag *tag, const struct answer *a);
void guess_end(struct run *r);
/* A label of 14 letters and digits, the same in each run; n and word: which one. */
void guess_random_label(struct str domain, unsigned n, struct str word, char out[SHA256_HEX_LEN]);
/* Whether random labels are answered there; false also while this is not known. */
bool guess_answers_any(const struct zone *z);
/* Whether a name got nothing but what random labels get. */
bool guess_is_wildcards(const struct zone *z, const struct graph *g, const struct node *name);
void guess_learn_wildcard(struct run *r, const struct zone *z);

/* Levels below domains of ours that have names: each is looked at for a wildcard of its own, and the first ones are guessed at. */
void levels_begin(struct run *r, struct node *domain);
/* Marks names that only a wildcard answers for. */
void levels_step(struct run *r);
void levels_end(struct run *r);

/* Begins with the head of each log that is named, and with what is stored of it. */
bool ct_walk_begin(struct run *r, struct err *e) MUST_CHECK;
void ct_walk_answer(struct run *r, struct tag *tag, const struct answer *a);
/* A saved tile, or a saved answer of get-entries. */
void ct_walk_file(struct run *r, struct str body);
/* Learns the entries that name what is ours by now; true when there was one. */
bool ct_walk_learn(struct run *r);
void ct_walk_end(struct run *r);

/* Follows the NSEC records of a domain of ours, if it has any. */
void zone_walk_begin(struct run *r, const struct node *domain);
/* Chains that broke are taken up where other names are known by now. */
void zone_walk_step(struct run *r);
void zone_walk_answer(struct run *r, struct tag *tag, const struct answer *a);

/* A zone that answered a question for NSEC with hashes: a few more are asked for. */
void hashed_begin(struct run *r, struct str domain, struct str body);
void hashed_answer(struct run *r, struct tag *tag, const struct answer *a);
/* What the hashes that came say of a name one label below the domain. */
enum hashed_word hashed_says(const struct run *r, struct str domain, struct str name);

#endif
