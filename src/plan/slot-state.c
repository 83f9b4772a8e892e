/* The state as JSON: written by the host for itself and, as part of a check-in, for the server. */
#include "plan/slot-internal.h"

enum { LIST_MAX = 1024 };

/* ---- fields as data ---- */

enum field_kind { FIELD_STR, FIELD_TIME, FIELD_UNSIGNED, FIELD_BOOL, FIELD_STEP, FIELD_REASON, FIELD_KIND };

struct field {
	const char *name;
	enum field_kind kind;
	size_t at;
};

#define FIELD(member, kind) \
	{ \
#member, FIELD_##kind, offsetof(struct slot_state, member) \
	}
static const struct field fields[] = {
	FIELD(slot, STR),
	FIELD(kind, KIND),
	FIELD(start, TIME),
	FIELD(end, TIME),
	FIELD(cutoff, TIME),
	FIELD(ready_by, TIME),
	FIELD(serial, TIME),
	FIELD(emergency, BOOL),
	FIELD(pass, UNSIGNED),
	FIELD(step, STEP),
	FIELD(begun, BOOL),
	FIELD(stamped, TIME),
	FIELD(boot, STR),
	FIELD(reboots, UNSIGNED),
	FIELD(failures, UNSIGNED),
	FIELD(pre_done, BOOL),
	FIELD(rebooted, BOOL),
	FIELD(interrupted, BOOL),
	FIELD(failed_pre, BOOL),
	FIELD(failed_health, BOOL),
	FIELD(progress, BOOL),
	FIELD(installed, UNSIGNED),
	FIELD(policy, STR),
	FIELD(accounted, TIME),
	FIELD(waited, STR),
	FIELD(blocked, REASON),
	FIELD(waited_start, TIME),
	FIELD(waited_end, TIME),
	FIELD(skips, UNSIGNED),
	FIELD(deferrals, UNSIGNED),
	FIELD(reboot_pending_since, TIME),
	FIELD(ward_time, TIME),
	FIELD(asks, UNSIGNED),
	FIELD(asked_since, TIME),
	FIELD(ask_at, TIME),
	FIELD(consent, BOOL),
	FIELD(reboot_vain, BOOL),
	FIELD(install_ms, TIME),
	FIELD(reboot_ms, TIME),
	FIELD(told, TIME),
	FIELD(stage_tried, TIME),
	FIELD(clock_seen, TIME),
	FIELD(clock_doubt, TIME),
};

static const char *const step_names[SLOT_STEPS_ALL] = {
	[SLOT_STEP_IDLE] = "idle",     [SLOT_STEP_TOLD] = "told",         [SLOT_STEP_STOPPED] = "stopped",
	[SLOT_STEP_PRE] = "pre",       [SLOT_STEP_WITHDRAW] = "withdraw", [SLOT_STEP_INSTALL] = "install",
	[SLOT_STEP_POST] = "post",     [SLOT_STEP_SERVICES] = "services", [SLOT_STEP_REBOOT] = "reboot",
	[SLOT_STEP_RESCAN] = "rescan", [SLOT_STEP_HEALTH] = "health",     [SLOT_STEP_STARTED] = "started",
	[SLOT_STEP_STAGE] = "stage",
};

static const char *
step_name(unsigned i)
{
	return step_names[i];
}

static const char *
reason_name(unsigned i)
{
	return slot_reason_name((enum slot_reason)i);
}

static const char *
kind_name(unsigned i)
{
	return slot_kind_name((enum slot_kind)i);
}

static const struct {
	const char *(*name)(unsigned i);
	unsigned count;
} enums[] = {
	[FIELD_STEP] = { step_name, SLOT_STEPS_ALL },
	[FIELD_REASON] = { reason_name, SLOT_REASONS },
	[FIELD_KIND] = { kind_name, SLOT_KINDS },
};

/* ---- writing ---- */

static void
field_write(const struct slot_state *s, const struct field *f, struct json_writer *w)
{
	const void *p = (const char *)s + f->at;

	json_key(w, f->name);
	switch (f->kind) {
	case FIELD_STR:
		json_str(w, *(const struct str *)p);
		break;
	case FIELD_TIME:
		json_i64(w, *(const int64_t *)p);
		break;
	case FIELD_UNSIGNED:
		json_i64(w, *(const unsigned *)p);
		break;
	case FIELD_BOOL:
		json_bool(w, *(const bool *)p);
		break;
	case FIELD_STEP:
	case FIELD_REASON:
	case FIELD_KIND:
		json_cstr(w, enums[f->kind].name(*(const unsigned *)p));
		break;
	}
}

