/* Documents of another implementation, and forms that cannot be. */
#include "trust/tuf-document.h"

#include "../known.h"
#include "tuf-world.h"

/* ---- real data: another implementation's ---- */

static bool
map_fetch(void *user, const char *name, size_t max, struct buf *out, struct err *e)
{
	BUF_AUTO path = { 0 };
	/* Files of that folder whose names are no file names of ours. */
	if (strcmp(name, "1...%2Fa.json") == 0)
		name = "../1.a.json";
	else if (strcmp(name, "1.%C3%B6.json") == 0)
		name = "1.ö.json";
	buf_addf(&path, "%s/%s", (const char *)user, name);
	return file_read(buf_cstr(&path), max, out, e);
}

static void
real_open(struct world *w, const char *folder, struct tuf_options *o, struct buf *path)
{
	BUF_AUTO root = { 0 };
	BUF_AUTO name = { 0 };
	world_open(w);
	known_path(path, folder);
	buf_addf(&name, "%s/1.root.json", folder);
	assert_true(known_read(buf_cstr(&name), &root));
	assert_true(tuf_store_begin(w->folder, buf_str(&root), NULL));
	*o = (struct tuf_options){
		.folder = w->folder, .fetch = map_fetch, .user = (void *)buf_cstr(path), .now = NOW
	};
}

