#include "vuln/record.h"
#include "vuln/wire.h"

#include <math.h>

static void
put_double(struct buf *b, double d, double scale)
{
	wire_put_u32(b, d < 0 ? UINT32_MAX : (uint32_t)lround(d * scale));
}

static double
get_double(struct wire *w, double scale)
{
	uint32_t v = wire_u32(w);
	return v == UINT32_MAX ? -1 : v / scale;
}

static void
put_strings(struct buf *b, const struct str *items, size_t count)
{
	wire_put_u32(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		wire_put_str(b, items[i]);
}

/* In front of a body: how it is written. Bodies of earlier versions are still read. */
enum body_kind {
	BODY_ADVISORY_1 = 1,
	BODY_VULNERABILITY_1,
	BODY_EOL,
	BODY_PRODUCT,
	BODY_ADVISORY,
	BODY_VULNERABILITY_2,
	BODY_VULNERABILITY /* with the day on which its products were known */
};

/* Which facts of a vulnerability follow, in this order. */
enum fact {
	FACT_ID = 1 << 0,
	FACT_SCORE = 1 << 1, /* u8 severity, u8 rank, u32 cvss × 10, text vector */
	FACT_EPSS = 1 << 2, /* u32 millionths */
	FACT_KEV = 1 << 3, /* u8 ransomware, u64 added, u64 due */
	FACT_TITLE = 1 << 4,
	FACT_JAPANESE = 1 << 5, /* text title, text summary */
	FACT_SSVC = 1 << 6, /* u8 exploitation | automatable << 2 | impact << 4 */
	FACT_PRODUCTS = 1 << 7,
};

static void
encode_affected(const struct affected_list *list, struct buf *b)
{
	wire_put_u32(b, (uint32_t)list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct affected *f = &list->items[i];
		wire_put_str(b, f->os);
		wire_put_str(b, f->name);
		wire_put_u32(b, (uint32_t)f->ranges.count);
		for (size_t k = 0; k < f->ranges.count; k++) {
			wire_put_u8(b, (uint8_t)f->ranges.items[k].kind);
			wire_put_str(b, f->ranges.items[k].introduced);
			wire_put_str(b, f->ranges.items[k].limit);
			wire_put_str(b, f->ranges.items[k].note);
		}
	}
}

static void
encode_advisory(const struct advisory *v, struct buf *b)
{
	wire_put_str(b, v->id);
	wire_put_str(b, v->title);
	wire_put_u64(b, (uint64_t)v->date);
	wire_put_u8(b, (uint8_t)v->severity);
	wire_put_u8(b, (uint8_t)v->score_rank);
	wire_put_u8(b, v->bundle);
	put_double(b, v->cvss, 10);
	put_strings(b, v->vulnerabilities.items, v->vulnerabilities.count);
	put_strings(b, v->aliases.items, v->aliases.count);
	encode_affected(&v->affected, b);
}

static void
encode_vulnerability(const struct record *r, struct str key, struct buf *b)
{
	const struct vulnerability *v = &r->vulnerability;
	unsigned ssvc =
		(unsigned)v->ssvc.exploitation | (unsigned)v->ssvc.automatable << 2 | (unsigned)v->ssvc.impact << 4;
	bool scored = v->severity != SEVERITY_UNKNOWN || v->cvss >= 0 || v->vector.len > 0;
	bool japanese = v->title_ja.len > 0 || v->summary_ja.len > 0;
	wire_put_u8(b, (uint8_t)((str_eq(v->id, key) ? 0 : FACT_ID) | (scored ? FACT_SCORE : 0) |
				 (v->epss >= 0 ? FACT_EPSS : 0) | (v->kev ? FACT_KEV : 0) |
				 (v->title.len ? FACT_TITLE : 0) | (japanese ? FACT_JAPANESE : 0) |
				 (ssvc ? FACT_SSVC : 0) | (r->products.count ? FACT_PRODUCTS : 0)));
	if (!str_eq(v->id, key))
		wire_put_str(b, v->id);
	if (scored) {
		wire_put_u8(b, (uint8_t)v->severity);
		wire_put_u8(b, (uint8_t)v->score_rank);
		put_double(b, v->cvss, 10);
		wire_put_str(b, v->vector);
	}
	if (v->epss >= 0)
		put_double(b, v->epss, 1e6);
	if (v->kev) {
		wire_put_u8(b, v->kev_ransomware);
		wire_put_u64(b, (uint64_t)v->kev_added);
		wire_put_u64(b, (uint64_t)v->kev_due);
	}
	if (v->title.len)
		wire_put_str(b, v->title);
	if (japanese) {
		wire_put_str(b, v->title_ja);
		wire_put_str(b, v->summary_ja);
	}
	if (ssvc)
		wire_put_u8(b, (uint8_t)ssvc);
	if (r->products.count) {
		wire_put_u64(b, (uint64_t)r->published);
		encode_affected(&r->products, b);
	}
}

void
record_encode(const struct record *r, struct str key, struct buf *out)
{
	static const enum body_kind bodies[] = { [RECORD_ADVISORY] = BODY_ADVISORY,
						 [RECORD_VULNERABILITY] = BODY_VULNERABILITY,
						 [RECORD_EOL] = BODY_EOL,
						 [RECORD_PRODUCT] = BODY_PRODUCT };
	wire_put_u8(out, (uint8_t)bodies[r->kind]);
	switch (r->kind) {
	case RECORD_ADVISORY:
		encode_advisory(&r->advisory, out);
		return;
	case RECORD_VULNERABILITY:
		encode_vulnerability(r, key, out);
		return;
	case RECORD_EOL:
	case RECORD_PRODUCT:
		break;
	}
	wire_put_str(out, r->product.name);
	wire_put_str(out, r->product.title);
	wire_put_u32(out, (uint32_t)r->product.cycles.count);
	for (size_t i = 0; i < r->product.cycles.count; i++) {
		const struct eol_cycle *c = &r->product.cycles.items[i];
		wire_put_str(out, c->cycle);
		wire_put_u64(out, (uint64_t)c->support);
		wire_put_u64(out, (uint64_t)c->eol);
		wire_put_u64(out, (uint64_t)c->extended);
	}
}

static void
decode_affected(struct wire *w, bool noted, struct arena *a, struct affected_list *list)
{
	uint32_t n = wire_count(w, 12);
	for (uint32_t i = 0; i < n && !w->bad; i++) {
		struct affected *f = ARRAY_PUSH(a, list);
		*f = (struct affected){ .os = wire_str(w) };
		f->name = wire_str(w);
		uint32_t ranges = wire_count(w, 9);
		for (uint32_t k = 0; k < ranges && !w->bad; k++) {
			struct affected_range *g = ARRAY_PUSH(a, &f->ranges);
			uint8_t kind = wire_u8(w);
			w->bad = w->bad || kind >= RANGE_KINDS;
			g->kind = (enum range_kind)kind;
			g->introduced = wire_str(w);
			g->limit = wire_str(w);
			g->note = noted ? wire_str(w) : STR("");
		}
	}
}

static enum severity
get_severity(struct wire *w)
{
	uint8_t severity = wire_u8(w);
	w->bad = w->bad || severity > SEVERITY_CRITICAL;
	return (enum severity)severity;
}

static enum score_rank
get_rank(struct wire *w)
{
	uint8_t rank = wire_u8(w);
	w->bad = w->bad || rank > SCORE_CNA;
	return (enum score_rank)rank;
}

static void
decode_advisory(struct wire *w, bool first_version, struct arena *a, struct advisory *v)
{
	v->id = wire_str(w);
	v->title = wire_str(w);
	v->date = (int64_t)wire_u64(w);
	v->severity = get_severity(w);
	v->score_rank = first_version ? SCORE_ADVISORY : get_rank(w);
	v->bundle = wire_u8(w) != 0;
	v->cvss = get_double(w, 10);
	uint32_t n = wire_count(w, 4);
	for (uint32_t i = 0; i < n && !w->bad; i++)
		*ARRAY_PUSH(a, &v->vulnerabilities) = wire_str(w);
	n = wire_count(w, 4);
	for (uint32_t i = 0; i < n && !w->bad; i++)
		*ARRAY_PUSH(a, &v->aliases) = wire_str(w);
	decode_affected(w, !first_version, a, &v->affected);
}

static void
decode_vulnerability_1(struct wire *w, struct vulnerability *v)
{
	v->id = wire_str(w);
	v->severity = get_severity(w);
	uint8_t flags = wire_u8(w);
	v->kev = flags & 1;
	v->kev_ransomware = flags & 2;
	v->cvss = get_double(w, 10);
	v->epss = get_double(w, 1e6);
	v->kev_added = (int64_t)wire_u64(w);
	v->kev_due = (int64_t)wire_u64(w);
	v->title = wire_str(w);
	v->score_rank = SCORE_ADVISORY;
}

static void
decode_ssvc(struct wire *w, struct ssvc *s)
{
	uint8_t bits = wire_u8(w);
	s->exploitation = (enum ssvc_exploitation)(bits & 3);
	s->automatable = (enum ssvc_automatable)(bits >> 2 & 3);
	s->impact = (enum ssvc_impact)(bits >> 4 & 3);
	w->bad = w->bad || bits >> 6 || s->automatable > SSVC_AUTOMATABLE_YES || s->impact > SSVC_IMPACT_TOTAL;
}

static void
decode_vulnerability(struct wire *w, struct str key, bool dated, struct arena *a, struct record *out)
{
	struct vulnerability *v = &out->vulnerability;
	uint8_t facts = wire_u8(w);
	*v = (struct vulnerability){ .cvss = -1, .epss = -1, .title = STR(""), .vector = STR("") };
	v->id = facts & FACT_ID ? wire_str(w) : key;
	if (facts & FACT_SCORE) {
		v->severity = get_severity(w);
		v->score_rank = get_rank(w);
		v->cvss = get_double(w, 10);
		v->vector = wire_str(w);
	}
	if (facts & FACT_EPSS)
		v->epss = get_double(w, 1e6);
	if (facts & FACT_KEV) {
		v->kev = true;
		v->kev_ransomware = wire_u8(w) != 0;
		v->kev_added = (int64_t)wire_u64(w);
		v->kev_due = (int64_t)wire_u64(w);
	}
	if (facts & FACT_TITLE)
		v->title = wire_str(w);
	if (facts & FACT_JAPANESE) {
		v->title_ja = wire_str(w);
		v->summary_ja = wire_str(w);
	}
	if (facts & FACT_SSVC)
		decode_ssvc(w, &v->ssvc);
	if (facts & FACT_PRODUCTS && dated)
		out->published = (int64_t)wire_u64(w);
	if (facts & FACT_PRODUCTS)
		decode_affected(w, true, a, &out->products);
}

static void
decode_product(struct wire *w, struct arena *a, struct record *out)
{
	out->product.name = wire_str(w);
	out->product.title = wire_str(w);
	uint32_t n = wire_count(w, 28);
	for (uint32_t i = 0; i < n && !w->bad; i++) {
		struct eol_cycle *c = ARRAY_PUSH(a, &out->product.cycles);
		c->cycle = wire_str(w);
		c->support = (int64_t)wire_u64(w);
		c->eol = (int64_t)wire_u64(w);
		c->extended = (int64_t)wire_u64(w);
	}
}

bool
record_decode(struct str key, struct str body, struct arena *a, struct record *out)
{
	struct wire w = { .rest = body };
	uint8_t kind = wire_u8(&w);
	*out = (struct record){ .kind = RECORD_ADVISORY };
	switch (kind) {
	case BODY_ADVISORY_1:
	case BODY_ADVISORY:
		decode_advisory(&w, kind == BODY_ADVISORY_1, a, &out->advisory);
		break;
	case BODY_VULNERABILITY_1:
		out->kind = RECORD_VULNERABILITY;
		decode_vulnerability_1(&w, &out->vulnerability);
		break;
	case BODY_VULNERABILITY_2:
	case BODY_VULNERABILITY:
		out->kind = RECORD_VULNERABILITY;
		decode_vulnerability(&w, key, kind == BODY_VULNERABILITY, a, out);
		break;
	case BODY_EOL:
	case BODY_PRODUCT:
		out->kind = kind == BODY_EOL ? RECORD_EOL : RECORD_PRODUCT;
		decode_product(&w, a, out);
		break;
	default:
		return false;
	}
	return !w.bad && w.rest.len == 0;
}

bool
cve_parse(struct str id, uint32_t *year, uint64_t *number)
{
	if (id.len < 13 || id.len > 20 || memcmp(id.ptr, "CVE-", 4) != 0 || id.ptr[8] != '-')
		return false;
	uint64_t n = 0;
	uint32_t y = 0;
	for (size_t i = 4; i < 8; i++) {
		if (id.ptr[i] < '0' || id.ptr[i] > '9')
			return false;
		y = y * 10 + (uint32_t)(id.ptr[i] - '0');
	}
	/* Longer numbers have no leading zero, so that an id and its number name each other. */
	if (id.len > 13 && id.ptr[9] == '0')
		return false;
	for (size_t i = 9; i < id.len; i++) {
		if (id.ptr[i] < '0' || id.ptr[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(id.ptr[i] - '0');
	}
	*year = y;
	*number = n;
	return true;
}
