/* Certificate transparency logs, read from their newest end (surface/ct-log.h). A log cannot be searched and a real one has
 * thousands of millions of entries: of each only some blocks are read in a run. What was read is stored for ever (entries of a
 * log never change) and counts in each later run. Entries are kept as the domains and organisations that they name, with the
 * certificate, and are learnt once one of these is ours: nothing is fetched again for it. */
#include "surface/discover-internal.h"

#include "surface/ct-log.h"
#include "surface/domain.h"
#include "surface/org-name.h"
#include "surface/read.h"

enum {
	BLOCK = 256, /* entries: a tile, and what RFC 6962 is asked for at once */
	BLOCKS_DEFAULT = 16, /* of a log in a run, beside what is stored */
	PIECES = 8, /* RFC 6962 may give less than was asked for: questions for a block */
	STORED_MAX = 20000, /* blocks of a log */
	KEPT_MAX = 128 << 20, /* bytes of certificates in memory */
	DOMAINS_MAX = 100, /* of an entry */
	MANY_NAMES = 50, /* a service's certificate: whose customers share nothing */
};

struct ct_entry {
	struct str *domains, *organisations;
	size_t domain_count, organisation_count;
	struct str der, source;
	int64_t at;
	bool learnt;
};

/* Which entries of a block were read. */
struct block_read {
	uint64_t bits[BLOCK / 64];
};

/* One log. */
struct ct_walk {
	struct ct_walk *next;
	const struct ct_log *log;
	struct tag tag;
	struct str prefix; /* of questions for entries */
	struct table blocks_read; /* block → struct block_read; what is stored comes in no order */
	uint64_t size, block; /* block: blocks below this one are still to come */
	unsigned blocks, questions; /* that may still be asked for */
	uint64_t charged; /* the block that was paid for */
	bool ended;
};

/* ---- entries ---- */

struct taking {
	struct run *r;
	struct str source;
	struct block_read *read; /* NULL: of a file */
	uint64_t at; /* in its block */
};

static bool
told_before(const struct str *list, size_t count, struct str s)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i], s))
			return true;
	return false;
}

static void
entry_name(struct run *r, struct ct_entry *n, const struct fact *f)
{
	bool org = f->kind == FACT_CERTIFICATE_ORGANISATION;
	struct str s = org ? f->object : domain_registrable(f->object);
	struct str **list = org ? &n->organisations : &n->domains;
	size_t *count = org ? &n->organisation_count : &n->domain_count;
	if ((!org && f->kind != FACT_CERTIFICATE_NAME) || !s.len || *count >= DOMAINS_MAX ||
	    told_before(*list, *count, s))
		return;
	if (!*list)
		*list = ARENA_ARRAY(&r->arena, struct str, DOMAINS_MAX);
	(*list)[(*count)++] = s;
}

/* The strings, which live as long as the facts do, are copied; the lists are made as short as they are. */
static struct str *
settled(struct run *r, const struct str *list, size_t count)
{
	struct str *out = count ? ARENA_ARRAY(&r->arena, struct str, count) : NULL;
	for (size_t i = 0; i < count; i++)
		out[i] = arena_str(&r->arena, list[i]);
	return out;
}

static void
entry_keep(struct run *r, struct str der, struct str source, int64_t at)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct str domains[DOMAINS_MAX], organisations[DOMAINS_MAX];
	struct ct_entry n = { .domains = domains, .organisations = organisations, .at = at };
	read_certificate(&f, der);
	r->d->bad += f.bad;
	for (size_t i = 0; i < f.count; i++)
		entry_name(r, &n, &f.items[i]);
	if ((!n.domain_count && !n.organisation_count) || r->ct_bytes + der.len > KEPT_MAX)
		return;
	n.domains = settled(r, domains, n.domain_count);
	n.organisations = settled(r, organisations, n.organisation_count);
	n.der = arena_str(&r->arena, der);
	n.source = source;
	r->ct_bytes += der.len;
	*ARRAY_PUSH(&r->arena, &r->ct_entries) = ARENA_NEW(&r->arena, struct ct_entry);
	*r->ct_entries.items[r->ct_entries.count - 1] = n;
}

static void
take(void *user, struct str der, int64_t at, bool precert)
{
	struct taking *t = user;
	(void)precert;
	uint64_t i = t->at++;
	if (t->read) {
		uint64_t bit = UINT64_C(1) << i % 64;
		if (i >= BLOCK || (t->read->bits[i / 64] & bit))
			return;
		t->read->bits[i / 64] |= bit;
	}
	t->r->d->log_entries++;
	entry_keep(t->r, der, t->source, at);
}

static void
read_block(struct run *r, struct str body, bool tile, struct taking t)
{
	struct err e = { 0 };
	size_t count = 0;
	if (!(tile ? ct_tile_read : ct_entries_read)(body, take, &t, &count, &e))
		r->d->bad++;
}

