/* mamori exposure search, count and show. */
#include "cli/exposure.h"

#include "cli/verbs.h"

struct search_out {
	struct exposure_cli *x;
	struct cli_table *table;
	const enum field *fields;
	size_t field_count;
	uint64_t shown;
	bool raw;
};

static const enum field default_fields[] = { FIELD_IP,  FIELD_PORT, FIELD_TIMESTAMP, FIELD_COUNTRY,
					     FIELD_ORG, FIELD_OS,   FIELD_PRODUCT,   FIELD_VERSION };

static void
csv_line(struct search_out *o, const struct banner *b)
{
	BUF_AUTO line = { 0 };

	for (size_t i = 0; i < o->field_count; i++) {
		BUF_AUTO text = { 0 };
		if (b)
			exposure_value(b, o->fields[i], &text);
		else
			buf_addf(&text, "%s", field_table[o->fields[i]].name);
		cli_csv(&line, buf_str(&text), i + 1 == o->field_count);
	}
	fwrite(line.ptr, 1, line.len, stdout);
}

static bool
show_one(void *user, const struct banner *b, struct err *e)
{
	struct search_out *o = user;
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };

	o->shown++;
	if (o->x->csv) {
		csv_line(o, b);
	} else if (o->x->geojson) {
		exposure_geojson(&w, b);
		printf("%s%s\n", o->shown > 1 ? "," : "", buf_cstr(&line));
	} else if (o->x->cli->json) {
		exposure_json(&w, b, o->raw);
		cli_print_line(&line);
	} else {
		for (size_t i = 0; i < o->field_count; i++) {
			BUF_AUTO text = { 0 };
			ARENA_AUTO a = { 0 };
			exposure_value(b, o->fields[i], &text);
			cli_table_cell(o->table, cli_or_dash(arena_line(&a, buf_str(&text), 200)));
		}
	}
	return !ferror(stdout) || err_sys(e, "writing the records");
}

static bool
read_fields(struct search_out *o, const char *text, struct err *e)
{
	struct str rest = str_of(text ? text : ""), one;
	enum field *list = ARENA_ARRAY(o->x->cli->arena, enum field, rest.len + 1);
	size_t n = 0;

	o->fields = o->x->csv ? exposure_csv_fields : default_fields;
	o->field_count = o->x->csv ? exposure_csv_field_count : COUNT(default_fields);
	if (!text)
		return true;
	while (str_cut(&rest, ',', &one))
		if (!exposure_cli_field(str_trim(one), &list[n++], e))
			return false;
	o->fields = list;
	o->field_count = n;
	return n > 0 || err_set(e, ERR_USAGE, "--fields takes names such as ip,port,org");
}

static void
begin_output(struct search_out *o)
{
	struct cli *c = o->x->cli;
	const char **headers = ARENA_ARRAY(c->arena, const char *, o->field_count + 1);

	for (size_t i = 0; i < o->field_count; i++)
		headers[i] = field_table[o->fields[i]].name;
	if (o->x->csv)
		csv_line(o, NULL);
	else if (o->x->geojson)
		printf("{\"type\":\"FeatureCollection\",\"features\":[\n");
	else if (!c->json)
		o->table = cli_table_new(c->arena, headers, o->field_count);
}

/* What goes into a file or another program is an export: it is in the audit log before it is written. */
static bool
note_export(struct search_out *o, const struct query *q, const struct exposure_page *page, struct err *e)
{
	struct exposure_cli *x = o->x;
	uint64_t n, most = page->sample > 0 ? page->sample : page->limit;
	const char *form = x->csv ? "csv" : x->geojson ? "geojson" : o->raw ? "jsonl raw" : "jsonl";

	if (!x->csv && !x->geojson && !x->cli->json)
		return true;
	if (!x->backend->count(x->state, q, &n, e))
		return false;
	n = n > page->offset ? n - page->offset : 0;
	return exposure_audit(x, false, form, x->query, n < most ? n : most, e);
}

