/* Signing in by one-time link; sessions. */
#ifndef MAMORI_SERVER_SIGN_IN_H
#define MAMORI_SERVER_SIGN_IN_H

#include "server/route.h"
#include "store/session.h"

#define SESSION_IDLE_MS (12 * 3600000LL)
#define SESSION_LIFE_MS (7 * 86400000LL)
#define SESSION_TOUCH_MS 60000LL /* how exactly idle time is counted */
#define SIGNIN_LIFE_MS 86400000LL

/* The session of the request's cookie, when it is there and neither idle for too long nor too old. */
bool session_find(struct request *r, struct session *out);

/* A new one-time link for this role; stores its hash. user empty: called after the role. */
bool sign_in_link(struct app *app, struct store *st, struct arena *a, enum role role, struct str user, int64_t now,
		  struct str *link, struct err *e) MUST_CHECK;

route_fn api_session_prepare, api_session_create, api_session_get, api_session_delete, api_signin_link;

#endif
