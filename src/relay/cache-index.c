/* The cache's tables in memory: objects by digest and by use, URLs by name. */
#include "relay/cache-internal.h"

#include "base/codec.h"

#include <string.h>

static uint64_t
sha_hash(const unsigned char *sha256)
{
	uint64_t h;
	memcpy(&h, sha256, sizeof(h));
	return h;
}

static void
objects_grow(struct cache *c)
{
	size_t slots = c->object_slots ? c->object_slots * 2 : 64;
	struct object **table = xcalloc(slots, sizeof(struct object *));
	for (size_t i = 0; i < c->object_slots; i++)
		for (struct object *o = c->objects[i], *next; o; o = next) {
			next = o->chain;
			size_t at = sha_hash(o->sha256) & (slots - 1);
			o->chain = table[at];
			table[at] = o;
		}
	free(c->objects);
	c->objects = table;
	c->object_slots = slots;
}

struct object *
index_object(struct cache *c, const unsigned char *sha256)
{
	if (c->object_slots == 0)
		return NULL;
	struct object *o = c->objects[sha_hash(sha256) & (c->object_slots - 1)];
	while (o && memcmp(o->sha256, sha256, SHA256_LEN) != 0)
		o = o->chain;
	return o;
}

static void
list_cut(struct cache *c, struct object *o)
{
	*(o->newer ? &o->newer->older : &c->newest) = o->older;
	*(o->older ? &o->older->newer : &c->oldest) = o->newer;
	o->newer = o->older = NULL;
}

static void
list_put(struct cache *c, struct object *o)
{
	o->newer = NULL;
	o->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = o;
	c->newest = o;
}

static int
by_use(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
	return (x->used > y->used) - (x->used < y->used);
}

void
index_sort(struct cache *c, int64_t now)
{
	size_t n = 0;
	struct object **all = xcalloc(c->object_count + 1, sizeof(struct object *));
	for (struct object *o = c->newest; o; o = o->older) {
		/* A clock that once ran ahead must not keep an object for ever. */
		o->used = o->used < now ? o->used : now;
		all[n++] = o;
	}
	qsort(all, n, sizeof(struct object *), by_use);
	c->newest = c->oldest = NULL;
	for (size_t i = 0; i < n; i++)
		list_put(c, all[i]);
	free(all);
}

struct object *
index_object_add(struct cache *c, const unsigned char *sha256, uint64_t size, int64_t used)
{
	struct object *o = index_object(c, sha256);
	if (o)
		return o;
	if (c->object_count >= c->object_slots)
		objects_grow(c);
	o = xcalloc(1, sizeof(*o));
	memcpy(o->sha256, sha256, SHA256_LEN);
	o->size = size;
	o->used = o->touched = used;
	size_t at = sha_hash(sha256) & (c->object_slots - 1);
	o->chain = c->objects[at];
	c->objects[at] = o;
	c->object_count++;
	c->bytes += size;
	list_put(c, o);
	return o;
}

void
index_object_close(struct cache *c, struct object *o)
{
	if (!o->open)
		return;
	blob_unref(o->open);
	o->open = NULL;
	c->open_count--;
}

void
index_object_remove(struct cache *c, struct object *o)
{
	struct object **link = &c->objects[sha_hash(o->sha256) & (c->object_slots - 1)];
	while (*link != o)
		link = &(*link)->chain;
	*link = o->chain;
	list_cut(c, o);
	index_object_close(c, o);
	c->object_count--;
	c->bytes -= o->size;
	free(o);
}

void
index_object_use(struct cache *c, struct object *o, int64_t now)
{
	/* A clock that went back must not make what is in use look old. */
	int64_t newest = c->newest ? c->newest->used : now;
	o->used = now > newest ? now : newest;
	if (c->newest == o)
		return;
	list_cut(c, o);
	list_put(c, o);
}

/* ---- URLs ---- */

static void
urls_grow(struct cache *c)
{
	size_t slots = c->url_slots ? c->url_slots * 2 : 64;
	struct known_url **table = xcalloc(slots, sizeof(struct known_url *));
	for (size_t i = 0; i < c->url_slots; i++)
		for (struct known_url *u = c->urls[i], *next; u; u = next) {
			next = u->chain;
			u->chain = table[u->hash & (slots - 1)];
			table[u->hash & (slots - 1)] = u;
		}
	free(c->urls);
	c->urls = table;
	c->url_slots = slots;
}

