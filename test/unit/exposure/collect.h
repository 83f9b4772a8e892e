/* A file's text through sniffing, splitting and its importer: the banners as lines, the counts as words. */
#ifndef MAMORI_TEST_COLLECT_H
#define MAMORI_TEST_COLLECT_H

#include "base/buf.h"
#include "base/time.h"
#include "exposure/import-sniff.h"
#include "exposure/import-source.h"

#include <arpa/inet.h>
#include <unistd.h>

enum { COLLECT_TIME = 1700000000 };

struct collected {
	struct buf text; /* "192.0.2.1:80/tcp 2026-05-15T13:15:42Z product=nginx tls=1\n" in the order of the fields */
	struct buf raw; /* raw records, a line each */
	struct import_counts counts;
	char importer[20];
	struct err e;
};

static inline void
collect_address(struct buf *out, const struct banner *b)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[64];
	bool v4 = memcmp(b->ip, mapped, 12) == 0;
	buf_addf(out, v4 ? "%s" : "[%s]",
		 inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? b->ip + 12 : b->ip, text, sizeof(text)));
}

static inline void
collect_banner(struct buf *out, const struct banner *b)
{
	static const char *const transports[] = { "tcp", "udp", "sctp", "other" };
	char when[TIME_RFC3339_MAX];
	collect_address(out, b);
	buf_addf(out, ":%u/%s %s", b->port, transports[b->transport], time_rfc3339(b->timestamp, when));
	for (unsigned f = 0; f < FIELDS; f++)
		for (size_t i = 0; i < b->count; i++) {
			const struct banner_value *v = &b->values[i];
			if (v->field != f)
				continue;
			if (v->text.ptr)
				buf_addf(out, " %s=%.*s", field_table[f].name, STR_ARG(v->text));
			else
				buf_addf(out, " %s=%lld", field_table[f].name, (long long)v->number);
			if (v->confidence)
				buf_addf(out, "?%u", v->confidence);
		}
	buf_add_char(out, '\n');
}

static inline bool
collect_emit(void *user, struct banner *b, struct err *e)
{
	struct collected *c = user;
	collect_banner(&c->text, b);
	buf_add(&c->raw, b->raw);
	buf_add_char(&c->raw, '\n');
	return true;
}

static inline void
collect_chunks(struct source *s, const struct importer *im, void *state, struct collected *c)
{
	struct chunk chunk = { 0 };
	struct str record;
	bool more = true;
	while (more && source_next(s, &chunk, &more, &c->e)) {
		c->counts.read += chunk.too_long + chunk.cut_off + chunk.junk;
		if (chunk.too_long)
			buf_addf(&c->raw, "(too-long %llu)\n", (unsigned long long)chunk.too_long);
		if (chunk.cut_off)
			buf_addf(&c->raw, "(cut-off %llu)\n", (unsigned long long)chunk.cut_off);
		if (chunk.junk)
			buf_addf(&c->raw, "(junk %llu)\n", (unsigned long long)chunk.junk);
		while (chunk_next(&chunk, &record))
			if (!im->record(state, record, &c->counts, collect_emit, c, &c->e))
				abort();
	}
	chunk_free(&chunk);
}

static inline void
collect_path(const char *path, struct collected *c)
{
	struct source *s;
	if (!source_open(path, &s, &c->e))
		return;
	const struct importer *im = sniff_importer(source_head(s));
	snprintf(c->importer, sizeof(c->importer), "%s", im ? im->name : "none");
	if (im) {
		struct import_context context = { source_head(s), (int64_t)COLLECT_TIME * 1000 };
		source_split(s, im->form == RECORDS_XML ? im->element : NULL);
		void *state = im->begin(&context);
		collect_chunks(s, im, state, c);
		im->end(state);
	}
	source_close(s);
}

static inline void
collect_text(struct str text, struct collected *c)
{
	char path[] = "/tmp/mamori-collect.XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t)text.len)
		abort();
	close(fd);
	collect_path(path, c);
	unlink(path);
}

static inline void
collect_skips(const struct collected *c, struct buf *out)
{
	struct table_slot *slot;
	buf_addf(out, "%s read %llu kept %llu", c->importer, (unsigned long long)c->counts.read,
		 (unsigned long long)c->counts.kept);
	for (size_t i = 0; table_next(&c->counts.skipped, &i, &slot);)
		buf_addf(out, " %.*s %llu", STR_ARG(slot->key), (unsigned long long)(uintptr_t)slot->value);
}

static inline void
collect_free(struct collected *c)
{
	buf_free(&c->text);
	buf_free(&c->raw);
	table_free(&c->counts.skipped);
	memset(c, 0, sizeof(*c));
}

#endif
