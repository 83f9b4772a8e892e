#include "net/request.h"

#include "base/arena.h"
#include "base/tr.h"

#define FIELDS_MAX 128
#define LINE_MAX_BYTES 256

/* Marks a sentence for the catalogue; it is looked up when the answer is written. */
#define N_(text) text

static const char *const not_http = N_("this is not an HTTP request");

static bool
bad(struct request *r, int status, const char *why)
{
	r->state = REQUEST_BAD;
	r->status = status;
	r->why = why;
	return false;
}

static bool
is_token(struct str s)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!word && (c == '\0' || !strchr(marks, c)))
			return false;
	}
	return s.len > 0;
}

static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* The next line of the head without its CRLF. */
static bool
head_line(struct str *rest, struct str *line)
{
	ptrdiff_t end = str_find(*rest, STR("\r\n"));
	if (end < 0)
		return false;
	*line = str_head(*rest, (size_t)end);
	*rest = str_skip(*rest, (size_t)end + 2);
	return true;
}

static bool
parse_target(struct request *r, struct str target)
{
	static const char *const why = N_("the address in the request is malformed");
	r->scheme = r->authority = STR("");
	for (size_t i = 0; i < target.len; i++)
		if (target.ptr[i] <= ' ' || target.ptr[i] > '~' || target.ptr[i] == '#')
			return bad(r, 400, why);
	/* absolute-form, as for a proxy: RFC 9112 section 3.2.2 asks every server to take it. */
	ptrdiff_t scheme = str_find(target, STR("://"));
	if ((scheme == 4 || scheme == 5) && str_starts(target, STR("http"))) {
		struct str authority = str_skip(target, (size_t)scheme + 3);
		ptrdiff_t slash = str_find_char(authority, '/');
		if (r->proxy) {
			r->scheme = str_head(target, (size_t)scheme);
			r->authority = slash < 0 ? authority : str_head(authority, (size_t)slash);
		}
		target = slash < 0 ? STR("/") : str_skip(authority, (size_t)slash);
	} else if (r->proxy && str_eq(r->method, STR("CONNECT"))) {
		/* authority-form, section 3.2.3 */
		r->authority = target;
		r->path = r->query = STR("");
		return true;
	}
	if (!str_starts(target, STR("/")) && !str_eq(target, STR("*")))
		return bad(r, 400, why);
	if (!str_split(target, '?', &r->path, &r->query)) {
		r->path = target;
		r->query = STR("");
	}
	return true;
}

static bool
parse_request_line(struct request *r, struct str line)
{
	struct str rest, target, version;
	if (!str_split(line, ' ', &r->method, &rest) || !str_split(rest, ' ', &target, &version) ||
	    !is_token(r->method) || r->method.len > 16)
		return bad(r, 400, not_http);
	r->http11 = str_eq(version, STR("HTTP/1.1"));
	if (!r->http11 && !str_starts(version, STR("HTTP/")))
		return bad(r, 400, not_http);
	if (!r->http11 && !str_eq(version, STR("HTTP/1.0")))
		return bad(r, 505, N_("only HTTP/1.1 is spoken here"));
	return parse_target(r, target);
}

static bool
parse_fields(struct request *r, struct str rest)
{
	struct str line;
	struct request_field fields[FIELDS_MAX];
	size_t count = 0;
	while (head_line(&rest, &line) && line.len > 0) {
		struct request_field f;
		if (count == FIELDS_MAX)
			return bad(r, 431, N_("the request has too many header fields"));
		if (!str_split(line, ':', &f.name, &f.value) || !is_token(f.name) || !is_value(f.value))
			return bad(r, 400, N_("a header field of the request is malformed"));
		f.value = str_trim(f.value);
		fields[count++] = f;
	}
	r->fields = xcalloc(count ? count : 1, sizeof(fields[0]));
	memcpy(r->fields, fields, count * sizeof(fields[0]));
	r->field_count = count;
	return true;
}

struct str
request_field(const struct request *r, struct str name)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (str_eq_nocase(r->fields[i].name, name))
			return r->fields[i].value;
	return STR_NONE;
}

