/* /api/v1/exposure/record: one banner, what its source stated apart from what mamori inferred; /export: many, as files. */
#include "base/csv.h"
#include "exposure/banner-out.h"
#include "server/api.h"
#include "server/exposure_ask.h"
#include "server/exposures.h"

#include <arpa/inet.h>

enum {
	RAW_SHOWN = 1 << 20,
	TEXT_SHOWN = 256 << 10,
	EARLIER_MAX = 50,
	SERVICES_MAX = 100,
	EXPORT_DEFAULT = 2000,
	EXPORT_MAX = 10000,
	EXPORT_BYTES = 16 << 20, /* of one answer; the next begins where it ended */
};

/* ---- which ---- */

static bool
address_read(struct str text, unsigned char ip[16])
{
	char plain[INET6_ADDRSTRLEN] = "";
	if (text.len >= sizeof(plain))
		return false;
	memcpy(plain, text.ptr, text.len);
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	memcpy(ip, mapped, sizeof(mapped));
	return inet_pton(AF_INET, plain, ip + 12) == 1 || inet_pton(AF_INET6, plain, ip) == 1;
}

struct which {
	unsigned char ip[16];
	uint64_t port;
	struct str transport;
	int64_t timestamp;
};

static bool
key_read(struct str key, struct which *out, struct err *e)
{
	struct str ip, port, when, rest;
	if (str_split(key, '~', &ip, &rest) && address_read(ip, out->ip) && str_split(rest, '~', &port, &rest) &&
	    str_to_u64(port, &out->port) && out->port <= UINT16_MAX && str_split(rest, '~', &out->transport, &when) &&
	    str_to_i64(when, &out->timestamp))
		return true;
	return err_set(e, ERR_USAGE, "key must be ADDRESS~PORT~TRANSPORT~MILLISECONDS, as a search gives it");
}

static struct query *
query_of_host(struct arena *a, const struct which *k)
{
	struct query *q = ARENA_NEW(a, struct query);
	*q = (struct query){ .kind = QUERY_NET, .field = FIELD_IP, .prefix = 128 };
	memcpy(q->net, k->ip, 16);
	return q;
}

static struct query *
query_of_service(struct arena *a, const struct which *k)
{
	struct query *q = query_and_range(a, query_of_host(a, k), FIELD_PORT, (int64_t)k->port, (int64_t)k->port);
	return query_and_equal(a, q, FIELD_TRANSPORT, k->transport);
}

/* ---- one banner ---- */

static bool
is_key(unsigned f)
{
	return f == FIELD_IP || f == FIELD_PORT || f == FIELD_TRANSPORT || f == FIELD_TIMESTAMP;
}

static struct str
shown(struct str s, size_t max)
{
	size_t n = s.len < max ? s.len : max;
	while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	return str_head(s, n);
}

/* {"field":[{"value","confidence"?}]}: in the order of the table. */
static void
values_write(struct json_writer *w, const struct banner *b, unsigned from, unsigned to)
{
	json_begin_object(w);
	for (unsigned f = from; f < to; f++) {
		if (is_key(f) || !exposure_first(b, (enum field)f))
			continue;
		json_key(w, field_table[f].name);
		json_begin_array(w);
		for (size_t i = 0; i < b->count; i++) {
			struct banner_value v = b->values[i];
			if ((unsigned)v.field != f)
				continue;
			v.text = shown(v.text, TEXT_SHOWN);
			exposure_json_value(w, &v);
		}
		json_end_array(w);
	}
	json_end_object(w);
}

static void
origins_write(struct json_writer *w, const struct banner *b)
{
	json_begin_array(w);
	for (size_t i = 0; i < b->origin_count; i++) {
		json_begin_object(w);
		json_put_str(w, "source", b->origins[i]->source);
		json_put_str(w, "file", b->origins[i]->file);
		json_put_str(w, "digest", b->origins[i]->digest);
		json_put_str(w, "snapshot", b->origins[i]->snapshot);
		json_put_time(w, "imported_at", b->origins[i]->imported_at);
		json_put_str(w, "rules", b->origins[i]->rules);
		json_end_object(w);
	}
	json_end_array(w);
}

/* As text: a record may be anything, and half of one is no JSON. */
static void
raw_write(struct json_writer *w, struct str raw)
{
	struct str rest = raw, one;
	json_begin_array(w);
	while (str_cut(&rest, BANNER_RAW_JOINT, &one)) {
		json_begin_object(w);
		json_put_i64(w, "bytes", (int64_t)one.len);
		json_put_str(w, "text", shown(one, RAW_SHOWN));
		json_end_object(w);
	}
	json_end_array(w);
}

