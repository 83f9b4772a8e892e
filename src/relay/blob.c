#include "relay/blob.h"

#include "base/arena.h"

#include <unistd.h>

struct blob *
blob_new(int fd, uint64_t size)
{
	struct blob *b = xcalloc(1, sizeof(*b));
	b->refs = 1;
	b->fd = fd;
	b->size = size;
	b->readable = size;
	b->spill = -1;
	b->split = UINT64_MAX;
	return b;
}

struct blob *
blob_ref(struct blob *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void
blob_unref(struct blob *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	if (b->fd >= 0)
		close(b->fd);
	if (b->spill >= 0)
		close(b->spill);
	free(b);
}

uint64_t
blob_at(const struct blob *b, uint64_t offset, uint64_t want, int *fd)
{
	uint64_t end = atomic_load_explicit(&b->readable, memory_order_acquire);
	uint64_t split = atomic_load_explicit(&b->split, memory_order_acquire);
	*fd = offset < split ? b->fd : b->spill;
	if (offset < split && end > split)
		end = split;
	if (offset >= end)
		return 0;
	return want < end - offset ? want : end - offset;
}
