/* CVE records, JSON 5 (github.com/CVEProject/cve-schema), with the containers of the CNA, of CISA and of others: one
 * document, JSON Lines, an array, or a folder or .zip of documents. Kept: score and severity by score_rank, CISA's
 * SSVC, the title, and the products that are named by CPE. */
#include "base/json.h"
#include "vuln/affected.h"
#include "vuln/cpe.h"
#include "vuln/cvss.h"
#include "vuln/java-version.h"
#include "vuln/ops.h"
#include "vuln/range-text.h"
#include "vuln/read.h"

/* What one record may cost: a list of names times a list of versions grows faster than its bytes. */
#define CVE_STEPS_MAX 20000000
#define CVE_TITLE_MAX 300
#define CVE_CONDITION_MAX 1000

/* Every record there is, half a gigabyte: once a day is enough. */
static const char *const cve_urls[] = { "https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip", NULL };

struct cve_doc {
	struct arena *arena;
	struct str id, state, updated, title, description;
	struct vulnerability facts;
	unsigned version_rank; /* of the vector that gave the score */
	struct affected_set products;
	uint64_t steps;
	struct table ruled; /* names that other containers told: not NULL when the CNA's versions stand */
	struct table words; /* place and text to struct cve_words * */
	struct buf key; /* scratch */
	const struct json *cna; /* its `affected` */
	size_t cna_count, cna_products; /* of `products` those that the CNA named itself */
	size_t *cna_ranges; /* of each of these, how many it told */
	struct str condition; /* of the configuration that is read: a note for its ranges */
};

static void
cve_doc_close(struct cve_doc *d)
{
	affected_set_close(&d->products);
	table_free(&d->ruled);
	table_free(&d->words);
	buf_free(&d->key);
}

static bool
cve_recognise(const struct sniff *s)
{
	return s->shape != SNIFF_TEXT && ((sniff_has(s, "cveMetadata") && sniff_has(s, "containers")) ||
					  (sniff_has(s, "dataType") && sniff_has(s, "dataVersion")) ||
					  (sniff_has(s, "cveMetadata") && sniff_has(s, "dataType")));
}

/* ---- scores ---- */

/* A container's metric: the newest version of CVSS counts, and the score that its vector gives. */
static void
cve_score(struct cve_doc *d, const struct json *metric, enum score_rank rank)
{
	static const char *const forms[] = { "cvssV2_0", "cvssV3_0", "cvssV3_1", "cvssV4_0" };
	for (unsigned i = 0; i < COUNT(forms); i++) {
		const struct json *m = json_get(metric, forms[i]);
		struct str vector = json_get_str(m, "vectorString"), word = json_get_str(m, "baseSeverity");
		struct cvss c = { .version = (enum cvss_version)i, .score = json_get_double(m, "baseScore", -1) };
		if (!m || (!cvss_read(vector, &c) && (c.score < 0 || c.score > 10)))
			continue;
		if (rank < d->facts.score_rank || (rank == d->facts.score_rank && i + 1 < d->version_rank) ||
		    (rank == d->facts.score_rank && i + 1 == d->version_rank && c.score <= d->facts.cvss))
			continue;
		d->facts.score_rank = rank;
		d->version_rank = i + 1;
		d->facts.cvss = c.score;
		d->facts.vector = vector.len < 512 ? vector : STR("");
		d->facts.severity = severity_of_rating(cvss_rating_of(c.version, c.score));
		if (d->facts.severity == SEVERITY_UNKNOWN)
			d->facts.severity = severity_of_word(word);
	}
}

