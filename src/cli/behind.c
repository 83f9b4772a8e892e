#include "cli/verbs.h"

#include <sys/resource.h>

#define BACKGROUND_MEMORY ((rlim_t)2 << 30)

void
cli_go_behind(void)
{
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than any limit */
	const struct rlimit memory = { BACKGROUND_MEMORY, BACKGROUND_MEMORY };
	(void)setrlimit(RLIMIT_DATA, &memory);
#endif
	const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setpriority(PRIO_PROCESS, 0, 19);
}
