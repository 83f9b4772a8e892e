/* Debian's archives in a bundle. */
#include "patch/bundle-form.h"

#include "os/file.h"

#include <stdlib.h>

static bool
apt_carries(const struct source *x, bool *quiet, struct err *why)
{
	/* A host reads a CD or its own disk itself. */
	*quiet = str_starts(x->uri, STR("file:")) || str_starts(x->uri, STR("cdrom:"));
	return bundle_is_remote(x->uri) || err_set(why, ERR_REFUSED, "only archives on http and https are carried");
}

static size_t
suite_of(struct side *s, const struct source *x)
{
	struct arena *a = s->g->a;
	struct suite n = {
		.uri = x->uri, .name = x->suite, .trusted = x->trusted, .flat = str_ends(x->suite, STR("/"))
	};
	struct str below = n.name;
	while (n.flat && below.len && (below.ptr[below.len - 1] == '/' || str_eq(below, STR("."))))
		below.len--;
	if (str_starts(below, STR("./")))
		below = str_skip(below, 2);
	if (!n.flat)
		n.base = arena_printf(a, "%.*s/dists/%.*s", STR_ARG(n.uri), STR_ARG(below));
	else
		n.base = below.len ? arena_printf(a, "%.*s/%.*s", STR_ARG(n.uri), STR_ARG(below)) : n.uri;
	return bundle_suite(s, &n);
}

static void
apt_source_take(struct side *s, const struct source *x)
{
	size_t suite = suite_of(s, x);
	if (suite == SIZE_MAX)
		return;
	for (size_t k = 0; k < x->architecture_count; k++) {
		if (s->suites.items[suite].flat)
			bundle_repo(s, suite, STR(""), x->architectures[k]);
		for (size_t i = 0; i < x->component_count; i++)
			bundle_repo(s, suite, x->components[i], x->architectures[k]);
	}
}

static bool
apt_suite_read(struct side *s, struct suite *u, struct err *e)
{
	struct arena *a = s->g->a;
	if (!bundle_fetch_release(s->g->p->fetcher, u->base, u->trusted, a, &u->signed_by, e) ||
	    !deb_release_parse(a, u->signed_by.text, &u->release, e))
		return false;
	const char *paths[] = { u->signed_by.path, u->signed_by.signature_path };
	for (size_t i = 0; i < COUNT(paths) && paths[i]; i++) {
		const char *name = strrchr(paths[i], '/') + 1;
		if (!bundle_signed_add(s, u, paths[i], arena_printf(a, "%.*s/%s", STR_ARG(u->base), name), e))
			return false;
	}
	return true;
}

/* The form of the index that apt would fetch: the smallest that is there. */
static const struct deb_file *
packages_file(struct side *s, const struct repo *r, struct str *path)
{
	static const char *const forms[] = { ".xz", ".gz", "" };
	const struct suite *u = &s->suites.items[r->suite];
	for (size_t i = 0; i < COUNT(forms); i++) {
		*path = u->flat ? arena_printf(s->g->a, "Packages%s", forms[i])
				: arena_printf(s->g->a, "%.*s/binary-%.*s/Packages%s", STR_ARG(r->component),
					       STR_ARG(r->architecture), forms[i]);
		const struct deb_file *f = deb_release_find(&u->release, *path);
		if (f)
			return f;
	}
	return NULL;
}

static bool
apt_repo_read(struct side *s, size_t i, struct err *e)
{
	struct arena *a = s->g->a;
	struct bundle_fetcher *fetcher = s->g->p->fetcher;
	const struct repo *r = &s->repos.items[i];
	const struct suite *u = &s->suites.items[r->suite];
	struct str path, urls[2];
	size_t count = 1;
	const struct deb_file *f = packages_file(s, r, &path);
	struct deb_origin from = { (uint32_t)i, u->release.not_automatic };
	if (!f) /* this archive has nothing of that component for that architecture */
		return true;
	urls[0] = arena_printf(a, "%.*s/%.*s", STR_ARG(u->base), STR_ARG(path));
	if (u->release.by_hash) {
		ptrdiff_t slash = str_rfind_char(urls[0], '/');
		urls[count++] = arena_printf(a, "%.*s/by-hash/SHA256/%s", (int)slash, urls[0].ptr, f->sha256);
	}
	if (!bundle_fetch_object(fetcher, urls[count - 1], f->sha256, f->size, e) &&
	    (e->code != ERR_NOT_FOUND || !bundle_fetch_object(fetcher, urls[0], f->sha256, f->size, e)))
		return false;
	if (!deb_packages_read(bundle_object_path(a, fetcher->work, f->sha256), &from, a, &s->universe, e))
		return false;
	bundle_list_add(s->g, arena_printf(a, "%.*s/%.*s", STR_ARG(u->name), STR_ARG(path)), f->sha256, f->size, urls,
			count);
	s->repos.items[i].there = true;
	return true;
}

static bool
apt_asks(const struct source *x, const struct suite *u, const struct repo *r)
{
	if (!str_eq(x->uri, u->uri) || !str_eq(x->suite, u->name))
		return false;
	bool component = u->flat, architecture = false;
	for (size_t k = 0; k < x->component_count; k++)
		component |= str_eq(x->components[k], r->component);
	for (size_t k = 0; k < x->architecture_count; k++)
		architecture |= str_eq(x->architectures[k], r->architecture);
	return component && architecture;
}

const struct bundle_form bundle_form_apt = {
	.manager = "apt",
	.need = &need_form_deb,
	.carries = apt_carries,
	.source_take = apt_source_take,
	.suite_read = apt_suite_read,
	.repo_read = apt_repo_read,
	.asks = apt_asks,
};
