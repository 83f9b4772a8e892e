/* A file of records as chunks of whole records, however it is packed: lines, the elements of an array, the <host>s of XML.
 * Any number of threads may ask for the next chunk. Memory is bounded whatever the file holds. */
#ifndef MAMORI_EXPOSURE_IMPORT_SOURCE_H
#define MAMORI_EXPOSURE_IMPORT_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"

struct source;

struct chunk_record {
	size_t from, to;
};

struct chunk {
	char *ptr;
	size_t len, cap;
	bool lines; /* records are its lines, else those in the list */
	size_t at; /* of the next line, or record */
	ARRAY_OF(struct chunk_record) records;
	struct arena arena;
	uint64_t too_long, cut_off, junk; /* records that are not here, by why */
};

/* element: of XML, else NULL. ERR_INPUT: it cannot be unpacked. */
bool source_open(const char *path, struct source **out, struct err *e) MUST_CHECK;
/* Its first bytes, unpacked: what sniffing needs. */
struct str source_head(const struct source *s);
/* The splitter, once the form is known. */
void source_split(struct source *s, const char *element);
/* *more = false: there is none any more. */
bool source_next(struct source *s, struct chunk *c, bool *more, struct err *e) MUST_CHECK;
uint64_t source_size(const struct source *s);
uint64_t source_done(const struct source *s); /* bytes of the file read so far */
int64_t source_time(const struct source *s); /* the file's, milliseconds */
/* SHA-256 of the file as it lies there; after the last chunk. */
void source_digest(struct source *s, char hex[65]);
void source_close(struct source *s);

bool chunk_next(struct chunk *c, struct str *record);
void chunk_free(struct chunk *c);

#endif
