/* apt with recorded words, and once for real on this machine. */
#include "fake.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/table.h"

#define STATUS(name, version, want, state) \
	"Package: " name "\nStatus: " want " ok " state "\nArchitecture: amd64\nVersion: " version "\n"

#define STATUS_OLD \
	STATUS("libssl3", "3.0.15-1", "install", "installed") \
	"Source: openssl\n\n" STATUS("openssl", "3.0.15-1", "install", "installed") "\n" STATUS( \
		"bash", "5.2-1+b1", "install", "installed") "Source: bash (5.2-1)\n\n" STATUS("held-one", "1", "hold", \
											      "installed") "\n"
#define STATUS_NEW \
	STATUS("libssl3", "3.0.17-1", "install", "installed") \
	"Source: openssl\n\n" STATUS("openssl", "3.0.17-1", "install", "installed") "\n" STATUS( \
		"bash", "5.2-1+b1", "install", "installed") "Source: bash (5.2-1)\n\n" STATUS("held-one", "1", "hold", \
											      "installed") "\n"

#define SIMULATION \
	"Reading package lists...\n" \
	"The following packages have been kept back:\n  held-one stuck\n" \
	"The following upgrades have been deferred due to phasing:\n  phased\n" \
	"The following packages will be upgraded:\n  bash libssl3 openssl\n" \
	"Inst libssl3 [3.0.15-1] (3.0.17-1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])\n" \
	"Inst openssl [3.0.15-1] (3.0.17-1 Debian-Security:12/oldstable-security [amd64]) []\n" \
	"Inst new-one (1.0 Debian:12.15/oldstable [all])\n" \
	"Inst bash [5.2-1+b1] (5.2-1+b2 Debian:12.15/oldstable [amd64]) [x:amd64 on y:amd64]\n" \
	"Conf libssl3 (3.0.17-1 Debian-Security:12/oldstable-security [amd64])\n"

#define RECORDS \
	"Package: libssl3\nSource: openssl\nVersion: 3.0.17-1\nArchitecture: amd64\nSize: 2000\nDescription: x\n " \
	"Package: no\n\n" \
	"Package: openssl\nVersion: 3.0.17-1\nArchitecture: amd64\nSize: 1000\n\n" \
	"Package: bash\nSource: bash (5.2-1)\nVersion: 5.2-1+b2\nArchitecture: amd64\nSize: 70\n\n" \
	"Package: new-one\nSource: stack\nVersion: 1.0\nArchitecture: all\nSize: 5\n\n" \
	"Package: held-one\nVersion: 2\nArchitecture: amd64\nSize: 9\n\n"

#define POLICY \
	"held-one:\n  Installed: 1\n  Candidate: 2\n  Version table:\n     2 500\n" \
	"        500 http://example.org/debian-security bookworm-security/main amd64 Packages\n *** 1 100\n        " \
	"100 /var/lib/dpkg/status\n" \
	"stuck:\n  Installed: 1\n  Candidate: 3\n  Version table:\n     3 500\n        500 http://example.org/debian " \
	"bookworm/main amd64 Packages\n" \
	"phased:\n  Installed: 1\n  Candidate: 4\n  Version table:\n     4 500\n        500 " \
	"http://example.org/ubuntu jammy-updates/main amd64 Packages\n"

static const struct fake_answer planning[] = {
	{ "upgrade --with-new-pkgs", SIMULATION, "", 0, NULL },
	{ "apt-cache policy", POLICY, "", 0, NULL },
	{ "apt-cache show", RECORDS, "N: Unable to locate package stuck\n", 100, NULL },
};

static void
put_root(void **state, const char *status)
{
	unit_put(state, "root/var/lib/dpkg/status", str_of(status));
	unit_put(state, "root/var/lib/dpkg/lock-frontend", STR(""));
	unit_put(state, "root/var/cache/keep", STR(""));
	unit_put(state, "root/stage/keep", STR(""));
}

#define NOTE(from, told, cves) "{\"from\":\"" from "\",\"told\":" told ",\"cves\":[" cves "]}"

