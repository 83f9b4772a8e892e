/* Common numbers for the values of all segments (exposure/facet.h): their dictionaries walked side by side, once. */
#include "exposure/facet.h"

#include "exposure/vocabulary.h"

void
column_union_free(struct column_union *u, size_t segments)
{
	if (!u)
		return;
	for (size_t i = 0; i < segments; i++)
		free(u->numbers[i]);
	free(u->numbers);
	free(u->names);
	free(u);
}

struct walking {
	struct dict_walk walk;
	struct segment *segment;
	bool there;
};

static bool
begin(struct walking *w, struct segment *s, unsigned column, struct column_union *u, size_t n, size_t *room)
{
	struct column *c = &s->columns[column];

	*w = (struct walking){ .segment = s };
	if (atomic_load(&s->damaged) || c->info->form != FORM_VALUES || c->info->values == 0)
		return true;
	u->numbers[n] = xcalloc(c->info->values, sizeof(uint32_t));
	*room += c->info->values;
	w->there = dict_from(s, c, 0, &w->walk) && dict_next(&w->walk);
	return w->there;
}

/* The walks that stand at the first of all texts get its number and go on. */
static void
take_first(struct walking *w, size_t count, size_t first, struct column_union *u)
{
	struct str text = w[first].walk.text;

	u->names[u->count] = (struct union_name){ (uint32_t)first, w[first].walk.number };
	/* The first goes on last: the others are compared with it. */
	for (size_t i = 0; i < count; i++) {
		if (i == first || !w[i].there || !str_eq(w[i].walk.text, text))
			continue;
		u->numbers[i][w[i].walk.number] = u->count;
		w[i].there = dict_next(&w[i].walk);
	}
	u->numbers[first][w[first].walk.number] = u->count++;
	w[first].there = dict_next(&w[first].walk);
}

static struct column_union *
make(struct exposure_index *ix, unsigned column)
{
	struct column_union *u = xcalloc(1, sizeof(*u));
	struct walking *w = xcalloc(ix->count + 1, sizeof(*w));
	size_t room = 0;
	bool ok = true;

	u->numbers = xcalloc(ix->count + 1, sizeof(*u->numbers));
	for (size_t i = 0; i < ix->count && ok; i++)
		ok = begin(&w[i], ix->segments[i], column, u, i, &room);
	u->names = xcalloc(room + 1, sizeof(*u->names));
	while (ok) {
		size_t first = SIZE_MAX;
		for (size_t i = 0; i < ix->count; i++)
			if (w[i].there && (first == SIZE_MAX || value_compare(w[i].walk.text, w[first].walk.text) < 0))
				first = i;
		if (first == SIZE_MAX)
			break;
		take_first(w, ix->count, first, u);
	}
	/* A walk that broke off says that its segment is damaged: the next question leaves it out. */
	for (size_t i = 0; i < ix->count; i++)
		ok = ok && !(u->numbers[i] && atomic_load(&ix->segments[i]->damaged));
	free(w);
	if (ok)
		return u;
	column_union_free(u, ix->count);
	return NULL;
}

const struct column_union *
column_union_of(struct exposure_index *ix, unsigned column)
{
	struct column_union *u = atomic_load(&ix->unions[column]), *none = NULL;

	if (u)
		return u;
	u = make(ix, column);
	if (u && !atomic_compare_exchange_strong(&ix->unions[column], &none, u)) {
		column_union_free(u, ix->count); /* another thread was quicker */
		u = none;
	}
	return u;
}
