/* What a DICOM server said to a call, as a banner shows it (DICOM PS3.8, section 9.3: A-ASSOCIATE-AC and -RJ). */
#ifndef MAMORI_EVIDENCE_DICOM_ANSWER_H
#define MAMORI_EVIDENCE_DICOM_ANSWER_H

#include "base/arena.h"

enum dicom_manner {
	DICOM_SILENT, /* no answer is in the text, or none that tells */
	DICOM_OPEN, /* the call was accepted, whatever titles it named */
	DICOM_CHECKED, /* refused: the called or calling application's title is not known there */
	DICOM_REFUSED, /* refused for another reason */
	DICOM_MANNERS
};

struct dicom_answer {
	enum dicom_manner manner;
	struct str implementation; /* class UID; empty: not told */
	struct str version; /* the implementation's version name */
};

/* Bytes stand in the text as characters below 256, or as \xHH. */
void dicom_answer_read(struct arena *a, struct str text, struct dicom_answer *out);

#endif
