/* Answers of certificate logs: heads, entries, tiles; each entry is read as a certificate. */
#include "surface/ct-log.h"

#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
entry(void *user, struct str der, int64_t at, bool precert)
{
	(void)at, (void)precert;
	read_certificate(user, der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct str body = str_sub((const char *)data, size);
	uint64_t tree;
	size_t count;
	(void)!ct_sth_read(body, &tree, NULL);
	(void)!ct_checkpoint_read(body, &tree, NULL);
	(void)!ct_entries_read(body, entry, &f, &count, NULL);
	(void)!ct_tile_read(body, entry, &f, &count, NULL);
	facts_check(&f);
	return 0;
}
