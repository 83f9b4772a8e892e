/* Speaking to ClickHouse (exposure/clickhouse.h). */
#include "exposure/clickhouse.h"

#include "base/time.h"
#include "exposure/clickhouse-literal.h"
#include "exposure/clickhouse-row.h"
#include "os/file.h"

#include <stdlib.h>
#include <time.h>

enum {
	PORT = 8123,
	PORT_TLS = 8443,
	PASSWORD_MAX = 4096,
	ERROR_MAX = 65536,
	TRY_AT = 65536,
	KEEP_MS = 3600000,
	ROW_MAX = 4 * BANNER_RAW_MAX, /* one row as it comes: its record and its texts */
	COMMITS_MAX = 200000, /* batches that one import or another ever wrote */
	COMMITS_TEXT_MAX = 256 << 20, /* bytes of their names */
};

/* ---- where it is ---- */

struct place {
	struct str user, host, database;
	uint64_t port;
	bool tls;
};

static bool
bad_url(const char *store, const char *why, struct err *e)
{
	return err_set(e, ERR_USAGE, "--store %s: %s; write clickhouse://[USER@]HOST[:PORT]/DATABASE", store, why);
}

static bool
read_place(const char *store, struct place *p, struct err *e)
{
	struct str rest = str_of(store), authority, path, query = STR(""), user, host, port;

	if (!str_starts(rest, STR("clickhouse://")))
		return bad_url(store, "this is no address of a ClickHouse", e);
	rest = str_skip(rest, 13);
	if (!str_split(rest, '/', &authority, &path))
		return bad_url(store, "it names no database", e);
	if (str_split(path, '?', &path, &query) && !str_eq(query, STR("tls=true")))
		return bad_url(store, "behind ? only tls=true is known", e);
	p->tls = query.len > 0;
	p->user = STR("default");
	if (str_split(authority, '@', &user, &host)) {
		/* What stands in an argument is seen by everybody on this machine. */
		if (str_find_char(user, ':') >= 0)
			return bad_url("clickhouse://…",
				       "a password does not belong into the address; put it into "
				       "DATA/clickhouse.password or $MAMORI_CLICKHOUSE_PASSWORD",
				       e);
		p->user = user;
		authority = host;
	}
	p->host = authority;
	p->port = p->tls ? PORT_TLS : PORT;
	ptrdiff_t colon = str_rfind_char(authority, ':');
	if (colon >= 0 && str_find_char(str_skip(authority, (size_t)colon), ']') < 0) {
		p->host = str_head(authority, (size_t)colon);
		port = str_skip(authority, (size_t)colon + 1);
		if (!str_to_u64(port, &p->port) || p->port == 0 || p->port > 65535)
			return bad_url(store, "its port is none", e);
	}
	for (size_t i = 0; i < p->host.len; i++)
		if ((unsigned char)p->host.ptr[i] <= ' ' || strchr("?#%\\\"'", p->host.ptr[i]))
			return bad_url(store, "its host is none", e);
	p->database = path;
	if (p->host.len == 0 || !clickhouse_name(path))
		return bad_url(store, "host or database is no name", e);
	return true;
}

static bool
read_password(struct arena *a, const char *data, struct str *out, struct err *e)
{
	const char *stated = getenv("MAMORI_CLICKHOUSE_PASSWORD"), *named = getenv("MAMORI_CLICKHOUSE_PASSWORD_FILE");
	const char *path = named && *named ? named : path_join(a, data, "clickhouse.password");
	BUF_AUTO text = { 0 };

	*out = STR("");
	if (stated && *stated) {
		*out = arena_str(a, str_of(stated));
	} else if ((named && *named) || file_exists(path)) {
		if (!file_read(path, PASSWORD_MAX, &text, e))
			return err_wrap(e, "reading the password of ClickHouse");
		*out = arena_str(a, str_trim(buf_str(&text)));
	}
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->ptr[i] < ' ')
			return err_set(e, ERR_INPUT, "the password of ClickHouse has a control character");
	return true;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
clickhouse_deadline(struct clickhouse *h, int64_t after)
{
	h->until = after > 0 ? now_ms() + after : 0;
}

static bool
is_late(void *user)
{
	struct clickhouse *h = user;

	return (h->until > 0 && now_ms() >= h->until) || pace_stalls(&h->pace, now_ms());
}

