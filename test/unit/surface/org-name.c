/* Names of organisations: what is the same and what is not, what proves nothing, hostile text, and the tables themselves. */
#include "surface/org-internal.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum verdict {
	EQUAL, /* 1 */
	SAME, /* at least ORG_SAME */
	OTHER, /* below */
};

static const struct {
	enum verdict verdict;
	const char *a, *b;
} pairs[] = {
	/* Legal forms, wherever they stand and however they are written */
	{ EQUAL, "株式会社さくら商事", "さくら商事" },
	{ EQUAL, "株式会社さくら商事", "さくら商事株式会社" },
	{ EQUAL, "株式会社さくら商事", "(株)さくら商事" },
	{ EQUAL, "株式会社さくら商事", "（株）さくら商事" },
	{ EQUAL, "株式会社さくら商事", "㈱さくら商事" },
	{ EQUAL, "株式会社さくら商事", "さくら商事㈱" },
	{ EQUAL, "株式会社さくら商事", "㍿さくら商事" },
	{ EQUAL, "株式会社さくら商事", "株式会社　さくら商事" },
	{ EQUAL, "株式会社さくら商事", "株式會社さくら商事" },
	{ EQUAL, "カブシキガイシャ サクラショウジ", "ｶﾌﾞｼｷｶﾞｲｼｬ ｻｸﾗｼｮｳｼﾞ" },
	{ EQUAL, "かぶしきがいしゃ さくらしょうじ", "サクラショウジ" },
	{ EQUAL, "ｶ)ｻｸﾗｼﾖｳｼﾞ", "カ）サクラシヨウジ" },
	{ EQUAL, "ｻｸﾗ(ｶ", "カブシキガイシャサクラ" },
	{ EQUAL, "有限会社山田工務店", "㈲山田工務店" },
	{ EQUAL, "合同会社みどりデータ", "(同)みどりデータ" },
	{ EQUAL, "医療法人さくら会", "医療法人 さくら会" },
	{ EQUAL, "医療法人さくら会", "医療法人社団さくら会" },
	{ EQUAL, "医療法人社団 さくら会", "医療法人　社団　さくら会" },
	{ EQUAL, "医療法人財団桜会", "(医)櫻會" },
	{ EQUAL, "社会医療法人さくら会", "さくら会" },
	{ EQUAL, "特定医療法人さくら会", "医療法人さくら会" },
	{ EQUAL, "イリョウホウジン サクラカイ", "いりょうほうじん さくらかい" },
	{ EQUAL, "イリョウホウジンシャダン サクラカイ", "イ)サクラカイ" },
	{ EQUAL, "学校法人青葉学園", "青葉学園" },
	{ EQUAL, "学校法人青葉学園", "(学)青葉学園" },
	{ EQUAL, "學校法人靑葉學園", "学校法人靑葉学園" },
	{ EQUAL, "独立行政法人例示研究機構", "(独)例示研究機構" },
	{ EQUAL, "地方独立行政法人みなと病院機構", "みなと病院機構" },
	{ EQUAL, "国立大学法人青葉大学", "青葉大学" },
	{ EQUAL, "国立研究開発法人例示医療研究センター", "例示医療研究センター" },
	{ EQUAL, "公益財団法人あおば財団", "(公財)あおば財団" },
	{ EQUAL, "財団法人あおば会", "公益財団法人あおば会" },
	{ EQUAL, "一般社団法人あおば協会", "㈳あおば協会" },
	{ EQUAL, "社会福祉法人ひまわり会", "(福)ひまわり会" },
	{ EQUAL, "特定非営利活動法人「みどりの風」", "NPO法人みどりの風" },
	{ EQUAL, "宗教法人青葉寺", "青葉寺" },
	/* Width, kana, old kanji, marks */
	{ EQUAL, "ＮＴＸデータ株式会社", "NTXデータ" },
	{ EQUAL, "ｴﾇﾃｨｴｯｸｽ･ﾃﾞｰﾀ", "エヌティエックスデータ" },
	{ EQUAL, "齋藤記念病院", "斉藤記念病院" },
	{ EQUAL, "斎藤記念病院", "斉藤記念病院" },
	{ EQUAL, "澤田内科医院", "沢田内科医院" },
	{ EQUAL, "國際醫療財團", "国際医療財団" },
	{ EQUAL, "髙橋整形外科", "高橋整形外科" },
	{ EQUAL, "宮﨑総合病院", "宮崎総合病院" },
	{ EQUAL, "渡邊クリニック", "渡辺クリニック" },
	{ EQUAL, "渡邉クリニック", "渡邊クリニック" },
	{ EQUAL, "廣瀬病院", "広瀬病院" },
	{ EQUAL, "慶應会", "慶応会" },
	{ EQUAL, "龍ヶ崎済生病院", "竜ケ崎濟生病院" },
	{ EQUAL, "さくら医療センター", "さくら医療センタ" },
	{ EQUAL, "さくら大学附属病院", "さくら大学付属病院" },
	{ EQUAL, "御茶の水クリニック", "御茶ノ水クリニック" },
	{ EQUAL, "ジョンソン・エンド・サンズ", "ジョンソンエンドサンズ" },
	{ SAME, "キヤノソン株式会社", "キャノソン" },
	{ EQUAL, "さくら会（東京都）", "さくら会" },
	{ EQUAL, "【公式】さくら会", "さくら会" },
	/* Departments, branches, houses */
	{ SAME, "さくら病院 情報システム課", "さくら病院" },
	{ SAME, "さくら病院情報システム課", "さくら病院" },
	{ SAME, "さくら病院 情報システム課", "さくら病院 総務部" },
	{ SAME, "医療法人社団さくら会 さくら病院", "医療法人社団さくら会" },
	{ SAME, "医療法人さくら会 総務部", "さくら会" },
	{ SAME, "株式会社さくら商事 東京支店", "株式会社さくら商事" },
	{ SAME, "さくら商事株式会社東京支店", "さくら商事株式会社" },
	{ SAME, "さくら商事株式会社 渋谷営業所", "さくら商事株式会社 梅田営業所" },
	{ SAME, "青葉大学医学部附属病院", "青葉大学" },
	{ SAME, "青葉大学医学部附属病院", "国立大学法人青葉大学" },
	{ SAME, "青葉大学医学部附属病院", "青葉大学病院" },
	{ SAME, "青葉大学医学部付属病院", "青葉大学大学院医学系研究科" },
	{ SAME, "青葉医科大学附属みなと医療センター", "青葉医科大学" },
	{ SAME, "青葉慈恵会医科大学附属病院", "青葉慈恵会医科大学" },
	{ SAME, "学校法人青葉学院", "青葉学院大学" },
	{ SAME, "学校法人青葉学院", "青葉学院高等学校" },
	{ SAME, "例示病院機構みなと医療センター", "独立行政法人例示病院機構" },
	{ SAME, "日本青十字社 みなと医療センター", "日本青十字社" },
	{ SAME, "みなと市役所", "みなと市" },
	{ SAME, "みなと市教育委員会", "みなと市" },
	{ SAME, "青葉県庁", "青葉県" },
	{ SAME, "例示研究所図書館", "例示研究所" },
	{ SAME, "みどり銀行渋谷支店", "株式会社みどり銀行" },
	{ SAME, "みどり製作所浜松工場", "みどり製作所" },
	/* Others that share words */
	{ OTHER, "東京中央病院", "大阪中央病院" },
	{ OTHER, "東京中央病院", "東京病院" },
	{ OTHER, "さくら病院", "さくらクリニック" },
	{ OTHER, "さくら病院", "さくら商事" },
	{ OTHER, "さくら会", "さくら商事東京支店" },
	{ OTHER, "さくら", "さくら商事渋谷支店" },
	{ OTHER, "さくら", "さくら薬局" },
	{ OTHER, "さくら会", "さくら会館" },
	{ OTHER, "さくら商会", "さくら商会議所" },
	{ OTHER, "青葉大学", "青葉女子大学" },
	{ OTHER, "青葉大学", "青葉大学生活協同組合" },
	{ OTHER, "青葉大学", "青葉大学校" },
	{ OTHER, "青葉医科大学", "青葉医科歯科大学" },
	{ OTHER, "青葉大学病院", "緑大学病院" },
	{ OTHER, "青葉学院", "青葉学院大学" }, /* which of the schools it is nobody says */
	{ OTHER, "みなと市", "みなと市立大学" },
	{ OTHER, "みなと市", "みなと市民病院" },
	{ OTHER, "日立", "日立製作所" },
	{ OTHER, "みどり", "みどり製作所" },
	{ OTHER, "みどり銀行", "みどり信用金庫" },
	{ OTHER, "みどり銀行", "みどり銀行倶楽部" },
	{ OTHER, "鈴木内科", "鈴木外科" },
	{ OTHER, "鈴木工業", "鈴木工務店" },
	{ OTHER, "国立青葉病院", "国立若葉病院" },
	{ OTHER, "県立中央病院", "市立中央病院" },
	{ OTHER, "さくら会", "すみれ会" },
	{ OTHER, "さくら会", "櫻会" }, /* a reading is not in the kanji */
	{ OTHER, "東京", "東京支店" },
	{ OTHER, "株式会社さくら", "医療法人さくら" },
	{ OTHER, "学校法人青葉", "社会福祉法人青葉" },
	{ OTHER, "東京株式会社", "大阪株式会社" },
	{ OTHER, "株式会社", "有限会社" },
	{ OTHER, "", "さくら会" },
	/* Kana and Latin letters */
	{ SAME, "イリョウホウジン サクラカイ", "Sakurakai" },
	{ SAME, "サクラカイ", "Medical Corporation Sakura-kai" },
	{ SAME, "カブシキガイシャ キョウトショウジ", "Kyoto Shoji Co., Ltd." },
	{ SAME, "トウカイショウジ", "Toukai Shouji K.K." },
	{ SAME, "シンバシシッカイ", "Shimbashi Shikkai" },
	{ OTHER, "サクラカイ", "Sakuragai" },
	{ OTHER, "さくら会", "Example Clinic" },
	/* Western and Asian forms */
	{ EQUAL, "Example Widgets Inc.", "Example Widgets" },
	{ EQUAL, "Example Widgets, Inc.", "EXAMPLE WIDGETS INCORPORATED" },
	{ EQUAL, "Example Widgets Corp.", "Example Widgets Corporation" },
	{ EQUAL, "Example Widgets Co., Ltd.", "Example Widgets Company Limited" },
	{ EQUAL, "Example Widgets Co.,Ltd", "Example Widgets CO., LTD." },
	{ EQUAL, "The Example Widgets Company", "Example Widgets" },
	{ EQUAL, "Example Widgets L.L.C.", "Example Widgets LLC" },
	{ EQUAL, "Example Widgets K.K.", "Example Widgets Kabushiki Kaisha" },
	{ EQUAL, "Beispiel Werke GmbH & Co. KG", "Beispiel Werke" },
	{ EQUAL, "Beispiel Werke Aktiengesellschaft", "Beispiel Werke AG" },
	{ EQUAL, "Müller Klinik gGmbH", "Muller Klinik" },
	{ EQUAL, "Straßenbau Beispiel e.V.", "Strassenbau Beispiel" },
	{ EQUAL, "Société Exemple S.A.R.L.", "Societe Exemple SARL" },
	{ EQUAL, "Exemple Santé S.A.", "Exemple Sante" },
	{ EQUAL, "Esempio Sanità S.p.A.", "Esempio Sanita SpA" },
	{ EQUAL, "Ejemplo Salud S.A. de C.V.", "Ejemplo Salud" },
	{ EQUAL, "Exemplo Saúde Ltda.", "Exemplo Saude" },
	{ EQUAL, "Voorbeeld Zorg B.V.", "Voorbeeld Zorg" },
	{ EQUAL, "Exempel Vård AB", "Exempel Vard Aktiebolag" },
	{ EQUAL, "Eksempel Sundhed A/S", "Eksempel Sundhed ApS" },
	{ EQUAL, "Esimerkki Oy", "Esimerkki Oyj" },
	{ EQUAL, "Przykład Sp. z o.o.", "Przyklad" },
	{ EQUAL, "Příklad s.r.o.", "Priklad" },
	{ EQUAL, "ООО «Пример»", "Пример" },
	{ EQUAL, "ООО ПРИМЕР", "ооо Пример" },
	{ EQUAL, "PT Contoh Sehat Tbk", "Contoh Sehat" },
	{ EQUAL, "P.T. Contoh Sehat", "PT. Contoh Sehat" },
	{ EQUAL, "Contoh Sehat Sdn. Bhd.", "Contoh Sehat Sdn Bhd" },
	{ EQUAL, "Example Widgets Pte. Ltd.", "Example Widgets Pte Ltd" },
	{ EQUAL, "Example Widgets Private Limited", "Example Widgets Pvt. Ltd." },
	{ EQUAL, "Example Widgets Pty Ltd", "Example Widgets" },
	{ EQUAL, "示例科技有限公司", "示例科技" },
	{ EQUAL, "示例科技股份有限公司", "示例科技有限公司" },
	{ EQUAL, "주식회사 예시병원", "(주)예시병원" },
	{ EQUAL, "Örnek Sağlık A.Ş.", "Ornek Saglik" },
	{ EQUAL, "Công ty TNHH Ví Dụ", "Vi Du" },
	{ EQUAL, "Example Widgets (Japan) Ltd.", "Example Widgets" },
	{ EQUAL, "Example & Sons Clinic", "Example and Sons Clinic" },
	{ EQUAL, "Hewlitt-Peckard Company", "Hewlitt Peckard" },
	{ EQUAL, "St. Luke's Example Hospital", "St Lukes Example Hospital" },
	{ EQUAL, "Saint Lukes Example Hospital", "St. Luke's Example Hosp." },
	{ EQUAL, "Aoba Univ.", "Aoba University" },
	{ EQUAL, "Aoba Medical Centre", "Aoba Medical Center" },
	{ EQUAL, "Medical Corporation Sakurakai", "Iryo Hojin Sakurakai" },
	{ EQUAL, "Medical Corporation Sakurakai", "Sakurakai" },
	{ SAME, "Medical Corporation Sakurakai", "Sakurakai Medical Corporation" },
	{ EQUAL, "National University Corporation Aoba University", "Aoba University" },
	{ EQUAL, "School Corporation Aoba Gakuen", "Aoba Gakuen" },
	{ SAME, "Sakura Kai", "Sakurakai" },
	{ EQUAL, "J.P.Example", "JP Example" },
	{ EQUAL, "E.Xample Widgets", "E. Xample Widgets" },
	{ EQUAL, "EXAMPLE INC. (XXNIC-ORG0000000)", "Example, Inc" },
	{ OTHER, "Example.org", "Example Organization" },
	{ SAME, "Aoba General Hospital of Minato", "Minato Aoba General Hospital" },
	/* Departments and branches */
	{ SAME, "Example Corp Japan Branch", "Example Corp" },
	{ SAME, "Example Corp. IT Department", "Example Corporation" },
	{ SAME, "Example Corp Shibuya Office", "Example Corp Japan Branch" },
	{ SAME, "Example Widgets Tokyo Branch", "Example Widgets" },
	{ SAME, "Example Widgets, Department of Radiology", "Example Widgets Inc" },
	{ SAME, "Aoba University Hospital", "Aoba University" },
	{ SAME, "Tokyo University School of Medicine", "Tokyo University" },
	{ SAME, "Aoba University Faculty of Engineering", "Aoba University Hospital" },
	/* Others */
	{ OTHER, "Example Medical", "Example Foods" },
	{ OTHER, "Example Medical Inc.", "Example Foods Inc." },
	{ OTHER, "Example", "Example Medical" },
	{ OTHER, "Example Widgets", "Example Widgets Japan" }, /* a company of its own, perhaps of the group */
	{ OTHER, "Example Widgets", "Example Widgets Holdings" },
	{ OTHER, "Tokyo Hospital", "Osaka Hospital" },
	{ OTHER, "Aoba Hospital", "Aoba Clinic" },
	{ OTHER, "Aoba Hospital", "Wakaba Hospital" },
	{ OTHER, "Miami University", "University of Miami" },
	{ OTHER, "Tokyo University", "Tokyo University of Science" },
	{ OTHER, "Tokyo University", "Tokyo Medical University" },
	{ OTHER, "Aoba University", "Aoba University Press Workers Union" },
	{ OTHER, "Saint Mary Hospital", "Saint Joseph Hospital" },
	{ OTHER, "General Motors", "General Electric" },
	{ OTHER, "Branch Office", "Example Branch Office" },
	{ OTHER, "Japan Branch", "Japan" },
	{ OTHER, "Sakura", "Sakura Bank Tokyo Branch" },
	{ OTHER, "Example GmbH", "Beispiel GmbH" },
	{ OTHER, "GmbH", "AG" },
	{ OTHER, "Example Medical LLC",
	  "Example Medical Co., Ltd." }, /* another legal person, often in another country */
	{ OTHER, "株式会社さくら", "合同会社さくら" },
	{ EQUAL, "Example Medical G.K.", "Example Medical LLC" },
	{ OTHER, "Sakurai Clinic", "Sakura Clinic" },
	{ OTHER, "示例科技有限公司", "示例食品有限公司" },
	{ OTHER, "Acme Private Limited", "Private Registration" },
};

