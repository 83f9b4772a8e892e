/* What was collected, sorted and laid out as an index (doc/feed-store.md). */
#include "vuln/ecosystem.h"
#include "vuln/index-build.h"
#include "vuln/index-facts.h"

#define FACTS_MAX (UINT64_C(2) << 30) /* bytes; all public feeds together come to a fraction */

/* ---- sorting ---- */

static int
compare_texts(const struct index_builder *b, uint32_t x, uint32_t y)
{
	return x == y ? 0 : str_cmp(index_text(b, x), index_text(b, y));
}

static int
compare_vulnerabilities(const void *x, const void *y, void *user)
{
	const struct index_builder *b = user;
	const struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	const struct built_vulnerability *vx = &all[*(const uint32_t *)x], *vy = &all[*(const uint32_t *)y];
	uint64_t kx = vx->key, ky = vy->key;
	if (vx->advised != vy->advised)
		return vx->advised ? -1 : 1;
	if (kx & ky & INDEX_NAMED)
		return compare_texts(b, (uint32_t)kx, (uint32_t)ky);
	return kx < ky ? -1 : kx > ky;
}

static int
compare_packages(const void *x, const void *y, void *user)
{
	const struct index_builder *b = user;
	const struct built_package *all = ROWS(&b->packages, struct built_package);
	const struct built_package *px = &all[*(const uint32_t *)x], *py = &all[*(const uint32_t *)y];
	int order = compare_texts(b, px->os, py->os);
	return order ? order : compare_texts(b, px->name, py->name);
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

/* By package, then the newest first; entries of one advisory stay together and in their order. */
static int
compare_entries(const void *x, const void *y, void *user)
{
	const struct index_builder *b = user;
	const struct built_row *ex = x, *ey = y;
	const struct built_package *packages = ROWS(&b->packages, struct built_package);
	const struct index_advisory *all = ROWS(&b->advisories, struct index_advisory);
	if (ex->package != ey->package)
		return packages[ex->package].row < packages[ey->package].row ? -1 : 1;
	if (ex->advisory == ey->advisory)
		return 0;
	const struct index_advisory *ax = &all[ex->advisory], *ay = &all[ey->advisory];
	if (ax->date != ay->date)
		return ax->date > ay->date ? -1 : 1;
	int order = compare_ids(index_text(b, ay->id), index_text(b, ax->id));
	if (order)
		return order;
	return ex->advisory < ey->advisory ? -1 : 1;
}

static int
compare_cycles(const void *x, const void *y, void *user)
{
	const struct index_builder *b = user;
	const struct index_cycle *cx = x, *cy = y;
	int order = compare_texts(b, cx->product, cy->product);
	return order ? order : compare_texts(b, cx->cycle, cy->cycle);
}

static int
compare_titles(const void *x, const void *y)
{
	const struct built_title *tx = x, *ty = y;
	return tx->product < ty->product ? -1 : tx->product > ty->product;
}

static int
compare_names(const void *x, const void *y, void *user)
{
	const struct index_builder *b = user;
	return compare_texts(b, ((const struct index_name *)x)->name, ((const struct index_name *)y)->name);
}

/* ---- sections ---- */

#define SECTION_PUSH(b, section, type) ((b)->header.sections[section].count++, ROWS_PUSH(&(b)->sections[section], type))

/* Aliases lend what is known of them to the one name; the rows are those names, by key. order: room for all. */
static size_t
settle_vulnerabilities(struct index_builder *b, uint32_t *order)
{
	size_t n = ROWS_COUNT(&b->vulnerabilities, struct built_vulnerability), rows = 0;
	struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	struct buf *names = &b->sections[INDEX_NAMES];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t root = index_find_root(b, i);
		if (root != i)
			index_learn_alias(b, root, i);
		else
			order[rows++] = i;
		all[root].advised = all[root].advised || all[i].advised;
		if (all[i].key & INDEX_NAMED)
			*SECTION_PUSH(b, INDEX_NAMES, struct index_name) = (struct index_name){
				.name = (uint32_t)all[i].key, .vulnerability = i, .next = INDEX_NONE
			};
	}
	qsort_r(order, rows, sizeof(*order), compare_vulnerabilities, b);
	for (size_t i = 0; i < rows; i++) {
		all[order[i]].row = (uint32_t)i;
		b->header.advised += all[order[i]].advised;
	}
	if (names->len)
		qsort_r(names->ptr, ROWS_COUNT(names, struct index_name), sizeof(struct index_name), compare_names, b);
	return rows;
}

