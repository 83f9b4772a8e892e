/* Importing: each named path is read into buckets of its own; only what was understood whole is merged, written
 * as feed files beside the old ones, and indexed. Everything is renamed into place at the end. */
#include "vuln/feed.h"

#include "base/tr.h"
#include "os/file.h"
#include "vuln/bundle.h"
#include "vuln/import.h"
#include "vuln/index.h"
#include "vuln/ops.h"
#include "vuln/validators.h"

#include <stdio.h>
#include <unistd.h>

#define FEWER_MIN 100 /* records; a handful comes and goes */
#define FEED_FILE_BYTES (BUCKET_MAX + (64u << 20))

/* ---- one path ---- */

struct path_import {
	struct feed_report *report;
	struct bucket_set set;
	struct input_budget budget;
	int64_t latest; /* date that a record may have: tomorrow */
	bool over; /* it costs too much, or its records find no room */
};

void
feed_skipped_words(const struct feed_count *c, struct buf *out)
{
	for (size_t i = 0; i < c->skipped_count; i++)
		buf_addf(out, "%s%s %llu", i ? ", " : "", tr(c->skipped[i].reason),
			 (unsigned long long)c->skipped[i].count);
}

/* Feeds of one path, joined by commas; "several" when that gets long. */
static void
name_feed(struct feed_report *r, const char *feed)
{
	struct str have = str_of(r->feed), rest = have, one;
	while (str_cut(&rest, ',', &one))
		if (str_eq(one, str_of(feed)) || str_eq(one, STR("several")))
			return;
	BUF_AUTO all = { 0 };
	buf_add(&all, have);
	if (have.len)
		buf_add_char(&all, ',');
	buf_add(&all, str_of(feed));
	snprintf(r->feed, sizeof(r->feed), "%s", all.len < sizeof(r->feed) ? buf_cstr(&all) : "several");
}

static void
count_add(struct feed_count *into, const struct feed_count *from)
{
	into->read += from->read;
	into->kept += from->kept;
	for (size_t i = 0; i < from->skipped_count; i++)
		count_skip(into, from->skipped[i].reason, from->skipped[i].count);
}

static const struct feed_ops *
recognise(const struct sniff *s)
{
	for (const struct feed_ops *const *f = feeds_all; *f; f++)
		if ((*f)->recognise(s))
			return *f;
	return NULL;
}

static void
sink_close(struct feed_sink *s)
{
	buf_free(&s->body);
}

/* One file or member, in a bucket set of its own: what fails in the middle leaves nothing behind. */
static bool
import_input(struct path_import *p, const struct feed_ops *ops, struct input *in, const struct sniff *s, struct err *e)
{
	BUCKET_SET_AUTO own = { 0 };
	struct feed_count count = { 0 };
	__attribute__((cleanup(sink_close))) struct feed_sink sink = {
		.feed = ops->name, .set = &own, .count = &count, .latest = p->latest
	};
	uint64_t duplicates = 0;
	if (!ops->read(in, s, &sink, e)) {
		p->over = sink.full || p->budget.spent;
		return err_wrap(e, "reading %s", in->member ? in->name : p->report->path);
	}
	for (size_t i = 0; i < own.count; i++) {
		own.items[i]->merge = ops->merge;
		own.items[i]->published = sink.published < p->latest ? sink.published : p->latest;
	}
	p->over = !bucket_set_merge(&p->set, &own, &duplicates, e);
	if (p->over)
		return false;
	count.kept -= duplicates;
	if (duplicates)
		count_skip(&count, "duplicate", duplicates);
	count_add(&p->report->count, &count);
	name_feed(p->report, ops->name);
	return true;
}

