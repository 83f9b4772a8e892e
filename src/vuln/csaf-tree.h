/* Inside the room: CSAF's product tree (section 3.2.2): which package of which system a product id means. */
#ifndef MAMORI_VULN_CSAF_TREE_H
#define MAMORI_VULN_CSAF_TREE_H

#include "base/json.h"
#include "base/table.h"
#include "vuln/record.h"

struct csaf_tree {
	struct arena *arena;
	struct table products; /* id to struct csaf_product * */
};

struct csaf_package {
	struct str os, name; /* "rhel:9", "openssl"; or "cpe", "a:vendor:product" */
	struct str version; /* as the system writes it, epoch included; may be empty */
	const struct affected_range *ranges; /* instead, of a product; NULL: it has no range of versions */
	size_t range_count;
};

void csaf_tree_read(struct csaf_tree *t, const struct json *product_tree);
/* False: an unknown id, a source package, or nothing that a host can have. */
bool csaf_tree_package(const struct csaf_tree *t, struct str id, struct csaf_package *out);
void csaf_tree_close(struct csaf_tree *t);

#endif