static double
likeness(struct arena *a, const char *x, const char *y)
{
	struct org_name m, n;
	org_name_read(a, str_of(x), &m);
	org_name_read(a, str_of(y), &n);
	double there = org_name_likeness(&m, &n), back = org_name_likeness(&n, &m);
	if (there != back || there < 0 || there > 1)
		fail_msg("“%s” and “%s”: %.3f, the other way %.3f", x, y, there, back);
	return there;
}

static void
known_pairs(void **state)
{
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		ARENA_AUTO a = { 0 };
		struct org_name m, n;
		double like = likeness(&a, pairs[i].a, pairs[i].b);
		bool good = pairs[i].verdict == EQUAL ? like == 1 : (like >= ORG_SAME) == (pairs[i].verdict == SAME);
		if (good)
			continue;
		org_name_read(&a, str_of(pairs[i].a), &m);
		org_name_read(&a, str_of(pairs[i].b), &n);
		print_message("# “%s” [%.*s] and “%s” [%.*s]: %.3f\n", pairs[i].a, STR_ARG(m.core), pairs[i].b,
			      STR_ARG(n.core), like);
		wrong++;
	}
	print_message("# %zu pairs\n", COUNT(pairs));
	assert_int_equal(wrong, 0);
	assert_true(COUNT(pairs) >= 150);
}

