/* The HTTP client with libcurl and OpenSSL (net/client.h). */
#include "net/client.h"

#include "base/arena.h"
#include "net/client-internal.h"
#include "net/tls.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_MAX (16u << 20)
#define CONNECT_TIMEOUT_S 10
#define TIMEOUT_S 60
#define PATH_MAX_BYTES 4096

static void
set_blob(CURL *curl, CURLoption option, struct str pem)
{
	struct curl_blob blob = { .data = (void *)(uintptr_t)pem.ptr, .len = pem.len, .flags = CURL_BLOB_COPY };
	if (pem.len)
		curl_easy_setopt(curl, option, &blob);
}

static CURLcode
on_ssl_context(CURL *curl, void *context, void *user)
{
	(void)curl;
	tls_pin_use(context, user);
	return CURLE_OK;
}

/* Whom to trust: our CA, the pinned key, or the system's store. */
static void
set_trust(struct http_client *c, const struct http_client_options *o)
{
	if (o->ca_pem.len || o->ca_key_digest) {
		/* Debian's folder of public authorities would be trusted besides. */
		curl_easy_setopt(c->curl, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL);
	}
	set_blob(c->curl, CURLOPT_CAINFO_BLOB, o->ca_pem);
	if (o->proxy_ca_pem.len || o->ca_key_digest) {
		curl_easy_setopt(c->curl, CURLOPT_PROXY_CAINFO, NULL);
		curl_easy_setopt(c->curl, CURLOPT_PROXY_CAPATH, NULL);
	}
	set_blob(c->curl, CURLOPT_PROXY_CAINFO_BLOB, o->proxy_ca_pem);
	if (o->ca_key_digest) {
		snprintf(c->pin.digest, sizeof(c->pin.digest), "%s", o->ca_key_digest);
		curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
		curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_DATA, &c->pin);
	}
	if (o->certificate_pem.len) {
		curl_easy_setopt(c->curl, CURLOPT_SSLCERTTYPE, "PEM");
		curl_easy_setopt(c->curl, CURLOPT_SSLKEYTYPE, "PEM");
		set_blob(c->curl, CURLOPT_SSLCERT_BLOB, o->certificate_pem);
		set_blob(c->curl, CURLOPT_SSLKEY_BLOB, o->key_pem);
	}
	curl_easy_setopt(c->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user);
static size_t on_header(char *bytes, size_t size, size_t count, void *user);
static int on_progress(void *user, curl_off_t total, curl_off_t got, curl_off_t up_total, curl_off_t up);

static void
set_manner(struct http_client *c, const struct http_client_options *o)
{
	CURL *curl = c->curl;
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, o->user_agent ? o->user_agent : "mamori/" MAMORI_VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
			 (long)(o->connect_timeout_s ? o->connect_timeout_s : CONNECT_TIMEOUT_S));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	if (o->unix_socket) {
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	} else if (o->proxy) {
		curl_easy_setopt(curl, CURLOPT_PROXY, o->proxy);
		curl_easy_setopt(curl, CURLOPT_PROXYAUTH, CURLAUTH_ANY);
	}
	c->unix_socket = o->unix_socket ? xstrdup(o->unix_socket) : NULL;
	c->has_certificate = o->certificate_pem.len > 0;
	c->body_max = o->body_max ? o->body_max : BODY_MAX;
	c->timeout_s = o->timeout_s;
	c->stop = o->stop;
	c->stop_user = o->stop_user;
	if (o->language)
		buf_addf(&c->language, "Accept-Language: %s", o->language);
}

bool
http_client_new(const struct http_client_options *o, struct http_client **out, struct err *e)
{
	if (o->ca_key_digest && strlen(o->ca_key_digest) != 64)
		return err_set(e, ERR_INPUT, "the digest of the server's key is not a SHA-256 in hexadecimal");
	/* Counted, and safe to call from several threads (libcurl 7.84). */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl cannot be started");
	struct http_client *c = xcalloc(1, sizeof(*c));
	c->curl = curl_easy_init();
	if (!c->curl)
		abort();
	set_manner(c, o);
	set_trust(c, o);
	*out = c;
	return true;
}

void
http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	curl_global_cleanup();
	buf_free(&c->pin.ca_pem);
	buf_free(&c->language);
	free(c->unix_socket);
	free(c);
}

void
http_client_cleanup(struct http_client **c)
{
	http_client_free(*c);
}

void
http_response_free(struct http_response *r)
{
	buf_free(&r->body);
	buf_free(&r->ca_pem);
}

/* ---- what comes in ---- */

bool
client_write(struct transfer *t, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(t->fd, bytes, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			t->write_errno = errno;
			return false;
		}
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t n = size * count;
	if (n > t->max - t->got) {
		t->too_large = true;
		return 0;
	}
	t->got += n;
	if (t->response)
		buf_add(&t->response->body, str_sub(bytes, n));
	else if (!(t->take ? t->take(t, str_sub(bytes, n)) : client_write(t, bytes, n)))
		return 0;
	return n;
}

