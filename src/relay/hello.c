/* How a connection begins: its first byte tells whether it speaks TLS. A handshake takes three times the memory of what comes
 * after it: of those that begin in the same moment only so many are under way at once, the others wait for a few thousandths
 * of a second with their first words still in the kernel. */
#include "relay/relay-internal.h"

#include "base/log.h"
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>

/* A handshake whose peer takes longer keeps no others waiting. */
#define COUNTS_MS 1000
#define HELD_MS 2000

/* ---- some at a time ---- */

static void
count(struct conn *c)
{
	c->handshakes = true;
	c->loop->handshakes++;
}

static void
begin(struct conn *c)
{
	loop_wait_remove(c);
	count(c);
	c->state = CONN_SNIFF;
	c->deadline = c->loop->now + HANDSHAKE_MS;
	conn_want(c, true, false);
}

static bool
hold(struct conn *c)
{
	if (c->handshakes || c->loop->handshakes < HANDSHAKES_MAX)
		return false;
	loop_hold(c);
	c->state = CONN_HELD;
	c->deadline = c->loop->now + HELD_MS;
	conn_want(c, false, false);
	return true;
}

void
hello_over(struct conn *c)
{
	struct loop *l = c->loop;
	if (!c->handshakes)
		return;
	c->handshakes = false;
	l->handshakes--;
	if (l->held && l->handshakes < HANDSHAKES_MAX)
		begin(l->held);
}

void
hello_look(struct conn *c)
{
	int64_t now = c->loop->now;
	if (c->handshakes && now >= c->deadline - HANDSHAKE_MS + COUNTS_MS)
		hello_over(c);
	/* However many there are: nobody waits for long. */
	if (c->state == CONN_HELD && now >= c->deadline)
		begin(c);
}

/* ---- the steps ---- */

bool
hello_sniff(struct conn *c)
{
	unsigned char first;
	ssize_t n = recv(c->fd, &first, 1, MSG_PEEK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		conn_free(c);
		return false;
	}
	if (first != 0x16) {
		conn_await(c);
		c->deadline = c->loop->now + HEAD_MS;
		return true;
	}
	if (hold(c))
		return false;
	struct relay *r = c->loop->relay;
	pthread_mutex_lock(&r->mutex);
	c->ssl = r->tls ? SSL_new(r->tls) : NULL;
	pthread_mutex_unlock(&r->mutex);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1) {
		conn_free(c);
		return false;
	}
	SSL_set_accept_state(c->ssl);
	if (!c->handshakes)
		count(c);
	c->state = CONN_HANDSHAKE;
	c->deadline = c->loop->now + HANDSHAKE_MS;
	return true;
}

bool
hello_shake(struct conn *c)
{
	int n = SSL_do_handshake(c->ssl);
	if (n == 1) {
		hello_over(c);
		conn_await(c);
		return true;
	}
	int reason = SSL_get_error(c->ssl, n);
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
		ERR_clear_error();
		conn_want(c, true, reason == SSL_ERROR_WANT_WRITE);
		return false;
	}
	unsigned long code = ERR_peek_error();
	char peer[80];
	conn_peer(c, peer);
	if (code != 0 && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		log_debug("relay", "connection of %s refused: %s", peer, tls_server_reason(c->ssl, code));
	ERR_clear_error();
	hello_over(c);
	conn_linger(c);
	return false;
}
