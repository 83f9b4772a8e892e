/* mamori surface …: what the internet can see of an organisation and its contractors, from public information. */
#include "base/sentence.h"
#include "cli/client.h"
#include "cli/exposure.h"
#include "cli/surface-exposure.h"
#include "cli/surface-geo.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/result.h"
#include "surface/seed.h"
#include "surface/words.h"
#include "vuln/match.h"

#include <stdio.h>
#include <time.h>

enum { FILE_MOST = 64 << 20 };

struct discover_words { /* what the command line asks for */
	cli_list seeds, pages, saved, results, answers;
	const char *seed_file, *sources, *words, *shodan_key, *censys_key;
	const char *ct_tiles, *names, *search_pages, *exposure, *geo;
	bool offline, again, large, no_guesses, scheduled;
};

/* What is kept for every run, the server's own ones, too: a file of that name in DATA/surface. */
static void
kept_file(struct cli *c, const char *folder, const char *name, const char **path)
{
	const char *kept = path_join(c->arena, folder, name);
	if (!*path && file_exists(kept))
		*path = kept;
}

static void
kept_files(struct cli *c, const char *folder, struct discover_words *w)
{
	kept_file(c, folder, "sources.yaml", &w->sources);
	kept_file(c, folder, "words.txt", &w->words);
	kept_file(c, folder, "geo.mmdb", &w->geo);
	kept_file(c, folder, "shodan.key", &w->shodan_key);
	kept_file(c, folder, "censys.key", &w->censys_key);
}

static bool
key_read(struct cli *c, const char *path, struct str *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	*out = STR_NONE;
	if (!path)
		return true;
	if (!file_read(path, 4096, &text, e))
		return false;
	*out = arena_str(c->arena, str_trim(buf_str(&text)));
	return true;
}

/* ---- seeds ---- */

static void
import_say(const char *path, const struct seed_import *report)
{
	for (size_t i = 0; i < report->faults.count; i++)
		fprintf(stderr, "%s:%zu: %.*s\n", path, report->faults.items[i].row,
			STR_ARG(report->faults.items[i].why));
	if (report->bad)
		fprintf(stderr, tr("%s: %zu of %zu rows were left out\n"), path, report->bad, report->rows);
}

static bool
seeds_gather(struct cli *c, const struct discover_words *w, struct seeds *list, struct err *e)
{
	struct seed_options o = { .large = w->large, .clock = c->clock };
	for (size_t i = 0; i < w->seeds.count; i++) {
		struct seed s;
		if (!seed_read(c->arena, str_of(w->seeds.items[i]), &o, &s, e))
			return false;
		(void)seeds_add(list, &s);
	}
	if (w->seed_file) {
		BUF_AUTO file = { 0 };
		struct seed_import report = { 0 };
		if (!file_read(w->seed_file, SEED_FILE_MAX, &file, e) ||
		    !seeds_import(list, buf_str(&file), &o, &report, e))
			return false;
		import_say(w->seed_file, &report);
	}
	return true;
}

/* Without seeds the ones count of a run that was stopped, then those that the server keeps, then those of the run before. */
static bool
seeds_of_last(struct cli *c, const struct discover_words *w, const char *folder, struct seeds *list, struct err *e)
{
	BUF_AUTO text = { 0 };
	int64_t number;
	if ((!w->scheduled && !result_unfinished(folder, list, e)) ||
	    (!list->count && !surface_seeds_fetch(c, list, e)))
		return false;
	if (list->count)
		return true;
	if (!result_newest(folder, &number, e))
		return false;
	if (!number)
		return err_set(
			e, ERR_USAGE,
			"say where to begin: mamori surface discover --seed example.co.jp --seed 'name:医療法人 例'");
	return file_read(result_path(c->arena, folder, number, "run.json"), FILE_MOST, &text, e) &&
	       result_seeds(arena_str(c->arena, buf_str(&text)), list, e);
}

/* ---- what is asked for ---- */

