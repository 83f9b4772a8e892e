/* Within seed*.c: what is nobody's or everybody's. Canonical texts go in (fact.h); NULL: nothing speaks against it. */
#ifndef MAMORI_SURFACE_SEED_INTERNAL_H
#define MAMORI_SURFACE_SEED_INTERNAL_H

#include "base/str.h"

/* "domain", "ネットワーク" … */
bool seed_kind_known(struct str kind);
/* Ranges that are not on the Internet (IANA's special-purpose registries, RFC 6890): what it is, for people. */
const char *seed_special_network(struct str network);
const char *seed_special_as(uint32_t number);
/* Those of companies whose customers are strangers to each other: the company's name. */
const char *seed_provider_of_network(struct str network);
const char *seed_provider_of_as(uint32_t number);
const char *seed_provider_of_domain(struct str domain);

#endif
