#include "store/surface.h"

#include "store/sql.h"

/* ---- verdicts ---- */

#define VERDICT "kind, name, ownership, reason, by_user, at"

static void
verdict_read(struct sql *q, struct arena *a, struct surface_verdict *v)
{
	v->kind = sql_get_str(q, a);
	v->name = sql_get_str(q, a);
	v->ownership = sql_get_str(q, a);
	v->reason = sql_get_str(q, a);
	v->by = sql_get_str(q, a);
	v->at = sql_get_int(q);
}

bool
surface_verdict_list(struct store *st, struct arena *a, struct page *p, struct surface_verdict **out, size_t *count,
		     struct err *e)
{
	ARRAY_OF(struct surface_verdict) rows = { 0 };
	SQL_AUTO total = sql_new(st, "SELECT count(*) FROM surface_verdict");
	SQL_AUTO q = sql_new(st, "SELECT " VERDICT " FROM surface_verdict ORDER BY kind, name LIMIT ?98 OFFSET ?99");
	if (!sql_number(&total, &p->total, e))
		return false;
	sql_page(&q, p);
	while (sql_row(&q))
		verdict_read(&q, a, ARRAY_PUSH(a, &rows));
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

bool
surface_verdict_get(struct store *st, struct arena *a, struct str kind, struct str name, struct surface_verdict *out,
		    struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " VERDICT " FROM surface_verdict WHERE kind = ? AND name = ?");
	sql_text(&q, kind);
	sql_text(&q, name);
	if (!sql_one(&q, "nobody has decided whose this is", e))
		return false;
	verdict_read(&q, a, out);
	return sql_end(&q, e);
}

bool
surface_verdict_put(struct store *st, const struct surface_verdict *v, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO surface_verdict (" VERDICT ") VALUES (?, ?, ?, ?, ?, ?)"
				 " ON CONFLICT (kind, name) DO UPDATE SET ownership = excluded.ownership,"
				 " reason = excluded.reason, by_user = excluded.by_user, at = excluded.at");
	sql_text(&q, v->kind);
	sql_text(&q, v->name);
	sql_text(&q, v->ownership);
	sql_text(&q, v->reason);
	sql_text(&q, v->by);
	sql_int(&q, v->at);
	return sql_run(&q, e);
}

bool
surface_verdict_delete(struct store *st, struct str kind, struct str name, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM surface_verdict WHERE kind = ? AND name = ?");
	sql_text(&q, kind);
	sql_text(&q, name);
	return sql_run(&q, e);
}

/* ---- risks ---- */

#define RISK \
	"risk, asset, detail, severity, source, status, assignee, accepted_until, note, by_user, changed_at," \
	" first_run, first_seen, last_run, last_seen, gone_run"

static void
risk_read(struct sql *q, struct arena *a, struct surface_risk *s)
{
	s->risk = sql_get_str(q, a);
	s->asset = sql_get_str(q, a);
	s->detail = sql_get_str(q, a);
	s->severity = sql_get_str(q, a);
	s->source = sql_get_str(q, a);
	s->status = sql_get_str(q, a);
	s->assignee = sql_get_str(q, a);
	s->accepted_until = sql_get_int(q);
	s->note = sql_get_str(q, a);
	s->by = sql_get_str(q, a);
	s->changed_at = sql_get_int(q);
	s->first_run = sql_get_int(q);
	s->first_seen = sql_get_int(q);
	s->last_run = sql_get_int(q);
	s->last_seen = sql_get_int(q);
	s->gone_run = sql_get_int(q);
}

bool
surface_risk_list(struct store *st, struct arena *a, struct surface_risk **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct surface_risk) rows = { 0 };
	SQL_AUTO q = sql_new(st, "SELECT " RISK " FROM surface_risk ORDER BY risk, asset, detail LIMIT ?");
	sql_int(&q, SURFACE_RISKS_MAX);
	while (sql_row(&q))
		risk_read(&q, a, ARRAY_PUSH(a, &rows));
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

bool
surface_risk_get(struct store *st, struct arena *a, struct str risk, struct str asset, struct str detail,
		 struct surface_risk *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " RISK " FROM surface_risk WHERE risk = ? AND asset = ? AND detail = ?");
	sql_text(&q, risk);
	sql_text(&q, asset);
	sql_text(&q, detail.ptr ? detail : STR(""));
	if (!sql_one(&q, "no run has told of this risk", e))
		return false;
	risk_read(&q, a, out);
	return sql_end(&q, e);
}

