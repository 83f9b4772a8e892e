#include "plan/source.h"

#define FILE_MAX ((size_t)1 << 20)
#define FILES_MAX 1000

/* ---- what all have in common ---- */

static struct source *
source_add(struct arena *a, struct source_list *l, const char *manager)
{
	if (l->items.count >= SOURCES_MAX)
		return NULL;
	struct source *s = ARRAY_PUSH(a, &l->items);
	*s = (struct source){ .manager = str_of(manager), .kind = STR(""), .suite = STR("") };
	return s;
}

/* Credentials of a URI are the host's own business; a slash at the end says nothing. */
static struct str
uri_clean(struct arena *a, struct str uri)
{
	while (uri.len && uri.ptr[uri.len - 1] == '/')
		uri.len--;
	ptrdiff_t scheme = str_find(uri, STR("://"));
	if (scheme < 0)
		return arena_str(a, uri);
	struct str rest = str_skip(uri, (size_t)scheme + 3);
	ptrdiff_t slash = str_find_char(rest, '/');
	ptrdiff_t at = str_rfind_char(slash < 0 ? rest : str_head(rest, (size_t)slash), '@');
	if (at < 0)
		return arena_str(a, uri);
	rest = str_skip(rest, (size_t)at + 1);
	return arena_printf(a, "%.*s://%.*s", (int)scheme, uri.ptr, STR_ARG(rest));
}

static bool
text_fits(struct str s)
{
	return s.len > 0 && s.len <= SOURCE_TEXT_MAX && str_is_utf8(s);
}

/* Words between blanks; false when one is too long or there are too many. */
static bool
words_take(struct arena *a, struct str text, struct str **out, size_t *count)
{
	ARRAY_OF(struct str) words = { 0 };
	struct str word;
	while (str_word(&text, &word)) {
		if (!text_fits(word) || words.count >= SOURCE_WORDS_MAX)
			return false;
		*ARRAY_PUSH(a, &words) = arena_str(a, word);
	}
	*out = words.items;
	*count = words.count;
	return true;
}

/* ---- apt: one line each ---- */

struct apt_options {
	struct str architectures, keys;
	bool trusted;
};

/* "a,b" as "a b". */
static struct str
commas_blank(struct arena *a, struct str s)
{
	struct str copy = arena_str(a, s);
	char *p = (char *)(uintptr_t)copy.ptr;
	for (size_t i = 0; i < copy.len; i++)
		p[i] = p[i] == ',' ? ' ' : p[i];
	return copy;
}

static void
options_take(struct arena *a, struct str text, struct apt_options *o)
{
	struct str word, key, value;
	while (str_word(&text, &word)) {
		if (!str_split(word, '=', &key, &value))
			continue;
		if (str_eq(key, STR("arch")))
			o->architectures = commas_blank(a, value);
		else if (str_eq(key, STR("signed-by")))
			o->keys = commas_blank(a, value);
		else if (str_eq(key, STR("trusted")))
			o->trusted = str_eq(value, STR("yes"));
	}
}

static bool
apt_fill(struct arena *a, const struct apt_options *o, struct source *s)
{
	s->trusted = o->trusted;
	return words_take(a, o->architectures, &s->architectures, &s->architecture_count) &&
	       words_take(a, o->keys, &s->keys, &s->key_count);
}

static bool
apt_line(struct str line, struct arena *a, struct source_list *out)
{
	struct apt_options options = { STR(""), STR(""), false };
	struct str word, uri, suite, inside;
	if (!str_word(&line, &word) || !str_eq(word, STR("deb")))
		return str_eq(word, STR("deb-src"));
	line = str_trim(line);
	if (line.len && line.ptr[0] == '[') {
		if (!str_split(str_skip(line, 1), ']', &inside, &line))
			return false;
		options_take(a, inside, &options);
	}
	if (!str_word(&line, &uri) || !str_word(&line, &suite) || !text_fits(uri) || !text_fits(suite))
		return false;
	struct source *s = source_add(a, out, "apt");
	if (!s)
		return true;
	s->uri = uri_clean(a, uri);
	s->suite = arena_str(a, suite);
	bool flat = str_ends(suite, STR("/"));
	if (apt_fill(a, &options, s) && words_take(a, line, &s->components, &s->component_count) &&
	    flat == (s->component_count == 0))
		return true;
	out->items.count--;
	return false;
}

