#include "vuln/index-facts.h"

#include "base/table.h"

struct keyed {
	struct str text, key;
	uint32_t rank;
};

struct facts_builder {
	struct arena arena;
	const struct facts_input *in;
	struct buf key; /* scratch */
	struct table versions; /* text to struct keyed *; NULL value: it has no key */
	ARRAY_OF(struct keyed *) order;
	ARRAY_OF(struct index_range) ranges;
	ARRAY_OF(struct index_run) runs;
	ARRAY_OF(struct index_fact) facts;
	bool endless;
};

static void
facts_cleanup(struct facts_builder *b)
{
	table_free(&b->versions);
	buf_free(&b->key);
	arena_free(&b->arena);
}

/* A version's place in the table; false when it has no key. */
static bool
version_add(struct facts_builder *b, struct str text)
{
	bool added;
	void **slot = table_put(&b->versions, text, &added);
	if (!added)
		return *slot != NULL;
	buf_truncate(&b->key, 0);
	if (text.len > UINT16_MAX || !b->in->scheme->key(text, &b->key))
		return false;
	struct keyed *k = ARENA_NEW(&b->arena, struct keyed);
	*k = (struct keyed){ .text = text, .key = arena_str(&b->arena, buf_str(&b->key)) };
	*slot = k;
	*ARRAY_PUSH(&b->arena, &b->order) = k;
	return true;
}

static bool
has_limit(enum range_kind kind)
{
	return kind == RANGE_BEFORE || kind == RANGE_UNTIL || kind == RANGE_EXACT;
}

static bool
says_something(struct facts_builder *b, const struct affected_range *r)
{
	if (r->kind == RANGE_UNDETERMINED || r->kind >= RANGE_KINDS)
		return false;
	return (!r->introduced.len || version_add(b, r->introduced)) &&
	       (!has_limit(r->kind) || version_add(b, r->limit));
}

static int
compare_keyed(const void *x, const void *y)
{
	const struct keyed *kx = *(const struct keyed *const *)x, *ky = *(const struct keyed *const *)y;
	int order = str_cmp(kx->key, ky->key);
	return order ? order : str_cmp(kx->text, ky->text);
}

static uint32_t
rank_of(const struct facts_builder *b, struct str text)
{
	const struct keyed *k = table_get(&b->versions, text);
	return k ? k->rank : INDEX_NONE;
}

static void
range_add(struct facts_builder *b, const struct affected_range *r)
{
	struct index_range row = { .introduced = r->introduced.len ? rank_of(b, r->introduced) : INDEX_NONE,
				   .limit = has_limit(r->kind) ? rank_of(b, r->limit) : INDEX_NONE,
				   .kind = (uint32_t)r->kind,
				   .note = b->in->intern(b->in->user, r->note) };
	*ARRAY_PUSH(&b->arena, &b->ranges) = row;
	b->endless = b->endless || (r->kind != RANGE_BEFORE && r->kind != RANGE_NOT_AFFECTED);
}

/* Entries from `at` on that belong to one advisory; gives the place behind them. */
static size_t
run_add(struct facts_builder *b, const bool *says, size_t at)
{
	const struct facts_input *in = b->in;
	uint32_t advisory = in->entries[at].advisory, number = (uint32_t)b->runs.count;
	struct index_run run = { .advisory = advisory, .first = (uint32_t)b->ranges.count, .module = INDEX_NONE };
	bool modular = false;
	for (; at < in->count && in->entries[at].advisory == advisory; at++) {
		if (!says[at])
			continue;
		range_add(b, &in->entries[at].range);
		modular = modular || str_contains(in->entries[at].range.limit, STR(".module"));
	}
	run.count = (uint32_t)b->ranges.count - run.first;
	if (run.count == 0)
		return at;
	if (modular)
		run.module = in->modules[advisory];
	*ARRAY_PUSH(&b->arena, &b->runs) = run;
	const struct index_advisory *row = &in->advisories[advisory];
	for (uint32_t i = 0; i < row->count; i++)
		*ARRAY_PUSH(&b->arena, &b->facts) = (struct index_fact){ in->lists[row->first + i], number };
	return at;
}

static int
compare_facts(const void *x, const void *y)
{
	const struct index_fact *fx = x, *fy = y;
	if (fx->vulnerability != fy->vulnerability)
		return fx->vulnerability < fy->vulnerability ? -1 : 1;
	return fx->run < fy->run ? -1 : fx->run > fy->run;
}

/* An advisory may name a vulnerability twice, under two of its names. */
static void
facts_sort(struct facts_builder *b)
{
	size_t kept = 0;
	if (b->facts.count == 0)
		return;
	qsort(b->facts.items, b->facts.count, sizeof(*b->facts.items), compare_facts);
	for (size_t i = 0; i < b->facts.count; i++)
		if (kept == 0 || compare_facts(&b->facts.items[kept - 1], &b->facts.items[i]) != 0)
			b->facts.items[kept++] = b->facts.items[i];
	b->facts.count = kept;
}

static void
add_rows(struct buf *out, const void *rows, size_t count, size_t size)
{
	if (count)
		buf_add(out, str_sub(rows, count * size));
}

static void
write_out(struct facts_builder *b, struct buf *out)
{
	struct index_facts_head head = { .versions = (uint32_t)b->order.count,
					 .ranges = (uint32_t)b->ranges.count,
					 .runs = (uint32_t)b->runs.count,
					 .facts = (uint32_t)b->facts.count,
					 .fixes_all = !b->endless };
	for (size_t i = 0; i < b->order.count; i++)
		head.key_bytes += (uint32_t)b->order.items[i]->key.len;
	add_rows(out, &head, 1, sizeof(head));
	for (size_t i = 0, at = 0; i < b->order.count; i++) {
		const struct keyed *k = b->order.items[i];
		struct index_version row = { b->in->intern(b->in->user, k->text), (uint32_t)at, (uint32_t)k->key.len };
		at += k->key.len;
		add_rows(out, &row, 1, sizeof(row));
	}
	add_rows(out, b->ranges.items, b->ranges.count, sizeof(*b->ranges.items));
	add_rows(out, b->runs.items, b->runs.count, sizeof(*b->runs.items));
	add_rows(out, b->facts.items, b->facts.count, sizeof(*b->facts.items));
	for (size_t i = 0; i < b->order.count; i++)
		buf_add(out, b->order.items[i]->key);
}

void
facts_write(const struct facts_input *in, struct buf *out)
{
	__attribute__((cleanup(facts_cleanup))) struct facts_builder b = { .in = in };
	bool *says = ARENA_ARRAY(&b.arena, bool, in->count + 1);
	for (size_t i = 0; i < in->count; i++)
		says[i] = says_something(&b, &in->entries[i].range);
	if (b.order.count)
		qsort(b.order.items, b.order.count, sizeof(*b.order.items), compare_keyed);
	for (size_t i = 0; i < b.order.count; i++)
		b.order.items[i]->rank = (uint32_t)i;
	for (size_t i = 0; i < in->count;)
		i = run_add(&b, says, i);
	facts_sort(&b);
	write_out(&b, out);
}