void
slot_state_write(const struct slot_state *s, struct json_writer *w)
{
	json_begin_object(w);
	for (size_t i = 0; i < COUNT(fields); i++)
		field_write(s, &fields[i], w);
	json_key(w, "stopped");
	json_begin_array(w);
	for (size_t i = 0; i < s->stopped.items.count; i++)
		json_str(w, s->stopped.items.items[i]);
	json_end_array(w);
	json_key(w, "finished");
	json_begin_array(w);
	for (unsigned i = 0; i < s->finished_count; i++) {
		const struct slot_finished *f = &s->finished[i];
		json_begin_object(w);
		json_put_str(w, "slot", f->id);
		json_put_i64(w, "at", f->at);
		json_put_cstr(w, "how", slot_reason_name(f->how));
		json_put_cstr(w, "kind", slot_kind_name(f->kind));
		json_put_i64(w, "passes", f->passes);
		json_put_i64(w, "reboots", f->reboots);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

/* ---- reading ---- */

static bool
enum_read(enum field_kind kind, struct str text, unsigned *out, struct err *e)
{
	for (unsigned i = 0; i < enums[kind].count; i++) {
		if (str_eq(text, str_of(enums[kind].name(i)))) {
			*out = i;
			return true;
		}
	}
	return err_set(e, ERR_INPUT, "the state of unattended patching has an unknown word “%.*s”", STR_ARG(text));
}

static bool
unsigned_read(const struct json *j, const char *name, unsigned *out, struct err *e)
{
	int64_t n = json_get_i64(j, name, 0);

	if (n < 0 || n > 1000000)
		return err_set(e, ERR_INPUT, "the state of unattended patching has an impossible number in “%s”", name);
	*out = (unsigned)n;
	return true;
}

static bool
field_read(struct arena *a, const struct json *j, const struct field *f, struct slot_state *s, struct err *e)
{
	void *p = (char *)s + f->at;

	switch (f->kind) {
	case FIELD_STR:
		*(struct str *)p = arena_str(a, json_get_str(j, f->name));
		return true;
	case FIELD_TIME:
		*(int64_t *)p = json_get_i64(j, f->name, 0);
		return true;
	case FIELD_UNSIGNED:
		return unsigned_read(j, f->name, p, e);
	case FIELD_BOOL:
		*(bool *)p = json_get_bool(j, f->name, false);
		return true;
	case FIELD_STEP:
	case FIELD_REASON:
	case FIELD_KIND:
		break;
	}
	return !json_get(j, f->name) || enum_read(f->kind, json_get_str(j, f->name), p, e);
}

static bool
finished_read(struct arena *a, const struct json *j, struct slot_finished *out, struct err *e)
{
	unsigned how = 0, kind = 0;

	if (!enum_read(FIELD_REASON, json_get_str(j, "how"), &how, e) ||
	    !enum_read(FIELD_KIND, json_get_str(j, "kind"), &kind, e) || !unsigned_read(j, "passes", &out->passes, e) ||
	    !unsigned_read(j, "reboots", &out->reboots, e))
		return false;
	out->id = arena_str(a, json_get_str(j, "slot"));
	out->at = json_get_i64(j, "at", 0);
	out->how = (enum slot_reason)how;
	out->kind = (enum slot_kind)kind;
	return true;
}

bool
slot_state_parse(struct arena *a, struct str text, struct slot_state *out, struct err *e)
{
	static const struct json_limits limits = { .depth = 8, .total = 1 << 20, .values = 16384 };
	struct slot_state s = { 0 };
	struct json *j;
	size_t count;

	if (!json_parse(a, text, &limits, &j, e))
		return err_wrap(e, "the state of unattended patching cannot be read");
	if (j->kind != JSON_KIND_OBJECT)
		return err_set(e, ERR_INPUT, "the state of unattended patching is no object");
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (!field_read(a, j, &fields[i], &s, e))
			return false;
	}
	const struct json *stopped = json_get_array(j, "stopped", &count);
	for (size_t i = 0; i < count && i < LIST_MAX; i++)
		*ARRAY_PUSH(a, &s.stopped.items) = arena_str(a, stopped[i].text);
	const struct json *finished = json_get_array(j, "finished", &count);
	for (size_t i = 0; i < count && i < SLOT_FINISHED_MAX; i++) {
		if (!finished_read(a, &finished[i], &s.finished[s.finished_count], e))
			return false;
		s.finished_count++;
	}
	*out = s;
	return true;
}
