/* The agents' side: enrolment, check-in, sections, renewal (doc/agent-protocol.md). */
#ifndef MAMORI_SERVER_CHECK_IN_H
#define MAMORI_SERVER_CHECK_IN_H

#include "patch/result.h"
#include "server/route.h"
#include "server/mitigation_in.h"
#include "server/slot_in.h"
#include "server/updates.h"

#define PROTOCOL 1

enum { CHECK_IN_RESULTS_MAX = 1000, CHECK_IN_SECTIONS_MAX = 16 };

struct check_in_section {
	struct str name, hash;
};

/* The body of a check-in, parsed; results are verified apart. */
struct check_in {
	int64_t protocol;
	struct str agent, boot, machine, lineage; /* lineage.ptr NULL: none yet */
	int64_t planned_at;
	struct str plan_error; /* ptr NULL: none */
	struct check_in_section sections[CHECK_IN_SECTIONS_MAX];
	size_t section_count;
	const struct json *results;
	size_t result_count;
	struct slot_in slots;
	struct mitigation_in mitigations;
	struct updates_in metadata;
};
bool check_in_parse(struct arena *a, const struct json *body, struct check_in *out, struct err *e) MUST_CHECK;

/* What a check-in's identity says. */
enum lineage {
	LINEAGE_CURRENT,
	LINEAGE_ANSWER_LOST,
	LINEAGE_REVERTED, /* an earlier state of the disk, in the same machine */
	LINEAGE_CLONED, /* an earlier state of the disk, in another machine */
};
/* The fingerprint is another one than before. */
bool machine_changed(const struct host *h, const struct check_in *c);
enum lineage lineage_judge(const struct host *h, const struct check_in *c);

/* 426, naming the version that this server speaks. */
void protocol_refuse(struct request *r);

/* The same by letter, in parts (server/letter_in.c); r->host is the host. On a reader: NULL with e set when it is none. */
void *check_in_letter_open(struct request *r, const struct json *body, struct err *e);
/* On the writer: its sections may come now. */
bool check_in_letter_announce(struct request *r, void *opened, struct err *e) MUST_CHECK;
/* On the writer: takes it and writes the answer to r->w. made: when; mark: what orders in the answer are marked with. */
bool check_in_letter_take(struct request *r, void *opened, int64_t made, struct str mark, struct err *e) MUST_CHECK;

struct enrolment;
/* The token is good for this role ("host", "relay"); ERR_REFUSED says why not. */
bool enrol_token_check(struct request *r, struct str token, struct str secret_hash, const char *role,
		       struct enrolment *t, struct err *e) MUST_CHECK;

route_fn enrol_prepare, enrol_handle, check_in_prepare, check_in_handle, section_prepare, section_handle, renew_prepare,
	renew_handle;

#endif
