/* Names by word list, and the wildcards that answer for any name.
 *
 * Random labels are asked for first, long ones and one as short as a word, more of them while they bring new answers (round robin). A guess that got nothing but
 * what those got is the wildcard's. What got something else is asked for once more with a random end behind the same word:
 * no answer to that, or just the wildcard's one, says that somebody made the name. Another answer means a wildcard that picks
 * its names (www*) or answers differently: then only an answer that hardly any other word got is believed. */
#include "surface/discover-internal.h"
#include "surface/read.h"

enum {
	PROBES = 3,
	PROBES_MAX = 24,
	LABEL_HEX = 14,
	LABEL_SHORT = 6, /* letters alone: some wildcards answer for nothing else */
	COMMON = 16, /* words with one answer, and a third of all: no wildcard was seen, but it is one */
	RARE = 4, /* words that may get the same answer, where a wildcard's answers vary */
	ANSWERS_TOLD = 4, /* of a wildcard */
	SAMPLES_EACH = 20, /* so often each answer must have come, on the average, to tell rare ones */
};

enum zone_state { ZONE_PROBING, ZONE_GUESSING, ZONE_DONE };

/* What came for the same word with a random end. */
enum confirmed { CONFIRMED_NOTHING, CONFIRMED_WILDCARD, CONFIRMED_SILENCE, CONFIRMED_HASH /* the zone lists it */ };

struct find {
	uint32_t word;
	enum confirmed confirmed;
	struct str body, from;
	int64_t at;
};

struct zone {
	struct zone *next;
	struct str domain; /* or a name below it that has names below itself */
	size_t words; /* that are guessed: the first ones of the list */
	enum zone_state state;
	unsigned probes, fresh; /* fresh: of the last ones, how many brought something new */
	struct table wildcard; /* what random labels are answered with */
	bool any, varies; /* something; and not always the same */
	struct table told; /* what guesses are answered with, and how many */
	size_t answered; /* guesses */
	ARRAY_OF(struct find) finds; /* answered otherwise: to be confirmed */
	struct tag *tags;
};

/* The same labels in each run, so that what was stored is found again. */
void
guess_random_label(struct str domain, unsigned n, struct str word, char out[SHA256_HEX_LEN])
{
	BUF_AUTO text = { 0 };
	buf_addf(&text, "%u %.*s %.*s", n, STR_ARG(word), STR_ARG(domain));
	sha256_hex(buf_str(&text), out);
	out[0] = (char)('a' + (out[0] & 15)); /* a name that begins with a letter */
	out[LABEL_HEX] = '\0';
}

/* "kqzvbt": nobody's word. */
static void
short_label(char label[SHA256_HEX_LEN])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz";
	for (size_t i = 0; i < LABEL_SHORT; i++)
		label[i] = letters[(label[2 * i] * 7 + label[2 * i + 1]) % (sizeof(letters) - 1)];
	label[LABEL_SHORT] = '\0';
}

static void
probe(struct run *r, struct zone *z)
{
	char label[SHA256_HEX_LEN];
	struct tag *tag = ARENA_NEW(&r->arena, struct tag);
	BUF_AUTO what = { 0 };
	guess_random_label(z->domain, z->probes, STR(""), label);
	if (z->probes % PROBES == PROBES - 1)
		short_label(label);
	*tag = (struct tag){ TAG_PROBE, r, z, z->probes++ };
	buf_addf(&what, "A %s.%.*s", label, STR_ARG(z->domain));
	run_put(r, SERVICE_DNS, buf_str(&what), tag);
}

struct zone *
guess_begin(struct run *r, struct str name, size_t words)
{
	struct zone *z = ARENA_NEW(&r->arena, struct zone);
	*z = (struct zone){ .next = r->zones,
			    .domain = arena_str(&r->arena, name),
			    .words = words < r->o->word_count ? words : r->o->word_count };
	r->zones = z;
	for (unsigned i = 0; i < PROBES; i++)
		probe(r, z);
	return z;
}

/* ---- answers ---- */

static bool
says(const struct fact *f)
{
	return f->kind == FACT_ADDRESS || f->kind == FACT_ALIAS;
}

static void
probe_answer(struct run *r, struct zone *z, const struct facts *f)
{
	bool fresh = false, added;
	for (size_t i = 0; i < f->count; i++) {
		if (!says(&f->items[i]) || table_has(&z->wildcard, f->items[i].object))
			continue;
		*table_put(&z->wildcard, arena_str(&r->arena, f->items[i].object), &added) = z;
		fresh = true;
	}
	z->varies |= fresh && z->any;
	z->any |= fresh;
	z->fresh += fresh;
}

