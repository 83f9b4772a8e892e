#include "surface/ask-internal.h"

#include "base/sentence.h"
#include "base/tr.h"
#include "os/file.h"
#include "trust/key.h"

#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

enum { WHAT_MAX = 4096, BATCH = 4096, SOON = 2048, LOOK_MOST = 4096, WHY_MAX = 600 };

const struct ask_tuning ask_tuning_default = {
	.backoff = 2000,
	.backoff_max = 120000,
	.limited = 30000,
	.retry_after_max = 600000,
	.tries = 4,
	.faults = 10,
	.faults_dns = 30,
	.gather = 20,
	.whois_connect = 10000,
	.whois_silence = 15000,
	.whois_whole = 60000,
	.http_silence_s = 30,
	.http_whole_s = 300,
	.dns_patience = 1000,
	.dns_tries = 8,
	.vet_patience = 1500,
	.vet_tries = 3,
};

int64_t
ask_clock(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const struct ask_transport *
ask_transport(enum service s)
{
	static const struct ask_transport *const of[SERVICES] = {
		[SERVICE_DNS] = &ask_transport_dns,         [SERVICE_WHOIS] = &ask_transport_whois,
		[SERVICE_RDAP] = &ask_transport_http,       [SERVICE_CRTSH] = &ask_transport_http,
		[SERVICE_CT] = &ask_transport_http,         [SERVICE_INTERNETDB] = &ask_transport_http,
		[SERVICE_SHODAN] = &ask_transport_http,     [SERVICE_CENSYS] = &ask_transport_http,
		[SERVICE_EXPOSURE] = &ask_transport_http,   [SERVICE_PAGE] = &ask_transport_http,
		[SERVICE_CONFIRM] = &ask_transport_confirm, [SERVICE_RDAP_SEARCH] = &ask_transport_http,
	};
	return of[s];
}

/* ---- the end of a question ---- */

static void
outcome_free(struct ask_outcome *o)
{
	if (!o)
		return;
	buf_free(&o->body);
	buf_free(&o->from);
	buf_free(&o->why);
	free(o);
}

static void
ask_free(struct asker *k, struct ask *q)
{
	ask_transport(q->question.service)->drop(k, q);
	for (struct ask_tag *t = q->tag.next, *next; t; t = next) {
		next = t->next;
		free(t);
	}
	outcome_free(q->outcome);
	free(q);
}

/* ---- putting ---- */

static void
put(struct asker *k, enum service s, struct str what, ask_inner_fn *inner, void *tag)
{
	uint64_t hash = str_hash(what, (uint64_t)s + 1);
	struct ask *q = ask_find(k, s, what, hash);
	if (q) {
		struct ask_tag *more = xcalloc(1, sizeof(*more));
		*more = (struct ask_tag){ .next = q->tag.next, .inner = inner, .tag = tag };
		q->tag.next = more;
		return;
	}
	q = xcalloc(1, sizeof(*q) + what.len + 1);
	memcpy(q->text, what.ptr, what.len);
	q->question = (struct question){ s, str_sub(q->text, what.len) };
	q->tag = (struct ask_tag){ .inner = inner, .tag = tag };
	q->hash = hash;
	ask_add(k, q);
	ask_list_push(&k->fresh, q, ASK_FRESH);
	ask_wake(k, true);
}

void
asker_put(struct asker *k, enum service s, struct str what, void *tag)
{
	k->coverage[s].put++;
	k->waiting++;
	put(k, s, str_head(what, WHAT_MAX), NULL, tag);
}

void
ask_inner(struct asker *k, enum service s, struct str what, ask_inner_fn *inner, void *tag)
{
	put(k, s, what, inner, tag);
}

void
ask_wake(struct asker *k, bool now)
{
	const struct timeval soon = { .tv_sec = k->tuning.gather / 1000, .tv_usec = k->tuning.gather % 1000 * 1000 };
	if (!k->running || k->turn_soon)
		return;
	if (now || k->done.count >= SOON) {
		k->turn_soon = true;
		event_active(k->turn_event, EV_TIMEOUT, 0);
	} else if (!event_pending(k->turn_event, EV_TIMEOUT, NULL)) {
		event_add(k->turn_event, &soon);
	} else {
		struct timeval at, clock, left;
		(void)event_pending(k->turn_event, EV_TIMEOUT, &at);
		gettimeofday(&clock, NULL);
		evutil_timersub(&at, &clock, &left);
		if (left.tv_sec > 0 || left.tv_usec > soon.tv_usec)
			event_add(k->turn_event, &soon);
	}
}

/* ---- telling ---- */

static void
count(struct coverage *c, const struct answer *a)
{
	c->data += a->kind == ANSWER_DATA;
	c->none += a->kind == ANSWER_NONE;
	c->failed += a->kind == ANSWER_FAILED;
	c->not_asked += a->kind == ANSWER_NOT_ASKED;
	c->stored += a->stored;
}

/* No longer away: another may leave. */
static void
back(struct asker *k, struct ask *q)
{
	if (q->away) {
		q->authority->away--;
		k->away[q->question.service]--;
	}
	q->away = false;
}

/* q is gone behind this. */
void
ask_tell(struct asker *k, struct ask *q, struct answer *a)
{
	enum service s = q->question.service;
	a->question = &q->question;
	back(k, q);
	ask_remove(k, q);
	if (k->all_count == 0)
		ask_wake(k, true);
	/* One of an earlier run says something where this one has none of its own. */
	if (a->kind == ANSWER_FAILED && a->why.len > 0 && (!a->stored || !k->last_failure[s].len)) {
		buf_truncate(&k->last_failure[s], 0);
		buf_add(&k->last_failure[s], a->why);
	}
	/* The first came first, the others stand in turned order. */
	for (struct ask_tag *t = &q->tag; t; t = t->next) {
		if (t->inner) {
			t->inner(k, t->tag, a);
			continue;
		}
		count(&k->coverage[s], a);
		k->waiting--;
		k->answered++;
		k->o.done(k->o.user, t->tag, a);
	}
	ask_free(k, q);
}

struct ask_outcome *
ask_outcome(struct ask *q)
{
	if (!q->outcome)
		q->outcome = xcalloc(1, sizeof(*q->outcome));
	return q->outcome;
}

static void
set_text(struct buf *b, struct str s)
{
	buf_truncate(b, 0);
	buf_add(b, s);
}

static void
done(struct asker *k, struct ask *q)
{
	back(k, q);
	q->outcome->at = clock_now(k->o.clock);
	ask_list_push(&k->done, q, ASK_DONE);
	ask_wake(k, false);
}

void
ask_ended(struct asker *k, struct ask *q, enum answer_kind kind, int status, struct str from, struct str body)
{
	struct ask_outcome *o = ask_outcome(q);
	o->kind = kind;
	o->status = status;
	set_text(&o->from, from);
	set_text(&o->body, body);
	done(k, q);
}

void
ask_failed(struct asker *k, struct ask *q, struct str from, const char *fmt, ...)
{
	struct ask_outcome *o = ask_outcome(q);
	va_list ap;
	o->kind = ANSWER_FAILED;
	set_text(&o->from, from);
	buf_truncate(&o->why, 0);
	buf_truncate(&o->body, 0);
	va_start(ap, fmt);
	buf_addfv(&o->why, fmt, ap);
	va_end(ap);
	if (q->line > 0) {
		done(k, q);
		return;
	}
	/* It never left. */
	struct answer a = { .kind = ANSWER_FAILED, .why = buf_str(&o->why), .from = buf_str(&o->from) };
	a.at = clock_now(k->o.clock);
	ask_tell(k, q, &a);
}

void
ask_refused(struct asker *k, struct ask *q, enum answer_kind kind, const char *fmt, ...)
{
	BUF_AUTO why = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_addfv(&why, fmt, ap);
	va_end(ap);
	if (q->line > 0) { /* an earlier step of it did leave */
		ask_failed(k, q, STR(""), "%s", buf_cstr(&why));
		return;
	}
	struct answer a = { .kind = kind, .why = buf_str(&why), .at = clock_now(k->o.clock) };
	ask_tell(k, q, &a);
}

void
ask_step(struct asker *k, struct ask *q)
{
	back(k, q);
	q->authority = NULL;
	q->place = ASK_ASIDE;
	q->tries = 0;
}

bool
asking_again(struct asker *k, struct ask *q, int64_t pause, bool limited)
{
	uint32_t jitter;
	struct ask_authority *to = q->authority;
	if (++q->tries >= k->tuning.tries || to->given_up)
		return false;
	if (pause < 0) {
		random_bytes(&jitter, sizeof(jitter));
		pause = (limited ? k->tuning.limited : k->tuning.backoff) << (q->tries - 1);
		pause = pause > k->tuning.backoff_max ? k->tuning.backoff_max : pause;
		/* Between half and one and a half of it. */
		pause = pause / 2 + (pause > 0 ? (int64_t)(jitter % (uint64_t)pause) : 0);
	}
	back(k, q);
	q->due = ask_clock() + pause * 1000;
	if (limited && q->due > to->not_before)
		to->not_before = q->due;
	if (k->later.count == 0 || q->due < k->later_due)
		k->later_due = q->due;
	ask_list_push(&k->later, q, ASK_LATER);
	ask_wake(k, false);
	return true;
}

/* ---- turns ---- */

static bool
look_at_fresh(struct asker *k, struct err *e)
{
	for (size_t i = 0; i < LOOK_MOST && k->fresh.head; i++) {
		bool told;
		struct ask *q = ask_list_pop(&k->fresh);
		q->place = ASK_ASIDE;
		if (!ask_look_up(k, q, &told, e))
			return false;
		if (told)
			continue;
		if (k->o.offline)
			ask_refused(k, q, ANSWER_NOT_ASKED, "%s", tr("offline: nobody is asked"));
		else if (k->o.sources->disabled[q->question.service])
			ask_refused(k, q, ANSWER_NOT_ASKED, tr("%s is disabled in the sources file"),
				    service_name(q->question.service));
		else
			ask_transport(q->question.service)->route(k, q);
	}
	return true;
}

/* Of one moment of the store: a lock for each look would cost more than the look. Nothing behind it writes. */
static bool
take_fresh(struct asker *k, struct err *e)
{
	if (!k->fresh.head)
		return true;
	if (!store_snapshot(k->st, e))
		return false;
	bool ok = look_at_fresh(k, e);
	store_rollback(k->st);
	return ok;
}

static void
take_later(struct asker *k, int64_t now)
{
	struct ask_list waiting = k->later;
	if (waiting.count == 0 || k->later_due > now)
		return;
	k->later = (struct ask_list){ 0 };
	k->later_due = INT64_MAX;
	for (struct ask *q; (q = ask_list_pop(&waiting));) {
		if (q->due <= now) {
			ask_queue(k, q, q->authority);
			continue;
		}
		k->later_due = q->due < k->later_due ? q->due : k->later_due;
		ask_list_push(&k->later, q, ASK_LATER);
	}
}

static void
turn(struct asker *k, struct err *e)
{
	int64_t now = ask_clock();
	if (!take_fresh(k, e))
		return;
	take_later(k, now);
	ask_dns_turn(k);
	int64_t wait = ask_authorities_pump(k, BATCH);
	if (!ask_flush(k, e))
		return;
	if (k->later.count > 0) {
		int64_t left = k->later_due > now ? k->later_due - now : 0;
		wait = wait < 0 || left < wait ? left : wait;
	}
	if (k->done.count > 0)
		wait = 0;
	if (k->fresh.head)
		ask_wake(k, true);
	else if (wait >= 0 && !k->turn_soon) {
		/* No finer than a commit is worth. */
		int64_t least = (int64_t)k->tuning.gather * 1000;
		wait = wait < least ? least : wait;
		const struct timeval in = { .tv_sec = wait / 1000000, .tv_usec = wait % 1000000 };
		event_add(k->turn_event, &in);
	}
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct asker *k = arg;
	struct err e = { 0 };
	(void)fd, (void)what;
	k->turn_soon = false;
	turn(k, &e);
	if (e.code != ERR_NONE)
		k->failed = e;
	if (k->failed.code != ERR_NONE || k->all_count == 0)
		event_base_loopbreak(k->base);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct asker *k = arg;
	(void)fd, (void)what;
	if (k->o.progress)
		k->o.progress(k->o.user, k->answered, k->waiting);
	if (k->o.stop && k->o.stop(k->o.user)) {
		k->stopped = true;
		event_base_loopbreak(k->base);
	}
}

/* Connections that end while we write must not end the process; of this thread alone, and what waited before goes on waiting. */
struct quiet_pipe {
	sigset_t old;
	bool waited;
};

static void
quiet_end(struct quiet_pipe *p)
{
	sigset_t pipe_only;
	const struct timespec none = { 0 };
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	while (!p->waited && sigtimedwait(&pipe_only, NULL, &none) > 0)
		;
	pthread_sigmask(SIG_SETMASK, &p->old, NULL);
}

static void
quiet_begin(struct quiet_pipe *p)
{
	sigset_t pipe_only, pending;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	p->waited = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &p->old);
}

