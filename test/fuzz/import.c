/* One importer (IMPORTER) on bytes that a stranger wrote: counts add up, texts are UTF-8, addresses and times are there,
 * what is inferred and redacted keeps to the same, and the raw record of a banner is no other record's. */
#include "base/buf.h"
#include "exposure/enrich-redact.h"
#include "exposure/import-sniff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t banners;
	struct enrich_rules *rules;
	struct redact_rules *redact;
};

static void
check_values(const struct banner *b, size_t from, bool inferred)
{
	for (size_t i = from; i < b->count; i++) {
		const struct banner_value *v = &b->values[i];
		if (v->field >= FIELDS || v->confidence > 100 || (v->confidence > 0) != inferred)
			abort();
		if (v->text.len > 0 && !memchr(v->text.ptr, 0, v->text.len) && !str_is_utf8(v->text))
			abort();
	}
}

static bool
on_banner(void *user, struct banner *stated, struct err *e)
{
	struct seen *s = user;
	struct banner b = *stated;
	struct arena a = { 0 };

	s->banners++;
	if (b.count > BANNER_VALUES_MAX || (b.raw.len > 0 && !b.raw.ptr))
		abort();
	check_values(&b, 0, false);
	enrich_banner(s->rules, &a, &b);
	check_values(&b, stated->count, true);
	redact_banner(s->redact, &a, &b);
	arena_free(&a);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seen s; /* rules are read once for all inputs */
	struct str bytes = str_sub((const char *)data, size);
	struct import_context context = { bytes, 1 };
	struct import_counts counts = { 0 };
	struct table_slot *slot;
	uint64_t skipped = 0;

	if (!s.rules && (!enrich_open(NULL, &s.rules, NULL) || !redact_open(NULL, &s.redact, NULL)))
		abort();
	s.banners = 0;
	if (IMPORTER.sniff(bytes) > 100)
		abort();
	void *state = IMPORTER.begin(&context);
	/* Twice: a state serves many records. */
	for (int i = 0; i < 2; i++)
		if (!IMPORTER.record(state, bytes, &counts, on_banner, &s, NULL))
			abort();
	IMPORTER.end(state);
	for (size_t i = 0; table_next(&counts.skipped, &i, &slot);)
		skipped += (uint64_t)(uintptr_t)slot->value;
	if (counts.read != counts.kept + skipped || counts.kept != s.banners)
		abort();
	table_free(&counts.skipped);
	return 0;
}
