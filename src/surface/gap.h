/* What a run could not see: a source that saw something before, and did not answer this time, proves nothing by its silence. */
#ifndef MAMORI_SURFACE_GAP_H
#define MAMORI_SURFACE_GAP_H

#include "base/json.h"

/* asset is a line of an earlier run's assets.jsonl that a later run does not list; before and now are their run.json. Whether a
 * source on its path of evidence failed in the later run, or was not asked at all. */
bool asset_unchecked(const struct json *before, const struct json *now, const struct json *asset);

#endif
