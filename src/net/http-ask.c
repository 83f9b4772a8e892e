#include "net/http-ask.h"

#include "base/arena.h"
#include "net/client-internal.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONNECT_S = 10, WHOLE_S = 300, SILENCE_S = 30, SLOW_BYTES = 100, CONNECTIONS = 64, PER_HOST = 4 };
#define HTTP_ASK_BODY_MAX (16u << 20)

struct exchange {
	struct http_ask *h;
	struct exchange *next, *prev;
	struct http_client failing; /* for client_failed(), which knows the words */
	CURL *curl;
	struct curl_slist *headers;
	char *shown;
	void *question;
	struct buf body;
	size_t body_max;
	bool too_large, public_only, kept_out;
	int64_t retry_after_s;
};

struct http_ask {
	struct event_base *base;
	struct http_ask_options o;
	CURLM *multi;
	struct event *timer;
	struct exchange *first;
};

/* ---- addresses ---- */

static bool
inside4(uint32_t a)
{
	return a >> 24 == 0 || a >> 24 == 10 || a >> 24 == 127 || a >> 22 == (100u << 2 | 1) || a >> 16 == 0xa9fe ||
	       a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 28 >= 14;
}

static bool
inside6(const unsigned char a[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const unsigned char none[15] = { 0 };
	if (memcmp(a, mapped, sizeof(mapped)) == 0)
		return inside4((uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15]);
	return memcmp(a, none, sizeof(none)) == 0 || (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0x80)) ||
	       a[0] == 0xff;
}

bool
address_is_inside(const char *numeric)
{
	unsigned char a[16];
	if (inet_pton(AF_INET, numeric, a) == 1)
		return inside4((uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3]);
	return inet_pton(AF_INET6, numeric, a) != 1 || inside6(a);
}

/* What a stranger's redirect or list names may not lead into the network that this machine stands in. */
static curl_socket_t
on_open(void *user, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct exchange *x = user;
	char text[INET6_ADDRSTRLEN] = "";
	(void)purpose;
	if (at->family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)&at->addr)->sin_addr, text,
			  sizeof(text));
	else if (at->family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)&at->addr)->sin6_addr, text,
			  sizeof(text));
	if (x->public_only && address_is_inside(text)) {
		x->kept_out = true;
		return CURL_SOCKET_BAD;
	}
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

/* ---- one exchange ---- */

static void
exchange_end(struct exchange *x)
{
	curl_multi_remove_handle(x->h->multi, x->curl);
	curl_easy_cleanup(x->curl);
	curl_slist_free_all(x->headers);
	buf_free(&x->body);
	free(x->shown);
	free(x);
}

static void
exchange_free(struct exchange *x)
{
	if (x->prev)
		x->prev->next = x->next;
	else
		x->h->first = x->next;
	if (x->next)
		x->next->prev = x->prev;
	exchange_end(x);
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	size_t n = size * count;
	if (n > x->body_max - x->body.len) {
		x->too_large = true;
		return 0;
	}
	buf_add(&x->body, str_sub(bytes, n));
	return n;
}

/* Seconds, or a date (RFC 9110, 10.2.3). */
static int64_t
retry_after(struct str value)
{
	uint64_t s;
	BUF_AUTO text = { 0 };
	if (str_to_u64(value, &s))
		return s > 1000000 ? 1000000 : (int64_t)s;
	buf_add(&text, str_head(value, 100));
	time_t at = curl_getdate(buf_cstr(&text), NULL), now = time(NULL);
	if (at < 0)
		return -1;
	return at > now ? at - now : 0;
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	struct str line = str_sub(bytes, size * count), name, value;
	if (str_starts(line, STR("HTTP/")))
		x->retry_after_s = -1;
	else if (str_split(line, ':', &name, &value) && str_eq_nocase(name, STR("Retry-After")))
		x->retry_after_s = retry_after(str_trim(value));
	return line.len;
}

static void
set(struct exchange *x, const struct http_ask_request *r)
{
	const struct http_ask_options *o = &x->h->o;
	CURL *c = x->curl;
	curl_easy_setopt(c, CURLOPT_PRIVATE, x);
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->failing.error);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mamori/" MAMORI_VERSION);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)(o->connect_timeout_s ? o->connect_timeout_s : CONNECT_S));
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(o->timeout_s ? o->timeout_s : WHOLE_S));
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(o->silence_s ? o->silence_s : SILENCE_S));
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
	/* A connection that another question opened was not looked at for this one. */
	if (r->public_only)
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	for (size_t i = 0; r->headers && r->headers[i]; i++) {
		struct curl_slist *longer = curl_slist_append(x->headers, r->headers[i]);
		if (!longer)
			abort();
		x->headers = longer;
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
}

