/* Honeypots that only the whole address gives away. */
#include "world.h"

#include "exposure/manifest.h"
#include "exposure/suspect.h"

static void
add(struct segment_writer *w, unsigned host, unsigned port, enum field field, const char *text)
{
	struct banner_value v[] = { { .field = field, .text = str_of(text) } };
	struct banner b = { .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, (unsigned char)host },
			    .port = (uint16_t)port,
			    .timestamp = 1767225600000,
			    .values = v,
			    .count = text ? 1 : 0,
			    .raw = STR("{}") };
	struct err e = { 0 };

	assert_true(segment_add(w, &b, &e));
}

static uint64_t
look(const char *path, const struct enrich_rules *r)
{
	struct err e = { 0 };
	uint64_t n;

	if (!segments_suspect(path, r, &n, &e))
		fail_msg("%s", e.text);
	return n;
}

static uint64_t
count(const char *path, const char *query)
{
	struct exposure_index *ix = world_open(path);
	uint64_t n = world_count(ix, query);

	exposure_close(ix);
	return n;
}

static bool
is_sure(void *user, const struct banner *b, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == FIELD_HONEYPOT)
			*(unsigned *)user = b->values[i].confidence;
	return true;
}

/* The confidence with which a banner is suspected; 0: it is not. */
static unsigned
sure(const char *path, const char *query)
{
	struct exposure_index *ix = world_open(path);
	const struct exposure_page page = { .limit = 1, .sort = FIELDS };
	ARENA_AUTO a = { 0 };
	struct query *q;
	struct err e = { 0 };
	unsigned out = 0;

	assert_true(query_parse(&a, str_of(query), &q, &e));
	assert_true(exposure_search(ix, q, &page, is_sure, &out, &e));
	exposure_close(ix);
	return out;
}

static void
test_built_in_rules(void **state)
{
	static const char *const plant[] = { "SIMATIC S7-300", "Modbus TCP", "bacnet", "nginx", "OpenSSH" };
	static const char *const stores[] = { "MySQL",   "PostgreSQL", "MongoDB", "Redis key-value store",
					      "OpenSSH", "nginx",      "Exim",    "Dovecot" };
	char path[64];
	struct enrich_rules *r;
	struct err e = { 0 };

	world_begin(path);
	assert_true(enrich_open(NULL, &r, &e));
	assert_true(r->traps.count >= 5);
	struct segment_writer *w = made_writer(path, "test", "a", "s");
	for (unsigned i = 0; i < 39; i++)
		add(w, 1, 1000 + i, FIELD_PRODUCT, "nginx");
	for (unsigned i = 0; i < 60; i++)
		add(w, 2, 80, FIELD_PRODUCT, "nginx"); /* one service, however often it is seen */
	for (unsigned i = 0; i < COUNT(stores); i++)
		add(w, 4, 3000 + i, FIELD_PRODUCT, stores[i]);
	for (unsigned i = 0; i < COUNT(stores); i++)
		add(w, 5, 3000 + i, FIELD_PRODUCT, stores[i < 3 ? i : 4 + i % 4]);
	made_commit(path, w);
	assert_int_equal(look(path, r), COUNT(stores));
	assert_int_equal(count(path, "honeypot:true"), COUNT(stores));
	assert_int_equal(sure(path, "ip:192.0.2.4"), 70);
	assert_int_equal(sure(path, "ip:192.0.2.1"), 0);
	/* Nothing new: nothing to do. */
	assert_int_equal(look(path, r), 0);
	uint64_t all = count(path, "");
	/* What an older import told counts, too: the fortieth service, and five of a plant in two imports. */
	w = made_writer(path, "test", "b", "s");
	add(w, 1, 2000, FIELD_PRODUCT, "nginx");
	for (unsigned i = 0; i < 3; i++)
		add(w, 3, 500 + i, i == 0 ? FIELD_MODULE : FIELD_PRODUCT, i == 0 ? "s7" : plant[i]);
	made_commit(path, w);
	assert_int_equal(look(path, r), 40);
	assert_int_equal(sure(path, "ip:192.0.2.1"), 50);
	w = made_writer(path, "test", "c", "s");
	for (unsigned i = 3; i < COUNT(plant); i++)
		add(w, 3, 500 + i, FIELD_PRODUCT, plant[i]);
	made_commit(path, w);
	assert_int_equal(look(path, r), 5);
	assert_int_equal(sure(path, "ip:192.0.2.3"), 85);
	assert_int_equal(count(path, "ip:192.0.2.3 honeypot:true"), 5);
	/* Nothing is there twice, and nothing is lost, before and after merging. */
	assert_int_equal(count(path, ""), all + 6);
	bool did = true;
	while (did)
		assert_true(segments_merge(path, &did, &e));
	assert_int_equal(count(path, ""), all + 6);
	assert_int_equal(count(path, "honeypot:true"), COUNT(stores) + 40 + 5);
	assert_int_equal(look(path, r), 0);
	enrich_close(r);
	world_end(path);
}