/* A download of so many bytes with the note of an earlier look into its changelog. */
static void
put_download(void **state, const char *file, size_t size, const char *note)
{
	static const char bytes[4096];
	char path[200];

	(void)snprintf(path, sizeof(path), "root/stage/%s", file);
	unit_put(state, path, str_sub(bytes, size));
	(void)snprintf(path, sizeof(path), "root/stage/%s.cves", file);
	unit_put(state, path, str_of(note));
}

static const struct patch *
find(const struct patch_list *l, const char *id)
{
	for (size_t i = 0; i < l->patches.count; i++) {
		if (str_eq(l->patches.items[i].id, str_of(id)))
			return &l->patches.items[i];
	}
	fail_msg("no patch %s", id);
	return NULL;
}

static struct patch
openssl(struct arena *a)
{
	struct patch p = { .id = STR("deb:openssl@3.0.17-1"), .source = STR("openssl"), .version = STR("3.0.17-1") };

	*ARRAY_PUSH(a, &p.packages) =
		(struct patch_package){ STR("libssl3"), STR("amd64"), STR("3.0.15-1"), STR("3.0.17-1"), 2000 };
	*ARRAY_PUSH(a, &p.packages) =
		(struct patch_package){ STR("openssl"), STR("amd64"), STR("3.0.15-1"), STR("3.0.17-1"), 1000 };
	return p;
}

