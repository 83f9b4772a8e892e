/* DMARC (RFC 7489): what becomes of mail that only pretends to be from a name, and who is told of it. */
#include "surface/read-internal.h"

enum { TAGS_MAX = 64, URIS_MAX = 32 };

struct dmarc {
	struct facts *f;
	struct str name, record, policy, percent;
	bool reports;
};

static bool
is_dmarc(struct str text)
{
	struct str first, rest, tag, value;
	if (!str_split(text, ';', &first, &rest))
		first = text;
	return str_split(first, '=', &tag, &value) && str_eq(str_trim(tag), STR("v")) &&
	       str_eq(str_trim(value), STR("DMARC1"));
}

/* "mailto:reports@example.jp!10m, mailto:…": of each only the domain. */
static void
take_reports(struct dmarc *d, struct str list)
{
	struct str uri;
	for (size_t n = 0; n < URIS_MAX && str_cut(&list, ',', &uri); n++) {
		uri = str_trim(uri);
		ptrdiff_t at = str_rfind_char(uri, '@'), size;
		if (!str_eq_nocase(str_head(uri, 7), STR("mailto:")) || at < 0) {
			d->f->bad++;
			continue;
		}
		struct str host = str_skip(uri, (size_t)at + 1);
		size = str_find_char(host, '!');
		host = size >= 0 ? str_head(host, (size_t)size) : host;
		ptrdiff_t query = str_find_char(host, '?');
		host = query >= 0 ? str_head(host, (size_t)query) : host;
		d->reports = true;
		if (!read_edge(d->f, FACT_DMARC_REPORT, THING_NAME, d->name, THING_DOMAIN, host))
			continue;
		fact_text(d->f, uri);
		fact_evidence(d->f, d->record);
	}
}

static void
take_tags(struct dmarc *d)
{
	struct str rest = d->record, piece, tag, value;
	for (size_t n = 0; n < TAGS_MAX && str_cut(&rest, ';', &piece); n++) {
		if (!str_split(piece, '=', &tag, &value))
			continue;
		tag = str_trim(tag);
		value = str_trim(value);
		if (str_eq_nocase(tag, STR("p")) && d->policy.len == 0)
			d->policy = value;
		else if (str_eq_nocase(tag, STR("pct")) && d->percent.len == 0)
			d->percent = value;
		else if (str_eq_nocase(tag, STR("rua")) || str_eq_nocase(tag, STR("ruf")))
			take_reports(d, value);
	}
}

/* A record without a policy that is known counts as "none" where somebody is told (6.6.3), else as no record. */
static struct str
policy(const struct dmarc *d)
{
	static const struct str known[] = { STR("reject"), STR("quarantine"), STR("none") };
	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eq_nocase(d->policy, known[i]))
			return known[i];
	return d->reports ? STR("none") : STR("no policy");
}

void
read_dmarc(struct facts *f, struct str name, const struct str *text, size_t count)
{
	struct dmarc d = { .f = f, .name = name };
	size_t records = 0;
	uint64_t percent = 100;
	for (size_t i = 0; i < count; i++)
		if (is_dmarc(text[i]) && records++ == 0)
			d.record = text[i];
	if (records == 1)
		take_tags(&d);
	if (!str_to_u64(d.percent, &percent) || percent > 100)
		percent = 100;
	struct fact *fact = fact_add(f, FACT_DMARC_POLICY, THING_NAME, name);
	if (!fact)
		return;
	fact->number = records == 1 ? (int64_t)percent : 0;
	fact_text(f, records == 0 ? STR("missing") : records > 1 ? STR("two records") : policy(&d));
	fact_evidence(f, d.record);
}
