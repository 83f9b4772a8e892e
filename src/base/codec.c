#include "base/codec.h"

void
hex_encode(struct buf *out, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++) {
		buf_add_char(out, digits[p[i] >> 4]);
		buf_add_char(out, digits[p[i] & 15]);
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(struct buf *out, struct str hex)
{
	size_t before = out->len;

	if (hex.len % 2 != 0)
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_value(hex.ptr[i]), low = hex_value(hex.ptr[i + 1]);

		if (high < 0 || low < 0) {
			buf_truncate(out, before);
			return false;
		}
		buf_add_char(out, (char)(high << 4 | low));
	}
	return true;
}

static void
base64_encode_with(struct buf *out, const unsigned char *p, size_t len, const char *alphabet, bool pad)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned v = (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0u);

		for (size_t k = 0; k < 4; k++) {
			if (k <= n)
				buf_add_char(out, alphabet[v >> (18 - 6 * k) & 63]);
			else if (pad)
				buf_add_char(out, '=');
		}
	}
}

void
base64_encode(struct buf *out, const void *bytes, size_t len)
{
	base64_encode_with(out, bytes, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

void
base64url_encode(struct buf *out, const void *bytes, size_t len)
{
	base64_encode_with(out, bytes, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/* One group of 2 to 4 characters. Bits that encode nothing must be zero: one text for one value. */
static bool
base64_group(struct buf *out, struct str group)
{
	unsigned v = 0;

	for (size_t k = 0; k < 4; k++) {
		int n = k < group.len ? base64_value(group.ptr[k]) : 0;

		if (n < 0)
			return false;
		v = v << 6 | (unsigned)n;
	}
	if (group.len < 2 || (group.len == 2 && (v & 0xffff)) || (group.len == 3 && (v & 0xff)))
		return false;
	for (size_t k = 0; k + 1 < group.len; k++)
		buf_add_char(out, (char)(v >> (16 - 8 * k) & 255));
	return true;
}

bool
base64_decode(struct buf *out, struct str text)
{
	size_t before = out->len;

	if (text.len % 4 == 0)
		for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++)
			text.len--;
	for (size_t i = 0; i < text.len; i += 4) {
		if (!base64_group(out, str_head(str_skip(text, i), 4))) {
			buf_truncate(out, before);
			return false;
		}
	}
	return true;
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

void
percent_encode(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (is_unreserved(s.ptr[i])) {
			buf_add_char(out, s.ptr[i]);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

bool
percent_decode(struct buf *out, struct str s)
{
	size_t before = out->len;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '%') {
			buf_add_char(out, s.ptr[i]);
			continue;
		}
		if (s.len - i < 3 || !hex_decode(out, str_head(str_skip(s, i + 1), 2))) {
			buf_truncate(out, before);
			return false;
		}
		i += 2;
	}
	return true;
}
