/* All feed files into one index: what is collected. What is written: index-write.c. */
#include "vuln/index-build.h"
#include "vuln/msrc.h"

#include <math.h>

#define STRINGS_MAX (UINT64_C(2) << 30)
#define SLOTS_MIN 1024

void *
rows_push(struct buf *b, size_t size)
{
	void *row = buf_reserve(b, size);
	memset(row, 0, size);
	b->len += size;
	return row;
}

struct index_builder *
index_builder_new(void)
{
	struct index_builder *b = xcalloc(1, sizeof(*b));
	(void)index_intern(b, STR(""));
	return b;
}

void
index_builder_free(struct index_builder *b)
{
	if (!b)
		return;
	struct buf *bufs[] = { &b->strings, &b->vulnerabilities, &b->packages, &b->entries, &b->advisories,
			       &b->lists,   &b->cycles,          &b->titles,   &b->details, &b->facts };
	for (size_t i = 0; i < COUNT(bufs); i++)
		buf_free(bufs[i]);
	for (int i = 0; i < INDEX_SECTIONS; i++)
		buf_free(&b->sections[i]);
	free(b->string_numbers.slots);
	free(b->vulnerability_numbers.slots);
	free(b->package_numbers.slots);
	free(b->facts_numbers.slots);
	windows_build_free(b->windows);
	free(b);
}

void
index_builder_cleanup(struct index_builder **b)
{
	index_builder_free(*b);
}

/* ---- numbers by key ---- */

uint32_t *
numbers_slot(struct numbers *n, const struct probe *p, uint64_t hash, const void *key)
{
	if (n->count + 1 > n->slot_count - n->slot_count / 4) {
		struct numbers grown = { .count = n->count,
					 .slot_count = n->slot_count ? n->slot_count * 2 : SLOTS_MIN };
		grown.slots = xcalloc(grown.slot_count, sizeof(*grown.slots));
		for (size_t i = 0; i < n->slot_count; i++) {
			if (!n->slots[i])
				continue;
			size_t at = (size_t)p->hash_of(p->b, n->slots[i] - 1) & (grown.slot_count - 1);
			while (grown.slots[at])
				at = (at + 1) & (grown.slot_count - 1);
			grown.slots[at] = n->slots[i];
		}
		free(n->slots);
		*n = grown;
	}
	size_t at = (size_t)hash & (n->slot_count - 1);
	while (n->slots[at] && !p->is(p->b, n->slots[at] - 1, key))
		at = (at + 1) & (n->slot_count - 1);
	return &n->slots[at];
}

struct str
index_text(const struct index_builder *b, uint32_t at)
{
	uint16_t len;
	memcpy(&len, b->strings.ptr + at, sizeof(len));
	return str_sub(b->strings.ptr + at + sizeof(len), len);
}

uint64_t
index_hash(const struct index_builder *b, struct str bytes)
{
	return str_hash(bytes, (uint64_t)(uintptr_t)b);
}

static bool
string_is(const struct index_builder *b, uint32_t number, const void *key)
{
	return str_eq(index_text(b, number), *(const struct str *)key);
}

static uint64_t
string_hash(const struct index_builder *b, uint32_t number)
{
	return index_hash(b, index_text(b, number));
}

uint32_t
index_intern(struct index_builder *b, struct str s)
{
	static const char none[1];
	const struct probe p = { b, string_is, string_hash };
	if (s.len > UINT16_MAX)
		s = str_head(s, UINT16_MAX);
	if (!s.ptr)
		s = str_sub(none, 0);
	uint32_t *slot = numbers_slot(&b->string_numbers, &p, index_hash(b, s), &s);
	if (*slot)
		return *slot - 1;
	if (b->strings.len + s.len + 2 > STRINGS_MAX) {
		b->too_large = true;
		return 0;
	}
	uint32_t at = (uint32_t)b->strings.len;
	uint16_t len = (uint16_t)s.len;
	*slot = at + 1;
	b->string_numbers.count++;
	buf_add(&b->strings, str_sub((const char *)&len, sizeof(len)));
	buf_add(&b->strings, s);
	return at;
}

