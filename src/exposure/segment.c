/* Opening a segment file and reading its columns (exposure/segment.h). A file with fitting checksums is still a file: no
 * place or width in it is believed before it was compared with what is there. */
#include "exposure/segment.h"

#include "os/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

static bool
bad(struct err *e, const char *what)
{
	return err_set(e, ERR_INPUT, "the segment is damaged (%s); restore it from a backup or import its files again",
		       what);
}

bool
segment_damage(struct segment *s)
{
	atomic_store(&s->damaged, true);
	return false;
}

bool
segment_touch(struct segment *s, const void *p, size_t len)
{
	size_t from = (size_t)((const uint8_t *)p - s->base), to = from + len;

	if (len == 0)
		return true;
	if (to > s->trailer.sums_at)
		to = s->trailer.sums_at;
	for (size_t b = from / SEGMENT_BLOCK; b * SEGMENT_BLOCK < to; b++) {
		if (atomic_load_explicit(&s->seen[b], memory_order_relaxed))
			continue;
		size_t at = b * SEGMENT_BLOCK, n = s->trailer.sums_at - at;
		if (block_sum(s->base + at, n > SEGMENT_BLOCK ? SEGMENT_BLOCK : n) != s->sums[b])
			return segment_damage(s);
		atomic_store_explicit(&s->seen[b], 1, memory_order_relaxed);
	}
	return !atomic_load_explicit(&s->damaged, memory_order_relaxed);
}

bool
segment_whole(struct segment *s)
{
	bool whole = segment_touch(s, s->base, s->trailer.sums_at);

	segment_let_go(s);
	return whole;
}

/* ---- opening ---- */

static bool
open_numbers(struct segment *s, struct column *c)
{
	const struct column_info *i = c->info;
	struct str values = c->part[SECTION_VALUES];

	if (i->form == FORM_NUMBERS)
		return values.len == (uint64_t)i->values * sizeof(struct number_value) &&
		       packed_open(&c->ids, c->part[SECTION_IDS], c->ids.count, i->width);
	uint64_t count = i->form == FORM_ADDRESS ? i->v4 : i->entries;
	uint64_t blocks = (count + NUMBERS_BLOCK - 1) / NUMBERS_BLOCK * sizeof(struct number_block);
	if (i->form == FORM_PLAIN)
		return values.len == blocks;
	if (i->v4 > i->values || values.len != blocks + (uint64_t)(i->values - i->v4) * 16 || i->listed || i->many ||
	    i->values == 0)
		return false;
	return c->part[SECTION_MARKS].len == (size_t)s->docs * sizeof(uint16_t) &&
	       packed_open(&c->ids, c->part[SECTION_IDS], s->docs, i->width) &&
	       packed_open(&c->perm, c->part[SECTION_PERMUTATION], s->docs, i->perm_width) &&
	       packed_open(&c->perm_starts, c->part[SECTION_PERMUTATION_STARTS], (uint64_t)i->values + 1,
			   i->perm_start_width);
}

static bool
open_column(struct segment *s, struct column *c)
{
	const struct column_info *i = c->info;
	uint64_t rows = i->listed ? i->owners : s->docs;

	if (i->form == FORM_NONE)
		return true;
	if (i->form > FORM_TEXT || i->owners > s->docs || i->values > (1u << 30) || i->entries > (1u << 30))
		return false;
	if (i->form == FORM_TEXT)
		return true;
	if (i->many && !packed_open(&c->starts, c->part[SECTION_STARTS], rows + 1, i->start_width))
		return false;
	if (!i->many && i->entries != rows)
		return false;
	if (i->confident && c->part[SECTION_CONFIDENCE].len < i->entries)
		return false;
	/* A dictionary's entry takes four bytes at least: what is counted by value is bounded by the file. */
	if (i->form == FORM_VALUES)
		return i->values <= c->part[SECTION_TERMS].len / 4 &&
		       packed_open(&c->ids, c->part[SECTION_IDS], i->entries, i->width);
	c->ids.count = i->entries;
	return open_numbers(s, c);
}

