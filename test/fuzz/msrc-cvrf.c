/* The reader of msrc-cvrf, and matching against what it kept. */
#include "windows.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_windows(&feed_msrc_cvrf, data, size);
	return 0;
}
