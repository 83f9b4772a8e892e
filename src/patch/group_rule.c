#include "patch/group_rule.h"

#include "base/buf.h"
#include "store/host.h"

#include <arpa/inet.h>

enum { ENTRIES_MAX = 200, ENTRY_MAX = 200 };

/* ---- networks ---- */

struct network {
	int family;
	unsigned char bytes[16];
	unsigned bits;
};

static bool
network_parse(struct str text, struct network *out)
{
	struct str address = text, bits = STR_NONE;
	char cstr[64];
	uint64_t n;
	(void)!str_split(text, '/', &address, &bits);
	if (!address.len || address.len >= sizeof(cstr))
		return false;
	memcpy(cstr, address.ptr, address.len);
	cstr[address.len] = '\0';
	*out = (struct network){ .family = memchr(cstr, ':', address.len) ? AF_INET6 : AF_INET };
	unsigned max = out->family == AF_INET6 ? 128 : 32;
	if (inet_pton(out->family, cstr, out->bytes) != 1)
		return false;
	out->bits = max;
	if (!bits.len)
		return true;
	out->bits = str_to_u64(bits, &n) && n <= max ? (unsigned)n : max + 1;
	return out->bits <= max;
}

static bool
network_holds(const struct network *n, const struct network *address)
{
	if (n->family != address->family)
		return false;
	for (unsigned i = 0; i < n->bits; i++)
		if ((n->bytes[i / 8] ^ address->bytes[i / 8]) & (0x80 >> (i % 8)))
			return false;
	return true;
}

/* ---- one rule ---- */

/* Stars stand for anything; letters of either case. After a mismatch only the last star takes one byte more. */
static bool
pattern_fits(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, taken = 0;
	while (i < s.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			taken = i;
		} else if (p < pattern.len && str_eq_nocase(str_sub(pattern.ptr + p, 1), str_sub(s.ptr + i, 1))) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

static bool
os_fits(struct str wanted, const struct host_facts *h)
{
	bool windows = str_starts(h->os, STR("windows"));
	if (str_eq(wanted, STR("windows")))
		return windows;
	if (str_eq(wanted, STR("linux")))
		return h->os.len && !windows;
	return str_eq(h->os, wanted) ||
	       (str_starts(h->os, wanted) && h->os.len > wanted.len && h->os.ptr[wanted.len] == ':');
}

static bool
name_fits(struct str wanted, const struct host_facts *h)
{
	return pattern_fits(wanted, h->name);
}

static bool
tag_fits(struct str wanted, const struct host_facts *h)
{
	for (size_t i = 0; i < h->tag_count; i++)
		if (str_eq(h->tags[i], wanted))
			return true;
	return false;
}

/* addresses is a JSON array that this server wrote. */
static bool
network_fits(struct str wanted, const struct host_facts *h)
{
	struct network n, address;
	struct str rest = h->addresses, piece;
	if (!network_parse(wanted, &n))
		return false;
	while (str_cut(&rest, '"', &piece))
		if (network_parse(piece, &address) && network_holds(&n, &address))
			return true;
	return false;
}

static const struct {
	const char *key;
	bool (*fits)(struct str wanted, const struct host_facts *h);
} conditions[] = {
	{ "os", os_fits },
	{ "names", name_fits },
	{ "tags", tag_fits },
	{ "networks", network_fits },
};

static bool
entry_check(size_t condition, const struct json *entry, struct err *e)
{
	struct network n;
	const char *key = conditions[condition].key;
	struct str text = entry->kind == JSON_KIND_STRING ? entry->text : STR_NONE;
	if (!text.len || text.len > ENTRY_MAX)
		return err_set(e, ERR_USAGE, "an entry of %s is empty or longer than %d bytes", key, ENTRY_MAX);
	if (conditions[condition].fits == network_fits && !network_parse(text, &n))
		return err_set(e, ERR_USAGE, "%.*s is no network; write it like 10.3.0.0/16", STR_ARG(text));
	return true;
}

bool
group_rule_check(struct arena *a, const struct json *rule, struct str *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	size_t known = 0;
	json_begin_object(&w);
	for (size_t c = 0; c < COUNT(conditions); c++) {
		size_t count;
		const struct json *entries = json_get_array(rule, conditions[c].key, &count);
		if (!entries || !count)
			continue;
		if (count > ENTRIES_MAX)
			return err_set(e, ERR_TOO_LARGE, "a rule has at most %d entries of %s", ENTRIES_MAX,
				       conditions[c].key);
		known++;
		json_key(&w, conditions[c].key);
		json_begin_array(&w);
		for (size_t i = 0; i < count; i++) {
			if (!entry_check(c, &entries[i], e))
				return false;
			json_str(&w, entries[i].text);
		}
		json_end_array(&w);
	}
	json_end_object(&w);
	if (!known || known != rule->count)
		return err_set(e, ERR_USAGE,
			       "a group's rule has lists named os, names, tags and networks, and at least "
			       "one of them");
	*out = arena_str(a, buf_str(&text));
	return true;
}

bool
group_rule_fits(struct arena *a, struct str rule, const struct host_facts *h)
{
	struct json *j;
	struct err ignored = { 0 };
	if (!json_parse(a, rule, NULL, &j, &ignored))
		return false;
	for (size_t c = 0; c < COUNT(conditions); c++) {
		size_t count;
		const struct json *entries = json_get_array(j, conditions[c].key, &count);
		bool fits = !count;
		for (size_t i = 0; i < count && !fits; i++)
			fits = conditions[c].fits(entries[i].text, h);
		if (!fits)
			return false;
	}
	return true;
}

/* ---- membership ---- */

static bool
member_set(struct store *st, struct arena *a, const struct fleet_group *g, const struct host_facts *h, struct err *e)
{
	bool is = false, fits = h->active && group_rule_fits(a, g->rule, h);
	for (size_t i = 0; i < h->group_count; i++)
		is |= str_eq(h->groups[i], g->name);
	if (fits && !is)
		return fleet_member_add(st, g->name, h->id, true, e);
	return fits || !is || fleet_member_remove(st, g->name, h->id, true, e);
}

bool
group_rules_host(struct store *st, struct arena *a, struct str host, struct err *e)
{
	struct fleet_group *groups;
	struct host_facts h;
	size_t count;
	if (!fleet_group_list(st, a, &groups, &count, e))
		return false;
	if (!count)
		return true;
	if (!host_facts_get(st, a, host, &h, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (groups[i].rule.ptr && !member_set(st, a, &groups[i], &h, e))
			return false;
	return true;
}

bool
group_rules_group(struct store *st, struct arena *a, struct str group, struct err *e)
{
	struct fleet_group g;
	struct str *hosts;
	size_t count;
	if (!fleet_group_get(st, a, group, &g, e) || !host_ids(st, a, HOST_ACTIVE, &hosts, &count, e))
		return false;
	for (size_t i = 0; g.rule.ptr && i < count; i++) {
		ARENA_AUTO one = { 0 };
		struct host_facts h;
		if (!host_facts_get(st, &one, hosts[i], &h, e) || !member_set(st, &one, &g, &h, e))
			return false;
	}
	return true;
}
