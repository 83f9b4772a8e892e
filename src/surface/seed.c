#include "surface/seed.h"

#include "base/suggest.h"
#include "base/tr.h"
#include "surface/domain.h"
#include "surface/org-name.h"
#include "surface/registration.h"
#include "surface/seed-internal.h"

#include <ctype.h>

enum { WIDEST_V4 = 16, WIDEST_V6 = 32 };

#define DAY_MS (24 * 3600 * 1000LL)

/* ---- words ---- */

static const struct {
	enum seed_owner owner;
	const char *words; /* the first is its name */
} owners[] = {
	{ SEED_SELF, "self|own|自組織|自社|自院|当院|本人" },
	{ SEED_GROUP, "group|group company|グループ|グループ会社|関連会社|関連法人|子会社" },
	{ SEED_CONTRACTOR, "contractor|vendor|委託先|業務委託先|保守業者|保守委託先|請負業者" },
};

static const struct {
	enum thing is;
	const char *words;
} kinds[] = {
	{ THING_DOMAIN, "domain|ドメイン|ドメイン名" },
	{ THING_ORGANISATION, "name|organisation|organization|組織名|組織|名称" },
	{ THING_NETWORK, "network|address|ネットワーク|アドレス|ipアドレス" },
	{ THING_AS, "as|asn|as番号" },
};

static bool
is_word_of(struct str s, const char *words)
{
	struct str one;
	for (struct str rest = str_of(words); str_cut(&rest, '|', &one);)
		if (str_eq_nocase(s, one))
			return true;
	return false;
}

const char *
seed_owner_name(enum seed_owner o)
{
	static const char *const names[] = { "self", "group", "contractor" };
	return (size_t)o < COUNT(names) ? names[o] : "self";
}

bool
seed_owner_parse(struct str s, enum seed_owner *out)
{
	for (size_t i = 0; i < COUNT(owners); i++)
		if (is_word_of(str_trim(s), owners[i].words)) {
			*out = owners[i].owner;
			return true;
		}
	return false;
}

static bool
kind_parse(struct str s, enum thing *out)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (is_word_of(s, kinds[i].words)) {
			*out = kinds[i].is;
			return true;
		}
	return false;
}

bool
seed_kind_known(struct str kind)
{
	enum thing is;
	return kind_parse(str_trim(kind), &is);
}

struct str
seed_text(struct arena *a, const struct seed *s)
{
	const char *kind = s->is == THING_ORGANISATION ? "name" : s->is == THING_NAME ? "domain" : thing_name(s->is);
	return arena_printf(a, "%s:%.*s", kind, STR_ARG(s->value));
}

/* ---- one seed ---- */

static struct str
quote(struct arena *a, struct str s)
{
	return arena_line(a, s, 100);
}

static bool
read_domain(struct arena *a, struct str told, const struct seed_options *o, struct seed *out, struct err *e)
{
	struct str name = domain_canonical(a, told), own = domain_registrable(name);
	if (!name.ptr)
		return err_set(e, ERR_USAGE, "“%.*s” is no domain; write it as example.co.jp", STR_ARG(quote(a, told)));
	if (!own.ptr)
		return err_set(
			e, ERR_REFUSED,
			"“%.*s” is a public suffix: what is below it belongs to many; name the domain below it that "
			"is meant",
			STR_ARG(name));
	const char *provider = o->large ? NULL : seed_provider_of_domain(own);
	if (provider)
		return err_set(
			e, ERR_REFUSED,
			"“%.*s” belongs to %s, which serves many others; name the organisation or a domain of its own",
			STR_ARG(name), provider);
	*out = (struct seed){ .is = own.len == name.len ? THING_DOMAIN : THING_NAME, .value = name };
	return true;
}

