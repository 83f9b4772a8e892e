/* Answers of DNS as facts: "TYPE name", then the message. */
#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return facts_fuzz(data, size, read_dns);
}
