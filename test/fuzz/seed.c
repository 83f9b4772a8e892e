/* Seeds: a table of them, and each line of it as a name, an organisation and every kind of thing. */
#include "surface/domain.h"
#include "surface/org-name.h"
#include "surface/seed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
line_read(struct arena *a, struct str line, struct org_name *before)
{
	struct org_name n;
	struct seed s;
	org_name_read(a, line, &n);
	double like = org_name_likeness(&n, before);
	if (!(like >= 0 && like <= 1) || like != org_name_likeness(before, &n))
		abort();
	*before = n;
	for (int t = THING_DOMAIN; t <= THING_SERVICE; t++) {
		struct str canonical = thing_canonical(a, (enum thing)t, line);
		if (canonical.ptr && !str_eq(thing_canonical(a, (enum thing)t, canonical), canonical))
			abort();
	}
	struct str name = domain_canonical(a, line);
	if (name.ptr) {
		(void)domain_unicode(a, name);
		like = domain_likeness(name, STR("example.co.jp"));
		if (!(like >= 0 && like <= 1))
			abort();
	}
	/* What was taken is taken again as it is written. */
	if (seed_read(a, line, NULL, &s, NULL)) {
		struct seed again;
		if (!seed_read(a, seed_text(a, &s), NULL, &again, NULL) || again.is != s.is ||
		    !str_eq(again.value, s.value))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { LINES = 50 };
	ARENA_AUTO a = { 0 };
	struct str text = str_sub((const char *)data, size), line;
	struct seeds list = { .arena = &a };
	struct seed_import report;
	struct org_name before;
	(void)!seeds_import(&list, text, NULL, &report, NULL);
	org_name_read(&a, STR("医療法人さくら会"), &before);
	for (size_t i = 0; i < LINES && str_line(&text, &line); i++)
		line_read(&a, line, &before);
	return 0;
}
