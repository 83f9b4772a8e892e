#include "vuln/software-version.h"

#include "vuln/java-version.h"

#define VERSION_MAX 100

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static size_t
digits_at(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.len && digit(s.ptr[at + n]))
		n++;
	return n;
}

static bool
starts_nocase(struct str s, const char *prefix)
{
	struct str p = str_of(prefix);
	return s.len >= p.len && str_eq_nocase(str_head(s, p.len), p);
}

/* ---- words ---- */

/* Commas end a word, too: v7.2.4,build1396,230131. */
static bool
next_word(struct str *rest, struct str *word)
{
	size_t from = 0, n = 0;
	*word = STR("");
	if (rest->len == 0) /* perhaps without a pointer */
		return false;
	while (from < rest->len && strchr(" \t\r\n,;", rest->ptr[from]))
		from++;
	while (from + n < rest->len && !strchr(" \t\r\n,;", rest->ptr[from + n]))
		n++;
	*word = str_sub(rest->ptr + from, n);
	*rest = str_skip(*rest, from + n);
	return n > 0;
}

/* "(7.2.4)", "Version:7.2.4", "バージョン7.2.4", "第3版": without what stands around it. */
static struct str
bare(struct str word)
{
	ptrdiff_t at = str_find_char(word, ':');
	if (at < 0)
		at = str_find_char(word, '=');
	if (at > 0 && (size_t)at + 1 < word.len && !digit(word.ptr[0]))
		word = str_skip(word, (size_t)at + 1);
	while (word.len > 0 && (strchr("([\"'", word.ptr[0]) || (unsigned char)word.ptr[0] >= 0x80))
		word = str_skip(word, 1);
	bool bracket = str_find_char(word, '(') >= 0;
	while (word.len > 0 &&
	       (strchr(":.]\"'", word.ptr[word.len - 1]) || (!bracket && word.ptr[word.len - 1] == ')') ||
		(unsigned char)word.ptr[word.len - 1] >= 0x80))
		word.len--;
	return word;
}

/* How many letters of "v", "Ver." … stand in front of a number. */
static size_t
prefix_length(struct str word)
{
	static const char *const prefixes[] = { "version", "ver.", "ver", "rev.", "rev", "v.", "v" };
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t n = strlen(prefixes[i]);
		if (starts_nocase(word, prefixes[i]) && word.len > n && digit(word.ptr[n]))
			return n;
	}
	return 0;
}

static bool
announces(struct str word)
{
	static const char *const words[] = { "version", "ver", "ver.", "rev.", "release", "firmware", "バージョン" };
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, str_of(words[i])))
			return true;
	return false;
}

/* "7.2", "9.16(4)", "01.26", but not the standard that a radio keeps. */
static bool
dotted(struct str word)
{
	size_t n = digits_at(word, 0);
	return n > 0 && n + 1 < word.len && (word.ptr[n] == '.' || word.ptr[n] == '(') && digit(word.ptr[n + 1]) &&
	       !str_starts(word, STR("802.1"));
}

/* "17", "8u401", "01L07NF0201"; but "60F" and "48-port" are models. */
static bool
plain(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!digit(word.ptr[i]) && !letter(word.ptr[i]) && !strchr("-_+.", word.ptr[i]))
			return false;
	return word.len > 0 && digit(word.ptr[0]) && digit(word.ptr[word.len - 1]);
}

/* "Update 5", "U2", "Patch 1", and a build that is a date, which records of some makers name: what belongs to the version
 * in front of it. */
static size_t
addition_length(struct str rest)
{
	struct str after = rest, word, number;
	if (!next_word(&after, &word) || str_find_char(str_sub(rest.ptr, (size_t)(word.ptr - rest.ptr)), ',') >= 0)
		return 0;
	if (word.len > 1 && (word.ptr[0] | 32) == 'u' && digit(word.ptr[1]))
		return (size_t)(word.ptr + word.len - rest.ptr);
	bool update = str_eq_nocase(word, STR("update")) || str_eq_nocase(word, STR("patch"));
	bool build = str_eq_nocase(word, STR("build"));
	if ((!update && !build) || !next_word(&after, &number) || !digit(number.ptr[0]))
		return 0;
	size_t digits = digits_at(number, 0);
	if (build && (digits != 8 || digits != number.len || !str_starts(number, STR("20"))))
		return 0;
	return (size_t)(number.ptr + (build ? digits : bare(number).len) - rest.ptr);
}

