/* The writer of HTML reports. */
#ifndef MAMORI_EVIDENCE_HTML_H
#define MAMORI_EVIDENCE_HTML_H

#include "evidence/report.h"

extern const struct report_writer report_html;

#endif
