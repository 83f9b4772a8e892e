#include "patch/bundle-export.h"

#include "base/tr.h"
#include "os/file.h"
#include "patch/bundle-form.h"

#include <stdlib.h>

enum { ARCHIVES_MAX = 1000, REPOS_MAX = 4000 };

static const struct bundle_form *const forms[] = { &bundle_form_apt, &bundle_form_dnf };
enum { FORMS = COUNT(forms) };

static void
doing(const struct gathering *g, const char *what, uint64_t done, uint64_t total)
{
	if (g->p->doing)
		g->p->doing(g->p->user, what, done, total);
}

static void
left_out(struct gathering *g, struct str what, const struct err *why)
{
	for (size_t i = 0; i < g->report->left_out.count; i++)
		if (str_eq(g->report->left_out.items[i].what, what))
			return;
	*ARRAY_PUSH(g->a, &g->report->left_out) = (struct bundle_left_out){ arena_str(g->a, what), *why };
}

/* ---- which archives the hosts ask ---- */

bool
bundle_is_remote(struct str uri)
{
	return str_starts(uri, STR("http://")) || str_starts(uri, STR("https://"));
}

size_t
bundle_suite(struct side *s, const struct suite *wanted)
{
	for (size_t i = 0; i < s->suites.count; i++) {
		struct suite *u = &s->suites.items[i];
		if (!str_eq(u->uri, wanted->uri) || !str_eq(u->name, wanted->name))
			continue;
		/* Trusted blindly only where every host does. */
		u->trusted &= wanted->trusted;
		return i;
	}
	if (s->suites.count >= ARCHIVES_MAX)
		return SIZE_MAX;
	*ARRAY_PUSH(s->g->a, &s->suites) = *wanted;
	return s->suites.count - 1;
}

void
bundle_repo(struct side *s, size_t suite, struct str component, struct str architecture)
{
	for (size_t i = 0; i < s->repos.count; i++) {
		const struct repo *r = &s->repos.items[i];
		if (r->suite == suite && str_eq(r->component, component) && str_eq(r->architecture, architecture))
			return;
	}
	if (s->repos.count < REPOS_MAX)
		*ARRAY_PUSH(s->g->a, &s->repos) =
			(struct repo){ .suite = suite, .component = component, .architecture = architecture };
}

static void
source_sort(struct side *sides, struct gathering *g, const struct source *x)
{
	struct err why = { 0 };
	bool quiet = false;
	for (size_t i = 0; i < FORMS; i++) {
		if (!str_eq(x->manager, str_of(forms[i]->manager)))
			continue;
		if (forms[i]->carries(x, &quiet, &why))
			forms[i]->source_take(&sides[i], x);
		else if (!quiet)
			left_out(g, x->uri, &why);
		return;
	}
	(void)err_set(&why, ERR_REFUSED, "packages of %.*s are not carried by bundles yet", STR_ARG(x->manager));
	left_out(g, x->uri, &why);
}

/* ---- metadata ---- */

bool
bundle_has(const struct gathering *g, const char *sha256)
{
	return g->p->has && g->p->has(g->p->user, sha256);
}

struct str
bundle_name_of(struct arena *a, struct str text)
{
	struct str copy = arena_str(a, text);
	char *p = (char *)(uintptr_t)copy.ptr;
	for (size_t i = 0; i < copy.len; i++)
		if (!bundle_name_valid(str_sub(p + i, 1)) && p[i] != '.')
			p[i] = '_';
	return bundle_name_valid(copy) ? copy : STR("file");
}

void
bundle_content_add(struct gathering *g, struct bundle_member m, const struct str *urls, size_t count)
{
	m.kind = STR("content");
	m.urls = ARENA_ARRAY(g->a, struct str, count);
	memcpy(m.urls, urls, count * sizeof(*urls));
	m.url_count = count;
	*ARRAY_PUSH(g->a, &g->out->members) = m;
}

bool
bundle_signed_add(struct side *s, const struct suite *u, const char *path, struct str url, struct err *e)
{
	struct gathering *g = s->g;
	struct bundle_member m = { 0 };
	const char *packed = path_join(g->a, g->p->fetcher->work, "packed");
	if (!dir_make(packed, 0700, e) || !bundle_member_prepare(g->a, path, packed, true, &m, e))
		return false;
	struct str name = str_of(strrchr(path, '/') + 1);
	m.name = bundle_name_of(g->a,
				u->name.len ? arena_printf(g->a, "%.*s-%.*s", STR_ARG(u->name), STR_ARG(name)) : name);
	bundle_content_add(g, m, &url, 1);
	return true;
}

