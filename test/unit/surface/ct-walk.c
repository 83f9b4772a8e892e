/* Reading certificate logs from their end, in whole runs against logs on this machine. */
#include "surface/discover-internal.h"

#include "ask_peers.h"
#include "base/codec.h"
#include "base/json.h"
#include "make_cert.h"

enum { GIVEN = 32 }; /* entries that the old log gives at once */

#define OWNER "医療法人 やまもも会"

struct fixture {
	struct peer web;
	struct trial t;
	struct ct_log logs[1];
	char url[80];
	struct buf ours, shared, owned, later, stranger;
	_Atomic size_t size;
	struct own_seed seeds[2];
	struct discover_options o;
	struct discovery d;
};

/* The peer's thread has nothing else. */
static struct fixture *served;

static void
number(struct buf *b, uint64_t n, size_t bytes)
{
	while (bytes-- > 0)
		buf_add_char(b, (char)(n >> 8 * bytes));
}

/* Ours are entries 10, 300 and those at the end of the log of 600. */
static struct str
certificate_at(const struct fixture *f, size_t i)
{
	return buf_str(i == 10    ? &f->ours
		       : i == 300 ? &f->shared
		       : i == 550 ? &f->owned
		       : i == 560 ? &f->later
				  : &f->stranger);
}

static void
entry(struct buf *b, const struct fixture *f, size_t i)
{
	struct str der = certificate_at(f, i);
	number(b, 1700000000000 + i, 8);
	number(b, 0, 2);
	number(b, der.len, 3);
	buf_add(b, der);
	number(b, 0, 2);
}

static void
tile(struct buf *out, const struct fixture *f, size_t first, size_t width)
{
	BUF_AUTO body = { 0 };
	for (size_t i = 0; i < width; i++) {
		entry(&body, f, first + i);
		number(&body, 0, 2);
	}
	http_answer(out, first + width <= f->size ? 200 : 404, "", buf_str(&body));
}

static void
entries(struct buf *out, const struct fixture *f, size_t first, size_t last)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_object(&w);
	json_key(&w, "entries");
	json_begin_array(&w);
	for (size_t i = first; i <= last && i < f->size && i < first + GIVEN; i++) {
		BUF_AUTO leaf = { 0 };
		BUF_AUTO coded = { 0 };
		number(&leaf, 0, 2);
		entry(&leaf, f, i);
		base64_encode(&coded, leaf.ptr, leaf.len);
		json_begin_object(&w);
		json_put_str(&w, "leaf_input", buf_str(&coded));
		json_put_cstr(&w, "extra_data", "");
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	http_answer(out, 200, "", buf_str(&text));
}

static void
reply(struct peer *p, struct str request, struct buf *out)
{
	struct fixture *f = served;
	BUF_AUTO body = { 0 };
	struct str rest = request, line;
	unsigned long first, last;
	unsigned number_of, width;
	(void)p;
	(void)str_line(&rest, &line);
	char text[200];
	snprintf(text, sizeof(text), "%.*s", STR_ARG(line));
	if (strstr(text, "/checkpoint ")) {
		buf_addf(&body,
			 "log.example\n%zu\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 log.example "
			 "AAAA\n",
			 (size_t)f->size);
		http_answer(out, 200, "", buf_str(&body));
	} else if (strstr(text, "/get-sth ")) {
		buf_addf(&body, "{\"tree_size\":%zu}", (size_t)f->size);
		http_answer(out, 200, "", buf_str(&body));
	} else if (sscanf(text, "GET /log/tile/data/%u.p/%u ", &number_of, &width) == 2) {
		tile(out, f, number_of * 256ul, width);
	} else if (sscanf(text, "GET /log/tile/data/%u ", &number_of) == 1) {
		tile(out, f, number_of * 256ul, 256);
	} else if (sscanf(text, "GET /log/ct/v1/get-entries?start=%lu&end=%lu ", &first, &last) == 2) {
		entries(out, f, first, last);
	} else {
		http_answer(out, 500, "", STR(""));
	}
}

static struct fixture *
begin(bool tiles)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->web = (struct peer){ .reply = reply, .http = true };
	served = f;
	f->size = 600;
	make_der(&(struct recipe){ .names = "DNS:old.yamamomo.example.jp", .common = "a", .issuer = "CA" }, &f->ours);
	make_der(&(struct recipe){ .names = "DNS:www.yamamomo.jp,DNS:friend.jp", .common = "b", .issuer = "CA" },
		 &f->shared);
	make_der(
		&(struct recipe){ .names = "DNS:sakura-care.jp", .common = "c", .organisation = OWNER, .issuer = "CA" },
		&f->owned);
	make_der(&(struct recipe){ .names = "DNS:vpn.sakura-care.jp", .common = "d", .issuer = "CA" }, &f->later);
	make_der(&(struct recipe){ .names = "DNS:www.stranger.jp", .common = "e", .issuer = "CA" }, &f->stranger);
	peer_start(&f->web);
	trial_init(&f->t);
	snprintf(f->url, sizeof(f->url), "http://%s/log", f->web.at);
	f->logs[0] = (struct ct_log){ str_of(f->url), tiles };
	f->t.sources.ct_logs = f->logs;
	f->t.sources.ct_log_count = 1;
	f->t.sources.cache_ms[SERVICE_CT] = 0;
	f->t.sources.disabled[SERVICE_DNS] = f->t.sources.disabled[SERVICE_WHOIS] = true;
	f->seeds[0] = (struct own_seed){ .is = THING_DOMAIN, .name = STR("yamamomo.jp") };
	f->seeds[1] = (struct own_seed){ .is = THING_ORGANISATION, .name = STR(OWNER) };
	f->o = (struct discover_options){ .ask = f->t.o, .seeds = f->seeds, .seed_count = 2 };
	return f;
}

