#include "vuln/msrc.h"

#include "base/table.h"

#include "vuln/wire.h"

/* Far above what Microsoft has ever published (22,000 vulnerabilities, 8,000 updates, 7,000 products, 350,000 facts);
 * what a stranger can make us hold stays below 300 MiB. */
#define PRODUCTS_MAX (1u << 18)
#define VULNERABILITIES_MAX (1u << 20)
#define KBS_MAX (1u << 18)
#define FACTS_MAX (1u << 22)
#define EDGES_MAX (1u << 20)
#define PRODUCT_BYTES 255u
#define TITLE_BYTES 300u
#define NO_VULNERABILITY (VULNERABILITIES_MAX - 1)

/* ---- numbers to numbers, open addressing: two look-ups for each of 600,000 rows ---- */

struct number_map {
	uint64_t *keys; /* key + 1, 0 is free */
	uint32_t *values;
	size_t count, cap;
};

static size_t
number_place(const struct number_map *m, uint64_t key)
{
	/* Seeded with the table's address: a publisher cannot choose numbers that collide. */
	uint64_t hash = str_hash(str_sub((const char *)&key, sizeof(key)), (uint64_t)(uintptr_t)m->keys);
	size_t i = (size_t)hash & (m->cap - 1);
	while (m->keys[i] && m->keys[i] != key + 1)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void
number_grow(struct number_map *m)
{
	struct number_map bigger = { .cap = m->cap ? m->cap * 2 : 1024, .count = m->count };
	bigger.keys = xcalloc(bigger.cap, sizeof(*bigger.keys));
	bigger.values = xcalloc(bigger.cap, sizeof(*bigger.values));
	for (size_t i = 0; i < m->cap; i++)
		if (m->keys[i]) {
			size_t at = number_place(&bigger, m->keys[i] - 1);
			bigger.keys[at] = m->keys[i];
			bigger.values[at] = m->values[i];
		}
	free(m->keys);
	free(m->values);
	*m = bigger;
}

/* The place of key's value; *added when it is new (then 0). */
static uint32_t *
number_put(struct number_map *m, uint64_t key, bool *added)
{
	if (m->count * 4 >= m->cap * 3)
		number_grow(m);
	size_t at = number_place(m, key);
	*added = m->keys[at] == 0;
	if (*added) {
		m->keys[at] = key + 1;
		m->count++;
	}
	return &m->values[at];
}

/* ---- the table ---- */

struct fact {
	uint32_t kb, product, vulnerability, revision;
	uint8_t severity;
};

struct edge {
	uint32_t from, to; /* numbers of kbs */
	uint32_t fact; /* of the row that named it first, for counting */
};

struct kb {
	uint32_t number;
	bool bulletin; /* named as an update, not only as superseded */
	int64_t date;
};

struct named {
	struct str id, title;
};

struct msrc_table {
	struct arena arena;
	struct table product_numbers, vulnerability_numbers; /* to number + 1 */
	ARRAY_OF(struct str) products;
	ARRAY_OF(struct named) vulnerabilities;
	struct number_map kb_numbers, fact_numbers, edge_numbers;
	ARRAY_OF(struct kb) kbs;
	ARRAY_OF(struct fact) facts;
	ARRAY_OF(struct edge) edges;
	uint32_t rows; /* msrc_add() calls */
};

struct msrc_table *
msrc_table_new(void)
{
	return xcalloc(1, sizeof(struct msrc_table));
}

void
msrc_table_free(struct msrc_table *t)
{
	if (!t)
		return;
	table_free(&t->product_numbers);
	table_free(&t->vulnerability_numbers);
	struct number_map *maps[] = { &t->kb_numbers, &t->fact_numbers, &t->edge_numbers };
	for (size_t i = 0; i < COUNT(maps); i++) {
		free(maps[i]->keys);
		free(maps[i]->values);
	}
	arena_free(&t->arena);
	free(t);
}

void
msrc_table_cleanup(struct msrc_table **t)
{
	msrc_table_free(*t);
}

bool
msrc_kb_parse(struct str text, uint32_t *number)
{
	uint64_t n;
	text = str_trim(text);
	if (text.len > 2 && (text.ptr[0] | 32) == 'k' && (text.ptr[1] | 32) == 'b')
		text = str_skip(text, 2);
	else if (text.len > 1 && (text.ptr[0] | 32) == 'q')
		text = str_skip(text, 1);
	size_t digits = 0;
	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	struct str rest = str_skip(text, digits);
	uint64_t version;
	bool versioned =
		rest.len >= 2 && rest.len <= 3 && (rest.ptr[0] | 32) == 'v' && str_to_u64(str_skip(rest, 1), &version);
	if (digits < 5 || digits > 8 || (rest.len > 0 && !versioned) || !str_to_u64(str_head(text, digits), &n) ||
	    n == 0)
		return false;
	*number = (uint32_t)n;
	return true;
}

enum severity
msrc_severity(struct str text)
{
	static const struct {
		const char *name;
		enum severity severity;
	} names[] = { { "Critical", SEVERITY_CRITICAL },
		      { "Important", SEVERITY_HIGH },
		      { "Moderate", SEVERITY_MEDIUM },
		      { "Low", SEVERITY_LOW } };
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq_nocase(text, str_of(names[i].name)))
			return names[i].severity;
	return SEVERITY_UNKNOWN;
}

