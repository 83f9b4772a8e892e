/* Committing, replacing and merging segments (exposure/index.h). Whatever was written becomes true by one rename of the
 * manifest; before it nothing counts, after it everything. Files that no manifest names and nobody has locked are what a
 * killed process left: the next commit removes them. */
#include "exposure/change.h"

#include "base/log.h"
#include "os/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 120000, FILES_MAX = 100000 };

/* ---- the folder's lock ---- */

bool
exposure_lock(struct arena *a, const char *folder, int *fd, struct err *e)
{
	const char *path = path_join(a, folder, "lock");
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	for (int waited = 0;; waited += 20) {
		struct err why = { 0 };
		if (file_lock(path, fd, &why))
			return true;
		if (why.code != ERR_BUSY || waited >= LOCK_WAIT_MS) {
			err_set(e, why.code, "%s", why.text);
			return err_wrap(e, "waiting for another import");
		}
		(void)nanosleep(&pause, NULL);
	}
}

/* ---- the new manifest ---- */

static bool
open_file(struct change *c, const struct manifest_segment *row, struct err *e)
{
	struct segment *s = xcalloc(1, sizeof(*s));

	if (!segment_open(s, path_join(c->a, c->folder, arena_cstr(c->a, row->file)), e)) {
		free(s);
		return false;
	}
	s->name = row->file;
	c->ix.segments[c->ix.count] = s;
	c->ix.origins[c->ix.count] = row->origins;
	c->ix.origin_counts[c->ix.count] = row->origin_count;
	c->rows[c->ix.count++] = *row;
	return true;
}

bool
change_open_written(struct change *c, struct segment_writer *w, struct err *e)
{
	for (size_t i = 0; i < w->done.count; i++) {
		struct manifest_segment row = { .file = w->done.items[i].file,
						.docs = w->done.items[i].docs,
						.origins = w->origins,
						.origin_count = w->origin_count };
		if (!open_file(c, &row, e))
			return false;
		*ARRAY_PUSH(c->a, &c->fresh) = w->done.items[i].fd;
	}
	return true;
}

static bool
is_replaced(const struct segment_origin *o, const struct segment_origin *earlier)
{
	return str_eq(o->source, earlier->source) && str_eq(o->file, earlier->file) &&
	       str_eq(o->snapshot, earlier->snapshot);
}

/* Marks the banners of segment i that only such imports gave. */
static void
kill_replaced(struct change *c, size_t i, const struct segment_origin *earlier)
{
	struct segment *s = c->ix.segments[i];
	struct column *o = &s->columns[COLUMN_ORIGIN];
	uint32_t first = 0;
	bool any = false;

	for (size_t k = 0; k < c->rows[i].origin_count; k++)
		any |= is_replaced(&c->rows[i].origins[k], earlier);
	if (!any || !column_ready(s, o))
		return;
	c->recount = true;
	for (uint32_t d = 0; d < s->docs; d++) {
		uint32_t n = column_entries(s, o, d, &first), others = 0;
		for (uint32_t k = first; k < first + n; k++) {
			uint64_t id = packed_get(&o->ids, k);
			uint64_t number = id > 0 && id <= o->info->values
						  ? (uint64_t)number_at(o, (uint32_t)id - 1)->value
						  : UINT64_MAX;
			others +=
				number >= c->rows[i].origin_count || !is_replaced(&c->rows[i].origins[number], earlier);
		}
		if (n > 0 && others == 0)
			segment_kill(s, d);
	}
}

bool
change_set_aside(struct change *c, struct manifest *after)
{
	size_t kept = 0, before = c->ix.count;

	for (size_t i = 0; i < before; i++) {
		struct segment *s = c->ix.segments[i];
		if (atomic_load(&s->damaged) && i < c->first_new) {
			log_warn("exposure", "segment %.*s is set aside: it is damaged", STR_ARG(c->rows[i].file));
			c->rows[i].aside = true;
			*ARRAY_PUSH(c->a, &after->segments) = c->rows[i];
			segment_close(s);
			free(s);
			continue;
		}
		c->ix.segments[kept] = s;
		c->ix.origins[kept] = c->ix.origins[i];
		c->ix.origin_counts[kept] = c->ix.origin_counts[i];
		c->rows[kept++] = c->rows[i];
	}
	c->ix.count = kept;
	c->first_new -= before - kept;
	return kept < before;
}

