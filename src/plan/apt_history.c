#include "plan/apt_history.h"

#include "base/time.h"

static bool
is_one_of(struct str key, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(key, str_of(names[i])))
			return true;
	return false;
}

/* "1, 2, automatic" of "viewer:all (1, 2, automatic)": the version that it ended at. */
static struct str
last_version(struct str inside)
{
	struct str piece, last = STR("");
	while (str_cut(&inside, ',', &piece)) {
		piece = str_trim(piece);
		if (!str_eq(piece, STR("automatic")))
			last = piece;
	}
	return last;
}

/* "viewer:all (1, 2), player:all (3, automatic)" */
static bool
names_it(struct str list, struct str name, struct str version)
{
	while (list.len > 0) {
		ptrdiff_t open = str_find(list, STR(" (")), close = str_find_char(list, ')');
		if (open < 0 || close < open)
			return false;
		struct str package = str_head(list, (size_t)open), arch;
		struct str inside = str_sub(list.ptr + open + 2, (size_t)(close - open - 2));
		struct str bare = package;
		(void)str_split(package, ':', &bare, &arch);
		if (str_eq(bare, name) && str_eq(last_version(inside), version))
			return true;
		list = str_skip(list, (size_t)close + 1);
		if (str_starts(list, STR(", ")))
			list = str_skip(list, 2);
	}
	return false;
}

/* "2026-11-22  08:03:11" */
static int64_t
local_time(struct str s)
{
	uint64_t n[6];
	static const struct {
		size_t at, len;
	} part[6] = { { 0, 4 }, { 5, 2 }, { 8, 2 }, { 12, 2 }, { 15, 2 }, { 18, 2 } };
	if (s.len != 20)
		return 0;
	for (size_t i = 0; i < 6; i++)
		if (!str_to_u64(str_sub(s.ptr + part[i].at, part[i].len), &n[i]))
			return 0;
	if (n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 || n[5] > 60)
		return 0;
	return ((time_days((int)n[0], (unsigned)n[1], (unsigned)n[2]) * 24 + (int64_t)n[3]) * 60 + (int64_t)n[4]) *
		       60000 +
	       (int64_t)n[5] * 1000;
}

bool
apt_history_find(struct str text, struct str name, struct str version, bool gone, struct apt_history_entry *out)
{
	static const char *const comes[] = { "Install", "Upgrade", "Downgrade", "Reinstall" };
	static const char *const goes[] = { "Remove", "Purge" };
	struct apt_history_entry entry = { 0 };
	struct str line, key, value;
	bool found = false;
	while (str_line(&text, &line)) {
		if (!str_split(line, ':', &key, &value))
			continue;
		value = str_trim(value);
		if (str_eq(key, STR("Start-Date")))
			entry = (struct apt_history_entry){ .local = local_time(value) };
		else if (str_eq(key, STR("Commandline")))
			entry.command = value;
		else if (str_eq(key, STR("Requested-By")))
			entry.by = value;
		else if (is_one_of(key, gone ? goes : comes, gone ? COUNT(goes) : COUNT(comes)) &&
			 names_it(value, name, version)) {
			*out = entry; /* who asked stands above what was done */
			found = true;
		}
	}
	return found;
}
