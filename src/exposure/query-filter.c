/* Filters of the query language (exposure/query-filter.h). */
#include "exposure/query-filter.h"

#include "base/suggest.h"
#include "base/time.h"
#include "exposure/words.h"

#include <arpa/inet.h>

enum { DAY_MS = 86400000 };

static const struct {
	const char *name;
	enum filter_kind kind;
	enum field field;
	bool whole;
} special[] = {
	{ "after", FILTER_AFTER, FIELD_TIMESTAMP, false },
	{ "before", FILTER_BEFORE, FIELD_TIMESTAMP, false },
	{ "geo", FILTER_GEO, FIELD_LATITUDE, true },
	{ "has_ssl", FILTER_HAS, FIELD_TLS, false },
	{ "has_vuln", FILTER_HAS, FIELD_VULN, false },
	{ "has_screenshot", FILTER_HAS, FIELD_HAS_SCREENSHOT, false },
	{ "has_ipv6", FILTER_IPV6, FIELD_IP, false },
	{ "all", FILTER_ALL_TEXT, FIELDS, true },
	{ "ssl", FILTER_NAMES, FIELDS, true },
	{ "telnet.option", FILTER_TELNET, FIELD_TELNET_DO, false },
};

/* "os.any" is os with what was inferred. */
static bool
find_any(struct str name, struct filter *out)
{
	static const struct str any = { ".any", 4 };

	if (name.len <= any.len || !str_eq_nocase(str_skip(name, name.len - any.len), any))
		return false;
	out->field = field_find(str_head(name, name.len - any.len), NULL);
	out->any = true;
	return out->field != FIELDS && field_inferred(out->field) != FIELDS;
}

bool
filter_find(struct str name, struct filter *out, struct str *nearest)
{
	size_t best = SIZE_MAX, distance;

	*out = (struct filter){ .name = name };
	for (size_t i = 0; i < COUNT(special); i++) {
		if (str_eq_nocase(name, str_of(special[i].name))) {
			out->kind = special[i].kind;
			out->field = special[i].field;
			out->whole = special[i].whole;
			return true;
		}
	}
	out->field = field_find(name, nearest);
	if (out->field != FIELDS) {
		out->whole = field_table[out->field].kind == FIELD_TEXT;
		return true;
	}
	if (find_any(name, out))
		return true;
	if (nearest->len > 0)
		(void)suggest_near(name, *nearest, &best);
	for (size_t i = 0; i < COUNT(special); i++) {
		if (suggest_near(name, str_of(special[i].name), &distance) && distance < best) {
			best = distance;
			*nearest = str_of(special[i].name);
		}
	}
	return false;
}

/* ---- values ---- */

/* One day (or instant) as its first and last millisecond: 2026-11-21, 21/11/2026, RFC 3339. */
static bool
read_time(struct str s, int64_t *low, int64_t *high)
{
	uint64_t day, month, year;
	struct str a, b, c, rest;

	if (str_split(s, '/', &a, &rest) && str_split(rest, '/', &b, &c)) {
		if (!str_to_u64(a, &day) || !str_to_u64(b, &month) || !str_to_u64(c, &year) || day < 1 || day > 31 ||
		    month < 1 || month > 12 || year < 1 || year > 9999)
			return false;
		int y;
		unsigned m, d;
		int64_t days = time_days((int)year, (unsigned)month, (unsigned)day);
		time_civil(days, &y, &m, &d);
		*low = days * DAY_MS;
		*high = *low + DAY_MS - 1;
		return d == day;
	}
	if (!time_parse(s, low))
		return false;
	*high = str_find_char(s, 'T') < 0 ? *low + DAY_MS - 1 : *low;
	return true;
}

static bool
read_number(struct str s, int64_t *low, int64_t *high)
{
	*high = 0;
	if (!str_to_i64(s, low))
		return false;
	*high = *low;
	return true;
}

/* Degrees, which are kept as millionths. */
static bool
read_degrees(struct str s, int64_t *low, int64_t *high)
{
	double degrees;

	if (!str_to_double(s, &degrees) || !(degrees >= -360 && degrees <= 360))
		return false;
	*low = *high = (int64_t)(degrees * 1e6 + (degrees < 0 ? -0.5 : 0.5));
	return true;
}

