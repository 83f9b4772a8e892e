#include "base/sentence.h"

#include "base/buf.h"
#include "base/messages.h"

enum {
	SENTENCE_MAX = 4000, /* longer texts are somebody's words, not ours */
	CAPTURES_MAX = 12,
	LETTERS_MIN = 6, /* a format with fewer of its own would fit anything */
	DEPTH_MAX = 6,
	WORK_MAX = 64, /* parts of one sentence that are looked up */
};

enum lang
lang_swap(enum lang lang)
{
	enum lang before = lang_current();

	lang_set_thread(lang);
	return before;
}

void
lang_restore(const enum lang *before)
{
	lang_set_thread(*before);
}

/* ---- formats ---- */

struct piece {
	struct str literal; /* before the conversion, as written: %% is still two signs */
	bool end; /* no conversion follows */
	size_t argument; /* from 0 */
	char kind;
};

static bool
is_one_of(char c, const char *set)
{
	return c && strchr(set, c) != NULL;
}

/* What stands between a percent sign and the letter of a conversion. */
static struct piece
conversion_take(const char **at, size_t following)
{
	struct piece p = { .argument = following };
	const char *s = *at;
	size_t number = 0, digits = 0;

	while (s[digits] >= '0' && s[digits] <= '9')
		number = number * 10 + (size_t)(s[digits++] - '0');
	if (digits && s[digits] == '$') {
		p.argument = number - 1;
		s += digits + 1;
	}
	while (is_one_of(*s, "-+ #0'123456789.*hljztL"))
		s++;
	p.kind = *s;
	*at = *s ? s + 1 : s;
	return p;
}

/* The next literal and the conversion behind it. */
static struct piece
piece_take(const char **format, size_t following)
{
	const char *s = *format;

	while (*s && (s[0] != '%' || s[1] == '%'))
		s += *s == '%' ? 2 : 1;
	struct str literal = str_sub(*format, (size_t)(s - *format));
	if (!*s) {
		*format = s;
		return (struct piece){ .literal = literal, .end = true };
	}
	s++;
	struct piece p = conversion_take(&s, following);
	p.literal = literal;
	*format = s;
	return p;
}

static size_t
letters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z');
	return n;
}

struct captures {
	struct str text[CAPTURES_MAX];
	char kind[CAPTURES_MAX];
	size_t count, letters;
	struct str rest; /* ptr NULL, or what follows ": " behind a format that ends with a name */
};

static bool
capture_fits(struct str text, char kind)
{
	if (kind == 's' || kind == 'c')
		return true;
	for (size_t i = 0; i < text.len; i++)
		if (!is_one_of(text.ptr[i], "0123456789.-"))
			return false;
	return text.len > 0;
}

/* A sentence that ends with a name was put before another one: "reading %s" in "reading /x: Permission denied". */
static struct str
name_take(const struct piece *last, const struct piece *end, struct str found, struct captures *out)
{
	ptrdiff_t colon = str_find(found, STR(": "));
	if (end->literal.len || colon < 0 || str_ends(last->literal, STR(": ")))
		return found;
	out->rest = str_skip(found, (size_t)colon + 2);
	return str_head(found, (size_t)colon);
}

/* Each literal at its first place, the last one at the end: linear, and good enough for sentences. */
static bool
format_matches(const char *format, struct str text, struct captures *out)
{
	*out = (struct captures){ 0 };
	struct piece before = piece_take(&format, 0);
	if (before.end || !str_starts(text, before.literal))
		return false;
	out->letters = letters(before.literal);
	text = str_skip(text, before.literal.len);
	for (;;) {
		struct piece next = piece_take(&format, out->count + 1);
		size_t len;
		if (next.end && !str_ends(text, next.literal))
			return false;
		if (next.end) {
			len = text.len - next.literal.len;
		} else {
			ptrdiff_t at = next.literal.len ? str_find(text, next.literal) : -1;
			if (at < 0)
				return false;
			len = (size_t)at;
		}
		struct str found = str_head(text, len);
		if (next.end)
			found = name_take(&before, &next, found, out);
		if (out->count == CAPTURES_MAX || before.argument != out->count || !capture_fits(found, before.kind))
			return false;
		out->kind[out->count] = before.kind;
		out->text[out->count++] = found;
		out->letters += letters(next.literal);
		if (next.end)
			return out->letters >= LETTERS_MIN;
		text = str_skip(text, len + next.literal.len);
		before = next;
	}
}

/* ---- looking up ---- */

static const char *
english_of(size_t i)
{
	return messages_ja_text + messages_ja[i].english;
}

