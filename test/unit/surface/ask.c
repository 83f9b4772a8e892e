#include "surface/ask.h"

#include "ask_peers.h"

#include <signal.h>
#include <sys/wait.h>

static unsigned
rcode_of(const struct seen *s)
{
	struct dns_message m;
	assert_int_equal(dns_message_read(s->body.ptr, s->body.len, &m), DNS_FINE);
	return m.rcode;
}

static void
assert_address(const struct seen *s, const char *address)
{
	struct dns_message m;
	struct dns_record r;
	struct dns_data d;
	assert_int_equal(s->kind, ANSWER_DATA);
	assert_int_equal(dns_message_read(s->body.ptr, s->body.len, &m), DNS_FINE);
	struct dns_reader reader = { .message = &m };
	assert_true(dns_record_next(&reader, &r));
	assert_int_equal(dns_data_read(&r, &d), DNS_FINE);
	assert_memory_equal(d.address, address, 4);
}

static void
a_name_is_asked_once_and_remembered(void **state)
{
	struct peer dns = { 0 };
	struct peer *const peers[] = { &dns };
	struct trial t;
	peer_start(&dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	trial_open(&t);
	struct seen *host = trial_put(&t, SERVICE_DNS, "A host.example.jp"),
		    *same = trial_put(&t, SERVICE_DNS, "A host.example.jp");
	struct seen *nx = trial_put(&t, SERVICE_DNS, "A nx.example.jp"),
		    *empty = trial_put(&t, SERVICE_DNS, "MX empty.example.jp");
	struct seen *alias = trial_put(&t, SERVICE_DNS, "A alias.example.jp"),
		    *ill = trial_put(&t, SERVICE_DNS, "A ill.example.jp");
	struct seen *bad = trial_put(&t, SERVICE_DNS, "BANANA example.jp");
	trial_run(&t);
	assert_address(host, ADDRESS_TRUE);
	assert_address(same, ADDRESS_TRUE);
	assert_int_equal(host->times + same->times, 2);
	assert_false(host->stored);
	assert_int_equal(nx->kind, ANSWER_NONE);
	assert_int_equal(rcode_of(nx), DNS_NXDOMAIN);
	assert_int_equal(empty->kind, ANSWER_NONE);
	assert_int_equal(rcode_of(empty), DNS_NOERROR);
	/* The alias is there, what it points to is not: evidence of a take-over. */
	assert_int_equal(alias->kind, ANSWER_DATA);
	assert_int_equal(rcode_of(alias), DNS_NXDOMAIN);
	assert_int_equal(ill->kind, ANSWER_FAILED);
	assert_true(str_contains(buf_str(&ill->why), STR("SERVFAIL")));
	assert_int_equal(bad->kind, ANSWER_FAILED);
	/* Again in the same run: from the store, but of this run. */
	struct seen *later = trial_put(&t, SERVICE_DNS, "A host.example.jp"),
		    *ill2 = trial_put(&t, SERVICE_DNS, "A ill.example.jp");
	trial_run(&t);
	assert_address(later, ADDRESS_TRUE);
	assert_false(later->stored);
	assert_int_equal(ill2->kind, ANSWER_FAILED);
	assert_int_equal(tally_of(&dns.tally, "A host.example.jp"), 1);
	assert_int_equal(t.coverage[SERVICE_DNS].put, 9);
	assert_int_equal(t.coverage[SERVICE_DNS].data, 4);
	assert_int_equal(t.coverage[SERVICE_DNS].none, 2);
	assert_int_equal(t.coverage[SERVICE_DNS].failed, 3);
	trial_close(&t);
	unsigned tries = tally_of(&dns.tally, "A ill.example.jp");
	/* Another run: what was answered counts, what failed is asked again. */
	assert_address(trial_ask(&t, SERVICE_DNS, "A host.example.jp"), ADDRESS_TRUE);
	assert_true(t.seen[t.count - 1].stored);
	nx = trial_ask(&t, SERVICE_DNS, "A nx.example.jp");
	assert_true(nx->stored);
	assert_int_equal(rcode_of(nx), DNS_NXDOMAIN);
	assert_int_equal(trial_ask(&t, SERVICE_DNS, "A ill.example.jp")->kind, ANSWER_FAILED);
	assert_int_equal(tally_of(&dns.tally, "A host.example.jp"), 1);
	assert_int_equal(tally_of(&dns.tally, "A nx.example.jp"), 1);
	assert_true(tally_of(&dns.tally, "A ill.example.jp") > tries);
	/* Past its time, and when it is wanted again. */
	t.o.again = true;
	assert_false(trial_ask(&t, SERVICE_DNS, "A host.example.jp")->stored);
	t.o.again = false;
	t.sources.cache_ms[SERVICE_DNS] = 0;
	assert_false(trial_ask(&t, SERVICE_DNS, "A host.example.jp")->stored);
	assert_int_equal(tally_of(&dns.tally, "A host.example.jp"), 3);
	assert_log_whole(&t);
	trial_end(&t);
	peer_stop(&dns);
}

static void
no_name_is_lost_and_no_lie_believed(void **state)
{
	struct peer dns = { .drop_each = 50 };
	struct peer *const peers[] = { &dns };
	struct trial t;
	char what[64];
	peer_start(&dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	t.tuning.dns_patience = 500;
	t.tuning.dns_tries = 20;
	trial_open(&t);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(what, sizeof(what), "A %s%u.example.jp", i % 5 ? "nx" : i % 2 ? "forged" : "host", i);
		trial_put(&t, SERVICE_DNS, what);
	}
	struct seen *big = trial_put(&t, SERVICE_DNS, "A big.example.jp");
	trial_run(&t);
	assert_true(dns.dropped > 50);
	for (unsigned i = 0; i < 3000; i++) {
		assert_int_equal(t.seen[i].times, 1);
		if (i % 5)
			assert_int_equal(t.seen[i].kind, ANSWER_NONE);
		else
			assert_address(&t.seen[i], ADDRESS_TRUE);
	}
	assert_address(big, ADDRESS_TRUE);
	trial_close(&t);
	assert_log_whole(&t);
	trial_end(&t);
	peer_stop(&dns);
}

static void
resolvers_that_lie_or_are_silent_are_left_out(void **state)
{
	struct peer good = { 0 }, liar = { .lies = true }, silent = { .silent = true };
	struct peer *const peers[] = { &liar, &silent, &good };
	struct trial t;
	char what[64];
	size_t faults;
	peer_start(&good);
	peer_start(&liar);
	peer_start(&silent);
	trial_init(&t);
	trial_resolvers(&t, peers, 3);
	t.tuning.vet_patience = 700;
	t.tuning.vet_tries = 2;
	trial_open(&t);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(what, sizeof(what), "A nx%u.example.jp", i);
		trial_put(&t, SERVICE_DNS, what);
	}
	trial_run(&t);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(t.seen[i].kind, ANSWER_NONE);
	const struct resolver_fault *f = asker_resolver_faults(t.asker, &faults);
	assert_int_equal(faults, 2);
	assert_true(str_eq(f[0].resolver, str_of(liar.at)) && str_contains(f[0].why, STR("lies")));
	assert_true(str_eq(f[1].resolver, str_of(silent.at)) && str_contains(f[1].why, STR("silent")));
	trial_close(&t);
	unsigned asked = liar.asked;
	/* Nobody else is there: nothing that a liar says is believed or kept. */
	trial_resolvers(&t, peers, 2);
	struct seen *s = trial_ask(&t, SERVICE_DNS, "A host.example.jp");
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(str_contains(buf_str(&s->why), STR("lies")) && str_contains(buf_str(&s->why), STR("silent")));
	assert_true(liar.asked > asked);
	assert_int_equal(tally_of(&liar.tally, "A host.example.jp"), 0);
	t.o.offline = true;
	assert_int_equal(trial_ask(&t, SERVICE_DNS, "A host.example.jp")->kind, ANSWER_NOT_ASKED);
	assert_log_whole(&t);
	trial_end(&t);
	peer_stop(&good);
	peer_stop(&liar);
	peer_stop(&silent);
}

