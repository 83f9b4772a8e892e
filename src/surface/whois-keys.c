/* The words of registries. To teach the reader another registry, add its words here. */
#include "surface/whois-keys.h"

#define ROLE(r) REGISTRATION_##r

static const struct {
	struct str key;
	enum whois_what what;
	enum registration_role role;
} keys[] = {
	{ STR("domain"), WHOIS_DOMAIN, 0 },
	{ STR("domain name"), WHOIS_DOMAIN, 0 },
	{ STR("domain information"), WHOIS_ELSE, 0 },
	{ STR("domain name (ascii)"), WHOIS_DOMAIN, 0 },
	{ STR("domainname"), WHOIS_DOMAIN, 0 },
	{ STR("domaine"), WHOIS_DOMAIN, 0 },
	{ STR("dominio"), WHOIS_DOMAIN, 0 },
	{ STR("nombre de dominio"), WHOIS_DOMAIN, 0 },
	{ STR("nome de domínio / domain name"), WHOIS_DOMAIN, 0 },
	{ STR("ascii domain name"), WHOIS_DOMAIN, 0 },
	{ STR("ドメイン名"), WHOIS_DOMAIN, 0 },
	{ STR("internationalized domain name"), WHOIS_UNICODE, 0 },
	{ STR("idn"), WHOIS_UNICODE, 0 },
	{ STR("query"), WHOIS_DOMAIN, 0 },
	{ STR("date registered"), WHOIS_CREATED, 0 },
	{ STR("domain id"), WHOIS_ID, 0 },
	{ STR("registry domain id"), WHOIS_ID, 0 },
	{ STR("roid"), WHOIS_ID, 0 },
	{ STR("registrar"), WHOIS_REGISTRAR, 0 },
	{ STR("registrar name"), WHOIS_REGISTRAR, 0 },
	{ STR("registrar organization"), WHOIS_REGISTRAR, 0 },
	{ STR("registrar information"), WHOIS_REGISTRAR, 0 },
	{ STR("sponsoring registrar"), WHOIS_REGISTRAR, 0 },
	{ STR("sponsoring registrar organization"), WHOIS_REGISTRAR, 0 },
	{ STR("sponsoring registrar name"), WHOIS_REGISTRAR, 0 },
	{ STR("current registrar"), WHOIS_REGISTRAR, 0 },
	{ STR("current registar"), WHOIS_REGISTRAR, 0 },
	{ STR("registration service provider"), WHOIS_REGISTRAR, 0 },
	{ STR("registrar of record"), WHOIS_REGISTRAR, 0 },
	{ STR("record maintained by"), WHOIS_REGISTRAR, 0 },
	{ STR("registered through"), WHOIS_REGISTRAR, 0 },
	{ STR("authorized agency"), WHOIS_REGISTRAR, 0 },
	{ STR("registrado por"), WHOIS_REGISTRAR, 0 },
	{ STR("登録業者"), WHOIS_REGISTRAR, 0 },
	{ STR("registrar iana id"), WHOIS_REGISTRAR_ID, 0 },
	{ STR("registrar id"), WHOIS_REGISTRAR_ID, 0 },
	{ STR("sponsoring registrar iana id"), WHOIS_REGISTRAR_ID, 0 },
	{ STR("registrar url"), WHOIS_REGISTRAR_URL, 0 },
	{ STR("registrar url (registration services)"), WHOIS_REGISTRAR_URL, 0 },
	{ STR("registrar website"), WHOIS_REGISTRAR_URL, 0 },
	{ STR("sponsoring registrar url"), WHOIS_REGISTRAR_URL, 0 },
	{ STR("referral url"), WHOIS_REGISTRAR_URL, 0 },
	{ STR("name server"), WHOIS_SERVER, 0 },
	{ STR("name servers"), WHOIS_SERVER, 0 },
	{ STR("nameserver"), WHOIS_SERVER, 0 },
	{ STR("nameservers"), WHOIS_SERVER, 0 },
	{ STR("name server(s)"), WHOIS_SERVER, 0 },
	{ STR("name servers information"), WHOIS_SERVER, 0 },
	{ STR("name server information"), WHOIS_SERVER, 0 },
	{ STR("name server ace"), WHOIS_SERVER, 0 },
	{ STR("nserver"), WHOIS_SERVER, 0 },
	{ STR("ns"), WHOIS_SERVER, 0 },
	{ STR("ns name"), WHOIS_SERVER, 0 },
	{ STR("dns"), WHOIS_SERVER, 0 },
	{ STR("dns servers"), WHOIS_SERVER, 0 },
	{ STR("dns server"), WHOIS_SERVER, 0 },
	{ STR("host name"), WHOIS_SERVER, 0 },
	{ STR("hostname"), WHOIS_SERVER, 0 },
	{ STR("host"), WHOIS_SERVER, 0 },
	{ STR("domain servers"), WHOIS_SERVER, 0 },
	{ STR("domain server"), WHOIS_SERVER, 0 },
	{ STR("domain nameservers"), WHOIS_SERVER, 0 },
	{ STR("domain name servers"), WHOIS_SERVER, 0 },
	{ STR("domain servers in listed order"), WHOIS_SERVER, 0 },
	{ STR("domain servers in listed order:"), WHOIS_SERVER, 0 },
	{ STR("servidor(es) de nombres de dominio"), WHOIS_SERVER, 0 },
	{ STR("servidores de nombre"), WHOIS_SERVER, 0 },
	{ STR("servidores dns"), WHOIS_SERVER, 0 },
	{ STR("serveurs de noms"), WHOIS_SERVER, 0 },
	{ STR("primary server"), WHOIS_SERVER, 0 },
	{ STR("primary server hostname"), WHOIS_SERVER, 0 },
	{ STR("secondary server"), WHOIS_SERVER, 0 },
	{ STR("secondary server hostname"), WHOIS_SERVER, 0 },
	{ STR("third server hostname"), WHOIS_SERVER, 0 },
	{ STR("fourth server hostname"), WHOIS_SERVER, 0 },
	{ STR("primary name server"), WHOIS_SERVER, 0 },
	{ STR("secondary name server"), WHOIS_SERVER, 0 },
	{ STR("primary nameserver"), WHOIS_SERVER, 0 },
	{ STR("secondary nameserver"), WHOIS_SERVER, 0 },
	{ STR("ネームサーバ"), WHOIS_SERVER, 0 },
	{ STR("created"), WHOIS_CREATED, 0 },
	{ STR("created on"), WHOIS_CREATED, 0 },
	{ STR("created date"), WHOIS_CREATED, 0 },
	{ STR("creation date"), WHOIS_CREATED, 0 },
	{ STR("creation date (dd/mm/yyyy)"), WHOIS_CREATED, 0 },
	{ STR("data de registo / creation date (dd/mm/yyyy)"), WHOIS_CREATED, 0 },
	{ STR("create date"), WHOIS_CREATED, 0 },
	{ STR("domain create date"), WHOIS_CREATED, 0 },
	{ STR("domain created"), WHOIS_CREATED, 0 },
	{ STR("domain record activated"), WHOIS_CREATED, 0 },
	{ STR("domain registration date"), WHOIS_CREATED, 0 },
	{ STR("domain name commencement date"), WHOIS_CREATED, 0 },
	{ STR("domain activated"), WHOIS_CREATED, 0 },
	{ STR("registered"), WHOIS_CREATED, 0 },
	{ STR("registered on"), WHOIS_CREATED, 0 },
	{ STR("registered date"), WHOIS_CREATED, 0 },
	{ STR("registration date"), WHOIS_CREATED, 0 },
	{ STR("registration time"), WHOIS_CREATED, 0 },
	{ STR("regdate"), WHOIS_CREATED, 0 },
	{ STR("registar created"), WHOIS_CREATED, 0 },
	{ STR("record created"), WHOIS_CREATED, 0 },
	{ STR("record created on"), WHOIS_CREATED, 0 },
	{ STR("domain dateregistered"), WHOIS_CREATED, 0 },
	{ STR("assigned date"), WHOIS_CREATED, 0 },
	{ STR("assigned"), WHOIS_CREATED, 0 },
	{ STR("activation"), WHOIS_CREATED, 0 },
	{ STR("fecha de creacion"), WHOIS_CREATED, 0 },
	{ STR("fecha de activación"), WHOIS_CREATED, 0 },
	{ STR("date de création"), WHOIS_CREATED, 0 },
	{ STR("登録年月日"), WHOIS_CREATED, 0 },
	{ STR("割当年月日"), WHOIS_CREATED, 0 },
	{ STR("updated"), WHOIS_UPDATED, 0 },
	{ STR("updated on"), WHOIS_UPDATED, 0 },
	{ STR("updated date"), WHOIS_UPDATED, 0 },
	{ STR("update date"), WHOIS_UPDATED, 0 },
	{ STR("last updated"), WHOIS_UPDATED, 0 },
	{ STR("last updated on"), WHOIS_UPDATED, 0 },
	{ STR("last updated date"), WHOIS_UPDATED, 0 },
	{ STR("last update"), WHOIS_UPDATED, 0 },
	{ STR("last modified"), WHOIS_UPDATED, 0 },
	{ STR("domain last updated date"), WHOIS_UPDATED, 0 },
	{ STR("domain record last updated"), WHOIS_UPDATED, 0 },
	{ STR("domain datelastmodified"), WHOIS_UPDATED, 0 },
	{ STR("record last updated on"), WHOIS_UPDATED, 0 },
	{ STR("record modified"), WHOIS_UPDATED, 0 },
	{ STR("modified"), WHOIS_UPDATED, 0 },
	{ STR("modified date"), WHOIS_UPDATED, 0 },
	{ STR("modification date"), WHOIS_UPDATED, 0 },
	{ STR("changed"), WHOIS_UPDATED, 0 },
	{ STR("ultima actualizacion"), WHOIS_UPDATED, 0 },
	{ STR("last modification"), WHOIS_UPDATED, 0 },
	{ STR("dernière modification"), WHOIS_UPDATED, 0 },
	{ STR("最終更新"), WHOIS_UPDATED, 0 },
	{ STR("expires"), WHOIS_EXPIRES, 0 },
	{ STR("expires on"), WHOIS_EXPIRES, 0 },
	{ STR("expires at"), WHOIS_EXPIRES, 0 },
	{ STR("expire"), WHOIS_EXPIRES, 0 },
	{ STR("expire date"), WHOIS_EXPIRES, 0 },
	{ STR("expiry"), WHOIS_EXPIRES, 0 },
	{ STR("expiry date"), WHOIS_EXPIRES, 0 },
	{ STR("expiration"), WHOIS_EXPIRES, 0 },
	{ STR("expiration date"), WHOIS_EXPIRES, 0 },
	{ STR("expiration date (dd/mm/yyyy)"), WHOIS_EXPIRES, 0 },
	{ STR("data de expiração / expiration date (dd/mm/yyyy)"), WHOIS_EXPIRES, 0 },
	{ STR("expiration time"), WHOIS_EXPIRES, 0 },
	{ STR("registry expiry date"), WHOIS_EXPIRES, 0 },
	{ STR("registrar registration expiration date"), WHOIS_EXPIRES, 0 },
	{ STR("domain expires"), WHOIS_EXPIRES, 0 },
	{ STR("domain expiration date"), WHOIS_EXPIRES, 0 },
	{ STR("record expires"), WHOIS_EXPIRES, 0 },
	{ STR("record expires on"), WHOIS_EXPIRES, 0 },
	{ STR("renewal date"), WHOIS_EXPIRES, 0 },
	{ STR("renewal"), WHOIS_EXPIRES, 0 },
	{ STR("exp date"), WHOIS_EXPIRES, 0 },
	{ STR("paid till"), WHOIS_EXPIRES, 0 },
	{ STR("validity"), WHOIS_EXPIRES, 0 },
	{ STR("valid until"), WHOIS_EXPIRES, 0 },
	{ STR("valid date"), WHOIS_EXPIRES, 0 },
	{ STR("fecha de vencimiento"), WHOIS_EXPIRES, 0 },
	{ STR("fecha de corte"), WHOIS_EXPIRES, 0 },
	{ STR("date d'expiration"), WHOIS_EXPIRES, 0 },
	{ STR("有効期限"), WHOIS_EXPIRES, 0 },
	{ STR("status"), WHOIS_STATUS, 0 },
	{ STR("state"), WHOIS_STATUS, 0 },
	{ STR("domain status"), WHOIS_STATUS, 0 },
	{ STR("registration status"), WHOIS_STATUS, 0 },
	{ STR("query status"), WHOIS_STATUS, 0 },
	{ STR("domaintype"), WHOIS_STATUS, 0 },
	{ STR("estado / status"), WHOIS_STATUS, 0 },
	{ STR("estatus del dominio"), WHOIS_STATUS, 0 },
	{ STR("状態"), WHOIS_STATUS, 0 },
	{ STR("refer"), WHOIS_REFERRAL, 0 },
	{ STR("whois server"), WHOIS_REFERRAL, 0 },
	{ STR("whois"), WHOIS_REFERRAL, 0 },
	{ STR("registrar whois server"), WHOIS_REFERRAL, 0 },
	{ STR("registrar whois"), WHOIS_REFERRAL, 0 },
	{ STR("referralserver"), WHOIS_REFERRAL, 0 },
	{ STR("netrange"), WHOIS_NETWORK, 0 },
	{ STR("inetnum"), WHOIS_NETWORK, 0 },
	{ STR("inet6num"), WHOIS_NETWORK, 0 },
	{ STR("network number"), WHOIS_NETWORK, 0 },
	{ STR("ipネットワークアドレス"), WHOIS_NETWORK, 0 },
	{ STR("netname"), WHOIS_NETWORK_NAME, 0 },
	{ STR("network name"), WHOIS_NETWORK_NAME, 0 },
	{ STR("ネットワーク名"), WHOIS_NETWORK_NAME, 0 },
	{ STR("as name"), WHOIS_NETWORK_NAME, 0 },
	{ STR("asname"), WHOIS_NETWORK_NAME, 0 },
	{ STR("as名"), WHOIS_NETWORK_NAME, 0 },
	{ STR("aut num"), WHOIS_AUTNUM, 0 },
	{ STR("asnumber"), WHOIS_AUTNUM, 0 },
	{ STR("as number"), WHOIS_AUTNUM, 0 },
	{ STR("as番号"), WHOIS_AUTNUM, 0 },
	{ STR("registrant"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("registrant details"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("registrant contact"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("registrant contact information"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("registrant information"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("titular"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("titular / registrant"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("titulaire"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("owner"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("owner c"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("owner contact"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("organization using domain name"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("holder"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("holder c"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("domain holder"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("holder of domain name"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("licensee"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("登録者名"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("admin c"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("admin"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("admin contact"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("administrative contact"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("administrative contacts"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("administrative contact information"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("administrative contact(ac)"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("contacto administrativo"), WHOIS_PARTY, ROLE(ADMIN) },
	{ STR("tech c"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("tech"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("tech contact"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("technical contact"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("technical contacts"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("registrar technical contacts"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("technical contact information"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("contacto tecnico"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("zone c"), WHOIS_PARTY, ROLE(TECHNICAL) },
	{ STR("billing c"), WHOIS_PARTY, ROLE(BILLING) },
	{ STR("billing contact"), WHOIS_PARTY, ROLE(BILLING) },
	{ STR("contacto de cobranza"), WHOIS_PARTY, ROLE(BILLING) },
	{ STR("abuse c"), WHOIS_PARTY, ROLE(ABUSE) },
	{ STR("orgname"), WHOIS_ORG, ROLE(REGISTRANT) },
	{ STR("custname"), WHOIS_ORG, ROLE(REGISTRANT) },
	{ STR("orgid"), WHOIS_HANDLE, ROLE(REGISTRANT) },
	{ STR("registrant organization"), WHOIS_ORG, ROLE(REGISTRANT) },
	{ STR("company english name"), WHOIS_ORG_EN, ROLE(REGISTRANT) },
	{ STR("組織名"), WHOIS_ORG_JA, ROLE(REGISTRANT) },
	{ STR("そしきめい"), WHOIS_ORG_KANA, ROLE(REGISTRANT) },
	{ STR("contact information"), WHOIS_ELSE, 0 },
	{ STR("公開連絡窓口"), WHOIS_ELSE, 0 },
	{ STR("relevant dates"), WHOIS_ELSE, 0 },
	{ STR("registrant's address"), WHOIS_ELSE, 0 },
	{ STR("keys"), WHOIS_ELSE, 0 },
	{ STR("dnssec"), WHOIS_ELSE, 0 },
	{ STR("ds rdata"), WHOIS_ELSE, 0 },
	{ STR("signing key"), WHOIS_ELSE, 0 },
	{ STR("署名鍵"), WHOIS_ELSE, 0 },
	{ STR("terms of use"), WHOIS_ELSE, 0 },
	{ STR("notice"), WHOIS_ELSE, 0 },
	{ STR("reseller"), WHOIS_ELSE, 0 },
	{ STR("date approved"), WHOIS_CREATED, 0 },
	{ STR("entry created"), WHOIS_CREATED, 0 },
	{ STR("activated on"), WHOIS_CREATED, 0 },
	{ STR("acivated"), WHOIS_CREATED, 0 },
	{ STR("activated"), WHOIS_CREATED, 0 },
	{ STR("domain creation date"), WHOIS_CREATED, 0 },
	{ STR("domain registered"), WHOIS_CREATED, 0 },
	{ STR("registration"), WHOIS_CREATED, 0 },
	{ STR("fecha de registro"), WHOIS_CREATED, 0 },
	{ STR("entry updated"), WHOIS_UPDATED, 0 },
	{ STR("record changed on"), WHOIS_UPDATED, 0 },
	{ STR("record last updated"), WHOIS_UPDATED, 0 },
	{ STR("record last modified"), WHOIS_UPDATED, 0 },
	{ STR("domain last updated"), WHOIS_UPDATED, 0 },
	{ STR("expired"), WHOIS_EXPIRES, 0 },
	{ STR("expiration on"), WHOIS_EXPIRES, 0 },
	{ STR("date renewal"), WHOIS_EXPIRES, 0 },
	{ STR("record expired"), WHOIS_EXPIRES, 0 },
	{ STR("record will expire on"), WHOIS_EXPIRES, 0 },
	{ STR("domain currently expires"), WHOIS_EXPIRES, 0 },
	{ STR("domain datebilleduntil"), WHOIS_EXPIRES, 0 },
	{ STR("registered by"), WHOIS_REGISTRAR, 0 },
	{ STR("servers"), WHOIS_SERVER, 0 },
	{ STR("current nameservers"), WHOIS_SERVER, 0 },
	{ STR("domain name servers listed in order"), WHOIS_SERVER, 0 },
	{ STR("name servers in the listed order"), WHOIS_SERVER, 0 },
	{ STR("dns name"), WHOIS_SERVER, 0 },
	{ STR("ns hostname"), WHOIS_SERVER, 0 },
	{ STR("nom de domaine"), WHOIS_DOMAIN, 0 },
	{ STR("auth area"), WHOIS_ELSE, 0 },
	{ STR("registered for"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("registrant code"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("domain owner"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("domain registrant"), WHOIS_PARTY, ROLE(REGISTRANT) },
	{ STR("department name"), WHOIS_ORG, ROLE(REGISTRANT) },
};

static const struct {
	struct str key;
	enum whois_what what;
} fields[] = {
	{ STR("organization"), WHOIS_ORG },
	{ STR("organisation"), WHOIS_ORG },
	{ STR("organization name"), WHOIS_ORG },
	{ STR("organisation name"), WHOIS_ORG },
	{ STR("org"), WHOIS_ORG },
	{ STR("org name"), WHOIS_ORG },
	{ STR("company"), WHOIS_ORG },
	{ STR("company name"), WHOIS_ORG },
	{ STR("owner name"), WHOIS_ORG },
	{ STR("organization loc"), WHOIS_ORG },
	{ STR("organisationname"), WHOIS_ORG },
	{ STR("組織名"), WHOIS_ORG_JA },
	{ STR("company english name"), WHOIS_ORG_EN },
	{ STR("name"), WHOIS_NAME },
	{ STR("person"), WHOIS_NAME },
	{ STR("personname"), WHOIS_NAME },
	{ STR("role"), WHOIS_NAME },
	{ STR("contact name"), WHOIS_NAME },
	{ STR("contact"), WHOIS_HANDLE_OR_NAME },
	{ STR("nic hdl"), WHOIS_HANDLE },
	{ STR("nic hdl br"), WHOIS_HANDLE },
	{ STR("nic handle"), WHOIS_HANDLE },
	{ STR("contact id"), WHOIS_HANDLE },
	{ STR("contactid"), WHOIS_HANDLE },
	{ STR("handle"), WHOIS_HANDLE },
	{ STR("id"), WHOIS_FIELD_ID },
	{ STR("iana id"), WHOIS_FIELD_ID },
	{ STR("type"), WHOIS_TYPE },
	{ STR("country"), WHOIS_COUNTRY },
	{ STR("country code"), WHOIS_COUNTRY },
	{ STR("countrycode"), WHOIS_COUNTRY },
	{ STR("email"), WHOIS_EMAIL },
	{ STR("e mail"), WHOIS_EMAIL },
	{ STR("email address"), WHOIS_EMAIL },
	{ STR("url"), WHOIS_FIELD_URL },
	{ STR("web"), WHOIS_FIELD_URL },
	{ STR("website"), WHOIS_FIELD_URL },
	{ STR("organizacion"), WHOIS_ORG },
	{ STR("descr"), WHOIS_ORG },
	{ STR("nombre"), WHOIS_NAME },
	{ STR("pais"), WHOIS_COUNTRY },
};

/* Longest first: "administrative contact" before "administrative". */
static const struct {
	struct str word;
	enum registration_role role;
} roles[] = {
	{ STR("administrative contact"), ROLE(ADMIN) },
	{ STR("technical contact"), ROLE(TECHNICAL) },
	{ STR("registrant contact"), ROLE(REGISTRANT) },
	{ STR("billing contact"), ROLE(BILLING) },
	{ STR("admin contact"), ROLE(ADMIN) },
	{ STR("owner contact"), ROLE(REGISTRANT) },
	{ STR("tech contact"), ROLE(TECHNICAL) },
	{ STR("administrative"), ROLE(ADMIN) },
	{ STR("registrant"), ROLE(REGISTRANT) },
	{ STR("technical"), ROLE(TECHNICAL) },
	{ STR("billing"), ROLE(BILLING) },
	{ STR("holder"), ROLE(REGISTRANT) },
	{ STR("owner"), ROLE(REGISTRANT) },
	{ STR("admin"), ROLE(ADMIN) },
	{ STR("tech"), ROLE(TECHNICAL) },
};

enum whois_what
whois_field(struct str key)
{
	for (size_t i = 0; i < COUNT(fields); i++)
		if (str_eq(key, fields[i].key))
			return fields[i].what;
	return WHOIS_NOTHING;
}

struct whois_meaning
whois_key(struct str key)
{
	if (str_starts(key, STR("registry ")) && str_ends(key, STR(" id")))
		key = str_eq(key, STR("registry domain id")) ? key : str_skip(key, 9);
	for (size_t i = 0; i < COUNT(keys); i++)
		if (str_eq(key, keys[i].key))
			return (struct whois_meaning){ keys[i].what, keys[i].role };
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct str rest = str_skip(key, roles[i].word.len);
		if (!str_starts(key, roles[i].word) || rest.len < 2 || !strchr(" .", rest.ptr[0]))
			continue;
		enum whois_what what = whois_field(str_trim(str_skip(rest, 1)));
		if (what == WHOIS_FIELD_ID)
			what = WHOIS_HANDLE;
		if (what != WHOIS_NOTHING)
			return (struct whois_meaning){ what, roles[i].role };
	}
	return (struct whois_meaning){ WHOIS_NOTHING, 0 };
}

struct whois_meaning
whois_opening(struct str line, size_t *value)
{
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct str key = keys[i].key;
		if (str_ends(key, STR(" on")) && line.len > key.len + 1 && str_starts(line, key) &&
		    line.ptr[key.len] == ' ') {
			*value = key.len + 1;
			return (struct whois_meaning){ keys[i].what, keys[i].role };
		}
	}
	return (struct whois_meaning){ WHOIS_NOTHING, 0 };
}

struct phrase {
	struct str text;
	enum registration_answer answer;
};

static const struct phrase statuses[] = {
	{ STR("available"), REGISTRATION_NOT_FOUND },      { STR("free"), REGISTRATION_NOT_FOUND },
	{ STR("not registered"), REGISTRATION_NOT_FOUND }, { STR("no object found"), REGISTRATION_NOT_FOUND },
	{ STR("not found"), REGISTRATION_NOT_FOUND },      { STR("no match"), REGISTRATION_NOT_FOUND },
	{ STR("220 available"), REGISTRATION_NOT_FOUND },  { STR("reserved"), REGISTRATION_RESERVED },
	{ STR("unassignable"), REGISTRATION_RESERVED },    { STR("unavailable"), REGISTRATION_RESERVED },
	{ STR("not available"), REGISTRATION_RESERVED },   { STR("premium name"), REGISTRATION_RESERVED },
	{ STR("prohibited"), REGISTRATION_RESERVED },      { STR("forbidden"), REGISTRATION_RESERVED },
	{ STR("blocked"), REGISTRATION_RESERVED },         { STR("not allowed"), REGISTRATION_INVALID },
	{ STR("invalid"), REGISTRATION_INVALID },          { STR("440 request denied"), REGISTRATION_RATE_LIMITED },
};

enum registration_answer
whois_status(struct str low)
{
	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct str behind = str_skip(low, statuses[i].text.len);
		if (str_starts(low, statuses[i].text) &&
		    (behind.len == 0 || behind.ptr[0] == ' ' || behind.ptr[0] == '.'))
			return statuses[i].answer;
	}
	return REGISTRATION_UNCLEAR;
}

/* Asked only where an answer holds no data, first line first: what limits a server comes before what it knows. */
static const struct phrase sentences[] = {
	{ STR("limit exceeded"), REGISTRATION_RATE_LIMITED },
	{ STR("limit reached"), REGISTRATION_RATE_LIMITED },
	{ STR("quota exceeded"), REGISTRATION_RATE_LIMITED },
	{ STR("address blocked"), REGISTRATION_RATE_LIMITED },
	{ STR("maximum queries per"), REGISTRATION_RATE_LIMITED },
	{ STR("grace period, wait"), REGISTRATION_RATE_LIMITED },
	{ STR("exceeded your"), REGISTRATION_RATE_LIMITED },
	{ STR("exceeded the"), REGISTRATION_RATE_LIMITED },
	{ STR("has been exceeded"), REGISTRATION_RATE_LIMITED },
	{ STR("request per second"), REGISTRATION_RATE_LIMITED },
	{ STR("excessive querying,"), REGISTRATION_RATE_LIMITED },
	{ STR("too many connections"), REGISTRATION_RATE_LIMITED },
	{ STR("too many requests"), REGISTRATION_RATE_LIMITED },
	{ STR("too many queries"), REGISTRATION_RATE_LIMITED },
	{ STR("query rate limit exceeded"), REGISTRATION_RATE_LIMITED },
	{ STR("please go away for"), REGISTRATION_RATE_LIMITED },
	{ STR("slow down"), REGISTRATION_RATE_LIMITED },
	{ STR("temporarily unavailable"), REGISTRATION_UNAVAILABLE },
	{ STR("is currently down"), REGISTRATION_UNAVAILABLE },
	{ STR("too busy"), REGISTRATION_UNAVAILABLE },
	{ STR("unable to process"), REGISTRATION_UNAVAILABLE },
	{ STR("down for maintenance"), REGISTRATION_UNAVAILABLE },
	{ STR("not found"), REGISTRATION_NOT_FOUND },
	{ STR("no match"), REGISTRATION_NOT_FOUND },
	{ STR("no entries found"), REGISTRATION_NOT_FOUND },
	{ STR("no data found"), REGISTRATION_NOT_FOUND },
	{ STR("no data was found"), REGISTRATION_NOT_FOUND },
	{ STR("no object found"), REGISTRATION_NOT_FOUND },
	{ STR("no found"), REGISTRATION_NOT_FOUND },
	{ STR("nothing found"), REGISTRATION_NOT_FOUND },
	{ STR("no records matching"), REGISTRATION_NOT_FOUND },
	{ STR("not registred"), REGISTRATION_NOT_FOUND },
	{ STR("no existe"), REGISTRATION_NOT_FOUND },
	{ STR("name not known"), REGISTRATION_NOT_FOUND },
	{ STR("no records found"), REGISTRATION_NOT_FOUND },
	{ STR("no results were found"), REGISTRATION_NOT_FOUND },
	{ STR("no objects found"), REGISTRATION_NOT_FOUND },
	{ STR("no domain records were found"), REGISTRATION_NOT_FOUND },
	{ STR("no such domain"), REGISTRATION_NOT_FOUND },
	{ STR("no matching"), REGISTRATION_NOT_FOUND },
	{ STR("no information available"), REGISTRATION_NOT_FOUND },
	{ STR("no information was found"), REGISTRATION_NOT_FOUND },
	{ STR("not have an entry"), REGISTRATION_NOT_FOUND },
	{ STR("not registered"), REGISTRATION_NOT_FOUND },
	{ STR("not been registered"), REGISTRATION_NOT_FOUND },
	{ STR("does not exist"), REGISTRATION_NOT_FOUND },
	{ STR("is available for"), REGISTRATION_NOT_FOUND },
	{ STR("could not find"), REGISTRATION_NOT_FOUND },
	{ STR("not available in our"), REGISTRATION_NOT_FOUND },
	{ STR("returned 0 objects"), REGISTRATION_NOT_FOUND },
	{ STR("該当するデータがありません"), REGISTRATION_NOT_FOUND },
	{ STR("reserved by"), REGISTRATION_RESERVED },
	{ STR("is reserved"), REGISTRATION_RESERVED },
	{ STR("reserved list"), REGISTRATION_RESERVED },
	{ STR("is prohibited"), REGISTRATION_RESERVED },
	{ STR("is restricted"), REGISTRATION_RESERVED },
	{ STR("reserved name"), REGISTRATION_RESERVED },
	{ STR("name is not available"), REGISTRATION_RESERVED },
	{ STR("domain not available"), REGISTRATION_RESERVED },
	{ STR("cannot be registered"), REGISTRATION_INVALID },
	{ STR("can not be registered"), REGISTRATION_RESERVED },
	{ STR("invalid"), REGISTRATION_INVALID },
};

enum registration_answer
whois_sentence(struct str low)
{
	for (size_t i = 0; i < COUNT(sentences); i++)
		if (str_contains(low, sentences[i].text))
			return sentences[i].answer;
	if (str_eq(low, STR("available")) || str_eq(low, STR("free")) || str_ends(low, STR(" is available")) ||
	    str_ends(low, STR(" is free")))
		return REGISTRATION_NOT_FOUND;
	return str_starts(low, STR("restricted")) ? REGISTRATION_RESERVED : REGISTRATION_UNCLEAR;
}
