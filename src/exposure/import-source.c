#include "exposure/import-source.h"

#include "base/time.h"
#include "exposure/import-scan.h"
#include "exposure/import-sniff.h"
#include "os/file.h"
#include "os/gunzip.h"
#include "trust/key.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define STEP (1u << 20)
#define PACKED_STEP (256u << 10)
#define RATIO_MAX 1000
#define RATIO_FROM (UINT64_C(64) << 20)

enum split { SPLIT_LINES, SPLIT_VALUES, SPLIT_XML };

struct source {
	const char *path;
	int fd;
	uint64_t size, unpacked;
	_Atomic uint64_t done;
	int64_t time;
	struct sha256_stream *sha;
	struct archive *archive; /* NULL: plain */
	struct gunzip *gunzip; /* what it reads from, for a .gz */
	char *packed;
	bool ended, cut; /* cut: the packing ended too early */
	bool discarding; /* inside a record that is too long */
	struct buf head, carry; /* head: unpacked, to be given first */
	size_t head_used;
	enum split split;
	struct buf open_tag, close_tag; /* of XML: "<host", "</host>" */
	/* Of values: where the scan stands in what was carried over. */
	size_t scanned, begun;
	unsigned depth;
	bool in_string, escaped, junk;
	pthread_mutex_t lock;
};

/* ---- bytes ---- */

static bool
file_bytes(struct source *s, char *into, size_t cap, size_t *got, struct err *e)
{
	ssize_t n;

	do
		n = read(s->fd, into, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "reading %s", s->path);
	s->done += (uint64_t)n;
	sha256_update(s->sha, str_sub(into, (size_t)n));
	*got = (size_t)n;
	return true;
}

static la_ssize_t
packed_bytes(struct archive *a, void *user, const void **out)
{
	struct source *s = user;
	size_t got;

	*out = s->packed;
	if (!file_bytes(s, s->packed, PACKED_STEP, &got, NULL)) {
		archive_set_error(a, errno, "the file could not be read");
		return -1;
	}
	return (la_ssize_t)got;
}

/* A gunzip_fill_fn. */
static bool
gz_fill(void *user, void *into, size_t cap, size_t *got)
{
	return file_bytes(user, into, cap, got, NULL);
}

static la_ssize_t
gz_bytes(struct archive *a, void *user, const void **out)
{
	struct source *s = user;
	const char *why = NULL;
	ptrdiff_t n = gunzip_next(s->gunzip, out, &why);

	if (n < 0)
		archive_set_error(a, EINVAL, "%s", why);
	return n;
}

