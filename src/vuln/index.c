#include "vuln/index.h"

#include "os/file.h"
#include "vuln/ecosystem.h"
#include "vuln/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t row_sizes[INDEX_SECTIONS] = {
	[INDEX_STRINGS] = 1,
	[INDEX_SYSTEMS] = sizeof(struct index_system),
	[INDEX_PACKAGES] = sizeof(struct index_package),
	[INDEX_ENTRIES] = sizeof(struct index_entry),
	[INDEX_ADVISORIES] = sizeof(struct index_advisory),
	[INDEX_LISTS] = sizeof(uint32_t),
	[INDEX_VULNERABILITIES] = sizeof(struct index_vulnerability),
	[INDEX_DETAILS] = sizeof(struct index_detail),
	[INDEX_NAMES] = sizeof(struct index_name),
	[INDEX_CYCLES] = sizeof(struct index_cycle),
};

bool
index_open_mem(struct str bytes, const char *name, struct vuln_index *out, struct err *e)
{
	const struct index_header *h = (const void *)bytes.ptr;
	if (bytes.len < sizeof(*h) || memcmp(h->magic, INDEX_MAGIC, sizeof(h->magic)) != 0)
		return err_set(e, ERR_INPUT,
			       "%s is not an index of mamori; import the feeds again (mamori feed import)", name);
	if (h->version != INDEX_VERSION || h->order != INDEX_ORDER)
		return err_set(
			e, ERR_INPUT,
			"%s was built by another version or machine; import the feeds again (mamori feed import)",
			name);
	bool good = h->size == bytes.len;
	for (int i = 0; i < INDEX_SECTIONS && good; i++) {
		uint64_t at = h->sections[i].offset, n = h->sections[i].count;
		good = at % 8 == 0 && at >= sizeof(*h) && at <= bytes.len && n <= (bytes.len - at) / row_sizes[i];
	}
	if (!good || wire_checksum(str_skip(bytes, sizeof(*h))) != h->checksum)
		return err_set(e, ERR_INPUT, "%s is damaged; import the feeds again (mamori feed import)", name);
	*out = (struct vuln_index){ .map = bytes, .header = h };
	return true;
}

bool
vuln_index_open(const char *data, struct vuln_index **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, data, "feeds/index");
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND,
			       "no feed has been imported into %s yet, so nothing is known about vulnerabilities; "
			       "run mamori feed update, or mamori feed import FILE",
			       data);
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, "opening the index %s", path);
	if (st.st_size < (off_t)sizeof(struct index_header))
		return err_set(e, ERR_INPUT, "%s is damaged; import the feeds again (mamori feed import)", path);
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(e, "mapping the index %s", path);
	struct vuln_index *ix = xcalloc(1, sizeof(*ix));
	if (!index_open_mem(str_sub(map, (size_t)st.st_size), path, ix, e)) {
		munmap(map, (size_t)st.st_size);
		free(ix);
		return false;
	}
	ix->mapped = true;
	*out = ix;
	return true;
}

void
vuln_index_close(struct vuln_index *ix)
{
	if (!ix)
		return;
	if (ix->mapped)
		munmap((void *)(uintptr_t)ix->map.ptr, ix->map.len);
	free(ix);
}

uint64_t
vuln_index_generation(const struct vuln_index *ix)
{
	return ix->header->generation;
}

size_t
index_count(const struct vuln_index *ix, enum index_section s)
{
	return (size_t)ix->header->sections[s].count;
}

const void *
index_row(const struct vuln_index *ix, enum index_section s, size_t size, uint64_t i)
{
	if (i >= ix->header->sections[s].count)
		return NULL;
	return ix->map.ptr + ix->header->sections[s].offset + i * size;
}

struct str
index_string(const struct vuln_index *ix, uint32_t at)
{
	uint64_t size = ix->header->sections[INDEX_STRINGS].count;
	const char *strings = ix->map.ptr + ix->header->sections[INDEX_STRINGS].offset;
	uint16_t len;
	if ((uint64_t)at + sizeof(len) > size)
		return STR("");
	memcpy(&len, strings + at, sizeof(len));
	if (at + sizeof(len) + len > size)
		return STR("");
	return str_sub(strings + at + sizeof(len), len);
}

const struct index_system *
index_find_system(const struct vuln_index *ix, struct str os)
{
	const struct index_system *s;
	for (size_t i = 0; (s = INDEX_ROW(ix, INDEX_SYSTEMS, index_system, i)); i++)
		if (str_eq(index_string(ix, s->name), os))
			return s;
	return NULL;
}

