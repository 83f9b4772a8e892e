/* Running apt and dpkg quietly, and turning their failures into errors that say what to do. */
#include "plan/apt.h"

#include "os/lock.h"
#include "plan/relay.h"
#include "plan/run.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define STAGE_FALLBACK "/var/lib/mamori-agent/staged"

static const char *const apt_env[] = { "LC_ALL=C",
				       "DEBIAN_FRONTEND=noninteractive",
				       "DEBCONF_NONINTERACTIVE_SEEN=true",
				       "APT_LISTCHANGES_FRONTEND=none",
				       "APT_LISTBUGS_FRONTEND=none",
				       "NEEDRESTART_SUSPEND=1",
				       "NEEDRESTART_MODE=l",
				       "UCF_FORCE_CONFFOLD=1",
				       NULL };

bool
apt_run(const struct pkgmgr_ctx *c, const struct apt_run *run, struct proc_result *r, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct relay_words words;

	if (!relay_words_for(c, run->argv[0], &a, &words, e))
		return false;
	struct proc_spec spec = {
		.argv = relay_argv(&words, run->argv, &a),
		.env = apt_env,
		.root = c->root,
		.output_file = run->to_log ? c->log_path : NULL,
		.own_session = run->to_log,
		.low_priority = run->low_priority,
		.output_max = OUTPUT_MAX,
		.timeout_s = run->timeout_s,
	};

	if (!runner_run(c->runner, &spec, r, e))
		return false;
	if (r->timed_out)
		return err_set(e, ERR_BUSY, "%s did not end within %u seconds and was stopped: try again later",
			       run->argv[0], run->timeout_s);
	return true;
}

bool
apt_locks_free(const struct pkgmgr_ctx *c, struct err *e)
{
	static const char *const locks[] = { "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock",
					     "/var/cache/apt/archives/lock" };
	ARENA_AUTO a = { 0 };

	for (size_t i = 0; i < COUNT(locks); i++) {
		struct lock_holder holder;
		if (!lock_find_holder(path_join(&a, c->root, locks[i]), &holder))
			continue;
		return err_set(e, ERR_BUSY,
			       "another package manager is at work: %s (process %ld) holds %s; nothing was changed, "
			       "try again when "
			       "it has ended",
			       holder.program, holder.pid, locks[i]);
	}
	return true;
}

/* Where text is in words, ASCII letters in either case; -1: nowhere. */
static ptrdiff_t
find_nocase(struct str words, struct str text)
{
	for (size_t i = 0; i + text.len <= words.len; i++) {
		if (str_eq_nocase(str_sub(words.ptr + i, text.len), text))
			return (ptrdiff_t)i;
	}
	return -1;
}

struct sign {
	const char *text;
	enum err_code code;
	const char *why; /* a format without conversions, in the catalogue */
};

/* In this order: a refused signature also makes downloads fail. Without regard to case: apt's methods and the system
 * behind them do not agree on it. */
