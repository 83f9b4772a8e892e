#include "store/store.h"

#include "store/connection.h"
#include "store/migration.h"
#include "store/sql.h"

enum { BUSY_TIMEOUT_MS = 10000 };

int
store_schema_version(void)
{
	return migrations[migration_count - 1].version;
}

static bool
exec(struct store *st, const char *text, struct err *e)
{
	int rc = sqlite3_exec(st->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK || sql_fail(st, rc, e);
}

static bool
configure(struct store *st, enum store_mode mode, struct err *e)
{
	sqlite3_busy_timeout(st->db, BUSY_TIMEOUT_MS);
	sqlite3_extended_result_codes(st->db, 1);
	/* What a stranger's host sends is data: it must not reach SQL that a damaged schema could smuggle in. */
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* The one writer keeps what every finding touches (five indexes, whatever the fleet's size) in memory instead of
	 * reading it from the log again, and moves the log into the database less often: a commit is on disk all the
	 * same. Both are upper bounds, used by large fleets only. */
	if (mode == STORE_WRITE &&
	    !exec(st, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=8000; PRAGMA journal_size_limit=67108864", e))
		return false;
	return exec(st, mode == STORE_WRITE ? "PRAGMA cache_size=-65536" : "PRAGMA cache_size=-8192", e) &&
	       exec(st, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY", e);
}

static bool
version_read(struct store *st, int64_t *version, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT max(version) FROM schema_version");
	return sql_number(&q, version, e);
}

static bool
migrate_one(struct store *st, const struct migration *m, struct err *e)
{
	if (!store_begin(st, e))
		return false;
	bool ok = exec(st, m->sql, e);
	if (ok) {
		SQL_AUTO q = sql_new(st, "INSERT INTO schema_version (version, name) VALUES (?, ?)");
		sql_int(&q, m->version);
		sql_cstr(&q, m->name);
		ok = sql_run(&q, e);
	}
	if (ok && store_commit(st, e))
		return true;
	store_rollback(st);
	return err_wrap(e, "changing the database to version %d (%s)", m->version, m->name);
}

/* Numbers are given out ahead and may arrive out of order: each is looked up by itself. */
static bool
migration_done(struct store *st, const struct migration *m, bool *done, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM schema_version WHERE version = ?");
	int64_t n = 0;
	sql_int(&q, m->version);
	bool ok = sql_number(&q, &n, e);
	*done = n > 0;
	return ok;
}

static bool
migrate(struct store *st, enum store_mode mode, struct err *e)
{
	if (mode == STORE_WRITE &&
	    !exec(st,
		  "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
		  e))
		return false;
	int64_t version = 0;
	if (!version_read(st, &version, e))
		return false;
	if (version > store_schema_version())
		return err_set(e, ERR_CONFLICT,
			       "the database %s has version %lld, this program (%s) knows versions up to %d: install "
			       "the newer mamori that wrote it",
			       st->path, (long long)version, MAMORI_VERSION, store_schema_version());
	for (size_t i = 0; mode == STORE_WRITE && i < migration_count; i++) {
		bool done;
		if (!migration_done(st, &migrations[i], &done, e) || (!done && !migrate_one(st, &migrations[i], e)))
			return false;
	}
	return true;
}

bool
store_open(const char *path, enum store_mode mode, struct store **out, struct err *e)
{
	STORE_AUTO st = xcalloc(1, sizeof(*st));
	st->path = xstrdup(path);
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (mode == STORE_WRITE ? SQLITE_OPEN_CREATE : 0);
	int rc = sqlite3_open_v2(path, &st->db, flags, NULL);
	if (rc != SQLITE_OK)
		return sql_fail(st, rc, e);
	if (!configure(st, mode, e) || !migrate(st, mode, e))
		return false;
	/* Readers get a connection that cannot write; they open it read-write only so that WAL recovery works. */
	if (mode == STORE_READ && !exec(st, "PRAGMA query_only=ON", e))
		return false;
	*out = st;
	st = NULL;
	return true;
}

void
store_close(struct store *st)
{
	if (!st)
		return;
	sql_cache_free(st);
	sqlite3_close(st->db);
	free(st->path);
	free(st);
}

void
store_cleanup(struct store **st)
{
	store_close(*st);
}

static bool
run(struct store *st, const char *text, struct err *e)
{
	SQL_AUTO q = sql_new(st, text);
	return sql_run(&q, e);
}

bool
store_snapshot(struct store *st, struct err *e)
{
	return run(st, "BEGIN", e);
}

bool
store_begin(struct store *st, struct err *e)
{
	return run(st, "BEGIN IMMEDIATE", e);
}

bool
store_commit(struct store *st, struct err *e)
{
	return run(st, "COMMIT", e);
}

void
store_rollback(struct store *st)
{
	struct err ignored;
	if (!sqlite3_get_autocommit(st->db)) /* SQLite may have rolled back by itself */
		(void)!run(st, "ROLLBACK", &ignored);
}

bool
store_job_begin(struct store *st, struct err *e)
{
	return run(st, "SAVEPOINT job", e);
}

bool
store_job_keep(struct store *st, struct err *e)
{
	return run(st, "RELEASE job", e);
}

void
store_job_undo(struct store *st)
{
	struct err ignored;
	if (!sqlite3_get_autocommit(st->db)) {
		(void)!run(st, "ROLLBACK TO job", &ignored);
		(void)!run(st, "RELEASE job", &ignored);
	}
}
