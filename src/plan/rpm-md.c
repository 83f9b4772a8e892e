#include "plan/rpm-md.h"

#include "plan/unpack.h"

#include <libxml/xmlreader.h>

#define TEXT_MAX (8U << 20)
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

/* Which leaf's text is being read. */
enum leaf { LEAF_NONE, LEAF_CHECKSUM, LEAF_SIZE, LEAF_NAME, LEAF_ARCH, LEAF_FILE };

struct reading {
	const struct rpm_md_reader *r;
	const char *whole; /* the element that is one item */
	struct rpm_md_item item;
	enum leaf leaf;
	struct buf *list; /* inside <requires> or <provides> */
	bool inside, hashed;
};

static void
attribute(xmlTextReaderPtr x, const char *name, char *into, size_t size)
{
	xmlChar *value = xmlTextReaderGetAttribute(x, (const xmlChar *)name);
	into[0] = '\0';
	if (value && strlen((const char *)value) < size)
		snprintf(into, size, "%s", (const char *)value);
	xmlFree(value);
}

static void
keep(char *into, size_t size, struct str s)
{
	if (s.len >= size)
		return;
	memcpy(into, s.ptr, s.len);
	into[s.len] = '\0';
}

/* Nothing in a name may look like what separates them. */
static bool
is_plain(const char *s)
{
	return s[0] && !strpbrk(s, "\n\t");
}

static void
relation_add(struct reading *g, struct buf *to, const char *name, const char *op, const char *version)
{
	if (to->len + strlen(name) + strlen(version) + 8 > RPM_MD_RELATIONS_MAX) {
		g->item.cut = true;
		return;
	}
	if (op && is_plain(version))
		buf_addf(to, "%s\t%s\t%s\n", name, op, version);
	else
		buf_addf(to, "%s\n", name);
}

/* "EPOCH:VERSION-RELEASE", without what is not there; an epoch of 0 is none. */
static void
version_take(xmlTextReaderPtr x, char *into, size_t size)
{
	char epoch[32], ver[192], rel[192];
	attribute(x, "epoch", epoch, sizeof(epoch));
	attribute(x, "ver", ver, sizeof(ver));
	attribute(x, "rel", rel, sizeof(rel));
	bool has_epoch = epoch[0] && strcmp(epoch, "0") != 0;
	snprintf(into, size, "%s%s%s%s%s", has_epoch ? epoch : "", has_epoch ? ":" : "", ver, rel[0] ? "-" : "", rel);
}

static void
entry_take(struct reading *g, xmlTextReaderPtr x)
{
	static const struct {
		const char *flags, *op;
	} ops[] = { { "LT", "<" }, { "LE", "<=" }, { "EQ", "=" }, { "GE", ">=" }, { "GT", ">" } };
	char name[1024], flags[8], version[512] = "";
	const char *op = NULL;
	attribute(x, "name", name, sizeof(name));
	attribute(x, "flags", flags, sizeof(flags));
	/* Most have none, and there are millions. */
	if (flags[0])
		version_take(x, version, sizeof(version));
	for (size_t i = 0; i < COUNT(ops); i++)
		if (strcmp(ops[i].flags, flags) == 0)
			op = ops[i].op;
	if (is_plain(name))
		relation_add(g, g->list, name, op, version);
}

static void
size_take(struct reading *g, xmlTextReaderPtr x)
{
	char text[32];
	/* As an attribute in primary.xml, as text in repomd.xml; what else is called so does not count. */
	attribute(x, "package", text, sizeof(text));
	if (!text[0] && g->item.size == 0)
		g->leaf = LEAF_SIZE;
	else if (text[0] && !str_to_u64(str_of(text), &g->item.size))
		g->item.size = 0;
}

static void
element_begin(struct reading *g, xmlTextReaderPtr x, const char *name)
{
	char text[64];
	g->leaf = LEAF_NONE;
	if (strcmp(name, "checksum") == 0) {
		attribute(x, "type", text, sizeof(text));
		g->leaf = strcmp(text, "sha256") == 0 ? LEAF_CHECKSUM : LEAF_NONE;
	} else if (strcmp(name, "location") == 0) {
		attribute(x, "href", g->item.href, sizeof(g->item.href));
		xmlChar *base = xmlTextReaderGetAttributeNs(x, (const xmlChar *)"base", XML_XML_NAMESPACE);
		g->item.elsewhere = base != NULL;
		xmlFree(base);
	} else if (strcmp(name, "size") == 0) {
		size_take(g, x);
	} else if (strcmp(name, "name") == 0 && !g->item.name[0]) {
		g->leaf = LEAF_NAME;
	} else if (strcmp(name, "arch") == 0 && !g->item.arch[0]) {
		g->leaf = LEAF_ARCH;
	} else if (strcmp(name, "version") == 0 && !g->item.version[0]) {
		version_take(x, g->item.version, sizeof(g->item.version));
	} else if (g->r->relations && strcmp(name, "file") == 0) {
		g->leaf = LEAF_FILE;
	} else if (g->r->relations && (strcmp(name, "requires") == 0 || strcmp(name, "provides") == 0)) {
		g->list = xmlTextReaderIsEmptyElement(x) ? NULL
			  : name[0] == 'r'               ? &g->item.requires
							 : &g->item.provides;
	} else if (g->list && strcmp(name, "entry") == 0) {
		entry_take(g, x);
	}
}

