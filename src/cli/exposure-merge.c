/* mamori exposure merge: small segments into one, as the server does by itself; and what the verbs tell the server's audit log. */
#include "cli/client.h"
#include "cli/exposure.h"
#include "cli/verbs.h"
#include "os/file.h"

static int
merge_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	unsigned merges = 0;
	bool did = true;
	int operands = 0;

	if (!cli_parse(c, &verb_exposure_merge, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	for (; did; merges += did)
		if (!segments_merge(c->data, &did, &e))
			return cli_fail(c, &e);
	exposure_give(c);
	if (c->json) {
		json_begin_object(&w);
		json_put_i64(&w, "merges", merges);
		json_end_object(&w);
		cli_print_line(&line);
	} else if (merges > 0) {
		printf(tr("Small segments were merged (%u times); searches went on meanwhile.\n"), merges);
	} else {
		printf("%s\n", tr("There is nothing to merge, or the server merges just now."));
	}
	return 0;
}

const struct cli_verb verb_exposure_merge = {
	"exposure merge",
	"",
	"Merge small segments of the exposure index (a running server does it by itself)",
	"mamori exposure merge",
	merge_run,
	false,
};

bool
exposure_audit(struct exposure_cli *x, bool report, const char *format, struct str query, uint64_t banners,
	       struct err *e)
{
	struct cli *c = x->cli;
	struct json *answer;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };

	if (!file_exists(path_join(c->arena, c->data, "mamori.db"))) /* no server's folder */
		return true;
	json_begin_object(&w);
	json_put_bool(&w, "report", report);
	json_put_cstr(&w, "format", format);
	json_put_str(&w, "query", query);
	json_put_i64(&w, "banners", (int64_t)banners);
	json_end_object(&w);
	return cli_api(c, "POST", "/api/v1/exposure/exported", buf_str(&body), &answer, e) ||
	       err_wrap(e, "nothing was written, because it could not be noted in the audit log");
}
