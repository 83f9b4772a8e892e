/* How Microsoft's table names a system. Names are facts of that table, as of 2026-06; a new version of Windows is a
 * new row here. */
#include "vuln/windows.h"

#include "vuln/change.h"
#include "vuln/index.h"

/* %a: "32-bit", "x64-based" …; %s: " Service Pack 1" or nothing; %e: " x64 Edition" or nothing. */
struct product {
	uint32_t major, minor, build; /* build 0: any */
	bool server;
	/* Of the end-of-life feed's "windows" or "windows-server", without the edition; NULL: none. Of systems with service
	 * packs the last one's. */
	const char *cycle;
	const char *names[3];
};

static const struct product products[] = {
	{ 10, 0, 10240, false, "10-1507", { "Windows 10 for %a Systems", "Windows 10 Version 1507 for %a Systems" } },
	{ 10, 0, 10586, false, "10-1511", { "Windows 10 Version 1511 for %a Systems" } },
	{ 10, 0, 14393, false, "10-1607", { "Windows 10 Version 1607 for %a Systems" } },
	{ 10, 0, 15063, false, "10-1703", { "Windows 10 Version 1703 for %a Systems" } },
	{ 10, 0, 16299, false, "10-1709", { "Windows 10 Version 1709 for %a Systems" } },
	{ 10, 0, 17134, false, "10-1803", { "Windows 10 Version 1803 for %a Systems" } },
	{ 10, 0, 17763, false, "10-1809", { "Windows 10 Version 1809 for %a Systems" } },
	{ 10, 0, 18362, false, "10-1903", { "Windows 10 Version 1903 for %a Systems" } },
	{ 10, 0, 18363, false, "10-1909", { "Windows 10 Version 1909 for %a Systems" } },
	{ 10, 0, 19041, false, "10-2004", { "Windows 10 Version 2004 for %a Systems" } },
	{ 10, 0, 19042, false, "10-20h2", { "Windows 10 Version 20H2 for %a Systems" } },
	{ 10, 0, 19043, false, "10-21h1", { "Windows 10 Version 21H1 for %a Systems" } },
	{ 10, 0, 19044, false, "10-21h2", { "Windows 10 Version 21H2 for %a Systems" } },
	{ 10, 0, 19045, false, "10-22h2", { "Windows 10 Version 22H2 for %a Systems" } },
	{ 10, 0, 22000, false, "11-21h2", { "Windows 11 version 21H2 for %a Systems", "Windows 11 for %a Systems" } },
	{ 10, 0, 22621, false, "11-22h2", { "Windows 11 Version 22H2 for %a Systems" } },
	{ 10, 0, 22631, false, "11-23h2", { "Windows 11 Version 23H2 for %a Systems" } },
	{ 10, 0, 26100, false, "11-24h2", { "Windows 11 Version 24H2 for %a Systems" } },
	{ 10, 0, 26200, false, "11-25h2", { "Windows 11 Version 25H2 for %a Systems" } },
	{ 10, 0, 28000, false, "11-26h1", { "Windows 11 version 26H1 for %a Systems" } },
	{ 10, 0, 14393, true, "2016", { "Windows Server 2016" } },
	{ 10, 0, 16299, true, "1709-sac", { "Windows Server, version 1709" } },
	{ 10, 0, 17134, true, "1803-sac", { "Windows Server, version 1803" } },
	{ 10, 0, 17763, true, "2019", { "Windows Server 2019" } },
	{ 10, 0, 18362, true, "1903-sac", { "Windows Server, version 1903" } },
	{ 10, 0, 18363, true, "1909-sac", { "Windows Server, version 1909" } },
	{ 10, 0, 19041, true, "2004-sac", { "Windows Server, version 2004" } },
	{ 10, 0, 19042, true, "20h2-sac", { "Windows Server, version 20H2" } },
	{ 10, 0, 20348, true, "2022", { "Windows Server 2022" } },
	{ 10, 0, 25398, true, "23h2-ac", { "Windows Server 2022, 23H2 Edition" } },
	{ 10, 0, 26100, true, "2025", { "Windows Server 2025" } },
	{ 6, 3, 0, false, "8.1", { "Windows 8.1 for %a Systems" } },
	{ 6, 3, 0, true, "2012-r2", { "Windows Server 2012 R2" } },
	{ 6, 2, 0, false, "8", { "Windows 8 for %a Systems" } },
	{ 6, 2, 0, true, "2012", { "Windows Server 2012" } },
	{ 6, 1, 0, false, "7-sp1", { "Windows 7 for %a Systems%s" } },
	{ 6, 1, 0, true, "2008-r2-sp1", { "Windows Server 2008 R2 for %a Systems%s" } },
	{ 6, 0, 0, false, "6-sp2", { "Windows Vista%e%s" } },
	/* It began with what Vista calls Service Pack 1. */
	{ 6,
	  0,
	  6001,
	  true,
	  "2008-sp2",
	  { "Windows Server 2008 for %a Systems", "Windows Server 2008 for %a Systems%s" } },
	{ 6, 0, 0, true, "2008-sp2", { "Windows Server 2008 for %a Systems%s" } },
	{ 5, 2, 0, false, "5-sp3", { "Microsoft Windows XP Professional%e%s" } },
	{ 5, 2, 0, true, "2003-sp2", { "Microsoft Windows Server 2003%e%s", "Windows Server 2003 R2%e%s" } },
	{ 5, 1, 0, false, "5-sp3", { "Microsoft Windows XP%s" } },
	{ 5, 0, 0, false, NULL, { "Microsoft Windows 2000%s" } },
};

