/* Packages of a repository that lies on this machine (file:, a disk or a bundle): apt never copies them when it
 * downloads, it takes them from where they are. A note in the stage folder says where that is, so that they count as
 * staged for as long as they are there. */
#include "plan/apt.h"

#include "base/log.h"

#define PATH_LIMIT 4096

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "/srv/a%20b" → "/srv/a b"; empty when it is no plain absolute path. */
static struct str
decoded(struct arena *a, struct str uri)
{
	BUF_AUTO b = { 0 };
	for (size_t i = 0; i < uri.len; i++) {
		char c = uri.ptr[i];
		if (c == '%' && i + 2 < uri.len && hex(uri.ptr[i + 1]) >= 0 && hex(uri.ptr[i + 2]) >= 0) {
			c = (char)(hex(uri.ptr[i + 1]) * 16 + hex(uri.ptr[i + 2]));
			i += 2;
		}
		if ((unsigned char)c < ' ')
			return STR_NONE;
		buf_add_char(&b, c);
	}
	struct str path = buf_str(&b);
	while (str_starts(path, STR("//")))
		path = str_skip(path, 1);
	return str_starts(path, STR("/")) && path.len < PATH_LIMIT ? arena_str(a, path) : STR_NONE;
}

static struct str
note_path(struct arena *a, const char *stage, struct str name)
{
	return arena_printf(a, "%s/%.*s" APT_LOCAL_NOTE, stage, STR_ARG(name));
}

void
apt_local_keep(const struct pkgmgr_ctx *c, struct str uris, struct arena *a)
{
	const char *stage = apt_stage_here(c, a);
	struct str line, uri, rest, name;

	/* 'file:/srv/repository/./x_1_all.deb' x_1_all.deb 704 SHA256:… */
	while (str_line(&uris, &line)) {
		struct err e = { 0 };
		if (!str_starts(line, STR("'file:")) || !str_split(str_skip(line, 6), '\'', &uri, &rest) ||
		    !str_word(&rest, &name) || str_find_char(name, '/') >= 0 || !str_ends(name, STR(".deb")))
			continue;
		struct str path = decoded(a, uri);
		if (path.len > 0 && !file_write(note_path(a, stage, name).ptr, path, 0600, &e))
			log_warn("apt", "%s", e.text);
	}
}

const char *
apt_local_path(const struct pkgmgr_ctx *c, const char *stage, struct str name, struct arena *a)
{
	BUF_AUTO path = { 0 };
	if (!file_read(note_path(a, stage, name).ptr, PATH_LIMIT, &path, NULL) || !str_starts(buf_str(&path), STR("/")))
		return NULL;
	return path_join(a, c->root, arena_cstr(a, buf_str(&path)));
}
