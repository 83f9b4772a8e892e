/* Real data beside the repository (../shared/data), which tests may read and must do without. */
#ifndef MAMORI_TEST_KNOWN_H
#define MAMORI_TEST_KNOWN_H

#include "base/buf.h"

/* "PATH" of the data folder, wherever the test was started from. */
static inline const char *
known_path(struct buf *b, const char *path)
{
	const char *source = getenv("MAMORI_SOURCE");

	buf_addf(b, "%s/../shared/data/%s", source && *source ? source : ".", path);
	return buf_cstr(b);
}

/* The whole file; false when it is not there. */
static inline bool
known_read(const char *path, struct buf *out)
{
	BUF_AUTO name = { 0 };
	FILE *f = fopen(known_path(&name, path), "rb");
	size_t got = 1;

	if (!f)
		return false;
	for (; got > 0; out->len += got)
		got = fread(buf_reserve(out, 1 << 16), 1, 1 << 16, f);
	fclose(f);
	return true;
}

#endif
