/* Key files of people (trust/keyfile.h). */
#include "trust/keyfile.h"

#include "base/codec.h"
#include "base/time.h"
#include "base/tr.h"
#include "trust/canonical.h"
#include "trust/keyfile-crypt.h"
#include "trust/tuf-tree.h"

/* About a second on a machine of today. What a stranger's file may ask for is bounded, so that it cannot take the machine. */
enum { MEMORY_KIB = 256 << 10, PASSES = 3, LANES = 4, MEMORY_KIB_MAX = 1 << 20, PASSES_MAX = 16, LANES_MAX = 16 };

static bool
role_valid(struct str role)
{
	if (role.len == 0 || role.len > 64)
		return false;
	for (size_t i = 0; i < role.len; i++)
		if (!((role.ptr[i] >= 'a' && role.ptr[i] <= 'z') || (role.ptr[i] >= '0' && role.ptr[i] <= '9') ||
		      role.ptr[i] == '-'))
			return false;
	return true;
}

static bool
not_a_key(struct err *e, const char *why)
{
	return err_set(e, ERR_INPUT, "this is no key file of mamori: %s", why);
}

bool
keyfile_read(struct arena *a, struct str text, struct keyfile *out, struct err *e)
{
	const struct json_limits limits = { .depth = 4, .total = KEYFILE_MAX };
	struct json *v, object;
	struct str id;
	if (text.len > KEYFILE_MAX)
		return not_a_key(e, tr("it is too long"));
	if (!json_parse(a, text, &limits, &v, e))
		return err_wrap(e, "this is no key file of mamori");
	if (json_get_i64(v, "mamori-key", 0) != 1)
		return not_a_key(e, tr("it does not say “mamori-key”: 1"));
	struct keyfile f = { .role = json_get_str(v, "role"),
			     .keyid = json_get_str(v, "keyid"),
			     .public_pem = json_get_str(v, "public"),
			     .comment = json_get_str(v, "comment"),
			     .is_private = json_get(v, "private") != NULL,
			     .whole = v };
	if (!role_valid(f.role) || f.comment.len > 256 || !time_parse(json_get_str(v, "created"), &f.created))
		return not_a_key(e, tr("its role, its comment or its date cannot be"));
	if (!tuf_key_object(a, f.public_pem, &object, &id, e))
		return err_wrap(e, "the public key in a key file");
	if (!str_eq(id, f.keyid))
		return not_a_key(e, tr("its key id is not that of its key"));
	*out = f;
	return true;
}

/* Everything but the private part, which the cipher protects from change. */
static bool
clear_part(struct arena *a, const struct json *whole, struct buf *out, struct err *e)
{
	struct json *clear = tree_thaw(a, whole);
	tree_remove(clear, STR("private"));
	return canonical_write(clear, out, e);
}

static bool
bounded(const struct json *v, const char *key, int64_t max, unsigned *out)
{
	int64_t n = json_get_i64(v, key, 0);
	*out = (unsigned)n;
	return n >= 1 && n <= max;
}

static bool
bytes_of(const struct json *v, const char *key, unsigned char *into, size_t len)
{
	BUF_AUTO b = { 0 };
	if (!base64_decode(&b, json_get_str(v, key)) || b.len != len)
		return false;
	memcpy(into, b.ptr, len);
	return true;
}

static bool
seal_read(const struct json *whole, struct seal *s, struct err *e)
{
	const struct json *kdf = json_get(whole, "kdf"), *cipher = json_get(whole, "cipher");
	if (!str_eq(json_get_str(kdf, "name"), STR("argon2id")) ||
	    !str_eq(json_get_str(cipher, "name"), STR("aes-256-gcm")))
		return not_a_key(e, tr("it is encrypted by a method that this program does not know"));
	if (!bounded(kdf, "memory", MEMORY_KIB_MAX, &s->memory_kib) ||
	    !bounded(kdf, "passes", PASSES_MAX, &s->passes) || !bounded(kdf, "lanes", LANES_MAX, &s->lanes) ||
	    s->memory_kib < 8 * s->lanes || !bytes_of(kdf, "salt", s->salt, SEAL_SALT) ||
	    !bytes_of(cipher, "nonce", s->nonce, SEAL_NONCE))
		return not_a_key(e, tr("the figures of its encryption cannot be"));
	return true;
}

bool
keyfile_open(const struct keyfile *f, struct str password, struct key **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO clear = { 0 };
	BUF_AUTO sealed = { 0 };
	BUF_AUTO public = { 0 };
	SECRET_AUTO pem = { 0 };
	struct seal s;
	KEY_AUTO k = NULL;
	struct json object;
	struct str got;
	if (!f->is_private)
		return err_set(e, ERR_INPUT, "this key file holds only the public half; sign with the private one");
	if (!seal_read(f->whole, &s, e))
		return false;
	if (!base64_decode(&sealed, json_get_str(f->whole, "private")) || sealed.len < SEAL_TAG)
		return not_a_key(e, tr("its private part is no base64"));
	if (!clear_part(&a, f->whole, &clear, e) ||
	    !seal_open(&s, password, buf_str(&clear), buf_str(&sealed), &pem, e) ||
	    !key_from_pem(buf_str(&pem), &k, e) || !key_public_to_pem(k, &public, e) ||
	    !tuf_key_object(&a, buf_str(&public), &object, &got, e))
		return false;
	if (!str_eq(got, f->keyid))
		return err_set(e, ERR_REFUSED,
			       "the private half in the key file is of another key than its public half");
	*out = k;
	k = NULL;
	return true;
}