/* "8.10.0.6_84813": the number of the build behind the version. */
static struct str
without_build(struct str word)
{
	ptrdiff_t at = str_rfind_char(word, '_');
	size_t n = at > 0 ? digits_at(word, (size_t)at + 1) : 0;
	return n >= 5 && (size_t)at + 1 + n == word.len ? str_head(word, (size_t)at) : word;
}

struct reading {
	struct str version;
	int sure; /* 0: it is none */
};

/* What a word is, with what belongs to it behind it. */
static struct reading
read_word(struct str word, struct str rest, bool first, bool announced)
{
	struct str v = bare(word);
	size_t prefix = prefix_length(v), more;
	struct reading r = { .version = without_build(str_skip(v, prefix)) };
	v = r.version;
	announced = announced || prefix > 0;
	more = v.ptr + v.len == rest.ptr ? addition_length(rest) : 0;
	if (dotted(v))
		r.sure = first ? 5 : announced ? 4 : 3;
	else if (plain(v) && more > 0)
		r.sure = 3;
	else if (v.len > 3 && letter(v.ptr[0]) && digit(v.ptr[1]) && str_find_char(v, '.') > 0)
		r.sure = 2; /* R81.20, h5.1.3 */
	else if (plain(v) && (first || announced))
		r.sure = 1;
	if (r.sure > 0)
		r.version.len += more;
	if (r.version.len > VERSION_MAX)
		r.sure = 0;
	return r;
}

struct str
software_version(struct str text)
{
	struct reading best = { .version = STR("") };
	struct str word;
	bool first = true, announced = false;
	while (next_word(&text, &word)) {
		struct reading r = read_word(word, text, first, announced);
		if (r.sure > best.sure)
			best = r;
		announced = announces(bare(word)) || announces(word);
		first = false;
	}
	return best.version;
}

struct str
software_version_in_name(struct str name)
{
	struct str word, found = STR("");
	while (next_word(&name, &word)) {
		struct reading r = read_word(word, name, false, false);
		if (r.sure >= 3)
			found = r.version;
	}
	return found;
}

/* ---- forms ---- */

static struct str
form_java(struct str text, struct str name, struct arena *a)
{
	(void)name;
	return java_version(software_version(text), a);
}

/* An installer's own counting, beside a name that says it: "Python 3.11.4 (64-bit)" is 3.11.4150.0, "OpenVPN
 * 2.6.8-I001" 2.6.801. */
static struct str
form_name(struct str text, struct str name, struct arena *a)
{
	struct str v = software_version_in_name(name), before, after;
	(void)a;
	if (v.len == 0)
		v = software_version(text);
	return str_split(v, '-', &before, &after) ? before : v;
}

/* The name's number is a series (Apache Tomcat 9.0): never the version. */
static struct str
form_series(struct str text, struct str name, struct arena *a)
{
	(void)name;
	(void)a;
	return software_version(text);
}

/* Records count builds: 16.0.37391 is 37391. */
static struct str
form_last(struct str text, struct str name, struct arena *a)
{
	struct str v = software_version(text);
	ptrdiff_t at = str_rfind_char(v, '.');
	(void)name;
	(void)a;
	return at >= 0 ? str_skip(v, (size_t)at + 1) : v;
}

/* Year and month: 24.2.1.15 is 2402.1.15. */
static struct str
form_month(struct str text, struct str name, struct arena *a)
{
	struct str v = software_version(text), year, month, rest = STR_NONE;
	uint64_t number;
	(void)name;
	if (!str_split(v, '.', &year, &month) || year.len > 2)
		return v;
	(void)str_split(month, '.', &month, &rest);
	if (!str_to_u64(month, &number) || number < 1 || number > 12)
		return v;
	return arena_printf(a, "%.*s%02u%s%.*s", STR_ARG(year), (unsigned)number, rest.len ? "." : "", STR_ARG(rest));
}