static bool
visit(void *user, struct input *in, struct err *e)
{
	struct path_import *p = user;
	struct feed_count *count = &p->report->count;
	ARENA_AUTO a = { 0 };
	struct sniff s;
	struct err bad = { 0 };
	if (!sniff_input(in, &a, &s, &bad)) {
		if (!in->member || bad.code == ERR_TOO_LARGE) {
			*e = bad;
			return false;
		}
		count->read++;
		count_skip(count, "damaged", 1);
		return true;
	}
	const struct feed_ops *ops = recognise(&s);
	if (!ops && in->member) {
		count->read++;
		count_skip(count, "unrecognised", 1);
		return true;
	}
	if (!ops && s.head.len == 0)
		return err_set(e, ERR_INPUT, "%s is empty", p->report->path);
	if (!ops)
		return err_set(e, ERR_INPUT,
			       "%s is none of the feeds that mamori reads (mamori feed status lists them)",
			       p->report->path);
	if (import_input(p, ops, in, &s, &bad))
		return true;
	/* A bad file never loses its neighbours; but a path that costs too much ends. */
	if (in->member && !p->over && (bad.code == ERR_INPUT || bad.code == ERR_TOO_LARGE)) {
		count->read++;
		count_skip(count, bad.code == ERR_INPUT ? "invalid" : "too-large", 1);
		return true;
	}
	*e = bad;
	return false;
}

static void
unreadable(void *user, const char *reason)
{
	struct path_import *p = user;
	p->report->count.read++;
	count_skip(&p->report->count, reason, 1);
}

/* Fills the report; what was understood is merged into `all`. */
static bool
import_path(const struct feed_import_options *o, const struct import_item *item, struct feed_report *report,
	    struct bucket_set *all, struct err *e)
{
	const char *path = item->path, *label = item->label ? item->label : item->path;
	struct path_import p = { .report = report,
				 .budget = { .progress = o->progress, .user = o->user },
				 .latest = clock_now(o->clock) + DAY_MS };
	struct input_visitor v = { visit, unreadable, &p };
	uint64_t duplicates = 0;
	*report = (struct feed_report){ .path = label };
	bool ok = input_walk(path, &p.budget, &v, &report->error);
	if (!ok) {
		/* Nothing of it is kept: say so in the figures, too. */
		report->count = (struct feed_count){ 0 };
	} else if (report->count.kept == 0) {
		BUF_AUTO why = { 0 };
		feed_skipped_words(&report->count, &why);
		err_set(&report->error, ERR_INPUT, "%s holds no record that mamori can use (%s); nothing was changed",
			label, why.len ? buf_cstr(&why) : tr("it is empty"));
	} else {
		for (size_t i = 0; i < p.set.count; i++)
			snprintf(p.set.items[i]->path, sizeof(p.set.items[i]->path), "%s", label);
		ok = bucket_set_merge(all, &p.set, &duplicates, e);
		bucket_set_clear(&p.set);
		return ok;
	}
	bucket_set_clear(&p.set);
	return true;
}

/* ---- the store ---- */

struct store {
	const char *dir;
	struct arena arena;
	int lock;
	ARRAY_OF(struct str) names; /* of feed files in place */
};

static void
store_close(struct store *s)
{
	fd_cleanup(&s->lock);
	arena_free(&s->arena);
}

static bool
store_open(struct store *s, const char *data, bool lock, struct err *e)
{
	struct str *names;
	size_t count;
	s->lock = -1;
	s->dir = path_join(&s->arena, data, "feeds");
	if (lock && (!dir_make(s->dir, 0755, e) || !dir_give(s->dir, data, e) ||
		     !file_lock(path_join(&s->arena, s->dir, "lock"), &s->lock, e)))
		return err_wrap(e, "opening the feeds in %s", s->dir);
	if (!file_exists(s->dir))
		return true;
	if (!dir_list(&s->arena, s->dir, FEED_FILES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], STR(".feed")))
			*ARRAY_PUSH(&s->arena, &s->names) = names[i];
		else if (lock && str_ends(names[i], STR(".new"))) /* left by an import that was killed */
			unlink(path_join(&s->arena, s->dir, arena_cstr(&s->arena, names[i])));
	return true;
}

