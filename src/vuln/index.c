#include "vuln/index.h"

#include "base/tr.h"
#include "os/file.h"
#include "vuln/change.h"
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
	[INDEX_SLOTS] = sizeof(struct index_slot),
	[INDEX_FACTS] = 1,
	[INDEX_ADVISORIES] = sizeof(struct index_advisory),
	[INDEX_LISTS] = sizeof(uint32_t),
	[INDEX_VULNERABILITIES] = sizeof(struct index_vulnerability),
	[INDEX_DETAILS] = sizeof(struct index_detail),
	[INDEX_NAMES] = sizeof(struct index_name),
	[INDEX_CYCLES] = sizeof(struct index_cycle),
	[INDEX_PRODUCTS] = sizeof(struct index_product),
	[INDEX_KBS] = sizeof(struct index_kb),
	[INDEX_SUPERSEDED] = sizeof(uint32_t),
	[INDEX_FIXES] = sizeof(struct index_fix),
	[INDEX_REVISIONS] = sizeof(struct index_revision),
	[INDEX_SUMS] = sizeof(uint64_t),
};

#define BODY ((sizeof(struct index_header) + 7) / 8 * 8)

/* ---- opening, and the checksums of blocks ---- */

static uint64_t
seal_of(const struct index_header *h, const char *sums)
{
	struct index_header open = *h;
	open.checksum = 0;
	uint64_t parts[] = { wire_checksum(str_sub((const char *)&open, sizeof(open))),
			     wire_checksum(str_sub(sums, h->sections[INDEX_SUMS].count * sizeof(uint64_t))) };
	return wire_checksum(str_sub((const char *)parts, sizeof(parts)));
}

static struct str
block_at(struct str bytes, size_t end, size_t block)
{
	size_t at = BODY + block * INDEX_BLOCK, left = end - at;
	return str_sub(bytes.ptr + at, left < INDEX_BLOCK ? left : INDEX_BLOCK);
}

void
index_seal(char *bytes, size_t len)
{
	struct index_header *h = (void *)bytes;
	size_t end = (size_t)h->sections[INDEX_SUMS].offset;
	for (size_t i = 0; i < h->sections[INDEX_SUMS].count; i++) {
		uint64_t sum = wire_checksum(block_at(str_sub(bytes, len), end, i));
		memcpy(bytes + end + i * sizeof(sum), &sum, sizeof(sum));
	}
	h->checksum = seal_of(h, bytes + end);
}

/* Of an index that is read in blocks: this one, into its place. */
static bool
block_read(const struct vuln_index *ix, size_t offset, size_t len)
{
	char *into = (char *)(uintptr_t)ix->map.ptr + offset;
	for (size_t got = 0; got < len;) {
		ssize_t n = pread(ix->fd, into + got, len - got, (off_t)(offset + got));
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Whether the bytes may be read: all their blocks are what their checksums say. Threads may check one block at the
 * same time; they come to the same answer. */
static bool
touch(const struct vuln_index *ix, uint64_t offset, uint64_t len)
{
	size_t first = (size_t)(offset - ix->body) / INDEX_BLOCK;
	size_t last = (size_t)(offset + (len ? len - 1 : 0) - ix->body) / INDEX_BLOCK;
	for (size_t i = first; i <= last; i++) {
		if (__atomic_load_n(&ix->blocks[i], __ATOMIC_RELAXED))
			continue;
		size_t end = (size_t)ix->header->sections[INDEX_SUMS].offset;
		uint64_t sum;
		memcpy(&sum, ix->map.ptr + end + i * sizeof(sum), sizeof(sum));
		struct str block = block_at(ix->map, end, i);
		bool there = !ix->in_blocks || block_read(ix, (size_t)(block.ptr - ix->map.ptr), block.len);
		if (!there || wire_checksum(block) != sum) {
			__atomic_store_n(ix->damaged, 1, __ATOMIC_RELAXED);
			return false;
		}
		__atomic_store_n(&ix->blocks[i], 1, __ATOMIC_RELAXED);
	}
	return true;
}

static bool
damaged_error(const char *name, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s is damaged; import the feeds again (mamori feed import)", name);
}

bool
index_intact(const struct vuln_index *ix, struct err *e)
{
	return !__atomic_load_n(ix->damaged, __ATOMIC_RELAXED) || damaged_error(ix->name, e);
}

static bool
sections_good(const struct index_header *h, size_t size)
{
	uint64_t end = h->sections[INDEX_SUMS].offset;
	if (h->size != size || end > size || end < BODY || end % 8 != 0)
		return false;
	for (int i = 0; i < INDEX_SUMS; i++) {
		uint64_t at = h->sections[i].offset, n = h->sections[i].count;
		if (at % 8 != 0 || at < BODY || at > end || n > (end - at) / row_sizes[i])
			return false;
	}
	uint64_t blocks = (end - BODY + INDEX_BLOCK - 1) / INDEX_BLOCK;
	return h->sections[INDEX_SUMS].count == blocks && blocks <= (size - end) / sizeof(uint64_t);
}

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
	if (!sections_good(h, bytes.len) || seal_of(h, bytes.ptr + h->sections[INDEX_SUMS].offset) != h->checksum)
		return damaged_error(name, e);
	*out = (struct vuln_index){ .map = bytes, .header = h, .name = xstrdup(name), .body = BODY };
	out->block_count = (size_t)h->sections[INDEX_SUMS].count;
	out->blocks = xcalloc(out->block_count + 1, 1);
	out->damaged = out->blocks + out->block_count;
	return true;
}

void
index_close_mem(struct vuln_index *ix)
{
	free((void *)(uintptr_t)ix->name);
	free(ix->blocks);
	*ix = (struct vuln_index){ 0 };
}

bool
vuln_index_open(const char *data, struct vuln_index **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, data, "feeds/index");
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND,
			       "no feed has been imported into %s yet, so nothing is known about vulnerabilities; "
			       "run mamori feed update, or mamori feed import FILE",
			       data);
	return vuln_index_open_file(path, out, e);
}

