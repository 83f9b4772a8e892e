/* How an attempt ended, and what follows: the file is whole, or another attempt, or a sentence that says why not. */
#include "relay/origin-internal.h"

#include "base/log.h"

#include <fcntl.h>

#define N_(text) text

#define REDIRECTS_MAX 5
/* Attempts that brought nothing; those that brought something are free. */
#define FAILURES_MAX 3
#define RETRY_MS 500

static void
wrong(struct transfer_state *t)
{
	atomic_fetch_add(&t->u->mismatches, 1);
	log_error("relay", "%s is not what was signed or begun: nothing of it is kept", t->flow->url);
	t->verdict = VERDICT_WRONG;
	transfer_fail(t, 502, N_("what the origin sent is not what its signed metadata names"));
}

/* From the beginning, once: as long as no reader was given anything. */
static bool
start_over(struct transfer_state *t)
{
	if (t->flow->blob || t->spilled || t->restarts++ > 0)
		return false;
	attempt_end(t);
	part_restart(t);
	t->retry_at = monotonic_ms();
	return true;
}

void
transfer_complete(struct transfer_state *t)
{
	char *seen = t->flow->entry.sha256, wanted[SHA256_HEX_LEN];
	t->total = t->have;
	if (t->flow->kind != FLOW_UNVERIFIED) {
		sha256_close(t->sha, seen);
		t->sha = NULL;
	}
	if (t->flow->kind == FLOW_KNOWN) {
		digest_hex(&t->flow->digest, wanted);
		if (t->have != t->flow->digest.size || strcmp(seen, wanted) != 0) {
			/* What lay there of an earlier attempt may have been the wrong part. */
			if (!t->resumed || !start_over(t))
				wrong(t);
			return;
		}
	}
	transfer_retire(t);
	finish_start(t);
}

/* Again, by the next way if there is one; false: that was the last try. */
static bool
retry(struct transfer_state *t)
{
	unsigned routes = attempt_routes(t->u);
	if (t->have > t->have_before)
		t->failures = 0;
	else
		t->failures++;
	if (t->failures >= (routes > 1 ? routes + 1 : FAILURES_MAX))
		return false;
	/* Nothing says that the rest would be of the same file. */
	if (t->have > 0 && t->flow->kind != FLOW_KNOWN && !*t->validator && !start_over(t))
		return false;
	if (routes > 1)
		t->route = (t->route + 1) % routes;
	attempt_end(t);
	t->retry_at = monotonic_ms() + (t->failures == 0 || routes > 1 ? 1 : RETRY_MS * t->failures);
	return true;
}

static void
note_failed(struct transfer_state *t, const char *reason)
{
	atomic_store(&t->u->failed, clock_now(t->u->o.relay->clock));
	log_warn("relay", "%s: %s", t->flow->url, reason);
}

/* Our own reasons to break off. */
static void
end_by_verdict(struct transfer_state *t)
{
	enum verdict v = t->verdict;
	if (v == VERDICT_RESTART && start_over(t))
		return;
	if (v == VERDICT_WRONG || v == VERDICT_RESTART) {
		if (v == VERDICT_RESTART || !t->resumed || !start_over(t))
			wrong(t);
	} else if (v == VERDICT_TOO_LARGE) {
		transfer_fail(t, 502, N_("the origin's file is larger than such a file may be"));
	} else if (v == VERDICT_NO_ROOM) {
		transfer_fail(t, 507, N_("the relay's disk is full"));
	} else {
		note_failed(t, "its answer is no HTTP");
		transfer_fail(t, 502, N_("the origin's answer cannot be understood"));
	}
}

/* Only to where the list allows. */
static bool
follow_redirect(struct transfer_state *t)
{
	char *to = NULL;
	BUF_AUTO canonical = { 0 };
	curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &to);
	if (!to || attempt_routes(t->u) > 0 || t->redirects++ >= REDIRECTS_MAX ||
	    !allow_url(t->u->o.allowed(t->u->o.user), str_of(to), &canonical, NULL)) {
		log_warn("relay", "%s: its redirection to %s is not followed", t->flow->url, to ? to : "nowhere");
		return false;
	}
	free(t->location);
	t->location = xstrdup(canonical.ptr);
	attempt_end(t);
	t->retry_at = monotonic_ms();
	return true;
}

static void
end_same(struct transfer_state *t)
{
	struct cache_entry e = t->have_entry;
	struct err why = { 0 };
	e.checked = clock_now(t->u->o.relay->clock);
	e.fresh_until = answer_fresh_until(&t->answer, str_of(t->flow->url), e.checked);
	if (!cache_record(t->u->o.cache, str_of(t->flow->url), &e, &why))
		log_warn("cache", "%s", why.text);
	transfer_retire(t);
	part_remove(t);
	flow_end(t->u, t->flow, FLOW_SAME, 200, NULL);
	transfer_free(t);
}

