/* What kind of update it is: security, bugfix or feature, as policies ask (classification). */
#ifndef MAMORI_PLAN_CLASSIFY_H
#define MAMORI_PLAN_CLASSIFY_H

#include "base/str.h"

/* security: the package manager or a feed says so. Else by where it comes from: backports bring features; Debian's and
 * Ubuntu's own releases and their -updates only mend. From elsewhere a new first number of the upstream version is a feature.
 * origins: as the package manager names them ("Debian:12.8/stable, …"); from: empty when nothing is installed. */
struct str patch_classify(bool security, struct str origins, struct str from, struct str to);

#endif
