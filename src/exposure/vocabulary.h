/* Inside the room: the different values or words of one field while a segment is built, each with a number, and for words
 * the banners that have them. Made to be small: half a cache line for each, and a value met once costs nothing more. */
#ifndef MAMORI_EXPOSURE_VOCABULARY_H
#define MAMORI_EXPOSURE_VOCABULARY_H

#include "exposure/bits.h"
#include "exposure/words.h"

enum {
	VOCABULARY_INLINE = ASCII_WORD_MAX,
	VALUE_MAX = 1024 /* bytes of one value; longer ones are cut at a character */
};

struct entry {
	uint32_t last; /* the last banner + 1 */
	uint32_t count; /* banners */
	uint32_t head, at, end; /* slices of numbers in the pool, from the second banner on */
	/* The length of a short text and its bytes, then zeros; or 255 and its place in the strings. */
	uint8_t key[VOCABULARY_INLINE + 1];
};

struct pool { /* slices of bytes, linked; in pieces that never move */
	uint8_t **pieces;
	size_t count, cap;
	uint32_t used;
};

/* Short words of the last few banners, which are looked up together once their memory has come. */
enum { WORD_QUEUE = 64 };
struct word_queue {
	struct queued {
		uint64_t low;
		uint32_t high, hash, doc;
	} items[WORD_QUEUE];
	size_t count;
};
struct frequent;

struct vocabulary {
	uint64_t *slots; /* hash in the upper half, number + 1 in the lower */
	size_t slot_count;
	struct entry *entries;
	uint32_t count, cap;
	struct buf strings; /* long texts: u16 length, bytes */
	struct pool pool;
	struct word_queue *queue; /* NULL: no words yet */
	struct frequent *frequent; /* words that very many banners have; NULL: none yet */
};

/* The number of this text, at most VALUE_MAX bytes. */
uint32_t vocabulary_put(struct vocabulary *v, struct str text);
/* The same in steps, for several texts beside each other: each asks for the memory that the next one looks at. */
uint32_t vocabulary_hash(const struct vocabulary *v, struct str text);
void vocabulary_expect_entry(const struct vocabulary *v, uint32_t hash);
void vocabulary_expect_text(const struct vocabulary *v, uint32_t hash);
uint32_t vocabulary_put_hashed(struct vocabulary *v, struct str text, uint32_t hash);
/* The banner (by rising numbers) has this word. Words are whole only after vocabulary_flush(). */
void vocabulary_word(struct vocabulary *v, struct str text, uint32_t doc);
void vocabulary_words(struct vocabulary *v, const struct ascii_word *words, size_t count, uint32_t doc);
void vocabulary_flush(struct vocabulary *v);
struct str vocabulary_text(const struct vocabulary *v, uint32_t number);
/* The banners of a word into docs, which has room for all banners; gives how many they are. */
uint32_t vocabulary_docs(const struct vocabulary *v, uint32_t number, uint32_t *docs);
static inline void
vocabulary_expect_docs(const struct vocabulary *v, uint32_t number)
{
	__builtin_prefetch(&v->entries[number]);
}
/* Numbers in the order of value_compare(); malloc'ed. */
uint32_t *vocabulary_sorted(const struct vocabulary *v);
size_t vocabulary_memory(const struct vocabulary *v);
void vocabulary_free(struct vocabulary *v);

/* The order of dictionaries: without regard to ASCII case, then with. */
int value_compare(struct str a, struct str b);
/* Without the second. */
int value_compare_folded(struct str a, struct str b);

static inline unsigned char
ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

#endif