static bool
read_organisation(struct arena *a, struct str told, const struct seed_options *o, struct seed *out, struct err *e)
{
	struct str name = thing_canonical(a, THING_ORGANISATION, told);
	struct org_name org;
	(void)o;
	if (!name.ptr)
		return err_set(e, ERR_USAGE, "an organisation without a name is no seed; write name:… behind it");
	if (!str_is_utf8(told))
		return err_set(e, ERR_USAGE, "the name “%.*s” is no UTF-8 text", STR_ARG(quote(a, told)));
	if (registration_is_hidden(name))
		return err_set(
			e, ERR_REFUSED,
			"“%.*s” is what stands where an owner is hidden: it would find everybody who hides; name the "
			"organisation itself",
			STR_ARG(quote(a, name)));
	org_name_read(a, name, &org);
	if (!org.usable)
		return err_set(
			e, ERR_REFUSED,
			"“%.*s” names no organisation by itself (a legal form, a word that many have, a place or a "
			"person); write the whole name as it is registered",
			STR_ARG(quote(a, name)));
	*out = (struct seed){ .is = THING_ORGANISATION, .value = name };
	return true;
}

static bool
too_wide(struct str network, unsigned *widest)
{
	uint64_t bits = 0;
	ptrdiff_t slash = str_rfind_char(network, '/');
	*widest = str_find_char(network, ':') >= 0 ? WIDEST_V6 : WIDEST_V4;
	return slash < 0 || !str_to_u64(str_skip(network, (size_t)slash + 1), &bits) || bits < *widest;
}

static bool
read_network(struct arena *a, struct str told, const struct seed_options *o, struct seed *out, struct err *e)
{
	unsigned widest;
	struct str address = thing_canonical(a, THING_ADDRESS, told);
	if (address.ptr)
		told = arena_printf(a, "%.*s/%d", STR_ARG(address), str_find_char(address, ':') >= 0 ? 128 : 32);
	struct str network = thing_canonical(a, THING_NETWORK, told);
	if (!network.ptr)
		return err_set(e, ERR_USAGE, "“%.*s” is no network; write it as 192.0.2.0/24 or 2001:db8::/48",
			       STR_ARG(quote(a, told)));
	const char *special = seed_special_network(network);
	if (special)
		return err_set(
			e, ERR_REFUSED,
			"%.*s is, or contains, %s: public sources know nothing of them; name a network that is seen "
			"from outside",
			STR_ARG(network), special);
	const char *provider = o->large ? NULL : seed_provider_of_network(network);
	if (provider)
		return err_set(
			e, ERR_REFUSED,
			"%.*s is, or contains, a range of %s, where many others are; name the organisation or its "
			"domains",
			STR_ARG(network), provider);
	if (!o->large && too_wide(network, &widest))
		return err_set(
			e, ERR_REFUSED,
			"%.*s is wider than /%u and seldom one organisation's; name its parts, or add --large where "
			"all of it is",
			STR_ARG(network), widest);
	*out = (struct seed){ .is = THING_NETWORK, .value = network };
	return true;
}

static bool
read_as(struct arena *a, struct str told, const struct seed_options *o, struct seed *out, struct err *e)
{
	uint64_t number = 0;
	struct str as = thing_canonical(a, THING_AS, told);
	if (!as.ptr || !str_to_u64(str_skip(as, 2), &number))
		return err_set(e, ERR_USAGE, "“%.*s” is no AS number; write it as AS64500", STR_ARG(quote(a, told)));
	const char *special = seed_special_as((uint32_t)number);
	if (special)
		return err_set(e, ERR_REFUSED, "%.*s is %s; name one that is registered", STR_ARG(as), special);
	const char *provider = o->large ? NULL : seed_provider_of_as((uint32_t)number);
	if (provider)
		return err_set(
			e, ERR_REFUSED,
			"%.*s is the AS of %s, and what is in it belongs to its customers; name the organisation, "
			"its domains or networks",
			STR_ARG(as), provider);
	*out = (struct seed){ .is = THING_AS, .value = as };
	return true;
}

/* "AS64500", not "64500" and not "Asahi". */
static bool
looks_like_as(struct str s)
{
	if (s.len < 3 || !str_eq_nocase(str_head(s, 2), STR("AS")))
		return false;
	for (size_t i = 2; i < s.len; i++)
		if (!isdigit((unsigned char)s.ptr[i]))
			return false;
	return true;
}

static enum thing
sniff(struct arena *a, struct str s)
{
	struct str name = domain_canonical(a, s);
	if (thing_canonical(a, THING_ADDRESS, s).ptr || thing_canonical(a, THING_NETWORK, s).ptr)
		return THING_NETWORK;
	if (looks_like_as(s))
		return THING_AS;
	return name.ptr && str_find_char(name, '.') >= 0 && domain_suffix_known(name) ? THING_DOMAIN
										      : THING_ORGANISATION;
}

