/* Our own networks (exposure/mine.h). */
#include "exposure/mine.h"

#include "base/json.h"
#include "exposure/manifest.h"
#include "os/file.h"

#include <arpa/inet.h>

enum { FILE_MAX = 16 << 20 };

const char *
mine_origin_name(enum mine_origin o)
{
	static const char *const names[MINE_ORIGINS] = { "set", "fleet", "surface" };
	return names[o];
}

static void
mask(struct mine_network *n)
{
	for (unsigned i = n->prefix; i < 128; i++)
		n->net[i / 8] &= (unsigned char)~(0x80 >> (i % 8));
}

bool
mine_parse(struct str text, struct mine_network *out)
{
	ARENA_AUTO a = { 0 };
	struct str address = text, length = STR_NONE;
	uint64_t bits;
	struct in_addr v4;
	struct in6_addr v6;
	bool has_length = str_split(text, '/', &address, &length);
	const char *cstr = address.len < INET6_ADDRSTRLEN ? arena_cstr(&a, address) : "";

	*out = (struct mine_network){ 0 };
	bool four = inet_pton(AF_INET, cstr, &v4) == 1;
	if (four) {
		out->net[10] = out->net[11] = 0xff;
		memcpy(out->net + 12, &v4, 4);
	} else if (inet_pton(AF_INET6, cstr, &v6) == 1) {
		memcpy(out->net, &v6, 16);
	} else {
		return false;
	}
	bits = four ? 32 : 128;
	if (has_length && (!str_to_u64(length, &bits) || bits > (four ? 32 : 128)))
		return false;
	out->prefix = (unsigned)bits + (four ? 96 : 0);
	mask(out);
	return true;
}

static bool
is_four(const struct mine_network *n)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	return n->prefix >= 96 && memcmp(n->net, mapped, sizeof(mapped)) == 0;
}

void
mine_write(const struct mine_network *n, struct buf *out)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool four = is_four(n);
	unsigned prefix = four ? n->prefix - 96 : n->prefix;

	(void)inet_ntop(four ? AF_INET : AF_INET6, four ? n->net + 12 : n->net, text, sizeof(text));
	buf_addf(out, "%s", text);
	if (prefix < (four ? 32u : 128u))
		buf_addf(out, "/%u", prefix);
}

bool
mine_is_public(const struct mine_network *n)
{
	static const char *const others[] = { "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10", "127.0.0.0/8",
					      "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",  "192.168.0.0/16",
					      "198.18.0.0/15",  "224.0.0.0/3",   "::/8",          "fc00::/7",
					      "fe80::/10",      "ff00::/8" };
	struct mine_network x, low = *n;

	for (size_t i = 0; i < COUNT(others); i++) {
		if (!mine_parse(str_of(others[i]), &x) || is_four(&x) != is_four(n))
			continue;
		/* The wider of the two decides: a network that holds private addresses is none of ours on the internet. */
		low = *n;
		if (low.prefix > x.prefix)
			low.prefix = x.prefix;
		else
			x.prefix = low.prefix;
		mask(&low);
		mask(&x);
		if (memcmp(low.net, x.net, 16) == 0)
			return false;
	}
	return true;
}

/* ---- the file ---- */

const char *
mine_path(struct arena *a, const char *data)
{
	return path_join(a, data, "exposure/mine.json");
}

static int
compare_networks(const void *x, const void *y)
{
	const struct mine_network *a = x, *b = y;
	int d = memcmp(a->net, b->net, 16);

	return d ? d : (a->prefix > b->prefix) - (a->prefix < b->prefix);
}

