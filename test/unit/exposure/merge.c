/* Merges that are killed at many moments, that meet damage, imports and readers, or are told to stop. */
#include "world.h"

#include "base/buf.h"
#include "exposure/manifest.h"
#include "exposure/segment.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 200, BATCHES = 9, ROUNDS = 40 };

/* Everything that is there, whatever its order. */
struct print {
	uint64_t count, sum;
};

static bool
print_one(void *user, const struct banner *b, struct err *e)
{
	struct print *p = user;
	BUF_AUTO all = { 0 };

	(void)e;
	buf_add(&all, str_sub((const char *)b->ip, 16));
	buf_addf(&all, "%u %d %lld", b->port, (int)b->transport, (long long)b->timestamp);
	for (size_t i = 0; i < b->count; i++)
		buf_addf(&all, " %d %.*s %lld %u", (int)b->values[i].field, STR_ARG(b->values[i].text),
			 (long long)b->values[i].number, b->values[i].confidence);
	for (size_t i = 0; i < b->origin_count; i++)
		buf_addf(&all, " %.*s", STR_ARG(b->origins[i]->file));
	buf_add(&all, b->raw);
	p->count++;
	p->sum += block_sum(all.ptr, all.len);
	return true;
}

static struct print
print_index(struct exposure_index *ix)
{
	const struct query all = { .kind = QUERY_ALL };
	const struct exposure_page page = { .limit = 1000000, .sort = FIELDS, .raw = true, .any_order = true };
	struct print p = { 0 };
	struct err e = { 0 };

	if (!exposure_search(ix, &all, &page, print_one, &p, &e))
		fail_msg("%s", e.text);
	return p;
}

static struct print
print_of(const char *path)
{
	struct exposure_index *ix = world_open(path);
	struct print p = print_index(ix);

	assert_int_equal(exposure_count(ix), p.count);
	exposure_close(ix);
	return p;
}

static void
same_print(struct print a, struct print b)
{
	assert_int_equal(a.count, b.count);
	assert_true(a.sum == b.sum);
}

static void
add_batch(const char *path, unsigned number, unsigned banners)
{
	char name[32];

	snprintf(name, sizeof(name), "batch%u", number);
	struct segment_writer *w = made_writer(path, "test", name, "s");
	for (unsigned i = 0; i < banners; i++) {
		struct made m;
		made_new(&m, 3000);
		m.ip = number * BATCH + i; /* no two are the same banner */
		m.v6 = false;
		made_add(w, &m);
	}
	made_commit(path, w);
}

static void
add_batches(const char *path)
{
	for (unsigned i = 0; i < BATCHES; i++)
		add_batch(path, i, BATCH);
}

static size_t
files_of(const char *path, const char *ending)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count, n = 0;
	struct err e = { 0 };

	assert_true(dir_list(&a, path_join(&a, path, "exposure"), 1000, &names, &count, &e));
	for (size_t i = 0; i < count; i++)
		n += str_ends(names[i], str_of(ending));
	return n;
}

static size_t
segments_of(const char *path)
{
	ARENA_AUTO a = { 0 };
	struct manifest m;
	struct err e = { 0 };

	assert_true(manifest_read(&a, path, &m, &e));
	return m.segments.count;
}

/* ---- killed ---- */

struct countdown {
	unsigned left;
};

static bool
kill_at_zero(void *user)
{
	struct countdown *c = user;

	if (c->left-- == 0)
		(void)raise(SIGKILL);
	return true;
}

