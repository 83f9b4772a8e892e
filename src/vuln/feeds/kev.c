/* CISA's catalogue of known exploited vulnerabilities, JSON or CSV (the same facts). */
#include "base/json.h"
#include "vuln/csv.h"
#include "vuln/ops.h"

static const char *const kev_urls[] = {
	"https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
	NULL,
};

static bool
kev_recognise(const struct sniff *s)
{
	if (s->shape == SNIFF_OBJECT || s->shape == SNIFF_LINES)
		return sniff_has(s, "catalogVersion") ||
		       (sniff_has(s, "vulnerabilities") && sniff_inner_has(s, "cveID"));
	return s->shape == SNIFF_TEXT && str_starts(s->head, STR("cveID,"));
}

static bool
kev_keep(struct feed_sink *sink, struct vulnerability *v, struct str ransomware, struct str added, struct str due,
	 struct err *e)
{
	uint32_t year;
	uint64_t number;
	if (!cve_parse(v->id, &year, &number)) {
		sink_skip(sink, "no-id");
		return true;
	}
	struct record r = { .kind = RECORD_VULNERABILITY };
	v->kev = true;
	v->cvss = v->epss = -1;
	v->kev_ransomware = str_eq(ransomware, STR("Known"));
	if (!time_parse(added, &v->kev_added))
		v->kev_added = 0;
	if (!time_parse(due, &v->kev_due))
		v->kev_due = 0;
	if (v->kev_added > sink->published)
		sink->published = v->kev_added;
	v->title = str_head(v->title, v->title.len < 300 ? v->title.len : 300);
	r.vulnerability = *v;
	return sink_keep(sink, STR(""), v->id, v->kev_added, &r, e);
}

static bool
kev_object(struct json_reader *r, struct feed_sink *sink, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct vulnerability v = { 0 };
	struct str ransomware = STR_NONE, added = STR_NONE, due = STR_NONE;
	const struct {
		const char *key;
		struct str *into;
	} fields[] = { { "cveID", &v.id },
		       { "vulnerabilityName", &v.title },
		       { "dateAdded", &added },
		       { "dueDate", &due },
		       { "knownRansomwareCampaignUse", &ransomware } };
	enum json_token t;
	while ((t = json_next(r)) == JSON_KEY) {
		struct str *into = NULL;
		for (size_t i = 0; i < COUNT(fields); i++)
			if (str_eq(json_text(r), str_of(fields[i].key)))
				into = fields[i].into;
		t = json_next(r);
		if (t == JSON_STRING && into)
			*into = arena_str(&a, json_text(r));
		else if (t == JSON_ERROR || !json_skip(r))
			return sink_json_error(r, e);
	}
	if (t != JSON_OBJECT_END)
		return sink_json_error(r, e);
	return kev_keep(sink, &v, ransomware, added, due, e);
}

static bool
kev_array(struct json_reader *r, struct feed_sink *sink, struct err *e)
{
	enum json_token t;
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		if (t == JSON_ERROR || t == JSON_DONE)
			return sink_json_error(r, e);
		if (t == JSON_OBJECT) {
			if (!kev_object(r, sink, e))
				return false;
			continue;
		}
		if (!json_skip(r))
			return sink_json_error(r, e);
		sink_skip(sink, "invalid");
	}
	return true;
}

static bool
kev_json(struct input *in, struct feed_sink *sink, struct err *e)
{
	struct json_limits limits = { .depth = 16, .string_max = 1u << 20, .total = 256u << 20 };
	JSON_READER_AUTO r = json_reader_stream(input_fill, in, &limits);
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT)
		return sink_json_error(r, e);
	while ((t = json_next(r)) == JSON_KEY) {
		bool list = str_eq(json_text(r), STR("vulnerabilities")),
		     date = str_eq(json_text(r), STR("dateReleased"));
		int64_t released;
		t = json_next(r);
		if (t == JSON_ARRAY && list) {
			if (!kev_array(r, sink, e))
				return false;
			continue;
		}
		if (t == JSON_STRING && date && time_parse(json_text(r), &released))
			sink->published = released;
		if (t == JSON_ERROR || !json_skip(r))
			return sink_json_error(r, e);
	}
	if (t != JSON_OBJECT_END || json_next(r) != JSON_DONE)
		return sink_json_error(r, e);
	return true;
}

static bool
kev_csv(struct input *in, struct feed_sink *sink, struct err *e)
{
	__attribute__((cleanup(csv_free))) struct csv_reader csv = { .in = in };
	enum csv_status status = csv_next(&csv, e);
	if (status != CSV_RECORD)
		return status == CSV_FAILED ? false : err_set(e, ERR_INPUT, "%s has no header line", in->name);
	ptrdiff_t id = csv_column(&csv, "cveID"), title = csv_column(&csv, "vulnerabilityName"),
		  added = csv_column(&csv, "dateAdded"), due = csv_column(&csv, "dueDate"),
		  ransomware = csv_column(&csv, "knownRansomwareCampaignUse");
	while ((status = csv_next(&csv, e)) != CSV_END) {
		if (status == CSV_FAILED)
			return false;
		if (status == CSV_BAD) {
			sink_skip(sink, "invalid");
			continue;
		}
		struct vulnerability v = { .id = csv_field(&csv, id), .title = csv_field(&csv, title) };
		if (!kev_keep(sink, &v, csv_field(&csv, ransomware), csv_field(&csv, added), csv_field(&csv, due), e))
			return false;
	}
	return true;
}

static bool
kev_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	return s->shape == SNIFF_TEXT ? kev_csv(in, sink, e) : kev_json(in, sink, e);
}

const struct feed_ops feed_kev = {
	.name = "kev",
	.title = "Known exploited vulnerabilities (CISA KEV)",
	.recognise = kev_recognise,
	.read = kev_read,
	.urls = kev_urls,
};
