/* The dashboard's files, compiled in by tools/embed.py as assets.gen.c; an empty table without it. */
#ifndef MAMORI_SERVER_ASSETS_H
#define MAMORI_SERVER_ASSETS_H

#include <stddef.h>

struct asset {
	const char *path; /* "/index.html", "/assets/main-1a2b.js" */
	const char *content_type;
	const char *etag; /* with its quotes */
	const unsigned char *gzip; /* the content, compressed */
	size_t gzip_len;
	size_t len; /* uncompressed */
};

extern const struct asset assets[];
extern const size_t asset_count;

#endif
