/* Ports that this machine keeps closed: a table of ours in nftables for each purpose, and beside it a file of the same
 * words that closes them again when the machine starts, before there is a network (mamori-agent-ports.service). */
#ifndef MAMORI_AGENT_PORTS_H
#define MAMORI_AGENT_PORTS_H

#include "agent/session.h"
#include "plan/mitigate.h"

struct port_table {
	const char *name; /* of the table */
	const char *file; /* below the state folder; packaging/systemd names it, too */
};
extern const struct port_table ports_of_emergency, ports_of_rdp;

/* These ports (acts that close one) and no others are closed by this table. ERR_NOT_FOUND: there is no nftables here. */
bool ports_close(struct session *s, const struct port_table *t, const struct mitigate_act *acts, size_t count,
		 struct err *e) MUST_CHECK;

#endif
