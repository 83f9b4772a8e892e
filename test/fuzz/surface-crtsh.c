/* crt.sh's JSON as facts: the question, then the body. */
#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return facts_fuzz(data, size, read_crtsh);
}