static void
text(struct sql *q, struct str s)
{
	sql_text(q, s.ptr ? s : STR(""));
}

bool
surface_risk_put(struct store *st, const struct surface_risk *s, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT OR REPLACE INTO surface_risk (" RISK
				 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	const int64_t numbers[] = {
		s->changed_at, s->first_run, s->first_seen, s->last_run, s->last_seen, s->gone_run
	};
	text(&q, s->risk);
	text(&q, s->asset);
	text(&q, s->detail);
	text(&q, s->severity);
	text(&q, s->source);
	text(&q, s->status);
	text(&q, s->assignee);
	sql_int(&q, s->accepted_until);
	text(&q, s->note);
	text(&q, s->by);
	for (size_t i = 0; i < COUNT(numbers); i++)
		sql_int(&q, numbers[i]);
	return sql_run(&q, e);
}

bool
surface_risk_note(struct store *st, const struct surface_risk *s, int64_t at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO surface_risk_event (risk, asset, detail, at, by_user, status, assignee,"
				 " note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
	text(&q, s->risk);
	text(&q, s->asset);
	text(&q, s->detail);
	sql_int(&q, at);
	text(&q, s->by);
	text(&q, s->status);
	text(&q, s->assignee);
	text(&q, s->note);
	return sql_run(&q, e);
}

bool
surface_risk_history(struct store *st, struct arena *a, const struct surface_risk *s, struct surface_risk_event **out,
		     size_t *count, struct err *e)
{
	ARRAY_OF(struct surface_risk_event) rows = { 0 };
	SQL_AUTO q = sql_new(st, "SELECT at, by_user, status, assignee, note FROM (SELECT * FROM surface_risk_event"
				 " WHERE risk = ? AND asset = ? AND detail = ? ORDER BY id DESC LIMIT 1000)"
				 " ORDER BY id");
	text(&q, s->risk);
	text(&q, s->asset);
	text(&q, s->detail);
	while (sql_row(&q)) {
		struct surface_risk_event *v = ARRAY_PUSH(a, &rows);
		v->at = sql_get_int(&q);
		v->by = sql_get_str(&q, a);
		v->status = sql_get_str(&q, a);
		v->assignee = sql_get_str(&q, a);
		v->note = sql_get_str(&q, a);
	}
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

bool
surface_risk_count_back(struct store *st, int64_t now, int64_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM surface_risk WHERE gone_run = 0"
				 " AND ((status = 'accepted' AND accepted_until <= ?)"
				 " OR (status = 'open' AND by_user = '' AND changed_at > 0))");
	sql_int(&q, now);
	return sql_number(&q, count, e);
}

bool
surface_risk_expired(const struct surface_risk *s, int64_t now)
{
	return str_eq(s->status, STR("accepted")) && s->accepted_until <= now;
}

/* ---- the ledger of remote gateways ---- */

#define GATEWAY "name, address, maker, model, firmware, holder, telephone, patched_at, by_user, at"

bool
surface_gateway_list(struct store *st, struct arena *a, struct surface_gateway **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct surface_gateway) rows = { 0 };
	SQL_AUTO q = sql_new(st, "SELECT " GATEWAY " FROM surface_gateway ORDER BY name LIMIT ?");
	sql_int(&q, SURFACE_GATEWAYS_MAX);
	while (sql_row(&q)) {
		struct surface_gateway *g = ARRAY_PUSH(a, &rows);
		g->name = sql_get_str(&q, a);
		g->address = sql_get_str(&q, a);
		g->maker = sql_get_str(&q, a);
		g->model = sql_get_str(&q, a);
		g->firmware = sql_get_str(&q, a);
		g->holder = sql_get_str(&q, a);
		g->telephone = sql_get_str(&q, a);
		g->patched_at = sql_get_int(&q);
		g->by = sql_get_str(&q, a);
		g->at = sql_get_int(&q);
	}
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

static bool
gateway_add(struct store *st, const struct surface_gateway *g, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO surface_gateway (" GATEWAY ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	text(&q, g->name);
	text(&q, g->address);
	text(&q, g->maker);
	text(&q, g->model);
	text(&q, g->firmware);
	text(&q, g->holder);
	text(&q, g->telephone);
	sql_int(&q, g->patched_at);
	text(&q, g->by);
	sql_int(&q, g->at);
	return sql_run(&q, e);
}

bool
surface_gateway_replace(struct store *st, const struct surface_gateway *rows, size_t count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM surface_gateway");
	if (!sql_run(&q, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!gateway_add(st, &rows[i], e))
			return false;
	return true;
}
