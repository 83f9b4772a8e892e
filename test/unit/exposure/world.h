/* A folder of its own for a test, and made-up banners that a test can also look at itself. */
#ifndef MAMORI_TEST_EXPOSURE_WORLD_H
#define MAMORI_TEST_EXPOSURE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exposure/index.h"
#include "exposure/query.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>

struct made {
	unsigned ip, port, day; /* 10.0.ip/256.ip%256; days of 2026 from January 1 */
	unsigned transport, country, os, org; /* os 0: none */
	unsigned tags; /* bits */
	int tls; /* −1: not stated */
	bool v6;
	char text[400];
	struct str sources; /* of a joined one: by comma */
};

static const char *const made_countries[] = { "JP", "US", "DE", "FR", "BR" };
static const char *const made_systems[] = { NULL, "Linux", "Windows Server 2008 R2", "linux", "FreeBSD" };
static const char *const made_tags[] = { "medical", "vpn", "cloud" };
static const unsigned made_ports[] = { 22, 80, 104, 443, 8080, 11112 };
static const char *const made_words[] = { "server",     "welcome", "dermatology",  "DICOM",    "login",
					  "Apache/2.4", "皮膚科",  "内科のご案内", "ＰＡＣＳ", "カルテ",
					  "ｶﾙﾃ",        "naïve",   "Ärzte",        "x" };

static uint64_t made_state = 88172645463325252ull;

static inline unsigned
made_random(unsigned n)
{
	made_state ^= made_state << 13;
	made_state ^= made_state >> 7;
	made_state ^= made_state << 17;
	return (unsigned)(made_state >> 11) % n;
}

static inline void
made_new(struct made *m, unsigned addresses)
{
	size_t n = 0;

	memset(m, 0, sizeof(*m));
	m->ip = made_random(addresses);
	m->v6 = made_random(20) == 0;
	m->port = made_ports[made_random(COUNT(made_ports))];
	m->day = made_random(300);
	m->transport = made_random(8) == 0;
	m->country = made_random(COUNT(made_countries));
	m->os = made_random(COUNT(made_systems));
	m->org = made_random(40);
	m->tags = made_random(10) == 0 ? 1 + made_random(7) : 0;
	m->tls = (int)made_random(3) - 1;
	for (unsigned i = 1 + made_random(8); i > 0; i--)
		n += (size_t)snprintf(m->text + n, sizeof(m->text) - n, "%s%s",
				      made_words[made_random(COUNT(made_words))], made_random(4) ? " " : "\n\"");
}

static inline int64_t
made_time(const struct made *m)
{
	return 1767225600000 + (int64_t)m->day * 86400000 + 3600000;
}

static inline void
made_address(const struct made *m, unsigned char ip[16])
{
	memset(ip, 0, 16);
	if (m->v6) {
		ip[0] = 0x20;
		ip[1] = 0x01;
	} else {
		ip[10] = ip[11] = 0xff;
		ip[12] = 10;
	}
	ip[14] = (unsigned char)(m->ip >> 8);
	ip[15] = (unsigned char)m->ip;
}

static inline void
made_add(struct segment_writer *w, const struct made *m)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO raw = { 0 };
	struct banner_value v[16];
	struct banner b = { .port = (uint16_t)m->port,
			    .transport = m->transport ? TRANSPORT_UDP : TRANSPORT_TCP,
			    .timestamp = made_time(m),
			    .values = v };
	struct err e = { 0 };
	size_t n = 0;

	made_address(m, b.ip);
	v[n++] = (struct banner_value){ .field = FIELD_COUNTRY, .text = str_of(made_countries[m->country]) };
	if (m->os)
		v[n++] = (struct banner_value){ .field = FIELD_OS, .text = str_of(made_systems[m->os]) };
	v[n++] = (struct banner_value){ .field = FIELD_ORG, .text = arena_printf(&a, "Hospital %u", m->org) };
	for (unsigned t = 0; t < COUNT(made_tags); t++)
		if (m->tags >> t & 1)
			v[n++] = (struct banner_value){ .field = FIELD_TAG,
							.text = str_of(made_tags[t]),
							.confidence = 50 };
	if (m->tls >= 0)
		v[n++] = (struct banner_value){ .field = FIELD_TLS, .number = m->tls };
	v[n++] = (struct banner_value){ .field = FIELD_HASH, .number = (int64_t)m->org * 1000003 - 7000000 };
	v[n++] = (struct banner_value){ .field = FIELD_DATA, .text = str_of(m->text) };
	b.count = n;
	buf_addf(&raw, "{\"data\":\"");
	for (const char *p = m->text; *p; p++) {
		if (*p == '\n')
			buf_addf(&raw, "\\n");
		else
			buf_addf(&raw, "%s%c", *p == '"' ? "\\" : "", *p);
	}
	buf_addf(&raw, "\",\"org\":%u}", m->org);
	b.raw = buf_str(&raw);
	assert_true(segment_add(w, &b, &e));
}

static inline struct segment_writer *
made_writer(const char *data, const char *source, const char *file, const char *snapshot)
{
	struct segment_origin o = {
		.source = str_of(source), .file = str_of(file), .snapshot = str_of(snapshot), .imported_at = 1
	};
	struct segment_writer *w;
	struct err e = { 0 };

	if (!segment_begin(data, &o, &w, &e))
		fail_msg("%s", e.text);
	return w;
}

static inline void
made_commit(const char *data, struct segment_writer *w)
{
	struct err e = { 0 };

	if (!segments_commit(data, &w, 1, &e))
		fail_msg("%s", e.text);
}

static inline void
world_begin(char path[64])
{
	static const char form[] = "/tmp/mamori-exposure-XXXXXX";

	memcpy(path, form, sizeof(form));
	assert_non_null(mkdtemp(path));
}

static inline void
world_end(const char *path)
{
	struct err e = { 0 };

	assert_true(dir_remove_all(path, &e));
}

static inline struct exposure_index *
world_open(const char *path)
{
	struct exposure_index *ix;
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };

	if (!exposure_open(path, &ix, NULL, NULL, &a, &e))
		fail_msg("%s", e.text);
	return ix;
}

static inline uint64_t
world_count(struct exposure_index *ix, const char *text)
{
	ARENA_AUTO a = { 0 };
	struct query *q;
	struct err e = { 0 };
	uint64_t n = 0;

	if (!query_parse(&a, str_of(text), &q, &e) || !exposure_query_count(ix, q, &n, &e))
		fail_msg("%s: %s", text, e.text);
	return n;
}

#endif
