/* SPF, DMARC, DKIM and tokens: one record a line. */
#include "surface/read-internal.h"

#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct str rest = str_sub((const char *)data, size), line, text[64];
	size_t count = 0;
	while (count < COUNT(text) && str_line(&rest, &line))
		text[count++] = line;
	read_spf(&f, STR("example.jp"), text, count);
	read_dmarc(&f, STR("example.jp"), text, count);
	for (size_t i = 0; i < count; i++) {
		(void)read_dkim(&f, STR("s1._domainkey.example.jp"), text[i]);
		(void)read_token(&f, STR("example.jp"), text[i]);
	}
	facts_check(&f);
	return 0;
}
