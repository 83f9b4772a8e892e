/* DNS questions through resolvers (net/dns-ask.h), which are looked at first: one that answers for names that cannot exist, or
 * that is silent, is not used. */
#include "base/codec.h"
#include "base/tr.h"
#include "net/dns-ask.h"
#include "os/file.h"
#include "surface/ask-internal.h"
#include "surface/domain.h"
#include "trust/key.h"

#include <stdlib.h>

enum { AWAY_MAX = 4000, IN_FLIGHT = 2000, RESOLV_CONF_MAX = 65536, UNLIMITED = 1000000 };

/* Names that cannot exist: %s is random, a name of 80 bits for each. */
static const char *const impossible[] = { "%s.com", "www.%s.jp", "%s.org", "mail.%s.net", "%s.invalid" };

struct vetting {
	struct asker *k;
	struct str resolver;
	struct dns_ask *ask;
	unsigned left, fine, lied, refused, silent;
	char lie[DNS_NAME_TEXT];
};

struct ask_dns {
	enum { DNS_UNKNOWN, DNS_WANTED, DNS_VETTING, DNS_READY, DNS_BROKEN } state;
	struct vetting *vetting;
	size_t count, left;
	struct dns_ask *ask;
	ARRAY_OF(struct resolver_fault) faults;
	struct buf why; /* of being broken */
};

static struct ask_dns *
dns_of(struct asker *k)
{
	if (!k->dns)
		k->dns = xcalloc(1, sizeof(*k->dns));
	return k->dns;
}

/* ---- questions ---- */

static bool
question_read(struct str what, struct dns_name *name, uint16_t *type)
{
	struct str word, rest;
	return str_split(what, ' ', &word, &rest) && dns_type_parse(word, type) && dns_name_parse(rest, name, NULL);
}

/* Whose servers bear it: the registrable domain; of reverse names the zone of a /16 or of a /32, which is as far as registries
 * delegate at once. */
static struct str
zone_of(struct str what)
{
	struct str type, name, zone;
	unsigned labels = 0, keep = 0;
	(void)str_split(what, ' ', &type, &name);
	if (str_ends(name, STR(".in-addr.arpa")))
		keep = 4;
	else if (str_ends(name, STR(".ip6.arpa")))
		keep = 10;
	for (size_t i = name.len; keep > 0 && i > 0; i--)
		if (name.ptr[i - 1] == '.' && ++labels == keep)
			return str_skip(name, i);
	zone = keep > 0 ? name : domain_registrable(name);
	return zone.len > 0 ? zone : name;
}

void
ask_dns_nothing(struct str what, int rcode, struct buf *out)
{
	struct dns_name name;
	uint16_t type;
	unsigned char *bytes = (unsigned char *)buf_reserve(out, DNS_QUERY_MAX);
	if (!question_read(what, &name, &type))
		return;
	out->len += dns_query_write(&(struct dns_query){ .type = type, .name = &name, .recurse = true }, bytes);
	bytes[2] |= DNS_QR >> 8;
	bytes[3] = (unsigned char)(DNS_RA | (rcode & 15));
}

/* ---- resolvers ---- */

/* Those of this machine; a name server on a link (fe80::1%eth0) is not taken. */
static size_t
machine_resolvers(struct arena *a, struct str *into, size_t most)
{
	BUF_AUTO text = { 0 };
	size_t count = 0;
	struct str rest, line, word, address;
	if (!file_read("/etc/resolv.conf", RESOLV_CONF_MAX, &text, NULL))
		return 0;
	rest = buf_str(&text);
	while (count < most && str_line(&rest, &line)) {
		if (!str_word(&line, &word) || !str_eq(word, STR("nameserver")) || !str_word(&line, &address) ||
		    str_find_char(address, '%') >= 0)
			continue;
		into[count++] = str_find_char(address, ':') >= 0 ? arena_printf(a, "[%.*s]:53", STR_ARG(address))
								 : arena_printf(a, "%.*s:53", STR_ARG(address));
	}
	return count;
}

static void
fault(struct asker *k, struct str resolver, struct str why)
{
	*ARRAY_PUSH(&k->arena, &k->dns->faults) = (struct resolver_fault){ resolver, arena_str(&k->arena, why) };
}

const struct resolver_fault *
asker_resolver_faults(const struct asker *k, size_t *count)
{
	*count = k->dns ? k->dns->faults.count : 0;
	return k->dns ? k->dns->faults.items : NULL;
}