struct record_out {
	struct request *r;
	bool found;
};

static bool
record_one(void *user, const struct banner *b, struct err *e)
{
	struct record_out *o = user;
	struct json_writer *w = &o->r->w;
	BUF_AUTO ip = { 0 };
	(void)e;
	o->found = true;
	exposure_address(b->ip, &ip);
	json_put_str(w, "key", banner_key_text(&o->r->arena, b));
	json_put_str(w, "ip", buf_str(&ip));
	json_put_i64(w, "port", b->port);
	json_put_cstr(w, "transport", transport_name(b->transport));
	json_put_time(w, "timestamp", b->timestamp);
	json_key(w, "stated");
	values_write(w, b, 0, FIELD_COUNTRY_INFERRED);
	json_key(w, "inferred");
	values_write(w, b, FIELD_COUNTRY_INFERRED, FIELDS);
	json_key(w, "origins");
	origins_write(w, b);
	json_key(w, "raw");
	raw_write(w, b->raw);
	return true;
}

/* ---- what else there is of the service, and of the host ---- */

static bool
other_one(void *user, const struct banner *b, struct err *e)
{
	struct request *r = user;
	struct json_writer *w = &r->w;
	static const enum field told[] = { FIELD_PRODUCT, FIELD_VERSION, FIELD_MODULE, FIELD_SNAPSHOT, FIELD_CLASS };
	(void)e;
	json_begin_object(w);
	json_put_str(w, "key", banner_key_text(&r->arena, b));
	json_put_i64(w, "port", b->port);
	json_put_cstr(w, "transport", transport_name(b->transport));
	json_put_time(w, "timestamp", b->timestamp);
	for (size_t i = 0; i < COUNT(told); i++) {
		BUF_AUTO text = { 0 };
		exposure_value(b, told[i], &text);
		json_key(w, field_table[told[i]].name);
		json_str_or_null(w, text.len ? shown(buf_str(&text), 200) : STR_NONE);
	}
	json_end_object(w);
	return true;
}

static bool
others_write(struct request *r, struct asking *x, const char *key, struct query *q, uint64_t most, struct err *e)
{
	struct exposure_page page = { .limit = most, .sort = FIELDS };
	json_key(&r->w, key);
	json_begin_array(&r->w);
	if (!x->use.backend->search(x->use.state, q, &page, other_one, r, e))
		return false;
	json_end_array(&r->w);
	return true;
}

bool
api_exposure_record(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "key", NULL };
	ASKING_AUTO x = { 0 };
	struct which k = { 0 };
	struct record_out o = { .r = r };
	struct exposure_page page = { .limit = 1, .sort = FIELDS, .raw = true };
	if (!asking_open(r, allowed, &x, e) || !key_read(ask_text(r, "key"), &k, e))
		return false;
	struct query *service = query_of_service(&r->arena, &k);
	json_begin_object(&r->w);
	if (!x.use.backend->search(x.use.state,
				   query_and_range(&r->arena, service, FIELD_TIMESTAMP, k.timestamp, k.timestamp),
				   &page, record_one, &o, e))
		return false;
	if (!o.found)
		return err_set(e, ERR_NOT_FOUND,
			       "this banner is not among the imported ones any more; search for its address");
	if (!others_write(r, &x, "earlier", service, EARLIER_MAX, e) ||
	    !others_write(r, &x, "services", query_of_host(&r->arena, &k), SERVICES_MAX, e))
		return false;
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}

/* ---- files ---- */

enum form { FORM_CSV, FORM_JSONL, FORM_GEOJSON };
static const struct {
	const char *name, *type;
} forms[] = {
	[FORM_CSV] = { "csv", "text/csv; charset=utf-8" },
	[FORM_JSONL] = { "jsonl", "application/x-ndjson" },
	[FORM_GEOJSON] = { "geojson", "application/geo+json" },
};

struct export_out {
	struct request *r;
	enum form form;
	struct cursor next;
	uint64_t shown, limit;
	bool first, more, raw;
};

static void
csv_row(struct buf *out, const struct banner *b)
{
	for (size_t i = 0; i < exposure_csv_field_count; i++) {
		BUF_AUTO text = { 0 };
		if (b)
			exposure_value(b, exposure_csv_fields[i], &text);
		else
			buf_add(&text, str_of(field_table[exposure_csv_fields[i]].name));
		csv_add(out, buf_str(&text), i + 1 == exposure_csv_field_count);
	}
}

