/* Suspicion by all that one address shows (exposure/suspect.h). Dictionaries are looked up once for each segment; then an address
 * costs the numbers of its values. */
#include "exposure/suspect.h"

#include "exposure/address-walk.h"
#include "exposure/change.h"

#include "os/file.h"

enum {
	BANNERS_MAX = 70000, /* of one address: more cannot be told apart, and are not needed */
	RULES_MAX = 64, /* rules and signs have a bit each */
};

/* Values of a column that begin like a sign, by number. */
struct range {
	uint8_t rule, sign, field;
	uint32_t from, to;
};
struct ranges {
	struct range *items;
	size_t count;
};

struct banner_place {
	uint32_t segment, doc;
	uint32_t service; /* port << 2 | transport */
};

struct suspecting {
	struct arena *a;
	const struct enrich_rules *r;
	struct change *c;
	struct ranges *ranges; /* of each segment */
	struct banner_place *places; /* of the address that is looked at */
	size_t place_count;
	uint32_t fewest; /* services that any rule asks for */
	struct segment_writer *out;
	uint64_t marked;
};

/* ---- what rules look for ---- */

/* The first value that does not begin with text, from `from` on. */
static uint32_t
prefix_end(struct segment *s, struct column *c, uint32_t from, struct str text)
{
	struct dict_walk w;

	if (from >= c->info->values || !dict_from(s, c, from, &w))
		return from;
	while (dict_next(&w))
		if (w.text.len < text.len || !str_eq_nocase(str_head(w.text, text.len), text))
			return w.number;
	return c->info->values;
}

static void
find_ranges(struct suspecting *x, size_t segment)
{
	struct segment *s = x->c->ix.segments[segment];
	struct ranges *out = &x->ranges[segment];
	size_t most = 0;

	for (size_t i = 0; i < x->r->traps.count; i++)
		most += x->r->traps.items[i].sign_count * x->r->traps.items[i].field_count;
	out->items = ARENA_ARRAY(x->a, struct range, most + 1);
	for (size_t i = 0; i < x->r->traps.count && i < RULES_MAX; i++) {
		const struct trap_rule *t = &x->r->traps.items[i];
		for (size_t k = 0; k < t->sign_count * t->field_count; k++) {
			size_t sign = k / t->field_count;
			struct column *c = &s->columns[t->fields[k % t->field_count]];
			if (c->info->form != FORM_VALUES || !column_ready(s, c))
				continue;
			uint32_t from = dict_find(s, c, t->signs[sign], true);
			uint32_t to = prefix_end(s, c, from, t->signs[sign]);
			if (from < to)
				out->items[out->count++] =
					(struct range){ (uint8_t)i, (uint8_t)sign,
							(uint8_t)t->fields[k % t->field_count], from, to };
		}
	}
}

/* ---- one address ---- */

static void
add_address(struct suspecting *x, size_t segment, uint32_t rank)
{
	struct segment *s = x->c->ix.segments[segment];
	struct column *c = &s->columns[FIELD_IP];
	struct banner_key key;
	uint64_t from = packed_get(&c->perm_starts, rank), to = packed_get(&c->perm_starts, rank + 1);

	for (uint64_t i = from; i < to && i < s->docs && x->place_count < BANNERS_MAX; i++) {
		uint32_t doc = (uint32_t)packed_get(&c->perm, i);
		if (doc >= s->docs || (s->dead && docset_bit(s->dead, doc)))
			continue;
		banner_read_key(s, doc, &key);
		x->places[x->place_count++] =
			(struct banner_place){ (uint32_t)segment, doc, (uint32_t)key.port << 2 | (key.transport & 3) };
	}
}

static int
by_service(const void *a, const void *b)
{
	const struct banner_place *x = a, *y = b;

	return (x->service > y->service) - (x->service < y->service);
}

static uint32_t
different_services(struct suspecting *x)
{
	uint32_t n = 0;

	qsort(x->places, x->place_count, sizeof(*x->places), by_service);
	for (size_t i = 0; i < x->place_count; i++)
		n += i == 0 || x->places[i].service != x->places[i - 1].service;
	return n;
}

static void
add_signs(struct suspecting *x, const struct banner_place *p, uint64_t seen[RULES_MAX])
{
	struct segment *s = x->c->ix.segments[p->segment];
	const struct ranges *ranges = &x->ranges[p->segment];

	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *g = &ranges->items[i];
		struct column *c = &s->columns[g->field];
		uint32_t first, n = column_entries(s, c, p->doc, &first);
		for (uint32_t k = first; k < first + n; k++) {
			uint64_t id = packed_get(&c->ids, k);
			if (id > g->from && id <= g->to)
				seen[g->rule] |= 1ull << (g->sign & 63);
		}
	}
}

/* In per cent; 0: nothing is strange. */
static unsigned
suspicion(struct suspecting *x, uint32_t services)
{
	uint64_t seen[RULES_MAX] = { 0 };
	unsigned most = 0;
	bool looked = false;

	for (size_t i = 0; i < x->r->traps.count && i < RULES_MAX; i++) {
		const struct trap_rule *t = &x->r->traps.items[i];
		if (services < t->services)
			continue;
		for (size_t k = 0; t->different > 0 && !looked && k < x->place_count; k++)
			add_signs(x, &x->places[k], seen);
		looked |= t->different > 0;
		if ((uint32_t)__builtin_popcountll(seen[i]) >= t->different && t->confidence > most)
			most = t->confidence;
	}
	return most;
}

