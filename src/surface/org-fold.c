#include "surface/org-internal.h"

#include "surface/letters.h"

#include <stdlib.h>

/* ---- old and new kanji ---- */

/* Old forms, variants and compatibility ideographs of the Japanese character sets, with the one that stands for all of them;
 * in the order of their code points. */
static const struct variant {
	char old[5], now[5];
} variants[] = {
	{ "ヵ", "カ" }, { "ヶ", "ケ" }, { "㐂", "喜" }, { "乘", "乗" }, { "亙", "亘" }, { "亞", "亜" }, { "佛", "仏" },
	{ "來", "来" }, { "俱", "倶" }, { "倂", "併" }, { "假", "仮" }, { "傳", "伝" }, { "價", "価" }, { "兒", "児" },
	{ "兔", "兎" }, { "內", "内" }, { "兩", "両" }, { "册", "冊" }, { "冨", "富" }, { "凉", "涼" }, { "凾", "函" },
	{ "剩", "剰" }, { "劍", "剣" }, { "勞", "労" }, { "勳", "勲" }, { "勵", "励" }, { "勻", "匀" }, { "區", "区" },
	{ "卷", "巻" }, { "卽", "即" }, { "參", "参" }, { "咒", "呪" }, { "單", "単" }, { "噓", "嘘" }, { "嚙", "噛" },
	{ "嚴", "厳" }, { "囑", "嘱" }, { "圀", "国" }, { "國", "国" }, { "圍", "囲" }, { "圓", "円" }, { "圖", "図" },
	{ "團", "団" }, { "坵", "丘" }, { "埜", "野" }, { "堯", "尭" }, { "增", "増" }, { "墮", "堕" }, { "墻", "牆" },
	{ "壓", "圧" }, { "壘", "塁" }, { "壞", "壊" }, { "壯", "壮" }, { "壹", "壱" }, { "壻", "婿" }, { "壽", "寿" },
	{ "奧", "奥" }, { "奬", "奨" }, { "婬", "淫" }, { "孃", "嬢" }, { "學", "学" }, { "寢", "寝" }, { "實", "実" },
	{ "寬", "寛" }, { "寶", "宝" }, { "尅", "克" }, { "將", "将" }, { "專", "専" }, { "對", "対" }, { "尙", "尚" },
	{ "屆", "届" }, { "屬", "属" }, { "峯", "峰" }, { "峽", "峡" }, { "嵜", "崎" }, { "嶋", "島" }, { "嶌", "島" },
	{ "嶐", "隆" }, { "嶽", "岳" }, { "巖", "巌" }, { "巢", "巣" }, { "帋", "紙" }, { "帶", "帯" }, { "廢", "廃" },
	{ "廣", "広" }, { "廳", "庁" }, { "弃", "棄" }, { "弌", "一" }, { "弍", "二" }, { "弎", "三" }, { "强", "強" },
	{ "彌", "弥" }, { "彥", "彦" }, { "徑", "径" }, { "從", "従" }, { "徧", "遍" }, { "德", "徳" }, { "恆", "恒" },
	{ "悅", "悦" }, { "惠", "恵" }, { "惡", "悪" }, { "惱", "悩" }, { "愼", "慎" }, { "慘", "惨" }, { "應", "応" },
	{ "懷", "懐" }, { "戀", "恋" }, { "戰", "戦" }, { "戲", "戯" }, { "戶", "戸" }, { "戾", "戻" }, { "拂", "払" },
	{ "拔", "抜" }, { "拜", "拝" }, { "揭", "掲" }, { "擇", "択" }, { "擊", "撃" }, { "擔", "担" }, { "據", "拠" },
	{ "擧", "挙" }, { "擴", "拡" }, { "攜", "携" }, { "攝", "摂" }, { "攪", "撹" }, { "收", "収" }, { "效", "効" },
	{ "敍", "叙" }, { "敎", "教" }, { "數", "数" }, { "斈", "学" }, { "斎", "斉" }, { "斷", "断" }, { "旣", "既" },
	{ "昻", "昂" }, { "晉", "晋" }, { "晝", "昼" }, { "曆", "暦" }, { "曉", "暁" }, { "曾", "曽" }, { "會", "会" },
	{ "杮", "柿" }, { "栁", "柳" }, { "桒", "桑" }, { "條", "条" }, { "榮", "栄" }, { "槇", "槙" }, { "槗", "橋" },
	{ "樂", "楽" }, { "樓", "楼" }, { "樞", "枢" }, { "樣", "様" }, { "橫", "横" }, { "檜", "桧" }, { "檢", "検" },
	{ "櫻", "桜" }, { "權", "権" }, { "歐", "欧" }, { "歡", "歓" }, { "步", "歩" }, { "歲", "歳" }, { "歷", "歴" },
	{ "歸", "帰" }, { "殘", "残" }, { "每", "毎" }, { "氣", "気" }, { "沒", "没" }, { "淨", "浄" }, { "淸", "清" },
	{ "淺", "浅" }, { "渊", "淵" }, { "渕", "淵" }, { "渴", "渇" }, { "溪", "渓" }, { "溫", "温" }, { "滿", "満" },
	{ "澁", "渋" }, { "澂", "澄" }, { "澤", "沢" }, { "濕", "湿" }, { "濟", "済" }, { "濤", "涛" }, { "濱", "浜" },
	{ "濵", "浜" }, { "瀧", "滝" }, { "瀨", "瀬" }, { "灣", "湾" }, { "燒", "焼" }, { "營", "営" }, { "爐", "炉" },
	{ "爭", "争" }, { "爲", "為" }, { "犧", "犠" }, { "狀", "状" }, { "獨", "独" }, { "獸", "獣" }, { "獻", "献" },
	{ "瑤", "瑶" }, { "瓣", "弁" }, { "產", "産" }, { "畆", "畝" }, { "畧", "略" }, { "畫", "画" }, { "當", "当" },
	{ "發", "発" }, { "皷", "鼓" }, { "盡", "尽" }, { "眞", "真" }, { "眾", "衆" }, { "硏", "研" }, { "碎", "砕" },
	{ "礦", "鉱" }, { "祕", "秘" }, { "祿", "禄" }, { "禪", "禅" }, { "禮", "礼" }, { "稱", "称" }, { "稻", "稲" },
	{ "穐", "秋" }, { "穗", "穂" }, { "穩", "穏" }, { "穰", "穣" }, { "窗", "窓" }, { "竊", "窃" }, { "竝", "並" },
	{ "笋", "筍" }, { "籠", "篭" }, { "籤", "籖" }, { "粹", "粋" }, { "絛", "条" }, { "絲", "糸" }, { "經", "経" },
	{ "綠", "緑" }, { "緖", "緒" }, { "緣", "縁" }, { "縣", "県" }, { "縱", "縦" }, { "總", "総" }, { "繩", "縄" },
	{ "繪", "絵" }, { "繼", "継" }, { "續", "続" }, { "纖", "繊" }, { "缺", "欠" }, { "翆", "翠" }, { "聯", "連" },
	{ "聰", "聡" }, { "聲", "声" }, { "聽", "聴" }, { "肅", "粛" }, { "脫", "脱" }, { "腦", "脳" }, { "膓", "腸" },
	{ "膽", "胆" }, { "臟", "臓" }, { "臺", "台" }, { "與", "与" }, { "舊", "旧" }, { "舍", "舎" }, { "舘", "館" },
	{ "艷", "艶" }, { "莊", "荘" }, { "萠", "萌" }, { "萬", "万" }, { "葢", "蓋" }, { "薗", "園" }, { "藏", "蔵" },
	{ "藝", "芸" }, { "藥", "薬" }, { "藪", "薮" }, { "蘂", "蕊" }, { "蘆", "芦" }, { "處", "処" }, { "虛", "虚" },
	{ "號", "号" }, { "螢", "蛍" }, { "蟲", "虫" }, { "蠅", "蝿" }, { "蠶", "蚕" }, { "衞", "衛" }, { "裝", "装" },
	{ "襃", "褒" }, { "覺", "覚" }, { "覽", "覧" }, { "觀", "観" }, { "觸", "触" }, { "謠", "謡" }, { "證", "証" },
	{ "譯", "訳" }, { "讀", "読" }, { "變", "変" }, { "讓", "譲" }, { "豎", "竪" }, { "豐", "豊" }, { "豫", "予" },
	{ "貳", "弐" }, { "賎", "賤" }, { "賣", "売" }, { "賴", "頼" }, { "贊", "賛" }, { "踐", "践" }, { "輕", "軽" },
	{ "轉", "転" }, { "辨", "弁" }, { "辭", "辞" }, { "辯", "弁" }, { "遙", "遥" }, { "遞", "逓" }, { "邉", "辺" },
	{ "邊", "辺" }, { "邨", "村" }, { "郞", "郎" }, { "鄕", "郷" }, { "鄰", "隣" }, { "醉", "酔" }, { "醫", "医" },
	{ "釀", "醸" }, { "釋", "釈" }, { "鋪", "舗" }, { "錄", "録" }, { "錢", "銭" }, { "鍊", "錬" }, { "鎭", "鎮" },
	{ "鐡", "鉄" }, { "鐵", "鉄" }, { "鑄", "鋳" }, { "鑛", "鉱" }, { "闊", "濶" }, { "關", "関" }, { "附", "付" },
	{ "陷", "陥" }, { "隨", "随" }, { "險", "険" }, { "隱", "隠" }, { "雙", "双" }, { "雜", "雑" }, { "雞", "鶏" },
	{ "霸", "覇" }, { "靈", "霊" }, { "靑", "青" }, { "靜", "静" }, { "靱", "靭" }, { "頰", "頬" }, { "顏", "顔" },
	{ "顯", "顕" }, { "颱", "台" }, { "飜", "翻" }, { "飮", "飲" }, { "餘", "余" }, { "騷", "騒" }, { "驅", "駆" },
	{ "驗", "験" }, { "驛", "駅" }, { "體", "体" }, { "髙", "高" }, { "髮", "髪" }, { "鬪", "闘" }, { "鬭", "闘" },
	{ "鯵", "鰺" }, { "鷄", "鶏" }, { "鷗", "鴎" }, { "鹽", "塩" }, { "麥", "麦" }, { "麪", "麺" }, { "麴", "麹" },
	{ "黃", "黄" }, { "黑", "黒" }, { "默", "黙" }, { "點", "点" }, { "黨", "党" }, { "鼇", "鰲" }, { "齊", "斉" },
	{ "齋", "斉" }, { "齒", "歯" }, { "齡", "齢" }, { "龍", "竜" }, { "龜", "亀" }, { "朗", "朗" }, { "隆", "隆" },
	{ "塚", "塚" }, { "﨑", "崎" }, { "晴", "晴" }, { "凞", "凞" }, { "猪", "猪" }, { "益", "益" }, { "礼", "礼" },
	{ "神", "神" }, { "祥", "祥" }, { "福", "福" }, { "靖", "靖" }, { "精", "精" }, { "羽", "羽" }, { "蘒", "蘒" },
	{ "諸", "諸" }, { "逸", "逸" }, { "都", "都" }, { "飯", "飯" }, { "飼", "飼" }, { "館", "館" }, { "鶴", "鶴" },
	{ "郞", "郎" }, { "隷", "隷" }, { "侮", "侮" }, { "僧", "僧" }, { "免", "免" }, { "勉", "勉" }, { "勤", "勤" },
	{ "卑", "卑" }, { "喝", "喝" }, { "嘆", "嘆" }, { "器", "器" }, { "塀", "塀" }, { "墨", "墨" }, { "層", "層" },
	{ "屮", "屮" }, { "悔", "悔" }, { "慨", "慨" }, { "憎", "憎" }, { "懲", "懲" }, { "敏", "敏" }, { "既", "既" },
	{ "暑", "暑" }, { "梅", "梅" }, { "海", "海" }, { "渚", "渚" }, { "漢", "漢" }, { "煮", "煮" }, { "爫", "爫" },
	{ "琢", "琢" }, { "碑", "碑" }, { "社", "社" }, { "祉", "祉" }, { "祈", "祈" }, { "祐", "祐" }, { "祖", "祖" },
	{ "祝", "祝" }, { "禍", "禍" }, { "禎", "禎" }, { "穀", "穀" }, { "突", "突" }, { "節", "節" }, { "練", "練" },
	{ "縉", "縉" }, { "繁", "繁" }, { "署", "署" }, { "者", "者" }, { "臭", "臭" }, { "艹", "艹" }, { "艹", "艹" },
	{ "著", "著" }, { "褐", "褐" }, { "視", "視" }, { "謁", "謁" }, { "謹", "謹" }, { "賓", "賓" }, { "贈", "贈" },
	{ "辶", "辶" }, { "逸", "逸" }, { "難", "難" }, { "響", "響" }, { "頻", "頻" }, { "恵", "恵" }, { "𤋮", "𤋮" },
	{ "舘", "館" }, { "𠮷", "吉" },
};

