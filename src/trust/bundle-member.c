/* The members of a bundle, one by one: from the parts that they lie in, unpacked, and never handed on for more than was
 * signed (trust/bundle.h). */
#include "base/json.h"
#include "os/file.h"
#include "trust/bundle-internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <zstd.h>

enum { PIECE = 1 << 17, WINDOW_LOG_MAX = 27 };

/* Bytes of a member as they come: unpacked, counted, hashed, handed on. */
struct member_stream {
	const struct bundle_member *m;
	bundle_take_fn *take;
	void *user;
	ZSTD_DCtx *z; /* NULL: not packed */
	char *out; /* PIECE bytes */
	struct sha256_stream *sha;
	uint64_t got;
	bool ended, bad; /* the packed stream came to its end; is not what it should be */
};

static bool
hand_on(struct member_stream *s, struct str bytes, struct err *e)
{
	s->got += bytes.len;
	if (s->got > s->m->size) {
		s->bad = true;
		return err_set(e, ERR_REFUSED, "it unpacks to more than the %llu bytes that were signed",
			       (unsigned long long)s->m->size);
	}
	sha256_update(s->sha, bytes);
	return s->take(s->user, bytes, e);
}

static bool
member_piece(struct member_stream *s, struct str bytes, struct err *e)
{
	if (!s->z)
		return hand_on(s, bytes, e);
	ZSTD_inBuffer in = { bytes.ptr, bytes.len, 0 };
	for (;;) {
		if (s->ended) {
			s->bad |= in.pos < in.size;
			return !s->bad || err_set(e, ERR_REFUSED, "something follows its packed bytes");
		}
		ZSTD_outBuffer o = { s->out, PIECE, 0 };
		size_t rc = ZSTD_decompressStream(s->z, &o, &in);
		if (ZSTD_isError(rc)) {
			s->bad = true;
			return err_set(e, ERR_REFUSED, "it cannot be unpacked: %s", ZSTD_getErrorName(rc));
		}
		s->ended = rc == 0;
		if (o.pos && !hand_on(s, str_sub(s->out, o.pos), e))
			return false;
		if (!s->ended && in.pos == in.size && o.pos < PIECE)
			return true;
	}
}

/* The stored bytes of the member, from however many parts they lie in. */
static bool
stored_read(const struct bundle_place *p, const struct bundle_head *h, struct member_stream *s,
	    enum bundle_reason *reason, struct err *e)
{
	ARENA_AUTO a = { 0 };
	uint64_t at = s->m->at, left = s->m->stored;
	char *bytes = arena_alloc(&a, PIECE, 1);
	while (left > 0) {
		size_t part = (size_t)(at / h->part_size);
		uint64_t inside = at % h->part_size, size;
		FD_AUTO fd = bundle_part_open(p, &a, part, &size);
		const char *path = bundle_part_path(&a, p->folder, part);
		if (fd < 0)
			return bundle_unreadable(reason, e, path);
		while (left > 0 && inside < h->parts.items[part].size) {
			uint64_t want = h->parts.items[part].size - inside;
			want = want < left ? want : left;
			want = want < PIECE ? want : PIECE;
			ssize_t n = pread(fd, bytes, (size_t)want, (off_t)inside);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return bundle_unreadable(reason, e, path);
			if (n == 0)
				return bundle_part_damaged(h, NULL, part, inside, path, reason, e);
			if (!member_piece(s, str_sub(bytes, (size_t)n), e))
				return false;
			inside += (uint64_t)n;
			at += (uint64_t)n;
			left -= (uint64_t)n;
		}
	}
	return true;
}

static bool
stream_begin(struct member_stream *s, struct err *e)
{
	if (!s->m->packed)
		return true;
	s->z = ZSTD_createDCtx();
	s->out = xcalloc(1, PIECE);
	return (s->z && !ZSTD_isError(ZSTD_DCtx_setParameter(s->z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) ||
	       err_set(e, ERR_SYSTEM, "unpacking: no memory");
}

bool
bundle_member_read(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_member *m,
		   bundle_take_fn *take, void *user, enum bundle_reason *reason, struct err *e)
{
	struct member_stream s = { .m = m, .take = take, .user = user };
	char digest[SHA256_HEX_LEN];
	*reason = BUNDLE_FINE;
	bool ok = stream_begin(&s, e);
	s.sha = sha256_open();
	ok = ok && stored_read(p, h, &s, reason, e);
	sha256_close(s.sha, digest);
	ZSTD_freeDCtx(s.z);
	free(s.out);
	if (ok && (s.got != m->size || (m->packed && !s.ended) || strcmp(digest, m->sha256) != 0)) {
		s.bad = true;
		ok = err_set(e, ERR_REFUSED, "it is not what was signed");
	}
	if (ok)
		return true;
	if (s.bad)
		*reason = BUNDLE_DAMAGED;
	else if (*reason == BUNDLE_FINE)
		*reason = BUNDLE_UNREADABLE;
	return err_wrap(e, "the member %.*s of the bundle", STR_ARG(m->name));
}

struct to_file {
	FILE *f;
	const char *path;
};

static bool
take_file(void *user, struct str bytes, struct err *e)
{
	struct to_file *t = user;
	return fwrite(bytes.ptr, 1, bytes.len, t->f) == bytes.len || err_sys(e, "writing %s", t->path);
}

bool
bundle_member_file(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_member *m,
		   const char *path, enum bundle_reason *reason, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *temp = arena_printf(&a, "%s.new", path).ptr;
	struct to_file t = { fopen(temp, "we"), temp };
	if (!t.f)
		return bundle_unreadable(reason, e, temp);
	bool ok = bundle_member_read(p, h, m, take_file, &t, reason, e);
	bool written = fflush(t.f) == 0 && fsync(fileno(t.f)) == 0;
	written &= fclose(t.f) == 0;
	if (ok && (!written || rename(temp, path) != 0))
		ok = bundle_unreadable(reason, e, path);
	if (!ok)
		(void)unlink(temp);
	return ok;
}

static bool
take_buf(void *user, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(user, bytes);
	return true;
}

bool
bundle_member_buf(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_member *m, size_t max,
		  struct buf *out, enum bundle_reason *reason, struct err *e)
{
	if (m->size > max) {
		(void)err_set(e, ERR_TOO_LARGE, "the member %.*s of the bundle is longer than %zu bytes",
			      STR_ARG(m->name), max);
		*reason = BUNDLE_DAMAGED;
		return false;
	}
	return bundle_member_read(p, h, m, take_buf, out, reason, e);
}
