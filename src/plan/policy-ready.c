#include "plan/policy-ready.h"

#include "base/buf.h"
#include "base/tr.h"

enum { DAY_MINUTES = 24 * 60, NAME_MAX_BYTES = 64 };

struct ready {
	struct arena *a;
	const struct policy_answers *q;
	struct buf text;
};

static void
ready_cleanup(struct ready *r)
{
	buf_free(&r->text);
}

static void
line(struct ready *r, const char *yaml)
{
	buf_addf(&r->text, "%s\n", yaml);
}

/* A comment of its own line; text is in the reader's language already. */
static void
comment(struct ready *r, const char *text)
{
	buf_addf(&r->text, "# %s\n", text);
}

static void
key_time(struct ready *r, const char *key, int minutes)
{
	buf_addf(&r->text, "%s: '%02d:%02d'", key, minutes / 60 % 24, minutes % 60);
}

/* A stranger's word as a YAML scalar in single quotes. */
static void
quoted(struct ready *r, struct str s)
{
	buf_add_char(&r->text, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\'')
			buf_add_char(&r->text, '\'');
		buf_add_char(&r->text, s.ptr[i]);
	}
	buf_add_char(&r->text, '\'');
}

static struct policy_text
finish(struct ready *r, const char *name)
{
	struct policy_text t = { .name = str_of(name), .yaml = arena_str(r->a, buf_str(&r->text)) };

	buf_truncate(&r->text, 0);
	return t;
}

/* Every day in the quiet hours; a quarter of them, at most an hour, is left for what has begun. */
static void
quiet_window(struct ready *r)
{
	int length = (r->q->quiet_to - r->q->quiet_from + DAY_MINUTES - 1) % DAY_MINUTES + 1;
	int cutoff = length / 4 < 60 ? length / 4 : 60;

	buf_addf(&r->text, "    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], ");
	key_time(r, "at", r->q->quiet_from);
	buf_addf(&r->text, ", for: %dm, cutoff: %dm, ", length, cutoff);
	key_time(r, "ready-by", r->q->quiet_to);
	line(r, "}");
}

static struct policy_text
everybody(struct ready *r)
{
	comment(r, tr("For every machine: what is approved by itself, and what happens when something goes wrong."));
	comment(r, tr("The policies beside it only change the hours of wards, outpatient rooms and servers."));
	line(r, "policy: hospital\nrank: 900\napprove:");
	comment(r, tr("Known to be exploited: at once. Security updates: after three days. New features: never by "
		      "themselves."));
	line(r, "  - {known-exploited: true, after: 0d}");
	line(r, "  - {classification: security, severity: [critical, high], after: 1d}");
	line(r, "  - {classification: security, after: 3d}");
	line(r, "  - {classification: bugfix, after: 7d}");
	line(r, "  - {classification: feature, never: true}");
	comment(r, tr("What a vendor does not answer within two weeks goes to the pilot machines first."));
	line(r, "vendor-validation: {unknown: {wait: 14d, then: apply-to-pilot}, forbidden: never}");
	line(r, "install:\n  windows:");
	quiet_window(r);
	comment(r, tr("A machine that was off makes up for it in its next window."));
	line(r, "  missed: next-window\n  spread: 20m\n  idle-first: 10m");
	line(r, "  passes: {until-clean: true, max-reboots: 3}");
	comment(r, tr("Install and restart belong together; nobody who is at work is interrupted."));
	line(r, "reboot: {mode: if-needed, unit: atomic, logged-on: when-idle}");
	line(r, "rings:");
	if (r->q->pilot.len > 0) {
		buf_addf(&r->text, "  - {name: pilot, groups: [");
		quoted(r, r->q->pilot);
		line(r, "], soak: 1d, min-success: 0.9}");
	}
	comment(r, tr("Three failures stop everything until somebody has looked."));
	line(r, "  - {name: rest, max-at-once: 20%, error-stop: 3}");
	line(r, "redundancy: {groups: true}\nnotice: 1d");
	return finish(r, "hospital");
}

