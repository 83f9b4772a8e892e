#include "exposure/import-paths.h"
#include "exposure/import-string.h"

bool
scan_fail(struct scanner *s, const char *at, const char *why)
{
	s->why = why;
	s->at = (size_t)(at - s->record.ptr);
	return false;
}

/* ---- values ---- */

static inline void
blanks(struct scanner *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static inline void
push_piece(struct scanner *s, const char *from, const char *to, bool number)
{
	if (s->piece_count < PIECES_MAX)
		s->pieces[s->piece_count] = (struct raw_piece){ .at = (uint32_t)(from - s->record.ptr),
								.len = (uint32_t)(to - from) & INT32_MAX,
								.number = number };
	s->piece_count++;
}

static bool
push_value(struct scanner *s, uint16_t id, enum scan_kind kind, struct str text)
{
	if (s->count == s->cap) {
		if (s->count >= SCAN_VALUES_MAX)
			return scan_fail(s, s->p, "a record holds more values than is accepted here");
		s->cap = s->cap ? s->cap * 2 : 256;
		s->values = xrealloc(s->values, s->cap, sizeof(*s->values));
	}
	s->values[s->count++] = (struct scan_value){ .id = id, .kind = (uint8_t)kind, .text = text };
	return true;
}

static inline const char *
digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static bool
number_read(struct scanner *s, uint16_t id)
{
	const char *begin = s->p, *p = begin, *end = s->end, *d;

	if (*p == '-')
		p++;
	d = digits_end(p, end);
	if (d == p || (d - p > 1 && *p == '0'))
		return scan_fail(s, begin, "this is not a number that JSON knows");
	p = d;
	if (p < end && *p == '.') {
		d = digits_end(++p, end);
		if (d == p)
			return scan_fail(s, begin, "this is not a number that JSON knows");
		p = d;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		d = digits_end(p, end);
		if (d == p)
			return scan_fail(s, begin, "this is not a number that JSON knows");
		p = d;
	}
	if ((size_t)(p - begin) > SCAN_STRING_MAX)
		return scan_fail(s, begin, "a string or number is longer than is accepted here");
	s->p = p;
	push_piece(s, begin, p, true);
	return !id || push_value(s, id, SCAN_NUMBER, str_sub(begin, (size_t)(p - begin)));
}

static bool
word_read(struct scanner *s, struct str word, uint16_t id, enum scan_kind kind)
{
	if ((size_t)(s->end - s->p) < word.len || memcmp(s->p, word.ptr, word.len) != 0)
		return scan_fail(s, s->p, "a value was expected here");
	s->p += word.len;
	return !id || push_value(s, id, kind, STR_NONE);
}

/* Is it the one that stood here in the record before? */
static inline bool
key_again(struct scanner *s)
{
	if (s->key >= SCAN_KEYS)
		return false;
	const struct scan_key *k = &s->keys[s->key++];
	if (k->len == 0 || k->from != s->nodes[s->depth] || s->end - s->p < k->len || !same_key(s->p, k->text, k->len))
		return false;
	s->p += k->len;
	s->next = k->next;
	return true;
}

static void
key_remember(struct scanner *s, const char *begin)
{
	size_t len = (size_t)(s->p - begin);

	if (s->key == 0 || s->key > SCAN_KEYS || len > SCAN_KEY_MAX)
		return;
	struct scan_key *k = &s->keys[s->key - 1];
	*k = (struct scan_key){ .from = s->nodes[s->depth], .next = s->next, .len = (uint8_t)len };
	memcpy(k->text, begin, len);
}

/* A key and its colon; s->next becomes the node of its value. */
static bool
key_read(struct scanner *s, const struct scan_paths *paths)
{
	const struct node *n = &paths->nodes[s->nodes[s->depth]];
	struct str key = STR_NONE;
	const char *begin = s->p;
	uint64_t replaced = s->replaced;

	if (key_again(s))
		return true;
	if (s->p == s->end || *s->p != '"')
		return scan_fail(s, s->p, "a key in double quotes was expected here");
	if (!scan_string(s, n->count > 0 || n->any, &key))
		return false;
	uint32_t next = node_find(n, key);
	if (!next && n->any) {
		next = n->any;
		if (paths->nodes[next].id && !push_value(s, paths->nodes[next].id, SCAN_KEY, key))
			return false;
	}
	blanks(s);
	if (s->p == s->end || *s->p != ':')
		return scan_fail(s, s->p, "a colon was expected behind the key");
	s->p++;
	s->next = next;
	/* A key that stands for any is a value itself; one with ill-formed bytes is counted each time. */
	if ((!next || next != n->any) && s->replaced == replaced)
		key_remember(s, begin);
	return true;
}

static bool
container_close(struct scanner *s, const struct scan_paths *paths)
{
	uint16_t id = paths->nodes[s->nodes[s->depth]].id;
	size_t from = s->opened[s->depth];

	s->p++;
	s->depth--;
	return !id ||
	       push_value(s, id, SCAN_CLOSE, str_sub(s->record.ptr + from, (size_t)(s->p - s->record.ptr) - from));
}

/* *opened: the container has a first member, which is to be read next. */
static bool
container_open(struct scanner *s, const struct scan_paths *paths, bool object, bool *opened)
{
	uint32_t node = s->next;

	if (s->depth >= SCAN_DEPTH)
		return scan_fail(s, s->p, "values are nested deeper than is accepted here");
	if (paths->nodes[node].id &&
	    !push_value(s, paths->nodes[node].id, SCAN_OPEN, str_sub(s->p, (size_t)(s->end - s->p))))
		return false;
	s->objects = s->objects << 1 | object;
	s->depth++;
	s->nodes[s->depth] = node;
	s->opened[s->depth] = (size_t)(s->p - s->record.ptr);
	s->p++;
	blanks(s);
	if (s->p < s->end && *s->p == (object ? '}' : ']')) {
		s->objects >>= 1;
		return container_close(s, paths);
	}
	*opened = true;
	s->next = object ? 0 : paths->nodes[node].element;
	return !object || key_read(s, paths);
}

static bool
string_value(struct scanner *s, uint16_t id)
{
	size_t at = (size_t)(s->p - s->record.ptr) + 1;
	struct str text;

	if (!scan_string(s, id != 0, &text) || (id && !push_value(s, id, SCAN_STRING, text)))
		return false;
	push_piece(s, s->record.ptr + at, s->p - 1, false);
	if (id && at <= UINT32_MAX) {
		s->values[s->count - 1].at = (uint32_t)at;
		s->values[s->count - 1].exact = !s->odd;
	}
	return true;
}

static bool
value_read(struct scanner *s, const struct scan_paths *paths, bool *opened)
{
	uint16_t id = paths->nodes[s->next].id;

	*opened = false;
	blanks(s);
	if (s->p == s->end)
		return scan_fail(s, s->p, "the text ends where a value was expected");
	switch (*s->p) {
	case '"':
		return string_value(s, id);
	case '{':
		return container_open(s, paths, true, opened);
	case '[':
		return container_open(s, paths, false, opened);
	case 't':
		return word_read(s, STR("true"), id, SCAN_TRUE);
	case 'f':
		return word_read(s, STR("false"), id, SCAN_FALSE);
	case 'n':
		return word_read(s, STR("null"), id, SCAN_NULL);
	default:
		if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
			return number_read(s, id);
		return scan_fail(s, s->p, "a value was expected here");
	}
}

/* Behind a value: closes what ends here. *more: a comma, and s->p stands before the next value. */
static bool
value_after(struct scanner *s, const struct scan_paths *paths, bool *more)
{
	*more = false;
	while (s->depth > 0) {
		bool object = s->objects & 1;
		blanks(s);
		if (s->p == s->end)
			return scan_fail(s, s->p, "the text ends inside an object or array");
		if (*s->p == ',') {
			s->p++;
			*more = true;
			s->next = paths->nodes[s->nodes[s->depth]].element;
			if (!object)
				return true;
			blanks(s);
			return key_read(s, paths);
		}
		if (*s->p != (object ? '}' : ']'))
			return scan_fail(s, s->p, "a comma or the end of the object or array was expected here");
		s->objects >>= 1;
		if (!container_close(s, paths))
			return false;
	}
	return true;
}

static void
scan_begin(struct scanner *s, const struct scan_paths *paths, struct str record)
{
	s->count = 0;
	s->piece_count = 0;
	s->replaced = 0;
	s->why = NULL;
	s->record = record;
	s->p = record.ptr;
	s->end = record.ptr + record.len;
	s->depth = 0;
	s->objects = 0;
	s->nodes[0] = 0;
	s->next = 1;
	s->text_len = 0;
	s->key = 0;
	if (s->paths != paths)
		memset(s->keys, 0, sizeof(s->keys));
	s->paths = paths;
	arena_free(&s->more);
	/* Nearly every record's strings fit into its own length; what does not (bytes replaced) goes to the arena. */
	if (s->text_cap < record.len + 4096 && record.len < (1u << 20)) {
		free(s->text);
		s->text_cap = record.len * 2 + 4096;
		s->text = xcalloc(s->text_cap, 1);
	}
	if (record.len >= 3 && memcmp(record.ptr, "\xef\xbb\xbf", 3) == 0)
		s->p += 3;
}

bool
scan_record(struct scanner *s, const struct scan_paths *p, struct str record)
{
	bool opened, more = true;

	if (!record.ptr)
		record = STR("");
	scan_begin(s, p, record);
	while (more) {
		if (!value_read(s, p, &opened))
			return false;
		if (!opened && !value_after(s, p, &more))
			return false;
	}
	blanks(s);
	return s->p == s->end || scan_fail(s, s->p, "something follows after the end of the document");
}

void
scanner_free(struct scanner *s)
{
	free(s->values);
	free(s->text);
	arena_free(&s->more);
	memset(s, 0, sizeof(*s));
}