static void
cve_ssvc(struct cve_doc *d, const struct json *metric)
{
	static const struct {
		const char *key, *value;
		unsigned exploitation, automatable, impact;
	} words[] = {
		{ "Exploitation", "none", SSVC_EXPLOITATION_NONE, 0, 0 },
		{ "Exploitation", "poc", SSVC_EXPLOITATION_POC, 0, 0 },
		{ "Exploitation", "active", SSVC_EXPLOITATION_ACTIVE, 0, 0 },
		{ "Automatable", "no", 0, SSVC_AUTOMATABLE_NO, 0 },
		{ "Automatable", "yes", 0, SSVC_AUTOMATABLE_YES, 0 },
		{ "Technical Impact", "partial", 0, 0, SSVC_IMPACT_PARTIAL },
		{ "Technical Impact", "total", 0, 0, SSVC_IMPACT_TOTAL },
	};
	const struct json *other = json_get(metric, "other");
	if (!str_eq(json_get_str(other, "type"), STR("ssvc")))
		return;
	size_t n;
	const struct json *options = json_get_array(json_get(other, "content"), "options", &n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < COUNT(words); k++) {
			if (!str_eq_nocase(json_get_str(&options[i], words[k].key), str_of(words[k].value)))
				continue;
			struct ssvc *s = &d->facts.ssvc;
			s->exploitation =
				words[k].exploitation ? (enum ssvc_exploitation)words[k].exploitation : s->exploitation;
			s->automatable =
				words[k].automatable ? (enum ssvc_automatable)words[k].automatable : s->automatable;
			s->impact = words[k].impact ? (enum ssvc_impact)words[k].impact : s->impact;
		}
}

/* ---- products ---- */

/* False: the record asks for more than one may, and is left out by name. */
static bool
cve_spend(struct cve_doc *d, size_t steps)
{
	d->steps += steps;
	return d->steps <= CVE_STEPS_MAX && d->products.ranges.count <= RECORD_RANGES_MAX;
}

/* What one entry says of one product is gathered, and then taken as a whole. */
static void
cve_range(struct cve_doc *d, struct affected *p, enum range_kind kind, struct str introduced, struct str limit)
{
	/* Oracle names the newest of each line that is affected: those before it are as well. */
	if (kind == RANGE_EXACT && java_is(p->name)) {
		kind = RANGE_UNTIL;
		limit = java_version(limit, d->arena);
		introduced = java_line(limit);
	}
	if (cve_spend(d, 1))
		*ARRAY_PUSH(d->arena, &p->ranges) = (struct affected_range){ kind, introduced, limit, d->condition };
}

static void
cve_take(struct cve_doc *d, struct affected *p)
{
	affected_branches_of_one_start(p, d->arena);
	for (size_t i = 0; i < p->ranges.count && cve_spend(d, 0); i++)
		affected_set_add(&d->products, STR("cpe"), p->name, p->ranges.items[i]);
}

static bool
cve_no_version(struct str text)
{
	static const char *const none[] = { "", "0", "*", "-", "unspecified", "n/a" };
	for (size_t i = 0; i < COUNT(none); i++)
		if (str_eq_nocase(text, str_of(none[i])))
			return true;
	return false;
}

/* What a text of a version means at its place. A record repeats its texts for each CPE: each is read once. */
enum cve_place { CVE_ALONE = 'a', CVE_START = 's', CVE_BEFORE = 'b', CVE_UNTIL = 'u' };

struct cve_words {
	size_t count;
	struct affected_range *ranges; /* of CVE_START the introduced of one */
};

static size_t
cve_read_words(struct cve_doc *d, struct str text, enum cve_place place, struct affected_range *out)
{
	if (place == CVE_ALONE)
		return range_text(text, d->arena, out);
	*out = (struct affected_range){ .introduced = STR(""), .limit = STR(""), .note = STR("") };
	if (place == CVE_START) {
		out->introduced = range_text_start(text, d->arena);
		return out->introduced.len > 0;
	}
	return range_text_end(text, place == CVE_UNTIL, d->arena, out);
}

static const struct cve_words *
cve_words(struct cve_doc *d, struct str text, enum cve_place place)
{
	static const struct cve_words nothing = { 0, NULL };
	if (cve_no_version(text) || text.len > RANGE_TEXT_MAX || !cve_spend(d, 1))
		return &nothing;
	buf_truncate(&d->key, 0);
	buf_add_char(&d->key, (char)place);
	buf_add(&d->key, text);
	struct cve_words *w = table_get(&d->words, buf_str(&d->key));
	if (w)
		return w;
	struct affected_range all[RANGE_TEXT_RANGES];
	w = ARENA_NEW(d->arena, struct cve_words);
	w->count = cve_read_words(d, text, place, all);
	w->ranges = ARENA_ARRAY(d->arena, struct affected_range, w->count + 1);
	memcpy(w->ranges, all, w->count * sizeof(*all));
	*table_put(&d->words, arena_str(d->arena, buf_str(&d->key)), NULL) = w;
	return w;
}