/* In a process of its own, which is killed at a step of the copy (steps > 0) or after so many microseconds. True: it was. */
static bool
merge_and_kill(const char *path, unsigned steps, useconds_t after)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct countdown c = { steps };
		const struct exposure_pace pace = { kill_at_zero, &c };
		struct err e = { 0 };
		bool did = true;
		while (did)
			if (!segments_merge_paced(path, steps > 0 ? &pace : NULL, &did, &e))
				_exit(1);
		_exit(0);
	}
	if (steps == 0) {
		(void)usleep(after);
		(void)kill(child, SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
test_killed_merges_lose_nothing(void **state)
{
	char path[64];
	unsigned killed[2] = { 0, 0 };
	struct err e = { 0 };
	bool did;

	made_state = 41;
	world_begin(path);
	add_batches(path);
	int64_t took = now_us();
	assert_true(segments_merge(path, &did, &e));
	took = now_us() - took;
	assert_true(did);
	for (unsigned round = 0; round < ROUNDS; round++) {
		add_batch(path, BATCHES + round, 40);
		struct print before = print_of(path);
		bool by_step = round % 2 == 0;
		killed[by_step] += merge_and_kill(path, by_step ? 1 + made_random(30) : 0,
						  (useconds_t)made_random((unsigned)took * 2 + 1));
		same_print(print_of(path), before);
	}
	/* In the middle of copying, and at whatever moment it was. */
	assert_true(killed[true] > ROUNDS / 4 && killed[false] > 0);
	add_batch(path, BATCHES + ROUNDS, 40);
	struct print before = print_of(path);
	assert_true(segments_merge(path, &did, &e) && did);
	same_print(print_of(path), before);
	/* Nothing of the killed ones is left. */
	assert_int_equal(files_of(path, ".segment"), segments_of(path));
	world_end(path);
}

/* ---- damage ---- */

/* Turns one byte in the middle of the n-th segment that the manifest names; again: back. */
static const char *
turn_byte(struct arena *a, const char *path, size_t n, off_t at)
{
	struct manifest m;
	struct err e = { 0 };
	unsigned char byte;

	assert_true(manifest_read(a, path, &m, &e));
	assert_true(n < m.segments.count);
	const char *file = path_join(a, path_join(a, path, "exposure"), arena_cstr(a, m.segments.items[n].file));
	FD_AUTO fd = open(file, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x55;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	return file;
}

static void
turn_back(const char *file, off_t at)
{
	unsigned char byte;
	FD_AUTO fd = open(file, O_RDWR);

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x55;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* A damaged segment is left as it is, whenever that shows; the others are merged, imports go on, kills lose nothing. */
static void
test_damage_is_set_aside(void **state)
{
	char path[64];

	made_state = 43;
	for (unsigned i = 0; i < 12; i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		bool did;
		world_begin(path);
		add_batches(path);
		struct print whole = print_of(path);
		off_t at = 64 + made_random(7000);
		const char *file = turn_byte(&a, path, i % BATCHES, at);
		if (i % 3 == 1)
			(void)merge_and_kill(path, 1 + made_random(25), 0);
		assert_true(segments_merge(path, &did, &e));
		if (i % 3 != 1)
			assert_true(did);
		assert_true(file_exists(file));
		assert_int_equal(segments_of(path), 2);
		struct exposure_index *ix = world_open(path);
		assert_int_equal(print_index(ix).count, whole.count - BATCH);
		struct str *names;
		size_t damaged;
		exposure_damaged(ix, &a, &names, &damaged);
		assert_int_equal(damaged, 1);
		assert_true(str_ends(str_of(file), names[0]));
		exposure_close(ix);
		if (i % 2 == 0)
			add_batch(path, 100, 20);
		turn_back(file, at);
		struct print after = print_of(path);
		assert_int_equal(after.count, whole.count + (i % 2 == 0 ? 20 : 0));
		if (i % 2 != 0)
			assert_true(after.sum == whole.sum);
		world_end(path);
	}
}

/* ---- others at the same time ---- */

struct interruption {
	const char *path;
	unsigned asked;
	bool replace;
};

/* An import in the middle of the copy: the folder is not locked. */
static bool
import_meanwhile(void *user)
{
	struct interruption *x = user;
	struct segment_origin earlier = { .source = STR("test"), .file = STR("batch1"), .snapshot = STR("s") };
	struct err e = { 0 };

	if (x->asked++ != 12)
		return true;
	if (!x->replace) {
		add_batch(x->path, 50, 30);
		return true;
	}
	struct segment_writer *w = made_writer(x->path, "test", "batch1", "s");
	struct made m;
	made_new(&m, 3000);
	m.day = 350;
	made_add(w, &m);
	assert_true(segments_replace(x->path, &w, 1, &earlier, &e));
	return true;
}

static void
test_imports_do_not_wait(void **state)
{
	for (unsigned replace = 0; replace < 2; replace++) {
		char path[64];
		struct err e = { 0 };
		bool did;
		made_state = 47;
		world_begin(path);
		add_batches(path);
		struct exposure_index *reader = world_open(path);
		struct print before = print_index(reader);
		struct interruption x = { path, 0, replace };
		const struct exposure_pace pace = { import_meanwhile, &x };
		assert_true(segments_merge_paced(path, &pace, &did, &e));
		assert_true(did);
		/* What was replaced meanwhile was copied in vain, and then anew. */
		assert_true(replace ? x.asked > 45 : x.asked <= 45);
		struct print after = print_of(path);
		assert_int_equal(after.count, replace ? before.count - BATCH + 1 : before.count + 30);
		/* Who was reading reads on, from files that are gone. */
		same_print(print_index(reader), before);
		assert_true(exposure_is_stale(reader));
		exposure_close(reader);
		assert_int_equal(files_of(path, ".segment"), segments_of(path));
		world_end(path);
	}
}

static bool
stop_at(void *user)
{
	unsigned *left = user;

	return (*left)-- > 0;
}

static void
test_stops_when_told(void **state)
{
	char path[64];
	struct err e = { 0 };
	unsigned left = 15;
	uint64_t generation;
	bool did, due;
	const struct exposure_pace pace = { stop_at, &left };

	made_state = 53;
	world_begin(path);
	add_batches(path);
	struct print before = print_of(path);
	assert_true(segments_merge_paced(path, &pace, &did, &e));
	assert_false(did);
	assert_int_equal(segments_of(path), BATCHES);
	assert_int_equal(files_of(path, ".segment"), BATCHES);
	same_print(print_of(path), before);
	assert_true(segments_due(path, &due, &generation, &e) && due);
	assert_true(segments_merge(path, &did, &e) && did);
	assert_true(segments_due(path, &due, &generation, &e) && !due);
	/* Two at once are not needed. */
	ARENA_AUTO a = { 0 };
	FD_AUTO other = -1;
	add_batch(path, 60, 10);
	assert_true(file_lock(path_join(&a, path, "exposure/merge.lock"), &other, &e));
	assert_true(segments_merge(path, &did, &e) && !did);
	world_end(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_merges_lose_nothing),
		cmocka_unit_test(test_damage_is_set_aside),
		cmocka_unit_test(test_imports_do_not_wait),
		cmocka_unit_test(test_stops_when_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