static void
test_own_rules(void **state)
{
	char path[64];
	struct enrich_rules *r;
	struct err e = { 0 };
	ARENA_AUTO a = { 0 };

	world_begin(path);
	const char *table = path_join(&a, path, "honeypots.csv");
	assert_true(
		file_write(table, STR("name,confidence,services,different,fields,signs\nthree,33,3,0,,\n"), 0600, &e));
	assert_true(enrich_open(path, &r, &e));
	assert_int_equal(r->traps.count, 1);
	assert_true(str_contains(enrich_version(r), STR("+own-")));
	struct segment_writer *w = made_writer(path, "test", "a", "s");
	for (unsigned i = 0; i < 5; i++)
		add(w, 1 + i / 3, 80 + i, FIELD_PRODUCT, NULL);
	made_commit(path, w);
	assert_int_equal(look(path, r), 3);
	assert_int_equal(sure(path, "ip:192.0.2.1"), 33);
	enrich_close(r);
	static const char *const bad[] = { "x,101,3,0,,\n", "x,50,many,0,,\n", "x,50,3,1,port,80\n",
					   "x,50,3,1,nothing,80\n" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct str text = arena_printf(&a, "name,confidence,services,different,fields,signs\n%s", bad[i]);
		assert_true(file_write(table, text, 0600, &e));
		assert_false(enrich_open(path, &r, &e));
		assert_non_null(strstr(e.text, "honeypots.csv, record 2"));
		err_clear(&e);
	}
	world_end(path);
}

/* A segment many of whose banners say so themselves: the others are looked at all the same, and those stay as they are. */
static void
test_beside_those_that_say_so(void **state)
{
	char path[64];
	struct enrich_rules *r;
	struct err e = { 0 };

	world_begin(path);
	assert_true(enrich_open(NULL, &r, &e));
	struct segment_writer *w = made_writer(path, "test", "a", "s");
	for (unsigned i = 0; i < 41; i++)
		add(w, 1, 1000 + i, FIELD_PRODUCT, "nginx");
	for (unsigned i = 0; i < 100; i++) {
		struct banner_value v = { .field = FIELD_HONEYPOT, .number = 1, .confidence = 95 };
		struct banner b = { .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2 },
				    .port = (uint16_t)(1 + i),
				    .timestamp = 1767225600000,
				    .values = &v,
				    .count = 1,
				    .raw = STR("{}") };
		assert_true(segment_add(w, &b, &e));
	}
	made_commit(path, w);
	assert_int_equal(look(path, r), 41);
	assert_int_equal(count(path, "honeypot:true"), 141);
	assert_int_equal(sure(path, "ip:192.0.2.1"), 50);
	assert_int_equal(sure(path, "ip:192.0.2.2"), 95);
	enrich_close(r);
	world_end(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in_rules),
		cmocka_unit_test(test_own_rules),
		cmocka_unit_test(test_beside_those_that_say_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
