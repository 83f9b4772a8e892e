/* CVSS vectors: whatever is valid has a score of its scale in tenths, and nothing can be hung onto it unseen. */
#include "vuln/cvss.h"

#include "base/buf.h"

#include <math.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct str vector)
{
	struct cvss c, other;
	BUF_AUTO longer = { 0 };

	if (!cvss_read(vector, &c))
		return;
	if (!(c.score >= 0 && c.score <= 10) || fabs(c.score * 10 - round(c.score * 10)) > 1e-9)
		abort();
	if (c.rating != cvss_rating_of(c.version, c.score) || !*cvss_rating_name(c.rating))
		abort();
	/* The first metric again is one too many, as is a slash. */
	buf_add(&longer, vector);
	buf_add_char(&longer, '/');
	if (cvss_read(buf_str(&longer), &other))
		abort();
	buf_add(&longer, c.version == CVSS_2_0 ? STR("AV:N") : str_head(str_skip(vector, 9), 4));
	if (cvss_read(buf_str(&longer), &other))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, line;

	check(rest);
	while (str_line(&rest, &line))
		check(line);
	return 0;
}