static bool
read_value(struct arena *a, enum thing is, struct str value, const struct seed_options *o, struct seed *out,
	   struct err *e)
{
	switch (is) {
	case THING_DOMAIN:
		return read_domain(a, value, o, out, e);
	case THING_NETWORK:
		return read_network(a, value, o, out, e);
	case THING_AS:
		return read_as(a, value, o, out, e);
	case THING_NONE:
	case THING_NAME:
	case THING_ADDRESS:
	case THING_ORGANISATION:
	case THING_CERTIFICATE:
	case THING_SERVICE:
	default:
		return read_organisation(a, value, o, out, e);
	}
}

/* "domian:example.jp" is no organisation. */
static const char *
mistyped_kind(struct str kind)
{
	static const char *const names[] = { "domain", "name", "network", "as" };
	size_t distance;
	for (size_t i = 0; i < COUNT(names); i++)
		if (kind.len > 2 && suggest_near(kind, str_of(names[i]), &distance))
			return names[i];
	return NULL;
}

bool
seed_read(struct arena *a, struct str told, const struct seed_options *o, struct seed *out, struct err *e)
{
	static const struct seed_options usual = { .large = false };
	struct str kind, value = str_trim(told), rest;
	enum thing is;
	if (value.len > SEED_TEXT_MAX)
		return err_set(e, ERR_USAGE, "a seed of %zu bytes; at most %d are read", value.len, SEED_TEXT_MAX);
	/* An IPv6 address has colons, too. */
	bool parted = str_split(value, ':', &kind, &rest);
	if (parted && kind_parse(str_trim(kind), &is)) {
		value = str_trim(rest);
	} else {
		is = sniff(a, value);
		const char *meant = parted && is == THING_ORGANISATION ? mistyped_kind(str_trim(kind)) : NULL;
		if (meant)
			return err_set(e, ERR_USAGE, "there is no kind of seed “%.*s”; did you mean “%s”?",
				       STR_ARG(quote(a, kind)), meant);
	}
	return read_value(a, is, value, o ? o : &usual, out, e);
}

/* ---- attributes ---- */

enum attribute { OWNER, COMPANY, SITE, COUNTRY, CONSENT_BY, CONSENT_AT, NOTE, ATTRIBUTES };

static const char *const attributes[ATTRIBUTES] = {
	[OWNER] = "owner|所有者|所有|区分",
	[COMPANY] = "company|会社名|会社|法人名",
	[SITE] = "site|base|branch|拠点|拠点名",
	[COUNTRY] = "country|国|国コード",
	[CONSENT_BY] = "consent-by|consent by|同意者",
	[CONSENT_AT] = "consent-at|consent at|consent-date|同意日|同意日時",
	[NOTE] = "note|備考|メモ",
};

/* What offices write into such a column; everything else as ISO 3166 has it. */
static const struct {
	char code[3];
	const char *words;
} countries[] = {
	{ "JP", "japan|日本" },
	{ "US", "usa|united states|米国|アメリカ" },
	{ "CN", "china|中国" },
	{ "KR", "korea|south korea|韓国" },
	{ "TW", "taiwan|台湾" },
	{ "HK", "hong kong|香港" },
	{ "SG", "singapore|シンガポール" },
	{ "TH", "thailand|タイ" },
	{ "VN", "vietnam|ベトナム" },
	{ "ID", "indonesia|インドネシア" },
	{ "MY", "malaysia|マレーシア" },
	{ "PH", "philippines|フィリピン" },
	{ "IN", "india|インド" },
	{ "AU", "australia|オーストラリア" },
	{ "GB", "uk|united kingdom|英国|イギリス" },
	{ "DE", "germany|ドイツ" },
	{ "FR", "france|フランス" },
	{ "IT", "italy|イタリア" },
	{ "ES", "spain|スペイン" },
	{ "NL", "netherlands|オランダ" },
	{ "CH", "switzerland|スイス" },
	{ "BR", "brazil|ブラジル" },
	{ "MX", "mexico|メキシコ" },
	{ "CA", "canada|カナダ" },
};

