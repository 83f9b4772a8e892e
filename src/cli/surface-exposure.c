#include "cli/surface-exposure.h"

#include "exposure/index.h"
#include "exposure/mine.h"
#include "exposure/query.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { BANNERS_MAX = 1000, FINGERPRINT = 64 }; /* banners of one question; digits of SHA-256 */

struct surface_exposure {
	struct exposure_index *ix;
	struct arena arena;
	struct table asked; /* nodes by their kind and name */
	struct coverage coverage;
	struct err failed;
};

bool
surface_exposure_open(const char *data, bool wanted, struct surface_exposure **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *damaged;
	size_t count;
	*out = NULL;
	if (!file_exists(path_join(&a, data, "exposure")))
		return !wanted || err_set(e, ERR_NOT_FOUND,
					  "there is no exposure index in %s; mamori exposure import makes one", data);
	struct surface_exposure *x = xcalloc(1, sizeof(*x));
	if (!exposure_open(data, &x->ix, &damaged, &count, &a, e)) {
		free(x);
		return false;
	}
	/* The folder may be there for what is ours alone. */
	if (!wanted && exposure_count(x->ix) == 0 && count == 0) {
		surface_exposure_close(x);
		return true;
	}
	*out = x;
	return true;
}

void
surface_exposure_close(struct surface_exposure *x)
{
	if (!x)
		return;
	exposure_close(x->ix);
	table_free(&x->asked);
	arena_free(&x->arena);
	free(x);
}

struct coverage
surface_exposure_coverage(const struct surface_exposure *x)
{
	struct coverage c = x->coverage;
	c.last_failure = str_of(x->failed.text);
	return c;
}

/* ---- a banner as facts ---- */

struct sighting {
	struct facts *f;
	struct str address, service;
	int64_t at;
	struct str product, version, inferred, inferred_version, print;
	bool found;
};

static void
value(struct sighting *s, enum fact_kind k, enum thing is, struct str subject, struct str text)
{
	struct fact *fact = text.len ? fact_add(s->f, k, is, subject) : NULL;
	if (!fact)
		return;
	fact->seen = s->at;
	fact_text(s->f, text);
}

static void
edge(struct sighting *s, enum fact_kind k, enum thing is, struct str subject, enum thing to, struct str object)
{
	struct fact *fact = object.len ? fact_add(s->f, k, is, subject) : NULL;
	if (!fact)
		return;
	fact->seen = s->at;
	(void)fact_object(s->f, to, object);
}

static struct str
first_line(struct str text)
{
	ptrdiff_t end = str_find_char(text, '\n');
	return str_trim(end < 0 ? text : str_head(text, (size_t)end));
}

static void
of_value(struct sighting *s, const struct banner_value *v)
{
	static const struct {
		enum field field;
		enum fact_kind kind;
		bool address; /* about it, not about the service */
	} texts[] = {
		{ FIELD_TITLE, FACT_SERVICE_TITLE, false },
		{ FIELD_CPE, FACT_SERVICE_CPE, false },
		{ FIELD_VULN, FACT_SERVICE_VULNERABILITY, false },
		{ FIELD_TAG, FACT_TAG, true },
		{ FIELD_COUNTRY, FACT_COUNTRY, true },
	};
	const struct {
		enum field field;
		struct str *into;
	} kept[] = {
		{ FIELD_PRODUCT, &s->product },
		{ FIELD_VERSION, &s->version },
		{ FIELD_PRODUCT_INFERRED, &s->inferred },
		{ FIELD_VERSION_INFERRED, &s->inferred_version },
	};
	ARENA_AUTO a = { 0 };
	for (size_t i = 0; i < COUNT(texts); i++)
		if (v->field == texts[i].field)
			value(s, texts[i].kind, texts[i].address ? THING_ADDRESS : THING_SERVICE,
			      texts[i].address ? s->address : s->service, v->text);
	for (size_t i = 0; i < COUNT(kept); i++)
		if (v->field == kept[i].field)
			*kept[i].into = v->text;
	if (v->field == FIELD_DATA)
		value(s, FACT_SERVICE_BANNER, THING_SERVICE, s->service, first_line(v->text));
	else if (v->field == FIELD_HOSTNAME)
		edge(s, FACT_NAME_SEEN, THING_NAME, v->text, THING_ADDRESS, s->address);
	else if (v->field == FIELD_ASN)
		edge(s, FACT_IN_AS, THING_ADDRESS, s->address, THING_AS,
		     v->number ? arena_printf(&a, "AS%lld", (long long)v->number) : v->text);
	else if (v->field == FIELD_SSL_CERT_FINGERPRINT && v->text.len == FINGERPRINT)
		s->print = v->text;
}

/* Only a certificate that can be told apart, by its SHA-256. */
static void
certificate(struct sighting *s, const struct banner *b)
{
	size_t names = 0;
	if (!s->print.len)
		return;
	edge(s, FACT_SERVICE_CERTIFICATE, THING_SERVICE, s->service, THING_CERTIFICATE, s->print);
	for (size_t i = 0; i < b->count; i++)
		names += b->values[i].field == FIELD_SSL_CERT_NAMES;
	for (size_t i = 0; i < b->count; i++) {
		const struct banner_value *v = &b->values[i];
		if (v->field == FIELD_SSL_CERT_SUBJECT_O)
			edge(s, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, s->print, THING_ORGANISATION,
			     v->text);
		if (v->field != FIELD_SSL_CERT_NAMES)
			continue;
		struct fact *fact = fact_add(s->f, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, s->print);
		if (!fact)
			continue;
		fact->seen = s->at;
		fact->number = (int64_t)names;
		(void)fact_object(s->f, THING_NAME, v->text);
	}
}

