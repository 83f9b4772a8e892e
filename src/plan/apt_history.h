/* apt's own log of what it did (/var/log/apt/history.log): who changed a package, and how. */
#ifndef MAMORI_PLAN_APT_HISTORY_H
#define MAMORI_PLAN_APT_HISTORY_H

#include "base/str.h"

struct apt_history_entry {
	struct str command; /* "apt-get install -y viewer"; empty: it does not say */
	struct str by; /* "clerk (1000)": who asked for it by sudo or pkexec; empty: it does not say */
	int64_t local; /* when it began, wall-clock milliseconds as if UTC; 0: unknown */
};

/* The newest entry by which this package came to this version, or (gone) went from it. Views into text. */
bool apt_history_find(struct str text, struct str name, struct str version, bool gone, struct apt_history_entry *out);

#endif