/* The first message whose format does not come before one that begins with c. */
static size_t
first_with(unsigned char c)
{
	size_t low = 0, high = messages_ja_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if ((unsigned char)english_of(middle)[0] < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The message beginning with c that shares the most with the text; false when none is better than *best. */
static bool
best_beginning_with(unsigned char c, struct str text, struct captures *best, const struct message **message)
{
	bool found = false;

	for (size_t i = first_with(c); i < messages_ja_count && (unsigned char)english_of(i)[0] == c; i++) {
		struct captures now;
		if (format_matches(english_of(i), text, &now) && now.letters > best->letters) {
			*best = now;
			*message = &messages_ja[i];
			found = true;
		}
	}
	return found;
}

struct telling {
	struct arena *arena;
	unsigned work;
};

static bool tell(struct telling *t, struct str text, unsigned depth, struct buf *out);

static void
tell_or_keep(struct telling *t, struct str text, unsigned depth, struct buf *out)
{
	if (!tell(t, text, depth, out))
		buf_add(out, text);
}

static void
literal_add(struct buf *out, struct str literal)
{
	for (size_t i = 0; i < literal.len; i++) {
		buf_add_char(out, literal.ptr[i]);
		if (literal.ptr[i] == '%')
			i++;
	}
}

static void
message_tell(struct telling *t, const char *format, const struct captures *c, unsigned depth, struct buf *out)
{
	for (size_t i = 0;; i++) {
		struct piece p = piece_take(&format, i);
		literal_add(out, p.literal);
		if (p.end)
			break;
		if (p.argument < c->count && c->kind[p.argument] == 's')
			tell_or_keep(t, c->text[p.argument], depth, out);
		else if (p.argument < c->count)
			buf_add(out, c->text[p.argument]);
	}
	if (!c->rest.ptr)
		return;
	buf_add(out, STR(": "));
	tell_or_keep(t, c->rest, depth, out);
}

/* "https://crt.sh: it answered 502": whose sentence it is stays as it is. */
static bool
owner_tell(struct telling *t, struct str owner, struct str text, unsigned depth, struct buf *out)
{
	size_t before = out->len;
	if (str_find_char(owner, ' ') >= 0)
		return false;
	buf_add(out, owner);
	buf_add(out, STR(": "));
	if (tell(t, text, depth, out))
		return true;
	buf_truncate(out, before);
	return false;
}

/* "what was being done: why", each part a sentence of its own. */
static bool
chain_tell(struct telling *t, struct str text, unsigned depth, struct buf *out)
{
	for (size_t from = 0; from < text.len;) {
		ptrdiff_t at = str_find(str_skip(text, from), STR(": "));
		if (at < 0)
			return false;
		size_t colon = from + (size_t)at;
		size_t before = out->len;
		if (tell(t, str_head(text, colon), depth, out)) {
			buf_add(out, STR(": "));
			tell_or_keep(t, str_skip(text, colon + 2), depth, out);
			return true;
		}
		buf_truncate(out, before);
		if (from == 0 && owner_tell(t, str_head(text, colon), str_skip(text, colon + 2), depth, out))
			return true;
		from = colon + 2;
	}
	return false;
}

/* "sentence (the program's own words)" */
static bool
bracket_tell(struct telling *t, struct str text, unsigned depth, struct buf *out)
{
	ptrdiff_t at = str_ends(text, STR(")")) ? str_find(text, STR(" (")) : -1;
	if (at <= 0 || !tell(t, str_head(text, (size_t)at), depth, out))
		return false;
	buf_add(out, str_skip(text, (size_t)at));
	return true;
}

/* False: nothing of it is known, out is as it was. */
static bool
tell(struct telling *t, struct str text, unsigned depth, struct buf *out)
{
	struct captures best = { 0 };
	const struct message *message = NULL;
	char exact[SENTENCE_MAX + 1];

	if (!text.len || depth == 0 || t->work == 0)
		return false;
	t->work--;
	memcpy(exact, text.ptr, text.len);
	exact[text.len] = '\0';
	/* A key with a conversion is a format, not what was told. */
	const char *same = strchr(exact, '%') ? exact : tr(exact);
	if (same != exact) {
		buf_add(out, str_of(same));
		return true;
	}
	bool found = best_beginning_with((unsigned char)text.ptr[0], text, &best, &message);
	if (text.ptr[0] != '%' && best_beginning_with('%', text, &best, &message))
		found = true;
	if (found) {
		message_tell(t, messages_ja_text + message->text, &best, depth - 1, out);
		return true;
	}
	return chain_tell(t, text, depth - 1, out) || bracket_tell(t, text, depth - 1, out);
}

struct str
tr_sentence(struct arena *a, struct str english)
{
	struct telling t = { a, WORK_MAX };
	BUF_AUTO out = { 0 };

	if (lang_current() == LANG_EN || english.len > SENTENCE_MAX || !tell(&t, english, DEPTH_MAX, &out))
		return english;
	return arena_str(a, buf_str(&out));
}
