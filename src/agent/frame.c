#include "agent/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC 0x314d414dU /* "MAM1" */

const struct frame_caps frame_caps_request = { .part = { 4096, 32U << 20, 0 } };
const struct frame_caps frame_caps_answer = { .part = { 4096, 4U << 20, 64U << 10 } };

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

bool
frame_header(const unsigned char header[FRAME_HEADER], const struct frame_caps *caps, struct frame *out, size_t *total,
	     struct err *e)
{
	struct frame f = { .kind = get32(header + 4), .code = get32(header + 8) };
	size_t sum = 0;
	if (get32(header) != MAGIC)
		return err_set(e, ERR_INPUT, "a message between the agent's processes does not start as one");
	for (size_t i = 0; i < FRAME_PARTS; i++) {
		f.part[i].len = get32(header + 12 + 4 * i);
		if (f.part[i].len > caps->part[i])
			return err_set(e, ERR_TOO_LARGE,
				       "a message between the agent's processes is larger than %u bytes",
				       caps->part[i]);
		sum += f.part[i].len;
	}
	*out = f;
	*total = sum;
	return true;
}

static bool
send_all(int fd, struct str s, struct err *e)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "talking to the agent's other process");
		s = str_skip(s, (size_t)n);
	}
	return true;
}

bool
frame_send(int fd, const struct frame *f, struct err *e)
{
	unsigned char header[FRAME_HEADER];
	put32(header, MAGIC);
	put32(header + 4, f->kind);
	put32(header + 8, f->code);
	for (size_t i = 0; i < FRAME_PARTS; i++) {
		if (f->part[i].len > UINT32_MAX)
			return err_set(e, ERR_TOO_LARGE, "a message between the agent's processes is too large");
		put32(header + 12 + 4 * i, (uint32_t)f->part[i].len);
	}
	if (!send_all(fd, str_sub((const char *)header, sizeof(header)), e))
		return false;
	for (size_t i = 0; i < FRAME_PARTS; i++)
		if (!send_all(fd, f->part[i], e))
			return false;
	return true;
}

static int64_t
monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* deadline: monotonic ms, or -1. *eof: the other side is gone before the first of these bytes. */
static bool
receive_all(int fd, char *into, size_t len, int64_t deadline, bool *eof, struct err *e)
{
	*eof = false;
	for (size_t got = 0; got < len;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline < 0 ? -1 : deadline - monotonic_ms();
		if (deadline >= 0 && left <= 0)
			return err_set(e, ERR_UNREACHABLE, "the part of the agent that talks to the network is silent");
		int ready = poll(&p, 1, (int)left);
		if (ready <= 0)
			continue;
		ssize_t n = recv(fd, into + got, len - got, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "listening to the agent's other process");
		if (n == 0) {
			*eof = got == 0;
			return err_set(e, ERR_UNREACHABLE, "the part of the agent that talks to the network ended");
		}
		got += (size_t)n;
	}
	return true;
}

bool
frame_receive(int fd, const struct frame_caps *caps, int timeout_ms, struct buf *storage, struct frame *out,
	      bool *closed, struct err *e)
{
	unsigned char header[FRAME_HEADER];
	int64_t deadline = timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
	struct frame f;
	size_t total;
	bool eof;
	if (closed)
		*closed = false;
	if (!receive_all(fd, (char *)header, sizeof(header), deadline, &eof, e)) {
		if (closed)
			*closed = eof;
		return false;
	}
	if (!frame_header(header, caps, &f, &total, e))
		return false;
	buf_truncate(storage, 0);
	char *p = buf_reserve(storage, total + 1);
	if (!receive_all(fd, p, total, deadline, &eof, e))
		return false;
	storage->len = total;
	for (size_t i = 0; i < FRAME_PARTS; i++) {
		f.part[i].ptr = p;
		p += f.part[i].len;
	}
	*out = f;
	return true;
}

bool
frame_unasked(int fd)
{
	char c;
	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
