/* Merging small segments (exposure/index.h). The copy is made beside everything else: the folder is locked while the manifest is
 * read and while it is replaced, not between, so imports never wait for it. If what it copied has changed meanwhile, the copy
 * is thrown away. Killed at any moment it leaves what was there: nothing counts before the manifest's rename. */
#include "exposure/change.h"

#include "os/file.h"

enum {
	MERGE_SMALL = 250000, /* banners */
	MERGE_AT_ONCE = 16, /* segments */
	MERGE_DOCS = 1 << 20, /* of one merge, so that its memory and time are bounded */
	MERGE_TRIES = 2, /* another one changed what was copied */
	TIDY_AT = 8,
	PACE_DOCS = 64, /* between two looks at who waits */
};

/* Small ones, and those of which a good part is dead. */
static bool
worth_merging(const struct manifest_segment *s)
{
	return s->docs - s->dead_count < MERGE_SMALL || s->dead_count > s->docs / 3;
}

static bool
is_due(const struct manifest *m)
{
	size_t small = 0, dead = 0;

	for (size_t i = 0; i < m->segments.count; i++) {
		const struct manifest_segment *s = &m->segments.items[i];
		small += worth_merging(s);
		dead += s->dead_count > s->docs / 3;
	}
	/* Each banner is written again only when seven more small segments have come. */
	return small >= TIDY_AT || dead > 0;
}

struct merging {
	struct arena *a;
	const char *data;
	const struct exposure_pace *pace;
	struct change c;
	bool *taken; /* of each segment of c */
	size_t taken_count, dead;
	struct segment_writer *merged;
	bool stopped;
};

static bool
copy_segment(struct merging *m, size_t i, struct err *e)
{
	struct segment *s = m->c.ix.segments[i];
	struct raw_cache cache = { 0 };
	bool ok = true;

	for (uint32_t d = 0; d < s->docs && ok; d++) {
		if (m->pace && d % PACE_DOCS == 0 && !m->pace->go_on(m->pace->user)) {
			m->stopped = true;
			break;
		}
		if (!s->dead || !docset_bit(s->dead, d))
			ok = join_copy(&m->c.ix, i, d, m->merged, &cache, e);
	}
	raw_cache_free(&cache);
	return ok && !m->stopped;
}

/* Which ones: in their order, so many that the work is bounded. */
static void
take(struct merging *m)
{
	uint64_t docs = 0, most = m->pace && m->pace->banners > 0 ? m->pace->banners : MERGE_DOCS;

	m->taken = ARENA_ARRAY(m->a, bool, m->c.ix.count + 1);
	m->taken_count = m->dead = 0;
	for (size_t i = 0; i < m->c.ix.count && m->taken_count < MERGE_AT_ONCE; i++) {
		const struct manifest_segment *row = &m->c.rows[i];
		uint64_t live = row->docs - row->dead_count;
		m->taken[i] = worth_merging(row) && (m->taken_count < 2 || docs + live <= most);
		m->taken_count += m->taken[i];
		m->dead += m->taken[i] && row->dead_count > row->docs / 3;
		docs += m->taken[i] ? live : 0;
	}
}

/* False without e: it was stopped. */
static bool
copy_all(struct merging *m, struct err *e)
{
	static const struct segment_origin none;
	bool ok = true;

	if (!segment_begin(m->data, &none, &m->merged, e))
		return false;
	m->merged->origin_count = 0;
	for (size_t i = 0; i < m->c.ix.count && ok; i++)
		ok = !m->taken[i] || copy_segment(m, i, e);
	return ok && segment_spill(m->merged, e);
}

/* One whose damage shows only now is left as it is, and the others are merged without it. */
static bool
copy_whole(struct merging *m, bool *any, struct err *e)
{
	struct manifest aside = { 0 };

	for (;;) {
		take(m);
		*any = m->taken_count >= 2 || m->dead > 0;
		if (!*any)
			return true;
		if (copy_all(m, e))
			return true;
		segment_writer_free(m->merged, false);
		m->merged = NULL;
		if (m->stopped || !change_set_aside(&m->c, &aside)) {
			*any = false;
			return m->stopped;
		}
		err_clear(e);
	}
}

