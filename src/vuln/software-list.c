/* Lists of software as people export them. */
#include "vuln/software.h"

#include "base/json.h"
#include "vuln/fields.h"

static const char *const keys[][4] = {
	{ "publisher", "vendor", NULL },
	{ "name", "model", "product", NULL },
	{ "version", "firmware", NULL },
	{ "cpe", NULL },
};

static struct str *
member(struct software *s, size_t i)
{
	struct str *const members[] = { &s->publisher, &s->name, &s->version, &s->cpe };
	return members[i];
}

static bool
usable(const struct software *s)
{
	bool text = true;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct str value = *member((struct software *)(uintptr_t)s, i);
		text = text && value.len <= 4096 && str_is_utf8(value);
	}
	return text && (s->name.len > 0 || s->cpe.len > 0);
}

static bool
json_line(struct str line, struct arena *a, struct software *out)
{
	const struct json_limits limits = { .depth = 8, .string_max = 4096 };
	struct json *value;
	if (!json_parse(a, line, &limits, &value, NULL) || value->kind != JSON_KIND_OBJECT)
		return false;
	for (size_t i = 0; i < COUNT(keys); i++)
		for (size_t k = 0; keys[i][k] && member(out, i)->len == 0; k++) {
			struct str s = json_get_str(value, keys[i][k]);
			*member(out, i) = s.ptr ? s : STR("");
		}
	return usable(out);
}

struct list {
	struct arena *arena;
	ARRAY_OF(struct software) items;
	size_t bad;
};

static bool
keep(struct list *l, bool good, const struct software *s, const char *path, struct err *e)
{
	if (!good)
		l->bad++;
	else if (l->items.count == SOFTWARE_MAX)
		return err_set(e, ERR_TOO_LARGE, "%s lists more than %d pieces of software; divide it", path,
			       SOFTWARE_MAX);
	else
		*ARRAY_PUSH(l->arena, &l->items) = *s;
	return true;
}

static bool
read_json(struct list *l, struct str text, const char *path, struct err *e)
{
	struct str line;
	while (str_line(&text, &line)) {
		struct software s = { 0 };
		line = str_trim(line);
		if (line.len > 0 && !keep(l, json_line(line, l->arena, &s), &s, path, e))
			return false;
	}
	return true;
}

static bool
read_csv(struct list *l, struct str text, const char *path, struct err *e)
{
	struct fields f = { 0 };
	ptrdiff_t place[COUNT(keys)] = { -1, -1, -1, -1 };
	bool end, good = fields_next(&text, l->arena, &f, &end) && !end;
	for (size_t c = 0; good && c < f.count; c++)
		for (size_t i = 0; i < COUNT(keys); i++)
			for (size_t k = 0; keys[i][k]; k++)
				if (place[i] < 0 && str_eq_nocase(f.text[c], str_of(keys[i][k])))
					place[i] = (ptrdiff_t)c;
	if (!good || (place[1] < 0 && place[3] < 0))
		return err_set(
			e, ERR_INPUT,
			"%s is no list of software: it has neither JSON Lines nor a first line that names the columns "
			"publisher,name,version or cpe",
			path);
	while (good = fields_next(&text, l->arena, &f, &end), !end) {
		struct software s = { 0 };
		for (size_t i = 0; i < COUNT(keys); i++)
			*member(&s, i) = fields_at(&f, place[i]);
		if (!keep(l, good && usable(&s), &s, path, e))
			return false;
	}
	return true;
}

bool
software_list_read(struct str text, const char *path, struct arena *a, struct software **out, size_t *count,
		   size_t *bad, struct err *e)
{
	struct list l = { .arena = a };
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	bool json = str_starts(str_trim(text), STR("{"));
	if (!(json ? read_json(&l, text, path, e) : read_csv(&l, text, path, e)))
		return false;
	if (l.items.count == 0)
		return err_set(e, ERR_INPUT, "%s lists no software that can be read (%zu lines were left out)", path,
			       l.bad);
	*out = l.items.items;
	*count = l.items.count;
	*bad = l.bad;
	return true;
}
