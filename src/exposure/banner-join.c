/* Joining banners (exposure/banner-join.h). */
#include "exposure/banner-join.h"

static bool
has_value(const struct banner_join *j, const struct banner_value *v)
{
	for (size_t i = 0; i < j->values.count; i++) {
		const struct banner_value *x = &j->values.items[i];
		if (x->field == v->field && x->number == v->number && str_eq(x->text, v->text))
			return true;
	}
	return false;
}

void
banner_join_add(struct banner_join *j, struct arena *a, const struct banner *b)
{
	size_t base = j->raw.len;
	/* One record that two files hold, byte for byte, is one record. */
	bool again = j->raw.len > 0 && str_contains(buf_str(&j->raw), b->raw);

	if (!again) {
		if (base > 0) {
			buf_add_char(&j->raw, BANNER_RAW_JOINT);
			base++;
		}
		buf_add(&j->raw, b->raw);
	}
	for (size_t i = 0; i < b->count; i++) {
		struct banner_value v = b->values[i];
		if (has_value(j, &v))
			continue;
		v.text = arena_str(a, v.text);
		v.at = v.at > 0 && !again ? v.at + (uint32_t)base : 0;
		*ARRAY_PUSH(a, &j->values) = v;
	}
}

void
banner_join_end(const struct banner_join *j, struct banner *out)
{
	out->values = j->values.items;
	out->count = j->values.count < BANNER_VALUES_MAX ? j->values.count : BANNER_VALUES_MAX;
	out->raw = buf_str(&j->raw);
}

void
banner_join_free(struct banner_join *j)
{
	buf_free(&j->raw);
}
