/* Sections of a check-in, as the server reads them from any host. */
#include <stddef.h>
#include <stdint.h>

#include "plan/inventory.h"
#include "plan/pkgmgr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size);
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct inventory inv;
	struct package_list packages;
	struct patch_list patches;

	(void)!inventory_parse_system(&a, text, &inv, &e);
	(void)!patch_list_parse(&a, text, &patches, &e);
	if (inventory_parse_packages(&a, text, &packages, &e)) {
		for (size_t i = 0; i < packages.count; i++) {
			if (!package_word_valid(packages.items[i].name))
				abort();
		}
	}
	return 0;
}
