/* The rows of the schema that make a calendar: windows, valid, blackout and missed, shared by install and reboot. */
#include "plan/policy-types.h"

#include "base/time.h"
#include "base/tr.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

/* ---- windows ---- */

static const struct policy_word weekday_words[] = {
	{ "mon", 0 },      { "tue", 1 },    { "wed", 2 },     { "thu", 3 },       { "fri", 4 },      { "sat", 5 },
	{ "sun", 6 },      { "monday", 0 }, { "tuesday", 1 }, { "wednesday", 2 }, { "thursday", 3 }, { "friday", 4 },
	{ "saturday", 5 }, { "sunday", 6 }, { "月", 0 },      { "火", 1 },        { "水", 2 },       { "木", 3 },
	{ "金", 4 },       { "土", 5 },     { "日", 6 },      { NULL, 0 },
};

/* Weekdays as a byte of bits. */
static bool
weekdays_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	unsigned bits;

	if (!policy_bits.read(r, n, f, &bits))
		return false;
	*(uint8_t *)at = (uint8_t)bits;
	return true;
}

static void
weekdays_put(const struct policy_field *f, uint8_t days, struct json_writer *w)
{
	unsigned bits = days;

	policy_bits.write(f, &bits, w);
}

static bool
weekly_there(const struct policy_field *f, const void *at)
{
	return ((const struct window *)at)->rule == WINDOW_WEEKLY;
}

static bool
nth_there(const struct policy_field *f, const void *at)
{
	return ((const struct window *)at)->rule == WINDOW_NTH;
}

static bool
weekdays_all_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	return weekdays_read(r, n, f, &((struct window *)at)->weekdays);
}

static void
weekdays_all_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	weekdays_put(f, ((const struct window *)at)->weekdays, w);
}

/* Numbers from 1 and `last`, as bits; bit 0 is the last. */
static bool
places_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, uint32_t *out)
{
	const struct policy_node *items;
	size_t count = policy_members(n, &items);
	uint32_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		struct str s;
		uint64_t value;
		if (!policy_scalar(r, &items[i], f->key, &s))
			return false;
		if (str_eq(s, STR("last")))
			value = 0;
		else if (!str_to_u64(s, &value) || value < 1 || value > (uint64_t)f->max)
			return policy_wrong(r, &items[i], tr("“%s” takes numbers from 1 to %lld or last, not “%.*s”"),
					    f->key, (long long)f->max, STR_ARG(arena_line(r->a, s, 60)));
		bits |= 1U << value;
	}
	if (bits == 0)
		return policy_wrong(r, n, tr("“%s” is empty; name one at least, or leave the line out"), f->key);
	*out = bits;
	return true;
}

static void
places_write(uint32_t bits, struct json_writer *w)
{
	json_begin_array(w);
	for (int i = 1; i < 32; i++) {
		if (bits >> i & 1)
			json_i64(w, i);
	}
	if (bits & 1)
		json_cstr(w, "last");
	json_end_array(w);
}

static bool
nth_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	uint32_t bits;

	if (!places_read(r, n, f, &bits))
		return false;
	((struct window *)at)->nth = (uint8_t)bits;
	return true;
}

static void
nth_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	places_write(((const struct window *)at)->nth, w);
}

static bool
monthly_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	return places_read(r, n, f, &((struct window *)at)->monthdays);
}

static bool
monthly_there(const struct policy_field *f, const void *at)
{
	return ((const struct window *)at)->rule == WINDOW_MONTHLY;
}

static void
monthly_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	places_write(((const struct window *)at)->monthdays, w);
}

static bool
months_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	static const struct policy_word words[] = {
		{ "1", 0 },   { "2", 1 },    { "3", 2 },    { "4", 3 },   { "5", 4 },   { "6", 5 },   { "7", 6 },
		{ "8", 7 },   { "9", 8 },    { "10", 9 },   { "11", 10 }, { "12", 11 }, { "jan", 0 }, { "feb", 1 },
		{ "mar", 2 }, { "apr", 3 },  { "may", 4 },  { "jun", 5 }, { "jul", 6 }, { "aug", 7 }, { "sep", 8 },
		{ "oct", 9 }, { "nov", 10 }, { "dec", 11 }, { NULL, 0 },
	};
	struct policy_field named = *f;
	unsigned bits;

	named.more = words;
	if (!policy_bits.read(r, n, &named, &bits))
		return false;
	*(uint16_t *)at = (uint16_t)bits;
	return true;
}

