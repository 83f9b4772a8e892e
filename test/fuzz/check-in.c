/* What an agent sends: a check-in, and the document inside a result. Whatever is accepted keeps to its caps and
 * is judged without a crash. */
#include "server/check_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_in_try(struct arena *a, struct str text)
{
	struct err e = { 0 };
	struct json *body;
	struct check_in c;
	const struct host h = { .machine = STR("m"), .boot = STR("b"), .lineage = STR("l"), .lineage_before = STR("") };
	if (!json_parse(a, text, &(struct json_limits){ .depth = 16 }, &body, &e) || !check_in_parse(body, &c, &e))
		return;
	if (c.section_count > CHECK_IN_SECTIONS_MAX || c.result_count > CHECK_IN_RESULTS_MAX || !c.machine.len ||
	    c.lineage.len > 200)
		abort();
	for (size_t i = 0; i < c.section_count; i++)
		if (c.sections[i].hash.len != 64)
			abort();
	/* What the server gave last is never a clone; an older one from another machine, booted anew, always is. */
	enum lineage judged = lineage_judge(&h, &c);
	bool current = str_eq(c.lineage, h.lineage),
	     elsewhere = !str_eq(c.machine, h.machine) && !str_eq(c.boot, h.boot);
	if (current != (judged == LINEAGE_CURRENT) || (!current && elsewhere && judged != LINEAGE_CLONED))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct result r;
	struct str text = str_sub((const char *)data, size);
	check_in_try(&a, text);
	if (result_parse(&a, text, &r, &e) &&
	    (!r.attempt.len || !r.order.len || r.words.len > 8192 || r.state == PATCH_MISSING))
		abort();
	return 0;
}
