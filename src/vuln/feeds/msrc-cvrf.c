/* Microsoft's security update guide, one CVRF document a month in its JSON form: ProductTree.FullProductName gives
 * numbers their names; each Vulnerability has Threats (Type 3: severity per product) and Remediations (Type 2: the KB,
 * its Supercedence, its FixedBuild, for a list of products). Read as a stream: one vulnerability at a time is held. */
#include "base/json.h"
#include "base/table.h"
#include "vuln/msrc.h"

static const char *const cvrf_urls[] = { NULL };
/* What is older is in the table of msrc-definitions. */
static const struct feed_listing cvrf_listings[] = {
	{ NULL, "https://api.msrc.microsoft.com/cvrf/v3.0/updates", NULL, "cvrf/", 24 },
	{ 0 },
};

struct cvrf {
	struct feed_sink *sink;
	struct msrc_table *table;
	struct arena arena; /* of the document */
	struct table products; /* id to struct str * */
	struct str id; /* "2020-Dec" */
	int64_t date;
	ARRAY_OF(struct json *) early; /* vulnerabilities that stand before the products */
	bool products_seen;
};

static void
cvrf_cleanup(struct cvrf *c)
{
	table_free(&c->products);
	msrc_table_free(c->table);
	arena_free(&c->arena);
}

static bool
cvrf_recognise(const struct sniff *s)
{
	return (s->shape == SNIFF_OBJECT || s->shape == SNIFF_LINES) && sniff_has(s, "DocumentTitle") &&
	       (sniff_has(s, "DocumentTracking") || sniff_has(s, "ProductTree") || sniff_has(s, "Vulnerability"));
}

/* object.key.Value */
static struct str
value_of(const struct json *object, const char *key)
{
	struct str s = json_get_str(json_get(object, key), "Value");
	return s.ptr ? s : STR("");
}

static void
cvrf_tracking(struct cvrf *c, const struct json *tracking)
{
	struct str id = value_of(json_get(tracking, "Identification"), "ID");
	int64_t date;
	c->id = id.len <= 32 ? id : str_head(id, 32);
	if (time_parse(json_get_str(tracking, "CurrentReleaseDate"), &date))
		c->sink->published = date;
	c->date = c->sink->published;
	if (time_parse(json_get_str(tracking, "InitialReleaseDate"), &date))
		c->date = date;
}

static void
cvrf_products(struct cvrf *c, const struct json *tree)
{
	size_t count;
	const struct json *list = json_get_array(tree, "FullProductName", &count);
	for (size_t i = 0; i < count; i++) {
		struct str id = json_get_str(&list[i], "ProductID"), name = json_get_str(&list[i], "Value");
		if (id.len == 0 || name.len == 0 || str_trim(name).len == 0)
			continue;
		struct str *own = ARENA_NEW(&c->arena, struct str);
		*own = arena_str(&c->arena, name);
		*table_put(&c->products, arena_str(&c->arena, id), NULL) = own;
	}
	c->products_seen = true;
}

/* Severities of one vulnerability by product. */
static void
cvrf_severities(const struct json *v, struct table *out)
{
	size_t threats, products;
	const struct json *t = json_get_array(v, "Threats", &threats);
	for (size_t i = 0; i < threats; i++) {
		if (json_get_i64(&t[i], "Type", -1) != 3)
			continue;
		uintptr_t severity = msrc_severity(value_of(&t[i], "Description"));
		const struct json *p = json_get_array(&t[i], "ProductID", &products);
		for (size_t k = 0; k < products; k++)
			if (p[k].kind == JSON_KIND_STRING)
				*table_put(out, p[k].text, NULL) =
					(void *)severity; // NOLINT(performance-no-int-to-ptr)
	}
}

static bool
cvrf_fact(struct cvrf *c, struct msrc_fact *f, struct str product, const struct table *severities, struct err *e)
{
	const struct str *name = table_get(&c->products, product);
	if (!name) {
		sink_skip(c->sink, "no-package");
		return true;
	}
	f->product = *name;
	f->severity = (enum severity)(uintptr_t)table_get(severities, product);
	enum msrc_added added = msrc_add(c->table, f);
	f->supersedes = STR(""); /* said once of the update, not of each product */
	switch (added) {
	case MSRC_NEW:
		c->sink->count->read++;
		c->sink->count->kept++;
		return true;
	case MSRC_KNOWN:
		sink_skip(c->sink, "duplicate");
		return true;
	case MSRC_FULL:
		break;
	}
	return err_set(e, ERR_TOO_LARGE, "the document names more updates and products than Microsoft has; refused");
}

