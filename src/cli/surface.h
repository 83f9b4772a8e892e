/* What the verbs of `mamori surface` share. */
#ifndef MAMORI_CLI_SURFACE_H
#define MAMORI_CLI_SURFACE_H

#include "cli/verbs.h"
#include "surface/own.h"

/* The run that was named, or the newest; ERR_NOT_FOUND says what to do. */
bool surface_run_number(struct cli *c, const char *told, int64_t *number, struct err *e) MUST_CHECK;
/* A file of it: "assets.jsonl", "risks.jsonl"; a JSON object a line. */
bool surface_run_read(struct cli *c, int64_t number, const char *file, struct str *lines, struct err *e) MUST_CHECK;
/* What people decided about assets, where the folder is a server's; none elsewhere. */
bool surface_verdicts_fetch(struct cli *c, struct verdict **out, size_t *count, struct err *e) MUST_CHECK;
/* A run that goes on: told to people and to the server's page, and when it has to stop. */
struct surface_watch {
	struct cli *c;
	const char *folder; /* DATA/surface */
	bool scheduled; /* by the server: it ends when its standard input does, and waits for other runs */
	int64_t began, kept_at, said_at;
	uint64_t answered, waiting;
};
struct discovery;
/* Signals end the run cleanly from here on. */
void surface_watch_begin(struct surface_watch *w);
bool surface_watch_stop(void *user);
void surface_watch_progress(void *user, const struct discovery *d, uint64_t answered, uint64_t waiting);
/* A sentence in place of the asker's where it was stopped: how to go on. */
void surface_watch_end(struct surface_watch *w, bool ok, struct err *e);

/* Seeds that the server keeps, where the folder is a server's. */
struct seeds;
bool surface_seeds_fetch(struct cli *c, struct seeds *out, struct err *e) MUST_CHECK;
/* After a run: the server that owns the folder looks what it means for risks and notices. */
void surface_tell(struct cli *c);

#endif
