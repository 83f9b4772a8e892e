/* What the tests of the readers share: looking a fact up. */
#ifndef MAMORI_TEST_SURFACE_FACTS_H
#define MAMORI_TEST_SURFACE_FACTS_H

#include "base/buf.h"
#include "surface/fact.h"

#include <stdio.h>

static inline size_t
count_of(const struct facts *f, enum fact_kind k)
{
	size_t n = 0;
	for (size_t i = 0; i < f->count; i++)
		n += f->items[i].kind == k;
	return n;
}

/* NULL for what does not matter; "" for what must be empty. */
static inline bool
told(struct str got, const char *want)
{
	return !want || str_eq(got, str_of(want)) || (got.len == 0 && *want == '\0');
}

static inline const struct fact *
fact_of(const struct facts *f, enum fact_kind k, const char *subject, const char *object, const char *text)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct fact *x = &f->items[i];
		if (x->kind == k && told(x->subject, subject) && told(x->object, object) && told(x->text, text))
			return x;
	}
	return NULL;
}

/* All of them, for whoever reads why a test failed. */
static inline void
facts_print(const struct facts *f)
{
	for (size_t i = 0; i < f->count; i++)
		printf("# %s %.*s -> %.*s \"%.*s\" %lld\n", fact_kind_name(f->items[i].kind),
		       STR_ARG(f->items[i].subject), STR_ARG(f->items[i].object), STR_ARG(f->items[i].text),
		       (long long)f->items[i].number);
	printf("# %zu facts, %zu bad, %zu cut\n", f->count, f->bad, f->cut);
}

#define SAYS(f, k, subject, object, text) \
	do { \
		if (!fact_of((f), (k), (subject), (object), (text))) { \
			facts_print(f); \
			fail_msg("no fact %s %s -> %s \"%s\"", fact_kind_name(k), (const char *)(subject), \
				 (const char *)(object), (const char *)(text)); \
		} \
	} while (0)
#define SAYS_NOT(f, k) assert_int_equal(count_of((f), (k)), 0)

/* What every fact promises, whatever was read. */
static inline bool
facts_are_sound(const struct facts *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct fact *x = &f->items[i];
		if (x->kind >= FACT_KINDS || x->subject.len == 0 || x->subject_is == THING_NONE ||
		    (x->object_is == THING_NONE) != (x->object.len == 0) || x->text.len > FACT_TEXT_MAX ||
		    x->evidence.len > FACT_EVIDENCE_MAX || !str_is_utf8(x->text) || !str_is_utf8(x->evidence) ||
		    !str_is_utf8(x->subject) || str_find_char(x->text, '\n') >= 0 ||
		    str_find_char(x->evidence, '\n') >= 0)
			return false;
	}
	return f->count <= FACTS_OF_ANSWER_MAX;
}

#endif
