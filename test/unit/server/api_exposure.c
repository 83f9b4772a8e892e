/* Questions about exposure through the API: answers, the place of errors, pages, completion, records, roles, saved queries. */
#include "base/codec.h"
#include "exposure/importer.h"
#include "server/exposure_pool.h"
#include "world.h"

#include <stdio.h>

#define B "/api/v1/exposure/"

/* n banners of one kind; each hour one more. */
static void
import(struct world *w, const char *snapshot, unsigned from, unsigned n, const char *country, const char *version)
{
	struct err e = { 0 };
	BUF_AUTO text = { 0 };
	for (unsigned i = from; i < from + n; i++)
		buf_addf(&text,
			 "{\"ip_str\":\"198.51.100.%u\",\"port\":104,\"transport\":\"tcp\",\"timestamp\":\"2026-03-%"
			 "02uT%02u:00:00\","
			 "\"org\":\"病院 %u\",\"product\":\"Orthanc\",\"version\":\"%s\",\"os\":\"a\\\"b, c\","
			 "\"location\":{\"country_code\":\"%s\"},\"data\":\"DICOM Server Response 皮膚科\"}\n",
			 i, 1 + i / 24, i % 24, i % 3, version, country);
	const char *path = path_join(&w->arena, w->dir, arena_printf(&w->arena, "%s-%u.jsonl", snapshot, from).ptr);
	ok(file_write(path, buf_str(&text), 0600, &e));
	struct import_options o = { .data = w->dir, .snapshot = str_of(snapshot), .enrich = true };
	struct import_counts counts = { 0 };
	struct str source;
	ok(exposure_import(&o, path, &counts, &source, &e));
	assert_int_equal(counts.kept, n);
	table_free(&counts.skipped);
}

static struct json *
get(struct world *w, const char *path)
{
	struct answer a = world_cli(w, "GET", path, NULL);
	if (a.status != 200)
		fail_msg("%s: %d %.*s", path, a.status, STR_ARG(a.text));
	return a.json;
}

static const struct json *
member(const struct json *j, const char *key, size_t i)
{
	size_t count;
	const struct json *list = json_get_array(j, key, &count);
	if (i >= count)
		fail_msg("%s has %zu members", key, count);
	return &list[i];
}

static void
questions_are_answered_with_their_time(void **state)
{
	struct world *w = *state;
	assert_int_equal(json_get_i64(get(w, B "count"), "count", -1), 0);
	import(w, "2026-03", 0, 60, "JP", "1.9.7");
	import(w, "2026-03", 60, 20, "DE", "1.9.7");
	struct json *j = get(w, B "count?q=country:JP&hosts=true");
	assert_int_equal(json_get_i64(j, "count", -1), 60);
	assert_int_equal(json_get_i64(j, "hosts", -1), 60);
	assert_true(json_get_double(j, "ms", -1) >= 0);
	j = get(w, B "facet?fields=country:1,product/country");
	const struct json *f = member(j, "facets", 0);
	assert_true(str_eq(json_get_str(member(f, "values", 0), "value"), STR("JP")));
	assert_int_equal(json_get_i64(f, "other", -1), 20);
	f = member(j, "facets", 1);
	assert_true(str_eq(json_get_str(member(f, "values", 1), "second"), STR("DE")));
	assert_int_equal(json_get_i64(member(f, "values", 1), "count", -1), 20);
	j = get(w, B "histogram?q=country:DE");
	assert_true(str_eq(json_get_str(j, "step"), STR("hour")));
	assert_int_equal(json_get(j, "values")->count, 20);
	assert_true(str_eq(json_get_str(get(w, B "histogram"), "step"), STR("day")));
}

static void
pages_hold_everything_once(void **state)
{
	struct world *w = *state;
	char cursor[80] = "";
	unsigned seen[90] = { 0 }, total = 0;
	import(w, "a", 0, 80, "JP", "1");
	for (unsigned pages = 0; pages < 20; pages++) {
		struct json *j = get(w, arena_printf(&w->arena, B "search?limit=7&cursor=%s", cursor).ptr);
		size_t count;
		const struct json *items = json_get_array(j, "items", &count);
		for (size_t i = 0; i < count; i++) {
			struct str ip = json_get_str(&items[i], "ip");
			uint64_t n;
			assert_true(str_to_u64(str_skip(ip, strlen("198.51.100.")), &n) && n < 80);
			total += seen[n]++ == 0;
		}
		struct str next = json_get_str(j, "next");
		if (!next.len)
			break;
		snprintf(cursor, sizeof(cursor), "%.*s", STR_ARG(next));
	}
	assert_int_equal(total, 80);
	assert_int_equal(world_cli(w, "GET", B "search?cursor=x", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "search?limit=100000", NULL).status, 400);
}