uint32_t
msrc_revision(struct str build)
{
	struct str part = STR_NONE, rest = str_trim(build);
	uint64_t n = 0;
	int parts = 0;
	while (str_cut(&rest, '.', &part)) {
		if (!str_to_u64(part, &n) || n > 999999)
			return 0;
		parts++;
	}
	return parts == 4 ? (uint32_t)n : 0;
}

/* Blanks at the ends are cut, inside they become one. */
static struct str
tidy(struct str text, char into[PRODUCT_BYTES])
{
	size_t len = 0;
	struct str word;
	while (str_word(&text, &word)) {
		if (len + word.len + 1 > PRODUCT_BYTES)
			break;
		if (len)
			into[len++] = ' ';
		memcpy(into + len, word.ptr, word.len);
		len += word.len;
	}
	return str_sub(into, len);
}

static bool
product_number(struct msrc_table *t, struct str text, uint32_t *out)
{
	char tidied[PRODUCT_BYTES];
	struct str name = tidy(text, tidied);
	uintptr_t seen = (uintptr_t)table_get(&t->product_numbers, name);
	if (!seen) {
		if (t->products.count == PRODUCTS_MAX)
			return false;
		name = arena_str(&t->arena, name);
		*ARRAY_PUSH(&t->arena, &t->products) = name;
		seen = t->products.count;
		*table_put(&t->product_numbers, name, NULL) = (void *)seen;
	}
	*out = (uint32_t)seen - 1;
	return true;
}

/* CVE-…, or Microsoft's own ADV and six digits. */
static bool
names_vulnerability(struct str id)
{
	uint32_t year;
	uint64_t number;
	if (cve_parse(id, &year, &number))
		return true;
	return id.len == 9 && str_starts(id, STR("ADV")) && str_to_u64(str_skip(id, 3), &number);
}

static bool
vulnerability_number(struct msrc_table *t, struct str id, struct str title, uint32_t *out)
{
	*out = NO_VULNERABILITY;
	if (!names_vulnerability(id))
		return true;
	uintptr_t seen = (uintptr_t)table_get(&t->vulnerability_numbers, id);
	if (!seen) {
		if (t->vulnerabilities.count == NO_VULNERABILITY)
			return false;
		id = arena_str(&t->arena, id);
		*ARRAY_PUSH(&t->arena, &t->vulnerabilities) = (struct named){ id, STR("") };
		seen = t->vulnerabilities.count;
		*table_put(&t->vulnerability_numbers, id, NULL) = (void *)seen;
	}
	struct named *v = &t->vulnerabilities.items[seen - 1];
	if (v->title.len == 0 && title.len > 0 && title.len <= TITLE_BYTES && str_is_utf8(title))
		v->title = arena_str(&t->arena, title);
	*out = (uint32_t)seen - 1;
	return true;
}

