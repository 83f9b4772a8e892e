#include "vuln/bucket.h"

#include "vuln/wire.h"

static const char feed_magic[8] = { 'm', 'a', 'm', 'o', 'F', 'E', 'E', 'D' };
#define FEED_VERSION 1
#define ROW_FIXED 15 /* length, live, modified, key length */

static void
bucket_free(struct bucket *b)
{
	buf_free(&b->payload);
	table_free(&b->keys);
	arena_free(&b->arena);
	free(b);
}

void
bucket_set_clear(struct bucket_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		bucket_free(s->items[i]);
	s->count = 0;
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

bool
bucket_put(struct bucket *b, struct str key, int64_t modified, struct str body, enum bucket_put *how, struct err *e)
{
	if (key.len > UINT16_MAX || b->payload.len + body.len + key.len + ROW_FIXED > BUCKET_MAX)
		return err_set(e, ERR_TOO_LARGE, "feed %s: more than 1 GiB of records; import a part of it", b->feed);
	*how = BUCKET_ADDED;
	void *seen = table_get(&b->keys, key);
	if (seen) {
		size_t at = (size_t)(uintptr_t)seen - 1, offset = at;
		struct bucket_row old;
		bool bad;
		if (!bucket_row_next(buf_str(&b->payload), &offset, &old, &bad))
			return err_set(e, ERR_BUG, "feed %s: a record has lost its place", b->feed);
		*how = modified >= old.modified ? BUCKET_REPLACED : BUCKET_OLDER;
		if (*how == BUCKET_OLDER)
			return true;
		b->payload.ptr[at + 4] = 0;
	}
	struct str own = seen ? key : arena_str(&b->arena, key);
	*table_put(&b->keys, own, NULL) = (void *)(uintptr_t)(b->payload.len + 1);
	row_write(&b->payload, key, modified, body);
	b->count += !seen;
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

void
bucket_write(const struct bucket *b, struct buf *out)
{
	BUF_AUTO live = { 0 };
	size_t offset = 0;
	struct bucket_row row;
	bool bad;
	while (bucket_row_next(buf_str(&b->payload), &offset, &row, &bad))
		if (row.live)
			row_write(&live, row.key, row.modified, row.body);
	BUF_AUTO head = { 0 };
	wire_put_str(&head, str_of(b->feed));
	wire_put_str(&head, str_of(b->source));
	wire_put_str(&head, str_of(b->path));
	wire_put_u64(&head, (uint64_t)b->imported);
	wire_put_u64(&head, (uint64_t)b->published);
	wire_put_u64(&head, b->count);
	wire_put_u64(&head, live.len);
	buf_add(out, str_sub(feed_magic, sizeof(feed_magic)));
	wire_put_u32(out, FEED_VERSION);
	wire_put_u32(out, (uint32_t)head.len);
	wire_put_u64(out, wire_checksum(buf_str(&head)) ^ wire_checksum(buf_str(&live)));
	buf_add(out, buf_str(&head));
	buf_add(out, buf_str(&live));
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
	if (version != FEED_VERSION)
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
