/* Writing a bundle: the parts first, one after the other, each synced and noted, the signed head last. Killed at any moment,
 * the next call goes on behind the last finished part. */
#include "base/json.h"
#include "os/file.h"
#include "trust/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define JOURNAL ".making"
enum { PIECE = 1 << 17, LEVEL = 9, JOURNAL_MAX = 4 << 20, NAMES_MAX = 100000 };

bool
bundle_sign_key(void *user, const char *type, struct str document, struct buf *out, struct err *e)
{
	struct json_writer w = { .out = out };
	return signed_write(&w, user, type, document, e);
}

/* ---- members ---- */

struct packing {
	FILE *in, *out;
	const char *from, *to;
	ZSTD_CCtx *z; /* NULL: only hashed */
	struct sha256_stream *sha;
	uint64_t size, stored;
	char *bytes, *packed; /* PIECE each */
};

static bool
pack_piece(struct packing *p, size_t n, bool last, struct err *e)
{
	ZSTD_inBuffer in = { p->bytes, n, 0 };
	size_t rc;
	do {
		ZSTD_outBuffer o = { p->packed, PIECE, 0 };
		rc = ZSTD_compressStream2(p->z, &o, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(rc))
			return err_set(e, ERR_SYSTEM, "packing %s: %s", p->from, ZSTD_getErrorName(rc));
		if (fwrite(p->packed, 1, o.pos, p->out) != o.pos)
			return err_sys(e, "writing %s", p->to);
		p->stored += o.pos;
	} while (last ? rc != 0 : in.pos < in.size);
	return true;
}

static bool
pack_all(struct packing *p, struct err *e)
{
	size_t n;
	while ((n = fread(p->bytes, 1, PIECE, p->in)) > 0) {
		sha256_update(p->sha, str_sub(p->bytes, n));
		p->size += n;
		if (p->z && !pack_piece(p, n, false, e))
			return false;
	}
	if (ferror(p->in))
		return err_sys(e, "reading %s", p->from);
	return !p->z || pack_piece(p, 0, true, e);
}

static bool
pack_run(struct packing *p, char digest[SHA256_HEX_LEN], struct err *e)
{
	p->bytes = xcalloc(2, PIECE);
	p->packed = p->bytes + PIECE;
	p->sha = sha256_open();
	if (p->z)
		(void)ZSTD_CCtx_setParameter(p->z, ZSTD_c_compressionLevel, LEVEL);
	bool ok = pack_all(p, e);
	sha256_close(p->sha, digest);
	free(p->bytes);
	return ok;
}

static bool
pack_close(struct packing *p, bool ok, struct err *e)
{
	if (p->out && fclose(p->out) != 0 && ok)
		ok = err_sys(e, "writing %s", p->to);
	(void)fclose(p->in);
	ZSTD_freeCCtx(p->z);
	return ok;
}

bool
bundle_member_prepare(struct arena *a, const char *file, const char *folder, bool compress, struct bundle_member *m,
		      struct err *e)
{
	const char *temp = arena_printf(a, "%s/%ld.packing", folder ? folder : "", (long)getpid()).ptr;
	struct packing p = { .in = fopen(file, "re"), .from = file, .to = temp };
	if (!p.in)
		return err_sys(e, "reading %s", file);
	if (compress) {
		p.out = fopen(temp, "we");
		if (!p.out) {
			(void)err_sys(e, "writing %s", temp);
			return pack_close(&p, false, NULL);
		}
		p.z = ZSTD_createCCtx();
	}
	if (!pack_close(&p, pack_run(&p, m->sha256, e), e)) {
		if (compress)
			(void)unlink(temp);
		return false;
	}
	m->size = m->stored = p.size;
	m->packed = compress && p.stored < p.size - p.size / 10;
	m->path = arena_cstr(a, str_of(file));
	if (m->packed) {
		m->stored = p.stored;
		m->path = arena_printf(a, "%s/%s.zst", folder, m->sha256).ptr;
		return rename(temp, m->path) == 0 || err_sys(e, "writing %s", m->path);
	}
	if (compress)
		(void)unlink(temp);
	return true;
}

/* ---- the list ---- */