void
sources_parse_apt_line(struct str text, struct arena *a, struct source_list *out)
{
	struct str line, code, rest;
	while (str_line(&text, &line)) {
		if (!str_split(line, '#', &code, &rest))
			code = line;
		code = str_trim(code);
		if (code.len && !apt_line(code, a, out))
			out->bad++;
	}
}

/* ---- apt: deb822 ---- */

struct stanza {
	struct str types, uris, suites, components;
	struct apt_options options;
	bool disabled, any;
};

static bool
is_no(struct str s)
{
	static const char *const words[] = { "no", "false", "0", "off", "without", "disable" };
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(s, str_of(words[i])))
			return true;
	return false;
}

static void
stanza_field(struct str key, struct str value, struct stanza *s)
{
	const struct {
		const char *name;
		struct str *to;
	} fields[] = {
		{ "types", &s->types },
		{ "uris", &s->uris },
		{ "suites", &s->suites },
		{ "components", &s->components },
		{ "architectures", &s->options.architectures },
		{ "signed-by", &s->options.keys },
	};
	s->any = true;
	for (size_t i = 0; i < COUNT(fields); i++)
		if (str_eq_nocase(key, str_of(fields[i].name)))
			*fields[i].to = value;
	if (str_eq_nocase(key, STR("enabled")))
		s->disabled = is_no(value);
	if (str_eq_nocase(key, STR("trusted")))
		s->options.trusted = !is_no(value);
}

static bool
stanza_add(struct arena *a, const struct stanza *s, struct str uri, struct str suite, struct source_list *out)
{
	struct source *n = source_add(a, out, "apt");
	if (!n)
		return true;
	n->uri = uri_clean(a, uri);
	n->suite = arena_str(a, suite);
	if (text_fits(uri) && text_fits(suite) && apt_fill(a, &s->options, n) &&
	    words_take(a, s->components, &n->components, &n->component_count) &&
	    str_ends(suite, STR("/")) == (n->component_count == 0))
		return true;
	out->items.count--;
	return false;
}

static void
stanza_end(struct arena *a, struct stanza *s, struct source_list *out)
{
	struct str types = s->types, uris = s->uris, word, uri, suite;
	bool binary = false, ok = true;
	while (str_word(&types, &word))
		binary |= str_eq(word, STR("deb"));
	/* A key inside the stanza instead of its file: the host has it, and nobody else needs it. */
	if (str_contains(s->options.keys, STR("BEGIN PGP")))
		s->options.keys = STR("");
	while (binary && !s->disabled && str_word(&uris, &uri)) {
		struct str suites = s->suites;
		while (str_word(&suites, &suite))
			ok &= stanza_add(a, s, uri, suite, out);
	}
	if (s->any && (!ok || !s->types.len || !s->uris.len || !s->suites.len))
		out->bad++;
	*s = (struct stanza){ 0 };
}

void
sources_parse_apt_stanzas(struct str text, struct arena *a, struct source_list *out)
{
	struct stanza s = { 0 };
	BUF_AUTO value = { 0 };
	struct str line, key = STR(""), name, first;
	while (str_line(&text, &line)) {
		bool more = line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
		if (line.len && line.ptr[0] == '#')
			continue;
		if (more && key.len) {
			buf_add_char(&value, ' ');
			buf_add(&value, str_trim(line));
			continue;
		}
		if (key.len)
			stanza_field(key, arena_str(a, buf_str(&value)), &s);
		buf_truncate(&value, 0);
		key = STR("");
		if (!str_trim(line).len) {
			stanza_end(a, &s, out);
		} else if (str_split(line, ':', &name, &first)) {
			key = name;
			buf_add(&value, str_trim(first));
		} else {
			out->bad++;
		}
	}
	if (key.len)
		stanza_field(key, arena_str(a, buf_str(&value)), &s);
	stanza_end(a, &s, out);
}

/* ---- dnf ---- */

static void
dnf_end(struct source *s, bool enabled, struct source_list *out)
{
	if (s && (!enabled || !s->uri.len))
		out->items.count--;
}

