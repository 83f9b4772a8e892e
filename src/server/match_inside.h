/* Inside matching: what its computing and its keeping share. Private to match_job.c and match_keep.c. */
#ifndef MAMORI_SERVER_MATCH_INSIDE_H
#define MAMORI_SERVER_MATCH_INSIDE_H

#include "server/match_job.h"

/* Hashes of the sections that a host sent last, "" where it sent none. */
bool match_sections_hash(struct store *st, struct arena *a, struct str host, struct str *packages, struct str *updates,
			 struct err *e) MUST_CHECK;
/* The host has this version of the package. */
bool match_is_installed(const struct match_job *j, struct str package, struct str version);

#endif
