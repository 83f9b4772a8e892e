/* Tables from offices: what is taken is UTF-8 without NUL, and stays what it is when read again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vuln/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO out = { 0 };
	struct err e = { 0 };

	if (!sheet_csv(str_sub((const char *)data, size), &out, &e)) {
		if (out.len || e.code == ERR_NONE || !e.text[0])
			abort();
		return 0;
	}
	if (!str_is_utf8(buf_str(&out)))
		abort();
	return 0;
}
