/* What a stranger's systeminfo and wmic print. */
#include "vuln/windows.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct windows_host h = { 0 };
	struct str hostname = STR(""), text = str_sub((const char *)data, size);
	struct err e = { 0 };
	const char *names[WINDOWS_PRODUCTS_MAX + 1];
	if (windows_systeminfo(text, &a, &h, &hostname, &e)) {
		if (h.build == 0 || !str_is_utf8(h.name) || !str_is_utf8(hostname))
			abort();
		windows_products(&h, &a, names);
	} else if (e.code != ERR_INPUT) {
		abort();
	}
	windows_add_qfe(text, &a, &h);
	for (size_t i = 0; i < h.kb_count; i++)
		if (h.kbs[i] == 0 || h.kbs[i] > 99999999)
			abort();
	return 0;
}
