/* Banners out of a ClickHouse, and two questions compared (exposure/clickhouse-store.h). */
#include "exposure/clickhouse-literal.h"
#include "exposure/clickhouse-row.h"
#include "exposure/clickhouse-sql.h"
#include "exposure/clickhouse-store.h"
#include "exposure/diff.h"

/* ---- finding ---- */

struct row_giver {
	struct clickhouse_store *s;
	exposure_each_fn *each;
	void *user;
	bool texts;
	uint64_t left; /* no more than were asked for */
};

/* The imports that told a row. */
static void
name_origins(const struct clickhouse_store *s, struct arena *a, struct clickhouse_row *row)
{
	struct banner *b = &row->banner;

	b->origins = ARENA_ARRAY(a, const struct segment_origin *, row->origin_count + 1);
	for (size_t i = 0; i < row->origin_count; i++)
		for (size_t k = 0; k < s->state.batches.count; k++)
			if (s->state.batches.items[k].batch == row->origins[i]) {
				b->origins[b->origin_count++] = &s->state.batches.items[k].origin;
				break; /* whatever the server says twice */
			}
}

static ptrdiff_t
not_ours(struct err *e)
{
	(void)err_set(e, ERR_INPUT, "a row of mamori_banner is none of ours");
	return -1;
}

static bool
give_row(void *user, const struct clickhouse_row *row, struct arena *a, struct err *e)
{
	struct row_giver *g = user;
	struct clickhouse_row named = *row;

	if (g->left-- == 0)
		return not_ours(e) > 0;
	name_origins(g->s, a, &named);
	return g->each(g->user, &named.banner, e);
}

static ptrdiff_t
take_rows(void *user, struct str bytes, struct err *e)
{
	const struct row_giver *g = user;

	return clickhouse_rows(bytes, g->texts, give_row, user, e);
}

/* The order of exposure_search(): banners without a value last; of equal ones by service, the newest first. */
static void
order_by(const struct exposure_page *page, struct buf *sql)
{
	static const char service[] = "ip, port, transport, timestamp DESC";
	const char *way = page->falling ? " DESC" : "";
	BUF_AUTO values = { 0 };

	if (page->sample > 0) {
		/* banner_key_hash(), so that every store draws the same. */
		buf_addf(
			sql,
			" ORDER BY intHash64(bitXor(intHash64(bitXor(intHash64(bitXor(intHash64(bitXor(toUInt64(%llu), "
			"reinterpretAsUInt64(substring(ip, 1, 8)))), reinterpretAsUInt64(substring(ip, 9, 8)))), "
			"toUInt64(port) * 4 + toUInt64(transport))), toUInt64(timestamp))), %s",
			(unsigned long long)page->seed, service);
		return;
	}
	if (page->sort == FIELDS) {
		buf_addf(sql, " ORDER BY timestamp DESC, %s", service);
		return;
	}
	clickhouse_values(page->sort, &values);
	const char *v = buf_cstr(&values);
	if (page->sort == FIELD_IP)
		buf_addf(sql, " ORDER BY ip%s, %s", way, service);
	else if (clickhouse_is_string(page->sort))
		buf_addf(sql, " ORDER BY empty(%s), lower(%s[1])%s, %s[1]%s, %s", v, v, way, v, way, service);
	else
		buf_addf(sql, " ORDER BY empty(%s), %s[1]%s, %s", v, v, way, service);
}

bool
clickhouse_search(void *store, const struct query *q, const struct exposure_page *page, exposure_each_fn *each,
		  void *user, struct err *e)
{
	struct clickhouse_store *s = store;
	uint64_t limit = page->sample > 0 ? page->sample : page->limit;
	struct row_giver g = { s, each, user, page->raw, limit };
	BUF_AUTO sql = { 0 };

	if (page->sort != FIELDS && field_table[page->sort].kind == FIELD_TEXT)
		return err_set(e, ERR_USAGE, "banners cannot be sorted by %s", field_table[page->sort].name);
	if (s->state.live.count == 0)
		return true;
	buf_addf(&sql, "SELECT ");
	clickhouse_row_names(page->raw, false, &sql);
	clickhouse_from_where(s, q, &sql);
	order_by(page, &sql);
	buf_addf(&sql, " LIMIT %llu, %llu FORMAT RowBinary", (unsigned long long)page->offset,
		 (unsigned long long)(limit < UINT32_MAX ? limit : UINT32_MAX));
	return clickhouse_run(s->h, buf_str(&sql), STR(""), take_rows, &g, e);
}