/* No version in front of a range means: from the beginning; so does what cannot be read. */
static struct str
cve_start(struct cve_doc *d, struct str version)
{
	const struct cve_words *w = cve_words(d, version, CVE_START);
	return w->count ? w->ranges[0].introduced : STR("");
}

/* What its publisher says and nobody can compare: the words are kept for people. */
static void
cve_unreadable(struct cve_doc *d, struct affected *p, struct str start, struct str words)
{
	if (cve_spend(d, 1))
		*ARRAY_PUSH(d->arena, &p->ranges) =
			(struct affected_range){ RANGE_UNREADABLE, start, STR(""), range_words(words) };
}

/* `version` alone: one version, or words that mean some. */
static void
cve_alone(struct cve_doc *d, struct affected *p, struct str text)
{
	if (str_eq(text, STR("0")) || str_eq(text, STR("*"))) {
		cve_range(d, p, RANGE_OPEN, STR(""), STR(""));
		return;
	}
	const struct cve_words *w = cve_words(d, text, CVE_ALONE);
	for (size_t i = 0; i < w->count; i++)
		cve_range(d, p, w->ranges[i].kind, w->ranges[i].introduced, w->ranges[i].limit);
	if (w->count == 0 && text.len > 0)
		cve_unreadable(d, p, STR(""), text);
}

/* A range that ends with `words`. */
static void
cve_ended(struct cve_doc *d, struct affected *p, struct str start, struct str words, enum cve_place place)
{
	const struct cve_words *w = cve_words(d, words, place);
	if (w->count)
		cve_range(d, p, w->ranges[0].kind, start, w->ranges[0].limit);
	else
		cve_unreadable(d, p, start, words);
}

/* One row of `versions` for one CPE. */
static void
cve_version(struct cve_doc *d, struct affected *p, const struct json *v)
{
	struct str version = json_get_str(v, "version"), before = json_get_str(v, "lessThan"),
		   until = json_get_str(v, "lessThanOrEqual"), words = before.len > 0 ? before : until;
	if (!str_eq(json_get_str(v, "status"), STR("affected")) || str_eq(json_get_str(v, "versionType"), STR("git")))
		return;
	if (words.len == 0) {
		cve_alone(d, p, version);
		return;
	}
	/* Chrome's records name one version twice, and mean all before it. */
	struct str start = str_eq(version, words) ? STR("") : cve_start(d, version);
	if (str_eq(words, STR("*")))
		cve_range(d, p, RANGE_OPEN, start, STR(""));
	else
		cve_ended(d, p, start, words, before.len > 0 ? CVE_BEFORE : CVE_UNTIL);
}

static void
cve_versions(struct cve_doc *d, struct str name, const struct json *affected)
{
	size_t n;
	struct affected p = { .name = name };
	const struct json *version = json_get_array(affected, "versions", &n);
	for (size_t i = 0; i < n && cve_spend(d, 1); i++)
		cve_version(d, &p, &version[i]);
	cve_take(d, &p);
}

/* "Google Inc." begins with "google", "Access Point" is "access_point": names as CPE writes them. */
static bool
cve_same_word(struct str said, struct str cpe, bool prefix)
{
	size_t i = 0;
	for (; i < said.len && i < cpe.len; i++) {
		char c = said.ptr[i];
		c = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
		if (c != cpe.ptr[i] && !(c == ' ' && cpe.ptr[i] == '_'))
			return false;
	}
	return i > 0 && i == cpe.len && (i == said.len || (prefix && strchr(" _,.", said.ptr[i])));
}

/* It says from where to where, in versions: not only "n/a", "everything", an address of a page or a sentence. */
static bool
cve_clear(struct cve_doc *d, const struct json *affected)
{
	size_t n;
	bool bounded = false;
	const struct json *v = json_get_array(affected, "versions", &n);
	for (size_t i = 0; i < n && cve_spend(d, 1); i++) {
		struct str version = json_get_str(&v[i], "version"), before = json_get_str(&v[i], "lessThan"),
			   until = json_get_str(&v[i], "lessThanOrEqual"), end = before.len ? before : until;
		if (!str_eq(json_get_str(&v[i], "status"), STR("affected")) ||
		    str_eq(json_get_str(&v[i], "versionType"), STR("git")))
			continue;
		if (str_eq(end, STR("*")) || str_eq(version, STR("*")) || (end.len == 0 && str_eq(version, STR("0"))))
			continue;
		const struct cve_words *w = cve_words(d, end.len ? end : version, end.len ? CVE_UNTIL : CVE_ALONE);
		if (w->count == 0)
			return false;
		bounded = bounded || end.len > 0 || w->ranges[0].kind != RANGE_OPEN || w->ranges[0].introduced.len > 0;
	}
	return bounded;
}

