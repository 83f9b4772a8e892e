/* The query parser: whatever it takes has a canonical form that means the same. */
#include "exposure/query.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	struct query *q, *again;
	struct err e = { 0 };
	size_t at = 0;

	if (!query_parse_at(&a, str_sub((const char *)data, size), &q, &at, &e)) {
		if (e.code != ERR_INPUT || at > size)
			abort();
		return 0;
	}
	query_write(q, &first);
	/* A form with all its parentheses may be nested more deeply than is taken. */
	if (!query_parse(&a, buf_str(&first), &again, &e))
		return 0;
	query_write(again, &second);
	if (!str_eq(buf_str(&first), buf_str(&second)))
		abort();
	return 0;
}
