#include "relay/learn-internal.h"

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "os/file.h"
#include "relay/target.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define NOTE_MAX (4u << 20)
#define WANTED_MAX 64
#define ABOUT_LABEL_MAX 100

/* ---- what a URL is ---- */

static struct str
url_name(struct str url)
{
	return str_skip(url, (size_t)(str_rfind_char(url, '/') + 1));
}

/* The folder, with its slash. */
static struct str
url_folder(struct str url)
{
	return str_head(url, (size_t)(str_rfind_char(url, '/') + 1));
}

enum signed_kind
signed_kind(struct str url)
{
	struct str name = url_name(url);
	if (str_eq(name, STR("InRelease")))
		return SIGNED_INRELEASE;
	/* Each binary-ARCH has a Release of its own, which the signed one lists. */
	if (str_eq(name, STR("Release")))
		return SIGNED_RELEASE;
	if (str_eq(name, STR("repomd.xml")))
		return SIGNED_REPOMD;
	if (str_eq(name, STR("Release.gpg")) || str_eq(name, STR("repomd.xml.asc")))
		return SIGNED_SIGNATURE;
	return SIGNED_NONE;
}

/* "…/main/binary-amd64/by-hash/SHA256/HEX" and "…/main/binary-amd64/Packages.xz" lie in the same folder. */
static struct str
index_folder(struct str url)
{
	struct str folder = url_folder(url);
	if (str_ends(folder, STR("/by-hash/SHA256/")))
		folder = str_head(folder, folder.len - (sizeof("by-hash/SHA256/") - 1));
	return folder;
}

static struct str
folder_name(struct str folder)
{
	return url_name(str_head(folder, folder.len - 1));
}

static bool
is_primary(struct str url)
{
	return str_contains(url_name(url), STR("primary.xml"));
}

bool
index_kind(struct str url)
{
	struct str folder = index_folder(url), name = url_name(url), last;
	if (is_primary(url))
		return true;
	if (folder.len == url_folder(url).len)
		return str_starts(name, STR("Packages")) || str_starts(name, STR("Sources")) ||
		       (str_eq(name, STR("Index")) && str_ends(folder, STR(".diff/")));
	last = folder_name(folder);
	return str_starts(last, STR("binary-")) || str_eq(last, STR("source")) || str_ends(last, STR(".diff"));
}

/* ---- a Release ---- */

struct release {
	struct digest_batch *batch;
	struct buf *note; /* "URL\n" of each Packages */
	struct str folder; /* of the Release */
	bool by_hash;
};

static void
batch_url(struct digest_batch *b, struct str folder, struct str path, const struct digest *d)
{
	BUF_AUTO url = { 0 };
	BUF_AUTO canonical = { 0 };
	buf_add(&url, folder);
	/* A file's name is no encoded text: its own % stands for itself. */
	for (size_t i = 0; i < path.len; i++) {
		if (path.ptr[i] == '%')
			buf_add(&url, STR("%25"));
		else if (path.ptr[i] == '?' || path.ptr[i] == '#')
			buf_addf(&url, "%%%02X", (unsigned)path.ptr[i]);
		else
			buf_add_char(&url, path.ptr[i]);
	}
	if (url_canonical(buf_str(&url), &canonical))
		digest_batch_add(b, buf_str(&canonical), d);
}

static void
release_file(void *user, struct str path, const struct digest *d)
{
	struct release *r = user;
	char hex[SHA256_HEX_LEN];
	BUF_AUTO by_hash = { 0 };
	struct str name = url_name(path);
	digest_hex(d, hex);
	batch_url(r->batch, r->folder, path, d);
	buf_addf(&by_hash, "%.*sby-hash/SHA256/%s", STR_ARG(url_folder(path)), hex);
	batch_url(r->batch, r->folder, buf_str(&by_hash), d);
	if (!str_starts(name, STR("Packages")) || str_contains(path, STR(".diff")))
		return;
	struct str shown = r->by_hash ? buf_str(&by_hash) : path;
	buf_addf(r->note, "%.*s %.*s%.*s\n", STR_ARG(name), STR_ARG(r->folder), STR_ARG(shown));
}

static void
note_name(struct str folder, char out[SHA256_HEX_LEN + 8])
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(folder, hex);
	snprintf(out, SHA256_HEX_LEN + 8, "%s.release", hex);
}

static bool
number_next(struct str *rest, char end, int *out)
{
	struct str word;
	uint64_t n;
	if (!str_split(*rest, end, &word, rest) || !str_to_u64(word, &n) || n > 9999)
		return false;
	*out = (int)n;
	return true;
}

