/* Names by word list below zones that answer for any name, each in its own way: what somebody made is found, nothing else is. */
#include "surface/discover.h"

#include "ask_peers.h"

#include <stdio.h>

#define DOMAIN "unit-seiki.co.jp"
enum { WORDS = 600, POOL = 24 };

static const char by_hand[] = "\300\0\2\1", stable[] = "\306\63\144\310";

/* Names that somebody made: the others are a wildcard's. */
static bool
is_made(struct str name)
{
	return str_eq(name, STR("www." DOMAIN)) || str_eq(name, STR("admin." DOMAIN)) || str_eq(name, STR(DOMAIN));
}

static bool
is_below(struct str name)
{
	return str_ends(name, STR("." DOMAIN));
}

static const char *
of_pool(struct peer *p, unsigned n, const char *net)
{
	static char pool[64][4];
	(void)p;
	char *a = pool[n % POOL];
	memcpy(a, net, 3);
	a[3] = (char)(1 + n % POOL);
	return a;
}

static const char *
plain(struct peer *p, struct str name)
{
	(void)p;
	return is_made(name) ? by_hand : is_below(name) ? stable : NULL;
}

static const char *
rotating(struct peer *p, struct str name)
{
	return is_made(name) ? by_hand : is_below(name) ? of_pool(p, p->asked, stable) : NULL;
}

static const char *
echoing(struct peer *p, struct str name)
{
	return is_made(name)    ? by_hand
	       : is_below(name) ? of_pool(p, (unsigned)(str_hash(name, 7) >> 16), stable)
				: NULL;
}

/* Each name has an address of its own. */
static const char *
echoing_widely(struct peer *p, struct str name)
{
	static char address[4];
	uint64_t hash = str_hash(name, 7);
	(void)p;
	if (is_made(name))
		return by_hand;
	address[0] = 10;
	memcpy(address + 1, &hash, 3);
	return is_below(name) ? address : NULL;
}

/* Answers for short labels of letters, and for none as a prober would make them up. */
static const char *
selective(struct peer *p, struct str name)
{
	struct str label = str_head(name, (size_t)str_find_char(name, '.'));
	(void)p;
	if (is_made(name))
		return by_hand;
	return is_below(name) && str_starts(label, STR("w1")) ? stable : NULL;
}

/* Answers for what looks like a word, and the same for each. */
static const char *
choosing_words(struct peer *p, struct str name)
{
	struct str label = str_head(name, (size_t)str_find_char(name, '.'));
	(void)p;
	if (is_made(name))
		return by_hand;
	return is_below(name) && label.len < 8 ? stable : NULL;
}

/* The same, but only for words that it knows. */
static const char *
knowing_words(struct peer *p, struct str name)
{
	struct str label = str_head(name, (size_t)str_find_char(name, '.'));
	(void)p;
	if (is_made(name))
		return by_hand;
	return is_below(name) && label.len < 5 && str_starts(label, STR("w")) ? stable : NULL;
}

static const char *
none(struct peer *p, struct str name)
{
	(void)p;
	return is_made(name) ? by_hand : NULL;
}

/* The hosts of ours, one behind the other. */
static void
run(struct peer *dns, struct buf *hosts, struct discovery *d)
{
	static char text[WORDS][16];
	static struct str words[WORDS];
	struct peer *const peers[] = { dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	struct trial t;
	struct err e = { 0 };
	for (unsigned i = 0; i < WORDS; i++) {
		snprintf(text[i], sizeof(text[i]), "w%u", i);
		words[i] = str_of(text[i]);
	}
	words[3] = STR("www");
	words[500] = STR("admin");
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS;
	struct discover_options o = {
		.ask = t.o, .seeds = &seed, .seed_count = 1, .words = words, .word_count = WORDS
	};
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < d->graph.count; i++) {
		const struct node *n = d->graph.nodes[i];
		if (n->is == THING_NAME && n->own == OWN_APPROVED && graph_has(&d->graph, n, FACT_ADDRESS))
			buf_addf(hosts, "%.*s ", STR_ARG(n->name));
	}
	trial_end(&t);
}

static void
finds(const char *(*made)(struct peer *p, struct str name), const char *wanted)
{
	struct peer dns = { .made = made };
	struct discovery d;
	BUF_AUTO hosts = { 0 };
	peer_start(&dns);
	run(&dns, &hosts, &d);
	assert_string_equal(buf_cstr(&hosts), wanted);
	assert_true(d.guessed >= WORDS);
	discovery_free(&d);
	peer_stop(&dns);
}

static void
words_find_what_is_there(void **state)
{
	(void)state;
	finds(none, "www." DOMAIN " admin." DOMAIN " ");
}

static void
what_was_made_beside_a_wildcard_is_found(void **state)
{
	(void)state;
	finds(plain, "www." DOMAIN " admin." DOMAIN " ");
}

static void
pain_7_a_wildcard_that_goes_round_is_seen_whole(void **state)
{
	(void)state;
	finds(rotating, "www." DOMAIN " admin." DOMAIN " ");
}

static void
pain_8_a_wildcard_that_echoes_is_seen(void **state)
{
	(void)state;
	finds(echoing, "www." DOMAIN " admin." DOMAIN " ");
}

/* What nobody can tell from the wildcard's is left to other sources. */
static void
pain_8_a_wildcard_that_echoes_widely_makes_nothing_up(void **state)
{
	(void)state;
	finds(echoing_widely, "");
}

static void
pain_8_a_wildcard_that_chooses_is_seen(void **state)
{
	(void)state;
	finds(selective, "www." DOMAIN " admin." DOMAIN " ");
}

static void
pain_8_a_wildcard_that_takes_words_alone_is_seen(void **state)
{
	(void)state;
	finds(choosing_words, "www." DOMAIN " admin." DOMAIN " ");
	finds(knowing_words, "www." DOMAIN " admin." DOMAIN " ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_find_what_is_there),
		cmocka_unit_test(what_was_made_beside_a_wildcard_is_found),
		cmocka_unit_test(pain_7_a_wildcard_that_goes_round_is_seen_whole),
		cmocka_unit_test(pain_8_a_wildcard_that_echoes_is_seen),
		cmocka_unit_test(pain_8_a_wildcard_that_echoes_widely_makes_nothing_up),
		cmocka_unit_test(pain_8_a_wildcard_that_chooses_is_seen),
		cmocka_unit_test(pain_8_a_wildcard_that_takes_words_alone_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
