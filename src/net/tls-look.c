#include "net/tls-look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

struct looking {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	int64_t until;
};

static void
looking_end(struct looking *l)
{
	SSL_free(l->ssl);
	SSL_CTX_free(l->ctx);
	if (l->fd >= 0)
		close(l->fd);
}

static int64_t
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
wait_for(const struct looking *l, short events)
{
	int64_t left = l->until - now_ms();
	struct pollfd p = { .fd = l->fd, .events = events };
	return left > 0 && poll(&p, 1, (int)left) > 0;
}

static socklen_t
address_fill(const char *address, unsigned port, struct sockaddr_storage *at)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)at;
	*at = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof(*v6);
}

static bool
connect_to(struct looking *l, const char *address, unsigned port, struct err *e)
{
	struct sockaddr_storage at;
	socklen_t size = address_fill(address, port, &at);
	int failed = 0;
	socklen_t len = sizeof(failed);
	if (!size)
		return err_set(e, ERR_INPUT, "“%s” is no address", address);
	l->fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return err_sys(e, "opening a socket");
	if (connect(l->fd, (struct sockaddr *)&at, size) == 0)
		return true;
	if (errno == EINPROGRESS) {
		if (!wait_for(l, POLLOUT))
			return err_set(e, ERR_UNREACHABLE, "%s port %u did not answer within %d s", address, port,
				       TLS_LOOK_SECONDS);
		if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && failed == 0)
			return true;
		errno = failed;
	}
	return err_set(e, ERR_UNREACHABLE, "%s port %u cannot be reached: %s", address, port, strerror(errno));
}

/* What OpenSSL wants before it goes on; false: it failed for good, or the time is over. */
static bool
goes_on(const struct looking *l, int result)
{
	int why = SSL_get_error(l->ssl, result);
	if (why == SSL_ERROR_WANT_READ)
		return wait_for(l, POLLIN);
	return why == SSL_ERROR_WANT_WRITE && wait_for(l, POLLOUT);
}

/* Old servers are to be seen, not to be trusted: nothing secret is sent. */
static bool
tls_prepare(struct looking *l, const char *host, struct err *e)
{
	static const unsigned char http[] = "\x08http/1.1";
	unsigned char numeric[16];
	bool named = inet_pton(AF_INET, host, numeric) != 1 && inet_pton(AF_INET6, host, numeric) != 1;
	l->ctx = SSL_CTX_new(TLS_client_method());
	if (!l->ctx)
		return err_set(e, ERR_SYSTEM, "preparing TLS: out of memory");
	SSL_CTX_set_verify(l->ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_security_level(l->ctx, 0);
	(void)SSL_CTX_set_min_proto_version(l->ctx, TLS1_VERSION);
	(void)SSL_CTX_set_cipher_list(l->ctx, "ALL:@SECLEVEL=0");
	(void)SSL_CTX_set_alpn_protos(l->ctx, http, sizeof(http) - 1);
	l->ssl = SSL_new(l->ctx);
	if (!l->ssl || SSL_set_fd(l->ssl, l->fd) != 1 || (named && SSL_set_tlsext_host_name(l->ssl, host) != 1))
		return err_set(e, ERR_SYSTEM, "preparing TLS: out of memory");
	return true;
}

static bool
handshake(struct looking *l, const char *address, unsigned port, struct err *e)
{
	int result;
	ERR_clear_error();
	while ((result = SSL_connect(l->ssl)) != 1)
		if (!goes_on(l, result)) {
			const char *why = ERR_reason_error_string(ERR_peek_error());
			return err_set(e, ERR_UNREACHABLE, "%s port %u did not end its TLS handshake: %s", address,
				       port, why ? why : "closed or silent");
		}
	return true;
}

static void
chain_take(const struct looking *l, struct tls_look *out)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(l->ssl);
	for (int i = 0; chain && i < sk_X509_num(chain) && out->certificates < TLS_LOOK_CHAIN; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(chain, i), &der);
		if (len > 0)
			buf_add(&out->chain[out->certificates++], str_sub((const char *)der, (size_t)len));
		OPENSSL_free(der);
	}
	(void)snprintf(out->protocol, sizeof(out->protocol), "%s", SSL_get_version(l->ssl));
	(void)snprintf(out->cipher, sizeof(out->cipher), "%s", SSL_get_cipher_name(l->ssl));
}

static bool
send_all(struct looking *l, struct str text)
{
	while (text.len) {
		int sent = SSL_write(l->ssl, text.ptr, (int)text.len);
		if (sent > 0)
			text = str_skip(text, (size_t)sent);
		else if (!goes_on(l, sent))
			return false;
	}
	return true;
}

static void
answer_take(struct looking *l, struct tls_look *out)
{
	while (out->answer.len < TLS_LOOK_BYTES) {
		size_t most = TLS_LOOK_BYTES - out->answer.len;
		int got = SSL_read(l->ssl, buf_reserve(&out->answer, most), (int)most);
		if (got > 0)
			out->answer.len += (size_t)got;
		else if (!goes_on(l, got))
			return;
	}
}

/* "HTTP/1.1 200 OK" */
static int
status_of(struct str answer)
{
	struct str line, version, rest, code;
	uint64_t status;
	if (!str_line(&answer, &line) || !str_starts(line, STR("HTTP/")) || !str_split(line, ' ', &version, &rest))
		return 0;
	return str_word(&rest, &code) && str_to_u64(code, &status) && status < 1000 ? (int)status : 0;
}

bool
tls_look(const char *address, unsigned port, const char *host, struct tls_look *out, struct err *e)
{
	__attribute__((cleanup(looking_end))) struct looking l = { .fd = -1,
								   .until = now_ms() + TLS_LOOK_SECONDS * 1000 };
	BUF_AUTO get = { 0 };
	bool v6 = strchr(host, ':') != NULL;
	*out = (struct tls_look){ 0 };
	if (!connect_to(&l, address, port, e) || !tls_prepare(&l, host, e) || !handshake(&l, address, port, e))
		return false;
	chain_take(&l, out);
	buf_addf(&get,
		 "GET / HTTP/1.1\r\nHost: %s%s%s\r\nUser-Agent: mamori (the owner looks once)\r\nAccept: */*\r\n"
		 "Connection: close\r\n\r\n",
		 v6 ? "[" : "", host, v6 ? "]" : "");
	if (send_all(&l, buf_str(&get)))
		answer_take(&l, out);
	out->status = status_of(buf_str(&out->answer));
	if (!out->status)
		(void)snprintf(out->shortcoming, sizeof(out->shortcoming), "what answered is no HTTP");
	return true;
}

void
tls_look_free(struct tls_look *l)
{
	for (size_t i = 0; i < l->certificates; i++)
		buf_free(&l->chain[i]);
	buf_free(&l->answer);
}
