/* What a CERT sends to those whose systems the internet shows: for each organisation a folder with a letter in Japanese and
 * English (HTML, PDF) and a list of its banners (CSV). Nothing of a banner's text is in it, so no name of a person and no
 * data of a patient: only addresses, names of machines and programs, and what was inferred. */
#ifndef MAMORI_EVIDENCE_EXPOSURE_NOTIFY_H
#define MAMORI_EVIDENCE_EXPOSURE_NOTIFY_H

#include "evidence/exposure-report.h"

struct exposure_packs {
	uint64_t organisations, banners, honeypots; /* honeypots: left out */
};

/* to: a folder with a folder or a zip file for each organisation, or one zip file with folders. The bytes depend on the banners and
 * on from alone. */
enum pack_form { PACK_FOLDERS, PACK_ZIPS, PACK_ONE_ZIP };

/* from: who sends it, may be empty. ERR_TOO_LARGE: so many banners that they are to be narrowed. What the folder held of
 * earlier packs stays. */
bool exposure_notify(struct arena *a, const struct exposure_request *request, struct str from, const char *to,
		     enum pack_form form, struct exposure_packs *out, struct err *e) MUST_CHECK;

#endif