static bool
is_aside(const struct change *c, struct str file)
{
	for (size_t i = 0; c->aside && i < c->aside->count; i++)
		if (str_eq(c->aside->items[i], file))
			return true;
	return false;
}

bool
change_open_before(struct change *c, const struct manifest *m, struct manifest *after, struct err *e)
{
	for (size_t i = 0; i < m->segments.count; i++) {
		const struct manifest_segment *row = &m->segments.items[i];
		if (is_aside(c, row->file)) {
			struct manifest_segment *aside = ARRAY_PUSH(c->a, &after->segments);
			*aside = *row;
			aside->aside = true;
			continue;
		}
		bool ok = open_file(c, row, e);
		struct segment *s = ok ? c->ix.segments[c->ix.count - 1] : NULL;
		if (ok && row->aside && !segment_whole(s))
			ok = err_set(e, ERR_INPUT, "the segment %.*s is damaged", STR_ARG(row->file));
		if (ok && row->dead.len > 0)
			ok = dead_read(path_join(c->a, c->folder, arena_cstr(c->a, row->dead)), s->docs, &s->dead, e);
		if (s && !ok) {
			segment_close(s);
			free(s);
			c->ix.count--;
		}
		if (ok) {
			c->rows[c->ix.count - 1].aside = false; /* it was restored */
			s->dead_count = (uint32_t)row->dead_count;
			continue;
		}
		log_warn("exposure", "segment %.*s is set aside: %s", STR_ARG(row->file), e->text);
		err_clear(e);
		*ARRAY_PUSH(c->a, &after->segments) = *row;
	}
	c->first_new = c->ix.count;
	return true;
}

static bool
write_dead(struct change *c, size_t i, struct err *e)
{
	struct segment *s = c->ix.segments[i];
	struct manifest_segment *row = &c->rows[i];

	if (s->dead_count == row->dead_count)
		return true;
	row->dead = arena_printf(c->a, "%.*s.%llu.dead", (int)row->file.len, row->file.ptr,
				 (unsigned long long)c->generation);
	row->dead_count = s->dead_count;
	return dead_write(path_join(c->a, c->folder, row->dead.ptr), s->dead, s->docs, e);
}

/* The names of the new files are on the disk before the manifest says them. */
static bool
sync_folder(const char *folder, struct err *e)
{
	FD_AUTO fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return (fd >= 0 && fsync(fd) == 0) || err_sys(e, "writing the folder %s", folder);
}

bool
change_publish(struct change *c, const struct manifest *after, struct err *e)
{
	for (size_t i = 0; i < c->fresh.count; i++)
		if (fsync(c->fresh.items[i]) != 0)
			return err_sys(e, "writing the segments below %s", c->folder);
	return sync_folder(c->folder, e) && manifest_write(c->data, after, e);
}

bool
change_write(struct change *c, struct manifest *after, struct err *e)
{
	after->generation = c->generation;
	for (size_t i = 0; i < c->ix.count; i++) {
		if (c->ix.segments[i]->dead_count == c->ix.segments[i]->docs)
			continue;
		if (!write_dead(c, i, e))
			return false;
		*ARRAY_PUSH(c->a, &after->segments) = c->rows[i];
	}
	return change_publish(c, after, e);
}

static bool
is_named(const struct manifest *m, struct str file)
{
	for (size_t i = 0; i < m->segments.count; i++)
		if (str_eq(m->segments.items[i].file, file) || str_eq(m->segments.items[i].dead, file))
			return true;
	return false;
}

void
change_sweep(struct change *c, const struct manifest *m)
{
	struct str *names;
	size_t count;
	struct err e = { 0 };

	if (!dir_list(c->a, c->folder, FILES_MAX, &names, &count, &e))
		return;
	for (size_t i = 0; i < count; i++) {
		bool ours = str_ends(names[i], STR(".segment")) || str_ends(names[i], STR(".dead"));
		if (!ours || is_named(m, names[i]))
			continue;
		const char *path = path_join(c->a, c->folder, arena_cstr(c->a, names[i]));
		FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)unlink(path);
	}
}

