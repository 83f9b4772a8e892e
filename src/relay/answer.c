#include "relay/answer.h"

#include "base/time.h"

#define MINUTE_MS (60 * (int64_t)1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* Requests that come together are answered from one question. */
#define BREATH_MS 2000
#define SETTLED_MS MINUTE_MS
#define YEAR_S (365 * (int64_t)86400)

bool
http_date_parse(struct str s, int64_t *ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	uint64_t day, year, hour, minute, second;
	if (s.len != 29 || !str_ends(s, STR(" GMT")) || s.ptr[3] != ',' || s.ptr[19] != ':' || s.ptr[22] != ':')
		return false;
	ptrdiff_t month = str_find(str_of(months), str_sub(s.ptr + 8, 3));
	if (month < 0 || month % 3 != 0 || !str_to_u64(str_sub(s.ptr + 5, 2), &day) ||
	    !str_to_u64(str_sub(s.ptr + 12, 4), &year) || !str_to_u64(str_sub(s.ptr + 17, 2), &hour) ||
	    !str_to_u64(str_sub(s.ptr + 20, 2), &minute) || !str_to_u64(str_sub(s.ptr + 23, 2), &second) || day == 0 ||
	    day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	*ms = time_days((int)year, (unsigned)month / 3 + 1, (unsigned)day) * DAY_MS + (int64_t)hour * HOUR_MS +
	      (int64_t)minute * MINUTE_MS + (int64_t)second * 1000;
	return true;
}

static void
keep(char *into, size_t size, struct str value)
{
	into[0] = '\0';
	if (value.len >= size)
		return;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < ' ' || value.ptr[i] > '~')
			return;
	memcpy(into, value.ptr, value.len);
	into[value.len] = '\0';
}

static void
take_length(struct answer *a, struct str value)
{
	uint64_t length;
	if (value.len == 0 || value.ptr[0] < '0' || value.ptr[0] > '9' || !str_to_u64(value, &length) ||
	    (a->length != LENGTH_UNKNOWN && a->length != length))
		a->contradicts = true;
	else
		a->length = length;
}

/* "bytes 100-199/1000" */
static void
take_range(struct answer *a, struct str value)
{
	struct str span, total, first, last;
	uint64_t end;
	a->has_range = false;
	if (!str_starts(value, STR("bytes ")) || !str_split(str_skip(value, 6), '/', &span, &total) ||
	    !str_split(span, '-', &first, &last) || !str_to_u64(first, &a->range_first) || !str_to_u64(last, &end) ||
	    end < a->range_first)
		return;
	a->range_total = LENGTH_UNKNOWN;
	if (!str_eq(total, STR("*")) && (!str_to_u64(total, &a->range_total) || a->range_total <= end))
		return;
	a->has_range = true;
}

static void
take_cache_control(struct answer *a, struct str value)
{
	struct str piece;
	while (str_cut(&value, ',', &piece)) {
		struct str name = str_trim(piece), number = STR_NONE;
		uint64_t seconds;
		bool valued = str_split(str_trim(piece), '=', &name, &number);
		if (str_eq_nocase(name, STR("no-store")) || str_eq_nocase(name, STR("private")))
			a->no_store = true;
		else if (str_eq_nocase(name, STR("no-cache")))
			a->no_cache = true;
		/* What is said to shared caches comes first, wherever it stands. */
		else if (valued && str_to_u64(number, &seconds) &&
			 (str_eq_nocase(name, STR("s-maxage")) ||
			  (str_eq_nocase(name, STR("max-age")) && !a->has_age))) {
			a->max_age = seconds > YEAR_S ? YEAR_S : (int64_t)seconds;
			a->has_age = true;
		}
	}
}

