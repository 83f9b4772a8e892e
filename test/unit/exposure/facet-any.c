/* Facets and queries of what was stated or inferred. */
#include "world.h"

#include "exposure/facet-any.h"

static const struct {
	const char *stated, *inferred;
	unsigned times;
} rows[] = {
	{ "Linux", "Linux", 5 }, /* both say it: one banner each */
	{ "Linux", "Debian 12", 3 }, { "Linux", NULL, 2 },   { NULL, "Linux", 4 },
	{ NULL, "Debian 12", 1 },    { "Windows", NULL, 7 }, { NULL, NULL, 6 },
};

static void
fill(const char *path)
{
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct segment_writer *w = made_writer(path, "test", rows[i].stated ? "a" : "b", "s");
		for (unsigned k = 0; k < rows[i].times; k++, n++) {
			struct banner_value v[2];
			struct banner b = { .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2,
						    (unsigned char)n },
					    .port = (uint16_t)(n % 2),
					    .timestamp = 1767225600000,
					    .values = v,
					    .raw = STR("{}") };
			struct err e = { 0 };
			if (rows[i].stated)
				v[b.count++] =
					(struct banner_value){ .field = FIELD_OS, .text = str_of(rows[i].stated) };
			if (rows[i].inferred)
				v[b.count++] = (struct banner_value){ .field = FIELD_OS_INFERRED,
								      .text = str_of(rows[i].inferred),
								      .confidence = 70 };
			assert_true(segment_add(w, &b, &e));
		}
		made_commit(path, w);
	}
}

static void
check(struct exposure_index *ix, const char *words, const char *query, const char *expected)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct facet_words w = { .top = 10 };
	struct facet f;
	struct query *q;
	struct err e = { 0 };

	if (!facet_words_read(str_of(words), &w, &e) || !query_parse(&a, str_of(query), &q, &e) ||
	    !facet_ask(&exposure_backend_files, ix, q, &w, &a, &f, &e))
		fail_msg("%s: %s", words, e.text);
	buf_add(&out, facet_field_name(&a, &f));
	for (size_t i = 0; i < f.values.count; i++)
		buf_addf(&out, " %.*s=%llu", STR_ARG(f.values.items[i].value),
			 (unsigned long long)f.values.items[i].count);
	buf_addf(&out, " +%llu", (unsigned long long)f.other);
	assert_string_equal(buf_cstr(&out), expected);
	/* A value counts what the query finds. */
	for (size_t i = 0; w.any && i < f.values.count; i++) {
		struct str both = arena_printf(&a, "os:any:\"%.*s\" %s", STR_ARG(f.values.items[i].value), query);
		assert_int_equal(world_count(ix, both.ptr), f.values.items[i].count);
	}
}

static void
test_stated_or_inferred(void **state)
{
	char path[64];

	world_begin(path);
	fill(path);
	struct exposure_index *ix = world_open(path);
	check(ix, "os", "", "os Linux=10 Windows=7 +0");
	check(ix, "os.inferred", "", "os.inferred Linux=9 Debian 12=4 +0");
	check(ix, "os:any", "", "os:any Linux=14 Windows=7 Debian 12=4 +0");
	check(ix, "os.any", "", "os:any Linux=14 Windows=7 Debian 12=4 +0");
	check(ix, "os:any:1", "", "os:any Linux=14 +11");
	check(ix, "os.any:2", "", "os:any Linux=14 Windows=7 +4");
	check(ix, "os:any", "port:0 -os:Windows", "os:any Linux=7 Debian 12=2 +0");
	check(ix, "product:any", "", "product:any +0");
	assert_int_equal(world_count(ix, "os:any:Linux"), 14);
	assert_int_equal(world_count(ix, "os.any:Linux"), 14);
	assert_int_equal(world_count(ix, "os:any:Linux,Windows"), 21);
	/* Alone: whatever is known. */
	assert_int_equal(world_count(ix, "os:any"), 22);
	assert_int_equal(world_count(ix, "-os:any"), 6);
	assert_int_equal(world_count(ix, "(os:any) port:0"), world_count(ix, "port:0 os:any:*"));
	assert_int_equal(world_count(ix, "os:\"any\""), 0);
	exposure_close(ix);
	world_end(path);
}

static void
test_words(void **state)
{
	static const char *const bad[] = { "port:any", "os:0", "os:many",    "os:any:x",
					   "os:any:0", "oss",  "os/countri", "" };
	struct facet_words w = { 0 };
	struct err e = { 0 };

	assert_true(facet_words_read(STR("os/country:50"), &w, &e));
	assert_true(w.field == FIELD_OS && w.second == FIELD_COUNTRY && w.top == 50 && !w.any);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(facet_words_read(str_of(bad[i]), &w, &e));
		assert_int_equal(e.code, ERR_USAGE);
		err_clear(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stated_or_inferred),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