static bool
set_country(struct arena *a, struct seed *s, struct str value, struct err *e)
{
	for (size_t i = 0; i < COUNT(countries); i++)
		if (is_word_of(value, countries[i].words))
			value = str_of(countries[i].code);
	if (value.len != 2 || !isalpha((unsigned char)value.ptr[0]) || !isalpha((unsigned char)value.ptr[1]))
		return err_set(e, ERR_USAGE, "“%.*s” is no country; write two letters, as JP or US",
			       STR_ARG(quote(a, value)));
	const char code[2] = { (char)toupper((unsigned char)value.ptr[0]), (char)toupper((unsigned char)value.ptr[1]) };
	s->country = arena_str(a, str_sub(code, 2));
	return true;
}

static bool
set_consent_at(struct arena *a, struct seed *s, struct str value, const struct seed_options *o, struct err *e)
{
	const struct clock *clock = o && o->clock ? o->clock : &clock_system;
	int64_t at;
	if ((!time_parse(value, &at) && !registration_date(value, false, &at)) || at <= 0)
		return err_set(e, ERR_USAGE, "“%.*s” is no date; write it as 2026-10-01", STR_ARG(quote(a, value)));
	/* A date is 00:00 UTC, and somewhere it is tomorrow already. */
	if (at > clock_now(clock) + DAY_MS)
		return err_set(e, ERR_USAGE,
			       "the consent of “%.*s” lies in the future; write the day on which it was given",
			       STR_ARG(quote(a, value)));
	s->consent_at = at;
	return true;
}

static struct str
line(struct arena *a, struct str value)
{
	return str_trim(arena_line(a, value, SEED_TEXT_MAX));
}

bool
seed_set(struct arena *a, struct seed *s, struct str attribute, struct str value, const struct seed_options *o,
	 struct err *e)
{
	size_t i = 0;
	while (i < ATTRIBUTES && !is_word_of(str_trim(attribute), attributes[i]))
		i++;
	if (i == ATTRIBUTES)
		return err_set(
			e, ERR_USAGE,
			"a seed has no “%.*s”; it has owner, company, site, country, consent-by, consent-at and note",
			STR_ARG(quote(a, attribute)));
	value = str_trim(value);
	if (value.len == 0)
		return true;
	switch ((enum attribute)i) {
	case OWNER:
		return seed_owner_parse(value, &s->owner) ||
		       err_set(e, ERR_USAGE, "“%.*s” is no owner; write self, group or contractor",
			       STR_ARG(quote(a, value)));
	case COMPANY:
		s->company = line(a, value);
		return true;
	case SITE:
		s->site = line(a, value);
		return true;
	case COUNTRY:
		return set_country(a, s, value, e);
	case CONSENT_BY:
		s->consent_by = line(a, value);
		return true;
	case CONSENT_AT:
		return set_consent_at(a, s, value, o, e);
	case NOTE:
		s->note = line(a, value);
		return true;
	case ATTRIBUTES:
	default:
		return false;
	}
}

bool
seed_may_expand(const struct seed *s, const char **why)
{
	bool agreed = s->consent_by.len > 0 && s->consent_at > 0;
	if (s->owner != SEED_CONTRACTOR || agreed)
		return true;
	if (why)
		*why = tr("a contractor's: nothing more is looked for until it is written down who agreed, and when");
	return false;
}

/* ---- many ---- */

static void
fill(struct str *into, struct str from)
{
	if (into->len == 0)
		*into = from;
}

bool
seeds_add(struct seeds *list, const struct seed *s)
{
	for (size_t i = 0; i < list->count; i++) {
		struct seed *have = &list->items[i];
		if (have->is != s->is || !str_eq(have->value, s->value))
			continue;
		fill(&have->company, s->company);
		fill(&have->site, s->site);
		fill(&have->country, s->country);
		fill(&have->consent_by, s->consent_by);
		fill(&have->note, s->note);
		if (have->consent_at == 0)
			have->consent_at = s->consent_at;
		/* A contractor's stays one, whoever else claims it: consent is the stricter rule. */
		if (s->owner > have->owner)
			have->owner = s->owner;
		return false;
	}
	if (list->count >= SEEDS_MAX)
		return false;
	*ARRAY_PUSH(list->arena, list) = *s;
	return true;
}