static bool
kb_number(struct msrc_table *t, uint32_t number, uint32_t *out)
{
	bool added;
	if (t->kbs.count >= KBS_MAX)
		return false;
	uint32_t *place = number_put(&t->kb_numbers, number, &added);
	if (added) {
		*place = (uint32_t)t->kbs.count;
		*ARRAY_PUSH(&t->arena, &t->kbs) = (struct kb){ .number = number };
	}
	*out = *place;
	return true;
}

/* Names that are no KB (service packs of old tables) say nothing here; an update never supersedes itself. */
static bool
add_edges(struct msrc_table *t, uint32_t from, struct str list, bool *news)
{
	while (list.len > 0) {
		size_t len = 0;
		uint32_t number, to;
		bool added;
		while (len < list.len && list.ptr[len] != ';' && list.ptr[len] != ',')
			len++;
		struct str one = str_head(list, len);
		list = str_skip(list, len + 1);
		if (!msrc_kb_parse(one, &number))
			continue;
		if (t->edges.count >= EDGES_MAX || !kb_number(t, number, &to))
			return false;
		if (to == from)
			continue;
		(void)number_put(&t->edge_numbers, (uint64_t)from << 32 | to, &added);
		if (added)
			*ARRAY_PUSH(&t->arena, &t->edges) = (struct edge){ from, to, t->rows };
		*news = *news || added;
	}
	return true;
}

enum msrc_added
msrc_add(struct msrc_table *t, const struct msrc_fact *f)
{
	struct fact n = { .revision = f->revision, .severity = (uint8_t)f->severity };
	bool news = false, added;
	t->rows++;
	if (t->facts.count >= FACTS_MAX || !kb_number(t, f->kb, &n.kb) || !product_number(t, f->product, &n.product) ||
	    !vulnerability_number(t, f->vulnerability, f->title, &n.vulnerability) ||
	    !add_edges(t, n.kb, f->supersedes, &news))
		return MSRC_FULL;
	struct kb *kb = &t->kbs.items[n.kb];
	if (!kb->bulletin || (f->date > 0 && f->date < kb->date))
		kb->date = f->date;
	kb->bulletin = true;
	/* 18 + 18 + 20 bits. */
	uint32_t *place = number_put(&t->fact_numbers,
				     ((uint64_t)n.kb << 38) | ((uint64_t)n.product << 20) | n.vulnerability, &added);
	if (added) {
		*place = (uint32_t)t->facts.count;
		*ARRAY_PUSH(&t->arena, &t->facts) = n;
		return MSRC_NEW;
	}
	struct fact *known = &t->facts.items[*place];
	if (n.severity > known->severity) {
		known->severity = n.severity;
		news = true;
	}
	if (n.revision && !known->revision) {
		known->revision = n.revision;
		news = true;
	}
	return news ? MSRC_NEW : MSRC_KNOWN;
}

/* ---- writing ---- */

/* Facts and edges by update: those of k are items[first[k]] … items[first[k + 1] - 1]. */
struct grouped {
	uint32_t *first, *items;
};

static struct grouped
group_begin(struct arena *a, size_t nodes, size_t count)
{
	return (struct grouped){ ARENA_ARRAY(a, uint32_t, nodes + 2), ARENA_ARRAY(a, uint32_t, count + 1) };
}

