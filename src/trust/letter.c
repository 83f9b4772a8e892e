#include "trust/letter.h"

#include "base/time.h"

#include <zstd.h>

#define LEVEL 9
static const struct str magic = { "mamori-letter 1\n", 16 };

bool
letter_write(const struct letter *l, const struct key *k, struct buf *out, struct err *e)
{
	BUF_AUTO document = { 0 };
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &document };
	json_begin_object(&w);
	json_put_cstr(&w, "kind", l->kind);
	json_put_str(&w, "host", l->host);
	json_put_i64(&w, "serial", l->serial);
	json_put_time(&w, "made", l->made);
	json_key(&w, "body");
	json_raw(&w, l->body_text);
	json_end_object(&w);
	if (!signed_write(&(struct json_writer){ .out = &text }, k, "letter", buf_str(&document), e))
		return err_wrap(e, "writing a letter");
	if (text.len > LETTER_TEXT_MAX)
		return err_set(e, ERR_TOO_LARGE, "writing a letter: it is larger than %zu bytes", LETTER_TEXT_MAX);
	size_t most = ZSTD_compressBound(text.len), start = out->len;
	buf_add(out, magic);
	size_t n = ZSTD_compress(buf_reserve(out, most), most, text.ptr, text.len, LEVEL);
	if (!ZSTD_isError(n) && n + magic.len <= LETTER_MAX) {
		out->len += n;
		return true;
	}
	buf_truncate(out, start);
	return err_set(e, ERR_TOO_LARGE, "writing a letter: it is larger than %zu bytes", LETTER_MAX);
}

static bool
unpack(struct str bytes, struct buf *text, struct err *e)
{
	if (bytes.len > LETTER_MAX)
		return err_set(e, ERR_TOO_LARGE, "the letter is larger than the %zu bytes that are taken", LETTER_MAX);
	if (!str_starts(bytes, magic))
		return err_set(e, ERR_INPUT, "this is no letter of mamori");
	bytes = str_skip(bytes, magic.len);
	unsigned long long size = ZSTD_getFrameContentSize(bytes.ptr, bytes.len);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size == 0)
		return err_set(e, ERR_INPUT, "the letter is damaged: it cannot be unpacked");
	if (size > LETTER_TEXT_MAX)
		return err_set(e, ERR_TOO_LARGE, "the letter would unpack to more than the %zu bytes that are taken",
			       LETTER_TEXT_MAX);
	/* One frame and nothing behind it. */
	size_t frame = ZSTD_findFrameCompressedSize(bytes.ptr, bytes.len);
	if (ZSTD_isError(frame) || frame != bytes.len)
		return err_set(e, ERR_INPUT, "the letter is damaged: it cannot be unpacked");
	size_t n = ZSTD_decompress(buf_reserve(text, (size_t)size), (size_t)size, bytes.ptr, bytes.len);
	if (ZSTD_isError(n) || n != size)
		return err_set(e, ERR_INPUT, "the letter is damaged: it cannot be unpacked");
	text->len += n;
	return true;
}

static bool
read_document(struct str document, struct arena *a, struct letter *out, struct err *e)
{
	static const struct json_limits limits = { .depth = 16, .string_max = 8U << 20, .total = LETTER_TEXT_MAX };
	struct json *v;
	struct letter l = { 0 };
	if (!json_parse(a, document, &limits, &v, e)) {
		e->code = ERR_INPUT;
		return err_wrap(e, "reading a letter");
	}
	struct str kind = json_get_str(v, "kind");
	l.kind = str_eq(kind, STR(LETTER_CHECK_IN)) ? LETTER_CHECK_IN
		 : str_eq(kind, STR(LETTER_ANSWER)) ? LETTER_ANSWER
						    : NULL;
	l.host = json_get_str(v, "host");
	l.serial = json_get_i64(v, "serial", 0);
	l.body = json_get(v, "body");
	if (!l.kind || !l.host.len || l.host.len > 64 || l.serial < 1 ||
	    !time_parse(json_get_str(v, "made"), &l.made) || !l.body || l.body->kind != JSON_KIND_OBJECT)
		return err_set(e, ERR_INPUT, "the letter lacks its kind, host, serial number, date or body");
	*out = l;
	return true;
}

static bool
outside(struct str bytes, struct arena *a, struct json **out, struct err *e)
{
	static const struct json_limits limits = { .depth = 2,
						   .string_max = LETTER_TEXT_MAX,
						   .total = LETTER_TEXT_MAX };
	BUF_AUTO text = { 0 };
	if (!unpack(bytes, &text, e))
		return false;
	if (json_parse(a, buf_str(&text), &limits, out, e))
		return true;
	e->code = ERR_INPUT;
	return err_wrap(e, "reading a letter");
}

bool
letter_peek(struct str bytes, struct arena *a, struct letter *out, struct err *e)
{
	struct json *v;
	return outside(bytes, a, &v, e) && read_document(json_get_str(v, "document"), a, out, e);
}

bool
letter_open(struct str bytes, const struct key *k, const char *kind, struct str host, int64_t after, struct arena *a,
	    struct letter *out, struct err *e)
{
	struct json *v;
	struct str document;
	struct letter l;
	struct err why = { 0 };
	if (!outside(bytes, a, &v, e))
		return false;
	if (!signed_open(v, k, "letter", &document, &why))
		return err_set(e, ERR_REFUSED, "the letter's signature is wrong: it was not written by who it names");
	if (!read_document(document, a, &l, e))
		return false;
	if (strcmp(l.kind, kind) != 0)
		return err_set(e, ERR_REFUSED, "the letter is of another kind (%s)", l.kind);
	if (!str_eq(l.host, host))
		return err_set(e, ERR_REFUSED, "the letter is of another machine (%.*s)", STR_ARG(l.host));
	if (l.serial <= after)
		return err_set(e, ERR_CONFLICT,
			       "the letter is an old one: its number %lld has been seen, the newest is %lld",
			       (long long)l.serial, (long long)after);
	*out = l;
	return true;
}
