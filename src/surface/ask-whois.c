/* WHOIS (RFC 3912): from the first server along the referrals, at most HOPS_MAX servers, each asked at its own rate. The answer is the
 * body of the last server that had one about what was asked. */
#include "base/tr.h"
#include "net/address.h"
#include "net/dns.h"
#include "net/http-ask.h"
#include "surface/ask-internal.h"
#include "surface/domain.h"
#include "surface/whois.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

enum { HOPS_MAX = 4, AWAY_MAX = 32, SERVER_MAX = 256 };

/* Who knows a top-level domain, as the first server said; while one question finds out the others of that domain wait. */
struct top {
	bool known, inside; /* inside: the first server's own address is not public */
	char server[SERVER_MAX]; /* empty: nobody was named */
	struct ask_list waiting;
	struct ask *asking;
};

struct ask_whois {
	struct table tops; /* "jp" → struct top */
};

struct talk {
	struct asker *k;
	struct ask *q;
	unsigned hops; /* servers before this one */
	char seen[HOPS_MAX][SERVER_MAX];
	char server[SERVER_MAX]; /* as it was named */
	char host[SERVER_MAX]; /* where it is found: a name, or the address once that is known */
	unsigned port;
	bool given; /* its place stands in the sources file */
	bool was_inside; /* the server before has an address that is not public */
	bool try6;
	struct top *top; /* that this one finds out */
	struct buf chain; /* "whois.iana.org > whois.jprs.jp" */
	struct buf good, good_chain;
	struct bufferevent *bev;
	struct event *whole;
};

static void go(struct asker *k, struct ask *q);

static void
hang_up(struct talk *t)
{
	if (t->bev)
		bufferevent_free(t->bev);
	if (t->whole)
		event_free(t->whole);
	t->bev = NULL;
	t->whole = NULL;
}

/* ---- the first server, once for each top-level domain ---- */

static struct str
top_of(struct str what)
{
	struct str kind, name;
	if (!str_split(what, ' ', &kind, &name) || !str_eq(kind, STR("domain")))
		return STR_NONE;
	ptrdiff_t dot = str_rfind_char(name, '.');
	return dot >= 0 ? str_skip(name, (size_t)dot + 1) : STR_NONE;
}

static void
top_told(struct asker *k, struct talk *t, const char *server)
{
	struct top *top = t->top;
	if (!top)
		return;
	t->top = NULL;
	top->asking = NULL;
	/* A failure says nothing: the next one tries anew. */
	top->known = server != NULL;
	top->inside = t->was_inside;
	snprintf(top->server, sizeof(top->server), "%s", server ? server : "");
	struct ask_list waiting = top->waiting;
	top->waiting = (struct ask_list){ 0 };
	for (struct ask *q; (q = ask_list_pop(&waiting));) {
		q->place = ASK_ASIDE;
		go(k, q);
	}
}

/* True: this question waits for another one of the same domain. */
static bool
top_wait(struct asker *k, struct ask *q)
{
	struct talk *t = q->work;
	struct str name = top_of(q->question.what);
	if (t->hops > 0 || name.len == 0)
		return false;
	void **place = table_put(&k->whois->tops, arena_str(&k->arena, name), NULL);
	if (!*place)
		*place = ARENA_NEW(&k->arena, struct top);
	struct top *top = *place;
	if (top->asking) {
		ask_list_push(&top->waiting, q, ASK_ASIDE);
		return true;
	}
	if (!top->known) {
		top->asking = q;
		t->top = top;
		return false;
	}
	if (top->server[0]) {
		buf_add(&t->chain, k->o.sources->whois);
		snprintf(t->seen[t->hops++], SERVER_MAX, "%.*s", STR_ARG(k->o.sources->whois));
		snprintf(t->server, sizeof(t->server), "%s", top->server);
		t->was_inside = top->inside;
	}
	return false;
}

/* ---- where a server is ---- */

/* The sources file's place for this name; else port 43 there. */
static bool
place_of(struct asker *k, struct talk *t)
{
	const struct sources *s = k->o.sources;
	struct str server = str_of(t->server), at = STR_NONE;
	struct address a;
	uint64_t port = 43;
	t->given = t->hops == 0;
	if (address_parse(server, &a, NULL)) {
		server = str_of(a.host);
		(void)str_to_u64(str_of(a.port), &port);
	}
	for (size_t i = 0; i < s->whois_host_count; i++)
		if (str_eq_nocase(s->whois_hosts[i].name, server))
			at = s->whois_hosts[i].at;
	snprintf(t->host, sizeof(t->host), "%.*s", STR_ARG(server));
	t->port = (unsigned)port;
	if (at.len == 0)
		return true;
	t->given = true;
	if (!address_parse(at, &a, NULL) || !str_to_u64(str_of(a.port), &port))
		return false;
	snprintf(t->host, sizeof(t->host), "%s", a.host);
	t->port = (unsigned)port;
	return true;
}

