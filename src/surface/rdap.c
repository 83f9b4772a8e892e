#include "surface/rdap.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"

#define ENTITIES_MAX 256 /* of one answer, nested ones included */
#define DEPTH_MAX 6

struct reader {
	struct arena *a;
	struct registration *out;
	size_t entities;
};

static const struct {
	struct str word;
	enum registration_role role;
} roles[] = {
	{ STR("registrant"), REGISTRATION_REGISTRANT }, { STR("administrative"), REGISTRATION_ADMIN },
	{ STR("technical"), REGISTRATION_TECHNICAL },   { STR("billing"), REGISTRATION_BILLING },
	{ STR("abuse"), REGISTRATION_ABUSE },
};

static const struct {
	struct str word;
	enum registration_kind kind;
} kinds[] = {
	{ STR("domain"), REGISTRATION_DOMAIN },         { STR("ip network"), REGISTRATION_NETWORK },
	{ STR("autnum"), REGISTRATION_AUTNUM },         { STR("entity"), REGISTRATION_ENTITY },
	{ STR("nameserver"), REGISTRATION_NAMESERVER },
};

static void
first(struct reader *r, struct str *into, struct str value)
{
	if (into->len == 0)
		*into = registration_text(r->a, value);
}

/* A text, or the first of several ("org" may be ["Example Inc.", "Department"]). */
static struct str
text_of(const struct json *value)
{
	while (value && value->kind == JSON_KIND_ARRAY)
		value = value->count > 0 ? &value->item[0] : NULL;
	return value && value->kind == JSON_KIND_STRING ? value->text : STR_NONE;
}

/* Japanese is what is marked so (RFC 7095, "language"), has kana, or a form of company that only Japan writes so. */
static bool
is_japanese(struct str s, struct str language)
{
	static const struct str words[] = { STR("株式会社"), STR("有限会社"), STR("合同会社"), STR("医療法人"),
					    STR("学校法人"), STR("財団法人"), STR("社団法人"), STR("行政法人") };
	if (str_starts(language, STR("ja")))
		return true;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_contains(s, words[i]))
			return true;
	for (size_t i = 0; i + 2 < s.len; i++) {
		const unsigned char *p = (const unsigned char *)s.ptr + i;
		if (p[0] == 0xe3 && p[1] >= 0x81 && p[1] <= 0x83)
			return true;
	}
	return false;
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

struct card {
	struct str name, organisation, country;
	struct str organisation_ja, organisation_en;
	struct str email_domain;
	bool person, group; /* "kind", where it is told */
};

static void
card_organisation(struct reader *r, struct card *c, struct str value, struct str language)
{
	first(r, &c->organisation, value);
	if (is_japanese(value, language))
		first(r, &c->organisation_ja, value);
	else if (is_ascii(value))
		first(r, &c->organisation_en, value);
}

/* One property of jCard (RFC 7095): [name, {parameters}, type, value …]. */
static void
card_property(struct reader *r, struct card *c, const struct json *p)
{
	if (p->kind != JSON_KIND_ARRAY || p->count < 4)
		return;
	struct str name = text_of(&p->item[0]), value = text_of(&p->item[3]);
	if (str_eq_nocase(name, STR("fn")))
		first(r, &c->name, value);
	else if (str_eq_nocase(name, STR("org")) && value.len > 0)
		card_organisation(r, c, value, json_get_str(&p->item[1], "language"));
	else if (str_eq_nocase(name, STR("kind"))) {
		c->person = str_eq_nocase(value, STR("individual"));
		c->group = str_eq_nocase(value, STR("org"));
	} else if (str_eq_nocase(name, STR("email")) && c->email_domain.len == 0)
		c->email_domain = registration_email_domain(r->a, value);
	else if (str_eq_nocase(name, STR("adr"))) {
		const struct json *adr = &p->item[3];
		first(r, &c->country, json_get_str(&p->item[1], "cc"));
		if (adr->kind == JSON_KIND_ARRAY && adr->count == 7)
			first(r, &c->country, text_of(&adr->item[6]));
	}
}