static bool
list_write(struct bundle_make *w, struct arena *a, struct err *e)
{
	BUF_AUTO lines = { 0 };
	BUF_AUTO packed = { 0 };
	uint64_t at = 0;
	for (size_t i = 0; i < w->list.members.count; i++) {
		struct bundle_member *m = &w->list.members.items[i];
		m->at = at;
		at += m->stored;
	}
	bundle_list_write(&w->list, &lines);
	size_t bound = ZSTD_compressBound(lines.len);
	packed.len = ZSTD_compress(buf_reserve(&packed, bound), bound, buf_cstr(&lines), lines.len, LEVEL);
	if (ZSTD_isError(packed.len))
		return err_set(e, ERR_SYSTEM, "packing the list of members: %s", ZSTD_getErrorName(packed.len));
	if (w->list.members.count > BUNDLE_MEMBERS_MAX || lines.len > BUNDLE_LIST_MAX || at > BUNDLE_TOTAL_MAX)
		return err_set(e, ERR_TOO_LARGE, "the bundle would have too many members: %zu", w->list.members.count);
	w->head.member_count = w->list.members.count;
	w->head.list_size = lines.len;
	w->head.list_stored = packed.len;
	w->head.total = at;
	sha256_hex(buf_str(&packed), w->head.list_sha256);
	return file_write(path_join(a, w->folder, BUNDLE_LIST_FILE), buf_str(&packed), 0644, e);
}

/* ---- parts ---- */

/* What an interrupted run noted: the first line names list and part size, then "SIZE SHA256" for each finished part. */
static size_t
journal_read(struct bundle_make *w, const char *path, struct str plan, struct arena *a)
{
	BUF_AUTO text = { 0 };
	struct str rest, line, size, digest;
	if (!file_read(path, JOURNAL_MAX, &text, NULL))
		return 0;
	rest = buf_str(&text);
	if (!str_line(&rest, &line) || !str_eq(line, plan))
		return 0;
	while (str_line(&rest, &line)) {
		struct bundle_part p = { 0 };
		if (!str_split(line, ' ', &size, &digest) || !str_to_u64(size, &p.size) ||
		    digest.len != SHA256_HEX_LEN - 1)
			break;
		memcpy(p.sha256, digest.ptr, digest.len);
		const char *file = bundle_part_path(a, w->folder, w->head.parts.count);
		if (file_size(file) != (int64_t)p.size)
			break;
		*ARRAY_PUSH(a, &w->head.parts) = p;
	}
	return w->head.parts.count;
}

