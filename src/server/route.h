/* Routes as rows of one table for each listener. A request is prepared on a reader (route, rights, body), and
 * then answered there, or by the writer when its row says that it changes something. */
#ifndef MAMORI_SERVER_ROUTE_H
#define MAMORI_SERVER_ROUTE_H

#include "server/request.h"

enum route_kind { ROUTE_READS, ROUTE_WRITES };

enum route_flags {
	ROUTE_OPEN = 1, /* no session needed */
	ROUTE_NO_CSRF = 2,
	ROUTE_RAW_BODY = 4, /* not parsed here */
	ROUTE_FOREIGN = 8, /* not from a browser: neither Host nor Origin matter */
	ROUTE_RELAY = 16, /* on the agents' listener: for relays, and for nobody else */
	ROUTE_SLOW = 32, /* may take long: has threads of its own, so that it never stands before the others */
};

/* True: r holds the answer (status 200 unless set). False: e becomes the answer. */
typedef bool route_fn(struct request *r, struct err *e);

struct route {
	const char *method, *pattern; /* "*" in the pattern is one path segment, r->argument */
	enum role role;
	enum route_kind kind;
	size_t body_max; /* 0: no body is read */
	route_fn *handle;
	route_fn *prepare; /* may be NULL: checks and parsing that need no writer */
	unsigned flags;
};

struct route_table {
	const struct route *rows;
	size_t count;
	/* Who asks; writes the refusal itself when it returns false without e. */
	bool (*access)(struct request *r, struct err *e);
	/* For paths outside the table, may be NULL. */
	bool (*otherwise)(struct request *r);
};

extern const struct route_table routes_dashboard, routes_agents;

/* The row of this request has the flag ROUTE_SLOW. */
bool route_is_slow(const struct route_table *t, const struct request *r);
/* False: r holds the answer already. True: the row writes, call route_write() inside a transaction. */
bool route_prepare(const struct route_table *t, struct request *r);
/* On the writer. False: nothing may be kept; r holds the answer. */
bool route_write(struct request *r);

/* dashboard.c and its API files */
bool access_dashboard(struct request *r, struct err *e);
bool access_agent(struct request *r, struct err *e);
bool asset_serve(struct request *r);

#endif
