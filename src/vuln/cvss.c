#include "vuln/cvss-metrics.h"

/* Version 2.0 has no prefix and takes what is left. */
static const struct cvss_form *const forms[] = { &cvss_form_4_0, &cvss_form_3_1, &cvss_form_3_0, &cvss_form_2_0 };

static bool
value_allowed(const char *values, struct str value)
{
	struct str rest = str_of(values), one;
	while (str_word(&rest, &one))
		if (str_eq(one, value))
			return true;
	return false;
}

/* Position of the metric, from `from` on; count when there is none of that name. */
static size_t
metric_find(const struct cvss_form *f, size_t from, struct str name)
{
	size_t i = from;
	while (i < f->count && !str_eq(str_of(f->metrics[i].name), name))
		i++;
	return i;
}

static bool
values_read(const struct cvss_form *f, struct str vector, char values[CVSS_METRICS_MAX])
{
	struct str rest = vector, piece, name, value;
	size_t next = 0;

	if (vector.len == 0 || vector.ptr[vector.len - 1] == '/')
		return false;
	while (str_cut(&rest, '/', &piece)) {
		if (!str_split(piece, ':', &name, &value))
			return false;
		size_t i = metric_find(f, f->ordered ? next : 0, name);
		if (i == f->count || values[i] || !value_allowed(f->metrics[i].values, value))
			return false;
		values[i] = value.ptr[0];
		next = i + 1;
	}
	for (size_t i = 0; i < f->count; i++)
		if (f->metrics[i].mandatory && !values[i])
			return false;
	return true;
}

bool
cvss_read(struct str vector, struct cvss *out)
{
	char values[CVSS_METRICS_MAX] = { 0 };
	size_t i = 0;

	while (!str_starts(vector, str_of(forms[i]->prefix)))
		i++;
	if (!values_read(forms[i], str_skip(vector, strlen(forms[i]->prefix)), values))
		return false;
	out->version = forms[i]->version;
	out->score = forms[i]->score(values) / 10.0;
	out->rating = cvss_rating_of(out->version, out->score);
	return true;
}

bool
cvss_score(struct str vector, double *score)
{
	struct cvss c;
	if (!cvss_read(vector, &c))
		return false;
	*score = c.score;
	return true;
}

enum cvss_rating
cvss_rating_of(enum cvss_version version, double score)
{
	/* Between the tenths, so that no rounding of the score decides. */
	if (score < 0.05 && version != CVSS_2_0)
		return CVSS_NONE;
	if (score < 3.95)
		return CVSS_LOW;
	if (score < 6.95)
		return CVSS_MEDIUM;
	return score < 8.95 || version == CVSS_2_0 ? CVSS_HIGH : CVSS_CRITICAL;
}

const char *
cvss_rating_name(enum cvss_rating r)
{
	static const char *const names[] = { "none", "low", "medium", "high", "critical" };
	return names[r];
}

const char *
cvss_version_name(enum cvss_version v)
{
	static const char *const names[] = { "2.0", "3.0", "3.1", "4.0" };
	return names[v];
}
