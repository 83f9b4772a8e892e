/* The sentence of a decision. English as the catalogue has it: the server tells it in the reader's language. */
#include "base/time.h"
#include "plan/slot-internal.h"

#include <stdio.h>

enum { NEAR_DAYS = 6 };

static const struct zone utc;

/* Day and hour at the host: people there read their own clock. */
struct moment {
	char day[40], hour[16];
};

static struct moment
moment_of(const struct slot_facts *f, int64_t at)
{
	static const char *const weekdays[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	struct moment m;
	int64_t local = zone_local(f->device ? f->device : &utc, at);
	int64_t day = local / SLOT_DAY - (local % SLOT_DAY < 0);
	int minutes = (int)((local - day * SLOT_DAY) / SLOT_MINUTE);
	int year;
	unsigned month, monthday;

	time_civil(day, &year, &month, &monthday);
	if (at - f->now < NEAR_DAYS * SLOT_DAY && f->now - at < SLOT_DAY)
		snprintf(m.day, sizeof(m.day), "%s", weekdays[((day + 3) % 7 + 7) % 7]);
	else
		snprintf(m.day, sizeof(m.day), "%04d-%02u-%02u", year, month, monthday);
	snprintf(m.hour, sizeof(m.hour), "%02d:%02d", minutes / 60, minutes % 60);
	return m;
}

static struct str
why_window(struct arena *a, const struct directive *d, const struct slot_decision *o, const struct slot_facts *f)
{
	struct moment from = moment_of(f, o->slot.start), to = moment_of(f, o->slot.end);

	if (o->script.len > 0)
		return arena_printf(a, "the slot was not begun (%.*s); waits for the window %s %s–%s of policy %.*s",
				    STR_ARG(o->script), from.day, from.hour, to.hour, STR_ARG(d->policy.name));
	return arena_printf(a, "waits for the window %s %s–%s of policy %.*s", from.day, from.hour, to.hour,
			    STR_ARG(d->policy.name));
}

static struct str
why_held(struct arena *a, const struct slot_decision *o, const struct slot_facts *f)
{
	struct str by = o->by.len ? o->by : STR("the ward");

	if (o->held_until <= f->now)
		return arena_printf(a, "held by %.*s until released: %.*s", STR_ARG(by), STR_ARG(o->detail));
	struct moment m = moment_of(f, o->held_until);
	return arena_printf(a, "held by %.*s until %s %s: %.*s", STR_ARG(by), m.day, m.hour, STR_ARG(o->detail));
}

/* Reasons whose sentence holds nothing but itself. */
static const char *const plain[SLOT_REASONS] = {
	[SLOT_OPEN] = "the window is open; it goes on",
	[SLOT_NOTHING_APPROVED] = "none of the missing updates is approved yet",
	[SLOT_CLEAN] = "everything that is approved is installed",
	[SLOT_NO_WINDOW] = "no window of its policy comes within ten years; give the policy a window",
	[SLOT_TOO_SHORT] =
		"the time it takes, as learned, does not fit before the end of the window; make the window longer",
	[SLOT_NO_LEASE] = "held: no lease: its ring or the other machine of its group does not let it start yet",
	[SLOT_BUSY_INPUT] = "somebody works on it; it starts when nobody has touched it for a while",
	[SLOT_WARD_CHOOSES] = "was skipped too often because it was in use: the ward must choose a time",
	[SLOT_DISK_FULL] = "there is not enough room on its disk; free some",
	[SLOT_BATTERY] = "it runs on battery; plug it in",
	[SLOT_NOT_STAGED] = "its updates could not be downloaded yet",
	[SLOT_PRE_FAILED] = "the script that runs before the installation failed, so nothing was installed",
	[SLOT_INSTALL_FAILED] = "the installation failed; the next window tries again",
	[SLOT_HEALTH_FAILED] = "was installed, but the health check afterwards failed; its ring is halted",
	[SLOT_REBOOTS_USED_UP] =
		"the reboots that the policy allows in one window are used up; the rest waits for the next",
	[SLOT_MISSED] = "was off during its window; what it missed is made up for as its policy says",
	[SLOT_INTERRUPTED] = "was interrupted in the middle of the installation; the rest waits for the next window",
	[SLOT_EMERGENCY] = "is installed at once: known exploited and exposed, by the emergency rule of its policy",
	[SLOT_DONE] = "the window is done",
	[SLOT_ATOMIC] = "install and reboot are one unit, and the reboot cannot be done now",
	[SLOT_STEPS] = "its services are stopped; waits for the other hosts of its system",
};

static struct str
why_reboot(struct arena *a, const struct directive *d, const struct slot_decision *o, const struct slot_facts *f)
{
	if (d->policy.reboot.mode == REBOOT_NEVER)
		return STR("installed; takes effect after a restart, which the policy leaves to people");
	if (o->until == 0)
		return STR("installed; the restart waits for its window");
	struct moment m = moment_of(f, o->until);
	return arena_printf(a, "installed; the restart waits for whoever works on it, asked again at %s %s", m.day,
			    m.hour);
}

struct str
slot_why(struct arena *a, const struct directive *d, const struct slot_decision *o, const struct slot_facts *f)
{
	struct moment m = moment_of(f, o->until ? o->until : f->now);

	switch ((int)o->reason) {
	case SLOT_BEFORE_WINDOW:
	case SLOT_FINISHED:
		return why_window(a, d, o, f);
	case SLOT_HELD:
		return why_held(a, o, f);
	case SLOT_AFTER_CUTOFF:
		return arena_printf(a, "too late for this window of policy %.*s; waits for the next",
				    STR_ARG(d->policy.name));
	case SLOT_BUSY_PROCESS:
		return arena_printf(a, "waits because %.*s is running", STR_ARG(o->detail));
	case SLOT_WARD_CHOSE:
		return arena_printf(a, "waits for the time that the ward chose: %s %s", m.day, m.hour);
	case SLOT_CLOCK:
		return arena_printf(a, "its clock jumped; nothing starts before %s %s unless the server confirms it",
				    m.day, m.hour);
	case SLOT_DIRECTIVE_EXPIRED:
		m = moment_of(f, d->expires);
		return arena_printf(a, "has had no contact for too long: what it may do by itself ended at %s %s",
				    m.day, m.hour);
	case SLOT_REBOOT_WAITS:
		return why_reboot(a, d, o, f);
	default:
		break;
	}
	return o->reason < SLOT_REASONS && plain[o->reason] ? str_of(plain[o->reason]) : STR("");
}