void
bundle_list_add(struct gathering *g, struct str name, const char *sha256, uint64_t size, const struct str *urls,
		size_t count)
{
	struct bundle_member m = { .size = size, .stored = size };
	memcpy(m.sha256, sha256, sizeof(m.sha256));
	m.path = bundle_object_path(g->a, g->p->fetcher->work, sha256);
	m.name = bundle_name_of(g->a, name);
	if (bundle_has(g, sha256))
		g->report->there++;
	else
		bundle_content_add(g, m, urls, count);
}

static void
suites_read(struct side *s)
{
	for (size_t i = 0; i < s->suites.count; i++) {
		struct suite *u = &s->suites.items[i];
		struct err e = { 0 };
		doing(s->g, tr("archives"), i, s->suites.count);
		u->good = s->form->suite_read(s, u, &e);
		s->g->report->archives += u->good;
		if (!u->good)
			left_out(s->g, u->base, &e);
	}
}

static void
repos_read(struct side *s)
{
	struct gathering *g = s->g;
	for (size_t i = 0; i < s->repos.count; i++) {
		const struct repo *r = &s->repos.items[i];
		const struct suite *u = &s->suites.items[r->suite];
		struct err e = { 0 };
		doing(g, tr("package lists"), i, s->repos.count);
		if (!u->good || s->form->repo_read(s, i, &e))
			continue;
		struct str what = u->base;
		if (r->architecture.len)
			what = arena_printf(g->a, "%.*s %.*s %.*s", STR_ARG(u->base), STR_ARG(r->component),
					    STR_ARG(r->architecture));
		left_out(g, what, &e);
	}
	g->report->bad += s->universe.bad;
	need_universe_ready(&s->universe, g->a);
}

static void
origins_list(const struct side *s, struct buf *text)
{
	for (size_t i = 0; i < s->suites.count; i++) {
		bool said = !s->suites.items[i].good;
		for (size_t k = 0; k < i && !said; k++)
			said = s->suites.items[k].good && str_eq(s->suites.items[k].uri, s->suites.items[i].uri);
		if (!said)
			buf_addf(text, "%.*s\n", STR_ARG(s->suites.items[i].uri));
	}
}

/* What the relay is to give out: the archives whose files are in here, and nothing else of their hosts. */
static bool
origins_add(struct gathering *g, const struct side *sides, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct bundle_member m = { .kind = STR("allow"), .name = STR("origins.txt") };
	const char *work = g->p->fetcher->work, *path = path_join(g->a, work, "origins.txt");
	for (size_t f = 0; f < FORMS; f++)
		origins_list(&sides[f], &text);
	if (!text.len)
		return true;
	if (!dir_make(path_join(g->a, work, "packed"), 0700, e) || !file_write(path, buf_str(&text), 0600, e) ||
	    !bundle_member_prepare(g->a, path, path_join(g->a, work, "packed"), true, &m, e))
		return false;
	*ARRAY_PUSH(g->a, &g->out->members) = m;
	return true;
}

/* ---- what the hosts lack ---- */

static bool
host_asks(const struct side *s, const struct bundle_host *h, const struct repo *r, struct str *arch)
{
	for (size_t i = 0; i < h->sources.items.count; i++) {
		const struct source *x = &h->sources.items.items[i];
		if (!str_eq(x->manager, str_of(s->form->manager)) || !s->form->asks(x, &s->suites.items[r->suite], r))
			continue;
		/* Its own comes first. */
		if (x->architecture_count)
			*arch = x->architectures[0];
		return true;
	}
	return false;
}

static void
hosts_need(struct side *s, struct need *need)
{
	struct gathering *g = s->g;
	bool *repos = ARENA_ARRAY(g->a, bool, s->repos.count + 1);
	need->needed = ARENA_ARRAY(g->a, bool, s->universe.packages.count + 1);
	for (size_t i = 0; i < g->p->host_count && s->universe.packages.count; i++) {
		const struct bundle_host *h = &g->p->hosts[i];
		struct need_asking asking = { .installed = &h->packages, .repos = repos };
		bool any = false;
		doing(g, tr("hosts"), i, g->p->host_count);
		for (size_t k = 0; k < s->repos.count; k++) {
			repos[k] = s->repos.items[k].there && host_asks(s, h, &s->repos.items[k], &asking.arch);
			any |= repos[k];
		}
		if (!any)
			continue;
		need_host(&s->universe, &asking, need);
		if (need->upgrades > g->report->upgrades)
			g->report->upgrades = need->upgrades;
		if (need->added > g->report->added)
			g->report->added = need->added;
	}
}

/* ---- packages ---- */

static struct str
package_url(struct side *s, const struct need_package *p)
{
	const struct suite *u = &s->suites.items[s->repos.items[p->repo].suite];
	return arena_printf(s->g->a, "%.*s/%.*s", STR_ARG(u->uri), STR_ARG(p->filename));
}

