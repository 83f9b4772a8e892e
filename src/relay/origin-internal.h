/* What origin.c (who asks, the thread), transfer.c with part.c, attempt.c and ending.c (one file on its way) and finish.c (what is done with a file that
 * has come) share. A transfer belongs to the uplink thread; finish.c gets it when no byte will come any more. */
#ifndef MAMORI_RELAY_ORIGIN_INTERNAL_H
#define MAMORI_RELAY_ORIGIN_INTERNAL_H

#include "base/arena.h"
#include "relay/answer.h"
#include "relay/learn.h"
#include "relay/limit.h"
#include "relay/origin.h"

#include <curl/curl.h>
#include <semaphore.h>

enum {
	FLOW_SLOTS = 256,
	STAGE_BYTES = 256 << 10,
	ROUTES_MAX = 8,
};

enum pause {
	PAUSE_NONE,
	PAUSE_LIMIT, /* the hour's bytes are used up */
	PAUSE_READERS, /* no disk: who reads must go on first */
};

/* Why a transfer was broken off from our side. */
enum verdict {
	VERDICT_NONE,
	VERDICT_RESTART, /* what lies there is no part of this: from the beginning */
	VERDICT_WRONG, /* not what was signed */
	VERDICT_TOO_LARGE,
	VERDICT_NO_ROOM,
	VERDICT_NOBODY, /* no disk to keep it, and nobody reads */
	VERDICT_GARBLED, /* no HTTP that can be trusted */
};

struct transfer_state {
	struct transfer_state *next, **link; /* active ones */
	struct uplink *u;
	struct flow *flow; /* with a reference */
	struct blob *blob; /* with a reference; not the flow's before the head is there */
	CURL *curl; /* NULL between attempts */
	struct curl_slist *headers;
	char *part; /* path; NULL: no file */
	char *location; /* where a redirect led, or NULL */
	char *via;
	struct cache_entry have_entry; /* conditional: what the cache has */
	bool conditional;
	struct cache_entry entry; /* what the cache gets, once all of it is here */
	uint64_t have, skip, total;
	uint64_t hashed; /* how much of it has been digested */
	uint64_t told; /* how much of it readers were called for */
	struct sha256_stream *sha;
	bool resumed, listed_of, spilled, keep;
	char validator[136]; /* of what lies there: for If-Range */
	struct answer answer;
	bool head_done, accepted;
	size_t discarded, head_bytes;
	enum pause pause;
	int64_t paused_at, retry_at; /* monotonic; retry_at: 0 unless it waits */
	enum verdict verdict;
	unsigned route, failures, redirects, restarts;
	uint64_t have_before; /* at the beginning of the attempt */
	char error[CURL_ERROR_SIZE];
};

/* A thread, and what waits for it. */
struct clerk {
	struct uplink *u;
	_Atomic(struct transfer_state *) jobs; /* the last first */
	struct transfer_state *taken; /* its own; the first first */
	_Atomic size_t count;
	sem_t ready;
	pthread_t thread;
	bool runs;
	_Atomic bool stop;
};

struct uplink {
	struct uplink_options o;
	struct learner learner;
	CURLM *multi;
	pthread_t thread;
	bool thread_runs;
	_Atomic bool stop;
	_Atomic int64_t end_at; /* monotonic: when it has to be over; 0: it runs */
	char *proxy_url; /* --proxy with user and password in it, or NULL */
	char *ca_file; /* our own CA, for relays further out; or NULL */

	pthread_mutex_t mutex; /* table, fresh, workers */
	pthread_cond_t changed;
	struct flow *table[FLOW_SLOTS];
	struct transfer_state *fresh, **fresh_end; /* asked for, not seen by the thread yet */
	struct clerk digester; /* digests what was passed on without a known digest; has time */
	struct clerk keeper; /* takes files into the cache */
	unsigned workers; /* threads of finish.c beside these two */

