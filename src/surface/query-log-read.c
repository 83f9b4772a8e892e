/* Reading the log of questions: pages, export, and whether it is whole (query-log.h). */
#include "surface/query-log-internal.h"

#include "base/codec.h"
#include "base/tr.h"
#include "os/file.h"

static struct str
hex(struct arena *a, struct str bytes)
{
	BUF_AUTO b = { 0 };
	hex_encode(&b, bytes.ptr, bytes.len);
	return arena_str(a, buf_str(&b));
}

static void
line_of(struct arena *a, const struct log_row *r, struct query_line *out)
{
	*out = (struct query_line){ .row = r->row, .at = r->at, .of = r->of, .status = r->status };
	out->event = (enum query_event)r->event;
	out->service = (enum service)r->service;
	out->kind = (enum answer_kind)r->kind;
	out->what = arena_str(a, r->what);
	out->with = arena_str(a, r->with);
	out->why = arena_str(a, r->why);
	out->answer = hex(a, r->answer);
	out->digest = hex(a, r->digest);
}

/* ---- pages ---- */

struct listing {
	struct arena *a;
	ARRAY_OF(struct query_line) lines;
};

static bool
list_one(void *user, const struct log_row *r)
{
	struct listing *l = user;
	struct query_line *line = ARRAY_PUSH(l->a, &l->lines);
	line_of(l->a, r, line);
	return true;
}

static bool
open_log(const char *folder, struct store **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	return answers_open(log_file(&a, folder, "answers.db"), STORE_READ, out, e);
}

bool
query_log_list(const char *folder, int64_t from, size_t most, struct arena *a, struct query_line **out, size_t *count,
	       int64_t *total, struct err *e)
{
	STORE_AUTO st = NULL;
	struct listing l = { .a = a };
	int64_t all = 0;
	if (!open_log(folder, &st, e) || !log_count(st, &all, e) ||
	    !log_walk(st, from, most > INT64_MAX ? INT64_MAX : (int64_t)most, list_one, &l, e))
		return false;
	/* An outcome is read beside its question. */
	for (size_t i = 0; i < l.lines.count; i++) {
		struct query_line *line = &l.lines.items[i];
		if (line->event == QUERY_ANSWERED && line->of > 0 && line->what.len == 0 &&
		    !log_question(st, line->of, a, &line->what, e))
			return false;
	}
	*out = l.lines.items;
	*count = l.lines.count;
	*total = all;
	return true;
}

/* ---- export ---- */

static const char *const event_names[] = { "run", "asked", "answered" };
static const char *const kind_names[] = { "data", "none", "failed", "not-asked" };

struct seals {
	struct arena *a;
	ARRAY_OF(struct log_seal) items;
	size_t next;
};

static bool
seal_one(void *user, const struct log_seal *s)
{
	struct seals *all = user;
	*ARRAY_PUSH(all->a, &all->items) =
		(struct log_seal){ s->last, arena_str(all->a, s->digest), arena_str(all->a, s->signature) };
	return true;
}

struct exporting {
	query_log_take_fn *take;
	void *user;
	struct seals seals;
	struct buf line;
	bool ended;
};

static void
give(struct exporting *x)
{
	buf_add_char(&x->line, '\n');
	x->ended = x->ended || !x->take(x->user, buf_str(&x->line));
	buf_truncate(&x->line, 0);
}

static void
export_line(struct exporting *x, const struct query_line *l)
{
	struct json_writer w = { .out = &x->line };
	unsigned event = (unsigned)l->event, kind = (unsigned)l->kind;
	json_begin_object(&w);
	json_put_i64(&w, "row", l->row);
	json_put_time(&w, "at", l->at);
	json_put_cstr(&w, "event", event < COUNT(event_names) ? event_names[event] : "unknown");
	json_put_cstr(&w, "service", (unsigned)l->service < SERVICES ? service_name(l->service) : "unknown");
	if (l->what.len)
		json_put_str(&w, "what", l->what);
	if (l->with.len)
		json_put_str(&w, "with", l->with);
	if (l->event == QUERY_ANSWERED) {
		json_put_i64(&w, "question", l->of);
		json_put_cstr(&w, "kind", kind < COUNT(kind_names) ? kind_names[kind] : "unknown");
		json_put_i64(&w, "status", l->status);
		if (l->answer.len)
			json_put_str(&w, "answer", l->answer);
		if (l->why.len)
			json_put_str(&w, "why", l->why);
	}
	json_put_str(&w, "digest", l->digest);
	json_end_object(&w);
	give(x);
}

