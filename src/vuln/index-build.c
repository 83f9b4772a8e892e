/* All feed files into one index. Everything is held in memory while it is built. */
#include "vuln/ecosystem.h"
#include "vuln/index-facts.h"

#include <math.h>

#define STRINGS_MAX (UINT64_C(2) << 30)

struct built_package {
	struct str os, name;
	ARRAY_OF(struct built_entry) entries;
};

struct built_vulnerability {
	struct str id;
	uint64_t key; /* CVE's, or INDEX_NAMED */
	struct vulnerability facts;
	bool advised; /* an advisory names it */
	uint32_t row; /* where it stands when sorted */
	uint32_t parent; /* union of names for one vulnerability */
	uint32_t aliases; /* first row of names, by `next` */
};

struct builder {
	struct arena arena;
	struct table strings; /* to offset + 1 */
	struct buf string_bytes;
	ARRAY_OF(struct advisory) advisories;
	ARRAY_OF(struct built_package) packages;
	struct table package_by_key; /* "os\0name" to number + 1 */
	ARRAY_OF(struct built_vulnerability) vulnerabilities;
	struct table vulnerability_by_id; /* to number + 1 */
	ARRAY_OF(struct eol_cycle) cycles;
	ARRAY_OF(struct str) cycle_products;
	struct table titles; /* product to struct str * */
	uint32_t *order; /* sorted vulnerabilities */
	ARRAY_OF(struct str) modules; /* of advisories */
	struct table facts; /* what is said of a package, to its place + 1 */
	ARRAY_OF(struct index_name) names;
	struct buf sections[INDEX_SECTIONS];
	struct index_header header;
};

static void
builder_cleanup(struct builder *b)
{
	table_free(&b->strings);
	table_free(&b->package_by_key);
	table_free(&b->vulnerability_by_id);
	table_free(&b->titles);
	table_free(&b->facts);
	buf_free(&b->string_bytes);
	for (int i = 0; i < INDEX_SECTIONS; i++)
		buf_free(&b->sections[i]);
	arena_free(&b->arena);
}

/* Each text once. */
static uint32_t
intern(struct builder *b, struct str s)
{
	if (s.len > UINT16_MAX)
		s = str_head(s, UINT16_MAX);
	bool added;
	void **slot = table_put(&b->strings, s, &added);
	if (!added)
		return (uint32_t)((uintptr_t)*slot - 1);
	uint32_t at = (uint32_t)b->string_bytes.len;
	uint16_t len = (uint16_t)s.len;
	*slot = (void *)(uintptr_t)(at + (uintptr_t)1);
	buf_add(&b->string_bytes, str_sub((const char *)&len, sizeof(len)));
	buf_add(&b->string_bytes, s);
	return at;
}

static uint32_t
vulnerability_number(struct builder *b, struct str id)
{
	bool added;
	void **slot = table_put(&b->vulnerability_by_id, id, &added);
	if (!added)
		return (uint32_t)((uintptr_t)*slot - 1);
	uint32_t number = (uint32_t)b->vulnerabilities.count, year;
	uint64_t digits;
	struct built_vulnerability *v = ARRAY_PUSH(&b->arena, &b->vulnerabilities);
	*v = (struct built_vulnerability){ .id = id, .parent = number, .aliases = INDEX_NONE, .key = INDEX_NAMED };
	v->facts = (struct vulnerability){ .id = id, .cvss = -1, .epss = -1 };
	if (cve_parse(id, &year, &digits))
		v->key = (uint64_t)year << 40 | digits;
	*slot = (void *)(uintptr_t)(number + (uintptr_t)1);
	return number;
}

static uint32_t
find(struct builder *b, uint32_t n)
{
	struct built_vulnerability *all = b->vulnerabilities.items;
	while (all[n].parent != n)
		n = all[n].parent = all[all[n].parent].parent;
	return n;
}

/* A CVE is the name of the whole; else the first in order. Two CVEs stay apart. */
static void
unite(struct builder *b, uint32_t x, uint32_t y)
{
	x = find(b, x);
	y = find(b, y);
	const struct built_vulnerability *vx = &b->vulnerabilities.items[x], *vy = &b->vulnerabilities.items[y];
	bool named_x = vx->key & INDEX_NAMED, named_y = vy->key & INDEX_NAMED;
	if (x == y || (!named_x && !named_y))
		return;
	bool keep_x = named_x == named_y ? str_cmp(vx->id, vy->id) < 0 : !named_x;
	b->vulnerabilities.items[keep_x ? y : x].parent = keep_x ? x : y;
}

