#include "patch/bundle-rpm.h"

#include "plan/rpm-md.h"
#include "version/version.h"

#define LIST_SIZE_MAX ((uint64_t)1 << 30)
#define RICH_WORDS_MAX 64

/* ---- repomd.xml ---- */

struct listing {
	struct arena *a;
	struct rpm_lists *out;
};

static bool
is_wanted(struct str type)
{
	return !str_starts(type, STR("other")) && !str_ends(type, STR("_db"));
}

static void
list_take(void *user, const struct rpm_md_item *item)
{
	const struct listing *l = user;
	struct rpm_list n = { .size = item->size };
	struct str path = str_of(item->href), type = str_of(item->type);
	if (!is_wanted(type) || item->elsewhere || item->size > LIST_SIZE_MAX || !need_path_fits(path) ||
	    !need_sha256(str_of(item->sha256), n.sha256) || l->out->items.count >= RPM_LISTS_MAX)
		return;
	n.type = arena_str(l->a, type);
	n.path = arena_str(l->a, path);
	*ARRAY_PUSH(l->a, &l->out->items) = n;
}

const struct rpm_list *
rpm_lists_primary(const struct rpm_lists *l)
{
	for (size_t i = 0; i < l->items.count; i++)
		if (str_eq(l->items.items[i].type, STR("primary")))
			return &l->items.items[i];
	return NULL;
}

bool
rpm_lists_parse(struct arena *a, struct str text, struct rpm_lists *out, struct err *e)
{
	struct rpm_lists l = { 0 };
	struct listing listing = { a, &l };
	if (!rpm_md_repomd(&(struct rpm_md_reader){ .each = list_take, .user = &listing }, text, e))
		return false;
	if (!rpm_lists_primary(&l))
		return err_set(e, ERR_INPUT,
			       "it names no list “primary” with a SHA-256: it is no repository that can be carried");
	*out = l;
	return true;
}

/* ---- what packages require ---- */

static bool
is_operator(struct str w)
{
	return str_eq(w, STR("<")) || str_eq(w, STR("<=")) || str_eq(w, STR("=")) || str_eq(w, STR(">=")) ||
	       str_eq(w, STR(">"));
}

/* "NAME" or "NAME OP VERSION" at *at, in the form's own words. */
static void
operand_add(const struct str *words, size_t count, size_t *at, struct buf *out)
{
	buf_add(out, words[*at]);
	if (*at + 2 < count && is_operator(words[*at + 1])) {
		buf_addf(out, "\t%.*s\t%.*s", STR_ARG(words[*at + 1]), STR_ARG(words[*at + 2]));
		*at += 2;
	}
	(*at)++;
}

/* "A or B", "A and B", "A with B", "A if B", "A unless B"; what follows "else" and "without" is not looked at. */
static void
rich_add(const struct str *words, size_t count, struct buf *out)
{
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	size_t at = 0;
	operand_add(words, count, &at, &first);
	struct str how = at < count ? words[at] : STR("");
	bool one_of = str_eq(how, STR("or")), all = str_eq(how, STR("and")) || str_eq(how, STR("with"));
	if (at + 1 < count && (str_eq(how, STR("if")) || str_eq(how, STR("unless")))) {
		at++;
		operand_add(words, count, &at, &second);
		buf_addf(out, "%s%s|", str_eq(how, STR("if")) ? "!" : "", buf_cstr(&second));
	}
	buf_add(out, buf_str(&first));
	while ((one_of || all) && at + 1 < count && str_eq(words[at], how)) {
		buf_add_char(out, one_of ? '|' : '\n');
		at++;
		operand_add(words, count, &at, out);
	}
	buf_add_char(out, '\n');
}

