/* The slot machine: what a host does next, and why. Pure; the agent, the simulator and the server's "what will happen" run
 * this same code. One turn: slot_decide() says what to do; the caller makes slot_begin()'s state durable *before* it does
 * it, does it, and gives slot_ended() what came of it. A crash between the two is told apart by the boot id and the step:
 * the same pass never runs twice, a crash means a missed pass or a finished one.
 *
 * A turn is due at `until`, when a fact changes (hold, answer of the ward, logon, process), after every act, and when
 * another directive comes; more turns do no harm. slot_begin() is called for SLOT_WAIT as well (it keeps the clock, the
 * ward's answers and which slots were seen); nothing is to be done then and slot_ended() is not called.
 *
 * A running slot keeps the policy it began with: while slot_state.slot is not empty the caller keeps the directive whose
 * serial is slot_state.serial and gives it as facts.began, beside the newest as `d`. Policy and times are the old ones;
 * holds, withdrawals, leases and what is approved are the newest. */
#ifndef MAMORI_PLAN_SLOT_H
#define MAMORI_PLAN_SLOT_H

#include "plan/directive.h"

enum slot_act {
	SLOT_WAIT, /* nothing before `until` (0: until something changes) */
	SLOT_STAGE, /* download ahead: patches */
	SLOT_NOTIFY, /* tell the ward: what, when, with the choices that `ask` names */
	SLOT_STOP_SERVICES, /* services */
	SLOT_PRE_SCRIPT,
	SLOT_WITHDRAW, /* go back from these patches */
	SLOT_INSTALL, /* a new pass: patches */
	SLOT_POST_SCRIPT,
	SLOT_RESTART_SERVICES, /* enough instead of a reboot */
	SLOT_REBOOT,
	SLOT_RESCAN, /* look again what is missing */
	SLOT_HEALTH, /* health check: services that ran before run again */
	SLOT_START_SERVICES, /* services that SLOT_STOP_SERVICES stopped */
	SLOT_CLOSE, /* the slot is over, `reason` says how: report. slot_begin() alone ends it */
	SLOT_ACTS
};
const char *slot_act_name(enum slot_act a); /* "install" */

/* Why nothing starts, or why this starts: one code, one sentence (slot_why). The states of doc/api.md follow from it. */
enum slot_reason {
	SLOT_OPEN,
	SLOT_NOTHING_APPROVED,
	SLOT_CLEAN, /* everything approved is in */
	SLOT_BEFORE_WINDOW,
	SLOT_NO_WINDOW,
	SLOT_AFTER_CUTOFF,
	SLOT_TOO_SHORT, /* the learned duration does not fit before cutoff or ready-by */
	SLOT_HELD,
	SLOT_NO_LEASE,
	SLOT_DIRECTIVE_EXPIRED,
	SLOT_CLOCK, /* the clock jumped: nothing starts until a contact confirms it or it ran on for an hour */
	SLOT_BUSY_INPUT, /* somebody works on it */
	SLOT_BUSY_PROCESS,
	SLOT_WARD_CHOOSES, /* skipped too often: the ward must name a time */
	SLOT_DISK_FULL,
	SLOT_BATTERY,
	SLOT_NOT_STAGED,
	SLOT_PRE_FAILED,
	SLOT_INSTALL_FAILED,
	SLOT_HEALTH_FAILED,
	SLOT_REBOOT_WAITS, /* prompt, idle or its own window; or the policy says never */
	SLOT_REBOOTS_USED_UP,
	SLOT_MISSED, /* was off; what the missed rule says */
	SLOT_INTERRUPTED, /* a crash ended this pass */
	SLOT_EMERGENCY,
	SLOT_DONE,
	SLOT_ATOMIC, /* install and reboot are one unit, and the reboot cannot be done in this slot */
	SLOT_WARD_CHOSE, /* the ward chose another time */
	SLOT_STEPS, /* its services are stopped; waits for the other hosts of the server system */
	SLOT_FINISHED, /* this slot had its turn; waits for the next */
	SLOT_REASONS
};
const char *slot_reason_name(enum slot_reason r); /* "before-window" */

/* What made the slot. */
enum slot_kind {
	SLOT_BY_WINDOW,
	SLOT_BY_EMERGENCY, /* outside windows, no reboot unless its rule says so */
	SLOT_BY_MISSED, /* made up for a slot that the machine was off for */
	SLOT_BY_WARD, /* the time that the ward chose */
	SLOT_BY_REBOOT, /* only a reboot that an earlier slot left: its own window, a prompt's answer or deadline */
	SLOT_KINDS
};
const char *slot_kind_name(enum slot_kind k);

