/* A segment in place: with checksums that fit, whatever it says must not lead outside of it. */
#include "exposure/address-walk.h"
#include "exposure/facet.h"
#include "exposure/query.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
see(void *user, const struct banner *b, struct err *e)
{
	size_t *bytes = user;

	*bytes += b->raw.len;
	for (size_t i = 0; i < b->count; i++)
		*bytes += b->values[i].text.len;
	return true;
}

static void
ask(struct exposure_index *ix)
{
	static const char *const queries[] = { "dermatology -tls:true",
					       "皮膚科 OR \"welcome server\"",
					       "port:80..8080 after:2026-02-01",
					       "net:10.0.0.0/8",
					       "os:linux org:hosp*",
					       "tag:* -country:JP",
					       "hash:>0",
					       "all:x ssl:a*" };
	static const enum field fields[] = { FIELD_COUNTRY, FIELD_PORT, FIELD_IP, FIELD_TAG, FIELD_TIMESTAMP };
	struct exposure_page page = { .limit = 20, .sort = FIELDS, .raw = true };
	size_t bytes = 0;
	uint64_t n;

	for (size_t i = 0; i < COUNT(queries); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct query *q;
		struct facet f;
		if (!query_parse(&a, str_of(queries[i]), &q, &e))
			abort();
		if (!exposure_query_count(ix, q, &n, &e) || !exposure_distinct(ix, q, FIELD_IP, &n, &e) ||
		    !exposure_search(ix, q, &page, see, &bytes, &e) ||
		    !exposure_facet(ix, q, fields[i % COUNT(fields)], FIELDS, 5, &a, &f, &e) ||
		    !exposure_facet(ix, q, FIELD_OS, fields[i % COUNT(fields)], 5, &a, &f, &e))
			abort();
	}
}

/* What commits do with the addresses of all segments. */
static void
walk(struct exposure_index *ix)
{
	struct address_walk w;
	uint64_t places = 0;

	for (size_t i = 0; i < ix->count; i++)
		if (ix->segments[i]->columns[FIELD_IP].info->form != FORM_ADDRESS ||
		    !address_walk_ready(ix->segments[i]))
			return;
	for (size_t first = 0; first < ix->count; first++) {
		address_walk_begin(&w, ix, first);
		while (address_walk_next(&w))
			places += w.count;
		address_walk_end(&w);
	}
	/* No place comes twice in one walk. */
	if (places > (uint64_t)ix->count * (ix->count + 1) * ix->segments[0]->columns[FIELD_IP].info->values)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Twice, so that what several segments have is put together. */
	struct segment s = { .name = STR("fuzz") }, t = { .name = STR("again") }, *list[] = { &s, &t };
	size_t origin_counts[2] = { 0 };
	struct exposure_index ix = { .segments = list, .origin_counts = origin_counts, .count = 2 };
	struct err e = { 0 };
	char *copy = xcalloc(1, size + 16);

	memcpy(copy, data, size);
	segment_seal(copy, size);
	if (segment_open_mem(&s, str_sub(copy, size), &e)) {
		if (!segment_open_mem(&t, str_sub(copy, size), &e))
			abort();
		walk(&ix);
		ask(&ix);
		for (unsigned i = 0; i < COLUMNS; i++)
			column_union_free(atomic_load(&ix.unions[i]), ix.count);
		segment_close(&s);
		segment_close(&t);
	} else if (e.code != ERR_INPUT) {
		abort();
	}
	free(copy);
	return 0;
}
