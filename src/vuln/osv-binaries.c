#include "vuln/osv-binaries.h"

#include "vuln/ecosystem.h"

#define NAME_MAX_LEN 512

/* One object; r has just opened it. Ubuntu's ({"binary_name":…, "binary_version":…}) are of no use: its inventories
 * name their sources. */
static bool
take_object(struct json_reader *r, struct arena *a, struct osv_binaries *into)
{
	enum json_token t;
	while ((t = json_next(r)) == JSON_KEY) {
		struct osv_binary b = { .name = arena_str(a, json_text(r)) };
		bool other = b.name.len == 0 || b.name.len > NAME_MAX_LEN || str_starts(b.name, STR("binary_"));
		t = json_next(r);
		if (t == JSON_STRING)
			b.version = arena_str(a, json_text(r));
		if (t == JSON_ERROR || !json_skip(r))
			return false;
		if (t == JSON_STRING && !other)
			*ARRAY_PUSH(a, &into->list) = b;
	}
	return t == JSON_OBJECT_END;
}

bool
osv_binaries_take(struct json_reader *r, struct arena *a, struct osv_binaries *into)
{
	enum json_token t = json_next(r);
	if (t != JSON_ARRAY)
		return t != JSON_ERROR && json_skip(r);
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		if (t == JSON_ERROR || t == JSON_DONE)
			return false;
		if (!(t == JSON_OBJECT ? take_object(r, a, into) : json_skip(r)))
			return false;
	}
	return true;
}

struct str
osv_epoch(struct str purl)
{
	struct str path, rest, one;
	uint64_t number;
	if (!str_split(purl, '?', &path, &rest))
		return STR("");
	while (str_cut(&rest, '&', &one))
		if (str_starts(one, STR("epoch=")) && str_to_u64(str_skip(one, 6), &number) && number > 0)
			return str_skip(one, 6);
	return STR("");
}

void
osv_epoch_add(struct affected *f, struct str epoch, struct arena *a)
{
	if (epoch.len == 0)
		return;
	for (size_t i = 0; i < f->ranges.count; i++) {
		struct str *ends[] = { &f->ranges.items[i].introduced, &f->ranges.items[i].limit };
		for (size_t k = 0; k < COUNT(ends); k++)
			if (ends[k]->len && str_find_char(*ends[k], ':') < 0)
				*ends[k] = arena_printf(a, "%.*s:%.*s", STR_ARG(epoch), STR_ARG(*ends[k]));
	}
}

/* A subpackage may count its versions for itself: then its own is what fixes it. */
static struct affected
of_binary(const struct affected *source, const struct osv_binary *b, struct arena *a)
{
	struct affected f = { .os = source->os, .name = b->name, .ranges = source->ranges };
	if (source->ranges.count != 1 || source->ranges.items[0].kind != RANGE_BEFORE || b->version.len == 0)
		return f;
	f.ranges.items = ARENA_NEW(a, struct affected_range);
	f.ranges.items[0] = source->ranges.items[0];
	f.ranges.items[0].limit = b->version;
	return f;
}

void
osv_binaries_keep(const struct affected *source, const struct osv_binaries *b, struct arena *a,
		  struct affected_list *out)
{
	for (size_t i = 0; i < b->list.count; i++)
		*ARRAY_PUSH(a, out) = of_binary(source, &b->list.items[i], a);
	if (b->list.count > 0)
		return;
	struct affected f = *source;
	f.name = arena_printf(a, SOURCE_PREFIX "%.*s", STR_ARG(source->name));
	*ARRAY_PUSH(a, out) = f;
}