static const struct sign signs[] = {
	{ "NO_PUBKEY", ERR_REFUSED, "a package source is not signed by a key that this host trusts" },
	{ "BADSIG", ERR_REFUSED, "the signature of a package source is wrong" },
	{ "EXPKEYSIG", ERR_REFUSED, "the key that signed a package source has expired" },
	{ "REVKEYSIG", ERR_REFUSED, "the key that signed a package source was revoked" },
	{ "is not signed", ERR_REFUSED, "a package source is not signed" },
	{ "signatures were invalid", ERR_REFUSED, "the signature of a package source is wrong" },
	{ "signatures couldn't be verified", ERR_REFUSED, "the signature of a package source cannot be checked" },
	{ "Clearsigned file isn't valid", ERR_REFUSED, "the signed list of a package source is damaged" },
	{ "is not valid yet", ERR_REFUSED, "a package source is dated in the future: check this host's clock" },
	{ "Release file is expired", ERR_REFUSED, "the list of a package source has expired" },
	{ "unauthenticated packages", ERR_REFUSED, "a package has no verified signature" },
	{ "Hash Sum mismatch", ERR_REFUSED, "a download is not what its signed list says" },
	{ "unexpected size", ERR_REFUSED, "a download is not what its signed list says" },
	{ "enough free space", ERR_NO_SPACE, "the disk is full" },
	{ "No space left on device", ERR_NO_SPACE, "the disk is full" },
	{ "Could not get lock", ERR_BUSY, "another package manager is at work" },
	{ "Unable to acquire the dpkg", ERR_BUSY, "another package manager is at work" },
	{ "dpkg was interrupted", ERR_CONFLICT, "an earlier installation was interrupted and cannot be ended" },
	{ "Temporary failure resolving", ERR_UNREACHABLE, "the name of a package source cannot be resolved" },
	{ "Could not resolve", ERR_UNREACHABLE, "the name of a package source cannot be resolved" },
	{ "Could not connect", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Unable to connect", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Connection timed out", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Connection failed", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Connection refused", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Connection reset", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Network is unreachable", ERR_UNREACHABLE, "a package source does not answer" },
	{ "No route to host", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Error reading from server", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Connection closed prematurely", ERR_UNREACHABLE, "a package source does not answer" },
	{ "Unable to fetch", ERR_UNREACHABLE, "the packages cannot be downloaded" },
	{ "Failed to fetch", ERR_UNREACHABLE, "a package source cannot be downloaded" },
	{ "does not have a Release file", ERR_UNREACHABLE, "a package source is not there" },
	{ "held broken packages", ERR_CONFLICT, "packages that are held or missing stand in the way" },
	{ "Held packages were changed", ERR_CONFLICT, "a package is held" },
	{ "Unmet dependencies", ERR_CONFLICT, "dependencies cannot be met" },
	{ "Packages need to be removed", ERR_CONFLICT, "other packages would have to be removed" },
	{ "was not found", ERR_CONFLICT, "this version is no longer offered: refresh the package lists" },
	{ "are you root", ERR_REFUSED, "this needs the rights of root" },
};

/* The line that says most: the last "E: …", else the last line at all. */
static struct str
telling_line(struct str words, const char *sign)
{
	struct str line, best = STR_NONE, last = STR_NONE;

	while (str_line(&words, &line)) {
		line = str_trim(line);
		if (line.len == 0)
			continue;
		last = line;
		if (sign && find_nocase(line, str_of(sign)) >= 0)
			return line;
		if (str_starts(line, STR("E:")) || str_starts(line, STR("dpkg: error")))
			best = line;
	}
	return best.ptr ? best : last;
}

bool
apt_failed(const struct pkgmgr_ctx *c, const char *doing, struct str words, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct err busy = { 0 };

	struct str refused = relay_refused_origin(c, words);
	if (refused.len > 0)
		return relay_refused(c, doing, refused, e);
	words = words_tail(words, &a);
	for (size_t i = 0; i < COUNT(signs); i++) {
		if (find_nocase(words, str_of(signs[i].text)) < 0)
			continue;
		if (signs[i].code == ERR_BUSY && !apt_locks_free(c, &busy))
			return err_set(e, ERR_BUSY, "%s: %s", doing, busy.text);
		struct str line = telling_line(words, signs[i].text);
		return err_set(e, signs[i].code, "%s: %s (%.*s)", doing, tr(signs[i].why),
			       (int)(line.len < 400 ? line.len : 400), line.ptr);
	}
	struct str line = telling_line(words, NULL);
	return err_set(e, ERR_SYSTEM, "%s failed: %.*s", doing, (int)(line.len < 600 ? line.len : 600),
		       line.len ? line.ptr : "");
}

static bool
inside_root(const struct pkgmgr_ctx *c)
{
	return strcmp(c->root, "/") != 0;
}

const char *
apt_stage_inside(const struct pkgmgr_ctx *c, struct arena *a)
{
	struct str stage = str_of(c->stage_dir), root = str_of(c->root);

	while (root.len > 0 && root.ptr[root.len - 1] == '/')
		root.len--;
	if (!inside_root(c))
		return c->stage_dir;
	if (str_starts(stage, root) && stage.len > root.len && stage.ptr[root.len] == '/')
		return arena_cstr(a, str_skip(stage, root.len));
	return STAGE_FALLBACK;
}

