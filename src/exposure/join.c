/* The same banner from several sources becomes one (exposure/join.h). Segments know their addresses in order, so what they
 * share is found by walking all lists side by side; banners of a shared address are then compared by their keys. */
#include "exposure/join.h"

#include "exposure/address-walk.h"
#include "exposure/banner-join.h"
#include "exposure/cores.h"

struct same {
	struct banner_key key;
	uint32_t segment, doc;
};
typedef struct {
	struct same *items;
	size_t count, cap;
} same_list;

static void
same_push(same_list *l, const struct banner_key *key, size_t segment, uint32_t doc)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->items = xrealloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->count++] = (struct same){ *key, (uint32_t)segment, doc };
}

static int
compare_key(const struct banner_key *a, const struct banner_key *b)
{
	int d = memcmp(a->ip, b->ip, 16);

	if (d == 0)
		d = (a->port > b->port) - (a->port < b->port);
	if (d == 0)
		d = (a->transport > b->transport) - (a->transport < b->transport);
	return d ? d : (a->timestamp > b->timestamp) - (a->timestamp < b->timestamp);
}

static int
compare_same(const void *x, const void *y)
{
	const struct same *a = x, *b = y;
	int d = compare_key(&a->key, &b->key);

	if (d == 0)
		d = (a->segment > b->segment) - (a->segment < b->segment);
	return d ? d : (a->doc > b->doc) - (a->doc < b->doc);
}

void
segment_kill(struct segment *s, uint32_t doc)
{
	if (!s->dead)
		s->dead = docset_new_bits(s->docs);
	s->dead_count += !docset_bit(s->dead, doc);
	s->dead[doc >> 6] |= 1ull << (doc & 63);
}

static bool
is_dead(const struct segment *s, uint32_t doc)
{
	return s->dead && docset_bit(s->dead, doc);
}

/* ---- shared addresses ---- */

/* The banner at a place of the order by address, if it lives. */
static void
push_at(same_list *l, struct exposure_index *ix, size_t segment, uint64_t at)
{
	struct segment *s = ix->segments[segment];
	uint32_t doc = (uint32_t)packed_get(&s->columns[FIELD_IP].perm, at);
	struct banner_key key;

	if (doc >= s->docs || is_dead(s, doc))
		return;
	banner_read_key(s, doc, &key);
	same_push(l, &key, segment, doc);
}

/* ---- joining ---- */

/* w's number of this origin. */
static uint32_t
origin_number(struct segment_writer *w, const struct segment_origin *o)
{
	for (size_t i = 0; i < w->origin_count; i++) {
		const struct segment_origin *x = &w->origins[i];
		if (str_eq(x->source, o->source) && str_eq(x->file, o->file) && str_eq(x->digest, o->digest) &&
		    str_eq(x->snapshot, o->snapshot) && x->imported_at == o->imported_at)
			return (uint32_t)i;
	}
	struct segment_origin *more = ARENA_ARRAY(&w->arena, struct segment_origin, w->origin_count + 1);
	memcpy(more, w->origins, w->origin_count * sizeof(*more));
	more[w->origin_count] = (struct segment_origin){ .source = arena_str(&w->arena, o->source),
							 .file = arena_str(&w->arena, o->file),
							 .digest = arena_str(&w->arena, o->digest),
							 .snapshot = arena_str(&w->arena, o->snapshot),
							 .rules = arena_str(&w->arena, o->rules),
							 .imported_at = o->imported_at };
	w->origins = more;
	return (uint32_t)w->origin_count++;
}

struct merging {
	struct banner_join join;
	ARRAY_OF(uint32_t) origins;
};

static bool
merge_one(struct exposure_index *ix, const struct same *x, struct segment_writer *w, struct raw_cache *cache,
	  struct arena *a, struct merging *m, struct err *e)
{
	struct decoded d;

	if (!banner_decode(ix->segments[x->segment], x->doc, true, cache, a, &d))
		return err_set(e, ERR_INPUT,
			       "the segment %.*s is damaged; restore it from a backup or import its files again",
			       STR_ARG(ix->segments[x->segment]->name));
	banner_join_add(&m->join, a, &d.banner);
	for (size_t i = 0; i < d.origin_count; i++)
		if (d.origins[i] < ix->origin_counts[x->segment])
			*ARRAY_PUSH(a, &m->origins) = origin_number(w, &ix->origins[x->segment][d.origins[i]]);
	return true;
}

