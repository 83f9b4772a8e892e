/* The Debian security tracker's DSA and DLA lists:
 *   [21 Aug 2026] DSA-6458-1 gst-plugins-bad1.0 - security update
 *   	{CVE-2026-12891 CVE-2026-12892}
 *   	[trixie] - gst-plugins-bad1.0 1.26.2-3+deb13u3
 * A version may be a tag: <not-affected> <unfixed> <end-of-life> <ignored> <no-dsa> <postponed> <undetermined>. */
#include "vuln/affected.h"
#include "vuln/ecosystem.h"
#include "vuln/ops.h"
#include "vuln/read.h"

#define LINE_MAX_BYTES (256u << 10)

static const char *const dsa_urls[] = {
	"https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list", NULL
};
static const char *const dla_urls[] = {
	"https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list", NULL
};

static const struct {
	const char *tag;
	enum range_kind kind;
} tags[] = {
	{ "<not-affected>", RANGE_NOT_AFFECTED },
	{ "<unfixed>", RANGE_OPEN },
	{ "<end-of-life>", RANGE_OPEN },
	{ "<ignored>", RANGE_OPEN },
	{ "<no-dsa>", RANGE_OPEN },
	{ "<postponed>", RANGE_OPEN },
	{ "<undetermined>", RANGE_UNDETERMINED },
};

struct list_reader {
	struct feed_sink *sink;
	struct arena arena; /* of the advisory in hand */
	struct record record;
	struct affected_set affected; /* its packages */
	const char *wrong; /* why it cannot be kept */
	bool open;
};

static bool
list_date(struct str text, int64_t *ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct str day, month, year;
	uint64_t d, y;
	if (!str_word(&text, &day) || !str_word(&text, &month) || !str_word(&text, &year) || month.len != 3 ||
	    !str_to_u64(day, &d) || !str_to_u64(year, &y) || d < 1 || d > 31 || y < 1990 || y > 9999)
		return false;
	for (unsigned m = 0; m < 12; m++)
		if (memcmp(months + 3 * m, month.ptr, 3) == 0) {
			*ms = time_days((int)y, m + 1, (unsigned)d) * DAY_MS;
			return true;
		}
	return false;
}

static bool
list_header_id(struct str line, const char *prefix, int64_t *date, struct str *rest)
{
	ptrdiff_t close = str_find_char(line, ']');
	if (line.len < 2 || line.ptr[0] != '[' || close < 0)
		return false;
	*rest = str_trim(str_skip(line, (size_t)close + 1));
	return str_starts(*rest, str_of(prefix)) && list_date(str_sub(line.ptr + 1, (size_t)close - 1), date);
}

static bool
list_recognise(const struct sniff *s, const char *prefix)
{
	struct str head = s->head, line;
	if (s->shape != SNIFF_TEXT)
		return false;
	for (int i = 0; i < 20 && str_line(&head, &line); i++) {
		int64_t date;
		struct str rest;
		if (list_header_id(line, prefix, &date, &rest))
			return true;
	}
	return false;
}

/* The advisory in hand is complete. */
static bool
list_flush(struct list_reader *l, struct err *e)
{
	struct advisory *v = &l->record.advisory;
	bool ok = true;
	if (l->open) {
		if (v->vulnerabilities.count == 0)
			*ARRAY_PUSH(&l->arena, &v->vulnerabilities) = v->id;
		v->affected = l->affected.list;
		if (!l->wrong && v->affected.count == 0)
			l->wrong = "no-package";
		if (l->wrong)
			sink_skip(l->sink, l->wrong);
		else
			ok = sink_keep(l->sink, STR(""), v->id, v->date, &l->record, e);
	}
	affected_set_close(&l->affected);
	arena_free(&l->arena);
	l->affected = (struct affected_set){ .arena = &l->arena };
	l->record = (struct record){ .kind = RECORD_ADVISORY, .advisory.cvss = -1, .advisory.bundle = true };
	l->wrong = NULL;
	l->open = false;
	return ok;
}