bool
clickhouse_open(const char *data, const char *store, struct clickhouse **out, struct err *e)
{
	struct clickhouse *h = xcalloc(1, sizeof(*h));
	struct place p = { 0 };
	struct str password;

	if (!read_place(store, &p, e) || !read_password(&h->arena, data, &password, e) ||
	    !http_client_new(
		    &(struct http_client_options){
			    .connect_timeout_s = 20, .proxy = "", .stop = is_late, .stop_user = h },
		    &h->client, e)) {
		clickhouse_close(h);
		return false;
	}
	h->name = arena_printf(&h->arena, "%.*s:%u/%.*s", STR_ARG(p.host), (unsigned)p.port, STR_ARG(p.database)).ptr;
	/* An answer comes when it is whole, so that an error half-way is not taken for rows. */
	h->url = arena_printf(&h->arena,
			      "%s://%.*s:%u/?wait_end_of_query=1&max_query_size=67108864&max_ast_elements=10000000&"
			      "max_expanded_ast_elements=10000000&max_ast_depth=10000&insert_distributed_sync=1&"
			      "max_bytes_before_external_sort=4000000000&max_bytes_before_external_group_by=4000000000",
			      p.tls ? "https" : "http", STR_ARG(p.host), (unsigned)p.port)
			 .ptr;
	h->database = arena_str(&h->arena, p.database);
	size_t n = 0;
	h->headers[n++] = arena_printf(&h->arena, "X-ClickHouse-User: %.*s", STR_ARG(p.user)).ptr;
	if (password.len > 0)
		h->headers[n++] = arena_printf(&h->arena, "X-ClickHouse-Key: %.*s", STR_ARG(password)).ptr;
	h->headers[n] = "Content-Type: application/octet-stream";
	*out = h;
	return true;
}

void
clickhouse_close(struct clickhouse *h)
{
	if (!h)
		return;
	http_client_free(h->client);
	arena_free(&h->arena);
	free(h);
}

/* ---- asking ---- */

struct asking {
	struct clickhouse *h;
	clickhouse_take_fn *take;
	void *user;
	struct buf bytes;
	size_t try_at; /* bytes below which it is no use to look again */
	struct err *e;
	bool failed; /* e says why */
	int status;
};

static bool
no_answer(const struct clickhouse *h, struct err *e)
{
	return err_set(
		e, ERR_UNREACHABLE,
		"what %s answered is none of ClickHouse's answers to this question; see that this is the address of a "
		"ClickHouse's HTTP port",
		h->name);
}

/* Rows, or, with another status, the reason as "Code: 60, e.displayText() = …". */
static bool
take_bytes(struct asking *x, struct str bytes)
{
	buf_add(&x->bytes, bytes);
	if (x->status != 200)
		return x->bytes.len < ERROR_MAX;
	if (!x->take)
		return x->bytes.len < ERROR_MAX || (x->failed = true, no_answer(x->h, x->e));
	if (x->bytes.len < x->try_at)
		return true;
	ptrdiff_t used = x->take(x->user, buf_str(&x->bytes), x->e);
	if (used < 0) {
		x->failed = true;
		return false;
	}
	memmove(x->bytes.ptr, x->bytes.ptr + used, x->bytes.len - (size_t)used);
	x->bytes.len -= (size_t)used;
	x->try_at = x->bytes.len + (x->bytes.len > TRY_AT ? x->bytes.len : TRY_AT);
	return x->bytes.len <= ROW_MAX || (x->failed = true, no_answer(x->h, x->e));
}

static bool
on_bytes(void *user, struct str bytes)
{
	struct asking *x = user;

	pace_bytes(&x->h->pace, now_ms(), bytes.len);
	bool ok = take_bytes(x, bytes);
	pace_wait(&x->h->pace, now_ms());
	return ok;
}

static bool
too_slow(struct asking *x)
{
	return err_set(
		x->e, ERR_UNREACHABLE,
		"the answer of ClickHouse at %s stood still and was given up; look at its load and at the network, and "
		"try again",
		x->h->name);
}

/* In the words of the files' own index. */
static bool
too_late(struct asking *x)
{
	return err_set(x->e, ERR_BUSY,
		       "answering took too long and was given up: narrow the query, by a country, a port or a date for "
		       "one, or ask on the command line: mamori exposure");
}

