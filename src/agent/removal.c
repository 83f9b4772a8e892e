#include "agent/removal.h"

#include "agent/mandate.h"
#include "base/log.h"
#include "base/sentence.h"
#include "base/time.h"

#define MEMORY "removals.json"
#define AGAIN_MS (7 * 86400LL * 1000)
#define LEAP_MS (86400LL * 1000) /* a clock that was put back further is no reason to wait longer */

struct removal_kept {
	struct str app, why;
	struct str state; /* of packages and policy when it failed; empty: as they are at the next look */
	int64_t at;
};
struct memory {
	ARRAY_OF(struct removal_kept) items;
};

/* ---- what is kept ---- */

static void
memory_load(struct session *s, struct memory *m)
{
	struct json *v = NULL;
	struct err e = { 0 };
	size_t count;
	*m = (struct memory){ 0 };
	/* Damaged: everything is tried once more. */
	if (!state_load(s->agent, s->arena, MEMORY, &v, &e))
		log_warn("state", "%s", e.text);
	const struct json *rows = json_get_array(v, "removals", &count);
	for (size_t i = 0; i < count && i < POLICY_LIST_MAX; i++) {
		struct removal_kept k = { .app = json_get_str(&rows[i], "app"),
					  .why = json_get_str(&rows[i], "why"),
					  .state = json_get_str(&rows[i], "state") };
		if (time_parse(json_get_str(&rows[i], "at"), &k.at))
			*ARRAY_PUSH(s->arena, &m->items) = k;
	}
}

static bool
memory_save(struct session *s, const struct memory *m, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_key(&w, "removals");
	json_begin_array(&w);
	for (size_t i = 0; i < m->items.count; i++) {
		const struct removal_kept *k = &m->items.items[i];
		json_begin_object(&w);
		json_put_str(&w, "app", k->app);
		json_put_str(&w, "why", k->why);
		json_put_str(&w, "state", k->state);
		json_put_time(&w, "at", k->at);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	return state_save(s->agent, MEMORY, buf_str(&b), e);
}

static struct removal_kept *
memory_find(const struct memory *m, struct str app)
{
	for (size_t i = 0; i < m->items.count; i++)
		if (str_eq(m->items.items[i].app, app))
			return &m->items.items[i];
	return NULL;
}

/* ---- is it to be tried ---- */

static struct str
state_now(struct session *s, const struct directive *d)
{
	char hash[SHA256_HEX_LEN];
	BUF_AUTO b = { 0 };
	buf_add(&b, str_of(s->sections[SECTION_PACKAGES].hash));
	for (size_t i = 0; i < d->policy.remove.count; i++) {
		buf_add_char(&b, '\n');
		buf_add(&b, d->policy.remove.items[i].app);
	}
	sha256_hex(buf_str(&b), hash);
	return arena_str(s->arena, str_of(hash));
}

static bool
is_over(struct session *s, const struct removal_kept *k)
{
	int64_t now = clock_now(s->agent->clock);
	return now >= k->at + AGAIN_MS || now < k->at - LEAP_MS;
}

bool
removal_waits(struct session *s, const struct directive *d, struct str app)
{
	struct memory m;
	struct err e = { 0 };
	memory_load(s, &m);
	struct removal_kept *k = memory_find(&m, app);
	if (!k || is_over(s, k))
		return false;
	struct str now = state_now(s, d);
	if (k->state.len > 0)
		return str_eq(k->state, now);
	/* Other updates of the same pass have changed the packages as well: what counts is how it left them. */
	k->state = now;
	if (!memory_save(s, &m, &e))
		log_warn("state", "%s", e.text);
	return true;
}

/* ---- what came of it ---- */

bool
removal_gone(struct session *s, struct str app, struct err *e)
{
	struct memory m;
	memory_load(s, &m);
	struct removal_kept *k = memory_find(&m, app);
	if (!k)
		return true;
	*k = m.items.items[--m.items.count];
	return memory_save(s, &m, e);
}

bool
removal_failed(struct session *s, struct str app, int64_t at, struct str *why, struct err *e)
{
	struct memory m;
	char again[TIME_RFC3339_MAX];
	memory_load(s, &m);
	struct removal_kept *k = memory_find(&m, app);
	if (!k)
		k = ARRAY_PUSH(s->arena, &m.items);
	*why = arena_printf(s->arena,
			    tr("%.*s; tried again when the packages of this machine have changed, or from %s on"),
			    STR_ARG(*why), time_local(at + AGAIN_MS, again));
	*k = (struct removal_kept){ .app = app, .why = *why, .at = at };
	return memory_save(s, &m, e);
}

void
removals_tell(struct session *s, const struct policy *p)
{
	struct memory m;
	if (p->remove.count == 0)
		return;
	memory_load(s, &m);
	for (size_t i = 0; i < p->remove.count; i++) {
		const struct removal_kept *k = memory_find(&m, p->remove.items[i].app);
		if (!k)
			continue;
		*ARRAY_PUSH(s->arena, &s->settings.items) =
			(struct setting){ .name = arena_printf(s->arena, MANDATE_REMOVE "%.*s", STR_ARG(k->app)),
					  .state = SETTING_FAILED,
					  .why = k->why };
	}
}
