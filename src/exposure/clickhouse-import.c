/* Imports into ClickHouse (exposure/clickhouse-import.h). Each writer fills a batch of its own, which counts when mamori_commit names
 * it; what the batches share with each other and with what is there is joined before that, into a batch with an odd number.
 * Rows that are joined elsewhere are named in mamori_dead, with the batch that was the cause: without that batch's commit
 * they count on. So a kill at any moment leaves what was there before. */
#include "exposure/clickhouse-import.h"

#include "base/log.h"
#include "base/time.h"
#include "exposure/banner-join.h"
#include "exposure/bits.h"
#include "exposure/clickhouse-literal.h"
#include "exposure/clickhouse-row.h"
#include "exposure/clickhouse-suspect.h"
#include "exposure/clickhouse.h"
#include "exposure/manifest.h"
#include "os/file.h"

#include <sys/random.h>
#include <time.h>

enum {
	ROWS_BYTES = 32 << 20, /* of one INSERT */
	PARTS_WAIT_S = 600,
	SLICE_ROWS = 1000000, /* looked at for joining at once */
	MEMBERS_MAX = 10000, /* rows of one banner: each import gives one */
	LEFTOVER_MS = 86400000, /* a batch this old that nobody committed is a killed import's */
};

struct writer {
	struct arena arena;
	struct clickhouse *h;
	struct segment_origin origin;
	uint64_t batch, rows_count;
	struct buf rows;
};

bool
clickhouse_insert(struct clickhouse *h, const char *table, const char *names, struct buf *rows, struct err *e)
{
	BUF_AUTO sql = { 0 };
	struct timespec second = { .tv_sec = 1 };

	if (rows->len == 0)
		return true;
	buf_addf(&sql, "INSERT INTO %.*s.%s (%s) FORMAT RowBinary", (int)h->database.len, h->database.ptr, table,
		 names);
	for (unsigned waited = 0;; waited++) {
		struct err why = { 0 };
		if (clickhouse_run(h, buf_str(&sql), buf_str(rows), NULL, NULL, &why)) {
			rows->len = 0;
			return true;
		}
		/* It merges what came already and asks for patience. */
		if (!strstr(why.text, "Code: 252") || waited == PARTS_WAIT_S)
			return err_set(e, why.code, "%s", why.text);
		(void)nanosleep(&second, NULL);
	}
}

bool
clickhouse_insert_banners(struct clickhouse *h, struct buf *rows, struct err *e)
{
	BUF_AUTO names = { 0 };

	clickhouse_row_names(true, true, &names);
	return clickhouse_insert(h, "mamori_banner", buf_cstr(&names), rows, e);
}

void
clickhouse_put_dead(struct buf *rows, uint64_t cause, const struct clickhouse_row *row)
{
	row_put_number(rows, cause, 8);
	row_put_number(rows, row->batch, 8);
	buf_add(rows, str_sub((const char *)row->banner.ip, 16));
	row_put_number(rows, row->banner.port, 2);
	row_put_number(rows, row->banner.transport, 1);
	row_put_number(rows, (uint64_t)row->banner.timestamp, 8);
}

bool
clickhouse_batch_new(uint64_t *out, struct err *e)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "naming a batch");
	*out = (uint64_t)clock_now(&clock_system) << 20 | (random & 0xffffe);
	return true;
}

/* ---- one writer ---- */

static void
ch_abandon(void *user)
{
	struct writer *w = user;

	if (!w)
		return;
	clickhouse_close(w->h);
	buf_free(&w->rows);
	arena_free(&w->arena);
	free(w);
}

static bool
ch_begin(const char *data, const char *store, const struct segment_origin *o, void **out, struct err *e)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->origin = (struct segment_origin){ .source = arena_str(&w->arena, o->source),
					     .file = arena_str(&w->arena, o->file),
					     .digest = arena_str(&w->arena, o->digest),
					     .snapshot = arena_str(&w->arena, o->snapshot),
					     .rules = arena_str(&w->arena, o->rules),
					     .imported_at = o->imported_at };
	if (!clickhouse_batch_new(&w->batch, e) || !clickhouse_open(data, store, &w->h, e) ||
	    !clickhouse_tables(w->h, e)) {
		ch_abandon(w);
		return false;
	}
	*out = w;
	return true;
}

