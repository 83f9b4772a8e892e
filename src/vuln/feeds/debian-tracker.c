/* The Debian security tracker's JSON (security-tracker.debian.org/tracker/data/json):
 *   {"openssl": {"CVE-2031-0001": {"description": "…", "releases": {"bookworm": {"status": "open",
 *     "repositories": {"bookworm": "3.0.1-1"}, "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": ""}}}}}
 * What it says is today's judgement, of the release's own packages: a record has no date, the import dates it. */
#include "base/json.h"
#include "vuln/ecosystem.h"
#include "vuln/ops.h"

#define TRACKER_RELEASES_MAX 64

static const char *const tracker_urls[] = { "https://security-tracker.debian.org/tracker/data/json", NULL };

struct tracker_release {
	struct str status, fixed, urgency, nodsa, nodsa_reason;
	bool has_nodsa;
};

struct tracker_issue {
	struct arena arena;
	struct str package, id;
	struct record record;
	struct affected_list affected;
	bool malformed;
};

static const struct {
	const char *word;
	enum severity severity;
} tracker_urgencies[] = {
	{ "unimportant", SEVERITY_LOW },
	{ "low", SEVERITY_LOW },
	{ "medium", SEVERITY_MEDIUM },
	{ "high", SEVERITY_HIGH },
};

/* Not every key whose value has "releases" is the tracker's, but nothing else has this form three levels deep. */
static bool
tracker_recognise(const struct sniff *s)
{
	if (s->shape != SNIFF_OBJECT && s->shape != SNIFF_LINES)
		return false;
	for (size_t i = 0; i < s->inner_count; i++)
		if (str_starts(s->inner[i], STR("CVE-")) || str_starts(s->inner[i], STR("TEMP-")))
			return str_contains(s->head, STR("\"releases\""));
	return false;
}

/* The urgency may be marked as not final: "low**". */
static enum severity
tracker_severity(struct str urgency)
{
	while (str_ends(urgency, STR("*")))
		urgency.len--;
	for (size_t i = 0; i < COUNT(tracker_urgencies); i++)
		if (str_eq(urgency, str_of(tracker_urgencies[i].word)))
			return tracker_urgencies[i].severity;
	return SEVERITY_UNKNOWN;
}

/* "no DSA: Minor issue", "ignored: Too intrusive": why Debian leaves it open. */
static struct str
tracker_note(struct arena *a, const struct tracker_release *r)
{
	static const struct {
		const char *reason, *words;
	} reasons[] = { { "ignored", "ignored" }, { "postponed", "postponed" } };
	const char *words = "no DSA";
	if (str_starts(r->urgency, STR("end-of-life")))
		return STR("end of life");
	if (!r->has_nodsa)
		return str_starts(r->urgency, STR("unimportant")) ? STR("unimportant") : STR("");
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (str_eq(r->nodsa_reason, str_of(reasons[i].reason)))
			words = reasons[i].words;
	struct str text = str_head(str_trim(r->nodsa), 300);
	while (text.len > 0 && !str_is_utf8(text))
		text.len--;
	if (text.len == 0)
		return str_of(words);
	/* A sentence inside a sentence begins small, unless it is a name. */
	bool word =
		text.len > 1 && text.ptr[0] >= 'A' && text.ptr[0] <= 'Z' && text.ptr[1] >= 'a' && text.ptr[1] <= 'z';
	char first = (char)(text.ptr[0] | (word ? 32 : 0));
	return arena_printf(a, "%s: %c%.*s", words, first, STR_ARG(str_skip(text, 1)));
}

/* False: the release says nothing that can be used. */
static bool
tracker_range(struct tracker_issue *t, const struct tracker_release *r, struct affected_range *out)
{
	*out = (struct affected_range){ .introduced = STR(""), .limit = STR(""), .note = STR("") };
	if (str_eq(r->status, STR("undetermined"))) {
		out->kind = RANGE_UNDETERMINED;
		return true;
	}
	if (str_eq(r->status, STR("resolved"))) {
		if (!version_deb.valid(r->fixed))
			return false;
		out->kind = str_eq(r->fixed, STR("0")) ? RANGE_NOT_AFFECTED : RANGE_BEFORE;
		out->limit = out->kind == RANGE_BEFORE ? r->fixed : STR("");
		return true;
	}
	if (!str_eq(r->status, STR("open")))
		return false;
	out->kind = RANGE_OPEN;
	out->note = tracker_note(&t->arena, r);
	return true;
}

/* The value after a key: kept when it is a string, skipped else. */
static bool
tracker_string(struct json_reader *r, struct arena *a, struct str *into)
{
	enum json_token t = json_next(r);
	if (t == JSON_STRING)
		*into = arena_str(a, json_text(r));
	return t != JSON_ERROR && t != JSON_DONE && json_skip(r);
}

