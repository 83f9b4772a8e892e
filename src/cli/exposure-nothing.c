/* Why a question found nothing: the terms that no banner at all matches, so that a slip of the pen is not taken for an answer. */
#include "cli/exposure.h"

enum { TERMS_MAX = 16 };

struct looking {
	struct exposure_cli *x;
	unsigned left;
};

static void
look(struct looking *l, const struct query *q, struct err *e)
{
	uint64_t n;

	if (q->kind == QUERY_NOT || q->kind == QUERY_ALL || l->left == 0)
		return; /* what must not be there may be nowhere */
	if (q->kind == QUERY_AND || q->kind == QUERY_OR) {
		for (size_t i = 0; i < q->count && e->code == ERR_NONE; i++)
			look(l, q->children[i], e);
		return;
	}
	l->left--;
	if (l->x->backend->count(l->x->state, q, &n, e) && n == 0) {
		BUF_AUTO term = { 0 };
		query_write(q, &term);
		fprintf(stderr, tr("No banner at all matches %s (column %u).\n"), buf_cstr(&term), q->column);
	}
}

void
exposure_tell_nothing(struct exposure_cli *x, const struct query *q)
{
	struct looking l = { x, TERMS_MAX };
	struct err e = { 0 };
	uint64_t all;

	/* Of an empty index everything would be said. */
	if (!x->backend->count(x->state, &(struct query){ .kind = QUERY_ALL, .field = FIELDS }, &all, &e))
		return;
	if (all == 0)
		fprintf(stderr, "%s\n", tr("Nothing is imported yet; see: mamori exposure import --help"));
	else
		look(&l, q, &e);
}
