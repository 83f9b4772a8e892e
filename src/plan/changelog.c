/* Debian changelog text (deb-changelog(5)): entries, newest first, each headed "source (version) …; …". */
#include "plan/pkgmgr.h"

#include <ctype.h>

#include "version/version.h"

#define CVES_MAX 50000 /* mentions: three years of a stable kernel are some 10,000 */

struct heading {
	struct str source, version;
};

static bool
heading_of(struct str line, struct heading *out)
{
	struct str after, rest;

	if (line.len == 0 || isspace((unsigned char)line.ptr[0]) || !str_split(line, '(', &out->source, &after) ||
	    !str_split(after, ')', &out->version, &rest))
		return false;
	out->source = str_trim(out->source);
	return str_find_char(rest, ';') >= 0 && out->version.len > 0;
}

/* Signed kernels: "linux-signed-amd64 (6.1.192+2)" is made from "linux (6.1.192-2)", and its changelog goes on with
 * the entries of that. This gives them in the numbering of the first. */
static struct str
heading_version(const struct heading *newest, const struct heading *h, struct arena *a)
{
	ptrdiff_t dash = str_rfind_char(h->version, '-');

	if (dash < 0 || str_eq(newest->source, h->source) || str_find(newest->source, STR("-signed")) < 0)
		return h->version;
	return arena_printf(a, "%.*s+%.*s", STR_ARG(str_head(h->version, (size_t)dash)),
			    STR_ARG(str_skip(h->version, (size_t)dash + 1)));
}

bool
changelog_has(struct str changelog, struct str version)
{
	struct str line;
	struct heading h;

	while (str_line(&changelog, &line)) {
		if (heading_of(line, &h) && str_eq(h.version, version))
			return true;
	}
	return false;
}

/* Length of the id at the start of s, or 0: CVE-YYYY-N…, at least four digits behind. */
static size_t
cve_len(struct str s)
{
	static const size_t year = 4, head = 9;

	if (s.len < head + year || !str_starts(s, STR("CVE-")) || s.ptr[head - 1] != '-')
		return 0;
	for (size_t i = strlen("CVE-"); i < head - 1; i++) {
		if (!isdigit((unsigned char)s.ptr[i]))
			return 0;
	}
	size_t n = head;
	while (n < s.len && n < head + 10 && isdigit((unsigned char)s.ptr[n]))
		n++;
	return n >= head + 4 ? n : 0;
}

static int
str_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted, each once. */
static size_t
sort_once(struct str *items, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(items, count, sizeof(*items), str_order);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || !str_eq(items[kept - 1], items[i]))
			items[kept++] = items[i];
	}
	return kept;
}

bool
changelog_cves(struct str changelog, struct str from, struct str to, struct arena *a, struct str **cves, size_t *count,
	       struct err *e)
{
	ARRAY_OF(struct str) found = { 0 };
	struct str line;
	struct heading newest = { 0 }, h;
	bool wanted = false;

	while (str_line(&changelog, &line)) {
		if (heading_of(line, &h)) {
			if (newest.source.len == 0)
				newest = h;
			struct str version = heading_version(&newest, &h, a);
			wanted = version_deb.compare(version, from) > 0 && version_deb.compare(version, to) <= 0;
		}
		if (!wanted)
			continue;
		for (ptrdiff_t at = str_find(line, STR("CVE-")); at >= 0; at = str_find(line, STR("CVE-"))) {
			line = str_skip(line, (size_t)at);
			size_t n = cve_len(line);
			if (n > 0 && found.count >= CVES_MAX)
				return err_set(e, ERR_TOO_LARGE, "a changelog names more than %d vulnerabilities",
					       CVES_MAX);
			if (n > 0)
				*ARRAY_PUSH(a, &found) = arena_str(a, str_head(line, n));
			line = str_skip(line, n ? n : strlen("CVE-"));
		}
	}
	*count = sort_once(found.items, found.count);
	*cves = found.items;
	return true;
}