static void
errors_say_where(void **state)
{
	struct world *w = *state;
	struct answer a = world_cli(w, "GET", B "count?q=%E7%9A%AE%F0%A9%B8%BD%20contry:JP", NULL);
	assert_int_equal(a.status, 400);
	const struct json *error = json_get(a.json, "error");
	assert_int_equal(json_get_i64(error, "at", -1), 4); /* one unit, two of a rare character, a blank */
	assert_true(str_contains(json_get_str(error, "message"), STR("country")));
	BUF_AUTO deep = { 0 };
	buf_add(&deep, STR("{\"q\":\""));
	for (unsigned i = 0; i < 100; i++)
		buf_add_char(&deep, '(');
	buf_add(&deep, STR("\"}"));
	a = world_cli(w, "POST", B "count", buf_cstr(&deep));
	assert_int_equal(a.status, 400);
	assert_int_equal(json_get_i64(json_get(a.json, "error"), "at", -1), 64);
	BUF_AUTO large = { 0 };
	buf_add(&large, STR("{\"q\":\""));
	for (unsigned i = 0; i < 1100000; i++)
		buf_add_char(&large, 'x');
	buf_add(&large, STR("\"}"));
	a = world_cli(w, "POST", B "count", buf_cstr(&large));
	assert_int_equal(a.status, 400);
	assert_int_equal(world_cli(w, "GET", B "facet", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "facet?fields=contry", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "facet?fields=html", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "histogram?field=port", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "export?format=exe", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "diff?a=x&b=x", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "record?key=1.2.3.4~80", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "record?key=1.2.3.4~80~tcp~1", NULL).status, 404);
}

static void
proposed(struct world *w, const char *typed, int64_t from, const char *insert)
{
	BUF_AUTO path = { 0 };
	buf_add(&path, STR(B "complete?q="));
	percent_encode(&path, str_of(typed));
	struct json *j = get(w, buf_cstr(&path));
	if (!insert) {
		assert_int_equal(json_get(j, "items")->count, 0);
		return;
	}
	struct str first = json_get_str(member(j, "items", 0), "insert");
	if (!str_eq(first, str_of(insert)) || json_get_i64(j, "from", -1) != from)
		fail_msg("%s: “%.*s” from %lld", typed, STR_ARG(first), (long long)json_get_i64(j, "from", -1));
}

static void
what_may_stand_there_is_proposed(void **state)
{
	struct world *w = *state;
	import(w, "a", 0, 60, "JP", "1");
	import(w, "a", 60, 20, "DE", "1");
	proposed(w, "coun", 0, "country:");
	proposed(w, "title", 0, "http.title:");
	proposed(w, "port:104 -cou", 10, "country:");
	proposed(w, "country:", 8, "JP ");
	proposed(w, "country:d", 8, "DE ");
	proposed(w, "country:JP,", 11, "JP ");
	proposed(w, "os:\"a", 3, "\"a\\\"b\\, c\" ");
	proposed(w, "org:\"病院 1", 4, "\"病院 1\" ");
	proposed(w, "皮膚科 country:", 12, "JP ");
	proposed(w, "ip:203.0.113.1 country:", 23, NULL); /* of what the rest finds */
	proposed(w, "contry:", 7, "country:");
	proposed(w, "x O", 2, "org:");
	proposed(w, "((country:", 10, "JP ");
	proposed(w, "bef", 0, "before:");
}

static void
a_record_tells_what_was_stated_and_what_inferred(void **state)
{
	struct world *w = *state;
	import(w, "a", 5, 1, "JP", "1.9.7");
	struct json *j = get(w, B "search");
	struct str key = json_get_str(member(j, "items", 0), "key");
	j = get(w, arena_printf(&w->arena, B "record?key=%.*s", STR_ARG(key)).ptr);
	assert_true(str_eq(json_get_str(j, "ip"), STR("198.51.100.5")));
	const struct json *stated = json_get(j, "stated"), *inferred = json_get(j, "inferred");
	assert_true(str_eq(member(stated, "product", 0)->text, STR("Orthanc")));
	assert_null(json_get(stated, "class"));
	assert_true(json_get_i64(member(inferred, "class", 0), "confidence", 0) > 0);
	assert_int_equal(json_get_str(member(j, "origins", 0), "digest").len, 64);
	assert_true(str_eq(json_get_str(member(j, "origins", 0), "snapshot"), STR("a")));
	assert_true(str_contains(json_get_str(member(j, "raw", 0), "text"), STR("DICOM Server Response")));
	/* One with an IPv4 address that is written as IPv6 is the same. */
	j = get(w, B "record?key=::ffff:198.51.100.5~104~tcp~1772341200000");
	assert_true(str_eq(json_get_str(j, "ip"), STR("198.51.100.5")));
}

static void
files_come_in_pieces(void **state)
{
	struct world *w = *state;
	import(w, "a", 0, 10, "JP", "1");
	struct answer a = world_cli(w, "GET", B "export?format=csv&limit=4", NULL);
	assert_int_equal(a.status, 200);
	assert_true(str_starts(a.text, STR("ip,port,")));
	size_t lines = 0;
	for (size_t i = 0; i < a.text.len; i++)
		lines += a.text.ptr[i] == '\n';
	assert_int_equal(lines, 5);
	a = world_cli(w, "GET", B "export?format=geojson", NULL);
	struct json *j;
	struct err e = { 0 };
	ok(json_parse(&w->arena, a.text, NULL, &j, &e));
	assert_int_equal(json_get(j, "features")->count, 10);
}