/* "Sat, 21 Nov 2026 09:05:00 UTC" as Releases have it, some with one digit for the hour. */
static bool
release_date(struct str text, struct str field, int64_t *at)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };
	struct str day, month, s = release_field(text, field);
	if (s.len > 64 || !str_split(s, ',', &day, &s))
		return false;
	s = str_trim(s);
	if (!number_next(&s, ' ', &tm.tm_mday) || !str_split(s, ' ', &month, &s) || month.len != 3 ||
	    !number_next(&s, ' ', &tm.tm_year) || !number_next(&s, ':', &tm.tm_hour) ||
	    !number_next(&s, ':', &tm.tm_min) || !number_next(&s, ' ', &tm.tm_sec))
		return false;
	ptrdiff_t found = str_find(str_of(months), month);
	if (found < 0 || found % 3 != 0 || (!str_eq(s, STR("UTC")) && !str_eq(s, STR("GMT"))))
		return false;
	tm.tm_mon = (int)found / 3;
	tm.tm_year -= 1900;
	*at = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* A signature does not age: without this an origin, or whoever stands before it, could bring back a state that lacks the
 * newest updates. Until when a list is good (Valid-Until) is the machines' own question, which may have reasons not to ask. */
static bool
release_is_newer(const struct digest_map *digests, struct str folder, struct str text, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO kept = { 0 };
	int64_t before, now;
	char hex[SHA256_HEX_LEN], one[TIME_RFC3339_MAX], two[TIME_RFC3339_MAX];
	sha256_hex(folder, hex);
	const char *path = arena_printf(&a, "%s/%s.date", digest_map_folder(digests), hex).ptr;
	if (!release_date(text, STR("Date"), &now))
		return true;
	if (file_read(path, 64, &kept, NULL) && str_to_i64(buf_str(&kept), &before) && now < before)
		return err_set(e, ERR_CONFLICT,
			       "its Release is of %s, and one of %s came before: an older state is not passed on",
			       time_rfc3339(now, one), time_rfc3339(before, two));
	buf_truncate(&kept, 0);
	buf_addf(&kept, "%lld", (long long)now);
	return file_write(path, buf_str(&kept), 0640, e);
}

static bool
learn_release(const struct learner *l, struct str url, struct str text, struct err *e)
{
	ARENA_AUTO a = { 0 };
	DIGEST_BATCH_AUTO batch = digest_batch_new();
	BUF_AUTO note = { 0 };
	struct release r = { batch, &note, url_folder(url),
			     str_eq(release_field(text, STR("Acquire-By-Hash")), STR("yes")) };
	char name[SHA256_HEX_LEN + 8];
	buf_addf(&note, "%.*s\n", STR_ARG(r.folder));
	if (!release_parse(text, release_file, &r, e) || !release_is_newer(l->digests, r.folder, text, e))
		return false;
	note_name(r.folder, name);
	/* The names first: who reads the note finds them known. */
	return digest_map_replace(l->digests, r.folder, batch, e) &&
	       file_write(path_join(&a, digest_map_folder(l->digests), name), buf_str(&note), 0640, e);
}

/* ---- repomd.xml ---- */

struct rpm_names {
	struct digest_batch *batch;
	struct str root;
};

static void
rpm_file(void *user, struct str href, const struct digest *d, struct str type)
{
	struct rpm_names *n = user;
	(void)type;
	if (!str_starts(href, STR("/")) && !str_contains(href, STR("://")))
		batch_url(n->batch, n->root, href, d);
}

/* "…/repodata/repomd.xml" and what it lists are named from the folder above. */
static struct str
rpm_root(struct str url)
{
	struct str folder = url_folder(url);
	if (str_ends(folder, STR("/repodata/")))
		folder = str_head(folder, folder.len - (sizeof("repodata/") - 1));
	return folder;
}

static bool
learn_repomd(const struct learner *l, struct str url, struct str text, struct err *e)
{
	DIGEST_BATCH_AUTO batch = digest_batch_new();
	struct rpm_names names = { batch, rpm_root(url) };
	return repomd_parse(text, rpm_file, &names, e) && digest_map_replace(l->digests, url, batch, e);
}

/* ---- what is told of a signed list ---- */

static const char *
about_path(struct digest_map *digests, struct arena *a, struct str url)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(url, hex);
	return arena_printf(a, "%s/%s.about", digest_map_folder(digests), hex).ptr;
}