static struct str
module_of(const struct banner *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == FIELD_MODULE)
			return b->values[i].text;
	return STR_NONE;
}

/* Parted by a tab, which no text of a fact has otherwise. */
static void
product_told(struct sighting *s, struct str product, struct str version)
{
	enum { PRODUCT_MAX = 200 };
	struct fact *fact = fact_add(s->f, FACT_SERVICE_PRODUCT, THING_SERVICE, s->service);
	if (!fact)
		return;
	fact->seen = s->at;
	struct str name = arena_line(s->f->arena, product, PRODUCT_MAX),
		   number = arena_line(s->f->arena, version, PRODUCT_MAX);
	fact->text = arena_printf(s->f->arena, "%.*s\t%.*s", STR_ARG(name), STR_ARG(number));
}

static bool
take(void *user, const struct banner *b, struct err *e)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	static const char *const transports[] = { "tcp", "udp", "sctp" };
	ARENA_AUTO a = { 0 };
	struct sighting *s = user;
	char text[INET6_ADDRSTRLEN] = "";
	bool four = memcmp(b->ip, mapped, sizeof(mapped)) == 0;
	(void)e;
	inet_ntop(four ? AF_INET : AF_INET6, four ? b->ip + 12 : b->ip, text, sizeof(text));
	s->found = true;
	if ((size_t)b->transport >= COUNT(transports))
		return true;
	*s = (struct sighting){ .f = s->f, .address = str_of(text), .at = b->timestamp, .found = true };
	s->service = arena_printf(&a, "%s %u/%s", text, b->port, transports[b->transport]);
	struct fact *fact = fact_add(s->f, FACT_SERVICE, THING_SERVICE, s->service);
	if (!fact || !fact_object(s->f, THING_ADDRESS, s->address))
		return true;
	fact->seen = b->timestamp;
	fact_text(s->f, module_of(b));
	for (size_t i = 0; i < b->count; i++)
		of_value(s, &b->values[i]);
	struct str product = s->product.len ? s->product : s->inferred;
	struct str version = s->product.len ? s->version : s->inferred_version;
	if (product.len)
		product_told(s, product, version);
	certificate(s, b);
	return true;
}

/* ---- questions ---- */

/* What the index is asked about a thing; empty: nothing. */
static void
question(const struct node *n, struct buf *out)
{
	if (str_find_char(n->name, '"') >= 0 || str_find_char(n->name, '\\') >= 0)
		return;
	if (n->is == THING_ADDRESS)
		buf_addf(out, "ip:\"%.*s\"", STR_ARG(n->name));
	else if (n->own != OWN_APPROVED)
		return;
	else if (n->is == THING_NETWORK)
		buf_addf(out, "net:\"%.*s\"", STR_ARG(n->name));
	else if (n->is == THING_DOMAIN)
		buf_addf(out, "hostname:\"%.*s\" OR ssl.cert.names:\"%.*s\" OR ssl.cert.subject.cn:\"%.*s\"",
			 STR_ARG(n->name), STR_ARG(n->name), STR_ARG(n->name));
	else if (n->is == THING_ORGANISATION && n->org->usable)
		buf_addf(out, "org:\"%.*s\" OR ssl.cert.subject.o:\"%.*s\"", STR_ARG(n->name), STR_ARG(n->name));
}

static bool
first(struct surface_exposure *x, const struct node *n)
{
	ARENA_AUTO a = { 0 };
	bool added;
	struct str key = arena_printf(&a, "%u %.*s", (unsigned)n->is, STR_ARG(n->name));
	if (table_has(&x->asked, key))
		return false;
	*table_put(&x->asked, arena_str(&x->arena, key), &added) = x;
	return true;
}

static void
ask(struct surface_exposure *x, struct str text, struct facts *f)
{
	ARENA_AUTO a = { 0 };
	const struct exposure_page page = { .limit = BANNERS_MAX, .sort = FIELDS };
	struct sighting s = { .f = f };
	struct query *q;
	struct err e = { 0 };
	x->coverage.put++;
	x->coverage.stored++;
	if (!query_parse(&a, text, &q, &e) || !exposure_search(x->ix, q, &page, take, &s, &e)) {
		x->coverage.failed++;
		x->failed = e;
		return;
	}
	x->coverage.data += s.found;
	x->coverage.none += !s.found;
}

void
surface_exposure_more(void *user, const struct graph *g, struct facts *f)
{
	struct surface_exposure *x = user;
	for (size_t i = 0; i < g->count; i++) {
		const struct node *n = g->nodes[i];
		BUF_AUTO text = { 0 };
		if (n->stays || (n->own != OWN_APPROVED && n->own != OWN_DEPENDENCY))
			continue;
		question(n, &text);
		if (text.len && first(x, n))
			ask(x, buf_str(&text), f);
	}
}

bool
surface_exposure_mine(const char *data, const struct graph *g, const struct seeds *list, struct err *e)
{
	ARENA_AUTO a = { 0 };
	ARRAY_OF(struct mine_network) ours = { 0 };
	for (size_t i = 0; i < g->count && ours.count < MINE_MAX; i++) {
		const struct node *n = g->nodes[i];
		/* An asset's owner is its seed's: the number behind the place in the list, 0 for ourselves. */
		const struct seed *s = n->owner && n->owner <= list->count ? &list->items[n->owner - 1] : NULL;
		struct mine_network m;
		if (n->own == OWN_APPROVED && (n->is == THING_ADDRESS || n->is == THING_NETWORK) &&
		    (!s || s->owner != SEED_CONTRACTOR) && mine_parse(n->name, &m) && mine_is_public(&m))
			*ARRAY_PUSH(&a, &ours) = m;
	}
	return mine_store(data, MINE_SURFACE, ours.items, ours.count, e);
}