bool
asker_run(struct asker *k, struct err *e)
{
	/* What is stored is read in whatever language later. */
	LANG_ENGLISH_AUTO;
	__attribute__((cleanup(quiet_end))) struct quiet_pipe quiet;
	const struct timeval second = { .tv_sec = 1 };
	quiet_begin(&quiet);
	if (k->broken)
		return err_set(e, ERR_CONFLICT, "the answers in %s could not be kept a moment ago; start a new run",
			       k->folder);
	k->failed = (struct err){ 0 };
	k->stopped = false;
	if (k->all_count == 0)
		return true;
	k->running = true;
	event_add(k->second_event, &second);
	k->turn_soon = false;
	ask_wake(k, true);
	if (k->o.stop && k->o.stop(k->o.user))
		k->stopped = true;
	else
		event_base_dispatch(k->base);
	event_del(k->second_event);
	event_del(k->turn_event);
	k->running = k->turn_soon = false;
	if (k->failed.code != ERR_NONE) {
		if (e)
			*e = k->failed;
		return err_wrap(e, "keeping the answers in %s", k->folder);
	}
	if (k->o.progress)
		k->o.progress(k->o.user, k->answered, k->waiting);
	if (!k->stopped)
		return true;
	/* What was answered is kept. */
	if (!ask_flush(k, e))
		return err_wrap(e, "keeping the answers in %s", k->folder);
	return err_set(e, ERR_BUSY, "stopped with %llu questions unanswered; run it again to go on",
		       (unsigned long long)k->waiting);
}

