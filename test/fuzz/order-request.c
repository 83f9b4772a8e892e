/* The body of POST /api/v1/orders. */
#include "patch/order_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct json *body;
	struct order_request r;
	if (!json_parse(&a, str_sub((const char *)data, size), NULL, &body, &e) ||
	    !order_request_parse(&a, body, &r, &e))
		return 0;
	if ((!r.all_hosts && !r.host_count) || r.host_count > ORDER_HOSTS_MAX || r.patch_count > ORDER_PATCHES_MAX ||
	    (r.choice == ORDER_LISTED) != (r.patch_count > 0))
		abort();
	for (size_t i = 0; i < r.patch_count; i++)
		if (!r.patches[i].len || !str_is_utf8(r.patches[i]))
			abort();
	return 0;
}
