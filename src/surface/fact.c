#include "surface/fact.h"

#include "surface/domain.h"

#include <arpa/inet.h>
#include <ctype.h>

enum { ORGANISATION_MAX = 400, SERIAL_MAX = 64, ISSUER_MAX = 300, TRANSPORT_MAX = 8 };

static const char *const kind_names[FACT_KINDS] = {
	[FACT_ADDRESS] = "address",
	[FACT_ALIAS] = "alias",
	[FACT_NAME_SERVER] = "name-server",
	[FACT_MAIL] = "mail",
	[FACT_SERVICE_AT] = "service-at",
	[FACT_SPF] = "spf",
	[FACT_SPF_POLICY] = "spf-policy",
	[FACT_DMARC_POLICY] = "dmarc-policy",
	[FACT_DMARC_REPORT] = "dmarc-report",
	[FACT_DKIM] = "dkim",
	[FACT_TOKEN] = "token",
	[FACT_CA_ALLOWED] = "ca-allowed",
	[FACT_ZONE] = "zone",
	[FACT_REVERSE] = "reverse",
	[FACT_ABSENT] = "absent",
	[FACT_EMPTY] = "empty",
	[FACT_UNKNOWN] = "unknown",
	[FACT_DANGLING] = "dangling",
	[FACT_WILDCARD] = "wildcard",
	[FACT_NEXT_NAME] = "next-name",
	[FACT_SIGNED] = "signed",
	[FACT_REGISTRANT] = "registrant",
	[FACT_REGISTRANT_JA] = "registrant-ja",
	[FACT_REGISTRANT_EN] = "registrant-en",
	[FACT_CONTACT_MAIL] = "contact-mail",
	[FACT_REGISTRAR] = "registrar",
	[FACT_HIDDEN] = "hidden",
	[FACT_CREATED] = "created",
	[FACT_EXPIRES] = "expires",
	[FACT_AVAILABLE] = "available",
	[FACT_HOLDER] = "holder",
	[FACT_IN_NETWORK] = "in-network",
	[FACT_IN_AS] = "in-as",
	[FACT_COUNTRY] = "country",
	[FACT_CERTIFICATE_NAME] = "certificate-name",
	[FACT_CERTIFICATE_ORGANISATION] = "certificate-organisation",
	[FACT_CERTIFICATE_ISSUER] = "certificate-issuer",
	[FACT_CERTIFICATE_FROM] = "certificate-from",
	[FACT_CERTIFICATE_UNTIL] = "certificate-until",
	[FACT_CERTIFICATE_WEAK] = "certificate-weak",
	[FACT_CERTIFICATE_SELF] = "certificate-self",
	[FACT_SERVICE] = "service",
	[FACT_SERVICE_CERTIFICATE] = "service-certificate",
	[FACT_SERVICE_PRODUCT] = "service-product",
	[FACT_SERVICE_CPE] = "service-cpe",
	[FACT_SERVICE_TITLE] = "service-title",
	[FACT_SERVICE_BANNER] = "service-banner",
	[FACT_SERVICE_VULNERABILITY] = "service-vulnerability",
	[FACT_NAME_SEEN] = "name-seen",
	[FACT_TAG] = "tag",
	[FACT_LINK] = "link",
	[FACT_MENTION] = "mention",
};

static const char *const thing_names[] = {
	[THING_NONE] = "none",
	[THING_DOMAIN] = "domain",
	[THING_NAME] = "host",
	[THING_ADDRESS] = "address",
	[THING_NETWORK] = "network",
	[THING_AS] = "as",
	[THING_ORGANISATION] = "organisation",
	[THING_CERTIFICATE] = "certificate",
	[THING_SERVICE] = "service",
};

const char *
fact_kind_name(enum fact_kind k)
{
	return (size_t)k < COUNT(kind_names) ? kind_names[k] : "unknown-kind";
}

bool
fact_kind_parse(struct str s, enum fact_kind *out)
{
	for (size_t i = 0; i < COUNT(kind_names); i++)
		if (str_eq(s, str_of(kind_names[i]))) {
			*out = (enum fact_kind)i;
			return true;
		}
	return false;
}

