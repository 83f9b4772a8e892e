/* Inside the room: how sure what is counted is. One walk over the banners (or over a sample, the same one every time) keeps
 * the confidences of whatever was inferred. */
#ifndef MAMORI_EVIDENCE_EXPOSURE_SURE_H
#define MAMORI_EVIDENCE_EXPOSURE_SURE_H

#include "base/table.h"
#include "evidence/exposure-ask.h"

enum { SURE_SAMPLE = 200000, SURE_LEVELS = 101, SURE_ENOUGH = 60 };

struct sure {
	struct arena *a;
	struct table values; /* "field value" to uint64_t[SURE_LEVELS] */
	uint64_t seen, of; /* banners looked at, and how many there are */
	uint64_t enough, genuine; /* a medical sign of SURE_ENOUGH per cent; and no suspicion of a honeypot */
	uint64_t trap; /* honeypot suspected */
};

void sure_walk(struct ask *k, uint64_t of, struct sure *out);
void sure_free(struct sure *s);
/* How many of this value lie between two confidences. */
uint64_t sure_between(const struct sure *s, enum field f, struct str value, unsigned low, unsigned high);
/* "85% (60–96)": the median and where nine of ten lie; a dash where nothing is inferred. */
struct str sure_text(const struct sure *s, enum field f, struct str value);
/* Of all there are: what was seen of a sample, scaled. */
uint64_t sure_scaled(const struct sure *s, uint64_t n);

#endif
