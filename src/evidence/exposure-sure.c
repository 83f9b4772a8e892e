/* How sure what is counted is (evidence/exposure-sure.h). */
#include "evidence/exposure-sure.h"

enum { VALUES_MAX = 20000 };

static bool
is_counted(enum field f)
{
	return f == FIELD_CLASS || f == FIELD_ORG_KIND || f == FIELD_OS_INFERRED || f == FIELD_COUNTRY_INFERRED ||
	       f == FIELD_LEAKS || f == FIELD_SPECIALTY || f == FIELD_HONEYPOT || f == FIELD_SUPPORT;
}

static struct str
key_of(struct arena *a, enum field f, struct str value)
{
	return arena_printf(a, "%u %.*s", (unsigned)f, STR_ARG(str_head(value, 200)));
}

static bool
is_medical(const struct banner_value *v)
{
	static const struct str classes[] = {
		{ "dicom", 5 }, { "pacs", 4 }, { "emr", 3 }, { "hl7", 3 }, { "device", 6 }
	};

	if (v->field == FIELD_ORG_KIND)
		return str_eq(v->text, STR("hospital")) || str_eq(v->text, STR("clinic"));
	for (size_t i = 0; v->field == FIELD_CLASS && i < COUNT(classes); i++)
		if (str_eq(v->text, classes[i]))
			return true;
	return false;
}

static void
keep(struct sure *s, const struct banner_value *v)
{
	ARENA_AUTO a = { 0 };
	struct str key = key_of(&a, v->field, v->text);
	uint64_t *levels = table_get(&s->values, key);

	if (!levels && s->values.count < VALUES_MAX) {
		levels = arena_alloc(s->a, SURE_LEVELS, sizeof(*levels));
		*table_put(&s->values, arena_str(s->a, key), NULL) = levels;
	}
	/* What no confidence stands beside was stated. */
	if (levels)
		levels[v->confidence == 0 || v->confidence > 100 ? 100 : v->confidence]++;
}

static bool
look(void *user, const struct banner *b, struct err *e)
{
	struct sure *s = user;
	unsigned best = 0;
	bool trap = false;

	for (size_t i = 0; i < b->count; i++) {
		const struct banner_value *v = &b->values[i];
		if (!is_counted(v->field))
			continue;
		keep(s, v);
		unsigned sure = v->confidence ? v->confidence : 100;
		best = is_medical(v) && sure > best ? sure : best;
		trap |= v->field == FIELD_HONEYPOT && v->number != 0;
	}
	s->seen++;
	s->trap += trap;
	s->enough += best >= SURE_ENOUGH;
	s->genuine += best >= SURE_ENOUGH && !trap;
	return true;
}

void
sure_walk(struct ask *k, uint64_t of, struct sure *out)
{
	*out = (struct sure){ .a = k->a, .of = of };
	ask_each(k, STR(""), of > SURE_SAMPLE ? SURE_SAMPLE : 0, false, look, out);
}

void
sure_free(struct sure *s)
{
	table_free(&s->values);
}

uint64_t
sure_between(const struct sure *s, enum field f, struct str value, unsigned low, unsigned high)
{
	ARENA_AUTO a = { 0 };
	const uint64_t *levels = table_get(&s->values, key_of(&a, f, value));
	uint64_t n = 0;

	for (unsigned i = low; levels && i <= high && i < SURE_LEVELS; i++)
		n += levels[i];
	return n;
}

/* The least confidence that so many thousandths lie at or below. */
static unsigned
quantile(const uint64_t *levels, uint64_t all, unsigned thousandths)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SURE_LEVELS; i++) {
		n += levels[i];
		if (n * 1000 >= all * thousandths && n > 0)
			return i;
	}
	return 100;
}

struct str
sure_text(const struct sure *s, enum field f, struct str value)
{
	ARENA_AUTO a = { 0 };
	const uint64_t *levels = table_get(&s->values, key_of(&a, f, value));
	uint64_t all = sure_between(s, f, value, 0, 100);

	if (all == 0)
		return STR("–");
	unsigned low = quantile(levels, all, 50), middle = quantile(levels, all, 500),
		 high = quantile(levels, all, 950);
	return low == high ? arena_printf(s->a, "%u%%", middle) : arena_printf(s->a, "%u%% (%u–%u)", middle, low, high);
}

uint64_t
sure_scaled(const struct sure *s, uint64_t n)
{
	if (s->seen == s->of || s->seen == 0)
		return n;
	return (uint64_t)((unsigned __int128)n * s->of / s->seen);
}
