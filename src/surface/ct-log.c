/* What certificate transparency logs answer (surface/ct-log.h): RFC 6962 and static-ct. Lengths are checked before anything is
 * taken; certificates are views of the unpacked answer. */
#include "surface/ct-log.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/tr.h"

#include <zlib.h>

enum {
	TILE_ENTRIES = 256,
	TILE_MAX = 64 << 20, /* unpacked */
	ENTRIES_MAX = 10000, /* of get-entries; logs give at most some hundreds */
	LEAF_MAX = 8 << 20, /* base64 of one leaf with its chain */
	HASH_LEN = 32,
};

/* ---- sizes of a log ---- */

bool
ct_sth_read(struct str body, uint64_t *size, struct err *e)
{
	const struct json_limits limits = { .depth = 8, .string_max = 64 << 10, .total = 256 << 10, .values = 1000 };
	ARENA_AUTO a = { 0 };
	struct json *tree = NULL;
	if (!json_parse(&a, body, &limits, &tree, e))
		return err_wrap(e, "reading the head of a certificate log");
	const struct json *told = json_get(tree, "tree_size");
	if (!told || told->kind != JSON_KIND_NUMBER || !str_to_u64(told->text, size) || *size > INT64_MAX)
		return err_set(e, ERR_INPUT,
			       "the head of a certificate log has no \"tree_size\"; is its address one of RFC 6962?");
	return true;
}

static bool
checkpoint_bad(const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "this is no checkpoint of a certificate log (%s); is its address one of static-ct?",
		       tr(why)); // NOLINT: a sentence of the catalogue, not a format
}

static bool
is_root_hash(struct str line)
{
	BUF_AUTO bytes = { 0 };
	return line.len < 64 && base64_decode(&bytes, line) && bytes.len == HASH_LEN;
}

bool
ct_checkpoint_read(struct str body, uint64_t *size, struct err *e)
{
	struct str rest = str_head(body, 64 << 10), origin, number, root, line;
	uint64_t read = 0;
	bool blank = false, signature = false;
	if (!str_line(&rest, &origin) || origin.len == 0 || !str_is_utf8(origin))
		return checkpoint_bad("no origin", e);
	if (!str_line(&rest, &number) || !str_to_u64(number, &read) || read > INT64_MAX)
		return checkpoint_bad("no size", e);
	if (!str_line(&rest, &root) || !is_root_hash(root))
		return checkpoint_bad("no root hash", e);
	while (str_line(&rest, &line)) {
		signature |= blank && str_starts(line, STR("\xe2\x80\x94 "));
		blank |= line.len == 0;
	}
	if (!signature)
		return checkpoint_bad("no signature", e);
	*size = read;
	return true;
}

void
ct_tile_path(uint64_t tile, unsigned width, struct buf *out)
{
	uint64_t group = 1;
	buf_add(out, STR("tile/data/"));
	while (tile / group >= 1000)
		group *= 1000;
	for (; group >= 1; group /= 1000)
		buf_addf(out, "%s%03u%s", group > 1 ? "x" : "", (unsigned)(tile / group % 1000), group > 1 ? "/" : "");
	if (width > 0 && width < TILE_ENTRIES)
		buf_addf(out, ".p/%u", width);
}

/* ---- entries ---- */

/* Bytes with a sticky fault. */
struct cursor {
	struct str rest;
	bool cut;
};

static struct str
take(struct cursor *c, size_t n)
{
	struct str out = STR_NONE;
	c->cut |= n > c->rest.len;
	if (c->cut)
		return out;
	out = str_head(c->rest, n);
	c->rest = str_skip(c->rest, n);
	return out;
}

static uint64_t
take_number(struct cursor *c, size_t bytes)
{
	struct str raw = take(c, bytes);
	uint64_t n = 0;
	for (size_t i = 0; i < raw.len; i++)
		n = n << 8 | (unsigned char)raw.ptr[i];
	return n;
}

/* What has its length in front, in so many bytes; a length of 0 is a fault where something must be there. */
static struct str
take_vector(struct cursor *c, size_t length_bytes, bool some)
{
	uint64_t n = take_number(c, length_bytes);
	c->cut |= some && n == 0;
	return take(c, n > SIZE_MAX ? SIZE_MAX : (size_t)n);
}

struct timestamped {
	int64_t at;
	bool precert;
	struct str der; /* of a precertificate: STR_NONE, what was signed is elsewhere */
};

/* TimestampedEntry (RFC 6962, 3.4). */
static bool
take_entry(struct cursor *c, struct timestamped *out)
{
	uint64_t at = take_number(c, 8), kind = take_number(c, 2);
	*out = (struct timestamped){ .precert = kind == 1 };
	if (kind == 1)
		(void)take(c, HASH_LEN); /* of the issuer's key */
	struct str body = take_vector(c, 3, true);
	(void)take_vector(c, 2, false); /* extensions */
	if (c->cut || kind > 1 || at > INT64_MAX)
		return false;
	out->at = (int64_t)at;
	out->der = kind == 0 ? body : STR_NONE;
	return true;
}

struct found {
	ct_entry_fn *entry;
	void *user;
	size_t *count;
};

static void
give(const struct found *to, const struct timestamped *t)
{
	to->entry(to->user, t->der, t->at, t->precert);
	++*to->count;
}

