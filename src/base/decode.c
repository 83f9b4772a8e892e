#include "base/decode.h"

#include "base/utf8.h"

#include <errno.h>
#include <iconv.h>

enum { PIECE = 4096 };

struct place {
	size_t line, byte; /* both from 1; byte counts within the line */
};

static struct place
place_of(struct str before)
{
	struct place p = { .line = 1 };
	struct str rest = before;
	ptrdiff_t end;
	while ((end = str_find_char(rest, '\n')) >= 0) {
		p.line++;
		rest = str_skip(rest, (size_t)end + 1);
	}
	p.byte = rest.len + 1;
	return p;
}

/* How many bytes from the start are UTF-8 without NUL. */
static size_t
utf8_good(struct str s)
{
	size_t at = 0, len;
	while (at < s.len && s.ptr[at] && (len = utf8_sequence(s.ptr + at, s.len - at)) > 0)
		at += len;
	return at;
}

static void
close_iconv(iconv_t *cd)
{
	if (*cd != (iconv_t)-1)
		iconv_close(*cd);
}

/* *good: how many bytes from the start could be read. */
static bool
convert(const char *from, struct str s, struct buf *out, size_t *good, struct err *e)
{
	__attribute__((cleanup(close_iconv))) iconv_t cd = iconv_open("UTF-8", from);
	char *in = (char *)(uintptr_t)s.ptr; /* iconv's interface predates const; it does not write there */
	size_t left = s.len;
	if (cd == (iconv_t)-1)
		return err_sys(e, "this system cannot read texts in %s; save the file as UTF-8", from);
	while (left > 0) {
		char *into = buf_reserve(out, PIECE);
		size_t room = PIECE;
		size_t status = iconv(cd, &in, &left, &into, &room);
		out->len += PIECE - room;
		if (status == (size_t)-1 && errno != E2BIG)
			break;
	}
	*good = s.len - left;
	return left == 0;
}

static bool
decode_utf16(struct str s, const char *from, struct buf *out, struct err *e)
{
	size_t before = out->len, good = 0, from_here;
	struct err system = { 0 };
	bool ok = convert(from, s, out, &good, &system);
	struct str text = str_skip(buf_str(out), before);
	if (ok && (from_here = utf8_good(text)) == text.len)
		return true;
	struct place p = place_of(ok ? str_head(text, utf8_good(text)) : text);
	buf_truncate(out, before);
	if (system.code != ERR_NONE) {
		*e = system;
		return false;
	}
	return err_set(e, ERR_INPUT, "line %zu: the UTF-16 text is damaged or cut off here; save the file as UTF-8",
		       p.line);
}

static bool
decode_cp932(struct str s, size_t utf8_until, struct buf *out, struct err *e)
{
	size_t before = out->len, good = 0;
	struct err system = { 0 };
	if (convert("CP932", s, out, &good, &system))
		return true;
	buf_truncate(out, before);
	if (system.code != ERR_NONE) {
		*e = system;
		return false;
	}
	/* What goes on longer was meant: the place where that breaks is the one to look at. */
	struct place p = place_of(str_head(s, good > utf8_until ? good : utf8_until));
	return err_set(e, ERR_INPUT, "line %zu, byte %zu: this is neither UTF-8 nor Shift_JIS; save the file as UTF-8",
		       p.line, p.byte);
}

bool
decode_text(struct str bytes, struct buf *out, struct err *e)
{
	if (str_starts(bytes, STR("\xff\xfe")))
		return decode_utf16(str_skip(bytes, 2), "UTF-16LE", out, e);
	if (str_starts(bytes, STR("\xfe\xff")))
		return decode_utf16(str_skip(bytes, 2), "UTF-16BE", out, e);
	bool marked = str_starts(bytes, STR("\xef\xbb\xbf"));
	struct str s = marked ? str_skip(bytes, 3) : bytes;
	size_t good = utf8_good(s);
	if (good == s.len) {
		buf_add(out, s);
		return true;
	}
	struct place p = place_of(str_head(s, good));
	ptrdiff_t nul = str_find_char(s, '\0');
	if (nul >= 0) {
		p = place_of(str_head(s, (size_t)nul));
		return err_set(
			e, ERR_INPUT,
			"line %zu, byte %zu: there is a NUL, so this is no text; save the file as UTF-8 or .xlsx",
			p.line, p.byte);
	}
	if (marked)
		return err_set(e, ERR_INPUT, "line %zu, byte %zu: the UTF-8 text is damaged here; save the file again",
			       p.line, p.byte);
	return decode_cp932(s, good, out, e);
}