static int
variant_compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct variant *)row)->old);
}

static uint32_t
new_kanji(uint32_t c)
{
	char text[5] = "";
	if (c < 0x3000)
		return c;
	letters_put(c, text);
	const struct variant *v = bsearch(text, variants, COUNT(variants), sizeof(variants[0]), variant_compare);
	struct str now = v ? str_of(v->now) : STR_NONE;
	return v ? letters_next(&now) : c;
}

/* ---- one character ---- */

/* What one character stands for, as several. Squared and bracketed abbreviations of legal forms are how Japanese offices
 * write them. */
static const struct {
	uint32_t c;
	const char *as;
} expansions[] = {
	{ '&', " and " },   { 0x2160, "i" },    { 0x2161, "ii" },       { 0x2162, "iii" },  { 0x2163, "iv" },
	{ 0x2164, "v" },    { 0x2460, "1" },    { 0x2461, "2" },        { 0x2462, "3" },    { 0x2463, "4" },
	{ 0x2464, "5" },    { 0x3231, "(株)" }, { 0x3232, "(有)" },     { 0x3233, "(社)" }, { 0x3234, "(名)" },
	{ 0x3235, "(特)" }, { 0x3236, "(財)" }, { 0x323b, "(学)" },     { 0x323e, "(資)" }, { 0x323f, "(協)" },
	{ 0x3291, "(株)" }, { 0x3292, "(有)" }, { 0x3293, "(社)" },     { 0x3296, "(財)" }, { 0x32a9, "(医)" },
	{ 0x32aa, "(宗)" }, { 0x32ab, "(学)" }, { 0x337f, "株式会社" }, { 0xfb00, "ff" },   { 0xfb01, "fi" },
	{ 0xfb02, "fl" },
};