static struct grouped
group_facts(const struct msrc_table *t, struct arena *a)
{
	struct grouped g = group_begin(a, t->kbs.count, t->facts.count);
	for (size_t i = 0; i < t->facts.count; i++)
		g.first[t->facts.items[i].kb + 2]++;
	for (size_t k = 2; k <= t->kbs.count + 1; k++)
		g.first[k] += g.first[k - 1];
	for (size_t i = 0; i < t->facts.count; i++)
		g.items[g.first[t->facts.items[i].kb + 1]++] = (uint32_t)i;
	return g;
}

/* items are targets, not edges. */
static struct grouped
group_edges(const struct msrc_table *t, struct arena *a)
{
	struct grouped g = group_begin(a, t->kbs.count, t->edges.count);
	for (size_t i = 0; i < t->edges.count; i++)
		g.first[t->edges.items[i].from + 2]++;
	for (size_t k = 2; k <= t->kbs.count + 1; k++)
		g.first[k] += g.first[k - 1];
	for (size_t i = 0; i < t->edges.count; i++)
		g.items[g.first[t->edges.items[i].from + 1]++] = t->edges.items[i].to;
	return g;
}

/* Dictionaries of one record: number in the table to number in the record. */
struct local {
	uint32_t *stamp, *number;
	ARRAY_OF(uint32_t) used;
};

static uint32_t
local_number(struct local *l, struct arena *a, uint32_t stamp, uint32_t n)
{
	if (l->stamp[n] != stamp) {
		l->stamp[n] = stamp;
		l->number[n] = (uint32_t)l->used.count;
		*ARRAY_PUSH(a, &l->used) = n;
	}
	return l->number[n];
}

struct writer {
	const struct msrc_table *t;
	struct arena *arena;
	struct grouped facts, edges;
	struct local products, vulnerabilities;
	struct buf rows;
};

static void
encode_bulletin(struct writer *w, uint32_t k, struct buf *out)
{
	const struct msrc_table *t = w->t;
	uint32_t count = w->facts.first[k + 1] - w->facts.first[k];
	w->products.used.count = w->vulnerabilities.used.count = 0;
	buf_truncate(&w->rows, 0);
	for (uint32_t i = 0; i < count; i++) {
		const struct fact *f = &t->facts.items[w->facts.items[w->facts.first[k] + i]];
		bool none = f->vulnerability == NO_VULNERABILITY;
		wire_put_u32(&w->rows, local_number(&w->products, w->arena, k + 1, f->product));
		wire_put_u32(&w->rows,
			     none ? UINT32_MAX : local_number(&w->vulnerabilities, w->arena, k + 1, f->vulnerability));
		wire_put_u32(&w->rows, f->revision);
		wire_put_u8(&w->rows, f->severity);
	}
	buf_truncate(out, 0);
	wire_put_u8(out, RECORD_BULLETIN);
	wire_put_u32(out, t->kbs.items[k].number);
	wire_put_u64(out, (uint64_t)t->kbs.items[k].date);
	wire_put_u32(out, w->edges.first[k + 1] - w->edges.first[k]);
	for (uint32_t i = w->edges.first[k]; i < w->edges.first[k + 1]; i++)
		wire_put_u32(out, t->kbs.items[w->edges.items[i]].number);
	wire_put_u32(out, (uint32_t)w->products.used.count);
	for (size_t i = 0; i < w->products.used.count; i++)
		wire_put_str(out, t->products.items[w->products.used.items[i]]);
	wire_put_u32(out, (uint32_t)w->vulnerabilities.used.count);
	for (size_t i = 0; i < w->vulnerabilities.used.count; i++) {
		const struct named *v = &t->vulnerabilities.items[w->vulnerabilities.used.items[i]];
		wire_put_str(out, v->id);
		wire_put_str(out, v->title);
	}
	wire_put_u32(out, count);
	buf_add(out, buf_str(&w->rows));
}

