/* Departments from a directory, by schedule. Private to server. */
#ifndef MAMORI_SERVER_DIRECTORY_H
#define MAMORI_SERVER_DIRECTORY_H

#include "server/route.h"
#include "store/store.h"

#include <sys/types.h>

route_fn api_directory, api_directory_put, api_directory_delete, api_directory_result;

/* Into the overview's open array: the last try failed. */
bool directory_notice_write(struct request *r, struct err *e) MUST_CHECK;

/* The hours of the setting are over; counted anew from now. A writing connection. */
bool directory_due(struct store *st, int64_t now);

struct directory_sync {
	pid_t pid; /* of `mamori group sync`, or 0 */
};
/* Starts it in the background unless it still runs. */
void directory_sync_start(struct directory_sync *s, const char *data);
/* Notes that it ended; end: ends it. */
void directory_sync_reap(struct directory_sync *s, bool end);

#endif
