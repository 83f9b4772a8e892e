/* A zip file in memory, whose bytes depend on nothing but the names and contents put into it. */
#ifndef MAMORI_EVIDENCE_ZIP_H
#define MAMORI_EVIDENCE_ZIP_H

#include "base/buf.h"
#include "base/err.h"

enum { ZIP_MAX = 512 << 20 };

struct zip;
struct zip *zip_new(void);
/* Name with / between folders, UTF-8. Errors are kept and told at the end. */
void zip_add(struct zip *z, const char *name, struct str bytes);
/* The file, and frees; ERR_TOO_LARGE above ZIP_MAX. */
bool zip_end(struct zip *z, struct buf *out, struct err *e) MUST_CHECK;
void zip_abandon(struct zip *z);

#endif
