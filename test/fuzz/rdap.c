/* The reader of RDAP answers. */
#include "surface/rdap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	struct err e = { 0 };
	(void)!rdap_read(&a, str_sub((const char *)data, size), 0, &r, &e);
	return 0;
}
