/* A host of one's own, looked at once because a person named it: one TLS handshake and one GET. Never in a run: there, what is
 * stored of it counts until somebody looks again. What is asked: "HOST ADDRESS PORT". */
#include "base/codec.h"
#include "base/json.h"
#include "base/tr.h"
#include "net/tls-look.h"
#include "surface/ask-internal.h"

enum { HEADERS_MAX = 60, BODY_KEPT = 32 << 10, HOST_MAX = 254, ADDRESS_MAX = 64 };

struct place {
	char host[HOST_MAX], address[ADDRESS_MAX];
	uint64_t port;
};

static bool
copy(char *into, size_t size, struct str s)
{
	if (!s.len || s.len >= size)
		return false;
	memcpy(into, s.ptr, s.len);
	into[s.len] = '\0';
	return true;
}

static bool
place_read(struct str what, struct place *p)
{
	struct str host, address, port;
	return str_word(&what, &host) && str_word(&what, &address) && str_word(&what, &port) &&
	       copy(p->host, sizeof(p->host), host) && copy(p->address, sizeof(p->address), address) &&
	       str_to_u64(port, &p->port) && p->port > 0 && p->port < 65536;
}

static void
route(struct asker *k, struct ask *q)
{
	struct place p;
	if (!k->o.confirm)
		ask_refused(k, q, ANSWER_NOT_ASKED, "%s",
			    tr("a host is looked at only where a person names it: mamori surface confirm"));
	else if (!place_read(q->question.what, &p))
		ask_refused(k, q, ANSWER_FAILED, "%s", tr("this is no host with its address"));
	else
		ask_queue(k, q, ask_authority(k, SERVICE_CONFIRM, str_of(p.address)));
}

static void
with(struct asker *k, const struct ask *q, struct buf *out)
{
	struct place p;
	(void)k;
	if (place_read(q->question.what, &p))
		buf_addf(out, "%s port %u", p.address, (unsigned)p.port);
}

static void
headers_write(struct json_writer *w, struct str *rest)
{
	struct str line;
	size_t n = 0;
	json_key(w, "headers");
	json_begin_array(w);
	while (str_line(rest, &line) && str_trim(line).len)
		if (n++ < HEADERS_MAX)
			json_str(w, str_trim(line));
	json_end_array(w);
}

static void
look_write(const struct place *p, const struct tls_look *l, struct buf *out)
{
	struct json_writer w = { .out = out };
	struct str rest = buf_str(&l->answer);
	json_begin_object(&w);
	json_put_cstr(&w, "host", p->host);
	json_put_cstr(&w, "address", p->address);
	json_put_i64(&w, "port", (int64_t)p->port);
	json_put_cstr(&w, "protocol", l->protocol);
	json_put_cstr(&w, "cipher", l->cipher);
	json_key(&w, "chain");
	json_begin_array(&w);
	for (size_t i = 0; i < l->certificates; i++) {
		BUF_AUTO text = { 0 };
		base64_encode(&text, l->chain[i].ptr, l->chain[i].len);
		json_str(&w, buf_str(&text));
	}
	json_end_array(&w);
	json_put_i64(&w, "status", l->status);
	headers_write(&w, &rest);
	json_put_str(&w, "body", str_head(rest, rest.len < BODY_KEPT ? rest.len : BODY_KEPT));
	json_end_object(&w);
}

/* Once: what fails is told, and not tried again. */
static void
leave(struct asker *k, struct ask *q)
{
	struct place p;
	struct tls_look l;
	struct err e = { 0 };
	BUF_AUTO from = { 0 };
	BUF_AUTO body = { 0 };
	with(k, q, &from);
	if (!place_read(q->question.what, &p) || !tls_look(p.address, (unsigned)p.port, p.host, &l, &e)) {
		ask_failed(k, q, buf_str(&from), "%s", e.text);
		return;
	}
	look_write(&p, &l, &body);
	ask_ended(k, q, ANSWER_DATA, l.status, buf_str(&from), buf_str(&body));
	tls_look_free(&l);
}

static void
drop(struct asker *k, struct ask *q)
{
	(void)k;
	(void)q;
}

const struct ask_transport ask_transport_confirm = {
	.route = route, .with = with, .send = leave, .drop = drop, .away_max = 1
};