static size_t
tidy(struct mine_network *items, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(items, count, sizeof(*items), compare_networks);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_networks(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	return kept;
}

bool
mine_load(struct arena *a, const char *data, struct mine *out, struct err *e)
{
	const char *path = mine_path(a, data);
	BUF_AUTO text = { 0 };
	struct json *tree;

	*out = (struct mine){ 0 };
	if (!file_exists(path))
		return true;
	if (!file_read(path, FILE_MAX, &text, e) || !json_parse(a, arena_str(a, buf_str(&text)), NULL, &tree, e))
		return err_wrap(e, "reading which networks are ours from %s", path);
	for (unsigned o = 0; o < MINE_ORIGINS; o++) {
		size_t n;
		const struct json *list = json_get_array(tree, mine_origin_name((enum mine_origin)o), &n);
		out->of[o].items = ARENA_ARRAY(a, struct mine_network, n + 1);
		for (size_t i = 0; i < n && i < MINE_MAX; i++)
			if (mine_parse(list[i].text, &out->of[o].items[out->of[o].count]))
				out->of[o].count++;
		out->of[o].count = tidy(out->of[o].items, out->of[o].count);
	}
	return true;
}

static bool
same(const struct mine *m, enum mine_origin o, const struct mine_network *items, size_t count)
{
	return m->of[o].count == count && (count == 0 || memcmp(m->of[o].items, items, count * sizeof(*items)) == 0);
}

bool
mine_store(const char *data, enum mine_origin o, const struct mine_network *items, size_t count, struct err *e)
{
	ARENA_AUTO a = { 0 };
	FD_AUTO lock = -1;
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct mine_network *own = ARENA_ARRAY(&a, struct mine_network, count + 1);
	struct mine m;
	const char *folder;

	if (count > MINE_MAX)
		return err_set(e, ERR_TOO_LARGE, "more than %u networks of our own are not kept", (unsigned)MINE_MAX);
	for (size_t i = 0; i < count; i++)
		own[i] = items[i];
	count = tidy(own, count);
	if (!exposure_folder(&a, data, &folder, e) || !exposure_lock(&a, folder, &lock, e) ||
	    !mine_load(&a, data, &m, e))
		return false;
	if (same(&m, o, own, count))
		return true;
	m.of[o].items = own;
	m.of[o].count = count;
	json_begin_object(&w);
	for (unsigned k = 0; k < MINE_ORIGINS; k++) {
		json_key(&w, mine_origin_name((enum mine_origin)k));
		json_begin_array(&w);
		for (size_t i = 0; i < m.of[k].count; i++) {
			BUF_AUTO text = { 0 };
			mine_write(&m.of[k].items[i], &text);
			json_str(&w, buf_str(&text));
		}
		json_end_array(&w);
	}
	json_end_object(&w);
	return file_write(mine_path(&a, data), buf_str(&out), 0644, e) ||
	       err_wrap(e, "keeping which networks are ours");
}

/* ---- in queries ---- */

static bool
asks(const struct query *q)
{
	bool yes = q->field == FIELD_MINE && q->count == 0 && q->kind != QUERY_ALL;

	for (size_t i = 0; i < q->count && !yes; i++)
		yes = asks(q->children[i]);
	return yes;
}

/* Everything is either ours or not, so that `mine:*` is all. */
static struct query *
networks(const struct mine *m, struct arena *a, const struct query *q)
{
	struct query *all = ARENA_NEW(a, struct query), *turned = ARENA_NEW(a, struct query);
	size_t n = 0;

	*all = (struct query){ .kind = q->kind == QUERY_RANGE ? QUERY_OR : QUERY_ALL,
			       .field = FIELDS,
			       .column = q->column };
	if (all->kind == QUERY_ALL)
		return all;
	for (unsigned o = 0; o < MINE_ORIGINS; o++)
		n += m->of[o].count;
	all->children = ARENA_ARRAY(a, struct query *, n + 1);
	for (unsigned o = 0; o < MINE_ORIGINS; o++) {
		for (size_t i = 0; i < m->of[o].count; i++) {
			struct query *one = ARENA_NEW(a, struct query);
			*one = (struct query){ .kind = QUERY_NET,
					       .field = FIELD_IP,
					       .prefix = m->of[o].items[i].prefix };
			memcpy(one->net, m->of[o].items[i].net, 16);
			all->children[all->count++] = one;
		}
	}
	if (q->low > 0)
		return all;
	*turned = (struct query){ .kind = QUERY_NOT, .field = FIELDS, .column = q->column, .count = 1 };
	turned->children = ARENA_ARRAY(a, struct query *, 1);
	turned->children[0] = all;
	return turned;
}

static struct query *
expand(const struct mine *m, struct arena *a, const struct query *q)
{
	struct query *copy;

	if (q->field == FIELD_MINE && q->count == 0 && q->kind != QUERY_ALL)
		return networks(m, a, q);
	copy = ARENA_NEW(a, struct query);
	*copy = *q;
	if (q->count > 0)
		copy->children = ARENA_ARRAY(a, struct query *, q->count);
	for (size_t i = 0; i < q->count; i++)
		copy->children[i] = expand(m, a, q->children[i]);
	return copy;
}

const struct query *
mine_expand(const struct mine *m, struct arena *a, const struct query *q)
{
	return asks(q) ? expand(m, a, q) : q;
}