static bool
read_bool(struct str s, int64_t *out)
{
	static const char *const yes[] = { "true", "1", "yes" }, *const no[] = { "false", "0", "no" };

	for (size_t i = 0; i < COUNT(yes); i++) {
		if (str_eq_nocase(s, str_of(yes[i])) || str_eq_nocase(s, str_of(no[i]))) {
			*out = str_eq_nocase(s, str_of(yes[i]));
			return true;
		}
	}
	return false;
}

typedef bool read_fn(struct str s, int64_t *low, int64_t *high);

/* "a..b", ">=a", ">a", "<=a", "<a" or one value. */
static bool
read_range(struct str s, read_fn *read, struct query *q)
{
	ptrdiff_t dots = str_find(s, STR(".."));
	int64_t low, high;

	q->kind = QUERY_RANGE;
	q->low = INT64_MIN;
	q->high = INT64_MAX;
	if (dots >= 0) {
		struct str a = str_head(s, (size_t)dots), b = str_skip(s, (size_t)dots + 2);
		if (a.len > 0 && !read(a, &q->low, &high))
			return false;
		return a.len + b.len > 0 && (b.len == 0 || read(b, &low, &q->high));
	}
	bool more = str_starts(s, STR(">")), less = str_starts(s, STR("<")), same = s.len > 1 && s.ptr[1] == '=';
	if (!more && !less)
		return read(s, &q->low, &q->high);
	if (!read(str_skip(s, same ? 2 : 1), &low, &high))
		return false;
	if (more)
		q->low = same ? low : high == INT64_MAX ? high : high + 1;
	else
		q->high = same ? high : low == INT64_MIN ? low : low - 1;
	return true;
}

/* An address, or a network as ADDRESS/LENGTH. */
static bool
read_net(struct arena *a, struct str s, struct query *q)
{
	struct str address = s, length = STR_NONE;
	uint64_t bits;
	bool has_length = str_split(s, '/', &address, &length);
	const char *text = arena_cstr(a, address);
	struct in_addr v4;
	struct in6_addr v6;

	q->kind = QUERY_NET;
	memset(q->net, 0, sizeof(q->net));
	bool four = inet_pton(AF_INET, text, &v4) == 1;
	if (four) {
		q->net[10] = q->net[11] = 0xff;
		memcpy(q->net + 12, &v4, 4);
	} else if (inet_pton(AF_INET6, text, &v6) == 1) {
		memcpy(q->net, &v6, 16);
	} else {
		return false;
	}
	bits = four ? 32 : 128;
	if (has_length && (!str_to_u64(length, &bits) || bits > (four ? 32 : 128)))
		return false;
	q->prefix = (unsigned)bits + (four ? 96 : 0);
	for (unsigned i = q->prefix; i < 128; i++)
		q->net[i / 8] &= (unsigned char)~(0x80 >> (i % 8));
	return true;
}

/* 2 numbers: a point (within 100 m); 3: and kilometres around it; 4: top-left and bottom-right corners. */
static bool
read_geo(struct str s, struct query *q)
{
	double n[4];
	unsigned count = 0;
	struct str one;

	q->kind = QUERY_GEO;
	while (count < 4 && str_cut(&s, ',', &one)) {
		if (!str_to_double(str_trim(one), &n[count]))
			return false;
		count++;
	}
	if (count < 2 || s.len > 0 || n[0] < -90 || n[0] > 90 || n[1] < -180 || n[1] > 180)
		return false;
	if (count == 4) {
		q->box[0] = n[2];
		q->box[1] = n[1];
		q->box[2] = n[0];
		q->box[3] = n[3];
		return n[2] <= n[0] && n[2] >= -90 && n[3] >= -180 && n[3] <= 180;
	}
	q->box[0] = q->box[2] = n[0];
	q->box[1] = q->box[3] = n[1];
	q->radius_km = count == 3 ? n[2] : 0.1;
	return q->radius_km > 0 && q->radius_km < 20100;
}

static struct query *
leaf(struct arena *a, const struct query *like)
{
	struct query *q = ARENA_NEW(a, struct query);
	*q = *like;
	return q;
}

/* q becomes the disjunction of itself in each of two fields. */
static void
in_both(struct arena *a, struct query *q, enum field other)
{
	struct query *first = leaf(a, q), *second = leaf(a, q);

	second->field = other;
	q->kind = QUERY_OR;
	q->children = ARENA_ARRAY(a, struct query *, 2);
	q->children[0] = first;
	q->children[1] = second;
	q->count = 2;
}