/* Each update × product of a vulnerability is a record; one without any is a record that says nothing to install. */
static bool
cvrf_vulnerability(struct cvrf *c, const struct json *v, struct err *e)
{
	TABLE_AUTO severities = { 0 };
	size_t count, products;
	bool any = false;
	const struct json *r = json_get_array(v, "Remediations", &count);
	struct str id = json_get_str(v, "CVE");
	if (v->kind != JSON_KIND_OBJECT || id.len == 0) {
		sink_skip(c->sink, "invalid");
		return true;
	}
	cvrf_severities(v, &severities);
	for (size_t i = 0; i < count; i++) {
		struct msrc_fact f = { .vulnerability = id, .title = value_of(v, "Title"), .date = c->date };
		if (json_get_i64(&r[i], "Type", -1) != 2 || !msrc_kb_parse(value_of(&r[i], "Description"), &f.kb))
			continue;
		f.supersedes = json_get_str(&r[i], "Supercedence");
		f.revision = msrc_revision(json_get_str(&r[i], "FixedBuild"));
		const struct json *p = json_get_array(&r[i], "ProductID", &products);
		for (size_t k = 0; k < products; k++) {
			any = true;
			if (!cvrf_fact(c, &f, p[k].text, &severities, e))
				return false;
		}
	}
	if (!any)
		sink_skip(c->sink, "no-kb");
	return true;
}

static bool
cvrf_vulnerabilities(struct cvrf *c, struct json_reader *r, struct err *e)
{
	enum json_token t;
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		ARENA_AUTO one = { 0 };
		struct json *v;
		if (t == JSON_ERROR || t == JSON_DONE)
			return sink_json_error(r, e);
		if (!json_parse_value(c->products_seen ? &one : &c->arena, r, t, &v, e))
			return false;
		if (!c->products_seen)
			*ARRAY_PUSH(&c->arena, &c->early) = v;
		else if (!cvrf_vulnerability(c, v, e))
			return false;
	}
	return true;
}

static bool
cvrf_member(struct cvrf *c, struct json_reader *r, struct err *e)
{
	bool tracking = str_eq(json_text(r), STR("DocumentTracking")), tree = str_eq(json_text(r), STR("ProductTree")),
	     list = str_eq(json_text(r), STR("Vulnerability"));
	enum json_token t = json_next(r);
	struct json *v;
	if (list && t == JSON_ARRAY)
		return cvrf_vulnerabilities(c, r, e);
	if (!tracking && !tree)
		return (t != JSON_ERROR && json_skip(r)) || sink_json_error(r, e);
	if (!json_parse_value(&c->arena, r, t, &v, e))
		return false;
	if (tracking)
		cvrf_tracking(c, v);
	else
		cvrf_products(c, v);
	return true;
}

static bool
cvrf_document(struct cvrf *c, struct json_reader *r, struct err *e)
{
	enum json_token t = json_next(r);
	if (t != JSON_OBJECT)
		return sink_json_error(r, e);
	while ((t = json_next(r)) == JSON_KEY)
		if (!cvrf_member(c, r, e))
			return false;
	if (t != JSON_OBJECT_END || json_next(r) != JSON_DONE)
		return sink_json_error(r, e);
	for (size_t i = 0; i < c->early.count; i++)
		if (!cvrf_vulnerability(c, c->early.items[i], e))
			return false;
	return true;
}

static bool
cvrf_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	/* The largest month so far has 9 MB. */
	struct json_limits limits = { .depth = 24, .string_max = 1u << 20, .total = 32u << 20 };
	__attribute__((cleanup(cvrf_cleanup))) struct cvrf c = { .sink = sink, .table = msrc_table_new() };
	JSON_READER_AUTO r = json_reader_stream(input_fill, in, &limits);
	uint64_t cyclic = 0;
	if (!cvrf_document(&c, r, e))
		return false;
	struct str prefix = arena_printf(&c.arena, "%.*s/", STR_ARG(c.id));
	if (!msrc_flush(c.table, sink, STR(""), prefix, &cyclic, e))
		return false;
	sink->count->read += cyclic; /* the row's fix counts; that it supersedes is a statement of its own */
	if (cyclic)
		count_skip(sink->count, "cyclic", cyclic);
	return true;
}

const struct feed_ops feed_msrc_cvrf = {
	.name = "msrc-cvrf",
	.title = "Microsoft's security update guide (CVRF)",
	.merge = true, /* a document a month */
	.recognise = cvrf_recognise,
	.read = cvrf_read,
	.urls = cvrf_urls,
	.listings = cvrf_listings,
};
