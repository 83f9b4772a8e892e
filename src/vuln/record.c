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

static void
encode_advisory(const struct advisory *v, struct buf *b)
{
	wire_put_str(b, v->id);
	wire_put_str(b, v->title);
	wire_put_u64(b, (uint64_t)v->date);
	wire_put_u8(b, (uint8_t)v->severity);
	wire_put_u8(b, v->bundle);
	put_double(b, v->cvss, 10);
	put_strings(b, v->vulnerabilities.items, v->vulnerabilities.count);
	put_strings(b, v->aliases.items, v->aliases.count);
	wire_put_u32(b, (uint32_t)v->affected.count);
	for (size_t i = 0; i < v->affected.count; i++) {
		const struct affected *f = &v->affected.items[i];
		wire_put_str(b, f->os);
		wire_put_str(b, f->name);
		wire_put_u32(b, (uint32_t)f->ranges.count);
		for (size_t k = 0; k < f->ranges.count; k++) {
			wire_put_u8(b, (uint8_t)f->ranges.items[k].kind);
			wire_put_str(b, f->ranges.items[k].introduced);
			wire_put_str(b, f->ranges.items[k].limit);
		}
	}
}

static void
encode_vulnerability(const struct vulnerability *v, struct buf *b)
{
	wire_put_str(b, v->id);
	wire_put_u8(b, (uint8_t)v->severity);
	wire_put_u8(b, (uint8_t)((v->kev ? 1 : 0) | (v->kev_ransomware ? 2 : 0)));
	put_double(b, v->cvss, 10);
	put_double(b, v->epss, 1e6);
	wire_put_u64(b, (uint64_t)v->kev_added);
	wire_put_u64(b, (uint64_t)v->kev_due);
	wire_put_str(b, v->title);
}

void
record_encode(const struct record *r, struct buf *out)
{
	wire_put_u8(out, (uint8_t)r->kind);
	switch (r->kind) {
	case RECORD_ADVISORY:
		encode_advisory(&r->advisory, out);
		return;
	case RECORD_VULNERABILITY:
		encode_vulnerability(&r->vulnerability, out);
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
decode_ranges(struct wire *w, struct arena *a, struct affected *f)
{
	uint32_t ranges = wire_count(w, 9);
	for (uint32_t k = 0; k < ranges && !w->bad; k++) {
		struct affected_range *g = ARRAY_PUSH(a, &f->ranges);
		uint8_t kind = wire_u8(w);
		if (kind >= RANGE_KINDS)
			w->bad = true;
		g->kind = (enum range_kind)kind;
		g->introduced = wire_str(w);
		g->limit = wire_str(w);
	}
}

static void
decode_advisory(struct wire *w, struct arena *a, struct advisory *v)
{
	v->id = wire_str(w);
	v->title = wire_str(w);
	v->date = (int64_t)wire_u64(w);
	uint8_t severity = wire_u8(w);
	if (severity > SEVERITY_CRITICAL)
		w->bad = true;
	v->severity = (enum severity)severity;
	v->bundle = wire_u8(w) != 0;
	v->cvss = get_double(w, 10);
	uint32_t n = wire_count(w, 4);
	for (uint32_t i = 0; i < n && !w->bad; i++)
		*ARRAY_PUSH(a, &v->vulnerabilities) = wire_str(w);
	n = wire_count(w, 4);
	for (uint32_t i = 0; i < n && !w->bad; i++)
		*ARRAY_PUSH(a, &v->aliases) = wire_str(w);
	n = wire_count(w, 12);
	for (uint32_t i = 0; i < n && !w->bad; i++) {
		struct affected *f = ARRAY_PUSH(a, &v->affected);
		*f = (struct affected){ .os = wire_str(w) };
		f->name = wire_str(w);
		decode_ranges(w, a, f);
	}
}

static void
decode_vulnerability(struct wire *w, struct vulnerability *v)
{
	v->id = wire_str(w);
	uint8_t severity = wire_u8(w), flags = wire_u8(w);
	if (severity > SEVERITY_CRITICAL)
		w->bad = true;
	v->severity = (enum severity)severity;
	v->kev = flags & 1;
	v->kev_ransomware = flags & 2;
	v->cvss = get_double(w, 10);
	v->epss = get_double(w, 1e6);
	v->kev_added = (int64_t)wire_u64(w);
	v->kev_due = (int64_t)wire_u64(w);
	v->title = wire_str(w);
}

bool
record_decode(struct str body, struct arena *a, struct record *out)
{
	struct wire w = { .rest = body };
	*out = (struct record){ .kind = (enum record_kind)wire_u8(&w) };
	switch (out->kind) {
	case RECORD_ADVISORY:
		decode_advisory(&w, a, &out->advisory);
		return !w.bad && w.rest.len == 0;
	case RECORD_VULNERABILITY:
		decode_vulnerability(&w, &out->vulnerability);
		return !w.bad && w.rest.len == 0;
	case RECORD_EOL:
	case RECORD_PRODUCT:
		break;
	default:
		return false;
	}
	out->product.name = wire_str(&w);
	out->product.title = wire_str(&w);
	uint32_t n = wire_count(&w, 28);
	for (uint32_t i = 0; i < n && !w.bad; i++) {
		struct eol_cycle *c = ARRAY_PUSH(a, &out->product.cycles);
		c->cycle = wire_str(&w);
		c->support = (int64_t)wire_u64(&w);
		c->eol = (int64_t)wire_u64(&w);
		c->extended = (int64_t)wire_u64(&w);
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
