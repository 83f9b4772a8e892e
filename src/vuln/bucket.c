#include "vuln/bucket.h"

#include "vuln/wire.h"

#include <endian.h>

static const char feed_magic[8] = { 'm', 'a', 'm', 'o', 'F', 'E', 'E', 'D' };
#define FEED_VERSION 2
#define FEED_VERSION_READ 1 /* the oldest that is still read */
#define SLOTS_MIN 64
#define ROW_FIXED 15 /* length, live, modified, key length */

static void
bucket_free(struct bucket *b)
{
	buf_free(&b->payload);
	free(b->slots);
	free(b);
}

void
bucket_set_clear(struct bucket_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		bucket_free(s->items[i]);
	s->count = 0;
}

void
bucket_set_drop(struct bucket_set *s, size_t i)
{
	bucket_free(s->items[i]);
	memmove(&s->items[i], &s->items[i + 1], (--s->count - i) * sizeof(struct bucket *));
}

struct bucket *
bucket_set_get(struct bucket_set *s, const char *feed, struct str source)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i]->feed, feed) == 0 && str_eq(str_of(s->items[i]->source), source))
			return s->items[i];
	if (s->count == COUNT(s->items) || source.len >= sizeof(s->items[0]->source))
		return NULL;
	struct bucket *b = xcalloc(1, sizeof(*b));
	snprintf(b->feed, sizeof(b->feed), "%s", feed);
	memcpy(b->source, source.ptr, source.len);
	s->items[s->count++] = b;
	return b;
}

static void
row_write(struct buf *out, struct str key, int64_t modified, struct str body)
{
	wire_put_u32(out, (uint32_t)(ROW_FIXED - 4 + key.len + body.len));
	wire_put_u8(out, 1);
	wire_put_u64(out, (uint64_t)modified);
	wire_put_u16(out, (uint16_t)key.len);
	buf_add(out, key);
	buf_add(out, body);
}

bool
bucket_row_next(struct str payload, size_t *offset, struct bucket_row *row, bool *bad)
{
	if (*offset >= payload.len)
		return false;
	struct wire w = { .rest = str_skip(payload, *offset) };
	uint32_t len = wire_u32(&w);
	struct wire in = { .rest = wire_bytes(&w, len), .bad = w.bad };
	row->live = wire_u8(&in) == 1;
	row->modified = (int64_t)wire_u64(&in);
	row->key = wire_bytes(&in, wire_u16(&in));
	row->body = in.rest;
	*bad = in.bad;
	*offset += 4 + (size_t)len;
	return !*bad;
}

static struct str
key_at(const struct bucket *b, size_t at)
{
	uint16_t len = 0;
	memcpy(&len, b->payload.ptr + at + ROW_FIXED - sizeof(len), sizeof(len));
	return str_sub(b->payload.ptr + at + ROW_FIXED, le16toh(len));
}

/* The place of a key: its row, or where it belongs. The hash is seeded with the table's address, so a publisher cannot
 * choose keys that collide. */
static size_t
slot_of(const struct bucket *b, struct str key)
{
	size_t i = (size_t)str_hash(key, (uint64_t)(uintptr_t)b->slots) & (b->slot_count - 1);
	while (b->slots[i] && !str_eq(key_at(b, b->slots[i] - 1), key))
		i = (i + 1) & (b->slot_count - 1);
	return i;
}

/* Room for one more key. Keys are not copied: the table costs four bytes a slot. */
static void
slots_grow(struct bucket *b)
{
	if (b->count + 1 <= b->slot_count - b->slot_count / 4)
		return;
	uint32_t *old = b->slots;
	size_t old_count = b->slot_count;
	b->slot_count = old_count ? old_count * 2 : SLOTS_MIN;
	b->slots = xcalloc(b->slot_count, sizeof(*b->slots));
	for (size_t i = 0; i < old_count; i++)
		if (old[i])
			b->slots[slot_of(b, key_at(b, old[i] - 1))] = old[i];
	free(old);
}