enum slot_step {
	SLOT_STEP_IDLE,
	SLOT_STEP_TOLD, /* SLOT_NOTIFY inside a slot */
	SLOT_STEP_STOPPED,
	SLOT_STEP_PRE,
	SLOT_STEP_WITHDRAW,
	SLOT_STEP_INSTALL,
	SLOT_STEP_POST,
	SLOT_STEP_SERVICES,
	SLOT_STEP_REBOOT,
	SLOT_STEP_RESCAN,
	SLOT_STEP_HEALTH,
	SLOT_STEP_STARTED,
	SLOT_STEP_STAGE, /* inside a slot */
	SLOT_STEPS_ALL
};

enum { SLOT_FINISHED_MAX = 64, SLOT_PASSES_MAX = 16 };
/* The reboot of a unit that was installed in time may start so long after its lease; nobody else's begins before. */
enum { SLOT_LEASE_LATE_MS = 15 * 60 * 1000 };

struct slot_finished {
	struct str id;
	int64_t at;
	enum slot_reason how;
	enum slot_kind kind;
	unsigned passes, reboots;
};

/* What a host keeps durably between turns. Strings are the owner's. Zeroed: a new host. */
struct slot_state {
	/* the slot in work */
	struct str slot; /* its id; empty: none */
	enum slot_kind kind;
	int64_t start, end, cutoff, ready_by; /* of it: a running slot keeps the policy it began with */
	int64_t serial; /* of the directive it began with */
	bool emergency; /* kind is SLOT_BY_EMERGENCY */
	unsigned pass; /* from 1; stamped before its work starts */
	enum slot_step step; /* under way when begun, else the last one that ended */
	bool begun; /* the step's work was begun: slot_begin() was made durable */
	int64_t stamped;
	struct str boot; /* boot id when the step was begun */
	unsigned reboots, failures;
	bool pre_done, rebooted; /* in this pass */
	bool interrupted, failed_pre, failed_health, progress;
	unsigned installed; /* in this slot */
	struct str_list stopped; /* services to start again before the slot closes */
	/* across slots */
	struct str policy; /* the name of the policy that `accounted` is about */
	int64_t accounted; /* slots that ended before were seen or closed: what starts later and passes is missed */
	struct str waited; /* the open slot that nothing was begun in yet, and why not */
	enum slot_reason blocked;
	int64_t waited_start, waited_end;
	unsigned skips; /* slots skipped for processes that run */
	unsigned deferrals; /* of slots by the ward, since the last one that was done */
	int64_t reboot_pending_since, ward_time; /* the time that the ward chose, 0 none */
	unsigned asks; /* how often the ward was asked about the reboot that is due … */
	int64_t asked_since, ask_at; /* … since when, and when to ask again */
	bool consent; /* to that reboot */
	bool reboot_vain; /* the last one did not cure what asked for it: no more until something is installed */
	int64_t install_ms, reboot_ms; /* learned here: moving averages, 0 unknown */
	int64_t told; /* the slot start that the ward was told of */
	int64_t stage_tried; /* the last try that failed, 0 none */
	int64_t clock_seen; /* the latest time believed */
	int64_t clock_doubt; /* when a jump was noticed, by the clock that jumped; 0 none */
	struct slot_finished finished[SLOT_FINISHED_MAX]; /* newest first */
	unsigned finished_count;
};

/* The answers of the calendar for a stretch of time, so that most turns need none. The caller's, zeroed at first; never
 * part of an answer: with or without it the decision is the same. Not to be shared between hosts. */
struct slot_cache {
	const struct directive *directive;
	const struct window *windows;
	const struct zone *device;
	int64_t serial, from, until; /* valid for from ≤ now < until */
	struct slot open[4]; /* latest start first */
	unsigned open_count;
	bool has_next, has_reboot, has_reboot_next;
	struct slot next, reboot, reboot_next;
};

/* What is true now. */
struct slot_facts {
	int64_t now; /* the later of clock and last signed time */
	bool clock_jumped; /* against the monotonic clock, since the last turn */
	int64_t confirmed; /* when a contact last agreed with this clock; 0: not since the start */
	struct str host, boot;
	const struct zone *device;
	const struct directive *began; /* of the slot in work; NULL: the newest */
	struct slot_cache *cache; /* NULL: none */
	const struct str *missing; /* approved by nobody or not: what the package manager would install */
	size_t missing_count;
	const bool *staged; /* beside missing */
	const struct str *removable; /* of the directive's withdrawn patches: installed, and the manager can go back */
	size_t removable_count;
	bool reboot_needed; /* kernel, or libraries still mapped that a restart of services cannot cure */
	bool services_need_restart;
	int64_t idle; /* since the last input; −1: nobody could be at it */
	bool logged_on; /* and gave input since: an automatic logon alone is none */
	struct str running_process; /* of while-running; empty: none */
	bool disk_short, on_battery;
	struct str local_hold; /* by the ward, at the machine: reason; empty none */
	int64_t local_hold_until;
	/* The ward's answers; slot_begin() takes them over: forget them once its state is durable. */
	bool ward_now; /* the ward said: now */
	int64_t ward_later; /* the ward said: at this time */
	bool reboot_consent;
};