static void
dnf_key(struct arena *a, struct source *s, struct str key, struct str value, bool *enabled)
{
	static const char *const kinds[] = { "metalink", "mirrorlist", "baseurl" }; /* the later one is preferred */
	struct str first = value;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!str_eq(key, str_of(kinds[i])) || !str_word(&value, &first) || !text_fits(first))
			continue;
		if (s->uri.len && str_eq(s->kind, STR("baseurl")))
			continue;
		s->kind = str_of(kinds[i]);
		s->uri = uri_clean(a, first);
	}
	if (str_eq(key, STR("enabled")))
		*enabled = !is_no(value);
	if (str_eq(key, STR("gpgkey")) && !words_take(a, commas_blank(a, value), &s->keys, &s->key_count))
		s->key_count = 0;
}

void
sources_parse_dnf(struct str text, struct arena *a, struct source_list *out)
{
	struct str line, key, value;
	struct source *s = NULL;
	bool enabled = true;
	while (str_line(&text, &line)) {
		line = str_trim(line);
		if (line.len > 2 && line.ptr[0] == '[' && line.ptr[line.len - 1] == ']') {
			struct str id = str_sub(line.ptr + 1, line.len - 2);
			dnf_end(s, enabled, out);
			enabled = true;
			s = NULL;
			if (text_fits(id) && !str_eq(id, STR("main")) && (s = source_add(a, out, "dnf")))
				s->suite = arena_str(a, id);
		} else if (s && line.len && line.ptr[0] != '#' && line.ptr[0] != ';' &&
			   str_split(line, '=', &key, &value)) {
			dnf_key(a, s, str_trim(key), str_trim(value), &enabled);
		}
	}
	dnf_end(s, enabled, out);
}

/* ---- apk ---- */

void
sources_parse_apk(struct str text, struct arena *a, struct source_list *out)
{
	struct str line;
	while (str_line(&text, &line)) {
		line = str_trim(line);
		if (!line.len || line.ptr[0] == '#')
			continue;
		if (line.ptr[0] == '@') { /* "@edge URL": its tag says when it is used */
			struct str tag;
			if (!str_word(&line, &tag))
				continue;
			line = str_trim(line);
		}
		if (!text_fits(line)) {
			out->bad++;
			continue;
		}
		struct source *s = source_add(a, out, "apk");
		if (s)
			s->uri = uri_clean(a, line);
	}
}

/* ---- files of a root ---- */

typedef void parse_fn(struct str text, struct arena *a, struct source_list *out);

static void
file_take(const struct root *r, struct arena *a, const char *path, parse_fn *parse, struct source_list *out)
{
	BUF_AUTO text = { 0 };
	if (!root_read(r, path, FILE_MAX, &text, NULL))
		return;
	if (str_is_utf8(buf_str(&text)))
		parse(buf_str(&text), a, out);
	else
		out->bad++;
}

static void
folder_take(const struct root *r, struct arena *a, const char *folder, const char *ending, parse_fn *parse,
	    struct source_list *out)
{
	struct str *names;
	size_t count;
	if (!root_list(r, a, folder, FILES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], str_of(ending)))
			file_take(r, a, path_join(a, folder, arena_cstr(a, names[i])), parse, out);
}

/* apt asks for the machine's own architecture and the foreign ones that dpkg knows, unless a source says which. */
static void
apt_architectures(const struct root *r, struct arena *a, struct str own, struct source_list *out)
{
	ARRAY_OF(struct str) all = { 0 };
	BUF_AUTO text = { 0 };
	struct str rest, line;
	if (text_fits(own))
		*ARRAY_PUSH(a, &all) = own;
	if (root_read(r, "/var/lib/dpkg/arch", 4096, &text, NULL)) {
		rest = buf_str(&text);
		while (str_line(&rest, &line) && all.count < SOURCE_WORDS_MAX) {
			line = str_trim(line);
			if (text_fits(line) && !str_eq(line, own))
				*ARRAY_PUSH(a, &all) = arena_str(a, line);
		}
	}
	for (size_t i = 0; i < out->items.count; i++) {
		struct source *s = &out->items.items[i];
		if (str_eq(s->manager, STR("apt")) && !s->architecture_count) {
			s->architectures = all.items;
			s->architecture_count = all.count;
		}
	}
}

static struct str
replace_all(struct arena *a, struct str in, const char *variable, struct str by)
{
	BUF_AUTO text = { 0 };
	ptrdiff_t at;
	while ((at = str_find(in, str_of(variable))) >= 0 && text.len < SOURCE_TEXT_MAX) {
		buf_add(&text, str_head(in, (size_t)at));
		buf_add(&text, by);
		in = str_skip(in, (size_t)at + strlen(variable));
	}
	buf_add(&text, in);
	return arena_str(a, buf_str(&text));
}

