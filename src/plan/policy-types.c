#include "plan/policy-types.h"

#include "base/suggest.h"
#include "base/tr.h"

#include <stdarg.h>

enum { TEXT_CAP = 256, NAME_CAP = 64, SHOWN = 60 };

void
policy_remark_add(struct arena *a, struct policy_remarks *remarks, bool warning, unsigned line, unsigned column,
		  const char *fmt, ...)
{
	BUF_AUTO text = { 0 };
	va_list ap;

	remarks->refused = remarks->refused || !warning;
	if (remarks->items.count >= POLICY_REMARKS_MAX)
		return;
	va_start(ap, fmt);
	buf_addfv(&text, fmt, ap);
	va_end(ap);
	*ARRAY_PUSH(a, &remarks->items) =
		(struct policy_remark){ warning, line, column, arena_line(a, buf_str(&text), 1000) };
}

bool
policy_scalar(struct policy_reading *r, const struct policy_node *n, const char *key, struct str *out)
{
	if (n->kind == POLICY_NODE_NULL)
		return policy_wrong(r, n, tr("“%s” has no value; write one, or leave the line out"), key);
	if (n->kind != POLICY_NODE_SCALAR)
		return policy_wrong(r, n, tr("“%s” takes one value, not a list or a group of keys"), key);
	*out = n->text;
	return true;
}

/* A stranger's text in a remark: one line, not long. */
struct str
policy_shown(struct policy_reading *r, struct str s)
{
	return arena_line(r->a, s, SHOWN);
}

size_t
policy_members(const struct policy_node *n, const struct policy_node **items)
{
	bool list = n->kind == POLICY_NODE_LIST;

	*items = list ? n->item : n;
	return list ? n->count : 1;
}

bool
policy_always_there(const struct policy_field *f, const void *at)
{
	return true;
}

/* ---- text ---- */

static bool
text_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str s;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	if (s.len > TEXT_CAP || !str_is_utf8(s))
		return policy_wrong(r, n, tr("the text of “%s” is longer than 256 bytes or not UTF-8"), f->key);
	/* Controls become blanks, and blanks at the ends are none of the value. */
	s = str_trim(arena_line(r->a, s, TEXT_CAP));
	if (s.len == 0)
		return policy_wrong(r, n, tr("“%s” has no value; write one, or leave the line out"), f->key);
	*(struct str *)at = s;
	return true;
}

/* Names become parts of slot ids, so the slash is taken. */
static bool
name_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	if (!text_read(r, n, f, at))
		return false;
	const struct str *s = at;
	/* "." and ".." are steps in an address, so no request would reach it. */
	if (s->len > NAME_CAP || str_find_char(*s, '/') >= 0 || str_eq(*s, STR(".")) || str_eq(*s, STR("..")))
		return policy_wrong(r, n, tr("the name “%.*s” is longer than 64 bytes or has a slash; choose another"),
				    STR_ARG(policy_shown(r, *s)));
	return true;
}

static bool
text_there(const struct policy_field *f, const void *at)
{
	return ((const struct str *)at)->len > 0;
}

static void
text_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_str(w, *(const struct str *)at);
}

const struct policy_type policy_text = { text_read, text_there, text_write };
const struct policy_type policy_name_text = { name_read, text_there, text_write };

static bool
texts_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str_list list = { 0 };
	const struct policy_node *items;
	size_t count = policy_members(n, &items);

	if (count > POLICY_LIST_MAX)
		return policy_wrong(r, n, tr("“%s” has more than %d entries; divide the policy"), f->key,
				    POLICY_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		struct str s;
		if (!text_read(r, &items[i], f, &s))
			return false;
		*ARRAY_PUSH(r->a, &list.items) = s;
	}
	*(struct str_list *)at = list;
	return true;
}

static bool
texts_there(const struct policy_field *f, const void *at)
{
	return ((const struct str_list *)at)->items.count > 0;
}

static void
texts_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct str_list *list = at;

	json_begin_array(w);
	for (size_t i = 0; i < list->items.count; i++)
		json_str(w, list->items.items[i]);
	json_end_array(w);
}

const struct policy_type policy_texts = { texts_read, texts_there, texts_write };

/* ---- words ---- */

static const struct policy_word flag_words[] = {
	{ "true", 1 },  { "false", 0 }, { "yes", 1 }, { "no", 0 },  { "on", 1 },  { "off", 0 },  { "True", 1 },
	{ "False", 0 }, { "Yes", 1 },   { "No", 0 },  { "On", 1 },  { "Off", 0 }, { "TRUE", 1 }, { "FALSE", 0 },
	{ "YES", 1 },   { "NO", 0 },    { "ON", 1 },  { "OFF", 0 }, { NULL, 0 },
};

static const struct policy_word *
word_find(const struct policy_word *words, struct str s)
{
	for (; words->word; words++) {
		if (str_eq(s, str_of(words->word)))
			return words;
	}
	return NULL;
}

static struct str
word_list(struct arena *a, const struct policy_word *words)
{
	BUF_AUTO b = { 0 };

	for (const struct policy_word *w = words; w->word; w++)
		buf_addf(&b, "%s%s", w == words ? "" : ", ", w->word);
	return arena_str(a, buf_str(&b));
}

