/* The manifest (exposure/manifest.h): JSON, replaced by one rename. */
#include "exposure/manifest.h"

#include "base/json.h"
#include "os/file.h"

#include <sys/stat.h>

enum { MANIFEST_VERSION = 1, MANIFEST_MAX = 64 << 20 };

bool
exposure_folder(struct arena *a, const char *data, const char **out, struct err *e)
{
	*out = path_join(a, data, "exposure");
	return dir_make(*out, 0700, e) || err_wrap(e, "making the folder of exposure data");
}

struct manifest_mark
manifest_look(const char *path)
{
	struct manifest_mark m = { 0 };
	struct stat s;

	if (stat(path, &s) == 0)
		m = (struct manifest_mark){ s.st_ino, (uint64_t)s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec };
	return m;
}

/* A file's name of ours: nothing that leads out of the folder. */
static bool
is_name(struct str s)
{
	return s.len > 0 && s.len < 128 && s.ptr[0] != '.' && str_find_char(s, '/') < 0;
}

static void
read_origin(struct arena *a, const struct json *j, struct segment_origin *o)
{
	o->source = json_get_str(j, "source");
	o->file = json_get_str(j, "file");
	o->digest = json_get_str(j, "digest");
	o->snapshot = json_get_str(j, "snapshot");
	o->rules = json_get_str(j, "rules");
	o->imported_at = json_get_i64(j, "imported_at", 0);
}

static bool
read_segment(struct arena *a, const struct json *j, struct manifest_segment *s)
{
	const struct json *origins = json_get_array(j, "origins", &s->origin_count);

	s->file = json_get_str(j, "file");
	s->dead = json_get_str(j, "dead");
	s->docs = (uint64_t)json_get_i64(j, "banners", 0);
	s->dead_count = (uint64_t)json_get_i64(j, "dead_banners", 0);
	s->aside = json_get_bool(j, "aside", false);
	s->looked = json_get_bool(j, "looked", false);
	s->origins = ARENA_ARRAY(a, struct segment_origin, s->origin_count + 1);
	for (size_t i = 0; i < s->origin_count; i++)
		read_origin(a, &origins[i], &s->origins[i]);
	return is_name(s->file) && (s->dead.len == 0 || is_name(s->dead));
}

bool
manifest_read(struct arena *a, const char *data, struct manifest *out, struct err *e)
{
	const char *path = path_join(a, path_join(a, data, "exposure"), "manifest.json");
	BUF_AUTO text = { 0 };
	struct json *j;
	size_t count;

	*out = (struct manifest){ 0 };
	if (!file_exists(path))
		return true;
	if (!file_read(path, MANIFEST_MAX, &text, e) || !json_parse(a, buf_str(&text), NULL, &j, e))
		return err_wrap(e, "reading the list of exposure segments %s", path);
	if (json_get_i64(j, "version", 0) != MANIFEST_VERSION)
		return err_set(e, ERR_INPUT, "%s was written by another version of mamori", path);
	out->generation = (uint64_t)json_get_i64(j, "generation", 0);
	out->addresses = (uint64_t)json_get_i64(j, "addresses", 0);
	const struct json *segments = json_get_array(j, "segments", &count);
	for (size_t i = 0; i < count; i++) {
		struct manifest_segment s = { 0 };
		if (!read_segment(a, &segments[i], &s))
			return err_set(e, ERR_INPUT, "%s is damaged; restore it from a backup", path);
		*ARRAY_PUSH(a, &out->segments) = s;
	}
	return true;
}

static void
write_origin(struct json_writer *w, const struct segment_origin *o)
{
	json_begin_object(w);
	json_put_str(w, "source", o->source);
	json_put_str(w, "file", o->file);
	json_put_str(w, "digest", o->digest);
	json_put_str(w, "snapshot", o->snapshot);
	json_put_str(w, "rules", o->rules);
	json_put_i64(w, "imported_at", o->imported_at);
	json_end_object(w);
}

bool
manifest_write(const char *data, const struct manifest *m, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };

	json_begin_object(&w);
	json_put_i64(&w, "version", MANIFEST_VERSION);
	json_put_i64(&w, "generation", (int64_t)m->generation);
	json_put_i64(&w, "addresses", (int64_t)m->addresses);
	json_key(&w, "segments");
	json_begin_array(&w);
	for (size_t i = 0; i < m->segments.count; i++) {
		const struct manifest_segment *s = &m->segments.items[i];
		json_begin_object(&w);
		json_put_str(&w, "file", s->file);
		json_put_i64(&w, "banners", (int64_t)s->docs);
		if (s->dead.len > 0)
			json_put_str(&w, "dead", s->dead);
		json_put_i64(&w, "dead_banners", (int64_t)s->dead_count);
		if (s->aside)
			json_put_bool(&w, "aside", true);
		if (s->looked)
			json_put_bool(&w, "looked", true);
		json_key(&w, "origins");
		json_begin_array(&w);
		for (size_t k = 0; k < s->origin_count; k++)
			write_origin(&w, &s->origins[k]);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	return file_write(path_join(&a, path_join(&a, data, "exposure"), "manifest.json"), buf_str(&text), 0600, e) ||
	       err_wrap(e, "writing the list of exposure segments");
}
