/* Whatever Microsoft's tables say, matching ends, and its answer holds together. */
#ifndef MAMORI_FUZZ_WINDOWS_H
#define MAMORI_FUZZ_WINDOWS_H

#include "feed.h"
#include "vuln/windows.h"

static inline void
fuzz_match(const struct vuln_index *ix, const struct windows_host *h)
{
	ARENA_AUTO a = { 0 };
	struct windows_result r;
	struct err e = { 0 };
	if (!windows_match(ix, h, &a, &r, &e))
		abort();
	if (r.open > r.count || (r.open > 0 && !h->kbs_known))
		abort();
	for (size_t i = 0; i < r.count; i++) {
		const struct windows_finding *f = &r.findings[i];
		if (f->fix_count == 0 || f->why.len == 0 || (f->state == WINDOWS_OPEN) != (i < r.open))
			abort();
		/* No false alarm, and whoever is vulnerable can do something. */
		for (size_t k = 0; k < f->fix_count; k++)
			for (size_t n = 0; n < h->kb_count; n++)
				if (f->fixes[k] == h->kbs[n])
					abort();
		if (f->patch_count == 0 || f->patch == 0)
			abort();
	}
}

static inline void
fuzz_windows(const struct feed_ops *ops, const uint8_t *data, size_t size)
{
	static const uint32_t installed[] = { 5000002, 4103721, 5000002 };
	struct windows_host h = { .name = STR("Windows"),
				  .major = 10,
				  .build = 17134,
				  .arch = WINDOWS_X64,
				  .kbs = installed,
				  .kb_count = COUNT(installed),
				  .kbs_known = true };
	struct input in;
	ARENA_AUTO a = { 0 };
	BUCKET_SET_AUTO set = { 0 };
	struct feed_count count = { 0 };
	struct feed_sink sink = { .feed = ops->name, .set = &set, .count = &count };
	struct index_source sources[COUNT(set.items)];
	struct buf index = { 0 };
	struct vuln_index ix;
	struct err e = { 0 };
	struct sniff s;
	fuzz_feed(ops, data, size);
	input_of_mem(&in, "CVEs.csv", str_sub((const char *)data, size));
	if (sniff_input(&in, &a, &s, &e) && ops->read(&in, &s, &sink, &e)) {
		for (size_t i = 0; i < set.count; i++)
			sources[i] =
				(struct index_source){ .path = "fuzz", .payload = buf_str(&set.items[i]->payload) };
		if (!index_build(sources, set.count, 1, &index, &e) ||
		    !index_open_mem(buf_str(&index), "fuzz", &ix, &e))
			abort();
		fuzz_match(&ix, &h);
		h.revision = 900;
		fuzz_match(&ix, &h);
		index_close_mem(&ix);
	}
	buf_free(&index);
	buf_free(&sink.body);
	input_close(&in);
}

#endif