static bool
cve_means(struct cve_doc *d, const struct json *affected, const struct cpe *c)
{
	return cve_spend(d, 1) && cve_same_word(json_get_str(affected, "vendor"), c->vendor, true) &&
	       cve_same_word(json_get_str(affected, "product"), c->product, false);
}

/* What the CNA says of this product by its name; false where it does not know the versions of it. */
static bool
cve_cna_told(struct cve_doc *d, const struct cpe *c)
{
	size_t found = 0;
	for (size_t i = 0; i < d->cna_count; i++) {
		bool means = cve_means(d, &d->cna[i], c);
		if (means && !cve_clear(d, &d->cna[i]))
			return false;
		found += means;
	}
	for (size_t i = 0; i < d->cna_count && found > 0; i++)
		if (cve_means(d, &d->cna[i], c))
			cve_versions(d, c->name, &d->cna[i]);
	return found > 0;
}

static bool
cve_has(const struct affected *product, size_t from, bool unreadable)
{
	for (size_t i = from; i < product->ranges.count; i++)
		if ((product->ranges.items[i].kind == RANGE_UNREADABLE) == unreadable)
			return true;
	return false;
}

/* The CNA named the product with its CPE, and in versions. */
static bool
cve_settled(struct cve_doc *d, struct str name)
{
	size_t place = affected_set_place(&d->products, STR("cpe"), name);
	return place > 0 && place <= d->cna_products && !cve_has(&d->products.list.items[place - 1], 0, true);
}

/* Where the CNA has words and another container has versions, those stand. */
static void
cve_drop_words(struct cve_doc *d)
{
	for (size_t i = 0; i < d->cna_products; i++) {
		struct affected *p = &d->products.list.items[i];
		size_t kept = 0;
		if (!cve_has(p, 0, true) || !cve_has(p, d->cna_ranges[i], false))
			continue;
		for (size_t k = 0; k < p->ranges.count; k++)
			if (p->ranges.items[k].kind != RANGE_UNREADABLE)
				p->ranges.items[kept++] = p->ranges.items[k];
		p->ranges.count = kept;
	}
}

/* Another container's word on a product; true when the CNA's own versions stand instead. Asked once for each name. */
static bool
cve_overruled(struct cve_doc *d, const struct cpe *c)
{
	bool added;
	void **slot = table_put(&d->ruled, c->name, &added);
	if (!added)
		return *slot != NULL;
	bool overruled = cve_settled(d, c->name) || cve_cna_told(d, c);
	*slot = overruled ? d : NULL;
	return overruled;
}

/* `affected`: products with their CPE names and versions. Without `versions` the CPE's own version counts. */
static void
cve_affected(struct cve_doc *d, const struct json *affected, enum score_rank rank)
{
	size_t cpes, versions;
	const struct json *cpe = json_get_array(affected, "cpes", &cpes);
	TABLE_AUTO told = { 0 }; /* names whose versions are */
	(void)json_get_array(affected, "versions", &versions);
	for (size_t i = 0; i < cpes; i++) {
		struct cpe c;
		if (cpe[i].kind != JSON_KIND_STRING || !cpe_parse(cpe[i].text, d->arena, &c))
			continue;
		if (rank != SCORE_CNA && cve_overruled(d, &c))
			continue;
		/* There may be a CPE for each version. */
		bool added = true;
		if (cpes > 1)
			(void)table_put(&told, c.name, &added);
		if (added)
			cve_versions(d, c.name, affected);
		struct affected p = { .name = c.name };
		/* Java's update stands only in the CPE. */
		if ((versions == 0 || java_is(c.name)) && c.version.len > 0)
			cve_range(d, &p, RANGE_EXACT, STR(""), c.version);
		else if (versions == 0 && str_eq(json_get_str(affected, "defaultStatus"), STR("affected")))
			cve_range(d, &p, RANGE_OPEN, STR(""), STR(""));
		cve_take(d, &p);
	}
}

