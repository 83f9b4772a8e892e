/* A PDF as cairo writes it, with its fonts' programs replaced (evidence/pdf-fonts.h): objects in any order, a table of their
 * places at the end, lengths of streams as objects of their own. */
#include "evidence/pdf-fonts.h"

#include "base/arena.h"

#include <stdlib.h>
#include <zlib.h>

enum { OBJECTS_MAX = 100000, FONT_MAX = 64 << 20, ENTRY = 20 };

struct object {
	size_t number, at, end, moved; /* moved: where it is now */
};

struct pdf {
	struct arena a;
	struct str text;
	struct object *objects; /* by place */
	size_t count, size; /* size: numbers of the table */
	size_t table, trailer;
};

static bool
digits(struct str s, size_t *at, size_t *out)
{
	size_t from = *at;

	*out = 0;
	for (; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9' && *at - from < 12; (*at)++)
		*out = *out * 10 + (size_t)(s.ptr[*at] - '0');
	return *at > from;
}

static int
by_place(const void *x, const void *y)
{
	const struct object *a = x, *b = y;

	return (a->at > b->at) - (a->at < b->at);
}

/* "startxref\n123\n%%EOF" → "xref\n0 25\n" and its entries of 20 bytes. */
static bool
table_read(struct pdf *p)
{
	static const struct str mark = { "startxref\n", 10 }, head = { "xref\n0 ", 7 };
	struct str tail = str_skip(p->text, p->text.len > 64 ? p->text.len - 64 : 0);
	ptrdiff_t found = str_find(tail, mark);
	size_t at = found < 0 ? 0 : (size_t)(tail.ptr - p->text.ptr) + (size_t)found + mark.len, place, n;

	if (found < 0 || !digits(p->text, &at, &p->table) || p->table >= p->text.len ||
	    !str_starts(str_skip(p->text, p->table), head))
		return false;
	at = p->table + head.len;
	if (!digits(p->text, &at, &p->size) || p->size < 2 || p->size > OBJECTS_MAX || p->text.ptr[at] != '\n')
		return false;
	at++;
	p->trailer = at + p->size * ENTRY;
	if (p->trailer > p->text.len || !str_starts(str_skip(p->text, p->trailer), STR("trailer")))
		return false;
	p->objects = ARENA_ARRAY(&p->a, struct object, p->size);
	for (size_t i = 1; i < p->size; i++) {
		n = at + i * ENTRY;
		if (p->text.ptr[n + 17] != 'n')
			continue;
		if (!digits(p->text, &n, &place) || place >= p->table)
			return false;
		p->objects[p->count++] = (struct object){ .number = i, .at = place };
	}
	if (p->count == 0)
		return false;
	qsort(p->objects, p->count, sizeof(*p->objects), by_place);
	for (size_t i = 0; i < p->count; i++)
		p->objects[i].end = i + 1 < p->count ? p->objects[i + 1].at : p->table;
	return true;
}

static struct str
body(const struct pdf *p, const struct object *o)
{
	return str_sub(p->text.ptr + o->at, o->end - o->at);
}

/* ---- one font ---- */

struct font {
	const struct object *length; /* the object that says it */
	struct str before, packed, after;
};

static bool
font_find(const struct pdf *p, const struct object *o, struct font *f)
{
	static const struct str key = { "/Length ", 8 }, begin = { "stream\n", 7 };
	struct str s = body(p, o);
	ptrdiff_t stream = str_find(s, begin), kind = str_find(s, STR("FontType0C")), at = str_find(s, key);
	size_t number, n, bytes;

	if (stream < 0 || kind < 0 || at < 0 || kind > stream || at > stream)
		return false;
	n = (size_t)at + key.len;
	if (!digits(s, &n, &number) || !str_starts(str_skip(s, n), STR(" 0 R")))
		return false;
	f->length = NULL;
	for (size_t i = 0; i < p->count; i++)
		if (p->objects[i].number == number)
			f->length = &p->objects[i];
	if (!f->length)
		return false;
	struct str said = body(p, f->length);
	ptrdiff_t obj = str_find(said, STR("obj\n"));
	n = obj < 0 ? 0 : (size_t)obj + 4;
	while (n < said.len && said.ptr[n] == ' ')
		n++;
	size_t from = (size_t)stream + begin.len;
	if (obj < 0 || !digits(said, &n, &bytes) || bytes > s.len - from)
		return false;
	f->before = str_head(s, from);
	f->packed = str_sub(s.ptr + from, bytes);
	f->after = str_skip(s, from + bytes);
	return str_starts(f->after, STR("\nendstream"));
}

static bool
repack(struct str packed, struct buf *out)
{
	unsigned char *font = NULL;
	uLongf size = packed.len * 4;
	int got = Z_BUF_ERROR;

	while (got == Z_BUF_ERROR && size < FONT_MAX) {
		size *= 2;
		font = xrealloc(font, size, 1);
		got = uncompress(font, &size, (const Bytef *)packed.ptr, packed.len);
	}
	bool ok = got == Z_OK && cff_slim(font, size);
	if (ok) {
		uLongf room = compressBound(size);
		unsigned char *small = xrealloc(NULL, room, 1);
		ok = compress2(small, &room, font, size, Z_BEST_COMPRESSION) == Z_OK && room < packed.len;
		if (ok)
			buf_add(out, str_sub((const char *)small, room));
		free(small);
	}
	free(font);
	return ok;
}

/* ---- all of it ---- */

static void
write_table(struct pdf *p, struct buf *out)
{
	static const struct str mark = { "startxref\n", 10 };
	size_t *places = ARENA_ARRAY(&p->a, size_t, p->size), table = out->len;
	struct str trailer = str_skip(p->text, p->trailer);

	for (size_t i = 0; i < p->count; i++)
		places[p->objects[i].number] = p->objects[i].moved;
	buf_addf(out, "xref\n0 %zu\n", p->size);
	for (size_t i = 0; i < p->size; i++) {
		if (i > 0 && places[i] > 0)
			buf_addf(out, "%010zu 00000 n \n", places[i]);
		else
			buf_addf(out, "%010u 65535 f \n", 0);
	}
	buf_add(out, str_head(trailer, (size_t)str_find(trailer, mark) + mark.len));
	buf_addf(out, "%zu\n%%%%EOF\n", table);
}

static bool
rewrite(struct pdf *p, struct buf *out)
{
	struct str *changed = ARENA_ARRAY(&p->a, struct str, p->count); /* objects that are written otherwise */
	bool any = false;

	for (size_t i = 0; i < p->count; i++) {
		BUF_AUTO packed = { 0 };
		struct font f;
		if (!font_find(p, &p->objects[i], &f) || !repack(f.packed, &packed))
			continue;
		BUF_AUTO all = { 0 };
		buf_add(&all, f.before);
		buf_add(&all, buf_str(&packed));
		buf_add(&all, f.after);
		changed[i] = arena_str(&p->a, buf_str(&all));
		changed[f.length - p->objects] =
			arena_printf(&p->a, "%zu 0 obj\n   %zu\nendobj\n", f.length->number, packed.len);
		any = true;
	}
	if (!any)
		return false;
	buf_add(out, str_head(p->text, p->objects[0].at));
	for (size_t i = 0; i < p->count; i++) {
		p->objects[i].moved = out->len;
		buf_add(out, changed[i].ptr ? changed[i] : body(p, &p->objects[i]));
	}
	write_table(p, out);
	return true;
}

void
pdf_fonts_slim(struct buf *pdf)
{
	struct pdf p = { .text = buf_str(pdf) };
	BUF_AUTO out = { 0 };

	if (table_read(&p) && rewrite(&p, &out)) {
		pdf->len = 0;
		buf_add(pdf, buf_str(&out));
	}
	arena_free(&p.a);
}