static void
snapshots_are_compared(void **state)
{
	struct world *w = *state;
	import(w, "a", 0, 10, "JP", "1");
	import(w, "b", 4, 8, "JP", "2");
	struct json *j = get(w, B "diff?a=a&b=b");
	assert_int_equal(json_get_i64(j, "new", -1), 2);
	assert_int_equal(json_get_i64(j, "gone", -1), 4);
	j = get(w, B "diff?a=a&b=b&change=new&limit=1");
	assert_int_equal(json_get(j, "items")->count, 1);
	assert_int_equal(json_get_i64(get(w, B "snapshots"), "total", -1), 2);
}

static void
saved_queries_tell_what_is_new_until_somebody_looked(void **state)
{
	struct world *w = *state;
	import(w, "a", 0, 10, "JP", "1");
	struct answer a = world_cli(w, "PUT", B "saved/DICOM%20in%20Japan",
				    "{\"query\":\"country:JP class:dicom\",\"notice\":true}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "banners", -1), 10);
	assert_int_equal(json_get_i64(a.json, "new", -1), 0);
	import(w, "b", 20, 3, "JP", "1");
	import(w, "b", 40, 3, "DE", "1");
	a = world_cli(w, "POST", B "imported", "{}");
	assert_int_equal(a.status, 200);
	const struct json *one = member(a.json, "items", 0);
	assert_int_equal(json_get_i64(one, "new", -1), 3);
	assert_int_equal(json_get_i64(one, "change", -1), 3);
	assert_true(str_eq(json_get_str(member(one, "examples", 0), "ip"), STR("198.51.100.20")));
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("DICOM in Japan")));
	/* The same services seen again are not new, however often they are imported. */
	import(w, "c", 0, 10, "JP", "2");
	assert_int_equal(world_cli(w, "POST", B "imported", "{}").status, 200);
	assert_int_equal(json_get_i64(member(get(w, B "saved"), "items", 0), "new", -1), 3);
	a = world_cli(w, "POST", B "saved/DICOM%20in%20Japan/seen", "{}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "new", -1), 0);
	assert_int_equal(world_cli(w, "POST", B "imported", "{}").status, 200);
	assert_int_equal(json_get_i64(member(get(w, B "saved"), "items", 0), "new", -1), 0);
	struct str log = world_cli(w, "GET", "/api/v1/audit", NULL).text;
	assert_true(str_contains(log, STR("exposure.save")) && str_contains(log, STR("exposure.seen")));
	assert_int_equal(world_cli(w, "PUT", B "saved/x", "{\"query\":\"contry:JP\"}").status, 400);
	assert_int_equal(world_cli(w, "PUT", B "saved/x", "{}").status, 400);
	assert_int_equal(world_cli(w, "DELETE", B "saved/x", NULL).status, 404);
	assert_int_equal(world_cli(w, "DELETE", B "saved/DICOM%20in%20Japan", NULL).status, 204);
	assert_int_equal(json_get_i64(get(w, B "saved"), "total", -1), 0);
}

static void
what_takes_too_long_is_given_up(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct query *q;
	uint64_t n = 0;
	EXPOSURE_USE_AUTO use = { 0 };
	import(w, "a", 0, 60, "JP", "1");
	ok(query_parse(&w->arena, STR("country:JP"), &q, &e));
	ok(exposure_borrow(w->app.exposure, -1, &use, &e)); /* it is over already */
	assert_false(use.backend->count(use.state, q, &n, &e));
	assert_int_equal(e.code, ERR_BUSY);
	err_clear(&e);
	struct facet f;
	assert_false(use.backend->facet(use.state, q, FIELD_ORG, FIELDS, 10, &w->arena, &f, &e));
	assert_int_equal(e.code, ERR_BUSY);
	err_clear(&e);
	/* Which harms nothing: the next one is answered, by the same index. */
	use.backend->deadline(use.state, 0);
	ok(use.backend->count(use.state, q, &n, &e));
	assert_int_equal(n, 60);
	struct str *names;
	size_t damaged;
	use.backend->damaged(use.state, &w->arena, &names, &damaged);
	assert_int_equal(damaged, 0);
}

static void
nobody_asks_without_a_session(void **state)
{
	struct world *w = *state;
	static const char *const paths[] = { B "count", B "search", B "facet?fields=os", B "record?key=x", B "saved" };
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_int_equal(world_call(w, "GET", paths[i], NULL).status, 401);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
		T(questions_are_answered_with_their_time),
		T(pages_hold_everything_once),
		T(errors_say_where),
		T(what_may_stand_there_is_proposed),
		T(a_record_tells_what_was_stated_and_what_inferred),
		T(files_come_in_pieces),
		T(snapshots_are_compared),
		T(saved_queries_tell_what_is_new_until_somebody_looked),
		T(what_takes_too_long_is_given_up),
		T(nobody_asks_without_a_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
