/* What the fuzz targets of the feeds share: any bytes through one feed's reader, then into an index. */
#ifndef MAMORI_FUZZ_FEED_H
#define MAMORI_FUZZ_FEED_H

#include "vuln/index.h"
#include "vuln/ops.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was kept decodes again, builds an index, and that index opens. */
static inline void
fuzz_index(struct bucket_set *set)
{
	struct index_source sources[COUNT(set->items)];
	struct buf index = { 0 };
	struct vuln_index ix;
	struct err e = { 0 };
	for (size_t i = 0; i < set->count; i++)
		sources[i] = (struct index_source){ .path = "fuzz", .payload = buf_str(&set->items[i]->payload) };
	if (!index_build(sources, set->count, 1, &index, &e) || !index_open_mem(buf_str(&index), "fuzz", &ix, &e))
		abort();
	index_close_mem(&ix);
	buf_free(&index);
}

static inline void
fuzz_feed(const struct feed_ops *ops, const uint8_t *data, size_t size)
{
	struct input in;
	ARENA_AUTO a = { 0 };
	BUCKET_SET_AUTO set = { 0 };
	struct feed_count count = { 0 };
	struct feed_sink sink = { .feed = ops->name, .set = &set, .count = &count };
	struct err e = { 0 };
	struct sniff s;
	input_of_mem(&in, "fuzz.json", (struct str){ (const char *)data, size });
	if (!sniff_input(&in, &a, &s, &e))
		abort();
	ops->recognise(&s);
	bool ok = ops->read(&in, &s, &sink, &e);
	if (!ok && (e.code == ERR_NONE || e.code == ERR_BUG || !e.text[0]))
		abort();
	uint64_t skipped = 0;
	for (size_t i = 0; i < count.skipped_count; i++)
		skipped += count.skipped[i].count;
	if (count.read != count.kept + skipped)
		abort();
	fuzz_index(&set);
	buf_free(&sink.body);
	input_close(&in);
}

#endif
