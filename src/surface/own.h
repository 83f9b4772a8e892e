/* What is ours. From seeds and facts follows, for each thing, its ownership, how sure that is, and over which fact it came
 * in: the path that people read. Two independent classes of evidence are needed before anything but a seed is approved.
 *
 * Judged anew from the facts each time, by rounds: what counts as evidence leads to something that was approved in an
 * earlier round, so that no two things vouch for each other, and what falls takes with it all that hung on it alone. */
#ifndef MAMORI_SURFACE_OWN_H
#define MAMORI_SURFACE_OWN_H

#include "surface/graph.h"

/* Classes of evidence. Facts of one class come from the same hand and count once: the strongest. */
enum own_class {
	CLASS_REGISTRATION, /* who registered it */
	CLASS_CERTIFICATE, /* what a certificate says */
	CLASS_ZONE, /* what its zone says of itself */
	CLASS_ACCOUNT, /* an account with a third party: verification tokens */
	CLASS_NETWORK, /* where it lies */
	CLASS_LINK, /* what a page of ours, or a list of others, says */
	CLASS_LABEL, /* what it is called */
	CLASSES,
};

enum own_rule {
	RULE_NONE,
	RULE_SEED,
	RULE_VERDICT, /* a person said so */
	/* Domains */
	RULE_REGISTRANT, /* its registrant is ours */
	RULE_REGISTRANT_LIKE, /* its registrant is called almost like ours: a branch, or a stranger */
	RULE_CONTACT, /* its contact's e-mail domain is ours */
	RULE_CERTIFICATE_OWNER, /* a certificate whose subject is our organisation names it */
	RULE_CERTIFICATE_SHARED, /* a certificate names it beside a domain of ours */
	RULE_NAME_SERVER, /* its zone is served by hosts of ours */
	RULE_MAIL, /* its mail goes to a host of ours */
	RULE_MAIL_POLICY, /* its SPF or DMARC names a domain of ours */
	RULE_SAME_SERVERS, /* the same name servers as a domain of ours */
	RULE_TOKEN, /* the same verification token as a domain of ours */
	RULE_ADDRESS, /* it lies in a network of ours */
	RULE_LINK, /* a page of ours links to it */
	RULE_MENTION, /* others name it beside our name */
	RULE_LABEL, /* the same label as a domain of ours */
	/* Everything else */
	RULE_BELOW, /* a name below a domain of ours */
	RULE_POINTS, /* a name of ours points to it */
	RULE_POINTS_AND_SHOWS, /* … and what answers there shows a certificate of ours */
	RULE_HOLDER, /* its holder is ours */
	RULE_INSIDE, /* inside a network of ours */
	RULE_ORIGIN, /* announced by an AS that a person named */
	RULE_OWNER_OF, /* the registrant of a seed, or of a domain and the owner of its certificates */
	RULE_NAMES_OURS, /* a certificate with nothing but names of ours, or with our organisation */
	RULE_SERVES, /* serves, carries or hosts something of ours */
	RULE_WILDCARD, /* a name below a domain of ours for which only a wildcard answers */
	RULE_LOOKS_LIKE, /* looks like a domain of ours, and nothing says that it is */
	RULES,
};

struct own_rule_row {
	enum own_rule rule;
	const char *name; /* "registrant": in JSON */
	const char *words; /* an English sentence about "it" */
	enum own_class class;
	double weight;
};
const struct own_rule_row *own_rule_row(unsigned rule);

/* What a run starts from: ours because a person says so. */
struct own_seed {
	enum thing is;
	struct str name;
	uint16_t owner; /* 0: our own; else a number for a group company or contractor: what hangs on it is theirs */
	bool stays; /* a contractor's without consent: nothing is asked about it, and it is evidence of nothing */
};

/* A person's word on one thing. */
struct verdict {
	enum thing is;
	struct str name;
	enum ownership own; /* OWN_APPROVED, OWN_EXCLUDED, OWN_MONITOR, OWN_DEPENDENCY */
};

/* One piece of evidence of a domain; what the page shows beside it. */
struct evidence {
	enum own_rule rule;
	uint32_t edge, by; /* by: the approved thing */
};
enum { EVIDENCE_MAX = 64 };

/* Sums of the classes' weights. */
#define OWN_ENOUGH 0.9 /* approves, where two classes are there */
#define OWN_LIKELY 0.4 /* makes a candidate */
#define OWN_LIKE 0.65 /* likeness of a registrant that is worth something, though it is not the same (ORG_SAME) */

/* Sets own, confidence, why, by, rule and distance of all nodes. */
void own_judge(struct graph *g, const struct own_seed *seeds, size_t seed_count, const struct verdict *verdicts,
	       size_t verdict_count);
/* The evidence of domains as it counts after own_judge(), strongest first; at most max. */
struct own_judge;
struct own_judge *own_open(struct graph *g);
size_t own_evidence(const struct own_judge *j, const struct node *domain, struct evidence *out, size_t max);
void own_close(struct own_judge *j);

#endif
