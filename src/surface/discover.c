#include "surface/discover-internal.h"

#include "surface/read.h"

#include <stdarg.h>

enum { ROUNDS_MAX = 200 };

/* ---- answers ---- */

static void
read_answer(struct facts *f, enum service s, struct str what, struct str body, int http_status)
{
	switch (s) {
	case SERVICE_DNS:
		read_dns(f, what, body);
		return;
	case SERVICE_WHOIS:
		read_whois(f, what, body);
		return;
	case SERVICE_RDAP:
		read_rdap(f, what, body, http_status);
		return;
	case SERVICE_RDAP_SEARCH:
		read_rdap_search(f, what, body);
		return;
	case SERVICE_CRTSH:
		read_crtsh(f, what, body);
		return;
	case SERVICE_INTERNETDB:
		read_internetdb(f, what, body);
		return;
	case SERVICE_SHODAN:
		read_shodan(f, what, body);
		return;
	case SERVICE_CENSYS:
		read_censys(f, what, body);
		return;
	case SERVICE_PAGE:
		read_page(f, what, body);
		return;
	case SERVICE_CONFIRM:
		read_confirm(f, what, body);
		return;
	case SERVICE_CT:
	case SERVICE_EXPOSURE:
	case SERVICES:
		return; /* these come as facts */
	}
}

void
run_learn(struct run *r, enum service s, struct str what, struct str body, int http_status, struct str from, int64_t at)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	read_answer(&f, s, what, body, http_status);
	r->d->bad += f.bad;
	(void)graph_learn(&r->d->graph, &f, s, from, at);
}

/* A name that nobody could be asked about is not absent. Where it leads may be known all the same. */
static void
learn_failure(struct run *r, const struct answer *a)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	struct str type, name;
	if (a->question->service != SERVICE_DNS || !str_split(a->question->what, ' ', &type, &name) ||
	    !str_eq(type, STR("A")) || !fact_add(&f, FACT_UNKNOWN, THING_NAME, name))
		return;
	fact_text(&f, a->why);
	(void)graph_learn(&r->d->graph, &f, SERVICE_DNS, a->from, a->at);
	run_ask(r, SERVICE_DNS, "CNAME %.*s", STR_ARG(name));
}

/* Not every registry of networks speaks RDAP. */
static void
by_whois(struct run *r, const struct answer *a)
{
	if (a->question->service == SERVICE_RDAP &&
	    (str_starts(a->question->what, STR("network ")) || str_starts(a->question->what, STR("as "))))
		run_ask(r, SERVICE_WHOIS, "%.*s", STR_ARG(a->question->what));
}

static void
answered(void *user, void *tag_given, const struct answer *a)
{
	struct run *r = user;
	struct tag *tag = tag_given;
	if (tag->kind == TAG_READ && (a->kind == ANSWER_NOT_ASKED || a->kind == ANSWER_NONE))
		by_whois(r, a);
	if (tag->kind == TAG_CT)
		ct_walk_answer(r, tag, a);
	else if (tag->kind == TAG_HASHED)
		hashed_answer(r, tag, a);
	else if (tag->kind == TAG_WALK)
		zone_walk_answer(r, tag, a);
	else if (tag->kind != TAG_READ)
		guess_answer(r, tag, a);
	else if (a->kind == ANSWER_DATA || (a->kind == ANSWER_NONE && a->body.len)) {
		run_learn(r, a->question->service, a->question->what, a->body, a->http_status, a->from, a->at);
		search_more(r, a->question->service, a->question->what, a->body);
	} else if (a->kind == ANSWER_FAILED)
		learn_failure(r, a);
}

/* ---- questions ---- */

void
run_put(struct run *r, enum service s, struct str what, struct tag *tag)
{
	asker_put(r->asker, s, what, tag);
	r->put++;
}

void
run_ask(struct run *r, enum service s, const char *format, ...)
{
	BUF_AUTO what = { 0 };
	va_list ap;
	va_start(ap, format);
	buf_addfv(&what, format, ap);
	va_end(ap);
	run_put(r, s, buf_str(&what), &r->read);
}

/* ---- the run ---- */