static const char *
word_near(const struct policy_word *words, struct str s)
{
	const char *best = NULL;
	size_t least = SIZE_MAX, distance;

	for (; words->word; words++) {
		if (suggest_near(s, str_of(words->word), &distance) && distance < least) {
			least = distance;
			best = words->word;
		}
	}
	return best;
}

static bool
word_read(struct policy_reading *r, const struct policy_node *n, const char *key, const struct policy_word *words,
	  int *out)
{
	const struct policy_word *w;
	const char *near;
	struct str s;

	if (!policy_scalar(r, n, key, &s))
		return false;
	w = word_find(words, s);
	if (w) {
		*out = w->value;
		return true;
	}
	near = word_near(words, s);
	if (near)
		return policy_wrong(r, n, tr("“%s” does not know “%.*s”; did you mean “%s”?"), key,
				    STR_ARG(policy_shown(r, s)), near);
	return policy_wrong(r, n, tr("“%s” does not know “%.*s”; it takes: %.*s"), key, STR_ARG(policy_shown(r, s)),
			    STR_ARG(word_list(r->a, words)));
}

static bool
flag_word_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, int *out)
{
	struct str s;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	const struct policy_word *w = word_find(flag_words, s);
	if (!w)
		return policy_wrong(r, n, tr("“%s” takes true or false, not “%.*s”"), f->key,
				    STR_ARG(policy_shown(r, s)));
	*out = w->value;
	return true;
}

static bool
flag_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	int value;

	if (!flag_word_read(r, n, f, &value))
		return false;
	*(bool *)at = value != 0;
	return true;
}

static void
flag_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_bool(w, *(const bool *)at);
}

static bool
tristate_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	return flag_word_read(r, n, f, at);
}

static bool
number_known(const struct policy_field *f, const void *at)
{
	return *(const int *)at >= 0;
}

static void
tristate_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_bool(w, *(const int *)at > 0);
}

const struct policy_type policy_flag = { flag_read, policy_always_there, flag_write };
const struct policy_type policy_tristate = { tristate_read, number_known, tristate_write };

static bool
choice_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	return word_read(r, n, f->key, f->more, at);
}

static const char *
word_of(const struct policy_word *words, int value)
{
	while (words->word && words->value != value)
		words++;
	return words->word;
}

static void
choice_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_cstr(w, word_of(f->more, *(const int *)at));
}

static bool
choice_flag_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	int value;

	if (!word_read(r, n, f->key, f->more, &value))
		return false;
	*(bool *)at = value != 0;
	return true;
}

static void
choice_flag_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_cstr(w, word_of(f->more, *(const bool *)at));
}

static bool
bits_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	const struct policy_node *items;
	size_t count = policy_members(n, &items);
	unsigned bits = 0;
	int value;

	for (size_t i = 0; i < count; i++) {
		if (!word_read(r, &items[i], f->key, f->more, &value))
			return false;
		bits |= 1U << value;
	}
	if (bits == 0)
		return policy_wrong(r, n, tr("“%s” is empty; name one at least, or leave the line out"), f->key);
	*(unsigned *)at = bits;
	return true;
}

static bool
bits_there(const struct policy_field *f, const void *at)
{
	return *(const unsigned *)at != 0;
}

static void
bits_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	unsigned bits = *(const unsigned *)at;

	json_begin_array(w);
	for (int i = 0; i < 32; i++) {
		if (bits >> i & 1)
			json_cstr(w, word_of(f->more, i));
	}
	json_end_array(w);
}

const struct policy_type policy_choice = { choice_read, policy_always_there, choice_write };
const struct policy_type policy_choice_flag = { choice_flag_read, policy_always_there, choice_flag_write };
const struct policy_type policy_bits = { bits_read, bits_there, bits_write };

/* ---- numbers ---- */

static bool
integer_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str s;
	int64_t value;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	if (!str_to_i64(s, &value) || value < f->min || value > f->max)
		return policy_wrong(r, n, tr("“%s” takes a whole number from %lld to %lld, not “%.*s”"), f->key,
				    (long long)f->min, (long long)f->max, STR_ARG(policy_shown(r, s)));
	*(int *)at = (int)value;
	return true;
}

static void
integer_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_i64(w, *(const int *)at);
}

static bool
share_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str s;
	double value;
	bool ok;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	if (s.len > 0 && s.ptr[s.len - 1] == '%') {
		ok = str_to_double(str_head(s, s.len - 1), &value);
		value /= 100;
	} else {
		ok = str_to_double(s, &value);
	}
	if (!ok || !(value >= 0 && value <= 1))
		return policy_wrong(r, n, tr("“%s” takes a share such as 0.9 or 90%%, not “%.*s”"), f->key,
				    STR_ARG(policy_shown(r, s)));
	/* As many digits as are written back. */
	*(double *)at = (double)(int)(value * 10000 + 0.5) / 10000;
	return true;
}

static void
share_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_double(w, *(const double *)at, 4);
}

const struct policy_type policy_integer = { integer_read, number_known, integer_write };
const struct policy_type policy_share = { share_read, policy_always_there, share_write };

