/* Times, addresses and numbers as sources write them. */
#include "exposure/import-map.h"

#include "base/time.h"

#include <arpa/inet.h>

static bool
two(const char *p, unsigned *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return true;
}

/* A date in two-digit pieces at p, with or without separators between them. */
static bool
date_pieces(const char *p, bool separated, size_t count, unsigned *piece)
{
	for (size_t i = 0; i < count; i++)
		if (!two(p + i * (separated ? 3 : 2), &piece[i]))
			return false;
	return true;
}

static bool
civil_ms(unsigned year, const unsigned *p, int64_t *ms)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (p[0] < 1 || p[0] > 12 || p[1] < 1 || p[1] > days[p[0] - 1] + (p[0] == 2 && leap ? 1u : 0u) || p[2] > 23 ||
	    p[3] > 59 || p[4] > 60)
		return false;
	*ms = ((time_days((int)year, p[0], p[1]) * 24 + p[2]) * 60 + p[3]) * 60000 + (int64_t)p[4] * 1000;
	return true;
}

/* "Z", "+09:00", "+0900"; nothing means UTC. */
static bool
zone_apply(struct str zone, int64_t *ms)
{
	unsigned hours, minutes = 0;

	if (zone.len == 0 || str_eq_nocase(zone, STR("Z")) || str_eq(zone, STR(" UTC")))
		return true;
	if ((zone.ptr[0] != '+' && zone.ptr[0] != '-') || (zone.len != 3 && zone.len != 5 && zone.len != 6) ||
	    !two(zone.ptr + 1, &hours))
		return false;
	if (zone.len > 3 && !two(zone.ptr + zone.len - 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*ms -= (zone.ptr[0] == '-' ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60000;
	return true;
}

static bool
time_iso(struct str t, int64_t *ms)
{
	unsigned century, year, p[5] = { 0 };

	if (!two(t.ptr, &century) || !two(t.ptr + 2, &year) || t.ptr[4] != '-' || t.ptr[7] != '-' ||
	    !date_pieces(t.ptr + 5, true, 2, p))
		return false;
	if (t.len == 10)
		return civil_ms(century * 100 + year, p, ms);
	if (t.len < 19 || (t.ptr[10] != 'T' && t.ptr[10] != ' ') || t.ptr[13] != ':' || t.ptr[16] != ':' ||
	    !date_pieces(t.ptr + 11, true, 3, p + 2) || !civil_ms(century * 100 + year, p, ms))
		return false;
	struct str rest = str_skip(t, 19);
	if (rest.len > 1 && rest.ptr[0] == '.') {
		size_t n = 1;
		for (int64_t unit = 100; n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9'; n++, unit /= 10)
			*ms += (rest.ptr[n] - '0') * unit;
		rest = str_skip(rest, n);
	}
	return zone_apply(rest, ms);
}

static bool
time_asn1(struct str t, int64_t *ms)
{
	unsigned century, year, p[5];

	if (t.len != 13 && t.len != 15)
		return false;
	bool full = t.len == 15;
	if (!two(t.ptr, full ? &century : &year) || (full && !two(t.ptr + 2, &year)) ||
	    !date_pieces(t.ptr + (full ? 4 : 2), false, 5, p))
		return false;
	if (!full)
		century = year < 50 ? 20 : 19; /* RFC 5280 section 4.1.2.5.1 */
	return civil_ms(century * 100 + year, p, ms);
}

bool
import_time(struct str text, int64_t *ms)
{
	int64_t n, out;

	text = str_trim(text);
	if (text.len >= 10 && text.ptr[4] == '-') {
		if (!time_iso(text, &out))
			return false;
	} else if (text.len > 0 && text.ptr[text.len - 1] == 'Z') {
		if (!time_asn1(text, &out))
			return false;
	} else {
		double d;
		if (import_number(text, &n)) {
			/* Milliseconds begin where seconds would be the year 5138. */
			out = n;
			if (n < INT64_C(100000000000))
				out = n * 1000;
		} else if (str_to_double(text, &d) && d >= 0 && d < 1e11) {
			n = (int64_t)d;
			out = (int64_t)(d * 1000);
		} else {
			return false;
		}
		if (n < 0 || out > INT64_C(253402300799999))
			return false;
	}
	*ms = out;
	return true;
}

bool
import_address(struct str text, unsigned char ip[16])
{
	unsigned char quad[4];
	size_t part = 0, digits = 0;
	unsigned value = 0;
	char copy[INET6_ADDRSTRLEN];

	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.ptr[i] : '.';
		if (c >= '0' && c <= '9' && digits < 3) {
			value = value * 10 + (unsigned)(c - '0');
			digits++;
		} else if (c == '.' && digits > 0 && value < 256 && part < 4) {
			quad[part++] = (unsigned char)value;
			value = 0;
			digits = 0;
		} else {
			part = 9;
			break;
		}
	}
	if (part == 4) {
		memset(ip, 0, 10);
		ip[10] = ip[11] = 0xff;
		memcpy(ip + 12, quad, 4);
		return true;
	}
	if (text.len >= sizeof(copy) || text.len < 2)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = 0;
	return inet_pton(AF_INET6, copy, ip) == 1;
}

bool
import_number(struct str text, int64_t *out)
{
	double d;

	if (str_to_i64(text, out))
		return true;
	if (text.len == 0 || text.len > 32 || !str_to_double(text, &d) || d < -9e15 || d > 9e15)
		return false;
	if ((double)(int64_t)d != d)
		return false;
	*out = (int64_t)d;
	return true;
}
