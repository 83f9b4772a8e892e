#include "surface/domain.h"

#include "base/suggest.h"
#include "surface/letters.h"

#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>

enum { NAME_MAX_BYTES = 253, LABEL_MAX = 63, TOLD_MAX = 1024 };

/* ---- canonical form ---- */

static void
idn_cleanup(char **p)
{
	idn2_free(*p);
}
#define IDN_AUTO __attribute__((cleanup(idn_cleanup))) char *

/* Ideographic, full-width and half-width full stops part labels, too (UTS 46, 4.3). Returns the bytes of the dot at p. */
static size_t
dot_at(const char *p, size_t n)
{
	if (n > 0 && *p == '.')
		return 1;
	if (n >= 3 && (memcmp(p, "\xe3\x80\x82", 3) == 0 || memcmp(p, "\xef\xbc\x8e", 3) == 0 ||
		       memcmp(p, "\xef\xbd\xa1", 3) == 0))
		return 3;
	return 0;
}

/* Labels are taken one by one, so that a DNS name whose other labels IDNA would refuse ("_dmarc", "r3---sn") stays a name.
 * Lower case; 0: no label. */
static size_t
label_put(struct arena *a, struct str label, char into[LABEL_MAX])
{
	IDN_AUTO mapped = NULL;
	bool ascii = true;
	for (size_t i = 0; i < label.len; i++)
		ascii &= (unsigned char)label.ptr[i] < 0x80;
	if (!ascii) {
		const char *text = arena_cstr(a, label);
		if (strlen(text) != label.len || idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&mapped,
								IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
			return 0;
		label = str_of(mapped);
	}
	if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return 0;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return 0;
		into[i] = c;
	}
	return label.len;
}

