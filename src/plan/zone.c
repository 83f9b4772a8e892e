/* Time zones: RFC 8536 files and the POSIX rule at their end become one sorted list of transitions; everything else works
 * on that list. A zone file may be a stranger's (below a root that is looked at), so every count is capped. */
#include "plan/zone.h"

#include "base/time.h"

#include "os/file.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	FILE_CAP = 256 * 1024,
	HEAD = 44,
	TIMES_CAP = 10000,
	TYPES_CAP = 256,
	OFFSET_CAP = 26 * 3600,
	NAME_CAP = 64,
	DAY_SECONDS = 86400
};
#define SECONDS_CAP (INT64_C(1) << 40) /* some 34,000 years: what lies beyond is the beginning of time */
#define UNTIL_CAP (INT64_C(16725225600) * 1000) /* 2500-01-01 */

/* ---- the list ---- */

/* Appends in order; what changes nothing is left out, and of two at one instant the later one counts. */
static void
zone_push(struct arena *a, struct zone *z, int64_t at, int32_t offset)
{
	size_t n = z->transitions.count;
	int32_t before;

	if (n > 0 && z->transitions.items[n - 1].at == at)
		n = --z->transitions.count;
	before = n > 0 ? z->transitions.items[n - 1].offset : z->offset;
	if (before == offset)
		return;
	*ARRAY_PUSH(a, &z->transitions) = (struct zone_transition){ at, offset };
}