static void
card_read(struct reader *r, const struct json *entity, struct card *c)
{
	size_t count = 0;
	const struct json *card = json_get_array(entity, "vcardArray", &count);
	if (!card || count < 2 || card[1].kind != JSON_KIND_ARRAY)
		return;
	for (size_t i = 0; i < card[1].count; i++)
		card_property(r, c, &card[1].item[i]);
	if (c->group)
		first(r, &c->organisation, c->name);
}

static void
take_party(struct reader *r, struct registration_party *p, const struct json *entity, const struct card *c)
{
	first(r, &p->organisation, c->organisation);
	first(r, &p->organisation_ja, c->organisation_ja);
	first(r, &p->organisation_en, c->organisation_en);
	if (!c->person)
		first(r, &p->name, c->name);
	first(r, &p->handle, json_get_str(entity, "handle"));
	first(r, &p->country, c->country);
	if (p->email_domain.len == 0)
		p->email_domain = c->email_domain;
}

static void
take_registrar(struct reader *r, const struct json *entity, const struct card *c)
{
	size_t count = 0;
	const struct json *ids = json_get_array(entity, "publicIds", &count);
	first(r, &r->out->registrar, c->name.len > 0 ? c->name : c->organisation);
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(json_get_str(&ids[i], "type"), STR("IANA Registrar ID")))
			first(r, &r->out->registrar_id, json_get_str(&ids[i], "identifier"));
}

/* What stands below a registrar or an owner are its own contacts: only where abuse is to be told is anybody's. */
static void
take_role(struct reader *r, struct str word, unsigned depth, const struct json *entity, const struct card *c)
{
	if (depth == 0 && str_eq_nocase(word, STR("registrar")))
		take_registrar(r, entity, c);
	for (size_t i = 0; i < COUNT(roles); i++)
		if (str_eq_nocase(word, roles[i].word) && (depth == 0 || roles[i].role == REGISTRATION_ABUSE))
			take_party(r, &r->out->party[roles[i].role], entity, c);
}

static void
entities(struct reader *r, const struct json *object, unsigned depth)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, "entities", &count);
	for (size_t i = 0; i < count && r->entities < ENTITIES_MAX; i++) {
		size_t n = 0;
		const struct json *role = json_get_array(&list[i], "roles", &n);
		struct card c = { 0 };
		r->entities++;
		card_read(r, &list[i], &c);
		for (size_t k = 0; k < n; k++)
			take_role(r, text_of(&role[k]), depth, &list[i], &c);
		if (depth < DEPTH_MAX)
			entities(r, &list[i], depth + 1);
	}
}

static void
events(struct reader *r, const struct json *object)
{
	const struct {
		struct str action;
		int64_t *into;
	} known[] = { { STR("registration"), &r->out->created },
		      { STR("expiration"), &r->out->expires },
		      { STR("last changed"), &r->out->updated } };
	size_t count = 0;
	const struct json *list = json_get_array(object, "events", &count);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < COUNT(known); k++)
			if (*known[k].into == 0 &&
			    str_eq_nocase(json_get_str(&list[i], "eventAction"), known[k].action))
				(void)registration_date(json_get_str(&list[i], "eventDate"), false, known[k].into);
}

/* RFC 9537: what was taken out is named. */
static void
redactions(struct reader *r, const struct json *object)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, "redacted", &count);
	for (size_t i = 0; i < count; i++) {
		const struct json *name = json_get(&list[i], "name");
		struct str what = json_get_str(name, "description");
		if (what.len == 0)
			what = json_get_str(name, "type");
		r->out->hidden |=
			str_starts(what, STR("Registrant Name")) || str_starts(what, STR("Registrant Organization"));
	}
}

static void
links(struct reader *r, const struct json *object)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, "links", &count);
	for (size_t i = 0; i < count; i++) {
		struct str href = json_get_str(&list[i], "href"), type = json_get_str(&list[i], "type");
		if (!str_eq_nocase(json_get_str(&list[i], "rel"), STR("related")) ||
		    !(str_starts(href, STR("https://")) || str_starts(href, STR("http://"))))
			continue;
		if (type.len == 0 || str_eq_nocase(type, STR("application/rdap+json")))
			first(r, &r->out->referral, href);
	}
}

