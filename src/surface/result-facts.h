/* What is known of an asset beside whose it is: the keys of assets.jsonl that reports and pages are made from. */
#ifndef MAMORI_SURFACE_RESULT_FACTS_H
#define MAMORI_SURFACE_RESULT_FACTS_H

#include "base/json.h"
#include "surface/graph.h"

/* Into the asset's open object; nothing of what nobody said.
 * domain      "registrant", "registrar", "created", "expires", "name_servers", "mail", "spf", "dmarc", "dkim"
 * host        "alias"
 * address     "lies_in" (country), "network", "as", "services": "service", "protocol", "product", "title", "source", "seen"
 * network, as "holder", "lies_in"
 * certificate "issuer", "organisation", "from", "until", "names", "shown_at": services that show it */
void result_facts_write(struct json_writer *w, const struct graph *g, const struct node *n);

#endif
