#include "vuln/affected.h"

static struct str
package_key(struct affected_set *s, struct str os, struct str name)
{
	buf_truncate(&s->key, 0);
	buf_add(&s->key, os);
	buf_add_char(&s->key, '\0');
	buf_add(&s->key, name);
	return buf_str(&s->key);
}

static struct affected *
package_of(struct affected_set *s, struct str os, struct str name)
{
	struct str key = package_key(s, os, name);
	uintptr_t place = (uintptr_t)table_get(&s->places, key);
	if (place == 0) {
		*ARRAY_PUSH(s->arena, &s->list) = (struct affected){ .os = os, .name = name };
		place = s->list.count;
		*table_put(&s->places, arena_str(s->arena, key), NULL) = (void *)place;
	}
	return &s->list.items[place - 1];
}

void
affected_set_add(struct affected_set *s, struct str os, struct str name, struct affected_range range)
{
	struct str key = package_key(s, os, name);
	const struct str parts[] = { range.introduced, range.limit, range.note };
	for (size_t i = 0; i < COUNT(parts); i++) {
		buf_add_char(&s->key, '\0');
		buf_add(&s->key, parts[i]);
	}
	buf_add_char(&s->key, (char)range.kind);
	key = buf_str(&s->key);
	if (table_has(&s->ranges, key))
		return;
	(void)table_put(&s->ranges, arena_str(s->arena, key), NULL);
	struct affected *to = package_of(s, os, name);
	*ARRAY_PUSH(s->arena, &to->ranges) = range;
}

size_t
affected_set_place(struct affected_set *s, struct str os, struct str name)
{
	return (size_t)(uintptr_t)table_get(&s->places, package_key(s, os, name));
}

void
affected_set_close(struct affected_set *s)
{
	table_free(&s->places);
	table_free(&s->ranges);
	buf_free(&s->key);
}
