/* What the files of the asker share. ask.c has the life of a question, ask-keep.c the commits, ask-authority.c who may be asked when,
 * ask-dns.c, ask-whois.c and ask-http.c how it is asked. All on one thread and one event loop.
 *
 * A question goes: fresh → (stored answer) | queue of its authority → leaving → logged and committed → away → outcome →
 * logged, stored and committed → callbacks. Only what is committed leaves, only what is committed is told. */
#ifndef MAMORI_SURFACE_ASK_INTERNAL_H
#define MAMORI_SURFACE_ASK_INTERNAL_H

#include "base/buf.h"
#include "base/table.h"
#include "surface/ask.h"
#include "surface/query-log.h"

struct event;
struct event_base;
struct ask;

/* Times in milliseconds. Tests have no patience. */
struct ask_tuning {
	int64_t backoff, backoff_max; /* before another try: doubled each time, with jitter */
	int64_t limited; /* after an answer that says "too many questions" */
	int64_t retry_after_max; /* who asks for a longer pause is given up for this run */
	unsigned tries; /* of one question at one server */
	unsigned faults, faults_dns; /* in a row, until a source is given up */
	unsigned gather; /* how long answers and questions are gathered for one commit */
	unsigned whois_connect, whois_silence, whois_whole;
	unsigned http_silence_s, http_whole_s;
	unsigned dns_patience, dns_tries, vet_patience, vet_tries;
	size_t body_max; /* of any HTTP answer, 0: each service's own */
};
/* Before the first question. */
void asker_tune(struct asker *k, const struct ask_tuning *t);
extern const struct ask_tuning ask_tuning_default;

/* One server, base URL or zone: who is asked at a rate. */
struct ask_authority {
	char *name;
	enum service service;
	struct ask *head, *tail;
	struct ask_authority *next; /* of those with a queue */
	bool active, given_up;
	uint32_t away, away_max;
	int64_t interval, full_at; /* µs: the bucket */
	int64_t not_before, held_since; /* µs */
	unsigned faults; /* in a row */
	struct buf why; /* the last */
};

struct ask_outcome {
	enum answer_kind kind;
	int status; /* of HTTP; of DNS without data the rcode */
	struct buf body, from, why;
	int64_t at;
};

typedef void ask_inner_fn(struct asker *k, void *tag, const struct answer *a);

/* Who wants to know. */
struct ask_tag {
	struct ask_tag *next;
	ask_inner_fn *inner; /* NULL: the caller */
	void *tag;
};

enum ask_place { ASK_FRESH, ASK_QUEUED, ASK_LATER, ASK_LEAVING, ASK_AWAY, ASK_ASIDE, ASK_DONE };

struct ask {
	struct ask *same; /* in the table of all */
	struct ask *next; /* in the list it is in */
	struct question question;
	struct ask_tag tag;
	struct ask_authority *authority;
	void *work; /* the transport's */
	struct ask_outcome *outcome;
	int64_t due; /* µs, of one that is to be tried again */
	int64_t line; /* of the log, the first */
	uint64_t hash;
	uint8_t place, tries;
	bool away; /* counted so at its authority */
	bool known, had_data; /* an answer is stored; it had data */
	char text[];
};

struct ask_list {
	struct ask *head, *tail;
	size_t count;
};

struct ask_transport {
	/* Finds whom to ask next and calls ask_queue(), or ends it, or sets it aside until something is known. */
	void (*route)(struct asker *k, struct ask *q);
	void (*with)(struct asker *k, const struct ask *q, struct buf *out); /* for the log */
	void (*send)(struct asker *k, struct ask *q);
	void (*drop)(struct asker *k, struct ask *q); /* frees work, ends what is under way */
	unsigned away_max;
};
extern const struct ask_transport ask_transport_dns, ask_transport_whois, ask_transport_http, ask_transport_confirm;

struct ask_dns;
struct ask_whois;
struct ask_http;

