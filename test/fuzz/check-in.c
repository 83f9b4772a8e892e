/* What an agent sends: a check-in, and the document inside a result. Whatever is accepted keeps to its caps and
 * is judged without a crash. */
#include "server/check_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
line_check(struct str s, size_t max)
{
	if (s.len > max || str_find_char(s, '\n') >= 0)
		abort();
}

/* What hosts say of their slots is shown to people and kept for each of them. */
static void
slots_check(const struct slot_in *in)
{
	const struct slot_report *r = &in->report;
	line_check(r->slot, 400);
	line_check(r->act, 60);
	line_check(r->reason, 60);
	line_check(r->why, 500);
	line_check(in->unused, 400);
	if (in->ended_count > SLOT_IN_FINISHED || in->ask_count > SLOT_IN_ASKS || in->serial < 0 || r->pass < 0 ||
	    r->pass > 1000 || r->install_ms < 0 || r->reboot_ms < 0 || r->unhealthy_since ||
	    (!in->given && r->slot.len))
		abort();
	for (size_t i = 0; i < in->ended_count; i++)
		line_check(in->ended[i].id, 400);
	for (size_t i = 0; i < in->ask_count; i++)
		line_check(in->asks[i].why, 500);
	if (slot_id_is_of(r->slot, STR("h1")) && r->slot.len < 4)
		abort();
}

static void
mitigations_check(const struct mitigation_in *in)
{
	if (in->list.patches.count > 200)
		abort();
	for (size_t i = 0; i < in->list.patches.count; i++) {
		const struct mitigate_patch *p = &in->list.patches.items[i];
		line_check(p->patch, 512);
		line_check(p->detail, 600);
		line_check(p->by, 300);
		if (p->acts.count > 64 || p->state >= MITIGATE_STATES || p->patch.len == 0)
			abort();
		for (size_t k = 0; k < p->acts.count; k++) {
			line_check(p->acts.items[k].what, 300);
			line_check(p->acts.items[k].why, 600);
		}
	}
}

static void
check_in_try(struct arena *a, struct str text)
{
	struct err e = { 0 };
	struct json *body;
	struct check_in c;
	const struct host h = { .machine = STR("m"), .boot = STR("b"), .lineage = STR("l"), .lineage_before = STR("") };
	if (!json_parse(a, text, &(struct json_limits){ .depth = 16 }, &body, &e) || !check_in_parse(a, body, &c, &e))
		return;
	if (c.section_count > CHECK_IN_SECTIONS_MAX || c.result_count > CHECK_IN_RESULTS_MAX || !c.machine.len ||
	    c.lineage.len > 200)
		abort();
	slots_check(&c.slots);
	mitigations_check(&c.mitigations);
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
