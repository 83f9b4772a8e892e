/* What a connection is made of; private to store. */
#ifndef MAMORI_STORE_CONNECTION_H
#define MAMORI_STORE_CONNECTION_H

#include "base/table.h"
#include "base/tr.h"
#include "store/store.h"

#include <sqlite3.h>

struct store {
	sqlite3 *db;
	char *path;
	struct table statements; /* text → struct sql_entry */
};

void sql_cache_free(struct store *st);
/* Turns SQLite's last error into e; always false. */
bool sql_fail(struct store *st, int rc, struct err *e);

#endif