/* From the last to the first, so that the chain of aliases comes out in order. */
static void
write_names(struct index_builder *b)
{
	struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	struct index_name *names = ROWS(&b->sections[INDEX_NAMES], struct index_name);
	for (size_t i = ROWS_COUNT(&b->sections[INDEX_NAMES], struct index_name); i-- > 0;) {
		uint32_t own = names[i].vulnerability, root = index_find_root(b, own);
		names[i].vulnerability = all[root].row;
		if (own == root) {
			all[own].key = INDEX_NAMED | i;
			continue;
		}
		names[i].next = all[root].aliases;
		all[root].aliases = (uint32_t)i;
	}
}

static void
write_vulnerabilities(struct index_builder *b, const uint32_t *order, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		const struct built_vulnerability *v = &ROWS(&b->vulnerabilities, struct built_vulnerability)[order[i]];
		*SECTION_PUSH(b, INDEX_VULNERABILITIES, struct index_vulnerability) =
			(struct index_vulnerability){ .key = v->key,
						      .epss = v->epss,
						      .detail = v->detail,
						      .cvss10 = v->cvss10,
						      .severity = v->severity,
						      .aliases = v->aliases };
	}
	struct index_detail *details = ROWS(&b->details, struct index_detail);
	for (size_t i = 0; i < ROWS_COUNT(&b->details, struct index_detail); i++)
		details[i].flags &= (1u << INDEX_TITLE_SHIFT) - 1;
}

static void
write_lists(struct index_builder *b)
{
	const struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	uint32_t *lists = ROWS(&b->lists, uint32_t);
	for (size_t i = 0; i < ROWS_COUNT(&b->lists, uint32_t); i++)
		lists[i] = all[index_find_root(b, lists[i])].row;
}

static bool
facts_are(const struct index_builder *b, uint32_t number, const void *key)
{
	const struct built_facts *f = &ROWS(&b->facts, struct built_facts)[number];
	return str_eq(str_sub(b->sections[INDEX_FACTS].ptr + (size_t)f->place * 8, f->len), *(const struct str *)key);
}

static uint64_t
facts_hash(const struct index_builder *b, uint32_t number)
{
	const struct built_facts *f = &ROWS(&b->facts, struct built_facts)[number];
	return index_hash(b, str_sub(b->sections[INDEX_FACTS].ptr + (size_t)f->place * 8, f->len));
}

static uint32_t
intern_text(void *user, struct str text)
{
	return index_intern(user, text);
}

/* What is needed of one package after the other. */
struct facts_scratch {
	struct built_entry *entries;
	uint32_t *modules; /* of each advisory */
	struct buf bytes;
};

/* The place of what is said of a package, in units of 8 bytes; said of several in the same words, it is there once. */
static uint32_t
facts_place(struct index_builder *b, struct facts_scratch *s, const struct built_row *rows, size_t count, uint32_t os)
{
	const struct probe p = { b, facts_are, facts_hash };
	const struct ecosystem *eco = ecosystem_of_os(index_text(b, os));
	struct facts_input in = { .scheme = eco ? eco->scheme : &version_generic,
				  .entries = s->entries,
				  .count = count,
				  .advisories = ROWS(&b->advisories, struct index_advisory),
				  .modules = s->modules,
				  .lists = ROWS(&b->lists, uint32_t),
				  .intern = intern_text,
				  .user = b };
	/* Every text is among the strings already, so they do not move while the facts point to them. */
	for (size_t i = 0; i < count; i++)
		s->entries[i] =
			(struct built_entry){ rows[i].advisory,
					      { (enum range_kind)rows[i].kind, index_text(b, rows[i].introduced),
						index_text(b, rows[i].limit), index_text(b, rows[i].note) } };
	buf_truncate(&s->bytes, 0);
	facts_write(&in, &s->bytes);
	while (s->bytes.len % 8)
		buf_add_char(&s->bytes, 0);
	struct str key = buf_str(&s->bytes);
	uint32_t *slot = numbers_slot(&b->facts_numbers, &p, index_hash(b, key), &key);
	if (*slot)
		return ROWS(&b->facts, struct built_facts)[*slot - 1].place;
	struct buf *section = &b->sections[INDEX_FACTS];
	struct built_facts f = { (uint32_t)(section->len / 8), (uint32_t)key.len };
	*slot = (uint32_t)ROWS_COUNT(&b->facts, struct built_facts) + 1;
	b->facts_numbers.count++;
	*ROWS_PUSH(&b->facts, struct built_facts) = f;
	buf_add(section, key);
	b->header.sections[INDEX_FACTS].count = section->len;
	return f.place;
}

