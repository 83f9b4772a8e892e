/* The registered types (purl-spec, types/): data, and the few rules that are more than letters' case. */
#include "vuln/purl-type.h"

static struct str
fold(struct arena *a, struct str s, char first, int by)
{
	char *copy = ARENA_ARRAY(a, char, s.len + 1);
	for (size_t i = 0; i < s.len; i++)
		copy[i] = (char)(s.ptr[i] >= first && s.ptr[i] <= first + 25 ? s.ptr[i] + by : s.ptr[i]);
	return str_sub(copy, s.len);
}

struct str
purl_lower(struct arena *a, struct str s)
{
	return fold(a, s, 'A', 'a' - 'A');
}

struct str
purl_upper(struct arena *a, struct str s)
{
	return fold(a, s, 'a', 'A' - 'a');
}

struct str
purl_qualifier_get(const struct purl *p, const char *key)
{
	for (size_t i = 0; i < p->qualifiers.count; i++)
		if (str_eq(p->qualifiers.items[i].key, str_of(key)))
			return p->qualifiers.items[i].value;
	return STR_NONE;
}

/* Up to four numbers between dots. */
static bool
is_extension_version(struct str version)
{
	struct str piece;
	size_t parts = 0;
	if (version.len > 0 && version.ptr[version.len - 1] == '.')
		return false;
	for (; str_cut(&version, '.', &piece); parts++) {
		for (size_t i = 0; i < piece.len; i++)
			if (piece.ptr[i] < '0' || piece.ptr[i] > '9')
				return false;
		if (piece.len == 0)
			return false;
	}
	return parts <= 4;
}

static bool
adjust_chrome_extension(struct purl *p, struct arena *a, struct err *e)
{
	bool ok = p->name.len == 32;
	for (size_t i = 0; ok && i < p->name.len; i++)
		ok = p->name.ptr[i] >= 'a' && p->name.ptr[i] <= 'p';
	if (!ok)
		return err_set(e, ERR_INPUT, "a Chrome extension's name is 32 letters from a to p, not “%.*s”",
			       STR_ARG(p->name));
	if (!is_extension_version(p->version))
		return err_set(e, ERR_INPUT,
			       "a Chrome extension's version is one to four numbers between dots, not “%.*s”",
			       STR_ARG(p->version));
	return true;
}

static bool
adjust_cpan(struct purl *p, struct arena *a, struct err *e)
{
	if (str_contains(p->name, STR("::")))
		return err_set(e, ERR_INPUT, "“%.*s” names a Perl module; a CPAN distribution's name has no “::”",
			       STR_ARG(p->name));
	return true;
}

/* Hosts whose repositories are the same in either case. */
static bool
adjust_git(struct purl *p, struct arena *a, struct err *e)
{
	static const char *const folding[] = { "github", "github.com", "bitbucket.org" };
	for (size_t i = 0; i < COUNT(folding); i++) {
		if (str_eq_nocase(p->namespace, str_of(folding[i]))) {
			p->namespace = purl_lower(a, p->namespace);
			p->name = purl_lower(a, p->name);
		}
	}
	return true;
}

/* Databricks tells no cases apart, Azure does. */
static bool
adjust_mlflow(struct purl *p, struct arena *a, struct err *e)
{
	if (str_contains(purl_lower(a, purl_qualifier_get(p, "repository_url")), STR("databricks")))
		p->name = purl_lower(a, p->name);
	return true;
}

