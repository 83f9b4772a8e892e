#include "plan/run.h"

#include "base/tr.h"
#include "plan/relay.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define LOG_TAIL ((size_t)64 << 10)
#define WORDS_MAX 4096
#define TIMEOUT_S 7200
#define NAMES_MAX 100000

void
root_cleanup(struct root *r)
{
	root_close(r);
}

struct str
words_tail(struct str text, struct arena *a)
{
	struct buf out = { 0 };

	text = str_trim(text);
	if (text.len > WORDS_MAX)
		text = str_skip(text, text.len - WORDS_MAX);
	/* Control characters and broken UTF-8 come from package scripts; what stays is plain text. */
	for (size_t i = 0; i < text.len;) {
		size_t n = 1;
		unsigned char ch = (unsigned char)text.ptr[i];
		if (ch >= 0xc2 && ch <= 0xf4)
			n = ch >= 0xf0 ? 4 : ch >= 0xe0 ? 3 : 2;
		bool good = i + n <= text.len && str_is_utf8(str_sub(text.ptr + i, n)) &&
			    (ch >= ' ' || ch == '\n' || ch == '\t') && ch != 0x7f;
		if (good)
			buf_add(&out, str_sub(text.ptr + i, n));
		i += good ? n : 1;
	}
	struct str kept = arena_str(a, str_trim(buf_str(&out)));
	buf_free(&out);
	return kept;
}

static enum err_code
code_of(struct str words)
{
	static const struct {
		const char *text;
		enum err_code code;
	} signs[] = {
		{ "GPG check FAILED", ERR_REFUSED },
		{ "UNTRUSTED signature", ERR_REFUSED },
		{ "BAD signature", ERR_REFUSED },
		{ "is not signed", ERR_REFUSED },
		{ "No space left on device", ERR_NO_SPACE },
		{ "more space needed", ERR_NO_SPACE },
		{ "Waiting for process", ERR_BUSY },
		{ "Unable to lock database", ERR_BUSY },
		{ "Failed to download", ERR_UNREACHABLE },
		{ "Curl error", ERR_UNREACHABLE },
		{ "No URLs in mirrorlist", ERR_UNREACHABLE },
		{ "Cannot download", ERR_UNREACHABLE },
		{ "temporary error", ERR_UNREACHABLE },
		{ "network error", ERR_UNREACHABLE },
		{ "DNS lookup error", ERR_UNREACHABLE },
		{ "conflicting requests", ERR_CONFLICT },
		{ "unsatisfiable constraints", ERR_CONFLICT },
		{ "unable to select packages", ERR_CONFLICT },
	};

	for (size_t i = 0; i < COUNT(signs); i++) {
		if (str_find(words, str_of(signs[i].text)) >= 0)
			return signs[i].code;
	}
	return ERR_SYSTEM;
}

static bool
failed(const struct pkgmgr_ctx *c, const char *doing, struct str words, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str refused = relay_refused_origin(c, words);
	if (refused.len > 0)
		return relay_refused(c, doing, refused, e);
	struct str tail = words_tail(words, &a), shown = tail;

	if (shown.len > 600)
		shown = str_skip(shown, shown.len - 600);
	char *line = arena_cstr(&a, shown);
	for (char *p = line; *p; p++) {
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	}
	return err_set(e, code_of(words), "%s failed: %s", doing, line);
}

bool
manager_run(const struct pkgmgr_ctx *c, const struct manager_run *run, struct proc_result *r, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct relay_words words;

	if (!relay_words_for(c, run->argv[0], &a, &words, e))
		return err_wrap(e, "%s", run->doing);
	struct proc_spec spec = {
		.argv = relay_argv(&words, run->argv, &a),
		.env = words.env,
		.root = c->root,
		.output_file = run->to_log ? c->log_path : NULL,
		.own_session = run->to_log,
		.low_priority = run->low_priority,
		.output_max = OUTPUT_MAX,
		.timeout_s = TIMEOUT_S,
	};

	if (!runner_run(c->runner, &spec, r, e))
		return err_wrap(e, "%s", run->doing);
	if (r->timed_out)
		return err_set(e, ERR_BUSY, "%s: %s did not end within two hours and was stopped: try again later",
			       run->doing, run->argv[0]);
	if (r->status == 0 || (run->also_good && r->status == run->also_good) || run->to_log)
		return true;
	buf_add(&r->out, buf_str(&r->err));
	return failed(c, run->doing, buf_str(&r->out), e);
}

