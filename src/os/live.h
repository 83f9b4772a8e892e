/* What is true on this machine right now: who works on it, what runs, what holds replaced libraries, the battery.
 * Read from the kernel's and logind's files below folders that a test can replace; nothing is started, nothing fails:
 * what cannot be read is not there. */
#ifndef MAMORI_OS_LIVE_H
#define MAMORI_OS_LIVE_H

#include "base/arena.h"

struct live {
	const char *proc, *sys, *run, *dev; /* folders */
};
extern const struct live live_system;

/* ---- people ---- */

/* Input seen by counting: key presses and mouse moves raise interrupts (PS/2) and transfers of USB input devices.
 * Kept by the caller between looks. */
struct input_seen {
	uint64_t count; /* at the last look */
	int64_t at; /* when it was last seen to have changed, instants; 0: never looked */
	bool changed; /* it really has, since the first look */
};

struct activity {
	int64_t idle; /* milliseconds since the last input, −1: nobody is logged on */
	bool logged_on;
	bool at_seat; /* one of them sits at this machine, not on the network */
	bool used; /* logged on, and it was not a machine that did so: input came, or it is a logon over the network */
	bool graphical; /* at the seat: no terminal tells of its input */
	struct str user; /* one of them */
};
/* A logon without input (auto-logon) is no use. Terminals tell by their access times. Where there is nothing to count
 * (some virtual machines), a graphical logon counts as in use all the time. */
void activity_read(const struct live *l, int64_t now, struct input_seen *seen, struct arena *a, struct activity *out);
/* Runs on battery: a battery of the system discharges. */
bool power_on_battery(const struct live *l);

/* ---- processes, of this process namespace and root only ---- */

/* The first of these names that runs (its file's or its own name, without regard to case), or STR_NONE. */
struct str process_find(const struct live *l, const struct str *names, size_t count, struct arena *a);

enum stale_where {
	STALE_SERVICE, /* unit says which */
	STALE_INIT,
	STALE_SESSION, /* a logon's: unit is its scope */
	STALE_USER_MANAGER,
	STALE_LOOSE, /* belongs to no unit: only a reboot surely ends it */
};
struct stale {
	long pid;
	struct str name, unit, library; /* library: one that was replaced or removed while still in use */
	enum stale_where where;
};
struct stale_list {
	ARRAY_OF(struct stale) items;
};
void process_stale(const struct live *l, struct arena *a, struct stale_list *out);
/* Names of systemd services that have a process, sorted, each once. */
void process_units(const struct live *l, struct arena *a, struct str **units, size_t *count);
/* Is this logon (its scope's name, "session-3.scope") one over the network? */
bool session_is_remote(const struct live *l, struct str scope);

#endif
