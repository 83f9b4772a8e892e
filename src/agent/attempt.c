#include "agent/attempt.h"

#include "base/log.h"

#define ATTEMPTS_MAX 100000

struct str
attempt_id(struct arena *arena, struct str order, struct str patch)
{
	BUF_AUTO b = { 0 };
	buf_add(&b, order);
	buf_add_char(&b, '/');
	buf_add(&b, patch);
	return arena_str(arena, buf_str(&b));
}

static void
document_write(const struct session *s, const struct attempt *t, struct str id, struct buf *out)
{
	struct json_writer w = { .out = out };
	json_begin_object(&w);
	json_put_str(&w, "attempt", id);
	json_put_str(&w, "order", t->order);
	json_put_cstr(&w, "host", s->id.host);
	json_put_str(&w, "patch", t->patch);
	json_put_str(&w, "title", t->title);
	json_key(&w, "packages");
	json_begin_array(&w);
	for (size_t i = 0; i < t->package_count; i++) {
		const struct patch_package *p = &t->packages[i];
		json_begin_object(&w);
		json_put_str(&w, "name", p->name);
		json_put_str(&w, "arch", p->arch);
		json_key(&w, "from");
		json_str_or_null(&w, p->from.len ? p->from : STR_NONE);
		json_put_str(&w, "to", p->to);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_put_cstr(&w, "state", t->state);
	if (t->act)
		json_put_cstr(&w, "act", t->act);
	json_put_cstr(&w, "trigger", t->trigger ? t->trigger : "order");
	if (t->by.len)
		json_put_str(&w, "by", t->by);
	json_put_time(&w, "started", t->started);
	json_put_time(&w, "finished", t->finished);
	json_key(&w, "why");
	json_str_or_null(&w, t->why.len ? t->why : STR_NONE);
	json_key(&w, "words");
	json_str_or_null(&w, t->words.len ? t->words : STR_NONE);
	json_end_object(&w);
}

static const char *
file_name(struct arena *arena, struct str id)
{
	char hash[SHA256_HEX_LEN];
	sha256_hex(id, hash);
	return arena_printf(arena, "attempts/%s.json", hash).ptr;
}

bool
attempt_write(struct session *s, const struct attempt *t, struct err *e)
{
	struct str id = attempt_id(s->arena, t->order, t->patch);
	const char *file = file_name(s->arena, id);
	struct json *old;
	BUF_AUTO document = { 0 };
	BUF_AUTO b = { 0 };
	if (state_load(s->agent, s->arena, file, &old, NULL) && old && json_get_bool(old, "end", false) &&
	    str_eq(json_get_str(old, "host"), str_of(s->id.host)))
		return true;
	document_write(s, t, id, &document);
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_str(&w, "attempt", id);
	json_put_cstr(&w, "host", s->id.host);
	json_put_cstr(&w, "state", t->state);
	json_put_bool(&w, "end", t->finished != 0);
	json_put_time(&w, "at", t->finished ? t->finished : t->started);
	json_key(&w, "result");
	if (!signed_write(&w, s->signing, "result", buf_str(&document), e))
		return err_wrap(e, "signing the result of %.*s", STR_ARG(t->patch));
	json_end_object(&w);
	if (!state_save(s->agent, file, buf_str(&b), e))
		return err_wrap(e, "keeping the result of %.*s", STR_ARG(t->patch));
	return true;
}

/* A file that a broken disk damaged must neither stop the others nor vanish. */
static void
set_aside(struct session *s, const char *file, const struct err *why)
{
	const char *path = state_path(s->agent, s->arena, file);
	const char *bad = state_pathf(s->agent, s->arena, "%s.bad", file);
	log_error("state", "%s; kept as %s", why->text, bad);
	if (rename(path, bad) != 0)
		log_error("state", "%s could not be renamed", path);
}

static int
by_state(const void *a, const void *b)
{
	const struct attempt_stored *x = a, *y = b;
	return str_cmp(x->state, y->state);
}

bool
attempt_list(struct session *s, struct attempt_stored **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct attempt_stored) found = { 0 };
	struct str *names;
	size_t n;
	if (!dir_list(s->arena, state_path(s->agent, s->arena, "attempts"), ATTEMPTS_MAX, &names, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct err why = { 0 };
		struct json *v;
		if (!str_ends(names[i], STR(".json")))
			continue;
		const char *file = arena_printf(s->arena, "attempts/%.*s", STR_ARG(names[i])).ptr;
		if (!state_load(s->agent, s->arena, file, &v, &why)) {
			set_aside(s, file, &why);
			continue;
		}
		struct attempt_stored t = { .id = json_get_str(v, "attempt"),
					    .state = json_get_str(v, "state"),
					    .result = json_get(v, "result"),
					    .file = file };
		if (!str_eq(json_get_str(v, "host"), str_of(s->id.host))) {
			if (!attempt_forget(s, &t, e))
				return false;
			continue;
		}
		if (t.result)
			*ARRAY_PUSH(s->arena, &found) = t;
	}
	/* "running" sorts last: an end matters more when the list is cut. */
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), by_state);
	*out = found.items;
	*count = found.count;
	return true;
}

bool
attempt_forget(struct session *s, const struct attempt_stored *t, struct err *e)
{
	return file_remove(state_path(s->agent, s->arena, t->file), e);
}
