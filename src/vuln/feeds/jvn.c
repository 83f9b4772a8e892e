/* JVN iPedia by MyJVN: what a vulnerability is called in Japanese. VULDEF and RSS (XML), the feed form, CSAF form and
 * STIX form (JSON) of its API and data feeds. A record is filed once for each CVE that it names. */
#include "base/json.h"
#include "vuln/ops.h"
#include "vuln/read.h"
#include "vuln/xml.h"

#define JVN_CVES_MAX 500
#define JVN_SUMMARIES_MAX 50 /* vulnerabilities of one entry that have its summary */
#define JVN_TITLE_MAX 300
#define JVN_SUMMARY_MAX 2000

static const char *const jvn_urls[] = { "https://jvndb.jvn.jp/ja/rss/jvndb.rdf", NULL };

struct jvn_entry {
	struct arena *arena;
	struct str title, summary;
	int64_t modified;
	double score;
	struct str vector;
	ARRAY_OF(struct str) cves;
};

static bool
jvn_recognise(const struct sniff *s)
{
	struct str head = str_head(s->head, 4096);
	if (s->shape == SNIFF_TEXT)
		return str_contains(head, STR("<VULDEF-Document")) ||
		       (str_contains(head, STR("<rdf:RDF")) && str_contains(head, STR("jvn.jp/rss/")));
	if (str_contains(head, STR("jvn.jp/schema/myjvn_vuldef")))
		return true;
	return str_contains(head, STR("jvn.jp/schema/myjvn_feed")) && str_contains(head, STR("JVNDB"));
}

static struct str
jvn_text(struct arena *a, struct str text, size_t max)
{
	text = str_head(str_trim(text), max);
	while (text.len > 0 && !str_is_utf8(text))
		text.len--;
	return arena_str(a, text);
}

/* "CVE-2031-0001", or a text that is nothing else. */
static void
jvn_cve(struct jvn_entry *n, struct str id)
{
	uint32_t year;
	uint64_t number;
	id = str_trim(id);
	if (n->cves.count >= JVN_CVES_MAX || !cve_parse(id, &year, &number))
		return;
	for (size_t i = 0; i < n->cves.count; i++)
		if (str_eq(n->cves.items[i], id))
			return;
	*ARRAY_PUSH(n->arena, &n->cves) = arena_str(n->arena, id);
}

static bool
jvn_japanese(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0xe3)
			return true;
	return false;
}

static bool
jvn_keep(struct jvn_entry *n, struct feed_sink *sink, struct err *e)
{
	if (n->cves.count == 0) {
		sink_skip(sink, "no-cve");
		return true;
	}
	if (!jvn_japanese(n->title) && !jvn_japanese(n->summary)) {
		sink_skip(sink, "not-japanese");
		return true;
	}
	if (n->modified > sink->published)
		sink->published = n->modified;
	/* Of many vulnerabilities at once it says little about each, and each would keep a copy. */
	struct str summary =
		n->cves.count <= JVN_SUMMARIES_MAX ? jvn_text(n->arena, n->summary, JVN_SUMMARY_MAX) : STR("");
	for (size_t i = 0; i < n->cves.count; i++) {
		struct record r = { .kind = RECORD_VULNERABILITY };
		r.vulnerability = (struct vulnerability){ .id = n->cves.items[i],
							  .cvss = -1,
							  .epss = -1,
							  .title_ja = jvn_text(n->arena, n->title, JVN_TITLE_MAX),
							  .summary_ja = summary,
							  .score_rank = SCORE_JVN };
		struct cvss c;
		/* One score for several vulnerabilities says nothing about each. */
		if (n->cves.count == 1 && cvss_read(n->vector, &c)) {
			r.vulnerability.cvss = c.score;
			r.vulnerability.vector = n->vector;
			r.vulnerability.severity = severity_of_rating(c.rating);
		}
		if (!sink_keep(sink, STR(""), n->cves.items[i], n->modified, &r, e))
			return false;
	}
	return true;
}

/* ---- XML ---- */

struct jvn_xml {
	struct feed_sink *sink;
	struct arena arena;
	struct jvn_entry entry;
	bool open;
};

/* Where an entry's text is, below the entry. */
static void
jvn_xml_text(void *user, struct str path, struct str text)
{
	struct jvn_xml *x = user;
	struct jvn_entry *n = &x->entry;
	if (!x->open)
		return;
	if (str_ends(path, STR("/VulinfoData/Title")) || str_ends(path, STR("/item/title")))
		n->title = arena_str(&x->arena, text);
	else if (str_ends(path, STR("/VulinfoDescription/Overview")) || str_ends(path, STR("/item/description")))
		n->summary = arena_str(&x->arena, text);
	else if (str_ends(path, STR("/RelatedItem/VulinfoID")))
		jvn_cve(n, text);
	else if (str_ends(path, STR("/VulinfoData/DateLastUpdated")) || str_ends(path, STR("/item/modified")))
		(void)time_parse(str_trim(text), &n->modified);
	else if (str_ends(path, STR("/Cvss/Vector")))
		n->vector = arena_str(&x->arena, str_trim(text));
}

