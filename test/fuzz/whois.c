/* The reader of WHOIS answers. */
#include "surface/whois.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	whois_read(&a, str_sub((const char *)data, size), &r);
	return 0;
}