/* The header and the sums, which are read at once; what is wrong with them is found when they are judged. */
static bool
read_frame(const struct vuln_index *ix, size_t size)
{
	const struct index_header *h = (const void *)ix->map.ptr;
	if (!block_read(ix, 0, sizeof(*h)))
		return false;
	uint64_t sums = h->sections[INDEX_SUMS].offset, most = size / INDEX_BLOCK * sizeof(uint64_t) + 4096;
	return sums >= size || size - sums > most || block_read(ix, (size_t)sums, size - (size_t)sums);
}

bool
vuln_index_open_small(const char *data, struct vuln_index **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, data, "feeds/index");
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof(struct index_header))
		return vuln_index_open(data, out, e); /* says what is wrong */
	size_t size = (size_t)st.st_size;
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return err_sys(e, "reserving memory for the index %s", path);
	(void)madvise(map, size, MADV_NOHUGEPAGE);
	struct vuln_index probe = { .map = str_sub(map, size), .fd = fd }, *ix = xcalloc(1, sizeof(*ix));
	if (!read_frame(&probe, size) || !index_open_mem(probe.map, path, ix, e)) {
		munmap(map, size);
		free(ix);
		return e->code != ERR_NONE ? false : err_sys(e, "reading the index %s", path);
	}
	ix->mapped = ix->in_blocks = true;
	ix->fd = fd;
	fd = -1;
	*out = ix;
	return true;
}

bool
vuln_index_open_file(const char *path, struct vuln_index **out, struct err *e)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, "opening the index %s", path);
	if (st.st_size < (off_t)sizeof(struct index_header))
		return damaged_error(path, e);
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
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
	if (ix->in_blocks)
		close(ix->fd);
	index_close_mem(ix);
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
	uint64_t at = ix->header->sections[s].offset + i * size;
	return touch(ix, at, size) ? ix->map.ptr + at : NULL;
}

struct str
index_string(const struct vuln_index *ix, uint32_t at)
{
	uint64_t size = ix->header->sections[INDEX_STRINGS].count;
	uint64_t from = ix->header->sections[INDEX_STRINGS].offset + at;
	uint16_t len;
	if ((uint64_t)at + sizeof(len) > size || !touch(ix, from, sizeof(len)))
		return STR("");
	memcpy(&len, ix->map.ptr + from, sizeof(len));
	if (at + sizeof(len) + len > size || !touch(ix, from, sizeof(len) + len))
		return STR("");
	return str_sub(ix->map.ptr + from + sizeof(len), len);
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
	uint32_t hash = (uint32_t)str_hash(name, 0);
	for (uint32_t i = 0; i < s->slots; i++) {
		uint32_t at = (hash + i) & (s->slots - 1);
		const struct index_slot *slot = INDEX_ROW(ix, INDEX_SLOTS, index_slot, (uint64_t)s->slot + at);
		if (!slot || slot->package == 0)
			return NULL;
		if (slot->hash != hash)
			continue;
		const struct index_package *p = INDEX_ROW(ix, INDEX_PACKAGES, index_package, slot->package - 1);
		if (p && str_eq(index_string(ix, p->name), name))
			return p;
	}
	return NULL;
}

