/* Reading goes from right to left and writing from left to right, as the specification's "how to parse" and "how to
 * build" say; both meet in purl_normalise(), so that what was read is what would be written. */
#include "vuln/purl.h"

#include "base/codec.h"
#include "vuln/purl-type.h"

/* ---- normal form ---- */

static bool
is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_type(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.ptr[i]) && !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '.' && s.ptr[i] != '-')
			return false;
	return s.len > 0 && is_letter(s.ptr[0]);
}

static bool
is_key(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.ptr[i]) && !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '.' &&
		    s.ptr[i] != '-' && s.ptr[i] != '_')
			return false;
	return s.len > 0 && is_letter(s.ptr[0]);
}

static struct str
strip_slashes(struct str s)
{
	while (s.len > 0 && s.ptr[0] == '/')
		s = str_skip(s, 1);
	while (s.len > 0 && s.ptr[s.len - 1] == '/')
		s.len--;
	return s;
}

/* Without empty segments; in a subpath also without "." and "..". */
static struct str
clean_path(struct arena *a, struct str path, bool subpath)
{
	char *into = ARENA_ARRAY(a, char, path.len + 1);
	struct str piece;
	size_t len = 0;
	while (str_cut(&path, '/', &piece)) {
		if (piece.len == 0 || (subpath && (str_eq(piece, STR(".")) || str_eq(piece, STR("..")))))
			continue;
		if (len > 0)
			into[len++] = '/';
		memcpy(into + len, piece.ptr, piece.len);
		len += piece.len;
	}
	return str_sub(into, len);
}

static int
compare_qualifiers(const void *x, const void *y)
{
	return str_cmp(((const struct purl_qualifier *)x)->key, ((const struct purl_qualifier *)y)->key);
}

/* Without those of no value, in the order of their keys, each key once. */
static bool
normalise_qualifiers(struct purl *p, struct arena *a, struct err *e)
{
	size_t kept = 0;
	struct purl_qualifier *all =
		p->qualifiers.count ? ARENA_ARRAY(a, struct purl_qualifier, p->qualifiers.count) : NULL;
	for (size_t i = 0; i < p->qualifiers.count; i++) {
		struct purl_qualifier q = p->qualifiers.items[i];
		q.key = purl_lower(a, q.key);
		if (!is_key(q.key))
			return err_set(
				e, ERR_INPUT,
				"“%.*s” is no qualifier's key; letters, digits and . - _ make one, a letter first",
				STR_ARG(q.key));
		if (q.value.len > 0)
			all[kept++] = q;
	}
	if (kept > 1)
		qsort(all, kept, sizeof(*all), compare_qualifiers);
	for (size_t i = 1; i < kept; i++)
		if (str_eq(all[i].key, all[i - 1].key))
			return err_set(e, ERR_INPUT, "the qualifier %.*s is there twice", STR_ARG(all[i].key));
	p->qualifiers.items = all;
	p->qualifiers.count = p->qualifiers.cap = kept;
	return true;
}

static bool
apply_type(struct purl *p, const struct purl_type *t, struct arena *a, struct err *e)
{
	if (t->namespace == PURL_NAMESPACE_REQUIRED && p->namespace.len == 0)
		return err_set(e, ERR_INPUT, "packages of the type %s need a namespace before their name", t->name);
	if (t->namespace == PURL_NAMESPACE_PROHIBITED && p->namespace.len > 0)
		return err_set(e, ERR_INPUT, "packages of the type %s have no namespace; “%.*s” is one", t->name,
			       STR_ARG(p->namespace));
	if (t->qualifier && purl_qualifier_get(p, t->qualifier).len == 0)
		return err_set(e, ERR_INPUT, "packages of the type %s need the qualifier %s", t->name, t->qualifier);
	if (t->fold & PURL_LOWER_NAMESPACE)
		p->namespace = purl_lower(a, p->namespace);
	if (t->fold & PURL_UPPER_NAMESPACE)
		p->namespace = purl_upper(a, p->namespace);
	if (t->fold & PURL_LOWER_NAME)
		p->name = purl_lower(a, p->name);
	if (t->fold & PURL_LOWER_VERSION)
		p->version = purl_lower(a, p->version);
	if (t->fold & PURL_LOWER_SUBPATH)
		p->subpath = purl_lower(a, p->subpath);
	return !t->adjust || t->adjust(p, a, e);
}