static bool
ch_add(void *user, const struct banner *b, struct err *e)
{
	struct writer *w = user;
	ARENA_AUTO a = { 0 };
	struct clickhouse_row row = { .batch = w->batch, .banner = *b, .origins = &w->batch, .origin_count = 1 };
	struct banner_value *v = ARENA_ARRAY(&a, struct banner_value, b->count + 2);

	if (b->raw.len > BANNER_RAW_MAX || b->count > BANNER_VALUES_MAX)
		return err_set(e, ERR_TOO_LARGE, "a banner is larger than %u bytes or has more than %u values",
			       (unsigned)BANNER_RAW_MAX, (unsigned)BANNER_VALUES_MAX);
	row.banner.count = 0;
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field != FIELD_SOURCE && b->values[i].field != FIELD_SNAPSHOT)
			v[row.banner.count++] = b->values[i];
	v[row.banner.count++] = (struct banner_value){ .field = FIELD_SOURCE, .text = w->origin.source };
	v[row.banner.count++] = (struct banner_value){ .field = FIELD_SNAPSHOT, .text = w->origin.snapshot };
	row.banner.values = v;
	clickhouse_row_write(&row, &w->rows);
	w->rows_count++;
	return w->rows.len < ROWS_BYTES || clickhouse_insert_banners(w->h, &w->rows, e);
}

static bool
ch_relieve(void *user, size_t memory, struct err *e)
{
	struct writer *w = user;

	return w->rows.len < memory || clickhouse_insert_banners(w->h, &w->rows, e);
}

static void
ch_digest(void *user, struct str digest)
{
	struct writer *w = user;

	w->origin.digest = arena_str(&w->arena, digest);
}

/* ---- joining ---- */

struct joining {
	struct clickhouse *in, *out; /* rows come through one connection and go through the other */
	uint64_t cause, batch;
	struct arena arena; /* of the group */
	struct banner_join join;
	struct clickhouse_row first;
	ARRAY_OF(uint64_t) origins;
	size_t members;
	struct buf rows, dead;
	uint64_t joined;
};

static bool
group_end(struct joining *j, struct err *e)
{
	struct clickhouse_row row = j->first;

	if (j->members > 1) {
		banner_join_end(&j->join, &row.banner);
		row.batch = j->batch;
		row.origins = j->origins.items;
		row.origin_count = j->origins.count;
		clickhouse_row_write(&row, &j->rows);
		j->joined++;
	}
	banner_join_free(&j->join);
	arena_free(&j->arena);
	j->join = (struct banner_join){ 0 };
	memset(&j->origins, 0, sizeof(j->origins));
	j->members = 0;
	return j->rows.len < ROWS_BYTES || clickhouse_insert_banners(j->out, &j->rows, e);
}

static bool
same_service(const struct banner *a, const struct banner *b)
{
	return memcmp(a->ip, b->ip, 16) == 0 && a->port == b->port && a->transport == b->transport &&
	       a->timestamp == b->timestamp;
}

static bool
insert_dead(struct joining *j, struct err *e)
{
	return clickhouse_insert(j->out, "mamori_dead", "cause, batch, ip, port, transport, timestamp", &j->dead, e);
}

static bool
group_add(void *user, const struct clickhouse_row *row, struct arena *a, struct err *e)
{
	struct joining *j = user;

	(void)a;
	if (j->members > 0 && !same_service(&j->first.banner, &row->banner) && !group_end(j, e))
		return false;
	if (j->members++ == MEMBERS_MAX)
		return err_set(e, ERR_INPUT, "a row of mamori_banner is none of ours");
	if (j->members == 1)
		j->first = *row;
	banner_join_add(&j->join, &j->arena, &row->banner);
	for (size_t i = 0; i < row->origin_count; i++)
		if (!clickhouse_has(j->origins.items, j->origins.count, row->origins[i]))
			*ARRAY_PUSH(&j->arena, &j->origins) = row->origins[i];
	clickhouse_put_dead(&j->dead, j->cause, row);
	return j->dead.len < ROWS_BYTES || insert_dead(j, e);
}

static ptrdiff_t
take_members(void *user, struct str bytes, struct err *e)
{
	return clickhouse_rows(bytes, true, group_add, user, e);
}

/* after: the state as it will be, as if it were committed already. */
static bool
join_slice(struct joining *j, const struct clickhouse_state *after, const clickhouse_list *fresh, uint64_t slice,
	   uint64_t slices, struct err *e)
{
	static const char key[] = "ip, port, transport, timestamp";
	const int n = (int)j->in->database.len;
	const char *d = j->in->database.ptr;
	BUF_AUTO names = { 0 };
	BUF_AUTO counting = { 0 };
	BUF_AUTO batches = { 0 };
	BUF_AUTO sql = { 0 };

	clickhouse_row_names(true, false, &names);
	clickhouse_counting(j->in, after, &counting);
	clickhouse_numbers(fresh->items, fresh->count, &batches);
	buf_addf(&sql,
		 "SELECT %s FROM %.*s.mamori_banner WHERE %s AND (%s) GLOBAL IN (SELECT %s FROM (SELECT %s FROM "
		 "%.*s.mamori_banner WHERE ",
		 buf_cstr(&names), n, d, buf_cstr(&counting), key, key, key, n, d);
	buf_add(&sql, buf_str(&counting));
	buf_addf(&sql,
		 " AND (%s) GLOBAL IN (SELECT %s FROM %.*s.mamori_banner WHERE batch IN (%s) AND cityHash64(ip) %% "
		 "%llu = "
		 "%llu)) GROUP BY %s HAVING count() > 1) ORDER BY %s, raw, batch FORMAT RowBinary",
		 key, key, n, d, buf_cstr(&batches), (unsigned long long)slices, (unsigned long long)slice, key, key);
	return clickhouse_run(j->in, buf_str(&sql), STR(""), take_members, j, e) && group_end(j, e) &&
	       clickhouse_insert_banners(j->out, &j->rows, e) && insert_dead(j, e);
}

