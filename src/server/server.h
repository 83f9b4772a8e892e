/* The server: two TLS listeners, a UNIX socket, workers, one database. */
#ifndef MAMORI_SERVER_SERVER_H
#define MAMORI_SERVER_SERVER_H

#include "base/buf.h"
#include "base/time.h"

struct server_options {
	const char *data;
	const char *listen; /* dashboard, "127.0.0.1:8443" */
	const char *agents; /* agents, "127.0.0.1:8444" */
	const char *name; /* DNS name or address that agents use; NULL: from the machine */
	const char *exposure_store; /* "clickhouse://…", NULL: the files below data */
	const struct clock *clock;
	int ready_fd; /* a byte is written there once all listeners accept; -1: none */
};

/* Creates folder, CA, keys, database and the first sign-in link; a folder that is one already is left alone
 * (*created false, link empty). */
bool server_init(const char *data, const char *name, const char *listen, const struct clock *clock, bool *created,
		 struct buf *link, struct err *e) MUST_CHECK;

/* Runs until SIGTERM or SIGINT; within 5 s everything acknowledged is on disk. */
bool server_serve(const struct server_options *o, struct err *e) MUST_CHECK;

/* One API request (doc/api.md) in this process, as administrator, with the data folder locked:
 * what the command line does while no server runs. ERR_CONFLICT when a server owns the folder. */
bool server_api_local(const char *data, const struct clock *clock, const char *method, const char *path,
		      struct str body, int *status, struct buf *answer, struct err *e) MUST_CHECK;

#endif
