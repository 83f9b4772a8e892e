/* Commits that are killed, replaced, joined; segments that are damaged. */
#include "world.h"

#include "exposure/manifest.h"
#include "exposure/segment.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 300 };

static void
add_batch(struct segment_writer *w, unsigned number)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct made m;
		made_new(&m, 1000);
		/* No two of all batches alike. */
		m.ip = number * BATCH + i;
		m.v6 = false;
		m.port = 80;
		made_add(w, &m);
	}
}

/* Imports and merges until it is killed; a byte for every batch that is acknowledged. */
static _Noreturn void
import_forever(const char *path, int acknowledged, unsigned number)
{
	struct err e = { 0 };
	bool did;

	for (;; number++) {
		char name[32];
		snprintf(name, sizeof(name), "batch%u", number);
		struct segment_writer *w = made_writer(path, "test", name, "s");
		add_batch(w, number);
		if (!segments_commit(path, &w, 1, &e) || write(acknowledged, "x", 1) != 1)
			_exit(1);
		if (number % 3 == 2 && !segments_merge(path, &did, &e))
			_exit(1);
	}
}

static size_t
files_in(const char *path)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count, n = 0;
	struct err e = { 0 };

	assert_true(dir_list(&a, path_join(&a, path, "exposure"), 1000, &names, &count, &e));
	for (size_t i = 0; i < count; i++)
		n += str_ends(names[i], STR(".segment"));
	return n;
}

static void
test_kill_loses_nothing_acknowledged(void **state)
{
	char path[64], byte;
	uint64_t done = 0;

	made_state = 5;
	world_begin(path);
	for (unsigned round = 0; round < 25; round++) {
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			made_state += round;
			import_forever(path, ends[1], (unsigned)done);
		}
		close(ends[1]);
		uint64_t acknowledged = done;
		/* In the middle of the first batches of some, of later ones of others. */
		for (unsigned i = round % 4; i > 0; i--)
			acknowledged += read(ends[0], &byte, 1) == 1;
		usleep(made_random(30000));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		while (read(ends[0], &byte, 1) == 1)
			acknowledged++;
		close(ends[0]);
		struct exposure_index *ix = world_open(path);
		uint64_t there = exposure_count(ix);
		/* The last batch may have been committed without time to say so; never half of it. */
		assert_int_equal(there % BATCH, 0);
		assert_true(there / BATCH == acknowledged || there / BATCH == acknowledged + 1);
		assert_int_equal(world_count(ix, "port:80"), there);
		done = there / BATCH;
		exposure_close(ix);
	}
	/* It did kill in the middle of work, not before it. */
	assert_true(done > 10);
	/* What the killed ones left is swept by the next commit. */
	struct segment_writer *w = made_writer(path, "test", "last", "s");
	add_batch(w, (unsigned)done);
	made_commit(path, w);
	struct exposure_index *ix = world_open(path);
	assert_int_equal(exposure_count(ix), (done + 1) * BATCH);
	exposure_close(ix);
	bool did;
	struct err e = { 0 };
	assert_true(segments_merge(path, &did, &e));
	while (did)
		assert_true(segments_merge(path, &did, &e));
	assert_int_equal(files_in(path), 1);
	world_end(path);
}

static void
test_abandoned_leaves_nothing(void **state)
{
	char path[64];
	struct err e = { 0 };

	world_begin(path);
	struct segment_writer *w = made_writer(path, "test", "a", "s");
	add_batch(w, 0);
	assert_true(segment_spill(w, &e));
	add_batch(w, 1);
	segment_abandon(w);
	assert_int_equal(files_in(path), 0);
	struct exposure_index *ix = world_open(path);
	assert_int_equal(exposure_count(ix), 0);
	exposure_close(ix);
	world_end(path);
}

