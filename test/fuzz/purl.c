/* Package URLs: what can be read can be written, and what was written reads as the same again. */
#include "vuln/purl.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct str text, enum purl_mode mode)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 }, second = { 0 };
	struct purl p, again;
	struct err e = { 0 };

	if (!purl_parse(text, mode, &a, &p, &e)) {
		if (e.code != ERR_INPUT && e.code != ERR_TOO_LARGE)
			abort();
		return;
	}
	if (!purl_build(&p, &first, &e))
		abort();
	if (first.len > PURL_MAX) /* escapes take room */
		return;
	if (!purl_parse(buf_str(&first), PURL_STRICT, &a, &again, &e) || !purl_build(&again, &second, &e))
		abort();
	if (!str_eq(buf_str(&first), buf_str(&second)) || p.qualifiers.count != again.qualifiers.count)
		abort();
	if (!str_eq(p.type, again.type) || !str_eq(p.namespace, again.namespace) || !str_eq(p.name, again.name) ||
	    !str_eq(p.version, again.version) || !str_eq(p.subpath, again.subpath))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, line;

	check(rest, PURL_STRICT);
	while (str_line(&rest, &line))
		check(line, PURL_LENIENT);
	return 0;
}
