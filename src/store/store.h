/* One connection to the database (SQLite, WAL, synchronous=FULL: committed means on disk).
 * One thread uses a connection at a time. One connection writes; others only read. */
#ifndef MAMORI_STORE_STORE_H
#define MAMORI_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"

struct store;

enum store_mode { STORE_WRITE, STORE_READ };

/* Opens the database file. STORE_WRITE creates it and applies the migrations that are missing, each in a
 * transaction; a database that a newer program wrote is ERR_CONFLICT and names both versions. */
bool store_open(const char *path, enum store_mode mode, struct store **out, struct err *e) MUST_CHECK;
void store_close(struct store *st);
void store_cleanup(struct store **st);
#define STORE_AUTO __attribute__((cleanup(store_cleanup))) struct store *

/* A write transaction (BEGIN IMMEDIATE). */
bool store_begin(struct store *st, struct err *e) MUST_CHECK;
bool store_commit(struct store *st, struct err *e) MUST_CHECK;
void store_rollback(struct store *st);
/* Many reads of one moment, without a lock for each; store_rollback() ends it. */
bool store_snapshot(struct store *st, struct err *e) MUST_CHECK;
/* One job inside a group commit: what it wrote is kept or undone alone. */
bool store_job_begin(struct store *st, struct err *e) MUST_CHECK;
bool store_job_keep(struct store *st, struct err *e) MUST_CHECK;
void store_job_undo(struct store *st);

/* The schema version that this program writes. */
int store_schema_version(void);

/* A page of a list. sort names a key that the list knows (else its default order); total is filled in. */
struct page {
	int64_t limit, offset;
	struct str sort;
	bool falling;
	int64_t total;
};

#endif