/* "V5.38(ABPS.1)": the letters are the model's, the number behind them is the patch. */
static struct str
form_patch(struct str text, struct str name, struct arena *a)
{
	struct str v = software_version(text), before, inner, number;
	ptrdiff_t dot;
	(void)name;
	if (!str_split(v, '(', &before, &inner) || (dot = str_find_char(inner, '.')) < 0)
		return v;
	number = str_sub(inner.ptr + dot + 1, digits_at(inner, (size_t)dot + 1));
	return number.len == 0 || str_eq(number, STR("0"))
		       ? before
		       : arena_printf(a, "%.*s patch %.*s", STR_ARG(before), STR_ARG(number));
}

/* The next "13.1" in the text. */
static struct str
two_numbers(struct str *rest)
{
	for (size_t i = 0; i < rest->len; i++) {
		size_t n = digits_at(*rest, i), m = n > 0 && i + n < rest->len ? digits_at(*rest, i + n + 1) : 0;
		struct str found = str_sub(rest->ptr + i, n + 1 + m);
		if (m > 0 && rest->ptr[i + n] == '.') {
			*rest = str_skip(*rest, i + found.len);
			return found;
		}
		i += n;
	}
	*rest = STR("");
	return STR("");
}

/* "NS13.1: Build 49.15.nc" is 13.1-49.15; without the build nobody knows. */
static struct str
form_netscaler(struct str text, struct str name, struct arena *a)
{
	struct str series = two_numbers(&text), build = two_numbers(&text);
	(void)name;
	if (build.len == 0 || series.len + build.len > VERSION_MAX)
		return STR("");
	return arena_printf(a, "%.*s-%.*s", STR_ARG(series), STR_ARG(build));
}

/* "8.0.2 build-22380479", "8.0 Update 2 (22380479)": the build decides, where it is given. */
static struct str
form_build(struct str text, struct str name, struct arena *a)
{
	struct str v = software_version(text), build = STR("");
	(void)name;
	for (size_t i = 0, n; i<text.len; i += n> 0 ? n : 1) {
		n = digits_at(text, i);
		if (n >= 6)
			build = str_sub(text.ptr + i, n);
	}
	/* The bulletin's letter says the same as the build. */
	while (build.len > 0 && v.len > 1 && (v.ptr[v.len - 1] | 32) >= 'a' && (v.ptr[v.len - 1] | 32) <= 'z')
		v.len--;
	if (v.len == 0 || build.len == 0 || v.len + build.len > VERSION_MAX || str_contains(v, build))
		return v;
	return arena_printf(a, "%.*s-%.*s", STR_ARG(v), STR_ARG(build));
}

static const struct {
	const char *name;
	struct str (*read)(struct str text, struct str name, struct arena *a);
	bool name_counts; /* where the version says nothing */
} forms[] = {
	{ "java", form_java, true },
	{ "name", form_name, true },
	{ "series", form_series, false },
	{ "last", form_last, false },
	{ "month", form_month, false },
	{ "patch", form_patch, true },
	{ "netscaler", form_netscaler, false },
	{ "build", form_build, true },
};

bool
software_form_known(struct str form)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (str_eq(form, str_of(forms[i].name)))
			return true;
	return form.len == 0;
}

struct str
software_version_form(struct str form, struct str text, struct str name, struct arena *a)
{
	struct str found = STR("");
	for (size_t i = 0; i < COUNT(forms); i++) {
		if (!str_eq(form, str_of(forms[i].name)))
			continue;
		found = forms[i].read(text, name, a);
		return found.len > 0 || !forms[i].name_counts ? found : software_version_in_name(name);
	}
	found = software_version(text);
	return found.len > 0 ? found : software_version_in_name(name);
}
