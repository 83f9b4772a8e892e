/* Machines that are not back from their slot. */
#ifndef MAMORI_SERVER_NOT_BACK_H
#define MAMORI_SERVER_NOT_BACK_H

#include "server/request.h"

/* On the writer, once a minute: where the moment came by which machines should have been back, those that are not are
 * listed; the list is kept, logged and audited (slot.not-back). Whoever sends messages later takes them from there. */
bool not_back_tick(struct store *st, struct arena *a, int64_t now, struct err *e) MUST_CHECK;
/* The newest list of the last day, for the overview. */
bool not_back_notice(struct request *r, struct err *e) MUST_CHECK;

#endif
