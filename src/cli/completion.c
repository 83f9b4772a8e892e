/* Shell completion made from the verb table: `source <(mamori completion)`. */
#include "cli/verbs.h"

static int
completion_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, &verb_completion, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	fputs("_mamori() {\n\tlocal words=\"\" line=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" "
	      "cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\twords=$(mamori $line --help 2>/dev/null | grep -o -e '^  --[a-z-]*')\n\telse\n\t\tcase \"$line\" "
	      "in\n",
	      stdout);
	fputs("\t\t'') words=\"", stdout);
	struct str last = STR_NONE;
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		struct str first = str_of((*v)->name), rest;
		str_split(str_of((*v)->name), ' ', &first, &rest);
		if (!str_eq(first, last))
			printf("%.*s ", STR_ARG(first));
		last = first;
	}
	fputs("\" ;;\n", stdout);
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		struct str first, rest;
		if (str_split(str_of((*v)->name), ' ', &first, &rest))
			printf("\t\t'%.*s') words+=\" %.*s\" ;;&\n", STR_ARG(first), STR_ARG(rest));
	}
	fputs("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t[[ $words ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _mamori mamori\n",
	      stdout);
	return 0;
}

const struct cli_verb verb_completion = {
	"completion", "", "Print completion for bash", "  source <(mamori completion)", completion_run,
};
