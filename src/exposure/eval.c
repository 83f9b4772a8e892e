/* Answering a query in one segment (exposure/eval.h): sets of banners, and only where these cannot tell (phrases, numbers
 * without postings, places) the records and columns of what is left. */
#include "exposure/eval.h"

#include "exposure/vocabulary.h"
#include "exposure/words.h"

static bool eval(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out);

void
evaluator_free(struct evaluator *ev)
{
	raw_cache_free(&ev->cache);
	arena_free(&ev->arena);
}

/* Looked at between pieces of work that take long. */
static bool
is_late(struct evaluator *ev)
{
	return ev->ix && index_is_late(ev->ix);
}

/* ---- putting sets together ---- */

void
gather_add(struct gathering *g, struct docset s)
{
	if (!g->any) {
		g->any = true;
		g->one = s;
		return;
	}
	if (!g->bits) {
		g->bits = docset_new_bits(g->docs);
		struct docset first = g->one;
		g->one = (struct docset){ 0 };
		gather_add(g, first);
	}
	if (s.list)
		for (uint32_t i = 0; i < s.count; i++)
			g->bits[s.list[i] >> 6] |= 1ull << (s.list[i] & 63);
	else if (s.bits)
		for (size_t i = 0; i < docset_words(g->docs); i++)
			g->bits[i] |= s.bits[i];
	docset_free(&s);
}

struct docset
gather_end(struct gathering *g)
{
	if (g->bits)
		return docset_of_bits(g->docs, g->bits);
	return g->any ? g->one : docset_none(g->docs);
}

bool
gather_fail(struct gathering *g)
{
	free(g->bits);
	docset_free(&g->one);
	return false;
}

/* ---- keywords ---- */

static bool
eval_equal(struct evaluator *ev, const struct query *q, struct docset *out)
{
	struct column *c = &ev->s->columns[q->field];
	struct gathering g = { .docs = ev->s->docs };
	struct dict_walk w;
	struct docset one;

	if (c->info->form == FORM_VALUES) {
		uint32_t from = dict_find(ev->s, c, q->text, true);
		if (!dict_from(ev->s, c, from, &w))
			return false;
		while (dict_next(&w) && value_compare_folded(w.text, q->text) == 0) {
			if (!dict_docs(&w, &one))
				return gather_fail(&g);
			gather_add(&g, one);
		}
	}
	if (atomic_load(&ev->s->damaged))
		return gather_fail(&g);
	*out = gather_end(&g);
	return true;
}