static bool
tracker_release(struct json_reader *r, struct tracker_issue *issue, struct str os)
{
	struct tracker_release rel = {
		.status = STR(""), .fixed = STR(""), .urgency = STR(""), .nodsa = STR(""), .nodsa_reason = STR("")
	};
	const struct {
		const char *key;
		struct str *into;
	} fields[] = { { "status", &rel.status },
		       { "fixed_version", &rel.fixed },
		       { "urgency", &rel.urgency },
		       { "nodsa", &rel.nodsa },
		       { "nodsa_reason", &rel.nodsa_reason } };
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT) {
		issue->malformed = true;
		return t != JSON_ERROR && t != JSON_DONE && json_skip(r);
	}
	while ((t = json_next(r)) == JSON_KEY) {
		struct str *into = NULL;
		for (size_t i = 0; i < COUNT(fields); i++)
			if (str_eq(json_text(r), str_of(fields[i].key)))
				into = fields[i].into;
		rel.has_nodsa = rel.has_nodsa || into == &rel.nodsa;
		if (!(into ? tracker_string(r, &issue->arena, into) : json_skip(r)))
			return false;
	}
	struct affected_range range;
	if (t != JSON_OBJECT_END)
		return false;
	if (!os.ptr || issue->affected.count >= TRACKER_RELEASES_MAX || !tracker_range(issue, &rel, &range))
		return true;
	struct affected *f = ARRAY_PUSH(&issue->arena, &issue->affected);
	*f = (struct affected){ .os = os, .name = issue->package };
	*ARRAY_PUSH(&issue->arena, &f->ranges) = range;
	enum severity severity = tracker_severity(rel.urgency);
	if (severity > issue->record.advisory.severity)
		issue->record.advisory.severity = severity;
	return true;
}

static bool
tracker_releases(struct json_reader *r, struct tracker_issue *issue)
{
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT) {
		issue->malformed = true;
		return t != JSON_ERROR && t != JSON_DONE && json_skip(r);
	}
	while ((t = json_next(r)) == JSON_KEY)
		if (!tracker_release(r, issue, debian_release_key(json_text(r))))
			return false;
	return t == JSON_OBJECT_END;
}

/* Two packages may have one CVE: the key names both, the id is the one that OSV gives the same facts. */
static bool
tracker_keep(struct tracker_issue *issue, struct feed_sink *sink, struct err *e)
{
	struct advisory *v = &issue->record.advisory;
	bool cve = str_starts(issue->id, STR("CVE-"));
	if (issue->malformed || issue->id.len == 0 || issue->id.len > 128 || issue->package.len > 512) {
		sink_skip(sink, "malformed");
		return true;
	}
	if (issue->affected.count == 0) {
		sink_skip(sink, "no-release");
		return true;
	}
	v->id = cve ? arena_printf(&issue->arena, "DEBIAN-%.*s", STR_ARG(issue->id)) : issue->id;
	v->title = STR("");
	v->cvss = -1;
	v->score_rank = SCORE_URGENCY;
	v->affected = issue->affected;
	*ARRAY_PUSH(&issue->arena, &v->vulnerabilities) = issue->id;
	return sink_keep(sink, STR(""),
			 arena_printf(&issue->arena, "%.*s %.*s", STR_ARG(issue->id), STR_ARG(issue->package)), 0,
			 &issue->record, e);
}

static void
tracker_issue_close(struct tracker_issue *t)
{
	arena_free(&t->arena);
}

static bool
tracker_issue(struct json_reader *r, struct feed_sink *sink, struct str package, struct err *e)
{
	__attribute__((cleanup(tracker_issue_close))) struct tracker_issue issue = {
		.package = package, .record = { .kind = RECORD_ADVISORY }
	};
	issue.id = arena_str(&issue.arena, json_text(r));
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT) {
		issue.malformed = true;
		if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
			return sink_json_error(r, e);
		return tracker_keep(&issue, sink, e);
	}
	while ((t = json_next(r)) == JSON_KEY) {
		bool releases = str_eq(json_text(r), STR("releases"));
		if (!(releases ? tracker_releases(r, &issue) : json_skip(r)))
			return sink_json_error(r, e);
	}
	return t == JSON_OBJECT_END ? tracker_keep(&issue, sink, e) : sink_json_error(r, e);
}

static bool
tracker_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	struct json_limits limits = { .depth = 16, .string_max = 4u << 20, .total = UINT64_C(4) << 30 };
	JSON_READER_AUTO r = json_reader_stream(input_fill, in, &limits);
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT)
		return sink_json_error(r, e);
	while ((t = json_next(r)) == JSON_KEY) {
		ARENA_AUTO a = { 0 };
		struct str package = arena_str(&a, json_text(r));
		t = json_next(r);
		if (t != JSON_OBJECT) {
			if (t == JSON_ERROR || t == JSON_DONE || !json_skip(r))
				return sink_json_error(r, e);
			sink_skip(sink, "malformed");
			continue;
		}
		while ((t = json_next(r)) == JSON_KEY)
			if (!tracker_issue(r, sink, package, e))
				return false;
		if (t != JSON_OBJECT_END)
			return sink_json_error(r, e);
	}
	if (t != JSON_OBJECT_END || json_next(r) != JSON_DONE)
		return sink_json_error(r, e);
	return true;
}

const struct feed_ops feed_debian_tracker = {
	.name = "debian-tracker",
	.title = "Debian security tracker",
	.recognise = tracker_recognise,
	.read = tracker_read,
	.urls = tracker_urls,
};