bool
manager_outcome(const struct pkgmgr_ctx *c, const struct pkgdb *db, int (*compare)(struct str, struct str),
		const struct patch *patches, size_t count, struct arena *a, struct apply_result *results, struct err *e)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, c->root };
	struct package_list l = { 0 };

	if (!root_open(&r, c->root, e) || !db->read(&r, a, &l, e))
		return err_wrap(e, "reading which updates are installed");
	package_list_sort(&l);
	for (size_t i = 0; i < count; i++) {
		size_t in = 0;
		for (size_t k = 0; k < patches[i].packages.count; k++) {
			const struct patch_package *p = &patches[i].packages.items[k];
			size_t n;
			const struct package *found = package_list_find(&l, p->name, &n);
			bool there = false;
			for (size_t m = 0; m < n; m++)
				there = there || ((p->arch.len == 0 || str_eq(found[m].arch, p->arch)) &&
						  compare(found[m].version, p->to) >= 0);
			in += there;
		}
		results[i] = (struct apply_result){ .patch = patches[i].id, .outcome = APPLY_FAILED };
		if (in == patches[i].packages.count)
			results[i].outcome = APPLY_INSTALLED;
	}
	return true;
}

static size_t
count_in(const struct apply_result *results, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += results[i].outcome != APPLY_FAILED;
	return n;
}

bool
manager_install(const struct pkgmgr_ctx *c, const struct manager_install *in, const struct patch *patches, size_t count,
		struct arena *a, struct apply_result *results, struct err *e)
{
	PROC_RESULT_AUTO r = { 0 };
	BUF_AUTO log = { 0 };
	struct err why = { 0 };
	struct apply_result *found = ARENA_ARRAY(a, struct apply_result, count + 1);
	int64_t before = file_size(c->log_path);

	if (!manager_run(c, &in->run, &r, e) || !file_tail(c->log_path, before > 0 ? before : 0, LOG_TAIL, &log, e) ||
	    !in->outcome(c, patches, count, a, found, e))
		return false;
	if (r.status != 0)
		(void)failed(c, in->run.doing, buf_str(&log), &why);
	else
		(void)err_set(&why, ERR_SYSTEM, "%s ended without an error, but this version is not installed",
			      in->run.argv[0]);
	if (r.status != 0 && count_in(found, count) == 0) {
		*e = why;
		return false;
	}
	struct str words = words_tail(buf_str(&log), a);
	for (size_t i = 0; i < count; i++) {
		found[i].words = words;
		if (found[i].outcome != APPLY_FAILED)
			continue;
		found[i].why = arena_str(a, str_of(why.text));
	}
	memcpy(results, found, count * sizeof(*results));
	return true;
}

void
manager_fingerprint(const struct pkgmgr_ctx *c, const char *const *paths, struct buf *out)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO stamps = { 0 };
	struct str *names;
	size_t count;

	for (size_t i = 0; paths[i]; i++) {
		const char *path = path_join(&a, c->root, paths[i]);
		file_stamp(path, &stamps);
		if (!dir_list(&a, path, NAMES_MAX, &names, &count, NULL))
			continue;
		for (size_t k = 0; k < count; k++) {
			buf_add(&stamps, names[k]);
			file_stamp(path_join(&a, path, names[k].ptr), &stamps);
		}
	}
	buf_addf(out, "%016llx%016llx", (unsigned long long)str_hash(buf_str(&stamps), 1),
		 (unsigned long long)str_hash(buf_str(&stamps), 2));
}
