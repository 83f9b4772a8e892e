#include "surface/org-internal.h"

/* Words as they are after org_fold(): lower case, katakana, new kanji, without the last long vowel. */

/* Forms with the same name, parted by "|". */
static const struct {
	const char *texts, *form;
	enum org_class class;
	unsigned where;
} forms[] = {
	{ "株式会社|(株)|(株式会社)|カブシキガイシャ|カブシキガイシヤ|カブシキカイシャ|"
	  "カブシキカイシヤ",
	  "株式会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "カ)", "株式会社", ORG_COMPANY, ORG_AT_START },
	{ "(カ", "株式会社", ORG_COMPANY, ORG_AT_END },
	{ "(カ)", "株式会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "ユ)", "有限会社", ORG_COMPANY, ORG_AT_START },
	{ "(ユ", "有限会社", ORG_COMPANY, ORG_AT_END },
	{ "(ユ)", "有限会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "ド)", "合同会社", ORG_COMPANY, ORG_AT_START },
	{ "(ド", "合同会社", ORG_COMPANY, ORG_AT_END },
	{ "(ド)", "合同会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "イ)", "医療法人", ORG_MEDICAL, ORG_AT_START },
	{ "(イ", "医療法人", ORG_MEDICAL, ORG_AT_END },
	{ "(イ)", "医療法人", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "有限会社|(有)|(有限会社)|ユウゲンガイシャ|ユウゲンガイシヤ|ユウゲンカイシャ", "有限会社", ORG_COMPANY,
	  ORG_AT_START | ORG_AT_END },
	{ "合同会社|(同)|(合同会社)|ゴウドウガイシャ|ゴウドウガイシヤ|ゴウドウカイシャ", "合同会社", ORG_COMPANY,
	  ORG_AT_START | ORG_AT_END },
	{ "合資会社|(資)|ゴウシガイシャ", "合資会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "合名会社|(名)|ゴウメイガイシャ", "合名会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "特定目的会社", "特定目的会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "相互会社|(相)|ソウゴガイシャ", "相互会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "医療法人社団|イリョウホウジンシャダン", "医療法人社団", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "医療法人財団|イリョウホウジンザイダン", "医療法人財団", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "社会医療法人社団", "社会医療法人社団", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "社会医療法人財団", "社会医療法人財団", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "社会医療法人|シャカイイリョウホウジン", "社会医療法人", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "特定医療法人社団|特定医療法人財団|特定医療法人|トクテイイリョウホウジン|特別医療法人", "特定医療法人",
	  ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "医療法人|イリョウホウジン|(医)|(医療法人)|(医社)|(医財)|(医療)", "医療法人", ORG_MEDICAL,
	  ORG_AT_START | ORG_AT_END },
	{ "学校法人|ガッコウホウジン|(学)|(学校法人)", "学校法人", ORG_SCHOOL, ORG_AT_START | ORG_AT_END },
	{ "準学校法人", "準学校法人", ORG_SCHOOL, ORG_AT_START | ORG_AT_END },
	{ "独立行政法人|ドクリツギョウセイホウジン|(独)|(独法)|(独立行政法人)", "独立行政法人", ORG_PUBLIC,
	  ORG_AT_START | ORG_AT_END },
	{ "地方独立行政法人|チホウドクリツギョウセイホウジン|(地独)", "地方独立行政法人", ORG_PUBLIC,
	  ORG_AT_START | ORG_AT_END },
	{ "国立研究開発法人|コクリツケンキュウカイハツホウジン|(国研)", "国立研究開発法人", ORG_PUBLIC,
	  ORG_AT_START | ORG_AT_END },
	{ "国立大学法人|コクリツダイガクホウジン|(国)|(大)", "国立大学法人", ORG_PUBLIC, ORG_AT_START | ORG_AT_END },
	{ "公立大学法人|コウリツダイガクホウジン", "公立大学法人", ORG_PUBLIC, ORG_AT_START | ORG_AT_END },
	{ "大学共同利用機関法人", "大学共同利用機関法人", ORG_PUBLIC, ORG_AT_START | ORG_AT_END },
	{ "公益財団法人|コウエキザイダンホウジン|(公財)", "公益財団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "公益社団法人|コウエキシャダンホウジン|(公社)", "公益社団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "一般財団法人|イッパンザイダンホウジン|(一財)", "一般財団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "一般社団法人|イッパンシャダンホウジン|(一社)", "一般社団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "財団法人|ザイダンホウジン|(財)|(財団)", "財団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "社団法人|シャダンホウジン|(社)|(社団)", "社団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "社会福祉法人|シャカイフクシホウジン|(福)|(社福)", "社会福祉法人", ORG_WELFARE, ORG_AT_START | ORG_AT_END },
	{ "宗教法人|シュウキョウホウジン|(宗)", "宗教法人", ORG_RELIGIOUS, ORG_AT_START | ORG_AT_END },
	{ "特定非営利活動法人|認定特定非営利活動法人|トクテイヒエイリカツドウホウジン|npo法人|"
	  "認定npo法人|(特非)|(特)",
	  "特定非営利活動法人", ORG_NPO, ORG_AT_START | ORG_AT_END },
	{ "税理士法人|監査法人|弁護士法人|社会保険労務士法人|特許業務法人|司法書士法人|"
	  "有限責任監査法人",
	  "士業法人", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "生活協同組合|(協)", "協同組合", ORG_COOPERATIVE, ORG_AT_START },
	{ "社団|財団|恩賜財団", "", ORG_ANY, ORG_AT_START | ORG_AFTER },
	{ "kabushiki kaisha|kabushiki gaisha|kabushikigaisha|kabushikikaisha|kk|k k", "株式会社", ORG_COMPANY,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "yugen kaisha|yugen gaisha|yugengaisha", "有限会社", ORG_COMPANY, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "yk", "有限会社", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "gk", "合同会社", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "godo kaisha|goudou kaisha|godo gaisha|godogaisha", "合同会社", ORG_COMPANY,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "iryo hojin|iryou houjin|iryohojin|iryouhoujin|medical corporation|"
	  "medical juridical person|medical corp|medical legal corporation",
	  "医療法人", ORG_MEDICAL, ORG_AT_START | ORG_BLANKS },
	{ "iryo hojin shadan|iryohojin shadan|iryouhoujin shadan|iryou houjin shadan|iryohojinshadan|"
	  "iryouhoujinshadan|medical corporation association",
	  "医療法人社団", ORG_MEDICAL, ORG_AT_START | ORG_BLANKS },
	{ "iryo hojin zaidan|iryohojin zaidan|iryouhoujin zaidan|iryou houjin zaidan|iryohojinzaidan|"
	  "medical corporation foundation",
	  "医療法人財団", ORG_MEDICAL, ORG_AT_START | ORG_BLANKS },
	{ "social medical corporation|shakai iryo hojin|shakaiiryohojin", "社会医療法人", ORG_MEDICAL,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "specified medical corporation", "特定医療法人", ORG_MEDICAL, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "gakko hojin|gakkou houjin|gakkohojin|gakkouhoujin|school corporation|"
	  "school juridical person|educational corporation|incorporated educational institution|"
	  "educational foundation",
	  "学校法人", ORG_SCHOOL, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "dokuritsu gyosei hojin|independent administrative institution|"
	  "independent administrative agency|incorporated administrative agency|"
	  "independent administrative corporation",
	  "独立行政法人", ORG_PUBLIC, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "local incorporated administrative agency|local independent administrative institution|"
	  "local independent administrative agency",
	  "地方独立行政法人", ORG_PUBLIC, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "national research and development agency", "国立研究開発法人", ORG_PUBLIC,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "national university corporation|kokuritsu daigaku hojin", "国立大学法人", ORG_PUBLIC,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "public university corporation", "公立大学法人", ORG_PUBLIC, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "public interest incorporated foundation|koeki zaidan hojin", "公益財団法人", ORG_ASSOCIATION,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "public interest incorporated association|koeki shadan hojin", "公益社団法人", ORG_ASSOCIATION,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "general incorporated foundation|ippan zaidan hojin", "一般財団法人", ORG_ASSOCIATION,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "general incorporated association|ippan shadan hojin", "一般社団法人", ORG_ASSOCIATION,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "zaidan hojin|incorporated foundation", "財団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "shadan hojin|incorporated association", "社団法人", ORG_ASSOCIATION,
	  ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "social welfare corporation|social welfare juridical person|shakai fukushi hojin", "社会福祉法人",
	  ORG_WELFARE, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "religious corporation", "宗教法人", ORG_RELIGIOUS, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "specified nonprofit corporation|specified non profit corporation|nonprofit organization|"
	  "non profit organization|nonprofit corporation|npo",
	  "特定非営利活動法人", ORG_NPO, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "inc|incorporated|corp|corporation", "inc", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "company|co", "company", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "ltd|limited|co ltd|co limited|company limited|company ltd|ltd co|pty ltd|pty limited|"
	  "proprietary limited|pty|pte ltd|pte limited|pte|private limited|pvt ltd|pvt limited|"
	  "private ltd|p ltd|plc|public limited company|pcl|public company limited|corporation ltd|"
	  "corp ltd|inc ltd",
	  "ltd", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "llc|l l c|limited liability company|llp|limited liability partnership|lp|"
	  "limited partnership|lllp|pllc|lc|ltd liability co",
	  "llc", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "limited liability company|public joint stock company|joint stock company|"
	  "open joint stock company|closed joint stock company|jsc|pjsc|ojsc|cjsc",
	  "jsc", ORG_COMPANY, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "pc|pa|cc|professional corporation", "pc", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "co inc|company inc|corporation inc|co incorporated", "inc", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "foundation inc", "foundation", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "gmbh|mbh|gesellschaft mit beschrankter haftung|gmbh and co kg|gmbh co kg|gmbh und co kg|"
	  "gmbh and co kgaa|gmbh and co ohg|ag and co kg|ag and co kgaa|ag co kg|se and co kg|"
	  "se and co kgaa|ug haftungsbeschrankt|ug|kg|kgaa|ohg|gbr|gesmbh|ges mbh",
	  "gmbh", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "ag|aktiengesellschaft|se", "ag", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "ggmbh|gag", "ggmbh", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "ev|e v|eingetragener verein|eg|e g", "ev", ORG_ANY, ORG_AT_END | ORG_BLANKS },
	{ "e k|ek", "ek", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "sa|s a|societe anonyme|sas|sasu|sarl|sa rl|s a r l|eurl|snc|sca|scs|scp|sci|"
	  "societe par actions simplifiee|societe a responsabilite limitee",
	  "sa", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "societe anonyme|sarl", "sa", ORG_COMPANY, ORG_AT_START | ORG_BLANKS },
	{ "spa|s p a|srl|s r l|societa per azioni|societa a responsabilita limitata|sapa|snc|srls", "spa", ORG_COMPANY,
	  ORG_AT_END | ORG_BLANKS },
	{ "sl|s l|slu|sau|sociedad anonima|sociedad limitada|sa de cv|s a de c v|sapi de cv|"
	  "s de rl de cv|s de rl|srl de cv|sac|saa|eirl|ltda|ltda me|limitada|eireli|epp|me|cia ltda|"
	  "s a s|sociedade anonima|lda|unipessoal lda",
	  "sa", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "bv|b v|nv|n v|bvba|sprl|cvba|vof|besloten vennootschap|naamloze vennootschap|vzw|asbl|"
	  "stichting|cooperatie",
	  "bv", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "ab|a b|aktiebolag|publ|ab publ|as|a s|asa|aps|oy|oyj|oy ab|ehf|hf|ans|ba|i s|k s", "ab", ORG_COMPANY,
	  ORG_AT_END | ORG_BLANKS },
	{ "ab", "ab", ORG_COMPANY, ORG_AT_START | ORG_BLANKS },
	{ "sp z oo|sp zoo|spzoo|sp z o o|spolka z ograniczona odpowiedzialnoscia|spolka akcyjna|sp k|"
	  "sp j|sro|s r o|spol s r o|spol sro|kft|zrt|nyrt|rt|bt|doo|d o o|dd|d d|ad|ead|eood|ood|"
	  "uab|ou|sia|as|scs|tbk|spv",
	  "sro", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "ооо|оао|зао|пао|ао|ип|нао|тоо|тов", "ооо", ORG_COMPANY, ORG_AT_START | ORG_AT_END | ORG_BLANKS },
	{ "ooo|oao|zao|pao|tov|uab", "ooo", ORG_COMPANY, ORG_AT_START | ORG_BLANKS },
	{ "as|anonim sirketi|limited sirketi|ltd sti|ltd sirketi|san ve tic as|san ve tic ltd sti|"
	  "tic ltd sti|ticaret as",
	  "as", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "ae|epe|ike|oe", "ae", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "sdn bhd|sendirian berhad|bhd|berhad|sdn", "bhd", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "pt|p t|cv|pt tbk", "pt", ORG_COMPANY, ORG_AT_START | ORG_BLANKS },
	{ "tbk|persero|tbk pt", "pt", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "jsc|joint stock company|cong ty tnhh|cong ty co phan|cong ty", "cong ty", ORG_COMPANY,
	  ORG_AT_START | ORG_BLANKS },
	{ "co jsc", "cong ty", ORG_COMPANY, ORG_AT_END | ORG_BLANKS },
	{ "fze|fzco|fz llc|fzc|wll|w l l|bsc|saoc|saog|sae|sal|qsc|psc|pjs|pjsc", "wll", ORG_COMPANY,
	  ORG_AT_END | ORG_BLANKS },
	{ "股份有限公司|有限責任公司|有限责任公司|有限公司|股分有限公司|(集団)有限公司|"
	  "(集团)有限公司|(集団)股份有限公司|(集团)股份有限公司",
	  "有限公司", ORG_COMPANY, ORG_AT_END },
	{ "주식회사|(주)|(유)|유한회사|유한책임회사", "주식회사", ORG_COMPANY, ORG_AT_START | ORG_AT_END },
	{ "의료법인", "医療法人", ORG_MEDICAL, ORG_AT_START | ORG_AT_END },
	{ "학교법인", "学校法人", ORG_SCHOOL, ORG_AT_START | ORG_AT_END },
	{ "재단법인|사단법인", "財団法人", ORG_ASSOCIATION, ORG_AT_START | ORG_AT_END },
	{ "the", "", ORG_ANY, ORG_AT_START | ORG_BLANKS },
	{ "and co|and company|et cie|and cie|und co|y cia|e cia|and sons ltd", "company", ORG_ANY,
	  ORG_AT_END | ORG_BLANKS },
};

