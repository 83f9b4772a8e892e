#include "surface/ask-http-internal.h"

#include "ask_peers.h"

static bool
has(const struct buf *b, const char *word)
{
	return str_contains(buf_str(b), str_of(word));
}

static bool
wants(struct str request, const char *path)
{
	struct str rest = request, line;
	(void)str_line(&rest, &line);
	return str_contains(line, str_of(path));
}

static unsigned
times(struct peer *p, const char *path)
{
	BUF_AUTO line = { 0 };
	buf_addf(&line, "GET %s HTTP/1.1", path);
	return tally_of(&p->tally, buf_cstr(&line));
}

static void
rdap_domain(struct buf *out, const char *name, const char *more)
{
	BUF_AUTO body = { 0 };
	buf_addf(&body, "{\"objectClassName\":\"domain\",\"ldhName\":\"%s\",\"status\":[\"active\"]%s}", name, more);
	http_answer(out, 200, "Content-Type: application/rdap+json\r\n", buf_str(&body));
}

#define OWNER \
	",\"entities\":[{\"objectClassName\":\"entity\",\"roles\":[\"registrant\"],\"vcardArray\":[\"vcard\",[[" \
	"\"version\",{},\"text\"," \
	"\"4.0\"],[\"org\",{},\"text\",\"Example Clinic\"]]]}]"

