/* Looking up countries (evidence/world.h). */
#include "evidence/world.h"

const struct world_country *
world_find(struct str code)
{
	for (size_t i = 0; code.len > 0 && i < world_country_count; i++)
		if (str_eq_nocase(str_of(world_countries[i].code), code))
			return &world_countries[i];
	return NULL;
}

struct str
world_name(struct arena *a, struct str code, enum lang lang)
{
	const struct world_country *c = world_find(code);

	return c ? str_of(lang == LANG_JA ? c->ja : c->en) : arena_line(a, code, 40);
}