static bool
words_gather(struct cli *c, const struct discover_words *w, struct discover_options *o, struct err *e)
{
	BUF_AUTO file = { 0 };
	size_t bad;
	struct str *words;
	if (w->no_guesses)
		return true;
	if (w->words) {
		if (!file_read(w->words, FILE_MOST, &file, e) ||
		    !words_read(c->arena, buf_str(&file), &words, &o->word_count, &bad, e))
			return false;
		if (bad)
			fprintf(stderr, tr("%s: %zu lines are no labels\n"), w->words, bad);
		o->words = words;
		return true;
	}
	size_t count = 0;
	while (surface_words[count])
		count++;
	words = ARENA_ARRAY(c->arena, struct str, count);
	for (size_t i = 0; i < count; i++)
		words[i] = str_of(surface_words[i]);
	o->words = words;
	o->word_count = count;
	return true;
}

static bool
sources_gather(struct cli *c, const struct discover_words *w, struct sources *s, struct err *e)
{
	BUF_AUTO file = { 0 };
	sources_default(s);
	return !w->sources || (file_read(w->sources, FILE_MOST, &file, e) &&
			       sources_load(c->arena, arena_str(c->arena, buf_str(&file)), w->sources, s, e));
}

/* WHAT=FILE; an address may have "=" in it, so the last one counts. */
static bool
file_gather(struct cli *c, const char *told, bool results, struct discover_file *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	ptrdiff_t at = str_rfind_char(str_of(told), '=');
	if (at < 1 || !told[at + 1])
		return err_set(e, ERR_USAGE, "“%s” is not WHAT=FILE", told);
	if (!file_read(told + at + 1, FILE_MOST, &text, e))
		return false;
	*out = (struct discover_file){ .service = SERVICE_PAGE,
				       .results = results,
				       .what = str_head(str_of(told), (size_t)at),
				       .body = arena_str(c->arena, buf_str(&text)) };
	return true;
}

/* SERVICE:WHAT=FILE, an answer that somebody saved. */
static bool
answer_gather(struct cli *c, const char *told, struct discover_file *out, struct err *e)
{
	struct str service, what;
	enum service s;
	if (!str_split(str_of(told), ':', &service, &what) || !service_parse(service, &s) || s == SERVICE_DNS ||
	    s == SERVICE_EXPOSURE)
		return err_set(e, ERR_USAGE,
			       "“%s” does not begin with whose answer it is: whois:, rdap:, crtsh:, ct:, internetdb:, "
			       "shodan:, censys: or page:",
			       told);
	if (!file_gather(c, what.ptr, false, out, e))
		return false;
	out->service = s;
	return true;
}

static bool
files_gather(struct cli *c, const struct discover_words *w, struct discover_options *o, struct err *e)
{
	struct discover_file *files =
		ARENA_ARRAY(c->arena, struct discover_file, w->saved.count + w->results.count + w->answers.count + 1);
	o->files = files;
	for (size_t i = 0; i < w->saved.count; i++)
		if (!file_gather(c, w->saved.items[i], false, &files[o->file_count++], e))
			return false;
	for (size_t i = 0; i < w->results.count; i++)
		if (!file_gather(c, w->results.items[i], true, &files[o->file_count++], e))
			return false;
	for (size_t i = 0; i < w->answers.count; i++)
		if (!answer_gather(c, w->answers.items[i], &files[o->file_count++], e))
			return false;
	return true;
}

static bool
number_gather(const char *option, const char *told, unsigned *out, struct err *e)
{
	uint64_t n;
	if (!told)
		return true;
	if (!str_to_u64(str_of(told), &n) || n < 1 || n > 1000000)
		return err_set(e, ERR_USAGE, "%s is to be a number from 1 to 1,000,000", option);
	*out = (unsigned)n;
	return true;
}