static void
the_plan_is_apts_simulation_by_source(void **state)
{
	ARENA_AUTO a = { 0 };
	struct patch_list l;
	FAKE(fake, planning, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_int_equal(l.patches.count, 6);
	const struct patch *p = find(&l, "deb:openssl@3.0.17-1");
	assert_str(p->title, "openssl 3.0.15-1 → 3.0.17-1");
	assert_int_equal(p->packages.count, 2);
	assert_str(p->packages.items[0].name, "libssl3");
	assert_int_equal(p->size, 3000);
	assert_true(p->security);
	assert_str(p->origins, "Debian:12.15/oldstable, Debian-Security:12/oldstable-security");
	assert_str(p->kept_back, "");
	p = find(&l, "deb:bash@5.2-1+b2");
	assert_false(p->security);
	assert_str(p->packages.items[0].to, "5.2-1+b2");
	p = find(&l, "deb:stack@1.0");
	assert_str(p->title, "stack 1.0");
	assert_str(p->packages.items[0].arch, "all");
	assert_int_equal(p->packages.items[0].from.len, 0);
	p = find(&l, "deb:held-one@2");
	assert_str(p->kept_back, "held on this host");
	assert_true(p->security);
	assert_str(find(&l, "deb:phased@4")->kept_back, "the distribution is still rolling it out");
	assert_true(find(&l, "deb:stuck@3")->kept_back.len > 0);
	assert_false(find(&l, "deb:stuck@3")->security);
}

static void
downloads_count_only_whole_and_old_ones_go(void **state)
{
	ARENA_AUTO a = { 0 };
	struct patch_list l;
	FAKE(fake, planning, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	char bytes[70] = { 0 };

	put_root(state, STATUS_OLD);
	unit_put(state, "root/stage/bash_5.2-1+b2_amd64.deb", str_sub(bytes, 70));
	unit_put(state, "root/stage/bash_5.2-1+b2_amd64.deb.cves",
		 STR("{\"from\":\"5.2-1\",\"told\":true,\"cves\":[\"CVE-2025-2\",\"CVE-2025-1\",\"CVE-2025-2\"]}"));
	unit_put(state, "root/stage/libssl3_3.0.17-1_amd64.deb", STR("short"));
	unit_put(state, "root/stage/libssl3_3.0.16-1_amd64.deb", STR("outdated"));
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	const struct patch *p = find(&l, "deb:bash@5.2-1+b2");
	assert_true(p->staged);
	assert_int_equal(p->cves.count, 2);
	assert_str(p->cves.items[0], "CVE-2025-1");
	assert_false(find(&l, "deb:openssl@3.0.17-1")->staged);
	assert_false(file_exists(unit_path(state, "root/stage/libssl3_3.0.16-1_amd64.deb")));
	assert_true(file_exists(unit_path(state, "root/stage/keep")));
	/* In a repository on this machine: staged for as long as it is there. */
	assert_ok(file_remove(unit_path(state, "root/stage/bash_5.2-1+b2_amd64.deb"), &unit_err));
	unit_put(state, "root/stage/bash_5.2-1+b2_amd64.deb.local", STR("/srv/bash.deb"));
	unit_put(state, "root/srv/bash.deb", str_sub(bytes, 70));
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_true(find(&l, "deb:bash@5.2-1+b2")->staged);
	assert_ok(file_remove(unit_path(state, "root/srv/bash.deb"), &unit_err));
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_false(find(&l, "deb:bash@5.2-1+b2")->staged);
}

static void
the_fingerprint_follows_what_apt_reads(void **state)
{
	static const char *const files[] = { "root/var/lib/apt/lists/x_Packages",
					     "root/var/lib/dpkg/status",
					     "root/var/lib/dpkg/arch",
					     "root/var/lib/apt/extended_states",
					     "root/etc/apt/preferences.d/pin",
					     "root/etc/apt/sources.list",
					     "root/stage/refreshed" };
	FAKE(fake, planning, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	BUF_AUTO before = { 0 };

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.fingerprint(&c, &before, &unit_err));
	for (size_t i = 0; i < COUNT(files); i++) {
		BUF_AUTO same = { 0 }, after = { 0 };
		assert_ok(pkgmgr_apt.fingerprint(&c, &same, &unit_err));
		assert_str(buf_str(&same), buf_cstr(&before));
		unit_put(state, files[i], STR("changed"));
		assert_ok(pkgmgr_apt.fingerprint(&c, &after, &unit_err));
		if (str_eq(buf_str(&before), buf_str(&after)))
			fail_msg("%s changes nothing", files[i]);
		buf_truncate(&before, 0);
		buf_add(&before, buf_str(&after));
	}
	assert_int_equal(fake.seen.len, 0);
}

static void
one_changelog_speaks_for_the_whole_source(void **state)
{
	ARENA_AUTO a = { 0 };
	struct patch_list l;
	FAKE(fake, planning, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_root(state, STATUS_OLD);
	/* The smaller one keeps its changelog in its sister (a linked folder): that one is asked, and no third. */
	put_download(state, "openssl_3.0.17-1_amd64.deb", 1000, NOTE("3.0.15-1", "false", ""));
	put_download(state, "libssl3_3.0.17-1_amd64.deb", 2000, NOTE("3.0.15-1", "true", "\"CVE-2025-1\""));
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_int_equal(find(&l, "deb:openssl@3.0.17-1")->cves.count, 1);
	put_download(state, "openssl_3.0.17-1_amd64.deb", 1000, NOTE("3.0.15-1", "true", "\"CVE-2025-2\""));
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_int_equal(find(&l, "deb:openssl@3.0.17-1")->cves.count, 1);
	assert_str(find(&l, "deb:openssl@3.0.17-1")->cves.items[0], "CVE-2025-2");
}

static void
a_kernel_is_compared_with_the_newest_that_is_there(void **state)
{
	ARENA_AUTO a = { 0 };
	struct patch_list l;
	const struct fake_answer answers[] = {
		{ "upgrade --with-new-pkgs",
		  "Inst linux-image-6.1.0-38-amd64 (6.1.147-1 Debian-Security:12/oldstable-security [amd64])\n", "", 0,
		  NULL },
		{ "apt-cache show",
		  "Package: linux-image-6.1.0-38-amd64\nSource: linux-signed-amd64 (6.1.147+1)\nVersion: "
		  "6.1.147-1\nArchitecture: amd64\nSize: 100\n\n",
		  "", 0, NULL },
	};
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_root(
		state,
		STATUS("linux-image-6.1.0-35-amd64", "6.1.137-1", "install",
		       "installed") "Source: linux-signed-amd64 (6.1.137+1)\n\n" STATUS("linux-image-6.1.0-37-amd64",
											"6.1.140-1", "install",
											"installed") "Source: "
												     "linux-signed-"
												     "amd64 "
												     "(6.1.140+1)\n\n");
	put_download(state, "linux-image-6.1.0-38-amd64_6.1.147-1_amd64.deb", 100,
		     NOTE("6.1.140+1", "true", "\"CVE-2025-3\""));
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_int_equal(find(&l, "deb:linux-signed-amd64@6.1.147+1")->cves.count, 1);
}

/* Staging makes the plan old, once; planning itself never does, although it cleans up among the downloads. */
static void
planning_leaves_the_fingerprint_alone(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer staging[] = { { "--download-only", "", "", 0, NULL } };
	struct patch_list l;
	struct patch p = openssl(&a);
	BUF_AUTO before = { 0 }, staged = { 0 }, after = { 0 };
	FAKE(fake, planning, state);
	FAKE(fetching, staging, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fetching_runner);
	char bytes[70] = { 0 };

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.fingerprint(&c, &before, &unit_err));
	assert_ok(pkgmgr_apt.stage(&c, &p, 1, &unit_err));
	assert_ok(pkgmgr_apt.fingerprint(&c, &staged, &unit_err));
	assert_false(str_eq(buf_str(&before), buf_str(&staged)));
	unit_put(state, "root/stage/bash_5.2-1+b2_amd64.deb", str_sub(bytes, 70));
	unit_put(state, "root/stage/libssl3_3.0.16-1_amd64.deb", STR("outdated"));
	/* Any other run of apt leaves these. */
	unit_put(state, "root/var/lib/apt/lists/lock", STR(""));
	unit_put(state, "root/var/lib/apt/lists/partial/x", STR("half"));
	unit_put(state, "root/var/lib/apt/lists/auxfiles/x", STR("x"));
	c.runner = &fake_runner;
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	assert_false(file_exists(unit_path(state, "root/stage/libssl3_3.0.16-1_amd64.deb")));
	assert_ok(pkgmgr_apt.fingerprint(&c, &after, &unit_err));
	assert_str(buf_str(&after), buf_cstr(&staged));
}

static void
a_refresh_says_what_is_wrong(void **state)
{
	static const struct {
		const char *err;
		enum err_code code;
	} cases[] = {
		{ "W: GPG error: http://x bookworm InRelease: NO_PUBKEY 0123\nE: Failed to fetch x\n", ERR_REFUSED },
		{ "E: The repository 'http://x bookworm Release' is not signed.\n", ERR_REFUSED },
		{ "E: Failed to fetch http://x  Temporary failure resolving 'x'\n", ERR_UNREACHABLE },
		{ "E: Failed to download x  connection FAILED [IP: 192.0.2.1 80]\n", ERR_UNREACHABLE },
		{ "Err:1 http://x bookworm InRelease\n  Error reading from server - read (104: Connection reset by "
		  "peer)\n",
		  ERR_UNREACHABLE },
		{ "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)\n", ERR_BUSY },
		{ "E: Write error - write (28: No space left on device)\n", ERR_NO_SPACE },
		{ "E: something new\n", ERR_SYSTEM },
	};

	put_root(state, STATUS_OLD);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct fake_answer answers[] = { { "update", "", cases[i].err, 100, NULL } };
		FAKE(fake, answers, state);
		struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
		assert_false(pkgmgr_apt.refresh(&c, &unit_err));
		if (unit_err.code != cases[i].code)
			fail_msg("%s: code %d, %s", cases[i].err, unit_err.code, unit_err.text);
	}
}

/* ---- applying ---- */

#define REHEARSAL \
	"Inst libssl3 [3.0.15-1] (3.0.17-1 Debian-Security:12/oldstable-security [amd64])\n" \
	"Inst openssl [3.0.15-1] (3.0.17-1 Debian-Security:12/oldstable-security [amd64])\n"

static void
move_all(void **state)
{
	unit_put(state, "root/var/lib/dpkg/status", STR(STATUS_NEW));
}

static void
move_one(void **state)
{
	unit_put(state, "root/var/lib/dpkg/status",
		 STR(STATUS("libssl3", "3.0.17-1", "install", "half-configured") "\n" STATUS("openssl", "3.0.15-1",
											     "install", "installed")));
}

static void
exactly_these_versions_go_in(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer answers[] = {
		{ " -s ", REHEARSAL, "", 0, NULL },
		{ "apt-mark showauto", "libssl3\nother\n", "", 0, NULL },
		{ "apt-mark auto", "", "", 0, NULL },
		{ "install", "Setting up openssl (3.0.17-1) ...\n", "", 0, move_all },
	};
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	struct patch p = openssl(&a);
	struct apply_result r;

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_INSTALLED);
	assert_str(r.why, "");
	assert_str(r.words, "Setting up openssl (3.0.17-1) ...");
	assert_non_null(strstr(buf_cstr(&fake.seen),
			       "--only-upgrade install -- libssl3:amd64=3.0.17-1 openssl:amd64=3.0.17-1 \n"));
	assert_non_null(strstr(buf_cstr(&fake.seen), "--force-confold"));
	assert_non_null(strstr(buf_cstr(&fake.seen), "Dir::Cache::archives=/stage/"));
	assert_non_null(strstr(buf_cstr(&fake.seen), "apt-mark auto -- libssl3 \n"));
}

