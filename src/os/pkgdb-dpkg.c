/* dpkg's database (Debian policy 5.1 and dpkg's lib/dpkg/parse.c): /var/lib/dpkg/status, the journal of
 * changes not yet merged into it (updates/NNNN), and the folder status.d of images without dpkg.
 * opkg keeps the same format elsewhere. */
#include "os/pkgdb.h"

#define STATUS_MAX ((size_t)256 << 20)
#define FOLDER_MAX 100000

struct stanza {
	struct str package, version, arch, source, status;
	bool any; /* a line was seen */
	bool broken;
};

enum stanza_use { STANZA_BROKEN, STANZA_NOT_INSTALLED, STANZA_INSTALLED };

struct field {
	const char *name;
	size_t offset;
};

static const struct field fields[] = {
	{ "package", offsetof(struct stanza, package) },   { "version", offsetof(struct stanza, version) },
	{ "architecture", offsetof(struct stanza, arch) }, { "source", offsetof(struct stanza, source) },
	{ "status", offsetof(struct stanza, status) },
};

static void
stanza_line(struct stanza *s, struct str line)
{
	s->any = true;
	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return;
	const char *colon = memchr(line.ptr, ':', line.len);
	if (!colon || colon == line.ptr) {
		s->broken = true;
		return;
	}
	struct str key = str_sub(line.ptr, (size_t)(colon - line.ptr));
	for (size_t i = 0; i < COUNT(fields); i++) {
		if ((key.ptr[0] | 0x20) != fields[i].name[0] || !str_eq_nocase(key, str_of(fields[i].name)))
			continue;
		struct str *value = (struct str *)((char *)s + fields[i].offset);
		/* Twice the same field: two stanzas that run into each other. */
		if (value->ptr)
			s->broken = true;
		*value = str_trim(str_skip(line, key.len + 1));
	}
}

/* "want flag status"; without the line, what `without` says. */
static enum stanza_use
stanza_status(const struct stanza *s, enum stanza_use without, bool *unfinished)
{
	static const struct {
		const char *name;
		enum stanza_use use;
		bool unfinished;
	} states[] = {
		{ "installed", STANZA_INSTALLED, false },        { "triggers-awaited", STANZA_INSTALLED, false },
		{ "triggers-pending", STANZA_INSTALLED, false }, { "half-configured", STANZA_INSTALLED, true },
		{ "unpacked", STANZA_INSTALLED, true },          { "half-installed", STANZA_NOT_INSTALLED, true },
		{ "config-files", STANZA_NOT_INSTALLED, false }, { "not-installed", STANZA_NOT_INSTALLED, false },
	};
	struct str rest = s->status, word = STR_NONE;

	if (!s->status.ptr)
		return without;
	for (int i = 0; i < 3; i++) {
		if (!str_word(&rest, &word))
			return STANZA_BROKEN;
	}
	for (size_t i = 0; i < COUNT(states); i++) {
		if (str_eq(word, str_of(states[i].name))) {
			*unfinished = states[i].unfinished;
			return states[i].use;
		}
	}
	return STANZA_BROKEN;
}

static void
stanza_source(const struct stanza *s, struct package *p)
{
	struct str name = s->source, version = STR_NONE;

	p->source = p->name;
	p->source_version = p->version;
	if (!str_split(s->source, '(', &name, &version))
		name = s->source;
	name = str_trim(name);
	version = str_trim(version);
	if (version.len > 0 && version.ptr[version.len - 1] == ')')
		version.len--;
	if (package_word_valid(name))
		p->source = name;
	if (package_word_valid(version))
		p->source_version = version;
}

/* p's strings are still views of the text. */
static enum stanza_use
stanza_judge(const struct stanza *s, enum stanza_use without, struct package *p)
{
	*p = (struct package){ .name = s->package, .version = s->version, .arch = s->arch };
	if (s->broken || !package_word_valid(s->package))
		return STANZA_BROKEN;
	enum stanza_use use = stanza_status(s, without, &p->unfinished);
	if (use != STANZA_INSTALLED)
		return use;
	if (!package_word_valid(s->version) || (s->arch.len > 0 && !package_word_valid(s->arch)))
		return STANZA_BROKEN;
	stanza_source(s, p);
	return STANZA_INSTALLED;
}

static void
package_keep(struct arena *a, struct package *p)
{
	bool same_source = p->source.ptr == p->name.ptr, same_version = p->source_version.ptr == p->version.ptr;

	p->name = arena_str(a, p->name);
	p->version = arena_str(a, p->version);
	p->arch = arena_str(a, p->arch);
	p->source = same_source ? p->name : arena_str(a, p->source);
	p->source_version = same_version ? p->version : arena_str(a, p->source_version);
}

/* A stanza of the journal takes the place of the one with the same name and architecture. */
static void
package_replace(struct package_list *l, const struct package *p)
{
	for (size_t i = 0; i < l->count; i++) {
		if (str_eq(l->items[i].name, p->name) && (p->arch.len == 0 || str_eq(l->items[i].arch, p->arch))) {
			l->items[i] = l->items[--l->count];
			return;
		}
	}
}

