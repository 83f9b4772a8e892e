#include "trust/cert.h"

#include "base/arena.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define NOW INT64_C(1795478400000) /* 2026-11-24 */
#define MINUTE INT64_C(60000)
#define DAY (1440 * MINUTE)

struct fixture {
	struct key *ca_key, *host_key;
	struct buf ca;
};

static int
setup(void **state)
{
	struct err e;
	struct fixture *f = xcalloc(1, sizeof(*f));
	*state = f;
	return key_generate(&f->ca_key, &e) && key_generate(&f->host_key, &e) &&
			       ca_create(f->ca_key, "mamori test", NOW, &f->ca, &e)
		       ? 0
		       : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	key_free(f->ca_key);
	key_free(f->host_key);
	buf_free(&f->ca);
	free(f);
	return 0;
}

static void
issue(struct fixture *f, const struct cert_request *r, struct buf *pem)
{
	struct err e = { 0 };
	bool ok = cert_issue(f->ca_key, buf_str(&f->ca), f->host_key, r, pem, &e);
	if (!ok)
		print_error("%s\n", e.text);
	assert_true(ok);
}

static X509 *
x509_of(const struct buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(x);
	return x;
}

static void
authority_is_one_and_lasts(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct cert_info info;
	char digest[SHA256_HEX_LEN];
	BUF_AUTO id = { 0 };
	assert_true(cert_read(buf_str(&f->ca), &info, &e));
	assert_string_equal(info.common_name, "mamori test");
	assert_true(info.not_before <= NOW);
	assert_true(info.not_after > NOW + 7300 * DAY);
	assert_true(cert_key_digest(buf_str(&f->ca), digest, &e));
	assert_true(key_id(f->ca_key, &id, &e));
	assert_string_equal(digest, buf_cstr(&id));
	X509 *x = x509_of(&f->ca);
	assert_int_equal(X509_check_ca(x), 1);
	assert_int_equal(X509_get_pathlen(x), 0);
	assert_int_equal(X509_get_key_usage(x), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_ext_by_critical(x, 1, -1) >= 0, 1);
	X509_free(x);
}

static void
host_certificate_says_who_and_what_for(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	BUF_AUTO pem = { 0 };
	BUF_AUTO second = { 0 };
	struct cert_info info, other;
	const struct cert_request r = { .common_name = STR("h-0123"),
					.not_before = NOW - 5 * MINUTE,
					.not_after = NOW + 180 * DAY };
	issue(f, &r, &pem);
	issue(f, &r, &second);
	assert_true(cert_read(buf_str(&pem), &info, &e));
	assert_true(cert_read(buf_str(&second), &other, &e));
	assert_string_equal(info.common_name, "h-0123");
	assert_int_equal(info.not_before, r.not_before);
	assert_int_equal(info.not_after, r.not_after);
	assert_int_equal(strlen(info.serial), 32);
	assert_string_not_equal(info.serial, other.serial);
	X509 *x = x509_of(&pem);
	assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT);
	assert_int_equal(X509_check_ca(x), 0);
	assert_non_null(X509_get0_subject_key_id(x));
	assert_non_null(X509_get0_authority_key_id(x));
	X509_free(x);
}

static void
server_certificate_carries_its_names(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO pem = { 0 };
	static const char *const names[] = { "mamori.example", "127.0.0.1", "::1", NULL };
	/* Longer than a common name may be: cut, since the names count. */
	const struct cert_request r = {
		.common_name = STR("a-very-long-name-of-a-server-in-the-far-corner.of-the-network.hospital.example"),
		.names = names,
		.server = true,
		.not_before = NOW,
		.not_after = NOW + DAY,
	};
	issue(f, &r, &pem);
	X509 *x = x509_of(&pem);
	assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER);
	assert_int_equal(X509_check_host(x, "mamori.example", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x, "other.example", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(x, "127.0.0.2", 0), 0);
	X509_free(x);
}

