#include "relay/range.h"

#include "relay/answer.h"

/* Weak comparison: W/ does not count. */
static bool
etag_lists(struct str list, struct str etag)
{
	struct str piece;
	if (str_eq(str_trim(list), STR("*")))
		return true;
	if (str_starts(etag, STR("W/")))
		etag = str_skip(etag, 2);
	if (etag.len == 0)
		return false;
	while (str_cut(&list, ',', &piece)) {
		piece = str_trim(piece);
		if (str_starts(piece, STR("W/")))
			piece = str_skip(piece, 2);
		if (str_eq(piece, etag))
			return true;
	}
	return false;
}

static bool
is_unchanged(const struct range_ask *ask, struct str etag, struct str last_modified)
{
	int64_t theirs, ours;
	if (ask->if_none_match.ptr)
		return etag_lists(ask->if_none_match, etag);
	if (!ask->if_modified_since.ptr || last_modified.len == 0)
		return false;
	if (str_eq(ask->if_modified_since, last_modified))
		return true;
	return http_date_parse(ask->if_modified_since, &theirs) && http_date_parse(last_modified, &ours) &&
	       ours <= theirs;
}

/* A weak tag never allows a part to be joined to another. */
static bool
if_range_holds(struct str field, struct str etag, struct str last_modified)
{
	if (!field.ptr)
		return true;
	if (str_starts(field, STR("\"")))
		return str_eq(field, etag);
	return !str_starts(field, STR("W/")) && last_modified.len > 0 && str_eq(field, last_modified);
}

static bool
digits(struct str s, uint64_t *out)
{
	return s.len > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9' && str_to_u64(s, out);
}

/* "bytes=0-99", "bytes=100-", "bytes=-100"; false: ignored. */
static bool
range_parse(struct str field, uint64_t size, struct range *out)
{
	struct str spec, first, last;
	uint64_t from, until;
	if (field.len < 6 || !str_eq_nocase(str_head(field, 6), STR("bytes=")))
		return false;
	spec = str_trim(str_skip(field, 6));
	if (str_find_char(spec, ',') >= 0 || !str_split(spec, '-', &first, &last))
		return false;
	first = str_trim(first);
	last = str_trim(last);
	if (first.len == 0) {
		if (!digits(last, &until))
			return false;
		from = until < size ? size - until : 0;
		until = until == 0 ? 0 : size;
	} else {
		if (!digits(first, &from) || (last.len > 0 && (!digits(last, &until) || until < from)))
			return false;
		until = last.len > 0 && until < size ? until + 1 : size;
	}
	bool none = from >= size || until <= from;
	*out = (struct range){ none ? 416 : 206, none ? 0 : from, none ? 0 : until };
	return true;
}

void
range_find(const struct range_ask *ask, uint64_t size, struct str etag, struct str last_modified, struct range *out)
{
	*out = (struct range){ 200, 0, size };
	if (is_unchanged(ask, etag, last_modified))
		*out = (struct range){ 304, 0, 0 };
	else if (ask->range.ptr && if_range_holds(ask->if_range, etag, last_modified))
		(void)!range_parse(ask->range, size, out);
}
