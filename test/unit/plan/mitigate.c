#include "plan/mitigate.h"

#include "../os/unit.h"
#include "base/tr.h"
#include "plan/policy-yaml.h"

#define NOW 1000000000000LL
#define ROWS \
	"  mitigations:\n" \
	"    - {patch: samba, stop-service: [smbd, nmbd]}\n" \
	"    - {patch: 'open*', close-port: [22/tcp], except: [10.1.0.0/16]}\n" \
	"    - {patch: openssh, close-port: [22/tcp], except: [10.1.0.0/16], even-held: true}\n"
#define POLICY "policy: servers\nemergency:\n  when: [known-exploited]\n"

struct scene {
	struct arena a;
	struct directive d;
	struct mitigate_facts f;
	struct mitigate_list out;
	struct str missing[4];
};

static void
scene(struct scene *s, const char *yaml)
{
	struct policy_remarks remarks = { 0 };
	memset(s, 0, sizeof(*s));
	lang_set_thread(LANG_EN);
	if (!policy_from_yaml(&s->a, str_of(yaml), NULL, &s->d.policy, &remarks))
		fail_msg("%.*s", STR_ARG(remarks.items.items[0].text));
	s->f = (struct mitigate_facts){ .now = NOW, .host = STR("h1"), .slot = STR(""), .local_hold = STR("") };
	s->f.missing = s->missing;
}

/* An emergency that is missing here. */
static void
urgent(struct scene *s, const char *patch)
{
	*ARRAY_PUSH(&s->a, &s->d.patches) = (struct directive_patch){ .patch = str_of(patch), .emergency = true };
	s->missing[s->f.missing_count++] = str_of(patch);
}

static const struct mitigate_patch *
decided(struct scene *s)
{
	mitigate_decide(&s->d, &s->f, &s->a, &s->out);
	return s->out.patches.items;
}

static void
hold(struct scene *s)
{
	*ARRAY_PUSH(&s->a, &s->d.holds) =
		(struct directive_hold){ .by = STR("ward 3"), .why = STR("surgery"), .until = NOW + 1 };
}

