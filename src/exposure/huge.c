/* Large blocks of memory (exposure/huge.h). */
#include "exposure/huge.h"

#include "base/arena.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, KEPT_BLOCKS = 128 };
#define KEPT_BYTES ((size_t)192 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static struct {
	void *at;
	size_t bytes;
} kept[KEPT_BLOCKS];
static unsigned kept_count, keepers;
static size_t kept_bytes;

static size_t
whole_pages(size_t bytes)
{
	return (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
}

/* The one freed last of this size. */
static void *
take(size_t bytes)
{
	void *p = NULL;

	pthread_mutex_lock(&lock);
	for (unsigned i = kept_count; i-- > 0 && !p;) {
		if (kept[i].bytes != bytes)
			continue;
		p = kept[i].at;
		kept_bytes -= bytes;
		memmove(kept + i, kept + i + 1, (--kept_count - i) * sizeof(*kept));
	}
	pthread_mutex_unlock(&lock);
	return p;
}

static bool
keep(void *p, size_t bytes)
{
	pthread_mutex_lock(&lock);
	bool room = keepers > 0 && kept_count < KEPT_BLOCKS && bytes <= KEPT_BYTES - kept_bytes;
	if (room) {
		kept[kept_count].at = p;
		kept[kept_count++].bytes = bytes;
		kept_bytes += bytes;
	}
	pthread_mutex_unlock(&lock);
	return room;
}

void *
huge_alloc(size_t bytes, bool zero)
{
	void *p;

	if (bytes < HUGE_PAGE)
		return zero ? xcalloc(1, bytes) : xrealloc(NULL, 1, bytes);
	bytes = whole_pages(bytes);
	p = take(bytes);
	if (!p) {
		if (posix_memalign(&p, HUGE_PAGE, bytes) != 0)
			abort();
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	}
	return zero ? memset(p, 0, bytes) : p;
}

void
huge_free(void *p, size_t bytes)
{
	if (!p || bytes < HUGE_PAGE || !keep(p, whole_pages(bytes)))
		free(p);
}

/* What is smaller goes the same way: malloc() gives middling blocks back at once, unless told otherwise. */
static void
keep_middling(bool on)
{
#ifdef __GLIBC__
	enum { USUAL = 128 << 10 };
	(void)mallopt(M_MMAP_THRESHOLD, on ? 32 << 20 : USUAL);
	(void)mallopt(M_TRIM_THRESHOLD, on ? 1 << 30 : USUAL);
	if (!on)
		(void)malloc_trim(0);
#endif
}

void
huge_keep(void)
{
	pthread_mutex_lock(&lock);
	if (keepers++ == 0)
		keep_middling(true);
	pthread_mutex_unlock(&lock);
}

void
huge_release(void)
{
	pthread_mutex_lock(&lock);
	if (--keepers == 0) {
		for (unsigned i = 0; i < kept_count; i++)
			free(kept[i].at);
		kept_count = 0;
		kept_bytes = 0;
		keep_middling(false);
	}
	pthread_mutex_unlock(&lock);
}
