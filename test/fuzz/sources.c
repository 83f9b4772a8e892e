/* The sources file. */
#include "surface/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct sources s;
	struct err e = { 0 };
	(void)!sources_load(&a, str_sub((const char *)data, size), "sources.yaml", &s, &e);
	return 0;
}