static bool
list_header(struct list_reader *l, struct str line, struct err *e)
{
	struct advisory *v = &l->record.advisory;
	struct str rest, id;
	if (!list_flush(l, e))
		return false;
	l->open = true;
	const char *prefix = strcmp(l->sink->feed, "debian-dsa") == 0 ? "DSA-" : "DLA-";
	if (!list_header_id(line, prefix, &v->date, &rest) || !str_word(&rest, &id) || id.len < 5 || id.len > 64) {
		l->wrong = "malformed";
		return true;
	}
	v->id = arena_str(&l->arena, id);
	struct str title = str_trim(rest);
	v->title = arena_str(&l->arena, str_head(title, title.len < 300 ? title.len : 300));
	if (v->date > l->sink->published)
		l->sink->published = v->date;
	return true;
}

static void
list_cves(struct list_reader *l, struct str line)
{
	struct str word;
	line = str_skip(line, 1);
	ptrdiff_t close = str_find_char(line, '}');
	if (close >= 0)
		line = str_head(line, (size_t)close);
	while (str_word(&line, &word))
		if (word.len <= 64)
			*ARRAY_PUSH(&l->arena, &l->record.advisory.vulnerabilities) = arena_str(&l->arena, word);
}

static bool
list_range(struct str version, struct affected_range *r)
{
	*r = (struct affected_range){ .kind = RANGE_BEFORE, .limit = version };
	if (version.ptr[0] != '<')
		return version_deb.valid(version);
	r->kind = RANGE_UNDETERMINED;
	r->limit = STR("");
	if (str_eq(version, STR("<removed>")) || str_eq(version, STR("<itp>")))
		return false;
	for (size_t i = 0; i < COUNT(tags); i++)
		if (str_eq(version, str_of(tags[i].tag)))
			r->kind = tags[i].kind;
	return true;
}

static void
list_release(struct list_reader *l, struct str line)
{
	struct str release, dash, package, version, rest;
	if (!str_split(str_skip(line, 1), ']', &release, &rest) || !str_word(&rest, &dash) || !str_eq(dash, STR("-")) ||
	    !str_word(&rest, &package) || !str_word(&rest, &version))
		return;
	struct str os = debian_release_key(release);
	struct affected_range range;
	if (!os.ptr || !list_range(version, &range))
		return;
	if (l->affected.ranges.count > RECORD_RANGES_MAX) {
		l->wrong = "too-large";
		return;
	}
	range.limit = arena_str(&l->arena, range.limit);
	affected_set_add(&l->affected, os, arena_str(&l->arena, package), range);
}

static bool
list_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	struct list_reader l = { .sink = sink };
	struct str line;
	bool too_long, end = false, ok = list_flush(&l, e);
	while (ok && (ok = input_line(in, LINE_MAX_BYTES, &line, &too_long, &end, e)) && !end) {
		if (line.len == 0)
			continue;
		bool indented = line.ptr[0] == ' ' || line.ptr[0] == '\t';
		struct str text = str_trim(line);
		if (too_long && l.open)
			l.wrong = "too-large";
		if (!indented && line.ptr[0] == '[')
			ok = list_header(&l, text, e);
		else if (indented && l.open && str_starts(text, STR("{")))
			list_cves(&l, text);
		else if (indented && l.open && str_starts(text, STR("[")))
			list_release(&l, text);
	}
	ok = ok && read_list_ended(in, e) && list_flush(&l, e);
	affected_set_close(&l.affected);
	arena_free(&l.arena);
	return ok;
}

static bool
dsa_recognise(const struct sniff *s)
{
	return list_recognise(s, "DSA-");
}

static bool
dla_recognise(const struct sniff *s)
{
	return list_recognise(s, "DLA-");
}

const struct feed_ops feed_debian_dsa = {
	.name = "debian-dsa",
	.title = "Debian security advisories (DSA)",
	.recognise = dsa_recognise,
	.read = list_read,
	.urls = dsa_urls,
};

const struct feed_ops feed_debian_dla = {
	.name = "debian-dla",
	.title = "Debian LTS advisories (DLA)",
	.recognise = dla_recognise,
	.read = list_read,
	.urls = dla_urls,
};