/* When it was made and until when it is good, by its own words; whose it is. Text empty: a form that does not say. */
static void
about_keep(const struct learner *l, struct str url, struct str text)
{
	struct err e = { 0 };
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct str whose = release_field(text, STR("Origin")), name = release_field(text, STR("Codename"));
	int64_t dated = 0, expires = 0;
	if (!name.len)
		name = release_field(text, STR("Suite"));
	(void)!release_date(text, STR("Date"), &dated);
	(void)!release_date(text, STR("Valid-Until"), &expires);
	json_begin_object(&w);
	json_put_str(&w, "url", url);
	json_put_str(&w, "label",
		     arena_line(&a, arena_printf(&a, "%.*s %.*s", STR_ARG(whose), STR_ARG(name)), ABOUT_LABEL_MAX));
	json_put_time(&w, "dated", dated);
	json_put_time(&w, "expires", expires);
	json_put_time(&w, "read", clock_now(&clock_system));
	json_end_object(&w);
	if (!file_write(about_path(l->digests, &a, url), buf_str(&out), 0640, &e))
		log_warn("relay", "what is told of %.*s stays as it was: %s", STR_ARG(url), e.text);
}

bool
learn_signed(const struct learner *l, struct str url, const char *path, struct err *e)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO signature = { 0 };
	BUF_AUTO beside = { 0 };
	enum signed_kind kind = signed_kind(url);
	bool detached = kind == SIGNED_RELEASE || kind == SIGNED_REPOMD;
	buf_add(&beside, url);
	buf_add(&beside, kind == SIGNED_RELEASE ? STR(".gpg") : STR(".asc"));
	if (detached && !l->fetch(l->user, buf_str(&beside), &signature, e))
		return err_wrap(e, "its signature");
	if (!signature_check(l->keyrings, path, detached ? buf_str(&signature) : STR_NONE, &text, e))
		return false;
	bool rpm = kind == SIGNED_REPOMD;
	bool ok = rpm ? learn_repomd(l, url, buf_str(&text), e) : learn_release(l, url, buf_str(&text), e);
	if (ok)
		about_keep(l, url, rpm ? STR_NONE : buf_str(&text));
	return ok;
}

bool
learn_is_kept(struct digest_map *digests, struct str url)
{
	return digest_map_has(digests, signed_kind(url) == SIGNED_REPOMD ? url : url_folder(url), NULL);
}

/* ---- an index ---- */

struct index_names {
	struct digest_batch *batch;
	struct str root, folder;
	bool differences;
};

static void
index_file(void *user, struct str directory, struct str name, const struct digest *d)
{
	struct index_names *n = user;
	char hex[SHA256_HEX_LEN];
	BUF_AUTO path = { 0 };
	if (n->differences) {
		digest_hex(d, hex);
		batch_url(n->batch, n->folder, name, d);
		buf_addf(&path, "by-hash/SHA256/%s", hex);
		batch_url(n->batch, n->folder, buf_str(&path), d);
		return;
	}
	if (directory.len > 0)
		buf_addf(&path, "%.*s/", STR_ARG(directory));
	buf_add(&path, name);
	batch_url(n->batch, n->root, buf_str(&path), d);
}

static void
index_next(void *user, struct str line)
{
	index_line(user, line);
}

/* Of which file a folder's names were read: known under a name that no URL has. */
static void
made_of(struct str folder, struct buf *name)
{
	buf_add(name, folder);
	buf_add(name, STR("#made-of"));
}

bool
learn_index(const struct learner *l, struct str url, const char *path, struct err *e)
{
	DIGEST_BATCH_AUTO batch = digest_batch_new();
	BUF_AUTO mark = { 0 };
	struct digest self;
	struct str folder = index_folder(url);
	ptrdiff_t dists = str_find(url, STR("/dists/"));
	struct index_names names = { batch, dists < 0 ? folder : str_head(url, (size_t)dists + 1), folder,
				     str_ends(folder, STR(".diff/")) };
	if (is_primary(url)) {
		struct rpm_names rpms = { batch, rpm_root(url) };
		return primary_read(path, rpm_file, &rpms, e) && digest_map_replace(l->digests, url, batch, e);
	}
	struct index_reader *r = xcalloc(1, sizeof(*r));
	r->each = index_file;
	r->user = &names;
	bool ok = unpack_lines(path, index_next, r, e);
	index_end(r);
	bool index = r->stanzas > 0;
	free(r);
	/* By its digest alone a file of that folder may be something else. */
	if (!ok || !index)
		return ok;
	made_of(folder, &mark);
	if (digest_find(l->digests, url, &self))
		digest_batch_add(batch, buf_str(&mark), &self);
	return digest_map_replace(l->digests, folder, batch, e);
}

