/* What the readers of search engines' sightings share (surface/read-internal.h). */
#include "surface/read-internal.h"

#include <ctype.h>

enum { PRODUCT_MAX = 200 };

struct str
read_text(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	bool text = value && (value->kind == JSON_KIND_STRING || value->kind == JSON_KIND_NUMBER);
	return text ? str_trim(value->text) : STR_NONE;
}

bool
read_seen_service(const struct read_seen *s, struct str module)
{
	struct fact *fact = read_edge(s->f, FACT_SERVICE, THING_SERVICE, s->service, THING_ADDRESS, s->address);
	if (!fact)
		return false;
	fact->seen = s->at;
	fact_text(s->f, module);
	return true;
}

void
read_seen_value(const struct read_seen *s, enum fact_kind k, struct str text)
{
	struct fact *fact = read_value(s->f, k, THING_SERVICE, s->service, text);
	if (fact)
		fact->seen = s->at;
}

/* The tab between the two is ours; those of the texts were made blanks. */
void
read_seen_product(const struct read_seen *s, struct str product, struct str version)
{
	struct str name = str_trim(arena_line(s->a, product, PRODUCT_MAX)),
		   number = str_trim(arena_line(s->a, version, PRODUCT_MAX));
	struct fact *fact = name.len > 0 ? fact_add(s->f, FACT_SERVICE_PRODUCT, THING_SERVICE, s->service) : NULL;
	if (!fact)
		return;
	fact->text = arena_printf(s->f->arena, "%.*s\t%.*s", STR_ARG(name), STR_ARG(number));
	fact->seen = s->at;
}

void
read_seen_names(const struct read_seen *s, const struct json *object, const char *key)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, key, &count);
	for (size_t i = 0; i < count && i < READ_LIST_MAX; i++) {
		struct str name = list[i].kind == JSON_KIND_STRING ? list[i].text : STR_NONE;
		struct fact *fact = read_edge(s->f, FACT_NAME_SEEN, THING_NAME, name, THING_ADDRESS, s->address);
		if (!fact)
			continue;
		fact->seen = s->at;
		fact_evidence(s->f, name);
	}
}

void
read_seen_tags(const struct read_seen *s, const struct json *object, const char *key)
{
	size_t count = 0;
	const struct json *list = json_get_array(object, key, &count);
	for (size_t i = 0; i < count && i < READ_LIST_MAX; i++) {
		struct str tag = list[i].kind == JSON_KIND_STRING ? list[i].text : STR_NONE;
		struct fact *fact = read_value(s->f, FACT_TAG, THING_ADDRESS, s->address, tag);
		if (fact)
			fact->seen = s->at;
	}
}

void
read_seen_country(const struct read_seen *s, struct str code)
{
	char upper[2];
	if (code.len != 2 || !isalpha((unsigned char)code.ptr[0]) || !isalpha((unsigned char)code.ptr[1]))
		return;
	for (size_t i = 0; i < 2; i++)
		upper[i] = (char)toupper((unsigned char)code.ptr[i]);
	struct fact *fact = read_value(s->f, FACT_COUNTRY, THING_ADDRESS, s->address, str_sub(upper, 2));
	if (fact)
		fact->seen = s->at;
}
