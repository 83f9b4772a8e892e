#include "vuln/validators.h"

#include "base/json.h"
#include "os/file.h"

#include <stdio.h>

#define FILE_BYTES (1u << 20)

static const char *
file_of(struct arena *a, const char *data)
{
	return path_join(a, data, "feeds/validators.json");
}

static void
take_text(char *into, size_t size, struct str text)
{
	/* Control characters would break out of a header line. */
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ')
			return;
	if (text.len < size)
		snprintf(into, size, "%.*s", STR_ARG(text));
}

void
validators_read(struct validators *v, const char *data)
{
	BUF_AUTO text = { 0 };
	struct json *doc = NULL;
	struct err ignored = { 0 };
	if (!file_read(file_of(v->arena, data), FILE_BYTES, &text, &ignored) ||
	    !json_parse(v->arena, buf_str(&text), NULL, &doc, &ignored) || doc->kind != JSON_KIND_OBJECT)
		return;
	for (size_t i = 0; i < doc->count; i++) {
		struct validator *one = validators_put(v, doc->key[i]);
		take_text(one->etag, sizeof(one->etag), json_get_str(&doc->item[i], "etag"));
		take_text(one->last_modified, sizeof(one->last_modified), json_get_str(&doc->item[i], "last_modified"));
		if (!time_parse(json_get_str(&doc->item[i], "checked"), &one->checked))
			one->checked = 0;
		if (!time_parse(json_get_str(&doc->item[i], "newest"), &one->newest))
			one->newest = 0;
	}
}

bool
validators_write(const struct validators *v, const char *data, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_object(&w);
	for (size_t i = 0; i < v->list.count; i++) {
		const struct validator *one = &v->list.items[i];
		json_key_str(&w, one->url);
		json_begin_object(&w);
		json_put_cstr(&w, "etag", one->etag);
		json_put_cstr(&w, "last_modified", one->last_modified);
		json_put_time(&w, "checked", one->checked);
		if (one->newest)
			json_put_time(&w, "newest", one->newest);
		json_end_object(&w);
	}
	json_end_object(&w);
	return file_write(file_of(v->arena, data), buf_str(&text), 0644, e);
}

struct validator *
validators_find(const struct validators *v, struct str url)
{
	for (size_t i = 0; i < v->list.count; i++)
		if (str_eq(v->list.items[i].url, url))
			return &v->list.items[i];
	return NULL;
}

struct validator *
validators_put(struct validators *v, struct str url)
{
	struct validator *found = validators_find(v, url);
	if (found)
		return found;
	found = ARRAY_PUSH(v->arena, &v->list);
	*found = (struct validator){ .url = arena_str(v->arena, url) };
	return found;
}
