/* What the readers of answers share (surface/read-internal.h). */
#include "surface/read-internal.h"

#include "base/time.h"
#include "surface/domain.h"

#include <arpa/inet.h>
#include <ctype.h>

struct fact *
read_edge(struct facts *f, enum fact_kind k, enum thing subject_is, struct str subject, enum thing object_is,
	  struct str object)
{
	struct fact *fact = fact_add(f, k, subject_is, subject);
	return fact && fact_object(f, object_is, object) ? fact : NULL;
}

struct fact *
read_value(struct facts *f, enum fact_kind k, enum thing subject_is, struct str subject, struct str text)
{
	text = str_trim(text);
	struct fact *fact = text.len > 0 ? fact_add(f, k, subject_is, subject) : NULL;
	if (fact)
		fact_text(f, text);
	return fact;
}

struct str
read_registrable(struct arena *a, struct str host)
{
	struct str name = domain_canonical(a, host);
	return name.len > 0 ? domain_registrable(name) : STR_NONE;
}

static bool
binary(struct str s, unsigned char into[16], unsigned *bytes)
{
	char text[INET6_ADDRSTRLEN];
	s = str_trim(s);
	if (s.len == 0 || s.len >= sizeof(text) || memchr(s.ptr, 0, s.len))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	*bytes = memchr(text, ':', s.len) ? 16 : 4;
	return inet_pton(*bytes == 4 ? AF_INET : AF_INET6, text, into) == 1;
}

struct str
read_address(struct arena *a, struct str s)
{
	unsigned char raw[16];
	char text[INET6_ADDRSTRLEN];
	unsigned bytes = 0;
	if (!binary(s, raw, &bytes) || !inet_ntop(bytes == 4 ? AF_INET : AF_INET6, raw, text, sizeof(text)))
		return STR_NONE;
	return arena_str(a, str_of(text));
}

struct str
read_service(struct arena *a, struct str address, int64_t port, struct str transport)
{
	bool udp = str_eq_nocase(transport, STR("udp"));
	if (address.len == 0 || port < 1 || port > 65535)
		return STR_NONE;
	return arena_printf(a, "%.*s %d/%s", STR_ARG(address), (int)port, udp ? "udp" : "tcp");
}

struct str
read_first_line(struct str s)
{
	struct str line = STR_NONE, rest = s;
	while (str_line(&rest, &line))
		if (str_trim(line).len > 0)
			return str_trim(line);
	return STR_NONE;
}

int64_t
read_time(struct str s)
{
	char text[40];
	int64_t ms = 0;
	s = str_trim(s);
	if (time_parse(s, &ms))
		return ms;
	if (s.len >= sizeof(text) - 1)
		return 0;
	memcpy(text, s.ptr ? s.ptr : "", s.len);
	text[s.len] = 'Z';
	return time_parse(str_sub(text, s.len + 1), &ms) ? ms : 0;
}