void
ct_walk_file(struct run *r, struct str body)
{
	read_block(r, body, !str_starts(body, STR("{")), (struct taking){ .r = r, .source = STR("file") });
}

/* ---- which block ---- */

/* "x001/x234/067.p/12" */
static bool
tile_number(struct str path, uint64_t *out)
{
	ptrdiff_t partial = str_find(path, STR(".p/"));
	struct str digits = partial < 0 ? path : str_head(path, (size_t)partial);
	uint64_t n = 0;
	if (!digits.len || digits.len > 40)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.ptr[i];
		if (c >= '0' && c <= '9' && n < UINT64_MAX / 100)
			n = n * 10 + (uint64_t)(c - '0');
		else if (c != 'x' && c != '/')
			return false;
	}
	*out = n;
	return true;
}

/* The first entry that a question is about; false: it is about none. */
static bool
first_entry(const struct ct_walk *w, struct str what, uint64_t *out)
{
	struct str first, last;
	if (!str_starts(what, w->prefix))
		return false;
	struct str rest = str_skip(what, w->prefix.len);
	if (!w->log->tiles)
		return str_split(rest, '&', &first, &last) && str_to_u64(first, out);
	if (!tile_number(rest, out) || *out > UINT64_MAX / BLOCK)
		return false;
	*out *= BLOCK;
	return true;
}

static struct block_read *
block_read(struct run *r, struct ct_walk *w, uint64_t block)
{
	struct str key = str_sub((const char *)&block, sizeof(block));
	struct block_read *read = table_get(&w->blocks_read, key);
	bool added;
	if (!read) {
		read = ARENA_NEW(&r->arena, struct block_read);
		*read = (struct block_read){ 0 };
		*table_put(&w->blocks_read, arena_str(&r->arena, key), &added) = read;
	}
	return read;
}

/* The first entry of the block that was not read. */
static unsigned
done_of(struct run *r, struct ct_walk *w, uint64_t block)
{
	const struct block_read *read = block_read(r, w, block);
	unsigned n = 0;
	while (n < BLOCK && (read->bits[n / 64] >> n % 64 & 1))
		n++;
	return n;
}

static void
ask_block(struct run *r, struct ct_walk *w, unsigned done, unsigned width)
{
	BUF_AUTO what = { 0 };
	unsigned long long first = w->block * BLOCK, last = first + width - 1;
	buf_addf(&what, "get %.*s/", STR_ARG(w->log->url));
	if (w->log->tiles)
		ct_tile_path(w->block, width < BLOCK ? width : 0, &what);
	else
		buf_addf(&what, "ct/v1/get-entries?start=%llu&end=%llu", first + done, last);
	run_put(r, SERVICE_CT, buf_str(&what), &w->tag);
}

/* The newest block that is not read. One at a time: a log is asked for as little as will do. */
static void
walk_on(struct run *r, struct ct_walk *w)
{
	while (!w->ended && w->questions && r->ct_bytes < KEPT_MAX) {
		uint64_t left = w->size - w->block * BLOCK;
		unsigned width = left < BLOCK ? (unsigned)left : BLOCK, done = done_of(r, w, w->block);
		if (done < width && w->charged != w->block) {
			if (!w->blocks--)
				break;
			w->charged = w->block;
		}
		if (done < width) {
			w->questions--;
			ask_block(r, w, done, width);
			return;
		}
		if (!w->block)
			break;
		w->block--;
	}
	w->ended = true;
}

static void
head(struct run *r, struct ct_walk *w, const struct answer *a)
{
	struct err e = { 0 };
	uint64_t size = 0;
	if (a->kind != ANSWER_DATA || !(w->log->tiles ? ct_checkpoint_read : ct_sth_read)(a->body, &size, &e)) {
		r->d->bad += a->kind == ANSWER_DATA;
		return;
	}
	w->size = size;
	w->block = size ? (size - 1) / BLOCK : 0;
	w->ended = !size;
	walk_on(r, w);
}

void
ct_walk_answer(struct run *r, struct tag *tag, const struct answer *a)
{
	struct ct_walk *w = tag->walk;
	uint64_t first;
	if (!first_entry(w, a->question->what, &first)) {
		head(r, w, a);
		return;
	}
	uint64_t block = first / BLOCK;
	unsigned before = done_of(r, w, block);
	if (a->kind == ANSWER_DATA)
		read_block(r, a->body, w->log->tiles,
			   (struct taking){ r, arena_str(&r->arena, a->from), block_read(r, w, block), first % BLOCK });
	/* An answer without anything new would be asked for again and again. */
	if (!w->size || block != w->block)
		return;
	w->ended |= done_of(r, w, block) <= before;
	walk_on(r, w);
}