/* Open addressing, at most half full. */
static void
write_slots(struct index_builder *b, struct index_system *system)
{
	const struct index_package *rows = ROWS(&b->sections[INDEX_PACKAGES], struct index_package);
	uint32_t slots = 2;
	while (slots < system->count * 2)
		slots *= 2;
	system->slot = (uint32_t)b->header.sections[INDEX_SLOTS].count;
	system->slots = slots;
	for (uint32_t i = 0; i < slots; i++)
		(void)SECTION_PUSH(b, INDEX_SLOTS, struct index_slot);
	struct index_slot *table = ROWS(&b->sections[INDEX_SLOTS], struct index_slot) + system->slot;
	for (uint32_t i = system->first; i < system->first + system->count; i++) {
		uint32_t hash = (uint32_t)str_hash(index_text(b, rows[i].name), 0), at = hash & (slots - 1);
		while (table[at].package)
			at = (at + 1) & (slots - 1);
		table[at] = (struct index_slot){ hash, i + 1 };
	}
}

/* By system and name; the systems say where theirs are. */
static void
sort_packages(struct index_builder *b, uint32_t *order, size_t n)
{
	struct built_package *packages = ROWS(&b->packages, struct built_package);
	size_t total = ROWS_COUNT(&b->entries, struct built_row);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	if (n)
		qsort_r(order, n, sizeof(*order), compare_packages, b);
	for (uint32_t i = 0; i < n; i++)
		packages[order[i]].row = i;
	if (total)
		qsort_r(b->entries.ptr, total, sizeof(struct built_row), compare_entries, b);
}

/* The most that is said of one package. */
static size_t
most_rows(const struct built_row *entries, size_t total)
{
	size_t most = 0;
	for (size_t i = 0, first = 0; i < total; i++) {
		first = entries[i].package == entries[first].package ? first : i;
		most = i - first + 1 > most ? i - first + 1 : most;
	}
	return most;
}

/* "Moderate: nodejs:18 security update" is about the stream nodejs:18; other titles may hold a version there. */
static struct str
module_of_title(struct str title)
{
	struct str word;
	while (str_word(&title, &word)) {
		ptrdiff_t colon = str_find_char(word, ':');
		if (colon > 0 && (size_t)colon + 1 < word.len)
			return word;
		if (colon < 0)
			break;
	}
	return STR("");
}

static uint32_t *
advisory_modules(struct index_builder *b)
{
	size_t n = ROWS_COUNT(&b->advisories, struct index_advisory);
	uint32_t *modules = xcalloc(n + 1, sizeof(*modules));
	for (size_t i = 0; i < n; i++) {
		char copy[128];
		struct str module =
			module_of_title(index_text(b, ROWS(&b->advisories, struct index_advisory)[i].title));
		if (module.len > sizeof(copy))
			module = STR("");
		memcpy(copy, module.ptr, module.len); /* its own place may move */
		modules[i] = index_intern(b, str_sub(copy, module.len));
	}
	return modules;
}

static void
write_packages(struct index_builder *b)
{
	size_t n = ROWS_COUNT(&b->packages, struct built_package), at = 0;
	size_t total = ROWS_COUNT(&b->entries, struct built_row);
	const struct built_package *packages = ROWS(&b->packages, struct built_package);
	const struct built_row *entries = ROWS(&b->entries, struct built_row);
	uint32_t *order = xcalloc(n + 1, sizeof(*order));
	struct index_system system = { 0 };
	sort_packages(b, order, n);
	struct facts_scratch s = {
		.entries = xcalloc(most_rows(entries, total) + 1, sizeof(*s.entries)),
		.modules = advisory_modules(b),
	};
	for (size_t i = 0; i < n && b->sections[INDEX_FACTS].len <= FACTS_MAX; i++) {
		const struct built_package *p = &packages[order[i]];
		size_t first = at;
		while (at < total && entries[at].package == order[i])
			at++;
		if (system.count == 0 || system.name != p->os) {
			if (system.count) {
				write_slots(b, &system);
				*SECTION_PUSH(b, INDEX_SYSTEMS, struct index_system) = system;
			}
			system = (struct index_system){ .name = p->os, .first = (uint32_t)i };
		}
		system.count++;
		struct index_package row = { p->name, facts_place(b, &s, entries + first, at - first, p->os) };
		*SECTION_PUSH(b, INDEX_PACKAGES, struct index_package) = row;
	}
	if (system.count) {
		write_slots(b, &system);
		*SECTION_PUSH(b, INDEX_SYSTEMS, struct index_system) = system;
	}
	free(order);
	free(s.entries);
	free(s.modules);
	buf_free(&s.bytes);
	buf_free(&b->entries);
}

