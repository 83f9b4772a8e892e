#include "vuln/bundle.h"

#include "trust/key.h"
#include "vuln/wire.h"

#define BUNDLE_MAGIC "mamoBNDL"
#define BUNDLE_VERSION 1

static void
put_digest(struct buf *out, struct str bytes)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(bytes, hex);
	wire_put_str(out, str_of(hex));
}

static bool
digest_is(struct str expected, struct str bytes)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(bytes, hex);
	return str_eq(expected, str_of(hex));
}

void
bundle_write(const struct bundle *b, struct buf *out)
{
	buf_truncate(out, 0);
	buf_add(out, STR(BUNDLE_MAGIC));
	wire_put_u32(out, BUNDLE_VERSION);
	wire_put_u64(out, (uint64_t)b->instant);
	wire_put_u32(out, (uint32_t)b->files.count);
	for (size_t i = 0; i < b->files.count; i++) {
		wire_put_str(out, b->files.items[i].name);
		put_digest(out, b->files.items[i].content);
		wire_put_u64(out, b->files.items[i].content.len);
	}
	put_digest(out, buf_str(out));
	for (size_t i = 0; i < b->files.count; i++)
		buf_add(out, b->files.items[i].content);
}

/* "osv-AlmaLinux.feed": a name in our folder, and nothing else. */
static bool
name_is_plain(struct str name)
{
	if (name.len < 6 || name.len > 128 || name.ptr[0] == '.' || !str_ends(name, STR(".feed")))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		if (c < ' ' || c == '/' || c == '\\' || c == 127)
			return false;
	}
	return true;
}

static bool
damaged(const char *path, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s is damaged or cut off; copy it again", path);
}

/* The head's list; contents are taken once the head is known to be whole. */
static bool
read_head(struct wire *w, struct str file, struct arena *a, struct bundle *b, uint64_t lengths[], struct str digests[])
{
	uint32_t n = wire_count(w, 16);
	for (uint32_t i = 0; i < n && i < BUNDLE_FILES_MAX && !w->bad; i++) {
		struct bundle_file *f = ARRAY_PUSH(a, &b->files);
		f->name = wire_str(w);
		digests[i] = wire_str(w);
		lengths[i] = wire_u64(w);
		w->bad = w->bad || !name_is_plain(f->name);
		for (size_t k = 0; k < i; k++)
			w->bad = w->bad || str_eq(b->files.items[k].name, f->name);
	}
	if (w->bad || n == 0 || n > BUNDLE_FILES_MAX)
		return false;
	b->head = str_head(file, file.len - w->rest.len);
	return digest_is(wire_str(w), b->head) && !w->bad;
}

bool
bundle_read(struct str file, const char *path, struct arena *a, struct bundle *out, struct err *e)
{
	struct wire w = { .rest = file };
	struct bundle b = { 0 };
	uint64_t lengths[BUNDLE_FILES_MAX] = { 0 };
	struct str digests[BUNDLE_FILES_MAX] = { 0 };
	if (!str_eq(wire_bytes(&w, sizeof(BUNDLE_MAGIC) - 1), STR(BUNDLE_MAGIC)))
		return err_set(e, ERR_INPUT, "%s is no file that mamori feed export wrote", path);
	uint32_t version = wire_u32(&w);
	if (!w.bad && version != BUNDLE_VERSION)
		return err_set(e, ERR_INPUT,
			       "%s is of version %u, and this mamori reads version %u; export it with the same version",
			       path, version, BUNDLE_VERSION);
	b.instant = (int64_t)wire_u64(&w);
	if (!read_head(&w, file, a, &b, lengths, digests))
		return damaged(path, e);
	for (size_t i = 0; i < b.files.count; i++) {
		if (lengths[i] > w.rest.len)
			return damaged(path, e);
		b.files.items[i].content = wire_bytes(&w, (size_t)lengths[i]);
		if (!digest_is(digests[i], b.files.items[i].content))
			return damaged(path, e);
	}
	if (w.rest.len > 0)
		return damaged(path, e);
	*out = b;
	return true;
}
