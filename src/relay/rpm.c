/* What repomd.xml and primary.xml name, as the relay keeps it: address and digest. */
#include "relay/learn-internal.h"

#include "plan/rpm-md.h"

struct naming {
	rpm_fn *each;
	void *user;
};

static void
name_it(void *user, const struct rpm_md_item *item)
{
	const struct naming *n = user;
	struct digest d;
	if (digest_parse(str_of(item->sha256), item->size, &d))
		n->each(n->user, str_of(item->href), &d, str_of(item->type));
}

bool
repomd_parse(struct str text, rpm_fn *each, void *user, struct err *e)
{
	struct naming n = { each, user };
	return rpm_md_repomd(&(struct rpm_md_reader){ .each = name_it, .user = &n }, text, e);
}

bool
primary_read(const char *path, rpm_fn *each, void *user, struct err *e)
{
	struct naming n = { each, user };
	return rpm_md_primary(&(struct rpm_md_reader){ .each = name_it, .user = &n }, path, e);
}
