/* deb(5): an ar archive with data.tar.* in it, read with libarchive twice: the outer one feeds the inner. */
#include "plan/deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#define BLOCK 65536
#define UNPACKED_MAX ((int64_t)8 << 30) /* of data.tar, looked through until the changelog comes */
#define PACKED_MAX ((size_t)8 << 20)
#define CHANGELOG_MAX ((size_t)4 << 20) /* the newest entries are at the front */

static void
archive_cleanup(struct archive **a)
{
	if (*a)
		(void)archive_read_free(*a);
}

#define ARCHIVE_AUTO __attribute__((cleanup(archive_cleanup))) struct archive *

bool
gzip_head(struct str packed, size_t max, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.ptr, .avail_in = (uInt)packed.len };
	size_t start = out->len;
	int status = Z_OK;

	if (packed.len > PACKED_MAX || inflateInit2(&z, 15 + 16) != Z_OK)
		return false;
	while (status == Z_OK && out->len - start < max) {
		size_t room = max - (out->len - start) < BLOCK ? max - (out->len - start) : BLOCK;
		z.next_out = (Bytef *)buf_reserve(out, room);
		z.avail_out = (uInt)room;
		status = inflate(&z, Z_NO_FLUSH);
		out->len += room - z.avail_out;
	}
	(void)inflateEnd(&z);
	return status == Z_STREAM_END || out->len - start >= max;
}

struct feed {
	struct archive *outer;
	char block[BLOCK];
};

static la_ssize_t
feed_read(struct archive *inner, void *user, const void **into)
{
	struct feed *f = user;

	*into = f->block;
	return archive_read_data(f->outer, f->block, sizeof(f->block));
}

/* usr/share/doc/PACKAGE/changelog.Debian.gz, or changelog.gz of packages made for Debian alone. */
static bool
is_changelog(const char *path)
{
	static const char *const names[] = { "changelog.Debian.gz", "changelog.gz" };
	struct str p = str_of(path), folder;

	if (str_starts(p, STR("./")))
		p = str_skip(p, 2);
	if (!str_starts(p, STR("usr/share/doc/")))
		return false;
	ptrdiff_t slash = str_rfind_char(p, '/');
	folder = str_skip(str_head(p, (size_t)slash), strlen("usr/share/doc/"));
	if (slash < (ptrdiff_t)strlen("usr/share/doc/") || str_find_char(folder, '/') >= 0)
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (str_eq(str_skip(p, (size_t)slash + 1), str_of(names[i])))
			return true;
	}
	return false;
}

static bool
entry_read(struct archive *inner, struct buf *packed)
{
	for (;;) {
		la_ssize_t n = archive_read_data(inner, buf_reserve(packed, BLOCK), BLOCK);
		if (n < 0)
			return false;
		if (n == 0)
			return true;
		packed->len += (size_t)n;
		if (packed->len > PACKED_MAX)
			return false;
	}
}

static bool
data_search(struct archive *outer, const char *path, struct buf *out, struct err *e)
{
	ARCHIVE_AUTO inner = archive_read_new();
	struct archive_entry *entry;
	struct feed f = { .outer = outer };
	int status;

	(void)archive_read_support_filter_all(inner);
	(void)archive_read_support_format_tar(inner);
	if (archive_read_open(inner, &f, NULL, feed_read, NULL) != ARCHIVE_OK)
		return err_set(e, ERR_INPUT, "%s is damaged: %s", path, archive_error_string(inner));
	while ((status = archive_read_next_header(inner, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
		BUF_AUTO packed = { 0 };
		const char *name = archive_entry_pathname(entry);
		if (archive_filter_bytes(inner, 0) > UNPACKED_MAX)
			return err_set(e, ERR_TOO_LARGE, "%s unpacks to too much", path);
		if (!name || archive_entry_filetype(entry) != AE_IFREG || !is_changelog(name))
			continue;
		bool native = str_ends(str_of(name), STR("/changelog.gz"));
		/* A package with both has the upstream's own in the second. */
		if (native && out->len > 0)
			continue;
		if (!entry_read(inner, &packed))
			return err_set(e, ERR_INPUT, "%s is damaged: its changelog cannot be read", path);
		buf_truncate(out, 0);
		if (!gzip_head(buf_str(&packed), CHANGELOG_MAX, out))
			return err_set(e, ERR_INPUT, "%s is damaged: its changelog cannot be unpacked", path);
		if (!native)
			return true;
	}
	if (status != ARCHIVE_EOF)
		return err_set(e, ERR_INPUT, "%s is damaged: %s", path, archive_error_string(inner));
	return true;
}

bool
deb_changelog(const char *path, struct buf *out, struct err *e)
{
	ARCHIVE_AUTO outer = archive_read_new();
	struct archive_entry *entry;

	(void)archive_read_support_format_ar(outer);
	if (archive_read_open_filename(outer, path, BLOCK) != ARCHIVE_OK)
		return err_set(e, ERR_INPUT, "%s cannot be read: %s", path, archive_error_string(outer));
	while (archive_read_next_header(outer, &entry) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);
		if (name && str_starts(str_of(name), STR("data.tar")))
			return data_search(outer, path, out, e);
	}
	return err_set(e, ERR_INPUT, "%s is damaged: it holds no data.tar", path);
}

static void
quote_into(struct str s, const char *bad, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c <= ' ' || c >= 0x7f || c == '%' || strchr(bad, c))
			buf_addf(out, "%%%02x", c);
		else
			buf_add_char(out, (char)c);
	}
}

void
deb_file_name(struct str name, struct str version, struct str arch, struct buf *out)
{
	quote_into(name, "_:/", out);
	buf_add_char(out, '_');
	quote_into(version, "_:/", out);
	buf_add_char(out, '_');
	quote_into(arch, "_:./", out);
	buf_add(out, STR(".deb"));
}
