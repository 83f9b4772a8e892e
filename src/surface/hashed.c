/* Zones that answer with hashes (NSEC3, RFC 5155). Each record says that a name with this hash is there, that one with the next is,
 * and none between. A few random names bring some of them; then words that are guessed need no question where their hash lies
 * between two, and no proof where it is one of them. */
#include "surface/discover-internal.h"

#include "net/dns.h"
#include "surface/hashed.h"

#include <openssl/evp.h>

enum {
	HASH = 20, /* SHA-1, the only algorithm there is */
	ITERATIONS_MAX = 100, /* RFC 9276, 3.2: more are not worth anybody's time */
	PROBES = 12,
	OPT_OUT = 1,
};

struct hashed {
	struct tag tag;
	struct hashes hashes;
};

bool
hashed_name(const struct dns_name *name, struct str salt, unsigned iterations, unsigned char out[20])
{
	unsigned char text[DNS_NAME_MAX + 255];
	size_t len = name->len;
	unsigned int n;
	if (salt.len > 255 || iterations > ITERATIONS_MAX || len > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = name->wire[i];
		text[i] = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
	}
	for (unsigned i = 0; i <= iterations; i++) {
		if (salt.len)
			memcpy(text + len, salt.ptr, salt.len);
		if (EVP_Digest(text, len + salt.len, out, &n, EVP_sha1(), NULL) != 1 || n != HASH)
			return false;
		memcpy(text, out, HASH);
		len = HASH;
	}
	return true;
}

/* RFC 4648, 7, of 32 letters. */
static bool
label_read(const struct dns_name *owner, unsigned char out[HASH])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint64_t bits = 0;
	size_t n = 0, have = 0;
	if (owner->len < 34 || owner->wire[0] != 32)
		return false;
	for (size_t i = 1; i <= 32; i++) {
		char c = (char)owner->wire[i];
		const char *digit = memchr(digits, c >= 'A' && c <= 'Z' ? c + 32 : c, sizeof(digits) - 1);
		if (!digit)
			return false;
		bits = bits << 5 | (uint64_t)(digit - digits);
		for (have += 5; have >= 8; have -= 8)
			out[n++] = (unsigned char)(bits >> (have - 8));
	}
	return n == HASH;
}

static void
range_add(struct arena *a, struct hashes *h, const unsigned char from[HASH], const struct dns_nsec3 *n)
{
	struct hashes_range one = { .opt_out = n->flags & OPT_OUT };
	if (n->next.len != HASH || h->ranges.count >= HASHES_MAX)
		return;
	for (size_t i = 0; i < h->ranges.count; i++)
		if (memcmp(h->ranges.items[i].from, from, HASH) == 0)
			return;
	memcpy(one.from, from, HASH);
	memcpy(one.to, n->next.ptr, HASH);
	*ARRAY_PUSH(a, &h->ranges) = one;
}

void
hashes_take(struct arena *a, struct hashes *h, struct str message)
{
	struct dns_message m;
	struct dns_record record;
	if (dns_message_read(message.ptr, message.len, &m) != DNS_FINE)
		return;
	struct dns_reader all = { .message = &m };
	while (dns_record_next(&all, &record)) {
		struct dns_data d;
		struct dns_name parent;
		unsigned char from[HASH];
		if (record.section != DNS_AUTHORITY || record.class != DNS_IN || record.type != DNS_NSEC3 ||
		    dns_data_read(&record, &d) != DNS_FINE || !label_read(&record.owner, from))
			continue;
		dns_name_parent(&record.owner, 1, &parent);
		if (!dns_name_eq(&parent, &h->apex) || d.nsec3.algorithm != 1 || d.nsec3.iterations > ITERATIONS_MAX)
			continue;
		if (!h->ranges.count) {
			h->salt = arena_str(a, d.nsec3.salt);
			h->iterations = d.nsec3.iterations;
		}
		if (d.nsec3.iterations == h->iterations && str_eq(d.nsec3.salt, h->salt))
			range_add(a, h, from, &d.nsec3);
	}
}

static void
probe(struct run *r, struct hashed *h, struct str domain, unsigned n)
{
	BUF_AUTO what = { 0 };
	char label[SHA256_HEX_LEN];
	guess_random_label(domain, n, STR("hashed"), label);
	buf_addf(&what, "NSEC %s.%.*s", label, STR_ARG(domain));
	run_put(r, SERVICE_DNS, buf_str(&what), &h->tag);
}

void
hashed_begin(struct run *r, struct str domain, struct str body)
{
	struct hashed *h = ARENA_NEW(&r->arena, struct hashed);
	*h = (struct hashed){ .tag = { .kind = TAG_HASHED, .run = r, .hashed = h } };
	if (table_has(&r->hashed, domain) || !dns_name_parse(domain, &h->hashes.apex, NULL))
		return;
	hashes_take(&r->arena, &h->hashes, body);
	if (!h->hashes.ranges.count)
		return;
	*table_put(&r->hashed, arena_str(&r->arena, domain), NULL) = h;
	for (unsigned i = 0; i < PROBES; i++)
		probe(r, h, domain, i);
}

void
hashed_answer(struct run *r, struct tag *tag, const struct answer *a)
{
	if (a->kind == ANSWER_DATA)
		hashes_take(&r->arena, &tag->hashed->hashes, a->body);
}

static bool
lies_between(const struct hashes_range *r, const unsigned char hash[HASH])
{
	int from = memcmp(r->from, hash, HASH), to = memcmp(hash, r->to, HASH);
	/* The last one leads back to the first. */
	return memcmp(r->from, r->to, HASH) < 0 ? from < 0 && to < 0 : from < 0 || to < 0;
}

enum hashed_word
hashed_says(const struct run *r, struct str domain, struct str name)
{
	const struct hashed *h = table_get(&r->hashed, domain);
	return h ? hashes_say(&h->hashes, name) : HASHED_UNKNOWN;
}

enum hashed_word
hashes_say(const struct hashes *h, struct str name)
{
	unsigned char hash[HASH];
	struct dns_name wire;
	bool absent = false;
	if (!dns_name_parse(name, &wire, NULL) || !hashed_name(&wire, h->salt, h->iterations, hash))
		return HASHED_UNKNOWN;
	for (size_t i = 0; i < h->ranges.count; i++) {
		const struct hashes_range *one = &h->ranges.items[i];
		if (memcmp(one->from, hash, HASH) == 0 || memcmp(one->to, hash, HASH) == 0)
			return HASHED_THERE;
		absent |= !one->opt_out && lies_between(one, hash);
	}
	return absent ? HASHED_ABSENT : HASHED_UNKNOWN;
}
