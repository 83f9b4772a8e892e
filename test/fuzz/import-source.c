/* A file of any bytes through packing, splitting and counting: records lie in what was read, and it ends. */
#include "exposure/import-source.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/mamori-fuzz-source.XXXXXX", hex[65];
	struct chunk c = { 0 };
	struct source *s;
	struct str record;
	struct err e = { 0 };
	bool more = true;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	if (source_open(path, &s, &e)) {
		source_split(s, str_contains(source_head(s), STR("<host")) ? "host" : NULL);
		while (more && source_next(s, &c, &more, &e))
			while (chunk_next(&c, &record))
				if (record.ptr < c.ptr || record.ptr + record.len > c.ptr + c.len + 1)
					abort();
		source_digest(s, hex);
		source_close(s);
	}
	chunk_free(&c);
	unlink(path);
	return 0;
}
