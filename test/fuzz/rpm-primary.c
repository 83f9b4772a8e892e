/* primary.xml: well-formed or refused; every name and place within its cap, every relation a line that the bundle's reader
 * takes. */
#include "patch/bundle-rpm.h"
#include "plan/rpm-md.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
named(void *user, const struct rpm_md_item *item)
{
	struct str rest = buf_str(&item->requires), line;
	struct need_relation r;
	BUF_AUTO groups = { 0 };
	(void)user;
	if (!item->href[0] || item->size == 0 || item->requires.len > RPM_MD_RELATIONS_MAX ||
	    item->provides.len > RPM_MD_RELATIONS_MAX)
		abort();
	while (str_line(&rest, &line))
		rpm_requires_add(line, &groups);
	rest = buf_str(&groups);
	while (str_cut(&rest, '\n', &line)) {
		struct str one;
		while (str_cut(&line, '|', &one))
			if (need_form_rpm.relation(one, &r) && r.name.len == 0)
				abort();
	}
	rest = buf_str(&item->provides);
	while (str_line(&rest, &line))
		if (!need_form_rpm.relation(line, &r))
			(void)need_form_rpm.compare_asked(r.version, str_of(item->version));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct rpm_md_reader r = { .each = named, .relations = true };
	if (!rpm_md_primary_text(&r, str_sub((const char *)data, size), &e) && e.code == ERR_NONE)
		abort();
	return 0;
}
