/* Subroutines of a CFF font that none of its glyphs calls (evidence/pdf-fonts.h). Charstrings are walked as a rasteriser does, but
 * only for what they call: numbers before a call say which, and hints how many bytes a mask has. */
#include "evidence/pdf-fonts.h"

#include "base/arena.h"

enum {
	STACK = 513,
	DEPTH = 16,
	STEPS_MAX = 20000000,
	FONT_DICTS_MAX = 256,
	OP_CHARSTRINGS = 17,
	OP_PRIVATE = 18,
	OP_SUBRS = 19,
	OP_ESCAPED = 256, /* 12 and another byte */
	OP_FD_ARRAY = OP_ESCAPED + 36,
	OP_FD_SELECT = OP_ESCAPED + 37,
};

struct cff {
	unsigned char *p;
	size_t len;
	bool *called; /* by the place where a subroutine begins */
};

struct index {
	size_t count, offsets, data, end; /* places; data: of the byte before the first */
	unsigned size; /* bytes of an offset */
};

static bool
number_at(const struct cff *f, size_t at, unsigned bytes, size_t *out)
{
	if (at > f->len || bytes > f->len - at)
		return false;
	*out = 0;
	for (unsigned i = 0; i < bytes; i++)
		*out = *out << 8 | f->p[at + i];
	return true;
}

static bool
index_read(const struct cff *f, size_t at, struct index *x)
{
	size_t size, last;

	*x = (struct index){ 0 };
	if (!number_at(f, at, 2, &x->count))
		return false;
	x->end = at + 2;
	if (x->count == 0)
		return true;
	if (!number_at(f, at + 2, 1, &size) || size < 1 || size > 4)
		return false;
	x->size = (unsigned)size;
	x->offsets = at + 3;
	x->data = x->offsets + (x->count + 1) * size - 1;
	if (!number_at(f, x->offsets + x->count * size, x->size, &last) || x->data > f->len || last > f->len - x->data)
		return false;
	x->end = x->data + last;
	return true;
}

static bool
index_item(const struct cff *f, const struct index *x, size_t i, size_t *from, size_t *to)
{
	return i < x->count && number_at(f, x->offsets + i * x->size, x->size, from) &&
	       number_at(f, x->offsets + (i + 1) * x->size, x->size, to) && (*from += x->data) <= (*to += x->data) &&
	       *to <= x->end;
}

/* ---- dictionaries ---- */

/* The last two operands of an operator; false: it is not there. */
static bool
dict_find(const struct cff *f, size_t at, size_t end, unsigned wanted, long operands[2])
{
	operands[0] = operands[1] = 0;
	while (at < end && end <= f->len) {
		unsigned b = f->p[at++];
		long value = 0;
		if (b <= 21) {
			unsigned op = b == 12 && at < end ? (unsigned)OP_ESCAPED + f->p[at++] : b;
			if (op == wanted)
				return true;
			operands[0] = operands[1] = 0;
			continue;
		}
		unsigned more = b == 28 ? 2 : b == 29 ? 4 : b >= 247 && b <= 254 ? 1 : 0;
		if (at + more > end)
			return false;
		if (b == 28)
			value = (int16_t)(f->p[at] << 8 | f->p[at + 1]);
		else if (b == 29)
			value = (int32_t)((uint32_t)f->p[at] << 24 | (uint32_t)f->p[at + 1] << 16 |
					  (uint32_t)f->p[at + 2] << 8 | f->p[at + 3]);
		else if (b == 30)
			while (at < end && (f->p[at] & 0x0f) != 0x0f && (f->p[at++] & 0xf0) != 0xf0)
				;
		else if (b >= 247)
			value = b <= 250 ? (long)(b - 247) * 256 + f->p[at] + 108
					 : -(long)(b - 251) * 256 - f->p[at] - 108;
		else
			value = (long)b - 139;
		at += more + (b == 30);
		operands[0] = operands[1];
		operands[1] = value;
	}
	return false;
}

/* ---- charstrings ---- */

struct walk {
	const struct cff *f;
	const struct index *global, *local;
	long stack[STACK];
	size_t depth; /* of the stack */
	size_t hints, steps;
	bool ended;
};

static bool run(struct walk *w, size_t at, size_t end, unsigned level);

static bool
call(struct walk *w, const struct index *subrs, unsigned level)
{
	long bias = subrs->count < 1240 ? 107 : subrs->count < 33900 ? 1131 : 32768;
	size_t from, to;

	if (w->depth == 0 || level >= DEPTH)
		return false;
	long number = w->stack[--w->depth] + bias;
	if (number < 0 || !index_item(w->f, subrs, (size_t)number, &from, &to))
		return false;
	w->f->called[from] = true;
	return run(w, from, to, level + 1);
}

/* A number that begins with byte b; bytes behind it that it has. */
static bool
push(struct walk *w, unsigned b, size_t at, size_t end, unsigned *more)
{
	const unsigned char *p = w->f->p + at;
	long value;

	*more = b == 28 ? 2 : b == 255 ? 4 : b >= 247 ? 1 : 0;
	if (at + *more > end || w->depth == STACK)
		return false;
	if (b == 28 || b == 255) /* of a fraction the whole part */
		value = (int16_t)(p[0] << 8 | p[1]);
	else if (b >= 247)
		value = b <= 250 ? (long)(b - 247) * 256 + p[0] + 108 : -(long)(b - 251) * 256 - p[0] - 108;
	else
		value = (long)b - 139;
	w->stack[w->depth++] = value;
	return true;
}