/* What was copied is as it was. */
static bool
is_same(const struct merging *m, const struct manifest *now)
{
	for (size_t i = 0; i < m->c.ix.count; i++) {
		bool found = !m->taken[i];
		for (size_t k = 0; k < now->segments.count && !found; k++) {
			const struct manifest_segment *s = &now->segments.items[k];
			found = str_eq(s->file, m->c.rows[i].file) && str_eq(s->dead, m->c.rows[i].dead) &&
				s->dead_count == m->c.rows[i].dead_count;
		}
		if (!found)
			return false;
	}
	return true;
}

static bool
is_taken(const struct merging *m, const struct manifest_segment *s)
{
	for (size_t i = 0; i < m->c.ix.count; i++)
		if (m->taken[i] && str_eq(m->c.rows[i].file, s->file))
			return true;
	return false;
}

/* The merged segments in the place of those that were copied. */
static bool
publish(struct merging *m, bool *did, struct err *e)
{
	struct manifest now, after = { 0 };
	FD_AUTO lock = -1;
	struct change *c = &m->c;
	size_t before = c->ix.count;

	if (!exposure_lock(m->a, c->folder, &lock, e) || !manifest_read(m->a, m->data, &now, e))
		return false;
	if (!is_same(m, &now))
		return true;
	for (size_t i = 0; i < now.segments.count; i++)
		if (!is_taken(m, &now.segments.items[i]))
			*ARRAY_PUSH(m->a, &after.segments) = now.segments.items[i];
	if (!change_open_written(c, m->merged, e))
		return false;
	bool looked = true;
	for (size_t i = 0; i < before; i++)
		looked &= !m->taken[i] || c->rows[i].looked;
	for (size_t i = before; i < c->ix.count; i++) {
		c->rows[i].looked = looked;
		*ARRAY_PUSH(m->a, &after.segments) = c->rows[i];
	}
	/* Nothing came and nothing went: as many addresses as before. */
	after.addresses = now.addresses;
	after.generation = now.generation + 1;
	if (!change_publish(c, &after, e))
		return false;
	*did = true;
	change_sweep(c, &after);
	return true;
}

/* again: another one changed what was copied. */
static bool
merge_once(struct arena *a, const char *data, const char *folder, const struct exposure_pace *pace, bool *did,
	   bool *again, struct err *e)
{
	struct merging m = { .a = a, .data = data, .pace = pace };
	struct manifest before, aside = { 0 };
	bool any = false;

	*again = false;
	{
		FD_AUTO lock = -1;
		if (!exposure_lock(a, folder, &lock, e) || !manifest_read(a, data, &before, e))
			return false;
		change_begin(&m.c, a, data, folder, &before, CHANGE_FILES);
		if (!change_open_before(&m.c, &before, &aside, e)) {
			change_free(&m.c);
			return false;
		}
	}
	bool ok = copy_whole(&m, &any, e);
	/* As many segments as before are no gain: the texts are too large for fewer. */
	if (ok && any && m.merged->done.count <= CHANGE_FILES && (m.merged->done.count < m.taken_count || m.dead > 0)) {
		ok = publish(&m, did, e);
		*again = ok && !*did;
	}
	change_free(&m.c);
	segment_writer_free(m.merged, ok && *did);
	return ok;
}

bool
segments_merge_paced(const char *data, const struct exposure_pace *pace, bool *did, struct err *e)
{
	ARENA_AUTO a = { 0 };
	FD_AUTO merging = -1;
	const char *folder;
	bool again = true;

	*did = false;
	if (!exposure_folder(&a, data, &folder, e))
		return false;
	if (!file_lock(path_join(&a, folder, "merge.lock"), &merging, e)) {
		if (e->code != ERR_BUSY)
			return err_wrap(e, "merging exposure data below %s", data);
		err_clear(e); /* another one merges: that is enough */
		return true;
	}
	for (unsigned i = 0; i < MERGE_TRIES && again; i++)
		if (!merge_once(&a, data, folder, pace, did, &again, e))
			return err_wrap(e, "merging exposure data below %s", data);
	return true;
}

bool
segments_merge(const char *data, bool *did, struct err *e)
{
	return segments_merge_paced(data, NULL, did, e);
}

bool
segments_due(const char *data, bool *due, uint64_t *generation, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct manifest m;

	if (!manifest_read(&a, data, &m, e))
		return false;
	*due = is_due(&m);
	*generation = m.generation;
	return true;
}

bool
segments_tidy(const char *data, struct err *e)
{
	uint64_t generation;
	bool due, did;

	return segments_due(data, &due, &generation, e) && (!due || segments_merge(data, &did, e));
}
