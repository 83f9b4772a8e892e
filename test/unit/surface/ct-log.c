/* What certificate transparency logs answer: RFC 6962 and static-ct. */
#include "surface/ct-log.h"

#include "base/codec.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <zlib.h>

struct got {
	struct buf all; /* "at precert der;" */
	size_t count;
};

static void
take(void *user, struct str der, int64_t at, bool precert)
{
	struct got *g = user;
	buf_addf(&g->all, "%lld %s %.*s;", (long long)at, precert ? "pre" : "x509", STR_ARG(der));
	g->count++;
}

static void
number(struct buf *b, uint64_t n, size_t bytes)
{
	while (bytes-- > 0)
		buf_add_char(b, (char)(n >> 8 * bytes));
}

static void
vector(struct buf *b, size_t length_bytes, const char *text)
{
	number(b, strlen(text), length_bytes);
	buf_add(b, str_of(text));
}

/* TimestampedEntry. */
static void
entry(struct buf *b, uint64_t at, bool precert, const char *body)
{
	number(b, at, 8);
	number(b, precert, 2);
	if (precert)
		buf_add(b, STR("0123456789abcdef0123456789ABCDEF"));
	vector(b, 3, body);
	vector(b, 2, "ext");
}

static void
tile_leaf(struct buf *b, uint64_t at, const char *precert, const char *body)
{
	entry(b, at, precert != NULL, body);
	if (precert)
		vector(b, 3, precert);
	vector(b, 2, "fingerprint-of-the-issuer-32-byt");
}

static void
json_entry(struct json_writer *w, const struct buf *leaf, const struct buf *extra)
{
	BUF_AUTO one = { 0 };
	BUF_AUTO two = { 0 };
	base64_encode(&one, leaf->ptr, leaf->len);
	base64_encode(&two, extra->ptr, extra->len);
	json_begin_object(w);
	json_put_str(w, "leaf_input", buf_str(&one));
	json_put_str(w, "extra_data", buf_str(&two));
	json_end_object(w);
}

/* An X.509 entry and a precertificate's. */
static void
two_entries(struct buf *out)
{
	struct json_writer w = { .out = out };
	BUF_AUTO leaf = { 0 };
	BUF_AUTO extra = { 0 };
	BUF_AUTO pre = { 0 };
	BUF_AUTO chain = { 0 };
	number(&leaf, 0, 2);
	entry(&leaf, 1000, false, "CERT");
	vector(&extra, 3, "");
	number(&pre, 0, 2);
	entry(&pre, 2000, true, "TBS");
	vector(&chain, 3, "PRECERT");
	vector(&chain, 3, "");
	json_begin_object(&w);
	json_key(&w, "entries");
	json_begin_array(&w);
	json_entry(&w, &leaf, &extra);
	json_entry(&w, &pre, &chain);
	json_end_array(&w);
	json_end_object(&w);
}

static void
heads(void **state)
{
	static const char *const bad[] = { "",
					   "[]",
					   "{}",
					   "{\"tree_size\":-1}",
					   "{\"tree_size\":1.5}",
					   "{\"tree_size\":\"7\"}",
					   "{\"tree_size\":18446744073709551616}",
					   "{\"tree_size\":1e9}",
					   "<html>" };
	struct err e = { 0 };
	uint64_t size = 0;
	(void)state;
	assert_true(ct_sth_read(STR("{\"tree_size\":1234567,\"timestamp\":1,\"sha256_root_hash\":\"x\","
				    "\"tree_head_signature\":\"y\"}"),
				&size, &e));
	assert_int_equal(size, 1234567);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(ct_sth_read(str_of(bad[i]), &size, &e));
		assert_int_equal(e.code, ERR_INPUT);
	}
}

#define ROOT "qkuRSdLcIJy6wZ3qGAJkCLRnJgqJ3S3N3z1vSsRGs1g=\n"

static void
checkpoints(void **state)
{
	static const char *const bad[] = { "",
					   "log.example/2026\n",
					   "log.example/2026\n-7\n" ROOT "\n\xe2\x80\x94 log.example sig\n",
					   "log.example/2026\n7\nAAAA\n\n\xe2\x80\x94 log.example sig\n",
					   "log.example/2026\n7\n" ROOT,
					   "log.example/2026\n7\n" ROOT "\nsig\n",
					   "\n7\n" ROOT "\n\xe2\x80\x94 log.example sig\n",
					   "\xff\n7\n" ROOT "\n\xe2\x80\x94 log.example sig\n",
					   "<html>\n" };
	struct err e = { 0 };
	uint64_t size = 0;
	(void)state;
	assert_true(ct_checkpoint_read(STR("log.example/2026h1\n987654321\n" ROOT "\n\xe2\x80\x94 log.example/2026h1 "
					   "c2lnbmF0dXJl\n\xe2\x80\x94 witness.example c2ln\n"),
				       &size, &e));
	assert_int_equal(size, 987654321);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(ct_checkpoint_read(str_of(bad[i]), &size, &e));
		assert_int_equal(e.code, ERR_INPUT);
	}
	assert_int_equal(size, 987654321);
}

