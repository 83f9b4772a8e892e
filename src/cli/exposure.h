/* What the verbs of exposure share. */
#ifndef MAMORI_CLI_EXPOSURE_H
#define MAMORI_CLI_EXPOSURE_H

#include "cli/cli.h"
#include "exposure/backend.h"
#include "exposure/banner-out.h"

struct exposure_cli {
	struct cli *cli;
	const struct cli_verb *verb;
	const struct exposure_backend *backend;
	void *state;
	const char *store;
	bool csv, geojson;
	struct str query; /* as it was asked */
};

/* Opens what --data or --store names. */
bool exposure_cli_open(struct exposure_cli *x, struct err *e) MUST_CHECK;
/* Names what was damaged, closes, and gives the exit status: that of e, if it has a code. */
int exposure_cli_end(struct exposure_cli *x, const struct err *e);
/* The words joined by blanks as one query; on failure a caret line was printed below it. */
bool exposure_cli_query(struct exposure_cli *x, char **words, int count, struct query **out, struct err *e) MUST_CHECK;
bool exposure_cli_number(const char *option, const char *text, uint64_t *out, struct err *e) MUST_CHECK;
bool exposure_cli_field(struct str name, enum field *out, struct err *e) MUST_CHECK;

/* For people whose question found nothing: which of its terms no banner matches. */
void exposure_tell_nothing(struct exposure_cli *x, const struct query *q);

/* Puts the query that is saved under this name before the words, in parentheses. */
bool exposure_saved_words(struct cli *c, const char *name, char ***words, int *count, struct err *e) MUST_CHECK;
/* Nothing is written out of a server's folder before its audit log says so; banners: how many. */
bool exposure_audit(struct exposure_cli *x, bool report, const char *format, struct str query, uint64_t banners,
		    struct err *e) MUST_CHECK;
/* What root wrote, the server must be able to read. */
void exposure_give(struct cli *c);
/* After an import: the server that owns the data counts its saved queries anew. */
void exposure_tell(struct cli *c);

extern const struct cli_verb verb_exposure_saved;
extern const struct cli_verb verb_exposure_search, verb_exposure_count, verb_exposure_facet, verb_exposure_show,
	verb_exposure_diff, verb_exposure_snapshots;

#endif
