/* Columns and stored record back to a banner (exposure/index-read.h). */
#include "exposure/index-read.h"

int64_t
column_number(struct segment *s, struct column *c, uint32_t doc, bool *there)
{
	uint32_t first = 0;

	*there = false;
	if (c->info->form != FORM_NUMBERS && c->info->form != FORM_PLAIN)
		return 0;
	if (column_entries(s, c, doc, &first) == 0)
		return 0;
	if (c->info->form == FORM_PLAIN) {
		*there = true;
		return column_plain(c, first);
	}
	uint64_t id = packed_get(&c->ids, first);
	if (id == 0 || id > c->info->values)
		return 0;
	*there = true;
	return number_at(c, (uint32_t)id - 1)->value;
}

static enum transport
transport_of(struct segment *s, uint32_t doc)
{
	struct column *c = &s->columns[FIELD_TRANSPORT];
	struct dict_walk w;
	uint32_t first = 0;

	if (c->info->form != FORM_VALUES || column_entries(s, c, doc, &first) == 0)
		return TRANSPORT_OTHER;
	uint64_t id = packed_get(&c->ids, first);
	if (id == 0 || !dict_from(s, c, (uint32_t)id - 1, &w) || !dict_next(&w))
		return TRANSPORT_OTHER;
	return str_eq(w.text, STR("tcp"))    ? TRANSPORT_TCP
	       : str_eq(w.text, STR("udp"))  ? TRANSPORT_UDP
	       : str_eq(w.text, STR("sctp")) ? TRANSPORT_SCTP
					     : TRANSPORT_OTHER;
}

void
banner_read_key(struct segment *s, uint32_t doc, struct banner_key *key)
{
	struct column *ip = &s->columns[FIELD_IP];
	bool there;

	memset(key, 0, sizeof(*key));
	if (ip->info->form == FORM_ADDRESS)
		column_address(ip, (uint32_t)packed_get(&ip->ids, doc), key->ip);
	key->port = (uint16_t)column_number(s, &s->columns[FIELD_PORT], doc, &there);
	key->transport = (uint8_t)transport_of(s, doc);
	key->timestamp = column_number(s, &s->columns[FIELD_TIMESTAMP], doc, &there);
}

typedef ARRAY_OF(struct banner_value) value_list;

static bool
decode_column(struct segment *s, unsigned field, uint32_t doc, struct arena *a, value_list *out)
{
	struct column *c = &s->columns[field];
	const unsigned char *sure = (const unsigned char *)c->part[SECTION_CONFIDENCE].ptr;
	struct dict_walk w;
	uint32_t first = 0;

	if (c->info->form == FORM_NONE || c->info->form == FORM_TEXT || c->info->form == FORM_ADDRESS)
		return true;
	if (!column_ready(s, c))
		return false;
	uint32_t n = column_entries(s, c, doc, &first);
	for (uint32_t i = first; i < first + n; i++) {
		struct banner_value v = { .field = (enum field)field, .confidence = c->info->confident ? sure[i] : 0 };
		if (c->info->form == FORM_PLAIN) {
			v.number = column_plain(c, i);
			*ARRAY_PUSH(a, out) = v;
			continue;
		}
		uint64_t id = packed_get(&c->ids, i);
		if (id == 0)
			continue;
		if (id > c->info->values)
			return segment_damage(s);
		if (c->info->form == FORM_NUMBERS) {
			v.number = number_at(c, (uint32_t)id - 1)->value;
		} else {
			if (!dict_from(s, c, (uint32_t)id - 1, &w) || !dict_next(&w))
				return false;
			v.text = arena_str(a, w.text);
		}
		*ARRAY_PUSH(a, out) = v;
	}
	return true;
}

static bool
decode_origins(struct segment *s, uint32_t doc, struct arena *a, struct decoded *out)
{
	value_list numbers = { 0 };

	if (!decode_column(s, COLUMN_ORIGIN, doc, a, &numbers))
		return false;
	out->origins = ARENA_ARRAY(a, uint32_t, numbers.count + 1);
	out->origin_count = numbers.count;
	for (size_t i = 0; i < numbers.count; i++)
		out->origins[i] = (uint32_t)numbers.items[i].number;
	return true;
}

bool
banner_decode(struct segment *s, uint32_t doc, bool raw, struct raw_cache *cache, struct arena *a, struct decoded *out)
{
	static const enum field key_columns[] = { FIELD_IP, FIELD_PORT, FIELD_TRANSPORT, FIELD_TIMESTAMP };
	struct raw_text *texts = NULL;
	struct banner_key key;
	value_list values = { 0 };
	size_t count = 0;

	*out = (struct decoded){ 0 };
	for (size_t i = 0; i < COUNT(key_columns); i++)
		if (!column_ready(s, &s->columns[key_columns[i]]))
			return false;
	banner_read_key(s, doc, &key);
	memcpy(out->banner.ip, key.ip, 16);
	out->banner.port = key.port;
	out->banner.transport = (enum transport)key.transport;
	out->banner.timestamp = key.timestamp;
	for (unsigned f = 0; f < FIELDS; f++)
		if (f != FIELD_PORT && f != FIELD_TRANSPORT && f != FIELD_TIMESTAMP &&
		    !decode_column(s, f, doc, a, &values))
			return false;
	if (raw && !raw_read(s, doc, cache, a, &out->banner.raw, &texts, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(a, &values) =
			(struct banner_value){ .field = texts[i].field, .text = texts[i].text, .at = texts[i].at };
	out->banner.values = values.items;
	out->banner.count = values.count;
	return decode_origins(s, doc, a, out);
}

/* intHash64() of ClickHouse. */
static uint64_t
mix(uint64_t x)
{
	x ^= 0x4cf2d2baae6da887u;
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

uint64_t
banner_key_hash(const struct banner_key *key, uint64_t seed)
{
	uint64_t high, low;

	memcpy(&high, key->ip, 8);
	memcpy(&low, key->ip + 8, 8);
	uint64_t service = (uint64_t)key->port * 4 + (key->transport & 3);
	return mix(mix(mix(mix(seed ^ high) ^ low) ^ service) ^ (uint64_t)key->timestamp);
}
