#include "store/answer.h"

#include "store/connection.h"
#include "store/sql.h"

enum { VERSION = 1, BUSY_MS = 10000 };

/* Bodies lie apart, so that the tree of keys stays small: most names that are guessed do not exist. */
static const char schema[] =
	"CREATE TABLE run (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
	"CREATE TABLE answer (service INTEGER NOT NULL, what TEXT NOT NULL, kind INTEGER NOT NULL, status INTEGER NOT "
	"NULL,"
	" at INTEGER NOT NULL, run INTEGER NOT NULL, log INTEGER NOT NULL, source TEXT NOT NULL, body INTEGER,"
	" PRIMARY KEY (service, what)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE failure (service INTEGER NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL, run INTEGER NOT NULL,"
	" source TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (service, what)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE log (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event INTEGER NOT NULL, service INTEGER NOT "
	"NULL,"
	" question INTEGER NOT NULL, what TEXT NOT NULL, partner TEXT NOT NULL, kind INTEGER NOT NULL,"
	" status INTEGER NOT NULL, answer BLOB NOT NULL, why TEXT NOT NULL, digest BLOB NOT NULL) STRICT;"
	"CREATE TABLE seal (last INTEGER PRIMARY KEY, digest BLOB NOT NULL, signature BLOB NOT NULL) STRICT;"
	"PRAGMA user_version = 1";