static void
jvn_xml_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct jvn_xml *x = user;
	if (str_ends(path, STR("/Vulinfo")) || str_ends(path, STR("/RDF/item"))) {
		arena_free(&x->arena);
		x->entry = (struct jvn_entry){
			.arena = &x->arena, .title = STR(""), .summary = STR(""), .vector = STR("")
		};
		x->open = true;
	}
	for (size_t i = 0; x->open && i < count; i++) {
		if (str_ends(path, STR("/item/references")) && str_eq(attributes[i].name, STR("id")))
			jvn_cve(&x->entry, attributes[i].value);
		if (str_ends(path, STR("/item/cvss")) && str_eq(attributes[i].name, STR("vector")))
			x->entry.vector = arena_str(&x->arena, attributes[i].value);
	}
}

static bool
jvn_xml_close(void *user, struct str path, struct err *e)
{
	struct jvn_xml *x = user;
	if (!x->open || !(str_ends(path, STR("/Vulinfo")) || str_ends(path, STR("/RDF/item"))))
		return true;
	x->open = false;
	return jvn_keep(&x->entry, x->sink, e);
}

/* ---- JSON ---- */

/* The CSAF form: one document, its notes, its vulnerabilities. */
static bool
jvn_csaf(const struct json *doc, struct jvn_entry *n)
{
	const struct json *document = json_get(doc, "document");
	size_t count;
	const struct json *notes = json_get_array(document, "notes", &count);
	if (!document)
		return false;
	n->title = json_get_str(document, "title");
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&notes[i], "category"), STR("description")))
			n->summary = json_get_str(&notes[i], "text");
	(void)time_parse(json_get_str(json_get(document, "tracking"), "current_release_date"), &n->modified);
	const struct json *list = json_get_array(doc, "vulnerabilities", &count);
	for (size_t i = 0; i < count; i++)
		jvn_cve(n, json_get_str(&list[i], "cve"));
	list = json_get_array(document, "references", &count);
	for (size_t i = 0; i < count; i++)
		jvn_cve(n, json_get_str(&list[i], "summary"));
	return true;
}

static void
jvn_feed_entry(const struct json *entry, struct jvn_entry *n)
{
	size_t count;
	const struct json *list = json_get_array(entry, "references", &count);
	n->title = json_get_str(entry, "title");
	n->summary = json_get_str(entry, "summary");
	(void)time_parse(json_get_str(entry, "modified"), &n->modified);
	for (size_t i = 0; i < count; i++)
		jvn_cve(n, json_get_str(&list[i], "summary"));
}

static enum read_result
jvn_document(void *user, struct arena *a, const struct json *doc, struct err *e)
{
	struct feed_sink *sink = user;
	size_t entries, objects;
	const struct json *entry = json_get_array(json_get(doc, "feed"), "entry", &entries);
	const struct json *object = json_get_array(doc, "objects", &objects);
	struct jvn_entry blank = { .arena = a, .title = STR(""), .summary = STR(""), .vector = STR("") }, n = blank;
	if (jvn_csaf(doc, &n))
		return jvn_keep(&n, sink, e) ? READ_OK : READ_FAILED;
	for (size_t i = 0; i < entries; i++) {
		n = blank;
		jvn_feed_entry(&entry[i], &n);
		if (!jvn_keep(&n, sink, e))
			return READ_FAILED;
	}
	/* STIX: documents of the CSAF form inside objects of JVN's own type. */
	for (size_t i = 0; i < objects; i++) {
		size_t count;
		const struct json *inside = json_get_array(&object[i], "VULDEF-Document", &count);
		for (size_t k = 0; k < count; k++) {
			n = blank;
			if (jvn_csaf(&inside[k], &n) && !jvn_keep(&n, sink, e))
				return READ_FAILED;
		}
	}
	return entries || objects ? READ_OK : READ_INVALID;
}

static bool
jvn_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	if (s->shape != SNIFF_TEXT)
		return read_documents(in, s, sink, jvn_document, sink, e);
	struct jvn_xml x = { .sink = sink };
	struct xml_visitor v = { jvn_xml_open, jvn_xml_text, jvn_xml_close, &x };
	bool ok = xml_read(input_fill, in, &v, e);
	arena_free(&x.arena);
	return ok;
}

const struct feed_ops feed_jvn = {
	.name = "jvn",
	.title = "JVN iPedia: titles in Japanese",
	.merge = true,
	.recognise = jvn_recognise,
	.read = jvn_read,
	.urls = jvn_urls,
};
