/* The program that people start. What reads no more than files (scan, version, cvss, purl, questions about exposure) runs here; everything else
 * is in mamori-main, whose libraries (TLS, HTTP, archives and what these bring along) take longer to load than a scan
 * takes. */
#include "cli/verbs.h"

#include "cli/exposure.h"
#include "cli/scan-out.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

const struct cli_verb *const cli_verbs[] = { &verb_scan,
					     &verb_version_compare,
					     &verb_cvss_score,
					     &verb_purl_parse,
					     &verb_exposure_search,
					     &verb_exposure_count,
					     &verb_exposure_facet,
					     &verb_exposure_show,
					     &verb_exposure_diff,
					     &verb_exposure_snapshots,
					     NULL };

/* Stores elsewhere need HTTP: they are mamori-main's. */
const struct exposure_backend *const exposure_backends[] = { &exposure_backend_files, NULL };

/* So are saved queries, which the server keeps. */
bool
exposure_saved_words(struct cli *c, const char *name, char ***words, int *count, struct err *e)
{
	return err_set(e, ERR_BUG, "saved queries are for mamori-main: “%s”", name);
}

/* And the audit log of a server's folder: is_export() has sent those there already. */
bool
exposure_audit(struct exposure_cli *x, bool report, const char *format, struct str query, uint64_t banners,
	       struct err *e)
{
	return !file_exists(path_join(x->cli->arena, x->cli->data, "mamori.db")) ||
	       err_set(e, ERR_BUG, "exports of a server's folder are for mamori-main: “%s”", format);
}

/* Lists of applications may be spreadsheets: XML inside an archive. */
int
scan_software(struct scan *s)
{
	struct err e = { 0 };

	err_set(&e, ERR_BUG, "lists of applications are for mamori-main: “%s”", s->software);
	return cli_fail(s->cli, &e);
}

/* Records as a file or for another program, out of a folder that may be a server's: noted in its audit log. */
static bool
is_export(int argc, char **argv)
{
	static const char *const forms[] = { "--csv", "--geojson", "--json" };
	ARENA_AUTO a = { 0 };
	const char *data = cli_default_data(&a);
	bool search = false, form = false;

	for (int i = 1; i < argc; i++) {
		search |= strcmp(argv[i], "search") == 0;
		for (size_t k = 0; k < COUNT(forms); k++)
			form |= strcmp(argv[i], forms[k]) == 0;
		if (strncmp(argv[i], "--data=", 7) == 0)
			data = argv[i] + 7;
		else if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
			data = argv[i + 1];
	}
	return search && form && data && file_exists(path_join(&a, data, "mamori.db"));
}

static bool
is_here(int argc, char **argv)
{
	static const char *const elsewhere[] = { "--store", "--saved", "--software" };

	if (is_export(argc, argv))
		return false;
	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < COUNT(elsewhere); k++)
			if (str_starts(str_of(argv[i]), str_of(elsewhere[k])))
				return false;
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
