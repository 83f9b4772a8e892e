/* Pages: their links, and as saved results of a search. */
#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return facts_fuzz(data, size, read_page) + facts_fuzz(data, size, read_search_results);
}
