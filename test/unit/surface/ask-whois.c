#include "surface/ask-internal.h"

#include "ask_peers.h"
#include "surface/whois.h"

#define RECORD \
	"Registrar: Example\r\nCreation Date: 2020-01-01T00:00:00Z\r\nRegistrant Organization: Example Clinic\r\n"

/* The first server: names the one for each top-level domain. */
static void
first_reply(struct peer *p, struct str request, struct buf *out)
{
	struct str q = str_trim(request);
	if (str_ends(q, STR(".jp")))
		buf_add(out, STR("refer:        whois.jprs.jp\n\ndomain:       JP\n"));
	else if (str_ends(q, STR(".com")))
		buf_add(out, STR("refer:        whois.registry.example\n\ndomain:       COM\n"));
	else if (str_ends(q, STR(".loop")))
		buf_add(out, STR("refer:        whois.loop-a.example\n\ndomain:       LOOP\n"));
	else if (str_ends(q, STR(".inside")))
		buf_addf(out, "refer:        127.0.0.1\n\ndomain:       INSIDE\n");
	else if (str_starts(q, STR("192.0.2.")))
		buf_add(out, STR("refer:        whois.nic.ad.jp\n"));
	else
		buf_add(out, STR("domain:       LONELY\norganisation: A registry\nstatus: ACTIVE\n"));
}

/* Everybody else, told apart by what is asked. */
static void
other_reply(struct peer *p, struct str request, struct buf *out)
{
	struct str q = str_trim(request);
	if (str_starts(q, STR("busy")) && tally_of(&p->tally, arena_cstr(&p->tally.arena, request)) < 3)
		buf_add(out, STR("Query rate limit exceeded. Please try again later.\r\n"));
	else if (str_starts(q, STR("never")))
		buf_add(out, STR("Query rate limit exceeded. Please try again later.\r\n"));
	else if (str_starts(q, STR("silent")))
		return;
	else if (str_starts(q, STR("nothing")))
		buf_addf(out, "No match for \"%.*s\".\r\n", STR_ARG(q));
	else if (str_starts(q, STR("huge"))) {
		buf_addf(out, "Domain Name: %.*s\r\n" RECORD, STR_ARG(q));
		for (unsigned i = 0; i < 20000; i++)
			buf_add(out, STR("remarks: and so on, and so on, and so on\r\n"));
	} else if (str_ends(q, STR("/e")))
		buf_add(out, STR("Network Information:\na. [Network Number]     192.0.2.0/24\nb. [Network Name]  EX\n"
				 "g. [Organization]               Example Clinic\n"));
	else
		buf_addf(out, "Domain Name: %.*s\r\n" RECORD, STR_ARG(q));
}

static void
plain_reply(struct peer *p, struct str request, struct buf *out)
{
	struct str q = str_trim(request);
	buf_addf(out, "Domain Name: %.*s\r\n" RECORD, STR_ARG(q));
}

/* A thin registry, whose registrar has the owner. */
static void
registry_reply(struct peer *p, struct str request, struct buf *out)
{
	struct str q = str_trim(request);
	buf_addf(out,
		 "Domain Name: %.*s\r\nRegistrar: Thin Registry\r\nCreation Date: 2020-01-01T00:00:00Z\r\n"
		 "Registrar WHOIS Server: %s\r\n",
		 STR_ARG(q), str_starts(q, STR("lost")) ? "whois.dead.example" : "whois.registrar.example");
}

static void
loop_reply(struct peer *p, struct str request, struct buf *out)
{
	struct str q = str_trim(request);
	buf_addf(out, "Domain Name: %.*s\r\nRegistrar WHOIS Server: whois.loop-b.example\r\n", STR_ARG(q));
}

static void
back_reply(struct peer *p, struct str request, struct buf *out)
{
	struct str q = str_trim(request);
	buf_addf(out, "Domain Name: %.*s\r\nRegistrar WHOIS Server: whois.loop-a.example\r\n", STR_ARG(q));
}

enum { FIRST, JPRS, REGISTRY, REGISTRAR, LOOP_A, LOOP_B, PEERS };

struct fixture {
	struct peer peer[PEERS], dead;
	struct whois_host host[8];
	struct trial t;
};

