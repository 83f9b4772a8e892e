/* Suspicion by all that one address shows, in a ClickHouse (exposure/clickhouse-suspect.h). Its SQL finds the addresses; their
 * banners come here, get the sign, and go back into a batch of their own, while those that they stand for are named as dead. */
#include "exposure/clickhouse-suspect.h"

#include "base/time.h"
#include "exposure/bits.h"
#include "exposure/clickhouse-import.h"
#include "exposure/clickhouse-literal.h"
#include "exposure/clickhouse-row.h"
#include "exposure/clickhouse-sql.h"
#include "exposure/clickhouse.h"
#include "exposure/manifest.h"
#include "exposure/vocabulary.h"
#include "os/file.h"

enum {
	ROWS_BYTES = 32 << 20, /* of one INSERT */
	SLICE_ROWS = 2000000, /* new banners whose addresses are looked at at once */
	LOOKED_MAX = 2000, /* batches that one row of mamori_commit names */
	ADDRESSES_MAX = 4000000, /* suspicious ones of a slice */
};

struct suspicious {
	unsigned char ip[16];
	uint8_t confidence;
};

struct suspecting {
	struct clickhouse *in, *out; /* rows come through one connection and go through the other */
	struct arena *a;
	const struct enrich_rules *r;
	struct clickhouse_state state;
	clickhouse_list fresh; /* batches that nobody has looked at */
	uint64_t batch, marked;
	ARRAY_OF(struct suspicious) found; /* of a slice, by address */
	size_t at;
	struct buf rows, dead;
};

/* ---- addresses ---- */

static void
add_sign(const struct trap_rule *t, size_t sign, struct buf *sql)
{
	BUF_AUTO text = { 0 };

	for (size_t i = 0; i < t->signs[sign].len; i++)
		buf_add_char(&text, (char)ascii_lower((unsigned char)t->signs[sign].ptr[i]));
	buf_addf(sql, "max(");
	for (size_t i = 0; i < t->field_count; i++) {
		buf_addf(sql, "%sarrayExists(item -> position(lower(item), ", i > 0 ? " OR " : "");
		clickhouse_string(sql, buf_str(&text));
		buf_addf(sql, ") = 1, ");
		clickhouse_values(t->fields[i], sql);
		buf_addf(sql, ")");
	}
	buf_addf(sql, ")");
}

/* What the rules say of an address whose banners are a group: in per cent, 0: nothing is strange. */
static void
add_confidence(const struct enrich_rules *r, struct buf *sql)
{
	buf_addf(sql, "arrayReduce('max', [toUInt64(0)");
	for (size_t i = 0; i < r->traps.count; i++) {
		const struct trap_rule *t = &r->traps.items[i];
		buf_addf(sql, ", toUInt64(if(services >= %u", (unsigned)t->services);
		for (size_t k = 0; t->different > 0 && k < t->sign_count; k++) {
			buf_addf(sql, "%s", k > 0 ? " + " : " AND (");
			add_sign(t, k, sql);
		}
		if (t->different > 0)
			buf_addf(sql, ") >= %u", (unsigned)t->different);
		buf_addf(sql, ", %u, 0))", (unsigned)t->confidence);
	}
	buf_addf(sql, "])");
}

/* "FROM … WHERE …": banners that count, of addresses of this slice that have new ones and enough services. */
static void
from_addresses(struct suspecting *x, uint64_t slice, uint64_t slices, struct buf *sql)
{
	const int n = (int)x->in->database.len;
	const char *d = x->in->database.ptr;
	uint32_t fewest = UINT32_MAX;
	BUF_AUTO counting = { 0 };
	BUF_AUTO fresh = { 0 };

	for (size_t i = 0; i < x->r->traps.count; i++)
		fewest = x->r->traps.items[i].services < fewest ? x->r->traps.items[i].services : fewest;
	clickhouse_counting(x->in, &x->state, &counting);
	clickhouse_numbers(x->fresh.items, x->fresh.count, &fresh);
	buf_addf(sql, " FROM %.*s.mamori_banner WHERE ", n, d);
	buf_add(sql, buf_str(&counting));
	buf_addf(sql,
		 " AND ip GLOBAL IN (SELECT ip FROM %.*s.mamori_banner WHERE cityHash64(ip) %% %llu = %llu AND "
		 "ip GLOBAL IN (SELECT ip FROM %.*s.mamori_banner WHERE batch IN (%s) AND cityHash64(ip) %% %llu = "
		 "%llu) AND ",
		 n, d, (unsigned long long)slices, (unsigned long long)slice, n, d, buf_cstr(&fresh),
		 (unsigned long long)slices, (unsigned long long)slice);
	buf_add(sql, buf_str(&counting));
	buf_addf(sql, " GROUP BY ip HAVING uniqExact(toUInt32(port) * 4 + transport) >= %u)", (unsigned)fewest);
}