/* ---- the commit ---- */

struct commit {
	struct writer **writers;
	size_t count;
	struct arena *a;
	struct clickhouse_state before, after;
	clickhouse_list fresh, replaced, removed;
	uint64_t joined; /* its batch, 0: there is none */
};

/* Batches that only an earlier import of the same file gave go; what was joined with others of it stays. */
static void
plan(struct commit *c, const struct segment_origin *earlier)
{
	for (size_t i = 0; earlier && i < c->before.batches.count; i++) {
		const struct clickhouse_batch *b = &c->before.batches.items[i];
		if (str_eq(b->origin.source, earlier->source) && str_eq(b->origin.file, earlier->file) &&
		    str_eq(b->origin.snapshot, earlier->snapshot)) {
			*ARRAY_PUSH(c->a, &c->replaced) = b->batch;
			if (b->live)
				*ARRAY_PUSH(c->a, &c->removed) = b->batch;
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		*ARRAY_PUSH(c->a, &c->fresh) = c->writers[i]->batch;
		*ARRAY_PUSH(c->a, &c->after.live) = c->writers[i]->batch;
		*ARRAY_PUSH(c->a, &c->after.ever) = c->writers[i]->batch;
	}
	for (size_t i = 0; i < c->before.ever.count; i++)
		*ARRAY_PUSH(c->a, &c->after.ever) = c->before.ever.items[i];
	for (size_t i = 0; i < c->before.live.count; i++)
		if (!clickhouse_has(c->removed.items, c->removed.count, c->before.live.items[i]))
			*ARRAY_PUSH(c->a, &c->after.live) = c->before.live.items[i];
	c->after.dead = 1; /* marks of this import are looked at, too */
}

static bool
kill_replaced(struct commit *c, struct clickhouse *h, struct err *e)
{
	const int n = (int)h->database.len;
	const char *d = h->database.ptr;
	BUF_AUTO sql = { 0 };
	BUF_AUTO replaced = { 0 };

	if (c->replaced.count == 0)
		return true;
	clickhouse_numbers(c->replaced.items, c->replaced.count, &replaced);
	buf_addf(&sql,
		 "INSERT INTO %.*s.mamori_dead (cause, batch, ip, port, transport, timestamp) SELECT toUInt64(%llu), "
		 "batch, ip, port, transport, timestamp FROM %.*s.mamori_banner WHERE batch %% 2 = 1 AND ",
		 n, d, (unsigned long long)c->fresh.items[0], n, d);
	clickhouse_counting(h, &c->before, &sql);
	buf_addf(&sql, " AND arrayAll(o -> has(arrayMap(x -> toUInt64(x), [%s]), o), origins)", buf_cstr(&replaced));
	return clickhouse_run(h, buf_str(&sql), STR(""), NULL, NULL, e);
}

static bool
join_all(struct commit *c, struct clickhouse *in, struct clickhouse *out, struct err *e)
{
	struct joining j = { .in = in, .out = out, .cause = c->fresh.items[0], .batch = c->fresh.items[0] | 1 };
	uint64_t rows = 0, slices;
	bool ok = true;

	for (size_t i = 0; i < c->count; i++)
		rows += c->writers[i]->rows_count;
	slices = rows / SLICE_ROWS + 1;
	for (uint64_t i = 0; i < slices && ok; i++)
		ok = join_slice(&j, &c->after, &c->fresh, i, slices, e);
	c->joined = j.joined > 0 ? j.batch : 0;
	banner_join_free(&j.join);
	arena_free(&j.arena);
	buf_free(&j.rows);
	buf_free(&j.dead);
	return ok;
}

/* One row for each batch in one INSERT, which is one block: all of it is there, or nothing. */
static bool
write_commit(struct commit *c, struct clickhouse *h, struct err *e)
{
	int64_t now = clock_now(&clock_system);
	BUF_AUTO rows = { 0 };

	for (size_t i = 0; i < c->count; i++) {
		const struct segment_origin *o = &c->writers[i]->origin;
		bool joined = i == 0 && c->joined;
		row_put_number(&rows, c->writers[i]->batch, 8);
		row_put_number(&rows, (uint64_t)now, 8);
		row_put_text(&rows, o->source);
		row_put_text(&rows, o->file);
		row_put_text(&rows, o->digest);
		row_put_text(&rows, o->snapshot);
		row_put_text(&rows, o->rules);
		row_put_number(&rows, joined ? 2 : 1, 1);
		row_put_number(&rows, c->writers[i]->batch, 8);
		if (joined)
			row_put_number(&rows, c->joined, 8);
		size_t removed = i == 0 ? c->removed.count : 0;
		buf_varint(&rows, removed);
		for (size_t k = 0; k < removed; k++)
			row_put_number(&rows, c->removed.items[k], 8);
	}
	return clickhouse_insert(h, "mamori_commit", "batch, at, source, file, digest, snapshot, rules, added, removed",
				 &rows, e);
}

/* ---- what killed imports left, and what was replaced long ago ---- */

struct sweeping {
	const struct clickhouse_state *s;
	struct arena *a;
	clickhouse_list gone;
};

static ptrdiff_t
take_partition(void *user, struct str bytes, struct err *e)
{
	struct sweeping *x = user;
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };
	uint64_t old = (uint64_t)(clock_now(&clock_system) - LEFTOVER_MS) << 20, batch;
	size_t used = 0;

	(void)e;
	while (r.p < r.end) {
		struct str name = row_text(&r);
		if (r.cut)
			break;
		used = (size_t)((const char *)r.p - bytes.ptr);
		if (!str_to_u64(name, &batch))
			continue;
		bool known = clickhouse_has(x->s->ever.items, x->s->ever.count, batch);
		if ((!known && batch < old) || clickhouse_has(x->s->dropped.items, x->s->dropped.count, batch))
			*ARRAY_PUSH(x->a, &x->gone) = batch;
	}
	return (ptrdiff_t)used;
}