bool
bucket_find(const struct bucket *b, struct str key, struct bucket_row *row)
{
	uint32_t at = b->slot_count ? b->slots[slot_of(b, key)] : 0;
	size_t offset = at ? at - 1 : 0;
	bool bad;
	return at && bucket_row_next(buf_str(&b->payload), &offset, row, &bad);
}

bool
bucket_put(struct bucket *b, struct str key, int64_t modified, struct str body, enum bucket_put *how, struct err *e)
{
	if (key.len > UINT16_MAX || b->payload.len + body.len + key.len + ROW_FIXED > BUCKET_MAX)
		return err_set(e, ERR_TOO_LARGE, "feed %s: more than 1 GiB of records; import a part of it", b->feed);
	slots_grow(b);
	size_t slot = slot_of(b, key);
	*how = BUCKET_ADDED;
	if (b->slots[slot]) {
		size_t at = b->slots[slot] - 1, offset = at;
		struct bucket_row old;
		bool bad;
		if (!bucket_row_next(buf_str(&b->payload), &offset, &old, &bad))
			return err_set(e, ERR_BUG, "feed %s: a record has lost its place", b->feed);
		*how = modified >= old.modified ? BUCKET_REPLACED : BUCKET_OLDER;
		if (*how == BUCKET_OLDER)
			return true;
		b->payload.ptr[at + 4] = 0;
	}
	b->count += !b->slots[slot];
	b->slots[slot] = (uint32_t)b->payload.len + 1;
	row_write(&b->payload, key, modified, body);
	return true;
}

static bool
merge_one(struct bucket *into, const struct bucket *from, uint64_t *duplicates, struct err *e)
{
	size_t offset = 0;
	struct bucket_row row;
	bool bad = false;
	while (bucket_row_next(buf_str(&from->payload), &offset, &row, &bad)) {
		enum bucket_put how = BUCKET_ADDED;
		if (row.live && !bucket_put(into, row.key, row.modified, row.body, &how, e))
			return false;
		*duplicates += how != BUCKET_ADDED;
	}
	if (bad)
		return err_set(e, ERR_BUG, "feed %s: a record is damaged in memory", from->feed);
	if (from->published > into->published)
		into->published = from->published;
	return true;
}

bool
bucket_set_merge(struct bucket_set *into, struct bucket_set *from, uint64_t *duplicates, struct err *e)
{
	for (size_t i = 0; i < from->count; i++) {
		struct bucket *b = from->items[i];
		struct bucket *target = bucket_set_get(into, b->feed, str_of(b->source));
		if (!target)
			return err_set(e, ERR_TOO_LARGE,
				       "too many different feeds in one import; import them one by one");
		target->merge = b->merge;
		if (target->count > 0) {
			if (!merge_one(target, b, duplicates, e))
				return false;
			continue;
		}
		/* The first one is taken over as it is. */
		struct bucket empty = *target;
		*target = *b;
		*b = empty;
	}
	return true;
}

/* Closes the gaps that replaced rows have left. */
static void
compact(struct buf *payload)
{
	size_t from = 0, to = 0, next = 0;
	struct bucket_row row;
	bool bad;
	while (bucket_row_next(buf_str(payload), &next, &row, &bad)) {
		if (row.live && from != to)
			memmove(payload->ptr + to, payload->ptr + from, next - from);
		to += row.live ? next - from : 0;
		from = next;
	}
	buf_truncate(payload, to);
}