static bool
packing_open(struct source *s, bool gz, struct err *e)
{
	struct archive_entry *entry;

	s->packed = xcalloc(PACKED_STEP, 1);
	s->archive = archive_read_new();
	if (!s->archive)
		abort();
	archive_read_support_filter_all(s->archive);
	archive_read_support_format_raw(s->archive);
	if (gz)
		s->gunzip = gunzip_new(gz_fill, s);
	if (archive_read_open(s->archive, s, NULL, s->gunzip ? gz_bytes : packed_bytes, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(s->archive, &entry) != ARCHIVE_OK)
		return err_set(e, ERR_INPUT, "reading %s: it cannot be unpacked (%s); is it whole?", s->path,
			       archive_error_string(s->archive) ? archive_error_string(s->archive) : "?");
	return true;
}

static bool
unpacked_bytes(struct source *s, char *into, size_t cap, size_t *got, struct err *e)
{
	la_ssize_t n = archive_read_data(s->archive, into, cap);

	if (n < 0 && s->unpacked == 0)
		return err_set(e, ERR_INPUT, "reading %s: it cannot be unpacked (%s); is it whole?", s->path,
			       archive_error_string(s->archive) ? archive_error_string(s->archive) : "?");
	/* A download that broke off: what came is good. */
	s->cut = n < 0;
	*got = n > 0 ? (size_t)n : 0;
	s->unpacked += *got;
	if (s->unpacked > RATIO_FROM && s->unpacked / RATIO_MAX > s->done)
		return err_set(e, ERR_TOO_LARGE, "reading %s: it unpacks to more than %d times its size; refused",
			       s->path, RATIO_MAX);
	if (n <= 0) { /* the digest is of the whole file */
		size_t rest = 1;
		while (rest > 0)
			if (!file_bytes(s, s->packed, PACKED_STEP, &rest, e))
				return false;
	}
	return true;
}

/* 0 bytes: the end. */
static bool
more_bytes(struct source *s, char *into, size_t cap, size_t *got, struct err *e)
{
	struct str head = str_skip(buf_str(&s->head), s->head_used);

	*got = 0;
	if (head.len > 0) {
		*got = head.len < cap ? head.len : cap;
		memcpy(into, head.ptr, *got);
		s->head_used += *got;
		return true;
	}
	if (s->ended)
		return true;
	if (!(s->archive ? unpacked_bytes(s, into, cap, got, e) : file_bytes(s, into, cap, got, e)))
		return false;
	s->ended = *got == 0;
	return true;
}

static bool
is_packed(struct str head)
{
	static const struct str magics[] = { { "\x1f\x8b", 2 },
					     { "\x28\xb5\x2f\xfd", 4 },
					     { "BZh", 3 },
					     { "\xfd"
					       "7zXZ",
					       5 } };

	for (size_t i = 0; i < COUNT(magics); i++)
		if (str_starts(head, magics[i]))
			return true;
	return false;
}

bool
source_open(const char *path, struct source **out, struct err *e)
{
	struct source *s = xcalloc(1, sizeof(*s));
	struct stat st = { 0 };
	char magic[8];
	ssize_t n = 0;

	s->path = path;
	s->sha = sha256_open();
	pthread_mutex_init(&s->lock, NULL);
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok = (s->fd >= 0 && fstat(s->fd, &st) == 0) || err_sys(e, "opening %s", path);
	if (ok && !S_ISREG(st.st_mode))
		ok = err_set(e, ERR_INPUT, "opening %s: it is not a regular file", path);
	if (ok) {
		s->size = (uint64_t)st.st_size;
		s->time = (int64_t)st.st_mtim.tv_sec * 1000;
		n = pread(s->fd, magic, sizeof(magic), 0);
		ok = n >= 0 || err_sys(e, "reading %s", path);
	}
	if (ok && is_packed(str_sub(magic, (size_t)n)))
		ok = packing_open(s, memcmp(magic, "\x1f\x8b", 2) == 0, e);
	size_t got = 1;
	while (ok && got > 0 && s->head.len < SNIFF_HEAD) {
		ok = more_bytes(s, buf_reserve(&s->head, SNIFF_HEAD), SNIFF_HEAD, &got, e);
		if (!ok)
			break;
		/* more_bytes() gives from the head what is in it: while it fills, everything counts as given. */
		s->head.len += got;
		s->head_used = s->head.len;
	}
	s->head_used = 0;
	if (!ok) {
		source_close(s);
		return false;
	}
	*out = s;
	return true;
}

struct str
source_head(const struct source *s)
{
	return str_head(buf_str(&s->head), SNIFF_HEAD);
}

/* Whether some line at the head is a JSON value of its own. */
static bool
has_lines(struct str head)
{
	struct scan_paths *paths = scan_paths_new();
	SCANNER_AUTO scan = { 0 };
	bool found = false;
	struct str line;

	scan_paths_ready(paths);
	if (str_starts(head, STR("\xef\xbb\xbf")))
		head = str_skip(head, 3);
	for (unsigned tried = 0; !found && tried < 20 && str_find_char(head, '\n') >= 0 && str_line(&head, &line);
	     tried++)
		found = str_starts(line, STR("{")) && scan_record(&scan, paths, line);
	scan_paths_free(paths);
	return found;
}

void
source_split(struct source *s, const char *element)
{
	if (element) {
		s->split = SPLIT_XML;
		buf_addf(&s->open_tag, "<%s", element);
		buf_addf(&s->close_tag, "</%s>", element);
	} else {
		s->split = has_lines(source_head(s)) ? SPLIT_LINES : SPLIT_VALUES;
	}
}

/* ---- splitting ---- */

static void
chunk_record(struct chunk *c, size_t from, size_t to)
{
	*ARRAY_PUSH(&c->arena, &c->records) = (struct chunk_record){ from, to };
}

/* How much of the chunk is whole records. */
static size_t
split_lines(struct source *s, struct chunk *c, size_t from)
{
	const char *end = memrchr(c->ptr + from, '\n', c->len - from);

	return end ? (size_t)(end - c->ptr) + 1 : 0;
}

static size_t
find_quote(const char *p, size_t i, size_t end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');

	for (; end - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		unsigned stop =
			(unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
		if (stop)
			return i + (size_t)__builtin_ctz(stop);
	}
#endif
	while (i < end && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

static size_t
split_string(struct source *s, const char *p, size_t i, size_t end)
{
	if (s->escaped) {
		s->escaped = false;
		return i + 1;
	}
	i = find_quote(p, i, end);
	if (i < end && p[i] == '\\') {
		s->escaped = true;
		return i + 1;
	}
	if (i < end) {
		s->in_string = false;
		return i + 1;
	}
	return i;
}

/* What stands between the records: brackets and commas, or junk, which is counted once for each run. */
static void
split_between(struct source *s, struct chunk *c, char byte, size_t i)
{
	if (byte == '{') {
		s->depth = 1;
		s->begun = i;
		s->junk = false;
	} else if (!strchr(" \t\r\n,[]\xef\xbb\xbf", byte) || !byte) {
		c->junk += !s->junk;
		s->junk = true;
	}
}

static size_t
split_values(struct source *s, struct chunk *c)
{
	size_t i = s->scanned, whole = 0;

	while (i < c->len) {
		char byte = c->ptr[i];
		if (s->depth == 0) {
			split_between(s, c, byte, i++);
		} else if (s->in_string) {
			i = split_string(s, c->ptr, i, c->len);
			continue;
		} else {
			i++;
			if (byte == '"')
				s->in_string = true;
			else if (byte == '{' || byte == '[')
				s->depth++;
			else if ((byte == '}' || byte == ']') && --s->depth == 0) {
				if (!s->discarding)
					chunk_record(c, s->begun, i);
				s->discarding = false;
				whole = i;
			}
		}
		if (s->depth == 0)
			whole = i;
	}
	s->scanned = i;
	return whole;
}

/* Where the element begins in the text; "<hosthint>" and "<hosts" are other elements. */
static ptrdiff_t
find_open(const struct source *s, struct str text)
{
	struct str open = buf_str(&s->open_tag), look = text;

	for (;;) {
		ptrdiff_t at = str_find(look, open);
		if (at < 0 || (size_t)at + open.len >= look.len)
			return -1;
		char behind = look.ptr[(size_t)at + open.len];
		if (behind == ' ' || behind == '>' || behind == '\n' || behind == '\t' || behind == '\r')
			return look.ptr + at - text.ptr;
		look = str_skip(look, (size_t)at + open.len);
	}
}

static size_t
split_xml(struct source *s, struct chunk *c)
{
	struct str close = buf_str(&s->close_tag);
	size_t whole = 0;

	for (;;) {
		struct str rest = str_sub(c->ptr + whole, c->len - whole);
		ptrdiff_t end = str_find(rest, close);
		if (end < 0)
			return whole;
		ptrdiff_t begin = find_open(s, str_head(rest, (size_t)end));
		if (begin >= 0 && !s->discarding)
			chunk_record(c, whole + (size_t)begin, whole + (size_t)end + close.len);
		else
			c->junk += !s->discarding;
		s->discarding = false;
		whole += (size_t)end + close.len;
	}
}

/* Past the cap: what is here of the record goes, and what follows of it, too. */
static void
too_long(struct source *s, struct chunk *c)
{
	c->too_long += !s->discarding;
	s->discarding = true;
	c->len = 0;
	s->scanned = 0;
	s->begun = 0;
}

/* In a line that is too long: everything up to its end goes. */
static void
discard_line(struct source *s, struct chunk *c)
{
	const char *end = memchr(c->ptr, '\n', c->len);
	size_t n = end ? (size_t)(end - c->ptr) + 1 : c->len;

	memmove(c->ptr, c->ptr + n, c->len - n);
	c->len -= n;
	s->discarding = !end;
}

/* The end of the input: what is left is the last line, or a record that was cut off. */
static void
split_end(struct source *s, struct chunk *c, size_t whole)
{
	struct str rest = str_trim(str_sub(c->ptr + whole, c->len - whole));

	if (s->split == SPLIT_LINES) {
		/* A last line that is not whole shows as malformed; of a broken packing it is known why. */
		if (s->cut && rest.len > 0)
			c->len = whole;
		c->cut_off += s->cut;
	} else {
		bool open = s->split == SPLIT_XML ? find_open(s, rest) >= 0 : s->depth > 0 && !s->discarding;
		c->cut_off += s->cut || open;
		c->len = whole;
	}
	s->cut = false;
	s->depth = 0;
}

static void
chunk_room(struct chunk *c, size_t n)
{
	if (c->cap - c->len >= n)
		return;
	size_t cap = c->cap ? c->cap : STEP * 2;
	while (cap - c->len < n)
		cap *= 2;
	c->ptr = xrealloc(c->ptr, cap, 1);
	c->cap = cap;
}

static size_t
split_chunk(struct source *s, struct chunk *c, size_t from)
{
	if (s->split == SPLIT_LINES) {
		if (s->discarding)
			discard_line(s, c);
		return split_lines(s, c, from < c->len ? from : 0);
	}
	return s->split == SPLIT_XML ? split_xml(s, c) : split_values(s, c);
}

static bool
next_locked(struct source *s, struct chunk *c, bool *more, struct err *e)
{
	size_t whole = 0, got = 1;

	c->len = c->at = 0;
	c->lines = s->split == SPLIT_LINES;
	c->too_long = c->cut_off = c->junk = 0;
	memset(&c->records, 0, sizeof(c->records));
	arena_free(&c->arena);
	chunk_room(c, s->carry.len + STEP);
	if (s->carry.len > 0)
		memcpy(c->ptr, s->carry.ptr, s->carry.len);
	c->len = s->carry.len;
	buf_truncate(&s->carry, 0);
	while (whole == 0 && got > 0) {
		size_t from = c->len;
		chunk_room(c, STEP);
		if (!more_bytes(s, c->ptr + c->len, STEP, &got, e))
			return false;
		c->len += got;
		whole = split_chunk(s, c, from);
		if (whole == 0 && c->len > BANNER_RAW_MAX)
			too_long(s, c);
	}
	if (got == 0) {
		split_end(s, c, whole);
	} else {
		buf_add(&s->carry, str_sub(c->ptr + whole, c->len - whole));
		c->len = whole;
		/* The scan goes on in what is carried over. */
		s->scanned = s->carry.len;
		s->begun -= s->depth > 0 && s->begun >= whole ? whole : 0;
	}
	*more = c->len > 0 || c->too_long > 0 || c->cut_off > 0 || c->junk > 0;
	return true;
}

bool
source_next(struct source *s, struct chunk *c, bool *more, struct err *e)
{
	pthread_mutex_lock(&s->lock);
	bool ok = next_locked(s, c, more, e);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

uint64_t
source_size(const struct source *s)
{
	return s->size;
}

uint64_t
source_done(const struct source *s)
{
	return s->done;
}

int64_t
source_time(const struct source *s)
{
	return s->time;
}

void
source_digest(struct source *s, char hex[65])
{
	sha256_close(s->sha, hex);
	s->sha = NULL;
}

void
source_close(struct source *s)
{
	char hex[65];

	if (!s)
		return;
	if (s->archive)
		archive_read_free(s->archive);
	if (s->sha)
		sha256_close(s->sha, hex);
	if (s->fd >= 0)
		close(s->fd);
	gunzip_free(s->gunzip);
	free(s->packed);
	buf_free(&s->head);
	buf_free(&s->carry);
	buf_free(&s->open_tag);
	buf_free(&s->close_tag);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool
chunk_next(struct chunk *c, struct str *record)
{
	if (!c->lines) {
		if (c->at == c->records.count)
			return false;
		const struct chunk_record *r = &c->records.items[c->at++];
		*record = str_sub(c->ptr + r->from, r->to - r->from);
		return true;
	}
	while (c->at < c->len) {
		const char *begin = c->ptr + c->at, *end = memchr(begin, '\n', c->len - c->at);
		size_t n = end ? (size_t)(end - begin) : c->len - c->at;
		c->at += n + 1;
		*record = str_trim(str_sub(begin, n));
		if (record->len > 0)
			return true;
	}
	return false;
}

void
chunk_free(struct chunk *c)
{
	free(c->ptr);
	arena_free(&c->arena);
	memset(c, 0, sizeof(*c));
}
