/* Signed documents (trust/key.h): {"document": "<text>", "signature": "<base64>"}. */
#include "trust/key.h"

#include "base/codec.h"
#include "base/json.h"

/* What the signature is over: the type first, so that one kind never passes for another. */
static void
signed_message(struct buf *out, const char *type, struct str document)
{
	buf_add(out, STR("mamori\n"));
	buf_add(out, str_of(type));
	buf_add_char(out, '\n');
	buf_add(out, document);
}

bool
signed_write(struct json_writer *w, const struct key *k, const char *type, struct str document, struct err *e)
{
	/* The writer repairs broken UTF-8, and then the bytes signed would not be the bytes sent. */
	if (!str_is_utf8(document))
		return err_set(e, ERR_BUG, "a document to be signed is not valid UTF-8");
	BUF_AUTO message = { 0 };
	BUF_AUTO signature = { 0 };
	BUF_AUTO text = { 0 };
	signed_message(&message, type, document);
	if (!key_sign(k, buf_str(&message), &signature, e))
		return false;
	base64_encode(&text, signature.ptr, signature.len);
	json_begin_object(w);
	json_put_str(w, "document", document);
	json_put_str(w, "signature", buf_str(&text));
	json_end_object(w);
	return true;
}

bool
signed_open(const struct json *value, const struct key *k, const char *type, struct str *document, struct err *e)
{
	struct str text = json_get_str(value, "document");
	struct str base64 = json_get_str(value, "signature");
	if (!text.ptr || !base64.ptr)
		return err_set(e, ERR_INPUT, "a signed %s has no document or no signature", type);
	BUF_AUTO signature = { 0 };
	/* A P-256 signature has at most 72 bytes. */
	if (base64.len > 128 || !base64_decode(&signature, base64))
		return err_set(e, ERR_INPUT, "the signature of a signed %s is not base64 of a P-256 signature", type);
	BUF_AUTO message = { 0 };
	signed_message(&message, type, text);
	if (!key_verify(k, buf_str(&message), buf_str(&signature), e))
		return err_wrap(e, "signed %s", type);
	*document = text;
	return true;
}
