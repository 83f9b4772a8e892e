/* OSV records (ossf.github.io/osv-schema): one JSON document, JSON Lines, an array, or a folder or .zip of
 * documents. Only ranges in versions of a system's own packages are kept; SEMVER and GIT ranges are not about
 * installed packages. */
#include "base/json.h"
#include "base/table.h"
#include "vuln/cvss.h"
#include "vuln/ecosystem.h"
#include "vuln/ops.h"
#include "vuln/osv-binaries.h"
#include "vuln/read.h"

#define RECORD_MAX_BYTES (32u << 20)
#define STRINGS_MAX 20000
#define SCORE_PUBLISHED 10u

static const char *const osv_urls[] = { "https://osv-vulnerabilities.storage.googleapis.com/%s/all.zip", NULL };

struct strings {
	ARRAY_OF(struct str) list;
	bool cut; /* there were more than STRINGS_MAX */
};

enum event_kind { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST_AFFECTED, EVENT_LIMIT };
static const char *const event_names[] = { "introduced", "fixed", "last_affected", "limit" };

struct event {
	enum event_kind kind;
	struct str version;
	unsigned at; /* of equal versions the one that is written first comes first */
};

struct events { /* of one range */
	ARRAY_OF(struct event) list;
};

struct event_ranges {
	ARRAY_OF(struct events) list;
};

/* One entry of `affected`. */
struct osv_entry {
	struct str ecosystem, purl;
	struct affected package;
	struct strings versions;
	struct event_ranges ranges;
	struct osv_binaries binaries;
};

struct osv_doc {
	struct arena *arena;
	struct str id, summary, published, modified;
	bool withdrawn;
	enum severity severity;
	double cvss;
	enum cvss_rating rating; /* of cvss */
	unsigned cvss_rank; /* what gave it: SCORE_PUBLISHED, a vector (the newer its version, the more), 0 nothing */
	struct strings aliases, upstream, related;
	struct advisory advisory; /* affected only */
	struct str ecosystem; /* of the first package, before the colon */
	bool cut; /* a list of it is longer than any publisher's */
	bool other; /* names packages of ecosystems that no host of ours has */
};

/* Ids of updates that fix several vulnerabilities: what they are `related` to is what they fix. */
static const char *const bundle_prefixes[] = { "ALSA-", "ALBA-", "ALEA-", "RLSA-",     "RXSA-",  "RHSA-",
					       "RHBA-", "RHEA-", "DSA-",  "DLA-",      "DTSA-",  "USN-",
					       "LSN-",  "SUSE-", "ELSA-", "openSUSE-", "MGASA-", "ALAS" };

/* A distribution's own name for a CVE: an advisory of it, no alias worth showing. */
static const char *const renamed_prefixes[] = { "DEBIAN-CVE-", "UBUNTU-CVE-", "ALPINE-CVE-" };

static bool
has_prefix(struct str s, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_starts(s, str_of(prefixes[i])))
			return true;
	return false;
}

/* One entry of `severity`: a published score counts before any vector, a newer version's vector before an older
 * one's, and of equals the higher. */
static void
take_score(struct osv_doc *d, struct str score)
{
	struct cvss c = { .version = CVSS_3_1 };
	unsigned rank = SCORE_PUBLISHED;
	if (!str_to_double(score, &c.score) || c.score < 0 || c.score > 10) {
		if (!cvss_read(score, &c)) {
			if (severity_of_word(score) > d->severity)
				d->severity = severity_of_word(score);
			return;
		}
		rank = 1 + (unsigned)c.version;
	}
	if (rank < d->cvss_rank || (rank == d->cvss_rank && c.score <= d->cvss))
		return;
	d->cvss_rank = rank;
	d->cvss = c.score;
	d->rating = cvss_rating_of(c.version, c.score);
}

static bool
recognise(const struct sniff *s)
{
	static const char *const keys[] = { "id",      "affected", "modified",   "published", "aliases",
					    "summary", "details",  "references", "withdrawn", "schema_version" };
	size_t hits = 0;
	for (size_t i = 0; i < COUNT(keys); i++)
		hits += sniff_has(s, keys[i]);
	bool sure = sniff_has(s, "affected") || sniff_has(s, "schema_version") || sniff_has(s, "modified");
	return s->shape != SNIFF_TEXT && hits >= 2 && sure;
}

