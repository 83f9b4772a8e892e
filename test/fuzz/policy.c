/* Policies: what is taken is written and read again without loss, and its calendar keeps its promises. */
#include <stddef.h>
#include <stdint.h>

#include "plan/calendar.h"
#include "plan/policy-yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_policy(const struct policy *p, struct buf *out)
{
	struct json_writer w = { .out = out };

	policy_write(p, &w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { SLOTS = 200 };
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	/* 2026-11-22; without zone files, so that the target is the same everywhere. */
	struct policy_world world = { .zoneinfo = "/nonexistent", .now = INT64_C(1795305600000) };
	struct policy_remarks remarks = { 0 };
	struct policy p, q;
	struct slot slots[SLOTS];
	struct json *j;
	struct err e = { 0 };
	size_t n;

	if (!policy_from_yaml(&a, str_sub((const char *)data, size), &world, &p, &remarks)) {
		if (!remarks.refused || remarks.items.count == 0)
			abort(); /* refused without a word */
		return 0;
	}
	write_policy(&p, &first);
	if (!json_parse(&a, buf_str(&first), NULL, &j, &e) || !policy_from_json(&a, j, &q, &e))
		abort();
	write_policy(&q, &second);
	if (!str_eq(buf_str(&first), buf_str(&second)))
		abort();
	n = calendar_slots(&p.install, &(struct calendar_world){ 0 }, STR("h"), world.now,
			   world.now + INT64_C(31536000000), slots, SLOTS);
	for (size_t i = 0; i < n; i++) {
		if (slots[i].start > slots[i].cutoff || slots[i].cutoff > slots[i].end ||
		    (i > 0 && slots[i - 1].start > slots[i].start))
			abort();
	}
	return 0;
}
