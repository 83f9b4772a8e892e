#include "agent/letters.h"

#include "agent/answer.h"
#include "agent/checkin.h"
#include "base/log.h"
#include "trust/letter.h"

#define LETTERS_FILE "letters.json"

struct numbers {
	int64_t sent, answered;
};

static void
numbers_load(const struct session *s, struct numbers *n)
{
	struct json *v = NULL;
	*n = (struct numbers){ 0 };
	if (!state_load(s->agent, s->arena, LETTERS_FILE, &v, NULL) ||
	    !str_eq(json_get_str(v, "host"), str_of(s->id.host)))
		return;
	n->sent = json_get_i64(v, "sent", 0);
	n->answered = json_get_i64(v, "answered", 0);
}

static bool
numbers_save(const struct session *s, const struct numbers *n, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_cstr(&w, "host", s->id.host);
	json_put_i64(&w, "sent", n->sent);
	json_put_i64(&w, "answered", n->answered);
	json_end_object(&w);
	return state_save(s->agent, LETTERS_FILE, buf_str(&b), e);
}

static const char *
place(const struct session *s)
{
	return arena_printf(s->arena, "/relay/v1/letters/%s", s->id.host).ptr;
}

static bool
has_relay(const struct session *s)
{
	for (size_t i = 0; i < s->ways.count; i++)
		if (s->ways.way[i].url && strncmp(s->ways.way[i].url, "https://", 8) == 0)
			return true;
	return false;
}

static bool
take(struct session *s, struct str bytes, struct err *e)
{
	struct numbers n;
	struct letter l;
	numbers_load(s, &n);
	if (!letter_open(bytes, s->order_key, LETTER_ANSWER, str_of(s->id.host), n.answered, s->arena, &l, e))
		return e->code == ERR_CONFLICT; /* the one that we have already */
	if (!checkin_answer_by_letter(s, l.body, e))
		return false;
	if (l.made > s->contact.signed_time)
		s->contact.signed_time = l.made;
	n.answered = l.serial;
	log_info("letter", "the server's letter %lld came by the relay", (long long)l.serial);
	return numbers_save(s, &n, e);
}

void
letters_fetch(struct session *s, bool *relay)
{
	NET_ANSWER_AUTO r = { 0 };
	struct err e = { 0 };
	const char *state;
	*relay = false;
	if (!has_relay(s))
		return;
	if (!net_call(&s->net, NET_RELAY_GET, place(s), STR(""), &r, &e)) {
		log_warn("letter", "%s", e.text);
		return;
	}
	*relay = true;
	if (r.status == 404)
		return;
	if (r.status != 200)
		(void)answer_error(s->arena, r.status, buf_str(&r.body), &state, &e);
	else if (take(s, buf_str(&r.body), &e))
		return;
	log_warn("letter", "%s", e.text);
}

/* A clock or a state folder that was put back must not make numbers that the server has seen: at least the time. */
static int64_t
next_number(const struct session *s, const struct numbers *n)
{
	int64_t now = clock_now(s->agent->clock) / 1000;
	return n->sent + 1 > now ? n->sent + 1 : now;
}

bool
letters_leave(struct session *s, struct err *e)
{
	NET_ANSWER_AUTO r = { 0 };
	BUF_AUTO body = { 0 };
	BUF_AUTO bytes = { 0 };
	struct numbers n;
	const char *state;
	if (!has_relay(s))
		return err_set(e, ERR_UNREACHABLE, "there is no relay that carries letters");
	numbers_load(s, &n);
	if (!checkin_letter(s, n.answered, &body, e))
		return false;
	n.sent = next_number(s, &n);
	struct letter l = { .kind = LETTER_CHECK_IN,
			    .host = str_of(s->id.host),
			    .serial = n.sent,
			    .made = clock_now(s->agent->clock),
			    .body_text = buf_str(&body) };
	if (!numbers_save(s, &n, e) || !letter_write(&l, s->signing, &bytes, e) ||
	    !net_call(&s->net, NET_RELAY_PUT, place(s), buf_str(&bytes), &r, e))
		return err_wrap(e, "leaving a letter at the relay");
	if (r.status == 204)
		return true;
	(void)answer_error(s->arena, r.status, buf_str(&r.body), &state, e);
	return err_wrap(e, "leaving a letter at the relay");
}
