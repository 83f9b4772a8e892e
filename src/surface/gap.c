#include "surface/gap.h"

static const struct json *
coverage_of(const struct json *run, struct str source)
{
	size_t count;
	const struct json *rows = json_get_array(run, "coverage", &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&rows[i], "source"), source))
			return &rows[i];
	return NULL;
}

static bool
silent(const struct json *before, const struct json *now, struct str source)
{
	const struct json *was = coverage_of(before, source), *row = coverage_of(now, source);
	/* A person, a file, mamori itself: nobody who is asked. */
	if (!was || json_get_i64(was, "questions", 0) == 0)
		return false;
	if (!row || json_get_i64(row, "questions", 0) == 0)
		return true;
	int64_t failed = json_get_i64(row, "failed", 0);
	return failed > 0 && json_get_i64(row, "asked", 0) <= failed;
}

bool
asset_unchecked(const struct json *before, const struct json *now, const struct json *asset)
{
	size_t count;
	const struct json *path = json_get_array(asset, "path", &count);
	for (size_t i = 0; i < count; i++)
		if (silent(before, now, json_get_str(&path[i], "source")))
			return true;
	return false;
}
