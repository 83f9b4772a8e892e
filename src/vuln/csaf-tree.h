/* Inside the room: CSAF's product tree (section 3.2.2): which package of which system a product id means. */
#ifndef MAMORI_VULN_CSAF_TREE_H
#define MAMORI_VULN_CSAF_TREE_H

#include "base/json.h"
#include "base/table.h"

struct csaf_tree {
	struct arena *arena;
	struct table products; /* id to struct csaf_product * */
};

struct csaf_package {
	struct str os, name; /* "rhel:9", "openssl"; or "cpe", "a:vendor:product" */
	struct str version; /* as the system writes it, epoch included; may be empty */
	struct str from, below; /* a range of versions instead; may be empty */
	bool up_to; /* `below` itself is in it */
};

void csaf_tree_read(struct csaf_tree *t, const struct json *product_tree);
/* False: an unknown id, a source package, or nothing that a host can have. */
bool csaf_tree_package(const struct csaf_tree *t, struct str id, struct csaf_package *out);
void csaf_tree_close(struct csaf_tree *t);

#endif
