/* Which paths a delegation covers (trust/tuf-document.h). */
#include "trust/tuf-document.h"

#include "trust/key.h"

/* One character against "[…]" at p; *used: its length. False also when the bracket is never closed: then it is itself. */
static bool
bracket(struct str p, char c, size_t *used, bool *closed)
{
	size_t i = 1;
	bool not = i < p.len && (p.ptr[i] == '!' || p.ptr[i] == '^'), hit = false;
	if (not )
		i++;
	size_t first = i;
	for (; i < p.len && (p.ptr[i] != ']' || i == first); i++) {
		char low = p.ptr[i], high = low;
		if (i + 2 < p.len && p.ptr[i + 1] == '-' && p.ptr[i + 2] != ']') {
			high = p.ptr[i + 2];
			i += 2;
		}
		hit = hit || ((unsigned char)c >= (unsigned char)low && (unsigned char)c <= (unsigned char)high);
	}
	*closed = i < p.len;
	*used = i + 1;
	return hit != not ;
}

/* The first piece of p (no star) against the character c. */
static bool
match_one(struct str p, char c, size_t *used)
{
	bool closed;
	*used = 1;
	if (p.ptr[0] == '?')
		return true;
	if (p.ptr[0] == '[') {
		bool hit = bracket(p, c, used, &closed);
		if (closed)
			return hit;
		*used = 1;
	}
	return p.ptr[0] == c;
}

/* No slash in either. Goes back to the last star only: linear in practice, quadratic at worst. */
static bool
match_piece(struct str p, struct str s)
{
	size_t i = 0, j = 0, star = SIZE_MAX, from = 0, used;
	while (j < s.len) {
		if (i < p.len && p.ptr[i] == '*') {
			star = i++;
			from = j;
		} else if (i < p.len && match_one(str_skip(p, i), s.ptr[j], &used)) {
			i += used;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++from;
		} else {
			return false;
		}
	}
	while (i < p.len && p.ptr[i] == '*')
		i++;
	return i == p.len;
}

bool
tuf_glob(struct str pattern, struct str path)
{
	for (;;) {
		struct str p, s, p_rest, s_rest;
		bool p_more = str_split(pattern, '/', &p, &p_rest), s_more = str_split(path, '/', &s, &s_rest);
		if (p_more != s_more || !match_piece(p, s))
			return false;
		if (!p_more)
			return true;
		pattern = p_rest;
		path = s_rest;
	}
}

bool
tuf_delegation_covers(const struct tuf_delegation *d, struct str path)
{
	char hex[SHA256_HEX_LEN];
	if (d->by_hash)
		sha256_hex(path, hex);
	for (size_t i = 0; i < d->pattern_count; i++)
		if (d->by_hash ? str_starts(str_of(hex), d->patterns[i]) : tuf_glob(d->patterns[i], path))
			return true;
	return false;
}