void
change_free(struct change *c)
{
	for (size_t i = 0; i < c->ix.count; i++) {
		segment_close(c->ix.segments[i]);
		free(c->ix.segments[i]);
	}
	c->ix.count = 0;
}

void
change_begin(struct change *c, struct arena *a, const char *data, const char *folder, const struct manifest *m,
	     size_t more)
{
	size_t all = m->segments.count + more + 1;

	*c = (struct change){ .a = a, .data = data, .folder = folder, .generation = m->generation + 1 };
	c->ix.segments = ARENA_ARRAY(a, struct segment *, all);
	c->ix.origins = ARENA_ARRAY(a, const struct segment_origin *, all);
	c->ix.origin_counts = ARENA_ARRAY(a, size_t, all);
	c->rows = ARENA_ARRAY(a, struct manifest_segment, all);
}

static bool
apply(struct change *c, const struct manifest *before, struct segment_writer **writers, size_t count,
      const struct segment_origin *earlier, struct segment_writer **joined, struct err *e)
{
	struct manifest after = { 0 };

	if (!change_open_before(c, before, &after, e))
		return false;
	for (size_t i = 0; earlier && i < c->ix.count; i++)
		kill_replaced(c, i, earlier);
	for (size_t i = 0; i < count; i++)
		if (!change_open_written(c, writers[i], e))
			return false;
	/* Damaged segments cannot be compared with: the number is then of those that answer. */
	bool all = c->recount || after.segments.count > 0 || before->addresses == 0;
	if (!join_segments(&c->ix, c->first_new, all ? 0 : c->first_new, c->data, joined, &after.addresses, e))
		return false;
	after.addresses += all ? 0 : before->addresses;
	if (*joined &&
	    (!segment_spill(*joined, e) || (*joined)->done.count > CHANGE_FILES || !change_open_written(c, *joined, e)))
		return false;
	if (!change_write(c, &after, e))
		return false;
	change_sweep(c, &after);
	return true;
}

/* Old segments whose damage showed only now: without them everything begins anew, so that an import is never held up by them. */
static bool
note_damage(const struct change *c, struct arena *a, change_names *aside)
{
	size_t before = aside->count;

	for (size_t i = 0; i < c->first_new && i < c->ix.count; i++) {
		if (!atomic_load(&c->ix.segments[i]->damaged))
			continue;
		log_warn("exposure", "segment %.*s is set aside: it is damaged", STR_ARG(c->rows[i].file));
		*ARRAY_PUSH(a, aside) = c->rows[i].file;
	}
	return aside->count > before;
}

static bool
commit(const char *data, struct segment_writer **writers, size_t count, const struct segment_origin *earlier,
       struct err *e)
{
	ARENA_AUTO a = { 0 };
	FD_AUTO lock = -1;
	struct manifest before;
	struct segment_writer *joined = NULL;
	struct change c;
	const char *folder;
	size_t files = CHANGE_FILES;
	change_names aside = { 0 };

	if (!segments_seal(writers, count, e) || !exposure_folder(&a, data, &folder, e) ||
	    !exposure_lock(&a, folder, &lock, e) || !manifest_read(&a, data, &before, e))
		return false;
	for (size_t i = 0; i < count; i++)
		files += writers[i]->done.count;
	for (;;) {
		change_begin(&c, &a, data, folder, &before, files);
		c.aside = &aside;
		bool ok = apply(&c, &before, writers, count, earlier, &joined, e);
		bool again = !ok && note_damage(&c, &a, &aside);
		change_free(&c);
		segment_writer_free(joined, ok);
		if (!again)
			return ok;
		joined = NULL;
		err_clear(e);
	}
}

static bool
commit_and_free(const char *data, struct segment_writer **writers, size_t count, const struct segment_origin *earlier,
		struct err *e)
{
	bool ok = commit(data, writers, count, earlier, e);

	for (size_t i = 0; i < count; i++)
		segment_writer_free(writers[i], ok);
	return ok || err_wrap(e, "adding to the exposure data below %s", data);
}

bool
segments_commit(const char *data, struct segment_writer **writers, size_t count, struct err *e)
{
	return commit_and_free(data, writers, count, NULL, e);
}

bool
segments_replace(const char *data, struct segment_writer **writers, size_t count, const struct segment_origin *earlier,
		 struct err *e)
{
	return commit_and_free(data, writers, count, earlier, e);
}
