#include "trust/tuf-document.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY (INT64_C(24) * 3600 * 1000)

static void
targets_of_wrong_length_or_digest(void **state)
{
	static const struct {
		const char *bytes;
		bool wrong256, wrong512, none;
		enum tuf_reason reason;
	} rows[] = {
		{ "payload", false, false, false, TUF_OK },
		{ "payload!", false, false, false, TUF_TARGET_TOO_LONG },
		{ "payloa", false, false, false, TUF_TARGET_LENGTH },
		{ "", false, false, false, TUF_TARGET_LENGTH },
		{ "Payload", false, false, false, TUF_TARGET_HASH },
		{ "payload", true, false, false, TUF_TARGET_HASH },
		{ "payload", false, true, false, TUF_TARGET_HASH },
		{ "payload", false, false, true, TUF_TARGET_HASH },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char sha256[129], sha512[129];
		struct err e = { 0 };
		enum tuf_reason reason;
		tuf_digest_hex(false, STR("payload"), sha256);
		tuf_digest_hex(true, STR("payload"), sha512);
		sha256[0] = rows[i].wrong256 ? 'x' : sha256[0];
		sha512[0] = rows[i].wrong512 ? 'x' : sha512[0];
		struct tuf_target t = { .path = STR("app"), .length = 7 };
		if (!rows[i].none) {
			t.sha256 = str_of(sha256);
			t.sha512 = str_of(sha512);
		}
		struct tuf_check *k = tuf_check_open(&t);
		bool ok = true;
		for (const char *p = rows[i].bytes; *p && ok; p++)
			ok = tuf_check_add(k, str_sub(p, 1), &e);
		assert_true(ok == (rows[i].reason != TUF_TARGET_TOO_LONG));
		assert_true(tuf_check_end(k, &reason, &e) == (rows[i].reason == TUF_OK));
		assert_int_equal(reason, rows[i].reason);
		if (reason != TUF_OK)
			assert_non_null(strstr(e.text, "“app”"));
	}
}

static void
each_reason_has_a_name_of_its_own(void **state)
{
	for (int i = 0; i <= TUF_TARGET_HASH; i++) {
		assert_non_null(tuf_reason_name((enum tuf_reason)i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(tuf_reason_name((enum tuf_reason)i),
						tuf_reason_name((enum tuf_reason)k));
	}
}

static void
cut_off_staged_patches_install_for_a_while(void **state)
{
	const int64_t ends = INT64_C(1790000000000);
	static const struct {
		int64_t verified, now, offline_for; /* behind the expiry */
		enum tuf_freshness freshness;
		const char *says;
	} rows[] = {
		{ -DAY, -1, 14 * DAY, TUF_FRESH, "" },
		{ -DAY, 0, 14 * DAY, TUF_EXPIRED_BUT_STAGED, "is still installed until" },
		{ -DAY, 14 * DAY - 1, 14 * DAY, TUF_EXPIRED_BUT_STAGED, "is still installed until" },
		{ -DAY, 14 * DAY, 14 * DAY, TUF_STALE, "longer ago than the policy" },
		{ 0, DAY, 14 * DAY, TUF_STALE, "had expired" },
		{ DAY, DAY, 14 * DAY, TUF_STALE, "had expired" },
		{ -DAY, 0, 0, TUF_STALE, "longer ago than the policy" },
		{ -DAY, 0, INT64_MAX, TUF_STALE, "longer ago than the policy" }, /* no sum beyond all numbers */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tuf_staged s = { ends + rows[i].verified, ends, rows[i].offline_for };
		int64_t until;
		BUF_AUTO text = { 0 };
		enum tuf_freshness f = tuf_staged_freshness(&s, ends + rows[i].now, &until);
		if (f != rows[i].freshness)
			fail_msg("row %zu: %d", i, f);
		if (f == TUF_EXPIRED_BUT_STAGED)
			assert_true(until == ends + 14 * DAY);
		tuf_staged_sentence(f, &s, until, &text);
		assert_true(rows[i].says[0] ? str_contains(buf_str(&text), str_of(rows[i].says)) : text.len == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_of_wrong_length_or_digest),
		cmocka_unit_test(each_reason_has_a_name_of_its_own),
		cmocka_unit_test(cut_off_staged_patches_install_for_a_while),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
