/* The numbered migrations, compiled in from migrations/NNNN-name.sql. Private to store. */
#ifndef MAMORI_STORE_MIGRATION_H
#define MAMORI_STORE_MIGRATION_H

#include <stddef.h>

struct migration {
	int version;
	const char *name;
	const char *sql;
};

extern const struct migration migrations[];
extern const size_t migration_count;

#endif
