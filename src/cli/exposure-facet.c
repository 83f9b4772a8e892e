/* mamori exposure facet: how often each value of a field is there, two fields against each other, or over time. */
#include "cli/exposure.h"
#include "exposure/facet-any.h"

enum { TOP_DEFAULT = 10 };

static bool
read_step(const char *text, enum histogram_step *step, struct err *e)
{
	static const char *const names[] = { "hour", "day", "week", "month", "year" };

	for (size_t i = 0; text && i < COUNT(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*step = (enum histogram_step)i;
			return true;
		}
	}
	return !text || err_set(e, ERR_USAGE, "--over takes hour, day, week, month or year, not “%s”", text);
}

static void
print_json(const struct cli *c, const struct facet *f)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	struct str a, b;

	json_begin_object(&w);
	json_put_str(&w, "field", facet_field_name(c->arena, f));
	if (f->second != FIELDS)
		json_put_cstr(&w, "second", field_table[f->second].name);
	json_key(&w, "values");
	json_begin_array(&w);
	for (size_t i = 0; i < f->values.count; i++) {
		json_begin_object(&w);
		if (f->second != FIELDS && str_split(f->values.items[i].value, '\t', &a, &b)) {
			json_put_str(&w, "value", a);
			json_put_str(&w, "second", b);
		} else {
			json_put_str(&w, "value", f->values.items[i].value);
		}
		json_put_i64(&w, "count", (int64_t)f->values.items[i].count);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_put_i64(&w, "other", (int64_t)f->other);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
print_csv(const struct facet *f)
{
	BUF_AUTO out = { 0 };
	struct str a, b;

	for (size_t i = 0; i < f->values.count; i++) {
		ARENA_AUTO arena = { 0 };
		cli_csv(&out, facet_field_name(&arena, f), false);
		if (f->second != FIELDS && str_split(f->values.items[i].value, '\t', &a, &b)) {
			cli_csv(&out, a, false);
			cli_csv(&out, b, false);
		} else {
			cli_csv(&out, f->values.items[i].value, false);
		}
		cli_csv(&out, arena_printf(&arena, "%llu", (unsigned long long)f->values.items[i].count), true);
	}
	fwrite(out.len ? out.ptr : "", 1, out.len, stdout);
}

static void
print_table(struct cli *c, const struct facet *f)
{
	static const char *const count = "Banners";
	const char *headers[3] = { arena_cstr(c->arena, facet_field_name(c->arena, f)), tr(count), NULL };
	size_t columns = 2;
	struct str a, b;

	if (f->second != FIELDS) {
		headers[1] = field_table[f->second].name;
		headers[2] = tr(count);
		columns = 3;
	}
	struct cli_table *t = cli_table_new(c->arena, headers, columns);
	for (size_t i = 0; i < f->values.count; i++) {
		struct str value = f->values.items[i].value;
		if (columns == 3 && str_split(value, '\t', &a, &b)) {
			cli_table_cell(t, arena_line(c->arena, a, 200));
			cli_table_cell(t, arena_line(c->arena, b, 200));
		} else {
			cli_table_cell(t, arena_line(c->arena, value, 200));
		}
		cli_table_cellf(t, "%llu", (unsigned long long)f->values.items[i].count);
	}
	if (f->other > 0) {
		cli_table_cell(t, str_of(tr("(others)")));
		if (columns == 3)
			cli_table_cell(t, STR(""));
		cli_table_cellf(t, "%llu", (unsigned long long)f->other);
	}
	if (f->values.count > 0)
		cli_table_print(t);
	else
		printf("%s: %s\n", headers[0], tr("No record has a value."));
}

static bool
facet_each(struct exposure_cli *x, const struct query *q, const struct facet_words *r, size_t count, const char *over,
	   enum histogram_step step, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		struct facet f;
		struct arena *a = x->cli->arena;
		if (over ? !x->backend->histogram(x->state, q, r[i].field, step, a, &f, e)
			 : !facet_ask(x->backend, x->state, q, &r[i], a, &f, e))
			return false;
		if (x->cli->json)
			print_json(x->cli, &f);
		else if (x->csv)
			print_csv(&f);
		else
			print_table(x->cli, &f);
	}
	return true;
}

static int
facet_run(struct cli *c, int argc, char **argv)
{
	struct exposure_cli x = { .cli = c, .verb = &verb_exposure_facet };
	const char *over = NULL;
	const struct cli_option options[] = {
		{ "over", "STEP", "Over time instead of by value: hour, day, week, month or year", &over, NULL, NULL },
		{ "csv", NULL, "Print CSV", NULL, &x.csv, NULL },
		{ "store", "URL", "Ask this store instead of the files below --data", &x.store, NULL, NULL },
	};
	struct facet_words requests[32] = { 0 };
	enum histogram_step step = STEP_MONTH;
	struct err e = { 0 };
	struct str rest, one;
	struct query *q;
	size_t count = 0;
	int operands = 0;

	if (!cli_parse(c, x.verb, options, COUNT(options), argc, argv, &operands, &e) || !read_step(over, &step, &e))
		return exposure_cli_end(&x, &e);
	rest = str_of(operands > 0 ? argv[0] : "");
	while (e.code == ERR_NONE && str_cut(&rest, ',', &one)) {
		if (count == COUNT(requests))
			err_set(&e, ERR_USAGE, "at most %zu facets at once", COUNT(requests));
		else if (requests[count].top = TOP_DEFAULT, facet_words_read(one, &requests[count], &e))
			count++;
	}
	if (e.code == ERR_NONE && count == 0)
		err_set(&e, ERR_USAGE, "name what to count by: mamori exposure facet country:10,os QUERY");
	if (e.code == ERR_NONE && over && field_table[requests[0].field].kind != FIELD_TIME)
		err_set(&e, ERR_USAGE, "--over needs a field of times such as timestamp");
	if (e.code != ERR_NONE || !exposure_cli_query(&x, argv + 1, operands - 1, &q, &e) || !exposure_cli_open(&x, &e))
		return exposure_cli_end(&x, &e);
	(void)facet_each(&x, q, requests, count, over, step, &e);
	return exposure_cli_end(&x, &e);
}

const struct cli_verb verb_exposure_facet = {
	"exposure facet",
	"FIELD[:N][,FIELD…] [QUERY]",
	"Count imported banners by the values of a field",
	"mamori exposure facet country:10,os:any 'port:3389'\n"
	"mamori exposure facet os/country:50 'class:dicom'\n"
	"mamori exposure facet timestamp --over month 'product:Orthanc'",
	facet_run,
	false,
};