static void
export_seal(struct exporting *x, const struct log_seal *s)
{
	BUF_AUTO signature = { 0 };
	struct json_writer w = { .out = &x->line };
	base64_encode(&signature, s->signature.ptr, s->signature.len);
	json_begin_object(&w);
	json_put_i64(&w, "sealed", s->last);
	json_put_str(&w, "signature", buf_str(&signature));
	json_end_object(&w);
	give(x);
}

static bool
export_one(void *user, const struct log_row *r)
{
	struct exporting *x = user;
	ARENA_AUTO a = { 0 };
	struct query_line line;
	line_of(&a, r, &line);
	export_line(x, &line);
	for (; x->seals.next < x->seals.items.count && x->seals.items.items[x->seals.next].last <= r->row;
	     x->seals.next++)
		export_seal(x, &x->seals.items.items[x->seals.next]);
	return !x->ended;
}

static bool
key_open(struct arena *a, const char *folder, struct key **out, struct err *e)
{
	BUF_AUTO pem = { 0 };
	const char *path = log_file(a, folder, "log.key");
	return file_read(path, 65536, &pem, e) && key_from_pem(buf_str(&pem), out, e);
}

bool
query_log_export(const char *folder, query_log_take_fn *take, void *user, struct err *e)
{
	ARENA_AUTO a = { 0 };
	STORE_AUTO st = NULL;
	KEY_AUTO key = NULL;
	BUF_AUTO pem = { 0 };
	struct exporting x = { .take = take, .user = user, .seals = { .a = &a } };
	struct json_writer w = { .out = &x.line };
	bool ok = open_log(folder, &st, e) && store_snapshot(st, e) && key_open(&a, folder, &key, e) &&
		  key_public_to_pem(key, &pem, e) && log_seal_walk(st, seal_one, &x.seals, e);
	if (ok) {
		json_begin_object(&w);
		json_put_cstr(&w, "log", "mamori query-log 1");
		json_put_str(&w, "key", buf_str(&pem));
		json_end_object(&w);
		give(&x);
		ok = x.ended || log_walk(st, 1, INT64_MAX, export_one, &x, e);
	}
	buf_free(&x.line);
	return ok;
}

/* ---- whether it is whole ---- */

struct verifying {
	struct arena *a;
	struct store *st;
	struct query_check *out;
	const struct key *key;
	struct seals seals;
	struct log_head head;
	bool has_head;
	int64_t last; /* the last line seen */
	unsigned char digest[SHA256_LEN];
	struct log_digest digests;
	struct err failed;
};

static void
fault(struct verifying *v, int64_t row, struct str what)
{
	if (v->out->faults < QUERY_FAULTS_MAX)
		v->out->fault[v->out->faults] = (struct query_fault){ row, what };
	v->out->faults++;
}

static void
missing(struct verifying *v, int64_t from, int64_t to)
{
	if (from == to)
		fault(v, from, arena_printf(v->a, tr("line %lld of the log was removed"), (long long)from));
	else
		fault(v, from,
		      arena_printf(v->a, tr("lines %lld to %lld of the log were removed"), (long long)from,
				   (long long)to));
}

static bool
seal_fits(struct verifying *v, const struct log_seal *s)
{
	BUF_AUTO text = { 0 };
	log_seal_text(&text, s->last, s->digest);
	return key_verify(v->key, buf_str(&text), s->signature, NULL);
}

static void
check_seal(struct verifying *v, const struct log_seal *s, const struct log_row *r)
{
	int64_t from = v->seals.next > 0 ? v->seals.items.items[v->seals.next - 1].last + 1 : 1;
	v->out->seals++;
	if (!seal_fits(v, s) || (r && !str_eq(s->digest, r->digest)))
		fault(v, s->last,
		      arena_printf(
			      v->a,
			      tr("the signature over the lines %lld to %lld of the log is not this folder's key's: "
				 "they were changed"),
			      (long long)from, (long long)s->last));
}