static bool
options_gather(struct cli *c, const struct discover_words *w, struct surface_watch *watch, struct sources *s,
	       struct discover_options *o, struct err *e)
{
	struct str *pages = ARENA_ARRAY(c->arena, struct str, w->pages.count + 1);
	for (size_t i = 0; i < w->pages.count; i++)
		pages[i] = str_of(w->pages.items[i]);
	struct verdict *verdicts;
	size_t verdict_count;
	if (!surface_verdicts_fetch(c, &verdicts, &verdict_count, e))
		return false;
	*o = (struct discover_options){ .ask = { .folder = watch->folder,
						 .sources = s,
						 .clock = c->clock,
						 .offline = w->offline,
						 .again = w->again,
						 .stop = surface_watch_stop,
						 .user = watch },
					.progress = surface_watch_progress,
					.verdicts = verdicts,
					.verdict_count = verdict_count,
					.pages = pages,
					.page_count = w->pages.count };
	return number_gather("--ct-tiles", w->ct_tiles, &o->ct_tiles, e) &&
	       number_gather("--search-pages", w->search_pages, &o->search_pages, e) &&
	       number_gather("--names", w->names, &o->names_max, e) && sources_gather(c, w, s, e) &&
	       words_gather(c, w, o, e) && files_gather(c, w, o, e) &&
	       key_read(c, w->shodan_key, &o->ask.shodan_key, e) && key_read(c, w->censys_key, &o->ask.censys_key, e);
}

/* ---- what it found ---- */

static void
say(struct cli *c, const struct discovery *d, int64_t number)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	if (c->json) {
		json_begin_object(&w);
		json_put_i64(&w, "run", number);
		discovery_write(&w, d);
		json_end_object(&w);
		cli_print_line(&line);
		return;
	}
	static const char *const headers[] = { "SOURCE",   "QUESTIONS", "STORED", "ASKED",
					       "ANSWERED", "NOTHING",   "FAILED", "NOT ASKED" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	size_t counts[OWN_EXCLUDED + 1] = { 0 };
	for (unsigned s = 0; s < SERVICES; s++) {
		const struct coverage *v = &d->coverage[s];
		const uint64_t cells[] = { v->put, v->stored, v->asked, v->data, v->none, v->failed, v->not_asked };
		if (!v->put)
			continue;
		cli_table_cell(t, str_of(service_name((enum service)s)));
		for (size_t i = 0; i < COUNT(cells); i++)
			cli_table_cellf(t, "%llu", (unsigned long long)cells[i]);
	}
	cli_table_print(t);
	for (size_t i = 0; i < d->graph.count; i++)
		if (asset_listed(d->graph.nodes[i]))
			counts[d->graph.nodes[i]->own]++;
	printf(tr("Run %lld: %zu assets are ours, %zu may be, ours depend on %zu, %zu are watched.\n"),
	       (long long)number, counts[OWN_APPROVED], counts[OWN_CANDIDATE], counts[OWN_DEPENDENCY],
	       counts[OWN_MONITOR]);
	for (unsigned s = 0; s < SERVICES; s++) {
		const struct coverage *v = &d->coverage[s];
		struct str why = tr_sentence(c->arena, v->last_failure);
		if (v->failed)
			printf(tr("%s failed %llu times, at last: %.*s\n"), service_name((enum service)s),
			       (unsigned long long)v->failed, STR_ARG(why));
	}
	for (size_t i = 0; i < d->fault_count; i++)
		printf(tr("The resolver %.*s was left out: %.*s\n"), STR_ARG(d->faults[i].resolver),
		       STR_ARG(d->faults[i].why));
	if (d->limited)
		printf("%s\n", tr("The run stopped at its limit of domains; what lies behind was not asked about."));
	if (d->searches_cut)
		printf(tr("%llu searches have more pages than --search-pages allows.\n"),
		       (unsigned long long)d->searches_cut);
	if (d->names_left)
		printf(tr("%llu names of %llu domains are known and were not asked about: more than --names allows.\n"),
		       (unsigned long long)d->names_left, (unsigned long long)d->domains_left);
	if (d->graph.refused)
		printf(tr("%llu statements of very large answers were over the limits and left out.\n"),
		       (unsigned long long)d->graph.refused);
	printf("%s\n", tr("See them: mamori surface assets; what must be fixed: mamori surface risks"));
}