/* What asking again does not mend: somebody has to set the way out right. NULL: it is none of that. */
static const char *
way_out_refused(const struct transfer_state *t, CURLcode rc)
{
	long connect_status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_HTTP_CONNECTCODE, &connect_status);
	if (connect_status == 407 || (t->head_done && t->answer.status == 407))
		return N_("the proxy that leads out does not take the relay's user and password; ask the relay's "
			  "administrator to check --proxy-credentials");
	if (rc == CURLE_PEER_FAILED_VERIFICATION)
		return N_("the relay does not trust the certificate that it was shown for that origin; where a proxy "
			  "looks into TLS, ask the relay's administrator to name its authority with --proxy-ca");
	return NULL;
}

static void
end_unreached(struct transfer_state *t, CURLcode rc)
{
	const char *reason = *t->error ? t->error : rc ? curl_easy_strerror(rc) : "the proxy wants a password";
	const char *refused = attempt_routes(t->u) > 0 ? NULL : way_out_refused(t, rc);
	if (refused) {
		note_failed(t, reason);
		log_error("relay", "%s", refused);
		transfer_fail(t, 502, refused);
		return;
	}
	/* A part of a body that ended early: the rest is asked for. */
	if (retry(t)) {
		log_info("relay", "%s: %s; going on at byte %llu", t->flow->url, reason, (unsigned long long)t->have);
		return;
	}
	note_failed(t, reason);
	transfer_fail(t, rc == CURLE_OPERATION_TIMEDOUT ? 504 : 502,
		      N_("the origin cannot be reached; try again later"));
}

static void
end_by_status(struct transfer_state *t)
{
	int status = t->answer.status;
	if (status == 304 && t->conditional)
		end_same(t);
	else if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
		follow_redirect(t) ? (void)0
				   : transfer_fail(t, 502, N_("the origin points to an address that is not allowed"));
	else if (status == 416 && t->have > 0 && start_over(t))
		return;
	else if (status == 404 || status == 410) {
		t->flow->gone = true;
		transfer_fail(t, 404, N_("the origin has no such file"));
	} else if (status == 401 || status == 403) {
		transfer_fail(t, 403, N_("the origin does not give that file out"));
	} else if (status == 407) {
		end_unreached(t, CURLE_OK);
	} else if (!retry(t)) {
		note_failed(t, "the origin answers with an error");
		transfer_fail(t, status >= 500 ? status : 502, N_("the origin answers with an error; try again later"));
	}
}

static void
end_tunnel(struct transfer_state *t, CURLcode rc)
{
	curl_socket_t s = CURL_SOCKET_BAD;
	if (rc == CURLE_OK)
		curl_easy_getinfo(t->curl, CURLINFO_ACTIVESOCKET, &s);
	int fd = s == CURL_SOCKET_BAD ? -1 : fcntl(s, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		if (rc != CURLE_OK && attempt_routes(t->u) > 1 && retry(t))
			return;
		note_failed(t, *t->error ? t->error : curl_easy_strerror(rc));
		const char *refused = way_out_refused(t, rc);
		transfer_fail(t, rc == CURLE_OPERATION_TIMEDOUT ? 504 : 502,
			      refused ? refused : N_("that server cannot be reached"));
		return;
	}
	t->flow->fd = fd;
	transfer_retire(t);
	flow_end(t->u, t->flow, FLOW_DONE, 200, NULL);
	transfer_free(t);
}

static void
end_head(struct transfer_state *t)
{
	transfer_retire(t);
	flow_end(t->u, t->flow, FLOW_DONE, 200, NULL);
	flow_unlist(t->u, t->flow);
	transfer_free(t);
}

void
transfer_done(struct transfer_state *t, CURLcode rc)
{
	if (t->flow->kind == FLOW_TUNNEL) {
		end_tunnel(t, rc);
		return;
	}
	if (t->verdict != VERDICT_NONE) {
		end_by_verdict(t);
		return;
	}
	/* What was too long to be read is known by its status. */
	bool answered = t->head_done && (rc == CURLE_OK || !t->accepted) && t->answer.status >= 200;
	if (!answered) {
		end_unreached(t, rc);
		return;
	}
	atomic_store(&t->u->ok, clock_now(t->u->o.relay->clock));
	if (t->answer.status != 200 && t->answer.status != 206) {
		end_by_status(t);
	} else if (t->flow->kind == FLOW_HEAD) {
		end_head(t);
	} else if (t->total != LENGTH_UNKNOWN && t->have != t->total) {
		/* Closed early without libcurl minding, or bytes of it passed over. */
		end_unreached(t, CURLE_PARTIAL_FILE);
	} else {
		transfer_complete(t);
	}
}
