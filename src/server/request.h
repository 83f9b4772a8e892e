/* One request and its answer, whichever way it came: dashboard, agents, UNIX socket or in process.
 * Everything it allocates is in its arena. Private to server. */
#ifndef MAMORI_SERVER_REQUEST_H
#define MAMORI_SERVER_REQUEST_H

#include "base/json.h"
#include "base/tr.h"
#include "server/app.h"
#include "store/certificate.h"
#include "store/host.h"
#include "store/relay.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_AUDITOR, ROLE_OPERATOR, ROLE_APPROVER, ROLE_ADMINISTRATOR };
const char *role_name(enum role r);
enum role role_parse(struct str s); /* ROLE_NONE when unknown */

enum door { DOOR_DASHBOARD, DOOR_AGENTS, DOOR_SOCKET };

/* Headers that some route reads. */
struct request_headers {
	struct str host, origin, cookie, csrf, language, encoding, content_type, if_none_match;
};

enum { REQUEST_HEADERS_MAX = 8, REQUEST_PARAMETERS_MAX = 16 };

struct parameter {
	struct str key, value;
};

struct request {
	struct app *app;
	struct arena arena;
	struct store *st; /* of the thread that runs it now */
	enum door door;
	bool tls; /* not the UNIX socket: cookies, CSRF */
	struct str method, path, query, body, peer, certificate_pem;
	int64_t peer_uid;
	struct request_headers headers;
	enum lang lang;
	int64_t now, interval; /* milliseconds */

	const struct route *route;
	struct str argument; /* the path's variable part, decoded */
	struct parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t parameter_count;
	struct json *json; /* the parsed body */
	void *prepared; /* what route->prepare left for route->handle */

	/* Who asks. */
	struct str user;
	enum role role;
	struct str session_hash;
	bool session_touch; /* its idle time is to be counted anew */
	struct host host; /* agents */
	struct certificate certificate;
	struct relay_row relay; /* relays */

	/* The answer. */
	int status;
	struct buf out;
	struct json_writer w; /* onto out */
	struct {
		const char *name, *value;
	} reply_headers[REQUEST_HEADERS_MAX];
	size_t reply_header_count;
	bool raw; /* out is no JSON; the handler set its type */

	/* To be done once the answer is durable. */
	struct str match_host; /* ptr NULL: none */
	struct str *match_hosts; /* in the arena */
	size_t match_host_count;
};

void request_init(struct request *r, struct app *app, enum door door);
void request_end(struct request *r);

/* Replaces what was written by {"error":{code, message}}. */
void request_error(struct request *r, int status, const char *code, struct str message);
/* The same from e. */
void request_fail(struct request *r, const struct err *e);
void request_header(struct request *r, const char *name, const char *value);

/* Splits the query; keys outside `allowed` (NULL-terminated) are ERR_USAGE. Empty values count as absent. */
bool request_query(struct request *r, const char *const *allowed, struct err *e) MUST_CHECK;
/* The same for values of at most so many bytes; otherwise 400. */
bool request_query_long(struct request *r, const char *const *allowed, size_t max, struct err *e) MUST_CHECK;
struct str request_parameter(const struct request *r, const char *key); /* or STR_NONE */
/* limit, offset, sort. */
bool request_page(struct request *r, bool (*known_sort)(struct str key), struct page *p, struct err *e) MUST_CHECK;
/* true, false; -1 when absent. */
bool request_tristate(const struct request *r, const char *key, int *out, struct err *e) MUST_CHECK;

/* {"total":n,"items":[ … ]}: begin, the items, end. */
void request_list_begin(struct request *r, const struct page *p);
void request_list_end(struct request *r);

/* Appends to the audit log as this request's user. */
bool request_audit(struct request *r, const char *what, struct str object, struct str detail, struct err *e) MUST_CHECK;

/* An active host that was not seen since then is silent. */
int64_t request_silent_before(const struct request *r);

#endif
