#include "vuln/affected.h"

#include "version/version.h"

#include <inttypes.h>

static struct str
package_key(struct affected_set *s, struct str os, struct str name)
{
	buf_truncate(&s->key, 0);
	buf_add(&s->key, os);
	buf_add_char(&s->key, '\0');
	buf_add(&s->key, name);
	return buf_str(&s->key);
}

static struct affected *
package_of(struct affected_set *s, struct str os, struct str name)
{
	struct str key = package_key(s, os, name);
	uintptr_t place = (uintptr_t)table_get(&s->places, key);
	if (place == 0) {
		*ARRAY_PUSH(s->arena, &s->list) = (struct affected){ .os = os, .name = name };
		place = s->list.count;
		*table_put(&s->places, arena_str(s->arena, key), NULL) = (void *)place;
	}
	return &s->list.items[place - 1];
}

void
affected_set_add(struct affected_set *s, struct str os, struct str name, struct affected_range range)
{
	struct str key = package_key(s, os, name);
	const struct str parts[] = { range.introduced, range.limit, range.note };
	for (size_t i = 0; i < COUNT(parts); i++) {
		buf_add_char(&s->key, '\0');
		buf_add(&s->key, parts[i]);
	}
	buf_add_char(&s->key, (char)range.kind);
	key = buf_str(&s->key);
	if (table_has(&s->ranges, key))
		return;
	(void)table_put(&s->ranges, arena_str(s->arena, key), NULL);
	struct affected *to = package_of(s, os, name);
	*ARRAY_PUSH(s->arena, &to->ranges) = range;
}

size_t
affected_set_place(struct affected_set *s, struct str os, struct str name)
{
	return (size_t)(uintptr_t)table_get(&s->places, package_key(s, os, name));
}

#define NUMBERS_MAX 8

/* The numbers that a version begins with: 115.16.0. */
static size_t
numbers_of(struct str version, uint64_t *out)
{
	size_t count = 0;
	struct str piece;
	if (version.len > 1 && (version.ptr[0] | 32) == 'v')
		version = str_skip(version, 1);
	while (count < NUMBERS_MAX && str_cut(&version, '.', &piece) && str_to_u64(piece, &out[count]) &&
	       out[count] < UINT32_MAX)
		count++;
	return count;
}

/* Where the branch behind that of `lower` begins, when `higher` is the fix of another one; else empty. */
static struct str
branch_end(struct str lower, struct str higher, struct arena *a)
{
	uint64_t x[NUMBERS_MAX], y[NUMBERS_MAX];
	size_t m = numbers_of(lower, x), n = numbers_of(higher, y), at = 0;
	while (at < m && at < n && x[at] == y[at])
		at++;
	if (at + 1 >= m || at >= n || x[at] > y[at])
		return STR("");
	struct str text = STR("");
	for (size_t i = 0; i < at; i++)
		text = arena_printf(a, "%.*s%" PRIu64 ".", STR_ARG(text), x[i]);
	return arena_printf(a, "%.*s%" PRIu64, STR_ARG(text), x[at] + 1);
}

static bool
is_open_ended(const struct affected_range *r)
{
	return r->introduced.len == 0 && (r->kind == RANGE_BEFORE || r->kind == RANGE_UNTIL);
}

static int
compare_limits(const void *x, const void *y)
{
	const struct affected_range *const *rx = x, *const *ry = y;
	return version_generic.compare((*rx)->limit, (*ry)->limit);
}

void
affected_branches(struct affected *product, struct arena *a)
{
	size_t count = 0;
	struct affected_range **order = NULL;
	for (size_t i = 0; i < product->ranges.count; i++)
		count += is_open_ended(&product->ranges.items[i]);
	if (count < 2)
		return;
	order = ARENA_ARRAY(a, struct affected_range *, count);
	count = 0;
	for (size_t i = 0; i < product->ranges.count; i++)
		if (is_open_ended(&product->ranges.items[i]))
			order[count++] = &product->ranges.items[i];
	for (size_t i = 1; i < count; i++)
		if (!str_eq(order[i]->note, order[0]->note))
			return; /* they hold under different conditions */
	qsort(order, count, sizeof(struct affected_range *), compare_limits);
	for (size_t i = 1; i < count; i++) {
		struct str start = branch_end(order[i - 1]->limit, order[i]->limit, a);
		order[i]->introduced = start.len > 0 ? start : order[i - 1]->introduced;
	}
}

void
affected_set_close(struct affected_set *s)
{
	table_free(&s->places);
	table_free(&s->ranges);
	buf_free(&s->key);
}