static void
on_vetted(void *user, void *question, const struct dns_ask_result *r)
{
	struct vetting *v = user;
	(void)question;
	if (r->end == DNS_ASK_UNKNOWN)
		v->silent++;
	else if (r->end == DNS_ASK_FAILED)
		v->refused++;
	else if (r->message->count[DNS_ANSWER] > 0) {
		v->lied++;
		(void)dns_name_text(r->name, v->lie);
	} else
		v->fine++;
	/* Judged in the next turn: here nothing may be freed. */
	if (--v->left == 0)
		ask_wake(v->k, true);
}

static bool
probe_logged(struct asker *k, struct str resolver, struct str name, struct err *e)
{
	BUF_AUTO what = { 0 };
	buf_addf(&what, "A %.*s", STR_ARG(name));
	struct log_row line = { .at = clock_now(k->o.clock), .event = QUERY_ASKED, .service = SERVICE_DNS };
	line.what = buf_str(&what);
	line.with = resolver;
	return query_log_add(k->log, &line, e);
}

/* The names for one resolver: each has its own, so that one's lie is not another's cache. */
static bool
vetting_names(struct asker *k, struct str resolver, struct dns_name names[COUNT(impossible)], struct err *e)
{
	for (size_t i = 0; i < COUNT(impossible); i++) {
		unsigned char bytes[10];
		BUF_AUTO random = { 0 };
		BUF_AUTO name = { 0 };
		random_bytes(bytes, sizeof(bytes));
		hex_encode(&random, bytes, sizeof(bytes));
		const char *at = strchr(impossible[i], '%');
		buf_add(&name, str_sub(impossible[i], (size_t)(at - impossible[i])));
		buf_add(&name, buf_str(&random));
		buf_add(&name, str_of(at + 2));
		if (!dns_name_parse(buf_str(&name), &names[i], e) || !probe_logged(k, resolver, buf_str(&name), e))
			return false;
	}
	return true;
}

static bool
vet_one(struct asker *k, struct vetting *v, const struct dns_name names[COUNT(impossible)], struct err *e)
{
	const char *resolver = v->resolver.ptr;
	struct dns_ask_options o = { .resolvers = &resolver,
				     .resolver_count = 1,
				     .done = on_vetted,
				     .user = v,
				     .pending_max = COUNT(impossible),
				     .sockets = 1,
				     .patience_ms = k->tuning.vet_patience,
				     .tries = k->tuning.vet_tries,
				     .rate = DNS_ASK_NO_LIMIT };
	if (!dns_ask_new(k->base, &o, &v->ask, e))
		return false;
	for (size_t i = 0; i < COUNT(impossible); i++) {
		v->left++;
		if (!dns_ask(v->ask, &names[i], DNS_A, 1, NULL, e))
			return false;
	}
	return true;
}

static bool
vet_log(struct asker *k, struct vetting *all, size_t count, struct dns_name (*names)[COUNT(impossible)], struct err *e)
{
	bool ok = store_begin(k->st, e);
	for (size_t i = 0; ok && i < count; i++)
		ok = vetting_names(k, all[i].resolver, names[i], e);
	ok = ok && query_log_seal(k->log, e) && store_commit(k->st, e);
	if (!ok)
		store_rollback(k->st);
	k->broken |= !ok;
	return ok;
}

static void
broken(struct asker *k, const char *why)
{
	k->dns->state = DNS_BROKEN;
	buf_add(&k->dns->why, str_of(why));
	ask_wake(k, true);
}

static void
vet(struct asker *k)
{
	struct ask_dns *d = k->dns;
	struct str of_machine[DNS_ASK_RESOLVERS_MAX];
	const struct str *list = k->o.sources->resolvers;
	struct err e = { 0 };
	d->count = k->o.sources->resolver_count;
	if (d->count == 0) {
		d->count = machine_resolvers(&k->arena, of_machine, COUNT(of_machine));
		list = of_machine;
	}
	if (d->count > DNS_ASK_RESOLVERS_MAX)
		d->count = DNS_ASK_RESOLVERS_MAX;
	if (d->count == 0) {
		broken(k, tr("no resolver is known: name one in the sources file"));
		return;
	}
	d->state = DNS_VETTING;
	d->vetting = xcalloc(d->count, sizeof(*d->vetting));
	struct dns_name(*names)[COUNT(impossible)] = xcalloc(d->count, sizeof(*names));
	for (size_t i = 0; i < d->count; i++)
		d->vetting[i] = (struct vetting){ .k = k, .resolver = arena_str(&k->arena, list[i]) };
	if (!vet_log(k, d->vetting, d->count, names, &e))
		k->failed = e;
	for (size_t i = 0; e.code == ERR_NONE && i < d->count; i++) {
		struct err bad = { 0 };
		if (!vet_one(k, &d->vetting[i], names[i], &bad)) {
			fault(k, d->vetting[i].resolver, str_of(bad.text));
			d->vetting[i].left = 0;
			d->vetting[i].fine = 0;
		}
	}
	free(names);
	ask_wake(k, true);
}

