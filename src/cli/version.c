/* mamori version compare: the version orders for scripts. */
#include "cli/cli.h"

#include "version/version.h"

#include <errno.h>

enum { CHUNK = 64 * 1024, LINE_MAX_BYTES = 1024 * 1024 };

struct comparing {
	struct cli *cli;
	const struct version_scheme *scheme;
	struct buf json;
	uint64_t lines, bad, first_bad;
};

static void
comparing_free(struct comparing *c)
{
	buf_free(&c->json);
}

static void
print_order(struct comparing *c, struct str a, struct str b)
{
	int n = c->scheme->compare(a, b);
	const char *order = n < 0 ? "<" : n > 0 ? ">" : "=";
	struct json_writer w = { .out = &c->json };

	if (!c->cli->json) {
		puts(order);
		return;
	}
	json_begin_object(&w);
	json_put_str(&w, "a", a);
	json_put_str(&w, "b", b);
	json_put_cstr(&w, "order", order);
	json_key(&w, "valid");
	json_bool(&w, c->scheme->valid(a) && c->scheme->valid(b));
	json_end_object(&w);
	cli_print_line(&c->json);
}

/* A line that is no pair gives "-", so that answers stay beside their questions. */
static void
compare_line(struct comparing *c, struct str line)
{
	struct json_writer w = { .out = &c->json };
	struct str a, b;

	c->lines++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (str_split(line, '\t', &a, &b) && str_find_char(b, '\t') < 0) {
		print_order(c, a, b);
		return;
	}
	if (c->bad++ == 0)
		c->first_bad = c->lines;
	if (!c->cli->json) {
		puts("-");
		return;
	}
	json_begin_object(&w);
	json_put_cstr(&w, "error", "no pair");
	json_end_object(&w);
	cli_print_line(&c->json);
}

static bool
compare_stdin(struct comparing *c, struct err *e)
{
	BUF_AUTO pending = { 0 };
	struct str rest, line;
	size_t got;

	do {
		got = fread(buf_reserve(&pending, CHUNK), 1, CHUNK, stdin);
		pending.len += got;
		rest = buf_str(&pending);
		while (str_find_char(rest, '\n') >= 0 && str_cut(&rest, '\n', &line))
			compare_line(c, line);
		if (rest.len > LINE_MAX_BYTES)
			return err_set(e, ERR_TOO_LARGE, "standard input: line %llu is longer than %d bytes",
				       (unsigned long long)c->lines + 1, LINE_MAX_BYTES);
		memmove(pending.ptr, rest.ptr, rest.len);
		buf_truncate(&pending, rest.len);
	} while (got > 0);
	if (ferror(stdin))
		return err_sys(e, "standard input cannot be read");
	if (pending.len > 0)
		compare_line(c, buf_str(&pending));
	if (c->bad > 0)
		return err_set(e, ERR_INPUT,
			       "%llu of %llu lines are not two versions separated by a tab; the first is line %llu",
			       (unsigned long long)c->bad, (unsigned long long)c->lines,
			       (unsigned long long)c->first_bad);
	return true;
}

/* An order that is only our convention is said to be one; scripts read "valid" of the JSON. */
static void
tell_invalid(const struct comparing *c, char *const *versions)
{
	for (int i = 0; i < 2 && !c->cli->json; i++) {
		struct str v = str_of(versions[i]);
		if (c->scheme->valid(v))
			continue;
		v = arena_line(c->cli->arena, v, 100);
		fprintf(stderr, "mamori: ");
		fprintf(stderr, tr("“%.*s” is no version by the rules of %s; its place in the order is a convention"),
			STR_ARG(v), c->scheme->name);
		fputc('\n', stderr);
	}
}

static bool
compare(struct cli *c, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(comparing_free))) struct comparing job = { .cli = c };
	bool from_stdin;
	int operands;

	if (!cli_parse(c, &verb_version_compare, NULL, 0, argc, argv, &operands, e))
		return false;
	from_stdin = operands == 2 && strcmp(argv[1], "-") == 0;
	if (operands != 3 && !from_stdin)
		return err_set(
			e, ERR_USAGE,
			"a scheme and two versions are needed, or a scheme and - for pairs on standard input; see: "
			"mamori version compare --help");
	job.scheme = version_scheme_find(str_of(argv[0]));
	if (!job.scheme)
		return err_set(e, ERR_USAGE, "there is no version scheme “%s”; see: mamori version compare --help",
			       argv[0]);
	if (from_stdin)
		return compare_stdin(&job, e);
	print_order(&job, str_of(argv[1]), str_of(argv[2]));
	tell_invalid(&job, argv + 1);
	return true;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };

	if (!compare(c, argc, argv, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_version_compare = {
	.name = "version compare",
	.args = "SCHEME A B | SCHEME -",
	.help = "Compare two versions, or tab-separated pairs on standard input\n"
		"Schemes: deb, rpm, apk, semver, pep440, maven, rubygems, nuget, packagist, windows, generic",
	.examples = "  mamori version compare deb 1.0~rc1-1 1.0-1\n"
		    "  printf '1.0\\t1.0.1\\n' | mamori version compare rpm -\n"
		    "  mamori version compare windows 10.0.19045.4651 10.0.19045.4780",
	.run = run,
};