/* The first transition after t. */
static size_t
zone_after(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->transitions.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (z->transitions.items[middle].at <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The offset before transition i. */
static int32_t
zone_before(const struct zone *z, size_t i)
{
	return i > 0 ? z->transitions.items[i - 1].offset : z->offset;
}

int32_t
zone_offset(const struct zone *z, int64_t utc)
{
	return zone_before(z, zone_after(z, utc));
}

/* The first whole minute of the wall clock at or after this transition. */
static int64_t
minute_after(const struct zone_transition *t)
{
	int64_t odd = (t->at + t->offset * 1000LL) % 60000;

	return odd > 0 ? t->at + 60000 - odd : t->at - odd;
}

int64_t
zone_instant(const struct zone *z, int64_t local)
{
	const struct zone_transition *gap = NULL;
	size_t i = zone_after(z, local - OFFSET_CAP * 1000LL);

	/* Stretches between transitions, oldest first, so that a repeated time is its first occurrence; a gap only counts
	 * when no stretch shows the time. */
	for (;; i++) {
		bool last = i == z->transitions.count;
		int64_t t = local - zone_before(z, i) * 1000LL;
		bool begun = i == 0 || t >= z->transitions.items[i - 1].at;
		if (begun && (last || t < z->transitions.items[i].at))
			return t;
		if (last || z->transitions.items[i].at > local + OFFSET_CAP * 1000LL)
			return gap ? minute_after(gap) : t;
		if (begun && !gap && local - z->transitions.items[i].offset * 1000LL < z->transitions.items[i].at)
			gap = &z->transitions.items[i];
	}
}

/* ---- RFC 8536 ---- */

struct bytes {
	const unsigned char *p;
	size_t len;
};

static bool
bytes_take(struct bytes *b, size_t n, struct bytes *out)
{
	if (b->len < n)
		return false;
	*out = (struct bytes){ b->p, n };
	b->p += n;
	b->len -= n;
	return true;
}

static int64_t
big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = (p[0] & 0x80) ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

struct tzif_head {
	unsigned version;
	size_t isut, isstd, leap, time, type, chars;
};

static bool
head_read(struct bytes *b, struct tzif_head *h)
{
	struct bytes raw;
	size_t *const counts[] = { &h->isut, &h->isstd, &h->leap, &h->time, &h->type, &h->chars };

	if (!bytes_take(b, HEAD, &raw) || memcmp(raw.p, "TZif", 4) != 0)
		return false;
	h->version = raw.p[4] == 0 ? 1 : raw.p[4] - '0';
	for (size_t i = 0; i < COUNT(counts); i++) {
		int64_t n = big_endian(raw.p + 20 + 4 * i, 4);
		if (n < 0 || n > TIMES_CAP)
			return false;
		*counts[i] = (size_t)n;
	}
	return h->type > 0 && h->type <= TYPES_CAP && h->version >= 1;
}

static size_t
body_size(const struct tzif_head *h, size_t width)
{
	return h->time * width + h->time + h->type * 6 + h->chars + h->leap * (width + 4) + h->isstd + h->isut;
}

/* Transition times, their types and the types' offsets. */
static bool
body_read(struct bytes *b, const struct tzif_head *h, size_t width, struct arena *a, struct zone *z)
{
	struct bytes times, kinds, types, rest;
	int64_t last = INT64_MIN;
	int32_t offsets[TYPES_CAP] = { 0 };

	if (!bytes_take(b, h->time * width, &times) || !bytes_take(b, h->time, &kinds) ||
	    !bytes_take(b, h->type * 6, &types) ||
	    !bytes_take(b, h->chars + h->leap * (width + 4) + h->isstd + h->isut, &rest))
		return false;
	for (size_t i = 0; i < h->type; i++) {
		int64_t offset = big_endian(types.p + 6 * i, 4);
		if (offset < -OFFSET_CAP || offset > OFFSET_CAP)
			return false;
		offsets[i] = (int32_t)offset;
	}
	z->offset = offsets[0];
	for (size_t i = 0; i < h->time; i++) {
		int64_t at = big_endian(times.p + width * i, width);
		if (kinds.p[i] >= h->type || at > SECONDS_CAP || (i > 0 && at <= last))
			return false;
		last = at;
		if (at <= -SECONDS_CAP)
			z->offset = offsets[kinds.p[i]];
		else
			zone_push(a, z, at * 1000, offsets[kinds.p[i]]);
	}
	return true;
}

/* ---- the POSIX rule: "EST5EDT,M3.2.0,M11.1.0" (POSIX.1-2017 8.3 with RFC 8536's hours −167 to 167) ---- */

struct rule_day {
	char kind; /* 'M', 'J' or '0' */
	int month, week, day;
	int32_t time; /* seconds after midnight */
};

struct posix_rule {
	int32_t standard, saving; /* seconds east */
	bool saves;
	struct rule_day start, end;
};

static bool
rule_number(struct str *s, int max, int *out)
{
	size_t n = 0;
	int value = 0;

	for (; n < s->len && n < 4 && s->ptr[n] >= '0' && s->ptr[n] <= '9'; n++)
		value = value * 10 + (s->ptr[n] - '0');
	*out = value;
	*s = str_skip(*s, n);
	return n > 0 && value <= max;
}

static bool
rule_char(struct str *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool
rule_name(struct str *s)
{
	size_t n = 0;

	if (rule_char(s, '<')) {
		ptrdiff_t end = str_find_char(*s, '>');
		if (end < 3)
			return false;
		*s = str_skip(*s, (size_t)end + 1);
		return true;
	}
	while (n < s->len && ((s->ptr[n] >= 'a' && s->ptr[n] <= 'z') || (s->ptr[n] >= 'A' && s->ptr[n] <= 'Z')))
		n++;
	*s = str_skip(*s, n);
	return n >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool
rule_time(struct str *s, int hours_max, int32_t *out)
{
	int hours, minutes = 0, seconds = 0;
	bool minus = rule_char(s, '-');

	if (!minus)
		rule_char(s, '+');
	if (!rule_number(s, hours_max, &hours))
		return false;
	if (rule_char(s, ':') && !rule_number(s, 59, &minutes))
		return false;
	if (rule_char(s, ':') && !rule_number(s, 59, &seconds))
		return false;
	*out = hours * 3600 + minutes * 60 + seconds;
	if (minus)
		*out = -*out;
	return true;
}

static bool
rule_day_read(struct str *s, struct rule_day *d)
{
	bool ok;

	*d = (struct rule_day){ .kind = '0', .time = 2 * 3600 };
	if (rule_char(s, 'M')) {
		d->kind = 'M';
		ok = rule_number(s, 12, &d->month) && d->month >= 1 && rule_char(s, '.') &&
		     rule_number(s, 5, &d->week) && d->week >= 1 && rule_char(s, '.') && rule_number(s, 6, &d->day);
	} else if (rule_char(s, 'J')) {
		d->kind = 'J';
		ok = rule_number(s, 365, &d->day) && d->day >= 1;
	} else {
		ok = rule_number(s, 365, &d->day);
	}
	if (ok && rule_char(s, '/'))
		ok = rule_time(s, 167, &d->time);
	return ok;
}

static bool
rule_read(struct str s, struct posix_rule *r)
{
	*r = (struct posix_rule){ 0 };
	if (!rule_name(&s) || !rule_time(&s, 24, &r->standard))
		return false;
	r->standard = -r->standard; /* POSIX counts west */
	if (s.len == 0)
		return true;
	r->saves = true;
	r->saving = r->standard + 3600;
	if (!rule_name(&s))
		return false;
	if (s.len > 0 && s.ptr[0] != ',') {
		if (!rule_time(&s, 24, &r->saving))
			return false;
		r->saving = -r->saving;
	}
	return rule_char(&s, ',') && rule_day_read(&s, &r->start) && rule_char(&s, ',') && rule_day_read(&s, &r->end) &&
	       s.len == 0;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Seconds of the wall clock since 1970 at which the rule's day and time fall in this year. */
static int64_t
rule_local(const struct rule_day *d, int year)
{
	int64_t day;

	if (d->kind == 'M') {
		unsigned month = (unsigned)d->month;
		int64_t first = time_days(year, month, 1);
		int64_t length = (month == 12 ? time_days(year + 1, 1, 1) : time_days(year, month + 1, 1)) - first;
		int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
		int64_t n = (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
		while (n >= length)
			n -= 7;
		day = first + n;
	} else {
		/* J counts without the leap day. */
		day = time_days(year, 1, 1) + d->day - (d->kind == 'J');
		if (d->kind == 'J' && is_leap(year) && d->day >= 60)
			day++;
	}
	return day * DAY_SECONDS + d->time;
}

static int
transition_order(const void *a, const void *b)
{
	const struct zone_transition *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Adds the rule's transitions behind those that are there, up to `until`. */
static void
rule_expand(const struct posix_rule *r, int64_t until, struct arena *a, struct zone *z)
{
	size_t n = z->transitions.count;
	int64_t last = n > 0 ? z->transitions.items[n - 1].at : INT64_MIN;
	ARRAY_OF(struct zone_transition) more = { 0 };
	int year = 1970, end;
	unsigned month, day;

	if (!r->saves) {
		if (n == 0)
			z->offset = r->standard;
		return;
	}
	until = until > UNTIL_CAP ? UNTIL_CAP : until;
	if (n > 0)
		time_civil(last / 1000 / DAY_SECONDS, &year, &month, &day);
	time_civil(until / 1000 / DAY_SECONDS, &end, &month, &day);
	/* From the year before: around New Year a rule's instant may be in the next one. */
	for (year = year < 1901 ? 1900 : year - 1; year <= end + 1; year++) {
		/* The end first: where it meets the start of the next year, summer time goes on. */
		*ARRAY_PUSH(a, &more) =
			(struct zone_transition){ (rule_local(&r->end, year) - r->saving) * 1000, r->standard };
		*ARRAY_PUSH(a, &more) =
			(struct zone_transition){ (rule_local(&r->start, year) - r->standard) * 1000, r->saving };
	}
	if (more.count > 1)
		qsort(more.items, more.count, sizeof(*more.items), transition_order);
	for (size_t i = 0; i < more.count; i++) {
		bool meets = i + 1 < more.count && more.items[i + 1].at == more.items[i].at;
		/* Of two at one instant qsort may give either order: the one that begins summer time counts. */
		if (meets) {
			if (more.items[i].offset == r->saving)
				more.items[i + 1].offset = r->saving;
			continue;
		}
		if (more.items[i].at > last && more.items[i].at < until)
			zone_push(a, z, more.items[i].at, more.items[i].offset);
	}
}

static bool
tzif_read(struct arena *a, struct bytes b, int64_t until, struct zone *z)
{
	struct tzif_head h;
	struct bytes skipped;
	struct posix_rule rule;
	struct str footer, line;

	if (!head_read(&b, &h))
		return false;
	if (h.version == 1)
		return body_read(&b, &h, 4, a, z);
	if (!bytes_take(&b, body_size(&h, 4), &skipped) || !head_read(&b, &h) || h.version < 2 ||
	    !body_read(&b, &h, 8, a, z))
		return false;
	footer = str_sub((const char *)b.p, b.len);
	if (!rule_char(&footer, '\n') || str_find_char(footer, '\n') < 0 || !str_cut(&footer, '\n', &line))
		return false;
	if (line.len == 0)
		return true;
	if (!rule_read(line, &rule))
		return false;
	rule_expand(&rule, until, a, z);
	return true;
}

bool
zone_parse(struct arena *a, struct str name, struct str tzif, int64_t until, struct zone *out, struct err *e)
{
	struct zone z = { .name = arena_str(a, name) };

	if (tzif.len > FILE_CAP)
		return err_set(e, ERR_TOO_LARGE, "the file of time zone “%.*s” is larger than 256 KiB", STR_ARG(name));
	if (!tzif_read(a, (struct bytes){ (const unsigned char *)tzif.ptr, tzif.len }, until, &z))
		return err_set(e, ERR_INPUT,
			       "the file of time zone “%.*s” is damaged; install the package tzdata again",
			       STR_ARG(name));
	*out = z;
	return true;
}

/* ---- files ---- */

/* Names of the IANA database: no way out of the folder. */
static bool
name_valid(struct str name)
{
	if (name.len == 0 || name.len > NAME_CAP || name.ptr[0] == '/' || name.ptr[name.len - 1] == '/' ||
	    str_contains(name, STR("..")) || str_contains(name, STR("//")))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      strchr("+-_/", c)) ||
		    c == '\0')
			return false;
	}
	return true;
}

bool
zone_load(const char *folder, struct str name, int64_t until, struct arena *a, struct zone *out, struct err *e)
{
	BUF_AUTO file = { 0 };
	struct err why = { 0 };

	if (!name_valid(name)) {
		struct str shown = arena_line(a, name, NAME_CAP);
		return err_set(e, ERR_INPUT, "“%.*s” is no name of a time zone; write one such as Asia/Tokyo",
			       STR_ARG(shown));
	}
	if (!file_read(path_join(a, folder ? folder : "/usr/share/zoneinfo", arena_cstr(a, name)), FILE_CAP, &file,
		       &why)) {
		if (why.code == ERR_NOT_FOUND || why.code == ERR_INPUT || why.code == ERR_SYSTEM)
			return err_set(e, ERR_NOT_FOUND,
				       "there is no time zone “%.*s”; write one such as Asia/Tokyo, or install tzdata",
				       STR_ARG(name));
		if (e)
			*e = why;
		return err_wrap(e, "reading time zone %.*s", STR_ARG(name));
	}
	return zone_parse(a, name, buf_str(&file), until, out, e);
}

/* Where the link leads, as a name of the database; empty when it is no link into it. */
static struct str
device_name(const struct root *r, struct arena *a)
{
	char link[256];
	FD_AUTO etc = root_open_dir(r, "etc");
	ssize_t n = etc >= 0 ? readlinkat(etc, "localtime", link, sizeof(link)) : -1;
	struct str target = str_sub(link, n > 0 ? (size_t)n : 0);
	ptrdiff_t at = str_find(target, STR("zoneinfo/"));

	if (at < 0 || !name_valid(str_skip(target, (size_t)at + 9)))
		return STR("");
	return arena_str(a, str_skip(target, (size_t)at + 9));
}

void
zone_device(const char *root, int64_t until, struct arena *a, struct zone *out)
{
	BUF_AUTO file = { 0 };
	struct root r;
	struct str name = STR("UTC");

	*out = (struct zone){ .name = STR("UTC") };
	if (!root_open(&r, root ? root : "/", NULL))
		return;
	name = device_name(&r, a);
	if (!root_read(&r, "etc/localtime", FILE_CAP, &file, NULL) ||
	    !zone_parse(a, name, buf_str(&file), until, out, NULL))
		*out = (struct zone){ .name = STR("UTC") };
	root_close(&r);
}

/* ---- as JSON ---- */

void
zone_write(const struct zone *z, int64_t from, int64_t until, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "name", z->name);
	json_put_i64(w, "offset", zone_offset(z, from));
	json_key(w, "transitions");
	json_begin_array(w);
	for (size_t i = zone_after(z, from); i < z->transitions.count && z->transitions.items[i].at < until; i++) {
		json_begin_array(w);
		json_i64(w, z->transitions.items[i].at);
		json_i64(w, z->transitions.items[i].offset);
		json_end_array(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static bool
number_read(const struct json *j, int64_t *out)
{
	return j->kind == JSON_KIND_NUMBER && str_to_i64(j->text, out);
}

static bool
zone_refuse(struct str name, struct err *e)
{
	return err_set(e, ERR_INPUT, "time zone “%.*s” is written wrongly: its transitions are to be in order",
		       STR_ARG(name));
}

bool
zone_read(struct arena *a, const struct json *j, struct zone *out, struct err *e)
{
	struct zone z = { .name = arena_line(a, json_get_str(j, "name"), NAME_CAP) };
	int64_t offset = json_get_i64(j, "offset", INT64_MAX), last = INT64_MIN, at;
	size_t count;
	const struct json *items = json_get_array(j, "transitions", &count);

	if (offset < -OFFSET_CAP || offset > OFFSET_CAP || count > TIMES_CAP)
		return zone_refuse(z.name, e);
	z.offset = (int32_t)offset;
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != JSON_KIND_ARRAY || items[i].count != 2 || !number_read(&items[i].item[0], &at) ||
		    !number_read(&items[i].item[1], &offset) || at <= last || offset < -OFFSET_CAP ||
		    offset > OFFSET_CAP || at < -SECONDS_CAP * 1000 || at > SECONDS_CAP * 1000)
			return zone_refuse(z.name, e);
		last = at;
		zone_push(a, &z, at, (int32_t)offset);
	}
	*out = z;
	return true;
}