struct str
read_lower(struct arena *a, struct str s)
{
	char *copy = arena_cstr(a, s);
	for (size_t i = 0; i < s.len; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return str_sub(copy, s.len);
}

struct str
read_serial_hex(struct arena *a, struct str hex)
{
	hex = str_trim(hex);
	if (hex.len == 0 || hex.len > 128)
		return STR_NONE;
	for (size_t i = 0; i < hex.len; i++)
		if (!isxdigit((unsigned char)hex.ptr[i]))
			return STR_NONE;
	while (hex.len > 1 && hex.ptr[0] == '0')
		hex = str_skip(hex, 1);
	return read_lower(a, hex);
}

const struct json *
read_json(struct facts *f, struct arena *a, struct str body)
{
	const struct json_limits limits = { .depth = 48, .string_max = 4 << 20, .total = 64 << 20, .values = 1 << 20 };
	struct json *tree = NULL;
	if (json_parse(a, body, &limits, &tree, NULL))
		return tree;
	f->bad++;
	return NULL;
}

bool
read_first_time(struct table *seen, struct arena *a, struct str one, struct str two)
{
	bool added = false;
	size_t len = one.len + two.len + 1;
	char *key = arena_alloc(a, len, 1);
	if (one.len > 0)
		memcpy(key, one.ptr, one.len);
	if (two.len > 0)
		memcpy(key + one.len + 1, two.ptr, two.len);
	*table_put(seen, str_sub(key, len), &added) = key;
	return added;
}

/* ---- addresses as numbers ---- */

/* "192.0.2/24" of LACNIC: what is left out is 0. */
static bool
short_form(struct str s, unsigned char into[16])
{
	struct str piece;
	size_t n = 0;
	memset(into, 0, 16);
	while (str_cut(&s, '.', &piece)) {
		uint64_t part = 0;
		if (n == 4 || !str_to_u64(piece, &part) || part > 255)
			return false;
		into[n++] = (unsigned char)part;
	}
	return n > 0;
}

static void
set_tail(unsigned char *address, unsigned bytes, unsigned from, bool ones)
{
	for (unsigned bit = from; bit < bytes * 8; bit++) {
		unsigned char mask = (unsigned char)(0x80 >> bit % 8);
		address[bit / 8] = (unsigned char)(ones ? address[bit / 8] | mask : address[bit / 8] & ~mask);
	}
}

static bool
prefix_range(struct str address, struct str length, struct read_range *out)
{
	uint64_t bits = 0;
	bool read = binary(address, out->low, &out->bytes);
	if (!read && str_find_char(address, ':') < 0) {
		out->bytes = 4;
		read = short_form(str_trim(address), out->low);
	}
	if (!read || !str_to_u64(str_trim(length), &bits) || bits > out->bytes * 8)
		return false;
	memcpy(out->high, out->low, 16);
	set_tail(out->low, out->bytes, (unsigned)bits, false);
	set_tail(out->high, out->bytes, (unsigned)bits, true);
	return true;
}

bool
read_range(struct str s, struct read_range *out)
{
	struct str low, high;
	unsigned bytes = 0;
	memset(out, 0, sizeof(*out));
	if (str_split(s, '/', &low, &high))
		return prefix_range(low, high, out);
	if (!str_split(s, '-', &low, &high))
		low = high = s;
	return binary(low, out->low, &out->bytes) && binary(high, out->high, &bytes) && bytes == out->bytes &&
	       memcmp(out->low, out->high, bytes) <= 0;
}

bool
read_range_holds(const struct read_range *r, const unsigned char *address, unsigned bytes)
{
	return bytes == r->bytes && memcmp(r->low, address, bytes) <= 0 && memcmp(address, r->high, bytes) <= 0;
}

/* True when there is none after it. */
static bool
add_one(unsigned char *address, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		if (++address[i] != 0)
			return false;
	return true;
}

size_t
read_range_networks(const struct read_range *r, char into[READ_NETWORKS_MAX][READ_NETWORK_TEXT])
{
	unsigned char at[16], last[16], base[16];
	size_t n = 0;
	memcpy(at, r->low, 16);
	for (bool end = false; !end && n < READ_NETWORKS_MAX && memcmp(at, r->high, r->bytes) <= 0; n++) {
		char text[INET6_ADDRSTRLEN] = "";
		unsigned bits = r->bytes * 8;
		/* The widest that begins here and does not end behind the range. */
		memcpy(last, at, 16);
		while (bits > 0) {
			memcpy(base, at, 16);
			set_tail(base, r->bytes, bits - 1, false);
			unsigned char wide[16];
			memcpy(wide, at, 16);
			set_tail(wide, r->bytes, bits - 1, true);
			if (memcmp(base, at, r->bytes) != 0 || memcmp(wide, r->high, r->bytes) > 0)
				break;
			memcpy(last, wide, 16);
			bits--;
		}
		inet_ntop(r->bytes == 4 ? AF_INET : AF_INET6, at, text, sizeof(text));
		snprintf(into[n], READ_NETWORK_TEXT, "%s/%u", text, bits);
		memcpy(at, last, 16);
		end = add_one(at, r->bytes);
	}
	return n;
}
