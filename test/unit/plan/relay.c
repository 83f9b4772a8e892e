/* The private copies of repository lists for a run through a relay. */
#include "plan/relay.h"

#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct relay_place place = { { "https://10.1.0.5:8480", 21 }, { "/run/ca.pem", 11 } };
static const struct relay_place plain = { { "http://10.1.0.5:8480", 20 }, { NULL, 0 } };

static void
same(struct buf *seen, const char *wanted)
{
	assert_string_equal(buf_cstr(seen), wanted);
}

static void
one_line_sources_keep_their_options(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "deb https://mirror.example.org/debian bookworm main",
		  "deb http://mirror.example.org/debian bookworm main\n" },
		{ "deb http://mirror.example.org/debian bookworm main",
		  "deb http://mirror.example.org/debian bookworm main\n" },
		{ "deb [arch=amd64,i386 signed-by=/k.gpg trusted=yes] https://a.example:8443/d/ ./ # ours",
		  "deb [arch=amd64,i386 signed-by=/k.gpg trusted=yes] http://a.example:8443/d/ ./ # ours\n" },
		{ "deb [ arch=amd64 ]\thttps://a.example:443/d  sid main",
		  "deb [ arch=amd64 ]\thttp://a.example/d  sid main\n" },
		{ "deb-src https://a.example/d sid main", "deb-src http://a.example/d sid main\n" },
		{ "# deb https://a.example/d sid main", "# deb https://a.example/d sid main\n" },
		{ "deb mirror+https://a.example/list sid main", "deb mirror+http://a.example/list sid main\n" },
		/* A password goes on end to end, through a tunnel; other schemes are none of ours. */
		{ "deb https://u:p@a.example/d sid main", "deb https://u:p@a.example/d sid main\n" },
		{ "deb https://secret.example/d sid main", "deb https://secret.example/d sid main\n" },
		{ "deb file:/srv/d ./", "deb file:/srv/d ./\n" },
		{ "deb [broken https://a.example/d sid main", "deb [broken https://a.example/d sid main\n" },
		{ "", "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO out = { 0 };
		relay_apt_list(str_of(cases[i].from), STR("machine secret.example login a password b"), &out);
		same(&out, cases[i].to);
	}
}

static void
stanzas_keep_everything_but_their_addresses(void **state)
{
	BUF_AUTO out = { 0 };
	relay_apt_sources(STR("Types: deb\n"
			      "# URIs: https://comment.example\n"
			      "uris: https://a.example/debian\n"
			      "  https://b.example/debian http://c.example/d\n"
			      "# between\n"
			      "  https://d.example\n"
			      "Suites: bookworm bookworm-updates\n"
			      "Signed-By:\n"
			      " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
			      " https://not-an-address\n"
			      "\n"
			      "Types: deb\nURIs: https://e.example/x\nEnabled: no\n"),
			  STR(""), &out);
	same(&out, "Types: deb\n"
		   "# URIs: https://comment.example\n"
		   "uris: http://a.example/debian\n"
		   "  http://b.example/debian http://c.example/d\n"
		   "# between\n"
		   "  http://d.example\n"
		   "Suites: bookworm bookworm-updates\n"
		   "Signed-By:\n"
		   " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
		   " https://not-an-address\n"
		   "\n"
		   "Types: deb\nURIs: http://e.example/x\nEnabled: no\n");
}