static bool
write_merged(const struct banner_key *key, struct merging *m, struct segment_writer *w, struct err *e)
{
	struct banner b = { .port = key->port,
			    .transport = (enum transport)key->transport,
			    .timestamp = key->timestamp };

	memcpy(b.ip, key->ip, 16);
	banner_join_end(&m->join, &b);
	return segment_add_from(w, &b, m->origins.items, m->origins.count, e);
}

/* By their records, so that it does not matter which of an import's threads met which. */
struct member {
	struct str raw;
	const struct same *same;
};

static int
compare_members(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	int d = str_cmp(a->raw, b->raw);

	return d ? d : compare_same(a->same, b->same);
}

static bool
write_group(struct exposure_index *ix, const struct same *from, size_t count, struct segment_writer *w,
	    struct raw_cache *cache, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct merging m = { 0 };
	struct member *members = ARENA_ARRAY(&a, struct member, count);
	struct raw_text *texts;
	size_t text_count;
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		members[i] = (struct member){ STR(""), &from[i] };
		if (raw_read(ix->segments[from[i].segment], from[i].doc, cache, &a, &members[i].raw, &texts,
			     &text_count))
			members[i].raw = arena_str(&a, members[i].raw);
	}
	qsort(members, count, sizeof(*members), compare_members);
	for (size_t i = 0; i < count && ok; i++)
		ok = merge_one(ix, members[i].same, w, cache, &a, &m, e);
	ok = ok && write_merged(&from->key, &m, w, e);
	banner_join_free(&m.join);
	for (size_t i = 0; i < count && ok; i++)
		segment_kill(ix->segments[from[i].segment], from[i].doc);
	return ok;
}

bool
join_copy_with(struct exposure_index *ix, size_t i, uint32_t doc, const struct banner_value *more,
	       struct segment_writer *w, struct raw_cache *cache, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct merging m = { 0 };
	struct same x = { .segment = (uint32_t)i, .doc = doc };

	banner_read_key(ix->segments[i], doc, &x.key);
	bool ok = merge_one(ix, &x, w, cache, &a, &m, e);
	if (ok && more)
		*ARRAY_PUSH(&a, &m.join.values) = *more;
	ok = ok && write_merged(&x.key, &m, w, e);
	banner_join_free(&m.join);
	return ok;
}

bool
join_copy(struct exposure_index *ix, size_t i, uint32_t doc, struct segment_writer *w, struct raw_cache *cache,
	  struct err *e)
{
	return join_copy_with(ix, i, doc, NULL, w, cache, e);
}

static bool
begin_joined(const char *data, struct segment_writer **joined, struct err *e)
{
	static const struct segment_origin none;

	if (*joined)
		return true;
	if (!segment_begin(data, &none, joined, e))
		return false;
	(*joined)->origin_count = 0;
	return true;
}

/* Candidates that are there once only are no group. */
static bool
write_groups(struct exposure_index *ix, same_list *l, const char *data, struct segment_writer **joined,
	     struct raw_cache *cache, struct err *e)
{
	size_t to;

	if (l->count > 0)
		qsort(l->items, l->count, sizeof(*l->items), compare_same);
	for (size_t i = 0; i < l->count; i = to) {
		size_t n = 0;
		for (to = i; to < l->count && compare_key(&l->items[i].key, &l->items[to].key) == 0; to++)
			if (n == 0 || compare_same(&l->items[i + n - 1], &l->items[to]) != 0)
				l->items[i + n++] = l->items[to];
		if (n > 1 && (!begin_joined(data, joined, e) || !write_group(ix, &l->items[i], n, *joined, cache, e)))
			return false;
	}
	l->count = 0;
	return true;
}

/* Leaves of the banners from `from` on, all of one address, only those of which there is another. */
static void
keep_repeated(same_list *l, size_t from)
{
	size_t n = from, same = 0;

	if (l->count - from == 2)
		same = compare_key(&l->items[from].key, &l->items[from + 1].key) == 0 ? 2 : 0;
	else if (l->count - from > 2)
		qsort(l->items + from, l->count - from, sizeof(*l->items), compare_same);
	for (size_t i = from; l->count - from > 2 && i < l->count; i += same) {
		for (same = 1; i + same < l->count; same++)
			if (compare_key(&l->items[i].key, &l->items[i + same].key) != 0)
				break;
		for (size_t k = 0; same > 1 && k < same; k++)
			l->items[n++] = l->items[i + k];
	}
	l->count = l->count - from > 2 ? n : from + same;
}