static bool
months_there(const struct policy_field *f, const void *at)
{
	return *(const uint16_t *)at != 0;
}

static void
months_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	json_begin_array(w);
	for (int i = 0; i < 12; i++) {
		if (*(const uint16_t *)at >> i & 1)
			json_i64(w, i + 1);
	}
	json_end_array(w);
}

/* "+9d", "9d", 0 */
static bool
tuesday_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str s, digits;
	uint64_t days;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	digits = str_starts(s, STR("+")) ? str_skip(s, 1) : s;
	if (str_ends(digits, STR("d")))
		digits.len--;
	if (!str_to_u64(digits, &days) || days > (uint64_t)f->max)
		return policy_wrong(r, n, tr("“%s” takes days after the second Tuesday, +0d to +%lldd, not “%.*s”"),
				    f->key, (long long)f->max, STR_ARG(arena_line(r->a, s, 60)));
	((struct window *)at)->offset_days = (int)days;
	return true;
}

static bool
tuesday_there(const struct policy_field *f, const void *at)
{
	return ((const struct window *)at)->rule == WINDOW_PATCH_TUESDAY;
}

static void
tuesday_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	char text[16];

	snprintf(text, sizeof(text), "+%dd", ((const struct window *)at)->offset_days);
	json_cstr(w, text);
}

/* `tz: device` is the default, and empty inside. */
static bool
zone_name_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str *s = at;

	if (!policy_text.read(r, n, f, at))
		return false;
	if (str_eq(*s, STR("device")))
		*s = STR_NONE;
	return true;
}

static void
zone_name_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct str *s = at;

	json_str(w, s->len ? *s : STR("device"));
}

static const struct policy_type type_weekly = { weekdays_all_read, weekly_there, weekdays_all_write };
static const struct policy_type type_weekday = { weekdays_all_read, nth_there, weekdays_all_write };
static const struct policy_type type_nth = { nth_read, nth_there, nth_write };
static const struct policy_type type_monthly = { monthly_read, monthly_there, monthly_write };
static const struct policy_type type_months = { months_read, months_there, months_write };
static const struct policy_type type_tuesday = { tuesday_read, tuesday_there, tuesday_write };
static const struct policy_type type_zone = { zone_name_read, policy_always_there, zone_name_write };

/* The six rules come first: enum window_rule is their place. */
enum { KEY_RULES = 6, KEY_WEEKDAY = KEY_RULES, KEY_AT, KEY_FOR };
static const struct policy_field window_fields[] = {
	{ .key = "weekly", .type = &type_weekly, .more = weekday_words },
	{ .key = "monthly", .type = &type_monthly, .max = 31 },
	{ .key = "nth", .type = &type_nth, .max = 5 },
	{ .key = "patch-tuesday", .type = &type_tuesday, .max = 60 },
	{ FIELD("dates", policy_dates, struct window, dates) },
	{ FIELD("days", policy_text, struct window, days) },
	{ .key = "weekday", .type = &type_weekday, .more = weekday_words },
	{ FIELD("at", policy_clock, struct window, at) },
	{ FIELD("for", policy_duration, struct window, length), .min = MINUTE_MS, .max = WINDOW_LONGEST },
	{ FIELD("name", policy_name_text, struct window, name) },
	{ FIELD("months", type_months, struct window, months) },
	{ FIELD("cutoff", policy_duration, struct window, cutoff), .max = WINDOW_LONGEST },
	{ FIELD("tz", type_zone, struct window, tz) },
	{ FIELD("ready-by", policy_clock, struct window, ready_by) },
};

static bool
window_rule_check(struct policy_reading *r, const struct policy_node *n, struct window *w, uint64_t seen)
{
	int rules = 0;

	for (int i = 0; i < KEY_RULES; i++) {
		if (seen >> i & 1) {
			w->rule = (enum window_rule)i;
			rules++;
		}
	}
	if (rules != 1)
		return policy_wrong(r, n,
				    tr("a window takes exactly one of weekly, monthly, nth, patch-tuesday, dates and "
				       "days; this one has %d"),
				    rules);
	if (w->rule == WINDOW_NTH && !(seen >> KEY_WEEKDAY & 1))
		return policy_wrong(r, n, tr("“nth” needs “weekday” beside it, such as weekday: [fri]"));
	if (w->rule != WINDOW_NTH && (seen >> KEY_WEEKDAY & 1))
		return policy_wrong(r, n, tr("“weekday” belongs to “nth”; for every week write weekly: [fri]"));
	return true;
}

