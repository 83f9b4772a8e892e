/* The JSON reader: a stream, however cut, must tell the same tokens, text, place and error as memory; and what
 * the tree takes must come out of the writer as a document that gives the same tree text again. */
#include "base/json.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	struct str rest;
	size_t step;
};

static bool
give(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct pieces *p = user;
	size_t n = p->rest.len < p->step ? p->rest.len : p->step;

	*got = n < cap ? n : cap;
	if (*got > 0)
		memcpy(into, p->rest.ptr, *got);
	p->rest = str_skip(p->rest, *got);
	return true;
}

static void
dump(struct json_reader *r, bool sequence, struct buf *out)
{
	enum json_token t;
	struct err e = { 0 };

	if (sequence)
		json_reader_sequence(r);
	do {
		t = json_next(r);
		buf_addf(out, "%d@%llu/%u ", (int)t, (unsigned long long)json_offset(r), json_depth(r));
		buf_add(out, json_text(r));
		if ((t == JSON_STRING || t == JSON_KEY) && json_text(r).len > 0 &&
		    !memchr(json_text(r).ptr, 0, json_text(r).len) && !str_is_utf8(json_text(r)))
			abort();
	} while (t != JSON_ERROR && t != JSON_DONE);
	if (t == JSON_ERROR) {
		if (json_error(r, &e) || e.code == ERR_NONE || json_next(r) != JSON_ERROR)
			abort();
		buf_add(out, str_of(e.text));
	}
}

static void
compare_streams(struct str text, bool sequence)
{
	static const size_t steps[] = { 1, 2, 3, 7, 4096, SIZE_MAX };
	JSON_READER_AUTO r = json_reader_mem(text, NULL);
	BUF_AUTO expected = { 0 };

	dump(r, sequence, &expected);
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct pieces p = { text, steps[i] };
		JSON_READER_AUTO s = json_reader_stream(give, &p, NULL);
		BUF_AUTO out = { 0 };

		dump(s, sequence, &out);
		if (!str_eq(buf_str(&expected), buf_str(&out)))
			abort();
	}
}

static void
write_again(struct str text)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	struct json_writer w1 = { .out = &first }, w2 = { .out = &second };
	struct json *v;

	if (!json_parse(&a, text, NULL, &v, NULL))
		return;
	json_tree(&w1, v);
	if (!json_parse(&a, buf_str(&first), NULL, &v, NULL))
		abort();
	json_tree(&w2, v);
	if (!str_eq(buf_str(&first), buf_str(&second)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	compare_streams(text, false);
	compare_streams(text, true);
	write_again(text);
	return 0;
}
