/* Records of a zone with hashes (NSEC3): "APEX NAME\nMESSAGE". */
#include "surface/hashed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct hashes h = { 0 };
	struct str line, apex, name, message = str_sub((const char *)data, size);
	if (!str_line(&message, &line) || !str_split(line, ' ', &apex, &name) || !dns_name_parse(apex, &h.apex, NULL))
		return 0;
	hashes_take(&a, &h, message);
	size_t once = h.ranges.count;
	hashes_take(&a, &h, message); /* brings nothing new */
	if (h.ranges.count != once || once > HASHES_MAX || (once == 0 && hashes_say(&h, name) != HASHED_UNKNOWN))
		abort();
	(void)hashes_say(&h, name);
	return 0;
}