static bool
all_utf8(const struct purl *p)
{
	for (size_t i = 0; i < p->qualifiers.count; i++)
		if (!str_is_utf8(p->qualifiers.items[i].value))
			return false;
	return str_is_utf8(p->namespace) && str_is_utf8(p->name) && str_is_utf8(p->version) && str_is_utf8(p->subpath);
}

bool
purl_normalise(struct purl *p, struct arena *a, struct err *e)
{
	struct purl n = *p;

	n.type = purl_lower(a, n.type);
	if (!is_type(n.type))
		return err_set(e, ERR_INPUT,
			       "“%.*s” is no package type; letters, digits, . and - make one, a letter first",
			       STR_ARG(n.type));
	n.namespace = clean_path(a, n.namespace, false);
	const struct purl_type *t = purl_type_find(n.type);
	n.name = t && t->path_name ? clean_path(a, n.name, false) : strip_slashes(n.name);
	n.subpath = clean_path(a, n.subpath, true);
	if (n.name.len == 0)
		return err_set(e, ERR_INPUT, "a package needs a name");
	if (!normalise_qualifiers(&n, a, e))
		return false;
	if (!all_utf8(&n))
		return err_set(e, ERR_INPUT, "a part of the package URL is not valid UTF-8");
	if (t && !apply_type(&n, t, a, e))
		return false;
	*p = n;
	return true;
}

/* ---- reading ---- */

static bool
decode(struct arena *a, struct str text, struct str *out, struct err *e)
{
	BUF_AUTO b = { 0 };
	if (!percent_decode(&b, text))
		return err_set(e, ERR_INPUT, "“%.*s”: a %% is followed by two hexadecimal digits", STR_ARG(text));
	*out = arena_str(a, buf_str(&b));
	return true;
}

/* Segment by segment: a slash that was escaped is none that separates. */
static bool
decode_path(struct arena *a, struct str text, struct str *out, struct err *e)
{
	BUF_AUTO path = { 0 };
	struct str piece, plain = STR_NONE;
	while (str_cut(&text, '/', &piece)) {
		if (!decode(a, piece, &plain, e))
			return false;
		if (str_find_char(plain, '/') >= 0)
			return err_set(e, ERR_INPUT, "“%.*s”: a segment of a path cannot hold a slash", STR_ARG(piece));
		if (path.len > 0)
			buf_add_char(&path, '/');
		buf_add(&path, plain);
	}
	*out = arena_str(a, buf_str(&path));
	return true;
}

/* Keys that mean the same whatever the type: spelled in any case, nothing else can be meant. The tests of the
 * specification want them folded and the keys of single types refused. */
static bool
is_shared_key(struct str key)
{
	static const char *const keys[] = { "repository_url", "download_url", "vcs_url", "file_name", "checksum" };
	for (size_t i = 0; i < COUNT(keys); i++)
		if (str_eq_nocase(key, str_of(keys[i])))
			return true;
	return false;
}

static bool
read_qualifiers(struct str text, enum purl_mode mode, struct arena *a, struct purl *p, struct err *e)
{
	struct str pair, key, value;
	while (str_cut(&text, '&', &pair)) {
		struct purl_qualifier q;
		if (pair.len == 0)
			continue;
		if (!str_split(pair, '=', &key, &value))
			return err_set(e, ERR_INPUT, "the qualifier “%.*s” has no =", STR_ARG(pair));
		q.key = purl_lower(a, key);
		if (mode == PURL_STRICT && !str_eq(q.key, key) && !is_shared_key(key))
			return err_set(e, ERR_INPUT, "the key of the qualifier “%.*s” is not in lower case",
				       STR_ARG(key));
		if (!decode(a, value, &q.value, e))
			return false;
		*ARRAY_PUSH(a, &p->qualifiers) = q;
	}
	return true;
}

/* Cuts what follows the last sep off *rest; *after is empty when there is none. */
static void
cut_last(struct str *rest, char sep, struct str *after)
{
	ptrdiff_t at = str_rfind_char(*rest, sep);
	*after = STR("");
	if (at < 0)
		return;
	*after = str_skip(*rest, (size_t)at + 1);
	*rest = str_head(*rest, (size_t)at);
}

