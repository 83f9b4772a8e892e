#include "vuln/software.h"

#include "base/json.h"
#include "base/table.h"
#include "vuln/cpe.h"
#include "vuln/fields.h"
#include "vuln/index.h"
#include "vuln/java-version.h"

#include <assert.h>

extern const unsigned char software_csv[];
extern const size_t software_csv_len;

/* ---- the table ---- */

/* "*" stands for any text; ASCII letters of either case are alike. Linear: only the last star is gone back to. */
static bool
glob_fits(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.len && str_eq_nocase(str_sub(pattern.ptr + p, 1), str_sub(text.ptr + t, 1))) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

/* The dictionary's entries disagree on whether firmware is an application or a system: all three parts are tried. */
static void
add_names(struct software_product *out, struct str vendor_product, char first, struct arena *a)
{
	static const char parts[] = "aoh";
	for (int i = -1; i < 3; i++) {
		char part = i < 0 ? first : parts[i];
		if (!part || (i >= 0 && part == first) || out->count == SOFTWARE_NAMES_MAX)
			continue;
		out->names[out->count++] = arena_printf(a, "%c:%.*s", part, STR_ARG(vendor_product));
	}
}

static void
by_table(const struct software *s, struct arena *a, struct software_product *out)
{
	struct str text = str_sub((const char *)software_csv, software_csv_len);
	struct fields l = { 0 };
	bool end;
	if (s->name.len == 0 || s->name.len > 500 || s->publisher.len > 500)
		return;
	for (bool header = true; fields_next(&text, a, &l, &end) && !end; header = false) {
		if (header || !glob_fits(l.text[0], s->publisher) || !glob_fits(l.text[1], s->name))
			continue;
		struct str rest = fields_at(&l, 2), word;
		while (str_word(&rest, &word))
			add_names(out, word, 0, a);
		out->winget = fields_at(&l, 3);
		if (!str_to_double(fields_at(&l, 4), &out->confidence))
			out->confidence = 0;
		return;
	}
}

/* "v7.2.4 build1396 (GA)" → "7.2.4". */
static struct str
version_word(struct str text)
{
	struct str word;
	if (!str_word(&text, &word))
		return STR("");
	if (word.len > 1 && (word.ptr[0] | 32) == 'v' && word.ptr[1] >= '0' && word.ptr[1] <= '9')
		word = str_skip(word, 1);
	while (word.len > 0 && (word.ptr[word.len - 1] == ',' || word.ptr[word.len - 1] == ';'))
		word.len--;
	bool digit = false;
	for (size_t i = 0; i < word.len; i++)
		digit = digit || (word.ptr[i] >= '0' && word.ptr[i] <= '9');
	return digit && word.len <= 100 ? word : STR("");
}

/* "7-Zip 23.01 (x64)" says its version where an installer forgot to. */
static struct str
version_in_name(struct str name)
{
	struct str word, found = STR("");
	while (str_word(&name, &word))
		if (word.len > 2 && word.ptr[0] >= '0' && word.ptr[0] <= '9' && str_find_char(word, '.') > 0)
			found = word;
	return version_word(found);
}

void
software_product(const struct software *s, struct arena *a, struct software_product *out)
{
	struct cpe cpe;
	*out = (struct software_product){ .winget = STR(""), .version = version_word(s->version) };
	if (s->cpe.len > 0) {
		if (!cpe_parse(s->cpe, a, &cpe))
			return;
		add_names(out, arena_printf(a, "%.*s:%.*s", STR_ARG(cpe.vendor), STR_ARG(cpe.product)), cpe.part, a);
		out->confidence = 1;
		if (out->version.len == 0)
			out->version = version_word(cpe.version);
		return;
	}
	by_table(s, a, out);
	if (out->version.len == 0)
		out->version = version_in_name(s->name);
}

const char *
software_state_name(enum software_state s)
{
	static const char *const names[] = { "judged", "no-version", "not-mapped", "not-in-feeds" };
	return (size_t)s < COUNT(names) ? names[s] : names[SOFTWARE_NOT_MAPPED];
}

/* ---- matching ---- */

struct merged {
	ARRAY_OF(struct package) packages; /* one for each name that the index has */
	ARRAY_OF(size_t) owners; /* whose it is */
};

