/* The bulk JSON scanner against base/json; and one that has seen the lines before against one that has not. */
#include "scan-oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = str_sub((const char *)data, size), line;

	if (oracle_compare(all))
		abort();
	SCANNER_AUTO s = { 0 };
	struct scan_paths *p = oracle_names();
	while (all.len > 0 && str_cut(&all, '\n', &line))
		if (oracle_again(&s, p, line))
			abort();
	scan_paths_free(p);
	return 0;
}
