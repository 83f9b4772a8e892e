#include "vuln/ecosystem.h"

static const struct ecosystem ecosystems[] = {
	{ "Debian", "debian", &version_deb, true, "debian", true, false, false },
	{ "Ubuntu", "ubuntu", &version_deb, true, "ubuntu", false, false, false },
	{ "Alpine", "alpine", &version_apk, true, "alpine-linux", false, false, false },
	{ "AlmaLinux", "almalinux", &version_rpm, false, "almalinux", false, false, false },
	{ "Rocky Linux", "rocky", &version_rpm, false, "rocky-linux", false, true, false },
	{ "Red Hat", "rhel", &version_rpm, false, "rhel", false, false, false },
	{ "SUSE", "sles", &version_rpm, false, "sles", false, true, false },
	{ "SUSE", "sled", &version_rpm, false, "sles", false, true, false },
	{ "SUSE", "sles_sap", &version_rpm, false, "sles", false, true, false },
	{ "openSUSE", "opensuse-leap", &version_rpm, false, "opensuse", false, true, false },
	{ "openSUSE", "opensuse-tumbleweed", &version_rpm, false, "", false, true, true },
	{ "Photon OS", "photon", &version_rpm, false, "photon", false, false, false },
	{ "Mageia", "mageia", &version_rpm, true, "mageia", false, false, false },
	{ "Azure Linux", "azurelinux", &version_rpm, true, "", false, false, false },
	{ "openEuler", "openeuler", &version_rpm, true, "", false, false, false },
	{ "Alpaquita", "alpaquita", &version_apk, true, "", false, false, false },
	{ "Wolfi", "wolfi", &version_apk, true, "", false, false, true },
	{ "Chainguard", "chainguard", &version_apk, true, "", false, false, true },
	{ "MinimOS", "minimos", &version_apk, true, "", false, false, true },
	{ NULL, "centos", &version_rpm, false, "centos", false, false, false },
	{ NULL, "ol", &version_rpm, false, "oracle-linux", false, false, false }, /* not at OSV */
	{ NULL, "fedora", &version_rpm, false, "fedora", false, false, false },
	{ NULL, "amzn", &version_rpm, false, "amazon-linux", false, false, false },
	{ NULL, "cpe", &version_generic, false, "", false, false,
	  false }, /* products by their CPE: PART:VENDOR:PRODUCT */
};

/* Names that say which product of a publisher is meant before they say its release. What fits none of a publisher's
 * rows is another product or stream, and gives nothing. */
static const struct {
	const char *osv, *prefix, *os;
} products[] = {
	{ "Red Hat", "enterprise_linux:", "rhel" },
	{ "SUSE", "Linux Enterprise Server for SAP Applications ", "sles_sap" },
	{ "SUSE", "Linux Enterprise Server ", "sles" },
	{ "SUSE", "Linux Enterprise Module for ", "sles" },
	{ "SUSE", "Linux Enterprise Desktop ", "sled" },
	{ "openSUSE", "Leap Micro ", NULL },
	{ "openSUSE", "Leap ", "opensuse-leap" },
	{ "openSUSE", "Tumbleweed", "opensuse-tumbleweed" },
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

/* "Basesystem 15 SP5" → "15.5". A suffix as in "15 SP3-LTSS" is a stream with a contract of its own. */
static struct str
suse_release(struct str rest, struct arena *a)
{
	struct str word, pack = STR("");
	while (str_word(&rest, &word)) {
		if (word.ptr[0] < '0' || word.ptr[0] > '9')
			continue;
		if (str_word(&rest, &pack)) {
			uint64_t number;
			if (!str_starts(pack, STR("SP")) || !str_to_u64(str_skip(pack, 2), &number))
				return STR_NONE;
			return arena_printf(a, "%.*s.%llu", STR_ARG(word), (unsigned long long)number);
		}
		return str_find_char(word, '-') < 0 ? word : STR_NONE;
	}
	return STR_NONE;
}

/* Of publishers of several systems the row that is meant; NULL: another one. */
static const char *
product_of(struct str name, struct str *rest, bool *several)
{
	*several = false;
	for (size_t i = 0; i < COUNT(products); i++) {
		if (!str_eq(name, str_of(products[i].osv)))
			continue;
		*several = true;
		if (!str_starts(*rest, str_of(products[i].prefix)))
			continue;
		*rest = str_skip(*rest, strlen(products[i].prefix));
		return products[i].os;
	}
	return NULL;
}

struct str
ecosystem_os_key(struct str osv, struct arena *a)
{
	struct str name, rest, release;
	bool several;
	if (!str_split(osv, ':', &name, &rest)) {
		name = osv;
		rest = STR("");
	}
	const char *os = product_of(name, &rest, &several);
	for (size_t i = 0; i < COUNT(ecosystems); i++) {
		const struct ecosystem *eco = &ecosystems[i];
		if (!eco->osv || !str_eq(name, str_of(eco->osv)) || (several && (!os || strcmp(os, eco->os) != 0)))
			continue;
		if (eco->rolling)
			return str_of(eco->os);
		bool suse = strcmp(eco->osv, "SUSE") == 0 || strcmp(eco->osv, "openSUSE") == 0;
		release = suse ? suse_release(rest, a) : release_of(rest);
		return release.len ? arena_printf(a, "%s:%.*s", eco->os, STR_ARG(release)) : STR_NONE;
	}
	return STR_NONE;
}

struct str
ecosystem_system(struct str os)
{
	const struct ecosystem *eco = ecosystem_of_os(os);
	return eco && eco->rolling ? str_of(eco->os) : os;
}
