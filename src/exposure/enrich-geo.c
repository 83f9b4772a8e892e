#include "exposure/enrich-geo.h"

#include "os/file.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>

enum { FILES = 8, FILES_MAX = 1000 };

struct geo {
	MMDB_s files[FILES];
	size_t count;
};

static bool
file_add(struct geo *g, const char *path, struct err *e)
{
	int status = MMDB_open(path, MMDB_MODE_MMAP, &g->files[g->count]);
	if (status != MMDB_SUCCESS)
		return err_set(e, ERR_INPUT, "opening %s: %s; fetch it again", path, MMDB_strerror(status));
	g->count++;
	return true;
}

bool
geo_open_file(const char *path, struct geo **out, struct err *e)
{
	struct geo *g = xcalloc(1, sizeof(*g));
	*out = NULL;
	if (!file_add(g, path, e)) {
		geo_close(g);
		return false;
	}
	*out = g;
	return true;
}

bool
geo_open(const char *folder, struct geo **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;
	struct geo *g = NULL;

	*out = NULL;
	if (!dir_list(&a, folder, FILES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *path = path_join(&a, folder, arena_cstr(&a, names[i]));
		if (!str_ends(names[i], STR(".mmdb")) || (g && g->count == FILES))
			continue;
		if (!g)
			g = xcalloc(1, sizeof(*g));
		if (!file_add(g, path, e)) {
			geo_close(g);
			return false;
		}
	}
	*out = g;
	return true;
}

void
geo_close(struct geo *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->count; i++)
		MMDB_close(&g->files[i]);
	free(g);
}

static struct str
entry_text(MMDB_entry_s *entry, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return STR_NONE;
	return str_sub(data.utf8_string, data.data_size);
}

static uint32_t
entry_number(MMDB_entry_s *entry, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UINT32)
		return 0;
	return data.uint32;
}

void
geo_find(const struct geo *g, const unsigned char ip[16], struct arena *a, struct str *country, struct str *asn)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	bool is_v4 = memcmp(ip, mapped, 12) == 0;

	memcpy(&v4.sin_addr, ip + 12, 4);
	memcpy(&v6.sin6_addr, ip, 16);
	for (size_t i = 0; i < g->count; i++) {
		int status;
		MMDB_lookup_result_s found = MMDB_lookup_sockaddr(
			&g->files[i], is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, &status);
		if (status != MMDB_SUCCESS || !found.found_entry)
			continue;
		if (country->len == 0)
			*country = entry_text(&found.entry, (const char *const[]){ "country_code", NULL });
		if (country->len == 0)
			*country = entry_text(&found.entry, (const char *const[]){ "country", "iso_code", NULL });
		uint32_t number = entry_number(&found.entry, (const char *const[]){ "autonomous_system_number", NULL });
		if (asn->len == 0 && number > 0)
			*asn = arena_printf(a, "AS%u", number);
	}
}

/* ---- all of it ---- */

struct geo_walk {
	MMDB_s *file;
	geo_network_fn *each;
	void *user;
	unsigned char ip[16];
	bool v4; /* the tree begins with the bits of an IPv4 address */
};

static bool walk_node(struct geo_walk *w, uint32_t node, unsigned depth);

/* The same networks are reached over 6to4 and other ways through the tree; those of IPv4 count where they stand. */
static bool
is_other_way(const struct geo_walk *w, uint64_t node, unsigned depth)
{
	static const unsigned char zeros[12] = { 0 };
	return !w->v4 && node == w->file->ipv4_start_node.node_value && depth > 0 &&
	       !(depth == w->file->ipv4_start_node.netmask && memcmp(w->ip, zeros, sizeof(zeros)) == 0);
}

static void
leaf(struct geo_walk *w, MMDB_entry_s *entry, unsigned depth)
{
	static const unsigned char zeros[12] = { 0 };
	unsigned char ip[16] = { [10] = 0xff, [11] = 0xff };
	unsigned bits = depth;
	uint32_t as = entry_number(entry, (const char *const[]){ "autonomous_system_number", NULL });
	if (!as)
		return;
	if (w->v4) {
		memcpy(ip + 12, w->ip, 4);
		bits += 96;
	} else if (depth > 96 && memcmp(w->ip, zeros, sizeof(zeros)) == 0) {
		memcpy(ip + 12, w->ip + 12, 4);
	} else {
		memcpy(ip, w->ip, sizeof(ip));
	}
	w->each(w->user, ip, bits, as);
}

static bool
walk_record(struct geo_walk *w, uint8_t type, uint64_t value, MMDB_entry_s *entry, unsigned depth)
{
	if (type == MMDB_RECORD_TYPE_SEARCH_NODE)
		return is_other_way(w, value, depth) || walk_node(w, (uint32_t)value, depth);
	if (type == MMDB_RECORD_TYPE_DATA)
		leaf(w, entry, depth);
	return type != MMDB_RECORD_TYPE_INVALID;
}

static bool
walk_node(struct geo_walk *w, uint32_t node, unsigned depth)
{
	MMDB_search_node_s n;
	unsigned char mask = (unsigned char)(0x80 >> (depth % 8));
	if (depth >= (w->v4 ? 32u : 128u) || MMDB_read_node(w->file, node, &n) != MMDB_SUCCESS)
		return false;
	if (!walk_record(w, n.left_record_type, n.left_record, &n.left_record_entry, depth + 1))
		return false;
	w->ip[depth / 8] |= mask;
	bool ok = walk_record(w, n.right_record_type, n.right_record, &n.right_record_entry, depth + 1);
	w->ip[depth / 8] &= (unsigned char)~mask;
	return ok;
}

bool
geo_each_network(const struct geo *g, geo_network_fn *each, void *user, struct err *e)
{
	for (size_t i = 0; i < g->count; i++) {
		struct geo_walk w = { .file = (MMDB_s *)(uintptr_t)&g->files[i], .each = each, .user = user };
		w.v4 = w.file->metadata.ip_version == 4;
		if (!walk_node(&w, 0, 0))
			return err_set(e, ERR_INPUT,
				       "%s is damaged: its tree of networks ends in the middle; fetch it again",
				       w.file->filename);
	}
	return true;
}
