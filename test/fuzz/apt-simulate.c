/* apt's words: simulation, records, policy. */
#include <stddef.h>
#include <stdint.h>

#include "plan/apt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_sub((const char *)data, size);
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct apt_simulation s;
	struct apt_record_list records;
	struct apt_candidate_list candidates;

	if (apt_parse_simulation(text, &a, &s, &e)) {
		for (size_t i = 0; i < s.installs.count; i++) {
			if (s.installs.items[i].name.len == 0 || s.installs.items[i].to.len == 0)
				abort();
		}
	}
	(void)!apt_parse_records(text, &a, &records, &e);
	(void)!apt_parse_policy(text, &a, &candidates, &e);
	return 0;
}