static const struct {
	const char *words;
	char by; /* what parts them */
} lists[ORG_LISTS] = {
	[ORG_GENERIC] = { "hospital hospitals clinic clinics medical medicine center centers health healthcare care "
			  "group "
			  "groups holding holdings university universities college school schools institute "
			  "institution "
			  "institutions foundation association society organization organisation company corporation "
			  "corp inc "
			  "ltd limited llc co enterprise enterprises services service solutions systems system "
			  "technology "
			  "technologies tech international global worldwide national general central city state public "
			  "private "
			  "municipal regional local government ministry department division office branch headquarters "
			  "laboratory laboratories research development information it network networks internet "
			  "online web "
			  "website digital media communications telecom hosting host server servers cloud data "
			  "business "
			  "trading industries industry industrial consulting management partners associates club "
			  "community "
			  "team support customer customers client user users admin administrator operations security "
			  "engineering software computer computers pharmacy dental surgery radiology nursing doctor "
			  "doctors "
			  "physicians memorial saint the of and for de la le der die das und et y e a an new test "
			  ""
			  "default unknown other home residential mobile broadband dsl cable isp provider noc staff my "
			  "our your",
			  ' ' },
	[ORG_GENERIC_JA] = { "病院 総合病院 中央病院 医院 クリニック 診療所 医療センタ センタ 中央 総合 国立 市立 県立 "
			     "都立 府立 "
			     "道立 町立 村立 区立 私立 公立 市民 県民 町民 大学 大学院 短期大学 高等学校 高校 中学校 "
			     "小学校 学校 "
			     "学園 学院 幼稚園 保育園 付属 医学部 薬学部 看護学部 歯科 内科 外科 小児科 整形外科 眼科 "
			     "皮膚科 "
			     "耳鼻咽喉科 産婦人科 精神科 医科 医療 医師会 歯科医師会 介護 福祉 会社 法人 企業 組織 "
			     "団体 本社 本部 "
			     "支店 支社 営業所 事務所 事務局 事業部 部門 情報 情報システム システム 管理 管理部 総務 "
			     "総務部 課 部 "
			     "室 係 局 担当 担当者 管理者 代表 代表者 会長 院長 理事長 ネットワーク サーバ "
			     "インターネット "
			     "ホームページ ウェブ サイト グループ ホールディングス サービス 技術 開発 研究 研究所 健康 "
			     "健診 検診 "
			     "保健所 役所 役場 市役所 県庁 庁舎 薬局 店 店舗 事業所 工場 商店 商会 組合 協会 連合会 "
			     "機構 公社 "
			     "財団 社団 赤十字 厚生 救急 救命 リハビリテーション ケア ホーム 在宅 訪問看護 "
			     "ステーション ノ",
			     ' ' },
	[ORG_PLACE] = { "japan nippon nihon usa us america american uk england britain british ireland france french "
			"germany "
			"german deutschland italy italia spain espana portugal netherlands belgium luxembourg "
			"switzerland "
			"swiss austria sweden norway denmark finland poland czech hungary romania greece turkey russia "
			"ukraine china chinese hongkong hong kong taiwan korea korean india indian indonesia malaysia "
			"singapore thailand thai vietnam philippines myanmar cambodia bangladesh pakistan australia "
			"zealand "
			"canada mexico brazil brasil argentina chile colombia peru egypt nigeria kenya africa african "
			"israel "
			"arabia saudi emirates dubai europe european asia asian pacific emea apac latam americas north "
			"south "
			"east west northern southern eastern western tokyo osaka kyoto nagoya yokohama sapporo sendai "
			"kobe "
			"fukuoka hiroshima saitama chiba kanagawa london paris berlin munich hamburg frankfurt vienna "
			"zurich "
			"geneva amsterdam brussels madrid barcelona rome milan moscow beijing shanghai shenzhen "
			"guangzhou "
			"seoul taipei bangkok jakarta manila hanoi mumbai delhi bangalore sydney melbourne toronto "
			"york "
			"angeles chicago boston houston",
			' ' },
	[ORG_PLACE_JA] = { "日本 全国 北海道 青森県 青森 岩手県 岩手 宮城県 宮城 秋田県 秋田 山形県 山形 福島県 福島 "
			   "茨城県 "
			   "茨城 栃木県 栃木 群馬県 群馬 埼玉県 埼玉 千葉県 千葉 東京都 東京 神奈川県 神奈川 新潟県 "
			   "新潟 富山県 "
			   "富山 石川県 石川 福井県 福井 山梨県 山梨 長野県 長野 岐阜県 岐阜 静岡県 静岡 愛知県 愛知 "
			   "三重県 "
			   "三重 滋賀県 滋賀 京都府 京都 大阪府 大阪 兵庫県 兵庫 奈良県 奈良 和歌山県 和歌山 鳥取県 "
			   "鳥取 島根県 "
			   "島根 岡山県 岡山 広島県 広島 山口県 山口 徳島県 徳島 香川県 香川 愛媛県 愛媛 高知県 高知 "
			   "福岡県 "
			   "福岡 佐賀県 佐賀 長崎県 長崎 熊本県 熊本 大分県 大分 宮崎県 宮崎 鹿児島県 鹿児島 沖縄県 "
			   "沖縄 札幌 "
			   "仙台 横浜 川崎 名古屋 神戸 北九州 堺 浜松 相模原 渋谷 新宿 品川 銀座 丸ノ内 大手町 池袋 "
			   "上野 秋葉原 "
			   "六本木 梅田 難波 博多 天神 関東 関西 東北 北陸 中部 東海 近畿 中国 四国 九州 首都圏 北 南 "
			   "東 西 "
			   "中央 第一 第二 第三 アジア ヨーロッパ アメリカ ジャパン",
			   ' ' },
	[ORG_HIDING] = { "registration registry registrar registrars redact redacted redaction private privacy "
			 "available "
			 "unavailable domain domains proxy liability whois masked anonymous anonymized withheld "
			 "withhold "
			 "hidden undisclosed confidential unlisted gdpr hostmaster webmaster postmaster reseller "
			 "individual "
			 "personal none null unspecified nobody",
			 ' ' },
	[ORG_HIDING_JA] = { "非公開 公開代行 登録代行 代行サービス プライバシ 匿名 個人情報 個人 秘匿 該当ナシ 未登録 "
			    "未設定 "
			    "名義代行 不明",
			    ' ' },
	[ORG_NOBODY] = { "internet widgits|some organization|someorganization|default company|my company|your company|"
			 "company name|organization name|acme co|kubernetes ingress|traefik default|n a|not applicable|"
			 "not available|not disclosed|not defined|not assigned|a happy dreamhost customer|not "
			 "provided|data protected|statutory masking|on behalf "
			 "of|domain owner|"
			 "identity protection|internet assigned numbers authority|iana|japan network information "
			 "center|"
			 "japan registry services|asia pacific network information|apnic|ripe ncc|ripe network "
			 "coordination|"
			 "american registry for internet|arin|lacnic|latin american and caribbean|afrinic|"
			 "african network information|network information center|network information centre|"
			 "日本ネットワークインフォメーションセンタ|日本レジストリサービス|localhost|localdomain|self "
			 "signed|"
			 "selfsigned|snake oil|snakeoil|root ca|test ca",
			 '|' },
	[ORG_UNIT_ENDS] = { "branch branches department departments division divisions office offices headquarters hq "
			    "section "
			    "campus faculty unit bureau desk plant factory warehouse annex team",
			    ' ' },
	[ORG_UNIT_STARTS] = { "department departments division faculty branch office headquarters campus section "
			      "bureau graduate",
			      ' ' },
	[ORG_UNIT_OF_UNIVERSITY] = { "hospital hospitals medical school college library faculty institute graduate "
				     "clinic dental health "
				     "research children",
				     ' ' },
	[ORG_MODIFIES] = { "it information technology systems system network networks computing computer sales "
			   "marketing "
			   "research development engineering administration administrative regional head main central "
			   "human "
			   "resources finance accounting legal security operations support medical radiology business "
			   "branch "
			   "corporate general affairs planning international domestic overseas group and of the for "
			   "first "
			   "second new",
			   ' ' },
	[ORG_UNIT_JA] = { "課 係 室 部 支店 支社 支局 支所 支部 営業所 出張所 事業所 事業部 事業本部 本店 本社 本部 "
			  "工場 分院 "
			  "分校 分室 分所 キャンパス 事務局 窓口 総務局 情報局 店 配送センタ 物流センタ",
			  ' ' },
	[ORG_UNIT_NOT_JA] = { "倶楽部 クラブ 薬局 郵便局 放送局 商店 書店 百貨店 酒店 薬店 茶店 食堂部 温室 教室 楽部 "
			      "売店 弁当部 "
			      "学部会 幹部 料理店 菓子店 工務店 代理店 喫茶店 専門店 洋品店 時計店 電器店 電気店 米店 "
			      "花店 生花店 "
			      "美容室 理容室 相談室",
			      ' ' },
	[ORG_UNIT_OF_INSTITUTION_JA] = { "病院 医療センタ クリニック 診療所 医院 医学部 歯学部 薬学部 看護学部 工学部 "
					 "理学部 文学部 法学部 "
					 "経済学部 農学部 教育学部 学部 研究科 大学院 学府 研究院 研究所 センタ 図書館 "
					 "博物館 内科 外科 "
					 "小児科 放射線科 産婦人科 精神科 眼科 科 看護部 薬剤部 医局 機構 総合病院",
					 ' ' },
	[ORG_UNIT_OF_TOWN_JA] = { "役所 役場 庁 局 課 部 室 教育委員会 消防本部 議会 水道局 交通局 病院局", ' ' },
	[ORG_SCHOOL_JA] = { "大学 短期大学 大学院 高等学校 高校 中学校 中学 小学校 幼稚園 専門学校 女子大学 大学病院 "
			    "中等部 "
			    "高等部 初等部 学園 学院 女子高等学校 付属高等学校",
			    ' ' },
	[ORG_INSTITUTION_JA] = { "大学校 大学 会 機構 社 学園 学院 財団 事業団 連合 厚生連 組合 公社 病院 センタ "
				 "研究所 義塾",
				 ' ' },
	[ORG_TAIL_JA] = { "会 社 団 大学 学園 学院 病院 医院 クリニック センタ 研究所 機構 組合 公社 協会 連合 商事 "
			  "商会 商店 "
			  "銀行 信用金庫 証券 保険 生命 工業 製作所 製薬 薬品 電機 電気 電子 電工 重工 自動車 建設 "
			  "工務店 "
			  "不動産 運輸 運送 通運 倉庫 鉄道 航空 食品 製菓 製紙 化学 化成 鉄鋼 金属 機械 精機 精工 産業 "
			  "興業 "
			  "物産 システムズ システム サービス ソフト ソフトウェア データ テクノロジ エンジニアリング "
			  "通信 放送 "
			  "新聞社 印刷 出版 市 県 都 府 区 町 村 省 庁 ホールディングス グループ コーポレーション 開発 "
			  "設計 "
			  "技研 メディカル ヘルスケア 医療 福祉",
			  ' ' },
	[ORG_TITLE] = { "mr mrs ms miss dr prof herr frau monsieur madame sr sra san sama", ' ' },
	[ORG_GIVEN_NAME] = { "john david michael james robert william richard thomas mark charles joseph daniel paul "
			     "peter andrew "
			     "george kevin brian steven stephen jason eric matthew anthony christopher patrick scott "
			     "jeff jeffrey "
			     "gary larry frank ryan adam alan henry jack ben benjamin samuel alex alexander nicholas "
			     "martin simon "
			     "philip ian tim timothy tom bob bill jim joe mike steve dave dan mary patricia jennifer "
			     "linda "
			     "elizabeth barbara susan jessica sarah karen nancy lisa margaret sandra ashley emily "
			     "michelle amanda "
			     "melissa laura rebecca anna maria julia jane alice anne emma hans klaus jurgen wolfgang "
			     "stefan "
			     "andreas christian sven lars jean pierre jacques francois luc marie claude carlos jose "
			     "juan luis "
			     "antonio miguel javier pedro marco giuseppe giovanni luca andrea paolo ivan sergey sergei "
			     "alexey "
			     "aleksei dmitry vladimir andrey mikhail nikolay olga natalia elena wei ming hui jing "
			     "rajesh amit "
			     "suresh ravi anil kumar mohammed muhammad ahmed ali hassan taro hanako ichiro jiro saburo "
			     "hiroshi "
			     "takashi kenji kenichi shinji satoshi makoto yuki yoko keiko yuko akiko naoko tomoko "
			     "kumiko yumiko "
			     "kazuo masao hideo yoshio toshio akira minoru isamu osamu manabu kaoru hiroyuki takeshi "
			     "daisuke "
			     "kazuya tetsuya shota kenta ryo haruka misaki aya mika emi mari eri kaori megumi ayumi "
			     "masahiro "
			     "yoshihiro takahiro tomohiro hideki naoki hiroki koji shoji yuji ryuji shigeru mamoru "
			     "susumu tsutomu "
			     "yasuo nobuo haruo kiyoshi tadashi jun ken",
			     ' ' },
	[ORG_SURNAME_JA] = { "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 "
			     "林 斉藤 清水 "
			     "山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 "
			     "遠藤 青木 坂本 "
			     "福田 太田 西村 藤井 金子 岡本 三浦 藤原 中野 中川 原田 松田 竹内 小野 田村 中山 和田 "
			     "石田 森田 上田 "
			     "原 内田 柴田 酒井 宮崎 横山 高木 安藤 宮本 大野 小島 谷口 今井 工藤 高田 増田 丸山 杉山 "
			     "村田 大塚 "
			     "新井 小山 平野 藤本 河野 上野 野口 武田 松井 千葉 菅原 岩崎 久保 木下 佐野 野村 松尾 "
			     "菊地 市川 杉本 "
			     "古川 大西 島田 水野 桜井",
			     ' ' },
};