static void
test_import_replaces_the_same_file(void **state)
{
	char path[64];
	struct err e = { 0 };
	struct segment_origin earlier = { .source = STR("test"), .file = STR("a"), .snapshot = STR("s") };

	world_begin(path);
	struct segment_writer *w = made_writer(path, "test", "a", "s");
	add_batch(w, 0);
	made_commit(path, w);
	w = made_writer(path, "test", "b", "s");
	add_batch(w, 1);
	made_commit(path, w);
	w = made_writer(path, "test", "a", "s");
	add_batch(w, 2);
	assert_true(segments_replace(path, &w, 1, &earlier, &e));
	struct exposure_index *ix = world_open(path);
	struct query all = { .kind = QUERY_ALL };
	uint64_t n;
	assert_int_equal(exposure_count(ix), 2 * BATCH);
	assert_true(exposure_distinct(ix, &all, FIELD_IP, &n, &e));
	assert_int_equal(n, 2 * BATCH);
	assert_int_equal(world_count(ix, "net:10.0.0.0/24"), 0);
	exposure_close(ix);
	world_end(path);
}

static void
add_one(const char *path, const char *source, const char *os, const char *raw)
{
	struct segment_writer *w = made_writer(path, source, source, source);
	struct banner_value v[] = { { .field = FIELD_OS, .text = str_of(os) },
				    { .field = FIELD_ORG, .text = STR("General Hospital") } };
	struct banner b = { .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1 },
			    .port = 80,
			    .timestamp = 1700000000000,
			    .values = v,
			    .count = COUNT(v),
			    .raw = str_of(raw) };
	struct err e = { 0 };

	assert_true(segment_add(w, &b, &e));
	made_commit(path, w);
}

struct joined {
	size_t count, systems, orgs, sources;
	char raw[200];
};

static bool
see_joined(void *user, const struct banner *b, struct err *e)
{
	struct joined *j = user;

	j->count++;
	for (size_t i = 0; i < b->count; i++) {
		j->systems += b->values[i].field == FIELD_OS;
		j->orgs += b->values[i].field == FIELD_ORG;
		j->sources += b->values[i].field == FIELD_SOURCE;
	}
	snprintf(j->raw, sizeof(j->raw), "%.*s", STR_ARG(b->raw));
	return true;
}

static void
test_banner_of_two_sources_is_one(void **state)
{
	char path[64];
	struct query all = { .kind = QUERY_ALL };
	struct exposure_page page = { .limit = 10, .sort = FIELDS, .raw = true };
	struct joined j = { 0 };
	struct err e = { 0 };

	world_begin(path);
	add_one(path, "shodan", "Linux", "{\"a\":1}");
	add_one(path, "censys", "Linux 5.10", "{\"b\":2}");
	struct exposure_index *ix = world_open(path);
	assert_int_equal(exposure_count(ix), 1);
	assert_true(exposure_search(ix, &all, &page, see_joined, &j, &e));
	assert_int_equal(j.count, 1);
	/* What the two say alike is said once; where they differ, both stay. */
	assert_int_equal(j.systems, 2);
	assert_int_equal(j.orgs, 1);
	assert_int_equal(j.sources, 2);
	assert_string_equal(j.raw, "{\"a\":1}\x1e{\"b\":2}");
	assert_int_equal(world_count(ix, "source:shodan source:censys"), 1);
	exposure_close(ix);
	world_end(path);
}

