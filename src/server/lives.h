/* The lives of updates on many hosts in one request: each host is looked at once. */
#ifndef MAMORI_SERVER_LIVES_H
#define MAMORI_SERVER_LIVES_H

#include "base/table.h"
#include "patch/life.h"
#include "server/request.h"

enum { LIVES_HOSTS = 1000 }; /* more in one answer show what is stored */

struct lives {
	struct request *r;
	struct policy_set set;
	struct table hosts; /* id → struct host_life */
};
bool lives_open(struct request *r, struct lives *out, struct err *e) MUST_CHECK;
void lives_close(struct lives *l);
#define LIVES_AUTO __attribute__((cleanup(lives_close))) struct lives
bool lives_look(struct lives *l, const struct host_patch *p, struct life *out, struct err *e) MUST_CHECK;
/* "state", "recorded", "why", "next", "policy" (null: none applies, or not looked at) of an open object. */
bool life_keys_write(struct lives *l, const struct host_patch *p, struct err *e) MUST_CHECK;

#endif
