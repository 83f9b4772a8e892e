#include "os/gunzip.h"

#include "base/arena.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK = 64 * 1024 };

struct gunzip {
	gunzip_fill_fn *fill;
	void *user;
	z_stream z;
	bool member; /* one is begun and not ended */
	bool padding; /* one has ended: another one follows, or zeros up to the end */
	bool zeros;
	uint64_t packed;
	unsigned char in[CHUNK], out[CHUNK];
};

struct gunzip *
gunzip_new(gunzip_fill_fn *fill, void *user)
{
	struct gunzip *g = xcalloc(1, sizeof(*g));
	g->fill = fill;
	g->user = user;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK)
		abort(); /* no memory */
	return g;
}

void
gunzip_free(struct gunzip *g)
{
	if (g)
		inflateEnd(&g->z);
	free(g);
}

void
gunzip_cleanup(struct gunzip **g)
{
	gunzip_free(*g);
}

/* More of the file; none at its end. */
static bool
refill(struct gunzip *g)
{
	size_t got = 0;
	bool ok = g->fill(g->user, g->in, CHUNK, &got);
	g->z.next_in = g->in;
	g->z.avail_in = ok ? (unsigned)got : 0;
	g->packed += g->z.avail_in;
	return ok;
}

/* Between two members: another one, zeros up to the end, or what does not belong there. */
static bool
begin_member(struct gunzip *g)
{
	while (g->padding && g->z.avail_in > 0 && *g->z.next_in == 0) {
		g->zeros = true;
		g->z.next_in++;
		g->z.avail_in--;
	}
	if (g->z.avail_in == 0)
		return true;
	if (g->zeros || (g->padding && *g->z.next_in != 0x1f))
		return false;
	g->member = inflateReset(&g->z) == Z_OK;
	return g->member;
}

ptrdiff_t
gunzip_next(struct gunzip *g, const void **bytes, const char **why)
{
	*bytes = g->out;
	for (;;) {
		if (g->z.avail_in == 0) {
			bool ok = refill(g);
			if (!ok || (g->z.avail_in == 0 && g->member)) {
				*why = ok ? "it is cut off" : strerror(errno);
				return -1;
			}
			if (g->z.avail_in == 0)
				return 0;
		}
		if (!g->member && !begin_member(g)) {
			*why = "behind its end there is something else";
			return -1;
		}
		if (!g->member)
			continue;
		g->z.next_out = g->out;
		g->z.avail_out = CHUNK;
		int status = inflate(&g->z, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
			*why = g->z.msg ? g->z.msg : "it is no gzip";
			return -1;
		}
		if (status == Z_STREAM_END) {
			g->member = false;
			g->padding = true;
		}
		if (g->z.avail_out < CHUNK)
			return CHUNK - (ptrdiff_t)g->z.avail_out;
	}
}

uint64_t
gunzip_packed(const struct gunzip *g)
{
	return g->packed;
}