static void
keep_field(char *into, size_t size, struct str value)
{
	value = str_trim(value);
	if (value.len < size) {
		memcpy(into, value.ptr, value.len);
		into[value.len] = '\0';
	}
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct http_response *r = t->response;
	struct str line = str_sub(bytes, size * count), name, value;
	if (t->header)
		t->header(t, line);
	if (!r)
		return line.len;
	/* A block of its own, as after 100 Continue: what the last one said does not count. */
	if (str_starts(line, STR("HTTP/")))
		r->content_type[0] = r->etag[0] = r->last_modified[0] = '\0';
	else if (!str_split(line, ':', &name, &value))
		return line.len;
	else if (str_eq_nocase(name, STR("Content-Type")))
		keep_field(r->content_type, sizeof(r->content_type), value);
	else if (str_eq_nocase(name, STR("ETag")))
		keep_field(r->etag, sizeof(r->etag), value);
	else if (str_eq_nocase(name, STR("Last-Modified")))
		keep_field(r->last_modified, sizeof(r->last_modified), value);
	return line.len;
}

static int
on_progress(void *user, curl_off_t total, curl_off_t got, curl_off_t up_total, curl_off_t up)
{
	(void)up_total, (void)up;
	struct transfer *t = user;
	if (t->progress)
		t->progress(t->user, t->before + (got > 0 ? (uint64_t)got : 0),
			    total > 0 ? t->before + (uint64_t)total : 0);
	/* Other than 0 ends the exchange. */
	return t->client && t->client->stop && t->client->stop(t->client->stop_user);
}

/* ---- what goes out ---- */

static void
header_add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (!longer)
		abort();
	*list = longer;
}

static struct curl_slist *
header_list(struct http_client *c, const char *const *headers, bool has_body)
{
	struct curl_slist *list = NULL;
	bool typed = false;
	for (size_t i = 0; headers && headers[i]; i++) {
		typed = typed || strncasecmp(headers[i], "Content-Type:", 13) == 0;
		header_add(&list, headers[i]);
	}
	if (has_body && !typed)
		header_add(&list, "Content-Type: application/json");
	if (c->language.len)
		header_add(&list, buf_cstr(&c->language));
	/* Otherwise larger bodies wait a second for servers that do not know it. */
	header_add(&list, "Expect:");
	return list;
}

static void
set_request(struct http_client *c, const char *method, const char *url, struct str body)
{
	bool head = strcmp(method, "HEAD") == 0;
	bool bodyless = body.len == 0 && (head || strcmp(method, "GET") == 0 || strcmp(method, "DELETE") == 0);
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_NOBODY, 0L);
	curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, head ? NULL : method);
	if (head)
		curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
	if (bodyless)
		return;
	curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
}

/* OpenSSL writes to sockets without MSG_NOSIGNAL. The signal is held back in this thread alone, so that neither a
 * vanished peer ends the process nor the process's own handling of signals changes. */
static CURLcode
perform(CURL *curl)
{
	sigset_t pipe_only, old, pending;
	const struct timespec none = { 0 };
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
	CURLcode rc = curl_easy_perform(curl);
	if (!sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_only, NULL, &none) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

/* A server may refuse our certificate while we are still sending; then the reason is asked for once more with a
 * request that has nothing to send. */
static CURLcode
ask_reason(struct http_client *c, CURLcode rc)
{
	if (!c->has_certificate || (rc != CURLE_SEND_ERROR && rc != CURLE_RECV_ERROR) ||
	    client_tls_reason(c->error) != 0)
		return rc;
	struct transfer nothing = { .fd = -1 };
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &nothing);
	curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &nothing);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, 1L);
	char first[CURL_ERROR_SIZE];
	memcpy(first, c->error, sizeof(first));
	CURLcode again = perform(c->curl);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, 0L);
	if (again != CURLE_OK && client_tls_reason(c->error) != 0)
		return again;
	memcpy(c->error, first, sizeof(first));
	return rc;
}

bool
client_exchange(struct http_client *c, const char *method, const char *url, const char *const *headers, struct str body,
		struct transfer *t, struct err *e)
{
	bool https = strncmp(url, "https://", 8) == 0;
	bool http = strncmp(url, "http://", 7) == 0;
	/* Plain HTTP is for our own socket, and for mirrors of feeds, whose content is checked otherwise. */
	if (!https && !(http && (c->unix_socket || !t->response)))
		return err_set(e, ERR_REFUSED, "%s is not asked: the address must begin with https://", url);
	struct curl_slist *list = header_list(c, headers, body.len > 0);
	set_request(c, method, url, body);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, t->progress || c->stop ? 0L : 1L);
	curl_easy_setopt(c->curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max);
	c->error[0] = '\0';
	t->client = c;
	CURLcode rc = perform(c->curl);
	bool ok = rc == CURLE_OK;
	if (rc == CURLE_FILESIZE_EXCEEDED || t->too_large)
		err_set(e, ERR_TOO_LARGE, "the answer of %s is larger than the %llu bytes that are taken", url,
			(unsigned long long)t->max);
	else if (!ok && !t->write_errno)
		client_failed(c, ask_reason(c, rc), url, e);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(list);
	return ok;
}