/* Rows that named an edge inside a group; a row counts once. */
static uint64_t
count_cyclic(const struct msrc_table *t, const struct grouped *edges, struct arena *a)
{
	uint32_t *group = ARENA_ARRAY(a, uint32_t, t->kbs.count + 1), last = 0;
	uint64_t rows = 0;
	graph_groups((uint32_t)t->kbs.count, edges->first, edges->items, group);
	for (size_t i = 0; i < t->edges.count; i++) {
		const struct edge *g = &t->edges.items[i];
		if (group[g->from] != group[g->to] || g->fact == last)
			continue;
		last = g->fact;
		rows++;
	}
	return rows;
}

static struct local
local_of(struct arena *a, size_t count)
{
	return (struct local){ .stamp = ARENA_ARRAY(a, uint32_t, count + 1),
			       .number = ARENA_ARRAY(a, uint32_t, count + 1) };
}

bool
msrc_flush(struct msrc_table *t, struct feed_sink *sink, struct str source, struct str prefix, uint64_t *cyclic,
	   struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct writer w = { .t = t, .arena = &a, .facts = group_facts(t, &a), .edges = group_edges(t, &a) };
	w.products = local_of(&a, t->products.count);
	w.vulnerabilities = local_of(&a, t->vulnerabilities.count);
	*cyclic = count_cyclic(t, &w.edges, &a);
	if (t->facts.count == 0)
		return true;
	struct bucket *b = bucket_set_get(sink->set, sink->feed, source);
	if (!b)
		return err_set(e, ERR_TOO_LARGE, "too many different sources in one import; import them one by one");
	bool ok = true;
	for (uint32_t k = 0; k < t->kbs.count && ok; k++) {
		if (!t->kbs.items[k].bulletin)
			continue;
		enum bucket_put how;
		struct str key = arena_printf(&a, "%.*s%u", STR_ARG(prefix), t->kbs.items[k].number);
		encode_bulletin(&w, k, &sink->body);
		ok = bucket_put(b, key, sink->published, buf_str(&sink->body), &how, e);
	}
	buf_free(&w.rows);
	return ok;
}

/* ---- reading back ---- */

static void
decode_rows(struct wire *w, struct arena *a, struct bulletin *out)
{
	uint32_t n = wire_count(w, 13);
	for (uint32_t i = 0; i < n && !w->bad; i++) {
		struct bulletin_row r = { .product = wire_u32(w) };
		r.vulnerability = wire_u32(w);
		r.revision = wire_u32(w);
		uint8_t severity = wire_u8(w);
		if (r.product >= out->products.count || severity > SEVERITY_CRITICAL ||
		    (r.vulnerability != UINT32_MAX && r.vulnerability >= out->vulnerabilities.count))
			w->bad = true;
		r.severity = (enum severity)severity;
		*ARRAY_PUSH(a, &out->rows) = r;
	}
}

bool
bulletin_decode(struct str body, struct arena *a, struct bulletin *out)
{
	struct wire w = { .rest = body };
	*out = (struct bulletin){ 0 };
	if (wire_u8(&w) != RECORD_BULLETIN)
		return false;
	out->kb = wire_u32(&w);
	out->date = (int64_t)wire_u64(&w);
	uint32_t n = wire_count(&w, 4);
	for (uint32_t i = 0; i < n && !w.bad; i++)
		*ARRAY_PUSH(a, &out->supersedes) = wire_u32(&w);
	n = wire_count(&w, 4);
	for (uint32_t i = 0; i < n && !w.bad; i++)
		*ARRAY_PUSH(a, &out->products) = wire_str(&w);
	n = wire_count(&w, 8);
	for (uint32_t i = 0; i < n && !w.bad; i++) {
		*ARRAY_PUSH(a, &out->vulnerabilities) = wire_str(&w);
		*ARRAY_PUSH(a, &out->titles) = wire_str(&w);
	}
	decode_rows(&w, a, out);
	return !w.bad && w.rest.len == 0;
}
