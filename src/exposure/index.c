/* Opening the index (exposure/index.h). */
#include "exposure/facet.h"

#include "base/log.h"
#include "os/file.h"

/* ---- banners that count no more ---- */

bool
dead_write(const char *path, const uint64_t *bits, uint32_t docs, struct err *e)
{
	size_t bytes = docset_words(docs) * 8;
	BUF_AUTO out = { 0 };
	uint64_t sum = block_sum(bits, bytes);

	buf_add(&out, str_sub((const char *)&sum, sizeof(sum)));
	buf_add(&out, str_sub((const char *)bits, bytes));
	return file_write(path, buf_str(&out), 0600, e);
}

bool
dead_read(const char *path, uint32_t docs, uint64_t **bits, struct err *e)
{
	size_t bytes = docset_words(docs) * 8;
	BUF_AUTO in = { 0 };

	if (!file_read(path, bytes + 8, &in, e))
		return false;
	if (in.len != bytes + 8 || load64(in.ptr) != block_sum(in.ptr + 8, bytes))
		return err_set(e, ERR_INPUT, "%s is damaged", path);
	*bits = docset_new_bits(docs);
	memcpy(*bits, in.ptr + 8, bytes);
	return true;
}

/* ---- opening ---- */

static bool
open_one(struct segment *s, const struct manifest_segment *m, const char *folder, struct arena *a, struct err *e)
{
	s->name = m->file;
	if (!segment_open(s, path_join(a, folder, arena_cstr(a, m->file)), e))
		return false;
	if (s->docs != m->docs)
		err_set(e, ERR_INPUT, "%.*s holds %u banners, but %llu were written", STR_ARG(m->file), s->docs,
			(unsigned long long)m->docs);
	else if (m->aside && !segment_whole(s))
		err_set(e, ERR_INPUT, "the segment %.*s is damaged; restore it from a backup or import its files again",
			STR_ARG(m->file));
	else if (m->dead.len == 0 || dead_read(path_join(a, folder, arena_cstr(a, m->dead)), s->docs, &s->dead, e))
		return true;
	segment_close(s);
	return false;
}

bool
index_open_manifest(struct exposure_index *ix, const char *folder, bool whole, struct err *e)
{
	size_t all = ix->manifest.segments.count;

	ix->segments = ARENA_ARRAY(&ix->arena, struct segment *, all + 1);
	ix->origins = ARENA_ARRAY(&ix->arena, const struct segment_origin *, all + 1);
	ix->origin_counts = ARENA_ARRAY(&ix->arena, size_t, all + 1);
	ix->damaged = ARENA_ARRAY(&ix->arena, struct str, 2 * all + 1);
	for (size_t i = 0; i < all; i++) {
		const struct manifest_segment *m = &ix->manifest.segments.items[i];
		struct segment *s = xcalloc(1, sizeof(*s));
		if (open_one(s, m, folder, &ix->arena, e)) {
			s->dead_count = (uint32_t)m->dead_count;
			ix->origins[ix->count] = m->origins;
			ix->origin_counts[ix->count] = m->origin_count;
			ix->segments[ix->count++] = s;
			continue;
		}
		free(s);
		if (whole && e->code == ERR_NOT_FOUND)
			return false;
		log_warn("exposure", "segment %.*s is set aside: %s", STR_ARG(m->file), e->text);
		ix->damaged[ix->damaged_count++] = m->file;
		err_clear(e);
	}
	return true;
}

void
exposure_close(struct exposure_index *ix)
{
	if (!ix)
		return;
	for (unsigned i = 0; i < COLUMNS; i++)
		column_union_free(atomic_load(&ix->unions[i]), ix->count);
	for (size_t i = 0; i < ix->count; i++) {
		segment_close(ix->segments[i]);
		free(ix->segments[i]);
	}
	arena_free(&ix->arena);
	free(ix);
}