static void
learn(struct vulnerability *into, const struct vulnerability *from)
{
	if (from->severity > into->severity)
		into->severity = from->severity;
	if (from->cvss > into->cvss)
		into->cvss = from->cvss;
	if (from->epss >= 0)
		into->epss = from->epss;
	if (from->kev) {
		into->kev = true;
		into->kev_added = from->kev_added;
		into->kev_due = from->kev_due;
		into->kev_ransomware = from->kev_ransomware;
	}
	if (from->title.len > 0 && (into->title.len == 0 || from->kev))
		into->title = from->title;
}

static struct built_package *
package_of(struct builder *b, struct str os, struct str name)
{
	char *key = ARENA_ARRAY(&b->arena, char, os.len + 1 + name.len);
	memcpy(key, os.ptr, os.len);
	memcpy(key + os.len + 1, name.ptr, name.len);
	bool added;
	void **slot = table_put(&b->package_by_key, str_sub(key, os.len + 1 + name.len), &added);
	if (added) {
		*ARRAY_PUSH(&b->arena, &b->packages) = (struct built_package){ .os = os, .name = name };
		*slot = (void *)(uintptr_t)b->packages.count;
	}
	return &b->packages.items[(uintptr_t)*slot - 1];
}

static void
add_advisory(struct builder *b, const struct advisory *v)
{
	uint32_t number = (uint32_t)b->advisories.count;
	*ARRAY_PUSH(&b->arena, &b->advisories) = *v;
	*ARRAY_PUSH(&b->arena, &b->modules) = STR("");
	for (size_t i = 0; i < v->affected.count; i++) {
		const struct affected *f = &v->affected.items[i];
		struct built_package *p = package_of(b, f->os, f->name);
		for (size_t k = 0; k < f->ranges.count; k++)
			*ARRAY_PUSH(&b->arena, &p->entries) = (struct built_entry){ number, f->ranges.items[k] };
	}
	uint32_t first = 0;
	for (size_t i = 0; i < v->vulnerabilities.count; i++) {
		uint32_t n = vulnerability_number(b, v->vulnerabilities.items[i]);
		b->vulnerabilities.items[n].advised = true;
		first = i == 0 ? n : first;
	}
	for (size_t i = 0; i < v->aliases.count; i++)
		unite(b, first, vulnerability_number(b, v->aliases.items[i]));
	if (!v->bundle && v->vulnerabilities.count == 1) {
		struct vulnerability known = {
			.severity = v->severity, .cvss = v->cvss, .epss = -1, .title = v->title
		};
		learn(&b->vulnerabilities.items[first].facts, &known);
	}
}

static void
add_record(struct builder *b, const struct record *r)
{
	switch (r->kind) {
	case RECORD_ADVISORY:
		add_advisory(b, &r->advisory);
		return;
	case RECORD_VULNERABILITY: {
		uint32_t n = vulnerability_number(b, r->vulnerability.id); /* may move the items */
		learn(&b->vulnerabilities.items[n].facts, &r->vulnerability);
		return;
	}
	case RECORD_EOL:
		for (size_t i = 0; i < r->product.cycles.count; i++) {
			*ARRAY_PUSH(&b->arena, &b->cycles) = r->product.cycles.items[i];
			*ARRAY_PUSH(&b->arena, &b->cycle_products) = r->product.name;
		}
		return;
	case RECORD_PRODUCT: {
		struct str *title = ARENA_NEW(&b->arena, struct str);
		*title = r->product.title;
		*table_put(&b->titles, r->product.name, NULL) = title;
		return;
	}
	}
}

static bool
read_source(struct builder *b, const struct index_source *s, struct err *e)
{
	size_t offset = 0;
	struct bucket_row row;
	bool bad = false;
	while (bucket_row_next(s->payload, &offset, &row, &bad)) {
		struct record r;
		if (!row.live)
			continue;
		if (!record_decode(row.body, &b->arena, &r)) {
			bad = true;
			break;
		}
		add_record(b, &r);
	}
	if (bad)
		return err_set(e, ERR_INPUT, "%s is damaged; remove it and import the feed again", s->path);
	return true;
}

/* ---- sorting ---- */

static int
compare_vulnerabilities(const void *x, const void *y, void *user)
{
	const struct builder *b = user;
	const struct built_vulnerability *vx = &b->vulnerabilities.items[*(const uint32_t *)x],
					 *vy = &b->vulnerabilities.items[*(const uint32_t *)y];
	if (vx->advised != vy->advised)
		return vx->advised ? -1 : 1;
	if (vx->key != vy->key)
		return vx->key < vy->key ? -1 : 1;
	return str_cmp(vx->id, vy->id);
}

