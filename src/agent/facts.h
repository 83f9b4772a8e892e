/* What is true on this host now, as the slot machine wants to know it. What only a running machine knows comes through
 * struct host_view, which tests replace. */
#ifndef MAMORI_AGENT_FACTS_H
#define MAMORI_AGENT_FACTS_H

#include "agent/mandate.h"
#include "os/live.h"
#include "plan/needs_restart.h"
#include "plan/slot.h"

struct host_look {
	int64_t now;
	const struct str *processes; /* of while-running */
	size_t process_count;
	bool stale; /* look for replaced code too: reads the maps of every process */
	struct input_seen *seen;
};

struct host_seen {
	struct activity activity;
	struct str process; /* the first of those that runs */
	bool on_battery;
	struct needs_restart restart;
	int64_t uptime; /* milliseconds since the start, sleep included */
	struct str boot;
};

struct host_view {
	void (*look)(void *user, const struct host_look *what, struct arena *a, struct host_seen *out);
	void (*units)(void *user, struct arena *a, struct str **units, size_t *count); /* services that run */
	void *user;
};
extern const struct host_view host_view_live, host_view_folder; /* this machine; a root folder, where nothing runs */

/* Kept between runs in facts.json. */
struct facts_memory {
	struct input_seen input;
	struct str boot;
	int64_t wall, uptime; /* both clocks at the last turn of this boot */
	int64_t confirmed; /* when the server last agreed with our clock in this boot; 0 never */
};

struct facts {
	struct slot_facts slot;
	struct host_seen seen;
	struct zone zone;
	struct slot_cache cache;
	struct facts_memory memory;
	bool jumped; /* since the last turn, not yet said to the slot machine */
};

const struct host_view *facts_view(const struct session *s);
/* Once for each run. */
void facts_open(struct session *s, struct facts *f);
/* Before each turn. began: NULL or the directive that the slot in work began with; stale as above. */
void facts_read(struct session *s, const struct directive *d, const struct directive *began, bool stale,
		struct facts *f);
void facts_save(struct session *s, const struct facts *f);
/* 0 after a start: "unknown". */
void facts_confirmed(struct session *s, struct facts *f);

#endif