static void
run(struct fixture *f)
{
	struct err e = { 0 };
	discovery_free(&f->d);
	f->web.asked = 0;
	if (!discover(&f->o, &f->d, &e))
		fail_msg("%s", e.text);
}

static void
end(struct fixture *f)
{
	discovery_free(&f->d);
	trial_end(&f->t);
	peer_stop(&f->web);
	buf_free(&f->ours);
	buf_free(&f->shared);
	buf_free(&f->owned);
	buf_free(&f->later);
	buf_free(&f->stranger);
	served = NULL;
	free(f);
}

static unsigned
times(struct fixture *f, const char *path)
{
	BUF_AUTO line = { 0 };
	buf_addf(&line, "GET /log/%s HTTP/1.1", path);
	return tally_of(&f->web.tally, buf_cstr(&line));
}

static bool
knows(struct fixture *f, const char *name)
{
	return graph_find(&f->d.graph, THING_NAME, str_of(name)) != NULL;
}

/* A log grows; only what is new is fetched, and what was read counts still. */
static void
newest_first(void **state)
{
	struct fixture *f = begin(true);
	(void)state;
	f->o.ct_tiles = 1;
	run(f);
	assert_int_equal(times(f, "tile/data/002.p/88"), 1);
	assert_int_equal(f->web.asked, 2);
	assert_int_equal(f->d.log_entries, 88);
	assert_true(knows(f, "sakura-care.jp"));
	assert_false(knows(f, "www.yamamomo.jp"));
	f->size = 700;
	f->o.ct_tiles = 2;
	run(f);
	assert_int_equal(times(f, "tile/data/002.p/188"), 1);
	assert_int_equal(times(f, "tile/data/001"), 1);
	assert_int_equal(times(f, "tile/data/000"), 0);
	assert_int_equal(times(f, "tile/data/002.p/88"), 1);
	assert_int_equal(f->d.log_entries, 188 + 256);
	assert_true(knows(f, "www.yamamomo.jp"));
	/* Far ahead: what lies between is left out, what was read is not. */
	f->size = 2560;
	f->o.ct_tiles = 1;
	run(f);
	assert_int_equal(f->web.asked, 2);
	assert_int_equal(times(f, "tile/data/009"), 1);
	assert_true(knows(f, "www.yamamomo.jp"));
	assert_true(knows(f, "sakura-care.jp"));
	end(f);
}

/* An organisation's certificate makes a domain likely; then certificates that name it count, which were read before. */
static void
as_it_grows(void **state)
{
	struct fixture *f = begin(true);
	(void)state;
	run(f);
	assert_true(knows(f, "sakura-care.jp"));
	assert_true(knows(f, "vpn.sakura-care.jp"));
	assert_true(knows(f, "friend.jp"));
	assert_false(knows(f, "www.stranger.jp"));
	assert_int_equal(f->d.log_learnt, 3);
	assert_int_equal(f->d.log_entries, 600);
	assert_int_equal(f->web.asked, 4);
	size_t edges = f->d.graph.edge_count;
	f->o.ask.offline = true;
	run(f);
	assert_int_equal(f->web.asked, 0);
	assert_int_equal(f->d.graph.edge_count, edges);
	/* Asked anew is the head alone: entries never change. */
	f->o.ask.offline = false;
	f->o.ask.again = true;
	run(f);
	assert_int_equal(f->web.asked, 1);
	assert_int_equal(f->d.graph.edge_count, edges);
	end(f);
}

/* Neither the domain nor the organisation is ours: nothing is learnt. */
static void
strangers(void **state)
{
	struct fixture *f = begin(true);
	(void)state;
	f->seeds[0].name = STR("elsewhere.jp");
	f->o.seed_count = 1;
	run(f);
	assert_int_equal(f->d.log_learnt, 0);
	assert_false(knows(f, "sakura-care.jp"));
	end(f);
}

static void
less_than_asked_for(void **state)
{
	struct fixture *f = begin(false);
	(void)state;
	run(f);
	assert_int_equal(f->d.log_entries, 600);
	assert_int_equal(times(f, "ct/v1/get-entries?start=512&end=599"), 1);
	assert_int_equal(times(f, "ct/v1/get-entries?start=544&end=599"), 1);
	assert_true(knows(f, "vpn.sakura-care.jp"));
	unsigned asked = f->web.asked;
	assert_int_equal(asked, 1 + 3 + 8 + 8);
	run(f);
	assert_int_equal(f->web.asked, 1);
	assert_int_equal(f->d.log_entries, 600);
	f->size = 610;
	run(f);
	assert_int_equal(f->web.asked, 2);
	assert_int_equal(times(f, "ct/v1/get-entries?start=600&end=609"), 1);
	assert_int_equal(f->d.log_entries, 610);
	end(f);
}

static void
saved_tile(void **state)
{
	struct fixture *f = begin(true);
	BUF_AUTO body = { 0 };
	(void)state;
	for (size_t i = 290; i < 310; i++) {
		entry(&body, f, i);
		number(&body, 0, 2);
	}
	const struct discover_file file = { .service = SERVICE_CT, .what = STR("log"), .body = buf_str(&body) };
	f->o.files = &file;
	f->o.file_count = 1;
	f->t.sources.ct_log_count = 0;
	run(f);
	assert_int_equal(f->d.log_entries, 20);
	assert_true(knows(f, "www.yamamomo.jp"));
	assert_int_equal(f->web.asked, 0);
	end(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_first),        cmocka_unit_test(as_it_grows), cmocka_unit_test(strangers),
		cmocka_unit_test(less_than_asked_for), cmocka_unit_test(saved_tile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