static bool
is_exploited(void *user, struct str vulnerability)
{
	ARENA_AUTO a = { 0 };
	struct vulnerability v;
	return vuln_lookup(user, &a, vulnerability, &v) && v.kev;
}

/* What must be fixed. Without vulnerability data nothing is known to be exploited, and that is said. */
static void
risks_find(struct cli *c, const struct discovery *d, struct risks *out)
{
	struct risk_options o = { .now = clock_now(c->clock) };
	struct vuln_index *index = NULL;
	struct err e = { 0 };
	if (vuln_index_open_small(c->data, &index, &e)) {
		o.exploited = is_exploited;
		o.user = index;
		o.index = index;
	} else if (!c->json) {
		fprintf(stderr, "%s\n",
			tr("Without vulnerability data it is not known which vulnerabilities are exploited: mamori "
			   "feed update"));
	}
	risk_find(&d->graph, &o, out);
	if (index)
		vuln_index_close(index);
}

/* Facts that ask nobody: mamori's own exposure index, tables of addresses. */
struct own_sources {
	struct surface_exposure *exposure;
	struct surface_geo *geo;
};

static void
own_sources_more(void *user, const struct graph *g, struct facts *f)
{
	const struct own_sources *x = user;
	if (x->exposure)
		surface_exposure_more(x->exposure, g, f);
	if (x->geo)
		surface_geo_more(x->geo, g, f);
}

