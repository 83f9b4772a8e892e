/* The report's chapter on DICOM: servers that answered, where and whose they are, whether they encrypt and whether they ask
 * who calls; and machines that are set up exactly alike (evidence/exposure-study.h). */
#include "evidence/exposure-study.h"

#include "evidence/dicom-answer.h"
#include "evidence/world.h"

enum { SAMPLE = 100000, CLUSTERS_MAX = 20000 };

/* What only a DICOM server says; a port alone does not count. */
#define CANDIDATES "class:dicom"
#define ANSWERED STUDY_DICOM
#define GENUINE STUDY_DICOM " -honeypot:true"

struct cluster {
	struct str key; /* implementation, version, product, port … */
	uint64_t servers, countries, organisations;
	struct table seen; /* "c JP", "o Some Hospital" */
};

struct walk {
	struct arena *a;
	uint64_t seen, manners[DICOM_MANNERS];
	struct table clusters; /* key to struct cluster */
	ARRAY_OF(struct cluster *) list;
};

static struct str
value_of(const struct banner *b, enum field f)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == f)
			return b->values[i].text;
	return STR("");
}

static bool
has_tls(const struct banner *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == FIELD_TLS)
			return b->values[i].number != 0;
	return false;
}

static void
mark(struct arena *a, struct cluster *c, char kind, struct str value, uint64_t *count)
{
	ARENA_AUTO scratch = { 0 };
	struct str key = arena_printf(&scratch, "%c %.*s", kind, STR_ARG(str_head(value, 200)));

	if (value.len == 0 || table_has(&c->seen, key))
		return;
	(void)table_put(&c->seen, arena_str(a, key), NULL);
	++*count;
}

static void
add_to_cluster(struct walk *w, const struct banner *b, const struct dicom_answer *answer)
{
	static const char *const manners[] = { "–", "open", "checked", "refused" };
	ARENA_AUTO a = { 0 };
	struct str product = value_of(b, FIELD_PRODUCT);

	product = product.len > 0 ? product : value_of(b, FIELD_PRODUCT_INFERRED);
	/* Nothing that tells one from another: no configuration to speak of. */
	if (answer->implementation.len == 0 && answer->version.len == 0 && product.len == 0)
		return;
	struct str key = arena_printf(&a, "%.*s\t%.*s\t%.*s %.*s\t%u\t%s\t%d", STR_ARG(answer->implementation),
				      STR_ARG(answer->version), STR_ARG(str_head(product, 100)),
				      STR_ARG(str_head(value_of(b, FIELD_VERSION), 60)), b->port,
				      manners[answer->manner], has_tls(b));
	struct cluster *c = table_get(&w->clusters, key);
	if (!c) {
		if (w->list.count == CLUSTERS_MAX)
			return;
		c = ARENA_NEW(w->a, struct cluster);
		c->key = arena_str(w->a, key);
		*table_put(&w->clusters, c->key, NULL) = c;
		*ARRAY_PUSH(w->a, &w->list) = c;
	}
	c->servers++;
	struct str country = value_of(b, FIELD_COUNTRY);
	mark(w->a, c, 'c', country.len > 0 ? country : value_of(b, FIELD_COUNTRY_INFERRED), &c->countries);
	mark(w->a, c, 'o', value_of(b, FIELD_ORG), &c->organisations);
}

static bool
look(void *user, const struct banner *b, struct err *e)
{
	struct walk *w = user;
	ARENA_AUTO a = { 0 };
	struct dicom_answer answer = { .implementation = STR(""), .version = STR("") };

	for (size_t i = 0; i < b->count && answer.manner == DICOM_SILENT; i++)
		if (b->values[i].field == FIELD_DATA)
			dicom_answer_read(&a, b->values[i].text, &answer);
	w->seen++;
	w->manners[answer.manner]++;
	add_to_cluster(w, b, &answer);
	return true;
}