static void
the_database_decides_not_apts_status(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer answers[] = {
		{ " -s ", REHEARSAL, "", 0, NULL },
		{ "apt-mark", "", "", 0, NULL },
		{ "install", "Setting up libssl3\n", "dpkg: error processing package libssl3 (--configure):\n", 100,
		  move_one },
	};
	const struct fake_answer grumbling[] = {
		{ " -s ", REHEARSAL, "", 0, NULL },
		{ "apt-mark", "", "", 0, NULL },
		{ "install", "", "E: a hook failed\n", 100, move_all },
	};
	struct patch p = openssl(&a);
	struct apply_result r;
	FAKE(fake, answers, state);
	FAKE(other, grumbling, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_FAILED);
	assert_true(r.why.len > 0);
	assert_non_null(strstr(arena_cstr(&a, r.words), "dpkg: error processing package libssl3"));
	c.runner = &other_runner;
	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_INSTALLED);
}

static void
what_a_failed_run_left_is_ended_at_once(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer ending[] = {
		{ " -s ", REHEARSAL, "", 0, NULL },
		{ "apt-mark", "", "", 0, NULL },
		{ "--configure -a", "Setting up openssl (3.0.17-1) ...\n", "", 0, move_all },
		{ " -f ", "", "", 0, NULL },
		{ "install", "Unpacking\n", "E: cannot copy: No space left on device\n", 100, move_one },
	};
	const struct fake_answer full[] = {
		{ " -s ", REHEARSAL, "", 0, NULL },
		{ "apt-mark", "", "", 0, NULL },
		{ "--configure -a", "", "dpkg: error: No space left on device\n", 2, NULL },
		{ "install", "Unpacking\n", "E: cannot copy: No space left on device\n", 100, move_one },
	};
	struct patch p = openssl(&a);
	struct apply_result r;
	FAKE(fake, ending, state);
	FAKE(failing, full, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_INSTALLED);
	assert_str(r.why, "");
	c.runner = &failing_runner;
	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_FAILED);
	assert_non_null(strstr(arena_cstr(&a, r.why), "the disk is full"));
	assert_non_null(strstr(arena_cstr(&a, r.why), "libssl3 is unpacked but not set up"));
}

