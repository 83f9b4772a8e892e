/* One certificate (DER) as facts. */
#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	read_certificate(&f, str_sub((const char *)data, size));
	facts_check(&f);
	return 0;
}