/* Records of the earlier content that the new one does not replace. */
static bool
merge_earlier(struct store *s, struct bucket *b, struct str name, struct err *e)
{
	const char *path = path_join(&s->arena, s->dir, arena_cstr(&s->arena, name));
	BUF_AUTO file = { 0 };
	struct bucket old;
	struct str payload;
	if (!file_exists(path))
		return true;
	if (!file_read(path, FEED_FILE_BYTES, &file, e) || !bucket_open(path, buf_str(&file), &old, &payload, e))
		return false;
	size_t offset = 0;
	struct bucket_row row;
	bool bad;
	while (bucket_row_next(payload, &offset, &row, &bad)) {
		enum bucket_put how;
		/* Equal dates: what is imported now wins. */
		struct bucket_row mine;
		if (bucket_find(b, row.key, &mine) && mine.modified >= row.modified)
			continue;
		if (!bucket_put(b, row.key, row.modified, row.body, &how, e))
			return false;
	}
	if (old.published > b->published)
		b->published = old.published;
	return true;
}

/* One feed file at a time: what the index needs of it is in the builder afterwards. */
static bool
build_from(struct store *s, struct index_builder *b, struct str name, const char *suffix, struct err *e)
{
	BUF_AUTO file = { 0 };
	struct index_source source = {
		.path = path_join(&s->arena, s->dir, arena_printf(&s->arena, "%.*s%s", STR_ARG(name), suffix).ptr)
	};
	return file_read(source.path, FEED_FILE_BYTES, &file, e) &&
	       bucket_open(source.path, buf_str(&file), &source.head, &source.payload, e) &&
	       index_builder_add(b, &source, e);
}

/* The index over what is in place, with the new files instead of the old ones of the same name. */
static bool
build_index(struct store *s, const struct str *changed, size_t changed_count, int64_t now, struct err *e)
{
	__attribute__((cleanup(index_builder_cleanup))) struct index_builder *b = index_builder_new();
	BUF_AUTO index = { 0 };
	for (size_t i = 0; i < changed_count; i++)
		if (!build_from(s, b, changed[i], ".new", e))
			return false;
	for (size_t i = 0; i < s->names.count; i++) {
		bool replaced = false;
		for (size_t k = 0; k < changed_count; k++)
			replaced = replaced || str_eq(changed[k], s->names.items[i]);
		if (!replaced && !build_from(s, b, s->names.items[i], "", e))
			return false;
	}
	return index_builder_finish(b, now, &index, e) &&
	       file_write(path_join(&s->arena, s->dir, "index.new"), buf_str(&index), 0644, e);
}

static bool
store_rename(struct store *s, const char *from, const char *to, struct err *e)
{
	if (rename(path_join(&s->arena, s->dir, from), path_join(&s->arena, s->dir, to)) != 0)
		return err_sys(e, "putting %s/%s in its place", s->dir, to);
	return true;
}

static void
drop_new(struct store *s, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		unlink(path_join(&s->arena, s->dir, arena_printf(&s->arena, "%.*s.new", STR_ARG(names[i])).ptr));
	unlink(path_join(&s->arena, s->dir, "index.new"));
}

static bool
write_new(struct store *s, const struct feed_import_options *o, struct bucket_set *set, struct str *names,
	  struct err *e)
{
	int64_t now = clock_now(o->clock);
	for (size_t i = 0; i < set->count; i++) {
		struct bucket *b = set->items[i];
		BUF_AUTO out = { 0 };
		names[i] = bucket_file_name(b, &s->arena);
		b->imported = now;
		if ((o->add || b->merge) && !merge_earlier(s, b, names[i], e))
			return false;
		bucket_write(b, &out);
		const char *path =
			path_join(&s->arena, s->dir, arena_printf(&s->arena, "%.*s.new", STR_ARG(names[i])).ptr);
		if (!file_write(path, buf_str(&out), 0644, e))
			return false;
	}
	return build_index(s, names, set->count, now, e);
}

static bool
commit(struct store *s, const struct feed_import_options *o, struct bucket_set *set, struct err *e)
{
	struct str names[COUNT(set->items)];
	if (!write_new(s, o, set, names, e)) {
		drop_new(s, names, set->count);
		return err_wrap(e, "importing into %s (nothing was changed)", s->dir);
	}
	/* From here on only renames: each file is whole, and the index is last. */
	for (size_t i = 0; i < set->count; i++)
		if (!store_rename(s, arena_printf(&s->arena, "%.*s.new", STR_ARG(names[i])).ptr,
				  arena_cstr(&s->arena, names[i]), e))
			return false;
	return store_rename(s, "index.new", "index", e);
}