/* What is written short, and the word. */
static const struct {
	struct str from, to;
} abbreviations[] = {
	{ STR("st"), STR("saint") },
	{ STR("intl"), STR("international") },
	{ STR("univ"), STR("university") },
	{ STR("hosp"), STR("hospital") },
	{ STR("ctr"), STR("center") },
	{ STR("centre"), STR("center") },
	{ STR("centres"), STR("centers") },
	{ STR("dept"), STR("department") },
	{ STR("div"), STR("division") },
	{ STR("natl"), STR("national") },
	{ STR("assoc"), STR("association") },
	{ STR("assn"), STR("association") },
	{ STR("mfg"), STR("manufacturing") },
	{ STR("lab"), STR("laboratory") },
	{ STR("labs"), STR("laboratories") },
	{ STR("inst"), STR("institute") },
	{ STR("govt"), STR("government") },
	{ STR("mgmt"), STR("management") },
	{ STR("mgt"), STR("management") },
	{ STR("svc"), STR("service") },
	{ STR("svcs"), STR("services") },
	{ STR("bros"), STR("brothers") },
	{ STR("med"), STR("medical") },
	{ STR("tech"), STR("technology") },
	{ STR("gen"), STR("general") },

	{ STR("organisation"), STR("organization") },
	{ STR("grp"), STR("group") },
	{ STR("hq"), STR("headquarters") },
	{ STR("hldgs"), STR("holdings") },
	{ STR("indus"), STR("industries") },
	{ STR("ind"), STR("industries") },
	{ STR("eng"), STR("engineering") },
	{ STR("engg"), STR("engineering") },
	{ STR("pharm"), STR("pharmaceutical") },
	{ STR("pharma"), STR("pharmaceutical") },
	{ STR("comm"), STR("communications") },
	{ STR("bldg"), STR("building") },
	{ STR("fac"), STR("faculty") },
	{ STR("sch"), STR("school") },
	{ STR("hlth"), STR("health") },
	{ STR("mem"), STR("memorial") },
	{ STR("daigaku"), STR("university") },
	{ STR("byoin"), STR("hospital") },
	{ STR("byouin"), STR("hospital") },
};

