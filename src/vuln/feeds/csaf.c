/* CSAF 2.0 (docs.oasis-open.org/csaf): security advisories and VEX. A record is one vulnerability of one document, with
 * what it says of distributions' packages (by purl or by name-version-release in a platform's CPE) and of products that
 * have a CPE. The product tree is csaf-tree.c. */
#include "vuln/affected.h"
#include "vuln/csaf-tree.h"
#include "vuln/ops.h"
#include "vuln/read.h"

#define CSAF_NOTE_MAX 200

static const char *const csaf_urls[] = { NULL };

/* Makers of appliances and medical devices for everybody, a distribution's own for its fleet. */
static const struct feed_listing csaf_listings[] = {
	{ "cisa", "https://raw.githubusercontent.com/cisagov/CSAF/develop/csaf_files/OT/white/changes.csv", NULL, NULL,
	  500 },
	{ "cisco", "https://www.cisco.com/.well-known/csaf/changes.csv", NULL, NULL, 500 },
	{ "redhat", "https://security.access.redhat.com/data/csaf/v2/advisories/changes.csv", "Red Hat", NULL, 1000 },
	{ "suse", "https://ftp.suse.com/pub/projects/security/csaf/changes.csv", "SUSE", NULL, 1000 },
	{ 0 },
};

struct csaf_doc {
	struct arena *arena;
	struct csaf_tree tree;
	struct str id, title;
	int64_t date;
	enum severity severity;
};

/* One vulnerability's packages. */
struct csaf_affected {
	struct affected_set set;
	size_t fixed; /* of the set's list those of which a fixed version is named: they come first */
	struct table remedies; /* product id to its remediation */
};

static bool
csaf_recognise(const struct sniff *s)
{
	if (s->shape == SNIFF_TEXT)
		return false;
	return sniff_has(s, "document") &&
	       (sniff_has(s, "product_tree") || sniff_has(s, "vulnerabilities") || sniff_inner_has(s, "csaf_version"));
}

/* What is to be done about each product while nothing fixes it; the publisher's first word counts. */
static void
csaf_remedies(struct csaf_affected *f, const struct json *vulnerability)
{
	static const char *const kinds[] = { "no_fix_planned", "none_available", "workaround", "mitigation",
					     "fix_planned" };
	size_t n, ids;
	const struct json *list = json_get_array(vulnerability, "remediations", &n);
	for (size_t i = 0; i < n; i++) {
		const struct json *id = json_get_array(&list[i], "product_ids", &ids);
		bool told = false, added;
		for (size_t k = 0; k < COUNT(kinds); k++)
			told = told || str_eq(json_get_str(&list[i], "category"), str_of(kinds[k]));
		for (size_t k = 0; told && k < ids; k++) {
			void **slot = table_put(&f->remedies, id[k].text, &added);
			*slot = added ? (void *)(uintptr_t)&list[i] : *slot;
		}
	}
}

static struct str
csaf_remedy(struct csaf_doc *d, const struct csaf_affected *f, struct str product)
{
	const struct json *remediation = table_get(&f->remedies, product);
	struct str text = str_head(str_trim(json_get_str(remediation, "details")), CSAF_NOTE_MAX);
	while (text.len > 0 && !str_is_utf8(text))
		text.len--;
	return arena_str(d->arena, text);
}

static bool
csaf_is_fixed(struct csaf_affected *f, const struct csaf_package *p)
{
	size_t place = affected_set_place(&f->set, p->os, p->name);
	return place > 0 && place <= f->fixed;
}

static void
csaf_fixed(struct csaf_affected *f, const struct csaf_package *p)
{
	if (p->version.len > 0)
		affected_set_add(&f->set, p->os, p->name,
				 (struct affected_range){ RANGE_BEFORE, STR(""), p->version, STR("") });
	f->fixed = f->set.list.count;
}

/* A distribution's package is affected until one is fixed; a product with a CPE in the versions that are named. */
static void
csaf_known_affected(struct csaf_affected *f, const struct csaf_package *p, struct str note)
{
	bool product = str_eq(p->os, STR("cpe"));
	if (csaf_is_fixed(f, p))
		return;
	struct affected_range r = { RANGE_OPEN, STR(""), STR(""), note };
	if (product && p->version.len > 0)
		r = (struct affected_range){ RANGE_EXACT, STR(""), p->version, note };
	if (p->range_count == 0)
		affected_set_add(&f->set, p->os, p->name, r);
	for (size_t i = 0; i < p->range_count; i++) {
		r = p->ranges[i];
		r.note = r.kind == RANGE_UNREADABLE ? r.note : note;
		affected_set_add(&f->set, p->os, p->name, r);
	}
}

enum csaf_status { CSAF_FIXED, CSAF_AFFECTED, CSAF_NOT_AFFECTED, CSAF_UNKNOWN };

/* In this order: what is fixed is known before what is affected. */
static const struct {
	const char *name;
	enum csaf_status status;
} csaf_statuses[] = {
	{ "first_fixed", CSAF_FIXED },           { "fixed", CSAF_FIXED },
	{ "known_affected", CSAF_AFFECTED },     { "first_affected", CSAF_AFFECTED },
	{ "last_affected", CSAF_AFFECTED },      { "known_not_affected", CSAF_NOT_AFFECTED },
	{ "under_investigation", CSAF_UNKNOWN },
};

