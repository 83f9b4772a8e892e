/* Downloads that go on where they broke off (RFC 9110, sections 13.1.5 If-Range and 14.2 Range). */
#include "base/arena.h"
#include "net/client-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

struct fetching {
	struct http_client *client;
	struct http_fetch *result;
	char part[PATH_BYTES], of[PATH_BYTES]; /* "PATH.part", "PATH.part.of" */
	char validator[200]; /* of the part */
	uint64_t have; /* bytes of the part */
	char etag[200], last_modified[64]; /* of this answer */
	uint64_t range_from;
	bool ranged; /* the answer says which bytes it has */
	bool begun; /* the first byte of the body was seen */
	bool wrong_range;
};

static void
keep_value(char *into, size_t size, struct str value)
{
	value = str_trim(value);
	if (value.len < size) {
		memcpy(into, value.ptr, value.len);
		into[value.len] = '\0';
	}
}

static void
on_line(struct transfer *t, struct str line)
{
	struct fetching *g = t->taker;
	struct str name, value, unit, rest, from;
	if (str_starts(line, STR("HTTP/"))) {
		g->etag[0] = g->last_modified[0] = '\0';
		g->ranged = false;
	}
	if (!str_split(line, ':', &name, &value))
		return;
	if (str_eq_nocase(name, STR("ETag")))
		keep_value(g->etag, sizeof(g->etag), value);
	else if (str_eq_nocase(name, STR("Last-Modified")))
		keep_value(g->last_modified, sizeof(g->last_modified), value);
	else if (str_eq_nocase(name, STR("Content-Range")))
		g->ranged = str_split(str_trim(value), ' ', &unit, &rest) && str_eq_nocase(unit, STR("bytes")) &&
			    str_split(rest, '-', &from, &rest) && str_to_u64(from, &g->range_from);
}

/* What a part can be asked for again by: a strong ETag, else the date. */
static const char *
strong_validator(const struct fetching *g)
{
	return g->etag[0] && strncmp(g->etag, "W/", 2) != 0 ? g->etag : g->last_modified;
}

/* The part from here on belongs to this answer. */
static bool
begin(struct transfer *t, struct fetching *g, long status)
{
	if (status == 206) {
		g->wrong_range = !g->ranged || g->range_from != g->have;
		return !g->wrong_range;
	}
	if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) < 0) {
		t->write_errno = errno;
		return false;
	}
	t->before = g->have = 0;
	const char *validator = strong_validator(g);
	FILE *f = validator[0] ? fopen(g->of, "we") : NULL;
	if (!f) {
		unlink(g->of);
		return true;
	}
	fputs(validator, f);
	fclose(f);
	return true;
}

static bool
on_bytes(struct transfer *t, struct str bytes)
{
	struct fetching *g = t->taker;
	long status = 0;
	curl_easy_getinfo(g->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 && status != 206)
		return true; /* a page that says why not */
	if (!g->begun && !begin(t, g, status))
		return false;
	g->begun = true;
	return client_write(t, bytes.ptr, bytes.len);
}

static bool
open_part(struct fetching *g, const char *path, int *fd, struct err *e)
{
	struct stat st;
	int n = snprintf(g->part, sizeof(g->part), "%s.part", path);
	if (n < 0 || (size_t)n + 4 >= sizeof(g->part))
		return err_set(e, ERR_INPUT, "the path %s is too long", path);
	snprintf(g->of, sizeof(g->of), "%.4090s.of", g->part);
	*fd = open(g->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0 || fstat(*fd, &st) != 0 || lseek(*fd, 0, SEEK_END) < 0)
		return err_sys(e, "cannot create a file beside %s", path);
	FILE *f = fopen(g->of, "re");
	if (f) {
		if (!fgets(g->validator, sizeof(g->validator), f))
			g->validator[0] = '\0';
		fclose(f);
	}
	g->have = g->validator[0] ? (uint64_t)st.st_size : 0;
	return true;
}

static void
drop_part(const struct fetching *g)
{
	unlink(g->part);
	unlink(g->of);
}

struct request_lines {
	char text[3][280];
	const char *list[5];
};

