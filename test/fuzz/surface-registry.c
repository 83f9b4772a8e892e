/* What registries say, as facts: the question, then the answer, as WHOIS, as RDAP and as a search. */
#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
rdap(struct facts *f, struct str what, struct str body)
{
	read_rdap(f, what, body, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return facts_fuzz(data, size, read_whois) + facts_fuzz(data, size, rdap) +
	       facts_fuzz(data, size, read_rdap_search);
}
