/* The writer of PDF reports. */
#ifndef MAMORI_EVIDENCE_PDF_H
#define MAMORI_EVIDENCE_PDF_H

#include "evidence/report.h"

extern const struct report_writer report_pdf;

#endif
