/* mamori: one binary, many verbs. */
#include "base/suggest.h"
#include "cli/verbs.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static void
usage(FILE *out)
{
	BUF_AUTO b = { 0 };
	buf_addf(&b, "%s\n\n", tr("mamori finds what is weak in a hospital's machines, patches it, and proves it."));
	buf_addf(&b, "%s mamori %s\n\n", tr("Usage:"), tr("VERB [OPTION…]"));
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		struct str help = str_of(tr((*v)->help)), first = help, rest;
		str_split(help, '\n', &first, &rest);
		buf_addf(&b, "  %-17s  ", (*v)->name);
		cli_wrap(&b, first, 21, cli_columns());
	}
	buf_addf(&b, "\n%s\n", tr("Each verb explains itself: mamori VERB --help"));
	fwrite(b.ptr, 1, b.len, out);
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

/* Whether the verb's name is "GROUP something". */
static bool
verb_in_group(const struct cli_verb *verb, struct str group)
{
	struct str first, rest;
	return str_split(str_of(verb->name), ' ', &first, &rest) && str_eq(first, group);
}

/* "mamori patch": the verbs that begin so. */
static bool
verb_group_help(const char *word, FILE *out)
{
	bool any = false;
	size_t width = 0;
	for (const struct cli_verb *const *v = cli_verbs; *v; v++)
		if (verb_in_group(*v, str_of(word)) && strlen((*v)->name) > width)
			width = strlen((*v)->name);
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		if (!verb_in_group(*v, str_of(word)))
			continue;
		BUF_AUTO b = { 0 };
		if (!any && out == stderr)
			buf_addf(&b, "mamori: %s\n", tr("which one?"));
		struct str help = str_of(tr((*v)->help)), first = help, rest;
		str_split(help, '\n', &first, &rest);
		buf_addf(&b, "  mamori %-*s  ", (int)width, (*v)->name);
		cli_wrap(&b, first, width + strlen("  mamori   "), cli_columns());
		fwrite(b.ptr, 1, b.len, out);
		any = true;
	}
	return any;
}

static struct str
first_words(struct buf *b, int argc, char **argv, size_t words)
{
	for (int i = 0; i < argc && i < (int)words && argv[i][0] != '-'; i++)
		buf_addf(b, "%s%s", i ? " " : "", argv[i]);
	return buf_str(b);
}

/* The verb, or the first word of several, that is nearest to what was typed; NONE when nothing is near. */
static struct str
verb_nearest(int argc, char **argv)
{
	BUF_AUTO one = { 0 };
	BUF_AUTO two = { 0 };
	struct str typed[] = { first_words(&one, argc, argv, 1), first_words(&two, argc, argv, 2) };
	struct str best = STR_NONE;
	size_t least = SIZE_MAX, distance;
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		struct str name = str_of((*v)->name), group, rest;
		bool of_two = str_split(name, ' ', &group, &rest);
		if (suggest_near(typed[of_two], name, &distance) && distance < least) {
			least = distance;
			best = name;
		}
		if (of_two && one.len == two.len && suggest_near(typed[0], group, &distance) && distance < least) {
			least = distance;
			best = group;
		}
	}
	return best;
}

/* How many words the option takes that every verb knows; 0 when it is none of these. */
static int
leading_words(int argc, char **argv)
{
	static const char *const with_value[] = { "--lang", "--data" };
	struct str name, value;
	if (strcmp(argv[0], "--json") == 0)
		return 1;
	bool joined = str_split(str_of(argv[0]), '=', &name, &value);
	for (size_t i = 0; i < COUNT(with_value); i++) {
		if (joined ? str_eq(name, str_of(with_value[i])) : strcmp(argv[0], with_value[i]) == 0)
			return joined ? 1 : argc > 1 ? 2 : 1;
	}
	return 0;
}

