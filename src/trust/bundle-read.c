/* Reading a bundle. The medium is a stranger's: only regular files are opened, links are not followed, and nothing is
 * longer than what was signed. */
#include "base/json.h"
#include "base/time.h"
#include "os/file.h"
#include "trust/bundle-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { PIECE = 1 << 17, FOUND_MAX = 1000, NAMES_MAX = 100000, NAMED_MAX = 5, WINDOW_LOG_MAX = 27 };

static bool
refuse(enum bundle_reason *reason, enum bundle_reason why)
{
	*reason = why;
	return false;
}

bool
bundle_unreadable(enum bundle_reason *reason, struct err *e, const char *path)
{
	(void)err_sys(e, "reading %s", path);
	return refuse(reason, BUNDLE_UNREADABLE);
}

/* −1: there is none, or it is no plain file. */
static int
bundle_plain_open(const char *path, uint64_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

const char *
bundle_part_path(struct arena *a, const char *folder, size_t i)
{
	return arena_printf(a, "%s/part-%04zu.mamori", folder, i + 1).ptr;
}

/* ---- which bundles are there ---- */

static bool
holds_head(struct arena *a, const char *folder)
{
	uint64_t size;
	FD_AUTO fd = bundle_plain_open(path_join(a, folder, BUNDLE_HEAD_FILE), &size);
	return fd >= 0;
}

bool
bundle_find(struct arena *a, const char *folder, const char ***found, size_t *count, struct err *e)
{
	struct str *names;
	size_t n, kept = 0;
	const char **out = ARENA_ARRAY(a, const char *, FOUND_MAX);
	if (holds_head(a, folder)) {
		out[kept++] = folder;
	} else {
		if (!dir_list(a, folder, NAMES_MAX, &names, &n, e))
			return err_wrap(e, "looking for bundles in %s", folder);
		for (size_t i = 0; i < n && kept < FOUND_MAX; i++) {
			const char *path = path_join(a, folder, arena_cstr(a, names[i]));
			if (str_starts(names[i], STR("mamori-")) && holds_head(a, path))
				out[kept++] = path;
		}
	}
	*found = out;
	*count = kept;
	return true;
}

/* ---- head and list ---- */

static bool
plain_read(const char *path, size_t max, struct buf *out, enum bundle_reason *reason, struct err *e)
{
	uint64_t size = 0;
	FD_AUTO fd = bundle_plain_open(path, &size);
	if (fd < 0 && errno == ENOENT) {
		(void)err_set(e, ERR_NOT_FOUND, "there is no %s", path);
		return refuse(reason, BUNDLE_INCOMPLETE);
	}
	if (fd < 0)
		return bundle_unreadable(reason, e, path);
	if (size > max) {
		(void)err_set(e, ERR_TOO_LARGE, "%s is longer than %zu bytes", path, max);
		return refuse(reason, BUNDLE_DAMAGED);
	}
	while (out->len < size) {
		ssize_t n = read(fd, buf_reserve(out, (size_t)size - out->len), (size_t)size - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bundle_unreadable(reason, e, path);
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	return true;
}

static const char *
type_of(enum bundle_direction d)
{
	return d == BUNDLE_DOWN ? "bundle-down" : "bundle-up";
}

/* Whose key it says it was signed with, to tell what is foreign from what is damaged. */
static bool
signature_refuse(const struct bundle_head *h, const struct key *key, const char *folder, enum bundle_reason *reason,
		 struct err *e)
{
	BUF_AUTO id = { 0 };
	if (key_id(key, &id, NULL) && !str_eq(buf_str(&id), h->key)) {
		(void)err_set(e, ERR_REFUSED,
			      "the bundle in %s is foreign: it was made by %.*s, with a key that is not trusted here",
			      folder, STR_ARG(h->direction == BUNDLE_DOWN ? h->server : h->from));
		return refuse(reason, BUNDLE_FOREIGN_SERVER);
	}
	(void)err_set(
		e, ERR_REFUSED,
		"the bundle in %s is forged or its head is damaged: the signature does not fit; nothing of it was used",
		folder);
	return refuse(reason, BUNDLE_FORGED);
}

bool
bundle_read_head(const struct bundle_place *p, const struct key *key, struct arena *a, struct bundle_head *out,
		 enum bundle_reason *reason, struct err *e)
{
	struct json_limits limits = { .depth = 4, .string_max = BUNDLE_HEAD_MAX, .total = BUNDLE_HEAD_MAX };
	struct bundle_head h;
	struct json *j;
	struct str document;
	BUF_AUTO text = { 0 };
	*reason = BUNDLE_FINE;
	if (!plain_read(path_join(a, p->folder, BUNDLE_HEAD_FILE), BUNDLE_HEAD_MAX, &text, reason, e)) {
		if (*reason == BUNDLE_INCOMPLETE)
			*reason = BUNDLE_NONE;
		return false;
	}
	document = json_parse(a, buf_str(&text), &limits, &j, e) ? json_get_str(j, "document") : STR_NONE;
	if (!document.len || !bundle_head_parse(a, document, &h, e)) {
		if (!document.len)
			(void)err_set(e, ERR_INPUT, "its head cannot be read");
		(void)err_wrap(e, "the bundle in %s is damaged", p->folder);
		e->code = ERR_REFUSED;
		return refuse(reason, BUNDLE_DAMAGED);
	}
	if (key && !signed_open(j, key, type_of(h.direction), &document, e))
		return signature_refuse(&h, key, p->folder, reason, e);
	*out = h;
	return true;
}

bool
bundle_judge(const struct bundle_head *h, const struct bundle_expect *x, enum bundle_reason *reason, struct err *e)
{
	char when[TIME_RFC3339_MAX], then[TIME_RFC3339_MAX];
	*reason = BUNDLE_FINE;
	if (h->direction != x->direction) {
		if (x->direction == BUNDLE_DOWN)
			(void)err_set(e, ERR_REFUSED, "this bundle goes up: it is for the server; import it there");
		else
			(void)err_set(e, ERR_REFUSED,
				      "this bundle goes down: it is for the relay of its site; import it there");
		return refuse(reason, BUNDLE_WRONG_WAY);
	}
	if (x->server.len && !str_eq(x->server, h->server)) {
		(void)err_set(e, ERR_REFUSED, "this bundle is foreign: it belongs to the server %.*s, not to %.*s",
			      STR_ARG(h->server), STR_ARG(x->server));
		return refuse(reason, BUNDLE_FOREIGN_SERVER);
	}
	if (x->site.len && !str_eq(x->site, h->site)) {
		(void)err_set(e, ERR_REFUSED, "this bundle is foreign: it is for the site %.*s, and this is %.*s",
			      STR_ARG(h->site), STR_ARG(x->site));
		return refuse(reason, BUNDLE_FOREIGN_SITE);
	}
	if (!x->any_counter && h->counter <= x->counter) {
		(void)err_set(e, ERR_REFUSED,
			      "this bundle is old: it has number %lld of %s, and number %lld was taken in already",
			      (long long)h->counter, time_local(h->made, when), (long long)x->counter);
		return refuse(reason, BUNDLE_OLD);
	}
	if (h->expires <= x->now) {
		(void)err_set(e, ERR_REFUSED,
			      "this bundle expired at %s, and it is %s: export a new one (is the clock right?)",
			      time_local(h->expires, when), time_local(x->now, then));
		return refuse(reason, BUNDLE_EXPIRED);
	}
	if (!x->any_counter && h->direction == BUNDLE_DOWN && h->since > x->counter) {
		(void)err_set(
			e, ERR_REFUSED,
			"this bundle builds on number %lld, and the last one taken in is %lld: import that one first, "
			"or export with --full",
			(long long)h->since, (long long)x->counter);
		return refuse(reason, BUNDLE_GAP);
	}
	return true;
}

static bool
unpack_all(struct str packed, uint64_t size, struct buf *out)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = { packed.ptr, packed.len, 0 };
	size_t rc = 1;
	bool ok = z && !ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
	while (ok && rc != 0) {
		char *to = buf_reserve(out, PIECE);
		ZSTD_outBuffer o = { to, PIECE, 0 };
		size_t before = in.pos;
		rc = ZSTD_decompressStream(z, &o, &in);
		out->len += ZSTD_isError(rc) ? 0 : o.pos;
		ok = !ZSTD_isError(rc) && out->len <= size && (o.pos > 0 || in.pos > before || rc == 0);
	}
	ZSTD_freeDCtx(z);
	return ok && in.pos == in.size && out->len == size;
}

bool
bundle_read_list(const struct bundle_place *p, const struct bundle_head *h, struct arena *a, struct bundle_list *out,
		 enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO packed = { 0 };
	BUF_AUTO lines = { 0 };
	struct bundle_list l = { 0 };
	char digest[SHA256_HEX_LEN];
	const char *path = path_join(a, p->folder, BUNDLE_LIST_FILE);
	*reason = BUNDLE_FINE;
	if (!plain_read(path, (size_t)BUNDLE_LIST_MAX, &packed, reason, e))
		return err_wrap(e, "reading the bundle's list of members");
	sha256_hex(buf_str(&packed), digest);
	if (packed.len != h->list_stored || strcmp(digest, h->list_sha256) != 0 ||
	    !unpack_all(buf_str(&packed), h->list_size, &lines)) {
		(void)err_set(e, ERR_REFUSED, "the bundle is damaged: its list of members, %s, is not what was signed",
			      path);
		return refuse(reason, BUNDLE_DAMAGED);
	}
	if (!bundle_list_parse(a, buf_str(&lines), &l, e)) {
		(void)err_wrap(e, "reading the bundle's list of members");
		e->code = ERR_REFUSED;
		return refuse(reason, BUNDLE_DAMAGED);
	}
	uint64_t end = l.members.count
			       ? l.members.items[l.members.count - 1].at + l.members.items[l.members.count - 1].stored
			       : 0;
	if (l.members.count != h->member_count || end != h->total) {
		(void)err_set(e, ERR_REFUSED, "the bundle is damaged: its list of members is not what its head says");
		return refuse(reason, BUNDLE_DAMAGED);
	}
	*out = l;
	return true;
}

/* ---- parts ---- */

int
bundle_part_open(const struct bundle_place *p, struct arena *a, size_t i, uint64_t *size)
{
	int fd = p->spool ? bundle_plain_open(bundle_part_path(a, p->spool, i), size) : -1;
	return fd >= 0 ? fd : bundle_plain_open(bundle_part_path(a, p->folder, i), size);
}

/* Members that lie in the part, the first few by name. */
static struct str
members_in(const struct bundle_head *h, const struct bundle_list *l, size_t part, struct arena *a)
{
	BUF_AUTO text = { 0 };
	uint64_t from = part * h->part_size, until = from + h->parts.items[part].size;
	size_t n = 0;
	for (size_t i = 0; l && i < l->members.count; i++) {
		const struct bundle_member *m = &l->members.items[i];
		if (m->at + m->stored <= from || m->at >= until || n++ >= NAMED_MAX)
			continue;
		buf_addf(&text, "%s%.*s", text.len ? ", " : "", STR_ARG(m->name));
	}
	if (n > NAMED_MAX)
		buf_add(&text, STR(", …"));
	return arena_str(a, buf_str(&text));
}

typedef bool piece_fn(void *user, struct str bytes, struct err *e);

/* Reads a part to its end. False with reason UNREADABLE, or with what `piece` says. */
static bool
part_stream(int fd, const char *path, piece_fn *piece, void *user, enum bundle_reason *reason, struct err *e)
{
	char *bytes = xcalloc(1, PIECE);
	ssize_t n;
	bool ok = true;
	while (ok && (n = read(fd, bytes, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		ok = n < 0 ? bundle_unreadable(reason, e, path) : piece(user, str_sub(bytes, (size_t)n), e);
	}
	free(bytes);
	return ok;
}

struct hashing {
	struct sha256_stream *sha;
	const struct bundle_place *p;
	uint64_t *done, total, size, max;
	FILE *copy; /* NULL: only looked at */
};

static bool
hash_piece(void *user, struct str bytes, struct err *e)
{
	struct hashing *h = user;
	sha256_update(h->sha, bytes);
	h->size += bytes.len;
	*h->done += bytes.len;
	if (h->p->progress)
		h->p->progress(h->p->user, *h->done, h->total);
	if (h->size > h->max)
		return true; /* grows under our hands: the digest will tell */
	return !h->copy || fwrite(bytes.ptr, 1, bytes.len, h->copy) == bytes.len || err_sys(e, "copying a part");
}

static bool
part_hash(struct hashing *s, int fd, const char *path, const struct bundle_part *part, bool *good,
	  enum bundle_reason *reason, struct err *e)
{
	char digest[SHA256_HEX_LEN];
	s->sha = sha256_open();
	s->size = 0;
	s->max = part->size;
	bool ok = part_stream(fd, path, hash_piece, s, reason, e);
	sha256_close(s->sha, digest);
	*good = ok && s->size == part->size && strcmp(digest, part->sha256) == 0;
	return ok;
}

bool
bundle_part_damaged(const struct bundle_head *h, const struct bundle_list *l, size_t i, uint64_t size, const char *path,
		    enum bundle_reason *reason, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str in = members_in(h, l, i, &a);
	const struct bundle_part *part = &h->parts.items[i];
	if (size != part->size)
		(void)err_set(
			e, ERR_REFUSED,
			"the bundle is damaged: part %zu of %zu (%s) is cut, %llu bytes instead of %llu; in it: %.*s",
			i + 1, h->parts.count, path, (unsigned long long)size, (unsigned long long)part->size,
			STR_ARG(in));
	else
		(void)err_set(e, ERR_REFUSED,
			      "the bundle is damaged: part %zu of %zu (%s) is not what was signed; in it: %.*s", i + 1,
			      h->parts.count, path, STR_ARG(in));
	return refuse(reason, BUNDLE_DAMAGED);
}

static bool
parts_missing(const struct bundle_head *h, const bool *there, enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO names = { 0 };
	size_t missing = 0;
	for (size_t i = 0; i < h->parts.count; i++) {
		if (there[i])
			continue;
		if (missing++ < 20)
			buf_addf(&names, "%s%zu", names.len ? ", " : "", i + 1);
	}
	if (missing > 20)
		buf_add(&names, STR(", …"));
	if (!missing)
		return true;
	(void)err_set(e, ERR_REFUSED, "the bundle is incomplete: of its %zu parts these are missing: %s",
		      h->parts.count, buf_cstr(&names));
	return refuse(reason, BUNDLE_INCOMPLETE);
}

bool
bundle_check_parts(const struct bundle_place *p, const struct bundle_head *h, const struct bundle_list *l,
		   enum bundle_reason *reason, struct err *e)
{
	ARENA_AUTO a = { 0 };
	bool *there = ARENA_ARRAY(&a, bool, h->parts.count + 1);
	uint64_t done = 0;
	*reason = BUNDLE_FINE;
	for (size_t i = 0; i < h->parts.count; i++) {
		uint64_t size = 0;
		bool good = false;
		struct hashing s = { .p = p, .done = &done, .total = h->total };
		const char *path = bundle_part_path(&a, p->folder, i);
		FD_AUTO fd = bundle_part_open(p, &a, i, &size);
		if (fd < 0 && errno != ENOENT)
			return bundle_unreadable(reason, e, path);
		there[i] = fd >= 0;
		if (fd < 0)
			continue;
		if (size == h->parts.items[i].size && !part_hash(&s, fd, path, &h->parts.items[i], &good, reason, e))
			return false;
		if (!good)
			return bundle_part_damaged(h, l, i, size, path, reason, e);
	}
	return parts_missing(h, there, reason, e);
}

/* One part into the spool: temp, checked, synced, renamed. */
static bool
part_spool(const struct bundle_place *p, const struct bundle_head *h, size_t i, uint64_t *done, struct arena *a,
	   enum bundle_reason *reason, struct err *e)
{
	uint64_t size = 0;
	const char *to = bundle_part_path(a, p->spool, i), *from = bundle_part_path(a, p->folder, i);
	const char *temp = arena_printf(a, "%s.new", to).ptr;
	if (file_exists(to))
		return true;
	FD_AUTO fd = bundle_plain_open(from, &size);
	if (fd < 0)
		return errno == ENOENT || bundle_unreadable(reason, e, from);
	if (size != h->parts.items[i].size)
		return bundle_part_damaged(h, NULL, i, size, from, reason, e);
	FILE *out = fopen(temp, "we");
	if (!out)
		return bundle_unreadable(reason, e, temp);
	struct hashing s = { .p = p, .done = done, .total = h->total, .copy = out };
	bool good = false;
	bool ok = part_hash(&s, fd, from, &h->parts.items[i], &good, reason, e);
	bool written = fflush(out) == 0 && fsync(fileno(out)) == 0;
	written &= fclose(out) == 0;
	if (!ok || !written || !good || rename(temp, to) != 0) {
		if (ok && (good || !written))
			ok = bundle_unreadable(reason, e, temp);
		else if (ok)
			ok = bundle_part_damaged(h, NULL, i, size, from, reason, e);
		else
			*reason = *reason == BUNDLE_FINE ? BUNDLE_UNREADABLE : *reason;
		(void)unlink(temp);
	}
	return ok;
}

bool
bundle_spool(const struct bundle_place *p, const struct bundle_head *h, enum bundle_reason *reason, struct err *e)
{
	ARENA_AUTO a = { 0 };
	uint64_t done = 0;
	*reason = BUNDLE_FINE;
	for (size_t i = 0; i < h->parts.count; i++)
		if (!part_spool(p, h, i, &done, &a, reason, e))
			return false;
	return true;
}