/* No top-level domain is a number (RFC 3696, 2), and programs read "10.1" and "0x7f.1" as addresses. */
static bool
is_number(struct str label)
{
	bool hex = label.len > 2 && label.ptr[0] == '0' && label.ptr[1] == 'x';
	for (size_t i = hex ? 2 : 0; i < label.len; i++) {
		char c = label.ptr[i];
		if (!(c >= '0' && c <= '9') && !(hex && c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

struct str
domain_canonical(struct arena *a, struct str name)
{
	char out[NAME_MAX_BYTES + 1];
	size_t len = 0, last = 0, n;
	ARENA_AUTO own = { 0 };
	name = str_trim(name);
	if (str_starts(name, STR("*.")))
		name = str_skip(name, 2);
	if (name.len == 0 || name.len > TOLD_MAX)
		return STR_NONE;
	for (size_t at = 0; at < name.len;) {
		size_t end = at;
		while (end < name.len && dot_at(name.ptr + end, name.len - end) == 0)
			end++;
		char label[LABEL_MAX];
		n = label_put(&own, str_sub(name.ptr + at, end - at), label);
		if (n == 0 || len + (len > 0) + n > NAME_MAX_BYTES)
			return STR_NONE;
		if (len > 0)
			out[len++] = '.';
		last = len;
		memcpy(out + len, label, n);
		len += n;
		at = end + dot_at(name.ptr + end, name.len - end);
	}
	if (is_number(str_sub(out + last, len - last)))
		return STR_NONE;
	return arena_str(a, str_sub(out, len));
}

struct str
domain_unicode(struct arena *a, struct str canonical)
{
	ARENA_AUTO own = { 0 };
	IDN_AUTO out = NULL;
	if (!str_starts(canonical, STR("xn--")) && !str_contains(canonical, STR(".xn--")))
		return canonical;
	if (canonical.len > NAME_MAX_BYTES ||
	    idn2_to_unicode_8z8z(arena_cstr(&own, canonical), &out, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return canonical;
	/* What does not lead back is one that only looks like another name. */
	struct str back = domain_canonical(&own, str_of(out));
	return str_eq(back, canonical) ? arena_line(a, str_of(out), strlen(out)) : canonical;
}

/* ---- public suffixes ---- */

/* The list is data of the system (it has a package of its own, which is newer than what libpsl was built with), read once
 * and never changed. */
static const psl_ctx_t *suffix_list;
static pthread_once_t suffix_once = PTHREAD_ONCE_INIT;

static void
suffix_load(void)
{
	suffix_list = psl_latest(NULL);
	if (!suffix_list)
		suffix_list = psl_builtin();
}

/* NUL-terminated for libpsl; NULL: longer than any name. */
static const psl_ctx_t *
suffix_ask(struct str name, char text[NAME_MAX_BYTES + 1])
{
	pthread_once(&suffix_once, suffix_load);
	if (name.len == 0 || name.len > NAME_MAX_BYTES || name.ptr[0] == '.')
		return NULL;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	return suffix_list;
}

struct str
domain_registrable(struct str canonical)
{
	char text[NAME_MAX_BYTES + 1];
	const psl_ctx_t *list = suffix_ask(canonical, text);
	const char *found = list ? psl_registrable_domain(list, text) : NULL;
	return found ? str_skip(canonical, (size_t)(found - text)) : STR_NONE;
}

bool
domain_is_public_suffix(struct str canonical)
{
	char text[NAME_MAX_BYTES + 1];
	const psl_ctx_t *list = suffix_ask(canonical, text);
	return list && psl_is_public_suffix(list, text);
}

bool
domain_is_customers(struct str canonical)
{
	char text[NAME_MAX_BYTES + 1];
	struct str own = domain_registrable(canonical);
	const psl_ctx_t *list = own.len ? suffix_ask(domain_parent(own), text) : NULL;
	return list && psl_is_public_suffix2(list, text, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE);
}

bool
domain_suffix_known(struct str canonical)
{
	char text[NAME_MAX_BYTES + 1];
	struct str own = domain_registrable(canonical);
	struct str suffix = own.ptr ? domain_parent(own) : canonical;
	const psl_ctx_t *list = suffix_ask(suffix, text);
	return list && psl_is_public_suffix2(list, text, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

bool
domain_within(struct str name, struct str zone)
{
	if (zone.len == 0 || !str_ends(name, zone))
		return false;
	return name.len == zone.len || name.ptr[name.len - zone.len - 1] == '.';
}

struct str
domain_parent(struct str name)
{
	ptrdiff_t dot = str_find_char(name, '.');
	return dot < 0 || (size_t)dot + 1 >= name.len ? STR_NONE : str_skip(name, (size_t)dot + 1);
}

/* ---- look-alikes ---- */

/* A label as somebody glancing at it reads it: one byte for each character, those outside ASCII numbered from 128. */
struct glance {
	char text[LABEL_MAX];
	size_t len;
};

struct numbering {
	uint32_t seen[2 * LABEL_MAX];
	size_t count;
};

static char
glance_number(struct numbering *n, uint32_t c)
{
	size_t i = 0;
	while (i < n->count && n->seen[i] != c)
		i++;
	if (i == n->count && i < COUNT(n->seen))
		n->seen[n->count++] = c;
	return (char)(0x80 + i);
}

/* Two letters that run into one. */
static const struct {
	char pair[3], as;
} ligatures[] = { { "rn", 'm' }, { "vv", 'w' } };

static void
glance_add(struct glance *g, char c)
{
	for (size_t i = 0; g->len > 0 && i < COUNT(ligatures); i++)
		if (g->text[g->len - 1] == ligatures[i].pair[0] && c == ligatures[i].pair[1]) {
			g->text[g->len - 1] = ligatures[i].as;
			return;
		}
	if (g->len < sizeof(g->text))
		g->text[g->len++] = c;
}

static void
glance_at(struct str label, struct numbering *n, struct glance *g)
{
	g->len = 0;
	while (label.len > 0) {
		uint32_t c = letters_next(&label);
		const char *latin = letters_latin(c);
		char like = letters_lookalike(latin && !latin[1] ? (unsigned char)latin[0] : c);
		if (c == '-' || c == '_')
			continue;
		if (like)
			glance_add(g, like);
		else
			for (const char *p = latin ? latin : ""; *p; p++)
				glance_add(g, *p);
		if (!like && !latin)
			glance_add(g, c < 0x80 ? (char)c : glance_number(n, c));
	}
}

static double
label_likeness(struct str a, struct str b)
{
	struct numbering n = { .count = 0 };
	struct glance x, y;
	if (str_eq(a, b))
		return 1;
	glance_at(a, &n, &x);
	glance_at(b, &n, &y);
	struct str s = str_sub(x.text, x.len), t = str_sub(y.text, y.len);
	if (s.len == 0 || t.len == 0)
		return 0;
	if (str_eq(s, t))
		return 0.97;
	size_t longer = s.len > t.len ? s.len : t.len;
	double near = 0.95 * (1 - (double)suggest_distance(s, t) / (double)longer);
	/* "example-login", "myexample": the whole of one within the other, unless that is a word of two or three letters. */
	struct str small = s.len < t.len ? s : t;
	if (small.len >= 4 && str_contains(s.len < t.len ? t : s, small) && near < 0.7)
		near = 0.7;
	return near;
}

/* What people see of a registrable domain: its first label and the rest. */
static void
seen(struct arena *a, struct str name, struct str *label, struct str *suffix)
{
	struct str own = domain_registrable(name);
	own = domain_unicode(a, own.len > 0 ? own : name);
	if (!str_split(own, '.', label, suffix)) {
		*label = own;
		*suffix = STR_NONE;
	}
}

double
domain_likeness(struct str a, struct str b)
{
	ARENA_AUTO own = { 0 };
	struct str label[2], suffix[2];
	if (a.len == 0 || b.len == 0)
		return 0;
	if (str_eq(a, b))
		return 1;
	seen(&own, a, &label[0], &suffix[0]);
	seen(&own, b, &label[1], &suffix[1]);
	double like = label_likeness(label[0], label[1]);
	return str_eq(suffix[0], suffix[1]) ? like : like * 0.92;
}