static uint64_t
number_hash(const struct index_builder *b, uint64_t number)
{
	return index_hash(b, str_sub((const char *)&number, sizeof(number)));
}

static bool
vulnerability_is(const struct index_builder *b, uint32_t number, const void *key)
{
	return ROWS(&b->vulnerabilities, struct built_vulnerability)[number].key == *(const uint64_t *)key;
}

static uint64_t
vulnerability_hash(const struct index_builder *b, uint32_t number)
{
	return number_hash(b, ROWS(&b->vulnerabilities, struct built_vulnerability)[number].key);
}

uint32_t
index_vulnerability_number(struct index_builder *b, struct str id)
{
	const struct probe p = { b, vulnerability_is, vulnerability_hash };
	uint32_t year;
	uint64_t digits, key;
	if (cve_parse(id, &year, &digits))
		key = (uint64_t)year << 40 | digits;
	else
		key = INDEX_NAMED | index_intern(b, id);
	uint32_t *slot = numbers_slot(&b->vulnerability_numbers, &p, number_hash(b, key), &key);
	if (*slot)
		return *slot - 1;
	uint32_t number = (uint32_t)ROWS_COUNT(&b->vulnerabilities, struct built_vulnerability);
	*ROWS_PUSH(&b->vulnerabilities, struct built_vulnerability) = (struct built_vulnerability){
		.key = key,
		.epss = INDEX_NONE,
		.detail = INDEX_NONE,
		.parent = number,
		.aliases = INDEX_NONE,
		.cvss10 = UINT16_MAX,
	};
	*slot = number + 1;
	b->vulnerability_numbers.count++;
	return number;
}

static bool
package_is(const struct index_builder *b, uint32_t number, const void *key)
{
	const struct built_package *p = &ROWS(&b->packages, struct built_package)[number], *k = key;
	return p->os == k->os && p->name == k->name;
}

static uint64_t
package_hash(const struct index_builder *b, uint32_t number)
{
	const struct built_package *p = &ROWS(&b->packages, struct built_package)[number];
	return number_hash(b, (uint64_t)p->os << 32 | p->name);
}

static uint32_t
package_number(struct index_builder *b, struct str os, struct str name)
{
	const struct probe p = { b, package_is, package_hash };
	struct built_package key = { index_intern(b, os), index_intern(b, name), 0 };
	uint32_t *slot = numbers_slot(&b->package_numbers, &p, number_hash(b, (uint64_t)key.os << 32 | key.name), &key);
	if (*slot)
		return *slot - 1;
	uint32_t number = (uint32_t)ROWS_COUNT(&b->packages, struct built_package);
	*ROWS_PUSH(&b->packages, struct built_package) = key;
	*slot = number + 1;
	b->package_numbers.count++;
	return number;
}

/* ---- names of one vulnerability ---- */

uint32_t
index_find_root(struct index_builder *b, uint32_t n)
{
	struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	while (all[n].parent != n)
		n = all[n].parent = all[all[n].parent].parent;
	return n;
}

/* A CVE is the name of the whole; else the first in order. Two CVEs stay apart. */
static void
unite(struct index_builder *b, uint32_t x, uint32_t y)
{
	x = index_find_root(b, x);
	y = index_find_root(b, y);
	struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	bool named_x = all[x].key & INDEX_NAMED, named_y = all[y].key & INDEX_NAMED;
	if (x == y || (!named_x && !named_y))
		return;
	bool keep_x = !named_x;
	if (named_x && named_y)
		keep_x = str_cmp(index_text(b, (uint32_t)all[x].key), index_text(b, (uint32_t)all[y].key)) < 0;
	all[keep_x ? y : x].parent = keep_x ? x : y;
}

/* ---- facts ---- */

