#include "patch/bundle-need.h"

#include <stdlib.h>

bool
need_sha256(struct str hex, char out[SHA256_HEX_LEN])
{
	if (hex.len != SHA256_HEX_LEN - 1)
		return false;
	for (size_t i = 0; i < hex.len; i++)
		if (!hex.ptr[i] || !strchr("0123456789abcdef", hex.ptr[i]))
			return false;
	memcpy(out, hex.ptr, hex.len);
	out[hex.len] = '\0';
	return true;
}

bool
need_path_fits(struct str path)
{
	struct str piece;
	if (!path.len || path.len > 1024 || path.ptr[0] == '/')
		return false;
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.ptr[i] <= ' ' || strchr("?#\\\"<>", path.ptr[i]) || path.ptr[i] == 127)
			return false;
	while (str_cut(&path, '/', &piece))
		if (str_eq(piece, STR("..")))
			return false;
	return true;
}

/* ---- the universe ---- */

static void
provides_add(struct need_universe *u, struct arena *a, uint32_t package)
{
	struct str rest = u->packages.items[package].provides, one;
	struct need_relation r;
	while (str_cut(&rest, u->form->group, &one))
		if (u->form->relation(one, &r))
			*ARRAY_PUSH(a, &u->provides) = (struct need_provides){ r.name, r.version, package };
}

/* qsort has no argument of ours: each package is sorted with its form beside it. */
struct sorted {
	struct need_package package;
	const struct need_form *form;
};

static int
package_cmp(const void *a, const void *b)
{
	const struct sorted *p = a, *q = b;
	const struct need_package *x = &p->package, *y = &q->package;
	int c = str_cmp(x->name, y->name);
	c = c ? c : str_cmp(x->arch, y->arch);
	c = c ? c : p->form->compare(x->version, y->version);
	return c ? c : (x->repo > y->repo) - (x->repo < y->repo);
}

static int
provides_cmp(const void *a, const void *b)
{
	const struct need_provides *x = a, *y = b;
	int c = str_cmp(x->name, y->name);
	return c ? c : (x->package > y->package) - (x->package < y->package);
}

void
need_universe_ready(struct need_universe *u, struct arena *a)
{
	size_t count = u->packages.count;
	if (!count)
		return;
	struct sorted *all = xcalloc(count, sizeof(*all));
	for (size_t i = 0; i < count; i++)
		all[i] = (struct sorted){ u->packages.items[i], u->form };
	qsort(all, count, sizeof(*all), package_cmp);
	for (size_t i = 0; i < count; i++)
		u->packages.items[i] = all[i].package;
	free(all);
	u->provides.count = 0;
	for (size_t i = 0; i < count; i++)
		provides_add(u, a, (uint32_t)i);
	if (u->provides.count)
		qsort(u->provides.items, u->provides.count, sizeof(*u->provides.items), provides_cmp);
}

/* ---- what a host lacks ---- */

struct search {
	const struct need_universe *u;
	const struct need_asking *h;
	struct need *need;
	uint8_t *seen; /* by package: taken for this host */
	uint32_t *queue;
	size_t begun, queued;
	struct str arch; /* of the package whose dependencies are looked at */
};

_Static_assert(offsetof(struct need_package, name) == 0 && offsetof(struct need_provides, name) == 0,
	       "lists are searched by the name that each item begins with");

