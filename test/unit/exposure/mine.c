/* Our own networks: text, the file and its parts, and what mine: means in queries. */
#include "world.h"

#include "exposure/mine.h"

static struct mine_network
network(const char *text)
{
	struct mine_network n;

	if (!mine_parse(str_of(text), &n))
		fail_msg("%s is a network", text);
	return n;
}

static void
test_text(void **state)
{
	static const struct {
		const char *text, *back;
		bool open;
	} rows[] = { { "192.0.2.9/24", "192.0.2.0/24", true },
		     { "8.8.8.8", "8.8.8.8", true },
		     { "10.1.2.3/8", "10.0.0.0/8", false },
		     { "100.64.1.1", "100.64.1.1", false },
		     { "0.0.0.0/0", "0.0.0.0/0", false },
		     { "172.32.0.1", "172.32.0.1", true },
		     { "2001:db8:7::9/48", "2001:db8:7::/48", true },
		     { "fe80::1", "fe80::1", false },
		     { "::1", "::1", false } };
	struct mine_network n;

	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO text = { 0 };
		n = network(rows[i].text);
		mine_write(&n, &text);
		assert_string_equal(buf_cstr(&text), rows[i].back);
		assert_int_equal(mine_is_public(&n), rows[i].open);
	}
	assert_false(mine_parse(STR("192.0.2.0/33"), &n));
	assert_false(mine_parse(STR("hospital.example"), &n));
	assert_false(mine_parse(STR(""), &n));
}

static void
test_file_and_queries(void **state)
{
	char path[64];
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct mine m;

	world_begin(path);
	made_state = 5;
	struct segment_writer *w = made_writer(path, "nmap", "f", "s");
	unsigned own = 0, total = 500;
	for (unsigned i = 0; i < total; i++) {
		struct made one;
		made_new(&one, 1500);
		one.day = i; /* none is another's twin */
		own += one.v6 ? 0 : one.ip >> 8 == 2 || one.ip == 0x0305;
		made_add(w, &one);
	}
	made_commit(path, w);
	struct exposure_index *ix = world_open(path);
	assert_int_equal(world_count(ix, "mine:true"), 0);
	assert_int_equal(world_count(ix, "mine:false"), total);
	const struct mine_network set[] = { network("10.0.2.0/24"), network("10.0.2.7") }, fleet = network("10.0.3.5");
	assert_true(mine_store(path, MINE_SET, set, 2, &e));
	assert_true(exposure_is_stale(ix));
	assert_true(mine_store(path, MINE_FLEET, &fleet, 1, &e));
	exposure_close(ix);
	ix = world_open(path);
	assert_true(own > 0);
	assert_int_equal(world_count(ix, "mine:true"), own);
	assert_int_equal(world_count(ix, "-mine:true"), total - own);
	assert_int_equal(world_count(ix, "mine:false"), total - own);
	assert_int_equal(world_count(ix, "mine:*"), total);
	assert_int_equal(world_count(ix, "mine:true net:10.0.2.0/24"), world_count(ix, "net:10.0.2.0/24"));
	exposure_close(ix);
	/* One origin's part does not touch the others'. */
	assert_true(mine_store(path, MINE_SET, NULL, 0, &e));
	assert_true(mine_load(&a, path, &m, &e));
	assert_int_equal(m.of[MINE_SET].count, 0);
	assert_int_equal(m.of[MINE_FLEET].count, 1);
	world_end(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_file_and_queries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