static void
nothing_changed_is_one_error(void **state)
{
	ARENA_AUTO a = { 0 };
	static const struct {
		const char *rehearsal, *words;
		enum err_code code;
	} cases[] = {
		{ REHEARSAL, "E: Failed to fetch x  Could not connect to x\nE: Unable to fetch some archives\n",
		  ERR_UNREACHABLE },
		{ REHEARSAL, "E: You don't have enough free space in /var/cache/apt/archives/.\n", ERR_NO_SPACE },
		{ REHEARSAL, "E: Could not get lock /var/lib/dpkg/lock-frontend\n", ERR_BUSY },
		{ REHEARSAL "Inst libc6 [1] (2 Debian:12/x [amd64])\n", "", ERR_CONFLICT },
	};
	struct patch p = openssl(&a);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct apply_result r = { .patch = STR("untouched") };
		const struct fake_answer answers[] = {
			{ " -s ", cases[i].rehearsal, "", 0, NULL },
			{ "apt-mark", "", "", 0, NULL },
			{ "install", "", cases[i].words, 100, NULL },
		};
		FAKE(fake, answers, state);
		struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
		put_root(state, STATUS_OLD);
		assert_false(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
		if (unit_err.code != cases[i].code)
			fail_msg("%zu: code %d, %s", i, unit_err.code, unit_err.text);
		assert_str(r.patch, "untouched");
	}
}