static void
collect(const struct vuln_index *ix, const struct index_system *system, const struct software *list, size_t count,
	struct arena *a, struct software_result *out, struct merged *m)
{
	for (size_t i = 0; i < count; i++) {
		struct software_product *p = &out->products[i];
		software_product(&list[i], a, p);
		if (p->count > 0 && java_is(p->names[0]))
			p->version = java_version(p->version, a);
		bool known = false;
		for (size_t k = 0; k < p->count; k++) {
			if (!system || !index_find_package(ix, system, p->names[k]))
				continue;
			known = true;
			if (p->version.len == 0)
				continue;
			*ARRAY_PUSH(a, &m->packages) = (struct package){ .name = p->names[k], .version = p->version };
			*ARRAY_PUSH(a, &m->owners) = i;
		}
		out->states[i] = p->count == 0         ? SOFTWARE_NOT_MAPPED
				 : p->version.len == 0 ? SOFTWARE_NO_VERSION
				 : known               ? SOFTWARE_JUDGED
						       : SOFTWARE_NOT_IN_FEEDS;
	}
}

/* The list names one of each group of "a:b:c or d:e:f and g:h:i", of one alternative at least. */
static bool
condition_met(struct str only_with, const struct table *present)
{
	struct str alternative, group, name;
	if (only_with.len == 0)
		return true;
	while (str_cut(&only_with, ';', &alternative)) {
		bool all = true, any = false;
		struct str rest = str_trim(alternative);
		while (rest.len > 0 && all) {
			ptrdiff_t at = str_find(rest, STR(" and "));
			group = at < 0 ? rest : str_head(rest, (size_t)at);
			rest = at < 0 ? STR("") : str_skip(rest, (size_t)at + 5);
			any = false;
			while (str_word(&group, &name))
				any = any || table_has(present, name);
			all = any;
		}
		if (all && any)
			return true;
	}
	return false;
}

/* Of one piece of software, which may be several products: what is known counts before what is in doubt. */
static void
keep_findings(const struct finding *list, size_t count, size_t owner, const struct table *present,
	      struct software_result *r)
{
	TABLE_AUTO seen = { 0 };
	for (int doubtful = 0; doubtful < 2; doubtful++)
		for (size_t i = 0; i < count; i++) {
			bool added;
			if (list[i].doubtful != (doubtful == 1))
				continue;
			(void)table_put(&seen, list[i].vulnerability.id, &added);
			if (!added)
				continue;
			if (!list[i].doubtful && condition_met(list[i].only_with, present))
				r->findings[r->count++] = (struct software_finding){ owner, list[i] };
			else
				r->unsure[r->unsure_count++] = (struct software_finding){ owner, list[i] };
		}
}

bool
software_match(const struct vuln_index *ix, const struct software *list, size_t count, int64_t now, struct arena *a,
	       struct software_result *out, struct err *e)
{
	const struct index_system *system = index_find_system(ix, STR("cpe"));
	struct software_result r = { .products = ARENA_ARRAY(a, struct software_product, count + 1),
				     .states = ARENA_ARRAY(a, enum software_state, count + 1),
				     .covered = system != NULL };
	struct merged m = { 0 };
	collect(ix, system, list, count, a, &r, &m);
	struct package_list packages = { .items = m.packages.items, .count = m.packages.count };
	struct match_request request = { .os = STR("cpe"), .packages = &packages, .now = now };
	struct match_result found;
	if (!match_run(ix, &request, a, &found, e))
		return false;
	r.findings = ARENA_ARRAY(a, struct software_finding, found.count + 1);
	r.unsure = ARENA_ARRAY(a, struct software_finding, found.count + 1);
	TABLE_AUTO present = { 0 };
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < r.products[i].count; k++)
			(void)table_put(&present, r.products[i].names[k], NULL);
	assert(m.owners.items || found.count == 0); /* a finding is of one of the packages */
	for (size_t i = 0, end; i < found.count; i = end) {
		size_t owner = m.owners.items[found.findings[i].package - packages.items];
		for (end = i; end < found.count; end++)
			if (m.owners.items[found.findings[end].package - packages.items] != owner)
				break;
		keep_findings(&found.findings[i], end - i, owner, &present, &r);
	}
	*out = r;
	return true;
}

/* ---- lists ---- */

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
