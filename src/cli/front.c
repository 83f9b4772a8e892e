/* The program that people start. What reads no more than files (scan, version, cvss, purl) runs here; everything else
 * is in mamori-main, whose libraries (TLS, HTTP, archives and what these bring along) take longer to load than a scan
 * takes. */
#include "cli/verbs.h"

#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

const struct cli_verb *const cli_verbs[] = { &verb_scan, &verb_version_compare, &verb_cvss_score, &verb_purl_parse,
					     NULL };

static bool
is_here(int argc, char **argv)
{
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		struct str rest = str_of((*v)->name), word;
		int i = 1;
		while (str_word(&rest, &word) && i < argc && str_eq(word, str_of(argv[i])))
			i++;
		if (i > 1 && rest.len == 0 && str_eq(word, str_of(argv[i - 1])))
			return true;
	}
	return false;
}

int
main(int argc, char **argv)
{
	static const char *const places[] = { "mamori-main", "../libexec/mamori/mamori-main",
					      "../lib/mamori/mamori-main" };
	ARENA_AUTO a = { 0 };
	const char *dir;
	struct err e = { 0 };
	if (is_here(argc, argv))
		return cli_main(argc, argv);
	if (!path_of_executable(&a, &dir, &e)) {
		fprintf(stderr, "mamori: %s\n", e.text);
		return 70;
	}
	for (size_t i = 0; i < COUNT(places); i++) {
		execv(path_join(&a, dir, places[i]), argv);
		if (errno != ENOENT && errno != ENOTDIR)
			break;
	}
	err_sys(&e, "starting %s", path_join(&a, dir, places[0]));
	fprintf(stderr, "mamori: %s\n", e.text);
	return 4;
}
