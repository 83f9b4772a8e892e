#include "exposure/import-map.h"

#include "base/json.h"

/* ---- drafts ---- */

void
draft_reset(struct draft *d)
{
	struct banner_value *values = d->b.values;
	size_t cap = d->cap;

	memset(d, 0, sizeof(*d));
	d->b.values = values;
	d->cap = cap;
}

void
draft_free(struct draft *d)
{
	free(d->b.values);
	memset(d, 0, sizeof(*d));
}

static struct banner_value *
draft_place(struct draft *d, enum field f)
{
	bool many = field_table[f].many;

	if (!many && d->place[f])
		return &d->b.values[d->place[f] - 1];
	if (d->b.count == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 64;
		d->b.values = xrealloc(d->b.values, d->cap, sizeof(*d->b.values));
	}
	/* Past the cap the last value is overwritten: raw keeps them all. */
	if (d->b.count == BANNER_VALUES_MAX)
		d->b.count--;
	struct banner_value *v = &d->b.values[d->b.count++];
	d->place[f] = (uint16_t)d->b.count;
	memset(v, 0, sizeof(*v));
	v->field = f;
	return v;
}

void
draft_copy(struct draft *to, const struct draft *from)
{
	struct banner_value *values = to->b.values;
	size_t cap = to->cap;

	if (cap < from->cap) {
		values = xrealloc(values, from->cap, sizeof(*values));
		cap = from->cap;
	}
	*to = *from;
	to->b.values = values;
	to->cap = cap;
	if (from->b.count > 0)
		memcpy(values, from->b.values, from->b.count * sizeof(*values));
}

bool
draft_has(const struct draft *d, enum field f)
{
	return d->place[f] != 0;
}

void
draft_text(struct draft *d, enum field f, struct str text)
{
	struct banner_value *v = draft_place(d, f);

	v->text = text;
	v->at = 0;
	v->exact = false;
}

void
draft_number(struct draft *d, enum field f, int64_t n)
{
	draft_place(d, f)->number = n;
}

void
draft_value(struct draft *d, enum field f, struct str text)
{
	int64_t n;

	switch (field_table[f].kind) {
	case FIELD_KEYWORD:
	case FIELD_TEXT:
	case FIELD_HOST:
		draft_text(d, f, text);
		break;
	case FIELD_NUMBER:
		if (import_number(text, &n))
			draft_number(d, f, n);
		break;
	case FIELD_TIME:
		if (import_time(text, &n))
			draft_number(d, f, n);
		break;
	case FIELD_BOOL:
		if (str_eq_nocase(text, STR("true")) || str_eq(text, STR("1")))
			draft_number(d, f, 1);
		else if (str_eq_nocase(text, STR("false")) || str_eq(text, STR("0")))
			draft_number(d, f, 0);
		break;
	case FIELD_ADDRESS:
		break;
	}
}

bool
draft_address(struct draft *d, struct str text)
{
	if (!import_address(text, d->b.ip)) {
		d->skip = "bad-address";
		return false;
	}
	d->has_address = true;
	return true;
}

void
draft_port(struct draft *d, struct str text)
{
	int64_t n;

	d->has_port = false;
	if (!import_number(text, &n) || n < 0 || n > 65535) {
		d->skip = "port-out-of-range";
		return;
	}
	d->has_port = true;
	d->b.port = (uint16_t)n;
}

void
draft_transport(struct draft *d, struct str text)
{
	static const struct {
		const char *name;
		enum transport is;
	} names[] = { { "tcp", TRANSPORT_TCP },
		      { "udp", TRANSPORT_UDP },
		      { "sctp", TRANSPORT_SCTP },
		      { "quic", TRANSPORT_UDP } };

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq_nocase(text, str_of(names[i].name))) {
			d->b.transport = names[i].is;
			return;
		}
	d->b.transport = TRANSPORT_OTHER;
}

void
draft_timestamp(struct draft *d, struct str text)
{
	if (!import_time(text, &d->b.timestamp)) {
		d->skip = "bad-timestamp";
		return;
	}
	d->has_time = true;
}

void
import_skip(struct import_counts *counts, const char *reason, uint64_t n)
{
	void **place = table_put(&counts->skipped, str_of(reason), NULL);

	counts->read += n;
	*place = (void *)((uintptr_t)*place + (uintptr_t)n);
}

bool
sink_emit(struct import_sink *k, struct draft *d, int64_t time_otherwise)
{
	if (!d->skip && !d->has_address)
		d->skip = "no-address";
	if (!d->skip && !d->has_port)
		d->skip = "no-port";
	if (d->skip) {
		import_skip(k->counts, d->skip, 1);
		return true;
	}
	if (!d->has_time)
		d->b.timestamp = time_otherwise;
	k->counts->read++;
	if (!k->emit(k->user, &d->b, k->e))
		return false;
	k->counts->kept++;
	return true;
}

/* ---- rows ---- */

