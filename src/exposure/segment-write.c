/* Building segments (exposure/index.h). A writer's file is locked while it lives, so that what a killed import leaves is
 * told from what another one is writing. */
#include "exposure/segment-write.h"

#include "base/codec.h"
#include "exposure/cores.h"
#include "exposure/words.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- one file ---- */

static bool
new_file(struct segment_writer *w, struct err *e)
{
	struct build *b = &w->build;
	BUF_AUTO name = { 0 };
	unsigned char random[8];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "naming a segment");
	hex_encode(&name, random, sizeof(random));
	b->file = arena_printf(&w->arena, "%s.segment", buf_cstr(&name));
	b->path = path_join(&w->arena, w->folder, b->file.ptr);
	b->fd = open(b->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (b->fd < 0)
		return err_sys(e, "making %s", b->path);
	if (flock(b->fd, LOCK_EX | LOCK_NB) != 0)
		return err_sys(e, "locking %s", b->path);
	output_begin(&b->out, b->fd, b->path);
	b->open = true;
	return true;
}

bool
segment_begin(const char *data, const struct segment_origin *o, struct segment_writer **out, struct err *e)
{
	struct segment_writer *w = xcalloc(1, sizeof(*w));

	w->build.fd = -1;
	if (!exposure_folder(&w->arena, data, &w->folder, e)) {
		segment_abandon(w);
		return false;
	}
	w->origins = ARENA_NEW(&w->arena, struct segment_origin);
	w->origin_count = 1;
	w->origins[0] = (struct segment_origin){ .source = arena_str(&w->arena, o->source),
						 .file = arena_str(&w->arena, o->file),
						 .digest = arena_str(&w->arena, o->digest),
						 .snapshot = arena_str(&w->arena, o->snapshot),
						 .rules = arena_str(&w->arena, o->rules),
						 .imported_at = o->imported_at };
	*out = w;
	return true;
}

void
segment_set_digest(struct segment_writer *w, struct str digest)
{
	w->origins[0].digest = arena_str(&w->arena, digest);
}

static void
build_free(struct build *b)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		column_build_free(&b->columns[i]);
	raw_build_free(&b->raw);
	buf_free(&b->ips);
	buf_free(&b->marks);
	output_free(&b->out);
	memset(b->transports, 0, sizeof(b->transports));
	b->origin.number = 0;
	b->docs = 0;
	b->open = false;
}

/* ---- adding ---- */

