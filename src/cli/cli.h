/* The command line: one row per verb in one table (main.c), options declared as data so that help, completion
 * and errors come from the same place. */
#ifndef MAMORI_CLI_CLI_H
#define MAMORI_CLI_CLI_H

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "base/tr.h"

/* What every verb gets. */
struct cli {
	const char *data; /* --data, or the default state folder */
	bool json; /* --json */
	bool tty; /* standard output is a terminal */
	const struct clock *clock;
	struct arena *arena; /* freed when the command ends */
};

/* The values of a repeated option, in order. */
typedef ARRAY_OF(const char *) cli_list;

/* An option of one verb. Parsed values land in what `value` points at. */
struct cli_option {
	const char *name; /* "fail-on", without the dashes */
	const char *arg; /* "LEVEL", or NULL for a switch */
	const char *help; /* English key of the catalogue */
	const char **value; /* the text given, unchanged; for a repeated option the last */
	bool *flag; /* for a switch */
	cli_list *list; /* for an option that may be repeated */
};

struct cli_verb {
	const char *name; /* "scan", "feed import" */
	const char *args; /* "PATH…", "" when none */
	const char *help; /* one line; further lines are shown by the verb's own --help only */
	const char *examples; /* lines "mamori scan --fail-on kev", may be NULL */
	int (*run)(struct cli *c, int argc, char **argv);
	bool own_surplus; /* says itself what to do about words that it does not take */
};

/* Parses argv (behind the verb) against options; operands are moved to the front, *operands counts them.
 * --json --data --lang --help are known everywhere. False: e is set (ERR_USAGE) and names the option. */
bool cli_parse(struct cli *c, const struct cli_verb *verb, const struct cli_option *options, size_t count, int argc,
	       char **argv, int *operands, struct err *e) MUST_CHECK;

/* One line on stderr: "mamori scan: …"; gives the exit status that belongs to it. */
int cli_fail(const struct cli *c, const struct err *e);

/* People's tables: columns padded by display width (Japanese counts two), header underlined on a terminal,
 * clipped to the terminal's width at the widest column. */
struct cli_table;
/* headers: kept, not copied. */
struct cli_table *cli_table_new(struct arena *a, const char *const *headers, size_t columns);
void cli_table_cell(struct cli_table *t, struct str text); /* row by row */
void cli_table_cellf(struct cli_table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cli_table_print(struct cli_table *t); /* and frees its rows: a table with rows is printed */
/* Terminal columns of UTF-8 text. */
size_t cli_width(struct str s);

/* Columns for running text: the terminal's, at most 120; 80 where there is none. */
size_t cli_columns(void);
/* Adds text and a line end; what does not fit into `columns` goes on in lines indented by `indent`. The first line is
 * taken to begin there already. */
void cli_wrap(struct buf *out, struct str text, size_t indent, size_t columns);

/* Prints w's buffer and a newline, and empties it: one JSON document or one JSON Line. */
void cli_print_line(struct buf *b);

/* A progress line on a terminal's stderr (nothing elsewhere). */
void cli_progress(const struct cli *c, const char *what, uint64_t done, uint64_t total);
void cli_progress_end(const struct cli *c);

/* One CSV field, quoted where RFC 4180 needs it; a leading = + - @ gets an apostrophe before it, so that a
 * spreadsheet does not run a stranger's text as a formula. */
void cli_csv(struct buf *out, struct str field, bool last);

/* The state folder when --data names none. */
const char *cli_default_data(struct arena *a);
/* Calls the server's API: through DATA/mamori.sock when a server owns the folder, else in this process with
 * the folder locked. *body is the parsed answer; an API error becomes e. */
bool cli_api(struct cli *c, const char *method, const char *path, struct str body, struct json **answer,
	     struct err *e) MUST_CHECK;

extern const struct cli_verb verb_scan, verb_feed_import, verb_feed_status, verb_feed_update, verb_feed_export,
	verb_feed_receive, verb_version_compare;

#endif
