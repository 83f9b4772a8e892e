/* Bundles for closed sites: the head, the list of members, and a member's packed bytes, as a stranger may have made them
 * (here nothing is behind a signature). The first byte says which. */
#include "trust/bundle.h"

#include "base/json.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
head(struct str text)
{
	ARENA_AUTO a = { 0 };
	struct bundle_head h, again;
	struct err e = { 0 };
	BUF_AUTO out = { 0 };
	if (!bundle_head_parse(&a, text, &h, &e))
		return;
	uint64_t total = 0;
	for (size_t i = 0; i < h.parts.count; i++)
		total += h.parts.items[i].size;
	if (total != h.total || h.counter <= h.since || !bundle_name_valid(h.id))
		abort();
	/* What was read is written and read as the same. */
	bundle_head_write(&h, &(struct json_writer){ .out = &out });
	if (!bundle_head_parse(&a, buf_str(&out), &again, &e) || again.total != h.total ||
	    again.parts.count != h.parts.count || !str_eq(again.site, h.site))
		abort();
}

static void
list(struct str text)
{
	ARENA_AUTO a = { 0 };
	struct bundle_list l = { 0 };
	struct err e = { 0 };
	uint64_t at = 0;
	if (!bundle_list_parse(&a, text, &l, &e))
		return;
	for (size_t i = 0; i < l.members.count; i++) {
		const struct bundle_member *m = &l.members.items[i];
		if (m->at != at || !bundle_name_valid(m->name) || str_contains(m->name, STR("..//")) ||
		    m->name.ptr[0] == '/' || m->url_count > BUNDLE_URLS_MAX)
			abort();
		at += m->stored;
	}
	if (at > BUNDLE_TOTAL_MAX)
		abort();
}

struct taken {
	uint64_t bytes;
};

static bool
take(void *user, struct str bytes, struct err *e)
{
	(void)e;
	((struct taken *)user)->bytes += bytes.len;
	return true;
}

/* The bytes as the only part of a bundle, read as one packed member of at most 64 KiB. */
static void
member(struct str bytes)
{
	ARENA_AUTO a = { 0 };
	char dir[] = "/tmp/mamori-fuzz-bundle.XXXXXX";
	struct err e = { 0 };
	struct taken t = { 0 };
	enum bundle_reason reason;
	struct bundle_head h = { .part_size = 1 << 20, .total = bytes.len };
	struct bundle_member m = {
		.kind = STR("letter"), .name = STR("m"), .size = 1 << 16, .stored = bytes.len, .packed = true
	};
	if (!bytes.len || bytes.len > h.part_size || !mkdtemp(dir))
		return;
	*ARRAY_PUSH(&a, &h.parts) = (struct bundle_part){ .size = bytes.len };
	struct bundle_place p = { .folder = dir };
	const char *path = bundle_part_path(&a, dir, 0);
	if (file_write(path, bytes, 0600, &e) && bundle_member_read(&p, &h, &m, take, &t, &reason, &e))
		abort(); /* no 64 KiB have the digest "" */
	if (t.bytes > m.size)
		abort();
	(void)unlink(path);
	(void)rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const what[])(struct str) = { head, list, member };
	if (size)
		what[data[0] % COUNT(what)](str_sub((const char *)data + 1, size - 1));
	return 0;
}
