/* One attempt to get a file: whom to ask, by which way, with which words (libcurl). */
#include "relay/origin-internal.h"

#include "base/log.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_S 60L
/* One large file gets a large buffer; many at once share about as much as that. */
#define BUFFER_BYTES_MAX (256L << 10)
#define BUFFER_BYTES_MIN (16L << 10)

unsigned
attempt_routes(const struct uplink *u)
{
	unsigned n = 0;
	const char *const *up = u->o.relay->upstreams;
	while (up && up[n] && n < ROUTES_MAX)
		n++;
	return n;
}

/* The address to ask: of the origin, or of the same file at the relay further out. */
static void
transfer_url(const struct transfer_state *t, struct buf *out)
{
	struct str url = str_of(t->location ? t->location : t->flow->url);
	if (attempt_routes(t->u) == 0) {
		buf_add(out, url);
		return;
	}
	struct str up = str_of(t->u->o.relay->upstreams[t->route]);
	while (str_ends(up, STR("/")))
		up = str_head(up, up.len - 1);
	buf_add(out, up);
	buf_add(out, STR("/o/"));
	buf_add(out, str_skip(url, str_starts(url, STR("https://")) ? 8 : 7));
}

static void
header_add(struct transfer_state *t, const char *name, const char *value)
{
	BUF_AUTO line = { 0 };
	buf_addf(&line, "%s%s", name, value);
	struct curl_slist *longer = curl_slist_append(t->headers, buf_cstr(&line));
	if (!longer)
		abort();
	t->headers = longer;
}

static void
set_headers(struct transfer_state *t)
{
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	if (t->conditional && *t->have_entry.etag)
		header_add(t, "If-None-Match: ", t->have_entry.etag);
	else if (t->conditional)
		header_add(t, "If-Modified-Since: ", t->have_entry.last_modified);
	if (t->have > 0) {
		char from[32];
		snprintf(from, sizeof(from), "%llu-", (unsigned long long)t->have);
		header_add(t, "Range: bytes=", from);
		if (*t->validator)
			header_add(t, "If-Range: ", t->validator);
	}
	if (t->via)
		header_add(t, "Via: ", t->via);
	/* libcurl would ask a proxy to keep the old form of the connection. */
	header_add(t, "Proxy-Connection:", "");
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
}

static void
set_way(struct transfer_state *t)
{
	const struct relay_options *r = t->u->o.relay;
	bool chained = attempt_routes(t->u) > 0;
	const char *proxy = t->u->proxy_url ? t->u->proxy_url : r->proxy;
	curl_easy_setopt(t->curl, CURLOPT_PROXY, proxy && !chained ? proxy : "");
	curl_easy_setopt(t->curl, CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY);
	if (chained && t->u->ca_file) {
		/* Relays further out are ours: the world's authorities have no say. */
		curl_easy_setopt(t->curl, CURLOPT_CAINFO, t->u->ca_file);
		curl_easy_setopt(t->curl, CURLOPT_CAPATH, NULL);
	} else if (r->proxy_ca) {
		/* Beside the system's folder, which stays CURLOPT_CAPATH. */
		curl_easy_setopt(t->curl, CURLOPT_CAINFO, r->proxy_ca);
		curl_easy_setopt(t->curl, CURLOPT_PROXY_CAINFO, r->proxy_ca);
	}
}

static void
set_tunnel(struct transfer_state *t, struct buf *url)
{
	const char *const *up = t->u->o.relay->upstreams;
	buf_addf(url, "http://%s", t->flow->url);
	curl_easy_setopt(t->curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(t->curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* Not CURLOPT_FORBID_REUSE: libcurl would close the socket before it can be taken over. */
	if (attempt_routes(t->u) == 0)
		return;
	/* What passes is TLS from end to end: no second layer to the relay further out, on the same port. */
	BUF_AUTO proxy = { 0 };
	struct str relay = str_of(up[t->route]);
	buf_addf(&proxy, "http://%.*s", STR_ARG(str_skip(relay, str_starts(relay, STR("https://")) ? 8 : 7)));
	curl_easy_setopt(t->curl, CURLOPT_PROXY, buf_cstr(&proxy));
}

static long
buffer_bytes(const struct transfer_state *t)
{
	long share = BUFFER_BYTES_MAX / (long)(t->u->active_count ? t->u->active_count : 1);
	return t->flow->kind == FLOW_TUNNEL || share < BUFFER_BYTES_MIN ? BUFFER_BYTES_MIN : share;
}

void
attempt_start(struct transfer_state *t)
{
	BUF_AUTO url = { 0 };
	CURL *curl = curl_easy_init();
	if (!curl)
		abort();
	t->curl = curl;
	t->answer = (struct answer){ 0 };
	t->head_done = t->accepted = false;
	t->discarded = t->head_bytes = 0;
	t->verdict = VERDICT_NONE;
	t->have_before = t->have;
	t->retry_at = 0;
	t->error[0] = '\0';
	set_way(t);
	set_headers(t);
	if (t->flow->kind == FLOW_TUNNEL)
		set_tunnel(t, &url);
	else
		transfer_url(t, &url);
	curl_easy_setopt(curl, CURLOPT_URL, buf_cstr(&url));
	curl_easy_setopt(curl, CURLOPT_PRIVATE, (void *)t);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mamori-relay/" MAMORI_VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, buffer_bytes(t));
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, transfer_on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, transfer_on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	if (t->flow->kind == FLOW_HEAD)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_multi_add_handle(t->u->multi, curl);
}

void
attempt_end(struct transfer_state *t)
{
	t->pause = PAUSE_NONE;
	if (!t->curl)
		return;
	curl_multi_remove_handle(t->u->multi, t->curl);
	curl_easy_cleanup(t->curl);
	t->curl = NULL;
}