static int
search_run(struct cli *c, int argc, char **argv)
{
	struct exposure_cli x = { .cli = c, .verb = &verb_exposure_search };
	struct search_out o = { .x = &x };
	struct exposure_page page = { .limit = 100, .sort = FIELDS };
	const char *limit = NULL, *offset = NULL, *sort = NULL, *sample = NULL, *seed = NULL, *fields = NULL;
	const char *saved = NULL;
	bool falling = false;
	const struct cli_option options[] = {
		{ "limit", "N", "At most so many records (default 100, 0: all)", &limit, NULL, NULL },
		{ "offset", "N", "Leave out the first so many", &offset, NULL, NULL },
		{ "sort", "FIELD", "Order by this field instead of newest first", &sort, NULL, NULL },
		{ "falling", NULL, "With --sort: the largest first", NULL, &falling, NULL },
		{ "sample", "N", "So many records picked at random, the same ones every time", &sample, NULL, NULL },
		{ "seed", "N", "With --sample: another choice", &seed, NULL, NULL },
		{ "fields", "LIST", "Columns of the table or of --csv: ip,port,org,…", &fields, NULL, NULL },
		{ "raw", NULL, "With --json: the record as its source wrote it, too", NULL, &o.raw, NULL },
		{ "csv", NULL, "Print CSV", NULL, &x.csv, NULL },
		{ "geojson", NULL, "Print GeoJSON for a map", NULL, &x.geojson, NULL },
		{ "saved", "NAME", "Search with this saved query, narrowed by QUERY", &saved, NULL, NULL },
		{ "store", "URL", "Ask this store instead of the files below --data", &x.store, NULL, NULL },
	};
	struct err e = { 0 };
	struct query *q;
	int operands = 0;

	if (!cli_parse(c, x.verb, options, COUNT(options), argc, argv, &operands, &e) ||
	    !exposure_cli_number("limit", limit, &page.limit, &e) ||
	    !exposure_cli_number("offset", offset, &page.offset, &e) ||
	    !exposure_cli_number("sample", sample, &page.sample, &e) ||
	    !exposure_cli_number("seed", seed, &page.seed, &e) ||
	    (sort && !exposure_cli_field(str_of(sort), &page.sort, &e)) || !read_fields(&o, fields, &e) ||
	    (saved && !exposure_saved_words(c, saved, &argv, &operands, &e)) ||
	    !exposure_cli_query(&x, argv, operands, &q, &e) || !exposure_cli_open(&x, &e))
		return exposure_cli_end(&x, &e);
	page.falling = falling;
	page.limit = page.limit ? page.limit : UINT64_MAX / 4;
	page.raw = true;
	if (!note_export(&o, q, &page, &e))
		return exposure_cli_end(&x, &e);
	begin_output(&o);
	if (x.backend->search(x.state, q, &page, show_one, &o, &e)) {
		if (x.geojson)
			printf("]}\n");
		if (o.table && o.shown > 0)
			cli_table_print(o.table);
		else if (o.table)
			printf("%s\n", tr("No record matches."));
		if (o.table && o.shown == 0 && page.offset == 0)
			exposure_tell_nothing(&x, q);
	}
	return exposure_cli_end(&x, &e);
}

const struct cli_verb verb_exposure_search = {
	"exposure search",
	"QUERY",
	"Find imported banners, newest first",
	"mamori exposure search 'country:JP port:3389 -tls:true'\n"
	"mamori exposure search 'all:皮膚科' --csv --limit 0\n"
	"mamori exposure search --json --raw 'net:192.0.2.0/24 after:2026-01-01'",
	search_run,
	false,
};

/* ---- count ---- */