static void
material(struct run *r)
{
	const struct discover_options *o = r->o;
	int64_t now = clock_now(o->ask.clock);
	for (size_t i = 0; i < o->file_count; i++) {
		const struct discover_file *file = &o->files[i];
		if (file->service == SERVICE_CT) {
			ct_walk_file(r, file->body);
			continue;
		}
		if (!file->results) {
			run_learn(r, file->service, file->what, file->body, 0, STR("file"), now);
			continue;
		}
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		read_search_results(&f, file->what, file->body);
		r->d->bad += f.bad;
		(void)graph_learn(&r->d->graph, &f, SERVICE_PAGE, STR("file"), now);
	}
	for (size_t i = 0; i < o->page_count; i++)
		run_ask(r, SERVICE_PAGE, "%.*s", STR_ARG(o->pages[i]));
}

struct looked {
	struct run *r;
	ARRAY_OF(struct str) list;
};

static void
looked_take(void *user, struct str what)
{
	struct looked *l = user;
	*ARRAY_PUSH(&l->r->arena, &l->list) = arena_str(&l->r->arena, what);
}

/* What people had looked at of ours: stored answers alone, nobody is asked. */
static bool
looked(struct run *r, struct err *e)
{
	struct looked l = { .r = r };
	if (!asker_stored(r->asker, SERVICE_CONFIRM, STR(""), looked_take, &l, e))
		return false;
	for (size_t i = 0; i < l.list.count; i++)
		run_put(r, SERVICE_CONFIRM, l.list.items[i], &r->read);
	return true;
}

static void
others(struct run *r)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	if (!r->o->more)
		return;
	r->o->more(r->o->user, &r->d->graph, &f);
	(void)graph_learn(&r->d->graph, &f, SERVICE_EXPOSURE, STR("exposure"), clock_now(r->o->ask.clock));
}

/* What is ours by what is known; certificates that were read before count once they name it. */
static void
judge(struct run *r)
{
	const struct discover_options *o = r->o;
	do
		own_judge(&r->d->graph, o->seeds, o->seed_count, o->verdicts, o->verdict_count);
	while (ct_walk_learn(r));
}

static bool
rounds(struct run *r, struct err *e)
{
	material(r);
	if (!looked(r, e) || !ct_walk_begin(r, e))
		return false;
	for (r->d->rounds = 0; r->d->rounds < ROUNDS_MAX; r->d->rounds++) {
		others(r);
		guess_step(r);
		levels_step(r);
		zone_walk_step(r);
		judge(r);
		frontier(r);
		if (!r->put)
			return true;
		r->put = 0;
		if (!asker_run(r->asker, e))
			return false;
	}
	r->d->limited = true;
	return true;
}

static void
told(struct run *r)
{
	size_t count;
	const struct resolver_fault *faults = asker_resolver_faults(r->asker, &count);
	struct arena *a = &r->d->graph.arena;
	for (unsigned s = 0; s < SERVICES; s++) {
		r->d->coverage[s] = asker_coverage(r->asker, (enum service)s);
		r->d->coverage[s].last_failure = arena_str(a, r->d->coverage[s].last_failure);
	}
	r->d->faults = ARENA_ARRAY(a, struct resolver_fault, count + 1);
	r->d->fault_count = count;
	for (size_t i = 0; i < count; i++)
		r->d->faults[i] =
			(struct resolver_fault){ arena_str(a, faults[i].resolver), arena_str(a, faults[i].why) };
}

static bool
stop_asked(void *user)
{
	const struct run *r = user;
	return r->o->ask.stop(r->o->ask.user);
}

static void
progress(void *user, uint64_t answered_so_far, uint64_t waiting)
{
	const struct run *r = user;
	r->o->progress(r->o->ask.user, r->d, answered_so_far, waiting);
}

bool
discover(const struct discover_options *o, struct discovery *out, struct err *e)
{
	struct run r = { .o = o, .d = out };
	struct asker_options ask = o->ask;
	*out = (struct discovery){ 0 };
	r.read = (struct tag){ .kind = TAG_READ, .run = &r };
	ask.done = answered;
	ask.user = &r;
	ask.stop = o->ask.stop ? stop_asked : NULL;
	ask.progress = o->progress ? progress : NULL;
	if (!asker_open(&ask, &r.asker, e))
		return false;
	bool ok = rounds(&r, e);
	names_end(&r);
	told(&r);
	asker_close(r.asker);
	ct_walk_end(&r);
	levels_end(&r);
	table_free(&r.hashed);
	table_free(&r.blocks);
	arena_free(&r.arena);
	return ok;
}

void
discovery_free(struct discovery *d)
{
	graph_free(&d->graph);
	*d = (struct discovery){ 0 };
}
