/* Addresses of several segments side by side: each once, in order, with all the places it has; far jumps in what is only
 * looked up. */
#include "world.h"

#include "exposure/address-walk.h"

enum { ADDRESSES = 4000, SEGMENTS = 4 };

/* How many banners of this address segment s is given: many in one, few in others. */
static unsigned
banners_of(unsigned segment, unsigned ip, bool v6)
{
	static const unsigned every[SEGMENTS] = { 1, 3, 211, 1009 };

	if (v6)
		return ip % 5 == segment || ip % 7 == 0;
	return ip % every[segment] == segment ? 1 + (ip + segment) % 3 : 0;
}

static void
fill(const char *path)
{
	for (unsigned s = 0; s < SEGMENTS; s++) {
		struct segment_writer *w = made_writer(path, "shodan", made_tags[s % 3], made_countries[s]);
		for (unsigned ip = 0; ip < 2 * ADDRESSES; ip++) {
			struct made m = { .v6 = ip >= ADDRESSES, .ip = ip % ADDRESSES, .text = "x" };
			for (unsigned n = banners_of(s, m.ip, m.v6); n > 0; n--) {
				/* Different instants: none is joined with another. */
				m.port = 1000 + s;
				m.day = s * 10 + n;
				made_add(w, &m);
			}
		}
		made_commit(path, w);
	}
}

/* What a walk of the segments in `asked` must find at this address; false: nothing. */
static bool
expect(const struct address_walk *w, unsigned asked, unsigned ip, bool v6)
{
	uint64_t banners = 0;
	unsigned places = 0;
	bool any = false;

	for (unsigned s = 0; s < SEGMENTS; s++) {
		unsigned n = banners_of(s, ip, v6);
		banners += n;
		places += n > 0;
		any |= n > 0 && asked >> s & 1;
	}
	if (!any)
		return false;
	assert_int_equal(w->count, places);
	assert_int_equal(w->banners, banners);
	for (size_t i = 0; i < w->count; i++) {
		struct made m = { .v6 = v6, .ip = ip };
		unsigned char want[16], got[16];
		made_address(&m, want);
		column_address(&w->ix->segments[w->places[i].segment]->columns[FIELD_IP], w->places[i].rank, got);
		assert_memory_equal(got, want, 16);
		assert_true(banners_of(w->places[i].segment, ip, v6) > 0);
	}
	return true;
}

static void
test_each_address_once(void **state)
{
	struct address_walk w;
	char path[64];

	world_begin(path);
	fill(path);
	struct exposure_index *ix = world_open(path);
	assert_int_equal(ix->count, SEGMENTS);
	for (size_t i = 0; i < ix->count; i++)
		assert_true(address_walk_ready(ix->segments[i]));
	for (unsigned asked = 0; asked < 1u << SEGMENTS; asked++) {
		address_walk_begin(&w, ix, 0);
		for (unsigned s = 0; s < SEGMENTS; s++)
			if (!(asked >> s & 1))
				address_walk_aside(&w, s);
		bool there = address_walk_next(&w);
		for (unsigned ip = 0; ip < 2 * ADDRESSES; ip++)
			if (there && expect(&w, asked, ip % ADDRESSES, ip >= ADDRESSES))
				there = address_walk_next(&w);
		assert_false(there);
		address_walk_end(&w);
	}
	exposure_close(ix);
	world_end(path);
}

static void
test_parts_give_what_the_whole_gives(void **state)
{
	struct address_walk w;
	uint64_t *bounds;
	char path[64];

	world_begin(path);
	fill(path);
	struct exposure_index *ix = world_open(path);
	for (size_t i = 0; i < ix->count; i++)
		assert_true(address_walk_ready(ix->segments[i]));
	for (size_t banners = 1; banners < 1000000; banners *= 9) {
		size_t parts = address_walk_parts(ix, banners, &bounds);
		assert_true(parts >= 1 && (parts > 1 || banners > 1000));
		unsigned ip = 0;
		for (size_t i = 0; i < parts; i++) {
			address_walk_begin_part(&w, ix, 0, bounds[i], bounds[i + 1]);
			for (; address_walk_next(&w); ip++)
				while (!expect(&w, (1u << SEGMENTS) - 1, ip % ADDRESSES, ip >= ADDRESSES))
					assert_true(ip++ < 2 * ADDRESSES);
			address_walk_end(&w);
		}
		assert_true(ip > 2 * ADDRESSES - 100 && ip <= 2 * ADDRESSES);
		free(bounds);
	}
	exposure_close(ix);
	world_end(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_address_once),
		cmocka_unit_test(test_parts_give_what_the_whole_gives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
