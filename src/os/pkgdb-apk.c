/* apk's database (apk-tools 2, doc/apk-installed.5): lines "K:value", stanzas behind blank lines. */
#include "os/pkgdb.h"

#define INSTALLED_MAX ((size_t)256 << 20)

static const char *const apk_paths[] = { "/lib/apk/db/installed", "/usr/lib/apk/db/installed" };

struct apk_stanza {
	struct str name, version, arch, origin;
	bool any, broken;
};

static void
apk_field(struct str *value, struct str text, bool *broken)
{
	if (value->ptr)
		*broken = true;
	*value = text;
}

static void
apk_line(struct apk_stanza *s, struct str line)
{
	s->any = true;
	if (line.len < 2 || line.ptr[1] != ':') {
		s->broken = true;
		return;
	}
	struct str value = str_skip(line, 2);
	switch (line.ptr[0]) {
	case 'P':
		apk_field(&s->name, value, &s->broken);
		break;
	case 'V':
		apk_field(&s->version, value, &s->broken);
		break;
	case 'A':
		apk_field(&s->arch, value, &s->broken);
		break;
	case 'o':
		apk_field(&s->origin, value, &s->broken);
		break;
	default:
		break;
	}
}

static bool
apk_end(struct apk_stanza *s, struct arena *a, struct package_list *out, struct err *e)
{
	struct apk_stanza done = *s;

	*s = (struct apk_stanza){ 0 };
	if (!done.any)
		return true;
	if (done.broken || !package_word_valid(done.name) || !package_word_valid(done.version) ||
	    (done.arch.len > 0 && !package_word_valid(done.arch)) ||
	    (done.origin.len > 0 && !package_word_valid(done.origin))) {
		out->bad++;
		return true;
	}
	if (out->count >= PACKAGES_MAX)
		return err_set(e, ERR_TOO_LARGE, "more than %d installed packages", PACKAGES_MAX);
	struct package *p = ARRAY_PUSH(a, out);
	*p = (struct package){ .name = arena_str(a, done.name), .version = arena_str(a, done.version) };
	p->arch = arena_str(a, done.arch);
	p->source = done.origin.len > 0 ? arena_str(a, done.origin) : p->name;
	p->source_version = p->version;
	return true;
}

bool
apk_parse_installed(struct str text, struct arena *a, struct package_list *out, struct err *e)
{
	struct apk_stanza s = { 0 };
	struct str line;

	while (str_line(&text, &line)) {
		if (line.len > 0)
			apk_line(&s, line);
		else if (!apk_end(&s, a, out, e))
			return false;
	}
	return apk_end(&s, a, out, e);
}

static bool
apk_present(const struct root *r)
{
	return root_exists(r, apk_paths[0]) || root_exists(r, apk_paths[1]);
}

static bool
apk_read(const struct root *r, struct arena *a, struct package_list *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	const char *path = root_exists(r, apk_paths[0]) ? apk_paths[0] : apk_paths[1];

	return root_read(r, path, INSTALLED_MAX, &text, e) && apk_parse_installed(buf_str(&text), a, out, e);
}

const struct pkgdb pkgdb_apk = { "apk", apk_present, apk_read };