/* ---- the verdict on a resolver ---- */

/* True: it may be used. */
static bool
judge(struct asker *k, const struct vetting *v)
{
	unsigned probes = COUNT(impossible);
	if (!v->ask)
		return false; /* said already */
	if (v->lied > 0)
		fault(k, v->resolver,
		      arena_printf(&k->arena, tr("it lies: it has an answer for %u of %u names that cannot exist (%s)"),
				   v->lied, probes, v->lie));
	else if (v->fine == 0 && v->silent > 0)
		fault(k, v->resolver,
		      arena_printf(&k->arena, tr("it is silent: none of %u questions was answered"), probes));
	else if (v->fine == 0)
		fault(k, v->resolver,
		      arena_printf(&k->arena, tr("it refuses: none of %u questions was taken"), probes));
	return v->lied == 0 && v->fine > 0;
}

static bool
verdict_logged(struct asker *k, const struct vetting *v, bool fine, struct err *e)
{
	const struct ask_dns *d = k->dns;
	struct log_row line = { .at = clock_now(k->o.clock), .event = QUERY_ANSWERED, .service = SERVICE_DNS };
	line.what = STR("resolver");
	line.with = v->resolver;
	line.kind = fine ? ANSWER_DATA : ANSWER_FAILED;
	if (!fine && d->faults.count > 0)
		line.why = d->faults.items[d->faults.count - 1].why;
	return query_log_add(k->log, &line, e);
}

static void on_answer(void *user, void *question, const struct dns_ask_result *r);

static void
resolvers_use(struct asker *k, const char *const *resolvers, size_t count)
{
	struct err e = { 0 };
	double rate = k->o.sources->rate[SERVICE_DNS];
	struct dns_ask_options o = { .resolvers = resolvers,
				     .resolver_count = count,
				     .done = on_answer,
				     .user = k,
				     .in_flight_max = IN_FLIGHT,
				     .patience_ms = k->tuning.dns_patience,
				     .tries = k->tuning.dns_tries };
	o.rate = rate >= UNLIMITED ? DNS_ASK_NO_LIMIT : rate < 1 ? 1 : (int)rate;
	if (dns_ask_new(k->base, &o, &k->dns->ask, &e))
		k->dns->state = DNS_READY;
	else
		broken(k, e.text);
}

static void
all_bad(struct asker *k)
{
	BUF_AUTO why = { 0 };
	buf_addf(&why, "%s", tr("no resolver can be used:"));
	for (size_t i = 0; i < k->dns->faults.count && i < 8; i++)
		buf_addf(&why, " %.*s: %.*s;", STR_ARG(k->dns->faults.items[i].resolver),
			 STR_ARG(k->dns->faults.items[i].why));
	buf_truncate(&why, why.len - 1);
	broken(k, buf_cstr(&why));
}

static void
vetted(struct asker *k)
{
	struct ask_dns *d = k->dns;
	const char *good[DNS_ASK_RESOLVERS_MAX];
	size_t count = 0;
	struct err e = { 0 };
	bool ok = store_begin(k->st, &e);
	for (size_t i = 0; i < d->count; i++) {
		struct vetting *v = &d->vetting[i];
		bool fine = judge(k, v);
		if (fine)
			good[count++] = v->resolver.ptr;
		ok = ok && verdict_logged(k, v, fine, &e);
		dns_ask_free(v->ask);
		v->ask = NULL;
	}
	free(d->vetting);
	d->vetting = NULL;
	ok = ok && query_log_seal(k->log, &e) && store_commit(k->st, &e);
	if (!ok) {
		store_rollback(k->st);
		k->broken = true;
		k->failed = e;
	}
	if (count > 0)
		resolvers_use(k, good, count);
	else
		all_bad(k);
}

