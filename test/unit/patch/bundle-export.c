#include "patch/bundle-export.h"

#include "../os/unit.h"

#include <unistd.h>

/* gpgv as a test wants it: says this on its status line, and writes what a good signature covers. */
struct gpgv {
	const char *status;
	size_t runs;
};

static bool
gpgv_run(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	struct gpgv *g = user;
	(void)e;
	g->runs++;
	assert_string_equal(spec->argv[0], "gpgv");
	buf_add(&r->out, str_of(g->status));
	return true;
}

static void
host_add(struct arena *a, struct bundle_host *h, const char *manager, const char *kind, const char *uri)
{
	struct source *s = ARRAY_PUSH(a, &h->sources.items);
	*s = (struct source){ .manager = str_of(manager), .uri = str_of(uri), .suite = STR("s"), .kind = str_of(kind) };
	s->components = ARENA_ARRAY(a, struct str, 1);
	s->components[0] = STR("main");
	s->architectures = ARENA_ARRAY(a, struct str, 1);
	s->architectures[0] = STR("amd64");
	s->component_count = s->architecture_count = 1;
}

static void
what_cannot_be_carried_is_named_once(void **state)
{
	ARENA_AUTO a = { 0 };
	struct bundle_host hosts[2] = { { .id = STR("a") }, { .id = STR("b") } };
	struct bundle_fetcher f = { .work = unit_path(state, "work") };
	struct bundle_plan p = { .fetcher = &f, .hosts = hosts, .host_count = 2 };
	struct bundle_list l;
	struct bundle_report r;
	assert_ok(dir_make(f.work, 0700, &unit_err));
	for (size_t i = 0; i < 2; i++) {
		host_add(&a, &hosts[i], "dnf", "metalink", "https://rpm.example.org/metalink?repo=el9");
		host_add(&a, &hosts[i], "apt", "", "cdrom:[disc]");
		host_add(&a, &hosts[i], "apt", "", "ftp://old.example.org/debian");
		host_add(&a, &hosts[i], "dnf", "baseurl", "https://rpm.example.org/$own/repo");
		host_add(&a, &hosts[i], "apk", "", "https://apk.example.org/v3.20/main");
	}
	const char *extra = unit_path(state, "extra");
	assert_ok(file_write(extra, STR("a letter"), 0600, &unit_err));
	*ARRAY_PUSH(&a, &p.extras) = (struct bundle_extra){ STR("letter"), STR("a"), extra, false };
	if (!bundle_gather(&p, &a, &l, &r, &unit_err))
		fail_msg("%s", unit_err.text);
	assert_int_equal(r.left_out.count, 4);
	assert_string_equal(r.left_out.items[0].what.ptr, "https://rpm.example.org/metalink?repo=el9");
	assert_non_null(strstr(r.left_out.items[0].why.text, "metalink"));
	assert_non_null(strstr(r.left_out.items[0].why.text, "baseurl"));
	assert_string_equal(r.left_out.items[1].what.ptr, "ftp://old.example.org/debian");
	assert_non_null(strstr(r.left_out.items[2].why.text, "variable"));
	assert_non_null(strstr(r.left_out.items[3].why.text, "apk"));
	assert_int_equal(l.members.count, 1);
	assert_int_equal(r.bytes, 8);
}

static void
with_no_archive_at_all_it_fails(void **state)
{
	ARENA_AUTO a = { 0 };
	__attribute__((cleanup(http_client_cleanup))) struct http_client *client = NULL;
	struct http_client_options o = { .connect_timeout_s = 1, .timeout_s = 1, .proxy = "" };
	struct bundle_host host = { .id = STR("a") };
	struct gpgv gpgv = { .status = "" };
	struct runner runner = { gpgv_run, &gpgv };
	struct bundle_fetcher f = { .work = unit_path(state, "work"), .runner = &runner };
	struct bundle_plan p = { .fetcher = &f, .hosts = &host, .host_count = 1 };
	struct bundle_list l;
	struct bundle_report r;
	assert_ok(http_client_new(&o, &client, &unit_err));
	f.client = client;
	host_add(&a, &host, "apt", "", "http://127.0.0.1:1/debian");
	assert_false(bundle_gather(&p, &a, &l, &r, &unit_err));
	assert_int_equal(unit_err.code, ERR_UNREACHABLE);
	assert_non_null(strstr(unit_err.text, "http://127.0.0.1:1/debian/dists/s"));
	assert_int_equal(gpgv.runs, 0);
}

static void
objects_are_found_again(void **state)
{
	ARENA_AUTO a = { 0 };
	static const char digest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	const char *work = unit_path(state, "work"), *path = bundle_object_path(&a, work, digest);
	assert_false(bundle_object_has(work, digest, 5));
	assert_ok(dir_make(unit_path(state, "work/objects/e3"), 0700, &unit_err));
	assert_ok(file_write(path, STR("12345"), 0600, &unit_err));
	assert_true(bundle_object_has(work, digest, 5));
	assert_false(bundle_object_has(work, digest, 6));
	/* And not fetched: there is no client. */
	struct bundle_fetcher f = { .work = work };
	assert_ok(bundle_fetch_object(&f, STR("http://x"), digest, 5, &unit_err));
	assert_int_equal(f.fetched, 0);
}

int
main(void)
{
#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(what_cannot_be_carried_is_named_once),
		WITH_FOLDER(with_no_archive_at_all_it_fails),
		WITH_FOLDER(objects_are_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
