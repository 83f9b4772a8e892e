/* rpm's repositories in a bundle: repomd.xml with its signature, the lists that dnf reads, and packages. */
#include "patch/bundle-form.h"

static bool
dnf_carries(const struct source *x, bool *quiet, struct err *why)
{
	*quiet = str_starts(x->uri, STR("file:"));
	if (!str_eq(x->kind, STR("baseurl")))
		return err_set(why, ERR_REFUSED,
			       "the repository is found by a %.*s only, which names other mirrors each time: give it a "
			       "baseurl on its machines (the address of one mirror) to have it carried",
			       STR_ARG(x->kind));
	if (str_find_char(x->uri, '$') >= 0)
		return err_set(why, ERR_REFUSED,
			       "its address has a variable that only its machines know: write the address out there");
	return bundle_is_remote(x->uri) || err_set(why, ERR_REFUSED, "only archives on http and https are carried");
}

/* Machines may call the same repository by several names. */
static void
dnf_source_take(struct side *s, const struct source *x)
{
	struct suite n = { .uri = x->uri, .name = STR(""), .base = x->uri };
	size_t suite = bundle_suite(s, &n);
	if (suite != SIZE_MAX)
		bundle_repo(s, suite, STR(""), STR(""));
}

static bool
dnf_suite_read(struct side *s, struct suite *u, struct err *e)
{
	struct arena *a = s->g->a;
	struct str url = arena_printf(a, "%.*s/repodata/repomd.xml", STR_ARG(u->base));
	return bundle_fetch_repomd(s->g->p->fetcher, url, a, &u->signed_by, e) &&
	       rpm_lists_parse(a, u->signed_by.text, &u->lists, e) &&
	       bundle_signed_add(s, u, u->signed_by.path, url, e) &&
	       bundle_signed_add(s, u, u->signed_by.signature_path, arena_printf(a, "%.*s.asc", STR_ARG(url)), e);
}

/* The lists lie in the bundle behind repomd.xml; what the site has already need not be fetched, but for what is read. */
static bool
dnf_repo_read(struct side *s, size_t i, struct err *e)
{
	struct arena *a = s->g->a;
	struct bundle_fetcher *fetcher = s->g->p->fetcher;
	const struct suite *u = &s->suites.items[s->repos.items[i].suite];
	const struct rpm_list *primary = rpm_lists_primary(&u->lists);
	for (size_t k = 0; k < u->lists.items.count; k++) {
		const struct rpm_list *l = &u->lists.items.items[k];
		struct str url = arena_printf(a, "%.*s/%.*s", STR_ARG(u->base), STR_ARG(l->path));
		bool there = bundle_has(s->g, l->sha256);
		if ((!there || l == primary) && !bundle_fetch_object(fetcher, url, l->sha256, l->size, e))
			return false;
		bundle_list_add(s->g, l->path, l->sha256, l->size, &url, 1);
	}
	if (!rpm_primary_read(bundle_object_path(a, fetcher->work, primary->sha256), (uint32_t)i, a, &s->universe, e))
		return false;
	s->repos.items[i].there = true;
	return true;
}

static bool
dnf_asks(const struct source *x, const struct suite *u, const struct repo *r)
{
	(void)r;
	return str_eq(x->kind, STR("baseurl")) && str_eq(x->uri, u->uri);
}

const struct bundle_form bundle_form_dnf = {
	.manager = "dnf",
	.need = &need_form_rpm,
	.carries = dnf_carries,
	.source_take = dnf_source_take,
	.suite_read = dnf_suite_read,
	.repo_read = dnf_repo_read,
	.asks = dnf_asks,
};
