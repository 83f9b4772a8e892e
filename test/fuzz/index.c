/* The index in place: with a checksum that fits, whatever its rows say must not lead outside of it. */
#include "feed.h"

/* STR() is no constant expression. */
#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static void
match_all(const struct vuln_index *ix, const char *os)
{
	static struct package packages[] = {
		{ .name = S("openssl"),
		  .version = S("3.0.4-1"),
		  .source = S("openssl"),
		  .source_version = S("3.0.4-1") },
		{ .name = S("linux-image-6.1.0-9-amd64"),
		  .version = S("6.1.10-1"),
		  .source = S("linux-signed-amd64"),
		  .source_version = S("6.1.10+1") },
		{ .name = S("alpha"), .version = S("1.5-1") },
	};
	ARENA_AUTO a = { 0 };
	struct package_list list = { .items = packages, .count = COUNT(packages) };
	struct match_request r = {
		.os = str_of(os), .packages = &list, .running_kernel = STR("6.1.0-9-amd64"), .now = 1
	};
	struct match_result out;
	struct err e = { 0 };
	if (!match_run(ix, &r, &a, &out, &e) && e.code == ERR_NONE)
		abort();
	for (size_t i = 0; i < out.count; i++)
		if (!out.findings[i].package || !out.findings[i].why.ptr)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vuln_index ix;
	struct err e = { 0 };
	struct vulnerability v;
	ARENA_AUTO a = { 0 };
	struct index_header *copy = xcalloc(1, size + sizeof(*copy));
	memcpy(copy, data, size);
	if (size >= sizeof(*copy)) {
		copy->size = size;
		/* Checksums that fit, where there is a place for them. */
		uint64_t end = copy->sections[INDEX_SUMS].offset, room = size - sizeof(*copy);
		uint64_t blocks = (end - sizeof(*copy) + INDEX_BLOCK - 1) / INDEX_BLOCK;
		copy->sections[INDEX_SUMS].count = blocks;
		if (end % 8 == 0 && end >= sizeof(*copy) && end - sizeof(*copy) <= room &&
		    blocks <= (size - end) / sizeof(uint64_t))
			index_seal((char *)copy, size);
	}
	if (index_open_mem(str_sub((char *)copy, size), "fuzz", &ix, &e)) {
		match_all(&ix, "debian:12");
		vuln_lookup(&ix, &a, STR("CVE-2031-0001"), &v);
		vuln_lookup(&ix, &a, STR("GHSA-1111-2222-3333"), &v);
		index_close_mem(&ix);
	} else if (e.code != ERR_INPUT) {
		abort();
	}
	free(copy);
	return 0;
}
