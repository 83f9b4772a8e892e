/* Debian: [epoch:]upstream[-revision], Debian Policy 5.6.12 and deb-version(7). */
#include "version/version.h"

#include "version/digits.h"
#include "version/key.h"

struct deb {
	struct str epoch, upstream, revision;
	bool has_epoch, has_revision;
};

static struct deb
deb_parse(struct str v)
{
	struct deb d = { .upstream = v };
	struct str rest = v, digits = digits_take(&rest);
	ptrdiff_t dash;

	/* A colon behind anything but digits is no epoch; it stays in the upstream part. */
	if (digits.len > 0 && rest.len > 0 && rest.ptr[0] == ':') {
		d.has_epoch = true;
		d.epoch = digits;
		d.upstream = str_skip(rest, 1);
	}
	dash = str_rfind_char(d.upstream, '-');
	if (dash >= 0) {
		d.has_revision = true;
		d.revision = str_skip(d.upstream, (size_t)dash + 1);
		d.upstream = str_head(d.upstream, (size_t)dash);
	}
	return d;
}

/* Tilde before the end, the end (and a digit, where the digits are compared next) before letters, letters
 * before everything else. */
static int
deb_order(struct str s)
{
	unsigned char c;

	if (s.len == 0 || is_digit(s.ptr[0]))
		return 0;
	c = (unsigned char)s.ptr[0];
	if (c == '~')
		return -1;
	return is_letter((char)c) ? c : c + 256;
}

static int
deb_part_cmp(struct str a, struct str b)
{
	while (a.len > 0 || b.len > 0) {
		int c;

		while ((a.len > 0 && !is_digit(a.ptr[0])) || (b.len > 0 && !is_digit(b.ptr[0]))) {
			c = deb_order(a) - deb_order(b);
			if (c != 0)
				return c;
			a = str_skip(a, 1);
			b = str_skip(b, 1);
		}
		c = digits_cmp(digits_take(&a), digits_take(&b));
		if (c != 0)
			return c;
	}
	return 0;
}

static int
deb_compare(struct str a, struct str b)
{
	struct deb x = deb_parse(a), y = deb_parse(b);
	int c = digits_cmp(x.epoch, y.epoch);

	if (c == 0)
		c = deb_part_cmp(x.upstream, y.upstream);
	if (c == 0)
		c = deb_part_cmp(x.revision, y.revision);
	return c;
}

/* deb_order() in bytes: tilde, the end of a run, letters as they are, all else above them. */
enum { KEY_TILDE = 1, KEY_RUN_END = 2, KEY_CONTROL = 'z' + 1, KEY_HIGH = 0xff };

static void
deb_order_key(struct str s, struct buf *out)
{
	unsigned char c = (unsigned char)s.ptr[0];

	if (c == '~') {
		buf_add_char(out, KEY_TILDE);
	} else if (is_letter((char)c)) {
		buf_add_char(out, (char)c);
	} else if (c < ' ') {
		buf_add_char(out, KEY_CONTROL);
		buf_add_char(out, (char)c);
	} else if (c < 0x7f) {
		buf_add_char(out, (char)(c | 0x80));
	} else {
		buf_add_char(out, (char)KEY_HIGH);
		buf_add_char(out, (char)c);
	}
}

/* Runs and numbers in turn. Every version goes on for ever with empty runs and zeros, and no run but the first and
 * these is empty: one more end of a run stands for them all. */
static void
deb_part_key(struct str s, struct buf *out)
{
	do {
		for (; s.len > 0 && !is_digit(s.ptr[0]); s = str_skip(s, 1))
			deb_order_key(s, out);
		buf_add_char(out, KEY_RUN_END);
		key_number(out, digits_take(&s));
	} while (s.len > 0);
	buf_add_char(out, KEY_RUN_END);
}

static bool
deb_key(struct str v, struct buf *out)
{
	struct deb d = deb_parse(v);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	key_number(out, d.epoch);
	deb_part_key(d.upstream, out);
	deb_part_key(d.revision, out);
	return true;
}

static bool
deb_only(struct str s, const char *more)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.ptr[i]) && !is_digit(s.ptr[i]) && (s.ptr[i] == '\0' || !strchr(more, s.ptr[i])))
			return false;
	return true;
}

static bool
deb_valid(struct str v)
{
	struct deb d = deb_parse(v);
	uint64_t epoch;

	if (d.has_epoch && (!str_to_u64(d.epoch, &epoch) || epoch > INT32_MAX))
		return false;
	if (d.upstream.len == 0 || !is_digit(d.upstream.ptr[0]) || (d.has_revision && d.revision.len == 0))
		return false;
	return deb_only(d.upstream, d.has_epoch ? ".+-~:" : ".+-~") && deb_only(d.revision, ".+~");
}

const struct version_scheme version_deb = { "deb", deb_valid, deb_compare, deb_key };
