#include "server/letter_in.h"

#include "base/codec.h"
#include "base/log.h"
#include "store/order.h"

struct prepared {
	struct letter_in *letters;
	size_t count;
};

static void
refuse(struct letter_in *l, const struct err *why)
{
	l->refused = *why;
	log_warn("letter", "%.*s: %s", STR_ARG(l->host), why->text);
}

static bool
open_letter(struct request *r, struct str bytes, struct letter_in *l, struct err *e)
{
	KEY_AUTO k = NULL;
	struct err missing = { 0 };
	struct letter claimed;
	struct letter_row row;
	if (!letter_peek(bytes, &r->arena, &claimed, e))
		return false;
	l->host = claimed.host;
	l->serial = claimed.serial;
	if (!host_get(r->st, &r->arena, claimed.host, &l->from, &missing))
		return err_set(e, ERR_REFUSED, "the letter is of a machine that is not enrolled here");
	if (l->from.state != HOST_ACTIVE)
		return err_set(e, ERR_REFUSED, "the letter is of a machine that is %s", host_state_name(l->from.state));
	if (!letter_row_get(r->st, &r->arena, l->host, &row, e) || !key_public_from_pem(l->from.signing_key, &k, e))
		return false;
	/* The newest may come a second time: its answer was lost on the way. */
	if (!letter_open(bytes, k, LETTER_CHECK_IN, l->host, row.received ? row.received - 1 : 0, &r->arena, &l->letter,
			 e))
		return false;
	r->host = l->from;
	l->check_in = check_in_letter_open(r, json_get(l->letter.body, "check_in"), e);
	l->sections = json_get(l->letter.body, "sections");
	return l->check_in != NULL;
}

void
letter_in_open(struct request *r, struct str bytes, struct letter_in *l)
{
	struct err e = { 0 };
	*l = (struct letter_in){ .host = STR("") };
	if (!open_letter(r, bytes, l, &e))
		refuse(l, &e);
}

/* Every section that came along; one that is damaged is asked for again by the answer. */
static bool
sections_take(struct request *r, const struct letter_in *l, struct err *e)
{
	for (size_t i = 0; l->sections && l->sections->kind == JSON_KIND_OBJECT && i < l->sections->count; i++) {
		struct err why = { 0 };
		if (l->sections->item[i].kind != JSON_KIND_STRING)
			continue;
		r->argument = l->sections->key[i];
		r->body = l->sections->item[i].text;
		if (section_prepare(r, &why) && section_handle(r, &why))
			continue;
		if (why.code == ERR_SYSTEM || why.code == ERR_NO_SPACE || why.code == ERR_BUG) {
			*e = why;
			return false;
		}
		log_warn("letter", "%.*s: %s", STR_ARG(l->host), why.text);
	}
	return true;
}

static bool
answer_sign(struct request *r, const struct letter_in *l, int64_t serial, struct str body, struct buf *out,
	    struct err *e)
{
	struct letter answer = {
		.kind = LETTER_ANSWER, .host = l->host, .serial = serial, .made = r->now, .body_text = body
	};
	return letter_write(&answer, r->app->order_key, out, e);
}

static struct str
mark_of(struct request *r, int64_t serial)
{
	return arena_printf(&r->arena, "letter %lld", (long long)serial);
}

static bool
take(struct request *r, struct letter_in *l, struct letter_row *row, struct buf *answer, struct err *e)
{
	BUF_AUTO body = { 0 };
	struct json_writer before = r->w;
	int64_t answered = json_get_i64(l->letter.body, "answered", 0);
	r->host = l->from;
	/* Orders of the answer that it names have arrived. */
	if (answered > 0 && !order_arrived(r->st, l->host, mark_of(r, answered), e))
		return false;
	r->w = (struct json_writer){ .out = &body };
	bool ok = check_in_letter_announce(r, l->check_in, e) && sections_take(r, l, e) &&
		  check_in_letter_take(r, l->check_in, l->letter.made, mark_of(r, row->sent + 1), e);
	r->w = before;
	if (!ok || !answer_sign(r, l, row->sent + 1, buf_str(&body), answer, e))
		return false;
	row->received = l->serial;
	row->sent++;
	row->at = r->now;
	row->answer = buf_str(answer);
	return letter_row_put(r->st, row, e);
}

