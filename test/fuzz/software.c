/* A list of software in either form, and the products that its names mean; a text as a CPE, too. */
#include "vuln/cpe.h"
#include "vuln/software.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct software *list;
	size_t count, bad;
	struct cpe cpe;
	struct str text = { (const char *)data, size };
	if (cpe_parse(text, &a, &cpe) && (cpe.vendor.len == 0 || cpe.product.len == 0 || cpe.name.len == 0))
		abort();
	if (!software_list_read(text, "fuzz", &a, &list, &count, &bad, &e)) {
		if (e.code != ERR_INPUT && e.code != ERR_TOO_LARGE)
			abort();
		return 0;
	}
	for (size_t i = 0; i < count && i < 100; i++) {
		struct software_product p;
		software_product(&list[i], &a, &p);
		if (p.count > SOFTWARE_NAMES_MAX || (p.count > 0 && p.confidence <= 0))
			abort();
	}
	return 0;
}