static struct fixture *
fixture_new(void)
{
	static const struct {
		const char *name;
		peer_reply_fn *reply;
	} of[PEERS] = { { "whois.first.example", first_reply },       { "whois.jprs.jp", other_reply },
			{ "whois.registry.example", registry_reply }, { "whois.registrar.example", other_reply },
			{ "whois.loop-a.example", loop_reply },       { "whois.loop-b.example", back_reply } };
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	trial_init(&f->t);
	for (size_t i = 0; i < PEERS; i++) {
		f->peer[i].reply = of[i].reply;
		peer_start(&f->peer[i]);
		f->host[i] = (struct whois_host){ str_of(of[i].name), str_of(f->peer[i].at) };
	}
	/* A port that nobody listens at. */
	f->dead.reply = other_reply;
	peer_start(&f->dead);
	f->host[PEERS] = (struct whois_host){ STR("whois.nic.ad.jp"), str_of(f->peer[JPRS].at) };
	f->host[PEERS + 1] = (struct whois_host){ STR("whois.dead.example"), str_of(f->dead.at) };
	f->t.sources.whois = STR("whois.first.example:43");
	f->t.sources.whois_hosts = f->host;
	f->t.sources.whois_host_count = COUNT(f->host);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	trial_end(&f->t);
	for (size_t i = 0; i < PEERS; i++)
		peer_stop(&f->peer[i]);
	peer_stop(&f->dead);
	free(f);
}

static bool
has(const struct buf *b, const char *word)
{
	return str_contains(buf_str(b), str_of(word));
}

static void
referrals_are_followed_to_whoever_knows(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	trial_open(t);
	struct seen *jp = trial_put(t, SERVICE_WHOIS, "domain one.jp"),
		    *two = trial_put(t, SERVICE_WHOIS, "domain two.jp");
	struct seen *com = trial_put(t, SERVICE_WHOIS, "domain example.com"),
		    *none = trial_put(t, SERVICE_WHOIS, "domain nothing.jp");
	struct seen *net = trial_put(t, SERVICE_WHOIS, "network 192.0.2.0/24");
	struct seen *bad = trial_put(t, SERVICE_WHOIS, "domain one.jp\r\nhelp");
	trial_run(t);
	assert_int_equal(jp->kind, ANSWER_DATA);
	assert_true(has(&jp->body, "Domain Name: one.jp") && has(&two->body, "Domain Name: two.jp"));
	assert_true(str_eq(buf_str(&jp->from), STR("whois.first.example > whois.jprs.jp")));
	/* The first server is asked once for a top-level domain. */
	assert_int_equal(tally_of(&f->peer[FIRST].tally, "one.jp") + tally_of(&f->peer[FIRST].tally, "two.jp") +
				 tally_of(&f->peer[FIRST].tally, "nothing.jp"),
			 1);
	assert_true(str_eq(buf_str(&com->from),
			   STR("whois.first.example > whois.registry.example > whois.registrar.example")));
	assert_true(has(&com->body, "Example Clinic"));
	assert_int_equal(none->kind, ANSWER_NONE);
	assert_int_equal(net->kind, ANSWER_DATA);
	assert_int_equal(tally_of(&f->peer[JPRS].tally, "192.0.2.0 /e"), 1);
	/* Nobody writes lines of his own into the connection. */
	assert_int_equal(bad->kind, ANSWER_FAILED);
	assert_int_equal(tally_of(&f->peer[JPRS].tally, "help"), 0);
	trial_close(t);
	unsigned asked = f->peer[JPRS].asked;
	assert_true(trial_ask(t, SERVICE_WHOIS, "domain one.jp")->stored);
	assert_true(trial_ask(t, SERVICE_WHOIS, "domain nothing.jp")->stored);
	assert_int_equal(f->peer[JPRS].asked, asked);
	assert_log_whole(t);
	fixture_free(f);
}

static void
circles_and_dead_ends_come_to_an_end(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	t->tuning.whois_connect = t->tuning.whois_silence = t->tuning.whois_whole = 10000;
	trial_open(t);
	struct seen *loop = trial_put(t, SERVICE_WHOIS, "domain example.loop"),
		    *lost = trial_put(t, SERVICE_WHOIS, "domain silent.jp");
	struct seen *lonely = trial_put(t, SERVICE_WHOIS, "domain example.lonely");
	trial_run(t);
	assert_int_equal(loop->times, 1);
	assert_int_equal(tally_of(&f->peer[LOOP_A].tally, "example.loop"), 1);
	assert_int_equal(tally_of(&f->peer[LOOP_B].tally, "example.loop"), 1);
	assert_int_equal(lost->kind, ANSWER_FAILED);
	assert_true(has(&lost->why, "without an answer"));
	assert_int_equal(tally_of(&f->peer[JPRS].tally, "silent.jp"), t->tuning.tries);
	/* What is said of a top-level domain is not said of the domain. */
	assert_int_equal(lonely->kind, ANSWER_FAILED);
	trial_close(t);
	assert_log_whole(t);
	fixture_free(f);
}