static void
another_implementations_repository_verifies(void **state)
{
	static const struct {
		const char *path, *role;
	} files[] = { { "file1.txt", "targets" }, { "file2.txt", "targets" }, { "file3.txt", "role1" } };
	struct world w;
	struct err e = { 0 };
	struct tuf_options o;
	BUF_AUTO path = { 0 };
	BUF_AUTO probe = { 0 };
	if (!known_read("tuf-repository/tests/repository_data/repository/metadata/1.root.json", &probe))
		skip();
	real_open(&w, "tuf-repository/tests/repository_data/repository/metadata", &o, &path);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	if (!tuf_client_update(c, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct tuf_target t;
		BUF_AUTO name = { 0 };
		BUF_AUTO bytes = { 0 };
		if (!tuf_client_find(c, str_of(files[i].path), &t, &e))
			fail_msg("%s: %s", files[i].path, e.text);
		assert_true(str_eq(t.role, str_of(files[i].role)));
		assert_int_equal(t.sha512.len, 128);
		buf_addf(&name, "tuf-repository/tests/repository_data/repository/targets/%s", files[i].path);
		assert_true(known_read(buf_cstr(&name), &bytes));
		struct tuf_check *k = tuf_check_open(&t);
		assert_true(tuf_check_add(k, buf_str(&bytes), &e));
		assert_true(tuf_check_end(k, NULL, &e));
	}
	struct tuf_target t;
	assert_true(tuf_client_find(c, STR("file1.txt"), &t, &e));
	assert_true(str_eq(json_get_str(t.custom, "file_permissions"), STR("0644")));
	assert_false(tuf_client_find(c, STR("file4.txt"), &t, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGET_UNKNOWN);
	world_close(&w);
}

/* One byte of any of its files changed: refused, whichever. */
static void
another_implementations_repository_changed_is_refused(void **state)
{
	static const char *const names[] = { "timestamp.json", "snapshot.json", "targets.json", "role1.json" };
	BUF_AUTO probe = { 0 };
	if (!known_read("tuf-repository/tests/repository_data/repository/metadata/1.root.json", &probe))
		skip();
	for (size_t i = 0; i < COUNT(names); i++) {
		struct world w;
		struct err e = { 0 };
		struct tuf_target t;
		BUF_AUTO folder = { 0 };
		world_open(&w);
		known_path(&folder, "tuf-repository/tests/repository_data/repository/metadata");
		struct str *files;
		size_t count;
		assert_true(dir_list(&w.arena, buf_cstr(&folder), 100, &files, &count, &e));
		for (size_t k = 0; k < count; k++) {
			BUF_AUTO bytes = { 0 };
			assert_true(
				file_read(path_join(&w.arena, buf_cstr(&folder), files[k].ptr), 1 << 20, &bytes, &e));
			if (str_eq(files[k], str_of(names[i]))) { /* "2030" becomes "2031" */
				ptrdiff_t at = str_find(buf_str(&bytes), STR("2030-01-01"));
				assert_true(at > 0);
				bytes.ptr[at + 3] = '1';
			}
			world_put(&w, files[k].ptr, buf_str(&bytes));
		}
		assert_true(tuf_store_begin(w.folder, world_get(&w, "1.root.json"), &e));
		struct tuf_options o = world_options(&w);
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_false(tuf_client_update(c, &e) && tuf_client_find(c, STR("file3.txt"), &t, &e));
		assert_int_equal(e.code, ERR_REFUSED);
		world_close(&w);
	}
}

static void
fishy_names_of_roles_stay_in_the_folder(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_options o;
	struct tuf_target t;
	BUF_AUTO path = { 0 };
	BUF_AUTO probe = { 0 };
	if (!known_read("tuf-repository/tests/repository_data/fishy_rolenames/metadata/1.root.json", &probe))
		skip();
	real_open(&w, "tuf-repository/tests/repository_data/fishy_rolenames/metadata", &o, &path);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	if (!tuf_client_update(c, &e))
		fail_msg("%s", e.text);
	assert_false(tuf_client_find(c, STR("anything"), &t, &e));
	if (tuf_client_reason(c, NULL) != TUF_TARGET_UNKNOWN)
		fail_msg("%s", e.text);
	assert_true(file_exists(path_join(&w.arena, w.folder, "..%2Fa.json")));
	assert_true(file_exists(path_join(&w.arena, w.folder, "%C3%B6.json")));
	assert_true(file_exists(path_join(&w.arena, w.folder, "..json")));
	world_close(&w);
}

/* ---- forms that cannot be ---- */

#define SIGNED(type, rest) \
	"{\"signatures\":[],\"signed\":{\"_type\":\"" type \
	"\",\"spec_version\":\"1.0.31\",\"expires\":\"2030-01-01T00:00:00Z\"," rest "}}"

static void
forms_that_cannot_be_are_malformed(void **state)
{
	static const struct {
		enum tuf_type type;
		const char *text;
	} rows[] = {
		{ TUF_TYPE_SNAPSHOT, "" },
		{ TUF_TYPE_SNAPSHOT, "[]" },
		{ TUF_TYPE_SNAPSHOT, "{\"signed\":[]}" },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":0,\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":-1,\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":1.0,\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":\"1\",\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":9007199254740992,\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":99999999999999999999,\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":1") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":1,\"meta\":{},\"meta\":{}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":1,\"meta\":{\"a.json\":{}}") },
		{ TUF_TYPE_SNAPSHOT,
		  SIGNED("snapshot", "\"version\":1,\"meta\":{\"a.json\":{\"version\":1,\"length\":0}}") },
		{ TUF_TYPE_SNAPSHOT,
		  SIGNED("snapshot", "\"version\":1,\"meta\":{\"a.json\":{\"version\":1,\"hashes\":{}}}") },
		{ TUF_TYPE_SNAPSHOT,
		  SIGNED("snapshot",
			 "\"version\":1,\"meta\":{\"a.json\":{\"version\":1,\"hashes\":{\"sha256\":\"XY\"}}}") },
		{ TUF_TYPE_SNAPSHOT, SIGNED("snapshot", "\"version\":1,\"meta\":{},\"custom\":0.5") },
		{ TUF_TYPE_TIMESTAMP, SIGNED("timestamp", "\"version\":1,\"meta\":{}") },
		{ TUF_TYPE_TIMESTAMP, SIGNED("timestamp", "\"version\":1,\"meta\":{\"other.json\":{\"version\":1}}") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":[]") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":{\"a\":{\"length\":1}}") },
		{ TUF_TYPE_TARGETS,
		  SIGNED("targets",
			 "\"version\":1,\"targets\":{\"a\":{\"length\":-1,\"hashes\":{\"sha256\":\"00\"}}}") },
		{ TUF_TYPE_TARGETS,
		  SIGNED("targets", "\"version\":1,\"targets\":{\"\":{\"length\":1,\"hashes\":{\"sha256\":\"00\"}}}") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":{},\"delegations\":{\"keys\":{}}") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":{},\"delegations\":{\"keys\":{},"
						      "\"roles\":[{\"name\":\"a\",\"keyids\":[],"
						      "\"threshold\":0,\"paths\":[]}]}") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":{},\"delegations\":{\"keys\":{},"
						      "\"roles\":[{\"name\":\"a\",\"keyids\":[\"x\","
						      "\"x\"],\"threshold\":1,\"paths\":[]}]}") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":{},\"delegations\":{\"keys\":{},"
						      "\"roles\":[{\"name\":\"a\",\"keyids\":[],"
						      "\"threshold\":1,\"paths\":[],\"path_hash_prefixes\":[]}]}") },
		{ TUF_TYPE_TARGETS, SIGNED("targets", "\"version\":1,\"targets\":{},\"delegations\":{\"keys\":{},"
						      "\"roles\":[{\"name\":\"a\",\"keyids\":[],"
						      "\"threshold\":1,\"paths\":[]},{\"name\":\"a\",\"keyids\":[],"
						      "\"threshold\":1,\"paths\":[]}]}") },
		{ TUF_TYPE_ROOT, SIGNED("root", "\"version\":1,\"keys\":{},\"roles\":{}") },
		{ TUF_TYPE_ROOT, SIGNED("root", "\"version\":1,\"consistent_snapshot\":1,\"keys\":{},\"roles\":{}") },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct tuf_document *d;
		enum tuf_reason reason = TUF_OK;
		struct err e = { 0 };
		if (tuf_document_parse(&a, str_of(rows[i].text), rows[i].type, &d, &reason, &e))
			fail_msg("taken: %s", rows[i].text);
		if (reason != TUF_MALFORMED)
			fail_msg("%s: %s", tuf_reason_name(reason), rows[i].text);
	}
}

/* Dates have one form. */
static void
dates_have_one_form(void **state)
{
	static const char *const bad[] = { "2030-01-01",
					   "2030-01-01T00:00:00+00:00",
					   "2030-01-01T00:00:00.0Z",
					   "2030-01-01 00:00:00Z",
					   "2030-13-01T00:00:00Z",
					   "2030-01-01T00:00:00",
					   "" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		struct tuf_document *d;
		enum tuf_reason reason;
		buf_addf(&text,
			 "{\"signatures\":[],\"signed\":{\"_type\":\"snapshot\",\"spec_version\":\"1.0.0\",\"version\":"
			 "1,"
			 "\"meta\":{},\"expires\":\"%s\"}}",
			 bad[i]);
		assert_false(tuf_document_parse(&a, buf_str(&text), TUF_TYPE_SNAPSHOT, &d, &reason, NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_implementations_repository_verifies),
		cmocka_unit_test(another_implementations_repository_changed_is_refused),
		cmocka_unit_test(fishy_names_of_roles_stay_in_the_folder),
		cmocka_unit_test(forms_that_cannot_be_are_malformed),
		cmocka_unit_test(dates_have_one_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
