#include "base/json.h"
#include "vuln/ops.h"

#define VERSION_LEN_MAX 1024

/* To add a feed: one file below feeds/, one row here and its age in feed-status.c. */
const struct feed_ops *const feeds_all[] = {
	&feed_debian_dsa,
	&feed_debian_dla,
	&feed_debian_tracker,
	&feed_kev,
	&feed_epss,
	&feed_cve,
	&feed_jvn,
	&feed_csaf,
	&feed_osv,
	&feed_eol,
	&feed_msrc_definitions,
	&feed_msrc_cvrf,
	NULL,
};

const struct feed_ops *
feed_find(const char *name)
{
	for (const struct feed_ops *const *f = feeds_all; *f; f++)
		if (strcmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}

void
count_skip(struct feed_count *c, const char *reason, uint64_t n)
{
	size_t i = 0;
	while (i < c->skipped_count && strcmp(c->skipped[i].reason, reason) != 0)
		i++;
	if (i == c->skipped_count) {
		if (i == FEED_REASONS_MAX)
			i--; /* never lost, though under the last reason */
		else
			c->skipped[c->skipped_count++].reason = reason;
	}
	c->skipped[i].count += n;
}

void
sink_skip(struct feed_sink *s, const char *reason)
{
	s->count->read++;
	count_skip(s->count, reason, 1);
}

/* No publisher writes versions this long; keys and comparisons cost by their length. */
/* NULL, or why it is no record that a publisher would write. */
static const char *
too_much(const struct affected_list *list)
{
	size_t ranges = 0;
	for (size_t i = 0; i < list->count; i++) {
		ranges += list->items[i].ranges.count;
		if (ranges > RECORD_RANGES_MAX)
			return "too-large";
	}
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < list->items[i].ranges.count; k++) {
			const struct affected_range *range = &list->items[i].ranges.items[k];
			if (range->introduced.len > VERSION_LEN_MAX || range->limit.len > VERSION_LEN_MAX)
				return "too-long";
		}
	return NULL;
}

bool
sink_keep(struct feed_sink *s, struct str source, struct str key, int64_t modified, const struct record *r,
	  struct err *e)
{
	struct bucket *b = bucket_set_get(s->set, s->feed, source);
	enum bucket_put how;
	const char *reason = too_much(&r->advisory.affected);
	reason = reason ? reason : too_much(&r->products);
	if (r->advisory.affected.count * r->advisory.vulnerabilities.count > RECORD_FACTS_MAX)
		reason = "too-large";
	if (reason) {
		sink_skip(s, reason);
		return true;
	}
	if (s->latest && modified > s->latest)
		modified = s->latest;
	s->full = !b;
	if (!b)
		return err_set(e, ERR_TOO_LARGE, "too many different sources in one import; import them one by one");
	buf_truncate(&s->body, 0);
	record_encode(r, key, &s->body);
	s->full = !bucket_put(b, key, modified, buf_str(&s->body), &how, e);
	if (s->full)
		return false;
	s->count->read++;
	if (how == BUCKET_ADDED)
		s->count->kept++;
	else
		count_skip(s->count, "duplicate", 1);
	return true;
}

bool
sink_json_error(const struct json_reader *r, struct err *e)
{
	struct err found = { 0 };
	if (json_error(r, &found) || found.code == ERR_NONE)
		return err_set(e, ERR_INPUT, "the JSON has another form than this feed's");
	*e = found;
	return false;
}
