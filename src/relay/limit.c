#include "relay/limit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "os/file.h"

bool
size_parse(struct str text, uint64_t *out)
{
	uint64_t unit = 1;
	double number;
	if (text.len > 0 && strchr("kKMGT", text.ptr[text.len - 1]) && text.ptr[text.len - 1]) {
		char c = text.ptr[text.len - 1];
		unit = c == 'T' ? 1000000000000u : c == 'G' ? 1000000000u : c == 'M' ? 1000000u : 1000u;
		text = str_head(text, text.len - 1);
	}
	if (!str_to_double(text, &number) || number < 0 || number * (double)unit > 1e18)
		return false;
	*out = (uint64_t)(number * (double)unit);
	return true;
}

static bool
clock_parse(struct str text, unsigned *minute)
{
	struct str hours, minutes;
	uint64_t h, m;
	if (!str_split(text, ':', &hours, &minutes) || hours.len != 2 || minutes.len != 2 || !str_to_u64(hours, &h) ||
	    !str_to_u64(minutes, &m) || h > 24 || m > 59 || (h == 24 && m > 0))
		return false;
	*minute = (unsigned)(h * 60 + m);
	return true;
}

bool
limit_parse(struct str text, struct relay_limit *out, struct err *e)
{
	struct relay_limit l = { .from = 0, .until = 24 * 60 };
	struct str when, rate, from, until;
	bool ok = str_split(text, '=', &when, &rate) && size_parse(rate, &l.bytes_per_second);
	if (ok && when.len > 0)
		ok = str_split(when, '-', &from, &until) && clock_parse(from, &l.from) && clock_parse(until, &l.until);
	if (!ok || l.from == l.until)
		return err_set(e, ERR_USAGE, "“%.*s” is no limit: write it as 08:00-18:00=10M (bytes a second)",
			       STR_ARG(text));
	*out = l;
	return true;
}

uint64_t
limit_at(const struct relay_limit *limits, size_t count, unsigned minute)
{
	uint64_t least = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct relay_limit *l = &limits[i];
		bool in = l->from < l->until ? minute >= l->from && minute < l->until
					     : minute >= l->from || minute < l->until;
		if (in && l->bytes_per_second < least)
			least = l->bytes_per_second;
	}
	return least;
}

void
bucket_fill(struct bucket *b, uint64_t rate, int64_t now)
{
	int64_t passed = now - b->filled;
	if (rate != b->rate) {
		b->rate = rate;
		b->tokens = 0;
		passed = 0;
	}
	b->filled = now;
	if (rate == UINT64_MAX || passed <= 0)
		return;
	/* No more than a quarter of a second is saved up. */
	int64_t most = (int64_t)(rate / 4 > INT64_MAX / 2 ? INT64_MAX / 2 : rate / 4) + 1;
	double fresh = (double)rate * (double)passed / 1000.0;
	b->tokens = fresh > (double)most ? b->tokens + most : b->tokens + (int64_t)fresh;
	if (b->tokens > most)
		b->tokens = most;
}

static const char *
limit_path(struct arena *a, const char *data)
{
	return path_join(a, data, "cache.limit");
}

bool
cache_limit_keep(const char *data, uint64_t size, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	if (cache_limit_kept(data) == size)
		return true;
	if (size == 0)
		return file_remove(limit_path(&a, data), e);
	buf_addf(&text, "%llu\n", (unsigned long long)size);
	return dir_make(data, 0750, e) && file_write(limit_path(&a, data), buf_str(&text), 0644, e);
}

uint64_t
cache_limit_kept(const char *data)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	uint64_t size;
	return file_read(limit_path(&a, data), 64, &text, NULL) && str_to_u64(str_trim(buf_str(&text)), &size) ? size
													       : 0;
}