static void
funnel(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Step"), .weight = 1 },
		{ .title = TR("Addresses"), .right = true },
		{ .title = TR("Banners"), .right = true },
		{ .title = TR("Of the candidates"), .right = true },
	};
	const struct {
		struct str name, query;
	} steps[] = { { TR("Candidates: the port or the answer"), STR(CANDIDATES) },
		      { TR("Valid protocol answer"), STR(ANSWERED) },
		      { TR("After the honeypot filter"), STR(GENUINE) } };
	struct chart *c = chart_new(s->a, CHART_FUNNEL, s->r->lang, TR("DICOM: from candidates to servers"));
	struct grid *t = study_table(s, TR("The funnel of DICOM servers"), columns, COUNT(columns));
	uint64_t first = 0;

	for (size_t i = 0; i < COUNT(steps); i++) {
		uint64_t n = ask_count(&s->k, steps[i].query);
		first = i == 0 ? n : first;
		grid_text(s->r, t, steps[i].name);
		grid_count(s->r, t, ask_hosts(&s->k, steps[i].query));
		grid_count(s->r, t, n);
		grid_share(s->r, t, n, first);
		chart_row(s->a, c, steps[i].name)->values[0] = n;
		s->dicom = n;
	}
	t->note = arena_printf(
		s->a, tr("Confidence of the class over all candidates: %.*s. What follows counts the last step only."),
		STR_ARG(sure_text(&s->sure, FIELD_CLASS, STR("dicom"))));
	report_chart(s->r, c);
}

static void
places(struct study *s)
{
	const struct grid_column countries[] = {
		{ .title = TR("Country"), .weight = 1 },
		{ .title = TR("Servers"), .right = true },
		{ .title = TR("Share"), .right = true },
	};
	const struct grid_column organisations[] = {
		{ .title = TR("Organisation"), .weight = 1 },
		{ .title = TR("Kind of organisation"), .weight = 0.6 },
		{ .title = TR("Servers"), .right = true },
	};
	struct grid *t = study_table(s, TR("DICOM servers by country"), countries, COUNT(countries));
	struct tally_rows rows = ask_either(&s->k, STR(GENUINE), FIELD_COUNTRY, FIELDS);

	for (size_t i = 0; i < rows.rows.count && i < s->k.request->top; i++) {
		uint64_t n = rows.rows.items[i].stated + rows.rows.items[i].inferred;
		grid_text(s->r, t, world_name(s->a, rows.rows.items[i].value, s->r->lang));
		grid_count(s->r, t, n);
		grid_share(s->r, t, n, s->dicom);
	}
	t = study_table(s, TR("Organisations with the most DICOM servers"), organisations, COUNT(organisations));
	struct facet f = ask_facet(&s->k, STR(GENUINE), FIELD_ORG, FIELD_ORG_KIND, 2000);
	struct facet o = ask_facet(&s->k, STR(GENUINE), FIELD_ORG, FIELDS, s->k.request->top);
	for (size_t i = 0; i < o.values.count; i++) {
		struct str kind = TR("Not known"), name, one;
		for (size_t j = f.values.count; j-- > 0;)
			if (str_split(f.values.items[j].value, '\t', &name, &one) &&
			    str_eq(name, o.values.items[i].value))
				kind = study_kind(one);
		grid_text(s->r, t, o.values.items[i].value);
		grid_text(s->r, t, kind);
		grid_count(s->r, t, o.values.items[i].count);
	}
	t->note = TR("The organisation is that of the address, as the source states it: often a provider, not the "
		     "hospital behind it.");
}

static void
kinds(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Kind of organisation"), .weight = 1 },
		{ .title = TR("Servers"), .right = true },
		{ .title = TR("Share"), .right = true },
	};
	struct grid *t = study_table(s, TR("DICOM servers by kind of organisation"), columns, COUNT(columns));
	struct facet f = ask_facet(&s->k, STR(GENUINE), FIELD_ORG_KIND, FIELDS, 20);
	uint64_t known = f.other;

	for (size_t i = 0; i < f.values.count; i++) {
		known += f.values.items[i].count;
		grid_text(s->r, t, study_kind(f.values.items[i].value));
		grid_count(s->r, t, f.values.items[i].count);
		grid_share(s->r, t, f.values.items[i].count, s->dicom);
	}
	grid_text(s->r, t, TR("Not known"));
	grid_count(s->r, t, s->dicom - known);
	grid_share(s->r, t, s->dicom - known, s->dicom);
}

