#include "store/trend.h"

#include "base/table.h"
#include "store/sql.h"

/* Groups are stored as text: none is ''. */
static struct str
group_key(struct str group)
{
	return group.len ? group : STR("");
}

bool
trend_add(struct store *st, struct str group, int64_t added, int64_t fixed, struct err *e)
{
	if (!added && !fixed)
		return true;
	SQL_AUTO q = sql_new(st, "INSERT INTO group_sum (group_name, added, fixed) VALUES (?1, ?2, ?3)"
				 " ON CONFLICT (group_name) DO UPDATE SET dirty = 1, added = added + ?2,"
				 " fixed = fixed + ?3");
	sql_text(&q, group_key(group));
	sql_int(&q, added);
	sql_int(&q, fixed);
	return sql_run(&q, e);
}

bool
trend_fix_add(struct store *st, struct str group, int64_t day, int severity, int64_t waited, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "INSERT INTO trend_fix (group_name, day, severity, fixed, waited) VALUES (?1, ?2, ?3, 1, ?4)"
		    " ON CONFLICT (group_name, day, severity) DO UPDATE SET fixed = fixed + 1,"
		    " waited = waited + ?4");
	sql_text(&q, group_key(group));
	sql_int(&q, day);
	sql_int(&q, severity);
	sql_int(&q, waited);
	return sql_run(&q, e);
}

#define OPEN_COLUMNS "hosts, clean, unknown, low, medium, high, critical, kev, overdue"

bool
trend_keep(struct store *st, int64_t day, struct err *e)
{
	int64_t dirty;
	SQL_AUTO any = sql_new(st, "SELECT count(*) FROM group_sum WHERE dirty");
	if (!sql_number(&any, &dirty, e))
		return false;
	if (!dirty)
		return true;
	SQL_AUTO q = sql_new(st, "INSERT INTO trend (group_name, day, " OPEN_COLUMNS ", added, fixed)"
				 " SELECT group_name, ?1, " OPEN_COLUMNS ", added, fixed FROM group_sum WHERE dirty"
				 " ON CONFLICT (group_name, day) DO UPDATE SET hosts = excluded.hosts,"
				 " clean = excluded.clean, unknown = excluded.unknown, low = excluded.low,"
				 " medium = excluded.medium, high = excluded.high, critical = excluded.critical,"
				 " kev = excluded.kev, overdue = excluded.overdue, added = added + excluded.added,"
				 " fixed = fixed + excluded.fixed");
	sql_int(&q, day);
	if (!sql_run(&q, e))
		return false;
	SQL_AUTO clean = sql_new(st, "UPDATE group_sum SET dirty = 0, added = 0, fixed = 0 WHERE dirty");
	return sql_run(&clean, e);
}

bool
trend_prune(struct store *st, int64_t day, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "DELETE FROM trend WHERE day < ?1 AND EXISTS (SELECT 1 FROM trend t WHERE t.group_name ="
			    " trend.group_name AND t.day > trend.day AND t.day <= ?1)");
	sql_int(&q, day - TREND_DAYS_MAX);
	SQL_AUTO fixes = sql_new(st, "DELETE FROM trend_fix WHERE day < ?1");
	sql_int(&fixes, day - TREND_DAYS_MAX);
	/* A group that nobody is in any more; its last row says so. */
	SQL_AUTO empty = sql_new(st, "DELETE FROM group_sum WHERE hosts = 0 AND dirty = 0");
	return sql_run(&q, e) && sql_run(&fixes, e) && sql_run(&empty, e);
}

static void
day_read(struct sql *q, struct trend_day *d)
{
	d->day = sql_get_int(q);
	d->hosts = sql_get_int(q);
	d->clean = sql_get_int(q);
	for (int i = 0; i < HOST_SEVERITIES; i++)
		d->open[i] = sql_get_int(q);
	d->kev = sql_get_int(q);
	d->overdue = sql_get_int(q);
	d->added = sql_get_int(q);
	d->fixed = sql_get_int(q);
}

static void
day_sum(struct trend_day *into, const struct trend_day *d, bool that_day)
{
	into->hosts += d->hosts;
	into->clean += d->clean;
	for (int i = 0; i < HOST_SEVERITIES; i++)
		into->open[i] += d->open[i];
	into->kev += d->kev;
	into->overdue += d->overdue;
	into->added += that_day ? d->added : 0;
	into->fixed += that_day ? d->fixed : 0;
}

/* The newest row of each group up to `day`, which is the one whose rows were read last. */
static struct trend_day
day_close(const struct table *groups, int64_t day)
{
	struct trend_day sum = { .day = day };
	struct table_slot *slot;
	for (size_t i = 0; table_next(groups, &i, &slot);)
		day_sum(&sum, slot->value, ((struct trend_day *)slot->value)->day == day);
	return sum;
}

bool
trend_read(struct store *st, struct arena *a, struct str group, int64_t from, int64_t to, struct trend_day **out,
	   size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT group_name, day, " OPEN_COLUMNS ", added, fixed FROM trend WHERE day <= ?2"
		    " AND (?3 IS NULL OR group_name = ?3) AND (day >= ?1 OR day = (SELECT max(t.day) FROM trend t"
		    " WHERE t.group_name = trend.group_name AND t.day < ?1)) ORDER BY day");
	TABLE_AUTO groups = { 0 };
	ARRAY_OF(struct trend_day) days = { 0 };
	int64_t day = from;
	bool known = false;
	sql_int(&q, from);
	sql_int(&q, to);
	sql_text(&q, group);
	while (sql_row(&q)) {
		struct str name = sql_get_str(&q, a);
		struct trend_day *d = ARENA_NEW(a, struct trend_day);
		day_read(&q, d);
		for (; known && day < d->day; day++)
			*ARRAY_PUSH(a, &days) = day_close(&groups, day);
		if (!known && d->day > day)
			day = d->day;
		known = true;
		*table_put(&groups, name, NULL) = d;
	}
	if (!sql_end(&q, e))
		return false;
	for (; known && day <= to; day++)
		*ARRAY_PUSH(a, &days) = day_close(&groups, day);
	*out = days.items;
	*count = days.count;
	return true;
}

bool
trend_fixed_read(struct store *st, struct str group, int64_t from, int64_t to, struct trend_fixed out[HOST_SEVERITIES],
		 struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT severity, sum(fixed), sum(waited) FROM trend_fix WHERE day BETWEEN ?1 AND ?2"
				 " AND (?3 IS NULL OR group_name = ?3) GROUP BY severity");
	sql_int(&q, from);
	sql_int(&q, to);
	sql_text(&q, group);
	memset(out, 0, HOST_SEVERITIES * sizeof(*out));
	while (sql_row(&q)) {
		int64_t severity = sql_get_int(&q);
		if (severity < 0 || severity >= HOST_SEVERITIES)
			continue;
		out[severity].fixed = sql_get_int(&q);
		out[severity].waited = sql_get_int(&q);
	}
	return sql_end(&q, e);
}