/* Counts what came, and says whether it is more than a wildcard's. The wildcard's alias is its own wherever that leads. */
static bool
other_than_wildcard(struct run *r, struct zone *z, const struct facts *f, bool *answered)
{
	bool other = false, alias = false;
	*answered = false;
	for (size_t i = 0; i < f->count; i++) {
		struct str object = f->items[i].object;
		if (!says(&f->items[i]))
			continue;
		bool told = table_has(&z->told, object), wildcard = table_has(&z->wildcard, object);
		void **count = table_put(&z->told, told ? object : arena_str(&r->arena, object), NULL);
		*count = (void *)((uintptr_t)*count + 1);
		*answered = true;
		other |= !wildcard;
		alias |= wildcard && f->items[i].kind == FACT_ALIAS;
	}
	return other && !alias;
}

static void
guess_answered(struct run *r, struct tag *tag, const struct facts *f, const struct answer *a)
{
	struct zone *z = tag->zone;
	bool answered, other = other_than_wildcard(r, z, f, &answered);
	z->answered += answered;
	r->d->guessed++;
	r->d->wildcards += answered && !other;
	if (!other)
		return;
	*ARRAY_PUSH(&r->arena, &z->finds) = (struct find){
		.word = tag->word,
		.body = arena_str(&r->arena, a->body),
		.from = arena_str(&r->arena, a->from),
		.at = a->at,
	};
}

/* Silence says as little as an answer that is not known. */
static void
confirm_answered(struct zone *z, struct find *find, const struct facts *f, const struct answer *a)
{
	if (a->kind == ANSWER_FAILED || a->kind == ANSWER_NOT_ASKED)
		find->confirmed = CONFIRMED_SILENCE;
	for (size_t i = 0; i < f->count; i++) {
		if (!says(&f->items[i]))
			continue;
		find->confirmed = CONFIRMED_WILDCARD;
		z->varies |= !table_has(&z->wildcard, f->items[i].object);
	}
}

void
guess_answer(struct run *r, struct tag *tag, const struct answer *a)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	struct zone *z = tag->zone;
	if (a->kind == ANSWER_DATA)
		read_dns(&f, a->question->what, a->body);
	if (tag->kind == TAG_GUESS) {
		guess_answered(r, tag, &f, a);
	} else if (z->state == ZONE_PROBING) {
		probe_answer(r, z, &f);
	} else {
		confirm_answered(z, &z->finds.items[tag->word], &f, a);
	}
}

/* ---- steps ---- */

/* A word of two labels may lie in a zone below, whose names this one does not hash. */
static enum hashed_word
word_says(const struct run *r, const struct zone *z, struct str word)
{
	BUF_AUTO name = { 0 };
	if (str_find_char(word, '.') >= 0)
		return HASHED_UNKNOWN;
	buf_addf(&name, "%.*s.%.*s", STR_ARG(word), STR_ARG(z->domain));
	return hashed_says(r, z->domain, buf_str(&name));
}

static void
guesses(struct run *r, struct zone *z)
{
	z->state = ZONE_GUESSING;
	z->tags = ARENA_ARRAY(&r->arena, struct tag, z->words + 1);
	for (size_t i = 0; i < z->words; i++) {
		BUF_AUTO what = { 0 };
		if (word_says(r, z, r->o->words[i]) == HASHED_ABSENT) {
			r->d->hashed_absent++;
			continue;
		}
		z->tags[i] = (struct tag){ TAG_GUESS, r, z, (uint32_t)i };
		buf_addf(&what, "A %.*s.%.*s", STR_ARG(r->o->words[i]), STR_ARG(z->domain));
		run_put(r, SERVICE_DNS, buf_str(&what), &z->tags[i]);
	}
}

static void
confirm(struct run *r, struct zone *z)
{
	z->state = ZONE_DONE;
	for (size_t i = 0; i < z->finds.count; i++) {
		struct str word = r->o->words[z->finds.items[i].word];
		char end[SHA256_HEX_LEN];
		BUF_AUTO what = { 0 };
		if (word_says(r, z, word) == HASHED_THERE) {
			z->finds.items[i].confirmed = CONFIRMED_HASH;
			r->d->hashed_there++;
			continue;
		}
		struct tag *tag = ARENA_NEW(&r->arena, struct tag);
		guess_random_label(z->domain, 0, word, end);
		*tag = (struct tag){ TAG_PROBE, r, z, (uint32_t)i };
		buf_addf(&what, "A %.*s%s.%.*s", STR_ARG(word), end, STR_ARG(z->domain));
		run_put(r, SERVICE_DNS, buf_str(&what), tag);
	}
}

/* Whether hardly any other word got an answer like this, out of enough of them. */
static bool
is_rare(const struct zone *z, struct str what, struct str body)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	if (z->answered < SAMPLES_EACH * z->told.count)
		return false;
	read_dns(&f, what, body);
	for (size_t i = 0; i < f.count; i++)
		if (says(&f.items[i]) && (uintptr_t)table_get(&z->told, f.items[i].object) > RARE)
			return false;
	return true;
}