static void
lists(struct reader *r, const struct json *object)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, "nameservers", &count);
	for (size_t i = 0; i < count; i++)
		registration_add(&r->out->servers, registration_host(r->a, json_get_str(&list[i], "ldhName")));
	list = json_get_array(object, "status", &count);
	for (size_t i = 0; i < count; i++)
		registration_add(&r->out->status, registration_text(r->a, text_of(&list[i])));
}

/* "192.0.2.0/24" where it is told so, else from – to. */
static void
range(struct reader *r, const struct json *object)
{
	struct registration *out = r->out;
	size_t count = 0;
	const struct json *cidr = json_get_array(object, "cidr0_cidrs", &count);
	struct str from = json_get_str(object, "startAddress"), to = json_get_str(object, "endAddress");
	int64_t low = json_get_i64(object, "startAutnum", -1), high = json_get_i64(object, "endAutnum", low);
	if (out->kind == REGISTRATION_AUTNUM && low >= 0)
		out->range = low == high ? arena_printf(r->a, "AS%lld", (long long)low)
					 : arena_printf(r->a, "AS%lld - AS%lld", (long long)low, (long long)high);
	if (out->kind != REGISTRATION_NETWORK)
		return;
	if (count == 1) {
		struct str prefix = json_get_str(cidr, "v4prefix");
		prefix = prefix.len > 0 ? prefix : json_get_str(cidr, "v6prefix");
		int64_t length = json_get_i64(cidr, "length", -1);
		if (prefix.len > 0 && prefix.len < 64 && length >= 0 && length <= 128)
			first(r, &out->range, arena_printf(r->a, "%.*s/%lld", STR_ARG(prefix), (long long)length));
	}
	if (from.len > 0 && from.len < 64 && to.len > 0 && to.len < 64)
		first(r, &out->range, arena_printf(r->a, "%.*s - %.*s", STR_ARG(from), STR_ARG(to)));
}

static void
object_read(struct reader *r, const struct json *object)
{
	struct registration *out = r->out;
	struct registration_party *owner = &out->party[REGISTRATION_REGISTRANT];
	bool named = out->kind == REGISTRATION_DOMAIN || out->kind == REGISTRATION_NAMESERVER;
	out->answer = REGISTRATION_FOUND;
	first(r, &out->handle, json_get_str(object, "handle"));
	if (named)
		out->name = registration_host(r->a, json_get_str(object, "ldhName"));
	else
		first(r, &out->name, json_get_str(object, "name"));
	first(r, &out->unicode, json_get_str(object, "unicodeName"));
	range(r, object);
	lists(r, object);
	events(r, object);
	links(r, object);
	if (out->kind == REGISTRATION_ENTITY) {
		struct card c = { 0 };
		card_read(r, object, &c);
		take_party(r, owner, object, &c);
	} else
		first(r, &owner->country, json_get_str(object, "country"));
	entities(r, object, 0);
	redactions(r, object);
	registration_settle(out);
}

static enum registration_kind
kind_of(const struct json *object)
{
	struct str class = json_get_str(object, "objectClassName");
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_eq_nocase(class, kinds[i].word))
			return kinds[i].kind;
	return REGISTRATION_UNKNOWN;
}

/* The results of a search; NULL where it is none. */
static const struct json *
results_of(const struct json *body, size_t *count)
{
	static const char *const results[] = { "domainSearchResults", "entitySearchResults",
					       "nameserverSearchResults" };
	for (size_t i = 0; i < COUNT(results); i++) {
		const struct json *list = json_get(body, results[i]);
		*count = list && list->kind == JSON_KIND_ARRAY ? list->count : 0;
		if (list && list->kind == JSON_KIND_ARRAY)
			return list;
	}
	return NULL;
}

/* Of a search the first result. */
static const struct json *
result_of(const struct json *body)
{
	size_t count = 0;
	const struct json *list = results_of(body, &count);
	return count > 0 ? &list->item[0] : body;
}