static unsigned
field_times(const struct request *r, struct str name)
{
	unsigned n = 0;
	for (size_t i = 0; i < r->field_count; i++)
		n += str_eq_nocase(r->fields[i].name, name);
	return n;
}

/* Is the word one of the comma-separated values? */
static bool
field_lists(struct str value, struct str word)
{
	struct str piece;
	while (str_cut(&value, ',', &piece))
		if (str_eq_nocase(str_trim(piece), word))
			return true;
	return false;
}

static bool
is_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len > 0;
}

static bool
too_large(struct request *r)
{
	return bad(r, 413, N_("the body of the request is larger than is taken here"));
}

/* How the body comes (RFC 9112, section 6). */
static bool
parse_length(struct request *r)
{
	struct str length = request_field(r, STR("Content-Length"));
	struct str coding = request_field(r, STR("Transfer-Encoding"));
	if (field_times(r, STR("Content-Length")) + field_times(r, STR("Transfer-Encoding")) > 1)
		return bad(r, 400, N_("the request states the length of its body twice"));
	if (coding.ptr) {
		if (!str_eq_nocase(coding, STR("chunked")))
			return bad(r, 501, N_("only the transfer coding chunked is understood"));
		if (!r->http11)
			return bad(r, 400, N_("the request states the length of its body in a way HTTP/1.0 lacks"));
		r->state = REQUEST_CHUNK_SIZE;
		return true;
	}
	r->state = REQUEST_DONE;
	if (!length.ptr)
		return true;
	if (!is_digits(length))
		return bad(r, 400, N_("the length of the request's body is not a number"));
	if (!str_to_u64(length, &r->left) || r->left > r->body_max)
		return too_large(r);
	if (r->left > 0)
		r->state = REQUEST_BODY;
	return true;
}

static bool
parse_head(struct request *r)
{
	struct str rest = buf_str(&r->head), line;
	if (!head_line(&rest, &line) || !parse_request_line(r, line) || !parse_fields(r, rest))
		return r->state == REQUEST_BAD ? false : bad(r, 400, not_http);
	unsigned hosts = field_times(r, STR("Host"));
	if (hosts > 1 || (hosts == 0 && r->http11))
		return bad(r, 400, N_("the request needs exactly one Host field"));
	if (!parse_length(r))
		return false;
	struct str connection = request_field(r, STR("Connection"));
	struct str expect = request_field(r, STR("Expect"));
	if (expect.ptr && !str_eq_nocase(expect, STR("100-continue")))
		return bad(r, 417, N_("the request expects something that is unknown here"));
	r->wants_continue = expect.ptr && r->http11 && r->state != REQUEST_DONE;
	r->keep_alive = r->http11 ? !field_lists(connection, STR("close")) : field_lists(connection, STR("keep-alive"));
	return true;
}

/* Collects the head up to its empty line; returns the bytes that belong to it. */
static size_t
feed_head(struct request *r, struct str bytes)
{
	size_t skipped = 0;
	/* Empty lines before a request are allowed for (RFC 9112, section 2.2). */
	while (r->head.len == 0 && bytes.len > 0 && (bytes.ptr[0] == '\r' || bytes.ptr[0] == '\n')) {
		bytes = str_skip(bytes, 1);
		skipped++;
	}
	/* TLS on a plain port, say: no end of a head would ever come. */
	if (r->head.len == 0 && bytes.len > 0 && !is_token(str_head(bytes, 1))) {
		bad(r, 400, not_http);
		return skipped;
	}
	size_t before = r->head.len;
	size_t room = r->head_max - before;
	buf_add(&r->head, str_head(bytes, room));
	size_t from = before < 3 ? 0 : before - 3;
	ptrdiff_t end = str_find(str_skip(buf_str(&r->head), from), STR("\r\n\r\n"));
	if (end < 0) {
		if (r->head.len >= r->head_max)
			bad(r, 431, N_("the header of the request is larger than is taken here"));
		return skipped + (r->head.len - before);
	}
	size_t total = from + (size_t)end + 4;
	buf_truncate(&r->head, total);
	(void)!parse_head(r);
	return skipped + (total - before);
}

