#include "agent/way_back.h"

#include "agent/attempt.h"
#include "agent/order.h"
#include "base/log.h"
#include "base/sentence.h"

#define TOLD "way-back.json"
#define TOLD_MAX 1000

static bool
is_in(const struct session *s, struct str patch)
{
	struct str rest = str_skip(patch, 4), source, version;
	if (!str_starts(patch, STR("deb:")) || !str_split(rest, '@', &source, &version))
		return false;
	for (size_t i = 0; i < s->inventory.packages.count; i++)
		if (str_eq(s->inventory.packages.items[i].source, source) &&
		    str_eq(s->inventory.packages.items[i].source_version, version))
			return true;
	return false;
}

void
way_back_plan(struct session *s, const struct directive *d)
{
	ARRAY_OF(struct str) in = { 0 };
	struct err e = { 0 };
	s->back = (struct patch_list){ 0 };
	for (size_t i = 0; i < d->withdrawn.count; i++)
		if (is_in(s, d->withdrawn.items[i]))
			*ARRAY_PUSH(s->arena, &in) = d->withdrawn.items[i];
	if (in.count == 0 || !s->manager->plan_back)
		return;
	LANG_ENGLISH_AUTO;
	if (!s->manager->plan_back(&s->manager_ctx, in.items, in.count, s->arena, &s->back, &e))
		log_warn("plan", "%s", e.text);
}

/* ---- telling ---- */

static bool
was_told(const struct json *told, size_t count, const struct patch *p)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&told[i], "patch"), p->instead_of) &&
		    str_eq(json_get_str(&told[i], "why"), p->kept_back))
			return true;
	return false;
}

/* What has a way by now, or is not withdrawn any more, would be told anew. */
static bool
told_save(struct session *s, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_key(&w, "told");
	json_begin_array(&w);
	for (size_t i = 0; i < s->back.patches.count && i < TOLD_MAX; i++) {
		const struct patch *p = &s->back.patches.items[i];
		if (p->kept_back.len == 0)
			continue;
		json_begin_object(&w);
		json_put_str(&w, "patch", p->instead_of);
		json_put_str(&w, "why", p->kept_back);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	return state_save(s->agent, TOLD, buf_str(&b), e);
}

static bool
tell(struct session *s, struct str slot, const struct patch *p, struct err *e)
{
	int64_t now = order_now(s);
	struct attempt t = { .order = arena_printf(s->arena, "slot:%.*s/0", STR_ARG(slot)),
			     .patch = p->instead_of,
			     .title = arena_printf(s->arena, "%.*s %.*s", STR_ARG(p->source), STR_ARG(p->version)),
			     .act = "back",
			     .trigger = "window",
			     .state = "failed",
			     .started = now,
			     .finished = now,
			     .why = p->kept_back };
	log_warn("plan", "%.*s", STR_ARG(p->kept_back));
	return attempt_write(s, &t, e);
}

void
way_back_tell(struct session *s, struct str slot)
{
	struct err e = { 0 };
	struct json *v = NULL;
	size_t count;
	bool news = false;
	if (slot.len == 0 || s->back.patches.count == 0)
		return;
	if (!state_load(s->agent, s->arena, TOLD, &v, &e))
		log_warn("state", "%s", e.text);
	const struct json *told = json_get_array(v, "told", &count);
	for (size_t i = 0; i < s->back.patches.count; i++) {
		const struct patch *p = &s->back.patches.items[i];
		if (p->kept_back.len == 0 || was_told(told, count, p))
			continue;
		err_clear(&e);
		news = true;
		if (!tell(s, slot, p, &e)) {
			log_warn("state", "%s", e.text);
			return;
		}
	}
	err_clear(&e);
	if (news && !told_save(s, &e))
		log_warn("state", "%s", e.text);
}
