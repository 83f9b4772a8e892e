/* Lists of documents (changes.csv, ROLIE, Microsoft's months) and what names them (provider-metadata.json). */
#include "base/buf.h"
#include "vuln/listing.h"
#include "vuln/provider.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORIGIN "https://a.example"

/* Whatever the bytes say, nothing but a plain path below the publisher's own place comes out. */
static void
check_path(struct str path)
{
	BUF_AUTO url = { 0 };
	buf_add(&url, STR(ORIGIN));
	if (path.len == 0 || path.ptr[0] != '/')
		buf_add(&url, STR("/"));
	buf_add(&url, path);
	if (url_path_within(buf_str(&url), STR(ORIGIN)).len == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct feed_listing from = { .url = ORIGIN "/csaf/changes.csv", .newest = 3 };
	ARENA_AUTO a = { 0 };
	struct str text = { (const char *)data, size };
	struct listing_entry *list;
	struct provider p;
	struct err e = { 0 };
	size_t count = 0, bad = 0;
	if (listing_read(text, &from, 1, &a, &list, &count, &bad, &e)) {
		if (count > from.newest)
			abort();
		for (size_t i = 0; i < count; i++) {
			check_path(list[i].path);
			if (list[i].changed <= 1 || (i > 0 && list[i].changed > list[i - 1].changed))
				abort();
		}
	} else if (e.code == ERR_NONE || !e.text[0]) {
		abort();
	}
	if (provider_read(text, STR(ORIGIN), &a, &p)) {
		if (p.lists.count > PROVIDER_LISTS_MAX)
			abort();
		for (size_t i = 0; i < p.lists.count; i++)
			if (url_path_within(p.lists.items[i], STR(ORIGIN)).len == 0)
				abort();
	}
	return 0;
}
