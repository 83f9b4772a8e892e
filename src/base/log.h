/* One line per event on stderr, subject first: "host ward-3-pc-07: certificate renewed".
 * Text from strangers is escaped: control characters never reach the log. English only. */
#ifndef MAMORI_BASE_LOG_H
#define MAMORI_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Set once at start; default INFO. */
void log_set_level(enum log_level level);

void log_error(const char *subject, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_warn(const char *subject, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_info(const char *subject, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_debug(const char *subject, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