/* Every hundredth byte of a segment turned: it is named, or what it says is as before; the other one answers always. */
static void
test_damage_is_named(void **state)
{
	char path[64];
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count, named = 0, tried = 0;
	BUF_AUTO bytes = { 0 };
	struct err e = { 0 };

	made_state = 9;
	world_begin(path);
	struct segment_writer *w = made_writer(path, "test", "a", "s");
	add_batch(w, 0);
	made_commit(path, w);
	w = made_writer(path, "test", "b", "s");
	add_batch(w, 1);
	made_commit(path, w);
	assert_true(dir_list(&a, path_join(&a, path, "exposure"), 100, &names, &count, &e));
	const char *file = NULL;
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], STR(".segment")))
			file = path_join(&a, path_join(&a, path, "exposure"), arena_cstr(&a, names[i]));
	assert_non_null(file);
	assert_true(file_read(file, 16 << 20, &bytes, &e));
	for (size_t at = 64; at < bytes.len; at += 101, tried++) {
		struct query all = { .kind = QUERY_ALL };
		struct exposure_page page = { .limit = 10000, .sort = FIELDS, .raw = true };
		struct joined j = { 0 };
		struct str *damaged;
		bytes.ptr[at] ^= 0x55;
		FD_AUTO fd = open(file, O_WRONLY);
		assert_int_equal(pwrite(fd, bytes.ptr, bytes.len, 0), (ssize_t)bytes.len);
		struct exposure_index *ix = world_open(path);
		assert_true(exposure_search(ix, &all, &page, see_joined, &j, &e));
		(void)world_count(ix, "皮膚科 -tls:true");
		exposure_damaged(ix, &a, &damaged, &count);
		assert_true(count <= 1);
		named += count;
		if (count == 0)
			assert_int_equal(j.count, 2 * BATCH);
		else
			assert_true(j.count >= BATCH);
		exposure_close(ix);
		bytes.ptr[at] ^= 0x55;
	}
	/* Nearly everything was read by these two questions. */
	assert_true(named > tried / 2);
	world_end(path);
}

/* Batches whose banners are the same each time. */
static void
commit_batches(const char *path, const char *source, unsigned from, unsigned to)
{
	struct segment_writer *w = made_writer(path, source, source, source);

	for (unsigned i = from; i < to; i++) {
		made_state = (i + 1) * 1000003;
		add_batch(w, i);
	}
	made_commit(path, w);
}

