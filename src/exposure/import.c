#include "exposure/importer.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/time.h"
#include "exposure/backend.h"
#include "exposure/huge.h"
#include "exposure/import-map.h"
#include "exposure/import-sniff.h"
#include "exposure/import-source.h"
#include "exposure/enrich-redact.h"
#include "os/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	THREADS_MAX = 64,
	FOLDER_FILES_MAX = 100000,
	FOLDER_DEPTH = 8,
};
#define WRITERS_MEMORY ((size_t)384 << 20) /* of all threads together */

struct import {
	const struct import_options *o;
	const struct importer *importer;
	const struct exposure_filling *store;
	struct source *source;
	struct enrich_rules *rules;
	struct redact_rules *redact;
	struct segment_origin origin;
	struct import_context context;
	size_t spill_at;
	unsigned threads;
	atomic_bool stop;
	_Atomic uint64_t records;
	pthread_mutex_t lock; /* of what follows */
	struct err error;
};

struct worker {
	struct import *im;
	unsigned number;
	pthread_t thread;
	void *writer;
	struct import_counts counts;
	struct arena arena;
	size_t since; /* records since memory was looked at */
};

static void
import_failed(struct import *im, const struct err *e)
{
	pthread_mutex_lock(&im->lock);
	if (!atomic_exchange(&im->stop, true))
		im->error = *e;
	pthread_mutex_unlock(&im->lock);
}

/* ---- one record ---- */

static bool
on_banner(void *user, struct banner *stated, struct err *e)
{
	struct worker *w = user;
	struct import *im = w->im;
	struct banner copy = *stated, *b = &copy; /* what is added goes into lists of our own */

	if (!w->writer && !im->store->begin(im->o->data, im->o->store, &im->origin, &w->writer, e))
		return false;
	if (im->redact || im->rules)
		arena_free(&w->arena);
	if (im->redact)
		redact_banner(im->redact, &w->arena, b);
	if (im->rules)
		enrich_banner(im->rules, &w->arena, b);
	if (!im->store->add(w->writer, b, e))
		return false;
	if (++w->since < 1024)
		return true;
	w->since = 0;
	return im->store->relieve(w->writer, im->spill_at, e);
}

static bool
worker_chunk(struct worker *w, void *state, struct chunk *c, struct err *e)
{
	struct import *im = w->im;
	struct str record;

	if (c->too_long)
		import_skip(&w->counts, "too-long", c->too_long);
	if (c->cut_off)
		import_skip(&w->counts, "cut-off", c->cut_off);
	if (c->junk)
		import_skip(&w->counts, "malformed", c->junk);
	while (chunk_next(c, &record)) {
		if (record.len > BANNER_RAW_MAX)
			import_skip(&w->counts, "too-long", 1);
		else if (!im->importer->record(state, record, &w->counts, on_banner, w, e))
			return false;
	}
	return true;
}

static void
worker_progress(struct worker *w, uint64_t *told)
{
	const struct import_options *o = w->im->o;

	atomic_fetch_add(&w->im->records, w->counts.read - *told);
	*told = w->counts.read;
	if (o->progress && w->number == 0)
		o->progress(o->user, source_done(w->im->source), source_size(w->im->source), w->im->records);
}

static void *
worker_run(void *user)
{
	struct worker *w = user;
	struct import *im = w->im;
	void *state = im->importer->begin(&im->context);
	struct chunk c = { 0 };
	struct err e = { 0 };
	uint64_t told = 0;
	bool more = true, ok = true;

	while (ok && more && !im->stop) {
		ok = source_next(im->source, &c, &more, &e) && (!more || worker_chunk(w, state, &c, &e));
		worker_progress(w, &told);
	}
	if (!ok)
		import_failed(im, &e);
	chunk_free(&c);
	im->importer->end(state);
	arena_free(&w->arena);
	return NULL;
}

/* ---- one file ---- */

static void
counts_add(struct import_counts *to, const struct import_counts *from)
{
	struct table_slot *slot;

	to->read += from->kept;
	to->kept += from->kept;
	for (size_t i = 0; table_next(&from->skipped, &i, &slot);)
		import_skip(to, slot->key.ptr, (uint64_t)(uintptr_t)slot->value);
}

