/* os-release: a system that has an id has a key. */
#include <stddef.h>
#include <stdint.h>

#include "plan/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size);
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct os_release os;

	(void)e;
	if (os_release_parse(text, &a, &os) && os_key(&os, &a).len == 0)
		abort();
	return 0;
}