const char *
thing_name(enum thing t)
{
	return (size_t)t < COUNT(thing_names) ? thing_names[t] : thing_names[THING_NONE];
}

bool
thing_parse(struct str s, enum thing *out)
{
	for (size_t i = THING_DOMAIN; i < COUNT(thing_names); i++)
		if (str_eq(s, str_of(thing_names[i]))) {
			*out = (enum thing)i;
			return true;
		}
	return false;
}

/* ---- canonical forms ---- */

struct number_address {
	int family; /* AF_INET, AF_INET6 */
	unsigned char bytes[16];
	unsigned bits;
};

static bool
address_read(struct str s, struct number_address *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	s = str_trim(s);
	if (s.len == 0 || s.len >= sizeof(text) || memchr(s.ptr, '\0', s.len))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	*out = (struct number_address){ .family = AF_INET, .bits = 32 };
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		return true;
	out->family = AF_INET6;
	out->bits = 128;
	if (inet_pton(AF_INET6, text, out->bytes) != 1)
		return false;
	/* ::ffff:192.0.2.1 is the IPv4 address, as some programs write it. */
	if (memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(out->bytes, out->bytes + 12, 4);
		out->family = AF_INET;
		out->bits = 32;
	}
	return true;
}

static struct str
address_write(struct arena *a, const struct number_address *n)
{
	char text[INET6_ADDRSTRLEN];
	return arena_str(a, str_of(inet_ntop(n->family, n->bytes, text, sizeof(text))));
}

/* "192.0.2.0 - 192.0.2.255" as registries write networks; false where it is not exactly one network. */
static bool
range_read(struct str s, struct number_address *out, unsigned *prefix)
{
	struct str from, to;
	struct number_address last;
	if (!str_split(s, '-', &from, &to) || !address_read(from, out) || !address_read(to, &last) ||
	    out->family != last.family)
		return false;
	unsigned bit = 0;
	while (bit < out->bits && ((out->bytes[bit / 8] ^ last.bytes[bit / 8]) >> (7 - bit % 8) & 1) == 0)
		bit++;
	*prefix = bit;
	for (; bit < out->bits; bit++)
		if ((out->bytes[bit / 8] >> (7 - bit % 8) & 1) || !(last.bytes[bit / 8] >> (7 - bit % 8) & 1))
			return false;
	return true;
}

static struct str
network_canonical(struct arena *a, struct str s)
{
	struct str base, width;
	struct number_address n;
	unsigned prefix;
	uint64_t told;
	if (str_split(s, '/', &base, &width)) {
		if (!address_read(base, &n) || !str_to_u64(str_trim(width), &told) || told > n.bits)
			return STR_NONE;
		prefix = (unsigned)told;
	} else if (!range_read(s, &n, &prefix)) {
		return STR_NONE;
	}
	for (unsigned bit = prefix; bit < n.bits; bit++)
		n.bytes[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
	struct str address = address_write(a, &n);
	return arena_printf(a, "%.*s/%u", STR_ARG(address), prefix);
}

static struct str
as_canonical(struct arena *a, struct str s)
{
	uint64_t number;
	if (s.len > 2 && str_eq_nocase(str_head(s, 2), STR("AS")))
		s = str_trim(str_skip(s, 2));
	if (s.len == 0 || !isdigit((unsigned char)s.ptr[0]) || !str_to_u64(s, &number) || number > UINT32_MAX)
		return STR_NONE;
	return arena_printf(a, "AS%u", (unsigned)number);
}

/* Hex digits in lower case, without the ":" between them; 0: other characters, or more than that. */
static size_t
hex_put(struct str s, char into[SERIAL_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c == ':')
			continue;
		if (!isxdigit(c) || n == SERIAL_MAX)
			return 0;
		into[n++] = (char)tolower(c);
	}
	return n;
}

