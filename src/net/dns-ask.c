#include "net/address.h"
#include "net/dns-ask-internal.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { PATIENCE_MIN_US = 100000, PATIENCE_MAX_US = 5000000, BURST = 10 };

int64_t
ask_time(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

uint16_t
ask_random(struct dns_ask *a)
{
	if (a->random_at + 2 > sizeof(a->random)) {
		/* Blocks only before the kernel's pool is ready, at the machine's start. */
		for (size_t have = 0; have < sizeof(a->random);) {
			ssize_t n = getrandom(a->random + have, sizeof(a->random) - have, 0);
			have += n > 0 ? (size_t)n : 0;
		}
		a->random_at = 0;
	}
	a->random_at += 2;
	return (uint16_t)(a->random[a->random_at - 2] << 8 | a->random[a->random_at - 1]);
}

static uint32_t
index_of(const struct dns_ask *a, const struct ask_question *q)
{
	return (uint32_t)(q - a->question);
}

/* ---- the wheel ---- */

static void
wheel_add(struct dns_ask *a, struct ask_question *q, int64_t due)
{
	int64_t tick = due / ASK_TICK_US + 1;
	if (tick <= a->tick)
		tick = a->tick + 1;
	/* What is farther away is looked at once a turn. */
	if (tick >= a->tick + ASK_WHEEL)
		tick = a->tick + ASK_WHEEL - 1;
	q->due = due;
	q->slot = (uint32_t)(tick % ASK_WHEEL);
	q->prev = ASK_NONE;
	q->next = a->wheel[q->slot];
	if (q->next != ASK_NONE)
		a->question[q->next].prev = index_of(a, q);
	a->wheel[q->slot] = index_of(a, q);
}

static void
wheel_remove(struct dns_ask *a, struct ask_question *q)
{
	if (q->prev != ASK_NONE)
		a->question[q->prev].next = q->next;
	else
		a->wheel[q->slot] = q->next;
	if (q->next != ASK_NONE)
		a->question[q->next].prev = q->prev;
}

/* ---- the list of what may be sent ---- */

static void
ready_push(struct dns_ask *a, struct ask_question *q)
{
	q->state = ASK_READY;
	q->next = ASK_NONE;
	if (a->ready_head == ASK_NONE)
		a->ready_head = index_of(a, q);
	else
		a->question[a->ready_tail].next = index_of(a, q);
	a->ready_tail = index_of(a, q);
}

struct ask_question *
ask_ready_pop(struct dns_ask *a)
{
	if (a->ready_head == ASK_NONE)
		return NULL;
	struct ask_question *q = &a->question[a->ready_head];
	a->ready_head = q->next;
	return q;
}

void
ask_ready_unpop(struct dns_ask *a, struct ask_question *q)
{
	if (a->ready_head == ASK_NONE)
		a->ready_tail = index_of(a, q);
	q->state = ASK_READY;
	q->next = a->ready_head;
	a->ready_head = index_of(a, q);
}

/* ---- politeness ---- */

/* When this authority may be given one more packet; the turn is taken. When all places are busy a strange bucket is
 * shared: slower, never faster. */
static int64_t
turn_of(struct dns_ask *a, uint64_t authority)
{
	struct ask_bucket *b = NULL, *spare = NULL;
	if (a->interval == 0)
		return a->now;
	for (size_t i = 0; i < 16; i++) {
		struct ask_bucket *at = &a->bucket[(authority + i) % ASK_BUCKETS];
		if (at->authority == authority) {
			b = at;
			break;
		}
		if (!spare && at->full_at <= a->now)
			spare = at;
	}
	if (!b && spare)
		*spare = (struct ask_bucket){ .authority = authority };
	if (!b)
		b = spare ? spare : &a->bucket[authority % ASK_BUCKETS];
	int64_t from = b->full_at > a->now ? b->full_at : a->now;
	b->full_at = from + a->interval;
	int64_t at = from - BURST * a->interval;
	return at > a->now ? at : a->now;
}

/* To be sent not before due, and when the authority's bucket allows. */
static void
schedule(struct dns_ask *a, struct ask_question *q, int64_t due)
{
	int64_t turn = turn_of(a, q->authority);
	if (turn > due)
		due = turn;
	if (due <= a->now) {
		ready_push(a, q);
		return;
	}
	ask_wait(a, q, due);
}

/* ---- the life of a question ---- */

static void
finish(struct dns_ask *a, struct ask_question *q, enum dns_ask_end end, const struct dns_message *message)
{
	/* The callback may ask, and the place may be taken. */
	struct dns_name name = q->name;
	void *user = q->user;
	struct dns_ask_result r = {
		.end = end,
		.name = &name,
		.type = q->type,
		.message = message,
		.rcode = message ? message->rcode : (enum dns_rcode)q->rcode,
		.resolver = a->resolver[q->resolver].text,
		.tries = q->tries,
		.tcp = q->answered_tcp,
	};
	q->state = ASK_FREE;
	q->next = a->free;
	a->free = index_of(a, q);
	a->used--;
	a->counts.answered += end == DNS_ASK_ANSWERED;
	a->counts.failed += end == DNS_ASK_FAILED;
	a->counts.unknown += end == DNS_ASK_UNKNOWN;
	a->done(a->user, user, &r);
}

void
ask_await(struct dns_ask *a, struct ask_question *q, enum ask_state state, int64_t due)
{
	q->state = (uint8_t)state;
	q->sent_at = a->now;
	a->in_flight++;
	wheel_add(a, q, due);
}

void
ask_recall(struct dns_ask *a, struct ask_question *q)
{
	wheel_remove(a, q);
	a->in_flight--;
	if (q->state == ASK_TCP)
		ask_tcp_close(q);
	else
		a->socket[q->socket].by_id[q->id] = ASK_NONE;
}

int64_t
ask_patience(const struct dns_ask *a, const struct ask_question *q)
{
	int64_t patience = a->resolver[q->resolver].patience << (q->tries > 6 ? 5 : q->tries - 1);
	return patience > PATIENCE_MAX_US ? PATIENCE_MAX_US : patience;
}

void
ask_wait(struct dns_ask *a, struct ask_question *q, int64_t due)
{
	q->state = ASK_WAITING;
	wheel_add(a, q, due);
}

void
ask_again(struct dns_ask *a, struct ask_question *q)
{
	q->want_tcp = false;
	if (q->tries >= a->tries) {
		finish(a, q, q->rcode ? DNS_ASK_FAILED : DNS_ASK_UNKNOWN, NULL);
		return;
	}
	schedule(a, q, a->now);
}

/* A resolver that says no: the next one at once, and after all of them a pause. */
static void
refused(struct dns_ask *a, struct ask_question *q, unsigned rcode)
{
	bool edns = (rcode == DNS_FORMERR || rcode == DNS_NOTIMP) && !q->plain;
	q->rcode = (uint8_t)rcode;
	q->plain |= edns;
	if (edns || q->tries >= a->tries || q->tries % a->resolvers != 0)
		ask_again(a, q);
	else
		schedule(a, q, a->now + ask_patience(a, q));
}

static void
patience_learn(struct dns_ask *a, struct ask_resolver *r, int64_t took)
{
	if (r->smooth == 0) {
		r->smooth = took + 1;
		r->spread = took / 2;
	} else {
		int64_t off = took > r->smooth ? took - r->smooth : r->smooth - took;
		r->spread += (off - r->spread) / 4;
		r->smooth += (took - r->smooth) / 8;
	}
	int64_t p = r->smooth + 4 * r->spread;
	if (p < PATIENCE_MIN_US)
		p = PATIENCE_MIN_US;
	r->patience = p > a->patience_max ? a->patience_max : p;
}

/* Every record and its data, so that nobody behind us meets a fault. */
static bool
well_formed(const struct dns_message *m)
{
	struct dns_reader reader = { .message = m };
	struct dns_record r;
	struct dns_data d;
	while (dns_record_next(&reader, &r))
		if (dns_data_read(&r, &d) != DNS_FINE)
			return false;
	return reader.fault == DNS_FINE;
}

/* An error may come without its question, and then has nothing else. */
static bool
is_about(const struct dns_message *m, const struct ask_question *q)
{
	if (!(m->flags & DNS_QR) || m->id != q->id)
		return false;
	if (!m->has_question)
		return m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN && m->len == DNS_HEADER;
	return m->type == q->type && m->class == DNS_IN && dns_name_eq(&m->name, &q->name);
}

bool
ask_take(struct dns_ask *a, struct ask_question *q, const unsigned char *bytes, size_t len)
{
	struct dns_message m;
	if (dns_message_read(bytes, len, &m) != DNS_FINE) {
		a->counts.malformed++;
		return false;
	}
	if (!is_about(&m, q)) {
		a->counts.strange++;
		return false;
	}
	bool tcp = q->state == ASK_TCP, cut = (m.flags & DNS_TC) && !tcp;
	/* Whoever sends rubbish is given its time to send better. */
	if (!cut && !well_formed(&m)) {
		a->counts.malformed++;
		return false;
	}
	if (!tcp)
		patience_learn(a, &a->resolver[q->resolver], a->now - q->sent_at);
	ask_recall(a, q);
	q->answered_tcp = tcp;
	if (cut) {
		q->want_tcp = true;
		schedule(a, q, a->now);
	} else if (m.rcode == DNS_NOERROR || m.rcode == DNS_NXDOMAIN) {
		finish(a, q, DNS_ASK_ANSWERED, &m);
	} else {
		refused(a, q, m.rcode);
	}
	return true;
}

/* ---- time ---- */

static void
expire(struct dns_ask *a, struct ask_question *q)
{
	if (q->due > a->now) { /* farther away than a turn of the wheel */
		wheel_remove(a, q);
		wheel_add(a, q, q->due);
	} else if (q->state == ASK_WAITING) {
		wheel_remove(a, q);
		ready_push(a, q);
	} else {
		a->counts.late++;
		ask_recall(a, q);
		ask_again(a, q);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct dns_ask *a = arg;
	ask_enter(a);
	int64_t to = a->now / ASK_TICK_US;
	if (to - a->tick > ASK_WHEEL)
		a->tick = to - ASK_WHEEL;
	while (a->tick < to) {
		a->tick++;
		uint32_t *head = &a->wheel[a->tick % ASK_WHEEL];
		while (*head != ASK_NONE)
			expire(a, &a->question[*head]);
	}
	ask_leave(a);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct dns_ask *a = arg;
	a->flush_asked = false;
	ask_enter(a);
	ask_leave(a);
}

void
ask_enter(struct dns_ask *a)
{
	a->inside = true;
	a->now = ask_time();
}

void
ask_leave(struct dns_ask *a)
{
	static const struct timeval every = { .tv_usec = ASK_TICK_US };
	ask_send(a);
	a->inside = false;
	if ((a->used > 0) == a->ticking)
		return;
	a->ticking = a->used > 0;
	if (a->ticking)
		event_add(a->tick_event, &every);
	else
		event_del(a->tick_event);
}

bool
dns_ask(struct dns_ask *a, const struct dns_name *name, uint16_t type, uint64_t authority, void *question,
	struct err *e)
{
	if (a->free == ASK_NONE)
		return err_set(e, ERR_BUSY, "%u DNS questions are under way already; ask again when one is answered",
			       a->pending_max);
	struct ask_question *q = &a->question[a->free];
	a->free = q->next;
	/* Not the whole struct: most names are a tenth of the room for one. */
	q->name.len = name->len;
	memcpy(q->name.wire, name->wire, name->len);
	q->type = type;
	q->tries = 0;
	q->resolver = (uint8_t)(a->turn++ % a->resolvers);
	q->plain = q->want_tcp = q->answered_tcp = false;
	q->rcode = 0;
	q->user = question;
	q->tcp = NULL;
	q->authority = authority;
	if (authority == 0 && a->interval > 0) {
		struct dns_name zone;
		unsigned labels = dns_name_labels(name);
		dns_name_parent(name, labels > 2 ? labels - 2 : 0, &zone);
		q->authority = dns_name_hash(&zone, 0);
	}
	a->used++;
	a->counts.asked++;
	if (!a->inside) {
		a->now = ask_time();
		/* Nothing is on the wheel of one that slept. */
		if (!a->ticking && a->used == 1)
			a->tick = a->now / ASK_TICK_US;
		if (!a->flush_asked)
			event_active(a->flush_event, EV_TIMEOUT, 0);
		a->flush_asked = true;
	}
	schedule(a, q, a->now);
	return true;
}

size_t
dns_ask_room(const struct dns_ask *a)
{
	return a->pending_max - a->used;
}

struct dns_ask_counts
dns_ask_counts(const struct dns_ask *a)
{
	return a->counts;
}

static bool
resolver_parse(const char *text, struct ask_resolver *r, struct err *e)
{
	struct address at;
	uint64_t port = 0;
	if (!address_parse(str_of(text), &at, NULL) || !str_to_u64(str_of(at.port), &port) || port == 0)
		return err_set(e, ERR_USAGE, "\"%s\" is not a resolver; write it as 192.0.2.53:53 or [2001:db8::53]:53",
			       text);
	if (inet_pton(AF_INET, at.host, &r->address.in.sin_addr) == 1) {
		r->address.in.sin_family = AF_INET;
		r->address.in.sin_port = htons((uint16_t)port);
		r->len = sizeof(r->address.in);
	} else if (inet_pton(AF_INET6, at.host, &r->address.in6.sin6_addr) == 1) {
		r->address.in6.sin6_family = AF_INET6;
		r->address.in6.sin6_port = htons((uint16_t)port);
		r->len = sizeof(r->address.in6);
	} else {
		return err_set(e, ERR_USAGE, "the resolver %s is a name; write its address", text);
	}
	snprintf(r->text, sizeof(r->text), "%s", text);
	return true;
}

static void *
room(size_t count, size_t size)
{
	void *p = calloc(count, size);
	if (!p)
		abort();
	return p;
}

static unsigned
or_else(unsigned value, unsigned otherwise, unsigned most)
{
	value = value ? value : otherwise;
	return value > most ? most : value;
}

static struct dns_ask *
ask_prepare(struct event_base *base, const struct dns_ask_options *o)
{
	struct dns_ask *a = room(1, sizeof(*a));
	a->base = base;
	a->done = o->done;
	a->user = o->user;
	a->dnssec = o->dnssec;
	a->random_at = sizeof(a->random);
	a->pending_max = or_else(o->pending_max, 10000, 1000000);
	a->in_flight_max = or_else(o->in_flight_max, 1000, 50000);
	a->tries = or_else(o->tries, 8, 100);
	a->patience_max = (int64_t)or_else(o->patience_ms, 500, 60000) * 1000;
	a->interval = o->rate < 0 ? 0 : 1000000 / (int64_t)or_else((unsigned)o->rate, 30, 1000000);
	a->question = room(a->pending_max, sizeof(*a->question));
	for (uint32_t i = 0; i < a->pending_max; i++)
		a->question[i].next = i + 1 < a->pending_max ? i + 1 : ASK_NONE;
	a->ready_head = a->ready_tail = ASK_NONE;
	memset(a->wheel, 0xff, sizeof(a->wheel));
	a->bucket = a->interval ? room(ASK_BUCKETS, sizeof(*a->bucket)) : NULL;
	a->resolver = room(o->resolver_count + 1, sizeof(*a->resolver));
	a->tick_event = event_new(base, -1, EV_PERSIST, on_tick, a);
	a->flush_event = event_new(base, -1, 0, on_flush, a);
	if (!a->tick_event || !a->flush_event)
		abort();
	return a;
}

bool
dns_ask_new(struct event_base *base, const struct dns_ask_options *o, struct dns_ask **out, struct err *e)
{
	bool family[2] = { 0 }, ok = true;
	if (o->resolver_count == 0 || o->resolver_count > DNS_ASK_RESOLVERS_MAX)
		return err_set(e, ERR_USAGE, "%zu resolvers are named; name 1 to %d", o->resolver_count,
			       DNS_ASK_RESOLVERS_MAX);
	struct dns_ask *a = ask_prepare(base, o);
	for (size_t i = 0; ok && i < o->resolver_count; i++) {
		struct ask_resolver *r = &a->resolver[a->resolvers++];
		r->patience = a->patience_max;
		ok = resolver_parse(o->resolvers[i], r, e);
		family[r->address.any.sa_family == AF_INET6] = true;
	}
	a->turn = ask_random(a);
	for (unsigned f = 0; ok && f < 2; f++)
		ok = !family[f] || ask_sockets_open(a, f, or_else(o->sockets, 8, ASK_SOCKETS_MAX), e);
	if (!ok) {
		dns_ask_free(a);
		return false;
	}
	*out = a;
	return true;
}

void
dns_ask_free(struct dns_ask *a)
{
	if (!a)
		return;
	for (uint32_t i = 0; i < a->pending_max; i++)
		if (a->question[i].state == ASK_TCP)
			ask_tcp_close(&a->question[i]);
	ask_sockets_close(a);
	event_free(a->tick_event);
	event_free(a->flush_event);
	free(a->resolver);
	free(a->bucket);
	free(a->question);
	free(a);
}