static void
safety(struct study *s, const struct walk *w)
{
	const struct grid_column columns[] = {
		{ .title = TR("Question"), .weight = 1 },
		{ .title = TR("Servers"), .right = true },
		{ .title = TR("Of those known"), .right = true },
		{ .title = TR("Known of"), .right = true },
	};
	uint64_t told = w->manners[DICOM_OPEN] + w->manners[DICOM_CHECKED] + w->manners[DICOM_REFUSED];
	struct grid *t = study_table(s, TR("Encryption and checks of DICOM servers"), columns, COUNT(columns));
	const struct {
		struct str name;
		uint64_t n, of;
	} rows[] = {
		{ TR("Speaks TLS"), ask_count(&s->k, STR(GENUINE " tls:true")), s->dicom },
		{ TR("Checks the application titles (AE titles) of who calls"), w->manners[DICOM_CHECKED], told },
		{ TR("Accepts any caller"), w->manners[DICOM_OPEN], told },
		{ TR("Refuses for another reason"), w->manners[DICOM_REFUSED], told },
	};

	ask_note(&s->k, STR("search --json --raw --limit 0 Q " GENUINE));
	for (size_t i = 0; i < COUNT(rows); i++) {
		grid_text(s->r, t, rows[i].name);
		grid_count(s->r, t, rows[i].n);
		grid_share(s->r, t, rows[i].n, rows[i].of);
		grid_count(s->r, t, rows[i].of);
	}
	t->note = w->seen < s->dicom
			  ? arena_printf(s->a, tr("From a sample of %.*s banners of %.*s, the same one every time."),
					 STR_ARG(count_text(s->a, w->seen)), STR_ARG(count_text(s->a, s->dicom)))
			  : TR("Read from the answers themselves: an acceptance, or a refusal that names the title.");
	s->dicom_open = w->manners[DICOM_OPEN];
	s->dicom_told = told;
}

static int
most_servers(const void *x, const void *y)
{
	const struct cluster *const *a = x, *const *b = y;

	if ((*a)->servers != (*b)->servers)
		return (*a)->servers < (*b)->servers ? 1 : -1;
	return str_cmp((*a)->key, (*b)->key);
}

static void
clusters(struct study *s, struct walk *w)
{
	const struct grid_column columns[] = {
		{ .title = TR("Configuration"), .weight = 1 },
		{ .title = TR("Servers"), .right = true },
		{ .title = TR("Countries"), .right = true },
		{ .title = TR("Organisations"), .right = true },
	};
	struct grid *t = study_table(s, TR("DICOM servers that are set up exactly alike"), columns, COUNT(columns));

	ask_note(&s->k, STR("search --json --raw --limit 0 Q " GENUINE));
	if (w->list.count > 0)
		qsort(w->list.items, w->list.count, sizeof(*w->list.items), most_servers);
	for (size_t i = 0; i < w->list.count && i < s->k.request->top; i++) {
		const struct cluster *c = w->list.items[i];
		struct str rest = c->key, uid, version, product, port, manner;
		if (c->servers < 2 || !str_cut(&rest, '\t', &uid) || !str_cut(&rest, '\t', &version) ||
		    !str_cut(&rest, '\t', &product) || !str_cut(&rest, '\t', &port) || !str_cut(&rest, '\t', &manner))
			break;
		product = str_trim(product);
		grid_text(s->r, t,
			  arena_printf(s->a, "%.*s%s%.*s%s%.*s%s%.*s", STR_ARG(version), version.len > 0 ? " · " : "",
				       STR_ARG(product), product.len > 0 ? " · " : "", STR_ARG(uid),
				       uid.len > 0 ? " · :" : ":", STR_ARG(port)));
		grid_count(s->r, t, c->servers);
		grid_count(s->r, t, c->countries);
		grid_count(s->r, t, c->organisations);
	}
	t->note = TR("Alike in implementation class UID, version name, product, port, TLS and how they treat a caller: "
		     "often one maker's "
		     "default that can be put right in one place.");
}

void
study_dicom(struct study *s)
{
	struct walk w = { .a = s->a };

	report_heading(s->r, 1, TR("DICOM servers"));
	report_text(s->r, BLOCK_TEXT,
		    TR("DICOM is how scanners, archives and viewers hand images of patients to each other. It was made "
		       "for closed "
		       "networks: a server that answers the internet often gives images to whoever asks."));
	funnel(s);
	if (s->dicom == 0)
		return;
	places(s);
	kinds(s);
	ask_each(&s->k, STR(GENUINE), s->dicom > SAMPLE ? SAMPLE : 0, true, look, &w);
	safety(s, &w);
	clusters(s, &w);
	for (size_t i = 0; i < w.list.count; i++)
		table_free(&w.list.items[i]->seen);
	table_free(&w.clusters);
}
