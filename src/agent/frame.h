/* Messages between the agent's two processes: a fixed header, then up to three counted parts, over a stream socket.
 * Short reads, bytes that nobody asked for and parts past their cap end the conversation. */
#ifndef MAMORI_AGENT_FRAME_H
#define MAMORI_AGENT_FRAME_H

#include "base/buf.h"

#define FRAME_PARTS 3
#define FRAME_HEADER 24

struct frame {
	uint32_t kind; /* what it is; the upper half of an answer is an enum err_code, its text part 0 */
	uint32_t code; /* HTTP status of an answer */
	struct str part[FRAME_PARTS];
};

/* The largest each part may be. */
struct frame_caps {
	uint32_t part[FRAME_PARTS];
};

extern const struct frame_caps frame_caps_request, frame_caps_answer;

/* Header only: false (ERR_INPUT) unless magic and lengths are right. *total: bytes of all parts. */
bool frame_header(const unsigned char header[FRAME_HEADER], const struct frame_caps *caps, struct frame *out,
		  size_t *total, struct err *e) MUST_CHECK;
bool frame_send(int fd, const struct frame *f, struct err *e) MUST_CHECK;
/* The parts live in storage. timeout_ms for the whole frame, -1 none. *closed (may be NULL): the other side
 * ended before the first byte (then false without an error). */
bool frame_receive(int fd, const struct frame_caps *caps, int timeout_ms, struct buf *storage, struct frame *out,
		   bool *closed, struct err *e) MUST_CHECK;
/* Bytes are waiting although nothing was asked. */
bool frame_unasked(int fd);

#endif
