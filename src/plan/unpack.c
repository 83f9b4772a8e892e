#include "plan/unpack.h"

#include "base/arena.h"

#include <stdlib.h>
#include <sys/types.h>

#include <archive.h>
#include <archive_entry.h>

#define CHUNK (64u << 10)
#define LINE_MAX_BYTES (64u << 10)
/* Ten times what the largest distribution has. */
#define UNPACKED_MAX (2ull << 30)

struct unpack {
	struct archive *a;
	uint64_t total;
	bool empty;
};

struct unpack *
unpack_open(const char *path, struct err *e)
{
	struct unpack *u = xcalloc(1, sizeof(*u));
	struct archive_entry *entry;
	u->a = archive_read_new();
	if (!u->a)
		abort();
	archive_read_support_filter_gzip(u->a);
	archive_read_support_filter_xz(u->a);
	archive_read_support_filter_lzma(u->a);
	archive_read_support_filter_zstd(u->a);
	archive_read_support_filter_bzip2(u->a);
	archive_read_support_format_raw(u->a);
	archive_read_support_format_empty(u->a);
	int rc = archive_read_open_filename(u->a, path, CHUNK);
	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(u->a, &entry);
	u->empty = rc == ARCHIVE_EOF;
	if (rc == ARCHIVE_OK || u->empty)
		return u;
	err_set(e, ERR_INPUT, "%s cannot be unpacked: %s", path, archive_error_string(u->a));
	unpack_close(u);
	return NULL;
}

ssize_t
unpack_read(struct unpack *u, char *into, size_t n)
{
	if (u->empty)
		return 0;
	ssize_t got = archive_read_data(u->a, into, n);
	if (got > 0)
		u->total += (uint64_t)got;
	return u->total > UNPACKED_MAX ? -1 : got;
}

void
unpack_close(struct unpack *u)
{
	if (!u)
		return;
	archive_read_free(u->a);
	free(u);
}

/* Cuts lines out of a piece; what is left of the last one waits in *held. */
static void
cut_lines(struct buf *held, struct str piece, unpack_line_fn *each, void *user)
{
	while (piece.len > 0) {
		ptrdiff_t end = str_find_char(piece, '\n');
		size_t n = end < 0 ? piece.len : (size_t)end;
		if (held->len == 0 && end >= 0) {
			each(user, str_head(piece, n));
		} else {
			if (held->len + n <= LINE_MAX_BYTES)
				buf_add(held, str_head(piece, n));
			else
				held->len = LINE_MAX_BYTES; /* too long: passed over as a whole */
			if (end >= 0) {
				if (held->len < LINE_MAX_BYTES)
					each(user, buf_str(held));
				buf_truncate(held, 0);
			}
		}
		piece = str_skip(piece, end < 0 ? n : n + 1);
	}
}

bool
unpack_lines(const char *path, unpack_line_fn *each, void *user, struct err *e)
{
	BUF_AUTO held = { 0 };
	struct unpack *u = unpack_open(path, e);
	ssize_t n;
	if (!u)
		return false;
	buf_reserve(&held, LINE_MAX_BYTES);
	char *bytes = xcalloc(1, CHUNK);
	while ((n = unpack_read(u, bytes, CHUNK)) > 0)
		cut_lines(&held, str_sub(bytes, (size_t)n), each, user);
	if (held.len > 0 && held.len < LINE_MAX_BYTES)
		each(user, buf_str(&held));
	if (n < 0)
		err_set(e, ERR_INPUT, "%s cannot be unpacked", path);
	free(bytes);
	unpack_close(u);
	return n == 0;
}