/* Whether so many words got this answer that nobody can have made all of them. */
static bool
is_common(const struct zone *z, struct str what, struct str body)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	read_dns(&f, what, body);
	for (size_t i = 0; i < f.count; i++) {
		size_t words = says(&f.items[i]) ? (uintptr_t)table_get(&z->told, f.items[i].object) : 0;
		if (words >= COMMON && words > z->words / 3)
			return true;
	}
	return false;
}

static bool
is_made(const struct zone *z, const struct find *f, struct str what)
{
	switch (f->confirmed) {
	case CONFIRMED_NOTHING:
		return !is_common(z, what, f->body);
	case CONFIRMED_WILDCARD:
		return !z->varies || is_rare(z, what, f->body);
	case CONFIRMED_HASH:
		return true;
	case CONFIRMED_SILENCE:
		break;
	}
	return false;
}

/* What a wildcard gave that the random labels did not get, if more than one word got it: told names are held against all of it. */
static void
add_wildcard(struct run *r, struct zone *z, struct str what, struct str body)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	read_dns(&f, what, body);
	for (size_t i = 0; i < f.count; i++)
		if (says(&f.items[i]) && !table_has(&z->wildcard, f.items[i].object) &&
		    (uintptr_t)table_get(&z->told, f.items[i].object) > 1)
			*table_put(&z->wildcard, arena_str(&r->arena, f.items[i].object), NULL) = z;
	z->any = true;
}

static void
accept(struct run *r, struct zone *z)
{
	for (size_t i = 0; i < z->finds.count; i++) {
		const struct find *f = &z->finds.items[i];
		BUF_AUTO what = { 0 };
		buf_addf(&what, "A %.*s.%.*s", STR_ARG(r->o->words[f->word]), STR_ARG(z->domain));
		bool made = is_made(z, f, buf_str(&what));
		if (made)
			run_learn(r, SERVICE_DNS, buf_str(&what), f->body, 0, f->from, f->at);
		else if (f->confirmed != CONFIRMED_SILENCE)
			add_wildcard(r, z, buf_str(&what), f->body);
		r->d->wildcards += !made;
	}
	z->finds.count = 0;
	table_free(&z->told);
}

static void
zone_step(struct run *r, struct zone *z)
{
	switch (z->state) {
	case ZONE_PROBING:
		if (z->fresh && z->probes < PROBES_MAX) {
			z->fresh = 0;
			for (unsigned i = 0; i < PROBES; i++)
				probe(r, z);
		} else {
			guesses(r, z);
		}
		return;
	case ZONE_GUESSING: {
		size_t put = r->put;
		confirm(r, z);
		if (r->put == put) /* there may be no other step */
			accept(r, z);
		return;
	}
	case ZONE_DONE:
		accept(r, z);
		return;
	}
}

void
guess_step(struct run *r)
{
	for (struct zone *z = r->zones; z; z = z->next)
		zone_step(r, z);
}

void
guess_end(struct run *r)
{
	for (struct zone *z = r->zones; z; z = z->next) {
		table_free(&z->wildcard);
		table_free(&z->told);
	}
}

/* ---- names that others told ---- */

bool
guess_answers_any(const struct zone *z)
{
	return z->state != ZONE_PROBING && z->any;
}

/* Probes ask for A alone: what a wildcard has beside it is not known. */
bool
guess_is_wildcards(const struct zone *z, const struct graph *g, const struct node *name)
{
	const struct edge *e;
	bool alias = false, other = false, same = false;
	for (size_t i = 0; (e = graph_out(g, name, FACT_ALIAS, &i));)
		if (e->service == SERVICE_DNS)
			alias |= table_has(&z->wildcard, graph_at(g, e->to)->name);
	for (size_t i = 0; (e = graph_out(g, name, FACT_ADDRESS, &i));) {
		struct str address = graph_at(g, e->to)->name;
		bool told = table_has(&z->wildcard, address);
		same |= told;
		other |= !told && str_find_char(address, ':') < 0;
	}
	return alias || (same && (z->varies || !other));
}

void
guess_learn_wildcard(struct run *r, const struct zone *z)
{
	ARENA_AUTO arena = { 0 };
	BUF_AUTO text = { 0 };
	struct facts f = { .arena = &arena };
	struct table_slot *slot;
	size_t n = 0;
	for (size_t i = 0; n < ANSWERS_TOLD && table_next(&z->wildcard, &i, &slot); n++)
		buf_addf(&text, "%s%.*s", n > 0 ? " " : "", STR_ARG(slot->key));
	if (!fact_add(&f, FACT_WILDCARD, THING_NAME, z->domain))
		return;
	fact_text(&f, buf_str(&text));
	fact_evidence(&f, arena_printf(&arena, "*.%.*s. IN A %.*s", STR_ARG(z->domain), STR_ARG(buf_str(&text))));
	(void)graph_learn(&r->d->graph, &f, SERVICE_DNS, STR("mamori"), clock_now(r->o->ask.clock));
}