static const char *
arch_name(enum windows_arch a)
{
	switch (a) {
	case WINDOWS_X86:
		return "32-bit";
	case WINDOWS_X64:
		return "x64-based";
	case WINDOWS_ARM64:
		return "ARM64-based";
	case WINDOWS_ITANIUM:
		return "Itanium-based";
	case WINDOWS_ARCH_UNKNOWN:
		break;
	}
	return "";
}

static void
fill(const struct windows_host *h, const char *form, struct buf *out)
{
	for (; *form; form++) {
		if (*form != '%') {
			buf_add_char(out, *form);
			continue;
		}
		form++;
		if (*form == 'a')
			buf_add(out, str_of(arch_name(h->arch)));
		else if (*form == 's' && h->service_pack)
			buf_addf(out, " Service Pack %u", h->service_pack);
		else if (*form == 'e' && h->arch == WINDOWS_X64)
			buf_add(out, STR(" x64 Edition"));
		else if (*form == 'e' && h->arch == WINDOWS_ITANIUM)
			buf_add(out, STR(" for Itanium-based Systems"));
	}
	/* Versions without a desktop exist from 2008 on; those with a half-yearly name have nothing else. */
	bool only_core = h->major == 10 && str_contains(buf_str(out), STR("ersion")) && h->server;
	bool edition = str_contains(buf_str(out), STR("23H2 Edition"));
	if (h->server && h->major >= 6 && (h->server_core || only_core || edition))
		buf_add(out, STR(" (Server Core installation)"));
}

static bool
is_product(const struct product *p, const struct windows_host *h)
{
	return p->major == h->major && p->minor == h->minor && p->server == h->server &&
	       (!p->build || p->build == h->build);
}

void
windows_products(const struct windows_host *h, struct arena *a, const char *names[WINDOWS_PRODUCTS_MAX + 1])
{
	size_t n = 0;
	names[0] = NULL;
	for (size_t i = 0; i < COUNT(products) && n == 0; i++) {
		const struct product *p = &products[i];
		if (!is_product(p, h))
			continue;
		for (size_t k = 0; k < COUNT(p->names) && p->names[k] && n < WINDOWS_PRODUCTS_MAX; k++) {
			/* A name that says the architecture needs one. */
			bool needs_arch = strchr(p->names[k], '%') && h->major >= 6;
			if (needs_arch && h->arch == WINDOWS_ARCH_UNKNOWN)
				continue;
			BUF_AUTO name = { 0 };
			fill(h, p->names[k], &name);
			names[n++] = arena_cstr(a, buf_str(&name));
		}
	}
	names[n] = NULL;
}

/* ---- end of support ---- */

static bool
named(const struct windows_host *h, const char *word)
{
	return str_contains(h->name, str_of(word));
}

/* What the feed's cycles of Windows 10 and 11 end in, best first. Home and Pro are supported for less time than Enterprise
 * and Education; of an edition that is not known the later date counts. */
static void
edition_suffixes(const struct windows_host *h, const char *out[4])
{
	size_t n = 0;
	if (named(h, "LTSC") || named(h, "LTSB")) {
		if (named(h, "IoT"))
			out[n++] = "-iot-lts";
		out[n++] = "-e-lts";
	}
	out[n++] = named(h, "Pro") || named(h, "Home") ? "-w" : "-e";
	out[n] = "";
}

void
windows_end_of_life(const struct vuln_index *ix, const struct windows_host *h, int64_t now, struct arena *a,
		    struct end_of_life *out)
{
	const char *cycle = NULL, *suffixes[4] = { "", "", "", "" };
	*out = (struct end_of_life){ 0 };
	for (size_t i = 0; i < COUNT(products) && !cycle; i++)
		if (is_product(&products[i], h))
			cycle = products[i].cycle;
	if (h->major == 10 && !h->server)
		edition_suffixes(h, suffixes);
	for (size_t i = 0; cycle && i < COUNT(suffixes) && !out->known; i++) {
		const struct index_cycle *c = index_find_cycle(ix, h->server ? STR("windows-server") : STR("windows"),
							       arena_printf(a, "%s%s", cycle, suffixes[i]));
		if (c)
			index_cycle_support(ix, c, false, now, out);
	}
}
