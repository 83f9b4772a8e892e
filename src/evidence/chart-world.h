/* Inside the room: countries shaded by their number. */
#ifndef MAMORI_EVIDENCE_CHART_WORLD_H
#define MAMORI_EVIDENCE_CHART_WORLD_H

#include "evidence/chart.h"

struct drawing *draw_world(struct arena *a, const struct chart *c, double width);

#endif
