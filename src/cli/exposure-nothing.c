/* Why a question found nothing (exposure/nothing.h), on the terminal. */
#include "cli/exposure.h"
#include "exposure/nothing.h"

void
exposure_tell_nothing(struct exposure_cli *x, const struct query *q)
{
	ARENA_AUTO a = { 0 };
	struct nothing found = { 0 };
	struct err e = { 0 };

	/* A store that does not answer has been told of already. */
	if (!exposure_nothing(x->backend, x->state, q, &a, &found, &e))
		return;
	if (found.empty)
		fprintf(stderr, "%s\n", tr("Nothing is imported yet; see: mamori exposure import --help"));
	for (size_t i = 0; i < found.terms.count; i++) {
		BUF_AUTO term = { 0 };
		query_write(found.terms.items[i], &term);
		fprintf(stderr, tr("No banner at all matches %s (column %u).\n"), buf_cstr(&term),
			found.terms.items[i]->column);
	}
}