/* ---- counting addresses ---- */

/* Ranks with a banner that is not among the dead; NULL: all. */
static uint64_t *
live_ranks(struct segment *s)
{
	struct column *c = &s->columns[FIELD_IP];
	uint64_t *bits = s->dead ? docset_new_bits(c->info->values) : NULL;

	for (uint32_t d = 0; bits && d < s->docs; d++) {
		uint64_t r = packed_get(&c->ids, d);
		if (!is_dead(s, d) && r < c->info->values)
			bits[r >> 6] |= 1ull << (r & 63);
	}
	return bits;
}

/* ---- the walk, part by part on all cores ---- */

enum { PART_BANNERS = 1 << 17, PARTS_AT_ONCE = 4 /* for each thread */ };

struct part {
	same_list found;
	uint64_t addresses;
	size_t damaged; /* the segment that turned out to be, counted from 1; 0: none */
	struct mark *marks; /* of the address that is looked at */
	size_t mark_count, mark_room;
};

struct walking {
	struct exposure_index *ix;
	size_t first, count_from;
	uint64_t **live; /* of each segment */
	atomic_bool *ready; /* of each segment: its keys were verified */
	const uint64_t *bounds; /* of the parts of this round */
	struct part *parts;
	size_t count;
	atomic_size_t next;
};

/* An address counts that has a live banner in the segments that are counted and none before them. */
static bool
is_counted(const struct walking *x, const struct address_walk *w)
{
	bool here = false, before = false;

	for (size_t i = 0; i < w->count; i++) {
		const struct address_place *p = &w->places[i];
		bool lives = !x->live[p->segment] || docset_bit(x->live[p->segment], p->rank);
		here |= lives && p->segment >= x->count_from;
		before |= lives && p->segment < x->count_from;
	}
	return here && !before;
}

/* Most addresses have banners of different times only, and their marks say so: keys lie scattered, marks side by side. */
struct mark {
	uint32_t mark, segment;
	uint64_t at;
};

static int
compare_marks(const void *x, const void *y)
{
	const struct mark *a = x, *b = y;

	return (a->mark > b->mark) - (a->mark < b->mark);
}

static void
sort_marks(struct mark *m, size_t count)
{
	if (count > 32)
		qsort(m, count, sizeof(*m), compare_marks);
	for (size_t i = 1; count <= 32 && i < count; i++) {
		struct mark x = m[i];
		size_t j = i;
		for (; j > 0 && m[j - 1].mark > x.mark; j--)
			m[j] = m[j - 1];
		m[j] = x;
	}
}

static void
gather_marks(struct part *p, struct exposure_index *ix, const struct address_walk *w)
{
	if (w->banners > p->mark_room) {
		p->mark_room = w->banners * 2;
		p->marks = xrealloc(p->marks, p->mark_room, sizeof(*p->marks));
	}
	p->mark_count = 0;
	for (size_t i = 0; i < w->count; i++) {
		const struct segment *s = ix->segments[w->places[i].segment];
		const struct column *c = &s->columns[FIELD_IP];
		const char *marks = c->part[SECTION_MARKS].ptr;
		uint64_t from = packed_get(&c->perm_starts, w->places[i].rank),
			 to = packed_get(&c->perm_starts, w->places[i].rank + 1);
		for (uint64_t at = from; at < to && at < s->docs; at++) {
			uint16_t mark;
			memcpy(&mark, marks + at * sizeof(mark), sizeof(mark));
			p->marks[p->mark_count++] = (struct mark){ mark, w->places[i].segment, at };
		}
	}
}

/* Verifying reads all of them; of what was read, little is needed. */
static bool
keys_ready(const struct walking *x, uint32_t segment)
{
	if (atomic_load_explicit(&x->ready[segment], memory_order_relaxed))
		return true;
	if (!address_keys_ready(x->ix->segments[segment]))
		return false;
	segment_let_go(x->ix->segments[segment]);
	atomic_store_explicit(&x->ready[segment], true, memory_order_relaxed);
	return true;
}

