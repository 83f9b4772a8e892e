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

struct number {
	uint64_t value;
	size_t at; /* where it stands */
	bool letter; /* one behind a number counts on: 8.0 U1e */
};

/* The numbers of a version: 115.16.0; of "8.0 U2d" 8.0.2.4, of 10.1.9-h3 10.1.9.3, or only the dotted ones, 8 and 10.1. */
static size_t
numbers_of(struct str version, bool dotted, struct number *out)
{
	size_t count = 0;
	for (size_t i = 0; i < version.len && count < NUMBERS_MAX;) {
		size_t begin = i;
		while (i < version.len && version.ptr[i] >= '0' && version.ptr[i] <= '9')
			i++;
		out[count] = (struct number){ .at = begin };
		if (i > begin && (!str_to_u64(str_sub(version.ptr + begin, i - begin), &out[count].value) ||
				  out[count].value >= UINT32_MAX))
			break;
		if (dotted && i > begin && i < version.len && version.ptr[i] != '.')
			break;
		count += i > begin;
		if (count == 1 && i > begin && (i == version.len || version.ptr[i] != '.'))
			break; /* a commit: 50a6302cf881 */
		char letter = i < version.len ? version.ptr[i] | 32 : 0;
		if (i > begin && count < NUMBERS_MAX && letter >= 'a' && letter <= 'z' &&
		    (i + 1 == version.len || strchr(" .-_", version.ptr[i + 1])))
			out[count++] = (struct number){ (uint64_t)(letter - 'a' + 1), i, true };
		i += i < version.len;
	}
	return count;
}

/* Where the branch begins that `after` ends, when `before` ends another one; else empty. */
static struct str
branch_end(const struct affected_range *before, const struct affected_range *after, struct arena *a)
{
	/* A fix says how its maker counts branches; the last version that somebody saw affected does not. */
	bool dotted = before->kind != RANGE_BEFORE || after->kind != RANGE_BEFORE;
	struct str lower = before->limit, higher = after->limit;

	struct number x[NUMBERS_MAX], y[NUMBERS_MAX];
	size_t m = numbers_of(lower, dotted, x), n = numbers_of(higher, dotted, y), at = 0;
	while (at < m && at < n && x[at].value == y[at].value)
		at++;
	if (at + 1 >= m || at >= n || x[at].value > y[at].value || x[at].letter)
		return STR("");
	return arena_printf(a, "%.*s%" PRIu64, (int)x[at].at, lower.ptr, x[at].value + 1);
}

static int
compare_limits(const void *x, const void *y)
{
	const struct affected_range *const *rx = x, *const *ry = y;
	int order = str_cmp((*rx)->introduced, (*ry)->introduced);
	return order ? order : version_generic.compare((*rx)->limit, (*ry)->limit);
}

/* Of ranges with one beginning. */
static void
part_branches(struct affected_range **of, size_t count, struct arena *a)
{
	for (size_t i = 1; i < count; i++)
		if (!str_eq(of[i]->note, of[0]->note))
			return; /* they hold under different conditions */
	for (size_t i = 1; i < count; i++) {
		struct str start = branch_end(of[i - 1], of[i], a);
		of[i]->introduced = start.len > 0 ? start : of[i - 1]->introduced;
	}
}

/* Those ranges that may_branch, by their beginning. */
static void
branches(struct affected *product, bool (*may_branch)(const struct affected_range *r), struct arena *a)
{
	size_t count = 0;
	struct affected_range **order = NULL;
	for (size_t i = 0; i < product->ranges.count; i++)
		count += may_branch(&product->ranges.items[i]);
	if (count < 2)
		return;
	order = ARENA_ARRAY(a, struct affected_range *, count);
	count = 0;
	for (size_t i = 0; i < product->ranges.count; i++)
		if (may_branch(&product->ranges.items[i]))
			order[count++] = &product->ranges.items[i];
	qsort(order, count, sizeof(struct affected_range *), compare_limits);
	for (size_t first = 0, next; first < count; first = next) {
		struct str introduced = order[first]->introduced;
		for (next = first + 1; next < count && str_eq(order[next]->introduced, introduced);)
			next++;
		part_branches(order + first, next - first, a);
	}
}

static bool
has_no_start(const struct affected_range *r)
{
	return r->introduced.len == 0 && (r->kind == RANGE_BEFORE || r->kind == RANGE_UNTIL);
}

void
affected_branches(struct affected *product, struct arena *a)
{
	branches(product, has_no_start, a);
}

/* Up to and with a version names what was seen, not what was fixed. */
static bool
goes_to_a_fix(const struct affected_range *r)
{
	return r->introduced.len > 0 && r->kind == RANGE_BEFORE;
}

void
affected_branches_of_one_start(struct affected *product, struct arena *a)
{
	branches(product, goes_to_a_fix, a);
}

void
affected_set_close(struct affected_set *s)
{
	table_free(&s->places);
	table_free(&s->ranges);
	buf_free(&s->key);
}
