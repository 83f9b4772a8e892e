#include "os/file.h"

const char *
path_join(struct arena *a, const char *dir, const char *name)
{
	struct str d = str_of(dir), n = str_of(name);

	while (d.len > 0 && d.ptr[d.len - 1] == '/')
		d.len--;
	while (n.len > 0 && n.ptr[0] == '/')
		n = str_skip(n, 1);
	char *out = arena_alloc(a, d.len + n.len + 2, 1);
	memcpy(out, d.ptr, d.len);
	out[d.len] = '/';
	memcpy(out + d.len + 1, n.ptr, n.len);
	return out;
}
