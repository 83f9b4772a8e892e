/* The writer of XLSX reports. */
#ifndef MAMORI_EVIDENCE_XLSX_H
#define MAMORI_EVIDENCE_XLSX_H

#include "evidence/report.h"

extern const struct report_writer report_xlsx;

#endif
