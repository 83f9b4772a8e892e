#include "plan/backup.h"

#include "base/time.h"

bool
backup_marker_valid(struct str path)
{
	struct str rest = path, step;

	if (path.len < 2 || path.len > BACKUP_PATH_MAX || path.ptr[0] != '/' || path.ptr[path.len - 1] == '/')
		return false;
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.ptr[i] < ' ' || path.ptr[i] == 0x7f)
			return false;
	while (rest.len > 0) {
		str_split(rest, '/', &step, &rest);
		if (str_eq(step, STR("..")) || str_eq(step, STR(".")))
			return false;
	}
	return true;
}

bool
backup_unit_valid(struct str name)
{
	if (name.len > 255 || !str_ends(name, STR(".service")) || name.len == strlen(".service") || name.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			     (c && strchr(":-_.\\@", c));
		if (!plain)
			return false;
	}
	return true;
}

/* ---- systemctl show ---- */

const char backup_unit_properties[] = "--property=Result,ActiveState,SubState,ExecMainExitTimestamp";

static struct str
property(struct str shown, const char *name)
{
	struct str line, key, value;

	while (str_line(&shown, &line))
		if (str_split(line, '=', &key, &value) && str_eq(key, str_of(name)))
			return str_trim(value);
	return STR_NONE;
}

/* "Sun 2026-11-22 05:10:31 UTC" */
static int64_t
timestamp(struct str s)
{
	struct str weekday, day, clock, zone;
	char text[32];
	int64_t at;

	if (!str_split(s, ' ', &weekday, &s) || !str_split(s, ' ', &day, &s) || !str_split(s, ' ', &clock, &zone) ||
	    !str_eq(zone, STR("UTC")) || day.len != 10 || clock.len != 8)
		return 0;
	snprintf(text, sizeof(text), "%.*sT%.*sZ", STR_ARG(day), STR_ARG(clock));
	return time_parse(str_of(text), &at) && at > 0 ? at : 0;
}

bool
backup_unit_judge(struct str shown, int64_t *at)
{
	struct str active = property(shown, "ActiveState");
	bool ended = str_eq(active, STR("inactive")) || str_eq(property(shown, "SubState"), STR("exited"));

	*at = 0;
	if (str_eq(active, STR("failed")) || !str_eq(property(shown, "Result"), STR("success")))
		return false;
	/* While it runs nothing is known of its end; what it said before, the server knows. */
	if (ended)
		*at = timestamp(property(shown, "ExecMainExitTimestamp"));
	return true;
}
