/* One HTTP request on its way: loop thread, reader, writer, answer. */
#ifndef MAMORI_SERVER_EXCHANGE_H
#define MAMORI_SERVER_EXCHANGE_H

#include "net/server.h"
#include "server/app.h"

/* Indices of the listeners, in the order that they are given to http_server_new. */
enum { LISTENER_DASHBOARD, LISTENER_AGENTS, LISTENER_SOCKET, LISTENERS };

/* On the loop thread: hands the request to a reader. user is the app. */
void exchange_start(void *user, int listener, struct http_exchange *x);

#endif
