/* recog's XML from a stranger: what is read can be written, read again and matched, and says the same. */
#include "exposure/enrich-recog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recog r = { .keep_examples = true }, again = { 0 };
	BUF_AUTO lines = { 0 };
	struct str groups[REGEX_GROUPS];
	size_t bad = 0;

	if (recog_read_xml(&r, str_sub((const char *)data, size), "fuzz.xml", &bad, NULL)) {
		recog_ready(&r);
		for (size_t i = 0; i < r.examples.count; i++) {
			const struct recog_example *x = &r.examples.items[i];
			(void)recog_match(&r.databases.items[x->database], x->text, groups);
		}
		recog_write(&r, &lines);
		if (!recog_read_lines(&again, buf_str(&lines), NULL) || again.patterns != r.patterns)
			abort();
		recog_free(&again);
	}
	recog_free(&r);
	return 0;
}
