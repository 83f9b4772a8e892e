/* What the files of ownership share: own.c goes in rounds, own-domain.c weighs the evidence of a domain, own-rest.c judges
 * what hangs on domains. */
#ifndef MAMORI_SURFACE_OWN_INTERNAL_H
#define MAMORI_SURFACE_OWN_INTERNAL_H

#include "surface/own.h"

enum {
	CERTIFICATE_NAMES_MAX = 50, /* more names than that: a service's, whose customers share nothing */
	LABEL_MIN = 5, /* bytes of a label that means something */
};

/* What the approved things of earlier rounds offer as evidence. Kept by own_round_begin(). */
struct own_judge {
	struct graph *g;
	struct arena arena; /* of one round */
	ARRAY_OF(uint32_t) organisations, networks;
	struct table tokens, servers, labels; /* text → the approved domain's node */
};

/* And may be evidence for others. */
static inline bool
own_approved(const struct node *n)
{
	return n && n->own == OWN_APPROVED && !n->stays;
}

/* A seed and a person's word are given: no evidence weighs against them, also where nothing may be asked about the seed. */
static inline bool
own_given(const struct node *n)
{
	return n->rule == RULE_SEED || n->rule == RULE_VERDICT;
}

/* The domain that a name hangs below, or NULL. */
static inline struct node *
own_domain_of(const struct graph *g, const struct node *name)
{
	return name->is == THING_DOMAIN || name->is == THING_NAME ? graph_at(g, name->domain) : NULL;
}

/* Sets all that is judged of a node; the distance follows from by. */
void own_set(struct graph *g, struct node *n, enum ownership own, enum own_rule rule, uint32_t by, uint32_t edge,
	     double confidence);
/* All evidence of a domain by what is approved now, strongest first. */
size_t own_weigh(const struct own_judge *j, const struct node *domain, struct evidence *out, size_t max);
/* From evidence: the classes' strongest weights. classes: how many differ. */
double own_sum(const struct evidence *evidence, size_t count, unsigned *classes, double *confidence);
/* The owned organisation that this one is, or GRAPH_NONE. */
uint32_t own_organisation(const struct own_judge *j, const struct node *organisation);
/* The one that is called almost like it (OWN_LIKE). */
uint32_t own_organisation_like(const struct own_judge *j, const struct node *organisation);
/* Whether an address lies in this network. */
bool own_network_holds(struct str network, struct str address);
/* A digest of a zone's name servers, for those that have any. */
struct str own_servers_key(const struct graph *g, struct arena *a, const struct node *domain);
/* After the rounds. */
void own_rest(struct own_judge *j);
/* In a round: organisations, networks and systems that the approved domains bring with them; true when one was new. */
bool own_holders(struct own_judge *j);

#endif
