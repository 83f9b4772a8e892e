/* Release, Packages, Sources and Index of differences: no name leaves its folder, none is longer than a path. */
#include "relay/learn-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
stays(struct str name)
{
	struct str piece;
	if (name.len > 1100 || str_starts(name, STR("/")) || str_find_char(name, '\0') >= 0)
		abort();
	while (str_cut(&name, '/', &piece))
		if (str_eq(piece, STR("..")))
			abort();
}

static void
named(void *user, struct str directory, struct str name, const struct digest *d)
{
	(void)d;
	stays(directory);
	stays(name);
	++*(size_t *)user;
}

static void
listed(void *user, struct str path, const struct digest *d)
{
	named(user, STR(""), path, d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size), line;
	size_t count = 0;
	(void)!release_parse(text, listed, &count, NULL);
	(void)release_field(text, STR("Acquire-By-Hash"));
	struct index_reader *r = xcalloc(1, sizeof(*r));
	r->each = named;
	r->user = &count;
	while (str_cut(&text, '\n', &line))
		index_line(r, line);
	index_end(r);
	free(r);
	if (count > size / 64 + 1)
		abort();
	return 0;
}