/* A list that was cut off where a record ends looks whole: what would lose more than half of its records stays as it is. */
static bool
refuse_fewer(struct store *s, struct bucket_set *set, struct feed_report *reports, size_t count, struct err *e)
{
	for (size_t i = set->count; i-- > 0;) {
		const struct bucket *b = set->items[i];
		const char *path = path_join(&s->arena, s->dir, arena_cstr(&s->arena, bucket_file_name(b, &s->arena)));
		struct feed_status had;
		if (b->merge || !file_exists(path))
			continue;
		if (!feed_status_of_file(path, &had, e))
			return false;
		if (had.records < FEWER_MIN || b->count * 2 >= had.records)
			continue;
		for (size_t k = 0; k < count; k++)
			if (reports[k].error.code == ERR_NONE && str_starts(str_of(reports[k].path), str_of(b->path))) {
				reports[k].count = (struct feed_count){ 0 };
				err_set(&reports[k].error, ERR_REFUSED,
					"%s has %llu records of %s where the last import had %llu: it looks cut off, "
					"and "
					"what was imported stays. Fetch it anew, or where so few are right: --fewer",
					reports[k].path, (unsigned long long)b->count, b->feed,
					(unsigned long long)had.records);
			}
		bucket_set_drop(set, i);
	}
	return true;
}