struct slot_decision {
	enum slot_act act;
	enum slot_reason reason;
	enum slot_kind kind;
	int64_t until; /* look again then; 0: when something changes */
	struct slot slot; /* the one in work, or the next; window NULL when no window made it; start 0: none */
	struct str slot_id;
	unsigned pass;
	bool ask_now, ask_later, ask_hold; /* SLOT_NOTIFY */
	struct str detail; /* process, hold's reason, … */
	struct str by; /* whose hold; empty: the ward's, at the machine */
	struct str script; /* the agent's: why a script kept it from beginning the last slot */
	int64_t held_until; /* 0: until released */
	struct str
		*patches; /* SLOT_INSTALL, SLOT_STAGE, SLOT_WITHDRAW; SLOT_NOTIFY, SLOT_WAIT: what is about to come */
	size_t patch_count;
	struct str_list services; /* SLOT_STOP_SERVICES, SLOT_START_SERVICES */
	bool reboot_pending; /* an install waits for its reboot */
	int64_t expires_soon; /* the directive's end, when it is near: a warning ahead; 0: not near */
	bool announce; /* SLOT_CLOSE of an emergency: tell the ward that it is over */
	/* For slot_begin(). */
	bool missed_waits; /* a missed slot still waits for being made up */
	bool doubted; /* the clock */
	struct str open_id; /* the open window that nothing begins in, and why not */
	enum slot_reason open_reason;
	int64_t open_start, open_end;
};

void slot_decide(const struct directive *d, const struct slot_state *s, const struct slot_facts *f, struct arena *a,
		 struct slot_decision *out);
/* The state to be made durable before the act is done. True: it has changed in something that must not be lost (for
 * SLOT_WAIT mostly false: then only the clock went on). New strings are in the arena. */
bool slot_begin(struct slot_state *s, const struct directive *d, const struct slot_decision *decision,
		const struct slot_facts *f, struct arena *a);

struct slot_result {
	bool ok;
	unsigned installed, failed; /* SLOT_INSTALL */
	int64_t took; /* milliseconds */
};
/* SLOT_REBOOT: only when it could not be started; otherwise slot_recover() hears of it after the boot. */
void slot_ended(struct slot_state *s, const struct slot_decision *d, const struct slot_result *r,
		const struct slot_facts *f, struct arena *a);
/* Called first after every start: ends what a crash left begun. *interrupted: the act that was under way, SLOT_WAIT none.
 * After a reboot that was ours the pass goes on with its rescan. */
void slot_recover(struct slot_state *s, const struct slot_facts *f, struct arena *a, enum slot_act *interrupted);
/* A copy whose strings live in this arena: states outlive the turn they were made in. */
void slot_state_copy(struct arena *a, const struct slot_state *from, struct slot_state *to);

/* The slot is open and its lease is of no use now (held, in use, nothing to do …): the host hands it back with its next
 * check-in, and the server gives it to the next, so that one machine of a pair does not keep the other from its turn. */
bool slot_lease_unused(const struct slot_decision *d);

/* The id of the slot that the directive's emergency patches make (for its lease); empty: it has none. */
struct str slot_emergency_id(struct arena *a, const struct directive *d, struct str host);
/* What the lease is for of a machine of a pair whose emergencies are only mitigated: no slot, nothing is installed in it.
 * Empty: it is no such machine. */
struct str slot_mitigate_id(struct arena *a, const struct directive *d, struct str host);
#define SLOT_MITIGATE "/emergency/mitigate/" /* in its id */
#define SLOT_MITIGATE_MS (2LL * 3600 * 1000) /* so long; then it is the other one's turn */

/* One sentence, in English as the catalogue has it (base/sentence.h); times by the host's zone. */
struct str slot_why(struct arena *a, const struct directive *d, const struct slot_decision *decision,
		    const struct slot_facts *f);

void slot_state_write(const struct slot_state *s, struct json_writer *w);
bool slot_state_parse(struct arena *a, struct str text, struct slot_state *out, struct err *e) MUST_CHECK;

#endif
