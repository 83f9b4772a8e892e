#include "relay/letter.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "os/file.h"
#include "trust/cert.h"
#include "trust/letter.h"

#include <pthread.h>
#include <stdatomic.h>

#define PREFIX "/relay/v1/letters/"
#define HOST_MAX 64
#define BOX_MAX 20000
#define BATCH_BYTES ((size_t)6 << 20) /* of letters in one body: in base64 a third more */
#define BATCH_MAX 200
#define REFUSED_MAX 4096

struct letter_box {
	struct arena arena;
	const char *out, *in;
	pthread_mutex_t lock; /* what is there is compared before it is replaced or removed */
	atomic_bool fresh;
};

bool
letter_box_open(const char *data, const struct clock *clock, struct letter_box **out, struct err *e)
{
	struct letter_box *b = xcalloc(1, sizeof(*b));
	(void)clock;
	pthread_mutex_init(&b->lock, NULL);
	b->out = path_join(&b->arena, data, "letters/out");
	b->in = path_join(&b->arena, data, "letters/in");
	atomic_store(&b->fresh, true);
	if (dir_make(b->out, 0700, e) && dir_make(b->in, 0700, e)) {
		*out = b;
		return true;
	}
	letter_box_close(b);
	return false;
}

void
letter_box_close(struct letter_box *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	arena_free(&b->arena);
	free(b);
}

static bool
host_valid(struct str host)
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'))
			return false;
	}
	return host.len > 0 && host.len <= HOST_MAX;
}

static const char *
place(struct arena *a, const char *folder, struct str host, const char *suffix)
{
	return arena_printf(a, "%s/%.*s.%s", folder, STR_ARG(host), suffix).ptr;
}

/* Serial number of the letter that waits; 0: none, or one that cannot be read. */
static int64_t
serial_there(const char *path, struct arena *a)
{
	BUF_AUTO bytes = { 0 };
	struct letter l;
	struct err e = { 0 };
	if (!file_exists(path) || !file_read(path, LETTER_MAX, &bytes, &e) || !letter_peek(buf_str(&bytes), a, &l, &e))
		return 0;
	return l.serial;
}

bool
letter_box_put(struct letter_box *b, struct str host, struct str bytes, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct letter l;
	if (!host_valid(host) || !letter_peek(bytes, &a, &l, e))
		return host_valid(host) ? false : err_set(e, ERR_INPUT, "this is no machine's name");
	if (strcmp(l.kind, LETTER_CHECK_IN) != 0)
		return err_set(e, ERR_INPUT, "the letter is of another kind (%s)", l.kind);
	if (!str_eq(l.host, host))
		return err_set(e, ERR_REFUSED, "the letter is of another machine (%.*s)", STR_ARG(l.host));
	const char *path = place(&a, b->out, host, "letter");
	pthread_mutex_lock(&b->lock);
	int64_t there = serial_there(path, &a);
	bool ok =
		there <= l.serial ||
		err_set(e, ERR_CONFLICT, "the letter is an old one: its number %lld has been seen, the newest is %lld",
			(long long)l.serial, (long long)there);
	ok = ok && file_write(path, bytes, 0600, e);
	pthread_mutex_unlock(&b->lock);
	if (ok)
		atomic_store(&b->fresh, true);
	return ok;
}

bool
letter_box_get(struct letter_box *b, struct str host, struct buf *bytes, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO refused = { 0 };
	struct json *v;
	if (!host_valid(host))
		return err_set(e, ERR_INPUT, "this is no machine's name");
	const char *path = place(&a, b->in, host, "letter"), *no = place(&a, b->in, host, "refused");
	if (file_exists(no) && file_read(no, REFUSED_MAX, &refused, NULL) &&
	    json_parse(&a, buf_str(&refused), NULL, &v, NULL))
		return err_set(e, ERR_REFUSED, "the server did not take this machine's letter: %.*s",
			       STR_ARG(json_get_str(v, "message")));
	if (!file_exists(path))
		return err_set(e, ERR_NOT_FOUND, "there is no letter for this machine");
	return file_read(path, LETTER_MAX, bytes, e);
}

/* ---- calls of hosts ---- */

static void
reply_error(struct relay_call *c, int status, const struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_key(&w, "error");
	json_begin_object(&w);
	json_put_cstr(&w, "code", err_code_name(e->code));
	json_put_cstr(&w, "message", e->text);
	json_end_object(&w);
	json_end_object(&w);
	relay_call_reply(c, status, "application/json", buf_str(&b));
}

static int
status_of(const struct err *e)
{
	switch ((int)e->code) {
	case ERR_TOO_LARGE:
		return 413;
	case ERR_REFUSED:
		return 403;
	case ERR_CONFLICT:
		return 409;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_INPUT:
		return 400;
	case ERR_NO_SPACE:
		return 507;
	default:
		return 500;
	}
}

/* The host that shows its certificate, and no other, may have to do with its letters. */
static bool
caller_is(struct relay_call *c, struct str host, struct err *e)
{
	struct cert_info info;
	struct str pem = relay_call_certificate(c);
	if (!pem.len)
		return err_set(e, ERR_REFUSED, "no certificate came with this request: enrol this machine first");
	if (!cert_read(pem, &info, e))
		return false;
	return str_eq(str_of(info.common_name), host) ||
	       err_set(e, ERR_REFUSED, "these letters are another machine's (%.*s)", STR_ARG(host));
}

