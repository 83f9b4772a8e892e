/* One question for a network, none lost. */
#include "surface/discover.h"

#include "ask_peers.h"

#define DOMAIN "yamamomo.jp"
enum { HOSTS = 10 };

/* w0 to w4 lie in 192.0.2.1 to .5, w5 to w9 in .17 to .21. */
static unsigned
place(unsigned n)
{
	return n < 5 ? 1 + n : 12 + n;
}

static const char *
made(struct peer *p, struct str name)
{
	static char address[HOSTS][4];
	(void)p;
	unsigned n = name.len > 2 ? (unsigned)(name.ptr[1] - '0') : HOSTS;
	if (name.ptr[0] != 'w' || name.ptr[2] != '.' || n >= HOSTS)
		return NULL;
	memcpy(address[n], "\300\0\2", 3);
	address[n][3] = (char)place(n);
	return address[n];
}

static const char *
whole(unsigned last)
{
	(void)last;
	return "\"startAddress\":\"192.0.2.0\",\"endAddress\":\"192.0.2.255\"";
}

static const char *
wide(unsigned last)
{
	(void)last;
	return "\"startAddress\":\"192.0.0.0\",\"endAddress\":\"192.0.255.255\"";
}

static const char *
parts(unsigned last)
{
	return last < 16 ? "\"startAddress\":\"192.0.2.0\",\"endAddress\":\"192.0.2.15\""
			 : "\"startAddress\":\"192.0.2.16\",\"endAddress\":\"192.0.2.31\"";
}

/* The peer's thread has nothing else. */
static const char *(*range)(unsigned last);
static _Atomic unsigned asked;

static void
reply(struct peer *p, struct str request, struct buf *out)
{
	BUF_AUTO body = { 0 };
	char text[100];
	unsigned last;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(str_head(request, sizeof(text) - 1)));
	if (sscanf(text, "GET /rdap/ip/192.0.2.%u ", &last) == 1) {
		asked++;
		buf_addf(&body, "{\"objectClassName\":\"ip network\",\"handle\":\"N\",%s}", range(last));
	} else if (strstr(text, "/ipv4.json")) {
		buf_addf(&body, "{\"services\":[[[\"192.0.0.0/8\"],[\"http://%s/rdap/\"]]]}", p->at);
	} else {
		buf_add(&body, STR("{\"services\":[]}"));
	}
	http_answer(out, 200, "", buf_str(&body));
}

static void
takes(const char *(*ranges)(unsigned last), unsigned questions)
{
	struct peer dns = { .made = made }, web = { .reply = reply, .http = true };
	struct peer *const peers[] = { &dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	const struct str words[HOSTS] = { STR("w0"), STR("w1"), STR("w2"), STR("w3"), STR("w4"),
					  STR("w5"), STR("w6"), STR("w7"), STR("w8"), STR("w9") };
	struct trial t;
	struct discovery d;
	struct err e = { 0 };
	char boot[64];
	range = ranges;
	asked = 0;
	peer_start(&dns);
	peer_start(&web);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	snprintf(boot, sizeof(boot), "http://%s/boot", web.at);
	t.sources.rdap_bootstrap = str_of(boot);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS && s != SERVICE_RDAP;
	struct discover_options o = {
		.ask = t.o, .seeds = &seed, .seed_count = 1, .words = words, .word_count = HOSTS
	};
	if (!discover(&o, &d, &e))
		fail_msg("%s", e.text);
	assert_int_equal(asked, questions);
	assert_int_equal(d.spared, HOSTS - questions);
	for (unsigned n = 0; n < HOSTS; n++) {
		char address[20];
		snprintf(address, sizeof(address), "192.0.2.%u", place(n));
		const struct node *node = graph_find(&d.graph, THING_ADDRESS, str_of(address));
		assert_non_null(node);
		assert_true(graph_has(&d.graph, node, FACT_IN_NETWORK));
	}
	discovery_free(&d);
	trial_end(&t);
	peer_stop(&web);
	peer_stop(&dns);
}

static void
one_question_for_a_small_network(void **state)
{
	(void)state;
	takes(whole, 1);
}

static void
each_part_is_found(void **state)
{
	(void)state;
	takes(parts, 2);
}

/* Parts of a wide one may be others': nothing is spared. */
static void
a_wide_one_says_nothing_about_others(void **state)
{
	(void)state;
	takes(wide, HOSTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_question_for_a_small_network),
		cmocka_unit_test(each_part_is_found),
		cmocka_unit_test(a_wide_one_says_nothing_about_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