/* ---- comparing ---- */

struct difference_giver {
	exposure_difference_fn *each;
	void *user;
	struct buf before; /* a row of the first side that waits for its partner */
	struct service { /* that was given last: each comes once on each side */
		unsigned char key[20];
		bool any;
	} last;
};

static bool
same_service(const struct banner *a, const struct banner *b)
{
	return memcmp(a->ip, b->ip, 16) == 0 && a->port == b->port && a->transport == b->transport;
}

static bool
give_difference(struct difference_giver *g, const struct banner *before, const struct banner *after, struct err *e)
{
	struct exposure_difference d = { .change = !before  ? EXPOSURE_NEW
						   : !after ? EXPOSURE_GONE
							    : EXPOSURE_CHANGED,
					 .before = before,
					 .after = after };

	if (before && after && !banners_differ(before, after, d.fields))
		return true;
	return g->each(g->user, &d, e);
}

/* The row that waits, if there is one, with its partner or without. */
static bool
give_waiting(struct difference_giver *g, const struct banner *after, bool *paired, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct clickhouse_row row;
	size_t used;

	*paired = false;
	if (g->before.len == 0)
		return true;
	if (clickhouse_row_read(buf_str(&g->before), true, &a, &row, &used) != 1)
		return not_ours(e) > 0;
	*paired = after && same_service(&row.banner, after);
	bool ok = give_difference(g, &row.banner, *paired ? after : NULL, e);
	g->before.len = 0;
	return ok;
}

/* Sides are compared in the order of their services, the first one's before the second's. */
static bool
comes_later(struct difference_giver *g, const struct banner *b, bool after)
{
	struct service s = { .any = true };

	memcpy(s.key, b->ip, 16);
	s.key[16] = (unsigned char)(b->port >> 8);
	s.key[17] = (unsigned char)b->port;
	s.key[18] = (unsigned char)b->transport;
	s.key[19] = after;
	bool later = !g->last.any || memcmp(g->last.key, s.key, sizeof(s.key)) < 0;
	g->last = s;
	return later;
}

static ptrdiff_t
take_sides(void *user, struct str bytes, struct err *e)
{
	struct difference_giver *g = user;
	size_t done = 0, used;
	bool paired;

	while (bytes.len - done > 1) {
		ARENA_AUTO a = { 0 };
		struct clickhouse_row row;
		bool after = bytes.ptr[done] != 0;
		struct str rest = str_skip(bytes, done + 1);
		int got = clickhouse_row_read(rest, true, &a, &row, &used);
		if (got < 0)
			return not_ours(e);
		if (got == 0)
			break;
		if (!comes_later(g, &row.banner, after))
			return not_ours(e);
		if (!give_waiting(g, after ? &row.banner : NULL, &paired, e))
			return -1;
		if (!after)
			buf_add(&g->before, str_head(rest, used));
		else if (!paired && !give_difference(g, NULL, &row.banner, e))
			return -1;
		done += used + 1;
	}
	return (ptrdiff_t)done;
}

static void
side(const struct clickhouse_store *s, const struct query *q, unsigned number, const char *names, struct buf *sql)
{
	buf_addf(sql, "SELECT toUInt8(%u) AS side, %s", number, names);
	clickhouse_from_where(s, q, sql);
	buf_addf(sql, " ORDER BY ip, port, transport, timestamp DESC LIMIT 1 BY ip, port, transport");
}

bool
clickhouse_diff(void *store, const struct query *before, const struct query *after, exposure_difference_fn *each,
		void *user, struct err *e)
{
	struct clickhouse_store *s = store;
	struct difference_giver g = { .each = each, .user = user };
	BUF_AUTO names = { 0 };
	BUF_AUTO sql = { 0 };
	bool paired;

	if (s->state.live.count == 0)
		return true;
	clickhouse_row_names(true, false, &names);
	buf_addf(&sql, "SELECT side, %s FROM (", buf_cstr(&names));
	side(s, before, 0, buf_cstr(&names), &sql);
	buf_addf(&sql, " UNION ALL ");
	side(s, after, 1, buf_cstr(&names), &sql);
	buf_addf(&sql, ") ORDER BY ip, port, transport, side FORMAT RowBinary");
	bool ok = clickhouse_run(s->h, buf_str(&sql), STR(""), take_sides, &g, e) && give_waiting(&g, NULL, &paired, e);
	buf_free(&g.before);
	return ok;
}
