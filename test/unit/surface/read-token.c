/* Verification tokens in TXT records. */
#include "surface/read-internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

static const struct {
	const char *token, *vendor;
} known[] = {
	{ "google-site-verification=rXOxyZounnZasA8Z7oaD3c14JdjS9aKSWvsR1EbUSIQ", "Google" },
	{ "MS=ms83847521", "Microsoft 365" },
	{ "ms=ms83847521", "Microsoft 365" },
	{ "apple-domain-verification=30afIBcvSuDV2PLX", "Apple" },
	{ "facebook-domain-verification=22rm551cu4k0ab0bxsw536tlds4h95", "Meta" },
	{ "atlassian-domain-verification=5YjTmWmjI92ewqkx2oXmBaD60Td9zWon9r6eakvHX6B77zzkFQto8PQ9QsKnbf4I",
	  "Atlassian" },
	{ "adobe-idp-site-verification=bf6b2c2d-6f8f-4d6d", "Adobe" },
	{ "docusign=05958488-4752-4ef2-95eb-aa7ba8a3bd0e", "DocuSign" },
	{ "dropbox-domain-verification=abcdefgh1234", "Dropbox" },
	{ "ZOOM_verify_abcdefghijkl", "Zoom" },
	{ "webexdomainverification.8YX6G=6e6922db-e3e6-4a36-904e-a805c28087fa", "Cisco Webex" },
	{ "amazonses:AbCdEfGhIjKlMnOp=", "Amazon SES" },
	{ "stripe-verification=96587c5e1a8e", "Stripe" },
	{ "slack-domain-verification=abcdefgh", "Slack" },
	{ "globalsign-domain-verification=abcdefghij", "GlobalSign" },
	{ "have-i-been-pwned-verification=0123456789abcdef", "Have I Been Pwned" },
	{ "hubspot-developer-verification=MDEyMzQ1", "HubSpot" },
	{ "pardot123456=0123456789abcdef", "Salesforce Pardot" },
	{ "brevo-code:0123456789abcdef", "Brevo" },
	{ "yandex-verification: 0123456789abcdef", "Yandex" },
	{ "openai-domain-verification=dv-abcdefghijkl", "OpenAI" },
	{ "notion-domain-verification=abcdefghijkl", "Notion" },
	{ "miro-verification=0123456789abcdef", "Miro" },
	{ "asv=0123456789abcdef0123456789abcdef", "Asana" },
	{ "citrix-verification-code=01234567-89ab", "Citrix" },
	{ "fastly-domain-delegation-abcdef-2026", "Fastly" },
	{ "jamf-site-verification=abcdefghijkl", "Jamf" },
	{ "knowbe4-site-verification=0123456789", "KnowBe4" },
	{ "onetrust-domain-verification=0123456789", "OneTrust" },
	{ "shopify-verification-code=abcdefgh", "Shopify" },
	{ "teamviewer-sso-verification=01234567", "TeamViewer" },
	{ "1password-site-verification=ABCDEFGH", "1Password" },
	{ "zoho-verification=zb12345678.zmverify.zoho.example", "Zoho" },
	{ "some-new-service-verification=0123456789", NULL },
};

static void
tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		const char *vendor = read_token_vendor(str_of(known[i].token));
		assert_true(read_token(&f, STR("example.jp"), str_of(known[i].token)));
		SAYS(&f, FACT_TOKEN, "example.jp", "", known[i].token);
		assert_true(known[i].vendor ? vendor && strcmp(vendor, known[i].vendor) == 0 : !vendor);
	}
}

static void
others(void **state)
{
	static const char *const none[] = {
		"",         "hello world",   "v=spf1 -all",          "MS=ms",
		"a=b",      "verification=", "key=0123456789abcdef", "please verify: this is a sentence of somebody",
		"docusign="
	};
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	for (size_t i = 0; i < COUNT(none); i++)
		assert_false(read_token(&f, STR("example.jp"), str_of(none[i])));
	buf_add(&text, STR("google-site-verification="));
	for (int i = 0; i < 5000; i++)
		buf_add_char(&text, 'x');
	assert_false(read_token(&f, STR("example.jp"), buf_str(&text)));
	assert_int_equal(f.count, 0);
	assert_true(read_token(&f, STR("example.jp"), STR("\"MS=ms12345678\"")));
	SAYS(&f, FACT_TOKEN, "example.jp", "", "MS=ms12345678");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tokens), cmocka_unit_test(others) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