bool
exposure_open(const char *data, struct exposure_index **out, struct str **damaged, size_t *damaged_count,
	      struct arena *a, struct err *e)
{
	/* Between the manifest and its segments another process may merge: then there is a newer manifest. */
	for (unsigned attempt = 0;; attempt++) {
		struct exposure_index *ix = xcalloc(1, sizeof(*ix));
		const char *folder = path_join(&ix->arena, data, "exposure");
		ix->manifest_path = path_join(&ix->arena, folder, "manifest.json");
		ix->mark = manifest_look(ix->manifest_path);
		ix->mine_path = mine_path(&ix->arena, data);
		ix->mine_mark = manifest_look(ix->mine_path);
		if (manifest_read(&ix->arena, data, &ix->manifest, e) && mine_load(&ix->arena, data, &ix->mine, e) &&
		    index_open_manifest(ix, folder, attempt < 5, e)) {
			*out = ix;
			if (damaged)
				*damaged = ix->damaged;
			if (damaged_count)
				*damaged_count = ix->damaged_count;
			return true;
		}
		exposure_close(ix);
		if (e->code != ERR_NOT_FOUND || attempt >= 5)
			return false;
		err_clear(e);
	}
}

/* ---- time ---- */

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
exposure_set_deadline(struct exposure_index *ix, int64_t after)
{
	ix->deadline = after ? monotonic_ms() + after : 0;
	atomic_store(&ix->late, false);
}

bool
index_is_late(struct exposure_index *ix)
{
	if (ix->deadline && !atomic_load(&ix->late) && monotonic_ms() >= ix->deadline)
		atomic_store(&ix->late, true);
	return atomic_load(&ix->late);
}

bool
index_in_time(struct exposure_index *ix, struct err *e)
{
	return !atomic_load(&ix->late) ||
	       err_set(e, ERR_BUSY,
		       "answering took too long and was given up: narrow the query, by a country, a port or a date for "
		       "one, or ask on the command line: mamori exposure");
}

/* ---- what there is ---- */

bool
exposure_is_stale(const struct exposure_index *ix)
{
	struct manifest_mark now = manifest_look(ix->manifest_path), mine = manifest_look(ix->mine_path);

	return memcmp(&now, &ix->mark, sizeof(now)) != 0 || memcmp(&mine, &ix->mine_mark, sizeof(mine)) != 0;
}

static bool
same_import(const struct segment_origin *a, const struct segment_origin *b)
{
	return a->imported_at == b->imported_at && str_eq(a->file, b->file) && str_eq(a->digest, b->digest) &&
	       str_eq(a->snapshot, b->snapshot) && str_eq(a->source, b->source);
}

void
exposure_imports(const struct exposure_index *ix, struct arena *a, struct segment_origin **out, size_t *count)
{
	ARRAY_OF(struct segment_origin) all = { 0 };

	for (size_t i = 0; i < ix->count; i++) {
		for (size_t k = 0; k < ix->origin_counts[i]; k++) {
			const struct segment_origin *o = &ix->origins[i][k];
			bool known = false;
			for (size_t n = 0; n < all.count && !known; n++)
				known = same_import(&all.items[n], o);
			if (!known)
				*ARRAY_PUSH(a, &all) = *o;
		}
	}
	*out = all.items;
	*count = all.count;
}

uint64_t
exposure_count(const struct exposure_index *ix)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ix->count; i++)
		n += ix->segments[i]->docs - ix->segments[i]->dead_count;
	return n;
}

uint64_t
exposure_generation(const struct exposure_index *ix)
{
	return ix->manifest.generation;
}

void
exposure_damaged(const struct exposure_index *ix, struct arena *a, struct str **names, size_t *count)
{
	*names = ARENA_ARRAY(a, struct str, ix->damaged_count + ix->count + 1);
	*count = ix->damaged_count;
	memcpy(*names, ix->damaged, ix->damaged_count * sizeof(**names));
	for (size_t i = 0; i < ix->count; i++)
		if (atomic_load(&ix->segments[i]->damaged))
			(*names)[(*count)++] = ix->segments[i]->name;
}
