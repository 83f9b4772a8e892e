/* Honeypots that no single banner gives away: an address on which more answers than any machine has, or what nobody runs side by
 * side. The rules are data (honeypots.csv, doc/exposure-import.md). */
#ifndef MAMORI_EXPOSURE_SUSPECT_H
#define MAMORI_EXPOSURE_SUSPECT_H

#include "exposure/enrich-rules.h"

/* Looks at the addresses of segments that nobody has looked at yet, together with whatever older ones say of them, and writes the
 * banners of suspicious ones again with `honeypot` and its confidence. One change of the manifest: killed before it, the next
 * import looks. *banners: so many were marked. */
bool segments_suspect(const char *data, const struct enrich_rules *r, uint64_t *banners, struct err *e) MUST_CHECK;

#endif
