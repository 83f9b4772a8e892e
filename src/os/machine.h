/* What tells one machine from another, and this boot from the last. */
#ifndef MAMORI_OS_MACHINE_H
#define MAMORI_OS_MACHINE_H

#include "base/arena.h"
#include "os/file.h"

struct machine {
	struct str machine_id; /* /etc/machine-id of the root; empty when there is none */
	struct str uuid; /* DMI product UUID, lower case; empty when unreadable (needs root) or none */
	struct str *macs; /* permanent addresses of built-in physical interfaces, lower case, sorted */
	size_t mac_count;
	struct str boot_id;
	struct str kernel; /* uname -r */
	struct str hostname;
};

/* Never fails: what cannot be read is empty. Interfaces that can be unplugged (USB, docks) do not count,
 * so that a machine stays itself on another desk. Strings live in the arena. */
void machine_read(const struct root *r, struct arena *a, struct machine *out);
/* The bytes whose SHA-256 is `machine` in doc/agent-protocol.md: machine-id, UUID and each MAC, a line each. */
void machine_fingerprint_input(const struct machine *m, struct buf *out);
/* "6.1.0-37-amd64", or empty. */
struct str machine_kernel(struct arena *a);
struct str machine_boot_id(struct arena *a);

#endif
