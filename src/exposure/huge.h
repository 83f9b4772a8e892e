/* Inside the room: large blocks of memory. They lie in huge pages where there are any: words come in no order, and with small
 * pages most of the time would go by in finding these. */
#ifndef MAMORI_EXPOSURE_HUGE_H
#define MAMORI_EXPOSURE_HUGE_H

#include <stdbool.h>
#include <stddef.h>

/* Never NULL; zero: all bytes are 0. Any size; huge_free() is told the same. */
void *huge_alloc(size_t bytes, bool zero);
void huge_free(void *p, size_t bytes);
/* What is freed from here on is kept for who asks next (a page from the system costs more than the words that are written to
 * it), up to a limit, until huge_release() was called as often. Any thread. */
void huge_keep(void);
void huge_release(void);

#endif
