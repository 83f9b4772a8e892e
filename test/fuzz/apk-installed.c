/* apk's database: what is kept is a name and a version. */
#include <stddef.h>
#include <stdint.h>

#include "os/pkgdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size);
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct package_list l = { 0 };

	if (apk_parse_installed(text, &a, &l, &e)) {
		for (size_t i = 0; i < l.count; i++) {
			if (!package_word_valid(l.items[i].name) || !package_word_valid(l.items[i].version))
				abort();
		}
	}
	return 0;
}