/* Everything that is asked by HTTP, with every trouble that public servers make. */
static void
reply(struct peer *p, struct str request, struct buf *out)
{
	BUF_AUTO body = { 0 };
	char more[200];
	if (wants(request, "GET /boot/dns.json")) {
		buf_addf(&body,
			 "{\"services\":[[[\"com\"],[\"http://%s/com/\"]],[[\"example.com\"],[\"ftp://x/\",\"http://%s/"
			 "longest\"]],[[\"net\"],"
			 "[\"http://%s/net/\"]]]}",
			 p->at, p->at, p->at);
		http_answer(out, 200, "", buf_str(&body));
	} else if (wants(request, "GET /boot/ipv4.json")) {
		buf_addf(&body,
			 "{\"services\":[[[\"192.0.0.0/8\"],[\"http://%s/wide/\"]],[[\"192.0.2.0/24\"],[\"http://%s/"
			 "narrow/\"]]]}",
			 p->at, p->at);
		http_answer(out, 200, "", buf_str(&body));
	} else if (wants(request, "/domain/thin.com")) {
		buf_addf(&body,
			 ",\"links\":[{\"rel\":\"related\",\"href\":\"http://%s/registrar/%s\",\"type\":\"application/"
			 "rdap+json\"}]",
			 p->at, wants(request, "/registrar/") ? "x" : "domain/thin.com");
		rdap_domain(out, "thin.com", wants(request, "/registrar/") ? OWNER : buf_cstr(&body));
	} else if (wants(request, "/domain/lost.com")) {
		buf_addf(&body,
			 ",\"links\":[{\"rel\":\"related\",\"href\":\"http://%s/gone\",\"type\":\"application/"
			 "rdap+json\"}]",
			 p->at);
		rdap_domain(out, "lost.com", buf_cstr(&body));
	} else if (wants(request, "/domain/www.example.com")) {
		rdap_domain(out, "www.example.com", OWNER);
	} else if (wants(request, "/domain/moved.com")) {
		snprintf(more, sizeof(more), "Location: http://%s/elsewhere/domain/there.com\r\n", p->at);
		http_answer(out, 302, more, STR(""));
	} else if (wants(request, "/domain/there.com")) {
		rdap_domain(out, "moved.com", OWNER);
	} else if (wants(request, "/domain/circle.com")) {
		snprintf(more, sizeof(more), "Location: http://%s/com/domain/circle.com\r\n", p->at);
		http_answer(out, 302, more, STR(""));
	} else if (wants(request, "/narrow/ip/192.0.2.1")) {
		http_answer(out, 200, "",
			    STR("{\"objectClassName\":\"ip "
				"network\",\"startAddress\":\"192.0.2.0\",\"endAddress\":\"192.0.2.255\"}"));
	} else if (wants(request, "/limited.com")) {
		unsigned n = times(p, "/com/domain/limited.com");
		if (n == 1)
			http_answer(out, 429, "Retry-After: 1\r\n", STR("slowly"));
		else
			rdap_domain(out, "limited.com", OWNER);
	} else if (wants(request, "/much.net")) {
		http_answer(out, 429, "Retry-After: 100000\r\n", STR(""));
	} else if (wants(request, "q=ill.jp")) {
		unsigned n = times(p, "/crt/?q=ill.jp&output=json");
		if (n == 1)
			http_answer(out, 502, "", STR("<html>Bad Gateway</html>"));
		else if (n == 2)
			http_answer(out, 200, "", STR("[{\"name_value\":\"www.ill"));
		else if (n == 3)
			buf_add(out,
				STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n[{\"name"));
		else
			http_answer(out, 200, "", STR("[{\"name_value\":\"www.ill.jp\"}]"));
	} else if (wants(request, "q=shy.jp")) {
		http_answer(out, 200, "", STR("[]"));
	} else if (wants(request, "q=%25.shy.jp")) {
		http_answer(out, 200, "", STR("[{\"name_value\":\"www.shy.jp\"}]"));
	} else if (wants(request, "q=nobody.jp") || wants(request, "q=%25.nobody.jp")) {
		http_answer(out, 200, "", STR("[]"));
	} else if (wants(request, "O=Example%20Clinic&output=json&deduplicate=Y")) {
		http_answer(out, 200, "", STR("[{\"id\":1}]"));
	} else if (wants(request, "O=Example%20Clinic")) {
		http_answer(out, 200, "",
			    times(p, "/crt/?O=Example%20Clinic&output=json") == 2 ? STR("[]") : STR("[{\"id\":1}]"));
	} else if (wants(request, "q=huge.jp")) {
		buf_add_char(&body, '[');
		for (unsigned i = 0; i < 20000; i++)
			buf_add(&body, STR("{\"name_value\":\"www.huge.jp\"},"));
		http_answer(out, 200, "", buf_str(&body));
	} else if (wants(request, "/idb/192.0.2.1 ")) {
		http_answer(out, 200, "", STR("{\"ip\":\"192.0.2.1\",\"ports\":[443]}"));
	} else if (wants(request, "/shodan/host/192.0.2.1?key=SECRETKEY")) {
		http_answer(out, 200, "", STR("{\"ip_str\":\"192.0.2.1\"}"));
	} else if (wants(request, "/v2/hosts/192.0.2.1")) {
		bool known = str_contains(request, STR("Authorization: Basic aWQ6SElEREVO"));
		http_answer(out, known ? 200 : 401, "", STR("{\"result\":{}}"));
	} else if (wants(request, "GET /home ")) {
		http_answer(out, 200, "Content-Type: text/html\r\n", STR("<a href=https://group.example/>Group</a>"));
	} else if (wants(request, "GET /away ")) {
		http_answer(out, 301, "Location: http://www.elsewhere.example/\r\n", STR(""));
	} else {
		http_answer(out, 404, "", STR("{\"errorCode\":404}"));
	}
}

struct fixture {
	struct peer web;
	struct trial t;
	char url[5][64];
};

static struct fixture *
fixture_new(void)
{
	static const char *const path[] = { "/boot/", "/crt", "/idb", "/", "/" };
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->web.reply = reply;
	f->web.http = true;
	peer_start(&f->web);
	trial_init(&f->t);
	for (size_t i = 0; i < COUNT(path); i++)
		snprintf(f->url[i], sizeof(f->url[i]), "http://%s%s", f->web.at, path[i]);
	f->t.sources.rdap_bootstrap = str_of(f->url[0]);
	f->t.sources.crtsh = str_of(f->url[1]);
	f->t.sources.internetdb = str_of(f->url[2]);
	f->t.sources.shodan = str_of(f->url[3]);
	f->t.sources.censys = str_of(f->url[4]);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	trial_end(&f->t);
	peer_stop(&f->web);
	free(f);
}

static void
rdap_goes_to_whoever_is_named_longest(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	trial_open(t);
	struct seen *longest = trial_put(t, SERVICE_RDAP, "domain www.example.com"),
		    *none = trial_put(t, SERVICE_RDAP, "domain none.com");
	struct seen *moved = trial_put(t, SERVICE_RDAP, "domain moved.com"),
		    *circle = trial_put(t, SERVICE_RDAP, "domain circle.com");
	struct seen *thin = trial_put(t, SERVICE_RDAP, "domain thin.com"),
		    *lost = trial_put(t, SERVICE_RDAP, "domain lost.com");
	struct seen *net = trial_put(t, SERVICE_RDAP, "network 192.0.2.1"),
		    *jp = trial_put(t, SERVICE_RDAP, "domain example.jp");
	struct seen *as = trial_put(t, SERVICE_RDAP, "as AS64500");
	trial_run(t);
	assert_int_equal(longest->kind, ANSWER_DATA);
	assert_true(has(&longest->from, "/longest/domain/www.example.com"));
	assert_int_equal(none->kind, ANSWER_NONE);
	assert_int_equal(none->status, 404);
	assert_int_equal(moved->kind, ANSWER_DATA);
	assert_true(has(&moved->from, "/elsewhere/"));
	assert_int_equal(circle->kind, ANSWER_FAILED);
	assert_true(times(&f->web, "/com/domain/circle.com") <= 6);
	/* A thin registry names the registrar, who knows the owner; one that is not there leaves the registry's answer. */
	assert_true(has(&thin->body, "Example Clinic") && has(&thin->from, "/registrar/"));
	assert_int_equal(lost->kind, ANSWER_DATA);
	assert_true(has(&lost->from, "/com/domain/lost.com"));
	assert_true(has(&net->from, "/narrow/ip/192.0.2.1"));
	/* Nobody is named for it: that is no failure. */
	assert_int_equal(jp->kind, ANSWER_NOT_ASKED);
	assert_int_equal(as->kind, ANSWER_FAILED); /* asn.json is not there */
	assert_int_equal(times(&f->web, "/boot/dns.json"), 1);
	trial_close(t);
	/* The lists are kept as any answer. */
	assert_true(trial_ask(t, SERVICE_RDAP, "domain www.example.com")->stored);
	assert_int_equal(trial_ask(t, SERVICE_RDAP, "domain other.com")->kind, ANSWER_NONE);
	assert_int_equal(times(&f->web, "/boot/dns.json"), 1);
	assert_log_whole(t);
	fixture_free(f);
}

static void
who_asks_for_a_pause_gets_it(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	int64_t from = ask_clock();
	struct seen *s = trial_ask(t, SERVICE_RDAP, "domain limited.com");
	assert_int_equal(s->kind, ANSWER_DATA);
	assert_int_equal(times(&f->web, "/com/domain/limited.com"), 2);
	assert_true(ask_clock() - from >= 1000000);
	/* A day is more than a run waits. */
	trial_open(t);
	s = trial_put(t, SERVICE_RDAP, "domain much.net");
	trial_run(t);
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(has(&s->why, "100000 s"));
	s = trial_put(t, SERVICE_RDAP, "domain other.net");
	trial_run(t);
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(has(&s->why, "given up"));
	assert_int_equal(times(&f->web, "/net/domain/other.net"), 0);
	fixture_free(f);
}

static void
crtsh_is_believed_when_it_is_whole(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	struct seen *s = trial_ask(t, SERVICE_CRTSH, "domain ill.jp");
	assert_int_equal(s->kind, ANSWER_DATA);
	assert_true(has(&s->body, "www.ill.jp"));
	assert_int_equal(times(&f->web, "/crt/?q=ill.jp&output=json"), 4);
	s = trial_ask(t, SERVICE_CRTSH, "domain shy.jp");
	assert_int_equal(s->kind, ANSWER_DATA);
	s = trial_ask(t, SERVICE_CRTSH, "domain nobody.jp");
	assert_int_equal(s->kind, ANSWER_NONE);
	assert_int_equal(times(&f->web, "/crt/?q=nobody.jp&output=json"), 1);
	/* Where there were certificates an empty list is asked for once more. */
	assert_int_equal(trial_ask(t, SERVICE_CRTSH, "organisation Example Clinic")->kind, ANSWER_DATA);
	t->o.again = true;
	assert_int_equal(trial_ask(t, SERVICE_CRTSH, "organisation Example Clinic")->kind, ANSWER_DATA);
	assert_int_equal(times(&f->web, "/crt/?O=Example%20Clinic&output=json&deduplicate=Y"), 1);
	t->tuning.body_max = 100000;
	s = trial_ask(t, SERVICE_CRTSH, "domain huge.jp");
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(has(&s->why, "larger than"));
	assert_int_equal(times(&f->web, "/crt/?q=huge.jp&output=json"), 1);
	assert_log_whole(t);
	fixture_free(f);
}

static bool
no_secret(void *user, struct str line)
{
	assert_false(str_contains(line, STR("SECRETKEY")));
	assert_false(str_contains(line, STR("HIDDEN")));
	*(unsigned *)user += str_contains(line, STR("/shodan/host/192.0.2.1"));
	return true;
}

static void
keys_are_told_to_nobody_else(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	struct err e = { 0 };
	unsigned lines = 0;
	assert_int_equal(trial_ask(t, SERVICE_SHODAN, "address 192.0.2.1")->kind, ANSWER_NOT_ASKED);
	assert_int_equal(f->web.asked, 0);
	t->o.shodan_key = STR("SECRETKEY");
	t->o.censys_key = STR("id:HIDDEN");
	struct seen *s = trial_ask(t, SERVICE_SHODAN, "address 192.0.2.1");
	assert_int_equal(s->kind, ANSWER_DATA);
	assert_false(has(&s->from, "SECRETKEY"));
	assert_int_equal(trial_ask(t, SERVICE_CENSYS, "address 192.0.2.1")->kind, ANSWER_DATA);
	/* Nor where it fails. */
	t->o.censys_key = STR("id:WRONG");
	t->o.again = true;
	s = trial_ask(t, SERVICE_CENSYS, "address 192.0.2.1");
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(has(&s->why, "401"));
	t->sources.shodan = STR("http://127.0.0.1:1/");
	t->tuning.tries = 1;
	s = trial_ask(t, SERVICE_SHODAN, "address 192.0.2.1");
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_false(has(&s->why, "SECRETKEY"));
	assert_true(query_log_export(t->folder, no_secret, &lines, &e));
	assert_true(lines >= 2);
	fixture_free(f);
}

static void
others_are_asked_as_they_want(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	char what[100];
	assert_int_equal(trial_ask(t, SERVICE_INTERNETDB, "address 192.0.2.1")->kind, ANSWER_DATA);
	assert_int_equal(trial_ask(t, SERVICE_INTERNETDB, "address 192.0.2.2")->kind, ANSWER_NONE);
	snprintf(what, sizeof(what), "http://%s/home", f->web.at);
	assert_true(has(&trial_ask(t, SERVICE_PAGE, what)->body, "group.example"));
	/* One page was allowed, nobody else's. */
	snprintf(what, sizeof(what), "http://%s/away", f->web.at);
	struct seen *s = trial_ask(t, SERVICE_PAGE, what);
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(has(&s->why, "elsewhere.example"));
	assert_int_equal(trial_ask(t, SERVICE_PAGE, "file:///etc/passwd")->kind, ANSWER_NOT_ASKED);
	assert_int_equal(trial_ask(t, SERVICE_CT, "get http://127.0.0.1/")->kind, ANSWER_NOT_ASKED);
	fixture_free(f);
}

static void
a_dead_source_is_given_up(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	char what[64];
	t->sources.internetdb = STR("http://127.0.0.1:1");
	trial_open(t);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(what, sizeof(what), "address 192.0.2.%u", i);
		trial_put(t, SERVICE_INTERNETDB, what);
	}
	/* Other sources go on. */
	struct seen *crt = trial_put(t, SERVICE_CRTSH, "domain nobody.jp");
	trial_run(t);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(t->seen[i].kind, ANSWER_FAILED);
	assert_true(has(&t->seen[99].why, "given up"));
	assert_true(t->coverage[SERVICE_INTERNETDB].asked <= t->tuning.faults + 2);
	assert_int_equal(t->coverage[SERVICE_INTERNETDB].failed, 100);
	assert_int_equal(crt->kind, ANSWER_NONE);
	fixture_free(f);
}

