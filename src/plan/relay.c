#include "plan/relay.h"

#include "base/tr.h"
#include "plan/apt.h"
#include "plan/run.h"

#define FILE_MAX ((size_t)1 << 20)
#define FILES_MAX 1000
#define FOLDER "relay"
/* Where the unprivileged user that apt fetches as can read it; what it says is public. */
#define CA_FOLDER "/run/mamori-agent"
#define CA_FILE CA_FOLDER "/relay-ca.pem"

/* ---- URLs ---- */

/* "https://host:443" and what follows it; false: no http or https URL, or one with a password. */
static bool
url_split(struct str url, struct str *scheme, struct str *host, struct str *path)
{
	ptrdiff_t end = str_find(url, STR("://"));
	if (end < 0)
		return false;
	*scheme = str_head(url, (size_t)end);
	struct str rest = str_skip(url, (size_t)end + 3);
	size_t n = 0;
	while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?')
		n++;
	*host = str_head(rest, n);
	*path = str_skip(rest, n);
	return host->len > 0 && str_find_char(*host, '@') < 0 && str_find_char(*host, '$') < 0 &&
	       (str_eq(*scheme, STR("http")) || str_eq(*scheme, STR("https")));
}

static void
add_through(struct str url, const struct relay_place *p, struct buf *out)
{
	struct str scheme, host, path;
	if (!url_split(url, &scheme, &host, &path)) {
		buf_add(out, url);
		return;
	}
	buf_addf(out, "%.*s/o/%.*s%.*s", STR_ARG(p->url), STR_ARG(host), STR_ARG(path));
}

/* ---- apt ---- */

static bool
has_password(struct str passwords, struct str host)
{
	struct str name, port, word;
	if (!str_split(host, ':', &name, &port))
		name = host;
	while (str_word(&passwords, &word)) {
		ptrdiff_t at = str_find(word, name);
		if (at >= 0 && (at == 0 || word.ptr[at - 1] == '/'))
			return true;
	}
	return false;
}

/* "https://…" and "mirror+https://…" as plain http, which the relay is asked for as a proxy. */
static void
add_apt_uri(struct str uri, struct str passwords, struct buf *out)
{
	struct str before = STR(""), rest = uri, scheme, host, path;
	if (str_starts(uri, STR("mirror+"))) {
		before = str_head(uri, 7);
		rest = str_skip(uri, 7);
	}
	if (!str_starts(rest, STR("https://")) || !url_split(rest, &scheme, &host, &path) ||
	    has_password(passwords, host)) {
		buf_add(out, uri);
		return;
	}
	/* A port of its own names the origin at the relay as well; 443 is what https means. */
	if (str_ends(host, STR(":443")))
		host = str_head(host, host.len - 4);
	buf_addf(out, "%.*shttp://%.*s%.*s", STR_ARG(before), STR_ARG(host), STR_ARG(path));
}

/* deb [options] URI suite … */
static void
add_apt_line(struct str line, struct str passwords, struct buf *out)
{
	struct str rest = line, word;
	bool source = str_word(&rest, &word) && (str_eq(word, STR("deb")) || str_eq(word, STR("deb-src")));
	if (source && str_starts(str_trim(rest), STR("["))) {
		ptrdiff_t end = str_find_char(rest, ']');
		source = end >= 0;
		rest = str_skip(rest, (size_t)(end + 1));
	}
	if (!source || !str_word(&rest, &word)) {
		buf_add(out, line);
		return;
	}
	buf_add(out, str_head(line, (size_t)(word.ptr - line.ptr)));
	add_apt_uri(word, passwords, out);
	buf_add(out, str_skip(line, (size_t)(word.ptr - line.ptr) + word.len));
}

void
relay_apt_list(struct str text, struct str passwords, struct buf *out)
{
	struct str line;
	while (str_line(&text, &line)) {
		add_apt_line(line, passwords, out);
		buf_add_char(out, '\n');
	}
}

static void
add_apt_words(struct str line, struct str passwords, struct buf *out)
{
	size_t i = 0;
	while (i < line.len) {
		size_t start = i;
		bool blank = line.ptr[i] == ' ' || line.ptr[i] == '\t';
		while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t') == blank)
			i++;
		struct str piece = str_sub(line.ptr + start, i - start);
		if (blank)
			buf_add(out, piece);
		else
			add_apt_uri(piece, passwords, out);
	}
}

