#include "agent/ward.h"

#include <sys/stat.h>
#include <unistd.h>

#include "agent/facts.h"
#include "agent/mitigation.h"
#include "agent/planning.h"
#include "base/log.h"
#include "base/sentence.h"

#define FILE_NAME "ward.json"
#define ASKS_MAX 64
#define ASKS_AN_HOUR 20
#define HOUR_MS (3600LL * 1000)
#define DEFAULT_STATE "/var/lib/mamori-agent"

static const char *const kind_names[] = {
	[WARD_HOLD] = "hold", [WARD_RELEASE] = "release", [WARD_NOW] = "now", [WARD_LATER] = "later"
};

const char *
ward_kind_name(enum ward_kind k)
{
	return kind_names[k];
}

const char *
ward_folder(const struct agent *a, struct arena *arena)
{
	if (strcmp(a->state, DEFAULT_STATE) == 0)
		return "/run/mamori-agent";
	return arena_printf(arena, "%s-ward", a->state).ptr;
}

/* The folder is ours and no link: nobody else can put something in our way, or lead us elsewhere. */
bool
ward_folder_make(const char *folder, struct err *e)
{
	struct stat st;
	if (!dir_make(folder, 0755, e) || !dir_check_private(folder, geteuid(), e))
		return false;
	if (lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(e, ERR_REFUSED, "%s is a link: remove it, so that the agent can make a folder there",
			       folder);
	return chmod(folder, 0755) == 0 || err_sys(e, "opening the folder %s to readers", folder);
}

/* ---- ward.json ---- */

struct said { /* one thing that was said */
	enum ward_kind kind;
	struct str why, by;
	int64_t until, at;
	uint32_t uid;
	bool heard; /* by the server; kept for the count of an hour */
};

struct ward {
	struct str why, by; /* the hold */
	int64_t until, since; /* 0: no hold; since when holds follow each other */
	int64_t now, later; /* answers that the slot machine has not taken yet; now: when it was said */
	ARRAY_OF(struct said) said;
};

static int64_t
instant(const struct json *v, const char *key)
{
	int64_t t;
	return time_parse(json_get_str(v, key), &t) ? t : 0;
}

static bool
kind_of(struct str name, enum ward_kind *out)
{
	for (size_t i = 0; i < COUNT(kind_names); i++) {
		if (str_eq(name, str_of(kind_names[i]))) {
			*out = (enum ward_kind)i;
			return true;
		}
	}
	return false;
}

static void
ward_load(const struct agent *a, struct arena *arena, struct ward *out)
{
	struct err e = { 0 };
	struct json *v = NULL;
	size_t count;
	if (!state_load(a, arena, FILE_NAME, &v, &e))
		log_warn("ward", "%s", e.text);
	const struct json *hold = json_get(v, "hold"), *said = json_get_array(v, "said", &count);
	*out = (struct ward){ .why = json_get_str(hold, "why"),
			      .by = json_get_str(hold, "by"),
			      .until = instant(hold, "until"),
			      .since = instant(hold, "since"),
			      .now = instant(v, "now"),
			      .later = instant(v, "later") };
	for (size_t i = 0; i < count && i < ASKS_MAX; i++) {
		struct said x = { .why = json_get_str(&said[i], "why"),
				  .by = json_get_str(&said[i], "by"),
				  .until = instant(&said[i], "until"),
				  .at = instant(&said[i], "at"),
				  .uid = (uint32_t)json_get_i64(&said[i], "uid", 0),
				  .heard = json_get_bool(&said[i], "heard", false) };
		if (kind_of(json_get_str(&said[i], "ask"), &x.kind))
			*ARRAY_PUSH(arena, &out->said) = x;
	}
}

static void
said_write(const struct said *x, bool all, struct json_writer *w)
{
	json_begin_object(w);
	json_put_cstr(w, "ask", kind_names[x->kind]);
	json_put_str(w, "why", x->why);
	json_put_time(w, "until", x->until);
	json_put_time(w, "at", x->at);
	json_put_str(w, "by", x->by);
	if (all) {
		json_put_i64(w, "uid", x->uid);
		json_put_bool(w, "heard", x->heard);
	}
	json_end_object(w);
}

static bool
ward_save(const struct agent *a, const struct ward *x, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_key(&w, "hold");
	json_begin_object(&w);
	json_put_str(&w, "why", x->why);
	json_put_str(&w, "by", x->by);
	json_put_time(&w, "until", x->until);
	json_put_time(&w, "since", x->since);
	json_end_object(&w);
	json_put_time(&w, "now", x->now);
	json_put_time(&w, "later", x->later);
	json_key(&w, "said");
	json_begin_array(&w);
	for (size_t i = 0; i < x->said.count; i++)
		said_write(&x->said.items[i], true, &w);
	json_end_array(&w);
	json_end_object(&w);
	return state_save(a, FILE_NAME, buf_str(&b), e);
}

/* A check-in and the socket's process may both write: each under this lock, which is never held for long. */
static bool
ward_lock(const struct agent *a, struct arena *arena, int *fd, struct err *e)
{
	const char *path = state_path(a, arena, "ward.lock");
	for (int tries = 0; tries < 100; tries++) {
		err_clear(e);
		if (file_lock(path, fd, e))
			return true;
		if (e->code != ERR_BUSY)
			return false;
		usleep(20000);
	}
	return false;
}

/* ---- what is asked ---- */

bool
ward_parse(struct arena *arena, struct str text, struct ward_ask *out, struct err *e)
{
	static const struct json_limits limits = { .depth = 4, .string_max = 2048, .total = 4096, .values = 32 };
	struct json *v;
	struct ward_ask r = { 0 };
	if (!json_parse(arena, text, &limits, &v, e))
		return false;
	if (!kind_of(json_get_str(v, "ask"), &r.kind))
		return err_set(e, ERR_INPUT, "this agent understands hold, release, now and later");
	r.why = arena_line(arena, str_trim(json_get_str(v, "why")), WARD_WHY_MAX);
	if (!time_parse(json_get_str(v, "until"), &r.until))
		r.until = 0;
	*out = r;
	return true;
}

static bool
too_many(const struct ward *x, uint32_t uid, int64_t now)
{
	size_t n = 0;
	for (size_t i = 0; i < x->said.count; i++)
		n += x->said.items[i].uid == uid && now - x->said.items[i].at < HOUR_MS;
	return n >= ASKS_AN_HOUR;
}

static bool
hold_take(struct ward *x, const struct ward_ask *ask, int64_t now, struct arena *arena, struct str *answer,
	  struct err *e)
{
	char until[TIME_RFC3339_MAX];
	int64_t since = x->until > now - HOUR_MS && x->since ? x->since : now;
	int64_t most =
		since + WARD_HELD_MAX_MS < now + WARD_HOLD_MAX_MS ? since + WARD_HELD_MAX_MS : now + WARD_HOLD_MAX_MS;
	if (ask->why.len == 0)
		return err_set(e, ERR_REFUSED,
			       "a hold needs a reason, for example: mamori-agent hold \"surgery\" --for 8h");
	if (ask->until <= now)
		return err_set(e, ERR_REFUSED, "a hold needs an end that is still to come");
	if (most <= now)
		return err_set(
			e, ERR_REFUSED,
			"this machine has been held for 72 hours; who administers mamori can hold it for longer");
	x->why = ask->why;
	x->by = ask->by;
	x->since = since;
	x->until = ask->until < most ? ask->until : most;
	*answer = arena_printf(arena, tr("Held until %s: nothing is installed and nothing restarts before."),
			       time_local(x->until, until));
	return true;
}

static bool
judge(struct ward *x, const struct ward_ask *ask, int64_t now, struct arena *arena, struct str *answer, struct err *e)
{
	char at[TIME_RFC3339_MAX];
	switch (ask->kind) {
	case WARD_HOLD:
		return hold_take(x, ask, now, arena, answer, e);
	case WARD_RELEASE:
		if (x->until <= now)
			return err_set(e, ERR_REFUSED, "this machine is not held here");
		x->until = now; /* `since` stays: a hold right after it belongs to the same stretch */
		*answer = str_of(tr("Released."));
		return true;
	case WARD_NOW:
		x->now = now;
		x->later = 0;
		*answer = str_of(tr("Understood: what is approved starts as soon as it can."));
		return true;
	case WARD_LATER:
		if (ask->until <= now || ask->until > now + WARD_LATER_MAX_MS)
			return err_set(e, ERR_REFUSED, "choose a time within the next seven days");
		x->later = ask->until;
		x->now = 0;
		*answer = arena_printf(arena, tr("Understood: %s, if the policy of this machine allows it."),
				       time_local(ask->until, at));
		return true;
	}
	return err_set(e, ERR_BUG, "an unknown wish");
}

static size_t
said_by(const struct ward *x, uint32_t uid)
{
	size_t n = 0;
	for (size_t i = 0; i < x->said.count; i++)
		n += x->said.items[i].uid == uid;
	return n;
}

/* Where the server is away for long, the oldest of whoever said most gives way: nobody can fill the list and so keep
 * others from holding the machine. */
static void
said_drop(struct ward *x)
{
	size_t most = 0, at = 0;
	for (size_t i = 0; i < x->said.count; i++) {
		size_t n = said_by(x, x->said.items[i].uid);
		if (n <= most)
			continue;
		most = n;
		at = i;
	}
	memmove(&x->said.items[at], &x->said.items[at + 1], (x->said.count - at - 1) * sizeof(x->said.items[0]));
	x->said.count--;
}

/* The oldest that the server has heard make room. */
static void
said_add(struct ward *x, const struct ward_ask *ask, int64_t now, struct arena *arena)
{
	size_t kept = 0;
	for (size_t i = 0; i < x->said.count; i++)
		if (!x->said.items[i].heard || (now - x->said.items[i].at < HOUR_MS && x->said.count < ASKS_MAX))
			x->said.items[kept++] = x->said.items[i];
	x->said.count = kept;
	while (x->said.count >= ASKS_MAX)
		said_drop(x);
	*ARRAY_PUSH(arena, &x->said) = (struct said){ .kind = ask->kind,
						      .why = ask->why,
						      .by = ask->by,
						      .until = ask->kind == WARD_HOLD ? x->until : ask->until,
						      .at = now,
						      .uid = ask->uid };
}

bool
ward_take(const struct agent *a, struct arena *arena, const struct ward_ask *ask, struct str *answer, struct err *e)
{
	FD_AUTO lock = -1;
	struct ward x;
	struct str words = STR_NONE;
	int64_t now = clock_now(a->clock);
	if (!ward_lock(a, arena, &lock, e))
		return false;
	ward_load(a, arena, &x);
	if (too_many(&x, ask->uid, now))
		return err_set(e, ERR_REFUSED, "too much was asked for within an hour; try again later");
	if (!judge(&x, ask, now, arena, &words, e))
		return false;
	said_add(&x, ask, now, arena);
	if (!ward_save(a, &x, e))
		return false;
	log_info("ward", "%.*s asked for %s%s%.*s", STR_ARG(ask->by), kind_names[ask->kind], ask->why.len ? ": " : "",
		 STR_ARG(ask->why));
	*answer = words;
	return true;
}

/* ---- for the check-in and the slot machine ---- */

void
ward_facts(struct session *s, int64_t now, struct slot_facts *f)
{
	struct ward x;
	ward_load(s->agent, s->arena, &x);
	if (x.until > now) {
		f->local_hold = x.why;
		f->local_hold_until = x.until;
	}
	/* An answer to a question of yesterday is none. */
	f->ward_now = x.now && now - x.now < HOUR_MS;
	f->reboot_consent = f->ward_now;
	f->ward_later = x.later > now ? x.later : 0;
}

static void
change(struct session *s, void (*what)(struct ward *x, const void *user), const void *user)
{
	FD_AUTO lock = -1;
	struct err e = { 0 };
	struct ward x;
	if (!file_exists(state_path(s->agent, s->arena, FILE_NAME)))
		return;
	if (!ward_lock(s->agent, s->arena, &lock, &e)) {
		log_warn("ward", "%s", e.text);
		return;
	}
	ward_load(s->agent, s->arena, &x);
	what(&x, user);
	if (!ward_save(s->agent, &x, &e))
		log_warn("ward", "%s", e.text);
}

static void
forget_answers(struct ward *x, const void *user)
{
	(void)user;
	x->now = x->later = 0;
}

void
ward_answered(struct session *s)
{
	change(s, forget_answers, NULL);
}

void
ward_asks_write(struct session *s, struct json_writer *w)
{
	struct ward x;
	ward_load(s->agent, s->arena, &x);
	json_key(w, "asks");
	json_begin_array(w);
	s->asks_until = 0;
	for (size_t i = 0; i < x.said.count; i++) {
		if (x.said.items[i].heard)
			continue;
		said_write(&x.said.items[i], false, w);
		if (x.said.items[i].at > s->asks_until)
			s->asks_until = x.said.items[i].at;
	}
	json_end_array(w);
}

static void
mark_heard(struct ward *x, const void *user)
{
	const int64_t *until = user;
	for (size_t i = 0; i < x->said.count; i++)
		if (x->said.items[i].at <= *until)
			x->said.items[i].heard = true;
}

void
ward_asks_heard(struct session *s)
{
	if (s->asks_until)
		change(s, mark_heard, &s->asks_until);
	s->asks_until = 0;
}

/* ---- the notice ---- */

static void
patches_write(struct session *s, const struct slot_decision *d, struct json_writer *w)
{
	json_key(w, "patches");
	json_begin_array(w);
	for (size_t i = 0; i < d->patch_count && i < 200; i++) {
		const struct patch *p = planning_find(s, d->patches[i]);
		json_str(w, p ? p->title : d->patches[i]);
	}
	json_end_array(w);
}

void
ward_notice(struct session *s, const struct slot_decision *d, struct str why, const struct slot_facts *f)
{
	BUF_AUTO b = { 0 };
	BUF_AUTO old = { 0 };
	struct json_writer w = { .out = &b };
	struct err e = { 0 };
	const char *folder = ward_folder(s->agent, s->arena), *path = path_join(s->arena, folder, "notice.json");
	json_begin_object(&w);
	json_put_str(&w, "hostname", s->inventory.hostname);
	json_put_cstr(&w, "act", slot_act_name(d->act));
	json_put_cstr(&w, "reason", slot_reason_name(d->reason));
	json_put_str(&w, "why", why);
	json_put_time(&w, "start", d->slot.start);
	json_put_time(&w, "end", d->slot.end);
	json_put_bool(&w, "reboot_pending", d->reboot_pending);
	patches_write(s, d, &w);
	json_put_str(&w, "hold", f->local_hold);
	json_put_time(&w, "hold_until", f->local_hold_until);
	json_put_str(&w, "mitigated", mitigation_notice(s));
	json_put_bool(&w, "ask_now", d->ask_now);
	json_put_bool(&w, "ask_later", d->ask_later);
	json_put_bool(&w, "ask_hold", d->ask_hold);
	json_end_object(&w);
	if (file_read(path, 1U << 20, &old, NULL) && str_eq(buf_str(&old), buf_str(&b)))
		return;
	if (!ward_folder_make(folder, &e) || !file_write(path, buf_str(&b), 0644, &e))
		log_warn("ward", "%s", e.text);
}

void
ward_call(struct session *s, struct str text)
{
	struct err e = { 0 };
	PROC_RESULT_AUTO p = { 0 };
	if (facts_view(s) == &host_view_folder)
		return;
	const char *argv[] = { "wall", arena_cstr(s->arena, text), NULL };
	struct proc_spec spec = { .argv = argv, .timeout_s = 20 };
	if (!runner_run(s->agent->runner, &spec, &p, &e))
		log_debug("ward", "%s", e.text);
}