static struct str
value_text(const struct scan_value *v)
{
	switch ((enum scan_kind)v->kind) {
	case SCAN_STRING:
	case SCAN_NUMBER:
	case SCAN_KEY:
		return v->text;
	case SCAN_TRUE:
		return STR("true");
	case SCAN_FALSE:
		return STR("false");
	case SCAN_NULL:
	case SCAN_OPEN:
	case SCAN_CLOSE:
		break;
	}
	return STR_NONE;
}

static void
map_asn(struct mapper *m, struct draft *d, struct str text)
{
	int64_t n;

	if (import_number(text, &n) && n > 0)
		text = arena_printf(&m->arena, "AS%lld", (long long)n);
	if (text.len > 0)
		draft_text(d, FIELD_ASN, text);
}

static void
map_address_weak(struct draft *d, struct str text)
{
	uint64_t n;

	if (d->firm_address)
		return;
	if (str_to_u64(text, &n) && n <= UINT32_MAX) {
		memset(d->b.ip, 0, 10);
		d->b.ip[10] = d->b.ip[11] = 0xff;
		for (int i = 0; i < 4; i++)
			d->b.ip[12 + i] = (unsigned char)(n >> (24 - 8 * i));
		d->has_address = true;
	} else if (import_address(text, d->b.ip)) {
		d->has_address = true;
	}
}

static void
map_degrees(struct draft *d, enum field f, struct str text)
{
	double degrees;

	if (str_to_double(text, &degrees) && degrees >= -180 && degrees <= 180)
		draft_number(d, f, (int64_t)(degrees * 1e6 + (degrees < 0 ? -0.5 : 0.5)));
}

/* Rows that hold for objects and arrays as well. */
static bool
map_structure(struct draft *d, const struct map_row *row, const struct scan_value *v)
{
	if (row->how == MAP_PRESENT && v->kind != SCAN_NULL && v->kind != SCAN_CLOSE && v->kind != SCAN_FALSE)
		draft_number(d, row->field, 1);
	else if (row->how == MAP_COUNT && v->kind != SCAN_CLOSE)
		draft_number(d, row->field,
			     draft_has(d, row->field) ? d->b.values[d->place[row->field] - 1].number + 1 : 1);
	return row->how == MAP_PRESENT || row->how == MAP_COUNT || v->kind == SCAN_NULL || v->kind >= SCAN_OPEN;
}

static void
map_apply(struct mapper *m, const struct map_row *row, const struct scan_value *v, struct draft *d)
{
	struct str text = value_text(v);

	if (row->how == MAP_SPECIAL) {
		m->spec->special(m, row->field, v, d);
		return;
	}
	if (map_structure(d, row, v))
		return;
	switch ((enum map_how)row->how) {
	case MAP_WEAK:
		if (draft_has(d, row->field))
			break;
		__attribute__((fallthrough));
	case MAP_FIELD:
		draft_value(d, row->field, text);
		/* Where the record says it: looking for it costs more than the rest of the import of a small record. */
		if (field_table[row->field].kind == FIELD_TEXT) {
			d->b.values[d->place[row->field] - 1].at = v->at;
			d->b.values[d->place[row->field] - 1].exact = v->exact;
		}
		break;
	case MAP_DEGREES:
		map_degrees(d, row->field, text);
		break;
	case MAP_ASN:
		map_asn(m, d, text);
		break;
	case MAP_ADDRESS:
		d->firm_address = draft_address(d, text);
		break;
	case MAP_ADDRESS_WEAK:
		map_address_weak(d, text);
		break;
	case MAP_PORT:
		draft_port(d, text);
		break;
	case MAP_TRANSPORT:
		draft_transport(d, text);
		break;
	case MAP_TIMESTAMP:
		draft_timestamp(d, text);
		break;
	case MAP_VERSIONS:
		if (text.len > 0 && text.ptr[0] != '-' && text.ptr[0] != '!')
			draft_text(d, row->field, text);
		break;
	case MAP_PRESENT:
	case MAP_COUNT:
	case MAP_CONTAINER:
	case MAP_ITEM:
	case MAP_SPECIAL:
		break;
	}
}

/* ---- records ---- */

struct mapper *
mapper_new(const struct map_spec *spec, const struct import_context *context)
{
	struct mapper *m = xcalloc(1, sizeof(*m));
	char path[200];

	m->spec = spec;
	m->file_time = context->file_time;
	m->paths = scan_paths_new();
	for (size_t i = 0; i < spec->count; i++)
		scan_paths_add(m->paths, spec->rows[i].path, (uint16_t)(i + 1));
	for (size_t k = 0; spec->prefixes && spec->prefixes[k]; k++)
		for (size_t i = 0; i < spec->count; i++)
			if (spec->rows[i].how != MAP_ITEM) {
				snprintf(path, sizeof(path), "%s%s", spec->prefixes[k], spec->rows[i].path);
				scan_paths_add(m->paths, path, (uint16_t)(i + 1));
			}
	scan_paths_ready(m->paths);
	return m;
}

void
mapper_free(void *user)
{
	struct mapper *m = user;

	if (!m)
		return;
	scanner_free(&m->scan);
	scan_paths_free(m->paths);
	draft_free(&m->base);
	draft_free(&m->draft);
	buf_free(&m->raw);
	buf_free(&m->text);
	arena_free(&m->arena);
	free(m);
}

