#include "plan/directive.h"

#include "base/time.h"

enum {
	DOCUMENT_MAX = 8 * 1024 * 1024,
	PATCHES_MAX = 20000,
	LISTS_MAX = 200,
	DAYS_MAX = 20000,
	HOLDS_MAX = 200,
	ID_MAX = 512,
	TEXT_MAX = 1000
};
#define DAY_MS INT64_C(86400000)

/* ---- writing ---- */

static void
strings_write(struct json_writer *w, const char *key, const struct str *items, size_t count)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, items[i]);
	json_end_array(w);
}

static void
zones_write(const struct directive *d, struct json_writer *w)
{
	json_key(w, "zones");
	json_begin_array(w);
	for (size_t i = 0; i < d->zone_count; i++)
		zone_write(&d->zones[i], INT64_MIN, INT64_MAX, w);
	json_end_array(w);
}

static void
lists_write(const struct directive *d, struct json_writer *w)
{
	char text[TIME_RFC3339_MAX];

	json_key(w, "lists");
	json_begin_array(w);
	for (size_t i = 0; i < d->lists.lists.count; i++) {
		const struct day_list *l = &d->lists.lists.items[i];
		json_begin_object(w);
		json_put_str(w, "name", l->name);
		json_key(w, "days");
		json_begin_array(w);
		for (size_t k = 0; k < l->days.count; k++) {
			time_rfc3339(l->days.items[k] * DAY_MS, text);
			json_str(w, str_sub(text, 10));
		}
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
patches_write(const struct directive *d, struct json_writer *w)
{
	json_key(w, "patches");
	json_begin_array(w);
	for (size_t i = 0; i < d->patches.count; i++) {
		const struct directive_patch *p = &d->patches.items[i];
		json_begin_object(w);
		json_put_str(w, "patch", p->patch);
		json_put_time(w, "since", p->since);
		json_put_bool(w, "emergency", p->emergency);
		json_put_time(w, "emergency_by", p->emergency_by);
		json_put_str(w, "reason", p->reason);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
holds_write(const struct directive *d, struct json_writer *w)
{
	json_key(w, "holds");
	json_begin_array(w);
	for (size_t i = 0; i < d->holds.count; i++) {
		const struct directive_hold *h = &d->holds.items[i];
		json_begin_object(w);
		json_put_str(w, "id", h->id);
		json_put_str(w, "by", h->by);
		json_put_str(w, "why", h->why);
		json_put_time(w, "until", h->until);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
leases_write(const struct directive *d, struct json_writer *w)
{
	json_put_bool(w, "lease_needed", d->lease_needed);
	json_key(w, "leases");
	json_begin_array(w);
	for (size_t i = 0; i < d->leases.count; i++) {
		json_begin_object(w);
		json_put_str(w, "slot", d->leases.items[i].slot);
		json_put_time(w, "until", d->leases.items[i].until);
		json_end_object(w);
	}
	json_end_array(w);
}

void
directive_write(const struct directive *d, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "host", d->host);
	json_put_str(w, "server", d->server);
	json_put_i64(w, "serial", d->serial);
	json_put_time(w, "issued", d->issued);
	json_put_time(w, "expires", d->expires);
	json_key(w, "policy");
	policy_write(&d->policy, w);
	zones_write(d, w);
	lists_write(d, w);
	patches_write(d, w);
	strings_write(w, "mitigate", d->mitigate.items, d->mitigate.count);
	json_put_bool(w, "paired", d->paired);
	strings_write(w, "withdrawn", d->withdrawn.items, d->withdrawn.count);
	holds_write(d, w);
	leases_write(d, w);
	json_put_i64(w, "install_estimate", d->install_estimate);
	json_put_i64(w, "reboot_estimate", d->reboot_estimate);
	json_put_bool(w, "reboot_consented", d->reboot_consented);
	strings_write(w, "stop_services", d->stop_services.items, d->stop_services.count);
	strings_write(w, "start_services", d->start_services.items, d->start_services.count);
	json_end_object(w);
}

/* ---- reading ---- */

static bool
wrong(struct err *e, const char *key)
{
	return err_set(e, ERR_INPUT, "“%s” is missing or wrong", key);
}

/* A text of at most max bytes; an empty one only where it may be. */
static bool
text_read(struct arena *a, const struct json *j, const char *key, size_t max, bool needed, struct str *out,
	  struct err *e)
{
	struct str s = json_get_str(j, key);

	if (s.len > max || (needed && s.len == 0) || !str_is_utf8(s))
		return wrong(e, key);
	*out = arena_str(a, s);
	return true;
}

/* RFC 3339, null or missing: 0. */
static bool
time_read(const struct json *j, const char *key, bool needed, int64_t *out, struct err *e)
{
	const struct json *value = json_get(j, key);

	*out = 0;
	if (!value || value->kind == JSON_KIND_NULL)
		return needed ? wrong(e, key) : true;
	if (value->kind != JSON_KIND_STRING || !time_parse(value->text, out))
		return wrong(e, key);
	return true;
}

static bool
number_read(const struct json *j, const char *key, int64_t *out, struct err *e)
{
	*out = json_get_i64(j, key, 0);
	return *out >= 0 ? true : wrong(e, key);
}

/* Members of an array that may be missing; more than max is refused. */
static bool
members(const struct json *j, const char *key, size_t max, const struct json **items, size_t *count, struct err *e)
{
	*items = json_get_array(j, key, count);
	if (*count > max)
		return err_set(e, ERR_TOO_LARGE, "“%s” has %zu entries; at most %zu are taken", key, *count, max);
	return true;
}

typedef ARRAY_OF(struct str) str_array;

static bool
strings_read(struct arena *a, const struct json *j, const char *key, size_t max, str_array *out, struct err *e)
{
	const struct json *items;
	size_t count;

	if (!members(j, key, max, &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != JSON_KIND_STRING || items[i].text.len == 0 || items[i].text.len > ID_MAX ||
		    !str_is_utf8(items[i].text))
			return wrong(e, key);
		*ARRAY_PUSH(a, out) = arena_str(a, items[i].text);
	}
	return true;
}

static bool
zones_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	const struct json *items;
	size_t count;

	if (!members(j, "zones", POLICY_WINDOWS_MAX * 2, &items, &count, e))
		return false;
	d->zones = ARENA_ARRAY(a, struct zone, count + 1);
	for (size_t i = 0; i < count; i++) {
		if (!zone_read(a, &items[i], &d->zones[i], e))
			return false;
	}
	d->zone_count = count;
	return true;
}

static bool
list_read(struct arena *a, const struct json *j, struct day_list *l, struct err *e)
{
	const struct json *days;
	size_t count;
	int64_t ms, last = INT64_MIN;

	if (!text_read(a, j, "name", 256, true, &l->name, e) || !members(j, "days", DAYS_MAX, &days, &count, e))
		return false;
	l->days.items = ARENA_ARRAY(a, int64_t, count + 1);
	for (size_t i = 0; i < count; i++) {
		/* In order, because they are searched. */
		if (days[i].kind != JSON_KIND_STRING || days[i].text.len != 10 || !time_parse(days[i].text, &ms) ||
		    ms <= last)
			return wrong(e, "days");
		last = ms;
		l->days.items[i] = (ms - (ms < 0 ? DAY_MS - 1 : 0)) / DAY_MS;
	}
	l->days.count = l->days.cap = count;
	return true;
}

static bool
lists_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	const struct json *items;
	size_t count;

	if (!members(j, "lists", LISTS_MAX, &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct day_list l = { 0 };
		if (!list_read(a, &items[i], &l, e))
			return false;
		*ARRAY_PUSH(a, &d->lists.lists) = l;
	}
	return true;
}

static bool
patches_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	const struct json *items;
	size_t count;

	if (!members(j, "patches", PATCHES_MAX, &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct directive_patch p = { .emergency = json_get_bool(&items[i], "emergency", false) };
		if (!text_read(a, &items[i], "patch", ID_MAX, true, &p.patch, e) ||
		    !time_read(&items[i], "since", false, &p.since, e) ||
		    !time_read(&items[i], "emergency_by", false, &p.emergency_by, e) ||
		    !text_read(a, &items[i], "reason", TEXT_MAX, false, &p.reason, e))
			return false;
		*ARRAY_PUSH(a, &d->patches) = p;
	}
	return true;
}

static bool
holds_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	const struct json *items;
	size_t count;

	if (!members(j, "holds", HOLDS_MAX, &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct directive_hold h = { 0 };
		if (!text_read(a, &items[i], "id", ID_MAX, true, &h.id, e) ||
		    !text_read(a, &items[i], "by", TEXT_MAX, false, &h.by, e) ||
		    !text_read(a, &items[i], "why", TEXT_MAX, false, &h.why, e) ||
		    !time_read(&items[i], "until", false, &h.until, e))
			return false;
		*ARRAY_PUSH(a, &d->holds) = h;
	}
	return true;
}

static bool
leases_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	const struct json *items;
	size_t count;

	d->lease_needed = json_get_bool(j, "lease_needed", false);
	if (!members(j, "leases", HOLDS_MAX, &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct directive_lease l = { 0 };
		if (!text_read(a, &items[i], "slot", ID_MAX, true, &l.slot, e) ||
		    !time_read(&items[i], "until", true, &l.until, e))
			return false;
		*ARRAY_PUSH(a, &d->leases) = l;
	}
	return true;
}

static bool
head_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	if (!text_read(a, j, "host", ID_MAX, true, &d->host, e) ||
	    !text_read(a, j, "server", ID_MAX, false, &d->server, e) || !number_read(j, "serial", &d->serial, e) ||
	    !time_read(j, "issued", true, &d->issued, e) || !time_read(j, "expires", true, &d->expires, e))
		return false;
	return policy_from_json(a, json_get(j, "policy"), &d->policy, e);
}

static bool
body_read(struct arena *a, const struct json *j, struct directive *d, struct err *e)
{
	str_array mitigate = { 0 }, withdrawn = { 0 }, stop = { 0 }, start = { 0 };

	if (!zones_read(a, j, d, e) || !lists_read(a, j, d, e) || !patches_read(a, j, d, e) ||
	    !holds_read(a, j, d, e) || !leases_read(a, j, d, e) ||
	    !strings_read(a, j, "mitigate", PATCHES_MAX, &mitigate, e) ||
	    !strings_read(a, j, "withdrawn", PATCHES_MAX, &withdrawn, e) ||
	    !strings_read(a, j, "stop_services", HOLDS_MAX, &stop, e) ||
	    !strings_read(a, j, "start_services", HOLDS_MAX, &start, e) ||
	    !number_read(j, "install_estimate", &d->install_estimate, e) ||
	    !number_read(j, "reboot_estimate", &d->reboot_estimate, e))
		return false;
	memcpy(&d->mitigate, &mitigate, sizeof(mitigate));
	d->paired = json_get_bool(j, "paired", false);
	memcpy(&d->withdrawn, &withdrawn, sizeof(withdrawn));
	memcpy(&d->stop_services, &stop, sizeof(stop));
	memcpy(&d->start_services, &start, sizeof(start));
	d->reboot_consented = json_get_bool(j, "reboot_consented", false);
	return true;
}

bool
directive_parse(struct arena *a, struct str document, struct directive *out, struct err *e)
{
	const struct json_limits limits = { .depth = 16, .string_max = 4096, .total = DOCUMENT_MAX, .values = 300000 };
	struct directive d = { 0 };
	struct json *j;

	if (!json_parse(a, document, &limits, &j, e) || !head_read(a, j, &d, e) || !body_read(a, j, &d, e))
		return err_wrap(e, "the directive of this host cannot be read");
	*out = d;
	return true;
}