static struct index_detail *
detail_of(struct index_builder *b, uint32_t number)
{
	struct built_vulnerability *v = &ROWS(&b->vulnerabilities, struct built_vulnerability)[number];
	if (v->detail == INDEX_NONE) {
		v->detail = (uint32_t)ROWS_COUNT(&b->details, struct index_detail);
		(void)ROWS_PUSH(&b->details, struct index_detail);
	}
	return &ROWS(&b->details, struct index_detail)[v->detail];
}

/* The score of the higher rank counts, of equals the higher one. */
static bool
score_counts(const struct built_vulnerability *have, uint8_t rank, uint8_t severity, uint16_t cvss10)
{
	if (severity == SEVERITY_UNKNOWN && cvss10 == UINT16_MAX)
		return false;
	if (rank != have->rank)
		return rank > have->rank;
	int old = have->cvss10 == UINT16_MAX ? -1 : have->cvss10, new = cvss10 == UINT16_MAX ? -1 : cvss10;
	return new != old ? new > old : severity > have->severity;
}

static uint16_t
tenths(double score)
{
	return score < 0 || score > 10 ? UINT16_MAX : (uint16_t)lround(score * 10);
}

static void
learn_score(struct index_builder *b, uint32_t number, const struct vulnerability *f)
{
	struct built_vulnerability *v = &ROWS(&b->vulnerabilities, struct built_vulnerability)[number];
	uint16_t cvss10 = tenths(f->cvss);
	if (!score_counts(v, (uint8_t)f->score_rank, (uint8_t)f->severity, cvss10))
		return;
	v->severity = (uint8_t)f->severity;
	v->rank = (uint8_t)f->score_rank;
	v->cvss10 = cvss10;
	if (f->vector.len > 0 || v->detail != INDEX_NONE) {
		uint32_t vector = index_intern(b, f->vector);
		detail_of(b, number)->vector = vector;
	}
}

/* Whose title is shown: CISA's catalogue, the CVE record, an advisory. */
enum { TITLE_NONE, TITLE_ADVISORY, TITLE_RECORD, TITLE_KEV };

static void
learn_title(struct index_builder *b, uint32_t number, struct str title, unsigned rank)
{
	title = str_trim(title);
	if (title.len == 0)
		return;
	uint32_t text = index_intern(b, title);
	struct index_detail *d = detail_of(b, number);
	if (rank <= d->flags >> INDEX_TITLE_SHIFT)
		return;
	d->title = text;
	d->flags = (d->flags & ((1u << INDEX_TITLE_SHIFT) - 1)) | rank << INDEX_TITLE_SHIFT;
}

void
index_advisory_title(struct index_builder *b, uint32_t number, struct str title)
{
	learn_title(b, number, title, TITLE_ADVISORY);
}

static void
learn_text(struct index_builder *b, uint32_t number, const struct vulnerability *f)
{
	unsigned ssvc =
		(unsigned)f->ssvc.exploitation | (unsigned)f->ssvc.automatable << 2 | (unsigned)f->ssvc.impact << 4;
	if (f->title_ja.len > 0 || f->summary_ja.len > 0) {
		uint32_t title = index_intern(b, str_trim(f->title_ja)),
			 summary = index_intern(b, str_trim(f->summary_ja));
		struct index_detail *d = detail_of(b, number);
		d->title_ja = title ? title : d->title_ja;
		d->summary_ja = summary ? summary : d->summary_ja;
	}
	if (ssvc)
		detail_of(b, number)->flags |= ssvc << INDEX_SSVC_SHIFT;
	if (!f->kev)
		return;
	struct index_detail *d = detail_of(b, number);
	d->flags |= INDEX_KEV | (f->kev_ransomware ? INDEX_KEV_RANSOMWARE : 0);
	d->kev_added = f->kev_added;
	d->kev_due = f->kev_due;
}

