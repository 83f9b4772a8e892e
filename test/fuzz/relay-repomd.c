/* repomd.xml: well-formed or refused, each name with a digest and a size. */
#include "relay/learn-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
named(void *user, struct str href, const struct digest *d, struct str type)
{
	(void)user, (void)type;
	if (href.len == 0 || href.len >= 1024 || d->size == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	if (!repomd_parse(str_sub((const char *)data, size), named, NULL, &e) && e.code == ERR_NONE)
		abort();
	return 0;
}