static bool
refused(struct asking *x)
{
	/* 159: TIMEOUT_EXCEEDED */
	if (x->h->until > 0 && str_contains(buf_str(&x->bytes), STR("Code: 159")))
		return too_late(x);
	ARENA_AUTO a = { 0 };
	struct str text = arena_line(&a, buf_str(&x->bytes), 500);
	enum err_code code = x->status == 401 || x->status == 403 || str_contains(text, STR("Code: 193")) ||
					     str_contains(text, STR("Code: 192"))
				     ? ERR_REFUSED
				     : ERR_UNREACHABLE;

	return err_set(x->e, code, "ClickHouse at %s answered with status %d: %.*s", x->h->name, x->status,
		       STR_ARG(text));
}

bool
clickhouse_run(struct clickhouse *h, struct str sql, struct str rows, clickhouse_take_fn *take, void *user,
	       struct err *e)
{
	struct asking x = { .h = h, .take = take, .user = user, .e = e, .try_at = TRY_AT };
	struct err why = { 0 };
	BUF_AUTO body = { 0 };
	BUF_AUTO url = { 0 };
	struct str all = sql;
	bool ok, late;

	if (rows.len > 0) {
		/* The rows begin behind the first line end. */
		buf_add(&body, sql);
		buf_add_char(&body, '\n');
		buf_add(&body, rows);
		all = buf_str(&body);
	}
	if (h->until > 0)
		buf_addf(&url, "%s&max_execution_time=%lld", h->url,
			 (long long)(h->until > now_ms() ? (h->until - now_ms() + 999) / 1000 : 1));
	else
		buf_addf(&url, "%s", h->url);
	pace_begin(&h->pace, now_ms());
	ok = !is_late(h) &&
	     http_stream(h->client, "POST", buf_cstr(&url), h->headers, all, on_bytes, &x, &x.status, &why);
	late = h->until > 0 && now_ms() >= h->until;
	if (!ok && !x.failed && late)
		ok = too_late(&x);
	else if (!ok && !x.failed && pace_stalls(&h->pace, now_ms()))
		ok = too_slow(&x);
	else if (!x.failed && ((ok && x.status != 200) || (!ok && why.code == ERR_NONE)))
		ok = refused(&x);
	else if (!ok && !x.failed)
		err_set(e, why.code, "asking ClickHouse at %s: %s", h->name, why.text);
	if (ok && !take && str_trim(buf_str(&x.bytes)).len > 0)
		ok = no_answer(h, e);
	if (ok && take && x.bytes.len > 0) {
		ptrdiff_t used = take(user, buf_str(&x.bytes), e);
		ok = used == (ptrdiff_t)x.bytes.len ||
		     (used >= 0 && err_set(e, ERR_UNREACHABLE, "the answer of ClickHouse at %s was cut off", h->name));
	}
	buf_free(&x.bytes);
	return ok;
}

struct one_number {
	const struct clickhouse *h;
	uint64_t n;
	bool any;
};

static ptrdiff_t
take_number(void *user, struct str bytes, struct err *e)
{
	struct one_number *x = user;
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };

	if (x->any || bytes.len > 8)
		return -(ptrdiff_t)!no_answer(x->h, e);
	x->n = row_number(&r, 8);
	x->any = !r.cut;
	return r.cut ? 0 : 8;
}

bool
clickhouse_number_of(struct clickhouse *h, struct str sql, uint64_t *out, struct err *e)
{
	struct one_number x = { .h = h };

	*out = 0;
	if (!clickhouse_run(h, sql, STR(""), take_number, &x, e))
		return false;
	if (!x.any)
		return no_answer(h, e);
	*out = x.n;
	return true;
}

/* ---- tables ---- */

