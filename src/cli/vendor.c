/* mamori vendor …: what vendors of medical records and devices say about updates. */
#include "cli/client.h"

#include "base/codec.h"
#include "os/file.h"

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "VENDOR", "name", CELL_TEXT },       { "CONTACT", "contact", CELL_TEXT },
		{ "HOSTS", "hosts", CELL_NUMBER },     { "OPEN", "waiting", CELL_NUMBER },
		{ "OVERDUE", "overdue", CELL_NUMBER },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_vendor_list, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/vendors", columns, COUNT(columns), "No vendor is asked about updates.");
}

static int
set_run(struct cli *c, int argc, char **argv)
{
	const char *contact = NULL;
	cli_list groups = { 0 }, hosts = { 0 };
	const struct cli_option options[] = {
		{ "contact", "TEXT", "Whom to ask", &contact, NULL, NULL },
		{ "group", "NAME", "A group that depends on the vendor; may be repeated", NULL, NULL, &groups },
		{ "host", "HOST", "A machine that does; may be repeated", NULL, NULL, &hosts },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_vendor_set, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/vendors/", argv[0], "");
	json_begin_object(&w);
	cli_put(&w, "contact", contact);
	json_key(&w, "groups");
	json_begin_array(&w);
	for (size_t i = 0; i < groups.count; i++)
		json_str(&w, str_of(groups.items[i]));
	json_end_array(&w);
	json_key(&w, "hosts");
	json_begin_array(&w);
	for (size_t i = 0; i < hosts.count; i++) {
		struct str id;
		if (!cli_host_find(c, hosts.items[i], &id, &e))
			return cli_fail(c, &e);
		json_str(&w, id);
	}
	json_end_array(&w);
	json_end_object(&w);
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body), "The vendor is there.");
}

static int
link_run(struct cli *c, int argc, char **argv)
{
	const char *due = NULL;
	const struct cli_option options[] = {
		{ "due", "WHEN", "The deadline for answers (14 days from now)", &due, NULL, NULL },
	};
	struct err e = { 0 };
	struct json *answer;
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_vendor_link, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/vendors/", argv[0], "/links");
	json_begin_object(&w);
	cli_put(&w, "due", due);
	json_end_object(&w);
	if (!cli_api(c, "POST", buf_cstr(&path), buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else
		printf("%.*s\n", STR_ARG(json_get_str(answer, "link")));
	return 0;
}

/* With a byte order mark where it goes into a file: Excel in Japan takes CSV without one for Shift_JIS. */
static void
csv_print(const struct cli *c, struct str csv)
{
	if (!c->tty)
		fputs("\xef\xbb\xbf", stdout);
	fwrite(csv.ptr, 1, csv.len, stdout);
}

static int
xlsx_save(struct cli *c, const char *path, const struct json *answer)
{
	struct err e = { 0 };
	BUF_AUTO bytes = { 0 };
	if (!base64_decode(&bytes, json_get_str(answer, "file")))
		return cli_fail(c, (err_set(&e, ERR_BUG, "the server's spreadsheet is damaged"), &e));
	if (!file_write(path, buf_str(&bytes), 0600, &e))
		return cli_fail(c, &e);
	printf(tr("%s: %lld questions."), path, (long long)json_get_i64(answer, "rows", 0));
	putchar('\n');
	return 0;
}

static int
sheet_run(struct cli *c, int argc, char **argv)
{
	const char *xlsx = NULL;
	const struct cli_option options[] = {
		{ "xlsx", "FILE.xlsx", "Write the questions into this spreadsheet, with the answers to choose from",
		  &xlsx, NULL, NULL },
	};
	struct err e = { 0 };
	struct json *answer;
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_vendor_sheet, options, COUNT(options), argc, argv, 1, 2, &n, &e))
		return cli_fail(c, &e);
	if (n == 2 && xlsx)
		return cli_fail(
			c, (err_set(&e, ERR_USAGE, "--xlsx writes questions and a file gives answers: one at a time"),
			    &e));
	cli_path(&path, "/api/v1/vendors/", argv[0], "/sheet");
	if (n == 2)
		return cli_send_sheet(c, "POST", buf_cstr(&path), argv[1]);
	cli_query(&path, "form", xlsx ? "xlsx" : NULL);
	if (!cli_api(c, "GET", buf_cstr(&path), STR_NONE, &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else if (xlsx)
		return xlsx_save(c, xlsx, answer);
	else
		csv_print(c, json_get_str(answer, "csv"));
	return 0;
}

static int
answers_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "VENDOR", "vendor", CELL_TEXT }, { "UPDATE", "patch", CELL_TEXT },  { "ANSWER", "answer", CELL_WORD },
		{ "DUE", "due", CELL_TIME },       { "HOSTS", "hosts", CELL_NUMBER }, { "NOTE", "note", CELL_TEXT },
	};
	bool overdue = false;
	const struct cli_option options[] = {
		{ "overdue", NULL, "Only those past their deadline", NULL, &overdue, NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_vendor_answers, options, COUNT(options), argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, overdue ? "/api/v1/vendor-answers?overdue=true" : "/api/v1/vendor-answers", columns,
			     COUNT(columns), "Nothing was asked.");
}

const struct cli_verb verb_vendor_list = { "vendor list", "", "List vendors that validate updates", NULL, list_run };
const struct cli_verb verb_vendor_set = {
	"vendor set",
	"NAME",
	"Say which machines depend on a vendor's word",
	"  mamori vendor set 'EMR Inc.' --contact support@example.org --group outpatient",
	set_run,
};
const struct cli_verb verb_vendor_link = {
	"vendor link", "NAME",   "Ask about all open updates: a page that can be answered once, without an account",
	NULL,          link_run,
};
const struct cli_verb verb_vendor_sheet = {
	"vendor sheet",
	"NAME [FILE.xlsx|FILE.csv]",
	"Print the questions as CSV or write a spreadsheet, or take the answers from a file",
	"  mamori vendor sheet 'EMR Inc.' --xlsx questions.xlsx\n  mamori vendor sheet 'EMR Inc.' answers.xlsx\n"
	"  mamori vendor sheet 'EMR Inc.' > questions.csv",
	sheet_run,
};
const struct cli_verb verb_vendor_answers = { "vendor answers", "", "List what vendors said, open questions first",
					      NULL, answers_run };