static bool
export_one(void *user, const struct banner *b, struct err *e)
{
	struct export_out *o = user;
	struct buf *out = &o->r->out;
	struct json_writer w = { .out = out };
	(void)e;
	if (o->more || o->shown == o->limit || out->len > EXPORT_BYTES) {
		o->more = true;
		return true;
	}
	if (o->form == FORM_CSV) {
		csv_row(out, b);
	} else if (o->form == FORM_JSONL) {
		exposure_json(&w, b, o->raw);
		buf_add_char(out, '\n');
	} else {
		buf_add(out, o->first && !o->shown ? STR("") : STR(","));
		exposure_geojson(&w, b);
		buf_add_char(out, '\n');
	}
	cursor_pass(&o->next, b);
	o->shown++;
	return true;
}

static bool
form_read(struct request *r, enum form *out, struct err *e)
{
	struct str text = ask_text(r, "format");
	for (size_t i = 0; i < COUNT(forms); i++) {
		if (str_eq(text, str_of(forms[i].name))) {
			*out = (enum form)i;
			return true;
		}
	}
	return err_set(e, ERR_USAGE, "format must be csv, jsonl or geojson");
}

/* What later pieces of one export have in common. */
static uint64_t
export_mark(const struct request *r, const struct export_out *o)
{
	uint64_t mark = str_hash(r->user, 1 + (uint64_t)o->form * 2 + o->raw);
	struct str q = ask_text(r, "q");
	return str_hash(q.ptr ? q : STR(""), mark);
}

struct export_told { /* for the audit log */
	uint64_t banners, mark;
	enum form form;
	bool raw, later; /* a piece of what was told already */
};

static bool
export_tell(struct request *r, struct asking *x, const struct export_out *o, struct err *e)
{
	struct export_told *t = ARENA_NEW(&r->arena, struct export_told);
	*t = (struct export_told){ .mark = export_mark(r, o), .form = o->form, .raw = o->raw };
	t->later = !o->first && exposure_export_known(r->app->exposure, t->mark, r->now);
	r->prepared = t;
	return t->later || x->use.backend->count(x->use.state, x->q, &t->banners, e);
}

bool
api_exposure_export_prepare(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", "format", "cursor", "raw", NULL };
	ASKING_AUTO x = { 0 };
	struct export_out o = { .r = r };
	if (!asking_begin(r, allowed, &x, e))
		return false;
	o.first = !ask_text(r, "cursor").len;
	o.raw = str_eq(ask_text(r, "raw"), STR("true"));
	if (!form_read(r, &o.form, e) || !cursor_read(r, &o.next, e) ||
	    !ask_number(r, "limit", EXPORT_DEFAULT, EXPORT_MAX, &o.limit, e) || !export_tell(r, &x, &o, e))
		return false;
	struct query *q = o.next.until == INT64_MAX
				  ? x.q
				  : query_and_range(&r->arena, x.q, FIELD_TIMESTAMP, INT64_MIN, o.next.until);
	struct exposure_page page = { .offset = o.next.skip, .limit = o.limit + 1, .sort = FIELDS, .raw = true };
	if (o.form == FORM_CSV && o.first)
		csv_row(&r->out, NULL);
	if (o.form == FORM_GEOJSON && o.first)
		buf_add(&r->out, STR("{\"type\":\"FeatureCollection\",\"features\":[\n"));
	if (!x.use.backend->search(x.use.state, q, &page, export_one, &o, e))
		return false;
	if (o.form == FORM_GEOJSON && !o.more)
		buf_add(&r->out, STR("]}\n"));
	r->raw = true;
	request_header(r, "Content-Type", forms[o.form].type);
	request_header(r, "Cache-Control", "no-store");
	request_header(r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
	if (o.more)
		request_header(r, "X-Mamori-Next", cursor_text(&r->arena, &o.next).ptr);
	return true;
}

/* Nothing leaves before it is in the audit log: with the query, and how many banners match. */
bool
api_exposure_export(struct request *r, struct err *e)
{
	const struct export_told *t = r->prepared;
	struct str q = ask_text(r, "q");
	if (t->later)
		return true;
	exposure_export_note(r->app->exposure, t->mark, r->now);
	return request_audit(r, "exposure.export",
			     arena_printf(&r->arena, "%s%s", forms[t->form].name, t->raw ? " raw" : ""),
			     arena_printf(&r->arena, "%llu banners: %.*s", (unsigned long long)t->banners,
					  STR_ARG(str_head(q.ptr ? q : STR(""), 1000))),
			     e);
}
