/* What the files of risks share: risk.c goes over what is ours, risk-service.c judges what others saw on addresses, with
 * risk-gateway.c, risk-version.c and risk-certificate.c; risk-name.c names and domains. */
#ifndef MAMORI_SURFACE_RISK_INTERNAL_H
#define MAMORI_SURFACE_RISK_INTERNAL_H

#include "base/buf.h"
#include "surface/risk.h"

struct risk_search {
	const struct graph *g;
	const struct risk_options *o;
	struct risks *out;
};

/* Once for each rule, thing and detail: NULL when it is there already. e: NULL where what is missing is the fault. Stays where it
 * is until the next one. */
struct risk *risk_add(struct risk_search *s, const struct risk_rule *rule, const struct node *n, const struct edge *e,
		      struct str detail);
void risk_service(struct risk_search *s, const struct node *service);
/* False: it is no remote gateway. */
bool risk_gateway(struct risk_search *s, const struct node *service);
void risk_versions(struct risk_search *s, const struct node *service);
void risk_certificates(struct risk_search *s, const struct node *service);
/* What sources say of an address without saying which service it is. */
void risk_address(struct risk_search *s, const struct node *address);
void risk_name(struct risk_search *s, const struct node *name);
void risk_gateway_name(struct risk_search *s, const struct node *name);
void risk_domain(struct risk_search *s, const struct node *domain);
/* Whether text holds one of the words (in lower case), which "|" parts; without case. */
bool risk_word(struct str text, const char *words);
/* The same, where each stands at the begin of a word: "vpn" is in "SSL VPN", not in "myvpnx". */
bool risk_word_begins(struct str text, const char *words);
/* "stg2" is "stg". */
struct str risk_without_number(struct str label);

#endif