static int
compare_packages(const void *x, const void *y)
{
	const struct built_package *px = x, *py = y;
	int order = str_cmp(px->os, py->os);
	return order ? order : str_cmp(px->name, py->name);
}

/* Numbers inside ids by their value, so that of one day's advisories the later one is the newer. */
static int
compare_ids(struct str x, struct str y)
{
	char tx[160], ty[160];
	snprintf(tx, sizeof(tx), "%.*s", STR_ARG(x));
	snprintf(ty, sizeof(ty), "%.*s", STR_ARG(y));
	return strverscmp(tx, ty);
}

/* Newest first; entries of one advisory stay together. */
static int
compare_entries(const void *x, const void *y, void *user)
{
	const struct builder *b = user;
	const struct built_entry *ex = x, *ey = y;
	const struct advisory *ax = &b->advisories.items[ex->advisory], *ay = &b->advisories.items[ey->advisory];
	if (ax->date != ay->date)
		return ax->date > ay->date ? -1 : 1;
	int order = compare_ids(ay->id, ax->id);
	if (order)
		return order;
	return ex->advisory < ey->advisory ? -1 : ex->advisory > ey->advisory;
}

struct cycle_place {
	struct str product;
	const struct eol_cycle *cycle;
};

static int
compare_cycles(const void *x, const void *y)
{
	const struct cycle_place *cx = x, *cy = y;
	int order = str_cmp(cx->product, cy->product);
	return order ? order : str_cmp(cx->cycle->cycle, cy->cycle->cycle);
}

static int
compare_names(const void *x, const void *y, void *user)
{
	const struct builder *b = user;
	return str_cmp(b->vulnerabilities.items[((const struct index_name *)x)->vulnerability].id,
		       b->vulnerabilities.items[((const struct index_name *)y)->vulnerability].id);
}

/* ---- sections ---- */

static void
section_add(struct builder *b, enum index_section s, const void *row, size_t size)
{
	buf_add(&b->sections[s], str_sub(row, size));
	b->header.sections[s].count++;
}

static uint16_t
tenths(double score)
{
	return score < 0 ? UINT16_MAX : (uint16_t)lround(score * 10);
}

/* Aliases lend what is known of them to the one name; the rows are those names, by key. */
static void
settle_vulnerabilities(struct builder *b)
{
	size_t n = b->vulnerabilities.count, rows = 0;
	struct built_vulnerability *all = b->vulnerabilities.items;
	b->order = ARENA_ARRAY(&b->arena, uint32_t, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t root = find(b, i);
		if (root != i)
			learn(&all[root].facts, &all[i].facts);
		else
			b->order[rows++] = i;
		all[root].advised = all[root].advised || all[i].advised;
		if (all[i].key & INDEX_NAMED)
			*ARRAY_PUSH(&b->arena, &b->names) =
				(struct index_name){ .vulnerability = i, .next = INDEX_NONE };
	}
	qsort_r(b->order, rows, sizeof(*b->order), compare_vulnerabilities, b);
	for (size_t i = 0; i < rows; i++) {
		all[b->order[i]].row = (uint32_t)i;
		b->header.advised += all[b->order[i]].advised;
	}
	if (b->names.count)
		qsort_r(b->names.items, b->names.count, sizeof(*b->names.items), compare_names, b);
	b->header.sections[INDEX_VULNERABILITIES].count = rows;
}

/* From the last to the first, so that the chain of aliases comes out in order. */
static void
write_names(struct builder *b)
{
	struct built_vulnerability *all = b->vulnerabilities.items;
	for (size_t i = b->names.count; i-- > 0;) {
		struct index_name *n = &b->names.items[i];
		uint32_t own = n->vulnerability, root = find(b, own);
		n->name = intern(b, all[own].id);
		n->vulnerability = all[root].row;
		if (own == root) {
			all[own].key = INDEX_NAMED | i;
			continue;
		}
		n->next = all[root].aliases;
		all[root].aliases = (uint32_t)i;
	}
	for (size_t i = 0; i < b->names.count; i++)
		section_add(b, INDEX_NAMES, &b->names.items[i], sizeof(b->names.items[i]));
}