/* ---- opening and closing ---- */

static bool
begin_run(struct asker *k, struct err *e)
{
	struct log_row line = { .at = clock_now(k->o.clock), .event = QUERY_RUN };
	line.what = k->o.offline ? STR("offline") : k->o.again ? STR("again") : STR("");
	if (!store_begin(k->st, e))
		return false;
	if (answers_run_next(k->st, line.at, &k->run, e) && query_log_add(k->log, &line, e) &&
	    query_log_seal(k->log, e) && store_commit(k->st, e))
		return true;
	store_rollback(k->st);
	return false;
}

bool
asker_open(const struct asker_options *o, struct asker **out, struct err *e)
{
	struct asker *k = xcalloc(1, sizeof(*k));
	ARENA_AUTO a = { 0 };
	k->o = *o;
	k->tuning = ask_tuning_default;
	k->folder = xstrdup(o->folder);
	k->lock = -1;
	k->o.shodan_key = arena_str(&k->arena, o->shodan_key);
	k->o.censys_key = arena_str(&k->arena, o->censys_key);
	k->base = event_base_new();
	if (!k->base)
		abort();
	k->turn_event = event_new(k->base, -1, 0, on_turn, k);
	k->second_event = event_new(k->base, -1, EV_PERSIST, on_second, k);
	if (!k->turn_event || !k->second_event)
		abort();
	if (!dir_make(o->folder, 0700, e) || !file_lock(path_join(&a, o->folder, "answers.lock"), &k->lock, e) ||
	    !answers_open(path_join(&a, o->folder, "answers.db"), STORE_WRITE, &k->st, e) ||
	    !query_log_open(k->st, o->folder, &k->log, e) || !begin_run(k, e)) {
		asker_close(k);
		return false;
	}
	*out = k;
	return true;
}

void
asker_tune(struct asker *k, const struct ask_tuning *t)
{
	k->tuning = *t;
}

struct coverage
asker_coverage(const struct asker *k, enum service s)
{
	struct coverage c = k->coverage[s];
	c.last_failure = buf_str(&k->last_failure[s]);
	return c;
}

void
asker_close(struct asker *k)
{
	struct err ignored = { 0 };
	if (!k)
		return;
	for (size_t i = 0; i < k->all_size; i++)
		for (struct ask *q = k->all[i], *next; q; q = next) {
			next = q->same;
			ask_free(k, q);
		}
	ask_dns_free(k);
	ask_whois_free(k);
	ask_http_free(k);
	ask_authorities_free(k);
	/* What was not committed may not be told of. */
	if (k->run > 0 && !k->broken)
		(void)!query_log_end(k->log, &ignored);
	query_log_free(k->log);
	store_close(k->st);
	event_free(k->turn_event);
	event_free(k->second_event);
	event_base_free(k->base);
	fd_cleanup(&k->lock);
	for (size_t s = 0; s < SERVICES; s++)
		buf_free(&k->last_failure[s]);
	free(k->all);
	free(k->folder);
	arena_free(&k->arena);
	free(k);
}
