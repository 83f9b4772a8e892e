/* The journal: what each URL stands for, a line of JSON each, the last line of a URL counts. A torn last line is not
 * there. Rewritten small when it is opened by one process alone. */
#include "relay/cache-internal.h"

#include "base/json.h"
#include "base/log.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES (32u << 10)
#define LINES_SPARE 1000

static bool
take_field(const struct json *line, const char *key, char *into, size_t size)
{
	struct str s = json_get_str(line, key);
	if (s.len >= size)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] > '~')
			return false;
	memcpy(into, s.ptr ? s.ptr : "", s.len);
	into[s.len] = '\0';
	return true;
}

bool
journal_parse(struct str line, struct buf *url, struct cache_entry *entry, bool *gone)
{
	ARENA_AUTO a = { 0 };
	const struct json_limits limits = { .depth = 2, .values = 32 };
	struct json *tree;
	if (line.len > LINE_MAX_BYTES || !json_parse(&a, line, &limits, &tree, NULL))
		return false;
	struct str name = json_get_str(tree, "url");
	int64_t size = json_get_i64(tree, "size", -1);
	*gone = json_get_bool(tree, "gone", false);
	if (name.len == 0 || name.len > 16384)
		return false;
	struct digest_text {
		char hex[SHA256_HEX_LEN];
	} digest;
	if (!*gone) {
		if (size < 0 || json_get_str(tree, "sha256").len != SHA256_HEX_LEN - 1 ||
		    !take_field(tree, "sha256", digest.hex, sizeof(digest.hex)) ||
		    strspn(digest.hex, "0123456789abcdef") != SHA256_HEX_LEN - 1 ||
		    !take_field(tree, "etag", entry->etag, sizeof(entry->etag)) ||
		    !take_field(tree, "modified", entry->last_modified, sizeof(entry->last_modified)) ||
		    !take_field(tree, "type", entry->type, sizeof(entry->type)))
			return false;
		memcpy(entry->sha256, digest.hex, sizeof(digest.hex));
		entry->size = (uint64_t)size;
		entry->verified = json_get_bool(tree, "verified", false);
		entry->checked = json_get_i64(tree, "checked", 0);
		entry->fresh_until = json_get_i64(tree, "fresh", 0);
	}
	buf_truncate(url, 0);
	buf_add(url, name);
	return true;
}

static void
line_write(struct buf *out, struct str url, const struct cache_entry *entry)
{
	struct json_writer w = { .out = out };
	json_begin_object(&w);
	json_put_str(&w, "url", url);
	if (!entry) {
		json_put_bool(&w, "gone", true);
	} else {
		json_put_cstr(&w, "sha256", entry->sha256);
		json_put_i64(&w, "size", (int64_t)entry->size);
		json_put_bool(&w, "verified", entry->verified);
		json_put_i64(&w, "checked", entry->checked);
		if (entry->fresh_until)
			json_put_i64(&w, "fresh", entry->fresh_until);
		if (*entry->etag)
			json_put_cstr(&w, "etag", entry->etag);
		if (*entry->last_modified)
			json_put_cstr(&w, "modified", entry->last_modified);
		if (*entry->type)
			json_put_cstr(&w, "type", entry->type);
	}
	json_end_object(&w);
	buf_add_char(out, '\n');
}

static void
line_take(struct cache *c, struct str line)
{
	struct cache_entry entry = { 0 };
	BUF_AUTO url = { 0 };
	bool gone;
	c->journal_lines++;
	if (line.len == 0 || !journal_parse(line, &url, &entry, &gone))
		return;
	if (gone)
		index_url_remove(c, buf_str(&url));
	else
		index_url_put(c, buf_str(&url), &entry);
}