bool
letter_box_call(struct letter_box *b, struct relay_call *c)
{
	struct str path = relay_call_path(c), method = relay_call_method(c);
	BUF_AUTO bytes = { 0 };
	struct err e = { 0 };
	if (!str_starts(path, STR(PREFIX)))
		return false;
	struct str host = str_skip(path, strlen(PREFIX));
	bool put = str_eq(method, STR("PUT"));
	if (!put && !str_eq(method, STR("GET"))) {
		err_set(&e, ERR_USAGE, "letters are left with PUT and taken with GET");
		reply_error(c, 405, &e);
		return true;
	}
	bool ok = caller_is(c, host, &e) &&
		  (put ? letter_box_put(b, host, relay_call_body(c), &e) : letter_box_get(b, host, &bytes, &e));
	if (!ok) {
		/* A refusal of the server is none of ours. */
		int status = !put && e.code == ERR_REFUSED && str_starts(str_of(e.text), STR("the server"))
				     ? 409
				     : status_of(&e);
		if (e.code != ERR_NOT_FOUND)
			log_warn("letter", "%.*s from %.*s: %s", STR_ARG(host), STR_ARG(relay_call_peer(c)), e.text);
		reply_error(c, status, &e);
	} else if (put) {
		relay_call_reply(c, 204, NULL, STR(""));
	} else {
		relay_call_reply(c, 200, "application/octet-stream", buf_str(&bytes));
	}
	return true;
}

/* ---- to the server ---- */

static bool
waiting(struct letter_box *b, struct arena *a, struct str **names, size_t *count, struct err *e)
{
	size_t all;
	if (!dir_list(a, b->out, BOX_MAX, names, &all, e))
		return false;
	*count = 0;
	for (size_t i = 0; i < all; i++)
		if (str_ends((*names)[i], STR(".letter")) && !str_starts((*names)[i], STR(".")))
			(*names)[(*count)++] = (*names)[i];
	return true;
}

size_t
letter_box_waiting(struct letter_box *b)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;
	return waiting(b, &a, &names, &count, NULL) ? count : 0;
}

bool
letter_box_new(struct letter_box *b)
{
	return atomic_load(&b->fresh);
}

/* The server has it, or has refused it: it goes, unless a newer one came meanwhile. */
static void
sent(struct letter_box *b, struct str host, int64_t serial)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	const char *path = place(&a, b->out, host, "letter");
	pthread_mutex_lock(&b->lock);
	int64_t there = serial_there(path, &a);
	if (there <= serial && !file_remove(path, &e))
		log_warn("letter", "%s", e.text);
	pthread_mutex_unlock(&b->lock);
}

static bool
answer_keep(struct letter_box *b, const struct json *j, struct arena *a, struct err *e)
{
	struct str host = json_get_str(j, "host");
	BUF_AUTO bytes = { 0 };
	if (!host_valid(host) || !base64_decode(&bytes, json_get_str(j, "letter")) || bytes.len > LETTER_MAX)
		return err_set(e, ERR_INPUT, "the server's answer has something that is no letter");
	if (!file_write(place(a, b->in, host, "letter"), buf_str(&bytes), 0600, e) ||
	    !file_remove(place(a, b->in, host, "refused"), e))
		return false;
	sent(b, host, json_get_i64(j, "serial", 0));
	return true;
}

static bool
refusal_keep(struct letter_box *b, const struct json *j, struct arena *a, struct err *e)
{
	struct str host = json_get_str(j, "host"), message = json_get_str(j, "message");
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	if (!host_valid(host))
		return true;
	log_warn("letter", "%.*s: the server refused it: %.*s", STR_ARG(host), STR_ARG(message));
	json_begin_object(&w);
	json_put_str(&w, "message", str_head(message, 600));
	json_end_object(&w);
	if (!file_write(place(a, b->in, host, "refused"), buf_str(&text), 0600, e))
		return false;
	sent(b, host, json_get_i64(j, "serial", INT64_MAX));
	return true;
}

static bool
answer_take(struct letter_box *b, struct str text, struct err *e)
{
	static const struct json_limits limits = { .depth = 6, .string_max = 8U << 20, .total = 64U << 20 };
	ARENA_AUTO a = { 0 };
	struct json *v;
	size_t count;
	if (!json_parse(&a, text, &limits, &v, e))
		return err_wrap(e, "reading the server's answer");
	const struct json *items = json_get_array(v, "letters", &count);
	for (size_t i = 0; i < count; i++)
		if (!answer_keep(b, &items[i], &a, e))
			return false;
	items = json_get_array(v, "refused", &count);
	for (size_t i = 0; i < count; i++)
		if (!refusal_keep(b, &items[i], &a, e))
			return false;
	return true;
}

bool
letter_box_forward(struct letter_box *b, letter_send_fn *send, void *user, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count, next = 0;
	atomic_store(&b->fresh, false);
	if (!waiting(b, &a, &names, &count, e))
		return false;
	while (next < count) {
		BUF_AUTO body = { 0 };
		BUF_AUTO answer = { 0 };
		struct json_writer w = { .out = &body };
		json_begin_object(&w);
		json_key(&w, "letters");
		json_begin_array(&w);
		for (size_t n = 0; next < count && n < BATCH_MAX && body.len < BATCH_BYTES; next++, n++) {
			BUF_AUTO bytes = { 0 };
			BUF_AUTO text = { 0 };
			struct err why = { 0 };
			if (!file_read(path_join(&a, b->out, names[next].ptr), LETTER_MAX, &bytes, &why)) {
				log_warn("letter", "%s", why.text);
				continue;
			}
			base64_encode(&text, bytes.ptr, bytes.len);
			json_str(&w, buf_str(&text));
		}
		json_end_array(&w);
		json_end_object(&w);
		if (!send(user, buf_str(&body), &answer, e) || !answer_take(b, buf_str(&answer), e)) {
			atomic_store(&b->fresh, true);
			return err_wrap(e, "handing the letters of hosts to the server");
		}
	}
	return true;
}
