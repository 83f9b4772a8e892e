/* What is kept: the look at what is stored before a question is asked, and the commits between asking and telling. */
#include "surface/ask-internal.h"

/* ---- what is stored already ---- */

static void
tell_stored(struct asker *k, struct ask *q, const struct answer_row *r)
{
	BUF_AUTO message = { 0 };
	struct answer a = { .kind = (enum answer_kind)r->kind,
			    .http_status = r->status,
			    .body = r->body,
			    .from = r->from,
			    .at = r->at,
			    .stored = r->run != k->run };
	if (q->question.service == SERVICE_DNS) {
		a.http_status = 0;
		if (r->kind == ANSWER_NONE) {
			ask_dns_nothing(q->question.what, r->status, &message);
			a.body = buf_str(&message);
		}
	}
	ask_tell(k, q, &a);
}

static void
tell_stored_failure(struct asker *k, struct ask *q, const struct answer_failure *f)
{
	struct answer a = {
		.kind = ANSWER_FAILED, .from = f->from, .why = f->why, .at = f->at, .stored = f->run != k->run
	};
	ask_tell(k, q, &a);
}

/* Entries of a certificate log never change; only its head does. */
static bool
for_ever(const struct question *q, const struct answer_row *r)
{
	return q->service == SERVICE_CT && r->kind == ANSWER_DATA && !str_ends(q->what, STR("/checkpoint")) &&
	       !str_ends(q->what, STR("/ct/v1/get-sth"));
}

bool
asker_stored(struct asker *k, enum service s, struct str prefix, void (*take)(void *user, struct str what), void *user,
	     struct err *e)
{
	return answer_begins(k->st, (int)s, ANSWER_DATA, prefix, take, user, e);
}

bool
ask_look_up(struct asker *k, struct ask *q, bool *told, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct answer_row r;
	struct answer_failure f;
	bool failed = false;
	enum service s = q->question.service;
	*told = false;
	if (!answer_get(k->st, (int)s, q->question.what, &a, &r, &q->known, e))
		return false;
	q->had_data = q->known && r.kind == ANSWER_DATA;
	bool fresh = q->known && clock_now(k->o.clock) - r.at < k->o.sources->cache_ms[s] && !k->o.again;
	/* What a person looked at counts until somebody looks again. */
	bool looked = s == SERVICE_CONFIRM && !k->o.confirm;
	if (q->known && (r.run == k->run || k->o.offline || fresh || looked || for_ever(&q->question, &r))) {
		tell_stored(k, q, &r);
		*told = true;
		return true;
	}
	if (!answer_failure_get(k->st, (int)s, q->question.what, &a, &f, &failed, e))
		return false;
	if (failed && (f.run == k->run || k->o.offline)) {
		tell_stored_failure(k, q, &f);
		*told = true;
	}
	return true;
}

/* ---- commits ---- */

static bool
keep_outcome(struct asker *k, struct ask *q, struct err *e)
{
	const struct ask_outcome *o = q->outcome;
	unsigned char digest[32];
	struct answer_row row = { .service = (int)q->question.service,
				  .what = q->question.what,
				  .kind = (int)o->kind,
				  .status = o->status,
				  .at = o->at,
				  .run = k->run,
				  .from = buf_str(&o->from),
				  .body = buf_str(&o->body) };
	struct log_row line = { .at = o->at,
				.event = QUERY_ANSWERED,
				.service = row.service,
				.of = q->line,
				.with = row.from,
				.kind = row.kind,
				.status = row.status,
				.why = buf_str(&o->why) };
	bool failed = o->kind == ANSWER_FAILED;
	if (!failed) {
		query_log_answer_digest(k->log, &row, digest);
		line.answer = str_sub((const char *)digest, sizeof(digest));
	}
	if (!query_log_add(k->log, &line, e))
		return false;
	row.log = line.row;
	if (failed)
		return answer_failure_put(
			k->st, &(struct answer_failure){ row.service, row.what, row.at, row.run, row.from, line.why },
			e);
	return answer_put(k->st, &row, q->known, e);
}

static bool
log_leaving(struct asker *k, struct ask *q, struct err *e)
{
	BUF_AUTO with = { 0 };
	ask_transport(q->question.service)->with(k, q, &with);
	struct log_row line = { .at = clock_now(k->o.clock),
				.event = QUERY_ASKED,
				.service = (int)q->question.service,
				.what = q->question.what,
				.with = buf_str(&with) };
	if (!query_log_add(k->log, &line, e))
		return false;
	if (q->line == 0) {
		q->line = line.row;
		k->coverage[q->question.service].asked++;
	}
	return true;
}

static bool
keep(struct asker *k, const struct ask_list *ended, const struct ask_list *leaving, struct err *e)
{
	bool ok = store_begin(k->st, e);
	for (struct ask *q = ended->head; ok && q; q = q->next)
		ok = keep_outcome(k, q, e);
	for (struct ask *q = leaving->head; ok && q; q = q->next)
		ok = log_leaving(k, q, e);
	ok = ok && query_log_seal(k->log, e) && store_commit(k->st, e);
	if (!ok)
		store_rollback(k->st);
	k->broken |= !ok;
	return ok;
}

static void
tell_outcome(struct asker *k, struct ask *q)
{
	const struct ask_outcome *o = q->outcome;
	struct answer a = { .kind = o->kind,
			    .body = buf_str(&o->body),
			    .http_status = q->question.service == SERVICE_DNS ? 0 : o->status,
			    .from = buf_str(&o->from),
			    .why = buf_str(&o->why),
			    .at = o->at };
	BUF_AUTO message = { 0 };
	if (q->question.service == SERVICE_DNS && o->kind == ANSWER_NONE) {
		ask_dns_nothing(q->question.what, o->status, &message);
		a.body = buf_str(&message);
	}
	ask_tell(k, q, &a);
}

bool
ask_flush(struct asker *k, struct err *e)
{
	struct ask_list ended = k->done, leaving = k->leaving;
	if (ended.count == 0 && leaving.count == 0)
		return true;
	if (!keep(k, &ended, &leaving, e))
		return false;
	k->done = k->leaving = (struct ask_list){ 0 };
	for (struct ask *q; (q = ask_list_pop(&leaving));) {
		q->place = ASK_AWAY;
		ask_transport(q->question.service)->send(k, q);
	}
	for (struct ask *q; (q = ask_list_pop(&ended));)
		tell_outcome(k, q);
	return true;
}
