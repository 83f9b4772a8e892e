#include "surface/letters.h"

#include "base/utf8.h"

uint32_t
letters_next(struct str *rest)
{
	const unsigned char *p = (const unsigned char *)rest->ptr;
	size_t n = utf8_sequence(rest->ptr, rest->len);
	uint32_t c = 0xfffd;
	if (n == 1)
		c = p[0];
	else if (n == 2)
		c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	else if (n == 3)
		c = (uint32_t)(p[0] & 0xf) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	else if (n == 4)
		c = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
		    (p[3] & 0x3f);
	*rest = str_skip(*rest, n ? n : 1);
	return c;
}

size_t
letters_put(uint32_t c, char into[4])
{
	unsigned char *p = (unsigned char *)into;
	if (c < 0x80) {
		p[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (unsigned char)(0xc0 | c >> 6);
		p[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (unsigned char)(0xe0 | c >> 12);
		p[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (unsigned char)(0xf0 | (c >> 18 & 7));
	p[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

/* U+00C0 to U+017F (Latin-1 Supplement, Latin Extended-A), in their order; "" is no letter. */
static const char marked[][3] = {
	"a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i", /* U+00C0 */
	"d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss", /* U+00D0 */
	"a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i", /* U+00E0 */
	"d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y", /* U+00F0 */
	"a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c", "c", "c", "c", "c", "d",  "d", /* U+0100 */
	"d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e", "e", "e", "g", "g", "g",  "g", /* U+0110 */
	"g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i", "i", "i", "i", "i", "i",  "i", /* U+0120 */
	"i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l", "l", "l", "l", "l", "l",  "l", /* U+0130 */
	"l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "n", "n", "n", "o", "o", "o",  "o", /* U+0140 */
	"o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r", "s", "s", "s", "s", "s",  "s", /* U+0150 */
	"s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u", "u", "u", "u", "u", "u",  "u", /* U+0160 */
	"u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z", "z", "z", "z", "z", "z",  "s", /* U+0170 */
};
_Static_assert(COUNT(marked) == 0x180 - 0xc0, "one entry for each character");

/* Of Latin Extended-B and Additional only those that living languages write often. */
static const struct {
	uint32_t c;
	char as[3];
} marked_more[] = {
	{ 0x01a0, "o" }, { 0x01a1, "o" }, { 0x01af, "u" }, { 0x01b0, "u" },  { 0x0218, "s" },
	{ 0x0219, "s" }, { 0x021a, "t" }, { 0x021b, "t" }, { 0x1e9e, "ss" },
};

/* Vietnamese, U+1EA0 to U+1EF9: which letter from there on. */
static const struct {
	uint32_t from;
	char as[2];
} vietnamese[] = {
	{ 0x1ea0, "a" }, { 0x1eb8, "e" }, { 0x1ec8, "i" }, { 0x1ecc, "o" }, { 0x1ee4, "u" }, { 0x1ef2, "y" },
};

const char *
letters_latin(uint32_t c)
{
	const char *as = NULL;
	if (c >= 0xc0 && c < 0x180)
		return marked[c - 0xc0][0] ? marked[c - 0xc0] : NULL;
	for (size_t i = 0; i < COUNT(marked_more); i++)
		if (marked_more[i].c == c)
			return marked_more[i].as;
	if (c < 0x1ea0 || c > 0x1ef9)
		return NULL;
	for (size_t i = 0; i < COUNT(vietnamese); i++)
		if (c >= vietnamese[i].from)
			as = vietnamese[i].as;
	return as;
}

/* What has been used against real names: the letters of Cyrillic and Greek that look Latin, and digits. */
static const struct {
	uint32_t c;
	char as;
} lookalikes[] = {
	{ '0', 'o' },    { '1', 'l' },    { 'i', 'l' },    { '3', 'e' },    { '5', 's' },    { 0x0131, 'l' },
	{ 0x0142, 'l' }, { 0x0251, 'a' }, { 0x0261, 'g' }, { 0x026a, 'l' }, { 0x028f, 'y' }, { 0x03b1, 'a' },
	{ 0x03b5, 'e' }, { 0x03b9, 'l' }, { 0x03ba, 'k' }, { 0x03bd, 'v' }, { 0x03bf, 'o' }, { 0x03c1, 'p' },
	{ 0x03c4, 't' }, { 0x03c5, 'u' }, { 0x03c7, 'x' }, { 0x03c9, 'w' }, { 0x0430, 'a' }, { 0x0432, 'b' },
	{ 0x0433, 'r' }, { 0x0435, 'e' }, { 0x043a, 'k' }, { 0x043c, 'm' }, { 0x043d, 'h' }, { 0x043e, 'o' },
	{ 0x0440, 'p' }, { 0x0441, 'c' }, { 0x0442, 't' }, { 0x0443, 'y' }, { 0x0445, 'x' }, { 0x044c, 'b' },
	{ 0x0451, 'e' }, { 0x0455, 's' }, { 0x0456, 'l' }, { 0x0457, 'l' }, { 0x0458, 'j' }, { 0x04bb, 'h' },
	{ 0x04cf, 'l' }, { 0x0501, 'd' }, { 0x051b, 'q' }, { 0x051d, 'w' }, { 0x0570, 'h' }, { 0x0578, 'n' },
	{ 0x057d, 'u' }, { 0x0585, 'o' },
};

char
letters_lookalike(uint32_t c)
{
	for (size_t i = 0; i < COUNT(lookalikes); i++)
		if (lookalikes[i].c == c)
			return lookalikes[i].as;
	return 0;
}
