#include "exposure/nothing.h"

struct looking {
	const struct exposure_backend *backend;
	void *state;
	struct arena *arena;
	struct nothing *out;
	unsigned left;
};

static bool
look(struct looking *l, const struct query *q, struct err *e)
{
	uint64_t n;

	if (q->kind == QUERY_NOT || q->kind == QUERY_ALL || l->left == 0)
		return true;
	if (q->kind == QUERY_AND || q->kind == QUERY_OR) {
		for (size_t i = 0; i < q->count; i++)
			if (!look(l, q->children[i], e))
				return false;
		return true;
	}
	l->left--;
	if (!l->backend->count(l->state, q, &n, e))
		return false;
	if (n == 0)
		*ARRAY_PUSH(l->arena, &l->out->terms) = q;
	return true;
}

bool
exposure_nothing(const struct exposure_backend *b, void *state, const struct query *q, struct arena *a,
		 struct nothing *out, struct err *e)
{
	struct looking l = { b, state, a, out, NOTHING_TERMS };
	uint64_t all;

	*out = (struct nothing){ 0 };
	if (!b->count(state, &(struct query){ .kind = QUERY_ALL, .field = FIELDS }, &all, e))
		return false;
	/* Of an empty index everything would be said. */
	out->empty = all == 0;
	return out->empty || look(&l, q, e);
}

/* NULL: nothing of it is left. */
static struct query *
without(const struct query *q, const struct query *term, struct arena *a)
{
	struct query *copy = ARENA_NEW(a, struct query);

	if (q == term)
		return NULL;
	*copy = *q;
	if (q->kind != QUERY_AND && q->kind != QUERY_OR)
		return copy;
	copy->children = ARENA_ARRAY(a, struct query *, q->count + 1);
	copy->count = 0;
	for (size_t i = 0; i < q->count; i++) {
		struct query *child = without(q->children[i], term, a);
		if (child)
			copy->children[copy->count++] = child;
	}
	return copy->count > 1 ? copy : copy->count == 1 ? copy->children[0] : NULL;
}

struct str
exposure_without(const struct query *q, const struct query *term, struct arena *a)
{
	BUF_AUTO text = { 0 };
	const struct query *rest = without(q, term, a);

	/* Beside each other is AND; no parentheses are needed around the whole. */
	if (rest && rest->kind == QUERY_AND) {
		for (size_t i = 0; i < rest->count; i++) {
			buf_add(&text, i > 0 ? STR(" ") : STR(""));
			query_write(rest->children[i], &text);
		}
	} else if (rest) {
		query_write(rest, &text);
	}
	return arena_str(a, buf_str(&text));
}
