/* One host with its directive on a stage: time goes on by what the decisions say, acts succeed unless told otherwise. */
#ifndef MAMORI_TEST_SLOT_SCENE_H
#define MAMORI_TEST_SLOT_SCENE_H

#include "base/time.h"
#include "plan/slot.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#define MINUTES(n) ((n)*INT64_C(60000))
#define HOURS(n) MINUTES((n)*60)
#define DAYS(n) HOURS((n)*24)
#define HOST STR("pc-1")
#define OPENSSL "deb:openssl@2"
#define BASH "deb:bash@2"

enum { SCENE_PATCHES = 8, SCENE_ACTS = 400 };

struct scene {
	struct arena arena;
	struct zone zone;
	struct directive d;
	struct slot_state s;
	struct slot_facts f;
	struct slot_decision o;
	struct str missing[SCENE_PATCHES];
	bool staged[SCENE_PATCHES];
	/* how the world answers */
	bool stubborn; /* asks for a reboot whatever happens */
	bool needs_reboot, fails, unhealthy, pre_fails, offline;
	unsigned boots;
	/* what was done */
	struct {
		enum slot_act act;
		enum slot_reason reason;
		int64_t at;
		unsigned pass;
	} acts[SCENE_ACTS];
	size_t act_count;
};

static inline int64_t
at(const char *text)
{
	int64_t ms;

	assert_true(time_parse(str_of(text), &ms));
	return ms;
}

static inline void
scene_policy(struct scene *c, const char *json)
{
	struct err e = { 0 };
	struct json *j;

	if (!json_parse(&c->arena, str_of(json), NULL, &j, &e) || !policy_from_json(&c->arena, j, &c->d.policy, &e))
		fail_msg("%s", e.text);
}

static inline void
scene_approve(struct scene *c, const char *patch)
{
	*ARRAY_PUSH(&c->arena, &c->d.patches) = (struct directive_patch){ .patch = str_of(patch) };
}

static inline void
scene_miss(struct scene *c, const char *patch)
{
	c->missing[c->f.missing_count] = str_of(patch);
	c->staged[c->f.missing_count++] = true;
}

#define NIGHT "\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"tue\"],\"at\":\"22:00\",\"for\":\"4h\"}]"
#define WARD_PC "{\"policy\":\"ward-pc\"," NIGHT "},\"notice\":\"0s\"}"

/* Tuesday 2026-11-24 noon in Tokyo; the window opens at 22:00 there, 13:00Z, and closes at 17:00Z. */
static inline struct scene *
scene_new(const char *policy)
{
	struct scene *c = xcalloc(1, sizeof(*c));

	c->zone = (struct zone){ .name = STR("Asia/Tokyo"), .offset = 9 * 3600 };
	c->f = (struct slot_facts){
		.now = at("2026-11-24T03:00:00Z"), .host = HOST, .boot = STR("boot-0"), .idle = -1
	};
	c->f.device = &c->zone;
	c->f.missing = c->missing;
	c->f.staged = c->staged;
	c->d = (struct directive){ .host = HOST, .serial = 1, .issued = c->f.now, .expires = c->f.now + DAYS(14) };
	scene_policy(c, policy);
	return c;
}

static inline void
scene_free(struct scene *c)
{
	arena_free(&c->arena);
	free(c);
}

static inline void
scene_cleanup(struct scene **c)
{
	scene_free(*c);
}
#define SCENE_AUTO __attribute__((cleanup(scene_cleanup))) struct scene *

static inline struct slot_decision
scene_decide(struct scene *c)
{
	slot_decide(&c->d, &c->s, &c->f, &c->arena, &c->o);
	return c->o;
}

static inline void
scene_now(struct scene *c, const char *when)
{
	c->f.now = at(when);
}

static inline void
scene_installed(struct scene *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->f.missing_count; i++) {
		bool in = false;
		for (size_t k = 0; k < c->o.patch_count; k++)
			in = in || str_eq(c->o.patches[k], c->missing[i]);
		if (in)
			continue;
		c->staged[kept] = c->staged[i];
		c->missing[kept++] = c->missing[i];
	}
	c->f.missing_count = kept;
	c->f.reboot_needed = c->f.reboot_needed || c->needs_reboot;
}

static inline void
scene_boot(struct scene *c)
{
	enum slot_act interrupted;

	c->f.boot = arena_printf(&c->arena, "boot-%u", ++c->boots);
	c->f.reboot_needed = c->stubborn;
	slot_recover(&c->s, &c->f, &c->arena, &interrupted);
}

/* One turn: decided, made durable, done. False: it waits. */
static inline bool
scene_turn(struct scene *c)
{
	struct slot_result r = { .ok = true, .took = 60000 };

	scene_decide(c);
	slot_begin(&c->s, &c->d, &c->o, &c->f, &c->arena);
	c->f.ward_now = c->f.reboot_consent = false;
	c->f.ward_later = 0;
	if (c->o.act == SLOT_WAIT)
		return false;
	assert_true(c->act_count < SCENE_ACTS);
	c->acts[c->act_count].act = c->o.act;
	c->acts[c->act_count].reason = c->o.reason;
	c->acts[c->act_count].pass = c->o.pass;
	c->acts[c->act_count++].at = c->f.now;
	if (c->o.act == SLOT_CLOSE)
		return true;
	c->f.now += MINUTES(1);
	if (c->o.act == SLOT_REBOOT) {
		scene_boot(c);
		return true;
	}
	if (c->o.act == SLOT_INSTALL && !c->fails)
		scene_installed(c);
	r.installed = c->o.act == SLOT_INSTALL && !c->fails ? (unsigned)c->o.patch_count : 0;
	r.failed = c->o.act == SLOT_INSTALL && c->fails ? (unsigned)c->o.patch_count : 0;
	r.ok = !(c->o.act == SLOT_STAGE && c->offline) && !(c->o.act == SLOT_INSTALL && c->fails) &&
	       !(c->o.act == SLOT_PRE_SCRIPT && c->pre_fails) && !(c->o.act == SLOT_HEALTH && c->unhealthy);
	for (size_t i = 0; c->o.act == SLOT_STAGE && r.ok && i < c->f.missing_count; i++)
		c->staged[i] = true;
	slot_ended(&c->s, &c->o, &r, &c->f, &c->arena);
	return true;
}

/* Turns at every `until`, up to this time. */
static inline void
scene_run(struct scene *c, const char *until)
{
	int64_t end = at(until);

	while (c->f.now < end) {
		if (scene_turn(c))
			continue;
		assert_true(c->o.until > c->f.now || c->o.until == 0);
		c->f.now = c->o.until && c->o.until < end ? c->o.until : end;
	}
}

static inline size_t
scene_count(const struct scene *c, enum slot_act act)
{
	size_t n = 0;

	for (size_t i = 0; i < c->act_count; i++)
		n += c->acts[i].act == act;
	return n;
}

/* "install post-script rescan health close:done" */
static inline struct str
scene_story(struct scene *c)
{
	struct str story = STR("");

	for (size_t i = 0; i < c->act_count; i++) {
		bool close = c->acts[i].act == SLOT_CLOSE;
		story = arena_printf(&c->arena, "%.*s%s%s%s%s", STR_ARG(story), i ? " " : "",
				     slot_act_name(c->acts[i].act), close ? ":" : "",
				     close ? slot_reason_name(c->acts[i].reason) : "");
	}
	return story;
}

#define assert_story(c, text) assert_string_equal(scene_story(c).ptr, text)

#endif
