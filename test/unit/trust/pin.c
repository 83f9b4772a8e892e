/* PBKDF2-HMAC-SHA256 gives what RFC 7914, section 11, says it gives. */
#include "trust/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/codec.h"

static void
gives_the_published_answers(void **state)
{
	static const struct {
		const char *pin, *salt, *hex;
		unsigned rounds;
	} cases[] = {
		{ "passwd", "salt", "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc", 1 },
		{ "Password", "NaCl", "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56", 80000 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned char out[SHA256_LEN];
		BUF_AUTO hex = { 0 };
		pin_stretch(str_of(cases[i].pin), str_of(cases[i].salt), cases[i].rounds, out);
		hex_encode(&hex, out, sizeof(out));
		assert_string_equal(buf_cstr(&hex), cases[i].hex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(gives_the_published_answers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
