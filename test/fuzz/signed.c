/* Signed documents from strangers: none may open, since nobody signed anything with this key. */
#include "base/json.h"
#include "trust/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *k;
	ARENA_AUTO a = { 0 };
	struct err e;
	struct json *value;
	struct str document;
	if (!k && !key_generate(&k, &e))
		abort();
	if (json_parse(&a, str_sub((const char *)data, size), NULL, &value, &e) &&
	    signed_open(value, k, "order", &document, &e))
		abort();
	return 0;
}
