/* What a connection is made of; private to store. */
#ifndef MAMORI_STORE_CONNECTION_H
#define MAMORI_STORE_CONNECTION_H

#include "base/table.h"
#include "base/tr.h"
#include "store/store.h"

#include <sqlite3.h>

struct sql_entry;

enum { STATEMENTS_RECENT = 64 }; /* a power of two */

struct store {
	sqlite3 *db;
	char *path;
	bool answers; /* not the server's: of the questions of discovery, which can be asked again */
	struct table statements; /* text → struct sql_entry */
	struct sql_entry *recent[STATEMENTS_RECENT]; /* the same by where the text lies: what runs for every row */
};

void sql_cache_free(struct store *st);
/* Turns SQLite's last error into e; always false. */
bool sql_fail(struct store *st, int rc, struct err *e);

#endif