/* Nothing depends on it: what fails is tried again by the next import. Distributed tables have no partitions of their own. */
static void
sweep(struct clickhouse *h, const struct clickhouse_state *s, struct arena *a)
{
	const int n = (int)h->database.len;
	const char *d = h->database.ptr;
	struct sweeping x = { .s = s, .a = a };
	BUF_AUTO sql = { 0 };
	struct err e = { 0 };

	buf_addf(&sql,
		 "SELECT DISTINCT partition FROM system.parts WHERE database = '%.*s' AND table = 'mamori_banner' AND "
		 "active FORMAT RowBinary",
		 n, d);
	bool ok = clickhouse_run(h, buf_str(&sql), STR(""), take_partition, &x, &e);
	for (size_t i = 0; ok && i < x.gone.count; i++) {
		BUF_AUTO drop = { 0 };
		buf_addf(&drop, "ALTER TABLE %.*s.mamori_banner DROP PARTITION %llu", n, d,
			 (unsigned long long)x.gone.items[i]);
		ok = clickhouse_run(h, buf_str(&drop), STR(""), NULL, NULL, &e);
	}
	if (!ok)
		log_warn("exposure", "what earlier imports left in ClickHouse was not removed: %s", e.text);
}

static bool
commit(const char *data, const char *store, struct commit *c, const struct segment_origin *earlier, struct err *e)
{
	FD_AUTO lock = -1;
	const char *folder;
	struct clickhouse *h = c->writers[0]->h, *out = NULL;

	/* Two imports from this machine wait for each other; those of others see each other's banners at the next one. */
	if (!exposure_folder(c->a, data, &folder, e) || !exposure_lock(c->a, folder, &lock, e) ||
	    !clickhouse_open(data, store, &out, e))
		return false;
	bool ok = true;
	for (size_t i = 0; i < c->count && ok; i++)
		ok = clickhouse_insert_banners(c->writers[i]->h, &c->writers[i]->rows, e);
	ok = ok && clickhouse_state_read(h, c->a, &c->before, e);
	if (ok)
		plan(c, earlier);
	ok = ok && kill_replaced(c, h, e) && join_all(c, h, out, e) && write_commit(c, h, e);
	if (ok)
		sweep(h, &c->before, c->a);
	clickhouse_close(out);
	return ok;
}

static bool
ch_commit(const char *data, const char *store, void **writers, size_t count, const struct segment_origin *earlier,
	  struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct commit c = { .writers = ARENA_ARRAY(&a, struct writer *, count + 1), .count = count, .a = &a };

	for (size_t i = 0; i < count; i++)
		c.writers[i] = writers[i];
	bool ok = count == 0 || commit(data, store, &c, earlier, e);
	for (size_t i = 0; i < count; i++)
		ch_abandon(writers[i]);
	return ok || err_wrap(e, "adding to the exposure data in ClickHouse");
}

const struct exposure_filling clickhouse_filling = { ch_begin,  ch_add,     ch_relieve,        ch_digest,
						     ch_commit, ch_abandon, clickhouse_suspect };