static void
learn(struct index_builder *b, uint32_t number, const struct vulnerability *f)
{
	learn_score(b, number, f);
	if (f->epss >= 0 && f->epss <= 1)
		ROWS(&b->vulnerabilities, struct built_vulnerability)[number].epss = (uint32_t)lround(f->epss * 1e6);
	learn_title(b, number, f->title,
		    f->kev                            ? TITLE_KEV
		    : f->score_rank == SCORE_ADVISORY ? TITLE_ADVISORY
						      : TITLE_RECORD);
	learn_text(b, number, f);
}

void
index_learn_alias(struct index_builder *b, uint32_t root, uint32_t alias)
{
	struct built_vulnerability *all = ROWS(&b->vulnerabilities, struct built_vulnerability);
	struct built_vulnerability *to = &all[root], *from = &all[alias];
	uint32_t vector = 0;
	bool scored = score_counts(to, from->rank, from->severity, from->cvss10);
	if (scored) {
		to->severity = from->severity;
		to->rank = from->rank;
		to->cvss10 = from->cvss10;
	}
	if (from->epss != INDEX_NONE)
		to->epss = from->epss;
	if (from->detail == INDEX_NONE)
		return;
	const struct index_detail d = ROWS(&b->details, struct index_detail)[from->detail];
	struct index_detail *into = detail_of(b, root);
	vector = scored ? d.vector : into->vector;
	into->vector = vector;
	into->title_ja = into->title_ja ? into->title_ja : d.title_ja;
	into->summary_ja = into->summary_ja ? into->summary_ja : d.summary_ja;
	if (d.flags & INDEX_KEV) {
		into->kev_added = d.kev_added;
		into->kev_due = d.kev_due;
	}
	uint32_t low = (1u << INDEX_TITLE_SHIFT) - 1, rank = into->flags & ~low;
	if ((d.flags & ~low) > rank) {
		into->title = d.title;
		rank = d.flags & ~low;
	}
	into->flags = ((into->flags | d.flags) & low) | rank;
}

/* ---- records ---- */

static void
add_affected(struct index_builder *b, uint32_t advisory, const struct affected_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct affected *f = &list->items[i];
		uint32_t package = package_number(b, f->os, f->name);
		for (size_t k = 0; k < f->ranges.count; k++) {
			const struct affected_range *r = &f->ranges.items[k];
			struct built_row n = { .package = package,
					       .advisory = advisory,
					       .kind = (uint32_t)r->kind,
					       .introduced = index_intern(b, r->introduced),
					       .limit = index_intern(b, r->limit),
					       .note = index_intern(b, r->note) };
			*ROWS_PUSH(&b->entries, struct built_row) = n;
		}
	}
}

static uint32_t
add_advisory_row(struct index_builder *b, const struct advisory *v, int64_t date)
{
	uint32_t number = (uint32_t)ROWS_COUNT(&b->advisories, struct index_advisory);
	struct index_advisory row = { .date = date,
				      .id = index_intern(b, v->id),
				      .title = index_intern(b, v->title),
				      .first = (uint32_t)ROWS_COUNT(&b->lists, uint32_t),
				      .count = (uint32_t)v->vulnerabilities.count,
				      .severity = (uint16_t)v->severity,
				      .cvss10 = tenths(v->cvss) };
	*ROWS_PUSH(&b->advisories, struct index_advisory) = row;
	for (size_t i = 0; i < v->vulnerabilities.count; i++) {
		uint32_t n = index_vulnerability_number(b, v->vulnerabilities.items[i]);
		*ROWS_PUSH(&b->lists, uint32_t) = n;
	}
	return number;
}

static void
advise(struct index_builder *b, struct str id)
{
	uint32_t n = index_vulnerability_number(b, id);
	ROWS(&b->vulnerabilities, struct built_vulnerability)[n].advised = true;
}

