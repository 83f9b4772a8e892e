#include "base/tr.h"
#include "net/dns-internal.h"

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* Every pointer leads to a place before the run of labels it ends, so reading ends in any case; the cap keeps a packet
 * of pointers alone from costing its length squared. */
enum dns_fault
dns_name_read(const struct dns_message *m, size_t *at, size_t end, struct dns_name *out)
{
	size_t p = *at, run = *at, len = 0;
	unsigned pointers = 0;
	for (;;) {
		if (p >= end)
			return DNS_FAULT_NAME_CUT;
		unsigned char c = m->bytes[p];
		if (c >= 0xc0) {
			if (end - p < 2)
				return DNS_FAULT_NAME_CUT;
			size_t to = dns_get16(m->bytes + p) & 0x3fff;
			if (pointers == 0)
				*at = p + 2;
			if (to < DNS_HEADER)
				return DNS_FAULT_POINTER_HEADER;
			if (to >= run)
				return DNS_FAULT_POINTER_FORWARD;
			if (++pointers > DNS_POINTERS_MAX)
				return DNS_FAULT_POINTER_DEPTH;
			p = run = to;
			end = m->len;
			continue;
		}
		if (c > DNS_LABEL_MAX)
			return DNS_FAULT_LABEL_KIND;
		if (c >= end - p)
			return DNS_FAULT_NAME_CUT;
		/* The root's octet needs room, too. */
		if (len + c + 1 + (c > 0) > DNS_NAME_MAX)
			return DNS_FAULT_NAME_LONG;
		memcpy(out->wire + len, m->bytes + p, c + 1u);
		len += c + 1u;
		p += c + 1u;
		if (c == 0)
			break;
	}
	if (pointers == 0)
		*at = p;
	out->len = (unsigned char)len;
	return DNS_FINE;
}

static bool
name_bad(struct str text, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "\"%.*s\" is not a DNS name: %s", STR_ARG(str_head(text, 300)), why);
}

/* One octet of the text, unescaped, and how much text it took; 0 for a bad escape. */
static size_t
octet_parse(struct str rest, unsigned char *out)
{
	*out = (unsigned char)rest.ptr[0];
	if (*out != '\\')
		return 1;
	if (rest.len < 2)
		return 0;
	*out = (unsigned char)rest.ptr[1];
	if (*out < '0' || *out > '9')
		return 2;
	unsigned value = 0;
	if (rest.len < 4)
		return 0;
	for (size_t i = 1; i < 4; i++) {
		if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
			return 0;
		value = value * 10 + (unsigned)(rest.ptr[i] - '0');
	}
	*out = (unsigned char)value;
	return value > 255 ? 0 : 4;
}

bool
dns_name_parse(struct str text, struct dns_name *out, struct err *e)
{
	struct dns_name n;
	size_t len = 1, label = 0; /* label: where its length goes */
	struct str rest = str_eq(text, STR(".")) ? STR("") : text;
	if (text.len == 0)
		return name_bad(text, tr("it is empty"), e);
	while (rest.len > 0) {
		unsigned char c;
		if (rest.ptr[0] == '.') {
			if (len - label == 1)
				return name_bad(text, tr("it has an empty part between dots"), e);
			n.wire[label] = (unsigned char)(len - label - 1);
			label = len++;
			rest = str_skip(rest, 1);
		} else {
			size_t took = octet_parse(rest, &c);
			if (took == 0)
				return name_bad(text,
						tr("a backslash is followed by three digits up to 255, or by "
						   "one other character"),
						e);
			if (len - label > DNS_LABEL_MAX)
				return name_bad(text, tr("a part between dots is longer than 63 octets"), e);
			n.wire[len++] = c;
			rest = str_skip(rest, took);
		}
		if (len >= DNS_NAME_MAX && (rest.len > 0 || len - label > 1))
			return name_bad(text, tr("it is longer than 255 octets"), e);
	}
	if (len - label > 1) {
		n.wire[label] = (unsigned char)(len - label - 1);
		label = len++;
	}
	n.wire[label] = 0;
	n.len = (unsigned char)len;
	*out = n;
	return true;
}

size_t
dns_name_text(const struct dns_name *name, char into[DNS_NAME_TEXT])
{
	size_t n = 0;
	for (size_t p = 0; name->wire[p] != 0; p += name->wire[p] + 1u) {
		if (p > 0)
			into[n++] = '.';
		for (size_t i = 1; i <= name->wire[p]; i++) {
			unsigned char c = name->wire[p + i];
			if (c <= ' ' || c > '~') {
				into[n++] = '\\';
				into[n++] = (char)('0' + c / 100);
				into[n++] = (char)('0' + c / 10 % 10);
				into[n++] = (char)('0' + c % 10);
				continue;
			}
			if (strchr(".\\\"();@$", c))
				into[n++] = '\\';
			into[n++] = (char)c;
		}
	}
	if (n == 0)
		into[n++] = '.';
	into[n] = '\0';
	return n;
}

void
dns_name_add_text(const struct dns_name *name, struct buf *out)
{
	char text[DNS_NAME_TEXT];
	size_t len = dns_name_text(name, text);
	buf_add(out, str_sub(text, len));
}

/* Lengths of labels are below 'A', so that whole names may be folded. */
static bool
same(const unsigned char *a, const unsigned char *b, size_t len)
{
	if (memcmp(a, b, len) == 0)
		return true;
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool
dns_name_eq(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && same(a->wire, b->wire, a->len);
}

uint64_t
dns_name_hash(const struct dns_name *name, uint64_t seed)
{
	char folded[DNS_NAME_MAX];
	for (size_t i = 0; i < name->len; i++)
		folded[i] = (char)lower(name->wire[i]);
	return str_hash(str_sub(folded, name->len), seed);
}

unsigned
dns_name_labels(const struct dns_name *name)
{
	unsigned count = 0;
	for (size_t p = 0; name->wire[p] != 0; p += name->wire[p] + 1u)
		count++;
	return count;
}

void
dns_name_parent(const struct dns_name *name, unsigned n, struct dns_name *out)
{
	size_t p = 0;
	while (n-- > 0 && name->wire[p] != 0)
		p += name->wire[p] + 1u;
	out->len = (unsigned char)(name->len - p);
	memmove(out->wire, name->wire + p, out->len);
}

bool
dns_name_within(const struct dns_name *name, const struct dns_name *zone)
{
	size_t p = 0;
	while (name->len - p > zone->len)
		p += name->wire[p] + 1u;
	return name->len - p == zone->len && same(name->wire + p, zone->wire, zone->len);
}

/* Where each label starts; at most 127. */
static unsigned
label_places(const struct dns_name *name, unsigned char places[128])
{
	unsigned count = 0;
	for (size_t p = 0; name->wire[p] != 0; p += name->wire[p] + 1u)
		places[count++] = (unsigned char)p;
	return count;
}

int
dns_name_cmp(const struct dns_name *a, const struct dns_name *b)
{
	unsigned char at[128], bt[128];
	unsigned ac = label_places(a, at), bc = label_places(b, bt);
	while (ac > 0 && bc > 0) {
		const unsigned char *x = a->wire + at[--ac], *y = b->wire + bt[--bc];
		for (unsigned i = 1; i <= x[0] && i <= y[0]; i++)
			if (lower(x[i]) != lower(y[i]))
				return lower(x[i]) - lower(y[i]);
		if (x[0] != y[0])
			return x[0] - y[0];
	}
	return (int)ac - (int)bc;
}