bool
index_package_facts(const struct vuln_index *ix, const struct index_package *p, struct index_facts *out)
{
	uint64_t at = (uint64_t)p->facts * 8, size = index_count(ix, INDEX_FACTS);
	uint64_t base = ix->header->sections[INDEX_FACTS].offset;
	const struct index_facts_head *h = (const void *)(ix->map.ptr + base + at);
	if (at > size || size - at < sizeof(*h) || !touch(ix, base + at, sizeof(*h)))
		return false;
	uint64_t len = sizeof(*h) + (uint64_t)h->versions * sizeof(struct index_version) +
		       (uint64_t)h->ranges * sizeof(struct index_range) + (uint64_t)h->runs * sizeof(struct index_run) +
		       (uint64_t)h->facts * sizeof(struct index_fact) + h->key_bytes;
	if (len > size - at || !touch(ix, base + at, len))
		return false;
	out->head = h;
	out->versions = (const void *)(h + 1);
	out->ranges = (const void *)(out->versions + h->versions);
	out->runs = (const void *)(out->ranges + h->ranges);
	out->facts = (const void *)(out->runs + h->runs);
	out->keys = (const char *)(out->facts + h->facts);
	return true;
}

/* Sorted are the vulnerabilities that an advisory names, and behind them all others. */
static uint32_t
find_cve(const struct vuln_index *ix, uint64_t key, uint64_t low, uint64_t high)
{
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_vulnerability *v = INDEX_ROW(ix, INDEX_VULNERABILITIES, index_vulnerability, middle);
		if (!v)
			return INDEX_NONE;
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
	if (cve_parse(id, &year, &number)) {
		uint64_t key = (uint64_t)year << 40 | number, advised = ix->header->advised;
		uint32_t row = find_cve(ix, key, 0, advised);
		return row != INDEX_NONE ? row : find_cve(ix, key, advised, index_count(ix, INDEX_VULNERABILITIES));
	}
	uint64_t low = 0, high = index_count(ix, INDEX_NAMES);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_name *n = INDEX_ROW(ix, INDEX_NAMES, index_name, middle);
		if (!n)
			return INDEX_NONE;
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
	*out = (struct vulnerability){ .id = STR(""),
				       .cvss = -1,
				       .epss = -1,
				       .title = STR(""),
				       .vector = STR(""),
				       .title_ja = STR(""),
				       .summary_ja = STR("") };
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
	unsigned ssvc = d->flags >> INDEX_SSVC_SHIFT;
	out->kev = d->flags & INDEX_KEV;
	out->kev_ransomware = d->flags & INDEX_KEV_RANSOMWARE;
	out->ssvc.exploitation = (enum ssvc_exploitation)(ssvc & 3);
	out->ssvc.automatable = (enum ssvc_automatable)(ssvc >> 2 & 3);
	out->ssvc.impact = (enum ssvc_impact)(ssvc >> 4 & 3);
	out->kev_added = d->kev_added;
	out->kev_due = d->kev_due;
	out->title = index_string(ix, d->title);
	out->vector = index_string(ix, d->vector);
	out->title_ja = index_string(ix, d->title_ja);
	out->summary_ja = index_string(ix, d->summary_ja);
}

struct str
vulnerability_title(const struct vulnerability *v)
{
	bool japanese = lang_current() == LANG_JA && v->title_ja.len > 0;
	return japanese || v->title.len == 0 ? v->title_ja : v->title;
}

bool
vuln_lookup(const struct vuln_index *ix, struct arena *a, struct str id, struct vulnerability *out)
{
	uint32_t row = index_find_vulnerability(ix, id);
	if (row == INDEX_NONE) {
		*out = (struct vulnerability){ .id = id,
					       .cvss = -1,
					       .epss = -1,
					       .title = STR(""),
					       .vector = STR(""),
					       .title_ja = STR(""),
					       .summary_ja = STR("") };
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
		if (!c)
			return NULL;
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