/* No verb begins like that: one line that says so, and what may have been meant. */
static int
verb_unknown(int argc, char **argv)
{
	BUF_AUTO typed = { 0 };
	bool group = false;
	for (const struct cli_verb *const *v = cli_verbs; *v && !group; v++)
		group = verb_in_group(*v, str_of(argv[0]));
	if (group && (argc == 1 || argv[1][0] == '-')) {
		bool asked = false;
		for (int i = 1; i < argc; i++) /* --lang may stand before it */
			asked = asked || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
		verb_group_help(argv[0], asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	struct str near = verb_nearest(argc, argv);
	first_words(&typed, argc, argv, group || str_find_char(near, ' ') >= 0 ? 2 : 1);
	if (leading_words(argc, argv) > 0) { /* options, and no verb behind them */
		usage(stderr);
		return 2;
	}
	fprintf(stderr, "mamori: ");
	if (argv[0][0] == '-')
		fprintf(stderr, tr("there is no option %s; see: mamori help"), argv[0]);
	else if (near.len)
		fprintf(stderr, tr("there is no verb “%s”; did you mean “mamori %.*s”? See: mamori help"),
			buf_cstr(&typed), STR_ARG(near));
	else if (group)
		fprintf(stderr, tr("there is no verb “%s”; see: mamori %s --help"), buf_cstr(&typed), argv[0]);
	else
		fprintf(stderr, tr("there is no verb “%s”; see: mamori help"), buf_cstr(&typed));
	fprintf(stderr, "\n");
	return 2;
}

const char *
cli_default_data(struct arena *a)
{
	if (geteuid() == 0)
		return "/var/lib/mamori";
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (state && *state == '/')
		return arena_printf(a, "%s/mamori", state).ptr;
	return arena_printf(a, "%s/.local/state/mamori", home && *home ? home : ".").ptr;
}

/* The language that one option, or an option and its value, asks for; NULL: it is another option. */
static const char *
language_of(int argc, char **argv)
{
	if (argc < 1 || !argv[0])
		return NULL;
	if (strncmp(argv[0], "--lang=", 7) == 0)
		return argv[0] + 7;
	return argc > 1 && strcmp(argv[0], "--lang") == 0 ? argv[1] : NULL;
}

/* Help is printed as soon as it is asked for; the language may stand behind that. */
static void
help_language(int argc, char **argv)
{
	bool asked = false;
	struct err ignored = { 0 };
	for (int i = 0; i < argc; i++)
		asked = asked || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
	for (int i = 0; asked && i < argc; i++) {
		const char *lang = language_of(argc - i, argv + i);
		if (lang && !cli_set_lang(lang, &ignored))
			return;
	}
}

/* The options of every verb may stand before it, too: they are moved behind it, where its parser reads them. The
 * language counts at once, because what is said about a wrong verb is said in it. */
static bool
leading_options(int argc, char **argv, struct arena *a)
{
	int count = 0, words;
	struct err e = { 0 };
	while (count < argc && (words = leading_words(argc - count, argv + count)) > 0) {
		const char *lang = language_of(words, argv + count);
		if (lang && !cli_set_lang(lang, &e)) {
			fprintf(stderr, "mamori: %s\n", e.text);
			return false;
		}
		count += words;
	}
	if (count == 0 || count == argc)
		return true;
	/* A verb has two words at most. */
	int verb = argc - count > 1 && argv[count + 1][0] != '-' ? 2 : 1;
	char **moved = ARENA_ARRAY(a, char *, (size_t)count);
	memcpy(moved, argv, (size_t)count * sizeof(*argv));
	memmove(argv, argv + count, (size_t)verb * sizeof(*argv));
	memcpy(argv + verb, moved, (size_t)count * sizeof(*argv));
	return true;
}

/* What was printed has arrived, or this says why not. A reader that had enough (| head) is no failure. */
static int
output_end(int status)
{
	errno = 0;
	bool failed = fflush(stdout) != 0 || ferror(stdout);
	if (!failed || errno == EPIPE || errno == 0)
		return status;
	struct err e = { 0 };
	err_sys(&e, "writing the output");
	fprintf(stderr, "mamori: %s\n", e.text);
	return status ? status : err_exit_status(&e);
}

int
cli_main(int argc, char **argv)
{
	ARENA_AUTO arena = { 0 };
	char asked[] = "--help";
	struct cli c = { .clock = &clock_system, .arena = &arena, .tty = isatty(STDOUT_FILENO) };
	signal(SIGPIPE, SIG_IGN);
	lang_set_process(lang_from_environment());
	c.data = cli_default_data(&arena);
	argc--, argv++;
	if (!leading_options(argc, argv, &arena))
		return 2;
	help_language(argc, argv);
	if (argc == 0 || (argc == 1 && strcmp(argv[0], "help") == 0) || strcmp(argv[0], "--help") == 0 ||
	    strcmp(argv[0], "-h") == 0) {
		usage(argc ? stdout : stderr);
		return argc ? 0 : 2;
	}
	if (strcmp(argv[0], "--version") == 0 || (strcmp(argv[0], "version") == 0 && argc == 1)) {
		puts("mamori " MAMORI_VERSION);
		return 0;
	}
	if (argc > 1 && strcmp(argv[0], "help") == 0) { /* "help scan" is "scan --help" */
		memmove(argv, argv + 1, (size_t)(argc - 1) * sizeof(*argv));
		argv[argc - 1] = asked;
	}
	int used = 0;
	const struct cli_verb *verb = verb_find(argc, argv, &used);
	if (!verb)
		return verb_unknown(argc, argv);
	int status = verb->run(&c, argc - used, argv + used);
	return output_end(status);
}