/* Its own text said so already. A column that most banners have holds 0 for those that have no value. */
static bool
says_so(struct segment *s, uint32_t doc)
{
	struct column *c = &s->columns[FIELD_HONEYPOT];
	uint32_t first;

	if (c->info->entries == 0 || !column_ready(s, c))
		return false;
	uint32_t n = column_entries(s, c, doc, &first);
	for (uint32_t i = 0; i < n; i++)
		if (c->info->form == FORM_PLAIN || packed_get(&c->ids, first + i) != 0)
			return true;
	return false;
}

static bool
mark_all(struct suspecting *x, unsigned confidence, struct raw_cache *cache, struct err *e)
{
	static const struct segment_origin none;
	const struct banner_value sign = { .field = FIELD_HONEYPOT, .number = 1, .confidence = (uint8_t)confidence };

	if (!x->out) {
		if (!segment_begin(x->c->data, &none, &x->out, e))
			return false;
		x->out->origin_count = 0;
	}
	for (size_t i = 0; i < x->place_count; i++) {
		const struct banner_place *p = &x->places[i];
		struct segment *s = x->c->ix.segments[p->segment];
		if (says_so(s, p->doc))
			continue;
		if (!join_copy_with(&x->c->ix, p->segment, p->doc, &sign, x->out, cache, e))
			return false;
		segment_kill(s, p->doc);
		x->marked++;
	}
	return true;
}

/* ---- all of them ---- */

static bool
look_at(struct suspecting *x, const struct address_walk *w, struct raw_cache *cache, struct err *e)
{
	x->place_count = 0;
	for (size_t i = 0; i < w->count; i++)
		add_address(x, w->places[i].segment, w->places[i].rank);
	uint32_t services = different_services(x);
	unsigned confidence = services < x->fewest ? 0 : suspicion(x, services);
	return confidence == 0 || mark_all(x, confidence, cache, e);
}

static bool
look_everywhere(struct suspecting *x, const struct manifest_segment *rows, struct err *e)
{
	struct exposure_index *ix = &x->c->ix;
	struct raw_cache cache = { 0 };
	struct address_walk w;
	bool ok = true;

	for (size_t i = 0; i < ix->count; i++)
		if (!address_walk_ready(ix->segments[i]) || !address_keys_ready(ix->segments[i]))
			return err_set(e, ERR_INPUT, "the segment %.*s is damaged", STR_ARG(ix->segments[i]->name));
	for (size_t i = 0; i < ix->count; i++)
		find_ranges(x, i);
	address_walk_begin(&w, ix, 0);
	for (size_t i = 0; i < ix->count; i++)
		if (rows[i].looked)
			address_walk_aside(&w, i);
	while (ok && address_walk_next(&w))
		ok = w.banners < x->fewest || look_at(x, &w, &cache, e);
	address_walk_end(&w);
	raw_cache_free(&cache);
	return ok;
}

static bool
suspect(struct suspecting *x, const struct manifest *before, struct err *e)
{
	struct manifest after = { 0 };
	struct change *c = x->c;

	if (!change_open_before(c, before, &after, e))
		return false;
	x->ranges = ARENA_ARRAY(x->a, struct ranges, c->ix.count + 1);
	if (!look_everywhere(x, c->rows, e) || (x->out && !segment_spill(x->out, e)) ||
	    (x->out && !change_open_written(c, x->out, e)))
		return false;
	for (size_t i = 0; i < c->ix.count; i++)
		c->rows[i].looked = true;
	after.addresses = before->addresses;
	if (!change_write(c, &after, e))
		return false;
	change_sweep(c, &after);
	return true;
}

static bool
is_new(const struct manifest *m)
{
	for (size_t i = 0; i < m->segments.count; i++)
		if (!m->segments.items[i].looked)
			return true;
	return false;
}

bool
segments_suspect(const char *data, const struct enrich_rules *r, uint64_t *banners, struct err *e)
{
	ARENA_AUTO a = { 0 };
	FD_AUTO lock = -1;
	struct manifest before;
	struct change c;
	struct suspecting x = { .a = &a, .r = r, .c = &c, .fewest = UINT32_MAX };
	const char *folder;

	*banners = 0;
	for (size_t i = 0; i < r->traps.count; i++)
		x.fewest = r->traps.items[i].services < x.fewest ? r->traps.items[i].services : x.fewest;
	if (r->traps.count == 0)
		return true;
	if (!exposure_folder(&a, data, &folder, e) || !exposure_lock(&a, folder, &lock, e) ||
	    !manifest_read(&a, data, &before, e))
		return false;
	if (!is_new(&before))
		return true;
	change_begin(&c, &a, data, folder, &before, CHANGE_FILES);
	x.places = xcalloc(BANNERS_MAX, sizeof(*x.places));
	bool ok = suspect(&x, &before, e);
	free(x.places);
	change_free(&c);
	segment_writer_free(x.out, ok);
	*banners = ok ? x.marked : 0;
	return ok || err_wrap(e, "looking for honeypots among the exposure data below %s", data);
}
