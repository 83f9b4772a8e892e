/* Verbs that ask the server and show a list or one sentence: columns as data. */
#ifndef MAMORI_CLI_CLIENT_H
#define MAMORI_CLI_CLIENT_H

#include "cli/verbs.h"

enum cli_cell { CELL_TEXT, CELL_TIME, CELL_NUMBER, CELL_HOST, CELL_WORD, CELL_OWNERSHIP };
struct cli_column {
	const char *header, *key;
	enum cli_cell kind; /* CELL_HOST: the name inside {"id","name"}; CELL_WORD: translated */
};

/* What an asset is taken for, as people read it: an update that is approved has another word than an asset that is. */
struct str cli_ownership(struct cli *c, struct str ownership);

/* Every item of a list route as a table, or as JSON Lines; `empty` where there are none. The exit status. */
int cli_show_list(struct cli *c, const char *path, const struct cli_column *columns, size_t count, const char *empty);
/* Parses and wants so many operands; ERR_USAGE names the verb's own words otherwise. */
bool cli_words(struct cli *c, const struct cli_verb *verb, const struct cli_option *options, size_t count, int argc,
	       char **argv, int least, int most, int *operands, struct err *e) MUST_CHECK;
/* Sends; with --json prints the answer, else the sentence (not NULL). The exit status. */
int cli_send(struct cli *c, const char *method, const char *path, struct str body, const char *sentence);
/* A whole verb: its one operand names what is deleted below route ("/api/v1/groups/"). */
int cli_delete(struct cli *c, const struct cli_verb *verb, int argc, char **argv, const char *route,
	       const char *sentence);
/* A file, or standard input for "-"; at most 1 MiB. */
bool cli_read_file(struct cli *c, const char *path, struct str *out, struct err *e) MUST_CHECK;
/* Puts "key" only when value is given. */
void cli_put(struct json_writer *w, const char *key, const char *value);
/* A spreadsheet's bytes as they are, in base64, which the server reads whatever they are: .xlsx, or CSV in UTF-8, UTF-16 or
 * Shift_JIS. Puts "file". */
bool cli_put_sheet(struct cli *c, struct json_writer *w, const char *file, struct err *e) MUST_CHECK;
/* {"file": …} to a route that takes rows, and what the server counted. */
int cli_send_sheet(struct cli *c, const char *method, const char *path, const char *file);
/* The same of a body that is there already; and what the answer to such a route says. */
int cli_send_rows(struct cli *c, const char *method, const char *path, struct str body);
int cli_rows_say(struct cli *c, const struct json *answer);

#endif
