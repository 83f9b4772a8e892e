/* Questions over HTTP: RDAP, crt.sh, certificate logs, InternetDB, Shodan, Censys, and a home page where that was allowed. */
#include "base/tr.h"
#include "surface/ask-http-internal.h"
#include "surface/domain.h"

#include <stdlib.h>

enum { AWAY_MAX = 32, MOVES_MAX = 5 };

struct visit {
	struct ask_request request;
	unsigned moves;
	bool strange; /* where to go was said by a stranger whose own address is public */
	bool confirming; /* an empty answer is asked for once more */
	struct buf good, good_from; /* of a registry, while its registrar is asked */
};

static struct ask_http *
http_of(struct asker *k)
{
	if (!k->http)
		k->http = xcalloc(1, sizeof(*k->http));
	return k->http;
}

static struct str
shown(const struct visit *v)
{
	return buf_str(&v->request.shown);
}

static void
queue(struct asker *k, struct ask *q)
{
	struct visit *v = q->work;
	struct ask_authority *a = ask_authority(k, q->question.service, ask_origin(buf_str(&v->request.url)));
	/* The registry's answer counts where the registrar does not. */
	if (a->given_up && v->good.len > 0)
		ask_ended(k, q, ANSWER_DATA, 200, buf_str(&v->good_from), buf_str(&v->good));
	else
		ask_queue(k, q, a);
}

/* ---- the lists of RDAP servers ---- */

static void route(struct asker *k, struct ask *q);

/* One list came or did not; the questions that waited for it are told one by one. */
static void
on_list(struct asker *k, void *tag, const struct answer *a)
{
	struct ask *q = tag;
	struct ask_http *h = k->http;
	enum ask_list_kind l;
	struct err e = { 0 };
	(void)ask_list_of(q->question.what, &l);
	bool have = h->list[l] != NULL;
	if (!have && a->kind == ANSWER_DATA)
		have = json_parse(&h->arena, a->body, NULL, &h->list[l], &e);
	if (have)
		route(k, q);
	else
		ask_refused(k, q, ANSWER_FAILED, tr("the list of RDAP servers (%s.json) is not to be had: %.*s"),
			    ask_list_name(l), STR_ARG(a->why));
}

/* ---- the way there ---- */

static void
route(struct asker *k, struct ask *q)
{
	struct visit *v = q->work ? q->work : xcalloc(1, sizeof(*v));
	BUF_AUTO what = { 0 };
	(void)http_of(k);
	q->work = v;
	ask_request_free(&v->request);
	ask_request_make(k, &q->question, &v->request);
	if (v->request.not_asked.len > 0) {
		ask_refused(k, q, ANSWER_NOT_ASKED, "%.*s", STR_ARG(buf_str(&v->request.not_asked)));
		return;
	}
	if (v->request.bootstrap) {
		buf_addf(&what, "bootstrap %s", v->request.bootstrap);
		ask_inner(k, SERVICE_RDAP, buf_str(&what), on_list, q);
		return;
	}
	queue(k, q);
}

static void on_result(void *user, void *question, const struct http_ask_result *r);

static void
leave(struct asker *k, struct ask *q)
{
	struct visit *v = q->work;
	const char *headers[ASK_HEADERS_MAX + 1] = { NULL };
	struct err e = { 0 };
	struct http_ask_options o = {
		.done = on_result, .user = k, .timeout_s = k->tuning.http_whole_s, .silence_s = k->tuning.http_silence_s
	};
	if (!k->http->ask && !http_ask_new(k->base, &o, &k->http->ask, &e)) {
		ask_failed(k, q, shown(v), "%s", e.text);
		return;
	}
	for (size_t i = 0; i < v->request.headers; i++)
		headers[i] = buf_cstr(&v->request.header[i]);
	http_ask(k->http->ask,
		 &(struct http_ask_request){ .url = buf_cstr(&v->request.url),
					     .shown = buf_cstr(&v->request.shown),
					     .headers = headers,
					     .body_max = k->tuning.body_max ? k->tuning.body_max
									    : ask_body_max(q->question.service),
					     .public_only = v->strange },
		 q);
}

/* ---- answers ---- */

/* No more: what there is. */
static void
settle(struct asker *k, struct ask *q, int status, const char *why)
{
	struct visit *v = q->work;
	if (v->good.len > 0) {
		ask_ended(k, q, ANSWER_DATA, 200, buf_str(&v->good_from), buf_str(&v->good));
		return;
	}
	ask_outcome(q)->status = status;
	ask_failed(k, q, shown(v), "%.*s: %s", STR_ARG(ask_origin(shown(v))), why);
}

/* May a redirect be followed? Keys are for their own server alone, and a page's redirect must not lead to somebody else. */
static bool
may_move(const struct ask *q, struct str to)
{
	const struct visit *v = q->work;
	struct str from = ask_origin(shown(v)), origin = ask_origin(to);
	ARENA_AUTO a = { 0 };
	if (origin.len == 0 || v->moves >= MOVES_MAX)
		return false;
	if (v->request.headers > 1 || q->question.service == SERVICE_SHODAN || q->question.service == SERVICE_CENSYS)
		return false;
	if (q->question.service != SERVICE_PAGE || str_eq(from, origin))
		return true;
	struct str hosts[2] = { from, origin }, host, port;
	for (size_t i = 0; i < 2; i++) {
		host = str_skip(hosts[i], (size_t)str_find(hosts[i], STR("://")) + 3);
		if (str_split(host, ':', &host, &port)) /* host is cut at the port */
			(void)port;
		hosts[i] = domain_registrable(domain_canonical(&a, host));
	}
	return hosts[0].len > 0 && str_eq(hosts[0], hosts[1]);
}

