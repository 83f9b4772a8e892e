/* Inside the room: what the chapters of the exposure report share. */
#ifndef MAMORI_EVIDENCE_EXPOSURE_STUDY_H
#define MAMORI_EVIDENCE_EXPOSURE_STUDY_H

#include "evidence/exposure-ask.h"
#include "evidence/exposure-sure.h"

struct study {
	struct report *r;
	struct arena *a;
	struct ask k;
	struct sure sure;
	struct tally_rows countries;
	struct str code, here,
		elsewhere; /* the country compared; queries of it and of the rest. Empty: none is known */
	struct str place; /* its name */
	uint64_t all, hosts, all_here; /* banners, addresses, banners of the country */
	uint64_t plain; /* banners without TLS */
	uint64_t ended, extended, known; /* by support, of those whose support is known */
	uint64_t dicom, dicom_open; /* servers that answered; those that accept any caller */
	uint64_t dicom_told; /* of which it is known whether they do */
	int64_t first, last; /* observations */
	struct segment_origin *origins;
	size_t origin_count;
};

/* What only a DICOM server says; a port alone does not count. Words, not phrases: these are answered without reading records. */
#define STUDY_DICOM \
	"class:dicom ((DICOM Server Response) OR (DICOM Service Provider discovered) OR 10008 OR module:dicom*)"

#define TR(literal) str_of(tr(literal))

/* Each writes one chapter. */
void study_countries(struct study *s);
void study_tls(struct study *s);
void study_systems(struct study *s);
void study_support(struct study *s);
void study_classes(struct study *s);
void study_leaks(struct study *s);
void study_dicom(struct study *s);
void study_funnel(struct study *s);
void study_method(struct study *s);
void study_inputs(struct study *s);

/* A table whose questions are written down under its number. */
struct grid *study_table(struct study *s, struct str title, const struct grid_column *columns, size_t count);
/* "DICOM server", "hospital", … for people; what is not known stays as it is. */
struct str study_class(struct str value);
struct str study_kind(struct str value);
/* What an attacker learns from a leak and what to do about it; false: not known. */
bool study_leak(struct str value, struct str *name, struct str *learns, struct str *act);

#endif
