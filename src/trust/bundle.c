/* The form of a bundle: what its head and its list say, and that nothing in them is out of bounds. */
#include "trust/bundle.h"

#include "base/json.h"
#include "base/time.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)

const char *
bundle_reason_name(enum bundle_reason reason)
{
	static const char *const names[] = {
		[BUNDLE_FINE] = "fine",
		[BUNDLE_NONE] = "none",
		[BUNDLE_FORGED] = "forged",
		[BUNDLE_FOREIGN_SERVER] = "foreign-server",
		[BUNDLE_FOREIGN_SITE] = "foreign-site",
		[BUNDLE_WRONG_WAY] = "wrong-way",
		[BUNDLE_OLD] = "old",
		[BUNDLE_GAP] = "gap",
		[BUNDLE_EXPIRED] = "expired",
		[BUNDLE_INCOMPLETE] = "incomplete",
		[BUNDLE_DAMAGED] = "damaged",
		[BUNDLE_UNREADABLE] = "unreadable",
	};
	return (size_t)reason < COUNT(names) ? names[reason] : "unreadable";
}

static bool
name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._~%+=:,@-", c));
}

bool
bundle_name_valid(struct str name)
{
	struct str rest = name, piece;
	if (!name.len || name.len > BUNDLE_NAME_MAX || name.ptr[name.len - 1] == '/')
		return false;
	while (str_cut(&rest, '/', &piece)) {
		if (!piece.len || str_eq(piece, STR(".")) || str_eq(piece, STR("..")))
			return false;
		for (size_t i = 0; i < piece.len; i++)
			if (!name_char(piece.ptr[i]))
				return false;
	}
	return true;
}

static bool
digest_take(struct str hex, char out[SHA256_HEX_LEN])
{
	if (hex.len != SHA256_HEX_LEN - 1)
		return false;
	for (size_t i = 0; i < hex.len; i++)
		if (!((hex.ptr[i] >= '0' && hex.ptr[i] <= '9') || (hex.ptr[i] >= 'a' && hex.ptr[i] <= 'f')))
			return false;
	memcpy(out, hex.ptr, hex.len);
	out[hex.len] = '\0';
	return true;
}

/* ---- the head ---- */

void
bundle_head_write(const struct bundle_head *h, struct json_writer *w)
{
	json_begin_object(w);
	json_put_i64(w, "bundle", 1);
	json_put_cstr(w, "direction", h->direction == BUNDLE_DOWN ? "down" : "up");
	json_put_str(w, "id", h->id);
	json_put_str(w, "site", h->site);
	json_put_str(w, "server", h->server);
	json_put_str(w, "from", h->from);
	json_put_str(w, "key", h->key);
	json_put_i64(w, "counter", h->counter);
	json_put_i64(w, "since", h->since);
	json_put_i64(w, "seen", h->seen);
	json_put_time(w, "made", h->made);
	json_put_time(w, "expires", h->expires);
	json_put_i64(w, "part_size", (int64_t)h->part_size);
	json_put_i64(w, "total", (int64_t)h->total);
	json_key(w, "parts");
	json_begin_array(w);
	for (size_t i = 0; i < h->parts.count; i++) {
		json_begin_object(w);
		json_put_i64(w, "size", (int64_t)h->parts.items[i].size);
		json_put_cstr(w, "sha256", h->parts.items[i].sha256);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "members");
	json_begin_object(w);
	json_put_i64(w, "count", (int64_t)h->member_count);
	json_put_i64(w, "size", (int64_t)h->list_size);
	json_put_i64(w, "stored", (int64_t)h->list_stored);
	json_put_cstr(w, "sha256", h->list_sha256);
	json_end_object(w);
	json_end_object(w);
}

static bool
number_take(const struct json *j, const char *key, uint64_t max, uint64_t *out)
{
	int64_t n = json_get_i64(j, key, -1);
	*out = n < 0 ? 0 : (uint64_t)n;
	return n >= 0 && *out <= max;
}