static bool
verify_row(void *user, const struct log_row *r)
{
	struct verifying *v = user;
	unsigned char digest[SHA256_LEN];
	v->out->rows++;
	if (r->row > v->last + 1)
		missing(v, v->last + 1, r->row - 1);
	log_chain(&v->digests, v->digest, r, digest);
	/* Behind a gap nothing can follow; that was said. */
	if (r->row == v->last + 1 && (r->digest.len != SHA256_LEN || memcmp(r->digest.ptr, digest, SHA256_LEN) != 0))
		fault(v, r->row,
		      arena_printf(v->a, tr("line %lld of the log was changed or put in, or the line before it was"),
				   (long long)r->row));
	if (r->digest.len == SHA256_LEN)
		memcpy(v->digest, r->digest.ptr, SHA256_LEN);
	if (v->has_head && r->row == v->head.row && memcmp(v->digest, v->head.digest, SHA256_LEN) != 0)
		fault(v, r->row,
		      arena_printf(v->a, tr("line %lld of the log is not the one that ended it"), (long long)r->row));
	for (; v->seals.next < v->seals.items.count && v->seals.items.items[v->seals.next].last <= r->row;
	     v->seals.next++) {
		const struct log_seal *s = &v->seals.items.items[v->seals.next];
		check_seal(v, s, s->last == r->row ? r : NULL);
	}
	v->last = r->row;
	return true;
}

static void
verify_end(struct verifying *v)
{
	struct seals *s = &v->seals;
	int64_t sealed = s->items.count > 0 ? s->items.items[s->items.count - 1].last : 0;
	int64_t told = v->has_head && v->head.row > sealed ? v->head.row : sealed;
	if (told > v->last)
		missing(v, v->last + 1, told);
	if (v->last > sealed)
		fault(v, sealed + 1,
		      arena_printf(v->a,
				   tr("from line %lld on nothing of the log is signed: it was added by somebody else, "
				      "or its signatures were removed"),
				   (long long)sealed + 1));
}

static bool
verify_answer(void *user, const struct answer_row *r)
{
	struct verifying *v = user;
	ARENA_AUTO a = { 0 };
	unsigned char digest[SHA256_LEN];
	struct str told;
	v->out->answers++;
	if (!log_answer_digest(v->st, r->log, &a, &told, &v->failed))
		return false;
	log_answer(&v->digests, r, digest);
	if (told.len == SHA256_LEN && memcmp(told.ptr, digest, SHA256_LEN) == 0)
		return true;
	struct str what = arena_line(&a, r->what, 200);
	const char *service = r->service >= 0 && r->service < SERVICES ? service_name((enum service)r->service) : "?";
	if (told.len == 0)
		fault(v, r->log,
		      arena_printf(v->a, tr("the stored answer to \"%s %.*s\" is not in the log: it was put in"),
				   service, STR_ARG(what)));
	else
		fault(v, r->log,
		      arena_printf(v->a,
				   tr("the stored answer to \"%s %.*s\" is not the one that line %lld tells of: it "
				      "was changed"),
				   service, STR_ARG(what), (long long)r->log));
	return true;
}

static bool
verify_all(struct verifying *v, const char *folder, struct err *e)
{
	struct err none = { 0 };
	v->has_head = log_head_read(folder, v->key, &v->head, &none);
	if (!v->has_head && none.code != ERR_NOT_FOUND)
		fault(v, 0, arena_str(v->a, str_of(none.text)));
	if (!log_seal_walk(v->st, seal_one, &v->seals, e) || !log_walk(v->st, 1, INT64_MAX, verify_row, v, e))
		return false;
	verify_end(v);
	if (!answer_walk(v->st, verify_answer, v, e))
		return false;
	if (v->failed.code != ERR_NONE && e)
		*e = v->failed;
	return v->failed.code == ERR_NONE;
}

bool
query_log_verify(const char *folder, struct arena *a, struct query_check *out, struct err *e)
{
	STORE_AUTO st = NULL;
	KEY_AUTO key = NULL;
	struct query_check check = { 0 };
	struct verifying v = { .a = a, .out = &check, .seals = { .a = a } };
	/* The snapshot is of its first look, which is behind that at log.head: a run that ends meanwhile is no fault. */
	if (!open_log(folder, &st, e) || !key_open(a, folder, &key, e) || !store_snapshot(st, e))
		return false;
	v.st = st;
	v.key = key;
	bool ok = verify_all(&v, folder, e);
	log_digest_free(&v.digests);
	if (ok)
		*out = check;
	return ok;
}
