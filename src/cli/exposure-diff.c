/* mamori exposure diff and snapshots. */
#include "cli/exposure.h"

#include "cli/verbs.h"

struct diff_out {
	struct exposure_cli *x;
	struct cli_table *table;
	uint64_t counts[3];
};

static const char *const change_names[] = { "new", "gone", "changed" };

static void
put_side(struct json_writer *w, const char *key, const struct banner *b)
{
	json_key(w, key);
	if (b)
		exposure_json(w, b, false);
	else
		json_null(w);
}

static bool
diff_json(const struct exposure_difference *d)
{
	const struct banner *b = d->after ? d->after : d->before;
	BUF_AUTO line = { 0 };
	BUF_AUTO ip = { 0 };
	struct json_writer w = { .out = &line };

	exposure_address(b->ip, &ip);
	json_begin_object(&w);
	json_put_cstr(&w, "change", change_names[d->change]);
	json_put_str(&w, "ip", buf_str(&ip));
	json_put_i64(&w, "port", b->port);
	json_key(&w, "fields");
	json_begin_array(&w);
	for (unsigned f = 0; f < FIELDS; f++)
		if (d->fields[f])
			json_cstr(&w, field_table[f].name);
	json_end_array(&w);
	put_side(&w, "before", d->before);
	put_side(&w, "after", d->after);
	json_end_object(&w);
	cli_print_line(&line);
	return true;
}

static void
diff_row(struct diff_out *o, const struct exposure_difference *d)
{
	static const enum field shown[] = { FIELD_IP, FIELD_PORT, FIELD_ORG, FIELD_PRODUCT, FIELD_VERSION };
	const struct banner *b = d->after ? d->after : d->before;
	ARENA_AUTO a = { 0 };
	BUF_AUTO fields = { 0 };

	cli_table_cell(o->table, str_of(tr(change_names[d->change])));
	for (size_t i = 0; i < COUNT(shown); i++) {
		BUF_AUTO text = { 0 };
		exposure_value(b, shown[i], &text);
		cli_table_cell(o->table, cli_or_dash(arena_line(&a, buf_str(&text), 100)));
	}
	for (unsigned f = 0; f < FIELDS; f++)
		if (d->fields[f])
			buf_addf(&fields, "%s%s", fields.len ? ", " : "", field_table[f].name);
	cli_table_cell(o->table, cli_or_dash(buf_str(&fields)));
}

static bool
diff_one(void *user, const struct exposure_difference *d, struct err *e)
{
	struct diff_out *o = user;

	o->counts[d->change]++;
	if (o->x->cli->json)
		return diff_json(d);
	diff_row(o, d);
	return true;
}

/* A side is a snapshot's name, narrowed by --query. */
static bool
side_query(struct exposure_cli *x, const char *snapshot, const char *query, struct query **out, struct err *e)
{
	BUF_AUTO text = { 0 };

	buf_addf(&text, "snapshot:\"");
	for (const char *p = snapshot; *p; p++)
		buf_addf(&text, "%s%c", strchr("\"\\,", *p) ? "\\" : "", *p);
	buf_addf(&text, "\" %s%s%s", query ? "(" : "", query ? query : "", query ? ")" : "");
	char *word = (char *)(uintptr_t)arena_str(x->cli->arena, buf_str(&text)).ptr;
	return exposure_cli_query(x, &word, 1, out, e);
}

/* A slip of the pen would be told as everything new or gone. */
static bool
is_snapshot(struct exposure_cli *x, const char *name, struct err *e)
{
	struct query *q;
	uint64_t n;

	if (!side_query(x, name, NULL, &q, e) || !x->backend->count(x->state, q, &n, e))
		return false;
	return n > 0 || err_set(e, ERR_INPUT, "there is no snapshot “%s”; see: mamori exposure snapshots", name);
}