static void
bad_requests_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const blank[] = { "two words", NULL };
	static const char *const empty[] = { "", NULL };
	const struct cert_request bad[] = {
		{ .common_name = STR(""), .not_before = NOW, .not_after = NOW + DAY },
		{ .common_name = STR("\xff"), .not_before = NOW, .not_after = NOW + DAY },
		{ .common_name = STR("h"), .not_before = NOW, .not_after = NOW },
		{ .common_name = STR("h"), .names = blank, .not_before = NOW, .not_after = NOW + DAY },
		{ .common_name = STR("h"), .names = empty, .not_before = NOW, .not_after = NOW + DAY },
		{ .common_name = STR("0123456789012345678901234567890123456789012345678901234567890123456789"),
		  .not_before = NOW,
		  .not_after = NOW + DAY },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };
		BUF_AUTO pem = { 0 };
		assert_false(cert_issue(f->ca_key, buf_str(&f->ca), f->host_key, &bad[i], &pem, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(pem.len, 0);
	}
}

static void
check_knows_dates_and_issuer(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	BUF_AUTO pem = { 0 };
	BUF_AUTO other_ca = { 0 };
	KEY_AUTO other_key = NULL;
	const struct cert_request r = { .common_name = STR("h-1"), .not_before = NOW, .not_after = NOW + DAY };
	issue(f, &r, &pem);
	/* The same name, another key: only the signature tells. */
	assert_true(key_generate(&other_key, &e) && ca_create(other_key, "mamori test", NOW, &other_ca, &e));
	assert_true(cert_check(buf_str(&pem), buf_str(&f->ca), NOW + MINUTE, &e));
	assert_false(cert_check(buf_str(&pem), buf_str(&f->ca), NOW + DAY + MINUTE, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "expired"));
	assert_false(cert_check(buf_str(&pem), buf_str(&f->ca), NOW - MINUTE, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(cert_check(buf_str(&pem), buf_str(&other_ca), NOW + MINUTE, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "authority"));
	assert_false(cert_check(buf_str(&f->ca), buf_str(&f->ca), NOW + MINUTE, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(cert_check(STR("rubbish"), buf_str(&f->ca), NOW, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

static void
wrong_authority_key_cannot_issue(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	BUF_AUTO pem = { 0 };
	const struct cert_request r = { .common_name = STR("h-1"), .not_before = NOW, .not_after = NOW + DAY };
	assert_false(cert_issue(f->host_key, buf_str(&f->ca), f->host_key, &r, &pem, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

static void
request_proves_its_key(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	BUF_AUTO csr = { 0 };
	BUF_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	KEY_AUTO subject = NULL;
	assert_true(csr_create(f->host_key, "ward-3-pc-07", &csr, &e));
	assert_true(csr_open(buf_str(&csr), &subject, &e));
	assert_true(key_id(f->host_key, &a, &e) && key_id(subject, &b, &e));
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	/* Any change of the signed part or the signature is noticed. */
	size_t begin = (size_t)str_find(buf_str(&csr), STR("REQUEST-----\n")) + 13, refused = 0, tried = 0;
	for (size_t i = begin + 40; csr.ptr[i] != '-'; i += 7) {
		char old = csr.ptr[i];
		struct key *k = NULL;
		/* The last character before the padding also holds bits that mean nothing. */
		if (old == '\n' || old == '=' || csr.ptr[i + 1] == '=')
			continue;
		csr.ptr[i] = old == 'B' ? 'C' : 'B';
		refused += !csr_open(buf_str(&csr), &k, &e);
		tried++;
		key_free(k);
		csr.ptr[i] = old;
	}
	assert_true(tried > 30);
	assert_int_equal(refused, tried);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(authority_is_one_and_lasts, setup, teardown),
		cmocka_unit_test_setup_teardown(host_certificate_says_who_and_what_for, setup, teardown),
		cmocka_unit_test_setup_teardown(server_certificate_carries_its_names, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_requests_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(check_knows_dates_and_issuer, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_authority_key_cannot_issue, setup, teardown),
		cmocka_unit_test_setup_teardown(request_proves_its_key, setup, teardown),
	};
	return cmocka_run_group_tests_name("trust/cert", tests, NULL, NULL);
}