static void
write_vulnerabilities(struct builder *b)
{
	size_t rows = (size_t)b->header.sections[INDEX_VULNERABILITIES].count;
	b->header.sections[INDEX_VULNERABILITIES].count = 0;
	for (size_t i = 0; i < rows; i++) {
		const struct built_vulnerability *v = &b->vulnerabilities.items[b->order[i]];
		const struct vulnerability *f = &v->facts;
		struct index_vulnerability row = { .key = v->key,
						   .epss = f->epss < 0 ? INDEX_NONE : (uint32_t)lround(f->epss * 1e6),
						   .detail = INDEX_NONE,
						   .cvss10 = tenths(f->cvss),
						   .severity = (uint8_t)f->severity,
						   .aliases = v->aliases };
		if (f->kev || f->title.len > 0) {
			struct index_detail d = { .kev_added = f->kev_added, .kev_due = f->kev_due };
			d.title = intern(b, f->title);
			d.flags = (f->kev ? 1u : 0u) | (f->kev_ransomware ? 2u : 0u);
			row.detail = (uint32_t)b->header.sections[INDEX_DETAILS].count;
			section_add(b, INDEX_DETAILS, &d, sizeof(d));
		}
		section_add(b, INDEX_VULNERABILITIES, &row, sizeof(row));
	}
}

static void
write_advisories(struct builder *b)
{
	for (size_t i = 0; i < b->advisories.count; i++) {
		const struct advisory *v = &b->advisories.items[i];
		struct index_advisory row = { .date = v->date,
					      .id = intern(b, v->id),
					      .title = intern(b, v->title),
					      .first = (uint32_t)b->header.sections[INDEX_LISTS].count,
					      .count = (uint32_t)v->vulnerabilities.count,
					      .severity = (uint16_t)v->severity,
					      .cvss10 = tenths(v->cvss) };
		for (size_t k = 0; k < v->vulnerabilities.count; k++) {
			uint32_t n = find(b, vulnerability_number(b, v->vulnerabilities.items[k]));
			section_add(b, INDEX_LISTS, &b->vulnerabilities.items[n].row, sizeof(uint32_t));
		}
		section_add(b, INDEX_ADVISORIES, &row, sizeof(row));
	}
}

static uint32_t
intern_text(void *user, struct str text)
{
	return intern(user, text);
}

/* The place of what is said of a package, in units of 8 bytes; said of several in the same words, it is there once. */
static uint32_t
facts_place(struct builder *b, struct built_package *p)
{
	const struct ecosystem *eco = ecosystem_of_os(p->os);
	struct facts_input in = { .scheme = eco ? eco->scheme : &version_generic,
				  .entries = p->entries.items,
				  .count = p->entries.count,
				  .advisories = (const void *)buf_str(&b->sections[INDEX_ADVISORIES]).ptr,
				  .modules = b->modules.items,
				  .lists = (const void *)buf_str(&b->sections[INDEX_LISTS]).ptr,
				  .intern = intern_text,
				  .user = b };
	struct buf *section = &b->sections[INDEX_FACTS];
	BUF_AUTO bytes = { 0 };
	facts_write(&in, &bytes);
	while (bytes.len % 8)
		buf_add_char(&bytes, 0);
	struct str key = arena_str(&b->arena, buf_str(&bytes));
	bool added;
	void **slot = table_put(&b->facts, key, &added);
	if (added) {
		*slot = (void *)(uintptr_t)(section->len / 8 + 1);
		buf_add(section, key);
	}
	b->header.sections[INDEX_FACTS].count = section->len;
	return (uint32_t)((uintptr_t)*slot - 1);
}

/* Open addressing, at most half full. */
static void
write_slots(struct builder *b, struct index_system *system)
{
	const struct index_package *rows = (const void *)b->sections[INDEX_PACKAGES].ptr;
	uint32_t slots = 2;
	while (slots < system->count * 2)
		slots *= 2;
	struct index_slot *table = ARENA_ARRAY(&b->arena, struct index_slot, slots);
	for (uint32_t i = system->first; i < system->first + system->count; i++) {
		uint16_t len;
		memcpy(&len, b->string_bytes.ptr + rows[i].name, sizeof(len));
		uint32_t hash = (uint32_t)str_hash(str_sub(b->string_bytes.ptr + rows[i].name + sizeof(len), len), 0);
		uint32_t at = hash & (slots - 1);
		while (table[at].package)
			at = (at + 1) & (slots - 1);
		table[at] = (struct index_slot){ hash, i + 1 };
	}
	system->slot = (uint32_t)b->header.sections[INDEX_SLOTS].count;
	system->slots = slots;
	for (uint32_t i = 0; i < slots; i++)
		section_add(b, INDEX_SLOTS, &table[i], sizeof(table[i]));
}

