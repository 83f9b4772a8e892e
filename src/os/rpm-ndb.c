#include "os/rpm-ndb.h"

#include <unistd.h>

#define FILE_HEAD 32U /* magic, version, generation, slot pages, … */
#define PAGE 4096U
#define PAGES_MAX 2048U
#define SLOT 16U /* magic, package, block, blocks; a block has 16 bytes, too */
#define BLOB_HEAD 16U /* magic, package, generation, length */
#define BLOB_MAX (64U << 20)
#define INDEX_MAX 65536U /* entries of 16 bytes: tag, type, offset, count */

static const char file_magic[] = "RpmP", slot_magic[] = "Slot", blob_magic[] = "BlbS";

static uint32_t
little(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static uint32_t
big(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* ---- a header ---- */

struct header {
	struct str index, data;
};

enum { TYPE_INT32 = 4, TYPE_STRING = 6 };

static bool
header_find(const struct header *h, uint32_t tag, uint32_t type, struct str *at)
{
	for (size_t i = 0; i + 16 <= h->index.len; i += 16) {
		const char *entry = h->index.ptr + i;
		uint32_t offset = big(entry + 8);
		if (big(entry) != tag || big(entry + 4) != type || offset >= h->data.len)
			continue;
		*at = str_skip(h->data, offset);
		return true;
	}
	return false;
}

/* Behind the others only by tabs, so a value with control characters is none. */
static bool
put_text(const struct header *h, uint32_t tag, const char *otherwise, struct buf *line)
{
	struct str s;

	if (!header_find(h, tag, TYPE_STRING, &s)) {
		buf_add(line, str_of(otherwise ? otherwise : ""));
		return otherwise != NULL;
	}
	const char *end = memchr(s.ptr, 0, s.len);
	s.len = end ? (size_t)(end - s.ptr) : 0;
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.ptr[i] < ' ')
			return false;
	}
	buf_add(line, s);
	return s.len > 0;
}

bool
rpm_header_line(struct str header, struct buf *line)
{
	enum { NAME = 1000, VERSION = 1001, RELEASE = 1002, EPOCH = 1003, ARCH = 1022, SOURCERPM = 1044 };
	struct str epoch;

	if (header.len < 8)
		return false;
	uint32_t entries = big(header.ptr), bytes = big(header.ptr + 4);
	if (entries > INDEX_MAX || (uint64_t)entries * 16 + bytes > header.len - 8)
		return false;
	struct header h = { .index = str_sub(header.ptr + 8, (size_t)entries * 16) };
	h.data = str_sub(header.ptr + 8 + h.index.len, bytes);
	if (!put_text(&h, NAME, NULL, line))
		return false;
	bool has_epoch = header_find(&h, EPOCH, TYPE_INT32, &epoch) && epoch.len >= 4;
	buf_addf(line, "\t%lu\t", has_epoch ? (unsigned long)big(epoch.ptr) : 0UL);
	if (!put_text(&h, VERSION, NULL, line))
		return false;
	buf_add(line, STR("\t"));
	if (!put_text(&h, RELEASE, NULL, line))
		return false;
	buf_add(line, STR("\t"));
	if (!put_text(&h, ARCH, "(none)", line))
		return false;
	buf_add(line, STR("\t"));
	if (!put_text(&h, SOURCERPM, "(none)", line))
		return false;
	buf_add(line, STR("\n"));
	return true;
}

/* ---- the file ---- */

static bool
read_at(int fd, uint64_t offset, size_t len, struct buf *out)
{
	buf_truncate(out, 0);
	char *into = buf_reserve(out, len);
	ssize_t n = pread(fd, into, len, (off_t)offset);

	if (n != (ssize_t)len)
		return false;
	out->len = len;
	return true;
}

/* The header that this slot names, as one package. budget: bytes that all blobs together may still have; no two
 * slots share one, so more than the file holds is a trick. */
static bool
slot_read(int fd, const char *slot, uint64_t *budget, struct buf *blob, struct arena *a, struct package_list *out,
	  struct err *e)
{
	BUF_AUTO line = { 0 };
	uint32_t package = little(slot + 4);
	uint64_t at = (uint64_t)little(slot + 8) * SLOT;

	bool good = memcmp(slot, slot_magic, 4) == 0 && read_at(fd, at, BLOB_HEAD, blob) &&
		    memcmp(blob->ptr, blob_magic, 4) == 0 && little(blob->ptr + 4) == package;
	uint32_t len = good ? little(blob->ptr + 12) : 0;
	/* No longer than the blocks that the slot has for it. */
	good = good && len <= BLOB_MAX && len <= *budget && len <= (uint64_t)little(slot + 12) * SLOT;
	*budget -= good ? len : 0;
	good = good && read_at(fd, at + BLOB_HEAD, len, blob) && rpm_header_line(buf_str(blob), &line);
	if (!good) {
		out->bad++;
		return true;
	}
	return rpm_parse_query(buf_str(&line), a, out, e);
}

bool
rpm_ndb_read(int fd, struct arena *a, struct package_list *out, struct err *e)
{
	BUF_AUTO head = { 0 };
	BUF_AUTO slots = { 0 };
	BUF_AUTO blob = { 0 };

	if (!read_at(fd, 0, FILE_HEAD, &head) || memcmp(head.ptr, file_magic, 4) != 0 || little(head.ptr + 4) != 0)
		return err_set(e, ERR_INPUT, "Packages.db is not a database of rpm's form ndb: it is damaged");
	uint32_t pages = little(head.ptr + 12);
	off_t size = lseek(fd, 0, SEEK_END);
	uint64_t budget = size > 0 ? (uint64_t)size : 0;
	if (pages == 0 || pages > PAGES_MAX || !read_at(fd, FILE_HEAD, (size_t)pages * PAGE - FILE_HEAD, &slots))
		return err_set(e, ERR_INPUT, "Packages.db is damaged: its list of packages is cut off");
	for (size_t i = 0; i + SLOT <= slots.len; i += SLOT) {
		const char *slot = slots.ptr + i;
		if (little(slot + 4) != 0 && !slot_read(fd, slot, &budget, &blob, a, out, e))
			return false;
	}
	return true;
}