/* An option of telnet, whoever asks for it or refuses it. */
static void
in_any_telnet(struct arena *a, struct query *q)
{
	struct query like = *q;

	q->kind = QUERY_OR;
	q->children = ARENA_ARRAY(a, struct query *, 4);
	for (enum field f = FIELD_TELNET_DO; f <= FIELD_TELNET_WONT; f++) {
		like.field = f;
		q->children[q->count++] = leaf(a, &like);
	}
}

static bool
read_keyword(struct arena *a, const struct filter *f, struct str text, bool quoted, struct query *q)
{
	q->kind = QUERY_EQUAL;
	q->text = arena_str(a, text);
	if (text.len == 1 && text.ptr[0] == '*' && !quoted)
		q->kind = QUERY_EXISTS;
	else if (!quoted && str_find_char(text, '*') >= 0)
		q->kind = QUERY_LIKE;
	else if (field_table[f->field].kind == FIELD_HOST)
		q->kind = QUERY_LIKE, q->text = arena_printf(a, "*%.*s*", (int)text.len, text.ptr);
	/* The number alone will do. */
	uint64_t number;
	if (f->field == FIELD_ASN && str_to_u64(text, &number))
		q->text = arena_printf(a, "AS%llu", (unsigned long long)number);
	return true;
}

static bool
read_words(struct arena *a, struct str text, bool quoted, struct query *q)
{
	struct words w;

	q->kind = QUERY_WORD;
	q->open = !quoted && str_ends(text, STR("*"));
	q->text = arena_str(a, q->open ? str_head(text, text.len - 1) : text);
	words_begin(&w, q->text);
	return words_next(&w);
}

static bool
read_field(struct arena *a, const struct filter *f, struct str text, bool quoted, struct query *q)
{
	if (text.len == 1 && text.ptr[0] == '*' && !quoted) {
		q->kind = QUERY_EXISTS;
		return true;
	}
	switch (field_table[f->field].kind) {
	case FIELD_KEYWORD:
	case FIELD_HOST:
		return read_keyword(a, f, text, quoted, q);
	case FIELD_TEXT:
		return read_words(a, text, quoted, q);
	case FIELD_NUMBER:
		return read_range(text, field_is_degrees(f->field) ? read_degrees : read_number, q);
	case FIELD_TIME:
		return read_range(text, read_time, q);
	case FIELD_ADDRESS:
		return read_net(a, text, q);
	case FIELD_BOOL:
		q->kind = QUERY_RANGE;
		if (!read_bool(text, &q->low))
			return false;
		q->high = q->low;
		return true;
	}
	return false;
}

/* What no banner can have: such a question has one answer, nothing, and whoever wrote it meant something else. */
static const struct {
	enum field field;
	int64_t least, most;
} bounds[] = {
	{ FIELD_PORT, 0, 65535 },
	{ FIELD_LATITUDE, -90000000, 90000000 },
	{ FIELD_LONGITUDE, -180000000, 180000000 },
};

static bool
check_range(const struct filter *f, const struct query *q, struct str text, struct err *why)
{
	if (q->kind != QUERY_RANGE)
		return true;
	if (q->low > q->high)
		return err_set(why, ERR_INPUT, "nothing lies in the range “%.*s”: write the smaller end first",
			       STR_ARG(text));
	for (size_t i = 0; i < COUNT(bounds); i++) {
		if (bounds[i].field != q->field || (q->high >= bounds[i].least && q->low <= bounds[i].most))
			continue;
		double unit = field_is_degrees(q->field) ? 1e6 : 1;
		return err_set(why, ERR_INPUT, "%.*s lies between %.0f and %.0f, and “%.*s” does not", STR_ARG(f->name),
			       (double)bounds[i].least / unit, (double)bounds[i].most / unit, STR_ARG(text));
	}
	return true;
}

static bool
check_keyword(const struct filter *f, const struct query *q, struct err *why)
{
	static const char *const transports[] = { "tcp", "udp", "sctp", "other" };

	if (q->kind != QUERY_EQUAL || q->field != FIELD_TRANSPORT)
		return true;
	for (size_t i = 0; i < COUNT(transports); i++)
		if (str_eq_nocase(q->text, str_of(transports[i])))
			return true;
	return err_set(why, ERR_INPUT, "%.*s is tcp, udp, sctp or other, not “%.*s”", STR_ARG(f->name),
		       STR_ARG(q->text));
}