static bool
adjust_pub(struct purl *p, struct arena *a, struct err *e)
{
	char *name = arena_cstr(a, p->name);
	for (size_t i = 0; i < p->name.len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9'))
			name[i] = '_';
	p->name = str_sub(name, p->name.len);
	return true;
}

static bool
adjust_pypi(struct purl *p, struct arena *a, struct err *e)
{
	char *name = arena_cstr(a, p->name);
	for (size_t i = 0; i < p->name.len; i++)
		if (name[i] == '_')
			name[i] = '-';
	p->name = str_sub(name, p->name.len);
	return true;
}

#define OPTIONAL PURL_NAMESPACE_OPTIONAL
#define REQUIRED PURL_NAMESPACE_REQUIRED
#define PROHIBITED PURL_NAMESPACE_PROHIBITED
#define NAMES (PURL_LOWER_NAMESPACE | PURL_LOWER_NAME)

static const struct purl_type types[] = {
	{ .name = "alpm", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "apk", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "bazel", .namespace = PROHIBITED },
	{ .name = "bitbucket", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "bitnami", .namespace = PROHIBITED, .fold = PURL_LOWER_NAME },
	{ .name = "brew", .namespace = OPTIONAL, .fold = NAMES },
	{ .name = "cargo", .namespace = PROHIBITED },
	{ .name = "chrome-extension",
	  .namespace = PROHIBITED,
	  .fold = PURL_LOWER_NAME,
	  .adjust = adjust_chrome_extension },
	{ .name = "cocoapods", .namespace = PROHIBITED },
	{ .name = "composer", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "conan", .namespace = OPTIONAL },
	{ .name = "conda", .namespace = PROHIBITED },
	{ .name = "cpan", .namespace = OPTIONAL, .fold = PURL_UPPER_NAMESPACE, .adjust = adjust_cpan },
	{ .name = "cran", .namespace = PROHIBITED },
	{ .name = "deb", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "docker", .namespace = OPTIONAL },
	{ .name = "gem", .namespace = PROHIBITED },
	{ .name = "generic", .namespace = OPTIONAL },
	{ .name = "git", .namespace = REQUIRED, .path_name = true, .adjust = adjust_git },
	{ .name = "github", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "golang", .namespace = REQUIRED, .fold = NAMES },
	{ .name = "hackage", .namespace = PROHIBITED },
	{ .name = "hex", .namespace = OPTIONAL, .fold = NAMES },
	{ .name = "huggingface", .namespace = REQUIRED, .fold = PURL_LOWER_VERSION },
	{ .name = "julia", .namespace = PROHIBITED, .qualifier = "uuid" },
	{ .name = "luarocks", .namespace = OPTIONAL, .fold = NAMES },
	{ .name = "maven", .namespace = REQUIRED },
	{ .name = "mlflow", .namespace = PROHIBITED, .adjust = adjust_mlflow },
	{ .name = "npm", .namespace = OPTIONAL, .fold = NAMES },
	{ .name = "nuget", .namespace = PROHIBITED },
	{ .name = "oci", .namespace = PROHIBITED, .fold = PURL_LOWER_NAME | PURL_LOWER_VERSION },
	{ .name = "opam", .namespace = PROHIBITED },
	{ .name = "otp", .namespace = PROHIBITED, .fold = PURL_LOWER_NAME | PURL_LOWER_SUBPATH },
	{ .name = "pub", .namespace = PROHIBITED, .fold = PURL_LOWER_NAME, .adjust = adjust_pub },
	{ .name = "pypi",
	  .namespace = PROHIBITED,
	  .fold = PURL_LOWER_NAME | PURL_LOWER_VERSION,
	  .adjust = adjust_pypi },
	{ .name = "qpkg", .namespace = REQUIRED, .fold = PURL_LOWER_NAMESPACE },
	{ .name = "rpm", .namespace = REQUIRED, .fold = PURL_LOWER_NAMESPACE },
	{ .name = "swid", .namespace = OPTIONAL, .qualifier = "tag_id" },
	{ .name = "swift", .namespace = REQUIRED },
	{ .name = "vcpkg", .namespace = PROHIBITED },
	{ .name = "vscode-extension", .namespace = REQUIRED, .fold = NAMES | PURL_LOWER_VERSION },
	{ .name = "yocto", .namespace = OPTIONAL, .fold = PURL_LOWER_NAMESPACE },
};

const struct purl_type *
purl_type_find(struct str name)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_eq(name, str_of(types[i].name)))
			return &types[i];
	return NULL;
}
