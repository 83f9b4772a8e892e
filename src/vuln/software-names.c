/* Which product a name means: by its CPE, else by the table. */
#include "vuln/software.h"

#include "vuln/cpe.h"
#include "vuln/fields.h"
#include "vuln/software-version.h"

extern const unsigned char software_csv[];
extern const size_t software_csv_len;

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

/* "Fortinet FortiGate 60F" of Fortinet, "Cisco Firepower 2110" of Cisco Systems: the name without its maker's. */
static struct str
without_publisher(struct str name, struct str publisher)
{
	struct str rest = publisher, first;
	if (!str_word(&rest, &first))
		return name;
	const struct str makers[] = { publisher, first };
	for (size_t i = 0; i < COUNT(makers); i++) {
		size_t n = makers[i].len;
		if (name.len > n && name.ptr[n] == ' ' && str_eq_nocase(str_head(name, n), makers[i]))
			return str_trim(str_skip(name, n));
	}
	return name;
}

/* winget's id says it without a publisher, which winget's own lists do not have. */
static bool
row_fits(const struct fields *row, const struct software *s)
{
	if (s->winget.len > 0 && str_eq_nocase(fields_at(row, 3), s->winget))
		return true;
	return glob_fits(row->text[0], s->publisher) &&
	       (glob_fits(row->text[1], s->name) || glob_fits(row->text[1], without_publisher(s->name, s->publisher)));
}

/* The table's column that says how this product's versions are to be read. */
static struct str
by_table(const struct software *s, struct arena *a, struct software_product *out)
{
	struct str text = str_sub((const char *)software_csv, software_csv_len), line, publisher, rest, word;
	bool header = true;
	if (s->name.len == 0 || s->name.len > 500 || s->publisher.len > 500)
		return STR("");
	while (str_line(&text, &line)) {
		struct fields l = { 0 };
		bool end;
		/* Most rows are of another publisher, and need no more than a look. */
		if (str_starts(line, STR("#")) || !str_split(line, ',', &publisher, &rest))
			continue;
		if (header || (s->winget.len == 0 && !glob_fits(publisher, s->publisher))) {
			header = false;
			continue;
		}
		if (!fields_next(&line, a, &l, &end) || end || !row_fits(&l, s))
			continue;
		rest = fields_at(&l, 2);
		while (str_word(&rest, &word))
			add_names(out, word, 0, a);
		out->winget = fields_at(&l, 3);
		if (!str_to_double(fields_at(&l, 4), &out->confidence))
			out->confidence = 0;
		return fields_at(&l, 5);
	}
	return STR("");
}

/* Of a product that is known: the first word, whatever it looks like. */
static struct str
first_word(struct str text)
{
	struct str word;
	bool digit = false;
	if (!str_word(&text, &word))
		return STR("");
	if (word.len > 1 && (word.ptr[0] | 32) == 'v' && word.ptr[1] >= '0' && word.ptr[1] <= '9')
		word = str_skip(word, 1);
	while (word.len > 0 && (word.ptr[word.len - 1] == ',' || word.ptr[word.len - 1] == ';'))
		word.len--;
	for (size_t i = 0; i < word.len; i++)
		digit = digit || (word.ptr[i] >= '0' && word.ptr[i] <= '9');
	return digit && word.len <= 100 ? word : STR("");
}

void
software_product(const struct software *s, struct arena *a, struct software_product *out)
{
	struct cpe cpe;
	*out = (struct software_product){ .winget = STR(""), .version = STR("") };
	if (s->cpe.len == 0) {
		struct str form = by_table(s, a, out);
		out->version = software_version_form(form, s->version, s->name, a);
		return;
	}
	out->version = software_version(s->version);
	if (out->version.len == 0)
		out->version = first_word(s->version);
	if (!cpe_parse(s->cpe, a, &cpe))
		return;
	add_names(out, arena_printf(a, "%.*s:%.*s", STR_ARG(cpe.vendor), STR_ARG(cpe.product)), cpe.part, a);
	out->confidence = 1;
	if (out->version.len == 0)
		out->version = first_word(cpe.version);
}