static void
say_what_is_wrong(const struct filter *f, struct str text, struct err *why)
{
	if (f->kind == FILTER_GEO)
		err_set(why, ERR_INPUT, "geo takes LAT,LON or LAT,LON,KM or TOP,LEFT,BOTTOM,RIGHT, not “%.*s”",
			STR_ARG(text));
	else if (f->kind == FILTER_ALL_TEXT || f->kind == FILTER_NAMES || field_table[f->field].kind == FIELD_TEXT)
		err_set(why, ERR_INPUT, "there is no word to look for in “%.*s”", STR_ARG(text));
	else if (f->kind != FILTER_FIELD && f->field != FIELD_TIMESTAMP)
		err_set(why, ERR_INPUT, "%.*s takes true or false, not “%.*s”", STR_ARG(f->name), STR_ARG(text));
	else if (field_table[f->field].kind == FIELD_TIME)
		err_set(why, ERR_INPUT, "%.*s takes a date such as 2026-11-21 or 21/11/2026, not “%.*s”",
			STR_ARG(f->name), STR_ARG(text));
	else if (field_table[f->field].kind == FIELD_ADDRESS)
		err_set(why, ERR_INPUT, "%.*s takes an address or a network such as 192.0.2.0/24, not “%.*s”",
			STR_ARG(f->name), STR_ARG(text));
	else if (field_table[f->field].kind == FIELD_BOOL)
		err_set(why, ERR_INPUT, "%.*s takes true or false, not “%.*s”", STR_ARG(f->name), STR_ARG(text));
	else
		err_set(why, ERR_INPUT, "%.*s takes a number or a range such as 80..90 or >=1024, not “%.*s”",
			STR_ARG(f->name), STR_ARG(text));
}

static bool
read_special(struct arena *a, const struct filter *f, struct str text, bool quoted, struct query *q)
{
	int64_t yes = 0, low, high;
	static const unsigned char v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	switch (f->kind) {
	case FILTER_AFTER:
	case FILTER_BEFORE:
		if (!read_time(text, &low, &high))
			return false;
		q->kind = QUERY_RANGE;
		q->low = f->kind == FILTER_AFTER ? low : INT64_MIN;
		q->high = f->kind == FILTER_AFTER ? INT64_MAX : low - 1;
		return true;
	case FILTER_GEO:
		return read_geo(text, q);
	case FILTER_ALL_TEXT:
	case FILTER_NAMES:
		q->field = f->kind == FILTER_NAMES ? (enum field)QUERY_NAMES : FIELDS;
		return read_words(a, text, quoted, q);
	case FILTER_HAS:
	case FILTER_IPV6:
		if (!read_bool(text, &yes))
			return false;
		q->kind = f->kind == FILTER_IPV6                     ? QUERY_NET
			  : field_table[f->field].kind == FIELD_BOOL ? QUERY_RANGE
								     : QUERY_EXISTS;
		q->low = q->high = 1;
		q->prefix = 96;
		memcpy(q->net, v4, sizeof(v4));
		/* IPv6 is what is no mapped IPv4. */
		if ((yes != 0) == (f->kind == FILTER_IPV6))
			break;
		return true;
	case FILTER_TELNET:
		if (!read_keyword(a, f, text, quoted, q))
			return false;
		in_any_telnet(a, q);
		return true;
	case FILTER_FIELD:
		return false;
	}
	struct query *inner = leaf(a, q);
	q->kind = QUERY_NOT;
	q->children = ARENA_ARRAY(a, struct query *, 1);
	q->children[0] = inner;
	q->count = 1;
	return true;
}

bool
filter_value(struct arena *a, const struct filter *f, struct str text, bool quoted, struct query *q, struct err *why)
{
	q->field = f->field;
	if (f->kind != FILTER_FIELD ? !read_special(a, f, text, quoted, q) : !read_field(a, f, text, quoted, q)) {
		say_what_is_wrong(f, text, why);
		return false;
	}
	if (!check_range(f, q, text, why) || !check_keyword(f, q, why))
		return false;
	if (f->any)
		in_both(a, q, field_inferred(f->field));
	return true;
}
