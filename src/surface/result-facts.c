#include "surface/read-internal.h"
#include "surface/result-facts.h"

enum { LIST_MAX = 50, TEXT_MAX = 300 };

/* The newest fact of a kind: sources may tell an older state. */
static const struct edge *
newest(const struct graph *g, const struct node *n, enum fact_kind kind)
{
	const struct edge *e, *best = NULL;
	for (size_t i = 0; (e = graph_out(g, n, kind, &i));)
		if (!best || e->at > best->at)
			best = e;
	return best;
}

static void
text_put(struct json_writer *w, const char *key, struct str text)
{
	ARENA_AUTO a = { 0 };
	if (text.len)
		json_put_str(w, key, str_trim(arena_line(&a, text, TEXT_MAX)));
}

/* A fact's own words, or the thing that it leads to. */
static void
fact_put(struct json_writer *w, const char *key, const struct graph *g, const struct node *n, enum fact_kind kind)
{
	const struct edge *e = newest(g, n, kind);
	const struct node *to = e ? graph_at(g, e->to) : NULL;
	if (e)
		text_put(w, key, to ? to->name : e->text);
}

static void
date_put(struct json_writer *w, const char *key, const struct graph *g, const struct node *n, enum fact_kind kind)
{
	const struct edge *e = newest(g, n, kind);
	if (e && e->number)
		json_put_time(w, key, e->number);
}

static bool
listed(const struct str *list, size_t count, struct str one)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i], one))
			return true;
	return false;
}

/* Each once, whoever said it; in the order in which it was learned. */
static void
list_put(struct json_writer *w, const char *key, const struct graph *g, const struct node *n, enum fact_kind kind,
	 bool to_it)
{
	struct str list[LIST_MAX];
	size_t count = 0;
	const struct edge *e;
	for (size_t i = 0; count < LIST_MAX && (e = to_it ? graph_in(g, n, kind, &i) : graph_out(g, n, kind, &i));) {
		const struct node *end = graph_at(g, to_it ? e->from : e->to);
		struct str one = end ? end->name : e->text;
		if (one.len && !listed(list, count, one))
			list[count++] = one;
	}
	if (!count)
		return;
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, list[i]);
	json_end_array(w);
}

static void
service_write(struct json_writer *w, const struct graph *g, const struct node *service, const struct edge *e)
{
	json_begin_object(w);
	json_put_str(w, "service", service->name);
	text_put(w, "protocol", e->text);
	fact_put(w, "product", g, service, FACT_SERVICE_PRODUCT);
	fact_put(w, "title", g, service, FACT_SERVICE_TITLE);
	json_put_cstr(w, "source", service_name(e->service));
	json_put_time(w, "seen", e->at);
	json_end_object(w);
}

/* Told by several sources, a service is there once: as the newest says. */
static void
services_write(struct json_writer *w, const struct graph *g, const struct node *address)
{
	const struct edge *shown[LIST_MAX], *e;
	size_t count = 0;
	for (size_t i = 0; (e = graph_in(g, address, FACT_SERVICE, &i));) {
		size_t k = 0;
		while (k < count && shown[k]->from != e->from)
			k++;
		if (k == count && count < LIST_MAX)
			shown[count++] = e;
		else if (k < count && e->at > shown[k]->at)
			shown[k] = e;
	}
	if (!count)
		return;
	json_key(w, "services");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		service_write(w, g, graph_at(g, shown[i]->from), shown[i]);
	json_end_array(w);
}

/* Which services the organisation has proven to that the domain is its own: its accounts there. */
static void
accounts_put(struct json_writer *w, const struct graph *g, const struct node *n)
{
	struct str list[LIST_MAX];
	size_t count = 0;
	const struct edge *e;
	for (size_t i = 0; count < LIST_MAX && (e = graph_out(g, n, FACT_TOKEN, &i));) {
		const char *vendor = read_token_vendor(e->text);
		if (vendor && !listed(list, count, str_of(vendor)))
			list[count++] = str_of(vendor);
	}
	if (!count)
		return;
	json_key(w, "accounts");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, list[i]);
	json_end_array(w);
}

static void
domain_write(struct json_writer *w, const struct graph *g, const struct node *n)
{
	fact_put(w, "registrant", g, n, FACT_REGISTRANT);
	fact_put(w, "registrar", g, n, FACT_REGISTRAR);
	date_put(w, "created", g, n, FACT_CREATED);
	date_put(w, "expires", g, n, FACT_EXPIRES);
	list_put(w, "name_servers", g, n, FACT_NAME_SERVER, false);
	list_put(w, "mail", g, n, FACT_MAIL, false);
	fact_put(w, "spf", g, n, FACT_SPF_POLICY);
	fact_put(w, "dmarc", g, n, FACT_DMARC_POLICY);
	list_put(w, "dkim", g, n, FACT_DKIM, false);
	accounts_put(w, g, n);
	fact_put(w, "any_name_below", g, n, FACT_WILDCARD);
	if (n->names_left)
		json_put_i64(w, "names_not_asked", n->names_left);
}

static void
certificate_write(struct json_writer *w, const struct graph *g, const struct node *n)
{
	fact_put(w, "issuer", g, n, FACT_CERTIFICATE_ISSUER);
	fact_put(w, "organisation", g, n, FACT_CERTIFICATE_ORGANISATION);
	date_put(w, "from", g, n, FACT_CERTIFICATE_FROM);
	date_put(w, "until", g, n, FACT_CERTIFICATE_UNTIL);
	list_put(w, "names", g, n, FACT_CERTIFICATE_NAME, false);
	list_put(w, "shown_at", g, n, FACT_SERVICE_CERTIFICATE, true);
}

void
result_facts_write(struct json_writer *w, const struct graph *g, const struct node *n)
{
	if (n->is == THING_DOMAIN)
		domain_write(w, g, n);
	else if (n->is == THING_NAME) {
		fact_put(w, "alias", g, n, FACT_ALIAS);
		fact_put(w, "any_name_below", g, n, FACT_WILDCARD);
		if (n->wildcard)
			json_put_bool(w, "wildcard", true);
		if (n->left)
			json_put_bool(w, "not_asked", true);
	} else if (n->is == THING_CERTIFICATE)
		certificate_write(w, g, n);
	else if (n->is == THING_NETWORK || n->is == THING_AS)
		fact_put(w, "holder", g, n, FACT_HOLDER);
	if (n->is == THING_ADDRESS) {
		fact_put(w, "network", g, n, FACT_IN_NETWORK);
		fact_put(w, "as", g, n, FACT_IN_AS);
		services_write(w, g, n);
	}
	/* "country" of an asset is its seed's. */
	if (n->is == THING_ADDRESS || n->is == THING_NETWORK || n->is == THING_AS)
		fact_put(w, "lies_in", g, n, FACT_COUNTRY);
}