static bool
is_numeric(const char *host)
{
	unsigned char a[16];
	return inet_pton(AF_INET, host, a) == 1 || inet_pton(AF_INET6, host, a) == 1;
}

static void settle(struct asker *k, struct ask *q, const char *why);

/* The address is known: into the queue of this server. */
static void
queue(struct asker *k, struct ask *q)
{
	struct talk *t = q->work;
	if (!t->given && !t->was_inside && address_is_inside(t->host)) {
		BUF_AUTO why = { 0 };
		buf_addf(&why, tr("the referral to %s leads into a network that is not public (%s)"), t->server,
			 t->host);
		settle(k, q, buf_cstr(&why));
		return;
	}
	struct ask_authority *a = ask_authority(k, SERVICE_WHOIS, str_of(t->server));
	if (a->given_up && (t->good.len > 0 || t->top)) {
		settle(k, q, buf_cstr(&a->why));
		return;
	}
	ask_queue(k, q, a);
}

/* The first address of the kind that was asked for, in an answer of DNS. */
static bool
address_in(const struct answer *a, char *into, size_t size)
{
	struct dns_message m;
	struct dns_record r;
	struct dns_data d;
	if (a->kind != ANSWER_DATA || dns_message_read(a->body.ptr, a->body.len, &m) != DNS_FINE)
		return false;
	struct dns_reader reader = { .message = &m };
	while (dns_record_next(&reader, &r))
		if (r.section == DNS_ANSWER && r.type == m.type && (r.type == DNS_A || r.type == DNS_AAAA) &&
		    dns_data_read(&r, &d) == DNS_FINE)
			return inet_ntop(r.type == DNS_A ? AF_INET : AF_INET6, d.address, into, (socklen_t)size) !=
			       NULL;
	return false;
}

static void
on_address(struct asker *k, void *tag, const struct answer *a)
{
	struct ask *q = tag;
	struct talk *t = q->work;
	BUF_AUTO what = { 0 };
	if (address_in(a, t->host, sizeof(t->host))) {
		queue(k, q);
		return;
	}
	if (!t->try6) {
		t->try6 = true;
		buf_addf(&what, "AAAA %s", t->host);
		ask_inner(k, SERVICE_DNS, buf_str(&what), on_address, q);
		return;
	}
	buf_addf(&what, tr("the address of the WHOIS server %s is not found"), t->server);
	settle(k, q, buf_cstr(&what));
}

static void
go(struct asker *k, struct ask *q)
{
	struct talk *t = q->work;
	BUF_AUTO what = { 0 };
	ARENA_AUTO a = { 0 };
	if (top_wait(k, q))
		return;
	if (!place_of(k, t)) {
		buf_addf(&what, tr("the place of the WHOIS server %s in the sources file is no host:port"), t->server);
		settle(k, q, buf_cstr(&what));
		return;
	}
	if (is_numeric(t->host)) {
		queue(k, q);
		return;
	}
	struct str host = domain_canonical(&a, str_of(t->host));
	t->try6 = false;
	if (host.len == 0 || host.len >= sizeof(t->host)) {
		buf_addf(&what, tr("the address of the WHOIS server %s is not found"), t->server);
		settle(k, q, buf_cstr(&what));
		return;
	}
	snprintf(t->host, sizeof(t->host), "%.*s", STR_ARG(host));
	buf_addf(&what, "A %s", t->host);
	ask_inner(k, SERVICE_DNS, buf_str(&what), on_address, q);
}

/* ---- how each wants to be asked ---- */

struct manner {
	const char *server, *kind, *before, *after;
};

/* What gives all of a record, in a form without pictures, and no list of similar names. */
static const struct manner manners[] = {
	{ "whois.arin.net", "network", "n + ", "" },           { "whois.arin.net", "as", "a + ", "" },
	{ "whois.nic.ad.jp", "network", "", " /e" },           { "whois.nic.ad.jp", "as", "", " /e" },
	{ "whois.verisign-grs.com", "domain", "domain ", "" }, { "whois.denic.de", "domain", "-T dn,ace ", "" },
};