bool
ask_dns_ready(struct asker *k)
{
	return dns_of(k)->state == DNS_READY;
}

static bool
vetting_ended(const struct ask_dns *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->vetting[i].left > 0)
			return false;
	return true;
}

void
ask_dns_turn(struct asker *k)
{
	struct ask_dns *d = k->dns;
	struct table_slot *slot;
	if (!d || (d->state != DNS_WANTED && d->state != DNS_VETTING))
		return;
	if (d->state == DNS_WANTED)
		vet(k);
	else if (vetting_ended(d))
		vetted(k);
	/* What waits for resolvers hears that there are none. */
	for (size_t i = 0; d->state == DNS_BROKEN && table_next(&k->authorities, &i, &slot);) {
		struct ask_authority *a = slot->value;
		if (a->service == SERVICE_DNS)
			ask_authority_give_up(k, a, buf_cstr(&d->why));
	}
}

void
ask_dns_free(struct asker *k)
{
	struct ask_dns *d = k->dns;
	if (!d)
		return;
	for (size_t i = 0; d->vetting && i < d->count; i++)
		dns_ask_free(d->vetting[i].ask);
	free(d->vetting);
	dns_ask_free(d->ask);
	buf_free(&d->why);
	free(d);
	k->dns = NULL;
}

/* ---- the transport ---- */

static void
route(struct asker *k, struct ask *q)
{
	struct ask_dns *d = dns_of(k);
	struct dns_name name;
	uint16_t type;
	if (!question_read(q->question.what, &name, &type)) {
		ask_refused(k, q, ANSWER_FAILED, "%s", tr("this is no question for DNS"));
		return;
	}
	/* In the turn's next step: what is logged is written, and here it is only read. */
	if (d->state == DNS_UNKNOWN)
		d->state = DNS_WANTED;
	if (d->state == DNS_BROKEN)
		ask_refused(k, q, ANSWER_FAILED, "%.*s", STR_ARG(buf_str(&d->why)));
	else
		ask_queue(k, q, ask_authority(k, SERVICE_DNS, zone_of(q->question.what)));
}

static void
with(struct asker *k, const struct ask *q, struct buf *out)
{
	/* Which of the resolvers it will be is told with the answer. */
}

static void
leave(struct asker *k, struct ask *q)
{
	struct dns_name name;
	uint16_t type;
	struct err e = { 0 };
	if (!question_read(q->question.what, &name, &type))
		return; /* route() saw that it is one */
	uint64_t zone = str_hash(str_of(q->authority->name), 0);
	if (!dns_ask(k->dns->ask, &name, type, zone ? zone : 1, q, &e))
		ask_failed(k, q, STR(""), "%s", e.text);
}

static void
not_answered(struct asker *k, struct ask *q, const struct dns_ask_result *r)
{
	char rcode[12];
	struct ask_authority *a = q->authority;
	BUF_AUTO why = { 0 };
	if (r->end == DNS_ASK_FAILED)
		buf_addf(&why, tr("the resolver says %s, after %u tries"), dns_rcode_text(r->rcode, rcode), r->tries);
	else
		buf_addf(&why, tr("no resolver answered in %u tries"), r->tries);
	ask_failed(k, q, str_of(r->resolver), "%s", buf_cstr(&why));
	ask_authority_fault(k, a, buf_cstr(&why));
}

static void
on_answer(void *user, void *question, const struct dns_ask_result *r)
{
	struct asker *k = user;
	struct ask *q = question;
	if (r->end != DNS_ASK_ANSWERED) {
		not_answered(k, q, r);
		return;
	}
	ask_authority_fine(q->authority);
	const struct dns_message *m = r->message;
	/* An alias whose end does not exist is data: somebody may take that end. */
	bool data = m->count[DNS_ANSWER] > 0;
	/* What says that there is no NSEC names hashes (NSEC3). */
	data |= str_starts(q->question.what, STR("NSEC ")) && m->count[DNS_AUTHORITY] > 1;
	ask_ended(k, q, data ? ANSWER_DATA : ANSWER_NONE, data ? 0 : (int)m->rcode, str_of(r->resolver),
		  data ? str_sub((const char *)m->bytes, m->len) : STR(""));
}

static void
drop(struct asker *k, struct ask *q)
{
	/* What is under way ends with dns_ask_free(). */
}

const struct ask_transport ask_transport_dns = {
	.route = route, .with = with, .send = leave, .drop = drop, .away_max = AWAY_MAX
};
