/* What the part of the agent with rights reads of the network: the server's answers, an order's document, and the
 * frames in which the other process hands them over; and what anybody at the machine may say to it. The first byte
 * chooses. */
#include "agent/answer.h"
#include "agent/frame.h"
#include "agent/order.h"
#include "agent/ward.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool right)
{
	if (!right)
		abort();
}

static void
answer(struct arena *a, struct str text)
{
	struct answer r;
	struct err e = { 0 };
	const char *state;

	if (answer_parse(a, text, &r, &e)) {
		check(r.lineage.len > 0 && r.interval >= 5 && r.interval <= 86400);
		for (size_t i = 0; i < r.notice.len; i++)
			check((unsigned char)r.notice.ptr[i] >= 0x20);
		for (size_t i = 0; i < r.need_count; i++)
			check(r.need[i].kind == JSON_KIND_STRING);
	} else {
		check(e.code != ERR_NONE && e.text[0]);
	}
	err_clear(&e);
	check(!answer_error(a, 403, text, &state, &e) && e.code != ERR_NONE);
}

static void
order(struct arena *a, struct str text)
{
	struct order o;
	struct err e = { 0 };

	if (!order_parse(a, text, &o, &e)) {
		check(e.code != ERR_NONE);
		return;
	}
	/* The id becomes a file name. */
	check(o.id.len > 0 && o.id.len <= 128 && str_find_char(o.id, '/') < 0 && str_find_char(o.id, '.') < 0);
}

static void
ward(struct arena *a, struct str text)
{
	struct ward_ask k;
	struct err e = { 0 };

	if (!ward_parse(a, text, &k, &e)) {
		check(e.code != ERR_NONE);
		return;
	}
	check(k.why.len <= WARD_WHY_MAX && k.kind <= WARD_LATER && k.uid == 0);
	for (size_t i = 0; i < k.why.len; i++)
		check((unsigned char)k.why.ptr[i] >= 0x20);
}

static void
frame(struct str bytes)
{
	struct frame f;
	struct err e = { 0 };
	size_t total, sum = 0;

	if (bytes.len < FRAME_HEADER)
		return;
	if (!frame_header((const unsigned char *)bytes.ptr, &frame_caps_answer, &f, &total, &e)) {
		check(e.code != ERR_NONE);
		return;
	}
	for (size_t i = 0; i < FRAME_PARTS; i++) {
		check(f.part[i].len <= frame_caps_answer.part[i]);
		sum += f.part[i].len;
	}
	check(sum == total);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };

	if (size == 0)
		return 0;
	struct str rest = str_sub((const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'o':
		order(&a, rest);
		break;
	case 'f':
		frame(rest);
		break;
	case 'w':
		ward(&a, rest);
		break;
	default:
		answer(&a, rest);
		break;
	}
	return 0;
}