static void
write_cycles(struct index_builder *b)
{
	struct index_cycle *cycles = ROWS(&b->cycles, struct index_cycle);
	size_t n = ROWS_COUNT(&b->cycles, struct index_cycle), titles = ROWS_COUNT(&b->titles, struct built_title);
	if (titles)
		qsort(b->titles.ptr, titles, sizeof(struct built_title), compare_titles);
	for (size_t i = 0; i < n; i++) {
		struct built_title key = { cycles[i].product, 0 };
		const struct built_title *t =
			titles ? bsearch(&key, b->titles.ptr, titles, sizeof(key), compare_titles) : NULL;
		cycles[i].title = t ? t->title : cycles[i].product;
	}
	if (n)
		qsort_r(cycles, n, sizeof(*cycles), compare_cycles, b);
}

/* Blocks that are sections as they are. */
static void
take_section(struct index_builder *b, enum index_section s, struct buf *from, size_t size)
{
	b->sections[s] = *from;
	b->header.sections[s].count = from->len / size;
	*from = (struct buf){ 0 };
}

static void
assemble(struct index_builder *b, int64_t now, struct buf *out)
{
	struct index_header *h = &b->header;
	size_t size = sizeof(*h);
	memcpy(h->magic, INDEX_MAGIC, sizeof(h->magic));
	h->version = INDEX_VERSION;
	h->order = INDEX_ORDER;
	h->built = now;
	for (int i = 0; i < INDEX_SECTIONS; i++)
		size += b->sections[i].len + b->sections[i].len / 1024 + 64;
	buf_truncate(out, 0);
	(void)buf_reserve(out, size);
	buf_add(out, str_sub((const char *)h, sizeof(*h)));
	for (int i = 0; i < INDEX_SECTIONS; i++) {
		while (out->len % 8)
			buf_add_char(out, 0);
		h->sections[i].offset = out->len;
		if (i != INDEX_SUMS) {
			buf_add(out, buf_str(&b->sections[i]));
			buf_free(&b->sections[i]);
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
index_builder_finish(struct index_builder *b, int64_t now, struct buf *out, struct err *e)
{
	size_t n = ROWS_COUNT(&b->vulnerabilities, struct built_vulnerability);
	if (b->too_large || n >= INDEX_NONE || ROWS_COUNT(&b->entries, struct built_row) >= INDEX_NONE)
		return err_set(e, ERR_TOO_LARGE,
			       "the feeds name more text than an index can hold; import fewer ecosystems");
	uint32_t *order = xcalloc(n + 1, sizeof(*order));
	size_t rows = settle_vulnerabilities(b, order);
	write_names(b);
	write_vulnerabilities(b, order, rows);
	free(order);
	write_lists(b);
	if (b->windows)
		windows_build_write(b->windows);
	buf_free(&b->vulnerabilities);
	write_packages(b);
	write_cycles(b);
	if (b->too_large || b->sections[INDEX_FACTS].len > FACTS_MAX)
		return err_set(e, ERR_TOO_LARGE,
			       "the feeds name more text than an index can hold; import fewer ecosystems");
	take_section(b, INDEX_STRINGS, &b->strings, 1);
	take_section(b, INDEX_ADVISORIES, &b->advisories, sizeof(struct index_advisory));
	take_section(b, INDEX_LISTS, &b->lists, sizeof(uint32_t));
	take_section(b, INDEX_DETAILS, &b->details, sizeof(struct index_detail));
	take_section(b, INDEX_CYCLES, &b->cycles, sizeof(struct index_cycle));
	assemble(b, now, out);
	return true;
}