static struct str
certificate_canonical(struct arena *a, struct str s)
{
	struct str serial, issuer;
	char hex[SERIAL_MAX];
	size_t n, zeros = 0;
	if (!str_split(s, '@', &serial, &issuer)) {
		n = hex_put(s, hex);
		return n == 64 ? arena_str(a, str_sub(hex, n)) : STR_NONE;
	}
	n = hex_put(str_trim(serial), hex);
	issuer = str_trim(arena_line(a, str_trim(issuer), ISSUER_MAX));
	if (n == 0 || issuer.len == 0)
		return STR_NONE;
	/* Some write the sign byte of a serial number, others do not. */
	while (zeros + 1 < n && hex[zeros] == '0')
		zeros++;
	struct str digits = str_sub(hex + zeros, n - zeros);
	return arena_printf(a, "%.*s@%.*s", STR_ARG(digits), STR_ARG(issuer));
}

static struct str
service_canonical(struct arena *a, struct str s)
{
	struct str host, rest, port, transport;
	struct number_address n;
	uint64_t number;
	char low[TRANSPORT_MAX + 1] = "";
	if (!str_word(&s, &host) || !str_word(&s, &rest) || str_trim(s).len > 0 || !address_read(host, &n) ||
	    !str_split(rest, '/', &port, &transport) || !str_to_u64(port, &number) || number == 0 || number > 65535 ||
	    transport.len == 0 || transport.len > TRANSPORT_MAX)
		return STR_NONE;
	for (size_t i = 0; i < transport.len; i++) {
		if (!isalpha((unsigned char)transport.ptr[i]))
			return STR_NONE;
		low[i] = (char)tolower((unsigned char)transport.ptr[i]);
	}
	struct str address = address_write(a, &n);
	return arena_printf(a, "%.*s %u/%s", STR_ARG(address), (unsigned)number, low);
}

static struct str
address_canonical(struct arena *a, struct str s)
{
	struct number_address n;
	return address_read(s, &n) ? address_write(a, &n) : STR_NONE;
}

static struct str
domain_of(struct arena *a, struct str s)
{
	return domain_registrable(domain_canonical(a, s));
}

static struct str
organisation_canonical(struct arena *a, struct str s)
{
	return str_trim(arena_line(a, str_trim(s), ORGANISATION_MAX));
}

struct str
thing_canonical(struct arena *a, enum thing t, struct str s)
{
	static struct str (*const forms[])(struct arena *, struct str) = {
		[THING_DOMAIN] = domain_of,
		[THING_NAME] = domain_canonical,
		[THING_ADDRESS] = address_canonical,
		[THING_NETWORK] = network_canonical,
		[THING_AS] = as_canonical,
		[THING_ORGANISATION] = organisation_canonical,
		[THING_CERTIFICATE] = certificate_canonical,
		[THING_SERVICE] = service_canonical,
	};
	if ((size_t)t >= COUNT(forms) || !forms[t])
		return STR_NONE;
	struct str out = forms[t](a, str_trim(s));
	return out.len > 0 ? out : STR_NONE;
}

/* ---- collecting ---- */

struct fact *
fact_add(struct facts *f, enum fact_kind k, enum thing subject_is, struct str subject)
{
	if (f->count >= FACTS_OF_ANSWER_MAX) {
		f->cut++;
		return NULL;
	}
	struct str canonical = thing_canonical(f->arena, subject_is, subject);
	if (!canonical.ptr) {
		f->bad++;
		return NULL;
	}
	struct fact *one = ARRAY_PUSH(f->arena, f);
	*one = (struct fact){ .kind = k, .subject_is = subject_is, .subject = canonical };
	return one;
}

bool
fact_object(struct facts *f, enum thing object_is, struct str object)
{
	if (f->count == 0)
		return false;
	struct str canonical = thing_canonical(f->arena, object_is, object);
	if (!canonical.ptr) {
		f->count--;
		f->bad++;
		return false;
	}
	f->items[f->count - 1].object_is = object_is;
	f->items[f->count - 1].object = canonical;
	return true;
}

void
fact_text(struct facts *f, struct str text)
{
	if (f->count > 0)
		f->items[f->count - 1].text = str_trim(arena_line(f->arena, str_trim(text), FACT_TEXT_MAX));
}

void
fact_evidence(struct facts *f, struct str quote)
{
	if (f->count > 0)
		f->items[f->count - 1].evidence = str_trim(arena_line(f->arena, str_trim(quote), FACT_EVIDENCE_MAX));
}
