/* Update metadata of every type: whatever is taken is within bounds, and its canonical form is the same when it is
 * written and read again. The first byte says which type is expected. */
#include "trust/canonical.h"
#include "trust/tuf-document.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_document(const struct tuf_document *d)
{
	static const char *const paths[] = { "a", "custom/app/1.0/app.deb", "a/b/c" };
	struct tuf_meta m;
	if (d->version < 1 || d->version > TUF_NUMBER_MAX)
		abort();
	for (size_t i = 0; i < TUF_TYPES; i++)
		(void)tuf_is_signed(d, &d->keys, &d->roles[i]);
	for (size_t i = 0; i < d->delegations.count; i++) {
		const struct tuf_delegation *g = &d->delegations.items[i];
		if (g->name.len == 0 || g->name.len > TUF_ROLE_NAME_MAX || g->holders.threshold < 1)
			abort();
		for (size_t k = 0; k < COUNT(paths); k++)
			(void)tuf_delegation_covers(g, str_of(paths[k]));
		(void)tuf_is_signed(d, &d->keys, &g->holders);
	}
	if (d->meta && tuf_meta_find(d, STR("targets"), &m) && m.version < 1)
		abort();
	for (size_t i = 0; d->targets && i < d->targets->count; i++)
		if (table_get(&d->index, d->targets->key[i]) != &d->targets->item[i])
			abort();
}

/* What signatures are over must not depend on how the file was written. */
static void
check_canonical(struct arena *a, const struct tuf_document *d)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO again = { 0 };
	struct json_writer w = { .out = &text };
	struct json *v;
	json_tree(&w, d->signed_part);
	if (!json_parse(a, buf_str(&text), NULL, &v, NULL) || !canonical_write(v, &again, NULL) ||
	    !str_eq(buf_str(&again), d->canonical))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct tuf_document *d;
	enum tuf_reason reason = TUF_OK;
	struct err e = { 0 };
	if (size == 0)
		return 0;
	struct str text = str_sub((const char *)data + 1, size - 1);
	if (!tuf_document_parse(&a, text, data[0] % TUF_TYPES, &d, &reason, &e)) {
		if (reason == TUF_OK || e.code == ERR_NONE)
			abort();
		return 0;
	}
	check_document(d);
	check_canonical(&a, d);
	tuf_document_free(d);
	return 0;
}