static void
counts_text(const struct import_counts *c, struct buf *out)
{
	struct table_slot *slot;
	bool comma = false;

	for (size_t i = 0; table_next(&c->skipped, &i, &slot); comma = true)
		buf_addf(out, "%s%.*s %llu", comma ? ", " : "", STR_ARG(slot->key),
			 (unsigned long long)(uintptr_t)slot->value);
}

static unsigned
threads_for(const struct import_options *o, uint64_t size)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = o->threads ? o->threads : cores > 0 ? (unsigned)cores : 1;

	/* A small file is not worth the segments. */
	if (size < (4u << 20))
		n = 1;
	return n < THREADS_MAX ? n : THREADS_MAX;
}

static void
workers_run(struct import *im, struct worker *workers)
{
	unsigned started = 1;

	for (unsigned i = 0; i < im->threads; i++)
		workers[i] = (struct worker){ .im = im, .number = i };
	while (started < im->threads &&
	       pthread_create(&workers[started].thread, NULL, worker_run, &workers[started]) == 0)
		started++;
	/* The first works here, so that progress is told by the thread that called. */
	worker_run(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
}

/* Names what was read, or throws it away. */
static bool
import_finish(struct import *im, struct worker *workers, struct import_counts *counts, const char *path, struct err *e)
{
	void *writers[THREADS_MAX];
	char digest[65];
	size_t n = 0;
	bool ok = !im->stop;

	source_digest(im->source, digest);
	for (unsigned i = 0; i < im->threads; i++) {
		counts_add(counts, &workers[i].counts);
		if (workers[i].writer)
			writers[n++] = workers[i].writer;
	}
	if (!ok) {
		if (e)
			*e = im->error;
	} else if (counts->kept == 0) {
		BUF_AUTO why = { 0 };
		counts_text(counts, &why);
		ok = counts->read == 0
			     ? err_set(e, ERR_INPUT,
				       "importing %s: 0 records: the file holds none; is the export empty?", path)
			     : err_set(e, ERR_INPUT, "importing %s: 0 of %llu records could be kept: %s", path,
				       (unsigned long long)counts->read, buf_cstr(&why));
	}
	for (size_t i = 0; i < n && ok; i++)
		im->store->digest(writers[i], str_of(digest));
	if (ok) {
		struct segment_origin earlier = im->origin;
		if (im->o->snapshot.len == 0)
			earlier.snapshot = STR("");
		ok = im->store->commit(im->o->data, im->o->store, writers, n, im->o->add ? NULL : &earlier, e);
	} else {
		for (size_t i = 0; i < n; i++)
			im->store->abandon(writers[i]);
	}
	for (unsigned i = 0; i < im->threads; i++)
		table_free(&workers[i].counts.skipped);
	return ok;
}

/* "banners@2026-11-22" of /data/banners.json.gz. */
static struct str
snapshot_name(struct arena *a, const char *path, int64_t now)
{
	char when[TIME_RFC3339_MAX];
	const char *slash = strrchr(path, '/');
	struct str name = str_of(slash ? slash + 1 : path);
	ptrdiff_t dot = str_find_char(name, '.');

	if (dot > 0)
		name = str_head(name, (size_t)dot);
	return arena_printf(a, "%.*s@%.10s", STR_ARG(name), time_rfc3339(now, when));
}

/* Whether the file was no form that is known: *recognised = false, and nothing was done. */
static bool
import_file(const struct import_options *o, struct enrich_rules *rules, struct redact_rules *redact, const char *path,
	    struct import_counts *counts, struct str *source, bool *recognised, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct import im = { .o = o, .rules = rules, .redact = redact };
	const struct exposure_backend *backend;
	char real[4096];
	bool ok;

	*recognised = true;
	if (!exposure_backend_find(o->store, &backend, e))
		return false;
	im.store = backend->filling;
	if (!source_open(path, &im.source, e))
		return false;
	im.context = (struct import_context){ source_head(im.source), source_time(im.source) };
	im.importer = sniff_importer(im.context.head);
	if (!im.importer) {
		*recognised = false;
		ok = im.context.head.len == 0
			     ? err_set(e, ERR_INPUT, "importing %s: 0 records: the file is empty", path)
			     : err_set(e, ERR_INPUT,
				       "importing %s: 0 records: this is no form that mamori knows (Shodan, Censys, "
				       "zgrab2, "
				       "masscan, nmap XML, InternetDB); nothing was imported",
				       path);
		source_close(im.source);
		return ok;
	}
	*source = str_of(im.importer->name);
	source_split(im.source, im.importer->form == RECORDS_XML ? im.importer->element : NULL);
	int64_t now = clock_now(&clock_system);
	im.origin = (struct segment_origin){
		.source = *source,
		.file = arena_str(&arena, str_of(realpath(path, real) ? real : path)),
		.digest = STR(""),
		.snapshot = o->snapshot.len ? o->snapshot : snapshot_name(&arena, path, now),
		.imported_at = now,
		.rules = rules ? enrich_version(rules) : STR(""),
	};
	im.threads = im.importer->in_order ? 1 : threads_for(o, source_size(im.source));
	im.spill_at = WRITERS_MEMORY / im.threads;
	pthread_mutex_init(&im.lock, NULL);
	struct worker *workers = ARENA_ARRAY(&arena, struct worker, im.threads);
	huge_keep();
	workers_run(&im, workers);
	ok = import_finish(&im, workers, counts, path, e);
	huge_release();
	pthread_mutex_destroy(&im.lock);
	source_close(im.source);
	return ok;
}

/* ---- a path ---- */

struct import_all {
	const struct import_options *o;
	struct enrich_rules *rules;
	struct redact_rules *redact;
	struct import_counts *counts;
	struct str *source;
};

static bool
import_folder(const struct import_all *all, const char *path, unsigned depth, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;

	if (depth == FOLDER_DEPTH)
		return true;
	if (!dir_list(&a, path, FOLDER_FILES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct import_counts one = { 0 };
		struct err why = { 0 };
		struct stat st;
		bool recognised;
		const char *file = path_join(&a, path, arena_cstr(&a, names[i]));
		if (stat(file, &st) != 0 || S_ISDIR(st.st_mode)) {
			if (!import_folder(all, file, depth + 1, e))
				return false;
			continue;
		}
		bool ok = import_file(all->o, all->rules, all->redact, file, &one, all->source, &recognised, &why);
		counts_add(all->counts, &one);
		table_free(&one.skipped);
		if (!ok && !recognised) {
			import_skip(all->counts, "unrecognised-file", 1);
		} else if (!ok && why.code != ERR_INPUT) {
			if (e)
				*e = why;
			return false;
		}
	}
	return true;
}

bool
exposure_import(const struct import_options *o, const char *path, struct import_counts *counts, struct str *source,
		struct err *e)
{
	struct import_all all = { .o = o, .counts = counts, .source = source };
	struct stat st;
	bool ok = true, recognised;

	*source = STR("");
	if (stat(path, &st) != 0)
		return err_sys(e, "importing %s", path);
	if (o->enrich)
		ok = enrich_open(o->rules, &all.rules, e) && enrich_use_feeds(all.rules, o->data, e);
	if (ok && o->redact)
		ok = redact_open(o->rules, &all.redact, e);
	if (ok && S_ISDIR(st.st_mode)) {
		ok = import_folder(&all, path, 0, e);
		if (ok && counts->kept == 0)
			ok = err_set(e, ERR_INPUT, "importing %s: 0 records: no file in it gave any", path);
	} else if (ok) {
		ok = import_file(o, all.rules, all.redact, path, counts, source, &recognised, e);
	}
	/* What was imported counts already: what fails now is tried again by the next import. */
	struct err why = { 0 };
	const struct exposure_backend *backend;
	uint64_t suspected;
	if (ok && all.rules &&
	    (!exposure_backend_find(o->store, &backend, &why) ||
	     !backend->filling->suspect(o->data, o->store, all.rules, &suspected, &why)))
		log_warn("exposure", "honeypots were not looked for: %s", why.text);
	err_clear(&why);
	enrich_close(all.rules);
	redact_close(all.redact);
	if (ok && !o->store && !segments_tidy(o->data, &why))
		log_warn("exposure", "small segments were not merged: %s", why.text);
	return ok;
}
