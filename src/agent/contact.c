#include "agent/contact.h"

#define INTERVAL_DEFAULT 300U
#define DELAY_MAX 3600U

static int64_t
instant(const struct json *v, const char *key)
{
	int64_t t;
	return time_parse(json_get_str(v, key), &t) ? t : 0;
}

static const char *
text_or_null(struct arena *arena, const struct json *v, const char *key)
{
	struct str s = json_get_str(v, key);
	return s.ptr ? arena_cstr(arena, s) : NULL;
}

void
contact_load(const struct agent *a, struct arena *arena, const char *host, struct contact *out)
{
	struct json *v;
	*out = (struct contact){ .host = host, .interval = INTERVAL_DEFAULT, .state = "active" };
	if (!state_load(a, arena, "contact.json", &v, NULL) || !v)
		return;
	out->signed_time = instant(v, "signed_time");
	if (host && !str_eq(json_get_str(v, "host"), str_of(host)))
		return;
	out->tried = instant(v, "tried");
	out->reached = instant(v, "reached");
	out->next = instant(v, "next");
	out->refreshed = instant(v, "refreshed");
	out->stage_failed = instant(v, "stage_failed");
	int64_t failures = json_get_i64(v, "failures", 0), interval = json_get_i64(v, "interval", INTERVAL_DEFAULT);
	out->failures = failures < 0 || failures > 1000 ? 1000 : (unsigned)failures;
	out->interval = interval < 1 || interval > 86400 ? INTERVAL_DEFAULT : (unsigned)interval;
	const char *state = text_or_null(arena, v, "state");
	out->state = state ? state : "active";
	out->refresh_error = text_or_null(arena, v, "refresh_error");
	out->error = text_or_null(arena, v, "error");
	out->notice = text_or_null(arena, v, "notice");
}

bool
contact_save(const struct agent *a, const struct contact *c, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_cstr(&w, "host", c->host);
	json_put_time(&w, "tried", c->tried);
	json_put_time(&w, "reached", c->reached);
	json_put_time(&w, "next", c->next);
	json_put_i64(&w, "failures", c->failures);
	json_put_i64(&w, "interval", c->interval);
	json_put_time(&w, "signed_time", c->signed_time);
	json_put_time(&w, "refreshed", c->refreshed);
	json_put_cstr(&w, "refresh_error", c->refresh_error);
	json_put_time(&w, "stage_failed", c->stage_failed);
	json_put_cstr(&w, "state", c->state);
	json_put_cstr(&w, "error", c->error);
	json_put_cstr(&w, "notice", c->notice);
	json_end_object(&w);
	return state_save(a, "contact.json", buf_str(&b), e);
}

unsigned
contact_delay(const struct contact *c, uint32_t random)
{
	uint64_t base = c->interval;
	for (unsigned i = 1; i < c->failures && base < DELAY_MAX; i++)
		base *= 2;
	if (c->failures > 0 && base > DELAY_MAX)
		base = c->interval > DELAY_MAX ? c->interval : DELAY_MAX;
	uint64_t spread = base / 5;
	uint64_t delay = base - base / 10 + (spread ? random % (spread + 1) : 0);
	return delay < 1 ? 1 : (unsigned)delay;
}