static void
end_system(struct builder *b, struct index_system *system)
{
	if (system->count == 0)
		return;
	write_slots(b, system);
	section_add(b, INDEX_SYSTEMS, system, sizeof(*system));
}

static void
write_packages(struct builder *b)
{
	if (b->packages.count)
		qsort(b->packages.items, b->packages.count, sizeof(*b->packages.items), compare_packages);
	struct index_system system = { 0 };
	for (size_t i = 0; i < b->packages.count; i++) {
		struct built_package *p = &b->packages.items[i];
		if (p->entries.count)
			qsort_r(p->entries.items, p->entries.count, sizeof(*p->entries.items), compare_entries, b);
		struct index_package row = { .name = intern(b, p->name), .facts = facts_place(b, p) };
		if (i == 0 || !str_eq(p->os, p[-1].os)) {
			end_system(b, &system);
			system = (struct index_system){ .name = intern(b, p->os), .first = (uint32_t)i };
		}
		system.count++;
		section_add(b, INDEX_PACKAGES, &row, sizeof(row));
	}
	end_system(b, &system);
}

static void
write_cycles(struct builder *b)
{
	size_t n = b->cycles.count;
	struct cycle_place *places = ARENA_ARRAY(&b->arena, struct cycle_place, n + 1);
	for (size_t i = 0; i < n; i++)
		places[i] = (struct cycle_place){ b->cycle_products.items[i], &b->cycles.items[i] };
	qsort(places, n, sizeof(*places), compare_cycles);
	for (size_t i = 0; i < n; i++) {
		const struct str *title = table_get(&b->titles, places[i].product);
		struct index_cycle row = { .product = intern(b, places[i].product),
					   .cycle = intern(b, places[i].cycle->cycle),
					   .title = intern(b, title ? *title : places[i].product),
					   .support = places[i].cycle->support,
					   .eol = places[i].cycle->eol,
					   .extended = places[i].cycle->extended };
		section_add(b, INDEX_CYCLES, &row, sizeof(row));
	}
}

static void
assemble(struct builder *b, int64_t now, struct buf *out)
{
	struct index_header *h = &b->header;
	memcpy(h->magic, INDEX_MAGIC, sizeof(h->magic));
	h->version = INDEX_VERSION;
	h->order = INDEX_ORDER;
	h->built = now;
	h->sections[INDEX_STRINGS].count = b->string_bytes.len;
	buf_add(&b->sections[INDEX_STRINGS], buf_str(&b->string_bytes));
	buf_truncate(out, 0);
	buf_add(out, str_sub((const char *)h, sizeof(*h)));
	for (int i = 0; i < INDEX_SECTIONS; i++) {
		while (out->len % 8)
			buf_add_char(out, 0);
		h->sections[i].offset = out->len;
		if (i != INDEX_SUMS) {
			buf_add(out, buf_str(&b->sections[i]));
			continue;
		}
		h->sections[i].count = (out->len - sizeof(*h) + INDEX_BLOCK - 1) / INDEX_BLOCK;
		size_t bytes = (size_t)h->sections[i].count * sizeof(uint64_t);
		memset(buf_reserve(out, bytes), 0, bytes);
		out->len += bytes;
	}
	h->size = out->len;
	memcpy(out->ptr, h, sizeof(*h));
	index_seal(out->ptr, out->len);
	memcpy(h, out->ptr, sizeof(*h));
	h->generation = (h->checksum ^ (uint64_t)now) >> 11; /* fits a JSON number */
	memcpy(out->ptr, h, sizeof(*h));
	index_seal(out->ptr, out->len);
}

bool
index_build(const struct index_source *sources, size_t count, int64_t now, struct buf *out, struct err *e)
{
	__attribute__((cleanup(builder_cleanup))) struct builder b = { 0 };
	(void)intern(&b, STR(""));
	for (size_t i = 0; i < count; i++)
		if (!read_source(&b, &sources[i], e))
			return false;
	settle_vulnerabilities(&b);
	write_names(&b);
	write_vulnerabilities(&b);
	write_advisories(&b);
	write_packages(&b);
	write_cycles(&b);
	if (b.string_bytes.len > STRINGS_MAX)
		return err_set(e, ERR_TOO_LARGE,
			       "the feeds name more text than an index can hold; import fewer ecosystems");
	assemble(&b, now, out);
	return true;
}