bool
org_next(enum org_list list, struct str *rest, struct str *word)
{
	if (!rest->ptr)
		*rest = str_of(lists[list].words);
	return str_cut(rest, lists[list].by, word);
}

bool
org_is_one(enum org_list list, struct str word)
{
	struct str one;
	for (struct str rest = STR_NONE; org_next(list, &rest, &one);)
		if (str_eq(one, word))
			return true;
	return false;
}

/* How long the longest word of the list is that stands at one end of s. */
static size_t
longest(enum org_list list, struct str s, bool (*stands)(struct str s, struct str word))
{
	struct str one;
	size_t most = 0;
	for (struct str rest = STR_NONE; org_next(list, &rest, &one);)
		if (one.len > most && stands(s, one))
			most = one.len;
	return most;
}

size_t
org_starts(enum org_list list, struct str s)
{
	return longest(list, s, str_starts);
}

size_t
org_ends(enum org_list list, struct str s)
{
	return longest(list, s, str_ends);
}

struct str
org_unabbreviated(struct str word)
{
	for (size_t i = 0; i < COUNT(abbreviations); i++)
		if (str_eq(abbreviations[i].from, word))
			return abbreviations[i].to;
	return word;
}

/* A word of its own ends at a blank, a bracket, or with the text. */
static bool
stands_alone(struct str text, struct str s, bool start)
{
	if (s.len == text.len)
		return true;
	char next = start ? s.ptr[text.len] : s.ptr[s.len - text.len - 1];
	return next == ' ' || next == '(' || next == ')';
}