/* The value that follows a key, when it is a string; else it is skipped. */
static bool
take_string(struct json_reader *r, struct arena *a, struct str *into)
{
	enum json_token t = json_next(r);
	if (t == JSON_STRING || t == JSON_NUMBER)
		*into = arena_str(a, json_text(r));
	return t != JSON_ERROR && json_skip(r);
}

static bool
take_strings(struct json_reader *r, struct arena *a, struct strings *into)
{
	enum json_token t = json_next(r);
	if (t != JSON_ARRAY)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		into->cut = into->cut || (t == JSON_STRING && into->list.count == STRINGS_MAX);
		if (t == JSON_STRING && !into->cut)
			*ARRAY_PUSH(a, &into->list) = arena_str(a, json_text(r));
		else if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
			return false;
	}
	return true;
}

/* {"severity": word, "binaries": […]} or {"cvss": {"score": n}} in database_specific and ecosystem_specific. */
static bool
take_specific(struct json_reader *r, struct osv_doc *d, struct osv_binaries *binaries)
{
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) == JSON_KEY) {
		struct str text = STR("");
		bool list = binaries && str_eq(json_text(r), STR("binaries"));
		if (list || !str_eq(json_text(r), STR("severity"))) {
			if (!(list ? osv_binaries_take(r, d->arena, binaries) : json_skip(r)))
				return false;
			continue;
		}
		if (!take_string(r, d->arena, &text))
			return false;
		if (severity_of_word(text) > d->severity)
			d->severity = severity_of_word(text);
	}
	return t == JSON_OBJECT_END;
}

/* [{"type": "CVSS_V3", "score": vector, number or word}] */
static bool
take_severity(struct json_reader *r, struct osv_doc *d)
{
	enum json_token t = json_next(r);
	if (t != JSON_ARRAY)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		struct str score = STR("");
		if (t != JSON_OBJECT) {
			if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
				return false;
			continue;
		}
		while ((t = json_next(r)) == JSON_KEY)
			if (!(str_eq(json_text(r), STR("score")) ? take_string(r, d->arena, &score) : json_skip(r)))
				return false;
		if (t != JSON_OBJECT_END)
			return false;
		take_score(d, score);
	}
	return true;
}

static void
add_range(struct osv_doc *d, struct affected *f, enum range_kind kind, struct str introduced, struct str limit)
{
	*ARRAY_PUSH(d->arena, &f->ranges) = (struct affected_range){ kind, introduced, limit, STR("") };
}

/* [{"introduced": v}, {"fixed": v}, {"last_affected": v}, {"limit": v}, …] in any order. */
static bool
take_events(struct json_reader *r, struct osv_doc *d, struct events *into)
{
	enum json_token t = json_next(r);
	if (t != JSON_ARRAY)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		if (t != JSON_OBJECT) {
			if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
				return false;
			continue;
		}
		while ((t = json_next(r)) == JSON_KEY) {
			struct str v = STR("");
			size_t kind = 0;
			while (kind < COUNT(event_names) && !str_eq(json_text(r), str_of(event_names[kind])))
				kind++;
			if (!take_string(r, d->arena, &v))
				return false;
			if (kind < COUNT(event_names) && v.len > 0)
				*ARRAY_PUSH(d->arena, &into->list) =
					(struct event){ (enum event_kind)kind, v, (unsigned)into->list.count };
		}
		if (t != JSON_OBJECT_END)
			return false;
	}
	return true;
}

static bool
take_ranges(struct json_reader *r, struct osv_doc *d, struct event_ranges *all)
{
	enum json_token t = json_next(r);
	if (t != JSON_ARRAY)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		if (t != JSON_OBJECT) {
			if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
				return false;
			continue;
		}
		struct events events = { 0 };
		struct str type = STR("");
		while ((t = json_next(r)) == JSON_KEY) {
			bool ok = str_eq(json_text(r), STR("type"))     ? take_string(r, d->arena, &type)
				  : str_eq(json_text(r), STR("events")) ? take_events(r, d, &events)
									: json_skip(r);
			if (!ok)
				return false;
		}
		if (t != JSON_OBJECT_END)
			return false;
		if (str_eq(type, STR("ECOSYSTEM")))
			*ARRAY_PUSH(d->arena, &all->list) = events;
	}
	return true;
}