static const char *
expansion(uint32_t c)
{
	for (size_t i = 0; i < COUNT(expansions); i++)
		if (expansions[i].c == c)
			return expansions[i].as;
	return letters_latin(c);
}

static bool
between(uint32_t c, uint32_t low, uint32_t high)
{
	return c >= low && c <= high;
}

/* Without a trace: marks that people leave out, quotation marks (their content is the name), and what cannot be seen. */
static bool
is_dropped(uint32_t c)
{
	static const uint32_t quotes[] = { '\'',   '"',    '`',    0xad,   0xb4,   0xb7,   0x2018, 0x2019,
					   0x201a, 0x201b, 0x201c, 0x201d, 0x201e, 0x300c, 0x300d, 0x300e,
					   0x300f, 0x301d, 0x301f, 0x30fb, 0xff62, 0xff63, 0xff65, 0xfeff,
					   0x2060, 0x2122, 0xae,   0xa9,   0x2032, 0x180e };
	for (size_t i = 0; i < COUNT(quotes); i++)
		if (quotes[i] == c)
			return true;
	return between(c, 0x300, 0x36f) || between(c, 0x200b, 0x200f) || between(c, 0xfe00, 0xfe0f) ||
	       between(c, 0xe0100, 0xe01ef) || between(c, 0x202a, 0x202e) || between(c, 0x2066, 0x2069);
}

