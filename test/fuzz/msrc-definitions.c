/* The reader of msrc-definitions, and matching against what it kept. */
#include "windows.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_windows(&feed_msrc_definitions, data, size);
	return 0;
}