/* MerkleTreeLeaf, and the precertificate that is only in what goes with it. */
static bool
leaf_read(struct str leaf, struct str extra, const struct found *to)
{
	struct cursor c = { .rest = leaf }, more = { .rest = extra };
	struct timestamped t;
	uint64_t version = take_number(&c, 1), kind = take_number(&c, 1);
	if (c.cut || version != 0 || kind != 0 || !take_entry(&c, &t) || c.rest.len > 0)
		return false;
	if (t.precert)
		t.der = take_vector(&more, 3, true);
	if (more.cut)
		return false;
	give(to, &t);
	return true;
}

static bool
entry_bad(size_t at, struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "entry %zu of this answer of a certificate log cannot be read; what came before it counts",
		       at + 1);
}

static bool
entry_json(const struct json *object, const struct found *to)
{
	BUF_AUTO leaf = { 0 };
	BUF_AUTO extra = { 0 };
	struct str told = json_get_str(object, "leaf_input");
	return told.len > 0 && base64_decode(&leaf, told) &&
	       base64_decode(&extra, json_get_str(object, "extra_data")) &&
	       leaf_read(buf_str(&leaf), buf_str(&extra), to);
}

/* Entries come one by one: a leaf with its chain is some kilobytes, an answer some megabytes. */
static bool
entries_json(struct json_reader *reader, const struct found *to, struct err *e)
{
	enum json_token t;
	while ((t = json_next(reader)) == JSON_OBJECT) {
		ARENA_AUTO a = { 0 };
		struct json *object = NULL;
		if (*to->count == ENTRIES_MAX)
			return err_set(e, ERR_TOO_LARGE,
				       "this answer of a certificate log has more than %d entries, more than are "
				       "accepted here",
				       ENTRIES_MAX);
		if (!json_parse_value(&a, reader, t, &object, e))
			return err_wrap(e, "reading entry %zu of a certificate log", *to->count + 1);
		if (!entry_json(object, to))
			return entry_bad(*to->count, e);
	}
	if (t == JSON_ERROR && json_error(reader, e))
		return false;
	return t == JSON_ARRAY_END || t == JSON_ERROR ? t == JSON_ARRAY_END : entry_bad(*to->count, e);
}

bool
ct_entries_read(struct str body, ct_entry_fn *entry, void *user, size_t *count, struct err *e)
{
	const struct json_limits limits = { .depth = 8, .string_max = LEAF_MAX, .total = 256 << 20, .values = 100 };
	const struct found to = { entry, user, count };
	JSON_READER_AUTO reader = json_reader_mem(body, &limits);
	*count = 0;
	if (json_next(reader) != JSON_OBJECT)
		return err_set(e, ERR_INPUT, "this answer of a certificate log is no JSON object");
	for (enum json_token t; (t = json_next(reader)) == JSON_KEY;) {
		bool wanted = str_eq(json_text(reader), STR("entries"));
		t = json_next(reader);
		if (wanted && t == JSON_ARRAY)
			return entries_json(reader, &to, e);
		if (!json_skip(reader))
			break;
	}
	return err_set(e, ERR_INPUT, "this answer of a certificate log has no list \"entries\"");
}

/* ---- tiles ---- */

static void
inflate_cleanup(z_stream *z)
{
	inflateEnd(z);
}

static bool
unpack(struct str packed, struct buf *out, struct err *e)
{
	__attribute__((cleanup(inflate_cleanup)))
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.ptr, .avail_in = (uInt)packed.len };
	int status = inflateInit2(&z, 16 + MAX_WBITS);
	while (status == Z_OK && out->len < TILE_MAX) {
		enum { PIECE = 256 << 10 };
		z.next_out = (Bytef *)buf_reserve(out, PIECE);
		z.avail_out = PIECE;
		status = inflate(&z, Z_NO_FLUSH);
		out->len += PIECE - z.avail_out;
	}
	if (status == Z_OK)
		return err_set(e, ERR_TOO_LARGE, "a tile of a certificate log is larger than is accepted here");
	if (status != Z_STREAM_END)
		return err_set(e, ERR_INPUT, "a tile of a certificate log is damaged: its gzip cannot be unpacked");
	return true;
}

/* TileLeaf: the entry, the precertificate, the digests of its chain. */
static bool
tile_leaf(struct cursor *c, const struct found *to)
{
	struct timestamped t;
	if (!take_entry(c, &t))
		return false;
	if (t.precert)
		t.der = take_vector(c, 3, true);
	struct str chain = take_vector(c, 2, false);
	if (c->cut || chain.len % HASH_LEN != 0)
		return false;
	give(to, &t);
	return true;
}

bool
ct_tile_read(struct str body, ct_entry_fn *entry, void *user, size_t *count, struct err *e)
{
	BUF_AUTO plain = { 0 };
	const struct found to = { entry, user, count };
	struct cursor c = { .rest = body };
	*count = 0;
	if (body.len > TILE_MAX)
		return err_set(e, ERR_TOO_LARGE, "a tile of a certificate log is larger than is accepted here");
	if (str_starts(body, STR("\x1f\x8b"))) {
		if (!unpack(body, &plain, e))
			return false;
		c.rest = buf_str(&plain);
	}
	if (c.rest.len == 0)
		return err_set(e, ERR_INPUT, "a tile of a certificate log is empty");
	while (c.rest.len > 0) {
		if (*count == TILE_ENTRIES || !tile_leaf(&c, &to))
			return entry_bad(*count, e);
	}
	return true;
}
