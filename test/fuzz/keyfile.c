/* Key files: whatever is read is what its key id says; opening one with a wrong password never works. Costs that a file
 * asks for are those of a test, so that the fuzzer does not spend its time on the key derivation. */
#include "trust/keyfile.h"

#include "base/arena.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct keyfile f;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	if (!keyfile_read(&a, str_sub((const char *)data, size), &f, &e)) {
		if (e.code == ERR_NONE)
			abort();
		return 0;
	}
	if (f.keyid.len != 64 || f.role.len == 0 || f.role.len > 64 || f.public_pem.len == 0)
		abort();
	const struct json *kdf = json_get(f.whole, "kdf");
	int64_t memory = json_get_i64(kdf, "memory", 0), passes = json_get_i64(kdf, "passes", 0);
	/* Figures past the caps are refused before anything is computed. */
	bool cheap = memory <= 256 && passes <= 2, absurd = memory > (1 << 20) || passes > 16;
	if ((cheap || absurd) && keyfile_open(&f, STR("not the password"), &k, &e))
		abort();
	return 0;
}
