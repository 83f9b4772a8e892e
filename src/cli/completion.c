/* Shell completion made from the verb table: `source <(mamori completion)`. */
#include "cli/verbs.h"
#include "exposure/field.h"

/* What may stand first behind a verb, read from the line that its help shows: words that begin in small letters
 * ("list | add NAME"), or the fields of exposure data. Anything else is the shell's: names of files. */
static void
operands_add(struct buf *out, struct str args)
{
	bool query = str_starts(args, STR("QUERY"));
	struct str one;

	for (int i = 0; i < FIELDS && (query || str_starts(args, STR("FIELD"))); i++)
		buf_addf(out, " %s%s", field_table[i].name, query ? ":" : "");
	if (str_starts(args, STR("[")))
		args = str_skip(args, 1);
	if (args.len == 0 || args.ptr[0] < 'a' || args.ptr[0] > 'z')
		return;
	while (str_cut(&args, '|', &one)) {
		size_t n = 0;
		one = str_trim(one);
		while (n < one.len && ((one.ptr[n] >= 'a' && one.ptr[n] <= 'z') || one.ptr[n] == '-'))
			n++;
		if (n > 0)
			buf_addf(out, " %.*s", STR_ARG(str_head(one, n)));
	}
}

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
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		BUF_AUTO words = { 0 };
		operands_add(&words, str_of((*v)->args));
		if (words.len > 0)
			printf("\t\t'%s') words+=\"%.*s\" ;;&\n", (*v)->name, STR_ARG(buf_str(&words)));
	}
	fputs("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t[[ $COMPREPLY != *: ]] || compopt -o nospace\n"
	      "\t[[ $words ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _mamori mamori\n",
	      stdout);
	return 0;
}

const struct cli_verb verb_completion = {
	"completion", "", "Print completion for bash", "  source <(mamori completion)", completion_run,
};