static void
dnf_variables(struct arena *a, struct str own, struct str version, struct source_list *out)
{
	struct str major, minor;
	if (!str_split(version, '.', &major, &minor))
		major = version;
	for (size_t i = 0; i < out->items.count; i++) {
		struct source *s = &out->items.items[i];
		if (!str_eq(s->manager, STR("dnf")))
			continue;
		s->uri = replace_all(a, replace_all(a, s->uri, "$releasever", major), "$basearch", own);
		s->architectures = ARENA_ARRAY(a, struct str, 1);
		s->architectures[0] = own;
		s->architecture_count = own.len > 0;
	}
}

void
sources_read(const struct root *r, struct arena *a, struct str architecture, struct str version,
	     struct source_list *out)
{
	*out = (struct source_list){ 0 };
	file_take(r, a, "/etc/apt/sources.list", sources_parse_apt_line, out);
	folder_take(r, a, "/etc/apt/sources.list.d", ".list", sources_parse_apt_line, out);
	folder_take(r, a, "/etc/apt/sources.list.d", ".sources", sources_parse_apt_stanzas, out);
	apt_architectures(r, a, architecture, out);
	folder_take(r, a, "/etc/yum.repos.d", ".repo", sources_parse_dnf, out);
	dnf_variables(a, architecture, version, out);
	file_take(r, a, "/etc/apk/repositories", sources_parse_apk, out);
}

/* ---- as a part of the system section ---- */

static void
put_words(struct json_writer *w, const char *key, const struct str *words, size_t count)
{
	if (!count)
		return;
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, words[i]);
	json_end_array(w);
}

void
sources_write(const struct source_list *l, struct json_writer *w)
{
	json_key(w, "sources");
	json_begin_array(w);
	for (size_t i = 0; i < l->items.count; i++) {
		const struct source *s = &l->items.items[i];
		json_begin_object(w);
		json_put_str(w, "manager", s->manager);
		if (s->kind.len)
			json_put_str(w, "kind", s->kind);
		json_put_str(w, "uri", s->uri);
		if (s->suite.len)
			json_put_str(w, "suite", s->suite);
		put_words(w, "components", s->components, s->component_count);
		put_words(w, "architectures", s->architectures, s->architecture_count);
		put_words(w, "keys", s->keys, s->key_count);
		if (s->trusted)
			json_put_bool(w, "trusted", true);
		json_end_object(w);
	}
	json_end_array(w);
}

static bool
get_words(struct arena *a, const struct json *j, const char *key, struct str **out, size_t *out_count)
{
	size_t count;
	const struct json *items = json_get_array(j, key, &count);
	if (count > SOURCE_WORDS_MAX)
		return false;
	*out = ARENA_ARRAY(a, struct str, count ? count : 1);
	*out_count = count;
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != JSON_KIND_STRING || !text_fits(items[i].text))
			return false;
		(*out)[i] = items[i].text;
	}
	return true;
}

static struct str
get_text(const struct json *j, const char *key)
{
	struct str s = json_get_str(j, key);
	return s.len && s.len <= SOURCE_TEXT_MAX ? s : STR("");
}

void
sources_parse(struct arena *a, const struct json *system, struct source_list *out)
{
	size_t count;
	const struct json *items = json_get_array(system, "sources", &count);
	*out = (struct source_list){ 0 };
	for (size_t i = 0; i < count && out->items.count < SOURCES_MAX; i++) {
		struct source s = {
			.manager = get_text(&items[i], "manager"),
			.kind = get_text(&items[i], "kind"),
			.uri = get_text(&items[i], "uri"),
			.suite = get_text(&items[i], "suite"),
			.trusted = json_get_bool(&items[i], "trusted", false),
		};
		if (s.manager.len && s.uri.len &&
		    get_words(a, &items[i], "components", &s.components, &s.component_count) &&
		    get_words(a, &items[i], "architectures", &s.architectures, &s.architecture_count) &&
		    get_words(a, &items[i], "keys", &s.keys, &s.key_count))
			*ARRAY_PUSH(a, &out->items) = s;
		else
			out->bad++;
	}
}

struct str
source_url(struct arena *a, struct str base, const char *path)
{
	while (base.len && base.ptr[base.len - 1] == '/')
		base.len--;
	while (*path == '/')
		path++;
	return arena_printf(a, "%.*s/%s", STR_ARG(base), path);
}