static bool
take_package(struct json_reader *r, struct osv_doc *d, struct osv_entry *x)
{
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) == JSON_KEY) {
		bool ok = str_eq(json_text(r), STR("ecosystem")) ? take_string(r, d->arena, &x->ecosystem)
			  : str_eq(json_text(r), STR("name"))    ? take_string(r, d->arena, &x->package.name)
			  : str_eq(json_text(r), STR("purl"))    ? take_string(r, d->arena, &x->purl)
								 : json_skip(r);
		if (!ok)
			return false;
	}
	return t == JSON_OBJECT_END;
}

static int
compare_events(const void *x, const void *y, void *user)
{
	const struct event *ex = x, *ey = y;
	const struct version_scheme *scheme = user;
	bool first_x = str_eq(ex->version, STR("0")), first_y = str_eq(ey->version, STR("0"));
	int order = first_x || first_y ? first_y - first_x : scheme->compare(ex->version, ey->version);
	if (order)
		return order;
	return ex->at < ey->at ? -1 : ex->at > ey->at;
}

/* In the system's order, as the schema's algorithm takes them. A range with a limit ends before it. */
static void
add_events(struct osv_doc *d, struct affected *f, struct events *events, const struct version_scheme *scheme)
{
	struct str introduced = STR("");
	bool open = false;
	if (events->list.count > 1)
		qsort_r(events->list.items, events->list.count, sizeof(*events->list.items), compare_events,
			(void *)(uintptr_t)scheme);
	for (size_t i = 0; i < events->list.count; i++) {
		const struct event *v = &events->list.items[i];
		if (v->kind == EVENT_INTRODUCED && !open) {
			introduced = str_eq(v->version, STR("0")) ? STR("") : v->version;
			open = true;
		} else if (v->kind != EVENT_INTRODUCED && open && !str_eq(v->version, STR("*"))) {
			add_range(d, f, v->kind == EVENT_LAST_AFFECTED ? RANGE_UNTIL : RANGE_BEFORE, introduced,
				  v->version);
			open = false;
		}
	}
	if (open)
		add_range(d, f, RANGE_OPEN, introduced, STR(""));
}

/* The same package may be named several times in one record: one entry, all ranges. */
static void
keep_affected(struct osv_doc *d, struct osv_entry *x)
{
	struct affected *f = &x->package;
	f->os = ecosystem_os_key(x->ecosystem, d->arena);
	if (f->os.len == 0 || f->name.len == 0 || f->name.len > 512) {
		d->other = true;
		return;
	}
	const struct ecosystem *eco = ecosystem_of_os(f->os);
	for (size_t i = 0; i < x->ranges.list.count; i++)
		add_events(d, f, &x->ranges.list.items[i], eco->scheme);
	bool listed = f->ranges.count == 0; /* ranges say what a list of versions would */
	for (size_t i = 0; listed && i < x->versions.list.count; i++)
		add_range(d, f, RANGE_EXACT, STR(""), x->versions.list.items[i]);
	d->cut = d->cut || (listed && x->versions.cut);
	if (f->ranges.count == 0)
		return;
	if (d->ecosystem.len == 0)
		(void)str_split(x->ecosystem, ':', &d->ecosystem, &x->ecosystem);
	if (eco->osv_by_source) {
		osv_epoch_add(f, osv_epoch(x->purl), d->arena);
		osv_binaries_keep(f, &x->binaries, d->arena, &d->advisory.affected);
		return;
	}
	*ARRAY_PUSH(d->arena, &d->advisory.affected) = *f;
}

static bool
take_affected(struct json_reader *r, struct osv_doc *d)
{
	enum json_token t = json_next(r);
	if (t != JSON_ARRAY)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		if (t != JSON_OBJECT) {
			if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
				return false;
			continue;
		}
		struct osv_entry x = { .ecosystem = STR(""), .purl = STR("") };
		while ((t = json_next(r)) == JSON_KEY) {
			struct str key = json_text(r);
			bool ok = str_eq(key, STR("package"))              ? take_package(r, d, &x)
				  : str_eq(key, STR("ranges"))             ? take_ranges(r, d, &x.ranges)
				  : str_eq(key, STR("versions"))           ? take_strings(r, d->arena, &x.versions)
				  : str_eq(key, STR("severity"))           ? take_severity(r, d)
				  : str_eq(key, STR("database_specific"))  ? take_specific(r, d, NULL)
				  : str_eq(key, STR("ecosystem_specific")) ? take_specific(r, d, &x.binaries)
									   : json_skip(r);
			if (!ok)
				return false;
		}
		if (t != JSON_OBJECT_END)
			return false;
		keep_affected(d, &x);
	}
	return true;
}