static bool
exec(struct store *st, const char *text, struct err *e)
{
	int rc = sqlite3_exec(st->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK || sql_fail(st, rc, e);
}

static bool
prepare(struct store *st, enum store_mode mode, struct err *e)
{
	int64_t version = 0;
	sqlite3_busy_timeout(st->db, BUSY_MS);
	sqlite3_extended_result_codes(st->db, 1);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (mode == STORE_WRITE &&
	    !exec(st, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=8000; PRAGMA journal_size_limit=67108864", e))
		return false;
	if (!exec(st, mode == STORE_WRITE ? "PRAGMA cache_size=-65536" : "PRAGMA cache_size=-8192", e) ||
	    !exec(st, "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY", e))
		return false;
	{
		SQL_AUTO q = sql_new(st, "PRAGMA user_version");
		if (!sql_number(&q, &version, e))
			return false;
	}
	if (version > VERSION)
		return err_set(e, ERR_CONFLICT,
			       "the database %s has version %lld, this program (%s) knows versions up to %d: install "
			       "the newer mamori that wrote it",
			       st->path, (long long)version, MAMORI_VERSION, VERSION);
	if (mode == STORE_READ)
		return exec(st, "PRAGMA query_only=ON", e);
	if (version == VERSION)
		return true;
	if (!store_begin(st, e))
		return false;
	if (exec(st, schema, e) && store_commit(st, e))
		return true;
	store_rollback(st);
	return false;
}

bool
answers_open(const char *path, enum store_mode mode, struct store **out, struct err *e)
{
	STORE_AUTO st = xcalloc(1, sizeof(*st));
	st->path = xstrdup(path);
	st->answers = true;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (mode == STORE_WRITE ? SQLITE_OPEN_CREATE : 0);
	int rc = sqlite3_open_v2(path, &st->db, flags, NULL);
	if (rc == SQLITE_CANTOPEN && mode == STORE_READ)
		return err_set(e, ERR_NOT_FOUND, "there are no answers in %s yet; run mamori surface discover first",
			       path);
	if (rc != SQLITE_OK)
		return sql_fail(st, rc, e);
	if (!prepare(st, mode, e))
		return false;
	*out = st;
	st = NULL;
	return true;
}

bool
answers_run_next(struct store *st, int64_t at, int64_t *run, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO run (at) VALUES (?)");
	sql_int(&q, at);
	if (!sql_run(&q, e))
		return false;
	*run = sqlite3_last_insert_rowid(st->db);
	return true;
}

/* ---- answers ---- */

/* A text is never NULL here: what is not told is empty. */
static void
bind(struct sql *q, struct str s)
{
	sql_text(q, s.ptr ? s : STR(""));
}

bool
answer_get(struct store *st, int service, struct str what, struct arena *a, struct answer_row *out, bool *found,
	   struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT kind, status, at, run, log, source, bytes FROM answer LEFT JOIN body ON "
				 "body.id = answer.body WHERE service = ? AND what = ?");
	sql_int(&q, service);
	bind(&q, what);
	*found = sql_row(&q);
	if (*found) {
		*out = (struct answer_row){ .service = service, .what = what };
		out->kind = (int)sql_get_int(&q);
		out->status = (int)sql_get_int(&q);
		out->at = sql_get_int(&q);
		out->run = sql_get_int(&q);
		out->log = sql_get_int(&q);
		out->from = sql_get_str(&q, a);
		out->body = sql_get_str(&q, a);
	}
	return sql_end(&q, e);
}

static bool
body_remove(struct store *st, const struct answer_row *r, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "DELETE FROM body WHERE id = (SELECT body FROM answer WHERE service = ? AND what = ?)");
	sql_int(&q, r->service);
	bind(&q, r->what);
	return sql_run(&q, e);
}

static bool
body_put(struct store *st, struct str bytes, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO body (bytes) VALUES (?)");
	sql_blob(&q, bytes);
	return sql_run(&q, e);
}

bool
answer_put(struct store *st, const struct answer_row *r, bool known, struct err *e)
{
	if ((known && !body_remove(st, r, e)) || (r->body.len > 0 && !body_put(st, r->body, e)))
		return false;
	SQL_AUTO q =
		sql_new(st, "INSERT OR REPLACE INTO answer (service, what, kind, status, at, run, log, source, body) "
			    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_int(&q, r->service);
	bind(&q, r->what);
	sql_int(&q, r->kind);
	sql_int(&q, r->status);
	sql_int(&q, r->at);
	sql_int(&q, r->run);
	sql_int(&q, r->log);
	bind(&q, r->from);
	if (r->body.len > 0)
		sql_int(&q, sqlite3_last_insert_rowid(st->db));
	else
		sql_null(&q);
	return sql_run(&q, e);
}

bool
answer_walk(struct store *st, answer_take_fn *take, void *user, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "SELECT service, what, kind, status, at, run, log, source, bytes FROM answer LEFT JOIN "
			    "body ON body.id = answer.body ORDER BY service, what");
	for (bool more = true; more && sql_row(&q);) {
		ARENA_AUTO a = { 0 };
		struct answer_row r = { .service = (int)sql_get_int(&q) };
		r.what = sql_get_str(&q, &a);
		r.kind = (int)sql_get_int(&q);
		r.status = (int)sql_get_int(&q);
		r.at = sql_get_int(&q);
		r.run = sql_get_int(&q);
		r.log = sql_get_int(&q);
		r.from = sql_get_str(&q, &a);
		r.body = sql_get_str(&q, &a);
		more = take(user, &r);
	}
	return sql_end(&q, e);
}

bool
answer_begins(struct store *st, int service, int kind, struct str prefix, void (*take)(void *user, struct str what),
	      void *user, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT what, kind FROM answer WHERE service = ? AND what >= ? ORDER BY what");
	sql_int(&q, service);
	bind(&q, prefix);
	while (sql_row(&q)) {
		ARENA_AUTO a = { 0 };
		struct str what = sql_get_str(&q, &a);
		if (!str_starts(what, prefix))
			break;
		if (sql_get_int(&q) == kind)
			take(user, what);
	}
	return sql_end(&q, e);
}

bool
answer_failure_get(struct store *st, int service, struct str what, struct arena *a, struct answer_failure *out,
		   bool *found, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT at, run, source, why FROM failure WHERE service = ? AND what = ?");
	sql_int(&q, service);
	bind(&q, what);
	*found = sql_row(&q);
	if (*found) {
		*out = (struct answer_failure){ .service = service, .what = what };
		out->at = sql_get_int(&q);
		out->run = sql_get_int(&q);
		out->from = sql_get_str(&q, a);
		out->why = sql_get_str(&q, a);
	}
	return sql_end(&q, e);
}

bool
answer_failure_put(struct store *st, const struct answer_failure *f, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT OR REPLACE INTO failure (service, what, at, run, source, why) "
				 "VALUES (?, ?, ?, ?, ?, ?)");
	sql_int(&q, f->service);
	bind(&q, f->what);
	sql_int(&q, f->at);
	sql_int(&q, f->run);
	bind(&q, f->from);
	bind(&q, f->why);
	return sql_run(&q, e);
}

