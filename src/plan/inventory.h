/* What a host is and has: read from a root folder without running anything in it, and written as the
 * sections of a check-in (doc/agent-protocol.md). */
#ifndef MAMORI_PLAN_INVENTORY_H
#define MAMORI_PLAN_INVENTORY_H

#include "base/json.h"
#include "os/pkgdb.h"
#include "plan/backup.h"
#include "plan/setting.h"
#include "plan/source.h"

struct os_release {
	struct str id; /* "debian"; lower case */
	struct str version; /* VERSION_ID: "12" */
	struct str name; /* PRETTY_NAME */
	struct str codename; /* VERSION_CODENAME */
	struct str id_like;
};

struct kernel_package {
	struct str package, version; /* linux-image-6.1.0-37-amd64, 6.1.140-1 */
	struct str release; /* 6.1.0-37-amd64: what uname -r says when it runs */
	bool running;
};

struct disk {
	struct str name, model, serial;
	uint64_t size; /* bytes */
};

struct interface {
	struct str name, mac;
	struct str *addresses;
	size_t address_count;
};

struct hardware {
	struct str maker, model, serial, uuid, firmware, cpu; /* empty when unknown or not readable */
	uint64_t memory; /* bytes */
	ARRAY_OF(struct disk) disks;
	ARRAY_OF(struct interface) interfaces;
	struct str last_user;
	int64_t last_login;
};

struct inventory {
	struct os_release os;
	struct str hostname, machine_id, boot_id, timezone;
	struct str running_kernel; /* empty for a root folder that is not this machine's */
	ARRAY_OF(struct kernel_package) kernels;
	struct hardware hardware;
	ARRAY_OF(struct str) reboot_signals; /* which sign says that a restart is due; empty: none */
	struct setting_list settings; /* those that a policy manages; whoever applies them fills it in */
	struct source_list sources; /* where its package manager takes updates from */
	struct backup_seen backup; /* likewise */
	struct package_list packages;
};

struct inventory_options {
	const char *root; /* "/" or a folder */
	bool live; /* this machine: running kernel, hardware, interfaces, boot id */
	bool skip_hardware;
};

/* Strings live in the arena. */
bool inventory_read(const struct inventory_options *o, struct arena *a, struct inventory *out,
		    struct err *e) MUST_CHECK;
bool os_release_parse(struct str text, struct arena *a, struct os_release *out);
/* The name that feeds use: "debian:12", "almalinux:9", "alpine:3.20". */
struct str os_key(const struct os_release *os, struct arena *a);

/* Section bodies. */
void inventory_write_system(const struct inventory *inv, struct json_writer *w);
void inventory_write_packages(const struct inventory *inv, struct json_writer *w);
/* And read again on the server; unknown keys are left alone, caps: 200,000 packages. */
bool inventory_parse_system(struct arena *a, struct str json, struct inventory *out, struct err *e) MUST_CHECK;
bool inventory_parse_packages(struct arena *a, struct str json, struct package_list *out, struct err *e) MUST_CHECK;

#endif
