#include "exposure/enrich-recog.h"

#include "base/codec.h"
#include "base/json.h"
#include "os/file.h"
#include "trust/key.h"
#include "vuln/xml.h"

enum { FILES_MAX = 1000 };

/* ---- XML ---- */

struct xml_recog {
	struct recog *r;
	struct recog_database *database;
	struct recog_pattern *pattern; /* the open one; NULL: it was left out */
	size_t *bad;
	const char *name;
	bool base64;
	struct recog_example example;
};

static struct str
attribute(const struct xml_attribute *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].name, str_of(name)))
			return list[i].value;
	return STR_NONE;
}

static void
open_database(struct xml_recog *x, const struct xml_attribute *a, size_t count)
{
	struct recog *r = x->r;
	struct str name = attribute(a, count, "matches");

	if (name.len == 0) {
		name = str_of(x->name);
		if (str_ends(name, STR(".xml")))
			name.len -= 4;
	}
	x->database = ARRAY_PUSH(&r->arena, &r->databases);
	memset(x->database, 0, sizeof(*x->database));
	x->database->name = arena_str(&r->arena, name);
}

/* recog's own flags: what Ruby calls multiline is that a dot takes line ends. */
static unsigned
flags_of(struct str text)
{
	unsigned flags = REGEX_RUBY;

	if (str_contains(text, STR("REG_ICASE")))
		flags |= REGEX_ICASE;
	if (str_contains(text, STR("REG_DOT_NEWLINE")) || str_contains(text, STR("REG_MULTILINE")))
		flags |= REGEX_DOTALL;
	return flags;
}

static struct recog_pattern *
pattern_add(struct recog *r, struct recog_database *d, struct str pattern, unsigned flags)
{
	struct regex *regex;

	if (r->patterns == RECOG_PATTERNS_MAX || !regex_new(pattern, flags, &regex, NULL))
		return NULL;
	struct recog_pattern *p = ARRAY_PUSH(&r->arena, &d->patterns);
	memset(p, 0, sizeof(*p));
	p->pattern = arena_str(&r->arena, pattern);
	p->flags = flags;
	p->regex = regex;
	r->patterns++;
	return p;
}

static void
on_open(void *user, struct str path, const struct xml_attribute *a, size_t count)
{
	struct xml_recog *x = user;
	struct arena *arena = &x->r->arena;
	uint64_t group;

	if (str_eq(path, STR("/fingerprints"))) {
		open_database(x, a, count);
	} else if (str_eq(path, STR("/fingerprints/fingerprint")) && x->database) {
		x->pattern = pattern_add(x->r, x->database, attribute(a, count, "pattern"),
					 flags_of(attribute(a, count, "flags")));
		*x->bad += x->pattern == NULL;
	} else if (str_eq(path, STR("/fingerprints/fingerprint/param")) && x->pattern &&
		   x->pattern->params.count < RECOG_PARAMS_MAX && str_to_u64(attribute(a, count, "pos"), &group) &&
		   group < REGEX_GROUPS) {
		*ARRAY_PUSH(arena, &x->pattern->params) =
			(struct recog_param){ (unsigned)group, arena_str(arena, attribute(a, count, "name")),
					      arena_str(arena, attribute(a, count, "value")) };
	} else if (str_eq(path, STR("/fingerprints/fingerprint/example")) && x->r->keep_examples && x->pattern) {
		memset(&x->example, 0, sizeof(x->example));
		x->base64 = str_eq(attribute(a, count, "_encoding"), STR("base64"));
		for (size_t i = 0; i < count; i++)
			if (!str_starts(a[i].name, STR("_")))
				*ARRAY_PUSH(arena, &x->example.fields) =
					(struct recog_param){ 0, arena_str(arena, a[i].name),
							      arena_str(arena, a[i].value) };
	}
}

static void
on_text(void *user, struct str path, struct str text)
{
	struct xml_recog *x = user;
	BUF_AUTO bytes = { 0 };

	if (!x->r->keep_examples || !x->pattern || !str_eq(path, STR("/fingerprints/fingerprint/example")))
		return;
	if (x->base64) {
		for (size_t i = 0; i < text.len; i++)
			if (!strchr(" \t\r\n", text.ptr[i]))
				buf_add_char(&bytes, text.ptr[i]);
		BUF_AUTO decoded = { 0 };
		if (!base64_decode(&decoded, buf_str(&bytes)))
			return;
		x->example.text = arena_str(&x->r->arena, buf_str(&decoded));
	} else {
		x->example.text = arena_str(&x->r->arena, text);
	}
	x->example.database = x->r->databases.count - 1;
	x->example.pattern = x->database->patterns.count - 1;
	*ARRAY_PUSH(&x->r->arena, &x->r->examples) = x->example;
}

