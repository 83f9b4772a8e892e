#include "cli/client.h"

#include "base/codec.h"
#include "os/file.h"

#include <unistd.h>

enum { FILE_MAX = 1 << 20, COLUMNS_MAX = 12 };

struct str
cli_ownership(struct cli *c, struct str ownership)
{
	if (str_eq(ownership, STR("approved")) && lang_current() != LANG_EN)
		return str_of(tr("approved as ours"));
	return ownership.len ? str_of(tr(arena_cstr(c->arena, ownership))) : STR("–");
}

static void
cell(struct cli *c, struct cli_table *t, const struct json *row, const struct cli_column *col)
{
	struct str text = json_get_str(row, col->key);
	switch (col->kind) {
	case CELL_TEXT:
		cli_table_cell(t, cli_or_dash(text));
		break;
	case CELL_TIME:
		cli_table_cell(t, cli_when(c, text));
		break;
	case CELL_NUMBER:
		cli_table_cellf(t, "%lld", (long long)json_get_i64(row, col->key, 0));
		break;
	case CELL_HOST:
		cli_table_cell(t, cli_or_dash(json_get_str(json_get(row, col->key), "name")));
		break;
	case CELL_WORD:
		cli_table_cell(t, text.len ? str_of(tr(arena_cstr(c->arena, text))) : STR("–"));
		break;
	case CELL_OWNERSHIP:
		cli_table_cell(t, cli_ownership(c, text));
		break;
	}
}

int
cli_show_list(struct cli *c, const char *path, const struct cli_column *columns, size_t count, const char *empty)
{
	struct err e = { 0 };
	struct json **items;
	size_t n;
	const char *headers[COLUMNS_MAX];
	if (!cli_api_items(c, path, &items, &n, &e))
		return cli_fail(c, &e);
	for (size_t i = 0; i < count && i < COLUMNS_MAX; i++)
		headers[i] = columns[i].header;
	struct cli_table *t = cli_table_new(c->arena, headers, count);
	for (size_t i = 0; i < n; i++) {
		if (c->json) {
			cli_print_json(items[i]);
			continue;
		}
		for (size_t k = 0; k < count; k++)
			cell(c, t, items[i], &columns[k]);
	}
	if (!c->json && n)
		cli_table_print(t);
	else if (!c->json)
		puts(tr(empty));
	return 0;
}

bool
cli_words(struct cli *c, const struct cli_verb *verb, const struct cli_option *options, size_t count, int argc,
	  char **argv, int least, int most, int *operands, struct err *e)
{
	if (!cli_parse(c, verb, options, count, argc, argv, operands, e))
		return false;
	return (*operands >= least && *operands <= most) ||
	       err_set(e, ERR_USAGE, "usage: mamori %s %s", verb->name, verb->args);
}

int
cli_send(struct cli *c, const char *method, const char *path, struct str body, const char *sentence)
{
	struct err e = { 0 };
	struct json *answer;
	if (!cli_api(c, method, path, body, &answer, &e))
		return cli_fail(c, &e);
	if (c->json && answer)
		cli_print_json(answer);
	else if (!c->json && sentence)
		puts(tr(sentence));
	return 0;
}

int
cli_delete(struct cli *c, const struct cli_verb *verb, int argc, char **argv, const char *route, const char *sentence)
{
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, verb, NULL, 0, argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, route, argv[0], "");
	return cli_send(c, "DELETE", buf_cstr(&path), STR_NONE, sentence);
}

static bool
bytes_read(const char *path, struct buf *out, struct err *e)
{
	ssize_t got;
	if (strcmp(path, "-") != 0)
		return file_read(path, FILE_MAX, out, e);
	while ((got = read(STDIN_FILENO, buf_reserve(out, 65536), 65536)) > 0 && out->len <= FILE_MAX)
		out->len += (size_t)got;
	if (got < 0)
		return err_sys(e, "reading standard input");
	return out->len <= FILE_MAX || err_set(e, ERR_TOO_LARGE, "standard input is larger than %d bytes", FILE_MAX);
}

bool
cli_read_file(struct cli *c, const char *path, struct str *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	if (!bytes_read(path, &text, e))
		return false;
	if (!str_is_utf8(buf_str(&text)))
		return err_set(e, ERR_INPUT, "%s is no UTF-8 text: save it as UTF-8", path);
	*out = arena_str(c->arena, buf_str(&text));
	return true;
}

void
cli_put(struct json_writer *w, const char *key, const char *value)
{
	if (value)
		json_put_cstr(w, key, value);
}

/* What was left out, and why: rows about what nobody knows are a typing error more often than not. */
static void
skipped_say(const struct json *answer)
{
	const struct json *skipped = json_get(answer, "skipped");
	long long unknown = json_get_i64(skipped, "unknown-host", 0), empty = json_get_i64(skipped, "no-answer", 0),
		  bad = json_get_i64(skipped, "malformed", 0);
	size_t count;
	const struct json *names = json_get_array(answer, "unknown", &count);
	if (unknown) {
		fprintf(stderr, tr("%lld rows are about machines that are not here:"), unknown);
		for (size_t i = 0; i < count; i++)
			fprintf(stderr, " %.*s", STR_ARG(names[i].text));
		fputc('\n', stderr);
	}
	if (empty) {
		fprintf(stderr, tr("%lld rows have no answer yet"), empty);
		fputc('\n', stderr);
	}
	if (bad) {
		fprintf(stderr, tr("%lld rows hold an unknown word or update: correct them and give the file again"),
			bad);
		fputc('\n', stderr);
	}
}

bool
cli_put_sheet(struct cli *c, struct json_writer *w, const char *file, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	BUF_AUTO text = { 0 };
	if (!bytes_read(file, &bytes, e))
		return false;
	base64_encode(&text, bytes.ptr, bytes.len);
	json_put_str(w, "file", buf_str(&text));
	return true;
}

int
cli_send_sheet(struct cli *c, const char *method, const char *path, const char *file)
{
	struct err e = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	if (!cli_put_sheet(c, &w, file, &e))
		return cli_fail(c, &e);
	json_end_object(&w);
	return cli_send_rows(c, method, path, buf_str(&body));
}

int
cli_send_rows(struct cli *c, const char *method, const char *path, struct str body)
{
	struct err e = { 0 };
	struct json *answer;
	return cli_api(c, method, path, body, &answer, &e) ? cli_rows_say(c, answer) : cli_fail(c, &e);
}

int
cli_rows_say(struct cli *c, const struct json *answer)
{
	int64_t read = json_get_i64(answer, "read", 0), kept = json_get_i64(answer, "kept", 0);
	int status = read && !kept ? err_exit_status(&(struct err){ .code = ERR_INPUT }) : 0;
	if (c->json) {
		cli_print_json(answer);
		return status;
	}
	printf(tr("%lld rows read, %lld taken over."), (long long)read, (long long)kept);
	putchar('\n');
	skipped_say(answer);
	return status;
}