/* Either the rest of a part, or the whole unless it is the copy that is there. */
static void
make_headers(const struct fetching *g, struct request_lines *r)
{
	size_t n = 0;
	const struct http_fetch *f = g->result;
	if (g->have > 0) {
		snprintf(r->text[n], sizeof(r->text[n]), "Range: bytes=%llu-", (unsigned long long)g->have);
		n++;
		snprintf(r->text[n], sizeof(r->text[n]), "If-Range: %s", g->validator);
		n++;
	} else {
		if (f->etag[0])
			snprintf(r->text[n++], sizeof(r->text[0]), "If-None-Match: %s", f->etag);
		if (f->last_modified[0])
			snprintf(r->text[n++], sizeof(r->text[0]), "If-Modified-Since: %s", f->last_modified);
	}
	for (size_t i = 0; i < n; i++)
		r->list[i] = r->text[i];
	/* Some publishers have the same document in several forms. */
	r->list[n++] = "Accept: application/json, */*;q=0.8";
	r->list[n] = NULL;
}

static bool
commit(const struct fetching *g, int fd, const char *path, struct err *e)
{
	if (fsync(fd) != 0 || rename(g->part, path) != 0)
		return err_sys(e, "cannot write %s", path);
	unlink(g->of);
	return true;
}

/* What the status of an answer that came means. */
static bool
judge(struct fetching *g, int fd, const char *url, const char *path, struct err *e)
{
	struct http_fetch *f = g->result;
	long status = 0;
	curl_easy_getinfo(g->client->curl, CURLINFO_RESPONSE_CODE, &status);
	f->resumed = status == 206;
	if (status == 304 && g->have == 0 && (f->etag[0] || f->last_modified[0])) {
		f->not_modified = true;
		drop_part(g);
		return true;
	}
	if (status == 416) { /* the part is as long as the whole, or longer: begin anew */
		drop_part(g);
		f->try_again = true;
	}
	f->try_again = f->try_again || status >= 500 || status == 429 || status == 408;
	if (status != 206 && !client_download_status(g->client, url, e))
		return false;
	/* An empty answer had no first byte. */
	if (!g->begun && status == 200 && ftruncate(fd, 0) != 0)
		return err_sys(e, "cannot write %s", path);
	snprintf(f->etag, sizeof(f->etag), "%s", g->etag);
	snprintf(f->last_modified, sizeof(f->last_modified), "%s", g->last_modified);
	return commit(g, fd, path, e);
}

/* A part is of use only where the server can be asked for its rest. */
static void
drop_useless_part(const struct fetching *g, int fd)
{
	struct stat st;
	if (access(g->of, F_OK) != 0 || (fstat(fd, &st) == 0 && st.st_size == 0))
		drop_part(g);
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

bool
http_fetch(struct http_client *c, const char *url, const char *path, uint64_t max, struct http_fetch *f,
	   http_progress_fn *progress, void *user, struct err *e)
{
	struct fetching g = { .client = c, .result = f };
	__attribute__((cleanup(close_fd))) int fd = -1;
	struct request_lines lines;
	f->not_modified = f->resumed = f->try_again = false;
	if (!open_part(&g, path, &fd, e))
		return false;
	if (g.have >= max)
		g.have = 0;
	make_headers(&g, &lines);
	struct transfer t = { .fd = fd,
			      .max = (max < INT64_MAX ? max : INT64_MAX) - g.have,
			      .progress = progress,
			      .user = user,
			      .before = g.have,
			      .take = on_bytes,
			      .header = on_line,
			      .taker = &g };
	client_download_pace(c);
	if (client_exchange(c, "GET", url, lines.list, STR(""), &t, e)) {
		bool ok = judge(&g, fd, url, path, e);
		if (!ok)
			drop_useless_part(&g, fd);
		return ok;
	}
	if (t.write_errno) {
		errno = t.write_errno;
		return err_sys(e, "cannot write the download to %s", path);
	}
	if (g.wrong_range) {
		drop_part(&g);
		err_set(e, ERR_UNREACHABLE, "%s answered with other bytes than it was asked for; try again later", url);
	}
	drop_useless_part(&g, fd);
	f->try_again = e->code == ERR_UNREACHABLE;
	return false;
}
