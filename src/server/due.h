/* By when to act on the findings that the store keeps. Private to server. */
#ifndef MAMORI_SERVER_DUE_H
#define MAMORI_SERVER_DUE_H

#include "server/app.h"
#include "store/finding.h"
#include "vuln/priority.h"

#define DUE_DAY INT64_C(86400000)

/* The rules and the set of deadlines that the settings name. */
bool due_policy_read(struct store *st, struct arena *a, struct priority_policy *out, struct err *e) MUST_CHECK;
/* Tells one policy from another: when a program brings new rules, every finding is judged again. */
uint64_t due_policy_digest(const struct priority_policy *p);

/* What the store keeps of a vulnerability, and back. */
struct vulnerability_row due_row_of(const struct vulnerability *v);
struct vulnerability due_vulnerability_of(const struct vulnerability_row *r);

/* The same is known of it. */
bool due_row_same(const struct vulnerability_row *x, const struct vulnerability_row *y);
/* No finding would be judged otherwise, whatever its host is. */
bool due_same(const struct priority_policy *p, const struct vulnerability_row *before,
	      const struct vulnerability_row *now);
/* Of one finding; its first_seen counts where no date of publication is known: the day that it was in this zone. */
void due_decide(const struct priority_policy *p, const struct zone *zone, const struct vulnerability_row *v,
		const struct finding_place *place, struct priority *out);

/* A due date is a day, written as its midnight in UTC whatever the zone; so is today, which begins at midnight where the
 * server stands. What was due before it is overdue: the day itself is still in time. */
static inline int64_t
due_today(const struct app *app, int64_t now)
{
	return app_day(app, now) * DUE_DAY;
}

#endif
