#include "store/exposure_saved.h"

#include "store/sql.h"

#define COLUMNS \
	"name, query, notice, by_user, at, counted_at, banners, services, banners_before, trouble, seen, fresh," \
	" fresh_since, seen_by, seen_at"
#define READ COLUMNS ", length(fresh) / 19"
/* The lists may have megabytes. */
#define READ_SHORT \
	"name, query, notice, by_user, at, counted_at, banners, services, banners_before, trouble, x''," \
	" substr(fresh, 1, 380), fresh_since, seen_by, seen_at, length(fresh) / 19"
_Static_assert(SAVED_SERVICE == 19 && SAVED_SHOWN * SAVED_SERVICE == 380, "as the statements have it");

static void
read_row(struct sql *q, struct arena *a, struct exposure_saved *out)
{
	out->name = sql_get_str(q, a);
	out->query = sql_get_str(q, a);
	out->notice = sql_get_int(q) != 0;
	out->by = sql_get_str(q, a);
	out->at = sql_get_int(q);
	out->counted_at = sql_get_int(q);
	out->banners = sql_get_int(q);
	out->services = sql_get_int(q);
	out->banners_before = sql_get_int(q);
	out->trouble = sql_get_str(q, a);
	out->seen = sql_get_str(q, a);
	out->fresh = sql_get_str(q, a);
	out->fresh_since = sql_get_int(q);
	out->seen_by = sql_get_str(q, a);
	out->seen_at = sql_get_int(q);
	out->fresh_count = sql_get_int(q);
}

bool
exposure_saved_list(struct store *st, struct arena *a, bool whole, struct exposure_saved **out, size_t *count,
		    struct err *e)
{
	ARRAY_OF(struct exposure_saved) rows = { 0 };
	SQL_AUTO q = whole ? sql_new(st, "SELECT " READ " FROM exposure_saved ORDER BY name")
			   : sql_new(st, "SELECT " READ_SHORT " FROM exposure_saved ORDER BY name");
	while (sql_row(&q))
		read_row(&q, a, ARRAY_PUSH(a, &rows));
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

bool
exposure_saved_get(struct store *st, struct arena *a, struct str name, struct exposure_saved *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " READ " FROM exposure_saved WHERE name = ?");
	sql_text(&q, name);
	if (!sql_one(&q, "there is no saved query of this name", e))
		return false;
	read_row(&q, a, out);
	return sql_end(&q, e);
}

/* An empty list is not NULL. */
static void
bind_list(struct sql *q, struct str list)
{
	sql_blob(q, list.ptr ? list : STR(""));
}

bool
exposure_saved_put(struct store *st, const struct exposure_saved *s, struct err *e)
{
	if (!exposure_saved_delete(st, s->name, e))
		return false;
	SQL_AUTO q = sql_new(st, "INSERT INTO exposure_saved (" COLUMNS
				 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, s->name);
	sql_text(&q, s->query);
	sql_int(&q, s->notice);
	sql_text(&q, s->by);
	sql_int(&q, s->at);
	sql_int(&q, s->counted_at);
	sql_int(&q, s->banners);
	sql_int(&q, s->services);
	sql_int(&q, s->banners_before);
	sql_text(&q, s->trouble.ptr ? s->trouble : STR(""));
	bind_list(&q, s->seen);
	bind_list(&q, s->fresh);
	sql_int(&q, s->fresh_since);
	sql_text(&q, s->seen_by.ptr ? s->seen_by : STR(""));
	sql_int(&q, s->seen_at);
	return sql_run(&q, e);
}

bool
exposure_saved_count(struct store *st, const struct exposure_saved *s, struct err *e)
{
	/* What somebody acknowledged while it was counted is not taken back. */
	SQL_AUTO q = sql_new(st, "UPDATE exposure_saved SET counted_at = ?, banners = ?, services = ?, trouble = ?,"
				 " fresh = ?, fresh_since = ? WHERE name = ? AND query = ? AND seen_at = ?");
	sql_int(&q, s->counted_at);
	sql_int(&q, s->banners);
	sql_int(&q, s->services);
	sql_text(&q, s->trouble.ptr ? s->trouble : STR(""));
	bind_list(&q, s->fresh);
	sql_int(&q, s->fresh_since);
	sql_text(&q, s->name);
	sql_text(&q, s->query);
	sql_int(&q, s->seen_at);
	return sql_run(&q, e);
}

bool
exposure_saved_acknowledge(struct store *st, const struct exposure_saved *s, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "UPDATE exposure_saved SET seen = ?, fresh = x'', fresh_since = 0, banners_before = banners,"
		    " seen_by = ?, seen_at = ? WHERE name = ?");
	bind_list(&q, s->seen);
	sql_text(&q, s->seen_by);
	sql_int(&q, s->seen_at);
	sql_text(&q, s->name);
	return sql_run(&q, e);
}

bool
exposure_saved_delete(struct store *st, struct str name, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM exposure_saved WHERE name = ?");
	sql_text(&q, name);
	return sql_run(&q, e);
}