static void
dribbling_comes_to_an_end(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	f->web.dribble = true;
	t->tuning.http_silence_s = 1;
	t->tuning.http_whole_s = 3;
	t->tuning.tries = 1;
	struct seen *s = trial_ask(t, SERVICE_INTERNETDB, "address 192.0.2.1");
	assert_int_equal(s->kind, ANSWER_FAILED);
	f->web.dribble = false;
	fixture_free(f);
}

static void
addresses_of_this_network_are_known(void **state)
{
	static const char *const inside[] = { "127.0.0.1",       "10.1.2.3", "172.16.0.1",      "192.168.1.1",
					      "169.254.169.254", "0.0.0.0",  "100.64.0.1",      "::1",
					      "fe80::1",         "fd00::1",  "::ffff:10.0.0.1", "no address" };
	static const char *const outside[] = { "192.0.2.1",   "203.0.113.1", "172.32.0.1",
					       "100.128.0.1", "2001:db8::1", "::ffff:192.0.2.1" };
	for (size_t i = 0; i < COUNT(inside); i++)
		assert_true(address_is_inside(inside[i]));
	for (size_t i = 0; i < COUNT(outside); i++)
		assert_false(address_is_inside(outside[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rdap_goes_to_whoever_is_named_longest),
		cmocka_unit_test(who_asks_for_a_pause_gets_it),
		cmocka_unit_test(crtsh_is_believed_when_it_is_whole),
		cmocka_unit_test(keys_are_told_to_nobody_else),
		cmocka_unit_test(others_are_asked_as_they_want),
		cmocka_unit_test(a_dead_source_is_given_up),
		cmocka_unit_test(dribbling_comes_to_an_end),
		cmocka_unit_test(addresses_of_this_network_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
