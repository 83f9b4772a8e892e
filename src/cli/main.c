/* mamori: one binary, many verbs. */
#include "cli/verbs.h"

#include <signal.h>
#include <unistd.h>

static void
usage(FILE *out)
{
	fprintf(out, "%s\n\n", tr("mamori finds what is weak in a hospital's machines, patches it, and proves it."));
	fprintf(out, "%s mamori %s\n\n", tr("Usage:"), tr("VERB [OPTION…]"));
	for (const struct cli_verb *const *v = cli_verbs; *v; v++)
		fprintf(out, "  %-18s %s\n", (*v)->name, tr((*v)->help));
	fprintf(out, "\n%s\n", tr("Each verb explains itself: mamori VERB --help"));
}

/* The longest name that argv starts with; *used counts its words. */
static const struct cli_verb *
verb_find(int argc, char **argv, int *used)
{
	for (int words = argc < 2 ? argc : 2; words > 0; words--) {
		BUF_AUTO name = { 0 };
		for (int i = 0; i < words; i++)
			buf_addf(&name, "%s%s", i ? " " : "", argv[i]);
		for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
			if (str_eq(buf_str(&name), str_of((*v)->name))) {
				*used = words;
				return *v;
			}
		}
	}
	return NULL;
}

/* "mamori patch": the verbs that begin so. */
static bool
verb_group_help(const char *word)
{
	bool any = false;
	struct str prefix = str_of(word);
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		struct str name = str_of((*v)->name);
		if (name.len > prefix.len && str_starts(name, prefix) && name.ptr[prefix.len] == ' ') {
			if (!any)
				fprintf(stderr, "mamori: %s\n", tr("which one?"));
			fprintf(stderr, "  mamori %-18s %s\n", (*v)->name, tr((*v)->help));
			any = true;
		}
	}
	return any;
}

static const char *
default_data(struct arena *a)
{
	if (geteuid() == 0)
		return "/var/lib/mamori";
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (state && *state == '/')
		return arena_printf(a, "%s/mamori", state).ptr;
	return arena_printf(a, "%s/.local/state/mamori", home && *home ? home : ".").ptr;
}

/* --lang may stand before the verb, too. */
static bool
leading_options(int *argc, char ***argv)
{
	while (*argc >= 2 && strcmp((*argv)[0], "--lang") == 0) {
		struct err e = { 0 };
		if (!cli_set_lang((*argv)[1], &e)) {
			fprintf(stderr, "mamori: %s\n", e.text);
			return false;
		}
		*argc -= 2;
		*argv += 2;
	}
	return true;
}

int
main(int argc, char **argv)
{
	ARENA_AUTO arena = { 0 };
	struct cli c = { .clock = &clock_system, .arena = &arena, .tty = isatty(STDOUT_FILENO) };
	signal(SIGPIPE, SIG_IGN);
	lang_set_process(lang_from_environment());
	c.data = default_data(&arena);
	argc--, argv++;
	if (!leading_options(&argc, &argv))
		return 2;
	if (argc == 0 || strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		usage(argc ? stdout : stderr);
		return argc ? 0 : 2;
	}
	if (strcmp(argv[0], "--version") == 0 || (strcmp(argv[0], "version") == 0 && argc == 1)) {
		puts("mamori " MAMORI_VERSION);
		return 0;
	}
	int used = 0;
	const struct cli_verb *verb = verb_find(argc, argv, &used);
	if (!verb) {
		if (!verb_group_help(argv[0])) {
			fprintf(stderr, "mamori: ");
			fprintf(stderr, tr("there is no verb “%s”; see: mamori help"), argv[0]);
			fprintf(stderr, "\n");
		}
		return 2;
	}
	int status = verb->run(&c, argc - used, argv + used);
	if (fflush(stdout) != 0 && status == 0)
		return 4;
	return status;
}