static void
take_times(struct answer *a, struct str name, struct str value)
{
	uint64_t seconds;
	if (str_eq_nocase(name, STR("Age")) && str_to_u64(value, &seconds)) {
		a->age = seconds > YEAR_S ? YEAR_S : (int64_t)seconds;
	} else if (str_eq_nocase(name, STR("Date"))) {
		if (!http_date_parse(value, &a->date))
			a->date = 0;
	} else if (str_eq_nocase(name, STR("Expires"))) {
		a->has_expires = true;
		/* "0" and the like: it is over. */
		if (!http_date_parse(value, &a->expires))
			a->expires = 0;
	}
}

void
answer_line(struct answer *a, struct str line)
{
	struct str name, value;
	line = str_trim(line);
	if (str_starts(line, STR("HTTP/"))) {
		uint64_t status;
		struct str rest = str_skip(line, 5), version;
		*a = (struct answer){ .length = LENGTH_UNKNOWN };
		if (str_split(rest, ' ', &version, &value) && value.len >= 3 &&
		    str_to_u64(str_head(value, 3), &status) && status >= 100 && status < 600)
			a->status = (int)status;
		return;
	}
	if (!str_split(line, ':', &name, &value))
		return;
	value = str_trim(value);
	if (str_eq_nocase(name, STR("Content-Length")))
		take_length(a, value);
	else if (str_eq_nocase(name, STR("Transfer-Encoding")))
		a->chunked = true;
	else if (str_eq_nocase(name, STR("Content-Range")))
		take_range(a, value);
	else if (str_eq_nocase(name, STR("ETag")))
		keep(a->etag, sizeof(a->etag), value);
	else if (str_eq_nocase(name, STR("Last-Modified")))
		keep(a->last_modified, sizeof(a->last_modified), value);
	else if (str_eq_nocase(name, STR("Content-Type")))
		keep(a->type, sizeof(a->type), value);
	else if (str_eq_nocase(name, STR("Cache-Control")))
		take_cache_control(a, value);
	else
		take_times(a, name, value);
}

const char *
answer_strong(const struct answer *a)
{
	int64_t modified;
	if (a->etag[0])
		return a->etag[0] == '"' ? a->etag : "";
	/* By one clock, so that it may be wrong. What changed a moment ago may have changed once more in the same second. */
	return http_date_parse(str_of(a->last_modified), &modified) && a->date - modified >= SETTLED_MS
		       ? a->last_modified
		       : "";
}

/* Names that stand for one content for ever: a new version of a package has a new name. */
static bool
is_package(struct str url)
{
	static const char *const ends[] = { ".deb", ".udeb", ".ddeb", ".dsc", ".rpm", ".drpm",
					    ".apk", ".msi",  ".msu",  ".cab", ".exe", ".msix" };
	for (size_t i = 0; i < COUNT(ends); i++)
		if (str_ends(url, str_of(ends[i])))
			return true;
	return str_contains(url, STR("/by-hash/")) || str_contains(url, STR(".orig.tar.")) ||
	       str_contains(url, STR(".debian.tar."));
}

int64_t
answer_fresh_until(const struct answer *a, struct str url, int64_t now)
{
	int64_t modified;
	if (a->no_cache || a->no_store)
		return now + BREATH_MS;
	/* RFC 9111, section 4.2.1 and 4.2.3; only lengths of time count, not what the origin takes for today. */
	int64_t said = a->has_age ? a->max_age * 1000 : a->expires - (a->date ? a->date : now);
	if (a->has_age || a->has_expires) {
		said = (said < YEAR_S * 1000 ? said : YEAR_S * 1000) - a->age * 1000;
		return now + (said > BREATH_MS ? said : BREATH_MS);
	}
	if (is_package(url))
		return now + DAY_MS;
	/* RFC 9111, section 4.2.2: a tenth of its age, an hour at most. */
	int64_t fresh = BREATH_MS;
	if (http_date_parse(str_of(a->last_modified), &modified) && modified < now)
		fresh = (now - modified) / 10;
	fresh = fresh < HOUR_MS ? fresh : HOUR_MS;
	return now + (fresh > BREATH_MS ? fresh : BREATH_MS);
}