void
relay_apt_sources(struct str text, struct str passwords, struct buf *out)
{
	struct str line, key, value;
	bool uris = false;
	while (str_line(&text, &line)) {
		bool more = line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
		bool comment = line.len && line.ptr[0] == '#';
		if (!more && !comment)
			uris = str_split(line, ':', &key, &value) && str_eq_nocase(key, STR("URIs"));
		if (uris && more && !comment) {
			add_apt_words(line, passwords, out);
		} else if (uris && !comment) {
			buf_add(out, str_head(line, key.len + 1));
			add_apt_words(value, passwords, out);
		} else {
			buf_add(out, line);
		}
		buf_add_char(out, '\n');
	}
}

/* ---- dnf ---- */

/* One section, put together at its end: whether it has a baseurl decides what becomes of the rest. */
struct section {
	struct buf kept, base;
	bool open;
};

static void
add_values(struct str value, const struct relay_place *p, struct buf *out)
{
	bool first = true;
	while (value.len > 0) {
		size_t n = 0;
		while (n < value.len && value.ptr[n] != ' ' && value.ptr[n] != '\t' && value.ptr[n] != ',')
			n++;
		if (n > 0) {
			buf_add(out, first ? STR("") : STR(" "));
			add_through(str_head(value, n), p, out);
			first = false;
		}
		value = str_skip(value, n < value.len ? n + 1 : n);
	}
}

static void
section_end(struct section *s, struct buf *links, const struct relay_place *p, struct buf *out)
{
	if (!s->open)
		return;
	buf_add(out, buf_str(&s->kept));
	if (s->base.len > 0) {
		buf_addf(out, "baseurl=%s\nproxy=\n", buf_cstr(&s->base));
		if (p->ca.len)
			buf_addf(out, "sslcacert=%.*s\nsslverify=1\n", STR_ARG(p->ca));
	} else if (links->len > 0) {
		buf_add(out, buf_str(links));
		buf_addf(out, "proxy=%.*s\n", STR_ARG(p->url));
		if (p->ca.len)
			buf_addf(out, "proxy_sslcacert=%.*s\nproxy_sslverify=1\n", STR_ARG(p->ca));
	}
	buf_truncate(&s->kept, 0);
	buf_truncate(&s->base, 0);
	buf_truncate(links, 0);
}

static bool
is_one_of(struct str key, const char *const *names)
{
	for (; *names; names++)
		if (str_eq(key, str_of(*names)))
			return true;
	return false;
}

/* What the relay's own connection needs takes the place of what the origin's would. */
static const char *const dnf_dropped[] = {
	"proxy",     "proxy_username", "proxy_password", "proxy_sslcacert", "proxy_sslverify",
	"sslcacert", "sslverify",      "fastestmirror",  "bandwidth",       NULL
};
static const char *const dnf_links[] = { "metalink", "mirrorlist", NULL };

static void
dnf_line(struct section *s, struct buf *links, struct str key, struct str value, struct str line,
	 const struct relay_place *p)
{
	if (str_eq(key, STR("baseurl"))) {
		add_values(value, p, &s->base);
	} else if (str_eq(key, STR("gpgkey"))) {
		buf_add(&s->kept, STR("gpgkey="));
		add_values(value, p, &s->kept);
		buf_add_char(&s->kept, '\n');
	} else if (is_one_of(key, dnf_links)) {
		buf_addf(links, "%.*s\n", STR_ARG(line));
	} else if (!is_one_of(key, dnf_dropped)) {
		buf_addf(&s->kept, "%.*s\n", STR_ARG(line));
	}
}

void
relay_dnf_repo(struct str text, const struct relay_place *p, struct buf *out)
{
	struct section s = { 0 };
	BUF_AUTO links = { 0 };
	BUF_AUTO joined = { 0 };
	struct str line, key = STR(""), value;
	/* Lines that go on (they begin with a blank) are joined first: baseurl may have several. */
	while (str_line(&text, &line)) {
		bool more = line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t') && str_trim(line).len;
		if (!more)
			buf_add_char(&joined, '\n');
		else
			buf_add_char(&joined, ' ');
		buf_add(&joined, str_trim(line));
	}
	struct str rest = buf_str(&joined);
	while (str_line(&rest, &line)) {
		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
			continue;
		if (line.ptr[0] == '[') {
			section_end(&s, &links, p, out);
			s.open = true;
			buf_addf(&s.kept, "%.*s\n", STR_ARG(line));
		} else if (s.open && str_split(line, '=', &key, &value)) {
			dnf_line(&s, &links, str_trim(key), str_trim(value), line, p);
		}
	}
	section_end(&s, &links, p, out);
	buf_free(&s.kept);
	buf_free(&s.base);
}