bool
clickhouse_tables(struct clickhouse *h, struct err *e)
{
	const int n = (int)h->database.len;
	const char *d = h->database.ptr;
	BUF_AUTO exists = { 0 };
	BUF_AUTO base = { 0 };
	BUF_AUTO banner = { 0 };
	BUF_AUTO dead = { 0 };
	BUF_AUTO commits = { 0 };
	uint64_t there;

	/* An account that may not make databases finds one made. */
	buf_addf(&exists,
		 "SELECT toUInt64(count()) FROM system.tables WHERE database = '%.*s' AND name IN ('mamori_banner', "
		 "'mamori_dead', 'mamori_commit') FORMAT RowBinary",
		 n, d);
	if (!clickhouse_number_of(h, buf_str(&exists), &there, e))
		return false;
	if (there == 3)
		return true;
	buf_addf(&base, "CREATE DATABASE IF NOT EXISTS %.*s", n, d);
	buf_addf(&banner, "CREATE TABLE IF NOT EXISTS %.*s.mamori_banner (", n, d);
	clickhouse_row_columns(&banner);
	buf_addf(&banner, ") ENGINE = MergeTree PARTITION BY batch ORDER BY (ip, port, transport, timestamp)");
	buf_addf(&dead,
		 "CREATE TABLE IF NOT EXISTS %.*s.mamori_dead (cause UInt64, batch UInt64, ip FixedString(16), "
		 "port UInt16, transport UInt8, timestamp Int64) ENGINE = MergeTree PARTITION BY tuple() "
		 "ORDER BY (cause, batch, ip, port, transport, timestamp)",
		 n, d);
	buf_addf(&commits,
		 "CREATE TABLE IF NOT EXISTS %.*s.mamori_commit (batch UInt64, at Int64, source String, file String, "
		 "digest String, snapshot String, rules String, added Array(UInt64), removed Array(UInt64)) "
		 "ENGINE = MergeTree PARTITION BY tuple() ORDER BY (at, batch)",
		 n, d);
	const struct buf *statements[] = { &base, &banner, &dead, &commits };
	for (size_t i = 0; i < COUNT(statements); i++)
		if (!clickhouse_run(h, buf_str(statements[i]), STR(""), NULL, NULL, e))
			return err_wrap(e, "making the tables of exposure data in ClickHouse");
	return true;
}

/* ---- what there is ---- */

struct state_reader {
	struct arena *a;
	struct clickhouse_state *s;
	clickhouse_list removed;
	size_t texts; /* bytes */
	int64_t before; /* what was removed earlier than this can go */
};

bool
clickhouse_has(const uint64_t *items, size_t count, uint64_t n)
{
	for (size_t i = 0; i < count; i++)
		if (items[i] == n)
			return true;
	return false;
}

static ptrdiff_t
not_a_commit(struct err *e)
{
	(void)err_set(e, ERR_INPUT, "a row of mamori_commit is none of ours");
	return -1;
}

static ptrdiff_t
take_commit(void *user, struct str bytes, struct err *e)
{
	struct state_reader *x = user;
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };
	size_t used = 0;

	while (r.p < r.end) {
		struct clickhouse_batch b = { .batch = row_number(&r, 8) };
		uint64_t lists[2][4096];
		uint64_t counts[2] = { 0 };
		b.origin.imported_at = (int64_t)row_number(&r, 8);
		struct str *texts[] = { &b.origin.source, &b.origin.file, &b.origin.digest, &b.origin.snapshot,
					&b.origin.rules };
		for (size_t i = 0; i < COUNT(texts); i++)
			*texts[i] = arena_str(x->a, row_text(&r));
		for (size_t i = 0; i < COUNT(texts); i++) {
			x->texts += texts[i]->len;
			if (x->texts > COMMITS_TEXT_MAX || !str_is_utf8(*texts[i]))
				return not_a_commit(e);
		}
		for (unsigned k = 0; k < 2; k++) {
			counts[k] = row_length(&r);
			if (counts[k] > COUNT(lists[k]) || x->s->ever.count + x->removed.count > COMMITS_MAX ||
			    x->s->batches.count > COMMITS_MAX)
				return not_a_commit(e);
			for (uint64_t i = 0; i < counts[k]; i++)
				lists[k][i] = row_number(&r, 8);
		}
		if (r.cut)
			break;
		/* An odd one is none of an import: what it names was looked at for honeypots. */
		bool look = b.batch % 2 == 1;
		if (!look)
			*ARRAY_PUSH(x->a, &x->s->batches) = b;
		for (uint64_t i = 0; i < counts[0]; i++) {
			*ARRAY_PUSH(x->a, &x->s->ever) = lists[0][i];
			if (look)
				*ARRAY_PUSH(x->a, &x->s->looked) = lists[0][i];
		}
		for (uint64_t i = 0; i < counts[1]; i++) {
			*ARRAY_PUSH(x->a, &x->removed) = lists[1][i];
			if (b.origin.imported_at < x->before)
				*ARRAY_PUSH(x->a, &x->s->dropped) = lists[1][i];
		}
		used = (size_t)((const char *)r.p - bytes.ptr);
	}
	return (ptrdiff_t)used;
}