static void
find_same(const struct walking *x, const struct address_walk *w, struct part *p)
{
	size_t from = p->found.count, to;
	bool fresh = false;

	for (size_t i = 0; i < w->count; i++)
		fresh |= w->places[i].segment >= x->first;
	if (!fresh || w->banners < 2)
		return;
	gather_marks(p, x->ix, w);
	sort_marks(p->marks, p->mark_count);
	for (size_t i = 0; i < p->mark_count; i = to) {
		for (to = i + 1; to < p->mark_count && p->marks[to].mark == p->marks[i].mark;)
			to++;
		for (size_t k = i; to - i > 1 && k < to; k++) {
			if (!keys_ready(x, p->marks[k].segment))
				p->damaged = p->marks[k].segment + 1;
			else
				push_at(&p->found, x->ix, p->marks[k].segment, p->marks[k].at);
		}
	}
	keep_repeated(&p->found, from);
}

static void *
walk_parts(void *user)
{
	struct walking *x = user;
	size_t i;

	while ((i = atomic_fetch_add(&x->next, 1)) < x->count) {
		struct part *p = &x->parts[i];
		struct address_walk w;
		address_walk_begin_part(&w, x->ix, x->count_from, x->bounds[i], x->bounds[i + 1]);
		while (address_walk_next(&w)) {
			p->addresses += is_counted(x, &w);
			find_same(x, &w, p);
		}
		address_walk_end(&w);
	}
	return NULL;
}

/* Banners are marked dead between rounds only, when nobody walks. */
static bool
walk_all(struct walking *x, const char *data, struct segment_writer **joined, uint64_t *addresses, struct err *e)
{
	struct raw_cache cache = { 0 };
	uint64_t *bounds;
	size_t parts = address_walk_parts(x->ix, PART_BANNERS, &bounds), round = cores_for(parts) * PARTS_AT_ONCE;
	bool ok = true;

	x->parts = xcalloc(round, sizeof(*x->parts));
	for (size_t from = 0; from < parts && ok; from += round) {
		x->bounds = bounds + from;
		x->count = parts - from < round ? parts - from : round;
		atomic_store(&x->next, 0);
		on_all_cores(x->count, walk_parts, x);
		for (size_t i = 0; i < x->count; i++) {
			struct part *p = &x->parts[i];
			if (ok && p->damaged)
				ok = err_set(e, ERR_INPUT, "the segment %.*s is damaged",
					     STR_ARG(x->ix->segments[p->damaged - 1]->name));
			ok = ok && write_groups(x->ix, &p->found, data, joined, &cache, e);
			*addresses += p->addresses;
			free(p->found.items);
			free(p->marks);
			*p = (struct part){ 0 };
		}
		/* What was read once is seldom read again, and must not look like memory that an import needs. */
		for (size_t i = 0; i < x->ix->count; i++)
			segment_let_go(x->ix->segments[i]);
	}
	free(x->parts);
	free(bounds);
	raw_cache_free(&cache);
	return ok;
}

bool
join_segments(struct exposure_index *ix, size_t first, size_t count_from, const char *data,
	      struct segment_writer **joined, uint64_t *addresses, struct err *e)
{
	struct walking x = { .ix = ix, .first = first, .count_from = count_from };

	*joined = NULL;
	*addresses = 0;
	for (size_t i = 0; i < ix->count; i++)
		if (!address_walk_ready(ix->segments[i]) ||
		    (ix->segments[i]->dead && !column_ready(ix->segments[i], &ix->segments[i]->columns[FIELD_IP])))
			return err_set(e, ERR_INPUT, "the segment %.*s is damaged", STR_ARG(ix->segments[i]->name));
	x.live = xcalloc(ix->count + 1, sizeof(*x.live));
	x.ready = xcalloc(ix->count + 1, sizeof(*x.ready));
	for (size_t i = 0; i < ix->count; i++)
		x.live[i] = live_ranks(ix->segments[i]);
	bool ok = walk_all(&x, data, joined, addresses, e);
	for (size_t i = 0; i < ix->count; i++)
		free(x.live[i]);
	free(x.live);
	free(x.ready);
	if (!ok) {
		segment_abandon(*joined);
		*joined = NULL;
	}
	return ok;
}