void
bucket_write(struct bucket *b, struct buf *out)
{
	compact(&b->payload);
	BUF_AUTO head = { 0 };
	BUF_AUTO start = { 0 };
	wire_put_str(&head, str_of(b->feed));
	wire_put_str(&head, str_of(b->source));
	wire_put_str(&head, str_of(b->path));
	wire_put_u64(&head, (uint64_t)b->imported);
	wire_put_u64(&head, (uint64_t)b->published);
	wire_put_u64(&head, b->count);
	wire_put_u64(&head, b->payload.len);
	buf_add(&start, str_sub(feed_magic, sizeof(feed_magic)));
	wire_put_u32(&start, FEED_VERSION);
	wire_put_u32(&start, (uint32_t)head.len);
	wire_put_u64(&start, wire_checksum(buf_str(&head)) ^ wire_checksum(buf_str(&b->payload)));
	buf_add(&start, buf_str(&head));
	/* In front of the rows where they are, instead of a second copy of them. */
	size_t rows = b->payload.len;
	(void)buf_reserve(&b->payload, start.len);
	memmove(b->payload.ptr + start.len, b->payload.ptr, rows);
	memcpy(b->payload.ptr, start.ptr, start.len);
	b->payload.len = rows + start.len;
	buf_free(out);
	*out = b->payload;
	b->payload = (struct buf){ 0 };
	free(b->slots);
	b->slots = NULL;
	b->slot_count = 0;
}

static void
take_text(char *into, size_t size, struct wire *w)
{
	struct str s = wire_str(w);
	if (s.len >= size || memchr(s.ptr, 0, s.len)) {
		w->bad = true;
		return;
	}
	memcpy(into, s.ptr, s.len);
	into[s.len] = 0;
}

/* Reads magic, version and header; w is left at the payload. */
static bool
read_head(const char *path, struct wire *w, struct bucket *out, struct str *head, uint64_t *sum, uint64_t *len,
	  struct err *e)
{
	*out = (struct bucket){ 0 };
	struct str magic = wire_bytes(w, sizeof(feed_magic));
	uint32_t version = wire_u32(w), head_len = wire_u32(w);
	if (w->bad || memcmp(magic.ptr, feed_magic, sizeof(feed_magic)) != 0)
		return err_set(e, ERR_INPUT, "%s is not a feed file of mamori; remove it and import the feed again",
			       path);
	if (version < FEED_VERSION_READ || version > FEED_VERSION)
		return err_set(e, ERR_INPUT, "%s was written by another version; remove it and import the feed again",
			       path);
	*sum = wire_u64(w);
	*head = wire_bytes(w, head_len);
	struct wire h = { .rest = *head, .bad = w->bad };
	take_text(out->feed, sizeof(out->feed), &h);
	take_text(out->source, sizeof(out->source), &h);
	take_text(out->path, sizeof(out->path), &h);
	out->imported = (int64_t)wire_u64(&h);
	out->published = (int64_t)wire_u64(&h);
	out->count = wire_u64(&h);
	*len = wire_u64(&h);
	if (h.bad)
		return err_set(e, ERR_INPUT, "%s is damaged; remove it and import the feed again", path);
	return true;
}

bool
bucket_open_head(const char *path, struct str start, struct bucket *out, struct err *e)
{
	struct wire w = { .rest = start };
	struct str head;
	uint64_t sum = 0, len = 0;
	return read_head(path, &w, out, &head, &sum, &len, e);
}

bool
bucket_open(const char *path, struct str file, struct bucket *out, struct str *payload, struct err *e)
{
	struct wire w = { .rest = file };
	struct str head = STR("");
	uint64_t sum = 0, len = 0;
	if (!read_head(path, &w, out, &head, &sum, &len, e))
		return false;
	*payload = w.rest;
	if (len != payload->len || (wire_checksum(head) ^ wire_checksum(*payload)) != sum)
		return err_set(e, ERR_INPUT, "%s is damaged; remove it and import the feed again", path);
	return true;
}

struct str
bucket_file_name(const struct bucket *b, struct arena *a)
{
	struct buf name = { 0 };
	buf_add(&name, str_of(b->feed));
	if (b->source[0])
		buf_add_char(&name, '-');
	for (const char *p = b->source; *p; p++) {
		bool plain = (*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z');
		if (plain)
			buf_add_char(&name, *p);
		else
			buf_addf(&name, "_%02x", (unsigned char)*p);
	}
	buf_add(&name, STR(".feed"));
	struct str s = arena_str(a, buf_str(&name));
	buf_free(&name);
	return s;
}