static bool
on_close(void *user, struct str path, struct err *e)
{
	struct xml_recog *x = user;

	if (str_eq(path, STR("/fingerprints/fingerprint")))
		x->pattern = NULL;
	return true;
}

static bool
fill(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct str *rest = user;

	*got = rest->len < cap ? rest->len : cap;
	if (*got > 0)
		memcpy(into, rest->ptr, *got);
	*rest = str_skip(*rest, *got);
	return true;
}

/* Databases of a file that turned out to be damaged. */
static void
drop_after(struct recog *r, size_t count)
{
	for (size_t d = count; d < r->databases.count; d++) {
		struct recog_database *db = &r->databases.items[d];
		for (size_t i = 0; i < db->patterns.count; i++)
			regex_free(db->patterns.items[i].regex);
		r->patterns -= db->patterns.count;
	}
	r->databases.count = count;
	while (r->examples.count > 0 && r->examples.items[r->examples.count - 1].database >= count)
		r->examples.count--;
}

bool
recog_read_xml(struct recog *r, struct str xml, const char *name, size_t *bad, struct err *e)
{
	struct xml_recog x = { .r = r, .bad = bad, .name = name };
	struct xml_visitor v = { on_open, on_text, on_close, &x };
	size_t before = r->databases.count;

	if (!xml_read(fill, &xml, &v, e)) {
		drop_after(r, before);
		return err_wrap(e, "reading the fingerprints in %s", name);
	}
	if (!x.database)
		return err_set(e, ERR_INPUT, "reading %s: it holds no fingerprints", name);
	return true;
}