/* ---- apk ---- */

void
relay_apk_list(struct str text, const struct relay_place *p, struct buf *out)
{
	struct str line;
	while (str_line(&text, &line)) {
		struct str rest = str_trim(line), word;
		if (rest.len == 0 || rest.ptr[0] == '#')
			continue;
		while (str_word(&rest, &word)) {
			add_through(word, p, out);
			if (str_trim(rest).len)
				buf_add_char(out, ' ');
		}
		buf_add_char(out, '\n');
	}
}

/* ---- the private copies ---- */

struct copy {
	const struct pkgmgr_ctx *c;
	struct arena *a;
	struct root root;
	struct relay_place place;
	struct buf passwords;
	const char *here, *inside;
};

static void
copy_cleanup(struct copy *k)
{
	root_close(&k->root);
	if (k->passwords.ptr)
		explicit_bzero(k->passwords.ptr, k->passwords.len);
	buf_free(&k->passwords);
}

static bool
put(const char *path, struct str content, unsigned mode, struct err *e)
{
	BUF_AUTO there = { 0 };
	if (file_exists(path) && file_read(path, FILE_MAX * 2, &there, NULL) && str_eq(buf_str(&there), content))
		return true;
	return file_write(path, content, mode, e);
}

typedef void rewrite_fn(struct copy *k, struct str name, struct str text, struct buf *out);

static bool
copy_file(struct copy *k, const char *from, const char *to, rewrite_fn *rewrite, struct str name, struct err *e)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO out = { 0 };
	if (root_exists(&k->root, from) && !root_read(&k->root, from, FILE_MAX, &text, e))
		return err_wrap(e, "reading %s", from);
	rewrite(k, name, buf_str(&text), &out);
	return put(path_join(k->a, k->here, to), buf_str(&out), 0600, e);
}

/* Every file of a folder that ends in one of these; copies of what is gone go, too. */
static bool
copy_folder(struct copy *k, const char *from, const char *to, const char *const *suffixes, rewrite_fn *rewrite,
	    struct err *e)
{
	struct str *names = NULL, *old;
	size_t count = 0, old_count;
	const char *folder = path_join(k->a, k->here, to);
	if (!dir_make(folder, 0700, e))
		return false;
	if (root_exists(&k->root, from) && !root_list(&k->root, k->a, from, FILES_MAX, &names, &count, e))
		return err_wrap(e, "reading %s", from);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		bool wanted = false;
		for (const char *const *s = suffixes; *s; s++)
			wanted |= str_ends(names[i], str_of(*s));
		if (!wanted || str_starts(names[i], STR(".")))
			continue;
		names[kept++] = names[i];
		const char *to_file = path_join(k->a, to, names[i].ptr);
		if (!copy_file(k, path_join(k->a, from, names[i].ptr), to_file, rewrite, names[i], e))
			return false;
	}
	if (!dir_list(k->a, folder, FILES_MAX * 2, &old, &old_count, e))
		return false;
	for (size_t i = 0; i < old_count; i++) {
		bool there = false;
		for (size_t n = 0; n < kept; n++)
			there |= str_eq(names[n], old[i]);
		if (!there && !file_remove(path_join(k->a, folder, old[i].ptr), e))
			return false;
	}
	return true;
}

static bool
copy_open(struct copy *k, struct err *e)
{
	struct str url = str_of(k->c->relay->url);
	while (url.len && url.ptr[url.len - 1] == '/')
		url.len--;
	k->here = path_join(k->a, apt_stage_here(k->c, k->a), FOLDER);
	k->inside = path_join(k->a, apt_stage_inside(k->c, k->a), FOLDER);
	k->place.url = url;
	if (!dir_make(k->here, 0700, e) || !root_open(&k->root, k->c->root, e))
		return false;
	if (!str_starts(url, STR("https://")))
		return true;
	k->place.ca = STR(CA_FILE);
	return dir_make(path_join(k->a, k->c->root, CA_FOLDER), 0755, e) &&
	       put(path_join(k->a, k->c->root, CA_FILE), k->c->relay->ca_pem, 0644, e);
}

