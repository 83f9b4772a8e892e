/* What the files of the slot machine share (private to the room). */
#ifndef MAMORI_PLAN_SLOT_INTERNAL_H
#define MAMORI_PLAN_SLOT_INTERNAL_H

#include "plan/slot.h"

#define SLOT_MINUTE INT64_C(60000)
#define SLOT_HOUR (60 * SLOT_MINUTE)
#define SLOT_DAY (24 * SLOT_HOUR)

/* What a look at one question gave. */
enum go {
	GO_ON, /* nothing speaks against it */
	GO_ACTED, /* the decision is made: out holds an act */
	GO_WAITS, /* not now: turn_wait() was told why */
};

/* One call of slot_decide(). */
struct turn {
	const struct directive *newest;
	const struct directive *own; /* of the slot in work, else the newest */
	const struct policy *p; /* of own */
	const struct slot_state *s;
	const struct slot_facts *f;
	struct arena *a;
	struct slot_decision *out;
	struct slot_cache *c;
	int64_t now;
	int64_t doubt_until; /* the clock is not believed until then; 0: it is */
	bool believed_after; /* a doubt is over */
	/* the slot that is looked at */
	struct slot slot;
	struct str id;
	enum slot_kind kind;
	bool in_work;
	struct str *due; /* patches of it */
	size_t due_count;
	bool said; /* out has a reason to wait */
	int64_t wake; /* the earliest instant that may change the answer; 0 none */
};

/* slot-turn.c */
void turn_wake(struct turn *t, int64_t at);
/* Nothing starts in this slot now; look again at `at` (0: when a fact changes) or when the slot ends. The first reason
 * given is the one that is told. */
enum go turn_wait(struct turn *t, enum slot_reason reason, int64_t at);
enum go turn_act(struct turn *t, enum slot_act act, enum slot_reason reason);
void turn_detail(struct turn *t, struct str detail, struct str by);
/* The ward's choice of a time, also one that is not yet in the state; 0 none. */
int64_t turn_ward_time(const struct turn *t);
bool slot_is_finished(const struct slot_state *s, struct str id);
bool slot_is_withdrawn(const struct directive *d, struct str patch);
bool slot_id_is_missing(const struct slot_facts *f, struct str patch, size_t *at);

/* Approved, missing, not withdrawn and due at `at`; only_emergency: those alone. */
struct due {
	struct str *patches;
	size_t count, staged; /* the staged ones come first */
	int64_t later; /* the next one is due then; 0 none */
};
void slot_due(const struct turn *t, int64_t at, bool only_emergency, struct due *out);

/* slot-checks.c: may a pass start now in t->slot, with t->due (none: only a reboot)? */
enum go slot_may_start(struct turn *t);
/* A hold at the instant `at`: until when (0 open end), why and by whom into out's detail. */
bool slot_held(struct turn *t, int64_t at, int64_t *until);
enum go slot_holds(struct turn *t);
enum go slot_lease(struct turn *t, int64_t late); /* late: it may be over for so long */
int64_t slot_estimate(const struct turn *t, bool with_install);
bool slot_directive_over(const struct turn *t);

/* slot-reboot.c */
/* Something asks for a reboot that the policy does not rule out. */
bool slot_reboot_wanted(const struct turn *t);
/* GO_ON: it is not to be in this slot. */
enum go slot_reboot(struct turn *t);
/* Whoever is logged on is asked, or waited for. */
enum go slot_reboot_people(struct turn *t, enum slot_reason reason, bool must);
bool slot_input(const struct turn *t);

/* slot-pass.c: inside a slot */
enum go slot_pass_start(struct turn *t);
void slot_in_work(struct turn *t);

#endif
