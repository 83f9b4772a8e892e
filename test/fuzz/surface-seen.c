/* Answers of InternetDB, Shodan and Censys: each reader gets each body. */
#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return facts_fuzz(data, size, read_internetdb) + facts_fuzz(data, size, read_shodan) +
	       facts_fuzz(data, size, read_censys);
}