struct asker {
	struct asker_options o;
	struct ask_tuning tuning;
	struct arena arena;
	char *folder;
	int lock;
	struct store *st;
	struct query_log *log;
	int64_t run;
	struct event_base *base;
	struct event *turn_event, *second_event;
	bool turn_soon, running, stopped, broken;
	struct err failed;

	struct ask **all; /* by hash */
	size_t all_size, all_count;
	struct ask_list fresh, later, leaving, done;
	int64_t later_due;
	struct table authorities; /* "service name" → struct ask_authority */
	struct ask_authority *active;
	unsigned away[SERVICES];
	uint64_t answered, waiting;

	struct coverage coverage[SERVICES];
	struct buf last_failure[SERVICES];
	struct ask_dns *dns;
	struct ask_whois *whois;
	struct ask_http *http;
};

int64_t ask_clock(void); /* monotonic, µs */
/* Something is to be done: now, or with the next commit. */
void ask_wake(struct asker *k, bool now);
/* A question of the asker's own. */
void ask_inner(struct asker *k, enum service s, struct str what, ask_inner_fn *inner, void *tag);
const struct ask_transport *ask_transport(enum service s);

/* *told: an answer was stored that counts, and it was told; q is gone. */
bool ask_look_up(struct asker *k, struct ask *q, bool *told, struct err *e) MUST_CHECK;
/* One commit; then what was logged leaves, and what was stored is told. */
bool ask_flush(struct asker *k, struct err *e) MUST_CHECK;
/* To everybody who put it. q is gone behind this. */
void ask_tell(struct asker *k, struct ask *q, struct answer *a);

/* ---- ends of a question; q may be gone ---- */
struct ask_outcome *ask_outcome(struct ask *q);
/* Came with an answer (or a failure) from outside: to be committed, then told. */
void ask_ended(struct asker *k, struct ask *q, enum answer_kind kind, int status, struct str from, struct str body);
void ask_failed(struct asker *k, struct ask *q, struct str from, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Never left: told at once, neither stored nor logged. */
void ask_refused(struct asker *k, struct ask *q, enum answer_kind kind, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* This try brought nothing: another one later (true), or no more tries (false). limited: the whole source rests.
 * pause: milliseconds, −1: as the tuning says. */
bool asking_again(struct asker *k, struct ask *q, int64_t pause, bool limited);
/* Another step of the same question, at another server: tries start anew. */
void ask_step(struct asker *k, struct ask *q);

/* ---- lists, and the table of all that wait ---- */
void ask_list_push(struct ask_list *l, struct ask *q, enum ask_place place);
struct ask *ask_list_pop(struct ask_list *l);
struct ask *ask_find(const struct asker *k, enum service s, struct str what, uint64_t hash);
void ask_add(struct asker *k, struct ask *q);
void ask_remove(struct asker *k, struct ask *q);

/* ---- authorities ---- */
struct ask_authority *ask_authority(struct asker *k, enum service s, struct str name);
/* In the queue of this authority, or refused because it was given up. */
void ask_queue(struct asker *k, struct ask *q, struct ask_authority *to);
/* A try ended well or badly. After too many bad ones in a row all that waits for it is refused. */
void ask_authority_fine(struct ask_authority *a);
void ask_authority_fault(struct asker *k, struct ask_authority *a, const char *why);
void ask_authority_give_up(struct asker *k, struct ask_authority *a, const char *why);
/* Takes what may leave now into k->leaving; returns µs until more may, −1: nothing waits for time. */
int64_t ask_authorities_pump(struct asker *k, size_t most);
void ask_authorities_free(struct asker *k);

/* ---- transports ---- */
/* Resolvers may be asked; before that their questions wait. */
bool ask_dns_ready(struct asker *k);
void ask_dns_turn(struct asker *k);
void ask_dns_free(struct asker *k);
/* The message of an answer that was stored as "nothing": header and question. */
void ask_dns_nothing(struct str what, int rcode, struct buf *out);
void ask_whois_free(struct asker *k);
void ask_http_free(struct asker *k);

#endif