/* The clear members that both kinds of file have. */
static bool
write_clear(struct arena *a, const struct key *k, const char *role, const char *comment, int64_t now, struct json *o,
	    struct err *e)
{
	BUF_AUTO pem = { 0 };
	struct json object;
	struct str id;
	if (!role_valid(str_of(role)))
		return err_set(e, ERR_USAGE, "a key's role has 1 to 64 of a–z, 0–9 and -, not “%s”", role);
	if (comment && (strlen(comment) > 256 || !str_is_utf8(str_of(comment))))
		return err_set(e, ERR_USAGE, "a key's comment has at most 256 bytes of UTF-8");
	if (!key_public_to_pem(k, &pem, e) || !tuf_key_object(a, buf_str(&pem), &object, &id, e))
		return false;
	*o = tree_object();
	tree_add(a, o, STR("mamori-key"), tree_number(a, 1));
	tree_add(a, o, STR("role"), tree_text(arena_str(a, str_of(role))));
	tree_add(a, o, STR("keyid"), tree_text(id));
	tree_add(a, o, STR("public"), tree_text(json_get_str(json_get(&object, "keyval"), "public")));
	tree_add(a, o, STR("created"), tree_time(a, now));
	tree_add(a, o, STR("comment"), tree_text(arena_str(a, str_of(comment ? comment : ""))));
	return true;
}

static struct json
base64_text(struct arena *a, const void *bytes, size_t len)
{
	BUF_AUTO b = { 0 };
	base64_encode(&b, bytes, len);
	return tree_text(arena_str(a, buf_str(&b)));
}

static void
write_seal(struct arena *a, const struct seal *s, struct json *o)
{
	struct json kdf = tree_object(), cipher = tree_object();
	tree_add(a, &kdf, STR("name"), tree_text(STR("argon2id")));
	tree_add(a, &kdf, STR("memory"), tree_number(a, s->memory_kib));
	tree_add(a, &kdf, STR("passes"), tree_number(a, s->passes));
	tree_add(a, &kdf, STR("lanes"), tree_number(a, s->lanes));
	tree_add(a, &kdf, STR("salt"), base64_text(a, s->salt, SEAL_SALT));
	tree_add(a, &cipher, STR("name"), tree_text(STR("aes-256-gcm")));
	tree_add(a, &cipher, STR("nonce"), base64_text(a, s->nonce, SEAL_NONCE));
	tree_add(a, o, STR("kdf"), kdf);
	tree_add(a, o, STR("cipher"), cipher);
}

static void
print(const struct json *o, struct buf *out)
{
	struct json_writer w = { .out = out };
	json_tree(&w, o);
	buf_add_char(out, '\n');
}

bool
keyfile_write(const struct key *k, const char *role, const char *comment, int64_t now, struct str password,
	      const struct keyfile_cost *cost, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	SECRET_AUTO pem = { 0 };
	BUF_AUTO clear = { 0 };
	BUF_AUTO sealed = { 0 };
	struct json o;
	struct seal s = { .memory_kib = cost && cost->memory_kib ? cost->memory_kib : MEMORY_KIB,
			  .passes = cost && cost->passes ? cost->passes : PASSES,
			  .lanes = cost && cost->lanes ? cost->lanes : LANES };
	if (password.len < KEYFILE_PASSWORD_MIN || password.len > KEYFILE_PASSWORD_MAX)
		return err_set(e, ERR_USAGE, "a key's password has %d to %d bytes", KEYFILE_PASSWORD_MIN,
			       KEYFILE_PASSWORD_MAX);
	random_bytes(s.salt, SEAL_SALT);
	random_bytes(s.nonce, SEAL_NONCE);
	if (!write_clear(&a, k, role, comment, now, &o, e) || !key_to_pem(k, &pem, e))
		return false;
	write_seal(&a, &s, &o);
	if (!clear_part(&a, &o, &clear, e) || !seal_close(&s, password, buf_str(&clear), buf_str(&pem), &sealed, e))
		return false;
	tree_add(&a, &o, STR("private"), base64_text(&a, sealed.ptr, sealed.len));
	print(&o, out);
	return true;
}

bool
keyfile_write_public(const struct key *k, const char *role, const char *comment, int64_t now, struct buf *out,
		     struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct json o;
	if (!write_clear(&a, k, role, comment, now, &o, e))
		return false;
	print(&o, out);
	return true;
}
