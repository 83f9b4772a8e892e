#include "vuln/read.h"

#define DOCUMENT_MAX (64u << 20)
#define VALUES_MAX 2000000
#define DEPTH_MAX 48

bool
read_list_ended(const struct input *in, struct err *e)
{
	return !in->line_cut || err_set(e, ERR_INPUT, "the list ends in the middle of a line; fetch it again");
}

enum severity
severity_of_rating(enum cvss_rating r)
{
	static const enum severity severities[] = {
		[CVSS_NONE] = SEVERITY_UNKNOWN, [CVSS_LOW] = SEVERITY_LOW,           [CVSS_MEDIUM] = SEVERITY_MEDIUM,
		[CVSS_HIGH] = SEVERITY_HIGH,    [CVSS_CRITICAL] = SEVERITY_CRITICAL,
	};
	return (size_t)r < COUNT(severities) ? severities[r] : SEVERITY_UNKNOWN;
}

enum severity
severity_of_word(struct str word)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{ "critical", SEVERITY_CRITICAL }, { "important", SEVERITY_HIGH }, { "high", SEVERITY_HIGH },
		{ "moderate", SEVERITY_MEDIUM },   { "medium", SEVERITY_MEDIUM },  { "low", SEVERITY_LOW },
		{ "negligible", SEVERITY_LOW },
	};
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, str_of(words[i].word)))
			return words[i].severity;
	return SEVERITY_UNKNOWN;
}

static bool
read_lines(struct input *in, struct feed_sink *sink, read_document_fn *document, void *user, struct err *e)
{
	struct json_limits limits = { .depth = DEPTH_MAX, .string_max = 4u << 20, .values = VALUES_MAX };
	struct str line;
	bool too_long, end;
	while (input_line(in, DOCUMENT_MAX, &line, &too_long, &end, e)) {
		ARENA_AUTO a = { 0 };
		struct json *doc = NULL;
		struct err bad = { 0 };
		if (end)
			return true;
		line = str_trim(line);
		if (line.len == 0)
			continue;
		if (too_long) {
			sink_skip(sink, "too-large");
			continue;
		}
		enum read_result got = READ_INVALID;
		if (json_parse(&a, line, &limits, &doc, &bad) && doc->kind == JSON_KIND_OBJECT)
			got = document(user, &a, doc, e);
		if (got == READ_FAILED)
			return false;
		if (got == READ_INVALID)
			sink_skip(sink, bad.code == ERR_TOO_LARGE ? "too-large" : "invalid");
	}
	return false;
}

/* Counts bytes per document, so that one cannot grow without end. */
struct metered {
	struct input *in;
	uint64_t given, allowed;
};

static bool
metered_fill(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct metered *m = user;
	if (m->given > m->allowed)
		return err_set(e, ERR_TOO_LARGE, "one record is larger than %u MiB", DOCUMENT_MAX >> 20);
	if (!input_fill(m->in, into, cap, got, e))
		return false;
	m->given += *got;
	return true;
}

bool
read_documents(struct input *in, const struct sniff *s, struct feed_sink *sink, read_document_fn *document, void *user,
	       struct err *e)
{
	if (s->shape == SNIFF_LINES)
		return read_lines(in, sink, document, user, e);
	struct json_limits limits = { .depth = DEPTH_MAX, .string_max = 4u << 20, .values = VALUES_MAX };
	struct metered m = { .in = in, .allowed = DOCUMENT_MAX };
	JSON_READER_AUTO r = json_reader_stream(metered_fill, &m, &limits);
	json_reader_sequence(r);
	bool array = false;
	for (;;) {
		ARENA_AUTO a = { 0 };
		struct json *doc = NULL;
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
		if (!json_parse_value(&a, r, t, &doc, e))
			return false;
		enum read_result got = doc->kind == JSON_KIND_OBJECT ? document(user, &a, doc, e) : READ_INVALID;
		if (got == READ_FAILED)
			return false;
		if (got == READ_INVALID)
			sink_skip(sink, "invalid");
		m.allowed = m.given + DOCUMENT_MAX;
	}
}