static void
offline_asks_nobody(void **state)
{
	struct peer dns = { 0 };
	struct peer *const peers[] = { &dns };
	struct trial t;
	peer_start(&dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	assert_address(trial_ask(&t, SERVICE_DNS, "A host.example.jp"), ADDRESS_TRUE);
	unsigned asked = dns.asked;
	t.o.offline = true;
	t.sources.cache_ms[SERVICE_DNS] = 0; /* however old */
	struct seen *s = trial_ask(&t, SERVICE_DNS, "A host.example.jp");
	assert_address(s, ADDRESS_TRUE);
	assert_true(s->stored);
	s = trial_ask(&t, SERVICE_DNS, "A host2.example.jp");
	assert_int_equal(s->kind, ANSWER_NOT_ASKED);
	assert_true(s->why.len > 0);
	assert_int_equal(trial_ask(&t, SERVICE_CRTSH, "domain example.jp")->kind, ANSWER_NOT_ASKED);
	assert_int_equal(dns.asked, asked);
	t.o.offline = false;
	t.sources.disabled[SERVICE_DNS] = true;
	assert_int_equal(trial_ask(&t, SERVICE_DNS, "A host3.example.jp")->kind, ANSWER_NOT_ASKED);
	assert_int_equal(t.coverage[SERVICE_DNS].not_asked, 1);
	assert_int_equal(dns.asked, asked);
	trial_end(&t);
	peer_stop(&dns);
}

/* 5 at once, then 50 a second: 30 names of one zone take at least half a second, and another zone does not wait behind it. */
static void
a_zone_is_asked_at_its_rate(void **state)
{
	struct peer dns = { 0 };
	struct peer *const peers[] = { &dns };
	struct trial t;
	char what[64];
	peer_start(&dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	t.sources.rate[SERVICE_DNS] = 50;
	trial_open(&t);
	int64_t from = ask_clock();
	for (unsigned i = 0; i < 30; i++) {
		snprintf(what, sizeof(what), "A nx%u.example.jp", i);
		trial_put(&t, SERVICE_DNS, what);
	}
	trial_run(&t);
	assert_true(ask_clock() - from >= 490000);
	assert_true(t.coverage[SERVICE_DNS].waited_ms > 0);
	trial_end(&t);
	peer_stop(&dns);
}

/* Without a sources file: a few dozen questions a second to whoever serves a zone. */
static void
nobody_is_asked_fast_by_default(void **state)
{
	struct peer dns = { 0 };
	struct peer *const peers[] = { &dns };
	struct sources usual;
	struct trial t;
	char what[64];
	(void)state;
	sources_default(&usual);
	assert_true(usual.rate[SERVICE_DNS] >= 20 && usual.rate[SERVICE_DNS] <= 60);
	peer_start(&dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	t.sources.rate[SERVICE_DNS] = usual.rate[SERVICE_DNS];
	trial_open(&t);
	int64_t from = ask_clock();
	for (unsigned i = 0; i < 80; i++) {
		snprintf(what, sizeof(what), "A nx%u.example.jp", i);
		trial_put(&t, SERVICE_DNS, what);
	}
	trial_run(&t);
	assert_true(ask_clock() - from >= 1000000);
	trial_end(&t);
	peer_stop(&dns);
}

static bool
stop_after(void *user)
{
	struct trial *t = user;
	return t->told >= 5;
}

static void
a_stopped_run_goes_on_later(void **state)
{
	struct peer dns = { 0 };
	struct peer *const peers[] = { &dns };
	struct trial t;
	struct err e = { 0 };
	char what[64];
	peer_start(&dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	t.sources.rate[SERVICE_DNS] = 20;
	t.o.stop = stop_after;
	trial_open(&t);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(what, sizeof(what), "A nx%u.example.jp", i);
		trial_put(&t, SERVICE_DNS, what);
	}
	assert_false(asker_run(t.asker, &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_true(t.told >= 5 && t.told < 100);
	uint64_t told = t.told;
	trial_close(&t);
	trial_forget(&t);
	t.o.stop = NULL;
	t.sources.rate[SERVICE_DNS] = 1e6;
	trial_open(&t);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(what, sizeof(what), "A nx%u.example.jp", i);
		trial_put(&t, SERVICE_DNS, what);
	}
	trial_run(&t);
	assert_int_equal(t.told, 100);
	assert_true(t.coverage[SERVICE_DNS].stored >= told);
	trial_close(&t);
	assert_log_whole(&t);
	trial_end(&t);
	peer_stop(&dns);
}

static void
two_at_once_are_refused(void **state)
{
	struct trial t;
	struct asker *other;
	struct err e = { 0 };
	trial_init(&t);
	trial_open(&t);
	assert_false(asker_open(&t.o, &other, &e));
	assert_int_equal(e.code, ERR_BUSY);
	trial_end(&t);
}

/* ---- killed in the middle ---- */

enum { KILL_NAMES = 1500, KILL_PAGES = 60 };

static void
page_reply(struct peer *p, struct str request, struct buf *out)
{
	http_answer(out, 200, "", STR("{\"ip\":\"192.0.2.1\"}"));
}

static void
whois_reply(struct peer *p, struct str request, struct buf *out)
{
	buf_addf(out, "Domain Name: %.*s\r\nRegistrar: Example\r\nCreation Date: 2020-01-01T00:00:00Z\r\n",
		 STR_ARG(str_trim(request)));
}

static void
put_all(struct trial *t)
{
	char what[64];
	for (unsigned i = 0; i < KILL_NAMES; i++) {
		snprintf(what, sizeof(what), "A %s%u.example%u.jp", i % 5 ? "nx" : "host", i, i % 7);
		trial_put(t, SERVICE_DNS, what);
		if (i >= KILL_PAGES)
			continue;
		snprintf(what, sizeof(what), "address 192.0.2.%u", i);
		trial_put(t, SERVICE_INTERNETDB, what);
		snprintf(what, sizeof(what), "domain example%u.com", i);
		trial_put(t, SERVICE_WHOIS, what);
	}
}

struct before {
	struct arena arena;
	struct table table; /* question → how often it was asked */
};

static void
before_take(struct before *b, struct tally *t)
{
	struct table_slot *slot;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; table_next(&t->table, &i, &slot);)
		*table_put(&b->table, arena_str(&b->arena, slot->key), NULL) = slot->value;
	pthread_mutex_unlock(&t->lock);
}

/* How many of those that were asked before were asked since: a packet that is sent again in one run is none. */
static unsigned
asked_since(struct before *b, struct tally *t)
{
	struct table_slot *slot;
	unsigned again = 0;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; table_next(&b->table, &i, &slot);)
		again += table_get(&t->table, slot->key) != slot->value;
	pthread_mutex_unlock(&t->lock);
	table_free(&b->table);
	arena_free(&b->arena);
	return again;
}

/* Questions that left and were not answered when the folder was left alone. */
static unsigned
under_way(struct trial *t, enum service s)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct query_line *lines;
	struct table answered = { 0 };
	size_t count;
	int64_t total;
	unsigned n = 0;
	assert_true(query_log_list(t->folder, 1, 100000, &a, &lines, &count, &total, &e));
	assert_int_equal(count, total);
	for (size_t i = 0; i < count; i++)
		if (lines[i].event == QUERY_ANSWERED)
			*table_put(&answered, arena_printf(&a, "%lld", (long long)lines[i].of), NULL) = t;
	for (size_t i = 0; i < count; i++)
		n += lines[i].event == QUERY_ASKED && lines[i].service == s &&
		     !table_has(&answered, arena_printf(&a, "%lld", (long long)lines[i].row));
	table_free(&answered);
	return n;
}

/* A sanitizer's allocator has no hands for fork() beside threads: the child may wait for a lock for ever. */
#ifdef __SANITIZE_ADDRESS__
#define FORK_IS_SAFE false
#else
#define FORK_IS_SAFE true
#endif

/* Those that were under way when it was killed may be asked a second time, no others, and none a third time. */
static void
a_killed_run_asks_nothing_twice(void **state)
{
	if (!FORK_IS_SAFE)
		skip();
	struct peer dns = { 0 }, web = { .reply = page_reply, .http = true }, whois = { .reply = whois_reply };
	struct peer *const peers[] = { &dns };
	struct trial t;
	int status;
	char url[64];
	peer_start(&dns);
	peer_start(&web);
	peer_start(&whois);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	snprintf(url, sizeof(url), "http://%s", web.at);
	t.sources.internetdb = str_of(url);
	t.sources.whois = str_of(whois.at);
	t.sources.rate[SERVICE_DNS] = 200; /* for one zone: not all leave at once */
	t.sources.rate[SERVICE_INTERNETDB] = t.sources.rate[SERVICE_WHOIS] = 50;
	t.tuning.dns_patience = 20000; /* a slow machine is no loss of packets */
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		trial_open(&t);
		put_all(&t);
		trial_run(&t);
		_exit(0);
	}
	while (dns.asked < 400 || web.asked < 10 || whois.asked < 10)
		usleep(2000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	/* The questions about the resolver are answered in a line of their own. */
	unsigned away = under_way(&t, SERVICE_DNS) - 5, pages_away = under_way(&t, SERVICE_INTERNETDB),
		 domains_away = under_way(&t, SERVICE_WHOIS);
	struct before of_dns = { 0 }, of_web = { 0 }, of_whois = { 0 };
	before_take(&of_dns, &dns.tally);
	before_take(&of_web, &web.tally);
	before_take(&of_whois, &whois.tally);
	t.sources.rate[SERVICE_DNS] = t.sources.rate[SERVICE_INTERNETDB] = t.sources.rate[SERVICE_WHOIS] = 1e6;
	trial_open(&t);
	put_all(&t);
	trial_run(&t);
	trial_close(&t);
	unsigned names = asked_since(&of_dns, &dns.tally), pages = asked_since(&of_web, &web.tally),
		 domains = asked_since(&of_whois, &whois.tally);
	print_message("# asked twice after SIGKILL: %u names of %u under way, %u pages of %u, %u domains of %u; %llu "
		      "names came "
		      "from the store\n",
		      names, away, pages, pages_away, domains, domains_away,
		      (unsigned long long)t.coverage[SERVICE_DNS].stored);
	assert_true(names <= away && pages <= pages_away && domains <= domains_away);
	assert_true(pages_away <= 2 && domains_away <= 2);
	assert_true(t.coverage[SERVICE_DNS].stored > 0 && t.coverage[SERVICE_WHOIS].stored > 0);
	for (size_t i = 0; i < t.count; i++)
		assert_int_equal(t.seen[i].times, 1);
	assert_int_equal(t.coverage[SERVICE_DNS].failed, 0);
	assert_int_equal(t.coverage[SERVICE_WHOIS].data, KILL_PAGES);
	assert_log_whole(&t);
	trial_end(&t);
	peer_stop(&dns);
	peer_stop(&web);
	peer_stop(&whois);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_asked_once_and_remembered),
		cmocka_unit_test(no_name_is_lost_and_no_lie_believed),
		cmocka_unit_test(resolvers_that_lie_or_are_silent_are_left_out),
		cmocka_unit_test(offline_asks_nobody),
		cmocka_unit_test(a_zone_is_asked_at_its_rate),
		cmocka_unit_test(nobody_is_asked_fast_by_default),
		cmocka_unit_test(a_stopped_run_goes_on_later),
		cmocka_unit_test(two_at_once_are_refused),
		cmocka_unit_test(a_killed_run_asks_nothing_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