/* What an earlier bundle left in the folder goes: a part of another list must not be taken for one of this. */
static bool
leftovers_remove(const char *folder, struct arena *a, struct err *e)
{
	struct str *names;
	size_t count;
	if (!dir_list(a, folder, NAMES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool part = str_starts(names[i], STR("part-")) || str_eq(names[i], STR(JOURNAL));
		if (part && !file_remove(path_join(a, folder, arena_cstr(a, names[i])), e))
			return false;
	}
	return true;
}

static bool
journal_line(const char *path, struct str line, struct err *e)
{
	FILE *f = fopen(path, "ae");
	if (!f)
		return err_sys(e, "writing %s", path);
	bool ok = fwrite(line.ptr, 1, line.len, f) == line.len && fflush(f) == 0 && fsync(fileno(f)) == 0;
	return (fclose(f) == 0 && ok) || err_sys(e, "writing %s", path);
}

/* Where in the members' bytes the next part begins. */
struct cursor {
	size_t member;
	uint64_t inside;
	int fd; /* of the member; −1: not open */
	uint64_t done;
};

static void
cursor_cleanup(struct cursor *c)
{
	fd_cleanup(&c->fd);
}

static void
cursor_skip(struct cursor *c, const struct bundle_list *l, uint64_t bytes)
{
	c->done += bytes;
	while (c->member < l->members.count && bytes >= l->members.items[c->member].stored - c->inside) {
		bytes -= l->members.items[c->member].stored - c->inside;
		c->member++;
		c->inside = 0;
	}
	c->inside += bytes;
}

/* Up to max bytes of the member that the cursor is in. */
static bool
cursor_read(struct cursor *c, const struct bundle_list *l, char *into, size_t max, size_t *got, struct err *e)
{
	while (c->member < l->members.count && l->members.items[c->member].stored == c->inside) {
		fd_cleanup(&c->fd);
		c->fd = -1;
		c->member++;
		c->inside = 0;
	}
	const struct bundle_member *m = &l->members.items[c->member];
	uint64_t left = m->stored - c->inside;
	if (c->fd < 0)
		c->fd = open(m->path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0)
		return err_sys(e, "reading %s", m->path);
	ssize_t n = pread(c->fd, into, left < max ? (size_t)left : max, (off_t)c->inside);
	if (n < 0)
		return err_sys(e, "reading %s", m->path);
	if (n == 0)
		return err_set(e, ERR_CONFLICT, "%s became shorter while the bundle was written: export again",
			       m->path);
	c->inside += (uint64_t)n;
	*got = (size_t)n;
	return true;
}

static bool
part_fill(struct bundle_make *w, struct cursor *c, FILE *f, const char *path, struct bundle_part *part, struct err *e)
{
	char *bytes = xcalloc(1, PIECE);
	struct sha256_stream *sha = sha256_open();
	uint64_t left = part->size;
	size_t n = 0;
	bool ok = true;
	while (ok && left > 0) {
		ok = cursor_read(c, &w->list, bytes, left < PIECE ? (size_t)left : PIECE, &n, e) &&
		     (fwrite(bytes, 1, n, f) == n || err_sys(e, "writing %s", path));
		if (!ok)
			break;
		sha256_update(sha, str_sub(bytes, n));
		left -= n;
		c->done += n;
		if (w->progress)
			w->progress(w->user, c->done, w->head.total);
	}
	sha256_close(sha, part->sha256);
	free(bytes);
	return ok;
}

static bool
part_write(struct bundle_make *w, struct cursor *c, size_t i, const char *journal, struct arena *a, struct err *e)
{
	uint64_t left = w->head.total - (uint64_t)i * w->head.part_size;
	struct bundle_part part = { .size = left < w->head.part_size ? left : w->head.part_size };
	const char *path = bundle_part_path(a, w->folder, i);
	const char *temp = arena_printf(a, "%s.new", path).ptr;
	FILE *f = fopen(temp, "we");
	if (!f)
		return err_sys(e, "writing %s", temp);
	bool ok = part_fill(w, c, f, temp, &part, e);
	if (ok && (fflush(f) != 0 || fsync(fileno(f)) != 0))
		ok = err_sys(e, "writing %s", temp);
	if (fclose(f) != 0 && ok)
		ok = err_sys(e, "writing %s", temp);
	if (ok && rename(temp, path) != 0)
		ok = err_sys(e, "writing %s", path);
	if (!ok) {
		(void)unlink(temp);
		return false;
	}
	*ARRAY_PUSH(a, &w->head.parts) = part;
	return journal_line(journal, arena_printf(a, "%llu %s\n", (unsigned long long)part.size, part.sha256), e);
}

static bool
parts_write(struct bundle_make *w, struct arena *a, size_t *kept, struct err *e)
{
	__attribute__((cleanup(cursor_cleanup))) struct cursor c = { .fd = -1 };
	const char *journal = path_join(a, w->folder, JOURNAL);
	struct str plan = arena_printf(a, "%s %llu", w->head.list_sha256, (unsigned long long)w->head.part_size);
	size_t have = journal_read(w, journal, plan, a);
	if (kept)
		*kept = have;
	if (!have &&
	    (!leftovers_remove(w->folder, a, e) || !journal_line(journal, arena_printf(a, "%.*s\n", STR_ARG(plan)), e)))
		return false;
	for (size_t i = 0; i < have; i++)
		cursor_skip(&c, &w->list, w->head.parts.items[i].size);
	for (size_t i = have; (uint64_t)i * w->head.part_size < w->head.total; i++)
		if (!part_write(w, &c, i, journal, a, e))
			return false;
	return true;
}

bool
bundle_make(struct bundle_make *w, struct arena *a, size_t *kept, struct err *e)
{
	BUF_AUTO document = { 0 };
	BUF_AUTO text = { 0 };
	const char *head = path_join(a, w->folder, BUNDLE_HEAD_FILE);
	w->head.part_size = w->part_size && w->part_size < BUNDLE_PART_MAX ? w->part_size : BUNDLE_PART_MAX;
	w->head.parts.count = 0;
	if (!dir_make(w->folder, 0755, e) || !file_remove(head, e) || !list_write(w, a, e) ||
	    !parts_write(w, a, kept, e))
		return err_wrap(e, "writing the bundle in %s", w->folder);
	if (w->head.parts.count > BUNDLE_PARTS_MAX)
		return err_set(e, ERR_TOO_LARGE, "the bundle would have %zu parts: take a larger --size",
			       w->head.parts.count);
	struct json_writer j = { .out = &document };
	bundle_head_write(&w->head, &j);
	return w->sign(w->sign_user, w->head.direction == BUNDLE_DOWN ? "bundle-down" : "bundle-up", buf_str(&document),
		       &text, e) &&
	       file_write(head, buf_str(&text), 0644, e) && file_remove(path_join(a, w->folder, JOURNAL), e);
}
