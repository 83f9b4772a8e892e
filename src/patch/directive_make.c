#include "patch/directive_make.h"

#include "base/sentence.h"
#include "base/time.h"
#include "store/emergency.h"

static const int64_t HOUR = 3600000LL;
static const int64_t DAY = 86400000LL;

/* A host that is cut off has most of its time left, whenever that happens. */
static int64_t
renewal(const struct policy *p)
{
	int64_t every = p->offline_for / 14;
	return every < HOUR ? HOUR : every > DAY ? DAY : every;
}

static struct str
document_of(struct arena *a, const struct directive *d)
{
	BUF_AUTO text = { 0 };
	directive_write(d, &(struct json_writer){ .out = &text });
	return arena_str(a, buf_str(&text));
}

/* The same in all that matters to the host. */
static struct str
digest_of(struct arena *a, const struct directive *d)
{
	struct directive plain = *d;
	plain.serial = plain.issued = plain.expires = 0;
	char hex[SHA256_HEX_LEN];
	sha256_hex(document_of(a, &plain), hex);
	return arena_str(a, str_of(hex));
}

static bool
sign(const struct directive_maker *m, struct arena *a, const struct directive *d, struct directive_row *row,
     struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	if (!signed_write(&w, m->order_key, "directive", document_of(a, d), e))
		return false;
	row->serial = d->serial;
	row->issued = d->issued;
	row->expires = d->expires;
	row->signed_text = arena_str(a, buf_str(&text));
	return true;
}

static void
wishes_fill(const struct outlook *o, struct arena *a, struct directive_work *w)
{
	w->stages = ARENA_ARRAY(a, struct str, o->count + 1);
	w->emergencies = ARENA_ARRAY(a, struct str, o->count + 1);
	for (size_t i = 0; i < o->count; i++) {
		const struct patch_outlook *p = &o->patches[i];
		if (!p->stage_known)
			w->stages[w->stage_count++] = p->row.patch;
		if (p->approval.emergency && !p->emergency_since)
			w->emergencies[w->emergency_count++] = p->row.patch;
	}
}

/* Updates whose time has come when its next slot begins: what its ward is told. */
static int64_t
goes_next(const struct directive_maker *m, const struct outlook *o, const struct directive *d)
{
	struct calendar_world world = { policy_set_device(m->set, &o->host), d->zones, d->zone_count, &d->lists };
	struct slot next;
	int64_t by = m->set->now, count = 0;
	if (calendar_current(&d->policy.install, &world, o->host.id, by, &next) && next.start > by)
		by = next.start;
	for (size_t i = 0; i < o->count; i++)
		count += o->patches[i].goes && o->patches[i].since <= by;
	return count;
}

bool
directive_make(const struct directive_maker *m, struct arena *a, struct str host, struct directive_work *out,
	       struct err *e)
{
	struct outlook o;
	struct directive d;
	struct directive_work w = { .host = host };
	int64_t now = m->set->now;
	if (!directive_row_get(m->set->st, a, host, &w.row, e) || !outlook_make(m->set, a, host, &o, e))
		return err_wrap(e, "the directive of host %.*s", STR_ARG(host));
	w.row.due = o.due;
	w.row.policy = o.governed ? o.policy.policy.name : STR("");
	w.row.ring_policy = o.governed && o.policy.origin[POLICY_RINGS].len ? o.policy.origin[POLICY_RINGS] : STR("");
	w.row.ring = (int64_t)o.ring;
	w.row.lease_needed = o.lease_needed;
	w.row.steps = o.steps.member ? o.steps.state : -1;
	w.row.goes = 0;
	wishes_fill(&o, a, &w);
	/* Where no policy says anything there is nothing to obey; but one that was obeyed must be taken back. */
	if (!o.governed && !w.row.serial) {
		*out = w;
		return true;
	}
	if (!outlook_directive(m->set, &o, a, &d, e))
		return err_wrap(e, "the directive of host %.*s", STR_ARG(o.host.name));
	w.row.goes = goes_next(m, &o, &d);
	d.server = m->server;
	struct str digest = digest_of(a, &d);
	w.changed = !str_eq(digest, w.row.digest) || w.row.issued + renewal(&d.policy) <= now;
	if (w.changed) {
		/* Seconds of the clock as a floor: a server put back to a backup does not fall behind its hosts. */
		d.serial = w.row.serial + 1 > now / 1000 ? w.row.serial + 1 : now / 1000;
		d.issued = now;
		d.expires = now + d.policy.offline_for;
		w.row.digest = digest;
		if (!sign(m, a, &d, &w.row, e))
			return false;
	}
	int64_t again = w.row.issued + renewal(&d.policy);
	if (again < w.row.due)
		w.row.due = again;
	*out = w;
	return true;
}

bool
directive_keep(struct store *st, struct arena *a, const struct directive_work *w, int64_t now, struct str **announced,
	       size_t *announced_count, struct err *e)
{
	struct str *begun = ARENA_ARRAY(a, struct str, w->emergency_count + 1);
	size_t count = 0;
	if (!directive_row_put(st, &w->row, e))
		return false;
	for (size_t i = 0; w->row.ring_policy.len && i < w->stage_count; i++)
		if (!ring_stage_want(st, w->row.ring_policy, w->stages[i], e))
			return false;
	for (size_t i = 0; i < w->emergency_count; i++) {
		bool added;
		if (!emergency_begin(st, w->emergencies[i], now, &added, e))
			return false;
		if (added)
			begun[count++] = w->emergencies[i];
	}
	*announced = begun;
	*announced_count = count;
	return true;
}
