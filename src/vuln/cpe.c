#include "vuln/cpe.h"

#define FIELD_MAX 200
#define FIELDS 11

/* The next field: up to an unescaped colon; quoting with \ and %XX taken off, lower case. */
static bool
next_field(struct str *rest, bool uri, struct arena *a, struct str *out)
{
	static const char hex[] = "0123456789abcdef";
	char text[FIELD_MAX];
	size_t n = 0, i = 0;
	for (; i < rest->len && rest->ptr[i] != ':'; i++) {
		char c = rest->ptr[i];
		if (c == '\\' && i + 1 < rest->len) {
			c = rest->ptr[++i];
		} else if (uri && c == '%' && i + 2 < rest->len) {
			const char *high = strchr(hex, rest->ptr[i + 1] | 32),
				   *low = strchr(hex, rest->ptr[i + 2] | 32);
			if (!high || !low)
				return false;
			c = (char)((high - hex) * 16 + (low - hex));
			i += 2;
		}
		if (n == sizeof(text) || (unsigned char)c < ' ')
			return false;
		text[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
	}
	*rest = str_skip(*rest, i + (i < rest->len));
	*out = arena_str(a, str_sub(text, n));
	return str_is_utf8(*out);
}

bool
cpe_parse(struct str text, struct arena *a, struct cpe *out)
{
	struct str f[FIELDS], part;
	bool uri = str_starts(text, STR("cpe:/"));
	if (text.len > 2000 || (!uri && !str_starts(text, STR("cpe:2.3:"))))
		return false;
	struct str rest = str_skip(text, uri ? 5 : 8);
	for (size_t i = 0; i < FIELDS; i++) {
		f[i] = STR("");
		if (rest.len > 0 && !next_field(&rest, uri, a, &f[i]))
			return false;
		/* ANY and NA say nothing about which one it is. */
		if (str_eq(f[i], STR("*")) || str_eq(f[i], STR("-")))
			f[i] = STR("");
	}
	part = f[0];
	if (part.len != 1 || !strchr("aoh", part.ptr[0]) || f[1].len == 0 || f[2].len == 0)
		return false;
	*out = (struct cpe){ .part = part.ptr[0], .vendor = f[1], .product = f[2], .version = f[3] };
	if (f[3].len > 0 && f[4].len > 0)
		out->version = arena_printf(a, "%.*s-%.*s", STR_ARG(f[3]), STR_ARG(f[4]));
	out->name = arena_printf(a, "%c:%.*s:%.*s", out->part, STR_ARG(f[1]), STR_ARG(f[2]));
	return true;
}

static const struct {
	const char *name; /* vendor and product; any product that begins so */
	const char *os;
	bool major_only; /* advisories are for the major release */
} systems[] = {
	{ "redhat:enterprise_linux", "rhel", true },
	{ "almalinux:almalinux", "almalinux", true },
	{ "alma:linux", "almalinux", true },
	{ "rocky:rocky", "rocky", true },
	{ "rocky:linux", "rocky", true },
	{ "resf:rocky_linux", "rocky", true },
	{ "oracle:linux", "ol", true },
	{ "suse:sles", "sles", false },
	{ "suse:sled", "sled", false },
	{ "suse:sle-", "sles", false },
	{ "suse:sle_", "sles", false },
	{ "suse:sle_hpc", "sles", false },
	{ "opensuse:leap", "opensuse-leap", false },
	{ "debian:debian_linux", "debian", true },
	{ "canonical:ubuntu_linux", "ubuntu", false },
	{ "amazon:linux", "amzn", true },
	{ "fedoraproject:fedora", "fedora", true },
	{ "centos:centos", "centos", true },
	{ "vmware:photon_os", "photon", false },
};

struct str
cpe_os_key(const struct cpe *c, struct arena *a)
{
	struct str name = arena_printf(a, "%.*s:%.*s", STR_ARG(c->vendor), STR_ARG(c->product)), release, update;
	/* RHEL's modules of a release are products of their own kind: cpe:/a:redhat:enterprise_linux:8::appstream. */
	if (c->version.len == 0)
		return STR("");
	for (size_t i = 0; i < COUNT(systems); i++) {
		if (!str_starts(name, str_of(systems[i].name)))
			continue;
		release = c->version;
		if (str_split(c->version, '-', &release, &update) && str_starts(update, STR("sp")))
			return arena_printf(a, "%s:%.*s.%.*s", systems[i].os, STR_ARG(release),
					    STR_ARG(str_skip(update, 2)));
		struct str major = release, minor;
		if (systems[i].major_only && str_split(release, '.', &major, &minor))
			release = major;
		return arena_printf(a, "%s:%.*s", systems[i].os, STR_ARG(release));
	}
	return STR("");
}