void
rpm_requires_add(struct str line, struct buf *groups)
{
	struct str words[RICH_WORDS_MAX], word;
	size_t count = 0;
	if (!line.len || str_starts(line, STR("rpmlib(")))
		return;
	if (line.ptr[0] != '(') {
		if (str_find_char(line, '|') < 0 && line.ptr[0] != '!')
			buf_addf(groups, "%.*s\n", STR_ARG(line));
		return;
	}
	if (line.ptr[line.len - 1] != ')')
		return;
	line = str_sub(line.ptr + 1, line.len - 2);
	while (str_word(&line, &word)) {
		if (count == RICH_WORDS_MAX || word.ptr[0] == '(' || word.ptr[0] == '!' ||
		    str_find_char(word, '|') >= 0)
			return;
		words[count++] = word;
	}
	if (count)
		rich_add(words, count, groups);
}

/* ---- primary.xml ---- */

struct reading {
	struct arena *a;
	struct need_universe *u;
	uint32_t repo;
	struct buf depends, provides;
};

/* Its own name is found without that. */
static void
provides_take(struct reading *r, struct str text, struct str own)
{
	struct str line, name, rest;
	buf_truncate(&r->provides, 0);
	while (str_line(&text, &line)) {
		if (!str_split(line, '\t', &name, &rest))
			name = line;
		if (!str_eq(name, own))
			buf_addf(&r->provides, "%.*s\n", STR_ARG(line));
	}
}

static void
package_take(void *user, const struct rpm_md_item *item)
{
	struct reading *r = user;
	struct need_package p = { .repo = r->repo, .size = item->size };
	struct str line, requires = buf_str(&item->requires), path = str_of(item->href);
	if (str_eq(str_of(item->arch), STR("src")))
		return;
	if (!item->name[0] || !item->version[0] || !item->arch[0] || item->elsewhere || !need_path_fits(path) ||
	    !need_sha256(str_of(item->sha256), p.sha256) || r->u->packages.count >= NEED_PACKAGES_MAX) {
		r->u->bad++;
		return;
	}
	buf_truncate(&r->depends, 0);
	while (str_line(&requires, &line))
		rpm_requires_add(line, &r->depends);
	p.name = arena_str(r->a, str_of(item->name));
	p.version = arena_str(r->a, str_of(item->version));
	p.arch = arena_str(r->a, str_of(item->arch));
	p.filename = arena_str(r->a, path);
	p.depends = arena_str(r->a, buf_str(&r->depends));
	provides_take(r, buf_str(&item->provides), p.name);
	p.provides = arena_str(r->a, buf_str(&r->provides));
	*ARRAY_PUSH(r->a, &r->u->packages) = p;
}

bool
rpm_primary_read(const char *path, uint32_t repo, struct arena *a, struct need_universe *u, struct err *e)
{
	struct reading r = { .a = a, .u = u, .repo = repo };
	struct rpm_md_reader reader = { .each = package_take, .user = &r, .relations = true };
	bool ok = rpm_md_primary(&reader, path, e);
	buf_free(&r.depends);
	buf_free(&r.provides);
	return ok;
}

/* ---- as a form ---- */

/* "NAME", "NAME<tab>OP<tab>VERSION"; "!" before it: it must not be there. */
static bool
rpm_relation(struct str text, struct need_relation *out)
{
	struct str rest;
	*out = (struct need_relation){ .name = text };
	if (str_split(text, '\t', &out->name, &rest) && !str_split(rest, '\t', &out->op, &out->version))
		return false;
	out->absent = str_starts(out->name, STR("!"));
	out->name = str_skip(out->name, out->absent);
	return out->name.len > 0;
}

static int
rpm_compare(struct str a, struct str b)
{
	return version_rpm.compare(a, b);
}

/* "foo >= 1.2" is asked of the version alone: releases do not count where one side names none (rpmdsCompare). */
static int
rpm_compare_asked(struct str version, struct str asked)
{
	ptrdiff_t here = str_find_char(version, '-'), there = str_find_char(asked, '-');
	if (here >= 0 && there < 0)
		version = str_head(version, (size_t)here);
	else if (there >= 0 && here < 0)
		asked = str_head(asked, (size_t)there);
	return version_rpm.compare(version, asked);
}

const struct need_form need_form_rpm = {
	.group = '\n',
	.alternative = '|',
	.every = "noarch",
	.compare = rpm_compare,
	.compare_asked = rpm_compare_asked,
	.relation = rpm_relation,
};
