/* Banners for programs (exposure/banner-out.h). */
#include "exposure/banner-out.h"

#include "base/time.h"

#include <arpa/inet.h>

void
exposure_address(const unsigned char ip[16], struct buf *out)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char text[INET6_ADDRSTRLEN] = "";
	bool four = memcmp(ip, mapped, sizeof(mapped)) == 0;

	(void)inet_ntop(four ? AF_INET : AF_INET6, four ? ip + 12 : ip, text, sizeof(text));
	buf_add(out, str_of(text));
}

const struct banner_value *
exposure_first(const struct banner *b, enum field f)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == f)
			return &b->values[i];
	return NULL;
}

const char *
transport_name(enum transport t)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "other" };
	return names[t & 3];
}

static void
number_out(enum field f, int64_t n, struct buf *out)
{
	char text[TIME_RFC3339_MAX];

	if (field_table[f].kind == FIELD_BOOL)
		buf_addf(out, "%s", n ? "true" : "false");
	else if (field_table[f].kind == FIELD_TIME)
		buf_addf(out, "%s", time_rfc3339(n, text));
	else if (f == FIELD_LATITUDE || f == FIELD_LONGITUDE)
		buf_addf(out, "%.6f", (double)n / 1e6);
	else
		buf_addf(out, "%lld", (long long)n);
}

static bool
is_number(enum field f)
{
	return field_table[f].kind == FIELD_NUMBER || field_table[f].kind == FIELD_TIME ||
	       field_table[f].kind == FIELD_BOOL;
}

void
exposure_value(const struct banner *b, enum field f, struct buf *out)
{
	bool more = false;

	if (f == FIELD_IP)
		exposure_address(b->ip, out);
	else if (f == FIELD_PORT)
		buf_addf(out, "%u", b->port);
	else if (f == FIELD_TRANSPORT)
		buf_addf(out, "%s", transport_name(b->transport));
	else if (f == FIELD_TIMESTAMP)
		number_out(f, b->timestamp, out);
	for (size_t i = 0; i < b->count; i++) {
		if (b->values[i].field != f)
			continue;
		buf_addf(out, "%s", more ? ", " : "");
		if (is_number(f))
			number_out(f, b->values[i].number, out);
		else
			buf_add(out, b->values[i].text);
		more = true;
	}
}

static void
json_value(struct json_writer *w, const struct banner_value *v)
{
	BUF_AUTO text = { 0 };

	if (field_table[v->field].kind == FIELD_BOOL)
		json_bool(w, v->number != 0);
	else if (v->field == FIELD_LATITUDE || v->field == FIELD_LONGITUDE)
		json_double(w, (double)v->number / 1e6, 6);
	else if (field_table[v->field].kind == FIELD_NUMBER)
		json_i64(w, v->number);
	else if (field_table[v->field].kind == FIELD_TIME)
		number_out(v->field, v->number, &text), json_str(w, buf_str(&text));
	else
		json_str(w, v->text);
}

/* What mamori infers says how sure it is. */
void
exposure_json_value(struct json_writer *w, const struct banner_value *v)
{
	if (v->confidence == 0) {
		json_value(w, v);
		return;
	}
	json_begin_object(w);
	json_key(w, "value");
	json_value(w, v);
	json_put_i64(w, "confidence", v->confidence);
	json_end_object(w);
}

static void
put_one(struct json_writer *w, const char *key, const struct banner *b, enum field f)
{
	const struct banner_value *v = exposure_first(b, f);

	json_key(w, key);
	if (v)
		json_value(w, v);
	else
		json_null(w);
}

static void
put_list(struct json_writer *w, const char *key, const struct banner *b, enum field f, bool sure)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < b->count; i++) {
		if (b->values[i].field != f)
			continue;
		if (sure)
			exposure_json_value(w, &b->values[i]);
		else
			json_value(w, &b->values[i]);
	}
	json_end_array(w);
}

/* Fields that have their place in every record. */
static const enum field placed[] = { FIELD_HOSTNAME, FIELD_COUNTRY,   FIELD_CITY, FIELD_REGION, FIELD_POSTAL,
				     FIELD_LATITUDE, FIELD_LONGITUDE, FIELD_ASN,  FIELD_ORG,    FIELD_OS,
				     FIELD_PRODUCT,  FIELD_VERSION,   FIELD_TLS,  FIELD_CLASS,  FIELD_SUPPORT,
				     FIELD_SOURCE,   FIELD_DATA };

static bool
is_placed(enum field f)
{
	for (size_t i = 0; i < COUNT(placed); i++)
		if (placed[i] == f)
			return true;
	return false;
}

