/* Enrolment tokens; the JSON inside is also reached by inputs that lack the envelope. */
#include "base/codec.h"
#include "trust/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
parse(struct str text)
{
	ARENA_AUTO a = { 0 };
	struct err e;
	struct token t;
	if (!token_parse(&a, text, &t, &e))
		return;
	/* What was taken can be written and is then taken again, the same. */
	BUF_AUTO out = { 0 };
	struct token again;
	token_write(&t, &out);
	if (out.len > 4096)
		return;
	if (!token_parse(&a, buf_str(&out), &again, &e) || again.expires != t.expires ||
	    again.url_count != t.url_count || !str_eq(again.secret, t.secret) || !str_eq(again.ca_digest, t.ca_digest))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO text = { 0 };
	parse(str_sub((const char *)data, size));
	buf_add(&text, STR("mamori1."));
	base64url_encode(&text, data, size);
	parse(buf_str(&text));
	return 0;
}