static void
query_write(const struct talk *t, struct buf *out)
{
	struct str kind, name, number, prefix;
	const struct manner *m = NULL;
	(void)str_split(t->q->question.what, ' ', &kind, &name);
	for (size_t i = 0; i < COUNT(manners); i++)
		if (str_eq_nocase(str_of(manners[i].server), str_of(t->server)) &&
		    str_eq(str_of(manners[i].kind), kind))
			m = &manners[i];
	if (str_eq(kind, STR("network")) && str_split(name, '/', &number, &prefix))
		name = number;
	if (m && str_eq(kind, STR("as")) && strcmp(t->server, "whois.arin.net") == 0)
		name = str_skip(name, 2);
	buf_addf(out, "%s%.*s%s\r\n", m ? m->before : "", STR_ARG(name), m ? m->after : "");
}

/* ---- ends ---- */

/* No further server: the last good answer, or a failure. */
static void
settle(struct asker *k, struct ask *q, const char *why)
{
	struct talk *t = q->work;
	hang_up(t);
	top_told(k, t, NULL);
	if (t->good.len > 0)
		ask_ended(k, q, ANSWER_DATA, 0, buf_str(&t->good_chain), buf_str(&t->good));
	else
		ask_failed(k, q, buf_str(&t->chain), "%s", why);
}

/* A try that brought nothing. With a good answer in hand the next server is not asked for long. */
static void
missed(struct asker *k, struct ask *q, const char *why, bool limited)
{
	struct talk *t = q->work;
	struct ask_authority *a = q->authority;
	hang_up(t);
	ask_authority_fault(k, a, why);
	if ((t->good.len > 0 && !limited && q->tries > 0) || !asking_again(k, q, -1, limited))
		settle(k, q, why);
}

static bool
was_seen(const struct talk *t, struct str server)
{
	for (unsigned i = 0; i < t->hops; i++) {
		struct str seen = str_of(t->seen[i]), host, port;
		if (str_split(seen, ':', &host, &port))
			seen = host;
		if (str_eq_nocase(seen, server))
			return true;
	}
	return str_eq_nocase(str_of(t->server), server);
}

static void
keep_good(struct talk *t, struct str body)
{
	buf_truncate(&t->good, 0);
	buf_add(&t->good, body);
	buf_truncate(&t->good_chain, 0);
	buf_add(&t->good_chain, buf_str(&t->chain));
}

/* What a registry of top-level domains says of "jp" is not about example.jp; the first server has to name it. */
static bool
is_about(const struct ask *q, const struct registration *r)
{
	const struct talk *t = q->work;
	struct str kind, name;
	(void)str_split(q->question.what, ' ', &kind, &name);
	if (!str_eq(kind, STR("domain")))
		return true;
	if (t->hops == 0)
		return str_eq_nocase(r->name, name);
	return r->name.len == 0 || !(name.len > r->name.len && domain_within(name, r->name));
}

/* More than a name: what replaces the answer of the server before has to be an answer. */
static bool
has_record(const struct registration *r)
{
	const struct registration_party *owner = &r->party[REGISTRATION_REGISTRANT];
	return r->servers.count > 0 || r->created > 0 || r->expires > 0 || r->registrar.len > 0 || r->range.len > 0 ||
	       owner->organisation.len > 0 || owner->name.len > 0;
}

static void
ended(struct asker *k, struct ask *q, const struct registration *r, struct str body)
{
	struct talk *t = q->work;
	struct str from = buf_str(&t->chain);
	bool found = r->answer == REGISTRATION_FOUND || r->answer == REGISTRATION_RESERVED;
	if (found && !is_about(q, r)) {
		settle(k, q, tr("no WHOIS server is named for this domain"));
		return;
	}
	hang_up(t);
	if (r->answer == REGISTRATION_FOUND && (t->good.len == 0 || has_record(r)))
		keep_good(t, body);
	top_told(k, t, t->hops == 0 ? "" : NULL);
	if (t->good.len > 0)
		ask_ended(k, q, ANSWER_DATA, 0, buf_str(&t->good_chain), buf_str(&t->good));
	else if (found)
		ask_ended(k, q, ANSWER_DATA, 0, from, body);
	else if (r->answer == REGISTRATION_NOT_FOUND)
		ask_ended(k, q, ANSWER_NONE, 0, from, body);
	else if (r->answer == REGISTRATION_INVALID)
		ask_failed(k, q, from, tr("%s says that this is no question for it"), t->server);
	else
		ask_failed(k, q, from, tr("the answer of %s is none that is understood"), t->server);
}

