/* Stands in for assets.gen.c in a build without the dashboard. */
#include "server/assets.h"

const struct asset assets[1] = { { NULL, NULL, NULL, NULL, 0, 0 } };
const size_t asset_count = 0;
