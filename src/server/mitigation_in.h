/* What a check-in says about mitigations of emergencies, and what a host's page shows of them. */
#ifndef MAMORI_SERVER_MITIGATION_IN_H
#define MAMORI_SERVER_MITIGATION_IN_H

#include "plan/mitigate.h"
#include "server/request.h"

struct mitigation_in {
	bool given; /* an agent that says nothing changes nothing */
	struct mitigate_list list;
};
bool mitigation_in_parse(struct arena *a, const struct json *body, struct mitigation_in *out, struct err *e) MUST_CHECK;
/* On the writer: keeps it, and announces in log and audit log what began, ended or failed. */
bool mitigation_in_keep(struct request *r, const struct mitigation_in *in, struct err *e) MUST_CHECK;
/* The member "mitigations" of a host. */
bool mitigations_of_host_write(struct request *r, struct str host, struct err *e) MUST_CHECK;

#endif
