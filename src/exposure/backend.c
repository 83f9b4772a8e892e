/* The files below DATA as a store, and finding a store (exposure/backend.h). */
#include "exposure/backend.h"

#include "exposure/index-read.h"
#include "exposure/suspect.h"

static bool
files_open(const char *data, const char *store, void **state, struct err *e)
{
	struct exposure_index *ix;
	ARENA_AUTO a = { 0 };

	if (!exposure_open(data, &ix, NULL, NULL, &a, e))
		return false;
	*state = ix;
	return true;
}

static void
files_close(void *state)
{
	exposure_close(state);
}

static bool
files_count(void *state, const struct query *q, uint64_t *out, struct err *e)
{
	return exposure_query_count(state, q, out, e);
}

static bool
files_facet(void *state, const struct query *q, enum field field, enum field second, size_t top, struct arena *a,
	    struct facet *out, struct err *e)
{
	return exposure_facet(state, q, field, second, top, a, out, e);
}

static bool
files_histogram(void *state, const struct query *q, enum field field, enum histogram_step step, struct arena *a,
		struct facet *out, struct err *e)
{
	return exposure_histogram(state, q, field, step, a, out, e);
}

static bool
files_distinct(void *state, const struct query *q, enum field field, uint64_t *out, struct err *e)
{
	return exposure_distinct(state, q, field, out, e);
}

static bool
files_search(void *state, const struct query *q, const struct exposure_page *page, exposure_each_fn *each, void *user,
	     struct err *e)
{
	return exposure_search(state, q, page, each, user, e);
}

static bool
files_diff(void *state, const struct query *before, const struct query *after, exposure_difference_fn *each, void *user,
	   struct err *e)
{
	return exposure_diff(state, before, after, each, user, e);
}

static void
files_damaged(void *state, struct arena *a, struct str **names, size_t *count)
{
	exposure_damaged(state, a, names, count);
}

static int
compare_origins(const void *x, const void *y)
{
	const struct segment_origin *a = x, *b = y;
	int d = str_cmp(a->snapshot, b->snapshot);

	d = d ? d : str_cmp(a->source, b->source);
	d = d ? d : str_cmp(a->file, b->file);
	d = d ? d : str_cmp(a->digest, b->digest);
	return d ? d : str_cmp(a->rules, b->rules);
}

static bool
files_origins(void *state, struct arena *a, struct segment_origin **out, size_t *count, struct err *e)
{
	const struct exposure_index *ix = state;
	struct segment_origin *all;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < ix->count; i++)
		n += ix->origin_counts[i];
	all = ARENA_ARRAY(a, struct segment_origin, n + 1);
	n = 0;
	for (size_t i = 0; i < ix->count; i++) {
		for (size_t j = 0; j < ix->origin_counts[i]; j++) {
			all[n] = ix->origins[i][j];
			all[n++].imported_at = 0;
		}
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), compare_origins);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_origins(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	*out = all;
	*count = kept;
	return true;
}

static void
files_deadline(void *state, int64_t after)
{
	exposure_set_deadline(state, after);
}

static bool
files_stale(void *state)
{
	return exposure_is_stale(state);
}

static bool
files_imports(void *state, struct arena *a, struct segment_origin **out, size_t *count, struct err *e)
{
	exposure_imports(state, a, out, count);
	return true;
}

/* ---- filling ---- */

static bool
files_begin(const char *data, const char *store, const struct segment_origin *o, void **writer, struct err *e)
{
	struct segment_writer *w;

	(void)store;
	if (!segment_begin(data, o, &w, e))
		return false;
	*writer = w;
	return true;
}

static bool
files_add(void *writer, const struct banner *b, struct err *e)
{
	return segment_add(writer, b, e);
}

static bool
files_relieve(void *writer, size_t memory, struct err *e)
{
	return segment_memory(writer) < memory || segment_spill(writer, e);
}

static void
files_digest(void *writer, struct str digest)
{
	segment_set_digest(writer, digest);
}

static bool
files_commit(const char *data, const char *store, void **writers, size_t count, const struct segment_origin *earlier,
	     struct err *e)
{
	struct segment_writer **list = xcalloc(count + 1, sizeof(struct segment_writer *));

	(void)store;
	for (size_t i = 0; i < count; i++)
		list[i] = writers[i];
	bool ok = earlier ? segments_replace(data, list, count, earlier, e) : segments_commit(data, list, count, e);
	free(list);
	return ok;
}

static void
files_abandon(void *writer)
{
	segment_abandon(writer);
}

static bool
files_suspect(const char *data, const char *store, const struct enrich_rules *r, uint64_t *banners, struct err *e)
{
	(void)store;
	return segments_suspect(data, r, banners, e);
}

static const struct exposure_filling files_filling = { files_begin,  files_add,     files_relieve, files_digest,
						       files_commit, files_abandon, files_suspect };

const struct exposure_backend exposure_backend_files = {
	.scheme = "",
	.open = files_open,
	.close = files_close,
	.count = files_count,
	.facet = files_facet,
	.histogram = files_histogram,
	.distinct = files_distinct,
	.search = files_search,
	.diff = files_diff,
	.damaged = files_damaged,
	.origins = files_origins,
	.deadline = files_deadline,
	.stale = files_stale,
	.imports = files_imports,
	.filling = &files_filling,
};

bool
exposure_backend_find(const char *store, const struct exposure_backend **out, struct err *e)
{
	struct str scheme = store ? str_of(store) : STR_NONE, rest = STR_NONE;

	(void)str_split(str_of(store ? store : ""), ':', &scheme, &rest);
	for (const struct exposure_backend *const *b = exposure_backends; *b; b++) {
		if (str_eq(str_of((*b)->scheme), store ? scheme : STR(""))) {
			*out = *b;
			return true;
		}
	}
	return err_set(e, ERR_USAGE, "--store: this mamori knows no store of the kind “%.*s”", STR_ARG(scheme));
}
