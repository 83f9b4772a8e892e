/* Inside the room: what two looks at one service differ in. */
#ifndef MAMORI_EXPOSURE_DIFF_H
#define MAMORI_EXPOSURE_DIFF_H

#include "exposure/banner.h"

/* Sets fields[f] = 1 for each field with other values; what a later look says anyway (its time, its source) does not count. */
bool banners_differ(const struct banner *a, const struct banner *b, uint8_t *fields);

#endif