const char *
apt_stage_here(const struct pkgmgr_ctx *c, struct arena *a)
{
	return inside_root(c) ? path_join(a, c->root, apt_stage_inside(c, a)) : c->stage_dir;
}

bool
apt_refresh(const struct pkgmgr_ctx *c, struct err *e)
{
	/* Error-Mode: a source that cannot be had is an error, not a remark (apt 2.1.5; older ones ignore it). */
	const char *argv[] = {
		"apt-get",         "-q",     "-o", "APT::Update::Error-Mode=any", "-o", "Acquire::Retries=2", "-o",
		"Dpkg::Use-Pty=0", "update", NULL
	};
	struct apt_run run = { .argv = argv, .timeout_s = 1800 };
	PROC_RESULT_AUTO r = { 0 };
	ARENA_AUTO a = { 0 };
	struct lock_holder holder;

	if (lock_find_holder(path_join(&a, c->root, "/var/lib/apt/lists/lock"), &holder))
		return err_set(e, ERR_BUSY,
			       "refreshing the package lists: %s (process %ld) is doing so already; try again when it "
			       "has ended",
			       holder.program, holder.pid);
	if (!apt_run(c, &run, &r, e))
		return err_wrap(e, "refreshing the package lists");
	buf_add(&r.out, buf_str(&r.err));
	if (r.status != 0)
		return apt_failed(c, tr("refreshing the package lists"), buf_str(&r.out), e);
	const char *stage = apt_stage_here(c, &a);
	return dir_make(stage, 0700, e) && file_write(path_join(&a, stage, APT_STAMP_REFRESHED), STR(""), 0600, e);
}

/* Among the lists, but none: any run of apt may change their owner, which changes their times. */
static bool
is_list_or_setting(struct str name)
{
	return !str_eq(name, STR("lock")) && !str_eq(name, STR("partial")) && !str_eq(name, STR("auxfiles"));
}

static void
stamp_folder(const char *folder, struct arena *a, struct buf *out)
{
	struct str *names;
	size_t count;

	if (!dir_list(a, folder, 100000, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!is_list_or_setting(names[i]))
			continue;
		buf_add(out, names[i]);
		file_stamp(path_join(a, folder, names[i].ptr), out);
	}
}

/* Everything that apt's simulation and our reading of the downloads depend on, and nothing that planning writes: of
 * the downloads only when they were last fetched, because planning removes old ones and leaves notes beside others. */
bool
apt_fingerprint(const struct pkgmgr_ctx *c, struct buf *out, struct err *e)
{
	static const char *const files[] = { "/var/lib/dpkg/status",         "/var/lib/dpkg/arch",
					     "/var/lib/apt/extended_states", "/etc/apt/sources.list",
					     "/etc/apt/preferences",         "/etc/apt/apt.conf" };
	static const char *const folders[] = { "/var/lib/apt/lists", "/etc/apt/sources.list.d",
					       "/etc/apt/preferences.d", "/etc/apt/apt.conf.d",
					       "/var/lib/dpkg/updates" };
	ARENA_AUTO a = { 0 };
	BUF_AUTO stamps = { 0 };

	for (size_t i = 0; i < COUNT(files); i++)
		file_stamp(path_join(&a, c->root, files[i]), &stamps);
	for (size_t i = 0; i < COUNT(folders); i++)
		stamp_folder(path_join(&a, c->root, folders[i]), &a, &stamps);
	const char *stage = apt_stage_here(c, &a);
	file_stamp(path_join(&a, stage, APT_STAMP_REFRESHED), &stamps);
	file_stamp(path_join(&a, stage, APT_STAMP_FETCHED), &stamps);
	buf_addf(out, "%016llx%016llx", (unsigned long long)str_hash(buf_str(&stamps), 1),
		 (unsigned long long)str_hash(buf_str(&stamps), 2));
	return true;
}
