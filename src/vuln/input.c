#include "vuln/input.h"

#include "os/file.h"
#include "os/gunzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEEK_MAX (1u << 20)
#define CHUNK (64u << 10)
#define FOLDER_DEPTH 16
#define FOLDER_FILES 2000000
#define UNPACKED_MAX (UINT64_C(16) << 30)
#define RATIO_MAX 200

static void
archive_cleanup(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

void
input_of_mem(struct input *in, const char *name, struct str bytes)
{
	*in = (struct input){ .name = name, .ended = true };
	buf_add(&in->peeked, bytes);
}

void
input_close(struct input *in)
{
	buf_free(&in->peeked);
	buf_free(&in->line);
}

static uint64_t
packed_bytes(struct archive *archive, const struct gunzip *g)
{
	return g ? gunzip_packed(g) : (uint64_t)archive_filter_bytes(archive, -1);
}

/* A little that becomes very much is a decompression bomb, whatever it is called. */
static bool
budget_spend(struct input *in, size_t got, struct err *e)
{
	struct input_budget *b = in->budget;
	b->unpacked += got;
	uint64_t packed = b->packed + packed_bytes(in->archive, in->gunzip);
	uint64_t from = b->ratio_from ? b->ratio_from : (UINT64_C(64) << 20);
	if (b->progress && packed - b->told >= (1u << 20)) {
		b->told = packed;
		b->progress(b->user, b->path, packed, b->total);
	}
	bool bomb = b->unpacked > from && b->unpacked / RATIO_MAX > packed;
	b->spent = b->spent || b->unpacked > UNPACKED_MAX || bomb;
	if (b->unpacked > UNPACKED_MAX)
		return err_set(e, ERR_TOO_LARGE, "reading %s: it unpacks to more than 16 GiB; import its parts",
			       b->path);
	if (bomb)
		return err_set(e, ERR_TOO_LARGE,
			       "reading %s: it unpacks to more than %d times its size, which no feed does; refused",
			       b->path, RATIO_MAX);
	return true;
}

static bool
input_read(struct input *in, char *into, size_t cap, size_t *got, struct err *e)
{
	*got = 0;
	if (in->ended || cap == 0)
		return true;
	la_ssize_t n = archive_read_data(in->archive, into, cap);
	if (n < 0) {
		in->ended = true;
		const char *why = archive_error_string(in->archive);
		return err_set(e, ERR_INPUT, "reading %s: the file is damaged or cut off (%s); fetch it again",
			       in->name, why ? why : "unknown");
	}
	in->ended = n == 0;
	*got = (size_t)n;
	return budget_spend(in, *got, e);
}

bool
input_peek(struct input *in, size_t want, struct str *out, struct err *e)
{
	if (want > PEEK_MAX)
		want = PEEK_MAX;
	while (in->peeked.len - in->used < want && !in->ended) {
		size_t got;
		if (!input_read(in, buf_reserve(&in->peeked, CHUNK), CHUNK, &got, e))
			return false;
		in->peeked.len += got;
	}
	*out = str_skip(buf_str(&in->peeked), in->used);
	return true;
}

bool
input_fill(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct input *in = user;
	size_t have = in->peeked.len - in->used;
	if (have == 0)
		return input_read(in, into, cap, got, e);
	*got = have < cap ? have : cap;
	memcpy(into, in->peeked.ptr + in->used, *got);
	in->used += *got;
	if (in->used == in->peeked.len) {
		in->used = 0;
		buf_truncate(&in->peeked, 0);
	}
	return true;
}

/* Refills the buffer that lines are cut from; false at the end or on error (then *ok is false). */
static bool
refill(struct input *in, bool *ok, struct err *e)
{
	size_t got;
	if (in->used == in->peeked.len) {
		in->used = 0;
		buf_truncate(&in->peeked, 0);
	}
	*ok = input_read(in, buf_reserve(&in->peeked, CHUNK), CHUNK, &got, e);
	if (!*ok)
		return false;
	in->peeked.len += got;
	return got > 0;
}

bool
input_line(struct input *in, size_t max, struct str *line, bool *too_long, bool *end, struct err *e)
{
	buf_truncate(&in->line, 0);
	*too_long = *end = false;
	bool any = false;
	for (;;) {
		struct str have = str_skip(buf_str(&in->peeked), in->used);
		ptrdiff_t nl = have.len ? str_find_char(have, '\n') : -1;
		struct str piece = nl >= 0 ? str_head(have, (size_t)nl) : have;
		any = any || have.len > 0;
		size_t room = max - in->line.len;
		*too_long = *too_long || piece.len > room;
		buf_add(&in->line, str_head(piece, piece.len < room ? piece.len : room));
		in->used += piece.len + (nl >= 0);
		if (nl >= 0)
			break;
		bool ok;
		if (!refill(in, &ok, e)) {
			if (!ok)
				return false;
			*end = !any;
			in->line_cut = in->line_cut || any;
			break;
		}
	}
	*line = buf_str(&in->line);
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool
visit_members(const char *path, struct archive *archive, const struct gunzip *gunzip, bool zip, bool member,
	      struct input_budget *budget, const struct input_visitor *v, struct err *e)
{
	struct archive_entry *entry;
	int status;
	bool any = false;
	while ((status = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
		if (zip && archive_entry_filetype(entry) != AE_IFREG)
			continue;
		const char *inside = zip ? archive_entry_pathname(entry) : NULL;
		struct input in = { .name = base_name(inside ? inside : path),
				    .member = zip || member,
				    .archive = archive,
				    .gunzip = gunzip,
				    .budget = budget };
		bool ok = v->visit(v->user, &in, e);
		any = true;
		input_close(&in);
		if (!ok)
			return false;
	}
	if (status == ARCHIVE_EOF && !any && !zip) {
		/* An empty file has no entry for libarchive, but it was named or met. */
		struct input in = { .name = base_name(path), .member = member, .ended = true, .budget = budget };
		return v->visit(v->user, &in, e);
	}
	if (status == ARCHIVE_EOF)
		return true;
	const char *why = archive_error_string(archive);
	return err_set(e, ERR_INPUT, "reading %s: the file is damaged or cut off (%s); fetch it again", path,
		       why ? why : "unknown");
}

/* A gunzip_fill_fn. */
static bool
fd_fill(void *user, void *into, size_t cap, size_t *got)
{
	ssize_t n;
	do
		n = read(*(const int *)user, into, cap);
	while (n < 0 && errno == EINTR);
	*got = n > 0 ? (size_t)n : 0;
	return n >= 0;
}

/* libarchive's way of asking for more. */
static la_ssize_t
gunzip_fill(struct archive *archive, void *user, const void **bytes)
{
	const char *why = NULL;
	ptrdiff_t n = gunzip_next(user, bytes, &why);
	if (n < 0)
		archive_set_error(archive, EINVAL, "%s", why);
	return n;
}

static bool
walk_file(const char *path, bool member, struct input_budget *budget, const struct input_visitor *v, struct err *e)
{
	char magic[4] = { 0 };
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "opening %s", path);
	ssize_t n = pread(fd, magic, sizeof(magic), 0);
	if (n < 0)
		return err_sys(e, "reading %s", path);
	bool zip = n == 4 && (memcmp(magic, "PK\3\4", 4) == 0 || memcmp(magic, "PK\5\6", 4) == 0);
	__attribute__((cleanup(archive_cleanup))) struct archive *archive = archive_read_new();
	if (zip) {
		archive_read_support_format_zip_seekable(archive);
	} else {
		archive_read_support_filter_zstd(archive);
		archive_read_support_filter_xz(archive);
		archive_read_support_format_raw(archive);
		archive_read_support_format_empty(archive);
	}
	bool gz = n >= 2 && memcmp(magic, "\x1f\x8b", 2) == 0;
	__attribute__((cleanup(gunzip_cleanup))) struct gunzip *gunzip =
		gz ? gunzip_new(fd_fill, (void *)(uintptr_t)&fd) : NULL;
	int status = gz ? archive_read_open(archive, gunzip, NULL, gunzip_fill, NULL)
			: archive_read_open_fd(archive, fd, CHUNK);
	if (status != ARCHIVE_OK) {
		const char *why = archive_error_string(archive);
		return err_set(e, ERR_INPUT, "reading %s: the file is damaged or cut off (%s); fetch it again", path,
			       why ? why : "unknown");
	}
	bool ok = visit_members(path, archive, gunzip, zip, member, budget, v, e);
	budget->packed += packed_bytes(archive, gunzip);
	return ok;
}

/* A file of a folder: what is wrong with it is counted, unless it costs too much. */
static bool
walk_member(const char *path, struct input_budget *budget, const struct input_visitor *v, struct err *e)
{
	struct err damaged = { 0 };
	if (walk_file(path, true, budget, v, &damaged))
		return true;
	if (damaged.code == ERR_TOO_LARGE || damaged.code == ERR_BUG) {
		*e = damaged;
		return false;
	}
	v->unreadable(v->user, damaged.code == ERR_INPUT ? "damaged" : "unreadable");
	return true;
}

/* One folder; subfolders too, links to folders not (they may go round). */
static bool
walk_folder(const char *path, int depth, size_t *files, struct input_budget *budget, const struct input_visitor *v,
	    struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;
	if (depth > FOLDER_DEPTH)
		return err_set(e, ERR_TOO_LARGE, "reading %s: folders are nested too deep; name the folder itself",
			       path);
	if (!dir_list(&a, path, FOLDER_FILES, &names, &count, e))
		return false;
	*files += count;
	if (*files > FOLDER_FILES)
		return err_set(e, ERR_TOO_LARGE, "reading %s: more than %d files; import its parts", path,
			       FOLDER_FILES);
	bool ok = true;
	for (size_t i = 0; i < count && ok; i++) {
		const char *below = path_join(&a, path, arena_cstr(&a, names[i]));
		struct stat st, target;
		if (lstat(below, &st) != 0)
			v->unreadable(v->user, "unreadable");
		else if (S_ISDIR(st.st_mode))
			ok = walk_folder(below, depth + 1, files, budget, v, e);
		else if (stat(below, &target) != 0 || !S_ISREG(target.st_mode))
			v->unreadable(v->user, "unrecognised");
		else
			ok = walk_member(below, budget, v, e);
	}
	return ok;
}

bool
input_walk(const char *path, struct input_budget *budget, const struct input_visitor *v, struct err *e)
{
	struct stat st;
	size_t files = 0;
	budget->path = path;
	if (stat(path, &st) != 0)
		return err_sys(e, "opening %s", path);
	if (S_ISDIR(st.st_mode))
		return walk_folder(path, 0, &files, budget, v, e);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is neither a file nor a folder", path);
	budget->total = (uint64_t)st.st_size;
	return walk_file(path, false, budget, v, e);
}