static void
too_often_means_later(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	trial_open(t);
	struct seen *busy = trial_put(t, SERVICE_WHOIS, "domain busy.jp");
	trial_run(t);
	assert_int_equal(busy->kind, ANSWER_DATA);
	assert_int_equal(tally_of(&f->peer[JPRS].tally, "busy.jp"), 3);
	/* A source that says nothing else is given up, and the others hear why at once. */
	char what[64];
	for (unsigned i = 0; i < 40; i++) {
		snprintf(what, sizeof(what), "domain never%u.jp", i);
		trial_put(t, SERVICE_WHOIS, what);
	}
	unsigned before = f->peer[JPRS].asked;
	trial_run(t);
	for (size_t i = 1; i < t->count; i++)
		assert_int_equal(t->seen[i].kind, ANSWER_FAILED);
	assert_true(has(&t->seen[40].why, "given up") && has(&t->seen[40].why, "too often"));
	assert_true(f->peer[JPRS].asked - before <= t->tuning.faults + 2);
	assert_int_equal(t->coverage[SERVICE_WHOIS].failed, 40);
	assert_true(asker_coverage(t->asker, SERVICE_WHOIS).last_failure.len > 0);
	trial_close(t);
	/* A failure is nothing that is known: the next run asks again. */
	f->peer[JPRS].reply = plain_reply;
	assert_int_equal(trial_ask(t, SERVICE_WHOIS, "domain never1.jp")->kind, ANSWER_DATA);
	assert_log_whole(t);
	fixture_free(f);
}

static void
size_and_time_are_capped(void **state)
{
	struct fixture *f = fixture_new();
	struct trial *t = &f->t;
	struct seen *huge = trial_ask(t, SERVICE_WHOIS, "domain huge.jp");
	assert_int_equal(huge->kind, ANSWER_DATA);
	assert_int_equal(huge->body.len, WHOIS_ANSWER_MAX);
	/* A byte now and then, for ever. */
	f->peer[REGISTRAR].dribble = true;
	t->tuning.whois_whole = 400;
	t->tuning.tries = 2;
	struct seen *slow = trial_ask(t, SERVICE_WHOIS, "domain example.com");
	/* The registry's answer counts where the registrar does not come to an end. */
	assert_int_equal(slow->kind, ANSWER_DATA);
	assert_true(has(&slow->body, "Thin Registry"));
	assert_true(str_eq(buf_str(&slow->from), STR("whois.first.example > whois.registry.example")));
	f->peer[JPRS].dribble = true;
	struct seen *loris = trial_ask(t, SERVICE_WHOIS, "domain other.jp");
	assert_int_equal(loris->kind, ANSWER_FAILED);
	assert_true(has(&loris->why, "in time"));
	f->peer[JPRS].dribble = f->peer[REGISTRAR].dribble = false;
	fixture_free(f);
}

/* The name of a server that the sources file does not place is asked of DNS; and what a public server names may not lead
 * into this network. */
static void
servers_are_found_by_dns(void **state)
{
	struct fixture *f = fixture_new();
	struct peer dns = { 0 };
	struct peer *const peers[] = { &dns };
	struct trial *t = &f->t;
	char first[64];
	peer_start(&dns);
	trial_resolvers(t, peers, 1);
	snprintf(first, sizeof(first), "loop.whois.example:%u", f->peer[REGISTRAR].port);
	t->sources.whois = str_of(first);
	struct seen *s = trial_ask(t, SERVICE_WHOIS, "domain example.org");
	assert_int_equal(s->kind, ANSWER_DATA);
	assert_int_equal(tally_of(&dns.tally, "A loop.whois.example"), 1);
	t->sources.whois = STR("nowhere.whois.example:43");
	s = trial_ask(t, SERVICE_WHOIS, "domain example.net");
	assert_int_equal(s->kind, ANSWER_FAILED);
	assert_true(has(&s->why, "is not found"));
	assert_int_equal(tally_of(&dns.tally, "AAAA nowhere.whois.example"), 1);
	peer_stop(&dns);
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(referrals_are_followed_to_whoever_knows),
		cmocka_unit_test(circles_and_dead_ends_come_to_an_end),
		cmocka_unit_test(too_often_means_later),
		cmocka_unit_test(size_and_time_are_capped),
		cmocka_unit_test(servers_are_found_by_dns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
