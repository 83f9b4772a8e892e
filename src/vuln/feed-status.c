/* How old what was imported is. Apart from the reading of feeds, because a scan asks, and starts in a millisecond without
 * the libraries that reading takes. */
#include "os/file.h"
#include "vuln/bucket.h"
#include "vuln/import.h"
#include "vuln/ops.h"
#include "vuln/validators.h"

#include <stdio.h>

const struct feed_age feed_ages[] = {
	{ "debian-dsa", 14, true },
	{ "debian-dla", 14, true },
	{ "debian-tracker", 7, false },
	{ "kev", 30, true },
	{ "epss", 7, true },
	{ "cve", 30, true },
	{ "jvn", 14, true },
	{ "csaf", 30, true },
	{ "osv", 14, true },
	{ "eol", 60, false },
	{ "msrc-definitions", 60, true },
	{ "msrc-cvrf", 60, true },
	{ NULL, 0, false },
};

/* Only the head: a status is asked for often, and the payload may be large. */
bool
feed_status_of_file(const char *path, struct feed_status *out, struct err *e)
{
	char head[2048];
	struct bucket b;
	FILE *f = fopen(path, "re");
	if (!f)
		return err_sys(e, "reading %s", path);
	size_t n = fread(head, 1, sizeof(head), f);
	fclose(f);
	if (!bucket_open_head(path, str_sub(head, n), &b, e))
		return false;
	*out = (struct feed_status){ .records = b.count, .imported_at = b.imported, .published_at = b.published };
	snprintf(out->feed, sizeof(out->feed), "%s", b.feed);
	if (b.source[0])
		snprintf(out->source, sizeof(out->source), "%s: %.*s", b.source, 150, b.path);
	else
		snprintf(out->source, sizeof(out->source), "%s", b.path);
	return true;
}

static void
judge_age(struct feed_status *st, const struct feed_age *age, int64_t now)
{
	int64_t since = age->by_published && st->published_at ? st->published_at : st->imported_at;
	st->stale_after = age->days * DAY_MS;
	st->stale = now - since > st->stale_after;
}

/* The address or path in a status's source, which has "ECOSYSTEM: " before it where there are several. */
static struct str
label_of(const struct feed_status *st)
{
	struct str source = str_of(st->source);
	ptrdiff_t at = str_find(source, STR(": "));
	return at >= 0 ? str_skip(source, (size_t)at + 2) : source;
}

/* The feed files in place; none where nothing was ever imported. */
static bool
read_files(const char *data, struct arena *a, struct feed_status **files, size_t *count, struct err *e)
{
	const char *dir = path_join(a, data, "feeds");
	struct str *names = NULL;
	size_t n = 0;
	*count = 0;
	if (file_exists(dir) && !dir_list(a, dir, FEED_FILES_MAX, &names, &n, e))
		return false;
	*files = ARENA_ARRAY(a, struct feed_status, n + 1);
	for (size_t i = 0; i < n; i++)
		if (str_ends(names[i], STR(".feed")) &&
		    !feed_status_of_file(path_join(a, dir, arena_cstr(a, names[i])), &(*files)[(*count)++], e))
			return false;
	return true;
}

bool
feed_status_read(const char *data, struct arena *a, int64_t now, struct feed_status **out, size_t *count, struct err *e)
{
	ARENA_AUTO own = { 0 };
	ARRAY_OF(struct feed_status) list = { 0 };
	struct validators known = { .arena = &own };
	struct feed_status *files;
	size_t n;
	if (!read_files(data, &own, &files, &n, e))
		return false;
	validators_read(&known, data);
	for (const struct feed_age *age = feed_ages; age->feed; age++) {
		bool any = false;
		for (size_t i = 0; i < n; i++) {
			struct feed_status st = files[i];
			if (strcmp(st.feed, age->feed) != 0)
				continue;
			/* The publisher said later that this is still the newest. */
			const struct validator *v = validators_find(&known, label_of(&st));
			if (v && v->checked > st.imported_at)
				st.imported_at = v->checked;
			judge_age(&st, age, now);
			*ARRAY_PUSH(a, &list) = st;
			any = true;
		}
		if (!any) {
			struct feed_status none = { .stale = true, .stale_after = age->days * DAY_MS };
			snprintf(none.feed, sizeof(none.feed), "%s", age->feed);
			*ARRAY_PUSH(a, &list) = none;
		}
	}
	*out = list.items;
	*count = list.count;
	return true;
}
