/* Bulletins of all feeds into one table: products, updates with what they supersede, and fixes. */
#include "base/table.h"
#include "vuln/index-build.h"
#include "vuln/msrc.h"

struct fix {
	uint32_t product, vulnerability, kb, revision; /* numbers in the order they were met; later rows */
	enum severity severity;
};

struct built_product {
	uint32_t name, folded; /* strings */
	uint32_t row;
};

struct built_kb {
	uint32_t number, row;
	int64_t date;
};

struct edge {
	uint32_t from, to;
};

struct windows_build {
	struct index_builder *builder;
	struct arena arena;
	struct table product_by_name, kb_by_number;
	ARRAY_OF(struct built_product) products;
	ARRAY_OF(struct built_kb) kbs;
	ARRAY_OF(struct fix) fixes;
	ARRAY_OF(struct edge) edges;
};

struct windows_build *
windows_build_new(struct index_builder *b)
{
	struct windows_build *w = xcalloc(1, sizeof(*w));
	w->builder = b;
	return w;
}

void
windows_build_free(struct windows_build *w)
{
	if (!w)
		return;
	table_free(&w->product_by_name);
	table_free(&w->kb_by_number);
	arena_free(&w->arena);
	free(w);
}

/* "Windows 8.1 for x64-based systems" and "… Systems" are one. */
static uint32_t
product_of(struct windows_build *w, struct str name)
{
	char *folded = ARENA_ARRAY(&w->arena, char, name.len + 1);
	for (size_t i = 0; i < name.len; i++)
		folded[i] = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? (char)(name.ptr[i] | 32) : name.ptr[i];
	bool added;
	void **slot = table_put(&w->product_by_name, str_sub(folded, name.len), &added);
	if (added) {
		struct built_product p = { .name = index_intern(w->builder, name),
					   .folded = index_intern(w->builder, str_sub(folded, name.len)) };
		*ARRAY_PUSH(&w->arena, &w->products) = p;
		*slot = (void *)(uintptr_t)w->products.count;
	}
	return (uint32_t)((uintptr_t)*slot - 1);
}

static uint32_t
kb_of(struct windows_build *w, uint32_t number, int64_t date)
{
	char text[16];
	snprintf(text, sizeof(text), "%u", number);
	uintptr_t seen = (uintptr_t)table_get(&w->kb_by_number, str_of(text));
	if (!seen) {
		*ARRAY_PUSH(&w->arena, &w->kbs) = (struct built_kb){ .number = number };
		seen = w->kbs.count;
		*table_put(&w->kb_by_number, arena_str(&w->arena, str_of(text)), NULL) = (void *)seen;
	}
	struct built_kb *k = &w->kbs.items[seen - 1];
	if (date > 0 && (k->date == 0 || date < k->date))
		k->date = date;
	return (uint32_t)seen - 1;
}

bool
windows_build_add(struct windows_build *w, struct str body)
{
	ARENA_AUTO a = { 0 };
	struct bulletin b;
	if (!bulletin_decode(body, &a, &b))
		return false;
	uint32_t kb = kb_of(w, b.kb, b.date);
	for (size_t i = 0; i < b.supersedes.count; i++) {
		uint32_t old = kb_of(w, b.supersedes.items[i], 0);
		if (old != kb)
			*ARRAY_PUSH(&w->arena, &w->edges) = (struct edge){ kb, old };
	}
	uint32_t *products = ARENA_ARRAY(&a, uint32_t, b.products.count + 1),
		 *vulnerabilities = ARENA_ARRAY(&a, uint32_t, b.vulnerabilities.count + 1);
	for (size_t i = 0; i < b.products.count; i++)
		products[i] = product_of(w, b.products.items[i]);
	for (size_t i = 0; i < b.vulnerabilities.count; i++) {
		vulnerabilities[i] = index_vulnerability_number(w->builder, b.vulnerabilities.items[i]);
		index_advisory_title(w->builder, vulnerabilities[i], b.titles.items[i]);
	}
	for (size_t i = 0; i < b.rows.count; i++) {
		const struct bulletin_row *r = &b.rows.items[i];
		*ARRAY_PUSH(&w->arena, &w->fixes) = (struct fix){
			.product = products[r->product],
			.vulnerability =
				r->vulnerability == UINT32_MAX ? INDEX_NONE : vulnerabilities[r->vulnerability],
			.kb = kb,
			.revision = r->revision,
			.severity = r->severity,
		};
	}
	return true;
}

static void
add_row(struct windows_build *w, enum index_section s, const void *row, size_t size)
{
	memcpy(rows_push(&w->builder->sections[s], size), row, size);
	w->builder->header.sections[s].count++;
}

/* ---- writing ---- */

static int
compare_numbers(uint32_t x, uint32_t y)
{
	return x < y ? -1 : x > y;
}

static int
compare_kbs(const void *x, const void *y)
{
	return compare_numbers((*(const struct built_kb *const *)x)->number,
			       (*(const struct built_kb *const *)y)->number);
}

static int
compare_products(const void *x, const void *y, void *user)
{
	const struct index_builder *b = user;
	return str_cmp(index_text(b, (*(const struct built_product *const *)x)->folded),
		       index_text(b, (*(const struct built_product *const *)y)->folded));
}

static int
compare_edges(const void *x, const void *y)
{
	const struct edge *ex = x, *ey = y;
	int order = compare_numbers(ex->from, ey->from);
	return order ? order : compare_numbers(ex->to, ey->to);
}