/* ---- which index is wanted for a package ---- */

/* Does an index ("…/main/binary-amd64/…") list packages such as pool/main/n/nginx/nginx_1.2_amd64.deb? Debian's security
 * archive has pool/updates/main. Elsewhere pools may be laid out in any way: then only the architecture counts. */
static bool
index_fits(struct str index, struct str below, bool any_component)
{
	struct str name = url_name(below), arch, component, wanted;
	ptrdiff_t at = str_rfind_char(name, '_'), dot = str_rfind_char(name, '.');
	ptrdiff_t binary = str_find(index, STR("/binary-"));
	if (at < 0 || dot < at || binary < 0 || !str_ends(name, STR("deb")))
		return false;
	arch = str_sub(name.ptr + at + 1, (size_t)(dot - at - 1));
	wanted = str_skip(index, (size_t)binary + sizeof("/binary-") - 1);
	if (!str_eq(arch, STR("all")) &&
	    !(str_starts(wanted, arch) && str_starts(str_skip(wanted, arch.len), STR("/"))))
		return false;
	component = url_name(str_head(index, (size_t)binary));
	below = str_starts(below, STR("pool/")) ? str_skip(below, 5) : below;
	below = str_starts(below, STR("updates/")) ? str_skip(below, 8) : below;
	return any_component || (str_starts(below, component) && str_starts(str_skip(below, component.len), STR("/")));
}

static bool
index_is_read(struct digest_map *digests, struct str index)
{
	BUF_AUTO mark = { 0 };
	struct digest now, read;
	made_of(index_folder(index), &mark);
	return digest_find(digests, buf_str(&mark), &read) && digest_find(digests, index, &now) &&
	       memcmp(read.sha256, now.sha256, SHA256_LEN) == 0;
}

/* One of several forms of the same index is enough: is it read in any form, or is there a better one? xz is there for
 * every Debian since 2011; others have gz. */
static bool
index_is_spare(struct digest_map *digests, struct str note, struct str name, struct str index)
{
	struct str line, other, url;
	bool xz = str_eq(name, STR("Packages.xz"));
	while (str_line(&note, &line)) {
		if (!str_split(line, ' ', &other, &url) || !str_eq(index_folder(url), index_folder(index)))
			continue;
		if (index_is_read(digests, url) || (!xz && str_eq(other, STR("Packages.xz"))))
			return true;
	}
	return !xz && !str_eq(name, STR("Packages.gz")) && !str_eq(name, STR("Packages"));
}

/* One note: its first line is the Release's folder, the others are "NAME URL" of its Packages. */
static void
note_wants(struct digest_map *digests, struct str note, struct str url, bool any_component, struct buf *urls)
{
	struct str folder, line, name, index;
	unsigned count = 0;
	if (!str_line(&note, &folder))
		return;
	const struct str lines = note;
	ptrdiff_t dists = str_find(folder, STR("/dists/"));
	struct str root = dists < 0 ? folder : str_head(folder, (size_t)dists + 1);
	if (!str_starts(url, root))
		return;
	while (count < WANTED_MAX && str_line(&note, &line)) {
		if (!str_split(line, ' ', &name, &index))
			continue;
		if (dists >= 0 && !index_fits(index, str_skip(url, root.len), any_component))
			continue;
		if (!index_is_spare(digests, lines, name, index)) {
			buf_addf(urls, "%.*s\n", STR_ARG(index));
			count++;
		}
	}
}

static void
notes_want(struct digest_map *digests, struct str url, bool any_component, struct buf *urls)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count = 0;
	const char *folder = digest_map_folder(digests);
	if (!dir_list(&a, folder, 1u << 16, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO note = { 0 };
		if (str_ends(names[i], STR(".release")) &&
		    file_read(path_join(&a, folder, arena_cstr(&a, names[i])), NOTE_MAX, &note, NULL))
			note_wants(digests, buf_str(&note), url, any_component, urls);
	}
}

bool
learn_wanted(struct digest_map *digests, struct str url, struct buf *urls)
{
	notes_want(digests, url, false, urls);
	if (urls->len == 0)
		notes_want(digests, url, true, urls);
	return urls->len > 0;
}
