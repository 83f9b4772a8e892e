/* mamori cvss score: scores for scripts. */
#include "cli/verbs.h"
#include "vuln/cvss.h"

enum { VECTOR_MAX = 1024 }; /* the longest valid one has under 300 bytes */

struct scoring {
	struct cli *cli;
	struct buf json;
};

static void
scoring_free(struct scoring *s)
{
	buf_free(&s->json);
}

/* A line that is no vector gives "-", so that answers stay beside their questions. */
static bool
print_score(struct scoring *s, struct str vector)
{
	struct json_writer w = { .out = &s->json };
	struct cvss c;
	bool valid = cvss_read(vector, &c);

	if (!s->cli->json) {
		if (valid)
			printf("%.1f\n", c.score);
		else
			puts("-");
		return valid;
	}
	json_begin_object(&w);
	json_put_str(&w, "vector", vector);
	if (valid) {
		json_put_cstr(&w, "version", cvss_version_name(c.version));
		json_key(&w, "score");
		json_double(&w, c.score, 1);
		json_put_cstr(&w, "severity", cvss_rating_name(c.rating));
	} else {
		json_put_cstr(&w, "error", "no valid vector");
	}
	json_end_object(&w);
	cli_print_line(&s->json);
	return valid;
}

static void
score_line(void *user, struct str line, bool cut)
{
	(void)print_score(user, line); /* a line that was cut is longer than any vector */
}

static bool
score(struct cli *c, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(scoring_free))) struct scoring s = { .cli = c };
	struct cvss known;
	int operands;

	if (!cli_parse(c, &verb_cvss_score, NULL, 0, argc, argv, &operands, e))
		return false;
	if (operands != 1)
		return err_set(
			e, ERR_USAGE,
			"one vector is needed, or - for vectors on standard input; see: mamori cvss score --help");
	if (strcmp(argv[0], "-") == 0)
		return cli_each_line(VECTOR_MAX, score_line, &s, e);
	if (!cvss_read(str_of(argv[0]), &known))
		return err_set(e, ERR_INPUT, "“%s” is no valid vector of CVSS 2.0, 3.0, 3.1 or 4.0", argv[0]);
	(void)print_score(&s, str_of(argv[0]));
	return true;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };

	if (!score(c, argc, argv, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_cvss_score = {
	.name = "cvss score",
	.args = "VECTOR | -",
	.help = "Score a CVSS vector (2.0, 3.0, 3.1, 4.0), or one a line on standard input",
	.examples = "  mamori cvss score CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n"
		    "  cut -f2 vectors.tsv | mamori cvss score -",
	.run = run,
};