/* `cpeMatch` of cpeApplicability. What is only the platform (vulnerable: false) is no product. */
static void
cve_match(struct cve_doc *d, const struct json *m, enum score_rank rank)
{
	struct cpe c;
	if (!json_get_bool(m, "vulnerable", false) || !cpe_parse(json_get_str(m, "criteria"), d->arena, &c))
		return;
	if (rank != SCORE_CNA && cve_overruled(d, &c))
		return;
	struct str from = json_get_str(m, "versionStartIncluding"), before = json_get_str(m, "versionEndExcluding"),
		   until = json_get_str(m, "versionEndIncluding"), after = json_get_str(m, "versionStartExcluding");
	struct str start = cve_start(d, from.len ? from : after), words = before.len ? before : until;
	struct affected p = { .name = c.name };
	if (words.len > 0)
		cve_ended(d, &p, start, words, before.len > 0 ? CVE_BEFORE : CVE_UNTIL);
	else if (c.version.len > 0)
		cve_range(d, &p, RANGE_EXACT, STR(""), c.version);
	else
		cve_range(d, &p, RANGE_OPEN, start, STR(""));
	cve_take(d, &p);
}

/* A node's platforms as " or "-separated names; nothing when one of its products is what is vulnerable, or when it
 * cannot be read: a condition that is not understood is none. */
static void
cve_platforms(struct cve_doc *d, const struct json *node, struct buf *out)
{
	size_t n, before = out->len;
	const struct json *match = json_get_array(node, "cpeMatch", &n);
	bool all = str_eq(json_get_str(node, "operator"), STR("AND"));
	for (size_t i = 0; i < n; i++) {
		struct cpe c;
		if (!all && json_get_bool(&match[i], "vulnerable", false)) {
			buf_truncate(out, before);
			return;
		}
		if (json_get_bool(&match[i], "vulnerable", false))
			continue;
		if (!cpe_parse(json_get_str(&match[i], "criteria"), d->arena, &c) ||
		    out->len + c.name.len > CVE_CONDITION_MAX) {
			buf_truncate(out, before);
			return;
		}
		if (out->len > 0)
			buf_add(out, out->len == before || all ? STR(" and ") : STR(" or "));
		buf_add(out, c.name);
	}
}

/* Which other products must be there, "only with A or B and C"; empty: none. */
static struct str
cve_condition(struct cve_doc *d, const struct json *configuration)
{
	size_t nodes;
	const struct json *node = json_get_array(configuration, "nodes", &nodes);
	bool all = str_eq(json_get_str(configuration, "operator"), STR("AND"));
	BUF_AUTO out = { 0 };
	for (size_t i = 0; i < nodes; i++) {
		bool inner = str_eq(json_get_str(&node[i], "operator"), STR("AND"));
		if ((all || (inner && nodes == 1)) && !json_get_bool(&node[i], "negate", false))
			cve_platforms(d, &node[i], &out);
	}
	return out.len ? arena_printf(d->arena, RANGE_ONLY_WITH "%.*s", STR_ARG(buf_str(&out))) : STR("");
}

static void
cve_applicability(struct cve_doc *d, const struct json *container, enum score_rank rank)
{
	size_t n, nodes, matches;
	const struct json *list = json_get_array(container, "cpeApplicability", &n);
	for (size_t i = 0; i < n; i++) {
		const struct json *node = json_get_array(&list[i], "nodes", &nodes);
		d->condition = cve_condition(d, &list[i]);
		for (size_t k = 0; k < nodes && !json_get_bool(&list[i], "negate", false); k++) {
			const struct json *match = json_get_array(&node[k], "cpeMatch", &matches);
			for (size_t m = 0; m < matches && !json_get_bool(&node[k], "negate", false); m++)
				cve_match(d, &match[m], rank);
		}
		d->condition = STR("");
	}
}

/* ---- containers ---- */

static struct str
cve_text(struct cve_doc *d, struct str text)
{
	text = str_head(str_trim(text), CVE_TITLE_MAX);
	while (text.len > 0 && !str_is_utf8(text))
		text.len--;
	return arena_str(d->arena, text);
}