bool
letter_in_take(struct request *r, struct letter_in *l, struct str via, struct buf *answer, struct err *e)
{
	struct letter_row row;
	if (l->refused.code != ERR_NONE) {
		*e = l->refused;
		return false;
	}
	/* Read again by the only writer. */
	if (!host_get(r->st, &r->arena, l->host, &l->from, e) || !letter_row_get(r->st, &r->arena, l->host, &row, e))
		return false;
	if (l->serial < row.received || l->from.state != HOST_ACTIVE)
		return err_set(e, ERR_CONFLICT,
			       "the letter is an old one: its number %lld has been seen, the newest is %lld",
			       (long long)l->serial, (long long)row.received);
	if (l->serial == row.received && row.answer.len) {
		buf_add(answer, row.answer);
		return true;
	}
	row.relay = via;
	if (!store_job_begin(r->st, e))
		return false;
	if (take(r, l, &row, answer, e) && store_job_keep(r->st, e)) {
		log_info("letter", "%.*s: number %lld taken", STR_ARG(l->host), (long long)l->serial);
		return true;
	}
	store_job_undo(r->st);
	buf_truncate(answer, 0);
	return false;
}

/* ---- POST /agent/v1/letters ---- */

bool
letters_prepare(struct request *r, struct err *e)
{
	static const struct json_limits limits = { .depth = 4, .string_max = 8U << 20, .total = 16U << 20 };
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	struct json *v;
	size_t count;
	if (!json_parse(&r->arena, r->body, &limits, &v, e)) {
		e->code = ERR_INPUT;
		return err_wrap(e, "reading the letters that the relay hands in");
	}
	const struct json *items = json_get_array(v, "letters", &count);
	if (count > LETTERS_MAX)
		return err_set(e, ERR_TOO_LARGE, "more than %d letters at once: hand in the rest with the next request",
			       LETTERS_MAX);
	p->letters = ARENA_ARRAY(&r->arena, struct letter_in, count + 1);
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO bytes = { 0 };
		if (!base64_decode(&bytes, items[i].kind == JSON_KIND_STRING ? items[i].text : STR("!")))
			return err_set(e, ERR_INPUT, "letter %zu is not base64", i + 1);
		letter_in_open(r, buf_str(&bytes), &p->letters[p->count++]);
	}
	r->prepared = p;
	return true;
}

static void
put_letter(struct json_writer *w, const struct letter_in *l, struct str bytes)
{
	BUF_AUTO text = { 0 };
	base64_encode(&text, bytes.ptr, bytes.len);
	json_begin_object(w);
	json_put_str(w, "host", l->host);
	json_put_i64(w, "serial", l->serial);
	json_put_str(w, "letter", buf_str(&text));
	json_end_object(w);
}

static void
put_refusal(struct json_writer *w, const struct letter_in *l, const struct err *why)
{
	json_begin_object(w);
	json_put_str(w, "host", l->host);
	json_put_i64(w, "serial", l->serial);
	json_put_cstr(w, "code", err_code_name(why->code));
	json_put_cstr(w, "message", why->text);
	json_end_object(w);
}

bool
letters_handle(struct request *r, struct err *e)
{
	struct prepared *p = r->prepared;
	BUF_AUTO refused = { 0 };
	struct json_writer no = { .out = &refused };
	struct str *matches = ARENA_ARRAY(&r->arena, struct str, p->count + 1);
	json_begin_object(&r->w);
	json_key(&r->w, "letters");
	json_begin_array(&r->w);
	json_begin_array(&no);
	for (size_t i = 0; i < p->count; i++) {
		struct letter_in *l = &p->letters[i];
		BUF_AUTO answer = { 0 };
		struct err why = { 0 };
		r->match_host = STR_NONE;
		if (letter_in_take(r, l, r->relay.id, &answer, &why)) {
			put_letter(&r->w, l, buf_str(&answer));
			if (r->match_host.len)
				matches[r->match_host_count++] = l->host;
		} else if (why.code == ERR_SYSTEM || why.code == ERR_NO_SPACE || why.code == ERR_BUG) {
			*e = why;
			return false;
		} else {
			put_refusal(&no, l, &why);
		}
	}
	json_end_array(&no);
	json_end_array(&r->w);
	json_key(&r->w, "refused");
	json_raw(&r->w, buf_str(&refused));
	json_end_object(&r->w);
	r->match_host = STR_NONE;
	r->match_hosts = matches;
	r->status = 200;
	return true;
}
