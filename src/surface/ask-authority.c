/* Who may be asked when: a bucket for each zone, server or base URL, and what was given up for this run. */
#include "base/tr.h"
#include "surface/ask-internal.h"

#include <stdlib.h>

enum { BURST = 5, TAKE_EACH = 16, UNLIMITED = 1000000 };

static int64_t
interval_of(const struct asker *k, enum service s)
{
	double rate = k->o.sources->rate[s];
	if (rate >= UNLIMITED)
		return 0;
	return rate > 0.0001 ? (int64_t)(1e6 / rate) : 1000000;
}

static uint32_t
away_max(const struct asker *k, enum service s)
{
	if (s != SERVICE_DNS)
		return 2;
	double rate = k->o.sources->rate[s];
	return rate >= UNLIMITED ? UINT32_MAX : 20 + (uint32_t)(2 * rate);
}

struct ask_authority *
ask_authority(struct asker *k, enum service s, struct str name)
{
	BUF_AUTO key = { 0 };
	buf_addf(&key, "%s %.*s", service_name(s), STR_ARG(name));
	struct ask_authority *a = table_get(&k->authorities, buf_str(&key));
	if (a)
		return a;
	a = xcalloc(1, sizeof(*a));
	a->name = arena_cstr(&k->arena, name);
	a->service = s;
	a->interval = interval_of(k, s);
	a->away_max = away_max(k, s);
	*table_put(&k->authorities, arena_str(&k->arena, buf_str(&key)), NULL) = a;
	return a;
}

void
ask_authorities_free(struct asker *k)
{
	struct table_slot *slot;
	for (size_t i = 0; table_next(&k->authorities, &i, &slot);) {
		struct ask_authority *a = slot->value;
		buf_free(&a->why);
		free(a);
	}
	table_free(&k->authorities);
}

static void
refuse(struct asker *k, struct ask *q, const struct ask_authority *a)
{
	ask_refused(k, q, ANSWER_FAILED, tr("%s was given up for this run: %.*s"), a->name, STR_ARG(buf_str(&a->why)));
}

void
ask_queue(struct asker *k, struct ask *q, struct ask_authority *to)
{
	q->authority = to;
	if (to->given_up) {
		refuse(k, q, to);
		return;
	}
	q->place = ASK_QUEUED;
	q->next = NULL;
	if (to->head)
		to->tail->next = q;
	else
		to->head = q;
	to->tail = q;
	if (!to->active) {
		to->active = true;
		to->next = k->active;
		k->active = to;
	}
	ask_wake(k, false);
}

void
ask_authority_fine(struct ask_authority *a)
{
	a->faults = 0;
}

void
ask_authority_give_up(struct asker *k, struct ask_authority *a, const char *why)
{
	a->given_up = true;
	buf_truncate(&a->why, 0);
	buf_add(&a->why, str_of(why));
	while (a->head) {
		struct ask *q = a->head;
		a->head = q->next;
		refuse(k, q, a);
	}
}

void
ask_authority_fault(struct asker *k, struct ask_authority *a, const char *why)
{
	unsigned most = a->service == SERVICE_DNS ? k->tuning.faults_dns : k->tuning.faults;
	if (++a->faults >= most && !a->given_up)
		ask_authority_give_up(k, a, why);
}

/* µs until the head of the queue may leave; 0: now, −1: when another one ends. */
static int64_t
wait_of(const struct asker *k, const struct ask_authority *a, int64_t now)
{
	if (a->away >= a->away_max || k->away[a->service] >= ask_transport(a->service)->away_max)
		return -1;
	int64_t at = a->full_at - BURST * a->interval;
	if (a->not_before > at)
		at = a->not_before;
	return at > now ? at - now : 0;
}

static struct ask *
take(struct asker *k, struct ask_authority *a, int64_t now)
{
	struct ask *q = a->head;
	a->head = q->next;
	if (a->interval > 0)
		a->full_at = (a->full_at > now ? a->full_at : now) + a->interval;
	if (a->held_since > 0)
		k->coverage[a->service].waited_ms += (now - a->held_since) / 1000;
	a->held_since = 0;
	q->away = true;
	a->away++;
	k->away[a->service]++;
	return q;
}

/* At most so many of one, so that a zone with a million names does not keep the others waiting. */
static int64_t
pump_one(struct asker *k, struct ask_authority *a, int64_t now, size_t most)
{
	int64_t wait = 0;
	for (size_t i = 0; i < TAKE_EACH && a->head; i++) {
		wait = wait_of(k, a, now);
		if (wait != 0 || k->leaving.count >= most)
			break;
		ask_list_push(&k->leaving, take(k, a, now), ASK_LEAVING);
	}
	if (wait > 0 && a->held_since == 0)
		a->held_since = now;
	return a->head ? wait : -1;
}

int64_t
ask_authorities_pump(struct asker *k, size_t most)
{
	int64_t soonest = -1, now = ask_clock();
	size_t before;
	do {
		before = k->leaving.count;
		soonest = -1;
		for (struct ask_authority **at = &k->active, *a; (a = *at);) {
			bool held = a->service == SERVICE_DNS && a->head && !ask_dns_ready(k);
			int64_t wait = held ? -1 : pump_one(k, a, now, most);
			if (wait >= 0 && (soonest < 0 || wait < soonest))
				soonest = wait;
			if (a->head) {
				at = &a->next;
				continue;
			}
			*at = a->next;
			a->active = false;
		}
	} while (k->leaving.count > before && k->leaving.count < most);
	return soonest;
}