static void
add_advisory(struct index_builder *b, const struct advisory *v, int64_t imported)
{
	uint32_t number = add_advisory_row(b, v, v->date ? v->date : imported);
	add_affected(b, number, &v->affected);
	if (v->vulnerabilities.count == 0)
		return;
	for (size_t i = 0; i < v->vulnerabilities.count; i++)
		advise(b, v->vulnerabilities.items[i]);
	uint32_t first = index_vulnerability_number(b, v->vulnerabilities.items[0]);
	for (size_t i = 0; i < v->aliases.count; i++)
		unite(b, first, index_vulnerability_number(b, v->aliases.items[i]));
	if (!v->bundle && v->vulnerabilities.count == 1) {
		struct vulnerability known = { .severity = v->severity,
					       .cvss = v->cvss,
					       .epss = -1,
					       .title = v->title,
					       .score_rank = v->score_rank ? v->score_rank : SCORE_ADVISORY };
		learn_score(b, first, &known);
		learn_title(b, first, v->title, TITLE_ADVISORY);
	}
}

/* What a CVE record says it is in is an advisory of its own: its CVE. */
static void
add_vulnerability(struct index_builder *b, const struct record *r, int64_t modified)
{
	const struct vulnerability *v = &r->vulnerability;
	struct str id = v->id;
	learn(b, index_vulnerability_number(b, id), v);
	if (r->products.count == 0)
		return;
	struct advisory own = { .id = id, .severity = v->severity, .cvss = v->cvss };
	own.vulnerabilities.items = &id;
	own.vulnerabilities.count = 1;
	add_affected(b, add_advisory_row(b, &own, r->published ? r->published : modified), &r->products);
}

static void
add_product(struct index_builder *b, const struct record *r)
{
	uint32_t product = index_intern(b, r->product.name);
	if (r->kind == RECORD_PRODUCT) {
		struct built_title title = { product, index_intern(b, r->product.title) };
		*ROWS_PUSH(&b->titles, struct built_title) = title;
	}
	for (size_t i = 0; r->kind == RECORD_EOL && i < r->product.cycles.count; i++) {
		const struct eol_cycle *c = &r->product.cycles.items[i];
		struct index_cycle row = { .product = product,
					   .cycle = index_intern(b, c->cycle),
					   .support = c->support,
					   .eol = c->eol,
					   .extended = c->extended };
		*ROWS_PUSH(&b->cycles, struct index_cycle) = row;
	}
}

static bool
add_bulletin(struct index_builder *b, struct str body)
{
	if (!b->windows)
		b->windows = windows_build_new(b);
	return windows_build_add(b->windows, body);
}

bool
index_builder_add(struct index_builder *b, const struct index_source *s, struct err *e)
{
	size_t offset = 0;
	struct bucket_row row;
	bool bad = false;
	while (bucket_row_next(s->payload, &offset, &row, &bad)) {
		ARENA_AUTO a = { 0 };
		struct record r;
		if (!row.live)
			continue;
		if (row.body.len > 0 && row.body.ptr[0] == RECORD_BULLETIN) {
			if (add_bulletin(b, row.body))
				continue;
			bad = true;
			break;
		}
		if (!record_decode(row.key, row.body, &a, &r)) {
			bad = true;
			break;
		}
		switch (r.kind) {
		case RECORD_ADVISORY:
			add_advisory(b, &r.advisory, s->head.imported);
			break;
		case RECORD_VULNERABILITY:
			add_vulnerability(b, &r, row.modified);
			break;
		case RECORD_EOL:
		case RECORD_PRODUCT:
			add_product(b, &r);
			break;
		}
	}
	if (bad)
		return err_set(e, ERR_INPUT, "%s is damaged; remove it and import the feed again", s->path);
	if (b->too_large)
		return err_set(e, ERR_TOO_LARGE,
			       "the feeds name more text than an index can hold; import fewer ecosystems");
	return true;
}

bool
index_build(const struct index_source *sources, size_t count, int64_t now, struct buf *out, struct err *e)
{
	__attribute__((cleanup(index_builder_cleanup))) struct index_builder *b = index_builder_new();
	for (size_t i = 0; i < count; i++)
		if (!index_builder_add(b, &sources[i], e))
			return false;
	return index_builder_finish(b, now, out, e);
}
