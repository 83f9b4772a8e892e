/* Version orders are tested from tables: "a < b", one a row, and every row also turned around. */
#ifndef MAMORI_TEST_ORDER_H
#define MAMORI_TEST_ORDER_H

#include "../known.h"
#include "version/version.h"

static inline char
order_sign(const struct version_scheme *s, struct str a, struct str b)
{
	int n = s->compare(a, b);

	return n < 0 ? '<' : n > 0 ? '>' : '=';
}

static inline char
order_sign_of_keys(const struct version_scheme *s, struct str a, struct str b)
{
	BUF_AUTO x = { 0 }, y = { 0 };
	int n;

	assert_true(s->key(a, &x) && s->key(b, &y));
	assert_true(x.len <= 6 * a.len + 64 && y.len <= 6 * b.len + 64);
	n = str_cmp(buf_str(&x), buf_str(&y));
	/* No key is the beginning of another. */
	assert_true(n == 0 || (!str_starts(buf_str(&x), buf_str(&y)) && !str_starts(buf_str(&y), buf_str(&x))));
	return n < 0 ? '<' : n > 0 ? '>' : '=';
}

/* True when the row "a < b" holds both ways, and by their keys. */
static inline bool
order_holds(const struct version_scheme *s, struct str a, char wanted, struct str b)
{
	char turned = wanted == '<' ? '>' : wanted == '>' ? '<' : '=';

	return order_sign(s, a, b) == wanted && order_sign(s, b, a) == turned && order_sign_of_keys(s, a, b) == wanted;
}

static inline bool
order_row(struct str row, struct str *a, char *sign, struct str *b)
{
	struct str word;

	if (!str_word(&row, a) || a->ptr[0] == '#' || !str_word(&row, &word) || word.len != 1 || !str_word(&row, b))
		return false;
	*sign = word.ptr[0];
	return true;
}

static inline void
order_table(const struct version_scheme *s, const char *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str a = { 0 }, b = { 0 };
		char sign = 0;

		assert_true(order_row(str_of(rows[i]), &a, &sign, &b));
		if (!order_holds(s, a, sign, b))
			fail_msg("%s: %s does not hold, %c does", s->name, rows[i], order_sign(s, a, b));
	}
}

/* Rising one by one: every pair of the list is compared, not only neighbours. */
static inline void
order_rising(const struct version_scheme *s, const char *const *versions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			if (!order_holds(s, str_of(versions[i]), i < k ? '<' : i > k ? '>' : '=', str_of(versions[k])))
				fail_msg("%s: %s and %s", s->name, versions[i], versions[k]);
}

/* A file of known answers, but for the named rows (a list ended by NULL, or NULL). Gives the rows compared, 0 when the
 * file is not here. */
static inline size_t
order_known(const struct version_scheme *s, const char *file, const char *const *but)
{
	BUF_AUTO text = { 0 };
	struct str rest, row, a, b;
	size_t seen = 0;
	char sign = 0;

	if (!known_read(file, &text))
		return 0;
	rest = buf_str(&text);
	while (str_line(&rest, &row)) {
		if (!order_row(row, &a, &sign, &b))
			continue;
		if (but && *but && str_eq(row, str_of(*but))) {
			but++;
			continue;
		}
		seen++;
		if (!order_holds(s, a, sign, b))
			fail_msg("%s: %.*s does not hold", s->name, STR_ARG(row));
	}
	if (but && *but)
		fail_msg("%s: %s is not in %s", s->name, *but, file);
	return seen;
}

/* One test of a file: skipped by name where the data is not. */
static inline void
order_known_rows(const struct version_scheme *s, const char *name, const char *const *but, size_t rows)
{
	BUF_AUTO file = { 0 };
	size_t n;

	buf_addf(&file, "version-order/semantic/testdata/%s", name);
	n = order_known(s, buf_cstr(&file), but);
	if (n == 0) {
		print_message("# SKIP known_answers: ../shared/data/version-order is not here\n");
		buf_free(&file); /* skip() leaves by a jump: nothing is cleaned up */
		skip();
	}
	assert_int_equal(n, rows);
}

static inline void
order_validity(const struct version_scheme *s, const char *const *versions, size_t count, bool expected)
{
	for (size_t i = 0; i < count; i++)
		if (s->valid(str_of(versions[i])) != expected)
			fail_msg("%s: \"%s\" is %svalid", s->name, versions[i], expected ? "not " : "");
}

#endif