/* Turns a byte where nothing but stored records lies, so that only who reads one of those sees it. */
static void
damage_records(const char *file)
{
	struct segment s = { 0 };
	struct raw_block first, last;
	struct err e = { 0 };
	char byte;

	assert_true(segment_open(&s, file, &e));
	memcpy(&first, s.raw_blocks.ptr, sizeof(first));
	memcpy(&last, s.raw_blocks.ptr + s.raw_blocks.len - sizeof(last), sizeof(last));
	segment_close(&s);
	assert_true(last.at + last.packed > first.at + 4ull * SEGMENT_BLOCK);
	off_t at = (off_t)(first.at + (last.at + last.packed - first.at) / 2);
	FD_AUTO fd = open(file, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x55;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* What a commit of these batches says on stderr. */
static void
commit_logged(const char *path, const char *source, unsigned from, unsigned to, struct buf *log)
{
	ARENA_AUTO a = { 0 };
	const char *file = path_join(&a, path, "log");
	struct err e = { 0 };
	FD_AUTO own = dup(STDERR_FILENO);
	FD_AUTO fd = open(file, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_true(own >= 0 && fd >= 0);
	fflush(stderr);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	commit_batches(path, source, from, to);
	fflush(stderr);
	assert_true(dup2(own, STDERR_FILENO) >= 0);
	assert_true(file_read(file, 1 << 20, log, &e));
}

/* The records of an older segment cannot be read when an import has to join with them: the import is whole nevertheless, it is
 * joined with what can be read, and the damaged one is named. */
static void
test_damaged_records_hold_up_no_import(void **state)
{
	enum { OLD = 20, ALL = 22 };
	char path[64];
	ARENA_AUTO a = { 0 };
	BUF_AUTO log = { 0 };
	struct manifest m;
	struct str *damaged;
	size_t count;
	struct query all = { .kind = QUERY_ALL };
	struct exposure_page page = { .limit = 100000, .sort = FIELDS, .raw = true };
	struct joined j = { 0 };
	struct err e = { 0 };

	world_begin(path);
	commit_batches(path, "nmap", 0, OLD);
	assert_true(manifest_read(&a, path, &m, &e));
	assert_int_equal(m.segments.count, 1);
	struct str bad = m.segments.items[0].file;
	damage_records(path_join(&a, path_join(&a, path, "exposure"), arena_cstr(&a, bad)));
	commit_batches(path, "censys", OLD, ALL);
	commit_logged(path, "shodan", 0, ALL, &log);
	const char *told = arena_printf(&a, "segment %.*s is set aside", STR_ARG(bad)).ptr;
	if (!str_contains(buf_str(&log), str_of(told)))
		fail_msg("\"%s\" is not in the log: %.*s", told, STR_ARG(buf_str(&log)));
	/* A restored file shall count again. */
	assert_true(manifest_read(&a, path, &m, &e));
	count = 0;
	for (size_t i = 0; i < m.segments.count; i++)
		count += str_eq(m.segments.items[i].file, bad);
	assert_int_equal(count, 1);
	assert_int_equal(m.addresses, ALL * BATCH);
	struct exposure_index *ix = world_open(path);
	/* Also before one of its records is read. */
	assert_int_equal(exposure_count(ix), ALL * BATCH);
	assert_true(exposure_search(ix, &all, &page, see_joined, &j, &e));
	exposure_damaged(ix, &a, &damaged, &count);
	assert_int_equal(count, 1);
	assert_true(str_eq(damaged[0], bad));
	assert_int_equal(world_count(ix, "source:nmap"), 0);
	assert_int_equal(world_count(ix, "source:shodan"), ALL * BATCH);
	assert_int_equal(world_count(ix, "source:shodan source:censys"), (ALL - OLD) * BATCH);
	assert_int_equal(world_count(ix, "port:80"), ALL * BATCH);
	exposure_close(ix);
	/* The next import leaves it aside; restored, it answers again. */
	commit_batches(path, "masscan", ALL, ALL + 1);
	ix = world_open(path);
	assert_int_equal(exposure_count(ix), (ALL + 1) * BATCH);
	exposure_close(ix);
	damage_records(path_join(&a, path_join(&a, path, "exposure"), arena_cstr(&a, bad)));
	ix = world_open(path);
	assert_int_equal(world_count(ix, "source:nmap"), OLD * BATCH);
	exposure_close(ix);
	world_end(path);
}

/* Many small imports become one segment, and say the same. */
static void
test_tidy(void **state)
{
	char path[64];
	ARENA_AUTO a = { 0 };
	struct manifest m;
	struct err e = { 0 };

	world_begin(path);
	made_state = 77;
	for (unsigned i = 0; i < 8; i++) {
		struct segment_writer *w = made_writer(path, "nmap", "f", "s");
		for (unsigned k = 0; k < 5; k++) {
			struct made one;
			made_new(&one, 1500);
			one.day = i * 10 + k;
			made_add(w, &one);
		}
		if (i == 7) {
			assert_true(segments_tidy(path, &e));
			assert_true(manifest_read(&a, path, &m, &e));
			assert_int_equal(m.segments.count, 7);
		}
		made_commit(path, w);
	}
	assert_true(segments_tidy(path, &e));
	assert_true(manifest_read(&a, path, &m, &e));
	assert_int_equal(m.segments.count, 1);
	struct exposure_index *ix = world_open(path);
	assert_int_equal(exposure_count(ix), 40);
	assert_int_equal(world_count(ix, "source:nmap"), 40);
	exposure_close(ix);
	world_end(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_loses_nothing_acknowledged),
		cmocka_unit_test(test_abandoned_leaves_nothing),
		cmocka_unit_test(test_import_replaces_the_same_file),
		cmocka_unit_test(test_banner_of_two_sources_is_one),
		cmocka_unit_test(test_damage_is_named),
		cmocka_unit_test(test_damaged_records_hold_up_no_import),
		cmocka_unit_test(test_tidy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