static void
held_packages_fail_alone(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer answers[] = {
		{ " -s ", REHEARSAL, "", 0, NULL },
		{ "apt-mark", "", "", 0, NULL },
		{ "install", "ok\n", "", 0, move_all },
	};
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	struct patch p[2] = { { .id = STR("deb:held-one@2") }, openssl(&a) };
	struct apply_result r[2];

	*ARRAY_PUSH(&a, &p[0].packages) =
		(struct patch_package){ STR("held-one"), STR("amd64"), STR("1"), STR("2"), 9 };
	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.apply(&c, p, 2, &a, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_FAILED);
	assert_non_null(strstr(arena_cstr(&a, r[0].why), "held-one"));
	assert_int_equal(r[1].outcome, APPLY_INSTALLED);
	assert_null(strstr(buf_cstr(&fake.seen), "held-one"));
	assert_false(pkgmgr_apt.apply(&c, p, 1, &a, r, &unit_err));
	assert_int_equal(unit_err.code, ERR_CONFLICT);
}

static void
a_lock_is_named_with_its_holder(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer answers[] = { { "never", "", "", 0, NULL } };
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	struct patch p = openssl(&a);
	struct apply_result r;
	int ready[2];
	char byte;

	put_root(state, STATUS_OLD);
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(unit_path(state, "root/var/lib/dpkg/lock-frontend"), O_RDWR);
		_exit(fcntl(fd, F_SETLK, &lock) != 0 || write(ready[1], "x", 1) != 1 || pause());
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	bool ok = pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	assert_false(ok);
	assert_int_equal(unit_err.code, ERR_BUSY);
	assert_non_null(strstr(unit_err.text, arena_printf(&a, "process %ld", (long)pid).ptr));
	assert_int_equal(fake.seen.len, 0);
}

static void
half_done_work_is_ended_or_said(void **state)
{
	const struct fake_answer good[] = { { "dpkg", "", "", 0, move_all }, { "apt-get", "", "", 0, NULL } };
	const struct fake_answer bad[] = { { "dpkg", "dpkg: error processing package libssl3\n", "", 1, NULL },
					   { "apt-get", "E: Sub-process /usr/bin/dpkg returned an error code (1)\n", "",
					     100, NULL } };
	FAKE(fixing, good, state);
	FAKE(failing, bad, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fixing_runner);
	bool did = true;

	put_root(state, STATUS_OLD);
	assert_ok(pkgmgr_apt.recover(&c, &did, &unit_err));
	assert_false(did);
	assert_int_equal(fixing.seen.len, 0);
	move_one(state);
	assert_ok(pkgmgr_apt.recover(&c, &did, &unit_err));
	assert_true(did);
	assert_non_null(strstr(buf_cstr(&fixing.seen), "--configure -a"));
	move_one(state);
	c.runner = &failing_runner;
	assert_false(pkgmgr_apt.recover(&c, &did, &unit_err));
	assert_int_equal(unit_err.code, ERR_CONFLICT);
	assert_non_null(strstr(unit_err.text, "libssl3 (half-configured)"));
	assert_non_null(strstr(unit_err.text, "Sub-process"));
	/* Half unpacked: the download that was being installed is unpacked again. */
	put_root(state, STATUS("libssl3", "3.0.15-1", "install", "half-installed"));
	unit_put(state, "root/stage/libssl3_3.0.17-1_amd64.deb", STR("x"));
	c.runner = &fixing_runner;
	assert_ok(pkgmgr_apt.recover(&c, &did, &unit_err));
	assert_non_null(strstr(buf_cstr(&fixing.seen), "--install /stage/libssl3_3.0.17-1_amd64.deb"));
}

static void
too_little_space_says_how_much_is_missing(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer answers[] = { { "never", "", "", 0, NULL } };
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	struct patch p = openssl(&a);
	struct apply_result r;

	p.packages.items[0].size = (uint64_t)1 << 60;
	put_root(state, STATUS_OLD);
	assert_false(pkgmgr_apt.apply(&c, &p, 1, &a, &r, &unit_err));
	assert_int_equal(unit_err.code, ERR_NO_SPACE);
	assert_non_null(strstr(unit_err.text, "MiB are missing"));
	assert_int_equal(fake.seen.len, 0);
}

