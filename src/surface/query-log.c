#include "surface/query-log-internal.h"

#include "base/codec.h"
#include "os/file.h"

/* ---- canonical bytes ---- */

static void
put_numbers(struct buf *b, const int64_t *numbers, size_t count)
{
	unsigned char *to = (unsigned char *)buf_reserve(b, 8 * count);
	for (size_t i = 0; i < count; i++)
		for (unsigned byte = 0; byte < 8; byte++)
			*to++ = (unsigned char)((uint64_t)numbers[i] >> (56 - 8 * byte));
	b->len += 8 * count;
	b->ptr[b->len] = '\0';
}

/* With its length before it, so that no two different lines have the same bytes. */
static void
put_text(struct buf *b, struct str s)
{
	int64_t len = (int64_t)s.len;

	put_numbers(b, &len, 1);
	buf_add(b, s);
}

static void
digest_end(struct log_digest *d, unsigned char out[SHA256_LEN])
{
	if (!d->sha)
		d->sha = sha256_open();
	sha256_each(d->sha, buf_str(&d->bytes), out);
}

void
log_digest_free(struct log_digest *d)
{
	sha256_free(d->sha);
	buf_free(&d->bytes);
}

void
log_chain(struct log_digest *d, const unsigned char before[SHA256_LEN], const struct log_row *r,
	  unsigned char out[SHA256_LEN])
{
	const int64_t numbers[] = { r->row, r->at, r->event, r->service, r->of, r->kind, r->status };
	buf_truncate(&d->bytes, 0);
	buf_add(&d->bytes, str_sub((const char *)before, SHA256_LEN));
	put_numbers(&d->bytes, numbers, COUNT(numbers));
	put_text(&d->bytes, r->what);
	put_text(&d->bytes, r->with);
	put_text(&d->bytes, r->answer);
	put_text(&d->bytes, r->why);
	digest_end(d, out);
}

void
log_answer(struct log_digest *d, const struct answer_row *r, unsigned char out[SHA256_LEN])
{
	const int64_t numbers[] = { r->service, r->kind, r->status, r->at };
	buf_truncate(&d->bytes, 0);
	put_numbers(&d->bytes, numbers, COUNT(numbers));
	put_text(&d->bytes, r->what);
	put_text(&d->bytes, r->from);
	put_text(&d->bytes, r->body);
	digest_end(d, out);
}

void
log_seal_text(struct buf *out, int64_t last, struct str digest)
{
	buf_addf(out, "mamori\nquery-log\n%lld\n", (long long)last);
	hex_encode(out, digest.ptr, digest.len);
}

const char *
log_file(struct arena *a, const char *folder, const char *name)
{
	return path_join(a, folder, name);
}

/* ---- log.head ---- */

static const char head_type[] = "query-log-head";

bool
log_head_read(const char *folder, const struct key *k, struct log_head *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 }, digest = { 0 };
	struct json *tree, *document;
	struct str inside;
	const char *path = log_file(&a, folder, "log.head");
	if (!file_read(path, LOG_HEAD_MAX, &text, e))
		return false;
	if (!json_parse(&a, buf_str(&text), NULL, &tree, e) || !signed_open(tree, k, head_type, &inside, e) ||
	    !json_parse(&a, inside, NULL, &document, e) || !hex_decode(&digest, json_get_str(document, "digest")) ||
	    digest.len != SHA256_LEN)
		return err_set(e, ERR_REFUSED, "%s is not what this folder's key (log.key) signed", path);
	out->row = json_get_i64(document, "row", 0);
	memcpy(out->digest, digest.ptr, SHA256_LEN);
	return true;
}

bool
log_head_write(const char *folder, const struct key *k, const struct log_head *h, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO inside = { 0 }, digest = { 0 }, text = { 0 };
	struct json_writer w = { .out = &inside }, outer = { .out = &text };
	hex_encode(&digest, h->digest, SHA256_LEN);
	json_begin_object(&w);
	json_put_i64(&w, "row", h->row);
	json_put_str(&w, "digest", buf_str(&digest));
	json_end_object(&w);
	return signed_write(&outer, k, head_type, buf_str(&inside), e) &&
	       file_write(log_file(&a, folder, "log.head"), buf_str(&text), 0600, e);
}

