#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/messages.h"
#include "base/sentence.h"

static void
told(const char *english, const char *japanese)
{
	ARENA_AUTO a = { 0 };
	LANG_ENGLISH_AUTO;

	lang_set_thread(LANG_JA);
	struct str seen = tr_sentence(&a, str_of(english));
	if (!str_eq(seen, str_of(japanese)))
		fail_msg("%s\n  gives  %.*s\n  wanted %s", english, STR_ARG(seen), japanese);
}

static void
a_sentence_of_the_catalogue_is_found_by_what_it_says(void **state)
{
	(void)state;
	told("No such file or directory", "ファイルまたはフォルダーがありません");
	told("Updates being installed now: 12.", "適用中の更新プログラム:12 件。");
	told("Installed at 2026-11-21 22:00.", "2026-11-21 22:00 に適用しました。");
}

static void
parts_are_told_each_by_itself(void **state)
{
	(void)state;
	told("installing updates: another package manager is at work (E: Could not get lock)",
	     "更新のインストール: 別のパッケージ管理が動作中です (E: Could not get lock)");
	told("https://crt.sh: No such file or directory", "https://crt.sh: ファイルまたはフォルダーがありません");
	told("https://crt.sh: Not Found", "https://crt.sh: Not Found");
	told("writing /srv/x: No space left on device", "/srv/x への書き込み: ディスクの空きがありません");
	told("opening /srv/x: writing /srv/y: No space left on device",
	     "/srv/x を開く: /srv/y への書き込み: ディスクの空きがありません");
	told("DSA-1-1: openssl before 3.0.17-1 in debian:12; 3.0.15-1 is installed",
	     "DSA-1-1:debian:12 の openssl は 3.0.17-1 より前が対象です(現在 3.0.15-1)");
	told("DSA-1-1: linux from 6.1 before 6.2 in debian:12; 6.1.1 is installed",
	     "DSA-1-1:debian:12 の linux は 6.1 以降 6.2 より前が対象です(現在 6.1.1)");
	told("the slot was not begun (the script a.sh of the policy is signed neither by the holders of the keys of "
	     "“custom” "
	     "nor by an administrator whom this machine trusts: No such file or directory); waits for the window Tue "
	     "22:00–02:00 of policy ward",
	     "前回の適用枠は開始しませんでした(ポリシーのスクリプト a.sh "
	     "には、「custom」の鍵の保持者の署名も、この端末が信頼する管理者の署名もありません: "
	     "ファイルまたはフォルダーがありません)。次の適用時間帯 火 22:00〜02:00(ポリシー ward)を待っています");
	told("Held back by the package manager: No such file or directory",
	     "パッケージ管理が保留しています:ファイルまたはフォルダーがありません");
}

static void
what_is_not_ours_stays(void **state)
{
	static const char *const strange[] = {
		"",
		":",
		": ",
		"a: b: c",
		"%s",
		"%n%n%n",
		"Installed at",
		"Updates being installed now: many.",
		"dpkg: error processing package x (--configure)",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(strange); i++)
		told(strange[i], strange[i]);
}

static void
english_readers_get_the_very_bytes(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str s = STR("Installed at 2026-11-21 22:00.");

	(void)state;
	assert_ptr_equal(tr_sentence(&a, s).ptr, s.ptr);
}

/* Whatever a stranger sends, and however long: an answer, soon. */
static void
hostile_text_costs_little(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	LANG_ENGLISH_AUTO;

	(void)state;
	lang_set_thread(LANG_JA);
	for (int i = 0; i < 1000; i++)
		buf_add(&text, STR(": ("));
	buf_add(&text, STR(")"));
	for (int i = 0; i < 100; i++)
		assert_true(str_eq(tr_sentence(&a, buf_str(&text)), buf_str(&text)));
	for (int i = 0; i < 2000; i++)
		buf_add(&text, STR("failed at "));
	assert_true(str_eq(tr_sentence(&a, buf_str(&text)), buf_str(&text)));
}

/* Every message of the catalogue, filled in, is told as its translation filled in. */
static void
every_message_of_the_catalogue_is_known(void **state)
{
	size_t unknown = 0;

	(void)state;
	for (size_t i = 0; i < messages_ja_count; i++) {
		const char *english = messages_ja_text + messages_ja[i].english;
		ARENA_AUTO a = { 0 };
		LANG_ENGLISH_AUTO;
		lang_set_thread(LANG_JA);
		if (strchr(english, '%') || str_eq(str_of(english), str_of(tr(english))))
			continue;
		unknown += str_eq(tr_sentence(&a, str_of(english)), str_of(english));
	}
	assert_int_equal(unknown, 0);
}

static void
a_block_of_english_gives_the_language_back(void **state)
{
	(void)state;
	lang_set_thread(LANG_JA);
	{
		LANG_ENGLISH_AUTO;
		assert_int_equal(lang_current(), LANG_EN);
	}
	assert_int_equal(lang_current(), LANG_JA);
	lang_set_thread(LANG_EN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sentence_of_the_catalogue_is_found_by_what_it_says),
		cmocka_unit_test(parts_are_told_each_by_itself),
		cmocka_unit_test(what_is_not_ours_stays),
		cmocka_unit_test(english_readers_get_the_very_bytes),
		cmocka_unit_test(hostile_text_costs_little),
		cmocka_unit_test(every_message_of_the_catalogue_is_known),
		cmocka_unit_test(a_block_of_english_gives_the_language_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
