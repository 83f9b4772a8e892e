/* Between json.c and json_tree.c: where a reader stands, for errors that the tree finds. */
#ifndef MAMORI_BASE_JSON_PLACE_H
#define MAMORI_BASE_JSON_PLACE_H

#include "base/json.h"

struct json_place {
	unsigned long long line, column; /* from 1; columns are bytes */
};

struct json_place json_place(const struct json_reader *r);
/* How many values a tree may have. */
size_t json_values_max(const struct json_reader *r);

#endif