static void
move(struct asker *k, struct ask *q, struct str to, const struct http_ask_result *r)
{
	struct visit *v = q->work;
	v->moves++;
	v->strange = !r->inside;
	buf_truncate(&v->request.url, 0);
	buf_truncate(&v->request.shown, 0);
	buf_add(&v->request.url, to);
	buf_add(&v->request.shown, to);
	ask_step(k, q);
	queue(k, q);
}

static void
moved(struct asker *k, struct ask *q, const struct http_ask_result *r)
{
	BUF_AUTO why = { 0 };
	if (may_move(q, r->location)) {
		ask_authority_fine(q->authority);
		move(k, q, r->location, r);
		return;
	}
	buf_addf(&why, tr("it sends us on to %.*s, which is not followed"), STR_ARG(ask_origin(r->location)));
	settle(k, q, r->status, buf_cstr(&why));
}

static void
data(struct asker *k, struct ask *q, const struct http_ask_result *r, struct str next)
{
	struct visit *v = q->work;
	ask_authority_fine(q->authority);
	/* Once: a registrar that names another one is not followed. */
	if (next.len > 0 && v->good.len == 0 && ask_origin(next).len > 0 && !str_eq(next, shown(v))) {
		buf_add(&v->good, r->body);
		buf_add(&v->good_from, shown(v));
		move(k, q, next, r);
		return;
	}
	ask_ended(k, q, ANSWER_DATA, r->status, shown(v), r->body);
}

static void
nothing(struct asker *k, struct ask *q, const struct http_ask_result *r)
{
	struct visit *v = q->work;
	ask_authority_fine(q->authority);
	if (v->good.len > 0) {
		settle(k, q, r->status, "");
		return;
	}
	/* crt.sh gives an empty list at random: it is asked once more in another form, and where there were
	 * certificates they cannot all be gone. */
	if (q->question.service == SERVICE_CRTSH && !v->confirming) {
		v->confirming = true;
		bool other = ask_request_other_form(k, &q->question, &v->request);
		if ((other || q->had_data) && asking_again(k, q, -1, false))
			return;
	}
	ask_ended(k, q, ANSWER_NONE, r->status, shown(v), r->body);
}

static void
missed(struct asker *k, struct ask *q, const struct http_ask_result *r, enum ask_verdict how, const char *why)
{
	struct visit *v = q->work;
	struct ask_authority *a = q->authority;
	bool limited = how == ASK_VERDICT_LIMITED;
	int64_t pause = r->retry_after_s >= 0 ? r->retry_after_s * 1000 : -1;
	BUF_AUTO text = { 0 };
	if (how == ASK_VERDICT_USELESS || (limited && pause > k->tuning.retry_after_max)) {
		if (how == ASK_VERDICT_USELESS)
			buf_addf(&text, "%s", why);
		else
			buf_addf(&text, tr("it asks for a pause of %lld s"), (long long)r->retry_after_s);
		settle(k, q, r->status, buf_cstr(&text));
		ask_authority_give_up(k, a, buf_cstr(&text));
		return;
	}
	if (how == ASK_VERDICT_FAILED) {
		settle(k, q, r->status, why);
		return;
	}
	ask_authority_fault(k, a, why);
	/* With a registry's answer in hand its registrar is not asked for long. */
	if ((v->good.len > 0 && q->tries > 0) || !asking_again(k, q, pause, limited || pause > 0))
		settle(k, q, r->status, why);
}

static void
on_result(void *user, void *question, const struct http_ask_result *r)
{
	struct asker *k = user;
	struct ask *q = question;
	BUF_AUTO why = { 0 };
	BUF_AUTO next = { 0 };
	enum ask_verdict v = ask_judge(&q->question, r, &why, &next);
	switch (v) {
	case ASK_VERDICT_DATA:
		data(k, q, r, buf_str(&next));
		break;
	case ASK_VERDICT_NONE:
		nothing(k, q, r);
		break;
	case ASK_VERDICT_MOVED:
		moved(k, q, r);
		break;
	case ASK_VERDICT_AGAIN:
	case ASK_VERDICT_LIMITED:
	case ASK_VERDICT_FAILED:
	case ASK_VERDICT_USELESS:
	default:
		missed(k, q, r, v, buf_cstr(&why));
		break;
	}
}

static void
with(struct asker *k, const struct ask *q, struct buf *out)
{
	(void)k;
	buf_add(out, shown(q->work));
}

static void
drop(struct asker *k, struct ask *q)
{
	struct visit *v = q->work;
	(void)k;
	if (!v)
		return;
	ask_request_free(&v->request);
	buf_free(&v->good);
	buf_free(&v->good_from);
	free(v);
	q->work = NULL;
}

void
ask_http_free(struct asker *k)
{
	if (!k->http)
		return;
	http_ask_free(k->http->ask);
	arena_free(&k->http->arena);
	free(k->http);
	k->http = NULL;
}

const struct ask_transport ask_transport_http = {
	.route = route, .with = with, .send = leave, .drop = drop, .away_max = AWAY_MAX
};