bool
org_form_at(struct str s, unsigned where, struct org_form *out)
{
	unsigned end = where & (ORG_AT_START | ORG_AT_END);
	*out = (struct org_form){ .text = STR_NONE };
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct str one;
		if (!(forms[i].where & end) || ((forms[i].where & ORG_AFTER) && !(where & ORG_AFTER)))
			continue;
		for (struct str rest = str_of(forms[i].texts); str_cut(&rest, '|', &one);) {
			bool there = end == ORG_AT_START ? str_starts(s, one) : str_ends(s, one);
			if (!there || one.len <= out->text.len ||
			    ((forms[i].where & ORG_BLANKS) && !stands_alone(one, s, end == ORG_AT_START)))
				continue;
			*out = (struct org_form){ one, str_of(forms[i].form), forms[i].class };
		}
	}
	return out->text.len > 0;
}

enum org_class
org_form_class(struct str form)
{
	for (size_t i = 0; form.len > 0 && i < COUNT(forms); i++)
		if (str_eq(str_of(forms[i].form), form))
			return forms[i].class;
	return ORG_ANY;
}

bool
org_next_form(size_t *row, struct str *rest, struct str *text)
{
	while (*row < COUNT(forms)) {
		if (!rest->ptr)
			*rest = str_of(forms[*row].texts);
		if (str_cut(rest, '|', text))
			return true;
		*rest = STR_NONE;
		++*row;
	}
	return false;
}
