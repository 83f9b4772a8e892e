/* A .gz file as plain bytes, with every member's checksum and length compared (RFC 1952). libarchive's
 * own filter compares neither, and takes a broken second member for rubbish behind the first. */
#ifndef MAMORI_OS_GUNZIP_H
#define MAMORI_OS_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gunzip;

/* At most cap bytes into into; *got = 0 at the end. False: errno says why. */
typedef bool gunzip_fill_fn(void *user, void *into, size_t cap, size_t *got);

struct gunzip *gunzip_new(gunzip_fill_fn *fill, void *user);
void gunzip_free(struct gunzip *g);
void gunzip_cleanup(struct gunzip **g);
/* The next bytes, valid until the next call; 0 at the end, -1: *why says what is wrong, as a part of a sentence. */
ptrdiff_t gunzip_next(struct gunzip *g, const void **bytes, const char **why);
/* Compressed bytes read so far. */
uint64_t gunzip_packed(const struct gunzip *g);

#endif
