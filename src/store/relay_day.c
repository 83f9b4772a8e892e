#include "store/relay_day.h"

#include "store/sql.h"

static bool
prune(struct store *st, struct str relay, int64_t day, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM relay_day WHERE relay = ? AND day <= ?");
	sql_text(&q, relay);
	sql_int(&q, day - RELAY_DAYS_MAX);
	return sql_run(&q, e);
}

bool
relay_day_add(struct store *st, const struct relay_row *before, const struct relay_row *now, int64_t day, struct err *e)
{
	/* All four begin anew together: the one that tells is enough. */
	bool anew = now->served < before->served || now->hits < before->hits || now->misses < before->misses ||
		    now->fetched < before->fetched;
	const struct relay_row none = { 0 };
	const struct relay_row *from = anew ? &none : before;
	SQL_AUTO q = sql_new(
		st, "INSERT INTO relay_day (relay, day, hits, misses, served, fetched, space, space_max)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
		    " ON CONFLICT (relay, day) DO UPDATE SET hits = hits + excluded.hits,"
		    " misses = misses + excluded.misses, served = served + excluded.served,"
		    " fetched = fetched + excluded.fetched, space = excluded.space, space_max = excluded.space_max");
	sql_text(&q, now->id);
	sql_int(&q, day);
	sql_int(&q, now->hits - from->hits);
	sql_int(&q, now->misses - from->misses);
	sql_int(&q, now->served - from->served);
	sql_int(&q, now->fetched - from->fetched);
	sql_int(&q, now->space);
	sql_int(&q, now->space_max);
	return sql_run(&q, e) && prune(st, now->id, day, e);
}

bool
relay_day_read(struct store *st, struct arena *a, struct str relay, int64_t from, int64_t to, struct relay_day **out,
	       size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT day, hits, misses, served, fetched, space, space_max FROM relay_day"
				 " WHERE relay = ? AND day >= ? AND day <= ? ORDER BY day");
	ARRAY_OF(struct relay_day) rows = { 0 };
	sql_text(&q, relay);
	sql_int(&q, from);
	sql_int(&q, to);
	while (sql_row(&q)) {
		struct relay_day *d = ARRAY_PUSH(a, &rows);
		d->day = sql_get_int(&q);
		d->hits = sql_get_int(&q);
		d->misses = sql_get_int(&q);
		d->served = sql_get_int(&q);
		d->fetched = sql_get_int(&q);
		d->space = sql_get_int(&q);
		d->space_max = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
