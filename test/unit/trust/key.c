#include "trust/key.h"

#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

/* A valid key of a kind that Windows cannot verify. */
static const char ed25519_public[] = "-----BEGIN PUBLIC KEY-----\n"
				     "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
				     "-----END PUBLIC KEY-----\n";

static void
sign_and_verify(void **state)
{
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	KEY_AUTO other = NULL;
	KEY_AUTO public = NULL;
	BUF_AUTO pem = { 0 };
	BUF_AUTO signature = { 0 };
	assert_true(key_generate(&k, &e));
	assert_true(key_generate(&other, &e));
	assert_true(key_sign(k, STR("text"), &signature, &e));
	assert_true(key_public_to_pem(k, &pem, &e));
	assert_true(key_public_from_pem(buf_str(&pem), &public, &e));
	assert_true(key_verify(public, STR("text"), buf_str(&signature), &e));
	assert_false(key_verify(public, STR("Text"), buf_str(&signature), &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(key_verify(other, STR("text"), buf_str(&signature), &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(key_verify(public, STR("text"), STR(""), &e));
	signature.ptr[signature.len / 2] ^= 1;
	assert_false(key_verify(public, STR("text"), buf_str(&signature), &e));
}

static void
public_half_cannot_sign(void **state)
{
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	KEY_AUTO public = NULL;
	BUF_AUTO pem = { 0 };
	BUF_AUTO out = { 0 };
	assert_true(key_generate(&k, &e));
	assert_true(key_public_to_pem(k, &pem, &e));
	assert_true(key_public_from_pem(buf_str(&pem), &public, &e));
	assert_false(key_sign(public, STR("text"), &out, &e));
	assert_false(key_to_pem(public, &out, &e));
	assert_int_equal(out.len, 0);
}

static void
pem_round_trip_keeps_the_id(void **state)
{
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	KEY_AUTO again = NULL;
	BUF_AUTO pem = { 0 };
	BUF_AUTO id = { 0 };
	BUF_AUTO id_again = { 0 };
	assert_true(key_generate(&k, &e));
	assert_true(key_to_pem(k, &pem, &e));
	assert_true(str_starts(buf_str(&pem), STR("-----BEGIN PRIVATE KEY-----\n")));
	assert_true(key_from_pem(buf_str(&pem), &again, &e));
	assert_true(key_id(k, &id, &e));
	assert_true(key_id(again, &id_again, &e));
	assert_int_equal(id.len, 64);
	assert_true(str_eq(buf_str(&id), buf_str(&id_again)));
}

static void
other_kinds_and_rubbish_are_refused(void **state)
{
	static const char *const texts[] = { "", "rubbish",
					     "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
					     ed25519_public };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err e = { 0 };
		struct key *k = NULL;
		assert_false(key_public_from_pem(str_of(texts[i]), &k, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_false(key_from_pem(str_of(texts[i]), &k, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(k);
	}
	struct err e = { 0 };
	struct key *k = NULL;
	BUF_AUTO huge = { 0 };
	memset(buf_reserve(&huge, 1 << 20), 'A', 1 << 20);
	huge.len = 1 << 20;
	assert_false(key_from_pem(buf_str(&huge), &k, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

static void
key_file_is_made_once_and_private(void **state)
{
	struct err e = { 0 };
	char dir[] = "/tmp/mamori-key-XXXXXX";
	assert_non_null(mkdtemp(dir));
	char path[64];
	snprintf(path, sizeof(path), "%s/key.pem", dir);
	KEY_AUTO made = NULL;
	KEY_AUTO loaded = NULL;
	BUF_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	assert_true(key_load_or_create(path, &made, &e));
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(key_load_or_create(path, &loaded, &e));
	assert_true(key_id(made, &a, &e) && key_id(loaded, &b, &e));
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	/* A damaged file is never silently replaced: hosts are bound to the old key. */
	struct key *k = NULL;
	assert_true(file_write(path, STR("damaged"), 0600, &e));
	assert_false(key_load_or_create(path, &k, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, path));
	assert_true(dir_remove_all(dir, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign_and_verify),
		cmocka_unit_test(public_half_cannot_sign),
		cmocka_unit_test(pem_round_trip_keeps_the_id),
		cmocka_unit_test(other_kinds_and_rubbish_are_refused),
		cmocka_unit_test(key_file_is_made_once_and_private),
	};
	return cmocka_run_group_tests_name("trust/key", tests, NULL, NULL);
}