void
http_ask(struct http_ask *h, const struct http_ask_request *r, void *question)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	x->h = h;
	x->curl = curl_easy_init();
	if (!x->curl)
		abort();
	x->failing.curl = x->curl;
	x->shown = xstrdup(r->shown ? r->shown : r->url);
	x->question = question;
	x->body_max = r->body_max ? r->body_max : HTTP_ASK_BODY_MAX;
	x->public_only = r->public_only;
	x->retry_after_s = -1;
	x->next = h->first;
	if (h->first)
		h->first->prev = x;
	h->first = x;
	set(x, r);
	/* Begins with the loop's next turn. */
	if (curl_multi_add_handle(h->multi, x->curl) != CURLM_OK)
		abort();
}

static void
finish(struct exchange *x, CURLcode rc)
{
	struct http_ask *h = x->h;
	struct http_ask_result r = { .whole = rc == CURLE_OK, .too_large = x->too_large };
	struct err e = { 0 };
	long status = 0;
	char *moved = NULL, *address = NULL;
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(x->curl, CURLINFO_REDIRECT_URL, &moved);
	curl_easy_getinfo(x->curl, CURLINFO_PRIMARY_IP, &address);
	if (x->kept_out && rc != CURLE_OK)
		err_set(&e, ERR_REFUSED, "%s is not asked: its address lies inside a network that is not public",
			x->shown);
	else if (x->too_large)
		err_set(&e, ERR_TOO_LARGE, "the answer of %s is larger than the %llu bytes that are taken", x->shown,
			(unsigned long long)x->body_max);
	else if (rc != CURLE_OK)
		client_failed(&x->failing, rc, x->shown, &e);
	r.status = (int)status;
	r.body = buf_str(&x->body);
	r.location = str_of(moved);
	r.retry_after_s = x->retry_after_s;
	r.inside = address && address[0] && address_is_inside(address);
	r.why = e.text;
	h->o.done(h->o.user, x->question, &r);
	exchange_free(x);
}

/* ---- the loop ---- */

static void
look(struct http_ask *h)
{
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
		char *x = NULL;
		CURLcode rc = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		finish((struct exchange *)(void *)x, rc);
	}
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct http_ask *h = arg;
	int running;
	curl_multi_socket_action(h->multi, fd,
				 (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0),
				 &running);
	look(h);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_ask *h = arg;
	int running;
	(void)fd, (void)what;
	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look(h);
}

static int
want_socket(CURL *curl, curl_socket_t fd, int what, void *user, void *of_socket)
{
	struct http_ask *h = user;
	struct event *event = of_socket;
	(void)curl;
	if (event)
		event_free(event);
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(h->multi, fd, NULL);
		return 0;
	}
	event = event_new(
		h->base, fd,
		(short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0)),
		on_ready, h);
	if (!event)
		abort();
	event_add(event, NULL);
	curl_multi_assign(h->multi, fd, event);
	return 0;
}

static int
want_timer(CURLM *multi, long ms, void *user)
{
	struct http_ask *h = user;
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	(void)multi;
	if (ms < 0)
		event_del(h->timer);
	else
		event_add(h->timer, &in);
	return 0;
}

bool
http_ask_new(struct event_base *base, const struct http_ask_options *o, struct http_ask **out, struct err *e)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl cannot be started");
	struct http_ask *h = xcalloc(1, sizeof(*h));
	h->base = base;
	h->o = *o;
	h->multi = curl_multi_init();
	h->timer = event_new(base, -1, 0, on_timer, h);
	if (!h->multi || !h->timer)
		abort();
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)PER_HOST);
	*out = h;
	return true;
}

void
http_ask_free(struct http_ask *h)
{
	if (!h)
		return;
	for (struct exchange *x = h->first, *next; x; x = next) {
		next = x->next;
		exchange_end(x);
	}
	curl_multi_cleanup(h->multi);
	event_free(h->timer);
	curl_global_cleanup();
	free(h);
}
