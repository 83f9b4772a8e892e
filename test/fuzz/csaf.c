/* The reader of csaf. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_csaf, data, size);
	return 0;
}