static void
refer(struct asker *k, struct ask *q, struct str to)
{
	struct talk *t = q->work;
	char server[SERVER_MAX];
	snprintf(server, sizeof(server), "%.*s", STR_ARG(to));
	hang_up(t);
	t->was_inside = address_is_inside(t->host);
	top_told(k, t, server);
	snprintf(t->seen[t->hops++], SERVER_MAX, "%s", t->server);
	snprintf(t->server, sizeof(t->server), "%s", server);
	ask_step(k, q);
	go(k, q);
}

static void
answered(struct asker *k, struct ask *q, struct str body)
{
	struct talk *t = q->work;
	ARENA_AUTO a = { 0 };
	struct registration r;
	BUF_AUTO why = { 0 };
	whois_read(&a, body, &r);
	if (r.answer == REGISTRATION_RATE_LIMITED || r.answer == REGISTRATION_UNAVAILABLE) {
		bool limited = r.answer == REGISTRATION_RATE_LIMITED;
		buf_addf(&why,
			 limited ? tr("%s says that it was asked too often") : tr("%s says that it is out of order"),
			 t->server);
		missed(k, q, buf_cstr(&why), limited);
		return;
	}
	ask_authority_fine(q->authority);
	if (t->chain.len > 0)
		buf_add(&t->chain, STR(" > "));
	buf_add(&t->chain, str_of(t->server));
	if (r.referral.len == 0 || r.referral.len >= SERVER_MAX) {
		ended(k, q, &r, body);
		return;
	}
	/* The first server only knows who knows. */
	if (r.answer == REGISTRATION_FOUND && t->hops > 0 && is_about(q, &r) && (t->good.len == 0 || has_record(&r)))
		keep_good(t, body);
	if (was_seen(t, r.referral)) {
		buf_addf(&why, tr("the WHOIS servers refer to each other in a circle: %.*s > %.*s"),
			 STR_ARG(buf_str(&t->chain)), STR_ARG(r.referral));
		if (str_eq_nocase(str_of(t->server), r.referral))
			ended(k, q, &r, body); /* it names itself */
		else
			settle(k, q, buf_cstr(&why));
	} else if (t->hops + 1 >= HOPS_MAX) {
		buf_addf(&why, tr("more than %d WHOIS servers refer to one another: %.*s"), HOPS_MAX,
			 STR_ARG(buf_str(&t->chain)));
		settle(k, q, buf_cstr(&why));
	} else {
		refer(k, q, r.referral);
	}
}

/* ---- one conversation ---- */

static void
take_answer(struct talk *t)
{
	struct evbuffer *in = bufferevent_get_input(t->bev);
	size_t len = evbuffer_get_length(in);
	if (len > WHOIS_ANSWER_MAX)
		len = WHOIS_ANSWER_MAX;
	BUF_AUTO body = { 0 };
	body.len = (size_t)evbuffer_remove(in, buf_reserve(&body, len + 1), len);
	answered(t->k, t->q, buf_str(&body));
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct talk *t = arg;
	/* What follows is not read. */
	if (evbuffer_get_length(bufferevent_get_input(bev)) >= WHOIS_ANSWER_MAX)
		take_answer(t);
}