/* ---- writing ---- */

struct query_log {
	struct store *st;
	char *folder;
	struct key *key;
	int64_t last, sealed;
	unsigned char digest[SHA256_LEN];
	struct log_digest digests;
};

void
query_log_free(struct query_log *l)
{
	if (!l)
		return;
	key_free(l->key);
	log_digest_free(&l->digests);
	free(l->folder);
	free(l);
}

static bool
digest_eq(struct str digest, const unsigned char other[SHA256_LEN])
{
	return digest.len == SHA256_LEN && memcmp(digest.ptr, other, SHA256_LEN) == 0;
}

struct head_look {
	const struct log_head *head;
	bool fits;
};

static bool
look_at_head(void *user, const struct log_row *r)
{
	struct head_look *look = user;
	look->fits = r->row == look->head->row && digest_eq(r->digest, look->head->digest);
	return false;
}

/* An earlier head is fine: a run that was killed writes none. */
static bool
reaches_head(struct query_log *l, struct err *e)
{
	struct log_head head = { 0 };
	struct err none = { 0 };
	if (!log_head_read(l->folder, l->key, &head, &none)) {
		if (none.code == ERR_NOT_FOUND)
			return true;
		if (e)
			*e = none;
		return false;
	}
	struct head_look look = { .head = &head, .fits = head.row == 0 };
	if (head.row > 0 && !log_walk(l->st, head.row, 1, look_at_head, &look, e))
		return false;
	return look.fits || err_set(e, ERR_REFUSED,
				    "the log of questions in %s was changed: line %lld, which ended it, is no longer "
				    "there; keep the "
				    "folder as evidence and start with a new one",
				    l->folder, (long long)head.row);
}

bool
query_log_open(struct store *st, const char *folder, struct query_log **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct query_log *l = xcalloc(1, sizeof(*l));
	struct log_row last;
	bool found = false;
	l->st = st;
	l->folder = xstrdup(folder);
	if (!key_load_or_create(log_file(&a, folder, "log.key"), &l->key, e) || !reaches_head(l, e) ||
	    !log_last(st, &a, &last, &found, e)) {
		query_log_free(l);
		return false;
	}
	if (found) {
		l->last = l->sealed = last.row;
		memcpy(l->digest, last.digest.ptr, last.digest.len < SHA256_LEN ? last.digest.len : SHA256_LEN);
	}
	*out = l;
	return true;
}

bool
query_log_add(struct query_log *l, struct log_row *r, struct err *e)
{
	unsigned char digest[SHA256_LEN];
	r->row = l->last + 1;
	log_chain(&l->digests, l->digest, r, digest);
	memcpy(l->digest, digest, SHA256_LEN);
	r->digest = str_sub((const char *)l->digest, SHA256_LEN);
	l->last++;
	return log_row_put(l->st, r, e);
}

bool
query_log_seal(struct query_log *l, struct err *e)
{
	BUF_AUTO text = { 0 }, signature = { 0 };
	struct str digest = str_sub((const char *)l->digest, SHA256_LEN);
	if (l->sealed == l->last)
		return true;
	log_seal_text(&text, l->last, digest);
	l->sealed = l->last;
	return key_sign(l->key, buf_str(&text), &signature, e) &&
	       log_seal_put(l->st, &(struct log_seal){ l->last, digest, buf_str(&signature) }, e);
}

bool
query_log_end(struct query_log *l, struct err *e)
{
	struct log_head head = { .row = l->last };
	memcpy(head.digest, l->digest, SHA256_LEN);
	return log_head_write(l->folder, l->key, &head, e);
}

void
query_log_answer_digest(struct query_log *l, const struct answer_row *r, unsigned char out[SHA256_LEN])
{
	log_answer(&l->digests, r, out);
}
