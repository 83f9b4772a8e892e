/* Reading DICOM answers out of banners (evidence/dicom-answer.h). */
#include "evidence/dicom-answer.h"

#include "base/utf8.h"

enum {
	PDU_ACCEPT = 2,
	PDU_REJECT = 3,
	ACCEPT_FIXED = 74, /* bytes of an acceptance before its items */
	ITEM_USER = 0x50,
	ITEM_IMPLEMENTATION = 0x52,
	ITEM_VERSION = 0x55,
	TEXT_MAX = 65536,
};

static int
hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* What stands for no byte becomes 0xff. */
static struct str
to_bytes(struct arena *a, struct str text)
{
	char *bytes = arena_alloc(a, text.len + 1, 1);
	size_t k = 0;

	for (size_t i = 0, n; i < text.len; i += n) {
		const unsigned char *p = (const unsigned char *)text.ptr + i;
		n = utf8_sequence(text.ptr + i, text.len - i);
		if (text.len - i >= 4 && p[0] == '\\' && p[1] == 'x' && hex((char)p[2]) >= 0 && hex((char)p[3]) >= 0) {
			bytes[k++] = (char)(hex((char)p[2]) << 4 | hex((char)p[3]));
			n = 4;
		} else if (n == 2 && p[0] <= 0xc3) {
			bytes[k++] = (char)((p[0] & 3) << 6 | (p[1] & 0x3f));
		} else {
			bytes[k++] = n == 1 || n == 0 ? (char)p[0] : (char)0xff;
			n = n ? n : 1;
		}
	}
	return str_sub(bytes, k);
}

static unsigned
two_bytes(struct str s, size_t at)
{
	return (unsigned)(unsigned char)s.ptr[at] << 8 | (unsigned char)s.ptr[at + 1];
}

/* Items are type, 0, length, bytes. */
static void
read_items(struct arena *a, struct str s, bool inner, struct dicom_answer *out)
{
	while (s.len >= 4) {
		unsigned type = (unsigned char)s.ptr[0];
		size_t len = two_bytes(s, 2);
		struct str value = str_head(str_skip(s, 4), len);
		if (!inner && type == ITEM_USER)
			read_items(a, value, true, out);
		else if (inner && type == ITEM_IMPLEMENTATION)
			out->implementation = arena_line(a, str_head(value, 64), 64);
		else if (inner && type == ITEM_VERSION)
			out->version = arena_line(a, str_head(value, 16), 64);
		s = str_skip(s, len > s.len - 4 ? s.len : 4 + len);
	}
}

static bool
read_accept(struct arena *a, struct str s, struct dicom_answer *out)
{
	/* The protocol's version is 1, and has been since 1993. */
	if (s.len < ACCEPT_FIXED || two_bytes(s, 2) != 0 || two_bytes(s, 4) < ACCEPT_FIXED - 6 || two_bytes(s, 6) != 1)
		return false;
	out->manner = DICOM_OPEN;
	read_items(a, str_skip(s, ACCEPT_FIXED), false, out);
	return true;
}

static bool
read_reject(struct str s, struct dicom_answer *out)
{
	if (s.len < 10 || two_bytes(s, 2) != 0 || two_bytes(s, 4) != 4 || s.ptr[7] < 1 || s.ptr[7] > 2 ||
	    s.ptr[8] < 1 || s.ptr[8] > 3)
		return false;
	/* Of the service's user: 3 calling title, 7 called title not recognised. */
	out->manner = s.ptr[8] == 1 && (s.ptr[9] == 7 || s.ptr[9] == 3) ? DICOM_CHECKED : DICOM_REFUSED;
	return true;
}

void
dicom_answer_read(struct arena *a, struct str text, struct dicom_answer *out)
{
	struct str s = to_bytes(a, str_head(text, TEXT_MAX));

	*out = (struct dicom_answer){ .implementation = STR(""), .version = STR("") };
	/* nmap's dicom-ping says it in words. */
	if (str_contains(s, STR("Any AET is accepted")))
		out->manner = DICOM_OPEN;
	else if (str_contains(s, STR("Called AET check enabled")))
		out->manner = DICOM_CHECKED;
	for (; s.len >= 10 && out->manner == DICOM_SILENT; s = str_skip(s, 1)) {
		if (s.ptr[1] != 0 || (s.ptr[0] != PDU_ACCEPT && s.ptr[0] != PDU_REJECT))
			continue;
		if (s.ptr[0] == PDU_ACCEPT ? read_accept(a, s, out) : read_reject(s, out))
			return;
	}
}