static void
paths(void **state)
{
	static const struct {
		uint64_t tile;
		unsigned width;
		const char *path;
	} known[] = { { 0, 0, "tile/data/000" },
		      { 67, 256, "tile/data/067" },
		      { 999, 1, "tile/data/999.p/1" },
		      { 1000, 0, "tile/data/x001/000" },
		      { 1234067, 0, "tile/data/x001/x234/067" },
		      { 1234067, 255, "tile/data/x001/x234/067.p/255" },
		      { 1000000000, 0, "tile/data/x001/x000/x000/000" } };
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		BUF_AUTO b = { 0 };
		ct_tile_path(known[i].tile, known[i].width, &b);
		assert_string_equal(buf_cstr(&b), known[i].path);
	}
}

static void
entries(void **state)
{
	BUF_AUTO json = { 0 };
	struct got g = { 0 };
	struct err e = { 0 };
	size_t count = 0;
	(void)state;
	two_entries(&json);
	assert_true(ct_entries_read(buf_str(&json), take, &g, &count, &e));
	assert_int_equal(count, 2);
	assert_string_equal(buf_cstr(&g.all), "1000 x509 CERT;2000 pre PRECERT;");
	/* Cut off anywhere: an error, and what came before it counts. */
	for (size_t n = 0; n < json.len; n++) {
		buf_truncate(&g.all, 0);
		bool whole = ct_entries_read(str_head(buf_str(&json), n), take, &g, &count, &e);
		assert_true(!whole ? count < 3 : n + 1 == json.len);
		assert_true(g.all.len == 0 || str_starts(buf_str(&g.all), STR("1000 x509 CERT;")));
	}
	buf_free(&g.all);
}

static void
broken_entries(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"entries\":{}}",
		"{\"entries\":[7]}",
		"{\"entries\":[{}]}",
		"{\"entries\":[{\"leaf_input\":\"!\",\"extra_data\":\"\"}]}",
		"{\"entries\":[{\"leaf_input\":\"AAAA\",\"extra_data\":\"\"}]}",
		/* Lengths of 2^24-1 and of nothing. */
		"{\"entries\":[{\"leaf_input\":\"AAAAAAAAAAAAAAAA////AAAA\",\"extra_data\":\"\"}]}",
		"{\"entries\":[{\"leaf_input\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"extra_data\":\"\"}]}",
		"{\"error_message\":\"need non-negative start\"}",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct got g = { 0 };
		struct err e = { 0 };
		size_t count = 7;
		assert_false(ct_entries_read(str_of(bad[i]), take, &g, &count, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(count + g.count, 0);
	}
}

static void
pack(const struct buf *plain, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)plain->ptr, .avail_in = (uInt)plain->len };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = (Bytef *)buf_reserve(out, plain->len + 1000);
	z.avail_out = (uInt)plain->len + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

static void
tiles(void **state)
{
	BUF_AUTO tile = { 0 };
	BUF_AUTO packed = { 0 };
	struct got g = { 0 };
	struct err e = { 0 };
	size_t count = 0;
	(void)state;
	tile_leaf(&tile, 1000, NULL, "CERT");
	size_t first = tile.len;
	tile_leaf(&tile, 2000, "PRECERT", "TBS");
	assert_true(ct_tile_read(buf_str(&tile), take, &g, &count, &e));
	assert_int_equal(count, 2);
	assert_string_equal(buf_cstr(&g.all), "1000 x509 CERT;2000 pre PRECERT;");
	pack(&tile, &packed);
	buf_truncate(&g.all, 0);
	assert_true(ct_tile_read(buf_str(&packed), take, &g, &count, &e));
	assert_string_equal(buf_cstr(&g.all), "1000 x509 CERT;2000 pre PRECERT;");
	for (size_t n = 0; n < packed.len; n++)
		assert_false(ct_tile_read(str_head(buf_str(&packed), n), take, &g, &count, &e));
	for (size_t n = 0; n < tile.len; n++) {
		bool whole = ct_tile_read(str_head(buf_str(&tile), n), take, &g, &count, &e);
		assert_true(whole ? n == first && count == 1 : count == (n >= first));
	}
	buf_free(&g.all);
}

static void
hostile_tiles(void **state)
{
	BUF_AUTO many = { 0 };
	BUF_AUTO chain = { 0 };
	BUF_AUTO kind = { 0 };
	BUF_AUTO bomb = { 0 };
	BUF_AUTO packed = { 0 };
	struct got g = { 0 };
	struct err e = { 0 };
	size_t count = 0;
	(void)state;
	for (int i = 0; i < 257; i++)
		tile_leaf(&many, 1, NULL, "C");
	assert_false(ct_tile_read(buf_str(&many), take, &g, &count, &e));
	assert_int_equal(count, 256);
	entry(&chain, 1, false, "C");
	vector(&chain, 2, "not of 32 bytes");
	assert_false(ct_tile_read(buf_str(&chain), take, &g, &count, &e));
	assert_int_equal(count, 0);
	tile_leaf(&kind, 1, NULL, "C");
	kind.ptr[9] = 2;
	assert_false(ct_tile_read(buf_str(&kind), take, &g, &count, &e));
	/* A hundred kilobytes that would become a hundred megabytes. */
	memset(buf_reserve(&bomb, 100 << 20), 0, 100 << 20);
	bomb.len = 100 << 20;
	pack(&bomb, &packed);
	assert_true(packed.len < 1 << 20);
	assert_false(ct_tile_read(buf_str(&packed), take, &g, &count, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	buf_free(&g.all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(heads),          cmocka_unit_test(checkpoints),
					    cmocka_unit_test(paths),          cmocka_unit_test(entries),
					    cmocka_unit_test(broken_entries), cmocka_unit_test(tiles),
					    cmocka_unit_test(hostile_tiles) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