/* ---- beginning ---- */

struct stored {
	struct run *r;
	struct ct_walk *w;
	unsigned count;
};

static void
take_stored(void *user, struct str what)
{
	struct stored *s = user;
	uint64_t first;
	if (first_entry(s->w, what, &first) && s->count++ < STORED_MAX)
		run_put(s->r, SERVICE_CT, what, &s->w->tag);
}

bool
ct_walk_begin(struct run *r, struct err *e)
{
	const struct sources *s = r->o->ask.sources;
	for (size_t i = 0; i < s->ct_log_count; i++) {
		const struct ct_log *log = &s->ct_logs[i];
		struct ct_walk *w = ARENA_NEW(&r->arena, struct ct_walk);
		*w = (struct ct_walk){ .next = r->ct_walks,
				       .log = log,
				       .tag = { .kind = TAG_CT, .run = r, .walk = w },
				       .blocks = r->o->ct_tiles ? r->o->ct_tiles : BLOCKS_DEFAULT,
				       .charged = UINT64_MAX };
		w->questions = w->blocks < UINT32_MAX / PIECES ? w->blocks * PIECES : UINT32_MAX;
		w->prefix = arena_printf(&r->arena, "get %.*s/%s", STR_ARG(log->url),
					 log->tiles ? "tile/data/" : "ct/v1/get-entries?start=");
		r->ct_walks = w;
		struct stored stored = { r, w, 0 };
		if (!asker_stored(r->asker, SERVICE_CT, w->prefix, take_stored, &stored, e))
			return false;
		struct str first = arena_printf(&r->arena, "get %.*s/%s", STR_ARG(log->url),
						log->tiles ? "checkpoint" : "ct/v1/get-sth");
		run_put(r, SERVICE_CT, first, &w->tag);
	}
	return true;
}

void
ct_walk_end(struct run *r)
{
	for (struct ct_walk *w = r->ct_walks; w; w = w->next)
		table_free(&w->blocks_read);
}

/* ---- learning ---- */

static bool
domain_counts(const struct graph *g, struct str domain)
{
	const struct node *n = graph_find(g, THING_DOMAIN, domain);
	return n && !n->stays && (n->own == OWN_APPROVED || n->own == OWN_CANDIDATE);
}

static bool
organisation_is(const struct graph *g, struct arena *a, struct str name)
{
	const struct node *known = graph_find(g, THING_ORGANISATION, name);
	struct org_name it;
	org_name_read(a, name, &it);
	if (!it.usable || (known && known->own == OWN_EXCLUDED))
		return false;
	for (size_t i = 0; i < g->count; i++) {
		const struct node *n = g->nodes[i];
		if (n->is == THING_ORGANISATION && n->own == OWN_APPROVED && !n->stays && n->org->usable &&
		    org_name_likeness(n->org, &it) >= ORG_SAME)
			return true;
	}
	return false;
}

/* Each name is compared once in a round. */
static bool
organisation_counts(const struct graph *g, struct arena *a, struct table *judged, struct str name)
{
	static char yes, no;
	bool added;
	void **place = table_put(judged, name, &added);
	if (added) {
		bool is = organisation_is(g, a, name);
		*place = is ? &yes : &no;
	}
	return *place == &yes;
}

static bool
entry_counts(const struct graph *g, struct arena *a, struct table *judged, const struct ct_entry *n)
{
	for (size_t i = 0; i < n->domain_count; i++)
		if (domain_counts(g, n->domains[i]))
			return true;
	for (size_t i = 0; i < n->organisation_count; i++)
		if (organisation_counts(g, a, judged, n->organisations[i]))
			return true;
	return false;
}

/* Of a certificate of many strangers only what is ours. */
static void
entry_learn(struct run *r, struct ct_entry *n)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	size_t kept = 0;
	read_certificate(&f, n->der);
	for (size_t i = 0; i < f.count; i++) {
		const struct fact *x = &f.items[i];
		if (x->kind != FACT_CERTIFICATE_NAME || x->number <= MANY_NAMES ||
		    domain_counts(&r->d->graph, domain_registrable(x->object)))
			f.items[kept++] = *x;
	}
	f.count = kept;
	n->learnt = true;
	r->d->log_learnt++;
	(void)graph_learn(&r->d->graph, &f, SERVICE_CT, n->source, n->at);
}

bool
ct_walk_learn(struct run *r)
{
	ARENA_AUTO a = { 0 };
	TABLE_AUTO judged = { 0 };
	bool news = false;
	for (size_t i = 0; i < r->ct_entries.count; i++) {
		struct ct_entry *n = r->ct_entries.items[i];
		if (n->learnt || !entry_counts(&r->d->graph, &a, &judged, n))
			continue;
		entry_learn(r, n);
		news = true;
	}
	return news;
}