static void
csaf_status(struct csaf_doc *d, const struct json *vulnerability, struct csaf_affected *f, const char *name,
	    enum csaf_status status)
{
	size_t n;
	const struct json *ids = json_get_array(json_get(vulnerability, "product_status"), name, &n);
	for (size_t i = 0; i < n; i++) {
		struct csaf_package p;
		if (!csaf_tree_package(&d->tree, ids[i].text, &p))
			continue;
		enum range_kind silent = status == CSAF_NOT_AFFECTED ? RANGE_NOT_AFFECTED : RANGE_UNDETERMINED;
		if (status == CSAF_FIXED)
			csaf_fixed(f, &p);
		else if (status == CSAF_AFFECTED)
			csaf_known_affected(f, &p, csaf_remedy(d, f, ids[i].text));
		else if (!csaf_is_fixed(f, &p))
			affected_set_add(&f->set, p.os, p.name,
					 (struct affected_range){ silent, STR(""), STR(""), STR("") });
	}
}

static void
csaf_score(const struct json *vulnerability, struct advisory *v)
{
	static const char *const forms[] = { "cvss_v2", "cvss_v3", "cvss_v4" };
	size_t n, best = 0;
	const struct json *scores = json_get_array(vulnerability, "scores", &n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < COUNT(forms); k++) {
			struct cvss c;
			if (!cvss_read(json_get_str(json_get(&scores[i], forms[k]), "vectorString"), &c) ||
			    k + 1 < best || (k + 1 == best && c.score <= v->cvss))
				continue;
			best = k + 1;
			v->cvss = c.score;
			v->severity = severity_of_rating(c.rating);
		}
	/* The vendor's own word for this vulnerability counts before the scale. */
	const struct json *threats = json_get_array(vulnerability, "threats", &n);
	for (size_t i = 0; i < n; i++)
		if (str_eq(json_get_str(&threats[i], "category"), STR("impact"))) {
			enum severity word = severity_of_word(str_trim(json_get_str(&threats[i], "details")));
			v->severity = word ? word : v->severity;
		}
}

static void
csaf_affected_close(struct csaf_affected *f)
{
	affected_set_close(&f->set);
	table_free(&f->remedies);
}

static bool
csaf_vulnerability(struct csaf_doc *d, const struct json *x, struct feed_sink *sink, struct err *e)
{
	__attribute__((cleanup(csaf_affected_close))) struct csaf_affected f = { .set.arena = d->arena };
	struct record r = { .kind = RECORD_ADVISORY };
	struct advisory *v = &r.advisory;
	struct str id = json_get_str(x, "cve"), title = json_get_str(x, "title");
	size_t ids;
	const struct json *other = json_get_array(x, "ids", &ids);
	for (size_t i = 0; i < ids && id.len == 0; i++)
		id = json_get_str(&other[i], "text");
	csaf_remedies(&f, x);
	for (size_t i = 0; i < COUNT(csaf_statuses); i++)
		csaf_status(d, x, &f, csaf_statuses[i].name, csaf_statuses[i].status);
	if (id.len == 0)
		id = d->id;
	if (id.len > 128 || f.set.list.count == 0) {
		sink_skip(sink, id.len > 128 ? "no-id" : "no-product");
		return true;
	}
	for (size_t i = 0; i < f.set.list.count; i++)
		if (str_eq(f.set.list.items[i].os, STR("cpe")))
			affected_branches(&f.set.list.items[i], d->arena);
	title = title.len ? title : d->title;
	*v = (struct advisory){ .id = d->id,
				.title = str_head(title, title.len < 300 ? title.len : 300),
				.date = d->date,
				.severity = d->severity,
				.cvss = -1,
				.affected = f.set.list };
	while (v->title.len > 0 && !str_is_utf8(v->title))
		v->title.len--;
	*ARRAY_PUSH(d->arena, &v->vulnerabilities) = id;
	csaf_score(x, v);
	return sink_keep(sink, STR(""), arena_printf(d->arena, "%.*s %.*s", STR_ARG(d->id), STR_ARG(id)), d->date, &r,
			 e);
}

static void
csaf_doc_close(struct csaf_doc *d)
{
	csaf_tree_close(&d->tree);
}

static enum read_result
csaf_document(void *user, struct arena *a, const struct json *doc, struct err *e)
{
	struct feed_sink *sink = user;
	const struct json *document = json_get(doc, "document"), *tracking = json_get(document, "tracking");
	__attribute__((cleanup(csaf_doc_close))) struct csaf_doc d = { .arena = a, .tree.arena = a };
	size_t n;
	d.id = json_get_str(tracking, "id");
	d.title = json_get_str(document, "title");
	d.severity = severity_of_word(json_get_str(json_get(document, "aggregate_severity"), "text"));
	(void)time_parse(json_get_str(tracking, "current_release_date"), &d.date);
	if (!document || d.id.len == 0 || d.id.len > 128)
		return READ_INVALID;
	if (str_eq(json_get_str(tracking, "status"), STR("draft"))) {
		sink_skip(sink, "draft");
		return READ_OK;
	}
	if (d.date > sink->published)
		sink->published = d.date;
	csaf_tree_read(&d.tree, json_get(doc, "product_tree"));
	const struct json *list = json_get_array(doc, "vulnerabilities", &n);
	for (size_t i = 0; i < n; i++)
		if (!csaf_vulnerability(&d, &list[i], sink, e))
			return READ_FAILED;
	if (n == 0)
		sink_skip(sink, "no-vulnerability");
	return READ_OK;
}

static bool
csaf_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	return read_documents(in, s, sink, csaf_document, sink, e);
}

const struct feed_ops feed_csaf = {
	.name = "csaf",
	.title = "CSAF advisories and VEX",
	.merge = true,
	.recognise = csaf_recognise,
	.read = csaf_read,
	.urls = csaf_urls,
	.listings = csaf_listings,
};
