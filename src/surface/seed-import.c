#include "surface/seed.h"

#include "base/suggest.h"
#include "surface/seed-internal.h"
#include "vuln/csv.h"
#include "vuln/sheet.h"

enum { COLUMNS_MAX = 64, RECORD_MAX = 64 << 10 };

/* In the order of seed, kind and value in struct importing. */
static const char *const places[] = { "seed|起点|シード", "kind|type|種別|種類", "value|値|対象" };

static const char *const attribute_names[] = {
	"owner", "company", "site", "country", "consent-by", "consent-at", "note",
};

struct importing {
	struct seeds *list;
	const struct seed_options *o;
	struct seed_import *report;
	struct csv_reader csv;
	ptrdiff_t seed, kind, value; /* -1: no such column */
	struct str attribute[COLUMNS_MAX]; /* of a column; empty: one of those above */
	size_t columns;
	struct arena names; /* of the header */
};

static void
importing_cleanup(struct importing *m)
{
	csv_free(&m->csv);
	arena_free(&m->names);
}

static void
input_cleanup(struct input *in)
{
	input_close(in);
}

static bool
is_word_of(struct str s, const char *words)
{
	struct str one;
	for (struct str rest = str_of(words); str_cut(&rest, '|', &one);)
		if (str_eq_nocase(s, one))
			return true;
	return false;
}

static bool
unknown_column(struct importing *m, struct str name, struct err *e)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX, distance;
	for (size_t i = 0; i < COUNT(attribute_names); i++)
		if (suggest_near(name, str_of(attribute_names[i]), &distance) && distance < least) {
			least = distance;
			nearest = attribute_names[i];
		}
	name = arena_line(&m->names, name, 60);
	if (nearest)
		return err_set(e, ERR_INPUT, "the column “%.*s” is not known; did you mean “%s”?", STR_ARG(name),
			       nearest);
	return err_set(
		e, ERR_INPUT,
		"the column “%.*s” is not known; leave it out, or call it note. The columns are seed (or kind and "
		"value), owner, company, site, country, consent-by, consent-at and note",
		STR_ARG(name));
}

static bool
header_column(struct importing *m, size_t i, struct str name, struct err *e)
{
	struct seed probe = { .is = THING_NONE };
	ptrdiff_t *at[] = { &m->seed, &m->kind, &m->value };
	if (name.len == 0)
		return true;
	for (size_t p = 0; p < COUNT(places); p++)
		if (is_word_of(name, places[p])) {
			if (*at[p] >= 0)
				return err_set(e, ERR_INPUT, "the column “%.*s” is there twice", STR_ARG(name));
			*at[p] = (ptrdiff_t)i;
			return true;
		}
	/* An empty value sets nothing, and says whether there is such an attribute. */
	if (!seed_set(&m->names, &probe, name, STR_NONE, m->o, NULL))
		return unknown_column(m, name, e);
	m->attribute[i] = arena_str(&m->names, name);
	return true;
}

static bool
header_read(struct importing *m, struct err *e)
{
	enum csv_status status = csv_next(&m->csv, e);
	if (status == CSV_FAILED)
		return false;
	m->columns = m->csv.fields.count;
	if (status != CSV_RECORD || m->columns > COLUMNS_MAX)
		return err_set(e, ERR_INPUT, "the first row is no header; it is to name the columns: seed, owner …");
	for (size_t i = 0; i < m->columns; i++)
		if (!header_column(m, i, str_trim(m->csv.fields.items[i]), e))
			return false;
	if (m->seed < 0 && m->value < 0)
		return err_set(
			e, ERR_INPUT,
			"there is no column “seed” (起点), nor “kind” (種別) and “value” (値); name it in the first "
			"row");
	return true;
}

/* ---- rows ---- */

static struct str
field(const struct importing *m, ptrdiff_t column)
{
	return str_trim(csv_field(&m->csv, column));
}

static bool
row_read(struct importing *m, struct seed *out, struct err *e)
{
	struct arena *a = m->list->arena;
	struct str told = field(m, m->seed), kind = field(m, m->kind), value = field(m, m->value);
	if (kind.len > 0 && !seed_kind_known(kind))
		return err_set(e, ERR_USAGE, "there is no kind of seed “%.*s”; write domain, name, network or as",
			       STR_ARG(arena_line(a, kind, 60)));
	if (told.len == 0)
		told = kind.len > 0 ? arena_printf(a, "%.*s:%.*s", STR_ARG(kind), STR_ARG(value)) : value;
	if (!seed_read(a, told, m->o, out, e))
		return false;
	for (size_t i = 0; i < m->columns; i++)
		if (m->attribute[i].len > 0 &&
		    !seed_set(a, out, m->attribute[i], csv_field(&m->csv, (ptrdiff_t)i), m->o, e))
			return false;
	return true;
}

static void
fault(struct importing *m, size_t row, const char *why)
{
	m->report->bad++;
	if (m->report->faults.count < SEED_FAULTS_MAX)
		*ARRAY_PUSH(m->list->arena, &m->report->faults) =
			(struct seed_fault){ row, arena_str(m->list->arena, str_of(why)) };
}

static bool
row_is_blank(const struct importing *m)
{
	for (size_t i = 0; i < m->csv.fields.count; i++)
		if (str_trim(m->csv.fields.items[i]).len > 0)
			return false;
	return true;
}

static void
row_take(struct importing *m, size_t row)
{
	struct seed s;
	struct err why = { 0 };
	if (row_is_blank(m))
		return;
	m->report->rows++;
	if (!row_read(m, &s, &why)) {
		fault(m, row, why.text);
		return;
	}
	size_t before = m->list->count;
	if (!seeds_add(m->list, &s)) {
		if (before >= SEEDS_MAX) {
			err_set(&why, ERR_TOO_LARGE, "more than %d seeds; what follows was left out", SEEDS_MAX);
			fault(m, row, why.text);
			return;
		}
		m->report->again++;
		return;
	}
	m->report->taken++;
	m->report->waiting += !seed_may_expand(&s, NULL);
}

bool
seeds_import(struct seeds *list, struct str file, const struct seed_options *o, struct seed_import *report,
	     struct err *e)
{
	BUF_AUTO text = { 0 };
	*report = (struct seed_import){ .rows = 0 };
	if (file.len > SEED_FILE_MAX)
		return err_set(e, ERR_TOO_LARGE, "the table of seeds is larger than %d MiB; divide it",
			       SEED_FILE_MAX >> 20);
	if (!sheet_csv(file, &text, e))
		return false;
	__attribute__((cleanup(input_cleanup))) struct input in = { 0 };
	input_of_mem(&in, "seeds.csv", buf_str(&text));
	__attribute__((cleanup(importing_cleanup))) struct importing m = { .list = list,
									   .o = o,
									   .seed = -1,
									   .kind = -1,
									   .value = -1,
									   .report = report,
									   .csv = { .in = &in,
										    .record_max = RECORD_MAX } };
	if (!header_read(&m, e))
		return false;
	for (size_t row = 2;; row++) {
		struct err why = { 0 };
		enum csv_status status = csv_next(&m.csv, e);
		if (status == CSV_END)
			return true;
		if (status == CSV_FAILED)
			return false;
		if (status == CSV_RECORD) {
			row_take(&m, row);
			continue;
		}
		report->rows++;
		err_set(&why, ERR_INPUT, "this row cannot be read: a quotation mark is left open, or it is too long");
		fault(&m, row, why.text);
	}
}
