/* What the API of vendors and their page share. */
#ifndef MAMORI_SERVER_VENDORS_H
#define MAMORI_SERVER_VENDORS_H

#include "server/request.h"

/* validated, forbidden, unknown */
bool vendor_word_known(struct str answer);
/* Stores and audits one answer; ERR_NOT_FOUND when nobody knows the update. */
bool vendor_answer_keep(struct request *r, struct str vendor, struct str patch, struct str answer, struct str note,
			struct str by, struct err *e) MUST_CHECK;

#endif