/* Moves bytes of the body, at most what is left of it. */
static size_t
feed_body(struct request *r, struct str bytes)
{
	size_t n = bytes.len < r->left ? bytes.len : (size_t)r->left;
	buf_add(&r->body, str_head(bytes, n));
	r->left -= n;
	if (r->left == 0)
		r->state = r->state == REQUEST_BODY ? REQUEST_DONE : REQUEST_CHUNK_END;
	return n;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
chunk_begin(struct request *r, struct str line)
{
	struct str digits, extension;
	uint64_t size = 0;
	if (!str_split(line, ';', &digits, &extension))
		digits = line;
	digits = str_trim(digits);
	for (size_t i = 0; i < digits.len; i++) {
		int v = hex_value(digits.ptr[i]);
		if (v < 0)
			return bad(r, 400, N_("a chunk of the request's body is malformed"));
		if (size >> 59)
			return too_large(r);
		size = size << 4 | (unsigned)v;
	}
	if (digits.len == 0)
		return bad(r, 400, N_("a chunk of the request's body is malformed"));
	if (size > r->body_max - r->body.len)
		return too_large(r);
	r->left = size;
	r->state = size ? REQUEST_CHUNK_DATA : REQUEST_TRAILER;
	return true;
}

static bool
chunk_line(struct request *r, struct str line)
{
	if (!is_value(line))
		return bad(r, 400, N_("a chunk of the request's body is malformed"));
	if (r->state == REQUEST_CHUNK_SIZE)
		return chunk_begin(r, line);
	if (r->state == REQUEST_CHUNK_END) {
		if (line.len > 0)
			return bad(r, 400, N_("a chunk of the request's body is malformed"));
		r->state = REQUEST_CHUNK_SIZE;
		return true;
	}
	/* Trailers are counted and forgotten: nothing here needs one. */
	r->trailer += line.len + 2;
	if (r->trailer > r->head_max)
		return bad(r, 431, N_("the header of the request is larger than is taken here"));
	if (line.len == 0)
		r->state = REQUEST_DONE;
	return true;
}

static size_t
feed_line(struct request *r, struct str bytes)
{
	ptrdiff_t end = str_find_char(bytes, '\n');
	size_t n = end < 0 ? bytes.len : (size_t)end + 1;
	size_t max = r->state == REQUEST_TRAILER ? r->head_max : LINE_MAX_BYTES;
	if (r->line.len + n > max) {
		bad(r, 400, N_("a chunk of the request's body is malformed"));
		return 0;
	}
	buf_add(&r->line, str_head(bytes, n));
	if (end < 0)
		return n;
	struct str line = buf_str(&r->line);
	if (!str_ends(line, STR("\r\n")))
		bad(r, 400, N_("a chunk of the request's body is malformed"));
	else
		(void)!chunk_line(r, str_head(line, line.len - 2));
	buf_truncate(&r->line, 0);
	return n;
}

size_t
request_feed(struct request *r, struct str bytes)
{
	size_t used = 0;
	while (used < bytes.len && r->state != REQUEST_DONE && r->state != REQUEST_BAD) {
		struct str rest = str_skip(bytes, used);
		switch (r->state) {
		case REQUEST_HEAD:
			used += feed_head(r, rest);
			break;
		case REQUEST_BODY:
		case REQUEST_CHUNK_DATA:
			used += feed_body(r, rest);
			break;
		case REQUEST_CHUNK_SIZE:
		case REQUEST_CHUNK_END:
		case REQUEST_TRAILER:
			used += feed_line(r, rest);
			break;
		case REQUEST_DONE:
		case REQUEST_BAD:
			break;
		}
	}
	return used;
}

void
request_free(struct request *r)
{
	buf_free(&r->head);
	buf_free(&r->body);
	buf_free(&r->line);
	free(r->fields);
	r->fields = NULL;
	r->field_count = 0;
}