static bool
instant_take(const struct json *j, const char *key, int64_t *out)
{
	return time_parse(json_get_str(j, key), out) && *out > 0;
}

/* A line of printable text; some of it ends up in messages. */
static bool
word_take(struct arena *a, const struct json *j, const char *key, size_t max, struct str *out)
{
	struct str s = json_get_str(j, key);
	*out = s.len ? arena_line(a, s, max) : STR("");
	return s.len <= max && str_eq(*out, s.len ? s : STR(""));
}

static bool
words_take(struct arena *a, const struct json *j, struct bundle_head *h)
{
	struct str direction = json_get_str(j, "direction");
	if (str_eq(direction, STR("up")))
		h->direction = BUNDLE_UP;
	else if (!str_eq(direction, STR("down")))
		return false;
	return word_take(a, j, "id", 64, &h->id) && word_take(a, j, "site", 256, &h->site) &&
	       word_take(a, j, "server", 256, &h->server) && word_take(a, j, "from", 128, &h->from) &&
	       word_take(a, j, "key", 128, &h->key) && h->id.len && bundle_name_valid(h->id) &&
	       str_find_char(h->id, '/') < 0;
}

static bool
numbers_take(const struct json *j, struct bundle_head *h)
{
	const struct json *list = json_get(j, "members");
	uint64_t counter, since, seen, count;
	if (!number_take(j, "counter", INT64_MAX, &counter) || !number_take(j, "since", INT64_MAX, &since) ||
	    !number_take(j, "seen", INT64_MAX, &seen) || !number_take(list, "count", BUNDLE_MEMBERS_MAX, &count) ||
	    !number_take(list, "size", BUNDLE_LIST_MAX, &h->list_size) ||
	    !number_take(list, "stored", BUNDLE_LIST_MAX, &h->list_stored) ||
	    !digest_take(json_get_str(list, "sha256"), h->list_sha256) || !instant_take(j, "made", &h->made) ||
	    !instant_take(j, "expires", &h->expires))
		return false;
	h->counter = (int64_t)counter;
	h->since = (int64_t)since;
	h->seen = (int64_t)seen;
	h->member_count = (size_t)count;
	return counter > 0 && since < counter;
}

/* Every part but the last is full, and together they are as long as all members. */
static bool
parts_take(struct arena *a, const struct json *j, struct bundle_head *h)
{
	size_t count;
	const struct json *items = json_get_array(j, "parts", &count);
	uint64_t left;
	if (count > BUNDLE_PARTS_MAX || !number_take(j, "part_size", BUNDLE_PART_MAX, &h->part_size) ||
	    !number_take(j, "total", BUNDLE_TOTAL_MAX, &h->total) || !h->part_size)
		return false;
	left = h->total;
	for (size_t i = 0; i < count; i++) {
		struct bundle_part *p = ARRAY_PUSH(a, &h->parts);
		if (!number_take(&items[i], "size", BUNDLE_PART_MAX, &p->size) ||
		    !digest_take(json_get_str(&items[i], "sha256"), p->sha256) || !p->size ||
		    p->size != (left < h->part_size ? left : h->part_size))
			return false;
		left -= p->size;
	}
	return left == 0;
}

bool
bundle_head_parse(struct arena *a, struct str document, struct bundle_head *out, struct err *e)
{
	struct json_limits limits = { .depth = 8, .string_max = 4096, .total = BUNDLE_HEAD_MAX };
	struct bundle_head h = { 0 };
	struct json *j;
	if (!json_parse(a, document, &limits, &j, e))
		return false;
	if (json_get_i64(j, "bundle", 0) != 1)
		return err_set(e, ERR_INPUT, "it is of a form that this mamori does not know: install a newer one");
	if (!words_take(a, j, &h) || !numbers_take(j, &h) || !parts_take(a, j, &h))
		return err_set(e, ERR_INPUT, "its head is malformed");
	*out = h;
	return true;
}