/* The last @ separates the version, unless a segment begins with it and others follow: npm's scopes, written plain. */
static void
cut_version(struct str *rest, struct str *version)
{
	ptrdiff_t at = str_rfind_char(*rest, '@');
	bool starts = at == 0 || (at > 0 && rest->ptr[at - 1] == '/');
	*version = STR("");
	if (at >= 0 && !(starts && str_find_char(str_skip(*rest, (size_t)at), '/') >= 0))
		cut_last(rest, '@', version);
}

static bool
read_names(struct str rest, struct arena *a, struct purl *p, struct err *e)
{
	struct str version, namespace = STR(""), name;
	const struct purl_type *t = purl_type_find(p->type);

	cut_version(&rest, &version);
	if (version.len > 0 && str_ends(rest, STR("/")))
		rest = STR(""); /* "namespace/@1.0": it is the name that is missing */
	rest = strip_slashes(rest);
	if (t && t->path_name) {
		if (!str_split(rest, '/', &namespace, &name))
			name = rest;
		return decode_path(a, namespace, &p->namespace, e) && decode_path(a, name, &p->name, e) &&
		       decode(a, version, &p->version, e);
	}
	name = rest;
	if (str_find_char(rest, '/') >= 0) {
		namespace = rest;
		cut_last(&namespace, '/', &name);
	}
	return decode_path(a, namespace, &p->namespace, e) && decode(a, name, &p->name, e) &&
	       decode(a, version, &p->version, e);
}

bool
purl_parse(struct str text, enum purl_mode mode, struct arena *a, struct purl *out, struct err *e)
{
	struct str rest = text, subpath, qualifiers, scheme, type, names;
	struct purl p = { 0 };

	if (text.len > PURL_MAX)
		return err_set(e, ERR_TOO_LARGE, "a package URL is at most %d bytes long", PURL_MAX);
	cut_last(&rest, '#', &subpath);
	cut_last(&rest, '?', &qualifiers);
	if (!str_split(rest, ':', &scheme, &rest) || !str_eq_nocase(scheme, STR("pkg")))
		return err_set(e, ERR_INPUT, "a package URL begins with pkg:");
	while (rest.len > 0 && rest.ptr[0] == '/')
		rest = str_skip(rest, 1);
	if (!str_split(rest, '/', &type, &names))
		return err_set(e, ERR_INPUT, "a package URL names a type and, behind a slash, a package");
	p.type = purl_lower(a, type);
	if (!decode_path(a, subpath, &p.subpath, e) || !read_qualifiers(qualifiers, mode, a, &p, e) ||
	    !read_names(names, a, &p, e) || !purl_normalise(&p, a, e))
		return false;
	*out = p;
	return true;
}

/* ---- writing ---- */

static void
encode(struct buf *out, struct str s, const char *plain)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] && strchr(plain, s.ptr[i]))
			buf_add_char(out, s.ptr[i]);
		else
			percent_encode(out, str_sub(s.ptr + i, 1));
	}
}

bool
purl_build(const struct purl *p, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct purl n = *p;

	if (!purl_normalise(&n, &a, e))
		return false;
	const struct purl_type *t = purl_type_find(n.type);
	buf_add(out, STR("pkg:"));
	buf_add(out, n.type);
	buf_add_char(out, '/');
	encode(out, n.namespace, ":/");
	if (n.namespace.len > 0)
		buf_add_char(out, '/');
	encode(out, n.name, t && t->path_name ? ":/" : ":");
	if (n.version.len > 0)
		buf_add_char(out, '@');
	encode(out, n.version, ":");
	for (size_t i = 0; i < n.qualifiers.count; i++) {
		buf_add_char(out, i == 0 ? '?' : '&');
		buf_add(out, n.qualifiers.items[i].key);
		buf_add_char(out, '=');
		encode(out, n.qualifiers.items[i].value, ":");
	}
	if (n.subpath.len > 0)
		buf_add_char(out, '#');
	encode(out, n.subpath, ":/");
	return true;
}