/* The first of that name, in a list that is sorted by it. */
static size_t
first_named(const void *items, size_t count, size_t size, struct str name)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct str *at = (const void *)((const char *)items + middle * size);
		if (str_cmp(*at, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t
name_first(const struct need_universe *u, struct str name)
{
	return first_named(u->packages.items, u->packages.count, sizeof(u->packages.items[0]), name);
}

static size_t
provides_first(const struct need_universe *u, struct str name)
{
	return first_named(u->provides.items, u->provides.count, sizeof(u->provides.items[0]), name);
}

static bool
arch_fits(const struct search *s, struct str have, struct str wanted)
{
	struct str every = str_of(s->u->form->every);
	if (str_eq(wanted, every))
		wanted = s->h->arch;
	return str_eq(have, wanted) || str_eq(have, every) || !wanted.len;
}

static void
take(struct search *s, size_t i)
{
	if (s->seen[i])
		return;
	s->seen[i] = 1;
	s->need->needed[i] = true;
	s->queue[s->queued++] = (uint32_t)i;
}

/* The newest version that the host's archives offer; SIZE_MAX: none. */
static size_t
newest(const struct search *s, struct str name, struct str arch, bool optional)
{
	const struct need_universe *u = s->u;
	size_t best = SIZE_MAX;
	for (size_t i = name_first(u, name); i < u->packages.count && str_eq(u->packages.items[i].name, name); i++) {
		const struct need_package *p = &u->packages.items[i];
		if (!s->h->repos[p->repo] || !arch_fits(s, p->arch, arch) || (p->optional && !optional))
			continue;
		if (best == SIZE_MAX || u->form->compare(p->version, u->packages.items[best].version) > 0)
			best = i;
	}
	return best;
}

static void
upgrade_find(struct search *s, const struct package *p)
{
	const struct need_universe *u = s->u;
	size_t best = newest(s, p->name, p->arch, false);
	/* What came from backports goes on with them. */
	if (best == SIZE_MAX || u->form->compare(u->packages.items[best].version, p->version) < 0)
		best = newest(s, p->name, p->arch, true);
	if (best == SIZE_MAX || u->form->compare(u->packages.items[best].version, p->version) <= 0)
		return;
	s->need->upgrades += !s->seen[best];
	take(s, best);
}

static bool
version_fits(const struct need_form *f, const struct need_relation *r, struct str version)
{
	static const struct {
		const char *op;
		bool less, equal, greater;
	} ops[] = { { "<<", true, false, false }, { "<", true, false, false }, { "<=", true, true, false },
		    { "=", false, true, false },  { ">=", false, true, true }, { ">", false, false, true },
		    { ">>", false, false, true } };
	if (!r->op.len)
		return true;
	if (!version.len)
		return false; /* what names no version fulfils none */
	int c = f->compare_asked(version, r->version);
	for (size_t i = 0; i < COUNT(ops); i++)
		if (str_eq(r->op, str_of(ops[i].op)))
			return c < 0 ? ops[i].less : c > 0 ? ops[i].greater : ops[i].equal;
	return true;
}

/* Of an installed package's name: will another version take its place? Then only that one's word counts. */
static bool
is_replaced(const struct search *s, struct str name)
{
	const struct need_universe *u = s->u;
	for (size_t i = name_first(u, name); i < u->packages.count && str_eq(u->packages.items[i].name, name); i++)
		if (s->seen[i])
			return true;
	return false;
}

/* By what is installed, or by what has been taken already. */
static bool
is_there(const struct search *s, const struct need_relation *r)
{
	const struct need_universe *u = s->u;
	size_t count;
	const struct package *p = package_list_find(s->h->installed, r->name, &count);
	for (size_t i = 0; p && i < count; i++)
		if (version_fits(u->form, r, p[i].version))
			return true;
	for (size_t i = name_first(u, r->name); i < u->packages.count && str_eq(u->packages.items[i].name, r->name);
	     i++)
		if (s->seen[i] && version_fits(u->form, r, u->packages.items[i].version))
			return true;
	for (size_t i = provides_first(u, r->name); i < u->provides.count && str_eq(u->provides.items[i].name, r->name);
	     i++) {
		const struct need_provides *v = &u->provides.items[i];
		const struct need_package *q = &u->packages.items[v->package];
		if (!version_fits(u->form, r, v->version))
			continue;
		if (s->seen[v->package] ||
		    (package_list_find(s->h->installed, q->name, &count) && !is_replaced(s, q->name)))
			return true;
	}
	return false;
}

static bool
fulfilled(const struct search *s, const struct need_relation *r)
{
	return is_there(s, r) != r->absent;
}

/* The newest version of the first package that provides it. */
static bool
provider_take(struct search *s, const struct need_relation *r)
{
	const struct need_universe *u = s->u;
	const struct need_package *best = NULL;
	for (size_t i = provides_first(u, r->name); i < u->provides.count && str_eq(u->provides.items[i].name, r->name);
	     i++) {
		const struct need_package *q = &u->packages.items[u->provides.items[i].package];
		if (!s->h->repos[q->repo] || q->optional || !arch_fits(s, q->arch, s->arch) ||
		    !version_fits(u->form, r, u->provides.items[i].version))
			continue;
		if (!best || (str_eq(q->name, best->name) && u->form->compare(q->version, best->version) > 0))
			best = q;
	}
	if (best)
		take(s, (size_t)(best - u->packages.items));
	return best != NULL;
}

static bool
fulfil(struct search *s, const struct need_relation *r)
{
	size_t best = r->absent ? SIZE_MAX : newest(s, r->name, s->arch, true);
	if (best != SIZE_MAX && version_fits(s->u->form, r, s->u->packages.items[best].version)) {
		take(s, best);
		return true;
	}
	return !r->absent && provider_take(s, r);
}

/* Fulfilled by one of the alternatives, else the first that can be had. */
static void
group_follow(struct search *s, struct str group)
{
	const struct need_form *f = s->u->form;
	struct str rest = group, one;
	struct need_relation r;
	while (str_cut(&rest, f->alternative, &one))
		if (f->relation(one, &r) && fulfilled(s, &r))
			return;
	rest = group;
	while (str_cut(&rest, f->alternative, &one))
		if (f->relation(one, &r) && fulfil(s, &r))
			return;
}

void
need_host(const struct need_universe *u, const struct need_asking *h, struct need *need)
{
	need->upgrades = need->added = 0;
	if (!u->packages.count)
		return;
	struct search s = { .u = u, .h = h, .need = need };
	s.seen = xcalloc(u->packages.count, sizeof(*s.seen));
	s.queue = xcalloc(u->packages.count, sizeof(*s.queue));
	for (size_t i = 0; i < h->installed->count; i++)
		upgrade_find(&s, &h->installed->items[i]);
	while (s.begun < s.queued) {
		const struct need_package *p = &u->packages.items[s.queue[s.begun++]];
		struct str rest = p->depends, group;
		s.arch = p->arch;
		while (str_cut(&rest, u->form->group, &group))
			group_follow(&s, group);
	}
	need->added = s.queued - need->upgrades;
	free(s.seen);
	free(s.queue);
}