static bool
take_withdrawn(struct json_reader *r, struct osv_doc *d)
{
	enum json_token t = json_next(r);
	d->withdrawn = t != JSON_NULL && t != JSON_ERROR;
	return t != JSON_ERROR && json_skip(r);
}

static bool
take_member(struct json_reader *r, struct osv_doc *d, struct str key)
{
	const struct {
		const char *key;
		struct str *text;
		struct strings *list;
	} fields[] = {
		{ "id", &d->id, NULL },
		{ "summary", &d->summary, NULL },
		{ "published", &d->published, NULL },
		{ "modified", &d->modified, NULL },
		{ "aliases", NULL, &d->aliases },
		{ "upstream", NULL, &d->upstream },
		{ "related", NULL, &d->related },
	};
	for (size_t i = 0; i < COUNT(fields); i++)
		if (str_eq(key, str_of(fields[i].key)))
			return fields[i].text ? take_string(r, d->arena, fields[i].text)
					      : take_strings(r, d->arena, fields[i].list);
	if (str_eq(key, STR("affected")))
		return take_affected(r, d);
	if (str_eq(key, STR("severity")))
		return take_severity(r, d);
	if (str_eq(key, STR("database_specific")))
		return take_specific(r, d, NULL);
	if (str_eq(key, STR("withdrawn")))
		return take_withdrawn(r, d);
	return json_skip(r);
}

static void
add_cve(struct osv_doc *d, struct str id, struct table *known)
{
	struct advisory *v = &d->advisory;
	uint32_t year;
	uint64_t number;
	bool added = false;
	if (cve_parse(id, &year, &number))
		(void)table_put(known, id, &added);
	if (added)
		*ARRAY_PUSH(d->arena, &v->vulnerabilities) = id;
}

/* Which vulnerabilities a record is about, and what else they are called. */
static void
name_vulnerabilities(struct osv_doc *d)
{
	struct advisory *v = &d->advisory;
	v->bundle = has_prefix(d->id, bundle_prefixes, COUNT(bundle_prefixes));
	const struct strings *lists[] = { &d->aliases, &d->upstream, v->bundle ? &d->related : NULL };
	TABLE_AUTO known = { 0 };
	add_cve(d, d->id, &known);
	for (size_t k = 0; k < COUNT(lists); k++)
		for (size_t i = 0; lists[k] && i < lists[k]->list.count; i++)
			add_cve(d, lists[k]->list.items[i], &known);
	bool own_id = v->vulnerabilities.count == 0;
	if (own_id)
		*ARRAY_PUSH(d->arena, &v->vulnerabilities) = d->id;
	if (v->vulnerabilities.count > 1)
		v->bundle = true;
	if (v->bundle)
		return;
	struct str only = v->vulnerabilities.items[0];
	if (!str_eq(d->id, only) && !has_prefix(d->id, renamed_prefixes, COUNT(renamed_prefixes)))
		*ARRAY_PUSH(d->arena, &v->aliases) = d->id;
	for (size_t i = 0; i < d->aliases.list.count; i++)
		if (!str_eq(d->aliases.list.items[i], only) && d->aliases.list.items[i].len <= 128)
			*ARRAY_PUSH(d->arena, &v->aliases) = d->aliases.list.items[i];
}

/* Red Hat's family of advisories puts the severity before the title: "Important: podman security update". */
static void
severity_of_title(struct osv_doc *d)
{
	struct str word, rest;
	if (d->severity == SEVERITY_UNKNOWN && d->advisory.bundle && str_split(d->summary, ':', &word, &rest))
		d->severity = severity_of_word(word);
	if (d->severity == SEVERITY_UNKNOWN && d->cvss >= 0)
		d->severity = severity_of_rating(d->rating);
}

