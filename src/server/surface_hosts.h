/* Which managed machine a thing of the attack surface is: by its address, its full name, or the first label of a name. Private to
 * server. */
#ifndef MAMORI_SERVER_SURFACE_HOSTS_H
#define MAMORI_SERVER_SURFACE_HOSTS_H

#include "server/surface_runs.h"
#include "store/store.h"

struct surface_host {
	struct str id, name;
	const char *by; /* "address", "name", "label" */
};

struct surface_hosts;
/* Of all hosts that are active; run: whose names point where. Freed with the arena, after surface_hosts_close(). */
bool surface_hosts_open(struct store *st, struct arena *a, const struct surface_run *run, struct surface_hosts **out,
			struct err *e) MUST_CHECK;
void surface_hosts_close(struct surface_hosts *s);
/* asset: "192.0.2.1 443/tcp", an address or a name. False: none, or several could be meant. */
bool surface_host_find(const struct surface_hosts *s, struct str asset, struct surface_host *out);

#endif