static bool
window_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	struct window *w = at;

	w->line = n->line;
	w->column = n->column;
	if (!window_rule_check(r, n, w, seen))
		return false;
	if (!(seen >> KEY_AT & 1) || !(seen >> KEY_FOR & 1))
		return policy_wrong(r, n, tr("a window needs its start (at: '22:00') and how long it is (for: 4h)"));
	if (w->cutoff >= w->length)
		return policy_wrong(r, n,
				    tr("nothing could ever start in this window: “cutoff” is as long as “for”; make "
				       "it shorter"));
	return true;
}

static const struct window window_defaults = { .ready_by = -1 };
SHARED_MAP(policy_window_map, struct window, window_fields, .defaults = &window_defaults, .finish = window_finish);

/* A list of windows whose nameless ones are numbered. */
static bool
windows_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	ARRAY_OF(struct window) *list = at;
	bool ok = policy_maps.read(r, n, f, at);

	for (size_t i = 0; ok && i < list->count; i++) {
		if (list->items[i].name.len == 0)
			list->items[i].name = arena_printf(r->a, "%s-%zu", f->bit ? "install" : "reboot", i + 1);
	}
	return ok;
}

static bool
windows_there(const struct policy_field *f, const void *at)
{
	return policy_maps.there(f, at);
}

static void
windows_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_maps.write(f, at, w);
}

const struct policy_type policy_windows = { windows_read, windows_there, windows_write };

/* ---- the calendar's other lines ---- */

static bool
span_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	const struct day_span *s = at;

	if (s->from == 0 && s->to == 0)
		return policy_wrong(r, n, tr("a span of days needs “from”, “to” or both"));
	if (s->from && s->to && s->from > s->to)
		return policy_wrong(r, n, tr("this span of days ends before it begins; exchange “from” and “to”"));
	return true;
}

static const struct policy_field valid_fields[] = {
	{ FIELD("from", policy_date, struct day_span, from) },
	{ FIELD("to", policy_date, struct day_span, to) },
};
SHARED_MAP(policy_valid_map, struct day_span, valid_fields, .finish = span_finish);

static const struct policy_field blackout_fields[] = {
	{ FIELD("from", policy_date, struct day_span, from) },
	{ FIELD("to", policy_date, struct day_span, to) },
	{ FIELD("why", policy_text, struct day_span, why) },
};
static const struct day_span span_defaults;
SHARED_MAP(policy_blackout_map, struct day_span, blackout_fields, .defaults = &span_defaults, .finish = span_finish);

/* `next-window`, `skip`, or {asap: {within: 2d, reboot: false}}; at is the calendar. */
static const struct policy_field asap_fields[] = {
	{ FIELD("within", policy_duration, struct calendar_rules, missed_within), .min = MINUTE_MS,
	  .max = 60 * DAY_MS },
	{ FIELD("reboot", policy_flag, struct calendar_rules, missed_reboot) },
};
MAP(asap_map, struct calendar_rules, asap_fields);
static const struct policy_field missed_fields[] = { { .key = "asap", .type = &policy_map, .more = &asap_map } };
MAP(missed_map, struct calendar_rules, missed_fields);

static struct calendar_rules *
calendar_of(const struct policy_field *f, const void *at)
{
	return (struct calendar_rules *)((uintptr_t)at - offsetof(struct calendar_rules, missed));
}

static bool
missed_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	static const struct policy_word words[] = {
		{ "next-window", MISSED_NEXT_WINDOW }, { "skip", MISSED_SKIP }, { "asap", MISSED_ASAP }, { NULL, 0 }
	};
	struct policy_field named = *f;
	struct calendar_rules *c = calendar_of(f, at);

	c->missed_within = 2 * DAY_MS;
	c->missed_reboot = false;
	if (n->kind == POLICY_NODE_MAP) {
		c->missed = MISSED_ASAP;
		return policy_map_read(r, n, &missed_map, c);
	}
	named.more = words;
	return policy_choice.read(r, n, &named, at);
}

static void
missed_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct calendar_rules *c = calendar_of(f, at);

	if (c->missed == MISSED_ASAP)
		policy_map_write(&missed_map, c, w);
	else
		json_cstr(w, c->missed == MISSED_SKIP ? "skip" : "next-window");
}

const struct policy_type policy_missed = { missed_read, policy_always_there, missed_write };