bool
recog_read_folder(struct recog *r, const char *folder, size_t *bad, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;

	if (!dir_list(&a, folder, FILES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO text = { 0 };
		const char *name = arena_cstr(&a, names[i]);
		if (!str_ends(names[i], STR(".xml")))
			continue;
		if (!file_read(path_join(&a, folder, name), RECOG_FILE_MAX, &text, e))
			return false;
		if (str_contains(str_head(buf_str(&text), 65536), STR("<fingerprints")) &&
		    !recog_read_xml(r, buf_str(&text), name, bad, e))
			return false;
	}
	return true;
}

/* ---- the kept form ---- */

void
recog_write(const struct recog *r, struct buf *out)
{
	struct json_writer w = { .out = out };

	for (size_t d = 0; d < r->databases.count; d++)
		for (size_t i = 0; i < r->databases.items[d].patterns.count; i++) {
			const struct recog_pattern *p = &r->databases.items[d].patterns.items[i];
			w.comma = false;
			json_begin_object(&w);
			json_put_str(&w, "db", r->databases.items[d].name);
			json_put_str(&w, "pattern", p->pattern);
			json_put_i64(&w, "flags", p->flags);
			json_key(&w, "params");
			json_begin_array(&w);
			for (size_t k = 0; k < p->params.count; k++) {
				json_begin_array(&w);
				json_i64(&w, p->params.items[k].group);
				json_str(&w, p->params.items[k].name);
				json_str(&w, p->params.items[k].value);
				json_end_array(&w);
			}
			json_end_array(&w);
			json_end_object(&w);
			buf_add_char(out, '\n');
		}
}

static bool
read_line(struct recog *r, struct str line, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct json *doc;
	size_t count;

	if (!json_parse(&a, line, NULL, &doc, e))
		return false;
	struct str name = json_get_str(doc, "db");
	struct recog_database *d = r->databases.count ? &r->databases.items[r->databases.count - 1] : NULL;
	if (!d || !str_eq(d->name, name)) {
		d = ARRAY_PUSH(&r->arena, &r->databases);
		memset(d, 0, sizeof(*d));
		d->name = arena_str(&r->arena, name);
	}
	struct recog_pattern *p =
		pattern_add(r, d, json_get_str(doc, "pattern"), (unsigned)json_get_i64(doc, "flags", 0) & 7);
	if (!p)
		return err_set(e, ERR_INPUT, "a pattern cannot be read");
	const struct json *params = json_get_array(doc, "params", &count);
	for (size_t i = 0; i < count && i < RECOG_PARAMS_MAX; i++) {
		uint64_t group;
		if (params[i].kind != JSON_KIND_ARRAY || params[i].count != 3 ||
		    !str_to_u64(params[i].item[0].text, &group) || group >= REGEX_GROUPS)
			return err_set(e, ERR_INPUT, "a parameter cannot be read");
		*ARRAY_PUSH(&r->arena, &p->params) =
			(struct recog_param){ (unsigned)group, arena_str(&r->arena, params[i].item[1].text),
					      arena_str(&r->arena, params[i].item[2].text) };
	}
	return true;
}

bool
recog_read_lines(struct recog *r, struct str text, struct err *e)
{
	struct str line;

	while (str_line(&text, &line))
		if (line.len > 0 && !read_line(r, line, e))
			return err_wrap(e, "reading the kept fingerprints (import them again: mamori exposure rules "
					   "import DIR)");
	return true;
}

/* ---- matching ---- */

static void
pattern_literals(struct recog *r, struct recog_database *d, uint32_t number)
{
	ARENA_AUTO a = { 0 };
	regex_literals need = { 0 };
	bool all = regex_required(d->patterns.items[number].pattern, &a, &need) > 0;

	for (size_t i = 0; i < need.count; i++)
		all = all && need.items[i].len >= LITERAL_MIN;
	if (!all)
		*ARRAY_PUSH(&r->arena, &d->always) = number;
	for (size_t i = 0; all && i < need.count; i++)
		(void)!filter_add(d->filter, need.items[i], number);
}

void
recog_ready(struct recog *r)
{
	BUF_AUTO all = { 0 };
	char hex[SHA256_HEX_LEN];

	for (size_t d = 0; d < r->databases.count; d++) {
		struct recog_database *db = &r->databases.items[d];
		db->filter = filter_new();
		for (uint32_t i = 0; i < db->patterns.count; i++)
			pattern_literals(r, db, i);
	}
	recog_write(r, &all);
	sha256_hex(buf_str(&all), hex);
	memcpy(r->version, hex, 12);
	r->version[12] = 0;
}

void
recog_free(struct recog *r)
{
	for (size_t d = 0; d < r->databases.count; d++) {
		for (size_t i = 0; i < r->databases.items[d].patterns.count; i++)
			regex_free(r->databases.items[d].patterns.items[i].regex);
		filter_free(r->databases.items[d].filter);
	}
	arena_free(&r->arena);
	memset(r, 0, sizeof(*r));
}

const struct recog_database *
recog_find(const struct recog *r, const char *name)
{
	for (size_t i = 0; i < r->databases.count; i++)
		if (str_eq(r->databases.items[i].name, str_of(name)))
			return &r->databases.items[i];
	return NULL;
}

enum { CANDIDATES_MAX = 256 };

struct candidates {
	uint32_t items[CANDIDATES_MAX]; /* rising */
	size_t count;
	bool all; /* too many: every pattern is tried */
};

static void
candidate(void *user, uint32_t number, size_t at)
{
	struct candidates *c = user;
	size_t i = c->count;

	while (i > 0 && c->items[i - 1] > number)
		i--;
	if (i > 0 && c->items[i - 1] == number)
		return;
	if (c->count == CANDIDATES_MAX) {
		c->all = true;
		return;
	}
	memmove(&c->items[i + 1], &c->items[i], (c->count - i) * sizeof(c->items[0]));
	c->items[i] = number;
	c->count++;
}

const struct recog_pattern *
recog_match(const struct recog_database *d, struct str text, struct str groups[REGEX_GROUPS])
{
	struct candidates c = { .count = 0 };

	text = str_head(text, RECOG_TEXT_MAX);
	for (size_t i = 0; i < d->always.count; i++)
		candidate(&c, d->always.items[i], 0);
	filter_scan(d->filter, text, candidate, &c);
	size_t count = c.all ? d->patterns.count : c.count;
	for (size_t i = 0; i < count; i++) {
		const struct recog_pattern *p = &d->patterns.items[c.all ? i : c.items[i]];
		if (regex_match(p->regex, text, groups))
			return p;
	}
	return NULL;
}

static struct str
plain_value(const struct recog_pattern *p, const struct str groups[REGEX_GROUPS], struct str name)
{
	for (size_t i = 0; i < p->params.count; i++) {
		const struct recog_param *q = &p->params.items[i];
		if (str_eq(q->name, name))
			return q->group ? groups[q->group] : q->value;
	}
	return STR_NONE;
}

struct str
recog_value(const struct recog_pattern *p, const struct str groups[REGEX_GROUPS], struct str name, struct arena *a)
{
	struct str text = plain_value(p, groups, name), before, rest, inner;
	BUF_AUTO out = { 0 };

	if (!text.ptr || str_find_char(text, '{') < 0)
		return text;
	while (str_split(text, '{', &before, &rest)) {
		ptrdiff_t end = str_find_char(rest, '}');
		buf_add(&out, before);
		if (end < 0) {
			buf_add_char(&out, '{');
			text = rest;
			break;
		}
		inner = plain_value(p, groups, str_head(rest, (size_t)end));
		/* A CPE says "any" of what is not known. */
		if (inner.len > 0)
			buf_add(&out, inner);
		else if (str_ends(name, STR(".cpe23")))
			buf_add_char(&out, '-');
		text = str_skip(rest, (size_t)end + 1);
	}
	buf_add(&out, text);
	return arena_str(a, buf_str(&out));
}