bool
like_matches(struct str text, struct str pattern)
{
	size_t t = 0, p = 0, star = SIZE_MAX, mark = 0;

	/* On a mismatch the last star takes one byte more. */
	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.len &&
			   ascii_lower((unsigned char)pattern.ptr[p]) == ascii_lower((unsigned char)text.ptr[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

static bool
starts_folded(struct str text, struct str prefix)
{
	return text.len >= prefix.len && value_compare_folded(str_head(text, prefix.len), prefix) == 0;
}

/* All values that start with prefix and match the pattern. */
static bool
eval_values(struct evaluator *ev, struct column *c, struct str prefix, struct str pattern, struct docset *out)
{
	struct gathering g = { .docs = ev->s->docs };
	struct dict_walk w;
	struct docset one;

	uint32_t from = prefix.len > 0 ? dict_find(ev->s, c, prefix, true) : 0;
	if (!dict_from(ev->s, c, from, &w))
		return false;
	while (dict_next(&w) && starts_folded(w.text, prefix)) {
		if ((w.number & 4095) == 0 && is_late(ev))
			return gather_fail(&g);
		if (pattern.len > 0 && !like_matches(w.text, pattern))
			continue;
		if (!dict_docs(&w, &one))
			return gather_fail(&g);
		gather_add(&g, one);
	}
	if (atomic_load(&ev->s->damaged))
		return gather_fail(&g);
	*out = gather_end(&g);
	return true;
}

static bool
eval_like(struct evaluator *ev, const struct query *q, struct docset *out)
{
	struct column *c = &ev->s->columns[q->field];

	if (c->info->form != FORM_VALUES) {
		*out = docset_none(ev->s->docs);
		return true;
	}
	ptrdiff_t star = str_find_char(q->text, '*');
	return eval_values(ev, c, str_head(q->text, star < 0 ? q->text.len : (size_t)star), q->text, out);
}

/* ---- words ---- */

/* How many characters the term that g just gave has, when it is of an unspaced script; else 0. */
static unsigned
gram_length(const struct grams *g)
{
	if (!g->words.cjk)
		return 0;
	return g->give == 0 ? g->held : g->give - 1u;
}

/* What a text asks for. */
struct wanted {
	unsigned longest; /* run of unspaced script among its terms: shorter ones are parts of it or checked later */
	unsigned units;
	bool exact; /* the terms alone decide */
};

static struct wanted
want(struct str text)
{
	struct wanted x = { .exact = true };
	struct grams g;
	struct words w;
	bool run = true;

	grams_begin(&g, text);
	while (grams_next(&g)) {
		unsigned n = gram_length(&g);
		x.longest = n > x.longest ? n : x.longest;
	}
	words_begin(&w, text);
	while (words_next(&w)) {
		run &= w.cjk && (x.units == 0 || w.joined);
		x.exact &= !w.cut;
		x.units++;
	}
	x.exact &= x.units <= 1 || (run && x.units <= GRAM_MAX);
	return x;
}

static bool
term_docs(struct evaluator *ev, struct column *c, struct str term, bool open, struct docset *out)
{
	struct dict_walk w;

	if (open)
		return eval_values(ev, c, term, STR_NONE, out);
	if (!dict_from(ev->s, c, dict_find(ev->s, c, term, false), &w))
		return false;
	if (dict_next(&w) && str_eq(w.text, term))
		return dict_docs(&w, out);
	*out = docset_none(ev->s->docs);
	return true;
}

/* Candidates: banners with all the terms in this column. */
static bool
column_words(struct evaluator *ev, const struct query *q, struct column *c, unsigned longest, struct docset *out)
{
	struct grams g;
	struct docset all = { 0 }, one;
	bool any = false;

	*out = docset_none(ev->s->docs);
	if (c->info->form != FORM_TEXT)
		return true;
	grams_begin(&g, q->text);
	while (grams_next(&g) && (!any || all.count > 0)) {
		struct grams ahead = g;
		if (g.words.cjk && gram_length(&g) < longest)
			continue;
		bool open = q->open && !g.words.cjk && !grams_next(&ahead);
		if (!term_docs(ev, c, g.term, open, &one)) {
			docset_free(&all);
			docset_free(out);
			return false;
		}
		if (any) {
			all = docset_and(all, &one);
			docset_free(&one);
		} else {
			all = one;
		}
		any = true;
	}
	if (any) {
		docset_free(out);
		*out = all;
	}
	return !atomic_load(&ev->s->damaged) || (docset_free(out), false);
}

static const unsigned all_texts[] = { FIELD_DATA, FIELD_TITLE, FIELD_HTML, COLUMN_NAMES };

/* Columns that a query's words are looked for in. */
static size_t
columns_of(const struct query *q, unsigned into[COUNT(all_texts)])
{
	if (q->field == FIELDS) {
		memcpy(into, all_texts, sizeof(all_texts));
		return COUNT(all_texts);
	}
	into[0] = (unsigned)q->field == QUERY_NAMES ? COLUMN_NAMES : (unsigned)q->field;
	return 1;
}

static bool
is_name_field(enum field f)
{
	return f == FIELD_SSL_CERT_SUBJECT_CN || f == FIELD_SSL_CERT_ISSUER_CN || f == FIELD_SSL_CERT_SUBJECT_O ||
	       f == FIELD_SSL_CERT_NAMES;
}

/* Reads the record: is the phrase in one of its texts? */
static bool
says(struct evaluator *ev, const struct query *q, uint32_t doc, bool *yes)
{
	struct raw_text *texts;
	struct decoded d;
	size_t count;
	struct str raw;

	*yes = false;
	if ((unsigned)q->field != QUERY_NAMES) {
		if (!raw_read(ev->s, doc, &ev->cache, &ev->arena, &raw, &texts, &count))
			return false;
		for (size_t i = 0; i < count && !*yes; i++)
			*yes = (q->field == FIELDS || texts[i].field == q->field) &&
			       words_contain(texts[i].text, q->text, q->open);
	}
	if (!*yes && (q->field == FIELDS || (unsigned)q->field == QUERY_NAMES)) {
		if (!banner_decode(ev->s, doc, false, &ev->cache, &ev->arena, &d))
			return false;
		for (size_t i = 0; i < d.banner.count && !*yes; i++)
			*yes = is_name_field(d.banner.values[i].field) &&
			       words_contain(d.banner.values[i].text, q->text, q->open);
	}
	return true;
}

static bool
verify(struct evaluator *ev, const struct query *q, struct docset *s)
{
	uint32_t *list = xcalloc((size_t)s->count + 1, sizeof(*list)), batch[DOCSET_BATCH], n = 0;
	struct docset_walk walk = { 0 };
	size_t got, cap = s->count;
	bool yes, ok = true;

	while (ok && (got = docset_batch(s, &walk, batch)) > 0) {
		for (size_t i = 0; i < got && ok; i++) {
			ok = !is_late(ev) && says(ev, q, batch[i], &yes);
			if (ok && yes && n < cap)
				list[n++] = batch[i];
		}
		arena_free(&ev->arena);
	}
	docset_free(s);
	*s = docset_of_list(ev->s->docs, list, n);
	if (!ok)
		docset_free(s);
	return ok;
}

static bool
eval_words(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out)
{
	unsigned columns[COUNT(all_texts)];
	size_t count = columns_of(q, columns);
	struct wanted x = want(q->text);
	struct gathering g = { .docs = ev->s->docs };
	struct docset one;

	for (size_t i = 0; i < count; i++) {
		if (!column_words(ev, q, &ev->s->columns[columns[i]], x.longest, &one))
			return gather_fail(&g);
		gather_add(&g, one);
	}
	*out = gather_end(&g);
	if (x.exact)
		return true;
	if (within)
		*out = docset_and(*out, within);
	return verify(ev, q, out);
}

/* ---- the tree ---- */

/* Better asked when most banners are out already. */
static bool
comes_late(const struct query *q)
{
	if (q->kind == QUERY_WORD)
		return !want(q->text).exact;
	if (q->kind == QUERY_RANGE || q->kind == QUERY_GEO || q->kind == QUERY_LIKE)
		return true;
	for (size_t i = 0; i < q->count; i++)
		if (comes_late(q->children[i]))
			return true;
	return false;
}

static bool
and_one(struct evaluator *ev, const struct query *q, struct docset *all, bool *any)
{
	const struct query *inner = q->kind == QUERY_NOT ? q->children[0] : q;
	struct docset one;

	if (!*any && q->kind == QUERY_NOT)
		*all = docset_all(ev->s->docs);
	else if (*any && all->count == 0)
		return true;
	bool have = *any || q->kind == QUERY_NOT;
	if (!eval(ev, inner, have ? all : NULL, &one))
		return have ? (docset_free(all), false) : false;
	*any = true;
	if (!have) {
		*all = one;
		return true;
	}
	*all = q->kind == QUERY_NOT ? docset_minus(*all, &one) : docset_and(*all, &one);
	docset_free(&one);
	return true;
}

/* First what postings answer and demands, then what they answer and forbids, last what has to be read. */
static bool
eval_and(struct evaluator *ev, const struct query *q, struct docset *out)
{
	bool any = false;

	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < q->count; i++) {
			const struct query *child = q->children[i];
			bool late = comes_late(child);
			if ((late ? 2u : child->kind == QUERY_NOT ? 1u : 0u) == round && !and_one(ev, child, out, &any))
				return false;
		}
	}
	return true;
}

static bool
eval_or(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out)
{
	struct gathering g = { .docs = ev->s->docs };
	struct docset one;

	for (size_t i = 0; i < q->count; i++) {
		if (is_late(ev) || !eval(ev, q->children[i], within, &one))
			return gather_fail(&g);
		gather_add(&g, one);
	}
	*out = gather_end(&g);
	return true;
}

/* within: the caller wants no others; what comes back may still hold some. NULL: all. */
static bool
eval(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out)
{
	switch (q->kind) {
	case QUERY_ALL:
		*out = docset_all(ev->s->docs);
		return true;
	case QUERY_AND:
		return eval_and(ev, q, out);
	case QUERY_OR:
		return eval_or(ev, q, within, out);
	case QUERY_NOT:
		if (!eval(ev, q->children[0], within, out))
			return false;
		*out = docset_not(*out);
		return true;
	case QUERY_WORD:
		return eval_words(ev, q, within, out);
	case QUERY_EQUAL:
		return eval_equal(ev, q, out);
	case QUERY_LIKE:
		return eval_like(ev, q, out);
	case QUERY_RANGE:
		return eval_range(ev, q, within, out);
	case QUERY_NET:
		return eval_net(ev, q, out);
	case QUERY_EXISTS:
		return ev->s->columns[q->field].info->form == FORM_NONE
			       ? (*out = docset_none(ev->s->docs), true)
			       : column_having(ev->s, &ev->s->columns[q->field], out);
	case QUERY_GEO:
		return eval_geo(ev, q, within, out);
	}
	return false;
}

bool
evaluate(struct evaluator *ev, const struct query *q, struct docset *out)
{
	struct segment *s = ev->s;
	ARENA_AUTO a = { 0 };

	if (ev->ix)
		q = mine_expand(&ev->ix->mine, &a, q);
	if (atomic_load(&s->damaged) || !eval(ev, q, NULL, out))
		return false;
	if (s->dead) {
		struct docset dead = { .docs = s->docs, .count = s->dead_count, .bits = s->dead };
		*out = docset_minus(*out, &dead);
	}
	return true;
}

bool
query_is_heavy(const struct query *q)
{
	bool heavy = q->kind == QUERY_WORD ? !want(q->text).exact
					   : q->kind == QUERY_RANGE || q->kind == QUERY_GEO || q->kind == QUERY_LIKE;

	for (size_t i = 0; i < q->count && !heavy; i++)
		heavy = query_is_heavy(q->children[i]);
	return heavy;
}
