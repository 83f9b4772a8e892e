/* Directives: what is taken is written again without loss. */
#include <stddef.h>
#include <stdint.h>

#include "plan/directive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_directive(const struct directive *d, struct buf *out)
{
	struct json_writer w = { .out = out };

	directive_write(d, &w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	struct directive d, again;
	struct err e = { 0 };

	if (!directive_parse(&a, str_sub((const char *)data, size), &d, &e)) {
		if (e.code == ERR_NONE)
			abort();
		return 0;
	}
	write_directive(&d, &first);
	if (!directive_parse(&a, buf_str(&first), &again, &e))
		abort();
	write_directive(&again, &second);
	if (!str_eq(buf_str(&first), buf_str(&second)))
		abort();
	return 0;
}