static uint32_t
bracket(uint32_t c)
{
	static const uint32_t open[] = { '(', '[', '{', '<', 0x3008, 0x300a, 0x3010, 0x3014, 0x3016, 0x2329 };
	static const uint32_t close[] = { ')', ']', '}', '>', 0x3009, 0x300b, 0x3011, 0x3015, 0x3017, 0x232a };
	for (size_t i = 0; i < COUNT(open); i++) {
		if (open[i] == c)
			return '(';
		if (close[i] == c)
			return ')';
	}
	return 0;
}

static bool
is_katakana(uint32_t c)
{
	return between(c, 0x30a1, 0x30fa) || c == 0x30fc;
}

static bool
is_letter(uint32_t c)
{
	return between(c, 'a', 'z') || between(c, '0', '9') ||
	       (c >= 0xc0 && !between(c, 0x2000, 0x2bff) && !between(c, 0x3000, 0x3004) &&
		!between(c, 0x3008, 0x3020) && !between(c, 0xff00, 0xffef) && c != 0xfffd && c != 0xd7 && c != 0xf7 &&
		!between(c, 0xe000, 0xf8ff));
}

/* Width, case and script of one character. */
static uint32_t
plain(uint32_t c)
{
	static const char half[] =
		"ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラ"
		"リルレロワン";
	if (between(c, 0xff01, 0xff5e))
		c -= 0xfee0;
	if (between(c, 0xff66, 0xff9d)) {
		struct str at = str_sub(half + (c - 0xff66) * 3, 3);
		return letters_next(&at);
	}
	if (between(c, 'A', 'Z') || between(c, 0x410, 0x42f) || between(c, 0x391, 0x3a9))
		return c + 0x20;
	if (between(c, 0x400, 0x40f))
		return c + 0x50;
	if (between(c, 0x3041, 0x3096))
		c += 0x60;
	return new_kanji(c);
}