static void
cve_container(struct cve_doc *d, const struct json *c, enum score_rank rank)
{
	size_t n;
	const struct json *metrics = json_get_array(c, "metrics", &n);
	for (size_t i = 0; i < n; i++) {
		cve_score(d, &metrics[i], rank);
		if (rank == SCORE_CISA)
			cve_ssvc(d, &metrics[i]);
	}
	const struct json *affected = json_get_array(c, "affected", &n);
	for (size_t i = 0; i < n && cve_spend(d, 1); i++)
		cve_affected(d, &affected[i], rank);
	cve_applicability(d, c, rank);
	if (rank == SCORE_CNA) {
		d->cna = affected;
		d->cna_count = n;
		d->cna_products = d->products.list.count;
		d->cna_ranges = ARENA_ARRAY(d->arena, size_t, d->cna_products + 1);
		for (size_t i = 0; i < d->cna_products; i++)
			d->cna_ranges[i] = d->products.list.items[i].ranges.count;
	}
	if (rank == SCORE_CNA && json_get_str(c, "title").len > 0)
		d->title = cve_text(d, json_get_str(c, "title"));
	const struct json *texts = json_get_array(c, "descriptions", &n);
	for (size_t i = 0; rank == SCORE_CNA && i < n && d->description.len == 0; i++)
		if (str_starts(json_get_str(&texts[i], "lang"), STR("en")))
			d->description = cve_text(d, json_get_str(&texts[i], "value"));
}

static bool
cve_keep(struct cve_doc *d, const struct json *metadata, struct feed_sink *sink, struct err *e)
{
	uint32_t year;
	uint64_t number;
	int64_t published = 0, updated = 0;
	d->id = json_get_str(metadata, "cveId");
	d->state = json_get_str(metadata, "state");
	if (!cve_parse(d->id, &year, &number)) {
		sink_skip(sink, "no-id");
		return true;
	}
	if (!str_eq(d->state, STR("PUBLISHED"))) {
		sink_skip(sink, str_eq(d->state, STR("REJECTED")) ? "rejected" : "not-published");
		return true;
	}
	if (!cve_spend(d, 0)) {
		sink_skip(sink, "too-large");
		return true;
	}
	(void)time_parse(json_get_str(metadata, "datePublished"), &published);
	if (!time_parse(json_get_str(metadata, "dateUpdated"), &updated))
		updated = published;
	if (sink->latest && published > sink->latest)
		published = sink->latest;
	cve_drop_words(d);
	for (size_t i = 0; i < d->products.list.count; i++)
		affected_branches(&d->products.list.items[i], d->arena);
	if (updated > sink->published)
		sink->published = updated;
	struct record r = { .kind = RECORD_VULNERABILITY,
			    .vulnerability = d->facts,
			    .products = d->products.list,
			    .published = published };
	r.vulnerability.id = d->id;
	r.vulnerability.title = d->title.len ? d->title : d->description;
	return sink_keep(sink, STR(""), d->id, updated, &r, e);
}

static enum read_result
cve_document(void *user, struct arena *a, const struct json *doc, struct err *e)
{
	struct feed_sink *sink = user;
	__attribute__((
		cleanup(cve_doc_close))) struct cve_doc d = { .arena = a,
							      .products.arena = a,
							      .title = STR(""),
							      .description = STR(""),
							      .condition = STR(""),
							      .facts = { .cvss = -1, .epss = -1, .vector = STR("") } };
	const struct json *containers = json_get(doc, "containers"), *metadata = json_get(doc, "cveMetadata");
	size_t n;
	if (!metadata)
		return READ_INVALID;
	cve_container(&d, json_get(containers, "cna"), SCORE_CNA);
	const struct json *adp = json_get_array(containers, "adp", &n);
	for (size_t i = 0; i < n; i++) {
		struct str who = json_get_str(json_get(&adp[i], "providerMetadata"), "shortName");
		cve_container(&d, &adp[i], str_eq(who, STR("CISA-ADP")) ? SCORE_CISA : SCORE_ADP);
	}
	return cve_keep(&d, metadata, sink, e) ? READ_OK : READ_FAILED;
}

static bool
cve_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	return read_documents(in, s, sink, cve_document, sink, e);
}

const struct feed_ops feed_cve = {
	.name = "cve",
	.title = "CVE records with CISA's container (CVE JSON 5)",
	.recognise = cve_recognise,
	.read = cve_read,
	.urls = cve_urls,
	.fetch_after = DAY_MS,
};
