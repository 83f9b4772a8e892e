/* What an HTTP answer means: "nothing there" and "not able to say" are kept apart. */
#include "base/tr.h"
#include "surface/ask-http-internal.h"
#include "surface/ct-log.h"
#include "surface/rdap.h"

/* Whole JSON: one value, or several one behind the other. *empty: an array without anything. */
static bool
is_json(struct str body, bool *empty, struct buf *why)
{
	JSON_READER_AUTO r = json_reader_mem(body, NULL);
	enum json_token t;
	size_t tokens = 0;
	bool array = false;
	json_reader_sequence(r);
	while ((t = json_next(r)) != JSON_DONE && t != JSON_ERROR) {
		array |= tokens == 0 && t == JSON_ARRAY;
		tokens++;
	}
	*empty = array && tokens == 2;
	if (t == JSON_DONE && tokens > 0)
		return true;
	struct err e = { 0 };
	if (t == JSON_ERROR)
		json_error(r, &e);
	buf_addf(why, tr("its answer is no whole JSON (%s)"), t == JSON_ERROR ? e.text : tr("it is empty"));
	return false;
}

static enum ask_verdict
judge_rdap(struct str what, const struct http_ask_result *r, struct buf *why, struct buf *next)
{
	ARENA_AUTO a = { 0 };
	struct registration reg;
	struct err e = { 0 };
	bool empty;
	if (str_starts(what, STR("bootstrap ")))
		return is_json(r->body, &empty, why) ? ASK_VERDICT_DATA : ASK_VERDICT_AGAIN;
	if (!rdap_read(&a, r->body, r->status, &reg, &e)) {
		buf_addf(why, "%s", e.text);
		return ASK_VERDICT_AGAIN;
	}
	switch (reg.answer) {
	case REGISTRATION_NOT_FOUND:
		return ASK_VERDICT_NONE;
	case REGISTRATION_RATE_LIMITED:
		buf_addf(why, "%s", tr("it says that it was asked too often"));
		return ASK_VERDICT_LIMITED;
	case REGISTRATION_UNAVAILABLE:
		buf_addf(why, "%s", tr("it says that it is out of order"));
		return ASK_VERDICT_AGAIN;
	case REGISTRATION_INVALID:
		buf_addf(why, "%s", tr("it says that this is no question for it"));
		return ASK_VERDICT_FAILED;
	case REGISTRATION_UNCLEAR:
	case REGISTRATION_FOUND:
	case REGISTRATION_RESERVED:
	default:
		break;
	}
	const struct registration_party *owner = &reg.party[REGISTRATION_REGISTRANT];
	/* A registry that does not keep owners names the registrar that does. */
	if (str_starts(what, STR("domain ")) && owner->organisation.len == 0 && owner->name.len == 0)
		buf_add(next, reg.referral);
	return ASK_VERDICT_DATA;
}

/* What does not find anything says so with 404, or with an empty list. */
static enum ask_verdict
judge_search(const struct http_ask_result *r, struct buf *why)
{
	ARENA_AUTO a = { 0 };
	struct rdap_search found;
	struct err e = { 0 };
	if (!rdap_search_read(&a, r->body, NULL, NULL, &found, &e)) {
		buf_addf(why, "%s", e.text);
		return ASK_VERDICT_AGAIN;
	}
	return found.results > 0 ? ASK_VERDICT_DATA : ASK_VERDICT_NONE;
}

static void
let_be(void *user, struct str der, int64_t at, bool precert)
{
	(void)user, (void)der, (void)at, (void)precert;
}

/* What is kept for ever is looked at first: an error page with status 200 is no tile. */
static enum ask_verdict
judge_ct(struct str what, struct str body, struct buf *why)
{
	struct err e = { 0 };
	uint64_t size;
	size_t count = 1;
	bool ok = str_ends(what, STR("/checkpoint"))        ? ct_checkpoint_read(body, &size, &e)
		  : str_ends(what, STR("/ct/v1/get-sth"))   ? ct_sth_read(body, &size, &e)
		  : str_contains(what, STR("/tile/data/"))  ? ct_tile_read(body, let_be, NULL, &count, &e)
		  : str_contains(what, STR("/get-entries")) ? ct_entries_read(body, let_be, NULL, &count, &e)
							    : body.len > 0;
	/* Entries in front of one that cannot be read do count. */
	bool some = str_contains(what, STR("/tile/data/")) || str_contains(what, STR("/get-entries"));
	if (ok || (some && count > 0))
		return ASK_VERDICT_DATA;
	buf_addf(why, "%s", e.text);
	return ASK_VERDICT_AGAIN;
}

static enum ask_verdict
judge_body(const struct question *q, const struct http_ask_result *r, struct buf *why, struct buf *next)
{
	bool empty = false;
	switch (q->service) {
	case SERVICE_RDAP:
		return judge_rdap(q->what, r, why, next);
	case SERVICE_RDAP_SEARCH:
		return judge_search(r, why);
	case SERVICE_CRTSH:
	case SERVICE_INTERNETDB:
	case SERVICE_SHODAN:
	case SERVICE_CENSYS:
		if (!is_json(r->body, &empty, why))
			return ASK_VERDICT_AGAIN;
		return empty ? ASK_VERDICT_NONE : ASK_VERDICT_DATA;
	case SERVICE_CT:
		return judge_ct(q->what, r->body, why);
	case SERVICE_DNS:
	case SERVICE_WHOIS:
	case SERVICE_EXPOSURE:
	case SERVICE_PAGE:
	case SERVICE_CONFIRM:
	case SERVICES:
	default:
		return r->body.len > 0 ? ASK_VERDICT_DATA : ASK_VERDICT_NONE;
	}
}

/* Of crt.sh a 404 is a fault of its own: what it does not know it says with an empty list. */
static enum ask_verdict
judge_missing(const struct question *q, const struct http_ask_result *r, struct buf *why)
{
	if (q->service == SERVICE_CRTSH || (q->service == SERVICE_RDAP && str_starts(q->what, STR("bootstrap ")))) {
		buf_addf(why, tr("it answered %d"), r->status);
		return ASK_VERDICT_AGAIN;
	}
	return ASK_VERDICT_NONE;
}

enum ask_verdict
ask_judge(const struct question *q, const struct http_ask_result *r, struct buf *why, struct buf *next)
{
	if (!r->whole) {
		buf_addf(why, "%s", r->why);
		return r->too_large ? ASK_VERDICT_FAILED : ASK_VERDICT_AGAIN;
	}
	if (r->status == 200)
		return judge_body(q, r, why, next);
	if (r->status >= 300 && r->status < 400 && r->location.len > 0)
		return ASK_VERDICT_MOVED;
	if (r->status == 404 || r->status == 410)
		return judge_missing(q, r, why);
	/* RFC 9082 4, RFC 9536: asking again does not change what it is able to. */
	bool unable = r->status == 400 || r->status == 405 || r->status == 422 || r->status == 501;
	if (q->service == SERVICE_RDAP_SEARCH && unable) {
		buf_addf(why, tr("it does not offer this search (%d)"), r->status);
		return ASK_VERDICT_FAILED;
	}
	buf_addf(why, tr("it answered %d"), r->status);
	if (r->status == 429 || (r->status == 503 && r->retry_after_s >= 0))
		return ASK_VERDICT_LIMITED;
	if (r->status == 401 || (r->status == 403 && (q->service == SERVICE_SHODAN || q->service == SERVICE_CENSYS)))
		return ASK_VERDICT_USELESS;
	return r->status >= 500 || r->status == 408 ? ASK_VERDICT_AGAIN : ASK_VERDICT_FAILED;
}