struct words {
	ARRAY_OF(const char *) items;
};

static void
words_add(struct words *v, struct arena *a, const char *word)
{
	*ARRAY_PUSH(a, &v->items) = word;
}

static void
option_add(struct words *v, struct arena *a, struct str option)
{
	words_add(v, a, "-o");
	words_add(v, a, option.ptr);
}

static void
rewrite_apt(struct copy *k, struct str name, struct str text, struct buf *out)
{
	if (str_ends(name, STR(".sources")))
		relay_apt_sources(text, buf_str(&k->passwords), out);
	else
		relay_apt_list(text, buf_str(&k->passwords), out);
}

static void
passwords_read(struct copy *k)
{
	struct str *names;
	size_t count;
	if (root_exists(&k->root, "/etc/apt/auth.conf"))
		(void)!root_read(&k->root, "/etc/apt/auth.conf", FILE_MAX, &k->passwords, NULL);
	if (!root_exists(&k->root, "/etc/apt/auth.conf.d") ||
	    !root_list(&k->root, k->a, "/etc/apt/auth.conf.d", FILES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		buf_add_char(&k->passwords, '\n');
		(void)!root_read(&k->root, path_join(k->a, "/etc/apt/auth.conf.d", names[i].ptr), FILE_MAX,
				 &k->passwords, NULL);
	}
}

/* "10.1.0.5" of the relay's address; IPv6 has no place in apt's names of settings. */
static struct str
relay_host(const struct relay_place *p)
{
	struct str scheme, host, path, name, port;
	if (!url_split(p->url, &scheme, &host, &path) || str_starts(host, STR("[")))
		return STR_NONE;
	return str_split(host, ':', &name, &port) ? name : host;
}

static bool
words_apt(struct copy *k, struct relay_words *out, struct err *e)
{
	static const char *const suffixes[] = { ".list", ".sources", NULL };
	struct arena *a = k->a;
	struct words v = { 0 };
	struct str host = relay_host(&k->place);
	passwords_read(k);
	if (!copy_file(k, "/etc/apt/sources.list", "sources.list", rewrite_apt, STR(""), e) ||
	    !copy_folder(k, "/etc/apt/sources.list.d", "sources.list.d", suffixes, rewrite_apt, e))
		return false;
	option_add(&v, a, arena_printf(a, "Dir::Etc::sourcelist=%s/sources.list", k->inside));
	option_add(&v, a, arena_printf(a, "Dir::Etc::sourceparts=%s/sources.list.d", k->inside));
	option_add(&v, a, arena_printf(a, "Acquire::http::Proxy=%.*s", STR_ARG(k->place.url)));
	option_add(&v, a, arena_printf(a, "Acquire::https::Proxy=%.*s", STR_ARG(k->place.url)));
	option_add(&v, a, STR("Acquire::http::Proxy-Auto-Detect="));
	option_add(&v, a, STR("Acquire::http::ProxyAutoDetect="));
	if (k->place.ca.len && host.len)
		option_add(&v, a,
			   arena_printf(a, "Acquire::https::%.*s::CaInfo=%.*s", STR_ARG(host), STR_ARG(k->place.ca)));
	else if (k->place.ca.len)
		option_add(&v, a, arena_printf(a, "Acquire::https::CaInfo=%.*s", STR_ARG(k->place.ca)));
	words_add(&v, a, NULL);
	out->argv = v.items.items;
	return true;
}

static void
rewrite_dnf(struct copy *k, struct str name, struct str text, struct buf *out)
{
	(void)name;
	relay_dnf_repo(text, &k->place, out);
}

static bool
words_dnf(struct copy *k, struct relay_words *out, struct err *e)
{
	static const char *const suffixes[] = { ".repo", NULL };
	struct words v = { 0 };
	if (!copy_folder(k, "/etc/yum.repos.d", "yum.repos.d", suffixes, rewrite_dnf, e))
		return false;
	words_add(&v, k->a, arena_printf(k->a, "--setopt=reposdir=%s/yum.repos.d", k->inside).ptr);
	words_add(&v, k->a, NULL);
	out->argv = v.items.items;
	return true;
}

static void
rewrite_apk(struct copy *k, struct str name, struct str text, struct buf *out)
{
	(void)name;
	relay_apk_list(text, &k->place, out);
}

static bool
words_apk(struct copy *k, struct relay_words *out, struct err *e)
{
	struct words v = { 0 }, env = { 0 };
	if (!copy_file(k, "/etc/apk/repositories", "repositories", rewrite_apk, STR(""), e))
		return false;
	words_add(&v, k->a, "--repositories-file");
	words_add(&v, k->a, path_join(k->a, k->inside, "repositories"));
	words_add(&v, k->a, NULL);
	if (k->place.ca.len)
		words_add(&env, k->a, arena_printf(k->a, "SSL_CA_CERT_FILE=%.*s", STR_ARG(k->place.ca)).ptr);
	words_add(&env, k->a, NULL);
	out->argv = v.items.items;
	out->env = env.items.items;
	return true;
}

/* ---- handing them to a run ---- */

static const struct {
	const char *program;
	bool (*words)(struct copy *k, struct relay_words *out, struct err *e);
} programs[] = {
	{ "apt-get", words_apt },
	{ "apt-cache", words_apt },
	{ "dnf", words_dnf },
	{ "apk", words_apk },
};

bool
relay_words_for(const struct pkgmgr_ctx *c, const char *program, struct arena *a, struct relay_words *out,
		struct err *e)
{
	static const char *const none[] = { NULL };
	*out = (struct relay_words){ none, none };
	if (!c->relay)
		return true;
	for (size_t i = 0; i < COUNT(programs); i++) {
		if (strcmp(programs[i].program, program) != 0)
			continue;
		__attribute__((cleanup(copy_cleanup))) struct copy k = { .c = c, .a = a, .root = { .fd = -1 } };
		return (copy_open(&k, e) && programs[i].words(&k, out, e)) ||
		       err_wrap(e, "preparing the way through the relay %s", c->relay->url);
	}
	return true;
}

const char *const *
relay_argv(const struct relay_words *w, const char *const *argv, struct arena *a)
{
	struct words v = { 0 };
	if (!w->argv[0])
		return argv;
	words_add(&v, a, argv[0]);
	for (size_t i = 0; w->argv[i]; i++)
		words_add(&v, a, w->argv[i]);
	for (size_t i = 1; argv[i]; i++)
		words_add(&v, a, argv[i]);
	words_add(&v, a, NULL);
	return v.items.items;
}

/* A port or a version may hold the same digits. */
static bool
has_word(struct str line, struct str wanted)
{
	struct str word;
	while (str_word(&line, &word))
		if (str_eq(word, wanted))
			return true;
	return false;
}

/* "Failed to fetch http://HOST/…  403 …", "Status code: 403 for https://RELAY/o/HOST/…", "…/o/HOST/…: … 403 …" */
struct str
relay_refused_origin(const struct pkgmgr_ctx *c, struct str words)
{
	struct str line;
	while (c->relay && str_line(&words, &line)) {
		struct str rest = line, word, scheme, host, path;
		if (!has_word(line, STR("403")) && !str_contains(line, STR("Permission denied")))
			continue;
		while (str_word(&rest, &word)) {
			if (!url_split(word, &scheme, &host, &path))
				continue;
			if (str_starts(word, str_of(c->relay->url)) && str_starts(path, STR("/o/"))) {
				struct str inner = str_skip(path, 3);
				ptrdiff_t end = str_find_char(inner, '/');
				return end < 0 ? inner : str_head(inner, (size_t)end);
			}
			if (!str_starts(word, str_of(c->relay->url)))
				return host;
		}
	}
	return STR_NONE;
}

bool
relay_refused(const struct pkgmgr_ctx *c, const char *doing, struct str origin, struct err *e)
{
	return err_set(e, ERR_REFUSED,
		       "%s: the relay %s does not allow %.*s: ask its administrator to start it with --allow and that "
		       "address",
		       doing, c->relay->url, STR_ARG(str_head(origin, 200)));
}
