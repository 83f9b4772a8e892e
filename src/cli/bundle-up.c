/* mamori bundle import on the server: what a closed site's relay packed up. The server checks whose it is and that it is new;
 * every letter in it is signed by its host. */
#include "cli/bundle.h"

#include "base/codec.h"
#include "os/file.h"
#include "trust/letter.h"

/* Bodies of requests stay below what the server takes. */
enum { BATCH_BYTES = 400 << 10, STATUS_MAX = 1 << 20 };

struct up {
	struct cli *c;
	struct bundle_place place;
	struct str text; /* of bundle.json */
	struct bundle_head head;
	struct bundle_list list;
	size_t taken, refused;
};

/* The head is read once: what the server judges is what is used here. */
static bool
head_read(struct up *u, enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_limits limits = { .depth = 4, .string_max = BUNDLE_HEAD_MAX, .total = BUNDLE_HEAD_MAX };
	struct json *j;
	const char *path = path_join(u->c->arena, u->place.folder, BUNDLE_HEAD_FILE);
	*reason = BUNDLE_DAMAGED;
	if (!file_read(path, BUNDLE_HEAD_MAX, &text, e))
		return false;
	u->text = arena_str(u->c->arena, buf_str(&text));
	return (json_parse(u->c->arena, u->text, &limits, &j, e) &&
		bundle_head_parse(u->c->arena, json_get_str(j, "document"), &u->head, e)) ||
	       err_wrap(e, "the bundle in %s is damaged", u->place.folder);
}

static bool
receive(struct up *u, struct str status, bool done, enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	struct json *answer;
	json_begin_object(&w);
	json_key(&w, "bundle");
	json_raw(&w, u->text);
	json_put_bool(&w, "done", done);
	if (status.len) {
		json_key(&w, "status");
		json_raw(&w, status);
	}
	json_end_object(&w);
	*reason = BUNDLE_FINE;
	return cli_api(u->c, "POST", "/api/v1/bundles/receive", buf_str(&body), &answer, e);
}

static bool
batch_send(struct up *u, struct json_writer *w, struct buf *body, struct err *e)
{
	struct json *answer;
	size_t taken, refused;
	json_end_array(w);
	json_end_object(w);
	if (!cli_api(u->c, "POST", "/api/v1/letters", buf_str(body), &answer, e))
		return false;
	(void)json_get_array(answer, "letters", &taken);
	const struct json *no = json_get_array(answer, "refused", &refused);
	u->taken += taken;
	u->refused += refused;
	for (size_t i = 0; i < refused; i++) {
		cli_progress_end(u->c);
		fprintf(stderr, "mamori bundle import: ");
		fprintf(stderr, tr("the letter of %.*s is not taken: %.*s"), STR_ARG(json_get_str(&no[i], "host")),
			STR_ARG(json_get_str(&no[i], "message")));
		fprintf(stderr, "\n");
	}
	return true;
}

static void
batch_begin(struct json_writer *w, struct buf *body)
{
	buf_truncate(body, 0);
	*w = (struct json_writer){ .out = body };
	json_begin_object(w);
	json_key(w, "letters");
	json_begin_array(w);
}

static bool
letters_send(struct up *u, enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO body = { 0 };
	struct json_writer w;
	size_t waiting = 0;
	batch_begin(&w, &body);
	for (size_t i = 0; i < u->list.members.count; i++) {
		const struct bundle_member *m = &u->list.members.items[i];
		BUF_AUTO bytes = { 0 };
		BUF_AUTO text = { 0 };
		if (!str_eq(m->kind, STR("letter")))
			continue;
		bundle_doing(u->c, tr("letters"), i, u->list.members.count);
		if (!bundle_member_buf(&u->place, &u->head, m, LETTER_MAX, &bytes, reason, e))
			return false;
		base64_encode(&text, bytes.ptr, bytes.len);
		if (waiting && body.len + text.len > BATCH_BYTES) {
			if (!batch_send(u, &w, &body, e))
				return false;
			batch_begin(&w, &body);
			waiting = 0;
		}
		json_str(&w, buf_str(&text));
		waiting++;
	}
	return !waiting || batch_send(u, &w, &body, e);
}

static bool
status_read(struct up *u, struct buf *out, enum bundle_reason *reason, struct err *e)
{
	for (size_t i = 0; i < u->list.members.count; i++)
		if (str_eq(u->list.members.items[i].kind, STR("status")))
			return bundle_member_buf(&u->place, &u->head, &u->list.members.items[i], STATUS_MAX, out,
						 reason, e);
	return true;
}

static bool
take(struct up *u, enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO status = { 0 };
	struct json *j;
	if (!head_read(u, reason, e) || !receive(u, STR(""), false, reason, e) ||
	    !bundle_read_list(&u->place, &u->head, u->c->arena, &u->list, reason, e) ||
	    !bundle_check_parts(&u->place, &u->head, &u->list, reason, e) || !letters_send(u, reason, e) ||
	    !status_read(u, &status, reason, e))
		return false;
	bool sound = json_parse(u->c->arena, buf_str(&status), NULL, &j, NULL) && j->kind == JSON_KIND_OBJECT;
	return receive(u, sound ? buf_str(&status) : STR(""), true, reason, e);
}

static void
taken_print(struct up *u)
{
	cli_progress_end(u->c);
	if (u->c->json) {
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		bundle_head_show(&u->head, &w);
		json_put_i64(&w, "letters", (int64_t)u->taken);
		json_put_i64(&w, "refused", (int64_t)u->refused);
		json_end_object(&w);
		cli_print_line(&line);
		return;
	}
	printf(tr("Bundle %lld from the site %.*s is taken in: %zu letters, %zu refused; the site had taken in number "
		  "%lld."),
	       (long long)u->head.counter, STR_ARG(u->head.site), u->taken, u->refused, (long long)u->head.seen);
	printf("\n");
}

/* All that go up, the oldest first; that one was taken in before is only an error where there is no other. */
int
bundle_import_server(struct cli *c, const char *folder)
{
	const char **found;
	size_t count, taken = 0;
	struct err e = { 0 }, last = { 0 };
	enum bundle_reason reason = BUNDLE_NONE;
	if (!bundle_find(c->arena, folder, &found, &count, &e))
		return cli_fail(c, &e);
	err_set(&last, ERR_NOT_FOUND, "there is no bundle in %s", folder);
	for (size_t i = 0; i < count; i++) {
		struct up u = { .c = c, .place = { .folder = found[i] } };
		/* Beside others on one stick; named by itself it is refused as what it is. */
		if (strstr(found[i], "/mamori-down-") && strcmp(found[i], folder) != 0)
			continue;
		err_clear(&e);
		if (take(&u, &reason, &e)) {
			taken_print(&u);
			taken++;
		} else {
			last = e;
		}
	}
	return taken ? 0 : bundle_refused(c, reason, &last);
}