static void
text_take(struct reading *g, const char *text)
{
	struct str s = str_trim(str_of(text));
	char file[RPM_MD_HREF_MAX] = "";
	switch (g->leaf) {
	case LEAF_CHECKSUM:
		if (s.len == SHA256_HEX_LEN - 1) {
			keep(g->item.sha256, sizeof(g->item.sha256), s);
			g->hashed = true;
		}
		break;
	case LEAF_SIZE:
		if (!str_to_u64(s, &g->item.size))
			g->item.size = 0;
		break;
	case LEAF_NAME:
		keep(g->item.name, sizeof(g->item.name), s);
		break;
	case LEAF_ARCH:
		keep(g->item.arch, sizeof(g->item.arch), s);
		break;
	case LEAF_FILE:
		keep(file, sizeof(file), s);
		if (is_plain(file))
			relation_add(g, &g->item.provides, file, NULL, "");
		break;
	case LEAF_NONE:
		break;
	}
}

/* The buffers stay, for the next one. */
static void
item_clear(struct reading *g)
{
	struct buf requires = g->item.requires, provides = g->item.provides;
	buf_truncate(&requires, 0);
	buf_truncate(&provides, 0);
	g->item = (struct rpm_md_item){ .requires = requires, .provides = provides };
	g->leaf = LEAF_NONE;
	g->list = NULL;
	g->hashed = g->inside = false;
}

static void
node(struct reading *g, xmlTextReaderPtr x)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(x), *value;
	int type = xmlTextReaderNodeType(x);
	if (!name)
		return;
	if (type == XML_READER_TYPE_ELEMENT && strcmp(name, g->whole) == 0) {
		item_clear(g);
		g->inside = true;
		attribute(x, "type", g->item.type, sizeof(g->item.type));
	} else if (!g->inside) {
		return;
	} else if (type == XML_READER_TYPE_ELEMENT) {
		element_begin(g, x, name);
	} else if (type == XML_READER_TYPE_END_ELEMENT && strcmp(name, g->whole) == 0) {
		if (g->hashed && g->item.href[0] && g->item.size > 0)
			g->r->each(g->r->user, &g->item);
		item_clear(g);
	} else if (type == XML_READER_TYPE_END_ELEMENT) {
		g->leaf = LEAF_NONE;
		if (strcmp(name, "requires") == 0 || strcmp(name, "provides") == 0)
			g->list = NULL;
	} else if (type == XML_READER_TYPE_TEXT && (value = (const char *)xmlTextReaderConstValue(x))) {
		text_take(g, value);
	}
}

static bool
read_all(const struct rpm_md_reader *r, xmlTextReaderPtr x, const char *whole, struct err *e)
{
	struct reading g = { .r = r, .whole = whole };
	bool typed = false;
	int rc;
	if (!x)
		return err_set(e, ERR_SYSTEM, "no XML reader");
	while (!typed && (rc = xmlTextReaderRead(x)) == 1) {
		/* Such files have no document type; whoever sends one wants entities to be expanded. */
		typed = xmlTextReaderNodeType(x) == XML_READER_TYPE_DOCUMENT_TYPE;
		if (!typed)
			node(&g, x);
	}
	xmlFreeTextReader(x);
	buf_free(&g.item.requires);
	buf_free(&g.item.provides);
	if (typed)
		return err_set(e, ERR_INPUT, "the repository's metadata has a document type, which it never has");
	return rc == 0 || err_set(e, ERR_INPUT, "the repository's metadata is no well-formed XML");
}

static bool
text_read(const struct rpm_md_reader *r, struct str text, const char *whole, struct err *e)
{
	if (text.len >= TEXT_MAX)
		return err_set(e, ERR_TOO_LARGE, "repomd.xml is too large");
	return read_all(r, xmlReaderForMemory(text.ptr, (int)text.len, "text", NULL, OPTIONS), whole, e);
}

bool
rpm_md_repomd(const struct rpm_md_reader *r, struct str text, struct err *e)
{
	return text_read(r, text, "data", e);
}

bool
rpm_md_primary_text(const struct rpm_md_reader *r, struct str text, struct err *e)
{
	return text_read(r, text, "package", e);
}

static int
read_piece(void *user, char *into, int n)
{
	return (int)unpack_read(user, into, (size_t)n);
}

static int
close_nothing(void *user)
{
	(void)user;
	return 0;
}

bool
rpm_md_primary(const struct rpm_md_reader *r, const char *path, struct err *e)
{
	struct unpack *u = unpack_open(path, e);
	if (!u)
		return false;
	bool ok = read_all(r, xmlReaderForIO(read_piece, close_nothing, u, "primary.xml", NULL, OPTIONS), "package", e);
	unpack_close(u);
	return ok;
}
