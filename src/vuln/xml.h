/* XML from strangers, as events (libxml2). Nothing outside the bytes is read: no DTD, no external entity, no network;
 * a document that declares entities is refused. Depth, the length of a text and of all of it are capped. */
#ifndef MAMORI_VULN_XML_H
#define MAMORI_VULN_XML_H

#include "base/json.h"

struct xml_attribute {
	struct str name, value;
};

/* Paths are the local names of the open elements: "/VULDEF-Document/Vulinfo". Views are valid during the call. */
struct xml_visitor {
	void (*open)(void *user, struct str path, const struct xml_attribute *attributes, size_t count);
	void (*text)(void *user, struct str path, struct str text); /* a leaf's text, whole */
	bool (*close)(void *user, struct str path, struct err *e); /* false ends the reading */
	void *user;
};

/* False: no well-formed XML (then whatever was visited is to be dropped), or close() said no. */
bool xml_read(json_fill_fn *fill, void *fill_user, const struct xml_visitor *v, struct err *e) MUST_CHECK;

#endif
