/* One whole inventory and both of its sections, for bench/inventory.sh: prints the first and the median
 * of RUNS in milliseconds, and the number of packages. */
#include "base/time.h"
#include "plan/inventory.h"

#define RUNS 21

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	double took[RUNS];
	size_t packages = 0;

	for (size_t i = 0; i < RUNS; i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO system = { 0 }, list = { 0 };
		struct json_writer w = { .out = &system }, v = { .out = &list };
		struct inventory_options o = { .root = argc > 1 ? argv[1] : "/", .live = argc == 1 };
		struct inventory inv;
		struct err e = { 0 };
		double start = now_ms();
		if (!inventory_read(&o, &a, &inv, &e))
			die(e.code, "%s", e.text);
		inventory_write_system(&inv, &w);
		inventory_write_packages(&inv, &v);
		took[i] = now_ms() - start;
		packages = inv.packages.count;
	}
	double first = took[0];
	qsort(took, RUNS, sizeof(*took), order);
	printf("%.2f %.2f %zu\n", first, took[RUNS / 2], packages);
	return 0;
}