static ptrdiff_t
take_addresses(void *user, struct str bytes, struct err *e)
{
	struct suspecting *x = user;
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };

	while (r.end - r.p >= 24) {
		struct suspicious s;
		memcpy(s.ip, r.p, 16);
		r.p += 16;
		s.confidence = (uint8_t)row_number(&r, 8);
		if (x->found.count == ADDRESSES_MAX ||
		    (x->found.count > 0 && memcmp(x->found.items[x->found.count - 1].ip, s.ip, 16) >= 0))
			return -(ptrdiff_t)!err_set(e, ERR_INPUT, "the list of suspicious addresses is none of ours");
		*ARRAY_PUSH(x->a, &x->found) = s;
	}
	return (const char *)r.p - bytes.ptr;
}

/* ---- their banners ---- */

static bool
flush(struct suspecting *x, size_t above, struct err *e)
{
	static const char names[] = "cause, batch, ip, port, transport, timestamp";

	if (x->rows.len <= above && x->dead.len <= above)
		return true;
	return clickhouse_insert_banners(x->out, &x->rows, e) &&
	       clickhouse_insert(x->out, "mamori_dead", names, &x->dead, e);
}

static bool
mark(void *user, const struct clickhouse_row *row, struct arena *a, struct err *e)
{
	struct suspecting *x = user;
	struct clickhouse_row out = *row;
	struct banner_value *v = ARENA_ARRAY(a, struct banner_value, row->banner.count + 1);

	while (x->at < x->found.count && memcmp(x->found.items[x->at].ip, row->banner.ip, 16) < 0)
		x->at++;
	if (x->at == x->found.count || memcmp(x->found.items[x->at].ip, row->banner.ip, 16) != 0)
		return true; /* strange services, but nothing that a rule names */
	if (row->banner.count > 0)
		memcpy(v, row->banner.values, row->banner.count * sizeof(*v));
	v[row->banner.count] = (struct banner_value){ .field = FIELD_HONEYPOT,
						      .number = 1,
						      .confidence = x->found.items[x->at].confidence };
	out.banner.values = v;
	out.banner.count++;
	out.batch = x->batch;
	clickhouse_row_write(&out, &x->rows);
	clickhouse_put_dead(&x->dead, x->batch, row);
	x->marked++;
	return flush(x, ROWS_BYTES, e);
}

static ptrdiff_t
take_banners(void *user, struct str bytes, struct err *e)
{
	return clickhouse_rows(bytes, true, mark, user, e);
}

static bool
look_at_slice(struct suspecting *x, uint64_t slice, uint64_t slices, struct err *e)
{
	BUF_AUTO which = { 0 };
	BUF_AUTO sql = { 0 };

	x->found.count = x->at = 0;
	buf_addf(&which,
		 "SELECT ip, confidence FROM (SELECT ip, uniqExact(toUInt32(port) * 4 + transport) AS services, ");
	add_confidence(x->r, &which);
	buf_addf(&which, " AS confidence");
	from_addresses(x, slice, slices, &which);
	buf_addf(&which, " GROUP BY ip HAVING confidence > 0) ORDER BY ip FORMAT RowBinary");
	if (!clickhouse_run(x->in, buf_str(&which), STR(""), take_addresses, x, e))
		return false;
	if (x->found.count == 0)
		return true;
	buf_addf(&sql, "SELECT ");
	clickhouse_row_names(true, false, &sql);
	from_addresses(x, slice, slices, &sql);
	/* Those whose own text said so already stay as they are. */
	buf_addf(&sql, " AND empty(");
	clickhouse_column(FIELD_HONEYPOT, &sql);
	buf_addf(&sql, ") ORDER BY ip, port, transport, timestamp, batch FORMAT RowBinary");
	return clickhouse_run(x->in, buf_str(&sql), STR(""), take_banners, x, e) && flush(x, 0, e);
}