/* ---- maps ---- */

static const struct policy_field *
field_find(const struct policy_map *m, struct str key)
{
	for (size_t i = 0; i < m->count; i++) {
		if (str_eq(key, str_of(m->fields[i].key)))
			return &m->fields[i];
	}
	return NULL;
}

static bool
key_unknown(struct policy_reading *r, const struct policy_map *m, const struct policy_name *key)
{
	const char *best = NULL;
	size_t least = SIZE_MAX, distance;
	BUF_AUTO known = { 0 };

	for (size_t i = 0; i < m->count; i++) {
		if (suggest_near(key->text, str_of(m->fields[i].key), &distance) && distance < least) {
			least = distance;
			best = m->fields[i].key;
		}
		buf_addf(&known, "%s%s", i ? ", " : "", m->fields[i].key);
	}
	if (best)
		return policy_wrong(r, key, tr("there is no key “%.*s” here; did you mean “%s”?"),
				    STR_ARG(policy_shown(r, key->text)), best);
	return policy_wrong(r, key, tr("there is no key “%.*s” here; the keys are: %s"),
			    STR_ARG(policy_shown(r, key->text)), buf_cstr(&known));
}

bool
policy_map_read(struct policy_reading *r, const struct policy_node *n, const struct policy_map *m, void *at)
{
	uint64_t seen = 0;
	bool ok = true;

	/* Goes on behind a mistake, so that one look shows all of them. */
	for (size_t i = 0; i < n->count; i++) {
		const struct policy_field *f = field_find(m, n->key[i].text);
		if (!f) {
			ok = key_unknown(r, m, &n->key[i]);
			continue;
		}
		seen |= UINT64_C(1) << (f - m->fields);
		if (f->bit)
			((struct policy *)at)->written |= 1U << (f->bit - 1);
		ok = f->type->read(r, &n->item[i], f, (char *)at + f->offset) && ok;
	}
	return ok && (!m->finish || m->finish(r, n, at, seen));
}

static bool
map_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	if (n->kind != POLICY_NODE_MAP)
		return policy_wrong(r, n, tr("“%s” takes keys with values of their own; see the manual of policies"),
				    f->key);
	return policy_map_read(r, n, f->more, at);
}

/* Keys with a bit are in the maps of struct policy itself, and are written where the policy has a word about them, also
 * an empty one. */
static bool
field_there(const struct policy_field *f, const void *at)
{
	if (f->bit)
		return ((const struct policy *)at)->written >> (f->bit - 1) & 1;
	return f->type->there(f, (const char *)at + f->offset);
}

bool
policy_map_there(const struct policy_map *m, const void *at)
{
	for (size_t i = 0; i < m->count; i++) {
		if (field_there(&m->fields[i], at))
			return true;
	}
	return false;
}

static bool
map_there(const struct policy_field *f, const void *at)
{
	return policy_map_there(f->more, at);
}

void
policy_map_write(const struct policy_map *m, const void *at, struct json_writer *w)
{
	json_begin_object(w);
	for (size_t i = 0; i < m->count; i++) {
		const struct policy_field *f = &m->fields[i];
		if (!field_there(f, at))
			continue;
		json_key(w, f->key);
		f->type->write(f, (const char *)at + f->offset, w);
	}
	json_end_object(w);
}

static void
map_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_map_write(f->more, at, w);
}

const struct policy_type policy_map = { map_read, map_there, map_write };

/* Any ARRAY_OF(struct …). */
struct any_array {
	void *items;
	size_t count, cap;
};

static bool
maps_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	const struct policy_map *m = f->more;
	struct any_array list = { 0 };
	const struct policy_node *items;
	size_t count = policy_members(n, &items);
	bool ok = true;

	if (n->kind == POLICY_NODE_NULL || n->kind == POLICY_NODE_SCALAR)
		return policy_wrong(r, n, tr("“%s” takes a list; begin each entry with a dash"), f->key);
	if ((int64_t)count > f->max)
		return policy_wrong(r, n, tr("“%s” has more than %d entries; divide the policy"), f->key, (int)f->max);
	for (size_t i = 0; i < count; i++) {
		list.items = arena_grow(r->a, list.items, &list.count, &list.cap, m->size);
		char *one = (char *)list.items + (list.count - 1) * m->size;
		memcpy(one, m->defaults, m->size);
		if (items[i].kind == POLICY_NODE_MAP)
			ok = policy_map_read(r, &items[i], m, one) && ok;
		else
			ok = policy_wrong(r, &items[i],
					  tr("“%s” takes keys with values of their own; see the manual of policies"),
					  f->key);
	}
	if (ok)
		*(struct any_array *)at = list;
	return ok;
}

static bool
maps_there(const struct policy_field *f, const void *at)
{
	return ((const struct any_array *)at)->count > 0;
}

static void
maps_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct policy_map *m = f->more;
	const struct any_array *list = at;

	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++)
		policy_map_write(m, (const char *)list->items + i * m->size, w);
	json_end_array(w);
}

const struct policy_type policy_maps = { maps_read, maps_there, maps_write };