	/* Of the thread. */
	struct transfer_state *queued, **queued_end; /* wait until there are fewer active ones */
	bool room; /* somebody of these may begin */
	struct transfer_state *active;
	size_t active_count;
	struct transfer_state *staged_of; /* whose bytes lie in stage */
	size_t staged;
	char *stage; /* STAGE_BYTES */
	struct bucket bucket;
	_Atomic uint64_t bytes_fetched, mismatches, fetches;
	_Atomic int64_t ok, failed;
};

int64_t monotonic_ms(void);
void uplink_wake(struct uplink *u);
/* Tells everybody who waits for this flow. */
void flow_stir(struct uplink *u, struct flow *f);
/* The state changes once; then the flow is out of the table unless it is only DONE (see flow_unlist). */
void flow_end(struct uplink *u, struct flow *f, enum flow_state state, int status, const char *why);
/* Nobody new gets this flow. */
void flow_unlist(struct uplink *u, struct flow *f);

/* part.c */
void part_open(struct transfer_state *t); /* what lies there and cannot be gone on with is cut off */
void part_remove(struct transfer_state *t);
void part_restart(struct transfer_state *t); /* before anybody was given any of it */
void part_note(struct transfer_state *t, const char *validator); /* what it is a part of */
void part_reread(struct transfer_state *t); /* digests a slice of what lay there */
/* Whoever reads it does not wait for its digest: nothing is known to compare it with. */
bool part_is_lazy(const struct transfer_state *t);
bool part_digest(struct transfer_state *t,
		 uint64_t until); /* reads what is not digested yet; false: it cannot be read */
bool part_has_room(const struct transfer_state *t); /* on the disk, with something left for others */
/* From here on bytes lie in memory, at most a window before the slowest reader; nothing is kept. False: no memory. */
bool part_spill(struct transfer_state *t);
/* How far the slowest reader is; what lies before it in memory is given back. */
uint64_t part_slowest(struct transfer_state *t, bool *nobody);
bool part_memory_has_room(struct transfer_state *t);

/* attempt.c */
unsigned attempt_routes(const struct uplink *u); /* relays further out; 0: origins are asked themselves */
void attempt_start(struct transfer_state *t);
void attempt_end(struct transfer_state *t);

/* ending.c */
void transfer_complete(struct transfer_state *t); /* all of it is here: is it the right one? */
void transfer_done(struct transfer_state *t, CURLcode rc);

/* transfer.c */
size_t transfer_on_header(char *bytes, size_t size, size_t count, void *user);
size_t transfer_on_body(char *bytes, size_t size, size_t count, void *user);
bool transfer_verdict(struct transfer_state *t, enum verdict v); /* false */
void transfer_note(struct transfer_state *t); /* what the origin says of the file goes to the flow */
struct transfer_state *transfer_new(struct uplink *u, struct flow *f, const struct flow_ask *ask);
void transfer_free(struct transfer_state *t);
void transfer_begin(struct transfer_state *t);
/* What came in this round goes to its part; before anything ends. */
void transfer_flush(struct uplink *u);
/* Calls readers for what came in this round. */
void transfer_tell(struct transfer_state *t);
/* Between two rounds of the thread: reads again what lay there, tries again, goes on after a pause. */
void transfer_step(struct transfer_state *t, int64_t now);
/* When transfer_step wants to be called next, milliseconds from now; -1: no need. */
int transfer_delay(const struct transfer_state *t, int64_t now);
void transfer_retire(struct transfer_state *t); /* out of the active ones */
/* Ends the flow without a file. */
void transfer_fail(struct transfer_state *t, int status, const char *why);
/* Lets everything be read. */
void transfer_release(struct transfer_state *t);

/* finish.c: owns t from here. */
void finish_start(struct transfer_state *t);
bool finish_open(struct uplink *u) MUST_CHECK; /* starts the clerks */
/* A learning flow: runs on a thread of its own. */
void finish_learn(struct transfer_state *t);
void finish_wait(struct uplink *u);
bool finish_fetch(void *user, struct str url, struct buf *out, struct err *e);

#endif
