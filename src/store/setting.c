#include "store/setting.h"

#include "store/sql.h"

bool
setting_get(struct store *st, struct arena *a, const char *key, struct str *value, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT value FROM setting WHERE key = ?");
	sql_cstr(&q, key);
	struct str found = sql_row(&q) ? sql_get_str(&q, a) : STR_NONE;
	if (!sql_end(&q, e))
		return false;
	*value = found;
	return true;
}

bool
setting_number(struct store *st, const char *key, int64_t low, int64_t high, int64_t otherwise, int64_t *value,
	       struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str text;
	if (!setting_get(st, &a, key, &text, e))
		return false;
	if (!str_to_i64(text, value) || *value < low || *value > high)
		*value = otherwise;
	return true;
}

bool
setting_put(struct store *st, const char *key, struct str value, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO setting (key, value) VALUES (?, ?)"
				 " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
	sql_cstr(&q, key);
	sql_text(&q, value);
	return sql_run(&q, e);
}