static int
diff_run(struct cli *c, int argc, char **argv)
{
	static const char *const headers[] = { "Change",  "IP",      "Port",      "Organisation",
					       "Product", "Version", "Differs in" };
	const char *translated[COUNT(headers)];
	struct exposure_cli x = { .cli = c, .verb = &verb_exposure_diff };
	struct diff_out o = { .x = &x };
	const char *query = NULL;
	const struct cli_option options[] = {
		{ "query", "QUERY", "Compare only what matches", &query, NULL, NULL },
		{ "store", "URL", "Ask this store instead of the files below --data", &x.store, NULL, NULL },
	};
	struct err e = { 0 };
	struct query *before, *after;
	int operands = 0;

	if (!cli_parse(c, x.verb, options, COUNT(options), argc, argv, &operands, &e))
		return exposure_cli_end(&x, &e);
	if (operands != 2) {
		err_set(&e, ERR_USAGE,
			"name two snapshots: mamori exposure diff 2026-10 2026-11 (mamori exposure snapshots lists "
			"them)");
		return exposure_cli_end(&x, &e);
	}
	if (!side_query(&x, argv[0], query, &before, &e) || !side_query(&x, argv[1], query, &after, &e) ||
	    !exposure_cli_open(&x, &e) || !is_snapshot(&x, argv[0], &e) || !is_snapshot(&x, argv[1], &e))
		return exposure_cli_end(&x, &e);
	for (size_t i = 0; i < COUNT(headers); i++)
		translated[i] = tr(headers[i]);
	o.table = c->json ? NULL : cli_table_new(c->arena, translated, COUNT(headers));
	if (x.backend->diff(x.state, before, after, diff_one, &o, &e) && o.table) {
		if (o.counts[0] + o.counts[1] + o.counts[2] > 0)
			cli_table_print(o.table);
		printf(tr("%llu new, %llu gone, %llu changed\n"), (unsigned long long)o.counts[EXPOSURE_NEW],
		       (unsigned long long)o.counts[EXPOSURE_GONE], (unsigned long long)o.counts[EXPOSURE_CHANGED]);
	}
	return exposure_cli_end(&x, &e);
}

const struct cli_verb verb_exposure_diff = {
	"exposure diff",
	"SNAPSHOT SNAPSHOT",
	"What is new, gone or changed between two snapshots",
	"mamori exposure diff 2026-10 2026-11\n"
	"mamori exposure diff --query 'class:pacs' 2026-10 2026-11",
	diff_run,
	false,
};

/* ---- snapshots ---- */

static int
snapshots_run(struct cli *c, int argc, char **argv)
{
	struct exposure_cli x = { .cli = c, .verb = &verb_exposure_snapshots };
	const struct cli_option options[] = {
		{ "store", "URL", "Ask this store instead of the files below --data", &x.store, NULL, NULL },
	};
	const char *headers[] = { tr("Snapshot"), tr("Banners") };
	struct query all = { .kind = QUERY_ALL };
	struct err e = { 0 };
	struct facet f;
	int operands = 0;

	if (!cli_parse(c, x.verb, options, COUNT(options), argc, argv, &operands, &e) || !exposure_cli_open(&x, &e) ||
	    !x.backend->facet(x.state, &all, FIELD_SNAPSHOT, FIELDS, SIZE_MAX, c->arena, &f, &e))
		return exposure_cli_end(&x, &e);
	struct cli_table *t = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < f.values.count; i++) {
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		if (t) {
			cli_table_cell(t, arena_line(c->arena, f.values.items[i].value, 200));
			cli_table_cellf(t, "%llu", (unsigned long long)f.values.items[i].count);
			continue;
		}
		json_begin_object(&w);
		json_put_str(&w, "snapshot", f.values.items[i].value);
		json_put_i64(&w, "banners", (int64_t)f.values.items[i].count);
		json_end_object(&w);
		cli_print_line(&line);
	}
	if (t && f.values.count > 0)
		cli_table_print(t);
	else if (t)
		printf("%s\n", tr("Nothing was imported yet: mamori exposure import FILE…"));
	return exposure_cli_end(&x, &e);
}

const struct cli_verb verb_exposure_snapshots = {
	"exposure snapshots", "",    "Imported snapshots and how many banners they hold", "mamori exposure snapshots",
	snapshots_run,        false,
};
