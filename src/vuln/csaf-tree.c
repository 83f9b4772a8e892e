#include "vuln/csaf-tree.h"

#include "vuln/cpe.h"
#include "vuln/ecosystem.h"
#include "vuln/purl.h"
#include "vuln/range-text.h"

#define BRANCH_DEPTH 24
#define RELATION_DEPTH 4

struct csaf_product {
	struct str id, name, cpe, purl;
	struct str range; /* of the branch it is in: "<4.2" */
	struct str component, platform; /* of a relationship: other ids */
	struct csaf_package package; /* what it means, once somebody asked */
	enum { UNKNOWN, A_PACKAGE, NO_PACKAGE } kind;
};

static struct csaf_product *
product_of(struct csaf_tree *t, struct str id)
{
	bool added;
	void **slot = table_put(&t->products, id, &added);
	if (added)
		*slot = ARENA_NEW(t->arena, struct csaf_product);
	struct csaf_product *p = *slot;
	p->id = id;
	return p;
}

static void
read_product(struct csaf_tree *t, const struct json *x, struct str range)
{
	const struct json *helper = json_get(x, "product_identification_helper");
	struct str id = json_get_str(x, "product_id");
	if (id.len == 0)
		return;
	struct csaf_product *p = product_of(t, id);
	p->name = json_get_str(x, "name");
	p->cpe = json_get_str(helper, "cpe");
	p->purl = json_get_str(helper, "purl");
	p->range = range;
}

static void
read_branches(struct csaf_tree *t, const struct json *parent, struct str range, int depth)
{
	size_t n;
	const struct json *list = json_get_array(parent, "branches", &n);
	for (size_t i = 0; i < n && depth < BRANCH_DEPTH; i++) {
		bool ranged = str_eq(json_get_str(&list[i], "category"), STR("product_version_range"));
		struct str own = ranged ? json_get_str(&list[i], "name") : range;
		read_product(t, json_get(&list[i], "product"), own);
		read_branches(t, &list[i], own, depth + 1);
	}
}

void
csaf_tree_read(struct csaf_tree *t, const struct json *tree)
{
	size_t n;
	read_branches(t, tree, STR(""), 0);
	const struct json *list = json_get_array(tree, "full_product_names", &n);
	for (size_t i = 0; i < n; i++)
		read_product(t, &list[i], STR(""));
	list = json_get_array(tree, "relationships", &n);
	for (size_t i = 0; i < n; i++) {
		const struct json *full = json_get(&list[i], "full_product_name");
		read_product(t, full, STR(""));
		if (json_get_str(full, "product_id").len == 0)
			continue;
		struct csaf_product *p = product_of(t, json_get_str(full, "product_id"));
		p->component = json_get_str(&list[i], "product_reference");
		p->platform = json_get_str(&list[i], "relates_to_product_reference");
	}
}

/* "name-[epoch:]version-release.arch"; false when it has no version. */
static bool
nevra(struct str text, struct arena *a, struct str *name, struct str *version, bool *source)
{
	static const char *const archs[] = { "x86_64", "aarch64", "ppc64le", "s390x", "i686",   "noarch",
					     "src",    "armv7hl", "i586",    "ppc64", "riscv64" };
	ptrdiff_t dot = str_rfind_char(text, '.');
	struct str rest = text;
	for (size_t i = 0; dot > 0 && i < COUNT(archs); i++)
		if (str_eq(str_skip(text, (size_t)dot + 1), str_of(archs[i]))) {
			rest = str_head(text, (size_t)dot);
			*source = str_eq(str_of(archs[i]), STR("src"));
		}
	ptrdiff_t release = str_rfind_char(rest, '-');
	ptrdiff_t start = release > 0 ? str_rfind_char(str_head(rest, (size_t)release), '-') : -1;
	if (start <= 0 || rest.ptr[start + 1] < '0' || rest.ptr[start + 1] > '9')
		return false;
	*name = str_head(rest, (size_t)start);
	/* Epoch 0 is no epoch. */
	struct str v = str_skip(rest, (size_t)start + 1);
	*version = str_starts(v, STR("0:")) ? str_skip(v, 2) : v;
	return version_rpm.valid(*version) && a;
}

static struct str
qualifier(const struct purl *p, const char *key)
{
	for (size_t i = 0; i < p->qualifiers.count; i++)
		if (str_eq(p->qualifiers.items[i].key, str_of(key)))
			return p->qualifiers.items[i].value;
	return STR("");
}

