#include "patch/bundle-deb.h"

#include "plan/unpack.h"
#include "version/version.h"

#include <stdlib.h>

#define BLOCK 65536
#define LINE_MAX_BYTES ((size_t)1 << 20)

/* ---- Release ---- */

static int
file_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct deb_file *)a)->path, ((const struct deb_file *)b)->path);
}

static void
release_file(struct arena *a, struct str line, struct deb_release *r)
{
	struct str hex, size, path;
	struct deb_file f = { 0 };
	if (!str_word(&line, &hex) || !str_word(&line, &size) || !str_word(&line, &path) ||
	    !need_sha256(hex, f.sha256) || !str_to_u64(size, &f.size) || !need_path_fits(path) ||
	    r->files.count >= DEB_RELEASE_FILES_MAX)
		return;
	f.path = arena_str(a, path);
	*ARRAY_PUSH(a, &r->files) = f;
}

bool
deb_release_parse(struct arena *a, struct str text, struct deb_release *out, struct err *e)
{
	struct deb_release r = { 0 };
	struct str line, key, value;
	bool listing = false;
	while (str_line(&text, &line)) {
		if (line.len && line.ptr[0] == ' ') {
			if (listing)
				release_file(a, line, &r);
			continue;
		}
		if (!str_split(line, ':', &key, &value))
			continue;
		value = str_trim(value);
		listing = str_eq(key, STR("SHA256"));
		if (str_eq(key, STR("Acquire-By-Hash")))
			r.by_hash = str_eq_nocase(value, STR("yes"));
		else if (str_eq(key, STR("NotAutomatic")))
			r.not_automatic = str_eq_nocase(value, STR("yes"));
		else if (str_eq(key, STR("ButAutomaticUpgrades")))
			r.but_automatic = str_eq_nocase(value, STR("yes"));
	}
	if (!r.files.count)
		return err_set(e, ERR_INPUT, "it lists no file by SHA256: it is no Release of a Debian archive");
	qsort(r.files.items, r.files.count, sizeof(*r.files.items), file_cmp);
	*out = r;
	return true;
}

const struct deb_file *
deb_release_find(const struct deb_release *r, struct str path)
{
	struct deb_file key = { .path = path };
	return r->files.count ? bsearch(&key, r->files.items, r->files.count, sizeof(key), file_cmp) : NULL;
}

/* ---- Packages ---- */

struct reading {
	struct arena *a;
	struct need_universe *u;
	struct deb_origin from;
	struct need_package now;
	struct buf depends;
	bool any, bad;
};

static void
stanza_end(struct reading *r)
{
	struct need_package *p = &r->now;
	if (r->any) {
		if (!r->bad && p->name.len && p->version.len && p->arch.len && p->filename.len && p->sha256[0] &&
		    r->u->packages.count < NEED_PACKAGES_MAX) {
			p->repo = r->from.repo;
			p->optional = r->from.optional;
			p->depends = arena_str(r->a, buf_str(&r->depends));
			*ARRAY_PUSH(r->a, &r->u->packages) = *p;
		} else {
			r->u->bad++;
		}
	}
	*p = (struct need_package){ 0 };
	buf_truncate(&r->depends, 0);
	r->any = r->bad = false;
}

static void
field_take(struct reading *r, struct str key, struct str value)
{
	struct need_package *p = &r->now;
	r->any = true;
	if (str_eq(key, STR("Package")))
		p->name = arena_str(r->a, value);
	else if (str_eq(key, STR("Version")))
		p->version = arena_str(r->a, value);
	else if (str_eq(key, STR("Architecture")))
		p->arch = arena_str(r->a, value);
	else if (str_eq(key, STR("Provides")))
		p->provides = arena_str(r->a, value);
	else if (str_eq(key, STR("Size")))
		r->bad |= !str_to_u64(value, &p->size);
	else if (str_eq(key, STR("SHA256")))
		r->bad |= !need_sha256(value, p->sha256);
	else if (str_eq(key, STR("Filename"))) {
		value = str_starts(value, STR("./")) ? str_skip(value, 2) : value;
		r->bad |= !need_path_fits(value);
		p->filename = arena_str(r->a, value);
	} else if (str_eq(key, STR("Depends")) || str_eq(key, STR("Pre-Depends"))) {
		buf_add(&r->depends, r->depends.len ? STR(",") : STR(""));
		buf_add(&r->depends, value);
	}
}

static void
line_take(struct reading *r, struct str line)
{
	struct str key, value;
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (!line.len)
		stanza_end(r);
	else if (line.ptr[0] != ' ' && line.ptr[0] != '\t' && str_split(line, ':', &key, &value))
		field_take(r, key, str_trim(value));
}

static void
piece_take(struct reading *r, struct buf *line, struct str piece)
{
	ptrdiff_t end;
	while ((end = str_find_char(piece, '\n')) >= 0) {
		if (line->len < LINE_MAX_BYTES)
			buf_add(line, str_head(piece, (size_t)end));
		line_take(r, buf_str(line));
		buf_truncate(line, 0);
		piece = str_skip(piece, (size_t)end + 1);
	}
	if (line->len < LINE_MAX_BYTES)
		buf_add(line, piece);
}

bool
deb_packages_read(const char *path, const struct deb_origin *from, struct arena *a, struct need_universe *u,
		  struct err *e)
{
	struct reading r = { .a = a, .u = u, .from = *from };
	BUF_AUTO block = { 0 };
	BUF_AUTO line = { 0 };
	struct unpack *unpack = unpack_open(path, e);
	ssize_t n;
	if (!unpack)
		return false;
	while ((n = unpack_read(unpack, buf_reserve(&block, BLOCK), BLOCK)) > 0)
		piece_take(&r, &line, str_sub(block.ptr, (size_t)n));
	unpack_close(unpack);
	if (n == 0) {
		line_take(&r, buf_str(&line));
		stanza_end(&r);
	}
	buf_free(&r.depends);
	return n == 0 || err_set(e, ERR_INPUT, "%s cannot be unpacked: it is damaged or too large", path);
}

/* ---- as a form ---- */

/* "libc6:any (>= 2.36) [amd64] <!nocheck>" */
static bool
deb_relation(struct str text, struct need_relation *out)
{
	struct str inside, rest, before, qualifier;
	*out = (struct need_relation){ 0 };
	text = str_trim(text);
	if (str_split(text, '(', &before, &rest)) {
		if (!str_split(rest, ')', &inside, &rest))
			return false;
		text = before;
		inside = str_trim(inside);
		while (inside.len && strchr("<>=", inside.ptr[0])) {
			out->op = str_sub(out->op.len ? out->op.ptr : inside.ptr, out->op.len + 1);
			inside = str_skip(inside, 1);
		}
		out->version = str_trim(inside);
		/* Old words: they allow the version itself, too. */
		if (str_eq(out->op, STR("<")) || str_eq(out->op, STR(">")))
			out->op = out->op.ptr[0] == '<' ? STR("<=") : STR(">=");
	}
	if (!str_word(&text, &out->name))
		return false;
	if (str_split(out->name, ':', &before, &qualifier))
		out->name = before;
	return out->name.len > 0;
}

static int
deb_compare(struct str a, struct str b)
{
	return version_deb.compare(a, b);
}

const struct need_form need_form_deb = {
	.group = ',',
	.alternative = '|',
	.every = "all",
	.compare = deb_compare,
	.compare_asked = deb_compare,
	.relation = deb_relation,
};
