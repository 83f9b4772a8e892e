/* What was imported says about what is ours; discovery hears it once. */
#include "cli/surface-exposure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exposure/index.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>

#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void
text(struct banner_value *v, size_t *n, enum field f, const char *s)
{
	v[(*n)++] = (struct banner_value){ .field = f, .text = str_of(s) };
}

static void
add(struct segment_writer *w, unsigned char last, const char *host, const char *organisation)
{
	struct banner_value values[16];
	size_t n = 0;
	struct err e = { 0 };
	text(values, &n, FIELD_HOSTNAME, host);
	text(values, &n, FIELD_PRODUCT, "OpenSSH");
	text(values, &n, FIELD_VERSION, "7.4");
	text(values, &n, FIELD_DATA, "SSH-2.0-OpenSSH_7.4\r\nKey type: ssh-rsa");
	text(values, &n, FIELD_MODULE, "ssh");
	text(values, &n, FIELD_COUNTRY, "JP");
	text(values, &n, FIELD_VULN, "CVE-2023-38408");
	text(values, &n, FIELD_TAG, "medical");
	text(values, &n, FIELD_SSL_CERT_SUBJECT_O, organisation);
	text(values, &n, FIELD_SSL_CERT_NAMES, host);
	if (last == 1)
		text(values, &n, FIELD_SSL_CERT_FINGERPRINT, PRINT);
	struct banner b = { .port = 22, .timestamp = 1767225600000, .values = values, .count = n, .raw = STR("{}") };
	memcpy(b.ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2", 15);
	b.ip[15] = last;
	if (!segment_add(w, &b, &e))
		fail_msg("%s", e.text);
}

static void
import(const char *data)
{
	struct segment_origin o = {
		.source = STR("shodan"),
		.file = STR("x.json"),
		.imported_at = 1,
	};
	struct segment_writer *w;
	struct err e = { 0 };
	o.digest = STR(PRINT);
	if (!segment_begin(data, &o, &w, &e))
		fail_msg("%s", e.text);
	add(w, 1, "vpn.yamamomo.jp", "Yamamomo");
	add(w, 2, "www.stranger.jp", "Stranger");
	add(w, 3, "old.elsewhere.jp", "医療法人 やまもも会");
	if (!segments_commit(data, &w, 1, &e))
		fail_msg("%s", e.text);
}

static const struct node *
node(struct graph *g, enum thing is, const char *name)
{
	return graph_find(g, is, str_of(name));
}

static void
ours(struct graph *g, enum thing is, const char *name)
{
	struct node *n = graph_node(g, is, str_of(name));
	assert_non_null(n);
	n->own = OWN_APPROVED;
}

static void
learn(struct surface_exposure *x, struct graph *g)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	surface_exposure_more(x, g, &f);
	assert_int_equal(f.bad, 0);
	graph_learn(g, &f, SERVICE_EXPOSURE, STR("exposure"), 1);
}

static void
it_says_what_is_known_of_ours(void **state)
{
	char data[] = "/tmp/mamori-surface-XXXXXX";
	struct surface_exposure *x;
	struct graph g = { 0 };
	struct err e = { 0 };
	size_t i = 0;
	(void)state;
	assert_non_null(mkdtemp(data));
	assert_true(surface_exposure_open(data, false, &x, &e));
	assert_null(x);
	assert_false(surface_exposure_open(data, true, &x, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	import(data);
	assert_true(surface_exposure_open(data, true, &x, &e));
	ours(&g, THING_DOMAIN, "yamamomo.jp");
	learn(x, &g);
	const struct node *ssh = node(&g, THING_SERVICE, "192.0.2.1 22/tcp");
	assert_non_null(ssh);
	assert_true(graph_has(&g, ssh, FACT_SERVICE));
	const struct edge *product = graph_out(&g, ssh, FACT_SERVICE_PRODUCT, &i);
	assert_true(product && str_eq(product->text, STR("OpenSSH\t7.4")));
	assert_true(graph_has(&g, ssh, FACT_SERVICE_VULNERABILITY));
	assert_true(graph_has(&g, ssh, FACT_SERVICE_CERTIFICATE));
	assert_true(graph_has(&g, node(&g, THING_CERTIFICATE, PRINT), FACT_CERTIFICATE_NAME));
	assert_true(graph_has(&g, node(&g, THING_ADDRESS, "192.0.2.1"), FACT_COUNTRY));
	assert_true(graph_has(&g, node(&g, THING_NAME, "vpn.yamamomo.jp"), FACT_NAME_SEEN));
	assert_null(node(&g, THING_ADDRESS, "192.0.2.2"));
	assert_null(node(&g, THING_ADDRESS, "192.0.2.3"));
	/* What became ours since. */
	ours(&g, THING_ORGANISATION, "医療法人 やまもも会");
	learn(x, &g);
	assert_non_null(node(&g, THING_ADDRESS, "192.0.2.3"));
	ours(&g, THING_NETWORK, "192.0.2.0/30");
	learn(x, &g);
	assert_non_null(node(&g, THING_ADDRESS, "192.0.2.2"));
	struct coverage c = surface_exposure_coverage(x);
	assert_int_equal(c.put, 3);
	assert_int_equal(c.data, 3);
	assert_int_equal(c.failed, 0);
	surface_exposure_close(x);
	graph_free(&g);
	assert_true(dir_remove_all(data, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_says_what_is_known_of_ours) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
