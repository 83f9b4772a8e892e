/* Strangers' files as bounded streams: plain, compressed (.gz, .zst, .xz), the members of a .zip, the files
 * of a folder. Everything that a stranger can size has a cap here. */
#ifndef MAMORI_VULN_INPUT_H
#define MAMORI_VULN_INPUT_H

#include "base/arena.h"
#include "base/buf.h"

struct archive;
struct gunzip;

struct input {
	const char *name; /* base name, for recognition by name and for messages */
	bool member; /* of a folder or archive, else the file that was named */
	struct buf peeked;
	size_t used; /* of peeked */
	struct archive *archive;
	const struct gunzip *gunzip; /* what the archive reads from, for a .gz; may be NULL */
	bool ended;
	bool line_cut; /* the last line had no end: of a list, whose lines all have one, a part is missing */
	struct input_budget *budget;
	struct buf line;
};

/* What one named path may cost. */
struct input_budget {
	uint64_t packed; /* compressed bytes seen in earlier files of this path */
	uint64_t unpacked; /* and what came out */
	uint64_t ratio_from; /* unpacked bytes from which the ratio is watched; 0 = 64 MiB */
	void (*progress)(void *user, const char *path, uint64_t done, uint64_t total);
	void *user;
	const char *path;
	uint64_t total, told;
	bool spent; /* it costs more: nothing more of this path is read */
};

/* Bytes in memory as an input (tests, fuzzing); input_close() frees the copy. */
void input_of_mem(struct input *in, const char *name, struct str bytes);
void input_close(struct input *in);

/* At least `want` bytes when the input has them (at most 1 MiB). They are read again later. */
bool input_peek(struct input *in, size_t want, struct str *out, struct err *e) MUST_CHECK;
/* A json_fill_fn. */
bool input_fill(void *user, char *into, size_t cap, size_t *got, struct err *e);
/* The next line without its end. *end: there is none any more. *too_long: longer than max, its text is cut. */
bool input_line(struct input *in, size_t max, struct str *line, bool *too_long, bool *end, struct err *e) MUST_CHECK;

/* Called once for each file or member. False ends the walk. in == NULL: what could not be opened (a damaged
 * member, a special file), with the reason in `why`. */
struct input_visitor {
	bool (*visit)(void *user, struct input *in, struct err *e);
	void (*unreadable)(void *user, const char *reason);
	void *user;
};
bool input_walk(const char *path, struct input_budget *budget, const struct input_visitor *v, struct err *e) MUST_CHECK;

#endif
