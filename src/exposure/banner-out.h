/* A banner in the forms that programs read: design.md's record, GeoJSON, cells of a table. */
#ifndef MAMORI_EXPOSURE_BANNER_OUT_H
#define MAMORI_EXPOSURE_BANNER_OUT_H

#include "base/json.h"
#include "exposure/banner.h"

/* raw: with the record as its source wrote it, under "raw". */
void exposure_json(struct json_writer *w, const struct banner *b, bool raw);
/* Its keys into an object that is open. */
void exposure_json_keys(struct json_writer *w, const struct banner *b);
void exposure_geojson(struct json_writer *w, const struct banner *b);
/* One value; {"value","confidence"} where it was inferred. */
void exposure_json_value(struct json_writer *w, const struct banner_value *v);
/* The record as its source wrote it: JSON where it is JSON, else text; an array where there are several. */
void exposure_json_raw(struct json_writer *w, struct str raw);
/* All values of a field, joined by ", ". */
void exposure_value(const struct banner *b, enum field f, struct buf *out);
const struct banner_value *exposure_first(const struct banner *b, enum field f);
void exposure_address(const unsigned char ip[16], struct buf *out);
const char *transport_name(enum transport t);
/* The columns of a CSV of banners that says nothing else. */
extern const enum field exposure_csv_fields[];
extern const size_t exposure_csv_field_count;

#endif