static void
forms(void **state)
{
	static const struct {
		const char *told, *core, *form;
	} names[] = {
		{ "医療法人社団 さくら会", "サクラ会", "医療法人社団" },
		{ "㈱さくら", "サクラ", "株式会社" },
		{ "Example Widgets GmbH & Co. KG", "example widgets", "gmbh" },
		{ "The Example Company", "example", "company" },
		{ "Example Widgets", "example widgets", "" },
		{ "株式会社Example Co., Ltd.", "example", "株式会社" },
		{ "さくら会（旧称 すみれ会）", "サクラ会", "" },
		{ "(さくら)", "サクラ", "" },
		{ "株式会社", "", "株式会社" },
		{ "Co., Ltd.", "", "ltd" },
		{ "", "", "" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		ARENA_AUTO a = { 0 };
		struct org_name n;
		org_name_read(&a, str_of(names[i].told), &n);
		if (!str_eq(n.core, str_of(names[i].core)) || !str_eq(n.form, str_of(names[i].form)))
			fail_msg("“%s”: core “%.*s”, form “%.*s”", names[i].told, STR_ARG(n.core), STR_ARG(n.form));
		assert_true(str_eq(n.told, str_of(names[i].told)));
	}
}

static const char *const useless[] = {
	"Private Registration",
	"REDACTED FOR PRIVACY",
	"Redacted",
	"Domains By Proxy, LLC",
	"Whois Privacy Protection Service by example",
	"Registration Private",
	"Registry Services",
	"Domain Administrator",
	"Not Available",
	"N/A",
	"Data Protected",
	"Statutory Masking Enabled",
	"Internet Widgits Pty Ltd",
	"Default Company Ltd",
	"Acme Co",
	"Some Organization",
	"Japan Network Information Center",
	"RIPE NCC",
	"Asia Pacific Network Information Centre",
	"非公開",
	"個人",
	"Whois情報公開代行サービス",
	"プライバシー保護",
	"病院",
	"総合病院",
	"市民病院",
	"クリニック",
	"医療法人",
	"株式会社",
	"情報システム部",
	"システム管理者",
	"大学",
	"附属病院",
	"日本",
	"東京",
	"Hospital",
	"The Hospital",
	"Medical Center",
	"General Hospital, Inc.",
	"University",
	"Group Holdings",
	"IT Department",
	"Information Technology",
	"Internet",
	"Japan",
	"Tokyo, Japan",
	"Inc.",
	"GmbH",
	"Co., Ltd.",
	"Taro Yamada",
	"YAMADA, Taro",
	"Mr. J. Smithson",
	"John Q. Smithson",
	"Dr. Beispiel Mustermann",
	"山田太郎",
	"山田 太郎",
	"佐藤花子様",
	"鈴木",
	"123456",
	"-",
	"...",
	"()",
	"A",
	"誠",
	"",
	" \t\r\n",
	"\xff\xfe\xfd",
};

static const char *const useful[] = {
	"医療法人さくら会",
	"さくら病院",
	"医療法人 誠",
	"東京中央病院",
	"東京病院",
	"山田内科クリニック",
	"株式会社山田太郎", /* a company may be called like a person */
	"山田工業",
	"田中貴金属工業",
	"鈴木商店",
	"松本市",
	"国立大学法人青葉大学",
	"みどりの風",
	"Example Widgets",
	"Acme Private Limited",
	"Gazexample Limited Liability Company",
	"Tokyo Hospital",
	"University of Tokyo",
	"Sakurakai",
	"St. Luke's Hospital",
	"Mary Example Memorial Hospital",
	"John Example GmbH",
	"IBM",
	"Пример",
	"示例科技有限公司",
};

static void
proofs(void **state)
{
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(useless) + COUNT(useful); i++) {
		ARENA_AUTO a = { 0 };
		struct org_name n;
		bool want = i >= COUNT(useless);
		const char *told = want ? useful[i - COUNT(useless)] : useless[i];
		org_name_read(&a, str_of(told), &n);
		if (n.usable != want) {
			print_message("# “%s” [%.*s] %s\n", told, STR_ARG(n.core),
				      n.usable ? "proves" : "proves nothing");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* Every word of every table is in the form in which it is looked for, so none of them is there in vain. */
static void
tables(void **state)
{
	struct str rest = STR_NONE, word;
	size_t row = 0, words = 0, all_forms = 0;
	(void)state;
	for (; org_next_form(&row, &rest, &word); all_forms++) {
		ARENA_AUTO a = { 0 };
		struct str folded = org_fold(&a, word);
		if (!str_eq(folded, word) && !str_contains(folded, STR("사")) && !str_contains(folded, STR("주")))
			fail_msg("form “%.*s” folds to “%.*s”", STR_ARG(word), STR_ARG(folded));
	}
	for (int list = 0; list < ORG_LISTS; list++)
		for (rest = STR_NONE; org_next((enum org_list)list, &rest, &word); words++) {
			ARENA_AUTO a = { 0 };
			struct str folded = org_fold(&a, word);
			if (!str_eq(folded, word))
				fail_msg("“%.*s” of list %d folds to “%.*s”", STR_ARG(word), list, STR_ARG(folded));
			assert_true(word.len > 0);
		}
	print_message("# %zu forms, %zu words\n", all_forms, words);
	assert_true(all_forms > 300 && words > 1000);
}

/* Old forms of kanji, each with the one that is written now. */
static void
kanji(void **state)
{
	static const char olds[] =
		"齋齊斎澤國學醫濱濵邊邉廣櫻眞惠壽榮龍瀧嶋﨑髙德藏藥會團專圓豐實與縣鐵關總經臺舊號覺觀讀變轉辭釋鹽"
		"麥黑齒龜亞佛傳兒單嚴圖壓壘處將對屬峽嶽巖應戰拂擇擔據擧收敎數斷晝條樂橫檢權歐歡步歷歸殘氣淨滿"
		"濕濟灣爐狀獨獸獻畫當發盡碎禮稻穗竝粹絲綠緣聲聽腦臟舘莊萬藝蘆處虛蟲衞裝譯證讓豫賣贊踐輕辨遞遙"
		"郞鄕醉錢鑄隱雙雜靈靜顏飮驗體髮鬪鷄";
	static const char news[] =
		"斉斉斉沢国学医浜浜辺辺広桜真恵寿栄竜滝島崎高徳蔵薬会団専円豊実与県鉄関総経台旧号覚観読変転辞釈塩"
		"麦黒歯亀亜仏伝児単厳図圧塁処将対属峡岳巌応戦払択担拠挙収教数断昼条楽横検権欧歓歩歴帰残気浄満"
		"湿済湾炉状独獣献画当発尽砕礼稲穂並粋糸緑縁声聴脳臓館荘万芸芦処虚虫衛装訳証譲予売賛践軽弁逓遥"
		"郎郷酔銭鋳隠双雑霊静顔飲験体髪闘鶏";
	(void)state;
	assert_int_equal(sizeof(olds), sizeof(news));
	for (size_t i = 0; i + 3 < sizeof(olds); i += 3) {
		ARENA_AUTO a = { 0 };
		struct str old = str_sub(olds + i, 3), now = str_sub(news + i, 3), got = org_fold(&a, old);
		if (!str_eq(got, now))
			fail_msg("%.*s becomes %.*s and not %.*s", STR_ARG(old), STR_ARG(got), STR_ARG(now));
	}
}

static void
hostile(void **state)
{
	static const char *const bits[] = { "医療法人", "(",        ")",        "(((((", "株式会社",
					    "\xff",     "\xe3\x81", "a",        " ",     ".",
					    "ｶﾞﾞﾟ",     "ー",       "病院",     "S.A.",  "\xe2\x80\xae",
					    "\x1b[2J",  "'",        "<script>", "大学",  "支店" };
	uint64_t seed = 88172645463325252u;
	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO x = { 0 };
		BUF_AUTO y = { 0 };
		struct buf *b[2] = { &x, &y };
		for (size_t side = 0; side < 2; side++)
			for (size_t n = 0; n < 1 + (seed >> 7) % 40; n++) {
				seed ^= seed << 13;
				seed ^= seed >> 7;
				seed ^= seed << 17;
				buf_add(b[side], str_of(bits[seed % COUNT(bits)]));
			}
		struct org_name m, n;
		org_name_read(&a, buf_str(&x), &m);
		org_name_read(&a, buf_str(&y), &n);
		double like = org_name_likeness(&m, &n);
		assert_true(like >= 0 && like <= 1 && like == org_name_likeness(&n, &m));
		assert_true(org_name_likeness(&m, &m) == (m.core.len > 0 ? 1 : 0));
		assert_true(m.told.len <= ORG_NAME_MAX && str_is_utf8(m.told) && str_is_utf8(m.core));
		assert_true(m.count <= ORG_WORDS_MAX && (!m.usable || m.core.len > 0));
	}
}

/* A hundred thousand bytes of one kind: capped, and no time. */
static void
sizes(void **state)
{
	static const char *const kinds[] = { "病院", "大学", "(",        "a ", "株式会社",
					     "支店", "inc ", "さくら会", "ｶﾞ", "university " };
	struct org_name n[COUNT(kinds)];
	ARENA_AUTO a = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		BUF_AUTO b = { 0 };
		while (b.len < 100000)
			buf_add(&b, str_of(kinds[i]));
		org_name_read(&a, buf_str(&b), &n[i]);
		assert_true(n[i].told.len <= ORG_NAME_MAX);
	}
	for (size_t i = 0; i < COUNT(kinds); i++)
		for (size_t j = 0; j < COUNT(kinds); j++)
			assert_true(org_name_likeness(&n[i], &n[j]) <= 1);
	org_name_read(&a, STR_NONE, &n[0]);
	assert_false(n[0].usable);
	assert_true(org_name_likeness(&n[0], &n[0]) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_pairs), cmocka_unit_test(forms), cmocka_unit_test(proofs),
		cmocka_unit_test(tables),      cmocka_unit_test(kanji), cmocka_unit_test(hostile),
		cmocka_unit_test(sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
