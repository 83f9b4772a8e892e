/* Debian changelogs: ids come out sorted, each once. */
#include <stddef.h>
#include <stdint.h>

#include "plan/pkgmgr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size);
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct str *cves;
	size_t count;

	if (changelog_cves(text, STR("1.0-1"), STR("2:3.0"), &a, &cves, &count, &e)) {
		for (size_t i = 0; i < count; i++) {
			if (!str_starts(cves[i], STR("CVE-")) || (i > 0 && str_cmp(cves[i - 1], cves[i]) >= 0))
				abort();
		}
	}
	return 0;
}