static int
count_run(struct cli *c, int argc, char **argv)
{
	struct exposure_cli x = { .cli = c, .verb = &verb_exposure_count };
	const char *distinct = NULL;
	const struct cli_option options[] = {
		{ "distinct", "FIELD", "Count different values instead of banners: ip for hosts", &distinct, NULL,
		  NULL },
		{ "store", "URL", "Ask this store instead of the files below --data", &x.store, NULL, NULL },
	};
	struct err e = { 0 };
	struct query *q;
	enum field field = FIELDS;
	uint64_t n;
	int operands = 0;

	if (!cli_parse(c, x.verb, options, COUNT(options), argc, argv, &operands, &e) ||
	    (distinct && !exposure_cli_field(str_of(distinct), &field, &e)) ||
	    !exposure_cli_query(&x, argv, operands, &q, &e) || !exposure_cli_open(&x, &e))
		return exposure_cli_end(&x, &e);
	if (distinct ? x.backend->distinct(x.state, q, field, &n, &e) : x.backend->count(x.state, q, &n, &e)) {
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		json_put_i64(&w, "count", (int64_t)n);
		if (distinct)
			json_put_cstr(&w, "distinct", field_table[field].name);
		json_end_object(&w);
		if (c->json)
			cli_print_line(&line);
		else
			printf("%llu\n", (unsigned long long)n);
		if (!c->json && n == 0 && !distinct)
			exposure_tell_nothing(&x, q);
	}
	return exposure_cli_end(&x, &e);
}

const struct cli_verb verb_exposure_count = {
	"exposure count",
	"QUERY",
	"Count imported banners, or different values of a field",
	"mamori exposure count 'os:\"Windows Server 2008 R2\" -country:US'\n"
	"mamori exposure count --distinct ip 'product:Orthanc'",
	count_run,
	false,
};

/* ---- show ---- */

static bool
show_banner(void *user, const struct banner *b, struct err *e)
{
	struct search_out *o = user;
	ARENA_AUTO a = { 0 };

	if (o->x->cli->json)
		return show_one(user, b, e);
	for (unsigned f = 0; f < FIELDS; f++) {
		BUF_AUTO text = { 0 };
		exposure_value(b, (enum field)f, &text);
		if (text.len == 0)
			continue;
		printf("%-24s %.*s\n", field_table[f].name, STR_ARG(arena_line(&a, buf_str(&text), 2000)));
	}
	printf("\n");
	o->shown++;
	return true;
}

static int
show_run(struct cli *c, int argc, char **argv)
{
	struct exposure_cli x = { .cli = c, .verb = &verb_exposure_show };
	struct search_out o = { .x = &x };
	struct exposure_page page = { .limit = 10000, .sort = FIELDS, .raw = true };
	const struct cli_option options[] = {
		{ "raw", NULL, "With --json: the record as its source wrote it, too", NULL, &o.raw, NULL },
		{ "store", "URL", "Ask this store instead of the files below --data", &x.store, NULL, NULL },
	};
	struct err e = { 0 };
	struct query *q;
	int operands = 0;

	if (!cli_parse(c, x.verb, options, COUNT(options), argc, argv, &operands, &e))
		return exposure_cli_end(&x, &e);
	if (operands != 1) {
		err_set(&e, ERR_USAGE, "name one address: mamori exposure show 192.0.2.1");
		return exposure_cli_end(&x, &e);
	}
	char *query = (char *)(uintptr_t)arena_printf(c->arena, "ip:%s", argv[0]).ptr;
	if (!exposure_cli_query(&x, &query, 1, &q, &e) || !exposure_cli_open(&x, &e))
		return exposure_cli_end(&x, &e);
	if (x.backend->search(x.state, q, &page, show_banner, &o, &e) && o.shown == 0)
		err_set(&e, ERR_NOT_FOUND, "nothing was imported about %s", argv[0]);
	return exposure_cli_end(&x, &e);
}

const struct cli_verb verb_exposure_show = {
	"exposure show", "ADDRESS", "Everything that was imported about one address", "mamori exposure show 192.0.2.1",
	show_run,        false,
};