static bool
run(struct walk *w, size_t at, size_t end, unsigned level)
{
	while (at < end && !w->ended) {
		unsigned b = w->f->p[at++], more = 0;
		if (++w->steps > STEPS_MAX)
			return false;
		if (b == 28 || b >= 32) {
			if (!push(w, b, at, end, &more))
				return false;
			at += more;
			continue;
		}
		switch (b) {
		case 10: /* callsubr */
		case 29: /* callgsubr */
			if (!call(w, b == 10 ? w->local : w->global, level))
				return false;
			continue;
		case 11: /* return */
			return true;
		case 14: /* endchar */
			w->ended = true;
			return true;
		case 12: /* flexes; arithmetic could compute what is called */
			if (at >= end || w->f->p[at] < 34 || w->f->p[at] > 37)
				return false;
			at++;
			break;
		case 1: /* hstem, vstem, hstemhm, vstemhm */
		case 3:
		case 18:
		case 23:
			w->hints += w->depth / 2;
			break;
		case 19: /* hintmask, cntrmask */
		case 20:
			w->hints += w->depth / 2;
			at += (w->hints + 7) / 8;
			break;
		default:
			break;
		}
		w->depth = 0;
	}
	return true;
}

/* ---- the font ---- */

struct font {
	struct index global, glyphs, local[FONT_DICTS_MAX];
	size_t locals;
	size_t select; /* place of FDSelect; 0: one for all */
};

static bool
private_read(const struct cff *f, size_t from, size_t to, struct index *local)
{
	long priv[2], subrs[2];

	*local = (struct index){ 0 };
	if (!dict_find(f, from, to, OP_PRIVATE, priv))
		return true;
	if (priv[0] < 0 || priv[1] < 0 || (size_t)priv[1] > f->len || (size_t)priv[0] > f->len - (size_t)priv[1])
		return false;
	if (!dict_find(f, (size_t)priv[1], (size_t)priv[1] + (size_t)priv[0], OP_SUBRS, subrs))
		return true;
	return subrs[1] > 0 && index_read(f, (size_t)(priv[1] + subrs[1]), local);
}

static bool
font_read(const struct cff *f, struct font *o)
{
	struct index names, tops, strings, dicts;
	size_t from, to;
	long glyphs[2], list[2], select[2];

	if (f->len < 4 || f->p[0] != 1 || !index_read(f, f->p[2], &names) || !index_read(f, names.end, &tops) ||
	    !index_read(f, tops.end, &strings) || !index_read(f, strings.end, &o->global) ||
	    !index_item(f, &tops, 0, &from, &to) || !dict_find(f, from, to, OP_CHARSTRINGS, glyphs) || glyphs[1] <= 0 ||
	    !index_read(f, (size_t)glyphs[1], &o->glyphs))
		return false;
	o->locals = 1;
	o->select = 0;
	if (!dict_find(f, from, to, OP_FD_ARRAY, list))
		return private_read(f, from, to, &o->local[0]);
	if (!dict_find(f, from, to, OP_FD_SELECT, select) || list[1] <= 0 || select[1] <= 0 ||
	    !index_read(f, (size_t)list[1], &dicts) || dicts.count == 0 || dicts.count > FONT_DICTS_MAX)
		return false;
	o->select = (size_t)select[1];
	o->locals = dicts.count;
	for (size_t i = 0; i < dicts.count; i++)
		if (!index_item(f, &dicts, i, &from, &to) || !private_read(f, from, to, &o->local[i]))
			return false;
	return true;
}

static bool
dict_of_glyph(const struct cff *f, const struct font *o, size_t glyph, size_t *out)
{
	size_t format, ranges, first, next;

	*out = 0;
	if (o->select == 0)
		return true;
	if (!number_at(f, o->select, 1, &format))
		return false;
	if (format == 0)
		return number_at(f, o->select + 1 + glyph, 1, out) && *out < o->locals;
	if (format != 3 || !number_at(f, o->select + 1, 2, &ranges))
		return false;
	for (size_t i = 0; i < ranges; i++) {
		size_t at = o->select + 3 + i * 3;
		if (!number_at(f, at, 2, &first) || !number_at(f, at + 2, 1, out) || !number_at(f, at + 3, 2, &next))
			return false;
		if (glyph >= first && glyph < next)
			return *out < o->locals;
	}
	return false;
}

static void
empty(const struct cff *f, const struct index *x)
{
	enum { RETURN = 11 };
	size_t from, to;

	for (size_t i = 0; i < x->count; i++)
		if (index_item(f, x, i, &from, &to) && from < to && !f->called[from])
			memset(f->p + from, RETURN, to - from);
}

bool
cff_slim(unsigned char *font, size_t len)
{
	struct cff f = { font, len, xcalloc(len + 1, sizeof(bool)) };
	struct font *o = xcalloc(1, sizeof(*o));
	struct walk *w = xcalloc(1, sizeof(*w));
	size_t from, to, dict;
	bool ok = font_read(&f, o);

	for (size_t i = 0; i < o->glyphs.count && ok; i++) {
		ok = index_item(&f, &o->glyphs, i, &from, &to) && dict_of_glyph(&f, o, i, &dict);
		if (!ok)
			break;
		*w = (struct walk){ .f = &f, .global = &o->global, .local = &o->local[dict], .steps = w->steps };
		ok = run(w, from, to, 0);
	}
	for (size_t i = 0; ok && i < o->locals; i++)
		empty(&f, &o->local[i]);
	if (ok)
		empty(&f, &o->global);
	free(w);
	free(o);
	free(f.called);
	return ok;
}
