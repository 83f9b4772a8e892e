/* Letters from strangers: whatever is read claims no more than it holds, and none opens, since nobody signed anything with
 * this key. Inputs also come as the text inside, so that what is behind the compression is reached. */
#include "trust/letter.h"

#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct key *k, struct str bytes)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct letter l;
	if (letter_peek(bytes, &a, &l, &e)) {
		if (!l.host.len || l.host.len > 64 || l.serial < 1 || !l.body || l.body->kind != JSON_KIND_OBJECT)
			abort();
		if (strcmp(l.kind, LETTER_CHECK_IN) != 0 && strcmp(l.kind, LETTER_ANSWER) != 0)
			abort();
	} else if (e.code == ERR_NONE || e.code == ERR_BUG) {
		abort();
	}
	if (letter_open(bytes, k, LETTER_CHECK_IN, STR("h1"), 0, &a, &l, &e))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *k;
	BUF_AUTO packed = { 0 };
	struct err e;
	if (!k && !key_generate(&k, &e))
		abort();
	look(k, str_sub((const char *)data, size));
	size_t most = ZSTD_compressBound(size);
	buf_add(&packed, STR("mamori-letter 1\n"));
	size_t n = ZSTD_compress(buf_reserve(&packed, most), most, data, size, 1);
	if (ZSTD_isError(n))
		return 0;
	packed.len += n;
	look(k, buf_str(&packed));
	return 0;
}
