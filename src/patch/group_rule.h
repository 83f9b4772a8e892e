/* Groups by rule: {"os":[…],"names":["xray-*"],"tags":[…],"networks":["10.3.0.0/16"]}; every key given must fit, of each
 * list one entry. Membership is kept in the store, and follows what hosts report. */
#ifndef MAMORI_PATCH_GROUP_RULE_H
#define MAMORI_PATCH_GROUP_RULE_H

#include "base/json.h"
#include "store/fleet_group.h"

/* Checks it and writes it in its canonical form. */
bool group_rule_check(struct arena *a, const struct json *rule, struct str *out, struct err *e) MUST_CHECK;
/* Does a host fit? A rule that cannot be read fits nobody. */
bool group_rule_fits(struct arena *a, struct str rule, const struct host_facts *h);
/* After a host has changed. */
bool group_rules_host(struct store *st, struct arena *a, struct str host, struct err *e) MUST_CHECK;
/* After a group has changed: all active hosts. */
bool group_rules_group(struct store *st, struct arena *a, struct str group, struct err *e) MUST_CHECK;

#endif