const struct index_package *
index_find_package(const struct vuln_index *ix, const struct index_system *s, struct str name)
{
	uint64_t low = s->first, high = low + s->count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_package *p = INDEX_ROW(ix, INDEX_PACKAGES, index_package, middle);
		int order = p ? str_cmp(index_string(ix, p->name), name) : 1;
		if (order == 0)
			return p;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static uint32_t
find_cve(const struct vuln_index *ix, uint64_t key)
{
	uint64_t low = 0, high = index_count(ix, INDEX_VULNERABILITIES);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_vulnerability *v = INDEX_ROW(ix, INDEX_VULNERABILITIES, index_vulnerability, middle);
		if (v->key == key)
			return (uint32_t)middle;
		if (v->key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return INDEX_NONE;
}

uint32_t
index_find_vulnerability(const struct vuln_index *ix, struct str id)
{
	uint32_t year;
	uint64_t number;
	if (cve_parse(id, &year, &number))
		return find_cve(ix, (uint64_t)year << 40 | number);
	uint64_t low = 0, high = index_count(ix, INDEX_NAMES);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_name *n = INDEX_ROW(ix, INDEX_NAMES, index_name, middle);
		int order = str_cmp(index_string(ix, n->name), id);
		if (order == 0)
			return n->vulnerability;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return INDEX_NONE;
}

/* By hand: a host can have ten thousand findings, and printf would be half of their cost. */
static struct str
cve_text(struct arena *a, uint64_t key)
{
	char digits[24];
	size_t n = 0;
	uint64_t number = key & ((UINT64_C(1) << 40) - 1), year = (key >> 40) % 10000;
	for (; number > 0 || n < 4; number /= 10)
		digits[n++] = (char)('0' + number % 10);
	char *text = ARENA_ARRAY(a, char, 10 + n);
	memcpy(text, "CVE-", 4);
	for (int i = 0; i < 4; i++, year /= 10)
		text[7 - i] = (char)('0' + year % 10);
	text[8] = '-';
	for (size_t i = 0; i < n; i++)
		text[9 + i] = digits[n - 1 - i];
	return str_sub(text, 9 + n);
}

void
index_vulnerability(const struct vuln_index *ix, struct arena *a, uint32_t row, struct vulnerability *out)
{
	const struct index_vulnerability *v = INDEX_ROW(ix, INDEX_VULNERABILITIES, index_vulnerability, row);
	*out = (struct vulnerability){ .id = STR(""), .cvss = -1, .epss = -1, .title = STR("") };
	if (!v)
		return;
	if (v->key & INDEX_NAMED) {
		const struct index_name *n = INDEX_ROW(ix, INDEX_NAMES, index_name, v->key & ~INDEX_NAMED);
		out->id = n ? index_string(ix, n->name) : STR("");
	} else {
		out->id = cve_text(a, v->key);
	}
	out->severity = v->severity <= SEVERITY_CRITICAL ? (enum severity)v->severity : SEVERITY_UNKNOWN;
	out->cvss = v->cvss10 == UINT16_MAX ? -1 : v->cvss10 / 10.0;
	out->epss = v->epss == INDEX_NONE ? -1 : v->epss / 1e6;
	const struct index_detail *d = INDEX_ROW(ix, INDEX_DETAILS, index_detail, v->detail);
	if (!d)
		return;
	out->kev = d->flags & 1;
	out->kev_ransomware = d->flags & 2;
	out->kev_added = d->kev_added;
	out->kev_due = d->kev_due;
	out->title = index_string(ix, d->title);
}

bool
vuln_lookup(const struct vuln_index *ix, struct arena *a, struct str id, struct vulnerability *out)
{
	uint32_t row = index_find_vulnerability(ix, id);
	if (row == INDEX_NONE) {
		*out = (struct vulnerability){ .id = id, .cvss = -1, .epss = -1, .title = STR("") };
		return false;
	}
	index_vulnerability(ix, a, row, out);
	return true;
}

const struct index_cycle *
index_find_cycle(const struct vuln_index *ix, struct str product, struct str cycle)
{
	uint64_t low = 0, high = index_count(ix, INDEX_CYCLES);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_cycle *c = INDEX_ROW(ix, INDEX_CYCLES, index_cycle, middle);
		int order = str_cmp(index_string(ix, c->product), product);
		if (order == 0)
			order = str_cmp(index_string(ix, c->cycle), cycle);
		if (order == 0)
			return c;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