static int
compare_fixes(const void *x, const void *y)
{
	const struct fix *fx = x, *fy = y;
	int order = compare_numbers(fx->product, fy->product);
	order = order ? order : compare_numbers(fx->vulnerability, fy->vulnerability);
	return order ? order : compare_numbers(fx->kb, fy->kb);
}

static const struct built_kb **
sort_kbs(struct windows_build *w)
{
	const struct built_kb **order = ARENA_ARRAY(&w->arena, const struct built_kb *, w->kbs.count + 1);
	for (size_t i = 0; i < w->kbs.count; i++)
		order[i] = &w->kbs.items[i];
	qsort(order, w->kbs.count, sizeof(*order), compare_kbs);
	for (size_t i = 0; i < w->kbs.count; i++)
		w->kbs.items[order[i] - w->kbs.items].row = (uint32_t)i;
	return order;
}

/* Edges by rows, each once; two feeds say most of them. */
static void
settle_edges(struct windows_build *w)
{
	size_t kept = 0;
	struct edge *all = w->edges.items;
	for (size_t i = 0; i < w->edges.count; i++)
		all[i] = (struct edge){ w->kbs.items[all[i].from].row, w->kbs.items[all[i].to].row };
	if (w->edges.count)
		qsort(all, w->edges.count, sizeof(*all), compare_edges);
	for (size_t i = 0; i < w->edges.count; i++)
		if (kept == 0 || compare_edges(&all[i], &all[kept - 1]) != 0)
			all[kept++] = all[i];
	w->edges.count = kept;
}

static void
write_kbs(struct windows_build *w)
{
	uint32_t n = (uint32_t)w->kbs.count;
	const struct built_kb **order = sort_kbs(w);
	settle_edges(w);
	uint32_t *first = ARENA_ARRAY(&w->arena, uint32_t, n + (size_t)2),
		 *targets = ARENA_ARRAY(&w->arena, uint32_t, w->edges.count + 1),
		 *group = ARENA_ARRAY(&w->arena, uint32_t, n + (size_t)1);
	for (size_t i = 0; i < w->edges.count; i++) {
		first[w->edges.items[i].from + 1]++;
		targets[i] = w->edges.items[i].to;
		add_row(w, INDEX_SUPERSEDED, &targets[i], sizeof(targets[i]));
	}
	for (uint32_t i = 0; i < n; i++)
		first[i + 1] += first[i];
	graph_groups(n, first, targets, group);
	for (uint32_t i = 0; i < n; i++) {
		struct index_kb row = { .date = order[i]->date,
					.number = order[i]->number,
					.first = first[i],
					.count = first[i + 1] - first[i],
					.group = group[i] };
		add_row(w, INDEX_KBS, &row, sizeof(row));
	}
}

static void
settle_fixes(struct windows_build *w)
{
	const struct built_vulnerability *all = ROWS(&w->builder->vulnerabilities, struct built_vulnerability);
	for (size_t i = 0; i < w->fixes.count; i++) {
		struct fix *f = &w->fixes.items[i];
		f->product = w->products.items[f->product].row;
		f->kb = w->kbs.items[f->kb].row;
		if (f->vulnerability != INDEX_NONE)
			f->vulnerability = all[index_find_root(w->builder, f->vulnerability)].row;
	}
	if (w->fixes.count)
		qsort(w->fixes.items, w->fixes.count, sizeof(*w->fixes.items), compare_fixes);
	/* Said twice: the graver severity, the build that is known. */
	size_t kept = 0;
	struct fix *fixes = w->fixes.items;
	for (size_t i = 0; i < w->fixes.count; i++) {
		if (kept == 0 || compare_fixes(&fixes[i], &fixes[kept - 1]) != 0) {
			fixes[kept++] = fixes[i];
			continue;
		}
		if (fixes[i].severity > fixes[kept - 1].severity)
			fixes[kept - 1].severity = fixes[i].severity;
		if (fixes[kept - 1].revision == 0)
			fixes[kept - 1].revision = fixes[i].revision;
	}
	w->fixes.count = kept;
}

void
windows_build_write(struct windows_build *w)
{
	struct built_product **order = ARENA_ARRAY(&w->arena, struct built_product *, w->products.count + 1);
	for (size_t i = 0; i < w->products.count; i++)
		order[i] = &w->products.items[i];
	qsort_r(order, w->products.count, sizeof(*order), compare_products, w->builder);
	for (size_t i = 0; i < w->products.count; i++)
		order[i]->row = (uint32_t)i;
	write_kbs(w);
	settle_fixes(w);
	size_t at = 0;
	for (size_t i = 0; i < w->products.count; i++) {
		struct index_product row = { .name = order[i]->name,
					     .folded = order[i]->folded,
					     .first = (uint32_t)at };
		for (; at < w->fixes.count && w->fixes.items[at].product == i; at++) {
			const struct fix *f = &w->fixes.items[at];
			struct index_fix fix = { .vulnerability = f->vulnerability,
						 .kb_severity = f->kb << 3 | (uint32_t)f->severity };
			struct index_revision revision = { .fix = (uint32_t)at, .revision = f->revision };
			add_row(w, INDEX_FIXES, &fix, sizeof(fix));
			if (f->revision)
				add_row(w, INDEX_REVISIONS, &revision, sizeof(revision));
		}
		row.count = (uint32_t)at - row.first;
		add_row(w, INDEX_PRODUCTS, &row, sizeof(row));
	}
}