/* ---- log ---- */

bool
log_row_put(struct store *st, const struct log_row *r, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO log (id, at, event, service, question, what, partner, kind, status, answer, "
			    "why, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_int(&q, r->row);
	sql_int(&q, r->at);
	sql_int(&q, r->event);
	sql_int(&q, r->service);
	sql_int(&q, r->of);
	bind(&q, r->what);
	bind(&q, r->with);
	sql_int(&q, r->kind);
	sql_int(&q, r->status);
	sql_blob(&q, r->answer);
	bind(&q, r->why);
	sql_blob(&q, r->digest);
	return sql_run(&q, e);
}

bool
log_seal_put(struct store *st, const struct log_seal *s, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO seal (last, digest, signature) VALUES (?, ?, ?)");
	sql_int(&q, s->last);
	sql_blob(&q, s->digest);
	sql_blob(&q, s->signature);
	return sql_run(&q, e);
}

static void
log_read(struct sql *q, struct arena *a, struct log_row *out)
{
	*out = (struct log_row){ .row = sql_get_int(q) };
	out->at = sql_get_int(q);
	out->event = (int)sql_get_int(q);
	out->service = (int)sql_get_int(q);
	out->of = sql_get_int(q);
	out->what = sql_get_str(q, a);
	out->with = sql_get_str(q, a);
	out->kind = (int)sql_get_int(q);
	out->status = (int)sql_get_int(q);
	out->answer = sql_get_str(q, a);
	out->why = sql_get_str(q, a);
	out->digest = sql_get_str(q, a);
}

#define LOG_COLUMNS "id, at, event, service, question, what, partner, kind, status, answer, why, digest"

bool
log_last(struct store *st, struct arena *a, struct log_row *out, bool *found, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " LOG_COLUMNS " FROM log ORDER BY id DESC LIMIT 1");
	*found = sql_row(&q);
	if (*found)
		log_read(&q, a, out);
	return sql_end(&q, e);
}

bool
log_walk(struct store *st, int64_t from, int64_t most, log_take_fn *take, void *user, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " LOG_COLUMNS " FROM log WHERE id >= ? ORDER BY id LIMIT ?");
	sql_int(&q, from);
	sql_int(&q, most);
	for (bool more = true; more && sql_row(&q);) {
		ARENA_AUTO a = { 0 };
		struct log_row r;
		log_read(&q, &a, &r);
		more = take(user, &r);
	}
	return sql_end(&q, e);
}

bool
log_seal_walk(struct store *st, log_seal_take_fn *take, void *user, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT last, digest, signature FROM seal ORDER BY last");
	for (bool more = true; more && sql_row(&q);) {
		ARENA_AUTO a = { 0 };
		struct log_seal s = { .last = sql_get_int(&q) };
		s.digest = sql_get_str(&q, &a);
		s.signature = sql_get_str(&q, &a);
		more = take(user, &s);
	}
	return sql_end(&q, e);
}

bool
log_question(struct store *st, int64_t row, struct arena *a, struct str *what, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT what FROM log WHERE id = ?");
	sql_int(&q, row);
	*what = sql_row(&q) ? sql_get_str(&q, a) : STR_NONE;
	return sql_end(&q, e);
}

bool
log_answer_digest(struct store *st, int64_t row, struct arena *a, struct str *digest, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT answer FROM log WHERE id = ?");
	sql_int(&q, row);
	*digest = sql_row(&q) ? sql_get_str(&q, a) : STR_NONE;
	return sql_end(&q, e);
}

bool
log_count(struct store *st, int64_t *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM log");
	return sql_number(&q, out, e);
}