bool
feed_import_items(const struct feed_import_options *o, const struct import_item *items, size_t count,
		  struct feed_report *reports, struct err *e)
{
	__attribute__((cleanup(store_close))) struct store s = { .lock = -1 };
	BUCKET_SET_AUTO all = { 0 };
	if (!store_open(&s, o->data, true, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!import_path(o, &items[i], &reports[i], &all, e))
			return false;
	if (!o->add && !o->fewer && !refuse_fewer(&s, &all, reports, count, e))
		return false;
	return all.count == 0 || commit(&s, o, &all, e);
}

bool
feed_import(const struct feed_import_options *o, const char *const *paths, size_t count, struct feed_report *reports,
	    struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct import_item *items = ARENA_ARRAY(&a, struct import_item, count + 1);
	for (size_t i = 0; i < count; i++)
		items[i].path = paths[i];
	return feed_import_items(o, items, count, reports, e);
}

bool
feed_index_rebuild(const char *data, int64_t now, struct err *e)
{
	__attribute__((cleanup(store_close))) struct store s = { .lock = -1 };
	if (!store_open(&s, data, true, e))
		return false;
	if (s.names.count == 0)
		return true;
	if (!build_index(&s, NULL, 0, now, e)) {
		drop_new(&s, NULL, 0);
		return err_wrap(e, "building the advisory index of %s anew", s.dir);
	}
	return store_rename(&s, "index.new", "index", e);
}

/* ---- a closed network ---- */

#define BUNDLE_BYTES (UINT64_C(4) << 30)

struct transfer {
	struct store store;
	struct bundle bundle;
	struct buf file;
	struct buf contents[BUNDLE_FILES_MAX]; /* of an export */
};

static void
transfer_cleanup(struct transfer *t)
{
	for (size_t i = 0; i < BUNDLE_FILES_MAX; i++)
		buf_free(&t->contents[i]);
	buf_free(&t->file);
	store_close(&t->store);
}

/* The newest import of what is in the folder. */
static bool
newest_import(struct store *s, int64_t *newest, struct err *e)
{
	*newest = 0;
	for (size_t i = 0; i < s->names.count; i++) {
		struct feed_status st = { 0 };
		if (!feed_status_of_file(path_join(&s->arena, s->dir, arena_cstr(&s->arena, s->names.items[i])), &st,
					 e))
			return false;
		*newest = st.imported_at > *newest ? st.imported_at : *newest;
	}
	return true;
}

bool
feed_export(const char *data, const char *to, size_t *count, struct err *e)
{
	__attribute__((cleanup(transfer_cleanup))) struct transfer t = { .store.lock = -1 };
	struct store *s = &t.store;
	if (!store_open(s, data, file_exists(path_join(&s->arena, data, "feeds")), e))
		return false;
	if (s->names.count == 0 || s->names.count > BUNDLE_FILES_MAX)
		return err_set(e, ERR_NOT_FOUND, "exporting feeds: nothing has been imported into %s yet", data);
	for (size_t i = 0; i < s->names.count; i++) {
		const char *path = path_join(&s->arena, s->dir, arena_cstr(&s->arena, s->names.items[i]));
		struct bucket head;
		struct str payload;
		if (!file_read(path, FEED_FILE_BYTES, &t.contents[i], e) ||
		    !bucket_open(path, buf_str(&t.contents[i]), &head, &payload, e))
			return false;
		t.bundle.instant = head.imported > t.bundle.instant ? head.imported : t.bundle.instant;
		*ARRAY_PUSH(&s->arena, &t.bundle.files) =
			(struct bundle_file){ s->names.items[i], buf_str(&t.contents[i]) };
	}
	bundle_write(&t.bundle, &t.file);
	*count = t.bundle.files.count;
	return file_write(to, buf_str(&t.file), 0644, e);
}

/* Each file is what its name says; then beside the old ones, and the index over all of them. */
static bool
receive_new(struct store *s, const struct bundle *b, const char *from, int64_t now, struct str *names, struct err *e)
{
	for (size_t i = 0; i < b->files.count; i++) {
		const struct bundle_file *f = &b->files.items[i];
		struct bucket head;
		struct str payload;
		if (!bucket_open(from, f->content, &head, &payload, e))
			return false;
		if (head.imported < 0 || head.imported > b->instant || head.published > now + DAY_MS)
			return err_set(e, ERR_INPUT, "%s holds a feed with an impossible date: %.*s", from,
				       STR_ARG(f->name));
		if (!str_eq(bucket_file_name(&head, &s->arena), f->name) || !feed_find(head.feed))
			return err_set(e, ERR_INPUT, "%s holds a feed that this mamori does not know: %.*s", from,
				       STR_ARG(f->name));
		const char *path =
			path_join(&s->arena, s->dir, arena_printf(&s->arena, "%.*s.new", STR_ARG(f->name)).ptr);
		if (!file_write(path, f->content, 0644, e))
			return false;
	}
	return build_index(s, names, b->files.count, now, e);
}

bool
feed_receive(const char *data, const char *from, int64_t now, size_t *count, struct err *e)
{
	__attribute__((cleanup(transfer_cleanup))) struct transfer t = { .store.lock = -1 };
	struct store *s = &t.store;
	struct str names[BUNDLE_FILES_MAX] = { 0 };
	int64_t newest;
	if (!file_read(from, BUNDLE_BYTES, &t.file, e) ||
	    !bundle_read(buf_str(&t.file), from, &s->arena, &t.bundle, e) || !store_open(s, data, true, e) ||
	    !newest_import(s, &newest, e))
		return false;
	size_t n = t.bundle.files.count;
	if (t.bundle.instant > now + DAY_MS)
		return err_set(
			e, ERR_REFUSED,
			"%s was written later than it is now by this machine's clock; nothing was changed. Set the "
			"clocks of both machines right, and export the feeds again",
			from);
	if (t.bundle.instant < newest)
		return err_set(e, ERR_REFUSED,
			       "%s is older than what is imported in %s; nothing was changed. Bring a newer one", from,
			       data);
	for (size_t i = 0; i < n; i++)
		names[i] = t.bundle.files.items[i].name;
	if (!receive_new(s, &t.bundle, from, now, names, e)) {
		drop_new(s, names, n);
		return err_wrap(e, "taking feeds from %s (nothing was changed)", from);
	}
	for (size_t i = 0; i < n; i++)
		if (!store_rename(s, arena_printf(&s->arena, "%.*s.new", STR_ARG(names[i])).ptr,
				  arena_cstr(&s->arena, names[i]), e))
			return false;
	*count = n;
	return store_rename(s, "index.new", "index", e);
}