static void
what_is_due(void **state)
{
	static const struct {
		const char *what, *policy, *patch;
		enum mitigate_state state;
		const char *acts;
		bool held;
	} rows[] = {
		{ "a row that fits", POLICY ROWS, "deb:samba@2:4.17", MITIGATE_DUE, "smbd stopped, nmbd stopped",
		  false },
		{ "two rows that say the same", POLICY ROWS, "deb:openssh@1:9.2", MITIGATE_DUE,
		  "port 22/tcp closed except to 10.1.0.0/16", false },
		{ "a pattern", POLICY ROWS, "rpm:OpenSSL@3", MITIGATE_DUE, "port 22/tcp closed except to 10.1.0.0/16",
		  false },
		{ "no row fits", POLICY ROWS, "deb:bash@5", MITIGATE_NO_ROW, "", false },
		{ "no rows at all", POLICY, "deb:samba@2", MITIGATE_NO_ROW, "", false },
		{ "mitigate: no", POLICY "  mitigate: no\n" ROWS, "deb:samba@2", MITIGATE_OFF, "", false },
		{ "held", POLICY ROWS, "deb:samba@2", MITIGATE_HELD, "", true },
		{ "held, but one row says even then", POLICY ROWS, "deb:openssh@2", MITIGATE_DUE,
		  "port 22/tcp closed except to 10.1.0.0/16", true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s;
		scene(&s, rows[i].policy);
		urgent(&s, rows[i].patch);
		if (rows[i].held)
			hold(&s);
		const struct mitigate_patch *p = decided(&s);
		if (s.out.patches.count != 1 || p->state != rows[i].state)
			fail_msg("%s: %zu, %s", rows[i].what, s.out.patches.count, mitigate_state_name(p->state));
		assert_str(mitigate_acts_text(&s.a, p, MITIGATE_STATES), rows[i].acts);
		arena_free(&s.a);
	}
}

static void
what_is_no_emergency_or_is_in_is_left_alone(void **state)
{
	struct scene s;
	(void)state;
	scene(&s, POLICY ROWS);
	urgent(&s, "deb:samba@2");
	s.d.patches.items[0].emergency = false;
	decided(&s);
	assert_int_equal(s.out.patches.count, 0);
	s.d.patches.items[0].emergency = true;
	s.f.missing_count = 0;
	decided(&s);
	assert_int_equal(s.out.patches.count, 0);
	/* In, and waiting for a restart: as it was, although the directive has no word about it any more. */
	s.d.patches.count = 0;
	s.f.pending = s.missing;
	s.f.pending_count = 1;
	assert_int_equal(decided(&s)->state, MITIGATE_DUE);
	arena_free(&s.a);
	scene(&s, "policy: servers\nemergency: off\n");
	urgent(&s, "deb:samba@2");
	decided(&s);
	assert_int_equal(s.out.patches.count, 0);
	arena_free(&s.a);
}

static void
what_may_not_be_installed_is_mitigated_all_the_same(void **state)
{
	struct scene s;
	(void)state;
	scene(&s, POLICY ROWS);
	*ARRAY_PUSH(&s.a, &s.d.mitigate) = STR("deb:samba@2");
	decided(&s);
	assert_int_equal(s.out.patches.count, 0); /* it is in already */
	s.missing[s.f.missing_count++] = STR("deb:samba@2");
	assert_int_equal(decided(&s)->state, MITIGATE_DUE);
	arena_free(&s.a);
}

static void
one_of_a_pair_waits_for_its_lease(void **state)
{
	struct scene s;
	(void)state;
	scene(&s, POLICY ROWS);
	urgent(&s, "deb:samba@2");
	s.d.paired = s.d.lease_needed = true;
	assert_int_equal(decided(&s)->state, MITIGATE_NO_LEASE);
	struct directive_lease *l = ARRAY_PUSH(&s.a, &s.d.leases);
	*l = (struct directive_lease){ STR("servers/night/2026-11-24/h1"), NOW + 1 };
	assert_int_equal(decided(&s)->state, MITIGATE_NO_LEASE); /* of a slot that is not its turn now */
	s.f.slot = l->slot;
	assert_int_equal(decided(&s)->state, MITIGATE_DUE);
	s.f.now = NOW + 1;
	assert_int_equal(decided(&s)->state, MITIGATE_NO_LEASE); /* over */
	arena_free(&s.a);
}

static void
why(struct scene *s, const struct mitigate_patch *p, const char *wanted)
{
	struct str said = mitigate_why(&s->a, STR("servers"), p);
	if (!str_contains(said, str_of(wanted)))
		fail_msg("“%.*s” lacks “%s”", STR_ARG(said), wanted);
}

static void
sentences_and_the_report(void **state)
{
	struct scene s;
	BUF_AUTO text = { 0 };
	BUF_AUTO again = { 0 };
	struct json *v;
	struct mitigate_list back;
	(void)state;
	scene(&s, POLICY ROWS);
	urgent(&s, "deb:samba@2:4.17");
	decided(&s);
	struct mitigate_patch *p = &s.out.patches.items[0];
	why(&s, p, "with the next check-in policy servers has it mitigated: smbd stopped, nmbd stopped.");
	p->acts.items[0].state = MITIGATE_IN_FORCE;
	p->acts.items[0].since = NOW;
	p->acts.items[1].state = MITIGATE_FAILED;
	p->acts.items[1].why = STR("systemctl stop: no");
	mitigate_sum(p);
	assert_true(p->state == MITIGATE_IN_FORCE && p->since == NOW);
	why(&s, p, "smbd stopped since ");
	why(&s, p, " by policy servers until samba 2:4.17 is installed. Not all of it worked: systemctl stop: no");
	mitigate_write(&s.out, &(struct json_writer){ .out = &text });
	assert_ok(json_parse(&s.a, buf_str(&text), NULL, &v, &unit_err));
	assert_ok(mitigate_parse(&s.a, v, &back, &unit_err));
	mitigate_write(&back, &(struct json_writer){ .out = &again });
	assert_str(buf_str(&again), buf_cstr(&text));
	p->acts.items[0].state = MITIGATE_NOT_APPLICABLE;
	mitigate_sum(p);
	assert_int_equal(p->state, MITIGATE_FAILED);
	why(&s, p, "install at once: systemctl stop: no");
	p->state = MITIGATE_NO_ROW;
	why(&s, p, "no mitigation is written for it in policy servers; install at once.");
	arena_free(&s.a);
}

static void
a_report_of_rubbish_is_small(void **state)
{
	static const char *const bad[] = { "[1,null,{}]", "[{\"patch\":\"\",\"state\":\"held\"}]",
					   "[{\"patch\":\"deb:a@1\",\"state\":\"what\"}]", "null",
					   "[{\"patch\":\"deb:a@1\",\"state\":\"held\",\"since\":\"soon\"}]" };
	ARENA_AUTO a = { 0 };
	struct mitigate_list l;
	struct json *v;
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_ok(json_parse(&a, str_of(bad[i]), NULL, &v, &unit_err));
		assert_ok(mitigate_parse(&a, v, &l, &unit_err));
		assert_int_equal(l.patches.count, 0);
	}
	assert_ok(json_parse(&a, STR("{}"), NULL, &v, &unit_err));
	assert_false(mitigate_parse(&a, v, &l, &unit_err));
}

static void
ports_in_nftables_words(void **state)
{
	struct scene s;
	BUF_AUTO out = { 0 };
	(void)state;
	scene(&s, POLICY "  mitigations: [{patch: x, stop-service: [x], close-port: [22/tcp, 53/udp], "
			 "except: [10.1.0.0/16, 'fd00::/8']}]\n");
	urgent(&s, "deb:x@1");
	const struct mitigate_patch *p = decided(&s);
	mitigate_nft("mamori", p->acts.items, p->acts.count, &out);
	assert_true(
		str_starts(buf_str(&out), STR("table inet mamori {}\ndelete table inet mamori\ntable inet mamori {")));
	static const char *const has[] = { "ip saddr 10.1.0.0/16 return", "ip6 saddr fd00::/8 return",
					   "reject with tcp reset",       "tcp dport 22 jump close1",
					   "udp dport 53 jump close2",    "ct direction reply accept" };
	for (size_t i = 0; i < COUNT(has); i++)
		assert_non_null(strstr(buf_cstr(&out), has[i]));
	buf_truncate(&out, 0);
	mitigate_nft("mamori", p->acts.items, 1, &out); /* nothing that closes a port: the table goes */
	assert_str(buf_str(&out), "table inet mamori {}\ndelete table inet mamori\n");
	arena_free(&s.a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due),
		cmocka_unit_test(what_is_no_emergency_or_is_in_is_left_alone),
		cmocka_unit_test(what_may_not_be_installed_is_mitigated_all_the_same),
		cmocka_unit_test(one_of_a_pair_waits_for_its_lease),
		cmocka_unit_test(sentences_and_the_report),
		cmocka_unit_test(a_report_of_rubbish_is_small),
		cmocka_unit_test(ports_in_nftables_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