/* ---- the list ---- */

static void
member_write(const struct bundle_member *m, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "kind", m->kind);
	json_put_str(w, "name", m->name);
	if (m->url_count) {
		json_key(w, "urls");
		json_begin_array(w);
		for (size_t i = 0; i < m->url_count; i++)
			json_str(w, m->urls[i]);
		json_end_array(w);
	}
	json_put_i64(w, "size", (int64_t)m->size);
	json_put_cstr(w, "sha256", m->sha256);
	if (m->packed)
		json_put_i64(w, "packed", (int64_t)m->stored);
	json_end_object(w);
}

void
bundle_list_write(const struct bundle_list *l, struct buf *out)
{
	for (size_t i = 0; i < l->members.count; i++) {
		struct json_writer w = { .out = out };
		member_write(&l->members.items[i], &w);
		buf_add_char(out, '\n');
	}
}

static bool
kind_valid(struct str kind)
{
	for (size_t i = 0; i < kind.len; i++)
		if (!(kind.ptr[i] >= 'a' && kind.ptr[i] <= 'z') && kind.ptr[i] != '-')
			return false;
	return kind.len > 0 && kind.len <= 32;
}

static bool
urls_parse(struct arena *a, const struct json *j, struct bundle_member *m)
{
	size_t count;
	const struct json *items = json_get_array(j, "urls", &count);
	if (count > BUNDLE_URLS_MAX)
		return false;
	m->urls = count ? ARENA_ARRAY(a, struct str, count) : NULL;
	m->url_count = count;
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != JSON_KIND_STRING || !items[i].text.len || items[i].text.len > BUNDLE_URL_MAX)
			return false;
		m->urls[i] = arena_str(a, items[i].text);
	}
	return true;
}

static bool
member_parse(struct arena *a, const struct json *j, struct bundle_member *m)
{
	struct str kind = json_get_str(j, "kind"), name = json_get_str(j, "name");
	if (!kind_valid(kind) || !bundle_name_valid(name) || !urls_parse(a, j, m) ||
	    !number_take(j, "size", BUNDLE_TOTAL_MAX, &m->size) || !digest_take(json_get_str(j, "sha256"), m->sha256))
		return false;
	m->kind = arena_str(a, kind);
	m->name = arena_str(a, name);
	m->stored = m->size;
	m->packed = json_get(j, "packed") != NULL;
	return !m->packed || number_take(j, "packed", BUNDLE_TOTAL_MAX, &m->stored);
}

static bool
line_parse(struct arena *a, struct str line, uint64_t *at, struct bundle_member *m, struct err *e)
{
	struct json_limits limits = { .depth = 4, .string_max = 4096, .total = LINE_MAX_BYTES };
	ARENA_AUTO scratch = { 0 };
	struct json *j;
	if (!json_parse(&scratch, line, &limits, &j, e))
		return false;
	*m = (struct bundle_member){ .at = *at };
	if (!member_parse(a, j, m))
		return err_set(e, ERR_INPUT, "a line of its list of members is malformed");
	if (m->stored > BUNDLE_TOTAL_MAX - *at)
		return err_set(e, ERR_TOO_LARGE, "its members are longer than any bundle may be");
	*at += m->stored;
	return true;
}

bool
bundle_list_parse(struct arena *a, struct str lines, struct bundle_list *out, struct err *e)
{
	struct bundle_list l = { 0 };
	struct str line;
	uint64_t at = 0;
	while (str_line(&lines, &line)) {
		if (l.members.count >= BUNDLE_MEMBERS_MAX)
			return err_set(e, ERR_TOO_LARGE, "it has more than %d members", BUNDLE_MEMBERS_MAX);
		struct bundle_member m;
		if (!line_parse(a, line, &at, &m, e))
			return false;
		*ARRAY_PUSH(a, &l.members) = m;
	}
	*out = l;
	return true;
}
