/* mamori purl parse: package URLs for scripts. */
#include "cli/verbs.h"
#include "vuln/purl.h"

static void
put_part(struct json_writer *w, const char *key, struct str part)
{
	json_key(w, key);
	json_str_or_null(w, part.len > 0 ? part : STR_NONE);
}

static void
print_parts(const struct purl *p)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };

	json_begin_object(&w);
	json_put_str(&w, "type", p->type);
	put_part(&w, "namespace", p->namespace);
	json_put_str(&w, "name", p->name);
	put_part(&w, "version", p->version);
	json_key(&w, "qualifiers");
	if (p->qualifiers.count == 0) {
		json_null(&w);
	} else {
		json_begin_object(&w);
		for (size_t i = 0; i < p->qualifiers.count; i++) {
			json_key_str(&w, p->qualifiers.items[i].key);
			json_str(&w, p->qualifiers.items[i].value);
		}
		json_end_object(&w);
	}
	put_part(&w, "subpath", p->subpath);
	json_end_object(&w);
	cli_print_line(&line);
}

static void
parse_line(void *user, struct str line, bool cut)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct purl p;
	struct err e = { 0 };

	if (purl_parse(line, PURL_STRICT, &a, &p, &e)) { /* a line that was cut is longer than any */
		print_parts(&p);
		return;
	}
	json_begin_object(&w);
	json_put_cstr(&w, "error", e.text);
	json_end_object(&w);
	cli_print_line(&out);
}

static bool
parse(struct cli *c, int argc, char **argv, struct err *e)
{
	struct purl p;
	int operands;

	if (!cli_parse(c, &verb_purl_parse, NULL, 0, argc, argv, &operands, e))
		return false;
	if (operands != 1)
		return err_set(
			e, ERR_USAGE,
			"one package URL is needed, or - for package URLs on standard input; see: mamori purl parse "
			"--help");
	if (strcmp(argv[0], "-") == 0) {
		lang_set_process(LANG_EN); /* these errors are machine output, which has no language */
		return cli_each_line(PURL_MAX, parse_line, NULL, e);
	}
	if (!purl_parse(str_of(argv[0]), PURL_STRICT, c->arena, &p, e))
		return err_wrap(e, "“%s” cannot be read", argv[0]);
	print_parts(&p);
	return true;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };

	if (!parse(c, argc, argv, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_purl_parse = {
	.name = "purl parse",
	.args = "PURL | -",
	.help = "Take a package URL apart, or one a line on standard input (JSON Lines)",
	.examples = "  mamori purl parse pkg:deb/debian/curl@7.88.1-10?arch=amd64\n"
		    "  jq -r '.components[].purl' sbom.json | mamori purl parse -",
	.run = run,
};