static void
dnf_takes_base_addresses_through_the_relay_and_links_by_proxy(void **state)
{
	BUF_AUTO out = { 0 };
	relay_dnf_repo(
		STR("[base]\nname=Base $releasever\nbaseurl=https://a.example/$releasever/os/\n"
		    "  https://b.example/os/\nmetalink=https://m.example/metalink?repo=x\n"
		    "gpgkey=https://a.example/KEY, file:///etc/pki/KEY\ngpgcheck=1\nsslverify=0\nproxy=http://old\n"
		    "; a comment\n[links]\nname = Links\nmirrorlist = https://m.example/list\nenabled=1\n"
		    "[off]\nname=local\nenabled=0\n"),
		&place, &out);
	same(&out, "[base]\nname=Base $releasever\n"
		   "gpgkey=https://10.1.0.5:8480/o/a.example/KEY file:///etc/pki/KEY\ngpgcheck=1\n"
		   "baseurl=https://10.1.0.5:8480/o/a.example/$releasever/os/ https://10.1.0.5:8480/o/b.example/os/\n"
		   "proxy=\nsslcacert=/run/ca.pem\nsslverify=1\n"
		   "[links]\nname = Links\nenabled=1\nmirrorlist = https://m.example/list\n"
		   "proxy=https://10.1.0.5:8480\nproxy_sslcacert=/run/ca.pem\nproxy_sslverify=1\n"
		   "[off]\nname=local\nenabled=0\n");
}

static void
apk_keeps_tags_and_local_folders(void **state)
{
	BUF_AUTO out = { 0 };
	relay_apk_list(
		STR("# comment\nhttps://dl.example/alpine/v3.20/main\n@edge http://dl.example:81/edge\n/media/cdrom\n"),
		&plain, &out);
	same(&out, "http://10.1.0.5:8480/o/dl.example/alpine/v3.20/main\n"
		   "@edge http://10.1.0.5:8480/o/dl.example:81/edge\n/media/cdrom\n");
}

/* ---- handed to a run ---- */

struct world {
	char dir[64];
	struct pkgmgr_relay relay;
	struct pkgmgr_ctx ctx;
	struct arena arena;
};

static void
write_file(struct world *w, const char *name, const char *text)
{
	struct err e = { 0 };
	const char *path = path_join(&w->arena, w->dir, name);
	struct str folder = str_head(str_of(path), (size_t)str_rfind_char(str_of(path), '/'));
	assert_true(dir_make(arena_cstr(&w->arena, folder), 0755, &e));
	assert_true(file_write(path, str_of(text), 0644, &e));
}