/* The same file under another name is carried once. */
static int
member_cmp(const void *a, const void *b)
{
	const struct bundle_member *x = a, *y = b;
	int c = strcmp(x->sha256, y->sha256);
	return c ? c : str_cmp(x->urls[0], y->urls[0]);
}

static void
packages_merge(struct gathering *g, struct bundle_member *m, size_t count)
{
	if (count)
		qsort(m, count, sizeof(*m), member_cmp);
	for (size_t i = 0; i < count; i++) {
		struct bundle_list *l = g->out;
		struct bundle_member *last = l->members.count ? &l->members.items[l->members.count - 1] : NULL;
		bool same = last && last->url_count && strcmp(last->sha256, m[i].sha256) == 0;
		if (same && last->url_count < BUNDLE_URLS_MAX) {
			if (!str_eq(last->urls[last->url_count - 1], m[i].urls[0]))
				last->urls[last->url_count++] = m[i].urls[0];
		} else if (!same) {
			*ARRAY_PUSH(g->a, &l->members) = m[i];
			g->report->packages++;
		}
	}
}

static bool
packages_fetch(struct side *s, const struct need *need, struct err *e)
{
	struct gathering *g = s->g;
	const struct need_universe *u = &s->universe;
	ARRAY_OF(struct bundle_member) found = { 0 };
	uint64_t total = 0, done = 0;
	for (size_t i = 0; i < u->packages.count; i++) {
		const struct need_package *p = &u->packages.items[i];
		if (!need->needed[i])
			continue;
		if (bundle_has(g, p->sha256)) {
			g->report->there++;
			continue;
		}
		struct bundle_member m = { .kind = STR("content"), .size = p->size, .stored = p->size, .url_count = 1 };
		memcpy(m.sha256, p->sha256, sizeof(m.sha256));
		m.name = bundle_name_of(g->a, p->filename);
		m.urls = ARENA_ARRAY(g->a, struct str, BUNDLE_URLS_MAX);
		m.urls[0] = package_url(s, p);
		m.path = bundle_object_path(g->a, g->p->fetcher->work, p->sha256);
		total += p->size;
		*ARRAY_PUSH(g->a, &found) = m;
	}
	for (size_t i = 0; i < found.count; i++) {
		const struct bundle_member *m = &found.items[i];
		doing(g, tr("packages"), done, total);
		if (!bundle_fetch_object(g->p->fetcher, m->urls[0], m->sha256, m->size, e))
			return false;
		done += m->size;
	}
	packages_merge(g, found.items, found.count);
	return true;
}

/* ---- what goes along as it is ---- */

static bool
extras_add(struct gathering *g, struct err *e)
{
	const char *packed = arena_printf(g->a, "%s/packed", g->p->fetcher->work).ptr;
	if (!dir_make(packed, 0700, e))
		return false;
	for (size_t i = 0; i < g->p->extras.count; i++) {
		const struct bundle_extra *x = &g->p->extras.items[i];
		struct bundle_member m = { .kind = x->kind, .name = x->name };
		if (!bundle_member_prepare(g->a, x->path, packed, x->compress, &m, e))
			return false;
		*ARRAY_PUSH(g->a, &g->out->members) = m;
	}
	return true;
}

bool
bundle_gather(const struct bundle_plan *p, struct arena *a, struct bundle_list *out, struct bundle_report *report,
	      struct err *e)
{
	struct gathering g = { .p = p, .a = a, .report = report, .out = out };
	struct side sides[FORMS] = { 0 };
	size_t asked = 0;
	*out = (struct bundle_list){ 0 };
	*report = (struct bundle_report){ .hosts = p->host_count };
	for (size_t f = 0; f < FORMS; f++)
		sides[f] = (struct side){ .g = &g, .form = forms[f], .universe = { .form = forms[f]->need } };
	for (size_t i = 0; i < p->host_count; i++)
		for (size_t k = 0; k < p->hosts[i].sources.items.count; k++)
			source_sort(sides, &g, &p->hosts[i].sources.items.items[k]);
	for (size_t f = 0; f < FORMS; f++) {
		asked += sides[f].suites.count;
		suites_read(&sides[f]);
	}
	if (asked && !report->archives) {
		*e = report->left_out.items[report->left_out.count - 1].why;
		return false;
	}
	/* A relay takes content in from the end: of every form first all lists, then the packages. */
	for (size_t f = 0; f < FORMS; f++)
		repos_read(&sides[f]);
	for (size_t f = 0; f < FORMS; f++) {
		struct need need = { 0 };
		hosts_need(&sides[f], &need);
		if (!packages_fetch(&sides[f], &need, e))
			return false;
	}
	if (!origins_add(&g, sides, e) || !extras_add(&g, e))
		return false;
	for (size_t i = 0; i < out->members.count; i++)
		report->bytes += out->members.items[i].stored;
	report->fetched = p->fetcher->fetched;
	return true;
}
