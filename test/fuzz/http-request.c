/* The reader of HTTP requests: however the bytes are cut, it comes to the same end, inside its caps. */
#include "net/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD_MAX 512
#define BODY_MAX 256

static size_t
feed(struct request *r, struct str text, size_t piece)
{
	size_t used = 0;
	while (used < text.len && r->state != REQUEST_DONE && r->state != REQUEST_BAD)
		used += request_feed(r, str_head(str_skip(text, used), piece));
	return used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size);
	struct request whole = { .head_max = HEAD_MAX, .body_max = BODY_MAX };
	struct request cut = { .head_max = HEAD_MAX, .body_max = BODY_MAX };
	size_t used = feed(&whole, text, size), used_cut = feed(&cut, text, 1 + size % 7);
	if (whole.head.len > HEAD_MAX || whole.body.len > BODY_MAX || whole.state != cut.state)
		abort();
	if (whole.state == REQUEST_BAD && (whole.status < 400 || !whole.why))
		abort();
	if (whole.state == REQUEST_DONE &&
	    (used != used_cut || !str_eq(whole.path, cut.path) || !str_eq(buf_str(&whole.body), buf_str(&cut.body))))
		abort();
	request_free(&whole);
	request_free(&cut);
	return 0;
}