static struct policy_text
ward(struct ready *r)
{
	comment(r, tr("Machines of wards: at night, back before the morning."));
	line(r, "policy: ward-night\napplies-to: {roles: [ward]}\nrank: 100\ninstall:\n  windows:");
	quiet_window(r);
	return finish(r, "ward-night");
}

static struct policy_text
outpatient(struct ready *r)
{
	comment(r, tr("Machines of outpatient rooms: early in the morning, ready before reception opens."));
	line(r, "policy: outpatient-morning\napplies-to: {roles: [outpatient]}\nrank: 100\ninstall:\n  windows:");
	line(r, "    - {name: early, weekly: [mon, tue, wed, thu, fri, sat], at: '04:00', for: 3h, cutoff: 1h, "
		"ready-by: '07:30'}");
	return finish(r, "outpatient-morning");
}

static struct policy_text
server(struct ready *r)
{
	static const char *const weekdays[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	comment(r, tr("Servers: all on the day on which they may be down."));
	line(r, "policy: server-inspection\napplies-to: {roles: [server]}\nrank: 100\ninstall:\n  windows:");
	buf_addf(&r->text, "    - {name: inspection, ");
	if (r->q->server_days.len > 0) {
		buf_addf(&r->text, "days: ");
		quoted(r, r->q->server_days);
	} else if (r->q->server_nth == 0) {
		buf_addf(&r->text, "nth: [last], weekday: [%s]", weekdays[r->q->server_weekday]);
	} else {
		buf_addf(&r->text, "nth: [%d], weekday: [%s]", r->q->server_nth, weekdays[r->q->server_weekday]);
	}
	line(r, ", at: '20:00', for: 8h, cutoff: 2h, ready-by: '06:00'}");
	line(r, "reboot: {mode: if-needed, unit: atomic, logged-on: force}");
	return finish(r, "server-inspection");
}

static struct policy_text
pilot(struct ready *r)
{
	comment(r, tr("The pilot group: gets everything that may be installed at once, so that trouble shows here "
		      "first."));
	buf_addf(&r->text, "policy: pilot\napplies-to: {groups: [");
	quoted(r, r->q->pilot);
	line(r, "]}\nrank: 10\napprove:\n  - {classification: feature, never: true}\n  - {classification: any, after: "
		"0d}");
	return finish(r, "pilot");
}

/* A name that the policy form takes. */
static bool
name_valid(struct str s)
{
	if (s.len > NAME_MAX_BYTES || !str_is_utf8(s) || str_find_char(s, '/') >= 0 || str_trim(s).len != s.len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.ptr[i] < 0x20)
			return false;
	}
	return true;
}

bool
policy_ready(struct arena *a, const struct policy_answers *q, struct policy_text out[POLICY_READY_MAX], size_t *count,
	     struct err *e)
{
	__attribute__((cleanup(ready_cleanup))) struct ready r = { .a = a, .q = q };
	int length = (q->quiet_to - q->quiet_from + DAY_MINUTES) % DAY_MINUTES;
	size_t n = 0;

	if (q->quiet_from < 0 || q->quiet_from >= DAY_MINUTES || q->quiet_to < 0 || q->quiet_to >= DAY_MINUTES ||
	    length < 60)
		return err_set(e, ERR_INPUT,
			       "the quiet hours of wards are to be an hour at least, such as 22:00 to 05:00");
	if (q->server_days.len == 0 &&
	    (q->server_nth < 0 || q->server_nth > 5 || q->server_weekday < 0 || q->server_weekday > 6))
		return err_set(e, ERR_INPUT, "the day of servers is to be a weekday of the month or a list of days");
	if (!name_valid(q->server_days) || !name_valid(q->pilot))
		return err_set(e, ERR_INPUT,
			       "the name of a group or list is longer than 64 bytes or has a slash; choose another");
	out[n++] = everybody(&r);
	out[n++] = ward(&r);
	out[n++] = outpatient(&r);
	out[n++] = server(&r);
	if (q->pilot.len > 0)
		out[n++] = pilot(&r);
	*count = n;
	return true;
}