struct parse {
	struct arena *a;
	struct package_list *out;
	enum stanza_use without_status;
	bool journal;
};

static bool
stanza_end(const struct parse *p, struct stanza *s, struct err *e)
{
	struct package package;

	if (!s->any)
		return true;
	enum stanza_use use = stanza_judge(s, p->without_status, &package);
	*s = (struct stanza){ 0 };
	if (use == STANZA_BROKEN) {
		p->out->bad++;
		return true;
	}
	if (p->journal)
		package_replace(p->out, &package);
	if (use == STANZA_NOT_INSTALLED)
		return true;
	if (p->out->count >= PACKAGES_MAX)
		return err_set(e, ERR_TOO_LARGE, "more than %d installed packages", PACKAGES_MAX);
	package_keep(p->a, &package);
	*ARRAY_PUSH(p->a, p->out) = package;
	return true;
}

static bool
text_parse(const struct parse *p, struct str text, struct err *e)
{
	struct stanza s = { 0 };
	const char *at = text.ptr, *end = text.ptr + text.len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		struct str line = str_sub(at, (size_t)(stop - at));
		at = newline ? newline + 1 : end;
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		/* Only a line without any sign ends a stanza; blanks alone do too (policy 5.1). */
		if (line.len == 0 || ((line.ptr[0] == ' ' || line.ptr[0] == '\t') && str_trim(line).len == 0)) {
			if (!stanza_end(p, &s, e))
				return false;
		} else {
			stanza_line(&s, line);
		}
	}
	return stanza_end(p, &s, e);
}

bool
dpkg_parse_status(struct str text, struct arena *a, struct package_list *out, struct err *e)
{
	struct parse p = { .a = a, .out = out, .without_status = STANZA_BROKEN };

	return text_parse(&p, text, e);
}

static bool
is_journal_name(struct str name)
{
	uint64_t number;

	return str_to_u64(name, &number);
}

static bool
is_image_name(struct str name)
{
	return name.len > 0 && name.ptr[0] != '.' && !str_ends(name, STR(".md5sums"));
}

/* Every file of a folder whose name fits; a folder that is not there is empty. */
static bool
folder_parse(const struct parse *p, const struct root *r, const char *folder, bool (*fits)(struct str), struct err *e)
{
	ARENA_AUTO names_arena = { 0 };
	struct str *names;
	size_t count;
	struct err why = { 0 };

	if (!root_list(r, &names_arena, folder, FOLDER_MAX, &names, &count, &why)) {
		if (why.code == ERR_NOT_FOUND)
			return true;
		return err_set(e, why.code, "%s", why.text);
	}
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO text = { 0 };
		if (!fits(names[i]))
			continue;
		/* A folder or a file that is gone again is nothing to stop for. */
		if (root_read(r, path_join(&names_arena, folder, names[i].ptr), STATUS_MAX, &text, NULL) &&
		    !text_parse(p, buf_str(&text), e))
			return false;
	}
	return true;
}

static bool
status_parse(const struct parse *p, const struct root *r, const char *path, struct err *e)
{
	BUF_AUTO text = { 0 };

	return root_read(r, path, STATUS_MAX, &text, e) && text_parse(p, buf_str(&text), e);
}

static bool
dpkg_present(const struct root *r)
{
	return root_exists(r, "/var/lib/dpkg/status") || root_exists(r, "/var/lib/dpkg/status.d");
}

static bool
dpkg_read(const struct root *r, struct arena *a, struct package_list *out, struct err *e)
{
	struct parse status = { .a = a, .out = out, .without_status = STANZA_BROKEN };
	struct parse journal = { .a = a, .out = out, .without_status = STANZA_BROKEN, .journal = true };
	struct parse image = { .a = a, .out = out, .without_status = STANZA_INSTALLED };

	if (root_exists(r, "/var/lib/dpkg/status") && !status_parse(&status, r, "/var/lib/dpkg/status", e))
		return false;
	return folder_parse(&journal, r, "/var/lib/dpkg/updates", is_journal_name, e) &&
	       folder_parse(&image, r, "/var/lib/dpkg/status.d", is_image_name, e);
}

static const char *const opkg_paths[] = { "/usr/lib/opkg/status", "/var/lib/opkg/status" };

static bool
opkg_present(const struct root *r)
{
	return root_exists(r, opkg_paths[0]) || root_exists(r, opkg_paths[1]);
}

static bool
opkg_read(const struct root *r, struct arena *a, struct package_list *out, struct err *e)
{
	struct parse p = { .a = a, .out = out, .without_status = STANZA_BROKEN };

	for (size_t i = 0; i < COUNT(opkg_paths); i++) {
		if (root_exists(r, opkg_paths[i]))
			return status_parse(&p, r, opkg_paths[i], e);
	}
	return true;
}

const struct pkgdb pkgdb_dpkg = { "dpkg", dpkg_present, dpkg_read };
const struct pkgdb pkgdb_opkg = { "opkg", opkg_present, opkg_read };