static void
a_kernel_waits_for_the_restart(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct fake_answer answers[] = { { "never", "", "", 0, NULL } };
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);
	struct patch p = { .id = STR("deb:linux@2") }, q = openssl(&a), both[2];
	struct apply_result r[2];

	*ARRAY_PUSH(&a, &p.packages) =
		(struct patch_package){ STR("linux-image-6.1.0-38-amd64"), STR("amd64"), STR(""), STR("2"), 1 };
	put_root(state, STATUS("linux-image-6.1.0-38-amd64", "2", "install", "installed") "\n" STATUS_NEW);
	both[0] = p;
	both[1] = q;
	assert_ok(pkgmgr_apt.outcome(&c, both, 2, &a, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_PENDING_REBOOT);
	assert_int_equal(r[1].outcome, APPLY_INSTALLED);
	unit_put(state, "root/run/reboot-required.pkgs", STR("libssl3\n"));
	assert_ok(pkgmgr_apt.outcome(&c, both, 2, &a, r, &unit_err));
	assert_int_equal(r[1].outcome, APPLY_PENDING_REBOOT);
}

/* ---- for real ---- */

static void
this_machines_plan_is_apts(void **state)
{
	ARENA_AUTO a = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	TABLE_AUTO apts = { 0 }, ours = { 0 };
	struct patch_list l;
	const char *argv[] = { "apt-get", "-s", "-o", "Debug::NoLocking=1", "upgrade", "--with-new-pkgs", NULL };
	struct proc_spec s = { .argv = argv };
	struct pkgmgr_ctx c = { &runner_system, &clock_system, "/", unit_path(state, "stage"),
				unit_path(state, "log") };
	struct str line, word, rest, bare;

	if (!pkgmgr_apt.present("/") || !runner_run(&runner_system, &s, &r, NULL) || r.status != 0) {
		proc_result_free(&r);
		skip();
	}
	rest = buf_str(&r.out);
	while (str_line(&rest, &line)) {
		if (str_starts(line, STR("Inst ")) && str_word(&line, &word) && str_word(&line, &word))
			(void)table_put(&apts, str_split(word, ':', &bare, &line) ? bare : word, NULL);
	}
	assert_ok(pkgmgr_apt.plan(&c, &a, &l, &unit_err));
	for (size_t i = 0; i < l.patches.count; i++) {
		const struct patch *p = &l.patches.items[i];
		assert_true(str_starts(p->id, STR("deb:")));
		for (size_t k = 0; p->kept_back.len == 0 && k < p->packages.count; k++) {
			assert_true(p->packages.items[k].size > 0);
			assert_true(table_has(&apts, p->packages.items[k].name));
			(void)table_put(&ours, p->packages.items[k].name, NULL);
		}
	}
	assert_int_equal(ours.count, apts.count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_plan_is_apts_simulation_by_source),
		unit_test_in_folder(downloads_count_only_whole_and_old_ones_go),
		unit_test_in_folder(the_fingerprint_follows_what_apt_reads),
		unit_test_in_folder(planning_leaves_the_fingerprint_alone),
		unit_test_in_folder(one_changelog_speaks_for_the_whole_source),
		unit_test_in_folder(a_kernel_is_compared_with_the_newest_that_is_there),
		unit_test_in_folder(a_refresh_says_what_is_wrong),
		unit_test_in_folder(exactly_these_versions_go_in),
		unit_test_in_folder(the_database_decides_not_apts_status),
		unit_test_in_folder(what_a_failed_run_left_is_ended_at_once),
		unit_test_in_folder(nothing_changed_is_one_error),
		unit_test_in_folder(held_packages_fail_alone),
		unit_test_in_folder(a_lock_is_named_with_its_holder),
		unit_test_in_folder(half_done_work_is_ended_or_said),
		unit_test_in_folder(too_little_space_says_how_much_is_missing),
		unit_test_in_folder(a_kernel_waits_for_the_restart),
		unit_test_in_folder(this_machines_plan_is_apts),
	};

	return cmocka_run_group_tests_name("plan/pkgmgr-apt", tests, NULL, NULL);
}
