#include "os/pkgdb.h"

#include <stdlib.h>

#include "base/utf8.h"

#define WORD_MAX_LEN 512

const struct pkgdb *const pkgdb_all[] = { &pkgdb_dpkg, &pkgdb_rpm, &pkgdb_apk, &pkgdb_opkg, NULL };

bool
package_word_valid(struct str s)
{
	if (s.len == 0 || s.len > WORD_MAX_LEN)
		return false;
	for (size_t i = 0; i < s.len;) {
		unsigned char c = (unsigned char)s.ptr[i];
		size_t n = c < 0x80 ? 1 : utf8_sequence(s.ptr + i, s.len - i);
		/* What steers a terminal or turns a line round is no word, not even in UTF-8. */
		if (n == 0 || c == ' ' || utf8_is_control(s.ptr + i, n))
			return false;
		i += n;
	}
	return true;
}

static int
package_order(const void *a, const void *b)
{
	const struct package *x = a, *y = b;
	int d = str_cmp(x->name, y->name);

	if (d == 0)
		d = str_cmp(x->arch, y->arch);
	return d ? d : str_cmp(x->version, y->version);
}

void
package_list_sort(struct package_list *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof(*l->items), package_order);
}

const struct package *
package_list_find(const struct package_list *l, struct str name, size_t *count)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (str_cmp(l->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < l->count && str_eq(l->items[end].name, name))
		end++;
	*count = end - low;
	return end > low ? &l->items[low] : NULL;
}

bool
pkgdb_read(const struct root *r, struct arena *a, struct package_list *out, struct err *e)
{
	struct package_list list = { 0 };

	for (const struct pkgdb *const *db = pkgdb_all; *db; db++) {
		if (!(*db)->present(r))
			continue;
		if (!list.manager)
			list.manager = (*db)->name;
		if (!(*db)->read(r, a, &list, e))
			return err_wrap(e, "reading the %s database of installed packages", (*db)->name);
	}
	if (!list.manager)
		return err_set(
			e, ERR_NOT_FOUND,
			"no database of installed packages (dpkg, rpm, apk, opkg) in %s: name the folder that holds "
			"the system",
			r->path);
	package_list_sort(&list);
	*out = list;
	return true;
}
