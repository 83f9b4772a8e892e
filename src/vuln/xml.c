#include "vuln/xml.h"

#include <libxml/parser.h>

#define DEPTH_MAX 64
#define NAME_MAX_BYTES 100
#define TEXT_MAX (256u << 10)
#define TOTAL_MAX (UINT64_C(1) << 30)
#define ATTRIBUTES_MAX 32
#define CHUNK 16384

struct xml_state {
	const struct xml_visitor *v;
	xmlParserCtxtPtr parser;
	struct buf path, text;
	size_t lengths[DEPTH_MAX]; /* of path before each open element */
	size_t depth;
	const char *why; /* refused: the reason */
	bool stopped; /* the visitor said no */
	bool closed; /* the last event was a closing element */
	struct err *e;
};

static void
refuse(struct xml_state *x, const char *why)
{
	if (!x->why)
		x->why = why;
	xmlStopParser(x->parser);
}

static void
on_open(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces,
	const xmlChar **declared, int count, int defaulted, const xmlChar **attributes)
{
	struct xml_state *x = user;
	struct xml_attribute list[ATTRIBUTES_MAX];
	size_t n = 0;
	struct str local = str_of((const char *)name);
	if (x->why || x->stopped)
		return;
	if (x->depth == DEPTH_MAX || local.len > NAME_MAX_BYTES) {
		refuse(x, "its elements are nested deeper than such a feed's");
		return;
	}
	x->lengths[x->depth++] = x->path.len;
	buf_add_char(&x->path, '/');
	buf_add(&x->path, local);
	buf_truncate(&x->text, 0);
	x->closed = false;
	/* Five pointers each: local name, prefix, URI, value, its end. */
	for (int i = 0; i < count && n < ATTRIBUTES_MAX; i++) {
		const char *value = (const char *)attributes[i * 5 + 3];
		list[n++] =
			(struct xml_attribute){ str_of((const char *)attributes[i * 5]),
						str_sub(value, (size_t)((const char *)attributes[i * 5 + 4] - value)) };
	}
	x->v->open(x->v->user, buf_str(&x->path), list, n);
}

static void
on_close(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml_state *x = user;
	if (x->why || x->stopped || x->depth == 0)
		return;
	if (!x->closed)
		x->v->text(x->v->user, buf_str(&x->path), buf_str(&x->text));
	if (!x->v->close(x->v->user, buf_str(&x->path), x->e)) {
		x->stopped = true;
		xmlStopParser(x->parser);
	}
	buf_truncate(&x->path, x->lengths[--x->depth]);
	buf_truncate(&x->text, 0);
	x->closed = true;
}

static void
on_text(void *user, const xmlChar *bytes, int len)
{
	struct xml_state *x = user;
	if (x->text.len + (size_t)len > TEXT_MAX)
		refuse(x, "one text is larger than 256 KiB");
	else if (!x->why && !x->stopped)
		buf_add(&x->text, str_sub((const char *)bytes, (size_t)len));
}

static void
on_entity(void *user, const xmlChar *name, int type, const xmlChar *public, const xmlChar *system, xmlChar *content)
{
	refuse(user, "it declares entities, which no feed needs");
}

static void
on_subset(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	refuse(user, "it has a document type, which no feed needs");
}

static xmlEntityPtr
no_entity(void *user, const xmlChar *name)
{
	return xmlGetPredefinedEntity(name);
}

static void
say_nothing(void *user, const xmlError *error)
{
	/* The parser's words are asked for at the end. */
}

static void
xml_state_close(struct xml_state *x)
{
	if (x->parser) {
		xmlFreeDoc(x->parser->myDoc);
		x->parser->myDoc = NULL;
		xmlFreeParserCtxt(x->parser);
	}
	buf_free(&x->path);
	buf_free(&x->text);
}

static bool
feed_parser(struct xml_state *x, json_fill_fn *fill, void *fill_user, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	uint64_t total = 0;
	size_t got = 0;
	do {
		char *into = buf_reserve(&bytes, CHUNK);
		if (!fill(fill_user, into, CHUNK, &got, e))
			return false;
		total += got;
		if (total > TOTAL_MAX)
			return err_set(e, ERR_TOO_LARGE, "the XML is larger than 1 GiB; import its parts");
		if (xmlParseChunk(x->parser, into, (int)got, got == 0) != 0 || x->why || x->stopped)
			break;
	} while (got > 0);
	if (x->stopped)
		return false;
	if (x->why)
		return err_set(e, ERR_INPUT, "the XML is refused: %s", x->why);
	if (!x->parser->wellFormed) {
		const xmlError *error = xmlCtxtGetLastError(x->parser);
		struct str words = str_trim(str_of(error && error->message ? error->message : "?"));
		return err_set(e, ERR_INPUT, "line %d: the XML is damaged or cut off (%.*s)", error ? error->line : 0,
			       STR_ARG(str_head(words, 200)));
	}
	return true;
}

bool
xml_read(json_fill_fn *fill, void *fill_user, const struct xml_visitor *v, struct err *e)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
			      .startElementNs = on_open,
			      .endElementNs = on_close,
			      .characters = on_text,
			      .cdataBlock = on_text,
			      .entityDecl = on_entity,
			      .internalSubset = on_subset,
			      .getEntity = no_entity,
			      .serror = (xmlStructuredErrorFunc)(void *)say_nothing };
	__attribute__((cleanup(xml_state_close))) struct xml_state x = { .v = v, .e = e };
	x.parser = xmlCreatePushParserCtxt(&sax, &x, NULL, 0, NULL);
	if (!x.parser)
		return err_set(e, ERR_SYSTEM, "libxml2 cannot be started");
	/* NOENT: "&amp;" in an attribute is "&"; entities of the document's own are refused above. */
	xmlCtxtUseOptions(x.parser, XML_PARSE_NONET | XML_PARSE_NOENT);
	return feed_parser(&x, fill, fill_user, e);
}