/* ---- all of them ---- */

static bool
rows_of(struct suspecting *x, uint64_t *out, struct err *e)
{
	BUF_AUTO sql = { 0 };
	BUF_AUTO fresh = { 0 };

	clickhouse_numbers(x->fresh.items, x->fresh.count, &fresh);
	buf_addf(&sql, "SELECT toUInt64(count()) FROM %.*s.mamori_banner WHERE batch IN (%s) FORMAT RowBinary",
		 (int)x->in->database.len, x->in->database.ptr, buf_cstr(&fresh));
	return clickhouse_number_of(x->in, buf_str(&sql), out, e);
}

/* All rows of one INSERT, which is one block. */
static bool
write_look(struct suspecting *x, struct err *e)
{
	int64_t now = clock_now(&clock_system);
	BUF_AUTO rows = { 0 };

	if (x->marked > 0)
		*ARRAY_PUSH(x->a, &x->fresh) = x->batch;
	for (size_t from = 0; from < x->fresh.count; from += LOOKED_MAX) {
		size_t n = x->fresh.count - from < LOOKED_MAX ? x->fresh.count - from : LOOKED_MAX;
		row_put_number(&rows, x->batch, 8);
		row_put_number(&rows, (uint64_t)now, 8);
		for (unsigned i = 0; i < 4; i++) /* no source, file, digest and snapshot */
			row_put_text(&rows, STR(""));
		row_put_text(&rows, x->r->version);
		buf_varint(&rows, n);
		for (size_t i = from; i < from + n; i++)
			row_put_number(&rows, x->fresh.items[i], 8);
		buf_varint(&rows, 0);
	}
	return clickhouse_insert(x->out, "mamori_commit",
				 "batch, at, source, file, digest, snapshot, rules, added, removed", &rows, e);
}

static bool
look_everywhere(struct suspecting *x, struct err *e)
{
	uint64_t rows;

	if (!clickhouse_state_read(x->in, x->a, &x->state, e))
		return false;
	for (size_t i = 0; i < x->state.live.count; i++)
		if (!clickhouse_has(x->state.looked.items, x->state.looked.count, x->state.live.items[i]))
			*ARRAY_PUSH(x->a, &x->fresh) = x->state.live.items[i];
	if (x->fresh.count == 0)
		return true;
	if (!clickhouse_batch_new(&x->batch, e) || !rows_of(x, &rows, e))
		return false;
	x->batch |= 1;
	uint64_t slices = rows / SLICE_ROWS + 1;
	for (uint64_t i = 0; i < slices; i++)
		if (!look_at_slice(x, i, slices, e))
			return false;
	return write_look(x, e);
}

bool
clickhouse_suspect(const char *data, const char *store, const struct enrich_rules *r, uint64_t *banners, struct err *e)
{
	ARENA_AUTO a = { 0 };
	FD_AUTO lock = -1;
	struct suspecting x = { .a = &a, .r = r };
	const char *folder;

	*banners = 0;
	if (r->traps.count == 0)
		return true;
	bool ok = exposure_folder(&a, data, &folder, e) && exposure_lock(&a, folder, &lock, e) &&
		  clickhouse_open(data, store, &x.in, e) && clickhouse_open(data, store, &x.out, e) &&
		  look_everywhere(&x, e);
	clickhouse_close(x.in);
	clickhouse_close(x.out);
	buf_free(&x.rows);
	buf_free(&x.dead);
	*banners = ok ? x.marked : 0;
	return ok || err_wrap(e, "looking for honeypots among the exposure data in ClickHouse");
}
