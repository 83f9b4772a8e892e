/* Until when a piece of software is supported, by the end-of-life feed. */
#include "vuln/change.h"
#include "vuln/fields.h"
#include "vuln/index.h"
#include "vuln/software.h"

extern const unsigned char software_support_csv[];
extern const size_t software_support_csv_len;

/* The feed's name of "a:vendor:product"; empty: there is none. */
static struct str
feed_name(struct str product, struct arena *a)
{
	struct str text = str_sub((const char *)software_support_csv, software_support_csv_len), part, name;
	struct fields l = { 0 };
	bool end;
	if (!str_split(product, ':', &part, &name))
		return STR("");
	while (fields_next(&text, a, &l, &end) && !end)
		if (str_eq(l.text[0], name))
			return fields_at(&l, 1);
	return STR("");
}

void
software_end_of_life(const struct vuln_index *ix, const struct software_product *p, int64_t now, struct arena *a,
		     struct end_of_life *out)
{
	*out = (struct end_of_life){ 0 };
	for (size_t i = 0; i < p->count; i++) {
		struct str name = feed_name(p->names[i], a), cycle = p->version;
		/* 7.2.4, 7.2, 7; of 8u381 the 8. */
		while (name.len > 0 && cycle.len > 0) {
			const struct index_cycle *c = index_find_cycle(ix, name, cycle);
			if (c) {
				index_cycle_support(ix, c, false, now, out);
				return;
			}
			while (cycle.len > 0 && cycle.ptr[cycle.len - 1] >= '0' && cycle.ptr[cycle.len - 1] <= '9')
				cycle.len--;
			while (cycle.len > 0 && (cycle.ptr[cycle.len - 1] < '0' || cycle.ptr[cycle.len - 1] > '9'))
				cycle.len--;
		}
	}
}