/* ---- the whole ---- */

struct folding {
	uint32_t points[ORG_POINTS_MAX];
	size_t n;
	unsigned since; /* letters since the last blank or dot */
};

/* センター and センタ are written for one another: the last long vowel of a longer katakana word goes. */
static void
end_word(struct folding *f)
{
	size_t run = 0;
	while (run < f->n && is_katakana(f->points[f->n - 1 - run]))
		run++;
	if (run >= 4 && f->points[f->n - 1] == 0x30fc)
		f->n--;
}

static void
add(struct folding *f, uint32_t c)
{
	uint32_t last = f->n > 0 ? f->points[f->n - 1] : ' ';
	if (c == ' ' && (last == ' ' || last == '('))
		return;
	if (last == ' ' && c == ')' && f->n > 0)
		f->n--;
	if (!is_katakana(c))
		end_word(f);
	if (f->n < COUNT(f->points))
		f->points[f->n++] = c;
	f->since = c == ' ' || c == '(' || c == ')' ? 0 : f->since + 1;
}

/* The marks of voiced sounds where they stand alone, as half-width kana have them. */
static bool
add_voiced(struct folding *f, uint32_t c)
{
	bool half_voiced = c == 0x309a || c == 0xff9f || c == 0x309c;
	if (!half_voiced && c != 0x3099 && c != 0xff9e && c != 0x309b)
		return false;
	uint32_t *last = f->n > 0 ? &f->points[f->n - 1] : NULL;
	bool ha = last && between(*last, 0x30cf, 0x30db) && (*last - 0x30cf) % 3 == 0;
	if (ha)
		*last += half_voiced ? 2 : 1;
	else if (last && !half_voiced && between(*last, 0x30ab, 0x30c1) && (*last & 1))
		*last += 1;
	else if (last && !half_voiced && between(*last, 0x30c4, 0x30c8) && !(*last & 1))
		*last += 1;
	else if (last && !half_voiced && *last == 0x30a6)
		*last = 0x30f4;
	return true;
}

static bool
is_hyphen(uint32_t c)
{
	return c == '-' || between(c, 0x2010, 0x2015) || c == 0x2212;
}

static void
fold_one(struct folding *f, uint32_t told, struct str rest)
{
	uint32_t c = plain(told), mark = bracket(c);
	const char *as = expansion(c);
	if (add_voiced(f, told) || is_dropped(c))
		return;
	if (mark) {
		add(f, mark);
	} else if (c == '.') {
		/* "S.A." is one word, "Co.,Ltd." and "J.Smith" are two. */
		bool joins = f->since == 1 && rest.len > 0 && is_letter(plain(letters_next(&rest))) &&
			     !(rest.len > 0 && is_letter(plain(letters_next(&rest))));
		if (joins)
			f->since = 0;
		else
			add(f, ' ');
	} else if (is_hyphen(c) && f->n > 0 && is_katakana(f->points[f->n - 1])) {
		add(f, 0x30fc);
	} else if (as) {
		for (struct str s = str_of(as); s.len > 0;)
			add(f, letters_next(&s));
	} else {
		add(f, is_letter(c) ? c : ' ');
	}
}

struct str
org_fold(struct arena *a, struct str told)
{
	struct folding f = { .n = 0 };
	told = str_head(told, ORG_NAME_MAX);
	while (told.len > 0) {
		uint32_t c = letters_next(&told);
		fold_one(&f, c, told);
	}
	end_word(&f);
	if (f.n > 0 && f.points[f.n - 1] == ' ')
		f.n--;
	char *out = arena_alloc(a, f.n * 4 + 1, 1);
	size_t len = 0;
	for (size_t i = f.n > 0 && f.points[0] == ' ' ? 1 : 0; i < f.n; i++)
		len += letters_put(f.points[i], out + len);
	return str_sub(out, len);
}

bool
org_is_japanese(struct str s)
{
	while (s.len > 0) {
		uint32_t c = letters_next(&s);
		if (is_katakana(c) || between(c, 0x3400, 0x9fff) || between(c, 0xf900, 0xfaff) ||
		    between(c, 0x20000, 0x3ffff))
			return true;
	}
	return false;
}

size_t
org_points(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
	return n;
}
