/* FIRST's exploit prediction scores: "#model_version…,score_date:…", a header line, then cve,epss,percentile. */
#include "vuln/ops.h"
#include "vuln/read.h"

static const char *const epss_urls[] = { "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz", NULL };

static bool
epss_recognise(const struct sniff *s)
{
	if (s->shape != SNIFF_TEXT)
		return false;
	return (str_starts(s->head, STR("#model_version:")) &&
		str_contains(str_head(s->head, s->head.len < 300 ? s->head.len : 300), STR("cve,epss"))) ||
	       str_starts(s->head, STR("cve,epss"));
}

static void
epss_comment(struct str line, struct feed_sink *sink)
{
	ptrdiff_t at = str_find(line, STR("score_date:"));
	int64_t day;
	if (at >= 0 && time_parse(str_head(str_skip(line, (size_t)at + 11), 10), &day))
		sink->published = day;
}

static bool
epss_line(struct str line, struct feed_sink *sink, struct err *e)
{
	struct record r = { .kind = RECORD_VULNERABILITY };
	struct vulnerability *v = &r.vulnerability;
	struct str score = STR_NONE, rest = line;
	uint32_t year;
	uint64_t number;
	if (!str_cut(&rest, ',', &v->id) || !str_cut(&rest, ',', &score) || !cve_parse(v->id, &year, &number)) {
		sink_skip(sink, "invalid");
		return true;
	}
	v->cvss = -1;
	if (!str_to_double(score, &v->epss) || v->epss < 0 || v->epss > 1) {
		sink_skip(sink, "invalid");
		return true;
	}
	return sink_keep(sink, STR(""), v->id, sink->published, &r, e);
}

static bool
epss_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	struct str line;
	bool too_long, end;
	while (input_line(in, 4096, &line, &too_long, &end, e)) {
		if (end)
			return read_list_ended(in, e);
		if (str_starts(line, STR("#")))
			epss_comment(line, sink);
		else if (too_long)
			sink_skip(sink, "invalid");
		else if (line.len > 0 && !str_starts(line, STR("cve,")) && !epss_line(line, sink, e))
			return false;
	}
	return false;
}

const struct feed_ops feed_epss = {
	.name = "epss",
	.title = "Exploit prediction scores (EPSS)",
	.recognise = epss_recognise,
	.read = epss_read,
	.urls = epss_urls,
};