static enum registration_answer
answer_of(int64_t status)
{
	if (status == 404)
		return REGISTRATION_NOT_FOUND;
	if (status == 429)
		return REGISTRATION_RATE_LIMITED;
	if (status == 400 || status == 422)
		return REGISTRATION_INVALID;
	return status >= 500 ? REGISTRATION_UNAVAILABLE : REGISTRATION_UNCLEAR;
}

static const struct json_limits limits = { .depth = 24, .string_max = 64 << 10, .total = 4 << 20, .values = 100000 };

bool
rdap_read(struct arena *a, struct str body, int http_status, struct registration *out, struct err *e)
{
	struct reader r = { .a = a, .out = out };
	struct json *tree = NULL;
	memset(out, 0, sizeof(*out));
	if (http_status >= 400) {
		out->answer = answer_of(http_status);
		return true;
	}
	if (!json_parse(a, body, &limits, &tree, e))
		return err_wrap(e, "reading an answer of RDAP");
	int64_t code = json_get_i64(tree, "errorCode", 0);
	if (code >= 400) {
		out->answer = answer_of(code);
		return true;
	}
	const struct json *object = result_of(tree);
	out->kind = kind_of(object);
	if (out->kind == REGISTRATION_UNKNOWN)
		return err_set(e, ERR_INPUT,
			       "this answer of RDAP is of no known class; ask for a domain, a network, an AS or an "
			       "entity");
	object_read(&r, object);
	return true;
}

/* ---- searches ---- */

/* "…?name=x&cursor=THIS": it becomes a part of our next question. */
static struct str
cursor_of(struct arena *a, struct str href)
{
	BUF_AUTO text = { 0 };
	ptrdiff_t at = str_find(href, STR("cursor="));
	if (at < 1 || !strchr("?&", href.ptr[at - 1]))
		return STR_NONE;
	struct str value = str_skip(href, (size_t)at + 7), rest;
	(void)str_split(value, '&', &value, &rest);
	if (value.len == 0 || value.len > RDAP_CURSOR_MAX || !percent_decode(&text, value))
		return STR_NONE;
	value = buf_str(&text);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] <= ' ' || value.ptr[i] >= 0x7f || value.ptr[i] == '@')
			return STR_NONE;
	return arena_str(a, value);
}

/* What RFC 8977 says of pages, and the notices of RFC 9083 9. */
static void
paging(struct arena *a, const struct json *body, struct rdap_search *out)
{
	size_t count = 0;
	const struct json *list = json_get_array(json_get(body, "paging_metadata"), "links", &count);
	for (size_t i = 0; i < count && out->cursor.len == 0; i++)
		if (str_eq_nocase(json_get_str(&list[i], "rel"), STR("next")))
			out->cursor = cursor_of(a, json_get_str(&list[i], "href"));
	out->more |= out->cursor.len > 0;
	list = json_get_array(body, "notices", &count);
	for (size_t i = 0; i < count; i++)
		out->more |= str_starts(json_get_str(&list[i], "type"), STR("result set truncated"));
}

bool
rdap_search_read(struct arena *a, struct str body, rdap_result_fn *each, void *user, struct rdap_search *out,
		 struct err *e)
{
	struct json *tree = NULL;
	size_t count = 0;
	*out = (struct rdap_search){ 0 };
	if (!json_parse(a, body, &limits, &tree, e))
		return err_wrap(e, "reading an answer of RDAP");
	const struct json *list = results_of(tree, &count);
	if (!list && json_get_i64(tree, "errorCode", 0) == 404)
		return true;
	if (!list)
		return err_set(e, ERR_INPUT, "this answer of RDAP is none to a search: it has no list of results");
	paging(a, tree, out);
	out->more |= count > RDAP_RESULTS_MAX;
	for (size_t i = 0; i < count && i < RDAP_RESULTS_MAX; i++) {
		struct registration one = { .kind = kind_of(&list->item[i]) };
		struct reader r = { .a = a, .out = &one };
		if (one.kind == REGISTRATION_UNKNOWN)
			continue;
		object_read(&r, &list->item[i]);
		out->results++;
		if (each)
			each(user, &one);
	}
	return true;
}