/* As far as it is stored: whole characters, at most VALUE_MAX bytes. */
static struct str
stored(struct str s)
{
	if (s.len <= VALUE_MAX)
		return s;
	s.len = VALUE_MAX;
	while (s.len > 0 && (s.ptr[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

static void
add_words(struct column_build *c, uint32_t doc, struct str text)
{
	struct ascii_word words[ASCII_WORDS];
	struct grams g;
	size_t n;

	grams_begin(&g, text);
	while ((n = grams_ascii(&g, words)) > 0 || grams_next(&g)) {
		if (n > 0)
			vocabulary_words(&c->values, words, n, doc);
		else
			vocabulary_word(&c->values, g.term, doc);
	}
	column_add_text(c, doc, 0, 0);
}

static bool
has_names(enum field f)
{
	return f == FIELD_SSL_CERT_SUBJECT_CN || f == FIELD_SSL_CERT_ISSUER_CN || f == FIELD_SSL_CERT_SUBJECT_O ||
	       f == FIELD_SSL_CERT_NAMES;
}

/* Keywords of the banner that is added: looked up together at its end, when the memory for it has come. */
enum { KEYWORDS = 48 };
struct keywords {
	struct keyword {
		struct column_build *column;
		struct str text;
		uint32_t hash;
		uint8_t confidence;
	} items[KEYWORDS];
	size_t count;
};

static void
keywords_flush(struct keywords *k, struct build *b)
{
	for (size_t i = 0; i < k->count; i++)
		vocabulary_expect_entry(&k->items[i].column->values, k->items[i].hash);
	for (size_t i = 0; i < k->count; i++)
		vocabulary_expect_text(&k->items[i].column->values, k->items[i].hash);
	for (size_t i = 0; i < k->count; i++) {
		const struct keyword *x = &k->items[i];
		column_add_text(x->column, b->docs, vocabulary_put_hashed(&x->column->values, x->text, x->hash),
				x->confidence);
	}
	k->count = 0;
}

static void
add_keyword(struct keywords *k, struct build *b, struct column_build *c, struct str text, uint8_t confidence)
{
	if (k->count == KEYWORDS)
		keywords_flush(k, b);
	k->items[k->count++] = (struct keyword){ c, text, vocabulary_hash(&c->values, text), confidence };
}

static void
add_host(struct build *b, struct column_build *c, struct str text, uint8_t confidence)
{
	char lower[VALUE_MAX];

	for (size_t i = 0; i < text.len; i++)
		lower[i] = (char)ascii_lower((unsigned char)text.ptr[i]);
	column_add_text(c, b->docs, vocabulary_put(&c->values, str_sub(lower, text.len)), confidence);
}

static void
add_value(struct build *b, struct keywords *k, const struct banner_value *v)
{
	struct column_build *c = &b->columns[v->field];
	struct str text;

	switch (field_table[v->field].kind) {
	case FIELD_TEXT:
		if (v->text.len > 0)
			add_words(c, b->docs, v->text);
		break;
	case FIELD_HOST:
	case FIELD_KEYWORD:
		text = stored(v->text);
		if (text.len == 0)
			break;
		if (field_table[v->field].kind == FIELD_HOST)
			add_host(b, c, text, v->confidence);
		else
			add_keyword(k, b, c, text, v->confidence);
		if (has_names(v->field))
			add_words(&b->columns[COLUMN_NAMES], b->docs, v->text);
		break;
	case FIELD_NUMBER:
	case FIELD_TIME:
	case FIELD_BOOL:
		column_add_number(c, b->docs, v->number, v->confidence);
		break;
	case FIELD_ADDRESS:
		break;
	}
}

/* Two banners of one address that are the same have the same mark; others seldom. */
static uint16_t
banner_mark(const struct banner *n)
{
	uint64_t x = (uint64_t)n->timestamp << 18 ^ (uint64_t)n->port << 2 ^ (n->transport & 3);

	return (uint16_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 48);
}

static void
add_key(struct build *b, const struct banner *n)
{
	static const struct str names[] = { { "tcp", 3 }, { "udp", 3 }, { "sctp", 4 }, { "other", 5 } };
	struct column_build *c = &b->columns[FIELD_TRANSPORT];

	uint16_t mark = banner_mark(n);

	buf_add(&b->ips, str_sub((const char *)n->ip, 16));
	buf_add(&b->marks, str_sub((const char *)&mark, sizeof(mark)));
	column_add_number(&b->columns[FIELD_PORT], b->docs, n->port, 0);
	uint32_t *known = &b->transports[n->transport & 3];
	if (*known == 0)
		*known = vocabulary_put(&c->values, names[n->transport & 3]) + 1;
	column_add_text(c, b->docs, *known - 1, 0);
	column_add_number(&b->columns[FIELD_TIMESTAMP], b->docs, n->timestamp, 0);
}

/* Is this what the record's key says already? */
static bool
is_key(enum field f)
{
	return f == FIELD_IP || f == FIELD_PORT || f == FIELD_TRANSPORT || f == FIELD_TIMESTAMP;
}

/* The number of an origin's text in its column + 1; 0: it has none. */
static uint32_t
origin_text(struct column_build *c, struct str text)
{
	return text.len > 0 ? vocabulary_put(&c->values, stored(text)) + 1 : 0;
}

static void
add_origin(struct segment_writer *w, uint32_t number)
{
	struct build *b = &w->build;
	struct column_build *source = &b->columns[FIELD_SOURCE], *snapshot = &b->columns[FIELD_SNAPSHOT];
	const struct segment_origin *o = &w->origins[number];

	column_add_number(&b->columns[COLUMN_ORIGIN], b->docs, number, 0);
	/* Nearly always the same as before. */
	if (b->origin.number != number + 1)
		b->origin = (struct known_origin){ number + 1, origin_text(source, o->source),
						   origin_text(snapshot, o->snapshot) };
	if (b->origin.source > 0)
		column_add_text(source, b->docs, b->origin.source - 1, 0);
	if (b->origin.snapshot > 0)
		column_add_text(snapshot, b->docs, b->origin.snapshot - 1, 0);
}

bool
segment_add_from(struct segment_writer *w, const struct banner *n, const uint32_t *origins, size_t count, struct err *e)
{
	struct build *b = &w->build;
	struct keywords keywords;

	keywords.count = 0;
	if (!b->open && !new_file(w, e))
		return false;
	if (n->raw.len > BANNER_RAW_MAX || n->count > BANNER_VALUES_MAX)
		return err_set(e, ERR_TOO_LARGE, "a banner is larger than %u bytes or has more than %u values",
			       (unsigned)BANNER_RAW_MAX, (unsigned)BANNER_VALUES_MAX);
	for (size_t i = 0; i < n->count; i++)
		if (!is_key(n->values[i].field) && n->values[i].field != FIELD_SOURCE &&
		    n->values[i].field != FIELD_SNAPSHOT)
			add_value(b, &keywords, &n->values[i]);
	for (size_t i = 0; i < count; i++)
		add_origin(w, origins[i]);
	add_key(b, n);
	keywords_flush(&keywords, b);
	if (!raw_add(&b->raw, &b->out, n, b->docs, e))
		return false;
	b->docs++;
	/* Numbers of banners and places of words are 32 bits. */
	return (b->docs < SEGMENT_DOCS_MAX && (b->docs % 4096 != 0 || segment_memory(w) < MEMORY_MAX)) ||
	       segment_spill(w, e);
}

bool
segment_add(struct segment_writer *w, const struct banner *b, struct err *e)
{
	static const uint32_t first[] = { 0 };

	return segment_add_from(w, b, first, 1, e);
}

size_t
segment_memory(const struct segment_writer *w)
{
	const struct build *b = &w->build;
	size_t n = b->ips.cap + b->marks.cap + raw_memory(&b->raw);

	for (unsigned i = 0; i < COLUMNS; i++)
		n += vocabulary_memory(&b->columns[i].values) + b->columns[i].stream.cap;
	return n;
}

/* ---- writing out ---- */

static void
write_column(struct build *b, unsigned i, struct column_info *info)
{
	struct column_build *c = &b->columns[i];
	enum field_kind kind = i == COLUMN_NAMES ? FIELD_TEXT : i == COLUMN_ORIGIN ? FIELD_NUMBER : field_table[i].kind;

	if (kind == FIELD_TEXT)
		column_write_words(c, &b->out, i, b->docs, info);
	else if (kind == FIELD_ADDRESS)
		column_write_addresses((const unsigned char *)b->ips.ptr, b->marks.ptr, &b->out, b->docs, info);
	else if (kind == FIELD_KEYWORD || kind == FIELD_HOST)
		column_write_values(c, &b->out, i, b->docs, info);
	else
		column_write_numbers(c, &b->out, i, b->docs, info);
	column_build_free(c);
}

/* A writer whose columns are written, in any order, by one thread or several. */
struct spilling {
	struct segment_writer *w; /* NULL: it has nothing, or failed */
	struct column_info info[COLUMNS];
};

static bool
spill_begin(struct spilling *x, struct segment_writer *w, struct err *e)
{
	struct build *b = &w->build;

	if (!b->open)
		return true;
	if (!raw_end(&b->raw, &b->out, e))
		return false;
	raw_build_free(&b->raw);
	x->w = w;
	return true;
}

static bool
spill_end(struct spilling *x, struct err *e)
{
	struct segment_writer *w = x->w;

	if (!w)
		return true;
	struct build *b = &w->build;
	output_section(&b->out, SECTION_INFO, COLUMN_ORIGIN, str_sub((const char *)x->info, sizeof(x->info)));
	if (!output_end(&b->out, b->docs, e))
		return err_wrap(e, "writing a segment of exposure data");
	/* The descriptor stays open: its lock says that the file is somebody's until the manifest names it. */
	*ARRAY_PUSH(&w->arena, &w->done) = (struct written){ b->file, b->path, b->fd, b->docs };
	b->fd = -1;
	build_free(b);
	return true;
}

bool
segment_spill(struct segment_writer *w, struct err *e)
{
	struct spilling x = { 0 };

	if (!spill_begin(&x, w, e))
		return false;
	for (unsigned i = 0; x.w && i < COLUMNS; i++)
		write_column(&w->build, i, &x.info[i]);
	return spill_end(&x, e);
}

/* ---- sealing: all columns of all writers, the costly ones first, each by the thread that is free ---- */

struct sealing {
	struct spilling *items;
	size_t count;
	atomic_size_t next;
};

static bool
is_costly(unsigned column)
{
	return column == COLUMN_NAMES || (column != COLUMN_ORIGIN && field_table[column].kind == FIELD_TEXT);
}

static void *
seal_columns(void *user)
{
	struct sealing *s = user;
	size_t each = s->count * COLUMNS, job;

	while ((job = atomic_fetch_add(&s->next, 1)) < 2 * each) {
		struct spilling *x = &s->items[job % s->count];
		unsigned column = (unsigned)(job % each / s->count);
		if (x->w && is_costly(column) == (job < each))
			write_column(&x->w->build, column, &x->info[column]);
	}
	return NULL;
}

bool
segments_seal(struct segment_writer **writers, size_t count, struct err *e)
{
	struct sealing s = { .items = xcalloc(count + 1, sizeof(*s.items)), .count = count };
	bool ok = true;

	for (size_t i = 0; i < count && ok; i++)
		ok = spill_begin(&s.items[i], writers[i], e);
	if (ok && count > 0)
		on_all_cores(count * COLUMNS, seal_columns, &s);
	for (size_t i = 0; i < count && ok; i++)
		ok = spill_end(&s.items[i], e);
	free(s.items);
	return ok;
}

void
segment_writer_free(struct segment_writer *w, bool keep)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->done.count; i++) {
		if (!keep)
			(void)unlink(w->done.items[i].path);
		(void)close(w->done.items[i].fd);
	}
	if (w->build.fd >= 0) {
		(void)unlink(w->build.path);
		(void)close(w->build.fd);
	}
	build_free(&w->build);
	arena_free(&w->arena);
	free(w);
}

void
segment_abandon(struct segment_writer *w)
{
	segment_writer_free(w, false);
}
