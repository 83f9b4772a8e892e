#include "evidence/zip.h"

#include "base/arena.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

struct zip {
	struct archive *archive;
	struct buf out;
	struct err e;
};

static la_ssize_t
take(struct archive *a, void *user, const void *bytes, size_t len)
{
	struct zip *z = user;

	if (z->out.len + len > ZIP_MAX) {
		archive_set_error(a, EFBIG, "too large");
		err_set(&z->e, ERR_TOO_LARGE, "the zip file grows above %d MB; narrow it", ZIP_MAX >> 20);
		return -1;
	}
	buf_add(&z->out, str_sub(bytes, len));
	return (la_ssize_t)len;
}

static void
keep_error(struct zip *z)
{
	if (z->e.code == ERR_NONE)
		err_set(&z->e, ERR_SYSTEM, "writing a zip file failed: %s", archive_error_string(z->archive));
}

struct zip *
zip_new(void)
{
	struct zip *z = xcalloc(1, sizeof(*z));

	z->archive = archive_write_new();
	if (archive_write_set_format_zip(z->archive) != ARCHIVE_OK ||
	    archive_write_zip_set_compression_deflate(z->archive) != ARCHIVE_OK ||
	    archive_write_set_options(z->archive, "hdrcharset=UTF-8") < ARCHIVE_WARN ||
	    archive_write_set_bytes_in_last_block(z->archive, 1) != ARCHIVE_OK ||
	    archive_write_open(z->archive, z, NULL, take, NULL) != ARCHIVE_OK)
		keep_error(z);
	return z;
}

void
zip_add(struct zip *z, const char *name, struct str bytes)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname_utf8(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (int64_t)bytes.len);
	/* No time and no owner: the format's own beginning, in every zone. */
	if (z->e.code == ERR_NONE && (archive_write_header(z->archive, entry) < ARCHIVE_WARN ||
				      archive_write_data(z->archive, bytes.ptr, bytes.len) != (la_ssize_t)bytes.len))
		keep_error(z);
	archive_entry_free(entry);
}

void
zip_abandon(struct zip *z)
{
	if (!z)
		return;
	(void)archive_write_free(z->archive);
	buf_free(&z->out);
	free(z);
}

bool
zip_end(struct zip *z, struct buf *out, struct err *e)
{
	if (z->e.code == ERR_NONE && archive_write_close(z->archive) != ARCHIVE_OK)
		keep_error(z);
	bool ok = z->e.code == ERR_NONE;
	if (ok)
		buf_add(out, buf_str(&z->out));
	else
		*e = z->e;
	zip_abandon(z);
	return ok;
}