static void
broke(struct talk *t, const char *how)
{
	BUF_AUTO why = { 0 };
	buf_addf(&why, "%s: %s", t->server, how);
	missed(t->k, t->q, buf_cstr(&why), false);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct talk *t = arg;
	size_t len = evbuffer_get_length(bufferevent_get_input(bev));
	int error = EVUTIL_SOCKET_ERROR();
	if (what & BEV_EVENT_CONNECTED) {
		const struct timeval silence = { .tv_sec = t->k->tuning.whois_silence / 1000,
						 .tv_usec = t->k->tuning.whois_silence % 1000 * 1000 };
		bufferevent_set_timeouts(bev, &silence, &silence);
		return;
	}
	/* Some close so roughly that the end looks like an error. */
	if (len > 0 && (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		take_answer(t);
	else if (what & BEV_EVENT_EOF)
		broke(t, tr("closed the connection without an answer"));
	else if (what & BEV_EVENT_TIMEOUT)
		broke(t, tr("did not answer in time"));
	else if (what & BEV_EVENT_ERROR)
		broke(t, error ? tr(strerror(error)) : tr("cannot be reached"));
}

static void
on_whole(evutil_socket_t fd, short what, void *arg)
{
	struct talk *t = arg;
	(void)fd, (void)what;
	broke(t, tr("did not come to the end of its answer in time"));
}

static bool
connect_to(struct talk *t)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)t->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)t->port) };
	if (inet_pton(AF_INET, t->host, &in.sin_addr) == 1)
		return bufferevent_socket_connect(t->bev, (struct sockaddr *)&in, sizeof(in)) == 0;
	return inet_pton(AF_INET6, t->host, &in6.sin6_addr) == 1 &&
	       bufferevent_socket_connect(t->bev, (struct sockaddr *)&in6, sizeof(in6)) == 0;
}

static void
leave(struct asker *k, struct ask *q)
{
	struct talk *t = q->work;
	const struct ask_tuning *u = &k->tuning;
	const struct timeval first = { .tv_sec = u->whois_connect / 1000, .tv_usec = u->whois_connect % 1000 * 1000 };
	const struct timeval whole = { .tv_sec = u->whois_whole / 1000, .tv_usec = u->whois_whole % 1000 * 1000 };
	BUF_AUTO query = { 0 };
	query_write(t, &query);
	t->bev = bufferevent_socket_new(k->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	t->whole = evtimer_new(k->base, on_whole, t);
	if (!t->bev || !t->whole)
		abort();
	event_add(t->whole, &whole);
	bufferevent_setcb(t->bev, on_read, NULL, on_event, t);
	bufferevent_setwatermark(t->bev, EV_READ, WHOIS_ANSWER_MAX, WHOIS_ANSWER_MAX + 4096);
	bufferevent_set_timeouts(t->bev, &first, &first);
	bufferevent_enable(t->bev, EV_READ | EV_WRITE);
	bufferevent_write(t->bev, query.ptr, query.len);
	if (!connect_to(t))
		broke(t, tr("cannot be reached"));
}

static void
with(struct asker *k, const struct ask *q, struct buf *out)
{
	const struct talk *t = q->work;
	buf_addf(out, "%s (%s port %u)", t->server, t->host, t->port);
}

static void
route(struct asker *k, struct ask *q)
{
	struct str kind, name;
	if (!k->whois)
		k->whois = xcalloc(1, sizeof(*k->whois));
	bool known = str_split(q->question.what, ' ', &kind, &name) && name.len > 0 && name.len < 300 &&
		     (str_eq(kind, STR("domain")) || str_eq(kind, STR("network")) || str_eq(kind, STR("as")));
	for (size_t i = 0; known && i < name.len; i++)
		known = name.ptr[i] > ' ' && name.ptr[i] < 0x7f;
	if (!known || (str_eq(kind, STR("as")) && !str_starts(name, STR("AS")))) {
		ask_refused(k, q, ANSWER_FAILED, "%s", tr("this is no question for WHOIS"));
		return;
	}
	if (k->o.sources->whois.len == 0 || k->o.sources->whois.len >= SERVER_MAX) {
		ask_refused(k, q, ANSWER_NOT_ASKED, tr("no address of %s is known"), "whois");
		return;
	}
	struct talk *t = xcalloc(1, sizeof(*t));
	t->k = k;
	t->q = q;
	struct str first = k->o.sources->whois, port;
	if (str_ends(first, STR(":43")))
		(void)str_split(first, ':', &first, &port);
	snprintf(t->server, sizeof(t->server), "%.*s", STR_ARG(first));
	q->work = t;
	go(k, q);
}

static void
drop(struct asker *k, struct ask *q)
{
	struct talk *t = q->work;
	if (!t)
		return;
	hang_up(t);
	if (k->running) /* else all of them go */
		top_told(k, t, NULL);
	buf_free(&t->chain);
	buf_free(&t->good);
	buf_free(&t->good_chain);
	free(t);
	q->work = NULL;
}

void
ask_whois_free(struct asker *k)
{
	if (!k->whois)
		return;
	table_free(&k->whois->tops);
	free(k->whois);
	k->whois = NULL;
}

const struct ask_transport ask_transport_whois = {
	.route = route, .with = with, .send = leave, .drop = drop, .away_max = AWAY_MAX
};