static struct known_url **
url_link(struct cache *c, struct str url, uint64_t hash)
{
	struct known_url **link = &c->urls[hash & (c->url_slots - 1)];
	while (*link && ((*link)->hash != hash || !str_eq(str_sub((*link)->text, (*link)->url_len), url)))
		link = &(*link)->chain;
	return link;
}

struct known_url *
index_url(struct cache *c, struct str url)
{
	return c->url_slots ? *url_link(c, url, str_hash(url, 0)) : NULL;
}

static unsigned short
text_put(char *text, size_t *at, struct str s)
{
	size_t here = *at;
	memcpy(text + here, s.ptr, s.len);
	text[here + s.len] = '\0';
	*at += s.len + 1;
	return (unsigned short)here;
}

void
index_url_put(struct cache *c, struct str url, const struct cache_entry *entry)
{
	struct str etag = str_of(entry->etag), modified = str_of(entry->last_modified), type = str_of(entry->type);
	BUF_AUTO sha256 = { 0 };
	if (url.len > 16384 || !hex_decode(&sha256, str_of(entry->sha256)) || sha256.len != SHA256_LEN)
		return;
	if (c->url_count >= c->url_slots)
		urls_grow(c);
	struct known_url *u = xcalloc(1, sizeof(*u) + url.len + etag.len + modified.len + type.len + 4);
	size_t at = 0;
	u->hash = str_hash(url, 0);
	memcpy(u->sha256, sha256.ptr, SHA256_LEN);
	u->size = entry->size;
	u->checked = entry->checked;
	u->fresh_until = entry->fresh_until;
	u->verified = entry->verified;
	u->url_len = (unsigned short)url.len;
	text_put(u->text, &at, url);
	u->etag_at = text_put(u->text, &at, etag);
	u->modified_at = text_put(u->text, &at, modified);
	u->type_at = text_put(u->text, &at, type);
	struct known_url **link = url_link(c, url, u->hash), *old = *link;
	if (old) {
		u->chain = old->chain;
		free(old);
	} else {
		c->url_count++;
	}
	*link = u;
}

void
index_url_remove(struct cache *c, struct str url)
{
	if (c->url_slots == 0)
		return;
	struct known_url **link = url_link(c, url, str_hash(url, 0)), *u = *link;
	if (!u)
		return;
	*link = u->chain;
	c->url_count--;
	free(u);
}

void
index_url_sweep(struct cache *c)
{
	for (size_t i = 0; i < c->url_slots; i++)
		for (struct known_url **link = &c->urls[i]; *link;) {
			struct known_url *u = *link;
			if (index_object(c, u->sha256)) {
				link = &u->chain;
				continue;
			}
			*link = u->chain;
			c->url_count--;
			free(u);
		}
}

static void
field_put(char *into, size_t size, const char *text)
{
	size_t len = strlen(text);
	len = len < size ? len : size - 1;
	memcpy(into, text, len);
	into[len] = '\0';
}

void
index_entry(const struct known_url *u, struct cache_entry *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < SHA256_LEN; i++) {
		out->sha256[2 * i] = digits[u->sha256[i] >> 4];
		out->sha256[2 * i + 1] = digits[u->sha256[i] & 15];
	}
	out->sha256[SHA256_HEX_LEN - 1] = '\0';
	out->size = u->size;
	out->verified = u->verified;
	out->checked = u->checked;
	out->fresh_until = u->fresh_until;
	field_put(out->etag, sizeof(out->etag), u->text + u->etag_at);
	field_put(out->last_modified, sizeof(out->last_modified), u->text + u->modified_at);
	field_put(out->type, sizeof(out->type), u->text + u->type_at);
}

void
index_free(struct cache *c)
{
	while (c->newest)
		index_object_remove(c, c->newest); // NOLINT(clang-analyzer-unix.Malloc): it unlinks itself first
	for (size_t i = 0; i < c->url_slots; i++)
		for (struct known_url *u = c->urls[i], *next; u; u = next) {
			next = u->chain;
			free(u);
		}
	free(c->objects);
	free(c->urls);
}
