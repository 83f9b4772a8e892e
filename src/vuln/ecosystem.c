#include "vuln/ecosystem.h"

static const struct ecosystem ecosystems[] = {
	{ "Debian", "debian", &version_deb, true, "debian", true },
	{ "Ubuntu", "ubuntu", &version_deb, true, "ubuntu", false },
	{ "Alpine", "alpine", &version_apk, true, "alpine-linux", false },
	{ "AlmaLinux", "almalinux", &version_rpm, false, "almalinux", false },
	{ "Rocky Linux", "rocky", &version_rpm, false, "rocky-linux", false },
	{ "Red Hat", "rhel", &version_rpm, false, "rhel", false },
	{ NULL, "centos", &version_rpm, false, "centos", false },
	{ NULL, "ol", &version_rpm, false, "oracle-linux", false },
	{ NULL, "fedora", &version_rpm, false, "fedora", false },
	{ NULL, "amzn", &version_rpm, false, "amazon-linux", false },
	{ NULL, "opensuse-leap", &version_rpm, false, "opensuse", false },
	{ NULL, "sles", &version_rpm, false, "sles", false },
	{ NULL, "cpe", &version_generic, false, "", false }, /* products by their CPE: PART:VENDOR:PRODUCT */
};

static const struct {
	const char *codename, *os;
} debian_releases[] = {
	{ "woody", "debian:3.0" }, { "sarge", "debian:3.1" },   { "etch", "debian:4" },      { "lenny", "debian:5" },
	{ "squeeze", "debian:6" }, { "wheezy", "debian:7" },    { "jessie", "debian:8" },    { "stretch", "debian:9" },
	{ "buster", "debian:10" }, { "bullseye", "debian:11" }, { "bookworm", "debian:12" }, { "trixie", "debian:13" },
	{ "forky", "debian:14" },  { "duke", "debian:15" },
};

const struct ecosystem *
ecosystem_of_os(struct str os)
{
	struct str name = os, release;
	if (!str_split(os, ':', &name, &release))
		name = os;
	for (size_t i = 0; i < COUNT(ecosystems); i++)
		if (str_eq(name, str_of(ecosystems[i].os)))
			return &ecosystems[i];
	return NULL;
}

struct str
debian_release_key(struct str codename)
{
	for (size_t i = 0; i < COUNT(debian_releases); i++)
		if (str_eq(codename, str_of(debian_releases[i].codename)))
			return str_of(debian_releases[i].os);
	return STR_NONE;
}

/* The release in what follows the name: the first piece that starts with a digit, "v" dropped. Ubuntu's paid
 * streams ("Pro:22.04:LTS") are another archive and give nothing. */
static struct str
release_of(struct str rest)
{
	struct str piece;
	if (str_starts(rest, STR("Pro")))
		return STR_NONE;
	while (str_cut(&rest, ':', &piece)) {
		if (piece.len > 1 && piece.ptr[0] == 'v')
			piece = str_skip(piece, 1);
		if (piece.len > 0 && piece.ptr[0] >= '0' && piece.ptr[0] <= '9')
			return piece;
	}
	return STR_NONE;
}

struct str
ecosystem_os_key(struct str osv, struct arena *a)
{
	struct str name, rest;
	if (!str_split(osv, ':', &name, &rest))
		return STR_NONE;
	struct str release = release_of(rest);
	if (release.len == 0)
		return STR_NONE;
	for (size_t i = 0; i < COUNT(ecosystems); i++)
		if (ecosystems[i].osv && str_eq(name, str_of(ecosystems[i].osv)))
			return arena_printf(a, "%s:%.*s", ecosystems[i].os, STR_ARG(release));
	return STR_NONE;
}