bool
http_request(struct http_client *c, const char *method, const char *url, const char *const *headers, struct str body,
	     struct http_response *r, struct err *e)
{
	HTTP_RESPONSE_AUTO fresh = { 0 };
	struct transfer t = { .response = &fresh, .fd = -1, .max = c->body_max };
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)(c->timeout_s ? c->timeout_s : TIMEOUT_S));
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, 0L);
	if (!client_exchange(c, method, url, headers, body, &t, e))
		return false;
	long status = 0;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	fresh.status = (int)status;
	buf_add(&fresh.ca_pem, buf_str(&c->pin.ca_pem));
	http_response_free(r);
	*r = fresh;
	fresh = (struct http_response){ 0 };
	return true;
}

/* ---- answers of any size ---- */

struct streaming {
	http_take_fn *take;
	void *user;
	CURL *curl;
	int *status;
};

static bool
stream_take(struct transfer *t, struct str bytes)
{
	const struct streaming *s = t->taker;
	long code = 0;
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code);
	*s->status = (int)code;
	if (s->take(s->user, bytes))
		return true;
	t->write_errno = ECANCELED; /* whoever took it knows why */
	return false;
}

bool
http_stream(struct http_client *c, const char *method, const char *url, const char *const *headers, struct str body,
	    http_take_fn *take, void *user, int *status, struct err *e)
{
	struct streaming s = { take, user, c->curl, status };
	struct transfer t = { .fd = -1, .max = INT64_MAX, .take = stream_take, .taker = &s };
	long code = 0;
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, 0L);
	/* A long answer is computed in silence: the connection's own keep-alive tells whether anybody is there. */
	curl_easy_setopt(c->curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, 0L);
	if (!client_exchange(c, method, url, headers, body, &t, e))
		return false;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &code);
	*status = (int)code;
	return true;
}

/* ---- downloads ---- */

/* A file beside the goal that disappears unless it was renamed. */
struct part {
	char path[PATH_MAX_BYTES];
	int fd;
};

static void
part_cleanup(struct part *p)
{
	if (p->fd < 0)
		return;
	close(p->fd);
	unlink(p->path);
}

static bool
part_open(struct part *p, const char *path, struct err *e)
{
	int n = snprintf(p->path, sizeof(p->path), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(p->path))
		return err_set(e, ERR_INPUT, "the path %s is too long", path);
	p->fd = mkostemp(p->path, O_CLOEXEC);
	if (p->fd < 0)
		return err_sys(e, "cannot create a file beside %s", path);
	return true;
}

static bool
part_commit(struct part *p, const char *path, struct err *e)
{
	char folder[PATH_MAX_BYTES];
	snprintf(folder, sizeof(folder), "%s", path);
	if (fchmod(p->fd, 0644) != 0 || fsync(p->fd) != 0 || rename(p->path, path) != 0)
		return err_sys(e, "cannot write %s", path);
	close(p->fd);
	p->fd = -1;
	/* The rename itself must survive a power cut. */
	int dir = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = dir >= 0 && fsync(dir) == 0;
	if (!ok)
		err_sys(e, "cannot write the folder of %s", path);
	if (dir >= 0)
		close(dir);
	return ok;
}

bool
client_download_status(struct http_client *c, const char *url, struct err *e)
{
	long status = 0;
	char *moved = NULL;
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return true;
	curl_easy_getinfo(c->curl, CURLINFO_REDIRECT_URL, &moved);
	if (moved)
		return err_set(e, ERR_UNREACHABLE, "%s has moved to %s; name the new address", url, moved);
	if (status == 404 || status == 410)
		return err_set(e, ERR_NOT_FOUND, "there is nothing at %s (answer %ld)", url, status);
	return err_set(e, ERR_UNREACHABLE, "%s was not given out (answer %ld); try again later", url, status);
}

void
client_download_pace(struct http_client *c)
{
	/* A large file over a slow line may take its time, but not stand still. */
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, (long)c->timeout_s);
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 100L);
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, (long)TIMEOUT_S);
}

bool
http_download(struct http_client *c, const char *url, const char *path, uint64_t max, http_progress_fn *progress,
	      void *user, struct err *e)
{
	__attribute__((cleanup(part_cleanup))) struct part part = { .fd = -1 };
	if (!part_open(&part, path, e))
		return false;
	struct transfer t = {
		.fd = part.fd, .max = max < INT64_MAX ? max : INT64_MAX, .progress = progress, .user = user
	};
	client_download_pace(c);
	if (!client_exchange(c, "GET", url, NULL, STR(""), &t, e)) {
		errno = t.write_errno;
		return t.write_errno ? err_sys(e, "cannot write the download to %s", path) : false;
	}
	return client_download_status(c, url, e) && part_commit(&part, path, e);
}
