/* What the bulk scanner says of a text against base/json: same verdict, same values down to four levels. */
#ifndef MAMORI_FUZZ_SCAN_ORACLE_H
#define MAMORI_FUZZ_SCAN_ORACLE_H

#include "base/json.h"
#include "exposure/import-scan.h"

enum { ORACLE_DEPTH = 4 };

static void
oracle_paths(struct scan_paths *p, const char *prefix, unsigned depth)
{
	scan_paths_add(p, prefix, 1);
	if (depth == ORACLE_DEPTH)
		return;
	for (int array = 0; array < 2; array++) {
		BUF_AUTO path = { 0 };
		buf_addf(&path, "%s%s%s", prefix, array || !prefix[0] ? "" : ".", array ? "[]" : "*");
		oracle_paths(p, buf_cstr(&path), depth + 1);
	}
}

static void
oracle_add(struct buf *out, char mark, struct str text)
{
	buf_add_char(out, mark);
	buf_add(out, text);
	buf_add_char(out, '\n');
}

/* base/json's tokens down to ORACLE_DEPTH; false: refused. */
static bool
oracle_base(struct str text, struct buf *out)
{
	JSON_READER_AUTO r = json_reader_mem(text, NULL);
	static const char marks[] = {
		[JSON_OBJECT] = 'o', [JSON_OBJECT_END] = 'c', [JSON_ARRAY] = 'o',  [JSON_ARRAY_END] = 'c',
		[JSON_KEY] = 'k',    [JSON_STRING] = 's',     [JSON_NUMBER] = 'n', [JSON_TRUE] = 't',
		[JSON_FALSE] = 'f',  [JSON_NULL] = '0',
	};

	for (;;) {
		enum json_token t = json_next(r);
		unsigned depth = json_depth(r);
		if (t == JSON_ERROR || t == JSON_DONE)
			return t == JSON_DONE;
		/* A container's own tokens belong to the level it stands on; a key names a value of its object's level. */
		if (t == JSON_OBJECT || t == JSON_ARRAY)
			depth--;
		if (depth <= ORACLE_DEPTH)
			oracle_add(out, marks[t],
				   t == JSON_KEY || t == JSON_STRING || t == JSON_NUMBER ? json_text(r) : STR(""));
	}
}

static bool
oracle_scan(struct str text, struct buf *out, uint64_t *replaced)
{
	SCANNER_AUTO s = { 0 };
	struct scan_paths *p = scan_paths_new();
	bool ok;

	oracle_paths(p, "", 0);
	scan_paths_ready(p);
	ok = scan_record(&s, p, text);
	for (size_t i = 0; i < s.count; i++) {
		static const char marks[] = {
			[SCAN_STRING] = 's', [SCAN_NUMBER] = 'n', [SCAN_TRUE] = 't', [SCAN_FALSE] = 'f',
			[SCAN_NULL] = '0',   [SCAN_KEY] = 'k',    [SCAN_OPEN] = 'o', [SCAN_CLOSE] = 'c'
		};
		uint8_t kind = s.values[i].kind;
		oracle_add(out, marks[kind], kind >= SCAN_OPEN ? STR("") : s.values[i].text);
	}
	*replaced = s.replaced;
	if (!ok && (!s.why || s.at > text.len))
		abort();
	scan_paths_free(p);
	scanner_free(&s);
	return ok;
}

/* What a scanner says of a text, for comparison with another one's. */
static inline void
oracle_told(struct scanner *s, const struct scan_paths *p, struct str text, struct buf *out)
{
	bool ok = scan_record(s, p, text);

	buf_addf(out, "%d %llu %s %zu\n", ok, (unsigned long long)s->replaced, ok ? "" : s->why, ok ? 0 : s->at);
	for (size_t i = 0; i < s->count; i++) {
		const struct scan_value *v = &s->values[i];
		buf_addf(out, "%u %u %u %d ", v->id, v->kind, v->at, v->exact);
		oracle_add(out, 'v', v->kind == SCAN_OPEN ? STR("") : v->text);
	}
}

static inline struct scan_paths *
oracle_names(void)
{
	static const char *const names[] = { "a", "k", "k.k", "k.a", "a[].k", "a.*", "k[]", "0123456789abcdefghi" };
	struct scan_paths *p = scan_paths_new();

	for (unsigned i = 0; i < COUNT(names); i++)
		scan_paths_add(p, names[i], (uint16_t)(i + 1));
	scan_paths_ready(p);
	return p;
}

/* A scanner that has seen other records says what a new one says. */
static inline const char *
oracle_again(struct scanner *used, const struct scan_paths *p, struct str text)
{
	SCANNER_AUTO fresh = { 0 };
	BUF_AUTO expected = { 0 };
	BUF_AUTO found = { 0 };

	oracle_told(&fresh, p, text, &expected);
	oracle_told(used, p, text, &found);
	return str_eq(buf_str(&expected), buf_str(&found)) ? NULL : "what was scanned before changes what is told";
}

/* NULL: they agree. */
static inline const char *
oracle_compare(struct str text)
{
	BUF_AUTO mended = { 0 };
	BUF_AUTO expected = { 0 };
	BUF_AUTO found = { 0 };
	uint64_t replaced = 0;
	/* Outside a string an ill-formed byte stays one that both refuse. */
	size_t bad = scan_repair(&mended, text);
	bool base = oracle_base(buf_str(&mended), &expected);
	bool scan = oracle_scan(text, &found, &replaced);

	if (base != scan)
		return base ? "refused, but it is valid" : "accepted, but it is not valid";
	if (base && !str_eq(buf_str(&expected), buf_str(&found)))
		return "other values";
	if (base && replaced != bad)
		return "other count of ill-formed bytes";
	return NULL;
}

#endif