static bool
place_sections(struct segment *s, struct err *e)
{
	const struct section *x = (const struct section *)(const void *)(s->base + s->trailer.sections_at);
	const struct column_info *info = NULL;

	for (uint64_t i = 0; i < s->trailer.section_count; i++, x++) {
		if (x->kind >= SECTION_KINDS || x->column >= COLUMNS || x->at % 8 || x->at > s->trailer.sums_at ||
		    x->size > s->trailer.sums_at - x->at || x->size + PACKED_PAD > s->trailer.sums_at - x->at)
			return bad(e, "a section lies outside");
		/* Packed arrays count their padding in. */
		struct str bytes = str_sub((const char *)s->base + x->at, x->size);
		s->columns[x->column].part[x->kind] = bytes;
		if (x->kind == SECTION_INFO && x->size == COLUMNS * sizeof(*info))
			info = (const struct column_info *)(const void *)bytes.ptr;
		else if (x->kind == SECTION_RAW)
			s->raw_blocks = bytes;
		else if (x->kind == SECTION_SHAPES)
			s->shapes = bytes;
		else if (x->kind == SECTION_DICTIONARY)
			s->dictionary = bytes;
	}
	if (!info || !segment_touch(s, info, COLUMNS * sizeof(*info)))
		return bad(e, "its columns");
	for (unsigned c = 0; c < COLUMNS; c++) {
		s->columns[c].info = &info[c];
		if (!open_column(s, &s->columns[c]))
			return bad(e, c < FIELDS ? field_table[c].name : "names");
	}
	return true;
}

bool
segment_open_mem(struct segment *s, struct str bytes, struct err *e)
{
	const struct segment_header *h = (const struct segment_header *)(const void *)bytes.ptr;
	struct segment_trailer *t = &s->trailer;

	if (bytes.len < sizeof(*h) + sizeof(*t) || memcmp(h->magic, SEGMENT_MAGIC, 8) != 0)
		return bad(e, "no segment, or cut off");
	if (h->version != SEGMENT_VERSION || h->order != SEGMENT_ORDER)
		return err_set(e, ERR_INPUT,
			       "the segment was written by another version or kind of machine; import its files again");
	memcpy(t, bytes.ptr + bytes.len - sizeof(*t), sizeof(*t));
	uint64_t end = bytes.len - sizeof(*t);
	if (memcmp(t->magic, SEGMENT_MAGIC, 8) != 0 || t->docs > SEGMENT_DOCS_MAX || t->sums_at % 8 ||
	    t->sums_at > end || t->sum_count != (t->sums_at + SEGMENT_BLOCK - 1) / SEGMENT_BLOCK ||
	    t->sum_count > (end - t->sums_at) / 8 || t->sections_at < t->sums_at || t->sections_at % 8 ||
	    t->sections_at > end || t->section_count > (end - t->sections_at) / sizeof(struct section))
		return bad(e, "its end");
	if (block_sum(bytes.ptr + t->sums_at, bytes.len - t->sums_at - 16) != t->sum)
		return bad(e, "its list of checksums");
	s->base = (const uint8_t *)bytes.ptr;
	s->size = bytes.len;
	s->docs = t->docs;
	s->sums = (const uint64_t *)(const void *)(s->base + t->sums_at);
	s->seen = xcalloc(t->sum_count + 1, sizeof(*s->seen));
	if (place_sections(s, e))
		return true;
	free(s->seen);
	s->seen = NULL;
	return false;
}

bool
segment_open(struct segment *s, const char *path, struct err *e)
{
	struct stat st;
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, "opening %s", path);
	if (st.st_size <= 0)
		return bad(e, "it is empty");
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "mapping %s", path);
	if (!segment_open_mem(s, str_sub(p, (size_t)st.st_size), e)) {
		munmap(p, (size_t)st.st_size);
		return err_wrap(e, "%s", path);
	}
	s->mapped = true;
	return true;
}

void
segment_close(struct segment *s)
{
	for (unsigned c = 0; c < COLUMNS; c++)
		free(atomic_load(&s->columns[c].owner_list));
	ZSTD_freeDDict(atomic_load(&s->unpacking));
	free(s->seen);
	free(s->dead);
	if (s->mapped)
		munmap((void *)(uintptr_t)s->base, s->size);
	*s = (struct segment){ 0 };
}

void
segment_let_go(struct segment *s)
{
	if (s->mapped)
		(void)madvise((void *)(uintptr_t)s->base, s->size, MADV_DONTNEED);
}

void
segment_seal(char *bytes, size_t len)
{
	struct segment_trailer t;

	if (len < sizeof(t))
		return;
	memcpy(&t, bytes + len - sizeof(t), sizeof(t));
	if (t.sums_at % 8 || t.sums_at > len - sizeof(t) || t.sum_count > (len - sizeof(t) - t.sums_at) / 8 ||
	    t.sum_count != (t.sums_at + SEGMENT_BLOCK - 1) / SEGMENT_BLOCK)
		return;
	for (uint64_t b = 0; b < t.sum_count; b++) {
		size_t at = b * SEGMENT_BLOCK, n = t.sums_at - at;
		uint64_t sum = block_sum(bytes + at, n > SEGMENT_BLOCK ? SEGMENT_BLOCK : n);
		memcpy(bytes + t.sums_at + b * 8, &sum, 8);
	}
	uint64_t sum = block_sum(bytes + t.sums_at, len - t.sums_at - 16);
	memcpy(bytes + len - 16, &sum, 8);
}