static const char *
read_file(struct world *w, const char *name)
{
	struct err e = { 0 };
	BUF_AUTO text = { 0 };
	if (!file_read(path_join(&w->arena, w->dir, name), 1 << 20, &text, &e))
		return NULL;
	return arena_cstr(&w->arena, buf_str(&text));
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	*state = w;
	snprintf(w->dir, sizeof(w->dir), "/tmp/mamori-test-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	w->relay = (struct pkgmgr_relay){ "https://10.1.0.5:8480/", STR("the authority") };
	w->ctx = (struct pkgmgr_ctx){ .root = w->dir, .relay = &w->relay };
	w->ctx.stage_dir = path_join(&w->arena, w->dir, "var/lib/agent/staged");
	write_file(w, "etc/apt/sources.list", "deb https://a.example/d sid main\n");
	write_file(w, "etc/apt/sources.list.d/x.list", "deb https://x.example/d sid main\n");
	write_file(w, "etc/apt/sources.list.d/y.sources", "URIs: https://y.example\n");
	write_file(w, "etc/apt/sources.list.d/z.disabled", "deb https://z.example/d sid main\n");
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	(void)!dir_remove_all(w->dir, &e);
	arena_free(&w->arena);
	free(w);
	return 0;
}

static bool
has_word(const struct relay_words *words, const char *word)
{
	for (size_t i = 0; words->argv[i]; i++)
		if (strcmp(words->argv[i], word) == 0)
			return true;
	return false;
}

static void
apt_is_handed_copies_and_the_machine_stays_as_it_is(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct relay_words words;
	assert_true(relay_words_for(&w->ctx, "apt-get", &w->arena, &words, &e));
	assert_true(has_word(&words, "Dir::Etc::sourcelist=/var/lib/agent/staged/relay/sources.list"));
	assert_true(has_word(&words, "Dir::Etc::sourceparts=/var/lib/agent/staged/relay/sources.list.d"));
	assert_true(has_word(&words, "Acquire::http::Proxy=https://10.1.0.5:8480"));
	assert_true(has_word(&words, "Acquire::https::10.1.0.5::CaInfo=/run/mamori-agent/relay-ca.pem"));
	assert_string_equal(read_file(w, "run/mamori-agent/relay-ca.pem"), "the authority");
	assert_string_equal(read_file(w, "var/lib/agent/staged/relay/sources.list"),
			    "deb http://a.example/d sid main\n");
	assert_string_equal(read_file(w, "var/lib/agent/staged/relay/sources.list.d/x.list"),
			    "deb http://x.example/d sid main\n");
	assert_string_equal(read_file(w, "var/lib/agent/staged/relay/sources.list.d/y.sources"),
			    "URIs: http://y.example\n");
	assert_null(read_file(w, "var/lib/agent/staged/relay/sources.list.d/z.disabled"));
	assert_string_equal(read_file(w, "etc/apt/sources.list"), "deb https://a.example/d sid main\n");
	/* What goes here goes there. */
	assert_true(file_remove(path_join(&w->arena, w->dir, "etc/apt/sources.list.d/x.list"), &e));
	assert_true(relay_words_for(&w->ctx, "apt-get", &w->arena, &words, &e));
	assert_null(read_file(w, "var/lib/agent/staged/relay/sources.list.d/x.list"));
	/* The program's name stays first. */
	static const char *const argv[] = { "apt-get", "-q", "update", NULL };
	const char *const *all = relay_argv(&words, argv, &w->arena);
	assert_string_equal(all[0], "apt-get");
	assert_string_equal(all[1], "-o");
}

static void
without_a_relay_nothing_is_added(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct relay_words words;
	static const char *const argv[] = { "apt-get", "update", NULL };
	w->ctx.relay = NULL;
	assert_true(relay_words_for(&w->ctx, "apt-get", &w->arena, &words, &e));
	assert_ptr_equal(relay_argv(&words, argv, &w->arena), argv);
	w->ctx.relay = &w->relay;
	assert_true(relay_words_for(&w->ctx, "apt-mark", &w->arena, &words, &e));
	assert_null(words.argv[0]);
}

static void
what_the_relay_refused_is_named(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	static const struct {
		const char *words, *origin;
	} cases[] = {
		{ "Err:1 x\nE: Failed to fetch http://mirror.example.org/debian/dists/x/InRelease  403  Forbidden [IP: "
		  "10.1.0.5 8480]",
		  "mirror.example.org" },
		{ "Status code: 403 for https://10.1.0.5:8480/o/a.example:81/repodata/repomd.xml (IP: 10.1.0.5)",
		  "a.example:81" },
		{ "E: Failed to fetch http://mirror.example.org/x  404  Not Found", "" },
		{ "Status code: 502 for https://10.1.0.5:8480/o/a.example:40381/tool-1.403-1.rpm (IP: 10.1.0.5)", "" },
		{ "nothing of the kind", "" },
	};
	w->relay.url = "https://10.1.0.5:8480";
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str origin = relay_refused_origin(&w->ctx, str_of(cases[i].words));
		assert_true(str_eq(origin.ptr ? origin : STR(""), str_of(cases[i].origin)));
	}
	assert_false(relay_refused(&w->ctx, "refreshing", STR("mirror.example.org"), &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "mirror.example.org"));
	assert_non_null(strstr(e.text, "--allow"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_sources_keep_their_options),
		cmocka_unit_test(stanzas_keep_everything_but_their_addresses),
		cmocka_unit_test(dnf_takes_base_addresses_through_the_relay_and_links_by_proxy),
		cmocka_unit_test(apk_keeps_tags_and_local_folders),
		cmocka_unit_test_setup_teardown(apt_is_handed_copies_and_the_machine_stays_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_relay_nothing_is_added, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_relay_refused_is_named, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
