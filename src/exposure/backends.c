/* Every store that mamori knows (exposure/backend.h). */
#include "exposure/backend.h"

const struct exposure_backend *const exposure_backends[] = { &exposure_backend_files, &exposure_backend_clickhouse,
							     NULL };