static bool
mapper_emit(struct mapper *m, struct draft *d, struct import_sink *k)
{
	if (m->spec->finish)
		m->spec->finish(m, d);
	return sink_emit(k, d, m->file_time);
}

/* The record with only this item in the items' container: complete, and readable again. Where the table does not name the
 * container, the item stands for itself. */
static struct str
raw_of_item(struct mapper *m, struct str record, struct str container, struct str item)
{
	struct json_writer w = { .out = &m->raw };

	buf_truncate(&m->raw, 0);
	if (!container.ptr)
		return item;
	buf_add(&m->raw, str_sub(record.ptr, (size_t)(container.ptr - record.ptr)));
	buf_add_char(&m->raw, container.ptr[0]);
	if (container.ptr[0] == '{') {
		json_str(&w, m->key);
		buf_add_char(&m->raw, ':');
	}
	buf_add(&m->raw, item);
	buf_add_char(&m->raw, container.ptr[container.len - 1]);
	const char *behind = container.ptr + container.len;
	buf_add(&m->raw, str_sub(behind, (size_t)(record.ptr + record.len - behind)));
	return buf_str(&m->raw);
}

static const struct map_row *
row_of(const struct mapper *m, const struct scan_value *v)
{
	return &m->spec->rows[v->id - 1];
}

static bool
is_item(const struct mapper *m, const struct scan_value *v)
{
	return row_of(m, v)->how == MAP_ITEM && v->kind != SCAN_KEY && v->kind != SCAN_CLOSE && v->kind != SCAN_NULL;
}

/* One past the values of the item that begins at i (an object ends with its CLOSE; a bare value is its own end). */
static size_t
item_end(const struct mapper *m, size_t i)
{
	uint16_t id = m->scan.values[i].id;

	if (m->scan.values[i].kind != SCAN_OPEN)
		return i + 1;
	for (size_t at = i + 1; at < m->scan.count; at++)
		if (m->scan.values[at].id == id && m->scan.values[at].kind == SCAN_CLOSE)
			return at + 1;
	return m->scan.count;
}

/* What holds the item, when its path is known to the table: "data" of "data[]". */
static struct str
container_of(const struct mapper *m, size_t from, struct str item)
{
	for (size_t i = from; i < m->scan.count; i++) {
		const struct scan_value *v = &m->scan.values[i];
		if (v->kind == SCAN_CLOSE && v->text.ptr < item.ptr && v->text.ptr + v->text.len > item.ptr + item.len)
			return v->text;
	}
	return STR_NONE;
}

/* Every item on its own; what lies outside was put into base. */
static bool
map_items(struct mapper *m, struct str record, size_t items, struct import_sink *k)
{
	m->key = STR_NONE;
	for (size_t i = 0; i < m->scan.count; i++) {
		const struct scan_value *v = &m->scan.values[i];
		if (v->kind == SCAN_KEY && row_of(m, v)->how == MAP_ITEM)
			m->key = v->text;
		if (!is_item(m, v))
			continue;
		size_t end = item_end(m, i);
		draft_copy(&m->draft, &m->base);
		buf_truncate(&m->text, 0);
		if (v->kind != SCAN_OPEN)
			m->spec->special(m, row_of(m, v)->field, v, &m->draft);
		for (size_t at = i + 1; at + 1 < end; at++)
			map_apply(m, row_of(m, &m->scan.values[at]), &m->scan.values[at], &m->draft);
		struct str item = m->scan.values[end - 1].text;
		m->draft.b.raw = record;
		if (v->kind == SCAN_OPEN && items > 1)
			m->draft.b.raw = raw_of_item(m, record, container_of(m, end, item), item);
		if (!mapper_emit(m, &m->draft, k))
			return false;
		i = end - 1;
	}
	return true;
}

/* Values outside of items into base; how many items there are. */
static size_t
map_outside(struct mapper *m)
{
	size_t items = 0;

	for (size_t i = 0; i < m->scan.count; i++) {
		const struct scan_value *v = &m->scan.values[i];
		if (is_item(m, v)) {
			items++;
			i = item_end(m, i) - 1;
		} else if (row_of(m, v)->how != MAP_ITEM) {
			map_apply(m, row_of(m, v), v, &m->base);
		}
	}
	return items;
}

bool
mapper_record(struct mapper *m, struct str bytes, struct import_sink *k)
{
	arena_free(&m->arena);
	draft_reset(&m->base);
	m->base.b.scanned = bytes.ptr;
	buf_truncate(&m->text, 0);
	if (!scan_record(&m->scan, m->paths, bytes)) {
		import_skip(k->counts, "malformed", 1);
		return true;
	}
	m->base.b.pieces = m->scan.pieces;
	m->base.b.piece_count = m->scan.piece_count;
	size_t items = map_outside(m);
	if (items > 0)
		return map_items(m, bytes, items, k);
	if (m->spec->empty) {
		import_skip(k->counts, m->spec->empty, 1);
		return true;
	}
	m->base.b.raw = bytes;
	return mapper_emit(m, &m->base, k);
}