/* A purl's package; false when it is of no package manager that we read. */
static bool
package_of_purl(struct str text, struct arena *a, struct csaf_package *out, bool *source)
{
	struct purl p;
	struct err ignored = { 0 };
	if (text.len == 0 || !purl_parse(text, PURL_LENIENT, a, &p, &ignored))
		return false;
	if (!str_eq(p.type, STR("rpm")) && !str_eq(p.type, STR("deb")) && !str_eq(p.type, STR("apk")))
		return false;
	struct str epoch = qualifier(&p, "epoch"), arch = qualifier(&p, "arch");
	*source = str_eq(arch, STR("src")) && str_eq(p.type, STR("rpm"));
	out->name = arena_str(a, p.name);
	out->version = p.version.len ? arena_str(a, p.version) : STR("");
	if (epoch.len > 0 && !str_eq(epoch, STR("0")) && out->version.len > 0)
		out->version = arena_printf(a, "%.*s:%.*s", STR_ARG(epoch), STR_ARG(out->version));
	struct str distro = qualifier(&p, "distro");
	if (str_eq(p.type, STR("deb")) && out->os.len == 0) {
		struct str debian = debian_release_key(distro), name, release;
		if (debian.ptr)
			out->os = debian;
		else if (str_split(distro, '-', &name, &release))
			out->os = arena_printf(a, "%.*s:%.*s", STR_ARG(name), STR_ARG(release));
	}
	return true;
}

/* The system of a platform: its CPE, or what it is a component of. */
static struct str
platform_os(const struct csaf_tree *t, struct str id, int depth)
{
	const struct csaf_product *p = table_get(&t->products, id);
	struct cpe c;
	if (!p || depth > RELATION_DEPTH)
		return STR("");
	if (p->cpe.len > 0 && cpe_parse(p->cpe, t->arena, &c)) {
		struct str os = cpe_os_key(&c, t->arena);
		if (os.len > 0)
			return os;
	}
	return p->platform.len > 0 ? platform_os(t, p->platform, depth + 1) : STR("");
}

/* "<4.2", "vers:generic/>=4|<4.2", "4.2": what the branch says. */
static void
read_range(struct str text, struct arena *a, struct csaf_package *out)
{
	struct affected_range all[RANGE_TEXT_RANGES];
	size_t count = range_text(text, a, all);
	if (text.len == 0)
		return;
	if (count == 0)
		all[count++] = (struct affected_range){ RANGE_UNREADABLE, STR(""), STR(""), range_words(text) };
	if (count == 1 && all[0].kind == RANGE_EXACT) {
		out->version = all[0].limit;
		return;
	}
	struct affected_range *kept = ARENA_ARRAY(a, struct affected_range, count);
	memcpy(kept, all, count * sizeof(*kept));
	out->ranges = kept;
	out->range_count = count;
}

/* A product by its CPE: an application or an appliance. */
static bool
package_of_cpe(const struct csaf_tree *t, const struct csaf_product *p, struct csaf_package *out)
{
	struct cpe c;
	if (p->cpe.len == 0 || !cpe_parse(p->cpe, t->arena, &c))
		return false;
	/* A whole distribution is no package. */
	if (cpe_os_key(&c, t->arena).len > 0)
		return false;
	*out = (struct csaf_package){ .os = STR("cpe"), .name = c.name, .version = c.version };
	read_range(p->range, t->arena, out);
	return true;
}

static bool
package_of(const struct csaf_tree *t, const struct csaf_product *p, struct csaf_package *out)
{
	const struct csaf_product *c = p;
	bool source = false;
	*out = (struct csaf_package){ .os = STR(""), .name = STR(""), .version = STR("") };
	for (int i = 0; c && c->component.len > 0 && i < RELATION_DEPTH; i++)
		c = table_get(&t->products, c->component);
	if (!c)
		return false;
	if (p->platform.len > 0)
		out->os = platform_os(t, p->platform, 0);
	bool named = package_of_purl(c->purl, t->arena, out, &source);
	if (!named && p->platform.len > 0) {
		/* "openssl-1:3.0.7-5.el9.x86_64", or the name alone where nothing is fixed. */
		struct str text = c->id.len ? c->id : c->name;
		named = nevra(text, t->arena, &out->name, &out->version, &source);
		if (!named && text.len > 0 && text.len < 256 && str_find_char(text, '/') < 0 &&
		    str_find_char(text, ' ') < 0) {
			out->name = text;
			named = true;
		}
	}
	if (named && out->os.len > 0 && out->name.len > 0 && out->name.len <= 512)
		return !source;
	return p->platform.len == 0 && package_of_cpe(t, p, out);
}

bool
csaf_tree_package(const struct csaf_tree *t, struct str id, struct csaf_package *out)
{
	struct csaf_product *p = table_get(&t->products, id);
	if (p && p->kind == UNKNOWN)
		p->kind = package_of(t, p, &p->package) ? A_PACKAGE : NO_PACKAGE;
	if (!p || p->kind == NO_PACKAGE)
		return false;
	*out = p->package;
	return true;
}

void
csaf_tree_close(struct csaf_tree *t)
{
	table_free(&t->products);
}