void
journal_catch_up(struct cache *c)
{
	struct stat st;
	char bytes[16384];
	if (fstat(c->journal, &st) != 0 || (uint64_t)st.st_size <= c->journal_read)
		return;
	for (;;) {
		ssize_t n = pread(c->journal, bytes, sizeof(bytes), (off_t)c->journal_read);
		if (n <= 0)
			return;
		c->journal_read += (uint64_t)n;
		struct str rest = str_sub(bytes, (size_t)n);
		while (rest.len > 0) {
			ptrdiff_t end = str_find_char(rest, '\n');
			size_t len = end < 0 ? rest.len : (size_t)end;
			if (c->torn.len + len <= LINE_MAX_BYTES)
				buf_add(&c->torn, str_head(rest, len));
			if (end < 0)
				break;
			line_take(c, buf_str(&c->torn));
			buf_truncate(&c->torn, 0);
			rest = str_skip(rest, len + 1);
		}
	}
}

bool
journal_append(struct cache *c, struct str url, const struct cache_entry *entry, struct err *e)
{
	BUF_AUTO line = { 0 };
	struct stat st;
	/* Half a line that a full disk left behind ends here, and is none. */
	if (c->torn.len > 0)
		buf_add_char(&line, '\n');
	line_write(&line, url, entry);
	ssize_t n = write(c->journal, line.ptr, line.len);
	if (n < 0 || (size_t)n != line.len) {
		errno = n < 0 ? errno : ENOSPC;
		journal_catch_up(c);
		return err_sys(e, "cannot write the cache's journal in %s", c->folder);
	}
	bool alone = fstat(c->journal, &st) == 0 && (uint64_t)st.st_size == c->journal_read + line.len;
	if (alone && c->torn.len == 0) {
		c->journal_read += line.len;
		c->journal_lines++;
		if (entry)
			index_url_put(c, url, entry);
		else
			index_url_remove(c, url);
	} else {
		journal_catch_up(c);
	}
	return true;
}

bool
journal_sync(struct cache *c, struct err *e)
{
	return fdatasync(c->journal) == 0 || err_sys(e, "cannot write the cache's journal in %s", c->folder);
}

static bool
journal_load(struct cache *c, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, c->folder, "journal");
	c->journal = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (c->journal < 0)
		return err_sys(e, "cannot open %s", path);
	journal_catch_up(c);
	return true;
}

/* Only while nobody else has it open. */
static bool
journal_rewrite(struct cache *c, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	index_url_sweep(c);
	for (size_t i = 0; i < c->url_slots; i++)
		for (const struct known_url *u = c->urls[i]; u; u = u->chain) {
			struct cache_entry entry;
			index_entry(u, &entry);
			line_write(&text, str_sub(u->text, u->url_len), &entry);
		}
	if (!file_write(path_join(&a, c->folder, "journal"), buf_str(&text), 0640, e))
		return false;
	close(c->journal);
	c->journal = -1;
	c->journal_read = c->journal_lines = 0;
	buf_truncate(&c->torn, 0);
	return journal_load(c, e);
}

bool
journal_open(struct cache *c, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, c->folder, "lock");
	c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (c->lock < 0)
		return err_sys(e, "cannot open %s", path);
	bool alone = flock(c->lock, LOCK_EX | LOCK_NB) == 0;
	if (!alone && flock(c->lock, LOCK_SH) != 0)
		return err_sys(e, "cannot lock %s", path);
	if (!journal_load(c, e))
		return false;
	if (!alone)
		return true;
	struct err why = { 0 };
	/* A full disk is no reason not to start: the longer journal says the same. */
	if (c->journal_lines > 2 * c->url_count + LINES_SPARE && !journal_rewrite(c, &why))
		log_warn("cache", "%s", why.text);
	if (c->journal < 0 && !journal_load(c, e))
		return false;
	return flock(c->lock, LOCK_SH) == 0 || err_sys(e, "cannot lock %s", path);
}

void
journal_close(struct cache *c)
{
	if (c->journal >= 0)
		close(c->journal);
	if (c->lock >= 0)
		close(c->lock);
	buf_free(&c->torn);
}
