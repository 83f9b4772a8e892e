/* The one JSON reader and the one JSON writer (RFC 8259).
 *
 * struct json_reader pulls tokens from memory or from a stream with bounded memory: depth,
 * string length and total size are capped, and nothing is built. struct json is a small tree
 * in an arena for documents whose size is capped anyway. */
#ifndef MAMORI_BASE_JSON_H
#define MAMORI_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

/* ---- pull reader ---- */

enum json_token {
	JSON_ERROR, /* json_error() says what and where; every later call gives it again */
	JSON_DONE, /* the whole input was one value (or, for sequences, no more values) */
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_KEY,
	JSON_STRING,
	JSON_NUMBER, /* text in json_text() as written */
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_limits {
	unsigned depth; /* 0 = 64 */
	size_t string_max; /* bytes of one string, 0 = 16 MiB */
	uint64_t total; /* bytes of the whole input, 0 = no limit */
	size_t values; /* of a tree, which takes a hundred bytes for each, 0 = 1,000,000 */
};

/* Fills at most cap bytes into into; *got = 0 at the end; false: failed, e set. */
typedef bool json_fill_fn(void *user, char *into, size_t cap, size_t *got, struct err *e);

struct json_reader;
struct json_reader *json_reader_mem(struct str text, const struct json_limits *limits);
struct json_reader *json_reader_stream(json_fill_fn *fill, void *user, const struct json_limits *limits);
/* Several values behind each other (JSON Lines): JSON_DONE only at the end of input. */
void json_reader_sequence(struct json_reader *r);
void json_reader_free(struct json_reader *r);
void json_reader_cleanup(struct json_reader **r);
#define JSON_READER_AUTO __attribute__((cleanup(json_reader_cleanup))) struct json_reader *

enum json_token json_next(struct json_reader *r);
/* Text of the current key, string (unescaped UTF-8; lone surrogates become U+FFFD) or number.
 * Valid until the next json_next(). May contain NUL. */
struct str json_text(const struct json_reader *r);
/* Skips the value that starts with the token just returned (an object or array whole). */
bool json_skip(struct json_reader *r) MUST_CHECK;
unsigned json_depth(const struct json_reader *r);
uint64_t json_offset(const struct json_reader *r); /* bytes from the start */
/* "line 3, column 7: …"; valid after JSON_ERROR. */
bool json_error(const struct json_reader *r, struct err *e);

/* ---- tree ---- */

enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_NUMBER,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
};

struct json {
	enum json_kind kind;
	bool boolean;
	struct str text; /* string, or number as written */
	size_t count; /* members of an array or object */
	struct json *item; /* count of them, in order */
	struct str *key; /* objects only: count of them */
};

/* The whole text as one value, strings copied into the arena. Duplicate keys: refused. */
bool json_parse(struct arena *a, struct str text, const struct json_limits *limits, struct json **out,
		struct err *e) MUST_CHECK;
/* The value that starts with token t, just pulled from r. */
bool json_parse_value(struct arena *a, struct json_reader *r, enum json_token t, struct json **out,
		      struct err *e) MUST_CHECK;

/* Missing, NULL or of another kind gives the default, so calls chain safely. */
const struct json *json_get(const struct json *object, const char *key); /* or NULL */
struct str json_get_str(const struct json *object, const char *key); /* or STR_NONE */
bool json_get_bool(const struct json *object, const char *key, bool otherwise);
int64_t json_get_i64(const struct json *object, const char *key, int64_t otherwise);
double json_get_double(const struct json *object, const char *key, double otherwise);
/* Members of the array under key; NULL and *count = 0 when there is none. */
const struct json *json_get_array(const struct json *object, const char *key, size_t *count);

/* ---- writer ---- */

/* Appends to a buf; commas and colons come by themselves. Strings are made valid UTF-8. */
struct json_writer {
	struct buf *out;
	bool comma; /* internal: a value was written at this level */
	bool after_key; /* internal */
};

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, struct str key);
void json_str(struct json_writer *w, struct str s);
void json_str_or_null(struct json_writer *w, struct str s); /* null when ptr is NULL */
void json_cstr(struct json_writer *w, const char *s); /* null when NULL */
void json_i64(struct json_writer *w, int64_t n);
void json_double(struct json_writer *w, double d, int decimals);
void json_bool(struct json_writer *w, bool b);
void json_null(struct json_writer *w);
void json_time(struct json_writer *w, int64_t ms); /* RFC 3339, null when 0 */
/* A value that is JSON already (written by this writer, stored, trusted). */
void json_raw(struct json_writer *w, struct str json);
void json_tree(struct json_writer *w, const struct json *value);

/* key + value in one call. */
void json_put_str(struct json_writer *w, const char *key, struct str s);
void json_put_cstr(struct json_writer *w, const char *key, const char *s);
void json_put_i64(struct json_writer *w, const char *key, int64_t n);
void json_put_bool(struct json_writer *w, const char *key, bool b);
void json_put_time(struct json_writer *w, const char *key, int64_t ms);

#endif