static void
put_location(struct json_writer *w, const struct banner *b)
{
	json_key(w, "location");
	json_begin_object(w);
	put_one(w, "country_code", b, FIELD_COUNTRY);
	put_one(w, "country", b, FIELD_COUNTRY);
	put_one(w, "region", b, FIELD_REGION);
	put_one(w, "city", b, FIELD_CITY);
	put_one(w, "postal", b, FIELD_POSTAL);
	put_one(w, "latitude", b, FIELD_LATITUDE);
	put_one(w, "longitude", b, FIELD_LONGITUDE);
	json_end_object(w);
}

/* A record as it came: as JSON where it is JSON, else as text; of several sources one behind the other. */
void
exposure_json_raw(struct json_writer *w, struct str raw)
{
	struct str one;
	bool several = str_find_char(raw, BANNER_RAW_JOINT) >= 0;

	if (several)
		json_begin_array(w);
	while (str_cut(&raw, BANNER_RAW_JOINT, &one)) {
		ARENA_AUTO a = { 0 };
		struct json *tree;
		struct err e = { 0 };
		if (json_parse(&a, one, NULL, &tree, &e))
			json_tree(w, tree);
		else
			json_str(w, one);
	}
	if (several)
		json_end_array(w);
}

static void
put_others(struct json_writer *w, const struct banner *b)
{
	for (unsigned f = 0; f < FIELDS; f++) {
		const struct banner_value *v = exposure_first(b, (enum field)f);
		if (!v || is_placed((enum field)f))
			continue;
		if (field_table[f].many) {
			put_list(w, field_table[f].name, b, (enum field)f, true);
		} else {
			json_key(w, field_table[f].name);
			exposure_json_value(w, v);
		}
	}
}

void
exposure_json_keys(struct json_writer *w, const struct banner *b)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO source = { 0 };
	char when[TIME_RFC3339_MAX];

	exposure_address(b->ip, &text);
	exposure_value(b, FIELD_SOURCE, &source);
	json_put_str(w, "ip", buf_str(&text));
	json_put_i64(w, "port", b->port);
	json_put_cstr(w, "transport", transport_name(b->transport));
	json_put_cstr(w, "timestamp", time_rfc3339(b->timestamp, when));
	put_list(w, "hostnames", b, FIELD_HOSTNAME, false);
	put_location(w, b);
	put_one(w, "asn", b, FIELD_ASN);
	put_one(w, "org", b, FIELD_ORG);
	put_one(w, "os", b, FIELD_OS);
	put_one(w, "product", b, FIELD_PRODUCT);
	put_one(w, "version", b, FIELD_VERSION);
	put_one(w, "tls", b, FIELD_TLS);
	put_list(w, "class", b, FIELD_CLASS, false);
	put_one(w, "support", b, FIELD_SUPPORT);
	json_put_str(w, "source", buf_str(&source));
	if (exposure_first(b, FIELD_DATA))
		put_one(w, "data", b, FIELD_DATA);
	put_others(w, b);
}

void
exposure_json(struct json_writer *w, const struct banner *b, bool raw)
{
	json_begin_object(w);
	exposure_json_keys(w, b);
	if (raw) {
		json_key(w, "raw");
		exposure_json_raw(w, b->raw);
	}
	json_end_object(w);
}

void
exposure_geojson(struct json_writer *w, const struct banner *b)
{
	const struct banner_value *lat = exposure_first(b, FIELD_LATITUDE), *lon = exposure_first(b, FIELD_LONGITUDE);

	json_begin_object(w);
	json_put_cstr(w, "type", "Feature");
	json_key(w, "geometry");
	if (lat && lon) {
		json_begin_object(w);
		json_put_cstr(w, "type", "Point");
		json_key(w, "coordinates");
		json_begin_array(w);
		json_double(w, (double)lon->number / 1e6, 6);
		json_double(w, (double)lat->number / 1e6, 6);
		json_end_array(w);
		json_end_object(w);
	} else {
		json_null(w);
	}
	json_key(w, "properties");
	exposure_json(w, b, false);
	json_end_object(w);
}

const enum field exposure_csv_fields[] = { FIELD_IP,       FIELD_PORT,    FIELD_TRANSPORT,   FIELD_TIMESTAMP,
					   FIELD_HOSTNAME, FIELD_COUNTRY, FIELD_CITY,        FIELD_ASN,
					   FIELD_ORG,      FIELD_OS,      FIELD_PRODUCT,     FIELD_VERSION,
					   FIELD_TLS,      FIELD_CLASS,   FIELD_SUPPORT,     FIELD_TAG,
					   FIELD_VULN,     FIELD_SOURCE,  FIELD_OS_INFERRED, FIELD_DATA };
const size_t exposure_csv_field_count = COUNT(exposure_csv_fields);