static bool
keep(struct osv_doc *d, struct feed_sink *sink, struct err *e)
{
	int64_t published = 0, modified = 0;
	if (d->id.len == 0 || d->id.len > 128 || !str_is_utf8(d->id)) {
		sink_skip(sink, "no-id");
		return true;
	}
	if (d->withdrawn) {
		sink_skip(sink, "withdrawn");
		return true;
	}
	if (d->cut || d->aliases.cut || d->upstream.cut || d->related.cut) {
		sink_skip(sink, "too-large");
		return true;
	}
	if (d->advisory.affected.count == 0) {
		sink_skip(sink, d->other ? "other-ecosystem" : "no-range");
		return true;
	}
	(void)time_parse(d->published, &published);
	(void)time_parse(d->modified, &modified);
	name_vulnerabilities(d);
	severity_of_title(d);
	if (modified > sink->published)
		sink->published = modified;
	struct record r = { .kind = RECORD_ADVISORY, .advisory = d->advisory };
	r.advisory.id = d->id;
	r.advisory.title = str_head(d->summary, d->summary.len < 300 ? d->summary.len : 300);
	r.advisory.date = published ? published : modified;
	r.advisory.severity = d->severity;
	r.advisory.cvss = d->cvss;
	return sink_keep(sink, d->ecosystem, d->id, modified, &r, e);
}

enum doc_result { DOC_OK, DOC_JSON, DOC_FAILED };

/* The object that r has just opened. */
static enum doc_result
read_doc(struct json_reader *r, struct feed_sink *sink, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct osv_doc d = { .arena = &a, .cvss = -1, .id = STR(""), .summary = STR(""), .ecosystem = STR("") };
	enum json_token t;
	while ((t = json_next(r)) == JSON_KEY)
		if (!take_member(r, &d, json_text(r)))
			return DOC_JSON;
	if (t != JSON_OBJECT_END)
		return DOC_JSON;
	return keep(&d, sink, e) ? DOC_OK : DOC_FAILED;
}

static bool
read_lines(struct input *in, struct feed_sink *sink, struct err *e)
{
	struct json_limits limits = { .depth = 64, .string_max = 4u << 20 };
	struct str line;
	bool too_long, end;
	while (input_line(in, RECORD_MAX_BYTES, &line, &too_long, &end, e)) {
		if (end)
			return true;
		line = str_trim(line);
		if (line.len == 0)
			continue;
		if (too_long) {
			sink_skip(sink, "too-large");
			continue;
		}
		JSON_READER_AUTO r = json_reader_mem(line, &limits);
		struct feed_count before = *sink->count;
		enum doc_result got = json_next(r) == JSON_OBJECT ? read_doc(r, sink, e) : DOC_JSON;
		if (got == DOC_FAILED)
			return false;
		if (got == DOC_JSON) {
			*sink->count = before;
			sink_skip(sink, "invalid");
		}
	}
	return false;
}

/* Counts bytes per record, so that one record cannot grow without end. */
struct metered {
	struct input *in;
	uint64_t given;
	uint64_t allowed;
};

static bool
metered_fill(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct metered *m = user;
	if (m->given > m->allowed)
		return err_set(e, ERR_TOO_LARGE, "one record is larger than %u MiB", RECORD_MAX_BYTES >> 20);
	if (!input_fill(m->in, into, cap, got, e))
		return false;
	m->given += *got;
	return true;
}

static bool
read_values(struct input *in, struct feed_sink *sink, struct err *e)
{
	struct json_limits limits = { .depth = 64, .string_max = 4u << 20 };
	struct metered m = { .in = in, .allowed = RECORD_MAX_BYTES };
	JSON_READER_AUTO r = json_reader_stream(metered_fill, &m, &limits);
	json_reader_sequence(r);
	bool array = false;
	for (;;) {
		enum json_token t = json_next(r);
		if (t == JSON_DONE)
			return true;
		if (t == JSON_ARRAY && !array && json_offset(r) < 16) {
			array = true;
			continue;
		}
		if (t == JSON_ARRAY_END && array)
			continue;
		if (t == JSON_ERROR)
			return sink_json_error(r, e);
		if (t != JSON_OBJECT) {
			if (!json_skip(r))
				return sink_json_error(r, e);
			sink_skip(sink, "invalid");
			continue;
		}
		enum doc_result got = read_doc(r, sink, e);
		if (got != DOC_OK)
			return got == DOC_JSON ? sink_json_error(r, e) : false;
		m.allowed = m.given + RECORD_MAX_BYTES;
	}
}

static bool
read_osv(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	if (s->shape == SNIFF_LINES)
		return read_lines(in, sink, e);
	return read_values(in, sink, e);
}

const struct feed_ops feed_osv = {
	.name = "osv",
	.title = "Open Source Vulnerabilities (OSV)",
	.recognise = recognise,
	.read = read_osv,
	.urls = osv_urls,
};
