/* Options as data: one parser for every verb, and the help that is made from the same rows. */
#include "cli/cli.h"
#include "base/suggest.h"
#include "cli/verbs.h"

static const struct cli_option global_options[] = {
	{ "data", "DIR", "State folder (default: /var/lib/mamori as root, else ~/.local/state/mamori)", NULL, NULL },
	{ "json", NULL, "Machine output: one document, or one JSON object a line", NULL, NULL },
	{ "lang", "ja|en", "Language of messages (default: from LANG)", NULL, NULL },
	{ "help", NULL, "This help", NULL, NULL },
};

static void
help_options(struct buf *out, const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct cli_option *o = &options[i];
		BUF_AUTO left = { 0 };
		buf_addf(&left, "  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
		while (left.len < 26)
			buf_add_char(&left, ' ');
		buf_addf(out, "%s ", buf_cstr(&left));
		cli_wrap(out, str_of(tr(o->help)), left.len + 1, cli_columns());
	}
}

static void
verb_help(const struct cli_verb *verb, const struct cli_option *options, size_t count)
{
	BUF_AUTO out = { 0 };
	buf_addf(&out, "mamori %s: ", verb->name);
	struct str help = str_of(tr(verb->help)), first = help, rest = STR_NONE;
	str_split(help, '\n', &first, &rest);
	cli_wrap(&out, first, strlen(verb->name) + 9, cli_columns());
	if (rest.len)
		cli_wrap(&out, rest, 0, cli_columns());
	buf_add_char(&out, '\n');
	BUF_AUTO usage = { 0 };
	struct str word = str_of(tr("Usage:"));
	buf_addf(&usage, "mamori %s%s%s%s", verb->name, count ? tr(" [OPTION…]") : "", *verb->args ? " " : "",
		 verb->args);
	buf_add(&out, word);
	buf_add_char(&out, ' ');
	cli_wrap(&out, buf_str(&usage), cli_width(word) + 1, cli_columns());
	buf_add_char(&out, '\n');
	help_options(&out, options, count);
	help_options(&out, global_options, COUNT(global_options));
	if (verb->examples)
		buf_addf(&out, "\n%s\n%s\n", tr("Examples:"), verb->examples);
	fwrite(out.ptr, 1, out.len, stdout);
}

/* "--jsn" is no option of this verb: which one is near? */
static bool
option_unknown(const struct cli_verb *verb, const struct cli_option *options, size_t count, struct str name,
	       struct err *e)
{
	const char *best = NULL;
	size_t least = SIZE_MAX, distance;
	for (size_t i = 0; i < count + COUNT(global_options); i++) {
		const char *known = i < count ? options[i].name : global_options[i - count].name;
		if (suggest_near(name, str_of(known), &distance) && distance < least) {
			least = distance;
			best = known;
		}
	}
	if (best)
		return err_set(e, ERR_USAGE, "there is no option --%.*s; did you mean --%s? See: mamori %s --help",
			       STR_ARG(name), best, verb->name);
	return err_set(e, ERR_USAGE, "there is no option --%.*s; see: mamori %s --help", STR_ARG(name), verb->name);
}

static const struct cli_option *
option_find(const struct cli_option *options, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(name, str_of(options[i].name)))
			return &options[i];
	}
	return NULL;
}

bool
cli_set_lang(const char *text, struct err *e)
{
	if (strcmp(text, "ja") == 0) // NOLINT(clang-analyzer-core.NonNullParamChecker): its row takes a value
		lang_set_process(LANG_JA);
	else if (strcmp(text, "en") == 0)
		lang_set_process(LANG_EN);
	else
		return err_set(e, ERR_USAGE, "--lang takes ja or en, not “%s”", text);
	return true;
}

/* The options that every verb knows. */
static bool
global_apply(struct cli *c, const struct cli_verb *verb, const struct cli_option *own, size_t own_count,
	     const struct cli_option *o, const char *value, struct err *e)
{
	if (strcmp(o->name, "json") == 0) {
		c->json = true;
	} else if (strcmp(o->name, "data") == 0) {
		c->data = value;
	} else if (strcmp(o->name, "lang") == 0) {
		return cli_set_lang(value, e);
	} else {
		verb_help(verb, own, own_count);
		err_clear(e); /* nothing failed; cli_fail() gives 0 */
		return false;
	}
	return true;
}

struct parse {
	struct cli *c;
	const struct cli_verb *verb;
	const struct cli_option *options;
	size_t count;
	int argc;
	char **argv;
	int next;
};

static bool
parse_option(struct parse *p, struct err *e)
{
	struct str name, value = STR_NONE;
	struct str whole = str_skip(str_of(p->argv[p->next++]), 2);
	bool has_value = str_split(whole, '=', &name, &value);
	if (!has_value)
		name = whole;
	const struct cli_option *o = option_find(p->options, p->count, name);
	bool global = !o;
	if (global)
		o = option_find(global_options, COUNT(global_options), name);
	if (!o)
		return option_unknown(p->verb, p->options, p->count, name, e);
	const char *text = has_value ? value.ptr : NULL;
	if (o->arg && !text) {
		if (p->next >= p->argc)
			return err_set(e, ERR_USAGE, "--%s needs a value (%s); see: mamori %s --help", o->name, o->arg,
				       p->verb->name);
		text = p->argv[p->next++];
	}
	if (!o->arg && has_value)
		return err_set(e, ERR_USAGE, "--%s takes no value; see: mamori %s --help", o->name, p->verb->name);
	if (global)
		return global_apply(p->c, p->verb, p->options, p->count, o, text, e);
	if (o->flag)
		*o->flag = true;
	if (o->value)
		*o->value = text;
	if (o->list)
		*ARRAY_PUSH(p->c->arena, o->list) = text;
	return true;
}

/* "-country:JP" is a term of a query; no option has one dash and a colon. */
static bool
is_negated_filter(const char *arg)
{
	return ((arg[1] >= 'a' && arg[1] <= 'z') || (arg[1] >= 'A' && arg[1] <= 'Z')) && strchr(arg, ':') != NULL;
}

bool
cli_parse(struct cli *c, const struct cli_verb *verb, const struct cli_option *options, size_t count, int argc,
	  char **argv, int *operands, struct err *e)
{
	struct parse p = { c, verb, options, count, argc, argv, 0 };
	int kept = 0;
	bool only_operands = false;
	while (p.next < argc) {
		char *arg = argv[p.next];
		if (!only_operands && strcmp(arg, "--") == 0) {
			only_operands = true;
			p.next++;
		} else if (!only_operands && strcmp(arg, "-h") == 0) {
			argv[p.next] = (char[]){ "--help" };
			return parse_option(&p, e);
		} else if (!only_operands && arg[0] == '-' && arg[1] == '-') {
			if (!parse_option(&p, e))
				return false;
		} else if (!only_operands && arg[0] == '-' && arg[1] && !is_negated_filter(arg)) {
			return err_set(e, ERR_USAGE, "there is no option %s; see: mamori %s --help", arg, verb->name);
		} else {
			argv[kept++] = arg;
			p.next++;
		}
	}
	*operands = kept;
	if (kept > 0 && !*verb->args && !verb->own_surplus)
		return err_set(e, ERR_USAGE, "mamori %s takes no “%s”; see: mamori %s --help", verb->name, argv[0],
			       verb->name);
	return true;
}
