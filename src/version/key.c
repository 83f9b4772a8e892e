#include "version/key.h"

#include "version/digits.h"

/* Up to here a length is one byte; longer runs have 0xff and eight bytes. */
enum { SHORT_RUN = 254 };

void
key_number(struct buf *out, struct str digits)
{
	while (digits.len > 0 && digits.ptr[0] == '0')
		digits = str_skip(digits, 1);
	if (digits.len <= SHORT_RUN) {
		buf_add_char(out, (char)digits.len);
	} else {
		buf_add_char(out, (char)0xff);
		for (int shift = 56; shift >= 0; shift -= 8)
			buf_add_char(out, (char)((uint64_t)digits.len >> shift & 0xff));
	}
	for (size_t i = 0; i < digits.len; i += 2) {
		int high = digits.ptr[i] - '0', low = i + 1 < digits.len ? digits.ptr[i + 1] - '0' : 0;

		buf_add_char(out, (char)(high << 4 | low));
	}
}

static void
text(struct buf *out, struct str s, bool fold)
{
	for (size_t i = 0; i < s.len; i++) {
		buf_add_char(out, fold ? to_lower(s.ptr[i]) : s.ptr[i]);
		if (s.ptr[i] == '\0')
			buf_add_char(out, (char)0xff);
	}
	buf_add(out, STR("\0\0"));
}

void
key_text(struct buf *out, struct str s)
{
	text(out, s, false);
}

void
key_text_folded(struct buf *out, struct str s)
{
	text(out, s, true);
}
