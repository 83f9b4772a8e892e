/* Inside the room: what readers of feeds whose records are JSON documents have in common. */
#ifndef MAMORI_VULN_READ_H
#define MAMORI_VULN_READ_H

#include "base/json.h"
#include "vuln/cvss.h"
#include "vuln/ops.h"

enum read_result { READ_OK, READ_INVALID /* counted as a skip */, READ_FAILED /* e says why */ };

/* Called for each document; the tree is the arena's. */
typedef enum read_result read_document_fn(void *user, struct arena *a, const struct json *doc, struct err *e);

/* One document, several behind each other, an array of them, or one a line: a bad line is counted and the next one is
 * read; elsewhere bad JSON ends the input. A document may have 64 MiB. */
bool read_documents(struct input *in, const struct sniff *s, struct feed_sink *sink, read_document_fn *document,
		    void *user, struct err *e) MUST_CHECK;

/* At the end of a list of lines. False: it was cut off, and half a list must not replace a whole one. */
bool read_list_ended(const struct input *in, struct err *e) MUST_CHECK;

enum severity severity_of_rating(enum cvss_rating r);
/* "critical", "Important", "MODERATE" …; unknown words are SEVERITY_UNKNOWN. */
enum severity severity_of_word(struct str word);

#endif