void
clickhouse_numbers(const uint64_t *items, size_t count, struct buf *sql)
{
	buf_addf(sql, "%s", count == 0 ? "0" : "");
	for (size_t i = 0; i < count; i++)
		buf_addf(sql, "%s%llu", i > 0 ? "," : "", (unsigned long long)items[i]);
}

static int
compare_batches(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* What was added and not removed, by rising number, each once. */
static void
find_live(struct state_reader *x)
{
	clickhouse_list *live = &x->s->live, *removed = &x->removed;
	size_t kept = 0;

	for (size_t i = 0; i < x->s->ever.count; i++)
		*ARRAY_PUSH(x->a, live) = x->s->ever.items[i];
	if (live->count > 0)
		qsort(live->items, live->count, sizeof(*live->items), compare_batches);
	if (removed->count > 0)
		qsort(removed->items, removed->count, sizeof(*removed->items), compare_batches);
	for (size_t i = 0, gone = 0; i < live->count; i++) {
		uint64_t n = live->items[i];
		while (gone < removed->count && removed->items[gone] < n)
			gone++;
		bool is_gone = gone < removed->count && removed->items[gone] == n;
		if (!is_gone && (kept == 0 || live->items[kept - 1] != n))
			live->items[kept++] = n;
	}
	live->count = kept;
	for (size_t i = 0; i < x->s->batches.count && kept > 0; i++)
		x->s->batches.items[i].live = bsearch(&x->s->batches.items[i].batch, live->items, kept,
						      sizeof(*live->items), compare_batches) != NULL;
}

bool
clickhouse_state_of(struct arena *a, struct str rows, struct clickhouse_state *out, struct err *e)
{
	struct state_reader x = { .a = a, .s = out };

	*out = (struct clickhouse_state){ 0 };
	ptrdiff_t used = take_commit(&x, rows, e);
	if (used < 0)
		return false;
	find_live(&x);
	return used == (ptrdiff_t)rows.len || not_a_commit(e) > 0;
}

bool
clickhouse_state_read(struct clickhouse *h, struct arena *a, struct clickhouse_state *out, struct err *e)
{
	struct state_reader x = { .a = a, .s = out, .before = clock_now(&clock_system) - KEEP_MS };
	const int n = (int)h->database.len;
	const char *d = h->database.ptr;
	BUF_AUTO there = { 0 };
	BUF_AUTO commits = { 0 };
	BUF_AUTO dead = { 0 };
	uint64_t tables;

	*out = (struct clickhouse_state){ 0 };
	buf_addf(&there,
		 "SELECT toUInt64(count()) FROM system.tables WHERE database = '%.*s' AND name = 'mamori_commit' "
		 "FORMAT RowBinary",
		 n, d);
	if (!clickhouse_number_of(h, buf_str(&there), &tables, e))
		return false;
	out->empty = tables == 0;
	if (out->empty)
		return true;
	buf_addf(&commits,
		 "SELECT batch, at, source, file, digest, snapshot, rules, added, removed FROM %.*s.mamori_commit "
		 "ORDER BY at, batch FORMAT RowBinary",
		 n, d);
	if (!clickhouse_run(h, buf_str(&commits), STR(""), take_commit, &x, e))
		return false;
	find_live(&x);
	if (out->ever.count == 0)
		return true;
	buf_addf(&dead, "SELECT toUInt64(count()) FROM %.*s.mamori_dead WHERE cause IN (", n, d);
	clickhouse_numbers(out->ever.items, out->ever.count, &dead);
	buf_addf(&dead, ") FORMAT RowBinary");
	return clickhouse_number_of(h, buf_str(&dead), &out->dead, e);
}

void
clickhouse_counting(const struct clickhouse *h, const struct clickhouse_state *s, struct buf *sql)
{
	buf_addf(sql, "batch IN (");
	clickhouse_numbers(s->live.items, s->live.count, sql);
	buf_addf(sql, ")");
	if (s->dead == 0)
		return;
	buf_addf(sql,
		 " AND (batch, ip, port, transport, timestamp) GLOBAL NOT IN (SELECT batch, ip, port, transport, "
		 "timestamp FROM %.*s.mamori_dead WHERE cause IN (",
		 (int)h->database.len, h->database.ptr);
	clickhouse_numbers(s->ever.items, s->ever.count, sql);
	buf_addf(sql, "))");
}