/* The server's own runs wait until another one has ended. */
static bool
discover_waiting(struct surface_watch *w, const struct discover_options *o, struct discovery *d, struct err *e)
{
	const struct timespec pause = { .tv_sec = 1 };
	while (!discover(o, d, e)) {
		if (!w->scheduled || e->code != ERR_BUSY || surface_watch_stop(w))
			return false;
		discovery_free(d);
		err_clear(e);
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static bool
discover_all(struct cli *c, struct surface_watch *watch, const struct seeds *list, struct discover_options *o,
	     struct err *e)
{
	struct discovery d;
	const char *folder = watch->folder;
	int64_t number;
	const struct own_sources *own = o->user;
	bool ok = discover_waiting(watch, o, &d, e);
	if (own->exposure)
		d.coverage[SERVICE_EXPOSURE] = surface_exposure_coverage(own->exposure);
	surface_watch_end(watch, ok, e);
	struct risks risks = { .arena = c->arena };
	if (ok)
		risks_find(c, &d, &risks);
	ok = ok &&
	     result_write(folder, &d, list, &risks, (struct result_times){ watch->began, clock_now(c->clock) }, &number,
			  e) &&
	     result_finished(folder, e);
	if (ok) {
		struct err why = { 0 };
		if (!surface_exposure_mine(c->data, &d.graph, list, &why))
			fprintf(stderr, "mamori: %s\n", why.text);
		exposure_give(c);
		cli_give(c, "surface");
		say(c, &d, number);
		surface_tell(c);
	}
	discovery_free(&d);
	return ok;
}

static bool
discover_with(struct cli *c, const struct discover_words *w, struct surface_watch *watch, const struct seeds *list,
	      struct discover_options *o, struct err *e)
{
	struct own_sources x = { 0 };
	o->seeds = seeds_own(c->arena, list);
	o->seed_count = list->count;
	o->more = own_sources_more;
	o->user = &x;
	bool ok = surface_exposure_open(w->exposure ? w->exposure : c->data, w->exposure != NULL, &x.exposure, e) &&
		  surface_geo_open(w->geo, o->seeds, o->seed_count, &x.geo, e) && discover_all(c, watch, list, o, e);
	surface_exposure_close(x.exposure);
	surface_geo_close(x.geo);
	o->user = NULL;
	return ok;
}

static int
discover_run(struct cli *c, int argc, char **argv)
{
	struct discover_words w = { 0 };
	const struct cli_option options[] = {
		{ "seed", "SEED", "Begin here: a domain, an organisation's name, a network or an AS; may be repeated",
		  NULL, NULL, &w.seeds },
		{ "seeds", "FILE", "Begin with the seeds of this table (CSV, .xlsx)", &w.seed_file, NULL, NULL },
		{ "sources", "FILE", "Where public information is asked for (YAML)", &w.sources, NULL, NULL },
		{ "words", "FILE", "Guess these labels below domains of ours", &w.words, NULL, NULL },
		{ "no-guesses", NULL, "Guess no names", NULL, &w.no_guesses, NULL },
		{ "page", "URL", "A home page that may be fetched once, for its links; may be repeated", NULL, NULL,
		  &w.pages },
		{ "saved-page", "URL=FILE", "A saved home page, for its links; may be repeated", NULL, NULL, &w.saved },
		{ "results", "NAME=FILE", "Saved search results about an organisation; may be repeated", NULL, NULL,
		  &w.results },
		{ "saved", "SERVICE:WHAT=FILE",
		  "A saved answer of a source, as crtsh:example.jp=FILE or ct:log=FILE (a tile); may be repeated", NULL,
		  NULL, &w.answers },
		{ "ct-tiles", "N", "Read the newest N × 256 entries of each certificate log (16)", &w.ct_tiles, NULL,
		  NULL },
		{ "search-pages", "N", "Read at most so many pages of one search at Shodan or Censys (5)",
		  &w.search_pages, NULL, NULL },
		{ "names", "N", "Ask about at most so many names below one domain, the most telling ones first (5000)",
		  &w.names, NULL, NULL },
		{ "exposure", "DIR", "The data folder whose exposure index is a source (that of --data, if it has one)",
		  &w.exposure, NULL, NULL },
		{ "geo", "FILE",
		  "A table from addresses to AS and country (.mmdb); AS numbers lead to their networks by it", &w.geo,
		  NULL, NULL },
		{ "shodan-key-file", "FILE", "The key for Shodan", &w.shodan_key, NULL, NULL },
		{ "censys-key-file", "FILE", "The key for Censys", &w.censys_key, NULL, NULL },
		{ "offline", NULL, "Ask nobody: use what is stored", NULL, &w.offline, NULL },
		{ "again", NULL, "Ask anew, also what is stored", NULL, &w.again, NULL },
		{ "large", NULL, "Take seeds that are very large, or a provider's", NULL, &w.large, NULL },
		{ "scheduled", NULL,
		  "At the lowest priority, until standard input ends, behind other runs (the server's own calls do)",
		  NULL, &w.scheduled, NULL },
	};
	struct err e = { 0 };
	struct sources sources;
	struct discover_options o;
	struct seeds list = { .arena = c->arena };
	int n;
	if (!cli_words(c, &verb_surface_discover, options, COUNT(options), argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	struct surface_watch watch = { .c = c,
				       .folder = path_join(c->arena, c->data, "surface"),
				       .scheduled = w.scheduled };
	if (w.scheduled)
		cli_go_behind();
	kept_files(c, watch.folder, &w);
	surface_watch_begin(&watch);
	if (!seeds_gather(c, &w, &list, &e) || (!list.count && !seeds_of_last(c, &w, watch.folder, &list, &e)) ||
	    !options_gather(c, &w, &watch, &sources, &o, &e) || !dir_make(watch.folder, 0700, &e) ||
	    (!w.scheduled && !result_begin(watch.folder, &list, &e)))
		return cli_fail(c, &e);
	if (!o.ask.offline && !c->json)
		fprintf(stderr, "%s\n",
			tr("Only public sources and resolvers are asked. A resolver asks the name servers of the names "
			   "in question."));
	return discover_with(c, &w, &watch, &list, &o, &e) ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_surface_discover = {
	"surface discover",
	"",
	"Finds what belongs to an organisation, from public information alone\n"
	"Nothing is sent to what is found: certificate logs, registries, search engines and resolvers are asked, each "
	"at its own "
	"pace, and each question is logged. What was answered is kept; a run that was stopped goes on when it is "
	"started again.",
	"mamori surface discover --seed example.co.jp --seed 'name:医療法人 例'\n"
	"mamori surface discover --seeds seeds.csv --sources sources.yaml\n"
	"mamori surface discover --offline",
	discover_run,
	false,
};
